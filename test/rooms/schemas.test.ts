/**
 * The JSON Schemas that editors use, held against the stored vectors: they take what the program takes, and refuse what it refuses,
 * but for what is listed here as beyond them.
 */
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { jsonSchemas } from '../tools/docs/schemas.ts';
import { projectRoot } from '../harness/capabilities.ts';

type Json = Readonly<Record<string, unknown>>;

const KINDS = ['intent', 'trust', 'parity'] as const;
const schemas = jsonSchemas();
const schemaOf = (kind: string): Json => schemas.get(kind) ?? {};

/** Malformed fields that only the program can refuse: rules between fields, and arithmetic. */
const BEYOND: Readonly<Record<(typeof KINDS)[number], readonly string[]>> = {
  intent: [
    'SCHEMA-create-with-digest',
    'SCHEMA-instant-that-is-no-day',
    'SCHEMA-supersede-without-digest',
    'SCHEMA-window-empty',
    'SCHEMA-window-reversed',
  ],
  trust: ['SCHEMA-person-twice', 'SCHEMA-threshold-above-keys'],
  parity: ['SCHEMA-environment-named-rehearsal'],
};

/** What a gate refuses, and an editor can show already. All else that a gate says of a policy compares several of its values. */
const SHOWN_EARLY = ['PARITY-aws-tag', 'PARITY-empty-tag', 'PARITY-govboot-tag'];

function validatorOf(kind: string): ValidateFunction {
  // Strict: a keyword that the validator does not know would be a rule that does not hold.
  const ajv = new Ajv2020({ strict: true, strictTypes: false, allErrors: true });
  ajv.addVocabulary(['errorMessage', 'patternErrorMessage']);
  ajv.addFormat('uri', (text: string) => URL.canParse(text));
  return ajv.compile(schemaOf(kind));
}

const folder = (kind: string, verdict: 'good' | 'bad'): string =>
  join(projectRoot, 'test', 'vectors', kind, verdict);
const read = (kind: string, verdict: 'good' | 'bad', file: string): unknown =>
  parse(readFileSync(join(folder(kind, verdict), file), 'utf8'));

describe.each(KINDS)('%s', (kind) => {
  const validate = validatorOf(kind);
  const good = readdirSync(folder(kind, 'good'));
  // What is spelt wrongly as YAML is often the same document for an editor; only the program judges that.
  const bad = readdirSync(folder(kind, 'bad')).filter((file) => !file.startsWith('YAML-'));

  test('takes every good vector', () => {
    for (const file of good) {
      validate(read(kind, 'good', file));
      expect({ file, errors: validate.errors }).toEqual({ file, errors: null });
    }
    expect(good.length).toBeGreaterThan(3);
  });

  test('refuses every bad vector but those that only the program can refuse', () => {
    const names = bad.map((file) => basename(file, '.yaml'));
    const taken = names.filter((name) => validate(read(kind, 'bad', `${name}.yaml`)));
    const judged = names.filter((name) => !name.startsWith('SCHEMA-') && !SHOWN_EARLY.includes(name));
    expect(taken.sort()).toEqual([...judged, ...BEYOND[kind]].sort());
    expect(bad.length).toBeGreaterThan(10);
  });

  test('has a name, a title and a description for every field, and takes no field that is unknown', () => {
    const schema = schemaOf(kind);
    expect(schema['$schema']).toBe('https://json-schema.org/draft/2020-12/schema');
    expect(schema['$id']).toBe(`urn:govboot:${kind}:v1`);
    expect(schema['title']).toMatch(/^[A-Z].*/);
    const bare = fieldsOf(schema, kind).filter(({ field }) => typeof field['description'] !== 'string');
    expect(bare.map(({ at }) => at)).toEqual([]);
    const open = objectsOf(schema, kind).filter(
      ({ object }) => 'properties' in object && object['additionalProperties'] !== false,
    );
    expect(open.map(({ at }) => at)).toEqual([]);
  });

  test('explains a pattern in words', () => {
    const bare = objectsOf(schemaOf(kind), kind).filter(
      ({ object, at }) => 'pattern' in object && !('patternErrorMessage' in object) && !at.endsWith('.not'),
    );
    expect(bare.map(({ at }) => at)).toEqual([]);
  });
});

interface Found {
  readonly at: string;
  readonly object: Json;
}

/** Every object in a schema, with where it is. */
function objectsOf(value: unknown, at: string): readonly Found[] {
  if (typeof value !== 'object' || value === null) return [];
  const inner = Object.entries(value).flatMap(([key, one]) => objectsOf(one, `${at}.${key}`));
  return [{ at, object: value as Json }, ...inner];
}

function fieldsOf(schema: Json, kind: string): readonly { readonly at: string; readonly field: Json }[] {
  return objectsOf(schema, kind)
    .filter(({ at }) => at.endsWith('.properties'))
    .flatMap(({ at, object }) =>
      Object.entries(object).map(([name, field]) => ({ at: `${at}.${name}`, field: field as Json })),
    );
}
