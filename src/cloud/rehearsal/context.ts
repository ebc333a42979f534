/** What a service of the rehearsal cloud knows while it answers one call. */
import type { Input, Operation, Output } from '../aws/api.ts';
import { newest, visible, visibleUnder, write, type Sight } from './consistency.ts';
import { uuidOf, iamIdOf } from './ids.ts';
import type { Cells, CloudState } from './state.ts';

/** Milliseconds that the slow parts of DynamoDB take. */
export interface Timings {
  /** CREATING until ACTIVE. */
  readonly tableCreateMs: number;
  /** UPDATING until ACTIVE. */
  readonly tableUpdateMs: number;
  /** From ACTIVE until continuous backups can be changed. */
  readonly backupsMs: number;
}

export interface Who {
  readonly account: string;
  readonly region: string;
  readonly partition: string;
  readonly callerArn: string;
  readonly callerId: string;
  /** Users, roles and policies of any account that exist although this cloud did not make them. */
  readonly known: readonly string[];
  readonly trustAnyone: boolean;
}

export interface Call extends Who {
  readonly state: CloudState;
  readonly sight: Sight;
  readonly timings: Timings;
  /** Largest page that a listing gives, whatever was asked for. */
  readonly pageSize: number;
}

/** A handler works on the state at hand, and throws before it changes anything. */
export type Handlers<Service extends string> = {
  readonly [O in Extract<Operation, `${Service}:${string}`>]: (
    input: Input<O>,
    call: Call,
  ) => Omit<Output<O>, '$metadata'>;
};

export function read<T>(cells: Cells<T>, key: string, call: Call): T | undefined {
  return visible(cells, key, call.sight);
}

/** For the service's own checks: what was written last. */
export function current<T>(cells: Cells<T>, key: string): T | undefined {
  return newest(cells, key);
}

/** For writes on a resource: with eventual writes, one that nobody can see yet is not there. */
export function writable<T>(cells: Cells<T>, key: string, call: Call): T | undefined {
  if (call.sight.consistency.writes === 'eventual' && visible(cells, key, call.sight) === undefined)
    return undefined;
  return newest(cells, key);
}

export function save<T>(cells: Cells<T>, key: string, value: T, call: Call): void {
  write(cells, key, value, call.sight);
}

export function list<T>(cells: Cells<T>, prefix: string, call: Call): readonly (readonly [string, T])[] {
  return visibleUnder(cells, prefix, call.sight);
}

export function newUuid(call: Call, purpose: string): string {
  return uuidOf(call.state.seed, purpose, call.state.made++);
}

export function newRoleId(call: Call): string {
  return iamIdOf('AROA', call.state.seed, 'role', call.state.made++);
}

/** Where regional resources are filed. */
export function regional(call: Who, name: string): string {
  return `${call.account}/${call.region}/${name}`;
}

/** Where resources of the whole account are filed. */
export function accountWide(call: Who, name: string): string {
  return `${call.account}/${name}`;
}

export function arn(
  call: Who,
  service: string,
  region: string,
  resource: string,
  account: string = call.account,
): string {
  return `arn:${call.partition}:${service}:${region}:${account}:${resource}`;
}

/** JSON as the wire carries it: no undefined, no shared references. */
export function plain<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}

/** `absent` fields left out, as the SDK does for elements that were not sent. */
export function given<K extends string, V>(key: K, value: V | null | undefined): Partial<Record<K, V>> {
  return value === null || value === undefined ? {} : ({ [key]: value } as Record<K, V>);
}

/** The answer of a call that only changes something. */
export type Done = Readonly<Record<string, never>>;
