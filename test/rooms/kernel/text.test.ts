import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clip, isSafe, nearest, safe, safeJson, shellWord } from '../../../src/kernel/text.ts';

describe('what is not safe to print', () => {
  it.each([
    ['escape', '\u001b[2K', '\\u{1b}[2K'],
    ['carriage return', 'Mallory\rAlice', 'Mallory\\u{d}Alice'],
    ['line feed', 'a\nb', 'a\\u{a}b'],
    ['tab', 'a\tb', 'a\\u{9}b'],
    ['NUL', '\u0000', '\\u{0}'],
    ['DEL', '\u007f', '\\u{7f}'],
    ['CSI of eight bits', '\u009b31m', '\\u{9b}31m'],
    ['bidi override', 'a\u202eb', 'a\\u{202e}b'],
    ['bidi isolate', '\u2066x\u2069', '\\u{2066}x\\u{2069}'],
    ['Arabic letter mark', '\u061c', '\\u{61c}'],
    ['zero-width space and joiner', 'a\u200bb\u200dc', 'a\\u{200b}b\\u{200d}c'],
    ['line and paragraph separators', '\u2028\u2029', '\\u{2028}\\u{2029}'],
    ['byte order mark', '\ufeffx', '\\u{feff}x'],
    ['soft hyphen', 'a\u00adb', 'a\\u{ad}b'],
    ['tag characters', '\u{e0041}', '\\u{e0041}'],
    ['variation selectors of ideographs', '葛\u{e0100}', '葛\\u{e0100}'],
    ['Hangul fillers', '\u3164\uffa0', '\\u{3164}\\u{ffa0}'],
    ['grapheme joiner', 'a\u034fb', 'a\\u{34f}b'],
    ['half a character', 'a\ud800b', 'a\ufffdb'],
  ])('is shown by its number: %s', (_name, text, expected) => {
    expect(safe(text)).toBe(expected);
    expect(isSafe(text)).toBe(false);
  });

  it('is a tower of marks, which would climb over the lines around', () => {
    expect(safe(`a${'\u0301'.repeat(6)}b`)).toBe(`a${'\u0301'.repeat(4)}\\u{301}\\u{301}b`);
  });

  it.each(['', 'plain', 'Zoë', 'Zoe\u0308', '日本', 'Алиса', 'שלום', '👍🏽', '❤\ufe0f', 'ส้ม', 'a b', '\u00a0'])(
    'is not %j',
    (text) => {
      expect(safe(text)).toBe(text);
      expect(isSafe(text)).toBe(true);
    },
  );

  it('is never in what was escaped', () => {
    const text = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }));
    fc.assert(
      fc.property(text, (any) => {
        const escaped = safe(any);
        expect(escaped).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
        expect(isSafe(escaped)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});

describe('JSON', () => {
  it('is spelled otherwise and says the same', () => {
    expect(safeJson(JSON.stringify({ a: '\u202e\u007f' }))).toBe('{"a":"\\u202e\\u007f"}');
    expect(safeJson(JSON.stringify('\u{e0041}'))).toBe('"\\udb40\\udc41"');
    expect(safeJson(JSON.stringify(`a${'\u0301'.repeat(6)}`))).toBe(`"a${'\u0301'.repeat(4)}\\u0301\\u0301"`);
    fc.assert(
      fc.property(fc.json({ stringUnit: 'binary' }), (json) => {
        const plain = JSON.stringify(JSON.parse(json));
        expect(JSON.parse(safeJson(plain))).toEqual(JSON.parse(plain));
        expect(safeJson(plain)).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
        expect(isSafe(safeJson(plain))).toBe(true);
      }),
    );
  });
});

describe('clipping', () => {
  it.each([
    ['abc', 3, 'abc'],
    ['abcd', 3, 'ab…'],
    ['👍👍👍', 2, '👍…'],
    ['abc', 0, '…'],
  ])('%j to %i characters is %j', (text, max, expected) => {
    expect(clip(text, max)).toBe(expected);
  });
});

describe('suggestions', () => {
  const fields = ['environment', 'region', 'reason', 'tag'];
  it.each([
    ['enviroment', 'environment'],
    ['REGION', 'region'],
    ['raeson', 'reason'],
    ['tog', 'tag'],
    ['something else', undefined],
    ['', undefined],
  ])('for %j is %j', (word, expected) => {
    expect(nearest(word, fields)).toBe(expected);
  });

  it('are found where two letters changed places, which is one slip', () => {
    expect(nearest('dve', ['prod', 'dev'])).toBe('dev');
    expect(nearest('gatse', ['gates', 'trust'])).toBe('gates');
    expect(nearest('veryfi', ['verify'])).toBe('verify');
    expect(nearest('ved', ['dev'])).toBeUndefined();
  });

  it('are none where there is nothing to choose from', () => {
    expect(nearest('x', [])).toBeUndefined();
    // Two letters swapped are the commonest slip, and one alone.
    expect(nearest('dve', ['dev', 'prod'])).toBe('dev');
    expect(nearest('pord', ['dev', 'prod'])).toBe('prod');
    expect(nearest('vde', ['dev'])).toBeUndefined();
  });

  it('are not looked for where a word is no word any more', () => {
    expect(nearest('e'.repeat(64), ['e'.repeat(63)])).toBe('e'.repeat(63));
    expect(nearest('e'.repeat(65), ['e'.repeat(64)])).toBeUndefined();
  });
});

describe('a word of a shell', () => {
  it.each([
    ['infra', 'infra'],
    ['../a_b/c-d.key', '../a_b/c-d.key'],
    ['/home/a/~+:@.key', '/home/a/~+:@.key'],
    ['~evil', "'~evil'"],
    ['', "''"],
    ['a b', "'a b'"],
    ["it's", "'it'\\''s'"],
    ['$(x)', "'$(x)'"],
  ])('%j is written %s', (text, word) => {
    expect(shellWord(text)).toBe(word);
  });
});
