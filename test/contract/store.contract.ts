/** The contract of Cloud for the store of the evidence: what is there of it, what is made right, and what is refused. */
import { describe, expect, test } from 'vitest';
import { exampleBlueprintWithStore } from '../harness/blueprint.ts';
import type { Blueprint } from '../../src/plan/blueprint.ts';
import { amiss, bootstrap, opened, planned, spread, writes, type CloudWorld } from './cloud.contract.ts';

const STORE = exampleBlueprintWithStore();

function storeOf(b: Blueprint) {
  return { Bucket: b.evidence?.bucket ?? '', ExpectedBucketOwner: b.account };
}

/** @param Days null for a bucket that can keep versions, and is told no time */
async function keep(
  world: CloudWorld,
  Mode: 'COMPLIANCE' | 'GOVERNANCE' | null,
  Days: number,
): Promise<void> {
  await world.api.call('s3:PutObjectLockConfiguration', {
    ...storeOf(STORE),
    ObjectLockConfiguration: {
      ObjectLockEnabled: 'Enabled',
      ...(Mode === null ? {} : { Rule: { DefaultRetention: { Mode, Days } } }),
    },
  });
  await spread(world);
}

async function retention(world: CloudWorld) {
  const { ObjectLockConfiguration } = await world.api.call('s3:GetObjectLockConfiguration', storeOf(STORE));
  return ObjectLockConfiguration?.Rule?.DefaultRetention;
}

