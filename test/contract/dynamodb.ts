/** The contract's DynamoDB. */
import { expect } from 'vitest';
import {
  active,
  everyPage,
  madeKey,
  madeTable,
  refused,
  TABLE,
  TABLE_INPUT,
  until,
  type Behaviour,
  type ContractWorld,
} from './world.ts';

async function tagsOf(
  world: ContractWorld,
  ResourceArn: string,
): Promise<Record<string, string | undefined>> {
  const pages = await everyPage(world, 'dynamodb:ListTagsOfResource', { ResourceArn }, 'NextToken');
  return Object.fromEntries(pages.flatMap(({ Tags = [] }) => Tags.map(({ Key, Value }) => [Key, Value])));
}

const recovery = (world: ContractWorld, days?: number) =>
  world.api.call('dynamodb:UpdateContinuousBackups', {
    TableName: TABLE,
    PointInTimeRecoverySpecification: {
      PointInTimeRecoveryEnabled: true,
      ...(days === undefined ? {} : { RecoveryPeriodInDays: days }),
    },
  });

/** As long as backups cannot be changed yet, it is not ready; never anything else. */
async function recovered(world: ContractWorld, days: number): Promise<void> {
  await until(
    world,
    () =>
      recovery(world, days).then(
        () => true,
        async (error: unknown) => {
          await refused(Promise.reject(error), 'not-ready', 'ContinuousBackupsUnavailableException');
          return false;
        },
      ),
    (done) => done,
  );
}

