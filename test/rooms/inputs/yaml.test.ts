import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { parseAllDocuments } from 'yaml';
import type * as Yaml from 'yaml';
import { isGovbootError } from '../../../src/kernel/errors.ts';
import { isSafe } from '../../../src/kernel/text.ts';
import { placeOf, pointer, showPlace, type Path } from '../../../src/inputs/places.ts';
import { MAX_DOCUMENT, parseYaml } from '../../../src/inputs/yaml.ts';

vi.mock('yaml', async (original) => {
  const yaml = await original<typeof Yaml>();
  return { ...yaml, parseAllDocuments: vi.fn(yaml.parseAllDocuments) };
});

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const value = (text: string): unknown => parseYaml(encode(text), 'x.yaml').value;

function refusal(text: string | Uint8Array): string {
  try {
    parseYaml(typeof text === 'string' ? encode(text) : text, 'x.yaml');
  } catch (error) {
    if (!isGovbootError(error)) throw error;
    expect(error.code).toBe('YAML');
    expect(error.message).toMatch(/^x\.yaml: /);
    expect(isSafe(error.message)).toBe(true);
    return error.message;
  }
  throw new Error('it was accepted');
}

describe('what is plain is read', () => {
  test.each<[string, unknown]>([
    ['a: 1\n', { a: 1 }],
    ['---\na: 1\n', { a: 1 }],
    ['# comment with & * ! signs\na: b\n', { a: 'b' }],
    ['a: [b, "c"]\nd: { e: -7, f: 0 }\n', { a: ['b', 'c'], d: { e: -7, f: 0 } }],
    ['a: true\nb: false\nc: null\n', { a: true, b: false, c: null }],
    ['a: "&x *y !z %w ~"\nb: x & y * z ! w\n', { a: '&x *y !z %w ~', b: 'x & y * z ! w' }],
    ['a: |\n  &one\n  !two\n  *three\n  %four\n', { a: '&one\n!two\n*three\n%four\n' }],
    ['a: yes\nb: 1_000\nc: 2026-11-22T12:00:00Z\n', { a: 'yes', b: '1_000', c: '2026-11-22T12:00:00Z' }],
    ['"1": a\n"true": b\n"null": c\n', { '1': 'a', true: 'b', null: 'c' }],
    ['a: "line\\nbreak"\n', { a: 'line\nbreak' }],
    ['a: 中文 é\n', { a: '中文 é' }],
    ['a: -9007199254740991\n', { a: -9007199254740991 }],
    ['- - - a\n', [[['a']]]],
    ['[a: 1]\n', [{ a: 1 }]],
    ['x\n', 'x'],
  ])('%j', (text, expected) => {
    expect(value(text)).toEqual(expected);
  });
});

