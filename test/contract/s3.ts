/** The contract's S3. */
import { expect } from 'vitest';
import {
  BUCKET,
  madeBucket,
  madeRole,
  refused,
  rootOf,
  ROLE,
  type Behaviour,
  type ContractWorld,
} from './world.ts';

const ONE_ACCOUNT = 'plays one account and one region only';
const REGION = (world: ContractWorld) => ({ LocationConstraint: world.region as 'eu-central-1' });

function policy(world: ContractWorld, more: object = {}): string {
  const Resource = [`arn:${world.partition}:s3:::${BUCKET}`, `arn:${world.partition}:s3:::${BUCKET}/*`];
  const statement = {
    Sid: 'Tls',
    Effect: 'Deny',
    Principal: '*',
    Action: 's3:*',
    Resource,
    Condition: { Bool: { 'aws:SecureTransport': 'false' } },
    ...more,
  };
  return JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
}

function putPolicy(world: ContractWorld, more: object): Promise<unknown> {
  return world.api.call('s3:PutBucketPolicy', { Bucket: BUCKET, Policy: policy(world, more) });
}

const naming: readonly Behaviour[] = [
  {
    clause: 'S3.1',
    says: 'HeadBucket of a name that nobody has is absent, by its status alone',
    async run({ api }) {
      const fault = await refused(api.call('s3:HeadBucket', { Bucket: BUCKET }), 'absent', 'NotFound');
      expect(fault.status).toBe(404);
    },
  },
  {
    clause: 'S3.2',
    says: 'a bucket that was made is there, in its region',
    async run(world) {
      const bucket = await madeBucket(world);
      expect((await world.api.call('s3:HeadBucket', bucket)).BucketRegion).toBe(world.region);
    },
  },
  {
    clause: 'S3.3',
    says: 'a name in use by ourselves is refused as already ours',
    async run(world) {
      await madeBucket(world);
      await refused(madeBucket(world), 'exists', 'BucketAlreadyOwnedByYou');
    },
  },
  {
    clause: 'S3.4',
    says: 'a name in use by another account is refused, and asking about it is denied',
    exceptOn: { moto: ONE_ACCOUNT },
    async run(world) {
      await madeBucket({ ...world, api: world.elsewhere!({ account: '999999999999' }) });
      await refused(madeBucket(world), 'exists', 'BucketAlreadyExists');
      const fault = await refused(world.api.call('s3:HeadBucket', { Bucket: BUCKET }), 'denied');
      expect(fault.status).toBe(403);
      await refused(world.api.call('s3:GetBucketTagging', { Bucket: BUCKET }), 'denied', 'AccessDenied');
    },
  },
  {
    clause: 'S3.5',
    says: 'another expected owner is denied, in reads and in writes',
    async run(world) {
      await madeBucket(world);
      const wrong = { Bucket: BUCKET, ExpectedBucketOwner: '999999999999' };
      expect((await refused(world.api.call('s3:HeadBucket', wrong), 'denied')).status).toBe(403);
      await refused(world.api.call('s3:GetBucketVersioning', wrong), 'denied');
      await refused(
        world.api.call('s3:PutBucketVersioning', {
          ...wrong,
          VersioningConfiguration: { Status: 'Enabled' },
        }),
        'denied',
      );
      expect((await world.api.call('s3:GetBucketVersioning', { Bucket: BUCKET })).Status).toBeUndefined();
    },
  },
  {
    clause: 'S3.6',
    says: 'outside us-east-1 the region must be named, and be the one that was called',
    exceptOn: { moto: 'makes the bucket when no region is named' },
    async run(world) {
      await refused(
        world.api.call('s3:CreateBucket', { Bucket: BUCKET }),
        'invalid',
        'IllegalLocationConstraintException',
      );
      const other = { LocationConstraint: 'eu-west-1' as const };
      await refused(
        world.api.call('s3:CreateBucket', { Bucket: BUCKET, CreateBucketConfiguration: other }),
        'invalid',
        'IllegalLocationConstraintException',
      );
    },
  },
  {
    clause: 'S3.7',
    says: 'in us-east-1 no region may be named, and making it again is answered with yes',
    exceptOn: { moto: ONE_ACCOUNT },
    async run(world) {
      const east = world.elsewhere!({ region: 'us-east-1' });
      const named = { LocationConstraint: 'us-east-1' as 'eu-west-1' };
      await refused(
        east.call('s3:CreateBucket', { Bucket: BUCKET, CreateBucketConfiguration: named }),
        'invalid',
        'InvalidLocationConstraint',
      );
      await east.call('s3:CreateBucket', {
        Bucket: BUCKET,
        CreateBucketConfiguration: { Tags: [{ Key: 'a', Value: 'first' }] },
      });
      await east.call('s3:CreateBucket', {
        Bucket: BUCKET,
        CreateBucketConfiguration: { Tags: [{ Key: 'a', Value: 'second' }] },
      });
      expect((await east.call('s3:GetBucketTagging', { Bucket: BUCKET })).TagSet).toEqual([
        { Key: 'a', Value: 'first' },
      ]);
    },
  },
  {
    clause: 'S3.8',
    says: 'a bucket of another region is pointed out, not found absent',
    exceptOn: { moto: ONE_ACCOUNT },
    async run(world) {
      await madeBucket({ ...world, api: world.elsewhere!({ region: 'eu-west-1' }), region: 'eu-west-1' });
      expect((await refused(world.api.call('s3:HeadBucket', { Bucket: BUCKET }), 'invalid')).status).toBe(
        301,
      );
      expect(
        (
          await refused(
            world.api.call('s3:GetBucketPolicy', { Bucket: BUCKET }),
            'invalid',
            'PermanentRedirect',
          )
        ).status,
      ).toBe(301);
    },
  },
  {
    clause: 'S3.9',
    says: 'names that break the naming rules are refused',
    exceptOn: { moto: 'takes Bad_Name and others' },
    async run(world) {
      for (const Bucket of [
        'Bad-Name',
        'bad_name',
        '-bad',
        'bad-',
        'a..b',
        '192.168.1.1',
        'xn--bad',
        'bad-s3alias',
        'x'.repeat(64),
      ]) {
        await refused(
          world.api.call('s3:CreateBucket', { Bucket, CreateBucketConfiguration: REGION(world) }),
          'invalid',
          'InvalidBucketName',
        );
      }
    },
  },
  {
    clause: 'S3.10',
    says: "the account's own namespace takes names with the account's suffix only, and nothing else does",
    exceptOn: { moto: 'does not know namespaces' },
    async run(world) {
      const { api, account, region } = world;
      const own = `acme-${account}-${region}-an`;
      const make = (Bucket: string, BucketNamespace: 'account-regional' | 'global') =>
        api.call('s3:CreateBucket', { Bucket, BucketNamespace, CreateBucketConfiguration: REGION(world) });
      await refused(make('acme-state', 'account-regional'), 'invalid', 'InvalidBucketName');
      await refused(
        make(`acme-999999999999-${region}-an`, 'account-regional'),
        'invalid',
        'InvalidBucketName',
      );
      await refused(make(own, 'global'), 'invalid', 'InvalidBucketName');
      await make(own, 'account-regional');
      await api.call('s3:HeadBucket', { Bucket: own, ExpectedBucketOwner: account });
    },
  },
  {
    clause: 'S3.11',
    says: 'every setting of a bucket that is not there is absent by the name NoSuchBucket',
    async run({ api }) {
      const bucket = { Bucket: BUCKET };
      const calls = [
        api.call('s3:GetBucketTagging', bucket),
        api.call('s3:GetBucketVersioning', bucket),
        api.call('s3:GetBucketEncryption', bucket),
        api.call('s3:GetPublicAccessBlock', bucket),
        api.call('s3:GetBucketOwnershipControls', bucket),
        api.call('s3:GetBucketPolicy', bucket),
        api.call('s3:GetBucketLifecycleConfiguration', bucket),
        api.call('s3:PutBucketVersioning', { ...bucket, VersioningConfiguration: { Status: 'Enabled' } }),
      ];
      for (const call of await Promise.allSettled(calls)) {
        expect(call.status).toBe('rejected');
        if (call.status === 'rejected') await refused(Promise.reject(call.reason), 'absent', 'NoSuchBucket');
      }
    },
  },
];

