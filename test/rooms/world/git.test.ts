import { chmodSync, chownSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join, relative } from 'node:path';
import process from 'node:process';
import { describe, expect, it } from 'vitest';
import { makeGit, type GitOptions } from '../../../src/world/git.ts';
import { BatchParser, type ObjectHeader } from '../../../src/world/git-batch.ts';
import { whereIs } from '../../../src/world/programs.ts';
import { requireOrSkip } from '../../harness/capabilities.ts';
import { makeGitRepo, temporaryFolder } from '../../harness/git-fixture.ts';

const hasGit = requireOrSkip('git', 'the reader of git objects');

/** A program named git that does as it is told, with its own folder as the PATH. */
function fakeGit(script: string): { readonly options: GitOptions; readonly folder: string } {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'git'), `#!/bin/sh\n${script}\n`);
  chmodSync(join(folder, 'git'), 0o755);
  return { folder, options: { env: { PATH: folder } } };
}

describe('the program', () => {
  it('is looked for on the PATH, through links, in absolute folders only', () => {
    const { folder } = fakeGit('exit 0');
    const links = temporaryFolder();
    symlinkSync(join(folder, 'git'), join(links, 'git'));
    writeFileSync(join(links, 'plain'), '');
    mkdirSync(join(links, 'folder'));
    const path = (...places: string[]): { PATH: string } => ({ PATH: places.join(delimiter) });
    expect(whereIs('git', path('', '.', relative(process.cwd(), folder), '/nowhere', links))).toBe(
      join(folder, 'git'),
    );
    expect(whereIs('git', path('', '.', relative(process.cwd(), folder)))).toBeNull();
    expect(whereIs('plain', path(links))).toBeNull();
    expect(whereIs('folder', path(links))).toBeNull();
    expect(whereIs('git', {})).toBeNull();
  });

  it('is never one inside the repository', () => {
    const { folder } = fakeGit('exit 0');
    expect(whereIs('git', { PATH: folder }, dirname(folder))).toBeNull();
    expect(whereIs('git', { PATH: folder }, folder)).toBeNull();
    expect(whereIs('git', { PATH: folder }, `${folder}-other`)).toBe(join(folder, 'git'));
  });

  it('that is missing is a TOOL error', () => {
    expect(() => makeGit('/tmp', { env: { PATH: '' } })).toThrow(
      expect.objectContaining({ code: 'TOOL', message: 'git is not on the PATH' }),
    );
  });
});

