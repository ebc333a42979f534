/** The gates, together. Facts in, verdicts out: nothing is read, asked or written here. */
import { isGovbootError, messageOf } from '../kernel/errors.ts';
import { safe } from '../kernel/text.ts';
import type { Sha256 } from '../kernel/digest.ts';
import type { CallerFacts, Facts } from '../inputs/facts.ts';
import type { Intent } from '../inputs/intent.ts';
import type { Parity } from '../inputs/parity.ts';
import type { Trust } from '../inputs/trust.ts';
import { readDocuments, type Documents } from './documents.ts';
import { judgeIdentity } from './identity.ts';
import { judgeImmutability } from './immutability.ts';
import { judgeIntent } from './intent.ts';
import { judgeParity } from './parity.ts';
import { judgeSource, summaryOf, type TagSummary } from './source.ts';
import type { Signer } from './signers.ts';
import { finding, passes, type GateId, type GateVerdict } from './verdict.ts';

export { parsedInputs, type ParsedInputs } from './documents.ts';

export interface DocumentRef {
  readonly path: string;
  readonly sha256: Sha256;
}

/** What source, intent and parity established: all that is known without a cloud. It exists only when these three pass. */
export interface Established {
  readonly trust: Trust;
  readonly parity: Parity;
  readonly intent: Intent;
  readonly tag: TagSummary;
  readonly treeSha256: Sha256;
  /** The very bytes that were verified and parsed, by path and digest. */
  readonly files: {
    readonly trust: DocumentRef;
    readonly parity: DocumentRef;
    readonly intent: DocumentRef;
  };
  readonly releaseSigners: readonly Signer[];
  /** The requester first. */
  readonly intentSigners: readonly Signer[];
  readonly approvers: readonly Signer[];
}

/** What the gates established, for plan and record. It exists only when every gate passes. */
export interface Passed extends Established {
  readonly caller: CallerFacts;
  /** What a person should see before they confirm. */
  readonly notes: readonly string[];
}

export interface Judgement {
  /** All five, always. */
  readonly verdicts: readonly GateVerdict[];
  readonly passed: Passed | null;
}

/** What can be judged where no cloud can be asked: on the machine of an approver. */
export interface JudgementWithoutCloud {
  /** Source, intent and parity, always. */
  readonly verdicts: readonly GateVerdict[];
  readonly established: Established | null;
}

const WITHOUT_CLOUD = ['source', 'intent', 'parity'] as const satisfies readonly GateId[];

/** Judges all gates, whatever the first of them says. A gate that cannot be judged never passes. */
export function judge(facts: Facts): Judgement {
  const documents = readDocuments(facts);
  const first = judgeFirst(facts, documents);
  const identity = guarded(
    'identity',
    () => ({ verdict: judgeIdentity(facts, documents) }),
    (verdict) => ({ verdict }),
  );
  const immutability = guarded(
    'immutability',
    () => judgeImmutability(facts, documents),
    (verdict) => ({ verdict, notes: [] }),
  );
  const verdicts = [...first.verdicts, identity.verdict, immutability.verdict];
  const { caller } = facts;
  if (!passes(verdicts) || first.established === null || caller.is === 'problem')
    return { verdicts, passed: null };
  const notes = [...immutability.notes, ...notesOf(facts.mode, first.established.intent)];
  return { verdicts, passed: { ...first.established, caller: caller.value, notes } };
}

/** Judges the gates that need no cloud. */
export function judgeWithoutCloud(facts: Facts): JudgementWithoutCloud {
  return judgeFirst(facts, readDocuments(facts));
}

function judgeFirst(facts: Facts, documents: Documents): JudgementWithoutCloud {
  const source = guarded(
    'source',
    () => judgeSource(facts, documents),
    (verdict) => ({ verdict, trusted: null, signers: [] }),
  );
  const intent = guarded(
    'intent',
    () => judgeIntent(facts, documents, source.trusted),
    (verdict) => ({ verdict, signers: [], approvers: [] }),
  );
  const parity = guarded(
    'parity',
    () => ({ verdict: judgeParity(facts, documents) }),
    (verdict) => ({ verdict }),
  );
  const verdicts = [source, intent, parity].map(({ verdict }) => verdict);
  const { trust, parity: policy, intent: wish } = documents;
  const { tree } = facts.source;
  const tag = summaryOf(facts.source.tag);
  const isRefused = !passes(verdicts, WITHOUT_CLOUD);
  // The types do not know what a pass implies: each of these is a check of some gate.
  const isRead = trust.is === 'parsed' && policy.is === 'parsed' && wish.is === 'parsed';
  if (isRefused || !isRead || tag === null || tree.is === 'problem') return { verdicts, established: null };
  const established: Established = {
    trust: trust.value,
    parity: policy.value,
    intent: wish.value,
    tag,
    treeSha256: tree.value.tagged,
    files: { trust: refOf(trust), parity: refOf(policy), intent: refOf(wish) },
    releaseSigners: source.signers,
    intentSigners: intent.signers,
    approvers: intent.approvers,
  };
  return { verdicts, established };
}

function refOf({ path, sha256 }: DocumentRef): DocumentRef {
  return { path, sha256 };
}

/** A gate that fails itself is an error, told beside the others; it does not silence them. */
function guarded<J extends { readonly verdict: GateVerdict }>(
  gate: GateId,
  run: () => J,
  otherwise: (verdict: GateVerdict) => J,
): J {
  try {
    return run();
  } catch (error) {
    const code = isGovbootError(error) ? error.code : 'GATES_REFUSED';
    const because = safe(`the gate could not judge: ${messageOf(error)}`);
    const findings = [finding(code, because, { hint: 'report this as a bug' })];
    return otherwise({ gate, status: 'error', because, checks: [], findings });
  }
}

function notesOf(mode: Facts['mode'], { endpoint }: Intent): readonly string[] {
  return [
    ...(mode === 'REHEARSAL' ? ['rehearsal: nothing reaches a cloud'] : []),
    ...(endpoint === null ? [] : [`the intent names endpoint ${endpoint}`]),
  ].map(safe);
}
