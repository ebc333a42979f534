import { describe, expect, it } from 'vitest';
import { diff } from '../../../src/plan/diff.ts';
import type { Observation, ResourceSpec } from '../../../src/plan/control.ts';
import type { Step } from '../../../src/plan/step.ts';
import {
  absent,
  blueprint,
  control,
  found,
  needs,
  observation,
  ours,
  pending,
  profile,
  resource,
  unset,
} from './tables.ts';

const plan = (table: readonly ResourceSpec[], seen: Observation): readonly Step[] =>
  diff(table, profile, blueprint, seen);
const ids = (steps: readonly Step[]): readonly string[] => steps.map(({ id }) => id);
/** One bucket that is ours, with one control in the state that is tested. */
const judged = (
  spec: Parameters<typeof resource>[1][number],
  seen: Observation['controls'][string] | undefined,
): Step => {
  const steps = plan(
    [resource('b', [spec])],
    observation({ b: ours }, seen === undefined ? {} : { [spec.id]: seen }),
  );
  expect(steps[0]).toMatchObject({ id: 'keep/b', kind: 'keep', control: null, name: 'name-of-b' });
  expect(steps).toHaveLength(2);
  return steps[1]!;
};

describe('resources', () => {
  const one = [resource('b', [control('b.x', 1)])];

  it('are refused when the policy does not list their kind, whatever is there', () => {
    const role = [resource('r', [control('r.x', 1)], { kind: 'role' })];
    const strict = { ...blueprint, allowedResources: ['state-bucket'] };
    for (const presence of [absent, ours]) {
      expect(diff(role, profile, strict, observation({ r: presence }, { 'r.x': unset }))).toEqual([
        {
          id: 'refuse/r',
          kind: 'refuse',
          resource: 'r',
          name: 'name-of-r',
          title: 'title of r',
          control: null,
          code: 'RESOURCE_NOT_ALLOWED',
          found: 'role',
          why: expect.stringContaining('"role"'),
        },
      ]);
    }
  });

  it('are left out when the policy does not want them', () => {
    expect(
      plan([resource('b', [control('b.x', 1)], { wanted: () => false })], observation({ b: absent })),
    ).toEqual([]);
  });

  it('are refused when they were not read, could not be read, or are not ours', () => {
    expect(plan(one, observation({}))).toMatchObject([
      { kind: 'refuse', code: 'CLOUD_FAILED', why: 'it was not read' },
    ]);
    expect(
      plan(one, observation({ b: { is: 'unreadable', code: 'READ_DENIED', detail: '403' } })),
    ).toMatchObject([{ kind: 'refuse', code: 'READ_DENIED', why: '403' }]);
    expect(
      plan(one, observation({ b: { is: 'foreign', found: { owner: 'x' }, why: 'no tag of ours' } })),
    ).toMatchObject([
      {
        kind: 'refuse',
        code: 'FOREIGN_RESOURCE',
        found: { owner: 'x' },
        why: 'no tag of ours',
        control: null,
      },
    ]);
  });

  it('are made with the controls of the creating call, then one setting after another in the order of the table', () => {
    const table = [
      resource('b', [
        control('b.later', 1),
        control('b.born', 2, { atCreation: true }),
        control('b.only', 3, { creationOnly: true }),
        control('b.last', 4),
      ]),
    ];
    const steps = plan(table, observation({ b: absent }));
    expect(steps).toMatchObject([
      {
        id: 'create/b',
        kind: 'create',
        with: ['b.born', 'b.only'],
        after: [],
        title: 'title of b',
        name: 'name-of-b',
      },
      { id: 'set/b.later', kind: 'set', from: null, to: 1, after: ['create/b'] },
      { id: 'set/b.last', kind: 'set', from: null, to: 4, after: ['set/b.later'] },
    ]);
  });

  it('are made after those that they name and that this plan makes, and after no other', () => {
    const table = [
      resource('made', []),
      resource('there', []),
      resource('b', [], { after: ['made', 'there', 'gone', 'b'] }),
    ];
    const steps = plan(table, observation({ made: absent, there: ours, b: absent }));
    expect(steps.at(-1)).toMatchObject({ id: 'create/b', after: ['create/made'] });
  });

  it('wait for what the values of their creating call depend on', () => {
    const table = [
      resource('key', []),
      resource('b', [
        pending('b.sse', 'key', { atCreation: true }),
        control('b.x', 1, { atCreation: true, after: ['role'] }),
      ]),
      resource('role', []),
    ];
    expect(plan(table, observation({ key: absent, b: absent, role: absent }))[1]).toMatchObject({
      id: 'create/b',
      with: ['b.sse', 'b.x'],
      after: ['create/key', 'create/role'],
    });
  });

  it('say what cannot be undone', () => {
    const steps = plan(
      [
        resource('b', [
          control('b.x', 1, { irreversible: true, atCreation: true }),
          control('b.y', 2, { irreversible: true }),
          control('b.z', 3),
        ]),
      ],
      observation({ b: absent }),
    );
    expect(steps.map(({ title }) => title.endsWith('(cannot be undone)'))).toEqual([true, true, false]);
  });
});

