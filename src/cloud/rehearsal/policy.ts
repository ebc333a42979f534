/** The grammar of policy documents (IAM JSON policy grammar), read strictly; each service adds its own rules and words. */
import { isJsonObject } from '../../kernel/json.ts';

/** A list that holds, or that holds for everything but the list (NotAction, NotResource, NotPrincipal). */
export interface Listed {
  readonly not: boolean;
  readonly values: readonly string[];
}

export interface PrincipalRef {
  readonly type: 'AWS' | 'Service' | 'Federated' | 'CanonicalUser';
  readonly value: string;
}

export interface Condition {
  readonly operator: string;
  readonly key: string;
  readonly values: readonly string[];
}

export interface Statement {
  readonly sid: string | null;
  readonly effect: 'Allow' | 'Deny';
  readonly principal: { readonly not: boolean; readonly of: readonly PrincipalRef[] } | null;
  readonly action: Listed | null;
  readonly resource: Listed | null;
  readonly conditions: readonly Condition[];
}

export type PolicyPart =
  | 'json'
  | 'version'
  | 'statement'
  | 'effect'
  | 'field'
  | 'principal'
  | 'action'
  | 'resource'
  | 'condition'
  | 'sid';

/** What is wrong with a document, before a service puts it in its own words. */
export class PolicyProblem extends Error {
  override readonly name = 'PolicyProblem';
  readonly part: PolicyPart;

  constructor(part: PolicyPart, message: string) {
    super(message);
    this.part = part;
  }
}

const TOP = ['Version', 'Id', 'Statement'];
const FIELDS = [
  'Sid',
  'Effect',
  'Principal',
  'NotPrincipal',
  'Action',
  'NotAction',
  'Resource',
  'NotResource',
  'Condition',
];
const TYPES = ['AWS', 'Service', 'Federated', 'CanonicalUser'] as const;
const OPERATORS = new Set(
  ['String', 'Numeric', 'Date', 'Arn', 'IpAddress', 'NotIpAddress', 'Bool', 'BinaryEquals', 'Null'].flatMap(
    (family) => {
      switch (family) {
        case 'String':
          return ['Equals', 'NotEquals', 'EqualsIgnoreCase', 'NotEqualsIgnoreCase', 'Like', 'NotLike'].map(
            (how) => family + how,
          );
        case 'Numeric':
        case 'Date':
          return [
            'Equals',
            'NotEquals',
            'LessThan',
            'LessThanEquals',
            'GreaterThan',
            'GreaterThanEquals',
          ].map((how) => family + how);
        case 'Arn':
          return ['Equals', 'NotEquals', 'Like', 'NotLike'].map((how) => family + how);
        default:
          return [family];
      }
    },
  ),
);

/** @throws PolicyProblem */
export function parsePolicy(text: string): readonly Statement[] {
  const document = parseObject(text);
  for (const field of Object.keys(document))
    if (!TOP.includes(field)) throw new PolicyProblem('field', `Unknown field ${field}`);
  const version = document['Version'];
  if (version !== undefined && version !== '2012-10-17' && version !== '2008-10-17') {
    throw new PolicyProblem('version', 'The policy must contain a valid version string');
  }
  const raw = document['Statement'];
  const statements = Array.isArray(raw) ? (raw as readonly unknown[]) : raw === undefined ? [] : [raw];
  if (statements.length === 0) throw new PolicyProblem('statement', 'Missing required field Statement');
  return statements.map(parseStatement);
}

function parseObject(text: string): Record<string, unknown> {
  const problem = new PolicyProblem('json', "Policies must be valid JSON and the first byte must be '{'");
  if (!text.startsWith('{')) throw problem;
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (cause) {
    problem.cause = cause;
    throw problem;
  }
  if (!isJsonObject(document)) throw problem;
  return document;
}

