/** Gate 3: the policy allows what the intent asks, and no two environments share anything. */
import { sha256, type Sha256 } from '../kernel/digest.ts';
import { nearest } from '../kernel/text.ts';
import type { Facts, FileRead } from '../inputs/facts.ts';
import type { Intent } from '../inputs/intent.ts';
import { nameProblems, resolveNames, type ResolvedNames } from '../inputs/names.ts';
import { RESOURCE_KINDS, type EnvironmentPolicy, type Parity } from '../inputs/parity.ts';
import { valueOf, type Documents } from './documents.ts';
import { attestedBy, judgeRules } from './rules.ts';
import {
  finding,
  left,
  made,
  verdictOf,
  when,
  type CheckId,
  type Finding,
  type GateVerdict,
  type Outcome,
} from './verdict.ts';

/** The templates without which no backend file can be rendered. */
const NEEDED_TEMPLATES = ['backend.tf.tmpl', 'backend.hcl.tmpl'];

export function judgeParity(facts: Facts, documents: Documents): GateVerdict {
  const document = documents.parity;
  if (document.is === 'refused') {
    const rest: readonly CheckId<'parity'>[] = [
      'environment',
      'account',
      'region',
      'names',
      'tags',
      'sharing',
      'resources',
      'templates',
      'rules',
    ];
    const outcomes = [
      made('document', document.findings),
      ...rest.map((check) => left(check, 'the parity policy could not be read')),
    ];
    return verdictOf('parity', outcomes, '');
  }
  const parity = document.value;
  const all = everyBackend(parity);
  const outcomes: readonly Outcome<'parity'>[] = [
    made('document'),
    ...judgeTarget(parity, facts.environment, valueOf(documents.intent)),
    made('names', nameFindings(all)),
    made('tags', tagFindings(parity)),
    made('sharing', sharingFindings(parity, all)),
    made('resources', resourceFindings(parity)),
    made('templates', templateFindings(parity, facts.governance.templates)),
    judgeRules(parity.rules, facts.rules),
  ];
  const others = Object.keys(parity.environments).length - 1;
  const alone = others === 0 ? 'it is the only one' : `its ${String(others + 1)} environments share nothing`;
  const because = `${document.path} allows environment "${facts.environment}", and ${alone}${attestedBy(parity.rules)}`;
  return verdictOf('parity', outcomes, because);
}

function judgeTarget(
  parity: Parity,
  environment: string,
  intent: Intent | null,
): readonly Outcome<'parity'>[] {
  const policy = environmentOf(parity, environment);
  if (policy === undefined) {
    const known = Object.keys(parity.environments);
    const near = nearest(environment, known);
    const wrong = finding('PARITY', `environment "${environment}" is not in the policy`, {
      ...(near === undefined ? {} : { hint: `did you mean "${near}"?` }),
      data: { environment, known },
    });
    const why = 'the environment is not in the policy';
    return [made('environment', [wrong]), left('account', why), left('region', why)];
  }
  if (intent === null) {
    const why = 'the intent could not be read';
    return [made('environment'), left('account', why), left('region', why)];
  }
  return [
    made('environment'),
    made(
      'account',
      when(intent.account !== policy.account, () =>
        finding(
          'PARITY',
          `the intent names account ${intent.account}; environment "${environment}" is account ${policy.account}`,
          { data: { found: intent.account, allowed: policy.account } },
        ),
      ),
    ),
    made(
      'region',
      when(!policy.regions.includes(intent.region), () =>
        finding(
          'PARITY',
          `the intent names region ${intent.region}; environment "${environment}" allows ${policy.regions.join(', ')}`,
          { data: { found: intent.region, allowed: policy.regions } },
        ),
      ),
    ),
  ];
}

/** The policy of one environment; a name that only JavaScript knows is none. */
export function environmentOf(parity: Parity, environment: string): EnvironmentPolicy | undefined {
  return Object.hasOwn(parity.environments, environment) ? parity.environments[environment] : undefined;
}

/** What every environment would be called in every region that it may use. */
function everyBackend(parity: Parity): readonly ResolvedNames[] {
  return Object.entries(parity.environments).flatMap(([environment, { regions }]) =>
    [...new Set(regions)].map((region) => resolveNames(parity, environment, region)),
  );
}

function nameFindings(all: readonly ResolvedNames[]): readonly Finding[] {
  const wrong = all.flatMap((names) =>
    nameProblems(names).map((problem) => ({ ...problem, environment: names.environment })),
  );
  // Regions of one environment mostly repeat each other.
  const seen = new Map(wrong.map((problem) => [`${problem.environment}: ${problem.wrong}`, problem]));
  return [...seen].map(([message, { code, environment }]) =>
    finding(code, message, { data: { environment } }),
  );
}

