/**
 * Whether bytes were signed with a key, by node:crypto (OpenSSL) and our own parser of the packet: no OpenPGP library, no program, a tenth
 * of a millisecond. Whether that key may sign, and could at that time, is left to those who know its facts (gates/signature.ts).
 */
import { createPublicKey, verify, type JsonWebKey, type KeyObject } from 'node:crypto';
import process from 'node:process';
import type { SignedParts } from '../inputs/signed-digest.ts';
import { algorithmOf, critical, isAccepted, loadLibrary, printOf, timeProblem } from './openpgp.ts';
import type { Question, Says } from './openpgp.ts';

/** OpenSSL's, which is what computes. */
export const INSIDE_VERSION = process.versions.openssl;

/** RFC 9580 §9.5. */
const HASHES: Readonly<Record<number, string>> = { 8: 'sha256', 9: 'sha384', 10: 'sha512' };

/** Octets of each number of a signature, by curve. */
const CURVES: Readonly<Record<string, { readonly octets: number; readonly jwk: string }>> = {
  ed25519: { octets: 32, jwk: 'Ed25519' },
  nistP256: { octets: 32, jwk: 'P-256' },
  nistP384: { octets: 48, jwk: 'P-384' },
  nistP521: { octets: 66, jwk: 'P-521' },
};

interface Part {
  readonly key: KeyObject;
  /** `ed25519`, `nistP256`, `rsa3072` … */
  readonly algorithm: string;
}

/** The usable parts of a certificate by fingerprint; kept as long as its bytes are. */
const parts = new WeakMap<Uint8Array, Promise<ReadonlyMap<string, Part>>>();

/** What node:crypto says of the bytes of one signature. */
export async function insideSays(question: Question, signed: SignedParts): Promise<Says> {
  const { packet, certificate, at } = question;
  const { issuerFingerprint: issuer, created } = packet;
  const bad = (problem: Extract<Says, { is: 'bad' }>['problem']): Says => ({ is: 'bad', problem });
  const untimely = timeProblem(packet, at);
  if (untimely !== null) return bad(untimely);
  if (packet.unknownCritical.length > 0) return bad(critical(packet));
  const known = parts.get(certificate.binary) ?? partsOf(certificate.binary);
  parts.set(certificate.binary, known);
  const part = (await known).get(issuer);
  if (part === undefined)
    return bad({ code: 'KEY_INVALID', wrong: `the certificate has no usable key ${issuer}` });
  if (!(await isSigned(part, signed)))
    return bad({ code: 'SIG_BAD', wrong: `key ${issuer} did not sign these bytes` });
  return { is: 'good', primary: certificate.facts.fingerprint, signingKey: issuer, created };
}

/** In a thread beside this one: a long ledger is read on meanwhile. */
async function isSigned(
  { key, algorithm }: Part,
  { hashAlgorithm, hashed, digest, numbers }: SignedParts,
): Promise<boolean> {
  const hash = HASHES[hashAlgorithm];
  if (hash === undefined || digest === null) return false;
  const curve = CURVES[algorithm];
  const octets = curve?.octets ?? Math.ceil((key.asymmetricKeyDetails?.modulusLength ?? 0) / 8);
  if (numbers.length !== (curve === undefined ? 1 : 2) || numbers.some(({ length }) => length > octets))
    return false;
  const signature = Buffer.concat(numbers.map((number) => padded(number, octets)));
  // RFC 9580 §5.2.3.3: EdDSA signs the digest as its message. The others are given the message, and hash it themselves.
  const [name, message, options] =
    algorithm === 'ed25519'
      ? [null, digest, key]
      : [
          hash,
          Buffer.concat(hashed),
          curve === undefined ? key : { key, dsaEncoding: 'ieee-p1363' as const },
        ];
  return new Promise((resolve) => {
    verify(name, message, options, signature, (error, isGood) => {
      // What OpenSSL cannot compute is no signature.
      resolve(error === null && isGood);
    });
  });
}

function padded(number: Uint8Array, octets: number): Buffer {
  return Buffer.concat([Buffer.alloc(octets - number.length), number]);
}

/** As the library has them, and its types do not tell. RFC 9580 §5.5.5. */
interface PublicParams {
  /** A point, after its form: 0x40 for Ed25519, 0x04 for the others. */
  readonly Q?: Uint8Array;
  readonly n?: Uint8Array;
  readonly e?: Uint8Array;
}

async function partsOf(binaryKey: Uint8Array): Promise<ReadonlyMap<string, Part>> {
  const openpgp = await loadLibrary();
  const certificate = await openpgp.readKey({ binaryKey });
  const found = new Map<string, Part>();
  for (const each of certificate.getKeys().filter(isAccepted)) {
    const algorithm = algorithmOf(each);
    const { publicParams } = each.keyPacket as unknown as { readonly publicParams: PublicParams };
    const jwk = jwkOf(algorithm, publicParams);
    if (jwk !== null)
      found.set(printOf(each), { key: createPublicKey({ key: jwk, format: 'jwk' }), algorithm });
  }
  return found;
}

/** RFC 7517, RFC 8037. */
function jwkOf(algorithm: string, { Q, n, e }: PublicParams): JsonWebKey | null {
  const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url');
  if (n !== undefined && e !== undefined) return { kty: 'RSA', n: text(n), e: text(e) };
  const curve = CURVES[algorithm];
  if (Q === undefined || curve === undefined) return null;
  if (algorithm === 'ed25519') return { kty: 'OKP', crv: curve.jwk, x: text(Q.subarray(-curve.octets)) };
  const [x, y] = [Q.subarray(1, 1 + curve.octets), Q.subarray(1 + curve.octets)];
  return { kty: 'EC', crv: curve.jwk, x: text(x), y: text(y) };
}
