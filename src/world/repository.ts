/** The governed repository, as it is: files, tag, tree and history become facts here and are judged elsewhere. */
import { realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Maybe, Problem, SourceFacts, TreeFacts } from '../inputs/facts.ts';
import { isTagName, MAX_TAG, parseTagObject, type TagRead } from '../inputs/tag-object.ts';
import { GovbootError } from '../kernel/errors.ts';
import { clip, safe } from '../kernel/text.ts';
import type { Repository, RepositoryOpener } from '../ports.ts';
import { failed, makeGit, type Git, type GitOptions } from './git.ts';
import { readParents, readTaggedTree, treeSha256, type TaggedTree } from './git-tree.ts';
import { gitFolderProblem, repositoryProblems } from './plain-repository.ts';
import { errno, maybe } from './problem.ts';
import { lstatOrNull } from './safe-read.ts';
import { LIMITS, pathOf, WorkTree, type Entries, type Limits } from './work-tree.ts';

export interface RepositoryDeps {
  readonly git?: GitOptions;
  readonly limits?: Limits;
}

type Format = 'sha1' | 'sha256';
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
  };
}

/** @throws NOT_A_REPOSITORY unless `root` itself is the top of a work tree */
async function topOf(root: string): Promise<string> {
  const top = await real(root);
  if (top !== null && (await lstatOrNull(join(top, '.git'))) !== null) return top;
  const above = top === null ? null : await topAbove(dirname(top));
  throw new GovbootError('NOT_A_REPOSITORY', top === null ? `${safe(root)} does not exist` : `${safe(top)} is not the root of a git work tree`, {
    ...(above === null ? {} : { hint: `run it in ${safe(above)}, or name it with --repo` }),
    data: { root },
  });
}

