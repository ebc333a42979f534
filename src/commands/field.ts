/** One field of a record by its path: `backend.resources.state-bucket.name`. Pure. */
import { GovbootError } from '../kernel/errors.ts';
import { isJsonObject, type Json } from '../kernel/json.ts';
import { nearest } from '../kernel/text.ts';

/** Names shown in a hint. */
const MOST_NAMES = 20;

/**
 * The value at the path. Parts are names of fields; in a list they are numbers from 0, or the `id` of an element. An id may hold dots, so
 * the shortest name that leads on is taken.
 * @throws USAGE naming the part that leads nowhere, and what was probably meant
 */
export function fieldOf(record: Json, path: string): Json {
  const found = walk(record, path.split('.'), []);
  if (found.is === 'found') return found.value;
  const { name, at, names } = found;
  const meant = nearest(name, names);
  const where = at.length === 0 ? 'the record' : at.join('.');
  const list = names.slice(0, MOST_NAMES).join(', ');
  const more = names.length > MOST_NAMES ? `, and ${String(names.length - MOST_NAMES)} more` : '';
  throw new GovbootError('USAGE', `${where} has no field "${name}"`, {
    hint:
      meant !== undefined
        ? `did you mean ${[...at, meant].join('.')}?`
        : names.length > 0
          ? `it has ${list}${more}`
          : 'it is a plain value, and has no fields',
    data: { path, at: at.join('.'), fields: [...names] },
  });
}

type Walk =
  | { readonly is: 'found'; readonly value: Json }
  | {
      readonly is: 'lost';
      readonly name: string;
      readonly at: readonly string[];
      readonly names: readonly string[];
    };

function walk(value: Json, parts: readonly string[], at: readonly string[]): Walk {
  if (parts.length === 0) return { is: 'found', value };
  const inside = namedIn(value);
  let farthest: Walk | null = null;
  for (let n = 1; n <= parts.length; n++) {
    const name = parts.slice(0, n).join('.');
    const next = inside.get(name);
    if (next === undefined) continue;
    const found = walk(next, parts.slice(n), [...at, name]);
    if (found.is === 'found') return found;
    farthest ??= found;
  }
  return farthest ?? { is: 'lost', name: parts[0] ?? '', at, names: [...inside.keys()] };
}

/** What can be named in a value; elements of a list by their id where they have one. */
function namedIn(value: Json): ReadonlyMap<string, Json> {
  if (isJsonObject(value)) return new Map(Object.entries(value));
  if (!Array.isArray(value)) return new Map();
  const items: readonly Json[] = value;
  return new Map([
    ...items.flatMap((item) => {
      const id = isJsonObject(item) ? item['id'] : undefined;
      return typeof id === 'string' ? [[id, item] as const] : [];
    }),
    ...items.map((item, i) => [String(i), item] as const),
  ]);
}
