// From APPLY on: who signs, who holds the claim, what reads back, what is superseded, and what a run that stops leaves behind.
import { describe, expect, test } from 'vitest';
import { GovbootError } from '../../src/kernel/errors.ts';
import type { Holder } from '../../src/plan/control.ts';
import { makePorts, makeWorld, type World } from '../harness/ports.ts';
import {
  applied,
  counts,
  expectValid,
  ledgerOf,
  locksOf,
  lockedWorld,
  observable,
  play,
  said,
  typesOf,
} from './street/playing.ts';

const BUCKET = 'acme-dev-tfstate-eu-central-1';

/** Somebody else, with rights in the account. */
const elsewhere = (world: World) => makePorts({ world }).api;

describe('who signs the evidence', () => {
  test.each([
    ['bob', 'SIGNER_ROLE', /does not have the evidence role in dev/],
    ['mallory', 'SIGNER_NOT_ALLOWED', /is not listed in the trust file/],
  ] as const)('%s may not: nothing is asked and nothing is written', async (signer, code, message) => {
    const world = await makeWorld();
    const { ports, error } = await play({ world, signer });
    expect(error).toMatchObject({ code, exitCode: 3, message: expect.stringMatching(message) });
    expect(ports.asked).toEqual([]);
    expect(ports.changed()).toEqual([]);
    expect(world.store.files.size).toBe(0);
  });

  test('one whose time is over may not', async () => {
    const world = await makeWorld();
    world.edit(
      'policies/trust.yaml',
      'roles: [intent, approver]\n    valid_from: 2026-01-01T00:00:00Z\n    valid_until: 2027-01-01',
      'roles: [evidence]\n    valid_from: 2026-01-01T00:00:00Z\n    valid_until: 2026-11-01',
    );
    await world.sign('policies/trust.yaml', ['root']);
    await world.release('v1.0.1');
    await world.intent();
    const { ports, error } = await play({ world, signer: 'carol' });
    expect(error).toMatchObject({
      code: 'SIGNER_INACTIVE',
      message: expect.stringContaining('to 2026-11-01'),
    });
    expect(ports.changed()).toEqual([]);
  });

  test.each([
    [
      'a card that is pulled',
      () => Promise.reject(new GovbootError('SIGNER', 'the card was removed')),
      /card was removed/,
    ],
    [
      'a signature that does not verify',
      async () => new TextEncoder().encode('nonsense\n'),
      /does not verify/,
    ],
  ])(
    '%s at APPLY_STARTED: no changing call was made, and the ledger is not begun',
    async (_what, sign, message) => {
      const world = await makeWorld();
      const { signer } = makePorts({ world });
      const { ports, error } = await play({ world, overrides: { signer: { ...signer, sign } } });
      expect(error).toMatchObject({ code: 'SIGNER', message: expect.stringMatching(message) });
      expect(ports.changed()).toEqual([]);
      expect(typesOf(world)).toEqual([]);
      await applied(world);
      await expectValid(world);
    },
  );

  test('a signer whose public key is not published is told before anything is written', async () => {
    const world = await makeWorld();
    const { signer } = makePorts({ world });
    const strayed: typeof signer = {
      ...signer,
      identity: async () => ({ ...(await signer.identity()), fingerprint: world.cast.root.fingerprint }),
    };
    expect((await play({ world, overrides: { signer: strayed } })).error?.code).toBe('SIGNER_NOT_ALLOWED');
  });
});

