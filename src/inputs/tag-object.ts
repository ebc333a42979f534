/** Types only for now: the strict form of a signed annotated tag. */
import type { Sha256 } from '../kernel/digest.ts';
import type { Instant } from '../kernel/time.ts';
import type { Code } from '../kernel/codes.ts';

export interface TagObject {
  /** Object name of the tag itself, recomputed over its bytes. */
  readonly oid: string;
  readonly name: string;
  readonly commit: string;
  readonly tagger: string;
  readonly taggedAt: Instant;
  readonly message: string;
  /** SHA-256 of the whole object, of the signed part, and of the signature. */
  readonly sha256: Sha256;
  readonly payload: Uint8Array;
  readonly signature: Uint8Array;
}

export type TagRead =
  | { readonly is: 'tag'; readonly tag: TagObject }
  | { readonly is: 'problem'; readonly code: Code; readonly wrong: string };
