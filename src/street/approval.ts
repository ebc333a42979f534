/**
 * An approval as it is offered: a plan, and signatures over its bytes. Each file is read once; what is judged, compared and kept as
 * evidence are those bytes. Who may approve, and when, is judged in gates/approval.ts.
 */
import { fileOf } from '../inputs/file-read.ts';
import { GovbootError } from '../kernel/errors.ts';
import type { Json } from '../kernel/json.ts';
import { clip, safe } from '../kernel/text.ts';
import type { FileRead, Fingerprint, Mode } from '../inputs/facts.ts';
import { judgeApproval, type Approvable } from '../gates/approval.ts';
import type { Established } from '../gates/index.ts';
import type { Signer } from '../gates/signers.ts';
import { finding, wrongWords, type Finding } from '../gates/verdict.ts';
import { whereUsed } from '../evidence/ledger.ts';
import { approvalName } from '../evidence/layout.ts';
import { planDifferences, type PlanDifference } from '../plan/compare.ts';
import { makeBlueprint } from '../plan/make-blueprint.ts';
import { makePlan, parsePlan } from '../plan/plan.ts';
import type { Emit, Files, Ports } from '../ports.ts';
import type { Gathered } from './gather.ts';
import type { RecordedPlan } from './lock-input.ts';
import { planPartsOf, type PlanRun } from './plan-parts.ts';

/** What the command line names: one plan, and the signatures beside it. */
export interface ApprovalFiles {
  readonly plan: string;
  readonly signatures: readonly string[];
}

/** A plan as somebody handed it over. Nothing of it is known to be so. */
export interface OfferedPlan extends RecordedPlan {
  readonly file: FileRead;
}

export interface OfferedApproval extends OfferedPlan {
  readonly signatures: readonly FileRead[];
}

/** An approval that holds, with the signatures by which it does. */
export interface Approved extends RecordedPlan {
  readonly approvers: readonly Signer[];
  /** One signature a person, under the names that the evidence gives them. */
  readonly files: readonly FileRead[];
}

/** @throws FILE_MISSING, FILE_UNSAFE, NOT_CANONICAL, SCHEMA */
export async function readOfferedPlan(files: Files, path: string): Promise<OfferedPlan> {
  const file = await readFile(files, path);
  return { file, plan: parsePlan(file.bytes), digest: file.sha256 };
}

/** @throws FILE_MISSING, FILE_UNSAFE, NOT_CANONICAL, SCHEMA */
export async function readApproval(
  files: Files,
  { plan, signatures }: ApprovalFiles,
): Promise<OfferedApproval> {
  const offered = await readOfferedPlan(files, plan);
  return { ...offered, signatures: await Promise.all(signatures.map((path) => readFile(files, path))) };
}

async function readFile(files: Files, path: string): Promise<FileRead> {
  const bytes = await files.read(path);
  return fileOf(path, bytes);
}

/** Where an approval is offered: what was gathered and judged here, and who will sign the evidence. */
export interface Here {
  readonly gathered: Gathered;
  readonly passed: Established;
  readonly signer: Fingerprint | null;
}

/** The run of an approved plan. A run that did not finish is the only one that can go on. */
export function runOf({ gathered, signer }: Here, { plan }: OfferedPlan): PlanRun {
  const { run, nonce, created_at: at, expires_at: until } = plan;
  return { run: gathered.facts.ledger.unfinished?.run ?? run, nonce, signer, at, until };
}

/** What has to be known of the plan to judge who approved it. */
export function approvableOf(
  { file, plan }: OfferedPlan,
  { intent }: Pick<Established, 'intent'>,
): Approvable {
  return {
    file: file.path,
    environment: intent.environment,
    createdAt: plan.created_at,
    expiresAt: plan.expires_at,
    requester: intent.requester,
    intentExpires: intent.expires,
  };
}

/**
 * What is wrong with a plan, as far as this clone can tell: used already, or not the plan that would be made from what lies here. The
 * caller and the steps come from the cloud, and are the plan's own here; `apply` makes them anew.
 */
export function planFindings(
  mode: Mode,
  { gathered, passed }: Here,
  { plan, digest, file }: OfferedPlan,
  run: PlanRun,
): readonly Finding[] {
  const wrong = (text: string, fields: readonly string[] = []): readonly Finding[] => [
    finding('APPROVAL_PLAN', `${file.path}${text}`, { data: { fields } }),
  ];
  const used = whereUsed(gathered.ledger, digest);
  if (used !== null) return [finding('APPROVAL_USED', `${file.path}: plan ${digest} ${used}`)];
  if (plan.signer === null)
    return wrong(' names nobody who will sign the evidence: it was made to be looked at');
  if (isOver(gathered, plan.run)) return wrong(` is for run ${plan.run}, which is over`);
  const blueprint = makeBlueprint(passed.intent, passed.parity, passed.trust.repository);
  const { partition, account, region } = blueprint;
  const target = { partition, account, region, caller: plan.target.caller };
  const own = makePlan(planPartsOf(mode, gathered, passed, run, blueprint, { target, steps: plan.steps }));
  const differences = planDifferences(plan, own);
  if (differences.length === 0) return [];
  return wrong(
    `: ${differenceWords(differences, 'here')}`,
    differences.map(({ field }) => field),
  );
}

