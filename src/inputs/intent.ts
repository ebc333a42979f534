/** The intent: one person's signed wish to bootstrap one environment once. intents/<name>.yaml; format in docs/formats.md. */
import * as z from 'zod';
import type { FileRead } from './facts.ts';
import { INTENT_ACTIONS, isOfLock } from './intent-action.ts';
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
    schema: z.literal(INTENT_SCHEMA).describe('Format of this document.'),
    repository: uuid.describe("The repository that is pinned on the operator's machine."),
    environment: name.describe('The one environment this holds for.'),
    provider: z.literal('aws').describe('Where the backend is made.'),
    account: account.describe('12 digits in quotes: the account of the environment.'),
    region: region.describe('One of the regions of the environment.'),
    action: z
      .enum(INTENT_ACTIONS)
      .describe(
        'create: the backend does not exist yet. adopt: takes over one that was made by hand, or whose evidence is lost. supersede: changes a locked backend. correct: brings a locked backend that drifted back to what its lock says.',
      ),
    tag: line(128).meta({ description: 'The signed tag.', examples: ['v1.0.0'] }),
    commit: word(/^([0-9a-f]{40}|[0-9a-f]{64})$/, 'must be a full object name').describe(
      'The commit that the tag points at, in full.',
    ),
    tree_sha256: hex64.describe('SHA-256 over the tagged files, independent of git.'),
    reason: line(500).describe('Why it is done.'),
    ticket: line(100).meta({ description: 'Where it was decided.', examples: ['OPS-1'] }),
    requester: fingerprint.describe('Who asks: signs it, and approves nothing.'),
    not_before: instant.describe('The window begins.'),
    expires: instant.describe('The window ends; not longer than the policy allows.'),
    nonce: word(/^[0-9a-f]{32}$/, 'must be 32 lower-case hexadecimal characters').describe(
      '128 random bits; used once.',
    ),
    supersedes: hex64
      .nullable()
      .describe(
        'SHA-256 of the lock that this intent supersedes or corrects; null with actions create and adopt.',
      ),
    endpoint: z
      .url({ protocol: /^https?$/, error: 'must be an http or https URL' })
      .meta({ pattern: '^https?:' })
      .nullable()
      .describe(
        "An endpoint other than the provider's own; shown, confirmed and recorded. null: the provider's own.",
      ),
  })
  .superRefine((intent, context) => {
    if (intent.not_before >= intent.expires)
      context.addIssue({
        code: 'custom',
        path: ['expires'],
        message: 'must be after not_before',
        input: intent.expires,
      });
    if (isOfLock(intent.action) !== (intent.supersedes !== null)) {
      context.addIssue({
        code: 'custom',
        path: ['supersedes'],
        message: 'must be the digest of a lock exactly when action is supersede or correct',
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
