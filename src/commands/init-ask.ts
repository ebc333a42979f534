/** What `govboot init` needs to know: from options, and at a terminal from whoever sits there. Nothing is written before the last answer. */
import { GovbootError } from '../kernel/errors.ts';
import type { Fingerprint } from '../inputs/facts.ts';
import type { OwnKey, Ports, Suggested } from '../ports.ts';
import type { CommandOptions } from './command.ts';
import {
  LOCKINGS,
  ownAccounts,
  parseAccount,
  parseCount,
  parseEnvironment,
  parseEnvironmentName,
  parseGithub,
  parseGithubName,
  parseGitlab,
  parseOrganisation,
  parsePerson,
  parseRegions,
  parseRoot,
  parseStoreDays,
  type EnvironmentAsked,
  type GithubAsked,
  type GitlabAsked,
  type LockingAsked,
  type PersonAsked,
} from './init-options.ts';
import { askStore } from './init-store.ts';
import { askPeople, askRoots, type KeysSeen } from './init-people.ts';
import { askFor, chooseFrom } from './questions.ts';

export type InitOptions = CommandOptions['init'];

export interface Asked {
  readonly organisation: string;
  readonly environments: readonly EnvironmentAsked[];
  readonly locking: LockingAsked;
  readonly github: GithubAsked | null;
  readonly gitlab: GitlabAsked | null;
  /** Days for which nobody can delete evidence; null for no store. */
  readonly storeDays: number | null;
  readonly roots: readonly Fingerprint[];
  readonly rootThreshold: number;
  readonly people: readonly PersonAsked[];
  /** How many people must approve an intent. */
  readonly approvers: number;
  /** Public keys that were read while asking. */
  readonly keys: KeysSeen;
  /** Whether anybody was asked anything. */
  readonly wasAsked: boolean;
}

/** What else suggests answers: a backend that is there already. */
export interface FirstEnvironment {
  readonly account: string | null;
  readonly region: string;
  readonly locking: LockingAsked;
}

export async function ask(
  ports: Ports,
  options: InitOptions,
  suggested: Suggested,
  there: FirstEnvironment | null,
): Promise<Asked> {
  const given = read(options);
  const missing = [
    ['--organisation', given.organisation === null],
    ['--environment', given.environments.length === 0],
    ['--root', given.roots.length === 0],
    ['--person', given.people.length === 0],
  ].flatMap(([name, isMissing]) => (isMissing === true ? [String(name)] : []));
  if (missing.length === 0) return { ...withDefaults(given, there), keys: new Map(), wasAsked: false };
  if (!ports.wizard.interactive) {
    const [first = '', ...others] = missing;
    throw new GovbootError(
      'USAGE',
      `${first} is missing${others.length === 0 ? '' : `, and ${others.join(', ')}`}`,
      { hint: 'see the examples of `govboot init --help`, or run it at a terminal, where it asks' },
    );
  }
  return askTheRest(ports, given, suggested, there);
}

/** Options as they were given, understood; what was not given is null or empty. */
function read(o: InitOptions) {
  const roots = o.roots.map(parseRoot);
  if (o.githubIds !== null && o.github === null)
    throw new GovbootError('USAGE', '--github-ids is given without --github');
  if (o.github !== null && o.gitlab !== null)
    throw new GovbootError('USAGE', '--github and --gitlab are both given', {
      hint: 'give one of them; the policy can name both, by hand, before it is signed',
    });
  return {
    organisation: o.organisation === null ? null : parseOrganisation(o.organisation),
    environments: ownAccounts(o.environments.map(parseEnvironment)),
    locking: o.locking,
    github: o.github === null ? null : parseGithub(o.github, o.githubIds),
    gitlab: o.gitlab === null ? null : parseGitlab(o.gitlab),
    storeDays: o.evidenceStore === null ? null : parseStoreDays(o.evidenceStore),
    roots,
    rootThreshold: o.rootThreshold === null ? null : parseCount('--root-threshold', o.rootThreshold, 1, 20),
    people: o.people.map(parsePerson),
    approvers: o.approvers === null ? null : parseCount('--approvals', o.approvers, 0, 20),
  };
}

type Given = ReturnType<typeof read>;

