// Whatever is changed of a repository that every gate passes, it is refused: see mutation-property.ts. `npm run fuzz` runs many more.
import * as fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { makeKnownGood, type KnownGood } from '../harness/known-good.ts';
import { mutationProperty } from '../harness/mutation-property.ts';

let good: KnownGood;
beforeAll(async () => {
  good = await makeKnownGood();
});

describe('a repository that every gate passes', () => {
  test('passes as it is', async () => {
    const { passed, verdicts } = await good.judge(good.repo);
    expect(verdicts.map(({ status }) => status)).toEqual(Array(5).fill('pass'));
    expect(passed).not.toBeNull();
  });

  test('passes when it is released anew', async () => {
    const { passed } = await good.judge(await good.released(good.repo.tagged));
    expect(passed).not.toBeNull();
  });

  test('is refused whatever is changed of it', { timeout: 300_000 }, async () => {
    const targets = new Map<string, number>();
    await fc.assert(
      mutationProperty(good, ({ target, change }) => {
        const name = `${target.replaceAll(/[0-9A-F]{40}/g, 'FINGERPRINT')}: ${change.how}`;
        targets.set(name, (targets.get(name) ?? 0) + 1);
      }),
      { numRuns: 2_000 },
    );
    const sum = [...targets.values()].reduce((a, b) => a + b, 0);
    console.log(
      [
        `${String(sum)} mutations refused`,
        ...[...targets].sort().map(([name, n]) => `${String(n)} of ${name}`),
      ].join('\n'),
    );
    // Those that change nothing are not counted.
    expect(sum).toBeGreaterThanOrEqual(2_000);
    expect(targets.size).toBeGreaterThanOrEqual(18);
  });

  test('by every verifier that is installed', { timeout: 300_000 }, async () => {
    const everybody = await makeKnownGood({});
    expect((await everybody.judge(everybody.repo)).passed).not.toBeNull();
    await fc.assert(mutationProperty(everybody), { numRuns: 100 });
  });
});
