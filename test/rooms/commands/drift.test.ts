// `govboot drift`: what is told, what is put on record, and what it ends with; one environment, all of them, and a watch.
import { beforeAll, describe, expect, test } from 'vitest';
import { GovbootError } from '../../../src/kernel/errors.ts';
import { drift } from '../../../src/commands/drift.ts';
import { DRIFT_COMMAND } from '../../../src/commands/drift-command.ts';
import { memoryStore } from '../../harness/memory-store.ts';
import { makePorts, makeWorld, type PortsOptions, type World } from '../../harness/ports.ts';
import { TAMPERINGS, type Tampering } from '../../harness/tamper.ts';
import { expectValid, ledgerOf, lockedWorld, locksOf, play, typesOf } from '../street/playing.ts';
import { DRIFT_OF_DEV as DEV, run } from './running.ts';

const suspended = TAMPERINGS.find(({ control }) => control === 'state-bucket.versioning')!.change;
const stream = TAMPERINGS.find(({ control }) => control === 'lock-table.no-streams')!.change;

const tamper = (world: World, change: Tampering['change']): Promise<void> => world.cloud.hold(true, change);
const look = async (world: World, options: Partial<typeof DEV> = {}, more: Partial<PortsOptions> = {}) => {
  const ran = await run(drift, { ...DEV, ...options }, { world, ...more });
  const rows = ran.ports.events.flatMap((event) => (event.type === 'row' ? [event] : []));
  const told = rows.map(({ label, text }) => (label === '' ? text : `${label}: ${text}`));
  const warned = ran.ports.events.flatMap((event) => (event.type === 'warning' ? [event.text] : []));
  return { ...ran, rows, told, warned, code: ran.error?.code ?? null };
};

describe('one environment', () => {
  let world: World;
  beforeAll(async () => {
    world = await lockedWorld();
  });

  test('as its lock says: one line, and nothing is written', async () => {
    const before = typesOf(world);
    const { code, told, value } = await look(world);
    expect(code).toBeNull();
    expect(told).toEqual([expect.stringMatching(/^dev: none; \d+ controls are as lock [0-9a-f]{16} says$/)]);
    expect(value).toMatchObject({
      mode: 'LIVE',
      environments: [{ environment: 'dev', is: 'same', drifts: [], record: null, was: null }],
    });
    expect(typesOf(world)).toEqual(before);
  });

  test('drifted: named, signed into the ledger once, and once more when it is another', async () => {
    await tamper(world, suspended);
    const { code, told, value } = await look(world);
    expect(code).toBe('DRIFT_FOUND');
    expect(told.slice(1)).toEqual([
      expect.stringMatching(
        /^state-bucket\.versioning: drifted: was Enabled and is Suspended; recorded since ledger\/00000003\.json, 2026-/,
      ),
      'record: on record: ledger/00000004.json',
    ]);
    expect(value).toMatchObject({
      environments: [
        {
          ...{ is: 'drifted', record: { file: 'ledger/00000004.json', isNew: true } },
          drifts: [
            {
              control: 'state-bucket.versioning',
              recorded: 'Enabled',
              live: 'Suspended',
              since: 'ledger/00000003.json',
            },
          ],
        },
      ],
    });
    const again = await look(world);
    expect(again.told.at(-1)).toBe('record: on record since it was first seen: ledger/00000004.json');
    await tamper(world, stream);
    expect((await look(world)).told.at(-1)).toBe('record: on record: ledger/00000005.json');
    const [, entry] = ledgerOf(world).filter(({ type }) => type === 'DRIFT_FOUND');
    expect(entry?.body).toMatchObject({
      caller: 'arn:aws:sts::111111111111:assumed-role/bootstrap/rehearsal',
      findings: [
        { where: 'state-bucket.versioning', code: 'DRIFT_FOUND' },
        { where: 'lock-table.no-streams', message: 'extra: was DISABLED and is ENABLED: NEW_IMAGE' },
      ],
    });
    await expectValid(world);
  });

  test('without a key it is told all the same, and that it is not on record', async () => {
    const none = {
      identity: async () => Promise.reject(new GovbootError('SIGNER', 'no key was named')),
      sign: async () => Promise.reject(new Error('signed')),
    };
    const other = { ...world, store: memoryStore(new Map(world.store.files)) };
    await tamper(other, (state) =>
      TAMPERINGS.find(({ control }) => control === 'state-key.rotation')!.change(state),
    );
    const { code, warned } = await look(other, {}, { overrides: { signer: none } });
    expect([code, warned]).toEqual(['DRIFT_FOUND', ['this is not on record: no key was named']]);
    expect(typesOf(other)).toEqual(typesOf(world));
  });

  test('as it was again: told with where it is on record, and nothing more is put there', async () => {
    const other = await lockedWorld();
    const was = await other.cloud.snapshot();
    await tamper(other, suspended);
    expect((await look(other)).code).toBe('DRIFT_FOUND');
    await tamper(other, (state) => void Object.assign(state, structuredClone(was)));
    const types = typesOf(other);
    const { code, told, value } = await look(other);
    expect(code).toBeNull();
    expect(told).toEqual([
      expect.stringMatching(
        /^dev: none; \d+ controls are as lock [0-9a-f]{16} says again; on record as drifted: ledger\/00000004\.json$/,
      ),
    ]);
    expect(value).toMatchObject({
      environments: [{ is: 'same', record: null, was: { is: 'drifted', file: 'ledger/00000004.json' } }],
    });
    expect(typesOf(other)).toEqual(types);
  });

  test.each(['mallory', 'bob'] as const)('%s puts nothing on record', async (signer) => {
    const other = { ...world, store: memoryStore(new Map(world.store.files)) };
    const { warned } = await look(other, {}, { signer });
    expect(warned).toEqual([expect.stringContaining('this is not on record: ')]);
    expect(typesOf(other)).toEqual(typesOf(world));
  });
});

