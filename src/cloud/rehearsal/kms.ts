/** The KMS of the rehearsal cloud: symmetric keys, aliases, policies, rotation. docs/rehearsal-cloud.md, clauses KMS.n. */
import type * as KMS from '@aws-sdk/client-kms';
import {
  plain,
  arn,
  current,
  given,
  list,
  newUuid,
  regional,
  save,
  type Call,
  type Done,
  type Handlers,
} from './context.ts';
import type { Refusal } from './faults.ts';
import { absent, exists, invalid, notReady } from './faults.ts';
import { authorizeKey, checkKeyPolicy, defaultKeyPolicy, keyOf, keyOrAlias, type Found } from './kms-keys.ts';
import { page, type Page } from './paging.ts';
import type { Key, Tags } from './state.ts';
import { checkTags, tagPairs, type TagProblem } from './tags.ts';

const DAY_MS = 86_400_000;
const DEFAULT_ROTATION_DAYS = 365;

/** Aliases that AWS keeps in every account; the key behind one is made when its service first needs it. */
const AWS_ALIASES = [
  'alias/aws/dynamodb',
  'alias/aws/ebs',
  'alias/aws/s3',
  'alias/aws/secretsmanager',
  'alias/aws/ssm',
];

const badMarker = (): Refusal => invalid('InvalidMarkerException', 'Could not deserialize marker');

function pageOf<T>(
  items: readonly T[],
  marker: string | undefined,
  limit: number | undefined,
  most: number,
  call: Call,
): Page<T> {
  if (limit !== undefined && !(Number.isInteger(limit) && limit >= 1 && limit <= most)) {
    throw invalid(
      'ValidationException',
      `1 validation error detected: Value at 'limit' failed to satisfy constraint: Member must be between 1 and ${String(most)}`,
    );
  }
  return page(items, marker, limit, call.pageSize, badMarker);
}

function paged(next: string | null): { Truncated: boolean; NextMarker?: string } {
  return { Truncated: next !== null, ...given('NextMarker', next) };
}

function toRead(name: string | undefined, action: string, call: Call): Found {
  const found = keyOf(name, call);
  authorizeKey(action, found, call);
  return found;
}

function change(
  name: string | undefined,
  action: string,
  call: Call,
  how: (found: Found) => Partial<Key>,
): Done {
  const found = keyOf(name, call, call.sight.consistency.writes === 'eventual' ? 'visible' : 'current');
  authorizeKey(action, found, call);
  if (found.key.state === 'PendingDeletion')
    throw notReady('KMSInvalidStateException', `${found.arn} is pending deletion.`);
  const newest = current(call.state.keys, regional(call, found.id)) ?? found.key;
  save(call.state.keys, regional(call, found.id), { ...newest, ...how({ ...found, key: newest }) }, call);
  return {};
}

function tagRefusal(problem: TagProblem, key: string): Refusal {
  if (problem === 'many')
    return invalid('LimitExceededException', 'You have exceeded the number of tags allowed per resource: 50');
  if (problem === 'twice') return invalid('TagException', `Duplicate tag keys: ${key}`);
  if (problem === 'system') return invalid('TagException', 'Tag keys that start with aws: are reserved');
  return invalid('TagException', `The tag ${problem} of "${key}" is not valid`);
}

function keyTags(pairs: readonly KMS.Tag[], had: Tags): Tags {
  return checkTags(
    pairs.map(({ TagKey, TagValue }) => ({ key: TagKey, value: TagValue })),
    had,
    tagRefusal,
  );
}

function metadata({ id, arn: name, key }: Found, call: Call): KMS.KeyMetadata {
  return {
    AWSAccountId: call.account,
    KeyId: id,
    Arn: name,
    CreationDate: new Date(key.createdAt),
    Enabled: key.state === 'Enabled',
    Description: key.description,
    KeyUsage: 'ENCRYPT_DECRYPT',
    KeyState: key.state,
    Origin: 'AWS_KMS',
    KeyManager: 'CUSTOMER',
    KeySpec: 'SYMMETRIC_DEFAULT',
    EncryptionAlgorithms: ['SYMMETRIC_DEFAULT'],
    MultiRegion: key.multiRegion,
  };
}

