import { describe, expect, it } from 'vitest';
import { isJsonObject, toJson } from '../../../src/kernel/json.ts';

describe('plain data', () => {
  it('as JSON is the same, without what is undefined, and a copy', () => {
    const value = { a: 1, b: undefined, c: { d: ['x', null] } };
    const copy = toJson(value);
    value.c.d.push('later');
    expect(copy).toStrictEqual({ a: 1, c: { d: ['x', null] } });
  });

  it('is an object only where it has fields', () => {
    expect([{}, { a: 1 }].every(isJsonObject)).toBe(true);
    expect([[], null, 'a', 1, true, undefined].some(isJsonObject)).toBe(false);
  });
});
