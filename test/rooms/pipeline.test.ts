// The street from end to end in one process: what is made, what is refused, and what is left of either.
import { describe, expect, test } from 'vitest';
import { makePorts, makeWorld, type World } from '../harness/ports.ts';
import {
  applied,
  counts,
  expectValid,
  findingsOf,
  ledgerOf,
  lockedWorld,
  play,
  said,
  typesOf,
} from './street/playing.ts';

describe('a fresh apply', () => {
  test('makes the backend, the lock and evidence that verifies', async () => {
    const world = await makeWorld();
    const { ports, applied: done } = await applied(world);
    expect(done).toMatchObject({ outcome: 'applied', environment: 'dev', where: 'memory' });
    expect(done?.steps).toBeGreaterThan(15);
    expect(typesOf(world)).toEqual(['GENESIS', 'APPLY_STARTED', 'APPLY_DONE', 'LOCK_WRITTEN']);
    expect(await counts(world)).toEqual({ buckets: 1, tables: 1, keys: 1, aliases: 1, roles: 5 });
    expect(ports.asked).toEqual(['Token: ', 'Type APPLY to begin: ']);
    await expectValid(world);
  });

  test('writes the ledger before the cloud, and claims the environment before anything else', async () => {
    const world = await makeWorld();
    let entriesAtFirstCall: readonly string[] | null = null;
    const { ports } = await play({
      world,
      doors: ({ cloud, claims }) => ({
        cloud,
        claims: {
          ...claims,
          take: async (context, holder, at) => {
            entriesAtFirstCall = typesOf(world);
            return claims.take(context, holder, at);
          },
        },
      }),
    });
    expect(entriesAtFirstCall).toEqual(['GENESIS', 'APPLY_STARTED']);
    expect(ports.changed()[0]).toBe('iam:CreateRole');
    expect(ports.changed().at(-1)).toBe('iam:TagRole');
  });

  test('a second one finds nothing to do: no question, no entry, no call that changes anything', async () => {
    const world = await lockedWorld();
    const before = [...world.store.files.keys()];
    const { ports, applied: done } = await applied(world);
    expect(done).toMatchObject({ outcome: 'nothing to do', steps: 0 });
    expect(done?.lockSha256).toMatch(/^[0-9a-f]{64}$/);
    expect(ports.asked).toEqual([]);
    expect(ports.changed()).toEqual([]);
    expect([...world.store.files.keys()]).toEqual(before);
  });

  test('a rehearsal says so in every record', async () => {
    const world = await makeWorld();
    expect((await play({ world, mode: 'REHEARSAL' })).error).toBeNull();
    expect(new Set(ledgerOf(world).map(({ mode }) => mode))).toEqual(new Set(['REHEARSAL']));
    await expectValid(world);
  });

  test('reads that lag behind writes are waited for', async () => {
    const world = await makeWorld();
    const { error } = await play({
      world,
      rehearsal: { consistency: { delayMs: 4_000 }, timings: { tableCreateMs: 9_000 } },
    });
    expect(error).toBeNull();
    await expectValid(world);
  });
});

/** Every gate has its turn: what is spoilt, and what is told of it. */
const SPOILT: readonly (readonly [string, (world: World) => void | Promise<void>, string])[] = [
  [
    'source',
    (world) => world.edit('policies/parity.yaml', 'noncurrent_days: 365', 'noncurrent_days: 1'),
    'source: TREE_MISMATCH',
  ],
  ['intent', (world) => world.edit('intents/dev.yaml', 'first backend', 'last backend'), 'intent: SIG_BAD'],
  ['intent, expired', (world) => world.clock.pass(40 * 3_600_000), 'intent: INTENT_WINDOW'],
  [
    'intent, unsigned',
    ({ files }) => {
      for (const path of files.keys()) if (/^intents\/.*asc$/.test(path)) files.delete(path);
    },
    'intent: SIG_MISSING',
  ],
  [
    'parity',
    (world) => world.intent({ change: (text) => text.replace('region: eu-central-1', 'region: us-east-1') }),
    'parity: PARITY',
  ],
  [
    'identity',
    (world) => world.intent({ change: (text) => text.replace('"111111111111"', '"222222222222"') }),
    'identity: IDENTITY_MISMATCH',
  ],
  ['the pin', (world) => void world.pins.splice(0), 'source: TRUST_NOT_PINNED'],
];

