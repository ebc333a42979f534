/** `govboot plan`: all gates, then what apply would do. Read-only, but for the plan itself where it is to be approved. */
import { toJson } from '../kernel/json.ts';
import { humanSeconds, secondsBetween } from '../kernel/time.ts';
import { LONGEST_WINDOW } from '../gates/approval.ts';
import { judgeGates, makePlanned, refuseUnlessPassed, type Planned } from '../pipeline.ts';
import { changes, planBytes, refusals } from '../plan/plan.ts';
import { GovbootError } from '../kernel/errors.ts';
import { evidenceSigner } from '../street/evidence-signer.ts';
import type { Gathered } from '../street/gather.ts';
import { flagOf } from '../street/next-command.ts';
import { refuseFinished, strangersOf } from '../street/parts.ts';
import { newRun } from '../street/plan-parts.ts';
import { isInForce, refuseRefused, refuseToAsk } from '../street/refusals.ts';
import type { Ports } from '../ports.ts';
import type { CommandOptions, CommandRun } from './command.ts';
import { assertOutside } from './out-file.ts';

type Options = CommandOptions['plan'];

/** Hours that a plan waits for its approval and its use, where no option says so: a working day. */
const HOURS = 8;
/** Seconds that a plan is good for that is only looked at. */
const LOOK_SECONDS = 300;

export const plan: CommandRun<'plan'> = async (ports, options) => {
  const { environment, intent, resume, out } = options;
  const asked = await secondsOf(ports, options);
  const judged = await judgeGates(ports, { environment, intent, resume });
  const passed = refuseUnlessPassed(judged);
  const { gathered } = judged;
  const signer = out === null ? null : (await evidenceSigner(ports, passed)).fingerprint;
  const run = newRun(ports, { gathered, signer }, asked);
  // An approval does not outlive the intent; counted in seconds from another moment, it could by one.
  const until = run.until < passed.intent.expires ? run.until : passed.intent.expires;
  const planned = await makePlanned(ports, gathered, passed, { ...run, until });
  ports.emit({ type: 'plan', plan: planned.view });
  for (const text of strangersOf(gathered, planned.observation)) ports.emit({ type: 'warning', text });
  refuseFinished(gathered, planned);
  const isRefused = refusals(planned.plan).length > 0;
  const isDone = changes(planned.plan).length === 0 && (out === null || isInForce(gathered));
  if (out !== null && !isRefused && !isDone) {
    refuseToAsk(gathered, planned.plan, passed.intent);
    await ports.files.create(out, planBytes(planned.plan));
    if (until < run.until) {
      const left = humanSeconds(secondsBetween(run.at, until));
      ports.emit({ type: 'note', text: `the plan ends with the intent, in ${left}` });
    }
  }
  ports.emit({
    type: 'result',
    command: 'plan',
    value: { digest: planned.digest, plan: toJson(planned.plan), file: isRefused || isDone ? null : out },
    lines: isRefused ? [] : isDone ? ['nothing to do'] : next(ports, options, gathered, planned),
  });
  refuseRefused(planned.plan);
};

function next({ mode }: Ports, options: Options, { facts }: Gathered, { plan: made, digest }: Planned) {
  const { environment, out } = options;
  if (out === null) return [`next: govboot apply ${environment}${flagOf(mode)}`];
  const flags = `${facts.resume ? ' --resume' : ''}${flagOf(mode)}`;
  return [
    `wrote ${out}: plan ${digest}, to be approved and applied before ${made.expires_at}`,
    'next:',
    `  govboot approve ${out} --key APPROVER   on the approver's own machine, in their own clone`,
    `  govboot apply ${environment}${flags} --approval ${out}.FINGERPRINT.asc`,
  ];
}

/** Judges what was asked before anything else is done. @returns seconds that the plan is good for */
async function secondsOf(ports: Ports, { out, hours }: Options): Promise<number> {
  if (out === null) {
    if (hours === null) return LOOK_SECONDS;
    throw new GovbootError('USAGE', `--hours is "${hours}", and no plan is written`, {
      hint: 'name a file with --out',
    });
  }
  await assertOutside(ports, out, 'intents/');
  if (out.endsWith('.asc'))
    throw new GovbootError('USAGE', `--out is ${out}, the name of a signature`, {
      hint: 'name a file outside of the repository, or in intents/',
    });
  const most = LONGEST_WINDOW / 3600;
  const count = hours === null ? HOURS : Number(hours);
  if (!/^[0-9]{1,3}$/.test(hours ?? String(HOURS)) || count < 1 || count > most)
    throw new GovbootError(
      'USAGE',
      `--hours is "${hours ?? ''}", not a whole number from 1 to ${String(most)}`,
    );
  return 3600 * count;
}
