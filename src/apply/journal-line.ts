/** One line of a journal, and how it is read back: canonical, of a known event, with exactly its fields. */
import { canonicalText } from '../kernel/canonical.ts';
import { CODES, type Code } from '../kernel/codes.ts';
import { isJsonObject, type Json } from '../kernel/json.ts';
import { isInstant, type Instant } from '../kernel/time.ts';
import type { Known } from '../plan/control.ts';

export const JOURNAL_SCHEMA = 'govboot.journal/v1';

interface LineBase {
  readonly schema: typeof JOURNAL_SCHEMA;
  /** Number of lines before this one; cut-off lines do not count. */
  readonly seq: number;
  readonly at: Instant;
}

/** An API call that the cloud answered, with the id it gave. */
export interface RequestId {
  readonly call: string;
  readonly id: string;
}

/** A sitting begins: the run's first, or one that resumes. `torn`: the text before it ends in a line that was cut off. */
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

export type LineRead =
  | { readonly is: 'line'; readonly line: JournalLine }
  /** Not JSON: what is left of a line whose writing was cut off. A beginning of a JSON object is never JSON itself. */
  | { readonly is: 'torn' }
  | { readonly is: 'wrong'; readonly why: string };

type Check = (value: Json | undefined) => boolean;
const isText: Check = (value) => typeof value === 'string';
const isCount: Check = (value) => Number.isSafeInteger(value) && Number(value) >= 0;
const base: Readonly<Record<string, Check>> = {
  schema: (value) => value === JOURNAL_SCHEMA,
  seq: isCount,
  at: (value) => typeof value === 'string' && isInstant(value),
  event: isText,
};
const beginning = { ...base, step: isText, name: isText };
const FIELDS: Readonly<Record<string, Readonly<Record<string, Check>>>> = {
  open: { ...base, run: isText, plan: isText, torn: (value) => typeof value === 'boolean' },
  begin: beginning,
  retry: beginning,
  done: {
    ...base,
    step: isText,
    request_ids: (value) => Array.isArray(value) && value.every(isRequestId),
    retries: isCount,
    ms: isCount,
    known: (value) => isJsonObject(value) && Object.values(value).every((entry) => typeof entry === 'string'),
  },
  failed: {
    ...base,
    step: isText,
    code: (value) => typeof value === 'string' && Object.hasOwn(CODES, value),
    message: isText,
    ms: isCount,
  },
};

function isRequestId(value: unknown): boolean {
  return (
    isJsonObject(value) &&
    Object.keys(value).length === 2 &&
    typeof value['call'] === 'string' &&
    typeof value['id'] === 'string'
  );
}

/** Reads one line, without its line feed. */
export function readLine(text: string): LineRead {
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch {
    return { is: 'torn' };
  }
  if (!isJsonObject(value)) return { is: 'wrong', why: 'is not an object' };
  const event = typeof value['event'] === 'string' ? value['event'] : '';
  const fields = Object.hasOwn(FIELDS, event) ? FIELDS[event] : undefined;
  if (fields === undefined) return { is: 'wrong', why: `has the event "${event}"` };
  const keys = new Set([...Object.keys(fields), ...Object.keys(value)]);
  const bad = [...keys].find((key) => fields[key]?.(value[key]) !== true);
  if (bad !== undefined) return { is: 'wrong', why: `has a missing, unknown or malformed field "${bad}"` };
  if (canonicalText(value) !== text) return { is: 'wrong', why: 'is not canonical JSON' };
  return { is: 'line', line: value as unknown as JournalLine };
}
