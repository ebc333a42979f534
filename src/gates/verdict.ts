/**
 * Verdicts: what a gate says of facts. There are four of them, and only `pass` passes. Empty is not true: a gate that did not
 * make every check of its pinned list is `undefined`, whatever it found.
 */
import { CODES, type Code } from '../kernel/codes.ts';
import type { Json } from '../kernel/json.ts';
import { safe } from '../kernel/text.ts';
import type { Problem } from '../inputs/facts.ts';

/** The gates, in the order in which they are shown. */
export const GATES = ['source', 'intent', 'parity', 'identity', 'immutability'] as const;
export type GateId = (typeof GATES)[number];

/** Every check of every gate. A check that is not on this list does not exist; one that was not made does not pass. */
export const CHECKS = {
  source: [
    'trust.file',
    'trust.pin',
    'trust.signatures',
    'trust.version',
    'trust.expiry',
    'trust.people',
    'trust.keys',
    'repository.plain',
    'tag.object',
    'tag.signature',
    'tag.signer',
    'tag.intent',
    'head',
    'tree',
    'rollback',
  ],
  intent: [
    'document',
    'signatures',
    'signers',
    'requester',
    'duties',
    'scope',
    'repository',
    'source',
    'window',
    'nonce',
  ],
  parity: [
    'document',
    'environment',
    'account',
    'region',
    'names',
    'tags',
    'sharing',
    'resources',
    'templates',
  ],
  identity: ['caller', 'account', 'root', 'lifetime', 'endpoints', 'environment'],
  immutability: ['ledger', 'clock', 'unfinished', 'lock'],
} as const satisfies Record<GateId, readonly string[]>;

export type CheckId<G extends GateId> = (typeof CHECKS)[G][number];

/** One thing that is wrong, as it is shown to people and kept in the ledger. */
export interface Finding {
  readonly code: Code;
  /** Lower case, with the wrong value in it; safe to print. */
  readonly message: string;
  readonly hint: string;
  readonly data: Readonly<Record<string, Json>>;
}

export interface GateVerdict {
  readonly gate: GateId;
  readonly status: 'pass' | 'fail' | 'undefined' | 'error';
  /** One sentence: what was established when it passes, what was not when it does not. */
  readonly because: string;
  /** The checks that were really made. */
  readonly checks: readonly string[];
  readonly findings: readonly Finding[];
}

/** What became of one check: made, with all that it found; or left, because something that it needs is missing. */
export type Outcome<G extends GateId> =
  | { readonly is: 'made'; readonly check: CheckId<G>; readonly findings: readonly Finding[] }
  | { readonly is: 'left'; readonly check: CheckId<G>; readonly why: string };

/** A finding whose message and data are safe to print, whoever wrote the values in them. */
export function finding(
  code: Code,
  message: string,
  detail: { readonly hint?: string; readonly data?: Readonly<Record<string, Json>> } = {},
): Finding {
  return {
    code,
    message: safe(message),
    hint: safe(detail.hint ?? CODES[code].remedy),
    data: safeData(detail.data ?? {}),
  };
}

/** The finding of something wrong that was seen while reading. */
export function findingOf(problem: Problem, where?: string): Finding {
  const message =
    where === undefined || problem.wrong.startsWith(where) ? problem.wrong : `${where}: ${problem.wrong}`;
  return finding(problem.code, message, { data: { wrong: problem.wrong } });
}

/** A check that was made, and all that it found. */
export function made<C extends string>(
  check: C,
  findings: readonly Finding[] = [],
): { readonly is: 'made'; readonly check: C; readonly findings: readonly Finding[] } {
  return { is: 'made', check, findings };
}

/** A check that could not be made. */
export function left<C extends string>(
  check: C,
  why: string,
): { readonly is: 'left'; readonly check: C; readonly why: string } {
  return { is: 'left', check, why };
}

/** `[wrong && finding]` in one word: the findings of a check that can find one thing. */
export function when(isWrong: boolean, wrong: () => Finding): readonly Finding[] {
  return isWrong ? [wrong()] : [];
}

/**
 * Folds outcomes into a verdict: any finding fails it, any check left or forgotten makes it undefined.
 * @param because what is established when all checks were made and found nothing
 */
export function verdictOf<G extends GateId>(
  gate: G,
  outcomes: readonly Outcome<G>[],
  because: string,
): GateVerdict {
  const findings = outcomes.flatMap((outcome) => (outcome.is === 'made' ? outcome.findings : []));
  const checks = outcomes.filter(({ is }) => is === 'made').map(({ check }) => check);
  const open = openChecks(gate, outcomes);
  const notJudged = open === '' ? '' : `not judged: ${open}`;
  if (findings.length > 0) {
    return {
      gate,
      status: 'fail',
      because: safe([wrongWords(findings), notJudged].filter((part) => part !== '').join('; ')),
      checks,
      findings,
    };
  }
  if (notJudged !== '') return { gate, status: 'undefined', because: safe(notJudged), checks, findings };
  return { gate, status: 'pass', because: safe(because), checks, findings };
}

/** How many things are wrong. */
export function wrongWords({ length }: readonly Finding[]): string {
  return length === 1 ? '1 thing is wrong' : `${String(length)} things are wrong`;
}

/** Checks that were left, together by why; and those that were forgotten. */
function openChecks<G extends GateId>(gate: G, outcomes: readonly Outcome<G>[]): string {
  const byWhy = new Map<string, string[]>();
  const note = (check: string, why: string): void => void byWhy.set(why, [...(byWhy.get(why) ?? []), check]);
  for (const outcome of outcomes) if (outcome.is === 'left') note(outcome.check, outcome.why);
  for (const check of CHECKS[gate])
    if (!outcomes.some((outcome) => outcome.check === check)) note(check, 'forgotten');
  return [...byWhy].map(([why, checks]) => `${checks.join(', ')} (${why})`).join('; ');
}

/** Whether every one of these gates is there exactly once, passed, found nothing, and made every check of its list exactly once. */
export function passes(
  verdicts: readonly GateVerdict[],
  gates: readonly [GateId, ...GateId[]] = GATES,
): boolean {
  return (
    verdicts.length === gates.length &&
    gates.every((gate) => {
      const [verdict, ...more] = verdicts.filter((candidate) => candidate.gate === gate);
      if (verdict?.status !== 'pass' || more.length > 0 || verdict.findings.length > 0) return false;
      const pinned: readonly string[] = CHECKS[gate];
      return (
        verdict.checks.length === pinned.length && pinned.every((check) => verdict.checks.includes(check))
      );
    })
  );
}

function safeData(data: Readonly<Record<string, Json>>): Readonly<Record<string, Json>> {
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [safe(key), safeJson(value)]));
}

function safeJson(value: Json): Json {
  if (typeof value === 'string') return safe(value);
  if (Array.isArray(value)) return value.map((item: Json) => safeJson(item));
  if (typeof value === 'object' && value !== null) return safeData(value as Readonly<Record<string, Json>>);
  return value;
}
