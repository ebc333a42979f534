/** The files on disk: each read once, through no link; what is hashed for the tree is the very buffer that is handed out. */
import { fileOf } from '../inputs/file-read.ts';
import { createHash } from 'node:crypto';
import { readSync, type Dirent, type Stats } from 'node:fs';
import { readdir, readlink } from 'node:fs/promises';
import { join, posix } from 'node:path';
import type { FileRead, Maybe } from '../inputs/facts.ts';
import { gitObjectId, sha256, type Sha256 } from '../kernel/digest.ts';
import { GovbootError } from '../kernel/errors.ts';
import { isSafe, safe } from '../kernel/text.ts';
import type { Format } from './git-batch.ts';
import { maybe, ProblemError } from './problem.ts';
import {
  answered,
  kindOf,
  lstatOrNull,
  MAX_GOVERNED,
  readToEnd,
  withPlainFile,
  withPlainFileNow,
} from './safe-read.ts';

/** Limits of a governed repository. */
export interface Limits {
  readonly files: number;
  /** Bytes, over all files. */
  readonly bytes: number;
  /** Bytes of those that are kept in memory, because they are parsed. */
  readonly kept: number;
}

const MIB = 1024 * 1024;

export const LIMITS: Limits = { files: 50_000, bytes: 256 * MIB, kept: 32 * MIB };

/** Folders at the top that are made after the tag: they are no part of the tree and are judged by their own signatures. */
export const AFTER_TAG: readonly string[] = ['evidence', 'intents'];
/** Folders whose files are kept when they are hashed: the gates parse these bytes. */
const GOVERNED = ['policies', 'templates'];
/** Files that are open at once. */
const PARALLEL = 16;
/** Bytes of a file that are hashed at once. */
const SCRATCH = 256 * 1024;
/** Files that are hashed before others have their turn. */
const BETWEEN_TURNS = 16;

export type Mode = '100644' | '100755' | '120000';

/** A place in a tree. `unsafe` can be in no tagged tree, so it always makes the trees differ. */
export type Entry = { readonly mode: Mode; readonly sha256: Sha256 } | { readonly mode: 'unsafe' };

/** Entries by path. The key is the path's bytes as Latin-1 text, so that keys sort as the bytes do. */
export type Entries = ReadonlyMap<string, Entry>;

/** A place on disk, with the object name that git has for these bytes. */
export type Found =
  { readonly mode: Mode; readonly sha256: Sha256; readonly oid: string } | { readonly mode: 'unsafe' };

export type AllFound = ReadonlyMap<string, Found>;

interface Seen {
  readonly file: FileRead;
  readonly executable: boolean;
}

/** The path of a key, for people and for FileRead. Only for keys that `isPlainPath` accepts. */
export function pathOf(key: string): string {
  return Buffer.from(key, 'latin1').toString('utf8');
}

/** True when the key is UTF-8 without control or invisible characters. A line feed could forge a second line of the tree hash. */
export function isPlainPath(key: string): boolean {
  const path = pathOf(key);
  return isSafe(path) && Buffer.from(path, 'utf8').toString('latin1') === key;
}

/** True for the name of a repository inside the work tree, however a case-insensitive disk spells it. */
export function isGitFolder(name: string): boolean {
  return name.toLowerCase() === '.git';
}

export class WorkTree {
  private readonly root: string;
  private readonly limits: Limits;
  private readonly files = new Map<string, Promise<Maybe<Seen>>>();
  private readonly names = new Map<string, Promise<readonly string[]>>();
  private kept = 0;
  private readonly hashed = new Map<string, Sha256>();
  private scanned: Promise<Maybe<AllFound>> | null = null;

  constructor(root: string, limits: Limits) {
    this.root = root;
    this.limits = limits;
  }

  /** One file, or what is wrong with it. */
  async read(path: string): Promise<Maybe<FileRead>> {
    const checked = await maybe(() => this.checkParents(path));
    if (checked.is === 'problem') return checked;
    const seen = await this.file(path);
    return seen.is === 'problem' ? seen : { is: 'read', value: seen.value.file };
  }

  /** The files directly under a folder, or those that are wanted, sorted by path. @throws FILE_UNSAFE when one of them is not a plain file */
  async list(folder: string, isWanted: (path: string) => boolean = () => true): Promise<readonly FileRead[]> {
    const names = this.names.get(folder) ?? this.namesNow(folder);
    this.names.set(folder, names);
    const files: FileRead[] = [];
    await inParallel((await names).filter(isWanted), async (path, i) => {
      const seen = await this.file(path);
      if (seen.is === 'problem')
        throw new GovbootError(seen.problem.code, seen.problem.wrong, { data: { file: path } });
      files[i] = seen.value.file;
    });
    return files;
  }

  /** Everything on disk but .git and what is made after the tag. @param format the hash that the repository names objects by */
  scan(format: Format): Promise<Maybe<AllFound>> {
    this.scanned ??= maybe(() => this.scanNow(format));
    return this.scanned;
  }

