/**
 * The contract of the Cloud port: what the pipeline relies on, stated once and run over every AwsApi. Each promise is about a
 * whole backend: made, read back, made again, interrupted, and met with what somebody else put there.
 */
import { describe, expect, test } from 'vitest';
import type { AwsApi } from '../../src/cloud/aws/api.ts';
import { makeAwsCloud } from '../../src/cloud/aws/cloud.ts';
import { isMutating } from '../../src/cloud/aws/guard.ts';
import type { Instant } from '../../src/kernel/time.ts';
import type { Blueprint } from '../../src/plan/blueprint.ts';
import type { Known } from '../../src/plan/control.ts';
import { diff } from '../../src/plan/diff.ts';
import { inOrder } from '../../src/plan/order.ts';
import { isChange, type ChangeStep, type Step } from '../../src/plan/step.ts';
import type { Claims, Cloud } from '../../src/ports.ts';
import { exampleBlueprint } from '../harness/blueprint.ts';

/** One empty account, and a clock that everything in it goes by. */
export interface CloudWorld {
  readonly api: AwsApi;
  readonly clock: { pause(ms: number): Promise<void>; monotonic(): number };
}

export interface Opened {
  readonly cloud: Cloud;
  readonly claims: Claims;
}

export const NOON = '2026-11-22T12:00:00Z' as Instant;
const LATER = '2026-11-22T12:05:00Z' as Instant;

export function opened({ api, clock }: CloudWorld, b: Blueprint): Opened {
  return makeAwsCloud({ api, clock, account: b.account, region: b.region });
}

export async function planned(
  world: CloudWorld,
  b: Blueprint,
): Promise<{ readonly steps: readonly Step[]; readonly known: Known }> {
  const { cloud } = opened(world, b);
  const observation = await cloud.observe(b);
  return { steps: diff(cloud.table, cloud.profile, b, observation), known: observation.known };
}

/** Plans, and carries the changes out as the pipeline may: whatever does not wait for another step, side by side. */
export async function bootstrap(
  world: CloudWorld,
  b: Blueprint,
  run = 'run-1',
): Promise<readonly ChangeStep[]> {
  const { cloud } = opened(world, b);
  const plan = await planned(world, b);
  expect(plan.steps.filter((step) => step.kind === 'refuse')).toEqual([]);
  const changes = inOrder(plan.steps.filter(isChange));
  let known = plan.known;
  const done = new Set<string>();
  while (done.size < changes.length) {
    const ready = changes.filter((step) => !done.has(step.id) && step.after.every((id) => done.has(id)));
    const at = known;
    // Each step sees what was known when it began; all are awaited, so that none is still at work when one has failed.
    const results = await Promise.allSettled(
      ready.map((step) => cloud.perform(step, { run, blueprint: b, known: at })),
    );
    for (const [i, result] of results.entries()) {
      if (result.status === 'rejected') throw result.reason;
      known = { ...known, ...result.value.known };
      done.add(ready[i]!.id);
    }
  }
  return changes;
}

/** Everything that a plan would do or refuse; nothing, when all is right. */
export async function amiss(world: CloudWorld, b: Blueprint): Promise<readonly Step[]> {
  return (await planned(world, b)).steps.filter((step) => step.kind !== 'keep');
}

/** Long enough for every write to be seen everywhere. */
export async function spread({ clock }: CloudWorld): Promise<void> {
  await clock.pause(60_000);
}

/** Notes every changing call. */
export function writes({ api, clock }: CloudWorld): { readonly world: CloudWorld; readonly made: string[] } {
  const made: string[] = [];
  const watched: AwsApi = {
    call(operation, input) {
      if (isMutating(operation)) made.push(operation);
      return api.call(operation, input);
    },
  };
  return { world: { api: watched, clock }, made };
}

