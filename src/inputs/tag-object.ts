/**
 * The strict form of a signed annotated tag. Git itself ignores extra headers, text after the signature and a name that is
 * not the ref's; here each of these is a refusal, so that whatever is accepted is what was signed, byte for byte.
 */
import { gitObjectId, sha256, type Sha256 } from '../kernel/digest.ts';
import { clip, isSafe, safe } from '../kernel/text.ts';
import { instantFromMs, type Instant } from '../kernel/time.ts';
import type { Code } from '../kernel/codes.ts';

/** A tag whose every byte is either in `payload` or in `signature`. */
export interface TagObject {
  /** Object name of the tag itself, recomputed over its bytes. */
  readonly oid: string;
  readonly name: string;
  readonly commit: string;
  readonly tagger: string;
  readonly taggedAt: Instant;
  readonly message: string;
  /** SHA-256 of the whole object. */
  readonly sha256: Sha256;
  readonly payload: Uint8Array;
  readonly signature: Uint8Array;
}

export type TagRead =
  | { readonly is: 'tag'; readonly tag: TagObject }
  | { readonly is: 'problem'; readonly code: Code; readonly wrong: string };

/** Bytes; the largest tag object that is read. */
export const MAX_TAG = 64 * 1024;

/** Characters; the longest tag name. */
const MAX_NAME = 128;

const BEGIN = '-----BEGIN PGP SIGNATURE-----';
const END = '-----END PGP SIGNATURE-----';
/** What git would also take for the start of a signature (gpg-interface.c: PGP, X.509 and SSH). */
const OTHER_ARMOR = /^-----BEGIN (?:PGP MESSAGE|SIGNED MESSAGE|SSH SIGNATURE)-----$/;
/** RFC 9580 §6.2: lines of at most 76 characters of base64, then perhaps the CRC-24. */
const ARMOR_BODY = /^(?:[A-Za-z0-9+/]{1,76}={0,2}\n)+(?:=[A-Za-z0-9+/]{4}\n)?$/;
const TAGGER = /^([^<>]*[^<> ]) <([^<> ]+)> (0|[1-9]\d{0,11}) [+-]\d{4}$/;
/** Seconds of 9999-12-31T23:59:59Z, the last instant that RFC 3339 can spell. */
const LAST_SECOND = 253_402_300_799;

/** A signal that is caught in parseTagObject and nowhere else. */
class Refusal extends Error {
  readonly code: Code;
  readonly wrong: string;
  constructor(code: Code, wrong: string) {
    super(wrong);
    this.code = code;
    this.wrong = wrong;
  }
}

/**
 * True for the names that are accepted: narrower than git-check-ref-format, so that a name is never an option, a path
 * out of refs/tags, or a pattern.
 */
export function isTagName(name: string): boolean {
  return (
    name.length <= MAX_NAME &&
    name
      .split('/')
      .every((part) => /^[A-Za-z0-9_][A-Za-z0-9._-]*$/.test(part) && !/\.\.|\.$|\.lock$/.test(part))
  );
}

/**
 * Judges the raw bytes of the tag object that `refs/tags/<name>` names.
 * @param refOid the object name that the ref holds; the bytes must hash to it
 */
export function parseTagObject(
  name: string,
  refOid: string,
  bytes: Uint8Array,
  format: 'sha1' | 'sha256',
): TagRead {
  try {
    return { is: 'tag', tag: parse(name, refOid, bytes, format) };
  } catch (refusal) {
    if (refusal instanceof Refusal) return { is: 'problem', code: refusal.code, wrong: refusal.wrong };
    throw refusal;
  }
}

function parse(name: string, refOid: string, bytes: Uint8Array, format: 'sha1' | 'sha256'): TagObject {
  if (!isTagName(name)) throw new Refusal('TAG_NAME_INVALID', shown(name));
  if (bytes.length > MAX_TAG)
    throw malformed(`is ${String(bytes.length)} bytes, more than ${String(MAX_TAG)}`);
  const oid = gitObjectId('tag', bytes, format);
  if (oid !== refOid)
    throw new Refusal(
      'OBJECT_FORGED',
      `tag ${shown(refOid)} is not what its name says: its bytes hash to ${oid}`,
    );
  const text = decode(bytes);
  const headEnd = text.indexOf('\n\n');
  if (headEnd < 0) throw malformed('has no empty line after its headers');
  const { commit, tagger, taggedAt } = headers(name, text.slice(0, headEnd).split('\n'), format);
  const rest = text.slice(headEnd + 2);
  const begin = signatureStart(rest);
  // The text is valid UTF-8 without a byte order mark, so encoding it again gives the same bytes: lengths agree.
  const split = new TextEncoder().encode(text.slice(0, headEnd + 2 + begin)).length;
  return {
    oid,
    name,
    commit,
    tagger,
    taggedAt,
    message: rest.slice(0, begin),
    sha256: sha256(bytes),
    payload: bytes.slice(0, split),
    signature: bytes.slice(split),
  };
}

