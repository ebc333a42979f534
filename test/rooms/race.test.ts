// Two applies at once, from two machines with a copy each of the repository, and of the evidence as it was: one lock, one end state.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AwsApi } from '../../src/cloud/aws/api.ts';
import { makeAwsCloud } from '../../src/cloud/aws/cloud.ts';
import { makePorts, makeWorld, type World } from '../harness/ports.ts';
import { FRESH, ONE_OF_EACH, SUPERSEDING, type Scene, undisturbed } from './street/crashing.ts';
import { counts, expectValid, ledgerOf, locksOf, observable, play, type Played } from './street/playing.ts';

/** Rounds of each scene; with both, a hundred and more. */
const ROUNDS = { fresh: 70, superseding: 40 } as const;

interface Round {
  /** How many turns of the other machine each call waits, in turn. */
  readonly waits: readonly [readonly number[], readonly number[]];
  /** Milliseconds by which reads lag, and the second machine is later. */
  readonly lag: number;
  readonly late: number;
}

const rounds: fc.Arbitrary<Round> = fc.record({
  waits: fc.tuple(
    fc.array(fc.nat(6), { minLength: 1, maxLength: 20 }),
    fc.array(fc.nat(6), { minLength: 1, maxLength: 20 }),
  ),
  lag: fc.constantFrom(0, 0, 300, 1_000),
  late: fc.constantFrom(0, 0, 0, 1, 3, 10, 40, 150),
});

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** One machine's apply, whose calls come when the round says so. */
async function machine(
  world: World,
  scene: Scene,
  { waits, lag, late }: Round,
  which: 0 | 1,
): Promise<Played> {
  let calls = 0;
  const slow = (api: AwsApi): AwsApi => ({
    call: async (operation, input) => {
      const wait = waits[which][calls++ % waits[which].length] ?? 0;
      for (let i = 0; i < wait; i++) await turn();
      return api.call(operation, input);
    },
  });
  if (which === 1) for (let i = 0; i < late; i++) await turn();
  const rehearsal = { consistency: { delayMs: lag }, latencyMs: 10 };
  const { api, clock } = makePorts({ world, rehearsal });
  const doors = makeAwsCloud({ api: slow(api), clock, account: '111111111111', region: 'eu-central-1' });
  return play({ world, doors: () => doors }, scene.request);
}

/** The second machine: what lay in the first one's clone was copied before either began. */
async function copyOf(world: World): Promise<World> {
  const copy = await makeWorld(world);
  for (const [name, bytes] of world.store.files) copy.store.files.set(name, bytes);
  for (const [name, bytes] of world.files) copy.files.set(name, bytes);
  copy.releases.splice(0, copy.releases.length, ...world.releases);
  return copy;
}

describe.each([FRESH, SUPERSEDING])('$name', (scene) => {
  const many = ROUNDS[scene.name as keyof typeof ROUNDS];

  test(`over ${String(many)} rounds`, { timeout: 600_000 }, async () => {
    const alone = await undisturbed(scene);
    const told = new Map<string, number>();
    const wins = [0, 0];
    await fc.assert(
      fc.asyncProperty(rounds, async (round) => {
        const first = await scene.prepare();
        const second = await copyOf(first);
        const had = new Set(locksOf(first));
        const worlds = [first, second] as const;
        const played = await Promise.all([machine(first, scene, round, 0), machine(second, scene, round, 1)]);

        const made = worlds.map((world) => locksOf(world).filter((lock) => !had.has(lock)));
        expect(made.flat(), 'exactly one lock').toHaveLength(1);
        const winner = made[0]!.length === 1 ? 0 : 1;
        wins[winner]! += 1;
        expect(played[winner].error).toBeNull();
        await expectValid(worlds[winner]);

        const { error } = played[1 - winner]!;
        const run = ledgerOf(worlds[winner]).findLast((entry) => entry.type === 'LOCK_WRITTEN')!.body as {
          run: string;
        };
        expect(['CLAIMED', 'LOCKED_ELSEWHERE']).toContain(error?.code);
        expect(error).toMatchObject({
          data: {
            run: run.run,
            holder: first.cast.alice.fingerprint,
            since: expect.stringMatching(/^2026-/),
          },
        });
        told.set(error!.code, (told.get(error!.code) ?? 0) + 1);

        first.clock.pass(60_000);
        expect(await counts(first)).toEqual(ONE_OF_EACH);
        expect(await observable(first)).toEqual(alone.cloud);
        expect((await play({ world: worlds[winner] }, scene.request)).applied?.outcome).toBe('nothing to do');
      }),
      { numRuns: many, seed: 20261128, endOnFailure: true },
    );
    const losers = [...told].map(([code, count]) => `${String(count)} ${code}`).join(', ');
    console.log(
      `${scene.name}: ${String(many)} rounds, won ${wins.join(' to ')}; the losers were told ${losers}`,
    );
    // A race that always goes the same way is none.
    expect(Math.min(...wins)).toBeGreaterThan(0);
  });
});
