/** Who signed a statement: by the keys that the asker names, never by what an envelope says of them. */
import { preAuthenticationEncoding } from '../inputs/attestation.ts';
import type { Witnesses } from '../ports.ts';

/** @returns SHA-256 of the first key that made one of the signatures. @throws USAGE for keys that are none */
export async function signerOf(
  witnesses: Witnesses,
  keys: Uint8Array,
  payload: Uint8Array,
  signatures: readonly Uint8Array[],
): Promise<string | null> {
  const signed = preAuthenticationEncoding(payload);
  for (const signature of signatures) {
    const who = await witnesses.signedBy(keys, signed, signature);
    if (who !== null) return who;
  }
  return null;
}
