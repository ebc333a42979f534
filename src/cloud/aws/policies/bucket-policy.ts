/**
 * The state bucket's policy. It only denies: access is given by the roles' own policies, and nothing here can widen it.
 * No statement denies s3:PutBucketPolicy to everybody, so the account's administrators can always repair the policy, and
 * nobody is named as a principal: conditions on aws:PrincipalArn hold whether or not the role exists.
 */
import { ROLE_NAMES, type Blueprint } from '../../../plan/blueprint.ts';
import { bucketArn, lockKeys, objectArn, roleArn } from '../arn.ts';
import { everyBucket } from './bucket-statements.ts';
import { document, type PolicyDocument, type Statement } from './document.ts';

/** @param keyArn the environment's own KMS key */
export function bucketPolicy(b: Blueprint, keyArn: string): PolicyDocument {
  return document([...everyBucket(b, b.names.bucket, keyArn), ...lockFiles(b), ...destruction(b)]);
}

/**
 * A lock file is only ever made where there is none (`If-None-Match: *`), so a client that ignores locking cannot take a
 * lock that is held. `s3:ObjectCreationOperation` leaves the parts of a multipart upload alone, which carry no such header.
 */
function lockFiles(b: Blueprint): readonly Statement[] {
  if (b.locking === 'table') return [];
  return [
    {
      Sid: 'GovbootDenyUnconditionalLock',
      Effect: 'Deny',
      Principal: '*',
      Action: 's3:PutObject',
      Resource: lockKeys(b).map((key) => objectArn(b, key)),
      Condition: { Null: { 's3:if-none-match': 'true' }, Bool: { 's3:ObjectCreationOperation': 'true' } },
    },
  ];
}

/**
 * What would lose the state for good, or copy it elsewhere, is denied to everybody but break-glass. govboot itself never
 * makes these calls. What govboot must be able to write again (versioning, lifecycle, encryption, public access, ownership,
 * the policy) is denied only to the roles that use the state, whatever else somebody attaches to them. Expiry by the
 * lifecycle rule is not a request and is not touched by a policy.
 */
function destruction(b: Blueprint): readonly Statement[] {
  const users = ROLE_NAMES.filter((role) => role !== 'break-glass').map((role) => roleArn(b, role));
  return [
    {
      Sid: 'GovbootDenyLosingVersions',
      Effect: 'Deny',
      Principal: '*',
      Action: 's3:DeleteObjectVersion',
      Resource: objectArn(b, '*'),
      Condition: { ArnNotEquals: { 'aws:PrincipalArn': roleArn(b, 'break-glass') } },
    },
    {
      Sid: 'GovbootDenyLosingBucket',
      Effect: 'Deny',
      Principal: '*',
      Action: ['s3:DeleteBucket', 's3:DeleteBucketPolicy', 's3:PutReplicationConfiguration'],
      Resource: bucketArn(b),
      Condition: { ArnNotEquals: { 'aws:PrincipalArn': roleArn(b, 'break-glass') } },
    },
    {
      Sid: 'GovbootDenyUsersWeakening',
      Effect: 'Deny',
      Principal: '*',
      Action: [
        's3:PutBucketAcl',
        's3:PutBucketOwnershipControls',
        's3:PutBucketPolicy',
        's3:PutBucketPublicAccessBlock',
        's3:PutBucketVersioning',
        's3:PutEncryptionConfiguration',
        's3:PutLifecycleConfiguration',
      ],
      Resource: bucketArn(b),
      Condition: { ArnEquals: { 'aws:PrincipalArn': users } },
    },
  ];
}
