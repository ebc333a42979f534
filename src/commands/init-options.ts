/** What `govboot init` was told, option by option. Pure: the same words are refused in a script and at a terminal. */
import { GovbootError } from '../kernel/errors.ts';
import { clip, nearest, safe } from '../kernel/text.ts';
import { isFingerprint, type Fingerprint } from '../inputs/facts.ts';
import { ROLES, type Role } from '../inputs/trust.ts';

export interface EnvironmentAsked {
  readonly name: string;
  readonly account: string;
  /** The first is what an intent takes when nobody says another. */
  readonly regions: readonly [string, ...string[]];
  /** Object key of the state, where it is another than the usual one. */
  readonly stateKey?: string;
}

export interface PersonAsked {
  readonly name: string;
  readonly fingerprint: Fingerprint;
  readonly roles: readonly Role[];
}

export interface GithubAsked {
  readonly repository: string;
  readonly ownerId: string;
  readonly repositoryId: string;
}

export interface GitlabAsked {
  readonly host: string;
  readonly project: string;
}

export const LOCKINGS = ['both', 'lockfile', 'table'] as const;
export type LockingAsked = (typeof LOCKINGS)[number];

const NAME = /^[a-z][a-z0-9-]{0,31}$/;
const NAME_RULE = 'lower-case letters, digits and dashes, at most 32, a letter first';
const REGION = /^[a-z]{2}(?:-[a-z]+)+-[0-9]$/;

/** As it stands in a message: what was typed may have been pasted from anywhere. */
const shown = (text: string): string => `"${clip(safe(text), 120)}"`;

export function parseOrganisation(text: string): string {
  if (!NAME.test(text))
    throw new GovbootError('USAGE', `--organisation is ${shown(text)}, not ${NAME_RULE}`, {
      hint: 'for example acme; it stands in the name of every bucket, table and role',
    });
  return text;
}

export function parseEnvironmentName(text: string): string {
  if (!NAME.test(text))
    throw new GovbootError('USAGE', `the environment is ${shown(text)}, not ${NAME_RULE}`);
  if (text === 'rehearsal')
    throw new GovbootError(
      'USAGE',
      'the environment is "rehearsal": in evidence/ that is the folder of rehearsals',
    );
  return text;
}

export function parseAccount(text: string): string {
  if (!/^[0-9]{12}$/.test(text))
    throw new GovbootError('USAGE', `the account is ${shown(text)}, not 12 digits`, {
      hint: '`aws sts get-caller-identity` tells it',
    });
  return text;
}

/** @param text `eu-central-1, eu-west-1` */
export function parseRegions(text: string): readonly [string, ...string[]] {
  const [first, ...others] = text.split(/[ ,]+/).filter((region) => region !== '');
  const strange = [first ?? '', ...others].find((region) => !REGION.test(region));
  if (first === undefined || strange !== undefined)
    throw new GovbootError('USAGE', `the region is ${shown(strange ?? text)}, not one like eu-central-1`);
  return [first, ...others.filter((region, i) => region !== first && others.indexOf(region) === i)];
}

/** @param text `dev=111111111111:eu-central-1`, with further regions behind commas */
export function parseEnvironment(text: string): EnvironmentAsked {
  const [, name, account, regions] = /^([^=]*)=([^:]*):(.*)$/.exec(text) ?? [];
  if (name === undefined || account === undefined || regions === undefined || text.includes('\n'))
    throw notEnvironment(text);
  try {
    return {
      name: parseEnvironmentName(name),
      account: parseAccount(account),
      regions: parseRegions(regions),
    };
  } catch (cause) {
    throw notEnvironment(text, cause);
  }
}

function notEnvironment(text: string, cause?: unknown): GovbootError {
  const why = cause instanceof GovbootError ? `; ${cause.message}` : '';
  return new GovbootError('USAGE', `--environment is ${shown(text)}, not NAME=ACCOUNT:REGION${why}`, {
    hint: 'for example dev=111111111111:eu-central-1, or with more regions dev=111111111111:eu-central-1,eu-west-1',
    cause,
  });
}

/** @throws USAGE when two environments would share a name or an account: the parity gate would refuse it, after everything was signed */
export function ownAccounts(environments: readonly EnvironmentAsked[]): readonly EnvironmentAsked[] {
  const hint = 'give each environment a name and an account of its own';
  environments.forEach(({ name, account }, i) => {
    const earlier = environments.slice(0, i);
    if (earlier.some((other) => other.name === name))
      throw new GovbootError('USAGE', `environment ${name} is given twice`, { hint });
    const twin = earlier.find((other) => other.account === account);
    if (twin !== undefined)
      throw new GovbootError('USAGE', `${twin.name} and ${name} would share account ${account}`, { hint });
  });
  return environments;
}

