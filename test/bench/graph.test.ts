import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RecordedCall } from '../harness/call-recorder.ts';
import { graphOf, longestChain, PHASES, place } from './graph.ts';
import { figureText, json, lines, markdown, verdictOf, type Row } from './report.ts';
import { busyMs, depthSeen } from './seen.ts';
import { isWide, quantile, ratioOf } from './stats.ts';
import { aspectOf, type Step } from './subjects.ts';
import { lanesOf, waterfall } from './waterfall.ts';

const BUCKET = 'acme-bucket';
const step = (id: string, resource: string, name: string, ...after: string[]): Step => ({
  id,
  resource,
  name,
  after,
});

/** The operator role, a second one, the key, and a bucket with two settings. */
const STEPS: readonly Step[] = [
  step('create/role-operator', 'role-operator', 'operator'),
  step('create/role-ci-plan', 'role-ci-plan', 'ci-plan'),
  step('create/state-key', 'state-key', 'alias/k', 'create/role-operator', 'create/role-ci-plan'),
  step('create/state-bucket', 'state-bucket', BUCKET, 'create/state-key'),
  step('set/state-bucket.versioning', 'state-bucket', BUCKET, 'create/state-bucket'),
  step(
    'set/state-bucket.encryption',
    'state-bucket',
    BUCKET,
    'set/state-bucket.versioning',
    'create/state-key',
  ),
];

type Asked = readonly [operation: string, subject: string, status?: number];
const observation = (status: number): readonly Asked[] => [
  ['iam:ListRoleTags', 'operator', status],
  ['iam:ListRoleTags', 'ci-plan', status],
  ['kms:DescribeKey', 'alias/k', status],
  ['kms:ListKeys', ''],
  ['s3:HeadBucket', BUCKET, status],
];
const FRESH: readonly Asked[] = [
  ['sts:GetCallerIdentity', ''],
  ...observation(404),
  ['sts:GetCallerIdentity', ''],
  ...observation(404),
  ['iam:CreateRole', 'operator'],
  ['iam:CreateRole', 'ci-plan'],
  ['iam:ListRoleTags', 'operator'],
  ['kms:DescribeKey', 'alias/k', 404],
  ['kms:ListKeys', ''],
  ['s3:HeadBucket', BUCKET, 404],
  ['kms:CreateKey', ''],
  ['s3:CreateBucket', BUCKET],
  ['s3:HeadBucket', BUCKET],
  ['s3:GetBucketVersioning', BUCKET],
  ['s3:PutBucketVersioning', BUCKET],
  ['s3:GetBucketEncryption', BUCKET],
  ['s3:GetBucketVersioning', BUCKET],
  ['s3:PutBucketEncryption', BUCKET],
  ['s3:GetBucketEncryption', BUCKET],
  ...observation(200),
  ['kms:ListResourceTags', 'k1'],
  ['s3:GetBucketVersioning', BUCKET],
  ['s3:GetBucketEncryption', BUCKET],
  ['iam:ListRoleTags', 'operator'],
  ['iam:TagRole', 'operator'],
];

function recorded(asked: readonly Asked[], times: readonly number[] = []): readonly RecordedCall[] {
  return asked.map(([operation, subject, status = 200], index) => {
    const startMs = times[index] ?? index * 60;
    return { operation, subject, status, index, startMs, endMs: startMs + 50, servedMs: 5, connection: 0 };
  });
}

function chainOf(calls: readonly RecordedCall[], steps = STEPS): readonly string[] {
  const graph = graphOf(place(calls, steps), steps);
  return longestChain(graph).map((i) => graph.placed[i]!.call.operation);
}

