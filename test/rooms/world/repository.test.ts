import {
  chmodSync,
  cpSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { spawnSync } from 'node:child_process';
import { deflateSync } from 'node:zlib';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { gitObjectId, sha256 } from '../../../src/kernel/digest.ts';
import type { SourceFacts, TreeFacts } from '../../../src/inputs/facts.ts';
import { makeRepositoryOpener, type RepositoryDeps } from '../../../src/world/repository.ts';
import { requireOrSkip, whereIs } from '../../harness/capabilities.ts';
import {
  commitAll,
  gitRepoAt,
  makeFifo,
  makeGitRepo,
  tagPayload,
  temporaryFolder,
  writeSignedTag,
  writeTagObject,
  type GitRepo,
} from '../../harness/git-fixture.ts';

const hasGit = requireOrSkip('git', 'reading of the governed repository');
const POLICY = 'schema: govboot.parity/v1\n';
const FILES = {
  'policies/parity.yaml': POLICY,
  'policies/keys/A.asc': 'key a\n',
  'templates/backend.tf.tmpl': 'x\n',
  'README.md': 'hello\n',
};
/** The shape of a signature; whether it verifies is not this room's business. */
const sign = (): string =>
  '-----BEGIN PGP SIGNATURE-----\n\niHUEABYKAB0WIQQ=\n=AbCd\n-----END PGP SIGNATURE-----\n';

let template: GitRepo | undefined;

/** A repository at its signed tag v1. The usual one is made once and copied. */
async function released(files: Readonly<Record<string, string | Uint8Array>> = FILES): Promise<GitRepo> {
  if (files === FILES && template !== undefined) {
    const root = temporaryFolder();
    cpSync(template.root, root, { recursive: true });
    return gitRepoAt(root);
  }
  const repo = makeGitRepo(files);
  await writeSignedTag(repo, { name: 'v1', sign });
  if (files !== FILES) return repo;
  template = repo;
  return released();
}

async function sourceOf(
  repo: GitRepo,
  tag = 'v1',
  lastUsed: Parameters<
    Awaited<ReturnType<ReturnType<typeof makeRepositoryOpener>['open']>>['source']
  >[1] = null,
  deps: RepositoryDeps = {},
): Promise<SourceFacts> {
  return (await makeRepositoryOpener(repo.root, deps).open()).source(tag, lastUsed);
}

function treeOf(facts: SourceFacts): TreeFacts {
  if (facts.tree.is === 'problem') throw new Error(`${facts.tree.problem.code}: ${facts.tree.problem.wrong}`);
  return facts.tree.value;
}

/** The tree line hash, computed another way: from the files that were committed. */
function expectedTree(
  files: Readonly<Record<string, string>>,
  modes: Readonly<Record<string, string>> = {},
): string {
  const lines = Object.entries(files).map(([path, content]) => ({
    path,
    line: `${modes[path] ?? '100644'} ${sha256(content)} ${path}\n`,
  }));
  return sha256(
    lines
      .sort((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)))
      .map(({ line }) => line)
      .join(''),
  );
}

describe.skipIf(!hasGit)('a plain repository at its tag', () => {
  it('has equal trees, no problems, and HEAD at the tagged commit', async () => {
    const repo = await released();
    const facts = await sourceOf(repo);
    const commit = repo.git(['rev-parse', 'HEAD']);
    expect(facts).toMatchObject({
      root: repo.root,
      objectFormat: 'sha1',
      repositoryProblems: [],
      head: commit,
      tagSignature: null,
      lastUsed: null,
    });
    expect(facts.tag).toMatchObject({
      is: 'tag',
      tag: { name: 'v1', commit, oid: repo.git(['rev-parse', 'refs/tags/v1']) },
    });
    expect(treeOf(facts)).toEqual({
      tagged: expectedTree(FILES),
      onDisk: expectedTree(FILES),
      files: 4,
      differences: [],
    });
  });

  it('leaves out evidence/ and intents/ at the top, on both sides and nowhere else', async () => {
    const repo = await released({
      ...FILES,
      'evidence/README.md': 'tagged\n',
      'intents/old.yaml': 'tagged\n',
      'docs/evidence/x': 'y',
    });
    repo.write('evidence/dev/ledger/00000000.json', '{}');
    repo.write('intents/new.yaml', 'new\n');
    rmSync(join(repo.root, 'intents/old.yaml'));
    expect(treeOf(await sourceOf(repo))).toEqual({
      tagged: expectedTree({ ...FILES, 'docs/evidence/x': 'y' }),
      onDisk: expectedTree({ ...FILES, 'docs/evidence/x': 'y' }),
      files: 5,
      differences: [],
    });
    repo.write('docs/evidence/x', 'z');
    expect(treeOf(await sourceOf(repo)).differences).toEqual([{ path: 'docs/evidence/x', how: 'changed' }]);
  });

  it('knows links, the execute bit, empty files, deep folders and names of any script', async () => {
    const repo = makeGitRepo(FILES);
    repo.write('bin/run.sh', '#!/bin/sh\n', true);
    repo.write('a/b/c/d/e', '');
    repo.write('docs/grüße – 日本.md', 'x');
    repo.write('a.b', '1');
    repo.write('a-b', '2');
    symlinkSync('../README.md', join(repo.root, 'docs/link'));
    commitAll(repo);
    await writeSignedTag(repo, { name: 'v1', sign });
    const expected = expectedTree(
      {
        ...FILES,
        'bin/run.sh': '#!/bin/sh\n',
        'a/b/c/d/e': '',
        'docs/grüße – 日本.md': 'x',
        'a.b': '1',
        'a-b': '2',
        'docs/link': '../README.md',
      },
      { 'bin/run.sh': '100755', 'docs/link': '120000' },
    );
    expect(treeOf(await sourceOf(repo))).toMatchObject({
      tagged: expected,
      onDisk: expected,
      files: 10,
      differences: [],
    });
  });

  it('may hold its objects in packs, and be of SHA-256', async () => {
    const repo = await released();
    repo.git(['gc', '--quiet']);
    expect(treeOf(await sourceOf(repo)).differences).toEqual([]);
    const root = temporaryFolder();
    gitRepoAt(root).git([
      'init',
      '--quiet',
      '--object-format=sha256',
      '--template=',
      '--initial-branch=main',
    ]);
    const long = gitRepoAt(root);
    long.write('README.md', 'hello\n');
    commitAll(long);
    await writeSignedTag(long, { name: 'v1', sign });
    const facts = await sourceOf(long);
    expect(facts).toMatchObject({ objectFormat: 'sha256', repositoryProblems: [], tag: { is: 'tag' } });
    expect(treeOf(facts).differences).toEqual([]);
  });

  it('may have no commit yet', async () => {
    const facts = await sourceOf(makeGitRepo());
    expect(facts).toMatchObject({
      head: null,
      tag: { code: 'TAG_MISSING' },
      tree: { is: 'problem' },
      repositoryProblems: [],
    });
  });

  it('is not asked through the variables of the caller', async () => {
    const repo = await released();
    const other = await released({ 'README.md': 'other\n' });
    const before = { ...process.env };
    Object.assign(process.env, {
      GIT_DIR: join(other.root, '.git'),
      GIT_WORK_TREE: other.root,
      GIT_OBJECT_DIRECTORY: join(other.root, '.git/objects'),
      GIT_CONFIG_COUNT: '1',
      GIT_CONFIG_KEY_0: 'core.worktree',
      GIT_CONFIG_VALUE_0: other.root,
    });
    try {
      expect(treeOf(await sourceOf(repo)).tagged).toBe(expectedTree(FILES));
    } finally {
      for (const name of Object.keys(process.env))
        if (!(name in before)) Reflect.deleteProperty(process.env, name);
    }
  });
});

