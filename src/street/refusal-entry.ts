/** The entries that say no: what was refused, by which gate or row, in texts that an entry can hold. */
import type { GovbootError } from '../kernel/errors.ts';
import { clip, safe } from '../kernel/text.ts';
import type { NewEntry } from '../evidence/append.ts';
import type { Judgement } from '../gates/index.ts';
import { changes, refusals } from '../plan/plan.ts';
import type { Ports } from '../ports.ts';
import type { Gathered } from './gather.ts';
import type { RecordedPlan } from './lock-input.ts';

/** GATE_FAIL before there was a plan, PLAN_REFUSED or DECLINED after. */
export function refusalEntry(
  { mode, random }: Pick<Ports, 'mode' | 'random'>,
  gathered: Gathered,
  judgement: Judgement,
  error: GovbootError,
  planned: RecordedPlan | null,
): NewEntry {
  if (planned === null) {
    const found = judgement.verdicts.flatMap((verdict) =>
      verdict.findings.map((f) => ({
        where: verdict.gate,
        code: f.code,
        message: f.message,
      })),
    );
    const findings = boundedFindings(
      found.length > 0 ? found : [{ where: 'gates', code: error.code, message: error.message }],
    );
    const intent = gathered.files.intent?.file ?? null;
    return {
      type: 'GATE_FAIL',
      mode,
      refs: [],
      body: {
        run: random.uuid(),
        intent: told(gathered.facts.intentName),
        intent_sha256: intent?.sha256 ?? null,
        findings,
      },
    };
  }
  const decided = decidedOf(planned);
  if (error.code === 'PLAN_REFUSED' || error.code === 'BACKEND_LOCKED')
    return {
      type: 'PLAN_REFUSED',
      mode,
      refs: [],
      body: { ...decided, findings: boundedFindings(refusedRows(error, planned)) },
    };
  return {
    type: 'DECLINED',
    mode,
    refs: [],
    body: { ...decided, code: error.code, why: told(error.message) },
  };
}

/** Findings that an entry can hold. */
const MOST_FINDINGS = 100;
/** Characters; an entry's texts may have twice as many UTF-16 units (evidence-documents.ts). */
const LONGEST = 2_000;

/** What came from outside may be empty or as long as somebody likes; an entry that nobody can read would end the ledger. */
export function told(text: string): string {
  return clip(safe(text), LONGEST) || 'no message';
}

type Told = { where: string; code: string; message: string };

export function boundedFindings(findings: readonly Told[]): Told[] {
  const all = findings.map((finding) => ({ ...finding, message: told(finding.message) }));
  if (all.length <= MOST_FINDINGS) return all;
  const shown = all.slice(0, MOST_FINDINGS - 1);
  const more = `and ${String(all.length - shown.length)} more`;
  return [...shown, { where: 'gates', code: 'GATES_REFUSED', message: more }];
}

/** What every entry about a plan says of it. */
export function decidedOf({ plan, digest }: RecordedPlan): {
  run: string;
  intent_sha256: string;
  plan_sha256: string;
} {
  return { run: plan.run, intent_sha256: plan.intent.sha256, plan_sha256: digest };
}

/** The rows for which a plan is refused: those that cannot be carried out, or, under a lock, those that would change something. */
function refusedRows(
  { code, message }: GovbootError,
  { plan }: RecordedPlan,
): { where: string; code: string; message: string }[] {
  return code === 'PLAN_REFUSED'
    ? refusals(plan).map((step) => ({ where: step.id, code: step.code, message: step.why }))
    : changes(plan).map((step) => ({ where: step.id, code, message }));
}
