/**
 * Verification with OpenPGP.js. The library reports a bad signature only to those who await it, accepts an empty list, and
 * judges a key only at the time of signing; this file asks so that none of that can be mistaken for a yes.
 */
import type * as OpenPgp from 'openpgp';
import { messageOf } from '../kernel/errors.ts';
import { clip, safe } from '../kernel/text.ts';
import { instantFromMs, msOf, secondsBetween, type Instant } from '../kernel/time.ts';
import type { KeyFacts, Problem, VerifierSays } from '../inputs/facts.ts';
import { CLOCK_TOLERANCE_SECONDS, type SignaturePacket } from '../inputs/signature-packet.ts';

export type Says = VerifierSays['says'];
export type Library = typeof OpenPgp;

/** One signature, one certificate, one instant. */
export interface Question {
  readonly data: Uint8Array;
  /** The armored file, exactly as it was read. */
  readonly armored: Uint8Array;
  /** The same without armor, by our own parser. */
  readonly binary: Uint8Array;
  readonly packet: SignaturePacket & { readonly issuerFingerprint: string };
  readonly certificate: { readonly binary: Uint8Array; readonly facts: KeyFacts };
  readonly at: Instant;
}

/** Loaded when it is first used: it takes longer to load than `govboot --help` may. */
export function loadLibrary(): Promise<Library> {
  return import('openpgp');
}

/** `6.3.2`. */
export async function libraryVersion(): Promise<string> {
  const { config } = await loadLibrary();
  return /\d+(\.\d+)+/.exec(config.versionString)?.[0] ?? 'unknown';
}

/** What the default configuration lets pass and govboot does not: SHA-1 in self-signatures, RSA below 3072 bits. */
function strict({ config, enums }: Library): OpenPgp.Config {
  const { md5, ripemd, sha1 } = enums.hash;
  return {
    ...config,
    rejectHashAlgorithms: new Set([md5, ripemd, sha1]),
    rejectMessageHashAlgorithms: new Set([md5, ripemd, sha1]),
    rejectPublicKeyAlgorithms: new Set([enums.publicKey.elgamal, enums.publicKey.dsa]),
    rejectCurves: new Set([enums.curve.secp256k1]),
    minRSABits: MIN_RSA_BITS,
    enforceGrammar: true,
    maxDecompressedMessageSize: 0,
    // GnuPG replaces the self-signature when an expiry is moved, so an extended key has none from the time of signing.
    // The library then judges the key at `date`; that it existed when it signed is checked all the same.
    allowInsecureVerificationWithReformattedKeys: true,
  };
}

/** What OpenPGP.js says of one signature at `at`. */
export async function openpgpSays(question: Question): Promise<Says> {
  const { packet, at } = question;
  const untimely = timeProblem(packet, at);
  if (untimely !== null) return { is: 'bad', problem: untimely };
  // Within the tolerance for clocks, `at` may lie before the signature; nothing can be judged before it was made.
  const date = Math.max(msOf(at), msOf(packet.created));
  const says = await attempt(question, new Date(date));
  if (says.is !== 'bad' || !says.problem.wrong.includes(FROM_THE_FUTURE)) return says;
  // Seen by an auditor whose `at` lies before the expiry of the key was moved: the only self-signatures are younger.
  const newest = await newestSelfSignature(question.certificate.binary);
  return newest <= date ? says : attempt(question, new Date(newest));
}

/** A signature dated after `at`, or expired by then. */
export function timeProblem(packet: SignaturePacket, at: Instant): Problem | null {
  if (secondsBetween(at, packet.created) > CLOCK_TOLERANCE_SECONDS)
    return { code: 'SIG_FUTURE', wrong: `signed at ${packet.created}, which is after ${at}` };
  if (packet.expires !== null && packet.expires <= at)
    return { code: 'SIG_EXPIRED', wrong: `expired at ${packet.expires}` };
  return null;
}

async function attempt(question: Question, date: Date): Promise<Says> {
  const { packet, certificate } = question;
  const openpgp = await loadLibrary();
  const config = strict(openpgp);
  const bad = (problem: Problem): Says => ({ is: 'bad', problem });
  try {
    // Read anew each time: the objects of the library remember what was found at another date.
    const key = (await openpgp.readKey({ binaryKey: certificate.binary, config })).toPublic();
    // Judged for the key that signs and the primary key that vouches for it; others, as for encryption, do not matter.
    const involved: readonly string[] = [certificate.facts.fingerprint, packet.issuerFingerprint];
    const weak = key.getKeys().filter((each) => involved.includes(printOf(each)) && !isAccepted(each));
    if (weak.length > 0) return bad({ code: 'SIG_WEAK', wrong: weak.map(algorithmOf).join(', ') });
    const signature = await openpgp.readSignature({ binarySignature: question.binary, config });
    const { signatures } = await openpgp.verify({
      // Binary: a text message would be verified with other line ends than it has.
      message: await openpgp.createMessage({ binary: question.data }),
      signature,
      verificationKeys: [key],
      format: 'binary',
      date,
      config,
    });
    const [only, second] = signatures;
    if (only === undefined || second !== undefined || signature.packets.length !== 1)
      return bad({ code: 'SIG_COUNT', wrong: `${signatures.length} signatures were found, not 1` });
    await only.verified;
    if (packet.unknownCritical.length > 0) return bad(critical(packet));
    const signers = key.getKeys(only.keyID).map(printOf);
    // The library looks a key up by its 64-bit id; only the whole fingerprint says whose it is.
    if (signers.length !== 1 || signers[0] !== packet.issuerFingerprint)
      return bad({
        code: 'SIG_BAD',
        wrong: `made by ${signers.join(' or ')}, not ${packet.issuerFingerprint}`,
      });
    const created = instantFromMs(signature.packets[0]?.created?.getTime() ?? 0);
    if (created !== packet.created)
      return bad({ code: 'SIG_BAD', wrong: `dated ${created}, which the packet does not say` });
    // Above, the key was judged as of the signature; a key that has expired or was revoked since is judged here.
    await key.getSigningKey(only.keyID, date, undefined, config);
    return {
      is: 'good',
      primary: certificate.facts.fingerprint,
      signingKey: packet.issuerFingerprint,
      created,
    };
  } catch (error) {
    return bad(classify(messageOf(error), question));
  }
}

