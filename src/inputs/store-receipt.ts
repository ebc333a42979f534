/** The receipt: what a store was seen to hold, signed. Strict on read; format in docs/formats.md. */
import * as z from 'zod';
import { parseStrict } from './evidence-documents.ts';
import { account, hex64, instant, name, uuid } from './schema.ts';

export const RECEIPT_SCHEMA = 'govboot.store-receipt/v1';

/** Objects that one receipt names; more are named by a further one, as no document of ours is larger than 2 MiB. */
export const MOST_OBJECTS = 4_000;

const retention = z
  .strictObject({ mode: z.enum(['COMPLIANCE', 'GOVERNANCE', 'none']), until: instant.nullable() })
  .refine(
    ({ mode, until }) => (mode === 'none') === (until === null),
    'until is set exactly where there is a mode',
  );

export const receiptObject = z.strictObject({
  /** With the prefix: the whole name in the store. */
  key: z
    .string()
    .regex(/^[A-Za-z0-9._-]+(\/[A-Za-z0-9._-]+)+$/, 'must be a plain name with folders')
    .max(400),
  sha256: hex64,
  bytes: z.int().min(0),
  /** As the store gave it; `none` where it has no versions. */
  version_id: z.string().regex(/^[\x21-\x7e]{1,1024}$/, 'must be printable and at most 1024 characters'),
  /** As it was read back. */
  retention,
});

export const receiptSchema = z.strictObject({
  schema: z.literal(RECEIPT_SCHEMA),
  mode: z.enum(['LIVE', 'REHEARSAL']),
  origin: z.strictObject({ repository: uuid, environment: name }),
  /** By the host clock, claimed. */
  time: instant,
  /** What was sealed then. */
  ledger: z.strictObject({ size: z.int().min(1).max(99_999_999), root_sha256: hex64 }),
  store: z.strictObject({
    kind: z.enum(['folder', 's3']),
    place: z.string().min(1).max(4_000),
    account: account.nullable(),
    region: z.string().min(1).max(100).nullable(),
    endpoint: z.string().max(4_000).nullable(),
  }),
  objects: z.array(receiptObject).min(1).max(MOST_OBJECTS),
});

export type StoreReceipt = z.output<typeof receiptSchema>;
export type ReceiptObject = z.output<typeof receiptObject>;

/** @throws NOT_CANONICAL, SCHEMA */
export function parseReceipt(bytes: Uint8Array, file: string): StoreReceipt {
  return parseStrict(receiptSchema, bytes, file);
}