/** @param text `Alice Example=FINGERPRINT:release,intent` */
export function parsePerson(text: string): PersonAsked {
  const [, name, print, roles] = /^([^=\n]{1,100})=([0-9A-Fa-f ]{40,60}):([a-z, -]+)$/.exec(text) ?? [];
  const fingerprint = plainPrint(print ?? '');
  const wrong = `--person is ${shown(text)}, not NAME=FINGERPRINT:ROLES`;
  const hint = `roles are ${ROLES.join(', ')}`;
  if (name === undefined || roles === undefined || !isFingerprint(fingerprint))
    throw new GovbootError('USAGE', wrong, { hint });
  try {
    return { name: parsePersonName(name), fingerprint, roles: parseRoles(roles) };
  } catch (cause) {
    const why = cause instanceof GovbootError ? `; ${cause.message}` : '';
    throw new GovbootError('USAGE', `${wrong}${why}`, { hint, cause });
  }
}

export function parsePersonName(text: string): string {
  const name = text.trim();
  if (name === '' || name.length > 100 || safe(name) !== name || name.includes('='))
    throw new GovbootError(
      'USAGE',
      `the name is ${shown(text)}, not one line of at most 100 characters without =`,
    );
  return name;
}

/** @param text `release, intent` */
export function parseRoles(text: string): readonly Role[] {
  const words = text.split(/[ ,]+/).filter((word) => word !== '');
  const strange = words.filter((word) => !ROLES.includes(word as Role));
  if (strange.length > 0) {
    const near = nearest(strange[0] ?? '', ROLES);
    throw new GovbootError(
      'USAGE',
      `unknown role ${strange.map((word) => clip(safe(word), 40)).join(', ')}${near === undefined ? '' : `; did you mean ${near}?`}`,
      { hint: `roles are ${ROLES.join(', ')}` },
    );
  }
  if (words.length === 0) throw new GovbootError('USAGE', `no role was given; roles are ${ROLES.join(', ')}`);
  return ROLES.filter((role) => words.includes(role));
}

function plainPrint(text: string): string {
  return text.replaceAll(' ', '').toUpperCase();
}

export function parseRoot(text: string): Fingerprint {
  const print = plainPrint(text);
  if (!isFingerprint(print))
    throw new GovbootError(
      'USAGE',
      `--root is ${shown(text)}, not a fingerprint of 40 hexadecimal characters`,
      {
        hint: '`gpg --list-keys --with-colons` or `gpg --fingerprint NAME` shows it',
      },
    );
  return print;
}

/** A fingerprint, or null for what must be the path of a key file then. */
export function printOf(text: string): Fingerprint | null {
  const print = plainPrint(text);
  return isFingerprint(print) ? print : null;
}

/** @param option whose value it is */
export function parseCount(option: string, text: string, least: number, most: number): number {
  const count = Number(text);
  if (!/^[0-9]{1,3}$/.test(text) || count < least || count > most)
    throw new GovbootError(
      'USAGE',
      `${option} is ${shown(text)}, not a whole number from ${String(least)} to ${String(most)}`,
    );
  return count;
}

/** Days for which nobody can delete what was stored (S3 DefaultRetention Days). */
export function parseStoreDays(text: string): number {
  const days = Number(text);
  if (!/^[0-9]{1,5}$/.test(text) || days < 1 || days > 36_500)
    throw new GovbootError(
      'USAGE',
      `--evidence-store is ${shown(text)}, not a whole number of days from 1 to 36500`,
      { hint: 'for example 2557, which is 7 years' },
    );
  return days;
}

/** @param ids `OWNER_ID:REPOSITORY_ID` */
export function parseGithub(repository: string, ids: string | null): GithubAsked {
  parseGithubName(repository);
  const [, ownerId, repositoryId] = /^([0-9]+):([0-9]+)$/.exec(ids ?? '') ?? [];
  if (ownerId === undefined || repositoryId === undefined)
    throw new GovbootError('USAGE', `--github-ids is ${shown(ids ?? '')}, not OWNER_ID:REPOSITORY_ID`, {
      hint: 'the numeric ids bind the trust to this very repository; `gh api repos/OWNER/REPO --jq "[.owner.id,.id]"` tells them',
    });
  return { repository, ownerId, repositoryId };
}

export function parseGithubName(text: string): string {
  if (!/^[A-Za-z0-9_.-]+\/[A-Za-z0-9_.-]+$/.test(text))
    throw new GovbootError('USAGE', `--github is ${shown(text)}, not OWNER/REPOSITORY`);
  return text;
}

/** @param text `acme/infra` on gitlab.com, or with the host in front, `gitlab.acme.example/acme/infra` */
export function parseGitlab(text: string): GitlabAsked {
  const [, host = 'gitlab.com', project] =
    /^(?:([a-z0-9-]+(?:\.[a-z0-9-]+)+)\/)?([A-Za-z0-9_-][A-Za-z0-9_.-]*(?:\/[A-Za-z0-9_.-]+)+)$/.exec(text) ??
    [];
  if (project === undefined)
    throw new GovbootError('USAGE', `--gitlab is ${shown(text)}, not [HOST/]GROUP/PROJECT`);
  return { host, project };
}