/** NIST SP 800-57 part 1, table 2: 128 bits of security. */
const MIN_RSA_BITS = 3072;

const CURVES: readonly string[] = ['ed25519Legacy', 'nistP256', 'nistP384', 'nistP521'];

/** Whether every verifier knows the algorithm of a key, and none calls it weak. */
export function isAccepted(key: OpenPgp.Key | OpenPgp.Subkey): boolean {
  const { algorithm, bits, curve } = key.getAlgorithmInfo();
  if (algorithm === 'rsaEncryptSign' || algorithm === 'rsaSign') return (bits ?? 0) >= MIN_RSA_BITS;
  return curve !== undefined && CURVES.includes(curve);
}

/** `rsa2048`, `ed25519`, `nistP256`, `dsa`. */
export function algorithmOf(key: OpenPgp.Key | OpenPgp.Subkey): string {
  const { algorithm, bits, curve } = key.getAlgorithmInfo();
  return algorithm.startsWith('rsa') ? `rsa${bits ?? 0}` : (curve ?? algorithm).replace('Legacy', '');
}

/** Upper-case hexadecimal, as everywhere in govboot. */
export function printOf(key: OpenPgp.Key | OpenPgp.Subkey): string {
  return key.getFingerprint().toUpperCase();
}

export function critical(packet: SignaturePacket): Problem {
  return {
    code: 'SIG_UNSUPPORTED',
    wrong: `marked critical and not understood: ${packet.unknownCritical.join(', ')}`,
  };
}

const FROM_THE_FUTURE = 'Signature creation time is in the future';

/** The library has no error codes. A message that is not known here is a bad signature, never a good one. */
const MESSAGES: readonly (readonly [RegExp, Problem['code']])[] = [
  [/Unknown critical/, 'SIG_UNSUPPORTED'],
  [/Insecure (message )?hash algorithm|considered too weak|is disabled/, 'SIG_WEAK'],
  [/(key|user|subkey) is revoked/i, 'KEY_REVOKED'],
  [/(key|subkey) is expired/i, 'KEY_EXPIRED'],
  [/Could not find|key flags|embedded signature|authorized key/, 'KEY_INVALID'],
];

function classify(said: string, { packet, certificate }: Question): Problem {
  const code = MESSAGES.find(([pattern]) => pattern.test(said))?.[1] ?? 'SIG_BAD';
  if (code === 'SIG_UNSUPPORTED' && packet.unknownCritical.length > 0) return critical(packet);
  // The library names keys by their 64-bit ids, which two keys can share.
  const { fingerprint } = certificate.facts;
  const message = clip(safe(said.replace(/ in key [0-9a-f]{16}/, ` in key ${fingerprint}`)), 300);
  const wrong =
    code === 'SIG_BAD' ? `key ${packet.issuerFingerprint} did not sign these bytes: ${message}` : message;
  return { code, wrong };
}

/** Milliseconds; 0 when there is none. */
async function newestSelfSignature(certificate: Uint8Array): Promise<number> {
  const key = await (await loadLibrary()).readKey({ binaryKey: certificate });
  const own = [
    ...key.users.flatMap((user) => user.selfCertifications),
    ...key.subkeys.flatMap((subkey) => subkey.bindingSignatures),
  ];
  return Math.max(0, ...own.map(millisecondsOf));
}

/** Since when, in milliseconds, a certificate says that this part of it belongs to it; Infinity when it does not say. */
export async function oldestBinding(certificate: Uint8Array, part: string): Promise<number> {
  const openpgp = await loadLibrary();
  const key = await openpgp.readKey({ binaryKey: certificate });
  // RFC 9580 §5.2.1.10: a direct key signature, which vouches for the primary key as a user id does.
  const direct = [...key.toPacketList()].filter(
    (packet) =>
      packet instanceof openpgp.SignaturePacket && packet.signatureType === openpgp.enums.signature.key,
  ) as OpenPgp.SignaturePacket[];
  const own = [...direct, ...key.users.flatMap((user) => user.selfCertifications)];
  const subkey = key.subkeys.find((each) => printOf(each) === part);
  return Math.max(
    Math.min(...own.map(millisecondsOf)),
    ...(subkey === undefined ? [] : [Math.min(...subkey.bindingSignatures.map(millisecondsOf))]),
  );
}

function millisecondsOf({ created }: OpenPgp.SignaturePacket): number {
  return created?.getTime() ?? 0;
}
