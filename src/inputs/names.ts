/**
 * The names and tags that a parity policy gives one environment, and whether the provider would take them.
 * Pure and shared: the parity gate judges the same values that the blueprint is built from, so the two cannot differ.
 */
import { GovbootError } from '../kernel/errors.ts';
import { safe } from '../kernel/text.ts';
import type { Problem } from './facts.ts';
import { fill, type FederationPolicy, type Locking, type Parity, type RolePolicy } from './parity.ts';

/** The roles that every policy describes. */
export type PolicyRole = keyof Parity['roles'];
export type Partition = Parity['environments'][string]['partition'];

/** Everything that follows from policy, environment and region alone. Placeholders are filled. */
export interface ResolvedNames {
  readonly organisation: string;
  readonly environment: string;
  readonly account: string;
  readonly partition: Partition;
  readonly region: string;
  readonly bucket: string;
  readonly bucketNamespace: 'global' | 'account-regional';
  readonly table: string;
  /** With `alias/` in front, whether or not the policy writes it. */
  readonly keyAlias: string;
  readonly roleNames: Readonly<Record<PolicyRole, string>>;
  readonly stateKey: string;
  readonly locking: Locking;
  /** Required tags with this environment's values; the ownership tags are added by the blueprint. */
  readonly tags: Readonly<Record<string, string>>;
  readonly toleratedTags: readonly string[];
  readonly roles: Readonly<Record<PolicyRole, RolePolicy>>;
  readonly permissionsBoundary: string | null;
  readonly federation: FederationPolicy;
}

const ROLES = [
  'operator',
  'automation',
  'ci-plan',
  'ci-apply',
  'break-glass',
] as const satisfies readonly PolicyRole[];

/** Ownership tags that govboot adds to every resource, counted against the limit of tags. */
const OWNERSHIP_TAGS = 3;

/**
 * Fills every pattern of the policy for one environment and region. Says nothing of whether the result is allowed.
 * @throws PARITY when the policy has no such environment
 */
export function resolveNames(parity: Parity, environment: string, region: string): ResolvedNames {
  const policy = Object.hasOwn(parity.environments, environment)
    ? parity.environments[environment]
    : undefined;
  if (policy === undefined) {
    throw new GovbootError('PARITY', `environment "${safe(environment)}" is not in the parity policy`, {
      data: { environment, known: Object.keys(parity.environments) },
    });
  }
  const { account, partition } = policy;
  const values = { organisation: parity.organisation, environment, account, region, partition };
  const filled = (text: string): string => fill(text, values);
  const byRole = <T>(of: (role: PolicyRole) => T): Record<PolicyRole, T> =>
    Object.fromEntries(ROLES.map((role) => [role, of(role)])) as Record<PolicyRole, T>;
  const { bucket_namespace: bucketNamespace } = parity.naming;
  const alias = filled(parity.naming.key_alias);
  return {
    ...values,
    bucket: bucketName(filled(parity.naming.bucket), bucketNamespace, account, region),
    bucketNamespace,
    table: filled(parity.naming.table),
    keyAlias: alias.startsWith('alias/') ? alias : `alias/${alias}`,
    roleNames: byRole((role) => fill(parity.naming.role, { ...values, role })),
    stateKey: policy.state_key ?? `${environment}/terraform.tfstate`,
    locking: parity.locking,
    tags: Object.fromEntries(
      Object.entries({ ...parity.tags.required, ...policy.tags }).map(([key, value]) => [key, filled(value)]),
    ),
    toleratedTags: parity.tags.tolerated,
    roles: byRole((role) => ({
      sessionSeconds: parity.roles[role].session_seconds,
      principals: parity.roles[role].principals.map(filled),
      mfa: parity.roles[role].mfa,
    })),
    permissionsBoundary: parity.permissions_boundary === null ? null : filled(parity.permissions_boundary),
    federation: federationOf(parity, filled),
  };
}

/** Name in the account's own namespace: `<prefix>-<account>-<region>-an` (S3 CreateBucket, BucketNamespace). */
function bucketName(
  pattern: string,
  namespace: 'global' | 'account-regional',
  account: string,
  region: string,
): string {
  const suffix = `-${account}-${region}-an`;
  return namespace === 'global' || pattern.endsWith(suffix) ? pattern : `${pattern}${suffix}`;
}

