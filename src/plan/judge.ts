/** One control: desired × observed → keep, set or refuse. Whatever was not read, or not understood, is refused and never written. */
import { sameJson } from '../kernel/canonical.ts';
import type { Code } from '../kernel/codes.ts';
import type { Json } from '../kernel/json.ts';
import type { Blueprint } from './blueprint.ts';
import type {
  ControlSpec,
  Desired,
  Observation,
  Observed,
  Profile,
  ResourceId,
  ResourceSpec,
} from './control.ts';
import type { KeepStep, RefuseStep, SetStep, Step } from './step.ts';

/** What every judgement of one plan may look at. */
export interface View {
  readonly profile: Profile;
  readonly blueprint: Blueprint;
  readonly observation: Observation;
  /** Controls of the wanted resources, to find stand-ins. */
  readonly controls: ReadonlyMap<string, ControlSpec>;
  /** Resources that this plan makes. */
  readonly making: ReadonlySet<ResourceId>;
  /** Resources that this plan refuses, and why. */
  readonly refused: ReadonlyMap<ResourceId, Code>;
}

/** A setting without its place in the order; `needs` are resources that must exist before. */
export type SetDraft = Omit<SetStep, 'after'> & { readonly needs: readonly ResourceId[] };
/** null: the control is not wanted, or others stand in for it. */
export type Draft = SetDraft | KeepStep | RefuseStep | null;

type Wanted = Exclude<Desired, { readonly is: 'none' }>;

/** Judges a control of a resource that this plan makes. */
export function judgeAbsent(control: ControlSpec, resource: ResourceSpec, view: View): Draft {
  return judgeWanted(control, resource, view, (wanted) => set(control, resource, view, null, wanted));
}

/** Judges a control of a resource that is there and ours. */
export function judgePresent(control: ControlSpec, resource: ResourceSpec, view: View): Draft {
  const refuse = (code: Code, why: string): RefuseStep =>
    refuseStep(resource, control, view.blueprint, { code, found: null, why });
  return judgeWanted(control, resource, view, (wanted) => {
    const observed: Observed | undefined = view.observation.controls[control.id];
    switch (observed?.is) {
      case undefined:
        return refuse('CLOUD_FAILED', 'it was not read');
      case 'unreadable':
        return refuse(observed.code, observed.detail);
      case 'not-offered':
        return standsIn(control, view) ? null : refuse('NOT_OFFERED', observed.detail);
      case 'unset':
        if (control.creationOnly === true)
          return refuse('IMMUTABLE_VALUE', 'it is not set, and can only be chosen when the resource is made');
        return set(control, resource, view, null, wanted);
      case 'set':
        return judgeValue(control, resource, view, observed.value, wanted);
    }
  });
}

/** What holds whether or not the resource is there: is it wanted, can it be had, can its value be known. */
function judgeWanted(
  control: ControlSpec,
  resource: ResourceSpec,
  view: View,
  next: (wanted: Wanted) => Draft,
): Draft {
  const wanted = desiredOf(control, view);
  if (wanted === null) return null;
  const refuse = (code: Code, why: string): RefuseStep =>
    refuseStep(resource, control, view.blueprint, { code, found: null, why });
  const missing = control.needs.filter((capability) => !view.profile.offers.includes(capability));
  if (missing.length > 0)
    return standsIn(control, view)
      ? null
      : refuse('NOT_OFFERED', `${view.profile.title} does not offer ${missing.join(', ')}`);
  if (wanted.is === 'pending' && !view.making.has(wanted.on)) {
    const code = view.refused.get(wanted.on);
    return code === undefined
      ? refuse('CLOUD_FAILED', `it depends on ${wanted.on}, which is neither known nor made by this plan`)
      : refuse(code, `it depends on ${wanted.on}, which is refused`);
  }
  return next(wanted);
}

