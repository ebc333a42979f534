/**
 * An in-toto statement (Statement v1) over a state of a ledger, and the DSSE envelope with the signatures of others over it. The statement
 * follows from the ledger alone, so that whoever has the ledger can make it again, byte for byte.
 */
import * as z from 'zod';
import { canonicalBytes } from '../kernel/canonical.ts';
import { GovbootError } from '../kernel/errors.ts';
import { toJson } from '../kernel/json.ts';
import { parseStrict } from './evidence-documents.ts';
import { fromBase64, isBase64, toBase64 } from './base64.ts';
import { hex64, name, uuid } from './schema.ts';

const STATEMENT_TYPE = 'https://in-toto.io/Statement/v1';
export const PREDICATE_TYPE = 'urn:govboot:evidence:v1';
/** in-toto "Envelope layer". */
export const PAYLOAD_TYPE = 'application/vnd.in-toto+json';

const statementSchema = z.strictObject({
  _type: z.literal(STATEMENT_TYPE),
  /** Files, by their digests: the checkpoint over these entries and, once there is one, the lock that was in force after them. */
  subject: z
    .array(
      z.strictObject({
        name: z.enum(['checkpoint', '.backend.lock']),
        digest: z.strictObject({ sha256: hex64 }),
      }),
    )
    .min(1)
    .max(2),
  predicateType: z.literal(PREDICATE_TYPE),
  predicate: z.strictObject({
    mode: z.enum(['LIVE', 'REHEARSAL']),
    origin: z.strictObject({ repository: uuid, environment: name }),
    ledger: z.strictObject({ size: z.int().min(1).max(99_999_999), head_sha256: hex64, root_sha256: hex64 }),
  }),
});

export type Statement = z.output<typeof statementSchema>;

/** What a statement is made of. */
export type Stated = Pick<Statement, 'subject' | 'predicate'>;

/** The one spelling of a statement: canonical JSON and a line feed. */
export function statementBytes({ subject, predicate }: Stated): Uint8Array {
  return canonicalBytes(
    toJson({ _type: STATEMENT_TYPE, subject, predicateType: PREDICATE_TYPE, predicate } satisfies Statement),
  );
}

/** @throws NOT_CANONICAL, SCHEMA */
export function parseStatement(bytes: Uint8Array, file: string): Statement {
  return parseStrict(statementSchema, bytes, file);
}

/** What is signed: the DSSE pre-authentication encoding, `DSSEv1 <length> <type> <length> <payload>` (protocol.md, "Signature Definition"). */
export function preAuthenticationEncoding(payload: Uint8Array): Uint8Array {
  const head = `DSSEv1 ${String(PAYLOAD_TYPE.length)} ${PAYLOAD_TYPE} ${String(payload.length)} `;
  return new Uint8Array([...new TextEncoder().encode(head), ...payload]);
}

/** Signatures that are looked at: an envelope may come from anybody. */
const MOST_SIGNATURES = 16;

const base64 = z.string().max(100_000).refine(isBase64, 'must be base64 with padding');

/** `keyid` is a hint that nobody signed: it decides nothing, and is kept as it came (DSSE protocol.md). */
const envelopeSchema = z.strictObject({
  payload: base64,
  payloadType: z.literal(PAYLOAD_TYPE),
  signatures: z
    .array(z.strictObject({ keyid: z.string().max(1_000), sig: base64 }))
    .min(1)
    .max(MOST_SIGNATURES),
});

export interface Envelope {
  readonly payload: Uint8Array;
  readonly signatures: readonly Uint8Array[];
}

/** An envelope as it is stored: canonical JSON and a line feed. @throws NOT_CANONICAL, SCHEMA */
export function parseEnvelope(bytes: Uint8Array, file: string): Envelope {
  const { payload, signatures } = parseStrict(envelopeSchema, bytes, file);
  return { payload: fromBase64(payload), signatures: signatures.map(({ sig }) => fromBase64(sig)) };
}

/** An envelope of somebody else's making: any JSON, base64 of either alphabet, alone or in a Sigstore bundle. */
const foreignSchema = z.object({
  payload: z.string(),
  payloadType: z.string(),
  signatures: z.array(z.object({ keyid: z.string().optional(), sig: z.string() })),
});
const bundleSchema = z.object({ dsseEnvelope: foreignSchema });

/** Brings it into the form that is stored: what was signed and the signatures stay as they are. @throws SCHEMA */
export function storedEnvelope(bytes: Uint8Array, file: string): Uint8Array {
  const wrong = (what: string): GovbootError =>
    new GovbootError('SCHEMA', `${file} is no DSSE envelope: ${what}`, { data: { file } });
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw wrong('it is not JSON');
  }
  const bundle = bundleSchema.safeParse(json);
  const read = foreignSchema.safeParse(bundle.success ? bundle.data.dsseEnvelope : json);
  if (!read.success) throw wrong('it lacks payload, payloadType or signatures');
  const { payload, payloadType, signatures } = read.data;
  const stored = canonicalBytes(
    toJson({
      payload: standard(payload),
      payloadType,
      signatures: signatures.map(({ keyid = '', sig }) => ({ keyid, sig: standard(sig) })),
    }),
  );
  parseEnvelope(stored, file);
  return stored;
}

/** RFC 4648 §5 → §4, with padding: DSSE lets both be written. */
function standard(text: string): string {
  const plain = text.replaceAll('-', '+').replaceAll('_', '/').replace(/=+$/, '');
  return plain.padEnd(Math.ceil(plain.length / 4) * 4, '=');
}

/** The envelope of one signature over a statement, for a signer that makes nothing but signatures. */
export function envelopeOf(payload: Uint8Array, signature: Uint8Array): Uint8Array {
  return canonicalBytes({
    payload: toBase64(payload),
    payloadType: PAYLOAD_TYPE,
    signatures: [{ keyid: '', sig: toBase64(signature) }],
  });
}
