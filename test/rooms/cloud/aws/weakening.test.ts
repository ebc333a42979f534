/** govboot never deletes and never weakens: neither by the calls that are in the program, nor by the values that it may send. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ApiFault, type AwsApi, type Input, type Operation } from '../../../../src/cloud/aws/api.ts';
import { guarded, isMutating } from '../../../../src/cloud/aws/guard.ts';
import { AWS_PROFILE } from '../../../../src/cloud/aws/profile.ts';
import { JUDGED, weakenedBy } from '../../../../src/cloud/aws/weakening.ts';
import { projectRoot } from '../../../harness/capabilities.ts';
import { fault } from './fake-api.ts';

const WORDS =
  /^(Delete|Remove|Disable|Schedule|Detach|Deactivate|Cancel|Untag|Terminate|Purge|Revoke|Restore|Replicate|Import|Retire|Stop)/;

describe('the program as it is shipped', () => {
  const dist = join(projectRoot, 'dist');
  const scripts = readdirSync(dist, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.js'),
  );
  const text = scripts.map((name) => readFileSync(join(dist, name), 'utf8')).join('\n');
  /** The calls that can be sent at all: each is a class of the SDK, made with the name that goes over the wire. */
  const calls = [
    ...new Set([...text.matchAll(/class extends command\([^"]*"(\w+)"/g)].map(([, name]) => name!)),
  ].sort();
  const listed = new Set(AWS_PROFILE.calls.map((call) => call.slice(call.indexOf(':') + 1)));

  /** The SDK signs in by these, and finds where a service is; none of them can be reached from the program's own table of calls. */
  const OF_THE_SDK = [
    'AssumeRole',
    'AssumeRoleWithWebIdentity',
    'CreateOAuth2Token',
    'CreateOAuth2TokenWithIAM',
    'CreateSession',
    'CreateToken',
    'DescribeEndpoints',
    'GetRoleCredentials',
  ];

  it('has exactly the calls that the profile lists, and those by which the SDK signs in', () => {
    expect(calls).toEqual([...listed, ...OF_THE_SDK].sort());
  });

  it('has no call that deletes or takes away', () => {
    expect(calls.length).toBeGreaterThan(50);
    expect(calls.filter((name) => WORDS.test(name))).toEqual([]);
  });
});

describe('every changing call', () => {
  it('of the profile is judged by its values', () => {
    expect([...JUDGED].sort()).toEqual(AWS_PROFILE.calls.filter(isMutating).sort());
  });

  const anybody = JSON.stringify({
    Statement: [{ Effect: 'Allow', Principal: '*', Action: 's3:GetObject' }],
  });
  const anyAccount = JSON.stringify({ Statement: [{ Effect: 'Allow', Principal: { AWS: ['*'] } }] });
  const allBut = JSON.stringify({ Statement: [{ Effect: 'Allow', NotPrincipal: { AWS: 'x' } }] });
  const wide = (more: object): string => JSON.stringify({ Statement: [{ Effect: 'Allow', ...more }] });
  const block = {
    BlockPublicAcls: true,
    IgnorePublicAcls: true,
    BlockPublicPolicy: true,
    RestrictPublicBuckets: true,
  };
  const kms = {
    ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: 'k' },
  } as const;
  const kept = { Status: 'Enabled', NoncurrentVersionExpiration: { NewerNoncurrentVersions: 5 } } as const;
  const Bucket = 'b';
  const lock = (
    DefaultRetention: { Mode: 'COMPLIANCE' | 'GOVERNANCE'; Days?: number } | undefined,
  ): Input<'s3:PutObjectLockConfiguration'> => ({
    Bucket,
    ObjectLockConfiguration: {
      ObjectLockEnabled: 'Enabled',
      ...(DefaultRetention === undefined ? {} : { Rule: { DefaultRetention } }),
    },
  });
  const table = {
    TableName: 't',
    KeySchema: [],
    AttributeDefinitions: [],
    DeletionProtectionEnabled: true,
    SSESpecification: { Enabled: true, KMSMasterKeyId: 'k' },
  };
  const point = (enabled: boolean) => ({
    TableName: 't',
    PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: enabled },
  });
  const role = { RoleName: 'r' };
  const key = { KeyId: 'k' };

  type Case = {
    [O in Operation]: readonly [operation: O, input: Input<O>, what: RegExp | null];
  }[Operation];
  const cases: readonly Case[] = [
    ['s3:CreateBucket', { Bucket, ObjectOwnership: 'BucketOwnerEnforced' }, null],
    ['s3:CreateBucket', { Bucket }, /access control lists/],
    ['s3:CreateBucket', { Bucket, ObjectOwnership: 'BucketOwnerEnforced', ACL: 'private' }, /access control/],
    ['s3:CreateBucket', { Bucket, ObjectOwnership: 'BucketOwnerEnforced', GrantRead: 'x' }, /access control/],
    ['s3:PutBucketTagging', { Bucket, Tagging: { TagSet: [] } }, /tags of the owner/],
    [
      's3:PutBucketTagging',
      { Bucket, Tagging: { TagSet: [{ Key: 'govboot:repository', Value: 'r' }] } },
      null,
    ],
    ['s3:PutBucketVersioning', { Bucket, VersioningConfiguration: { Status: 'Suspended' } }, /versions/],
    ['s3:PutBucketVersioning', { Bucket, VersioningConfiguration: {} }, /versions/],
    ['s3:PutBucketVersioning', { Bucket, VersioningConfiguration: { Status: 'Enabled' } }, null],
    ['s3:PutBucketEncryption', { Bucket, ServerSideEncryptionConfiguration: { Rules: [kms] } }, null],
    ['s3:PutBucketEncryption', { Bucket, ServerSideEncryptionConfiguration: { Rules: [] } }, /own key/],
    [
      's3:PutBucketEncryption',
      {
        Bucket,
        ServerSideEncryptionConfiguration: {
          Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
        },
      },
      /own key/,
    ],
    ['s3:PutPublicAccessBlock', { Bucket, PublicAccessBlockConfiguration: block }, null],
    ...Object.keys(block).map((name): Case => [
      's3:PutPublicAccessBlock',
      { Bucket, PublicAccessBlockConfiguration: { ...block, [name]: false } },
      /4 of 4/,
    ]),
    [
      's3:PutBucketOwnershipControls',
      { Bucket, OwnershipControls: { Rules: [{ ObjectOwnership: 'ObjectWriter' }] } },
      /access control/,
    ],
    ['s3:PutBucketPolicy', { Bucket, Policy: anybody }, /everybody/],
    ['s3:PutBucketPolicy', { Bucket, Policy: allBut }, /everybody/],
    ['s3:PutBucketPolicy', { Bucket, Policy: wide({ Principal: { AWS: 'arn' } }) }, null],
    ['s3:PutBucketLifecycleConfiguration', { Bucket, LifecycleConfiguration: { Rules: [kept] } }, null],
    [
      's3:PutBucketLifecycleConfiguration',
      { Bucket, LifecycleConfiguration: { Rules: [{ ...kept, Expiration: { Days: 1 } }] } },
      /newest versions/,
    ],
    [
      's3:PutBucketLifecycleConfiguration',
      {
        Bucket,
        LifecycleConfiguration: {
          Rules: [{ Status: 'Enabled', NoncurrentVersionExpiration: { NoncurrentDays: 1 } }],
        },
      },
      /newest versions/,
    ],
    ['s3:PutObject', { Bucket, Key: 'k', IfNoneMatch: '*' }, null],
    ['s3:PutObject', { Bucket, Key: 'k', IfNoneMatch: '*', ObjectLockMode: 'COMPLIANCE' }, null],
    ['s3:PutObject', { Bucket, Key: 'k' }, /covered by another/],
    ['s3:PutObject', { Bucket, Key: 'k', IfNoneMatch: '"etag"' }, /covered by another/],
    ['s3:PutObject', { Bucket, Key: 'k', IfNoneMatch: '*', ACL: 'public-read' }, /access control/],
    ['s3:PutObject', { Bucket, Key: 'k', IfNoneMatch: '*', GrantRead: 'id=x' }, /access control/],
    ['s3:PutObject', { Bucket, Key: 'k', IfNoneMatch: '*', ObjectLockMode: 'GOVERNANCE' }, /before its time/],
    ['s3:PutObjectLockConfiguration', { Bucket }, /could be deleted/],
    ['s3:PutObjectLockConfiguration', lock(undefined), /for no time/],
    ['s3:PutObjectLockConfiguration', lock({ Mode: 'GOVERNANCE', Days: 9 }), /before their time/],
    ['s3:PutObjectLockConfiguration', lock({ Mode: 'COMPLIANCE' }), /for no time/],
    ['dynamodb:CreateTable', table, null],
    ['dynamodb:CreateTable', { ...table, DeletionProtectionEnabled: false }, /deleted/],
    ['dynamodb:CreateTable', { ...table, SSESpecification: { Enabled: true } }, /own key/],
    ['dynamodb:CreateTable', { ...table, StreamSpecification: { StreamEnabled: true } }, /stream/],
    ['dynamodb:UpdateTable', { TableName: 't', DeletionProtectionEnabled: true }, null],
    ['dynamodb:UpdateTable', { TableName: 't', DeletionProtectionEnabled: false }, /deleted/],
    ['dynamodb:UpdateTable', { TableName: 't', SSESpecification: { Enabled: false } }, /encrypted/],
    ['dynamodb:UpdateTable', { TableName: 't', ReplicaUpdates: [] }, /elsewhere/],
    ['dynamodb:UpdateContinuousBackups', point(true), null],
    ['dynamodb:UpdateContinuousBackups', point(false), /brought back/],
    ['kms:CreateKey', { Policy: wide({ Principal: { AWS: 'arn' } }) }, null],
    ['kms:CreateKey', {}, /KMS chooses/],
    ['kms:CreateKey', { Policy: anyAccount }, /everybody/],
    ['kms:CreateKey', { Policy: '{}', BypassPolicyLockoutSafetyCheck: true }, /locked out/],
    ['kms:CreateKey', { Policy: '{}', MultiRegion: true }, /another region/],
    ['kms:PutKeyPolicy', { ...key, Policy: '{}', BypassPolicyLockoutSafetyCheck: true }, /locked out/],
    ['kms:PutKeyPolicy', { ...key, Policy: anyAccount }, /everybody/],
    ['kms:EnableKeyRotation', key, null],
    ['iam:CreateRole', { ...role, AssumeRolePolicyDocument: anybody }, /everybody/],
    ['iam:UpdateAssumeRolePolicy', { ...role, PolicyDocument: anyAccount }, /everybody/],
    ['iam:UpdateAssumeRolePolicy', { ...role, PolicyDocument: wide({ Principal: { AWS: 'arn' } }) }, null],
    ['iam:UpdateRole', { ...role, MaxSessionDuration: 3600 }, null],
    ['iam:UpdateRole', { ...role, MaxSessionDuration: 50_000 }, /sessions/],
    ['iam:PutRolePolicy', { ...role, PolicyName: 'p', PolicyDocument: wide({ Action: 's3:*' }) }, /listed/],
    [
      'iam:PutRolePolicy',
      { ...role, PolicyName: 'p', PolicyDocument: wide({ NotAction: 's3:x' }) },
      /listed/,
    ],
    [
      'iam:PutRolePolicy',
      { ...role, PolicyName: 'p', PolicyDocument: wide({ Action: ['s3:GetObject'] }) },
      null,
    ],
    ['iam:CreateOpenIDConnectProvider', { Url: 'http://token.example' }, /TLS/],
    ['iam:CreateOpenIDConnectProvider', { Url: 'https://token.example' }, null],
    ['iam:AddClientIDToOpenIDConnectProvider', { OpenIDConnectProviderArn: 'a', ClientID: '*' }, /anybody/],
    ['iam:TagRole', { ...role, Tags: [] }, null],
    ['s3:GetBucketPolicy', { Bucket }, null],
  ];

  it.each(cases)('%s %j', async (operation, input, what) => {
    const judged = weakenedBy(operation, input);
    if (what === null) expect(judged).toBeNull();
    else expect(judged).toMatch(what);
    let sent = 0;
    const api = { call: async () => void (sent += 1) } as unknown as AwsApi;
    const call = guarded(api, AWS_PROFILE).call(operation, input);
    if (what === null) await call;
    else
      await expect(call).rejects.toMatchObject({
        code: 'CALL_NOT_ALLOWED',
        message: expect.stringMatching(what),
      });
    expect(sent).toBe(what === null ? 1 : 0);
  });
});

describe('a retention', () => {
  const Bucket = 'b';
  const kept = (Days: number): Input<'s3:PutObjectLockConfiguration'> => ({
    Bucket,
    ObjectLockConfiguration: {
      ObjectLockEnabled: 'Enabled',
      Rule: { DefaultRetention: { Mode: 'COMPLIANCE', Days } },
    },
  });
  const read = (answer: object | ApiFault) => {
    const sent: string[] = [];
    const api = {
      call: async (operation: Operation) => {
        sent.push(operation);
        if (answer instanceof ApiFault && operation === 's3:GetObjectLockConfiguration') throw answer;
        return answer;
      },
    } as unknown as AwsApi;
    return { sent, api: guarded(api, AWS_PROFILE) };
  };
  const there = (DefaultRetention: object) => ({
    ObjectLockConfiguration: { ObjectLockEnabled: 'Enabled', Rule: { DefaultRetention } },
  });

  it.each([
    ['days', { Mode: 'COMPLIANCE', Days: 30 }],
    ['the same in another mode', { Mode: 'GOVERNANCE', Days: 30 }],
  ])('is made longer and never shorter: %s', async (_what, retention) => {
    const { api, sent } = read(there(retention));
    await api.call('s3:GetObjectLockConfiguration', { Bucket });
    await expect(api.call('s3:PutObjectLockConfiguration', kept(29))).rejects.toMatchObject({
      code: 'CALL_NOT_ALLOWED',
      message: expect.stringContaining('29 days instead of 30'),
    });
    await api.call('s3:PutObjectLockConfiguration', kept(31));
    // What was written counts from then on.
    await expect(api.call('s3:PutObjectLockConfiguration', kept(30))).rejects.toMatchObject({
      code: 'CALL_NOT_ALLOWED',
    });
    expect(sent.filter((call) => call === 's3:PutObjectLockConfiguration')).toHaveLength(1);
  });

  it('in years is one of 365 days each', async () => {
    const { api } = read(there({ Mode: 'COMPLIANCE', Years: 7 }));
    await api.call('s3:GetObjectLockConfiguration', { Bucket });
    await expect(api.call('s3:PutObjectLockConfiguration', kept(2554))).rejects.toThrow('instead of 2555');
    await api.call('s3:PutObjectLockConfiguration', kept(2555));
  });

  it.each([
    ['absent', true],
    ['denied', false],
  ] as const)('that reads as %s', async (kind, isWritten) => {
    const { api } = read(
      fault('s3:GetObjectLockConfiguration', kind, 'ObjectLockConfigurationNotFoundError'),
    );
    await expect(api.call('s3:GetObjectLockConfiguration', { Bucket })).rejects.toBeInstanceOf(ApiFault);
    const call = api.call('s3:PutObjectLockConfiguration', kept(1));
    if (isWritten) await call;
    else await expect(call).rejects.toThrow('nobody has read');
  });

  it('of another bucket says nothing of this one', async () => {
    const { api } = read(there({ Mode: 'COMPLIANCE', Days: 1 }));
    await api.call('s3:GetObjectLockConfiguration', { Bucket: 'other' });
    await expect(api.call('s3:PutObjectLockConfiguration', kept(5))).rejects.toThrow('nobody has read');
  });
});
