/**
 * The strict form of a public key file: one armored block with one version 4 certificate, judged without any library.
 * A second certificate, a secret key or stray packets are what one tool reads and another does not.
 */
import type { Code } from '../kernel/codes.ts';
import { attempt, GovbootError } from '../kernel/errors.ts';
import { dearmor } from './armor.ts';
import { Cursor, readInteger, splitPackets, type Packet } from './packets.ts';

export type KeyFileShape =
  | {
      readonly is: 'ok';
      /** The certificate without its armor. */
      readonly binary: Uint8Array;
      /** How many signatures it carries; the time that reading it takes grows with them. */
      readonly signatures: number;
    }
  | { readonly is: 'malformed'; readonly code: Code; readonly wrong: string };

/** 256 KiB; certificates with many third-party certifications are published without them. */
const LIMIT_BYTES = 262_144;

/** User ids and subkeys of one certificate: each comes with signatures that are to be checked. */
const MOST_USER_IDS = 20;
const MOST_SUBKEYS = 20;
const MOST_SIGNATURES = 50;

/** Bits of an integer of RSA, DSA and Elgamal, and of an RSA exponent: the time of a check grows with the product of the two. */
const MOST_BITS = 8_192;
const MOST_EXPONENT_BITS = 64;

/** Public-key algorithms (RFC 9580 §9.1) made of integers, and how many they have (§5.5.5). */
const INTEGERS: Readonly<Record<number, number>> = { 1: 2, 2: 2, 3: 2, 16: 3, 17: 4, 20: 3 };
const RSA: readonly number[] = [1, 2, 3];

/** Packet type IDs (RFC 9580 §5). */
const TAG = {
  signature: 2,
  secretKey: 5,
  publicKey: 6,
  secretSubkey: 7,
  userId: 13,
  publicSubkey: 14,
  userAttribute: 17,
} as const;

/** RFC 9580 §10.1: primary key, its signatures, user ids with theirs, then subkeys with theirs. */
const STAGE: Readonly<Record<number, number>> = {
  [TAG.publicKey]: 0,
  [TAG.userId]: 1,
  [TAG.userAttribute]: 1,
  [TAG.publicSubkey]: 2,
};

/** Judges a public key file. Answers for every input, never throws. */
export function parseKeyFile(bytes: Uint8Array): KeyFileShape {
  return attempt(
    (): KeyFileShape => {
      if (PRIVATE.test(new TextDecoder().decode(bytes.subarray(0, LIMIT_BYTES)))) throw secret();
      const binary = dearmor(bytes, 'PGP PUBLIC KEY BLOCK', LIMIT_BYTES, 'KEYRING_SHAPE');
      return { is: 'ok', binary, signatures: walk(splitPackets(binary, 'KEYRING_SHAPE')) };
    },
    ({ code, message }) => ({ is: 'malformed', code, wrong: message }),
  );
}

const PRIVATE = /-----BEGIN PGP PRIVATE KEY BLOCK-----/;

/** @returns how many signatures there are */
function walk(packets: readonly Packet[]): number {
  if (packets.some(({ tag }) => tag === TAG.secretKey || tag === TAG.secretSubkey)) throw secret();
  if (packets[0]?.tag !== TAG.publicKey)
    throw shape(`the first packet is of type ${packets[0]?.tag ?? 'none'}, not a public key`);
  let stage = 0;
  packets.forEach(({ tag, body }, i) => {
    if (tag === TAG.publicKey && i > 0) throw shape('the file holds more than one certificate');
    if (tag === TAG.publicKey || tag === TAG.publicSubkey) {
      refuseVersion(body[0]);
      refuseOversized(body);
    }
    if (tag === TAG.signature) return;
    const here = STAGE[tag];
    if (here === undefined) throw shape(`a packet of type ${tag} does not belong in a certificate`);
    if (here < stage) throw shape('a user id stands after a subkey');
    // RFC 9580 §10.1.5: a user id or subkey without a signature is not bound to the key.
    if (here > 0 && packets[i + 1]?.tag !== TAG.signature)
      throw shape(`a packet of type ${tag} carries no signature`);
    stage = here;
  });
  const count = (...tags: readonly number[]): number =>
    packets.filter(({ tag }) => tags.includes(tag)).length;
  if (count(TAG.userId) === 0) throw shape('the certificate has no user id');
  if (count(TAG.userId, TAG.userAttribute) > MOST_USER_IDS)
    throw shape(`the certificate has more than ${MOST_USER_IDS} user ids`);
  if (count(TAG.publicSubkey) > MOST_SUBKEYS)
    throw shape(`the certificate has more than ${MOST_SUBKEYS} subkeys`);
  const signatures = count(TAG.signature);
  if (signatures > MOST_SIGNATURES)
    throw shape(
      `the certificate carries ${signatures} signatures, more than ${MOST_SIGNATURES}; export it without those of others (gpg --export-options export-minimal)`,
    );
  return signatures;
}

/** A version 4 key packet (RFC 9580 §5.5.2.2): version, time, algorithm, then its material. */
function refuseOversized(body: Uint8Array): void {
  const cursor = new Cursor(body, 'a key', 'KEYRING_SHAPE');
  cursor.take(5);
  const algorithm = cursor.number(1);
  const bits = Array.from({ length: INTEGERS[algorithm] ?? 0 }, () => readInteger(cursor).bits);
  const largest = Math.max(0, ...bits);
  if (largest > MOST_BITS)
    throw new GovbootError('KEY_INVALID', `a key has an integer of ${largest} bits, more than ${MOST_BITS}`);
  const exponent = Math.max(0, ...(RSA.includes(algorithm) ? bits.slice(1) : []));
  if (exponent > MOST_EXPONENT_BITS)
    throw new GovbootError(
      'KEY_INVALID',
      `a key has an exponent of ${exponent} bits, more than ${MOST_EXPONENT_BITS}`,
    );
}

/** @param version the first octet of a key packet (RFC 9580 §5.5.2) */
function refuseVersion(version: number | undefined): void {
  if (version === undefined) throw shape('a key packet is empty');
  if (version !== 4) throw new GovbootError('SIG_UNSUPPORTED', `a key is of version ${version}, not 4`);
}

function shape(wrong: string): GovbootError {
  return new GovbootError('KEYRING_SHAPE', wrong);
}

/** Once it lies where others read, it is theirs too. */
function secret(): GovbootError {
  return shape('the file holds a secret key: whoever has read it can sign, so the key must be revoked');
}
