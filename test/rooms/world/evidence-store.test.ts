import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { realDisk, type Disk } from '../../../src/world/durable.ts';
import { makeEvidenceStore } from '../../../src/world/evidence-store.ts';
import { makeFifo, temporaryFolder } from '../../harness/git-fixture.ts';

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = (bytes: Uint8Array | null): string | null =>
  bytes === null ? null : new TextDecoder().decode(bytes);
const refusal = (code: string): Error => Object.assign(new Error(`${code}: simulated`), { code });

/** A disk on which one call fails, and a record of the calls. */
function faulty(fault: Partial<Disk> | null = null): { readonly disk: Disk; readonly calls: string[] } {
  const calls: string[] = [];
  const watched: Disk = {
    ...realDisk,
    open: async (path, flags, mode) => {
      const handle = await realDisk.open(path, flags, mode);
      const name = String(path).split('/').at(-1) ?? '';
      const sync = handle.sync.bind(handle);
      handle.sync = () => {
        calls.push(`sync ${name.replace(/\.[0-9a-f]{16}$/, '')}`);
        return sync();
      };
      return handle;
    },
    link: (from, to) => {
      calls.push(`link ${String(to).split('/').at(-1) ?? ''}`);
      return realDisk.link(from, to);
    },
    rename: (from, to) => {
      calls.push(`rename ${String(to).split('/').at(-1) ?? ''}`);
      return realDisk.rename(from, to);
    },
  };
  return { disk: { ...watched, ...fault }, calls };
}

/** Opens a real file whose writing fails as on a full disk, after half the bytes. */
const full: Disk['open'] = async (path, flags, mode) => {
  const handle = await open(path, flags, mode);
  if (String(path).endsWith('ledger')) return handle;
  handle.writeFile = async (data) => {
    await handle.write(Buffer.from(data as Uint8Array).subarray(0, 2));
    throw refusal('ENOSPC');
  };
  handle.write = async () => Promise.reject(refusal('ENOSPC'));
  return handle;
};

