import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { describe, expect, it } from 'vitest';
import type { Fingerprint, PinFacts } from '../../../src/inputs/facts.ts';
import { canonicalBytes } from '../../../src/kernel/canonical.ts';
import type { Json } from '../../../src/kernel/json.ts';
import type { Instant } from '../../../src/kernel/time.ts';
import { realDisk } from '../../../src/world/durable.ts';
import { defaultPinsFile, makePins } from '../../../src/world/pins.ts';
import { temporaryFolder } from '../../harness/git-fixture.ts';

const ROOT_A = 'A'.repeat(40) as Fingerprint;
const ROOT_B = 'B'.repeat(40) as Fingerprint;
const REPO_1 = '11111111-1111-4111-8111-111111111111';
const REPO_2 = '22222222-2222-4222-8222-222222222222';

function pin(file: string, change: Partial<PinFacts> = {}): PinFacts {
  return {
    file,
    repository: REPO_1,
    path: '/srv/infra',
    roots: [ROOT_A, ROOT_B],
    threshold: 2,
    trustVersion: 3,
    pinnedAt: '2026-11-22T12:00:00Z' as Instant,
    ...change,
  };
}

const written = {
  repository: REPO_1,
  path: '/srv/infra',
  roots: [ROOT_A, ROOT_B],
  threshold: 2,
  trust_version: 3,
  pinned_at: '2026-11-22T12:00:00Z',
};

/** A pins file with this content, of the operator alone. */
function pinsFile(content: Uint8Array | string): string {
  const file = join(temporaryFolder(), 'pins.json');
  writeFileSync(file, content, { mode: 0o600 });
  return file;
}

