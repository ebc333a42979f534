/** The parity policy: what every environment must look like, and all that may be made. policies/parity.yaml; format in docs/formats.md. */
import * as z from 'zod';
import type { FileRead } from './facts.ts';
import { rulesSchema } from './rules.ts';
import {
  arn,
  difference,
  environment,
  evidenceStore,
  github,
  gitlab,
  keyRotationDays,
  locking,
  MOST_TAGS,
  naming,
  retention,
  roleOf,
  rolesOf,
  tagKey,
  tagsOf,
} from './parity-parts.ts';
import { hex64, name, readDocument, word, type Placed } from './schema.ts';

export const PARITY_SCHEMA = 'govboot.parity/v1';

/** Programs whose SHA-256 a policy can list. */
export const TOOLS = ['git', 'gpg', 'gpgv', 'sqv'] as const;

/** Types of resource that a policy can allow; nothing else is ever created. */
export const RESOURCE_KINDS = [
  'state-bucket',
  'lock-table',
  'state-key',
  'oidc-provider',
  'role',
  'evidence-bucket',
  'evidence-key',
] as const;

/** Environments with each of their regions: the names of all of them are judged, before it is known who signed the policy. */
const MOST_BACKENDS = 400;

export const paritySchema = z.strictObject({
  schema: z.literal(PARITY_SCHEMA).describe('Format of this document.'),
  organisation: name.describe('Short name, used in the names of resources.'),
  provider: z.literal('aws').describe('Where the backends are made.'),
  environments: z
    .record(name, environment)
    .refine((all) => Object.keys(all).length > 0, 'must name at least one environment')
    .refine(
      (all) => Object.values(all).reduce((sum, { regions }) => sum + regions.length, 0) <= MOST_BACKENDS,
      `must not name more than ${String(MOST_BACKENDS)} regions in all environments together`,
    )
    .refine(
      (all) => new Set(Object.values(all).flatMap(({ tags = {} }) => Object.keys(tags))).size <= MOST_TAGS,
      `must not use more than ${String(MOST_TAGS)} keys of tags in all environments together`,
    )
    .refine(
      (all) => !Object.hasOwn(all, 'rehearsal'),
      'must not name an environment "rehearsal": in evidence/ that is the folder of rehearsals',
    )
    .meta({
      description: 'Each has an account of its own, and the same shape as the others.',
      minProperties: 1,
    }),
  differences: z
    .array(difference)
    .max(200)
    .default([])
    .describe('What differs between environments on purpose. What differs and is not listed is refused.'),
  naming: naming.describe(
    'Patterns with {organisation} {environment} {account} {region}, and {role} for roles.',
  ),
  tags: z
    .strictObject({
      required: tagsOf.describe('On every resource.'),
      tolerated: z.array(tagKey).max(MOST_TAGS).describe('Keys that others may add to our resources.'),
    })
    .describe('Tags of every resource. Any other tag is refused.'),
  locking,
  retention: retention.describe('How long old states can be brought back.'),
  key_rotation_days: keyRotationDays,
  evidence_store: evidenceStore
    .nullable()
    .default(null)
    .describe(
      'A second bucket for the evidence, whose objects nobody can delete before their time, or null.',
    ),
  roles: z.strictObject(rolesOf(roleOf)).describe('The cloud roles that are made.'),
  permissions_boundary: arn.nullable().meta({
    description: 'An IAM policy of the same account that bounds every role, or null.',
    examples: ['arn:aws:iam::{account}:policy/boundary'],
  }),
  federation: z
    .strictObject({
      github: github.nullable().describe('Workflows of GitHub, or null.'),
      gitlab: gitlab.nullable().describe('Pipelines of GitLab, or null.'),
    })
    .describe('Who may take ci-plan and ci-apply through OpenID Connect; without any, they stay dormant.'),
  allowed_resources: z
    .array(word(/^[a-z][a-z-]*$/, 'must be lower-case letters and dashes'))
    .min(1)
    .max(20)
    .meta({
      description: 'Types of resource that may be made; nothing else ever is.',
      examples: [[...RESOURCE_KINDS]],
    }),
  intent: z
    .strictObject({
      max_window_hours: z
        .int()
        .min(1)
        .max(720)
        .meta({ description: 'Hours, 1 to 720.', examples: [72] }),
    })
    .describe('The longest window that an intent may ask for.'),
  templates: z
    .record(word(/^[A-Za-z0-9._-]+$/, 'must be a plain file name'), hex64)
    .describe('File name in templates/ → SHA-256 of its bytes, for every file there.'),
  rules: rulesSchema
    .nullable()
    .default(null)
    .describe("The team's own rules, or null; they can refuse more, and allow nothing."),
  tools: z
    .partialRecord(z.enum(TOOLS), z.array(hex64).min(1).max(100))
    .default({})
    .describe('Program → SHA-256 of every build of it that may take part; any build of those not listed.'),
});

export type Parity = z.output<typeof paritySchema>;
export type Locking = Parity['locking'];
export type EnvironmentPolicy = Parity['environments'][string];
export interface RolePolicy {
  readonly sessionSeconds: number;
  readonly principals: readonly string[];
  readonly mfa: boolean;
}
/** As in the policy, with the placeholders of this environment filled in. */
export interface FederationPolicy {
  readonly github: {
    readonly repository: string;
    readonly ownerId: string;
    readonly repositoryId: string;
    readonly subject: 'immutable' | 'name' | 'both';
    readonly planEnvironment: string;
    readonly applyEnvironment: string;
  } | null;
  readonly gitlab: {
    readonly host: string;
    readonly projectPath: string;
    readonly audience: string;
    readonly ref: string;
  } | null;
}

/** @throws YAML, SCHEMA */
export function readParity(file: FileRead): Placed<Parity> {
  return readDocument(paritySchema, file);
}

/** @throws YAML, SCHEMA */
export function parseParity(file: FileRead): Parity {
  return readParity(file).value;
}

/** Fills the placeholders of a naming pattern. */
export function fill(text: string, values: Readonly<Record<string, string>>): string {
  const known = new Map(Object.entries(values));
  return text.replace(/\{([a-z]+)\}/g, (whole, key: string) => known.get(key) ?? whole);
}
