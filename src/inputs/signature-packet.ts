/** Types only for now: the strict form of a detached signature file. */
import type { Code } from '../kernel/codes.ts';
import type { Instant } from '../kernel/time.ts';

/** A version 4 signature packet (RFC 9580 §5.2.3), as far as it is judged. */
export interface SignaturePacket {
  readonly version: number;
  /** Signature type, 0x00 = binary document (RFC 9580 §5.2.1). */
  readonly class: number;
  readonly publicKeyAlgorithm: number;
  readonly hashAlgorithm: number;
  readonly created: Instant;
  /** From the hashed subpacket 3; null when it never expires. */
  readonly expires: Instant | null;
  /** Hashed subpacket 33, upper-case hex; null when absent. A hint until the signature is verified. */
  readonly issuerFingerprint: string | null;
  /** Subpacket 16, upper-case hex of 8 bytes. */
  readonly issuerKeyId: string | null;
  /** Notations and subpackets marked critical that are not understood. */
  readonly unknownCritical: readonly string[];
}

export type SignatureShape =
  | { readonly is: 'ok'; readonly packet: SignaturePacket; /** The dearmored packet bytes. */ readonly binary: Uint8Array }
  | { readonly is: 'malformed'; readonly code: Code; readonly wrong: string };
