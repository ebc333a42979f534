/** SHA-256, the only hash that the project writes (FIPS 180-4). The one door of the pure rooms to node:crypto. */
import { createHash, hash } from 'node:crypto';

/** 64 lower-case hexadecimal characters. */
export type Sha256 = string & { readonly __brand: 'Sha256' };

const HEX_64 = /^[0-9a-f]{64}$/;

/** Hashes bytes, or the UTF-8 form of a text. */
export function sha256(data: Uint8Array | string): Sha256 {
  return hash('sha256', data) as Sha256;
}

/** Raw 32-byte digest over the concatenation of `parts`; used where digests are hashed again (RFC 6962 §2.1). */
export function sha256Raw(...parts: readonly Uint8Array[]): Uint8Array {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return new Uint8Array(hash.digest());
}

export function isSha256(text: string): text is Sha256 {
  return HEX_64.test(text);
}

/** Digest of `parts` as OpenPGP signatures use it: SHA-256, SHA-384 and SHA-512 (RFC 9580 §9.5), null for every other algorithm. */
export function openpgpDigest(algorithm: number, ...parts: readonly Uint8Array[]): Uint8Array | null {
  const name = { 8: 'sha256', 9: 'sha384', 10: 'sha512' }[algorithm];
  if (name === undefined) return null;
  const hash = createHash(name);
  for (const part of parts) hash.update(part);
  return new Uint8Array(hash.digest());
}

/** Git object name: SHA-1 or SHA-256 over `<type> <size>\0<content>` (gitformat-loose). Identifies, never authenticates. */
export function gitObjectId(
  type: 'blob' | 'tag' | 'tree' | 'commit',
  content: Uint8Array,
  format: 'sha1' | 'sha256',
): string {
  return createHash(format)
    .update(`${type} ${String(content.length)}\0`)
    .update(content)
    .digest('hex');
}
