/** Which bucket a call of S3 means, and whether its caller may reach it so. */
import { read, save, writable, type Call, type Done } from './context.ts';
import { absent, denied, invalid, Refusal } from './faults.ts';
import { authorize, type OnObject } from './s3-policy.ts';
import type { Bucket } from './state.ts';

export interface Target {
  readonly Bucket: string | undefined;
  readonly ExpectedBucketOwner?: string | undefined;
}

/**
 * A bucket that the caller may read so.
 * @param on the object that is meant, where it is one
 * @throws NoSuchBucket, AccessDenied, PermanentRedirect
 */
export function toRead(target: Target, action: string, call: Call, on?: OnObject): Bucket {
  return admitted(read(call.state.buckets, nameOf(target), call), target, action, call, on);
}

export function toWrite(target: Target, action: string, call: Call, on?: OnObject): Bucket {
  return admitted(writable(call.state.buckets, nameOf(target), call), target, action, call, on);
}

export function nameOf({ Bucket: name }: Target): string {
  if (name === undefined || name === '')
    throw invalid('InvalidBucketName', 'The specified bucket is not valid.');
  return name;
}

function admitted(
  bucket: Bucket | undefined,
  target: Target,
  action: string,
  call: Call,
  on?: OnObject,
): Bucket {
  if (bucket === undefined) throw absent('NoSuchBucket', 'The specified bucket does not exist');
  const expected = target.ExpectedBucketOwner;
  if (expected !== undefined && !/^\d{12}$/.test(expected))
    throw invalid(
      'InvalidBucketOwnerAWSAccountID',
      'The value of the expected bucket owner parameter must be an AWS account ID.',
    );
  if (bucket.owner !== call.account || (expected !== undefined && expected !== bucket.owner))
    throw denied('AccessDenied', 'Access Denied');
  if (bucket.region !== call.region) {
    throw new Refusal(
      'PermanentRedirect',
      301,
      'The bucket you are attempting to access must be addressed using the specified endpoint. Please send all future requests to this endpoint.',
    );
  }
  authorize(action, nameOf(target), bucket, call, on);
  return bucket;
}

export function change(
  target: Target,
  action: string,
  call: Call,
  how: (bucket: Bucket) => Partial<Bucket>,
): Done {
  const bucket = toWrite(target, action, call);
  save(call.state.buckets, nameOf(target), { ...bucket, ...how(bucket) }, call);
  return {};
}