describe('the claim', () => {
  const busy = { holder: 'BOB', run: 'another-run', since: '2026-11-22T11:59:00Z' } as Holder;

  test('held by another run: told who and since when, the run is closed, and nothing else was written', async () => {
    const world = await makeWorld();
    const { ports, error } = await play({
      world,
      doors: ({ cloud, claims }) => ({
        cloud,
        claims: { ...claims, take: async () => ({ is: 'busy', ...busy }) },
      }),
    });
    expect(error).toMatchObject({
      code: 'CLAIMED',
      exitCode: 75,
      data: { holder: 'BOB', run: 'another-run', since: '2026-11-22T11:59:00Z' },
    });
    expect(error?.message).toMatch(/BOB .* since 2026-11-22T11:59:00Z/);
    expect(ports.changed()).toEqual([]);
    expect(ledgerOf(world).at(-1)).toMatchObject({
      type: 'APPLY_FAILED',
      body: { code: 'CLAIMED', final: true },
    });
    // There is no lock yet to judge; what is there is good.
    expect((await world.verify()).overall).toBe('undecided');
  });

  test('truly held in the cloud, by a run that has just begun elsewhere', async () => {
    const theirs = await makeWorld();
    const died = await play({ world: theirs, mishap: { at: 'cloud', n: 4, how: 'before' } });
    expect(died.error?.message).toMatch(/before iam:CreateRole|process is dead/);
    // Another clone of the repository: the same cloud, and a ledger of its own.
    const ours: World = { ...(await makeWorld()), cloud: theirs.cloud, clock: theirs.clock };
    // Two machines do not draw the same numbers.
    for (let i = 0; i < 100; i++) ours.next();
    const { ports, error } = await play({ world: ours });
    expect(error).toMatchObject({ code: 'CLAIMED', data: { holder: theirs.cast.alice.fingerprint } });
    // One call, the one that finds the claim taken.
    expect(ports.changed()).toEqual(['iam:CreateRole']);
  });

  test('a plan that changed because somebody else began in between is told as theirs', async () => {
    const world = await makeWorld();
    const other = { holder: 'BOB', run: 'another-run', since: '2026-11-22T11:59:00Z' } as Holder;
    let reads = 0;
    const { ports, error } = await play({
      world,
      doors: ({ cloud, claims }) => ({
        cloud: {
          ...cloud,
          async observe(blueprint) {
            const seen = await cloud.observe(blueprint);
            reads += 1;
            const theirs = { is: 'ours', known: {}, madeBy: 'another-run', detail: '' } as const;
            return reads === 1
              ? seen
              : { ...seen, resources: { ...seen.resources, 'role-operator': theirs } };
          },
        },
        claims: { ...claims, look: async () => ({ is: 'busy', ...other }) },
      }),
    });
    expect(error).toMatchObject({ code: 'CLAIMED', exitCode: 75, data: { holder: 'BOB' } });
    expect(ports.changed()).toEqual([]);
  });

  test('a later apply works, with a new intent; that the old one is used up is said before anybody is asked', async () => {
    const world = await makeWorld();
    await play({
      world,
      doors: ({ cloud, claims }) => ({
        cloud,
        claims: { ...claims, take: async () => ({ is: 'busy', ...busy }) },
      }),
    });
    const { ports, error } = await play({ world });
    expect(error).toMatchObject({ code: 'INTENT_REPLAY', exitCode: 3 });
    expect(ports.asked).toEqual([]);
    expect(ledgerOf(world).at(-1)).toMatchObject({ type: 'DECLINED', body: { code: 'INTENT_REPLAY' } });
    await world.intent();
    await applied(world);
    expect(typesOf(world)).toEqual([
      'GENESIS',
      'APPLY_STARTED',
      'APPLY_FAILED',
      'DECLINED',
      'APPLY_STARTED',
      'APPLY_DONE',
      'LOCK_WRITTEN',
    ]);
    await expectValid(world);
  });

  test('one that cannot be freed leaves the run open, and --resume ends it', async () => {
    const world = await makeWorld();
    const failed = await play({
      world,
      doors: ({ cloud, claims }) => ({
        cloud,
        claims: { ...claims, release: () => Promise.reject(new GovbootError('CLOUD_FAILED', 'no answer')) },
      }),
    });
    expect(failed.error?.code).toBe('CLOUD_FAILED');
    expect(typesOf(world).at(-1)).toBe('APPLY_FAILED');
    expect((await play({ world })).error?.code).toBe('RECOVERY_REQUIRED');
    await applied(world, { resume: true });
    expect(JSON.stringify(await world.cloud.snapshot())).toContain('"govboot:claim":"released"');
    await expectValid(world);
  });
});

