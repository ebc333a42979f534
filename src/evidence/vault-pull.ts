/**
 * Pull: the newest sealed evidence that a vault holds whole, by versions: those that receipts name, else the first content under each
 * key, as whatever came later only hides it. The vault may lie about anything; what is fetched is what the seal and the receipts say.
 */
import { mapBounded } from '../kernel/bounded.ts';
import { sha256 } from '../kernel/digest.ts';
import { attempt, GovbootError } from '../kernel/errors.ts';
import { clip, safe } from '../kernel/text.ts';
import type { ReceiptObject } from '../inputs/store-receipt.ts';
import type { EvidenceVault } from '../ports.ts';
import { entryName, isLockCoSignature, isOfLayout, parseReceiptName, signatureOf, SUMS } from './layout.ts';
import { parseSums } from './sums.ts';
import { listVault, parseVaultKey, vaultKey, type VaultListing } from './vault-layout.ts';
import { PARALLEL } from './vault-push.ts';

export interface PullFrom {
  readonly vault: EvidenceVault;
  readonly prefix: string;
  /** What receipts at hand say of this place: those very versions are fetched. */
  readonly told: ReadonlyMap<string, ReceiptObject>;
}

export interface PullInput extends PullFrom {
  /** Stores one file; never over another. */
  readonly write: (name: string, bytes: Uint8Array) => Promise<void>;
}

export interface Pulled {
  /** Entries that the seal is over. */
  readonly size: number;
  readonly files: number;
  readonly bytes: number;
  /** Larger sizes that are not whole, or are no evidence. */
  readonly passed: readonly string[];
  readonly strays: readonly string[];
}

/** Files and bytes of one evidence folder; more is not evidence of ours. */
const MOST_FILES = 200_000;
const MOST_BYTES = 2 * 1024 * 1024 * 1024;

/** The newest sealed evidence of a vault, each file read when it is asked for. */
export interface WholeSet {
  /** Entries that the seal is over. */
  readonly size: number;
  /** The seal is last: who copies in this order never has a folder that looks whole and is not. */
  readonly names: readonly string[];
  /** null for what is not among the names. @throws VAULT_CONFLICT for content that is not what was sealed, FILE_UNSAFE for too much */
  readonly read: (name: string) => Promise<Uint8Array | null>;
  readonly passed: readonly string[];
  readonly strays: readonly string[];
}

/** @throws EVIDENCE_MISSING when no whole set is there, FILE_UNSAFE for too many files */
export async function newestWholeSet(input: PullFrom): Promise<WholeSet> {
  const { vault, prefix } = input;
  const listing = await listVault(vault, prefix);
  const { set, passed } = await newestWhole(input, listing);
  const last = [signatureOf(SUMS), SUMS];
  const rest = new Set([...set.listed.keys(), ...besideOf(prefix, set.size, listing)]);
  for (const name of last) rest.delete(name);
  const names = [...rest, ...last];
  if (names.length > MOST_FILES)
    throw new GovbootError(
      'FILE_UNSAFE',
      `${vault.place.place} lists ${String(names.length)} files of evidence`,
    );
  const known = new Set(names);
  const fetched = { bytes: 0 };
  const read = async (name: string): Promise<Uint8Array | null> => {
    if (!known.has(name)) return null;
    const bytes = name === SUMS ? set.sums : await fetchOne(input, listing, set, name, fetched);
    fetched.bytes += bytes.length;
    return bytes;
  };
  return { size: set.size, names, read, passed, strays: listing.strays };
}

/** @throws what `newestWholeSet` and its `read` throw */
export async function pull(input: PullInput): Promise<Pulled> {
  const { size, names, read, passed, strays } = await newestWholeSet(input);
  const fetched = { files: 0, bytes: 0 };
  const one = async (name: string): Promise<void> => {
    const bytes = await read(name);
    if (bytes === null) return;
    await input.write(name, bytes);
    fetched.files += 1;
    fetched.bytes += bytes.length;
  };
  await mapBounded(names.slice(0, -2), PARALLEL, one);
  for (const name of names.slice(-2)) await one(name);
  return { size, ...fetched, passed, strays };
}

interface Sealed {
  readonly size: number;
  readonly sums: Uint8Array;
  readonly listed: ReadonlyMap<string, string>;
}