describe('the longest chain', () => {
  it('of a fresh apply is what AWS and the safety argument demand', () => {
    expect(chainOf(recorded(FRESH))).toEqual([
      'sts:GetCallerIdentity',
      'iam:ListRoleTags',
      'sts:GetCallerIdentity',
      'iam:ListRoleTags',
      'iam:CreateRole',
      'iam:CreateRole',
      'kms:DescribeKey',
      'kms:CreateKey',
      's3:CreateBucket',
      's3:GetBucketVersioning',
      's3:PutBucketVersioning',
      's3:PutBucketEncryption',
      'kms:DescribeKey',
      'kms:ListResourceTags',
      'iam:ListRoleTags',
      'iam:TagRole',
    ]);
  });

  it('is the same whenever the calls were answered: a slow schedule cannot excuse itself', () => {
    const length = chainOf(recorded(FRESH)).length;
    fc.assert(
      fc.property(fc.array(fc.nat(60_000), { minLength: FRESH.length, maxLength: FRESH.length }), (times) => {
        expect(chainOf(recorded(FRESH, times))).toHaveLength(length);
      }),
      { numRuns: 50 },
    );
  });

  it('grows by one with a setting of the bucket, and not with one of another resource', () => {
    const at = FRESH.findLastIndex(([operation]) => operation === 's3:GetBucketEncryption');
    const end = FRESH.findIndex(([operation], i) => i > 20 && operation === 'iam:ListRoleTags');
    expect(at).toBeGreaterThan(end);
    const more = (...extra: Asked[]) => [...FRESH.slice(0, end), ...extra, ...FRESH.slice(end)];
    const policy = step('set/state-bucket.policy', 'state-bucket', BUCKET, 'set/state-bucket.encryption');
    const rotation = step('set/state-key.rotation', 'state-key', 'alias/k', 'create/state-key');
    expect(chainOf(recorded(more(['s3:PutBucketPolicy', BUCKET])), [...STEPS, policy])).toHaveLength(17);
    expect(chainOf(recorded(more(['kms:EnableKeyRotation', 'k1'])), [...STEPS, rotation])).toHaveLength(16);
  });

  it('follows the plan: a bucket that waits for no key has a shorter one', () => {
    const free = STEPS.map((each) => ({
      ...each,
      after: each.after.filter((id) => id !== 'create/state-key'),
    }));
    expect(chainOf(recorded(FRESH), free).length).toBeLessThan(16);
  });

  it.each([
    [
      'one that observed once only',
      FRESH.filter(([operation], i) => i === 0 || operation !== 'sts:GetCallerIdentity'),
    ],
    ['one that ended before it was released', FRESH.slice(0, -1)],
    ['nothing', []],
  ])('is not made up for %s', (_what, asked) => {
    expect(() => chainOf(recorded(asked))).toThrow();
  });

  it('is not walked in circles', () => {
    const [placed] = place(recorded(FRESH), STEPS);
    expect(() => longestChain({ placed: [placed!, placed!], after: [[1], [0]] })).toThrow(
      'wait for each other',
    );
  });
});

describe('placing', () => {
  it('tells the read-back of a step from the observation after it', () => {
    const placed = place(recorded(FRESH), STEPS);
    const phases = placed.map(({ phase }) => phase);
    expect(phases.filter((phase) => phase === 'read back')).toHaveLength(8);
    expect(phases.filter((phase) => phase === 'release')).toHaveLength(2);
    const checks = placed.filter(({ part }) => part === 'check').map(({ call }) => call.operation);
    expect(checks).toEqual([
      'iam:ListRoleTags',
      's3:HeadBucket',
      's3:GetBucketVersioning',
      's3:GetBucketEncryption',
    ]);
  });

  it('takes the claim for the making of its role: what is set on that role later holds up no key', () => {
    const permissions = step(
      'set/role-operator.permissions',
      'role-operator',
      'operator',
      'create/role-operator',
    );
    const steps = [...STEPS, permissions];
    const at = FRESH.findIndex(([operation]) => operation === 's3:PutBucketEncryption');
    const calls = recorded([...FRESH.slice(0, at), ['iam:PutRolePolicy', 'operator'], ...FRESH.slice(at)]);
    expect(place(calls, steps).find(({ call }) => call.operation === 'iam:PutRolePolicy')?.step).toBe(
      permissions.id,
    );
    expect(chainOf(calls, steps)).toHaveLength(16);
  });

  it('knows the setting that a call is about', () => {
    expect(aspectOf('s3:PutPublicAccessBlock')).toBe('public-access-block');
    expect(aspectOf('kms:ListAliases')).toBe('alias');
    expect(aspectOf('s3:HeadBucket')).toBeNull();
  });
});

