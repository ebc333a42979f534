/**
 * One step, carried out so that doing it again, or having half done it before, ends the same: look first, write only what is
 * wrong, and end when the write can be read back.
 */
import { sameJson } from '../../kernel/canonical.ts';
import { GovbootError } from '../../kernel/errors.ts';
import type { Json } from '../../kernel/json.ts';
import type { Comparison, Known, Observed, Presence } from '../../plan/control.ts';
import { tagsOf } from '../../plan/diff.ts';
import type { AdoptStep, ChangeStep, CreateStep, SetStep } from '../../plan/step.ts';
import type { RunContext } from '../../ports.ts';
import { isFault, type AwsApi } from './api.ts';
import { birthTags } from './tags.ts';
import type { AwsControl, AwsResource } from './resource.ts';
import { eventually, isBlind, settle, type Patience } from './retry.ts';
import { controlOf, resourceOf } from './table.ts';

/** How long a read may lag behind a write, milliseconds. */
const LAG_MS = 60_000;
/** How long a key whose CreateKey answer was lost may take to show up in ListKeys, milliseconds. */
const LOST_MS = 15_000;
/** Times that a creating call is made: again when it was lost or said `exists`, and a search shows that nothing is there. */
const CREATE_TRIES = 3;

/** What one step is carried out with. */
export interface Hand {
  readonly api: AwsApi;
  readonly patience: Patience;
  /** What was seen of the step a moment ago; null when it is to be looked at now. */
  readonly seen: Looked | null;
  /** Told once the write is accepted and others may build on it. */
  readonly onWritten: (known: Known) => void;
}

/** What is to be written, as it is now. */
export type Looked =
  | { readonly of: 'resource'; readonly presence: Presence }
  | { readonly of: 'control'; readonly observed: Observed };

export async function perform(step: ChangeStep, context: RunContext, hand: Hand): Promise<Known> {
  const resource = resourceFor(step);
  switch (step.kind) {
    case 'create':
      return make(resource, step, context, hand);
    case 'adopt':
      return takeOver(resource, step, context, hand);
    case 'set':
      return write(resource, step, context, hand);
  }
}

/** The look that comes before a step. @throws ApiFault for unusable credentials only */
export async function look(api: AwsApi, step: ChangeStep, { blueprint, known }: RunContext): Promise<Looked> {
  const resource = resourceFor(step);
  if (step.kind !== 'set') return { of: 'resource', presence: await resource.locate(api, blueprint) };
  return { of: 'control', observed: await controlFor(resource, step).read(api, blueprint, known) };
}

function resourceFor(step: ChangeStep): AwsResource {
  const resource = resourceOf(step.resource);
  if (resource === undefined) throw new TypeError(`no resource ${step.resource} in the table`);
  return resource;
}

function controlFor(resource: AwsResource, step: SetStep): AwsControl {
  const control = controlOf(resource, step.control);
  if (control === undefined) throw new TypeError(`no control ${step.control} in the table`);
  return control;
}

type Ours = Extract<Presence, { is: 'ours' }>;

async function make(
  resource: AwsResource,
  step: CreateStep,
  context: RunContext,
  { api, patience, seen, onWritten }: Hand,
): Promise<Known> {
  const before = await ofBefore(resource, step, context, { api, patience, seen });
  const known = before?.known ?? (await makeNew(api, resource, step, context, patience));
  // What must be ready first is built upon only then.
  if (resource.ready === undefined) onWritten(known);
  const [there] = await Promise.all([
    isThere(api, resource, step, context, { ...patience, deadlineMs: LAG_MS }, known),
    isReady(api, resource, step, { ...context, known: { ...context.known, ...known } }, patience).then(() =>
      onWritten(known),
    ),
  ]);
  return { ...known, ...there?.known };
}

