/**
 * A bucket as a vault: the environment's own on AWS, or one of a store that speaks S3. What a store does not tell (versions, retention)
 * is not there; nothing is concluded from what it was asked for.
 */
import { sha256Raw } from '../../kernel/digest.ts';
import { GovbootError, isGovbootError } from '../../kernel/errors.ts';
import { toBase64 } from '../../inputs/base64.ts';
import { instantFromMs } from '../../kernel/time.ts';
import type { Clock, EvidenceVault, Retention, VaultObject, VaultPlace, VaultVersion } from '../../ports.ts';
import { ApiFault, isFault, type AwsApi, type Output } from './api.ts';
import { guarded } from './guard.ts';
import { AWS_PROFILE } from './profile.ts';
import { withRetry, type Again } from './retry.ts';
import { telling } from './trouble.ts';

export interface BucketVaultOptions {
  readonly api: AwsApi;
  readonly clock: Pick<Clock, 'pause' | 'monotonic'>;
  readonly place: VaultPlace;
  readonly onAgain?: (again: Again) => void;
}

/** Milliseconds for which a call is repeated: the evidence is safe here, and can be pushed again. */
const DEADLINE_MS = 20_000;
/** Versions of one environment; more is not evidence of ours, or a listing without an end. */
const MOST_VERSIONS = 1_000_000;
/** Bytes; the largest file of the evidence. */
const MOST_BYTES = 64 * 1024 * 1024;

