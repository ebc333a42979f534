// Killed at any call to the cloud, or with its answer lost, a run ends as an undisturbed one would have: a fresh one, one that corrects and
// one that supersedes, on a cloud that answers at once, and on one whose reads lag behind its writes and flap between old and new.
import { beforeAll, describe, expect, test } from 'vitest';
import { everyWrite, SCENES, tryAll, undisturbed, type Undisturbed } from './street/crashing.ts';

const CLOUDS = [
  ['that answers at once', {}],
  ['that lags and flaps', { consistency: { delayMs: 1_500, flapping: true }, latencyMs: 20 }],
] as const;

/** Nothing is written any more, so that how the cloud is like does not matter. */
const LASTING = [
  ['a network that is gone from any changing call on', { when: 'before', fault: 'reset', times: 1_000 }],
  ['credentials that end before any changing call', { when: 'before', fault: 'expired', times: 1_000 }],
] as const;

describe.each(SCENES)('$name', (scene) => {
  describe.each(CLOUDS)('on a cloud %s', (_what, rehearsal) => {
    let wanted: Undisturbed;
    beforeAll(async () => {
      wanted = await undisturbed(scene, rehearsal);
      expect(wanted.calls.length).toBeGreaterThan(scene.name === 'fresh' ? 20 : 8);
    }, 60_000);

    test.each(['before', 'after'] as const)(
      'killed %s any changing call',
      { timeout: 300_000 },
      async (how) => {
        const points = everyWrite(wanted, 'cloud', how).map(
          ([name, mishap]) => [name, { ...mishap, rehearsal }] as const,
        );
        expect(await tryAll(points, wanted)).toEqual([]);
      },
    );

    const lasting = rehearsal === CLOUDS[0][1] ? LASTING : [];
    test.each([
      ['a lost answer to any changing call', { when: 'after', fault: 'reset' }],
      ...lasting,
    ] as const)('%s', { timeout: 300_000 }, async (_fault, fault) => {
      const points = wanted.calls.map(
        (name, i) =>
          [
            name,
            { rehearsal: { ...rehearsal, faults: [{ match: { mutating: i + 1 }, ...fault }] } },
          ] as const,
      );
      expect(await tryAll(points, wanted)).toEqual([]);
    });
  });
});
