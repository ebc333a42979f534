/** What the receipts in the evidence folder tell of stores, without asking any: how much of the sealed evidence each was seen to hold. */
import { isGovbootError } from '../kernel/errors.ts';
import type { Instant } from '../kernel/time.ts';
import type { ReceiptObject } from '../inputs/store-receipt.ts';
import type { Ledger } from '../evidence/ledger.ts';
import { parseReceiptName } from '../evidence/layout.ts';
import { coveredBy, receiptsFor, receiptsOf, type ReceiptFile } from '../evidence/receipts.ts';
import { isSamePlace, vaultPrefix, type VaultListing } from '../evidence/vault-layout.ts';
import { pendingOf, sealedSet, type SealedSet } from '../evidence/vault-push.ts';
import type { EvidenceStore, Ports, VaultPlace } from '../ports.ts';
import { ownStoreOf } from './vault-place.ts';

export interface StoreTold {
  readonly place: VaultPlace;
  readonly isOwn: boolean;
  /** Entries of the ledger that are sealed here, and files that are; receipts are counted nowhere, as none tells of itself. */
  readonly size: number;
  readonly files: number;
  /** Those of them of which no receipt of this place tells. */
  readonly untold: readonly string[];
  readonly lastReceipt: Instant | null;
  /** Why nothing can be pushed yet; null where it can. */
  readonly open: string | null;
}

/** Of the environment's own store, where it has one, and of every other place that a receipt names, in the order of the receipts. */
export async function storesTold(
  ports: Ports,
  environment: string,
  { store, ledger }: { readonly store: EvidenceStore; readonly ledger: Ledger },
): Promise<readonly StoreTold[]> {
  const own = (await ownStoreOf(ports, environment, ledger))?.place ?? null;
  const receipts = receiptsOf(await receiptFiles(store));
  const others = receipts.flatMap(({ read }) => (read.is === 'receipt' ? [read.receipt.store] : []));
  const places = [...(own === null ? [] : [own]), ...others].filter(
    (place, i, all) => all.findIndex((each) => isSamePlace(each, place)) === i,
  );
  // Without a place, there is nothing for which all of it would have to be read.
  if (places.length === 0) return [];
  const sealed = await sealedOrWhy(store, ledger);
  const prefix = vaultPrefix(ports.mode, environment);
  return places.map((place) => ({
    ...toldOf(place, receipts, sealed, prefix),
    isOwn: own !== null && isSamePlace(own, place),
  }));
}

async function receiptFiles(store: EvidenceStore): Promise<ReadonlyMap<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  for (const name of await store.list('')) {
    const bytes = parseReceiptName(name) === null ? null : await store.read(name);
    if (bytes !== null) files.set(name, bytes);
  }
  return files;
}

async function sealedOrWhy(store: EvidenceStore, ledger: Ledger): Promise<SealedSet | string> {
  if (ledger.items.length === 0) return 'there is no evidence yet';
  try {
    return await sealedSet(store, ledger);
  } catch (error) {
    if (isGovbootError(error) && error.code === 'EVIDENCE_UNDECIDED') return error.message;
    throw error;
  }
}

function toldOf(
  place: VaultPlace,
  receipts: readonly ReceiptFile[],
  sealed: SealedSet | string,
  prefix: string,
): Omit<StoreTold, 'isOwn'> {
  const lastReceipt = receiptsFor(receipts, place).at(-1)?.time ?? null;
  if (typeof sealed === 'string') return { place, size: 0, files: 0, untold: [], lastReceipt, open: sealed };
  const covered = coveredBy(receipts, place);
  const { untold } = pendingOf({ prefix, sealed, covered }, asTold(covered));
  const isEvidence = (name: string): boolean => parseReceiptName(name) === null;
  return {
    place,
    size: sealed.size,
    files: [...sealed.files.keys()].filter(isEvidence).length,
    untold: untold.map(({ name }) => name).filter(isEvidence),
    lastReceipt,
    open: null,
  };
}

/** The store as it was when its receipts were made. */
function asTold(covered: ReadonlyMap<string, ReceiptObject>): VaultListing {
  const records = [...covered.values()].map(
    ({ key, version_id: version }) => [key, { key, version, is: 'object', latest: true }] as const,
  );
  return { records: new Map(records), newest: new Map(), strays: [] };
}