const tables: readonly Behaviour[] = [
  {
    clause: 'DDB.1',
    says: 'a table that is not there is absent, whatever is asked of it',
    async run({ api }) {
      await refused(
        api.call('dynamodb:DescribeTable', { TableName: TABLE }),
        'absent',
        'ResourceNotFoundException',
      );
      await refused(
        api.call('dynamodb:DescribeContinuousBackups', { TableName: TABLE }),
        'absent',
        'TableNotFoundException',
      );
      await refused(
        api.call('dynamodb:UpdateTable', { TableName: TABLE, DeletionProtectionEnabled: true }),
        'absent',
        'ResourceNotFoundException',
      );
    },
  },
  {
    clause: 'DDB.13',
    says: 'nor has a table that is not there an expiry of items',
    exceptOn: { moto: 'says ResourceNotFound, a name that DynamoDB does not have' },
    async run({ api }) {
      await refused(
        api.call('dynamodb:DescribeTimeToLive', { TableName: TABLE }),
        'absent',
        'ResourceNotFoundException',
      );
    },
  },
  {
    clause: 'DDB.2',
    says: 'a table that was made becomes active, with its schema and billing',
    async run(world) {
      const { TableDescription } = await world.api.call('dynamodb:CreateTable', TABLE_INPUT);
      expect(TableDescription?.TableArn).toBe(
        `arn:${world.partition}:dynamodb:${world.region}:${world.account}:table/${TABLE}`,
      );
      const { Table } = await active(world);
      expect(Table).toMatchObject({
        TableName: TABLE,
        AttributeDefinitions: [{ AttributeName: 'LockID', AttributeType: 'S' }],
        KeySchema: [{ AttributeName: 'LockID', KeyType: 'HASH' }],
        BillingModeSummary: { BillingMode: 'PAY_PER_REQUEST' },
      });
      expect(Table?.StreamSpecification).toBeUndefined();
      expect(Table?.DeletionProtectionEnabled ?? false).toBe(false);
      expect(Table?.SSEDescription).toBeUndefined();
    },
  },
  {
    clause: 'DDB.3',
    says: 'a new table is being created for a while, and cannot be changed meanwhile',
    exceptOn: { moto: 'is active at once' },
    async run(world) {
      expect((await world.api.call('dynamodb:CreateTable', TABLE_INPUT)).TableDescription?.TableStatus).toBe(
        'CREATING',
      );
      const change = { TableName: TABLE, DeletionProtectionEnabled: true };
      await refused(world.api.call('dynamodb:UpdateTable', change), 'conflict', 'ResourceInUseException');
      await active(world);
      await world.api.call('dynamodb:UpdateTable', change);
    },
  },
  {
    clause: 'DDB.4',
    says: 'a name in use is refused',
    async run(world) {
      await madeTable(world);
      await refused(world.api.call('dynamodb:CreateTable', TABLE_INPUT), 'exists', 'ResourceInUseException');
    },
  },
  {
    clause: 'DDB.5',
    says: 'deletion protection, encryption and tags given at birth are there',
    async run(world) {
      const { arn } = await madeKey(world);
      const table = await madeTable(world, {
        DeletionProtectionEnabled: true,
        SSESpecification: { Enabled: true, SSEType: 'KMS', KMSMasterKeyId: arn },
        Tags: [{ Key: 'owner', Value: 'us' }],
      });
      const { Table } = await active(world);
      expect(Table?.DeletionProtectionEnabled).toBe(true);
      expect(Table?.SSEDescription).toMatchObject({
        Status: 'ENABLED',
        SSEType: 'KMS',
        KMSMasterKeyArn: arn,
      });
      expect(await tagsOf(world, table)).toEqual({ owner: 'us' });
    },
  },
  {
    clause: 'DDB.6',
    says: 'a key that is not there is refused',
    exceptOn: { moto: 'takes any key' },
    async run(world) {
      const arn = `arn:${world.partition}:kms:${world.region}:${world.account}:key/00000000-0000-4000-8000-000000000000`;
      await refused(
        world.api.call('dynamodb:CreateTable', {
          ...TABLE_INPUT,
          SSESpecification: { Enabled: true, SSEType: 'KMS', KMSMasterKeyId: arn },
        }),
        'not-ready',
        'ValidationException',
      );
    },
  },
  {
    clause: 'DDB.7',
    says: 'a schema whose key is not defined, or that defines more than its keys, is refused',
    async run({ api }) {
      await refused(
        api.call('dynamodb:CreateTable', {
          ...TABLE_INPUT,
          AttributeDefinitions: [{ AttributeName: 'Other', AttributeType: 'S' }],
        }),
        'invalid',
        'ValidationException',
      );
      const extra = [
        ...TABLE_INPUT.AttributeDefinitions,
        { AttributeName: 'Other', AttributeType: 'S' as const },
      ];
      await refused(
        api.call('dynamodb:CreateTable', { ...TABLE_INPUT, AttributeDefinitions: extra }),
        'invalid',
        'ValidationException',
      );
    },
  },
  {
    clause: 'DDB.8',
    says: 'names that are too short or have wrong characters are refused',
    exceptOn: { moto: 'takes wrong characters' },
    async run({ api }) {
      for (const TableName of ['ab', 'with space', 'x'.repeat(256)])
        await refused(
          api.call('dynamodb:CreateTable', { ...TABLE_INPUT, TableName }),
          'invalid',
          'ValidationException',
        );
    },
  },
  {
    clause: 'DDB.9',
    says: 'deletion protection can be put on later',
    async run(world) {
      await madeTable(world);
      await world.api.call('dynamodb:UpdateTable', { TableName: TABLE, DeletionProtectionEnabled: true });
      expect((await active(world)).Table?.DeletionProtectionEnabled).toBe(true);
    },
  },
  {
    clause: 'DDB.10',
    says: 'the key can be put on later, and a second change waits for the first',
    exceptOn: { moto: 'is never updating' },
    async run(world) {
      const { arn } = await madeKey(world);
      await madeTable(world);
      await world.api.call('dynamodb:UpdateTable', {
        TableName: TABLE,
        SSESpecification: { Enabled: true, SSEType: 'KMS', KMSMasterKeyId: arn },
      });
      await refused(
        world.api.call('dynamodb:UpdateTable', { TableName: TABLE, DeletionProtectionEnabled: true }),
        'conflict',
        'ResourceInUseException',
      );
      expect((await active(world)).Table?.SSEDescription?.KMSMasterKeyArn).toBe(arn);
    },
  },
  {
    clause: 'DDB.11',
    says: 'the same key again, and no change at all, are refused',
    exceptOn: { moto: 'takes both' },
    async run(world) {
      const { arn } = await madeKey(world);
      const SSESpecification = { Enabled: true, SSEType: 'KMS' as const, KMSMasterKeyId: arn };
      await madeTable(world, { SSESpecification });
      await refused(
        world.api.call('dynamodb:UpdateTable', { TableName: TABLE, SSESpecification }),
        'invalid',
        'ValidationException',
      );
      await refused(
        world.api.call('dynamodb:UpdateTable', { TableName: TABLE }),
        'invalid',
        'ValidationException',
      );
    },
  },
  {
    clause: 'DDB.12',
    says: 'items do not expire unless somebody says so',
    async run(world) {
      await madeTable(world);
      expect(
        (await world.api.call('dynamodb:DescribeTimeToLive', { TableName: TABLE })).TimeToLiveDescription
          ?.TimeToLiveStatus,
      ).toBe('DISABLED');
    },
  },
];

