/** The judge of trust policies against what AWS documents; each row names the page of the IAM user guide. */
import { describe, expect, test } from 'vitest';
import type { Conditions, PolicyDocument, Statement } from '../../src/cloud/aws/policies/document.ts';
import { conditionsMatch, entry, type Asker, type Keys } from './trust-judge.ts';

const OPERATORS = 'IAM JSON policy elements: Condition operators';
const IF_EXISTS = `${OPERATORS}, …IfExists`;
const NULL = `${OPERATORS}, Null`;
const MULTI = 'Multivalued context keys';
const SEVERAL = 'Conditions with multiple context keys or values';

type Row = readonly [page: string, what: string, condition: Conditions, keys: Keys, match: string];

const k = (value: string | readonly string[]): Keys => ({ k: value });
const ROWS: readonly Row[] = [
  [OPERATORS, 'StringEquals: the same', { StringEquals: { k: 'a' } }, k('a'), 'yes'],
  [OPERATORS, 'StringEquals: case matters', { StringEquals: { k: 'a' } }, k('A'), 'no'],
  [OPERATORS, 'StringEquals: a star is a star', { StringEquals: { k: 'a*' } }, k('ab'), 'no'],
  [OPERATORS, 'StringEquals: no part of it', { StringEquals: { k: 'a' } }, k('ab'), 'no'],
  [OPERATORS, 'a key that is absent does not match', { StringEquals: { k: 'a' } }, {}, 'no'],
  [OPERATORS, 'names of keys in any case', { StringEquals: { K: 'a' } }, k('a'), 'yes'],
  [OPERATORS, 'StringEqualsIgnoreCase', { StringEqualsIgnoreCase: { k: 'a' } }, k('A'), 'yes'],
  [OPERATORS, 'StringNotEquals: another', { StringNotEquals: { k: 'a' } }, k('b'), 'yes'],
  [OPERATORS, 'StringNotEquals: none of several', { StringNotEquals: { k: ['a', 'b'] } }, k('b'), 'no'],
  [OPERATORS, 'a negated operator matches a key that is absent', { StringNotEquals: { k: 'a' } }, {}, 'yes'],
  [OPERATORS, 'StringLike: a star is anything', { StringLike: { k: 'a*c' } }, k('abbc'), 'yes'],
  [OPERATORS, 'StringLike: a star is also nothing', { StringLike: { k: 'a*' } }, k('a'), 'yes'],
  [OPERATORS, 'StringLike: a question mark is one character', { StringLike: { k: 'a?' } }, k('a'), 'no'],
  [OPERATORS, 'StringLike: a dot is a dot', { StringLike: { k: 'a.c' } }, k('abc'), 'no'],
  [OPERATORS, 'StringLike: case matters', { StringLike: { k: 'A*' } }, k('ab'), 'no'],
  [OPERATORS, 'StringNotLike', { StringNotLike: { k: 'a*' } }, k('ab'), 'no'],
  [OPERATORS, 'Bool', { Bool: { k: 'true' } }, k('true'), 'yes'],
  [OPERATORS, 'Bool: false', { Bool: { k: 'true' } }, k('false'), 'no'],
  [OPERATORS, 'Bool: absent', { Bool: { k: 'true' } }, {}, 'no'],
  [IF_EXISTS, 'absent', { BoolIfExists: { k: 'true' } }, {}, 'yes'],
  [IF_EXISTS, 'present and wrong', { BoolIfExists: { k: 'true' } }, k('false'), 'no'],
  [IF_EXISTS, 'StringEqualsIfExists absent', { StringEqualsIfExists: { k: 'a' } }, {}, 'yes'],
  [NULL, 'true: must be absent', { Null: { k: 'true' } }, {}, 'yes'],
  [NULL, 'true: is present', { Null: { k: 'true' } }, k('a'), 'no'],
  [NULL, 'false: must be present', { Null: { k: 'false' } }, k('a'), 'yes'],
  [NULL, 'false: is absent', { Null: { k: 'false' } }, {}, 'no'],
  [
    MULTI,
    'ForAllValues: all of them',
    { 'ForAllValues:StringEquals': { k: ['a', 'b'] } },
    k(['b', 'a']),
    'yes',
  ],
  [MULTI, 'ForAllValues: one too many', { 'ForAllValues:StringEquals': { k: 'a' } }, k(['a', 'b']), 'no'],
  [MULTI, 'ForAllValues: true of an absent key', { 'ForAllValues:StringEquals': { k: 'a' } }, {}, 'yes'],
  [MULTI, 'ForAllValues:StringLike', { 'ForAllValues:StringLike': { k: 'a*' } }, k(['ab', 'ac']), 'yes'],
  [MULTI, 'ForAnyValue: one of them', { 'ForAnyValue:StringEquals': { k: 'a' } }, k(['a', 'b']), 'yes'],
  [MULTI, 'ForAnyValue: none', { 'ForAnyValue:StringEquals': { k: 'a' } }, k(['b', 'c']), 'no'],
  [MULTI, 'ForAnyValue: false of an absent key', { 'ForAnyValue:StringEquals': { k: 'a' } }, {}, 'no'],
  [MULTI, 'one operator, several values', { StringEquals: { k: 'a' } }, k(['a', 'b']), 'undocumented'],
  [SEVERAL, 'of several values one', { StringEquals: { k: ['a', 'b'] } }, k('b'), 'yes'],
  [SEVERAL, 'all keys', { StringEquals: { k: 'a', l: 'b' } }, k('a'), 'no'],
  [SEVERAL, 'all operators', { StringEquals: { k: 'a' }, Null: { l: 'false' } }, k('a'), 'no'],
  [SEVERAL, 'all that there are', { StringEquals: { k: 'a', l: 'b' } }, { k: 'a', l: 'b' }, 'yes'],
  [SEVERAL, 'no condition', {}, {}, 'yes'],
];

