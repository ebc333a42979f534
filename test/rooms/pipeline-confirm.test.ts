// The moment between looking and doing: who is asked, what they answer, and what may have changed meanwhile.
import { describe, expect, test } from 'vitest';
import type { Answer } from '../../src/ports.ts';
import { makePorts, makeWorld, typed, type PortsOptions, type World } from '../harness/ports.ts';
import { expectValid, findingsOf, ledgerOf, lockedWorld, play, type Played } from './street/playing.ts';

type Person = NonNullable<PortsOptions['answer']>;
const atWord =
  (answer: () => Answer | Promise<Answer>): Person =>
  ({ text, token }) =>
    text.startsWith('Token') ? typed(token) : answer();

/** A locked backend and a signed intent to change it: there is a ledger, and something to confirm. */
async function toSupersede(): Promise<World> {
  const world = await lockedWorld();
  world.clock.pass(60_000);
  const [lock] = ledgerOf(world).flatMap((entry) =>
    entry.type === 'LOCK_WRITTEN' ? [entry.body.lock_sha256] : [],
  );
  await world.intent({ supersedes: lock! });
  return world;
}

/** Nothing was written to the cloud: not one changing call was made. */
function expectUntouched({ ports, error }: Played, code: string): void {
  expect(error).toMatchObject({ code, exitCode: 4 });
  expect(ports.changed()).toEqual([]);
}

const DECLINES: readonly (readonly [string, Person, string])[] = [
  ['three wrong tokens', () => typed('AAAAA-AAAAA'), 'wrong-token'],
  ['the token in lower case', ({ token }) => typed(token.toLowerCase()), 'wrong-token'],
  ['a wrong word', atWord(() => typed('apply')), 'wrong-word'],
  ['a pasted token', () => ({ is: 'pasted' }), 'pasted'],
  ['a pasted word', atWord(() => ({ is: 'pasted' })), 'pasted'],
  ['no answer', () => ({ is: 'timeout' }), 'timeout'],
  ['Ctrl-C', () => ({ is: 'cancelled' }), 'cancelled'],
];

describe('a confirmation that is not given', () => {
  test.each(DECLINES)('%s: without a ledger nothing is written anywhere', async (_what, answer, reason) => {
    const world = await makeWorld();
    const played = await play({ world, answer });
    expectUntouched(played, 'CONFIRM');
    expect(played.error?.data).toEqual({ reason });
    expect(world.store.files.size).toBe(0);
  });

  test.each(DECLINES)('%s: with a ledger it is on record', async (_what, answer) => {
    const world = await toSupersede();
    const played = await play({ world, answer });
    expectUntouched(played, 'CONFIRM');
    expect(ledgerOf(world).at(-1)).toMatchObject({
      type: 'DECLINED',
      body: { code: 'CONFIRM', why: played.error?.message },
    });
    await expectValid(world);
  });

  test.each([makeWorld, toSupersede])('where nobody can be asked', async (make) => {
    const world = await make();
    const hadLedger = world.store.files.size > 0;
    const terminal = {
      unusable: () => 'stdin is not a terminal',
      ask: () => Promise.reject(new Error('asked all the same')),
    };
    const played = await play({ world, overrides: { terminal } });
    expectUntouched(played, 'NOT_INTERACTIVE');
    if (hadLedger)
      expect(ledgerOf(world).at(-1)).toMatchObject({ type: 'DECLINED', body: { code: 'NOT_INTERACTIVE' } });
    else expect(world.store.files.size).toBe(0);
  });

  test('a token that was mistyped once is no refusal', async () => {
    const world = await makeWorld();
    const { error, ports } = await play({
      world,
      answer: ({ text, token, n }) =>
        typed(n === 1 ? 'AAAAA-AAAAA' : text.startsWith('Token') ? token : 'APPLY'),
    });
    expect(error).toBeNull();
    expect(ports.asked).toHaveLength(3);
  });

  test('a plan is confirmed for five minutes, however quick the answer seems', async () => {
    const world = await makeWorld();
    expectUntouched(
      await play({
        world,
        answer: atWord(() => {
          world.clock.pass(300_000);
          return typed('APPLY');
        }),
      }),
      'CONFIRM',
    );
  });
});

describe('what changed between the token and APPLY is noticed', () => {
  const changing = (change: () => unknown): Person =>
    atWord(async () => {
      await change();
      return typed('APPLY');
    });

  test.each([
    ['the bytes of the intent', (world: World) => world.edit('intents/dev.yaml', 'OPS-1', 'OPS-2')],
    [
      'a whole new intent, well signed',
      (world: World) => world.intent({ change: (text) => text.replace('OPS-1', 'OPS-2') }),
    ],
    [
      'the policy',
      (world: World) => world.edit('policies/parity.yaml', 'noncurrent_days: 365', 'noncurrent_days: 30'),
    ],
    [
      'a key, gone',
      (world: World) =>
        [...world.files.keys()]
          .filter((path) => path.includes('/keys/'))
          .forEach((path) => world.files.delete(path)),
    ],
    ['the pin', (world: World) => world.pins.splice(0)],
    ['the tag', (world: World) => world.release('v1.0.1')],
  ])('%s', async (_what, change) => {
    const world = await makeWorld();
    const played = await play({ world, answer: changing(() => change(world)) });
    expectUntouched(played, 'PLAN_CHANGED');
    expect(world.store.files.size).toBe(0);
  });

  test('the account of the caller', async () => {
    const world = await makeWorld();
    let moved = false;
    const played = await play({
      world,
      answer: changing(() => (moved = true)),
      doors: ({ cloud, claims }) => ({
        claims,
        cloud: {
          ...cloud,
          whoAmI: async () => ({ ...(await cloud.whoAmI()), ...(moved ? { account: '222222222222' } : {}) }),
        },
      }),
    });
    expectUntouched(played, 'PLAN_CHANGED');
    expect(new Set(findingsOf(played.ports))).toEqual(new Set(['identity: IDENTITY_MISMATCH']));
  });

  test('the role of the caller, within the account', async () => {
    const world = await makeWorld();
    let moved = false;
    const played = await play({
      world,
      answer: changing(() => (moved = true)),
      doors: ({ cloud, claims }) => ({
        claims,
        cloud: {
          ...cloud,
          whoAmI: async () => ({
            ...(await cloud.whoAmI()),
            ...(moved ? { arn: 'arn:aws:sts::111111111111:assumed-role/other/x' } : {}),
          }),
        },
      }),
    });
    expectUntouched(played, 'PLAN_CHANGED');
    expect(Object.keys(played.error!.data)).toEqual(['shown', 'now']);
  });

  test('the cloud', async () => {
    const world = await makeWorld();
    const played = await play({
      world,
      answer: changing(() =>
        makePorts({ world }).api.call('s3:CreateBucket', {
          Bucket: 'acme-dev-tfstate-eu-central-1',
          CreateBucketConfiguration: { LocationConstraint: 'eu-central-1' },
        }),
      ),
    });
    expectUntouched(played, 'PLAN_CHANGED');
  });

  test('and with a ledger it is on record', async () => {
    const world = await toSupersede();
    const played = await play({
      world,
      answer: changing(() => world.edit('intents/dev.yaml', 'OPS-1', 'OPS-2')),
    });
    expectUntouched(played, 'PLAN_CHANGED');
    expect(ledgerOf(world).at(-1)).toMatchObject({ type: 'DECLINED', body: { code: 'PLAN_CHANGED' } });
    await expectValid(world);
  });
});
