/**
 * Patience. The SDK itself repeats throttled, failed and lost calls a few times; it never repeats 409s, nor what is only
 * not ready yet. Here everything that passes with time is repeated, with growing pauses, until a deadline.
 */
import { GovbootError } from '../../kernel/errors.ts';
import { isFault, type ApiFault, type AwsApi, type FaultKind, type Operation } from './api.ts';

export interface Patience {
  /** Waits; rejects when the run is interrupted. */
  pause(ms: number): Promise<void>;
  /** Milliseconds that never go back. */
  monotonic(): number;
  /** 0 ≤ n < 1. */
  readonly random?: () => number;
  /** Milliseconds from the first try; 120 s without it. */
  readonly deadlineMs?: number;
}

/** A call that did not pass and is tried again after the pause. */
export interface Retry {
  readonly fault: ApiFault;
  readonly pauseMs: number;
  /** Tries so far. */
  readonly count: number;
}

/** A call that needed more than one try. */
export interface Again {
  readonly operation: Operation;
  /** Tries after the first, by the SDK and here; at least 1. */
  readonly times: number;
}

export interface RetryOptions extends Patience {
  readonly onRetry?: (retry: Retry) => void;
  /** Told once a call that was tried again has ended, however it ended. */
  readonly onAgain?: (again: Again) => void;
  /** Whether `absent` passes with time too: the resource was made a moment ago. `fault` is the service's word. */
  readonly justMade?: (operation: Operation, fault: string) => boolean;
}

const DEADLINE_MS = 120_000;
const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 8_000;

const PASSING: ReadonlySet<FaultKind> = new Set([
  'conflict',
  'not-ready',
  'throttled',
  'unavailable',
  'network',
]);

/** No name and no client token: whether a lost call was carried out must be looked up, not tried again (KMS CreateKey). */
export const BLIND: ReadonlySet<Operation> = new Set<Operation>(['kms:CreateKey']);
/** The answer was lost, so the call may have been carried out. */
const LOST: ReadonlySet<FaultKind> = new Set(['unavailable', 'network']);

/** True of a call whose outcome is not known and that must not be repeated. */
export function isBlind(fault: ApiFault): boolean {
  return BLIND.has(fault.operation) && LOST.has(fault.kind);
}

/** Repeats what passes with time. Never repeats denied, exists, invalid, credentials, nor absent unless just made. */
export function withRetry(api: AwsApi, options: RetryOptions): AwsApi {
  return {
    async call(operation, input) {
      const pauses = backOff(options);
      let times = 0;
      const ended = (tries: number): void => {
        times += tries - 1;
        if (times > 0) options.onAgain?.({ operation, times });
      };
      for (let count = 1; ; count++) {
        try {
          const output = await api.call(operation, input);
          ended(output.$metadata.attempts ?? 1);
          return output;
        } catch (error) {
          if (!isFault(error)) throw error;
          const pauseMs = isBlind(error) || !passes(error, options) ? null : pauses();
          if (pauseMs === null) {
            ended(error.attempts);
            throw error;
          }
          times += error.attempts;
          options.onRetry?.({ fault: error, pauseMs, count });
          await options.pause(pauseMs);
        }
      }
    },
  };
}

function passes(fault: ApiFault, options: RetryOptions): boolean {
  if (fault.kind === 'absent') return options.justMade?.(fault.operation, fault.fault) ?? false;
  return PASSING.has(fault.kind);
}

/**
 * Looks again until `until` holds: a read after a write may answer from before it. `absent` counts as "not yet".
 * @throws CLOUD_FAILED when the deadline passes first
 */
export async function eventually<T>(
  what: string,
  patience: Patience,
  look: () => Promise<T>,
  until: (seen: T) => boolean,
): Promise<T> {
  const last = await settle(patience, look, until);
  if (last.is === 'settled') return last.seen;
  const seconds = (patience.deadlineMs ?? DEADLINE_MS) / 1000;
  throw new GovbootError('CLOUD_FAILED', `${what} is not so after ${seconds} s`, { cause: last.fault });
}

export type Settled<T> =
  | { readonly is: 'settled'; readonly seen: T }
  | { readonly is: 'not-settled'; readonly seen: T | undefined; readonly fault: ApiFault | undefined };

/** The same, answering what was seen last instead of throwing. */
export async function settle<T>(
  patience: Patience,
  look: () => Promise<T>,
  until: (seen: T) => boolean,
): Promise<Settled<T>> {
  const pauses = backOff(patience);
  for (;;) {
    let seen: T | undefined;
    let fault: ApiFault | undefined;
    try {
      seen = await look();
      if (until(seen)) return { is: 'settled', seen };
    } catch (error) {
      if (!isFault(error, 'absent')) throw error;
      fault = error;
    }
    const pauseMs = pauses();
    if (pauseMs === null) return { is: 'not-settled', seen, fault };
    await patience.pause(pauseMs);
  }
}

/** Pauses that double up to a limit, each between half and the whole of it; null when the deadline has passed. */
function backOff(patience: Patience): () => number | null {
  const end = patience.monotonic() + (patience.deadlineMs ?? DEADLINE_MS);
  const random = patience.random ?? Math.random;
  let longest = FIRST_PAUSE_MS;
  return () => {
    const left = end - patience.monotonic();
    if (left <= 0) return null;
    const pauseMs = Math.min(left, Math.ceil(longest * (0.5 + random() / 2)));
    longest = Math.min(longest * 2, LONGEST_PAUSE_MS);
    return pauseMs;
  };
}
