/**
 * The evidence as it is examined: every file is read exactly once, so that what is hashed, verified and parsed are the same bytes. Those
 * of the ledger are judged as they are read (ledger-seen.ts), everything else is kept.
 */
import { fileOf } from '../inputs/file-read.ts';
import { sha256 } from '../kernel/digest.ts';
import { isGovbootError } from '../kernel/errors.ts';
import type { Instant } from '../kernel/time.ts';
import type { FileRead, KeyRead } from '../inputs/facts.ts';
import type { EvidenceReader, Verifier } from '../ports.ts';
import type { LinkedEntry, Read } from './chain.ts';
import type { EntrySignatures, EntryTable, KeptEntry } from './entry-table.ts';
import { FileDigests, type Digests } from './file-digests.ts';
import { readHeads } from './heads.ts';
import { blobName, isEntryLike, isOfLayout, KEYS_FOLDER, LEDGER_FOLDER, SUMS } from './layout.ts';
import type { LedgerView } from './ledger.ts';
import { seeLedger } from './ledger-seen.ts';
import type { Findings } from './report.ts';
import { compareSums, sealedBy, type SumsCompared } from './sums-compared.ts';
import { tellSignature } from './verify-signature.ts';

/** The ledger: whole where a later question is about an entry, and a few octets of every one. */
export interface ExhibitLedger extends LedgerView {
  readonly items: readonly KeptEntry[];
  readonly first: LinkedEntry | null;
  readonly entries: EntryTable;
  readonly signatures: EntrySignatures;
  /** Places of the entries whose signatures every verifier judges. */
  readonly everybody: ReadonlySet<number>;
}

export interface Exhibit {
  /** Everything but the ledger. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** Of every file that was read, the ledger too. */
  readonly digests: Digests;
  readonly ledger: ExhibitLedger;
  readonly sums: SumsCompared;
  readonly keys: readonly FileRead[];
  readonly verifier: Verifier;
  readonly now: Instant;
  readonly findings: Findings;
}

/** As far as signatures and lists of people are judged by it; a proof has no more. */
export type PartialExhibit = Pick<Exhibit, 'files' | 'digests' | 'keys' | 'verifier' | 'now' | 'findings'> & {
  readonly ledger: Pick<ExhibitLedger, 'items'>;
};

/** Reads everything. @param newer certificates as they are known today, which replace stored ones of the same name */
export async function readExhibit(
  store: EvidenceReader,
  verifier: Verifier,
  now: Instant,
  findings: Findings,
  newer: readonly FileRead[],
): Promise<Exhibit> {
  const listed = await store.list('');
  const inLedger = listed.filter(isInLedger);
  const files = new Map<string, Uint8Array>();
  const once = new Once(store, inLedger.length);
  for (const name of listed.filter((each) => !isInLedger(each) && isOfLayout(each))) {
    const bytes = await once.read(name);
    if (bytes !== null && bytes !== 'refused') files.set(name, bytes);
  }
  const keys = await keysOf(files, newer, verifier);
  const seen = await seeLedger(
    inLedger,
    async (name) => (isRead(name) ? once.read(name) : null),
    (bytes, signature) => tellSignature({ keys, verifier, now }, bytes, signature, 'inside'),
  );
  // Signatures of entries that are not there or cannot be read: nothing was asked of them, and SHA256SUMS says what they must be.
  for (const name of inLedger) if (isRead(name) && !once.has(name)) await once.read(name);
  for (const [name, what] of once.refusals()) findings.bad('integrity', name, what);
  const names = once.gone.size === 0 ? listed : listed.filter((name) => !once.gone.has(name));
  const { digests } = once;
  const { entries, signatures, everybody, torn } = seen;
  const sums = compareSums(files.get(SUMS), { names, digests, entries });
  const fromFiles: Read = async (name) => files.get(name) ?? null;
  const { problems, ...heads } = await readHeads(fromFiles, entries, () => sealedBy(sums));
  const ledger = {
    ...{ items: entries.kept, first: entries.first, head: entries.head },
    ...{ entries, signatures, everybody, torn, ...heads },
    problems: [...seen.problems, ...problems],
  };
  return { files, digests, ledger, sums, keys, verifier, now, findings };
}

/** How many entries SHA256SUMS does not cover: of a run that did not reach its seal. Counted: where one is gone, those after it are sealed all the same. */
export function unsealedIn({ entries, sealed }: ExhibitLedger): number {
  return entries.size - sealed;
}

function isInLedger(name: string): boolean {
  return name.startsWith(`${LEDGER_FOLDER}/`);
}

function isRead(name: string): boolean {
  return isOfLayout(name) || isEntryLike(name);
}

/** A store of which every file is read once, and its digest kept. */
class Once {
  readonly digests: FileDigests;
  /** Listed, and not there when it was to be read. */
  readonly gone = new Set<string>();
  readonly #store: EvidenceReader;
  readonly #refused = new Map<string, string>();

  constructor(store: EvidenceReader, inLedger: number) {
    this.#store = store;
    this.digests = new FileDigests(inLedger);
  }

  async read(name: string): Promise<Uint8Array | 'refused' | null> {
    try {
      const bytes = await this.#store.read(name);
      if (bytes === null) this.gone.add(name);
      else this.digests.set(name, sha256(bytes));
      return bytes;
    } catch (error) {
      if (!isGovbootError(error)) throw error;
      this.#refused.set(name, error.message);
      return 'refused';
    }
  }

  has(name: string): boolean {
    return this.digests.has(name) || this.gone.has(name) || this.#refused.has(name);
  }

  /** In the order of the names. */
  refusals(): readonly (readonly [name: string, what: string])[] {
    return [...this.#refused].sort(([a], [b]) => (a < b ? -1 : 1));
  }
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
export function blobOf(
  { files, digests }: Pick<Exhibit, 'files' | 'digests'>,
  digest: string,
  path: string,
): FileRead | null {
  const name = blobName(digest);
  const [bytes, found] = [files.get(name), digests.get(name)];
  return bytes !== undefined && found === digest ? { path, bytes, sha256: found } : null;
}
