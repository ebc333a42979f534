// The picture in the README shows what the program shows. When this fails, look at what changed and run `npm run ceremony`.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { picture, PICTURE, record } from '../tools/ceremony.ts';

/** Lines of the picture, without what differs from run to run. */
function linesOf(svg: string): readonly string[] {
  const rows = [...svg.matchAll(/<text x="\d+" y="(\d+)"[^>]*>([^<]*)<\/text>/g)];
  const lines: string[] = [];
  rows.forEach(([, y, text = ''], i) => {
    if (i > 0 && rows[i - 1]?.[1] === y) lines.push(`${lines.pop() ?? ''} ${text}`);
    else lines.push(text);
  });
  return [...new Set(lines.map(masked))].sort();
}

function masked(line: string): string {
  return line
    .replaceAll('\u00a0', ' ')
    .replace(/\b[0-9a-f]{40,64}\b|\b[0-9A-F]{40}\b/g, 'HEX')
    .replace(/\d{4}-\d{2}-\d{2}T[\d:]{8}Z/g, 'TIME')
    .replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'UUID')
    .replace(/root +[A-Za-z0-9+/]{43}=/, 'root ROOT')
    .replace(/(token +|Token: ).*/, '$1TOKEN')
    .replace(/ \(tried again [^)]*\)/, '')
    .replace(/\b\d+(\.\d+)? (ms|s|min)\b/g, 'DURATION')
    .replace(/(signatures judged by ).*/, '$1VERIFIERS')
    .replace(/ +/g, ' ')
    .trim();
}

describe('the picture of the ceremony', { timeout: 120_000 }, () => {
  test('shows the words of the program, no more and no fewer', async () => {
    const kept = linesOf(readFileSync(PICTURE, 'utf8'));
    expect(kept.length).toBeGreaterThan(80);
    expect(kept).toEqual(linesOf(picture(await record())));
  });

  test('names no place of the machine on which it was made', () => {
    const svg = readFileSync(PICTURE, 'utf8').replaceAll('\u00a0', ' ');
    expect(svg).toContain('/srv/infra/evidence');
    expect(svg).not.toMatch(/\/tmp\/|\/home\/|\/root\/|node_modules/);
  });
});
