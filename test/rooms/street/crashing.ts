/** A fresh apply with one mishap at one of its writes, and what an operator does afterwards: run it again, and resume when told to. */
import { expect, vi } from 'vitest';
import type { Json } from '../../../src/kernel/json.ts';
import { makeWorld, type Mishap, type PortsOptions, type World } from '../../harness/ports.ts';
import { applied, counts, expectValid, ledgerOf, observable, play, typesOf } from './playing.ts';

/** How an undisturbed run ends, and what it writes. */
export interface Undisturbed {
  readonly cloud: Json;
  readonly calls: readonly string[];
  readonly wrote: readonly string[];
}

/** Every resource of the table is there exactly once. */
export const ONE_OF_EACH = { buckets: 1, tables: 1, keys: 1, aliases: 1, roles: 5 };

export async function undisturbed(): Promise<Undisturbed> {
  // Pauses between tries are drawn by lot; with the lot decided, every run makes the same calls in the same order.
  vi.spyOn(Math, 'random').mockReturnValue(0.5);
  const world = await makeWorld();
  const { ports } = await applied(world);
  await expectValid(world);
  expect(await counts(world)).toEqual(ONE_OF_EACH);
  return { cloud: await observable(world), calls: ports.changed(), wrote: ports.wrote };
}

/** How a run that met a mishap was finished. */
export type Ending = 'ended by itself' | 'begun again' | 'resumed' | 'was done';

/** Plays `disturbed`, recovers, and holds the end against an undisturbed run. @throws what is not as it must be */
export async function survive(
  disturbed: Omit<PortsOptions, 'world'>,
  wanted: Undisturbed,
  recovery: Omit<PortsOptions, 'world'> = {},
): Promise<Ending> {
  const world = await makeWorld();
  const ending = await endingOf(world, disturbed, recovery);
  expect(await counts(world)).toEqual(ONE_OF_EACH);
  expect(await observable(world)).toEqual(wanted.cloud);
  await expectValid(world);
  const types = typesOf(world);
  expect(
    types.filter((type) => type === 'GENESIS' || type === 'APPLY_STARTED' || type === 'LOCK_WRITTEN'),
  ).toEqual(['GENESIS', 'APPLY_STARTED', 'LOCK_WRITTEN']);
  const runs = ledgerOf(world).flatMap((entry) =>
    entry.type === 'GATE_FAIL' || entry.type === 'GENESIS' ? [] : [entry.body.run],
  );
  expect(new Set(runs).size, 'one run only').toBe(1);
  expect((await play({ world })).applied?.outcome).toBe('nothing to do');
  return ending;
}

async function endingOf(
  world: World,
  disturbed: Omit<PortsOptions, 'world'>,
  recovery: Omit<PortsOptions, 'world'>,
): Promise<Ending> {
  if (!(await meet(world, disturbed))) {
    expect(disturbed.mishap, 'this process must die').toBeUndefined();
    return 'ended by itself';
  }
  const hasBegun = typesOf(world).includes('APPLY_STARTED');
  // Also a recovery may meet a mishap, and is then recovered from.
  if (recovery.mishap !== undefined)
    await meet(world, recovery, hasBegun && !isSealed(world) && recovery.mishap.n % 3 !== 0);
  const again = await play({ world });
  if (again.applied !== null) {
    if (again.applied.outcome === 'nothing to do') return 'was done';
    expect(hasBegun && recovery.mishap === undefined).toBe(false);
    return 'begun again';
  }
  expect(again.error?.code, again.error?.message).toBe('RECOVERY_REQUIRED');
  expect(again.error?.exitCode).toBe(6);
  expect(again.ports.changed()).toEqual([]);
  expect(again.ports.asked).toEqual([]);
  const resumed = await play({ world }, { resume: true });
  expect(resumed.error).toBeNull();
  return 'resumed';
}

const isSealed = (world: World): boolean =>
  typesOf(world).includes('LOCK_WRITTEN') && world.store.files.has('SHA256SUMS');

/** One process that meets its mishap. @returns whether it failed */
async function meet(world: World, options: Omit<PortsOptions, 'world'>, resume = false): Promise<boolean> {
  try {
    return (await play({ world, ...options }, { resume })).error !== null;
  } catch (error) {
    expect(String(error)).toMatch(/^Killed: /);
    return true;
  }
}

/** Tries every point, and tells of all that failed; an empty list is what is wanted. */
export async function tryAll(
  points: readonly (readonly [name: string, Omit<PortsOptions, 'world'>])[],
  wanted: Undisturbed,
): Promise<readonly string[]> {
  const failed: string[] = [];
  const tally = new Map<Ending, number>();
  for (const [name, options] of points) {
    try {
      const ending = await survive(options, wanted);
      tally.set(ending, (tally.get(ending) ?? 0) + 1);
    } catch (error) {
      failed.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  const endings = [...tally].map(([ending, count]) => `${String(count)} ${ending}`);
  console.log(`${String(points.length)} points tried: ${endings.join(', ')}`);
  return failed;
}

/** A point for every write of a kind. */
export function everyWrite(
  { calls, wrote }: Undisturbed,
  at: Mishap['at'],
  how: Mishap['how'],
): readonly (readonly [string, { readonly mishap: Mishap }])[] {
  return (at === 'cloud' ? calls : wrote).map(
    (name, i) => [`${how} ${at} ${String(i + 1)} ${name}`, { mishap: { at, how, n: i + 1 } }] as const,
  );
}