describe('a run', () => {
  const root = temporaryFolder();

  it('gives an environment of its own, and settings that win over every file', async () => {
    const { options } = fakeGit('env | sort; for a in "$@"; do echo "arg $a"; done; exit 3');
    process.env['GIT_DIR'] = '/nowhere';
    try {
      const answer = await makeGit(root, options).run(['rev-parse', 'x; touch y']);
      const said = Buffer.from(answer.stdout).toString();
      expect(answer.status).toBe(3);
      expect(said).not.toMatch(/^GIT_DIR|^HOME|^XDG|^SSH/m);
      for (const line of [
        'GIT_CONFIG_NOSYSTEM=1',
        'GIT_CONFIG_GLOBAL=/dev/null',
        'GIT_NO_REPLACE_OBJECTS=1',
        'GIT_NO_LAZY_FETCH=1',
        'GIT_ALLOW_PROTOCOL=none',
        'GIT_OPTIONAL_LOCKS=0',
        'GIT_TERMINAL_PROMPT=0',
        'LC_ALL=C',
        `GIT_CEILING_DIRECTORIES=${dirname(root)}`,
      ]) {
        expect(said.split('\n')).toContain(line);
      }
      for (const argument of [
        '--no-replace-objects',
        'core.fsmonitor=false',
        'core.hooksPath=/dev/null',
        'core.attributesFile=/dev/null',
        'core.commitGraph=false',
        'x; touch y',
      ]) {
        expect(said.split('\n')).toContain(`arg ${argument}`);
      }
    } finally {
      Reflect.deleteProperty(process.env, 'GIT_DIR');
    }
  });

  it('is stopped at its deadline', async () => {
    const { options } = fakeGit('exec sleep 60');
    const started = performance.now();
    await expect(makeGit(root, { ...options, deadlineMs: 100 }).run(['rev-parse'])).rejects.toMatchObject({
      code: 'TOOL',
      message: 'git rev-parse took more than 100 ms',
    });
    expect(performance.now() - started).toBeLessThan(20_000);
  });

  it('is not waited for when what it started outlives it', async () => {
    const { options } = fakeGit('sleep 60 & sleep 60');
    const started = performance.now();
    const git = makeGit(root, { ...options, deadlineMs: 100 });
    await expect(git.run(['rev-parse'])).rejects.toMatchObject({ code: 'TOOL' });
    await expect(git.objects(['0'.repeat(40)], () => null)).rejects.toMatchObject({ code: 'TOOL' });
    expect(performance.now() - started).toBeLessThan(20_000);
  });

  it('is stopped when it says too much', async () => {
    const { options } = fakeGit('exec yes');
    await expect(makeGit(root, { ...options, maxOutput: 10_000 }).run(['rev-parse'])).rejects.toMatchObject({
      code: 'TOOL',
      message: 'git rev-parse printed more than 10000 bytes',
    });
  });

  it('that is killed, or cannot be started, is a TOOL error', async () => {
    await expect(makeGit(root, fakeGit('kill -TERM $$').options).run(['rev-parse'])).rejects.toMatchObject({
      code: 'TOOL',
      message: 'git rev-parse was ended by SIGTERM',
    });
    const { folder, options } = fakeGit('');
    writeFileSync(join(folder, 'git'), '#!/nowhere/sh\n');
    await expect(makeGit(root, options).run(['rev-parse'])).rejects.toMatchObject({
      code: 'TOOL',
      message: expect.stringContaining('cannot be started'),
    });
  });

  it('that does not read its input answers all the same', async () => {
    const { options } = fakeGit('exec 0<&-; exit 0');
    const answer = await makeGit(root, options).run(['cat-file'], 'x'.repeat(1_000_000));
    expect(answer.status).toBe(0);
  });

  it('that refuses the owner of the folder says how to go on', async () => {
    const { options } = fakeGit(
      'echo "fatal: detected dubious ownership in repository at \'/x\'" >&2; exit 128',
    );
    await expect(makeGit(root, options).run(['rev-parse'])).rejects.toMatchObject({
      code: 'TOOL',
      message: expect.stringContaining('belongs to somebody else'),
      hint: expect.stringContaining('owner of the folder'),
    });
  });

  it.skipIf(!hasGit || process.getuid?.() !== 0)(
    'that refuses the owner of the folder is understood from real git',
    async () => {
      const repo = makeGitRepo({ x: 'y' });
      chownSync(repo.root, 12_345, 12_345);
      chownSync(join(repo.root, '.git'), 12_345, 12_345);
      await expect(makeGit(repo.root).run(['rev-parse', 'HEAD'])).rejects.toMatchObject({
        code: 'TOOL',
        message: expect.stringContaining('belongs to somebody else'),
      });
    },
  );

  it('shows what git says without control characters', async () => {
    const { options } = fakeGit("printf 'fatal: \\033[2K evil' >&2; exit 1");
    expect((await makeGit(root, options).run(['rev-parse'])).stderr).toBe('fatal: \\u{1b}[2K evil');
  });

  it('of cat-file that fails, is cut short, or stops in its sink is an error', async () => {
    const oid = 'a'.repeat(40);
    const pass = (): null => null;
    await expect(
      makeGit(root, fakeGit('echo fatal: broken >&2; exit 128').options).objects([oid], pass),
    ).rejects.toMatchObject({ code: 'TOOL', message: expect.stringContaining('fatal: broken') });
    await expect(makeGit(root, fakeGit('exit 0').options).objects([oid], pass)).rejects.toMatchObject({
      code: 'TOOL',
      message: expect.stringContaining('cut short'),
    });
    const stop = new Error('enough');
    await expect(
      makeGit(root, fakeGit(`echo ${oid} blob 3; echo abc; exec sleep 60`).options).objects([oid], () => {
        throw stop;
      }),
    ).rejects.toBe(stop);
    await makeGit(root, fakeGit('exit 1').options).objects([], pass);
  });
});