describe('controls of a resource that is ours', () => {
  it('are kept when right, by content', () => {
    expect(judged(control('b.x', { a: 1, b: [2] }), found({ b: [2], a: 1 }))).toMatchObject({
      id: 'keep/b.x',
      kind: 'keep',
      control: 'b.x',
    });
  });

  it('are set when unset or wrong, with what was there', () => {
    expect(judged(control('b.x', 1), unset)).toEqual({
      id: 'set/b.x',
      kind: 'set',
      preview: null,
      resource: 'b',
      name: 'name-of-b',
      title: 'title of b.x',
      control: 'b.x',
      from: null,
      to: 1,
      after: [],
    });
    expect(judged(control('b.x', 1), found('off'))).toMatchObject({ id: 'set/b.x', from: 'off', to: 1 });
    expect(judged(control('b.x', 1, { atCreation: true }), found(2))).toMatchObject({
      id: 'set/b.x',
      from: 2,
      to: 1,
    });
  });

  it('are refused when they can only be chosen at creation', () => {
    expect(judged(control('b.x', 1, { creationOnly: true }), found(2))).toMatchObject({
      code: 'IMMUTABLE_VALUE',
      found: 2,
    });
    expect(judged(control('b.x', 1, { creationOnly: true }), unset)).toMatchObject({
      code: 'IMMUTABLE_VALUE',
      found: null,
    });
    expect(judged(control('b.x', 1, { creationOnly: true }), found(1))).toMatchObject({ kind: 'keep' });
  });

  it('are refused, and never written, when they were not read or not understood', () => {
    expect(judged(control('b.x', 1), undefined)).toMatchObject({
      kind: 'refuse',
      code: 'CLOUD_FAILED',
      why: 'it was not read',
    });
    expect(
      judged(control('b.x', 1), { is: 'unreadable', code: 'CLOUD_UNREACHABLE', detail: 'reset' }),
    ).toMatchObject({ kind: 'refuse', code: 'CLOUD_UNREACHABLE', why: 'reset' });
    expect(judged(control('b.x', 1), { is: 'not-offered', detail: '501' })).toMatchObject({
      kind: 'refuse',
      code: 'NOT_OFFERED',
      why: '501',
    });
  });

  it('are judged by their own comparison where they have one', () => {
    const policy = (is: 'right' | 'wrong') =>
      control('b.policy', 'wanted', {
        compare: (observed, desired) =>
          observed === desired
            ? { is: 'right' }
            : observed === 'theirs'
              ? { is: 'foreign', found: ['statement'] }
              : { is },
      });
    expect(judged(policy('wrong'), found('wanted'))).toMatchObject({ kind: 'keep' });
    expect(judged(policy('right'), found('spelt otherwise'))).toMatchObject({ kind: 'keep' });
    expect(judged(policy('wrong'), found('old'))).toMatchObject({ kind: 'set', from: 'old' });
    expect(judged(policy('wrong'), found('theirs'))).toMatchObject({
      kind: 'refuse',
      code: 'FOREIGN_VALUE',
      found: ['statement'],
    });
  });

  it('are left out when the policy does not want them, read or not', () => {
    const none = control('b.x', 1, { desired: () => ({ is: 'none' }) });
    expect(ids(plan([resource('b', [none])], observation({ b: ours })))).toEqual(['keep/b']);
    expect(plan([resource('b', [{ ...none, atCreation: true }])], observation({ b: absent }))).toMatchObject([
      { kind: 'create', with: [] },
    ]);
  });

  it('are set one after another, and after the creation of what they name', () => {
    const table = [
      resource('b', [control('b.x', 1), control('b.kept', 1), control('b.y', 2, { after: ['role', 'b'] })]),
      resource('role', []),
    ];
    const steps = plan(
      table,
      observation({ b: ours, role: absent }, { 'b.x': unset, 'b.kept': found(1), 'b.y': unset }),
    );
    expect(steps.filter(({ kind }) => kind === 'set')).toMatchObject([
      { id: 'set/b.x', after: [] },
      { id: 'set/b.y', after: ['set/b.x', 'create/role'] },
    ]);
  });
});

