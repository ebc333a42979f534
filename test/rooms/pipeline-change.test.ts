// Four ways to change a backend, and what each of them refuses to do for another: docs/decisions/0019.
import { describe, expect, test } from 'vitest';
import type { Json } from '../../src/kernel/json.ts';
import type { BackendLock } from '../../src/inputs/evidence-documents.ts';
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
const TABLE = 'acme-dev-tflock';
const ALIAS = 'alias/acme-dev-tfstate';
const OPERATOR = 'acme-dev-operator';
const INTENT = { intent: 'intents/change.yaml' };

const elsewhere = (world: World) => makePorts({ world }).api;
const lockOf = ({ store }: World): BackendLock =>
  JSON.parse(new TextDecoder().decode(store.files.get('.backend.lock'))) as BackendLock;
const suspend = (world: World) =>
  elsewhere(world).call('s3:PutBucketVersioning', {
    Bucket: BUCKET,
    VersioningConfiguration: { Status: 'Suspended' },
  });
/** The rows that were refused, as `control: CODE`. */
const refusedIn = (world: World): readonly string[] => {
  const last = ledgerOf(world).at(-1);
  return last?.type === 'PLAN_REFUSED'
    ? last.body.findings.map(({ where, code, message }) => `${where}: ${code}: ${message}`)
    : [];
};
const beforeOf = (world: World): Record<string, Json> =>
  Object.fromEntries(lockOf(world).run.steps.map(({ id, before }) => [id, before]));

/** A backend as somebody makes it by hand on a Friday: the right names, and little else. */
async function madeByHand(world: World, tags: readonly { Key: string; Value: string }[] = []): Promise<void> {
  const api = elsewhere(world);
  const { KeyMetadata } = await api.call('kms:CreateKey', { Description: 'state' });
  const key = KeyMetadata?.KeyId ?? '';
  await api.call('kms:CreateAlias', { AliasName: ALIAS, TargetKeyId: key });
  await api.call('s3:CreateBucket', {
    Bucket: BUCKET,
    CreateBucketConfiguration: { LocationConstraint: 'eu-central-1' },
  });
  if (tags.length > 0)
    await api.call('s3:PutBucketTagging', { Bucket: BUCKET, Tagging: { TagSet: [...tags] } });
  await api.call('s3:PutBucketVersioning', {
    Bucket: BUCKET,
    VersioningConfiguration: { Status: 'Suspended' },
  });
  await api.call('dynamodb:CreateTable', {
    TableName: TABLE,
    AttributeDefinitions: [{ AttributeName: 'LockID', AttributeType: 'S' }],
    KeySchema: [{ AttributeName: 'LockID', KeyType: 'HASH' }],
    BillingMode: 'PAY_PER_REQUEST',
  });
  world.clock.pass(120_000);
}

/** The same intent signed anew with another action. */
async function asks(world: World, action: 'create' | 'adopt' | 'supersede' | 'correct'): Promise<void> {
  const names = action === 'supersede' || action === 'correct' ? { supersedes: locksOf(world).at(-1)! } : {};
  await world.intent({ path: INTENT.intent, action, ...names });
}