const settings: readonly Behaviour[] = [
  {
    clause: 'S3.20',
    says: 'tags given at birth are there, and a bucket without any says NoSuchTagSet',
    async run(world) {
      await madeBucket(world, { 'govboot:environment': 'dev', owner: 'us' });
      const { TagSet } = await world.api.call('s3:GetBucketTagging', { Bucket: BUCKET });
      expect(Object.fromEntries((TagSet ?? []).map(({ Key, Value }) => [Key, Value]))).toEqual({
        'govboot:environment': 'dev',
        owner: 'us',
      });
    },
  },
  {
    clause: 'S3.21',
    says: 'a bucket without tags says NoSuchTagSet',
    async run(world) {
      const bucket = await madeBucket(world);
      await refused(world.api.call('s3:GetBucketTagging', bucket), 'absent', 'NoSuchTagSet');
    },
  },
  {
    clause: 'S3.22',
    says: 'PutBucketTagging replaces the whole set',
    async run(world) {
      const bucket = await madeBucket(world, { old: 'one' });
      await world.api.call('s3:PutBucketTagging', {
        ...bucket,
        Tagging: { TagSet: [{ Key: 'new', Value: 'two' }] },
      });
      expect((await world.api.call('s3:GetBucketTagging', bucket)).TagSet).toEqual([
        { Key: 'new', Value: 'two' },
      ]);
    },
  },
  {
    clause: 'S3.23',
    says: 'tags of the system, twice the same key, and wrong characters are refused',
    exceptOn: { moto: 'takes wrong characters' },
    async run(world) {
      const bucket = await madeBucket(world);
      const put = (...TagSet: { Key: string; Value: string }[]) =>
        world.api.call('s3:PutBucketTagging', { ...bucket, Tagging: { TagSet } });
      await refused(put({ Key: 'aws:x', Value: 'y' }), 'invalid', 'InvalidTag');
      await refused(put({ Key: 'a', Value: '1' }, { Key: 'a', Value: '2' }), 'invalid', 'InvalidTag');
      await refused(put({ Key: 'a', Value: 'semi;colon' }), 'invalid', 'InvalidTag');
      await refused(put({ Key: 'k'.repeat(129), Value: 'v' }), 'invalid', 'InvalidTag');
    },
  },
  {
    clause: 'S3.24',
    says: 'versioning is unset until it is enabled',
    async run(world) {
      const bucket = await madeBucket(world);
      expect((await world.api.call('s3:GetBucketVersioning', bucket)).Status).toBeUndefined();
      await world.api.call('s3:PutBucketVersioning', {
        ...bucket,
        VersioningConfiguration: { Status: 'Enabled' },
      });
      await world.api.call('s3:PutBucketVersioning', {
        ...bucket,
        VersioningConfiguration: { Status: 'Enabled' },
      });
      expect((await world.api.call('s3:GetBucketVersioning', bucket)).Status).toBe('Enabled');
    },
  },
  {
    clause: 'S3.25',
    says: 'a new bucket is encrypted by S3 itself, without a bucket key',
    exceptOn: { moto: 'says ServerSideEncryptionConfigurationNotFoundError' },
    async run(world) {
      const { ServerSideEncryptionConfiguration: found } = await world.api.call(
        's3:GetBucketEncryption',
        await madeBucket(world),
      );
      expect(found?.Rules?.[0]?.ApplyServerSideEncryptionByDefault).toEqual({ SSEAlgorithm: 'AES256' });
      expect(found?.Rules?.[0]?.BucketKeyEnabled ?? false).toBe(false);
    },
  },
  {
    clause: 'S3.26',
    says: 'encryption with a key of our own is kept whole',
    async run(world) {
      const bucket = await madeBucket(world);
      const arn = `arn:${world.partition}:kms:${world.region}:${world.account}:key/11111111-2222-4333-8444-555555555555`;
      const Rules = [
        {
          ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms' as const, KMSMasterKeyID: arn },
          BucketKeyEnabled: true,
          BlockedEncryptionTypes: { EncryptionType: ['SSE-C' as const] },
        },
      ];
      await world.api.call('s3:PutBucketEncryption', {
        ...bucket,
        ServerSideEncryptionConfiguration: { Rules },
      });
      expect(
        (await world.api.call('s3:GetBucketEncryption', bucket)).ServerSideEncryptionConfiguration?.Rules,
      ).toEqual(Rules);
    },
  },
  {
    clause: 'S3.27',
    says: 'a key for SSE-S3, a key of another region, and an unknown algorithm are refused',
    exceptOn: { moto: 'takes a key of another region' },
    async run(world) {
      const bucket = await madeBucket(world);
      const put = (byDefault: object) =>
        world.api.call('s3:PutBucketEncryption', {
          ...bucket,
          ServerSideEncryptionConfiguration: {
            Rules: [{ ApplyServerSideEncryptionByDefault: byDefault as { SSEAlgorithm: 'AES256' } }],
          },
        });
      await refused(put({ SSEAlgorithm: 'AES256', KMSMasterKeyID: 'alias/x' }), 'invalid', 'InvalidArgument');
      await refused(put({ SSEAlgorithm: 'rot13' }), 'invalid', 'MalformedXML');
      const far = `arn:${world.partition}:kms:ap-south-1:${world.account}:key/11111111-2222-4333-8444-555555555555`;
      await refused(put({ SSEAlgorithm: 'aws:kms', KMSMasterKeyID: far }), 'invalid', 'InvalidArgument');
    },
  },
  {
    clause: 'S3.28',
    says: 'a new bucket blocks public access, 4 of 4',
    exceptOn: { moto: 'says NoSuchPublicAccessBlockConfiguration' },
    async run(world) {
      const { PublicAccessBlockConfiguration } = await world.api.call(
        's3:GetPublicAccessBlock',
        await madeBucket(world),
      );
      expect(PublicAccessBlockConfiguration).toEqual({
        BlockPublicAcls: true,
        IgnorePublicAcls: true,
        BlockPublicPolicy: true,
        RestrictPublicBuckets: true,
      });
    },
  },
  {
    clause: 'S3.29',
    says: 'the public access block is kept as it was put',
    async run(world) {
      const bucket = await madeBucket(world);
      const PublicAccessBlockConfiguration = {
        BlockPublicAcls: true,
        IgnorePublicAcls: false,
        BlockPublicPolicy: true,
        RestrictPublicBuckets: false,
      };
      await world.api.call('s3:PutPublicAccessBlock', { ...bucket, PublicAccessBlockConfiguration });
      expect(
        (await world.api.call('s3:GetPublicAccessBlock', bucket)).PublicAccessBlockConfiguration,
      ).toEqual(PublicAccessBlockConfiguration);
    },
  },
  {
    clause: 'S3.30',
    says: 'object ownership is as it was made, and can be put',
    async run(world) {
      const bucket = await madeBucket(world);
      const read = async () =>
        (await world.api.call('s3:GetBucketOwnershipControls', bucket)).OwnershipControls?.Rules;
      expect(await read()).toEqual([{ ObjectOwnership: 'BucketOwnerEnforced' }]);
      await world.api.call('s3:PutBucketOwnershipControls', {
        ...bucket,
        OwnershipControls: { Rules: [{ ObjectOwnership: 'ObjectWriter' }] },
      });
      expect(await read()).toEqual([{ ObjectOwnership: 'ObjectWriter' }]);
    },
  },
  {
    clause: 'S3.31',
    says: 'a bucket made without a word on ownership has access control lists off',
    exceptOn: { moto: 'says OwnershipControlsNotFoundError' },
    async run(world) {
      await world.api.call('s3:CreateBucket', { Bucket: BUCKET, CreateBucketConfiguration: REGION(world) });
      expect(
        (await world.api.call('s3:GetBucketOwnershipControls', { Bucket: BUCKET })).OwnershipControls?.Rules,
      ).toEqual([{ ObjectOwnership: 'BucketOwnerEnforced' }]);
    },
  },
  {
    clause: 'S3.32',
    says: 'a lifecycle is absent until it is put, and then kept whole',
    async run(world) {
      const bucket = await madeBucket(world);
      await refused(
        world.api.call('s3:GetBucketLifecycleConfiguration', bucket),
        'absent',
        'NoSuchLifecycleConfiguration',
      );
      const rule = {
        ID: 'versions',
        Status: 'Enabled' as const,
        Filter: { Prefix: '' },
        NoncurrentVersionExpiration: { NoncurrentDays: 90, NewerNoncurrentVersions: 10 },
        AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 },
      };
      await world.api.call('s3:PutBucketLifecycleConfiguration', {
        ...bucket,
        LifecycleConfiguration: { Rules: [rule] },
      });
      expect((await world.api.call('s3:GetBucketLifecycleConfiguration', bucket)).Rules).toEqual([rule]);
    },
  },
  {
    clause: 'S3.33',
    says: 'lifecycle rules without an action, with zero days, too many kept versions, or one id twice are refused',
    exceptOn: { moto: 'checks none of these' },
    async run(world) {
      const bucket = await madeBucket(world);
      const base = { ID: 'a', Status: 'Enabled' as const, Filter: { Prefix: '' } };
      const put = (...Rules: object[]) =>
        world.api.call('s3:PutBucketLifecycleConfiguration', {
          ...bucket,
          LifecycleConfiguration: { Rules: Rules as [] },
        });
      const versions = (NoncurrentDays: number, NewerNoncurrentVersions?: number) => ({
        ...base,
        NoncurrentVersionExpiration: {
          NoncurrentDays,
          ...(NewerNoncurrentVersions === undefined ? {} : { NewerNoncurrentVersions }),
        },
      });
      await refused(put(base), 'invalid', 'InvalidRequest');
      await refused(put(versions(0)), 'invalid', 'InvalidArgument');
      await refused(put(versions(1, 101)), 'invalid', 'InvalidArgument');
      await refused(put(versions(1), versions(2)), 'invalid', 'InvalidArgument');
      await refused(put(), 'invalid', 'MalformedXML');
    },
  },
];

