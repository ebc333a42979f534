/** `.backend.lock`: the record of one finished apply, made from what was read, decided and read back. */
import { canonicalBytes } from '../kernel/canonical.ts';
import { sha256 } from '../kernel/digest.ts';
import type { Json } from '../kernel/json.ts';
import type { Instant } from '../kernel/time.ts';
import { LOCK_SCHEMA, parseLock, type BackendLock } from '../inputs/evidence-documents.ts';
import type { FileRead, Fingerprint, Mode, SignedFile } from '../inputs/facts.ts';
import type { Intent } from '../inputs/intent.ts';
import { judgeSignature } from '../gates/signature.ts';
import type { Signer } from '../gates/signers.ts';
import type { TagObject } from '../inputs/tag-object.ts';
import type { Clause, Known, Shown } from '../plan/control.ts';
import { ledgerRoot } from './checkpoint.ts';
import { LOCK } from './layout.ts';
import type { LedgerItem } from './ledger.ts';
import { hex } from './merkle.ts';

/** A person who took part. */
export interface Actor {
  readonly role: 'requester' | 'release' | 'intent' | 'approver' | 'evidence' | 'break-glass';
  readonly primary: Fingerprint;
  readonly signingKey: string;
  readonly userId: string;
}

// These two are JSON as they are, which an interface is not.
/** The backend as it was read back. */
export type LockedBackend = {
  readonly provider: 'aws';
  readonly partition: BackendLock['backend']['partition'];
  readonly account: string;
  readonly region: string;
  readonly endpoint: string | null;
  readonly resources: readonly {
    readonly id: string;
    readonly kind: string;
    readonly name: string;
    readonly arn: string | null;
  }[];
  readonly controls: readonly { readonly id: string; readonly shown: Shown; readonly value: Json }[];
  readonly known: Known;
};

export type LockedRun = {
  readonly id: string;
  readonly started_at: Instant;
  readonly finished_at: Instant;
  readonly steps: readonly {
    readonly id: string;
    /** What was there before; null where there was nothing. */
    readonly before: Json;
    readonly request_ids: readonly { readonly call: string; readonly id: string }[];
    readonly retries: number;
  }[];
};

/** How somebody said yes to the plan. */
export type Confirmation =
  | {
      readonly method: 'tty';
      readonly token: string;
      readonly shownAt: Instant;
      readonly confirmedAt: Instant;
    }
  | {
      readonly method: 'approval';
      readonly approvers: readonly Signer[];
      readonly window: { readonly from: Instant; readonly until: Instant };
      readonly confirmedAt: Instant;
    };

export interface LockInput {
  readonly recordId: string;
  readonly createdAt: Instant;
  readonly mode: Mode;
  readonly origin: { readonly repository: string; readonly environment: string };
  readonly source: {
    readonly tag: TagObject;
    readonly objectFormat: 'sha1' | 'sha256';
    readonly treeSha256: string;
  };
  readonly intent: { readonly file: SignedFile; readonly value: Intent };
  readonly policy: {
    readonly parity: FileRead;
    readonly trust: SignedFile;
    readonly trustVersion: number;
    readonly templates: readonly FileRead[];
  };
  readonly planSha256: string;
  readonly confirmation: Confirmation;
  readonly backend: LockedBackend;
  readonly actors: readonly Actor[];
  readonly tools: readonly {
    readonly name: string;
    readonly version: string;
    readonly sha256: string | null;
  }[];
  readonly run: LockedRun;
  /** Clauses of every control that was shown; repeated ones count once. */
  readonly clauses: readonly Clause[];
  /** The ledger as it is before the lock: at least GENESIS. */
  readonly ledger: { readonly items: readonly LedgerItem[]; readonly head: LedgerItem };
  readonly supersedes: string | null;
}