function createKey(
  input: KMS.CreateKeyCommandInput,
  call: Call,
): Omit<KMS.CreateKeyCommandOutput, '$metadata'> {
  if (
    (input.KeySpec ?? 'SYMMETRIC_DEFAULT') !== 'SYMMETRIC_DEFAULT' ||
    (input.KeyUsage ?? 'ENCRYPT_DECRYPT') !== 'ENCRYPT_DECRYPT' ||
    (input.Origin ?? 'AWS_KMS') !== 'AWS_KMS'
  ) {
    throw invalid(
      'UnsupportedOperationException',
      'the rehearsal cloud makes symmetric encryption keys of KMS only',
    );
  }
  if ((input.Description ?? '').length > 8192)
    throw invalid('ValidationException', 'The description is longer than 8192 characters');
  if (input.MultiRegion === true)
    throw invalid('UnsupportedOperationException', 'the rehearsal cloud makes single-Region keys only');
  const tags = keyTags(input.Tags ?? [], {});
  const policy = input.Policy ?? defaultKeyPolicy(call);
  checkKeyPolicy(
    policy,
    arn(call, 'kms', call.region, 'key/new'),
    input.BypassPolicyLockoutSafetyCheck ?? false,
    call,
  );
  const id = newUuid(call, 'key');
  const key: Key = {
    createdAt: call.sight.now,
    description: input.Description ?? '',
    state: 'Enabled',
    multiRegion: false,
    policy,
    rotation: null,
    tags,
  };
  save(call.state.keys, regional(call, id), key, call);
  return { KeyMetadata: metadata({ id, arn: arn(call, 'kms', call.region, `key/${id}`), key }, call) };
}

function createAlias(input: KMS.CreateAliasCommandInput, call: Call): Done {
  const name = input.AliasName ?? '';
  if (!/^alias\/[a-zA-Z0-9/_-]+$/.test(name) || name.length > 256)
    throw invalid('InvalidAliasNameException', `Invalid alias name ${name}`);
  if (name.startsWith('alias/aws/'))
    throw invalid('NotAuthorizedException', 'Alias with prefix alias/aws is reserved');
  const target = keyOf(
    input.TargetKeyId,
    call,
    call.sight.consistency.writes === 'eventual' ? 'visible' : 'current',
  );
  authorizeKey('kms:CreateAlias', target, call);
  if (target.key.state === 'PendingDeletion')
    throw notReady('KMSInvalidStateException', `${target.arn} is pending deletion.`);
  if (current(call.state.aliases, regional(call, name)) !== undefined) {
    throw exists(
      'AlreadyExistsException',
      `An alias with the name ${arn(call, 'kms', call.region, name)} already exists`,
      400,
    );
  }
  save(call.state.aliases, regional(call, name), { target: target.id, createdAt: call.sight.now }, call);
  return {};
}

function listAliases(
  input: KMS.ListAliasesCommandInput,
  call: Call,
): Omit<KMS.ListAliasesCommandOutput, '$metadata'> {
  const wanted = input.KeyId === undefined ? null : keyOf(input.KeyId, call).id;
  const made = list(call.state.aliases, regional(call, ''), call).map(([name, alias]) => ({
    name,
    ...alias,
  }));
  const all = [...AWS_ALIASES.map((name) => ({ name, target: null, createdAt: null })), ...made]
    .filter(({ target }) => wanted === null || target === wanted)
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const { items, next } = pageOf(all, input.Marker, input.Limit, 100, call);
  const Aliases = items.map(({ name, target, createdAt }) => ({
    AliasName: name,
    AliasArn: arn(call, 'kms', call.region, name),
    ...given('TargetKeyId', target),
    ...(createdAt === null
      ? {}
      : { CreationDate: new Date(createdAt), LastUpdatedDate: new Date(createdAt) }),
  }));
  return { Aliases, ...paged(next) };
}

