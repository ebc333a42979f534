/**
 * The tagged tree, from raw objects. Every object that is read is hashed again and must be what its name says, because git does not look:
 * whoever can write to .git/objects could otherwise put other content under a signed name.
 */
import { createHash } from 'node:crypto';
import type { Maybe, Problem } from '../inputs/facts.ts';
import { gitObjectId, sha256, type Sha256 } from '../kernel/digest.ts';
import { safe } from '../kernel/text.ts';
import type { Format, ObjectHeader, OnObject } from './git-batch.ts';
import type { Git } from './git.ts';
import { ProblemError } from './problem.ts';
import { MAX_GOVERNED } from './safe-read.ts';
import {
  AFTER_TAG,
  isGitFolder,
  isPlainPath,
  pathOf,
  type AllFound,
  type Entry,
  type Limits,
  type Mode,
} from './work-tree.ts';

export interface TaggedTree {
  readonly entries: ReadonlyMap<string, Entry>;
  /** Submodules and filters: REPO_UNSAFE. */
  readonly problems: readonly Problem[];
}

/** Bytes; the largest commit or tree object. */
const MAX_OBJECT = 16 * 1024 * 1024;
/** Bytes; all commits of a history, or all trees of one level, which are in memory together. */
const MAX_OBJECTS = 256 * 1024 * 1024;
/** Bytes that git may ask for at once for a blob. By itself it keeps up to 512 MiB as a difference to another (git-config(1), core.bigFileThreshold). */
const MAX_DIFFERENCE = 513 * 1024 * 1024;
/** Bytes; the longest path that a disk takes (PATH_MAX, limits.h). */
const MAX_PATH = 4096;
const ATTRIBUTES = '.gitattributes';

interface Leaf {
  readonly key: string;
  readonly mode: Mode;
  readonly oid: string;
}

interface TreeEntry {
  readonly mode: string;
  readonly name: string;
  readonly oid: string;
}

/**
 * Reads the tree of a commit, whatever is made after the tag left out.
 * @param disk what lies in the work tree: where that has the very name that the tree has, its bytes are the tagged ones and the blob is
 * not unfolded; docs/decisions/0020-what-is-unfolded.md
 * @throws ProblemError OBJECT_FORGED, REPO_UNSAFE, FILE_UNSAFE, TAG_TARGET_TYPE
 */
export async function readTaggedTree(
  git: Git,
  commit: string,
  format: Format,
  limits: Limits,
  disk: Promise<Maybe<AllFound>>,
): Promise<TaggedTree> {
  const bytes = (await readObjects(git, [commit], 'commit', format)).get(commit) ?? new Uint8Array(0);
  const tree = /^tree ([0-9a-f]{40,64})\n/.exec(Buffer.from(bytes).toString('latin1'))?.[1];
  if (tree === undefined) throw new ProblemError('REPO_UNSAFE', `commit ${commit} has no tree`);
  const problems: Problem[] = [];
  const leaves = await expand(git, tree, format, limits, problems);
  const found = await disk;
  const entries = new Map<string, Entry>();
  const toUnfold: Leaf[] = [];
  for (const leaf of leaves) {
    const here = found.is === 'read' ? found.value.get(leaf.key) : undefined;
    if (here === undefined || here.mode === 'unsafe' || here.oid !== leaf.oid || isAttributes(leaf.key))
      toUnfold.push(leaf);
    else entries.set(leaf.key, { mode: leaf.mode, sha256: here.sha256 });
  }
  const contents = await hashBlobs(git, toUnfold, format, limits);
  for (const leaf of toUnfold) {
    const content = contents.get(leaf.oid);
    if (content === undefined)
      throw new ProblemError('REPO_UNSAFE', `the content of ${pathOf(leaf.key)} was not read`);
    entries.set(leaf.key, { mode: leaf.mode, sha256: content.sha256 });
    if (isAttributes(leaf.key) && hasFilter(content.kept)) problems.push(filterProblem(pathOf(leaf.key)));
  }
  return { entries, problems };
}