/** The record. What is returned was read back through the strict schema. @throws SCHEMA, NOT_CANONICAL */
export function makeLock(input: LockInput): BackendLock {
  const { source, intent, policy } = input;
  const lock: Json = {
    schema: LOCK_SCHEMA,
    record_id: input.recordId,
    nonce: intent.value.nonce,
    status: 'APPLIED',
    mode: input.mode,
    created_at: input.createdAt,
    time_source: 'host clock, claimed',
    origin: input.origin,
    repo: repoOf(source),
    intent: {
      file: intent.file.file.path,
      sha256: intent.file.file.sha256,
      signatures: signaturesOf(intent.file, input.createdAt),
      action: intent.value.action,
      requester: intent.value.requester,
      expires: intent.value.expires,
    },
    policy: {
      parity_sha256: policy.parity.sha256,
      trust_sha256: policy.trust.file.sha256,
      trust_version: policy.trustVersion,
      trust_signatures: signaturesOf(policy.trust, input.createdAt),
      templates: Object.fromEntries(
        policy.templates.map((file) => [file.path.slice(file.path.lastIndexOf('/') + 1), file.sha256]),
      ),
    },
    plan_sha256: input.planSha256,
    confirmation: confirmationOf(input),
    backend: input.backend,
    actors: input.actors.map(({ role, primary, signingKey, userId }) => ({
      role,
      primary_fpr: primary,
      key_fpr: signingKey,
      user_id: userId,
    })),
    tools: input.tools,
    run: input.run,
    controls: clausesByCatalogue(input.clauses),
    ledger: headOf(input.ledger),
    supersedes: input.supersedes,
  };
  return parseLock(canonicalBytes(lock), LOCK);
}

function confirmationOf({ confirmation, planSha256 }: LockInput): BackendLock['confirmation'] {
  const { method, confirmedAt } = confirmation;
  if (method === 'tty')
    return {
      method,
      token_sha256: sha256(confirmation.token),
      shown_at: confirmation.shownAt,
      confirmed_at: confirmedAt,
      phrase: 'APPLY',
    };
  const { approvers, window } = confirmation;
  return {
    method,
    plan_sha256: planSha256,
    window: { not_before: window.from, expires: window.until },
    approvals: approvers.map(({ primary, sha256: digest, created }) => ({
      signer: primary,
      sha256: digest,
      created,
    })),
    confirmed_at: confirmedAt,
  };
}

function repoOf({ tag, objectFormat, treeSha256 }: LockInput['source']): BackendLock['repo'] {
  return {
    object_format: objectFormat,
    commit: tag.commit,
    tag_name: tag.name,
    tag_oid: tag.oid,
    tag_object_sha256: tag.sha256,
    tag_payload_sha256: sha256(tag.payload),
    tag_signature_sha256: sha256(tag.signature),
    tree_sha256: treeSha256,
  };
}

function headOf({ items, head }: LockInput['ledger']): BackendLock['ledger'] {
  return {
    seq: head.entry.seq,
    prev_sha256: head.sha256,
    size: items.length,
    root_sha256: hex(ledgerRoot(items)),
  };
}

/** The good signatures of a file, each with its signer; sorted, so that the record does not depend on the order of reading. */
function signaturesOf({ signatures }: SignedFile, at: Instant): { sha256: string; signer: Fingerprint }[] {
  return signatures
    .flatMap((facts) => {
      const judged = judgeSignature(facts, at);
      return judged.is === 'signed' ? [{ sha256: facts.sha256, signer: judged.primary }] : [];
    })
    .sort((a, b) => (a.sha256 < b.sha256 ? -1 : 1));
}

function clausesByCatalogue(clauses: readonly Clause[]): Record<string, string[]> {
  const all: Record<string, Set<string>> = {};
  for (const { catalogue, id } of clauses) (all[catalogue] ??= new Set()).add(id);
  return Object.fromEntries(Object.entries(all).map(([catalogue, ids]) => [catalogue, [...ids].sort()]));
}
