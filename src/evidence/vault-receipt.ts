/** Makes the receipts of a push. Each lies in the vault first, where nobody can take its name away, and then in the evidence folder. */
import { canonicalBytes, sameBytes } from '../kernel/canonical.ts';
import { sha256 } from '../kernel/digest.ts';
import { GovbootError } from '../kernel/errors.ts';
import { toJson } from '../kernel/json.ts';
import type { Instant } from '../kernel/time.ts';
import type { Mode } from '../inputs/facts.ts';
import {
  MOST_OBJECTS,
  parseReceipt,
  RECEIPT_SCHEMA,
  type ReceiptObject,
  type StoreReceipt,
} from '../inputs/store-receipt.ts';
import type { EvidenceStore, EvidenceVault } from '../ports.ts';
import { receiptName, signatureOf } from './layout.ts';
import type { Sign } from './sign.ts';
import { placeMark, vaultKey } from './vault-layout.ts';
import { firstVersion } from './vault-push.ts';

export interface ReceiptInput {
  readonly store: EvidenceStore;
  readonly vault: EvidenceVault;
  readonly prefix: string;
  /** Whether the vault is the environment's own. */
  readonly isOwn: boolean;
  readonly mode: Mode;
  readonly origin: StoreReceipt['origin'];
  readonly ledger: StoreReceipt['ledger'];
  readonly now: () => Instant;
  readonly sign: Sign;
}

/** More at the same size of the ledger were somebody's mistake. */
const MOST_NAMES = 999;

/** Signs what was read back. @returns the names of the receipts in the evidence folder */
export async function writeReceipts(
  input: ReceiptInput,
  objects: readonly ReceiptObject[],
): Promise<readonly string[]> {
  const names: string[] = [];
  for (let from = 0; from < objects.length; from += MOST_OBJECTS)
    names.push(await writeReceipt(input, objects.slice(from, from + MOST_OBJECTS)));
  return names;
}

async function writeReceipt(input: ReceiptInput, objects: readonly ReceiptObject[]): Promise<string> {
  const { store, vault, mode, origin, ledger, now, sign } = input;
  const receipt: StoreReceipt = {
    schema: RECEIPT_SCHEMA,
    mode,
    origin,
    time: now(),
    ledger,
    store: vault.place,
    objects: [...objects],
  };
  const bytes = canonicalBytes(toJson(receipt));
  // It stays for good; one that could not be read again would spoil the evidence.
  parseReceipt(bytes, 'the receipt');
  const signature = await sign(bytes);
  const name = await placed(input, bytes);
  await keep(vault, vaultKey(input.prefix, ledger.size, signatureOf(name)), signature);
  // As with entries: a receipt is never there without its signature.
  await store.create(signatureOf(name), signature);
  await store.create(name, bytes);
  return name;
}

/** Under the first name that is free here and there. */
async function placed(
  { store, vault, prefix, isOwn, ledger }: ReceiptInput,
  bytes: Uint8Array,
): Promise<string> {
  const mark = isOwn ? null : placeMark(vault.place);
  for (let nth = 1; nth <= MOST_NAMES; nth++) {
    const name = receiptName(ledger.size, mark, nth);
    const isTaken = (await store.read(name)) !== null || (await store.read(signatureOf(name))) !== null;
    if (!isTaken && (await vault.create(vaultKey(prefix, ledger.size, name), bytes)) !== null) return name;
  }
  throw new GovbootError(
    'VAULT_CONFLICT',
    `${vault.place.place}: ${String(MOST_NAMES)} receipts have the same size`,
  );
}

/** A lost answer may have left it there already. */
async function keep(vault: EvidenceVault, key: string, bytes: Uint8Array): Promise<void> {
  if ((await vault.create(key, bytes)) !== null) return;
  const record = await firstVersion(vault, key);
  const found = record === null ? null : await (await vault.open(key, record))?.read();
  if (found != null && sameBytes(found, bytes)) return;
  throw new GovbootError('VAULT_CONFLICT', `${vault.place.place}: ${key} is there already, and is not ours`, {
    data: { key, wanted: sha256(bytes) },
  });
}
