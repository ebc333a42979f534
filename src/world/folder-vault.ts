/**
 * A folder as a vault: a mounted disk, best one that writes once. What is made there is read-only and synced; how long the disk holds
 * it, nobody but its maker knows, and nothing is claimed.
 */
import { resolve } from 'node:path';
import { GovbootError, isGovbootError } from '../kernel/errors.ts';
import type { EvidenceVault, VaultPlace } from '../ports.ts';
import { realDisk, type Disk } from './durable.ts';
import { makeStore } from './evidence-store.ts';
import { lstatOrNull } from './safe-read.ts';

const NO_VERSION = 'none';
/** Read-only, for everybody. */
const FILE_MODE = 0o444;

/**
 * @param root folder that relative paths start from
 * @throws FILE_MISSING when the folder is not there: a disk that is not mounted must not be made up for
 */
export async function openFolderVault(
  root: string,
  place: VaultPlace,
  disk: Disk = realDisk,
): Promise<EvidenceVault> {
  const path = resolve(root, place.place);
  const stats = await lstatOrNull(path);
  if (stats?.isDirectory() !== true)
    throw new GovbootError('FILE_MISSING', `${path} is no folder`, {
      hint: 'mount the disk, or make the folder, and name it again',
      data: { file: path },
    });
  const store = makeStore(path, [], FILE_MODE, disk);
  const failing = async <T>(key: string, work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      if (!isGovbootError(error) || error.code !== 'EVIDENCE_WRITE') throw error;
      throw new GovbootError('VAULT_FAILED', error.message, { data: { key }, cause: error });
    }
  };
  return {
    place: { kind: 'folder', place: path, account: null, region: null, endpoint: null },
    versions: async (prefix) => {
      const folder = prefix.slice(0, Math.max(0, prefix.lastIndexOf('/')));
      return (await store.list(folder))
        .filter((key) => key.startsWith(prefix))
        .map((key) => ({ key, version: NO_VERSION, is: 'object', latest: true }));
    },
    open: async (key, version) => {
      const bytes = version === NO_VERSION ? await store.read(key) : null;
      return bytes === null
        ? null
        : {
            version: NO_VERSION,
            bytes: bytes.length,
            retention: { mode: 'none', until: null },
            read: async () => bytes,
          };
    },
    create: (key, bytes) =>
      failing(key, async () => {
        try {
          await store.create(key, bytes);
          return { version: NO_VERSION };
        } catch (error) {
          if (isGovbootError(error) && error.code === 'FILE_EXISTS') return null;
          throw error;
        }
      }),
  };
}