describe('values that depend on another resource', () => {
  it('wait for it when this plan makes it', () => {
    const table = [resource('key', []), resource('b', [pending('b.sse', 'key')])];
    expect(
      plan(table, observation({ key: absent, b: ours }, { 'b.sse': found('AES256') })).at(-1),
    ).toMatchObject({ id: 'set/b.sse', from: 'AES256', to: null, after: ['create/key'] });
    expect(plan(table, observation({ key: absent, b: absent })).at(-1)).toMatchObject({
      id: 'set/b.sse',
      from: null,
      to: null,
      after: ['create/b', 'create/key'],
    });
  });

  it('are shown with the name of what is not known yet in its place', () => {
    const table = [resource('key', []), resource('b', [pending('b.sse', 'key')])];
    expect(plan(table, observation({ key: absent, b: absent })).at(-1)).toMatchObject({
      to: null,
      preview: { arn: '(key.arn)' },
    });
    expect(plan(table, observation({ key: ours, b: absent })).at(-1)).toMatchObject({
      to: { arn: 'arn:key' },
      preview: null,
    });
    const unforeseen = control('b.sse', null, { desired: () => ({ is: 'pending', on: 'key' }) });
    const blind = [resource('key', []), resource('b', [unforeseen])];
    expect(plan(blind, observation({ key: absent, b: absent })).at(-1)).toMatchObject({
      to: null,
      preview: null,
    });
  });

  it('may be those of the resource itself', () => {
    expect(plan([resource('b', [pending('b.policy', 'b')])], observation({ b: absent }))[1]).toMatchObject({
      id: 'set/b.policy',
      after: ['create/b'],
    });
  });

  it('are refused with it when it is refused', () => {
    const table = [resource('key', []), resource('b', [pending('b.sse', 'key')])];
    const steps = plan(table, observation({ key: { is: 'foreign', found: null, why: 'theirs' }, b: absent }));
    expect(steps).toMatchObject([
      { id: 'refuse/key' },
      { id: 'create/b' },
      { id: 'refuse/b.sse', code: 'FOREIGN_RESOURCE', why: expect.stringContaining('key') },
    ]);
  });

  it('are refused when nothing will ever make them known', () => {
    const table = [resource('b', [pending('b.sse', 'nothing')])];
    expect(plan(table, observation({ b: ours }, { 'b.sse': unset }))).toContainEqual(
      expect.objectContaining({ id: 'refuse/b.sse', code: 'CLOUD_FAILED' }),
    );
    const keyless: Observation = { ...observation({ key: ours, b: absent }), known: {} };
    expect(
      plan([resource('key', []), resource('b', [pending('b.sse', 'key', { atCreation: true })])], keyless),
    ).toMatchObject([
      { id: 'keep/key' },
      { id: 'create/b', with: [] },
      { id: 'refuse/b.sse', code: 'CLOUD_FAILED' },
    ]);
  });

  it("are never written over what might be somebody else's", () => {
    const table = [
      resource('key', []),
      resource('b', [pending('b.policy', 'key', { compare: () => ({ is: 'right' }) })]),
    ];
    expect(
      plan(table, observation({ key: absent, b: ours }, { 'b.policy': found('theirs?') })).at(-1),
    ).toMatchObject({ code: 'FOREIGN_VALUE', found: 'theirs?' });
  });

  it('cannot be right when they can only be chosen at creation', () => {
    const table = [resource('key', []), resource('b', [pending('b.sse', 'key', { creationOnly: true })])];
    expect(
      plan(table, observation({ key: absent, b: ours }, { 'b.sse': found('old') })).at(-1),
    ).toMatchObject({ code: 'IMMUTABLE_VALUE' });
  });
});

