/**
 * Two values of a control, place by place, in words that a person can act on: which statement, which tag, which principal. What the
 * same thing may be spelled as (a single value for a list of one) is no difference.
 */
import { canonicalText } from '../kernel/canonical.ts';
import { isJsonObject, type Json, type JsonObject } from '../kernel/json.ts';

/** One place where they differ; undefined on the side that has nothing there. */
export interface Change {
  /** `Statement[Backdoor].Principal.AWS`; empty for the value as a whole. */
  readonly path: string;
  readonly recorded: Json | undefined;
  readonly live: Json | undefined;
}

/** Fields by which the elements of a list are known: of a statement, of a rule of S3, of a grant. */
const NAMES = ['Sid', 'ID', 'GrantId'] as const;

/** @returns every place that differs, in the order of the recorded value and then of the live one; empty where nothing does */
export function changesBetween(recorded: Json, live: Json, path = ''): readonly Change[] {
  if (canonicalText(recorded) === canonicalText(live)) return [];
  if (isJsonObject(recorded) && isJsonObject(live)) return ofObjects(recorded, live, path);
  // Only where both sides may be one value or several; a number beside a list is another kind of answer.
  if (Array.isArray(recorded) || Array.isArray(live)) return ofLists(listOf(recorded), listOf(live), path);
  return [{ path, recorded, live }];
}

/** Whether all that differs is there beside what was recorded, and nothing of that is gone or other than it was. */
export function isOnlyAdded(changes: readonly Change[]): boolean {
  return changes.length > 0 && changes.every(({ recorded }) => recorded === undefined);
}

function ofObjects(recorded: JsonObject, live: JsonObject, path: string): readonly Change[] {
  const keys = new Set([...Object.keys(recorded), ...Object.keys(live)]);
  return [...keys].flatMap((key) =>
    sides(own(recorded, key), own(live, key), path === '' ? key : `${path}.${key}`),
  );
}

function sides(recorded: Json | undefined, live: Json | undefined, path: string): readonly Change[] {
  return recorded === undefined || live === undefined
    ? [{ path, recorded, live }]
    : changesBetween(recorded, live, path);
}

/** As sets: the order of statements, principals and rules means nothing. */
function ofLists(recorded: readonly Json[], live: readonly Json[], path: string): readonly Change[] {
  const [before, after] = [byName(recorded), byName(live)];
  const names = new Set([...before.keys(), ...after.keys()]);
  return [...names].flatMap((name) => {
    const at = name.startsWith('=') ? path : `${path}[${name.slice(1)}]`;
    return sides(before.get(name), after.get(name), at);
  });
}

/** Elements by their name, marked `#`, or by all that they are, marked `=`; where two have one name, by all that they are. */
function byName(list: readonly Json[]): ReadonlyMap<string, Json> {
  const names = list.map(nameOf);
  const isShared = (name: string): boolean => names.indexOf(name) !== names.lastIndexOf(name);
  return new Map(
    list.map((element, at) => {
      const name = names[at];
      return [
        name === undefined || isShared(name) ? `=${canonicalText(element)}` : `#${name}`,
        element,
      ] as const;
    }),
  );
}

function nameOf(element: Json): string | undefined {
  if (!isJsonObject(element)) return undefined;
  return NAMES.map((field) => own(element, field)).find((name) => typeof name === 'string');
}

function listOf(value: Json): readonly Json[] {
  return Array.isArray(value) ? (value as readonly Json[]) : [value];
}

/** A value that came from the cloud may have a key that every object has by birth. */
function own(value: JsonObject, key: string): Json | undefined {
  return Object.hasOwn(value, key) ? value[key] : undefined;
}
