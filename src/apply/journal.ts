/**
 * The journal of a run: what was begun and how it ended, one line of canonical JSON each, synced before and after every step.
 * Killed at any byte, what is left reads as the truth of a moment before: a torn last line is a line that was never written.
 */
import { canonicalText, parseCanonical } from '../kernel/canonical.ts';
import type { Code } from '../kernel/codes.ts';
import { GovbootError } from '../kernel/errors.ts';
import type { Instant } from '../kernel/time.ts';
import type { Json } from '../kernel/json.ts';
import type { Known } from '../plan/control.ts';
import type { ChangeStep } from '../plan/step.ts';
import type { Clock, EvidenceStore, Performed } from '../ports.ts';
import { foldJournal, type JournalState } from './journal-state.ts';

export const JOURNAL_SCHEMA = 'govboot.journal/v1';

interface LineBase {
  readonly schema: typeof JOURNAL_SCHEMA;
  readonly seq: number;
  readonly at: Instant;
}

export interface RequestId {
  readonly call: string;
  readonly id: string;
}

/** A run's sitting begins: the first, or one that resumes. `torn`: the text before it ends in a line that was cut off. */
export interface OpenLine extends LineBase {
  readonly event: 'open';
  readonly run: string;
  /** SHA-256 of the plan that this sitting carries out. */
  readonly plan: string;
  readonly torn: boolean;
}

/** A step is begun; `retry` when an earlier beginning of it is in this journal. */
export interface BeginLine extends LineBase {
  readonly event: 'begin' | 'retry';
  readonly step: string;
  readonly name: string;
}

export interface DoneLine extends LineBase {
  readonly event: 'done';
  readonly step: string;
  readonly request_ids: readonly RequestId[];
  readonly retries: number;
  readonly ms: number;
  /** Identifiers that the cloud gave. */
  readonly known: Known;
}

export interface FailedLine extends LineBase {
  readonly event: 'failed';
  readonly step: string;
  readonly code: Code;
  readonly message: string;
  readonly ms: number;
}

export type JournalLine = OpenLine | BeginLine | DoneLine | FailedLine;

/** Writes before and after each step; every promise is kept only when the line is synced. */
export interface Journal {
  begin(step: ChangeStep): Promise<void>;
  done(step: ChangeStep, performed: Performed, ms: number): Promise<void>;
  failed(step: ChangeStep, failure: { readonly code: Code; readonly message: string }, ms: number): Promise<void>;
}

export interface JournalDeps {
  readonly store: EvidenceStore;
  readonly clock: Clock;
}

/** Where a run's journal lies in the evidence of its environment. */
export function journalFile(run: string): string {
  return `runs/${run}/journal.jsonl`;
}

/** What the journal of a run says; null when there is none. @throws EVIDENCE_INVALID, FILE_UNSAFE */
export async function readJournal(store: EvidenceStore, run: string): Promise<JournalState | null> {
  const bytes = await store.read(journalFile(run));
  return bytes === null ? null : foldJournal(linesOf(bytes), run);
}

/** Opens a sitting of `run` and says what the journal held before it. @throws EVIDENCE_WRITE, EVIDENCE_INVALID */
export async function openJournal(deps: JournalDeps, run: string, plan: string): Promise<{ readonly journal: Journal; readonly before: JournalState | null }> {
  const file = journalFile(run);
  const before = await readJournal(deps.store, run);
  let seq = before?.lines ?? 0;
  const begun = new Set(before?.steps.keys());
  let last: Promise<void> = Promise.resolve();

  /** One line after another, whatever runs side by side; after a failed write nothing more is written. */
  const write = (line: { readonly event: string; readonly [key: string]: Json }): Promise<void> => {
    last = last.then(async () => {
      const text = canonicalText({ ...line, schema: JOURNAL_SCHEMA, seq, at: deps.clock.now() });
      await deps.store.append(file, text);
      seq += 1;
    });
    return last;
  };

  if (before?.ending === 'no-line-feed') await deps.store.append(file, '');
  await write({ event: 'open', run, plan, torn: before?.torn ?? false });
  const journal: Journal = {
    begin: (step) => {
      const event = begun.has(step.id) ? 'retry' : 'begin';
      begun.add(step.id);
      return write({ event, step: step.id, name: step.name });
    },
    done: (step, { requestIds, retries, known }, ms) =>
      write({ event: 'done', step: step.id, request_ids: requestIds.map(({ call, id }) => ({ call, id })), retries, ms: Math.round(ms), known }),
    failed: (step, { code, message }, ms) => write({ event: 'failed', step: step.id, code, message: message.toWellFormed(), ms: Math.round(ms) }),
  };
  return { journal, before };
}

/** The text after the last line feed is a line too; it is empty when the journal was left in order. */
function linesOf(bytes: Uint8Array): readonly string[] {
  return new TextDecoder().decode(bytes).split('\n');
}
