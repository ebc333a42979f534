/** Looks for whatever makes a repository more than plain: replaced, borrowed or missing history, and programs that git would run. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import type { Problem } from '../inputs/facts.ts';
import { clip, safe } from '../kernel/text.ts';
import { failed } from './git-batch.ts';
import type { Git } from './git.ts';
import { filterProblem, hasFilter } from './git-tree.ts';
import { maybe, ProblemError } from './problem.ts';
import { answered, kindOf, lstatOrNull, MAX_GOVERNED, readPlain } from './safe-read.ts';

/**
 * Settings of the repository's own configuration that start a program, read other files, or fetch objects on demand
 * (git-config(1)). Section and variable are in lower case, as `git config --list` prints them.
 */
const UNSAFE_SETTINGS = [
  // By their last word, whatever the section: core.editor, diff.x.textconv, trailer.x.cmd, interactive.diffFilter …
  /\.[^.]*(?:command|cmd|program|hook|helper|driver|textconv|editor|pager|filter|tunnel)$/,
  /^core\.(?:fsmonitor|hookspath|worktree|attributesfile|gitproxy|askpass)$/,
  /^(?:filter|include|includeif|alias|pager|hook)\./,
  /^diff\.external$/,
  // Programs that are named by a path, and a submodule's own command.
  /^(?:browser|difftool|guitool|man|mergetool)\..*\.path$/,
  /^submodule\..*\.update$/,
  // A protocol that was allowed can be a program too (git-remote-ext(1)).
  /^protocol\./,
  /^extensions\.(?:partialclone|worktreeconfig)$/,
  /^remote\..*\.(?:promisor|uploadpack|receivepack|vcs)$/,
];

/** Parts of .git that must be its own: a link would borrow them from elsewhere, and at a pipe git would wait for ever. */
const OWN_PARTS = [
  'HEAD',
  'config',
  'config.worktree',
  'hooks',
  'info',
  'info/attributes',
  'info/grafts',
  'objects',
  'objects/info',
  'objects/info/alternates',
  'objects/info/http-alternates',
  'objects/pack',
  'packed-refs',
  'refs',
  'refs/tags',
  'refs/heads',
  'shallow',
];

/** Folders of .git in which git opens whatever has the name that it looks for. */
const OWN_FOLDERS = ['refs', 'objects'];

/** Files whose mere presence with content is a problem. */
const TELLTALES: readonly { readonly path: string; readonly problem: Problem }[] = [
  { path: 'info/grafts', problem: { code: 'REPLACE_REFS', wrong: '.git/info/grafts rewrites history' } },
  { path: 'shallow', problem: { code: 'REPO_UNSAFE', wrong: '.git/shallow: the history is cut off' } },
  {
    path: 'objects/info/alternates',
    problem: {
      code: 'REPO_UNSAFE',
      wrong: '.git/objects/info/alternates borrows objects from another repository',
    },
  },
  {
    path: 'objects/info/http-alternates',
    problem: {
      code: 'REPO_UNSAFE',
      wrong: '.git/objects/info/http-alternates borrows objects from another repository',
    },
  },
  { path: 'commondir', problem: { code: 'REPO_UNSAFE', wrong: '.git/commondir borrows another repository' } },
  {
    path: 'config.worktree',
    problem: { code: 'REPO_UNSAFE', wrong: '.git/config.worktree is a second configuration' },
  },
];

/** What is wrong with `.git` itself, so that git must not even be asked; null when it is a folder of its own. */
export async function gitFolderProblem(root: string): Promise<Problem | null> {
  const stats = await lstatOrNull(join(root, '.git'));
  if (stats?.isDirectory() !== true)
    return {
      code: 'REPO_UNSAFE',
      wrong: `.git is ${stats === null ? 'missing' : gitKind(stats)}, so the repository lies elsewhere`,
    };
  const strange = await maybe(() => refuseStrangeParts(join(root, '.git')));
  return strange.is === 'problem' ? strange.problem : null;
}

/** @throws ProblemError REPO_UNSAFE, FILE_UNSAFE */
async function refuseStrangeParts(folder: string): Promise<void> {
  const common = await answered('.git', () => lstatOrNull(join(folder, 'commondir')));
  if (common !== null) throw new ProblemError('REPO_UNSAFE', '.git/commondir borrows another repository');
  for (const part of OWN_PARTS) {
    const stats = await answered(`.git/${part}`, () => lstatOrNull(join(folder, part)));
    if (stats !== null) refuseStrange(part, stats);
    if (stats?.isDirectory() === true && OWN_FOLDERS.includes(part)) await refuseStrangeBelow(folder, part);
  }
}

