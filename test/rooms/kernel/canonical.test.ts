import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  canonicalBytes,
  canonicalText,
  parseCanonical,
  sameBytes,
  sameJson,
} from '../../../src/kernel/canonical.ts';
import type { Json } from '../../../src/kernel/json.ts';
import { isJsonObject } from '../../../src/kernel/json.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const refusal = expect.objectContaining({ code: 'NOT_CANONICAL' });

describe('the canonical form (RFC 8785)', () => {
  it('is that of the examples of its §3.2.2 and §3.2.3', () => {
    const value = {
      numbers: [JSON.parse('333333333.33333329') as number, 1e30, 4.5, 2e-3, 0.000000000000000000000000001],
      string: '\u20ac$\u000F\u000aA\'\u0042\u0022\u005c\\"/',
      literals: [null, true, false],
    };
    expect(canonicalText(value)).toBe(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    );
  });

  it('sorts names by UTF-16 code units', () => {
    expect(canonicalText({ '\ufb33': 1, '😀': 2, é: 3, '1': 4, '\r': 5 })).toBe(
      '{"\\r":5,"1":4,"é":3,"😀":2,"\ufb33":1}',
    );
  });

  it('ends with one line feed as a document', () => {
    expect(new TextDecoder().decode(canonicalBytes({ b: 1, a: [] }))).toBe('{"a":[],"b":1}\n');
  });

  it.each<[string, unknown, string]>([
    ['a missing value', { a: { b: undefined } }, '$.a.b is undefined'],
    ['not a number', [Number.NaN], '$[0] is not a finite number'],
    ['infinity', Infinity, '$ is not a finite number'],
    ['half a character', { a: 'x\ud800' }, '$.a holds a lone surrogate'],
    ['half a character in a name', { a: { 'x\ud800': 1 } }, '$.a has a name with a lone surrogate'],
    ['a date', new Date(0), '$ is object'],
    ['a function', () => 1, '$ is function'],
    ['a big number', 1n, '$ is bigint'],
  ])('does not exist for %s', (_name, value, message) => {
    expect(() => canonicalText(value as Json)).toThrow(refusal);
    expect(() => canonicalText(value as Json)).toThrow(message);
  });
});

describe('reading a machine-made document', () => {
  const written = (value: Json): Json => parseCanonical(canonicalBytes(value), 'record');

  it('gives back what was written', () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
        // RFC 8785 §3.2.2.3 writes -0 as 0.
        const json = JSON.parse(JSON.stringify(value)) as Json;
        expect(sameJson(written(json), json)).toBe(true);
        expect(canonicalText(written(json))).toBe(canonicalText(json));
      }),
    );
  });

  it.each([
    ['white space', '{ "a":1}\n'],
    ['no line feed', '{"a":1}'],
    ['two line feeds', '{"a":1}\n\n'],
    ['CRLF', '{"a":1}\r\n'],
    ['another order', '{"b":1,"a":2}\n'],
    ['a name twice', '{"a":1,"a":1}\n'],
    ['1.0', '{"a":1.0}\n'],
    ['1e2', '{"a":1e2}\n'],
    ['minus zero', '{"a":-0}\n'],
    ['a number that is too precise', '{"a":9007199254740993}\n'],
    ['a needless escape', '{"a":"\\u0041"}\n'],
    ['an escaped slash', '{"a":"\\/"}\n'],
    ['half a character', '{"a":"\\ud800"}\n'],
    ['a byte order mark', '\ufeff{"a":1}\n'],
    ['text after the end', '{"a":1}\n{"a":1}\n'],
    ['a comment', '{"a":1}//\n'],
    ['nothing', ''],
  ])('refuses %s', (_name, text) => {
    expect(() => parseCanonical(bytes(text), 'record')).toThrow(refusal);
    expect(() => parseCanonical(bytes(text), 'record')).toThrow(/^record |holds a lone surrogate/);
  });

  it('refuses bytes that are no UTF-8', () => {
    expect(() => parseCanonical(Uint8Array.of(0x22, 0xff, 0x22, 0x0a), 'record')).toThrow(
      'record is not JSON',
    );
  });

  it('refuses what is nested so deeply that walking it could exhaust the stack', () => {
    const nested = (levels: number, open: string, end: string) =>
      bytes(`${open.repeat(levels)}1${end.repeat(levels)}\n`);
    const [list, object] = [
      ['[', ']'],
      ['{"a":', '}'],
    ] as const;
    for (const [open, end] of [list, object]) {
      expect(parseCanonical(nested(64, open, end), 'record')).toBeDefined();
      for (const levels of [65, 100_000])
        expect(() => parseCanonical(nested(levels, open, end), 'record')).toThrow('nested too deeply');
    }
  });

  it('takes __proto__ for a name like others', () => {
    const text = '{"__proto__":{"admin":true}}\n';
    const value = parseCanonical(bytes(text), 'record');
    expect((value as { admin?: unknown }).admin).toBeUndefined();
    expect(Object.keys(value as object)).toEqual(['__proto__']);
  });

  it('changes with every bit', () => {
    const document = canonicalBytes({ a: 'text', b: [1, true, null] });
    for (const [i, byte] of document.entries()) {
      for (let bit = 0; bit < 8; bit++) {
        const flipped = document.slice();
        flipped[i] = byte ^ (1 << bit);
        let other: Json | undefined;
        try {
          other = parseCanonical(flipped, 'record');
        } catch (error) {
          expect(error).toEqual(refusal);
        }
        if (other !== undefined) expect(sameJson(other, { a: 'text', b: [1, true, null] })).toBe(false);
      }
    }
  });
});

