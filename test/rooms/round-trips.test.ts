// How many round trips follow one another: a count of dependent calls, not a time.
import { expect, test } from 'vitest';
import type { Operation } from '../../src/cloud/aws/api.ts';
import { isMutating } from '../../src/cloud/aws/guard.ts';
import { makeWorld, type World } from '../harness/ports.ts';
import { roundsOf, type Rounds } from '../harness/rounds.ts';
import { play } from './street/playing.ts';

/** A cloud whose lists have one page and whose tables are there at once, so that only what depends on something is a round of its own. */
const QUICK = { pageSize: 1_000, timings: { tableCreateMs: 0, tableUpdateMs: 0, backupsMs: 0 } };

/** The rounds of one apply. */
async function roundsIn(world: World) {
  let calls: Rounds | null = null;
  const { error, applied } = await play({
    world,
    rehearsal: QUICK,
    between: (api) => (calls = roundsOf(api)).api,
  });
  expect(error).toBeNull();
  return { outcome: applied?.outcome, rounds: calls!.rounds() };
}

const on = (service: string, round: readonly Operation[]) =>
  round.filter((operation) => operation.startsWith(`${service}:`));
const writesOf = (rounds: readonly (readonly Operation[])[], service: string) =>
  rounds.flatMap((round, i) =>
    on(service, round)
      .filter(isMutating)
      .map((operation) => [i, operation] as const),
  );

test('a run with nothing to do: who calls, what is there, how it is', async () => {
  const world = await makeWorld();
  expect((await roundsIn(world)).outcome).toBe('applied');
  const { outcome, rounds } = await roundsIn(world);
  expect(outcome).toBe('nothing to do');
  const [caller, located, read, ...more] = rounds;
  expect(more).toEqual([]);
  expect(caller).toEqual(['sts:GetCallerIdentity']);
  // One question each, of the key a second one that is for the case that it has no alias.
  expect([...located!].sort()).toEqual([
    'dynamodb:DescribeTable',
    ...Array<string>(5).fill('iam:ListRoleTags'),
    'kms:DescribeKey',
    'kms:ListKeys',
    's3:HeadBucket',
  ]);
  expect(on('s3', read!)).toHaveLength(8);
  expect(on('iam', read!)).toHaveLength(20);
});

test('a fresh apply: the settings of the bucket are its longest chain, each write in the round after the one before', async () => {
  const { outcome, rounds } = await roundsIn(await makeWorld());
  expect(outcome).toBe('applied');
  const writes = writesOf(rounds, 's3').map(([round]) => round);
  expect(writes.length).toBeGreaterThan(4);
  const [made = 0, first = 0, ...later] = writes;
  // The first setting is looked at when the bucket is there, every other one while the one before it is written.
  expect(first - made).toBe(2);
  expect(later).toEqual(later.map((_round, i) => first + i + 1));
  const iam = writesOf(rounds, 'iam');
  const [claim] = iam;
  const [key] = writesOf(rounds, 'kms');
  expect(claim).toEqual([4, 'iam:CreateRole']);
  // The key's policy names the roles, and the bucket's names the key, which must be enabled first.
  // It is looked for right before, by its alias and then among all, as nothing would refuse a second one.
  expect(key).toEqual([8, 'kms:CreateKey']);
  expect(made).toBe(10);
  // Read-back of the last setting, read-back of everything in two, look at the claim, release.
  expect(rounds.length - 1 - later.at(-1)!).toBe(5);
  expect(iam.at(-1)).toEqual([rounds.length - 1, 'iam:TagRole']);
});
