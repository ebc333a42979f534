/** The documents that `govboot init` writes: templates filled with what was asked. Pure. */
import { GovbootError } from '../kernel/errors.ts';
import { addSeconds, type Instant } from '../kernel/time.ts';
import type { Fingerprint } from '../inputs/facts.ts';
import { storeKinds, storeLines } from './init-store.ts';
import type { EnvironmentAsked, GithubAsked, GitlabAsked, PersonAsked } from './init-options.ts';

/** Patterns of the policy, where resources are to have other names than the usual ones. */
export interface NamingAsked {
  readonly bucket: string;
  readonly namespace: 'global' | 'account-regional';
  readonly table: string;
  readonly keyAlias: string;
}

export const USUAL_NAMES: NamingAsked = {
  bucket: '{organisation}-{environment}-tfstate-{account}-{region}',
  namespace: 'global',
  table: '{organisation}-{environment}-tflock',
  keyAlias: 'alias/{organisation}-{environment}-tfstate',
};

/** Seconds that a scaffolded trust file and its people hold: 365 days. */
const VALIDITY = 365 * 86_400;

export function fillParity(
  template: string,
  asked: {
    readonly organisation: string;
    readonly environments: readonly EnvironmentAsked[];
    readonly locking: string;
    readonly naming?: NamingAsked;
    /** Keys of tags that others put on what is there already. */
    readonly tolerated?: readonly string[];
    readonly github: GithubAsked | null;
    readonly gitlab?: GitlabAsked | null;
    /** Days for which nobody can delete evidence; none without it. */
    readonly storeDays?: number | null;
    readonly templates: readonly (readonly [string, string])[];
  },
): string {
  const naming = asked.naming ?? USUAL_NAMES;
  return fillHoles(template, {
    organisation: asked.organisation,
    locking: asked.locking,
    environments: asked.environments.map(environmentLines).join('\n'),
    differences: differencesOf(asked.environments),
    bucket: naming.bucket,
    namespace: naming.namespace,
    table: naming.table,
    alias: naming.keyAlias,
    tolerated: `[${(asked.tolerated ?? []).map((key) => JSON.stringify(key)).join(', ')}]`,
    github: asked.github === null ? 'null' : githubLines(asked.github),
    gitlab: (asked.gitlab ?? null) === null ? 'null' : gitlabLines(asked.gitlab, asked.environments.length),
    store: storeLines(asked.storeDays ?? null),
    storekinds: storeKinds(asked.storeDays ?? null),
    templates: asked.templates.map(([file, digest]) => `  ${file}: ${digest}`).join('\n'),
  });
}

function environmentLines({ name, account, regions, stateKey }: EnvironmentAsked): string {
  return [
    `  ${name}:`,
    `    account: "${account}"`,
    `    partition: ${partitionOf(regions[0])}`,
    `    regions: [${regions.join(', ')}]`,
    ...(stateKey === undefined ? [] : [`    state_key: ${JSON.stringify(stateKey)}`]),
  ].join('\n');
}

function githubLines({ repository, ownerId, repositoryId }: GithubAsked): string {
  return [
    '',
    `repository: ${repository}`,
    `owner_id: "${ownerId}"`,
    `repository_id: "${repositoryId}"`,
    '# immutable for repositories made since July 2026, name for older ones, both while moving',
    'subject: both',
    'plan_environment: "{environment}-plan"',
    'apply_environment: "{environment}"',
  ].join('\n    ');
}

/** A token of GitLab names the branch and nothing nearer to an environment, so several environments need a branch each. */
function gitlabLines(asked: GitlabAsked | null | undefined, environments: number): string {
  const { host, project } = asked ?? { host: '', project: '' };
  return [
    '',
    `host: ${host}`,
    `project_path: ${project}`,
    `audience: https://${host}`,
    '# a protected branch; its jobs may take ci-plan and ci-apply',
    `ref: "${environments === 1 ? 'main' : 'env/{environment}'}"`,
  ].join('\n    ');
}

/** What an environment has otherwise than the first is meant, and must say so. */
function differencesOf([first, ...others]: readonly EnvironmentAsked[]): string {
  const shapes: readonly (readonly [string, string, (e: EnvironmentAsked) => string])[] = [
    ['partition', 'the partition of its region', ({ regions }) => partitionOf(regions[0])],
    ['regions', 'it may be in another number of regions', ({ regions }) => String(regions.length)],
    [
      'state_key',
      'the key of a state that was there before',
      ({ name, stateKey }) =>
        stateKey?.replace(/[A-Za-z0-9-]+/g, (w) => (w === name ? '{environment}' : w)) ?? '',
    ],
  ];
  const lines = shapes.flatMap(([setting, reason, shapeOf]) => {
    const differ = others.filter((e) => first !== undefined && shapeOf(e) !== shapeOf(first));
    return differ.length === 0
      ? []
      : [
          `  - { setting: ${setting}, environments: [${differ.map(({ name }) => name).join(', ')}], reason: ${reason} }`,
        ];
  });
  return lines.length === 0 ? '[]' : `\n${lines.join('\n')}`;
}

export function fillTrust(
  template: string,
  asked: {
    readonly repository: string;
    readonly now: Instant;
    readonly roots: readonly Fingerprint[];
    readonly rootThreshold: number;
    readonly approvers: number;
    readonly people: readonly PersonAsked[];
  },
): string {
  const until = addSeconds(asked.now, VALIDITY);
  return fillHoles(template, {
    repository: asked.repository,
    expires: until,
    rootthreshold: String(asked.rootThreshold),
    approvers: String(asked.approvers),
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
export function partitionOf(region: string): 'aws' | 'aws-us-gov' | 'aws-cn' {
  if (region.startsWith('us-gov-')) return 'aws-us-gov';
  return region.startsWith('cn-') ? 'aws-cn' : 'aws';
}

export function fillHoles(template: string, values: Readonly<Record<string, string>>): string {
  return template.replace(/\{\{([a-z]+)\}\}/g, (_whole, key: string) => {
    const value = values[key];
    if (value === undefined)
      throw new GovbootError('SCHEMA', `the scaffold has a hole {{${key}}} that nothing fills`);
    return value;
  });
}