describe('what two readers might read differently is refused', () => {
  test.each([
    ['an anchor on a scalar', 'a: &x 1\n', 'line 1, column 4: an anchor'],
    ['an anchor on a map', 'b: 1\na: &x\n  b: 1\n', 'line 2, column 4: an anchor'],
    ['an anchor on a list', 'a: &x [1]\n', 'an anchor'],
    ['an anchor on a key', '&x a: 1\n', 'line 1, column 1: an anchor'],
    ['an anchor on nothing', 'a: &x\nb: 1\n', 'an anchor'],
    ['an alias', 'a: *x\n', 'line 1, column 4: an alias'],
    ['an alias as key', '*x : 1\n', 'an alias'],
    ['tag !!str', 'a: !!str 1\n', 'line 1, column 4: a tag'],
    ['tag !!int', 'a: !!int "1"\n', 'a tag'],
    ['tag !!binary', 'a: !!binary aGk=\n', 'a tag'],
    ['tag !!null', 'a: !!null\nb: 1\n', 'a tag'],
    ['tag !!set', 'a: !!set { x }\n', 'a tag'],
    ['tag !!map on the document', '!!map\na: 1\n', 'a tag'],
    ['tag !!seq', 'a: !!seq []\n', 'a tag'],
    ['a tag on a key', '!!str a: 1\n', 'a tag'],
    ['a tag on a block scalar', 'a: !!str |\n  x\n', 'a tag'],
    ['a local tag', 'a: !x 1\n', 'a tag'],
    ['the non-specific tag', 'a: ! 1\n', 'a tag'],
    ['a verbatim tag', 'a: !<tag:yaml.org,2002:str> 1\n', 'a tag'],
    ['directive %YAML', '%YAML 1.1\n---\na: yes\n', 'line 1, column 1: a directive'],
    ['directive %TAG', '%TAG ! tag:x,2000:\n---\na: 1\n', 'a directive'],
    ['an unknown directive', '%X\n---\na: 1\n', 'a directive'],
    ['a merge key', 'a:\n  <<: { b: 1 }\n', 'line 2, column 3: a merge key'],
    ['a merge key in quotes', '"<<": 1\n', 'a merge key'],
    ['an explicit key', '? a\n: 1\n', 'an explicit key'],
    ['a list as key', '[a]: 1\n', 'a key must be text'],
    ['a map as key', '{ a: 1 }: 1\n', 'a key must be text'],
    ['a number as key', '1: a\n', 'line 1, column 1: a key must be text'],
    ['a truth value as key', 'a: 1\ntrue: a\n', 'line 2, column 1: a key must be text'],
    ['nothing as key', ': a\n', 'a key must be text'],
    ['a key twice', 'a: 1\nb: 2\na: 3\n', 'line 3, column 1: Map keys must be unique'],
    ['a key twice in a flow map', '{ a: 1, a: 2 }\n', 'line 1, column 9: Map keys'],
    ['a key twice, once by an escape', 'a: 1\n"\\u0061": 2\n', 'Map keys'],
    ['a key twice, deep inside', 'x:\n  - y:\n      a: 1\n      a: 2\n', 'line 4, column 7: Map keys'],
    ['two documents', 'a: 1\n---\nb: 2\n', 'exactly one document'],
    ['a document after the end', 'a: 1\n...\nb: 2\n', 'line 2, column 1: an end of document'],
    ['an end of document', 'a: 1\n...\n', 'an end of document'],
    ['nothing', '', 'exactly one document'],
    ['only a comment', '# x\n', 'exactly one document'],
    ['an unfinished text', 'a: "x\n', 'Missing closing'],
    ['a reserved character', 'a: @x\n', 'reserved character'],
    ['a key on one line with a list', 'a: - b\n', 'line 1'],
  ])('%s', (_, text, message) => {
    expect(refusal(text)).toContain(message);
  });

  test.each([
    ['1.0', '1.0 is not a plain whole number'],
    ['1e3', '1e3 is not'],
    ['0o17', '0o17 is not'],
    ['017', '017 is not'],
    ['0x1F', '0x1F is not'],
    ['+1', '+1 is not'],
    ['-0', '-0 is not'],
    ['.inf', '.inf is not'],
    ['.nan', '.nan is not'],
    ['9007199254740993', '9007199254740993 is not'],
    ['012345678901', 'if it is text, put it in quotes'],
    ['~', '"~" stands for null'],
    ['', '"" stands for null'],
    ['Null', '"Null" stands for null'],
    ['True', '"True" stands for true'],
    ['FALSE', '"FALSE" stands for false'],
  ])('the spelling %j', (text, message) => {
    expect(refusal(`b: 1\na: ${text}\n`)).toContain(message);
    expect(refusal(`- ${text}\n`)).toContain(message);
  });

  test.each([
    ['{ a }\n', 'line 1, column 3'],
    ['{ b: 1, a }\n', 'line 1, column 9'],
    ['b: 1\nc: [{ "a" }]\n', 'line 2, column 7'],
  ])('a key that stands alone: %j', (text, at) => {
    expect(refusal(text)).toBe(`x.yaml: ${at}: the key "a" has no value; write null, if that is meant`);
  });

  test.each(['__proto__', 'constructor', 'prototype'])(
    'the key %s, also in quotes and deep inside',
    (key) => {
      for (const text of [`${key}: 1\n`, `"${key}": 1\n`, `a:\n  - { ${key}: { b: 1 } }\n`])
        expect(refusal(text)).toContain(`the key "${key}" is not allowed`);
      expect(value(`a: ${key}\n`)).toEqual({ a: key });
    },
  );
});