describe('equality', () => {
  it('of values is by content', () => {
    expect(sameJson({ a: 1, b: [2] }, { b: [2], a: 1 })).toBe(true);
    expect(sameJson([1, 2], [2, 1])).toBe(false);
    expect(sameJson('1', 1)).toBe(false);
  });

  it('of bytes is of all of them', () => {
    expect(sameBytes(bytes('ab'), bytes('ab'))).toBe(true);
    expect(sameBytes(bytes('ab'), bytes('abc'))).toBe(false);
    expect(sameBytes(bytes('ab'), bytes('ac'))).toBe(false);
    expect(sameBytes(bytes(''), bytes(''))).toBe(true);
  });

  it('knows objects from lists', () => {
    expect([{}, [], null, 'x', 1].map(isJsonObject)).toEqual([true, false, false, false, false]);
  });
});

describe('the short way of reading', () => {
  it('takes what the long way takes, and nothing else', () => {
    const key = fc.constantFrom('a', 'b', '10', '9', '__proto__', 'é', '\ufb33', '😀', '\r', '\ud83d');
    const json = fc.letrec<{ value: Json }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 3 },
        fc.constantFrom<Json>(null, true, 0, 1e21, 1e-7, -1.5, '', 'x', '\\ud800', '\ud800', '€', '\u2028'),
        fc.array(tie('value'), { maxLength: 3 }),
        fc
          .array(fc.tuple(key, tie('value')), { maxLength: 3 })
          .map((pairs) => Object.fromEntries(pairs) as Json),
      ),
    })).value;
    const end = fc.constantFrom('\n', '', '\r\n', ' \n');
    fc.assert(
      fc.property(json, end, fc.boolean(), (value, ending, isSorted) => {
        let text: string;
        try {
          text = isSorted ? canonicalText(value) : JSON.stringify(value);
        } catch {
          text = JSON.stringify(value);
        }
        const document = bytes(`${text}${ending}`);
        let isCanonical: boolean;
        try {
          isCanonical = sameBytes(canonicalBytes(JSON.parse(text) as Json), document);
        } catch {
          isCanonical = false;
        }
        if (isCanonical) expect(parseCanonical(document, 'x')).toEqual(JSON.parse(text));
        else expect(() => parseCanonical(document, 'x')).toThrow(refusal);
      }),
      { numRuns: 2_000 },
    );
  });

  it('is not confused by bytes that were no text', () => {
    expect(() => parseCanonical(Uint8Array.of(0x22, 0xe2, 0x82), 'x')).toThrow('is not JSON');
    expect(parseCanonical(bytes('"€"\n'), 'x')).toBe('€');
  });
});
