// What the policies of the store deny, judged by an evaluator that is not ours, to callers who are allowed everything by their own policies.
import { describe, expect, test } from 'vitest';
import { bucketArn, objectArn, roleArn } from '../../src/cloud/aws/arn.ts';
import { document } from '../../src/cloud/aws/policies/document.ts';
import { evidenceBucketPolicy } from '../../src/cloud/aws/policies/evidence-bucket-policy.ts';
import { evidenceKeyPolicy } from '../../src/cloud/aws/policies/evidence-key-policy.ts';
import { ROLE_NAMES } from '../../src/plan/blueprint.ts';
import { exampleBlueprintWithStore } from '../harness/blueprint.ts';
import { judge, type Call, type Context } from '../harness/iam-judge.ts';

const b = exampleBlueprintWithStore();
const store = b.evidence!;
const keyArn = `arn:aws:kms:${b.region}:${b.account}:key/11111111-2222-4333-8444-555555555555`;
const EVERYTHING = document([{ Sid: 'Everything', Effect: 'Allow', Action: '*', Resource: '*' }]);
const ADMINISTRATOR = `arn:aws:iam::${b.account}:role/administrator`;

const object = objectArn(b, 'dev/ledger/00000000.json', store.bucket);
const bucket = bucketArn(b, store.bucket);
const SSE = 's3:x-amz-server-side-encryption';
const TLS = { 's3:TlsVersion': '1.3' };
const NEW = { ...TLS, 's3:ObjectCreationOperation': 'true', 's3:if-none-match': '*' };
const DAYS = 's3:object-lock-remaining-retention-days';
const MODE = 's3:object-lock-mode';
const THROUGH = {
  'kms:ViaService': `s3.${b.region}.amazonaws.com`,
  'kms:EncryptionContext:aws:s3:arn': bucket,
};

const on = (resource: string, action: string, context: Context = TLS): Call => ({
  action,
  resource,
  context,
});
const put = (context: Context): Call => on(object, 's3:PutObject', { ...NEW, ...context });

async function verdictOf(role: string, call: Call): Promise<string> {
  const policy = call.action.startsWith('kms:')
    ? evidenceKeyPolicy(b, store)
    : evidenceBucketPolicy(b, store, keyArn);
  const verdict = await judge(
    { role, identity: [EVERYTHING], boundary: null },
    { account: b.account, policy },
    call,
  );
  return verdict.is;
}

const ALLOWED: readonly (readonly [string, Call])[] = [
  ['put what is not there', put({})],
  ['put under the key of the store', put({ [SSE]: 'aws:kms', [`${SSE}-aws-kms-key-id`]: keyArn })],
  ['put for as long as the policy says', put({ [MODE]: 'COMPLIANCE', [DAYS]: '2557' })],
  [
    'put a part of a large upload',
    on(object, 's3:PutObject', { ...TLS, 's3:ObjectCreationOperation': 'false' }),
  ],
  ['keep longer', on(object, 's3:PutObjectRetention', { ...TLS, [MODE]: 'COMPLIANCE', [DAYS]: '4000' })],
  ['hold for a lawyer', on(object, 's3:PutObjectLegalHold')],
  ['get', on(object, 's3:GetObject')],
  ['get a version', on(object, 's3:GetObjectVersion')],
  ['list versions', on(bucket, 's3:ListBucketVersions')],
  ['make the retention longer', on(bucket, 's3:PutBucketObjectLockConfiguration')],
  ['repair the policy', on(bucket, 's3:PutBucketPolicy')],
  ['encrypt through S3', on(keyArn, 'kms:GenerateDataKey', THROUGH)],
  ['decrypt through S3', on(keyArn, 'kms:Decrypt', THROUGH)],
  [
    'decrypt an object without a bucket key',
    on(keyArn, 'kms:Decrypt', { ...THROUGH, 'kms:EncryptionContext:aws:s3:arn': object }),
  ],
  ['read the policy of the key', on(keyArn, 'kms:GetKeyPolicy', {})],
  ['repair the policy of the key', on(keyArn, 'kms:PutKeyPolicy', {})],
  ['rescue the key', on(keyArn, 'kms:CancelKeyDeletion', {})],
];

