/** The contract's KMS. */
import { expect } from 'vitest';
import {
  everyPage,
  keyPolicy,
  madeKey,
  madeRole,
  refused,
  ROLE,
  rootOf,
  type Behaviour,
  type ContractWorld,
} from './world.ts';

const MISSING = '00000000-0000-4000-8000-000000000000';

async function tagsOf(world: ContractWorld, KeyId: string): Promise<Record<string, string | undefined>> {
  const pages = await everyPage(world, 'kms:ListResourceTags', { KeyId }, 'Marker');
  return Object.fromEntries(
    pages.flatMap(({ Tags = [] }) => Tags.map(({ TagKey, TagValue }) => [TagKey, TagValue])),
  );
}

const keys: readonly Behaviour[] = [
  {
    clause: 'KMS.1',
    says: 'a key that was made is symmetric, enabled, and found by id and by ARN',
    async run(world) {
      const { id, arn } = await madeKey(world);
      for (const KeyId of [id, arn]) {
        const { KeyMetadata } = await world.api.call('kms:DescribeKey', { KeyId });
        expect(KeyMetadata).toMatchObject({
          KeyId: id,
          Arn: arn,
          KeyState: 'Enabled',
          Enabled: true,
          KeySpec: 'SYMMETRIC_DEFAULT',
          KeyUsage: 'ENCRYPT_DECRYPT',
          Origin: 'AWS_KMS',
          MultiRegion: false,
          Description: 'contract',
        });
        expect(KeyMetadata?.CreationDate).toBeInstanceOf(Date);
      }
    },
  },
  {
    clause: 'KMS.10',
    says: 'a key made without a word is symmetric, of one region, and has a policy that lets the account in',
    exceptOn: { moto: 'leaves out usage and multi-region' },
    async run(world) {
      const { KeyMetadata } = await world.api.call('kms:CreateKey', {});
      expect(KeyMetadata).toMatchObject({
        KeySpec: 'SYMMETRIC_DEFAULT',
        KeyUsage: 'ENCRYPT_DECRYPT',
        Origin: 'AWS_KMS',
        MultiRegion: false,
      });
      const { Policy } = await world.api.call('kms:GetKeyPolicy', {
        KeyId: KeyMetadata?.KeyId,
        PolicyName: 'default',
      });
      expect(JSON.parse(Policy ?? '')).toMatchObject({
        Statement: [{ Effect: 'Allow', Principal: { AWS: rootOf(world) }, Action: 'kms:*' }],
      });
    },
  },
  {
    clause: 'KMS.2',
    says: 'a key that is not there is absent',
    async run({ api }) {
      await refused(api.call('kms:DescribeKey', { KeyId: MISSING }), 'absent', 'NotFoundException');
      await refused(
        api.call('kms:GetKeyPolicy', { KeyId: MISSING, PolicyName: 'default' }),
        'absent',
        'NotFoundException',
      );
      await refused(api.call('kms:DescribeKey', { KeyId: 'alias/nobody' }), 'absent', 'NotFoundException');
    },
  },
  {
    clause: 'KMS.3',
    says: 'two keys with the same description and tags are two keys',
    async run(world) {
      const [a, b] = [await madeKey(world), await madeKey(world)];
      expect(a.id).not.toBe(b.id);
      const pages = await everyPage(world, 'kms:ListKeys', {}, 'Marker');
      const ids = pages.flatMap(({ Keys = [] }) => Keys.map(({ KeyId }) => KeyId));
      expect(ids).toEqual(expect.arrayContaining([a.id, b.id]));
    },
  },
  {
    clause: 'KMS.4',
    says: 'ListKeys gives every key once over its pages, and says when there are more',
    async run(world) {
      const made = [];
      for (let i = 0; i < 5; i++) made.push((await madeKey(world)).id);
      const pages = await everyPage(world, 'kms:ListKeys', { Limit: 2 }, 'Marker');
      expect(pages.map(({ Truncated }) => Truncated)).toEqual(pages.map((_, i) => i < pages.length - 1));
      expect(pages.flatMap(({ Keys = [] }) => Keys.map(({ KeyId }) => KeyId)).sort()).toEqual(made.sort());
    },
  },
  {
    clause: 'KMS.9',
    says: 'ListKeys keeps to its limit',
    exceptOn: { moto: 'gives all keys at once' },
    async run(world) {
      for (let i = 0; i < 3; i++) await madeKey(world);
      const { Keys, Truncated } = await world.api.call('kms:ListKeys', { Limit: 2 });
      expect([Keys?.length, Truncated]).toEqual([2, true]);
    },
  },
  {
    clause: 'KMS.5',
    says: 'a marker that KMS did not give is refused',
    async run({ api }) {
      await refused(api.call('kms:ListKeys', { Marker: 'made-up' }), 'not-ready');
    },
    exceptOn: { moto: 'starts from the beginning' },
  },
  {
    clause: 'KMS.6',
    says: 'tags given at birth are there, and TagResource adds and overwrites',
    async run(world) {
      const { id } = await madeKey(world, { owner: 'us', run: '1' });
      expect(await tagsOf(world, id)).toEqual({ owner: 'us', run: '1' });
      await world.api.call('kms:TagResource', {
        KeyId: id,
        Tags: [
          { TagKey: 'run', TagValue: '2' },
          { TagKey: 'more', TagValue: '' },
        ],
      });
      expect(await tagsOf(world, id)).toEqual({ owner: 'us', run: '2', more: '' });
    },
  },
  {
    clause: 'KMS.7',
    says: 'ListResourceTags keeps to its limit',
    async run(world) {
      const tags = Object.fromEntries(Array.from({ length: 7 }, (_, i) => [`tag-${i}`, String(i)]));
      const { id } = await madeKey(world, tags);
      expect(await tagsOf(world, id)).toEqual(tags);
      const pages = await everyPage(world, 'kms:ListResourceTags', { KeyId: id, Limit: 3 }, 'Marker');
      expect(pages.length).toBeGreaterThan(2);
    },
    exceptOn: { moto: 'gives all tags at once' },
  },
  {
    clause: 'KMS.8',
    says: 'tags of the system, and tags too long, are refused',
    exceptOn: { moto: 'takes them' },
    async run(world) {
      const { id } = await madeKey(world);
      await refused(
        world.api.call('kms:TagResource', { KeyId: id, Tags: [{ TagKey: 'aws:x', TagValue: 'y' }] }),
        'invalid',
      );
      await refused(
        world.api.call('kms:TagResource', { KeyId: id, Tags: [{ TagKey: 'k', TagValue: 'v'.repeat(257) }] }),
        'invalid',
      );
    },
  },
];

