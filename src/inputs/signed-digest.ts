/**
 * The digest that a signature is made of, computed without any OpenPGP library. A signature packet holds its first two bytes in the clear;
 * gpg and sqv pass over them and OpenPGP.js does not. They tell a document that was changed from a signature that was forged.
 */
import { openpgpDigest } from '../kernel/digest.ts';
import { hexOf } from './armor.ts';
import { Cursor, readInteger, splitPackets } from './packets.ts';

/** Upper-case hexadecimal of two bytes each. */
export interface DigestStart {
  /** As the packet says it. */
  readonly said: string;
  /** Of these bytes, signed with these subpackets. */
  readonly found: string;
}

/** A signature packet and a document, taken apart into what is hashed and what was made of it. */
export interface SignedParts {
  /** RFC 9580 §9.5. */
  readonly hashAlgorithm: number;
  /** RFC 9580 §5.2.4: the document, the packet up to the end of its hashed subpackets, and how long that was. */
  readonly hashed: readonly Uint8Array[];
  /** Of all that; null for a hash algorithm that is not accepted. */
  readonly digest: Uint8Array | null;
  /** The first two bytes of the digest, as the packet says them. */
  readonly said: Uint8Array;
  /** The numbers of the signature, without their lengths (RFC 9580 §5.2.3.1). */
  readonly numbers: readonly Uint8Array[];
}

/**
 * @param binary one version 4 signature packet, as `parseSignatureFile` gives it
 * @throws SIG_FORMAT for anything else
 */
export function signedParts(binary: Uint8Array, data: Uint8Array): SignedParts {
  const body = splitPackets(binary, 'SIG_FORMAT')[0]?.body ?? new Uint8Array();
  const cursor = new Cursor(body, 'the signature packet', 'SIG_FORMAT');
  cursor.take(3); // version, type, public-key algorithm
  const hashAlgorithm = cursor.number(1);
  const length = cursor.number(2);
  cursor.take(length);
  cursor.take(cursor.number(2)); // what is not hashed
  const said = cursor.take(2);
  const own = body.subarray(0, 6 + length);
  const size = [24, 16, 8, 0].map((bits) => (own.length >> bits) & 0xff);
  const numbers: Uint8Array[] = [];
  while (cursor.left > 0) numbers.push(readInteger(cursor).octets);
  const hashed = [data, own, Uint8Array.of(4, 0xff, ...size)];
  return { hashAlgorithm, hashed, digest: openpgpDigest(hashAlgorithm, ...hashed), said, numbers };
}

/**
 * @returns null for a hash algorithm that is not accepted
 * @throws SIG_FORMAT for what is no version 4 signature packet
 */
export function digestStart(binary: Uint8Array, data: Uint8Array): DigestStart | null {
  return startOf(signedParts(binary, data));
}

/** The same of what was taken apart already. */
export function startOf({ digest, said }: SignedParts): DigestStart | null {
  return digest === null ? null : { said: hexOf(said), found: hexOf(digest.subarray(0, 2)) };
}
