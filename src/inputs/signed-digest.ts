/**
 * The digest that a signature is made of, computed without any OpenPGP library. A signature packet holds its first two bytes in the clear;
 * gpg and sqv pass over them and OpenPGP.js does not. They tell a document that was changed from a signature that was forged.
 */
import { openpgpDigest } from '../kernel/digest.ts';
import { hexOf } from './armor.ts';
import { Cursor, splitPackets } from './packets.ts';

/** Upper-case hexadecimal of two bytes each. */
export interface DigestStart {
  /** As the packet says it. */
  readonly said: string;
  /** Of these bytes, signed with these subpackets. */
  readonly found: string;
}

/**
 * @param binary one version 4 signature packet, as `parseSignatureFile` gives it
 * @returns null for a hash algorithm that is not accepted
 * @throws SIG_FORMAT for anything else
 */
export function digestStart(binary: Uint8Array, data: Uint8Array): DigestStart | null {
  const body = splitPackets(binary, 'SIG_FORMAT')[0]?.body ?? new Uint8Array();
  const cursor = new Cursor(body, 'the signature packet', 'SIG_FORMAT');
  cursor.take(3); // version, type, public-key algorithm
  const algorithm = cursor.number(1);
  const length = cursor.number(2);
  cursor.take(length);
  cursor.take(cursor.number(2)); // what is not hashed
  const said = hexOf(cursor.take(2));
  // RFC 9580 §5.2.4: the document, the packet up to the end of its hashed subpackets, and how long that was.
  const hashed = body.subarray(0, 6 + length);
  const size = [24, 16, 8, 0].map((bits) => (hashed.length >> bits) & 0xff);
  const trailer = Uint8Array.of(4, 0xff, ...size);
  const digest = openpgpDigest(algorithm, data, hashed, trailer);
  return digest === null ? null : { said, found: hexOf(digest.subarray(0, 2)) };
}