describe('ratios', () => {
  it('are those of the pairs, not of the sums', () => {
    expect(
      ratioOf([
        [1, 1],
        [20, 10],
        [300, 100],
      ]),
    ).toEqual({ median: 2, low: 1.5, high: 2.5, pairs: 3 });
  });

  it('between two values are interpolated, and of nothing there are none', () => {
    expect(quantile([1, 3], 0.5)).toBe(2);
    expect(() => quantile([], 0.5)).toThrow('no values');
  });

  it('that scatter are called so', () => {
    expect(isWide({ median: 1, low: 0.7, high: 1.3, pairs: 9 })).toBe(true);
    expect(isWide({ median: 1, low: 0.95, high: 1.1, pairs: 9 })).toBe(false);
  });
});

describe('the picture', () => {
  const calls = recorded(FRESH);
  const placed = place(calls, STEPS);
  const chain = longestChain(graphOf(placed, STEPS));
  const svg = waterfall({ placed, chain, wallMs: 3_000, title: 'a <fresh> apply' });

  it('has a bar for each call, a number for each of the chain, a name for each phase and resource', () => {
    expect(svg.match(/<rect [^>]*><title>/g)).toHaveLength(FRESH.length);
    expect(svg.match(/class="number"/g)).toHaveLength(chain.length);
    for (const name of [...PHASES, 'state-bucket', 'role-ci-plan']) expect(svg).toContain(`>${name}</text>`);
    expect(svg).toContain('a &#60;fresh&#62; apply');
  });

  it('puts bars that overlap into lanes of their own, and only those', () => {
    const at = (index: number, from: number, to: number) => ({ index, from, to });
    expect(lanesOf([at(0, 0, 50), at(1, 50, 90), at(2, 40, 60)])).toEqual({
      bars: [
        { index: 0, lane: 0 },
        { index: 2, lane: 1 },
        { index: 1, lane: 0 },
      ],
      lanes: 2,
    });
  });
});

describe('a verdict', () => {
  const ratio = { median: 1.2, low: 1, high: 1.6, pairs: 5 };
  const row = (figure: Row['figure']): Row => ({ what: 'this', aim: '≤ 1.3 ×', figure });
  const missing = row({ is: 'not measured', why: 'terraform is not on PATH' });

  it('is missed above the aim, and met at it', () => {
    expect(verdictOf({ is: 'ratio', ratio, most: 1.3 })).toBe('met');
    expect(verdictOf({ is: 'ratio', ratio, most: 1.19 })).toBe('missed');
    expect(verdictOf({ is: 'count', value: 3, unit: 'round trips', most: 3 })).toBe('met');
    expect(verdictOf({ is: 'count', value: 4, unit: 'round trips', most: 3 })).toBe('missed');
  });

  it('tells what scatters, and says loudly what was not measured', () => {
    expect(figureText({ is: 'ratio', ratio, most: 1.3 })).toBe('1.20 × (1.00 to 1.60, 5 pairs; wide)');
    expect(lines([row({ is: 'ratio', ratio, most: 1.3 }), missing])).toMatch(
      /The machine was busy: in 1 rows.*\nNOT MEASURED: this: terraform is not on PATH$/s,
    );
    expect(markdown([missing])).toContain(
      '| this | not measured: terraform is not on PATH | ≤ 1.3 × | not measured |',
    );
    expect(JSON.parse(json([missing], {}))).toMatchObject({
      rows: [{ verdict: 'not measured', why: 'terraform is not on PATH' }],
    });
  });
});

describe('what was seen', () => {
  const at = (startMs: number, endMs: number): RecordedCall => ({
    ...recorded([['x:Y', '']])[0]!,
    startMs,
    endMs,
  });

  it('is as deep as calls followed one another', () => {
    expect(depthSeen([])).toBe(0);
    expect(depthSeen([at(0, 50), at(10, 60), at(5, 55)])).toBe(1);
    expect(depthSeen([at(60, 110), at(0, 50), at(55, 105), at(120, 170)])).toBe(3);
  });

  it('was busy while any call was under way', () => {
    expect(busyMs([at(100, 150), at(0, 50), at(20, 70), at(30, 40)])).toBe(120);
  });
});
