/** The checkpoint: origin, size and RFC 6962 root of the ledger in three lines (C2SP tlog-checkpoint body), signed with OpenPGP. */
import { sameBytes } from '../kernel/canonical.ts';
import { GovbootError } from '../kernel/errors.ts';
import { clip, safe } from '../kernel/text.ts';
import { fromBase64, toBase64 } from '../inputs/base64.ts';
import { CHECKPOINT, parseEntryName } from './layout.ts';
import { leafHash, merkleRoot, type Hash } from './merkle.ts';

export interface Checkpoint {
  /** `govboot/<repository>/<environment>`. */
  readonly origin: string;
  readonly size: number;
  readonly root: Hash;
}

/** The first line: names whose ledger it is, so that it cannot be shown for another. */
export function originLine(origin: { readonly repository: string; readonly environment: string }): string {
  return `govboot/${origin.repository}/${origin.environment}`;
}

/** Root over the files of the first `size` entries. */
export function ledgerRoot(items: readonly { readonly bytes: Uint8Array }[], size = items.length): Hash {
  return merkleRoot(items.slice(0, size).map(({ bytes }) => leafOf(bytes)));
}

/** Each entry is a leaf of many roots: of the checkpoint, of an anchor, of every lock. */
const leaves = new WeakMap<Uint8Array, Hash>();

function leafOf(bytes: Uint8Array): Hash {
  const known = leaves.get(bytes) ?? leafHash(bytes);
  leaves.set(bytes, known);
  return known;
}

/** Three lines, each ended by a line feed: origin, decimal size, base64 root. */
export function checkpointBytes({ origin, size, root }: Checkpoint): Uint8Array {
  return new TextEncoder().encode(`${origin}\n${String(size)}\n${toBase64(root)}\n`);
}

/** Refuses every spelling but the one that `checkpointBytes` writes. @throws EVIDENCE_INVALID */
export function parseCheckpoint(bytes: Uint8Array): Checkpoint {
  const text = new TextDecoder().decode(bytes);
  const [, origin, size, root] =
    /^(govboot\/[0-9a-f-]{36}\/[a-z][a-z0-9-]{0,31})\n([1-9][0-9]{0,7})\n([A-Za-z0-9+/]{43}=)\n$/.exec(
      text,
    ) ?? [];
  if (origin !== undefined && size !== undefined && root !== undefined) {
    const checkpoint = {
      origin,
      size: Number(size),
      root: fromBase64(root),
    };
    if (sameBytes(checkpointBytes(checkpoint), bytes)) return checkpoint;
  }
  throw new GovbootError(
    'EVIDENCE_INVALID',
    `${CHECKPOINT} is not three lines of origin, size and root: "${clip(safe(text), 120)}"`,
    {
      data: { file: CHECKPOINT },
    },
  );
}

/** A ledger as a growing tree: how many entries could be read, which numbers their files have, and the root over the first of them. */
export interface LedgerTree {
  readonly size: number;
  /** Of the file; rising. */
  numberAt(index: number): number;
  root(size: number): Hash;
}

/** The tree of a ledger that is there as a whole. */
export function treeOf(items: readonly { readonly file: string; readonly bytes: Uint8Array }[]): LedgerTree {
  return {
    size: items.length,
    numberAt: (index) => parseEntryName(items[index]?.file ?? '')?.seq ?? 0,
    root: (size) => ledgerRoot(items, size),
  };
}

/**
 * How the ledger falls short of a checkpoint that was made of it, or null. Sees a cut tail, which the chain alone cannot. Where an entry is
 * missing in the middle, that was told, and nothing can be computed over what it covered.
 */
export function checkpointProblem(
  { size, root }: Checkpoint,
  tree: LedgerTree,
): { readonly kind: 'truncated' | 'broken'; readonly what: string } | null {
  // Numbers rise: the first `size` entries are those that it covers, if the last of them has the number before `size`.
  if (tree.size < size || tree.numberAt(size - 1) >= size) {
    if (tree.size > 0 && tree.numberAt(tree.size - 1) >= size - 1) return null;
    return {
      kind: 'truncated',
      what: `was made over ${String(size)} entries; ${String(tree.size)} are there`,
    };
  }
  return sameBytes(tree.root(size), root)
    ? null
    : { kind: 'broken', what: `the first ${String(size)} entries are not those that it was made over` };
}
