/** Small synthetic tables and a model of a store that carries steps out: what diff plans, this does. */
import type { Json } from '../../../src/kernel/json.ts';
import type { Blueprint } from '../../../src/plan/blueprint.ts';
import type {
  Capability,
  ControlSpec,
  Known,
  Observation,
  Observed,
  Presence,
  Profile,
  ResourceSpec,
} from '../../../src/plan/control.ts';
import type { ChangeStep } from '../../../src/plan/step.ts';
import { blueprint as makeBlueprint } from './fixtures.ts';

export const profile: Profile = {
  id: 'model',
  title: 'the model',
  offers: ['tags', 'versioning', 'kms'],
  calls: [],
};
export const blueprint: Blueprint = makeBlueprint();

/** A control that wants `wanted`, of no need and set by a call of its own. */
export function control(id: string, wanted: Json, more: Partial<ControlSpec> = {}): ControlSpec {
  return {
    id,
    title: `title of ${id}`,
    why: 'a test',
    needs: [],
    satisfies: [],
    desired: () => ({ is: 'value', value: wanted }),
    ...more,
  };
}

/** A control whose value is known only when `on` was made. */
export function pending(id: string, on: string, more: Partial<ControlSpec> = {}): ControlSpec {
  return control(id, null, {
    desired: (_b, known) =>
      known[`${on}.arn`] === undefined
        ? { is: 'pending', on }
        : { is: 'value', value: { arn: known[`${on}.arn`]! } },
    ...more,
  });
}

export function resource(
  id: string,
  controls: readonly ControlSpec[],
  more: Partial<ResourceSpec> = {},
): ResourceSpec {
  return {
    id,
    kind: 'state-bucket',
    title: `title of ${id}`,
    after: [],
    wanted: () => true,
    nameOf: () => `name-of-${id}`,
    controls,
    ...more,
  };
}

export const unset: Observed = { is: 'unset' };
export const found = (value: Json): Observed => ({ is: 'set', value });
export const absent: Presence = { is: 'absent' };
export const unowned: Presence = { is: 'unowned', known: {}, found: { tags: {} }, why: 'it carries no tags' };
export const ours: Presence = { is: 'ours', known: {}, madeBy: null, detail: '' };

export function observation(
  resources: Record<string, Presence>,
  controls: Record<string, Observed> = {},
): Observation {
  const there = Object.entries(resources).filter(([, { is }]) => is === 'ours' || is === 'unowned');
  return {
    resources,
    controls,
    known: Object.fromEntries(there.map(([id]) => [`${id}.arn`, `arn:${id}`])),
    finishedBy: null,
  };
}

export const needs = (...capabilities: Capability[]): Partial<ControlSpec> => ({ needs: capabilities });

/** A store that does what it is told, and refuses what cannot be told in that order. */
export class ModelStore {
  readonly table: readonly ResourceSpec[];
  readonly present: Set<string>;
  /** Those of them that nobody's tags are on. */
  readonly unowned: Set<string>;
  readonly values: Map<string, Json>;

  constructor(
    table: readonly ResourceSpec[],
    present: Iterable<string> = [],
    values: Iterable<readonly [string, Json]> = [],
    byHand: Iterable<string> = [],
  ) {
    this.table = table;
    this.present = new Set(present);
    this.values = new Map(values);
    this.unowned = new Set(byHand);
  }

  get known(): Known {
    return Object.fromEntries([...this.present].map((id) => [`${id}.arn`, `arn:${id}`]));
  }

  observe(): Observation {
    const resources = Object.fromEntries(
      this.table.map(({ id }) => [
        id,
        !this.present.has(id) ? absent : this.unowned.has(id) ? unowned : ours,
      ]),
    );
    const there = this.table.filter(({ id }) => this.present.has(id)).flatMap(({ controls }) => controls);
    return observation(
      resources,
      Object.fromEntries(
        there.map(({ id }) => [id, this.values.has(id) ? found(this.values.get(id)!) : unset]),
      ),
    );
  }

  perform(step: ChangeStep): void {
    const spec = this.table.find(({ id }) => id === step.resource)!;
    if (step.kind === 'create') {
      for (const other of spec.after) this.demand(other, step);
      for (const id of step.with)
        this.write(
          spec.controls.find((candidate) => candidate.id === id)!,
          step,
        );
      this.present.add(spec.id);
    } else if (step.kind === 'adopt') {
      if (!this.unowned.delete(step.resource)) throw new Error(`${step.id}: it is somebody's`);
    } else {
      if (this.unowned.has(spec.id)) throw new Error(`${step.id} before it was taken over`);
      this.demand(spec.id, step);
      this.write(
        spec.controls.find((candidate) => candidate.id === step.control)!,
        step,
      );
    }
  }

  private demand(id: string, step: ChangeStep): void {
    if (this.table.some((candidate) => candidate.id === id) && !this.present.has(id))
      throw new Error(`${step.id} before ${id} is there`);
  }

  private write(spec: ControlSpec, step: ChangeStep): void {
    for (const other of spec.after ?? []) if (other !== step.resource) this.demand(other, step);
    const desired = spec.desired(blueprint, this.known);
    if (desired.is !== 'value') throw new Error(`${step.id} while ${spec.id} is ${desired.is}`);
    this.values.set(spec.id, desired.value);
  }
}
