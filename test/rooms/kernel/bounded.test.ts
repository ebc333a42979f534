import { describe, expect, it } from 'vitest';
import { mapBounded, sideBySide } from '../../../src/kernel/bounded.ts';

/** Work that ends when it is told to. */
function gates(): { readonly work: () => Promise<void>; readonly open: (() => void)[]; most(): number } {
  const open: (() => void)[] = [];
  let [running, most] = [0, 0];
  return {
    open,
    most: () => most,
    work: async () => {
      running += 1;
      most = Math.max(most, running);
      await new Promise<void>((resolve) => open.push(resolve));
      running -= 1;
    },
  };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('work that goes on meanwhile', () => {
  it('is begun at once, and never more than so much of it', async () => {
    const { work, open, most } = gates();
    const both = sideBySide(2);
    let added = 0;
    const adding = (async () => {
      for (let i = 0; i < 5; i++) {
        await both.add(work);
        added += 1;
      }
      await both.end();
    })();
    await turn();
    expect(added).toBe(1);
    for (let i = 0; i < 5; i++) {
      expect(open.length).toBeLessThanOrEqual(2);
      open.shift()?.();
      await turn();
    }
    await adding;
    expect(added).toBe(5);
    expect(most()).toBe(2);
  });

  it('tells the first failure to whoever adds next, or ends', async () => {
    const failing = (text: string) => () => Promise.reject(new TypeError(text));
    const one = sideBySide(1);
    await expect(one.add(failing('first'))).rejects.toThrow('first');
    await expect(one.add(failing('second'))).rejects.toThrow('first');
    await expect(one.end()).rejects.toThrow('first');
    const many = sideBySide(4);
    await many.add(failing('late'));
    await expect(many.end()).rejects.toThrow('late');
  });

  it('has an end where there was none of it', async () => {
    await sideBySide(1).end();
  });
});

describe('side by side', () => {
  it('keeps the order of what was given, and begins nothing after a failure', async () => {
    expect(await mapBounded([3, 1, 2], 2, async (n) => n * 2)).toEqual([6, 2, 4]);
    const begun: number[] = [];
    const fail = async (n: number): Promise<number> => {
      begun.push(n);
      if (n === 2) throw new TypeError('two');
      return n;
    };
    await expect(mapBounded([1, 2, 3, 4], 1, fail)).rejects.toThrow('two');
    expect(begun).toEqual([1, 2]);
  });
});