/** A plan that was made to resume a run, which somebody finished meanwhile. */
function isOver({ ledger, facts }: Gathered, run: string): boolean {
  return (
    facts.ledger.unfinished?.run !== run &&
    ledger.items.some(({ entry }) => entry.type === 'APPLY_STARTED' && entry.body.run === run)
  );
}

/** What was found of an approval, and what it is if nothing was. */
export interface ApprovalVerdict {
  readonly approved: Approved;
  readonly findings: readonly Finding[];
  readonly because: string;
}

/** Judges an approval by everything that needs no cloud. The verifiers are asked with the keys of the judged tree. */
export async function judgeOffered(
  { mode, clock, verifier }: Pick<Ports, 'mode' | 'clock' | 'verifier'>,
  here: Here,
  offered: OfferedApproval,
): Promise<ApprovalVerdict> {
  const now = clock.now();
  const { gathered, passed } = here;
  const { plan, digest, file } = offered;
  const about = planFindings(mode, here, offered, runOf(here, offered));
  const signatures = await Promise.all(
    offered.signatures.map((signature) =>
      verifier.verify({ data: file.bytes, signature, keys: gathered.files.keys, at: now }),
    ),
  );
  const { approvers, findings } = judgeApproval(approvableOf(offered, passed), signatures, passed.trust, now);
  const files = approvers.flatMap(({ primary, file: path }) =>
    offered.signatures
      .filter((signature) => signature.path === path)
      .map((signature) => ({ ...signature, path: approvalName(primary) })),
  );
  // A used approval is told alone: whatever else is other than it was, is so because it was used.
  const isUsed = about.some(({ code }) => code === 'APPROVAL_USED');
  return {
    approved: { plan, digest, approvers, files },
    findings: isUsed ? about : [...about, ...findings],
    because: `plan ${digest} is approved by ${approvers.map(({ name }) => name).join(', ')}; it ends at ${plan.expires_at}`,
  };
}

/** Judges an approval and says so, as gates do. @throws the code of the first finding */
export async function approvedBy(ports: Ports, here: Here, offered: OfferedApproval): Promise<Approved> {
  const verdict = await judgeOffered(ports, here, offered);
  emitApproval(ports.emit, verdict);
  return refuseUnapproved(verdict);
}

export function emitApproval(
  emit: Emit,
  { findings, because }: Pick<ApprovalVerdict, 'findings' | 'because'>,
): void {
  const isGood = findings.length === 0;
  emit({
    type: 'gate',
    gate: 'approval',
    status: isGood ? 'pass' : 'fail',
    because: isGood ? because : wrongWords(findings),
    findings,
  });
}

/** @throws the code of the first finding */
export function refuseUnapproved({ findings, approved }: ApprovalVerdict): Approved {
  refuseFindings(findings);
  return approved;
}

/** @throws the code of the first finding, naming how many there are */
export function refuseFindings([first, ...more]: readonly Finding[]): void {
  if (first === undefined) return;
  const others = more.length === 0 ? '' : `; and ${String(more.length)} more`;
  throw new GovbootError(first.code, `${first.message}${others}`, { hint: first.hint, data: first.data });
}

/** The approved plan is not the one that would be carried out now. */
export function notApproved(approved: RecordedPlan, now: RecordedPlan): GovbootError {
  const differences = planDifferences(approved.plan, now.plan);
  return new GovbootError(
    'APPROVAL_PLAN',
    `the approved plan is another: ${differenceWords(differences, 'now')}`,
    {
      data: { approved: approved.digest, now: now.digest, fields: differences.map(({ field }) => field) },
    },
  );
}

/** Fields that are told one by one. */
const SHOWN = 3;
/** Characters of a value that is told. */
const LONGEST = 120;

/** @param where of the present value: `here`, `now` */
function differenceWords(differences: readonly PlanDifference[], where: string): string {
  const words = differences
    .slice(0, SHOWN)
    .map(
      ({ field, approved, now }) => `${field} is ${shown(approved)} in the plan and ${shown(now)} ${where}`,
    );
  const more = differences.length - words.length;
  return `${words.join('; ')}${more > 0 ? `; and ${String(more)} more` : ''}`;
}

function shown(value: Json | undefined): string {
  if (value === undefined) return 'absent';
  return clip(safe(typeof value === 'string' ? value : JSON.stringify(value)), LONGEST);
}
