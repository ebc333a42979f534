/** The strict shape of a plan document: every field there, no other, each of its form. */
import { CODES } from '../kernel/codes.ts';
import { isSha256 } from '../kernel/digest.ts';
import { GovbootError } from '../kernel/errors.ts';
import { isJsonObject, type Json } from '../kernel/json.ts';
import { clip, safe } from '../kernel/text.ts';
import { isInstant } from '../kernel/time.ts';
import { isFingerprint } from '../inputs/facts.ts';
import { INTENT_ACTIONS } from '../inputs/intent-action.ts';

/** Throws where `value` at `path` is not of the form. */
type Check = (value: Json | undefined, path: string) => void;

const is =
  (test: (value: unknown) => boolean, rule: string): Check =>
  (value, path) => {
    if (!test(value)) fail(path, value, rule);
  };
const text = (test: (value: string) => boolean, rule: string): Check =>
  is((value) => typeof value === 'string' && test(value), rule);
const one = (...words: readonly string[]): Check =>
  text((value) => words.includes(value), `must be ${words.join(' or ')}`);
const orNull =
  (check: Check): Check =>
  (value, path) => {
    if (value !== null) check(value, path);
  };
const list =
  (item: Check): Check =>
  (value, path) => {
    if (!Array.isArray(value)) return fail(path, value, 'must be a list');
    value.forEach((entry: Json, i) => item(entry, `${path}[${String(i)}]`));
  };
const map =
  (item: Check): Check =>
  (value, path) => {
    if (!isJsonObject(value)) return fail(path, value, 'must be an object');
    for (const [key, entry] of Object.entries(value)) item(entry, `${path}.${safe(key)}`);
  };
const object =
  (fields: Readonly<Record<string, Check>>): Check =>
  (value, path) => {
    if (!isJsonObject(value)) return fail(path, value, 'must be an object');
    const unknown = Object.keys(value).find((key) => !Object.hasOwn(fields, key));
    if (unknown !== undefined)
      throw new GovbootError('SCHEMA', `${path}: unknown field "${safe(unknown)}"`, {
        data: { path, field: unknown },
      });
    for (const [key, check] of Object.entries(fields)) check(value[key], `${path}.${key}`);
  };

const line = text((value) => value !== '', 'must be a text');
/** Part of a path; a plan may come from anybody. */
const name = text((value) => /^[a-z][a-z0-9-]{0,31}$/.test(value), 'must be a name of an environment');
const anything: Check = is((value) => value !== undefined, 'is missing');
const hash = text(isSha256, 'must be 64 lower-case hexadecimal characters');
const instant = text(isInstant, 'must be an instant like 2026-11-22T12:00:00Z');
const print = text(isFingerprint, 'must be 40 upper-case hexadecimal characters');
const uuid = text(
  (value) => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(value),
  'must be a UUID in lower case',
);
const hex = text(
  (value) => /^([0-9a-f]{2}){16,64}$/.test(value),
  'must be 16 to 64 bytes in lower-case hexadecimal',
);
const objectName = text((value) => /^([0-9a-f]{40}|[0-9a-f]{64})$/.test(value), 'must be a full object name');

const row = { id: line, resource: line, name: line, title: line };
const after = list(line);
const STEPS: Readonly<Record<string, Check>> = {
  create: object({ ...row, kind: one('create'), with: list(line), after }),
  adopt: object({ ...row, kind: one('adopt'), from: anything, to: anything, after }),
  set: object({
    ...row,
    kind: one('set'),
    control: line,
    from: anything,
    to: anything,
    preview: anything,
    after,
  }),
  keep: object({ ...row, kind: one('keep'), control: orNull(line) }),
  refuse: object({
    ...row,
    kind: one('refuse'),
    control: orNull(line),
    code: text((code) => Object.hasOwn(CODES, code), 'must be a code'),
    found: anything,
    why: line,
  }),
};

const step: Check = (value, path) => {
  const kind = isJsonObject(value) && typeof value['kind'] === 'string' ? value['kind'] : '';
  const check = Object.hasOwn(STEPS, kind) ? STEPS[kind] : undefined;
  if (check === undefined) return fail(`${path}.kind`, kind, `must be ${Object.keys(STEPS).join(' or ')}`);
  check(value, path);
};

const PLAN = object({
  schema: one('govboot.plan/v1'),
  mode: one('LIVE', 'REHEARSAL'),
  run: uuid,
  nonce: hex,
  created_at: instant,
  expires_at: instant,
  repository: uuid,
  environment: name,
  source: object({ tag: line, tag_oid: objectName, commit: objectName, tree_sha256: hash }),
  intent: object({
    file: line,
    sha256: hash,
    action: one(...INTENT_ACTIONS),
    supersedes: orNull(hash),
    requester: print,
    reason: line,
    ticket: line,
  }),
  policy: object({
    parity_sha256: hash,
    trust_sha256: hash,
    trust_version: is(Number.isSafeInteger, 'must be a whole number'),
    templates: map(hash),
  }),
  target: object({
    provider: one('aws'),
    partition: line,
    account: text((value) => /^[0-9]{12}$/.test(value), 'must be 12 digits'),
    region: line,
    caller: line,
    endpoint: orNull(line),
  }),
  signer: orNull(object({ fingerprint: print })),
  blueprint: map(anything),
  steps: list(step),
});

/** @throws SCHEMA naming the first place that is wrong; the version is judged before everything else */
export function assertPlanShape(value: Json, what: string): void {
  const schema = isJsonObject(value) ? value['schema'] : undefined;
  if (schema !== 'govboot.plan/v1') fail(`${what}.schema`, schema, 'must be "govboot.plan/v1"');
  PLAN(value, what);
}

function fail(path: string, value: Json | undefined, rule: string): never {
  if (value === undefined) throw new GovbootError('SCHEMA', `${path} is missing`, { data: { path } });
  throw new GovbootError('SCHEMA', `${path} is ${clip(safe(JSON.stringify(value)), 80)}: ${rule}`, {
    data: { path, value, rule },
  });
}