function judgeValue(
  control: ControlSpec,
  resource: ResourceSpec,
  view: View,
  found: Json,
  wanted: Wanted,
): Draft {
  const refuse = (code: Code, value: Json, why: string): RefuseStep =>
    refuseStep(resource, control, view.blueprint, { code, found: value, why });
  if (wanted.is === 'pending' && control.compare !== undefined) {
    return refuse(
      'FOREIGN_VALUE',
      found,
      `it cannot be compared before ${wanted.on} is made, and may be somebody else's`,
    );
  }
  const comparison =
    wanted.is === 'pending'
      ? ({ is: 'wrong' } as const)
      : compare(control, found, wanted.value, view.blueprint);
  switch (comparison.is) {
    case 'right':
      return keepStep(resource, control, view.blueprint);
    case 'foreign':
      return refuse('FOREIGN_VALUE', comparison.found, 'somebody else put it there');
    case 'wrong':
      if (control.creationOnly === true)
        return refuse(
          'IMMUTABLE_VALUE',
          found,
          'it is another value, and can only be chosen when the resource is made',
        );
      return set(control, resource, view, found, wanted);
  }
}

function compare(
  control: ControlSpec,
  found: Json,
  wanted: Json,
  blueprint: Blueprint,
): ReturnType<NonNullable<ControlSpec['compare']>> {
  if (control.compare !== undefined) return control.compare(found, wanted, blueprint);
  return { is: sameJson(found, wanted) ? 'right' : 'wrong' };
}

function desiredOf(control: ControlSpec, view: View): Wanted | null {
  const desired = control.desired(view.blueprint, view.observation.known);
  return desired.is === 'none' ? null : desired;
}

/** Whether every control that the table names as its stand-in is wanted and can be had. */
function standsIn(control: ControlSpec, view: View): boolean {
  const standIns = control.substitutes ?? [];
  return standIns.length > 0 && standIns.every((id) => isHad(view.controls.get(id), view));
}

function isHad(control: ControlSpec | undefined, view: View): boolean {
  if (control === undefined || desiredOf(control, view) === null) return false;
  return (
    control.needs.every((capability) => view.profile.offers.includes(capability)) &&
    view.observation.controls[control.id]?.is !== 'not-offered'
  );
}

/** Resources that must exist before a control can be written. */
export function needsOf(control: ControlSpec, view: View): readonly ResourceId[] {
  const desired = desiredOf(control, view);
  return [...(control.after ?? []), ...(desired?.is === 'pending' ? [desired.on] : [])];
}

function set(
  control: ControlSpec,
  resource: ResourceSpec,
  view: View,
  from: Json | null,
  wanted: Wanted,
): SetDraft {
  return {
    ...rowOf(resource, control, view.blueprint, 'set', control.irreversible),
    kind: 'set',
    control: control.id,
    from,
    to: wanted.is === 'value' ? wanted.value : null,
    preview: wanted.is === 'value' ? null : previewOf(control, view),
    needs: needsOf(control, view),
  };
}

/** The value as it will be, with `(state-key.arn)` where an identifier is not known yet; null when even that does not give one. */
function previewOf(control: ControlSpec, view: View): Json | null {
  const missing = [...view.making].flatMap((id) => [`${id}.arn`, `${id}.id`]);
  const known = { ...Object.fromEntries(missing.map((key) => [key, `(${key})`])), ...view.observation.known };
  const desired = control.desired(view.blueprint, known);
  return desired.is === 'value' ? desired.value : null;
}

/** The resource itself where `control` is null. */
export function keepStep(
  resource: ResourceSpec,
  control: ControlSpec | null,
  blueprint: Blueprint,
): KeepStep {
  return { ...rowOf(resource, control, blueprint, 'keep'), kind: 'keep', control: control?.id ?? null };
}

/** The resource itself where `control` is null. */
export function refuseStep(
  resource: ResourceSpec,
  control: ControlSpec | null,
  blueprint: Blueprint,
  because: Pick<RefuseStep, 'code' | 'found' | 'why'>,
): RefuseStep {
  return {
    ...rowOf(resource, control, blueprint, 'refuse'),
    kind: 'refuse',
    control: control?.id ?? null,
    ...because,
  };
}

/** What every step has: its id is made of what it does and to what, so that it is the same in every plan. */
export function rowOf(
  resource: ResourceSpec,
  control: ControlSpec | null,
  blueprint: Blueprint,
  kind: Step['kind'],
  irreversible = false,
): Pick<Step, 'id' | 'resource' | 'name' | 'title'> {
  const { title } = control ?? resource;
  return {
    id: `${kind}/${control?.id ?? resource.id}`,
    resource: resource.id,
    name: resource.nameOf(blueprint),
    title: irreversible ? `${title} (cannot be undone)` : title,
  };
}
