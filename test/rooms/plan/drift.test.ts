// Two values, place by place; and a backend against its lock, by tables that are small enough to see through.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sameJson } from '../../../src/kernel/canonical.ts';
import type { Json } from '../../../src/kernel/json.ts';
import { changesBetween, isOnlyAdded } from '../../../src/plan/changes.ts';
import { findDrift, hasDrifted, type LockedBackend } from '../../../src/plan/drift.ts';
import type { Observation, ResourceSpec } from '../../../src/plan/control.ts';
import { absent, blueprint, control, found, observation, ours, resource, unowned, unset } from './tables.ts';

describe('what changed', () => {
  test.each<[string, Json, Json, readonly [string, Json | undefined, Json | undefined][]]>([
    ['nothing', { a: [1, { b: null }] }, { a: [1, { b: null }] }, []],
    ['a value', 'Enabled', 'Suspended', [['', 'Enabled', 'Suspended']]],
    ['a field', { status: 'ENABLED', days: 35 }, { status: 'ENABLED', days: 1 }, [['days', 35, 1]]],
    ['a field that is new', { a: 1 }, { a: 1, b: 2 }, [['b', undefined, 2]]],
    [
      'a field that is gone',
      { a: 1, b: { c: 2 } },
      { b: {} },
      [
        ['a', 1, undefined],
        ['b.c', 2, undefined],
      ],
    ],
    [
      'a statement, by its Sid',
      { Statement: [{ Sid: 'A', Effect: 'Deny' }] },
      { Statement: [{ Sid: 'A', Effect: 'Allow' }] },
      [['Statement[A].Effect', 'Deny', 'Allow']],
    ],
    [
      'a principal of one that had one',
      { Principal: { AWS: 'a' } },
      { Principal: { AWS: ['a', 'b'] } },
      [['Principal.AWS', undefined, 'b']],
    ],
    ['the order of a list, which means nothing', ['a', 'b'], ['b', 'a'], []],
    ['one for a list of one', { a: 'x' }, { a: ['x'] }, []],
    [
      'a rule, by its ID',
      [{ ID: 'keep', Days: 1 }],
      [
        { ID: 'sweep', Days: 1 },
        { ID: 'keep', Days: 1 },
      ],
      [['[sweep]', undefined, { ID: 'sweep', Days: 1 }]],
    ],
    [
      'two of one name, by all that they are',
      [
        { Sid: 'A', n: 1 },
        { Sid: 'A', n: 2 },
      ],
      [
        { Sid: 'A', n: 1 },
        { Sid: 'A', n: 3 },
      ],
      [
        ['', { Sid: 'A', n: 2 }, undefined],
        ['', undefined, { Sid: 'A', n: 3 }],
      ],
    ],
    [
      'a list instead of a word',
      'none',
      ['more'],
      [
        ['', 'none', undefined],
        ['', undefined, 'more'],
      ],
    ],
    [
      'a key that every object has by birth',
      {},
      JSON.parse('{"__proto__":1}') as Json,
      [['__proto__', undefined, 1]],
    ],
    ['a name that is no text', [{ Sid: 1 }], [{ Sid: 1 }, null], [['', undefined, null]]],
  ])('%s', (_name, recorded, live, changes) => {
    const seen = changesBetween(recorded, live);
    expect(seen.map((one) => [one.path, one.recorded, one.live])).toEqual(changes);
    expect(isOnlyAdded(seen)).toBe(changes.length > 0 && changes.every(([, was]) => was === undefined));
  });

  const json = fc.jsonValue({ maxDepth: 4 }) as fc.Arbitrary<Json>;
  test('is nothing between a value and itself, and something is lost one way when it is added the other', () => {
    fc.assert(
      fc.property(json, json, (one, other) => {
        expect(changesBetween(one, one)).toEqual([]);
        const there = changesBetween(one, other);
        const back = changesBetween(other, one);
        const seen = (changes: typeof there): string[] =>
          changes.map((each) => JSON.stringify(each.path)).sort();
        expect(seen(there)).toEqual(seen(back));
        expect(there.filter((each) => each.recorded === undefined).length).toBe(
          back.filter((each) => each.live === undefined).length,
        );
      }),
    );
  });
});