describe.skipIf(!hasGit)('tags', () => {
  it('T1: a genuine tag under another name', async () => {
    const repo = await released();
    repo.git(['update-ref', 'refs/tags/v9', repo.git(['rev-parse', 'refs/tags/v1'])]);
    expect((await sourceOf(repo, 'v9')).tag).toMatchObject({ code: 'TAG_NAME_MISMATCH' });
  });

  it.each([
    ['T2: text after the signature', (good: string) => `${good}approved\n`, 'TAG_MALFORMED'],
    [
      'T2b: an armor header',
      (good: string) => good.replace('SIGNATURE-----\n\n', 'SIGNATURE-----\nComment: approved\n\n'),
      'TAG_MALFORMED',
    ],
    [
      'T3: another header',
      (good: string) => good.replace(' +0000\n', ' +0000\nx-approved yes\n'),
      'TAG_MALFORMED',
    ],
    ['T4: two signatures', (good: string) => good + sign(), 'SIG_COUNT'],
    ['T9: an SSH signature', (good: string) => good.replaceAll('PGP', 'SSH'), 'SIG_FORMAT'],
    [
      'T11: a NUL in the message',
      (good: string) => good.replace('v1\n\n', 'v1\n\n').replace('\n-----BEGIN', '\0\n-----BEGIN'),
      'TAG_MALFORMED',
    ],
    [
      'T13: an injected gpgsig-sha256',
      (good: string) => good.replace(' +0000\n', ' +0000\ngpgsig-sha256 anything\n'),
      'TAG_MALFORMED',
    ],
    ['no signature', (good: string) => good.slice(0, good.indexOf('-----BEGIN')), 'TAG_UNSIGNED'],
    [
      'an object beyond 64 KiB',
      (good: string) => good.replace('\n\nv1', `\n\n${'v1 '.repeat(30_000)}`),
      'TAG_MALFORMED',
    ],
  ])('%s', async (_what, change, code) => {
    const repo = makeGitRepo(FILES);
    writeTagObject(
      repo,
      change(tagPayload({ name: 'v1', commit: repo.git(['rev-parse', 'HEAD']) }) + sign()),
      'v1',
    );
    const facts = await sourceOf(repo);
    expect(facts.tag).toMatchObject({ is: 'problem', code });
    expect(facts.tree).toMatchObject({ is: 'problem', problem: { code } });
  });

  it('T10: a tag of a tag, of a tree and of a blob', async () => {
    const repo = await released();
    for (const [type, name] of [
      ['tag', 'refs/tags/v1'],
      ['tree', 'HEAD^{tree}'],
      ['blob', 'HEAD:README.md'],
    ] as const) {
      writeTagObject(
        repo,
        tagPayload({ name: 'v2', type, commit: repo.git(['rev-parse', name]) }) + sign(),
        'v2',
      );
      expect((await sourceOf(repo, 'v2')).tag).toMatchObject({
        code: 'TAG_TARGET_TYPE',
        wrong: `v2 points at a ${type}`,
      });
    }
  });

  it('a tag that says commit and points at a blob has no tree', async () => {
    const repo = makeGitRepo(FILES);
    writeTagObject(
      repo,
      tagPayload({ name: 'v1', commit: repo.git(['rev-parse', 'HEAD:README.md']) }) + sign(),
      'v1',
    );
    expect((await sourceOf(repo)).tree).toMatchObject({
      is: 'problem',
      problem: { code: 'TAG_TARGET_TYPE' },
    });
  });

  it('a tag of a commit that is missing has no tree', async () => {
    const repo = makeGitRepo(FILES);
    writeTagObject(repo, tagPayload({ name: 'v1', commit: '0123456789'.repeat(4) }) + sign(), 'v1');
    expect((await sourceOf(repo)).tree).toMatchObject({ is: 'problem', problem: { code: 'REPO_UNSAFE' } });
  });

  it('lightweight, missing, and only a branch of that name', async () => {
    const repo = makeGitRepo(FILES);
    repo.git(['tag', 'light']);
    repo.git(['branch', 'v7']);
    expect((await sourceOf(repo, 'light')).tag).toMatchObject({ code: 'TAG_NOT_ANNOTATED' });
    expect((await sourceOf(repo, 'v8')).tag).toMatchObject({ code: 'TAG_MISSING', wrong: 'refs/tags/v8' });
    expect((await sourceOf(repo, 'v7')).tag).toMatchObject({ code: 'TAG_MISSING' });
  });

  it('T12: a branch of the same name changes nothing', async () => {
    const repo = await released();
    repo.write('README.md', 'evil\n');
    commitAll(repo);
    repo.git(['branch', 'v1']);
    const facts = await sourceOf(repo);
    expect(facts.tag).toMatchObject({
      is: 'tag',
      tag: { commit: repo.git(['rev-parse', 'refs/tags/v1^{commit}']) },
    });
    expect(treeOf(facts).tagged).toBe(expectedTree(FILES));
  });

  it.each(['-v', '../x', 'v1 --help', '', 'v*', 'v'.repeat(300)])(
    'the name %j is refused before git is asked',
    async (name) => {
      expect((await sourceOf(await released(), name)).tag).toMatchObject({ code: 'TAG_NAME_INVALID' });
    },
  );

  it('a tag in a folder does not stand in for its folder', async () => {
    const repo = makeGitRepo(FILES);
    await writeSignedTag(repo, { name: 'infra/v1', sign });
    expect((await sourceOf(repo, 'infra')).tag).toMatchObject({ code: 'TAG_MISSING' });
    expect((await sourceOf(repo, 'infra/v1')).tag).toMatchObject({ is: 'tag' });
  });

  it('tells where a file lies, or would lie, whatever the folders above it are called', async () => {
    const repo = makeGitRepo({ 'intents/dev.yaml': 'x\n' });
    const beside = temporaryFolder();
    symlinkSync(join(repo.root, 'intents'), join(beside, 'in'));
    symlinkSync(beside, join(repo.root, 'out'));
    symlinkSync(repo.root, join(beside, 'whole'));
    const opener = makeRepositoryOpener(repo.root);
    const places = {
      'plan.json': 'plan.json',
      './a/../b/plan.json': 'b/plan.json',
      'intents/plan.json': 'intents/plan.json',
      'intents/../policies/plan.json': 'policies/plan.json',
      '.git/plan.json': '.git/plan.json',
      'none/such/plan.json': 'none/such/plan.json',
      [join(repo.root, 'x.json')]: 'x.json',
      [join(beside, 'in', 'plan.json')]: 'intents/plan.json',
      [join(beside, 'whole', 'none', 'plan.json')]: 'none/plan.json',
      [join(beside, 'whole', 'none', 'such', 'plan.json')]: 'none/such/plan.json',
      'out/plan.json': null,
      'out/none/plan.json': null,
      '../plan.json': null,
      [join(beside, 'plan.json')]: null,
      '/plan.json': null,
    };
    for (const [path, place] of Object.entries(places))
      expect([path, await opener.placeOf(path)]).toEqual([path, place]);
    await expect(makeRepositoryOpener(beside).placeOf('x')).rejects.toMatchObject({
      code: 'NOT_A_REPOSITORY',
    });
  });

  it('at HEAD are listed newest first, annotated ones of an accepted name only', async () => {
    const repo = makeGitRepo(FILES);
    const opener = makeRepositoryOpener(repo.root);
    await writeSignedTag(repo, { name: 'v0', sign });
    repo.write('README.md', 'second\n');
    commitAll(repo);
    await writeSignedTag(repo, { name: 'v1', sign, tagger: 'Rita <rita@example.com> 1795348900 +0000' });
    await writeSignedTag(repo, { name: 'v2', sign, tagger: 'Rita <rita@example.com> 1795349000 +0000' });
    await writeSignedTag(repo, { name: 'v10', sign, tagger: 'Rita <rita@example.com> 1795349000 +0000' });
    repo.git(['tag', 'light']);
    repo.git(['tag', '--annotate', '--message=x', 'né']);
    expect(await opener.tagsAtHead()).toEqual(['v10', 'v2', 'v1']);
    expect(await makeRepositoryOpener(makeGitRepo().root).tagsAtHead()).toEqual([]);
  });
});

