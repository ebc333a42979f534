// Killed at any call to the cloud, or with its answer lost, a run ends as an undisturbed one would have.
import { beforeAll, expect, test } from 'vitest';
import { everyWrite, tryAll, undisturbed, type Undisturbed } from './street/crashing.ts';

let wanted: Undisturbed;
beforeAll(async () => {
  wanted = await undisturbed();
  expect(wanted.calls.length).toBeGreaterThan(20);
});

test.each(['before', 'after'] as const)('killed %s any changing call', { timeout: 300_000 }, async (how) => {
  expect(await tryAll(everyWrite(wanted, 'cloud', how), wanted)).toEqual([]);
});

test.each([
  ['a lost answer to any changing call', { when: 'after', fault: 'reset' }],
  ['a network that is gone from any changing call on', { when: 'before', fault: 'reset', times: 1_000 }],
] as const)('%s', { timeout: 300_000 }, async (_what, fault) => {
  const points = wanted.calls.map(
    (name, i) => [name, { rehearsal: { faults: [{ match: { mutating: i + 1 }, ...fault }] } }] as const,
  );
  expect(await tryAll(points, wanted)).toEqual([]);
});