const DENIED: readonly (readonly [string, Call])[] = [
  ['put without TLS', put({ 'aws:SecureTransport': 'false' })],
  [
    'put over what may be there',
    on(object, 's3:PutObject', { ...TLS, 's3:ObjectCreationOperation': 'true' }),
  ],
  ['put under another key', put({ [SSE]: 'aws:kms', [`${SSE}-aws-kms-key-id`]: `${keyArn}0` })],
  ['put under no key', put({ [SSE]: 'AES256' })],
  ['put for less', put({ [MODE]: 'COMPLIANCE', [DAYS]: '2556' })],
  ['put with a way around it', put({ [MODE]: 'GOVERNANCE', [DAYS]: '4000' })],
  ['keep for less', on(object, 's3:PutObjectRetention', { ...TLS, [MODE]: 'COMPLIANCE', [DAYS]: '30' })],
  ['keep otherwise', on(object, 's3:PutObjectRetention', { ...TLS, [MODE]: 'GOVERNANCE', [DAYS]: '4000' })],
  ['go around it', on(object, 's3:BypassGovernanceRetention')],
  ['hide', on(object, 's3:DeleteObject')],
  ['delete', on(object, 's3:DeleteObjectVersion', { ...TLS, 's3:VersionId': 'v1' })],
  ['delete the bucket', on(bucket, 's3:DeleteBucket')],
  ['delete its policy', on(bucket, 's3:DeleteBucketPolicy')],
  ['stop versioning', on(bucket, 's3:PutBucketVersioning')],
  ['let versions expire', on(bucket, 's3:PutLifecycleConfiguration')],
  ['copy it elsewhere', on(bucket, 's3:PutReplicationConfiguration')],
  ['decrypt by hand', on(keyArn, 'kms:Decrypt', {})],
  [
    'decrypt through another service',
    on(keyArn, 'kms:Decrypt', { ...THROUGH, 'kms:ViaService': `dynamodb.${b.region}.amazonaws.com` }),
  ],
  [
    'encrypt for the bucket of the state',
    on(keyArn, 'kms:GenerateDataKey', { ...THROUGH, 'kms:EncryptionContext:aws:s3:arn': bucketArn(b) }),
  ],
  [
    'decrypt of a bucket whose name begins so',
    on(keyArn, 'kms:Decrypt', { ...THROUGH, 'kms:EncryptionContext:aws:s3:arn': `${bucket}-2/x` }),
  ],
  ['move to another key', on(keyArn, 'kms:ReEncryptFrom', {})],
  ['give a grant', on(keyArn, 'kms:CreateGrant', {})],
  ['disable the key', on(keyArn, 'kms:DisableKey', {})],
  ['end its rotation', on(keyArn, 'kms:DisableKeyRotation', {})],
  ['schedule its deletion', on(keyArn, 'kms:ScheduleKeyDeletion', {})],
];

describe('an administrator', () => {
  test.each(ALLOWED)('may %s', async (_what, call) => {
    expect(await verdictOf(ADMINISTRATOR, call)).toBe('allowed');
  });

  test.each(DENIED)('may not %s', async (_what, call) => {
    expect(await verdictOf(ADMINISTRATOR, call)).toBe('denied');
  });
});

describe.each(ROLE_NAMES)('role %s, whatever is attached to it', (role) => {
  test('may not do with the store what an administrator may', async () => {
    const ofKey = ['kms:CancelKeyDeletion', 'kms:GetKeyPolicy', 'kms:PutKeyPolicy'];
    for (const [what, call] of ALLOWED.filter(([, { action }]) => !ofKey.includes(action)))
      expect(await verdictOf(roleArn(b, role), call), what).toBe('denied');
  });

  test('may not lose anything either', async () => {
    for (const [what, call] of DENIED) expect(await verdictOf(roleArn(b, role), call), what).toBe('denied');
  });
});

test('break-glass needs nothing of its own to rescue the key, and nothing else is given to it', async () => {
  const nothing = document([{ Sid: 'Sts', Effect: 'Allow', Action: 'sts:GetCallerIdentity', Resource: '*' }]);
  const caller = { role: roleArn(b, 'break-glass'), identity: [nothing], boundary: null };
  const may = async (action: string): Promise<string> =>
    (
      await judge(
        caller,
        { account: b.account, policy: evidenceKeyPolicy(b, store) },
        on(keyArn, action, THROUGH),
      )
    ).is;
  expect(await may('kms:CancelKeyDeletion')).toBe('allowed');
  expect(await may('kms:EnableKey')).toBe('allowed');
  for (const action of ['kms:Decrypt', 'kms:ScheduleKeyDeletion', 'kms:PutKeyPolicy'])
    expect(await may(action), action).toBe('denied');
});
