/** The lock table: its items, itself, and others. */
import { objectArn, tableArn } from '../../../src/cloud/aws/arn.ts';
import type { Call, Context } from '../iam-judge.ts';
import { callOf, denied, right, WRITERS, type DeniedCall, type Scene } from './row.ts';

export function tableCalls(scene: Scene): readonly DeniedCall[] {
  return [...items(scene), ...administration(scene), ...others(scene)];
}

function itemsOf({ b }: Scene) {
  const id = objectArn(b, b.stateKey).split(':::')[1] ?? '';
  const at = (action: string, ids: readonly string[], table = tableArn(b)): Call =>
    callOf(`dynamodb:${action}`, table, ids.length === 0 ? {} : { 'dynamodb:LeadingKeys': ids });
  return { id, at };
}

function items(scene: Scene): readonly DeniedCall[] {
  const { id, at } = itemsOf(scene);
  const group = 'items of the lock table';
  const others: readonly (readonly [what: string, id: string])[] = [
    ['of another state', id.replace(/\/[^/]+\//, '/other/')],
    ['of another bucket', `another-${id}`],
    ['whose name begins as ours', `${id}2`],
    ['of another workspace prefix', id.replace('/', '/environments/x/')],
    ['in another case', id.toUpperCase()],
  ];
  return [
    ...others.flatMap(([what, other]) =>
      ['GetItem', 'PutItem', 'DeleteItem'].map((action) =>
        denied(group, `${action} ${what}`, at(action, [other]), { control: right(at(action, [id])) }),
      ),
    ),
    ...['GetItem', 'PutItem', 'DeleteItem'].map((action) =>
      denied(group, `${action} of no known key`, at(action, []), { control: right(at(action, [id])) }),
    ),
    denied(group, 'PutItem of ours and another', at('PutItem', [id, 'x']), {
      control: right(at('PutItem', [id])),
    }),
    denied(group, 'PutItem of the digest', at('PutItem', [`${id}-md5`]), {
      control: right(at('PutItem', [id])),
      except: WRITERS,
    }),
    denied(group, 'DeleteItem of the digest', at('DeleteItem', [`${id}-md5`]), {
      control: right(at('DeleteItem', [id])),
      except: ['break-glass'],
    }),
    ...['UpdateItem', 'Query', 'BatchGetItem', 'BatchWriteItem', 'ConditionCheckItem'].map((action) =>
      denied(group, `${action}, although of our key`, at(action, [id])),
    ),
    ...['PartiQLSelect', 'PartiQLInsert', 'PartiQLUpdate', 'PartiQLDelete'].map((action) =>
      denied(group, `${action}, although of our key`, at(action, [id])),
    ),
    denied(group, 'Scan', at('Scan', [])),
    denied(group, 'Query without a key', at('Query', [])),
  ];
}

function administration({ b }: Scene): readonly DeniedCall[] {
  const at = (action: string, context: Context = {}): Call =>
    callOf(`dynamodb:${action}`, tableArn(b), context);
  return [
    'DescribeTable',
    'UpdateTable',
    'DeleteTable',
    'UpdateContinuousBackups',
    'DescribeContinuousBackups',
    'UpdateTimeToLive',
    'CreateBackup',
    'ExportTableToPointInTime',
    'RestoreTableToPointInTime',
    'EnableKinesisStreamingDestination',
    'PutResourcePolicy',
    'DeleteResourcePolicy',
    'TagResource',
    'UntagResource',
    'UpdateContributorInsights',
  ].map((action) => denied('the lock table', action, at(action)));
}

function others(scene: Scene): readonly DeniedCall[] {
  const { b } = scene;
  const { id, at } = itemsOf(scene);
  const prod = tableArn(b).replace(b.environment, 'prod');
  return ['GetItem', 'PutItem', 'DeleteItem'].flatMap((action) => [
    denied('other tables', `${action} in the table of another environment`, at(action, [id], prod), {
      control: right(at(action, [id])),
    }),
    denied('other tables', `${action} in a table with a longer name`, at(action, [id], `${tableArn(b)}-2`), {
      control: right(at(action, [id])),
    }),
  ]);
}
