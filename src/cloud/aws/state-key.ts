/**
 * The KMS key, one an environment. CreateKey has no name and no client token, so a lost answer could make two: before
 * making one, the key is looked for by its alias, and then among all keys of the account by the environment's tags.
 */
import type { KeyMetadata } from '@aws-sdk/client-kms';
import type { Blueprint } from '../../plan/blueprint.ts';
import type { Known, Presence } from '../../plan/control.ts';
import { isFault, type AwsApi } from './api.ts';
import { asJson, comparePolicies, policyText } from './policies/document.ts';
import { keyPolicy } from './policies/key-policy.ts';
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
import { noGrants } from './state-key-grants.ts';
import { findByTags, keyIds, keyTags } from './state-key-search.ts';
import { asTags, birthTags, presenceByTags, shownTags, tagList, tagSpec, type Tags } from './tags.ts';

const ROLES = ['role-operator', 'role-automation', 'role-ci-plan', 'role-ci-apply', 'role-break-glass'];
/** KMS has one policy a key, of this name (GetKeyPolicy PolicyName). */
const POLICY_NAME = 'default';

/** Only called for a key that was located. */
function idOf(known: Known): string {
  return known['state-key.arn'] ?? '';
}

/** KMS spells tags its own way. */
function kmsTags(tags: Tags): { TagKey: string; TagValue: string }[] {
  return tagList(tags).map(({ Key, Value }) => ({ TagKey: Key, TagValue: Value }));
}

const tags: AwsControl = {
  ...tagSpec('state-key'),
  read: (api, _b, known) => observing(async () => set(shownTags(await keyTags(api, idOf(known))))),
  async write(api, _b, known, wanted) {
    await api.call('kms:TagResource', { KeyId: idOf(known), Tags: kmsTags(asTags(wanted)) });
  },
};

async function describe(api: AwsApi, known: Known): Promise<KeyMetadata | undefined> {
  return (await api.call('kms:DescribeKey', { KeyId: idOf(known) })).KeyMetadata;
}

const spec: AwsControl = {
  id: 'state-key.spec',
  title: 'symmetric, made by KMS, of this region only',
  why: 'S3 and DynamoDB need a symmetric key; imported material can expire and a replica can be read elsewhere.',
  needs: ['kms'],
  satisfies: clauses(['ISO/IEC 27001:2022', 'A.8.24'], ['SOC 2', 'CC6.1']),
  atCreation: true,
  creationOnly: true,
  desired: () =>
    value({ spec: 'SYMMETRIC_DEFAULT', usage: 'ENCRYPT_DECRYPT', origin: 'AWS_KMS', multiRegion: false }),
  read: (api, _b, known) =>
    observing(async () => {
      const key = await describe(api, known);
      if (key === undefined) return unset;
      return set({
        spec: key.KeySpec ?? null,
        usage: key.KeyUsage ?? null,
        origin: key.Origin ?? null,
        multiRegion: key.MultiRegion ?? false,
      });
    }),
  write: async () => Promise.reject(new TypeError('the kind of a key cannot be changed')),
};

const state: AwsControl = {
  id: 'state-key.state',
  title: 'enabled, and not about to be deleted',
  why: 'Without the key every state of the environment is unreadable, for ever once it is deleted.',
  needs: ['kms'],
  satisfies: clauses(['FSBP', 'KMS.3'], ['ISO/IEC 27001:2022', 'A.8.24']),
  atCreation: true,
  desired: () => value('Enabled'),
  // A key that somebody disabled or means to delete is theirs to bring back: KMS keeps no word of why.
  compare: foreignUnlessEqual,
  read: (api, _b, known) =>
    observing(async () => {
      const found = (await describe(api, known))?.KeyState;
      return found === undefined ? unset : set(found);
    }),
  write: async () => Promise.reject(new TypeError('the state of a key is not ours to change')),
};

const policy: AwsControl = {
  id: 'state-key.policy',
  title: 'key policy: roles use it through S3 and DynamoDB, deleted by break-glass only, never locked out',
  why: 'The key is the second lock on the state. Its policy shuts other accounts out and never the account itself, whose IAM policies can let more people in: keep kms:Decrypt scarce there.',
  needs: ['key-policy'],
  satisfies: clauses(
    ['FSBP', 'KMS.3', 'KMS.5'],
    ['ISO/IEC 27001:2022', 'A.8.24', 'A.8.3'],
    ['SOC 2', 'CC6.1'],
  ),
  atCreation: true,
  after: ROLES,
  desired: (b) => value(asJson(keyPolicy(b))),
  compare: comparePolicies,
  read: (api, _b, known) =>
    observing(async () => {
      const answer = await api.call('kms:GetKeyPolicy', { KeyId: idOf(known), PolicyName: POLICY_NAME });
      return answer.Policy === undefined ? unset : parsed(answer.Policy, 'kms:GetKeyPolicy');
    }),
  async write(api, _b, known, wanted) {
    await api.call('kms:PutKeyPolicy', {
      KeyId: idOf(known),
      PolicyName: POLICY_NAME,
      Policy: policyText(wanted),
      BypassPolicyLockoutSafetyCheck: false,
    });
  },
};

