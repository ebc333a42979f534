/** What the policy of every bucket of ours denies, whatever lies in it: plain HTTP, other accounts, other keys. */
import type { Blueprint } from '../../../plan/blueprint.ts';
import { bucketArn, objectArn } from '../arn.ts';
import type { Statement } from './document.ts';

const SSE = 's3:x-amz-server-side-encryption';
const SSE_KEY = 's3:x-amz-server-side-encryption-aws-kms-key-id';
const SSE_CUSTOMER = 's3:x-amz-server-side-encryption-customer-algorithm';

/** @param keyArn the bucket's own KMS key */
export function everyBucket(b: Blueprint, bucket: string, keyArn: string): readonly Statement[] {
  return [...transport(b, bucket), confine(b, bucket), ...encryption(b, bucket, keyArn)];
}

/** The bucket and everything in it. */
export function allOf(b: Blueprint, bucket: string): readonly string[] {
  return [bucketArn(b, bucket), objectArn(b, '*', bucket)];
}

function transport(b: Blueprint, bucket: string): readonly Statement[] {
  const everything = { Principal: '*', Action: 's3:*', Resource: allOf(b, bucket) } as const;
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
function confine(b: Blueprint, bucket: string): Statement {
  return {
    Sid: 'GovbootDenyOtherAccounts',
    Effect: 'Deny',
    Principal: '*',
    Action: 's3:*',
    Resource: allOf(b, bucket),
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
function encryption(b: Blueprint, bucket: string, keyArn: string): readonly Statement[] {
  const upload = {
    Effect: 'Deny',
    Principal: '*',
    Action: 's3:PutObject',
    Resource: objectArn(b, '*', bucket),
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