function withDefaults(given: Given, there: FirstEnvironment | null): Omit<Asked, 'keys' | 'wasAsked'> {
  return {
    ...given,
    organisation: given.organisation ?? '',
    locking: given.locking ?? there?.locking ?? 'both',
    rootThreshold: given.rootThreshold ?? 1,
    approvers: given.approvers ?? 0,
  };
}

async function askTheRest(
  ports: Ports,
  given: Given,
  suggested: Suggested,
  there: FirstEnvironment | null,
): Promise<Asked> {
  ports.emit({
    type: 'note',
    text: `setting up ${suggested.way ?? suggested.folder}: a few questions, then all of it is shown once more. Nothing is written before; Ctrl-C ends it.`,
  });
  const keys: KeysSeen = new Map();
  const organisation =
    given.organisation ??
    (await askFor(ports, {
      about: 'The organisation: a short name that begins the names of all buckets, tables, keys and roles.',
      message: 'organisation',
      initial: organisationFrom(suggested),
      read: (text) => fitting(parseOrganisation(text), SHORTEST, there),
    }));
  const environments =
    given.environments.length > 0
      ? given.environments
      : await askEnvironments(ports, organisation, suggested, there);
  const needsKeys = given.people.length === 0 || given.roots.length === 0;
  const own: readonly OwnKey[] = needsKeys ? await ports.suggestions.secretKeys() : [];
  const people = given.people.length > 0 ? given.people : await askPeople(ports, own, suggested.person, keys);
  const roots = given.roots.length > 0 ? given.roots : await askRoots(ports, own, people, keys);
  return {
    organisation,
    environments,
    people,
    roots,
    rootThreshold: given.rootThreshold ?? (await askRootThreshold(ports, roots)),
    approvers: given.approvers ?? (await askApprovers(ports, people)),
    locking: given.locking ?? there?.locking ?? (await askLocking(ports)),
    ...(given.github === null && given.gitlab === null
      ? await askPipeline(ports, suggested)
      : { github: given.github, gitlab: given.gitlab }),
    storeDays: given.storeDays ?? (await askStore(ports)),
    keys,
    wasAsked: true,
  };
}

/** The owner at the forge or else the folder, as far as it is such a name. */
function organisationFrom({ origin, folder }: Suggested): string {
  const words = [origin?.path.split('/')[0] ?? '', folder];
  const names = words.map((word) =>
    word
      .toLowerCase()
      .replaceAll(/[^a-z0-9]+/g, '-')
      .replaceAll(/^[^a-z]+|-+$/g, '')
      .slice(0, 32),
  );
  return names.find((name) => name !== '') ?? '';
}

/** Characters of the longest names that a bucket can be called by, organisation and environment together (S3: 63; a region has up to 14). */
const ROOM = 63 - '--tfstate-111111111111-ap-southeast-1'.length;
/** An environment has a name of its own, which is hardly ever shorter. */
const SHORTEST = 'dev';

/** Told while it can be answered otherwise, and not after the last question. */
function fitting(word: string, other: string, there: FirstEnvironment | null): string {
  // What is there has names of its own.
  if (there === null && word.length + other.length > ROOM)
    throw new GovbootError(
      'USAGE',
      `"${word}" is too long: with "${other}" the name of the bucket has more than the 63 characters of S3; ${String(ROOM - other.length)} are left for it`,
    );
  return word;
}

async function askEnvironments(
  ports: Ports,
  organisation: string,
  suggested: Suggested,
  there: FirstEnvironment | null,
): Promise<readonly EnvironmentAsked[]> {
  const all: EnvironmentAsked[] = [];
  for (;;) {
    const isFirst = all.length === 0;
    const known = isFirst ? there : null;
    const name = await askFor(ports, {
      about: isFirst
        ? 'An environment: one state backend, in an account of its own. Intents, evidence and names of resources carry its name.'
        : 'The next environment, or nothing. Two never share an account, and all have one shape.',
      message: isFirst ? 'name of the first environment' : 'name of the next environment (empty: no more)',
      initial: isFirst ? 'dev' : null,
      read: (text) =>
        text === '' && !isFirst ? null : fitting(newEnvironment(text, all), organisation, there),
    });
    if (name === null) return all;
    const account = await askFor(ports, {
      about: `The AWS account of ${name}. Whoever applies must be in it; another account is refused.`,
      message: `account of ${name}`,
      initial: known?.account ?? null,
      read: (text) => freeAccount(text, all),
    });
    const regions = await askFor(ports, {
      about: 'Regions where it may be made; an intent takes the first unless it says another.',
      message: `regions of ${name}`,
      initial: known?.region ?? all.at(-1)?.regions.join(', ') ?? suggested.region,
      read: parseRegions,
    });
    all.push({ name, account, regions });
  }
}

