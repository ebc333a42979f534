/**
 * RFC 8785 (JCS) documents: one line of canonical JSON and a line feed.
 * Canonical form is a refusal on read, never a reconstruction: signatures are over the bytes as they are.
 */
import canonicalize from 'canonicalize';
import { GovbootError } from './errors.ts';
import type { Json } from './json.ts';

/** Documents may come from anybody: what would exhaust the stack of whoever walks it is no document of ours. */
const MOST_LEVELS = 64;

/** RFC 8785 text of `value`, without the line feed. @throws NOT_CANONICAL for what JSON cannot say (undefined, NaN, lone surrogates). */
export function canonicalText(value: Json): string {
  assertPlain(value, '$');
  const text = canonicalize(value);
  if (text === undefined) throw notCanonical('$', 'value has no JSON form');
  return text;
}

/** The bytes of a machine-made document: canonical JSON, then one LF. */
export function canonicalBytes(value: Json): Uint8Array {
  return new TextEncoder().encode(`${canonicalText(value)}\n`);
}

/** Deep equality of two JSON values, by canonical form. */
export function sameJson(a: Json, b: Json): boolean {
  return canonicalText(a) === canonicalText(b);
}

/**
 * Parses a machine-made document and refuses every other spelling of it: white space, key order, duplicate keys,
 * 1.0, escapes, BOM, CRLF, bad UTF-8, text after the end all fail the byte comparison.
 * @throws NOT_CANONICAL
 */
export function parseCanonical(bytes: Uint8Array, what: string): Json {
  let text: string;
  let value: Json;
  try {
    text = STRICT.decode(bytes);
    value = JSON.parse(text) as Json;
  } catch (cause) {
    throw notCanonical(what, 'is not JSON', cause);
  }
  if (isDeeper(value, MOST_LEVELS)) throw notCanonical(what, 'is nested too deeply');
  // Bytes that are UTF-8 and their text say the same, so that texts may be compared.
  if (!isPlainlyCanonical(value, text) && `${canonicalText(value)}\n` !== text)
    throw notCanonical(what, 'is not in canonical form (RFC 8785 and one line feed)');
  return value;
}

const STRICT = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Whether the text is what JSON.stringify writes, and every key stands after those before it: that is RFC 8785, whose strings and
 * numbers are those of JSON.stringify. An escaped surrogate, which JSON.stringify writes and RFC 8785 refuses, is left to the slow way, as is everything else.
 */
function isPlainlyCanonical(value: Json, text: string): boolean {
  return `${JSON.stringify(value)}\n` === text && !text.includes('\\ud') && isInOrder(value);
}

function isDeeper(value: Json, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((item: Json) => isDeeper(item, levels - 1));
}

function isInOrder(value: Json): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (Array.isArray(value)) return value.every(isInOrder);
  let before: string | null = null;
  for (const [key, item] of Object.entries(value)) {
    if ((before !== null && key <= before) || !isInOrder(item)) return false;
    before = key;
  }
  return true;
}

/** Byte equality. Not constant-time: everything compared here is public. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

function assertPlain(value: unknown, path: string): void {
  if (value === null || typeof value === 'boolean') return;
  if (typeof value === 'string') {
    if (!value.isWellFormed()) throw notCanonical(path, 'holds a lone surrogate');
    return;
  }
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw notCanonical(path, 'is not a finite number');
    return;
  }
  if (Array.isArray(value)) {
    value.forEach((item, i) => {
      assertPlain(item, `${path}[${String(i)}]`);
    });
    return;
  }
  if (typeof value === 'object' && Object.getPrototypeOf(value) === Object.prototype) {
    for (const [key, item] of Object.entries(value)) {
      if (!key.isWellFormed()) throw notCanonical(path, 'has a name with a lone surrogate');
      assertPlain(item, `${path}.${key}`);
    }
    return;
  }
  throw notCanonical(path, `is ${typeof value}, which JSON cannot say`);
}

function notCanonical(what: string, detail: string, cause?: unknown): GovbootError {
  return new GovbootError('NOT_CANONICAL', `${what} ${detail}`, { data: { what }, cause });
}
