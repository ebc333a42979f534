// docs/rehearsal-cloud.md: what only the rehearsal cloud says of objects. The rest is in the contract, S3.50 and on.
import { describe, expect, test } from 'vitest';
import type { AwsApi } from '../../../../src/cloud/aws/api.ts';
import { restoreState } from '../../../../src/cloud/rehearsal/state.ts';
import { bucket, inRegion, makeBucket, refused, rehearse } from './rehearse.ts';

const Body = new TextEncoder().encode('first');
const named = { ...bucket, Key: 'dev/a' };

async function makeLocked(api: AwsApi): Promise<void> {
  await api.call('s3:CreateBucket', { ...bucket, ...inRegion, ObjectLockEnabledForBucket: true });
}

describe('objects', () => {
  test('R.9 are kept in buckets with Object Lock only, and not of any size', async () => {
    const { api } = rehearse();
    await makeBucket(api);
    await refused(api.call('s3:PutObject', { ...named, Body }), 'invalid', 'RehearsalUnsupported');
    await refused(api.call('s3:GetObject', named), 'invalid', 'RehearsalUnsupported');
    await refused(api.call('s3:ListObjectVersions', bucket), 'invalid', 'RehearsalUnsupported');
    const other = { Bucket: 'acme-rehearsal-kept' };
    await api.call('s3:CreateBucket', { ...other, ...inRegion, ObjectLockEnabledForBucket: true });
    const large = new Uint8Array(16 * 1024 * 1024 + 1);
    await refused(api.call('s3:PutObject', { ...other, Key: 'k', Body: large }), 'invalid', 'EntityTooLarge');
  });

  test('R.17 are seen at once, while the settings of their bucket still spread', async () => {
    const { api, clock } = rehearse({ consistency: { delayMs: 1000 } });
    await makeLocked(api);
    await clock.pause(1000);
    const ObjectLockConfiguration = {
      ObjectLockEnabled: 'Enabled' as const,
      Rule: { DefaultRetention: { Mode: 'COMPLIANCE' as const, Days: 3 } },
    };
    await api.call('s3:PutObjectLockConfiguration', { ...bucket, ObjectLockConfiguration });
    const seen = await api.call('s3:GetObjectLockConfiguration', bucket);
    expect(seen.ObjectLockConfiguration?.Rule).toBeUndefined();
    await api.call('s3:PutObject', { ...named, Body, IfNoneMatch: '*' });
    expect((await api.call('s3:HeadObject', named)).ContentLength).toBe(5);
    await refused(api.call('s3:PutObject', { ...named, Body, IfNoneMatch: '*' }), 'exists');
  });

  test('R.23 are written one after another, each; different ones side by side', async () => {
    const { api } = rehearse({ latencyMs: 5 });
    await makeLocked(api);
    const put = (Key: string) => api.call('s3:PutObject', { ...bucket, Key, Body, IfNoneMatch: '*' });
    const first = put('a');
    await refused(put('a'), 'conflict', 'ConditionalRequestConflict');
    await Promise.all([first, put('b')]);
  });

  test('of a name that is no name, without a length that is right, or on other terms are refused', async () => {
    const { api } = rehearse();
    await makeLocked(api);
    const put = (more: object) => api.call('s3:PutObject', { ...named, Body, ...more });
    await refused(put({ Key: '' }), 'invalid', 'InvalidArgument');
    await refused(put({ Key: 'k'.repeat(1025) }), 'invalid', 'KeyTooLongError');
    await refused(put({ ContentLength: 4 }), 'invalid', 'IncompleteBody');
    await refused(put({ IfNoneMatch: '"etag"' }), 'unavailable', 'NotImplemented');
    await refused(put({ SSEKMSKeyId: 'k' }), 'invalid', 'InvalidArgument');
    await refused(put({ ServerSideEncryption: 'aws:kms' }), 'invalid', 'RehearsalUnsupported');
    await refused(put({ ObjectLockMode: 'NONE', ObjectLockRetainUntilDate: new Date(9e15) }), 'invalid');
    await refused(put({ Tagging: 'a=b' }), 'invalid', 'RehearsalUnsupported');
    const list = (more: object) => api.call('s3:ListObjectVersions', { ...bucket, ...more });
    await refused(list({ VersionIdMarker: 'v' }), 'invalid', 'InvalidArgument');
    await refused(list({ KeyMarker: 'k', VersionIdMarker: 'v' }), 'invalid', 'InvalidArgument');
    expect((await list({ KeyMarker: 'a' })).Versions).toEqual([]);
  });

  test('a state from before there were any has none', () => {
    const before = { version: 1, seed: 1, made: 0, lastAt: 0, buckets: {}, tables: {}, keys: {} };
    expect(restoreState({ ...before, aliases: {}, roles: {}, providers: {} }).objects).toEqual({});
  });
});
