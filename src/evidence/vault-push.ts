/**
 * Push: what a vault lacks of the sealed evidence is put there, and everything that no receipt tells of yet is read back by its version.
 * The seal comes last, so that a push that was cut off never looks complete; a further push finishes it.
 */
import { mapBounded } from '../kernel/bounded.ts';
import { sha256, type Sha256 } from '../kernel/digest.ts';
import { GovbootError } from '../kernel/errors.ts';
import type { ReceiptObject } from '../inputs/store-receipt.ts';
import type { EvidenceVault, VaultObject } from '../ports.ts';
import { CHECKPOINT, isLockCoSignature, parseReceiptName, signatureOf, SUMS } from './layout.ts';
import type { Ledger, Reader } from './ledger.ts';
import { parseSums } from './sums.ts';
import { listVault, vaultKey, type VaultListing } from './vault-layout.ts';

/** Objects that are written and read back side by side. */
export const PARALLEL = 8;

/** What a vault is to hold: the evidence as it was sealed last. */
export interface SealedSet {
  /** Entries that the seal is over. */
  readonly size: number;
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/**
 * The files under the seal, the seal itself, and what is signed on its own beside it: receipts and further signatures of the lock.
 * @throws EVIDENCE_UNDECIDED when the evidence is not sealed, or a run has not ended
 */
export async function sealedSet(store: Reader, ledger: Ledger): Promise<SealedSet> {
  const sums = await store.read(SUMS);
  const size = ledger.items.length;
  if (sums === null || ledger.sealed < size || ledger.checkpoint?.size !== size)
    throw new GovbootError('EVIDENCE_UNDECIDED', 'the evidence is not sealed: a run has not ended', {
      hint: 'finish it with `govboot apply --resume`, which seals the evidence; then push again',
    });
  const names = await store.list('');
  const beside = names.filter(
    (name) => isLockCoSignature(name) || (parseReceiptName(name) !== null && isPaired(name, names)),
  );
  const files = new Map<string, Uint8Array>();
  for (const name of new Set([...parseSums(sums).keys(), SUMS, signatureOf(SUMS), ...beside])) {
    const bytes = await store.read(name);
    if (bytes !== null) files.set(name, bytes);
  }
  return { size, files };
}

/** A receipt without its signature vouches for nothing, and the other way round. */
function isPaired(name: string, names: readonly string[]): boolean {
  const receipt = name.replace(/\.asc$/, '');
  return names.includes(receipt) && names.includes(signatureOf(receipt));
}

export interface PushInput {
  readonly vault: EvidenceVault;
  readonly prefix: string;
  readonly sealed: SealedSet;
  /** What receipts of this place tell of already. */
  readonly covered: ReadonlyMap<string, ReceiptObject>;
  /** Told after each object. */
  readonly progress?: (done: number, all: number) => void;
}

export interface Pushed {
  /** How many were put there now. */
  readonly created: number;
  /** What no receipt tells of yet, as it was read back; empty when there is nothing to make a receipt of. */
  readonly objects: readonly ReceiptObject[];
  readonly listing: VaultListing;
}

interface Wanted {
  readonly name: string;
  readonly key: string;
  readonly bytes: Uint8Array;
  readonly sha256: Sha256;
}

/** Files of which the vault has no version, and those of which no receipt tells. */
export function pendingOf(
  { prefix, sealed, covered }: Pick<PushInput, 'prefix' | 'sealed' | 'covered'>,
  { records }: VaultListing,
): { readonly pending: readonly Wanted[]; readonly untold: readonly Wanted[] } {
  const wanted = [...sealed.files].map(([name, bytes]): Wanted => {
    return { name, key: vaultKey(prefix, sealed.size, name), bytes, sha256: sha256(bytes) };
  });
  const pending = wanted.filter(({ key }) => !records.has(key));
  const untold = wanted.filter(({ key, sha256: digest }) => {
    const told = covered.get(key);
    return told?.sha256 !== digest || records.get(key)?.version !== told.version_id;
  });
  // A receipt that tells of nothing but receipts would call for the next one, for ever.
  return { pending, untold: untold.every(isReceipt) ? [] : untold };
}

function isReceipt({ name }: Wanted): boolean {
  return parseReceiptName(name) !== null;
}

/** @throws VAULT_CONFLICT, VAULT_FAILED, and whatever the vault throws */
export async function push(input: PushInput): Promise<Pushed> {
  const { vault, prefix, progress = () => undefined } = input;
  const listing = await listVault(vault, prefix);
  const { pending, untold } = pendingOf(input, listing);
  const work = [...new Set([...pending, ...untold])];
  const isPending = new Set(pending);
  let done = 0;
  const one = async (wanted: Wanted): Promise<ReceiptObject> => {
    const record = isPending.has(wanted) ? null : (listing.records.get(wanted.key)?.version ?? null);
    const object = await stored(vault, wanted, record);
    progress(++done, work.length);
    return object;
  };
  const objects = [
    ...(await mapBounded(
      work.filter(({ name }) => !isSeal(name)),
      PARALLEL,
      one,
    )),
  ];
  // One after another, the body of SHA256SUMS last.
  for (const name of SEAL) {
    const wanted = work.find((each) => each.name === name);
    if (wanted !== undefined) objects.push(await one(wanted));
  }
  const keys = new Set(untold.map(({ key }) => key));
  return {
    created: pending.length,
    objects: objects.filter(({ key }) => keys.has(key)).sort((a, b) => (a.key < b.key ? -1 : 1)),
    listing,
  };
}

const SEAL = [signatureOf(CHECKPOINT), CHECKPOINT, signatureOf(SUMS), SUMS] as const;

function isSeal(name: string): boolean {
  return (SEAL as readonly string[]).includes(name);
}

/** Puts it there, or finds it there; then reads that very version back. @param record the version to compare, where there is one */
async function stored(vault: EvidenceVault, wanted: Wanted, record: string | null): Promise<ReceiptObject> {
  const { key, bytes } = wanted;
  const version = record ?? (await vault.create(key, bytes))?.version ?? (await firstVersion(vault, key));
  const object = version === null ? null : await vault.open(key, version);
  if (object === null)
    throw new GovbootError('VAULT_FAILED', `${vault.place.place}: ${key} was stored, and is not there`, {
      data: { key },
    });
  await assertSame(vault, wanted, object);
  return {
    key,
    sha256: wanted.sha256,
    bytes: bytes.length,
    version_id: object.version,
    retention: object.retention,
  };
}

/** Somebody was quicker, or an answer was lost: the first content under a key is its record. */
export async function firstVersion(vault: EvidenceVault, key: string): Promise<string | null> {
  const versions = await vault.versions(key);
  return versions.findLast((each) => each.key === key && each.is === 'object')?.version ?? null;
}

async function assertSame(
  vault: EvidenceVault,
  { key, sha256: digest }: Wanted,
  object: VaultObject,
): Promise<void> {
  const found = sha256(await object.read());
  if (found === digest) return;
  throw new GovbootError(
    'VAULT_CONFLICT',
    `${vault.place.place}: ${key} is SHA-256 ${found} there (version ${object.version}) and ${digest} here`,
    { data: { key, version: object.version, found, wanted: digest } },
  );
}
