/**
 * Whether a trust policy lets somebody in, by the documented semantics of IAM. The evaluator of policies cannot say it: it drops
 * the claims of a token. Only what these policies need is here, and whatever is not documented is `undocumented`, never guessed.
 *
 * IAM user guide: "IAM JSON policy elements: Condition operators", "Multivalued context keys", "AWS JSON policy elements:
 * Principal", "Policy evaluation logic", "Available keys for AWS OIDC federation".
 */
import type { PolicyDocument, Statement } from '../../src/cloud/aws/policies/document.ts';

/** A key that is absent is not in the map. A list is a key with several values. */
export type Keys = Readonly<Record<string, string | readonly string[]>>;

/** Who asks. */
export type Asker =
  /** A principal of AWS: `arn` of a user, a role or `root`; `account` its twelve digits. */
  | { readonly is: 'aws'; readonly arn: string; readonly account: string; readonly keys: Keys }
  /** A token: `iss` and its claims. */
  | { readonly is: 'token'; readonly iss: string; readonly claims: Keys };

/** An identity provider that stands in the account. */
export interface Provider {
  readonly arn: string;
  /** The issuer's URL without `https://`. */
  readonly host: string;
  readonly audiences: readonly string[];
}

export type Entry =
  | { readonly is: 'in' }
  | { readonly is: 'out'; readonly why: string }
  /** AWS does not say what happens. */
  | { readonly is: 'undocumented'; readonly why: string };

type Match = 'yes' | 'no' | 'undocumented';

/** What a request to STS looks like to a policy. */
interface Request {
  readonly action: string;
  /** By type: `AWS`, `Federated`. */
  readonly principals: Readonly<Record<string, readonly string[]>>;
  readonly keys: Keys;
}

export function entry(policy: PolicyDocument, asker: Asker, providers: readonly Provider[]): Entry {
  const request = asker.is === 'aws' ? ofPrincipal(asker) : ofToken(asker, providers);
  if ('why' in request) return { is: 'out', why: request.why };
  const matches = policy.Statement.map((statement) => ({ statement, match: matchOf(statement, request) }));
  // An explicit Deny beats every Allow ("Policy evaluation logic").
  const denied = matches.find(({ statement, match }) => statement.Effect === 'Deny' && match !== 'no');
  if (denied !== undefined) return { is: 'out', why: `${denied.statement.Sid} denies it` };
  const allows = matches.filter(({ statement }) => statement.Effect === 'Allow');
  if (allows.some(({ match }) => match === 'yes')) return { is: 'in' };
  if (allows.some(({ match }) => match === 'undocumented'))
    return { is: 'undocumented', why: 'a key with several values and an operator for one' };
  return { is: 'out', why: 'no statement allows it' };
}

/** An account, as a principal, stands for every identity in it ("Principal"). */
function ofPrincipal({ arn, account, keys }: Extract<Asker, { is: 'aws' }>): Request {
  const partition = arn.split(':')[1] ?? '';
  return {
    action: 'sts:AssumeRole',
    principals: { AWS: [arn, account, `arn:${partition}:iam::${account}:root`], Federated: [] },
    keys,
  };
}

/**
 * STS first finds the provider by the issuer and compares the audience with its client ids; then the claims become keys, under
 * the name of the host ("Available keys for AWS OIDC federation"; STS API reference, AssumeRoleWithWebIdentity).
 */
function ofToken(
  { iss, claims }: Extract<Asker, { is: 'token' }>,
  providers: readonly Provider[],
): Request | { readonly why: string } {
  const provider = providers.find(({ host }) => iss === `https://${host}`);
  if (provider === undefined) return { why: `no provider for ${iss}` };
  const audiences = listed(claims['aud']);
  if (!audiences.some((one) => provider.audiences.includes(one)))
    return { why: `the provider has no audience ${audiences.join(', ') || '(none)'}` };
  const keys = Object.fromEntries(
    Object.entries(claims).map(([claim, value]) => [`${provider.host}:${claim}`, value]),
  );
  return {
    action: 'sts:AssumeRoleWithWebIdentity',
    principals: { AWS: [], Federated: [provider.arn] },
    keys,
  };
}

