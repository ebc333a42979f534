// What the contract cannot ask of every AWS: corners of the services that the rehearsal cloud holds to.
import { describe, expect, test } from 'vitest';
import type { Json } from '../../../../src/kernel/json.ts';
import {
  account,
  adminKey,
  bucket,
  inRegion,
  makeBucket,
  makeKey,
  makeRole,
  policyOf,
  refused,
  region,
  rehearse,
  root,
  trustRoot,
} from './rehearse.ts';

const table = {
  TableName: 'locks',
  AttributeDefinitions: [{ AttributeName: 'LockID', AttributeType: 'S' as const }],
  KeySchema: [{ AttributeName: 'LockID', KeyType: 'HASH' as const }],
};
const NOW = { tableCreateMs: 0, tableUpdateMs: 0, backupsMs: 0 };

/** The cloud again, with its keys as somebody left them. */
async function withKeys(
  run: ReturnType<typeof rehearse>,
  state: 'Disabled' | 'PendingDeletion',
): Promise<ReturnType<typeof rehearse>> {
  const saved = JSON.stringify(await run.api.snapshot()).replaceAll(
    '"state":"Enabled"',
    `"state":"${state}"`,
  );
  return rehearse({ state: JSON.parse(saved) as Json, timings: NOW });
}

describe('S3', () => {
  test('access control lists cannot be given where they are off', async () => {
    const { api } = rehearse();
    await refused(
      api.call('s3:CreateBucket', { ...bucket, ...inRegion, ACL: 'private' }),
      'invalid',
      'InvalidBucketAclWithObjectOwnership',
    );
    await api.call('s3:CreateBucket', {
      ...bucket,
      ...inRegion,
      ACL: 'private',
      ObjectOwnership: 'ObjectWriter',
    });
  });

  test('a bucket with object lock is born versioned, and stays so', async () => {
    const { api } = rehearse();
    await api.call('s3:CreateBucket', { ...bucket, ...inRegion, ObjectLockEnabledForBucket: true });
    expect((await api.call('s3:GetBucketVersioning', bucket)).Status).toBe('Enabled');
    await refused(
      api.call('s3:PutBucketVersioning', { ...bucket, VersioningConfiguration: { Status: 'Suspended' } }),
      'conflict',
      'InvalidBucketState',
    );
  });

  test('versioning is enabled or suspended, and MFA delete is for the root user', async () => {
    const { api } = rehearse();
    await makeBucket(api);
    await refused(
      api.call('s3:PutBucketVersioning', { ...bucket, VersioningConfiguration: {} }),
      'invalid',
      'MalformedXML',
    );
    await refused(
      api.call('s3:PutBucketVersioning', {
        ...bucket,
        VersioningConfiguration: { Status: 'Enabled', MFADelete: 'Enabled' },
      }),
      'denied',
      'AccessDenied',
    );
  });

  test('an expected owner is an account', async () => {
    const { api } = rehearse();
    await makeBucket(api);
    await refused(
      api.call('s3:GetBucketVersioning', { ...bucket, ExpectedBucketOwner: 'us' }),
      'invalid',
      'InvalidBucketOwnerAWSAccountID',
    );
    await refused(api.call('s3:GetBucketVersioning', { Bucket: '' }), 'invalid', 'InvalidBucketName');
  });

  test('settings without their element are malformed', async () => {
    const { api } = rehearse();
    await makeBucket(api);
    await refused(
      api.call('s3:PutBucketTagging', { ...bucket, Tagging: undefined }),
      'invalid',
      'MalformedXML',
    );
    await refused(
      api.call('s3:PutPublicAccessBlock', { ...bucket, PublicAccessBlockConfiguration: undefined }),
      'invalid',
      'MalformedXML',
    );
    await refused(
      api.call('s3:PutBucketOwnershipControls', { ...bucket, OwnershipControls: { Rules: [] } }),
      'invalid',
      'MalformedXML',
    );
    await refused(
      api.call('s3:PutBucketEncryption', { ...bucket, ServerSideEncryptionConfiguration: { Rules: [] } }),
      'invalid',
      'MalformedXML',
    );
  });

  test('no tags are the same as none', async () => {
    const { api } = rehearse();
    await makeBucket(api);
    await api.call('s3:PutBucketTagging', { ...bucket, Tagging: { TagSet: [] } });
    await refused(api.call('s3:GetBucketTagging', bucket), 'absent', 'NoSuchTagSet');
    const TagSet = Array.from({ length: 51 }, (_, i) => ({ Key: `k${i}`, Value: '' }));
    await refused(
      api.call('s3:PutBucketTagging', { ...bucket, Tagging: { TagSet } }),
      'invalid',
      'BadRequest',
    );
    await refused(
      api.call('s3:PutBucketTagging', {
        ...bucket,
        Tagging: { TagSet: [{ Key: 'k', Value: 'v'.repeat(257) }] },
      }),
      'invalid',
      'InvalidTag',
    );
  });

  test('SSE-C is blocked unless somebody unblocks it', async () => {
    const { api } = rehearse();
    await makeBucket(api);
    const put = (rule: object) =>
      api.call('s3:PutBucketEncryption', {
        ...bucket,
        ServerSideEncryptionConfiguration: {
          Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' }, ...rule }],
        },
      });
    const read = async () =>
      (await api.call('s3:GetBucketEncryption', bucket)).ServerSideEncryptionConfiguration?.Rules?.[0]
        ?.BlockedEncryptionTypes?.EncryptionType;
    expect(await read()).toEqual(['SSE-C']);
    await put({ BlockedEncryptionTypes: { EncryptionType: ['NONE'] } });
    expect(await read()).toEqual(['NONE']);
    await put({});
    expect(await read()).toEqual(['SSE-C']);
    await refused(put({ BlockedEncryptionTypes: { EncryptionType: ['ALL'] } }), 'invalid', 'MalformedXML');
  });

  test.each([
    ['a status of its own', { Status: 'On' }, 'MalformedXML'],
    ['no filter', { Filter: undefined }, 'MalformedXML'],
    ['two filters', { Filter: { Prefix: '', ObjectSizeGreaterThan: 1 } }, 'MalformedXML'],
    ['an id too long', { ID: 'x'.repeat(256) }, 'InvalidArgument'],
    [
      'versions without days',
      { NoncurrentVersionExpiration: { NewerNoncurrentVersions: 1 } },
      'MalformedXML',
    ],
    ['two expirations', { Expiration: { Days: 1, ExpiredObjectDeleteMarker: true } }, 'MalformedXML'],
    ['an expiration of no days', { Expiration: { Days: 0 } }, 'InvalidArgument'],
    ['an abort without days', { AbortIncompleteMultipartUpload: {} }, 'MalformedXML'],
    [
      'an abort of half a day',
      { AbortIncompleteMultipartUpload: { DaysAfterInitiation: 0.5 } },
      'InvalidArgument',
    ],
    [
      'an abort by tag',
      {
        Filter: { Tag: { Key: 'a', Value: 'b' } },
        AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 },
      },
      'InvalidRequest',
    ],
  ])('a lifecycle rule with %s is refused', async (_what, more, fault) => {
    const { api } = rehearse();
    await makeBucket(api);
    const rule = {
      ID: 'r',
      Status: 'Enabled',
      Filter: { Prefix: '' },
      NoncurrentVersionExpiration: { NoncurrentDays: 1 },
      ...more,
    };
    await refused(
      api.call('s3:PutBucketLifecycleConfiguration', {
        ...bucket,
        LifecycleConfiguration: { Rules: [rule as never] },
      }),
      'invalid',
      fault,
    );
  });

  test('a lifecycle rule without an id gets one, and many rules are too many', async () => {
    const { api } = rehearse();
    await makeBucket(api);
    const rule = {
      Status: 'Enabled' as const,
      Prefix: '',
      NoncurrentVersionExpiration: { NoncurrentDays: 1 },
    };
    const put = (Rules: object[]) =>
      api.call('s3:PutBucketLifecycleConfiguration', {
        ...bucket,
        LifecycleConfiguration: { Rules: Rules as never },
      });
    await put([rule]);
    expect((await api.call('s3:GetBucketLifecycleConfiguration', bucket)).Rules?.[0]?.ID).toMatch(
      /^[0-9a-f-]{36}$/,
    );
    await refused(put(Array.from({ length: 1001 }, () => rule)), 'invalid', 'InvalidRequest');
  });

  test.each([
    ['an Sid twice', [{ Sid: 'A' }, { Sid: 'A' }]],
    ['an Allow to all but one', [{ Effect: 'Allow', Principal: undefined, NotPrincipal: { AWS: root } }]],
    ['a condition key of nobody', [{ Condition: { StringEquals: { 'made:up': 'x' } } }]],
    ['both Action and NotAction', [{ NotAction: 's3:GetObject' }]],
    ['an empty list', [{ Action: [] }]],
    ['a number as action', [{ Action: 7 }]],
    ['an Sid that is a number', [{ Sid: 7 }]],
    ['an effect of its own', [{ Effect: 'Perhaps' }]],
    ['a condition that is a list', [{ Condition: [] }]],
    ['a condition of nothing', [{ Condition: { Bool: 'x' } }]],
    ['a condition value that is an object', [{ Condition: { Bool: { 'aws:SecureTransport': {} } } }]],
  ])('a policy with %s is malformed', async (_what, statements) => {
    const { api } = rehearse();
    await makeBucket(api);
    const base = {
      Effect: 'Deny',
      Principal: '*',
      Action: 's3:*',
      Resource: `arn:aws:s3:::${bucket.Bucket}`,
    };
    await refused(
      api.call('s3:PutBucketPolicy', {
        ...bucket,
        Policy: policyOf(...statements.map((more) => ({ ...base, ...more }))),
      }),
      'invalid',
      'MalformedPolicy',
    );
  });

  test.each([
    ['another version', { Version: '2020-01-01', Statement: [{}] }],
    ['no statement', { Version: '2012-10-17', Statement: [] }],
    ['a statement that is text', { Version: '2012-10-17', Statement: ['x'] }],
    ['another field', { Version: '2012-10-17', Statement: [{}], Extra: 1 }],
  ])('a document with %s is malformed', async (_what, document) => {
    const { api } = rehearse();
    await makeBucket(api);
    await refused(
      api.call('s3:PutBucketPolicy', { ...bucket, Policy: JSON.stringify(document) }),
      'invalid',
      'MalformedPolicy',
    );
    await refused(
      api.call('s3:PutBucketPolicy', { ...bucket, Policy: `{"Version": }` }),
      'invalid',
      'MalformedPolicy',
    );
  });

  test.each([{ Robot: 'x' }, {}])('the principal %j looks like one that is not there', async (Principal) => {
    const { api } = rehearse();
    await makeBucket(api);
    const statement = {
      Effect: 'Deny',
      Principal,
      Action: 's3:*',
      Resource: `arn:aws:s3:::${bucket.Bucket}`,
    };
    // S3 has one sentence for both.
    await refused(
      api.call('s3:PutBucketPolicy', { ...bucket, Policy: policyOf(statement) }),
      'not-ready',
      'MalformedPolicy',
    );
  });

  test('a policy may be 20 KB', async () => {
    const { api } = rehearse();
    await makeBucket(api);
    const Policy = policyOf({
      Sid: 'x'.repeat(21_000),
      Effect: 'Deny',
      Principal: '*',
      Action: 's3:*',
      Resource: `arn:aws:s3:::${bucket.Bucket}`,
    });
    await refused(api.call('s3:PutBucketPolicy', { ...bucket, Policy }), 'invalid', 'PolicyTooLarge');
  });

  test('a pattern may cover the bucket, and no more names than that are checked', async () => {
    const { api } = rehearse();
    await makeBucket(api);
    const base = {
      Effect: 'Deny',
      Principal: '*',
      Action: ['s3:GetObject', 's3:ListBucket'],
      Condition: { Bool: { 'aws:SecureTransport': 'false' } },
    };
    await api.call('s3:PutBucketPolicy', {
      ...bucket,
      Policy: policyOf({ ...base, Resource: 'arn:aws:s3:::acme-*' }),
    });
    await refused(
      api.call('s3:PutBucketPolicy', {
        ...bucket,
        Policy: policyOf({ ...base, Resource: 'arn:aws:s3:::other-*' }),
      }),
      'invalid',
      'MalformedPolicy',
    );
  });
});