describe('a backend that was made by hand', () => {
  test('is refused by an intent that creates: each resource is named, and nothing is written', async () => {
    const world = await makeWorld();
    await madeByHand(world);
    const before = await observable(world);
    const { ports, error } = await play({ world });
    expect(error?.code).toBe('PLAN_REFUSED');
    const rows = ports.events.flatMap((event) => (event.type === 'plan' ? event.plan.rows : []));
    const refused = rows.filter(({ kind, control }) => kind === 'refuse' && control === null);
    expect(refused.map(({ resource }) => resource).sort()).toEqual([
      'lock-table',
      'state-bucket',
      'state-key',
    ]);
    for (const { why } of refused)
      expect(why).toMatch(/FOREIGN_RESOURCE: .*only an intent with action adopt/);
    expect(ports.asked).toEqual([]);
    expect(ports.changed()).toEqual([]);
    expect(await observable(world)).toEqual(before);
  });

  test('is taken over by an intent that adopts, with what was there before on record', async () => {
    const world = await makeWorld();
    await madeByHand(world);
    await asks(world, 'adopt');
    await applied(world, INTENT);
    expect(await counts(world)).toEqual({ buckets: 1, tables: 1, keys: 1, aliases: 1, roles: 5 });
    expect(lockOf(world).intent.action).toBe('adopt');
    expect(beforeOf(world)).toMatchObject({
      'adopt/state-bucket': {},
      'adopt/lock-table': {},
      'adopt/state-key': {},
      'set/state-bucket.versioning': 'Suspended',
      'set/lock-table.deletion-protection': false,
      'create/role-break-glass': null,
    });
    await expectValid(world);
    expect((await play({ world }, INTENT)).applied?.outcome).toBe('nothing to do');
  });

  test('is taken over with the operator role too, which is the claim', async () => {
    const world = await makeWorld();
    const made = await lockedWorld();
    const { Role } = await elsewhere(made).call('iam:GetRole', { RoleName: OPERATOR });
    await elsewhere(world).call('iam:CreateRole', {
      RoleName: OPERATOR,
      AssumeRolePolicyDocument: decodeURIComponent(Role?.AssumeRolePolicyDocument ?? ''),
    });
    world.clock.pass(120_000);
    expect((await play({ world })).error?.code).toBe('PLAN_REFUSED');
    await asks(world, 'adopt');
    await applied(world, INTENT);
    expect(beforeOf(world)).toMatchObject({ 'adopt/role-operator': {} });
    await expectValid(world);
  });

  test('keeps its before-values when the run that adopts is killed and resumed', async () => {
    for (const n of [3, 5, 8, 12]) {
      const world = await makeWorld();
      await madeByHand(world);
      await asks(world, 'adopt');
      await expect(
        play({ world, mishap: { at: 'cloud', n, how: 'after' } }, INTENT).then(({ error }) => {
          throw error ?? new Error('it was to die');
        }),
      ).rejects.toThrow();
      await applied(world, { ...INTENT, resume: true });
      expect(beforeOf(world)).toMatchObject({
        'adopt/state-bucket': {},
        'set/state-bucket.versioning': 'Suspended',
        'set/lock-table.deletion-protection': false,
      });
      expect(await counts(world)).toMatchObject({ keys: 1, roles: 5 });
      await expectValid(world);
    }
  });

  test('with a tag or a statement of somebody else is shown and refused, whatever the intent says', async () => {
    const world = await makeWorld();
    await madeByHand(world, [{ Key: 'team', Value: 'payments' }]);
    await asks(world, 'adopt');
    const { ports, error } = await play({ world }, INTENT);
    expect(error?.code).toBe('PLAN_REFUSED');
    const row = ports.events
      .flatMap((event) => (event.type === 'plan' ? event.plan.rows : []))
      .find(({ kind }) => kind === 'refuse');
    expect(row).toMatchObject({ resource: 'state-bucket', control: 'tags', from: { team: 'payments' } });
    expect(ports.changed()).toEqual([]);
  });

  test('with the tags of another environment is never taken over', async () => {
    const world = await makeWorld();
    await madeByHand(world, [{ Key: 'govboot:environment', Value: 'prod' }]);
    await asks(world, 'adopt');
    const { ports, error } = await play({ world }, INTENT);
    expect(error?.code).toBe('PLAN_REFUSED');
    expect(ports.changed()).toEqual([]);
  });
});

