/**
 * The shape of an environment, compared with that of the others. Part of the parity gate: environments are alike but for what
 * `differences` lists, and everything that it lists is so. Account, names of regions, values of tags and whatever placeholders fill
 * in belong to an environment, and are no difference.
 */
import { nearest } from '../kernel/text.ts';
import type { Parity } from '../inputs/parity.ts';
import { placeOf, pointer, type Path } from '../inputs/places.ts';
import type { Placed } from '../inputs/schema.ts';
import {
  defaultStateKey,
  environmentOf,
  POLICY_ROLES,
  settingsOf,
  type Settings,
} from '../inputs/settings.ts';
import { finding, when, type Finding, type FindingDetail } from './verdict.ts';

/** What is compared, under the name by which `differences` lists it. */
export interface Setting {
  readonly name: string;
  /** Below the environment. */
  readonly path: Path;
  /** Environment → its value, as it is compared and shown. */
  readonly values: ReadonlyMap<string, string>;
}

/** Every setting of every environment, in the order of the policy. */
export function shapeOf(parity: Parity): readonly Setting[] {
  const environments = Object.keys(parity.environments);
  const shapes = environments.map((name) => [name, settingsOf(parity, name)] as const);
  const setting = (
    name: string,
    path: Path,
    valueOf: (of: Settings, environment: string) => string,
  ): Setting => ({
    name,
    path,
    values: new Map(shapes.map(([environment, of]) => [environment, valueOf(of, environment)])),
  });
  const field = (name: string, valueOf: (of: Settings, environment: string) => string): Setting =>
    setting(name, name.split('.'), valueOf);
  const tags = new Set(shapes.flatMap(([, of]) => Object.keys(of.tags)));
  return [
    field('partition', (of) => of.partition),
    field('regions', (of) => String(of.regions.length)),
    field('state_key', (of, environment) => stateKeyShape(of.stateKey, environment)),
    ...[...tags].map((key) =>
      setting(`tags.${key}`, ['tags', key], (_, name) => tagShape(parity, name, key)),
    ),
    field('locking', (of) => of.locking),
    field('retention.noncurrent_days', (of) => String(of.retention.noncurrent_days)),
    field('retention.noncurrent_keep', (of) => String(of.retention.noncurrent_keep)),
    field('retention.pitr_days', (of) => String(of.retention.pitr_days)),
    field('key_rotation_days', (of) => String(of.keyRotationDays)),
    // A policy without a store has nothing that could differ.
    ...(parity.evidence_store === null
      ? []
      : [field('evidence_store.retention_days', (of) => String(of.evidenceStore?.retention_days))]),
    ...POLICY_ROLES.flatMap((role) => [
      field(`roles.${role}.session_seconds`, (of) => String(of.roles[role].session_seconds)),
      field(`roles.${role}.principals`, (of) => principalsShape(of, of.roles[role].principals)),
      field(`roles.${role}.mfa`, (of) => String(of.roles[role].mfa)),
    ]),
  ];
}

/** The key with the name of its environment taken out, where that stands for a whole word. */
function stateKeyShape(key: string, environment: string): string {
  if (key === defaultStateKey(environment)) return defaultStateKey('{environment}');
  return key.replace(/[A-Za-z0-9-]+/g, (word) => (word === environment ? '{environment}' : word));
}

/** Whether there is such a tag, and who gives its value. Values are an environment's own. */
function tagShape(parity: Parity, environment: string, key: string): string {
  if (Object.hasOwn(environmentOf(parity, environment)?.tags ?? {}, key)) return 'its own';
  return Object.hasOwn(parity.tags.required, key) ? 'as required' : 'absent';
}

/** In no order, with its own account and partition taken out. */
function principalsShape({ account, partition }: Settings, principals: readonly string[]): string {
  const shapes = principals.map((arn) =>
    arn.replace(`arn:${partition}:`, 'arn:{partition}:').replace(`::${account}:`, '::{account}:'),
  );
  return shapes.length === 0 ? 'nobody' : [...new Set(shapes)].sort().join(', ');
}

export function shapeFindings(policy: Placed<Parity>): readonly Finding[] {
  const settings = shapeOf(policy.value);
  return [
    ...listFindings(policy, settings),
    ...storeFindings(policy),
    ...settings.flatMap((setting) => compare(policy, setting)),
  ];
}

/** An environment cannot keep for another time what is not kept at all. */
function storeFindings({ value: parity, places }: Placed<Parity>): readonly Finding[] {
  if (parity.evidence_store !== null) return [];
  return Object.entries(parity.environments).flatMap(([environment, own]) =>
    when(own.evidence_store !== undefined, () =>
      finding(
        'PARITY',
        `${environment} says how long evidence is kept, and the policy has no evidence_store`,
        {
          hint: 'name bucket and key_alias under evidence_store, or take it out of the environment',
          data: { environment },
          place: placeOf(places, ['environments', environment, 'evidence_store']),
        },
      ),
    ),
  );
}

/** One environment of one entry of `differences`. */
interface Listed {
  readonly environment: string;
  readonly path: Path;
}

function listedOf(parity: Parity, setting: string): readonly Listed[] {
  return parity.differences.flatMap((entry, i) =>
    entry.setting === setting
      ? entry.environments.map((environment, j) => ({
          environment,
          path: ['differences', i, 'environments', j],
        }))
      : [],
  );
}

