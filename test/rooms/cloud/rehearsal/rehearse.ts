/** A rehearsal cloud for one test, with a clock that stands still until somebody waits. */
import { expect } from 'vitest';
import { ApiFault, type FaultKind } from '../../../../src/cloud/aws/api.ts';
import {
  makeRehearsalApi,
  type RehearsalApi,
  type RehearsalOptions,
} from '../../../../src/cloud/rehearsal/api.ts';
import { memoryStore, type StateStore } from '../../../../src/cloud/rehearsal/store.ts';

export const account = '123456789012';
export const region = 'eu-central-1';
export const bucket = { Bucket: 'acme-dev-state' };
export const inRegion = { CreateBucketConfiguration: { LocationConstraint: region } } as const;
export const root = `arn:aws:iam::${account}:root`;

export interface Rehearsal {
  readonly api: RehearsalApi;
  readonly store: StateStore;
  readonly clock: { now(): number; pause(ms: number): Promise<void> };
  /** How long callers were kept waiting, in milliseconds. */
  readonly waited: number[];
  /** The same cloud with other options. */
  with(options: Partial<RehearsalOptions>): RehearsalApi;
}

export function rehearse(options: Partial<RehearsalOptions> = {}): Rehearsal {
  let now = Date.UTC(2026, 10, 22, 12);
  const waited: number[] = [];
  const clock = {
    now: () => now,
    pause: async (ms: number) => {
      waited.push(ms);
      now += ms;
    },
  };
  const store =
    options.store ??
    memoryStore({
      seed: options.seed ?? 1,
      ...(options.state === undefined ? {} : { state: options.state }),
    });
  const open = (more: Partial<RehearsalOptions>): RehearsalApi =>
    makeRehearsalApi({ account, region, clock, store, ...options, ...more });
  return { api: open({}), store, clock, waited, with: open };
}

/** The call must be refused, so. */
export async function refused(promise: Promise<unknown>, kind: FaultKind, fault?: string): Promise<ApiFault> {
  const error: unknown = await promise.then(
    () => new Error('it was accepted'),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof ApiFault)) throw error;
  expect(`${error.kind} ${fault === undefined ? '' : error.fault}`.trim(), error.message).toBe(
    `${kind} ${fault ?? ''}`.trim(),
  );
  return error;
}

export function policyOf(...statements: readonly object[]): string {
  return JSON.stringify({ Version: '2012-10-17', Statement: statements });
}

export const trustRoot = policyOf({ Effect: 'Allow', Principal: { AWS: root }, Action: 'sts:AssumeRole' });
export const adminKey = {
  Sid: 'Admin',
  Effect: 'Allow',
  Principal: { AWS: root },
  Action: 'kms:*',
  Resource: '*',
};

export async function makeBucket(api: RehearsalApi): Promise<void> {
  await api.call('s3:CreateBucket', { ...bucket, ...inRegion });
}

export async function makeKey(api: RehearsalApi, ...more: readonly object[]): Promise<string> {
  return (await api.call('kms:CreateKey', { Policy: policyOf(adminKey, ...more) })).KeyMetadata!.KeyId!;
}

export async function makeRole(api: RehearsalApi, RoleName = 'operator'): Promise<void> {
  await api.call('iam:CreateRole', { RoleName, AssumeRolePolicyDocument: trustRoot });
}