const backups: readonly Behaviour[] = [
  {
    clause: 'DDB.20',
    says: 'point-in-time recovery is off until it is enabled, and then has its period',
    async run(world) {
      await madeTable(world);
      const read = async () =>
        (await world.api.call('dynamodb:DescribeContinuousBackups', { TableName: TABLE }))
          .ContinuousBackupsDescription?.PointInTimeRecoveryDescription;
      expect((await read())?.PointInTimeRecoveryStatus).toBe('DISABLED');
      await recovered(world, 14);
      await recovered(world, 14);
      expect(await read()).toMatchObject({ PointInTimeRecoveryStatus: 'ENABLED', RecoveryPeriodInDays: 14 });
    },
  },
  {
    clause: 'DDB.21',
    says: 'right after the table was made, backups cannot be changed yet',
    exceptOn: { moto: 'can change them at once' },
    async run(world) {
      await madeTable(world);
      await refused(recovery(world), 'not-ready', 'ContinuousBackupsUnavailableException');
    },
  },
  {
    clause: 'DDB.22',
    says: 'a period outside 1 to 35 days is refused',
    exceptOn: { moto: 'takes any period' },
    async run(world) {
      await madeTable(world);
      await recovered(world, 1);
      for (const days of [0, 36]) await refused(recovery(world, days), 'invalid', 'ValidationException');
    },
  },
];

const tags: readonly Behaviour[] = [
  {
    clause: 'DDB.30',
    says: 'TagResource adds and overwrites, and never removes',
    async run(world) {
      const arn = await madeTable(world, {
        Tags: [
          { Key: 'owner', Value: 'us' },
          { Key: 'run', Value: '1' },
        ],
      });
      await world.api.call('dynamodb:TagResource', {
        ResourceArn: arn,
        Tags: [
          { Key: 'run', Value: '2' },
          { Key: 'more', Value: 'x' },
        ],
      });
      expect(
        await until(
          world,
          () => tagsOf(world, arn),
          (found) => Object.keys(found).length === 3,
        ),
      ).toEqual({ owner: 'us', run: '2', more: 'x' });
    },
  },
  {
    clause: 'DDB.31',
    says: 'ListTagsOfResource gives every tag over its pages',
    async run(world) {
      const Tags = Array.from({ length: 12 }, (_, i) => ({ Key: `tag-${i}`, Value: String(i) }));
      const arn = await madeTable(world, { Tags });
      expect(await tagsOf(world, arn)).toEqual(
        Object.fromEntries(Tags.map(({ Key, Value }) => [Key, Value])),
      );
      expect(
        (await everyPage(world, 'dynamodb:ListTagsOfResource', { ResourceArn: arn }, 'NextToken')).length,
      ).toBeGreaterThan(1);
    },
  },
  {
    clause: 'DDB.32',
    says: 'tags of a table that is not there are absent, and tags of the system are refused',
    exceptOn: { moto: 'takes tags of the system' },
    async run(world) {
      const arn = await madeTable(world);
      await refused(
        world.api.call('dynamodb:ListTagsOfResource', { ResourceArn: `${arn}-other` }),
        'absent',
        'ResourceNotFoundException',
      );
      await refused(
        world.api.call('dynamodb:TagResource', { ResourceArn: arn, Tags: [{ Key: 'aws:x', Value: 'y' }] }),
        'invalid',
        'ValidationException',
      );
    },
  },
];

export const dynamodbBehaviours = [...tables, ...backups, ...tags];
