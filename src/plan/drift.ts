/**
 * Drift: the live backend against what its lock says was read back. The same table, and the same comparison, by which it was planned.
 * Nothing is proposed: what to do about a change that nobody signed is for people to decide.
 */
import { sameJson } from '../kernel/canonical.ts';
import type { Code } from '../kernel/codes.ts';
import type { Json } from '../kernel/json.ts';
import type { Locked } from './against-lock.ts';
import type { Blueprint } from './blueprint.ts';
import { changesBetween, isOnlyAdded, type Change } from './changes.ts';
import type { ControlId, ControlSpec, Known, Observation, ResourceId, ResourceSpec } from './control.ts';
import { tagsOf } from './diff.ts';

interface Place {
  readonly resource: ResourceId;
  /** null: the resource itself. */
  readonly control: ControlId | null;
}

/** One thing that is not as the lock says. */
export type Drift = Place &
  (
    | {
        /** `extra`: all that was recorded is there, and something else beside it. */
        readonly is: 'drifted' | 'extra';
        /** null: nothing was recorded of it. */
        readonly recorded: Json;
        /** null: it is not set. */
        readonly live: Json;
        readonly changes: readonly Change[];
      }
    | { readonly is: 'missing'; readonly name: string }
    /** Not known: denied, unreachable, or not understood. Never taken for gone, nor for unchanged. */
    | { readonly is: 'unreadable'; readonly code: Code; readonly detail: string }
  );

export interface DriftReport {
  readonly drifts: readonly Drift[];
  /** Controls that are as the lock says. */
  readonly same: number;
}

/** What of a lock is compared: its values, and the identifiers that the cloud gave. */
export interface LockedBackend extends Locked {
  readonly known: Known;
}

/** Every resource and control of the lock, in the order of the table; then what the table looks for and the lock does not know. */
export function findDrift(
  table: readonly ResourceSpec[],
  blueprint: Blueprint,
  locked: LockedBackend,
  observation: Observation,
): DriftReport {
  const found = table.flatMap((resource) => ofResource(resource, blueprint, locked, observation));
  return {
    drifts: [...found.filter((one) => one.is !== 'same'), ...unheardOf(table, locked)],
    same: found.filter(({ is }) => is === 'same').length,
  };
}

/** Whether anything is known to be other than recorded; what could not be read is no answer. */
export function hasDrifted({ drifts }: DriftReport): boolean {
  return drifts.some(({ is }) => is !== 'unreadable');
}

type Found = Drift | { readonly is: 'same' };

function ofResource(
  resource: ResourceSpec,
  blueprint: Blueprint,
  locked: LockedBackend,
  observation: Observation,
): readonly Found[] {
  const { id } = resource;
  if (!resource.wanted(blueprint)) return [];
  const presence = observation.resources[id];
  const isLocked = locked.resources.has(id);
  const itself: Place = { resource: id, control: null };
  switch (presence?.is) {
    case undefined:
      return isLocked
        ? [{ ...itself, is: 'unreadable', code: 'CLOUD_FAILED', detail: 'it was not read' }]
        : [];
    case 'unreadable':
      return [{ ...itself, is: 'unreadable', code: presence.code, detail: presence.detail }];
    case 'absent':
      return isLocked ? [{ ...itself, is: 'missing', name: resource.nameOf(blueprint) }] : [];
    case 'foreign':
      return [other({ ...itself, control: tagsOf(resource) }, locked, presence.found)];
    case 'ours':
    case 'unowned':
      return [
        ...replaced(itself, locked.known, presence.known),
        ...resource.controls.map((control) => ofControl(id, control, blueprint, locked, observation)),
      ];
  }
}

/** Another one under the same name: a key that an alias leads to, a provider that was made anew. */
function replaced(place: Place, recorded: Known, live: Known): readonly Drift[] {
  return Object.entries(live).flatMap(([name, id]) => {
    const was = Object.hasOwn(recorded, name) ? recorded[name] : undefined;
    return was === undefined || was === id
      ? []
      : [
          {
            ...place,
            is: 'drifted',
            recorded: was,
            live: id,
            changes: [{ path: name, recorded: was, live: id }],
          },
        ];
  });
}

