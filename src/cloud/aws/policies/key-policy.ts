/**
 * The environment key's policy. A key has no other way in than its policy, so the account administers it always: without
 * that statement a wrong policy would lock everybody out for good (KMS developer guide, "Default key policy").
 */
import type { Blueprint, RoleName } from '../../../plan/blueprint.ts';
import { bucketArn, roleArn, rootArn, viaService } from '../arn.ts';
import { document, type Conditions, type PolicyDocument, type Statement } from './document.ts';

/** Roles that touch the state, each through S3 or DynamoDB only. */
const USERS: readonly RoleName[] = ['operator', 'automation', 'ci-plan', 'ci-apply', 'break-glass'];

/**
 * Whether a role writes objects, which takes a data key. A plan writes nothing but its lock file. A role that is named here needs no
 * policy of its own to use the key, so it must not be named for more than its own policy says.
 */
export function writesObjects(b: Blueprint, role: RoleName): boolean {
  return role !== 'ci-plan' || b.locking !== 'table';
}

/** In a key policy `Resource: "*"` means this key. */
export const THIS_KEY = '*';

/** Without it a wrong policy would lock everybody out for good. */
export function accountAdministers(b: Blueprint): Statement {
  return {
    Sid: 'GovbootAccountAdministersKey',
    Effect: 'Allow',
    Principal: { AWS: rootArn(b) },
    Action: 'kms:*',
    Resource: THIS_KEY,
  };
}

export function keyPolicy(b: Blueprint): PolicyDocument {
  const users = { AWS: USERS.map((role) => roleArn(b, role)) };
  const statements: Statement[] = [
    accountAdministers(b),
    {
      Sid: 'GovbootReadThroughS3',
      Effect: 'Allow',
      Principal: users,
      Action: 'kms:Decrypt',
      Resource: THIS_KEY,
      Condition: throughS3(b),
    },
    {
      Sid: 'GovbootWriteThroughS3',
      Effect: 'Allow',
      Principal: { AWS: USERS.filter((role) => writesObjects(b, role)).map((role) => roleArn(b, role)) },
      Action: 'kms:GenerateDataKey',
      Resource: THIS_KEY,
      Condition: throughS3(b),
    },
  ];
  if (b.locking !== 'lockfile') {
    statements.push({
      Sid: 'GovbootUseThroughDynamoDb',
      Effect: 'Allow',
      Principal: users,
      Action: 'kms:Decrypt',
      Resource: THIS_KEY,
      Condition: throughDynamoDb(b),
    });
  }
  statements.push({
    Sid: 'GovbootDenyLosingKey',
    Effect: 'Deny',
    Principal: '*',
    Action: ['kms:DisableKey', 'kms:DisableKeyRotation', 'kms:ScheduleKeyDeletion'],
    Resource: THIS_KEY,
    Condition: { ArnNotEquals: { 'aws:PrincipalArn': roleArn(b, 'break-glass') } },
  });
  return document(statements);
}

/**
 * The encryption context is the bucket's ARN with a bucket key and the object's ARN without one (S3 user guide, "S3 Bucket
 * Keys"); both are this bucket and nothing else.
 */
export function throughS3(b: Blueprint): Conditions {
  return {
    StringEquals: { 'kms:ViaService': viaService(b, 's3') },
    StringLike: { 'kms:EncryptionContext:aws:s3:arn': [bucketArn(b), `${bucketArn(b)}/*`] },
  };
}

/**
 * DynamoDB decrypts the table key on behalf of the caller; its own upkeep runs under a grant (KMS developer guide, "How
 * Amazon DynamoDB uses AWS KMS").
 */
export function throughDynamoDb(b: Blueprint): Conditions {
  return {
    StringEquals: {
      'kms:ViaService': viaService(b, 'dynamodb'),
      'kms:EncryptionContext:aws:dynamodb:tableName': b.names.table,
      'kms:EncryptionContext:aws:dynamodb:subscriberId': b.account,
    },
  };
}
