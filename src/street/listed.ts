/** Folders of the governed repository. One that cannot be read is a fact, which a gate refuses and the ledger records; it ends no run by itself. */
import { isGovbootError } from '../kernel/errors.ts';
import type { FileRead, Maybe } from '../inputs/facts.ts';

type Files = readonly FileRead[];

/** The files of a folder, or what is wrong with it: a link or a pipe among them, above all. */
export async function listed(list: () => Promise<Files>): Promise<Maybe<Files>> {
  try {
    return { is: 'read', value: await list() };
  } catch (error) {
    if (!isGovbootError(error)) throw error;
    return { is: 'problem', problem: { code: error.code, wrong: error.message } };
  }
}

/** Key files: a trust file lists at most 200 people and 20 roots. */
const MOST_KEYS = 250;

/** The same, of the folder of keys, which holds no more than there can be people. */
export async function listedKeys(list: () => Promise<Files>): Promise<Maybe<Files>> {
  const files = await listed(list);
  if (files.is === 'problem' || files.value.length <= MOST_KEYS) return files;
  const wrong = `holds ${String(files.value.length)} key files, more than ${String(MOST_KEYS)}`;
  return { is: 'problem', problem: { code: 'KEYRING_SHAPE', wrong } };
}
