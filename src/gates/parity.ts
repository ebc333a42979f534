/** Gate 3: the policy allows what the intent asks, and its environments are alike and share nothing. */
import { sha256, type Sha256 } from '../kernel/digest.ts';
import { nearest } from '../kernel/text.ts';
import type { Facts, FileRead, GovernanceFacts } from '../inputs/facts.ts';
import type { Intent } from '../inputs/intent.ts';
import { nameProblems, tagProblems, type NameProblem } from '../inputs/name-rules.ts';
import { resolveNames, type ResolvedNames } from '../inputs/names.ts';
import { RESOURCE_KINDS, type Parity } from '../inputs/parity.ts';
import { placeOf, showPlace } from '../inputs/places.ts';
import type { Placed } from '../inputs/schema.ts';
import { environmentOf, settingsOf } from '../inputs/settings.ts';
import { valueOf, type Documents } from './documents.ts';
import { attestedBy, judgeRules } from './rules.ts';
import { shapeFindings } from './shape.ts';
import { sharingFindings } from './sharing.ts';
import {
  CHECKS,
  finding,
  left,
  made,
  verdictOf,
  when,
  type Finding,
  type GateVerdict,
  type Outcome,
} from './verdict.ts';

/** The templates without which no backend file can be rendered. */
const NEEDED_TEMPLATES = ['backend.tf.tmpl', 'backend.hcl.tmpl'];

/** What this gate is told beside the documents. */
type ParityFacts = Pick<Facts, 'environment' | 'rules'> & {
  readonly governance: Pick<GovernanceFacts, 'templates'>;
};

export function judgeParity(facts: ParityFacts, documents: Documents): GateVerdict {
  const policy = documents.parity;
  if (policy.is === 'refused') {
    const rest = CHECKS.parity.filter((check) => check !== 'document');
    const outcomes = [
      made('document', policy.findings),
      ...rest.map((check) => left(check, 'the parity policy could not be read')),
    ];
    return verdictOf('parity', outcomes, '');
  }
  const outcomes: readonly Outcome<'parity'>[] = [
    made('document'),
    ...judgeTarget(policy, facts.environment, valueOf(documents.intent)),
    ...judgePolicy(policy),
    made('templates', templateFindings(policy, facts.governance.templates)),
    judgeRules(policy.value.rules, facts.rules),
  ];
  const because = `${policy.path} allows environment "${facts.environment}", and ${alike(policy.value)}${attestedBy(policy.value.rules)}`;
  return verdictOf('parity', outcomes, because);
}

/** What the policy says by itself, whatever is asked of it: it holds as a whole, or not at all. */
export function judgePolicy(policy: Placed<Parity>): readonly Outcome<'parity'>[] {
  const all = everyBackend(policy.value);
  return [
    made('names', problemFindings(policy, all, nameProblems)),
    made('tags', [...problemFindings(policy, all, tagProblems), ...spellingFindings(policy)]),
    made('sharing', sharingFindings(policy, all)),
    made('shape', shapeFindings(policy)),
    made('resources', resourceFindings(policy)),
  ];
}

function alike({ environments, differences }: Parity): string {
  const all = Object.keys(environments).length;
  if (all === 1) return 'it is the only one';
  const listed = new Set(differences.map(({ setting }) => setting)).size;
  const but =
    listed === 0 ? '' : ` but for ${String(listed)} listed ${listed === 1 ? 'setting' : 'settings'}`;
  return `its ${String(all)} environments share nothing and are alike${but}`;
}

function judgeTarget(
  { value: parity, places }: Placed<Parity>,
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
      place: placeOf(places, ['environments']),
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
          {
            data: { found: intent.account, allowed: policy.account },
            place: placeOf(places, ['environments', environment, 'account']),
          },
        ),
      ),
    ),
    made(
      'region',
      when(!policy.regions.includes(intent.region), () =>
        finding(
          'PARITY',
          `the intent names region ${intent.region}; environment "${environment}" allows ${policy.regions.join(', ')}`,
          {
            data: { found: intent.region, allowed: policy.regions },
            place: placeOf(places, ['environments', environment, 'regions']),
          },
        ),
      ),
    ),
  ];
}

/** What every environment would be called in every region that it may use. */
function everyBackend(parity: Parity): readonly ResolvedNames[] {
  return Object.entries(parity.environments).flatMap(([environment, { regions }]) =>
    [...new Set(regions)].map((region) => resolveNames(parity, environment, region)),
  );
}