describe('what reads back', () => {
  test('wrong is told with what was wanted and what was found; the run stays open', async () => {
    const world = await makeWorld();
    const { error } = await play({
      world,
      doors: ({ cloud, claims }) => ({
        claims,
        cloud: {
          ...cloud,
          observe: async (blueprint) => {
            const seen = await cloud.observe(blueprint);
            const id = 'state-bucket.versioning';
            return seen.controls[id]?.is === 'set'
              ? { ...seen, controls: { ...seen.controls, [id]: { is: 'unset' } } }
              : seen;
          },
        },
      }),
    });
    expect(error).toMatchObject({ code: 'READBACK_WRONG', exitCode: 6 });
    expect(error?.message).toContain('state-bucket.versioning');
    expect(ledgerOf(world).at(-1)).toMatchObject({
      type: 'APPLY_FAILED',
      body: { code: 'READBACK_WRONG', final: false },
    });
    expect(world.store.files.has('.backend.lock')).toBe(false);
    await expectValidBut(world);
    await applied(world, { resume: true });
    await expectValid(world);
  });

  /** A run that is open is no fault of the evidence, and not a whole one either. */
  async function expectValidBut(world: World): Promise<void> {
    expect((await world.verify()).overall).not.toBe('bad');
  }
});

describe('a locked backend', () => {
  /** A release with a longer retention, and an intent that supersedes the lock in force. */
  const longer = async (world: World): Promise<string> => {
    const old = locksOf(world).at(-1)!;
    world.clock.pass(3_600_000);
    world.edit('policies/parity.yaml', 'noncurrent_days: 365', 'noncurrent_days: 400');
    await world.release('v1.1.0');
    await world.intent({ supersedes: old, path: 'intents/longer.yaml' });
    return old;
  };

  test('is changed by an intent that supersedes its lock, which is named and kept', async () => {
    const world = await lockedWorld();
    const old = await longer(world);
    const { ports, applied: done } = await applied(world, { intent: 'intents/longer.yaml' });
    expect(done).toMatchObject({ outcome: 'applied', steps: 1 });
    expect(ports.changed().filter((call) => !call.startsWith('iam:'))).toEqual([
      's3:PutBucketLifecycleConfiguration',
    ]);
    const lock = JSON.parse(new TextDecoder().decode(world.store.files.get('.backend.lock'))) as {
      supersedes: string;
    };
    expect(lock.supersedes).toBe(old);
    expect(locksOf(world).at(-1)!).not.toBe(old);
    expect(world.store.files.has(`blobs/sha256/${old}`)).toBe(true);
    expect(JSON.stringify(await observable(world))).toContain('"NoncurrentDays":400');
    await expectValid(world);
    expect((await play({ world }, { intent: 'intents/longer.yaml' })).applied?.outcome).toBe('nothing to do');
  });

  test('killed while it is superseded, it has one lock or the other, and --resume ends it', async () => {
    for (const n of [3, 30, 34, 36, 38, 40]) {
      const world = await lockedWorld();
      const old = await longer(world);
      const died = await play(
        { world, mishap: { at: 'evidence', n, how: 'after' } },
        { intent: 'intents/longer.yaml' },
      ).then(
        () => null,
        (error: unknown) => String(error),
      );
      if (died === null) continue;
      const again = await play({ world }, { intent: 'intents/longer.yaml' });
      if (again.error !== null) {
        expect(again.error.code).toBe('RECOVERY_REQUIRED');
        await applied(world, { intent: 'intents/longer.yaml', resume: true });
      }
      expect(locksOf(world).at(-1)!).not.toBe(old);
      expect(typesOf(world).filter((type) => type === 'LOCK_WRITTEN')).toHaveLength(2);
      await expectValid(world);
    }
  });

  test('that drifted is refused, not corrected', async () => {
    const world = await lockedWorld();
    await elsewhere(world).call('s3:PutBucketVersioning', {
      Bucket: BUCKET,
      VersioningConfiguration: { Status: 'Suspended' },
    });
    const { ports, error } = await play({ world });
    expect(error).toMatchObject({
      code: 'BACKEND_LOCKED',
      exitCode: 3,
      data: { drifted: ['set/state-bucket.versioning'] },
    });
    expect(ports.asked).toEqual([]);
    expect(ports.changed()).toEqual([]);
  });

  test('that drifted is on record, as every other refusal', async () => {
    const world = await lockedWorld();
    await elsewhere(world).call('s3:PutBucketVersioning', {
      Bucket: BUCKET,
      VersioningConfiguration: { Status: 'Suspended' },
    });
    await play({ world });
    expect(ledgerOf(world).at(-1)).toMatchObject({
      type: 'PLAN_REFUSED',
      body: { findings: [{ where: 'set/state-bucket.versioning', code: 'BACKEND_LOCKED' }] },
    });
    await expectValid(world);
  });

  test('is not open to another intent to create it', async () => {
    const world = await lockedWorld();
    await world.intent();
    const { error } = await play({ world });
    expect(error?.code).toBe('GATES_REFUSED');
    expect(ledgerOf(world).at(-1)).toMatchObject({
      type: 'GATE_FAIL',
      body: { findings: [{ code: 'BACKEND_LOCKED' }] },
    });
  });
});

