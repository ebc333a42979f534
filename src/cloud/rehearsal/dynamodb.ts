/** The DynamoDB of the rehearsal cloud: tables and their settings, never items. docs/rehearsal-cloud.md, clauses DDB.n. */
import type * as DynamoDB from '@aws-sdk/client-dynamodb';
import {
  arn,
  given,
  newUuid,
  plain,
  read,
  current,
  regional,
  save,
  type Call,
  type Handlers,
} from './context.ts';
import { absent, conflict, exists, invalid, notReady } from './faults.ts';
import { grantTable } from './kms-keys.ts';
import { billingOf, checkSchema, sseKey, tableTags, wrong } from './dynamodb-rules.ts';
import { page } from './paging.ts';
import type { Table } from './state.ts';
import { tagPairs } from './tags.ts';

const PITR_DEFAULT_DAYS = 35;

/** Table names may be given as ARN too. */
function nameOf(given: string | undefined, call: Call): string {
  const name = (given ?? '').startsWith('arn:')
    ? (/:table\/([^/]+)$/.exec(given ?? '')?.[1] ?? '')
    : (given ?? '');
  if (!/^[a-zA-Z0-9_.-]{3,255}$/.test(name)) {
    throw invalid(
      'ValidationException',
      `Invalid table/index name. Table/index names must be between 3 and 255 characters long, and may contain only the characters a-z, A-Z, 0-9, '_', '-', and '.'`,
    );
  }
  if (given?.startsWith('arn:') === true && given !== tableArn(name, call))
    throw invalid('ValidationException', 'Invalid table ARN');
  return name;
}

function tableArn(name: string, call: Call): string {
  return arn(call, 'dynamodb', call.region, `table/${name}`);
}

function statusOf(table: Table, now: number): 'CREATING' | 'UPDATING' | 'ACTIVE' {
  if (now < table.readyAt) return 'CREATING';
  return now < table.updatingUntil ? 'UPDATING' : 'ACTIVE';
}

function find(name: string, call: Call): Table {
  const table = read(call.state.tables, regional(call, name), call);
  if (table === undefined)
    throw absent('ResourceNotFoundException', `Requested resource not found: Table: ${name} not found`, 400);
  return table;
}

/** A table that may be changed now. @throws ResourceNotFoundException, ResourceInUseException */
function idle(name: string, call: Call): Table {
  const table = current(call.state.tables, regional(call, name));
  if (table === undefined)
    throw absent('ResourceNotFoundException', `Requested resource not found: Table: ${name} not found`, 400);
  const status = statusOf(table, call.sight.now);
  if (status !== 'ACTIVE') {
    throw conflict(
      'ResourceInUseException',
      `Attempt to change a resource which is still in use: Table is being ${status === 'CREATING' ? 'created' : 'updated'}: ${name}`,
      400,
    );
  }
  return table;
}

function describe(name: string, table: Table, call: Call): DynamoDB.TableDescription {
  return {
    AttributeDefinitions: plain(table.attributes) as unknown as DynamoDB.AttributeDefinition[],
    TableName: name,
    KeySchema: plain(table.keySchema) as unknown as DynamoDB.KeySchemaElement[],
    TableStatus: statusOf(table, call.sight.now),
    CreationDateTime: new Date(table.createdAt),
    ProvisionedThroughput: {
      NumberOfDecreasesToday: 0,
      ReadCapacityUnits: table.throughput.read,
      WriteCapacityUnits: table.throughput.write,
    },
    TableSizeBytes: 0,
    ItemCount: 0,
    TableArn: tableArn(name, call),
    TableId: table.id,
    ...(table.billing === 'PAY_PER_REQUEST'
      ? {
          BillingModeSummary: {
            BillingMode: table.billing,
            LastUpdateToPayPerRequestDateTime: new Date(table.createdAt),
          },
        }
      : {}),
    ...(table.sseKey === null
      ? {}
      : { SSEDescription: { Status: 'ENABLED', SSEType: 'KMS', KMSMasterKeyArn: table.sseKey } }),
    DeletionProtectionEnabled: table.deletionProtection,
    ...(table.stream === undefined
      ? {}
      : {
          StreamSpecification: {
            StreamEnabled: true,
            StreamViewType: table.stream as DynamoDB.StreamViewType,
          },
        }),
  };
}

function createTable(
  input: DynamoDB.CreateTableCommandInput,
  call: Call,
): Omit<DynamoDB.CreateTableCommandOutput, '$metadata'> {
  const name = nameOf(input.TableName, call);
  const schema = checkSchema(input);
  const billing = billingOf(input);
  const tags = tableTags(input.Tags ?? [], {});
  const key = sseKey(input.SSESpecification, call);
  if (current(call.state.tables, regional(call, name)) !== undefined)
    throw exists('ResourceInUseException', `Table already exists: ${name}`, 400);
  const readyAt = call.sight.now + call.timings.tableCreateMs;
  const table: Table = {
    id: newUuid(call, 'table'),
    createdAt: call.sight.now,
    readyAt,
    updatingUntil: 0,
    backupsReadyAt: readyAt + call.timings.backupsMs,
    ...schema,
    ...billing,
    sseKey: key,
    deletionProtection: input.DeletionProtectionEnabled ?? false,
    pitr: null,
    tags,
  };
  save(call.state.tables, regional(call, name), table, call);
  // The key of DynamoDB's own is no key of this account.
  if (key !== null && key.includes(':key/')) grantTable(key, name, call);
  return { TableDescription: describe(name, table, call) };
}