/** What is wrong in the same words at the same place for several environments, and in all of their regions, is told once. */
function problemFindings(
  { places }: Placed<Parity>,
  all: readonly ResolvedNames[],
  problemsOf: (names: ResolvedNames) => readonly NameProblem[],
): readonly Finding[] {
  const told = new Map<string, { readonly problem: NameProblem; readonly environments: Set<string> }>();
  for (const names of all)
    for (const problem of problemsOf(names)) {
      const key = `${showPlace(placeOf(places, ...problem.paths))}: ${problem.wrong}`;
      const { environments } = told.get(key) ?? { environments: new Set<string>() };
      told.set(key, { problem, environments: environments.add(names.environment) });
    }
  return [...told.values()].map(({ problem: { code, wrong, paths }, environments }) =>
    finding(code, `${[...environments].join(', ')}: ${wrong}`, {
      data: { environments: [...environments] },
      place: placeOf(places, ...paths),
    }),
  );
}

/** One spelling of each key in the whole policy: IAM takes Owner and owner for one, the others for two. */
function spellingFindings({ value: parity, places }: Placed<Parity>): readonly Finding[] {
  const keys = [
    ...Object.keys(parity.tags.required).map((key) => ({ key, path: ['tags', 'required', key] })),
    ...Object.entries(parity.environments).flatMap(([environment, { tags = {} }]) =>
      Object.keys(tags).map((key) => ({ key, path: ['environments', environment, 'tags', key] })),
    ),
  ];
  const spelt = new Map<string, string>();
  return keys.flatMap(({ key, path }) => {
    const first = spelt.get(key.toLowerCase()) ?? key;
    spelt.set(key.toLowerCase(), first);
    return when(first !== key, () =>
      finding('PARITY', `tag "${key}" is spelt "${first}" elsewhere in the policy`, {
        hint: `write "${first}"`,
        data: { key, first },
        place: placeOf(places, path),
      }),
    );
  });
}

function resourceFindings({ value: parity, places }: Placed<Parity>): readonly Finding[] {
  const { allowed_resources: allowed } = parity;
  const known: readonly string[] = RESOURCE_KINDS;
  const strange = allowed.flatMap((kind, i) =>
    when(!known.includes(kind), () => {
      const near = nearest(kind, known);
      return finding('PARITY', `allowed_resources: "${kind}" is not a type of resource that exists here`, {
        hint: near === undefined ? `the types are ${known.join(', ')}` : `did you mean "${near}"?`,
        data: { kind, known },
        place: placeOf(places, ['allowed_resources', i]),
      });
    }),
  );
  const missing = neededBy(parity).filter(({ kind }) => !allowed.includes(kind));
  return [
    ...strange,
    ...missing.map(({ kind, by }) =>
      finding('PARITY', `allowed_resources: ${kind} is missing, which ${by} needs`, {
        hint: `list ${kind} under allowed_resources, after review`,
        data: { kind },
        place: placeOf(places, ['allowed_resources']),
      }),
    ),
  ];
}

/** Types of resource that the policy makes use of, and what for. */
function neededBy(parity: Parity): readonly { readonly kind: string; readonly by: string }[] {
  const { github, gitlab } = parity.federation;
  const tables = Object.keys(parity.environments).filter(
    (environment) => settingsOf(parity, environment).locking !== 'lockfile',
  );
  return [
    { kind: 'state-bucket', by: 'every backend' },
    { kind: 'state-key', by: 'every backend' },
    { kind: 'role', by: 'every backend' },
    ...(tables.length === 0 ? [] : [{ kind: 'lock-table', by: `locking in ${tables.join(', ')}` }]),
    ...(parity.evidence_store === null
      ? []
      : [
          { kind: 'evidence-bucket', by: 'evidence_store' },
          { kind: 'evidence-key', by: 'evidence_store' },
        ]),
    ...(github === null && gitlab === null ? [] : [{ kind: 'oidc-provider', by: 'federation' }]),
  ];
}

function templateFindings(
  { value: { templates }, places }: Placed<Parity>,
  files: readonly FileRead[],
): readonly Finding[] {
  const authorised = new Map(Object.entries(templates));
  const present = new Map<string, Sha256>(
    files.map(({ path, bytes }) => [path.slice(path.lastIndexOf('/') + 1), sha256(bytes)]),
  );
  const wrong = (name: string, text: string): Finding =>
    finding('PARITY_TEMPLATE', `template ${name} ${text}`, {
      data: { template: name, found: present.get(name) ?? null, authorized: authorised.get(name) ?? null },
      place: placeOf(places, ['templates', name]),
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
