/** Gate 5: a backend that has a lock is immutable, but for an intent that supersedes exactly that lock; a run that began is finished first. */
import type { Facts, LedgerFacts } from '../inputs/facts.ts';
import type { Document, Documents } from './documents.ts';
import type { Intent } from '../inputs/intent.ts';
import {
  finding,
  findingOf,
  left,
  made,
  verdictOf,
  when,
  type Finding,
  type GateVerdict,
  type Outcome,
} from './verdict.ts';

export interface ImmutabilityJudgement {
  readonly verdict: GateVerdict;
  readonly notes: readonly string[];
}

export function judgeImmutability(facts: Facts, { intent }: Documents): ImmutabilityJudgement {
  const { ledger } = facts;
  if (ledger.problems.length > 0) {
    const why = 'the evidence is not consistent';
    const outcomes = [
      made(
        'ledger',
        ledger.problems.map((problem) => findingOf(problem)),
      ),
      ...(['clock', 'unfinished', 'lock'] as const).map((check) => left(check, why)),
    ];
    return { verdict: verdictOf('immutability', outcomes, ''), notes: [] };
  }
  const lock = judgeLock(ledger.lock, intent);
  const outcomes: readonly Outcome<'immutability'>[] = [
    made('ledger'),
    made('clock', clockFindings(facts)),
    judgeUnfinished(facts, intent),
    lock.outcome,
  ];
  const because = ledger.lock === null ? 'there is no lock' : lock.established;
  return { verdict: verdictOf('immutability', outcomes, because), notes: lock.notes };
}

function clockFindings({ now, ledger: { lastTime } }: Facts): readonly Finding[] {
  return lastTime === null
    ? []
    : when(now < lastTime, () =>
        finding('CLOCK', `it is ${now} on this machine, and the last ledger entry was made at ${lastTime}`, {
          data: { now, lastTime },
        }),
      );
}

function judgeUnfinished(
  { ledger: { unfinished }, resume }: Facts,
  intent: Document<Intent>,
): Outcome<'immutability'> {
  if (unfinished === null)
    return made(
      'unfinished',
      when(resume, () => finding('NOTHING_TO_RESUME', 'no run of this environment is unfinished')),
    );
  const { run, since, intentSha256 } = unfinished;
  const data = { run, since, intentSha256 };
  if (!resume) {
    const wrong = finding('RECOVERY_REQUIRED', `run ${run}, begun at ${since}, did not finish`, {
      hint: `finish run ${run} with \`govboot apply --resume\``,
      data,
    });
    return made('unfinished', [wrong]);
  }
  if (intent.is === 'refused') return left('unfinished', 'the intent could not be read');
  return made(
    'unfinished',
    when(intent.sha256 !== intentSha256, () =>
      finding(
        'RECOVERY_REQUIRED',
        `run ${run} was begun with intent ${intentSha256}, and this is ${intent.sha256}`,
        {
          hint: `resume run ${run} with the intent that it was begun with`,
          data,
        },
      ),
    ),
  );
}

interface LockJudgement {
  readonly outcome: Outcome<'immutability'>;
  readonly established: string;
  readonly notes: readonly string[];
}

function judgeLock(lock: LedgerFacts['lock'], document: Document<Intent>): LockJudgement {
  const judged = (
    findings: readonly Finding[],
    established = '',
    notes: readonly string[] = [],
  ): LockJudgement => ({
    outcome: made('lock', findings),
    established,
    notes,
  });
  if (document.is === 'refused')
    return { outcome: left('lock', 'the intent could not be read'), established: '', notes: [] };
  const { supersedes, action } = document.value;
  const verb = action === 'correct' ? 'corrects the backend of' : 'supersedes';
  if (lock === null) {
    return judged(
      supersedes === null
        ? []
        : [
            finding('LOCK_SUPERSEDES', `the intent names lock ${supersedes}, and there is none`, {
              hint: 'write an intent with action create, or adopt for a backend that was made by hand',
              data: { supersedes },
            }),
          ],
    );
  }
  if (lock.intentSha256 === document.sha256)
    return judged([], `lock ${lock.sha256} was made by this very intent`, ['applied already']);
  if (supersedes === lock.sha256)
    return judged([], `the intent ${verb} lock ${lock.sha256} of tag ${lock.tag}`, [
      `${verb} lock ${lock.sha256} of tag ${lock.tag}`,
    ]);
  const data = { lock: lock.sha256, tag: lock.tag, supersedes };
  return judged([
    supersedes === null
      ? finding('BACKEND_LOCKED', `the backend is locked by ${lock.sha256}, made from tag ${lock.tag}`, {
          data,
        })
      : finding(
          'LOCK_SUPERSEDES',
          `the intent names lock ${supersedes}, and the lock in force is ${lock.sha256}`,
          {
            data,
          },
        ),
  ]);
}