describe('bytes', () => {
  test('that are no UTF-8', () => {
    for (const bytes of [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xe2, 0x82]])
      expect(refusal(new Uint8Array([0x61, 0x3a, 0x20, ...bytes, 0x0a]))).toBe('x.yaml: is not UTF-8');
  });

  test('a byte order mark, at the start and later', () => {
    expect(refusal('\ufeffa: 1\n')).toContain('byte order mark');
    expect(refusal('a: 1\n\ufeffb: 1\n')).toContain('line 2, column 1: a control or invisible character');
  });

  test('carriage returns', () => {
    for (const text of ['a: 1\r\n', 'a: 1\rb: 2\n', 'a: |\n  x\r\n'])
      expect(refusal(text)).toContain('carriage returns');
  });

  test('text that is not in normal form C, plain or by an escape', () => {
    expect(refusal('a: e\u0301\n')).toContain('normal form C');
    expect(refusal('# e\u0301\na: 1\n')).toContain('normal form C');
    expect(refusal('a: "e\\u0301"\n')).toBe(
      'x.yaml: line 1, column 4: the text is not in Unicode normal form C',
    );
    expect(value('a: \u00e9\n')).toEqual({ a: '\u00e9' });
  });

  test.each([
    '\u0000',
    '\t',
    '\u001b',
    '\u007f',
    '\u0085',
    '\u00ad',
    '\u200b',
    '\u202e',
    '\u2028',
    '\u2066',
    '\u{e0041}',
  ])('the character %j: in text, key, comment, and by an escape', (character) => {
    const message = 'a control or invisible character is not allowed';
    expect(refusal(`a: 1\nb: x${character}y\n`)).toContain(`line 2, column 5: ${message}`);
    expect(refusal(`# x${character}\na: 1\n`)).toContain(`line 1, column 4: ${message}`);
    expect(refusal(`a${character}b: 1\n`)).toContain(message);
    const escaped = `\\U${(character.codePointAt(0) ?? 0).toString(16).padStart(8, '0')}`;
    expect(refusal(`a: 1\nb: "x${escaped}y"\n`)).toContain(`line 2, column 4: ${message}`);
    expect(refusal(`"${escaped}": 1\n`)).toContain(message);
  });

  test('a lone surrogate, and a carriage return by an escape', () => {
    expect(refusal('a: "\\uD800"\n')).toContain('invisible character');
    expect(refusal('a: "x\\ry"\n')).toContain('invisible character');
  });

  test('more of them than are read', () => {
    const fits = `a: ${'x'.repeat(MAX_DOCUMENT - 4)}\n`;
    expect(value(fits)).toEqual({ a: 'x'.repeat(MAX_DOCUMENT - 4) });
    expect(refusal(`a${fits}`)).toBe('x.yaml: is 262145 bytes, more than 262144');
  });

  test('with thousands of keys, each of which another could repeat', () => {
    // The library compares each key with all before it, unless it is told not to: a document of this size then takes seconds.
    expect(refusal(Array.from({ length: 7_900 }, (_, i) => `k${String(i)}:\n`).join(''))).toContain(
      '"" stands for null',
    );
    expect(vi.mocked(parseAllDocuments).mock.lastCall?.[1]).toMatchObject({ uniqueKeys: false });
    const twice = Array.from({ length: 3_900 }, (_, i) => `k${String(i)}: 1\n`).join('');
    expect(refusal(`${twice}k7: 2\n`)).toBe('x.yaml: line 3901, column 1: Map keys must be unique');
  });

  test('nested deeper than anybody needs', () => {
    const deep = (n: number): string =>
      Array.from({ length: n }, (_, i) => `${' '.repeat(i)}a:\n`).join('') + `${' '.repeat(n)}b: 1\n`;
    expect(value(deep(14))).toBeTypeOf('object');
    for (const text of [
      deep(40),
      `${'['.repeat(17)}${']'.repeat(17)}\n`,
      '['.repeat(100_000),
      `${'- '.repeat(120_000)}x\n`,
      `${'{a: '.repeat(17)}1${'}'.repeat(17)}\n`,
    ])
      expect(refusal(text)).toContain('nested deeper than 16 levels');
    expect(value(`${'['.repeat(16)}${']'.repeat(16)}\n`)).toBeInstanceOf(Array);
    expect(value(`a: [[1], [2]]\nb: [${'[], '.repeat(50)}[]]\n`)).toBeTypeOf('object');
    expect(value('- a\n'.repeat(50))).toHaveLength(50);
  });
});

