/** Finding a key by any of its names, and what its policy lets the caller do. */
import { arn, current, read, regional, type Call } from './context.ts';
import { decide } from './evaluate.ts';
import { absent, denied, invalid, notReady, type Refusal } from './faults.ts';
import { parsePolicy, PolicyProblem, type Statement } from './policy.ts';
import { requestOf, unknownPrincipal } from './principals.ts';
import type { Key } from './state.ts';

export interface Found {
  readonly id: string;
  readonly arn: string;
  readonly key: Key;
}

const UUID = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';
const KEY_ID = new RegExp(`^${UUID}$`);
const KEY_ARN = new RegExp(`^arn:[a-z-]+:kms:([a-z0-9-]+):(\\d{12}):key/(${UUID})$`);
const ALIAS_ARN = /^arn:[a-z-]+:kms:([a-z0-9-]+):(\d{12}):(alias\/.+)$/;

/** How fresh the look is: `visible` for reads, `current` for other services' own checks. */
export type Look = 'visible' | 'current';

/** By id or ARN, which every operation takes. @throws NotFoundException, InvalidArnException */
export function keyOf(name: string | undefined, call: Call, look: Look = 'visible'): Found {
  const text = name ?? '';
  if (KEY_ID.test(text)) return stored(text, call, look);
  if (!text.startsWith('arn:')) throw absent('NotFoundException', `Invalid keyId '${text}'`, 400);
  const [, region, account, id] = KEY_ARN.exec(text) ?? [];
  if (id === undefined) throw invalid('InvalidArnException', `Invalid arn ${text}`);
  if (region !== call.region) throw invalid('InvalidArnException', `Invalid region in ${text}`);
  if (account !== call.account)
    throw denied(
      'AccessDeniedException',
      `User: ${call.callerArn} is not authorized to perform this action on resource: ${text} because the resource does not exist in this Region, no resource-based policies allow access, or a resource-based policy explicitly denies access`,
      400,
    );
  return stored(id, call, look);
}

/** By alias too, which only some operations take (DescribeKey, and services that use a key). */
export function keyOrAlias(name: string | undefined, call: Call, look: Look = 'visible'): Found {
  const text = name ?? '';
  const alias = text.startsWith('alias/') ? text : aliasOfArn(text, call);
  if (alias === undefined) return keyOf(text, call, look);
  const cells = call.state.aliases;
  const at = regional(call, alias);
  const found = look === 'visible' ? read(cells, at, call) : current(cells, at);
  if (found === undefined || found.target === null)
    throw absent('NotFoundException', `Alias ${arn(call, 'kms', call.region, alias)} is not found.`, 400);
  return stored(found.target, call, look);
}

function aliasOfArn(text: string, call: Call): string | undefined {
  const [, region, account, alias] = ALIAS_ARN.exec(text) ?? [];
  return region === call.region && account === call.account ? alias : undefined;
}

function stored(id: string, call: Call, look: Look): Found {
  const at = regional(call, id);
  const key = look === 'visible' ? read(call.state.keys, at, call) : current(call.state.keys, at);
  const name = arn(call, 'kms', call.region, `key/${id}`);
  if (key === undefined) throw absent('NotFoundException', `Key '${name}' does not exist`, 400);
  return { id, arn: name, key };
}

function malformed(message: string): Refusal {
  return invalid('MalformedPolicyDocumentException', message);
}

/** Bytes of a key policy (CreateKey, Policy). */
const MAX_POLICY = 32_768;

/**
 * What KMS takes as a key policy.
 * @param bypass BypassPolicyLockoutSafetyCheck: without it a policy must let its author change it again
 * @throws MalformedPolicyDocumentException
 */
export function checkKeyPolicy(text: string, keyArn: string, bypass: boolean, call: Call): void {
  if (new TextEncoder().encode(text).length > MAX_POLICY)
    throw invalid('LimitExceededException', 'The policy is larger than 32768 bytes');
  const statements = parse(text);
  for (const statement of statements) {
    if (statement.principal === null) throw malformed('Policy contains a statement with no principal.');
    if (statement.principal.not) throw malformed('Policy contains a statement with NotPrincipal.');
  }
  if (unknownPrincipal(statements, call) !== null) {
    throw notReady(
      'MalformedPolicyDocumentException',
      'Policy contains a statement with one or more invalid principals.',
    );
  }
  if (!bypass && decide(statements, requestOf(call, 'kms:PutKeyPolicy', keyArn)) !== 'allowed') {
    throw malformed('The new key policy will not allow you to update the key policy in the future.');
  }
}

function parse(text: string): readonly Statement[] {
  try {
    return parsePolicy(text);
  } catch (problem) {
    if (problem instanceof PolicyProblem) throw malformed(problem.message);
    throw problem;
  }
}

/** KMS lets nobody in whom the key policy does not name, be it through the account. @throws AccessDeniedException */
export function authorizeKey(action: string, found: Found, call: Call): void {
  const decision = decide(parsePolicy(found.key.policy), requestOf(call, action, found.arn));
  if (decision === 'allowed') return;
  const why =
    decision === 'denied'
      ? 'with an explicit deny in a resource-based policy'
      : `because no resource-based policy allows the ${action} action`;
  throw denied(
    'AccessDeniedException',
    `User: ${call.callerArn} is not authorized to perform: ${action} on resource: ${found.arn} ${why}`,
    400,
  );
}

/** What a service does with a key for its caller. @throws KMS.DisabledException, KMS.KMSInvalidStateException, AccessDenied, in the words of S3 */
export function useKey(
  action: 'kms:GenerateDataKey' | 'kms:Decrypt',
  { arn: name, key }: Found,
  context: Readonly<Record<string, string>>,
  call: Call,
): void {
  if (key.state === 'Disabled') throw invalid('KMS.DisabledException', `${name} is disabled.`);
  if (key.state === 'PendingDeletion')
    throw notReady('KMS.KMSInvalidStateException', `${name} is pending deletion.`);
  if (decide(parsePolicy(key.policy), requestOf(call, action, name, context)) !== 'allowed')
    throw denied(
      'AccessDenied',
      `User: ${call.callerArn} is not authorized to perform: ${action} on resource: ${name}`,
    );
}

/** The policy of a key that was made without one. */
export function defaultKeyPolicy(call: Call): string {
  const root = arn(call, 'iam', '', 'root');
  return JSON.stringify({
    Version: '2012-10-17',
    Id: 'key-default-1',
    Statement: [
      {
        Sid: 'Enable IAM User Permissions',
        Effect: 'Allow',
        Principal: { AWS: root },
        Action: 'kms:*',
        Resource: '*',
      },
    ],
  });
}
