/** Values of pure functions that are kept for the newest few keys. */

/** @returns what `make` gives, made once for each key while that is among the `most` newest; what it throws is not kept */
export function makeFew<V>(most: number): (key: string, make: () => V) => V {
  const kept = new Map<string, V>();
  return (key, make) => {
    const known = kept.get(key);
    if (known !== undefined) return known;
    const value = make();
    const [oldest] = kept.keys();
    if (kept.size >= most && oldest !== undefined) kept.delete(oldest);
    kept.set(key, value);
    return value;
  };
}