async function refuseStrangeBelow(folder: string, part: string): Promise<void> {
  const found = await answered(`.git/${safe(part)}`, () =>
    readdir(join(folder, part), { withFileTypes: true }),
  );
  for (const entry of found) {
    const path = `${part}/${entry.name}`;
    refuseStrange(path, entry);
    if (entry.isDirectory()) await refuseStrangeBelow(folder, path);
  }
}

function refuseStrange(part: string, found: Parameters<typeof kindOf>[0] & { isFile(): boolean }): void {
  if (!found.isFile() && !found.isDirectory())
    throw new ProblemError('REPO_UNSAFE', `.git/${shown(part)} is ${kindOf(found)}`);
}

/** Everything but the tagged tree: files of .git, replace refs, configuration. */
export async function repositoryProblems(root: string, git: Git): Promise<readonly Problem[]> {
  const folder = join(root, '.git');
  const found = await Promise.all([
    telltales(folder),
    replaceRefs(git),
    settings(git),
    hooks(folder),
    infoAttributes(folder),
  ]);
  return found.flat();
}

function gitKind(stats: Parameters<typeof kindOf>[0] & { isFile(): boolean }): string {
  return stats.isFile() ? 'a file (a linked work tree or a submodule)' : kindOf(stats);
}

async function telltales(folder: string): Promise<readonly Problem[]> {
  const found = await Promise.all(
    TELLTALES.map(async ({ path, problem }) => ({ problem, at: await lstatOrNull(join(folder, path)) })),
  );
  return found.filter(({ at }) => at !== null && (at.size > 0 || !at.isFile())).map(({ problem }) => problem);
}

async function replaceRefs(git: Git): Promise<readonly Problem[]> {
  const args = ['for-each-ref', '--count=5', '--format=%(refname)', 'refs/replace/'];
  const answer = await git.run(args);
  if (answer.status !== 0) throw failed(args, answer.stderr);
  return lines(answer.stdout, '\n').map((ref): Problem => ({ code: 'REPLACE_REFS', wrong: shown(ref) }));
}

async function settings(git: Git): Promise<readonly Problem[]> {
  const args = ['config', '--null', '--list', '--local', '--no-includes'];
  const answer = await git.run(args);
  if (answer.status !== 0) throw failed(args, answer.stderr);
  const problems = lines(answer.stdout, '\0').flatMap((setting): readonly Problem[] => {
    const [key = '', ...value] = setting.split('\n');
    // git itself writes the value false in some templates; it starts nothing.
    if (key === 'core.fsmonitor' && value[0] === 'false') return [];
    return UNSAFE_SETTINGS.some((pattern) => pattern.test(key))
      ? [{ code: 'REPO_UNSAFE', wrong: `.git/config sets ${shown(key)}` }]
      : [];
  });
  return [...new Map(problems.map((problem) => [problem.wrong, problem])).values()];
}

/** Hooks that git would run: executable, and not the samples that `git init` puts there (githooks(5)). */
async function hooks(folder: string): Promise<readonly Problem[]> {
  const place = join(folder, 'hooks');
  if ((await lstatOrNull(place))?.isDirectory() !== true) return [];
  const listed = await maybe(() => answered('.git/hooks', () => readdir(place)));
  if (listed.is === 'problem') return [listed.problem];
  const names = listed.value.filter((name) => !name.endsWith('.sample')).sort();
  const found = await Promise.all(
    names.map(async (name) => ({ name, at: await lstatOrNull(join(place, name)) })),
  );
  return found
    .filter(
      ({ at }) =>
        at !== null &&
        (at.isSymbolicLink() || (at.isFile() && (process.platform === 'win32' || (at.mode & 0o111) !== 0))),
    )
    .map(({ name }): Problem => ({
      code: 'REPO_UNSAFE',
      wrong: `.git/hooks/${shown(name)} is a hook that git would run`,
    }));
}

async function infoAttributes(folder: string): Promise<readonly Problem[]> {
  const path = '.git/info/attributes';
  const file = await maybe(() => readPlain(join(folder, 'info', 'attributes'), path, MAX_GOVERNED));
  if (file.is === 'problem')
    return file.problem.code === 'FILE_MISSING' ? [] : [{ code: 'REPO_UNSAFE', wrong: file.problem.wrong }];
  return hasFilter(Buffer.from(file.value.bytes).toString('latin1')) ? [filterProblem(path)] : [];
}

function lines(bytes: Uint8Array, end: string): readonly string[] {
  return Buffer.from(bytes)
    .toString('utf8')
    .split(end)
    .filter((line) => line !== '');
}

function shown(text: string): string {
  return clip(safe(text), 100);
}