/** Reads until what was made is seen to be there and ours. */
async function isThere(
  api: AwsApi,
  resource: AwsResource,
  step: CreateStep,
  { blueprint: b }: RunContext,
  lag: Patience,
  known: Known,
): Promise<Ours | null> {
  return eventually(
    `${resource.title} ${step.name}: that it was made`,
    lag,
    async () => ours(await (resource.find?.(api, b, known) ?? resource.locate(api, b)), step),
    (seen) => seen !== null,
  );
}

async function isReady(
  api: AwsApi,
  resource: AwsResource,
  step: CreateStep,
  { blueprint: b, known }: RunContext,
  patience: Patience,
): Promise<void> {
  await eventually(
    `${resource.title} ${step.name}: that it is ready`,
    patience,
    async () => (await resource.ready?.(api, b, known)) ?? true,
    Boolean,
  );
}

/** What is there already. A key that an earlier sitting may have made is waited for: made twice, nobody could tell which one holds. */
async function ofBefore(
  resource: AwsResource,
  step: CreateStep,
  { blueprint, unsure }: RunContext,
  { api, patience, seen }: Pick<Hand, 'api' | 'patience' | 'seen'>,
): Promise<Ours | null> {
  if (seen?.of === 'resource') return ours(seen.presence, step);
  const now = async (): Promise<Ours | null> => ours(await resource.locate(api, blueprint), step);
  if (resource.canBeMadeTwice !== true || unsure !== true) return now();
  const found = await settle({ ...patience, deadlineMs: LOST_MS }, now, (there) => there !== null);
  return found.seen ?? null;
}

/** Calls the creating call; what exists already, or was made by a call whose answer was lost, is taken over if it is ours. */
async function makeNew(
  api: AwsApi,
  resource: AwsResource,
  step: CreateStep,
  context: RunContext,
  patience: Patience,
): Promise<Known> {
  const { blueprint: b, known, run } = context;
  for (let tries = 1; ; tries++) {
    try {
      return await resource.create(api, b, known, run);
    } catch (error) {
      if (!isFault(error)) throw error;
      const blind = isBlind(error);
      if (!blind && error.kind !== 'exists') throw error;
      const search = { ...patience, deadlineMs: blind ? LOST_MS : LAG_MS };
      const found = await settle(
        search,
        async () => ours(await resource.locate(api, b), step),
        (seen) => seen !== null,
      );
      if (found.seen !== undefined && found.seen !== null) return found.seen.known;
      if (tries < CREATE_TRIES) continue;
      throw blind ? error : foreign(step, null, `${error.fault}, yet it cannot be found`);
    }
  }
}

/** Puts the tags of environment and run upon what nobody's tags are on; what is ours already was taken over by an earlier try. */
async function takeOver(
  resource: AwsResource,
  step: AdoptStep,
  context: RunContext,
  { api, patience, seen, onWritten }: Hand,
): Promise<Known> {
  const { blueprint: b, run } = context;
  const tags = controlOf(resource, tagsOf(resource));
  if (tags === undefined) throw new TypeError(`${resource.id} has no tags to be taken over by`);
  const before = seen?.of === 'resource' ? seen.presence : await resource.locate(api, b);
  if (before.is === 'unowned') await tags.write(api, b, before.known, birthTags(b, run));
  else if (ours(before, step) === null) throw foreign(step, null, 'it was to be adopted, and is gone');
  onWritten({});
  const there = await eventually(
    `${resource.title} ${step.name}: that it was taken over`,
    { ...patience, deadlineMs: LAG_MS },
    async () => ours(await lookedFor(api, resource, b), step),
    (seen) => seen !== null,
  );
  return there?.known ?? {};
}

/** A read from before the tags were written is of no resource of ours yet. */
async function lookedFor(api: AwsApi, resource: AwsResource, b: RunContext['blueprint']): Promise<Presence> {
  const presence = await resource.locate(api, b);
  return presence.is === 'unowned' ? { is: 'absent' } : presence;
}

