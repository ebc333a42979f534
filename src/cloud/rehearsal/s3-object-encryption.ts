/** How an object is encrypted, and whether its caller may use the key. Nothing is encrypted here: only what would be refused is. */
import type * as S3 from '@aws-sdk/client-s3';
import { given, type Call } from './context.ts';
import { invalid, Refusal } from './faults.ts';
import { keyOrAlias, useKey, type Found } from './kms-keys.ts';
import { nameOf, type Target } from './s3-target.ts';
import type { Bucket, ObjectVersion } from './state.ts';

interface Rule {
  readonly ApplyServerSideEncryptionByDefault?: {
    readonly SSEAlgorithm: string;
    readonly KMSMasterKeyID?: string;
  };
  readonly BucketKeyEnabled?: boolean;
}

/** As the request says, or else as the bucket does; a key of KMS must be there, enabled, and let its caller in through S3. */
export function encryptionOf(
  input: Pick<
    S3.PutObjectCommandInput,
    'Bucket' | 'ServerSideEncryption' | 'SSEKMSKeyId' | 'BucketKeyEnabled'
  >,
  bucket: Bucket,
  object: string,
  call: Call,
): ObjectVersion['encryption'] {
  const rule = (bucket.encryption as unknown as { readonly Rules: readonly Rule[] }).Rules[0];
  const byDefault = rule?.ApplyServerSideEncryptionByDefault;
  const algorithm: string = input.ServerSideEncryption ?? byDefault?.SSEAlgorithm ?? 'AES256';
  if (algorithm === 'AES256') {
    if (input.SSEKMSKeyId !== undefined)
      throw invalid(
        'InvalidArgument',
        'Server Side Encryption with AWS KMS managed key requires HTTP header x-amz-server-side-encryption : aws:kms',
      );
    return { algorithm, key: null, bucketKey: false };
  }
  const name =
    input.SSEKMSKeyId ?? (input.ServerSideEncryption === undefined ? byDefault?.KMSMasterKeyID : undefined);
  if (name === undefined)
    throw invalid('RehearsalUnsupported', 'the rehearsal cloud has no key of AWS itself for S3');
  const key = keyNamed(name, call);
  const bucketKey = input.BucketKeyEnabled ?? rule?.BucketKeyEnabled ?? false;
  useKey('kms:GenerateDataKey', key, contextOf(input, object, bucketKey, call), call);
  return { algorithm, key: key.arn, bucketKey };
}

/** A key that is not there is no object that is not there. */
function keyNamed(name: string, call: Call): Found {
  try {
    return keyOrAlias(name, call, 'current');
  } catch (refusal) {
    if (!(refusal instanceof Refusal)) throw refusal;
    throw invalid(`KMS.${refusal.fault}`, refusal.message);
  }
}

/** With a bucket key the encryption context is the bucket, without one the object (S3 User Guide, "S3 Bucket Keys"). */
function contextOf(
  target: Target,
  object: string,
  bucketKey: boolean,
  call: Call,
): Readonly<Record<string, string>> {
  const arn = `arn:${call.partition}:s3:::${nameOf(target)}`;
  return {
    'kms:viaservice': `s3.${call.region}.amazonaws.com`,
    'kms:encryptioncontext:aws:s3:arn': bucketKey ? arn : `${arn}/${object}`,
  };
}

export function shownEncryption({ encryption: { algorithm, key, bucketKey } }: ObjectVersion) {
  return {
    ServerSideEncryption: algorithm as S3.ServerSideEncryption,
    ...given('SSEKMSKeyId', key),
    ...(key === null ? {} : { BucketKeyEnabled: bucketKey }),
  };
}

/** @throws what KMS answers to who may not read with it */
export function decrypt(
  { encryption: { key, bucketKey } }: ObjectVersion,
  target: Target,
  object: string,
  call: Call,
): void {
  if (key !== null)
    useKey('kms:Decrypt', keyNamed(key, call), contextOf(target, object, bucketKey, call), call);
}
