/** The report on a proof, and what it says in words. */
import type { Json } from '../kernel/json.ts';
import type { ProofDocument } from '../inputs/proof-document.ts';
import type { Checkpoint } from './checkpoint.ts';
import type { Answer, EveryAxis, Status, VerifyReport } from './report.ts';

export interface ProofReport {
  readonly overall: Status;
  readonly origin: string;
  readonly size: number;
  /** RFC 6962 root, base64 as in the checkpoint. */
  readonly root: string;
  readonly vouched: VerifyReport['vouched'];
  readonly entry: { readonly index: number; readonly sha256: string; readonly value: Json } | null;
  readonly since: { readonly size: number; readonly root: string } | null;
  readonly answers: readonly Answer[];
  readonly notes: readonly string[];
  readonly limits: readonly string[];
  readonly summary: readonly string[];
}

export const PROOF_HINT =
  'ask for the proof again, and for the whole evidence: one of the two is not what it says';

export const ESTABLISHED: Readonly<Record<EveryAxis, string>> = {
  integrity: 'the bytes of the proof are those that were signed',
  authenticity: 'signed by listed people of role evidence; pinned root keys signed the list',
  time: 'every key was valid when it signed, by the dates of the signatures, claimed',
  revocation: 'by the certificates in the proof, no key is compromised or was retired by then',
  chain: 'the path leads to the root that was signed',
  origin: 'checkpoint, entry and what was asked for name the same ledger',
  policy: '',
  duty: '',
  extras: '',
};

export function limitsOf({ inclusion }: ProofDocument, anchor: Checkpoint | undefined): string[] {
  return [
    'every time is claimed by the clock of the host that wrote it',
    'that the list of people was the one in force then, and whether the policy allowed what was done: the whole ledger shows it',
    'revocations are known as of the certificates in the proof only',
    ...(anchor === undefined
      ? ['that everybody is shown the same ledger: compare the checkpoint with one that was kept elsewhere']
      : []),
    ...(inclusion === null ? [] : ['what came after the entry']),
  ];
}

export function summaryOf({
  overall,
  origin,
  size,
  root,
  entry,
  since,
  notes,
  limits,
}: Omit<ProofReport, 'summary'>): string[] {
  const word = { ok: 'valid', bad: 'NOT VALID', undecided: 'NOT DECIDED' }[overall];
  return [
    `proof of ${origin}: ${word}`,
    `size = ${String(size)}, root = ${root}`,
    ...(entry === null ? [] : [`entry   ${String(entry.index)}  ${entry.sha256}`]),
    ...(since === null ? [] : [`since   ${String(since.size)} entries, root ${since.root}`]),
    ...notes.map((note) => `note    ${note}`),
    ...limits.map((limit) => `not decided here: ${limit}`),
  ];
}
