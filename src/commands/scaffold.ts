/** The documents that `govboot init` writes: templates filled with what was asked. Pure. */
import { GovbootError } from '../kernel/errors.ts';
import { addSeconds, type Instant } from '../kernel/time.ts';
import { isFingerprint, type Fingerprint } from '../inputs/facts.ts';
import { ROLES, type Role } from '../inputs/trust.ts';

export interface EnvironmentAsked {
  readonly name: string;
  readonly account: string;
  readonly region: string;
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

/** Seconds that a scaffolded trust file and its people hold: 365 days. */
const VALIDITY = 365 * 86_400;

/** @param text `dev=111111111111:eu-central-1` */
export function parseEnvironment(text: string): EnvironmentAsked {
  const match = /^([a-z][a-z0-9-]{0,31})=([0-9]{12}):([a-z]{2}(?:-[a-z]+)+-[0-9])$/.exec(text);
  const [, name, account, region] = match ?? [];
  if (name === undefined || account === undefined || region === undefined)
    throw new GovbootError('USAGE', `--environment is "${text}", not NAME=ACCOUNT:REGION`, {
      hint: 'for example dev=111111111111:eu-central-1',
    });
  return { name, account, region };
}

/** @param text `Alice Example=FINGERPRINT:release,intent` */
export function parsePerson(text: string): PersonAsked {
  const match = /^([^=\n]{1,100})=([0-9A-Fa-f ]{40,60}):([a-z,-]+)$/.exec(text);
  const [, name, print, roleText] = match ?? [];
  const fingerprint = (print ?? '').replaceAll(' ', '').toUpperCase();
  const roles = (roleText ?? '').split(',');
  const strange = roles.filter((role) => !ROLES.includes(role as Role));
  if (name === undefined || !isFingerprint(fingerprint) || strange.length > 0) {
    throw new GovbootError(
      'USAGE',
      `--person is "${text}", not NAME=FINGERPRINT:ROLES${strange.length > 0 && roleText !== undefined ? `; unknown role ${strange.join(', ')}` : ''}`,
      { hint: `roles are ${ROLES.join(', ')}` },
    );
  }
  return { name: name.trim(), fingerprint, roles: roles as Role[] };
}

export function parseRoot(text: string): Fingerprint {
  const print = text.replaceAll(' ', '').toUpperCase();
  if (!isFingerprint(print))
    throw new GovbootError('USAGE', `--root is "${text}", not a fingerprint of 40 hexadecimal characters`);
  return print;
}

/** @param ids `OWNER_ID:REPOSITORY_ID` */
export function parseGithub(repository: string, ids: string | null): GithubAsked {
  const [, ownerId, repositoryId] = /^([0-9]+):([0-9]+)$/.exec(ids ?? '') ?? [];
  if (ownerId === undefined || repositoryId === undefined)
    throw new GovbootError('USAGE', `--github-ids is "${ids ?? ''}", not OWNER_ID:REPOSITORY_ID`, {
      hint: 'the numeric ids bind the trust to this very repository; `gh api repos/OWNER/REPO --jq "[.owner.id,.id]"` tells them',
    });
  if (!/^[A-Za-z0-9_.-]+\/[A-Za-z0-9_.-]+$/.test(repository))
    throw new GovbootError('USAGE', `--github is "${repository}", not OWNER/REPOSITORY`);
  return { repository, ownerId, repositoryId };
}

export function fillParity(
  template: string,
  asked: {
    readonly organisation: string;
    readonly environments: readonly EnvironmentAsked[];
    readonly locking: string;
    readonly github: GithubAsked | null;
    readonly templates: readonly (readonly [string, string])[];
  },
): string {
  return fillHoles(template, {
    organisation: asked.organisation,
    locking: asked.locking,
    environments: asked.environments
      .map(
        (e) =>
          `  ${e.name}:\n    account: "${e.account}"\n    partition: ${partitionOf(e.region)}\n    regions: [${e.region}]`,
      )
      .join('\n'),
    differences: differencesOf(asked.environments),
    github:
      asked.github === null
        ? 'null'
        : [
            '',
            `repository: ${asked.github.repository}`,
            `owner_id: "${asked.github.ownerId}"`,
            `repository_id: "${asked.github.repositoryId}"`,
            '# immutable for repositories made since July 2026, name for older ones, both while moving',
            'subject: both',
            'plan_environment: "{environment}-plan"',
            'apply_environment: "{environment}"',
          ].join('\n    '),
    templates: asked.templates.map(([file, digest]) => `  ${file}: ${digest}`).join('\n'),
  });
}

/** Environments of another partition than the first are meant to be, and must say so. */
function differencesOf(environments: readonly EnvironmentAsked[]): string {
  const [first, ...others] = environments.map(({ name, region }) => ({
    name,
    partition: partitionOf(region),
  }));
  const differ = others.filter(({ partition }) => partition !== first?.partition).map(({ name }) => name);
  return differ.length === 0
    ? '[]'
    : `\n  - { setting: partition, environments: [${differ.join(', ')}], reason: the partition of its region }`;
}

export function fillTrust(
  template: string,
  asked: {
    readonly repository: string;
    readonly now: Instant;
    readonly roots: readonly Fingerprint[];
    readonly people: readonly PersonAsked[];
  },
): string {
  const until = addSeconds(asked.now, VALIDITY);
  return fillHoles(template, {
    repository: asked.repository,
    expires: until,
    roots: asked.roots.map((print) => `    - ${JSON.stringify(print)}`).join('\n'),
    people: asked.people
      .map(
        (p) =>
          `  - name: ${JSON.stringify(p.name)}\n    fingerprint: ${JSON.stringify(p.fingerprint)}\n    roles: [${p.roles.join(', ')}]\n    valid_from: ${asked.now}\n    valid_until: ${until}`,
      )
      .join('\n'),
  });
}

/** The partition that a region belongs to (AWS region name prefixes). */
function partitionOf(region: string): 'aws' | 'aws-us-gov' | 'aws-cn' {
  if (region.startsWith('us-gov-')) return 'aws-us-gov';
  return region.startsWith('cn-') ? 'aws-cn' : 'aws';
}

function fillHoles(template: string, values: Readonly<Record<string, string>>): string {
  return template.replace(/\{\{([a-z]+)\}\}/g, (_whole, key: string) => {
    const value = values[key];
    if (value === undefined)
      throw new GovbootError('SCHEMA', `the scaffold has a hole {{${key}}} that nothing fills`);
    return value;
  });
}
