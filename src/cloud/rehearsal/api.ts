/**
 * The rehearsal cloud: a strict AWS in memory at the level of AwsApi, for practice, demos and tests.
 * What it promises is written in docs/rehearsal-cloud.md, clause by clause.
 */
import { canonicalText } from '../../kernel/canonical.ts';
import { sha256, type Sha256 } from '../../kernel/digest.ts';
import type { Json } from '../../kernel/json.ts';
import type { AwsApi, Input, Operation, Output } from '../aws/api.ts';
import type { Consistency } from './consistency.ts';
import { plain, type Call, type Handlers, type Timings, type Who } from './context.ts';
import { dynamodb } from './dynamodb.ts';
import {
  asFault,
  conflict,
  invalid,
  isMutating,
  lostAnswer,
  Refusal,
  RehearsalCrash,
  scriptedFault,
  serviceOf,
} from './faults.ts';
import { iam } from './iam.ts';
import { hexOf, uuidOf } from './ids.ts';
import { kms } from './kms.ts';
import { unmodelled } from './modelled.ts';
import { s3 } from './s3.ts';
import { scriptOf, type ScriptedFault } from './script.ts';
import { memoryStore, type StateStore } from './store.ts';
import { sts } from './sts.ts';

export interface RehearsalClock {
  /** Milliseconds since the epoch. */
  now(): number;
  pause(ms: number): Promise<void>;
}

export interface RehearsalOptions {
  /** 12 digits. */
  readonly account: string;
  readonly region: string;
  readonly partition?: string;
  readonly callerArn?: string;
  readonly clock: RehearsalClock;
  /** Makes every identifier; the same seed and calls give the same cloud. */
  readonly seed?: number;
  /** Keeps the request ids of one process apart from those of another. */
  readonly session?: string;
  readonly latencyMs?: number;
  readonly consistency?: Consistency;
  readonly timings?: Partial<Timings>;
  /** Largest page of every listing. */
  readonly pageSize?: number;
  readonly faults?: readonly ScriptedFault[];
  /** How long a hanging call keeps its caller waiting, until the client's own time-out. */
  readonly hangMs?: number;
  /** ARNs of users, roles and managed policies that exist although this cloud did not make them. */
  readonly known?: readonly string[];
  /** Trust policies may name users and roles that this cloud has not heard of; bucket and key policies may not. */
  readonly trustAnyone?: boolean;
  /** A snapshot to go on from, and who is told of each new one; or a store of one's own. */
  readonly state?: Json;
  readonly onChange?: (snapshot: Json) => void;
  readonly store?: StateStore;
  /** Does what a crash does: `process.kill(process.pid, 'SIGKILL')` in a real process. */
  readonly crash?: () => void;
}

/** One call as it was made. */
export interface CallRecord {
  readonly operation: Operation;
  /** SHA-256 of the canonical JSON of the input. */
  readonly input: Sha256;
  readonly at: number;
  /** `ok`, the fault's name, or null while the call is under way. */
  readonly outcome: string | null;
  readonly requestId: string;
}

export interface RehearsalApi extends AwsApi {
  calls(): readonly CallRecord[];
  snapshot(): Promise<Json>;
}

export const DEFAULT_TIMINGS: Timings = { tableCreateMs: 2000, tableUpdateMs: 1000, backupsMs: 1000 };
const DEFAULT_PAGE = 3;
const DEFAULT_HANG_MS = 30_000;

const HANDLERS = { ...sts, ...s3, ...dynamodb, ...kms, ...iam } satisfies Handlers<'sts'> &
  Handlers<'s3'> &
  Handlers<'dynamodb'> &
  Handlers<'kms'> &
  Handlers<'iam'>;

export function makeRehearsalApi(options: RehearsalOptions): RehearsalApi {
  return new Rehearsal(options);
}

