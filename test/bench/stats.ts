/** Ratios of two programs that were run in turn, with their spread. Pure. */

export interface Ratio {
  /** Median of the ratios of the pairs. */
  readonly median: number;
  /** First and third quartile. */
  readonly low: number;
  readonly high: number;
  readonly pairs: number;
}

/** @param q 0 to 1; between two values it is interpolated */
export function quantile(values: readonly number[], q: number): number {
  if (values.length === 0) throw new Error('no values');
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) * q;
  const low = sorted[Math.floor(at)] ?? 0;
  const high = sorted[Math.ceil(at)] ?? low;
  return low + (high - low) * (at - Math.floor(at));
}

export const median = (values: readonly number[]): number => quantile(values, 0.5);

/** Each pair was measured one right after the other, so whatever else the machine did met both. */
export function ratioOf(pairs: readonly (readonly [number, number])[]): Ratio {
  const ratios = pairs.map(([ours, theirs]) => ours / theirs);
  return {
    median: median(ratios),
    low: quantile(ratios, 0.25),
    high: quantile(ratios, 0.75),
    pairs: ratios.length,
  };
}

/** A quarter of the pairs lies further off than this share of the median: then the figure says more of the machine than of the program. */
const WIDE = 0.25;

export function isWide({ median: middle, low, high }: Ratio): boolean {
  return (high - low) / middle > WIDE;
}
