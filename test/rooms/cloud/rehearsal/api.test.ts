// docs/rehearsal-cloud.md, "The cloud itself" and "Two at once".
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Operation } from '../../../../src/cloud/aws/api.ts';
import { faultOf } from '../../../../src/cloud/aws/classify.ts';
import { makeRehearsalApi } from '../../../../src/cloud/rehearsal/api.ts';
import { memoryStore } from '../../../../src/cloud/rehearsal/store.ts';
import { isSha256 } from '../../../../src/kernel/digest.ts';
import type { Json } from '../../../../src/kernel/json.ts';
import {
  account,
  bucket,
  inRegion,
  makeBucket,
  makeKey,
  makeRole,
  refused,
  region,
  rehearse,
  trustRoot,
} from './rehearse.ts';

/** Small programs over the cloud; what each does may well be refused. */
const program = fc.array(
  fc.oneof(
    fc
      .constantFrom('a', 'b')
      .map((n) => ['s3:CreateBucket', { Bucket: `bucket-${n}`, ...inRegion }] as const),
    fc
      .constantFrom('a', 'b')
      .map(
        (n) =>
          [
            's3:PutBucketVersioning',
            { Bucket: `bucket-${n}`, VersioningConfiguration: { Status: 'Enabled' } },
          ] as const,
      ),
    fc
      .constantFrom('a', 'A', '!')
      .map(
        (n) => ['iam:CreateRole', { RoleName: `role-${n}`, AssumeRolePolicyDocument: trustRoot }] as const,
      ),
    fc.constant(['kms:CreateKey', {}] as const),
    fc.constantFrom('a', 'b').map((n) => ['s3:GetBucketVersioning', { Bucket: `bucket-${n}` }] as const),
  ),
  { maxLength: 12 },
);

async function play(
  run: ReturnType<typeof rehearse>,
  steps: readonly (readonly [string, object])[],
): Promise<readonly string[]> {
  const outcomes: string[] = [];
  for (const [operation, input] of steps) {
    await run.api.call(operation as Operation, input as never).then(
      (answer) => outcomes.push(JSON.stringify(answer)),
      (error: unknown) => outcomes.push(String(error)),
    );
  }
  return outcomes;
}

