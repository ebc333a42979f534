/** The Folders port: what lies in a folder that somebody named. */
import { readdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Folders } from '../ports.ts';
import { errno } from './problem.ts';

/** @param base folder that relative paths start from */
export function foldersFrom(base: string): Folders {
  return {
    files: async (path) => {
      try {
        const entries = await readdir(resolve(base, path), { withFileTypes: true });
        return entries.flatMap((entry) => (entry.isDirectory() ? [] : [entry.name])).sort();
      } catch (error) {
        if (errno(error) === 'ENOTDIR' || errno(error) === 'ENOENT') return null;
        throw error;
      }
    },
  };
}
