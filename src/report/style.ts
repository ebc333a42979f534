/** Colours and marks. Colour never carries meaning alone: every coloured word is also a word or a mark. */

export interface Style {
  /** Columns of the terminal, or 100 where there is none. */
  readonly columns: number;
  readonly colour: boolean;
  /** Unicode marks, or plain ASCII words where the terminal or a screen reader wants them. */
  readonly unicode: boolean;
}

type Paint = 'red' | 'green' | 'yellow' | 'cyan' | 'bold' | 'dim';

/** SGR parameters (ECMA-48 §8.3.117). */
const SGR: Readonly<Record<Paint, readonly [number, number]>> = { red: [31, 39], green: [32, 39], yellow: [33, 39], cyan: [36, 39], bold: [1, 22], dim: [2, 22] };

export function paint(style: Style, how: Paint, text: string): string {
  if (!style.colour) return text;
  const [on, off] = SGR[how];
  return `\u001b[${String(on)}m${text}\u001b[${String(off)}m`;
}

export function mark(style: Style, what: 'ok' | 'bad' | 'wait' | 'unknown'): string {
  const marks = style.unicode ? { ok: '✓', bad: '✗', wait: '…', unknown: '?' } : { ok: 'ok', bad: 'XX', wait: '..', unknown: '??' };
  const colours = { ok: 'green', bad: 'red', wait: 'dim', unknown: 'yellow' } as const;
  return paint(style, colours[what], marks[what]);
}
