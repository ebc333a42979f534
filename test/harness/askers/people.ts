/** Principals of AWS: people, roles, accounts, services. */
import { exampleAccount, exampleBlueprint } from '../blueprint.ts';
import type { RoleName } from '../../../src/plan/blueprint.ts';
import type { Entry, Keys } from '../trust-judge.ts';
import type { AskerRow } from './row.ts';

const MFA: Keys = { 'aws:MultiFactorAuthPresent': 'true' };
const NO_MFA: Keys = { 'aws:MultiFactorAuthPresent': 'false' };
/** Long-term access keys: the key is not in the request (IAM user guide, "AWS global condition context keys"). */
const LONG_TERM: Keys = {};
const OTHER = '999999999999';

const one = exampleBlueprint();
const operator = one.roles.operator;
const withPrincipal = (arn: string, mfa = true) =>
  exampleBlueprint({ roles: { ...one.roles, operator: { ...operator, principals: [arn], mfa } } });
const account = withPrincipal(`arn:aws:iam::${exampleAccount}:root`);
const withoutMfa = withPrincipal(`arn:aws:iam::${exampleAccount}:user/alice`, false);

function row(
  what: string,
  answer: Entry['is'],
  role: RoleName,
  name: string,
  keys: Keys = MFA,
  in_ = exampleAccount,
  b = one,
): AskerRow {
  const arn = `arn:aws:iam::${in_}:${name}`;
  return { from: 'AWS', what, role, b, asker: { is: 'aws', arn, account: in_, keys }, answer };
}

export const peopleRows: readonly AskerRow[] = [
  row('alice, who is named, with a second factor', 'in', 'operator', 'user/alice'),
  row('alice without a second factor', 'out', 'operator', 'user/alice', NO_MFA),
  row('alice with long-term access keys', 'out', 'operator', 'user/alice', LONG_TERM),
  row(
    'alice without a second factor, where the policy asks for none',
    'in',
    'operator',
    'user/alice',
    LONG_TERM,
    exampleAccount,
    withoutMfa,
  ),
  row('bob, who is not named', 'out', 'operator', 'user/bob'),
  row('a user whose name begins as hers', 'out', 'operator', 'user/alice2'),
  row('the name in another case', 'out', 'operator', 'user/Alice'),
  row('an alice of another account', 'out', 'operator', 'user/alice', MFA, OTHER),
  row('a role that is called alice', 'out', 'operator', 'role/alice'),
  row('the root user', 'out', 'operator', 'root'),
  row('the ci-apply role itself', 'out', 'operator', 'role/acme-dev-ci-apply'),
  row('an administrator of the account', 'out', 'operator', 'role/administrator'),
  row(
    'anybody of the account, where the account is named, with a second factor',
    'in',
    'operator',
    'user/bob',
    MFA,
    exampleAccount,
    account,
  ),
  row(
    'anybody of the account, where the account is named, without one',
    'out',
    'operator',
    'user/bob',
    NO_MFA,
    exampleAccount,
    account,
  ),
  row('another account, where the account is named', 'out', 'operator', 'user/bob', MFA, OTHER, account),
  ...(['automation', 'break-glass'] as const).flatMap((role) => [
    row('alice with a second factor: the role is dormant', 'out', role, 'user/alice'),
    row('alice without a second factor', 'out', role, 'user/alice', NO_MFA),
    row('the root user', 'out', role, 'root'),
    row('an administrator of the account', 'out', role, 'role/administrator'),
    row('the operator role', 'out', role, 'role/acme-dev-operator'),
    row('another account', 'out', role, 'root', MFA, OTHER),
  ]),
  ...(['ci-plan', 'ci-apply'] as const).flatMap((role) => [
    row('alice with a second factor', 'out', role, 'user/alice'),
    row('the root user', 'out', role, 'root'),
    row('an administrator of the account', 'out', role, 'role/administrator'),
    row('the operator role', 'out', role, 'role/acme-dev-operator'),
    row('the same role of another environment', 'out', role, `role/acme-prod-${role}`, MFA, OTHER),
  ]),
];