describe('the stream of cat-file', () => {
  const a = 'a'.repeat(40);
  const b = 'b'.repeat(40);

  function read(
    stream: string,
    oids: readonly string[],
    chunk: number,
  ): { readonly headers: (ObjectHeader | null)[]; readonly contents: string[]; readonly end: () => void } {
    const headers: (ObjectHeader | null)[] = [];
    const contents: string[] = [];
    const parser = new BatchParser(oids, (_oid, header) => {
      headers.push(header);
      if (header === null) return null;
      let text = '';
      return {
        write: (bytes) => void (text += Buffer.from(bytes).toString()),
        end: () => contents.push(text),
      };
    });
    const bytes = Buffer.from(stream);
    for (let at = 0; at < bytes.length; at += chunk) parser.take(bytes.subarray(at, at + chunk));
    return { headers, contents, end: () => parser.finish() };
  }

  it.each([1, 2, 7, 1_000])('is the same however it is cut: %i bytes at once', (chunk) => {
    const done = read(`${a} blob 5\nab\ncd\n${b} tree 0\n\n${a} missing\n`, [a, b, a], chunk);
    done.end();
    expect(done.headers).toEqual([
      { oid: a, type: 'blob', size: 5 },
      { oid: b, type: 'tree', size: 0 },
      null,
    ]);
    expect(done.contents).toEqual(['ab\ncd', '']);
  });

  it.each([
    ['another object than was asked for', `${b} blob 0\n\n`],
    ['another object that is missing', `${b} missing\n`],
    ['a type that is none', `${a} evil 0\n\n`],
    ['no size', `${a} blob\n`],
    ['an ambiguous name', `${a} ambiguous\n`],
    ['more than was asked for', `${a} missing\n${a} missing\n`],
    ['an endless header', 'x'.repeat(2_000)],
  ])('%s is refused', (_what, stream) => {
    expect(() => read(stream, [a], 100)).toThrow(expect.objectContaining({ code: 'TOOL' }));
  });

  it.each(['', `${a} blob 5\nab`, `${a} blob`])('%j is cut short', (stream) => {
    expect(() => read(stream, [a], 100).end()).toThrow(expect.objectContaining({ code: 'TOOL' }));
  });
});

describe.skipIf(!hasGit)('real objects', () => {
  it('arrive whole, missing ones among them', async () => {
    const large = Buffer.alloc(3_000_000, 'govboot ');
    const repo = makeGitRepo({ large, small: 's' });
    const [one = '', two = ''] = ['HEAD:large', 'HEAD:small'].map((name) => repo.git(['rev-parse', name]));
    const missing = '0123456789'.repeat(4);
    const got = new Map<string, Buffer | null>();
    await makeGit(repo.root).objects([one, missing, two], (oid, header) => {
      const chunks: Uint8Array[] = [];
      if (header === null) got.set(oid, null);
      return {
        write: (chunk) => chunks.push(new Uint8Array(chunk)),
        end: () => got.set(oid, Buffer.concat(chunks)),
      };
    });
    expect(got.get(one)?.equals(large)).toBe(true);
    expect(got.get(two)?.toString()).toBe('s');
    expect(got.get(missing)).toBeNull();
    expect(readFileSync(join(repo.root, 'small'), 'utf8')).toBe('s');
  });

  it('are not unfolded in memory however large they are, before anybody hears of it', async () => {
    const { root, git } = makeGitRepo({});
    const zeros = Buffer.alloc(70_000_000);
    const named = (type: string): string =>
      git(['hash-object', '-t', type, '-w', '--literally', '--stdin'], zeros);
    const reader = makeGit(root);
    for (const type of ['tag', 'commit', 'tree']) {
      const sizes: unknown[] = [];
      const read = reader.objects([named(type)], (_oid, header) => {
        sizes.push(header?.size);
        return null;
      });
      await expect(read).rejects.toMatchObject({
        code: 'TOOL',
        message: expect.stringContaining('over limit 67108864') as string,
      });
      expect(sizes).toEqual([zeros.length]);
    }
    writeFileSync(join(root, '.git', 'HEAD'), `${named('commit')}\n`);
    const answer = await reader.run(['rev-parse', '--verify', 'HEAD^{commit}']);
    expect(answer.stderr).toContain('over limit 67108864');
  });

  it('of files are, and larger ones are handed on in pieces', async () => {
    const large = Buffer.alloc(70_000_000, 'govboot ');
    const { root, git } = makeGitRepo({ large });
    let length = 0;
    await makeGit(root).objects([git(['rev-parse', 'HEAD:large'])], () => ({
      write: (chunk) => (length += chunk.length),
      end: () => undefined,
    }));
    expect(length).toBe(large.length);
  });
});
