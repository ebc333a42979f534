// docs/rehearsal-cloud.md, "Policies".
import { describe, expect, test } from 'vitest';
import { decide } from '../../../../src/cloud/rehearsal/evaluate.ts';
import { matchesPattern, parsePolicy } from '../../../../src/cloud/rehearsal/policy.ts';
import {
  account,
  adminKey,
  bucket,
  makeBucket,
  makeKey,
  makeRole,
  policyOf,
  refused,
  rehearse,
  root,
} from './rehearse.ts';

const both = [`arn:aws:s3:::${bucket.Bucket}`, `arn:aws:s3:::${bucket.Bucket}/*`];
const deny = { Sid: 'No', Effect: 'Deny', Principal: '*', Action: 's3:*', Resource: both };
const session = `arn:aws:sts::${account}:assumed-role/bootstrap/rehearsal`;
const role = `arn:aws:iam::${account}:role/bootstrap`;

describe('the decision', () => {
  const request = {
    principals: ['*', account, root, role, session],
    action: 's3:PutBucketPolicy',
    resource: 'arn:aws:s3:::b',
    context: { 'aws:principalarn': role, 'aws:securetransport': 'true', 's3:tlsversion': '1.3' },
  };
  const verdict = (more: object) =>
    decide(
      parsePolicy(policyOf({ Effect: 'Deny', Principal: '*', Action: 's3:*', Resource: '*', ...more })),
      request,
    );
  const when = (operator: string, key: string, values: unknown) =>
    verdict({ Condition: { [operator]: { [key]: values } } });

  test.each([
    ['of another action', { Action: 's3:GetObject' }],
    ['of another resource', { Resource: 'arn:aws:s3:::c' }],
    ['of another principal', { Principal: { AWS: '999999999999' } }],
    ['of a service', { Principal: { Service: 's3.amazonaws.com' } }],
    ['of all but this action', { Action: undefined, NotAction: 's3:put*' }],
    ['of all but this principal', { Principal: undefined, NotPrincipal: { AWS: role } }],
    ['of all but this resource', { Resource: undefined, NotResource: 'arn:aws:s3:::b' }],
  ])('R.50 a statement %s does not apply', (_what, more) => {
    expect(verdict(more)).toBe('silent');
  });

  test.each([
    ['in any case', { Action: 'S3:PUTBUCKETPOLICY' }],
    ['by a pattern', { Action: 's3:Put?ucket*' }],
    ['by account', { Principal: { AWS: account } }],
    ['by role', { Principal: { AWS: role } }],
    ['by session', { Principal: { AWS: session } }],
    ['by all but another principal', { Principal: undefined, NotPrincipal: { AWS: '999999999999' } }],
  ])('R.50 a statement applies %s', (_how, more) => {
    expect(verdict(more)).toBe('denied');
  });

  test.each([
    ['StringEquals', 'aws:PrincipalArn', role, true],
    ['StringEquals', 'AWS:principalARN', [role, 'x'], true],
    ['StringEquals', 'aws:PrincipalArn', 'x', false],
    ['StringEquals', 'aws:Absent', 'x', false],
    ['StringEqualsIfExists', 'aws:Absent', 'x', true],
    ['StringNotEquals', 'aws:PrincipalArn', role, false],
    ['StringNotEquals', 'aws:PrincipalArn', ['x', role], false],
    ['StringNotEquals', 'aws:PrincipalArn', ['x', 'y'], true],
    ['StringNotEquals', 'aws:Absent', 'x', true],
    ['StringEqualsIgnoreCase', 'aws:SecureTransport', 'TRUE', true],
    ['StringLike', 'aws:PrincipalArn', '*:role/boot*', true],
    ['StringNotLike', 'aws:PrincipalArn', '*:role/boot*', false],
    ['ArnEquals', 'aws:PrincipalArn', `arn:aws:iam::*:role/bootstrap`, true],
    ['ArnNotLike', 'aws:PrincipalArn', `arn:aws:iam::*:role/other`, true],
    ['Bool', 'aws:SecureTransport', 'false', false],
    ['Bool', 'aws:SecureTransport', true, true],
    ['NumericLessThan', 's3:TlsVersion', 1.2, false],
    ['NumericLessThan', 's3:TlsVersion', '1.4', true],
    ['NumericLessThanEquals', 's3:TlsVersion', '1.3', true],
    ['NumericGreaterThan', 's3:TlsVersion', '1.3', false],
    ['NumericGreaterThanEquals', 's3:TlsVersion', '1.3', true],
    ['NumericEquals', 's3:TlsVersion', '1.3', true],
    ['NumericNotEquals', 's3:TlsVersion', '1.3', false],
    ['Null', 'aws:Absent', 'true', true],
    ['Null', 'aws:PrincipalArn', 'true', false],
    ['Null', 'aws:PrincipalArn', 'false', true],
    ['ForAllValues:StringEquals', 'aws:Absent', 'x', true],
    ['ForAnyValue:StringEquals', 'aws:Absent', 'x', false],
    ['ForAnyValue:StringNotEquals', 'aws:Absent', 'x', false],
    ['DateLessThan', 'aws:PrincipalArn', '2030-01-01T00:00:00Z', false],
  ] as const)('R.50 %s of %s with %j: %s', (operator, key, values, applies) => {
    expect(when(operator, key, values)).toBe(applies ? 'denied' : 'silent');
  });

  test('R.50 a Deny wins over every Allow, and all conditions must hold', () => {
    const allow = { Effect: 'Allow', Principal: '*', Action: 's3:*', Resource: '*' };
    expect(decide(parsePolicy(policyOf(allow)), request)).toBe('allowed');
    expect(decide(parsePolicy(policyOf(allow, { ...allow, Effect: 'Deny' })), request)).toBe('denied');
    expect(
      verdict({
        Condition: { Bool: { 'aws:SecureTransport': 'true' }, StringEquals: { 'aws:Absent': 'x' } },
      }),
    ).toBe('silent');
  });

  test.each([
    ['a.c', 'abc', false],
    ['a*c', 'a/b/c', true],
    ['a?c', 'abc', true],
    ['a?c', 'ac', false],
    ['(x)[', '(x)[', true],
  ])('R.50 the pattern %j and %j: %s', (pattern, text, hit) => {
    expect(matchesPattern(pattern, text)).toBe(hit);
  });
});

