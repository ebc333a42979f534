/**
 * Work that is begun now and awaited later. What goes wrong in it is thrown where it is awaited, and only there: where a run ends before
 * that, nobody waits for it.
 */
export function begun<T>(work: Promise<T>): Promise<T> {
  work.catch(() => undefined);
  return work;
}
