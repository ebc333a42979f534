/** The authorizing proxy, asked by the real SDK: what it reads out of requests, what it answers, what it judges on its own. */
import { DynamoDBClient, PutItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { CreateRoleCommand, GetRoleCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { CreateKeyCommand, DecryptCommand, KMSClient, PutKeyPolicyCommand } from '@aws-sdk/client-kms';
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutBucketAccelerateConfigurationCommand,
  PutBucketEncryptionCommand,
  PutBucketPolicyCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { bucketPolicy } from '../../src/cloud/aws/policies/bucket-policy.ts';
import { keyPolicy } from '../../src/cloud/aws/policies/key-policy.ts';
import { permissionsPolicy } from '../../src/cloud/aws/policies/permissions.ts';
import type { RoleName } from '../../src/plan/blueprint.ts';
import { startAuthzProxy, type AuthzProxy } from './authz-proxy.ts';
import { exampleBlueprint } from './blueprint.ts';
import { requireOrSkip } from './capabilities.ts';
import { motoClientConfig, startMoto, type Moto } from './moto.ts';

const b = exampleBlueprint();
const Bucket = b.names.bucket;
const Key = b.stateKey;

describe.skipIf(!requireOrSkip('moto', 'the authorizing proxy'))('the authorizing proxy', () => {
  let moto: Moto;
  let proxy: AuthzProxy;
  let keyArn: string;

  beforeAll(async () => {
    moto = await startMoto();
    proxy = await startAuthzProxy(moto.endpoint, b);
    keyArn = await standUp(moto.endpoint);
  });
  afterAll(async () => {
    await proxy.stop();
    await moto.stop();
  });
  beforeEach(() => {
    proxy.take();
  });

  const as = (role: RoleName) => {
    const env = proxy.as(b.names.roles[role]);
    return {
      ...motoClientConfig(proxy.endpoint),
      maxAttempts: 1,
      credentials: { accessKeyId: env['AWS_ACCESS_KEY_ID'] ?? '', secretAccessKey: 'testing' },
    };
  };
  const verdicts = () =>
    proxy.take().map(({ call, behind, verdict }) => [call.action, behind, verdict.is] as const);

  test('a write is judged, and so is the data key that S3 makes for it', async () => {
    const s3 = new S3Client(as('ci-apply'));
    await s3.send(new PutObjectCommand({ Bucket, Key, Body: '{}' }));
    expect(verdicts()).toEqual([
      ['s3:PutObject', null, 'allowed'],
      ['kms:GenerateDataKey', 's3:PutObject', 'allowed'],
    ]);
    await s3.send(new GetObjectCommand({ Bucket, Key }));
    expect(verdicts()).toEqual([
      ['s3:GetObject', null, 'allowed'],
      ['kms:Decrypt', 's3:GetObject', 'allowed'],
    ]);
  });

  test('a denial looks like that of AWS to the SDK, on each wire', async () => {
    const s3 = new S3Client(as('ci-plan'));
    await expect(s3.send(new PutObjectCommand({ Bucket, Key, Body: '{}' }))).rejects.toMatchObject({
      name: 'AccessDenied',
      $metadata: { httpStatusCode: 403 },
      message: expect.stringContaining('is not authorized to perform: s3:PutObject') as string,
    });
    await expect(s3.send(new HeadObjectCommand({ Bucket, Key: 'other' }))).rejects.toMatchObject({
      $metadata: { httpStatusCode: 403 },
    });
    const dynamo = new DynamoDBClient(as('ci-plan'));
    const scan = new ScanCommand({ TableName: b.names.table });
    await expect(dynamo.send(scan)).rejects.toMatchObject({ name: 'AccessDeniedException' });
    const kms = new KMSClient(as('ci-plan'));
    const decrypt = new DecryptCommand({ KeyId: keyArn, CiphertextBlob: Buffer.from('x') });
    await expect(kms.send(decrypt)).rejects.toMatchObject({ name: 'AccessDeniedException' });
    const iam = new IAMClient(as('ci-plan'));
    const look = new GetRoleCommand({ RoleName: b.names.roles['ci-plan'] });
    await expect(iam.send(look)).rejects.toMatchObject({ name: 'AccessDenied' });
    expect(verdicts().every(([, , is]) => is === 'denied')).toBe(true);
  });

  test('a missing object is told only to those who may list', async () => {
    const missing = new GetObjectCommand({ Bucket, Key: `env:/nobody/${Key}` });
    await expect(new S3Client(as('ci-apply')).send(missing)).rejects.toMatchObject({ name: 'NoSuchKey' });
    expect(verdicts()).toContainEqual(['s3:ListBucket', 's3:GetObject', 'allowed']);
    await withoutList(moto.endpoint, async () => {
      proxy.forget();
      await expect(new S3Client(as('ci-apply')).send(missing)).rejects.toMatchObject({
        name: 'AccessDenied',
      });
    });
    proxy.forget();
  });

  test('prefix, If-None-Match and the partition key are read out of the request', async () => {
    const s3 = new S3Client(as('ci-apply'));
    await s3.send(new ListObjectsV2Command({ Bucket, Prefix: 'env:/', MaxKeys: 7 }));
    const lock = { Bucket, Key: `${Key}.tflock`, Body: '{}', IfNoneMatch: '*' };
    await s3.send(new PutObjectCommand(lock));
    await s3.send(new DeleteObjectCommand({ Bucket, Key: lock.Key }));
    const LockID = { S: `${Bucket}/${Key}-md5` };
    const put = new PutItemCommand({ TableName: b.names.table, Item: { LockID, Digest: { S: 'x' } } });
    await expect(new DynamoDBClient(as('ci-plan')).send(put)).rejects.toThrow(/not authorized/);
    const contexts = new Map(proxy.take().map(({ call }) => [call.action, call.context]));
    expect(contexts.get('s3:ListBucket')).toMatchObject({ 's3:prefix': 'env:/', 's3:max-keys': '7' });
    expect(contexts.get('s3:PutObject')).toMatchObject({
      's3:if-none-match': '*',
      's3:ObjectCreationOperation': 'true',
    });
    expect(contexts.get('dynamodb:PutItem')).toEqual({ 'dynamodb:LeadingKeys': [LockID.S] });
  });

  test('an unconditional lock, AES256 and another key are denied by the bucket policy', async () => {
    const s3 = new S3Client(as('ci-apply'));
    const put = async (more: object) => {
      await expect(s3.send(new PutObjectCommand({ Bucket, Key, Body: '{}', ...more }))).rejects.toThrow(
        /explicit deny/,
      );
      return proxy.take().map(({ verdict }) => (verdict.is === 'denied' ? verdict.by : []));
    };
    expect(await put({ Key: `${Key}.tflock` })).toEqual([['GovbootDenyUnconditionalLock']]);
    expect(await put({ ServerSideEncryption: 'AES256' })).toEqual([['GovbootDenyOtherEncryption']]);
    const other = keyArn.replace(/.{4}$/, '0000');
    expect(await put({ ServerSideEncryption: 'aws:kms', SSEKMSKeyId: other })).toEqual([
      ['GovbootDenyOtherKey'],
    ]);
  });

  test('what cannot be judged does not pass', async () => {
    const s3 = new S3Client(as('ci-apply'));
    const unknown = new PutBucketAccelerateConfigurationCommand({
      Bucket,
      AccelerateConfiguration: { Status: 'Enabled' },
    });
    await expect(s3.send(unknown)).rejects.toMatchObject({ $metadata: { httpStatusCode: 501 } });
    const stranger = {
      ...as('ci-apply'),
      credentials: { accessKeyId: 'AKIASTRANGER', secretAccessKey: 'x' },
    };
    await expect(new S3Client(stranger).send(new GetObjectCommand({ Bucket, Key }))).rejects.toMatchObject({
      $metadata: { httpStatusCode: 501 },
    });
    expect(verdicts().map(([, , is]) => is)).toEqual(['error', 'error']);
  });

  test('a planned fault reaches the client and not the emulator', async () => {
    const s3 = new S3Client(as('ci-apply'));
    proxy.failNext(({ method }) => method === 'PUT', 500);
    const put = new PutObjectCommand({ Bucket, Key: `env:/fault/${Key}`, Body: '{}' });
    await expect(s3.send(put)).rejects.toMatchObject({ $metadata: { httpStatusCode: 500 } });
    await expect(s3.send(new HeadObjectCommand({ Bucket, Key: `env:/fault/${Key}` }))).rejects.toMatchObject({
      $metadata: { httpStatusCode: 404 },
    });
  });
});

/** Bucket, key and two roles with the product's own policies, straight in the emulator. */
async function standUp(endpoint: string): Promise<string> {
  const options = motoClientConfig(endpoint);
  const s3 = new S3Client(options);
  const kms = new KMSClient(options);
  const iam = new IAMClient(options);
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
  const arn = KeyMetadata?.Arn ?? '';
  const Policy = JSON.stringify(keyPolicy(b));
  await kms.send(new PutKeyPolicyCommand({ KeyId: arn, PolicyName: 'default', Policy }));
  const CreateBucketConfiguration = { LocationConstraint: 'eu-central-1' } as const;
  await s3.send(new CreateBucketCommand({ Bucket, CreateBucketConfiguration }));
  const ApplyServerSideEncryptionByDefault = { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: arn } as const;
  const Rules = [{ ApplyServerSideEncryptionByDefault, BucketKeyEnabled: true }];
  await s3.send(new PutBucketEncryptionCommand({ Bucket, ServerSideEncryptionConfiguration: { Rules } }));
  await s3.send(new PutBucketPolicyCommand({ Bucket, Policy: JSON.stringify(bucketPolicy(b, arn)) }));
  for (const role of ['ci-apply', 'ci-plan'] as const) {
    const RoleName = b.names.roles[role];
    const AssumeRolePolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [] });
    await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument }));
    const PolicyDocument = JSON.stringify(permissionsPolicy(b, role, arn));
    await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'govboot-state', PolicyDocument }));
  }
  return arn;
}

/** Takes s3:ListBucket from ci-apply while `work` runs. */
async function withoutList(endpoint: string, work: () => Promise<void>): Promise<void> {
  const iam = new IAMClient(motoClientConfig(endpoint));
  const RoleName = b.names.roles['ci-apply'];
  const whole = permissionsPolicy(b, 'ci-apply', 'arn:aws:kms:eu-central-1:123456789012:key/x');
  const put = (statements: typeof whole.Statement) =>
    iam.send(
      new PutRolePolicyCommand({
        RoleName,
        PolicyName: 'govboot-state',
        PolicyDocument: JSON.stringify({ ...whole, Statement: statements }),
      }),
    );
  await put(whole.Statement.filter(({ Sid }) => Sid !== 'GovbootListState'));
  await work();
  await put(whole.Statement);
}
