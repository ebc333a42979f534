/** Eventual consistency: a write is seen by its own service at once, and by readers when it has spread. */
import type { Cell, Cells } from './state.ts';

export interface Consistency {
  /** Milliseconds until a write is seen by every read. */
  readonly delayMs: number;
  /** Reads within the delay see now the old, now the new. */
  readonly flapping?: boolean;
  /** Settings of a resource that readers cannot see yet cannot be written either, as S3 and KMS sometimes answer. */
  readonly writes?: 'strong' | 'eventual';
}

/** One moment of the cloud, as one call sees it. */
export interface Sight {
  readonly now: number;
  readonly consistency: Consistency;
  /** Whether this read is served by a replica that has the newest writes; decided once a call. */
  readonly fresh: boolean;
}

export function newest<T>(cells: Cells<T>, key: string): T | undefined {
  return own(cells, key)?.history.at(-1)?.value;
}

export function visible<T>(cells: Cells<T>, key: string, sight: Sight): T | undefined {
  if (sight.fresh) return newest(cells, key);
  return own(cells, key)?.history.findLast((entry) => spread(entry.at, sight))?.value;
}

/** Files a new value, and forgets the old ones that no reader can see any more. */
export function write<T>(cells: Cells<T>, key: string, value: T, sight: Sight): void {
  const history = [...(own(cells, key)?.history ?? []), { at: sight.now, value }];
  const oldest = history.findLastIndex((entry) => spread(entry.at, sight));
  cells[key] = { history: history.slice(Math.max(oldest, 0)) };
}

/** Keys under a prefix that a reader can see, in order. */
export function visibleUnder<T>(
  cells: Cells<T>,
  prefix: string,
  sight: Sight,
): readonly (readonly [string, T])[] {
  return Object.keys(cells)
    .filter((key) => key.startsWith(prefix))
    .sort()
    .flatMap((key) => {
      const value = visible(cells, key, sight);
      return value === undefined ? [] : [[key.slice(prefix.length), value] as const];
    });
}

function own<T>(cells: Cells<T>, key: string): Cell<T> | undefined {
  return Object.hasOwn(cells, key) ? cells[key] : undefined;
}

function spread(at: number, sight: Sight): boolean {
  return at + sight.consistency.delayMs <= sight.now;
}
