/** After the writes every control is read again, and judged by the same function that made the plan. */
import { GovbootError } from '../kernel/errors.ts';
import type { Json, JsonObject } from '../kernel/json.ts';
import { clip, safe } from '../kernel/text.ts';
import type { Blueprint } from '../plan/blueprint.ts';
import type { Observation, Profile, ResourceSpec } from '../plan/control.ts';
import { diff } from '../plan/diff.ts';
import type { ChangeStep, RefuseStep } from '../plan/step.ts';

/** A row of a plan that is not as wanted. */
export type WrongStep = ChangeStep | RefuseStep;

/** Whatever is still to be done, or refused: empty when the backend is what the blueprint wants. */
export function wrongAfter(
  table: readonly ResourceSpec[],
  profile: Profile,
  blueprint: Blueprint,
  observation: Observation,
): readonly WrongStep[] {
  return diff(table, profile, blueprint, observation).filter((step) => step.kind !== 'keep');
}

/** @throws READBACK_WRONG naming every control that reads back wrong, with what was wanted and what was found */
export function assertRight(
  table: readonly ResourceSpec[],
  profile: Profile,
  blueprint: Blueprint,
  observation: Observation,
): void {
  const wrong = wrongAfter(table, profile, blueprint, observation);
  if (wrong.length === 0) return;
  const rows = wrong.map((step) => rowOf(step, wantedOf(step, table, blueprint, observation)));
  const lines = rows.map(
    ({ control, wanted, found, why }) =>
      `${control}: wanted ${show(wanted)}, found ${show(found)}${why === null ? '' : ` (${safe(why)})`}`,
  );
  throw new GovbootError('READBACK_WRONG', `${String(rows.length)} read back wrong: ${lines.join('; ')}`, {
    data: { wrong: rows.map((row): JsonObject => ({ ...row })) },
  });
}

interface Row {
  /** Of the control, or of the resource itself. */
  readonly control: string;
  readonly wanted: Json;
  readonly found: Json;
  readonly why: string | null;
}

function rowOf(step: WrongStep, wanted: Json): Row {
  switch (step.kind) {
    case 'create':
      return { control: step.resource, wanted, found: 'absent', why: null };
    case 'adopt':
      return { control: step.resource, wanted, found: step.from, why: null };
    case 'set':
      return { control: step.control, wanted, found: step.from ?? 'unset', why: null };
    case 'refuse':
      return {
        control: step.control ?? step.resource,
        wanted,
        found: step.found,
        why: `${step.code}: ${step.why}`,
      };
  }
}

function wantedOf(
  step: WrongStep,
  table: readonly ResourceSpec[],
  blueprint: Blueprint,
  observation: Observation,
): Json {
  const id = step.kind === 'create' || step.kind === 'adopt' ? null : step.control;
  if (id === null) return 'present and ours';
  const control = table.flatMap(({ controls }) => controls).find((candidate) => candidate.id === id);
  const desired = control?.desired(blueprint, observation.known);
  return desired?.is === 'value' ? desired.value : null;
}

function show(value: Json): string {
  return clip(safe(typeof value === 'string' ? value : JSON.stringify(value)), 120);
}
