/**
 * Approvals, judged again: for every entry that began a run with one, the signatures are counted over the stored plan by the judge that
 * let the run pass, and the plan must be the one that the entry, the intent and the lock speak of.
 */
import { canonicalText } from '../kernel/canonical.ts';
import { attempt } from '../kernel/errors.ts';
import type { Instant } from '../kernel/time.ts';
import type { SignatureFacts } from '../inputs/facts.ts';
import { parseIntent, type Intent } from '../inputs/intent.ts';
import { judgeApproval } from '../gates/approval.ts';
import { parsePlan, type Plan } from '../plan/plan.ts';
import { blobOf, type Exhibit } from './exhibit.ts';
import { blobName, isApprovalName, PLAN_NAME, TRUST_NAME } from './layout.ts';
import type { Case } from './rejudge.ts';
import { axisOf, signatureFacts } from './verify-signature.ts';
import { trustAt, type TrustInForce } from './verify-trust.ts';

type Began = Case['began'];

/** What an entry's own refs show of its approval. */
export interface StoredApproval {
  readonly window: { readonly not_before: Instant; readonly expires: Instant };
  /** `SIGNER/SHA256/CREATED`, sorted. */
  readonly approvals: readonly string[];
  /** What they signed. */
  readonly plan: Plan;
}

/** Judges the approval of every run that began with one. @returns what is stored, by the file of the entry */
export async function judgeApprovals(
  exhibit: Exhibit,
  trust: readonly TrustInForce[],
): Promise<ReadonlyMap<string, StoredApproval>> {
  const stored = new Map<string, StoredApproval>();
  const used = new Map<string, string>();
  for (const { file, entry } of exhibit.ledger.items) {
    if (entry.type !== 'APPLY_STARTED' && entry.type !== 'APPLY_RESUMED') continue;
    const { plan_sha256: plan } = entry.body;
    const before = used.get(plan);
    used.set(plan, before ?? file);
    if (!entry.refs.some(({ name }) => isApprovalName(name))) continue;
    if (before !== undefined)
      exhibit.findings.bad('duty', file, `APPROVAL_USED: plan ${plan} was used by ${before}`);
    const approval = await judgeOne(exhibit, { file, entry }, trust);
    if (approval !== null) stored.set(file, approval);
  }
  return stored;
}

/** What the lock says of its confirmation, against what is stored. */
export function judgeConfirmation(
  { findings }: Exhibit,
  { lock, file, began }: Case,
  stored: ReadonlyMap<string, StoredApproval>,
): void {
  const { confirmation } = lock;
  const isStored = began.entry.refs.some(({ name }) => isApprovalName(name));
  if (confirmation.method === 'tty') {
    if (isStored)
      findings.bad('duty', file, `the lock says that a terminal was asked; ${began.file} names approvals`);
    return;
  }
  const approval = stored.get(began.file);
  if (approval === undefined) {
    if (!isStored)
      findings.bad('duty', file, `the lock says that the plan was approved; ${began.file} names no approval`);
    return;
  }
  const said = sorted(confirmation.approvals.map((each) => `${each.signer}/${each.sha256}/${each.created}`));
  const pairs = [
    ['plan', confirmation.plan_sha256, lock.plan_sha256],
    ['not_before', confirmation.window.not_before, approval.window.not_before],
    ['expires', confirmation.window.expires, approval.window.expires],
    ['approvals', said.join(', '), approval.approvals.join(', ')],
  ] as const;
  tellDifferent(
    findings,
    file,
    pairs,
    (what, says, is) => `the lock says that ${what} of the approval is ${says}; stored is ${is}`,
  );
  judgeMade({ findings }, { lock, file }, approval.plan);
}

/** What the lock says was made is what the plan says, which others signed than whoever wrote the lock. */
function judgeMade(
  { findings }: Pick<Exhibit, 'findings'>,
  { lock: { repo, policy, backend }, file }: Pick<Case, 'lock' | 'file'>,
  { source, policy: approved, target }: Plan,
): void {
  const pairs = [
    ['tag_oid', repo.tag_oid, source.tag_oid],
    ['tree_sha256', repo.tree_sha256, source.tree_sha256],
    ['parity_sha256', policy.parity_sha256, approved.parity_sha256],
    ['trust_version', policy.trust_version, approved.trust_version],
    ['templates', canonicalText(policy.templates), canonicalText(approved.templates)],
    ['provider', backend.provider, target.provider],
    ['partition', backend.partition, target.partition],
    ['account', backend.account, target.account],
    ['region', backend.region, target.region],
    ['endpoint', backend.endpoint, target.endpoint],
  ] as const;
  tellDifferent(
    findings,
    file,
    pairs,
    (what, says, is) => `APPROVAL_PLAN: the lock says ${what} ${says}; the approved plan says ${is}`,
  );
}

