/** The bucket that holds the state. Its settings are written one after another: S3 answers 409 OperationAborted otherwise. */
import type { BucketLocationConstraint, Tag as S3Tag } from '@aws-sdk/client-s3';
import type { Blueprint } from '../../plan/blueprint.ts';
import type { Presence } from '../../plan/control.ts';
import { isFault, type AwsApi } from './api.ts';
import { bucketArn } from './arn.ts';
import { asJson, comparePolicies, policyText } from './policies/document.ts';
import { bucketPolicy } from './policies/bucket-policy.ts';
import {
  clauses,
  locating,
  notUnderstood,
  observing,
  once,
  parsed,
  set,
  unset,
  value,
  type AwsControl,
  type AwsResource,
} from './resource.ts';
import { asTags, birthTags, presenceByTags, shownTags, tagList, tagsOf, tagSpec, type Tags } from './tags.ts';
import { lifecycle } from './state-bucket-lifecycle.ts';
import { noReplication } from './state-bucket-replication.ts';

/** Every call names the owner: a bucket of that name in another account answers 403 (x-amz-expected-bucket-owner). */
export function ofBucket(b: Blueprint) {
  return { Bucket: b.names.bucket, ExpectedBucketOwner: b.account };
}

async function readTags(api: AwsApi, b: Blueprint): Promise<Tags> {
  try {
    return tagsOf((await api.call('s3:GetBucketTagging', ofBucket(b))).TagSet);
  } catch (error) {
    if (isFault(error, 'absent') && error.fault === 'NoSuchTagSet') return {};
    throw error;
  }
}

const tags: AwsControl = {
  ...tagSpec('state-bucket'),
  read: (api, b) => observing(async () => set(shownTags(await readTags(api, b)))),
  // PutBucketTagging replaces the whole set: what is there stays. AWS keeps its own `aws:` tags itself.
  async write(api, b, _known, wanted) {
    const there = Object.entries(await readTags(api, b)).filter(([key]) => !key.startsWith('aws:'));
    const TagSet: S3Tag[] = tagList({ ...Object.fromEntries(there), ...asTags(wanted) });
    await api.call('s3:PutBucketTagging', { ...ofBucket(b), Tagging: { TagSet } });
  },
};

const location: AwsControl = {
  id: 'state-bucket.location',
  title: 'region of the environment',
  why: 'State is confidential data with a place; a bucket cannot be moved afterwards.',
  needs: ['expected-owner'],
  satisfies: clauses(['ISO/IEC 27001:2022', 'A.5.23']),
  atCreation: true,
  creationOnly: true,
  desired: (b) => value(b.region),
  read: (api, b) =>
    observing(async () => {
      const { BucketRegion } = await api.call('s3:HeadBucket', ofBucket(b));
      return BucketRegion === undefined ? notUnderstood('s3:HeadBucket names no region') : set(BucketRegion);
    }),
  write: async () => Promise.reject(new TypeError('a bucket cannot be moved')),
};

