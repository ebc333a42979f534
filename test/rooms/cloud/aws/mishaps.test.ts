/** The whole table on a strict cloud with lag and mishaps: whatever happens at any call, the end is the same. */
import { describe, expect, it } from 'vitest';
import { AWS_PROFILE } from '../../../../src/cloud/aws/profile.ts';
import { AWS_TABLE } from '../../../../src/cloud/aws/table.ts';
import { makeAwsCloud } from '../../../../src/cloud/aws/cloud.ts';
import { isMutating } from '../../../../src/cloud/aws/guard.ts';
import {
  makeRehearsalApi,
  type RehearsalApi,
  type RehearsalOptions,
} from '../../../../src/cloud/rehearsal/api.ts';
import type { Instant } from '../../../../src/kernel/time.ts';
import type { Known } from '../../../../src/plan/control.ts';
import { diff } from '../../../../src/plan/diff.ts';
import { inOrder } from '../../../../src/plan/order.ts';
import { isChange } from '../../../../src/plan/step.ts';
import { exampleBlueprint } from '../../../harness/blueprint.ts';
import { fakeClock } from './fake-api.ts';

const b = exampleBlueprint();
const TRUST = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Deny', Principal: '*', Action: 'sts:AssumeRole' }],
});

/** A cloud that holds only what the operator's trust policy names. */
function open(more: Partial<RehearsalOptions> = {}) {
  const clock = fakeClock();
  const api = makeRehearsalApi({
    account: b.account,
    region: b.region,
    clock: { now: () => Date.parse('2026-11-22T12:00:00Z') + clock.monotonic(), pause: clock.pause },
    known: [...b.roles.operator.principals],
    ...more,
  });
  return { api, clock };
}

async function bootstrap({
  api,
  clock,
}: ReturnType<typeof open>): Promise<{ changing: number; retries: number }> {
  const { cloud } = makeAwsCloud({ api, clock, account: b.account, region: b.region });
  const before = await cloud.observe(b);
  const steps = diff(cloud.table, cloud.profile, b, before);
  expect(steps.filter((step) => step.kind === 'refuse')).toEqual([]);
  let known: Known = before.known;
  let changing = 0;
  let retries = 0;
  for (const step of inOrder(steps.filter(isChange))) {
    const done = await cloud.perform(step, { run: 'run-1', blueprint: b, known });
    known = { ...known, ...done.known };
    changing += done.requestIds.length;
    retries += done.retries;
  }
  return { changing, retries };
}

async function expectRight({ api, clock }: ReturnType<typeof open>): Promise<void> {
  await clock.pause(600_000);
  const { cloud } = makeAwsCloud({ api, clock, account: b.account, region: b.region });
  const after = diff(cloud.table, cloud.profile, b, await cloud.observe(b));
  expect(after.filter((step) => step.kind !== 'keep')).toEqual([]);
  expect(await keysOf(api)).toBe(1);
}

async function observed({ api, clock }: ReturnType<typeof open>) {
  return makeAwsCloud({ api, clock, account: b.account, region: b.region }).cloud.observe(b);
}

async function keysOf(api: RehearsalApi): Promise<number> {
  return (await api.call('kms:ListKeys', {})).Keys?.length ?? 0;
}

describe('on a strict cloud', () => {
  it('makes everything, and reads it back right', async () => {
    const here = open();
    const { changing } = await bootstrap(here);
    expect(changing).toBeGreaterThan(20);
    await expectRight(here);
    await expect(bootstrap(here)).resolves.toEqual({ changing: 0, retries: 0 });
  });

  it.each([
    ['slow to spread', { consistency: { delayMs: 5_000 } }],
    ['slow and flapping', { consistency: { delayMs: 5_000, flapping: true } }],
    ['slow for writers too', { consistency: { delayMs: 5_000, writes: 'eventual' } }],
    ['slow tables', { timings: { tableCreateMs: 20_000, tableUpdateMs: 5_000, backupsMs: 30_000 } }],
    ['small pages', { pageSize: 1 }],
  ] as const)('%s', async (_what, options) => {
    const here = open(options);
    await bootstrap(here);
    await expectRight(here);
  });
});