/** @param makeWorld an empty account, made anew for each promise */
export function storeContract(name: string, makeWorld: () => Promise<CloudWorld>): void {
  describe(`the store of the evidence on ${name}`, () => {
    const made = async (): Promise<CloudWorld> => {
      const world = await makeWorld();
      await bootstrap(world, STORE);
      await spread(world);
      return world;
    };

    test('is made with everything else, reads back right, and has nothing left to do', async () => {
      const world = await makeWorld();
      const steps = (await planned(world, STORE)).steps.filter(({ resource }) =>
        resource.startsWith('evidence-'),
      );
      expect(steps.map(({ id }) => id)).toEqual([
        'create/evidence-key',
        'set/evidence-key.alias',
        'set/evidence-key.rotation',
        'create/evidence-bucket',
        'set/evidence-bucket.public-access-block',
        'set/evidence-bucket.encryption',
        'set/evidence-bucket.object-lock',
        'set/evidence-bucket.policy',
      ]);
      expect(steps.filter(({ title }) => title.includes('(cannot be undone)')).map(({ id }) => id)).toEqual([
        'set/evidence-bucket.object-lock',
      ]);
      await bootstrap(world, STORE);
      await spread(world);
      expect(await amiss(world, STORE)).toEqual([]);
      expect((await world.api.call('s3:GetBucketVersioning', storeOf(STORE))).Status).toBe('Enabled');
      expect(await retention(world)).toEqual({ Mode: 'COMPLIANCE', Days: 2557 });
    });

    test('is made beside a backend that is there already, under a key of its own', async () => {
      const world = await makeWorld();
      await bootstrap(world, { ...STORE, evidence: null });
      await spread(world);
      const { world: watched, made: calls } = writes(world);
      await bootstrap(watched, STORE, 'run-2');
      await spread(world);
      expect(calls.filter((call) => call.startsWith('iam:') || call.startsWith('dynamodb:'))).toEqual([]);
      const { known } = await planned(world, STORE);
      expect(known['evidence-key.arn']).toMatch(/:key\//);
      expect(known['evidence-key.arn']).not.toBe(known['state-key.arn']);
      expect(await amiss(world, { ...STORE, evidence: null })).toEqual([]);
    });

    test('a key whose alias is gone is found again by its tags, and is not taken for the other', async () => {
      const world = await makeWorld();
      // Both are made and neither has its alias: nothing but tags tells them apart.
      const half = async (b: Blueprint, id: string): Promise<string> => {
        const { steps, known } = await planned(world, b);
        const create = steps.find((step) => step.id === `create/${id}`);
        if (create?.kind !== 'create') throw new Error(`no create/${id}`);
        const { cloud } = opened(world, b);
        const done = await cloud.perform(create, { run: 'run-1', blueprint: b, known });
        await spread(world);
        return done.known[`${id}.id`] ?? '';
      };
      const roles = exampleBlueprintWithStore();
      await bootstrap(world, { ...roles, evidence: null });
      await spread(world);
      const key = await half(STORE, 'evidence-key');
      const { known } = await planned(world, STORE);
      expect(known['evidence-key.id']).toBe(key);
      expect(known['state-key.id']).not.toBe(key);
      await bootstrap(world, STORE);
      await spread(world);
      expect((await planned(world, STORE)).known['evidence-key.id']).toBe(key);
    });

    test('an alias that leads to the key of the state is refused', async () => {
      const world = await makeWorld();
      await bootstrap(world, { ...STORE, evidence: null });
      await spread(world);
      const { known } = await planned(world, STORE);
      await world.api.call('kms:CreateAlias', {
        AliasName: STORE.evidence?.keyAlias ?? '',
        TargetKeyId: known['state-key.id'] ?? '',
      });
      await spread(world);
      const { steps } = await planned(world, STORE);
      expect(steps.find(({ id }) => id === 'refuse/evidence-key')).toMatchObject({
        code: 'FOREIGN_RESOURCE',
      });
      expect(steps.some(({ resource, kind }) => resource === 'evidence-bucket' && kind === 'set')).toBe(true);
    });

    test('a retention that is longer than the policy says is right, and never made shorter', async () => {
      const world = await made();
      await keep(world, 'COMPLIANCE', 5000);
      expect(await amiss(world, STORE)).toEqual([]);
      const { world: watched, made: calls } = writes(world);
      await bootstrap(watched, STORE, 'run-2');
      expect(calls).toEqual([]);
      expect(await retention(world)).toEqual({ Mode: 'COMPLIANCE', Days: 5000 });
    });

    test.each([
      ['a shorter retention', 'COMPLIANCE', 30],
      ['GOVERNANCE, which has a way around it', 'GOVERNANCE', 2557],
      ['no rule at all', null, 0],
    ] as const)('%s is wrong, and made longer', async (_what, mode, days) => {
      const world = await made();
      await keep(world, mode, days);
      expect((await amiss(world, STORE)).map(({ id }) => id)).toEqual(['set/evidence-bucket.object-lock']);
      await bootstrap(world, STORE, 'run-2');
      await spread(world);
      expect(await retention(world)).toEqual({ Mode: 'COMPLIANCE', Days: 2557 });
      expect(await amiss(world, STORE)).toEqual([]);
    });

    test('GOVERNANCE for longer is refused: COMPLIANCE for as long would be more than anybody confirmed', async () => {
      const world = await made();
      await keep(world, 'GOVERNANCE', 5000);
      expect(await amiss(world, STORE)).toMatchObject([
        { kind: 'refuse', control: 'evidence-bucket.object-lock', code: 'FOREIGN_VALUE' },
      ]);
    });

    test('a policy that asks for longer makes it longer', async () => {
      const world = await made();
      const longer = { ...STORE, evidence: { ...STORE.evidence!, retentionDays: 3650 } };
      const wrong = await amiss(world, longer);
      // The policy of the bucket says the least that an upload may ask for itself.
      expect(wrong.map(({ id }) => id)).toEqual([
        'set/evidence-bucket.object-lock',
        'set/evidence-bucket.policy',
      ]);
      await bootstrap(world, longer, 'run-2');
      await spread(world);
      expect(await retention(world)).toEqual({ Mode: 'COMPLIANCE', Days: 3650 });
      expect(await amiss(world, longer)).toEqual([]);
    });

    test('a rule that lets evidence expire is shown, refused, and left as it is', async () => {
      const world = await makeWorld();
      const rule = {
        ID: 'tidy',
        Status: 'Enabled' as const,
        Filter: { Prefix: '' },
        Expiration: { Days: 30 },
      };
      await bootstrap(world, { ...STORE, evidence: null });
      const Tags = Object.entries(STORE.tags).map(([Key, Value]) => ({ Key, Value }));
      await world.api.call('s3:CreateBucket', {
        Bucket: STORE.evidence?.bucket,
        ObjectOwnership: 'BucketOwnerEnforced',
        ObjectLockEnabledForBucket: true,
        CreateBucketConfiguration: { LocationConstraint: STORE.region as 'eu-central-1', Tags },
      });
      await spread(world);
      await world.api.call('s3:PutBucketLifecycleConfiguration', {
        ...storeOf(STORE),
        LifecycleConfiguration: { Rules: [rule] },
      });
      await spread(world);
      const refused = (await amiss(world, STORE)).filter((step) => step.kind === 'refuse');
      expect(refused).toMatchObject([{ control: 'evidence-bucket.no-expiry', code: 'FOREIGN_VALUE' }]);
      expect(JSON.stringify(refused)).toContain('tidy');
    });

    test('a bucket that was made by hand, without Object Lock, is taken over and gets it', async () => {
      const world = await makeWorld();
      await world.api.call('s3:CreateBucket', {
        Bucket: STORE.evidence?.bucket,
        CreateBucketConfiguration: { LocationConstraint: STORE.region as 'eu-central-1' },
      });
      await spread(world);
      await bootstrap(world, { ...STORE, adopts: 'anything' });
      await spread(world);
      expect(await amiss(world, STORE)).toEqual([]);
      expect(await retention(world)).toEqual({ Mode: 'COMPLIANCE', Days: 2557 });
    });
  });
}