describe('KMS', () => {
  test('only symmetric keys of one region are made here', async () => {
    const { api } = rehearse();
    await refused(
      api.call('kms:CreateKey', { KeySpec: 'RSA_4096' }),
      'invalid',
      'UnsupportedOperationException',
    );
    await refused(
      api.call('kms:CreateKey', { MultiRegion: true }),
      'invalid',
      'UnsupportedOperationException',
    );
    await refused(
      api.call('kms:CreateKey', { Description: 'x'.repeat(8193) }),
      'invalid',
      'ValidationException',
    );
  });

  test('a policy may be 32 KB, and names whom it lets in', async () => {
    const { api } = rehearse();
    await refused(
      api.call('kms:CreateKey', { Policy: policyOf({ ...adminKey, Sid: 'x'.repeat(33_000) }) }),
      'invalid',
      'LimitExceededException',
    );
    await refused(
      makeKey(api, { Effect: 'Deny', NotPrincipal: { AWS: root }, Action: 'kms:*', Resource: '*' }),
      'invalid',
      'MalformedPolicyDocumentException',
    );
    await refused(
      api.call('kms:PutKeyPolicy', {
        KeyId: await makeKey(api),
        PolicyName: 'other',
        Policy: policyOf(adminKey),
      }),
      'absent',
    );
    await refused(api.call('kms:GetKeyPolicy', { KeyId: await makeKey(api), PolicyName: 'other' }), 'absent');
  });

  test('a disabled key does not rotate and encrypts no table', async () => {
    const made = rehearse();
    const KeyId = await makeKey(made.api);
    const { api } = await withKeys(made, 'Disabled');
    expect((await api.call('kms:DescribeKey', { KeyId })).KeyMetadata).toMatchObject({
      Enabled: false,
      KeyState: 'Disabled',
    });
    await refused(api.call('kms:EnableKeyRotation', { KeyId }), 'invalid', 'DisabledException');
    const SSESpecification = { Enabled: true, SSEType: 'KMS' as const, KMSMasterKeyId: KeyId };
    await refused(
      api.call('dynamodb:CreateTable', { ...table, BillingMode: 'PAY_PER_REQUEST', SSESpecification }),
      'not-ready',
      'ValidationException',
    );
  });

  test('a key that is about to be deleted takes no change', async () => {
    const made = rehearse();
    const KeyId = await makeKey(made.api);
    const { api } = await withKeys(made, 'PendingDeletion');
    await refused(api.call('kms:EnableKeyRotation', { KeyId }), 'not-ready', 'KMSInvalidStateException');
    await refused(
      api.call('kms:CreateAlias', { AliasName: 'alias/a', TargetKeyId: KeyId }),
      'not-ready',
      'KMSInvalidStateException',
    );
  });

  test('an alias ARN finds its key, another region does not', async () => {
    const { api } = rehearse();
    const id = await makeKey(api);
    await api.call('kms:CreateAlias', { AliasName: 'alias/a', TargetKeyId: id });
    const arn = `arn:aws:kms:${region}:${account}:alias/a`;
    expect((await api.call('kms:DescribeKey', { KeyId: arn })).KeyMetadata?.KeyId).toBe(id);
    await refused(
      api.call('kms:DescribeKey', { KeyId: arn.replace(region, 'eu-west-1') }),
      'invalid',
      'InvalidArnException',
    );
    await refused(api.call('kms:DescribeKey', { KeyId: 'alias/aws/s3' }), 'absent', 'NotFoundException');
  });

  test('rotation keeps its beginning when its period changes', async () => {
    const { api, clock } = rehearse();
    const KeyId = await makeKey(api);
    await api.call('kms:EnableKeyRotation', { KeyId, RotationPeriodInDays: 100 });
    const first = (await api.call('kms:GetKeyRotationStatus', { KeyId })).NextRotationDate!.getTime();
    await clock.pause(5000);
    await api.call('kms:EnableKeyRotation', { KeyId, RotationPeriodInDays: 200 });
    const second = (await api.call('kms:GetKeyRotationStatus', { KeyId })).NextRotationDate!.getTime();
    expect(second - first).toBe(100 * 86_400_000);
  });

  test('tags twice the same, and more than 50, are refused', async () => {
    const { api } = rehearse();
    const KeyId = await makeKey(api);
    const tag = (...Tags: { TagKey: string; TagValue: string }[]) =>
      api.call('kms:TagResource', { KeyId, Tags });
    await refused(
      tag({ TagKey: 'a', TagValue: '1' }, { TagKey: 'a', TagValue: '2' }),
      'invalid',
      'TagException',
    );
    await tag(...Array.from({ length: 50 }, (_, i) => ({ TagKey: `k${i}`, TagValue: '' })));
    await tag({ TagKey: 'k0', TagValue: 'again' });
    await refused(tag({ TagKey: 'one-more', TagValue: '' }), 'invalid', 'LimitExceededException');
  });

  test('a tag key may be any word, even __proto__', async () => {
    const { api } = rehearse();
    const KeyId = await makeKey(api);
    await api.call('kms:TagResource', { KeyId, Tags: [{ TagKey: '__proto__', TagValue: 'x' }] });
    expect((await api.call('kms:ListResourceTags', { KeyId })).Tags).toEqual([
      { TagKey: '__proto__', TagValue: 'x' },
    ]);
  });
});