/** Names that mean nothing and are told one by one: each is compared with every name that means something. */
const MOST_TOLD = 50;

/** What the list says of settings and environments that do not exist, or says twice. */
function listFindings(
  { value: parity, places }: Placed<Parity>,
  settings: readonly Setting[],
): readonly Finding[] {
  const names = settings.map(({ name }) => name);
  const known = Object.keys(parity.environments);
  const wrong = (path: Path, text: string, detail: FindingDetail): Finding =>
    finding('PARITY', `differences lists ${text}`, { ...detail, place: placeOf(places, path) });
  const noSettings = parity.differences.flatMap(({ setting }, i) =>
    names.includes(setting) ? [] : [{ setting, path: ['differences', i, 'setting'] }],
  );
  const noEnvironments = parity.differences.flatMap(({ environments }, i) =>
    environments.flatMap((environment, j) =>
      known.includes(environment) ? [] : [{ environment, path: ['differences', i, 'environments', j] }],
    ),
  );
  const unknown = [
    ...noSettings.slice(0, MOST_TOLD).map(({ setting, path }) =>
      wrong(path, `"${setting}", which is no setting`, {
        hint: meant(setting, names) ?? `the settings are ${names.join(', ')}`,
        data: { setting, known: names },
      }),
    ),
    ...noEnvironments.slice(0, MOST_TOLD).map(({ environment, path }) =>
      wrong(path, `environment "${environment}", which is not in the policy`, {
        hint: meant(environment, known) ?? `the environments are ${known.join(', ')}`,
        data: { environment, known },
      }),
    ),
  ];
  const twice = names.flatMap((setting) => {
    const seen = new Set<string>();
    return listedOf(parity, setting).flatMap(({ environment, path }) => {
      const isTwice = seen.has(environment);
      seen.add(environment);
      return when(isTwice, () =>
        wrong(path, `${setting} of ${environment} twice`, {
          hint: 'keep the one whose reason is right',
          data: { setting, environment },
        }),
      );
    });
  });
  return [...unknown, ...twice];
}

function meant(word: string, known: readonly string[]): string | undefined {
  const near = nearest(word, known);
  return near === undefined ? undefined : `did you mean "${near}"?`;
}

/** Those that are not listed are alike, and each that is listed is not like them. */
function compare(policy: Placed<Parity>, setting: Setting): readonly Finding[] {
  const listed = listedOf(policy.value, setting.name);
  const named = new Set(listed.map(({ environment }) => environment));
  const rest = [...setting.values].filter(([name]) => !named.has(name));
  const [norm, ...others] = groupsOf(rest);
  if (norm === undefined) return listed.slice(0, 1).map(({ path }) => everywhere(policy, setting, path));
  if (others.length > 0) return [unlisted(policy, setting, [norm, ...others])];
  return listed
    .filter(({ environment }) => setting.values.get(environment) === norm.value)
    .map((same) => stale(policy, setting, same, norm));
}

interface Group {
  readonly value: string;
  readonly environments: readonly string[];
}

function groupsOf(values: readonly (readonly [environment: string, value: string])[]): readonly Group[] {
  const all = new Set(values.map(([, value]) => value));
  return [...all].map((value) => ({
    value,
    environments: values.flatMap(([environment, own]) => (own === value ? [environment] : [])),
  }));
}

function everywhere({ places }: Placed<Parity>, { name }: Setting, path: Path): Finding {
  return finding('PARITY', `differences lists ${name} of every environment, so none is left to differ from`, {
    hint: 'leave out those that are as they should be by default',
    data: { setting: name },
    place: placeOf(places, path),
  });
}

function stale(
  { places }: Placed<Parity>,
  { name }: Setting,
  { environment, path }: Listed,
  norm: Group,
): Finding {
  return finding(
    'PARITY',
    `differences lists ${name} of ${environment}, which is ${norm.value} there as elsewhere`,
    {
      hint: 'take it off the list: a difference that is listed in advance would hide the day on which it comes',
      data: { setting: name, environment, value: norm.value },
      place: placeOf(places, path),
    },
  );
}

function unlisted(
  { places }: Placed<Parity>,
  { name, path, values }: Setting,
  groups: readonly [Group, ...Group[]],
): Finding {
  const norm = normOf(groups, path, places.positions);
  const others = groups.filter((group) => group !== norm);
  const differ = others.flatMap(({ environments }) => environments);
  const shown = [norm, ...others].map(({ value, environments }) => `${value} in ${environments.join(', ')}`);
  const item = `{ setting: ${JSON.stringify(name)}, environments: [${differ.join(', ')}], reason: "…" }`;
  return finding('PARITY', `${name} is ${shown.join(' and ')}, and differences does not list it`, {
    hint: `make them alike or, if it is meant, list it under differences: ${item}`,
    data: { setting: name, environments: differ, values: Object.fromEntries(values) },
    place: placeOf(places, ['environments', ...differ.slice(0, 1), ...path]),
  });
}

/** What most have; among equals, what no environment says for itself. */
function normOf(
  [first, ...others]: readonly [Group, ...Group[]],
  path: Path,
  positions: ReadonlyMap<string, unknown>,
): Group {
  const isSaid = (environment: string): boolean =>
    positions.has(pointer(['environments', environment, ...path]));
  const rank = ({ environments }: Group): number =>
    environments.length + (environments.some(isSaid) ? 0 : 0.5);
  return others.reduce((best, group) => (rank(group) > rank(best) ? group : best), first);
}
