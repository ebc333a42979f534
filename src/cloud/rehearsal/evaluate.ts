/** What a resource's own policy says of one call by one caller. Identity policies are taken to allow the caller everything. */
import { matchesPattern, type Condition, type Listed, type Statement } from './policy.ts';

export interface Request {
  /** Every form in which a policy can name the caller: `*`, account id, root ARN, role ARN, session ARN. */
  readonly principals: readonly string[];
  readonly action: string;
  readonly resource: string;
  /** Condition keys, in lower case; a key that is not there is absent from the request. */
  readonly context: Readonly<Record<string, string>>;
}

export type Decision = 'denied' | 'allowed' | 'silent';

/** An explicit Deny wins over every Allow. */
export function decide(statements: readonly Statement[], request: Request): Decision {
  const applying = statements.filter((statement) => applies(statement, request));
  if (applying.some((statement) => statement.effect === 'Deny')) return 'denied';
  return applying.length > 0 ? 'allowed' : 'silent';
}

function applies(statement: Statement, request: Request): boolean {
  return (
    holds(statement.action, request.action, true) &&
    holds(statement.resource, request.resource, false) &&
    isNamed(statement, request.principals) &&
    statement.conditions.every((condition) => satisfied(condition, request.context))
  );
}

/** A statement without the list applies to nothing (KMS stores such a statement, and it has no effect). */
function holds(list: Listed | null, text: string, ignoreCase: boolean): boolean {
  if (list === null) return false;
  return list.values.some((pattern) => matchesPattern(pattern, text, ignoreCase)) !== list.not;
}

function isNamed(statement: Statement, principals: readonly string[]): boolean {
  if (statement.principal === null) return false;
  const named = statement.principal.of.some(
    ({ type, value }) => type === 'AWS' && principals.includes(value),
  );
  return named !== statement.principal.not;
}

function satisfied(condition: Condition, context: Readonly<Record<string, string>>): boolean {
  const quantifier = /^(ForAllValues|ForAnyValue):/.exec(condition.operator)?.[1];
  const ifExists = condition.operator.endsWith('IfExists');
  const operator = condition.operator.replace(/^ForA(?:ll|ny)Values?:/, '').replace(/IfExists$/, '');
  const key = condition.key.toLowerCase();
  const value = Object.hasOwn(context, key) ? context[key] : undefined;
  if (operator === 'Null') return condition.values.includes(String(value === undefined));
  // A negated test of an absent key holds, a positive one does not (IAM, condition operators).
  if (value === undefined)
    return ifExists || quantifier === 'ForAllValues' || (quantifier === undefined && isNegated(operator));
  return isNegated(operator)
    ? condition.values.every((wanted) => !compare(operator.replace('Not', ''), value, wanted))
    : condition.values.some((wanted) => compare(operator, value, wanted));
}

function isNegated(operator: string): boolean {
  return operator.includes('Not');
}

function compare(operator: string, value: string, wanted: string): boolean {
  switch (operator) {
    case 'StringEquals':
    case 'BinaryEquals':
      return value === wanted;
    case 'StringEqualsIgnoreCase':
    case 'Bool':
      return value.toLowerCase() === wanted.toLowerCase();
    case 'StringLike':
    case 'ArnLike':
    case 'ArnEquals':
      return matchesPattern(wanted, value);
    default:
      return compareSize(operator, Number(value), Number(wanted));
  }
}

function compareSize(operator: string, value: number, wanted: number): boolean {
  switch (operator) {
    case 'NumericEquals':
      return value === wanted;
    case 'NumericLessThan':
      return value < wanted;
    case 'NumericLessThanEquals':
      return value <= wanted;
    case 'NumericGreaterThan':
      return value > wanted;
    case 'NumericGreaterThanEquals':
      return value >= wanted;
    default:
      // Dates and addresses: no call here carries them.
      return false;
  }
}