test.each(ROWS)('%s: %s', (_page, _what, condition, keys, match) => {
  expect(conditionsMatch(condition, keys)).toBe(match);
});

test('an operator that it does not know is no answer', () => {
  expect(() => conditionsMatch({ ArnEquals: { k: 'a' } }, k('a'))).toThrow(/does not know/);
});

describe('statements and principals', () => {
  const alice: Asker = {
    is: 'aws',
    arn: 'arn:aws:iam::111111111111:user/alice',
    account: '111111111111',
    keys: {},
  };
  const policy = (...Statement: readonly Partial<Statement>[]): PolicyDocument => ({
    Version: '2012-10-17',
    Statement: Statement.map((one) => ({ Sid: 'S', Effect: 'Allow', Action: 'sts:AssumeRole', ...one })),
  });
  const to = (principal: NonNullable<Statement['Principal']>): string =>
    entry(policy({ Principal: principal }), alice, []).is;

  test.each([
    ['herself', { AWS: 'arn:aws:iam::111111111111:user/alice' }, 'in'],
    ['her account, by its root', { AWS: 'arn:aws:iam::111111111111:root' }, 'in'],
    ['her account, by its number', { AWS: '111111111111' }, 'in'],
    ['everybody', '*', 'in'],
    ['everybody, as a list', { AWS: ['*'] }, 'in'],
    ['somebody else', { AWS: 'arn:aws:iam::111111111111:user/bob' }, 'out'],
    ['another account', { AWS: 'arn:aws:iam::222222222222:root' }, 'out'],
    ['a pattern, which is none', { AWS: 'arn:aws:iam::111111111111:user/*' }, 'out'],
    ['a provider', { Federated: 'arn:aws:iam::111111111111:oidc-provider/x' }, 'out'],
  ] as const)('Principal: %s', (_what, principal, is) => {
    expect(to(principal)).toBe(is);
  });

  test('nothing allows: out; another action: out; a Deny beats an Allow', () => {
    expect(entry(policy(), alice, []).is).toBe('out');
    expect(entry(policy({ Principal: '*', Action: 'sts:AssumeRoleWithSAML' }), alice, []).is).toBe('out');
    expect(entry(policy({ Principal: '*', Action: 'STS:assume*' }), alice, []).is).toBe('in');
    expect(entry(policy({ Principal: '*' }, { Principal: '*', Effect: 'Deny' }), alice, []).is).toBe('out');
  });

  test('a token needs a provider of its issuer, with its audience', () => {
    const provider = { arn: 'arn:aws:iam::111111111111:oidc-provider/idp', host: 'idp', audiences: ['us'] };
    const trust = policy({ Principal: { Federated: provider.arn }, Action: 'sts:AssumeRoleWithWebIdentity' });
    const token = (iss: string, aud: string): Asker => ({ is: 'token', iss, claims: { aud } });
    expect(entry(trust, token('https://idp', 'us'), [provider]).is).toBe('in');
    expect(entry(trust, token('https://idp/', 'us'), [provider]).is).toBe('out');
    expect(entry(trust, token('https://idp', 'them'), [provider]).is).toBe('out');
    expect(entry(trust, token('https://idp', 'us'), []).is).toBe('out');
  });
});
