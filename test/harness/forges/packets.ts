/** OpenPGP packets, taken apart and put together as no tool would. */
import { splitPackets } from '../../../src/inputs/packets.ts';

/** What an armored block holds, whatever stands around it. */
export function binaryOf(text: string): Uint8Array {
  const body =
    /-----BEGIN [A-Z ]+-----\n(?:.*\n)*?\n((?:[A-Za-z0-9+/=]+\n)+?)(?:=[A-Za-z0-9+/]{4}\n)?-----END/.exec(
      text,
    )?.[1];
  if (body === undefined) throw new Error('there is no armored block');
  return Buffer.from(body, 'base64');
}

/** The body of the first packet. */
export function bodyOf(binary: Uint8Array): Uint8Array {
  const [first] = splitPackets(binary, 'BUG');
  if (first === undefined) throw new Error('there is no packet');
  return first.body;
}

const two = (n: number): number[] => [n >> 8, n & 0xff];
const four = (n: number): number[] => [...two(n >>> 16), ...two(n & 0xffff)];

/** How the length of a packet is told (RFC 9580 §4.2). */
export type Framing = 'shortest' | 'five octets' | 'partial' | 'indeterminate' | 'too long' | 'too short';

/** The shortest spelling of a length (RFC 9580 §4.2.1 for packets, §5.2.3.7 for subpackets), below 8384. */
function lengthOf(length: number): number[] {
  return length < 192 ? [length] : [192 + ((length - 192) >> 8), (length - 192) & 0xff];
}

/** A packet with its header; in the new format with the shortest length where nothing else is asked for. */
export function framed(tag: number, body: Uint8Array, how: Framing = 'shortest'): Uint8Array {
  switch (how) {
    case 'shortest':
      return Buffer.from([0xc0 | tag, ...lengthOf(body.length), ...body]);
    case 'five octets':
      return Buffer.from([0xc0 | tag, 255, ...four(body.length), ...body]);
    case 'too long':
      return Buffer.from([0xc0 | tag, ...lengthOf(body.length + 1), ...body]);
    case 'too short':
      return Buffer.from([0xc0 | tag, ...lengthOf(body.length - 1), ...body]);
    case 'indeterminate': // old format, length type 3: to the end of the file
      return Buffer.from([0x80 | (tag << 2) | 3, ...body]);
    case 'partial': {
      // One part of 2^5 octets, then the rest (RFC 9580 §4.2.1.4).
      const rest = body.subarray(32);
      return Buffer.from([0xc0 | tag, 0xe5, ...body.subarray(0, 32), ...lengthOf(rest.length), ...rest]);
    }
  }
}

/** A version 4 signature packet, in its parts (RFC 9580 §5.2.3). */
export interface SignatureParts {
  /** Version, type, algorithms, and the hashed subpackets with their length. */
  readonly hashed: Uint8Array;
  readonly unhashed: Uint8Array;
  /** The left 16 bits of the digest. */
  readonly left: Uint8Array;
  readonly mpis: readonly Uint8Array[];
}

export function partsOf(body: Uint8Array): SignatureParts {
  const view = new DataView(body.buffer, body.byteOffset, body.length);
  const at = 6 + view.getUint16(4);
  const after = at + 2 + view.getUint16(at);
  const mpis: Uint8Array[] = [];
  for (let next = after + 2; next < body.length;) {
    const octets = Math.ceil(view.getUint16(next) / 8);
    mpis.push(body.subarray(next + 2, next + 2 + octets));
    next += 2 + octets;
  }
  return {
    hashed: body.subarray(0, at),
    unhashed: body.subarray(at + 2, after),
    left: body.subarray(after, after + 2),
    mpis,
  };
}

/** @param zeros octets of zero in front of every number, which RFC 9580 §3.2 does not allow */
export function bodyFrom({ hashed, unhashed, left, mpis }: SignatureParts, zeros = 0): Uint8Array {
  const numbers = mpis.flatMap((mpi) => {
    const bits = zeros === 0 ? mpi.length * 8 - Math.clz32((mpi[0] ?? 0) << 24) : (mpi.length + zeros) * 8;
    return [...two(bits), ...new Uint8Array(zeros), ...mpi];
  });
  return Buffer.from([...hashed, ...two(unhashed.length), ...unhashed, ...left, ...numbers]);
}

/** A signature subpacket (RFC 9580 §5.2.3.7). */
export function subpacket(type: number, body: Uint8Array): Uint8Array {
  return Buffer.from([...lengthOf(body.length + 1), type, ...body]);
}
