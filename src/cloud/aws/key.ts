/**
 * What the KMS keys of a backend have in common. CreateKey has no name and no client token, so a lost answer could make two: before
 * making one, the key is looked for by its alias, and then among all keys of the account by the environment's tags.
 */
import type { KeyMetadata } from '@aws-sdk/client-kms';
import type { Blueprint } from '../../plan/blueprint.ts';
import type { ControlSpec, Known, Presence, ResourceId } from '../../plan/control.ts';
import { isFault, type AwsApi } from './api.ts';
import { findByTags, isMarked, keyIds, keyTags } from './key-search.ts';
import { asJson, comparePolicies, policyText, type PolicyDocument } from './policies/document.ts';
import {
  clauses,
  foreignUnlessEqual,
  locating,
  observing,
  pages,
  parsed,
  set,
  unset,
  value,
  type AwsControl,
  type AwsResource,
} from './resource.ts';
import {
  asTags,
  birthTags,
  presenceByTags,
  RESOURCE_TAG,
  shownTags,
  tagList,
  tagSpec,
  type Tags,
} from './tags.ts';

/** KMS has one policy a key, of this name (GetKeyPolicy PolicyName). */
const POLICY_NAME = 'default';

/** What tells one key of a backend from another. */
export interface KeyPart {
  readonly id: ResourceId;
  /** What its tag `govboot:resource` says; null for the one key that carries none. */
  readonly mark: string | null;
  aliasOf(b: Blueprint): string;
  /** KMS CreateKey Description. */
  descriptionOf(b: Blueprint): string;
  /** Why what it encrypts needs each setting; the other settings need no reason of their own. */
  readonly why: Readonly<Record<'spec' | 'state', string>>;
  /** `after`: roles that it names, since KMS refuses a principal that does not exist. */
  readonly policy: Pick<ControlSpec, 'title' | 'why' | 'satisfies'> & {
    readonly after: readonly ResourceId[];
    of(b: Blueprint): PolicyDocument;
  };
}

/** Only called for a key that was located. */
function idOf(known: Known, { id }: KeyPart): string {
  return known[`${id}.arn`] ?? '';
}

function ownTags({ mark }: KeyPart): Tags {
  return mark === null ? {} : { [RESOURCE_TAG]: mark };
}

/** KMS spells tags its own way. */
function kmsTags(tags: Tags): { TagKey: string; TagValue: string }[] {
  return tagList(tags).map(({ Key, Value }) => ({ TagKey: Key, TagValue: Value }));
}

const tagsControl = (part: KeyPart): AwsControl => ({
  ...tagSpec(part.id, ownTags(part)),
  read: (api, _b, known) => observing(async () => set(shownTags(await keyTags(api, idOf(known, part))))),
  async write(api, _b, known, wanted) {
    await api.call('kms:TagResource', {
      KeyId: idOf(known, part),
      Tags: kmsTags({ ...asTags(wanted), ...ownTags(part) }),
    });
  },
});

async function describe(api: AwsApi, known: Known, part: KeyPart): Promise<KeyMetadata | undefined> {
  return (await api.call('kms:DescribeKey', { KeyId: idOf(known, part) })).KeyMetadata;
}

const specOf = (part: KeyPart): AwsControl => ({
  id: `${part.id}.spec`,
  title: 'symmetric, made by KMS, of this region only',
  why: part.why.spec,
  needs: ['kms'],
  satisfies: clauses(['ISO/IEC 27001:2022', 'A.8.24'], ['SOC 2', 'CC6.1']),
  atCreation: true,
  creationOnly: true,
  desired: () =>
    value({ spec: 'SYMMETRIC_DEFAULT', usage: 'ENCRYPT_DECRYPT', origin: 'AWS_KMS', multiRegion: false }),
  read: (api, _b, known) =>
    observing(async () => {
      const key = await describe(api, known, part);
      if (key === undefined) return unset;
      return set({
        spec: key.KeySpec ?? null,
        usage: key.KeyUsage ?? null,
        origin: key.Origin ?? null,
        multiRegion: key.MultiRegion ?? false,
      });
    }),
  write: async () => Promise.reject(new TypeError('the kind of a key cannot be changed')),
});