describe.skipIf(!hasGit)('a tree that differs', () => {
  const cases: readonly (readonly [string, (repo: GitRepo) => void, TreeFacts['differences']])[] = [
    [
      'changed',
      (repo) => repo.write('policies/parity.yaml', 'evil\n'),
      [{ path: 'policies/parity.yaml', how: 'changed' }],
    ],
    [
      'changed behind assume-unchanged',
      (repo) => {
        repo.git(['update-index', '--assume-unchanged', 'README.md']);
        repo.write('README.md', 'evil\n');
      },
      [{ path: 'README.md', how: 'changed' }],
    ],
    [
      'changed behind skip-worktree',
      (repo) => {
        repo.git(['update-index', '--skip-worktree', 'README.md']);
        repo.write('README.md', 'evil\n');
      },
      [{ path: 'README.md', how: 'changed' }],
    ],
    ['missing', (repo) => rmSync(join(repo.root, 'README.md')), [{ path: 'README.md', how: 'missing' }]],
    [
      'an extra file',
      (repo) => repo.write('policies/keys/B.asc', 'key\n'),
      [{ path: 'policies/keys/B.asc', how: 'extra' }],
    ],
    [
      'an ignored file',
      (repo) => {
        repo.write('.git/info/exclude', '*.tfvars\n');
        repo.write('evil.auto.tfvars', 'x\n');
      },
      [{ path: 'evil.auto.tfvars', how: 'extra' }],
    ],
    [
      'an execute bit',
      (repo) => chmodSync(join(repo.root, 'README.md'), 0o755),
      [{ path: 'README.md', how: 'mode' }],
    ],
    [
      'an execute bit of a governed file',
      (repo) => chmodSync(join(repo.root, 'policies/parity.yaml'), 0o755),
      [{ path: 'policies/parity.yaml', how: 'mode' }],
    ],
    [
      'a link in place of a file',
      (repo) => {
        renameSync(join(repo.root, 'README.md'), join(repo.root, 'evidence'));
        symlinkSync('evidence', join(repo.root, 'README.md'));
      },
      [
        { path: 'README.md', how: 'changed' },
        { path: 'evidence', how: 'extra' },
      ],
    ],
    [
      'a link out of the tree',
      (repo) => symlinkSync('/etc/passwd', join(repo.root, 'docs')),
      [{ path: 'docs', how: 'unsafe' }],
    ],
    [
      'a link up and out',
      (repo) => symlinkSync('../../x', join(repo.root, 'policies/up')),
      [{ path: 'policies/up', how: 'unsafe' }],
    ],
    [
      'a link named evidence',
      (repo) => symlinkSync('policies', join(repo.root, 'evidence')),
      [{ path: 'evidence', how: 'extra' }],
    ],
    [
      'a folder behind a link',
      (repo) => {
        renameSync(join(repo.root, 'policies'), join(repo.root, 'intents'));
        symlinkSync('intents', join(repo.root, 'policies'));
      },
      [
        { path: 'policies', how: 'extra' },
        { path: 'policies/keys/A.asc', how: 'missing' },
        { path: 'policies/parity.yaml', how: 'missing' },
      ],
    ],
    [
      'a FIFO',
      (repo) => makeFifo(join(repo.root, 'policies/pipe')),
      [{ path: 'policies/pipe', how: 'unsafe' }],
    ],
    [
      'a FIFO in place of a file',
      (repo) => {
        rmSync(join(repo.root, 'README.md'));
        makeFifo(join(repo.root, 'README.md'));
      },
      [{ path: 'README.md', how: 'unsafe' }],
    ],
    [
      'a repository inside',
      (repo) => void makeGitRepo({ x: 'y' }, join(repo.root, 'sub')),
      [
        { path: 'sub/.git', how: 'unsafe' },
        { path: 'sub/x', how: 'extra' },
      ],
    ],
    [
      'a .git file inside, in capitals',
      (repo) => repo.write('sub/.GIT', 'gitdir: /tmp'),
      [{ path: 'sub/.GIT', how: 'unsafe' }],
    ],
    [
      'a name with a line feed, which would forge a line',
      (repo) => repo.write(`x\n100644 ${sha256('')} y`, ''),
      [{ path: `x\\u{a}100644 ${sha256('')} y`, how: 'unsafe' }],
    ],
    [
      'a governed file above 1 MiB',
      (repo) => repo.write('policies/parity.yaml', 'x'.repeat(1024 * 1024 + 1)),
      [{ path: 'policies/parity.yaml', how: 'unsafe' }],
    ],
  ];
  it.each(cases)('%s', async (_what, change, differences) => {
    const repo = await released();
    change(repo);
    const tree = treeOf(await sourceOf(repo));
    expect(tree.differences).toEqual(differences);
    expect(tree.onDisk).not.toBe(tree.tagged);
    expect(tree.tagged).toBe(expectedTree(FILES));
  });

  it('a name that is not UTF-8', async () => {
    const repo = await released();
    writeFileSync(Buffer.concat([Buffer.from(`${repo.root}/`), Buffer.from([0x61, 0xff])]), 'x');
    expect(treeOf(await sourceOf(repo)).differences).toEqual([{ path: 'a\ufffd', how: 'unsafe' }]);
  });

  it('a link out of the tree is unsafe even when it was tagged', async () => {
    const repo = makeGitRepo(FILES);
    symlinkSync('../outside', join(repo.root, 'link'));
    commitAll(repo);
    await writeSignedTag(repo, { name: 'v1', sign });
    expect(treeOf(await sourceOf(repo)).differences).toEqual([{ path: 'link', how: 'unsafe' }]);
  });

  it('tells 20 paths at most, and the digest knows them all', async () => {
    const repo = await released();
    for (let i = 0; i < 30; i++) repo.write(`extra/${String(i)}`, 'x');
    const tree = treeOf(await sourceOf(repo));
    expect(tree.differences).toHaveLength(20);
    rmSync(join(repo.root, 'extra/29'));
    expect(treeOf(await sourceOf(repo)).onDisk).not.toBe(tree.onDisk);
  });

  it('HEAD elsewhere is a fact of its own', async () => {
    const repo = await released();
    repo.write('README.md', 'second\n');
    const head = commitAll(repo);
    const facts = await sourceOf(repo);
    expect(facts.head).toBe(head);
    expect(facts.tag).not.toMatchObject({ tag: { commit: head } });
  });

  it('22: two contents of one object name', async () => {
    // SHA-1 has collisions (shattered.io); no pair is made here: the object under the name is simply another, as git would not notice.
    const repo = await released();
    forge(repo, repo.git(['rev-parse', 'HEAD:README.md']), 'blob', 'EVIL!\n');
    repo.write('README.md', 'EVIL!\n');
    expect(repo.git(['cat-file', '-p', 'HEAD:README.md'])).toBe('EVIL!');
    expect((await sourceOf(repo)).tree).toMatchObject({
      is: 'problem',
      problem: { code: 'OBJECT_FORGED', wrong: expect.stringContaining('not what its name says') },
    });
  });

  it('22: a forged object that nobody has on disk decides nothing: the file that has the name of the tree is the tagged one', async () => {
    const repo = await released();
    const before = await sourceOf(repo);
    forge(repo, repo.git(['rev-parse', 'HEAD:README.md']), 'blob', 'EVIL!\n');
    expect(repo.git(['cat-file', '-p', 'HEAD:README.md'])).toBe('EVIL!');
    expect(before.tree).toMatchObject({ is: 'read', value: { differences: [] } });
    expect((await sourceOf(repo)).tree).toEqual(before.tree);
  });

  it('22: an object is looked at wherever the disk does not have its name, and what it holds is told as changed', async () => {
    const repo = await released();
    repo.write('README.md', 'changed\n');
    expect((await sourceOf(repo)).tree).toMatchObject({
      value: { differences: [{ path: 'README.md', how: 'changed' }] },
    });
  });

  it('limits the bytes that it keeps, also of a folder that no tag may cover', async () => {
    const repo = await released();
    for (const name of ['a', 'b']) repo.write(`intents/${name}.asc`, 'x'.repeat(600));
    const open = () => makeRepositoryOpener(repo.root, { limits: { kept: 1_000 } }).open();
    await expect((await open()).list('intents')).rejects.toMatchObject({
      code: 'FILE_UNSAFE',
      message: expect.stringMatching(
        /^intents\/[ab]\.asc is not read: it and the files before it have more than 1000 bytes$/,
      ),
    });
    // What is not asked for is not read, and costs nothing.
    const some = await (await open()).list('intents', (path) => path === 'intents/b.asc');
    expect(some.map(({ path }) => path)).toEqual(['intents/b.asc']);
    const opened = await open();
    expect(await opened.read('intents/a.asc')).toMatchObject({ is: 'read' });
    expect(await opened.read('intents/a.asc')).toMatchObject({ is: 'read' });
    expect(await opened.read('intents/b.asc')).toMatchObject({ problem: { code: 'FILE_UNSAFE' } });
  });

  it('limits the bytes that it keeps while the tree is hashed: what goes beyond makes the trees differ', async () => {
    const repo = await released({
      'policies/a': 'x'.repeat(600),
      'templates/b': 'x'.repeat(600),
      c: 'x'.repeat(600),
    });
    const facts = await sourceOf(repo, 'v1', null, { limits: { kept: 1_000 } });
    expect(treeOf(facts).differences).toEqual([
      { path: expect.stringMatching(/^(policies\/a|templates\/b)$/), how: 'unsafe' },
    ]);
  });

  it('limits folders on disk, also those that hold nothing', async () => {
    const repo = await released();
    const limits = { files: 9, bytes: 1_000_000 };
    for (let i = 0; i < 5; i++) mkdirSync(join(repo.root, `empty${String(i)}`));
    expect((await sourceOf(repo, 'v1', null, { limits })).tree.is).toBe('read');
    mkdirSync(join(repo.root, 'empty', 'a', 'b', 'c', 'd'), { recursive: true });
    expect((await sourceOf(repo, 'v1', null, { limits })).tree).toEqual({
      is: 'problem',
      problem: { code: 'FILE_UNSAFE', wrong: 'the work tree has more than 9 folders' },
    });
  });

  it('limits files and bytes, on disk and in the tag', async () => {
    const repo = await released();
    const few = { limits: { files: 4, bytes: 1_000_000 } };
    expect((await sourceOf(repo, 'v1', null, few)).tree.is).toBe('read');
    repo.write('one-more', 'x');
    expect((await sourceOf(repo, 'v1', null, few)).tree).toMatchObject({
      problem: { code: 'FILE_UNSAFE', wrong: 'the work tree has more than 4 files' },
    });
    expect((await sourceOf(repo, 'v1', null, { limits: { files: 3, bytes: 1_000_000 } })).tree).toMatchObject(
      { problem: { wrong: 'the tagged tree has more than 3 files' } },
    );
    repo.write('one-more', 'x'.repeat(2_000));
    expect((await sourceOf(repo, 'v1', null, { limits: { files: 9, bytes: 1_000 } })).tree).toMatchObject({
      problem: { code: 'FILE_UNSAFE', wrong: 'the work tree has more than 1000 bytes' },
    });
    expect((await sourceOf(repo, 'v1', null, { limits: { files: 9, bytes: 10 } })).tree).toMatchObject({
      problem: { wrong: 'the tagged tree has more than 10 bytes' },
    });
  });

  it('reads 5,000 files in a few seconds', async () => {
    const files = Object.fromEntries(
      Array.from({ length: 5_000 }, (_, i) => [
        `modules/m${String(i % 50)}/f${String(i)}.tf`,
        `# ${String(i)}\n`,
      ]),
    );
    const repo = await released(files);
    const start = performance.now();
    expect(treeOf(await sourceOf(repo))).toMatchObject({ files: 5_000, differences: [] });
    // Far above what it takes, far below what reading one file after another through git would.
    expect(performance.now() - start).toBeLessThan(15_000);
  });
});

