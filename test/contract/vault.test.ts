// The contract of the EvidenceVault port: a folder, the rehearsal cloud, moto as the environment's own store and as one that speaks S3, and the fake.
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  PutObjectLockConfigurationCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { ApiFault, type AwsApi, type FaultKind, type Operation } from '../../src/cloud/aws/api.ts';
import { makeBucketVault } from '../../src/cloud/aws/bucket-vault.ts';
import { makeSdkApi } from '../../src/cloud/aws/sdk-api.ts';
import { makeRehearsalApi } from '../../src/cloud/rehearsal/api.ts';
import { memoryStore } from '../../src/cloud/rehearsal/store.ts';
import { openFolderVault } from '../../src/world/folder-vault.ts';
import type { VaultPlace } from '../../src/ports.ts';
import { requireOrSkip } from '../harness/capabilities.ts';
import { memoryVault } from '../harness/memory-vault.ts';
import { motoAccount, motoClientConfig, motoEnv, startMoto, type Moto } from '../harness/moto.ts';
import { vaultContract, type VaultWorld } from './vault.contract.ts';

const region = 'eu-central-1';
const place = (bucket: string, more: Partial<VaultPlace> = {}): VaultPlace => ({
  kind: 's3',
  place: `s3://${bucket}`,
  account: null,
  region,
  endpoint: null,
  ...more,
});
const clock = { pause: async () => undefined, monotonic: () => performance.now() };
const bytes = new TextEncoder().encode('x');

vaultContract('the fake that other tests use', async () => {
  const vault = memoryVault();
  return {
    vault,
    retention: 'COMPLIANCE',
    cover: async (key, content) => vault.cover(key, content),
    mark: async (key) => vault.cover(key, null),
  };
});

async function folder(): Promise<VaultWorld & { readonly path: string }> {
  const path = mkdtempSync(join(tmpdir(), 'govboot-vault-'));
  const vault = await openFolderVault('/', { ...place(''), kind: 'folder', place: path });
  const stop = async (): Promise<void> => rmSync(path, { recursive: true, force: true });
  return { path, vault, retention: 'none', cover: null, mark: null, stop };
}

vaultContract('a folder', folder);