const rotation: AwsControl = {
  id: 'state-key.rotation',
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
      const status = await api.call('kms:GetKeyRotationStatus', { KeyId: idOf(known) });
      if (status.KeyRotationEnabled !== true) return unset;
      return set({ enabled: true, days: status.RotationPeriodInDays ?? null });
    }),
  async write(api, b, known) {
    await api.call('kms:EnableKeyRotation', { KeyId: idOf(known), RotationPeriodInDays: b.keyRotationDays });
  },
};

const alias: AwsControl = {
  id: 'state-key.alias',
  title: 'alias',
  why: 'People and policies name the key by its alias; it is unique in account and region.',
  needs: ['kms'],
  satisfies: clauses(['ISO/IEC 27001:2022', 'A.5.9']),
  desired: (b) => value(b.names.keyAlias),
  read: (api, b, known) =>
    observing(async () => {
      const all = await pages(
        (Marker) =>
          api.call('kms:ListAliases', { KeyId: idOf(known), ...(Marker === undefined ? {} : { Marker }) }),
        (page) => page.NextMarker,
      );
      const names = all.flatMap((page) => page.Aliases ?? []).map((entry) => entry.AliasName);
      return names.includes(b.names.keyAlias) ? set(b.names.keyAlias) : unset;
    }),
  async write(api, b, known) {
    await api.call('kms:CreateAlias', { AliasName: b.names.keyAlias, TargetKeyId: idOf(known) });
  },
};

function knownOf(key: KeyMetadata): Known {
  return { 'state-key.arn': key.Arn ?? '', 'state-key.id': key.KeyId ?? '' };
}

async function locate(api: AwsApi, b: Blueprint): Promise<Presence> {
  try {
    const { KeyMetadata: key } = await api.call('kms:DescribeKey', { KeyId: b.names.keyAlias });
    if (key?.Arn === undefined) return { is: 'absent' };
    return presenceByTags(b, await keyTags(api, key.Arn), knownOf(key), `key ${b.names.keyAlias}`);
  } catch (error) {
    if (!isFault(error, 'absent')) throw error;
    return findByTags(api, b, knownOf);
  }
}

/** A new key has no alias yet, and is longer in coming into lists than its own id is in being known. */
async function find(api: AwsApi, b: Blueprint, known: Known): Promise<Presence> {
  const [key, tags] = await Promise.all([describe(api, known), keyTags(api, idOf(known))]);
  return key === undefined
    ? { is: 'absent' }
    : presenceByTags(b, tags, knownOf(key), `key ${key.KeyId ?? ''}, by its id`);
}

export const stateKey: AwsResource = {
  id: 'state-key',
  kind: 'state-key',
  title: 'encryption key',
  // Its policy names the roles, and KMS refuses a principal that does not exist.
  after: ROLES,
  wanted: () => true,
  nameOf: (b) => b.names.keyAlias,
  canBeMadeTwice: true,
  controls: [spec, state, tags, policy, alias, rotation, noGrants],
  locate: (api, b) => locating(() => locate(api, b)),
  async exists(api, b) {
    // Asked beside the alias and not after it: one page of ids costs little, and where there is no alias yet `locate` asks for it next.
    keyIds(api).catch(() => undefined);
    const { KeyMetadata: key } = await api.call('kms:DescribeKey', { KeyId: b.names.keyAlias });
    return key?.Arn === undefined ? null : knownOf(key);
  },
  find: (api, b, known) => locating(() => find(api, b, known)),
  async create(api, b, _known, run) {
    const { KeyMetadata: key } = await api.call('kms:CreateKey', {
      Description: `Terraform state of ${b.organisation} ${b.environment}, made by govboot`,
      KeySpec: 'SYMMETRIC_DEFAULT',
      KeyUsage: 'ENCRYPT_DECRYPT',
      Origin: 'AWS_KMS',
      MultiRegion: false,
      Policy: policyText(asJson(keyPolicy(b))),
      BypassPolicyLockoutSafetyCheck: false,
      Tags: kmsTags(birthTags(b, run)),
    });
    return key === undefined ? {} : knownOf(key);
  },
  async ready(api, _b, known) {
    return (await describe(api, known))?.KeyState === 'Enabled';
  },
};