function ofControl(
  resource: ResourceId,
  control: ControlSpec,
  blueprint: Blueprint,
  { controls }: LockedBackend,
  observation: Observation,
): Found {
  const place = { resource, control: control.id };
  const recorded = controls.get(control.id);
  const wanted = recorded ?? wantedNow(control, blueprint, observation.known);
  const observed = observation.controls[control.id];
  // Neither the lock nor the policy says anything of it.
  if (wanted === undefined) return { is: 'same' };
  switch (observed?.is) {
    case undefined:
      return { ...place, is: 'unreadable', code: 'CLOUD_FAILED', detail: 'it was not read' };
    case 'unreadable':
      return { ...place, is: 'unreadable', code: observed.code, detail: observed.detail };
    case 'not-offered':
      return recorded === undefined
        ? { is: 'same' }
        : { ...place, is: 'unreadable', code: 'NOT_OFFERED', detail: observed.detail };
    case 'unset':
      return recorded === undefined ? { is: 'same' } : drifted(place, recorded, null);
    case 'set':
      if (isAs(control, observed.value, wanted, blueprint)) return { is: 'same' };
      return recorded === undefined || control.forbids === true
        ? extra(place, recorded ?? null, observed.value)
        : other(place, { controls }, observed.value);
  }
}

/** By the comparison that the control has of its own: what AWS takes for the same is the same. */
function isAs(control: ControlSpec, observed: Json, wanted: Json, blueprint: Blueprint): boolean {
  return control.compare === undefined
    ? sameJson(observed, wanted)
    : control.compare(observed, wanted, blueprint).is === 'right';
}

/** What the policy that the lock was made under wants, for a control that came after the lock. */
function wantedNow(control: ControlSpec, blueprint: Blueprint, known: Known): Json | undefined {
  const desired = control.desired(blueprint, known);
  return desired.is === 'value' ? desired.value : undefined;
}

function other(
  place: Place & { readonly control: ControlId },
  { controls }: Pick<LockedBackend, 'controls'>,
  live: Json,
): Drift {
  const recorded = controls.get(place.control) ?? null;
  return recorded !== null && isOnlyAdded(changesBetween(recorded, live))
    ? extra(place, recorded, live)
    : drifted(place, recorded, live);
}

function drifted(place: Place, recorded: Json, live: Json): Drift {
  return { ...place, is: 'drifted', recorded, live, changes: placesOf(recorded, live) };
}

function extra(place: Place, recorded: Json, live: Json): Drift {
  return { ...place, is: 'extra', recorded, live, changes: placesOf(recorded, live) };
}

/** Where nothing but the order differs, and the order counts, it is the whole. */
function placesOf(recorded: Json, live: Json): readonly Change[] {
  const places = changesBetween(recorded, live);
  return places.length > 0 ? places : [{ path: '', recorded, live }];
}

/** Of a lock by a newer program: what this one does not know how to read has not been compared, and that is said. */
function unheardOf(table: readonly ResourceSpec[], { resources, controls }: LockedBackend): readonly Drift[] {
  const known = new Set(table.flatMap((resource) => [resource.id, ...resource.controls.map(({ id }) => id)]));
  const detail = 'this version of govboot does not know it; use the one that wrote the lock, or a newer one';
  const of = (resource: ResourceId, control: ControlId | null): Drift => ({
    ...{ resource, control },
    is: 'unreadable',
    code: 'NOT_OFFERED',
    detail,
  });
  return [
    ...[...resources].filter((id) => !known.has(id)).map((id) => of(id, null)),
    ...[...controls.keys()]
      .filter((id) => !known.has(id))
      .map((id) => of(id.slice(0, Math.max(0, id.indexOf('.'))), id)),
  ];
}
