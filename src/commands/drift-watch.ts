/** `govboot drift --watch`: looks again and again until it is stopped; less often while nothing can be reached. */
import { GovbootError, isGovbootError } from '../kernel/errors.ts';
import { humanSeconds } from '../kernel/time.ts';
import type { Ports } from '../ports.ts';
import type { CommandOptions } from './command.ts';
import { worstOf, type Outcome } from './drift-outcome.ts';

/** Seconds between two looks, where no option says so: each is some sixty calls, which cost next to nothing. */
const EVERY = 300;
/** Seconds; what is looked at more often than that is throttled by IAM, and what more seldom is not watched. */
const SHORTEST = 10;
const LONGEST = 86_400;
/** Seconds that it waits at most where nothing can be reached. */
const MOST_BACK_OFF = 3_600;

/** @throws DRIFT_FOUND when it was stopped and any look had found drift, else INTERRUPTED */
export async function watchDrift(
  ports: Ports,
  { every }: Pick<CommandOptions['drift'], 'every'>,
  look: () => Promise<readonly Outcome[]>,
): Promise<never> {
  const seconds = secondsOf(every);
  let failed = 0;
  let rounds = 0;
  let found: GovbootError | null = null;
  // Being asked, the port begins to watch for signals.
  for (; !ports.interrupted(); rounds++) {
    const worst = worstOf(await look());
    if (worst?.code === 'DRIFT_FOUND') found = worst;
    // Drift is an answer; back-off is for those who give none.
    failed = worst === null || worst.code === 'DRIFT_FOUND' ? 0 : failed + 1;
    const wait = Math.max(seconds, Math.min(seconds * 2 ** failed, MOST_BACK_OFF));
    const why = failed === 0 ? '' : `, as ${String(failed)} in a row had no answer`;
    ports.emit({
      ...{ type: 'row', command: 'drift', section: 'watch', label: ports.clock.now(), status: 'plain' },
      ...{ text: `look ${String(rounds + 1)}; the next in ${humanSeconds(wait)}${why}`, mend: null },
    });
    if (!(await paused(ports, wait * 1_000))) break;
  }
  throw (
    found ??
    new GovbootError('INTERRUPTED', 'stopped watching, and no look had found drift', {
      hint: 'start it again with `govboot drift --watch`',
    })
  );
}

/** @returns false when it was stopped meanwhile */
async function paused({ clock }: Pick<Ports, 'clock'>, ms: number): Promise<boolean> {
  try {
    await clock.pause(ms);
    return true;
  } catch (error) {
    if (isGovbootError(error) && error.code === 'INTERRUPTED') return false;
    throw error;
  }
}

function secondsOf(every: string | null): number {
  if (every === null) return EVERY;
  const seconds = Number(every);
  if (/^[0-9]{1,5}$/.test(every) && seconds >= SHORTEST && seconds <= LONGEST) return seconds;
  throw new GovbootError(
    'USAGE',
    `--every is "${every}", not a whole number of seconds from ${String(SHORTEST)} to ${String(LONGEST)}`,
    { hint: 'leave it out for every five minutes' },
  );
}
