/** What came from outside is shown, never obeyed: control, bidi and invisible characters are escaped before printing. */

/** Combining marks on one character; real scripts stay below, and more would climb over the lines around. */
const MOST_MARKS = 4;

// Control and format characters, line and paragraph separators (Unicode general categories Cc, Cf, Zl, Zp: among them ESC, CR,
// C1, bidi controls, zero-width characters, tags), and all else that is drawn as nothing (Default_Ignorable_Code_Point, UAX #44),
// but for the variation selectors of emoji (U+FE00 to U+FE0F), which only choose how the character before them looks.
const HIDDEN = '(?![\\ufe00-\\ufe0f])[\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}\\p{DI}]';
const MARK = '[\\p{Mn}\\p{Me}]';
const UNSAFE = new RegExp(`${HIDDEN}|(?<=${MARK}{${String(MOST_MARKS)}})${MARK}`, 'gu');

/** Escapes every character that could move a cursor, reorder or hide text, as `\u{1b}`. */
export function safe(text: string): string {
  return text.toWellFormed().replace(UNSAFE, (c) => `\\u{${Number(c.codePointAt(0)).toString(16)}}`);
}

export function isSafe(text: string): boolean {
  return safe(text) === text;
}

/** Escapes the same characters in JSON text as JSON itself spells them, so that the value it stands for stays the same. */
export function safeJson(json: string): string {
  return json.replace(UNSAFE, (c) =>
    Array.from({ length: c.length }, (_, i) => `\\u${c.charCodeAt(i).toString(16).padStart(4, '0')}`).join(
      '',
    ),
  );
}

/** At most `max` characters, the last an ellipsis where something was cut. */
export function clip(text: string, max: number): string {
  const chars = [...text];
  return chars.length <= max ? text : `${chars.slice(0, Math.max(0, max - 1)).join('')}…`;
}

/** Characters of a word that may be a slip of the pen; comparing takes time that grows with the square of them. */
const LONGEST_WORD = 64;

/** The candidate that was probably meant, by edit distance; undefined when none is near. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  if (word.length > LONGEST_WORD) return undefined;
  const most = Math.max(1, Math.floor(word.length / 3));
  const scored = candidates
    .filter((c) => Math.abs(c.length - word.length) <= most)
    .map((c) => ({ c, d: distance(word.toLowerCase(), c.toLowerCase()) }))
    .sort((a, b) => a.d - b.d);
  const best = scored[0];
  return best !== undefined && best.d <= most ? best.c : undefined;
}

/** Two letters that changed places are one slip, and the most common of all (optimal string alignment). */
function distance(a: string, b: string): number {
  let before: readonly number[] = [];
  let row: readonly number[] = Array.from({ length: b.length + 1 }, (_, i) => i);
  const letters = [...a];
  for (const [i, from] of letters.entries()) {
    const next: number[] = [];
    for (let j = 0; j <= b.length; j++) {
      const replaced = cell(row, j - 1) + (from === b[j - 1] ? 0 : 1);
      const swapped = from === b[j - 2] && letters[i - 1] === b[j - 1] ? cell(before, j - 2) + 1 : Infinity;
      next.push(j === 0 ? i + 1 : Math.min(cell(row, j) + 1, cell(next, j - 1) + 1, replaced, swapped));
    }
    before = row;
    row = next;
  }
  return cell(row, b.length);
}

/** Outside of the table everything is infinitely far. */
function cell(row: readonly number[], i: number): number {
  return row[i] ?? Infinity;
}

/** As a shell takes it for one word (POSIX.1-2017, Shell §2.2.2). A tilde in front would be another folder. */
export function shellWord(text: string): string {
  return /^[\w./+:@-][\w./~+:@-]*$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
