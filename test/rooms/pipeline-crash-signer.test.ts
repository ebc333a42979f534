// A signer that fails at any of the moments at which it signs: the agent is gone, the card was pulled, the key has expired.
import { beforeAll, describe, expect, test } from 'vitest';
import { SCENES, survive, tryAll, undisturbed, type Points, type Undisturbed } from './street/crashing.ts';

describe.each(SCENES)('$name', (scene) => {
  let wanted: Undisturbed;
  beforeAll(async () => {
    wanted = await undisturbed(scene);
    // GENESIS, three entries, the lock, checkpoint and SHA256SUMS; a ledger that is there needs no GENESIS.
    expect(wanted.signed).toBeGreaterThanOrEqual(scene.name === 'fresh' ? 7 : 6);
  }, 60_000);

  const points = (how: 'refused' | 'worthless', lasting: boolean): Points =>
    Array.from({ length: wanted.signed }, (_, i) => [
      `signature ${String(i + 1)} ${how}`,
      { signs: (n) => (n === i + 1 || (lasting && n > i) ? how : 'good') },
    ]);

  test.each([
    ['is gone from then on', 'refused', true],
    ['fails once', 'refused', false],
    ['has expired from then on', 'worthless', true],
    ['signs badly once', 'worthless', false],
  ] as const)('that %s', { timeout: 300_000 }, async (_what, how, lasting) => {
    expect(await tryAll(points(how, lasting), wanted)).toEqual([]);
  });

  test('before anything was begun, nothing is left behind', async () => {
    const ending = await survive({ signs: () => 'refused' }, wanted);
    expect(ending).toBe('begun again');
  });
});
