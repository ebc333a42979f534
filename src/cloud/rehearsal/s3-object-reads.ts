/** Reads of objects: by name or by version, and the list of all versions. */
import type * as S3 from '@aws-sdk/client-s3';
import { given, type Call } from './context.ts';
import { absent, invalid, Refusal } from './faults.ts';
import { decrypt, shownEncryption } from './s3-object-encryption.ts';
import { filed, keyOf, versionsOf, withLock, type Answer, type Named } from './s3-object-parts.ts';
import { nameOf, toRead } from './s3-target.ts';
import type { ObjectVersion } from './state.ts';

/** Keys that ListObjectVersions gives at most (MaxKeys). */
const MOST_KEYS = 1000;

interface Wanted extends Named {
  readonly VersionId?: string | undefined;
}

/** The version that is asked for, or the newest. @throws NoSuchKey, NoSuchVersion */
export function found(input: Wanted, action: string, call: Call): ObjectVersion {
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
export function described(input: Wanted & { readonly ChecksumMode?: string | undefined }, call: Call) {
  const version = found(input, 's3:GetObject', call);
  decrypt(version, input, keyOf(input), call);
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

export function headObject(input: S3.HeadObjectCommandInput, call: Call): Answer<'s3:HeadObject'> {
  try {
    return described(input, call).head;
  } catch (refusal) {
    // An answer to HEAD has no body, so the client learns the status and nothing more.
    if (!(refusal instanceof Refusal)) throw refusal;
    throw new Refusal(refusal.status === 404 ? 'NotFound' : 'Unknown', refusal.status, 'UnknownError');
  }
}

export function listVersions(
  input: S3.ListObjectVersionsCommandInput,
  call: Call,
): Answer<'s3:ListObjectVersions'> {
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
