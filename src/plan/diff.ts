/**
 * Desired × observed → steps. With judge.ts the only place that knows what "wrong" means: the first plan, the read-back
 * after the writes and the search for drift all ask this function.
 */
import type { Blueprint } from './blueprint.ts';
import type {
  ControlId,
  ControlSpec,
  Observation,
  Presence,
  Profile,
  ResourceId,
  ResourceSpec,
} from './control.ts';
import {
  judgeAbsent,
  judgePresent,
  keepStep,
  needsOf,
  refuseStep,
  rowOf,
  type Draft,
  type View,
} from './judge.ts';
import type { AdoptStep, CreateStep, RefuseStep, Step } from './step.ts';

/** What to do so that the backend is as the blueprint wants it; rows in the order of the table. */
export function diff(
  table: readonly ResourceSpec[],
  profile: Profile,
  blueprint: Blueprint,
  observation: Observation,
): readonly Step[] {
  const wanted = table.filter((resource) => resource.wanted(blueprint));
  const refusals = new Map<ResourceId, RefuseStep>();
  for (const resource of wanted) {
    const refusal = refusalOf(resource, blueprint, observation);
    if (refusal !== null) refusals.set(resource.id, refusal);
  }
  const isMade = ({ id }: ResourceSpec): boolean =>
    !refusals.has(id) && observation.resources[id]?.is === 'absent';
  const view: View = {
    profile,
    blueprint,
    observation,
    controls: new Map(
      wanted.flatMap((resource) => resource.controls.map((control) => [control.id, control] as const)),
    ),
    making: new Set(wanted.filter(isMade).map(({ id }) => id)),
    refused: new Map([...refusals].map(([id, { code }]) => [id, code] as const)),
  };
  return wanted.flatMap((resource) => {
    const refusal = refusals.get(resource.id);
    if (refusal !== undefined) return [refusal];
    if (view.making.has(resource.id)) return create(resource, view);
    const presence = observation.resources[resource.id];
    return presence?.is === 'unowned' ? adopt(resource, presence, view) : adjust(resource, view);
  });
}

/** Why a resource can be neither made nor changed; null when it can. */
function refusalOf(
  resource: ResourceSpec,
  blueprint: Blueprint,
  observation: Observation,
): RefuseStep | null {
  const refuse = (because: Pick<RefuseStep, 'code' | 'found' | 'why'>): RefuseStep =>
    refuseStep(resource, null, blueprint, because);
  if (!blueprint.allowedResources.includes(resource.kind)) {
    return refuse({
      code: 'RESOURCE_NOT_ALLOWED',
      found: resource.kind,
      why: `the policy does not list "${resource.kind}" under allowed_resources`,
    });
  }
  const presence: Presence | undefined = observation.resources[resource.id];
  switch (presence?.is) {
    case undefined:
      return refuse({ code: 'CLOUD_FAILED', found: null, why: 'it was not read' });
    case 'unreadable':
      return refuse({ code: presence.code, found: null, why: presence.detail });
    case 'foreign':
      return refuse({ code: 'FOREIGN_RESOURCE', found: presence.found, why: presence.why });
    case 'unowned':
      if (blueprint.adopts !== 'nothing') return null;
      return refuse({
        code: 'FOREIGN_RESOURCE',
        found: presence.found,
        why: `${presence.why}; only an intent with action adopt takes it over, or one with action correct where the lock lists it`,
      });
    case 'absent':
    case 'ours':
      return null;
  }
}

/** The creating call with all that it sets, then one step for each control that has a call of its own. */
function create(resource: ResourceSpec, view: View): readonly Step[] {
  const drafts = resource.controls.map((control) => ({
    control,
    draft: judgeAbsent(control, resource, view),
  }));
  const born = drafts
    .filter(
      ({ control, draft }) =>
        draft?.kind === 'set' && (control.atCreation === true || control.creationOnly === true),
    )
    .map(({ control }) => control);
  const step: CreateStep = {
    ...rowOf(
      resource,
      null,
      view.blueprint,
      'create',
      born.some(({ irreversible }) => irreversible === true),
    ),
    kind: 'create',
    with: born.map(({ id }) => id),
    after: createsOf(
      [...resource.after, ...born.flatMap((control) => needsOf(control, view))],
      resource,
      view,
    ),
  };
  const later = drafts.filter(({ control }) => !born.includes(control)).map(({ draft }) => draft);
  return [step, ...inTurn(later, resource, view, [step.id])];
}

/** Tags first, so that from then on it is provably ours, whatever happens; then its settings, each with what was there before. */
function adopt(
  resource: ResourceSpec,
  { found }: Extract<Presence, { is: 'unowned' }>,
  view: View,
): readonly Step[] {
  const drafts = resource.controls.map((control) => ({
    control,
    draft: judgePresent(control, resource, view),
  }));
  const isTags = ({ id }: ControlSpec): boolean => id === tagsOf(resource);
  const tags = drafts.find(({ control }) => isTags(control))?.draft;
  // Tags that the policy does not tolerate are somebody's.
  if (tags?.kind === 'refuse') return [tags];
  const step: AdoptStep = {
    ...rowOf(resource, null, view.blueprint, 'adopt'),
    kind: 'adopt',
    from: tags?.kind === 'set' ? tags.from : found,
    to: tags?.kind === 'set' ? tags.to : null,
    after: [],
  };
  const others = drafts.filter(({ control }) => !isTags(control)).map(({ draft }) => draft);
  return [step, ...inTurn(others, resource, view, [step.id])];
}

/** The control by which a resource is provably somebody's. */
export const tagsOf = ({ id }: Pick<ResourceSpec, 'id'>): ControlId => `${id}.tags`;

function adjust(resource: ResourceSpec, view: View): readonly Step[] {
  const drafts = resource.controls.map((control) => judgePresent(control, resource, view));
  return [keepStep(resource, null, view.blueprint), ...inTurn(drafts, resource, view, [])];
}

/** One resource's settings strictly one after another: S3 answers 409 OperationAborted to two at once. */
function inTurn(
  drafts: readonly Draft[],
  resource: ResourceSpec,
  view: View,
  first: readonly string[],
): readonly Step[] {
  let previous = first;
  return drafts.flatMap((draft): readonly Step[] => {
    if (draft === null) return [];
    if (draft.kind !== 'set') return [draft];
    const { needs, ...step } = draft;
    const after = [...previous, ...createsOf(needs, resource, view)];
    previous = [step.id];
    return [{ ...step, after }];
  });
}

/**
 * The creating steps of those resources that this plan makes, others than the one at hand. Settings wait for creations only,
 * never for the settings of another resource, so that two resources may name each other without a circle.
 */
function createsOf(resources: readonly ResourceId[], self: ResourceSpec, view: View): readonly string[] {
  return [...new Set(resources)]
    .filter((id) => id !== self.id && view.making.has(id))
    .map((id) => `create/${id}`);
}
