// threat: 96
// area: cloud
// tried: Every changing call is throttled twice and fails inside once; then one of them is throttled for good.
// answer: every one is tried again with back-off, counted in the lock and told; past its deadline the step ends with CLOUD_FAILED, and --resume completes the run
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { requireOrSkip } from '../harness/capabilities.ts';
import { SINGLE_FAULTS } from '../harness/fault-answers.ts';
import { changesOf } from '../harness/fault-choice.ts';
import { openFresh, type FreshScene } from '../harness/fault-fresh.ts';
import { failuresOf, type Point } from '../harness/fault-points.ts';
import type { Rule } from '../harness/fault-proxy.ts';

describe.skipIf(!requireOrSkip('moto', 'a throttled run'))('throttled', { timeout: 600_000 }, () => {
  let fresh: FreshScene;
  beforeAll(async () => {
    fresh = await openFresh();
  }, 300_000);
  afterAll(() => fresh.end());

  test('every call a few times, and one for good', async () => {
    const [throttled, inside] = ['throttled', '500'].map((name) =>
      SINGLE_FAULTS.find(({ what }) => what === name),
    );
    if (throttled === undefined || inside === undefined) throw new Error('the table has other names');
    // Whether a key was made by a call that failed inside is looked up, so that call is not repeated.
    const rules = changesOf(fresh.wanted).flatMap(({ name, nth, operation }): readonly Rule[] => {
      const match = { by: 'from name', name, nth } as const;
      const once = { match, fault: inside.fault, times: 1 };
      return [{ match, fault: throttled.fault, times: 2 }, ...(operation === 'kms:CreateKey' ? [] : [once])];
    });
    const again = rules.reduce((sum, { times }) => sum + times, 0);
    const [last] = changesOf(fresh.wanted).filter(({ operation }) => operation === 's3:PutBucketVersioning');
    const forGood: Rule = {
      match: { by: 'from name', name: last?.name ?? '', nth: 1 },
      ...{ fault: throttled.fault, times: Infinity },
    };
    const points: readonly Point[] = [
      { kind: 'fresh', name: 'one call for good', rules: [forGood], first: 'fails', codes: ['CLOUD_FAILED'] },
      { kind: 'fresh', name: 'every call', rules, first: 'completes', again },
    ];
    expect(again).toBeGreaterThan(60);
    expect(failuresOf(await fresh.tryAll(points, 2))).toEqual([]);
  });
});
