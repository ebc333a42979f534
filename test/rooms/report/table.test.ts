import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clipTo, hanging, pad, pairs, running, width, wrap } from '../../../src/report/table.ts';
import { styleOf } from './fixture.ts';

describe('display width', () => {
  it.each([
    ['', 0],
    ['abc', 3],
    ['é', 1],
    ['e\u0301', 1],
    ['日本', 4],
    ['ｆｕｌｌ', 8],
    ['한글', 4],
    ['😀', 2],
    ['✅', 2],
    ['❤', 1],
    ['❤\ufe0f', 2],
    ['\u001b[31mred\u001b[39m', 3],
  ])('of %j is %i', (text, columns) => {
    expect(width(text)).toBe(columns);
  });

  it('is what padding counts', () => {
    expect(pad('日', 4)).toBe('日  ');
    expect(pad('long', 2)).toBe('long');
  });
});

describe('wrapping', () => {
  it('breaks at spaces', () => {
    expect(wrap('one two three', 8)).toEqual(['one two', 'three']);
    expect(wrap('', 8)).toEqual(['']);
  });

  it('breaks a long word at a joint near the end of the line, or where it must', () => {
    expect(wrap('arn:aws:s3:::acme-dev-tfstate', 16)).toEqual(['arn:aws:s3:::', 'acme-dev-tfstate']);
    expect(wrap('0123456789ABCDEF', 10)).toEqual(['0123456789', 'ABCDEF']);
  });

  it('gives the further lines less room when they hang', () => {
    expect(wrap('aaaa bbbb cccc dddd', 14, 5)).toEqual(['aaaa bbbb cccc', 'dddd']);
    expect(wrap('aaaa bbbb cccc dddd eeee', 14, 5)).toEqual(['aaaa bbbb cccc', 'dddd eeee']);
  });

  it('never loses a character but spaces, and never exceeds its columns', () => {
    const words = fc.array(
      fc.oneof(fc.string({ maxLength: 30 }), fc.constantFrom('日本語', 'arn:aws:iam::1:role/x')),
    );
    fc.assert(
      fc.property(words, fc.integer({ min: 8, max: 60 }), fc.constantFrom(0, 2), (parts, columns, hang) => {
        const text = parts.join(' ');
        const lines = wrap(text, columns, columns - hang < 8 ? 0 : hang);
        expect(lines.join('').replaceAll(' ', '')).toBe(text.replaceAll(' ', ''));
        expect(Math.max(...lines.map(width))).toBeLessThanOrEqual(columns);
      }),
    );
  });

  it('takes time in proportion to the text', () => {
    const before = performance.now();
    wrap('x'.repeat(200_000), 40);
    wrap('word '.repeat(40_000), 40);
    expect(performance.now() - before).toBeLessThan(3000);
  });
});

describe('lists and labels', () => {
  it('hang below themselves', () => {
    expect(hanging('label ', 'one two three', 14)).toEqual(['label one two', '      three']);
    expect(running(styleOf(80), 'red', 'error:', 'one two three four', 14)).toEqual([
      'error: one two',
      '  three four',
    ]);
  });

  it('stand beside their values, or above them where there is little room', () => {
    const entries = [
      ['a', 'one'],
      ['label', 'two'],
    ] as const;
    expect(pairs(entries, 80)).toEqual(['  a      one', '  label  two']);
    expect(pairs(entries, 30)).toEqual(['  a', '    one', '  label', '    two']);
  });

  it('are cut only with an ellipsis', () => {
    expect(clipTo('short', 5, styleOf(80))).toBe('short');
    expect(clipTo('too long', 5, styleOf(80))).toBe('too …');
    expect(clipTo('too long', 6, styleOf(80, { unicode: false }))).toBe('too...');
    expect(clipTo('日本語', 4, styleOf(80))).toBe('日…');
  });
});
