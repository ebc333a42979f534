/** The contract's S3, for objects that are kept: Object Lock, conditional writes, versions. */
import { createHash } from 'node:crypto';
import { expect } from 'vitest';
import type { Input } from '../../src/cloud/aws/api.ts';
import { BUCKET, keyPolicy, madeKey, refused, type Behaviour, type ContractWorld } from './world.ts';

const DAY_MS = 86_400_000;
const TEXT = new TextEncoder();
const KEY = 'dev/ledger/00000000.json';

interface Named {
  readonly Bucket: string;
  readonly ExpectedBucketOwner: string;
}

/** @param retention null for a bucket that can keep versions, and is told no time */
async function lockedBucket(
  world: ContractWorld,
  retention: { readonly Mode: 'COMPLIANCE' | 'GOVERNANCE'; readonly Days: number } | null = {
    Mode: 'COMPLIANCE',
    Days: 30,
  },
): Promise<Named> {
  await world.api.call('s3:CreateBucket', {
    Bucket: BUCKET,
    ObjectOwnership: 'BucketOwnerEnforced',
    ObjectLockEnabledForBucket: true,
    CreateBucketConfiguration: { LocationConstraint: world.region as 'eu-central-1' },
  });
  const bucket = { Bucket: BUCKET, ExpectedBucketOwner: world.account };
  if (retention !== null) await lock(world, { DefaultRetention: retention });
  return bucket;
}

async function lock(
  world: ContractWorld,
  Rule:
    { DefaultRetention: { Mode?: 'COMPLIANCE' | 'GOVERNANCE'; Days?: number; Years?: number } } | undefined,
): Promise<unknown> {
  return world.api.call('s3:PutObjectLockConfiguration', {
    Bucket: BUCKET,
    ObjectLockConfiguration: { ObjectLockEnabled: 'Enabled', ...(Rule === undefined ? {} : { Rule }) },
  });
}

async function put(
  world: ContractWorld,
  bucket: Named,
  text: string,
  more: Partial<Input<'s3:PutObject'>> = {},
): Promise<string> {
  const answer = await world.api.call('s3:PutObject', {
    ...bucket,
    Key: KEY,
    Body: TEXT.encode(text),
    ...more,
  });
  expect(answer.VersionId).toMatch(/^\S+$/);
  return answer.VersionId ?? '';
}

const once = { IfNoneMatch: '*' };

async function textOf(world: ContractWorld, bucket: Named, more: object = {}): Promise<string> {
  const { Body } = await world.api.call('s3:GetObject', { ...bucket, Key: KEY, ...more });
  return new TextDecoder().decode(Body);
}