/** Puts other content under the name of an object, as somebody with write access to .git/objects could. */
function forge(
  repo: GitRepo,
  oid: string,
  type: 'blob' | 'commit' | 'tree' | 'tag',
  content: string | Uint8Array,
): void {
  const path = join(repo.root, '.git/objects', oid.slice(0, 2), oid.slice(2));
  const body = Buffer.from(content);
  chmodSync(path, 0o644);
  writeFileSync(path, deflateSync(Buffer.concat([Buffer.from(`${type} ${String(body.length)}\0`), body])));
}

describe.skipIf(!hasGit)('what is not what its name says', () => {
  it('a commit, a tree and a tag object', async () => {
    for (const [name, type] of [
      ['HEAD', 'commit'],
      ['HEAD^{tree}', 'tree'],
      ['refs/tags/v1', 'tag'],
    ] as const) {
      const repo = await released();
      const oid = repo.git(['rev-parse', name]);
      const content = spawnSync('git', ['cat-file', type, oid], { cwd: repo.root }).stdout;
      const evil = Buffer.from(
        content
          .toString('latin1')
          .replace('README.md', 'README.mb')
          .replace('first', 'forst')
          .replace('Rita', 'Rota'),
        'latin1',
      );
      expect(gitObjectId(type, evil, 'sha1')).not.toBe(oid);
      forge(repo, oid, type, evil);
      const facts = await sourceOf(repo);
      if (type === 'tag') expect(facts.tag).toMatchObject({ code: 'OBJECT_FORGED' });
      else expect(facts.tree).toMatchObject({ is: 'problem', problem: { code: 'OBJECT_FORGED' } });
    }
  });
});

