// Killed at any write of evidence, or with no room for it, a run ends as an undisturbed one would have; so does one that is killed twice.
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { everyWrite, FRESH, survive, tryAll, undisturbed, type Undisturbed } from './street/crashing.ts';

let wanted: Undisturbed;
beforeAll(async () => {
  wanted = await undisturbed(FRESH);
  expect(wanted.wrote.length).toBeGreaterThan(60);
});

// Before a write is after the one before it, but for the first.
test('killed before the first write, or after any', { timeout: 300_000 }, async () => {
  const points = [
    ...everyWrite(wanted, 'evidence', 'before').slice(0, 1),
    ...everyWrite(wanted, 'evidence', 'after'),
  ];
  expect(await tryAll(points, wanted)).toEqual([]);
});

test('a disk that is full from any write on', { timeout: 300_000 }, async () => {
  // One line of the journal is like the other.
  const points = everyWrite(wanted, 'evidence', 'full').filter(
    ([name], i) => !name.includes('/journal') || i % 6 === 0,
  );
  expect(await tryAll(points, wanted)).toEqual([]);
});

describe('the places that matter most are among them', () => {
  const at = (name: RegExp): number => wanted.wrote.findIndex((each) => name.test(each)) + 1;

  test.each([
    ['before GENESIS', /^ledger\/00000000\.json\.asc$/, 'before', 'begun again'],
    ['between the signature of GENESIS and GENESIS', /^ledger\/00000000\.json\.asc$/, 'after', 'begun again'],
    [
      'between the signature of APPLY_STARTED and APPLY_STARTED',
      /^ledger\/00000001\.json\.asc$/,
      'after',
      'begun again',
    ],
    ['right after APPLY_STARTED', /^ledger\/00000001\.json$/, 'after', 'resumed'],
    ['between LOCK_WRITTEN and the seal', /^ledger\/00000003\.json$/, 'after', 'resumed'],
    ['between the checkpoint and SHA256SUMS', /^checkpoint$/, 'after', 'resumed'],
    ['after the seal', /^SHA256SUMS$/, 'after', 'was done'],
  ] as const)('%s', async (_where, name, how, ending) => {
    const mishap = { at: 'evidence', n: at(name), how } as const;
    expect(mishap.n).toBeGreaterThan(0);
    expect(await survive({ mishap }, wanted)).toBe(ending);
  });
});

test('killed, and killed again while it recovers', { timeout: 300_000 }, async () => {
  const mishap = fc
    .record({
      at: fc.constantFrom('cloud', 'evidence'),
      how: fc.constantFrom('before', 'after'),
      part: fc.double({ min: 0, max: 1, noNaN: true }),
    })
    .map(({ at, how, part }) => {
      const total = at === 'cloud' ? wanted.calls.length : wanted.wrote.length;
      return { at, how, n: 1 + Math.min(total - 1, Math.floor(part * total)) } as const;
    });
  await fc.assert(
    fc.asyncProperty(mishap, mishap, async (first, second) => {
      await survive({ mishap: first }, wanted, { mishap: second });
    }),
    { numRuns: 15, seed: 20261122, endOnFailure: true },
  );
});
