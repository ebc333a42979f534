/**
 * One detached signature: accepted only if its file, its packet, its key and every verifier say so, and say the same.
 * No verifier is believed alone: gpgv takes expired and revoked keys for good, openpgp.js and sqv judge a key at the signature's own time.
 */
import type { Sha256 } from '../kernel/digest.ts';
import { secondsBetween, type Instant } from '../kernel/time.ts';
import type {
  Fingerprint,
  KeyFacts,
  KeyPart,
  Problem,
  SignatureFacts,
  VerifierSays,
} from '../inputs/facts.ts';
import type { SignaturePacket } from '../inputs/signature-packet.ts';
import type { DigestStart } from '../inputs/signed-digest.ts';
import { finding, findingOf, type Finding } from './verdict.ts';

/** Seconds by which the signer's clock may be ahead of this machine's. */
export const CLOCK_TOLERANCE = 60;

/** RSA modulus bits (NIST SP 800-57 part 1, table 2: 128 bits of security). */
const MIN_RSA_BITS = 3072;

/** RFC 9580 §9.5: SHA2-256, SHA2-384, SHA2-512. */
const HASHES = new Set([8, 9, 10]);
/** RFC 9580 §9.5: MD5, SHA-1, RIPEMD-160, SHA2-224. */
const WEAK_HASHES = new Set([1, 2, 3, 11]);
/** RFC 9580 §9.1: RSA, RSA sign-only, ECDSA, EdDSALegacy. Ed25519 (27) and Ed448 (28) are not known to GnuPG, so an auditor could not check them. */
const ALGORITHMS = new Set([1, 3, 19, 22]);
/** RFC 9580 §9.1: Elgamal, DSA, and Elgamal for both uses. */
const WEAK_ALGORITHMS = new Set([16, 17, 20]);

/** Of keys, in the words of `algorithmOf` in world/openpgp.ts. */
const KEY_ALGORITHMS = /^(rsa|ed25519|nistP(256|384|521)$)/;

/** A signature that was accepted: by whom, with which key, when. */
export interface Signed {
  readonly primary: Fingerprint;
  readonly signingKey: string;
  readonly created: Instant;
  /** Of the signature file. */
  readonly sha256: Sha256;
  readonly file: string;
}

export type SignatureVerdict =
  ({ readonly is: 'signed' } & Signed) | { readonly is: 'refused'; readonly finding: Finding };

/** Judges one signature at `now`. The first thing that is wrong is told: form, packet, key, then what the verifiers say. */
export function judgeSignature(facts: SignatureFacts, now: Instant): SignatureVerdict {
  const { file, shape, key, verifiers } = facts;
  if (shape.is === 'malformed') return refused(findingOf(shape, file));
  const form = packetFinding(file, shape.packet, now);
  if (form !== null) return refused(withSayings(form, verifiers));
  if (key === null) return refused(unknownSigner(file, shape.packet));
  const state = keyFinding(file, key, shape.packet, now);
  if (state !== null) return refused(withSayings(state, verifiers));
  const other = digestFinding(file, facts.digest);
  if (other !== null) return refused(withSayings(other, verifiers));
  const answer = commonAnswer(file, shape.packet, key, verifiers);
  if (answer.is === 'refused') return answer;
  const { primary, signingKey, created } = answer;
  return { is: 'signed', primary, signingKey, created, sha256: facts.sha256, file };
}

function packetFinding(file: string, packet: SignaturePacket, now: Instant): Finding | null {
  const { hashAlgorithm: hash, publicKeyAlgorithm: algorithm } = packet;
  if (packet.version !== 4)
    return finding('SIG_UNSUPPORTED', `${file}: signature of version ${String(packet.version)}, not 4`);
  if (packet.class !== 0)
    return finding(
      'SIG_CLASS',
      `${file}: signature of class 0x${packet.class.toString(16).padStart(2, '0')}`,
    );
  if (!HASHES.has(hash))
    return WEAK_HASHES.has(hash)
      ? finding('SIG_WEAK', `${file}: hash algorithm ${String(hash)} is weaker than SHA-256`)
      : finding('SIG_UNSUPPORTED', `${file}: hash algorithm ${String(hash)} is not known to every verifier`);
  if (!ALGORITHMS.has(algorithm))
    return WEAK_ALGORITHMS.has(algorithm)
      ? finding('SIG_WEAK', `${file}: public-key algorithm ${String(algorithm)} is not accepted any more`)
      : finding(
          'SIG_UNSUPPORTED',
          `${file}: public-key algorithm ${String(algorithm)} is not known to every verifier`,
        );
  if (packet.unknownCritical.length > 0)
    return finding('SIG_UNSUPPORTED', `${file}: critical ${packet.unknownCritical.join(', ')} is not known`);
  if (secondsBetween(now, packet.created) > CLOCK_TOLERANCE)
    return finding('SIG_FUTURE', `${file}: signed at ${packet.created}, but it is ${now}`);
  if (packet.expires !== null && packet.expires <= now)
    return finding('SIG_EXPIRED', `${file}: the signature ended at ${packet.expires}`);
  return null;
}

