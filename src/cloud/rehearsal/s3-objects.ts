/** The objects of the rehearsal cloud, only in buckets with Object Lock: versions, written once, each kept for its time. Clauses S3.50 to S3.69. */
import type * as S3 from '@aws-sdk/client-s3';
import { sha256, sha256Raw } from '../../kernel/digest.ts';
import type { Input, Operation, Output } from '../aws/api.ts';
import { given, newUuid, type Call, type Handlers } from './context.ts';
import { absent, exists, invalid, Refusal } from './faults.ts';
import { keyOrAlias, useKey, type Found } from './kms-keys.ts';
import { checkDefaultRetention, DAY_MS, retentionOf } from './s3-retention.ts';
import { change, nameOf, toRead, toWrite, type Target } from './s3-target.ts';
import type { Bucket, ObjectVersion } from './state.ts';

type Answer<O extends Operation> = Omit<Output<O>, '$metadata'>;

interface Named extends Target {
  readonly Key: string | undefined;
}

/** Bytes of UTF-8. */
const LONGEST_KEY = 1024;
/** Bytes that one object may have here: evidence is small, and this cloud is remembered whole. */
const LARGEST = 16 * 1024 * 1024;
/** Keys that ListObjectVersions gives at most (MaxKeys). */
const MOST_KEYS = 1000;

function keyOf({ Key: key }: Named): string {
  if (key === undefined || key === '') throw invalid('InvalidArgument', 'An object key must be given.');
  if (new TextEncoder().encode(key).length > LONGEST_KEY)
    throw invalid('KeyTooLongError', 'Your key is too long');
  return key;
}

/** Objects are modelled only where they cannot be lost. */
function withLock(bucket: Bucket): Bucket {
  if (bucket.objectLock) return bucket;
  throw invalid('RehearsalUnsupported', 'the rehearsal cloud keeps objects in buckets with Object Lock only');
}

function filed(target: Target, key: string): string {
  return `${nameOf(target)}/${key}`;
}

function versionsOf(target: Target, key: string, call: Call): readonly ObjectVersion[] {
  const at = filed(target, key);
  return Object.hasOwn(call.state.objects, at) ? (call.state.objects[at] ?? []) : [];
}

function putObject(input: Input<'s3:PutObject'>, call: Call): Answer<'s3:PutObject'> {
  const key = keyOf(input);
  const { ServerSideEncryption: algorithm, SSEKMSKeyId: named, IfNoneMatch: condition } = input;
  const own = retentionOf(input.ObjectLockMode, input.ObjectLockRetainUntilDate, call);
  const context = {
    's3:objectcreationoperation': 'true',
    ...given('s3:if-none-match', condition),
    ...given('s3:x-amz-server-side-encryption', algorithm),
    ...given('s3:x-amz-server-side-encryption-aws-kms-key-id', named),
    ...given('s3:object-lock-mode', own?.mode),
    ...given('s3:object-lock-retain-until-date', own && new Date(own.for).toISOString()),
    ...given(
      's3:object-lock-remaining-retention-days',
      own && String(Math.floor((own.for - call.sight.now) / DAY_MS)),
    ),
  };
  const bucket = withLock(toWrite(input, 's3:PutObject', call, { key, context }));
  const content = contentOf(input);
  if (condition !== undefined && condition !== '*')
    throw new Refusal(
      'NotImplemented',
      501,
      'A header you provided implies functionality that is not implemented.',
    );
  const there = versionsOf(input, key, call);
  if (condition === '*' && there.length > 0)
    throw exists('PreconditionFailed', 'At least one of the pre-conditions you specified did not hold', 412);
  const encryption = encryptionOf(input, bucket, key, call);
  const always = bucket.defaultRetention ?? null;
  const version: ObjectVersion = {
    id: newUuid(call, 'version').replaceAll('-', ''),
    at: call.sight.now,
    content: Buffer.from(content).toString('base64'),
    size: content.length,
    // With KMS the tag of an object is no digest of its content (S3 API, ETag).
    etag: `"${sha256(`etag ${sha256(content)} ${String(call.state.made)}`).slice(0, 32)}"`,
    sha256: input.ChecksumSHA256 ?? null,
    contentType: input.ContentType ?? 'application/octet-stream',
    metadata: Object.fromEntries(
      Object.entries(input.Metadata ?? {}).map(([name, value]) => [name.toLowerCase(), value]),
    ),
    encryption,
    retention: own ?? (always && { mode: always.mode, for: call.sight.now + always.for * DAY_MS }),
  };
  call.state.objects[filed(input, key)] = [...there, version];
  return {
    VersionId: version.id,
    ETag: version.etag,
    Size: version.size,
    ...shownEncryption(version),
    ...given('ChecksumSHA256', version.sha256),
  };
}

