/**
 * IAM policy documents as data, and their comparison by content: order, single value or list, the spelling of a principal
 * and the Sid mean nothing to AWS and nothing here (IAM JSON policy elements reference).
 */
import { canonicalText } from '../../../kernel/canonical.ts';
import { isJsonObject, type Json, type JsonObject } from '../../../kernel/json.ts';
import type { Comparison } from '../../../plan/control.ts';

/** Statements of ours carry it, so that a changed one can be told from one that somebody else wrote. */
export const SID_PREFIX = 'Govboot';

/** Values of a condition key, by operator. */
export type Conditions = Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;

export interface Statement {
  readonly Sid: string;
  readonly Effect: 'Allow' | 'Deny';
  readonly Principal?: '*' | Readonly<Record<string, string | readonly string[]>>;
  readonly Action: string | readonly string[];
  readonly Resource?: string | readonly string[];
  readonly Condition?: Conditions;
}

export interface PolicyDocument {
  readonly Version: '2012-10-17';
  readonly Statement: readonly Statement[];
}

export function document(statements: readonly Statement[]): PolicyDocument {
  return { Version: '2012-10-17', Statement: statements };
}

/** The document as plain JSON, for a control's desired value. */
export function asJson(policy: PolicyDocument): Json {
  return policy as unknown as Json;
}

/** The text that is sent to AWS. */
export function policyText(policy: Json): string {
  return JSON.stringify(policy);
}

/** Compares what stands there with what should, statement by statement. */
export function comparePolicies(observed: Json, desired: Json): Comparison {
  const wanted = new Set(statementsOf(desired).map(contentOf));
  const seen = new Set<string>();
  const foreign: Json[] = [];
  let changed = false;
  for (const statement of statementsOf(observed)) {
    const content = contentOf(statement);
    seen.add(content);
    if (wanted.has(content)) continue;
    if (sidOf(statement).startsWith(SID_PREFIX)) changed = true;
    else foreign.push(statement);
  }
  if (foreign.length > 0) return { is: 'foreign', found: foreign };
  const complete = [...wanted].every((content) => seen.has(content));
  return { is: complete && !changed && versionOf(observed) === versionOf(desired) ? 'right' : 'wrong' };
}

function statementsOf(policy: Json): readonly Json[] {
  if (!isJsonObject(policy)) return [policy];
  return list((policy as JsonObject)['Statement'] ?? []);
}

/** A document without a version is read by the rules of 2008. */
function versionOf(policy: Json): Json {
  return isJsonObject(policy) ? ((policy as JsonObject)['Version'] ?? '2008-10-17') : null;
}

function sidOf(statement: Json): string {
  const sid = isJsonObject(statement) ? statement['Sid'] : undefined;
  return typeof sid === 'string' ? sid : '';
}

/** One spelling for each meaning. */
function contentOf(statement: Json): string {
  if (!isJsonObject(statement)) return canonicalText(statement);
  const content: Record<string, Json> = {};
  for (const [element, value] of Object.entries(statement as JsonObject)) {
    switch (element) {
      case 'Sid':
        break;
      case 'Action':
      case 'NotAction': // action names are case-insensitive
        content[element] = sorted(list(value).map((v) => scalar(v).toLowerCase()));
        break;
      case 'Resource':
      case 'NotResource':
        content[element] = sorted(list(value).map(scalar));
        break;
      case 'Principal':
      case 'NotPrincipal':
        content[element] = principal(value);
        break;
      case 'Condition':
        content[element] = condition(value);
        break;
      default:
        content[element] = value;
    }
  }
  return canonicalText(content);
}

function principal(value: Json): Json {
  if (!isJsonObject(value)) return value;
  const types = Object.entries(value as JsonObject).map(
    ([type, ids]) => [type, sorted(list(ids).map((id) => accountForm(scalar(id))))] as const,
  );
  const [only] = types;
  // `"*"` and `{"AWS": "*"}` are the same principal.
  if (types.length === 1 && only?.[0] === 'AWS' && only[1].length === 1 && only[1][0] === '*') return '*';
  return Object.fromEntries(types);
}

/** An account may be written as its number or as the ARN of its root. */
function accountForm(id: string): string {
  return /^arn:[a-z-]+:iam::(\d{12}):root$/.exec(id)?.[1] ?? id;
}

function condition(value: Json): Json {
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value as JsonObject).map(([operator, keys]) => [
      operator,
      isJsonObject(keys)
        ? Object.fromEntries(
            Object.entries(keys as JsonObject).map(([key, values]) => [
              key.toLowerCase(), // condition key names are case-insensitive
              sorted(list(values).map(scalar)),
            ]),
          )
        : keys,
    ]),
  );
}

function list(value: Json): readonly Json[] {
  return Array.isArray(value) ? (value as readonly Json[]) : [value];
}

/** `true` and `"true"` are the same condition value. */
function scalar(value: Json): string {
  return typeof value === 'string' ? value : canonicalText(value);
}

function sorted(values: readonly string[]): readonly string[] {
  return [...new Set(values)].sort();
}