function parseStatement(raw: unknown): Statement {
  if (!isJsonObject(raw)) throw new PolicyProblem('statement', 'Statement is not an object');
  for (const field of Object.keys(raw))
    if (!FIELDS.includes(field)) throw new PolicyProblem('field', `Unknown field ${field}`);
  const effect = raw['Effect'];
  if (effect === undefined) throw new PolicyProblem('effect', 'Missing required field Effect');
  if (effect !== 'Allow' && effect !== 'Deny')
    throw new PolicyProblem('effect', `Invalid effect: ${JSON.stringify(effect)}`);
  const sid = raw['Sid'];
  if (sid !== undefined && typeof sid !== 'string') throw new PolicyProblem('sid', 'Sid is not a string');
  const action = listed(raw, 'Action', 'action');
  for (const name of action?.values ?? []) {
    if (!/^(\*|[a-zA-Z0-9-]+:[a-zA-Z0-9*?]+)$/.test(name))
      throw new PolicyProblem('action', `Policy has invalid action ${name}`);
  }
  return {
    sid: sid ?? null,
    effect,
    principal: parsePrincipal(raw),
    action,
    resource: listed(raw, 'Resource', 'resource'),
    conditions: parseConditions(raw['Condition']),
  };
}

function listed(raw: Record<string, unknown>, field: 'Action' | 'Resource', part: PolicyPart): Listed | null {
  const [yes, no] = [raw[field], raw[`Not${field}`]];
  if (yes !== undefined && no !== undefined)
    throw new PolicyProblem(part, `Statement has both ${field} and Not${field}`);
  if (yes === undefined && no === undefined) return null;
  return { not: no !== undefined, values: strings(yes ?? no, part, field) };
}

function strings(value: unknown, part: PolicyPart, what: string): readonly string[] {
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (values.length === 0) throw new PolicyProblem(part, `${what} is empty`);
  return values.map((item) => {
    if (typeof item !== 'string' || item === '') throw new PolicyProblem(part, `${what} is not a string`);
    return item;
  });
}

function parsePrincipal(raw: Record<string, unknown>): Statement['principal'] {
  const [yes, no] = [raw['Principal'], raw['NotPrincipal']];
  if (yes !== undefined && no !== undefined)
    throw new PolicyProblem('principal', 'Statement has both Principal and NotPrincipal');
  const value = yes ?? no;
  if (value === undefined) return null;
  const not = no !== undefined;
  if (value === '*') return { not, of: [{ type: 'AWS', value: '*' }] };
  if (!isJsonObject(value)) throw new PolicyProblem('principal', 'Invalid principal in policy');
  const of = Object.entries(value).flatMap(([name, values]) => {
    const type = TYPES.find((known) => known === name);
    if (type === undefined) throw new PolicyProblem('principal', 'Invalid principal in policy');
    return strings(values, 'principal', 'Principal').map((item) => ({ type, value: item }));
  });
  if (of.length === 0) throw new PolicyProblem('principal', 'Invalid principal in policy');
  return { not, of };
}

function parseConditions(raw: unknown): readonly Condition[] {
  if (raw === undefined) return [];
  if (!isJsonObject(raw)) throw new PolicyProblem('condition', 'Condition is not an object');
  return Object.entries(raw).flatMap(([operator, tests]) => {
    const base = operator.replace(/^ForA(?:ll|ny)Values?:/, '').replace(/IfExists$/, '');
    if (!OPERATORS.has(base)) throw new PolicyProblem('condition', `Invalid Condition type : ${operator}`);
    if (!isJsonObject(tests)) throw new PolicyProblem('condition', `Condition ${operator} is not an object`);
    return Object.entries(tests).map(([key, value]) => ({ operator, key, values: conditionValues(value) }));
  });
}

/** Numbers and booleans are taken as text, as every service does. */
function conditionValues(value: unknown): readonly string[] {
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  return values.map((item) => {
    if (typeof item === 'string' || typeof item === 'number' || typeof item === 'boolean')
      return String(item);
    throw new PolicyProblem('condition', 'A condition value is not a string');
  });
}

/** `*` and `?` as policies mean them. */
export function matchesPattern(pattern: string, text: string, ignoreCase = false): boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '[\\s\\S]*')
    .replaceAll('?', '[\\s\\S]');
  return new RegExp(`^${source}$`, ignoreCase ? 'iu' : 'u').test(text);
}
