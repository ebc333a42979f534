/** Zod issues → one SCHEMA error that names file, place and wrong value. */
import * as z from 'zod';
import { GovbootError } from '../kernel/errors.ts';
import { clip, nearest, safe } from '../kernel/text.ts';
import { isInstant, type Instant } from '../kernel/time.ts';
import { isFingerprint, type Fingerprint } from './facts.ts';
import { parseYaml } from './yaml.ts';

/** Text of one line in printable characters. */
export const line = (max: number): z.ZodString => z.string().min(1).max(max).regex(/^[^\n]*$/, 'must be one line');
export const name = z.string().regex(/^[a-z][a-z0-9-]{0,31}$/, 'must be lower-case letters, digits and dashes, at most 32, a letter first');
export const instant = z.string().refine((text): text is Instant => isInstant(text), 'must be an instant like 2026-11-22T12:00:00Z').transform((text) => text as Instant);
export const fingerprint = z.string().refine((text): text is Fingerprint => isFingerprint(text), 'must be 40 upper-case hexadecimal characters').transform((text) => text as Fingerprint);
export const hex64 = z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 lower-case hexadecimal characters');
export const uuid = z.string().regex(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/, 'must be a version 4 UUID in lower case');
export const account = z.string().regex(/^[0-9]{12}$/, 'must be 12 digits, in quotes');
export const region = z.string().regex(/^[a-z]{2}(-[a-z]+)+-[0-9]$/, 'must be a region like eu-central-1');

/** Parses a YAML document against a strict schema. All issues are told at once. @throws YAML, SCHEMA */
export function parseDocument<S extends z.ZodType>(schema: S, bytes: Uint8Array, file: string): z.output<S> {
  const document = parseYaml(bytes, file);
  const result = schema.safeParse(document.value, { reportInput: true });
  if (result.success) return result.data;
  const lines = result.error.issues.map((issue) => `${file}: ${document.position(issue.path)}: ${describe(issue)}`);
  throw new GovbootError('SCHEMA', lines.join('\n'), { data: { file, problems: lines } });
}

function describe(issue: z.core.$ZodIssue): string {
  const place = issue.path.map(String).join('.') || 'the document';
  if (issue.code === 'unrecognized_keys') {
    return `${place}: unknown field ${issue.keys.map((k) => `"${safe(k)}"`).join(', ')}${suggestion(issue.keys[0])}`;
  }
  if (issue.input === undefined) return `${place} is missing`;
  return `${place} is ${clip(safe(JSON.stringify(issue.input) ?? String(issue.input)), 80)}: ${issue.message}`;
}

function suggestion(key: string | undefined): string {
  const near = key === undefined ? undefined : nearest(key, KNOWN_FIELDS);
  return near === undefined ? '' : `; did you mean "${near}"?`;
}

/** Every field name of the three human-made documents; for suggestions only. */
const KNOWN_FIELDS = [
  'schema', 'repository', 'environment', 'environments', 'provider', 'account', 'region', 'regions', 'action', 'tag', 'commit', 'tree_sha256', 'reason', 'ticket',
  'requester', 'not_before', 'expires', 'nonce', 'supersedes', 'endpoint', 'naming', 'tags', 'locking', 'state', 'roles', 'federation', 'allowed_resources', 'templates',
  'intent', 'organisation', 'version', 'roots', 'keys', 'threshold', 'thresholds', 'people', 'name', 'fingerprint', 'valid_from', 'valid_until',
];