/** @throws BadDigest when it is not what its caller says it is */
function contentOf(input: Input<'s3:PutObject'>): Uint8Array {
  const content = input.Body ?? new Uint8Array();
  if (content.length > LARGEST)
    throw invalid('EntityTooLarge', 'Your proposed upload exceeds the maximum allowed object size.');
  if (input.ContentLength !== undefined && input.ContentLength !== content.length)
    throw invalid('IncompleteBody', 'The request body is not as long as its Content-Length says.');
  const said = input.ChecksumSHA256;
  if (said !== undefined && said !== Buffer.from(sha256Raw(content)).toString('base64'))
    throw invalid('BadDigest', 'The SHA256 you specified did not match the calculated checksum.');
  return content;
}

interface Rule {
  readonly ApplyServerSideEncryptionByDefault?: {
    readonly SSEAlgorithm: string;
    readonly KMSMasterKeyID?: string;
  };
  readonly BucketKeyEnabled?: boolean;
}

/** As the request says, or else as the bucket does; a key of KMS must be there, enabled, and let its caller in through S3. */
function encryptionOf(
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

function shownEncryption({ encryption: { algorithm, key, bucketKey } }: ObjectVersion) {
  return {
    ServerSideEncryption: algorithm as S3.ServerSideEncryption,
    ...given('SSEKMSKeyId', key),
    ...(key === null ? {} : { BucketKeyEnabled: bucketKey }),
  };
}

interface Wanted extends Named {
  readonly VersionId?: string | undefined;
}

/** The version that is asked for, or the newest. @throws NoSuchKey, NoSuchVersion */
function found(input: Wanted, action: string, call: Call): ObjectVersion {
  const key = keyOf(input);
  const { VersionId: id } = input;
  // Asked for by its id, a version is another action (s3:GetObjectVersion).
  const name = action === 's3:GetObject' && id !== undefined ? 's3:GetObjectVersion' : action;
  withLock(toRead(input, name, call, { key, context: given('s3:versionid', id) }));
  const versions = versionsOf(input, key, call);
  const version = id === undefined ? versions.at(-1) : versions.find((one) => one.id === id);
  if (version !== undefined) return version;
  if (id !== undefined) throw absent('NoSuchVersion', 'The specified version does not exist.');
  throw absent('NoSuchKey', 'The specified key does not exist.');
}

/** What a read of an object tells beside its content. */
function described(input: Wanted & { readonly ChecksumMode?: string | undefined }, call: Call) {
  const version = found(input, 's3:GetObject', call);
  const { key, bucketKey } = version.encryption;
  if (key !== null)
    useKey('kms:Decrypt', keyNamed(key, call), contextOf(input, keyOf(input), bucketKey, call), call);
  return {
    version,
    head: {
      AcceptRanges: 'bytes',
      ContentLength: version.size,
      ContentType: version.contentType,
      ETag: version.etag,
      LastModified: wholeSeconds(version.at),
      Metadata: { ...version.metadata },
      VersionId: version.id,
      ...shownEncryption(version),
      ...(input.ChecksumMode === 'ENABLED' ? given('ChecksumSHA256', version.sha256) : {}),
      ...given('ObjectLockMode', version.retention?.mode),
      ...given('ObjectLockRetainUntilDate', version.retention && new Date(version.retention.for)),
    },
  };
}

/** Dates in headers have no more. */
function wholeSeconds(ms: number): Date {
  return new Date(Math.floor(ms / 1000) * 1000);
}

function headObject(input: S3.HeadObjectCommandInput, call: Call): Answer<'s3:HeadObject'> {
  try {
    return described(input, call).head;
  } catch (refusal) {
    // An answer to HEAD has no body, so the client learns the status and nothing more.
    if (!(refusal instanceof Refusal)) throw refusal;
    throw new Refusal(refusal.status === 404 ? 'NotFound' : 'Unknown', refusal.status, 'UnknownError');
  }
}

function listVersions(input: S3.ListObjectVersionsCommandInput, call: Call): Answer<'s3:ListObjectVersions'> {
  withLock(toRead(input, 's3:ListBucketVersions', call));
  const { KeyMarker: afterKey, VersionIdMarker: afterVersion, Prefix: prefix = '' } = input;
  if (afterVersion !== undefined && afterKey === undefined)
    throw invalid('InvalidArgument', 'A version-id marker cannot be specified without a key marker.');
  const most = Math.min(input.MaxKeys ?? MOST_KEYS, MOST_KEYS, call.pageSize);
  const all = entries(filed(input, ''), call).filter(({ key }) => key.startsWith(prefix));
  const marked = all.findIndex(({ key, version }) => key === afterKey && version.id === afterVersion);
  if (afterVersion !== undefined && marked < 0)
    throw invalid('InvalidArgument', 'Invalid version id specified');
  const rest =
    afterVersion === undefined
      ? all.filter(({ key }) => afterKey === undefined || key > afterKey)
      : all.slice(marked + 1);
  const page = rest.slice(0, most);
  const last = page.at(-1);
  const more = rest.length > page.length;
  return {
    Name: nameOf(input),
    Prefix: prefix,
    MaxKeys: input.MaxKeys ?? MOST_KEYS,
    IsTruncated: more,
    ...(more && last !== undefined ? { NextKeyMarker: last.key, NextVersionIdMarker: last.version.id } : {}),
    Versions: page.map(({ key, version, isLatest }) => ({
      Key: key,
      VersionId: version.id,
      IsLatest: isLatest,
      LastModified: new Date(version.at),
      ETag: version.etag,
      Size: version.size,
      StorageClass: 'STANDARD' as const,
    })),
  };
}

/** Keys in order, of each the newest version first. */
function entries(folder: string, call: Call) {
  const { objects } = call.state;
  return Object.keys(objects)
    .filter((at) => at.startsWith(folder))
    .sort()
    .flatMap((at) =>
      (objects[at] ?? [])
        .toReversed()
        .map((version, i) => ({ key: at.slice(folder.length), version, isLatest: i === 0 })),
    );
}

export const s3Objects: Pick<
  Handlers<'s3'>,
  | 's3:GetObjectLockConfiguration'
  | 's3:PutObjectLockConfiguration'
  | 's3:PutObject'
  | 's3:GetObject'
  | 's3:HeadObject'
  | 's3:ListObjectVersions'
  | 's3:GetObjectRetention'
> = {
  's3:GetObjectLockConfiguration': (input, call) => {
    const bucket = toRead(input, 's3:GetBucketObjectLockConfiguration', call);
    if (!bucket.objectLock)
      throw absent(
        'ObjectLockConfigurationNotFoundError',
        'Object Lock configuration does not exist for this bucket',
      );
    const always = bucket.defaultRetention ?? null;
    const Rule = always && { DefaultRetention: { Mode: always.mode, Days: always.for } };
    return { ObjectLockConfiguration: { ObjectLockEnabled: 'Enabled', ...given('Rule', Rule) } };
  },
  's3:PutObjectLockConfiguration': (input, call) =>
    change(input, 's3:PutBucketObjectLockConfiguration', call, (bucket) => ({
      objectLock: true,
      defaultRetention: checkDefaultRetention(input.ObjectLockConfiguration, bucket),
    })),
  's3:PutObject': putObject,
  's3:GetObject': (input, call) => {
    const { head, version } = described(input, call);
    return { ...head, Body: new Uint8Array(Buffer.from(version.content, 'base64')) };
  },
  's3:HeadObject': headObject,
  's3:ListObjectVersions': listVersions,
  's3:GetObjectRetention': (input, call) => {
    const { retention } = found(input, 's3:GetObjectRetention', call);
    if (retention === null)
      throw absent(
        'NoSuchObjectLockConfiguration',
        'The specified object does not have a ObjectLock configuration',
      );
    return { Retention: { Mode: retention.mode, RetainUntilDate: new Date(retention.for) } };
  },
};
