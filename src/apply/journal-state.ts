/**
 * What a journal says: a fold over its lines. A line that was cut off counts as never written, but only where writing can
 * have stopped: at the end, or right before a sitting that says so. Anywhere else it is damage.
 */
import type { Code } from '../kernel/codes.ts';
import { GovbootError } from '../kernel/errors.ts';
import { safe } from '../kernel/text.ts';
import type { Known } from '../plan/control.ts';
import {
  readLine,
  type BeginLine,
  type DoneLine,
  type FailedLine,
  type JournalLine,
  type OpenLine,
  type RequestId,
} from './journal-line.ts';

export interface StepState {
  /** `begun` and nothing after it: whether the cloud did it is not known, and only the cloud can say. */
  readonly state: 'begun' | 'done' | 'failed';
  /** How often it was begun. */
  readonly attempts: number;
  /** Sitting of the last beginning, counted from 1. */
  readonly sitting: number;
  /** Of every attempt that ended well. */
  readonly requestIds: readonly RequestId[];
  /** Calls that were tried again, over every attempt that ended well. */
  readonly retries: number;
  readonly failure: { readonly code: Code; readonly message: string } | null;
}

export interface JournalState {
  /** Empty until the first line is there. */
  readonly run: string;
  /** Digest of the plan of the last sitting. */
  readonly plan: string;
  readonly sittings: number;
  /** Whole lines, and so the number of the next. */
  readonly lines: number;
  readonly steps: ReadonlyMap<string, StepState>;
  readonly known: Known;
  /** The text ends in a line that was cut off. */
  readonly torn: boolean;
  /** The last line has no line feed yet; the next writer must give it one. */
  readonly open: boolean;
}

const EMPTY: JournalState = {
  run: '',
  plan: '',
  sittings: 0,
  lines: 0,
  steps: new Map(),
  known: {},
  torn: false,
  open: false,
};

/**
 * Folds the lines of a journal: its text split at line feeds, so that the last is what stands after the last line feed.
 * @throws EVIDENCE_INVALID naming the line, for anything that this program cannot have written
 */
export function foldJournal(lines: readonly string[]): JournalState {
  return lines.reduce((state, text, i): JournalState => {
    const last = i === lines.length - 1;
    if (last && text === '') return state;
    const read = readLine(text);
    if (read.is === 'torn') return { ...state, torn: true, open: last };
    if (read.is === 'wrong') throw damaged(i, read.why);
    return { ...next(state, read.line, i), open: last };
  }, EMPTY);
}

function next(state: JournalState, line: JournalLine, i: number): JournalState {
  if (line.seq !== state.lines)
    throw damaged(i, `is number ${String(line.seq)}, where ${String(state.lines)} comes next`);
  if (state.torn && line.event !== 'open')
    throw damaged(i, 'follows a line that was cut off, without a new sitting');
  if (state.sittings === 0 && line.event !== 'open') throw damaged(i, 'comes before any sitting');
  const counted = { ...state, lines: state.lines + 1 };
  switch (line.event) {
    case 'open':
      return sitDown(counted, line, i);
    case 'begin':
    case 'retry':
      return begin(counted, line, i);
    case 'done':
    case 'failed':
      return end(counted, line, i);
  }
}

function sitDown(state: JournalState, line: OpenLine, i: number): JournalState {
  if (state.sittings > 0 && line.run !== state.run)
    throw damaged(i, `is of run ${safe(line.run)}, not ${safe(state.run)}`);
  if (line.torn !== state.torn)
    throw damaged(
      i,
      line.torn
        ? 'speaks of a line that was cut off, and there is none'
        : 'does not speak of the line that was cut off before it',
    );
  return { ...state, run: line.run, plan: line.plan, sittings: state.sittings + 1, torn: false };
}

function begin(state: JournalState, line: BeginLine, i: number): JournalState {
  const before = state.steps.get(line.step);
  if ((before !== undefined) !== (line.event === 'retry'))
    throw damaged(
      i,
      `is a ${line.event} of "${safe(line.step)}", which was ${before === undefined ? 'never' : 'already'} begun`,
    );
  if (before?.state === 'begun' && before.sitting === state.sittings)
    throw damaged(i, `begins "${safe(line.step)}" while it is running`);
  return withStep(state, line.step, {
    state: 'begun',
    attempts: (before?.attempts ?? 0) + 1,
    sitting: state.sittings,
    requestIds: before?.requestIds ?? [],
    retries: before?.retries ?? 0,
    failure: null,
  });
}

function end(state: JournalState, line: DoneLine | FailedLine, i: number): JournalState {
  const before = state.steps.get(line.step);
  if (before?.state !== 'begun' || before.sitting !== state.sittings)
    throw damaged(i, `ends "${safe(line.step)}", which is not running`);
  if (line.event === 'failed')
    return withStep(state, line.step, {
      ...before,
      state: 'failed',
      failure: { code: line.code, message: line.message },
    });
  const done = withStep(state, line.step, {
    ...before,
    state: 'done',
    requestIds: [...before.requestIds, ...line.request_ids],
    retries: before.retries + line.retries,
  });
  return { ...done, known: { ...state.known, ...line.known } };
}

function withStep(state: JournalState, id: string, step: StepState): JournalState {
  return { ...state, steps: new Map([...state.steps, [id, step]]) };
}

function damaged(i: number, why: string): GovbootError {
  return new GovbootError('EVIDENCE_INVALID', `journal line ${String(i + 1)} ${why}`, {
    data: { line: i + 1, why },
  });
}
