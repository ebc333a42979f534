// The contract of the Cloud port, over the rehearsal cloud and over moto; and what only the rehearsal cloud can be asked.
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { isMutating } from '../../src/cloud/aws/guard.ts';
import { makeSdkApi } from '../../src/cloud/aws/sdk-api.ts';
import { makeRehearsalApi, type RehearsalApi, type RehearsalOptions } from '../../src/cloud/rehearsal/api.ts';
import { RehearsalCrash, type FaultName } from '../../src/cloud/rehearsal/faults.ts';
import type { ScriptedFault } from '../../src/cloud/rehearsal/script.ts';
import { memoryStore } from '../../src/cloud/rehearsal/store.ts';
import { requireOrSkip } from '../harness/capabilities.ts';
import { exampleAccount, exampleBlueprint, exampleBlueprintWithStore } from '../harness/blueprint.ts';
import { motoEnv, startMoto, type Moto } from '../harness/moto.ts';
import { storeContract } from './store.contract.ts';
import { amiss, bootstrap, cloudContract, opened, planned, NOON, type CloudWorld } from './cloud.contract.ts';

const region = 'eu-central-1';
const base = { account: exampleAccount, region, known: [`arn:aws:iam::${exampleAccount}:user/alice`] };

interface Rehearsed extends CloudWorld {
  readonly api: RehearsalApi;
  /** Another process on the same cloud. */
  again(options?: Partial<RehearsalOptions>): Rehearsed;
}

/** A cloud whose clock jumps: whoever waits, has waited. */
function rehearsed(options: Partial<RehearsalOptions> = {}): Rehearsed {
  let now = Date.UTC(2026, 10, 22, 12);
  const clock = {
    now: () => now,
    monotonic: () => now,
    pause: async (ms: number) => {
      now += ms;
    },
  };
  const store = memoryStore({ seed: 3 });
  const open = (more: Partial<RehearsalOptions>): Rehearsed => ({
    clock,
    api: makeRehearsalApi({ ...base, clock, store, latencyMs: 5, ...more }),
    again: (other = {}) => open(other),
  });
  return open(options);
}

/** The newest of everything, without times and without the ids that AWS draws: what two runs must agree on. */
async function endState(world: Rehearsed): Promise<unknown> {
  const TIMES = /^(?:id|at|lastAt|made|createdAt|readyAt|updatingUntil|backupsReadyAt|enabledAt)$/;
  const strip = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(strip);
    if (typeof value !== 'object' || value === null) return value;
    const cell = value as { history?: { value: unknown }[] };
    if (Array.isArray(cell.history)) return strip(cell.history.at(-1)?.value);
    return Object.fromEntries(
      Object.entries(value)
        .filter(([key]) => !TIMES.test(key))
        .map(([key, item]) => [key, strip(item)]),
    );
  };
  const state = strip(await world.api.snapshot()) as { keys: object };
  // Two keys may come to be in any order; what they are for tells them apart.
  const ids = Object.entries(state.keys)
    .map(([place, key]) => ({ id: place.slice(place.lastIndexOf('/') + 1), what: JSON.stringify(key) }))
    .sort((x, y) => (x.what < y.what ? -1 : 1))
    .map(({ id }) => id);
  const named = ids.reduce((text, id, i) => text.replaceAll(id, `key-${i}`), JSON.stringify(state));
  const { keys, ...others } = JSON.parse(named) as { keys: object };
  return { ...others, keys: Object.fromEntries(Object.entries(keys).sort(([x], [y]) => (x < y ? -1 : 1))) };
}

for (const contract of [cloudContract, storeContract]) {
  contract('the rehearsal cloud', async () => rehearsed());
  contract('the rehearsal cloud, slow to spread', async () =>
    rehearsed({ consistency: { delayMs: 3000, writes: 'eventual' } }),
  );
  contract('the rehearsal cloud, flapping', async () =>
    rehearsed({ consistency: { delayMs: 3000, flapping: true, writes: 'eventual' } }),
  );
}

