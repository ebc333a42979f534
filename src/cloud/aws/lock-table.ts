/** The table that holds the locks and digests of the state, where the policy locks with a table. */
import type { TableDescription } from '@aws-sdk/client-dynamodb';
import type { Blueprint } from '../../plan/blueprint.ts';
import type { AwsApi } from './api.ts';
import { tableArn } from './arn.ts';
import {
  clauses,
  foreignUnlessEqual,
  locating,
  notUnderstood,
  observing,
  once,
  pages,
  set,
  unset,
  value,
  type AwsControl,
  type AwsResource,
} from './resource.ts';
import { asTags, birthTags, presenceByTags, shownTags, tagList, tagsOf, tagSpec, type Tags } from './tags.ts';

/** What both tools expect, to the letter: a string key `LockID` and no sort key. */
const SCHEMA = { attributes: ['LockID:S'], key: ['LockID:HASH'] };

async function describe(api: AwsApi, b: Blueprint): Promise<TableDescription> {
  const { Table } = await api.call('dynamodb:DescribeTable', { TableName: b.names.table });
  return Table ?? {};
}

async function readTags(api: AwsApi, b: Blueprint): Promise<Tags> {
  const all = await pages(
    (NextToken) =>
      api.call('dynamodb:ListTagsOfResource', {
        ResourceArn: tableArn(b),
        ...(NextToken === undefined ? {} : { NextToken }),
      }),
    (page) => page.NextToken,
  );
  return tagsOf(all.flatMap((page) => page.Tags ?? []));
}

const tags: AwsControl = {
  ...tagSpec('lock-table'),
  read: (api, b) => observing(async () => set(shownTags(await readTags(api, b)))),
  async write(api, b, _known, wanted) {
    await api.call('dynamodb:TagResource', { ResourceArn: tableArn(b), Tags: tagList(asTags(wanted)) });
  },
};

const schema: AwsControl = {
  id: 'lock-table.schema',
  title: 'key schema: LockID, a string, alone',
  why: 'With any other key both tools fail to lock, or lock nothing.',
  needs: ['table'],
  satisfies: clauses(['ISO/IEC 27001:2022', 'A.8.9']),
  atCreation: true,
  creationOnly: true,
  desired: () => value(SCHEMA),
  read: (api, b) =>
    observing(async () => {
      const { KeySchema, AttributeDefinitions } = await describe(api, b);
      return set({
        attributes: (AttributeDefinitions ?? [])
          .map((a) => `${a.AttributeName ?? ''}:${a.AttributeType ?? ''}`)
          .sort(),
        key: (KeySchema ?? []).map((k) => `${k.AttributeName ?? ''}:${k.KeyType ?? ''}`),
      });
    }),
  write: async () => Promise.reject(new TypeError('the key schema of a table cannot be changed')),
};

const billing: AwsControl = {
  id: 'lock-table.billing',
  title: 'on demand',
  why: 'A provisioned table throttles when many plans start at once, and a throttled lock looks like a held one.',
  needs: ['table'],
  satisfies: [],
  atCreation: true,
  desired: () => value('PAY_PER_REQUEST'),
  read: (api, b) =>
    // A table that was always provisioned has no summary (DynamoDB TableDescription BillingModeSummary).
    observing(async () => set((await describe(api, b)).BillingModeSummary?.BillingMode ?? 'PROVISIONED')),
  async write(api, b) {
    await api.call('dynamodb:UpdateTable', { TableName: b.names.table, BillingMode: 'PAY_PER_REQUEST' });
  },
};

const encryption: AwsControl = {
  id: 'lock-table.encryption',
  title: "encrypted with the environment's own key",
  why: 'Locks name people and paths; who may read them is decided with the state, not apart from it.',
  needs: ['table', 'sse-kms'],
  satisfies: clauses(['ISO/IEC 27001:2022', 'A.8.24'], ['SOC 2', 'CC6.1']),
  atCreation: true,
  after: ['state-key'],
  desired: (_b, known) => once('state-key', known['state-key.arn'], (key) => ({ type: 'KMS', key })),
  read: (api, b) =>
    observing(async () => {
      const sse = (await describe(api, b)).SSEDescription;
      // The table is shown with the key it is moving to as soon as the change is accepted.
      return sse?.SSEType === undefined
        ? unset
        : set({ type: sse.SSEType, key: sse.KMSMasterKeyArn ?? null });
    }),
  async write(api, b, _known, wanted) {
    await api.call('dynamodb:UpdateTable', {
      TableName: b.names.table,
      SSESpecification: { Enabled: true, SSEType: 'KMS', KMSMasterKeyId: (wanted as { key: string }).key },
    });
  },
};

