/** Archives of evidence: what tar makes of a folder is read, and everything that an attacker could put there is refused. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { ARCHIVE_LIMITS, readArchive, readMembers } from '../../../src/world/archive.ts';
import { openExhibit } from '../../../src/world/exhibit-source.ts';
import { END, member, paxOf, tarOf } from '../../harness/tar.ts';

const top = mkdtempSync(join(tmpdir(), 'govboot-archive-'));
afterAll(() => rmSync(top, { recursive: true }));

let made = 0;
function fileOf(bytes: Uint8Array): string {
  made += 1;
  const path = join(top, `${String(made)}.tar`);
  writeFileSync(path, bytes);
  return path;
}

async function* chunks(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

const read = (bytes: Uint8Array, limits = ARCHIVE_LIMITS) => readMembers(chunks(bytes, 700), limits);
const texts = (files: ReadonlyMap<string, Uint8Array>) =>
  Object.fromEntries([...files].map(([name, bytes]) => [name, Buffer.from(bytes).toString()]));

const refuses = async (bytes: Uint8Array, wrong: RegExp, limits = ARCHIVE_LIMITS): Promise<void> => {
  await expect(read(bytes, limits)).rejects.toMatchObject({
    code: 'BUNDLE_UNSAFE',
    message: expect.stringMatching(wrong),
  });
};

describe('what tar makes', () => {
  const folder = join(top, 'evidence');
  const long = 'e'.repeat(32);
  const digest = 'a'.repeat(64);
  for (const environment of ['dev', long]) {
    mkdirSync(join(folder, environment, 'ledger'), { recursive: true });
    mkdirSync(join(folder, environment, 'blobs', 'sha256'), { recursive: true });
    writeFileSync(join(folder, environment, 'ledger', '00000000.json'), '{}\n');
    writeFileSync(join(folder, environment, 'blobs', 'sha256', digest), 'blob');
    writeFileSync(join(folder, environment, '.backend.lock'), '');
  }
  const wanted = { '.backend.lock': '', [`blobs/sha256/${digest}`]: 'blob', 'ledger/00000000.json': '{}\n' };
  const tar = (...args: readonly string[]): string => {
    made += 1;
    const path = join(top, `${String(made)}.tgz`);
    const run = spawnSync('tar', ['-cf', path, ...args], { encoding: 'utf8' });
    expect(run.stderr).toBe('');
    return path;
  };

  it.each([
    ['a folder', ['-C', folder, 'dev']],
    ['compressed', ['-z', '-C', folder, 'dev']],
    ['with everything above it', ['-z', '-C', top, 'evidence/dev']],
    ['from inside of it', ['-C', join(folder, 'dev'), '.']],
    ['a long name, as GNU writes it', ['--format=gnu', '-C', top, `evidence/${long}`]],
    ['a long name, as POSIX writes it', ['--format=pax', '-C', top, `evidence/${long}`]],
    ['a long name in two parts', ['--format=ustar', '-C', top, `evidence/${long}`]],
  ])('%s', async (_what, args) => {
    const reader = await openExhibit(tar(...args));
    const names = await reader.list('');
    expect(await reader.list('ledger')).toEqual(['ledger/00000000.json']);
    const found = new Map<string, Uint8Array>();
    for (const name of names) found.set(name, (await reader.read(name))!);
    expect(texts(found)).toEqual(wanted);
    expect(await reader.read('nothing')).toBeNull();
  });

  it('and a folder itself', async () => {
    const reader = await openExhibit(join(folder, 'dev'));
    expect(await reader.list('')).toEqual(Object.keys(wanted).sort());
    expect(Buffer.from((await reader.read('ledger/00000000.json'))!).toString()).toBe('{}\n');
    expect(await reader.read('ledger/00000001.json')).toBeNull();
  });

  it('refuses what is neither', async () => {
    symlinkSync(folder, join(top, 'link'));
    await expect(openExhibit(join(top, 'link'))).rejects.toMatchObject({ code: 'FILE_UNSAFE' });
    await expect(openExhibit(join(top, 'nothing'))).rejects.toMatchObject({ code: 'FILE_MISSING' });
    await expect(openExhibit(fileOf(tarOf()))).rejects.toMatchObject({ code: 'BUNDLE_UNSAFE' });
    await expect(openExhibit(fileOf(new Uint8Array()))).rejects.toMatchObject({ code: 'BUNDLE_UNSAFE' });
    await expect(openExhibit(fileOf(Buffer.from('no archive at all')))).rejects.toMatchObject({
      code: 'BUNDLE_UNSAFE',
    });
  });
});

describe('refuses', () => {
  const file = member({ name: 'dev/checkpoint', body: 'x' });
  it.each<[string, readonly Uint8Array[], RegExp]>([
    [
      'a symbolic link',
      [member({ name: 'dev/x', type: '2', link: '/etc/passwd' })],
      /"dev\/x" as a symbolic link/,
    ],
    ['a hard link', [file, member({ name: 'dev/x', type: '1', link: 'dev/checkpoint' })], /as a hard link/],
    ['a device', [member({ name: 'dev/x', type: '3' })], /character device/],
    ['a block device', [member({ name: 'dev/x', type: '4' })], /block device/],
    ['a FIFO', [member({ name: 'dev/x', type: '6' })], /a FIFO/],
    ['a sparse file', [member({ name: 'dev/x', type: 'S' })], /a sparse file/],
    ['a type of its own', [member({ name: 'dev/x', type: 'Z' })], /of type "Z"/],
    ['a file with the target of a link', [member({ name: 'dev/x', link: 'y' })], /target of a link/],
    ['setuid', [member({ name: 'dev/x', mode: 0o4755 })], /mode 4755: setuid/],
    ['setgid', [member({ name: 'dev/x', mode: 0o2755 })], /mode 2755/],
    ['a sticky folder', [member({ name: 'dev/', type: '5', mode: 0o1777 })], /mode 1777/],
    ['an absolute name', [member({ name: '/etc/passwd' })], /absolute name "\/etc\/passwd"/],
    [
      'a name that leads out',
      [member({ name: 'dev/../../x' })],
      /"dev\/\.\.\/\.\.\/x", which leads elsewhere/,
    ],
    ['a folder that leads out', [member({ name: '../', type: '5' })], /leads elsewhere/],
    ['a name with a dot in it', [member({ name: 'dev/./x' })], /leads elsewhere/],
    ['an empty part', [member({ name: 'dev//x' })], /leads elsewhere/],
    ['a file that is named as a folder', [member({ name: 'dev/x/' })], /leads elsewhere/],
    ['a backslash', [member({ name: 'dev\\x' })], /leads elsewhere/],
    ['a control character', [member({ name: 'dev/\u001bx' })], /leads elsewhere/],
    ['no name', [member({ name: '' })], /leads elsewhere/],
    ['a name that is no UTF-8', [member({ name: Buffer.from([0x64, 0xff]) })], /not UTF-8/],
    ['one name twice', [file, file], /"dev\/checkpoint" twice/],
    ['one name twice, once with a dot', [file, member({ name: './dev/checkpoint' })], /twice/],
    ['case', [file, member({ name: 'dev/Checkpoint' })], /"dev\/checkpoint" and "dev\/Checkpoint"/],
    ['case of a folder', [file, member({ name: 'DEV/x' })], /"dev" and "DEV"/],
    [
      'Unicode forms',
      [member({ name: 'é' }), member({ name: 'e\u0301' })],
      /which some systems take for one/,
    ],
    [
      'look-alikes that fold',
      [member({ name: 'ﬁ' }), member({ name: 'fi' })],
      /which some systems take for one/,
    ],
    ['a file that is a folder too', [member({ name: 'dev' }), file], /"dev" twice/],
    ['a folder that is a file too', [file, member({ name: 'dev' })], /"dev" twice/],
    ['a folder with a body', [member({ name: 'dev/', type: '5', body: 'x' })], /folder of 1 bytes/],
    ['a wrong checksum', [file.with(0, 0x65)], /checksum/],
    ['no magic', [member({ name: 'x', magic: 'ustar\u000001' })], /neither of pax nor of GNU tar/],
    ['a size that is no number', [member({ name: 'x', size: '0000000000z ' })], /size is no octal number/],
    [
      'a size in base 256',
      [member({ name: 'x', size: Buffer.from([0x80, ...Array<number>(11).fill(1)]) })],
      /size is no octal/,
    ],
    ['a link in an extended header', [paxOf({ linkpath: 'x' }), file], /extended header with "linkpath"/],
    ['sparse by extended header', [paxOf({ 'GNU.sparse.major': '1' }), file], /GNU\.sparse\.major/],
    ['a path for all that follow', [paxOf({ path: 'x' }, 'g'), file], /extended header with "path"/],
    ['a path that leads out', [paxOf({ path: '../x' }), file], /"\.\.\/x", which leads elsewhere/],
    ['an extended size that is no number', [paxOf({ size: '1e9' }), file], /size "1e9"/],
    [
      'an extended header that cannot be read',
      [member({ name: 'x', type: 'x', body: '99 path=x\n' }), file],
      /cannot be read/,
    ],
    ['one without a value', [member({ name: 'x', type: 'x', body: '9 pathxx\n' }), file], /twice or without/],
    ['a long name without an end', [member({ name: 'x', type: 'L', body: 'abc' }), file], /without an end/],
    ['a long name and no file', [member({ name: 'x', type: 'L', body: 'abc\0' })], /a name and no file/],
    ['a long link', [member({ name: 'x', type: 'K', body: 'abc\0' }), file], /link with a long name/],
    [
      'a huge extended header',
      [member({ name: 'x', type: 'x', body: 'x'.repeat(20_000) })],
      /of 20000 bytes/,
    ],
  ])('%s', async (_what, members, wrong) => {
    await refuses(tarOf(...members), wrong);
  });

  it('what is cut off, or goes on', async () => {
    const whole = tarOf(file);
    await refuses(whole.subarray(0, 700), /is cut off/);
    await refuses(whole.subarray(0, 1024), /is cut off/);
    await refuses(Buffer.concat([whole, file, END]), /goes on after its end/);
    const zipped = gzipSync(whole);
    await expect(readArchive(fileOf(zipped.subarray(0, -4)))).rejects.toMatchObject({
      code: 'BUNDLE_UNSAFE',
    });
    await expect(readArchive(fileOf(zipped.with(zipped.length - 8, 1)))).rejects.toMatchObject({
      code: 'BUNDLE_UNSAFE',
      message: expect.stringContaining('cannot be unfolded'),
    });
  });

  it('more than its limits: bytes, a file, members', async () => {
    const limits = { bytes: 20_000, fileBytes: 4_000, members: 3 };
    await refuses(tarOf(member({ name: 'a', body: 'x'.repeat(4_001) })), /"a" of 4001 bytes/, limits);
    await refuses(
      tarOf(...['a', 'b', 'c', 'd'].map((name) => member({ name }))),
      /more than 3 members/,
      limits,
    );
    const three = ['a', 'b', 'c'].map((name) => member({ name, body: 'x'.repeat(4_000) }));
    await refuses(
      Buffer.concat([tarOf(...three), new Uint8Array(20_000)]),
      /unfolds to more than 20000 bytes/,
      limits,
    );
    await refuses(tarOf(paxOf({ size: '4001' }), member({ name: 'a' })), /of 4001 bytes/, limits);
    // A bomb: the size that it claims is what is refused, before anything of it is unfolded.
    const bomb = gzipSync(tarOf(member({ name: 'dev/x', size: '77777777777 ' })));
    await expect(readArchive(fileOf(bomb))).rejects.toMatchObject({ code: 'BUNDLE_UNSAFE' });
  });

  it('does not unfold a bomb of zeros to its end', async () => {
    const bomb = gzipSync(Buffer.concat([tarOf(file), new Uint8Array(64 * 1024 * 1024)]));
    const limits = { ...ARCHIVE_LIMITS, bytes: 1024 * 1024 };
    await expect(readArchive(fileOf(bomb), limits)).rejects.toMatchObject({ code: 'BUNDLE_UNSAFE' });
  });
});

it('takes what says more about a file than matters, and the size that it says', async () => {
  const found = await read(
    tarOf(
      paxOf({ comment: 'x' }, 'g'),
      paxOf({ mtime: '1.5', path: 'dev/é' }),
      member({ name: 'other', body: 'y' }),
    ),
  );
  expect(texts(found)).toEqual({ 'dev/é': 'y' });
});

it('reads the same however it arrives, and any byte changed is another file, or refused', async () => {
  const bytes = tarOf(member({ name: 'dev/a', body: 'x'.repeat(600) }), member({ name: 'dev/b', body: 'y' }));
  const good = texts(await read(bytes));
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 2_000 }),
      fc.nat(bytes.length - 1),
      fc.integer({ min: 1, max: 255 }),
      async (size, at, mask) => {
        expect(texts(await readMembers(chunks(bytes, size), ARCHIVE_LIMITS))).toEqual(good);
        const found = await read(bytes.map((byte, i) => (i === at ? byte ^ mask : byte))).then(
          texts,
          (error: unknown) => error,
        );
        if (found instanceof Error) expect(found).toMatchObject({ code: 'BUNDLE_UNSAFE' });
      },
    ),
    { numRuns: 200 },
  );
});
