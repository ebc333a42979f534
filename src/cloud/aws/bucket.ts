/** What the buckets of a backend have in common. Settings are written one after another: S3 answers 409 OperationAborted otherwise. */
import type { BucketLocationConstraint, Tag as S3Tag } from '@aws-sdk/client-s3';
import type { Blueprint } from '../../plan/blueprint.ts';
import type { ControlSpec, Known, Presence, ResourceId } from '../../plan/control.ts';
import { isFault, type AwsApi } from './api.ts';
import { bucketArn } from './arn.ts';
import { asJson, comparePolicies, policyText, type PolicyDocument } from './policies/document.ts';
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

/** What tells one bucket of a backend from another. */
export interface BucketPart {
  readonly id: ResourceId;
  readonly nameOf: (b: Blueprint) => string;
  /** Whose key encrypts it. */
  readonly key: ResourceId;
  /** Why what lies in it needs each setting; the other settings need no reason of their own. */
  readonly why: Readonly<Record<'location' | 'public' | 'versioning', string>>;
  readonly encryption: string;
  readonly policy: Pick<ControlSpec, 'title' | 'why' | 'satisfies'> & {
    of(b: Blueprint, keyArn: string): PolicyDocument;
  };
  /** Born versioned, and able to keep its versions from everybody (S3 CreateBucket ObjectLockEnabledForBucket). */
  readonly objectLock?: true;
}

/** Every call names the owner: a bucket of that name in another account answers 403 (x-amz-expected-bucket-owner). */
export function ofBucket(b: Blueprint, bucket: string = b.names.bucket) {
  return { Bucket: bucket, ExpectedBucketOwner: b.account };
}

const of = ({ nameOf }: BucketPart, b: Blueprint) => ofBucket(b, nameOf(b));

async function readTags(api: AwsApi, b: Blueprint, part: BucketPart): Promise<Tags> {
  try {
    return tagsOf((await api.call('s3:GetBucketTagging', of(part, b))).TagSet);
  } catch (error) {
    if (isFault(error, 'absent') && error.fault === 'NoSuchTagSet') return {};
    throw error;
  }
}

export const tagsControl = (part: BucketPart): AwsControl => ({
  ...tagSpec(part.id),
  read: (api, b) => observing(async () => set(shownTags(await readTags(api, b, part)))),
  // PutBucketTagging replaces the whole set: what is there stays. AWS keeps its own `aws:` tags itself.
  async write(api, b, _known, wanted) {
    const there = Object.entries(await readTags(api, b, part)).filter(([key]) => !key.startsWith('aws:'));
    const TagSet: S3Tag[] = tagList({ ...Object.fromEntries(there), ...asTags(wanted) });
    await api.call('s3:PutBucketTagging', { ...of(part, b), Tagging: { TagSet } });
  },
});

export const locationOf = (part: BucketPart): AwsControl => ({
  id: `${part.id}.location`,
  title: 'region of the environment',
  why: part.why.location,
  needs: ['expected-owner'],
  satisfies: clauses(['ISO/IEC 27001:2022', 'A.5.23']),
  atCreation: true,
  creationOnly: true,
  desired: (b) => value(b.region),
  read: (api, b) =>
    observing(async () => {
      const { BucketRegion } = await api.call('s3:HeadBucket', of(part, b));
      return BucketRegion === undefined ? notUnderstood('s3:HeadBucket names no region') : set(BucketRegion);
    }),
  write: async () => Promise.reject(new TypeError('a bucket cannot be moved')),
});

export const ownershipOf = (part: BucketPart): AwsControl => ({
  id: `${part.id}.ownership`,
  title: 'access control lists off (BucketOwnerEnforced)',
  why: 'With ACLs an uploader could keep an object from the account, or share one; policies alone decide here.',
  needs: ['ownership-controls'],
  satisfies: clauses(['FSBP', 'S3.12'], ['ISO/IEC 27001:2022', 'A.8.3'], ['SOC 2', 'CC6.1']),
  atCreation: true,
  desired: () => value('BucketOwnerEnforced'),
  read: (api, b) =>
    observing(async () => {
      const { OwnershipControls } = await api.call('s3:GetBucketOwnershipControls', of(part, b));
      const rules = OwnershipControls?.Rules ?? [];
      const [only] = rules;
      return rules.length === 1 && only?.ObjectOwnership !== undefined ? set(only.ObjectOwnership) : unset;
    }),
  write: async (api, b) => {
    const OwnershipControls = { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' as const }] };
    await api.call('s3:PutBucketOwnershipControls', { ...of(part, b), OwnershipControls });
  },
});

const BLOCKED = {
  BlockPublicAcls: true,
  IgnorePublicAcls: true,
  BlockPublicPolicy: true,
  RestrictPublicBuckets: true,
};

export const publicAccessOf = (part: BucketPart): AwsControl => ({
  id: `${part.id}.public-access-block`,
  title: 'public access blocked, 4 of 4',
  why: part.why.public,
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
      const block = (await api.call('s3:GetPublicAccessBlock', of(part, b))).PublicAccessBlockConfiguration;
      if (block === undefined) return unset;
      return set({
        BlockPublicAcls: block.BlockPublicAcls ?? false,
        IgnorePublicAcls: block.IgnorePublicAcls ?? false,
        BlockPublicPolicy: block.BlockPublicPolicy ?? false,
        RestrictPublicBuckets: block.RestrictPublicBuckets ?? false,
      });
    }),
  write: async (api, b) => {
    await api.call('s3:PutPublicAccessBlock', { ...of(part, b), PublicAccessBlockConfiguration: BLOCKED });
  },
});

