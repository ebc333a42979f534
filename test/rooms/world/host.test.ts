import { describe, expect, it } from 'vitest';
import { isInstant } from '../../../src/kernel/time.ts';
import { makeClock, makeRandom } from '../../../src/world/host.ts';

describe('the clock', () => {
  it('tells the time in whole seconds, and never goes back', () => {
    const clock = makeClock();
    const now = clock.now();
    expect(isInstant(now)).toBe(true);
    expect(Math.abs(Date.parse(now) - Date.now())).toBeLessThan(5_000);
    const readings = Array.from({ length: 100 }, () => clock.monotonic());
    expect(readings).toEqual([...readings].sort((a, b) => a - b));
  });

  it('waits at least as long as it was asked', async () => {
    const clock = makeClock();
    const start = clock.monotonic();
    await clock.pause(30);
    // Timers of Node may fire up to a millisecond early.
    expect(clock.monotonic() - start).toBeGreaterThanOrEqual(29);
  });

  it('stops waiting when the run is interrupted, and waits no more afterwards', async () => {
    const control = new AbortController();
    const clock = makeClock(control.signal);
    const start = clock.monotonic();
    const waiting = clock.pause(60_000);
    control.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'INTERRUPTED', exitCode: 130 });
    await expect(clock.pause(60_000)).rejects.toMatchObject({ code: 'INTERRUPTED' });
    expect(clock.monotonic() - start).toBeLessThan(30_000);
  });

  it('a pause of nonsense is not an interruption', async () => {
    await expect(makeClock(new AbortController().signal).pause('x' as never)).rejects.not.toMatchObject({
      code: 'INTERRUPTED',
    });
  });
});

describe('randomness', () => {
  it('gives version 4 UUIDs and bytes in lower-case hex, never twice', () => {
    const random = makeRandom();
    expect(random.uuid()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(random.hex(16)).toMatch(/^[0-9a-f]{32}$/);
    expect(new Set(Array.from({ length: 100 }, () => random.hex(8))).size).toBe(100);
  });
});