const policies: readonly Behaviour[] = [
  {
    clause: 'KMS.20',
    says: 'the policy of a key means what it was made with, and can be replaced',
    async run(world) {
      const { id } = await madeKey(world);
      const read = async () =>
        JSON.parse(
          (await world.api.call('kms:GetKeyPolicy', { KeyId: id, PolicyName: 'default' })).Policy ?? '',
        ) as unknown;
      expect(await read()).toEqual(JSON.parse(keyPolicy(world)));
      const more = {
        Sid: 'More',
        Effect: 'Deny',
        Principal: '*',
        Action: 'kms:ScheduleKeyDeletion',
        Resource: '*',
      };
      await world.api.call('kms:PutKeyPolicy', {
        KeyId: id,
        PolicyName: 'default',
        Policy: keyPolicy(world, [more]),
      });
      expect(await read()).toEqual(JSON.parse(keyPolicy(world, [more])));
    },
  },
  {
    clause: 'KMS.21',
    says: 'a policy that would lock its author out is refused, unless the check is bypassed',
    exceptOn: { moto: 'takes any policy' },
    async run(world) {
      const locked = JSON.stringify({
        Version: '2012-10-17',
        Statement: [
          { Effect: 'Allow', Principal: { AWS: rootOf(world) }, Action: 'kms:DescribeKey', Resource: '*' },
        ],
      });
      await refused(
        world.api.call('kms:CreateKey', { Policy: locked }),
        'invalid',
        'MalformedPolicyDocumentException',
      );
      const { id } = await madeKey(world);
      await refused(
        world.api.call('kms:PutKeyPolicy', { KeyId: id, PolicyName: 'default', Policy: locked }),
        'invalid',
        'MalformedPolicyDocumentException',
      );
      const denied = keyPolicy(world, [
        { Effect: 'Deny', Principal: '*', Action: 'kms:PutKeyPolicy', Resource: '*' },
      ]);
      await refused(
        world.api.call('kms:CreateKey', { Policy: denied }),
        'invalid',
        'MalformedPolicyDocumentException',
      );
      await world.api.call('kms:CreateKey', { Policy: locked, BypassPolicyLockoutSafetyCheck: true });
    },
  },
  {
    clause: 'KMS.22',
    says: 'text that is no policy is refused',
    exceptOn: { moto: 'takes any text' },
    async run(world) {
      await refused(
        world.api.call('kms:CreateKey', { Policy: 'not json' }),
        'invalid',
        'MalformedPolicyDocumentException',
      );
      await refused(
        world.api.call('kms:CreateKey', {
          Policy: keyPolicy(world, [{ Effect: 'Allow', Action: 'kms:*', Resource: '*' }]),
        }),
        'invalid',
        'MalformedPolicyDocumentException',
      );
    },
  },
  {
    clause: 'KMS.23',
    says: 'a principal that is not there is refused as not ready, and taken once it is there',
    exceptOn: { moto: 'takes any principal' },
    async run(world) {
      const user = {
        Effect: 'Allow',
        Principal: { AWS: `arn:${world.partition}:iam::${world.account}:role/${ROLE}` },
        Action: 'kms:Decrypt',
        Resource: '*',
      };
      await refused(
        world.api.call('kms:CreateKey', { Policy: keyPolicy(world, [user]) }),
        'not-ready',
        'MalformedPolicyDocumentException',
      );
      await madeRole(world);
      await world.api.call('kms:CreateKey', { Policy: keyPolicy(world, [user]) });
    },
  },
  {
    clause: 'KMS.24',
    says: 'what a key policy denies its caller is denied',
    exceptOn: { moto: 'does not evaluate key policies' },
    async run(world) {
      const { id } = await madeKey(world);
      await world.api.call('kms:PutKeyPolicy', {
        KeyId: id,
        PolicyName: 'default',
        Policy: keyPolicy(world, [
          { Effect: 'Deny', Principal: '*', Action: 'kms:EnableKeyRotation', Resource: '*' },
        ]),
      });
      await refused(
        world.api.call('kms:EnableKeyRotation', { KeyId: id }),
        'denied',
        'AccessDeniedException',
      );
      await world.api.call('kms:GetKeyRotationStatus', { KeyId: id });
    },
  },
];