/** The rehearsal cloud with a bucket that holds everything for seven years. */
async function rehearsed(pageSize = 1000): Promise<VaultWorld & { readonly api: AwsApi }> {
  let now = Date.UTC(2026, 10, 22, 12);
  const slow = {
    now: () => now,
    monotonic: () => now,
    pause: async (ms: number) => {
      now += ms;
      // Others have their turn meanwhile.
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
  const api = makeRehearsalApi({
    account: '111111111111',
    region,
    known: ['arn:aws:iam::111111111111:user/alice'],
    clock: slow,
    store: memoryStore({ seed: 3 }),
    latencyMs: 1,
    pageSize,
  });
  const Bucket = 'acme-dev-evidence';
  await api.call('s3:CreateBucket', {
    Bucket,
    ObjectLockEnabledForBucket: true,
    CreateBucketConfiguration: { LocationConstraint: region },
  });
  await api.call('s3:PutObjectLockConfiguration', {
    Bucket,
    ObjectLockConfiguration: {
      ObjectLockEnabled: 'Enabled',
      Rule: { DefaultRetention: { Mode: 'COMPLIANCE', Days: 2557 } },
    },
  });
  return {
    api,
    // Waiting all at once, they would together wait their patience out.
    vault: makeBucketVault({
      api,
      clock: { ...clock, pause: slow.pause },
      place: place(Bucket, { account: '111111111111' }),
    }),
    retention: 'COMPLIANCE',
    cover: async (Key, Body) => {
      await api.call('s3:PutObject', { Bucket, Key, Body });
    },
    mark: null,
  };
}

vaultContract('the rehearsal cloud', rehearsed);
vaultContract('the rehearsal cloud, in pages of three', () => rehearsed(3));

describe.skipIf(!requireOrSkip('moto', 'a bucket that speaks S3'))('over moto', () => {
  let moto: Moto;
  let client: S3Client;
  beforeAll(async () => {
    moto = await startMoto();
    client = new S3Client(motoClientConfig(moto.endpoint));
    for (const [name, value] of Object.entries(motoEnv(moto.endpoint))) vi.stubEnv(name, value);
  }, 60_000);
  afterAll(async () => {
    vi.unstubAllEnvs();
    client.destroy();
    await moto.stop();
  });

  async function bucket(Bucket: string, lock: boolean, versioned: boolean): Promise<void> {
    await client.send(
      new CreateBucketCommand({
        Bucket,
        ObjectLockEnabledForBucket: lock,
        CreateBucketConfiguration: { LocationConstraint: region },
      }),
    );
    if (versioned)
      await client.send(
        new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }),
      );
    if (lock)
      await client.send(
        new PutObjectLockConfigurationCommand({
          Bucket,
          ObjectLockConfiguration: {
            ObjectLockEnabled: 'Enabled',
            Rule: { DefaultRetention: { Mode: 'COMPLIANCE', Days: 2557 } },
          },
        }),
      );
  }

  const world = async (Bucket: string, lock: boolean, versioned: boolean): Promise<VaultWorld> => {
    await bucket(Bucket, lock, versioned);
    const where = place(Bucket, { endpoint: moto.endpoint, account: lock ? motoAccount : null });
    return {
      vault: makeBucketVault({ api: makeSdkApi({ region, endpoint: moto.endpoint }), clock, place: where }),
      retention: lock ? 'COMPLIANCE' : 'none',
      cover: versioned
        ? async (Key, Body) => {
            await client.send(new PutObjectCommand({ Bucket, Key, Body }));
          }
        : null,
      mark: versioned
        ? async (Key) => {
            await client.send(new DeleteObjectCommand({ Bucket, Key }));
          }
        : null,
    };
  };

  vaultContract("moto as the environment's own", () => world('own-evidence', true, true));
  vaultContract('moto as a store without Object Lock', () => world('other-evidence', false, true));
  vaultContract('moto as a store without versions', () => world('plain-evidence', false, false));

  test('a bucket that is not there is told as such', async () => {
    const vault = makeBucketVault({
      api: makeSdkApi({ region, endpoint: moto.endpoint }),
      clock,
      place: place('no-such-bucket', { endpoint: moto.endpoint }),
    });
    await expect(vault.versions('dev/')).rejects.toMatchObject({
      code: 'VAULT_FAILED',
      message: expect.stringMatching(/^s3:ListObjectVersions for s3:\/\/no-such-bucket: NoSuchBucket/),
    });
  });
});

describe('a folder', () => {
  test('makes files that nobody can write to, and follows no link', async () => {
    const { vault, path, stop } = await folder();
    await vault.create('dev/ledger/00000000.json', bytes);
    expect(statSync(join(path, 'dev/ledger/00000000.json')).mode & 0o777).toBe(0o444);
    for (const key of ['../x', 'dev/../../x', '/etc/x', 'dev//x', 'dev/\u001b[2J', 'dev/'])
      await expect(vault.create(key, bytes)).rejects.toMatchObject({ code: 'FILE_UNSAFE' });
    await stop?.();
    await expect(openFolderVault('/', { ...place(''), kind: 'folder', place: path })).rejects.toMatchObject({
      code: 'FILE_MISSING',
    });
  });

  test('tells a disk that is full as what it is', async () => {
    const { vault, path, stop } = await folder();
    const full = await openFolderVault(
      '/',
      { ...vault.place, place: path },
      {
        ...(await import('node:fs/promises')),
        open: async () => Promise.reject(Object.assign(new Error('no space left'), { code: 'ENOSPC' })),
      },
    );
    await expect(full.create('dev/x', bytes)).rejects.toMatchObject({ code: 'VAULT_FAILED' });
    await stop?.();
  });
});