function enableRotation(input: KMS.EnableKeyRotationCommandInput, call: Call): Done {
  const days = input.RotationPeriodInDays;
  if (days !== undefined && !(Number.isInteger(days) && days >= 90 && days <= 2560)) {
    throw invalid(
      'ValidationException',
      `1 validation error detected: Value '${String(days)}' at 'rotationPeriodInDays' failed to satisfy constraint: Member must have value between 90 and 2560`,
    );
  }
  return change(input.KeyId, 'kms:EnableKeyRotation', call, ({ arn: name, key }) => {
    if (key.state === 'Disabled') throw notReady('DisabledException', `${name} is disabled.`);
    return {
      rotation: {
        enabledAt: key.rotation?.enabledAt ?? call.sight.now,
        days: days ?? key.rotation?.days ?? DEFAULT_ROTATION_DAYS,
      },
    };
  });
}

function rotationStatus(
  input: KMS.GetKeyRotationStatusCommandInput,
  call: Call,
): Omit<KMS.GetKeyRotationStatusCommandOutput, '$metadata'> {
  const { arn: name, key } = toRead(input.KeyId, 'kms:GetKeyRotationStatus', call);
  if (key.rotation === null) return { KeyRotationEnabled: false, KeyId: name };
  const { enabledAt, days } = key.rotation;
  return {
    KeyRotationEnabled: key.state === 'Enabled',
    KeyId: name,
    RotationPeriodInDays: days,
    NextRotationDate: new Date(enabledAt + days * DAY_MS),
  };
}

function putKeyPolicy(input: KMS.PutKeyPolicyCommandInput, call: Call): Done {
  if ((input.PolicyName ?? 'default') !== 'default')
    throw absent('NotFoundException', `No such policy exists`, 400);
  return change(input.KeyId, 'kms:PutKeyPolicy', call, ({ arn: name }) => {
    const policy = input.Policy ?? '';
    checkKeyPolicy(policy, name, input.BypassPolicyLockoutSafetyCheck ?? false, call);
    return { policy };
  });
}

export const kms: Handlers<'kms'> = {
  'kms:CreateKey': createKey,
  'kms:CreateAlias': createAlias,
  'kms:ListAliases': listAliases,
  'kms:EnableKeyRotation': enableRotation,
  'kms:GetKeyRotationStatus': rotationStatus,
  'kms:PutKeyPolicy': putKeyPolicy,
  'kms:ListKeys': (input, call) => {
    const ids = list(call.state.keys, regional(call, ''), call).map(([id]) => id);
    const { items, next } = pageOf(ids, input.Marker, input.Limit, 1000, call);
    return {
      Keys: items.map((id) => ({ KeyId: id, KeyArn: arn(call, 'kms', call.region, `key/${id}`) })),
      ...paged(next),
    };
  },
  'kms:DescribeKey': (input, call) => {
    const found = keyOrAlias(input.KeyId, call);
    authorizeKey('kms:DescribeKey', found, call);
    return { KeyMetadata: metadata(found, call) };
  },
  'kms:GetKeyPolicy': (input, call) => {
    if ((input.PolicyName ?? 'default') !== 'default')
      throw absent('NotFoundException', 'No such policy exists', 400);
    const { key } = toRead(input.KeyId, 'kms:GetKeyPolicy', call);
    // KMS gives a policy back in its own layout.
    return {
      Policy: JSON.stringify(JSON.parse(key.policy), null, 2).replace(/^(\s*"(?:[^"\\]|\\.)*"):/gm, '$1 :'),
      PolicyName: 'default',
    };
  },
  'kms:ListGrants': (input, call) => {
    const { key } = toRead(input.KeyId, 'kms:ListGrants', call);
    const { items, next } = pageOf(key.grants ?? [], input.Marker, input.Limit, 100, call);
    return { Grants: items.map((grant) => plain(grant) as KMS.GrantListEntry), ...paged(next) };
  },
  'kms:ListResourceTags': (input, call) => {
    const { key } = toRead(input.KeyId, 'kms:ListResourceTags', call);
    const { items, next } = pageOf(tagPairs(key.tags), input.Marker, input.Limit, 50, call);
    return { Tags: items.map(([TagKey, TagValue]) => ({ TagKey, TagValue })), ...paged(next) };
  },
  'kms:TagResource': (input, call) =>
    change(input.KeyId, 'kms:TagResource', call, ({ key }) => ({
      tags: { ...key.tags, ...keyTags(input.Tags ?? [], key.tags) },
    })),
};