describe('DynamoDB', () => {
  const onDemand = { ...table, BillingMode: 'PAY_PER_REQUEST' as const };

  test('capacity is given exactly where it is needed', async () => {
    const { api } = rehearse({ timings: NOW });
    const units = { ProvisionedThroughput: { ReadCapacityUnits: 1, WriteCapacityUnits: 2 } };
    await refused(
      api.call('dynamodb:CreateTable', { ...onDemand, ...units }),
      'invalid',
      'ValidationException',
    );
    await refused(api.call('dynamodb:CreateTable', table), 'invalid', 'ValidationException');
    await api.call('dynamodb:CreateTable', { ...table, ...units });
    const { Table } = await api.call('dynamodb:DescribeTable', { TableName: 'locks' });
    expect(Table?.ProvisionedThroughput).toMatchObject({ ReadCapacityUnits: 1, WriteCapacityUnits: 2 });
    expect(Table?.BillingModeSummary).toBeUndefined();
    await api.call('dynamodb:UpdateTable', { TableName: 'locks', BillingMode: 'PAY_PER_REQUEST' });
    expect(
      (await api.call('dynamodb:DescribeTable', { TableName: 'locks' })).Table?.BillingModeSummary
        ?.BillingMode,
    ).toBe('PAY_PER_REQUEST');
  });

  test('encryption with no key named is with the key of AWS, and half a word on it is refused', async () => {
    const { api } = rehearse({ timings: NOW });
    await refused(
      api.call('dynamodb:CreateTable', { ...onDemand, SSESpecification: { KMSMasterKeyId: 'x' } }),
      'invalid',
      'ValidationException',
    );
    await refused(
      api.call('dynamodb:CreateTable', {
        ...onDemand,
        SSESpecification: { Enabled: true, SSEType: 'AES256' },
      }),
      'invalid',
      'ValidationException',
    );
    await api.call('dynamodb:CreateTable', { ...onDemand, SSESpecification: { Enabled: true } });
    const { Table } = await api.call('dynamodb:DescribeTable', { TableName: 'locks' });
    expect(Table?.SSEDescription?.KMSMasterKeyArn).toContain('alias/aws/dynamodb');
    await api.call('dynamodb:UpdateTable', { TableName: 'locks', SSESpecification: { Enabled: false } });
    expect(
      (await api.call('dynamodb:DescribeTable', { TableName: 'locks' })).Table?.SSEDescription,
    ).toBeUndefined();
    await refused(
      api.call('dynamodb:UpdateTable', { TableName: 'locks', SSESpecification: { Enabled: false } }),
      'invalid',
      'ValidationException',
    );
  });

  test('a table is found by its ARN, and by no other', async () => {
    const { api } = rehearse({ timings: NOW });
    await api.call('dynamodb:CreateTable', onDemand);
    const arn = `arn:aws:dynamodb:${region}:${account}:table/locks`;
    expect((await api.call('dynamodb:DescribeTable', { TableName: arn })).Table?.TableArn).toBe(arn);
    await refused(
      api.call('dynamodb:DescribeTable', { TableName: arn.replace(account, '999999999999') }),
      'invalid',
      'ValidationException',
    );
    await refused(
      api.call('dynamodb:ListTagsOfResource', { ResourceArn: 'locks' }),
      'invalid',
      'ValidationException',
    );
  });

  test.each([
    ['no hash key', { KeySchema: [{ AttributeName: 'LockID', KeyType: 'RANGE' }] }],
    ['an unknown type', { AttributeDefinitions: [{ AttributeName: 'LockID', AttributeType: 'X' }] }],
    ['a tag of the system', { Tags: [{ Key: 'AWS:x', Value: '' }] }],
    [
      'a tag twice',
      {
        Tags: [
          { Key: 'x', Value: '' },
          { Key: 'x', Value: '' },
        ],
      },
    ],
    ['too many tags', { Tags: Array.from({ length: 51 }, (_, i) => ({ Key: `k${i}`, Value: '' })) }],
    ['a tag value too long', { Tags: [{ Key: 'x', Value: 'v'.repeat(257) }] }],
  ])('a table with %s is refused', async (_what, more) => {
    const { api } = rehearse();
    await refused(
      api.call('dynamodb:CreateTable', { ...onDemand, ...(more as object) }),
      'invalid',
      'ValidationException',
    );
  });

  test('recovery can be switched off, and has 35 days unless told otherwise', async () => {
    const { api } = rehearse({ timings: NOW });
    await api.call('dynamodb:CreateTable', onDemand);
    const recover = (spec: object) =>
      api.call('dynamodb:UpdateContinuousBackups', {
        TableName: 'locks',
        PointInTimeRecoverySpecification: spec as never,
      });
    const read = async () =>
      (await api.call('dynamodb:DescribeContinuousBackups', { TableName: 'locks' }))
        .ContinuousBackupsDescription?.PointInTimeRecoveryDescription;
    await recover({ PointInTimeRecoveryEnabled: true });
    expect(await read()).toMatchObject({ PointInTimeRecoveryStatus: 'ENABLED', RecoveryPeriodInDays: 35 });
    await refused(recover({}), 'invalid', 'ValidationException');
    await refused(
      recover({ PointInTimeRecoveryEnabled: false, RecoveryPeriodInDays: 3 }),
      'invalid',
      'ValidationException',
    );
    await recover({ PointInTimeRecoveryEnabled: false });
    expect(await read()).toEqual({ PointInTimeRecoveryStatus: 'DISABLED' });
    await refused(
      api.call('dynamodb:UpdateContinuousBackups', {
        TableName: 'nobody',
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      }),
      'absent',
      'TableNotFoundException',
    );
  });
});

