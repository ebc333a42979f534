/** What S3 takes as a bucket policy, how it gives it back, and what it lets the caller do. */
import type { Call } from './context.ts';
import { decide } from './evaluate.ts';
import { denied, invalid, notReady, type Refusal } from './faults.ts';
import { matchesPattern, parsePolicy, PolicyProblem, type Statement } from './policy.ts';
import { isRoot, requestOf, unknownPrincipal } from './principals.ts';
import { S3_ACTIONS } from './s3-actions.ts';
import type { Bucket } from './state.ts';

/** Bytes of UTF-8. */
const MAX_POLICY = 20_480;

/** Condition keys of these services are the only ones that a bucket policy can test. */
const CONDITION_KEY = /^(?:aws|s3|kms|saml|sts):.+$/i;

function malformed(message: string): Refusal {
  return invalid('MalformedPolicy', message);
}

/** @throws MalformedPolicy, or AccessDenied for a public policy under BlockPublicPolicy */
export function checkBucketPolicy(text: string, name: string, bucket: Bucket, call: Call): void {
  if (new TextEncoder().encode(text).length > MAX_POLICY)
    throw invalid('PolicyTooLarge', 'Policy exceeds the maximum allowed document size.');
  const statements = parse(text);
  const sids = statements.flatMap(({ sid }) => (sid === null ? [] : [sid]));
  if (new Set(sids).size < sids.length)
    throw malformed('Statement IDs (SID) in a single policy must be unique.');
  for (const statement of statements) checkStatement(statement, `arn:${call.partition}:s3:::${name}`);
  if (unknownPrincipal(statements, call) !== null) {
    // A role made a moment ago looks just like one that was never made.
    throw notReady('MalformedPolicy', 'Invalid principal in policy');
  }
  const block = bucket.publicAccessBlock as { BlockPublicPolicy?: boolean } | null;
  if (block?.BlockPublicPolicy === true && statements.some(isPublic)) {
    throw denied(
      'AccessDenied',
      `User: ${call.callerArn} is not authorized to perform: s3:PutBucketPolicy on resource: "arn:${call.partition}:s3:::${name}" because public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access`,
    );
  }
}

function parse(text: string): readonly Statement[] {
  try {
    return parsePolicy(text);
  } catch (problem) {
    if (problem instanceof PolicyProblem)
      throw malformed(problem.part === 'action' ? 'Policy has invalid action' : problem.message);
    throw problem;
  }
}

function checkStatement(statement: Statement, bucketArn: string): void {
  const { principal, action, resource, conditions } = statement;
  if (principal === null) throw malformed('Missing required field Principal');
  if (principal.not && statement.effect === 'Allow')
    throw malformed('Allow with NotPrincipal is not allowed.');
  if (action === null) throw malformed('Missing required field Action');
  if (resource === null) throw malformed('Missing required field Resource');
  const objects = (arn: string) => arn.startsWith(`${bucketArn}/`);
  for (const arn of resource.values) {
    // `bucket*` covers the bucket and its objects; anything beyond this bucket is refused.
    const reaches =
      arn === bucketArn ||
      objects(arn) ||
      (arn.startsWith('arn:') && /[*?]/.test(arn) && matchesPattern(arn, bucketArn));
    if (!reaches) throw malformed('Policy has invalid resource');
  }
  const named = action.values.map((pattern) => {
    const hits = S3_ACTIONS.filter(({ name }) => matchesPattern(pattern, name, true));
    if (hits.length === 0) throw malformed('Policy has invalid action');
    return hits;
  });
  if (!action.not && !resource.not) {
    const onObjects = resource.values.some((arn) => objects(arn) || /[*?]/.test(arn));
    const onBucket = resource.values.some((arn) => !objects(arn));
    const idle = named.some((hits) => !hits.some(({ on }) => (on === 'object' ? onObjects : onBucket)));
    if (idle) throw malformed('Action does not apply to any resource(s) in statement');
  }
  for (const { key } of conditions)
    if (!CONDITION_KEY.test(key)) throw malformed('Policy has an invalid condition key');
}

/** Keys that, with fixed values, keep an Allow to everybody from being public (S3 User Guide, "The meaning of public"). */
const FENCES =
  /^(?:aws:(?:principalorgid|principalaccount|principalarn|principalorgpaths|sourcearn|sourceaccount|sourcevpc|sourcevpce|sourceip|userid|sourceorgid)|s3:dataaccesspointarn|s3:dataaccesspointaccount)$/;

function isPublic(statement: Statement): boolean {
  if (statement.effect !== 'Allow' || !(statement.principal?.of.some(({ value }) => value === '*') ?? false))
    return false;
  return !statement.conditions.some(({ operator, key, values }) => {
    const positive =
      !operator.includes('Not') && !operator.includes('Null') && !operator.startsWith('ForAllValues');
    return positive && FENCES.test(key.toLowerCase()) && values.every((value) => !/[*?]/.test(value));
  });
}

/** As S3 gives a policy back: compact, a list of one as the one, and the principals of a list in its own order. */
export function asStored(text: string): string {
  const document = JSON.parse(text) as Record<string, unknown>;
  const statements: readonly unknown[] = Array.isArray(document['Statement'])
    ? document['Statement']
    : [document['Statement']];
  return JSON.stringify({
    ...document,
    Statement: statements.map((item) => stored(item as Record<string, unknown>)),
  });
}

function stored(statement: Record<string, unknown>): Record<string, unknown> {
  const entries = Object.entries(statement).map(([field, value]) => {
    if (field === 'Action' || field === 'NotAction' || field === 'Resource' || field === 'NotResource')
      return [field, one(value)];
    if (field === 'Principal' || field === 'NotPrincipal') return [field, principals(value)];
    return [field, value];
  });
  return Object.fromEntries(entries) as Record<string, unknown>;
}

function principals(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([type, names]) => [
      type,
      one(Array.isArray(names) ? (names as readonly string[]).toSorted().reverse() : names),
    ]),
  );
}

function one(value: unknown): unknown {
  return Array.isArray(value) && value.length === 1 ? (value as readonly unknown[])[0] : value;
}

/** The object that a call acts on, and the condition keys that the request carries. */
export interface OnObject {
  readonly key: string;
  readonly context?: Readonly<Record<string, string>>;
}

/** @throws AccessDenied when the bucket's own policy denies the call */
export function authorize(action: string, name: string, bucket: Bucket, call: Call, on?: OnObject): void {
  // The root user can always read and mend a bucket policy (S3 User Guide, bucket policies).
  if (bucket.policy === null || (isRoot(call) && /BucketPolicy$/.test(action))) return;
  const arn = `arn:${call.partition}:s3:::${name}${on === undefined ? '' : `/${on.key}`}`;
  if (decide(parsePolicy(bucket.policy), requestOf(call, action, arn, on?.context)) === 'denied') {
    throw denied(
      'AccessDenied',
      `User: ${call.callerArn} is not authorized to perform: ${action} on resource: "${arn}" with an explicit deny in a resource-based policy`,
    );
  }
}
