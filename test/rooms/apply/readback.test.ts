import { describe, expect, it } from 'vitest';
import { assertRight, wrongAfter } from '../../../src/apply/readback.ts';
import type { Observation } from '../../../src/plan/control.ts';
import {
  absent,
  blueprint,
  control,
  found,
  observation,
  ours,
  pending,
  profile,
  resource,
  unset,
} from '../plan/tables.ts';
import { thrownBy } from '../plan/thrown.ts';

const table = [
  resource('key', []),
  resource('b', [
    control('b.versioning', 'Enabled'),
    control('b.policy', { deny: 'http' }),
    pending('b.sse', 'key'),
    control('b.lock', 1),
  ]),
];
const right: Observation = observation(
  { key: ours, b: ours },
  {
    'b.versioning': found('Enabled'),
    'b.policy': found({ deny: 'http' }),
    'b.sse': found({ arn: 'arn:key' }),
    'b.lock': found(1),
  },
);
const read = (change: Partial<Observation>): Observation => ({ ...right, ...change });

describe('read-back', () => {
  it('passes when everything is as it should be', () => {
    expect(wrongAfter(table, profile, blueprint, right)).toEqual([]);
    expect(() => {
      assertRight(table, profile, blueprint, right);
    }).not.toThrow();
  });

  it('names every control that is not, with what was wanted and what was found', () => {
    const after = read({
      controls: {
        'b.versioning': found('Suspended'),
        'b.policy': unset,
        'b.sse': { is: 'unreadable', code: 'READ_DENIED', detail: '403' },
        'b.lock': found(1),
      },
    });
    expect(wrongAfter(table, profile, blueprint, after).map(({ id }) => id)).toEqual([
      'set/b.versioning',
      'set/b.policy',
      'refuse/b.sse',
    ]);
    const error = thrownBy(() => assertRight(table, profile, blueprint, after));
    expect(error.code).toBe('READBACK_WRONG');
    expect(error.message).toBe(
      '3 read back wrong: b.versioning: wanted Enabled, found Suspended; b.policy: wanted {"deny":"http"}, found unset; b.sse: wanted {"arn":"arn:key"}, found null (READ_DENIED: 403)',
    );
    expect(error.data['wrong']).toEqual([
      { control: 'b.versioning', wanted: 'Enabled', found: 'Suspended', why: null },
      { control: 'b.policy', wanted: { deny: 'http' }, found: 'unset', why: null },
      { control: 'b.sse', wanted: { arn: 'arn:key' }, found: null, why: 'READ_DENIED: 403' },
    ]);
  });

  it("fails when a resource is gone, or is somebody else's", () => {
    expect(
      thrownBy(() => assertRight(table, profile, blueprint, read({ resources: { key: ours, b: absent } })))
        .message,
    ).toContain('b: wanted present and ours, found absent');
    const foreign = read({
      resources: { key: { is: 'foreign', found: 'another owner', why: 'no tag of ours' }, b: ours },
      known: {},
    });
    const error = thrownBy(() => assertRight(table, profile, blueprint, foreign));
    expect(error.message).toContain(
      'key: wanted present and ours, found another owner (FOREIGN_RESOURCE: no tag of ours)',
    );
    expect(error.data['wrong']).toContainEqual({
      control: 'b.sse',
      wanted: null,
      found: null,
      why: 'FOREIGN_RESOURCE: it depends on key, which is refused',
    });
  });

  it('shows what it found without obeying it', () => {
    const after = read({ controls: { ...right.controls, 'b.versioning': found('\u001b[2K'.repeat(40)) } });
    const { message } = thrownBy(() => assertRight(table, profile, blueprint, after));
    expect(message).toContain('\\u{1b}[2K');
    expect(message).toContain('…');
    expect(message).not.toContain('\u001b');
  });
});
