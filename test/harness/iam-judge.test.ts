/** The judge of policies is judged itself: by documented outcomes, and by telling an error from a denial. */
import { describe, expect, test } from 'vitest';
import type { PolicyDocument, Statement } from '../../src/cloud/aws/policies/document.ts';
import { judge, type Call, type Caller, type Verdict } from './iam-judge.ts';

const ACCOUNT = '123456789012';
const ROLE = `arn:aws:iam::${ACCOUNT}:role/reader`;
const KEY = `arn:aws:kms:eu-central-1:${ACCOUNT}:key/11111111-2222-4333-8444-555555555555`;
const policy = (...Statement: readonly Statement[]): PolicyDocument => ({ Version: '2012-10-17', Statement });
const allow = (Action: string, rest: Partial<Statement> = {}): Statement => ({
  Sid: 'Allow',
  Effect: 'Allow',
  Action,
  Resource: '*',
  ...rest,
});
const caller = (...identity: readonly PolicyDocument[]): Caller => ({ role: ROLE, identity, boundary: null });
const nowhere = { account: ACCOUNT, policy: null };
const read: Call = { action: 's3:GetObject', resource: 'arn:aws:s3:::b/k', context: {} };
const decrypt = (context: Call['context'] = {}): Call => ({ action: 'kms:Decrypt', resource: KEY, context });

const allowed: Verdict = { is: 'allowed' };
const implicit: Verdict = { is: 'denied', how: 'implicit', by: [] };
const explicit = (by: string): Verdict => ({ is: 'denied', how: 'explicit', by: [by] });

describe('identity, resource and boundary', () => {
  test('nothing allows: implicit; one Allow: allowed; a Deny beside it: explicit, by its Sid', async () => {
    expect(await judge(caller(), nowhere, read)).toEqual(implicit);
    expect(await judge(caller(policy(allow('s3:GetObject'))), nowhere, read)).toEqual(allowed);
    const deny = policy({ ...allow('s3:*'), Sid: 'NoS3', Effect: 'Deny' });
    expect(await judge(caller(policy(allow('s3:GetObject')), deny), nowhere, read)).toEqual(explicit('NoS3'));
  });

  test('a bucket policy that only denies takes away and gives nothing', async () => {
    const target = {
      account: ACCOUNT,
      policy: policy({
        Sid: 'Tls',
        Effect: 'Deny',
        Principal: '*',
        Action: 's3:*',
        Resource: 'arn:aws:s3:::b/*',
        Condition: { Bool: { 'aws:SecureTransport': 'false' } },
      }),
    };
    expect(await judge(caller(), target, read)).toEqual(implicit);
    const reader = caller(policy(allow('s3:GetObject')));
    expect(await judge(reader, target, read)).toEqual(allowed);
    const plain = { ...read, context: { 'aws:SecureTransport': 'false' } };
    expect(await judge(reader, target, plain)).toEqual(explicit('Tls'));
  });

  test('a boundary allows nothing by itself, and what it leaves out is denied', async () => {
    const boundary = policy(allow('s3:ListBucket'));
    const bounded = { ...caller(policy(allow('s3:GetObject'))), boundary };
    expect(await judge(bounded, nowhere, read)).toEqual(implicit);
    const wide = { ...bounded, boundary: policy(allow('s3:GetObject')) };
    expect(await judge(wide, nowhere, read)).toEqual(allowed);
    expect(await judge({ ...wide, identity: [] }, nowhere, read)).toEqual(implicit);
  });

  test("a key's policy decides: without the account in it, an identity policy opens nothing", async () => {
    const other = policy({
      ...allow('kms:Decrypt'),
      Principal: { AWS: `arn:aws:iam::${ACCOUNT}:role/somebody-else` },
    });
    const root = policy({ ...allow('kms:*'), Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` } });
    const holder = caller(policy(allow('kms:Decrypt')));
    expect(await judge(holder, { account: ACCOUNT, policy: other }, decrypt())).toEqual(implicit);
    expect(await judge(holder, { account: ACCOUNT, policy: root }, decrypt())).toEqual(allowed);
    expect(await judge(caller(), { account: ACCOUNT, policy: root }, decrypt())).toEqual(implicit);
  });
});

describe('the encryption context, under its other name', () => {
  const name = 'kms:EncryptionContext:aws:s3:arn';
  const bound = policy(
    allow('kms:Decrypt', { Condition: { StringLike: { [name]: ['arn:aws:s3:::b', 'arn:aws:s3:::b/*'] } } }),
  );
  const root = policy({ ...allow('kms:*'), Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` } });
  const target = { account: ACCOUNT, policy: root };

  test.for([
    ['of the bucket', { [name]: 'arn:aws:s3:::b' }, allowed],
    ['of an object', { [name]: 'arn:aws:s3:::b/k' }, allowed],
    ['of another bucket', { [name]: 'arn:aws:s3:::bb' }, implicit],
    ['absent', {}, implicit],
    ['another key of it', { 'kms:EncryptionContext:aws:s3:arn2': 'arn:aws:s3:::b' }, implicit],
  ] as const)('%s', async ([, context, verdict]) => {
    expect(await judge(caller(bound), target, decrypt(context))).toEqual(verdict);
  });
});

describe('what could not be judged is an error, and never a denial', () => {
  const all = caller(policy(allow('*')));
  test.for([
    ['an action that does not exist', { ...read, action: 's3:GetObjekt' }],
    ['a resource of another kind', { ...read, resource: KEY }],
    ['a pattern instead of a resource', { ...read, resource: 'arn:aws:s3:::b/*' }],
    ['a context key that the action does not have', { ...read, context: { 'dynamodb:LeadingKeys': ['x'] } }],
    ['a context key that does not exist', { ...read, context: { 's3:if-nonematch': '*' } }],
  ] as const)('%s', async ([, call]) => {
    expect(await judge(all, nowhere, call)).toMatchObject({ is: 'error' });
  });

  test('a policy that is malformed', async () => {
    const wrong = policy({ ...allow('s3:GetObject'), Effect: 'Permit' as 'Allow' });
    expect(await judge(caller(wrong), nowhere, read)).toMatchObject({ is: 'error' });
  });
});
