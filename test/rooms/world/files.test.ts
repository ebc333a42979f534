import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { realDisk } from '../../../src/world/durable.ts';
import { makeFiles, makeTrustFiles } from '../../../src/world/files.ts';
import { temporaryFolder } from '../../harness/git-fixture.ts';

describe('human-made documents', () => {
  it('are created with their folders, as bytes or text, and never overwritten', async () => {
    const base = temporaryFolder();
    const files = makeFiles(base);
    expect(await files.exists('policies/keys/a.asc')).toBe(false);
    await files.create('policies/keys/a.asc', new Uint8Array([0xff, 0]));
    await files.create(join(base, 'intents/dev.yaml'), 'ü\n');
    expect(await files.exists('policies/keys/a.asc')).toBe(true);
    expect(await files.read('policies/keys/a.asc')).toEqual(new Uint8Array([0xff, 0]));
    expect(readFileSync(join(base, 'intents/dev.yaml'), 'utf8')).toBe('ü\n');
    await expect(files.create('intents/dev.yaml', 'other')).rejects.toMatchObject({
      code: 'FILE_EXISTS',
      data: { file: 'intents/dev.yaml' },
    });
    expect(readFileSync(join(base, 'intents/dev.yaml'), 'utf8')).toBe('ü\n');
  });

  it('are not written through a link that hangs', async () => {
    const base = temporaryFolder();
    symlinkSync(join(base, 'elsewhere'), join(base, 'link'));
    const files = makeFiles(base);
    expect(await files.exists('link')).toBe(true);
    await expect(files.create('link', 'x')).rejects.toMatchObject({ code: 'FILE_EXISTS' });
    expect(await files.exists('elsewhere')).toBe(false);
  });

  it('are refused as missing, as links and as folders', async () => {
    const base = temporaryFolder();
    writeFileSync(join(base, 'real'), 'x');
    symlinkSync('real', join(base, 'link'));
    mkdirSync(join(base, 'folder'));
    const files = makeFiles(base);
    await expect(files.read('none')).rejects.toMatchObject({
      code: 'FILE_MISSING',
      message: 'none does not exist',
    });
    await expect(files.read('link')).rejects.toMatchObject({
      code: 'FILE_UNSAFE',
      message: 'link is a symbolic link',
    });
    await expect(files.read('folder')).rejects.toMatchObject({
      code: 'FILE_UNSAFE',
      message: 'folder is a folder',
    });
    await expect(files.read('real/x')).rejects.toMatchObject({ code: 'FILE_MISSING' });
  });

  it('that cannot be written are told with the cause', async () => {
    const base = temporaryFolder();
    writeFileSync(join(base, 'file'), 'x');
    await expect(makeFiles(base).create('file/x', 'y')).rejects.toMatchObject({
      code: 'FILE_WRITE',
      data: { errno: 'ENOTDIR' },
    });
    const full = {
      ...realDisk,
      open: () => Promise.reject(Object.assign(new Error('full'), { code: 'ENOSPC' })),
    };
    await expect(makeFiles(base, full).create('x', 'y')).rejects.toMatchObject({
      code: 'FILE_WRITE',
      data: { errno: 'ENOSPC' },
    });
    const fault = new TypeError('a bug');
    await expect(
      makeFiles(base, { ...realDisk, open: () => Promise.reject(fault) }).create('x', 'y'),
    ).rejects.toBe(fault);
  });
});

describe('the trust file and its signatures', () => {
  const FILE = 'policies/trust.yaml';
  const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
  const base = (): string => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'policies'));
    for (const name of ['trust.yaml', 'trust.yaml.asc', 'parity.yaml'])
      writeFileSync(join(folder, 'policies', name), 'old');
    return folder;
  };

  it('give way to the next version, with the mode that they had', async () => {
    const folder = base();
    chmodSync(join(folder, FILE), 0o640);
    await makeTrustFiles(folder).replace(FILE, bytes('old'), bytes('new'));
    expect(readFileSync(join(folder, FILE), 'utf8')).toBe('new');
    expect(statSync(join(folder, FILE)).mode & 0o777).toBe(0o640);
    await makeTrustFiles(folder).remove(`${FILE}.asc`);
    expect(existsSync(join(folder, `${FILE}.asc`))).toBe(false);
  });

  it('are not replaced when they are not what was read', async () => {
    const folder = base();
    await expect(makeTrustFiles(folder).replace(FILE, bytes('older'), bytes('new'))).rejects.toMatchObject({
      code: 'FILE_UNSAFE',
      message: 'policies/trust.yaml changed since it was read',
    });
    expect(readFileSync(join(folder, FILE), 'utf8')).toBe('old');
  });

  it.each([
    'policies/parity.yaml',
    'policies/trust/3.yaml',
    '../policies/trust.yaml',
    'policies/trust.yaml.key',
  ])('and nothing else: not %s', async (path) => {
    const folder = base();
    await expect(makeTrustFiles(folder).remove(path)).rejects.toMatchObject({ code: 'FILE_UNSAFE' });
    await expect(makeTrustFiles(folder).replace(path, bytes('old'), bytes('new'))).rejects.toMatchObject({
      message: `${path} is neither policies/trust.yaml nor a signature of it`,
    });
    expect(readFileSync(join(folder, 'policies/parity.yaml'), 'utf8')).toBe('old');
  });

  it('are not reached through a link, nor when they are missing', async () => {
    const folder = base();
    symlinkSync('trust.yaml', join(folder, 'policies', `trust.yaml.${'A'.repeat(40)}.asc`));
    const linked = temporaryFolder();
    symlinkSync(join(folder, 'policies'), join(linked, 'policies'));
    await expect(makeTrustFiles(folder).remove(`${FILE}.${'A'.repeat(40)}.asc`)).rejects.toMatchObject({
      code: 'FILE_UNSAFE',
    });
    await expect(makeTrustFiles(linked).remove(`${FILE}.asc`)).rejects.toMatchObject({ code: 'FILE_UNSAFE' });
    await expect(makeTrustFiles(folder).remove(`${FILE}.${'B'.repeat(40)}.asc`)).rejects.toMatchObject({
      code: 'FILE_MISSING',
    });
    expect(existsSync(join(folder, `${FILE}.asc`))).toBe(true);
  });

  it('that cannot be written are told with the cause', async () => {
    const fault = Object.assign(new Error('read-only'), { code: 'EROFS' });
    const disk = { ...realDisk, unlink: () => Promise.reject(fault) };
    await expect(makeTrustFiles(base(), disk).remove(`${FILE}.asc`)).rejects.toMatchObject({
      code: 'FILE_WRITE',
      data: { errno: 'EROFS' },
    });
  });
});
