/** The objects of the rehearsal cloud: versions, written once, each kept for its time. docs/rehearsal-cloud.md, clauses S3.50 and on. */
import { sha256, sha256Raw } from '../../kernel/digest.ts';
import type { Input } from '../aws/api.ts';
import { given, newUuid, type Call, type Handlers } from './context.ts';
import { absent, exists, invalid, Refusal } from './faults.ts';
import { encryptionOf, shownEncryption } from './s3-object-encryption.ts';
import { filed, keyOf, versionsOf, withLock, type Answer } from './s3-object-parts.ts';
import { described, found, headObject, listVersions } from './s3-object-reads.ts';
import { checkDefaultRetention, DAY_MS, retentionOf } from './s3-retention.ts';
import { change, toRead, toWrite } from './s3-target.ts';
import type { ObjectVersion } from './state.ts';

/** Bytes that one object may have here: evidence is small, and this cloud is remembered whole. */
const LARGEST = 16 * 1024 * 1024;

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
