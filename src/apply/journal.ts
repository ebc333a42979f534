/**
 * The journal of a run: what was begun and how it ended, one line of canonical JSON each, synced before and after every step.
 * Killed at any byte, what is left reads as the truth of a moment before.
 */
import { canonicalText } from '../kernel/canonical.ts';
import type { Code } from '../kernel/codes.ts';
import type { Sha256 } from '../kernel/digest.ts';
import { GovbootError } from '../kernel/errors.ts';
import type { Json } from '../kernel/json.ts';
import type { ChangeStep } from '../plan/step.ts';
import type { Clock, EvidenceStore, Performed } from '../ports.ts';
import { JOURNAL_SCHEMA } from './journal-line.ts';
import { foldJournal, type JournalState } from './journal-state.ts';

/** Writes before and after each step; a promise is kept only when the line is synced. */
export interface Journal {
  /** What it held before this sitting; null when there was none. */
  readonly before: JournalState | null;
  begin(step: ChangeStep): Promise<void>;
  done(step: ChangeStep, performed: Performed, ms: number): Promise<void>;
  failed(
    step: ChangeStep,
    failure: { readonly code: Code; readonly message: string },
    ms: number,
  ): Promise<void>;
}

/** Where a run's journal lies in the evidence of its environment. */
export function journalFile(run: string): string {
  return `runs/${run}/journal.jsonl`;
}

/** What the journal of a run says; null when there is none. @throws EVIDENCE_INVALID, FILE_UNSAFE */
export async function readJournal(store: EvidenceStore, run: string): Promise<JournalState | null> {
  const bytes = await store.read(journalFile(run));
  if (bytes === null) return null;
  // Not fatal: a letter cut in two belongs to a line that was cut off, which is judged as such.
  const state = foldJournal(new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes).split('\n'));
  if (state.sittings > 0 && state.run !== run)
    throw new GovbootError('EVIDENCE_INVALID', `${journalFile(run)} is the journal of run ${state.run}`, {
      data: { run, found: state.run },
    });
  return state;
}

/**
 * Begins a sitting of `run`: the first, or one that resumes.
 * @param plan digest of the plan that it carries out
 * @throws EVIDENCE_WRITE, EVIDENCE_INVALID
 */
export async function openJournal(
  store: EvidenceStore,
  run: string,
  clock: Clock,
  plan: Sha256,
): Promise<Journal> {
  const file = journalFile(run);
  const before = await readJournal(store, run);
  const begun = new Set(before?.steps.keys());
  let seq = before?.lines ?? 0;
  let last: Promise<void> = Promise.resolve();

  /** One line after another, whatever runs side by side; after a write that failed nothing more is written. */
  const write = (line: Readonly<Record<string, Json>>): Promise<void> => {
    last = last.then(async () => {
      await store.append(file, canonicalText({ ...line, schema: JOURNAL_SCHEMA, seq, at: clock.now() }));
      seq += 1;
    });
    return last;
  };

  if (before?.open === true) await store.append(file, '');
  await write({ event: 'open', run, plan, torn: before?.torn ?? false });
  return {
    before,
    begin: (step) => {
      const event = begun.has(step.id) ? 'retry' : 'begin';
      begun.add(step.id);
      return write({ event, step: step.id, name: step.name });
    },
    done: (step, { requestIds, retries, known }, ms) =>
      write({
        event: 'done',
        step: step.id,
        request_ids: requestIds.map(({ call, id }) => ({ call, id })),
        retries,
        ms: Math.round(ms),
        known,
      }),
    failed: (step, { code, message }, ms) =>
      write({ event: 'failed', step: step.id, code, message: message.toWellFormed(), ms: Math.round(ms) }),
  };
}