function unknownSigner(file: string, { issuerFingerprint, issuerKeyId }: SignaturePacket): Finding {
  const data = { file, issuer: issuerFingerprint ?? issuerKeyId };
  if (issuerFingerprint !== null)
    return finding(
      'SIGNER_UNKNOWN',
      `${file}: signed by ${issuerFingerprint}, of which there is no key file`,
      { data },
    );
  // A second key with the same id takes minutes to make (test/fixtures/colliding-keys); a second fingerprint cannot be made.
  const named =
    issuerKeyId === null ? 'does not name its key' : `names its key by the 64-bit id ${issuerKeyId} only`;
  return finding('SIGNER_UNKNOWN', `${file}: ${named}`, {
    hint: 'sign again with GnuPG 2.2 or later, which names the whole fingerprint',
    data,
  });
}

/** What is wrong with the primary key, with the subkey that signed, or with its being allowed to. */
function keyFinding(
  file: string,
  key: KeyFacts,
  packet: Pick<SignaturePacket, 'created' | 'issuerFingerprint'>,
  now: Instant,
): Finding | null {
  const { issuerFingerprint: issuer } = packet;
  for (const part of [key, ...key.subkeys.filter(({ fingerprint }) => fingerprint === issuer)]) {
    const wrong = partFinding(file, part, packet, now);
    if (wrong !== null) return wrong;
  }
  const name = `${file}: key ${key.fingerprint}`;
  if (key.signingKeys.length === 0) return finding('KEY_INVALID', `${name} has no part that may sign`);
  if (issuer !== null && !key.signingKeys.includes(issuer))
    return finding('KEY_INVALID', `${name} does not allow ${issuer} to sign for it`);
  return null;
}

/** Why no signature that this key makes now would count; null when one would. */
export function uselessKey(key: KeyFacts, now: Instant): Finding | null {
  const answers = [null, ...key.signingKeys].map((issuerFingerprint) =>
    keyFinding(key.file, key, { created: now, issuerFingerprint }, now),
  );
  const [whole, ...parts] = answers;
  return whole ?? (parts.includes(null) ? null : (parts[0] ?? null));
}

function partFinding(
  file: string,
  part: KeyPart,
  packet: Pick<SignaturePacket, 'created'>,
  now: Instant,
): Finding | null {
  const name = `${file}: key ${part.fingerprint}`;
  if (part.revoked !== null) return finding('KEY_REVOKED', `${name} is revoked: ${part.revoked.reason}`);
  if (part.expires !== null && part.expires <= now)
    return finding('KEY_EXPIRED', `${name} expired at ${part.expires}`);
  const weak = weaknessOf(part);
  if (weak !== null) return finding('SIG_WEAK', `${name} is ${weak}`);
  if (!KEY_ALGORITHMS.test(part.algorithm))
    return finding('SIG_UNSUPPORTED', `${name} is of ${part.algorithm}, which not every verifier knows`);
  if (packet.created < part.created)
    return finding(
      'KEY_INVALID',
      `${name} was made at ${part.created}, after the signature of ${packet.created}`,
    );
  return null;
}

/** What the packet says of the digest is not signed, but nobody who signed these bytes would say anything else. */
function digestFinding(file: string, digest: DigestStart | null): Finding | null {
  if (digest === null) return finding('SIG_BAD', `${file}: the digest of what was signed was not computed`);
  const { said, found } = digest;
  if (said === found) return null;
  const wrong = `the signature is over bytes whose digest begins with ${said}, and theirs begins with ${found}`;
  return finding('SIG_BAD', `${file}: ${wrong}`, { data: { file, said, found } });
}