describe('a locked backend that drifted', () => {
  test('is brought back by an intent that corrects, which names the lock; nothing else is written', async () => {
    const world = await lockedWorld();
    const right = await observable(world);
    const old = locksOf(world).at(-1)!;
    await suspend(world);
    await asks(world, 'correct');
    const { ports } = await applied(world, INTENT);
    expect(ports.changed().filter((call) => !call.startsWith('iam:'))).toEqual(['s3:PutBucketVersioning']);
    expect(lockOf(world)).toMatchObject({ supersedes: old, intent: { action: 'correct' } });
    expect(beforeOf(world)).toEqual({ 'set/state-bucket.versioning': 'Suspended' });
    expect(withoutRun(await observable(world))).toEqual(withoutRun(right));
    await expectValid(world);
  });

  test('is not brought back in passing by one that supersedes', async () => {
    const world = await lockedWorld();
    await suspend(world);
    world.clock.pass(3_600_000);
    world.edit('policies/parity.yaml', 'noncurrent_days: 365', 'noncurrent_days: 400');
    await world.release('v1.1.0');
    await asks(world, 'supersede');
    const { ports, error } = await play({ world }, INTENT);
    expect(error?.code).toBe('PLAN_REFUSED');
    expect(refusedIn(world)).toEqual([
      expect.stringMatching(/^refuse\/state-bucket\.versioning: DRIFTED: .*Enabled/),
    ]);
    expect(ports.changed()).toEqual([]);
  });

  test('is corrected to what the lock says, not to what a newer policy wants', async () => {
    const world = await lockedWorld();
    world.clock.pass(3_600_000);
    world.edit('policies/parity.yaml', 'noncurrent_days: 365', 'noncurrent_days: 400');
    await world.release('v1.1.0');
    await asks(world, 'correct');
    const { ports, error } = await play({ world }, INTENT);
    expect(error?.code).toBe('PLAN_REFUSED');
    expect(refusedIn(world)).toEqual([
      expect.stringMatching(/^refuse\/state-bucket\.lifecycle: BEYOND_LOCK: .*400.*365/),
    ]);
    expect(ports.changed()).toEqual([]);
  });

  test('that lost the tags by which it is ours is known by the lock, and gets them back', async () => {
    const world = await lockedWorld();
    await elsewhere(world).call('s3:PutBucketTagging', { Bucket: BUCKET, Tagging: { TagSet: [] } });
    await asks(world, 'correct');
    const { ports } = await applied(world, INTENT);
    expect(ports.changed().filter((call) => call.startsWith('s3:'))).toEqual(['s3:PutBucketTagging']);
    expect(beforeOf(world)).toEqual({ 'adopt/state-bucket': {} });
    await expectValid(world);
  });

  test('whose drift is gone again has nothing to correct', async () => {
    const world = await lockedWorld();
    await asks(world, 'correct');
    const { ports } = await applied(world, INTENT);
    expect(ports.changed().filter((call) => !call.startsWith('iam:'))).toEqual([]);
    await expectValid(world);
  });
});

describe('a backend that was locked by a copy of the repository', () => {
  /** The same cloud, seen with a ledger that has nothing in it. */
  async function copyOf(theirs: World): Promise<World> {
    const ours: World = { ...(await makeWorld()), cloud: theirs.cloud };
    ours.clock.ms = theirs.clock.ms;
    for (let i = 0; i < 100; i++) ours.next();
    await ours.intent();
    return ours;
  }

  test('is refused before anybody is asked: whose run it was, since when, and how to go on', async () => {
    const theirs = await lockedWorld();
    theirs.clock.pass(3_600_000);
    const ours = await copyOf(theirs);
    const { ports, error } = await play({ world: ours });
    expect(error).toMatchObject({
      code: 'LOCKED_ELSEWHERE',
      exitCode: 3,
      data: { holder: theirs.cast.alice.fingerprint, run: lockOf(theirs).run.id },
      hint: expect.stringMatching(/git pull.*adopt/),
    });
    expect(error?.message).toContain('2026-11-22T12:0');
    expect(ports.asked).toEqual([]);
    expect(ports.changed()).toEqual([]);
    expect(typesOf(ours)).not.toContain('LOCK_WRITTEN');
  });

  test('is refused too when it was finished between the question and APPLY', async () => {
    const theirs = await makeWorld();
    const ours = await copyOf(theirs);
    let reads = 0;
    const { ports, error } = await play({
      world: ours,
      doors: ({ cloud, claims }) => ({
        claims,
        cloud: {
          ...cloud,
          observe: async (blueprint) => {
            // The second reading is the one after APPLY.
            if (++reads === 2) await applied(theirs);
            return cloud.observe(blueprint);
          },
        },
      }),
    });
    expect(error).toMatchObject({
      code: 'LOCKED_ELSEWHERE',
      data: { holder: theirs.cast.alice.fingerprint },
    });
    expect(reads).toBe(2);
    expect(ports.changed()).toEqual([]);
  });

  test('is taken over by an intent that adopts, where that evidence is lost for good', async () => {
    const theirs = await lockedWorld();
    theirs.clock.pass(3_600_000);
    const ours = await copyOf(theirs);
    await asks(ours, 'adopt');
    const { ports } = await applied(ours, INTENT);
    expect(said(ports).join('\n')).toContain(`made by run ${lockOf(theirs).run.id}`);
    await expectValid(ours);
    // From now on it is they who do not know.
    expect((await play({ world: theirs })).error?.code).toBe('LOCKED_ELSEWHERE');
  });
});

function withoutRun(state: Json): unknown {
  return JSON.parse(
    JSON.stringify(state)
      .replaceAll(/"govboot:finished":"[^"]*"/g, '"govboot:finished":"run"')
      .replaceAll(/"govboot:run":"[^"]*"/g, '"govboot:run":"run"'),
  );
}