test('what is hidden ends otherwise than what drifted, and is on record too', async () => {
  const world = await lockedWorld();
  const { code, told } = await look(
    world,
    {},
    {
      doors: ({ cloud, claims }) => ({
        claims,
        cloud: {
          ...cloud,
          observe: async (b) => {
            const seen = await cloud.observe(b);
            const hidden = {
              is: 'unreadable',
              code: 'READ_DENIED',
              detail: 's3:GetBucketPolicy: AccessDenied: no',
            } as const;
            return { ...seen, controls: { ...seen.controls, 'state-bucket.policy': hidden } };
          },
        },
      }),
    },
  );
  expect(code).toBe('DRIFT_UNREADABLE');
  expect(told[0]).toMatch(/^dev: 1 unreadable; /);
  expect(ledgerOf(world).at(-1)?.body).toMatchObject({
    findings: [{ where: 'state-bucket.policy', code: 'READ_DENIED' }],
  });
});

test.each([
  ['LIVE', ''],
  ['REHEARSAL', ' --rehearse'],
] as const)('%s: a run that did not finish is told beside what it may have changed', async (mode, flag) => {
  const world = await makeWorld();
  expect((await play({ world, mode })).error).toBeNull();
  world.edit('policies/parity.yaml', 'noncurrent_days: 365', 'noncurrent_days: 300');
  await world.release('v1.1.0');
  await world.intent({ supersedes: locksOf(world)[0]! });
  await play({ world, mode, mishap: { at: 'cloud', n: 2, how: 'after' } }).catch(() => undefined);
  const { told, rows } = await look(world, {}, { mode });
  expect(told.find((line) => line.startsWith('run: '))).toMatch(
    /^run: run \S+ has not finished, which may be why$/,
  );
  expect(rows.find(({ label }) => label === 'run')?.mend).toBe(`govboot apply dev --resume${flag}`);
  world.store.files.set('.backend.lock', new Uint8Array([0x7b]));
  expect((await look(world, {}, { mode })).error?.hint).toBe(`govboot verify dev${flag}`);
});

