/** The governed repository, as it is: files, tag, tree and history become facts here and are judged elsewhere. */
import { realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { Maybe, Problem, SourceFacts, TreeFacts } from '../inputs/facts.ts';
import type { TagRead } from '../inputs/tag-object.ts';
import { begun } from '../kernel/begun.ts';
import { GovbootError } from '../kernel/errors.ts';
import { safe } from '../kernel/text.ts';
import type { Repository, RepositoryOpener } from '../ports.ts';
import { makeGit, type Git, type GitOptions } from './git.ts';
import { readTaggedTree, treeSha256, type TaggedTree } from './git-tree.ts';
import { textOf, type Format } from './git-batch.ts';
import { annotatedTags, descends, headOf, readTag } from './git-refs.ts';
import { gitFolderProblem, repositoryProblems } from './plain-repository.ts';
import { errno, maybe } from './problem.ts';
import { lstatOrNull } from './safe-read.ts';
import { LIMITS, pathOf, WorkTree, type AllFound, type Entries, type Limits } from './work-tree.ts';

export interface RepositoryDeps {
  readonly git?: GitOptions;
  readonly limits?: Partial<Limits>;
}

type LastUsed = Parameters<Repository['source']>[1];

/** Paths that are told of a tree that differs. */
const MAX_DIFFERENCES = 20;

/** Opens the repository whose work tree is `root`; every `open` reads everything anew. */
export function makeRepositoryOpener(root: string, deps: RepositoryDeps = {}): RepositoryOpener {
  return {
    open: async () => openAt(await topOf(root), deps),
    async tagsAtHead() {
      const top = await topOf(root);
      const problem = await gitFolderProblem(top);
      if (problem !== null) throw new GovbootError(problem.code, problem.wrong);
      const git = makeGit(top, deps.git);
      const head = await headOf(git);
      return head === null ? [] : annotatedTags(git, head);
    },
    placeOf: async (path) => placeIn(await topOf(root), resolve(root, path)),
  };
}

/** @throws NOT_A_REPOSITORY unless `root` itself is the top of a work tree */
async function topOf(root: string): Promise<string> {
  const top = await real(root);
  if (top !== null && (await lstatOrNull(join(top, '.git'))) !== null) return top;
  const above = top === null ? null : await topAbove(dirname(top));
  throw new GovbootError(
    'NOT_A_REPOSITORY',
    top === null ? `${safe(root)} does not exist` : `${safe(top)} is not the root of a git work tree`,
    {
      ...(above === null ? {} : { hint: `run it in ${safe(above)}, or name it with --repo` }),
      data: { root },
    },
  );
}

async function topAbove(folder: string): Promise<string | null> {
  if ((await lstatOrNull(join(folder, '.git'))) !== null) return folder;
  return dirname(folder) === folder ? null : topAbove(dirname(folder));
}

/**
 * The path of a file below `top`, by what the folders above it are, and not by how they are spelt: a link, or another case on a disk
 * that does not care, leads into the same folder. Folders that are missing are walked over.
 */
async function placeIn(top: string, file: string): Promise<string | null> {
  const wanted = await stat(top);
  const below = [basename(file)];
  let folder = (await real(dirname(file))) ?? dirname(file);
  for (;;) {
    const there = await lstatOrNull(folder);
    if (there?.dev === wanted.dev && there.ino === wanted.ino) return below.join('/');
    if (dirname(folder) === folder) return null;
    below.unshift(basename(folder));
    // A folder that is missing may have been named through a link above it.
    folder = (await real(dirname(folder))) ?? dirname(folder);
  }
}

async function real(path: string): Promise<string | null> {
  try {
    return await realpath(path);
  } catch (error) {
    if (errno(error) === 'ENOENT' || errno(error) === 'ENOTDIR') return null;
    throw error;
  }
}

async function openAt(root: string, deps: RepositoryDeps): Promise<Repository> {
  const limits = { ...LIMITS, ...deps.limits };
  const disk = new WorkTree(root, limits);
  const foreign = await gitFolderProblem(root);
  // A .git that lies elsewhere is told as a fact and never followed: git is not asked at all.
  if (foreign !== null)
    return {
      root,
      list: (folder, isWanted) => disk.list(folder, isWanted),
      read: (path) => disk.read(path),
      source: (_tag, lastUsed) => Promise.resolve(unread(root, foreign, lastUsed)),
    };
  const git = makeGit(root, deps.git);
  const format = await objectFormat(git, root);
  return {
    root,
    list: (folder, isWanted) => disk.list(folder, isWanted),
    read: (path) => disk.read(path),
    async source(name, lastUsed) {
      // Begun first: files are read while git starts and unfolds the folders, and neither knows of the other's answer.
      const scanned = begun(disk.scan(format));
      const [problems, head, tag] = await Promise.all([
        repositoryProblems(root, git),
        headOf(git),
        readTag(git, name, format),
      ]);
      const tagged =
        tag.is === 'tag'
          ? await maybe(() => readTaggedTree(git, tag.tag.commit, format, limits, scanned))
          : notRead(tag);
      const tree = tagged.is === 'problem' ? tagged : compare(tagged.value.entries, await scanned);
      const descent = await descends(git, tag, lastUsed, format);
      return {
        root,
        objectFormat: format,
        repositoryProblems: [...problems, ...(tagged.is === 'read' ? tagged.value.problems : [])],
        head,
        tag,
        tagSignature: null,
        tree,
        lastUsed: descent,
      };
    },
  };
}

function unread(root: string, problem: Problem, lastUsed: LastUsed): SourceFacts {
  return {
    root,
    objectFormat: 'sha1',
    repositoryProblems: [problem],
    head: null,
    tag: { is: 'problem', ...problem },
    tagSignature: null,
    tree: { is: 'problem', problem },
    lastUsed: lastUsed === null ? null : { ...lastUsed, descends: false },
  };
}

async function objectFormat(git: Git, root: string): Promise<Format> {
  const args = ['rev-parse', '--show-object-format', '--absolute-git-dir'];
  const answer = await git.run(args);
  if (answer.status !== 0)
    throw new GovbootError('NOT_A_REPOSITORY', `git cannot read ${safe(root)}: ${answer.stderr}`, {
      data: { root },
    });
  const [format, folder] = textOf(answer.stdout).split('\n');
  if ((format !== 'sha1' && format !== 'sha256') || (await real(folder ?? '')) !== join(root, '.git')) {
    throw new GovbootError(
      'NOT_A_REPOSITORY',
      `git finds another repository in ${safe(root)}: ${safe(textOf(answer.stdout))}`,
      { data: { root } },
    );
  }
  return format;
}

function notRead(tag: TagRead & { readonly is: 'problem' }): Maybe<TaggedTree> {
  return { is: 'problem', problem: { code: tag.code, wrong: `the tree was not compared: ${tag.wrong}` } };
}

function compare(entries: Entries, onDisk: Maybe<AllFound>): Maybe<TreeFacts> {
  if (onDisk.is === 'problem') return onDisk;
  const found = process.platform === 'win32' ? withModesOf(entries, onDisk.value) : onDisk.value;
  const keys = [...new Set([...entries.keys(), ...found.keys()])].sort();
  const differences = keys.flatMap((key) => {
    const how = difference(entries.get(key), found.get(key));
    return how === null ? [] : [{ path: safe(pathOf(key)), how }];
  });
  return {
    is: 'read',
    value: {
      tagged: treeSha256(entries),
      onDisk: treeSha256(found),
      files: entries.size,
      differences: differences.slice(0, MAX_DIFFERENCES),
    },
  };
}

function difference(tagged: Entry, disk: Entry): TreeFacts['differences'][number]['how'] | null {
  if (disk === undefined) return 'missing';
  if (disk.mode === 'unsafe') return 'unsafe';
  if (tagged === undefined || tagged.mode === 'unsafe') return 'extra';
  if (tagged.sha256 !== disk.sha256) return 'changed';
  return tagged.mode === disk.mode ? null : 'mode';
}

type Entry = ReturnType<Entries['get']>;

/** Windows keeps no execute bit, so the tagged one stands there. */
function withModesOf(tagged: Entries, disk: Entries): Entries {
  return new Map(
    [...disk].map(([key, entry]) => [
      key,
      entry.mode === '100644' && tagged.get(key)?.mode === '100755'
        ? { ...entry, mode: '100755' as const }
        : entry,
    ]),
  );
}
