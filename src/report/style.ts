/** Colours, marks and characters. Colour never carries meaning alone: every coloured word is also a word or a mark. */
import { safe } from '../kernel/text.ts';

export interface Style {
  /** Columns of the terminal, or a fixed number where there is none. */
  readonly columns: number;
  readonly colour: boolean;
  /** Whether the reader's character set is UTF-8; everything is ASCII where it is not. */
  readonly unicode: boolean;
  /** Whether a person reads it on a terminal. In a pipe or a log one message stays one line, so that grep finds it whole. */
  readonly terminal: boolean;
  /** Whether results are read on a terminal too, and not kept in a file or piped, where they must stay what they are. */
  readonly results: boolean;
  /** Whether words stand for what is otherwise told by marks and places: for screen readers. */
  readonly plain: boolean;
}

export type Paint = 'red' | 'green' | 'yellow' | 'cyan' | 'bold' | 'dim' | 'alarm';

/** SGR parameters (ECMA-48 §8.3.117). `alarm` is bold and in negative image, so that it stands out on every background. */
const SGR: Readonly<Record<Paint, readonly [string, string]>> = {
  red: ['31', '39'],
  green: ['32', '39'],
  yellow: ['33', '39'],
  cyan: ['36', '39'],
  bold: ['1', '22'],
  dim: ['2', '22'],
  alarm: ['1;7', '22;27'],
};

export function paint(style: Style, how: Paint, text: string): string {
  if (!style.colour || text === '') return text;
  const [on, off] = SGR[how];
  return `\u001b[${on}m${text}\u001b[${off}m`;
}

/** What was seen, in one column; two where only ASCII may be shown. */
export function mark(style: Style, what: 'ok' | 'bad' | 'wait' | 'unknown' | 'warn' | 'left'): string {
  const marks = style.unicode
    ? { ok: '✓', bad: '✗', wait: '…', unknown: '?', warn: '!', left: '–' }
    : { ok: 'ok', bad: 'XX', wait: '..', unknown: '??', warn: '!!', left: '--' };
  const colours = {
    ok: 'green',
    bad: 'red',
    wait: 'dim',
    unknown: 'yellow',
    warn: 'yellow',
    left: 'dim',
  } as const;
  return paint(style, colours[what], marks[what]);
}

/** The arrow of a change. */
export function arrow(style: Style): string {
  if (style.plain) return 'becomes';
  return style.unicode ? '→' : '->';
}

/** Our own typography in ASCII; every other character is escaped there. */
const ASCII: Readonly<Record<string, string>> = {
  '…': '...',
  '→': '->',
  '–': '-',
  '—': '-',
  '’': "'",
  '×': 'x',
};

/**
 * Text from anywhere, ready to print. Where the character set is not UTF-8 nothing but ASCII is printed: some of the bytes
 * of UTF-8 are control characters there (0x9B is CSI, ECMA-48 §5.3).
 */
export function clean(style: Style, text: string): string {
  const escaped = safe(text);
  if (style.unicode) return escaped;
  return escaped.replace(/[^ -~]/gu, (c) => ASCII[c] ?? `\\u{${(c.codePointAt(0) ?? 0).toString(16)}}`);
}
