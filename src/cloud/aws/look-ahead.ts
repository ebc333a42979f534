/**
 * The look before a write, asked while the step before it is written. What was seen is used once, soon, and only where it was seen
 * well: otherwise `perform` looks for itself. So a write follows its look by a few round trips at most, where it was one.
 */
import type { Observation, ResourceId } from '../../plan/control.ts';
import type { ChangeStep } from '../../plan/step.ts';
import type { Clock, RunContext } from '../../ports.ts';
import type { AwsApi } from './api.ts';
import { look, type Looked } from './perform.ts';
import { AWS_TABLE, resourceOf } from './table.ts';

/** Milliseconds from the asking for which a look counts. Somebody else's change in between would not be seen. */
const FRESH_MS = 2_000;

export interface LooksAhead {
  /** An observation is a look too, at what was absent and can be made by one run only. */
  remember(observation: Observation): void;
  /** Asks now. Never fails: what cannot be seen is looked at again by the step itself. */
  begin(step: ChangeStep, context: RunContext): void;
  /** What was seen, once; null where the step has to look for itself. */
  take(step: ChangeStep): Promise<Looked | null>;
}

/** @param made resources that were made and can be written to, as they are then */
export function looksAhead(
  api: AwsApi,
  clock: Pick<Clock, 'monotonic'>,
  made: ReadonlySet<ResourceId>,
): LooksAhead {
  const looks = new Map<string, { readonly at: number; readonly looked: Promise<Looked | null> }>();
  return {
    remember({ resources }) {
      for (const { id } of AWS_TABLE.filter(({ refusesTaken }) => refusesTaken === true)) {
        const presence = resources[id];
        if (presence?.is !== 'absent') continue;
        const looked = Promise.resolve({ of: 'resource', presence } as const);
        looks.set(`create/${id}`, { at: clock.monotonic(), looked });
      }
    },
    begin(step, context) {
      // A setting of what is not there yet would be read as missing.
      const isThere = made.has(step.resource) || !step.after.includes(`create/${step.resource}`);
      if (step.kind === 'set' && !isThere) return;
      if (step.kind === 'create' && resourceOf(step.resource)?.canBeMadeTwice === true) return;
      const looked = look(api, step, context).then(wellSeen, () => null);
      looks.set(step.id, { at: clock.monotonic(), looked });
    },
    async take(step) {
      const found = looks.get(step.id);
      looks.delete(step.id);
      if (found === undefined) return null;
      const looked = await found.looked;
      return clock.monotonic() - found.at < FRESH_MS ? looked : null;
    },
  };
}

/** An answer that says what is there. Faults that pass with time are repeated by the step itself, which is allowed to wait. */
function wellSeen(looked: Looked): Looked | null {
  const is = looked.of === 'resource' ? looked.presence.is : looked.observed.is;
  return is === 'unreadable' ? null : looked;
}