async function judgeOne(
  exhibit: Exhibit,
  began: Began,
  trust: readonly TrustInForce[],
): Promise<StoredApproval | null> {
  const { findings } = exhibit;
  const { entry, file } = began;
  const where = blobName(entry.body.plan_sha256);
  const planFile = blobOf(exhibit, entry.body.plan_sha256, PLAN_NAME);
  const plan = planFile === null ? null : read(exhibit, where, () => parsePlan(planFile.bytes));
  const intent = plan === null ? null : intentOf(exhibit, entry.body.intent_sha256, plan);
  const inForce = trustAt(trust, entry.seq);
  if (planFile === null || plan === null || intent === null || inForce === null) {
    findings.undecided(
      'duty',
      file,
      'its approval could not be judged: plan, intent or trust file is missing',
    );
    return null;
  }
  judgePlan(exhibit, began, plan);
  const signatures: SignatureFacts[] = [];
  for (const { name, sha256: digest } of entry.refs.filter((ref) => isApprovalName(ref.name))) {
    const blob = blobOf(exhibit, digest, name);
    // A blob that is missing was told among the refs of its entry.
    if (blob !== null) signatures.push(await signatureFacts(exhibit, planFile.bytes, name, blob.bytes));
  }
  const judged = judgeApproval(
    {
      file: where,
      environment: plan.environment,
      createdAt: plan.created_at,
      expiresAt: plan.expires_at,
      requester: intent.requester,
      intentExpires: intent.expires,
    },
    signatures,
    inForce.trust,
    entry.time,
  );
  for (const { code, message } of judged.findings) findings.bad(axisOf(code), file, `${code}: ${message}`);
  return {
    plan,
    window: { not_before: plan.created_at, expires: plan.expires_at },
    approvals: sorted(
      judged.approvers.map(({ primary, sha256: digest, created }) => `${primary}/${digest}/${created}`),
    ),
  };
}

/** An approval of another plan would be one of anything: the plan must be that of the entry. */
function judgePlan({ findings, ledger }: Exhibit, { entry, file }: Began, plan: Plan): void {
  const first = ledger.first?.entry;
  // Where GENESIS is gone, that was told; nothing says then whose the ledger is.
  const origin = first?.type === 'GENESIS' ? first.body.origin : plan;
  const trust = entry.refs.find(({ name }) => name === TRUST_NAME)?.sha256;
  const pairs = [
    ['run', plan.run, entry.body.run],
    ['mode', plan.mode, entry.mode],
    ['repository', plan.repository, origin.repository],
    ['environment', plan.environment, origin.environment],
    ['tag', plan.source.tag, entry.body.tag],
    ['commit', plan.source.commit, entry.body.commit],
    ['intent', plan.intent.sha256, entry.body.intent_sha256],
    ['trust file', plan.policy.trust_sha256, trust],
    ['signer', plan.signer?.fingerprint, entry.actor.fingerprint],
  ] as const;
  tellDifferent(
    findings,
    file,
    pairs,
    (what, says, is) => `APPROVAL_PLAN: the approved plan says ${what} ${says}; it is ${is}`,
  );
}

type Value = string | number | null | undefined;

function tellDifferent(
  findings: Exhibit['findings'],
  file: string,
  pairs: readonly (readonly [what: string, says: Value, is: Value])[],
  text: (what: string, says: string, is: string) => string,
): void {
  for (const [what, says, is] of pairs)
    if (says !== is) findings.bad('duty', file, text(what, String(says), String(is)));
}

function intentOf(exhibit: Exhibit, digest: string, { intent: { file } }: Plan): Intent | null {
  const blob = blobOf(exhibit, digest, file);
  return blob === null ? null : read(exhibit, blobName(digest), () => parseIntent(blob));
}

function read<T>({ findings }: Exhibit, file: string, parse: () => T): T | null {
  return attempt(parse, ({ code, message }) => {
    findings.bad('duty', file, `${code}: ${message}`);
    return null;
  });
}

function sorted(texts: readonly string[]): readonly string[] {
  return [...texts].sort();
}
