/** What is refused although every gate passed: told before anybody is asked to confirm. Pure. */
import { GovbootError } from '../kernel/errors.ts';
import type { Intent } from '../inputs/intent.ts';
import { changes, refusals, type Plan } from '../plan/plan.ts';
import type { Gathered } from './gather.ts';

/** @throws PLAN_REFUSED when a row of the plan cannot be carried out */
export function refuseRefused(plan: Plan): void {
  const refused = refusals(plan);
  if (refused.length > 0)
    throw new GovbootError(
      'PLAN_REFUSED',
      `${String(refused.length)} of ${String(plan.steps.length)} rows of the plan are refused`,
      { data: { refused: refused.map((step) => step.id) } },
    );
}

/** The lock is this very intent's: nothing may be changed under it. */
export function isInForce({ facts: { ledger }, files }: Pick<Gathered, 'facts' | 'files'>): boolean {
  return ledger.unfinished === null && ledger.lock?.intentSha256 === files.intent?.file.sha256;
}

/** @throws BACKEND_LOCKED when a locked backend drifted; INTENT_REPLAY when the ledger would not take the intent again */
export function refuseToAsk(gathered: Gathered, plan: Plan, { nonce }: Intent): void {
  const { ledger } = gathered.facts;
  if (isInForce(gathered)) {
    const drifted = changes(plan).map((step) => step.id);
    throw new GovbootError(
      'BACKEND_LOCKED',
      `the backend is locked, and ${String(drifted.length)} controls are not as the lock says: ${drifted.join(', ')}`,
      {
        data: { drifted },
        hint: 'find out who changed it; to correct it write an intent with --action correct',
      },
    );
  }
  const used = ledger.nonces.find((entry) => entry.nonce === nonce);
  if (used !== undefined && ledger.unfinished === null)
    throw new GovbootError('INTENT_REPLAY', `the intent was used up by run ${used.run}, which was given up`, {
      data: { run: used.run },
    });
}
