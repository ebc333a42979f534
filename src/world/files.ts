/** Human-made documents: created exclusively, never overwritten. */
import { dirname, relative, resolve, sep } from 'node:path';
import { GovbootError, messageOf } from '../kernel/errors.ts';
import type { Files } from '../ports.ts';
import { createDurably, makeFolders, realDisk, type Disk } from './durable.ts';
import { errno, maybe, ProblemError } from './problem.ts';
import { lstatOrNull, MAX_GOVERNED, readPlain } from './safe-read.ts';

/** @param base folder that relative paths start from */
export function makeFiles(base: string, disk: Disk = realDisk): Files {
  return {
    async create(path, content) {
      const full = resolve(base, path);
      const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
      try {
        await makeParents(disk, full);
        await createDurably(disk, full, bytes, 0o644);
      } catch (error) {
        throw createError(error, path);
      }
    },
    exists: async (path) => (await lstatOrNull(resolve(base, path))) !== null,
    async read(path) {
      const file = await maybe(() => readPlain(resolve(base, path), path, MAX_GOVERNED));
      if (file.is === 'read') return file.value.bytes;
      throw new GovbootError(file.problem.code, file.problem.wrong, { data: { file: path } });
    },
  };
}

/** Only what is missing is made; folders that are there already, links among them, are the user's own. */
async function makeParents(disk: Disk, full: string): Promise<void> {
  const folder = dirname(full);
  let there = folder;
  while ((await lstatOrNull(there)) === null && dirname(there) !== there) there = dirname(there);
  if (there !== folder) await makeFolders(disk, there, relative(there, folder).split(sep), 0o755);
}

function createError(error: unknown, path: string): unknown {
  if (error instanceof ProblemError)
    return new GovbootError(error.problem.code, error.problem.wrong, { data: { file: path } });
  const code = errno(error);
  if (code === 'EEXIST')
    return new GovbootError('FILE_EXISTS', `${path} exists already`, { data: { file: path } });
  if (code === '') return error;
  return new GovbootError('FILE_WRITE', `${path} could not be written: ${messageOf(error)}`, {
    data: { file: path, errno: code },
    cause: error,
  });
}
