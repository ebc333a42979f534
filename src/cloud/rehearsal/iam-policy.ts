/** What IAM takes as a trust policy and as a permission policy. */
import type { Call } from './context.ts';
import type { Refusal } from './faults.ts';
import { invalid, notReady } from './faults.ts';
import { parsePolicy, PolicyProblem, type Statement } from './policy.ts';
import { unknownPrincipal } from './principals.ts';

/** Characters of a trust policy, white space included (IAM quotas: role trust policy length). */
const MAX_TRUST = 2048;
/** Characters of all inline policies of a role, white space not counted (IAM quotas). */
const MAX_INLINE = 10_240;

const ASSUME =
  /^sts:(?:AssumeRole|AssumeRoleWithSAML|AssumeRoleWithWebIdentity|TagSession|SetSourceIdentity|SetContext|\*)$/i;

function malformed(message: string): Refusal {
  return invalid('MalformedPolicyDocumentException', message);
}

function parse(text: string): readonly Statement[] {
  try {
    return parsePolicy(text);
  } catch (problem) {
    if (!(problem instanceof PolicyProblem)) throw problem;
    if (problem.part === 'json' || problem.part === 'field' || problem.part === 'condition')
      throw malformed('Syntax errors in policy.');
    throw malformed(problem.message);
  }
}

function checkSids(statements: readonly Statement[]): void {
  const sids = statements.flatMap(({ sid }) => (sid === null || sid === '' ? [] : [sid]));
  if (sids.some((sid) => !/^[A-Za-z0-9]+$/.test(sid)))
    throw malformed(
      'Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*',
    );
  if (new Set(sids).size < sids.length)
    throw malformed('Statement IDs (SID) in a single policy must be unique.');
}

/** Issuers that serve everybody: a role that trusts one must say whose tokens it means (IAM, controls for shared OIDC providers). */
const SHARED_ISSUERS = ['token.actions.githubusercontent.com', 'gitlab.com'];

function checkSubject(statement: Statement): void {
  if (statement.effect !== 'Allow' || statement.principal === null) return;
  for (const { type, value } of statement.principal.of) {
    const issuer = SHARED_ISSUERS.find(
      (host) => type === 'Federated' && value.endsWith(`:oidc-provider/${host}`),
    );
    if (issuer === undefined) continue;
    const subjects = statement.conditions.filter(
      ({ operator, key }) =>
        key.toLowerCase() === `${issuer}:sub` && !operator.includes('Not') && !operator.includes('Null'),
    );
    if (
      subjects.length === 0 ||
      subjects.every(({ values }) => values.every((pattern) => /^[*?]*$/.test(pattern)))
    ) {
      throw malformed(
        `Trust policy for ${issuer} must evaluate ${issuer}:sub with a value that is not a wildcard.`,
      );
    }
  }
}

/** @throws MalformedPolicyDocumentException, LimitExceededException */
export function checkTrust(text: string, call: Call): void {
  const statements = parse(text);
  if (text.length > MAX_TRUST)
    throw invalid(
      'LimitExceededException',
      `Cannot exceed quota for ACLSizePerRole: ${String(MAX_TRUST)}`,
      409,
    );
  checkSids(statements);
  for (const statement of statements) {
    if (statement.principal === null) throw malformed('Missing required field Principal');
    if (statement.principal.not && statement.effect === 'Allow')
      throw malformed('Allow with NotPrincipal is not allowed.');
    if (statement.resource !== null) throw malformed('Has prohibited field Resource');
    if (statement.action === null) throw malformed('Missing required field Action');
    if (!statement.action.values.every((action) => ASSUME.test(action)))
      throw malformed('AssumeRole policy may only specify STS AssumeRole actions.');
    checkSubject(statement);
  }
  const unknown = unknownPrincipal(statements, call);
  const stranger =
    call.trustAnyone &&
    /^arn:[a-z-]+:(?:iam|sts)::\d{12}:(?:user|role|assumed-role)\/[^*?]+$/.test(unknown?.value ?? '');
  if (unknown !== null && !stranger)
    throw notReady(
      'MalformedPolicyDocumentException',
      `Invalid principal in policy: ${JSON.stringify(unknown.type)}:${JSON.stringify(unknown.value)}`,
    );
}

/** @param others the role's other inline policies, for the limit on their sum */
export function checkPermissions(role: string, text: string, others: readonly string[]): void {
  const statements = parse(text);
  checkSids(statements);
  for (const { principal, action, resource } of statements) {
    if (principal !== null) throw malformed('Policy document should not specify a principal.');
    if (action === null) throw malformed('Policy statement must contain actions.');
    if (resource === null) throw malformed('Policy statement must contain resources.');
    for (const name of resource.values) {
      if (name !== '*' && !name.startsWith('arn:'))
        throw malformed(`Resource ${name} must be in ARN format or "*".`);
      if (name !== '*' && name.split(':').length < 6) throw malformed(`The policy failed legacy parsing`);
    }
  }
  const size = [...others, text].reduce((sum, document) => sum + document.replace(/\s/g, '').length, 0);
  if (size > MAX_INLINE)
    throw invalid(
      'LimitExceededException',
      `Maximum policy size of ${String(MAX_INLINE)} bytes exceeded for role ${role}`,
      409,
    );
}