function decode(bytes: Uint8Array): string {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw malformed('is not UTF-8');
  }
  const unsafe = text.split('\n').find((line) => !isSafe(line));
  if (unsafe !== undefined) throw malformed(`has a control or invisible character: ${shown(unsafe)}`);
  return text;
}

/** Exactly object, type, tag, tagger. `gpgsig*` would be removed by git before verifying, so it can be injected unsigned. */
function headers(
  name: string,
  lines: readonly string[],
  format: 'sha1' | 'sha256',
): Pick<TagObject, 'commit' | 'tagger' | 'taggedAt'> {
  const [commit = '', type, tag, tagger = ''] = ['object', 'type', 'tag', 'tagger'].map((key, i) => {
    const line = lines[i];
    if (line?.startsWith(`${key} `) !== true)
      throw malformed(`header ${String(i + 1)} must be "${key}", not "${shown(line)}"`);
    return line.slice(key.length + 1);
  });
  const extra = lines[4];
  if (extra !== undefined) throw malformed(`has another header: ${shown(extra)}`);
  if (commit.length !== (format === 'sha1' ? 40 : 64) || !/^[0-9a-f]+$/.test(commit))
    throw malformed(`object is "${shown(commit)}"`);
  if (type === 'tag' || type === 'tree' || type === 'blob')
    throw new Refusal('TAG_TARGET_TYPE', `${name} points at a ${type}`);
  if (type !== 'commit') throw malformed(`type is "${shown(type)}"`);
  if (tag !== name)
    throw new Refusal('TAG_NAME_MISMATCH', `refs/tags/${name} holds a tag that names itself "${shown(tag)}"`);
  const seconds = Number(TAGGER.exec(tagger)?.[3] ?? 'NaN');
  if (!(seconds <= LAST_SECOND)) throw malformed(`tagger is "${shown(tagger)}"`);
  return {
    commit,
    tagger: tagger.slice(0, tagger.lastIndexOf('>') + 1),
    taggedAt: instantFromMs(seconds * 1000),
  };
}

/** Where the signature begins in message and signature. */
function signatureStart(rest: string): number {
  const lines = rest.split('\n');
  const other = lines.find((line) => OTHER_ARMOR.test(line));
  if (other !== undefined) throw new Refusal('SIG_FORMAT', `the tag has ${shown(other)}`);
  const begins = lines.flatMap((line, i) => (line.includes(BEGIN) ? [i] : []));
  const ends = lines.flatMap((line, i) => (line.includes(END) ? [i] : []));
  const [begin] = begins;
  if (begin === undefined) {
    if (ends.length > 0) throw malformed('has an end of a signature and no beginning');
    throw new Refusal('TAG_UNSIGNED', 'the tag object has no signature');
  }
  if (begins.length > 1) throw new Refusal('SIG_COUNT', `the tag has ${String(begins.length)} signatures`);
  if (lines[begin] !== BEGIN) throw malformed(`has text beside the armor line: ${shown(lines[begin])}`);
  if (ends.length !== 1 || lines.at(-1) !== '' || lines.at(-2) !== END)
    throw malformed('has text after its signature, or no end of it');
  if (lines[begin + 1] !== '') throw malformed(`has an armor header: ${shown(lines[begin + 1])}`);
  const body = lines
    .slice(begin + 2, -2)
    .map((line) => `${line}\n`)
    .join('');
  if (!ARMOR_BODY.test(body)) throw malformed('has a signature that is not plain base64');
  return lines.slice(0, begin).reduce((length, line) => length + line.length + 1, 0);
}

function malformed(what: string): Refusal {
  return new Refusal('TAG_MALFORMED', `the tag object ${what}`);
}

function shown(text: string | undefined): string {
  return clip(safe(text ?? ''), 80);
}
