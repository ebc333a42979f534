/** An RFC 3161 time stamp as it was read: plain data. Whether it is any good is judged in evidence/stamp.ts. */
import type { Instant } from '../kernel/time.ts';

/** Bytes of a TimeStampResp, or of a file of certificates; a stamp with a whole chain in it is a tenth of that. */
export const MOST_STAMP_BYTES = 65_536;

export interface StampFacts {
  /** PKIStatus (RFC 3161 §2.4.2): 0 granted, 1 granted with changes, everything else a refusal. */
  readonly status: number;
  /** MessageImprint: what was stamped. `algorithm` is `SHA-256`, or the object identifier of another one. */
  readonly imprint: { readonly algorithm: string; readonly digest: string };
  /** genTime, fractions of a second left away. */
  readonly time: Instant;
  /** By how much it may be off, as the authority says: whole seconds, rounded up. 0 where it says nothing. */
  readonly accuracy: number;
  /** TSAPolicyId: under which rules of its own the authority gave it. */
  readonly policy: string;
  /** Hexadecimal, as are all numbers of a stamp: they may have 160 bits. */
  readonly serial: string;
  readonly nonce: string | null;
  /** The request that it is held against, where there is one. */
  readonly request: { readonly digest: string; readonly nonce: string | null } | null;
  /** The certificate that signed it. */
  readonly authority: {
    readonly subject: string;
    readonly sha256: string;
    /** Object identifiers of its extended key usage, and whether the extension is critical (RFC 3161 §2.3: one, and critical). */
    readonly usages: readonly string[];
    readonly isCritical: boolean;
  };
  /** What is signed and signed with, as far as it is too weak or unknown: SHA-1, RSA below 2,048 bits. */
  readonly weak: readonly string[];
  /** Whether the authority's key made the signature, over this very content. */
  readonly isSigned: boolean;
  /** ESSCertIDv2 (RFC 5816): whether the signature itself names the certificate that it is to be judged by. */
  readonly names: 'it' | 'another' | 'none';
  /** Whether a way leads to a root that the asker named, every certificate on it valid at `time`. */
  readonly chain:
    | { readonly is: 'pinned'; readonly root: string }
    | { readonly is: 'unpinned'; readonly why: string }
    | { readonly is: 'not asked' };
}
