/** Looks for a key of the environment among all keys of account and region: the one whose CreateKey answer was lost. */
import type { KeyMetadata } from '@aws-sdk/client-kms';
import type { Blueprint } from '../../plan/blueprint.ts';
import type { Known, Presence } from '../../plan/control.ts';
import { isFault, type ApiFault, type AwsApi } from './api.ts';
import { mapBounded } from '../../kernel/bounded.ts';
import { pages } from './resource.ts';
import { areOurs, presenceByTags, RESOURCE_TAG, type Tags } from './tags.ts';

/** Calls side by side; KMS shares one rate among all reads of an account. */
const PARALLEL = 8;

/** What one key of the account turned out to be. */
type Look =
  | { readonly is: 'skipped' }
  | { readonly is: 'not-ours' }
  | { readonly is: 'ours'; readonly key: KeyMetadata; readonly tags: Tags }
  | { readonly is: 'hidden'; readonly fault: ApiFault };

export async function keyTags(api: AwsApi, keyId: string): Promise<Tags> {
  const all = await pages(
    (Marker) =>
      api.call('kms:ListResourceTags', { KeyId: keyId, ...(Marker === undefined ? {} : { Marker }) }),
    (page) => page.NextMarker,
  );
  return Object.fromEntries(
    all.flatMap((page) => page.Tags ?? []).map((tag) => [tag.TagKey ?? '', tag.TagValue ?? '']),
  );
}

/** Ids of all keys of account and region. @throws ApiFault */
export async function keyIds(api: AwsApi): Promise<readonly string[]> {
  const listed = await pages(
    (Marker) => api.call('kms:ListKeys', Marker === undefined ? {} : { Marker }),
    (page) => page.NextMarker,
  );
  return listed.flatMap((page) => page.Keys ?? []).flatMap((key) => key.KeyId ?? []);
}

/** Whether it is the key of the resource that is meant, among those of one environment. */
export function isMarked(tags: Tags, mark: string | null): boolean {
  return (tags[RESOURCE_TAG] ?? null) === mark;
}

/**
 * @throws ApiFault `denied` when tags cannot be read at all. A single hidden key among readable ones is somebody else's:
 * ours lets the whole account's administrators read its tags.
 */
export async function findByTags(
  api: AwsApi,
  b: Blueprint,
  mark: string | null,
  knownOf: (key: KeyMetadata) => Known,
): Promise<Presence> {
  const looks = await mapBounded(await keyIds(api), PARALLEL, (id) => look(api, b, mark, id));
  const hidden = looks.find((one) => one.is === 'hidden');
  const readable = looks.some((one) => one.is === 'ours' || one.is === 'not-ours');
  if (hidden !== undefined && !readable) throw hidden.fault;
  // The oldest, should there ever be two: every run then chooses the same one.
  const [found] = looks.filter((one) => one.is === 'ours').sort((x, y) => madeAt(x.key) - madeAt(y.key));
  if (found === undefined) return { is: 'absent' };
  return presenceByTags(b, found.tags, knownOf(found.key), `key ${found.key.KeyId ?? ''}, found by its tags`);
}

async function look(api: AwsApi, b: Blueprint, mark: string | null, id: string): Promise<Look> {
  try {
    const tags = await keyTags(api, id);
    if (!areOurs(tags, b) || !isMarked(tags, mark)) return { is: 'not-ours' };
    const { KeyMetadata: key } = await api.call('kms:DescribeKey', { KeyId: id });
    // A key on its way out without our alias is one that somebody gave up.
    if (key === undefined || key.KeyState === 'PendingDeletion') return { is: 'skipped' };
    return { is: 'ours', key, tags };
  } catch (error) {
    if (isFault(error, 'absent')) return { is: 'skipped' };
    if (isFault(error, 'denied'))
      return (await isAwsManaged(api, id)) ? { is: 'skipped' } : { is: 'hidden', fault: error };
    throw error;
  }
}

/** Keys that AWS manages for its services are listed with the account's own, and tell nobody their tags. */
async function isAwsManaged(api: AwsApi, id: string): Promise<boolean> {
  try {
    return (await api.call('kms:DescribeKey', { KeyId: id })).KeyMetadata?.KeyManager === 'AWS';
  } catch (error) {
    if (isFault(error, 'denied') || isFault(error, 'absent')) return false;
    throw error;
  }
}

function madeAt(key: KeyMetadata): number {
  return key.CreationDate?.getTime() ?? 0;
}
