/** Evidence that lies outside of a repository: a folder of one environment, or an archive of it. Read only. */
import { lstat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { GovbootError } from '../kernel/errors.ts';
import type { EvidenceReader } from '../ports.ts';
import { readArchive } from './archive.ts';
import { readFolder } from './evidence-store.ts';
import { errno } from './problem.ts';
import { kindOf } from './safe-read.ts';
import { folded, unsafe } from './tar-header.ts';

/** @param path a folder, or a `.tar` or `.tar.gz`. @throws FILE_MISSING, FILE_UNSAFE, BUNDLE_UNSAFE */
export async function openExhibit(path: string): Promise<EvidenceReader> {
  const full = resolve(path);
  const stats = await lstat(full).catch((error: unknown) => {
    const code = errno(error);
    if (code === 'ENOENT' || code === 'ENOTDIR')
      throw new GovbootError('FILE_MISSING', `${path} does not exist`, { data: { file: path } });
    throw new GovbootError('FILE_UNSAFE', `${path} cannot be read: ${code}`, { data: { file: path } });
  });
  if (stats.isDirectory()) return readFolder(full);
  if (!stats.isFile())
    throw new GovbootError('FILE_UNSAFE', `${path} is ${kindOf(stats)}`, { data: { file: path } });
  return readerOf(path, environmentIn(await readArchive(full)));
}

/** A folder of one environment, however many folders above it are in the archive too. */
function environmentIn(files: ReadonlyMap<string, Uint8Array>): ReadonlyMap<string, Uint8Array> {
  let inside = files;
  for (;;) {
    const names = [...inside.keys()];
    const tops = new Set(names.map((name) => name.split('/')[0] ?? ''));
    const [only] = tops;
    const isAbove = tops.size === 1 && names.every((name) => name.includes('/'));
    if (!isAbove || only === undefined || folded(only) === 'ledger') return inside;
    inside = new Map([...inside].map(([name, bytes]) => [name.slice(only.length + 1), bytes]));
  }
}

function readerOf(where: string, files: ReadonlyMap<string, Uint8Array>): EvidenceReader {
  const all = [...files.keys()].sort();
  if (all.length === 0) throw unsafe('is empty');
  return {
    where,
    list: async (folder) => (folder === '' ? all : all.filter((name) => name.startsWith(`${folder}/`))),
    read: async (name) => files.get(name) ?? null,
  };
}