describe('gates that refuse', () => {
  test.each(SPOILT)('%s: without a ledger nothing is written anywhere', async (_gate, spoil, finding) => {
    const world = await makeWorld();
    await spoil(world);
    const { ports, error } = await play({ world });
    expect(error).toMatchObject({ code: 'GATES_REFUSED', exitCode: 3 });
    expect(findingsOf(ports)).toContain(finding);
    expect(world.store.files.size).toBe(0);
    expect(ports.changed()).toEqual([]);
    expect(ports.asked).toEqual([]);
  });

  test.each(SPOILT.slice(0, 5))(
    '%s: with a ledger the refusal is put on record',
    async (_gate, spoil, finding) => {
      const world = await lockedWorld();
      await spoil(world);
      const { ports, error } = await play({ world });
      expect(error?.code).toBe('GATES_REFUSED');
      const last = ledgerOf(world).at(-1);
      expect(last).toMatchObject({ type: 'GATE_FAIL' });
      const [where, code] = finding.split(': ');
      expect(last?.type === 'GATE_FAIL' && last.body.findings).toContainEqual(
        expect.objectContaining({ where, code }),
      );
      expect(said(ports)).toContain('the refusal is in the ledger');
      expect(ports.changed()).toEqual([]);
      await expectValid(world);
    },
  );

  test('a refusal that cannot be put on record is told, and is still the refusal', async () => {
    const world = await lockedWorld();
    world.edit('intents/dev.yaml', 'first backend', 'last backend');
    const { ports, error } = await play({ world, mishap: { at: 'evidence', n: 1, how: 'full' } });
    expect(error?.code).toBe('GATES_REFUSED');
    expect(said(ports).join()).toMatch(/could not be put into the ledger: .*no space left/);
  });

  test('a ledger that was forged hides nothing', async () => {
    const world = await lockedWorld();
    const name = 'ledger/00000001.json';
    const text = new TextDecoder().decode(world.store.files.get(name));
    world.store.files.set(
      name,
      new TextEncoder().encode(text.replace(/"nonce":"[0-9a-f]{32}"/, `"nonce":"${'0'.repeat(32)}"`)),
    );
    const { ports, error } = await play({ world });
    expect(error?.code).toBe('GATES_REFUSED');
    expect(findingsOf(ports)).toContain('immutability: EVIDENCE_INVALID');
    // Nothing is added to a ledger that is not whole.
    expect(said(ports).join()).toMatch(/could not be put into the ledger/);
    expect(typesOf(world)).toHaveLength(4);
  });

  test('a caller that cannot be asked is a refusal of the identity gate, not a crash', async () => {
    const world = await makeWorld();
    const { ports, error } = await play({
      world,
      rehearsal: {
        faults: [
          { match: { operation: 'sts:GetCallerIdentity' }, when: 'before', fault: 'expired', times: 99 },
        ],
      },
    });
    expect(error?.code).toBe('GATES_REFUSED');
    expect(findingsOf(ports)).toEqual(['identity: CREDENTIALS']);
  });

  test.each([
    [
      'an endpoint that the intent does not name',
      { endpoints: [{ from: 'AWS_ENDPOINT_URL', url: 'http://127.0.0.1:1' }] },
      'identity: ENDPOINT',
    ],
    [
      'a process without TLS checks',
      { weakening: [{ name: 'NODE_TLS_REJECT_UNAUTHORIZED', value: '0' }] },
      'identity: ENVIRONMENT',
    ],
  ])('through %s nobody is asked at all', async (_what, machine, finding) => {
    const world = await makeWorld();
    const { ports } = await play({ world, machine });
    expect(findingsOf(ports)).toContain(finding);
    expect(ports.api.calls()).toEqual([]);
  });

  test('a run that was begun in time is finished after the window of its intent, and nothing else is begun then', async () => {
    const world = await makeWorld();
    const first = await play({ world, mishap: { at: 'cloud', n: 6, how: 'after' } });
    expect(first.error?.message).toContain('not begun');
    world.clock.pass(5 * 24 * 3_600_000);
    const elsewhere = await makeWorld();
    elsewhere.clock.pass(5 * 24 * 3_600_000);
    expect(findingsOf((await play({ world: elsewhere })).ports)).toContain('intent: INTENT_WINDOW');
    const again = await play({ world });
    expect(findingsOf(again.ports)).toContain('immutability: RECOVERY_REQUIRED');
    const { ports } = await applied(world, { resume: true });
    const gate = ports.events.find((event) => event.type === 'gate' && event.gate === 'intent');
    expect(gate).toMatchObject({ because: expect.stringContaining('was begun before that') });
    await expectValid(world);
    // What was finished is over: the intent is as old as it is.
    expect(findingsOf((await play({ world })).ports)).toContain('intent: INTENT_WINDOW');
  });

  test('--resume with nothing to resume says so under its own code', async () => {
    const { error } = await play({ world: await makeWorld() }, { resume: true });
    expect(error).toMatchObject({ code: 'NOTHING_TO_RESUME', exitCode: 2 });
  });
});

describe('a plan that refuses', () => {
  /** Somebody else's bucket of our name in the account. */
  const withForeignBucket = async (world: World): Promise<void> => {
    await makePorts({ world }).api.call('s3:CreateBucket', {
      Bucket: 'acme-dev-tfstate-eu-central-1',
      CreateBucketConfiguration: { LocationConstraint: 'eu-central-1' },
    });
  };

  test('a foreign bucket, without a ledger: nothing is asked and nothing is written', async () => {
    const world = await makeWorld();
    await withForeignBucket(world);
    const { ports, error } = await play({ world });
    expect(error).toMatchObject({
      code: 'PLAN_REFUSED',
      exitCode: 5,
      data: { refused: ['refuse/state-bucket'] },
    });
    expect(ports.asked).toEqual([]);
    expect(ports.changed()).toEqual([]);
    expect(world.store.files.size).toBe(0);
  });

  test('a foreign statement, with a ledger: each refused row is on record', async () => {
    const world = await lockedWorld();
    const { api } = makePorts({ world });
    const Bucket = 'acme-dev-tfstate-eu-central-1';
    const { Policy } = await api.call('s3:GetBucketPolicy', { Bucket });
    const policy = JSON.parse(Policy!) as { Statement: object[] };
    policy.Statement.push({
      Sid: 'Guest',
      Effect: 'Allow',
      Principal: { AWS: 'arn:aws:iam::111111111111:root' },
      Action: 's3:GetObject',
      Resource: `arn:aws:s3:::${Bucket}/*`,
    });
    await api.call('s3:PutBucketPolicy', { Bucket, Policy: JSON.stringify(policy) });
    const { ports, error } = await play({ world });
    expect(error?.code).toBe('PLAN_REFUSED');
    const last = ledgerOf(world).at(-1);
    expect(last).toMatchObject({ type: 'PLAN_REFUSED', body: { findings: [{ code: 'FOREIGN_VALUE' }] } });
    expect(JSON.stringify(last)).toContain('state-bucket');
    expect(ports.changed()).toEqual([]);
    await expectValid(world);
  });
});
