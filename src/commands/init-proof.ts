/**
 * What `govboot init` is about to write, judged by the gates before it is written: the policy as a whole, for an intent of every
 * environment in every region, and the list of people. What is left for a later `check` is who signed, and that is all. Pure.
 */
import { fileOf } from '../inputs/file-read.ts';
import { GovbootError } from '../kernel/errors.ts';
import { addSeconds, type Instant } from '../kernel/time.ts';
import type { FileRead, Fingerprint, KeyRead } from '../inputs/facts.ts';
import { readIntent, type Intent } from '../inputs/intent.ts';
import { readParity, type Parity } from '../inputs/parity.ts';
import { holds, readTrust, thresholdOf, type Role, type Trust } from '../inputs/trust.ts';
import { parse, type Parsed } from '../gates/documents.ts';
import { judgeParity } from '../gates/parity.ts';
import { uselessKey } from '../gates/signature.ts';
import { peopleFindings } from '../gates/trust-people.ts';
import { finding, type Finding, type GateVerdict } from '../gates/verdict.ts';
import { intentText } from './intent-text.ts';

export interface Scaffold {
  readonly trust: FileRead;
  readonly parity: FileRead;
  readonly templates: readonly FileRead[];
  readonly keys: readonly KeyRead[];
}

export interface Proof {
  readonly trust: Trust;
  readonly parity: Parity;
  /** One line for each thing that was judged, and holds. */
  readonly lines: readonly string[];
  /** Of people and roots, the keys that are not at hand yet. */
  readonly missing: readonly Fingerprint[];
}

/** @throws the code of the first finding, with all of them */
export function prove(scaffold: Scaffold, now: Instant): Proof {
  const parity = held(parse(scaffold.parity, [], readParity));
  const trust = held(parse(scaffold.trust, [], readTrust));
  const targets = Object.entries(parity.value.environments).flatMap(([environment, { regions }]) =>
    regions.map((region) => ({ environment, region })),
  );
  const verdicts = targets.map((target) => judgeTarget(scaffold, parity, trust, target, now));
  refuse(verdicts.flatMap(({ findings }) => findings));
  const unsure = verdicts.find(({ status }) => status !== 'pass');
  if (unsure !== undefined)
    throw new GovbootError('GATES_REFUSED', `${scaffold.parity.path} cannot be judged: ${unsure.because}`);
  const environments = Object.keys(parity.value.environments);
  refuse([
    ...scaffold.keys
      .flatMap((read) => (read.is === 'key' ? [uselessKey(read.key, now)] : []))
      .filter((each) => each !== null),
    ...environments.flatMap((environment) => [
      ...peopleFindings(trust, { environment, parity: parity.value, keys: scaffold.keys }),
      ...standingFindings(trust, environment),
    ]),
  ]);
  const wanted = [...trust.value.roots.keys, ...trust.value.people.map(({ fingerprint }) => fingerprint)];
  const present = scaffold.keys.flatMap((read) => (read.is === 'key' ? [read.key.fingerprint] : []));
  const missing = [...new Set(wanted)].filter((print) => !present.includes(print));
  const keys = new Set(wanted).size;
  return {
    trust: trust.value,
    parity: parity.value,
    missing,
    lines: [
      `${scaffold.parity.path}: every check of gate parity passes, for ${targets.map(({ environment, region }) => `${environment} in ${region}`).join(', ')}`,
      `${scaffold.trust.path}: people, thresholds and dates hold for ${environments.join(', ')}, until ${trust.value.expires}`,
      `policies/keys: ${String(keys - missing.length)} of ${String(keys)} keys are there`,
    ],
  };
}

/** An intent as `intent new` will write it, but for what a tag gives. */
export function draftIntent(
  parity: Parity,
  trust: Trust,
  target: { readonly environment: string; readonly region: string; readonly action?: Intent['action'] },
  now: Instant,
): Intent {
  return {
    schema: 'govboot.intent/v1',
    repository: trust.repository,
    environment: target.environment,
    provider: parity.provider,
    account: parity.environments[target.environment]?.account ?? '',
    region: target.region,
    action: target.action ?? 'create',
    tag: 'v1.0.0',
    commit: '0'.repeat(40),
    tree_sha256: '0'.repeat(64),
    reason: 'why it is done',
    ticket: 'OPS-1',
    requester: trust.people[0]?.fingerprint ?? ('' as Fingerprint),
    not_before: now,
    expires: addSeconds(now, 3600),
    nonce: '0'.repeat(32),
    supersedes: null,
    endpoint: null,
  };
}

function judgeTarget(
  { templates }: Scaffold,
  parity: Parsed<Parity>,
  trust: Parsed<Trust>,
  target: { readonly environment: string; readonly region: string },
  now: Instant,
): GateVerdict {
  const text = intentText(draftIntent(parity.value, trust.value, target, now));
  const intent = parse(fileOf(`intents/${target.environment}.yaml`, text), [], readIntent);
  return judgeParity(
    { environment: target.environment, governance: { templates }, rules: null },
    { trust, parity, intent },
  );
}

/** Of what the gates count only when people sign: that there are enough who can, and that nobody has to do both. */
function standingFindings({ value: trust }: Parsed<Trust>, environment: string): readonly Finding[] {
  const having = (role: Role): readonly string[] =>
    trust.people.filter((person) => holds(person, role, environment)).map(({ fingerprint }) => fingerprint);
  const needed = thresholdOf(trust, 'approver', environment);
  const approvers = having('approver');
  const isPossible = having('intent').some(
    (requester) => approvers.filter((print) => print !== requester).length >= needed,
  );
  return [
    ...(having('evidence').length > 0
      ? []
      : [
          finding(
            'TRUST_INVALID',
            `nobody has the role evidence for environment "${environment}", so nobody could apply`,
            {
              hint: 'give the role evidence to whoever will sit at the terminal',
            },
          ),
        ]),
    ...(isPossible
      ? []
      : [
          finding(
            'DUTY_SEPARATION',
            `${String(needed)} approvals are needed for environment "${environment}", and whoever asks would have to give one of them`,
            { hint: 'name another person with the role approver, or ask for fewer approvals' },
          ),
        ]),
  ];
}

function held<T>(document: ReturnType<typeof parse<T>>): Parsed<T> {
  if (document.is === 'refused') {
    refuse(document.findings);
    throw new GovbootError('SCHEMA', 'a document that was to be written cannot be read');
  }
  return document;
}

function refuse(findings: readonly Finding[]): void {
  const [first] = findings;
  if (first === undefined) return;
  const messages = [...new Set(findings.map(({ message }) => message))];
  throw new GovbootError(first.code, messages.join('\n'), {
    hint: `${first.hint}; nothing was written`,
    data: { findings: messages },
  });
}