function federationOf(
  { federation: { github, gitlab } }: Parity,
  filled: (text: string) => string,
): FederationPolicy {
  return {
    github: github && {
      repository: github.repository,
      ownerId: github.owner_id,
      repositoryId: github.repository_id,
      subject: github.subject,
      planEnvironment: filled(github.plan_environment),
      applyEnvironment: filled(github.apply_environment),
    },
    gitlab: gitlab && {
      host: gitlab.host,
      projectPath: gitlab.project_path,
      audience: gitlab.audience,
      ref: gitlab.ref,
    },
  };
}

/** Whatever the provider would refuse or a reader could be fooled by; all of it at once, as PARITY problems. */
export function nameProblems(names: ResolvedNames): readonly Problem[] {
  return [
    ...bucketProblems(names),
    ...(/^[A-Za-z0-9_.-]{3,255}$/.test(names.table)
      ? []
      : [bad('lock table', names.table, 'must be 3 to 255 letters, digits, _ . and -')]),
    ...aliasProblems(names.keyAlias),
    ...roleProblems(names),
    ...stateKeyProblems(names.stateKey),
    ...tagProblems(names),
    ...arnProblems(names),
    ...federationProblems(names.federation),
  ].map((wrong) => ({ code: 'PARITY' as const, wrong }));
}

/** Every text is ASCII by these rules, so that no look-alike letter can pass for another. */
function bad(what: string, value: string, rule: string): string {
  return `${what} "${safe(value)}" ${rule}`;
}

// S3 User Guide, "General purpose bucket naming rules". Dots are allowed there but break TLS host names; here they are refused.
const RESERVED_PREFIXES = ['xn--', 'sthree-', 'amzn-s3-demo-'];
const RESERVED_SUFFIXES = ['-s3alias', '--ol-s3', '--x-s3', '--table-s3'];

function bucketProblems({ bucket, bucketNamespace, account, region }: ResolvedNames): string[] {
  const wrong: string[] = [];
  if (bucket.length < 3 || bucket.length > 63)
    wrong.push(bad('bucket', bucket, `has ${String(bucket.length)} characters; S3 takes 3 to 63`));
  if (!/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(bucket))
    wrong.push(
      bad(
        'bucket',
        bucket,
        'must be lower-case letters, digits and dashes, a letter or digit first and last',
      ),
    );
  for (const prefix of RESERVED_PREFIXES)
    if (bucket.startsWith(prefix))
      wrong.push(bad('bucket', bucket, `must not begin with ${prefix}, which S3 reserves`));
  for (const suffix of RESERVED_SUFFIXES)
    if (bucket.endsWith(suffix))
      wrong.push(bad('bucket', bucket, `must not end with ${suffix}, which S3 reserves`));
  if (bucketNamespace === 'global' && bucket.endsWith('-an'))
    wrong.push(bad('bucket', bucket, 'must not end with -an outside the account-regional namespace'));
  if (bucketNamespace === 'account-regional' && bucket.length <= `-${account}-${region}-an`.length)
    wrong.push(bad('bucket', bucket, 'has no name before its account-regional suffix'));
  return wrong;
}

/** KMS CreateAlias AliasName: 1 to 256 letters, digits, / _ and -, never under alias/aws/. */
function aliasProblems(alias: string): string[] {
  if (!/^alias\/[A-Za-z0-9/_-]+$/.test(alias) || alias.length > 256)
    return [bad('key alias', alias, 'must be alias/ and letters, digits, / _ and -, at most 256 characters')];
  return alias.startsWith('alias/aws/')
    ? [bad('key alias', alias, 'must not begin with alias/aws/, which KMS reserves')]
    : [];
}

