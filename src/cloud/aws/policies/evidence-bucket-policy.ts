/**
 * The policy of the bucket of the evidence. It only denies, as that of the state does, and it exempts nobody: what Object Lock keeps
 * cannot be deleted by break-glass either. The account's administrators can repair the policy itself, so nobody is locked out; what was
 * stored until then is kept by S3, not by this policy.
 */
import { ROLE_NAMES, type Blueprint } from '../../../plan/blueprint.ts';
import { bucketArn, objectArn, roleArn, rootArn } from '../arn.ts';
import { allOf, everyBucket } from './bucket-statements.ts';
import { document, type PolicyDocument, type Statement } from './document.ts';

type Store = NonNullable<Blueprint['evidence']>;

/** @param keyArn the store's own KMS key */
export function evidenceBucketPolicy(b: Blueprint, store: Store, keyArn: string): PolicyDocument {
  return document([
    ...everyBucket(b, store.bucket, keyArn),
    ...writing(b, store),
    ...retention(b, store),
    ...destruction(b, store),
    strangers(b, store),
  ]);
}

const MODE = 's3:object-lock-mode';
const REMAINING = 's3:object-lock-remaining-retention-days';

/**
 * An object is only ever made where there is none (`If-None-Match: *`), so that nothing is covered by a newer version. Parts of a
 * multipart upload carry no such header (`s3:ObjectCreationOperation`).
 */
function writing(b: Blueprint, { bucket }: Store): readonly Statement[] {
  return [
    {
      Sid: 'GovbootDenyUnconditionalWrite',
      Effect: 'Deny',
      Principal: '*',
      Action: 's3:PutObject',
      Resource: objectArn(b, '*', bucket),
      Condition: { Null: { 's3:if-none-match': 'true' }, Bool: { 's3:ObjectCreationOperation': 'true' } },
    },
  ];
}

/**
 * Who says nothing of retention gets the bucket's own; who says something says no less. A condition on a key that the request does not
 * carry does not hold for `NumericLessThan`, and would for `StringNotEquals`, hence `Null … false`.
 */
function retention(b: Blueprint, { bucket, retentionDays }: Store): readonly Statement[] {
  const saying = {
    Effect: 'Deny',
    Principal: '*',
    Action: ['s3:PutObject', 's3:PutObjectRetention'],
    Resource: objectArn(b, '*', bucket),
  } as const;
  return [
    {
      Sid: 'GovbootDenyShorterRetention',
      ...saying,
      Condition: { NumericLessThan: { [REMAINING]: String(retentionDays) } },
    },
    {
      Sid: 'GovbootDenyOtherMode',
      ...saying,
      Condition: { Null: { [MODE]: 'false' }, StringNotEquals: { [MODE]: 'COMPLIANCE' } },
    },
  ];
}

/**
 * A delete marker loses nothing and hides everything. Versioning and lifecycle are never written by govboot here: the bucket is born
 * versioned, and nothing in it expires by a rule. PutBucketObjectLockConfiguration is left to the administrators, since a retention may
 * be made longer and S3 has no condition that tells longer from shorter.
 */
function destruction(b: Blueprint, { bucket }: Store): readonly Statement[] {
  return [
    {
      Sid: 'GovbootDenyLosingEvidence',
      Effect: 'Deny',
      Principal: '*',
      Action: ['s3:BypassGovernanceRetention', 's3:DeleteObject', 's3:DeleteObjectVersion'],
      Resource: objectArn(b, '*', bucket),
    },
    {
      Sid: 'GovbootDenyLosingBucket',
      Effect: 'Deny',
      Principal: '*',
      Action: [
        's3:DeleteBucket',
        's3:DeleteBucketPolicy',
        's3:PutBucketVersioning',
        's3:PutLifecycleConfiguration',
        's3:PutReplicationConfiguration',
      ],
      Resource: bucketArn(b, bucket),
      Condition: { ArnNotEquals: { 'aws:PrincipalArn': rootArn(b) } },
    },
  ];
}

/** The roles of the state have no business here, whatever else somebody attaches to them. */
function strangers(b: Blueprint, { bucket }: Store): Statement {
  return {
    Sid: 'GovbootDenyRolesOfState',
    Effect: 'Deny',
    Principal: '*',
    Action: 's3:*',
    Resource: allOf(b, bucket),
    Condition: { ArnEquals: { 'aws:PrincipalArn': ROLE_NAMES.map((role) => roleArn(b, role)) } },
  };
}
