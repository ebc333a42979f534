/** `govboot drift --watch`: looks again and again until it is stopped; less often while nothing can be reached. */
import { GovbootError, isGovbootError } from '../kernel/errors.ts';
import { humanSeconds } from '../kernel/time.ts';
import type { Ports } from '../ports.ts';
import type { CommandOptions } from './command.ts';
import { asJson, driftFound, worstOf, type Outcome } from './drift-outcome.ts';

/** Seconds between two looks, where no option says so: each is some sixty calls, which cost next to nothing. */
const EVERY = 300;
/** Seconds; what is looked at more often than that is throttled by IAM, and what more seldom is not watched. */
const SHORTEST = 10;
const LONGEST = 86_400;
/** Seconds that it waits at most where nothing can be reached. */
const MOST_BACK_OFF = 3_600;

/** At its end it has one result: how often it looked, where any look found drift, and what the last one saw. @throws DRIFT_FOUND when it was stopped and any look had found drift, else INTERRUPTED */
export async function watchDrift(
  ports: Ports,
  { every }: Pick<CommandOptions['drift'], 'every'>,
  look: () => Promise<readonly Outcome[]>,
): Promise<never> {
  const seconds = secondsOf(every);
  let failed = 0;
  let rounds = 0;
  let last: readonly Outcome[] = [];
  const drifted = new Set<string>();
  // Being asked, the port begins to watch for signals.
  while (!ports.interrupted()) {
    const outcomes = await unlessStopped(look);
    if (outcomes === null) break;
    rounds++;
    last = outcomes;
    for (const { is, environment } of outcomes) if (is === 'drifted') drifted.add(environment);
    const worst = worstOf(outcomes);
    // Drift is an answer; back-off is for those who give none.
    failed = worst === null || worst.code === 'DRIFT_FOUND' ? 0 : failed + 1;
    const wait = Math.max(seconds, Math.min(seconds * 2 ** failed, MOST_BACK_OFF));
    const why = failed === 0 ? '' : `, as ${String(failed)} in a row had no answer`;
    ports.emit({
      ...{ type: 'row', command: 'drift', section: 'watch', label: ports.clock.now(), status: 'plain' },
      ...{ text: `look ${String(rounds)}; the next in ${humanSeconds(wait)}${why}`, mend: null },
    });
    if ((await unlessStopped(() => ports.clock.pause(wait * 1_000))) === null) break;
  }
  const watch = { rounds, drifted: [...drifted] };
  ports.emit({ type: 'result', command: 'drift', value: { ...asJson(ports.mode, last), watch }, lines: [] });
  throw (
    driftFound(watch.drifted) ??
    new GovbootError('INTERRUPTED', 'stopped watching, and no look had found drift', {
      hint: 'start it again with `govboot drift --watch`',
    })
  );
}

/** @returns null when it was stopped meanwhile */
async function unlessStopped<T>(act: () => Promise<T>): Promise<T | null> {
  try {
    return await act();
  } catch (error) {
    if (isGovbootError(error) && error.code === 'INTERRUPTED') return null;
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
