/** The answers of `govboot verify`: one an axis, so that "not authentic" is never mistaken for "not intact". */
import type { Mode, Problem } from '../inputs/facts.ts';
import type { Instant } from '../kernel/time.ts';

/** In the order in which they are shown. */
export const AXES = [
  'integrity',
  'authenticity',
  'time',
  'revocation',
  'chain',
  'policy',
  'duty',
  'origin',
  'extras',
] as const;
/** `store` is answered only where there are receipts, or a store is asked. */
export type Axis = EveryAxis | 'store';
/** Those that are always answered. */
export type EveryAxis = (typeof AXES)[number];
export type Status = 'ok' | 'undecided' | 'bad';

/**
 * The state of the chain in one word. gap: a number was left out. missing: one half of an entry, or the checkpoint, is not there. fork: two
 * histories. broken: an entry does not follow the one before. truncated: there were more entries. The worst of them, in the order below.
 */
export const CHAIN_STATES = ['fork', 'broken', 'truncated', 'gap', 'missing', 'ok'] as const;
export type ChainState = (typeof CHAIN_STATES)[number];

/** One thing that is wrong or could not be judged, with the file that it is about. */
export interface EvidenceFinding {
  readonly axis: Axis;
  readonly is: 'bad' | 'undecided';
  readonly file: string;
  readonly what: string;
  readonly hint: string;
}

export interface Answer {
  readonly axis: Axis;
  readonly status: Status;
  /** What was established, or how much was not. */
  readonly because: string;
  readonly findings: readonly EvidenceFinding[];
}

/** One thing that was attached, and what is known of it. */
export interface Attachment {
  readonly kind: 'time stamp' | 'attestation';
  /** The entry that names it. */
  readonly entry: string;
  /** Entries of the ledger that it is over, from the first. */
  readonly size: number;
  /** By which they were there, as the authority says; of an attestation null. */
  readonly by: Instant | null;
  /** The name of the authority, or the SHA-256 of the key that signed; null where it is not known. */
  readonly who: string | null;
  readonly status: 'pinned' | 'unpinned' | 'not asked' | 'invalid';
}

export interface VerifyReport {
  /** The worst answer. */
  readonly overall: Status;
  readonly mode: Mode;
  readonly origin: { readonly repository: string; readonly environment: string };
  readonly chain: ChainState;
  readonly size: number;
  readonly head: { readonly file: string; readonly sha256: string; readonly time: string };
  /** RFC 6962 root over the entries, base64 as in the checkpoint. */
  readonly root: string;
  readonly anchor: { readonly size: number; readonly from: 'checkpoint' | 'given' } | null;
  readonly lock: {
    readonly sha256: string;
    readonly createdAt: string;
    readonly tag: string;
    readonly commit: string;
  } | null;
  /** Who vouches for the lists of people: a pin, only the tagged tree that is judged beside, or nobody. */
  readonly vouched: 'pinned' | 'released' | 'no';
  /** Time stamps and attestations that the ledger names. */
  readonly attachments: readonly Attachment[];
  readonly answers: readonly Answer[];
  /** True things worth knowing that change no answer. */
  readonly notes: readonly string[];
  /** What no offline check can decide, said each time. */
  readonly limits: readonly string[];
  /** For people. */
  readonly summary: readonly string[];
}

/** Collects findings and notes while the evidence is walked. */
export interface Findings {
  bad(axis: Axis, file: string, what: string, hint?: string): void;
  undecided(axis: Axis, file: string, what: string, hint?: string): void;
  note(text: string): void;
  readonly all: readonly EvidenceFinding[];
  readonly notes: readonly string[];
}

const HINT_BAD = 'restore the file from a copy; keep this one for the investigation';
const HINT_UNDECIDED = 'provide what is named as missing, then verify again';

export function collectFindings(): Findings {
  const all: EvidenceFinding[] = [];
  const told = new Set<string>();
  const notes: string[] = [];
  const add = (finding: EvidenceFinding): void => {
    // The same thing is often seen from two sides; it is told once.
    const id = JSON.stringify([finding.axis, finding.file, finding.what]);
    if (told.has(id)) return;
    told.add(id);
    all.push(finding);
  };
  return {
    all,
    notes,
    bad: (axis, file, what, hint = HINT_BAD) => add({ axis, is: 'bad', file, what, hint }),
    undecided: (axis, file, what, hint = HINT_UNDECIDED) => add({ axis, is: 'undecided', file, what, hint }),
    note: (text) => {
      if (!notes.includes(text)) notes.push(text);
    },
  };
}

/** One answer an axis; `established` says what an axis without findings has shown. */
export function answersOf(
  findings: readonly EvidenceFinding[],
  established: Readonly<Record<EveryAxis, string>>,
): Answer[] {
  return AXES.map((axis) => answerOf(findings, axis, established[axis]));
}

/** One answer. @param established what has been shown where there is no finding */
export function answerOf(findings: readonly EvidenceFinding[], axis: Axis, established: string): Answer {
  const own = findings.filter((finding) => finding.axis === axis);
  const bad = own.filter(({ is }) => is === 'bad').length;
  const open = own.length - bad;
  const counted = [
    ...(bad > 0 ? [`${String(bad)} wrong`] : []),
    ...(open > 0 ? [`${String(open)} not decided`] : []),
  ].join(', ');
  return {
    axis,
    status: bad > 0 ? 'bad' : open > 0 ? 'undecided' : 'ok',
    because: own.length === 0 ? established : counted,
    findings: own,
  };
}

export function worst(answers: readonly Answer[]): Status {
  if (answers.some(({ status }) => status === 'bad')) return 'bad';
  return answers.length >= AXES.length && answers.every(({ status }) => status === 'ok') ? 'ok' : 'undecided';
}

/** Axes on which a new run must not build: somebody changed, forged, cut or moved what it would be chained to. */
const FOUNDATIONS: readonly Axis[] = ['integrity', 'authenticity', 'chain', 'origin'];

/** What forbids to add to this evidence, for the gates. An interrupted run, a revoked key or a stray file does not. */
export function foundationProblems({ answers }: VerifyReport): Problem[] {
  return answers
    .filter(({ axis }) => FOUNDATIONS.includes(axis))
    .flatMap(({ findings }) => findings)
    .filter(({ is }) => is === 'bad')
    .map(({ axis, file, what }) => ({ code: 'EVIDENCE_INVALID', wrong: `${axis}: ${file}: ${what}` }));
}
