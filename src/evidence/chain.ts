/**
 * The walk over a ledger: every entry is read once, in order, and judged against the one before. Who walks keeps what they need of it:
 * whoever appends keeps whole entries (ledger.ts), whoever verifies a few octets of each (ledger-seen.ts). There is one judge of the chain.
 */
import { attempt } from '../kernel/errors.ts';
import { sha256, type Sha256 } from '../kernel/digest.ts';
import { parseEntry, type LedgerEntry } from '../inputs/evidence-documents.ts';
import { entryName, parseEntryName, signatureOf } from './layout.ts';

/** An entry, with the digest that its successor names. */
export interface LinkedEntry {
  readonly file: string;
  readonly sha256: Sha256;
  readonly entry: LedgerEntry;
}

/** One entry with the bytes that its signature and its successor are about. */
export interface LedgerItem extends LinkedEntry {
  readonly bytes: Uint8Array;
}

/**
 * gap: a number was left out. missing: one file of an entry is not there. invalid: it cannot be read. broken: it does not follow the
 * one before. fork: two entries follow the same one. truncated: there were more. time: it is dated before the one before.
 */
export type LedgerProblemKind = 'gap' | 'missing' | 'invalid' | 'broken' | 'fork' | 'truncated' | 'time';

export interface LedgerProblem {
  readonly kind: LedgerProblemKind;
  readonly file: string;
  readonly what: string;
}

/** A signature after the head without its entry: an append that is under way, or was interrupted. It vouches for nothing. */
export interface Torn {
  readonly file: string;
  readonly seq: number;
  readonly bytes: Uint8Array;
}

/** `refused` is no plain file, and whoever reads has told so, in `problems` or elsewhere; null is no file at all. */
export type Read = (name: string, problems: LedgerProblem[]) => Promise<Uint8Array | 'refused' | null>;

export interface Walked {
  /** A chain only where there is none. */
  readonly problems: readonly LedgerProblem[];
  readonly torn: Torn | null;
}

/** Numbers left out in a row that are told one by one. Whoever names a file after the last number there is makes millions. */
const MOST_GAPS = 100;

/** Where an entry lies, and whether a signature lies beside it. */
export interface Place {
  /** Of its file. */
  readonly seq: number;
  readonly isSigned: boolean;
}

/**
 * @param names of the files in ledger/, sorted
 * @param visit is given every entry that could be read
 */
export async function walkChain(
  names: readonly string[],
  read: Read,
  visit: (item: LedgerItem, place: Place) => Promise<void> | void,
): Promise<Walked> {
  const problems: LedgerProblem[] = [];
  const add = (kind: LedgerProblemKind, file: string, what: string): void =>
    void problems.push({ kind, file, what });
  const strays = await readStrays(names, read);
  const last = parseEntryName(names.findLast((name) => parseEntryName(name) !== null) ?? '')?.seq;
  let torn: Torn | null = null;
  let first: LinkedEntry | undefined;
  let before: LinkedEntry | undefined;
  let expected = 0;
  for (const { seq, isThere, isSigned } of numbersOf(names)) {
    tellGap(expected, seq - 1, add);
    expected = seq + 1;
    const file = entryName(seq);
    const bytes = isThere ? await read(file, problems) : null;
    if (bytes === null) {
      const left = !isThere && seq === last ? await read(signatureOf(file), problems) : null;
      if (left !== null && left !== 'refused') torn = { file: signatureOf(file), seq, bytes: left };
      else if (isSigned) add('missing', file, 'its signature is there, the entry is not');
      else tellGap(seq, seq, add);
      continue;
    }
    if (!isSigned) add('missing', signatureOf(file), 'the entry is there, its signature is not');
    const item = bytes === 'refused' ? null : parsed(() => itemOf(file, bytes), file, problems);
    if (item === null) continue;
    problems.push(...linkProblems(item, seq, before, first));
    const { sha256: digest, entry } = item;
    before = { file, sha256: digest, entry };
    first ??= before;
    strays.pass(before);
    await visit(item, { seq, isSigned });
  }
  return { problems: [...problems, ...strays.forks()], torn };
}

interface Numbered extends Place {
  readonly isThere: boolean;
}