const b = exampleBlueprint();

describe.each([
  ['', b],
  [' of a backend with a store', exampleBlueprintWithStore()],
])('a run%s that is disturbed at any changing call', (_what, wanted) => {
  /** How many changing calls an undisturbed run makes, and where it ends. */
  async function undisturbed() {
    const world = rehearsed();
    await bootstrap(world, wanted);
    return {
      calls: world.api.calls().filter(({ operation }) => isMutating(operation)).length,
      state: await endState(world),
    };
  }

  async function disturbed(fault: ScriptedFault): Promise<Rehearsed> {
    const first = rehearsed({ faults: [fault] });
    try {
      await bootstrap(first, wanted);
      return first;
    } catch (error) {
      if (!(error instanceof RehearsalCrash)) throw error;
    }
    const second = first.again();
    await bootstrap(second, wanted);
    return second;
  }

  const cases: readonly (readonly [FaultName, 'before' | 'after', Partial<ScriptedFault>])[] = [
    ['crash', 'before', {}],
    ['crash', 'after', {}],
    ['reset', 'before', {}],
    ['reset', 'after', {}],
    ['throttle', 'before', { times: 3 }],
    ['500', 'after', {}],
    ['conflict', 'before', { times: 2 }],
    ['hang', 'after', {}],
  ];

  test.each(cases)(
    '%s %s each of them ends in the same state',
    async (fault, when, more) => {
      const { calls, state } = await undisturbed();
      expect(calls).toBeGreaterThan(20);
      for (let mutating = 1; mutating <= calls; mutating++) {
        const world = await disturbed({ match: { mutating }, when, fault, ...more });
        expect(await endState(world), `at changing call ${mutating}`).toEqual(state);
        expect(await amiss(world, wanted)).toEqual([]);
      }
    },
    120_000,
  );

  test('a lost answer that the SDK itself tried again ends in the same state', async () => {
    const { calls, state } = await undisturbed();
    for (let mutating = 1; mutating <= calls; mutating++) {
      const probe = rehearsed({
        faults: [{ match: { mutating }, when: 'after', fault: 'reset', retried: true }],
      });
      await bootstrap(probe, wanted);
      // CreateKey is not tried again by the SDK; were it, a second key would be left.
      const struck = probe.api.calls().filter(({ operation }) => isMutating(operation))[mutating - 1];
      if (struck?.operation !== 'kms:CreateKey')
        expect(await endState(probe), `at changing call ${mutating}`).toEqual(state);
    }
  }, 120_000);
});

describe('what only a cloud that asks its policies can show', () => {
  const wanted = exampleBlueprintWithStore();
  const store = { Bucket: wanted.evidence?.bucket ?? '', ExpectedBucketOwner: wanted.account };
  const object = { ...store, Key: 'dev/ledger/00000000.json' };
  const Body = new TextEncoder().encode('{}\n');

  test('whoever made the store may write to it once, and the roles of the state may not even look', async () => {
    const world = rehearsed();
    await bootstrap(world, wanted);
    const { VersionId } = await world.api.call('s3:PutObject', { ...object, Body, IfNoneMatch: '*' });
    expect((await world.api.call('s3:GetObject', { ...object, VersionId })).Body).toEqual(Body);
    const { Retention } = await world.api.call('s3:GetObjectRetention', object);
    expect(Retention?.Mode).toBe('COMPLIANCE');
    await expect(world.api.call('s3:PutObject', { ...object, Key: 'x', Body })).rejects.toMatchObject({
      kind: 'denied',
    });
    for (const role of Object.values(wanted.names.roles)) {
      const callerArn = `arn:aws:sts::${exampleAccount}:assumed-role/${role}/session`;
      const { api } = world.again({ callerArn });
      const put = api.call('s3:PutObject', { ...object, Key: 'x', Body, IfNoneMatch: '*' });
      await expect(put, role).rejects.toMatchObject({ kind: 'denied' });
      await expect(api.call('s3:GetObject', object), role).rejects.toMatchObject({ kind: 'denied' });
    }
  });

  test('an upload may keep its object for longer than the store does, and not for less', async () => {
    const world = rehearsed();
    await bootstrap(world, wanted);
    const put = async (Key: string, days: number) =>
      world.api.call('s3:PutObject', {
        ...store,
        Key,
        Body,
        IfNoneMatch: '*',
        ObjectLockMode: 'COMPLIANCE',
        ObjectLockRetainUntilDate: new Date(world.clock.monotonic() + days * 86_400_000),
      });
    await expect(put('less', 30)).rejects.toMatchObject({ kind: 'denied' });
    await put('more', 4000);
  });
});

