/** Text layout: display width, wrapping and aligned lists. Pure. Takes text that is clean already and has no colour yet. */
import { paint, type Paint, type Style } from './style.ts';

// Our own colours (ECMA-48 SGR) take no column; escapes from outside never get this far.
// eslint-disable-next-line no-control-regex -- matching the escape character is the purpose
const SGR = /\u001b\[[0-9;]*m/g;

/** Blocks that take two columns: Wide and Fullwidth of Unicode 16 (UAX #11), generously joined. */
const WIDE =
  /[\u1100-\u115f\u2329\u232a\u2630-\u2637\u268a-\u268f\u2e80-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe1f\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{16fe0}-\u{18dff}\u{1aff0}-\u{1b2ff}\u{1d300}-\u{1d37f}\u{1f200}-\u{1f2ff}\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/u;
const ZERO = /[\p{Mn}\p{Me}]/u;
/** VARIATION SELECTOR-16 makes an emoji, two columns wide, of the character before it. */
const EMOJI_STYLE = '\ufe0f';

/** Columns that a text takes on a terminal; never fewer than it really takes. */
export function width(text: string): number {
  let columns = 0;
  for (const c of text.replace(SGR, '')) columns += widthOf(c);
  return columns;
}

function widthOf(c: string): number {
  if (c >= ' ' && c <= '~') return 1;
  if (c === EMOJI_STYLE) return 1;
  if (ZERO.test(c)) return 0;
  return WIDE.test(c) ? 2 : 1;
}

export function pad(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - width(text)));
}

/** At most `columns` columns, with an ellipsis where something was cut. For what passes by; never for what decides. */
export function clipTo(text: string, columns: number, style: Style): string {
  if (width(text) <= columns) return text;
  const ellipsis = style.unicode ? '…' : '...';
  let kept = '';
  let room = columns - ellipsis.length;
  for (const c of text) {
    room -= widthOf(c);
    if (room < 0) break;
    kept += c;
  }
  return kept + ellipsis;
}

/** Lines shorter than this cannot be laid out; wider than the terminal is then the lesser evil. */
const LEAST_COLUMNS = 8;
/** The part of a line that must be full before a joint in a long word (an ARN, a path) is taken to break it. */
const JOINT_FROM = 0.6;

/**
 * Breaks at spaces, and inside a word only when it is longer than a line. Drops nothing but the spaces at the breaks.
 * @param hang columns by which every line but the first must be shorter, because the caller indents it
 */
export function wrap(text: string, columns: number, hang = 0): readonly string[] {
  const lines: string[] = [];
  let line = '';
  let used = 0;
  for (const word of text.split(' ')) {
    for (const [i, piece] of pieces(word, Math.max(LEAST_COLUMNS, columns - hang)).entries()) {
      const room = width(piece);
      const limit = Math.max(LEAST_COLUMNS, lines.length === 0 ? columns : columns - hang);
      if (i === 0 && line !== '' && used + 1 + room <= limit) {
        line += ` ${piece}`;
        used += 1 + room;
        continue;
      }
      if (line !== '') lines.push(line);
      line = piece;
      used = room;
    }
  }
  return [...lines, line];
}

/** A long word in pieces of at most `limit` columns; where it has a joint near the end of a line, it is broken there. */
function pieces(word: string, limit: number): readonly string[] {
  const parts: string[] = [];
  let part = '';
  let used = 0;
  for (const c of word) {
    const room = widthOf(c);
    if (used + room > limit) {
      const joint = part.search(/[/:,;._-][^/:,;._-]*$/) + 1;
      const end = joint > part.length * JOINT_FROM ? joint : part.length;
      parts.push(part.slice(0, end));
      part = part.slice(end);
      used = width(part);
    }
    part += c;
    used += room;
  }
  return [...parts, part];
}

/** `label text`, the text wrapped and hanging under itself. The label may be coloured. */
export function hanging(label: string, text: string, columns: number): readonly string[] {
  const margin = width(label);
  return wrap(text, columns - margin).map((line, i) => (i === 0 ? label : ' '.repeat(margin)) + line);
}

/** `label text`, further lines below the label and a little to the right: for labels that are long themselves. */
export function running(
  style: Style,
  how: Paint,
  label: string,
  text: string,
  columns: number,
): readonly string[] {
  const [first = '', ...rest] = wrap(`${label} ${text}`, columns, 2);
  return [paint(style, how, label) + first.slice(label.length), ...rest.map((line) => `  ${line}`)];
}

/** Values beside their labels, or below them where there is little room. */
export function pairs(
  entries: readonly (readonly [label: string, value: string])[],
  columns: number,
  indent = '  ',
): readonly string[] {
  const labelColumns = Math.max(...entries.map(([label]) => width(label))) + 2;
  if (columns < indent.length + labelColumns + 30)
    return entries.flatMap(([label, value]) => [indent + label, ...hanging(`${indent}  `, value, columns)]);
  return entries.flatMap(([label, value]) => hanging(indent + pad(label, labelColumns), value, columns));
}