/** The parents of each commit, from verified objects. @throws ProblemError OBJECT_FORGED, REPO_UNSAFE */
export async function readParents(
  git: Git,
  commits: readonly string[],
  format: Format,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const parents = new Map<string, readonly string[]>();
  for (const [oid, bytes] of await readObjects(git, commits, 'commit', format)) {
    const text = Buffer.from(bytes).toString('latin1');
    const head = text.slice(0, Math.max(0, text.indexOf('\n\n')));
    parents.set(
      oid,
      [...head.matchAll(/^parent ([0-9a-f]{40,64})$/gm)].map((match) => match[1] ?? ''),
    );
  }
  return parents;
}

/** True when a gitattributes text sets a filter, in a macro or for a pattern (gitattributes(5), filter). */
export function hasFilter(text: string): boolean {
  return text.split('\n').some((line) => !/^\s*#/.test(line) && /(?:^|\s)filter(?:=|\s|$)/.test(line));
}

/** What a filter is refused with. */
export function filterProblem(path: string): Problem {
  return { code: 'REPO_UNSAFE', wrong: `${path} sets a filter, which is a program that git runs` };
}

function isAttributes(key: string): boolean {
  return key === ATTRIBUTES || key.endsWith(`/${ATTRIBUTES}`);
}

/** Walks the tree level by level; one git process a level. */
async function expand(
  git: Git,
  root: string,
  format: Format,
  limits: Limits,
  problems: Problem[],
): Promise<readonly Leaf[]> {
  const leaves: Leaf[] = [];
  let folders = 0;
  let level: readonly { readonly prefix: string; readonly oid: string }[] = [{ prefix: '', oid: root }];
  while (level.length > 0) {
    const trees = await readObjects(git, [...new Set(level.map((folder) => folder.oid))], 'tree', format);
    const next: { readonly prefix: string; readonly oid: string }[] = [];
    for (const { prefix, oid } of level) {
      for (const entry of parseTree(trees.get(oid) ?? new Uint8Array(0), format)) {
        const key = prefix + entry.name;
        if (entry.mode === '40000') {
          if (prefix === '' && AFTER_TAG.includes(entry.name)) continue;
          next.push({ prefix: `${key}/`, oid: entry.oid });
        } else if (entry.mode === '160000') {
          problems.push({ code: 'REPO_UNSAFE', wrong: `${safe(pathOf(key))} is a submodule` });
        } else {
          leaves.push({ key, mode: plainMode(entry.mode, key), oid: entry.oid });
        }
        if (!isPlainPath(key))
          throw new ProblemError(
            'REPO_UNSAFE',
            `the tagged tree has a path with a control or invisible character: ${safe(pathOf(key))}`,
          );
        // At each entry: a few small trees that name each other can hold more paths than any memory.
        if (leaves.length + problems.length > limits.files || folders + next.length > limits.files)
          throw new ProblemError(
            'FILE_UNSAFE',
            `the tagged tree has more than ${String(limits.files)} files`,
          );
        if (key.length > MAX_PATH)
          throw new ProblemError(
            'FILE_UNSAFE',
            `the tagged tree has a path of more than ${String(MAX_PATH)} bytes`,
          );
      }
    }
    folders += next.length;
    level = next;
  }
  return leaves;
}

function plainMode(mode: string, key: string): Mode {
  if (mode === '100644' || mode === '100755' || mode === '120000') return mode;
  throw new ProblemError('REPO_UNSAFE', `${safe(pathOf(key))} has the mode ${mode} in the tagged tree`);
}

/** Raw tree: `<mode> SP <name> NUL <binary object name>`, again and again (git fsck: nullSha1, fullPathname, hasDot, hasDotdot, hasDotgit, duplicateEntries). */
function parseTree(bytes: Uint8Array, format: Format): readonly TreeEntry[] {
  const length = format === 'sha1' ? 20 : 32;
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const entries: TreeEntry[] = [];
  const names = new Set<string>();
  for (let at = 0; at < buffer.length;) {
    const zero = buffer.indexOf(0, at);
    const [, mode, name] =
      /^([1-7][0-7]{4,5}) ([^/]+)$/s.exec(buffer.toString('latin1', at, Math.max(at, zero))) ?? [];
    if (mode === undefined || name === undefined || zero + 1 + length > buffer.length)
      throw new ProblemError('REPO_UNSAFE', 'a tree object is malformed');
    if (name === '.' || name === '..' || isGitFolder(name) || names.has(name))
      throw new ProblemError(
        'REPO_UNSAFE',
        `a tree object has the name ${safe(pathOf(name))} where it must not`,
      );
    names.add(name);
    entries.push({ mode, name, oid: buffer.toString('hex', zero + 1, zero + 1 + length) });
    at = zero + 1 + length;
  }
  return entries;
}

/** Reads small objects whole and checks each against its name. */
async function readObjects(
  git: Git,
  oids: readonly string[],
  type: 'commit' | 'tree',
  format: Format,
): Promise<Map<string, Uint8Array>> {
  const found = new Map<string, Uint8Array>();
  let total = 0;
  await git.objects(oids, (oid, header) => {
    const { size } = expectType(oid, header, type);
    total += size;
    if (size > MAX_OBJECT || total > MAX_OBJECTS)
      throw new ProblemError(
        'FILE_UNSAFE',
        `${type} ${oid}: objects larger than ${String(MAX_OBJECT)} bytes, or ${String(MAX_OBJECTS)} together, are not read`,
      );
    const chunks: Uint8Array[] = [];
    return {
      write: (chunk) => chunks.push(new Uint8Array(chunk)),
      end: () => {
        const bytes = new Uint8Array(Buffer.concat(chunks));
        if (gitObjectId(type, bytes, format) !== oid) throw forged(type, oid);
        found.set(oid, bytes);
      },
    };
  });
  return found;
}

/** Streams each of these blobs once, through git's own hash and through SHA-256. */
async function hashBlobs(
  git: Git,
  leaves: readonly Leaf[],
  format: Format,
  limits: Limits,
): Promise<Map<string, { readonly sha256: Sha256; readonly kept: string }>> {
  const keep = new Set(leaves.filter((leaf) => isAttributes(leaf.key)).map((leaf) => leaf.oid));
  const contents = new Map<string, { readonly sha256: Sha256; readonly kept: string }>();
  let total = 0;
  let attributes = 0;
  const takeBlob: OnObject = (oid, header) => {
    const { size } = expectType(oid, header, 'blob');
    total += size;
    if (total > limits.bytes)
      throw new ProblemError('FILE_UNSAFE', `the tagged tree has more than ${String(limits.bytes)} bytes`);
    if (keep.has(oid)) attributes += size;
    if (attributes > MAX_GOVERNED)
      throw new ProblemError(
        'FILE_UNSAFE',
        `the tagged tree has more than ${String(MAX_GOVERNED)} bytes of ${ATTRIBUTES}`,
      );
    const name = createHash(format).update(`blob ${String(size)}\0`);
    const content = createHash('sha256');
    let kept = '';
    return {
      write: (chunk) => {
        name.update(chunk);
        content.update(chunk);
        if (keep.has(oid)) kept += Buffer.from(chunk).toString('latin1');
      },
      end: () => {
        if (name.digest('hex') !== oid) throw forged('blob', oid);
        contents.set(oid, { sha256: content.digest('hex') as Sha256, kept });
      },
    };
  };
  await git.objects([...new Set(leaves.map((leaf) => leaf.oid))], takeBlob, MAX_DIFFERENCE);
  return contents;
}

function expectType(oid: string, header: ObjectHeader | null, type: string): ObjectHeader {
  if (header === null) throw new ProblemError('REPO_UNSAFE', `object ${oid} is missing`);
  if (header.type !== type) {
    const code = type === 'commit' ? 'TAG_TARGET_TYPE' : 'REPO_UNSAFE';
    throw new ProblemError(code, `object ${oid} is a ${header.type}, not a ${type}`);
  }
  return header;
}

function forged(type: string, oid: string): ProblemError {
  return new ProblemError(
    'OBJECT_FORGED',
    `${type} ${oid} is not what its name says: its bytes hash to another`,
  );
}

/** SHA-256 over `<mode> <sha256 of content> <path>\n`, sorted by the bytes of the path. */
export function treeSha256(entries: ReadonlyMap<string, Entry>): Sha256 {
  const keys = [...entries.keys()].sort();
  const lines = keys.map((key) => {
    const entry = entries.get(key);
    return entry === undefined || entry.mode === 'unsafe'
      ? `unsafe - ${safe(key)}\n`
      : `${entry.mode} ${entry.sha256} ${key}\n`;
  });
  return sha256(new Uint8Array(Buffer.from(lines.join(''), 'latin1')));
}
