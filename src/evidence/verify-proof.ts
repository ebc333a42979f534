/**
 * Judges a proof with nothing else at hand but the pins: the path to the root by RFC 9162 §2.1.3.2 and §2.1.4.2, and the signatures by
 * the same judges as those of a whole ledger. What only a whole ledger shows is said to be not decided.
 */
import { attempt } from '../kernel/errors.ts';
import { sha256 } from '../kernel/digest.ts';
import { toJson } from '../kernel/json.ts';
import { fileOf } from '../inputs/file-read.ts';
import type { PinFacts } from '../inputs/facts.ts';
import { parseEntry, type LedgerEntry } from '../inputs/evidence-documents.ts';
import { fromBase64, toBase64 } from '../inputs/base64.ts';
import type { ProofDocument } from '../inputs/proof-document.ts';
import type { Instant } from '../kernel/time.ts';
import type { Verifier } from '../ports.ts';
import { originLine, parseCheckpoint, type Checkpoint } from './checkpoint.ts';
import type { PartialExhibit } from './exhibit.ts';
import { FileDigests } from './file-digests.ts';
import { blobName, CHECKPOINT, entryName, keyName } from './layout.ts';
import { hex, leafHash, verifyConsistency, verifyInclusion } from './merkle.ts';
import { ESTABLISHED, limitsOf, PROOF_HINT, summaryOf, type ProofReport } from './proof-report.ts';
import { answersOf, collectFindings, type Axis } from './report.ts';
import { judgePins } from './verify-pins.ts';
import { judgeSigned, trustInProof } from './verify-proof-signatures.ts';

export interface ProofInput {
  readonly proof: ProofDocument;
  readonly verifier: Verifier;
  readonly pins: readonly PinFacts[];
  readonly now: Instant;
  readonly environment?: string;
  /** A checkpoint that the auditor kept. */
  readonly anchor?: Checkpoint;
}

/** Questions that a proof can answer. Others are asked of a whole ledger. */
const ASKED: readonly Axis[] = ['integrity', 'authenticity', 'time', 'revocation', 'chain', 'origin'];

/** @throws EVIDENCE_INVALID when the checkpoint cannot be read */
export async function verifyProof(input: ProofInput): Promise<ProofReport> {
  const { proof } = input;
  const checkpoint = parseCheckpoint(fromBase64(proof.checkpoint));
  const exhibit = exhibitOf(input);
  const [, repository = ''] = checkpoint.origin.split('/');
  const trust = await trustInProof(exhibit, proof);
  const vouched = await judgePins(exhibit, trust, { repository, pins: input.pins, released: null });
  const entry = proof.inclusion === null ? null : judgeInclusion(exhibit, proof.inclusion, checkpoint);
  judgeGrowth(exhibit, proof.consistency, checkpoint, input.anchor);
  judgeOrigin(exhibit, checkpoint, input, entry);
  await judgeSigned(exhibit, proof, checkpoint, trust, entry);
  const { findings } = exhibit;
  const answers = answersOf(findings.all, ESTABLISHED).filter(
    ({ axis, status }) => ASKED.includes(axis) || status !== 'ok',
  );
  const overall = answers.some(({ status }) => status === 'bad')
    ? 'bad'
    : answers.some(({ status }) => status !== 'ok')
      ? 'undecided'
      : 'ok';
  const { inclusion, consistency } = proof;
  const report = {
    overall,
    ...{ origin: checkpoint.origin, size: checkpoint.size, vouched },
    root: toBase64(checkpoint.root),
    entry:
      entry === null || inclusion === null
        ? null
        : { index: inclusion.index, sha256: sha256(fromBase64(inclusion.entry)), value: toJson(entry) },
    since: consistency === null ? null : { size: consistency.size, root: consistency.root },
    ...{ answers, notes: findings.notes, limits: limitsOf(proof, input.anchor) },
  } satisfies Omit<ProofReport, 'summary'>;
  return { ...report, summary: summaryOf(report) };
}

