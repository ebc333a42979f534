/** OpenPGP packet framing (RFC 9580 §4.2), with every length checked against what is there. */
import type { Code } from '../kernel/codes.ts';
import { GovbootError } from '../kernel/errors.ts';

export interface Packet {
  /** Packet type ID (RFC 9580 §5). */
  readonly tag: number;
  readonly body: Uint8Array;
}

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
    const first = cursor.number(1);
    if ((first & 0x80) === 0) throw cursor.refuse(`holds 0x${first.toString(16)} where a packet must begin`);
    const isNew = (first & 0x40) !== 0;
    const tag = isNew ? first & 0x3f : (first >> 2) & 0x0f;
    packets.push({ tag, body: cursor.take(isNew ? newLength(cursor) : oldLength(cursor, first & 0x03)) });
  }
  return packets;
}

/** RFC 9580 §4.2.1. */
function newLength(cursor: Cursor): number {
  const first = cursor.number(1);
  if (first < 192) return first;
  if (first < 224) return (first - 192) * 256 + cursor.number(1) + 192;
  if (first === 255) return cursor.number(4);
  throw cursor.refuse('uses a partial body length');
}

/** RFC 9580 §4.2.2. */
function oldLength(cursor: Cursor, type: number): number {
  if (type === 0) return cursor.number(1);
  if (type === 1) return cursor.number(2);
  if (type === 2) return cursor.number(4);
  throw cursor.refuse('uses an indeterminate length');
}

/** RFC 9580 §5.2.3.7: the length of a signature subpacket, its type octet included. */
export function subpacketLength(cursor: Cursor): number {
  const first = cursor.number(1);
  if (first < 192) return first;
  if (first < 255) return (first - 192) * 256 + cursor.number(1) + 192;
  return cursor.number(4);
}
