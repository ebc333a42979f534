/**
 * `govboot verify`: the evidence of one environment, offline, by an auditor who was not there and trusts nobody. Separate questions get
 * separate answers, and what cannot be decided is said.
 */
import { GovbootError } from '../kernel/errors.ts';
import type { Instant } from '../kernel/time.ts';
import { toBase64 } from '../inputs/base64.ts';
import type { FileRead, Mode, PinFacts } from '../inputs/facts.ts';
import type { EvidenceReader, EvidenceVault, Verifier, Witnesses } from '../ports.ts';
import { originLine, type Checkpoint } from './checkpoint.ts';
import { readExhibit, type Exhibit } from './exhibit.ts';
import { CHECKPOINT, LEDGER_FOLDER } from './layout.ts';
import { judgeChain } from './verify-chain.ts';
import { answersOf, collectFindings, worst, type EveryAxis, type VerifyReport } from './report.ts';
import { judgeApprovals } from './verify-approval.ts';
import {
  attachmentLines,
  judgeAttachments,
  NO_PINS,
  stampedWords,
  type AttachmentsJudged,
  type WitnessPins,
} from './verify-attachments.ts';
import { judgeFiles } from './verify-files.ts';
import { judgeLocks } from './verify-lock.ts';
import { judgeRecords } from './verify-records.ts';
import { judgePins } from './verify-pins.ts';
import { judgeStore } from './verify-store.ts';
import { readTrust } from './verify-trust.ts';

export interface VerifyInput {
  readonly store: EvidenceReader;
  readonly verifier: Verifier;
  readonly witnesses: Witnesses;
  /** Root keys that the auditor's own machine pinned. */
  readonly pins: readonly PinFacts[];
  readonly now: Instant;
  /** The environment that was asked for; evidence of another one is told. */
  readonly environment?: string;
  /** The repository that it should be of. */
  readonly repository?: string;
  /** What was asked for: a rehearsal in the place of live evidence proves no backend. */
  readonly mode?: Mode;
  /** Certificates as they are known today, with revocations that the evidence cannot know. */
  readonly keys?: readonly FileRead[];
  /** Digests of earlier trust files that the tagged tree keeps, from the gates, which judge the tag beside. */
  readonly released?: readonly string[];
  /** A checkpoint that was kept where the operator cannot change it; sees a cut tail and a rewritten ledger. */
  readonly anchor?: Checkpoint;
  /** A store that keeps the evidence too; it is asked for everything that a receipt tells of it. */
  readonly vault?: EvidenceVault;
  /** Whose time stamps and attestations are believed. */
  readonly witnessPins?: WitnessPins;
}

/** @throws EVIDENCE_MISSING when there is no ledger at all */
export async function verifyEvidence(input: VerifyInput): Promise<VerifyReport> {
  const findings = collectFindings();
  const exhibit = await readExhibit(input.store, input.verifier, input.now, findings, input.keys ?? []);
  const { ledger } = exhibit;
  const { entries, lock } = ledger;
  const first = ledger.first?.entry;
  const head = ledger.head;
  if (head === null || first === undefined)
    throw new GovbootError('EVIDENCE_MISSING', `there is no ledger in ${input.store.where}`);
  const origin =
    first.type === 'GENESIS'
      ? { repository: first.body.origin.repository, environment: first.body.origin.environment }
      : { repository: 'unknown', environment: 'unknown' };
  const chain = judgeChain(exhibit, input.anchor);
  judgeOrigin(exhibit, origin, input);
  await judgeFiles(exhibit);
  const trust = await readTrust(exhibit);
  const { pins, released = null } = input;
  const vouched = await judgePins(exhibit, trust, { repository: origin.repository, pins, released });
  await judgeRecords(exhibit, trust, origin.environment);
  await judgeLocks(exhibit, trust, await judgeApprovals(exhibit, trust));
  const attached = await judgeAttachments(exhibit, input.witnesses, input.witnessPins ?? NO_PINS);
  const kept = await judgeStore(exhibit, trust, origin, input.vault ?? null);
  const answers = [
    ...answersOf(
      findings.all,
      established(exhibit, trust.length, attached, { from: first.time, to: head.entry.time }),
    ),
    ...kept.answers,
  ];
  const report = {
    overall: worst(answers),
    mode: first.mode,
    origin,
    chain,
    size: entries.size,
    head: { file: head.file, sha256: head.sha256, time: head.entry.time },
    root: toBase64(entries.root(entries.size)),
    anchor: anchorOf(exhibit, input.anchor),
    lock:
      lock === null
        ? null
        : {
            sha256: lock.sha256,
            createdAt: lock.document.created_at,
            tag: lock.document.repo.tag_name,
            commit: lock.document.repo.commit,
          },
    vouched,
    attachments: attached.attachments,
    answers,
    notes: findings.notes,
    limits: [...attached.limits, ...limitsOf(input, exhibit), ...kept.limits],
  } satisfies Omit<VerifyReport, 'summary'>;
  return { ...report, summary: summaryOf(report) };
}

