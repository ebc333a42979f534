/**
 * The strict form of a detached signature file, judged without any OpenPGP library: one armored block with one version 4
 * signature packet over binary data. What the verifiers would tolerate, and tolerate differently, never reaches them.
 */
import type { Code } from '../kernel/codes.ts';
import { attempt, GovbootError } from '../kernel/errors.ts';
import { clip, safe } from '../kernel/text.ts';
import { addSeconds, instantFromMs, type Instant } from '../kernel/time.ts';
import { dearmor, hexOf } from './armor.ts';
import { Cursor, readInteger, splitPackets, subpacketLength, type Packet } from './packets.ts';

/** A version 4 signature packet (RFC 9580 §5.2.3), as far as it is judged. */
export interface SignaturePacket {
  readonly version: number;
  /** Signature type, 0x00 = binary document (RFC 9580 §5.2.1). */
  readonly class: number;
  readonly publicKeyAlgorithm: number;
  readonly hashAlgorithm: number;
  readonly created: Instant;
  /** From the hashed subpacket 3; null when it never expires. */
  readonly expires: Instant | null;
  /** Subpacket 33, upper-case hex; null when absent. A hint until the signature is verified. */
  readonly issuerFingerprint: string | null;
  /** Subpacket 16, upper-case hex of 8 bytes. */
  readonly issuerKeyId: string | null;
  /** Notations and subpackets marked critical that are not understood. */
  readonly unknownCritical: readonly string[];
}

export type SignatureShape =
  | {
      readonly is: 'ok';
      readonly packet: SignaturePacket;
      /** The dearmored packet bytes. */ readonly binary: Uint8Array;
    }
  | { readonly is: 'malformed'; readonly code: Code; readonly wrong: string };

/** By how much the clock of a signer may be ahead of the one that judges, in seconds. */
export const CLOCK_TOLERANCE_SECONDS = 60;

/** 64 KiB; the largest real one, RSA-16384, is below 4 KiB. */
const LIMIT_BYTES = 65_536;

const SIGNATURE_TAG = 2;

/** SHA-256, SHA-384, SHA-512 (RFC 9580 §9.5). */
const HASHES: readonly number[] = [8, 9, 10];

/**
 * Allowed public-key algorithms (RFC 9580 §9.1), how many numbers their signatures are made of (§5.2.3.1), and the most bits of one:
 * the largest RSA key that is read, the octets of P-521, those of Ed25519. Some tools pass over a zero too many in front, others do not.
 */
const NUMBERS: Readonly<Record<number, { readonly count: number; readonly bits: number }>> = {
  1: { count: 1, bits: 8_192 },
  3: { count: 1, bits: 8_192 },
  19: { count: 2, bits: 528 },
  22: { count: 2, bits: 256 },
};

/** DSA and the withdrawn Elgamal signatures. */
const WEAK_ALGORITHMS: readonly number[] = [17, 20];

/** Subpackets (RFC 9580 §5.2.3.7) that may be marked critical: creation, expiration, issuer, policy URI, signer's user id, issuer fingerprint. */
const KNOWN_CRITICAL: readonly number[] = [2, 3, 16, 26, 28, 33];

const SUBPACKET = { created: 2, expires: 3, issuer: 16, notation: 20, issuerFingerprint: 33 } as const;

interface Subpacket {
  readonly type: number;
  readonly critical: boolean;
  readonly body: Uint8Array;
  readonly isShortest: boolean;
}

/** Judges a detached signature file, or the block at the end of a signed tag. Answers for every input, never throws. */
export function parseSignatureFile(bytes: Uint8Array): SignatureShape {
  return attempt(
    (): SignatureShape => {
      const binary = dearmor(bytes, 'PGP SIGNATURE', LIMIT_BYTES, 'SIG_FORMAT');
      return { is: 'ok', packet: readPacket(onePacket(binary)), binary };
    },
    ({ code, message }) => ({ is: 'malformed', code, wrong: message }),
  );
}

function onePacket(binary: Uint8Array): Packet {
  const packets = splitPackets(binary, 'SIG_FORMAT');
  const other = packets.find(({ tag }) => tag !== SIGNATURE_TAG);
  if (other !== undefined)
    throw new GovbootError('SIG_FORMAT', `a packet of type ${other.tag} is where only a signature may be`);
  const [packet, second] = packets;
  if (packet === undefined || second !== undefined)
    throw new GovbootError('SIG_COUNT', `the file holds ${packets.length} signatures, not 1`);
  return packet;
}

