/** The two signed machine documents: ledger entries and `.backend.lock`. Strict on read; format in docs/formats.md. */
import * as z from 'zod';
import { parseCanonical } from '../kernel/canonical.ts';
import { sha256 } from '../kernel/digest.ts';
import { GovbootError } from '../kernel/errors.ts';
import { makeFew } from '../kernel/few.ts';
import type { Json } from '../kernel/json.ts';
import { safe } from '../kernel/text.ts';
import { INTENT_ACTIONS } from './intent-action.ts';
import { account, fingerprint, hex64, instant, name, region, uuid } from './schema.ts';

export const ENTRY_SCHEMA = 'govboot.ledger-entry/v1';
export const LOCK_SCHEMA = 'govboot.backend-lock/v1';

const text = z.string().min(1).max(4_000);
/** Any JSON value. */
export const json: z.ZodType<Json> = z.json();
const mode = z.enum(['LIVE', 'REHEARSAL']);
const objectName = z.string().regex(/^([0-9a-f]{40}|[0-9a-f]{64})$/, 'must be a full object name');
const nonce = z.string().regex(/^[0-9a-f]{32}$/, 'must be 32 lower-case hexadecimal characters');
/** A run's id is part of a file name. */
const run = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9-]{0,63}$/, 'must be letters, digits and dashes');
const origin = z.strictObject({ repository: uuid, environment: name });

/** A file that an entry vouches for: its content lies in `blobs/sha256/<sha256>`, or in the store under `name`. */
const ref = z.strictObject({ name: text, sha256: hex64 });
const finding = z.strictObject({ where: text, code: text, message: text });

const common = {
  schema: z.literal(ENTRY_SCHEMA),
  /** 0, 1, 2 …; the file is named by it in eight digits. */
  seq: z.int().min(0).max(99_999_999),
  /** By the host clock, claimed. */
  time: instant,
  mode,
  /** SHA-256 of the bytes of the entry before; null for the first. */
  prev_sha256: hex64.nullable(),
  refs: z.array(ref).max(1_000),
  actor: z.strictObject({ fingerprint }),
};

/** What every entry about a run that passed the gates says. */
const decided = { run, intent_sha256: hex64, plan_sha256: hex64 };
/** What was released. */
const released = { tag: text, commit: objectName };
/** What somebody outside vouched for: the first `size` entries, by their RFC 6962 root. */
const vouchedFor = { size: z.int().min(1).max(99_999_999), root_sha256: hex64 };

/** One object an entry type: a new type is a new line here, and older programs refuse what they do not know. */
export const entrySchema = z.discriminatedUnion('type', [
  z.strictObject({
    ...common,
    type: z.literal('GENESIS'),
    body: z.strictObject({
      origin: z.strictObject({ ...origin.shape, mode }),
      /** The root keys as they were pinned on the machine that began the ledger. */
      roots: z.strictObject({ threshold: z.int().min(1), keys: z.array(fingerprint).min(1) }),
    }),
  }),
  z.strictObject({
    ...common,
    type: z.literal('GATE_FAIL'),
    body: z.strictObject({
      run,
      intent: text,
      intent_sha256: hex64.nullable(),
      findings: z.array(finding).min(1),
    }),
  }),
  z.strictObject({
    ...common,
    type: z.literal('PLAN_REFUSED'),
    body: z.strictObject({ ...decided, findings: z.array(finding).min(1) }),
  }),
  z.strictObject({
    ...common,
    type: z.literal('DECLINED'),
    body: z.strictObject({ ...decided, code: text, why: text }),
  }),
  z.strictObject({
    ...common,
    type: z.literal('APPLY_STARTED'),
    body: z.strictObject({ ...decided, ...released, nonce }),
  }),
  z.strictObject({
    ...common,
    type: z.literal('APPLY_RESUMED'),
    body: z.strictObject({ ...decided, ...released }),
  }),
  z.strictObject({
    ...common,
    type: z.literal('APPLY_FAILED'),
    /** `final`: nothing of the run is left to finish. */
    body: z.strictObject({ ...decided, code: text, message: text, final: z.boolean() }),
  }),
  z.strictObject({
    ...common,
    type: z.literal('APPLY_DONE'),
    body: z.strictObject({ ...decided, ...released }),
  }),
  z.strictObject({
    ...common,
    type: z.literal('LOCK_WRITTEN'),
    body: z.strictObject({
      ...decided,
      ...released,
      lock_sha256: hex64,
      lock_signature_sha256: hex64,
      supersedes: hex64.nullable(),
    }),
  }),
  z.strictObject({
    ...common,
    type: z.literal('DRIFT_FOUND'),
    body: z.strictObject({
      /** The lock that the live backend was compared with. */
      lock_sha256: hex64,
      /** The whole of what was found, a blob. */
      drift_sha256: hex64,
      /** Who read it, by the account's own name. */
      caller: text,
      findings: z.array(finding).min(1),
    }),
  }),
  z.strictObject({
    ...common,
    type: z.literal('TIME_STAMPED'),
    /** The whole answer of the authority (RFC 3161 TimeStampResp), a blob. */
    body: z.strictObject({ ...vouchedFor, stamp_sha256: hex64 }),
  }),
  z.strictObject({
    ...common,
    type: z.literal('ATTESTED'),
    /** A DSSE envelope with the in-toto statement over these entries, a blob. */
    body: z.strictObject({ ...vouchedFor, envelope_sha256: hex64 }),
  }),
]);