function newEnvironment(text: string, all: readonly EnvironmentAsked[]): string {
  const name = parseEnvironmentName(text);
  if (all.some((other) => other.name === name))
    throw new GovbootError('USAGE', `environment ${name} is there already`);
  return name;
}

function freeAccount(text: string, all: readonly EnvironmentAsked[]): string {
  const account = parseAccount(text);
  const twin = all.find((other) => other.account === account);
  if (twin !== undefined)
    throw new GovbootError('USAGE', `${twin.name} has account ${account} already; each has its own`);
  return account;
}

async function askRootThreshold(ports: Ports, roots: readonly Fingerprint[]): Promise<number> {
  if (roots.length < 2) return 1;
  return askFor(ports, {
    about: `How many of the ${String(roots.length)} root keys must sign the list. With fewer than all, one may be lost.`,
    message: 'signatures of root keys',
    initial: '1',
    read: (text) => parseCount('--root-threshold', text, 1, roots.length),
  });
}

async function askApprovers(ports: Ports, people: readonly PersonAsked[]): Promise<number> {
  const able = people.filter(({ roles }) => roles.includes('approver')).length;
  if (able === 0) return 0;
  return askFor(ports, {
    about:
      'How many people must approve each intent, besides whoever asked. 0 lets one person ask and apply alone.',
    message: 'approvals of an intent',
    initial: '1',
    read: (text) => parseCount('--approvals', text, 0, able),
  });
}

async function askLocking(ports: Ports): Promise<LockingAsked> {
  const about: Readonly<Record<LockingAsked, string>> = {
    both: 'any version of Terraform and OpenTofu; the lock table can be dropped later',
    lockfile: 'a lock file beside the state: Terraform or OpenTofu from 1.10',
    table: 'a DynamoDB table: older versions too',
  };
  const chosen = await chooseFrom(ports, {
    about: 'How Terraform keeps two people from writing a state at once.',
    message: 'locking',
    choices: LOCKINGS.map((value) => ({ value, text: value, about: about[value] })),
    initial: 'both',
  });
  return chosen as LockingAsked;
}

async function askPipeline(
  ports: Ports,
  { origin }: Suggested,
): Promise<{ readonly github: GithubAsked | null; readonly gitlab: GitlabAsked | null }> {
  const chosen = await chooseFrom(ports, {
    about: 'Pipelines that may plan and apply Terraform with roles of their own, without stored secrets.',
    message: 'pipeline',
    choices: [
      { value: 'none', text: 'none', about: 'the roles are made, and let nobody in' },
      { value: 'github', text: 'GitHub Actions' },
      { value: 'gitlab', text: 'GitLab CI' },
    ],
    initial: 'none',
  });
  if (chosen === 'github') {
    const repository = await askFor(ports, {
      about: 'The repository whose workflows run Terraform.',
      message: 'OWNER/REPOSITORY',
      initial: origin?.host === 'github.com' ? origin.path : null,
      read: parseGithubName,
    });
    const github = await askFor(ports, {
      about: `Its numeric ids: they hold when the name is taken over by somebody else. \`gh api repos/${repository} --jq "[.owner.id,.id]"\` tells them.`,
      message: 'OWNER_ID:REPOSITORY_ID',
      read: (text) => parseGithub(repository, text),
    });
    return { github, gitlab: null };
  }
  if (chosen === 'none') return { github: null, gitlab: null };
  const gitlab = await askFor(ports, {
    about: 'The project whose pipelines run Terraform, with the host in front where it is not gitlab.com.',
    message: '[HOST/]GROUP/PROJECT',
    initial: origin === null || origin.host === 'github.com' ? null : `${origin.host}/${origin.path}`,
    read: parseGitlab,
  });
  return { github: null, gitlab };
}