async function newestWhole(
  input: PullFrom,
  listing: VaultListing,
): Promise<{ readonly set: Sealed; readonly passed: readonly string[] }> {
  const { vault, prefix } = input;
  const sizes = [...listing.records.keys()]
    .flatMap((key) => {
      const place = parseVaultKey(prefix, key);
      return place?.name === SUMS && place.size !== null ? [place.size] : [];
    })
    .sort((a, b) => b - a);
  const passed: string[] = [];
  for (const size of sizes) {
    const set = await sealedAt(input, listing, size);
    if (typeof set !== 'string') return { set, passed };
    passed.push(`${String(size)} entries: ${set}`);
  }
  const why = passed[0] === undefined ? '' : `: ${passed[0]}`;
  throw new GovbootError(
    'EVIDENCE_MISSING',
    `${vault.place.place} holds no whole sealed evidence under ${prefix}${why}`,
    {
      hint: 'look whether the place and the environment are right; `govboot evidence push` finishes a push that was cut off',
    },
  );
}

/** The set of one size, or why it is none. */
async function sealedAt(input: PullFrom, listing: VaultListing, size: number): Promise<Sealed | string> {
  const key = vaultKey(input.prefix, size, SUMS);
  const sums = await versionOf(input, listing, key);
  if (sums === null) return `${SUMS} is not there`;
  const listed = attempt(
    () => parseSums(sums),
    ({ message }) => message,
  );
  if (typeof listed === 'string') return listed;
  const names = [...listed.keys(), signatureOf(SUMS)];
  const foreign = names.find((name) => !isOfLayout(name));
  if (foreign !== undefined) return `${SUMS} lists ${clip(safe(foreign), 80)}, which no evidence holds`;
  if (size === 0 || !listed.has(entryName(size - 1)) || listed.has(entryName(size)))
    return `${SUMS} is not over so many`;
  const missing = names.filter((name) => !listing.records.has(vaultKey(input.prefix, size, name)));
  return missing.length === 0
    ? { size, sums, listed }
    : `${String(missing.length)} files are missing, ${missing[0] ?? ''} for one`;
}

/** What is signed on its own and lies beside the seal: further signatures of the lock, and receipts that are whole. */
function besideOf(prefix: string, size: number, { records }: VaultListing): readonly string[] {
  const places = [...records.keys()].flatMap((key) => parseVaultKey(prefix, key) ?? []);
  const names = new Set(places.map(({ name }) => name));
  return places
    .filter(({ name, size: at }) =>
      at === null
        ? parseReceiptName(name) !== null && names.has(name.replace(/\.asc$/, '')) && isSigned(name, names)
        : at === size && isLockCoSignature(name),
    )
    .map(({ name }) => name);
}

function isSigned(name: string, names: ReadonlySet<string>): boolean {
  return name.endsWith('.asc') || names.has(signatureOf(name));
}

async function fetchOne(
  input: PullFrom,
  listing: VaultListing,
  { size, listed }: Sealed,
  name: string,
  sofar: { readonly bytes: number },
): Promise<Uint8Array> {
  const { vault } = input;
  const key = vaultKey(input.prefix, size, name);
  const bytes = await versionOf(input, listing, key, sofar.bytes);
  const digest = listed.get(name);
  const found = bytes === null ? null : sha256(bytes);
  if (bytes !== null && (digest === undefined || found === digest)) return bytes;
  throw new GovbootError(
    'VAULT_CONFLICT',
    `${vault.place.place}: ${key} is ${found === null ? 'not there any more' : `SHA-256 ${found}`}; ${SUMS} says ${digest ?? 'nothing'}`,
    { data: { key, found, wanted: digest ?? null } },
  );
}

/** The version that a receipt names, else the first content under the key. */
async function versionOf(
  { vault, told }: PullFrom,
  { records }: VaultListing,
  key: string,
  sofar = 0,
): Promise<Uint8Array | null> {
  const receipt = told.get(key);
  const version = receipt?.version_id ?? records.get(key)?.version;
  const object = version === undefined ? null : await vault.open(key, version);
  if (object === null) return null;
  if (sofar + object.bytes > MOST_BYTES)
    throw new GovbootError('FILE_UNSAFE', `${vault.place.place} holds more than ${String(MOST_BYTES)} bytes`);
  const bytes = await object.read();
  if (receipt === undefined || sha256(bytes) === receipt.sha256) return bytes;
  throw new GovbootError(
    'VAULT_CONFLICT',
    `${vault.place.place}: ${key} (version ${receipt.version_id}) is SHA-256 ${sha256(bytes)}; its receipt says ${receipt.sha256}`,
    { data: { key, found: sha256(bytes), wanted: receipt.sha256 } },
  );
}
