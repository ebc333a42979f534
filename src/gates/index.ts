/** The gates, together. Facts in, verdicts out: nothing is read, asked or written here. */
import { isGovbootError, messageOf } from '../kernel/errors.ts';
import { safe } from '../kernel/text.ts';
import type { Sha256 } from '../kernel/digest.ts';
import type { CallerFacts, Facts } from '../inputs/facts.ts';
import type { Intent } from '../inputs/intent.ts';
import type { Parity } from '../inputs/parity.ts';
import type { Trust } from '../inputs/trust.ts';
import { readDocuments, valueOf, type Documents } from './documents.ts';
import { judgeIdentity } from './identity.ts';
import { judgeImmutability } from './immutability.ts';
import { judgeIntent } from './intent.ts';
import { judgeParity } from './parity.ts';
import { judgeSource, summaryOf, type TagSummary } from './source.ts';
import type { Signer } from './signers.ts';
import { finding, passes, type GateId, type GateVerdict } from './verdict.ts';

export { parsedInputs, type ParsedInputs } from './documents.ts';
export { judgeSignature, type SignatureVerdict, type Signed } from './signature.ts';
export { countSigners, judgeSignatures, thresholdFindings, type Signer } from './signers.ts';
export { CHECKS, GATES, passes, type Finding, type GateId, type GateVerdict } from './verdict.ts';
export type { TagSummary } from './source.ts';

/** What the gates established, for plan and record. It exists only when every gate passes. */
export interface Passed {
  readonly trust: Trust;
  readonly parity: Parity;
  readonly intent: Intent;
  readonly tag: TagSummary;
  readonly treeSha256: Sha256;
  readonly releaseSigners: readonly Signer[];
  /** The requester first. */
  readonly intentSigners: readonly Signer[];
  readonly approvers: readonly Signer[];
  readonly caller: CallerFacts;
  /** What a person should see before they confirm. */
  readonly notes: readonly string[];
}

export interface Judgement {
  /** All five, always. */
  readonly verdicts: readonly GateVerdict[];
  readonly passed: Passed | null;
}

/** Judges all gates, whatever the first of them says. A gate that cannot be judged never passes. */
export function judge(facts: Facts): Judgement {
  const documents = readDocuments(facts);
  const source = guarded('source', () => judgeSource(facts, documents), { trusted: null, signers: [] });
  const intent = guarded('intent', () => judgeIntent(facts, documents, source.trusted), {
    signers: [],
    approvers: [],
  });
  const parity = guarded('parity', () => ({ verdict: judgeParity(facts, documents) }), {});
  const identity = guarded('identity', () => ({ verdict: judgeIdentity(facts, documents) }), {});
  const immutability = guarded('immutability', () => judgeImmutability(facts, documents), { notes: [] });
  const verdicts = [source, intent, parity, identity, immutability].map(({ verdict }) => verdict);
  if (!passes(verdicts)) return { verdicts, passed: null };
  const passed = assemble(facts, documents, {
    releaseSigners: source.signers,
    intentSigners: intent.signers,
    approvers: intent.approvers,
    notes: [...immutability.notes, ...notesOf(facts, documents)],
  });
  return { verdicts, passed };
}

/** A gate that fails itself is an error, told beside the others; it does not silence them. */
function guarded<T extends object>(
  gate: GateId,
  run: () => T & { readonly verdict: GateVerdict },
  otherwise: T,
): T & { readonly verdict: GateVerdict } {
  try {
    return run();
  } catch (error) {
    const code = isGovbootError(error) ? error.code : 'GATES_REFUSED';
    const because = safe(`the gate could not judge: ${messageOf(error)}`);
    const findings = [finding(code, because, { hint: 'report this as a bug' })];
    return { ...otherwise, verdict: { gate, status: 'error', because, checks: [], findings } };
  }
}

function assemble(
  facts: Facts,
  documents: Documents,
  people: Pick<Passed, 'releaseSigners' | 'intentSigners' | 'approvers' | 'notes'>,
): Passed | null {
  const { trust, parity, intent } = {
    trust: valueOf(documents.trust),
    parity: valueOf(documents.parity),
    intent: valueOf(documents.intent),
  };
  const tag = summaryOf(facts.source.tag);
  const { tree } = facts.source;
  if (trust === null || parity === null || intent === null || tag === null) return null;
  if (tree.is === 'problem' || facts.caller.is === 'problem') return null;
  return { trust, parity, intent, tag, treeSha256: tree.value.tagged, caller: facts.caller.value, ...people };
}

function notesOf({ machine, mode }: Facts, documents: Documents): readonly string[] {
  const endpoint = valueOf(documents.intent)?.endpoint ?? null;
  return [
    ...(mode === 'REHEARSAL' ? ['rehearsal: nothing reaches a cloud'] : []),
    ...(endpoint === null ? [] : [`the intent names endpoint ${endpoint}`]),
    ...machine.proxies.map(({ name, value }) => `proxy: ${name} is ${value}`),
  ].map(safe);
}
