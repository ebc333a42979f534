/**
 * The ledger: signed entries, each naming the SHA-256 of the file before it. Reading judges shape and chain and never throws for what
 * the files hold; who signed is judged in verify.ts. Appending is in append.ts.
 */
import { attempt, GovbootError, isGovbootError } from '../kernel/errors.ts';
import { sha256, type Sha256 } from '../kernel/digest.ts';
import type { LedgerFacts, Mode, Problem } from '../inputs/facts.ts';
import { parseEntry, parseLock, type BackendLock, type LedgerEntry } from '../inputs/evidence-documents.ts';
import type { EvidenceStore } from '../ports.ts';
import { checkpointProblem, parseCheckpoint, type Checkpoint } from './checkpoint.ts';
import { CHECKPOINT, entryName, LEDGER_FOLDER, LOCK, parseEntryName, signatureOf, SUMS } from './layout.ts';
import { parseSums } from './sums.ts';
import { trustOnRecord } from './trust-on-record.ts';

/** One entry with the bytes that its signature and its successor are about. */
export interface LedgerItem {
  readonly file: string;
  readonly bytes: Uint8Array;
  readonly sha256: Sha256;
  readonly entry: LedgerEntry;
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

export interface Ledger {
  /** Every entry that could be read, in order. A chain only where `problems` is empty. */
  readonly items: readonly LedgerItem[];
  readonly head: LedgerItem | null;
  readonly problems: readonly LedgerProblem[];
  /** A signature after the head without its entry: an append that is under way, or was interrupted. It vouches for nothing. */
  readonly torn: { readonly file: string; readonly seq: number; readonly bytes: Uint8Array } | null;
  readonly lock: { readonly sha256: Sha256; readonly document: BackendLock } | null;
  readonly checkpoint: Checkpoint | null;
  /** Entries that SHA256SUMS lists; what comes after them is not sealed yet. */
  readonly sealed: number;
}

/** What reading needs of a store; verify reads a snapshot through the same door. */
export type Reader = Pick<EvidenceStore, 'list' | 'read'>;

/** Reads ledger, lock and heads as they are; what is wrong with them is told in `problems`. */
export async function readLedger(store: Reader): Promise<Ledger> {
  const problems: LedgerProblem[] = [];
  const names = await store.list(LEDGER_FOLDER);
  const present = new Set(names);
  const last = names.reduce((max, name) => Math.max(max, parseEntryName(name)?.seq ?? -1), -1);
  const items: LedgerItem[] = [];
  let torn: Ledger['torn'] = null;
  for (let seq = 0; seq <= last; seq++) {
    const file = entryName(seq);
    const signature = signatureOf(file);
    if (!present.has(file)) {
      const bytes = seq === last ? await readOr(store, signature, problems) : null;
      if (bytes !== null) torn = { file: signature, seq, bytes };
      else if (present.has(signature))
        problems.push({ kind: 'missing', file, what: 'its signature is there, the entry is not' });
      else problems.push({ kind: 'gap', file, what: `entry ${String(seq)} is not there, a later one is` });
      continue;
    }
    if (!present.has(signature))
      problems.push({ kind: 'missing', file: signature, what: 'the entry is there, its signature is not' });
    const item = await readItem(store, file, problems);
    if (item === null) continue;
    problems.push(...linkProblems(item, seq, items.at(-1), items[0]));
    items.push(item);
  }
  problems.push(...(await forks(store, names, items)));
  const heads = await readHeads(store, items, problems);
  return { items, head: items.at(-1) ?? null, problems, torn, ...heads };
}

async function readItem(store: Reader, file: string, problems: LedgerProblem[]): Promise<LedgerItem | null> {
  const bytes = await readOr(store, file, problems);
  if (bytes === null) return null;
  const entry = parsed(() => parseEntry(bytes, file), file, problems);
  return entry === null ? null : { file, bytes, sha256: sha256(bytes), entry };
}

function linkProblems(
  { file, entry }: LedgerItem,
  seq: number,
  before: LedgerItem | undefined,
  first: LedgerItem | undefined,
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

/** A copy beside the chain under another name that follows the same entry: two histories. */
async function forks(
  store: Reader,
  names: readonly string[],
  items: readonly LedgerItem[],
): Promise<LedgerProblem[]> {
  const problems: LedgerProblem[] = [];
  for (const file of names) {
    if (parseEntryName(file) !== null || !file.endsWith('.json')) continue;
    const stray = await readItem(store, file, []);
    const twin = items.find(({ entry }) => stray !== null && entry.prev_sha256 === stray.entry.prev_sha256);
    if (stray !== null && twin !== undefined)
      problems.push({ kind: 'fork', file, what: `follows the same entry as ${twin.file}` });
  }
  return problems;
}

async function readHeads(
  store: Reader,
  items: readonly LedgerItem[],
  problems: LedgerProblem[],
): Promise<Pick<Ledger, 'lock' | 'checkpoint' | 'sealed'>> {
  const lockBytes = await readOr(store, LOCK, problems);
  const document = lockBytes === null ? null : parsed(() => parseLock(lockBytes, LOCK), LOCK, problems);
  const checkpointBytes = await readOr(store, CHECKPOINT, problems);
  const checkpoint =
    checkpointBytes === null ? null : parsed(() => parseCheckpoint(checkpointBytes), CHECKPOINT, problems);
  const gone = checkpoint === null ? null : checkpointProblem(checkpoint, items);
  if (gone !== null) problems.push({ ...gone, file: CHECKPOINT });
  const sumsBytes = await readOr(store, SUMS, problems);
  const sums = sumsBytes === null ? null : parsed(() => parseSums(sumsBytes), SUMS, problems);
  return {
    lock: lockBytes === null || document === null ? null : { sha256: sha256(lockBytes), document },
    checkpoint,
    sealed: items.filter(({ file }) => sums?.has(file)).length,
  };
}

async function readOr(store: Reader, name: string, problems: LedgerProblem[]): Promise<Uint8Array | null> {
  try {
    return await store.read(name);
  } catch (error) {
    if (!isGovbootError(error) || error.code !== 'FILE_UNSAFE') throw error;
    problems.push({ kind: 'invalid', file: name, what: error.message });
    return null;
  }
}

function parsed<T>(read: () => T, file: string, problems: LedgerProblem[]): T | null {
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

/** The mode that the ledger was begun in, or null. */
export function modeOf(ledger: Ledger): Mode | null {
  return ledger.items[0]?.entry.mode ?? null;
}

/** What the gates may know of the ledger. */
export function factsOf(ledger: Ledger): LedgerFacts {
  const entries = ledger.items.map(({ entry }) => entry);
  const releases = entries.flatMap((entry) =>
    entry.type === 'APPLY_DONE' || entry.type === 'LOCK_WRITTEN' ? [entry.body] : [],
  );
  const release = releases.at(-1);
  const { lock } = ledger;
  return {
    size: entries.length,
    headSha256: ledger.head?.sha256 ?? null,
    lastTime: ledger.head?.entry.time ?? null,
    nonces: entries.flatMap((entry) =>
      entry.type === 'APPLY_STARTED'
        ? [{ nonce: entry.body.nonce, intentSha256: entry.body.intent_sha256, run: entry.body.run }]
        : [],
    ),
    lastTag: release === undefined ? null : { tag: release.tag, commit: release.commit },
    unfinished: unfinishedOf(ledger),
    lock:
      lock === null
        ? null
        : {
            sha256: lock.sha256,
            intentSha256: lock.document.intent.sha256,
            tag: lock.document.repo.tag_name,
            trustVersion: lock.document.policy.trust_version,
          },
    trustOnRecord: trustOnRecord(entries, lock?.document ?? null),
    problems: [
      ...ledger.problems.map(({ kind, file, what }) => ({
        code: 'EVIDENCE_INVALID' as const,
        wrong: `${kind}: ${file}: ${what}`,
      })),
      ...lockProblems(ledger),
    ],
  };
}

/**
 * The last run that began and did not come to its end. The end of a good run is not APPLY_DONE but the seal over LOCK_WRITTEN: a run
 * that was killed between the two still has to write the lock, and `--resume` does.
 */
function unfinishedOf(ledger: Ledger): LedgerFacts['unfinished'] {
  let open: LedgerFacts['unfinished'] = null;
  for (const { entry } of ledger.items) {
    if (entry.type === 'APPLY_STARTED')
      open = { run: entry.body.run, intentSha256: entry.body.intent_sha256, since: entry.time };
    if (open === null || !('run' in entry.body) || entry.body.run !== open.run) continue;
    if (entry.type === 'APPLY_FAILED' && entry.body.final) open = null;
    else if (entry.type === 'LOCK_WRITTEN' && isInForce(ledger, entry.seq, entry.body.lock_sha256))
      open = null;
  }
  return open;
}

/** Whether the lock of that entry is sealed, and is on disk unless a later one took its place. */
function isInForce(ledger: Ledger, seq: number, lockSha256: string): boolean {
  const later = ledger.items.some(({ entry }) => entry.type === 'LOCK_WRITTEN' && entry.seq > seq);
  return ledger.sealed > seq && (later || ledger.lock?.sha256 === lockSha256);
}

/** The lock that the ledger says is in force. */
export function writtenLock(ledger: Ledger): Extract<LedgerEntry, { type: 'LOCK_WRITTEN' }> | null {
  return ledger.items.reduce<Extract<LedgerEntry, { type: 'LOCK_WRITTEN' }> | null>(
    (found, { entry }) => (entry.type === 'LOCK_WRITTEN' ? entry : found),
    null,
  );
}

/** `.backend.lock` must be the lock of the last LOCK_WRITTEN, or, until that is sealed, the one before it. */
function lockProblems(ledger: Ledger): Problem[] {
  const written = writtenLock(ledger);
  const found = ledger.lock?.sha256 ?? null;
  if (written === null)
    return found === null
      ? []
      : [{ code: 'EVIDENCE_INVALID', wrong: `${LOCK} is ${found}, which no ledger entry names` }];
  if (found === written.body.lock_sha256) return [];
  if (ledger.sealed <= written.seq && found === written.body.supersedes) return [];
  // A lock that is there and cannot be read was told as that; it is not missing.
  if (found === null && ledger.problems.some(({ file }) => file === LOCK)) return [];
  return [
    {
      code: found === null ? 'EVIDENCE_MISSING' : 'EVIDENCE_INVALID',
      wrong: `${LOCK} is ${found ?? 'missing'}; ${entryName(written.seq)} names ${written.body.lock_sha256}`,
    },
  ];
}

/** Which run was begun or resumed with this very plan, in words; null when none was. */
export function whereUsed(ledger: Ledger, planSha256: string): string | null {
  const used = ledger.items.find(
    ({ entry }) =>
      (entry.type === 'APPLY_STARTED' || entry.type === 'APPLY_RESUMED') &&
      entry.body.plan_sha256 === planSha256,
  )?.entry;
  return used === undefined ? null : `was used at ${used.time}: ${entryName(used.seq)} is ${used.type}`;
}

/** @throws EVIDENCE_INVALID with the first problem: nothing is added to a ledger that is not whole */
export function assertWhole(ledger: Ledger): void {
  const [problem] = ledger.problems;
  if (problem === undefined) return;
  throw new GovbootError('EVIDENCE_INVALID', `${problem.kind}: ${problem.file}: ${problem.what}`, {
    data: { kind: problem.kind, file: problem.file, problems: ledger.problems.length },
  });
}
