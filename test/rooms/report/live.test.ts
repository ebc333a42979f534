import { describe, expect, it } from 'vitest';
import type { Event } from '../../../src/kernel/events.ts';
import { Live } from '../../../src/report/live.ts';
import { width } from '../../../src/report/table.ts';
import { styleOf } from './fixture.ts';

type Progress = Extract<Event, { type: 'progress' }>;
const progress = (key: string, state: Progress['state'], text = `make ${key}`): Progress => ({
  type: 'progress',
  key,
  state,
  text,
  ms: null,
});

describe('what is running', () => {
  it('is shown from its beginning to its end', () => {
    const live = new Live();
    expect(live.idle).toBe(true);
    live.note(progress('a', 'begin'), 1000);
    live.note(progress('b', 'begin'), 2000);
    expect(live.idle).toBe(false);
    expect(live.lines(3500, styleOf(80))).toEqual(['  ⠴ make a  2.5 s', '  ⠴ make b  1.5 s']);
    live.note(progress('a', 'done'), 4000);
    live.note(progress('b', 'failed'), 4000);
    expect(live.idle).toBe(true);
    expect(live.lines(5000, styleOf(80))).toEqual([]);
  });

  it('keeps its time when it waits, and says for what', () => {
    const live = new Live();
    live.note(progress('a', 'begin'), 0);
    live.note(progress('a', 'waiting', 'wait for the table'), 900);
    expect(live.lines(1000, styleOf(80))).toEqual(['  ⠋ wait for the table  1.0 s']);
    live.note(progress('late', 'waiting'), 1000);
    expect(live.lines(1000, styleOf(80))[1]).toBe('  ⠋ make late  0 ms');
  });

  it('is at most eight lines, and a number', () => {
    const live = new Live();
    for (let i = 0; i < 11; i++) live.note(progress(String(i), 'begin'), 0);
    const lines = live.lines(0, styleOf(80));
    expect(lines).toHaveLength(9);
    expect(lines.at(-1)).toBe('    and 3 more');
  });

  it.each([40, 80])('never breaks a line of %i columns, which could not be erased', (columns) => {
    const live = new Live();
    live.note(progress('a', 'begin', 'x'.repeat(300)), 0);
    live.note(progress('b', 'begin', '日本'.repeat(100)), 0);
    for (const unicode of [true, false])
      for (const line of live.lines(3_600_000, styleOf(columns, { unicode }))) {
        expect(width(line)).toBeLessThan(columns);
        expect(line).toContain(unicode ? '…  60 min 0 s' : '...  60 min 0 s');
      }
  });
});
