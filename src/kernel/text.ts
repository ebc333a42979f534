/** What came from outside is shown, never obeyed: control, bidi and invisible characters are escaped before printing. */

// C0, DEL, C1; zero-width and bidi controls (Unicode UAX #9 §2); line and paragraph separators; BOM; tag characters.
// eslint-disable-next-line no-control-regex -- matching control characters is the purpose
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]/gu;

/** Escapes every character that could move a cursor, reorder or hide text, as `\u{1b}`. */
export function safe(text: string): string {
  return text.toWellFormed().replace(UNSAFE, (c) => `\\u{${(c.codePointAt(0) ?? 0).toString(16)}}`);
}

export function isSafe(text: string): boolean {
  return safe(text) === text;
}

/** At most `max` characters, the last an ellipsis where something was cut. */
export function clip(text: string, max: number): string {
  const chars = [...text];
  return chars.length <= max ? text : `${chars.slice(0, Math.max(0, max - 1)).join('')}…`;
}

/** Edit distance (Levenshtein), for suggestions on typing errors. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  const scored = candidates.map((c) => ({ c, d: distance(word.toLowerCase(), c.toLowerCase()) })).sort((a, b) => a.d - b.d);
  const best = scored[0];
  return best !== undefined && best.d <= Math.max(1, Math.floor(word.length / 3)) ? best.c : undefined;
}

function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + cost));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