/** @param makeWorld an empty account, made anew for each promise */
export function cloudContract(name: string, makeWorld: () => Promise<CloudWorld>): void {
  describe(`the contract of Cloud on ${name}`, () => {
    describe.each(['eu-central-1'])('in %s', (region) => {
      test.each(['table', 'lockfile', 'both'] as const)(
        'makes everything, reads it back right, and has nothing left to do (%s)',
        async (locking) => {
          const world = await makeWorld();
          const b = exampleBlueprint({ region, locking });
          expect((await bootstrap(world, b)).length).toBeGreaterThan(10);
          await spread(world);
          expect(await amiss(world, b)).toEqual([]);
          const { world: watched, made } = writes(world);
          expect(await bootstrap(watched, b, 'run-2')).toEqual([]);
          expect(made).toEqual([]);
        },
      );
    });

    test('the same steps again change nothing', async () => {
      const world = await makeWorld();
      const b = exampleBlueprint();
      const { steps } = await planned(world, b);
      await bootstrap(world, b);
      await spread(world);
      const { world: watched, made } = writes(world);
      const { cloud } = opened(watched, b);
      let known: Known = {};
      for (const step of inOrder(steps.filter(isChange)))
        known = { ...known, ...(await cloud.perform(step, { run: 'run-1', blueprint: b, known })).known };
      expect(made).toEqual([]);
      expect(await amiss(world, b)).toEqual([]);
    });

    test('a role of that name without our tags is refused, and not touched', async () => {
      const world = await makeWorld();
      const b = exampleBlueprint();
      const RoleName = b.names.roles['break-glass'];
      const nobody = JSON.stringify({
        Version: '2012-10-17',
        Statement: [{ Effect: 'Deny', Principal: '*', Action: 'sts:AssumeRole' }],
      });
      await world.api.call('iam:CreateRole', { RoleName, AssumeRolePolicyDocument: nobody });
      await spread(world);
      const { world: watched, made } = writes(world);
      const { steps } = await planned(watched, b);
      expect(
        steps.filter((step) => step.kind === 'refuse').map(({ resource, code }) => [resource, code]),
      ).toContainEqual(['role-break-glass', 'FOREIGN_RESOURCE']);
      expect(made).toEqual([]);
    });

    test('a bucket of ours with tags of another environment is refused', async () => {
      const world = await makeWorld();
      const b = exampleBlueprint();
      const Tags = [
        { Key: 'govboot:environment', Value: 'prod' },
        { Key: 'govboot:repository', Value: b.repository },
      ];
      await world.api.call('s3:CreateBucket', {
        Bucket: b.names.bucket,
        CreateBucketConfiguration: { LocationConstraint: b.region as 'eu-central-1', Tags },
      });
      await spread(world);
      const refusal = (await planned(world, b)).steps.find(
        (step) => step.kind === 'refuse' && step.resource === 'state-bucket',
      );
      expect(refusal).toMatchObject({ code: 'FOREIGN_RESOURCE' });
    });

    test('what was made by hand is refused, and taken over where the intent says so', async () => {
      const world = await makeWorld();
      const b = exampleBlueprint();
      await world.api.call('s3:CreateBucket', {
        Bucket: b.names.bucket,
        CreateBucketConfiguration: { LocationConstraint: b.region as 'eu-central-1' },
      });
      const { KeyMetadata } = await world.api.call('kms:CreateKey', {
        Description: 'by hand',
        KeyUsage: 'ENCRYPT_DECRYPT',
      });
      await spread(world);
      await world.api.call('dynamodb:CreateTable', {
        TableName: b.names.table,
        AttributeDefinitions: [{ AttributeName: 'LockID', AttributeType: 'S' }],
        KeySchema: [{ AttributeName: 'LockID', KeyType: 'HASH' }],
        BillingMode: 'PAY_PER_REQUEST',
        SSESpecification: { Enabled: true, SSEType: 'KMS', KMSMasterKeyId: KeyMetadata?.Arn },
      });
      await world.api.call('kms:CreateAlias', {
        AliasName: b.names.keyAlias,
        TargetKeyId: KeyMetadata?.KeyId ?? '',
      });
      await spread(world);
      const refused = (await planned(world, b)).steps.filter(
        (step) => step.kind === 'refuse' && step.control === null,
      );
      expect(refused.map(({ resource }) => resource).sort()).toEqual([
        'lock-table',
        'state-bucket',
        'state-key',
      ]);
      const adopting = exampleBlueprint({ adopts: 'anything' });
      await bootstrap(world, adopting);
      await spread(world);
      // From now on it is ours, whoever asks.
      expect(await amiss(world, b)).toEqual([]);
      expect((await planned(world, b)).known['state-key.id']).toBe(KeyMetadata?.KeyId);
    });

    test('what went wrong since is shown and mended, and nothing else is touched', async () => {
      const world = await makeWorld();
      const b = exampleBlueprint();
      await bootstrap(world, b);
      await spread(world);
      const bucket = { Bucket: b.names.bucket, ExpectedBucketOwner: b.account };
      await world.api.call('s3:PutBucketVersioning', {
        ...bucket,
        VersioningConfiguration: { Status: 'Suspended' },
      });
      await world.api.call('s3:PutPublicAccessBlock', {
        ...bucket,
        PublicAccessBlockConfiguration: {
          BlockPublicAcls: true,
          IgnorePublicAcls: true,
          BlockPublicPolicy: false,
          RestrictPublicBuckets: true,
        },
      });
      await world.api.call('iam:UpdateRole', {
        RoleName: b.names.roles.operator,
        MaxSessionDuration: 43_200,
      });
      await spread(world);
      const wrong = await amiss(world, b);
      expect(wrong.map(({ id }) => id).sort()).toEqual([
        'set/role-operator.session',
        'set/state-bucket.public-access-block',
        'set/state-bucket.versioning',
      ]);
      const { world: watched, made } = writes(world);
      await bootstrap(watched, b);
      await spread(world);
      expect(made.sort()).toEqual(['iam:UpdateRole', 's3:PutBucketVersioning', 's3:PutPublicAccessBlock']);
      expect(await amiss(world, b)).toEqual([]);
    });

    test('a foreign statement in the bucket policy is shown, refused, and left as it is', async () => {
      const world = await makeWorld();
      const b = exampleBlueprint();
      await bootstrap(world, b);
      await spread(world);
      const bucket = { Bucket: b.names.bucket, ExpectedBucketOwner: b.account };
      const { Policy = '' } = await world.api.call('s3:GetBucketPolicy', bucket);
      const document = JSON.parse(Policy) as { Statement: object[] };
      const theirs = {
        Sid: 'Auditors',
        Effect: 'Allow',
        Principal: { AWS: `arn:aws:iam::${b.account}:root` },
        Action: 's3:ListBucket',
        Resource: `arn:aws:s3:::${b.names.bucket}`,
      };
      await world.api.call('s3:PutBucketPolicy', {
        ...bucket,
        Policy: JSON.stringify({ ...document, Statement: [...document.Statement, theirs] }),
      });
      await spread(world);
      const wrong = await amiss(world, b);
      expect(wrong).toHaveLength(1);
      expect(wrong[0]).toMatchObject({
        kind: 'refuse',
        control: 'state-bucket.policy',
        code: 'FOREIGN_VALUE',
      });
      expect(JSON.stringify(wrong[0])).toContain('Auditors');
    });

    test('a claim is held by one run, shown to the next, and free when it is released', async () => {
      const world = await makeWorld();
      const b = exampleBlueprint();
      const { claims } = opened(world, b);
      const context = (run: string, ...known: readonly string[]) => ({
        run,
        blueprint: b,
        known: {},
        knownRuns: new Set(known),
      });
      expect(await claims.take(context('run-1'), 'alice', NOON)).toMatchObject({ is: 'held' });
      expect(await claims.take(context('run-1'), 'alice', LATER)).toMatchObject({ is: 'held' });
      await spread(world);
      expect(await claims.take(context('run-2'), 'bob', LATER)).toMatchObject({
        is: 'busy',
        holder: 'alice',
        run: 'run-1',
      });
      expect(await claims.release(context('run-2'), 'bob', LATER)).toMatchObject({ holder: 'alice' });
      await spread(world);
      expect(await claims.take(context('run-2'), 'bob', LATER)).toMatchObject({ is: 'busy' });
      expect(await claims.release(context('run-1'), 'alice', LATER)).toBeNull();
      await spread(world);
      expect(await claims.take(context('run-2'), 'bob', LATER)).toMatchObject({
        is: 'finished',
        holder: 'alice',
        since: LATER,
      });
      expect(await claims.take(context('run-2', 'run-1'), 'bob', LATER)).toMatchObject({ is: 'held' });
    });
  });
}
