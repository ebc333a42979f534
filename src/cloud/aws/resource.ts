/** The table's rows on AWS: what the planner sees, and beside it how each row is read and written. */
import { GovbootError, messageOf } from '../../kernel/errors.ts';
import type { Json } from '../../kernel/json.ts';
import type { Blueprint } from '../../plan/blueprint.ts';
import type {
  Comparison,
  Clause,
  ControlSpec,
  Desired,
  Known,
  Observed,
  Presence,
  ResourceId,
  ResourceSpec,
} from '../../plan/control.ts';
import { isFault, type ApiFault, type AwsApi } from './api.ts';

export interface AwsControl extends ControlSpec {
  /** Never throws for what the cloud answered, except for unusable credentials. */
  read(api: AwsApi, b: Blueprint, known: Known): Promise<Observed>;
  /** Idempotent. Adds to or replaces what is ours; never removes what is not. @throws ApiFault */
  write(api: AwsApi, b: Blueprint, known: Known, value: Json): Promise<void>;
}

export interface AwsResource extends ResourceSpec {
  readonly controls: readonly AwsControl[];
  /** The creating call answers `exists` for a name that is taken, whoever has it, so that the observation before it is look enough. */
  readonly refusesTaken?: boolean;
  /** Nothing refuses a second one: the look before the creating call is the last thing before it. */
  readonly canBeMadeTwice?: true;
  /** Whether it is there and whose it is. @throws ApiFault for unusable credentials only */
  locate(api: AwsApi, b: Blueprint): Promise<Presence>;
  /**
   * The first question of `locate`: what is known of it once it is there and in this account, whoever made it; null where it is not.
   * Only where `locate` has to ask a second one. @throws ApiFault
   */
  exists?(api: AwsApi, b: Blueprint): Promise<Known | null>;
  /** As `locate`, of one whose identifiers are known: where its name does not lead to it yet, or only by a search. */
  find?(api: AwsApi, b: Blueprint, known: Known): Promise<Presence>;
  /** Makes it, with the tags of the run and every control that is `atCreation`. @throws ApiFault */
  create(api: AwsApi, b: Blueprint, known: Known, run: string): Promise<Known>;
  /** Whether it can be written to yet; a resource without this can as soon as it is located. @throws ApiFault */
  ready?(api: AwsApi, b: Blueprint, known: Known): Promise<boolean>;
}

export function value(json: Json): Desired {
  return { is: 'value', value: json };
}

export const none: Desired = { is: 'none' };

/** The value made from an identifier that exists only once `on` was made. */
export function once(on: ResourceId, id: string | undefined, make: (id: string) => Json): Desired {
  return id === undefined ? { is: 'pending', on } : value(make(id));
}

export function set(json: Json): Observed {
  return { is: 'set', value: json };
}

export const unset: Observed = { is: 'unset' };

export function clauses(...all: readonly (readonly [Clause['catalogue'], ...string[]])[]): readonly Clause[] {
  return all.flatMap(([catalogue, ...ids]) => ids.map((id) => ({ catalogue, id })));
}

/** Faults by which a service says that the container itself is gone; they are not the answer "unset". */
const CONTAINER_GONE: ReadonlySet<string> = new Set(['NoSuchBucket', 'NotFound']);

/**
 * Runs a read and turns its failure into an answer: what was never set is `unset`, what was denied is `unreadable`, and
 * neither is ever taken for the other.
 * @throws ApiFault when the credentials are unusable, which no single control can answer for
 */
export async function observing(read: () => Promise<Observed>): Promise<Observed> {
  try {
    return await read();
  } catch (error) {
    if (!isFault(error) || error.kind === 'credentials') throw error;
    if (error.kind === 'absent' && !CONTAINER_GONE.has(error.fault)) return unset;
    return unreadable(error);
  }
}

/** The same for `locate`. */
export async function locating(find: () => Promise<Presence>): Promise<Presence> {
  try {
    return await find();
  } catch (error) {
    if (!isFault(error) || error.kind === 'credentials') throw error;
    if (error.kind === 'absent') return { is: 'absent' };
    return unreadable(error);
  }
}

type Unreadable = Extract<Presence, { is: 'unreadable' }>;

function unreadable(fault: ApiFault): Unreadable {
  const detail = `${fault.operation}: ${fault.fault}: ${fault.message}`;
  if (fault.kind === 'denied') return { is: 'unreadable', code: 'READ_DENIED', detail };
  if (fault.kind === 'network') return { is: 'unreadable', code: 'CLOUD_UNREACHABLE', detail };
  return { is: 'unreadable', code: 'CLOUD_FAILED', detail };
}

/** An answer that came, and cannot be understood. */
export function notUnderstood(detail: string): Unreadable {
  return { is: 'unreadable', code: 'CLOUD_FAILED', detail };
}

/** A document that came as text. */
export function parsed(text: string, what: string): Observed {
  try {
    return set(JSON.parse(text) as Json);
  } catch (error) {
    return notUnderstood(`${what}: ${messageOf(error)}`);
  }
}

/** Every page of a listing. @throws CLOUD_FAILED when a page leads back to one that was read: the listing would never end */
export async function pages<P>(
  page: (marker: string | undefined) => Promise<P>,
  next: (page: P) => string | undefined,
): Promise<readonly P[]> {
  const all: P[] = [];
  const given = new Set<string>();
  for (let marker: string | undefined; ;) {
    const answer = await page(marker);
    all.push(answer);
    marker = next(answer);
    if (marker === undefined || marker === '') return all;
    if (given.has(marker))
      throw new GovbootError('CLOUD_FAILED', `a listing goes in a circle: the page after "${marker}" again`, {
        data: { marker },
      });
    given.add(marker);
  }
}

/** For lists that should be empty, and that govboot neither fills nor empties. */
export function foreignUnlessEmpty(observed: Json): Comparison {
  return Array.isArray(observed) && observed.length === 0
    ? { is: 'right' }
    : { is: 'foreign', found: observed };
}

/** For what govboot neither turns on nor off: if it is other than wanted, somebody else made it so. */
export function foreignUnlessEqual(observed: Json, desired: Json): Comparison {
  return observed === desired ? { is: 'right' } : { is: 'foreign', found: observed };
}
