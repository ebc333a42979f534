/**
 * Takes secrets out of what is logged: those that this process knows, wherever they stand, and what has the form or the name of one.
 * When in doubt it is taken out: a log goes to strangers. Digests, fingerprints and paths stay, or nothing could be found out from it.
 */
import { isJsonObject, type Json } from '../kernel/json.ts';
import { safe } from '../kernel/text.ts';

export interface Redactor {
  /** A secret that this process has come to know: a passphrase that was typed, credentials that were found. */
  readonly learn: (secret: string) => void;
  text(text: string): string;
  /** At any depth, in values and in names. */
  json(value: Json): Json;
}

const HIDDEN = '[redacted]';
/** Shorter ones are also syllables of other words, and would be given away by the gaps. */
const LEAST_KNOWN = 4;

const NAME =
  '[\\w.-]*(?:secret|token|passphrase|password|passwd|authorization|credential|access_?key|private_?key|api_?key)[\\w.-]*';
const SECRET_NAME = new RegExp(`^${NAME}$`, 'i');
/** A file that holds a secret is no secret, and its name helps. */
const OF_A_FILE = /_(?:FILE|DIR|PATH)$/i;

/** Up to its end; where that was cut off, all of it. */
const PRIVATE_KEY = /-----BEGIN [A-Z ]*PRIVATE KEY[^]*?(?:-----END [A-Z ]*PRIVATE KEY(?: BLOCK)?-----|$)/g;
/** RFC 9110 §11.6.2: scheme and parameters, to the end of the line. */
const HEADER = /(authorization["']?\s*[:=]\s*)[^\r\n]+/gi;
const SCHEME = /\b(Bearer|Basic|AWS4-HMAC-SHA256)\s+[^\r\n]+/g;
/** Query parameters of a presigned request (Signature Version 4) that let somebody else make it. */
const PRESIGNED = /(X-Amz-(?:Signature|Security-Token|Credential))=[^&\s"']+/gi;
/** `NAME=value` and `name: value`. A passphrase has blanks, so that goes on to the end of the line; others end at the first. */
const PHRASE = /((?:passphrase|password|passwd)["']?\s*[:=]\s*)[^\r\n]+/gi;
const NAMED = new RegExp(`(${NAME}["']?\\s*[:=]\\s*)("[^"]*"|'[^']*'|[^\\s,;&]+)`, 'gi');
/** IAM unique identifiers of access keys: AKIA long-term, ASIA temporary (IAM user guide, "Unique identifiers"). */
const ACCESS_KEY = /(AKIA|ASIA)[A-Z0-9]{12,}/g;
/** JSON Web Tokens (RFC 7519): three parts of base64url. */
const WEB_TOKEN = /eyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]*)?/g;
/** Secret access keys have 40 characters of base64; session tokens have hundreds. */
const LONG_RUN = /[A-Za-z0-9+/]{40,}={0,2}/g;
/** A part of a path: small letters, or one capital first, or the hexadecimal capitals of a fingerprint. */
const PLAIN_PART = /^(?:[A-Z]?[a-z0-9]*|[0-9A-F]*)$/;

/** @param env what is secret in it by its name is known from the beginning */
export function makeRedactor(env: NodeJS.ProcessEnv): Redactor {
  let known: readonly string[] = [];
  const learn = (secret: string): void => {
    if (secret.length < LEAST_KNOWN) return;
    // As it is, and as it stands in a URL, in JSON, and on a terminal.
    const spellings = [secret, urlOf(secret), JSON.stringify(secret).slice(1, -1), safe(secret)];
    // Longest first: one may be the beginning of another.
    known = [...new Set([...known, ...spellings])].sort((a, b) => b.length - a.length);
  };
  for (const [name, value = ''] of Object.entries(env))
    if (SECRET_NAME.test(name) && !OF_A_FILE.test(name)) learn(value);
  const text = (given: string): string =>
    byForm(known.reduce((all, secret) => all.replaceAll(secret, HIDDEN), given));
  const json = (value: Json): Json => {
    if (typeof value === 'string') return text(value);
    if (Array.isArray(value)) return value.map((item: Json) => json(item));
    if (!isJsonObject(value)) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [
        text(key),
        SECRET_NAME.test(key) && item !== null ? HIDDEN : json(item),
      ]),
    );
  };
  return { learn, text, json };
}

function urlOf(secret: string): string {
  return encodeURIComponent(secret.toWellFormed());
}

function byForm(text: string): string {
  return text
    .replace(PRIVATE_KEY, HIDDEN)
    .replace(HEADER, `$1${HIDDEN}`)
    .replace(SCHEME, `$1 ${HIDDEN}`)
    .replace(PRESIGNED, `$1=${HIDDEN}`)
    .replace(PHRASE, `$1${HIDDEN}`)
    .replace(NAMED, `$1${HIDDEN}`)
    .replace(ACCESS_KEY, `$1${HIDDEN}`)
    .replace(WEB_TOKEN, HIDDEN)
    .replace(LONG_RUN, (run) => (run.split('/').every((part) => PLAIN_PART.test(part)) ? run : HIDDEN));
}
