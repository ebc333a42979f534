/** The S3 of the rehearsal cloud: buckets and their settings. docs/rehearsal-cloud.md, clauses S3.n. */
import type * as S3 from '@aws-sdk/client-s3';
import { current, plain, save, given, type Call, type Done, type Handlers } from './context.ts';
import { absent, conflict, denied, invalid, Refusal } from './faults.ts';
import { s3Objects } from './s3-objects.ts';
import { asStored, checkBucketPolicy } from './s3-policy.ts';
import {
  bucketTags,
  checkAccessBlock,
  checkEncryption,
  checkLifecycle,
  checkLocation,
  checkName,
  checkOwnership,
  DEFAULT_ACCESS_BLOCK,
  DEFAULT_ENCRYPTION,
  malformedXml,
  taken,
} from './s3-rules.ts';
import { change, nameOf, toRead } from './s3-target.ts';
import type { Bucket } from './state.ts';
import { tagPairs } from './tags.ts';

function createBucket(
  input: S3.CreateBucketCommandInput,
  call: Call,
): Omit<S3.CreateBucketCommandOutput, '$metadata'> {
  const name = nameOf(input);
  const namespace = input.BucketNamespace ?? 'global';
  checkName(name, namespace, call);
  const configuration = input.CreateBucketConfiguration;
  checkLocation(configuration?.LocationConstraint, call.region);
  const ownership = checkOwnership(input.ObjectOwnership ?? 'BucketOwnerEnforced');
  if (input.ACL !== undefined && ownership === 'BucketOwnerEnforced') {
    throw invalid(
      'InvalidBucketAclWithObjectOwnership',
      "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting",
    );
  }
  const tags = bucketTags(configuration?.Tags ?? []);
  const location = {
    Location: call.region === 'us-east-1' ? `/${name}` : `http://${name}.s3.amazonaws.com/`,
  };
  const there = current(call.state.buckets, name);
  if (there !== undefined) {
    // us-east-1 says yes to its owner, for the sake of old programs, and changes nothing that govboot sets.
    if (there.owner === call.account && there.region === call.region && call.region === 'us-east-1')
      return location;
    throw taken(there.owner, call);
  }
  const bucket: Bucket = {
    owner: call.account,
    region: call.region,
    namespace,
    createdAt: call.sight.now,
    tags: Object.keys(tags).length > 0 ? tags : null,
    versioning: input.ObjectLockEnabledForBucket === true ? 'Enabled' : null,
    encryption: DEFAULT_ENCRYPTION,
    publicAccessBlock: DEFAULT_ACCESS_BLOCK,
    ownership,
    policy: null,
    lifecycle: null,
    objectLock: input.ObjectLockEnabledForBucket === true,
    defaultRetention: null,
  };
  save(call.state.buckets, name, bucket, call);
  return location;
}

function putVersioning(input: S3.PutBucketVersioningCommandInput, call: Call): Done {
  return change(input, 's3:PutBucketVersioning', call, (bucket) => {
    const { Status: status, MFADelete: mfa } = input.VersioningConfiguration ?? {};
    if (status !== 'Enabled' && status !== 'Suspended') throw malformedXml();
    if (mfa === 'Enabled')
      throw denied(
        'AccessDenied',
        'This request requires the root user and a multi-factor authentication device.',
      );
    if (status === 'Suspended' && bucket.objectLock) {
      throw conflict(
        'InvalidBucketState',
        'An Object Lock configuration is present on this bucket, so the versioning state cannot be changed.',
      );
    }
    return { versioning: status };
  });
}

function putOwnership(input: S3.PutBucketOwnershipControlsCommandInput, call: Call): Done {
  return change(input, 's3:PutBucketOwnershipControls', call, () => {
    const rules = input.OwnershipControls?.Rules ?? [];
    if (rules.length !== 1) throw malformedXml();
    return { ownership: checkOwnership(rules[0]?.ObjectOwnership) };
  });
}

function headBucket(
  input: S3.HeadBucketCommandInput,
  call: Call,
): Omit<S3.HeadBucketCommandOutput, '$metadata'> {
  try {
    const bucket = toRead(input, 's3:ListBucket', call);
    return {
      BucketArn: `arn:${call.partition}:s3:::${nameOf(input)}`,
      BucketRegion: bucket.region,
      AccessPointAlias: false,
    };
  } catch (refusal) {
    // An answer to HEAD has no body, so the client learns the status and nothing more.
    if (!(refusal instanceof Refusal)) throw refusal;
    throw new Refusal(refusal.status === 404 ? 'NotFound' : 'Unknown', refusal.status, 'UnknownError');
  }
}