function matchOf(statement: Statement, request: Request): Match {
  const action = listed(statement.Action).some((one) =>
    like(one.toLowerCase(), request.action.toLowerCase()),
  );
  if (!action || !principalMatches(statement.Principal, request)) return 'no';
  return conditionsMatch(statement.Condition ?? {}, request.keys);
}

/** No wildcard inside of an ARN: a principal is everybody or exactly somebody ("Principal"). */
function principalMatches(principal: Statement['Principal'], request: Request): boolean {
  if (principal === undefined) return false;
  if (principal === '*') return true;
  return Object.entries(principal).some(([type, ids]) =>
    listed(ids).some((id) => (type === 'AWS' && id === '*') || (request.principals[type] ?? []).includes(id)),
  );
}

/** All operators and all their keys must match; of several values one ("Conditions with multiple keys or values"). */
export function conditionsMatch(conditions: NonNullable<Statement['Condition']>, keys: Keys): Match {
  const each = Object.entries(conditions).flatMap(([operator, wanted]) =>
    Object.entries(wanted).map(([key, values]) => keyMatches(operator, listed(values), valuesOf(keys, key))),
  );
  if (each.includes('no')) return 'no';
  return each.includes('undocumented') ? 'undocumented' : 'yes';
}

/** Names of keys are not case-sensitive, their values are. */
function valuesOf(keys: Keys, name: string): readonly string[] | null {
  const found = Object.entries(keys).find(([key]) => key.toLowerCase() === name.toLowerCase());
  return found === undefined ? null : listed(found[1]);
}

interface Operator {
  readonly set: 'ForAllValues' | 'ForAnyValue' | null;
  readonly negated: boolean;
  readonly ifExists: boolean;
  readonly matches: (wanted: string, value: string) => boolean;
}

const equal = (wanted: string, value: string): boolean => wanted === value;
const COMPARISONS: Readonly<Record<string, (wanted: string, value: string) => boolean>> = {
  StringEquals: equal,
  StringLike: like,
  StringEqualsIgnoreCase: (wanted, value) => wanted.toLowerCase() === value.toLowerCase(),
  Bool: (wanted, value) => wanted.toLowerCase() === value.toLowerCase(),
};

function operatorOf(name: string): Operator {
  const [, set = '', not = '', ifExists = ''] =
    /^(?:(ForAllValues|ForAnyValue):)?(?:String(Not)(?=Equals|Like))?.*?(IfExists)?$/.exec(name) ?? [];
  const plain = name
    .replace(/^For\w+:/, '')
    .replace('IfExists', '')
    .replace('StringNot', 'String');
  const matches = COMPARISONS[plain];
  if (matches === undefined) throw new TypeError(`this judge does not know the operator ${name}`);
  return {
    set: set === 'ForAllValues' || set === 'ForAnyValue' ? set : null,
    negated: not !== '',
    ifExists: ifExists !== '',
    matches,
  };
}

function keyMatches(name: string, wanted: readonly string[], values: readonly string[] | null): Match {
  if (name === 'Null') return yes(wanted.includes(String(values === null)));
  const { set, negated, ifExists, matches } = operatorOf(name);
  // One value of the request against all of the policy: any of them, or for a negated operator none of them.
  const fits = (value: string): boolean => wanted.some((one) => matches(one, value)) !== negated;
  if (values === null || values.length === 0) {
    if (set === 'ForAllValues') return 'yes';
    return yes(set === null && (ifExists || negated));
  }
  if (set === 'ForAllValues') return yes(values.every(fits));
  if (set === 'ForAnyValue') return yes(values.some(fits));
  if (values.length === 1) return yes(values.every(fits));
  return values.some(fits) ? 'undocumented' : 'no';
}

function yes(does: boolean): Match {
  return does ? 'yes' : 'no';
}

/** `*` is any run of characters, `?` any one; everything else is itself, case and all. */
function like(pattern: string, value: string): boolean {
  const source = pattern
    .replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, 's').test(value);
}

function listed(value: string | readonly string[] | undefined): readonly string[] {
  if (value === undefined) return [];
  return typeof value === 'string' ? [value] : value;
}
