import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { isGovbootError } from '../../../src/kernel/errors.ts';
import * as schema from '../../../src/inputs/schema.ts';

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

function problems(of: z.ZodType, text: string): readonly string[] {
  try {
    schema.readDocument(of, { bytes: encode(text), path: 'x.yaml' });
  } catch (error) {
    if (!isGovbootError(error)) throw error;
    expect(error.code).toBe('SCHEMA');
    expect(error.data).toEqual({ file: 'x.yaml', problems: error.message.split('\n') });
    return error.message.split('\n').map((line) => line.replace(/^x\.yaml: /, ''));
  }
  throw new Error('it was accepted');
}

const person = z.strictObject({ name: schema.line(10), roles: z.array(z.enum(['release', 'intent'])) });
const shape = z.strictObject({
  schema: z.literal('v1'),
  people: z.array(person),
  thresholds: z.record(schema.name, z.int()).optional(),
});

describe('readDocument', () => {
  test('answers the value and where it stands', () => {
    const text = 'schema: v1\npeople:\n  - name: Al\n    roles: [intent]\n';
    const { value, places } = schema.readDocument(shape, { bytes: encode(text), path: 'x' });
    expect(value).toEqual({ schema: 'v1', people: [{ name: 'Al', roles: ['intent'] }] });
    expect(places.positions.get('/people/0/roles')).toEqual({ line: 4, column: 5 });
  });

  test('tells the first 50 problems, and how many more there are', () => {
    const text = (roles: number): string =>
      `schema: v1\npeople:\n  - name: Al\n    roles: [${Array(roles).fill('king').join(', ')}]\n`;
    expect(problems(shape, text(50))).toHaveLength(50);
    const many = problems(shape, text(53));
    expect(many).toHaveLength(51);
    expect(many[49]).toContain('people.0.roles.49 is "king"');
    expect(many[50]).toBe('and 3 more');
  });

  test('tells all that is wrong at once, each with place and value', () => {
    const text =
      'schema: v2\npeople:\n  - name: Al\n    roles: [intent, king]\n  - roles: []\n    rolls: 1\nthresholds:\n  Dev: 1\nzzzzzz: 1\n';
    expect(problems(shape, text)).toEqual([
      'line 1, column 1: schema is "v2": Invalid input: expected "v1"',
      'line 4, column 21: people.0.roles.1 is "king": Invalid option: expected one of "release"|"intent"',
      'line 5, column 5: people.1.name is missing',
      'line 6, column 5: people.1: unknown field "rolls"; did you mean "roles"?',
      'line 8, column 3: thresholds.Dev: the key "Dev" must be lower-case letters, digits and dashes, at most 32, a letter first',
      'line 9, column 1: the document: unknown field "zzzzzz"',
    ]);
  });

  test('clips and escapes what it shows', () => {
    const [line] = problems(z.strictObject({ a: z.literal('b') }), `a: "${'x'.repeat(200)}"\n`);
    expect(line).toMatch(/^line 1, column 1: a is "x{78}…: Invalid input/);
  });

  test('a document that is no map', () => {
    expect(problems(shape, 'x\n')).toEqual([
      'line 1, column 1: the document is "x": Invalid input: expected object, received string',
    ]);
  });

  test('YAML that is not plain is not judged further', () => {
    expect(() => schema.readDocument(shape, { bytes: encode('schema: &x v1\n'), path: 'x.yaml' })).toThrow(
      /an anchor is not allowed/,
    );
  });
});

describe('words', () => {
  const accepts = (of: z.ZodType, good: readonly unknown[], bad: readonly unknown[]): void => {
    for (const value of good) expect({ value, ok: of.safeParse(value).success }).toEqual({ value, ok: true });
    for (const value of bad) expect({ value, ok: of.safeParse(value).success }).toEqual({ value, ok: false });
  };

  test('line', () => {
    accepts(schema.line(5), ['a', 'a b', 'é中'], ['', 'a\nb', 'abcdef', ' a', 'a ', '\u00a0', '\n', 1, null]);
  });

  test('a line that may be empty', () => {
    accepts(schema.oneLine(2), ['', 'a', 'ab'], ['abc', ' a', 'a ', 'a\nb', '\n', 1]);
  });

  test('name', () => {
    accepts(
      schema.name,
      ['dev', 'a', 'prod-2', 'a'.repeat(32)],
      ['', 'Dev', '1a', '-a', 'a_b', 'a.b', 'a'.repeat(33), 'dev\n', 'dеv'],
    );
  });

  test('instant', () => {
    accepts(
      schema.instant,
      ['2026-11-22T12:00:00Z', '2024-02-29T23:59:59Z'],
      [
        '2026-11-22',
        '2026-11-22T12:00:00+00:00',
        '2026-11-22T12:00:00.0Z',
        '2026-02-30T12:00:00Z',
        '2026-11-22t12:00:00z',
        5,
      ],
    );
  });

  test('fingerprint', () => {
    accepts(
      schema.fingerprint,
      ['A'.repeat(40)],
      ['a'.repeat(40), 'A'.repeat(39), 'A'.repeat(64), '0x' + 'A'.repeat(38)],
    );
  });

  test('hex64 and uuid', () => {
    accepts(schema.hex64, ['a'.repeat(64)], ['A'.repeat(64), 'a'.repeat(63), `${'a'.repeat(64)}\n`]);
    const uuid = '5f0c2a4e-1b7d-4c3a-9e2f-0a1b2c3d4e5f';
    accepts(
      schema.uuid,
      [uuid],
      [uuid.toUpperCase(), uuid.replace('-4', '-1'), uuid.replace('-9', '-c'), `${uuid} `],
    );
  });

  test('account and region', () => {
    accepts(schema.account, ['000000000001'], ['1', 111111111111, '11111111111a', '１'.repeat(12)]);
    accepts(
      schema.region,
      ['eu-central-1', 'us-gov-west-1', 'ap-southeast-5'],
      ['eu-west-１', 'EU-WEST-1', 'eu-west', 'eu-west-10', 'euwest1', 'eu--1'],
    );
  });
});