/** Ours, or null while it is not there. @throws FOREIGN_RESOURCE, READ_DENIED, CLOUD_FAILED, CLOUD_UNREACHABLE */
function ours(presence: Presence, step: ChangeStep): Ours | null {
  switch (presence.is) {
    case 'ours':
      return presence;
    case 'absent':
      return null;
    case 'unowned':
    case 'foreign':
      throw foreign(step, presence.found, presence.why);
    case 'unreadable':
      throw new GovbootError(presence.code, `${step.name}: ${presence.detail}`, {
        data: { resource: step.name },
      });
  }
}

function foreign(step: ChangeStep, found: Json, why: string): GovbootError {
  return new GovbootError('FOREIGN_RESOURCE', `${step.name}: ${why}`, {
    data: { resource: step.name, found },
  });
}

async function write(
  resource: AwsResource,
  step: SetStep,
  context: RunContext,
  { api, patience, seen, onWritten }: Hand,
): Promise<Known> {
  const { blueprint: b, known } = context;
  const control = controlFor(resource, step);
  const wanted = wantedBy(control, step, context);
  const judge = (observed: Observed): Comparison => judged(control, observed, wanted, step, context);
  const before = seen?.of === 'control' ? seen.observed : await control.read(api, b, known);
  if (judge(before).is === 'right') return {};
  try {
    await control.write(api, b, known, wanted);
    onWritten({});
  } catch (error) {
    // An alias, say: either an earlier try of ours made it, which the read below shows, or somebody else did.
    if (!isFault(error, 'exists')) throw error;
  }
  const lag = { ...patience, deadlineMs: LAG_MS };
  const after = await settle(
    lag,
    () => control.read(api, b, known),
    (seen) => judge(seen).is === 'right',
  );
  if (after.is === 'settled') return {};
  const found = after.seen?.is === 'set' ? after.seen.value : null;
  throw new GovbootError(
    'READBACK_WRONG',
    `${step.control} of ${step.name} reads back other than it was written`,
    {
      data: { control: step.control, resource: step.name, found, wanted },
    },
  );
}

/** The value to write is exactly the one that was confirmed, unless it was still open then. */
function wantedBy(control: AwsControl, step: SetStep, { blueprint, known }: RunContext): Json {
  const desired = control.desired(blueprint, known);
  if (desired.is !== 'value') {
    const on = desired.is === 'pending' ? desired.on : 'nothing';
    throw new GovbootError('CLOUD_FAILED', `${step.control} depends on ${on}, which is not known`, {
      data: { control: step.control },
    });
  }
  if (step.to !== null && !sameJson(step.to, desired.value)) {
    throw new GovbootError('PLAN_CHANGED', `${step.control} would be written other than it was confirmed`, {
      data: { control: step.control, confirmed: step.to, wanted: desired.value },
    });
  }
  return desired.value;
}

/** @throws FOREIGN_VALUE for what somebody else put there since the plan was made, and when it cannot be read */
function judged(
  control: AwsControl,
  seen: Observed,
  wanted: Json,
  step: SetStep,
  { blueprint }: RunContext,
): Comparison {
  switch (seen.is) {
    case 'unset':
      return { is: 'wrong' };
    case 'not-offered':
      throw new GovbootError('NOT_OFFERED', `${step.control}: ${seen.detail}`, {
        data: { control: step.control },
      });
    case 'unreadable':
      throw new GovbootError(seen.code, `${step.control}: ${seen.detail}`, {
        data: { control: step.control },
      });
    case 'set': {
      const comparison =
        control.compare?.(seen.value, wanted, blueprint) ??
        ({ is: sameJson(seen.value, wanted) ? 'right' : 'wrong' } as const);
      if (comparison.is === 'foreign') {
        throw new GovbootError(
          'FOREIGN_VALUE',
          `${step.control} of ${step.name} holds what somebody else put there`,
          {
            data: { control: step.control, resource: step.name, found: comparison.found },
          },
        );
      }
      return comparison;
    }
  }
}