const stateOf = (part: KeyPart): AwsControl => ({
  id: `${part.id}.state`,
  title: 'enabled, and not about to be deleted',
  why: part.why.state,
  needs: ['kms'],
  satisfies: clauses(['FSBP', 'KMS.3'], ['ISO/IEC 27001:2022', 'A.8.24']),
  atCreation: true,
  desired: () => value('Enabled'),
  // A key that somebody disabled or means to delete is theirs to bring back: KMS keeps no word of why.
  compare: foreignUnlessEqual,
  read: (api, _b, known) =>
    observing(async () => {
      const found = (await describe(api, known, part))?.KeyState;
      return found === undefined ? unset : set(found);
    }),
  write: async () => Promise.reject(new TypeError('the state of a key is not ours to change')),
});

const policyOf = (part: KeyPart): AwsControl => ({
  id: `${part.id}.policy`,
  title: part.policy.title,
  why: part.policy.why,
  needs: ['key-policy'],
  satisfies: part.policy.satisfies,
  atCreation: true,
  after: part.policy.after,
  desired: (b) => value(asJson(part.policy.of(b))),
  compare: comparePolicies,
  read: (api, _b, known) =>
    observing(async () => {
      const answer = await api.call('kms:GetKeyPolicy', {
        KeyId: idOf(known, part),
        PolicyName: POLICY_NAME,
      });
      return answer.Policy === undefined ? unset : parsed(answer.Policy, 'kms:GetKeyPolicy');
    }),
  async write(api, _b, known, wanted) {
    await api.call('kms:PutKeyPolicy', {
      KeyId: idOf(known, part),
      PolicyName: POLICY_NAME,
      Policy: policyText(wanted),
      BypassPolicyLockoutSafetyCheck: false,
    });
  },
});

const rotationOf = (part: KeyPart): AwsControl => ({
  id: `${part.id}.rotation`,
  title: 'rotation',
  why: 'Less data lies under each generation of the key; older generations keep decrypting what they encrypted.',
  needs: ['key-rotation'],
  satisfies: clauses(
    ['FSBP', 'KMS.4'],
    ['CIS AWS 5.0', '3.6'],
    ['ISO/IEC 27001:2022', 'A.8.24'],
    ['SOC 2', 'CC6.1'],
  ),
  desired: (b) => value({ enabled: true, days: b.keyRotationDays }),
  read: (api, _b, known) =>
    observing(async () => {
      const status = await api.call('kms:GetKeyRotationStatus', { KeyId: idOf(known, part) });
      if (status.KeyRotationEnabled !== true) return unset;
      return set({ enabled: true, days: status.RotationPeriodInDays ?? null });
    }),
  async write(api, b, known) {
    await api.call('kms:EnableKeyRotation', {
      KeyId: idOf(known, part),
      RotationPeriodInDays: b.keyRotationDays,
    });
  },
});

const aliasOf = (part: KeyPart): AwsControl => ({
  id: `${part.id}.alias`,
  title: 'alias',
  why: 'People and policies name the key by its alias; it is unique in account and region.',
  needs: ['kms'],
  satisfies: clauses(['ISO/IEC 27001:2022', 'A.5.9']),
  desired: (b) => value(part.aliasOf(b)),
  read: (api, b, known) =>
    observing(async () => {
      const all = await pages(
        (Marker) =>
          api.call('kms:ListAliases', {
            KeyId: idOf(known, part),
            ...(Marker === undefined ? {} : { Marker }),
          }),
        (page) => page.NextMarker,
      );
      const names = all.flatMap((page) => page.Aliases ?? []).map((entry) => entry.AliasName);
      return names.includes(part.aliasOf(b)) ? set(part.aliasOf(b)) : unset;
    }),
  async write(api, b, known) {
    await api.call('kms:CreateAlias', { AliasName: part.aliasOf(b), TargetKeyId: idOf(known, part) });
  },
});

