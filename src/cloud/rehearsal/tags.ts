/** Tag rules that all four services share; each says no in its own words. */
import type { Refusal } from './faults.ts';
import type { Tags } from './state.ts';

export type TagProblem = 'key' | 'value' | 'twice' | 'system' | 'many';

/** Characters that every service takes in a tag (AWS General Reference, tag naming limits). */
const ALLOWED = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;
const MAX_KEY = 128;
const MAX_VALUE = 256;
const MAX_TAGS = 50;

/** Pairs to a map. @param had tags that are there already, for the limit of 50 a resource */
export function checkTags(
  pairs: readonly { readonly key: string | undefined; readonly value: string | undefined }[],
  had: Tags,
  no: (problem: TagProblem, key: string) => Refusal,
): Tags {
  const tags = new Map<string, string>();
  for (const { key = '', value = '' } of pairs) {
    if (key === '' || key.length > MAX_KEY || !ALLOWED.test(key)) throw no('key', key);
    if (/^aws:/i.test(key)) throw no('system', key);
    if (value.length > MAX_VALUE || !ALLOWED.test(value)) throw no('value', key);
    if (tags.has(key)) throw no('twice', key);
    tags.set(key, value);
  }
  if (new Set([...Object.keys(had), ...tags.keys()]).size > MAX_TAGS) throw no('many', '');
  return Object.fromEntries(tags);
}

/** In the order of their keys, as a listing must have some order. */
export function tagPairs(tags: Tags): readonly (readonly [string, string])[] {
  return Object.entries(tags).sort(([a], [b]) => (a < b ? -1 : 1));
}
