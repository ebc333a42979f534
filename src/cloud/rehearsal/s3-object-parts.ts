/** Where objects are filed, and that they are only where they cannot be lost. */
import type { Operation, Output } from '../aws/api.ts';
import type { Call } from './context.ts';
import { invalid } from './faults.ts';
import { nameOf, type Target } from './s3-target.ts';
import type { Bucket, ObjectVersion } from './state.ts';

export type Answer<O extends Operation> = Omit<Output<O>, '$metadata'>;

export interface Named extends Target {
  readonly Key: string | undefined;
}

/** Bytes of UTF-8. */
const LONGEST_KEY = 1024;

export function keyOf({ Key: key }: Named): string {
  if (key === undefined || key === '') throw invalid('InvalidArgument', 'An object key must be given.');
  if (new TextEncoder().encode(key).length > LONGEST_KEY)
    throw invalid('KeyTooLongError', 'Your key is too long');
  return key;
}

/** Objects are modelled only where they cannot be lost. */
export function withLock(bucket: Bucket): Bucket {
  if (bucket.objectLock) return bucket;
  throw invalid('RehearsalUnsupported', 'the rehearsal cloud keeps objects in buckets with Object Lock only');
}

export function filed(target: Target, key: string): string {
  return `${nameOf(target)}/${key}`;
}

export function versionsOf(target: Target, key: string, call: Call): readonly ObjectVersion[] {
  const at = filed(target, key);
  return Object.hasOwn(call.state.objects, at) ? (call.state.objects[at] ?? []) : [];
}