type Rule = NonNullable<S3.ServerSideEncryptionConfiguration['Rules']>[number];

function required<T>(value: T | null, fault: string, message: string): T {
  if (value === null) throw absent(fault, message);
  return value;
}

export const s3: Handlers<'s3'> = {
  ...s3Objects,
  's3:HeadBucket': headBucket,
  's3:CreateBucket': createBucket,
  's3:GetBucketTagging': (input, call) => {
    const tags = required(
      toRead(input, 's3:GetBucketTagging', call).tags,
      'NoSuchTagSet',
      'The TagSet does not exist',
    );
    return { TagSet: tagPairs(tags).map(([Key, Value]) => ({ Key, Value })) };
  },
  's3:PutBucketTagging': (input, call) =>
    change(input, 's3:PutBucketTagging', call, () => {
      if (input.Tagging?.TagSet === undefined) throw malformedXml();
      const tags = bucketTags(input.Tagging.TagSet);
      return { tags: Object.keys(tags).length > 0 ? tags : null };
    }),
  's3:GetBucketVersioning': (input, call) =>
    given('Status', toRead(input, 's3:GetBucketVersioning', call).versioning),
  's3:PutBucketVersioning': putVersioning,
  's3:GetBucketEncryption': (input, call) => {
    const encryption = toRead(input, 's3:GetEncryptionConfiguration', call).encryption as unknown as {
      readonly Rules: Rule[];
    };
    return { ServerSideEncryptionConfiguration: plain(encryption) };
  },
  's3:PutBucketEncryption': (input, call) =>
    change(input, 's3:PutEncryptionConfiguration', call, () => ({
      encryption: checkEncryption(input.ServerSideEncryptionConfiguration, call),
    })),
  's3:GetPublicAccessBlock': (input, call) => {
    const block = toRead(input, 's3:GetBucketPublicAccessBlock', call).publicAccessBlock;
    const found = required(
      block,
      'NoSuchPublicAccessBlockConfiguration',
      'The public access block configuration was not found',
    );
    return { PublicAccessBlockConfiguration: plain(found) as S3.PublicAccessBlockConfiguration };
  },
  's3:PutPublicAccessBlock': (input, call) =>
    change(input, 's3:PutBucketPublicAccessBlock', call, () => ({
      publicAccessBlock: checkAccessBlock(input.PublicAccessBlockConfiguration),
    })),
  's3:GetBucketOwnershipControls': (input, call) => {
    const { ownership } = toRead(input, 's3:GetBucketOwnershipControls', call);
    const found = required(
      ownership,
      'OwnershipControlsNotFoundError',
      'The bucket ownership controls were not found',
    );
    return { OwnershipControls: { Rules: [{ ObjectOwnership: found as S3.ObjectOwnership }] } };
  },
  's3:PutBucketOwnershipControls': putOwnership,
  's3:GetBucketPolicy': (input, call) => {
    const { policy } = toRead(input, 's3:GetBucketPolicy', call);
    return { Policy: required(policy, 'NoSuchBucketPolicy', 'The bucket policy does not exist') };
  },
  's3:PutBucketPolicy': (input, call) =>
    change(input, 's3:PutBucketPolicy', call, (bucket) => {
      const text = input.Policy ?? '';
      checkBucketPolicy(text, nameOf(input), bucket, call);
      return { policy: asStored(text) };
    }),
  's3:GetBucketLifecycleConfiguration': (input, call) => {
    const { lifecycle } = toRead(input, 's3:GetLifecycleConfiguration', call);
    const rules = required(
      lifecycle,
      'NoSuchLifecycleConfiguration',
      'The lifecycle configuration does not exist',
    );
    return {
      Rules: plain(rules) as unknown as S3.LifecycleRule[],
      TransitionDefaultMinimumObjectSize: 'all_storage_classes_128K',
    };
  },
  's3:PutBucketLifecycleConfiguration': (input, call) =>
    change(input, 's3:PutLifecycleConfiguration', call, () => ({
      lifecycle: checkLifecycle(input.LifecycleConfiguration, call),
    })),
};