function readPacket({ body, isShortest }: Packet): SignaturePacket {
  const cursor = new Cursor(body, 'the signature packet', 'SIG_FORMAT');
  const version = cursor.number(1);
  if (version !== 4)
    throw new GovbootError('SIG_UNSUPPORTED', `the signature is of version ${version}, not 4`);
  // The header is not signed: it could be spelled anew, and the same signature would be another file.
  if (!isShortest) throw cursor.refuse('has a length of more octets than it needs');
  const type = cursor.number(1);
  refuseType(type);
  const publicKeyAlgorithm = cursor.number(1);
  const hashAlgorithm = cursor.number(1);
  const numbers = refuseAlgorithms(publicKeyAlgorithm, hashAlgorithm);
  const hashed = readSubpackets(cursor.take(cursor.number(2)));
  const unhashed = readSubpackets(cursor.take(cursor.number(2)));
  cursor.take(2); // left 16 bits of the digest
  const integers = Array.from({ length: numbers.count }, () => {
    const integer = readInteger(cursor);
    if (integer.bits > numbers.bits)
      throw cursor.refuse(
        `holds a number of ${integer.bits} bits; its algorithm makes ${numbers.bits} at most`,
      );
    return integer.octets;
  });
  if (publicKeyAlgorithm === EDDSA) integers.slice(-1).forEach(refuseSecondSpelling);
  if (cursor.left > 0) throw cursor.refuse(`has ${cursor.left} bytes after its end`);
  return {
    version,
    class: type,
    publicKeyAlgorithm,
    hashAlgorithm,
    ...readTimes(hashed),
    ...readIssuer(hashed, unhashed),
    unknownCritical: [...hashed, ...unhashed].flatMap(unknownCritical),
  };
}

/** RFC 9580 §5.2.1. */
function refuseType(type: number): void {
  if (type === 0x00) return;
  if (type === 0x01)
    throw new GovbootError(
      'SIG_CLASS',
      'the signature is over text (type 0x01): it also fits files with other bytes',
    );
  const shown = `0x${type.toString(16).padStart(2, '0')}`;
  throw new GovbootError(
    'SIG_COUNT',
    `the only signature is of type ${shown}, which signs no document: there are 0 signatures`,
  );
}

function refuseAlgorithms(publicKey: number, hash: number): (typeof NUMBERS)[number] {
  if (WEAK_ALGORITHMS.includes(publicKey))
    throw new GovbootError(
      'SIG_WEAK',
      `public-key algorithm ${publicKey} (RFC 9580 §9.1) is no longer accepted`,
    );
  const numbers = NUMBERS[publicKey];
  if (numbers === undefined)
    throw new GovbootError(
      'SIG_UNSUPPORTED',
      `public-key algorithm ${publicKey} (RFC 9580 §9.1) is not RSA, ECDSA or EdDSA of a version 4 key`,
    );
  if (!HASHES.includes(hash))
    throw new GovbootError(
      'SIG_WEAK',
      `hash algorithm ${hash} (RFC 9580 §9.5) is not SHA-256, SHA-384 or SHA-512`,
    );
  return numbers;
}

/** EdDSALegacy (RFC 9580 §9.1), with Ed25519 only. */
const EDDSA = 22;

/** Order of the base point of edwards25519 (RFC 8032 §5.1). */
const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;

/**
 * S + L verifies like S where a verifier does not look, so anyone could make a second file of a signature. RFC 8032 §5.1.7 refuses it,
 * OpenPGP.js and sqv do too, and gpg does not.
 */
function refuseSecondSpelling(s: Uint8Array): void {
  // Of the 32 octets the last is the highest. Below 2 ** 252 there is nothing to compute.
  if (s.length === 32 && (s[31] ?? 0xff) < 0x10) return;
  // They are little-endian; zeros that stood first were left out (RFC 9580 §5.2.3.3).
  const value =
    s.reduceRight((sum, byte) => sum * 256n + BigInt(byte), 0n) << BigInt(8 * Math.max(0, 32 - s.length));
  if (value >= ORDER)
    throw new GovbootError('SIG_FORMAT', 'S is not below the order of the curve (RFC 8032 §5.1.7)');
}

function readSubpackets(area: Uint8Array): readonly Subpacket[] {
  const cursor = new Cursor(area, 'a subpacket area', 'SIG_FORMAT');
  const subpackets: Subpacket[] = [];
  while (cursor.left > 0) {
    const { length, least } = subpacketLength(cursor);
    if (length === 0) throw cursor.refuse('holds a subpacket without a type');
    const type = cursor.number(1);
    subpackets.push({
      type: type & 0x7f,
      critical: (type & 0x80) !== 0,
      body: cursor.take(length - 1),
      isShortest: length >= least,
    });
  }
  return subpackets;
}

