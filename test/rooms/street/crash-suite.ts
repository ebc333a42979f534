/**
 * What every kind of apply must survive: killed at any call to the cloud, an answer that is lost, a network or credentials that end, and a
 * signer that fails at any of the moments at which it signs. The process is killed on a cloud whose reads lag behind its writes and flap
 * between old and new.
 */
import { beforeAll, describe, expect, test } from 'vitest';
import { everyWrite, tryAll, undisturbed, type Points, type Scene, type Undisturbed } from './crashing.ts';

const LAGGING = { consistency: { delayMs: 1_500, flapping: true }, latencyMs: 20 } as const;
const TIMEOUT = { timeout: 300_000 };

export function crashSuite(scene: Scene): void {
  describe('on a cloud that lags and flaps', () => {
    let wanted: Undisturbed;
    beforeAll(async () => {
      wanted = await undisturbed(scene, LAGGING);
      expect(wanted.calls.length).toBeGreaterThan(scene.name === 'fresh' ? 20 : 8);
    }, 60_000);

    test.each(['before', 'after'] as const)('killed %s any changing call', TIMEOUT, async (how) => {
      const points = everyWrite(wanted, 'cloud', how).map(
        ([name, mishap]) => [name, { ...mishap, rehearsal: LAGGING }] as const,
      );
      expect(await tryAll(points, wanted)).toEqual([]);
    });

    test('a lost answer to any changing call', TIMEOUT, async () => {
      const faults = (i: number) => [{ match: { mutating: i + 1 }, when: 'after', fault: 'reset' }] as const;
      const points = wanted.calls.map(
        (name, i) => [name, { rehearsal: { ...LAGGING, faults: faults(i) } }] as const,
      );
      expect(await tryAll(points, wanted)).toEqual([]);
    });
  });

  describe('from one moment on', () => {
    let wanted: Undisturbed;
    beforeAll(async () => {
      wanted = await undisturbed(scene);
      // GENESIS, three entries, the lock, checkpoint and SHA256SUMS; a ledger that is there needs no GENESIS.
      expect(wanted.signed).toBeGreaterThanOrEqual(scene.name === 'fresh' ? 7 : 6);
    }, 60_000);

    test.each([
      ['the network is gone', 'reset'],
      ['the credentials have ended', 'expired'],
    ] as const)('%s', TIMEOUT, async (_what, fault) => {
      const points = wanted.calls.map((name, i) => {
        const faults = [{ match: { mutating: i + 1 }, when: 'before', fault, times: 1_000 }] as const;
        return [name, { rehearsal: { faults } }] as const;
      });
      expect(await tryAll(points, wanted)).toEqual([]);
    });

    const signatures = (how: 'refused' | 'worthless', lasting: boolean): Points =>
      Array.from({ length: wanted.signed }, (_, i) => [
        `signature ${String(i + 1)} ${how}`,
        { signs: (n) => (n === i + 1 || (lasting && n > i) ? how : 'good') },
      ]);

    test.each([
      ['the agent is gone, or the card was pulled', 'refused', true],
      ['the key has expired', 'worthless', true],
      ['the signer is back at the next signature', 'refused', false],
      ['and signs badly once', 'worthless', false],
    ] as const)('%s', TIMEOUT, async (_what, how, lasting) => {
      expect(await tryAll(signatures(how, lasting), wanted)).toEqual([]);
    });
  });
}
