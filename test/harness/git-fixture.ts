/**
 * Real repositories in temporary folders, made with the system's git and nothing of this machine's configuration.
 * Tags are signed without gpg: the payload goes to a callback, and the object is written byte for byte, so that a test can
 * also write what git itself would refuse to make.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import process from 'node:process';

/** A repository of a test. */
export interface GitRepo {
  /** Absolute path of the work tree, links resolved. */
  readonly root: string;
  /** Runs git in it; answers what git printed, without the last line feed. Throws when git fails. */
  git(args: readonly string[], input?: string | Uint8Array): string;
  write(path: string, content: string | Uint8Array, executable?: boolean): void;
}

/** Signs the payload of a tag; answers an armored detached signature that ends in a line feed. */
export type SignPayload = (payload: Uint8Array) => Promise<string> | string;

export interface SignedTag {
  readonly name: string;
  /** Full object name; HEAD when left out. */
  readonly commit?: string;
  readonly message?: string;
  /** `Name <address> <seconds> <zone>`. */
  readonly tagger?: string;
  readonly sign: SignPayload;
}

const PERSON = { name: 'Rita Release', email: 'rita@example.com' };
/** 2026-11-22T12:00:00Z, in seconds. */
const WHEN = 1_795_348_800;

const environment = {
  PATH: process.env['PATH'] ?? '',
  LC_ALL: 'C',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_TERMINAL_PROMPT: '0',
  GIT_AUTHOR_NAME: PERSON.name,
  GIT_AUTHOR_EMAIL: PERSON.email,
  GIT_AUTHOR_DATE: `${String(WHEN)} +0000`,
  GIT_COMMITTER_NAME: PERSON.name,
  GIT_COMMITTER_EMAIL: PERSON.email,
  GIT_COMMITTER_DATE: `${String(WHEN)} +0000`,
};

const folders = new Set<string>();

function removeFolders(): void {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  folders.clear();
}

// A test process is ended by a signal and has no exit of its own; a script has no tests that could end.
if (process.env['VITEST'] === undefined) process.once('exit', removeFolders);
else (await import('vitest')).afterAll(removeFolders);

/** A new folder under the system's temporary one; removed when this test file, or this script, ends. */
export function temporaryFolder(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'govboot-test-')));
  folders.add(folder);
  return folder;
}

/** Makes a FIFO, for which Node has no call. */
export function makeFifo(path: string): void {
  const done = spawnSync('/bin/sh', ['-c', 'mkfifo "$0"', path]);
  if (done.status !== 0) throw new Error(`mkfifo ${path}: ${String(done.stderr)}`);
}

/** The repository at `root`, whoever made it. */
export function gitRepoAt(root: string): GitRepo {
  return {
    root,
    git(args, input) {
      const done = spawnSync('git', [...args], {
        cwd: root,
        env: environment,
        input: input ?? '',
        maxBuffer: 64 * 1024 * 1024,
      });
      if (done.error !== undefined) throw done.error;
      if (done.status !== 0)
        throw new Error(`git ${args.join(' ')} ended with ${String(done.status)}: ${done.stderr.toString()}`);
      return done.stdout.toString().replace(/\n$/, '');
    },
    write(path, content, executable = false) {
      const full = join(root, path);
      mkdirSync(dirname(full), { recursive: true });
      writeFileSync(full, content);
      chmodSync(full, executable ? 0o755 : 0o644);
    },
  };
}

/** Makes a repository on branch `main` with these files in one commit; without files it has no commit. */
export function makeGitRepo(
  files: Readonly<Record<string, string | Uint8Array>> = {},
  root = temporaryFolder(),
): GitRepo {
  const repo = gitRepoAt(root);
  mkdirSync(root, { recursive: true });
  repo.git(['init', '--quiet', '--initial-branch=main', '--template=']);
  for (const [path, content] of Object.entries(files)) repo.write(path, content);
  if (Object.keys(files).length > 0) commitAll(repo, 'first');
  return repo;
}

/** Commits everything on disk that is not ignored. @returns the commit's object name */
export function commitAll(repo: GitRepo, message = 'change'): string {
  repo.git(['add', '--all']);
  repo.git(['commit', '--quiet', '--allow-empty', '--message', message]);
  return repo.git(['rev-parse', 'HEAD']);
}

/** The bytes of a tag up to its signature, as `git tag -s` makes them. */
export function tagPayload(tag: {
  readonly name: string;
  readonly commit: string;
  readonly type?: string;
  readonly message?: string;
  readonly tagger?: string;
}): string {
  const tagger = tag.tagger ?? `${PERSON.name} <${PERSON.email}> ${String(WHEN)} +0000`;
  return `object ${tag.commit}\ntype ${tag.type ?? 'commit'}\ntag ${tag.name}\ntagger ${tagger}\n\n${tag.message ?? tag.name}\n`;
}

/** Writes any bytes as a tag object and, when a name is given, points refs/tags/NAME at it. @returns its object name */
export function writeTagObject(repo: GitRepo, bytes: string | Uint8Array, name?: string): string {
  const oid = repo.git(['hash-object', '-t', 'tag', '-w', '--stdin', '--literally'], bytes);
  if (name !== undefined) repo.git(['update-ref', `refs/tags/${name}`, oid]);
  return oid;
}

/** Writes a signed annotated tag. @returns the object name of the tag */
export async function writeSignedTag(repo: GitRepo, tag: SignedTag): Promise<string> {
  const payload = tagPayload({ ...tag, commit: tag.commit ?? repo.git(['rev-parse', 'HEAD']) });
  const signature = await tag.sign(new TextEncoder().encode(payload));
  return writeTagObject(repo, payload + signature, tag.name);
}
