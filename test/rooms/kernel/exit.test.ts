import { describe, expect, it } from 'vitest';
import { CODES } from '../../../src/kernel/codes.ts';
import { EXITS, type Exit } from '../../../src/kernel/exit.ts';

describe('exit codes', () => {
  it('are published: a script may rely on each', () => {
    expect(Object.fromEntries(Object.entries(EXITS).map(([name, { code }]) => [name, code]))).toEqual({
      ok: 0,
      usage: 2,
      refused: 3,
      declined: 4,
      plan: 5,
      apply: 6,
      cloud: 7,
      invalid: 8,
      undecided: 9,
      drift: 10,
      bug: 70,
      busy: 75,
      interrupted: 130,
    });
  });

  it('are all different, and never 1, with which Node and shells end by themselves', () => {
    const codes = Object.values(EXITS).map(({ code }) => code);
    expect(new Set(codes).size).toBe(codes.length);
    expect(codes).not.toContain(1);
  });

  it('have each at least one error that ends with it', () => {
    const used = new Set<Exit>(Object.values(CODES).map(({ exit }) => exit));
    expect(Object.keys(EXITS).filter((exit) => exit !== 'ok' && !used.has(exit as Exit))).toEqual([]);
  });
});