export const versioningOf = (part: BucketPart): AwsControl => ({
  id: `${part.id}.versioning`,
  title: 'versioning',
  why: part.why.versioning,
  needs: ['versioning'],
  satisfies: clauses(['FSBP', 'S3.14'], ['ISO/IEC 27001:2022', 'A.8.13']),
  ...(part.objectLock === true ? { atCreation: true } : {}),
  desired: () => value('Enabled'),
  read: (api, b) =>
    observing(async () => {
      const { Status } = await api.call('s3:GetBucketVersioning', of(part, b));
      return Status === undefined ? unset : set(Status); // never enabled: an empty 200
    }),
  write: async (api, b) => {
    const VersioningConfiguration = { Status: 'Enabled' as const };
    await api.call('s3:PutBucketVersioning', { ...of(part, b), VersioningConfiguration });
  },
});

/** SSE-C is blocked too: an object under a caller's own key could be read by nobody else. */
function keyed(keyArn: string) {
  return { algorithm: 'aws:kms' as const, key: keyArn, bucketKey: true, blocked: ['SSE-C' as const] };
}

export const encryptionOf = (part: BucketPart): AwsControl => ({
  id: `${part.id}.encryption`,
  title: part.encryption,
  why: 'Whoever may use the key is decided apart from who may read the bucket; one without the other is worth nothing.',
  needs: ['sse-kms', 'bucket-key'],
  satisfies: clauses(['FSBP', 'S3.17'], ['ISO/IEC 27001:2022', 'A.8.24'], ['SOC 2', 'CC6.1']),
  after: [part.key],
  desired: (_b, known) => once(part.key, known[`${part.key}.arn`], keyed),
  read: (api, b) =>
    observing(async () => {
      const answer = await api.call('s3:GetBucketEncryption', of(part, b));
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
    const wanted = desired as ReturnType<typeof keyed>;
    await api.call('s3:PutBucketEncryption', {
      ...of(part, b),
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
});

export const policyOf = (part: BucketPart): AwsControl => ({
  id: `${part.id}.policy`,
  title: part.policy.title,
  why: part.policy.why,
  needs: ['bucket-policy'],
  satisfies: part.policy.satisfies,
  after: [part.key],
  desired: (b, known) => once(part.key, known[`${part.key}.arn`], (key) => asJson(part.policy.of(b, key))),
  compare: comparePolicies,
  read: (api, b) =>
    observing(async () => {
      const { Policy } = await api.call('s3:GetBucketPolicy', of(part, b));
      return Policy === undefined ? unset : parsed(Policy, 's3:GetBucketPolicy');
    }),
  async write(api, b, _known, wanted) {
    await api.call('s3:PutBucketPolicy', { ...of(part, b), Policy: policyText(wanted) });
  },
});

/** HeadBucket first: CreateBucket is no probe (in us-east-1 it answers 200 on a bucket of ours and resets its ACL). */
async function locate(api: AwsApi, b: Blueprint, part: BucketPart): Promise<Presence> {
  const name = `bucket ${part.nameOf(b)}`;
  try {
    await api.call('s3:HeadBucket', of(part, b));
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
  return presenceByTags(b, await readTags(api, b, part), knownOf(b, part), name);
}

function knownOf(b: Blueprint, { id, nameOf }: BucketPart): Known {
  return { [`${id}.arn`]: bucketArn(b, nameOf(b)) };
}

/** How a bucket is found and made; a resource adds its titles and its controls. */
export function bucketCalls(
  part: BucketPart,
): Pick<AwsResource, 'id' | 'nameOf' | 'locate' | 'exists' | 'create'> {
  return {
    id: part.id,
    nameOf: (b) => part.nameOf(b),
    locate: (api, b) => locating(() => locate(api, b, part)),
    async exists(api, b) {
      await api.call('s3:HeadBucket', of(part, b));
      return knownOf(b, part);
    },
    async create(api, b, _known, run) {
      await api.call('s3:CreateBucket', {
        Bucket: part.nameOf(b),
        ObjectOwnership: 'BucketOwnerEnforced',
        // A name in the account's own namespace can be taken by nobody else.
        ...(b.names.bucketNamespace === 'account-regional'
          ? { BucketNamespace: 'account-regional' as const }
          : {}),
        ...(part.objectLock === true ? { ObjectLockEnabledForBucket: true } : {}),
        CreateBucketConfiguration: {
          // us-east-1 has no constraint and refuses one (S3 CreateBucket LocationConstraint).
          ...(b.region === 'us-east-1' ? {} : { LocationConstraint: b.region as BucketLocationConstraint }),
          Tags: tagList(birthTags(b, run)),
        },
      });
      return knownOf(b, part);
    },
  };
}
