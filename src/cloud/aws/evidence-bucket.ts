/** The bucket of the evidence: written once, and deleted by nobody before its time. */
import type { LifecycleRule } from '@aws-sdk/client-s3';
import { isJsonObject, type Json } from '../../kernel/json.ts';
import type { Comparison } from '../../plan/control.ts';
import { isFault } from './api.ts';
import {
  bucketCalls,
  encryptionOf,
  locationOf,
  ofBucket,
  ownershipOf,
  policyOf,
  publicAccessOf,
  tagsControl,
  versioningOf,
  type BucketPart,
} from './bucket.ts';
import { storeOf } from './evidence-store.ts';
import { evidenceBucketPolicy } from './policies/evidence-bucket-policy.ts';
import {
  clauses,
  notUnderstood,
  observing,
  set,
  unset,
  value,
  type AwsControl,
  type AwsResource,
} from './resource.ts';
import { daysOf } from './weakening.ts';

const part: BucketPart = {
  id: 'evidence-bucket',
  key: 'evidence-key',
  nameOf: (b) => storeOf(b).bucket,
  why: {
    location: 'Evidence names people and has a place in law; a bucket cannot be moved afterwards.',
    public:
      'Evidence names people, accounts and resources; one wrong policy or ACL must not be able to publish it.',
    versioning:
      'Only versions can be kept; a bucket with Object Lock has them from its birth and can never be without.',
  },
  encryption: 'encrypted with a key of its own, with a bucket key',
  policy: {
    title: 'bucket policy: TLS, this account, this key, written once, deleted by nobody',
    why: 'What is there is neither covered by a newer version nor hidden by a marker nor kept for less, whatever permissions somebody has elsewhere in the account; break-glass is not exempt, and the roles of the state have no business here.',
    satisfies: clauses(
      ['FSBP', 'S3.5', 'S3.6'],
      ['CIS AWS 5.0', '2.1.1'],
      ['ISO/IEC 27001:2022', 'A.8.3', 'A.8.24', 'A.5.28', 'A.5.33'],
      ['SOC 2', 'CC6.1'],
    ),
    of: (b, keyArn) => evidenceBucketPolicy(b, storeOf(b), keyArn),
  },
  objectLock: true,
};

/** How long versions are kept, as it is read; `days` is null where new ones are kept for no time. */
interface Kept {
  readonly mode: string | null;
  readonly days: number | null;
}

/**
 * Longer than wanted is right: who made it longer had a reason, and nobody can make it shorter for what is stored. Another mode is right
 * to be replaced, but not if that made it shorter: COMPLIANCE for longer than the policy says would be more than anybody has confirmed.
 */
function compareKept(observed: Json, desired: Json): Comparison {
  const [found, wanted] = [keptOf(observed), keptOf(desired)];
  const days = found.days ?? 0;
  const longest = wanted.days ?? 0;
  if (found.mode === wanted.mode) return { is: days >= longest ? 'right' : 'wrong' };
  return days > longest ? { is: 'foreign', found: observed } : { is: 'wrong' };
}

function keptOf(json: Json): Kept {
  const { mode, days } = isJsonObject(json) ? json : {};
  return { mode: typeof mode === 'string' ? mode : null, days: typeof days === 'number' ? days : null };
}

const objectLock: AwsControl = {
  id: 'evidence-bucket.object-lock',
  title: 'Object Lock: nobody deletes a version before its time, not even the root user (COMPLIANCE)',
  why: 'Evidence must outlive whoever has a reason to lose it. In COMPLIANCE mode no permission and no support case shortens the time of what is stored.',
  needs: ['object-lock', 'versioning'],
  satisfies: clauses(
    ['FSBP', 'S3.15'],
    ['ISO/IEC 27001:2022', 'A.5.28', 'A.5.33', 'A.8.15'],
    ['SOC 2', 'CC6.1'],
  ),
  irreversible: true,
  desired: (b) => value({ mode: 'COMPLIANCE', days: storeOf(b).retentionDays }),
  compare: compareKept,
  read: (api, b) =>
    observing(async () => {
      const answer = await api.call('s3:GetObjectLockConfiguration', ofBucket(b, part.nameOf(b)));
      const lock = answer.ObjectLockConfiguration;
      if (lock?.ObjectLockEnabled !== 'Enabled') return unset;
      const always = lock.Rule?.DefaultRetention;
      if (always === undefined) return set({ mode: null, days: null });
      if (always.Mode === undefined) return notUnderstood('s3:GetObjectLockConfiguration names no mode');
      return set({ mode: always.Mode, days: daysOf(always) });
    }),
  async write(api, b) {
    await api.call('s3:PutObjectLockConfiguration', {
      ...ofBucket(b, part.nameOf(b)),
      ObjectLockConfiguration: {
        ObjectLockEnabled: 'Enabled',
        Rule: { DefaultRetention: { Mode: 'COMPLIANCE', Days: storeOf(b).retentionDays } },
      },
    });
  },
};

/** Rules that make versions disappear, or covers them with a delete marker. */
function expires({ Status, Expiration, NoncurrentVersionExpiration }: LifecycleRule): boolean {
  return Status === 'Enabled' && (Expiration !== undefined || NoncurrentVersionExpiration !== undefined);
}

const noExpiry: AwsControl = {
  id: 'evidence-bucket.no-expiry',
  title: 'no rule that lets evidence expire',
  why: 'A lifecycle rule hides objects behind delete markers today, and deletes them on the day on which their time ends.',
  needs: ['lifecycle'],
  satisfies: clauses(['ISO/IEC 27001:2022', 'A.5.28', 'A.5.33']),
  atCreation: true,
  desired: () => value([]),
  // Whoever wrote such a rule takes it back; govboot deletes nothing.
  compare: (observed) =>
    Array.isArray(observed) && observed.length === 0 ? { is: 'right' } : { is: 'foreign', found: observed },
  read: (api, b) =>
    observing(async () => {
      try {
        const { Rules } = await api.call('s3:GetBucketLifecycleConfiguration', ofBucket(b, part.nameOf(b)));
        return set(JSON.parse(JSON.stringify((Rules ?? []).filter(expires))) as Json);
      } catch (error) {
        if (isFault(error, 'absent') && error.fault === 'NoSuchLifecycleConfiguration') return set([]);
        throw error;
      }
    }),
  write: async () => Promise.reject(new TypeError('rules of others are not ours to take away')),
};

export const evidenceBucket: AwsResource = {
  ...bucketCalls(part),
  kind: 'evidence-bucket',
  title: 'evidence bucket',
  after: ['evidence-key'],
  wanted: (b) => b.evidence !== null,
  controls: [
    locationOf(part),
    tagsControl(part),
    ownershipOf(part),
    publicAccessOf(part),
    versioningOf(part),
    encryptionOf(part),
    objectLock,
    noExpiry,
    policyOf(part),
  ],
};
