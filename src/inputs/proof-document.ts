/** `govboot.proof/v1`: that one entry is in a ledger, or that a ledger has only grown, for somebody who has nothing else of it. */
import * as z from 'zod';
import { isBase64 } from './base64.ts';
import { parseStrict } from './evidence-documents.ts';
import { fingerprint, hex64 } from './schema.ts';

export const PROOF_SCHEMA = 'govboot.proof/v1';

/** A file, byte for byte. RFC 4648 §4: one spelling, so that a proof cannot be changed without being another. */
const base64 = z.string().max(1_400_000).refine(isBase64, 'must be base64 with padding');

/** Hashes from the leaf, or the smaller tree, to the root. */
const path = z.array(hex64).max(64);
const size = z.int().min(1).max(99_999_999);

export const proofSchema = z.strictObject({
  schema: z.literal(PROOF_SCHEMA),
  checkpoint: base64,
  checkpoint_signature: base64,
  inclusion: z
    .strictObject({ index: z.int().min(0).max(99_999_998), entry: base64, entry_signature: base64, path })
    .nullable(),
  /** From the tree that an older checkpoint is about. */
  consistency: z.strictObject({ size, root: hex64, path }).nullable(),
  /** The lists of people, by the number of the entry from which each was in force, with all their signatures. */
  trust: z
    .array(
      z.strictObject({
        from: z.int().min(0),
        file: base64,
        signatures: z.array(base64).max(100),
      }),
    )
    .max(2),
  keys: z.array(z.strictObject({ fingerprint, certificate: base64 })).max(250),
});

export type ProofDocument = z.output<typeof proofSchema>;

/** @throws NOT_CANONICAL, SCHEMA */
export function parseProof(bytes: Uint8Array, file: string): ProofDocument {
  return parseStrict(proofSchema, bytes, file);
}
