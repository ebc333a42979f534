import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BACKEND_TEMPLATES, hclEscape, renderBackend, renderTemplate } from '../../../src/plan/render.ts';
import { projectRoot } from '../../harness/capabilities.ts';
import { blueprint } from './fixtures.ts';
import { parseHcl, type Hcl } from './hcl.ts';
import { thrownBy } from './thrown.ts';

const templates = new Map(
  Object.values(BACKEND_TEMPLATES).map((name) => [
    name,
    readFileSync(join(projectRoot, 'templates', name), 'utf8'),
  ]),
);
const ARN = 'arn:aws:kms:eu-central-1:111122223333:key/0d6f8c1e-2b3a-4c5d-8e9f-0a1b2c3d4e5f';
const known = { 'state-key.arn': ARN };
const ENDPOINT = 'http://127.0.0.1:5000';

const backend = (locking: 'table' | 'lockfile' | 'both', endpoint: string | null) => {
  const files = renderBackend(templates, { ...blueprint(), locking }, known, { endpoint });
  const { terraform } = parseHcl(files.tf) as { terraform: Record<string, Hcl> };
  return { files, tf: terraform['backend s3'] as Record<string, Hcl>, hcl: parseHcl(files.hcl) };
};

describe.each(['table', 'lockfile', 'both'] as const)('the backend files with locking by %s', (locking) => {
  const { files, tf, hcl } = backend(locking, null);

  it('agree with each other', () => {
    expect(hcl).toEqual(tf);
    const emulated = backend(locking, ENDPOINT);
    expect(emulated.hcl).toEqual(emulated.tf);
  });

  it('hold exactly what AWS needs', () => {
    expect(tf).toEqual({
      bucket: 'acme-dev-tfstate',
      key: 'dev/terraform.tfstate',
      region: 'eu-central-1',
      encrypt: true,
      kms_key_id: ARN,
      allowed_account_ids: ['111122223333'],
      ...(locking === 'lockfile' ? {} : { dynamodb_table: 'acme-dev-tflock' }),
      ...(locking === 'table' ? {} : { use_lockfile: true }),
    });
  });

  it('name the environment and its lock, and are the same every time', () => {
    for (const text of Object.values(files)) {
      expect(text).toContain('evidence/dev/.backend.lock');
      expect(text).not.toMatch(/\{\{|\}\}|\n\n\n|\n\n\s*\}/);
    }
    expect(backend(locking, null).files).toEqual(files);
  });

  it('carry the settings of an emulator only when the intent names an endpoint', () => {
    const { allowed_account_ids: _without, ...same } = tf;
    expect(backend(locking, ENDPOINT).tf).toEqual({
      ...same,
      use_path_style: true,
      skip_credentials_validation: true,
      skip_requesting_account_id: true,
      skip_metadata_api_check: true,
      skip_region_validation: true,
      endpoints: { s3: ENDPOINT, dynamodb: ENDPOINT, sts: ENDPOINT },
    });
  });
});

describe('renderBackend', () => {
  it('refuses to write a file without the ARN of the key', () => {
    const error = thrownBy(() => renderBackend(templates, blueprint(), {}, { endpoint: null }));
    expect(error.code).toBe('SCHEMA');
    expect(error.message).toContain('state key');
  });

  it.each(Object.values(BACKEND_TEMPLATES))('says when %s is missing', (name) => {
    const some = new Map([...templates].filter(([other]) => other !== name));
    const error = thrownBy(() => renderBackend(some, blueprint(), known, { endpoint: null }));
    expect(error.code).toBe('FILE_MISSING');
    expect(error.message).toContain(name);
  });
});

describe('renderTemplate', () => {
  const values = { bucket: 'b', state_key: 'k', region: 'r', kms_key_arn: 'a', yes: true, no: false };
  const NEEDED = '{{bucket}}{{state_key}}{{region}}{{kms_key_arn}}\n';
  const render = (text: string, more: Record<string, string | boolean> = {}) =>
    renderTemplate('x.tmpl', text + NEEDED, { ...values, ...more }).slice(0, -'bkra\n'.length);

  it('fills holes and keeps or drops sections, nested too', () => {
    expect(render('a {{region}} z')).toBe('a r z');
    expect(render('{{#if yes}}in{{/if}}|{{#if no}}out{{/if}}|{{#if region}}text{{/if}}')).toBe('in||text');
    expect(render('{{#if yes}}1{{#if no}}2{{/if}}3{{/if}}{{#if no}}4{{#if yes}}5{{/if}}6{{/if}}')).toBe('13');
  });

  it('takes a section mark that is alone on its line away with the line', () => {
    expect(render('1\n  {{#if yes}}\n2\n{{/if}}  \n3\n{{#if no}}\n4\n{{/if}}\n5\n')).toBe('1\n2\n3\n5\n');
  });

  it.each([
    ['{{bukcet}}', 'line 1: "bukcet" is not a value of a backend'],
    ['ok\n{{#if bukcet}}{{/if}}', 'line 2: "bukcet"'],
    ['{{#if no}}{{bukcet}}{{/if}}', '"bukcet"'],
    ['{{constructor}}', '"constructor" is not a value'],
    ['{{ bucket }}', '" bucket " is not a value'],
    ['{{#each bucket}}', '"#each bucket" is not a value'],
    ['{{yes}}', '"yes" is yes or no'],
    ['{{/if}}', '{{/if}} closes nothing'],
    ['a\n{{#if yes}}\nb', 'line 2: this {{#if}} is not closed'],
    ['{{bucket', 'braces that are not a hole'],
    ['bucket}}', 'braces that are not a hole'],
  ])('refuses %s', (text, message) => {
    const error = thrownBy(() => render(text));
    expect(error.code).toBe('SCHEMA');
    expect(error.message).toContain(message);
    expect(error.message).toContain('templates/x.tmpl: line ');
  });

  it.each(['bucket', 'state_key', 'region', 'kms_key_arn'])(
    'refuses a template without the hole {{%s}}, or with it in a section that is not shown',
    (hole) => {
      const without = NEEDED.replace(`{{${hole}}}`, '');
      for (const text of [without, `${without}{{#if no}}{{${hole}}}{{/if}}`]) {
        expect(thrownBy(() => renderTemplate('x.tmpl', text, values)).message).toContain(
          `the hole {{${hole}}} is not used`,
        );
      }
    },
  );

  it('lets no value out of its quotes', () => {
    fc.assert(
      fc.property(
        fc.string({
          unit: fc.constantFrom('"', '\\', '$', '%', '{', '}', '\n', '\r', '\t', 'a', '#', '=', 'ä'),
        }),
        (region) => {
          expect(parseHcl(`a = "${hclEscape(region)}"\n`)).toEqual({ a: region });
        },
      ),
      { numRuns: 500 },
    );
  });
});