  private async namesNow(folder: string): Promise<readonly string[]> {
    const names = await maybe(async () => {
      const prefix = folder === '' ? '' : `${folder}/`;
      await this.checkParents(`${prefix}x`);
      const found =
        (await lstatOrNull(join(this.root, folder))) === null
          ? []
          : await answered(folder, () => readdir(join(this.root, folder), { withFileTypes: true }));
      const paths = found
        .filter((entry) => !entry.isDirectory())
        .map((entry) => prefix + entry.name)
        .sort();
      const unsafe = paths.find((path) => !isSafe(path));
      if (unsafe !== undefined)
        throw new ProblemError(
          'FILE_UNSAFE',
          `${safe(unsafe)} has a control or invisible character in its name`,
        );
      // Also one that nobody asked for: it may be what is asked for next.
      const odd = found.find((entry) => !entry.isDirectory() && !entry.isFile());
      if (odd !== undefined) throw new ProblemError('FILE_UNSAFE', `${prefix}${odd.name} is ${kindOf(odd)}`);
      if (paths.length > this.limits.files)
        throw new ProblemError('FILE_UNSAFE', `${folder} has more than ${String(this.limits.files)} files`);
      return paths;
    });
    if (names.is === 'problem')
      throw new GovbootError(names.problem.code, names.problem.wrong, { data: { folder } });
    return names.value;
  }

  /** Refuses paths that lead out of the root, into .git, or through a link. */
  private async checkParents(path: string): Promise<void> {
    const parts = path.split('/');
    if (
      !isSafe(path) ||
      path.includes('\\') ||
      parts.some((part) => part === '' || part === '.' || part === '..' || isGitFolder(part))
    ) {
      throw new ProblemError('FILE_UNSAFE', `${safe(path)} is not a path inside the repository`);
    }
    for (let n = 1; n < parts.length; n++) {
      const folder = parts.slice(0, n).join('/');
      const stats = await answered(folder, () => lstatOrNull(join(this.root, folder)));
      // What is missing is told by the reading itself.
      if (stats === null) return;
      if (!stats.isDirectory())
        throw new ProblemError('FILE_UNSAFE', `${folder} is ${kindOf(stats)}, not a folder`);
    }
  }

  private file(path: string): Promise<Maybe<Seen>> {
    const known = this.files.get(path) ?? maybe(() => this.readNow(path));
    this.files.set(path, known);
    return known;
  }

  private async readNow(path: string): Promise<Seen> {
    return withPlainFile(join(this.root, path), path, async (handle, stats) => {
      this.kept += stats.size;
      if (this.kept > this.limits.kept)
        throw new ProblemError(
          'FILE_UNSAFE',
          `${path} is not read: it and the files before it have more than ${String(this.limits.kept)} bytes`,
        );
      const bytes = await readToEnd(handle, MAX_GOVERNED, path);
      const file = fileOf(path, bytes);
      const hashed = this.hashed.get(path);
      if (hashed !== undefined && hashed !== file.sha256)
        throw new ProblemError('FILE_UNSAFE', `${path} changed while it was read`);
      return { file, executable: isExecutable(stats.mode) };
    });
  }

  private async scanNow(format: Format): Promise<AllFound> {
    const entries = new Map<string, Found>();
    const regular: string[] = [];
    await this.walk('', format, entries, regular, { left: this.limits.files });
    const budget = { left: this.limits.bytes };
    const scratch = Buffer.allocUnsafe(SCRATCH);
    for (const [i, key] of regular.entries()) {
      // git is being listened to meanwhile, and signals.
      if (i % BETWEEN_TURNS === 0) await turn();
      entries.set(key, await this.entryOf(key, format, budget, scratch));
    }
    return entries;
  }

  /** @param folders how many more may be walked: a folder that holds no file is in no tree, and takes its time all the same */
  private async walk(
    prefix: string,
    format: Format,
    entries: Map<string, Found>,
    regular: string[],
    folders: { left: number },
  ): Promise<void> {
    const found = await answered(`the folder ${safe(pathOf(prefix))}`, () =>
      readdir(this.full(prefix), { withFileTypes: true, encoding: 'buffer' }),
    );
    for (const dirent of found) {
      const name = dirent.name.toString('latin1');
      const key = prefix + name;
      if (prefix === '' && (name === '.git' || (dirent.isDirectory() && AFTER_TAG.includes(name)))) continue;
      if (isGitFolder(name) || !isPlainPath(key)) entries.set(key, { mode: 'unsafe' });
      else if (dirent.isDirectory()) {
        if (folders.left-- === 0)
          throw new ProblemError(
            'FILE_UNSAFE',
            `the work tree has more than ${String(this.limits.files)} folders`,
          );
        await this.walk(`${key}/`, format, entries, regular, folders);
      } else if (dirent.isFile()) regular.push(key);
      else entries.set(key, await this.special(key, format, dirent));
      if (entries.size + regular.length > this.limits.files)
        throw new ProblemError(
          'FILE_UNSAFE',
          `the work tree has more than ${String(this.limits.files)} files`,
        );
    }
  }

