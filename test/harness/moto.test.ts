// moto is trusted only as far as this file goes: each mend in moto_launch.py, seen through the real SDK.
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import {
  CreateBucketCommand,
  GetBucketEncryptionCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketTaggingCommand,
  GetBucketVersioningCommand,
  GetObjectCommand,
  GetObjectLockConfigurationCommand,
  HeadBucketCommand,
  ListBucketsCommand,
  PutBucketEncryptionCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketPolicyCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  PutObjectLockConfigurationCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import {
  CreateKeyCommand,
  EnableKeyRotationCommand,
  GetKeyRotationStatusCommand,
  KMSClient,
  SignCommand,
  VerifyCommand,
} from '@aws-sdk/client-kms';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { requireOrSkip } from './capabilities.ts';
import { motoAccount, motoClientConfig, startMoto, type Moto } from './moto.ts';

const moto = requireOrSkip('moto', 'the mended moto, and every test that talks to it');

describe.skipIf(!moto)('moto, as mended', () => {
  let server: Moto;
  let s3: S3Client;
  let kms: KMSClient;
  const Bucket = 'state';
  const CreateBucketConfiguration = { LocationConstraint: 'eu-central-1' } as const;

  beforeAll(async () => {
    server = await startMoto();
    s3 = new S3Client(motoClientConfig(server.endpoint));
    kms = new KMSClient(motoClientConfig(server.endpoint));
  });
  beforeEach(async () => {
    await server.reset();
    await s3.send(new CreateBucketCommand({ Bucket, CreateBucketConfiguration }));
  });
  afterAll(() => server.stop());

  test('plays the account that it says', async () => {
    const sts = new STSClient(motoClientConfig(server.endpoint));
    expect((await sts.send(new GetCallerIdentityCommand({}))).Account).toBe(motoAccount);
  });

  test('a conditional Deny in a bucket policy does not deny everything', async () => {
    const Resource = [`arn:aws:s3:::${Bucket}`, `arn:aws:s3:::${Bucket}/*`];
    const Condition = { Bool: { 'aws:SecureTransport': 'false' } };
    const Statement = [{ Effect: 'Deny', Principal: '*', Action: 's3:*', Resource, Condition }];
    const Policy = JSON.stringify({ Version: '2012-10-17', Statement });
    await s3.send(new PutBucketPolicyCommand({ Bucket, Policy }));
    await s3.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'v' }));
    const got = await s3.send(new GetObjectCommand({ Bucket, Key: 'k' }));
    expect(await got.Body?.transformToString()).toBe('v');
  });

  test('an unexpected bucket owner is refused, the expected one is not', async () => {
    const own = { Bucket, ExpectedBucketOwner: motoAccount };
    const foreign = { Bucket, ExpectedBucketOwner: '999999999999' };
    const refused = { $metadata: { httpStatusCode: 403 } };
    await s3.send(new HeadBucketCommand(own));
    await s3.send(new GetBucketVersioningCommand(own));
    await s3.send(new PutObjectCommand({ ...own, Key: 'k', Body: 'v' }));
    await expect(s3.send(new HeadBucketCommand(foreign))).rejects.toMatchObject(refused);
    const denied = { ...refused, name: 'AccessDenied' };
    await expect(s3.send(new GetBucketVersioningCommand(foreign))).rejects.toMatchObject(denied);
    await expect(s3.send(new GetObjectCommand({ ...foreign, Key: 'k' }))).rejects.toMatchObject(denied);
    await expect(s3.send(new PutObjectCommand({ ...foreign, Key: 'k', Body: 'w' }))).rejects.toMatchObject(
      denied,
    );
  });

  test('tags given at creation are there, and a second creation does not touch them', async () => {
    const Tags = [
      { Key: 'owner', Value: 'platform' },
      { Key: 'empty', Value: '' },
    ];
    const make = { Bucket: 'tagged', CreateBucketConfiguration: { ...CreateBucketConfiguration, Tags } };
    await s3.send(new CreateBucketCommand(make));
    const again = { ...CreateBucketConfiguration, Tags: [{ Key: 'owner', Value: 'someone' }] };
    await expect(
      s3.send(new CreateBucketCommand({ Bucket: 'tagged', CreateBucketConfiguration: again })),
    ).rejects.toMatchObject({ name: 'BucketAlreadyOwnedByYou' });
    expect((await s3.send(new GetBucketTaggingCommand({ Bucket: 'tagged' }))).TagSet).toEqual(Tags);
  });

  test('a bucket namespace in the request is understood', async () => {
    const name = `state-${motoAccount}-eu-central-1-an`;
    const BucketNamespace = 'account-regional';
    await s3.send(new CreateBucketCommand({ Bucket: name, CreateBucketConfiguration, BucketNamespace }));
    await s3.send(new HeadBucketCommand({ Bucket: name }));
    const global = { Bucket: 'elsewhere', CreateBucketConfiguration, BucketNamespace: 'global' } as const;
    await s3.send(new CreateBucketCommand(global));
    await s3.send(new HeadBucketCommand({ Bucket: 'elsewhere' }));
  });

  test('lifecycle keeps both halves of NoncurrentVersionExpiration', async () => {
    const Rules = [
      {
        ID: 'both',
        Status: 'Enabled' as const,
        Filter: { Prefix: '' },
        NoncurrentVersionExpiration: { NoncurrentDays: 90, NewerNoncurrentVersions: 10 },
      },
      {
        ID: 'days',
        Status: 'Enabled' as const,
        Filter: { Prefix: 'x/' },
        NoncurrentVersionExpiration: { NoncurrentDays: 30 },
      },
    ];
    await s3.send(new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration: { Rules } }));
    const got = await s3.send(new GetBucketLifecycleConfigurationCommand({ Bucket }));
    expect(got.Rules?.map((rule) => rule.NoncurrentVersionExpiration)).toEqual(
      Rules.map((rule) => rule.NoncurrentVersionExpiration),
    );
  });

  test.each([[['SSE-C' as const]], [undefined]])(
    'default encryption with blocked types %j',
    async (blocked) => {
      const rule = {
        ApplyServerSideEncryptionByDefault: {
          SSEAlgorithm: 'aws:kms' as const,
          KMSMasterKeyID: 'alias/state',
        },
        BucketKeyEnabled: true,
        ...(blocked === undefined ? {} : { BlockedEncryptionTypes: { EncryptionType: blocked } }),
      };
      const ServerSideEncryptionConfiguration = { Rules: [rule] };
      await s3.send(new PutBucketEncryptionCommand({ Bucket, ServerSideEncryptionConfiguration }));
      const got = await s3.send(new GetBucketEncryptionCommand({ Bucket }));
      expect(got.ServerSideEncryptionConfiguration?.Rules).toEqual([rule]);
    },
  );

  test('Object Lock can be configured on a bucket with objects, when it is versioned', async () => {
    const DefaultRetention = { Mode: 'GOVERNANCE', Days: 1 } as const;
    const ObjectLockConfiguration = { ObjectLockEnabled: 'Enabled', Rule: { DefaultRetention } } as const;
    const lock = new PutObjectLockConfigurationCommand({ Bucket, ObjectLockConfiguration });
    await s3.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'v' }));
    await expect(s3.send(lock)).rejects.toMatchObject({ name: 'InvalidBucketState' });
    const VersioningConfiguration = { Status: 'Enabled' } as const;
    await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }));
    await s3.send(lock);
    const got = await s3.send(new GetObjectLockConfigurationCommand({ Bucket }));
    expect(got.ObjectLockConfiguration).toEqual(ObjectLockConfiguration);
  });

  test('key rotation remembers its period and refuses one that AWS would', async () => {
    const KeyId = (await kms.send(new CreateKeyCommand({}))).KeyMetadata?.KeyId;
    const status = () => kms.send(new GetKeyRotationStatusCommand({ KeyId }));
    expect(await status()).toMatchObject({ KeyRotationEnabled: false });
    await kms.send(new EnableKeyRotationCommand({ KeyId, RotationPeriodInDays: 180 }));
    expect(await status()).toMatchObject({ KeyRotationEnabled: true, RotationPeriodInDays: 180 });
    await kms.send(new EnableKeyRotationCommand({ KeyId }));
    expect(await status()).toMatchObject({ RotationPeriodInDays: 365 });
    const short = new EnableKeyRotationCommand({ KeyId, RotationPeriodInDays: 10 });
    await expect(kms.send(short)).rejects.toMatchObject({ name: 'ValidationException' });
  });

  test('a wrong signature is refused, not answered', async () => {
    const made = await kms.send(new CreateKeyCommand({ KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' }));
    const signing = { KeyId: made.KeyMetadata?.KeyId, SigningAlgorithm: 'ECDSA_SHA_256' as const };
    const Message = Buffer.from('evidence');
    const { Signature } = await kms.send(new SignCommand({ ...signing, Message }));
    expect(await kms.send(new VerifyCommand({ ...signing, Message, Signature }))).toMatchObject({
      SignatureValid: true,
    });
    const forged = new VerifyCommand({ ...signing, Message: Buffer.from('evidenc3'), Signature });
    await expect(kms.send(forged)).rejects.toMatchObject({ name: 'KMSInvalidSignatureException' });
  });

  describe('a fork', () => {
    const at = (copy: { readonly endpoint: string }) => new S3Client(motoClientConfig(copy.endpoint));
    const buckets = async (copy: { readonly endpoint: string }) =>
      ((await at(copy).send(new ListBucketsCommand({}))).Buckets ?? []).map(({ Name }) => Name).sort();
    const make = (copy: { readonly endpoint: string }, name: string) =>
      at(copy).send(new CreateBucketCommand({ Bucket: name, CreateBucketConfiguration }));
    /** Until there is no such process; it is gone a moment after it was told so. */
    const gone = async (pid: number): Promise<boolean> => {
      for (let tries = 0; tries < 200; tries++) {
        try {
          process.kill(pid, 0);
        } catch {
          return true;
        }
        await delay(10);
      }
      return false;
    };

    test('holds what was there, and shares nothing afterwards', async () => {
      const copy = await server.fork();
      expect(copy.endpoint).not.toBe(server.endpoint);
      expect(await buckets(copy)).toEqual([Bucket]);
      const second = await copy.fork();
      await make(copy, 'of-the-copy');
      await make(server, 'of-the-first');
      expect(await buckets(server)).toEqual(['of-the-first', Bucket]);
      expect(await buckets(copy)).toEqual(['of-the-copy', Bucket]);
      expect(await buckets(second)).toEqual([Bucket]);
      await copy.stop();
      expect(await gone(copy.pid)).toBe(true);
      // With its parent, and without being told.
      expect(await gone(second.pid)).toBe(true);
    });

    test('outlives its sibling, and never the moto that it was made from, however that one ends', async () => {
      const parent = await startMoto();
      const [first, second, third] = [await parent.fork(), await parent.fork(), await parent.fork()];
      await second.stop();
      expect(await gone(second.pid)).toBe(true);
      expect(await buckets(first)).toEqual([]);
      expect(await buckets(third)).toEqual([]);
      process.kill(parent.pid, 'SIGKILL');
      expect(await gone(first.pid)).toBe(true);
      expect(await gone(third.pid)).toBe(true);
      await parent.stop();
    });
  });
});