const configuration: readonly Behaviour[] = [
  {
    clause: 'S3.50',
    says: 'a bucket that was made without Object Lock has no such configuration',
    async run({ api, region }) {
      await api.call('s3:CreateBucket', {
        Bucket: BUCKET,
        CreateBucketConfiguration: { LocationConstraint: region as 'eu-central-1' },
      });
      await refused(
        api.call('s3:GetObjectLockConfiguration', { Bucket: BUCKET }),
        'absent',
        'ObjectLockConfigurationNotFoundError',
      );
    },
  },
  {
    clause: 'S3.51',
    says: 'a bucket that was made with Object Lock is versioned, and keeps nothing by itself',
    async run(world) {
      const bucket = await lockedBucket(world, null);
      expect((await world.api.call('s3:GetBucketVersioning', bucket)).Status).toBe('Enabled');
      const { ObjectLockConfiguration: found } = await world.api.call(
        's3:GetObjectLockConfiguration',
        bucket,
      );
      expect(found).toEqual({ ObjectLockEnabled: 'Enabled' });
    },
  },
  {
    clause: 'S3.52',
    says: 'a default retention is kept as it was put, and may be taken back',
    async run(world) {
      const bucket = await lockedBucket(world, { Mode: 'COMPLIANCE', Days: 2557 });
      const read = async () =>
        (await world.api.call('s3:GetObjectLockConfiguration', bucket)).ObjectLockConfiguration?.Rule
          ?.DefaultRetention;
      expect(await read()).toEqual({ Mode: 'COMPLIANCE', Days: 2557 });
      await lock(world, { DefaultRetention: { Mode: 'GOVERNANCE', Days: 1 } });
      expect(await read()).toEqual({ Mode: 'GOVERNANCE', Days: 1 });
      await lock(world, undefined);
      expect(await read()).toBeUndefined();
    },
  },
  {
    clause: 'S3.53',
    says: 'a retention without a mode, without days, with days and years, or of no days is refused',
    exceptOn: { moto: 'takes a retention of no days' },
    async run(world) {
      await lockedBucket(world, null);
      const kept = (DefaultRetention: { Mode?: 'COMPLIANCE'; Days?: number; Years?: number }) =>
        lock(world, { DefaultRetention });
      await refused(kept({ Days: 1 }), 'invalid', 'MalformedXML');
      await refused(kept({ Mode: 'COMPLIANCE' }), 'invalid', 'MalformedXML');
      await refused(kept({ Mode: 'COMPLIANCE', Days: 1, Years: 1 }), 'invalid', 'MalformedXML');
      await refused(kept({ Mode: 'COMPLIANCE', Days: 0 }), 'invalid', 'InvalidArgument');
      await refused(kept({ Mode: 'COMPLIANCE', Days: 36_501 }), 'invalid', 'InvalidArgument');
    },
  },
  {
    clause: 'S3.54',
    says: 'Object Lock can be put on later, once the bucket is versioned',
    exceptOn: { moto: 'refuses what is not versioned with 400 and not 409' },
    async run(world) {
      await world.api.call('s3:CreateBucket', {
        Bucket: BUCKET,
        CreateBucketConfiguration: { LocationConstraint: world.region as 'eu-central-1' },
      });
      const kept = { DefaultRetention: { Mode: 'COMPLIANCE' as const, Days: 5 } };
      await refused(lock(world, kept), 'conflict', 'InvalidBucketState');
      await world.api.call('s3:PutBucketVersioning', {
        Bucket: BUCKET,
        VersioningConfiguration: { Status: 'Enabled' },
      });
      await lock(world, kept);
      const found = await world.api.call('s3:GetObjectLockConfiguration', { Bucket: BUCKET });
      expect(found.ObjectLockConfiguration).toEqual({ ObjectLockEnabled: 'Enabled', Rule: kept });
    },
  },
  {
    clause: 'S3.55',
    says: 'versioning of a bucket with Object Lock cannot be suspended',
    exceptOn: { moto: 'suspends it' },
    async run(world) {
      const bucket = await lockedBucket(world);
      const VersioningConfiguration = { Status: 'Suspended' as const };
      await refused(
        world.api.call('s3:PutBucketVersioning', { ...bucket, VersioningConfiguration }),
        'conflict',
        'InvalidBucketState',
      );
    },
  },
];

