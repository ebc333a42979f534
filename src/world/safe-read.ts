/** Opens plain files only: never through a link, never a FIFO or device, never more than a limit. */
import { closeSync, constants, fstatSync, lstatSync, openSync, readSync, type Stats } from 'node:fs';
import { lstat, open, type FileHandle } from 'node:fs/promises';
import process from 'node:process';
import { clip } from '../kernel/text.ts';
import { errno, ProblemError } from './problem.ts';

/** Bytes; governed documents, keys and templates. */
export const MAX_GOVERNED = 1024 * 1024;

/** Characters of a path in a message: the longest of all is one that the system refuses. */
const MAX_SHOWN = 200;

/** What stands at the path itself, links not followed; null when there is nothing. */
export async function lstatOrNull(path: string): Promise<Stats | null> {
  try {
    return await lstat(path);
  } catch (error) {
    if (errno(error) === 'ENOENT' || errno(error) === 'ENOTDIR') return null;
    throw error;
  }
}

/** What the system answers; a refusal of its own is a problem of what was asked about. @throws ProblemError FILE_UNSAFE */
export async function answered<T>(shown: string, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    const code = errno(error);
    if (code === '') throw error;
    throw new ProblemError('FILE_UNSAFE', `${clip(shown, MAX_SHOWN)} cannot be read: ${code}`);
  }
}

/**
 * Opens a regular file and hands it to `use`.
 * @param shown the path as it is told to people
 * @throws ProblemError FILE_MISSING or FILE_UNSAFE
 */
export async function withPlainFile<T>(
  path: string | Buffer,
  shown: string,
  use: (file: FileHandle, stats: Stats) => Promise<T>,
): Promise<T> {
  const file = await openPlain(path, shown);
  try {
    const stats = await file.stat();
    if (!stats.isFile()) throw new ProblemError('FILE_UNSAFE', `${shown} is ${kindOf(stats)}`);
    return await use(file, stats);
  } finally {
    await file.close();
  }
}

/**
 * The same at once, for thousands of files: handed to other threads and back four times, a small file takes many times as long. The
 * caller lets others have their turn between two of them.
 * @throws ProblemError FILE_MISSING or FILE_UNSAFE
 */
export function withPlainFileNow<T>(
  path: string | Buffer,
  shown: string,
  use: (file: number, stats: Stats) => T,
): T {
  const file = openPlainNow(path, shown);
  try {
    const stats = fstatSync(file);
    if (!stats.isFile()) throw new ProblemError('FILE_UNSAFE', `${shown} is ${kindOf(stats)}`);
    return use(file, stats);
  } finally {
    closeSync(file);
  }
}

/** O_NONBLOCK: opening a FIFO that nobody writes to would wait forever (open(2)). */
const PLAIN =
  process.platform === 'win32'
    ? constants.O_RDONLY
    : constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

async function openPlain(path: string | Buffer, shown: string): Promise<FileHandle> {
  try {
    // Windows has no O_NOFOLLOW, so the link is looked for first.
    if (process.platform === 'win32' && (await lstat(path)).isSymbolicLink()) throw linked(shown);
    return await open(path, PLAIN);
  } catch (error) {
    throw notOpened(error, shown);
  }
}

function openPlainNow(path: string | Buffer, shown: string): number {
  try {
    if (process.platform === 'win32' && lstatSync(path).isSymbolicLink()) throw linked(shown);
    return openSync(path, PLAIN);
  } catch (error) {
    throw notOpened(error, shown);
  }
}

function linked(shown: string): ProblemError {
  return new ProblemError('FILE_UNSAFE', `${shown} is a symbolic link`);
}

function notOpened(error: unknown, shown: string): unknown {
  if (error instanceof ProblemError) return error;
  const code = errno(error);
  if (code === 'ENOENT' || code === 'ENOTDIR')
    return new ProblemError('FILE_MISSING', `${shown} does not exist`);
  // ELOOP on Linux and macOS, EMLINK on FreeBSD, for a link under O_NOFOLLOW; ENXIO for a socket.
  if (code === 'ELOOP' || code === 'EMLINK') return linked(shown);
  return code === '' ? error : new ProblemError('FILE_UNSAFE', `${shown} cannot be opened: ${code}`);
}

/** Reads to the end, or refuses. @throws ProblemError FILE_UNSAFE when there is more than `max` bytes */
export async function readToEnd(file: FileHandle, max: number, shown: string): Promise<Uint8Array> {
  const { size } = await file.stat();
  let buffer = Buffer.alloc(Math.min(size, max) + 1);
  let length = 0;
  for (;;) {
    const { bytesRead } = await file.read(buffer, length, buffer.length - length, null);
    length += bytesRead;
    if (length > max) throw new ProblemError('FILE_UNSAFE', `${shown} is larger than ${String(max)} bytes`);
    if (bytesRead === 0) return new Uint8Array(buffer.subarray(0, length));
    // The file grew since it was opened.
    if (length === buffer.length)
      buffer = Buffer.concat([buffer, Buffer.alloc(Math.min(buffer.length, max + 1 - length))]);
  }
}

/** A file in one go. @throws ProblemError FILE_MISSING or FILE_UNSAFE */
export async function readPlain(
  path: string,
  shown: string,
  max: number,
): Promise<{ readonly bytes: Uint8Array; readonly stats: Stats }> {
  return withPlainFile(path, shown, async (file, stats) => ({
    bytes: await readToEnd(file, max, shown),
    stats,
  }));
}

/** The same at once; see `withPlainFileNow`. @throws ProblemError FILE_MISSING or FILE_UNSAFE */
export function readPlainNow(path: string, shown: string, max: number): Uint8Array {
  return withPlainFileNow(path, shown, (file, { size }) => {
    if (size > max) throw new ProblemError('FILE_UNSAFE', `${shown} is larger than ${String(max)} bytes`);
    // One byte more than it has: a file that grows meanwhile is noticed, and not read in half.
    const buffer = Buffer.allocUnsafeSlow(size + 1);
    let length = 0;
    let read: number;
    do {
      read = readSync(file, buffer, length, buffer.length - length, null);
      length += read;
      // Fewer than it was asked for, and as many as it has: that is its end.
    } while (read > 0 && length < size);
    if (length > size) throw new ProblemError('FILE_UNSAFE', `${shown} changed while it was read`);
    return new Uint8Array(buffer.buffer, 0, length);
  });
}

/** `a symbolic link`, `a FIFO` …, for messages. */
export function kindOf(stats: {
  isDirectory(): boolean;
  isSymbolicLink(): boolean;
  isFIFO(): boolean;
  isSocket(): boolean;
}): string {
  if (stats.isDirectory()) return 'a folder';
  if (stats.isSymbolicLink()) return 'a symbolic link';
  if (stats.isFIFO()) return 'a FIFO';
  return stats.isSocket() ? 'a socket' : 'not a regular file';
}
