/** Identifiers from a seed and a counter: the same calls give the same names, and nothing is random. */
import { sha256 } from '../../kernel/digest.ts';

const BASE_32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** 64 hexadecimal characters that belong to this seed and number alone. */
export function hexOf(seed: number, purpose: string, n: number): string {
  return sha256(`govboot rehearsal ${String(seed)} ${purpose} ${String(n)}`);
}

/** In the shape of a version 4 UUID (RFC 9562 §5.4), as KMS and request ids are. */
export function uuidOf(seed: number, purpose: string, n: number): string {
  const hex = hexOf(seed, purpose, n);
  const variant = '89ab'.charAt(parseInt(hex.charAt(16), 16) % 4);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** `AROA` and 17 characters: the unique id of an IAM role. */
export function iamIdOf(prefix: 'AROA' | 'AIDA', seed: number, purpose: string, n: number): string {
  const hex = hexOf(seed, purpose, n);
  const letters = Array.from({ length: 17 }, (_, i) =>
    BASE_32.charAt(parseInt(hex.slice(i * 2, i * 2 + 2), 16) % 32),
  );
  return prefix + letters.join('');
}
