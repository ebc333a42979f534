/** Writing so that it lasts: whole or not at all, and on the disk before anybody is told that it is there. */
import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import * as fs from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import process from 'node:process';
import { errno, ProblemError } from './problem.ts';
import { answered, kindOf, lstatOrNull } from './safe-read.ts';

/** The calls that write; a test puts faults in their place. */
export type Disk = Pick<typeof fs, 'open' | 'link' | 'unlink' | 'rename' | 'mkdir'>;

export const realDisk: Disk = fs;

/** What a file that is not whole yet begins with. A crash leaves it behind; it is never listed and vouches for nothing. */
export const TEMPORARY = '.tmp-';

/** link(2) where the file system has no hard links, such as FAT. */
const NO_LINKS = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'];

/** Creates a file that was not there: it appears whole, with its final name, or not at all. @throws the system's error; EEXIST when it is there */
export async function createDurably(
  disk: Disk,
  path: string,
  bytes: Uint8Array,
  mode: number,
): Promise<void> {
  const temporary = await writeTemporary(disk, path, bytes, mode);
  try {
    // Unlike rename(2), link(2) refuses a name that is taken, so the creation is exclusive.
    await disk.link(temporary, path);
  } catch (error) {
    if (!NO_LINKS.includes(errno(error))) throw error;
    await writeSynced(disk, path, bytes, mode);
  } finally {
    // The other name of what was just written; nothing that anybody was told of.
    await disk.unlink(temporary);
  }
  await syncFolder(disk, dirname(path));
}

/** Puts new content in the place of a plain file, or makes it. @throws the system's error, ProblemError FILE_UNSAFE */
export async function replaceDurably(
  disk: Disk,
  path: string,
  bytes: Uint8Array,
  mode: number,
): Promise<void> {
  const stats = await lstatOrNull(path);
  if (stats !== null && !stats.isFile()) throw new ProblemError('FILE_UNSAFE', `${path} is ${kindOf(stats)}`);
  const temporary = await writeTemporary(disk, path, bytes, mode);
  try {
    await disk.rename(temporary, path);
  } catch (error) {
    await disk.unlink(temporary);
    throw error;
  }
  await syncFolder(disk, dirname(path));
}

/** Appends in one write(2). @throws the system's error, ProblemError FILE_UNSAFE */
export async function appendDurably(
  disk: Disk,
  path: string,
  bytes: Uint8Array,
  mode: number,
): Promise<void> {
  const before = await lstatOrNull(path);
  if (before !== null && !before.isFile())
    throw new ProblemError('FILE_UNSAFE', `${path} is ${kindOf(before)}`);
  const file = await disk.open(
    path,
    constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | noFollow(),
    mode,
  );
  try {
    const { bytesWritten } = await file.write(bytes);
    if (bytesWritten !== bytes.length)
      throw Object.assign(
        new Error(`only ${String(bytesWritten)} of ${String(bytes.length)} bytes were written`),
        { code: 'ENOSPC' },
      );
    await file.sync();
  } finally {
    await file.close();
  }
  if (before === null) await syncFolder(disk, dirname(path));
}

/**
 * Makes the folders of `parts` under `root` as far as they are missing.
 * @throws the system's error, ProblemError FILE_UNSAFE when a part is a link or no folder
 */
export async function makeFolders(
  disk: Disk,
  root: string,
  parts: readonly string[],
  mode: number,
): Promise<void> {
  let folder = root;
  for (const part of parts) {
    const parent = folder;
    folder = join(folder, part);
    if ((await lstatOrNull(folder)) === null) {
      try {
        await disk.mkdir(folder, { mode });
      } catch (error) {
        if (errno(error) !== 'EEXIST') throw error;
      }
      await syncFolder(disk, parent);
    }
    await checkFolder(folder);
  }
}

/** @throws ProblemError FILE_UNSAFE when the path is a link or no folder. @returns false when it is not there */
export async function checkFolder(folder: string): Promise<boolean> {
  const stats = await answered(folder, () => lstatOrNull(folder));
  if (stats !== null && !stats.isDirectory())
    throw new ProblemError('FILE_UNSAFE', `${folder} is ${kindOf(stats)}, not a folder`);
  return stats !== null;
}

async function writeTemporary(disk: Disk, path: string, bytes: Uint8Array, mode: number): Promise<string> {
  const temporary = join(dirname(path), `${TEMPORARY}${basename(path)}.${randomBytes(8).toString('hex')}`);
  try {
    await writeSynced(disk, temporary, bytes, mode);
  } catch (error) {
    // Half a file only fills a full disk further. That it stays, where it cannot be removed either, must not hide the first error.
    await disk.unlink(temporary).catch(() => null);
    throw error;
  }
  return temporary;
}

async function writeSynced(disk: Disk, path: string, bytes: Uint8Array, mode: number): Promise<void> {
  const file = await disk.open(
    path,
    constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | noFollow(),
    mode,
  );
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** A new name is on the disk only when its folder is (fsync(2), NOTES). Windows syncs no folders. */
async function syncFolder(disk: Disk, folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await disk.open(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function noFollow(): number {
  return process.platform === 'win32' ? 0 : constants.O_NOFOLLOW;
}