function readTimes(hashed: readonly Subpacket[]): Pick<SignaturePacket, 'created' | 'expires'> {
  const at = seconds(hashed, SUBPACKET.created);
  if (at === null)
    throw new GovbootError('SIG_FORMAT', 'the signature has no creation time among what is signed');
  const created = instantFromMs(at * 1000);
  const lifetime = seconds(hashed, SUBPACKET.expires);
  // RFC 9580 §5.2.3.18: zero means that it never expires.
  return { created, expires: lifetime === null || lifetime === 0 ? null : addSeconds(created, lifetime) };
}

function seconds(hashed: readonly Subpacket[], type: number): number | null {
  const found = hashed.filter((subpacket) => subpacket.type === type);
  const [first, second] = found;
  if (first === undefined) return null;
  // Tools differ in whether the first or the last of two counts.
  if (second !== undefined)
    throw new GovbootError('SIG_FORMAT', `the signature has subpacket ${type} ${found.length} times`);
  if (first.body.length !== 4)
    throw new GovbootError('SIG_FORMAT', `subpacket ${type} has ${first.body.length} bytes, not 4`);
  return new Cursor(first.body, 'a time', 'SIG_FORMAT').number(4);
}

function readIssuer(
  hashed: readonly Subpacket[],
  unhashed: readonly Subpacket[],
): Pick<SignaturePacket, 'issuerFingerprint' | 'issuerKeyId'> {
  const issuers: readonly number[] = [SUBPACKET.issuer, SUBPACKET.issuerFingerprint];
  const hidden = unhashed.find(({ type }) => !issuers.includes(type));
  // The unhashed area is not signed. Every tool puts at most the issuer there; anyone could have put the rest.
  if (hidden !== undefined)
    throw new GovbootError('SIG_FORMAT', `subpacket ${hidden.type} lies outside of what is signed`);
  // Nor does a mark, a repetition or a longer spelling there say anything: the same signature would be another file.
  const loose = unhashed.find(
    ({ type, critical, isShortest }, i) =>
      critical || !isShortest || unhashed.findIndex((other) => other.type === type) !== i,
  );
  if (loose !== undefined)
    throw new GovbootError(
      'SIG_FORMAT',
      `subpacket ${loose.type} outside of what is signed is critical, repeated or too long`,
    );
  const all = [...hashed, ...unhashed];
  const keyId = agreed(all, SUBPACKET.issuer, (body) => (body.length === 8 ? hexOf(body) : undefined));
  const print = agreed(all, SUBPACKET.issuerFingerprint, (body) => {
    if (body[0] !== 4) return null;
    return body.length === 21 ? hexOf(body.subarray(1)) : undefined;
  });
  // RFC 9580 §5.5.4.2: the key id of a version 4 key is the end of its fingerprint.
  if (keyId !== null && print !== null && !print.endsWith(keyId))
    throw new GovbootError('SIG_FORMAT', `the issuer key id ${keyId} is not the end of ${print}`);
  // GnuPG does not look there, and finds no key.
  if (print !== null && !hashed.some(({ type }) => type === SUBPACKET.issuerFingerprint))
    throw new GovbootError('SIG_FORMAT', 'the issuer is named only outside of what is signed');
  return { issuerFingerprint: print, issuerKeyId: keyId };
}

/** The one value of every subpacket of a type; null when there is none. `read` answers undefined for a wrong length. */
function agreed(
  subpackets: readonly Subpacket[],
  type: number,
  read: (body: Uint8Array) => string | null | undefined,
): string | null {
  const values = subpackets.filter((subpacket) => subpacket.type === type).map(({ body }) => read(body));
  if (values.includes(undefined))
    throw new GovbootError('SIG_FORMAT', `subpacket ${type} has a wrong length`);
  const [first, second] = [...new Set(values)];
  if (second !== undefined)
    throw new GovbootError('SIG_FORMAT', `two subpackets ${type} contradict each other`);
  return first ?? null;
}

function unknownCritical({ type, critical, body }: Subpacket): readonly string[] {
  if (!critical) return [];
  if (type === SUBPACKET.notation) return [`notation ${notationName(body)}`];
  return KNOWN_CRITICAL.includes(type) ? [] : [`subpacket ${type}`];
}

/** RFC 9580 §5.2.3.24: 4 octets of flags, 2 of name length, 2 of value length, name, value. */
function notationName(body: Uint8Array): string {
  const cursor = new Cursor(body, 'a notation', 'SIG_FORMAT');
  cursor.take(4);
  const length = cursor.number(2);
  cursor.take(2);
  return clip(safe(new TextDecoder().decode(cursor.take(length))), 100);
}