/** How somebody said yes: at a terminal, or by signatures over the plan where none could exist. */
const confirmation = z.discriminatedUnion('method', [
  z.strictObject({
    method: z.literal('tty'),
    token_sha256: hex64,
    shown_at: instant,
    confirmed_at: instant,
    phrase: z.literal('APPLY'),
  }),
  z.strictObject({
    method: z.literal('approval'),
    plan_sha256: hex64,
    /** Of the plan: made at the first, and used before the second. */
    window: z.strictObject({ not_before: instant, expires: instant }),
    /** One for each person who counted: `sha256` is that of the signature file. */
    approvals: z.array(z.strictObject({ signer: fingerprint, sha256: hex64, created: instant })).min(1),
    confirmed_at: instant,
  }),
]);

const requestId = z.strictObject({ call: text, id: text });

export const lockSchema = z.strictObject({
  schema: z.literal(LOCK_SCHEMA),
  record_id: uuid,
  /** The nonce of the intent, which is used once. */
  nonce,
  status: z.literal('APPLIED'),
  mode,
  created_at: instant,
  time_source: z.literal('host clock, claimed'),
  origin,
  repo: z.strictObject({
    object_format: z.enum(['sha1', 'sha256']),
    commit: objectName,
    tag_name: text,
    tag_oid: objectName,
    tag_object_sha256: hex64,
    tag_payload_sha256: hex64,
    tag_signature_sha256: hex64,
    tree_sha256: hex64,
  }),
  intent: z.strictObject({
    file: text,
    sha256: hex64,
    signatures: z.array(z.strictObject({ sha256: hex64, signer: fingerprint })).min(1),
    action: z.enum(INTENT_ACTIONS),
    requester: fingerprint,
    expires: instant,
  }),
  policy: z.strictObject({
    parity_sha256: hex64,
    trust_sha256: hex64,
    trust_version: z.int().min(1),
    trust_signatures: z.array(z.strictObject({ sha256: hex64, signer: fingerprint })).min(1),
    /** File name in templates/ → SHA-256. */
    templates: z.record(z.string().regex(/^[A-Za-z0-9._-]+$/), hex64),
  }),
  plan_sha256: hex64,
  confirmation,
  backend: z.strictObject({
    provider: z.literal('aws'),
    partition: z.enum(['aws', 'aws-us-gov', 'aws-cn']),
    account,
    region,
    endpoint: z.string().nullable(),
    resources: z.array(z.strictObject({ id: text, kind: text, name: text, arn: text.nullable() })).min(1),
    controls: z.array(
      z.strictObject({
        id: text,
        shown: z.enum(['enforced', 'read back', 'accepted', 'no effect', 'not offered']),
        value: json,
      }),
    ),
    /** Identifiers that the cloud gave: `state-key.arn`. */
    known: z.record(z.string().regex(/^[a-z][A-Za-z0-9.-]*$/), text),
  }),
  actors: z
    .array(
      z.strictObject({
        role: text,
        primary_fpr: fingerprint,
        key_fpr: z.string().regex(/^[0-9A-F]{40}$/),
        user_id: text,
      }),
    )
    .min(1),
  tools: z.array(z.strictObject({ name: text, version: text, sha256: hex64.nullable() })),
  run: z.strictObject({
    id: run,
    started_at: instant,
    finished_at: instant,
    steps: z.array(
      z.strictObject({
        id: text,
        /** What was there before: of a control its value, of what was taken over its tags; null where there was nothing. */
        before: json,
        request_ids: z.array(requestId),
        retries: z.int().min(0),
      }),
    ),
  }),
  /** Catalogue with its edition → clauses that the controls above support. */
  controls: z.record(text, z.array(text)),
  /** The head of the ledger before this lock: seq, its SHA-256, the number of entries and their RFC 6962 root. */
  ledger: z.strictObject({
    seq: z.int().min(0),
    prev_sha256: hex64,
    size: z.int().min(1),
    root_sha256: hex64,
  }),
  /** SHA-256 of the lock before this one. */
  supersedes: hex64.nullable(),
});

export type LedgerEntry = z.output<typeof entrySchema>;
export type EntryType = LedgerEntry['type'];
export type Ref = z.output<typeof ref>;
export type BackendLock = z.output<typeof lockSchema>;

/** @throws NOT_CANONICAL, SCHEMA */
export function parseEntry(bytes: Uint8Array, file: string): LedgerEntry {
  return parseStrict(entrySchema, bytes, file);
}

/** Of environments that are looked at side by side. A lock is the largest document of the evidence, and lies there twice. */
const fewLocks = makeFew<BackendLock>(16);

/** @throws NOT_CANONICAL, SCHEMA */
export function parseLock(bytes: Uint8Array, file: string): BackendLock {
  return fewLocks(sha256(bytes), () => parseStrict(lockSchema, bytes, file));
}

/** @throws NOT_CANONICAL, SCHEMA */
export function parseStrict<S extends z.ZodType>(schema: S, bytes: Uint8Array, file: string): z.output<S> {
  const result = schema.safeParse(parseBounded(bytes, file));
  if (result.success) return result.data;
  const problems = result.error.issues.map(
    (issue) => `${safe(issue.path.map(String).join('.')) || 'the document'}: ${safe(issue.message)}`,
  );
  throw new GovbootError('SCHEMA', `${file}: ${problems.join('; ')}`, { data: { file, problems } });
}

/** Bytes; a lock with a thousand controls is half of it. */
const LIMIT_BYTES = 2 * 1024 * 1024;

function parseBounded(bytes: Uint8Array, file: string): Json {
  if (bytes.length > LIMIT_BYTES)
    throw new GovbootError(
      'NOT_CANONICAL',
      `${file} is ${String(bytes.length)} bytes, more than ${String(LIMIT_BYTES)}`,
      { data: { file } },
    );
  return parseCanonical(bytes, file);
}