function updateTable(
  input: DynamoDB.UpdateTableCommandInput,
  call: Call,
): Omit<DynamoDB.UpdateTableCommandOutput, '$metadata'> {
  const name = nameOf(input.TableName, call);
  if (
    [
      input.BillingMode,
      input.ProvisionedThroughput,
      input.SSESpecification,
      input.DeletionProtectionEnabled,
    ].every((value) => value === undefined)
  ) {
    throw wrong(
      'At least one of ProvisionedThroughput, BillingMode, SSESpecification or DeletionProtectionEnabled is required',
    );
  }
  const table = idle(name, call);
  const billing =
    input.BillingMode === undefined && input.ProvisionedThroughput === undefined ? {} : billingOf(input);
  const key = input.SSESpecification === undefined ? table.sseKey : sseKey(input.SSESpecification, call);
  if (input.SSESpecification !== undefined && key === table.sseKey) {
    throw wrong(
      key === null
        ? 'Table is already encrypted with the default key'
        : 'Table is already encrypted by given KMSMasterKeyId',
    );
  }
  const changed: Table = {
    ...table,
    ...billing,
    sseKey: key,
    deletionProtection: input.DeletionProtectionEnabled ?? table.deletionProtection,
    updatingUntil: call.sight.now + call.timings.tableUpdateMs,
  };
  save(call.state.tables, regional(call, name), changed, call);
  return { TableDescription: describe(name, changed, call) };
}

function backups(table: Table, now: number): DynamoDB.ContinuousBackupsDescription {
  const { pitr } = table;
  const recovery: DynamoDB.PointInTimeRecoveryDescription =
    pitr === null
      ? { PointInTimeRecoveryStatus: 'DISABLED' }
      : {
          PointInTimeRecoveryStatus: 'ENABLED',
          RecoveryPeriodInDays: pitr.days,
          EarliestRestorableDateTime: new Date(pitr.enabledAt),
          LatestRestorableDateTime: new Date(Math.max(pitr.enabledAt, now - 300_000)),
        };
  return { ContinuousBackupsStatus: 'ENABLED', PointInTimeRecoveryDescription: recovery };
}

function updateBackups(
  input: DynamoDB.UpdateContinuousBackupsCommandInput,
  call: Call,
): Omit<DynamoDB.UpdateContinuousBackupsCommandOutput, '$metadata'> {
  const name = nameOf(input.TableName, call);
  const { PointInTimeRecoveryEnabled: enabled, RecoveryPeriodInDays: days } =
    input.PointInTimeRecoverySpecification ?? {};
  if (enabled === undefined) throw wrong('PointInTimeRecoveryEnabled is required');
  if (days !== undefined && !(enabled && Number.isInteger(days) && days >= 1 && days <= 35))
    throw wrong('RecoveryPeriodInDays must be between 1 and 35');
  const table = current(call.state.tables, regional(call, name));
  if (table === undefined) throw absent('TableNotFoundException', `Table not found: ${name}`, 400);
  if (call.sight.now < table.backupsReadyAt) {
    throw notReady(
      'ContinuousBackupsUnavailableException',
      `Backups are being enabled for the table: ${name}. Please retry later`,
    );
  }
  const pitr = enabled
    ? {
        enabledAt: table.pitr?.enabledAt ?? call.sight.now,
        days: days ?? table.pitr?.days ?? PITR_DEFAULT_DAYS,
      }
    : null;
  const changed: Table = { ...table, pitr };
  save(call.state.tables, regional(call, name), changed, call);
  return { ContinuousBackupsDescription: backups(changed, call.sight.now) };
}

function byArn(resource: string | undefined, call: Call): string {
  const [, name] = /^arn:[a-z-]+:dynamodb:[a-z0-9-]+:\d{12}:table\/([^/]+)$/.exec(resource ?? '') ?? [];
  if (name === undefined || resource !== tableArn(name, call))
    throw invalid('ValidationException', `Invalid TableArn: ${resource ?? ''}`);
  return name;
}

export const dynamodb: Handlers<'dynamodb'> = {
  'dynamodb:CreateTable': createTable,
  'dynamodb:UpdateTable': updateTable,
  'dynamodb:UpdateContinuousBackups': updateBackups,
  'dynamodb:DescribeTable': (input, call) => {
    const name = nameOf(input.TableName, call);
    return { Table: describe(name, find(name, call), call) };
  },
  'dynamodb:DescribeContinuousBackups': (input, call) => {
    const name = nameOf(input.TableName, call);
    const table = read(call.state.tables, regional(call, name), call);
    if (table === undefined) throw absent('TableNotFoundException', `Table not found: ${name}`, 400);
    return { ContinuousBackupsDescription: backups(table, call.sight.now) };
  },
  'dynamodb:DescribeTimeToLive': (input, call) => {
    const { ttl } = find(nameOf(input.TableName, call), call);
    return {
      TimeToLiveDescription:
        ttl === undefined
          ? { TimeToLiveStatus: 'DISABLED' }
          : { TimeToLiveStatus: 'ENABLED', AttributeName: ttl },
    };
  },
  'dynamodb:ListTagsOfResource': (input, call) => {
    const { tags } = find(byArn(input.ResourceArn, call), call);
    const { items, next } = page(tagPairs(tags), input.NextToken, undefined, call.pageSize, () =>
      invalid('ValidationException', 'Invalid NextToken'),
    );
    return { Tags: items.map(([Key, Value]) => ({ Key, Value })), ...given('NextToken', next) };
  },
  'dynamodb:TagResource': (input, call) => {
    const name = byArn(input.ResourceArn, call);
    const table = idle(name, call);
    save(
      call.state.tables,
      regional(call, name),
      { ...table, tags: { ...table.tags, ...tableTags(input.Tags ?? [], table.tags) } },
      call,
    );
    return {};
  },
};