const aliases: readonly Behaviour[] = [
  {
    clause: 'KMS.30',
    says: 'an alias finds its key, and is listed with it',
    async run(world) {
      const { id, arn } = await madeKey(world);
      await world.api.call('kms:CreateAlias', { AliasName: 'alias/acme/dev', TargetKeyId: id });
      expect((await world.api.call('kms:DescribeKey', { KeyId: 'alias/acme/dev' })).KeyMetadata?.Arn).toBe(
        arn,
      );
      const pages = await everyPage(world, 'kms:ListAliases', { KeyId: id }, 'Marker');
      expect(
        pages.flatMap(({ Aliases = [] }) =>
          Aliases.map(({ AliasName, TargetKeyId }) => [AliasName, TargetKeyId]),
        ),
      ).toEqual([['alias/acme/dev', id]]);
    },
  },
  {
    clause: 'KMS.31',
    says: 'an alias that is taken is refused, whatever its target',
    async run(world) {
      const [a, b] = [await madeKey(world), await madeKey(world)];
      await world.api.call('kms:CreateAlias', { AliasName: 'alias/acme/dev', TargetKeyId: a.id });
      for (const { id } of [a, b])
        await refused(
          world.api.call('kms:CreateAlias', { AliasName: 'alias/acme/dev', TargetKeyId: id }),
          'exists',
          'AlreadyExistsException',
        );
      expect((await world.api.call('kms:DescribeKey', { KeyId: 'alias/acme/dev' })).KeyMetadata?.KeyId).toBe(
        a.id,
      );
    },
  },
  {
    clause: 'KMS.32',
    says: "ListAliases gives every alias over its pages, AWS's own among them",
    async run(world) {
      const { id } = await madeKey(world);
      for (let i = 0; i < 4; i++)
        await world.api.call('kms:CreateAlias', { AliasName: `alias/acme/${i}`, TargetKeyId: id });
      const pages = await everyPage(world, 'kms:ListAliases', {}, 'Marker');
      const names = pages.flatMap(({ Aliases = [] }) => Aliases.map(({ AliasName = '' }) => AliasName));
      expect(new Set(names).size).toBe(names.length);
      expect(names).toEqual(
        expect.arrayContaining([
          'alias/acme/0',
          'alias/acme/1',
          'alias/acme/2',
          'alias/acme/3',
          'alias/aws/s3',
        ]),
      );
    },
  },
  {
    clause: 'KMS.33',
    says: 'names without the prefix or with wrong characters are refused',
    async run(world) {
      const { id } = await madeKey(world);
      for (const AliasName of ['acme', 'alias/with space'])
        await refused(world.api.call('kms:CreateAlias', { AliasName, TargetKeyId: id }), 'invalid');
    },
  },
  {
    clause: 'KMS.36',
    says: 'names of AWS are refused',
    exceptOn: { moto: 'takes them' },
    async run(world) {
      const { id } = await madeKey(world);
      await refused(
        world.api.call('kms:CreateAlias', { AliasName: 'alias/aws/mine', TargetKeyId: id }),
        'invalid',
        'NotAuthorizedException',
      );
    },
  },
  {
    clause: 'KMS.34',
    says: 'policy, rotation and tags are asked for by id or ARN, not by alias',
    async run(world) {
      const { id } = await madeKey(world);
      await world.api.call('kms:CreateAlias', { AliasName: 'alias/acme/dev', TargetKeyId: id });
      const KeyId = 'alias/acme/dev';
      await refused(
        world.api.call('kms:GetKeyPolicy', { KeyId, PolicyName: 'default' }),
        'absent',
        'NotFoundException',
      );
      await refused(world.api.call('kms:GetKeyRotationStatus', { KeyId }), 'absent', 'NotFoundException');
      await refused(world.api.call('kms:ListResourceTags', { KeyId }), 'absent', 'NotFoundException');
    },
  },
  {
    clause: 'KMS.35',
    says: 'an alias for a key that is not there is refused',
    async run({ api }) {
      await refused(
        api.call('kms:CreateAlias', { AliasName: 'alias/acme/dev', TargetKeyId: MISSING }),
        'absent',
        'NotFoundException',
      );
    },
  },
];