function weaknessOf({ algorithm, bits }: KeyPart): string | null {
  const word = algorithm.toLowerCase();
  if (/^(dsa|elgamal)/.test(word) || word.includes('secp256k1')) return `of algorithm ${algorithm}`;
  if (bits !== null && bits < MIN_RSA_BITS) return `${algorithm} of ${String(bits)} bits`;
  return word.startsWith('rsa') && bits === null ? `${algorithm} of unknown length` : null;
}

type GoodSays = Extract<VerifierSays['says'], { is: 'good' }>;
type Refused = Extract<SignatureVerdict, { is: 'refused' }>;

/** What all verifiers say, if they say the same. One that abstains is counted on neither side. */
function commonAnswer(
  file: string,
  packet: SignaturePacket,
  key: KeyFacts,
  verifiers: readonly VerifierSays[],
): GoodSays | Refused {
  const problems = verifiers.flatMap((by) => (by.says.is === 'bad' ? [{ ...by.says.problem, by }] : []));
  const good = verifiers.flatMap(({ says }) => (says.is === 'good' ? [says] : []));
  if (problems.length > 0) return refused(refusal(file, verifiers, problems, good.length > 0));
  const library = verifiers.find(isLeading);
  if (library?.says.is !== 'good') return refused(noAnswer(file, verifiers));
  const first = library.says;
  const signingKey = packet.issuerFingerprint ?? first.signingKey;
  const agree = good.every(
    (says) =>
      says.primary === key.fingerprint && says.signingKey === signingKey && says.created === packet.created,
  );
  return agree && key.signingKeys.includes(signingKey) ? first : refused(disagree(file, verifiers));
}

/** One of them is asked everywhere: openpgp.js, or in its place our own parser with node:crypto. The others are further opinions. */
function isLeading({ tool }: VerifierSays): boolean {
  return tool === 'openpgp.js' || tool === 'node:crypto';
}

type Said = Problem & { readonly by: VerifierSays };

/**
 * The reason is the one of openpgp.js, which is everywhere: a refusal must not be called otherwise on a machine with more programs. What
 * another one alone holds against a signature is told and not believed, as it may be this one that is wrong.
 */
function refusal(
  file: string,
  verifiers: readonly VerifierSays[],
  problems: readonly Said[],
  isSplit: boolean,
): Finding {
  const library = problems.find(({ by }) => isLeading(by));
  const unusable = problems.find(({ code }) => code === 'TOOL');
  // "Does not match" is no reason why somebody else could have found that it does.
  const named = library?.code === 'SIG_BAD' ? undefined : library;
  const told = isSplit ? (named ?? unusable) : (library ?? problems[0]);
  if (told === undefined) return disagree(file, verifiers);
  return withSayings(finding(told.code, `${file}: ${told.wrong}`, { data: { file } }), verifiers);
}

function noAnswer(file: string, verifiers: readonly VerifierSays[]): Finding {
  const others = verifiers.length === 0 ? 'nor did another verifier' : verifiers.map(sayingOf).join('; ');
  return finding('SIG_DISAGREE', `${file}: openpgp.js did not judge it, ${others}`, { data: { file } });
}

function disagree(file: string, verifiers: readonly VerifierSays[]): Finding {
  const says = verifiers.map(sayingOf);
  return finding('SIG_DISAGREE', `${file}: ${says.join('; ')}`, { data: { file, says } });
}

/** Who said what belongs to the record; it is read out where one said good and another no, for then one of them is wrong. */
function withSayings(wrong: Finding, verifiers: readonly VerifierSays[]): Finding {
  const says = verifiers.map(sayingOf);
  const isSplit = (['good', 'bad'] as const).every((is) => verifiers.some((each) => each.says.is === is));
  const message = isSplit ? `${wrong.message}; ${says.join('; ')}` : wrong.message;
  return { ...wrong, message, data: { ...wrong.data, says } };
}

function sayingOf({ tool, version, says }: VerifierSays): string {
  const who = `${tool} ${version}`;
  switch (says.is) {
    case 'good':
      return `${who} says good, by ${says.signingKey} of ${says.primary} at ${says.created}`;
    case 'bad':
      return `${who} says ${says.problem.code}: ${unnamed(tool, says.problem.wrong)}`;
    case 'abstains':
      return `${who} cannot say: ${says.why}`;
  }
}

/** What a program says begins with its name, so that it can stand alone. */
function unnamed(tool: string, wrong: string): string {
  return wrong.startsWith(`${tool} `) ? wrong.slice(tool.length + 1) : wrong;
}

function refused(wrong: Finding): Refused {
  return { is: 'refused', finding: wrong };
}
