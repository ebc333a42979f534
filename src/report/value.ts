/** JSON values in few words: what a control is to be, and what changes about it. The whole value is in the JSON output. */
import type { Json } from '../kernel/json.ts';
import { isJsonObject } from '../kernel/json.ts';
import { arrow, clean, type Style } from './style.ts';

type Bag = Readonly<Record<string, Json>>;

/** A value that the cloud gives only when something is made. */
const LATER = '(made in this run)';
const EMPTY = '(empty)';
/** Deeper than any setting; what lies below is shown as JSON. */
const DEEPEST = 8;

/** @param aspect the control's name: tags are written as people write them */
export function shownValue(style: Style, aspect: string | null, value: Json): string {
  if (aspect === 'tags' && isBag(value)) return tags(style, value);
  return shown(style, value, 0);
}

/**
 * What a setting does, one line a difference. Where there was something before, only the difference is shown, so that it
 * cannot be overlooked: two policies may have the same statements' names and not the same content.
 */
export function shownChange(
  style: Style,
  aspect: string | null,
  from: Json | null,
  to: Json | null,
): readonly string[] {
  if (from === null) return [to === null ? LATER : shownValue(style, aspect, to)];
  if (to === null) return [`${shownValue(style, aspect, from)} ${arrow(style)} ${LATER}`];
  const differences =
    aspect === 'tags' && isBag(from) && isBag(to)
      ? changedTags(style, from, to)
      : changes(style, from, to, '', 0);
  if (differences.length > 0) return differences;
  return [`${shown(style, from, 0)} ${arrow(style)} ${shown(style, to, 0)}`];
}

/** Everything that was found, statement by statement: a name alone could hide what somebody else put there. */
export function shownWhole(style: Style, aspect: string | null, value: Json): string {
  if (aspect === 'tags' && isBag(value)) return tags(style, value);
  return typeof value === 'object' && value !== null ? json(style, value) : shown(style, value, 0);
}

function tags(style: Style, bag: Bag): string {
  const entries = Object.entries(bag).map(([key, value]) => `${word(style, key)}=${shown(style, value, 1)}`);
  return entries.length === 0 ? EMPTY : entries.join(', ');
}

/** JSON with spaces, so that it can be broken into lines. */
function json(style: Style, value: Json): string {
  return clean(style, JSON.stringify(value, null, 1).replace(/\n\s*/g, ' '));
}

/** Tags that are not wanted stay as they are, so they are no change. */
function changedTags(style: Style, from: Bag, to: Bag): readonly string[] {
  const changed = Object.entries(to).filter(([key, value]) => !same(own(from, key), value));
  return changed.map(([key, value]) => {
    const was = own(from, key);
    const before = was === undefined ? '' : ` (was ${shown(style, was, 1)})`;
    return `${word(style, key)}=${shown(style, value, 1)}${before}`;
  });
}

function shown(style: Style, value: Json, depth: number): string {
  if (value === null) return 'none';
  if (typeof value === 'boolean') return value ? 'on' : 'off';
  if (typeof value === 'number') return String(value);
  if (typeof value === 'string') return word(style, value);
  if (depth > DEEPEST) return json(style, value);
  if (isList(value)) return list(style, value, depth);
  return bag(style, value, depth);
}

function list(style: Style, items: readonly Json[], depth: number): string {
  if (items.length === 0) return EMPTY;
  const [only] = items;
  if (items.length === 1 && only !== undefined && isBag(only)) return shown(style, only, depth);
  const text = items.map((item) => shown(style, item, depth + 1)).join(', ');
  return depth === 0 ? text : `[${text}]`;
}

function bag(style: Style, value: Bag, depth: number): string {
  const statements = statementsOf(value);
  const text = statements === null ? entries(style, value, depth) : named(style, statements);
  return depth === 0 || statements !== null || text === EMPTY ? text : `{${text}}`;
}

function entries(style: Style, value: Bag, depth: number): string {
  const all = Object.entries(value);
  if (all.length === 0) return EMPTY;
  const switches = new Set(all.map(([, item]) => item));
  const [only] = switches;
  // Four switches that are all on are one thing to read, not four.
  if (all.length > 1 && switches.size === 1 && typeof only === 'boolean')
    return `${all.map(([key]) => word(style, key)).join(', ')}: all ${only ? 'on' : 'off'}`;
  return all.map(([key, item]) => `${word(style, key)}: ${shown(style, item, depth + 1)}`).join(', ');
}

