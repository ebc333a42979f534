/**
 * What a changing call may not say, whoever asks for it. Several calls that make a backend safe would make it unsafe with another value
 * (PutBucketVersioning with `Suspended`), so the call alone proves nothing. The last door before the wire looks at the value too.
 */
import { isJsonObject, type Json } from '../../kernel/json.ts';
import type { Input, Operation } from './api.ts';

type Changing = Extract<
  Operation,
  `${string}:${'Create' | 'Put' | 'Update' | 'Tag' | 'Enable' | 'Add'}${string}`
>;

/** What would be weaker afterwards, or null. */
type Rule<O extends Operation> = (input: Input<O>) => string | null;

const when = (isWeak: boolean, what: string): string | null => (isWeak ? what : null);
/** Adds to what is there, and can take nothing away. */
const adds = (): null => null;

const RULES: { readonly [O in Changing]: Rule<O> } = {
  's3:CreateBucket': (input) =>
    when(input.ACL !== undefined || grants(input), 'access control lists') ??
    when(input.ObjectOwnership !== 'BucketOwnerEnforced', 'access control lists would count'),
  // Replaces the whole set; without them nobody could tell whose the bucket is.
  's3:PutBucketTagging': ({ Tagging }) =>
    when(
      !(Tagging?.TagSet ?? []).some(({ Key }) => Key === 'govboot:repository'),
      'the tags of the owner go',
    ),
  's3:PutBucketVersioning': ({ VersioningConfiguration: v }) =>
    when(v?.Status !== 'Enabled' || v.MFADelete !== undefined, 'versions would not be kept'),
  's3:PutBucketEncryption': ({ ServerSideEncryptionConfiguration: e }) =>
    when(
      (e?.Rules ?? []).length === 0 ||
        (e?.Rules ?? []).some(
          ({ ApplyServerSideEncryptionByDefault: by }) =>
            by?.SSEAlgorithm !== 'aws:kms' || by.KMSMasterKeyID === undefined,
        ),
      "objects would not be encrypted with the environment's own key",
    ),
  's3:PutPublicAccessBlock': ({ PublicAccessBlockConfiguration: block }) =>
    when(
      !(
        block?.BlockPublicAcls === true &&
        block.IgnorePublicAcls === true &&
        block.BlockPublicPolicy === true &&
        block.RestrictPublicBuckets === true
      ),
      'public access would not be blocked, 4 of 4',
    ),
  's3:PutBucketOwnershipControls': ({ OwnershipControls }) =>
    when(
      (OwnershipControls?.Rules ?? []).some(({ ObjectOwnership: who }) => who !== 'BucketOwnerEnforced'),
      'access control lists would count',
    ),
  's3:PutBucketPolicy': ({ Policy }) => lettingAnybodyIn(Policy),
  's3:PutBucketLifecycleConfiguration': ({ LifecycleConfiguration }) =>
    when(
      (LifecycleConfiguration?.Rules ?? []).some(
        (rule) =>
          rule.Expiration !== undefined ||
          rule.Transitions !== undefined ||
          rule.NoncurrentVersionTransitions !== undefined ||
          (rule.NoncurrentVersionExpiration?.NewerNoncurrentVersions ?? 0) < 1,
      ),
      'the newest versions would not be kept',
    ),
  's3:PutObjectLockConfiguration': ({ ObjectLockConfiguration: lock }) =>
    when(lock?.ObjectLockEnabled !== 'Enabled', 'versions could be deleted') ??
    when(lock?.Rule?.DefaultRetention === undefined, 'new versions would be kept for no time') ??
    when(
      lock?.Rule?.DefaultRetention?.Mode !== 'COMPLIANCE',
      'whoever has the permission could delete versions before their time',
    ) ??
    when(daysOf(lock?.Rule?.DefaultRetention) < 1, 'new versions would be kept for no time'),
  // What a version says for itself beats what its bucket says of all.
  's3:PutObject': (input) =>
    when(input.IfNoneMatch !== '*', 'an object that is there would be covered by another') ??
    when(input.ACL !== undefined || grants(input), 'access control lists') ??
    when(
      input.ObjectLockMode !== undefined && input.ObjectLockMode !== 'COMPLIANCE',
      'whoever has the permission could delete it before its time',
    ),
  'dynamodb:CreateTable': (input) =>
    when(input.DeletionProtectionEnabled !== true, 'it could be deleted') ??
    when(
      input.SSESpecification?.KMSMasterKeyId === undefined,
      "not encrypted with the environment's own key",
    ) ??
    when(input.StreamSpecification?.StreamEnabled === true, 'a stream would carry every lock away'),
  'dynamodb:UpdateTable': (input) =>
    when(input.DeletionProtectionEnabled === false, 'it could be deleted') ??
    when(input.SSESpecification?.Enabled === false, 'it would not be encrypted') ??
    when(
      input.StreamSpecification !== undefined ||
        input.ReplicaUpdates !== undefined ||
        input.GlobalSecondaryIndexUpdates !== undefined,
      'locks would be copied elsewhere',
    ),
  'dynamodb:UpdateContinuousBackups': ({ PointInTimeRecoverySpecification: p }) =>
    when(p?.PointInTimeRecoveryEnabled !== true, 'it could not be brought back'),
  'dynamodb:TagResource': adds,
  'kms:CreateKey': (input) =>
    when(input.BypassPolicyLockoutSafetyCheck === true, 'the account could be locked out of its key') ??
    when(input.MultiRegion === true, 'the key could be copied to another region') ??
    when(input.Policy === undefined, 'the key would have the policy that KMS chooses') ??
    lettingAnybodyIn(input.Policy),
  'kms:CreateAlias': adds,
  'kms:PutKeyPolicy': ({ BypassPolicyLockoutSafetyCheck: bypass, Policy }) =>
    when(bypass === true, 'the account could be locked out of its key') ?? lettingAnybodyIn(Policy),
  'kms:EnableKeyRotation': adds,
  'kms:TagResource': adds,
  'iam:CreateRole': ({ AssumeRolePolicyDocument: trust }) => lettingAnybodyIn(trust),
  'iam:UpdateRole': ({ MaxSessionDuration: seconds }) =>
    when((seconds ?? 0) > LONGEST_SESSION, `sessions of more than ${String(LONGEST_SESSION)} seconds`),
  'iam:UpdateAssumeRolePolicy': ({ PolicyDocument: trust }) => lettingAnybodyIn(trust),
  'iam:PutRolePermissionsBoundary': adds,
  'iam:TagRole': adds,
  'iam:PutRolePolicy': ({ PolicyDocument }) => allowingEverything(PolicyDocument),
  'iam:CreateOpenIDConnectProvider': ({ Url }) =>
    when(Url?.startsWith('https://') !== true, 'tokens would be fetched without TLS'),
  'iam:AddClientIDToOpenIDConnectProvider': ({ ClientID }) =>
    when((ClientID ?? '*').includes('*'), 'tokens made for anybody would do'),
  'iam:TagOpenIDConnectProvider': adds,
};

