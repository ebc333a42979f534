/** OpenPGP packet framing (RFC 9580 §4.2), with every length checked against what is there. */
import type { Code } from '../kernel/codes.ts';
import { GovbootError } from '../kernel/errors.ts';

export interface Packet {
  /** Packet type ID (RFC 9580 §5). */
  readonly tag: number;
  readonly body: Uint8Array;
  /** Whether its length is spelled in as few octets as it can be. */
  readonly isShortest: boolean;
}

/** Packets of one file; a certificate with many certifications has a hundred. */
const MOST_PACKETS = 500;

/** Reads forward only; a read past the end is refused with the code given. */
export class Cursor {
  readonly #bytes: Uint8Array;
  readonly #code: Code;
  readonly #what: string;
  #at = 0;

  constructor(bytes: Uint8Array, what: string, code: Code) {
    this.#bytes = bytes;
    this.#what = what;
    this.#code = code;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  take(count: number): Uint8Array {
    if (count > this.left) throw this.refuse(`ends ${count - this.left} bytes too early`);
    this.#at += count;
    return this.#bytes.subarray(this.#at - count, this.#at);
  }

  /** Big-endian, at most 4 octets. */
  number(octets: 1 | 2 | 4): number {
    return this.take(octets).reduce((value, byte) => value * 256 + byte, 0);
  }

  refuse(wrong: string): GovbootError {
    return new GovbootError(this.#code, `${this.#what} ${wrong}`);
  }
}

/** Splits a packet sequence. Partial and indeterminate lengths are refused: nothing that is kept in a file needs them. */
export function splitPackets(bytes: Uint8Array, code: Code): readonly Packet[] {
  const cursor = new Cursor(bytes, 'the packet sequence', code);
  const packets: Packet[] = [];
  while (cursor.left > 0) {
    if (packets.length === MOST_PACKETS) throw cursor.refuse(`holds more than ${MOST_PACKETS} packets`);
    const first = cursor.number(1);
    if ((first & 0x80) === 0) throw cursor.refuse(`holds 0x${first.toString(16)} where a packet must begin`);
    const isNew = (first & 0x40) !== 0;
    const tag = isNew ? first & 0x3f : (first >> 2) & 0x0f;
    const { length, least } = isNew ? newLength(cursor) : oldLength(cursor, first & 0x03);
    packets.push({ tag, body: cursor.take(length), isShortest: length >= least });
  }
  return packets;
}

/** A length, and the least one that needs as many octets as it was spelled in. */
interface Length {
  readonly length: number;
  readonly least: number;
}

/** RFC 9580 §4.2.1. */
function newLength(cursor: Cursor): Length {
  const first = cursor.number(1);
  if (first < 192) return { length: first, least: 0 };
  if (first < 224) return { length: (first - 192) * 256 + cursor.number(1) + 192, least: 192 };
  if (first === 255) return { length: cursor.number(4), least: 8_384 };
  throw cursor.refuse('uses a partial body length');
}

/** RFC 9580 §4.2.2. */
function oldLength(cursor: Cursor, type: number): Length {
  if (type === 0) return { length: cursor.number(1), least: 0 };
  if (type === 1) return { length: cursor.number(2), least: 256 };
  if (type === 2) return { length: cursor.number(4), least: 65_536 };
  throw cursor.refuse('uses an indeterminate length');
}

/** RFC 9580 §5.2.3.7: the length of a signature subpacket, its type octet included. */
export function subpacketLength(cursor: Cursor): Length {
  const first = cursor.number(1);
  if (first < 192) return { length: first, least: 0 };
  if (first < 255) return { length: (first - 192) * 256 + cursor.number(1) + 192, least: 192 };
  return { length: cursor.number(4), least: 16_320 };
}

/** An integer (RFC 9580 §3.2) whose bit count is the one that its octets give: the count is not signed, and could be spelled anew. */
export function readInteger(cursor: Cursor): { readonly bits: number; readonly octets: Uint8Array } {
  const bits = cursor.number(2);
  const octets = cursor.take(Math.ceil(bits / 8));
  const [first] = octets;
  if (first === undefined) throw cursor.refuse('has an integer without octets');
  // GnuPG keeps a leading zero octet of an EdDSA integer, and counts all of its bits.
  const counted = octets.length * 8 - (first === 0 ? 0 : Math.clz32(first) - 24);
  if (bits !== counted) throw cursor.refuse(`says that an integer of ${counted} bits has ${bits}`);
  return { bits, octets };
}
