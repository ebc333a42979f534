import { describe, expect, it } from 'vitest';
import { makeFew } from '../../../src/kernel/few.ts';

describe('a few values', () => {
  it('are made once each, and the oldest goes first', () => {
    const few = makeFew<string>(2);
    const made: string[] = [];
    const get = (key: string): string =>
      few(key, () => {
        made.push(key);
        return key.toUpperCase();
      });
    expect(['a', 'b', 'a', 'b'].map(get)).toEqual(['A', 'B', 'A', 'B']);
    expect(made).toEqual(['a', 'b']);
    expect(['c', 'b', 'a'].map(get)).toEqual(['C', 'B', 'A']);
    expect(made).toEqual(['a', 'b', 'c', 'a']);
  });

  it('are made again where they could not be made', () => {
    const few = makeFew<number>(1);
    const fails = (): number => {
      throw new Error('no');
    };
    expect(() => few('a', fails)).toThrow('no');
    expect(few('a', () => 1)).toBe(1);
    expect(few('a', fails)).toBe(1);
  });
});
