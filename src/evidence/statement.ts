/** What others are asked to vouch for: a state of the ledger, as its checkpoint for a time stamp, and as an in-toto statement. */
import { sha256, type Sha256 } from '../kernel/digest.ts';
import { statementBytes } from '../inputs/attestation.ts';
import { checkpointBytes, ledgerRoot, originLine } from './checkpoint.ts';
import { CHECKPOINT, LOCK } from './layout.ts';
import type { Ledger } from './ledger.ts';
import { hex } from './merkle.ts';

/** The ledger as it was after its first `size` entries. */
export interface LedgerState {
  readonly size: number;
  readonly rootSha256: string;
  /** Of the checkpoint over these entries: what a time stamp is over. */
  readonly checkpointSha256: Sha256;
  /** The in-toto statement about them, byte for byte. */
  readonly statement: Uint8Array;
}

/** @returns null for a size that the ledger does not have, and where nobody knows whose ledger it is */
export function stateOf({ items }: Pick<Ledger, 'items'>, size: number): LedgerState | null {
  const [first, head] = [items[0]?.entry, items[size - 1]];
  if (first?.type !== 'GENESIS' || head === undefined) return null;
  const { repository, environment } = first.body.origin;
  const root = ledgerRoot(items, size);
  const checkpointSha256 = sha256(checkpointBytes({ origin: originLine(first.body.origin), size, root }));
  const lock = items
    .slice(0, size)
    .flatMap(({ entry }) => (entry.type === 'LOCK_WRITTEN' ? [entry.body.lock_sha256] : []))
    .at(-1);
  const rootSha256 = hex(root);
  return {
    ...{ size, rootSha256, checkpointSha256 },
    statement: statementBytes({
      subject: [
        { name: CHECKPOINT, digest: { sha256: checkpointSha256 } },
        ...(lock === undefined ? [] : [{ name: LOCK, digest: { sha256: lock } } as const]),
      ],
      predicate: {
        mode: first.mode,
        origin: { repository, environment },
        ledger: { size, head_sha256: head.sha256, root_sha256: rootSha256 },
      },
    }),
  };
}
