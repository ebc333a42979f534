/** The Folders port: what lies in a folder that somebody named. */
import type { Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Folders } from '../ports.ts';
import { errno } from './problem.ts';

/** @param base folder that relative paths start from */
export function foldersFrom(base: string): Folders {
  const read = async (path: string): Promise<readonly Dirent[] | null> => {
    try {
      return await readdir(resolve(base, path), { withFileTypes: true });
    } catch (error) {
      if (errno(error) === 'ENOTDIR' || errno(error) === 'ENOENT') return null;
      throw error;
    }
  };
  return {
    files: async (path) =>
      (await read(path))?.flatMap((entry) => (entry.isDirectory() ? [] : [entry.name])).sort() ?? null,
    entries: async (path) => (await read(path))?.map((entry) => entry.name).sort() ?? null,
  };
}
