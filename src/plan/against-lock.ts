/**
 * Steps held against the lock in force. To supersede is to change what was agreed, and to correct is to bring it back: neither may do
 * the other's work in passing, or a change that nobody signed would vanish beneath one that somebody did.
 */
import { sameJson } from '../kernel/canonical.ts';
import type { Code } from '../kernel/codes.ts';
import type { Json } from '../kernel/json.ts';
import type { IntentAction } from '../inputs/intent-action.ts';
import type { Blueprint } from './blueprint.ts';
import type { ControlId, ControlSpec, ResourceId, ResourceSpec } from './control.ts';
import type { RefuseStep, SetStep, Step } from './step.ts';

/** What a lock says of its backend, as it was read back. */
export interface Locked {
  readonly resources: ReadonlySet<ResourceId>;
  readonly controls: ReadonlyMap<ControlId, Json>;
}

/** The same steps; those that the action does not cover are refused. Without a lock, and for the other actions, nothing is. */
export function heldAgainstLock(
  steps: readonly Step[],
  action: IntentAction,
  locked: Locked | null,
  table: readonly ResourceSpec[],
  blueprint: Blueprint,
): readonly Step[] {
  if (locked === null) return steps;
  const controls = new Map(
    table.flatMap((resource) => resource.controls.map((control) => [control.id, control] as const)),
  );
  /** Whether `found` is as good as `wanted`, in the words of the control. */
  const isAs = (id: ControlId, found: Json, wanted: Json): boolean => {
    const control: ControlSpec | undefined = controls.get(id);
    return control?.compare === undefined
      ? sameJson(found, wanted)
      : control.compare(found, wanted, blueprint).is === 'right';
  };
  if (action === 'supersede') return steps.map((step) => ofSuperseding(step, locked, isAs));
  if (action === 'correct') return steps.map((step) => ofCorrecting(step, locked, isAs));
  return steps;
}

type IsAs = (id: ControlId, found: Json, wanted: Json) => boolean;

/** What is changed must have been as the lock says until now. */
function ofSuperseding(step: Step, { controls }: Locked, isAs: IsAs): Step {
  if (step.kind !== 'set') return step;
  const recorded = controls.get(step.control);
  if (recorded === undefined || (step.from !== null && isAs(step.control, step.from, recorded))) return step;
  return refused(step, step.control, 'DRIFTED', step.from, `the lock says ${JSON.stringify(recorded)}`);
}

/** What is written must be what the lock says. */
function ofCorrecting(step: Step, { controls, resources }: Locked, isAs: IsAs): Step {
  switch (step.kind) {
    case 'keep':
    case 'refuse':
      return step;
    case 'create':
      return refused(step, null, 'BEYOND_LOCK', null, 'it is gone, and would be made anew');
    case 'adopt':
      return resources.has(step.resource)
        ? step
        : refused(step, null, 'BEYOND_LOCK', step.from, 'the lock does not list it');
    case 'set': {
      const recorded = controls.get(step.control);
      if (recorded !== undefined && step.to !== null && isAs(step.control, recorded, step.to)) return step;
      const says = recorded === undefined ? 'nothing of it' : JSON.stringify(recorded);
      return refused(
        step,
        step.control,
        'BEYOND_LOCK',
        step.from,
        `${wantedBy(step)}, and the lock says ${says}`,
      );
    }
  }
}

const wantedBy = ({ to, preview }: SetStep): string => `the policy wants ${JSON.stringify(to ?? preview)}`;

function refused(
  { resource, name, title }: Step,
  control: ControlId | null,
  code: Code,
  found: Json,
  why: string,
): RefuseStep {
  const id = `refuse/${control ?? resource}`;
  return { kind: 'refuse', id, resource, name, title, control, code, found, why };
}
