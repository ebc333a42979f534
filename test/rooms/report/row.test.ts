// Rows of a report: wide, narrow, in a pipe, in ASCII, and with text from a stranger.
import { describe, expect, test } from 'vitest';
import type { Event } from '../../../src/kernel/events.ts';
import { renderEvent } from '../../../src/report/human.ts';
import type { Style } from '../../../src/report/style.ts';
import { styleOf } from './fixture.ts';

type Row = Extract<Event, { type: 'row' }>;
const text = (more: Partial<Row>, style: Style): string => {
  const row: Row = {
    ...{ type: 'row', command: 'doctor', section: 'machine', label: 'git', status: 'ok' },
    ...{ text: 'git 2.47.3', mend: null },
    ...more,
  };
  const { to, lines } = renderEvent(row, style);
  expect(to).toBe('stdout');
  return lines.join('\n');
};
const WRONG = {
  label: 'file rights',
  status: 'wrong',
  text: 'key file /home/operator/keys/alice.key is open to others (mode 0644)',
  mend: 'chmod go= /home/operator/keys/alice.key',
} as const;

describe('rows', () => {
  test('at 80 columns: mark, label, what was seen, and below it what mends it', () => {
    expect(text({}, styleOf(80))).toBe('  ✓ git          git 2.47.3');
    expect(text(WRONG, styleOf(80))).toBe(
      [
        '  ✗ file rights  wrong: key file /home/operator/keys/alice.key is open to others',
        '                 (mode 0644)',
        '      mend: chmod go= /home/operator/keys/alice.key',
      ].join('\n'),
    );
  });

  test('at 40 columns the text stands below its label', () => {
    expect(text(WRONG, styleOf(40))).toBe(
      [
        '  ✗ file rights',
        '      wrong: key file',
        '      /home/operator/keys/alice.key is',
        '      open to others (mode 0644)',
        '      mend: chmod go=',
        '            /home/operator/keys/alice.',
        '            key',
      ].join('\n'),
    );
  });

  test('in a pipe one row is one line, and what mends it another', () => {
    expect(text(WRONG, styleOf(40, { results: false })).split('\n')).toHaveLength(2);
  });

  test.each([
    ['ok', '✓', 'ok', ''],
    ['warning', '!', '!!', 'warning: '],
    ['wrong', '✗', 'XX', 'wrong: '],
    ['left', '–', '--', 'not looked at: '],
    ['plain', ' ', '  ', ''],
  ] as const)('%s is a mark and a word', (status, mark, ascii, word) => {
    expect(text({ status, text: 'x' }, styleOf(80))).toBe(`  ${mark} git          ${word}x`);
    expect(text({ status, text: 'x' }, styleOf(80, { unicode: false }))).toBe(
      `  ${ascii} git          ${word}x`,
    );
  });

  test('a row without a label is a heading', () => {
    expect(text({ label: '', status: 'plain', text: 'this machine' }, styleOf(80))).toBe('this machine');
  });

  test('text from outside moves no cursor', () => {
    const evil = text({ label: 'a\u001b[2J', text: 'b\u202e', mend: 'c\r' }, styleOf(80));
    expect(evil).toContain('a\\u{1b}[2J');
    expect(evil).toContain('b\\u{202e}');
    expect(evil).toContain('c\\u{d}');
  });
});