describe('policies', () => {
  test('R.50 a bucket that denies everybody but one shuts the caller out of everything named', async () => {
    const { api } = rehearse();
    await makeBucket(api);
    await api.call('s3:PutBucketPolicy', {
      ...bucket,
      Policy: policyOf({
        ...deny,
        Condition: { ArnNotEquals: { 'aws:PrincipalArn': `arn:aws:iam::${account}:role/break-glass` } },
      }),
    });
    expect((await refused(api.call('s3:HeadBucket', bucket), 'denied')).status).toBe(403);
    expect(
      (await refused(api.call('s3:GetBucketTagging', bucket), 'denied', 'AccessDenied')).message,
    ).toContain('explicit deny');
    await refused(
      api.call('s3:PutBucketPolicy', { ...bucket, Policy: policyOf(deny) }),
      'denied',
      'AccessDenied',
    );
  });

  test('R.50 a bucket that asks for TLS lets this caller through', async () => {
    const { api } = rehearse();
    await makeBucket(api);
    const tls = { Bool: { 'aws:SecureTransport': 'false' } };
    const old = { NumericLessThan: { 's3:TlsVersion': '1.2' } };
    await api.call('s3:PutBucketPolicy', {
      ...bucket,
      Policy: policyOf({ ...deny, Condition: tls }, { ...deny, Sid: 'Old', Condition: old }),
    });
    await api.call('s3:HeadBucket', bucket);
  });

  test('R.51 a key lets in only whom its policy names', async () => {
    const run = rehearse();
    const mine = policyOf({ Effect: 'Allow', Principal: { AWS: role }, Action: 'kms:*', Resource: '*' });
    const KeyId = (await run.api.call('kms:CreateKey', { Policy: mine })).KeyMetadata!.KeyId!;
    await run.api.call('kms:DescribeKey', { KeyId });
    const bob = run.with({ callerArn: `arn:aws:iam::${account}:user/bob` });
    expect(
      (await refused(bob.call('kms:DescribeKey', { KeyId }), 'denied', 'AccessDeniedException')).message,
    ).toContain('no resource-based policy allows');
    await refused(
      bob.call('kms:CreateAlias', { AliasName: 'alias/a', TargetKeyId: KeyId }),
      'denied',
      'AccessDeniedException',
    );
    // The account delegates to whoever its own policies allow.
    await bob.call('kms:DescribeKey', { KeyId: await makeKey(run.api) });
  });

  test('R.51 a statement without an action or a resource has no effect', async () => {
    const { api } = rehearse();
    const idle = { Effect: 'Deny', Principal: '*', Action: 'kms:DescribeKey' };
    await api.call('kms:DescribeKey', { KeyId: await makeKey(api, idle) });
  });

  test('R.52 root can always read and replace a bucket policy, and nothing more', async () => {
    const run = rehearse();
    await makeBucket(run.api);
    await run.api.call('s3:PutBucketPolicy', { ...bucket, Policy: policyOf(deny) });
    const asRoot = run.with({ callerArn: root });
    await asRoot.call('s3:GetBucketPolicy', bucket);
    await refused(asRoot.call('s3:GetBucketVersioning', bucket), 'denied');
    await asRoot.call('s3:PutBucketPolicy', {
      ...bucket,
      Policy: policyOf({ ...deny, Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
    });
    await run.api.call('s3:GetBucketVersioning', bucket);
    expect((await asRoot.call('sts:GetCallerIdentity', {})).UserId).toBe(account);
  });

  test('R.53 a policy comes back in the spelling of its service', async () => {
    const { api } = rehearse({ known: [`arn:aws:iam::${account}:user/alice`] });
    await makeBucket(api);
    const written = {
      ...deny,
      Action: ['s3:GetObject'],
      Resource: [both[1]],
      Principal: { AWS: [root, `arn:aws:iam::${account}:user/alice`] },
    };
    await api.call('s3:PutBucketPolicy', { ...bucket, Policy: policyOf(written) });
    const { Policy } = await api.call('s3:GetBucketPolicy', bucket);
    expect(JSON.parse(Policy!)).toEqual({
      Version: '2012-10-17',
      Statement: [
        {
          ...written,
          Action: 's3:GetObject',
          Resource: both[1],
          Principal: { AWS: [`arn:aws:iam::${account}:user/alice`, root] },
        },
      ],
    });
    expect(Policy).not.toContain(' :');
    const key = await api.call('kms:GetKeyPolicy', { KeyId: await makeKey(api) });
    expect(key.Policy).toContain('"Version" : "2012-10-17"');
    expect(JSON.parse(key.Policy!)).toEqual(JSON.parse(policyOf(adminKey)));
    await makeRole(api);
    const { Role } = await api.call('iam:GetRole', { RoleName: 'operator' });
    expect(Role?.AssumeRolePolicyDocument).toMatch(/^%7B%22Version%22%3A/);
  });

  const put = async (principal: unknown, options: Parameters<typeof rehearse>[0] = {}) => {
    const { api } = rehearse(options);
    await makeBucket(api);
    await api.call('s3:PutBucketPolicy', { ...bucket, Policy: policyOf({ ...deny, Principal: principal }) });
  };

  test.each([
    ['everybody', '*'],
    ['everybody, spelled out', { AWS: '*' }],
    ['an account', { AWS: '999999999999' }],
    ['the root of an account', { AWS: 'arn:aws:iam::999999999999:root' }],
    ['a service', { Service: 'logging.s3.amazonaws.com' }],
    ['the caller', { AWS: role }],
    ['the caller in its session', { AWS: session }],
    ['a canonical user', { CanonicalUser: 'a'.repeat(64) }],
    ['a provider', { Federated: `arn:aws:iam::${account}:oidc-provider/gitlab.com` }],
  ])('R.54 %s exists', async (_who, principal) => {
    await expect(put(principal)).resolves.toBeUndefined();
  });

  test.each([
    ['a user', { AWS: `arn:aws:iam::${account}:user/nobody` }],
    ['a role', { AWS: `arn:aws:iam::${account}:role/nobody` }],
    ['a session of a role', { AWS: `arn:aws:sts::${account}:assumed-role/nobody/x` }],
    ['a pattern', { AWS: `arn:aws:iam::${account}:role/*` }],
    ['a root of another partition', { AWS: 'arn:aws-cn:iam::999999999999:root' }],
    ['a word', { AWS: 'alice' }],
    ['a service of somebody else', { Service: 'example.org' }],
    ['a short canonical user', { CanonicalUser: 'abc' }],
  ])('R.54 %s that nobody made does not exist', async (_who, principal) => {
    await refused(put(principal), 'not-ready', 'MalformedPolicy');
    // Not even where anyone may be trusted: this is no trust policy.
    await refused(put(principal, { trustAnyone: true }), 'not-ready', 'MalformedPolicy');
  });

  test('R.54 roles made here exist, by their exact path, and in their sessions', async () => {
    const { api } = rehearse();
    await makeBucket(api);
    await api.call('iam:CreateRole', {
      RoleName: 'deep',
      Path: '/team/',
      AssumeRolePolicyDocument: policyOf({
        Effect: 'Allow',
        Principal: { AWS: root },
        Action: 'sts:AssumeRole',
      }),
    });
    const write = (AWS: string) =>
      api.call('s3:PutBucketPolicy', {
        ...bucket,
        Policy: policyOf({
          ...deny,
          Principal: { AWS },
          Condition: { Bool: { 'aws:SecureTransport': 'false' } },
        }),
      });
    await write(`arn:aws:iam::${account}:role/team/deep`);
    await write(`arn:aws:sts::${account}:assumed-role/deep/session`);
    await refused(write(`arn:aws:iam::${account}:role/deep`), 'not-ready');
  });

  test('R.54 a cloud that is told to trust anyone takes people it does not know, and no patterns', async () => {
    const { api } = rehearse({ trustAnyone: true });
    const trusting = (AWS: string) =>
      policyOf({ Effect: 'Allow', Principal: { AWS }, Action: 'sts:AssumeRole' });
    const make = (RoleName: string, AWS: string) =>
      api.call('iam:CreateRole', { RoleName, AssumeRolePolicyDocument: trusting(AWS) });
    await make('a', `arn:aws:iam::${account}:user/alice`);
    await refused(make('b', `arn:aws:iam::${account}:user/*`), 'not-ready');
    await refused(make('c', 'alice'), 'not-ready');
  });
});