const ownership: AwsControl = {
  id: 'state-bucket.ownership',
  title: 'access control lists off (BucketOwnerEnforced)',
  why: 'With ACLs an uploader could keep an object from the account, or share one; policies alone decide here.',
  needs: ['ownership-controls'],
  satisfies: clauses(['FSBP', 'S3.12'], ['ISO/IEC 27001:2022', 'A.8.3'], ['SOC 2', 'CC6.1']),
  atCreation: true,
  desired: () => value('BucketOwnerEnforced'),
  read: (api, b) =>
    observing(async () => {
      const { OwnershipControls } = await api.call('s3:GetBucketOwnershipControls', ofBucket(b));
      const rules = OwnershipControls?.Rules ?? [];
      const [only] = rules;
      return rules.length === 1 && only?.ObjectOwnership !== undefined ? set(only.ObjectOwnership) : unset;
    }),
  write: async (api, b) => {
    const OwnershipControls = { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' as const }] };
    await api.call('s3:PutBucketOwnershipControls', { ...ofBucket(b), OwnershipControls });
  },
};

const BLOCKED = {
  BlockPublicAcls: true,
  IgnorePublicAcls: true,
  BlockPublicPolicy: true,
  RestrictPublicBuckets: true,
};

const publicAccess: AwsControl = {
  id: 'state-bucket.public-access-block',
  title: 'public access blocked, 4 of 4',
  why: 'State holds secrets; one wrong policy or ACL must not be able to publish it.',
  needs: ['public-access-block'],
  satisfies: clauses(
    ['FSBP', 'S3.2', 'S3.3', 'S3.8'],
    ['CIS AWS 5.0', '2.1.4'],
    ['ISO/IEC 27001:2022', 'A.8.3'],
    ['SOC 2', 'CC6.1'],
  ),
  desired: () => value(BLOCKED),
  read: (api, b) =>
    observing(async () => {
      const block = (await api.call('s3:GetPublicAccessBlock', ofBucket(b))).PublicAccessBlockConfiguration;
      if (block === undefined) return unset;
      return set({
        BlockPublicAcls: block.BlockPublicAcls ?? false,
        IgnorePublicAcls: block.IgnorePublicAcls ?? false,
        BlockPublicPolicy: block.BlockPublicPolicy ?? false,
        RestrictPublicBuckets: block.RestrictPublicBuckets ?? false,
      });
    }),
  write: async (api, b) => {
    await api.call('s3:PutPublicAccessBlock', { ...ofBucket(b), PublicAccessBlockConfiguration: BLOCKED });
  },
};

const versioning: AwsControl = {
  id: 'state-bucket.versioning',
  title: 'versioning',
  why: 'A state that was overwritten or truncated can only be brought back from an older version.',
  needs: ['versioning'],
  satisfies: clauses(['FSBP', 'S3.14'], ['ISO/IEC 27001:2022', 'A.8.13']),
  desired: () => value('Enabled'),
  read: (api, b) =>
    observing(async () => {
      const { Status } = await api.call('s3:GetBucketVersioning', ofBucket(b));
      return Status === undefined ? unset : set(Status); // never enabled: an empty 200
    }),
  write: async (api, b) => {
    const VersioningConfiguration = { Status: 'Enabled' as const };
    await api.call('s3:PutBucketVersioning', { ...ofBucket(b), VersioningConfiguration });
  },
};

/** SSE-C is blocked too: an object under a caller's own key could be read by nobody else. */
function encryptionOf(keyArn: string) {
  return { algorithm: 'aws:kms' as const, key: keyArn, bucketKey: true, blocked: ['SSE-C' as const] };
}

const encryption: AwsControl = {
  id: 'state-bucket.encryption',
  title: "encrypted with the environment's own key, with a bucket key",
  why: 'Whoever may use the key is decided apart from who may read the bucket; one without the other is worth nothing.',
  needs: ['sse-kms', 'bucket-key'],
  satisfies: clauses(['FSBP', 'S3.17'], ['ISO/IEC 27001:2022', 'A.8.24'], ['SOC 2', 'CC6.1']),
  after: ['state-key'],
  desired: (_b, known) => once('state-key', known['state-key.arn'], encryptionOf),
  read: (api, b) =>
    observing(async () => {
      const answer = await api.call('s3:GetBucketEncryption', ofBucket(b));
      const rules = answer.ServerSideEncryptionConfiguration?.Rules ?? [];
      const [rule] = rules;
      if (rule === undefined) return unset;
      if (rules.length > 1) return notUnderstood(`s3:GetBucketEncryption: ${String(rules.length)} rules`);
      return set({
        algorithm: rule.ApplyServerSideEncryptionByDefault?.SSEAlgorithm ?? null,
        key: rule.ApplyServerSideEncryptionByDefault?.KMSMasterKeyID ?? null,
        bucketKey: rule.BucketKeyEnabled ?? false,
        blocked: [...(rule.BlockedEncryptionTypes?.EncryptionType ?? [])].sort(),
      });
    }),
  async write(api, b, _known, desired) {
    const wanted = desired as ReturnType<typeof encryptionOf>;
    await api.call('s3:PutBucketEncryption', {
      ...ofBucket(b),
      ServerSideEncryptionConfiguration: {
        Rules: [
          {
            ApplyServerSideEncryptionByDefault: {
              SSEAlgorithm: wanted.algorithm,
              KMSMasterKeyID: wanted.key,
            },
            BucketKeyEnabled: wanted.bucketKey,
            BlockedEncryptionTypes: { EncryptionType: wanted.blocked },
          },
        ],
      },
    });
  },
};

const policy: AwsControl = {
  id: 'state-bucket.policy',
  title: 'bucket policy: TLS, this account, this key, no lost versions',
  why: 'Nobody outside of the account, no plain HTTP and no other key gets at the state, and permissions elsewhere in the account are not enough to delete its versions.',
  needs: ['bucket-policy'],
  satisfies: clauses(
    ['FSBP', 'S3.5', 'S3.6'],
    ['CIS AWS 5.0', '2.1.1'],
    ['ISO/IEC 27001:2022', 'A.8.3', 'A.8.24', 'A.5.33'],
    ['SOC 2', 'CC6.1'],
  ),
  after: ['state-key'],
  desired: (b, known) => once('state-key', known['state-key.arn'], (key) => asJson(bucketPolicy(b, key))),
  compare: comparePolicies,
  read: (api, b) =>
    observing(async () => {
      const { Policy } = await api.call('s3:GetBucketPolicy', ofBucket(b));
      return Policy === undefined ? unset : parsed(Policy, 's3:GetBucketPolicy');
    }),
  async write(api, b, _known, wanted) {
    await api.call('s3:PutBucketPolicy', { ...ofBucket(b), Policy: policyText(wanted) });
  },
};

/** HeadBucket first: CreateBucket is no probe (in us-east-1 it answers 200 on a bucket of ours and resets its ACL). */
async function locate(api: AwsApi, b: Blueprint): Promise<Presence> {
  const name = `bucket ${b.names.bucket}`;
  try {
    await api.call('s3:HeadBucket', ofBucket(b));
  } catch (error) {
    if (!isFault(error)) throw error;
    // HEAD has no body: the status is all there is.
    const { status } = error;
    if (status === 403) {
      const why = `${name} exists and belongs to another account, or its owner denies us even to ask`;
      return { is: 'foreign', found: { status }, why };
    }
    if (status === 301) return { is: 'foreign', found: { status }, why: `${name} exists in another region` };
    throw error;
  }
  return presenceByTags(b, await readTags(api, b), { 'state-bucket.arn': bucketArn(b) }, name);
}

export const stateBucket: AwsResource = {
  id: 'state-bucket',
  kind: 'state-bucket',
  title: 'state bucket',
  after: ['state-key'],
  wanted: () => true,
  nameOf: (b) => b.names.bucket,
  controls: [
    location,
    tags,
    ownership,
    publicAccess,
    versioning,
    encryption,
    policy,
    lifecycle,
    noReplication,
  ],
  locate: (api, b) => locating(() => locate(api, b)),
  async exists(api, b) {
    await api.call('s3:HeadBucket', ofBucket(b));
    return { 'state-bucket.arn': bucketArn(b) };
  },
  async create(api, b, _known, run) {
    await api.call('s3:CreateBucket', {
      Bucket: b.names.bucket,
      ObjectOwnership: 'BucketOwnerEnforced',
      // A name in the account's own namespace can be taken by nobody else.
      ...(b.names.bucketNamespace === 'account-regional'
        ? { BucketNamespace: 'account-regional' as const }
        : {}),
      CreateBucketConfiguration: {
        // us-east-1 has no constraint and refuses one (S3 CreateBucket LocationConstraint).
        ...(b.region === 'us-east-1' ? {} : { LocationConstraint: b.region as BucketLocationConstraint }),
        Tags: tagList(birthTags(b, run)),
      },
    });
    return { 'state-bucket.arn': bucketArn(b) };
  },
};
