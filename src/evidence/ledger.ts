/**
 * The ledger: signed entries, each naming the SHA-256 of the file before it. Reading judges shape and chain and never throws for what
 * the files hold; who signed is judged in verify.ts. Appending is in append.ts.
 */
import { GovbootError, isGovbootError } from '../kernel/errors.ts';
import type { LedgerFacts, Mode, Problem } from '../inputs/facts.ts';
import type { LedgerEntry } from '../inputs/evidence-documents.ts';
import type { EvidenceStore } from '../ports.ts';
import {
  walkChain,
  type LedgerItem,
  type LedgerProblem,
  type LinkedEntry,
  type Read,
  type Torn,
} from './chain.ts';
import { treeOf } from './checkpoint.ts';
import { readHeads, type Heads } from './heads.ts';
import { entryName, LEDGER_FOLDER, LOCK } from './layout.ts';
import { parseSums } from './sums.ts';
import { trustOnRecord } from './trust-on-record.ts';

export type { LedgerItem } from './chain.ts';

/** A ledger as far as it is asked about runs and locks: entries that are about neither may be left out. */
export interface LedgerView extends Heads {
  readonly items: readonly LinkedEntry[];
  readonly head: LinkedEntry | null;
  readonly problems: readonly LedgerProblem[];
  readonly torn: Torn | null;
}

export interface Ledger extends LedgerView {
  /** Every entry that could be read, in order. A chain only where `problems` is empty. */
  readonly items: readonly LedgerItem[];
  readonly head: LedgerItem | null;
}

/** What reading needs of a store. */
export type Reader = Pick<EvidenceStore, 'list' | 'read'>;

/** Reads ledger, lock and heads as they are; what is wrong with them is told in `problems`. */
export async function readLedger(store: Reader): Promise<Ledger> {
  const items: LedgerItem[] = [];
  const read = readerOf(store);
  const walked = await walkChain(await store.list(LEDGER_FOLDER), read, (item) => void items.push(item));
  const { problems, ...heads } = await readHeads(read, treeOf(items), (sums) => {
    const listed = parseSums(sums);
    return items.filter(({ file }) => listed.has(file)).length;
  });
  return {
    items,
    head: items.at(-1) ?? null,
    problems: [...walked.problems, ...problems],
    torn: walked.torn,
    ...heads,
  };
}

function readerOf(store: Reader): Read {
  return async (name, problems) => {
    try {
      return await store.read(name);
    } catch (error) {
      if (!isGovbootError(error) || error.code !== 'FILE_UNSAFE') throw error;
      problems.push({ kind: 'invalid', file: name, what: error.message });
      return 'refused';
    }
  };
}

/** The mode that the ledger was begun in, or null. */
export function modeOf(ledger: Ledger): Mode | null {
  return ledger.items[0]?.entry.mode ?? null;
}

/** What the gates may know of the ledger. */
export function factsOf(ledger: LedgerView): LedgerFacts {
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
function unfinishedOf(ledger: LedgerView): LedgerFacts['unfinished'] {
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
function isInForce(ledger: LedgerView, seq: number, lockSha256: string): boolean {
  const later = ledger.items.some(({ entry }) => entry.type === 'LOCK_WRITTEN' && entry.seq > seq);
  return ledger.sealed > seq && (later || ledger.lock?.sha256 === lockSha256);
}

/** The lock that the ledger says is in force. */
export function writtenLock(
  ledger: Pick<LedgerView, 'items'>,
): Extract<LedgerEntry, { type: 'LOCK_WRITTEN' }> | null {
  return ledger.items.reduce<Extract<LedgerEntry, { type: 'LOCK_WRITTEN' }> | null>(
    (found, { entry }) => (entry.type === 'LOCK_WRITTEN' ? entry : found),
    null,
  );
}

/** `.backend.lock` must be the lock of the last LOCK_WRITTEN, or, until that is sealed, the one before it. */
function lockProblems(ledger: LedgerView): Problem[] {
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