const objects: readonly Behaviour[] = [
  {
    clause: 'S3.56',
    says: 'what was put is there, by its name and by its version',
    async run(world) {
      const bucket = await lockedBucket(world);
      const Metadata = { run: 'one' };
      const VersionId = await put(world, bucket, 'first', { Metadata, ContentType: 'application/json' });
      expect(await textOf(world, bucket)).toBe('first');
      expect(await textOf(world, bucket, { VersionId })).toBe('first');
      const head = await world.api.call('s3:HeadObject', { ...bucket, Key: KEY, VersionId });
      expect(head).toMatchObject({
        ContentLength: 5,
        ContentType: 'application/json',
        Metadata,
        VersionId,
      });
      expect(head.ETag).toMatch(/^"[0-9a-f-]+"$/);
    },
  },
  {
    clause: 'S3.57',
    says: 'a name that is there is refused to who writes only what is not there',
    async run(world) {
      const bucket = await lockedBucket(world);
      await put(world, bucket, 'first', once);
      const fault = await refused(put(world, bucket, 'second', once), 'exists', 'PreconditionFailed');
      expect(fault.status).toBe(412);
      expect(await textOf(world, bucket)).toBe('first');
      expect((await world.api.call('s3:ListObjectVersions', bucket)).Versions).toHaveLength(1);
    },
  },
  {
    clause: 'S3.58',
    says: 'who writes without that condition makes a newer version, and the older one stays',
    async run(world) {
      const bucket = await lockedBucket(world);
      const first = await put(world, bucket, 'first');
      const second = await put(world, bucket, 'second');
      expect(second).not.toBe(first);
      expect(await textOf(world, bucket)).toBe('second');
      expect(await textOf(world, bucket, { VersionId: first })).toBe('first');
    },
  },
  {
    clause: 'S3.59',
    says: 'a name that nobody has put, and a version that never was, are absent',
    async run(world) {
      const bucket = await lockedBucket(world);
      const nobody = { ...bucket, Key: 'dev/nothing' };
      await refused(world.api.call('s3:GetObject', nobody), 'absent', 'NoSuchKey');
      const fault = await refused(world.api.call('s3:HeadObject', nobody), 'absent', 'NotFound');
      expect(fault.status).toBe(404);
      await put(world, bucket, 'first');
      const never = { ...bucket, Key: KEY, VersionId: '0123456789abcdef0123456789abcdef' };
      await refused(world.api.call('s3:GetObject', never), 'absent', 'NoSuchVersion');
    },
  },
  {
    clause: 'S3.60',
    says: 'a version is kept by the default of its bucket, from when it was put',
    async run(world) {
      const bucket = await lockedBucket(world, { Mode: 'COMPLIANCE', Days: 30 });
      const VersionId = await put(world, bucket, 'first');
      const { Retention } = await world.api.call('s3:GetObjectRetention', { ...bucket, Key: KEY, VersionId });
      const head = await world.api.call('s3:HeadObject', { ...bucket, Key: KEY });
      expect(Retention?.Mode).toBe('COMPLIANCE');
      expect(head.ObjectLockMode).toBe('COMPLIANCE');
      const kept = (Retention?.RetainUntilDate?.getTime() ?? 0) - (head.LastModified?.getTime() ?? 0);
      expect(Math.round(kept / DAY_MS)).toBe(30);
    },
  },
  {
    clause: 'S3.61',
    says: 'a version that was put before there was a default is kept by none',
    async run(world) {
      const bucket = await lockedBucket(world, null);
      await put(world, bucket, 'first');
      await lock(world, { DefaultRetention: { Mode: 'COMPLIANCE', Days: 30 } });
      await refused(
        world.api.call('s3:GetObjectRetention', { ...bucket, Key: KEY }),
        'absent',
        'NoSuchObjectLockConfiguration',
      );
    },
  },
  {
    clause: 'S3.62',
    says: 'an upload may ask for its own retention, with a mode and an instant to come',
    async run(world) {
      const bucket = await lockedBucket(world);
      const head = await world.api.call('s3:PutObject', { ...bucket, Key: 'dev/now', Body: TEXT.encode('') });
      expect(head.VersionId).toBeDefined();
      const now =
        (await world.api.call('s3:HeadObject', { ...bucket, Key: 'dev/now' })).LastModified?.getTime() ?? 0;
      const until = new Date(now + 400 * DAY_MS);
      await put(world, bucket, 'first', { ObjectLockMode: 'COMPLIANCE', ObjectLockRetainUntilDate: until });
      const { Retention } = await world.api.call('s3:GetObjectRetention', { ...bucket, Key: KEY });
      expect(Math.abs((Retention?.RetainUntilDate?.getTime() ?? 0) - until.getTime())).toBeLessThan(1000);
    },
  },
  {
    clause: 'S3.63',
    says: 'a retention without an instant, and one that has passed, are refused',
    exceptOn: { moto: 'takes both' },
    async run(world) {
      const bucket = await lockedBucket(world);
      await refused(
        put(world, bucket, 'first', { ObjectLockMode: 'COMPLIANCE' }),
        'invalid',
        'InvalidArgument',
      );
      const passed = { ObjectLockMode: 'COMPLIANCE' as const, ObjectLockRetainUntilDate: new Date(0) };
      await refused(put(world, bucket, 'first', passed), 'invalid', 'InvalidArgument');
    },
  },
  {
    clause: 'S3.64',
    says: 'ListObjectVersions gives every version once over its pages, the newest of a name first',
    async run(world) {
      const bucket = await lockedBucket(world);
      const names = ['dev/a', 'dev/b', 'dev/c', 'prod/a'];
      for (const Key of names) await put(world, bucket, Key, { Key });
      const newer = await put(world, bucket, 'newer', { Key: 'dev/b' });
      const seen: { key: string; version: string; latest: boolean }[] = [];
      let marker: Partial<Input<'s3:ListObjectVersions'>> = {};
      for (let pages = 0; pages < 20; pages++) {
        const page = await world.api.call('s3:ListObjectVersions', {
          ...bucket,
          Prefix: 'dev/',
          MaxKeys: 2,
          ...marker,
        });
        for (const { Key, VersionId, IsLatest } of page.Versions ?? [])
          seen.push({ key: Key ?? '', version: VersionId ?? '', latest: IsLatest ?? false });
        if (page.IsTruncated !== true) break;
        marker = { KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker };
      }
      expect(seen.map(({ key, latest }) => [key, latest])).toEqual([
        ['dev/a', true],
        ['dev/b', true],
        ['dev/b', false],
        ['dev/c', true],
      ]);
      expect(seen[1]?.version).toBe(newer);
    },
  },
  {
    clause: 'S3.65',
    says: 'content that is not what its checksum says is refused, and the checksum is given back',
    exceptOn: { moto: 'believes every checksum' },
    async run(world) {
      const bucket = await lockedBucket(world);
      const ChecksumSHA256 = createHash('sha256').update('first').digest('base64');
      await refused(put(world, bucket, 'other', { ChecksumSHA256 }), 'invalid', 'BadDigest');
      await put(world, bucket, 'first', { ChecksumSHA256 });
      const head = await world.api.call('s3:HeadObject', { ...bucket, Key: KEY, ChecksumMode: 'ENABLED' });
      expect(head.ChecksumSHA256).toBe(ChecksumSHA256);
      expect((await world.api.call('s3:HeadObject', { ...bucket, Key: KEY })).ChecksumSHA256).toBeUndefined();
    },
  },
  {
    clause: 'S3.66',
    says: 'what is put says with which key of its bucket it is encrypted',
    async run(world) {
      const bucket = await lockedBucket(world);
      const { arn } = await madeKey(world);
      await encryptWith(world, bucket, arn);
      await put(world, bucket, 'first');
      expect(await world.api.call('s3:HeadObject', { ...bucket, Key: KEY })).toMatchObject({
        ServerSideEncryption: 'aws:kms',
        SSEKMSKeyId: arn,
      });
    },
  },
  {
    clause: 'S3.67',
    says: 'who may not use the key can neither put nor get, and a key that is not there is no missing object',
    exceptOn: { moto: 'asks no key' },
    async run(world) {
      const bucket = await lockedBucket(world);
      const { arn, id } = await madeKey(world);
      await encryptWith(world, bucket, arn);
      await put(world, bucket, 'first');
      const refuse = (Action: string) =>
        world.api.call('kms:PutKeyPolicy', {
          KeyId: id,
          Policy: keyPolicy(world, [{ Effect: 'Deny', Principal: '*', Action, Resource: '*' }]),
        });
      await refuse('kms:Decrypt');
      await refused(textOf(world, bucket), 'denied', 'AccessDenied');
      await refuse('kms:GenerateDataKey');
      await refused(put(world, bucket, 'second'), 'denied', 'AccessDenied');
      await encryptWith(world, bucket, arn.replace(id, '00000000-0000-4000-8000-000000000000'));
      await refused(put(world, bucket, 'third'), 'invalid', 'KMS.NotFoundException');
    },
  },
  {
    clause: 'S3.68',
    says: 'a bucket policy that wants writes to be conditional refuses all others',
    exceptOn: { moto: 'does not evaluate policies here' },
    async run(world) {
      const bucket = await lockedBucket(world);
      const statement = {
        Effect: 'Deny',
        Principal: '*',
        Action: 's3:PutObject',
        Resource: `arn:${world.partition}:s3:::${BUCKET}/*`,
        Condition: { Null: { 's3:if-none-match': 'true' }, Bool: { 's3:ObjectCreationOperation': 'true' } },
      };
      const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
      await world.api.call('s3:PutBucketPolicy', { ...bucket, Policy });
      await refused(put(world, bucket, 'first'), 'denied', 'AccessDenied');
      await put(world, bucket, 'first', once);
    },
  },
];

async function encryptWith(world: ContractWorld, bucket: Named, KMSMasterKeyID: string): Promise<void> {
  const by = { SSEAlgorithm: 'aws:kms' as const, KMSMasterKeyID };
  await world.api.call('s3:PutBucketEncryption', {
    ...bucket,
    ServerSideEncryptionConfiguration: {
      Rules: [{ ApplyServerSideEncryptionByDefault: by, BucketKeyEnabled: true }],
    },
  });
}

export const s3ObjectBehaviours = [...configuration, ...objects];
