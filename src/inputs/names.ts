/**
 * The names, tags and limits that a parity policy gives one environment, placeholders filled.
 * Pure and shared: the parity gate judges the same values that the blueprint is built from, so the two cannot differ.
 */
import { fill, type FederationPolicy, type Locking, type Parity, type RolePolicy } from './parity.ts';
import { byRole, settingsOf, type Partition, type PolicyRole } from './settings.ts';

/** The issuer of GitHub Actions, without `https://`, as condition keys have it. */
export const GITHUB_HOST = 'token.actions.githubusercontent.com';

/** The store of an environment's evidence. */
export interface EvidenceNames {
  readonly bucket: string;
  /** With `alias/` in front. */
  readonly keyAlias: string;
  /** Days for which nobody can delete what was stored. */
  readonly retentionDays: number;
}

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
  readonly retention: {
    readonly noncurrentDays: number;
    readonly noncurrentKeep: number;
    readonly pitrDays: number;
  };
  readonly keyRotationDays: number;
  /** Bucket and key of the evidence; null where the policy wants none. */
  readonly evidence: EvidenceNames | null;
  /** Required tags with this environment's values; the ownership tags are added by the blueprint. */
  readonly tags: Readonly<Record<string, string>>;
  readonly toleratedTags: readonly string[];
  readonly roles: Readonly<Record<PolicyRole, RolePolicy>>;
  readonly permissionsBoundary: string | null;
  readonly federation: FederationPolicy;
}

/**
 * Fills every pattern of the policy for one environment and region. Says nothing of whether the result is allowed.
 * @throws PARITY when the policy has no such environment
 */
export function resolveNames(parity: Parity, environment: string, region: string): ResolvedNames {
  const settings = settingsOf(parity, environment);
  const { account, partition, retention, roles } = settings;
  const values = { organisation: parity.organisation, environment, account, region, partition };
  const filled = (text: string): string => fill(text, values);
  const { bucket_namespace: bucketNamespace } = parity.naming;
  const store = settings.evidenceStore;
  return {
    ...values,
    bucket: bucketName(filled(parity.naming.bucket), bucketNamespace, account, region),
    bucketNamespace,
    table: filled(parity.naming.table),
    keyAlias: aliasName(filled(parity.naming.key_alias)),
    roleNames: byRole((role) => fill(parity.naming.role, { ...values, role })),
    stateKey: settings.stateKey,
    locking: settings.locking,
    retention: {
      noncurrentDays: retention.noncurrent_days,
      noncurrentKeep: retention.noncurrent_keep,
      pitrDays: retention.pitr_days,
    },
    keyRotationDays: settings.keyRotationDays,
    evidence: store && {
      bucket: bucketName(filled(store.bucket), bucketNamespace, account, region),
      keyAlias: aliasName(filled(store.key_alias)),
      retentionDays: store.retention_days,
    },
    tags: Object.fromEntries(Object.entries(settings.tags).map(([key, value]) => [key, filled(value)])),
    toleratedTags: parity.tags.tolerated,
    roles: byRole((role) => ({
      sessionSeconds: roles[role].session_seconds,
      principals: roles[role].principals.map(filled),
      mfa: roles[role].mfa,
    })),
    permissionsBoundary: parity.permissions_boundary === null ? null : filled(parity.permissions_boundary),
    federation: federationOf(parity, filled),
  };
}

function aliasName(pattern: string): string {
  return pattern.startsWith('alias/') ? pattern : `alias/${pattern}`;
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
      ref: filled(gitlab.ref),
    },
  };
}