async function topAbove(folder: string): Promise<string | null> {
  if ((await lstatOrNull(join(folder, '.git'))) !== null) return folder;
  return dirname(folder) === folder ? null : topAbove(dirname(folder));
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
  const limits = deps.limits ?? LIMITS;
  const disk = new WorkTree(root, limits);
  const foreign = await gitFolderProblem(root);
  // A .git that lies elsewhere is told as a fact and never followed: git is not asked at all.
  if (foreign !== null) return { root, list: (folder) => disk.list(folder), read: (path) => disk.read(path), source: (_tag, lastUsed) => Promise.resolve(unread(root, foreign, lastUsed)) };
  const git = makeGit(root, deps.git);
  const format = await objectFormat(git, root);
  return {
    root,
    list: (folder) => disk.list(folder),
    read: (path) => disk.read(path),
    async source(name, lastUsed) {
      const [problems, head, tag] = await Promise.all([repositoryProblems(root, git), headOf(git), readTag(git, name, format)]);
      const tagged = tag.is === 'tag' ? await maybe(() => readTaggedTree(git, tag.tag.commit, format, limits)) : notRead(tag);
      const [tree, descent] = await Promise.all([compare(tagged, disk), descends(git, tag, lastUsed, format)]);
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
  if (answer.status !== 0) throw new GovbootError('NOT_A_REPOSITORY', `git cannot read ${safe(root)}: ${answer.stderr}`, { data: { root } });
  const [format, folder] = text(answer.stdout).split('\n');
  if ((format !== 'sha1' && format !== 'sha256') || (await real(folder ?? '')) !== join(root, '.git')) {
    throw new GovbootError('NOT_A_REPOSITORY', `git finds another repository in ${safe(root)}: ${safe(text(answer.stdout))}`, { data: { root } });
  }
  return format;
}

async function headOf(git: Git): Promise<string | null> {
  const answer = await git.run(['rev-parse', '--quiet', '--verify', '--end-of-options', 'HEAD^{commit}']);
  return answer.status === 0 ? text(answer.stdout).trim() : null;
}

/** Annotated tags of an accepted name, newest first; the higher version first among those made in the same second. */
async function annotatedTags(git: Git, head: string): Promise<readonly string[]> {
  const args = ['for-each-ref', `--points-at=${head}`, '--sort=-version:refname', '--sort=-creatordate', '--format=%(objecttype) %(refname)', 'refs/tags/'];
  const answer = await git.run(args);
  if (answer.status !== 0) throw failed(args, answer.stderr);
  const prefix = 'tag refs/tags/';
  return text(answer.stdout).split('\n').filter((line) => line.startsWith(prefix)).map((line) => line.slice(prefix.length)).filter(isTagName);
}

/** The raw tag that `refs/tags/<name>` holds; by object name, so that no branch, replacement or abbreviation can stand in. */
async function readTag(git: Git, name: string, format: Format): Promise<TagRead> {
  if (!isTagName(name)) return { is: 'problem', code: 'TAG_NAME_INVALID', wrong: name === '' ? 'no tag is named' : clip(safe(name), 80) };
  const args = ['for-each-ref', '--format=%(objectname) %(refname)', `refs/tags/${name}`];
  const answer = await git.run(args);
  if (answer.status !== 0) throw failed(args, answer.stderr);
  const oid = text(answer.stdout).split('\n').map((line) => line.split(' ')).find(([, ref]) => ref === `refs/tags/${name}`)?.[0];
  if (oid === undefined) return { is: 'problem', code: 'TAG_MISSING', wrong: `refs/tags/${name}` };
  let read: TagRead = { is: 'problem', code: 'TAG_MISSING', wrong: `refs/tags/${name} names ${oid}, which is missing` };
  await git.objects([oid], (_oid, header) => {
    if (header === null) return null;
    if (header.type !== 'tag') {
      read = { is: 'problem', code: 'TAG_NOT_ANNOTATED', wrong: `refs/tags/${name} points at the ${header.type} ${oid} itself` };
      return null;
    }
    if (header.size > MAX_TAG) {
      read = { is: 'problem', code: 'TAG_MALFORMED', wrong: `the tag object is ${String(header.size)} bytes, more than ${String(MAX_TAG)}` };
      return null;
    }
    const chunks: Uint8Array[] = [];
    return {
      write: (chunk) => chunks.push(new Uint8Array(chunk)),
      end: () => {
        read = parseTagObject(name, oid, new Uint8Array(Buffer.concat(chunks)), format);
      },
    };
  });
  return read;
}

function notRead(tag: TagRead & { readonly is: 'problem' }): Maybe<TaggedTree> {
  return { is: 'problem', problem: { code: tag.code, wrong: `the tree was not compared: ${tag.wrong}` } };
}

async function compare(tagged: Maybe<TaggedTree>, disk: WorkTree): Promise<Maybe<TreeFacts>> {
  if (tagged.is === 'problem') return tagged;
  const onDisk = await disk.scan();
  if (onDisk.is === 'problem') return onDisk;
  const { entries } = tagged.value;
  const found = process.platform === 'win32' ? withModesOf(entries, onDisk.value) : onDisk.value;
  const keys = [...new Set([...entries.keys(), ...found.keys()])].sort();
  const differences = keys.flatMap((key) => {
    const how = difference(entries.get(key), found.get(key));
    return how === null ? [] : [{ path: safe(pathOf(key)), how }];
  });
  return { is: 'read', value: { tagged: treeSha256(entries), onDisk: treeSha256(found), files: entries.size, differences: differences.slice(0, MAX_DIFFERENCES) } };
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
  return new Map([...disk].map(([key, entry]) => [key, entry.mode === '100644' && tagged.get(key)?.mode === '100755' ? { ...entry, mode: '100755' as const } : entry]));
}

/** Whether the tag's commit is the last one used or comes after it, shown by a chain of commits that are what their names say. */
async function descends(git: Git, tag: TagRead, lastUsed: LastUsed, format: Format): Promise<SourceFacts['lastUsed']> {
  if (lastUsed === null) return null;
  if (tag.is === 'problem' || !/^[0-9a-f]{40,64}$/.test(lastUsed.commit)) return { ...lastUsed, descends: false };
  const { commit } = tag.tag;
  if (commit === lastUsed.commit) return { ...lastUsed, descends: true };
  // Fails when this clone does not have the last commit: then nothing shows that the tag comes after it.
  const between = await git.run(['rev-list', '--ancestry-path', '--end-of-options', `${lastUsed.commit}..${commit}`]);
  if (between.status !== 0) return { ...lastUsed, descends: false };
  const parents = await maybe(() => readParents(git, text(between.stdout).split('\n').filter((line) => line !== ''), format));
  return { ...lastUsed, descends: parents.is === 'read' && reaches(parents.value, commit, lastUsed.commit) };
}

function reaches(parents: ReadonlyMap<string, readonly string[]>, from: string, to: string): boolean {
  const seen = new Set([from]);
  // A Set is walked in the order of insertion, also over what is added on the way.
  for (const commit of seen) {
    if (commit === to) return true;
    for (const parent of parents.get(commit) ?? []) seen.add(parent);
  }
  return false;
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('utf8');
}
