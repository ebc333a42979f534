/** The whole table through the real SDK against moto: made, read back right, made again, and looked at when it is not right. */
import { setTimeout as delay } from 'node:timers/promises';
import { DynamoDBClient, UpdateTableCommand } from '@aws-sdk/client-dynamodb';
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand, TagRoleCommand } from '@aws-sdk/client-iam';
import { CreateOpenIDConnectProviderCommand, UpdateRoleCommand } from '@aws-sdk/client-iam';
import { DisableKeyCommand, KMSClient, ListKeysCommand } from '@aws-sdk/client-kms';
import {
  GetBucketTaggingCommand,
  PutBucketPolicyCommand,
  PutBucketTaggingCommand,
  PutBucketVersioningCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { makeAwsCloud } from '../../../../src/cloud/aws/cloud.ts';
import { isMutating } from '../../../../src/cloud/aws/guard.ts';
import { makeSdkApi, type CallInfo, type SdkApi } from '../../../../src/cloud/aws/sdk-api.ts';
import type { Instant } from '../../../../src/kernel/time.ts';
import type { Blueprint } from '../../../../src/plan/blueprint.ts';
import type { Known } from '../../../../src/plan/control.ts';
import { diff } from '../../../../src/plan/diff.ts';
import { inOrder } from '../../../../src/plan/order.ts';
import { isChange, type Step } from '../../../../src/plan/step.ts';
import { exampleBlueprint } from '../../../harness/blueprint.ts';
import { requireOrSkip } from '../../../harness/capabilities.ts';
import { motoClientConfig, motoEnv, startMoto, type Moto } from '../../../harness/moto.ts';

const here = requireOrSkip('moto', 'the AWS controls through the SDK');
const clock = {
  pause: async (ms: number) => {
    await delay(ms);
  },
  monotonic: () => performance.now(),
};
const NOON = '2026-11-22T12:00:00Z' as Instant;

const gitlab = {
  host: 'gitlab.com',
  projectPath: 'acme/infra',
  audience: 'https://acme.example',
  ref: 'main',
};

describe.skipIf(!here)('AWS through the SDK', () => {
  let moto: Moto;
  const calls: CallInfo[] = [];
  const onCall = (info: CallInfo): void => void calls.push(info);
  const apis = new Map<string, SdkApi>();
  beforeAll(async () => {
    moto = await startMoto();
    for (const [name, value] of Object.entries(motoEnv(moto.endpoint))) vi.stubEnv(name, value);
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
    await moto.stop();
  });
  beforeEach(() => moto.reset());

  const open = (b: Blueprint) => {
    const api = apis.get(b.region) ?? makeSdkApi({ region: b.region, endpoint: moto.endpoint, onCall });
    apis.set(b.region, api);
    return makeAwsCloud({ api, clock, account: b.account, region: b.region });
  };

  const plan = async (b: Blueprint): Promise<{ steps: readonly Step[]; known: Known }> => {
    const { cloud } = open(b);
    const observation = await cloud.observe(b);
    return { steps: diff(cloud.table, cloud.profile, b, observation), known: observation.known };
  };

  /** Plans and carries out, and answers the changing calls that were made. */
  const bootstrap = async (b: Blueprint, run = 'run-1'): Promise<readonly string[]> => {
    const { cloud } = open(b);
    const { steps, known } = await plan(b);
    const refused = steps.filter((step) => step.kind === 'refuse');
    expect(refused).toEqual([]);
    let learned = known;
    const changing: string[] = [];
    for (const step of inOrder(steps.filter(isChange))) {
      const done = await cloud.perform(step, { run, blueprint: b, known: learned });
      learned = { ...learned, ...done.known };
      changing.push(...done.requestIds.map(({ call, id }) => (id === '' ? `${call} without id` : call)));
    }
    return changing;
  };

  const notKept = async (b: Blueprint) => (await plan(b)).steps.filter((step) => step.kind !== 'keep');

  describe.each(['eu-central-1', 'us-east-1'])('in %s', (region) => {
    it.each(['table', 'lockfile', 'both'] as const)(
      'makes everything, and reads it back right (%s)',
      async (locking) => {
        const b = exampleBlueprint({
          region,
          locking,
          permissionsBoundary: 'arn:aws:iam::123456789012:policy/boundary',
          federation: { github: exampleBlueprint().federation.github, gitlab },
        });
        const changing = await bootstrap(b);
        expect(changing.filter((call) => call.endsWith('without id'))).toEqual([]);
        expect(changing.filter((call) => call === 'iam:CreateRole')).toHaveLength(5);
        expect(changing.filter((call) => call === 'kms:CreateKey')).toHaveLength(1);
        expect(changing.includes('dynamodb:CreateTable')).toBe(locking !== 'lockfile');
        await expect(notKept(b)).resolves.toEqual([]);

        calls.length = 0;
        await expect(bootstrap(b, 'run-2')).resolves.toEqual([]);
        expect(calls.filter(({ operation }) => isMutating(operation))).toEqual([]);
        // What is not replicated says so with an error of its own.
        const answered = calls.filter(({ operation }) => operation !== 's3:GetBucketReplication');
        expect(answered.every(({ outcome }) => outcome === 'ok')).toBe(true);
      },
    );
  });

  it('names the caller', async () => {
    await expect(open(exampleBlueprint()).cloud.whoAmI()).resolves.toMatchObject({
      account: '123456789012',
      partition: 'aws',
      region: 'eu-central-1',
      expiresInSeconds: null,
    });
  });

  it('is born with the tags of the run, in the creating call', async () => {
    const b = exampleBlueprint();
    await bootstrap(b, 'run-7');
    const { resources } = await open(b).cloud.observe(b);
    for (const [id, presence] of Object.entries(resources)) {
      expect(presence, id).toMatchObject({ is: 'ours', madeBy: 'run-7' });
    }
    expect(calls.filter(({ operation }) => operation.endsWith('PutBucketTagging'))).toEqual([]);
  });

  it('finishes from any step on: what is there is kept, and nothing is made twice', async () => {
    const b = exampleBlueprint();
    const { steps } = await plan(b);
    const all = inOrder(steps.filter(isChange));
    const { cloud } = open(b);
    let known: Known = {};
    for (const step of all.slice(0, 9)) {
      known = { ...known, ...(await cloud.perform(step, { run: 'run-1', blueprint: b, known })).known };
    }
    // The first plan again, from its beginning, by a process that knows nothing.
    const again = open(b).cloud;
    known = {};
    for (const step of all) {
      known = { ...known, ...(await again.perform(step, { run: 'run-1', blueprint: b, known })).known };
    }
    await expect(notKept(b)).resolves.toEqual([]);
    const keys = await new KMSClient(motoClientConfig(moto.endpoint)).send(new ListKeysCommand({}));
    expect(keys.Keys).toHaveLength(1);
  });

  describe('looks again', () => {
    const b = exampleBlueprint();
    const config = () => motoClientConfig(moto.endpoint);
    const bucket = { Bucket: b.names.bucket };
    beforeEach(async () => {
      await bootstrap(b);
    });

    it('and puts right what is wrong, and only that', async () => {
      const s3 = new S3Client(config());
      await s3.send(
        new PutBucketVersioningCommand({ ...bucket, VersioningConfiguration: { Status: 'Suspended' } }),
      );
      const iam = new IAMClient(config());
      await iam.send(new UpdateRoleCommand({ RoleName: b.names.roles.operator, MaxSessionDuration: 43_200 }));
      await iam.send(
        new TagRoleCommand({ RoleName: b.names.roles['ci-plan'], Tags: [{ Key: 'owner', Value: 'x' }] }),
      );
      const dynamodb = new DynamoDBClient(config());
      await dynamodb.send(
        new UpdateTableCommand({ TableName: b.names.table, DeletionProtectionEnabled: false }),
      );
      const wrong = (await notKept(b)).map(({ id }) => id).sort();
      expect(wrong).toEqual([
        'set/lock-table.deletion-protection',
        'set/role-ci-plan.tags',
        'set/role-operator.session',
        'set/state-bucket.versioning',
      ]);
      await expect(bootstrap(b, 'run-2')).resolves.toHaveLength(4);
      await expect(notKept(b)).resolves.toEqual([]);
    });

    it('and keeps what the policy tolerates', async () => {
      const s3 = new S3Client(config());
      const { TagSet } = await s3.send(new GetBucketTaggingCommand(bucket));
      const more = [
        ...(TagSet ?? []).filter(({ Key }) => Key !== 'owner'),
        { Key: 'cost-centre', Value: '42' },
      ];
      await s3.send(new PutBucketTaggingCommand({ ...bucket, Tagging: { TagSet: more } }));
      await expect(bootstrap(b, 'run-2')).resolves.toEqual(['s3:PutBucketTagging']);
      const after = await s3.send(new GetBucketTaggingCommand(bucket));
      expect(after.TagSet).toContainEqual({ Key: 'cost-centre', Value: '42' });
      expect(after.TagSet).toContainEqual({ Key: 'owner', Value: 'platform' });
      expect(after.TagSet).toContainEqual({ Key: 'govboot:run', Value: 'run-1' });
    });

    it('and shows and refuses what somebody else did', async () => {
      const theirs = {
        Sid: 'Theirs',
        Effect: 'Deny',
        Principal: '*',
        Action: 's3:GetObject',
        Resource: `arn:aws:s3:::${b.names.bucket}/x`,
      };
      await new S3Client(config()).send(
        new PutBucketPolicyCommand({
          ...bucket,
          Policy: JSON.stringify({ Version: '2012-10-17', Statement: [theirs] }),
        }),
      );
      await new IAMClient(config()).send(
        new PutRolePolicyCommand({
          RoleName: b.names.roles['ci-plan'],
          PolicyName: 'extra',
          PolicyDocument: JSON.stringify({
            Version: '2012-10-17',
            Statement: [{ Effect: 'Allow', Action: 's3:*', Resource: '*' }],
          }),
        }),
      );
      const { known } = await plan(b);
      await new KMSClient(config()).send(new DisableKeyCommand({ KeyId: known['state-key.id'] }));
      const refused = (await notKept(b)).map((step) =>
        step.kind === 'refuse' ? [step.id, step.code] : step,
      );
      expect(refused).toEqual([
        ['refuse/role-ci-plan.exclusive', 'FOREIGN_VALUE'],
        ['refuse/state-key.state', 'FOREIGN_VALUE'],
        ['refuse/state-bucket.policy', 'FOREIGN_VALUE'],
      ]);
    });
  });

  it('refuses names that are taken, and changes nothing there', async () => {
    const b = exampleBlueprint();
    await new IAMClient(motoClientConfig(moto.endpoint)).send(
      new CreateRoleCommand({
        RoleName: b.names.roles.operator,
        AssumeRolePolicyDocument: '{"Version":"2012-10-17","Statement":[]}',
      }),
    );
    calls.length = 0;
    const refused = (await notKept(b)).filter((step) => step.kind === 'refuse');
    expect(refused).toMatchObject([{ resource: 'role-operator', code: 'FOREIGN_RESOURCE' }]);
    await expect(
      open(b).claims.take({ run: 'r', blueprint: b, known: {}, knownRuns: new Set() }, 'alice', NOON),
    ).rejects.toMatchObject({
      code: 'FOREIGN_RESOURCE',
    });
    const changed = calls.filter(({ operation, outcome }) => isMutating(operation) && outcome === 'ok');
    expect(changed).toEqual([]);
  });

  it('uses the identity provider of somebody else as it is', async () => {
    const b = exampleBlueprint();
    await new IAMClient(motoClientConfig(moto.endpoint)).send(
      new CreateOpenIDConnectProviderCommand({
        Url: 'https://token.actions.githubusercontent.com',
        ClientIDList: ['sts.amazonaws.com', 'theirs'],
        Tags: [{ Key: 'owner', Value: 'somebody' }],
      }),
    );
    const changing = await bootstrap(b);
    expect(changing.filter((call) => call.includes('OpenIDConnect'))).toEqual([]);
    await expect(notKept(b)).resolves.toEqual([]);
  });

  it('claims by making the operator role, and the plan goes on from there', async () => {
    const b = exampleBlueprint();
    const context = { run: 'run-1', blueprint: b, known: {}, knownRuns: new Set(['run-1']) };
    const { claims } = open(b);
    await expect(claims.take(context, 'alice', NOON)).resolves.toMatchObject({
      is: 'held',
      requestIds: [{ call: 'iam:CreateRole' }],
    });
    await expect(open(b).claims.take({ ...context, run: 'run-2' }, 'bob', NOON)).resolves.toEqual({
      is: 'busy',
      holder: 'alice',
      run: 'run-1',
      since: NOON,
    });
    const changing = await bootstrap(b);
    expect(changing.filter((call) => call === 'iam:CreateRole')).toHaveLength(4);
    await expect(notKept(b)).resolves.toEqual([]);
    await expect(claims.release(context, 'alice', NOON)).resolves.toBeNull();
    await expect(open(b).claims.take({ ...context, run: 'run-2' }, 'bob', NOON)).resolves.toMatchObject({
      is: 'held',
    });
    await expect(notKept(b)).resolves.toEqual([]);
  });
});