describe('places', () => {
  const text = 'a:\n  b:\n    - x\n    - y: 1\n      z: 2\nc: { d: 1, "e/f~g": [2] }\n';
  const { places } = parseYaml(encode(text), 'x.yaml');
  const shown = (...paths: readonly Path[]): string => showPlace(placeOf(places, ...paths));

  test.each<[Path, string]>([
    [[], 'line 1, column 1'],
    [['a'], 'line 1, column 1'],
    [['a', 'b'], 'line 2, column 3'],
    [['a', 'b', 0], 'line 3, column 7'],
    [['a', 'b', 1, 'z'], 'line 5, column 7'],
    [['c', 'd'], 'line 6, column 6'],
    [['a', 'nowhere', 'deeper'], 'line 1, column 1'],
    [['a', 'b', 7], 'line 2, column 3'],
    [['a', 'b', 0, 'deeper'], 'line 3, column 7'],
    [['nowhere'], 'line 1, column 1'],
    [['c', 'e/f~g', 0], 'line 6, column 22'],
  ])('of %j is %s', (path, expected) => {
    expect(shown(path)).toBe(`x.yaml: ${expected}`);
  });

  test('are of the first path that is there, and without any, of the nearest parent of the last', () => {
    expect(shown(['c', 'x'], ['a', 'b', 1, 'y'], ['a'])).toBe('x.yaml: line 4, column 7');
    expect(shown(['a', 'b', 9], ['c', 'x', 'y'])).toBe('x.yaml: line 6, column 1');
    expect(shown()).toBe('x.yaml: line 1, column 1');
    expect(placeOf({ file: 'y', positions: new Map() }, ['a'])).toEqual({ file: 'y', line: 1, column: 1 });
  });

  test('have names as RFC 6901 writes them', () => {
    expect(pointer([])).toBe('');
    expect(pointer(['a/b', 'm~n', 0])).toBe('/a~1b/m~0n/0');
  });
});

test('a document of nothing stands at its beginning', () => {
  const { value: read, places } = parseYaml(encode('null\n'), 'x.yaml');
  expect({ read, place: placeOf(places, []) }).toEqual({
    read: null,
    place: { file: 'x.yaml', line: 1, column: 1 },
  });
});

test('any bytes are either read or refused in one line of safe text', () => {
  const fragment = fc.constantFrom(
    ...'&x *x !!str ! | > ? - : , [ ] { } # % @ ` " \' a b 1 ~ << --- ... \n'.split(' '),
    '\n',
    '  ',
    '\\',
    'é',
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.array(fragment, { maxLength: 30 }).map((parts) => parts.join(' ')),
        fc.string({ unit: 'binary' }),
      ),
      (text) => {
        try {
          const { places } = parseYaml(encode(text), 'x.yaml');
          expect(showPlace(placeOf(places, ['a', 0]))).toMatch(/^x\.yaml: line \d+, column \d+$/);
        } catch (error) {
          if (!isGovbootError(error)) throw error;
          expect(error.code).toBe('YAML');
          expect(isSafe(error.message)).toBe(true);
        }
      },
    ),
    { numRuns: 500 },
  );
});

test('whatever JSON can say is read as JSON reads it, unless it is refused', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 4 }), (json) => {
      const text = `${JSON.stringify(json)}\n`;
      let read;
      try {
        read = value(text);
      } catch (error) {
        expect(isGovbootError(error)).toBe(true);
        return;
      }
      expect(read).toEqual(JSON.parse(text));
    }),
    { numRuns: 300 },
  );
});

describe('a document of more than anybody writes is refused before anything is built of it', () => {
  const many = (count: number): string => `[${Array(count).fill('a').join(',')}]\n`;

  test('8,000 keys and values', () => {
    expect(value(many(8_000))).toHaveLength(8_000);
    expect(refusal(many(8_001))).toBe(
      'x.yaml: line 1, column 16002: there are more than 8000 keys and values, or 40000 words and marks',
    );
  });

  test('40,000 lexemes, whatever they are', () => {
    expect(refusal('#\n'.repeat(30_000))).toContain('or 40000 words and marks');
  });
});
