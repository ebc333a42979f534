/** Receipts as they lie in the evidence folder: which places hold what, as it was once seen. Whether to believe them is judged in verify-store.ts. */
import { attempt } from '../kernel/errors.ts';
import { parseReceipt, type ReceiptObject, type StoreReceipt } from '../inputs/store-receipt.ts';
import type { VaultPlace } from '../ports.ts';
import { parseReceiptName, signatureOf } from './layout.ts';
import { isSamePlace } from './vault-layout.ts';

export interface ReceiptFile {
  readonly file: string;
  readonly bytes: Uint8Array;
  /** null where it is missing. */
  readonly signature: Uint8Array | null;
  /** What is wrong with its form, where it cannot be read. */
  readonly read:
    | { readonly is: 'receipt'; readonly receipt: StoreReceipt }
    | { readonly is: 'problem'; readonly what: string };
}

/** Every receipt among the files, in the order of their names. */
export function receiptsOf(files: ReadonlyMap<string, Uint8Array>): readonly ReceiptFile[] {
  return [...files]
    .filter(([name]) => parseReceiptName(name)?.is === 'receipt')
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([file, bytes]) => ({
      file,
      bytes,
      signature: files.get(signatureOf(file)) ?? null,
      read: attempt(
        (): ReceiptFile['read'] => ({ is: 'receipt', receipt: parseReceipt(bytes, file) }),
        ({ code, message }) => ({ is: 'problem', what: `${code}: ${message}` }),
      ),
    }));
}

/** What is on record of one place: each key with what its newest receipt says. */
export function coveredBy(
  receipts: readonly ReceiptFile[],
  place: VaultPlace,
): ReadonlyMap<string, ReceiptObject> {
  const covered = new Map<string, ReceiptObject>();
  for (const receipt of receiptsFor(receipts, place))
    for (const object of receipt.objects) covered.set(object.key, object);
  return covered;
}

/** Those of one place, the oldest first. */
export function receiptsFor(receipts: readonly ReceiptFile[], place: VaultPlace): readonly StoreReceipt[] {
  return receipts
    .flatMap(({ read }) =>
      read.is === 'receipt' && isSamePlace(place, read.receipt.store) ? [read.receipt] : [],
    )
    .sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0));
}
