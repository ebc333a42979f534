/**
 * Whether AWS would allow one call, judged by @cloud-copilot/iam-simulate over policies as data. A development tool only: its
 * licence is the AGPL, so nothing of it may ship (test/rooms/licences.test.ts).
 *
 * The evaluator validates policies, actions, resources and context keys before it judges. Whatever it could not judge is an
 * `error` here and never a denial, so that a typing error in a test is not taken for a policy that denies. That includes a
 * context key that it dropped: a condition on such a key would be judged as if the request did not have it.
 */
import { runSimulation, type RequestAnalysis, type Simulation } from '@cloud-copilot/iam-simulate';
import type { PolicyDocument } from '../../src/cloud/aws/policies/document.ts';

export type Context = Readonly<Record<string, string | readonly string[]>>;

/** One call as AWS authorizes it: an action on a resource, with what is known of the request. */
export interface Call {
  /** `s3:PutObject`, as IAM spells it. */
  readonly action: string;
  readonly resource: string;
  /** Keys of this request, without those that are the same for every request of a caller. */
  readonly context: Context;
}

/** Who calls: a session of a role. */
export interface Caller {
  /** `arn:…:iam::ACCOUNT:role/NAME`. */
  readonly role: string;
  readonly identity: readonly PolicyDocument[];
  /** The permissions boundary; null without one. */
  readonly boundary: PolicyDocument | null;
}

/** What stands at the resource: its account, and its own policy where it has one. */
export interface Target {
  readonly account: string;
  readonly policy: PolicyDocument | null;
}

export type Verdict =
  | { readonly is: 'allowed' }
  /** `explicit`: a Deny matched, and `by` names its Sids. `implicit`: no Allow did. */
  | { readonly is: 'denied'; readonly how: 'explicit' | 'implicit'; readonly by: readonly string[] }
  /** The evaluator could not judge. */
  | { readonly is: 'error'; readonly why: string };

const ROLE = /^arn:([a-z-]+):iam::(\d{12}):role\/(?:.*\/)?([^/]+)$/;

/** What AWS knows of every request of a role's session over TLS (IAM user guide, "AWS global condition context keys"). */
function globals(role: string): { readonly session: string; readonly context: Context } {
  const [, partition, account, name] = ROLE.exec(role) ?? [];
  if (partition === undefined || account === undefined || name === undefined)
    throw new TypeError(`not the ARN of a role: ${role}`);
  return {
    session: `arn:${partition}:sts::${account}:assumed-role/${name}/session`,
    context: {
      'aws:PrincipalArn': role,
      'aws:PrincipalAccount': account,
      'aws:PrincipalIsAWSService': 'false',
      'aws:PrincipalType': 'AssumedRole',
      'aws:SecureTransport': 'true',
    },
  };
}

/**
 * The evaluator knows `kms:EncryptionContext:${EncryptionContextKey}` and drops every key of that form that has a colon in its
 * variable part (0.1.173). Policy and request are given another name for it, of the same type and with the same meaning in a
 * condition: a string that is present or absent.
 */
const ENCRYPTION_CONTEXT = /^kms:EncryptionContext:(.+)$/;

function renamedKey(key: string): string {
  const [, rest] = ENCRYPTION_CONTEXT.exec(key) ?? [];
  return rest === undefined ? key : `aws:PrincipalTag/kms-encryption-context.${rest.replaceAll(':', '.')}`;
}

function renamed(policy: PolicyDocument): PolicyDocument {
  return {
    ...policy,
    Statement: policy.Statement.map((statement) =>
      statement.Condition === undefined
        ? statement
        : {
            ...statement,
            Condition: Object.fromEntries(
              Object.entries(statement.Condition).map(([operator, keys]) => [
                operator,
                Object.fromEntries(Object.entries(keys).map(([key, values]) => [renamedKey(key), values])),
              ]),
            ),
          },
    ),
  };
}

function simulationOf(caller: Caller, target: Target, call: Call): Simulation {
  const { session, context } = globals(caller.role);
  const given: Record<string, string | string[]> = {};
  for (const [key, value] of Object.entries({ ...context, ...call.context }))
    given[renamedKey(key)] = typeof value === 'string' ? value : [...value];
  return {
    request: {
      principal: session,
      action: call.action,
      resource: { resource: call.resource, accountId: target.account },
      contextVariables: given,
    },
    identityPolicies: caller.identity.map((policy, i) => ({
      name: `inline ${String(i)}`,
      policy: renamed(policy),
    })),
    serviceControlPolicies: [],
    resourceControlPolicies: [],
    ...(target.policy === null ? {} : { resourcePolicy: renamed(target.policy) }),
    ...(caller.boundary === null
      ? {}
      : { permissionBoundaryPolicies: [{ name: 'boundary', policy: renamed(caller.boundary) }] }),
  };
}

/** The Sids of the Deny statements that matched. */
function denying(analysis: RequestAnalysis): readonly string[] {
  const matched = [
    ...(analysis.identityAnalysis?.denyStatements ?? []),
    ...(analysis.resourceAnalysis?.denyStatements ?? []),
    ...(analysis.permissionBoundaryAnalysis?.denyStatements ?? []),
  ];
  return [...new Set(matched.map(({ statement }) => statement.sid() ?? '(without a Sid)'))].sort();
}

/** Judges one call. Never throws for what a policy says. */
export async function judge(caller: Caller, target: Target, call: Call): Promise<Verdict> {
  const answer = await runSimulation(simulationOf(caller, target, call), {}).catch((error: unknown) => ({
    resultType: 'error' as const,
    errors: { message: String(error) },
  }));
  if (answer.resultType === 'error') return { is: 'error', why: JSON.stringify(answer.errors) };
  if (answer.resultType === 'wildcard')
    return { is: 'error', why: `${call.resource} is a pattern, not a resource` };
  const { analysis, ignoredContextKeys = [] } = answer.result;
  if (ignoredContextKeys.length > 0)
    return { is: 'error', why: `${call.action} has no context key ${ignoredContextKeys.join(', ')}` };
  switch (answer.overallResult) {
    case 'Allowed':
      return { is: 'allowed' };
    case 'ExplicitlyDenied':
      return { is: 'denied', how: 'explicit', by: denying(analysis) };
    case 'ImplicitlyDenied':
      return { is: 'denied', how: 'implicit', by: [] };
  }
}