const rotation: readonly Behaviour[] = [
  {
    clause: 'KMS.40',
    says: 'rotation is off until it is enabled, and then has its period',
    async run(world) {
      const { id } = await madeKey(world);
      expect((await world.api.call('kms:GetKeyRotationStatus', { KeyId: id })).KeyRotationEnabled).toBe(
        false,
      );
      await world.api.call('kms:EnableKeyRotation', { KeyId: id, RotationPeriodInDays: 180 });
      await world.api.call('kms:EnableKeyRotation', { KeyId: id, RotationPeriodInDays: 180 });
      const status = await world.api.call('kms:GetKeyRotationStatus', { KeyId: id });
      expect(status).toMatchObject({ KeyRotationEnabled: true, RotationPeriodInDays: 180 });
      expect(status.NextRotationDate).toBeInstanceOf(Date);
    },
  },
  {
    clause: 'KMS.41',
    says: 'without a period it is a year',
    async run(world) {
      const { id } = await madeKey(world);
      await world.api.call('kms:EnableKeyRotation', { KeyId: id });
      expect((await world.api.call('kms:GetKeyRotationStatus', { KeyId: id })).RotationPeriodInDays).toBe(
        365,
      );
    },
  },
  {
    clause: 'KMS.42',
    says: 'a period outside 90 to 2560 days is refused',
    async run(world) {
      const { id } = await madeKey(world);
      for (const RotationPeriodInDays of [89, 2561])
        await refused(
          world.api.call('kms:EnableKeyRotation', { KeyId: id, RotationPeriodInDays }),
          'invalid',
          'ValidationException',
        );
      expect((await world.api.call('kms:GetKeyRotationStatus', { KeyId: id })).KeyRotationEnabled).toBe(
        false,
      );
    },
  },
];

export const kmsBehaviours = [...keys, ...policies, ...aliases, ...rotation];