const TABLE: readonly ResourceSpec[] = [
  resource('bucket', [
    control('bucket.tags', { owner: 'us' }),
    control('bucket.versioning', 'Enabled'),
    control('bucket.order', ['a', 'b']),
    control('bucket.none', 'DISABLED', { forbids: true }),
    control('bucket.young', 'on'),
    control('bucket.unwanted', null, { desired: () => ({ is: 'none' }) }),
    control('bucket.loose', 'x', { compare: () => ({ is: 'right' }) }),
  ]),
  resource('table', [control('table.tags', {})], { wanted: (b) => b.locking !== 'lockfile' }),
];
const LOCKED: LockedBackend = {
  resources: new Set(['bucket']),
  controls: new Map<string, Json>([
    ['bucket.tags', { owner: 'us' }],
    ['bucket.versioning', 'Enabled'],
    ['bucket.order', ['a', 'b']],
    ['bucket.none', 'DISABLED'],
    ['bucket.loose', 'x'],
  ]),
  known: { 'bucket.arn': 'arn:bucket' },
};
const AS_LOCKED = {
  'bucket.tags': found({ owner: 'us' }),
  'bucket.versioning': found('Enabled'),
  'bucket.order': found(['a', 'b']),
  'bucket.none': found('DISABLED'),
  'bucket.young': found('on'),
  'bucket.loose': found('y'),
};
const ARN = { is: 'ours', known: { 'bucket.arn': 'arn:bucket' }, madeBy: null, detail: '' } as const;
const ALL = { bucket: ARN, table: absent };

const drifts = (seen: Observation, locked = LOCKED) => findDrift(TABLE, blueprint, locked, seen).drifts;
const named = (seen: Observation, locked = LOCKED): readonly string[] =>
  drifts(seen, locked).map((one) => `${one.control ?? one.resource} ${one.is}`);

