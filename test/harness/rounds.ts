/**
 * Counts round trips that depend on each other, without a clock: no call is answered before nobody has another one to ask. All calls that
 * were asked by then are one round; whoever waits for an answer before asking on begins the next. So the number of rounds is the depth of
 * the calls, on a busy machine too.
 */
import type { AwsApi, Operation } from '../../src/cloud/aws/api.ts';

export interface Rounds {
  readonly api: AwsApi;
  /** The operations of each round, in order. */
  rounds(): readonly (readonly Operation[])[];
  forget(): void;
}

/** Turns of the event loop without a new call after which nobody is taken to have one. In memory, work between two calls takes a few. */
const QUIET_TURNS = 50;

export function roundsOf(api: AwsApi): Rounds {
  let rounds: Operation[][] = [];
  let held: (() => void)[] = [];
  let asked = 0;
  const release = async (): Promise<void> => {
    for (let quiet = 0, seen = asked; quiet < QUIET_TURNS; quiet++) {
      await new Promise((resolve) => setImmediate(resolve));
      if (asked !== seen) [quiet, seen] = [0, asked];
    }
    const round = held;
    held = [];
    for (const answer of round) answer();
  };
  return {
    api: {
      async call(operation, input) {
        asked++;
        if (held.length === 0) {
          rounds.push([]);
          void release();
        }
        rounds.at(-1)?.push(operation);
        await new Promise<void>((resolve) => held.push(resolve));
        return api.call(operation, input);
      },
    },
    rounds: () => rounds,
    forget() {
      rounds = [];
    },
  };
}
