/** The intent: one person's signed wish to bootstrap one environment once. intents/<name>.yaml; format in docs/formats.md. */
import * as z from 'zod';
import type { FileRead } from './facts.ts';
import {
  account,
  fingerprint,
  hex64,
  instant,
  line,
  name,
  readDocument,
  region,
  uuid,
  word,
  type Placed,
} from './schema.ts';

export const INTENT_SCHEMA = 'govboot.intent/v1';

export const intentSchema = z
  .strictObject({
    schema: z.literal(INTENT_SCHEMA),
    repository: uuid,
    environment: name,
    provider: z.literal('aws'),
    account,
    region,
    /** create: the backend does not exist yet. supersede: changes a locked backend; names the lock. */
    action: z.enum(['create', 'supersede']),
    tag: line(128),
    commit: word(/^([0-9a-f]{40}|[0-9a-f]{64})$/, 'must be a full object name'),
    tree_sha256: hex64,
    reason: line(500),
    ticket: line(100),
    requester: fingerprint,
    not_before: instant,
    expires: instant,
    /** 128 random bits; used once. */
    nonce: word(/^[0-9a-f]{32}$/, 'must be 32 lower-case hexadecimal characters'),
    /** SHA-256 of the lock that this intent supersedes. */
    supersedes: hex64.nullable(),
    /** An endpoint other than the provider's own; shown, confirmed and recorded. */
    endpoint: z.url({ protocol: /^https?$/ }).nullable(),
  })
  .superRefine((intent, context) => {
    if (intent.not_before >= intent.expires)
      context.addIssue({
        code: 'custom',
        path: ['expires'],
        message: 'must be after not_before',
        input: intent.expires,
      });
    if ((intent.action === 'supersede') !== (intent.supersedes !== null)) {
      context.addIssue({
        code: 'custom',
        path: ['supersedes'],
        message: 'must be the digest of a lock exactly when action is supersede',
        input: intent.supersedes,
      });
    }
  });

export type Intent = z.output<typeof intentSchema>;

/** @throws YAML, SCHEMA */
export function readIntent(file: FileRead): Placed<Intent> {
  return readDocument(intentSchema, file);
}

/** @throws YAML, SCHEMA */
export function parseIntent(file: FileRead): Intent {
  return readIntent(file).value;
}