describe('IAM', () => {
  test('all inline policies of a role together may be 10240 characters, white space not counted', async () => {
    const { api } = rehearse();
    await makeRole(api);
    const put = (PolicyName: string, size: number) =>
      api.call('iam:PutRolePolicy', {
        RoleName: 'operator',
        PolicyName,
        PolicyDocument: JSON.stringify(
          JSON.parse(
            policyOf({
              Effect: 'Allow',
              Action: 's3:ListBucket',
              Resource: `arn:aws:s3:::${'x'.repeat(size)}`,
            }),
          ),
          null,
          8,
        ),
      });
    await put('a', 6000);
    await put('a', 6000);
    await refused(put('b', 6000), 'invalid', 'LimitExceededException');
    await put('b', 3000);
  });

  test('names of policies, and Sids, are checked', async () => {
    const { api } = rehearse();
    await makeRole(api);
    const statement = { Effect: 'Allow', Action: 's3:ListBucket', Resource: '*' };
    const put = (PolicyName: string, ...more: object[]) =>
      api.call('iam:PutRolePolicy', {
        RoleName: 'operator',
        PolicyName,
        PolicyDocument: policyOf({ ...statement, ...more[0] }, ...more.slice(1)),
      });
    await refused(put('with space'), 'invalid', 'ValidationError');
    await refused(put('p', { Sid: 'not-alphanumeric' }), 'invalid', 'MalformedPolicyDocumentException');
    await refused(
      put('p', { Sid: 'A' }, { ...statement, Sid: 'A' }),
      'invalid',
      'MalformedPolicyDocumentException',
    );
    await refused(put('p', { Resource: 'arn:short' }), 'invalid', 'MalformedPolicyDocumentException');
    await refused(put('p', { Action: 'nonsense' }), 'invalid', 'MalformedPolicyDocumentException');
  });

  test('descriptions have their characters and length', async () => {
    const { api } = rehearse();
    const make = (Description: string) =>
      api.call('iam:CreateRole', { RoleName: 'r', Description, AssumeRolePolicyDocument: trustRoot });
    await refused(make('x'.repeat(1001)), 'invalid', 'ValidationError');
    await refused(make('日本'), 'invalid', 'ValidationError');
    await make('');
    expect((await api.call('iam:GetRole', { RoleName: 'r' })).Role?.Description).toBeUndefined();
  });

  test('a boundary that the cloud was told of exists; text that is no ARN is refused', async () => {
    const boundary = `arn:aws:iam::${account}:policy/boundary`;
    const { api } = rehearse({ known: [boundary] });
    const make = (PermissionsBoundary: string) =>
      api.call('iam:CreateRole', { RoleName: 'r', PermissionsBoundary, AssumeRolePolicyDocument: trustRoot });
    await refused(make('boundary'), 'invalid', 'ValidationError');
    expect((await make(boundary)).Role?.PermissionsBoundary?.PermissionsBoundaryArn).toBe(boundary);
  });

  test('an Allow to all but one is refused in a trust policy', async () => {
    const { api } = rehearse();
    const AssumeRolePolicyDocument = policyOf({
      Effect: 'Allow',
      NotPrincipal: { AWS: root },
      Action: 'sts:AssumeRole',
    });
    await refused(
      api.call('iam:CreateRole', { RoleName: 'r', AssumeRolePolicyDocument }),
      'invalid',
      'MalformedPolicyDocumentException',
    );
  });

  test('UpdateRole without a duration sets an hour, as its documentation says', async () => {
    const { api } = rehearse();
    await api.call('iam:CreateRole', {
      RoleName: 'r',
      MaxSessionDuration: 7200,
      Description: 'kept',
      AssumeRolePolicyDocument: trustRoot,
    });
    await api.call('iam:UpdateRole', { RoleName: 'r' });
    expect((await api.call('iam:GetRole', { RoleName: 'r' })).Role).toMatchObject({
      MaxSessionDuration: 3600,
      Description: 'kept',
    });
  });

  test('tags of the system and markers that IAM did not give are refused', async () => {
    const { api } = rehearse();
    await makeRole(api);
    await refused(
      api.call('iam:TagRole', { RoleName: 'operator', Tags: [{ Key: 'aws:x', Value: '' }] }),
      'invalid',
      'InvalidInputException',
    );
    await refused(
      api.call('iam:TagRole', { RoleName: 'operator', Tags: [{ Key: '', Value: '' }] }),
      'invalid',
      'ValidationError',
    );
    await refused(
      api.call('iam:ListRolePolicies', { RoleName: 'operator', Marker: 'x' }),
      'invalid',
      'ValidationError',
    );
    await refused(
      api.call('iam:ListRolePolicies', { RoleName: 'operator', MaxItems: 1001 }),
      'invalid',
      'ValidationError',
    );
    expect((await api.call('iam:GetRole', { RoleName: 'operator' })).Role?.Tags).toBeUndefined();
  });

  test('providers have at most 5 thumbprints of 40 digits and 100 audiences, and an ARN of this account', async () => {
    const { api } = rehearse();
    const make = (more: object) =>
      api.call('iam:CreateOpenIDConnectProvider', { Url: 'https://gitlab.com/', ...more });
    await refused(make({ ThumbprintList: ['short'] }), 'invalid', 'ValidationError');
    await refused(
      make({ ThumbprintList: Array.from({ length: 6 }, () => 'a'.repeat(40)) }),
      'invalid',
      'InvalidInputException',
    );
    await refused(
      make({ ClientIDList: Array.from({ length: 101 }, (_, i) => `c${i}`) }),
      'invalid',
      'LimitExceededException',
    );
    await refused(make({ ClientIDList: [''] }), 'invalid', 'ValidationError');
    const ids = Array.from({ length: 100 }, (_, i) => `c${i}`);
    const { OpenIDConnectProviderArn } = await make({ ClientIDList: ids, ThumbprintList: ['a'.repeat(40)] });
    expect(OpenIDConnectProviderArn).toBe(`arn:aws:iam::${account}:oidc-provider/gitlab.com`);
    await refused(
      api.call('iam:AddClientIDToOpenIDConnectProvider', { OpenIDConnectProviderArn, ClientID: 'more' }),
      'invalid',
      'LimitExceededException',
    );
    await refused(
      api.call('iam:GetOpenIDConnectProvider', { OpenIDConnectProviderArn: 'gitlab.com' }),
      'invalid',
      'InvalidInputException',
    );
  });
});
