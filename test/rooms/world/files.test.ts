import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { realDisk } from '../../../src/world/durable.ts';
import { makeFiles } from '../../../src/world/files.ts';
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
