/** The evidence as it is examined: every file read once, so that what is hashed, verified and parsed are the same bytes. */
import { fileOf } from '../inputs/file-read.ts';
import { sha256 } from '../kernel/digest.ts';
import { isGovbootError } from '../kernel/errors.ts';
import type { Instant } from '../kernel/time.ts';
import type { FileRead, KeyRead } from '../inputs/facts.ts';
import type { EvidenceReader, Verifier } from '../ports.ts';
import { blobName, isEntryLike, isOfLayout, KEYS_FOLDER } from './layout.ts';
import { readLedger, type Ledger, type LedgerItem, type Reader } from './ledger.ts';
import type { Findings } from './report.ts';

export interface Exhibit {
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** Every name that lies in the folder, whether it could be read or not. */
  readonly names: readonly string[];
  readonly ledger: Ledger;
  readonly keys: readonly FileRead[];
  readonly verifier: Verifier;
  readonly now: Instant;
  readonly findings: Findings;
  /** Entries that SHA256SUMS does not cover: a run that did not reach its seal. */
  readonly unsealed: readonly LedgerItem[];
}

/** Reads everything. @param newer certificates as they are known today, which replace stored ones of the same name */
export async function readExhibit(
  store: EvidenceReader,
  verifier: Verifier,
  now: Instant,
  findings: Findings,
  newer: readonly FileRead[],
): Promise<Exhibit> {
  const listed = await store.list('');
  const files = new Map<string, Uint8Array>();
  const vanished = new Set<string>();
  for (const name of listed.filter((each) => isOfLayout(each) || isEntryLike(each))) {
    try {
      const bytes = await store.read(name);
      if (bytes === null) vanished.add(name);
      else files.set(name, bytes);
    } catch (error) {
      if (!isGovbootError(error)) throw error;
      findings.bad('integrity', name, error.message);
    }
  }
  const names = listed.filter((name) => !vanished.has(name));
  const reader: Reader = {
    list: async (folder) => names.filter((name) => folder === '' || name.startsWith(`${folder}/`)),
    read: async (name) => files.get(name) ?? null,
  };
  const ledger = await readLedger(reader);
  return {
    files,
    names,
    ledger,
    keys: await keysOf(files, newer, verifier),
    verifier,
    now,
    findings,
    // Counted, not by their numbers: where one is gone, those after it are sealed all the same.
    unsealed: ledger.items.slice(ledger.sealed),
  };
}

async function keysOf(
  files: ReadonlyMap<string, Uint8Array>,
  newer: readonly FileRead[],
  verifier: Verifier,
): Promise<FileRead[]> {
  const stored = [...files]
    .filter(([name]) => name.startsWith(`${KEYS_FOLDER}/`))
    .map(([name, bytes]) => fileOf(name, bytes));
  const last = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
  return Promise.all(
    stored.map(async (file) => {
      const given = newer.find(({ path }) => last(path) === last(file.path));
      if (given === undefined) return file;
      const [ours, theirs] = await verifier.keys([file, given]);
      // What is given is vouched for by nobody; a form of the key from before a revocation must not hide it.
      const known = revokedParts(theirs);
      return revokedParts(ours).every((part) => known.includes(part)) ? given : file;
    }),
  );
}

/** Fingerprints of the primary key and subkeys that are revoked. */
function revokedParts(read: KeyRead | undefined): readonly string[] {
  if (read?.is !== 'key') return [];
  return [read.key, ...read.key.subkeys].flatMap((part) => (part.revoked === null ? [] : [part.fingerprint]));
}

/** The content of a blob under the name that it had, if it is there and is what its name says. */
export function blobOf({ files }: Exhibit, digest: string, path: string): FileRead | null {
  const bytes = files.get(blobName(digest));
  return bytes !== undefined && sha256(bytes) === digest ? fileOf(path, bytes) : null;
}
