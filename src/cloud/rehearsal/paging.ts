/** Pages that are always smaller than hoped for, so that a reader who ignores the marker is found out. */
import type { Refusal } from './faults.ts';

export interface Page<T> {
  readonly items: readonly T[];
  /** Opaque; null on the last page. */
  readonly next: string | null;
}

const SHAPE = /^next:(\d+)$/;

/** @param asked what the caller would take at most @param size what this cloud gives at most */
export function page<T>(
  all: readonly T[],
  marker: string | undefined,
  asked: number | undefined,
  size: number,
  wrong: (marker: string) => Refusal,
): Page<T> {
  const start = marker === undefined ? 0 : Number(SHAPE.exec(marker)?.[1] ?? Number.NaN);
  if (marker !== undefined && !(start > 0 && start <= all.length)) throw wrong(marker);
  const end = start + Math.min(asked ?? size, size);
  return { items: all.slice(start, end), next: end < all.length ? `next:${String(end)}` : null };
}
