/** Surgery on version 4 signature packets (RFC 9580 §5.2.3), and a signer that signs whatever it is given. */
import { createHash, createPrivateKey, sign as signWith, type KeyObject } from 'node:crypto';
import * as openpgp from 'openpgp';
import { splitPackets } from '../../src/inputs/packets.ts';
import { armored } from './keys.ts';

export type Bytes = Uint8Array | readonly number[];

export const bytes = (...parts: readonly Bytes[]): Uint8Array =>
  Buffer.concat(parts.map((part) => Uint8Array.from(part)));
export const two = (n: number): number[] => [(n >> 8) & 0xff, n & 0xff];
export const four = (n: number): number[] => [n >>> 24, (n >>> 16) & 0xff, (n >>> 8) & 0xff, n & 0xff];
export const hex = (text: string): Uint8Array => Buffer.from(text, 'hex');
export const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

/** New format, length in one octet, or in five where it is longer than 191 (RFC 9580 §4.2.1). */
export function packet(tag: number, body: Uint8Array): Uint8Array {
  return bytes([0xc0 | tag], body.length < 192 ? [body.length] : [255, ...four(body.length)], body);
}

export function subpacket(type: number, body: Bytes, critical = false): Uint8Array {
  return bytes([body.length + 1, type | (critical ? 0x80 : 0)], body);
}

export interface Signature {
  readonly version: number;
  readonly type: number;
  readonly publicKey: number;
  readonly hash: number;
  readonly hashed: Uint8Array;
  readonly unhashed: Uint8Array;
  readonly left16: Uint8Array;
  /** The numbers, each with its length in bits before it. */
  readonly mpis: Uint8Array;
}

export async function unarmored(text: string | Uint8Array): Promise<Uint8Array> {
  const armoredText = typeof text === 'string' ? text : Buffer.from(text).toString('latin1');
  return (await openpgp.unarmor(armoredText)).data as Uint8Array;
}

export async function bodyOf(text: string | Uint8Array): Promise<Uint8Array> {
  return splitPackets(await unarmored(text), 'BUG')[0]!.body;
}

export async function read(text: string | Uint8Array): Promise<Signature> {
  const body = await bodyOf(text);
  const at = 6 + body[4]! * 256 + body[5]!;
  const end = at + 2 + body[at]! * 256 + body[at + 1]!;
  return {
    version: body[0]!,
    type: body[1]!,
    publicKey: body[2]!,
    hash: body[3]!,
    hashed: body.subarray(6, at),
    unhashed: body.subarray(at + 2, end),
    left16: body.subarray(end, end + 2),
    mpis: body.subarray(end + 2),
  };
}

export function write(signature: Signature): Uint8Array {
  const { version, type, publicKey, hash, hashed, unhashed, left16, mpis } = signature;
  const head = [version, type, publicKey, hash];
  return packet(2, bytes(head, two(hashed.length), hashed, two(unhashed.length), unhashed, left16, mpis));
}

/** In armor, as a file. */
export const signatureFile = (...packets: readonly Uint8Array[]): string =>
  armored('signature', bytes(...packets));

export function mpi(value: Uint8Array): Uint8Array {
  const first = value.findIndex((byte) => byte !== 0);
  const rest = value.subarray(first);
  return bytes(two(rest.length * 8 - Math.clz32(rest[0]!) + 24), rest);
}

/** The numbers of a signature without their lengths. */
export function numbersOf(mpis: Uint8Array): Uint8Array[] {
  const numbers: Uint8Array[] = [];
  for (let at = 0; at < mpis.length;) {
    const length = Math.ceil((mpis[at]! * 256 + mpis[at + 1]!) / 8);
    numbers.push(mpis.subarray(at + 2, at + 2 + length));
    at += 2 + length;
  }
  return numbers;
}

/** PKCS #8 (RFC 8410 §7) around the 32 bytes of an Ed25519 secret key. */
const PKCS8 = hex('302e020100300506032b657004220420');

export interface RawKey {
  readonly fingerprint: string;
  readonly secret: KeyObject;
}

/** The Ed25519 secret of an unprotected private key file. */
export async function rawKeyOf(armoredKey: string): Promise<RawKey> {
  const key = await openpgp.readPrivateKey({ armoredKey });
  const { privateParams } = key.keyPacket as unknown as { privateParams: { seed: Uint8Array } };
  return {
    fingerprint: key.getFingerprint().toUpperCase(),
    secret: createPrivateKey({
      key: bytes(PKCS8, privateParams.seed) as Buffer,
      format: 'der',
      type: 'pkcs8',
    }),
  };
}

export const created = (at: Date): Uint8Array => subpacket(2, four(at.getTime() / 1000));
export const issuerPrint = (print: string): Uint8Array => subpacket(33, bytes([4], hex(print)));
export const issuerId = (print: string): Uint8Array => subpacket(16, hex(print.slice(-16)));

/** A true Ed25519 signature with SHA-512 over these bytes and exactly these subpackets. */
export function signRaw(
  key: RawKey,
  data: Uint8Array,
  {
    hashed,
    unhashed = [],
    type = 0,
  }: { hashed: readonly Uint8Array[]; unhashed?: readonly Uint8Array[]; type?: number },
): Signature {
  const [hash, publicKey] = [10, 22];
  const area = bytes(...hashed);
  // RFC 9580 §5.2.4: the document, the packet up to the end of what is hashed, a trailer.
  const head = bytes([4, type, publicKey, hash], two(area.length), area);
  const digest = createHash('sha512')
    .update(data)
    .update(head)
    .update(bytes([4, 0xff], four(head.length)))
    .digest();
  const made = signWith(null, digest, key.secret);
  return {
    version: 4,
    type,
    publicKey,
    hash,
    hashed: area,
    unhashed: bytes(...unhashed),
    left16: digest.subarray(0, 2),
    mpis: bytes(mpi(made.subarray(0, 32)), mpi(made.subarray(32))),
  };
}
