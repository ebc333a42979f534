/** Human-made documents: created exclusively, never overwritten; the trust file alone gives way to its next version. */
import { dirname, relative, resolve, sep } from 'node:path';
import { GovbootError, messageOf } from '../kernel/errors.ts';
import { isSignatureOf } from '../inputs/beside.ts';
import { TRUST_FILE } from '../inputs/trust.ts';
import { sameBytes } from '../kernel/canonical.ts';
import type { Files, TrustFiles } from '../ports.ts';
import { checkFolder, createDurably, makeFolders, realDisk, replaceDurably, type Disk } from './durable.ts';
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

/** @param base the governed repository */
export function makeTrustFiles(base: string, disk: Disk = realDisk): TrustFiles {
  const open = async (
    path: string,
  ): Promise<{ readonly full: string; readonly bytes: Uint8Array; mode: number }> => {
    if (path !== TRUST_FILE && !isSignatureOf(TRUST_FILE, path))
      throw new ProblemError('FILE_UNSAFE', `${path} is neither ${TRUST_FILE} nor a signature of it`);
    await checkFolder(resolve(base, dirname(TRUST_FILE)));
    const full = resolve(base, path);
    const { bytes, stats } = await readPlain(full, path, MAX_GOVERNED);
    return { full, bytes, mode: stats.mode & 0o777 };
  };
  const changing = async (path: string, change: () => Promise<void>): Promise<void> => {
    try {
      await change();
    } catch (error) {
      throw createError(error, path);
    }
  };
  return {
    replace: (path, was, bytes) =>
      changing(path, async () => {
        const found = await open(path);
        if (!sameBytes(found.bytes, was))
          throw new ProblemError('FILE_UNSAFE', `${path} changed since it was read`);
        await replaceDurably(disk, found.full, bytes, found.mode);
      }),
    remove: (path) =>
      changing(path, async () => {
        await disk.unlink((await open(path)).full);
      }),
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
