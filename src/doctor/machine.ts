/** This machine: programs, terminal, process, and who may read what should be for its owner alone. */
import { shellWord } from '../kernel/text.ts';
import { findingsOf, judgeProcess } from '../gates/process.ts';
import type { EnvironmentFacts } from '../inputs/facts.ts';
import type { Parity } from '../inputs/parity.ts';
import { diagnosis, judged, left, ok, valueOf, warning, wrong, type Verdict } from './diagnosis.ts';
import type { Diagnosis, DoctorFacts, MachineFacts, PlaceSeen, ProgramSeen } from './facts.ts';
import { isAtLeast, majorOf } from './version.ts';

export const PROGRAMS = ['git', 'gpg', 'gpgv', 'sqv', 'terraform', 'tofu'] as const;

/** As package.json says in `engines`. */
const NODE_LEAST = '20.19';
/** Those that are supported for long are even. */
const NODE_EVEN = 2;
/** Node 20 has had no corrections since 2026-04-30, and the AWS SDK leaves it in January 2027. */
const NODE_ENDED = 20;
/** Since then Terraform and OpenTofu lock a state by an object beside it. */
const LOCKFILE_SINCE = '1.10';

export function judgeMachine({ machine, repository }: DoctorFacts): readonly Diagnosis[] {
  const { programs } = machine;
  const of = (judge: (all: readonly ProgramSeen[]) => Verdict): Verdict => judged(programs, judge);
  const say = (check: string, verdict: Verdict): Diagnosis => diagnosis('machine', check, verdict);
  return [
    say('node', of(nodeOf)),
    say('git', of(gitOf)),
    say('gpg', of(gpgOf)),
    say('gpg agent', agentOf(machine)),
    say('verifiers', of(verifiersOf)),
    say(
      'terraform',
      of((all) => terraformOf(all, valueOf(repository.policy))),
    ),
    say('terminal', terminalOf(machine.terminal)),
    say('process', judged(machine.environment, processOf)),
    say('file rights', rightsOf(machine)),
  ];
}

function named(all: readonly ProgramSeen[], name: string): ProgramSeen | undefined {
  return all.find((each) => each.name === name);
}

function shown({ name, version, path }: ProgramSeen): string {
  return `${name} ${version ?? 'of unknown version'} (${path})`;
}

function nodeOf(all: readonly ProgramSeen[]): Verdict {
  const version = named(all, 'node')?.version ?? '';
  const major = majorOf(version);
  if (!isAtLeast(version, NODE_LEAST))
    return wrong(
      `node ${version}, and ${NODE_LEAST} is needed`,
      'install Node 24, for example `nvm install 24`',
    );
  if (major % NODE_EVEN !== 0)
    return warning(`node ${version} is of a line that was never supported for long`, 'install Node 24');
  return major === NODE_ENDED
    ? warning(
        `node ${version} works, and gets no corrections since 2026-04-30`,
        'install Node 24, for example `nvm install 24`',
      )
    : ok(`node ${version}`);
}

function gitOf(all: readonly ProgramSeen[]): Verdict {
  const git = named(all, 'git');
  return git === undefined
    ? wrong('git is not on the PATH', 'install git, for example `apt install git` or `brew install git`')
    : ok(shown(git));
}

function gpgOf(all: readonly ProgramSeen[]): Verdict {
  const gpg = named(all, 'gpg');
  return gpg === undefined
    ? warning(
        'gpg is not on the PATH, so only key files can sign, and no card',
        'install GnuPG, for example `apt install gnupg` or `brew install gnupg`',
      )
    : ok(shown(gpg));
}

function agentOf({ programs, agent }: MachineFacts): Verdict {
  const all = valueOf(programs);
  if (all !== null && named(all, 'gpg') === undefined) return left('there is no gpg');
  return judged(
    agent,
    (version) => ok(version === null ? 'not running; gpg starts it when it signs' : `gpg-agent ${version}`),
    ({ wrong: what }) => warning(what, 'run `gpgconf --kill gpg-agent`, then `gpgconf --launch gpg-agent`'),
  );
}

