/** The parts of the parity policy: fields with their bounds and what editors say of them. parity.ts puts them together. */
import * as z from 'zod';
import { account, line, name, oneLine, region, word } from './schema.ts';

/** A naming pattern with `{organisation}`, `{environment}`, `{account}`, `{region}`, and `{role}` for roles. */
const pattern = line(200).regex(
  /^([A-Za-z0-9/_.-]|\{(organisation|environment|account|region|role)\})+$/,
  'may use letters, digits, / _ . - and {organisation} {environment} {account} {region} {role}',
);

export const arn = word(
  /^arn:(aws|aws-us-gov|aws-cn):iam::([0-9]{12}|\{account\}):(root|(role|user|policy)\/[A-Za-z0-9+=,.@_/{}-]+)$/,
  'must be the ARN of an IAM principal or policy, without wildcards',
);

/** In a schema for editors; the gate refuses it with the code PARITY, whether an editor was used or not. */
const RESERVED_TAG = {
  not: { pattern: '^([aA][wW][sS]|[gG][oO][vV][bB][oO][oO][tT]):' },
  errorMessage: 'must not use the prefixes aws: and govboot:',
};
export const tagKey = line(128).meta(RESERVED_TAG);
export const tagValue = oneLine(256).meta({ minLength: 1, description: 'Placeholders are filled in.' });
/** Tags that a resource can have, S3, DynamoDB, KMS and IAM alike. */
export const MOST_TAGS = 50;
export const tagsOf = z
  .record(tagKey, tagValue)
  .refine(
    (tags) => Object.keys(tags).length <= MOST_TAGS,
    `must not hold more than ${String(MOST_TAGS)} tags`,
  )
  .meta({ maxProperties: MOST_TAGS });

const principals = z.array(
  word(
    /^arn:(\{partition\}|aws|aws-us-gov|aws-cn):iam::([0-9]{12}|\{account\}):(root|(role|user)\/[A-Za-z0-9+=,.@_/{}-]+)$/,
    'must be the ARN of an IAM principal, without wildcards',
  ),
);
/** A principal that is listed and has no effect would only look like one that has. */
const nobody = (why: string): typeof principals =>
  principals.max(0, `must be empty: ${why}`).describe(`Empty: ${why}.`);

export const roleOf = (who: typeof principals) =>
  z.strictObject({
    // IAM CreateRole MaxSessionDuration.
    session_seconds: z
      .int()
      .min(3600)
      .max(43_200)
      .meta({ description: 'Longest session, 3600 to 43200 seconds.', examples: [3600] }),
    principals: who,
    mfa: z.boolean().describe('Whether people need a second factor (aws:MultiFactorAuthPresent).'),
  });

/** Every cloud role, each with those who may be let in. In the order in which they are shown. */
export const rolesOf = <R extends z.ZodType>(make: (who: typeof principals) => R) => {
  const people = principals.min(1, 'must name who may be the operator').max(20);
  const dormant = nobody('the role is made dormant');
  const federated = nobody('the role is taken through federation');
  return {
    operator: make(
      people.meta({
        description: 'Who may assume it: ARNs without wildcards; {account} and {partition} are filled in.',
        examples: [['arn:{partition}:iam::{account}:root']],
      }),
    ).describe('People: state bucket and lock table, nothing else.'),
    automation: make(dormant).describe('Exists, and lets nobody in until a later signed intent says so.'),
    'ci-plan': make(federated).describe('Jobs that plan, through federation.'),
    'ci-apply': make(federated).describe('Jobs that apply, through federation.'),
    'break-glass': make(dormant).describe('For emergencies; dormant.'),
  };
};

export const locking = z
  .enum(['table', 'lockfile', 'both'])
  .describe(
    'How Terraform and OpenTofu lock the state: table (DynamoDB), lockfile (S3 conditional writes), or both.',
  );

export const retention = z.strictObject({
  noncurrent_days: z
    .int()
    .min(30)
    .max(3650)
    .meta({
      description: 'Days, 30 to 3650, before a noncurrent version of the state may expire.',
      examples: [365],
    }),
  // S3 LifecycleRule NewerNoncurrentVersions.
  noncurrent_keep: z
    .int()
    .min(1)
    .max(100)
    .meta({ description: 'Newest noncurrent versions that are always kept, 1 to 100.', examples: [50] }),
  // DynamoDB PointInTimeRecoverySpecification RecoveryPeriodInDays.
  pitr_days: z
    .int()
    .min(1)
    .max(35)
    .meta({
      description: 'Days, 1 to 35, to which the lock table can be brought back.',
      examples: [35],
    }),
});

// KMS EnableKeyRotation RotationPeriodInDays.
export const keyRotationDays = z
  .int()
  .min(90)
  .max(2560)
  .meta({ description: 'Days, 90 to 2560, between two rotations of the key.', examples: [365] });

/** 7 years with their leap days, whatever year they begin in. */
const USUAL_RETENTION_DAYS = 2557;

const retentionDays = z.int().min(1).max(36_500); // S3 DefaultRetention Days, at most 100 years