/** IAM's own longest, 12 hours (Role MaxSessionDuration). */
const LONGEST_SESSION = 43_200;

/** Days of a default retention; 0 where there is none. A year counts as 365: what is kept longer than that is not kept shorter. */
export function daysOf(
  retention: { readonly Days?: number | undefined; readonly Years?: number | undefined } | undefined,
): number {
  return retention?.Days ?? (retention?.Years ?? 0) * 365;
}

/** Operations that the table judges, for whoever checks that none is forgotten. */
export const JUDGED: readonly string[] = Object.keys(RULES);

/** What would be weaker after this call; null when nothing would, or when it only reads. */
export function weakenedBy<O extends Operation>(operation: O, input: Input<O>): string | null {
  const rule = (RULES as Partial<Record<Operation, Rule<O>>>)[operation];
  return rule === undefined ? null : rule(input);
}

function grants(input: object): boolean {
  return Object.keys(input).some((key) => key.startsWith('Grant'));
}

function statementsOf(text: string | undefined): readonly Json[] {
  const parsed = JSON.parse(text ?? 'null') as Json;
  const statements = isJsonObject(parsed) ? parsed['Statement'] : undefined;
  return Array.isArray(statements) ? (statements as readonly Json[]) : [];
}

const listOf = (value: Json | undefined): readonly Json[] =>
  Array.isArray(value) ? (value as readonly Json[]) : value === undefined ? [] : [value];

const isAllow = (statement: Json): boolean => isJsonObject(statement) && statement['Effect'] === 'Allow';

function lettingAnybodyIn(text: string | undefined): string | null {
  const open = statementsOf(text).some((statement) => {
    if (!isAllow(statement) || !isJsonObject(statement)) return false;
    const principal = statement['Principal'];
    const names = isJsonObject(principal) ? Object.values(principal).flatMap(listOf) : listOf(principal);
    return names.includes('*') || statement['NotPrincipal'] !== undefined;
  });
  return when(open, 'everybody would be let in');
}

function allowingEverything(text: string | undefined): string | null {
  const wide = statementsOf(text).some((statement) => {
    if (!isAllow(statement) || !isJsonObject(statement)) return false;
    const actions = listOf(statement['Action']).map(String);
    return actions.some((action) => action.includes('*')) || statement['NotAction'] !== undefined;
  });
  return when(wide, 'a role would be allowed more than what is listed');
}