class Rehearsal implements RehearsalApi {
  readonly #options: RehearsalOptions;
  readonly #store: StateStore;
  readonly #script: ReturnType<typeof scriptOf>;
  readonly #who: Who;
  readonly #seed: number;
  readonly #log: {
    operation: Operation;
    input: Sha256;
    at: number;
    outcome: string | null;
    requestId: string;
  }[] = [];
  #crashed = false;

  constructor(options: RehearsalOptions) {
    if (!/^\d{12}$/.test(options.account))
      throw new TypeError(`account "${options.account}" is not 12 digits`);
    const { state, onChange } = options;
    this.#seed = options.seed ?? 1;
    this.#options = options;
    this.#store =
      options.store ??
      memoryStore({
        seed: this.#seed,
        ...(state === undefined ? {} : { state }),
        ...(onChange === undefined ? {} : { onChange }),
      });
    this.#script = scriptOf(options.faults ?? []);
    this.#who = whoOf(options, this.#seed);
  }

  calls(): readonly CallRecord[] {
    return this.#log.map((entry) => ({ ...entry }));
  }

  snapshot(): Promise<Json> {
    return this.#store.snapshot();
  }

  async call<O extends Operation>(operation: O, input: Input<O>): Promise<Output<O>> {
    if (this.#crashed) throw new RehearsalCrash('the process crashed in an earlier call');
    const who = `${this.#options.session ?? ''} ${this.#who.callerArn}`;
    const requestId = uuidOf(this.#seed, `request ${who}`, this.#log.length);
    const entry = {
      operation,
      input: digestOf(input),
      at: this.#options.clock.now(),
      outcome: null as string | null,
      requestId,
    };
    this.#log.push(entry);
    try {
      const answer = await this.#exchange(operation, input, requestId);
      entry.outcome = 'ok';
      return answer;
    } catch (error) {
      const fault = error instanceof Refusal ? asFault(error, operation, requestId) : error;
      entry.outcome = fault instanceof Error && 'fault' in fault ? String(fault.fault) : 'crash';
      throw fault;
    }
  }

  async #exchange<O extends Operation>(operation: O, input: Input<O>, requestId: string): Promise<Output<O>> {
    const fault = this.#script.next(operation);
    const release = this.#enter(operation, input);
    try {
      await this.#options.clock.pause(this.#options.latencyMs ?? 0);
      if (fault?.when === 'before') await this.#strike(operation, fault, requestId);
      const answer = await this.#serve(operation, input);
      if (fault?.when !== 'after')
        return {
          ...answer,
          $metadata: { httpStatusCode: 200, requestId, attempts: 1, totalRetryDelay: 0 },
        } as Output<O>;
      await this.#strike(operation, fault, requestId);
      // The SDK lost the answer and asked again: the second answer is the one that counts.
      const second = await this.#serve(operation, input);
      return {
        ...second,
        $metadata: { httpStatusCode: 200, requestId, attempts: 2, totalRetryDelay: 0 },
      } as Output<O>;
    } finally {
      release();
    }
  }

  async #serve<O extends Operation>(operation: O, input: Input<O>): Promise<object> {
    const extra = unmodelled(operation, input);
    if (extra !== null)
      throw invalid('RehearsalUnsupported', `the rehearsal cloud does not model ${extra} of ${operation}`);
    const handle = HANDLERS[operation] as unknown as (input: Input<O>, call: Call) => object;
    return this.#store.hold(isMutating(operation), (state) => {
      const call = this.#callWith(state);
      const answer = handle(input, call);
      if (isMutating(operation)) state.lastAt = call.sight.now;
      // A copy, so that nobody can reach into the state.
      return structuredClone(answer);
    });
  }

  #callWith(state: Call['state']): Call {
    const { consistency = { delayMs: 0 }, clock } = this.#options;
    const now = Math.max(clock.now(), state.lastAt);
    // A coin that falls the same way for the same seed and call.
    const heads = parseInt(hexOf(this.#seed, 'replica', this.#log.length).slice(0, 2), 16) % 2 === 0;
    return {
      ...this.#who,
      state,
      sight: { now, consistency, fresh: consistency.flapping === true && heads },
      timings: { ...DEFAULT_TIMINGS, ...this.#options.timings },
      pageSize: this.#options.pageSize ?? DEFAULT_PAGE,
    };
  }

  /** Returns only for a fault after which the SDK tries again by itself. */
  async #strike(operation: Operation, fault: ScriptedFault, requestId: string): Promise<void> {
    if (fault.retried === true) return;
    if (fault.fault === 'crash') {
      this.#crashed = true;
      this.#options.crash?.();
      throw new RehearsalCrash(`crash ${fault.when} ${operation}`);
    }
    if (fault.fault === 'hang') await this.#options.clock.pause(this.#options.hangMs ?? DEFAULT_HANG_MS);
    if (fault.fault === 'hang' || fault.fault === 'reset') throw lostAnswer(operation, fault.fault);
    throw scriptedFault(operation, fault.fault, requestId);
  }

  /** S3 and IAM refuse a second change of the same thing while the first is under way. */
  #enter(operation: Operation, input: object): () => void {
    const thing = contended(operation, input as Readonly<Record<string, unknown>>, this.#who.account);
    if (thing === null) return () => undefined;
    const { busy } = this.#store;
    if (busy.has(thing)) throw contention(operation);
    busy.add(thing);
    return () => {
      busy.delete(thing);
    };
  }
}

const ABORTED = conflict(
  'OperationAborted',
  'A conflicting conditional operation is currently in progress against this resource. Please try again.',
);
const WRITTEN_AT_ONCE = conflict(
  'ConditionalRequestConflict',
  'The conditional request cannot succeed due to a conflicting operation against this resource.',
);
const CONCURRENT = conflict(
  'ConcurrentModificationException',
  'The request was rejected because multiple requests to change this object were submitted simultaneously. Wait a few minutes and submit your request again.',
);

function contention(operation: Operation): Refusal {
  if (operation === 's3:PutObject') return WRITTEN_AT_ONCE;
  return serviceOf(operation) === 's3' ? ABORTED : CONCURRENT;
}

function contended(
  operation: Operation,
  input: Readonly<Record<string, unknown>>,
  account: string,
): string | null {
  if (!isMutating(operation)) return null;
  if (operation === 's3:PutObject') return `object ${String(input['Bucket'])}/${String(input['Key'])}`;
  if (serviceOf(operation) === 's3') return `bucket ${String(input['Bucket'])}`;
  if (serviceOf(operation) !== 'iam' || operation.startsWith('iam:Create')) return null;
  return `${account} ${String(input['RoleName'] ?? input['OpenIDConnectProviderArn'])}`;
}

function whoOf(options: RehearsalOptions, seed: number): Who {
  const { account, region, partition = 'aws', known = [], trustAnyone = false } = options;
  const callerArn = options.callerArn ?? `arn:${partition}:sts::${account}:assumed-role/bootstrap/rehearsal`;
  const session = /:assumed-role\/[^/]+\/(.+)$/.exec(callerArn)?.[1];
  const id = hexOf(seed, callerArn, 0).slice(0, 17).toUpperCase();
  const callerId = callerArn.endsWith(':root')
    ? account
    : session === undefined
      ? `AIDA${id}`
      : `AROA${id}:${session}`;
  return { account, region, partition, callerArn, callerId, known, trustAnyone };
}

function digestOf(input: object): Sha256 {
  const { Body: body, ...rest } = input as { readonly Body?: Uint8Array };
  return sha256(canonicalText(plain({ ...rest, ...(body === undefined ? {} : { Body: sha256(body) }) })));
}
