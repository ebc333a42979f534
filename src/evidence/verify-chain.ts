/** Chain: what reading the ledger found, and what an anchor from outside says of it; each kind of break under a word of its own. */
import type { Checkpoint } from './checkpoint.ts';
import { checkpointProblem } from './checkpoint.ts';
import type { Exhibit } from './exhibit.ts';
import { CHECKPOINT, entryName, LEDGER_FOLDER, parseEntryName } from './layout.ts';
import type { LedgerProblem, LedgerProblemKind } from './chain.ts';
import { CHAIN_STATES, type Axis, type ChainState } from './report.ts';

const AXIS_OF: Readonly<Record<LedgerProblemKind, Axis>> = {
  gap: 'chain',
  missing: 'chain',
  invalid: 'integrity',
  broken: 'chain',
  fork: 'chain',
  truncated: 'chain',
  time: 'time',
};

/** Judges the ledger as it was read, and against `anchor`. @returns the worst that was found */
export function judgeChain({ ledger, findings, files }: Exhibit, anchor: Checkpoint | undefined): ChainState {
  const found: ChainState[] = files.has(CHECKPOINT) ? [] : ['missing'];
  for (const problem of ledger.problems) {
    findings.bad(AXIS_OF[problem.kind], problem.file, `${wordOf(problem)}: ${problem.what}`);
    found.push(stateOf(problem));
  }
  const nonces = new Map<string, string>();
  for (const { file, entry } of ledger.items) {
    if (entry.type !== 'APPLY_STARTED') continue;
    const used = nonces.get(entry.body.nonce);
    if (used !== undefined)
      findings.bad('policy', file, `INTENT_REPLAY: nonce ${entry.body.nonce} was used by ${used}`);
    nonces.set(entry.body.nonce, file);
  }
  const gone = anchor === undefined ? null : checkpointProblem(anchor, ledger.entries);
  if (gone !== null) {
    const isCut = gone.kind === 'truncated';
    const word = isCut ? 'TRUNCATED' : 'FORK: INCONSISTENT, the ledger was rewritten';
    findings.bad(
      'chain',
      isCut ? entryName(lengthOf(ledger)) : LEDGER_FOLDER,
      `${word}: the given checkpoint ${gone.what}`,
    );
    found.push(isCut ? 'truncated' : 'fork');
  }
  return CHAIN_STATES.find((state) => found.includes(state)) ?? 'ok';
}

/** The number of the first entry that is not there any more. */
function lengthOf({ entries }: Exhibit['ledger']): number {
  return entries.numberAt(entries.size - 1) + 1;
}

/** The word that a reader greps for; that a link does not hold is told with the number of the entry. */
function wordOf({ kind, file }: LedgerProblem): string {
  if (kind !== 'broken' && kind !== 'gap') return kind.toUpperCase();
  const seq = parseEntryName(file)?.seq;
  const broken = seq === undefined ? 'BROKEN_CHAIN' : `BROKEN_CHAIN(${String(seq)})`;
  return kind === 'gap' ? `GAP: ${broken}` : broken;
}

/** An entry that cannot be read leaves the chain open there; a date says nothing about it. */
function stateOf({ kind, file }: LedgerProblem): ChainState {
  if (kind === 'invalid') return parseEntryName(file)?.is === 'entry' ? 'broken' : 'ok';
  return kind === 'time' ? 'ok' : kind;
}
