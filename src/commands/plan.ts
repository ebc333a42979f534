/** `govboot plan`: all gates, then what apply would do. Read-only. */
import { toJson } from '../kernel/json.ts';
import { judgeGates, makePlanned, refuseUnlessPassed } from '../pipeline.ts';
import { changes, refusals } from '../plan/plan.ts';
import { GovbootError } from '../kernel/errors.ts';
import { strangersOf } from '../street/parts.ts';
import type { CommandRun } from './command.ts';

export const plan: CommandRun<'plan'> = async (ports, { environment, intent }) => {
  const judged = await judgeGates(ports, { environment, intent, resume: false });
  const passed = refuseUnlessPassed(judged);
  const planned = await makePlanned(ports, judged.gathered, passed, {
    run: ports.random.uuid(),
    nonce: ports.random.hex(16),
    signer: null,
    at: ports.clock.now(),
  });
  ports.emit({ type: 'plan', plan: planned.view });
  for (const text of strangersOf(judged.gathered, planned.observation)) ports.emit({ type: 'warning', text });
  const refused = refusals(planned.plan);
  ports.emit({
    type: 'result',
    command: 'plan',
    value: { digest: planned.digest, plan: toJson(planned.plan) },
    lines:
      refused.length > 0
        ? []
        : [changes(planned.plan).length === 0 ? 'nothing to do' : `next: govboot apply ${environment}`],
  });
  if (refused.length > 0)
    throw new GovbootError(
      'PLAN_REFUSED',
      `${String(refused.length)} of ${String(planned.plan.steps.length)} rows are refused`,
      { data: { refused: refused.map((step) => step.id) } },
    );
};