describe('a key whose making was lost with the process', () => {
  /** The next process looks before a read can show the key: by name it could not be found anywhere. */
  const restarted = async (unsure: boolean): Promise<number> => {
    const first = open({ consistency: { delayMs: 8_000 } });
    for (const role of Object.values(b.names.roles))
      await first.api.call('iam:CreateRole', { RoleName: role, AssumeRolePolicyDocument: TRUST });
    await first.clock.pause(60_000);
    const step = diff(AWS_TABLE, AWS_PROFILE, b, await observed(first)).find(
      ({ id }) => id === 'create/state-key',
    )!;
    const perform = (more: object) =>
      makeAwsCloud({ ...first, account: b.account, region: b.region }).cloud.perform(step, {
        run: 'run-1',
        blueprint: b,
        known: {},
        ...more,
      });
    const dying = { ...first.api, call: first.api.call.bind(first.api) };
    await expect(
      makeAwsCloud({
        api: {
          call: async (operation, input) => {
            const answer = await dying.call(operation, input);
            if (operation === 'kms:CreateKey') throw new Error('the process is dead');
            return answer;
          },
        },
        clock: first.clock,
        account: b.account,
        region: b.region,
      }).cloud.perform(step, { run: 'run-1', blueprint: b, known: {} }),
    ).rejects.toThrow(/dead/);
    await perform({ unsure });
    await first.clock.pause(60_000);
    return keysOf(first.api);
  };

  it('is waited for by the next one, which knows from the journal that it was begun', async () => {
    expect(await restarted(true)).toBe(1);
  });

  it('would be made twice by one that does not know', async () => {
    expect(await restarted(false)).toBe(2);
  });
});

describe('a mishap at any changing call', () => {
  /** Nothing is refused as not ready, so that the n-th call is the same one every time. */
  const QUICK = { tableCreateMs: 0, tableUpdateMs: 0, backupsMs: 0 };
  const everyCall = Array.from({ length: 21 }, (_, i) => i + 1);

  it.each(everyCall)('the answer of call %i is lost', async (mutating) => {
    const here = open({
      faults: [{ match: { mutating }, when: 'after', fault: 'reset' }],
      consistency: { delayMs: 2_000 },
    });
    await bootstrap(here);
    await expectRight(here);
  });

  it.each(everyCall)('call %i is throttled, refused as a conflict, or fails inside', async (mutating) => {
    for (const fault of ['throttle', 'conflict', '500'] as const) {
      const here = open({
        timings: QUICK,
        faults: [{ match: { mutating }, when: 'before', fault, times: 2 }],
      });
      await bootstrap(here);
      const struck = here.api
        .calls()
        .filter(({ operation, outcome }) => isMutating(operation) && outcome !== 'ok');
      expect(struck.length).toBeGreaterThan(0);
      await expectRight(here);
    }
  });

  it.each(everyCall)('the process dies at call %i, and the next one finishes', async (mutating) => {
    for (const when of ['before', 'after'] as const) {
      const first = open({ timings: QUICK, faults: [{ match: { mutating }, when, fault: 'crash' }] });
      await expect(bootstrap(first)).rejects.toThrow(/crash/);
      const second = open({ state: await first.api.snapshot() });
      await second.clock.pause(first.clock.monotonic());
      await bootstrap(second);
      await expectRight(second);
    }
  });
});

describe('two at once', () => {
  const NOON = '2026-11-22T12:00:00Z' as Instant;

  it.each(['never claimed', 'released'])('exactly one of them gets a claim that was %s', async (before) => {
    for (const delayMs of [0, 100]) {
      const { api, clock } = open({ consistency: { delayMs }, latencyMs: 5 });
      const claims = () => makeAwsCloud({ api, clock, account: b.account, region: b.region }).claims;
      const context = (run: string) => ({ run, blueprint: b, known: {}, knownRuns: new Set(['run-0']) });
      if (before === 'released') {
        await claims().take(context('run-0'), 'zoe', NOON);
        await claims().release(context('run-0'), 'zoe', NOON);
        await clock.pause(10_000);
      }
      const answers = await Promise.all([
        claims().take(context('run-1'), 'alice', NOON),
        claims().take(context('run-2'), 'bob', NOON),
      ]);
      expect(answers.map((answer) => answer.is).sort()).toEqual(['busy', 'held']);
      const busy = answers.find((answer) => answer.is === 'busy');
      expect(busy).toMatchObject(answers[0].is === 'held' ? { holder: 'alice' } : { holder: 'bob' });
    }
  });
});