/** The object name of a tree written from raw entries. */
function writeTree(repo: GitRepo, entries: readonly (readonly [string, string, string])[]): string {
  const raw = Buffer.concat(
    entries.map(([mode, name, oid]) =>
      Buffer.concat([Buffer.from(`${mode} ${name}\0`, 'latin1'), Buffer.from(oid, 'hex')]),
    ),
  );
  return repo.git(['hash-object', '-t', 'tree', '-w', '--stdin', '--literally'], raw);
}

describe.skipIf(!hasGit)('a tree that no honest git makes', () => {
  it.each([
    ['a .git inside', '100644', '.git'],
    ['a .GIT inside', '100644', '.GIT'],
    ['a parent folder', '100644', '..'],
    ['a path for a name', '100644', 'a/b'],
    ['a line feed in a name', '100644', 'a\nb'],
    ['a bidi override in a name', '100644', Buffer.from('a\u202eb').toString('latin1')],
    ['a group-writable file', '100664', 'x'],
    ['a mode that is none', '777777', 'x'],
  ])('%s', async (_what, mode, name) => {
    const repo = makeGitRepo(FILES);
    const tree = writeTree(repo, [[mode, name, repo.git(['rev-parse', 'HEAD:README.md'])]]);
    await writeSignedTag(repo, { name: 'v1', commit: repo.git(['commit-tree', '-m', 'x', tree]), sign });
    expect((await sourceOf(repo)).tree).toMatchObject({ is: 'problem', problem: { code: 'REPO_UNSAFE' } });
  });

  it('a name twice, and a submodule', async () => {
    const repo = makeGitRepo(FILES);
    const blob = repo.git(['rev-parse', 'HEAD:README.md']);
    await writeSignedTag(repo, {
      name: 'v1',
      commit: repo.git([
        'commit-tree',
        '-m',
        'x',
        writeTree(repo, [
          ['100644', 'x', blob],
          ['100755', 'x', blob],
        ]),
      ]),
      sign,
    });
    expect((await sourceOf(repo)).tree).toMatchObject({ is: 'problem', problem: { code: 'REPO_UNSAFE' } });
    const sub = writeTree(repo, [['160000', 'sub', repo.git(['rev-parse', 'HEAD'])]]);
    await writeSignedTag(repo, { name: 'v2', commit: repo.git(['commit-tree', '-m', 'x', sub]), sign });
    expect((await sourceOf(repo, 'v2')).repositoryProblems).toEqual([
      { code: 'REPO_UNSAFE', wrong: 'sub is a submodule' },
    ]);
  });

  it('a bomb of nested folders', async () => {
    const repo = makeGitRepo(FILES);
    let tree = writeTree(repo, [['100644', 'x', repo.git(['rev-parse', 'HEAD:README.md'])]]);
    for (let depth = 0; depth < 20; depth++)
      tree = writeTree(
        repo,
        Array.from({ length: 10 }, (_, i) => ['40000', `d${String(i)}`, tree]),
      );
    await writeSignedTag(repo, { name: 'v1', commit: repo.git(['commit-tree', '-m', 'x', tree]), sign });
    expect((await sourceOf(repo)).tree).toMatchObject({ is: 'problem', problem: { code: 'FILE_UNSAFE' } });
  });

  it.each([
    ['folders', '40000'],
    ['submodules', '160000'],
  ])('a wide bomb of %s is counted while it is read', async (_what, mode) => {
    const repo = makeGitRepo(FILES);
    const leaf = writeTree(repo, [['100644', 'x', repo.git(['rev-parse', 'HEAD:README.md'])]]);
    const wide = (kind: string, oid: string): string =>
      writeTree(
        repo,
        Array.from({ length: 40_000 }, (_, i) => [kind, String(i).padStart(5, '0'), oid]),
      );
    const tree = wide('40000', wide(mode, leaf));
    await writeSignedTag(repo, { name: 'v1', commit: repo.git(['commit-tree', '-m', 'x', tree]), sign });
    expect((await sourceOf(repo)).tree).toMatchObject({
      is: 'problem',
      problem: { code: 'FILE_UNSAFE', wrong: 'the tagged tree has more than 50000 files' },
    });
  });

  it('a path that no disk takes, and an object that nobody needs to read', async () => {
    const repo = makeGitRepo(FILES);
    const blob = repo.git(['rev-parse', 'HEAD:README.md']);
    const long = writeTree(repo, [['100644', 'x'.repeat(4_097), blob]]);
    await writeSignedTag(repo, { name: 'v1', commit: repo.git(['commit-tree', '-m', 'x', long]), sign });
    expect((await sourceOf(repo)).tree).toMatchObject({
      problem: { code: 'FILE_UNSAFE', wrong: 'the tagged tree has a path of more than 4096 bytes' },
    });
    const message = 'x'.repeat(16 * 1024 * 1024);
    const commit = repo.git(['commit-tree', '-F', '-', 'HEAD^{tree}'], message);
    await writeSignedTag(repo, { name: 'v2', commit, sign });
    expect((await sourceOf(repo, 'v2')).tree).toMatchObject({
      problem: { code: 'FILE_UNSAFE', wrong: expect.stringContaining('larger than 16777216 bytes') },
    });
  });
});

