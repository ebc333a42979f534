/** Two plans, field by field: what was approved, and what is so here and now. */
import { sameJson } from '../kernel/canonical.ts';
import { isJsonObject, type Json } from '../kernel/json.ts';
import type { Plan } from './plan.ts';
import type { Step } from './step.ts';

/** One place in which two plans are not the same; undefined where one of them has nothing there. */
export interface PlanDifference {
  /** `target.caller`, `steps.set/state-bucket.versioning.from`. */
  readonly field: string;
  readonly approved: Json | undefined;
  readonly now: Json | undefined;
}

/** What says most first: whoever reads on after the third field is looking for a bug, not for a reason. */
const ORDER = [
  ...(['mode', 'repository', 'environment', 'intent', 'source', 'policy', 'target', 'signer'] as const),
  ...(['run', 'nonce', 'created_at', 'expires_at', 'blueprint', 'schema'] as const),
] satisfies readonly Exclude<keyof Plan, 'steps'>[];

/** Every place that differs. Not empty unless the plans have the same digest. */
export function planDifferences(approved: Plan, now: Plan): readonly PlanDifference[] {
  const fields = ORDER.flatMap((field) => compare(field, toJson(approved[field]), toJson(now[field])));
  const steps = stepDifferences(approved.steps, now.steps);
  return [...fields, ...steps];
}

/** Steps by id; where each is the same, their order or number may still not be. */
function stepDifferences(approved: readonly Step[], now: readonly Step[]): readonly PlanDifference[] {
  const [before, after] = [byId(approved), byId(now)];
  const ids = [...new Set([...before.keys(), ...after.keys()])];
  const found = ids.flatMap((id): readonly PlanDifference[] => {
    const [one, other] = [before.get(id), after.get(id)];
    const field = `steps.${id}`;
    return one === undefined || other === undefined
      ? [{ field, approved: one?.kind, now: other?.kind }]
      : compare(field, toJson(one), toJson(other));
  });
  if (found.length > 0) return found;
  return compare('steps', toJson(approved.map(({ id }) => id)), toJson(now.map(({ id }) => id)));
}

function byId(steps: readonly Step[]): ReadonlyMap<string, Step> {
  return new Map(steps.map((step) => [step.id, step]));
}

/** Walks into objects and stops at everything else: a list is one value. */
function compare(
  field: string,
  approved: Json | undefined,
  now: Json | undefined,
): readonly PlanDifference[] {
  if (isJsonObject(approved) && isJsonObject(now)) {
    const keys = [...new Set([...Object.keys(approved), ...Object.keys(now)])];
    return keys.flatMap((key) => compare(`${field}.${key}`, own(approved, key), own(now, key)));
  }
  const isSame = approved === undefined || now === undefined ? approved === now : sameJson(approved, now);
  return isSame ? [] : [{ field, approved, now }];
}

/** A plan that was offered may hold a key that every object has by birth. */
function own(value: Record<string, unknown>, key: string): Json | undefined {
  return Object.hasOwn(value, key) ? toJson(value[key]) : undefined;
}

/** The parts of a plan are plain data, which the types of interfaces do not say. */
function toJson(value: unknown): Json {
  return value as Json;
}