function knownOf(key: KeyMetadata, { id }: KeyPart): Known {
  return { [`${id}.arn`]: key.Arn ?? '', [`${id}.id`]: key.KeyId ?? '' };
}

async function locate(api: AwsApi, b: Blueprint, part: KeyPart): Promise<Presence> {
  try {
    const { KeyMetadata: key } = await api.call('kms:DescribeKey', { KeyId: part.aliasOf(b) });
    if (key?.Arn === undefined) return { is: 'absent' };
    return presenceOf(b, await keyTags(api, key.Arn), knownOf(key, part), `key ${part.aliasOf(b)}`, part);
  } catch (error) {
    if (!isFault(error, 'absent')) throw error;
    return findByTags(api, b, part.mark, (key) => knownOf(key, part));
  }
}

/** A new key has no alias yet, and is longer in coming into lists than its own id is in being known. */
async function find(api: AwsApi, b: Blueprint, known: Known, part: KeyPart): Promise<Presence> {
  const [key, tags] = await Promise.all([describe(api, known, part), keyTags(api, idOf(known, part))]);
  return key === undefined
    ? { is: 'absent' }
    : presenceOf(b, tags, knownOf(key, part), `key ${key.KeyId ?? ''}, by its id`, part);
}

/** A key of this environment that is another resource's is not to be had for this one: what is deleted with one must not go with the other. */
function presenceOf(b: Blueprint, tags: Tags, known: Known, what: string, { mark }: KeyPart): Presence {
  const presence = presenceByTags(b, tags, known, what);
  if (presence.is !== 'ours' || isMarked(tags, mark)) return presence;
  const why = `${what} is of this environment, and its tag ${RESOURCE_TAG} is ${tags[RESOURCE_TAG] ?? 'not there'}, not ${mark ?? 'left out'}`;
  return { is: 'foreign', found: { tags }, why };
}

/** A key as a resource; it adds its titles. */
export function keyResource(part: KeyPart): Omit<AwsResource, 'kind' | 'title' | 'wanted'> {
  return {
    id: part.id,
    after: part.policy.after,
    nameOf: (b) => part.aliasOf(b),
    canBeMadeTwice: true,
    controls: [
      specOf(part),
      stateOf(part),
      tagsControl(part),
      policyOf(part),
      aliasOf(part),
      rotationOf(part),
    ],
    locate: (api, b) => locating(() => locate(api, b, part)),
    async exists(api, b) {
      // Asked beside the alias and not after it: one page of ids costs little, and where there is no alias yet `locate` asks for it next.
      keyIds(api).catch(() => undefined);
      const { KeyMetadata: key } = await api.call('kms:DescribeKey', { KeyId: part.aliasOf(b) });
      return key?.Arn === undefined ? null : knownOf(key, part);
    },
    find: (api, b, known) => locating(() => find(api, b, known, part)),
    async create(api, b, _known, run) {
      const { KeyMetadata: key } = await api.call('kms:CreateKey', {
        Description: part.descriptionOf(b),
        KeySpec: 'SYMMETRIC_DEFAULT',
        KeyUsage: 'ENCRYPT_DECRYPT',
        Origin: 'AWS_KMS',
        MultiRegion: false,
        Policy: policyText(asJson(part.policy.of(b))),
        BypassPolicyLockoutSafetyCheck: false,
        Tags: kmsTags({ ...birthTags(b, run), ...ownTags(part) }),
      });
      return key === undefined ? {} : knownOf(key, part);
    },
    async ready(api, _b, known) {
      return (await describe(api, known, part))?.KeyState === 'Enabled';
    },
  };
}