const deletionProtection: AwsControl = {
  id: 'lock-table.deletion-protection',
  title: 'deletion protection',
  why: 'A table that is swept away frees every lock that is held.',
  needs: ['deletion-protection'],
  satisfies: clauses(['FSBP', 'DynamoDB.6']),
  atCreation: true,
  desired: () => value(true),
  read: (api, b) => observing(async () => set((await describe(api, b)).DeletionProtectionEnabled ?? false)),
  async write(api, b) {
    await api.call('dynamodb:UpdateTable', { TableName: b.names.table, DeletionProtectionEnabled: true });
  },
};

const recovery: AwsControl = {
  id: 'lock-table.point-in-time-recovery',
  title: 'point-in-time recovery',
  why: 'The digests prove which state is the newest; they can be brought back to any second of the window.',
  needs: ['point-in-time-recovery'],
  satisfies: clauses(['FSBP', 'DynamoDB.2'], ['ISO/IEC 27001:2022', 'A.8.13']),
  desired: (b) => value({ status: 'ENABLED', days: b.retention.pitrDays }),
  read: (api, b) =>
    observing(async () => {
      const answer = await api.call('dynamodb:DescribeContinuousBackups', { TableName: b.names.table });
      const description = answer.ContinuousBackupsDescription?.PointInTimeRecoveryDescription;
      if (description?.PointInTimeRecoveryStatus !== 'ENABLED') return unset;
      return set({ status: 'ENABLED', days: description.RecoveryPeriodInDays ?? null });
    }),
  // Not part of CreateTable, and refused for a while after it (ContinuousBackupsUnavailableException).
  async write(api, b) {
    await api.call('dynamodb:UpdateContinuousBackups', {
      TableName: b.names.table,
      PointInTimeRecoverySpecification: {
        PointInTimeRecoveryEnabled: true,
        RecoveryPeriodInDays: b.retention.pitrDays,
      },
    });
  },
};

const noExpiry: AwsControl = {
  id: 'lock-table.no-expiry',
  title: 'no time to live',
  why: 'An item that expires is a lock that lets go by itself while its holder still writes.',
  needs: ['table'],
  satisfies: clauses(['ISO/IEC 27001:2022', 'A.8.9']),
  atCreation: true,
  forbids: true,
  desired: () => value('DISABLED'),
  compare: foreignUnlessEqual,
  read: (api, b) =>
    observing(async () => {
      const answer = await api.call('dynamodb:DescribeTimeToLive', { TableName: b.names.table });
      const { TimeToLiveStatus, AttributeName } = answer.TimeToLiveDescription ?? {};
      if (TimeToLiveStatus === undefined) return notUnderstood('dynamodb:DescribeTimeToLive names no status');
      return set(
        TimeToLiveStatus === 'DISABLED' ? 'DISABLED' : `${TimeToLiveStatus} on ${AttributeName ?? '?'}`,
      );
    }),
  write: async () => Promise.reject(new TypeError('time to live is not ours to change')),
};

const noStreams: AwsControl = {
  id: 'lock-table.no-streams',
  title: 'no streams, no triggers',
  why: 'A stream would carry every lock to whoever reads it, and could run code on each one.',
  needs: ['table'],
  satisfies: clauses(['ISO/IEC 27001:2022', 'A.8.9']),
  atCreation: true,
  forbids: true,
  desired: () => value('DISABLED'),
  compare: foreignUnlessEqual,
  read: (api, b) =>
    observing(async () => {
      const stream = (await describe(api, b)).StreamSpecification;
      return set(stream?.StreamEnabled === true ? `ENABLED: ${stream.StreamViewType ?? '?'}` : 'DISABLED');
    }),
  write: async () => Promise.reject(new TypeError('streams are not ours to change')),
};

export const lockTable: AwsResource = {
  id: 'lock-table',
  kind: 'lock-table',
  title: 'lock table',
  after: ['state-key'],
  wanted: (b) => b.locking !== 'lockfile',
  nameOf: (b) => b.names.table,
  refusesTaken: true,
  controls: [schema, tags, billing, encryption, deletionProtection, recovery, noExpiry, noStreams],
  locate: (api, b) =>
    locating(async () => {
      await describe(api, b);
      return presenceByTags(
        b,
        await readTags(api, b),
        { 'lock-table.arn': tableArn(b) },
        `table ${b.names.table}`,
      );
    }),
  async exists(api, b) {
    await describe(api, b);
    return { 'lock-table.arn': tableArn(b) };
  },
  async create(api, b, known, run) {
    await api.call('dynamodb:CreateTable', {
      TableName: b.names.table,
      AttributeDefinitions: [{ AttributeName: 'LockID', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'LockID', KeyType: 'HASH' }],
      BillingMode: 'PAY_PER_REQUEST',
      SSESpecification: { Enabled: true, SSEType: 'KMS', KMSMasterKeyId: known['state-key.arn'] },
      DeletionProtectionEnabled: true,
      Tags: tagList(birthTags(b, run)),
    });
    return { 'lock-table.arn': tableArn(b) };
  },
  ready: async (api, b) => (await describe(api, b)).TableStatus === 'ACTIVE',
};