const policies: readonly Behaviour[] = [
  {
    clause: 'S3.40',
    says: 'a policy is absent until it is put, and then means what was put',
    async run(world) {
      const bucket = await madeBucket(world);
      await refused(world.api.call('s3:GetBucketPolicy', bucket), 'absent', 'NoSuchBucketPolicy');
      await world.api.call('s3:PutBucketPolicy', { ...bucket, Policy: policy(world) });
      const { Policy } = await world.api.call('s3:GetBucketPolicy', bucket);
      expect(JSON.parse(Policy ?? '')).toEqual(JSON.parse(policy(world)));
    },
  },
  {
    clause: 'S3.41',
    says: 'text that is no JSON, and statements without an effect, principal, action or resource, are refused',
    exceptOn: { moto: 'stores any text' },
    async run(world) {
      const bucket = await madeBucket(world);
      await refused(
        world.api.call('s3:PutBucketPolicy', { ...bucket, Policy: 'not json' }),
        'invalid',
        'MalformedPolicy',
      );
      for (const field of ['Effect', 'Principal', 'Action', 'Resource']) {
        await refused(putPolicy(world, { [field]: undefined }), 'invalid', 'MalformedPolicy');
      }
      await refused(putPolicy(world, { Surprise: 1 }), 'invalid', 'MalformedPolicy');
      await refused(
        putPolicy(world, { Condition: { Boool: { 'aws:SecureTransport': 'false' } } }),
        'invalid',
        'MalformedPolicy',
      );
    },
  },
  {
    clause: 'S3.42',
    says: 'a resource beyond this bucket is refused',
    exceptOn: { moto: 'stores any text' },
    async run(world) {
      await madeBucket(world);
      for (const Resource of ['arn:aws:s3:::another-bucket', 'arn:aws:s3:::another-bucket/*', 'not-an-arn']) {
        await refused(putPolicy(world, { Resource }), 'invalid', 'MalformedPolicy');
      }
    },
  },
  {
    clause: 'S3.43',
    says: 'an action that S3 does not know, or that has nothing to act on, is refused',
    exceptOn: { moto: 'stores any text' },
    async run(world) {
      await madeBucket(world);
      // The API's name of the call; as an action it is s3:PutEncryptionConfiguration.
      await refused(putPolicy(world, { Action: 's3:PutBucketEncryption' }), 'invalid', 'MalformedPolicy');
      await refused(
        putPolicy(world, { Action: 's3:GetObject', Resource: `arn:${world.partition}:s3:::${BUCKET}` }),
        'invalid',
        'MalformedPolicy',
      );
      await refused(
        putPolicy(world, { Action: 's3:ListBucket', Resource: `arn:${world.partition}:s3:::${BUCKET}/*` }),
        'invalid',
        'MalformedPolicy',
      );
    },
  },
  {
    clause: 'S3.44',
    says: 'a principal that is not there is refused as not ready, and taken once it is there',
    exceptOn: { moto: 'stores any text' },
    async run(world) {
      await madeBucket(world);
      const arn = `arn:${world.partition}:iam::${world.account}:role/${ROLE}`;
      await refused(putPolicy(world, { Principal: { AWS: arn } }), 'not-ready', 'MalformedPolicy');
      await madeRole(world);
      await putPolicy(world, { Principal: { AWS: arn } });
      const { Policy } = await world.api.call('s3:GetBucketPolicy', { Bucket: BUCKET });
      expect(Policy).toContain(arn);
    },
  },
  {
    clause: 'S3.45',
    says: 'a public policy is denied while BlockPublicPolicy is on',
    exceptOn: { moto: 'takes public policies' },
    async run(world) {
      const bucket = await madeBucket(world);
      const block = (BlockPublicPolicy: boolean) =>
        world.api.call('s3:PutPublicAccessBlock', {
          ...bucket,
          PublicAccessBlockConfiguration: {
            BlockPublicAcls: true,
            IgnorePublicAcls: true,
            BlockPublicPolicy,
            RestrictPublicBuckets: true,
          },
        });
      const open = {
        Sid: 'Open',
        Effect: 'Allow',
        Action: 's3:GetObject',
        Resource: `arn:${world.partition}:s3:::${BUCKET}/*`,
        Condition: undefined,
      };
      await block(true);
      await refused(putPolicy(world, open), 'denied', 'AccessDenied');
      await putPolicy(world, {
        ...open,
        Condition: { StringEquals: { 'aws:PrincipalAccount': world.account } },
      });
      await block(false);
      await putPolicy(world, open);
      expect((await world.api.call('s3:GetBucketPolicy', bucket)).Policy).toContain('Open');
    },
  },
  {
    clause: 'S3.46',
    says: 'what a bucket policy denies its caller is denied, reads of the policy too',
    exceptOn: { moto: 'does not evaluate policies here' },
    async run(world) {
      const bucket = await madeBucket(world);
      const others = {
        ArnNotEquals: {
          'aws:PrincipalArn': `arn:${world.partition}:iam::${world.account}:role/somebody-else`,
        },
      };
      await putPolicy(world, { Action: ['s3:PutBucketVersioning', 's3:GetBucketPolicy'], Condition: others });
      await refused(
        world.api.call('s3:PutBucketVersioning', {
          ...bucket,
          VersioningConfiguration: { Status: 'Enabled' },
        }),
        'denied',
        'AccessDenied',
      );
      await refused(world.api.call('s3:GetBucketPolicy', bucket), 'denied', 'AccessDenied');
      await world.api.call('s3:GetBucketVersioning', bucket);
    },
  },
  {
    clause: 'S3.47',
    says: 'the account is a principal that is always there',
    async run(world) {
      await madeBucket(world);
      await putPolicy(world, { Effect: 'Allow', Principal: { AWS: rootOf(world) } });
      expect((await world.api.call('s3:GetBucketPolicy', { Bucket: BUCKET })).Policy).toContain(
        world.account,
      );
    },
  },
];

export const s3Behaviours = [...naming, ...settings, ...policies];
