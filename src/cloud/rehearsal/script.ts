/** Faults that strike by script: which call, before or after its effect, and what then. */
import type { Operation } from '../aws/api.ts';
import { isMutating, type FaultName } from './faults.ts';

export interface ScriptedFault {
  /** By operation, by the number of the changing call (from 1, over all services), or both; `nth` counts matching calls. */
  readonly match: { readonly operation?: Operation; readonly mutating?: number; readonly nth?: number };
  /** `before` the call has an effect, or `after` it: the effect is there and the answer is lost. */
  readonly when: 'before' | 'after';
  readonly fault: FaultName;
  /** How many matching calls in a row are struck, from the nth on; 1 if not said. */
  readonly times?: number;
  /** The SDK tries again by itself, as it does on resets, and the caller sees the second answer only. */
  readonly retried?: boolean;
}

export interface Script {
  /** The fault for this call, if any. Every call is asked about exactly once. */
  next(operation: Operation): ScriptedFault | null;
}

export function scriptOf(faults: readonly ScriptedFault[]): Script {
  const seen = faults.map(() => 0);
  let mutating = 0;
  return {
    next(operation) {
      if (isMutating(operation)) mutating++;
      let struck: ScriptedFault | null = null;
      faults.forEach((fault, i) => {
        const { operation: wanted, mutating: number, nth = 1 } = fault.match;
        if (wanted !== undefined && wanted !== operation) return;
        const times = fault.times ?? 1;
        if (
          number !== undefined &&
          !(isMutating(operation) && mutating >= number && mutating < number + times)
        )
          return;
        const count = (seen[i] = (seen[i] ?? 0) + 1);
        if (number === undefined && !(count >= nth && count < nth + times)) return;
        struck ??= fault;
      });
      return struck;
    },
  };
}
