/**
 * The state bucket's policy. It only denies: access is given by the roles' own policies, and nothing here can widen it.
 * No statement denies s3:PutBucketPolicy to everybody, so the account's administrators can always repair the policy, and
 * nobody is named as a principal: conditions on aws:PrincipalArn hold whether or not the role exists.
 */
import { ROLE_NAMES, type Blueprint } from '../../../plan/blueprint.ts';
import { bucketArn, lockKeys, objectArn, roleArn } from '../arn.ts';
import { document, type PolicyDocument, type Statement } from './document.ts';

const SSE = 's3:x-amz-server-side-encryption';
const SSE_KEY = 's3:x-amz-server-side-encryption-aws-kms-key-id';
const SSE_CUSTOMER = 's3:x-amz-server-side-encryption-customer-algorithm';

/** @param keyArn the environment's own KMS key */
export function bucketPolicy(b: Blueprint, keyArn: string): PolicyDocument {
  return document([
    ...transport(b),
    confine(b),
    ...encryption(b, keyArn),
    ...lockFiles(b),
    ...destruction(b),
  ]);
}

function transport(b: Blueprint): readonly Statement[] {
  const everything = { Principal: '*', Action: 's3:*', Resource: [bucketArn(b), objectArn(b, '*')] } as const;
  return [
    {
      Sid: 'GovbootDenyInsecureTransport',
      Effect: 'Deny',
      ...everything,
      Condition: { Bool: { 'aws:SecureTransport': 'false' } },
    },
    {
      Sid: 'GovbootDenyOldTls',
      Effect: 'Deny',
      ...everything,
      Condition: { NumericLessThan: { 's3:TlsVersion': '1.2' } },
    },
  ];
}

/**
 * Nobody from another account, and nobody without one: a negated operator also matches where the key is absent, which is
 * so for anonymous requests. AWS services are exempt; they have no account of their own.
 */
function confine(b: Blueprint): Statement {
  return {
    Sid: 'GovbootDenyOtherAccounts',
    Effect: 'Deny',
    Principal: '*',
    Action: 's3:*',
    Resource: [bucketArn(b), objectArn(b, '*')],
    Condition: {
      StringNotEquals: { 'aws:PrincipalAccount': b.account },
      BoolIfExists: { 'aws:PrincipalIsAWSService': 'false' },
    },
  };
}

/**
 * An upload either says nothing of encryption, and the bucket's default is used, or names exactly our key.
 * `encrypt = true` without `kms_key_id` makes Terraform and OpenTofu send AES256, which would beat the bucket's default;
 * and `aws:kms` without a key id means the account's aws/s3 key. Both are refused here rather than found out later.
 * `Null … false` keeps each Deny from matching where the header is absent (parts of a multipart upload carry none).
 */
function encryption(b: Blueprint, keyArn: string): readonly Statement[] {
  const upload = {
    Effect: 'Deny',
    Principal: '*',
    Action: 's3:PutObject',
    Resource: objectArn(b, '*'),
  } as const;
  return [
    {
      Sid: 'GovbootDenyOtherEncryption',
      ...upload,
      Condition: { Null: { [SSE]: 'false' }, StringNotEquals: { [SSE]: 'aws:kms' } },
    },
    {
      Sid: 'GovbootDenyOtherKey',
      ...upload,
      Condition: { Null: { [SSE_KEY]: 'false' }, StringNotEquals: { [SSE_KEY]: keyArn } },
    },
    {
      Sid: 'GovbootDenyUnnamedKey',
      ...upload,
      Condition: { StringEquals: { [SSE]: 'aws:kms' }, Null: { [SSE_KEY]: 'true' } },
    },
    {
      Sid: 'GovbootDenyCustomerProvidedKey',
      ...upload,
      Condition: { Null: { [SSE_CUSTOMER]: 'false' } },
    },
  ];
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
