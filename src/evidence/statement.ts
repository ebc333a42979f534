/** What others are asked to vouch for: a state of the ledger, as its checkpoint for a time stamp, and as an in-toto statement. */
import { sha256, type Sha256 } from '../kernel/digest.ts';
import { statementBytes } from '../inputs/attestation.ts';
import type { LinkedEntry } from './chain.ts';
import { checkpointBytes, originLine, treeOf, type LedgerTree } from './checkpoint.ts';
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

/** A ledger as far as it can be stated: whole, or as verify keeps it. */
export interface StatedLedger {
  /** GENESIS and every LOCK_WRITTEN, whatever else is among them. */
  readonly items: readonly Pick<LinkedEntry, 'entry'>[];
  readonly tree: LedgerTree;
  /** SHA-256 of an entry's bytes, by its place among all. */
  readonly digestAt: (index: number) => string | null;
}

/** A ledger that is there as a whole. */
export function statedLedger({ items }: Pick<Ledger, 'items'>): StatedLedger {
  return { items, tree: treeOf(items), digestAt: (index) => items[index]?.sha256 ?? null };
}

/** @returns null for a size that the ledger does not have, and where nobody knows whose ledger it is */
export function stateOf({ items, tree, digestAt }: StatedLedger, size: number): LedgerState | null {
  const first = items[0]?.entry;
  const head = size > tree.size ? null : digestAt(size - 1);
  if (first?.type !== 'GENESIS' || head === null) return null;
  const { repository, environment } = first.body.origin;
  const root = tree.root(size);
  const checkpointSha256 = sha256(checkpointBytes({ origin: originLine(first.body.origin), size, root }));
  const lock = items
    .flatMap(({ entry }) =>
      entry.type === 'LOCK_WRITTEN' && entry.seq < size ? [entry.body.lock_sha256] : [],
    )
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
        ledger: { size, head_sha256: head, root_sha256: rootSha256 },
      },
    }),
  };
}