describe.skipIf(!hasGit)('a repository that is not plain', () => {
  const cases: readonly (readonly [
    string,
    (repo: GitRepo) => void,
    readonly { readonly code: string; readonly wrong: string }[],
  ])[] = [
    [
      'T14: a replaced tag',
      (repo) => {
        const old = writeTagObject(
          repo,
          tagPayload({ name: 'v0', commit: repo.git(['rev-parse', 'HEAD']) }) + sign(),
        );
        repo.git(['replace', repo.git(['rev-parse', 'refs/tags/v1']), old]);
      },
      [{ code: 'REPLACE_REFS', wrong: expect.stringMatching(/^refs\/replace\/[0-9a-f]{40}$/) }],
    ],
    [
      'a graft',
      (repo) => repo.write('.git/info/grafts', `${repo.git(['rev-parse', 'HEAD'])}\n`),
      [{ code: 'REPLACE_REFS', wrong: '.git/info/grafts rewrites history' }],
    ],
    [
      'alternates',
      (repo) => repo.write('.git/objects/info/alternates', '/nowhere\n'),
      [{ code: 'REPO_UNSAFE', wrong: expect.stringContaining('alternates') }],
    ],
    [
      'http-alternates',
      (repo) => repo.write('.git/objects/info/http-alternates', 'x\n'),
      [{ code: 'REPO_UNSAFE', wrong: expect.stringContaining('http-alternates') }],
    ],
    [
      'shallow history',
      (repo) => repo.write('.git/shallow', `${repo.git(['rev-parse', 'HEAD'])}\n`),
      [{ code: 'REPO_UNSAFE', wrong: '.git/shallow: the history is cut off' }],
    ],
    [
      'a hook',
      (repo) => repo.write('.git/hooks/post-checkout', '#!/bin/sh\n', true),
      [{ code: 'REPO_UNSAFE', wrong: '.git/hooks/post-checkout is a hook that git would run' }],
    ],
    [
      'a link for hooks',
      (repo) => symlinkSync('/tmp', join(repo.root, '.git/hooks')),
      [{ code: 'REPO_UNSAFE', wrong: '.git/hooks is a symbolic link' }],
    ],
    [
      'a filter in info/attributes',
      (repo) => repo.write('.git/info/attributes', '* filter=evil\n'),
      [{ code: 'REPO_UNSAFE', wrong: expect.stringContaining('.git/info/attributes sets a filter') }],
    ],
    [
      'a second configuration',
      (repo) => repo.write('.git/config.worktree', '[core]\n'),
      [{ code: 'REPO_UNSAFE', wrong: '.git/config.worktree is a second configuration' }],
    ],
    ...[
      'core.fsmonitor',
      'core.hooksPath',
      'core.worktree',
      'core.sshCommand',
      'core.attributesFile',
      'core.alternateRefsCommand',
      'core.gitProxy',
      'filter.x.clean',
      'filter.x.process',
      'include.path',
      'includeIf.gitdir:/x.path',
      'gpg.program',
      'gpg.ssh.program',
      'gpg.x509.program',
      'gpg.ssh.defaultKeyCommand',
      'diff.external',
      'diff.x.textconv',
      'merge.x.driver',
      'remote.origin.promisor',
      'remote.origin.uploadpack',
      'alias.tag',
      'credential.helper',
      'credential.https://example.com.helper',
      'core.pager',
      'sequence.editor',
      'interactive.diffFilter',
      'trailer.x.cmd',
      'trailer.x.command',
      'tar.x.command',
      'difftool.x.cmd',
      'mergetool.x.path',
      'browser.x.path',
      'submodule.x.update',
      'hook.x.event',
      'gc.recentObjectsHook',
      'imap.tunnel',
      'protocol.ext.allow',
    ].map((key): (typeof cases)[number] => [
      `the setting ${key}`,
      (repo) => void repo.git(['config', '--local', key, '/nowhere']),
      [
        {
          code: 'REPO_UNSAFE',
          wrong: `.git/config sets ${key.replace(/^[^.]+|[^.]+$/g, (part) => part.toLowerCase())}`,
        },
      ],
    ]),
  ];
  it.each(cases)('%s', async (_what, change, problems) => {
    const repo = await released();
    change(repo);
    expect((await sourceOf(repo)).repositoryProblems).toEqual(problems);
  });

  it('T15: a replaced commit changes nothing that is read', async () => {
    const repo = await released();
    const good = repo.git(['rev-parse', 'HEAD']);
    repo.write('README.md', 'EVIL\n');
    repo.git(['replace', good, commitAll(repo)]);
    repo.git(['update-ref', 'HEAD', good]);
    const facts = await sourceOf(repo);
    expect(facts.repositoryProblems).toEqual([{ code: 'REPLACE_REFS', wrong: `refs/replace/${good}` }]);
    expect(treeOf(facts)).toMatchObject({
      tagged: expectedTree(FILES),
      differences: [{ path: 'README.md', how: 'changed' }],
    });
  });

  it('samples of hooks, hooks that git would not run, and ordinary settings are no problem', async () => {
    const repo = await released();
    repo.write('.git/hooks/pre-commit.sample', '#!/bin/sh\n', true);
    repo.write('.git/hooks/README', 'x', false);
    for (const [key, value] of [
      ['user.name', 'Rita'],
      ['user.signingKey', 'x'],
      ['core.fsmonitor', 'false'],
      ['core.autocrlf', 'false'],
      ['remote.origin.url', 'https://example.com/x'],
      ['branch.main.remote', 'origin'],
      ['gpg.format', 'openpgp'],
      ['commit.gpgSign', 'true'],
      ['diff.tool', 'vimdiff'],
      ['remote.origin.fetch', '+refs/heads/*:refs/remotes/origin/*'],
    ] as const)
      repo.git(['config', '--local', key, value]);
    expect((await sourceOf(repo)).repositoryProblems).toEqual([]);
  });

  it('more .gitattributes than anybody writes, which are neither kept nor searched', async () => {
    const half = '\n'.repeat(600 * 1024);
    const one = await released({ ...FILES, '.gitattributes': half });
    expect((await sourceOf(one)).tree.is).toBe('read');
    const two = await released({ ...FILES, '.gitattributes': half, 'sub/.gitattributes': `${half}#\n` });
    expect((await sourceOf(two)).tree).toEqual({
      is: 'problem',
      problem: {
        code: 'FILE_UNSAFE',
        wrong: 'the tagged tree has more than 1048576 bytes of .gitattributes',
      },
    });
  });

  it('a filter in a tagged .gitattributes, at any depth; line ends are no filter', async () => {
    const repo = await released({
      ...FILES,
      '.gitattributes': '* text=auto eol=lf\n# filter=none\n',
      'sub/.gitattributes': '*.bin filter=lfs diff=lfs -text\n',
    });
    expect((await sourceOf(repo)).repositoryProblems).toEqual([
      { code: 'REPO_UNSAFE', wrong: 'sub/.gitattributes sets a filter, which is a program that git runs' },
    ]);
  });

  it('runs none of the programs that the repository names', async () => {
    const repo = await released({ ...FILES, '.gitattributes': '* filter=evil diff=evil\n' });
    const canary = join(temporaryFolder(), 'canary');
    const evil = join(repo.root, '.git', 'evil');
    repo.write('.git/evil', `#!/bin/sh\ntouch ${canary}\nexit 0\n`, true);
    for (const key of [
      'core.fsmonitor',
      'core.sshCommand',
      'core.alternateRefsCommand',
      'filter.evil.clean',
      'filter.evil.smudge',
      'filter.evil.process',
      'diff.evil.textconv',
      'diff.evil.command',
      'diff.external',
      'gpg.program',
      'gpg.openpgp.program',
      'core.pager',
      'alias.cat-file',
      'alias.for-each-ref',
    ])
      repo.git(['config', '--local', key, key.startsWith('alias') ? `!${evil}` : evil]);
    repo.git(['config', '--local', 'core.hooksPath', '.git/hooks']);
    for (const hook of [
      'post-index-change',
      'reference-transaction',
      'post-checkout',
      'fsmonitor-watchman',
      'pre-commit',
    ])
      repo.write(`.git/hooks/${hook}`, readFileSync(evil), true);
    const index = statSync(join(repo.root, '.git/index')).mtimeMs;
    const facts = await sourceOf(repo);
    await makeRepositoryOpener(repo.root).tagsAtHead();
    expect(facts.repositoryProblems.length).toBeGreaterThan(10);
    expect(statSync(canary, { throwIfNoEntry: false })).toBeUndefined();
    expect(statSync(join(repo.root, '.git/index')).mtimeMs).toBe(index);
  });

  it('a .git that is a file, a link, or borrows: told, and git is not asked', async () => {
    const main = await released();
    const linked = join(temporaryFolder(), 'linked');
    main.git(['worktree', 'add', '--quiet', '--detach', linked]);
    const link = await released();
    renameSync(join(link.root, '.git'), `${link.root}-git`);
    symlinkSync(`${link.root}-git`, join(link.root, '.git'));
    const common = await released();
    common.write('.git/commondir', '../../x\n');
    for (const [root, wrong] of [
      [linked, '.git is a file'],
      [link.root, '.git is a symbolic link'],
      [common.root, '.git/commondir'],
    ] as const) {
      const opener = makeRepositoryOpener(root, { git: { env: { PATH: '' } } });
      const facts = await (await opener.open()).source('v1', { tag: 'v0', commit: 'a'.repeat(40) });
      const problem = { code: 'REPO_UNSAFE', wrong: expect.stringContaining(wrong) };
      expect(facts).toMatchObject({
        repositoryProblems: [problem],
        head: null,
        tag: { is: 'problem', ...problem },
        tree: { is: 'problem', problem },
        lastUsed: { tag: 'v0', descends: false },
      });
      await expect(opener.tagsAtHead()).rejects.toMatchObject({ code: 'REPO_UNSAFE' });
    }
    rmSync(`${link.root}-git`, { recursive: true });
  });
});

