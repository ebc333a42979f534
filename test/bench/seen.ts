/** What was seen of calls, times and all. Pure. */
import type { RecordedCall } from '../harness/call-recorder.ts';

/** The most calls each of which was asked after the one before it was answered: round trips that followed one another. */
export function depthSeen(calls: readonly RecordedCall[]): number {
  const depths: { readonly endMs: number; readonly depth: number }[] = [];
  for (const { startMs, endMs } of [...calls].sort((a, b) => a.startMs - b.startMs)) {
    const before = depths.filter((each) => each.endMs <= startMs).map(({ depth }) => depth);
    depths.push({ endMs, depth: 1 + Math.max(0, ...before) });
  }
  return Math.max(0, ...depths.map(({ depth }) => depth));
}

/** Milliseconds in which at least one call was under way. */
export function busyMs(calls: readonly RecordedCall[]): number {
  let [total, until] = [0, -Infinity];
  for (const { startMs, endMs } of [...calls].sort((a, b) => a.startMs - b.startMs)) {
    total += Math.max(0, endMs - Math.max(startMs, until));
    until = Math.max(until, endMs);
  }
  return total;
}
