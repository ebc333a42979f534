/** Side by side, but never more than so many at once. After the first failure nothing new is begun. */
export async function mapBounded<T, R>(
  items: readonly T[],
  limit: number,
  work: (item: T) => Promise<R>,
): Promise<readonly R[]> {
  const results: R[] = new Array<R>(items.length);
  const queue = [...items.entries()].reverse();
  const worker = async (): Promise<void> => {
    for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
      const [index, item] = next;
      try {
        results[index] = await work(item);
      } catch (error) {
        queue.length = 0;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
  return results;
}

/** Work that goes on while more is found, never more than so much at once. The first failure is told to whoever adds or ends next. */
export interface SideBySide {
  /** Begins it; waits while there is as much as there may be. */
  add(work: () => Promise<void>): Promise<void>;
  /** Waits for all of it. */
  end(): Promise<void>;
}

export function sideBySide(limit: number): SideBySide {
  let open = 0;
  let failed: { readonly error: unknown } | null = null;
  let waiting: (() => void)[] = [];
  const done = (): void => {
    open -= 1;
    const all = waiting;
    waiting = [];
    for (const wake of all) wake();
  };
  const fewerThan = async (most: number): Promise<void> => {
    while (open >= most) await new Promise<void>((resolve) => waiting.push(resolve));
    if (failed !== null) throw failed.error;
  };
  return {
    add: (work) => {
      open += 1;
      void work()
        .catch((error: unknown) => {
          failed ??= { error };
        })
        .then(done);
      return fewerThan(limit);
    },
    end: () => fewerThan(1),
  };
}
