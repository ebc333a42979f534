/** Zod issues → one SCHEMA error that names file, place and wrong value. */
import * as z from 'zod';
import { sha256 } from '../kernel/digest.ts';
import { GovbootError } from '../kernel/errors.ts';
import { makeFew } from '../kernel/few.ts';
import { clip, nearest, safe } from '../kernel/text.ts';
import { isInstant, type Instant } from '../kernel/time.ts';
import { isFingerprint, type FileRead, type Fingerprint } from './facts.ts';
import { placeOf, showPlace, type Path, type Places } from './places.ts';
import { parseYaml } from './yaml.ts';

/** Text of at most one line in printable characters. */
export const oneLine = (max: number): z.ZodString =>
  z
    .string()
    .max(max)
    .regex(/^[^\n]*$/, 'must be one line')
    .regex(/^(\S|\n|$)/, 'must not begin with a space')
    .regex(/(\S|\n|^)$/, 'must not end with a space');
/** The same, and not empty. */
export const line = (max: number): z.ZodString => oneLine(max).min(1);
/** Text of one form; `rule` is told for a value of another type too, a number without quotes above all. */
export const word = (form: RegExp, rule: string): z.ZodString => z.string(rule).regex(form, rule);

export const name = word(
  /^[a-z][a-z0-9-]{0,31}$/,
  'must be lower-case letters, digits and dashes, at most 32, a letter first',
);
const INSTANT = 'must be an instant like 2026-11-22T12:00:00Z';
// A refinement is code, which JSON Schema cannot hold; the pattern says as much of it as can be said there.
export const instant = z
  .string(INSTANT)
  .refine((text): text is Instant => isInstant(text), INSTANT)
  .meta({
    pattern: '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$',
    examples: ['2026-11-22T12:00:00Z'],
  });
const FINGERPRINT = 'must be 40 upper-case hexadecimal characters, in quotes';
export const fingerprint = z
  .string(FINGERPRINT)
  .refine((text): text is Fingerprint => isFingerprint(text), FINGERPRINT)
  .meta({ pattern: '^[0-9A-F]{40}$' });
export const hex64 = word(/^[0-9a-f]{64}$/, 'must be 64 lower-case hexadecimal characters, in quotes');
export const uuid = word(
  /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
  'must be a version 4 UUID in lower case',
);
export const account = word(/^[0-9]{12}$/, 'must be 12 digits, in quotes');
export const region = word(/^[a-z]{2}(-[a-z]+)+-[0-9]$/, 'must be a region like eu-central-1');

/** A document as plain data and, beside it, where each value stands. */
export interface Placed<T> {
  readonly value: T;
  readonly places: Places;
}

/** By schema. Every room asks for the same few documents, and a run over many environments has the same policy in each. */
const few = new WeakMap<z.ZodType, ReturnType<typeof makeFew<Placed<unknown>>>>();

/** Parses a YAML document against a strict schema, once for each path and content. All issues are told at once. @throws YAML, SCHEMA */
export function readDocument<S extends z.ZodType>(
  schema: S,
  file: Pick<FileRead, 'bytes' | 'path'>,
): Placed<z.output<S>> {
  const kept = few.get(schema) ?? makeFew<Placed<unknown>>(16);
  few.set(schema, kept);
  return kept(`${sha256(file.bytes)} ${file.path}`, () => parseDocument(schema, file)) as Placed<z.output<S>>;
}

function parseDocument<S extends z.ZodType>(
  schema: S,
  { bytes, path: file }: Pick<FileRead, 'bytes' | 'path'>,
): Placed<z.output<S>> {
  const document = parseYaml(bytes, file);
  const result = schema.safeParse(document.value, { reportInput: true });
  if (result.success) return { value: result.data, places: document.places };
  const found = result.error.issues.flatMap(apart);
  const told = found
    .slice(0, MOST_PROBLEMS)
    .map(describe)
    .map(({ at, text }) => `${showPlace(placeOf(document.places, at))}: ${text}`);
  const more = found.length - told.length;
  const problems = more > 0 ? [...told, `${file}: and ${String(more)} more`] : told;
  throw new GovbootError('SCHEMA', problems.join('\n'), { data: { file, problems } });
}

/** Problems of one document that are told one by one; somebody else's document may have thousands. */
const MOST_PROBLEMS = 50;

interface Description {
  readonly at: Path;
  readonly text: string;
}

/** One issue a place: Zod tells all unknown fields of an object together. */
function apart(issue: z.core.$ZodIssue): readonly z.core.$ZodIssue[] {
  return issue.code === 'unrecognized_keys' ? issue.keys.map((key) => ({ ...issue, keys: [key] })) : [issue];
}

function describe(issue: z.core.$ZodIssue): Description {
  const place = safe(issue.path.map(String).join('.')) || 'the document';
  if (issue.code === 'unrecognized_keys') {
    const key = issue.keys.join();
    return {
      at: [...issue.path, key],
      text: `${place}: unknown field ${shown(key)}${suggestion(key)}`,
    };
  }
  const at = issue.path;
  if (issue.code === 'invalid_key') {
    const rules = issue.issues.map(({ message }) => message).join(', ');
    return { at, text: `${place}: the key ${shown(issue.path.at(-1))} ${rules}` };
  }
  if (issue.input === undefined) return { at, text: `${place} is missing` };
  return { at, text: `${place} is ${shown(issue.input)}: ${issue.message}` };
}

/** Cut before it is made safe, which takes longer than cutting. */
function shown(value: unknown): string {
  return clip(safe(clip(JSON.stringify(value), 200)), 80);
}

function suggestion(key: string): string {
  const near = nearest(key, KNOWN_FIELDS);
  return near === undefined ? '' : `; did you mean "${near}"?`;
}

/** Every field name of the three human-made documents; for suggestions only. */
const KNOWN_FIELDS = `
  schema repository environment environments differences setting provider account region regions action
  tag commit tree_sha256 reason ticket requester not_before expires nonce
  supersedes endpoint organisation naming bucket bucket_namespace table key_alias role
  tags required tolerated locking partition state_key retention noncurrent_days noncurrent_keep
  pitr_days key_rotation_days roles session_seconds principals mfa permissions_boundary federation github
  gitlab owner_id repository_id subject plan_environment apply_environment host project_path audience
  ref allowed_resources intent max_window_hours templates version roots keys threshold
  thresholds default release approver evidence break-glass people name fingerprint
  valid_from valid_until rules file sha256 entrypoint attests tools git
  gpg gpgv sqv evidence_store retention_days
`
  .trim()
  .split(/\s+/);