export const evidenceStore = z.strictObject({
  bucket: pattern.meta({
    description: 'Name of the bucket of the evidence.',
    examples: ['{organisation}-{environment}-evidence-{account}-{region}'],
  }),
  key_alias: pattern.meta({
    description: 'Alias of its own key; alias/ is put before it where it is left out.',
    examples: ['alias/{organisation}-{environment}-evidence'],
  }),
  retention_days: retentionDays.default(USUAL_RETENTION_DAYS).meta({
    description:
      'Days, 1 to 36500, for which nobody can delete what was stored, not even the root user; 2557 (7 years) when left out. It can be made longer later, never shorter.',
    examples: [USUAL_RETENTION_DAYS],
  }),
});

export const github = z.strictObject({
  repository: word(/^[A-Za-z0-9_.-]+\/[A-Za-z0-9_.-]+$/, 'must be OWNER/REPOSITORY').meta({
    description: 'OWNER/REPOSITORY whose workflows may plan and apply.',
    examples: ['acme/infra'],
  }),
  owner_id: word(/^[0-9]+$/, 'must be digits, in quotes').describe('Numeric id of the owner, in quotes.'),
  repository_id: word(/^[0-9]+$/, 'must be digits, in quotes').describe(
    'Numeric id of the repository, in quotes: it holds when the name is taken over by somebody else.',
  ),
  subject: z
    .enum(['immutable', 'name', 'both'])
    .describe(
      'Form of the subject: immutable `repo:OWNER@ID/REPO@ID:…` (new repositories), name `repo:OWNER/REPO:…` (older ones), both while moving.',
    ),
  plan_environment: pattern.meta({
    description: 'GitHub environment of jobs that plan. Each environment of this policy needs its own.',
    examples: ['{environment}-plan'],
  }),
  apply_environment: pattern.meta({
    description: 'GitHub environment of jobs that apply. Each environment of this policy needs its own.',
    examples: ['{environment}'],
  }),
});

export const gitlab = z.strictObject({
  host: word(/^[a-z0-9.-]+$/, 'must be a host name').meta({
    description: 'Host of the GitLab server.',
    examples: ['gitlab.com'],
  }),
  project_path: word(/^[A-Za-z0-9_.-]+(\/[A-Za-z0-9_.-]+)+$/, 'must be GROUP/PROJECT').describe(
    'GROUP/PROJECT whose pipelines may plan and apply.',
  ),
  audience: line(200).describe('Audience of the ID tokens.'),
  ref: line(200)
    .regex(/^[^*?]+$/, 'must not hold wildcards')
    .meta({
      description:
        'A protected branch, with {environment} where there is more than one: its jobs may take both roles.',
      examples: ['main', 'env/{environment}'],
    }),
});

export const environment = z.strictObject({
  account: account.describe('Its own account, 12 digits in quotes. No two environments share one.'),
  partition: z.enum(['aws', 'aws-us-gov', 'aws-cn']).default('aws').describe('aws when left out.'),
  regions: z
    .array(region)
    .min(1)
    .max(100)
    .meta({ description: 'Regions that an intent may choose from.', examples: [['eu-central-1']] }),
  state_key: word(/^[A-Za-z0-9][A-Za-z0-9/_.-]*\.tfstate$/, 'must end with .tfstate')
    .optional()
    .describe('Object key of the state; {environment}/terraform.tfstate when left out.'),
  tags: tagsOf.optional().describe('Tags whose values differ by environment.'),
  locking: locking.optional().describe('Instead of locking below; to be listed under differences.'),
  retention: retention
    .partial()
    .optional()
    .describe('Instead of the same fields of retention below; to be listed under differences.'),
  key_rotation_days: keyRotationDays
    .optional()
    .describe('Instead of key_rotation_days below; to be listed under differences.'),
  evidence_store: z
    .strictObject({
      retention_days: retentionDays.describe(
        'Days, 1 to 36500, for which nobody can delete what was stored.',
      ),
    })
    .optional()
    .describe('Instead of the same field of evidence_store below; to be listed under differences.'),
  roles: z
    .strictObject(rolesOf((who) => roleOf(who).partial()))
    .partial()
    .optional()
    .describe('Instead of the same fields of roles below; to be listed under differences.'),
});

export const difference = z.strictObject({
  setting: line(200).meta({
    description: 'What differs.',
    examples: [
      ...['partition', 'regions', 'state_key', 'tags.KEY', 'locking', 'key_rotation_days'],
      ...['retention.noncurrent_days', 'retention.noncurrent_keep', 'retention.pitr_days'],
      'evidence_store.retention_days',
      ...['roles.operator.principals', 'roles.operator.mfa', 'roles.operator.session_seconds'],
    ],
  }),
  environments: z
    .array(name)
    .min(1)
    .meta({ description: 'Those that differ from all the others, which are alike.', examples: [['prod']] }),
  reason: line(300).meta({
    description: 'Why it is meant.',
    examples: ['auditors keep three years'],
  }),
});

export const naming = z.strictObject({
  bucket: pattern.describe('Name of the state bucket.'),
  // S3 CreateBucket BucketNamespace.
  bucket_namespace: z
    .enum(['global', 'account-regional'])
    .describe('account-regional appends -ACCOUNT-REGION-an: a name that nobody else can take.'),
  table: pattern.describe('Name of the lock table.'),
  key_alias: pattern.describe('Alias of the key; alias/ is put before it where it is left out.'),
  role: pattern.describe('Name of each role; needs {role}.'),
});