  /** A link is its target's text (git mode 120000) and is never followed; one that leads out of the tree is unsafe. */
  private async special(key: string, format: Format, dirent: Dirent<Buffer>): Promise<Found> {
    if (!dirent.isSymbolicLink()) return { mode: 'unsafe' };
    const target = await answered(pathOf(key), () => readlink(this.full(key), { encoding: 'buffer' }));
    const text = target.toString('latin1');
    const escapes =
      /^[/\\]|^[A-Za-z]:/.test(text) || posix.join(posix.dirname(key), text).split('/')[0] === '..';
    return escapes ? { mode: 'unsafe' } : { mode: '120000', ...namesOf(target, format) };
  }

  private async entryOf(
    key: string,
    format: Format,
    budget: { left: number },
    scratch: Buffer,
  ): Promise<Found> {
    const path = pathOf(key);
    if (GOVERNED.includes(path.split('/')[0] ?? '') || this.files.has(path)) {
      const seen = await this.file(path);
      if (seen.is === 'problem') return { mode: 'unsafe' };
      const { file, executable } = seen.value;
      spend(budget, file.bytes.length, this.limits);
      return {
        mode: executable ? '100755' : '100644',
        sha256: file.sha256,
        oid: gitObjectId('blob', file.bytes, format),
      };
    }
    const entry = await maybe(() => this.hashNow(path, format, budget, scratch));
    if (entry.is === 'read') return entry.value;
    if (budget.left < 0) throw new ProblemError(entry.problem.code, entry.problem.wrong);
    // Gone, or no longer a plain file since the folder was listed.
    return { mode: 'unsafe' };
  }

  private async hashNow(
    path: string,
    format: Format,
    budget: { left: number },
    scratch: Buffer,
  ): Promise<Found> {
    const entry = withPlainFileNow(join(this.root, path), path, (file, stats) => {
      spend(budget, stats.size, this.limits);
      const names = readNames(file, stats, format, scratch);
      if (names === null) throw new ProblemError('FILE_UNSAFE', `${path} changed while it was read`);
      return { mode: isExecutable(stats.mode) ? ('100755' as const) : ('100644' as const), ...names };
    });
    this.hashed.set(path, entry.sha256);
    const read = await this.files.get(path);
    if (read?.is === 'read' && read.value.file.sha256 !== entry.sha256)
      throw new ProblemError('FILE_UNSAFE', `${path} changed while it was read`);
    return entry;
  }

  private full(key: string): Buffer {
    return Buffer.concat([Buffer.from(`${this.root}/`), Buffer.from(key, 'latin1')]);
  }
}

interface Names {
  readonly sha256: Sha256;
  readonly oid: string;
}

function namesOf(bytes: Uint8Array, format: Format): Names {
  return { sha256: sha256(bytes), oid: gitObjectId('blob', bytes, format) };
}

/** Both names of an open file, from one reading; null when it has not the size that it had. */
function readNames(file: number, { size }: Stats, format: Format, scratch: Buffer): Names | null {
  const first = readSync(file, scratch, 0, scratch.length, null);
  // A regular file gives less than was asked for only at its end (read(2)), so the last read is not made twice.
  if (first < scratch.length) return first === size ? namesOf(scratch.subarray(0, first), format) : null;
  const content = createHash('sha256');
  const name = createHash(format).update(`blob ${String(size)}\0`);
  let total = 0;
  for (let bytesRead = first; bytesRead > 0;) {
    content.update(scratch.subarray(0, bytesRead));
    name.update(scratch.subarray(0, bytesRead));
    total += bytesRead;
    bytesRead = bytesRead < scratch.length ? 0 : readSync(file, scratch, 0, scratch.length, null);
  }
  if (total !== size) return null;
  return { sha256: content.digest('hex') as Sha256, oid: name.digest('hex') };
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function spend(budget: { left: number }, size: number, limits: Limits): void {
  budget.left -= size;
  if (budget.left < 0)
    throw new ProblemError('FILE_UNSAFE', `the work tree has more than ${String(limits.bytes)} bytes`);
}

/** git keeps one bit of the mode: the owner's execute bit. */
function isExecutable(mode: number): boolean {
  return (mode & 0o100) !== 0;
}

/** Runs `work` over the items, a bounded number at once; the first failure ends it. */
export async function inParallel<T>(
  items: readonly T[],
  work: (item: T, index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < items.length) {
      const index = next++;
      await work(items[index] as T, index);
    }
  };
  await Promise.all(Array.from({ length: Math.min(PARALLEL, items.length) }, lane));
}