describe.skipIf(!hasGit)('git is not asked', () => {
  it('where a part of .git is a pipe, at which it would wait', async () => {
    for (const part of ['config', 'packed-refs', 'shallow', 'info/grafts']) {
      const repo = await released();
      mkdirSync(join(repo.root, '.git', 'info'), { recursive: true });
      rmSync(join(repo.root, '.git', part), { force: true });
      makeFifo(join(repo.root, '.git', part));
      const facts = await sourceOf(repo, 'v1', null, { git: { env: { PATH: '' } } });
      expect(facts.repositoryProblems).toEqual([{ code: 'REPO_UNSAFE', wrong: `.git/${part} is a FIFO` }]);
    }
  });

  it('where the place of a ref or of an object is a pipe or a link', async () => {
    const object = `objects/00/${'0'.repeat(38)}`;
    for (const part of ['refs/tags/v1', 'refs/heads/side/way', object]) {
      const repo = await released();
      const place = join(repo.root, '.git', part);
      mkdirSync(dirname(place), { recursive: true });
      rmSync(place, { force: true });
      makeFifo(place);
      const facts = await sourceOf(repo, 'v1', null, { git: { env: { PATH: '' } } });
      expect(facts.repositoryProblems).toEqual([{ code: 'REPO_UNSAFE', wrong: `.git/${part} is a FIFO` }]);
      rmSync(place);
      symlinkSync('/dev/null', place);
      const [problem] = (await sourceOf(repo)).repositoryProblems;
      expect(problem?.wrong).toBe(`.git/${part} is a symbolic link`);
    }
  });

  it('for objects that it would fetch by a command of the repository, also where it is too old to be told', async () => {
    const repo = await released();
    const canary = join(temporaryFolder(), 'canary');
    repo.write('.git/evil', `#!/bin/sh\ntouch ${canary}\n`, true);
    const oid = repo.git(['rev-parse', 'HEAD:README.md']);
    rmSync(join(repo.root, '.git/objects', oid.slice(0, 2), oid.slice(2)));
    // Where the disk has the bytes, git is not asked for them.
    repo.write('README.md', 'other\n');
    for (const [key, value] of [
      ['core.repositoryFormatVersion', '1'],
      ['extensions.partialClone', 'origin'],
      ['remote.origin.promisor', 'true'],
      ['remote.origin.url', `ext::${join(repo.root, '.git/evil')}`],
      ['protocol.ext.allow', 'always'],
    ] as const)
      repo.git(['config', '--local', key, value]);
    const bin = temporaryFolder();
    const old = join(bin, 'git');
    writeFileSync(old, `#!/bin/sh\nunset GIT_NO_LAZY_FETCH\nexec ${whereIs('git') ?? ''} "$@"\n`, {
      mode: 0o755,
    });
    const facts = await sourceOf(repo, 'v1', null, { git: { env: { PATH: bin } } });
    // Which of the two depends on whether git is still writing to the fetching program when that one gives up.
    const wrong = [`object ${oid} is missing`, 'an object is missing, and git ended while it fetched it'];
    expect(facts.tree).toMatchObject({ problem: { code: 'REPO_UNSAFE', wrong: expect.toBeOneOf(wrong) } });
    expect(statSync(canary, { throwIfNoEntry: false })).toBeUndefined();
    // It is a real attack: asked in the ordinary way, this git starts the command.
    spawnSync(old, ['cat-file', '-p', oid], { cwd: repo.root });
    expect(statSync(canary, { throwIfNoEntry: false })).toBeDefined();
  });

  it('any more once it ended while it wrote to a fetching program', async () => {
    const repo = await released();
    const bin = temporaryFolder();
    const rest = `exec ${whereIs('git') ?? ''} "$@"`;
    writeFileSync(join(bin, 'git'), `#!/bin/sh\ncase "$*" in *cat-file*) kill -PIPE $$ ;; esac\n${rest}\n`, {
      mode: 0o755,
    });
    const facts = await sourceOf(repo, 'v1', null, { git: { env: { PATH: bin } } });
    const wrong = 'an object is missing, and git ended while it fetched it';
    expect(facts.tag).toEqual({ is: 'problem', code: 'REPO_UNSAFE', wrong });
    expect(facts.tree).toEqual({
      is: 'problem',
      problem: { code: 'REPO_UNSAFE', wrong: `the tree was not compared: ${wrong}` },
    });
  });
});

describe.skipIf(!hasGit)('where there is no repository', () => {
  it('NOT_A_REPOSITORY names the folder, and the repository above it', async () => {
    const repo = await released();
    await expect(makeRepositoryOpener(join(repo.root, 'policies')).open()).rejects.toMatchObject({
      code: 'NOT_A_REPOSITORY',
      hint: expect.stringContaining(repo.root),
    });
    await expect(makeRepositoryOpener(join(repo.root, 'nowhere')).open()).rejects.toMatchObject({
      code: 'NOT_A_REPOSITORY',
    });
    await expect(makeRepositoryOpener(join(repo.root, 'README.md')).open()).rejects.toMatchObject({
      code: 'NOT_A_REPOSITORY',
    });
    await expect(makeRepositoryOpener(temporaryFolder()).tagsAtHead()).rejects.toMatchObject({
      code: 'NOT_A_REPOSITORY',
    });
  });

  it('a .git that git does not know is none, and neither is a bare repository beside it', async () => {
    const bare = temporaryFolder();
    gitRepoAt(bare).git(['init', '--quiet', '--bare', '--template=']);
    mkdirSync(join(bare, '.git'));
    await expect(makeRepositoryOpener(bare).open()).rejects.toMatchObject({ code: 'NOT_A_REPOSITORY' });
  });

  it('a root that is a link is resolved', async () => {
    const repo = await released();
    const link = join(temporaryFolder(), 'link');
    symlinkSync(repo.root, link);
    expect((await makeRepositoryOpener(link).open()).root).toBe(repo.root);
  });
});