/** The same tags everywhere: an environment may give another value, not another set. */
function tagFindings(parity: Parity): readonly Finding[] {
  const all = Object.entries(parity.environments);
  const keys = new Set(all.flatMap(([, { tags = {} }]) => Object.keys(tags)));
  return [...keys]
    .filter((key) => !Object.hasOwn(parity.tags.required, key))
    .flatMap((key) => {
      const without = all.filter(([, { tags = {} }]) => !Object.hasOwn(tags, key)).map(([name]) => name);
      return when(without.length > 0, () =>
        finding('PARITY', `tag "${key}" is not set for environment ${without.join(', ')}`, {
          hint: 'set it in every environment, or under tags.required',
          data: { key, without },
        }),
      );
    });
}

/** Bucket names are the world's; the other names are an account's, which must not be shared in the first place. */
function sharingFindings(parity: Parity, all: readonly ResolvedNames[]): readonly Finding[] {
  const environments = Object.entries(parity.environments);
  const accounts = environments.flatMap(([name, { account }]) => ({ name, is: `account ${account}` }));
  const names = all.flatMap(({ environment: name, account, region, bucket, table, keyAlias, roleNames }) => [
    { name, is: `bucket ${bucket}` },
    { name, is: `table ${table} in account ${account}, ${region}` },
    { name, is: `key alias ${keyAlias} in account ${account}, ${region}` },
    // IAM compares role names without regard to case.
    ...Object.values(roleNames).map((role) => ({
      name,
      is: `role ${role.toLowerCase()} in account ${account}`,
    })),
  ]);
  const owners = new Map<string, Set<string>>();
  for (const { name, is } of [...accounts, ...names]) owners.set(is, (owners.get(is) ?? new Set()).add(name));
  return [...owners]
    .filter(([, by]) => by.size > 1)
    .map(([what, by]) =>
      finding('PARITY_SHARED', `${[...by].join(' and ')} would share ${what}`, {
        data: { what, environments: [...by] },
      }),
    );
}

function resourceFindings(parity: Parity): readonly Finding[] {
  const { allowed_resources: allowed, locking, federation } = parity;
  const known: readonly string[] = RESOURCE_KINDS;
  const needed = [
    { kind: 'state-bucket', by: 'every backend' },
    { kind: 'state-key', by: 'every backend' },
    { kind: 'role', by: 'every backend' },
    ...(locking === 'lockfile' ? [] : [{ kind: 'lock-table', by: `locking: ${locking}` }]),
    ...(federation.github === null && federation.gitlab === null
      ? []
      : [{ kind: 'oidc-provider', by: 'federation' }]),
  ];
  return [
    ...allowed
      .filter((kind) => !known.includes(kind))
      .map((kind) => {
        const near = nearest(kind, known);
        return finding('PARITY', `allowed_resources: "${kind}" is not a type of resource that exists here`, {
          hint: near === undefined ? `the types are ${known.join(', ')}` : `did you mean "${near}"?`,
          data: { kind, known },
        });
      }),
    ...needed
      .filter(({ kind }) => !allowed.includes(kind))
      .map(({ kind, by }) =>
        finding('PARITY', `allowed_resources: ${kind} is missing, which ${by} needs`, {
          hint: `list ${kind} under allowed_resources, after review`,
          data: { kind },
        }),
      ),
  ];
}

function templateFindings(parity: Parity, files: readonly FileRead[]): readonly Finding[] {
  const authorised = new Map(Object.entries(parity.templates));
  const present = new Map<string, Sha256>(
    files.map(({ path, bytes }) => [path.slice(path.lastIndexOf('/') + 1), sha256(bytes)]),
  );
  const wrong = (name: string, text: string): Finding =>
    finding('PARITY_TEMPLATE', `template ${name} ${text}`, {
      data: { template: name, found: present.get(name) ?? null, authorized: authorised.get(name) ?? null },
    });
  return [
    ...NEEDED_TEMPLATES.filter((name) => !authorised.has(name)).map((name) =>
      wrong(name, 'is not authorized'),
    ),
    ...[...authorised]
      .filter(([name]) => !present.has(name))
      .map(([name]) => wrong(name, 'is authorized, but missing')),
    ...[...present]
      .filter(([name]) => !NEEDED_TEMPLATES.includes(name) && !authorised.has(name))
      .map(([name]) => wrong(name, 'is there, but not authorized')),
    ...[...present]
      .filter(([name, digest]) => authorised.has(name) && authorised.get(name) !== digest)
      .map(([name, digest]) => wrong(name, `has SHA-256 ${digest}, not ${String(authorised.get(name))}`)),
  ];
}
