/** The parity policy: what every environment must look like, and all that may be made. policies/parity.yaml; format in docs/formats.md. */
import * as z from 'zod';
import type { FileRead } from './facts.ts';
import { rulesSchema } from './rules.ts';
import { account, hex64, line, name, parseDocument, region, word } from './schema.ts';

export const PARITY_SCHEMA = 'govboot.parity/v1';

/** Types of resource that a policy can allow; nothing else is ever created. */
export const RESOURCE_KINDS = ['state-bucket', 'lock-table', 'state-key', 'oidc-provider', 'role'] as const;

/** Programs whose SHA-256 a policy can list. */
export const TOOLS = ['git', 'gpg', 'gpgv', 'sqv'] as const;

/** A naming pattern with `{organisation}`, `{environment}`, `{account}`, `{region}`, and `{role}` for roles. */
const pattern = line(200).regex(
  /^([A-Za-z0-9/_.-]|\{(organisation|environment|account|region|role)\})+$/,
  'may use letters, digits, / _ . - and {organisation} {environment} {account} {region} {role}',
);

const arn = word(
  /^arn:(aws|aws-us-gov|aws-cn):iam::([0-9]{12}|\{account\}):(root|(role|user|policy)\/[A-Za-z0-9+=,.@_/{}-]+)$/,
  'must be the ARN of an IAM principal or policy, without wildcards',
);

const role = z.strictObject({
  /** Seconds, 3600 to 43200 (IAM CreateRole MaxSessionDuration). */
  session_seconds: z.int().min(3600).max(43_200),
  /** Who may assume it: ARNs, with `{account}` and `{partition}`; empty for dormant roles and for roles of a pipeline. */
  principals: z
    .array(
      word(
        /^arn:(\{partition\}|aws|aws-us-gov|aws-cn):iam::([0-9]{12}|\{account\}):(root|(role|user)\/[A-Za-z0-9+=,.@_/{}-]+)$/,
        'must be the ARN of an IAM principal, without wildcards',
      ),
    )
    .max(20),
  /** Whether aws:MultiFactorAuthPresent is demanded of people. */
  mfa: z.boolean(),
});

const github = z.strictObject({
  repository: word(/^[A-Za-z0-9_.-]+\/[A-Za-z0-9_.-]+$/, 'must be OWNER/REPOSITORY'),
  owner_id: word(/^[0-9]+$/, 'must be digits, in quotes'),
  repository_id: word(/^[0-9]+$/, 'must be digits, in quotes'),
  /** immutable: `repo:OWNER@ID/REPO@ID:…` (new repositories); name: `repo:OWNER/REPO:…` (older ones); both while moving. */
  subject: z.enum(['immutable', 'name', 'both']),
  /** GitHub environments of the jobs, with `{environment}`. */
  plan_environment: pattern,
  apply_environment: pattern,
});

const gitlab = z.strictObject({
  host: word(/^[a-z0-9.-]+$/, 'must be a host name'),
  project_path: word(/^[A-Za-z0-9_.-]+(\/[A-Za-z0-9_.-]+)+$/, 'must be GROUP/PROJECT'),
  audience: line(200),
  /** A protected branch. */
  ref: line(200).regex(/^[^*?]+$/, 'must not hold wildcards'),
});

const environment = z.strictObject({
  account,
  partition: z.enum(['aws', 'aws-us-gov', 'aws-cn']).default('aws'),
  regions: z.array(region).min(1),
  /** Object key of the state; without it `{environment}/terraform.tfstate`. */
  state_key: word(/^[A-Za-z0-9][A-Za-z0-9/_.-]*\.tfstate$/, 'must end with .tfstate').optional(),
  /** Values for required tags that differ by environment. */
  tags: z.record(line(128), line(256)).optional(),
});

export const paritySchema = z
  .strictObject({
    schema: z.literal(PARITY_SCHEMA),
    organisation: name,
    provider: z.literal('aws'),
    environments: z
      .record(name, environment)
      .refine((all) => Object.keys(all).length > 0, 'must name at least one environment')
      .refine(
        (all) => !Object.hasOwn(all, 'rehearsal'),
        'must not name an environment "rehearsal": in evidence/ that is the folder of rehearsals',
      ),
    naming: z.strictObject({
      bucket: pattern,
      /** account-regional: names that nobody else can take (`…-<account>-<region>-an`, S3 CreateBucket BucketNamespace). */
      bucket_namespace: z.enum(['global', 'account-regional']),
      table: pattern,
      key_alias: pattern,
      role: pattern,
    }),
    tags: z.strictObject({
      /** Required on every resource; values may use the naming placeholders. */
      required: z.record(line(128), line(256)),
      /** Keys that others may add to our resources. */
      tolerated: z.array(line(128)),
    }),
    locking: z.enum(['table', 'lockfile', 'both']),
    retention: z.strictObject({
      /** Days after which a noncurrent version of the state may expire. */
      noncurrent_days: z.int().min(30).max(3650),
      /** Newest noncurrent versions that are always kept (S3 NewerNoncurrentVersions). */
      noncurrent_keep: z.int().min(1).max(100),
      /** Point-in-time recovery window of the lock table, days (DynamoDB RecoveryPeriodInDays). */
      pitr_days: z.int().min(1).max(35),
    }),
    /** Days (KMS RotationPeriodInDays). */
    key_rotation_days: z.int().min(90).max(2560),
    roles: z.strictObject({
      operator: role,
      automation: role,
      'ci-plan': role,
      'ci-apply': role,
      'break-glass': role,
    }),
    permissions_boundary: arn.nullable(),
    federation: z.strictObject({ github: github.nullable(), gitlab: gitlab.nullable() }),
    allowed_resources: z.array(z.string().regex(/^[a-z][a-z-]*$/)).min(1),
    intent: z.strictObject({ max_window_hours: z.int().min(1).max(720) }),
    /** File name in templates/ → SHA-256 of its bytes. */
    templates: z.record(z.string().regex(/^[A-Za-z0-9._-]+$/), hex64),
    /** The team's own rules; they can refuse more, and allow nothing. */
    rules: rulesSchema.nullable().default(null),
    /** Program → SHA-256 of every build of it that may take part; any build of those that are not listed. */
    tools: z.partialRecord(z.enum(TOOLS), z.array(hex64).min(1).max(100)).default({}),
  })
  .superRefine((parity, context) => {
    for (const dormant of ['automation', 'break-glass'] as const) {
      if (parity.roles[dormant].principals.length > 0)
        context.addIssue({
          code: 'custom',
          path: ['roles', dormant, 'principals'],
          message: 'must be empty: the role is made dormant',
          input: parity.roles[dormant].principals,
        });
    }
    if (parity.roles.operator.principals.length === 0)
      context.addIssue({
        code: 'custom',
        path: ['roles', 'operator', 'principals'],
        message: 'must name who may be the operator',
        input: [],
      });
    for (const key of [...Object.keys(parity.tags.required), ...parity.tags.tolerated]) {
      if (/^(aws|govboot):/i.test(key))
        context.addIssue({
          code: 'custom',
          path: ['tags'],
          message: 'must not use the prefixes aws: or govboot:',
          input: key,
        });
    }
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
export function parseParity(file: FileRead): Parity {
  return parseDocument(paritySchema, file.bytes, file.path);
}

/** Fills the placeholders of a naming pattern. */
export function fill(text: string, values: Readonly<Record<string, string>>): string {
  const known = new Map(Object.entries(values));
  return text.replace(/\{([a-z]+)\}/g, (whole, key: string) => known.get(key) ?? whole);
}