describe.skipIf(!hasGit)('history', () => {
  it('says whether the tag comes after the last one used', async () => {
    const repo = makeGitRepo(FILES);
    const first = repo.git(['rev-parse', 'HEAD']);
    await writeSignedTag(repo, { name: 'v1', sign });
    repo.write('README.md', 'second\n');
    const second = commitAll(repo);
    repo.git(['checkout', '--quiet', '-b', 'side', first]);
    repo.write('side', 'x');
    const side = commitAll(repo);
    repo.git(['checkout', '--quiet', 'main']);
    repo.git(['merge', '--quiet', '--no-edit', 'side']);
    await writeSignedTag(repo, { name: 'v2', sign });
    const descends = async (tag: string, commit: string): Promise<unknown> =>
      (await sourceOf(repo, tag, { tag: 'vX', commit })).lastUsed;
    for (const [tag, commit, expected] of [
      ['v1', first, true],
      ['v2', first, true],
      ['v2', second, true],
      ['v2', side, true],
      // Rollback: the older tag after the newer one was used.
      ['v1', second, false],
      ['v1', side, false],
      ['v2', '0123456789'.repeat(4), false],
      ['v2', 'HEAD', false],
      ['v2', '--all', false],
      ['v9', first, false],
    ] as const) {
      expect(await descends(tag, commit), `${tag} after ${commit}`).toEqual({
        tag: 'vX',
        commit,
        descends: expected,
      });
    }
  });

  it('is not fooled by an ancestor whose bytes were changed', async () => {
    const repo = makeGitRepo(FILES);
    repo.write('README.md', 'second\n');
    const old = commitAll(repo);
    repo.write('README.md', 'third\n');
    commitAll(repo);
    await writeSignedTag(repo, { name: 'v1', sign });
    repo.git(['checkout', '--quiet', '--orphan', 'other']);
    repo.write('README.md', 'newest\n');
    const last = commitAll(repo);
    const text = repo.git(['cat-file', 'commit', old]);
    forge(repo, old, 'commit', `${text.replace(/^parent .*$/m, `parent ${last}`)}\n`);
    expect(spawnSync('git', ['merge-base', '--is-ancestor', last, 'v1'], { cwd: repo.root }).status).toBe(0);
    expect((await sourceOf(repo, 'v1', { tag: 'v5', commit: last })).lastUsed).toMatchObject({
      descends: false,
    });
  });

  it('does not believe a commit-graph', async () => {
    const repo = await released();
    repo.git(['commit-graph', 'write', '--reachable']);
    const first = repo.git(['rev-parse', 'HEAD']);
    repo.write('README.md', 'second\n');
    commitAll(repo);
    await writeSignedTag(repo, { name: 'v2', sign });
    expect((await sourceOf(repo, 'v2', { tag: 'v1', commit: first })).lastUsed).toMatchObject({
      descends: true,
    });
  });
});

describe.skipIf(!hasGit)('files', () => {
  it('are read once: what was hashed is what is handed out, until the repository is opened anew', async () => {
    const repo = await released();
    const opener = makeRepositoryOpener(repo.root);
    const opened = await opener.open();
    const first = await opened.read('policies/parity.yaml');
    if (first.is === 'problem') throw new Error(first.problem.wrong);
    repo.write('policies/parity.yaml', 'evil\n');
    const again = await opened.read('policies/parity.yaml');
    expect(again.is === 'read' && again.value).toBe(first.value);
    expect((await opened.list('policies'))[0]).toBe(first.value);
    expect(treeOf(await opened.source('v1', null)).differences).toEqual([]);
    expect(await (await opener.open()).read('policies/parity.yaml')).toMatchObject({
      is: 'read',
      value: { sha256: sha256('evil\n') },
    });
  });

  it('that change between hash and reading are refused', async () => {
    const repo = await released();
    const opened = await makeRepositoryOpener(repo.root).open();
    expect(treeOf(await opened.source('v1', null)).differences).toEqual([]);
    repo.write('README.md', 'evil\n');
    expect(await opened.read('README.md')).toMatchObject({
      is: 'problem',
      problem: { code: 'FILE_UNSAFE', wrong: 'README.md changed while it was read' },
    });
  });

  it('are listed directly under a folder, sorted, and none for a folder that is not there', async () => {
    const repo = await released({ ...FILES, 'policies/z.yaml': 'z', 'policies/b.yaml': 'b' });
    const opened = await makeRepositoryOpener(repo.root).open();
    expect(
      (await opened.list('policies')).map((file) => [
        file.path,
        new TextDecoder().decode(file.bytes),
        file.sha256,
      ]),
    ).toEqual([
      ['policies/b.yaml', 'b', sha256('b')],
      ['policies/parity.yaml', POLICY, sha256(POLICY)],
      ['policies/z.yaml', 'z', sha256('z')],
    ]);
    expect(await opened.list('intents')).toEqual([]);
    expect((await opened.list('')).map((file) => file.path)).toEqual(['README.md']);
  });

  it.each([
    '../x',
    '/etc/passwd',
    'policies/../../x',
    'policies//parity.yaml',
    './README.md',
    '.git/config',
    'sub/.GIT/config',
    'policies\\parity.yaml',
    '',
    'a\0b',
    'policies/',
  ])('the path %j is refused', async (path) => {
    const opened = await makeRepositoryOpener((await released()).root).open();
    expect(await opened.read(path)).toMatchObject({ is: 'problem', problem: { code: 'FILE_UNSAFE' } });
  });

  it('44: links, FIFOs, folders and large files are refused; missing ones are told apart', async () => {
    const repo = await released();
    symlinkSync('parity.yaml', join(repo.root, 'policies/link.yaml'));
    makeFifo(join(repo.root, 'policies/fifo.yaml'));
    repo.write('policies/large.yaml', 'x'.repeat(1024 * 1024 + 1));
    repo.write('policies/full.yaml', 'x'.repeat(1024 * 1024));
    symlinkSync('policies', join(repo.root, 'intents'));
    const opened = await makeRepositoryOpener(repo.root).open();
    for (const [path, wrong] of [
      ['policies/link.yaml', 'is a symbolic link'],
      ['policies/fifo.yaml', 'is a FIFO'],
      ['policies/keys', 'is a folder'],
      ['policies/large.yaml', 'is larger than 1048576 bytes'],
      ['intents/parity.yaml', 'is a symbolic link, not a folder'],
      ['README.md/x', 'is not a regular file, not a folder'],
    ] as const) {
      expect(await opened.read(path), path).toMatchObject({
        is: 'problem',
        problem: { code: 'FILE_UNSAFE', wrong: expect.stringContaining(wrong) },
      });
    }
    expect(await opened.read('policies/full.yaml')).toMatchObject({ is: 'read' });
    expect(await opened.read('policies/none.yaml')).toMatchObject({
      problem: { code: 'FILE_MISSING', wrong: 'policies/none.yaml does not exist' },
    });
    expect(await opened.read('none/none.yaml')).toMatchObject({ problem: { code: 'FILE_MISSING' } });
    await expect(opened.list('policies')).rejects.toMatchObject({ code: 'FILE_UNSAFE' });
    await expect(opened.list('intents')).rejects.toMatchObject({ code: 'FILE_UNSAFE' });
    await expect(opened.list('..')).rejects.toMatchObject({ code: 'FILE_UNSAFE' });
  });
});
