/** Rows of a report in lines: a mark, a label, what was seen, and below it what mends it. On stdout, so in a pipe one row stays one line. */
import type { Event } from '../kernel/events.ts';
import { clean, mark, paint, type Style } from './style.ts';
import { hanging, pad, width } from './table.ts';

type Row = Extract<Event, { type: 'row' }>;

/** Columns of most labels; a longer one takes what it needs. */
const LABEL_COLUMNS = 12;
/** Columns that a text needs beside its label; with fewer it stands below. */
const LEAST_TEXT = 34;

const MARKS = { ok: 'ok', warning: 'warn', wrong: 'bad', left: 'left' } as const;
/** The mark in words, for whoever hears it read or greps for it. */
const WORDS = { ok: '', plain: '', warning: 'warning: ', wrong: 'wrong: ', left: 'not looked at: ' } as const;

export function rowLines({ label, status, text, mend }: Row, style: Style): readonly string[] {
  const columns = style.results ? style.columns : Infinity;
  if (label === '') return hanging('', clean(style, text), columns).map((line) => paint(style, 'bold', line));
  const sign = status === 'plain' ? ' '.repeat(width(mark(style, 'ok'))) : mark(style, MARKS[status]);
  const head = `  ${sign} ${pad(clean(style, label), LABEL_COLUMNS)} `;
  const said = WORDS[status] + clean(style, text);
  const below = ' '.repeat(width(sign) + 5);
  const told =
    columns - width(head) < LEAST_TEXT
      ? [head.trimEnd(), ...hanging(below, said, columns)]
      : hanging(head, said, columns);
  return [
    ...told,
    ...(mend === null
      ? []
      : hanging(`${below}${paint(style, 'cyan', 'mend:')} `, clean(style, mend), columns)),
  ];
}
