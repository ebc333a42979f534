/** The clock and the randomness of this machine. */
import { randomBytes, randomUUID } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { setTimeout as wait } from 'node:timers/promises';
import { GovbootError } from '../kernel/errors.ts';
import { instantFromMs } from '../kernel/time.ts';
import type { Clock, Random } from '../ports.ts';

/** @param interrupted aborted when the run is interrupted: pauses then end at once */
export function makeClock(interrupted?: AbortSignal): Clock {
  return {
    now: () => instantFromMs(Date.now()),
    monotonic: () => performance.now(),
    async pause(ms) {
      try {
        await wait(ms, undefined, interrupted === undefined ? {} : { signal: interrupted });
      } catch (cause) {
        if (interrupted?.aborted === true)
          throw new GovbootError('INTERRUPTED', 'interrupted while waiting', { cause });
        throw cause;
      }
    },
  };
}

export function makeRandom(): Random {
  return { uuid: () => randomUUID(), hex: (bytes) => randomBytes(bytes).toString('hex') };
}
