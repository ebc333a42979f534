import { describe, expect, it } from 'vitest';
import { heldAgainstLock, type Locked } from '../../../src/plan/against-lock.ts';
import { diff } from '../../../src/plan/diff.ts';
import type { Observation } from '../../../src/plan/control.ts';
import type { Step } from '../../../src/plan/step.ts';
import {
  absent,
  blueprint,
  control,
  found,
  observation,
  ours,
  profile,
  resource,
  unowned,
  unset,
} from './tables.ts';

/** A policy of tags, as the real one: what is found may hold more than what is wanted. */
const lax = control('b.tags', ['ours'], {
  compare: (seen, wanted) =>
    (wanted as string[]).every((tag) => (seen as string[]).includes(tag)) ? { is: 'right' } : { is: 'wrong' },
});
const table = [resource('b', [control('b.x', 'new'), lax]), resource('r', [control('r.y', 1)])];
const locked = (values: Record<string, unknown>, resources = ['b', 'r']): Locked => ({
  resources: new Set(resources),
  controls: new Map(Object.entries(values)) as Locked['controls'],
});
const held = (
  action: Parameters<typeof heldAgainstLock>[1],
  lock: Locked | null,
  seen: Observation,
  of = blueprint,
): readonly Step[] => heldAgainstLock(diff(table, profile, of, seen), action, lock, table, of);
const told = (steps: readonly Step[]) =>
  steps.flatMap((step) =>
    step.kind === 'refuse' ? [`${step.id} ${step.code}`] : step.kind === 'keep' ? [] : [step.id],
  );

const all = { b: ours, r: ours };
const right = { 'b.x': found('new'), 'b.tags': found(['ours']), 'r.y': found(1) };

describe('superseding', () => {
  it('changes what was as the lock says', () => {
    const seen = observation(all, { ...right, 'b.x': found('old') });
    expect(told(held('supersede', locked({ 'b.x': 'old', 'r.y': 1 }), seen))).toEqual(['set/b.x']);
  });

  it('refuses what is otherwise, also where it was taken away, and tells what the lock says', () => {
    for (const there of [found('theirs'), unset]) {
      const steps = held('supersede', locked({ 'b.x': 'old' }), observation(all, { ...right, 'b.x': there }));
      expect(told(steps)).toEqual(['refuse/b.x DRIFTED']);
      expect(steps.find(({ kind }) => kind === 'refuse')).toMatchObject({
        found: there.is === 'set' ? there.value : null,
        why: 'the lock says "old"',
        name: 'name-of-b',
      });
    }
  });

  it('judges by the words of the control: what the policy tolerates beside it is no drift', () => {
    const seen = observation(all, { ...right, 'b.tags': found(['before', 'tolerated']) });
    expect(told(held('supersede', locked({ 'b.tags': ['before'] }), seen))).toEqual(['set/b.tags']);
    expect(told(held('supersede', locked({ 'b.tags': ['other'] }), seen))).toEqual(['refuse/b.tags DRIFTED']);
  });

  it('sets what the lock does not know yet, and makes what is gone', () => {
    const seen = observation({ b: ours, r: absent }, { ...right, 'b.x': unset });
    expect(told(held('supersede', locked({}), seen))).toEqual(['set/b.x', 'create/r', 'set/r.y']);
  });
});

describe('correcting', () => {
  it('writes what the lock says', () => {
    const seen = observation(all, { ...right, 'b.x': found('theirs') });
    expect(told(held('correct', locked({ 'b.x': 'new' }), seen))).toEqual(['set/b.x']);
  });

  it('refuses what a newer policy wants, and what the lock does not know', () => {
    const seen = observation(all, { ...right, 'b.x': found('theirs') });
    const older = held('correct', locked({ 'b.x': 'old' }), seen);
    expect(told(older)).toEqual(['refuse/b.x BEYOND_LOCK']);
    expect(older.find(({ kind }) => kind === 'refuse')).toMatchObject({
      found: 'theirs',
      why: 'the policy wants "new", and the lock says "old"',
    });
    const unknown = held('correct', locked({}), seen);
    expect(unknown.find(({ kind }) => kind === 'refuse')).toMatchObject({
      why: 'the policy wants "new", and the lock says nothing of it',
    });
  });

  it('makes nothing anew', () => {
    const seen = observation({ b: ours, r: absent }, right);
    expect(told(held('correct', locked({ 'r.y': 1 }), seen))).toContain('refuse/r BEYOND_LOCK');
  });

  it('gives their tags back to resources that the lock lists, and to no other', () => {
    const of = { ...blueprint, adopts: 'locked' as const };
    const seen = observation({ b: unowned, r: ours }, { ...right, 'b.tags': found([]) });
    expect(told(held('correct', locked({}, ['b']), seen, of))).toEqual(['adopt/b']);
    expect(told(held('correct', locked({}, ['r']), seen, of))).toEqual(['refuse/b BEYOND_LOCK']);
  });
});

it.each(['create', 'adopt'] as const)('%s is held against no lock, and nothing is without one', (action) => {
  const seen = observation(all, { ...right, 'b.x': found('theirs') });
  expect(told(held(action, locked({ 'b.x': 'old' }), seen))).toEqual(['set/b.x']);
  expect(told(held('supersede', null, seen))).toEqual(['set/b.x']);
});
