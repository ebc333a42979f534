/**
 * The backend files that Terraform and OpenTofu read, from the authorized templates. The language has holes, `{{name}}`,
 * and sections, `{{#if name}}…{{/if}}`, and nothing else: a template decides what a file looks like, never what is true.
 */
import { GovbootError } from '../kernel/errors.ts';
import { safe } from '../kernel/text.ts';
import type { Blueprint } from './blueprint.ts';
import type { Known } from './control.ts';

/** Names of the templates, as the parity policy lists them. */
export const BACKEND_TEMPLATES = { tf: 'backend.tf.tmpl', hcl: 'backend.hcl.tmpl' } as const;

export interface BackendFiles {
  /** A `terraform { backend "s3" {…} }` block: `backend.tf`. */
  readonly tf: string;
  /** The same settings for `-backend-config`: `backend.hcl`. */
  readonly hcl: string;
}

/** A text fills a hole; true and false decide sections only. */
type Values = Readonly<Record<string, string | boolean>>;

/**
 * Without these a backend file is wrong or dangerous, whoever authorized the template. `encrypt = true` without
 * `kms_key_id` makes both tools send `AES256` with every object, which overrides the bucket's own key.
 */
const REQUIRED = ['bucket', 'state_key', 'region', 'kms_key_arn'];

/**
 * Renders both files. The same arguments give the same bytes: there is no clock in them.
 * @param templates file name → text
 * @param opts endpoint of an emulator, as the intent names it; null for AWS itself
 * @throws FILE_MISSING, SCHEMA
 */
export function renderBackend(
  templates: ReadonlyMap<string, string>,
  blueprint: Blueprint,
  known: Known,
  opts: { readonly endpoint: string | null },
): BackendFiles {
  const values = valuesOf(blueprint, known, opts.endpoint);
  const render = (name: string): string => {
    const template = templates.get(name);
    if (template === undefined)
      throw new GovbootError('FILE_MISSING', `template "${name}" does not exist`, {
        data: { file: `templates/${name}` },
      });
    return renderTemplate(name, template, values);
  };
  return { tf: render(BACKEND_TEMPLATES.tf), hcl: render(BACKEND_TEMPLATES.hcl) };
}

function valuesOf(blueprint: Blueprint, known: Known, endpoint: string | null): Values {
  const keyArn = known['state-key.arn'];
  if (keyArn === undefined)
    throw new GovbootError(
      'SCHEMA',
      'the ARN of the state key is not known, so no backend file can be written',
      { data: { missing: 'state-key.arn' } },
    );
  return {
    organisation: blueprint.organisation,
    repository: blueprint.repository,
    environment: blueprint.environment,
    account: blueprint.account,
    region: blueprint.region,
    bucket: blueprint.names.bucket,
    state_key: blueprint.stateKey,
    kms_key_arn: keyArn,
    table_name: blueprint.names.table,
    table: blueprint.locking !== 'lockfile',
    lockfile: blueprint.locking !== 'table',
    endpoint: endpoint ?? false,
    provider_endpoint: endpoint === null,
  };
}

/** A section mark that is alone on its line takes the line with it; everything else in braces fills its place. */
const MARK = /^[ \t]*\{\{(?:#if [a-z_]+|\/if)\}\}[ \t]*\n|\{\{[^{}\n]*\}\}/gm;

/** Renders one template. @throws SCHEMA with the line, for a hole or section that is not known, not closed, or not of its kind */
export function renderTemplate(name: string, template: string, values: Values): string {
  const out: string[] = [];
  const used = new Set<string>();
  const open: { readonly shown: boolean; readonly at: number }[] = [];
  const bad = (at: number, detail: string): GovbootError => {
    const line = template.slice(0, at).split('\n').length;
    return new GovbootError('SCHEMA', `templates/${name}: line ${String(line)}: ${detail}`, {
      data: { file: `templates/${name}`, line },
    });
  };
  const valueOf = (key: string, at: number): string | boolean => {
    const value = Object.hasOwn(values, key) ? values[key] : undefined;
    if (value === undefined)
      throw bad(
        at,
        `"${safe(key)}" is not a value of a backend; known are ${Object.keys(values).join(', ')}`,
      );
    return value;
  };
  const put = (text: string, at: number): void => {
    if (/\{\{|\}\}/.test(text)) throw bad(at, 'has braces that are not a hole');
    if (open.every(({ shown }) => shown)) out.push(text);
  };
  let end = 0;
  for (const mark of template.matchAll(MARK)) {
    put(template.slice(end, mark.index), end);
    end = mark.index + mark[0].length;
    const inside = mark[0].trim().slice(2, -2);
    if (inside.startsWith('#if ')) {
      open.push({ shown: valueOf(inside.slice(4), mark.index) !== false, at: mark.index });
    } else if (inside === '/if') {
      if (open.pop() === undefined) throw bad(mark.index, '{{/if}} closes nothing');
    } else {
      const value = valueOf(inside, mark.index);
      if (!open.every(({ shown }) => shown)) continue;
      if (typeof value === 'boolean')
        throw bad(mark.index, `"${inside}" is yes or no here and cannot fill a hole`);
      used.add(inside);
      out.push(hclEscape(value));
    }
  }
  put(template.slice(end), end);
  const unclosed = open.pop();
  if (unclosed !== undefined) throw bad(unclosed.at, 'this {{#if}} is not closed');
  const missing = REQUIRED.find((key) => !used.has(key));
  if (missing !== undefined)
    throw bad(0, `the hole {{${missing}}} is not used; a backend file without it is not safe`);
  return out.join('');
}

/** The inside of an HCL quoted template (HCL native syntax, "Template Expressions"): no interpolation, no end of the text. */
export function hclEscape(value: string): string {
  return value
    .replace(/[\\"]/g, '\\$&')
    .replace(/[$%]\{/g, (mark) => `${mark.charAt(0)}${mark}`)
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r')
    .replaceAll('\t', '\\t');
}