describe('what a store does not offer', () => {
  const lacking = control('b.pitr', 1, needs('versioning', 'point-in-time-recovery'));

  it('is refused, named, whether or not the resource is there', () => {
    for (const presence of [absent, ours]) {
      expect(
        plan([resource('b', [lacking])], observation({ b: presence }, { 'b.pitr': unset })).at(-1),
      ).toMatchObject({
        id: 'refuse/b.pitr',
        code: 'NOT_OFFERED',
        why: 'the model does not offer point-in-time-recovery',
      });
    }
  });

  it('is left out when all that stands in for it can be had', () => {
    const table = [
      resource('b', [{ ...lacking, substitutes: ['b.copy', 'c.copy'] }, control('b.copy', 1)]),
      resource('c', [control('c.copy', 1, needs('versioning'))]),
    ];
    expect(ids(plan(table, observation({ b: absent, c: absent })))).toEqual([
      'create/b',
      'set/b.copy',
      'create/c',
      'set/c.copy',
    ]);
    const here = observation(
      { b: ours, c: ours },
      { 'b.pitr': { is: 'not-offered', detail: '501' }, 'b.copy': found(1), 'c.copy': found(1) },
    );
    expect(ids(plan(table, here))).toEqual(['keep/b', 'keep/b.copy', 'keep/c', 'keep/c.copy']);
  });

  it('is left out when only the answer tells that it is not offered', () => {
    const table = [resource('b', [control('b.x', 1, { substitutes: ['b.y'] }), control('b.y', 2)])];
    expect(
      ids(
        plan(table, observation({ b: ours }, { 'b.x': { is: 'not-offered', detail: '501' }, 'b.y': unset })),
      ),
    ).toEqual(['keep/b', 'set/b.y']);
  });

  it.each([
    ['is not in the table', []],
    ['is not offered either', [control('b.copy', 1, needs('oidc'))]],
    ['is not wanted', [control('b.copy', 1, { desired: () => ({ is: 'none' }) })]],
  ])('is refused when its stand-in %s', (_why, others) => {
    const table = [resource('b', [{ ...lacking, substitutes: ['b.copy'] }, ...others])];
    expect(ids(plan(table, observation({ b: absent })))).toContain('refuse/b.pitr');
  });

  it('is refused when only some of its stand-ins can be had', () => {
    const table = [resource('b', [{ ...lacking, substitutes: ['b.copy', 'gone'] }, control('b.copy', 1)])];
    expect(ids(plan(table, observation({ b: absent })))).toContain('refuse/b.pitr');
  });

  it('is refused when its stand-in turns out not to be offered', () => {
    const table = [resource('b', [{ ...lacking, substitutes: ['b.copy'] }, control('b.copy', 1)])];
    expect(
      ids(plan(table, observation({ b: ours }, { 'b.copy': { is: 'not-offered', detail: '501' } }))),
    ).toEqual(['keep/b', 'refuse/b.pitr', 'refuse/b.copy']);
  });
});
