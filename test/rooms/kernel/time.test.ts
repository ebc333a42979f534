import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addSeconds,
  humanSeconds,
  instantFromMs,
  isInstant,
  msOf,
  secondsBetween,
  type Instant,
} from '../../../src/kernel/time.ts';

const NOON = '2026-11-22T12:00:00Z' as Instant;

describe('an instant', () => {
  it.each([
    '2026-11-22T12:00:00+00:00',
    '2026-11-22T12:00:00.000Z',
    '2026-11-22t12:00:00z',
    '2026-11-22 12:00:00Z',
    '2026-02-30T12:00:00Z',
    '2026-13-01T12:00:00Z',
    '2026-11-22T24:00:00Z',
    '2026-11-22T23:59:60Z',
    '2026-11-22T12:00:00Z ',
    '２026-11-22T12:00:00Z',
    '2026-11-22',
    '',
  ])('has one spelling, and %j is not it', (text) => {
    expect(isInstant(text)).toBe(false);
  });

  it('is a day that exists', () => {
    expect(isInstant('2028-02-29T00:00:00Z')).toBe(true);
    expect(isInstant('2027-02-29T00:00:00Z')).toBe(false);
  });

  it('is rounded down to the second', () => {
    expect(instantFromMs(msOf(NOON) + 999)).toBe(NOON);
    expect(instantFromMs(-1)).toBe('1969-12-31T23:59:59Z');
  });

  it('sorts as text, and survives being counted', () => {
    const ms = fc.integer({ min: 0, max: 253_402_300_799_999 }); // to 9999-12-31T23:59:59.999Z
    fc.assert(
      fc.property(ms, ms, (a, b) => {
        const [x, y] = [instantFromMs(a), instantFromMs(b)];
        expect(isInstant(x)).toBe(true);
        expect(x < y).toBe(Math.floor(a / 1000) < Math.floor(b / 1000));
        expect(addSeconds(x, secondsBetween(x, y))).toBe(y);
      }),
    );
  });

  it('moves by seconds in both directions', () => {
    expect(addSeconds(NOON, 3600)).toBe('2026-11-22T13:00:00Z');
    expect(secondsBetween(NOON, addSeconds(NOON, -90))).toBe(-90);
  });
});

describe('seconds for people', () => {
  it.each([
    [0, '0 s'],
    [119, '119 s'],
    [120, '2 min'],
    [7_199, '120 min'],
    [7_200, '2 h'],
    [172_799, '48 h'],
    [172_800, '2 d'],
    [-300, '-5 min'],
  ])('%i are %s', (seconds, expected) => {
    expect(humanSeconds(seconds)).toBe(expected);
  });
});
