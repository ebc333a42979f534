/** Tags: by them a resource is provably ours, and by them costs and audits find it. */
import { isJsonObject, type Json } from '../../kernel/json.ts';
import { OWNER_TAGS, type Blueprint } from '../../plan/blueprint.ts';
import type { Comparison, ControlSpec, Known, Presence } from '../../plan/control.ts';
import { clauses, value } from './resource.ts';

/** Carries who holds the bootstrap of this environment; on the operator role only. */
export const CLAIM_TAG = 'govboot:claim';

/** Carries which run finished last; on the operator role only. */
export const FINISHED_TAG = 'govboot:finished';

/** Tells the keys of one environment apart, which have no name; on every key but that of the state, which is older than this tag. */
export const RESOURCE_TAG = 'govboot:resource';

/** Written by runs about themselves, so never compared and never part of a desired value. */
const OF_THE_RUN: ReadonlySet<string> = new Set([OWNER_TAGS.run, CLAIM_TAG, FINISHED_TAG]);

export type Tags = Readonly<Record<string, string>>;

/** S3, IAM and DynamoDB spell tags `Key`/`Value`, KMS `TagKey`/`TagValue`. */
export interface Tag {
  Key: string;
  Value: string;
}

export function tagList(tags: Tags): Tag[] {
  return Object.entries(tags)
    .map(([Key, Value]) => ({ Key, Value }))
    .sort((a, b) => (a.Key < b.Key ? -1 : 1));
}

export function tagsOf(
  list: readonly { readonly Key?: string | undefined; readonly Value?: string | undefined }[] | undefined,
): Tags {
  return Object.fromEntries((list ?? []).map((tag) => [tag.Key ?? '', tag.Value ?? '']));
}

/** The tags that a new resource is made with. */
export function birthTags(b: Blueprint, run: string): Tags {
  return { ...b.tags, [OWNER_TAGS.run]: run };
}

export function areOurs(tags: Tags, b: Blueprint): boolean {
  return tags[OWNER_TAGS.repository] === b.repository && tags[OWNER_TAGS.environment] === b.environment;
}

/** Carries the tags of no environment, so nobody's govboot made it. */
export function areNobodys(tags: Tags): boolean {
  return tags[OWNER_TAGS.repository] === undefined && tags[OWNER_TAGS.environment] === undefined;
}

/** `ours` when the tags prove it; otherwise `unowned` or `foreign`, with the tags that were found. */
export function presenceByTags(b: Blueprint, tags: Tags, known: Known, what: string): Presence {
  if (areOurs(tags, b)) {
    return { is: 'ours', known, madeBy: tags[OWNER_TAGS.run] ?? null, detail: what };
  }
  const why = `${what} exists and does not carry the tags ${OWNER_TAGS.repository}=${b.repository} and ${OWNER_TAGS.environment}=${b.environment}`;
  return areNobodys(tags)
    ? { is: 'unowned', known, found: { tags }, why }
    : { is: 'foreign', found: { tags }, why };
}

/** What a tag control answers: everything but what runs write about themselves. */
export function shownTags(tags: Tags): Json {
  return Object.fromEntries(Object.entries(tags).filter(([key]) => !OF_THE_RUN.has(key)));
}

/** Our tags must be there; others only where the policy tolerates them or AWS itself put them. */
export function compareTags(observed: Json, desired: Json, b: Blueprint): Comparison {
  const found = asTags(observed);
  const wanted = asTags(desired);
  const foreign = Object.entries(found).filter(
    ([key]) =>
      !(key in wanted) && !b.toleratedTags.includes(key) && !key.startsWith('aws:') && !OF_THE_RUN.has(key),
  );
  if (foreign.length > 0) return { is: 'foreign', found: Object.fromEntries(foreign) };
  const right = Object.entries(wanted).every(([key, expected]) => found[key] === expected);
  return { is: right ? 'right' : 'wrong' };
}

export function asTags(json: Json): Tags {
  if (!isJsonObject(json)) return {};
  return Object.fromEntries(
    Object.entries(json).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

/**
 * What every tag control has in common.
 * @param own tags of this resource alone
 */
export function tagSpec(resource: string, own: Tags = {}): ControlSpec {
  return {
    id: `${resource}.tags`,
    title: 'tags of the parity policy',
    why: 'The tags prove whose the resource is; without them a second run could neither adopt nor refuse it.',
    needs: ['tags'],
    satisfies: clauses(['ISO/IEC 27001:2022', 'A.5.9']),
    atCreation: true,
    desired: (b) => value({ ...b.tags, ...own }),
    compare: compareTags,
  };
}
