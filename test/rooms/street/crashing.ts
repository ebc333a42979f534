/** An apply with one mishap at one of its writes, and what an operator does afterwards: run it again, and resume when told to. */
import { expect, vi } from 'vitest';
import type { Json } from '../../../src/kernel/json.ts';
import type { Request } from '../../../src/street/gather.ts';
import { makePorts, makeWorld, type Mishap, type PortsOptions, type World } from '../../harness/ports.ts';
import { applied, counts, expectValid, ledgerOf, locksOf, observable, play, typesOf } from './playing.ts';

/** What is applied, and to what. */
export interface Scene {
  readonly name: 'fresh' | 'correcting' | 'superseding';
  /** A world in which the intent lies signed. */
  prepare(): Promise<World>;
  readonly request: Partial<Request>;
  /** Entries that matter, once all is done. */
  readonly entries: readonly string[];
}

/** How an undisturbed run ends, and what it does. */
export interface Undisturbed {
  readonly scene: Scene;
  readonly cloud: Json;
  readonly calls: readonly string[];
  readonly wrote: readonly string[];
  /** Signatures that it makes. */
  readonly signed: number;
}

/** Every resource of the table is there exactly once. */
export const ONE_OF_EACH = { buckets: 1, tables: 1, keys: 1, aliases: 1, roles: 5 };

const INTENT = 'intents/change.yaml';
const ONCE = ['GENESIS', 'APPLY_STARTED', 'LOCK_WRITTEN'];

export const FRESH: Scene = { name: 'fresh', prepare: makeWorld, request: {}, entries: ONCE };

/** Everything that can be put back was changed behind the back of a locked backend. */
export const CORRECTING: Scene = {
  name: 'correcting',
  prepare: async () => {
    const world = await makeWorld();
    await applied(world);
    await drift(world);
    await world.intent({ path: INTENT, action: 'correct', supersedes: locksOf(world).at(-1)! });
    return world;
  },
  request: { intent: INTENT },
  entries: [...ONCE, 'APPLY_STARTED', 'LOCK_WRITTEN'],
};

/** A release that changes something of every resource. */
export const SUPERSEDING: Scene = {
  name: 'superseding',
  prepare: async () => {
    const world = await makeWorld();
    await applied(world);
    world.clock.pass(3_600_000);
    world.edit('policies/parity.yaml', 'noncurrent_days: 365', 'noncurrent_days: 400');
    world.edit('policies/parity.yaml', 'CostCentre: "100"', 'CostCentre: "101"');
    world.edit('policies/parity.yaml', 'pitr_days: 35', 'pitr_days: 30');
    await world.release('v1.1.0');
    await world.intent({ path: INTENT, action: 'supersede', supersedes: locksOf(world).at(-1)! });
    return world;
  },
  request: { intent: INTENT },
  entries: CORRECTING.entries,
};

/** Somebody with rights in the account, late in the evening. */
async function drift(world: World): Promise<void> {
  const { api } = makePorts({ world });
  const Bucket = 'acme-dev-tfstate-eu-central-1';
  const TableName = 'acme-dev-tflock';
  const { KeyMetadata } = await api.call('kms:DescribeKey', { KeyId: 'alias/acme-dev-tfstate' });
  await api.call('s3:PutBucketVersioning', { Bucket, VersioningConfiguration: { Status: 'Suspended' } });
  await api.call('s3:PutPublicAccessBlock', {
    Bucket,
    PublicAccessBlockConfiguration: {
      BlockPublicAcls: false,
      IgnorePublicAcls: false,
      BlockPublicPolicy: false,
      RestrictPublicBuckets: false,
    },
  });
  await api.call('s3:PutBucketTagging', { Bucket, Tagging: { TagSet: [] } });
  await api.call('dynamodb:UpdateTable', { TableName, DeletionProtectionEnabled: false });
  await api.call('kms:EnableKeyRotation', { KeyId: KeyMetadata?.KeyId ?? '', RotationPeriodInDays: 2000 });
  await api.call('iam:UpdateRole', { RoleName: 'acme-dev-ci-apply', MaxSessionDuration: 43_200 });
  await api.call('iam:TagRole', {
    RoleName: 'acme-dev-operator',
    Tags: [{ Key: 'CostCentre', Value: '999' }],
  });
  world.clock.pass(600_000);
}