/** A policy by the names of its statements; a statement without a name is shown whole. */
function named(style: Style, statements: readonly Json[]): string {
  return statements.length === 0 ? 'no statements' : statements.map((one) => nameOf(style, one)).join(', ');
}

function nameOf(style: Style, statement: Json): string {
  const sid = isBag(statement) ? statement['Sid'] : undefined;
  return typeof sid === 'string' && sid !== '' ? word(style, sid) : json(style, statement);
}

/** The differences, each with its place; empty when there are none that can be told. */
function changes(style: Style, from: Json, to: Json, place: string, depth: number): readonly string[] {
  if (same(from, to)) return [];
  const at = place === '' ? '' : `${place}: `;
  if (depth <= DEEPEST) {
    if (isBag(from) && isBag(to)) return changedBag(style, from, to, place, depth);
    if (isList(from) && isList(to)) {
      const [oldOne, newOne] = [from[0], to[0]];
      if (from.length === 1 && to.length === 1 && isBag(oldOne) && isBag(newOne))
        return changedBag(style, oldOne, newOne, place, depth);
      const gone = from.filter((item) => !to.some((other) => same(item, other)));
      const come = to.filter((item) => !from.some((other) => same(item, other)));
      if (gone.length + come.length > 0)
        return [
          ...come.map((item) => `add ${at}${shown(style, item, 1)}`),
          ...gone.map((item) => `remove ${at}${shown(style, item, 1)}`),
        ];
    }
  }
  return [`${at}${shown(style, from, 1)} ${arrow(style)} ${shown(style, to, 1)}`];
}

function changedBag(style: Style, from: Bag, to: Bag, place: string, depth: number): readonly string[] {
  const [old, wanted] = [byName(from), byName(to)];
  if (old !== null && wanted !== null) {
    const { Statement: _old, ...oldRest } = from;
    const { Statement: _wanted, ...wantedRest } = to;
    return [
      ...changedBag(style, oldRest, wantedRest, place, depth),
      ...changedBag(style, old, wanted, place, depth),
    ];
  }
  const keys = [...new Set([...Object.keys(from), ...Object.keys(to)])];
  return keys.flatMap((key) => {
    const path = place === '' ? word(style, key) : `${place}.${word(style, key)}`;
    const [was, is] = [own(from, key), own(to, key)];
    if (is === undefined)
      return [`remove ${path}${was === undefined || isStatement(was) ? '' : `: ${shown(style, was, 1)}`}`];
    if (was === undefined) return [`add ${path}${isStatement(is) ? '' : `: ${shown(style, is, 1)}`}`];
    return changes(style, was, is, path, depth + 1);
  });
}

/** The statements of a policy by their names; null when they have none, or not each one its own. */
function byName(value: Bag): Bag | null {
  const statements = statementsOf(value);
  if (statements === null) return null;
  const names = statements.map((one) => (isBag(one) && typeof one['Sid'] === 'string' ? one['Sid'] : ''));
  if (names.includes('') || new Set(names).size < names.length) return null;
  return Object.fromEntries(statements.map((one, i) => [names[i] ?? '', one]));
}

function isStatement(value: Json): boolean {
  return isBag(value) && typeof value['Sid'] === 'string' && typeof value['Effect'] === 'string';
}

function statementsOf(value: Bag): readonly Json[] | null {
  const statements = own(value, 'Statement');
  return statements !== undefined && isList(statements) ? statements : null;
}

/** Words that stand for something else here, and must not be mistaken for it. */
const RESERVED = new Set(['', 'on', 'off', 'none', 'add', 'remove']);

/** A text as it is when it is one plain word or several; in quotes when it could be taken for more than one value. */
function word(style: Style, text: string): string {
  const isPlain = /^[\p{L}\p{N}_.:/@+*=$-]+(?: [\p{L}\p{N}_.:/@+*=$-]+)*$/u.test(text) && !RESERVED.has(text);
  return isPlain && !/: |:$/.test(text) ? clean(style, text) : clean(style, JSON.stringify(text));
}

function own(value: Bag, key: string): Json | undefined {
  return Object.hasOwn(value, key) ? value[key] : undefined;
}

function same(a: Json | undefined, b: Json | undefined): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function isBag(value: Json | undefined): value is Bag {
  return isJsonObject(value);
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