/** Every number that occurs in the names, rising, with which of its two files is there. */
function* numbersOf(names: readonly string[]): Iterable<Numbered> {
  let open: Numbered = { seq: -1, isThere: false, isSigned: false };
  for (const name of names) {
    const found = parseEntryName(name);
    if (found === null) continue;
    if (found.seq !== open.seq) {
      if (open.seq >= 0) yield open;
      open = { seq: found.seq, isThere: false, isSigned: false };
    }
    open =
      found.is === 'entry'
        ? { seq: found.seq, isThere: true, isSigned: open.isSigned }
        : { seq: found.seq, isThere: open.isThere, isSigned: true };
  }
  if (open.seq >= 0) yield open;
}

function tellGap(
  from: number,
  to: number,
  add: (kind: LedgerProblemKind, file: string, what: string) => void,
): void {
  const single = Math.min(to, from + MOST_GAPS - 1);
  for (let seq = from; seq <= single; seq++)
    add('gap', entryName(seq), `entry ${String(seq)} is not there, a later one is`);
  if (single < to)
    add('gap', entryName(single + 1), `entries up to ${String(to)} are not there, a later one is`);
}

function itemOf(file: string, bytes: Uint8Array): LedgerItem {
  return { file, bytes, sha256: sha256(bytes), entry: parseEntry(bytes, file) };
}

function linkProblems(
  { file, entry }: LinkedEntry,
  seq: number,
  before: LinkedEntry | undefined,
  first: LinkedEntry | undefined,
): LedgerProblem[] {
  const problems: LedgerProblem[] = [];
  const add = (kind: LedgerProblemKind, what: string): void => void problems.push({ kind, file, what });
  if (entry.seq !== seq) add('broken', `says that it is entry ${String(entry.seq)}, not ${String(seq)}`);
  if ((entry.type === 'GENESIS') !== (seq === 0))
    add('broken', `is ${entry.type}; GENESIS is entry 0 and no other`);
  const expected = before?.sha256 ?? null;
  // Where an entry could not be read, only the next one that could tells what is broken; one sentence for one cause.
  if (
    before === undefined
      ? seq === 0 && entry.prev_sha256 !== null
      : before.entry.seq === seq - 1 && entry.prev_sha256 !== expected
  ) {
    add(
      'broken',
      `follows ${String(entry.prev_sha256)}, but ${before?.file ?? 'nothing'} is ${String(expected)}`,
    );
  }
  if (before !== undefined && entry.time < before.entry.time)
    add('time', `is dated ${entry.time}, before ${before.file} at ${before.entry.time}`);
  const mode = first?.entry.mode ?? entry.mode;
  if (entry.mode !== mode || (entry.type === 'GENESIS' && entry.body.origin.mode !== entry.mode))
    add('invalid', `is of mode ${entry.mode} in a ledger of mode ${mode}`);
  return problems;
}

/** Copies beside the chain under other names; one that follows the same entry as an entry of the chain makes two histories. */
async function readStrays(
  names: readonly string[],
  read: Read,
): Promise<{ pass(item: LinkedEntry): void; forks(): LedgerProblem[] }> {
  const strays: { readonly file: string; readonly previous: string | null }[] = [];
  for (const file of names) {
    if (parseEntryName(file) !== null || !file.endsWith('.json')) continue;
    const bytes = await read(file, []);
    if (bytes === null || bytes === 'refused') continue;
    const stray = parsed(() => parseEntry(bytes, file), file, []);
    if (stray !== null) strays.push({ file, previous: stray.prev_sha256 });
  }
  const wanted = new Set(strays.map(({ previous }) => previous));
  const twins = new Map<string | null, string>();
  return {
    pass: ({ file, entry: { prev_sha256: previous } }) => {
      if (wanted.has(previous) && !twins.has(previous)) twins.set(previous, file);
    },
    forks: () =>
      strays.flatMap(({ file, previous }) => {
        const twin = twins.get(previous);
        return twin === undefined
          ? []
          : [{ kind: 'fork' as const, file, what: `follows the same entry as ${twin}` }];
      }),
  };
}

/** What a reader makes of bytes; null, with a problem, where it refuses them. */
export function parsed<T>(read: () => T, file: string, problems: LedgerProblem[]): T | null {
  return attempt(read, ({ code, message }) => {
    // What is wrong with the form of a document has a code of its own, which says what is to be done.
    problems.push({
      kind: 'invalid',
      file,
      what: code === 'EVIDENCE_INVALID' ? message : `${code}: ${message}`,
    });
    return null;
  });
}
