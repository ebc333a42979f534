/** The evidence folder on disk. Every name is checked, no part of a path may be a link, and nothing is deleted. */
import { opendir } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { GovbootError, isGovbootError, messageOf } from '../kernel/errors.ts';
import { safe } from '../kernel/text.ts';
import type { EvidenceReader, EvidenceStore } from '../ports.ts';
import {
  appendDurably,
  checkFolder,
  createDurably,
  makeFolders,
  realDisk,
  replaceDurably,
  TEMPORARY,
  type Disk,
} from './durable.ts';
import { errno, maybe, ProblemError } from './problem.ts';
import { answered, readPlainNow } from './safe-read.ts';

/** Bytes; the largest file of the evidence that is read, a journal for one. */
const MAX_EVIDENCE = 64 * 1024 * 1024;
/** Names in one evidence folder; more is not evidence of ours. */
const MAX_NAMES = 500_000;
/** Of one folder. */
const NAMES_AT_ONCE = 256;
const FILE_MODE = 0o644;
const FOLDER_MODE = 0o755;

/**
 * The store `evidence/<folder>` of a repository.
 * @param root absolute path of the governed repository
 * @param folder `dev`, or `rehearsal/dev`
 */
export function makeEvidenceStore(root: string, folder: string, disk: Disk = realDisk): EvidenceStore {
  return makeStore(root, ['evidence', ...partsOf(folder)], FILE_MODE, disk);
}

/** The same below any folder, with the permission bits of what is made. */
export function makeStore(
  root: string,
  base: readonly string[],
  fileMode: number,
  disk: Disk,
): EvidenceStore {
  const pathOf = (name: string): { readonly path: string; readonly folders: readonly string[] } => {
    const parts = [...base, ...partsOf(name)];
    return { path: join(root, ...parts), folders: parts.slice(0, -1) };
  };
  const write = async (name: string, work: (path: string) => Promise<void>): Promise<void> => {
    const { path, folders } = pathOf(name);
    try {
      await makeFolders(disk, root, folders, FOLDER_MODE);
      await work(path);
    } catch (error) {
      throw writeError(error, name, path);
    }
  };
  return {
    ...readerAt(root, base),
    create: (name, bytes) => write(name, (path) => createDurably(disk, path, bytes, fileMode)),
    replace: (name, bytes) => write(name, (path) => replaceDurably(disk, path, bytes, fileMode)),
    append: (name, line) => {
      if (line.includes('\n'))
        throw new GovbootError('EVIDENCE_WRITE', `a line for ${name} has a line feed in it: ${safe(line)}`);
      return write(name, (path) =>
        appendDurably(disk, path, new TextEncoder().encode(`${line}\n`), fileMode),
      );
    },
  };
}

/** A folder of evidence wherever it lies; nothing is written to it. @param root its absolute path */
export function readFolder(root: string): EvidenceReader {
  return readerAt(root, []);
}

function readerAt(root: string, base: readonly string[]): EvidenceReader {
  // Folders that were seen to be folders. A ledger has thousands of files in one, and asking about it each time takes longer than reading.
  const seen = new Map<string, string>();
  const folderOf = async (parts: readonly string[]): Promise<string | null> => {
    const id = parts.join('/');
    const known = seen.get(id);
    if (known !== undefined) return known;
    if (!(await told(() => foldersAreThere(root, parts)))) return null;
    const folder = join(root, ...parts);
    seen.set(id, folder);
    return folder;
  };
  return {
    where: join(root, ...base),
    async list(name) {
      const parts = name === '' ? [] : partsOf(name);
      const found: string[] = [];
      if (await told(() => foldersAreThere(root, [...base, ...parts])))
        await told(() => collect(join(root, ...base), parts, found));
      return found.sort();
    },
    async read(name) {
      const parts = [...base, ...partsOf(name)];
      const folder = await folderOf(parts.slice(0, -1));
      if (folder === null) return null;
      const path = `${folder}${sep}${parts.at(-1) ?? ''}`;
      const file = await maybe(async () => readPlainNow(path, name, MAX_EVIDENCE));
      if (file.is === 'read') return file.value;
      if (file.problem.code === 'FILE_MISSING') return null;
      throw new GovbootError(file.problem.code, file.problem.wrong, { data: { file: name } });
    },
  };
}

/** @throws FILE_UNSAFE for a name that is absolute, empty, hidden as a temporary file, or leads out of the folder */
function partsOf(name: string): readonly string[] {
  const parts = name.split('/');
  if (
    parts.some(
      (part) =>
        !/^[A-Za-z0-9._-]{1,200}$/.test(part) || part === '.' || part === '..' || part.startsWith(TEMPORARY),
    )
  ) {
    throw new GovbootError('FILE_UNSAFE', `"${safe(name)}" is not a name of evidence`, {
      data: { file: name },
    });
  }
  return parts;
}

/** False when a folder is missing. @throws ProblemError FILE_UNSAFE when one is a link */
async function foldersAreThere(root: string, parts: readonly string[]): Promise<boolean> {
  for (let n = 1; n <= parts.length; n++) {
    if (!(await checkFolder(join(root, ...parts.slice(0, n))))) return false;
  }
  return true;
}

/** Every name below, whatever its kind, but temporary files; links are named and not followed. */
async function collect(base: string, parts: readonly string[], found: string[]): Promise<void> {
  const folder = join(base, ...parts);
  const folders: string[] = [];
  await answered(folder, async () => {
    // In parts: an object for each name of a long ledger would take more memory than the names.
    for await (const entry of await opendir(folder, { bufferSize: NAMES_AT_ONCE })) {
      if (entry.name.startsWith(TEMPORARY)) continue;
      if (entry.isDirectory()) folders.push(entry.name);
      else found.push([...parts, entry.name].join('/'));
      if (found.length > MAX_NAMES)
        throw new ProblemError('FILE_UNSAFE', `${base} has more than ${String(MAX_NAMES)} files`);
    }
  });
  for (const name of folders) await collect(base, [...parts, name], found);
}

/** Lets a problem out as an error: the store has no other way to tell it. */
async function told<T>(reading: () => Promise<T>): Promise<T> {
  const answer = await maybe(reading);
  if (answer.is === 'read') return answer.value;
  throw new GovbootError(answer.problem.code, answer.problem.wrong);
}

function writeError(error: unknown, name: string, path: string): unknown {
  if (isGovbootError(error)) return error;
  if (error instanceof ProblemError)
    return new GovbootError(error.problem.code, error.problem.wrong, { data: { file: name } });
  const code = errno(error);
  if (code === 'EEXIST')
    return new GovbootError('FILE_EXISTS', `${path} exists already`, { data: { file: name } });
  // What is no answer of the system is a fault of the program and stays what it is.
  if (code === '') return error;
  return new GovbootError('EVIDENCE_WRITE', `${path} could not be written: ${messageOf(error)}`, {
    data: { file: name, errno: code },
    cause: error,
  });
}
