/** The order of steps: `after` makes them a graph, and a graph that cannot be walked is never begun. */
import { isChange, type ChangeStep, type Step } from './step.ts';

/**
 * The changes of a plan in an order in which each comes after all that it names.
 * @throws Error for a step named twice, one that is not there, or a circle: a table that is wrong, never an input
 */
export function inOrder(steps: readonly Step[]): readonly ChangeStep[] {
  const waiting = new Map<string, ChangeStep>();
  for (const step of steps.filter(isChange)) {
    if (waiting.has(step.id)) throw new Error(`step ${step.id} is there twice`);
    waiting.set(step.id, step);
  }
  for (const step of waiting.values()) {
    const missing = step.after.find((id) => !waiting.has(id));
    if (missing !== undefined)
      throw new Error(`step ${step.id} comes after ${missing}, which is not in the plan`);
  }
  const ordered: ChangeStep[] = [];
  while (waiting.size > 0) {
    const ready = [...waiting.values()].filter((step) => step.after.every((id) => !waiting.has(id)));
    if (ready.length === 0) throw new Error(`steps wait for each other: ${[...waiting.keys()].join(', ')}`);
    for (const step of ready) waiting.delete(step.id);
    ordered.push(...ready);
  }
  return ordered;
}
