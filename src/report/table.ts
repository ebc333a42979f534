/** Text layout: display width, wrapping and the plan table. Pure; reads well at 80 and at 140 columns, and degrades at 40. */
import { safe } from '../kernel/text.ts';

// Our own colours (ECMA-48 SGR) take no column; escapes from outside never get this far.
// eslint-disable-next-line no-control-regex -- matching the escape character is the purpose
const SGR = /\u001b\[[0-9;]*m/g;

/** Columns a text takes on a terminal: wide East Asian characters take two, combining marks none (Unicode UAX #11). */
export function width(text: string): number {
  let columns = 0;
  for (const c of text.replace(SGR, '')) {
    const code = c.codePointAt(0) ?? 0;
    if (/\p{Mn}|\p{Me}/u.test(c)) continue;
    columns += isWide(code) ? 2 : 1;
  }
  return columns;
}

function isWide(code: number): boolean {
  return (code >= 0x1100 && code <= 0x115f) || (code >= 0x2e80 && code <= 0xa4cf) || (code >= 0xac00 && code <= 0xd7a3)
    || (code >= 0xf900 && code <= 0xfaff) || (code >= 0xfe30 && code <= 0xfe6f) || (code >= 0xff00 && code <= 0xff60)
    || (code >= 0xffe0 && code <= 0xffe6) || (code >= 0x1f300 && code <= 0x1faff) || (code >= 0x20000 && code <= 0x3fffd);
}

export function pad(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - width(text)));
}

/** Breaks at spaces, and inside a word only when it is longer than a line. Never drops a character. */
export function wrap(text: string, columns: number): readonly string[] {
  const limit = Math.max(8, columns);
  const lines: string[] = [];
  for (const paragraph of text.split('\n')) {
    let line = '';
    for (const word of paragraph.split(' ')) {
      for (const piece of pieces(word, limit)) {
        if (line === '') line = piece;
        else if (width(line) + 1 + width(piece) <= limit) line += ` ${piece}`;
        else { lines.push(line); line = piece; }
      }
    }
    lines.push(line);
  }
  return lines;
}

function pieces(word: string, limit: number): readonly string[] {
  if (width(word) <= limit) return [word];
  const parts: string[] = [];
  let part = '';
  for (const c of word) {
    if (width(part) + width(c) > limit) { parts.push(part); part = ''; }
    part += c;
  }
  return [...parts, part];
}

/** `label  text`, the text wrapped and hanging under itself. */
export function hanging(label: string, text: string, columns: number, labelColumns: number): readonly string[] {
  const lines = wrap(text, columns - labelColumns);
  return lines.map((line, i) => (i === 0 ? pad(label, labelColumns) : ' '.repeat(labelColumns)) + line);
}

/** Pairs as an aligned list. Values come from outside, so they are escaped here. */
export function pairs(entries: readonly (readonly [string, string])[], columns: number, indent = '  '): readonly string[] {
  const labelColumns = Math.max(...entries.map(([label]) => width(label))) + 2;
  if (columns < labelColumns + 30) return entries.flatMap(([label, value]) => [`${indent}${label}`, ...wrap(safe(value), columns - 4).map((l) => `${indent}  ${l}`)]);
  return entries.flatMap(([label, value]) => hanging(label, safe(value), columns - indent.length, labelColumns).map((l) => indent + l));
}