export async function undisturbed(
  scene: Scene,
  rehearsal: PortsOptions['rehearsal'] = {},
): Promise<Undisturbed> {
  // Pauses between tries are drawn by lot; with the lot decided, every run makes the same calls in the same order.
  vi.spyOn(Math, 'random').mockReturnValue(0.5);
  const world = await scene.prepare();
  const { ports, error } = await play({ world, rehearsal }, scene.request);
  expect(error).toBeNull();
  await expectValid(world);
  expect(await counts(world)).toEqual(ONE_OF_EACH);
  return {
    scene,
    cloud: await observable(world),
    calls: ports.changed(),
    wrote: ports.wrote,
    signed: ports.signed(),
  };
}

/** How a run that met a mishap was finished. */
export type Ending = 'ended by itself' | 'begun again' | 'resumed' | 'was done';

type Disturbance = Omit<PortsOptions, 'world'>;

/** Plays `disturbed`, recovers, and holds the end against an undisturbed run. @throws what is not as it must be */
export async function survive(
  disturbed: Disturbance,
  wanted: Undisturbed,
  recovery: Disturbance = {},
): Promise<Ending> {
  const { scene } = wanted;
  const world = await scene.prepare();
  const before = new Set(ledgerOf(world).map((entry) => JSON.stringify(entry)));
  const ending = await endingOf(world, scene, disturbed, recovery);
  expect(await counts(world)).toEqual(ONE_OF_EACH);
  expect(await observable(world)).toEqual(wanted.cloud);
  await expectValid(world);
  expect(typesOf(world).filter((type) => ONCE.includes(type))).toEqual(scene.entries);
  const runs = ledgerOf(world)
    .filter((entry) => !before.has(JSON.stringify(entry)))
    .flatMap((entry) => ('run' in entry.body && entry.type !== 'GATE_FAIL' ? [entry.body.run] : []));
  expect(new Set(runs).size, 'one run only').toBe(1);
  expect((await play({ world }, scene.request)).applied?.outcome).toBe('nothing to do');
  return ending;
}

async function endingOf(
  world: World,
  scene: Scene,
  disturbed: Disturbance,
  recovery: Disturbance,
): Promise<Ending> {
  const locks = (): number => typesOf(world).filter((type) => type === 'LOCK_WRITTEN').length;
  const begun = (): number => typesOf(world).filter((type) => type === 'APPLY_STARTED').length;
  const had = { locks: locks(), begun: begun() };
  const { rehearsal } = disturbed;
  if (!(await meet(world, scene, disturbed))) {
    expect(disturbed.mishap, 'this process must die').toBeUndefined();
    return 'ended by itself';
  }
  const hasBegun = begun() > had.begun;
  const isSealed = locks() > had.locks && world.store.files.has('SHA256SUMS');
  // Also a recovery may meet a mishap, and is then recovered from.
  if (recovery.mishap !== undefined)
    await meet(world, scene, recovery, hasBegun && !isSealed && recovery.mishap.n % 3 !== 0);
  // What the cloud is like stays as it was; what happened to the process does not.
  const calm = rehearsal === undefined ? {} : { rehearsal: { ...rehearsal, faults: [] } };
  const again = await play({ world, ...calm }, scene.request);
  if (again.applied !== null) {
    if (again.applied.outcome === 'nothing to do') return 'was done';
    expect(hasBegun && recovery.mishap === undefined).toBe(false);
    return 'begun again';
  }
  expect(again.error?.code, again.error?.message).toBe('RECOVERY_REQUIRED');
  expect(again.error?.exitCode).toBe(6);
  expect(again.ports.changed()).toEqual([]);
  expect(again.ports.asked).toEqual([]);
  // Reads that still flap make another plan than the one that was confirmed, or one that cannot be: nothing is written, and a moment later
  // it is tried again.
  for (let tries = 1; ; tries++) {
    const resumed = await play({ world, ...calm }, { ...scene.request, resume: true });
    if (resumed.error === null) return 'resumed';
    expect(['PLAN_CHANGED', 'PLAN_REFUSED'], resumed.error.message).toContain(resumed.error.code);
    expect(rehearsal !== undefined && tries < 4, `${String(tries)} tries`).toBe(true);
    world.clock.pass(1_000);
    expect(resumed.ports.changed()).toEqual([]);
  }
}

/** One process that meets its mishap. @returns whether it failed */
async function meet(world: World, scene: Scene, options: Disturbance, resume = false): Promise<boolean> {
  try {
    return (await play({ world, ...options }, { ...scene.request, resume })).error !== null;
  } catch (error) {
    expect(String(error)).toMatch(/^Killed: /);
    return true;
  }
}

export type Points = readonly (readonly [name: string, Disturbance])[];

/** Tries every point, and tells of all that failed; an empty list is what is wanted. */
export async function tryAll(points: Points, wanted: Undisturbed): Promise<readonly string[]> {
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
  console.log(`${wanted.scene.name}: ${String(points.length)} points tried: ${endings.join(', ')}`);
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