/** Each of them may stop a signature that only openpgp.js would believe. */
function verifiersOf(all: readonly ProgramSeen[]): Verdict {
  const found = ['gpgv', 'sqv'].flatMap((name) => named(all, name) ?? []);
  const silent = found.find(({ version }) => version === null);
  if (silent !== undefined)
    return wrong(
      `${silent.path} does not say its version, so no signature is judged`,
      `repair it, or take it off the PATH: \`${silent.path} --version\``,
    );
  return found.length === 0
    ? warning(
        'signatures are judged by openpgp.js alone',
        'install gpgv or sqv, for example `apt install gpgv sqv`',
      )
    : ok(['openpgp.js', ...found.map(shown)].join(', '));
}

function terraformOf(all: readonly ProgramSeen[], policy: Parity | null): Verdict {
  const found = ['terraform', 'tofu'].flatMap((name) => named(all, name) ?? []);
  if (found.length === 0)
    return left('neither terraform nor tofu is on the PATH; a bootstrap needs neither of them');
  const said = found.map(shown).join(', ');
  const old = found.filter(({ version }) => version !== null && !isAtLeast(version, LOCKFILE_SINCE));
  if (policy === null || old.length === 0) return ok(said);
  const modes = [policy.locking, ...Object.values(policy.environments).map(({ locking }) => locking)];
  const mode = modes.find((each) => each === 'lockfile' || each === 'both');
  if (mode === undefined) return ok(`${said}, with the lock table`);
  return wrong(
    `${old.map(shown).join(', ')}, and locking ${mode} of the policy needs ${LOCKFILE_SINCE}`,
    `install ${old.map(({ name }) => name).join(' and ')} ${LOCKFILE_SINCE} or newer`,
  );
}

function terminalOf(unusable: string | null): Verdict {
  return unusable === null
    ? ok('a person can be asked here')
    : warning(
        `nobody can be asked to confirm: ${unusable}`,
        'run `govboot apply` at a terminal; without one, `govboot plan --out` and `govboot approve`',
      );
}

/** The very judgement of gate 4, which no intent has to be there for: an endpoint may still be named by one. */
function processOf(environment: EnvironmentFacts): Verdict {
  const { endpoints, environment: process } = judgeProcess(environment, null);
  const [first, ...more] = findingsOf([endpoints, process]);
  if (first !== undefined)
    return wrong(
      [first, ...more].map(({ message }) => message).join('; '),
      [...new Set([first, ...more].map(({ hint }) => hint))].join('; '),
    );
  const [override] = environment.endpoints;
  return override === undefined
    ? ok('nothing weakens it, and no proxy or endpoint is set')
    : warning(
        `${override.from} is ${override.url}; only an endpoint that the signed intent names is used`,
        `unset ${override.from}, or write the intent with --endpoint`,
      );
}

/** Bits of group and others. */
const OTHERS = 0o077;

function rightsOf({ secrets }: MachineFacts): Verdict {
  const seen = secrets.flatMap(({ what, place }) =>
    place.is === 'seen' && place.value.is !== 'missing' ? [{ what, place: place.value }] : [],
  );
  const open = seen.filter(({ place: { mode } }) => mode !== null && (mode & OTHERS) !== 0);
  if (open.length > 0)
    return wrong(
      open.map(({ what, place }) => `${what} ${place.path} is open to others (${octal(place)})`).join('; '),
      `chmod go= ${open.map(({ place }) => shellWord(place.path)).join(' ')}`,
    );
  return seen.length === 0
    ? ok('no file of yours holds keys or credentials here')
    : ok(`for you alone: ${seen.map(({ what }) => what).join(', ')}`);
}

export function octal({ mode }: Pick<PlaceSeen, 'mode'>): string {
  return `mode ${(mode ?? 0).toString(8).padStart(4, '0')}`;
}
