/** What a behaviour of the contract gets to work with, and how it states what it expects. */
import { expect } from 'vitest';
import {
  ApiFault,
  type AwsApi,
  type FaultKind,
  type Input,
  type Operation,
  type Output,
} from '../../src/cloud/aws/api.ts';

/** One empty account of one AWS. */
export interface ContractWorld {
  readonly api: AwsApi;
  readonly account: string;
  readonly region: string;
  readonly partition: string;
  /** The same AWS seen by another account, or from another region; null where there is only the one. */
  readonly elsewhere: ((where: { readonly account?: string; readonly region?: string }) => AwsApi) | null;
  pause(ms: number): Promise<void>;
}

/** One promise that govboot relies on. */
export interface Behaviour {
  /** `S3.7`: the clause of docs/rehearsal-cloud.md. */
  readonly clause: string;
  readonly says: string;
  /** Who is known to be wrong here, and how. It is run there all the same, and must fail: else the exception is out of date. */
  readonly exceptOn?: Readonly<Record<string, string>>;
  run(world: ContractWorld): Promise<void>;
}

/** The answer of a call that must be refused. */
export async function refused(promise: Promise<unknown>, kind: FaultKind, fault?: string): Promise<ApiFault> {
  const error: unknown = await promise.then(
    () => new Error(`expected ${fault ?? kind}, but the call was accepted`),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof ApiFault)) throw error;
  const found = { kind: error.kind, ...(fault === undefined ? {} : { fault: error.fault }) };
  expect(found, error.message).toEqual({ kind, ...(fault === undefined ? {} : { fault }) });
  return error;
}

/** Looks until it is so; the world's own clock passes in between. */
export async function until<T>(
  world: ContractWorld,
  look: () => Promise<T>,
  so: (seen: T) => boolean,
): Promise<T> {
  for (let tries = 0; tries < 50; tries++) {
    const seen = await look();
    if (so(seen)) return seen;
    await world.pause(200);
  }
  throw new Error('it never became so');
}

/** Every page of a listing. */
export async function everyPage<O extends Operation>(
  world: ContractWorld,
  operation: O,
  input: Input<O>,
  marker: 'Marker' | 'NextToken',
): Promise<readonly Output<O>[]> {
  const pages: Output<O>[] = [];
  let next: string | undefined;
  do {
    const answer = await world.api.call(operation, {
      ...input,
      ...(next === undefined ? {} : { [marker]: next }),
    });
    pages.push(answer);
    const found = answer as { NextMarker?: string; Marker?: string; NextToken?: string };
    next = found.NextMarker ?? found.Marker ?? found.NextToken;
  } while (next !== undefined && pages.length < 200);
  return pages;
}

export const BUCKET = 'acme-contract-state';
export const TABLE = 'acme-contract-locks';
export const ROLE = 'acme-contract-operator';

export function rootOf({ partition, account }: ContractWorld): string {
  return `arn:${partition}:iam::${account}:root`;
}

export async function madeBucket(
  world: ContractWorld,
  tags: Readonly<Record<string, string>> = {},
): Promise<{ Bucket: string; ExpectedBucketOwner: string }> {
  const Tags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
  await world.api.call('s3:CreateBucket', {
    Bucket: BUCKET,
    ObjectOwnership: 'BucketOwnerEnforced',
    CreateBucketConfiguration: {
      LocationConstraint: world.region as 'eu-central-1',
      ...(Tags.length === 0 ? {} : { Tags }),
    },
  });
  return { Bucket: BUCKET, ExpectedBucketOwner: world.account };
}

export async function madeKey(
  world: ContractWorld,
  tags: Readonly<Record<string, string>> = { owner: 'us' },
): Promise<{ id: string; arn: string }> {
  const { KeyMetadata } = await world.api.call('kms:CreateKey', {
    Description: 'contract',
    KeySpec: 'SYMMETRIC_DEFAULT',
    KeyUsage: 'ENCRYPT_DECRYPT',
    MultiRegion: false,
    Tags: Object.entries(tags).map(([TagKey, TagValue]) => ({ TagKey, TagValue })),
    Policy: keyPolicy(world),
  });
  if (KeyMetadata?.KeyId === undefined || KeyMetadata.Arn === undefined)
    throw new Error('a key without id or ARN');
  return { id: KeyMetadata.KeyId, arn: KeyMetadata.Arn };
}

export function keyPolicy(world: ContractWorld, more: readonly object[] = []): string {
  const admin = {
    Sid: 'Admin',
    Effect: 'Allow',
    Principal: { AWS: rootOf(world) },
    Action: 'kms:*',
    Resource: '*',
  };
  return JSON.stringify({ Version: '2012-10-17', Statement: [admin, ...more] });
}

export function trust(world: ContractWorld): string {
  const anyone = { Effect: 'Allow', Principal: { AWS: rootOf(world) }, Action: 'sts:AssumeRole' };
  return JSON.stringify({ Version: '2012-10-17', Statement: [anyone] });
}

export async function madeRole(
  world: ContractWorld,
  more: Partial<Input<'iam:CreateRole'>> = {},
): Promise<Output<'iam:CreateRole'>> {
  return world.api.call('iam:CreateRole', {
    RoleName: ROLE,
    AssumeRolePolicyDocument: trust(world),
    ...more,
  });
}

export const TABLE_INPUT = {
  TableName: TABLE,
  AttributeDefinitions: [{ AttributeName: 'LockID', AttributeType: 'S' }],
  KeySchema: [{ AttributeName: 'LockID', KeyType: 'HASH' }],
  BillingMode: 'PAY_PER_REQUEST',
} satisfies Input<'dynamodb:CreateTable'>;

/** A table that is ready, with its ARN. */
export async function madeTable(
  world: ContractWorld,
  more: Partial<Input<'dynamodb:CreateTable'>> = {},
): Promise<string> {
  await world.api.call('dynamodb:CreateTable', { ...TABLE_INPUT, ...more });
  const { Table } = await active(world);
  return Table?.TableArn ?? '';
}

export async function active(world: ContractWorld): Promise<Output<'dynamodb:DescribeTable'>> {
  return until(
    world,
    () => world.api.call('dynamodb:DescribeTable', { TableName: TABLE }),
    ({ Table }) => Table?.TableStatus === 'ACTIVE',
  );
}
