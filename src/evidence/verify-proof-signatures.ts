/** The signatures in a proof, by the judges of a whole ledger: of the lists of people, of the checkpoint, and of the entry. */
import { attempt } from '../kernel/errors.ts';
import { fileOf } from '../inputs/file-read.ts';
import type { Fingerprint } from '../inputs/facts.ts';
import type { LedgerEntry } from '../inputs/evidence-documents.ts';
import { fromBase64 } from '../inputs/base64.ts';
import type { ProofDocument } from '../inputs/proof-document.ts';
import { parseTrust } from '../inputs/trust.ts';
import type { Checkpoint } from './checkpoint.ts';
import type { PartialExhibit } from './exhibit.ts';
import { CHECKPOINT, entryName, signatureOf, TRUST_NAME } from './layout.ts';
import { PROOF_HINT } from './proof-report.ts';
import { answerSignature } from './verify-signature.ts';
import { roleProblem, trustAt, type TrustInForce } from './verify-trust.ts';

/** The lists that the proof brings, with everybody who signed them. */
export async function trustInProof(
  exhibit: PartialExhibit,
  { trust: lists }: ProofDocument,
): Promise<readonly TrustInForce[]> {
  const found: TrustInForce[] = [];
  for (const { from, file, signatures } of lists) {
    const document = fileOf(TRUST_NAME, fromBase64(file));
    const trust = attempt(
      () => parseTrust(document),
      ({ code, message }) => {
        exhibit.findings.bad('policy', TRUST_NAME, `${code}: ${message}`, PROOF_HINT);
        return null;
      },
    );
    if (trust === null) continue;
    const signers: Fingerprint[] = [];
    const revoked: Fingerprint[] = [];
    for (const signature of signatures.map(fromBase64)) {
      const answer = await answerSignature(exhibit, document.bytes, signatureOf(TRUST_NAME), signature);
      if (answer.is === 'signed') {
        signers.push(answer.signed.primary);
        continue;
      }
      if (answer.revoked !== null) revoked.push(answer.revoked);
      exhibit.findings.bad(
        answer.axis,
        signatureOf(TRUST_NAME),
        `${answer.code}: ${answer.what}`,
        PROOF_HINT,
      );
    }
    found.push({ from, sha256: document.sha256, trust, signers, revoked });
  }
  return found;
}

interface Signed {
  readonly name: string;
  readonly bytes: string;
  readonly signature: string;
  readonly seq: number;
  readonly actor: Fingerprint | null;
}

/** Judges who signed the checkpoint and the entry. */
export async function judgeSigned(
  exhibit: PartialExhibit,
  { checkpoint, checkpoint_signature: signature, inclusion }: ProofDocument,
  { size, origin }: Checkpoint,
  trust: readonly TrustInForce[],
  entry: LedgerEntry | null,
): Promise<void> {
  const environment = origin.split('/')[2] ?? '';
  const head = { name: CHECKPOINT, bytes: checkpoint, signature, seq: size - 1, actor: null };
  await judgeOne(exhibit, head, trust, environment);
  if (inclusion === null) return;
  const { index, entry: bytes, entry_signature: own } = inclusion;
  const actor = entry?.actor.fingerprint ?? null;
  await judgeOne(
    exhibit,
    { name: entryName(index), bytes, signature: own, seq: index, actor },
    trust,
    environment,
  );
}

async function judgeOne(
  exhibit: PartialExhibit,
  { name, bytes, signature, seq, actor }: Signed,
  trust: readonly TrustInForce[],
  environment: string,
): Promise<void> {
  const { findings } = exhibit;
  const file = signatureOf(name);
  const answer = await answerSignature(exhibit, fromBase64(bytes), file, fromBase64(signature));
  if (answer.is === 'refused') {
    findings.bad(answer.axis, file, `over ${name}: ${answer.code}: ${answer.what}`, PROOF_HINT);
    return;
  }
  const { signed } = answer;
  if (actor !== null && signed.primary !== actor)
    findings.bad('authenticity', file, `is by ${signed.primary}; the entry says ${actor}`, PROOF_HINT);
  const inForce = trustAt(trust, seq);
  if (inForce === null) {
    findings.undecided(
      'authenticity',
      file,
      `signed by ${signed.primary}; no trust file says whether they might`,
    );
    return;
  }
  const { expires } = inForce.trust;
  if (expires <= signed.created)
    findings.bad(
      'authenticity',
      file,
      `TRUST_EXPIRED: the list ended at ${expires}, and it was signed at ${signed.created}`,
      PROOF_HINT,
    );
  const wrong = roleProblem(signed, inForce, environment);
  if (wrong !== null) findings.bad('authenticity', file, wrong, PROOF_HINT);
}