/** What the proof holds, as if it lay in a folder. */
function exhibitOf({ proof, verifier, now }: ProofInput): PartialExhibit {
  const blobs = proof.trust.flatMap(({ file, signatures }) => [file, ...signatures]).map(fromBase64);
  const keys = proof.keys.map((key) => fileOf(keyName(key.fingerprint), fromBase64(key.certificate)));
  const files = new Map(blobs.map((bytes) => [blobName(sha256(bytes)), bytes]));
  const digests = new FileDigests(0);
  for (const [name, bytes] of files) digests.set(name, sha256(bytes));
  return { files, digests, ledger: { items: [] }, keys, verifier, now, findings: collectFindings() };
}

function judgeInclusion(
  { findings }: PartialExhibit,
  { index, entry, path }: NonNullable<ProofDocument['inclusion']>,
  { size, root }: Checkpoint,
): LedgerEntry | null {
  const bytes = fromBase64(entry);
  const file = entryName(index);
  if (!verifyInclusion(path.map(bytesOf), index, size, leafHash(bytes), root))
    findings.bad(
      'chain',
      file,
      `NOT_INCLUDED: its path does not lead to the root of the checkpoint over ${String(size)} entries`,
      PROOF_HINT,
    );
  const parsed = attempt(
    () => parseEntry(bytes, file),
    ({ code, message }) => {
      findings.bad('integrity', file, `${code}: ${message}`, PROOF_HINT);
      return null;
    },
  );
  if (parsed !== null && parsed.seq !== index)
    findings.bad(
      'chain',
      file,
      `BROKEN_CHAIN(${String(index)}): says that it is entry ${String(parsed.seq)}`,
      PROOF_HINT,
    );
  return parsed;
}

function judgeGrowth(
  { findings }: PartialExhibit,
  consistency: ProofDocument['consistency'],
  checkpoint: Checkpoint,
  anchor: Checkpoint | undefined,
): void {
  const older = consistency === null ? null : { size: consistency.size, root: bytesOf(consistency.root) };
  if (older !== null && !verifyConsistency(consistency?.path.map(bytesOf) ?? [], older, checkpoint))
    findings.bad(
      'chain',
      CHECKPOINT,
      `FORK: INCONSISTENT, the first ${String(older.size)} entries are not those of the older checkpoint`,
      PROOF_HINT,
    );
  if (anchor === undefined) return;
  const reached = [older, checkpoint].find((tree) => tree?.size === anchor.size);
  if (anchor.size > checkpoint.size)
    findings.bad(
      'chain',
      CHECKPOINT,
      `TRUNCATED: the given checkpoint was made over ${String(anchor.size)} entries; this one over ${String(checkpoint.size)}`,
      PROOF_HINT,
    );
  else if (reached == null)
    findings.undecided(
      'chain',
      CHECKPOINT,
      `nothing leads from the given checkpoint over ${String(anchor.size)} entries to this one`,
      'ask for a proof that was made with `--since` and that checkpoint',
    );
  else if (hex(reached.root) !== hex(anchor.root))
    findings.bad(
      'chain',
      CHECKPOINT,
      `FORK: INCONSISTENT with the given checkpoint over ${String(anchor.size)} entries`,
      PROOF_HINT,
    );
}

function judgeOrigin(
  { findings }: PartialExhibit,
  checkpoint: Checkpoint,
  { anchor, environment }: ProofInput,
  entry: LedgerEntry | null,
): void {
  const [, , named = ''] = checkpoint.origin.split('/');
  const others = [
    ['the given checkpoint', anchor?.origin],
    [entryName(0), entry?.type === 'GENESIS' ? originLine(entry.body.origin) : undefined],
  ] as const;
  for (const [file, origin] of others)
    if (origin !== undefined && origin !== checkpoint.origin)
      findings.bad(
        'origin',
        file,
        `ORIGIN_MISMATCH: is of ${origin}; the checkpoint is of ${checkpoint.origin}`,
        PROOF_HINT,
      );
  if (environment !== undefined && environment !== named)
    findings.bad(
      'origin',
      CHECKPOINT,
      `ORIGIN_MISMATCH: is of environment ${named}, and ${environment} was asked for`,
      PROOF_HINT,
    );
}

function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}