describe('the cloud itself', () => {
  test('R.1 the same seed and calls give the same answers and the same state', async () => {
    await fc.assert(
      fc.asyncProperty(program, fc.nat(1000), async (steps, seed) => {
        const [one, two] = [rehearse({ seed }), rehearse({ seed })];
        expect(await play(one, steps)).toEqual(await play(two, steps));
        expect(await one.api.snapshot()).toEqual(await two.api.snapshot());
      }),
      { numRuns: 40 },
    );
  });

  test('R.1 another seed gives other identifiers', async () => {
    const ids = await Promise.all([1, 2].map(async (seed) => makeKey(rehearse({ seed }).api)));
    expect(ids[0]).not.toBe(ids[1]);
    expect(ids[0]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  test('R.2 a snapshot that is put back goes on as if nothing had happened', async () => {
    await fc.assert(
      fc.asyncProperty(program, program, async (before, after) => {
        const whole = rehearse();
        await play(whole, before);
        const saved = JSON.parse(JSON.stringify(await whole.api.snapshot())) as Json;
        const restored = rehearse({ state: saved });
        expect(await restored.api.snapshot()).toEqual(saved);
        // Answers differ in their request ids, which belong to the session.
        await play(whole, after);
        await play(restored, after);
        expect(await restored.api.snapshot()).toEqual(await whole.api.snapshot());
      }),
      { numRuns: 40 },
    );
  });

  test.each([null, {}, { version: 2 }, 'text', { version: 1, seed: 1, made: 0, lastAt: 0 }])(
    'R.2 %j is no state',
    (state) => {
      expect(() => memoryStore({ seed: 1, state })).toThrow('not one of version 1');
    },
  );

  test('R.2 each change is told, reads are not', async () => {
    const told: Json[] = [];
    const { clock } = rehearse();
    const api = makeRehearsalApi({ account, region, clock, onChange: (state) => told.push(state) });
    await makeBucket(api);
    await api.call('s3:GetBucketVersioning', bucket);
    await refused(makeBucket(api), 'exists');
    expect(told).toHaveLength(1);
    expect(told[0]).toEqual(await api.snapshot());
  });

  test('R.3 a refused call changes nothing', async () => {
    const { api } = rehearse();
    await makeBucket(api);
    const before = await api.snapshot();
    await refused(api.call('s3:PutBucketPolicy', { ...bucket, Policy: '{}' }), 'invalid', 'MalformedPolicy');
    await refused(api.call('kms:CreateKey', { Policy: '{}' }), 'invalid');
    await refused(api.call('iam:CreateRole', { RoleName: 'r', AssumeRolePolicyDocument: '{}' }), 'invalid');
    await refused(
      api.call('dynamodb:CreateTable', { TableName: 'tab', KeySchema: [], AttributeDefinitions: [] }),
      'invalid',
    );
    expect(await api.snapshot()).toEqual(before);
  });

  test('R.4 calls are recorded, with what became of them', async () => {
    const { api, clock } = rehearse({ latencyMs: 7 });
    await makeBucket(api);
    await refused(makeBucket(api), 'exists');
    const calls = api.calls();
    expect(calls.map(({ operation, outcome }) => [operation, outcome])).toEqual([
      ['s3:CreateBucket', 'ok'],
      ['s3:CreateBucket', 'BucketAlreadyOwnedByYou'],
    ]);
    expect(calls[0]!.input).toBe(calls[1]!.input);
    expect(isSha256(calls[0]!.input)).toBe(true);
    expect(calls[1]!.at - calls[0]!.at).toBe(7);
    expect(clock.now() - calls[1]!.at).toBe(7);
  });

  test('R.4 request ids are never the same, not in another session either', async () => {
    const run = rehearse();
    const apis = [
      run.api,
      run.with({ session: 'another' }),
      run.with({ callerArn: `arn:aws:iam::${account}:user/bob` }),
    ];
    const ids = new Set<string | undefined>();
    for (const api of apis)
      for (let i = 0; i < 3; i++) ids.add((await api.call('sts:GetCallerIdentity', {})).$metadata.requestId);
    expect(ids.size).toBe(9);
    const fault = await refused(run.api.call('s3:HeadBucket', bucket), 'absent');
    expect(fault.requestId).toBe(run.api.calls().at(-1)!.requestId);
  });

  test('R.5 what is not modelled is refused', async () => {
    const { api } = rehearse();
    const input = { ...bucket, ...inRegion, GrantRead: 'everybody' };
    expect(
      (await refused(api.call('s3:CreateBucket', input), 'invalid', 'RehearsalUnsupported')).message,
    ).toContain('GrantRead');
    await api.call('s3:CreateBucket', { ...bucket, ...inRegion, GrantRead: undefined });
  });

  test('R.6 accounts and regions are kept apart', async () => {
    const us = rehearse();
    const them = us.with({ account: '999999999999' });
    const east = us.with({ region: 'us-east-1' });
    const id = await makeKey(us.api);
    await makeRole(us.api);
    await refused(them.call('kms:DescribeKey', { KeyId: id }), 'absent');
    await refused(east.call('kms:DescribeKey', { KeyId: id }), 'absent');
    await refused(them.call('iam:GetRole', { RoleName: 'operator' }), 'absent');
    await east.call('iam:GetRole', { RoleName: 'operator' });
    expect((await them.call('sts:GetCallerIdentity', {})).Account).toBe('999999999999');
    const arn = `arn:aws:kms:${region}:${account}:key/${id}`;
    await refused(them.call('kms:DescribeKey', { KeyId: arn }), 'denied', 'AccessDeniedException');
    await refused(east.call('kms:DescribeKey', { KeyId: arn }), 'invalid', 'InvalidArnException');
  });

  test('R.7 a failure is classified as the real one would be', async () => {
    const { api } = rehearse();
    const fault = await refused(api.call('s3:GetBucketPolicy', bucket), 'absent', 'NoSuchBucket');
    const real = faultOf('s3:GetBucketPolicy', {
      name: 'NoSuchBucket',
      message: fault.message,
      $metadata: { httpStatusCode: 404, attempts: 1 },
    });
    expect([fault.kind, fault.fault, fault.status, fault.attempts]).toEqual([
      real.kind,
      real.fault,
      real.status,
      real.attempts,
    ]);
  });

  test('R.8 nobody can reach into the state through an answer', async () => {
    const { api } = rehearse();
    await makeBucket(api);
    const read = () => api.call('s3:GetPublicAccessBlock', bucket);
    const answer = await read();
    (answer.PublicAccessBlockConfiguration as { BlockPublicAcls: boolean }).BlockPublicAcls = false;
    expect((await read()).PublicAccessBlockConfiguration?.BlockPublicAcls).toBe(true);
    const state = (await api.snapshot()) as unknown as { buckets: Record<string, { history: unknown[] }> };
    state.buckets[bucket.Bucket]!.history.length = 0;
    await read();
  });

  test('R.16 pages are small, and smaller where asked', async () => {
    const { api } = rehearse();
    for (let i = 0; i < 5; i++) await makeKey(api);
    expect((await api.call('kms:ListKeys', { Limit: 100 })).Keys).toHaveLength(3);
    expect((await api.call('kms:ListKeys', { Limit: 2 })).Keys).toHaveLength(2);
    await refused(api.call('kms:ListKeys', { Limit: 1001 }), 'invalid', 'ValidationException');
    await refused(api.call('kms:ListKeys', { Marker: 'next:99' }), 'not-ready', 'InvalidMarkerException');
    await refused(api.call('iam:ListRoleTags', { RoleName: 'nobody', MaxItems: 0 }), 'absent');
  });

  test('an account is 12 digits', () => {
    expect(() => rehearse({ account: '1234' })).toThrow('not 12 digits');
  });
});

describe('two at once', () => {
  const versioning = { ...bucket, VersioningConfiguration: { Status: 'Enabled' as const } };

  test('R.20 a second change of a bucket while the first is under way is aborted', async () => {
    const run = rehearse();
    await makeBucket(run.api);
    const other = run.with({ callerArn: `arn:aws:iam::${account}:user/bob` });
    const both = await Promise.allSettled([
      run.api.call('s3:PutBucketVersioning', versioning),
      other.call('s3:PutBucketVersioning', versioning),
    ]);
    expect(both[0].status).toBe('fulfilled');
    await refused(
      both[1].status === 'rejected' ? Promise.reject(both[1].reason) : Promise.resolve(),
      'conflict',
      'OperationAborted',
    );
    await run.api.call('s3:PutBucketVersioning', versioning);
  });

  test('R.20 a refused or struck call frees its bucket', async () => {
    const { api } = rehearse({ faults: [{ match: { nth: 1 }, when: 'before', fault: 'reset' }] });
    await refused(makeBucket(api), 'network');
    await makeBucket(api);
    await refused(makeBucket(api), 'exists');
    await api.call('s3:PutBucketVersioning', versioning);
  });

  test('R.21 a second change of a role while the first is under way is refused, creations are decided by the name', async () => {
    const { api } = rehearse();
    const made = await Promise.allSettled([makeRole(api), makeRole(api)]);
    expect(made.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    await refused(
      made[1].status === 'rejected' ? Promise.reject(made[1].reason) : Promise.resolve(),
      'exists',
    );
    const tag = { RoleName: 'operator', Tags: [{ Key: 'a', Value: 'b' }] };
    const tagged = await Promise.allSettled([api.call('iam:TagRole', tag), api.call('iam:TagRole', tag)]);
    await refused(
      tagged[1].status === 'rejected' ? Promise.reject(tagged[1].reason) : Promise.resolve(),
      'conflict',
      'ConcurrentModificationException',
    );
  });

  test('R.22 different resources, and reads, do not wait', async () => {
    const { api } = rehearse();
    await makeBucket(api);
    await Promise.all([
      api.call('s3:PutBucketVersioning', versioning),
      api.call('s3:GetBucketVersioning', bucket),
      api.call('s3:CreateBucket', { Bucket: 'another', ...inRegion }),
      makeRole(api, 'one'),
      makeRole(api, 'two'),
      makeKey(api),
      makeKey(api),
    ]);
    expect(api.calls().every(({ outcome }) => outcome === 'ok')).toBe(true);
  });
});