describe('what only a cloud of several accounts can show', () => {
  test('a bucket name that another account owns is foreign, and nothing else is asked of it', async () => {
    const world = rehearsed();
    const them = world.again({ account: '999999999999', known: [] });
    await them.api.call('s3:CreateBucket', {
      Bucket: b.names.bucket,
      CreateBucketConfiguration: { LocationConstraint: region },
    });
    const us = world.again();
    const { steps } = await planned(us, b);
    expect(steps.find((step) => step.kind === 'refuse')).toMatchObject({
      resource: 'state-bucket',
      code: 'FOREIGN_RESOURCE',
    });
    expect(
      us.api
        .calls()
        .filter(({ operation }) => operation.startsWith('s3:'))
        .map(({ operation }) => operation),
    ).toEqual(['s3:HeadBucket']);
  });

  test('a denied read is unreadable, never absent', async () => {
    const world = rehearsed();
    await bootstrap(world, b);
    const blind = world.again({
      faults: [
        { match: { operation: 's3:GetBucketVersioning' }, when: 'before', fault: 'denied', times: 99 },
      ],
    });
    const wrong = await amiss(blind, b);
    expect(wrong).toHaveLength(1);
    expect(wrong[0]).toMatchObject({
      kind: 'refuse',
      control: 'state-bucket.versioning',
      code: 'READ_DENIED',
    });
  });

  test('of two operators at once one holds the claim, and the other is told who', async () => {
    const world = rehearsed({ consistency: { delayMs: 1000 } });
    const other = world.again({ consistency: { delayMs: 1000 } });
    const take = (who: Rehearsed, run: string, holder: string) =>
      opened(who, b).claims.take({ run, blueprint: b, known: {}, knownRuns: new Set() }, holder, NOON);
    const answers = await Promise.all([take(world, 'run-1', 'alice'), take(other, 'run-2', 'bob')]);
    expect(answers.map(({ is }) => is).sort()).toEqual(['busy', 'held']);
  });

  test('two operators who both go on end in the same state', async () => {
    const alone = rehearsed();
    await bootstrap(alone, b);
    const world = rehearsed();
    // Both have planned before either writes; the second carries out what the first has done meanwhile.
    await Promise.all([bootstrap(world, b), bootstrap(world.again(), b)]);
    expect(await amiss(world, b)).toEqual([]);
    const keys = (await endState(world)) as { keys: object };
    expect(Object.keys(keys.keys)).toHaveLength(1);
  });
});

const moto = requireOrSkip('moto', 'the contract of Cloud on moto');

describe.skipIf(!moto)('with the real SDK', () => {
  let server: Moto;
  beforeAll(async () => {
    server = await startMoto();
    for (const [name, value] of Object.entries(motoEnv(server.endpoint))) vi.stubEnv(name, value);
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
    await server.stop();
  });
  const makeWorld = async (): Promise<CloudWorld> => {
    await server.reset();
    // moto spreads at once, so a long wait for it to settle may be a short one.
    const clock = {
      pause: async (ms: number) => {
        await delay(Math.min(ms, 20));
      },
      monotonic: () => performance.now(),
    };
    return { api: makeSdkApi({ region, endpoint: server.endpoint }), clock };
  };
  cloudContract('moto', makeWorld);
  storeContract('moto', makeWorld);
});