describe('the evidence store', () => {
  it('lies under evidence/ and makes its folders when it is written to', async () => {
    const root = temporaryFolder();
    const store = makeEvidenceStore(root, 'dev');
    expect(store.where).toBe(join(root, 'evidence', 'dev'));
    expect(await store.list('')).toEqual([]);
    expect(await store.read('ledger/00000000.json')).toBeNull();
    expect(existsSync(join(root, 'evidence'))).toBe(false);
    await store.create('ledger/00000000.json', bytesOf('{}\n'));
    expect(readFileSync(join(root, 'evidence/dev/ledger/00000000.json'), 'utf8')).toBe('{}\n');
    // Not executable, and not for others to write, whatever the umask leaves.
    expect(statSync(join(root, 'evidence/dev/ledger/00000000.json')).mode & 0o133).toBe(0);
    expect(makeEvidenceStore(root, 'rehearsal/dev').where).toBe(join(root, 'evidence', 'rehearsal', 'dev'));
  });

  it('creates exclusively, synced before it has its name, and its folder after', async () => {
    const root = temporaryFolder();
    const { disk, calls } = faulty();
    const store = makeEvidenceStore(root, 'dev', disk);
    await store.create('checkpoint', bytesOf('1'));
    expect(calls).toEqual([
      `sync ${root.split('/').at(-1) ?? ''}`,
      'sync evidence',
      'sync .tmp-checkpoint',
      'link checkpoint',
      'sync dev',
    ]);
    await expect(store.create('checkpoint', bytesOf('2'))).rejects.toMatchObject({
      code: 'FILE_EXISTS',
      data: { file: 'checkpoint' },
    });
    expect(textOf(await store.read('checkpoint'))).toBe('1');
    expect(readdirSync(join(root, 'evidence/dev'))).toEqual(['checkpoint']);
  });

  it('of two that create at once, one wins, and its bytes are whole', async () => {
    const store = makeEvidenceStore(temporaryFolder(), 'dev');
    const results = await Promise.allSettled(
      Array.from({ length: 12 }, (_, i) =>
        store.create('ledger/00000000.json', bytesOf(String(i).repeat(5_000))),
      ),
    );
    expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1);
    for (const result of results)
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'FILE_EXISTS' });
    const winner = String(results.findIndex((result) => result.status === 'fulfilled'));
    expect(textOf(await store.read('ledger/00000000.json'))).toBe(winner.repeat(5_000));
  });

  it('replaces by rename, and makes what was not there', async () => {
    const root = temporaryFolder();
    const { disk, calls } = faulty();
    const store = makeEvidenceStore(root, 'dev', disk);
    await store.replace('SHA256SUMS', bytesOf('1'));
    calls.length = 0;
    await store.replace('SHA256SUMS', bytesOf('22'));
    expect(calls).toEqual(['sync .tmp-SHA256SUMS', 'rename SHA256SUMS', 'sync dev']);
    expect(textOf(await store.read('SHA256SUMS'))).toBe('22');
    expect(readdirSync(join(root, 'evidence/dev'))).toEqual(['SHA256SUMS']);
  });

  it('appends lines, each synced', async () => {
    const { disk, calls } = faulty();
    const store = makeEvidenceStore(temporaryFolder(), 'dev', disk);
    await store.append('runs/r1/journal.jsonl', '{"a":1}');
    calls.length = 0;
    await store.append('runs/r1/journal.jsonl', '{"a":2}');
    await store.append('runs/r1/journal.jsonl', '');
    expect(calls).toEqual(['sync journal.jsonl', 'sync journal.jsonl']);
    expect(textOf(await store.read('runs/r1/journal.jsonl'))).toBe('{"a":1}\n{"a":2}\n\n');
    expect(() => store.append('runs/r1/journal.jsonl', 'a\nb')).toThrow(
      expect.objectContaining({ code: 'EVIDENCE_WRITE' }),
    );
  });

  it('lists everything below a folder, whatever its kind, but what a crash left half-written', async () => {
    const root = temporaryFolder();
    const store = makeEvidenceStore(root, 'dev');
    for (const name of ['.backend.lock', 'ledger/00000001.json', 'ledger/00000000.json', 'blobs/sha256/aa'])
      await store.create(name, bytesOf('x'));
    writeFileSync(join(store.where, 'ledger', '.tmp-00000002.json.0011223344556677'), 'ha');
    writeFileSync(join(store.where, 'ledger', 'naïve name'), 'x');
    symlinkSync('00000000.json', join(store.where, 'ledger', '00000009.json'));
    symlinkSync('ledger', join(store.where, 'more'));
    makeFifo(join(store.where, 'pipe'));
    expect(await store.list('ledger')).toEqual([
      'ledger/00000000.json',
      'ledger/00000001.json',
      'ledger/00000009.json',
      'ledger/naïve name',
    ]);
    expect(await store.list('')).toEqual([
      '.backend.lock',
      'blobs/sha256/aa',
      'ledger/00000000.json',
      'ledger/00000001.json',
      'ledger/00000009.json',
      'ledger/naïve name',
      'more',
      'pipe',
    ]);
    for (const name of [
      'ledger/00000009.json',
      'more',
      'pipe',
      'ledger',
      'more/00000000.json',
      'ledger/naïve name',
    ])
      await expect(store.read(name), name).rejects.toMatchObject({ code: 'FILE_UNSAFE' });
    for (const name of ['more', 'pipe'])
      await expect(store.replace(name, bytesOf('x')), name).rejects.toMatchObject({ code: 'FILE_UNSAFE' });
    await expect(store.append('pipe', 'x')).rejects.toMatchObject({ code: 'FILE_UNSAFE' });
    await expect(store.append('ledger/00000009.json', 'x')).rejects.toMatchObject({ code: 'FILE_UNSAFE' });
    await expect(store.create('ledger/00000009.json', bytesOf('x'))).rejects.toMatchObject({
      code: 'FILE_EXISTS',
    });
    expect(lstatSync(join(store.where, 'ledger', '00000009.json')).isSymbolicLink()).toBe(true);
    expect(textOf(await store.read('ledger/00000000.json'))).toBe('x');
  });

  it.each([
    '../x',
    '/etc/passwd',
    'a/../../b',
    'a//b',
    '.',
    '',
    'a\\b',
    'a\nb',
    '.tmp-x',
    'ledger/.tmp-x',
    'é',
    'a b',
  ])('refuses the name %j', async (name) => {
    const store = makeEvidenceStore(temporaryFolder(), 'dev');
    await expect((async () => store.read(name))()).rejects.toMatchObject({ code: 'FILE_UNSAFE' });
    await expect((async () => store.create(name, bytesOf('x')))()).rejects.toMatchObject({
      code: 'FILE_UNSAFE',
    });
  });

  it('refuses an environment that leads elsewhere', () => {
    for (const folder of ['..', '../../x', '/etc', ''])
      expect(() => makeEvidenceStore('/tmp', folder)).toThrow(
        expect.objectContaining({ code: 'FILE_UNSAFE' }),
      );
  });

  it('94: refuses a link or a file anywhere on the way', async () => {
    const other = temporaryFolder();
    const linked = temporaryFolder();
    symlinkSync(other, join(linked, 'evidence'));
    const deep = temporaryFolder();
    mkdirSync(join(deep, 'evidence/dev'), { recursive: true });
    symlinkSync(other, join(deep, 'evidence/dev/ledger'));
    const file = temporaryFolder();
    writeFileSync(join(file, 'evidence'), 'x');
    for (const root of [linked, deep, file]) {
      const store = makeEvidenceStore(root, 'dev');
      await expect(store.create('ledger/00000000.json', bytesOf('x'))).rejects.toMatchObject({
        code: 'FILE_UNSAFE',
      });
      await expect(store.append('ledger/00000000.json', 'x')).rejects.toMatchObject({ code: 'FILE_UNSAFE' });
      await expect(store.read('ledger/00000000.json')).rejects.toMatchObject({ code: 'FILE_UNSAFE' });
      await expect(store.list('ledger')).rejects.toMatchObject({ code: 'FILE_UNSAFE' });
    }
    expect(readdirSync(other)).toEqual([]);
  });

  it('94: a full disk is told, and leaves nothing under the name', async () => {
    const root = temporaryFolder();
    const { disk } = faulty({ open: full });
    const store = makeEvidenceStore(root, 'dev');
    await store.replace('ledger/head', bytesOf('old'));
    const failing = makeEvidenceStore(root, 'dev', disk);
    const told = {
      code: 'EVIDENCE_WRITE',
      data: { errno: 'ENOSPC' },
      cause: expect.objectContaining({ code: 'ENOSPC' }),
    };
    await expect(failing.create('ledger/00000000.json', bytesOf('long enough'))).rejects.toMatchObject(told);
    await expect(failing.replace('ledger/head', bytesOf('new'))).rejects.toMatchObject(told);
    await expect(failing.append('ledger/journal', 'line')).rejects.toMatchObject(told);
    expect(await store.list('')).toEqual(['ledger/head', 'ledger/journal']);
    expect(textOf(await store.read('ledger/head'))).toBe('old');
    expect(readdirSync(join(root, 'evidence/dev/ledger')).filter((name) => name.startsWith('.tmp-'))).toEqual(
      [],
    );
  });

  it.each([
    ['a read-only folder', { open: async () => Promise.reject(refusal('EROFS')) }, 'EROFS'],
    ['no right to make a folder', { mkdir: async () => Promise.reject(refusal('EACCES')) }, 'EACCES'],
    ['a link that fails', { link: async () => Promise.reject(refusal('EIO')) }, 'EIO'],
  ] as const)('94: %s is told with its cause', async (_what, fault, errno) => {
    const root = temporaryFolder();
    const store = makeEvidenceStore(root, 'dev', faulty(fault).disk);
    await expect(store.create('x', bytesOf('x'))).rejects.toMatchObject({
      code: 'EVIDENCE_WRITE',
      data: { errno },
    });
    expect(await store.list('')).toEqual([]);
  });

  it('a rename that fails leaves the old content', async () => {
    const root = temporaryFolder();
    await makeEvidenceStore(root, 'dev').replace('x', bytesOf('old'));
    const store = makeEvidenceStore(
      root,
      'dev',
      faulty({ rename: async () => Promise.reject(refusal('EIO')) }).disk,
    );
    await expect(store.replace('x', bytesOf('new'))).rejects.toMatchObject({ code: 'EVIDENCE_WRITE' });
    expect(textOf(await store.read('x'))).toBe('old');
    expect(readdirSync(join(root, 'evidence/dev'))).toEqual(['x']);
  });

  it('half a line is a failure', async () => {
    const short: Disk['open'] = async (path, flags, mode) => {
      const handle = await open(path, flags, mode);
      const write = handle.write.bind(handle);
      handle.write = (async (data: Uint8Array) => write(data.subarray(0, 2))) as never;
      return handle;
    };
    const store = makeEvidenceStore(temporaryFolder(), 'dev', faulty({ open: short }).disk);
    await expect(store.append('journal', 'line')).rejects.toMatchObject({
      code: 'EVIDENCE_WRITE',
      message: expect.stringContaining('only 2 of 5 bytes'),
    });
  });

  it('works where there are no hard links, exclusively all the same', async () => {
    const store = makeEvidenceStore(
      temporaryFolder(),
      'dev',
      faulty({ link: async () => Promise.reject(refusal('EPERM')) }).disk,
    );
    await store.create('x', bytesOf('1'));
    await expect(store.create('x', bytesOf('2'))).rejects.toMatchObject({ code: 'FILE_EXISTS' });
    expect(textOf(await store.read('x'))).toBe('1');
    expect(await store.list('')).toEqual(['x']);
  });

  it('a folder that another process makes at the same time is no failure', async () => {
    const root = temporaryFolder();
    const racing: Disk['mkdir'] = (async (path: string) => {
      mkdirSync(path);
      throw refusal('EEXIST');
    }) as never;
    const store = makeEvidenceStore(root, 'dev', faulty({ mkdir: racing }).disk);
    await store.create('x', bytesOf('1'));
    expect(textOf(await store.read('x'))).toBe('1');
  });

  it('a fault of the program is not taken for a full disk', async () => {
    const fault = new TypeError('a bug');
    const store = makeEvidenceStore(
      temporaryFolder(),
      'dev',
      faulty({ open: async () => Promise.reject(fault) }).disk,
    );
    await expect(store.replace('x', bytesOf('1'))).rejects.toBe(fault);
  });
});
