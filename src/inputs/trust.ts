/** The trust file: who may do what, signed by the root keys. policies/trust.yaml; format in docs/formats.md. */
import * as z from 'zod';
import type { Instant } from '../kernel/time.ts';
import type { FileRead, Fingerprint } from './facts.ts';
import { fingerprint, instant, line, name, readDocument, uuid, type Placed } from './schema.ts';

export const TRUST_FILE = 'policies/trust.yaml';
export const TRUST_SCHEMA = 'govboot.trust/v1';
/** Earlier versions of the trust file: `policies/trust/4.yaml`, each with its signatures beside it. */
export const KEPT_FOLDER = 'policies/trust';
export const ROLES = ['release', 'intent', 'approver', 'evidence', 'break-glass'] as const;
export type Role = (typeof ROLES)[number];

const threshold = (least: 0 | 1) => {
  const count = z
    .int()
    .min(least, `must be at least ${String(least)}`)
    .max(20);
  return z.strictObject({
    default: count.describe('How many people, where no environment says otherwise.'),
    environments: z
      .record(name, count)
      .optional()
      .describe('How many people, for environments that ask for another number.'),
  });
};

const person = z.strictObject({
  name: line(100).describe('One person has one name.'),
  fingerprint: fingerprint.describe('Of the primary key, in quotes; policies/keys/FINGERPRINT.asc holds it.'),
  roles: z
    .array(z.enum(ROLES))
    .min(1)
    .describe('What this person may sign: tags, intents, approvals, evidence.'),
  environments: z
    .array(name)
    .min(1)
    .optional()
    .describe('Environments the roles hold for; every environment when left out.'),
  valid_from: instant.describe('From then on.'),
  valid_until: instant.describe('Until before then.'),
});

export const trustSchema = z
  .strictObject({
    schema: z.literal(TRUST_SCHEMA).describe('Format of this document.'),
    repository: uuid.describe('The identity of this repository, for ever.'),
    version: z.int().min(1).describe('Counted up by one with every change.'),
    expires: instant.describe('Refused from then on.'),
    roots: z
      .strictObject({
        threshold: z.int().min(1).max(20).describe('How many of the root keys must sign this file.'),
        keys: z
          .array(fingerprint)
          .min(1)
          .max(20)
          .meta({ description: 'Fingerprints of the root keys, in quotes.', uniqueItems: true }),
      })
      .describe('Who signs this file.'),
    thresholds: z
      .strictObject({
        release: threshold(1).describe('Who signs the tag.'),
        intent: threshold(1).describe('Who signs the intent.'),
        approver: threshold(0).describe('Who signs the intent too, and never asked for it.'),
        evidence: threshold(1).describe('Who signs ledger and lock.'),
        'break-glass': threshold(0).describe('Who may act in an emergency.'),
      })
      .describe('How many people of each role must have signed.'),
    people: z.array(person).min(1).max(200).describe('Who may do what.'),
  })
  .superRefine((trust, context) => {
    if (new Set(trust.roots.keys).size < trust.roots.keys.length)
      context.addIssue({
        code: 'custom',
        path: ['roots', 'keys'],
        message: 'names a key twice',
        input: trust.roots.keys,
      });
    if (trust.roots.threshold > trust.roots.keys.length)
      context.addIssue({
        code: 'custom',
        path: ['roots', 'threshold'],
        message: 'is more than there are keys',
        input: trust.roots.threshold,
      });
    const prints = trust.people.map((p) => p.fingerprint);
    prints.forEach((print, i) => {
      if (prints.indexOf(print) !== i)
        context.addIssue({
          code: 'custom',
          path: ['people', i, 'fingerprint'],
          message: 'is listed twice',
          input: print,
        });
    });
  });

export type Trust = z.output<typeof trustSchema>;
export type Person = Trust['people'][number];

/** @throws YAML, SCHEMA */
export function readTrust(file: FileRead): Placed<Trust> {
  return readDocument(trustSchema, file);
}

/** @throws YAML, SCHEMA */
export function parseTrust(file: FileRead): Trust {
  return readTrust(file).value;
}

/** Where version `version` of the trust file is kept once there is a later one. */
export function keptPath(version: number): string {
  return `${KEPT_FOLDER}/${String(version)}.yaml`;
}

/** The version that the name of a kept trust file promises; null for every other name. */
export function keptVersion(path: string): number | null {
  const match = /^policies\/trust\/([1-9][0-9]{0,14})\.yaml$/.exec(path);
  return match === null ? null : Number(match[1]);
}

/** The root keys of one version, and how many of them must sign. */
export interface Roots {
  readonly version: number;
  readonly keys: readonly Fingerprint[];
  readonly threshold: number;
}

export function rootsOf({ version, roots }: Trust): Roots {
  return { version, keys: roots.keys, threshold: roots.threshold };
}

/** The root keys among the signers, each once. */
export function rootsAmong(signers: readonly Fingerprint[], { keys }: Roots): readonly Fingerprint[] {
  return keys.filter((key, i) => keys.indexOf(key) === i && signers.includes(key));
}

/** How many people of `role` must have signed for `environment`. */
export function thresholdOf(trust: Trust, role: Role, environment: string): number {
  const { default: everywhere, environments = {} } = trust.thresholds[role];
  return new Map(Object.entries(environments)).get(environment) ?? everywhere;
}

/** The person whose primary key this is, if the trust file lists one. */
export function personOf(trust: Trust, print: Fingerprint): Person | undefined {
  return trust.people.find((person) => person.fingerprint === print);
}

/** Whether a person's entry gives them the role for the environment; says nothing of when. */
export function holds(person: Person, role: Role, environment: string): boolean {
  return (
    person.roles.includes(role) &&
    (person.environments === undefined || person.environments.includes(environment))
  );
}

/** Whether `at` is in the person's period of validity: from `valid_from`, until before `valid_until`. */
export function isActive(person: Person, at: Instant): boolean {
  return person.valid_from <= at && at < person.valid_until;
}