describe('a backend against its lock', () => {
  test('is clean when all is as it was read back; what is not locked, and not there, is not missed', () => {
    const report = findDrift(TABLE, blueprint, LOCKED, observation(ALL, AS_LOCKED));
    expect(report).toEqual({ drifts: [], same: 7 });
    expect(hasDrifted(report)).toBe(false);
  });

  test.each<[string, Record<string, ReturnType<typeof found>>, readonly string[]]>([
    ['another value', { 'bucket.versioning': found('Suspended') }, ['bucket.versioning drifted']],
    ['more than was recorded', { 'bucket.tags': found({ owner: 'us', more: 'x' }) }, ['bucket.tags extra']],
    ['another order, where it counts', { 'bucket.order': found(['b', 'a']) }, ['bucket.order drifted']],
    ['something where there should be nothing', { 'bucket.none': found('ENABLED') }, ['bucket.none extra']],
    ['a control that is younger than the lock', { 'bucket.young': found('off') }, ['bucket.young extra']],
  ])('%s', (_name, changed, expected) => {
    const seen = observation(ALL, { ...AS_LOCKED, ...changed });
    expect(named(seen)).toEqual(expected);
    expect(hasDrifted(findDrift(TABLE, blueprint, LOCKED, seen))).toBe(true);
    expect(drifts(seen)[0]).toMatchObject({
      changes: expect.arrayContaining([expect.anything()]) as unknown,
    });
  });

  test('what was recorded and is not set has drifted; what never was recorded may be unset', () => {
    const seen = observation(ALL, { ...AS_LOCKED, 'bucket.versioning': unset, 'bucket.young': unset });
    expect(drifts(seen)).toEqual([
      {
        ...{
          resource: 'bucket',
          control: 'bucket.versioning',
          is: 'drifted',
          recorded: 'Enabled',
          live: null,
        },
        changes: [{ path: '', recorded: 'Enabled', live: null }],
      },
    ]);
  });

  test.each([
    ['gone', { bucket: absent, table: absent }, ['bucket missing']],
    [
      'somebody else\u2019s',
      { bucket: { is: 'foreign', found: { owner: 'them' }, why: '' }, table: absent },
      ['bucket.tags drifted'],
    ],
    ['without its tags', { bucket: unowned, table: absent }, []],
    [
      'another of the same name',
      { bucket: { ...ARN, known: { 'bucket.arn': 'arn:other' } }, table: absent },
      ['bucket drifted'],
    ],
    [
      'of an identifier that was not recorded',
      { bucket: { ...ours, known: { 'bucket.id': '1' } }, table: absent },
      [],
    ],
    [
      'hidden',
      { bucket: { is: 'unreadable', code: 'READ_DENIED', detail: 'no' }, table: absent },
      ['bucket unreadable'],
    ],
    ['not read at all', {}, ['bucket unreadable']],
    [
      'beside what is hidden and was not locked',
      { ...ALL, table: { is: 'unreadable', code: 'READ_DENIED', detail: 'no' } },
      ['table unreadable'],
    ],
    ['beside what nobody recorded', { ...ALL, table: ours }, []],
  ] as const)('a resource that is %s', (_name, resources, expected) => {
    expect(named(observation(resources, { ...AS_LOCKED, 'table.tags': found({}) }))).toEqual(expected);
  });

  test('what the policy of the lock did not want is not looked at', () => {
    const hidden = { is: 'unreadable', code: 'READ_DENIED', detail: 'no' } as const;
    const seen = observation({ ...ALL, table: hidden }, AS_LOCKED);
    expect(findDrift(TABLE, { ...blueprint, locking: 'lockfile' }, LOCKED, seen).drifts).toEqual([]);
  });

  test('a foreign resource of which nothing was recorded is told all the same', () => {
    const seen = observation({ ...ALL, table: { is: 'foreign', found: 'theirs', why: '' } }, AS_LOCKED);
    expect(drifts(seen)).toMatchObject([
      { control: 'table.tags', is: 'drifted', recorded: null, live: 'theirs' },
    ]);
  });

  test('what could not be read is neither gone nor unchanged', () => {
    const hidden = { is: 'unreadable', code: 'READ_DENIED', detail: 'no' } as const;
    const gone = { is: 'not-offered', detail: 'there is no such thing' } as const;
    const { 'bucket.order': _left, ...others } = AS_LOCKED;
    const seen = observation(ALL, {
      ...others,
      'bucket.versioning': hidden,
      'bucket.none': gone,
      'bucket.young': gone,
    });
    expect(named(seen)).toEqual([
      'bucket.versioning unreadable',
      'bucket.order unreadable',
      'bucket.none unreadable',
    ]);
    expect(hasDrifted(findDrift(TABLE, blueprint, LOCKED, seen))).toBe(false);
  });

  test('what a newer program locked is told as not compared', () => {
    const newer = {
      ...LOCKED,
      resources: new Set(['bucket', 'queue']),
      controls: new Map([...LOCKED.controls, ['queue.depth', 1], ['odd', 1]] as [string, Json][]),
    };
    expect(named(observation(ALL, AS_LOCKED), newer)).toEqual([
      'queue unreadable',
      'queue.depth unreadable',
      'odd unreadable',
    ]);
  });

  test('any other value of any one control is named, and nothing else is', () => {
    const ids = [...LOCKED.controls.keys()].filter((id) => id !== 'bucket.loose');
    fc.assert(
      fc.property(fc.constantFrom(...ids), fc.jsonValue({ maxDepth: 3 }), (id, value) => {
        fc.pre(!sameJson(value as Json, LOCKED.controls.get(id)!));
        const seen = drifts(observation(ALL, { ...AS_LOCKED, [id]: found(value as Json) }));
        expect(seen.map((one) => one.control)).toEqual([id]);
        expect(seen[0]!.is).toMatch(/^(drifted|extra)$/);
      }),
    );
  });
});