export function makeBucketVault({ api: bare, clock, place, onAgain }: BucketVaultOptions): EvidenceVault {
  const told = onAgain === undefined ? {} : { onAgain };
  const api = withRetry(guarded(plainSpeaking(bare), AWS_PROFILE), {
    pause: (ms) => clock.pause(ms),
    monotonic: () => clock.monotonic(),
    deadlineMs: DEADLINE_MS,
    ...told,
  });
  const { account } = place;
  const bucket = {
    Bucket: place.place.replace(/^s3:\/\//, ''),
    ...(account === null ? {} : { ExpectedBucketOwner: account }),
  };
  const keeps = once(() => hasObjectLock(api, bucket));
  return {
    place: {
      kind: 's3',
      place: place.place,
      account,
      region: place.region,
      endpoint: place.endpoint,
    },
    versions: (prefix) => asked(place, () => listVersions(api, bucket, prefix)),
    open: async (key, version) => {
      const object = await asked(place, () => openVersion(api, bucket, keeps, key, version));
      return object && { ...object, read: () => asked(place, () => object.read()) };
    },
    create: (key, bytes) =>
      asked(place, async () => {
        try {
          const made = await api.call('s3:PutObject', {
            ...bucket,
            Key: key,
            Body: bytes,
            IfNoneMatch: '*',
            ChecksumAlgorithm: 'SHA256',
            ChecksumSHA256: toBase64(sha256Raw(bytes)),
          });
          return { version: made.VersionId ?? UNVERSIONED };
        } catch (error) {
          if (isFault(error, 'exists')) return null;
          throw error;
        }
      }),
  };
}

/** What S3 calls the version of an object in a bucket that has none. */
const UNVERSIONED = 'null';

type Bucket = { readonly Bucket: string; readonly ExpectedBucketOwner?: string };

async function listVersions(api: AwsApi, bucket: Bucket, prefix: string): Promise<readonly VaultVersion[]> {
  const found: VaultVersion[] = [];
  const markers = new Set<string>();
  let next: { readonly KeyMarker?: string; readonly VersionIdMarker?: string } = {};
  for (;;) {
    const page = await api.call('s3:ListObjectVersions', { ...bucket, Prefix: prefix, ...next });
    found.push(...versionsOf(page.Versions, 'object'), ...versionsOf(page.DeleteMarkers, 'marker'));
    const { NextKeyMarker: key, NextVersionIdMarker: version } = page;
    if (page.IsTruncated !== true || key === undefined) return found;
    const marker = `${key}\n${version ?? ''}`;
    if (markers.has(marker) || found.length > MOST_VERSIONS)
      throw new GovbootError(
        'VAULT_FAILED',
        `s3:ListObjectVersions of ${bucket.Bucket}: the listing does not end`,
      );
    markers.add(marker);
    next = { KeyMarker: key, ...(version === undefined ? {} : { VersionIdMarker: version }) };
  }
}

type Listed = NonNullable<Output<'s3:ListObjectVersions'>['DeleteMarkers']>;

function versionsOf(listed: Listed | undefined, is: VaultVersion['is']): VaultVersion[] {
  return (listed ?? []).flatMap(({ Key: key, VersionId: version, IsLatest: latest }) =>
    key === undefined ? [] : [{ key, version: version ?? UNVERSIONED, is, latest: latest === true }],
  );
}

interface Wanted {
  readonly Key: string;
  readonly VersionId?: string;
}

/** Some stores without versions know none by the name that they give it: then whatever is there is asked for, if it says that it has none. */
async function openVersion(
  api: AwsApi,
  bucket: Bucket,
  keeps: () => Promise<boolean>,
  key: string,
  version: string,
): Promise<VaultObject | null> {
  const found = await open(api, bucket, keeps, { Key: key, VersionId: version });
  return found !== null || version !== UNVERSIONED ? found : open(api, bucket, keeps, { Key: key });
}

async function open(
  api: AwsApi,
  bucket: Bucket,
  keeps: () => Promise<boolean>,
  one: Wanted,
): Promise<VaultObject | null> {
  const head = await orNull(() => api.call('s3:HeadObject', { ...bucket, ...one }));
  if (head === null || (one.VersionId === undefined && (head.VersionId ?? UNVERSIONED) !== UNVERSIONED))
    return null;
  return {
    version: one.VersionId ?? UNVERSIONED,
    bytes: head.ContentLength ?? 0,
    retention: retentionOf(head.ObjectLockMode, head.ObjectLockRetainUntilDate) ?? (await askRetention()),
    read,
  };

  /** The headers are left out also for whoever may not see them (S3 HeadObject), so that is no answer yet. */
  async function askRetention(): Promise<Retention> {
    if (!(await keeps())) return NONE;
    const answer = await orNull(() => api.call('s3:GetObjectRetention', { ...bucket, ...one }));
    return retentionOf(answer?.Retention?.Mode, answer?.Retention?.RetainUntilDate) ?? NONE;
  }

  async function read(): Promise<Uint8Array> {
    if ((head?.ContentLength ?? 0) > MOST_BYTES)
      throw new GovbootError('FILE_UNSAFE', `${one.Key} is larger than ${String(MOST_BYTES)} bytes`);
    const { Body: body = new Uint8Array() } = await api.call('s3:GetObject', { ...bucket, ...one });
    return body;
  }
}

const NONE: Retention = { mode: 'none', until: null };

function retentionOf(mode: string | undefined, until: Date | undefined): Retention | null {
  if ((mode !== 'COMPLIANCE' && mode !== 'GOVERNANCE') || until === undefined) return null;
  return { mode, until: instantFromMs(until.getTime()) };
}

async function hasObjectLock(api: AwsApi, bucket: Bucket): Promise<boolean> {
  try {
    const { ObjectLockConfiguration: lock } = await api.call('s3:GetObjectLockConfiguration', bucket);
    return lock?.ObjectLockEnabled === 'Enabled';
  } catch (error) {
    // Who may not see how the bucket is set may still see how a version is held.
    if (isFault(error, 'denied')) return true;
    if (isFault(error, 'absent') || isFault(error, 'invalid')) return false;
    throw error;
  }
}

/** null for what is not there: stores answer 404, or 400 for the id of a version that they would never give, or 405 for a marker. */
async function orNull<T>(call: () => Promise<T>): Promise<T | null> {
  try {
    return await call();
  } catch (error) {
    if (isFault(error, 'absent')) return null;
    if (isFault(error, 'invalid') && (error.status === 400 || error.status === 405)) return null;
    throw error;
  }
}

/** 501 is no outage: what a store does not have it will not have in ten seconds either. */
function plainSpeaking(api: AwsApi): AwsApi {
  return {
    async call(operation, input) {
      try {
        return await api.call(operation, input);
      } catch (error) {
        if (!isFault(error) || (error.fault !== 'NotImplemented' && error.status !== 501)) throw error;
        const { fault, message, status, requestId, attempts } = error;
        throw new ApiFault({ operation, kind: 'invalid', fault, message, status, requestId, attempts });
      }
    },
  };
}

/** @throws CLOUD_DENIED, CREDENTIALS, CLOUD_UNREACHABLE, VAULT_FAILED */
async function asked<T>({ place }: VaultPlace, work: () => Promise<T>): Promise<T> {
  try {
    return await telling(place, work);
  } catch (error) {
    if (!isGovbootError(error) || error.code !== 'CLOUD_FAILED') throw error;
    throw new GovbootError('VAULT_FAILED', error.message, { data: error.data, cause: error });
  }
}

function once<T>(work: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | null = null;
  return () => (made ??= work());
}
