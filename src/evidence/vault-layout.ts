/**
 * Names in a vault. Each is written once and never again, so what changes in the evidence folder (the heads, keys, journals) is kept
 * under the size of the ledger that it was sealed over. Written once here; docs/formats.md tells it.
 */
import type { Mode } from '../inputs/facts.ts';
import { sha256 } from '../kernel/digest.ts';
import type { EvidenceVault, VaultPlace, VaultVersion } from '../ports.ts';
import { eightDigits, isOfLayout } from './layout.ts';

const HEADS = 'heads';

/** What all names of one environment's evidence begin with: `dev/`. */
export function vaultPrefix(mode: Mode, environment: string): string {
  return mode === 'REHEARSAL' ? `rehearsal/${environment}/` : `${environment}/`;
}

/** Files that never change keep their names. */
function isFixed(name: string): boolean {
  return /^(ledger|blobs|receipts)\//.test(name);
}

/** Where a file of the evidence lies in a vault, as it was sealed over `size` entries. */
export function vaultKey(prefix: string, size: number, name: string): string {
  return isFixed(name) ? `${prefix}${name}` : `${prefix}${HEADS}/${eightDigits(size)}/${name}`;
}

/** The file that lies under a name, with the size that it was sealed over where it is a head; null for a name that no file has. */
export function parseVaultKey(
  prefix: string,
  key: string,
): { readonly name: string; readonly size: number | null } | null {
  if (!key.startsWith(prefix)) return null;
  const rest = key.slice(prefix.length);
  const [, size, head] = /^heads\/([0-9]{8})\/(.+)$/.exec(rest) ?? [];
  const name = head ?? rest;
  if (!isOfLayout(name) || isFixed(name) !== (head === undefined)) return null;
  return { name, size: size === undefined ? null : Number(size) };
}

/** What a vault has under each key of one environment. */
export interface VaultListing {
  /** The first content that was written under a key: that is the record, and whatever came after it only hides it. */
  readonly records: ReadonlyMap<string, VaultVersion>;
  /** The version, or marker, that whoever asks for a key alone gets. */
  readonly newest: ReadonlyMap<string, string>;
  /** Names that no file of evidence has. They are left alone, and never become part of a path. */
  readonly strays: readonly string[];
}

/** Asks once for everything. */
export async function listVault(vault: EvidenceVault, prefix: string): Promise<VaultListing> {
  const records = new Map<string, VaultVersion>();
  const newest = new Map<string, string>();
  const strays = new Set<string>();
  for (const version of await vault.versions(prefix)) {
    const { key } = version;
    if (parseVaultKey(prefix, key) === null) {
      strays.add(key);
      continue;
    }
    if (version.is === 'object') records.set(key, version);
    if (version.latest) newest.set(key, version.version);
  }
  return { records, newest, strays: [...strays] };
}

/** Whether a receipt tells of that vault. */
export function isSamePlace(a: VaultPlace, b: Pick<VaultPlace, 'kind' | 'place' | 'endpoint'>): boolean {
  return a.kind === b.kind && a.place === b.place && a.endpoint === b.endpoint;
}

/** Tells receipts of other places apart in their names. */
export function placeMark({ kind, place, endpoint }: VaultPlace): string {
  return sha256(`${kind}\n${place}\n${endpoint ?? ''}\n`).slice(0, 8);
}