describe('a bucket whose store answers strangely', () => {
  const fault = (operation: Operation, kind: FaultKind, name: string, status: number): ApiFault =>
    new ApiFault({ operation, kind, fault: name, message: name, status, requestId: null, attempts: 1 });

  /** Answers by operation; whatever is not named is answered by nothing. */
  function vaultOf(
    answers: Partial<Record<Operation, (input: never) => unknown>>,
    endpoint: string | null = null,
  ) {
    const api = {
      call: async (operation: Operation, input: never) => {
        const answer = answers[operation]?.(input);
        if (answer instanceof Error) throw answer;
        return { $metadata: {}, ...(answer as object) };
      },
    };
    return makeBucketVault({ api, clock, place: place('b', { endpoint }) });
  }
  const head = { ContentLength: 1 };

  test('what it does not have is not waited for', async () => {
    const vault = vaultOf({
      's3:ListObjectVersions': () => fault('s3:ListObjectVersions', 'unavailable', 'NotImplemented', 501),
    });
    await expect(vault.versions('dev/')).rejects.toMatchObject({
      code: 'VAULT_FAILED',
      message: expect.stringContaining('NotImplemented'),
    });
  });

  test.each([
    [
      'no bucket has a lock',
      fault('s3:GetObjectLockConfiguration', 'absent', 'ObjectLockConfigurationNotFoundError', 404),
    ],
    ['there is no such call', fault('s3:GetObjectLockConfiguration', 'unavailable', 'NotImplemented', 501)],
    ['it answers nothing', {}],
  ])('nothing holds a version where %s', async (_, answer) => {
    const vault = vaultOf({ 's3:HeadObject': () => head, 's3:GetObjectLockConfiguration': () => answer });
    expect((await vault.open('k', 'v'))?.retention).toEqual({ mode: 'none', until: null });
  });

  test('a version is asked itself where the bucket may not be', async () => {
    const until = new Date('2033-11-22T12:00:00.500Z');
    const vault = vaultOf({
      's3:HeadObject': () => head,
      's3:GetObjectLockConfiguration': () =>
        fault('s3:GetObjectLockConfiguration', 'denied', 'AccessDenied', 403),
      's3:GetObjectRetention': () => ({ Retention: { Mode: 'COMPLIANCE', RetainUntilDate: until } }),
    });
    expect((await vault.open('k', 'v'))?.retention).toEqual({
      mode: 'COMPLIANCE',
      until: '2033-11-22T12:00:00Z',
    });
  });

  test('what may not be seen is not taken for what is not there', async () => {
    const denied = fault('s3:GetObjectRetention', 'denied', 'AccessDenied', 403);
    const vault = vaultOf({
      's3:HeadObject': () => head,
      's3:GetObjectLockConfiguration': () => ({ ObjectLockConfiguration: { ObjectLockEnabled: 'Enabled' } }),
      's3:GetObjectRetention': () => denied,
    });
    await expect(vault.open('k', 'v')).rejects.toMatchObject({ code: 'CLOUD_DENIED' });
  });

  test('a listing without an end is ended', async () => {
    const vault = vaultOf({
      's3:ListObjectVersions': () => ({ IsTruncated: true, NextKeyMarker: 'a', NextVersionIdMarker: 'b' }),
    });
    await expect(vault.versions('dev/')).rejects.toMatchObject({
      code: 'VAULT_FAILED',
      message: expect.stringContaining('the listing does not end'),
    });
  });

  test('an object that is larger than evidence can be is not read', async () => {
    const vault = vaultOf({
      's3:HeadObject': () => ({ ContentLength: 65 * 1024 * 1024 }),
      's3:GetObjectLockConfiguration': () => ({}),
    });
    await expect((await vault.open('k', 'v'))?.read()).rejects.toMatchObject({ code: 'FILE_UNSAFE' });
  });

  test('the owner is named in every call where there is one, and in none where there is none', async () => {
    const asked: unknown[] = [];
    const api = {
      call: async (operation: Operation, input: object) => {
        asked.push('ExpectedBucketOwner' in input ? input.ExpectedBucketOwner : null);
        return operation === 's3:PutObject' ? { $metadata: {} } : { $metadata: {}, ...head };
      },
    };
    for (const account of ['111111111111', null]) {
      const vault = makeBucketVault({ api, clock, place: place('b', { account }) });
      expect(await vault.create('k', bytes)).toEqual({ version: 'null' });
      await (await vault.open('k', 'null'))?.read();
      await vault.versions('k');
    }
    expect(new Set(asked.slice(0, asked.length / 2))).toEqual(new Set(['111111111111']));
    expect(new Set(asked.slice(asked.length / 2))).toEqual(new Set([null]));
  });
});