describe('all environments', () => {
  test('each is told, and all of them in one table; one without a record is no drift', async () => {
    const world = await lockedWorld();
    const empty = memoryStore();
    const evidence = (name: string) => (name === 'dev' ? world.store : empty);
    const asked: (string | null)[] = [];
    const { code, told, value, ports } = await look(
      world,
      { environment: null, all: true, profile: 'acme-{environment}' },
      { overrides: { evidence } },
    );
    expect(code).toBeNull();
    expect(told).toEqual([
      'prod: no record yet',
      expect.stringMatching(/^dev: none; /),
      '2 environments: 1 as locked, 0 drifted, 0 not known, 1 without a record',
      expect.stringMatching(/^dev: none; /),
      'prod: no record yet',
    ]);
    expect(value).toMatchObject({ environments: [{ is: 'same' }, { environment: 'prod', is: 'none' }] });
    expect([ports.changed(), asked]).toEqual([[], []]);
  });

  test('one that cannot be looked at keeps nobody else from it, and drift is what it ends with', async () => {
    const world = await lockedWorld();
    await tamper(world, suspended);
    const broken = memoryStore(new Map([['ledger/00000000.json', new Uint8Array([0x7b])]]));
    const { code, told } = await look(
      world,
      { environment: null, all: true },
      { overrides: { evidence: (name) => (name === 'dev' ? world.store : broken) } },
    );
    expect(code).toBe('DRIFT_FOUND');
    expect(told.some((line) => /^prod: not looked at: .* \[EVIDENCE_/.test(line))).toBe(true);
    expect(told).toContain('2 environments: 0 as locked, 1 drifted, 1 not known, 0 without a record');
  });

  test.each([
    ['EVIDENCE_MISSING', 0],
    ['EVIDENCE_INVALID', 1],
  ] as const)('%s comes before what is only unknown', async (code, files) => {
    const world = await lockedWorld();
    const evidence = memoryStore(new Map(files === 0 ? [] : world.store.files));
    if (files > 0) evidence.files.set('.backend.lock', new Uint8Array([0x7b]));
    const ran = await look(world, {}, { overrides: { evidence: () => evidence } });
    expect([ran.code, ran.told]).toEqual([code, []]);
  });

  test('which one is asked for where there are several', async () => {
    const { error } = await look(await lockedWorld(), { environment: null });
    expect(error).toMatchObject({ code: 'USAGE', message: 'which environment? The policy names dev, prod' });
  });
});

describe('a watch', () => {
  const pausing = (world: World, rounds: number) => {
    const waits: number[] = [];
    let stopped = false;
    const clock = (base: { now: () => never; monotonic: () => number }) => ({
      ...base,
      pause: async (ms: number) => {
        waits.push(ms / 1000);
        world.clock.pass(ms);
        if (waits.length >= rounds) {
          stopped = true;
          throw new GovbootError('INTERRUPTED', 'interrupted');
        }
      },
    });
    return { waits, clock, interrupted: () => stopped };
  };
  const watch = async (
    world: World,
    rounds: number,
    more: Partial<PortsOptions> = {},
    every: string | null = '60',
  ) => {
    const { waits, clock, interrupted } = pausing(world, rounds);
    const base = makePorts({ world });
    const overrides = { clock: clock(base.clock as never) as never, ...more.overrides };
    const ran = await look(world, { watch: true, every }, { ...more, interrupted, overrides });
    return { ...ran, waits };
  };

  test('looks again and again, and ends as interrupted when nothing was found', async () => {
    const { code, waits, told, value } = await watch(await lockedWorld(), 3);
    expect([code, waits]).toEqual(['INTERRUPTED', [60, 60, 60]]);
    expect(value).toMatchObject({
      environments: [{ environment: 'dev', is: 'same' }],
      watch: { rounds: 3, drifted: [] },
    });
    expect(told.filter((line) => / look \d; the next in /.test(line))).toHaveLength(3);
  });

  test('goes on when it found drift, has it on record once, and ends with it', async () => {
    const world = await lockedWorld();
    await tamper(world, suspended);
    const { code, waits, told, value } = await watch(world, 3);
    expect([code, waits]).toEqual(['DRIFT_FOUND', [60, 60, 60]]);
    expect(value).toMatchObject({ watch: { rounds: 3, drifted: ['dev'] } });
    expect(told.filter((line) => line.startsWith('state-bucket.versioning: '))).toHaveLength(1);
    expect(told.filter((line) => line.endsWith('; as at the last look'))).toHaveLength(2);
    expect(typesOf(world).filter((type) => type === 'DRIFT_FOUND')).toHaveLength(1);
  });

  test('stopped in the middle of a look it ends with what the looks before have found', async () => {
    const world = await lockedWorld();
    await tamper(world, suspended);
    let looks = 0;
    const { code, value } = await watch(world, 9, {
      doors: ({ cloud, claims }) => ({
        claims,
        cloud: {
          ...cloud,
          observe: async (blueprint) =>
            ++looks === 2
              ? Promise.reject(new GovbootError('INTERRUPTED', 'interrupted'))
              : cloud.observe(blueprint),
        },
      }),
    });
    expect([code, looks]).toEqual(['DRIFT_FOUND', 2]);
    expect(value).toMatchObject({
      environments: [{ environment: 'dev', is: 'drifted' }],
      watch: { rounds: 1, drifted: ['dev'] },
    });
  });

  test('stopped before the first look is over it says so: no look, and nothing found', async () => {
    const world = await lockedWorld();
    const cloud = async () => Promise.reject(new GovbootError('INTERRUPTED', 'interrupted'));
    const { code, value } = await watch(world, 9, { overrides: { cloud } });
    expect([code, value]).toEqual([
      'INTERRUPTED',
      { mode: 'LIVE', environments: [], watch: { rounds: 0, drifted: [] } },
    ]);
  });

  test('waits longer and longer while nothing can be reached, and an hour at most', async () => {
    const world = await lockedWorld();
    const cloud = async () => Promise.reject(new GovbootError('CLOUD_UNREACHABLE', 'no route'));
    const { code, waits, told } = await watch(world, 8, { overrides: { cloud } });
    expect([code, waits]).toEqual(['INTERRUPTED', [120, 240, 480, 960, 1920, 3600, 3600, 3600]]);
    expect(told.at(-1)).toMatch(/as 8 in a row had no answer$/);
  });

  test('is told every five minutes where nothing else is said', async () => {
    expect((await watch(await lockedWorld(), 1, {}, null)).waits).toEqual([300]);
  });

  test.each(['9', '86401', 'soon', '-1', '1e2'])('--every %s is refused', async (every) => {
    const { error } = await look(await lockedWorld(), { watch: true, every });
    expect(error).toMatchObject({ code: 'USAGE', message: expect.stringContaining(`"${every}"`) as string });
  });
});

test.each([
  [['dev'], { all: true }, /"dev" is named, and --all too/],
  [['dev'], { every: '60' }, /--every is "60", and nothing is watched/],
] as const)('%j with %j is refused', ([environment], options, message) => {
  expect(() => DRIFT_COMMAND.read(environment, options)).toThrow(message);
});