describe('an interrupt', () => {
  test.each([0, 1, 7])(
    'after %i steps stops between two of them; --resume goes on with the same run',
    async (steps) => {
      const world = await makeWorld();
      let begun = 0;
      let stop = false;
      const interrupted = await play({
        world,
        interrupted: () => stop,
        doors: ({ cloud, claims }) => ({
          claims: {
            ...claims,
            take: async (...given) => claims.take(...given).finally(() => (stop = steps === 0)),
          },
          cloud: {
            ...cloud,
            perform: (step, context) => {
              stop ||= ++begun >= steps;
              return cloud.perform(step, context);
            },
          },
        }),
      });
      expect(interrupted.error).toMatchObject({ code: 'INTERRUPTED', exitCode: 130 });
      expect(ledgerOf(world).at(-1)).toMatchObject({
        type: 'APPLY_FAILED',
        body: { code: 'INTERRUPTED', final: false },
      });
      expect((await play({ world })).error?.code).toBe('RECOVERY_REQUIRED');
      await applied(world, { resume: true });
      expect(
        new Set(ledgerOf(world).flatMap(({ body }) => ('plan_sha256' in body ? [body.run] : []))).size,
      ).toBe(1);
      expect(await counts(world)).toMatchObject({ keys: 1, roles: 5 });
      await expectValid(world);
    },
  );

  test('a failure that cannot be put on record is told, and is still the failure', async () => {
    const world = await makeWorld();
    const { ports, error } = await play({
      world,
      overrides: {},
      doors: ({ cloud, claims }) => ({
        claims,
        cloud: {
          ...cloud,
          perform: () => {
            world.store.fault = () => ({ is: 'refused' });
            return Promise.reject(new GovbootError('CLOUD_DENIED', 'not allowed'));
          },
        },
      }),
    });
    expect(error?.code).toBe('CLOUD_DENIED');
    expect(said(ports).join()).toMatch(/the failure could not be put into the ledger: .*no space left/);
  });
});

test('a --resume with another intent than the run was begun with is refused', async () => {
  const world = await makeWorld();
  await play({
    world,
    doors: ({ cloud, claims }) => ({
      claims,
      cloud: { ...cloud, perform: () => Promise.reject(new GovbootError('CLOUD_DENIED', 'no')) },
    }),
  });
  await world.intent({ path: 'intents/other.yaml' });
  const { error } = await play({ world }, { resume: true, intent: 'intents/other.yaml' });
  expect(error).toMatchObject({
    code: 'RECOVERY_REQUIRED',
    hint: expect.stringContaining('with the intent that it was begun with'),
  });
});

test('what lies in the evidence and does not belong there is told', async () => {
  const world = await makeWorld();
  world.store.files.set('notes of mine.txt', new TextEncoder().encode('hello\n'));
  const { ports } = await play({ world });
  expect(said(ports)).toContain('notes of mine.txt does not belong into the evidence; it is not sealed');
});