/** IAM CreateRole RoleName: at most 64 of letters, digits and _+=,.@-; unique without regard to case. */
function roleProblems({ roleNames }: ResolvedNames): string[] {
  const seen = new Map<string, PolicyRole>();
  return ROLES.flatMap((role) => {
    const name = roleNames[role];
    const first = seen.get(name.toLowerCase());
    seen.set(name.toLowerCase(), first ?? role);
    return [
      ...(/^[A-Za-z0-9_+=,.@-]{1,64}$/.test(name)
        ? []
        : [bad(`role ${role}`, name, 'must be 1 to 64 letters, digits and _+=,.@-')]),
      ...(first === undefined
        ? []
        : [bad(`role ${role}`, name, `is the name of role ${first} too; the pattern needs {role}`)]),
    ];
  });
}

/** S3 object key of at most 1024 bytes, `.tflock` of the lock file included; Terraform refuses // and a slash at either end. */
function stateKeyProblems(key: string): string[] {
  const plain =
    /^[A-Za-z0-9][A-Za-z0-9/_.-]*\.tfstate$/.test(key) &&
    key.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
  return plain && key.length <= 1024 - '.tflock'.length
    ? []
    : [bad('state key', key, 'must be a plain path that ends with .tfstate')];
}

/** The letters that S3, DynamoDB, KMS and IAM all take in tags, without those outside ASCII. */
const TAG_TEXT = /^[A-Za-z0-9_.:/=+@-]([A-Za-z0-9 _.:/=+@-]*[A-Za-z0-9_.:/=+@-])?$/;

function tagProblems({ tags, toleratedTags }: ResolvedNames): string[] {
  const wrong: string[] = [];
  const keys = [...Object.keys(tags), ...toleratedTags];
  const seen = new Set<string>();
  for (const key of keys) {
    if (key.length > 128 || !TAG_TEXT.test(key))
      wrong.push(bad('tag key', key, 'must be 1 to 128 ASCII letters, digits, spaces inside, and _.:/=+-@'));
    if (/^(aws|govboot):/i.test(key))
      wrong.push(bad('tag key', key, 'must not use the prefixes aws: and govboot:'));
    // IAM compares tag keys without regard to case, so the others are held to the same.
    if (seen.has(key.toLowerCase())) wrong.push(bad('tag key', key, 'is there twice, perhaps in other case'));
    seen.add(key.toLowerCase());
  }
  for (const [key, value] of Object.entries(tags)) {
    if (value === '') wrong.push(bad('tag', key, 'has an empty value'));
    else if (value.length > 256 || !TAG_TEXT.test(value))
      wrong.push(
        bad(
          'value',
          value,
          `of tag "${safe(key)}" must be 1 to 256 ASCII letters, digits, spaces inside, and _.:/=+-@`,
        ),
      );
  }
  // 50 tags a resource: S3, DynamoDB, KMS and IAM alike.
  if (Object.keys(tags).length + OWNERSHIP_TAGS > 50)
    wrong.push(
      `${String(Object.keys(tags).length)} required tags and ${String(OWNERSHIP_TAGS)} of ownership are more than 50`,
    );
  return wrong;
}

function arnProblems({ roles, permissionsBoundary, partition, account }: ResolvedNames): string[] {
  const wrong: string[] = [];
  for (const role of ROLES) {
    for (const principal of roles[role].principals) {
      if (!principal.startsWith(`arn:${partition}:iam::`))
        wrong.push(bad(`principal of role ${role}`, principal, `is not of partition ${partition}`));
      if (/[{}]/.test(principal))
        wrong.push(bad(`principal of role ${role}`, principal, 'has a placeholder that is not known'));
    }
  }
  // IAM CreateRole PermissionsBoundary: a managed policy of the same account.
  if (
    permissionsBoundary !== null &&
    !permissionsBoundary.startsWith(`arn:${partition}:iam::${account}:policy/`)
  ) {
    wrong.push(
      bad(
        'permissions boundary',
        permissionsBoundary,
        `is not a policy of account ${account} in partition ${partition}`,
      ),
    );
  }
  return wrong;
}

function federationProblems({ github }: FederationPolicy): string[] {
  if (github === null) return [];
  return [github.planEnvironment, github.applyEnvironment]
    .filter((name) => /[{}]/.test(name))
    .map((name) => bad('GitHub environment', name, 'has a placeholder that is not known'));
}
