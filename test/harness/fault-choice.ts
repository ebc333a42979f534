/** Which points are tried: all of them by `npm run faults`, a share that turns with a seed by `npm test`. */
import { expiryAt, lossAt, outageAt, signalAt, singlesAt, WAYS, type Point } from './fault-points.ts';
import type { CallRecord } from './fault-proxy.ts';
import type { Kind, Undisturbed } from './fault-scenes.ts';

type Calls = Readonly<Record<Kind, Undisturbed>>;

export const changesOf = ({ calls }: Undisturbed): readonly CallRecord[] =>
  calls.filter(({ mutating }) => mutating);

/** Every changing call of every kind, lost in every way, and every fault of the table at every call that it can happen to. */
export function everyPoint(undisturbed: Calls): readonly Point[] {
  return (Object.keys(undisturbed) as Kind[]).flatMap((kind) => {
    const changes = changesOf(undisturbed[kind]);
    const counts = changes.map((_, i) => i + 1);
    return [
      // Those that wait longest come first, and the others run beside them.
      ...[3, counts.length - 2].map((n) => outageAt(kind, n, null)),
      ...changes.flatMap((call) => singlesAt(kind, call)).sort(longestFirst),
      ...changes.flatMap((call) => WAYS.map((way) => lossAt(kind, way, call))),
      ...counts.filter((n) => n % 3 === 1).map((n) => expiryAt(kind, n)),
      // The last call frees the claim: there is nothing left that could be stopped.
      ...counts
        .slice(0, -1)
        .map((n) => signalAt(kind, n % 2 === 0 ? 'SIGINT' : 'SIGTERM', n, n > counts.length - SIDE_BY_SIDE)),
      ...counts.filter((n) => n % 3 === 2).map((n) => outageAt(kind, n, OUTAGE_MS)),
    ];
  });
}

/** Steps that may be under way at once, and so all that are left. */
const SIDE_BY_SIDE = 9;

/** Milliseconds for which an operator looks at a network that is gone before they press Ctrl-C. */
const OUTAGE_MS = 1_000;
/** How many of the two other kinds, and of the table, are in a share. */
const SHARE = { losses: 3, singles: 4 } as const;

/**
 * A share: every changing call of a fresh apply once, in one of the three ways, which is another one with the next seed; and some of all else.
 * Seven of eight recoveries go straight to --resume.
 */
export function shareOf(undisturbed: Calls, seed: number): readonly Point[] {
  const drawn = drawing(seed);
  const loss = (kind: Kind) => (call: CallRecord, i: number) => lossAt(kind, wayOf(seed + i), call);
  const fresh = changesOf(undisturbed.fresh);
  const others = (['superseding', 'correcting'] as const).flatMap((kind) =>
    drawn(changesOf(undisturbed[kind]), SHARE.losses).map(loss(kind)),
  );
  const singles = (Object.keys(undisturbed) as Kind[]).flatMap((kind) =>
    changesOf(undisturbed[kind]).flatMap((call) => singlesAt(kind, call)),
  );
  const waits = (point: Point): boolean => waitOf(point) > 0;
  const middle = (kind: Kind): number => 2 + (seed % (changesOf(undisturbed[kind]).length - 2));
  return [
    ...drawn(singles.filter(waits), 1),
    outageAt('fresh', middle('fresh'), OUTAGE_MS),
    expiryAt('superseding', middle('superseding')),
    ...drawn(
      singles.filter((point) => !waits(point)),
      SHARE.singles,
    ),
    ...fresh.map(loss('fresh')),
    ...others,
  ].map((point, i) => ({ ...point, direct: (i + seed) % 8 !== 0 }));
}

function wayOf(i: number): (typeof WAYS)[number] {
  return WAYS[i % WAYS.length] ?? 'lost';
}

/** Seconds that are only waited for: until the program gives an answer up. */
function waitOf({ rules }: Point): number {
  return rules.some(({ fault }) => fault.is === 'hangs' || fault.is === 'stalls') ? 30 : 0;
}

function longestFirst(a: Point, b: Point): number {
  return waitOf(b) - waitOf(a);
}

/** Draws so many of a list, none twice; the same ones for the same seed (mulberry32). */
export function drawing(seed: number): <T>(from: readonly T[], count: number) => readonly T[] {
  let state = seed >>> 0;
  const random = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  return (from, count) => {
    const left = [...from];
    return Array.from({ length: Math.min(count, left.length) }, () =>
      left.splice(Math.floor(random() * left.length), 1),
    ).flat();
  };
}