function judgeOrigin(
  { ledger, findings }: Exhibit,
  origin: VerifyReport['origin'],
  { environment, repository, mode, anchor }: VerifyInput,
): void {
  const mine = originLine(origin);
  const told = (file: string, found: string): void => {
    if (found !== mine)
      findings.bad('origin', file, `ORIGIN_MISMATCH: is of ${found}; the ledger was begun for ${mine}`);
  };
  if (ledger.checkpoint !== null) told(CHECKPOINT, ledger.checkpoint.origin);
  if (anchor !== undefined) told('the given checkpoint', anchor.origin);
  const asked = [
    ['environment', origin.environment, environment],
    ['repository', origin.repository, repository],
    ['mode', ledger.first?.entry.mode, mode],
  ] as const;
  for (const [what, found, wanted] of asked) {
    if (wanted !== undefined && wanted !== found)
      findings.bad(
        'origin',
        `${LEDGER_FOLDER}/00000000.json`,
        `ORIGIN_MISMATCH: was begun for ${what} ${String(found)}, and ${wanted} was asked for`,
      );
  }
}

function established(
  { ledger, digests }: Exhibit,
  trusts: number,
  { attachments }: AttachmentsJudged,
  { from, to }: { readonly from: Instant; readonly to: Instant },
): Readonly<Record<EveryAxis, string>> {
  const size = String(ledger.entries.size);
  return {
    integrity: `${String(digests.size)} files are, byte for byte, what was signed`,
    authenticity: `every signature is by a listed person of role evidence; pinned root keys signed the list${trusts > 1 ? `, in ${String(trusts)} versions` : ''}`,
    time: `dates grow from ${from} to ${to}, by the host clocks, claimed; every key was valid when it signed${stampedWords(attachments)}`,
    revocation:
      'by the certificates at hand, nothing was signed by a key that is compromised or was retired by then',
    chain: `${size} entries, none missing, each naming the one before; their root is that of the checkpoint`,
    policy:
      'intent, policy, trust and tag are stored; judged again by the gates, they allow what the lock says was made',
    duty: 'enough people signed, counted again from their signatures, and none on both sides',
    origin: 'ledger, checkpoint, intents and locks name the same repository and environment',
    extras: 'nothing is missing and nothing else is there',
  };
}

function anchorOf({ ledger }: Exhibit, given: Checkpoint | undefined): VerifyReport['anchor'] {
  if (given !== undefined) return { size: given.size, from: 'given' };
  return ledger.checkpoint === null ? null : { size: ledger.checkpoint.size, from: 'checkpoint' };
}

function limitsOf({ anchor, keys }: VerifyInput, { ledger }: Exhibit): string[] {
  const inside = ledger.entries.size - ledger.everybody.size;
  return [
    ...(anchor === undefined
      ? [
          'a tail cut off together with its checkpoint, or a ledger rewritten by a signer, shows only against a checkpoint kept elsewhere',
        ]
      : []),
    ...(keys === undefined ? ['revocations are known as of the stored certificates only'] : []),
    ...(inside > 0
      ? [
          `what openpgp.js, gpgv and sqv say of ${String(inside)} entries between the first and the last of their signers: node:crypto alone judged those signatures, and everybody the heads, which vouch for the same bytes`,
        ]
      : []),
    'whether the cloud is still as the lock says: `govboot drift` reads it',
  ];
}

function summaryOf(report: Omit<VerifyReport, 'summary'>): string[] {
  const { origin, head, anchor, lock, size } = report;
  const external = anchor?.from === 'given' ? `a checkpoint over ${String(anchor.size)} entries` : 'none';
  return [
    `evidence of environment ${origin.environment}, repository ${origin.repository}: ${WORD[report.overall]}`,
    ...(report.mode === 'REHEARSAL'
      ? ['REHEARSAL: everything was real but the cloud; this proves no live backend']
      : []),
    `head = ${head.sha256}, size = ${String(size)}, newest external anchor = ${external}`,
    `head    ${head.file}  ${head.time}`,
    `root    ${report.root}`,
    anchor === null
      ? 'anchor  none'
      : `anchor  ${anchor.from === 'given' ? 'the given checkpoint' : 'the checkpoint in the folder itself'}, over ${String(anchor.size)} entries`,
    `chain   ${report.chain}`,
    lock === null ? 'lock    none' : `lock    ${lock.sha256}  ${lock.createdAt}  tag ${lock.tag}`,
    ...attachmentLines(report.attachments),
    ...report.notes.map((note) => `note    ${note}`),
    ...report.limits.map((limit) => `not decided here: ${limit}`),
  ];
}

const WORD = { ok: 'valid', bad: 'NOT VALID', undecided: 'NOT DECIDED' } as const;
