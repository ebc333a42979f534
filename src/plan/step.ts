/** Steps: one idempotent change each, with a stable id; and what is kept or refused, so that a person sees the whole. */
import type { Code } from '../kernel/codes.ts';
import type { Json } from '../kernel/json.ts';
import type { ControlId, ResourceId } from './control.ts';

interface StepBase {
  /** `create/state-bucket`, `set/state-bucket.versioning`: unique in a plan. */
  readonly id: string;
  readonly resource: ResourceId;
  /** The name as the store knows it. */
  readonly name: string;
  readonly title: string;
}

/** Makes a resource, with the controls that its creating call sets. */
export interface CreateStep extends StepBase {
  readonly kind: 'create';
  readonly with: readonly ControlId[];
  /** Step ids that must be done before. */
  readonly after: readonly string[];
}

/**
 * Takes over a resource that nobody's tags are on: from `from`, the tags that were found, to `to`, those of the environment. The tags of
 * the run come to them when it is done.
 */
export interface AdoptStep extends StepBase {
  readonly kind: 'adopt';
  readonly from: Json | null;
  readonly to: Json | null;
  readonly after: readonly string[];
}

/**
 * Writes one control. `to` is null while it depends on something made in this run; `preview` is then what it will be, with the
 * name of each missing identifier in its place, so that a person reads the policy that they confirm.
 */
export interface SetStep extends StepBase {
  readonly kind: 'set';
  readonly control: ControlId;
  readonly from: Json | null;
  readonly to: Json | null;
  readonly preview: Json | null;
  readonly after: readonly string[];
}

export interface KeepStep extends StepBase {
  readonly kind: 'keep';
  readonly control: ControlId | null;
}

export interface RefuseStep extends StepBase {
  readonly kind: 'refuse';
  readonly control: ControlId | null;
  readonly code: Code;
  readonly found: Json;
  readonly why: string;
}

export type ChangeStep = CreateStep | AdoptStep | SetStep;
export type Step = ChangeStep | KeepStep | RefuseStep;

export function isChange(step: Step): step is ChangeStep {
  return step.kind === 'create' || step.kind === 'adopt' || step.kind === 'set';
}
