/** A governed document with the signatures that lie beside it. */
import { isSignatureOf } from '../inputs/beside.ts';
import type { FileRead, Maybe, SignatureFacts, SignedFile } from '../inputs/facts.ts';
import type { Repository } from '../ports.ts';
import { listed } from './listed.ts';

/** Signatures beside one document: each is given to every verifier, and a folder that no tag covers may hold any number. */
export const MOST_SIGNATURES = 32;

/** Asks the verifiers about one signature. */
export type Verify = (data: Uint8Array, signature: FileRead) => Promise<SignatureFacts>;

export interface ReadSigned {
  readonly document: Maybe<SignedFile>;
  /** The signature files, as they were read. */
  readonly beside: readonly FileRead[];
}

/** Reads a document, and has every signature beside it judged. */
export async function readSigned(repository: Repository, path: string, verify: Verify): Promise<ReadSigned> {
  const read = await repository.read(path);
  if (read.is === 'problem') return { document: read, beside: [] };
  const files = await listed(() => besideOf(repository, path));
  if (files.is === 'problem') return { document: files, beside: [] };
  const beside = files.value;
  if (beside.length > MOST_SIGNATURES)
    return { document: { is: 'problem', problem: tooMany(path, beside.length) }, beside: [] };
  const signatures = await Promise.all(beside.map((file) => verify(read.value.bytes, file)));
  return { document: { is: 'read', value: { file: read.value, signatures } }, beside };
}

/** Every signature beside a document, however many there are. */
export async function besideOf(repository: Repository, path: string): Promise<readonly FileRead[]> {
  const folder = path.slice(0, Math.max(0, path.lastIndexOf('/')));
  return repository.list(folder, (each) => isSignatureOf(path, each));
}

export function tooMany(path: string, count: number): { readonly code: 'SIG_COUNT'; readonly wrong: string } {
  return {
    code: 'SIG_COUNT',
    wrong: `${path} has ${String(count)} signatures beside it, more than ${String(MOST_SIGNATURES)}`,
  };
}
