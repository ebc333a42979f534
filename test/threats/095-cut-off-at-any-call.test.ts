// threat: 95
// area: cloud
// tried: The run is stopped by SIGINT, SIGTERM or SIGKILL, loses its network, or loses an answer, at any call; this is a share of test/e2e/faults.test.ts.
// answer: INTERRUPTED, or none where there is nobody left to tell it; the second run ends in the same state, with one key, one of each role and evidence that holds
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { requireOrSkip } from '../harness/capabilities.ts';
import { changesOf } from '../harness/fault-choice.ts';
import { openFresh, type FreshScene } from '../harness/fault-fresh.ts';
import { failuresOf, lossAt, outageAt, signalAt, type Point } from '../harness/fault-points.ts';

describe.skipIf(!requireOrSkip('moto', 'a run that is cut off'))('cut off', { timeout: 600_000 }, () => {
  let fresh: FreshScene;
  beforeAll(async () => {
    fresh = await openFresh();
  }, 300_000);
  afterAll(() => fresh.end());

  test('while it claims, while it makes, and before it reads back', async () => {
    const changes = changesOf(fresh.wanted);
    const late = changes.length - 2;
    const [key, bucket] = ['kms:CreateKey', 's3:CreateBucket'].map((operation) =>
      changes.find((call) => call.operation === operation),
    );
    if (key === undefined || bucket === undefined) throw new Error('no key or bucket is made');
    const points: readonly Point[] = [
      signalAt('fresh', 'SIGINT', 1),
      signalAt('fresh', 'SIGTERM', 9),
      signalAt('fresh', 'SIGINT', late),
      lossAt('fresh', 'killed after', key),
      lossAt('fresh', 'lost', key),
      lossAt('fresh', 'killed before', bucket),
      outageAt('fresh', late, 500),
    ];
    const tried = await fresh.tryAll(points, 4);
    // INTERRUPTED is demanded of those that were sent a signal they can hear.
    expect(points.filter(({ codes }) => codes?.includes('INTERRUPTED') === true)).toHaveLength(4);
    expect(failuresOf(tried)).toEqual([]);
  });
});
