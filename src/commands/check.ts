/** `govboot check`: all gates, read-only; or, with --explain, what one code means. */
import { toJson } from '../kernel/json.ts';
import { judgeGates } from '../pipeline.ts';
import { refuseUnlessPassed } from '../pipeline.ts';
import { flagOf } from '../street/next-command.ts';
import type { CommandRun } from './command.ts';
import { explain } from './explain.ts';
import { judgedBy } from './judged-by.ts';

export const check: CommandRun<'check'> = async (ports, options) => {
  if ('explain' in options) {
    explain(ports.emit, options.explain);
    return;
  }
  const { environment, intent } = options;
  const judged = await judgeGates(ports, { environment, intent, resume: false });
  const passed = refuseUnlessPassed(judged);
  ports.emit({
    type: 'result',
    command: 'check',
    value: { environment, verdicts: toJson(judged.judgement.verdicts), passed: true },
    lines: [
      `all gates pass: ${passed.tag.name} may bootstrap ${environment}`,
      await judgedBy(ports),
      `next: govboot plan ${environment}${flagOf(ports.mode)}`,
    ],
  });
};
