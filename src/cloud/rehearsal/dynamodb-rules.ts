/** DynamoDB's rules for schemas, capacity, keys and tags. */
import type * as DynamoDB from '@aws-sdk/client-dynamodb';
import type { Json } from '../../kernel/json.ts';
import { arn, plain, type Call } from './context.ts';
import { invalid, Refusal } from './faults.ts';
import { keyOrAlias } from './kms-keys.ts';
import type { Table, Tags } from './state.ts';
import { checkTags, type TagProblem } from './tags.ts';

export const wrong = (message: string): Refusal =>
  invalid('ValidationException', `One or more parameter values were invalid: ${message}`);

/** The key as an ARN; DynamoDB asks KMS, so it must be there and enabled. null is the key that DynamoDB owns. */
export function sseKey(spec: DynamoDB.SSESpecification | undefined, call: Call): string | null {
  if (spec === undefined || spec.Enabled !== true) {
    if (spec?.KMSMasterKeyId !== undefined || spec?.SSEType !== undefined)
      throw wrong('SSEType and KMSMasterKeyId need SSE to be enabled');
    return null;
  }
  if ((spec.SSEType ?? 'KMS') !== 'KMS') throw wrong('SSEType AES256 is not supported');
  if (spec.KMSMasterKeyId === undefined) return arn(call, 'kms', call.region, 'alias/aws/dynamodb');
  try {
    const { arn: found, key } = keyOrAlias(spec.KMSMasterKeyId, call, 'current');
    if (key.state !== 'Enabled') throw wrong(`KMS key ${found} is not enabled`);
    return found;
  } catch (refusal) {
    if (refusal instanceof Refusal && refusal.fault === 'NotFoundException')
      throw wrong(`KMS key ${spec.KMSMasterKeyId} does not exist`);
    throw refusal;
  }
}

function tagRefusal(problem: TagProblem, key: string): Refusal {
  if (problem === 'many')
    return invalid(
      'ValidationException',
      'One or more parameter values were invalid: Too many tags: 50 is the most',
    );
  if (problem === 'twice') return wrong(`Duplicate tag key ${key}`);
  if (problem === 'system') return wrong('Tag keys that start with aws: are reserved');
  return wrong(`The tag ${problem} of "${key}" is not valid`);
}

export function tableTags(pairs: readonly DynamoDB.Tag[], had: Tags): Tags {
  return checkTags(
    pairs.map(({ Key, Value }) => ({ key: Key, value: Value })),
    had,
    tagRefusal,
  );
}

export function checkSchema(input: DynamoDB.CreateTableCommandInput): {
  readonly attributes: Json;
  readonly keySchema: Json;
} {
  const schema = input.KeySchema ?? [];
  const attributes = input.AttributeDefinitions ?? [];
  const [hash, range] = schema;
  if (hash?.KeyType !== 'HASH' || schema.length > 2 || (range !== undefined && range.KeyType !== 'RANGE'))
    throw wrong('The first KeySchemaElement must be a HASH key type');
  const keys = schema.map(({ AttributeName }) => AttributeName);
  const defined = attributes.map(({ AttributeName }) => AttributeName);
  if (!keys.every((name) => defined.includes(name)))
    throw wrong('Some index key attributes are not defined in AttributeDefinitions');
  if (defined.length !== keys.length || new Set(defined).size < defined.length) {
    throw wrong(
      'Number of attributes in KeySchema does not exactly match number of attributes defined in AttributeDefinitions',
    );
  }
  for (const { AttributeType: type } of attributes)
    if (type !== 'S' && type !== 'N' && type !== 'B') throw wrong('Unknown AttributeType');
  return { attributes: plain(attributes) as unknown as Json, keySchema: plain(schema) as unknown as Json };
}

export function billingOf(
  input: DynamoDB.CreateTableCommandInput | DynamoDB.UpdateTableCommandInput,
): Pick<Table, 'billing' | 'throughput'> {
  const asked = input.ProvisionedThroughput;
  if (input.BillingMode === 'PAY_PER_REQUEST') {
    if (asked !== undefined)
      throw wrong(
        'Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST',
      );
    return { billing: 'PAY_PER_REQUEST', throughput: { read: 0, write: 0 } };
  }
  const [readUnits = 0, writeUnits = 0] = [asked?.ReadCapacityUnits, asked?.WriteCapacityUnits];
  if (readUnits < 1 || writeUnits < 1)
    throw wrong(
      'ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED',
    );
  return { billing: 'PROVISIONED', throughput: { read: readUnits, write: writeUnits } };
}
