/** What lies beside the ledger and follows from it: the lock, the checkpoint, SHA256SUMS. Each is held against the ledger here. */
import { sha256, type Sha256 } from '../kernel/digest.ts';
import { parseLock, type BackendLock } from '../inputs/evidence-documents.ts';
import { parsed, type LedgerProblem, type Read } from './chain.ts';
import { checkpointProblem, parseCheckpoint, type Checkpoint, type LedgerTree } from './checkpoint.ts';
import { CHECKPOINT, LOCK, SUMS } from './layout.ts';

export interface Heads {
  readonly lock: { readonly sha256: Sha256; readonly document: BackendLock } | null;
  readonly checkpoint: Checkpoint | null;
  /** Entries that SHA256SUMS lists; what comes after them is not sealed yet. */
  readonly sealed: number;
}

/**
 * Reads them as they are. @param sealedIn how many entries of the ledger these SHA256SUMS list; throws for what it cannot read
 * @returns them, with what is wrong, in the order in which they are read
 */
export async function readHeads(
  read: Read,
  tree: LedgerTree,
  sealedIn: (sums: Uint8Array) => number,
): Promise<Heads & { readonly problems: readonly LedgerProblem[] }> {
  const problems: LedgerProblem[] = [];
  const head = async <T>(name: string, parse: (bytes: Uint8Array) => T): Promise<T | null> => {
    const bytes = await read(name, problems);
    return bytes === null || bytes === 'refused' ? null : parsed(() => parse(bytes), name, problems);
  };
  const lock = await head(LOCK, (bytes) => ({
    document: parseLock(bytes, LOCK),
    sha256: sha256(bytes),
  }));
  const checkpoint = await head(CHECKPOINT, parseCheckpoint);
  const gone = checkpoint === null ? null : checkpointProblem(checkpoint, tree);
  if (gone !== null) problems.push({ ...gone, file: CHECKPOINT });
  const sealed = await head(SUMS, sealedIn);
  return { lock, checkpoint, sealed: sealed ?? 0, problems };
}
