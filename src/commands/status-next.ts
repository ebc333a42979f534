/** The next command, from where things stand. Pure. The first that is missing decides: nothing after it could pass. */
import type { Finding } from '../gates/verdict.ts';
import type { Mode } from '../inputs/facts.ts';
import { flagOf } from '../street/next-command.ts';
import type { EnvironmentStanding, Standing, WaitingIntent } from '../street/standing.ts';
import { pendingStore, pushOf } from './status-kept.ts';

const TAG = 'git tag -s NAME -m "Release NAME", by somebody of role release';

/** @returns one command, or two joined by "then" */
export function nextOf(standing: Standing): string {
  return repositoryNext(standing) ?? environmentsNext(standing);
}

function repositoryNext({ root, trust, policy, tags, source }: Standing): string | null {
  if (root.is !== 'seen')
    return 'git init, then govboot init; or go to the root of the governed repository, or name it with --repo';
  if (trust.is === 'failed')
    return trust.problem.code === 'FILE_MISSING' ? 'govboot init' : trust.problem.hint;
  if (trust.is === 'left') return 'govboot doctor';
  const { steps, pin, present, unpinned } = trust.value;
  const wrong = steps.flatMap(({ gaps, unsigned }) => [...gaps, ...unsigned]);
  if (wrong.some(({ code }) => code === 'TRUST_UNSIGNED' || code === 'SIG_MISSING'))
    return 'govboot trust sign --key ROOT, by the holders of the root keys';
  if (wrong[0] !== undefined) return wrong[0].hint;
  if (policy.is === 'failed') return policy.problem.hint;
  // A tree without a tag says nothing of what is committed; where nothing is at all, that comes first.
  if (source.is === 'seen' && source.value.head === null)
    return `git add -A && git commit -m "Governance", then ${TAG}`;
  if (tags.is === 'failed') return tags.problem.hint;
  if (tags.is !== 'seen' || tags.value.length === 0) return TAG;
  if (
    source.is === 'seen' &&
    source.value.tree.is === 'read' &&
    source.value.tree.value.differences.length > 0
  )
    return `git add -A && git commit, then ${TAG}; or git stash -u`;
  if (pin === null)
    return (
      unpinned.find(({ code }) => code !== 'TRUST_NOT_PINNED')?.hint ??
      `govboot trust pin --root ${present.value.roots.keys[0] ?? 'FINGERPRINT'}, once compared with paper`
    );
  return pin.trustVersion < present.value.version ? 'govboot trust update' : null;
}

function environmentsNext({ environments, mode }: Standing): string {
  const all = environments.map((one) => environmentNext(one, mode));
  const urgent = all.find(({ is }) => is === 'urgent') ?? all.find(({ is }) => is === 'open') ?? all[0];
  return urgent?.command ?? 'govboot doctor';
}

type Next = { readonly is: 'urgent' | 'open' | 'done'; readonly command: string };

function environmentNext(one: EnvironmentStanding, mode: Mode): Next {
  const { name, ledger, lock, evidence, waiting, drift } = one;
  const flag = flagOf(mode);
  const urgent = (command: string): Next => ({ is: 'urgent', command });
  if (evidence.is === 'failed' || (evidence.is === 'seen' && evidence.value.overall === 'bad'))
    return urgent(`govboot verify ${name}${flag}`);
  if (ledger.unfinished !== null) return urgent(`govboot apply ${name} --resume${flag} --key KEY`);
  const [first] = waiting;
  if (first !== undefined) return urgent(intentNext(name, first, flag));
  const open = (command: string): Next => ({ is: 'open', command });
  if (drift !== null) return open(`govboot drift ${name}${flag}, which looks whether it is still so`);
  const pending = pendingStore(one);
  if (pending !== null) return open(`${pushOf(name, pending, mode)} --key KEY`);
  if (lock === null) return open(`govboot intent new ${name} --reason WHY --ticket ID --key KEY`);
  return {
    is: 'done',
    command: `nothing is left to do; govboot drift ${name}${flag} looks whether it is still so`,
  };
}

/** Codes for which one more signature is all that is missing. */
const UNSIGNED: ReadonlySet<string> = new Set(['SIG_MISSING', 'THRESHOLD']);

export function isUnsigned({ code }: Pick<Finding, 'code'>): boolean {
  return UNSIGNED.has(code);
}

/** Where the intent is not the one that is taken when none is named. */
export function intentOption(environment: string, path: string): string {
  return path === `intents/${environment}.yaml` ? '' : ` --intent ${path}`;
}

function intentNext(name: string, { path, refused }: WaitingIntent, flag: string): string {
  const option = `${intentOption(name, path)}${flag}`;
  const findings = refused.flatMap((verdict) => verdict.findings);
  if (findings.length > 0 && findings.every(isUnsigned)) return `govboot intent sign ${path} --key KEY`;
  return refused.length === 0
    ? `govboot plan ${name}${option}, then govboot apply ${name}${option} --key KEY`
    : `govboot check ${name}${option}, which says what to do about each`;
}