describe('pins', () => {
  it('are kept in one canonical file that nobody else can read', async () => {
    const file = join(temporaryFolder(), 'config', 'govboot', 'pins.json');
    const pins = makePins(file);
    expect(pins.file).toBe(file);
    expect(await pins.load()).toEqual([]);
    await pins.save(pin(file));
    expect(await pins.load()).toEqual([pin(file)]);
    expect(readFileSync(file)).toEqual(
      Buffer.from(canonicalBytes({ schema: 'govboot.pins/v1', pins: [written] })),
    );
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(dirname(file)).mode & 0o777).toBe(0o700);
    expect(readdirSync(dirname(file))).toEqual(['pins.json']);
  });

  it('of other repositories are kept; the one of this repository is replaced', async () => {
    const file = join(temporaryFolder(), 'pins.json');
    const pins = makePins(file);
    await pins.save(pin(file, { repository: REPO_2, path: '/srv/other' }));
    await pins.save(pin(file));
    await pins.save(pin(file, { roots: [ROOT_B], threshold: 1, trustVersion: 4, path: null }));
    expect(await pins.load()).toEqual([
      pin(file, { roots: [ROOT_B], threshold: 1, trustVersion: 4, path: null }),
      pin(file, { repository: REPO_2, path: '/srv/other' }),
    ]);
  });

  it('a folder that is pinned to another repository is taken from the older pin', async () => {
    const file = join(temporaryFolder(), 'pins.json');
    const pins = makePins(file);
    await pins.save(pin(file));
    await pins.save(pin(file, { repository: REPO_2 }));
    expect(await pins.load()).toEqual([pin(file, { path: null }), pin(file, { repository: REPO_2 })]);
  });

  const malformed: readonly (readonly [string, Json])[] = [
    ['another schema', { schema: 'govboot.pins/v2', pins: [] }],
    ['no schema', { pins: [] }],
    ['an unknown field', { schema: 'govboot.pins/v1', pins: [], more: 1 }],
    ['pins that are no list', { schema: 'govboot.pins/v1', pins: {} }],
    ['no object', []],
    ['a repository twice', { schema: 'govboot.pins/v1', pins: [written, written] }],
    ...(
      [
        { repository: 'x' },
        { repository: 1 },
        { path: 'relative' },
        { path: 1 },
        { roots: [] },
        { roots: [ROOT_A, ROOT_A] },
        { roots: ['a'.repeat(40)] },
        { roots: 'A' },
        { roots: [1] },
        { threshold: 0 },
        { threshold: 3 },
        { threshold: 1.5 },
        { threshold: '1' },
        { trust_version: 0 },
        { trust_version: 1.5 },
        { trust_version: null },
        { pinned_at: '2026-11-22' },
        { pinned_at: 1 },
        { extra: 1 },
      ] as readonly Readonly<Record<string, Json>>[]
    ).map((change): readonly [string, Json] => [
      JSON.stringify(change),
      { schema: 'govboot.pins/v1', pins: [{ ...written, ...change }] },
    ]),
    ['a pin that is no object', { schema: 'govboot.pins/v1', pins: ['x'] }],
    ['a pin without a field', { schema: 'govboot.pins/v1', pins: [{ repository: REPO_1 }] }],
  ];
  it.each(malformed)('SCHEMA for %s', async (_what, document) => {
    await expect(makePins(pinsFile(canonicalBytes(document))).load()).rejects.toMatchObject({
      code: 'SCHEMA',
      hint: expect.stringContaining('trust pin'),
    });
  });

  it.each([
    '',
    '{',
    '{"schema": "govboot.pins/v1", "pins": []}\n',
    '{"pins":[],"pins":[],"schema":"govboot.pins/v1"}\n',
  ])('SCHEMA for the text %j', async (text) => {
    await expect(makePins(pinsFile(text)).load()).rejects.toMatchObject({ code: 'SCHEMA' });
  });

  it('that are malformed are not overwritten', async () => {
    const file = pinsFile('{');
    await expect(makePins(file).save(pin(file))).rejects.toMatchObject({ code: 'SCHEMA' });
    expect(readFileSync(file, 'utf8')).toBe('{');
  });

  it('must lie outside the repository, links resolved', async () => {
    const base = temporaryFolder();
    const repository = join(base, 'infra');
    const beside = join(base, 'infra-beside');
    mkdirSync(repository);
    mkdirSync(beside);
    mkdirSync(join(repository, 'config'));
    symlinkSync(join(repository, 'config'), join(beside, 'link'));
    const link = join(temporaryFolder(), 'repository');
    symlinkSync(repository, link);
    for (const [file, root] of [
      [join(repository, 'pins.json'), repository],
      [join(repository, 'new/folder/pins.json'), repository],
      [join(beside, 'link/pins.json'), repository],
      [join(repository, 'pins.json'), link],
    ] as const) {
      const pins = makePins(file, root);
      await expect(pins.load(), file).rejects.toMatchObject({
        code: 'TRUST_NOT_PINNED',
        hint: expect.stringContaining('outside'),
      });
      await expect(pins.save(pin(file)), file).rejects.toMatchObject({ code: 'TRUST_NOT_PINNED' });
      expect(existsSync(file)).toBe(false);
    }
    await makePins(join(beside, 'pins.json'), repository).save(pin('x'));
    expect(await makePins(join(beside, 'pins.json'), repository).load()).toHaveLength(1);
  });

  it('must not be writable by others, nor their folder, nor be a link', async () => {
    const file = pinsFile(canonicalBytes({ schema: 'govboot.pins/v1', pins: [] }));
    const pins = makePins(file);
    expect(await pins.load()).toEqual([]);
    for (const mode of [0o620, 0o602]) {
      chmodSync(file, mode);
      await expect(pins.load()).rejects.toMatchObject({
        code: 'FILE_UNSAFE',
        hint: expect.stringContaining('chmod'),
      });
    }
    chmodSync(file, 0o644);
    expect(await pins.load()).toEqual([]);
    chmodSync(dirname(file), 0o777);
    await expect(pins.load()).rejects.toMatchObject({ code: 'FILE_UNSAFE' });
    chmodSync(dirname(file), 0o1777);
    expect(await pins.load()).toEqual([]);
    const link = join(temporaryFolder(), 'pins.json');
    symlinkSync(file, link);
    await expect(makePins(link).load()).rejects.toMatchObject({ code: 'FILE_UNSAFE' });
  });

  it.skipIf(process.getuid?.() !== 0)('must belong to the operator', async () => {
    const file = pinsFile(canonicalBytes({ schema: 'govboot.pins/v1', pins: [] }));
    chownSync(file, 12_345, 12_345);
    await expect(makePins(file).load()).rejects.toMatchObject({
      code: 'FILE_UNSAFE',
      message: expect.stringContaining('12345'),
    });
  });

  it('that cannot be written are told with the cause, and a bug stays a bug', async () => {
    const file = join(temporaryFolder(), 'pins.json');
    const full = {
      ...realDisk,
      open: () => Promise.reject(Object.assign(new Error('full'), { code: 'ENOSPC' })),
    };
    await expect(makePins(file, null, full).save(pin(file))).rejects.toMatchObject({
      code: 'FILE_WRITE',
      data: { errno: 'ENOSPC' },
    });
    const fault = new TypeError('a bug');
    await expect(
      makePins(file, null, { ...realDisk, open: () => Promise.reject(fault) }).save(pin(file)),
    ).rejects.toBe(fault);
    mkdirSync(file);
    await expect(makePins(file).save(pin(file))).rejects.toMatchObject({ code: 'FILE_UNSAFE' });
  });
});

describe('the default file', () => {
  it.each([
    [{ HOME: '/home/rita' }, 'linux', '/home/rita/.config/govboot/pins.json'],
    [{ HOME: '/home/rita', XDG_CONFIG_HOME: '/cfg' }, 'linux', '/cfg/govboot/pins.json'],
    [{ HOME: '/home/rita', XDG_CONFIG_HOME: 'relative' }, 'linux', '/home/rita/.config/govboot/pins.json'],
    [{ HOME: '/home/rita', APPDATA: '/roaming' }, 'linux', '/home/rita/.config/govboot/pins.json'],
    [{ HOME: '/home/rita', APPDATA: '/roaming' }, 'win32', '/roaming/govboot/pins.json'],
    [{}, 'linux', join(homedir(), '.config/govboot/pins.json')],
  ] as const)('%j on %s', (env, platform, file) => {
    expect(defaultPinsFile(env, platform)).toBe(file);
  });
});
