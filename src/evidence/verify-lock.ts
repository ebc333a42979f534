/** Every lock that was ever in force: what it says against the ledger, the intent, the policy and the tag that it names. */
import { attempt } from '../kernel/errors.ts';
import { parseLock, type BackendLock, type LedgerEntry } from '../inputs/evidence-documents.ts';
import type { Intent } from '../inputs/intent.ts';
import { GITHUB_HOST, resolveNames } from '../inputs/names.ts';
import type { Parity } from '../inputs/parity.ts';
import { valueOf } from '../gates/documents.ts';
import { judgeSignatures } from '../gates/signers.ts';
import { blobOf, type Exhibit } from './exhibit.ts';
import { blobName, entryName, LOCK } from './layout.ts';
import { hex } from './merkle.ts';
import { judgeAgain, reopen, type Case, type Reopened } from './rejudge.ts';
import type { Axis } from './report.ts';
import { judgeConfirmation, type StoredApproval } from './verify-approval.ts';
import { trustAt, type TrustInForce } from './verify-trust.ts';

type LockWritten = Extract<LedgerEntry, { type: 'LOCK_WRITTEN' }>;

/** Judges each lock on its own, then how they follow each other. */
export async function judgeLocks(
  exhibit: Exhibit,
  trust: readonly TrustInForce[],
  approvals: ReadonlyMap<string, StoredApproval>,
): Promise<void> {
  const { ledger, findings } = exhibit;
  let before: string | null = null;
  let any = false;
  for (const { entry } of ledger.items) {
    if (entry.type !== 'LOCK_WRITTEN') continue;
    any = true;
    if (entry.body.supersedes !== before)
      findings.bad(
        'chain',
        entryName(entry.seq),
        `supersedes ${String(entry.body.supersedes)}; ${String(before)} was in force`,
      );
    before = entry.body.lock_sha256;
    await judgeOne(exhibit, entry, trust, approvals);
  }
  if (any) return;
  findings.undecided(
    'policy',
    LOCK,
    'there is no lock: no apply has finished, so there is nothing to hold against the policy',
  );
  findings.undecided('duty', LOCK, 'there is no lock');
}

async function judgeOne(
  exhibit: Exhibit,
  written: LockWritten,
  trust: readonly TrustInForce[],
  approvals: ReadonlyMap<string, StoredApproval>,
): Promise<void> {
  const { findings } = exhibit;
  const file = blobName(written.body.lock_sha256);
  const lock = readLock(exhibit, written.body.lock_sha256, file);
  if (lock === null) return;
  const began = exhibit.ledger.items
    .flatMap(({ file: name, entry }) =>
      entry.type === 'APPLY_STARTED' || entry.type === 'APPLY_RESUMED' ? [{ file: name, entry }] : [],
    )
    .findLast(({ entry }) => entry.seq < written.seq && entry.body.run === lock.run.id);
  if (began === undefined) {
    findings.bad('policy', file, `no entry began its run ${lock.run.id}`);
    return;
  }
  const one: Case = { lock, file, began };
  judgePlace(exhibit, one, written);
  judgeTimes(exhibit, one);
  judgeConfirmation(exhibit, one, approvals);
  const inForce = trustAt(trust, began.entry.seq);
  const reopened = await reopen(exhibit, one);
  const says = comparer(exhibit, file);
  says('policy', 'trust_sha256', lock.policy.trust_sha256, inForce?.sha256 ?? lock.policy.trust_sha256);
  says(
    'policy',
    'trust_version',
    lock.policy.trust_version,
    inForce?.trust.version ?? lock.policy.trust_version,
  );
  judgeAgain(exhibit, one, reopened, inForce?.trust ?? null);
  judgeSaid(exhibit, one, reopened);
}

function readLock(exhibit: Exhibit, digest: string, file: string): BackendLock | null {
  const bytes = blobOf(exhibit, digest, LOCK)?.bytes;
  if (bytes === undefined) {
    exhibit.findings.undecided('policy', file, 'the lock is missing');
    return null;
  }
  return attempt(
    () => parseLock(bytes, file),
    ({ message }) => {
      exhibit.findings.bad('integrity', file, message);
      return null;
    },
  );
}

/** Tells of a value in the lock that differs from what vouches for it. */
function comparer(
  { findings }: Exhibit,
  file: string,
): (axis: Axis, what: string, said: unknown, vouched: unknown) => void {
  return (axis, what, said, vouched) => {
    if (said !== vouched)
      findings.bad(axis, file, `the lock says ${what} ${String(said)}; it is ${String(vouched)}`);
  };
}

/** The lock against the ledger: its place in it, and the entries of its run. */
function judgePlace(exhibit: Exhibit, { lock, file, began }: Case, written: LockWritten): void {
  const { items, entries, first } = exhibit.ledger;
  const says = comparer(exhibit, file);
  const { seq, prev_sha256: previous, size, root_sha256: root } = lock.ledger;
  if (size > written.seq || size > entries.size)
    exhibit.findings.bad(
      'chain',
      file,
      `the lock was made after ${String(size)} entries, and was written as entry ${String(written.seq)}`,
    );
  else {
    says('chain', 'ledger.seq', seq, entries.seqAt(size - 1));
    says('chain', 'ledger.prev_sha256', previous, exhibit.digests.get(entries.fileAt(size - 1)));
    says('chain', 'ledger.root_sha256', root, hex(entries.root(size)));
  }
  const started = items.find(
    ({ entry }) => entry.type === 'APPLY_STARTED' && entry.body.run === lock.run.id,
  )?.entry;
  says('policy', 'nonce', lock.nonce, started?.type === 'APPLY_STARTED' ? started.body.nonce : null);
  says('policy', 'mode', lock.mode, written.mode);
  says('policy', 'supersedes', lock.supersedes, written.body.supersedes);
  const origin = first?.entry.type === 'GENESIS' ? first.entry.body.origin : null;
  says('origin', 'repository', lock.origin.repository, origin?.repository);
  says('origin', 'environment', lock.origin.environment, origin?.environment);
  for (const { entry, file: name } of [began, { entry: written, file: entryName(written.seq) }]) {
    says('policy', `intent (${name})`, lock.intent.sha256, entry.body.intent_sha256);
    says('policy', `plan (${name})`, lock.plan_sha256, entry.body.plan_sha256);
    says('policy', `tag (${name})`, lock.repo.tag_name, entry.body.tag);
    says('policy', `commit (${name})`, lock.repo.commit, entry.body.commit);
  }
}

function judgeTimes({ findings }: Exhibit, { lock, file, began }: Case): void {
  const { confirmation, run } = lock;
  const shown =
    confirmation.method === 'tty' ? [['confirmation.shown_at', confirmation.shown_at] as const] : [];
  const order = [
    ...shown,
    ['confirmation.confirmed_at', confirmation.confirmed_at],
    [began.file, began.entry.time],
    ['run.finished_at', run.finished_at],
  ] as const;
  order.reduce((before: readonly [string, string], now) => {
    if (now[1] < before[1])
      findings.bad('time', file, `${now[0]} is ${now[1]}, before ${before[0]} at ${before[1]}`);
    return now;
  });
  if (run.started_at > run.finished_at)
    findings.bad(
      'time',
      file,
      `run.started_at is ${run.started_at}, after run.finished_at at ${run.finished_at}`,
    );
}

/** What the lock repeats of intent, policy and tag is what they say. */
function judgeSaid(exhibit: Exhibit, one: Case, { facts, documents, tag }: Reopened): void {
  const { findings } = exhibit;
  const { lock, file } = one;
  if (tag.is === 'problem') {
    if (tag.code === 'FILE_MISSING') findings.undecided('policy', file, tag.wrong);
    else findings.bad('policy', blobName(lock.repo.tag_payload_sha256), `${tag.code}: ${tag.wrong}`);
  } else comparer(exhibit, file)('policy', 'repo.commit', lock.repo.commit, tag.tag.commit);
  const [intent, parity] = [valueOf(documents.intent), valueOf(documents.parity)];
  if (intent !== null) judgeIntentSaid(exhibit, one, intent);
  if (parity !== null) judgeBackendSaid(exhibit, one, parity);
  if (documents.intent.is !== 'parsed') return;
  const { signed } = judgeSignatures(lock.intent.file, documents.intent.signatures, facts.now);
  const stored = signed.map(({ sha256: digest, primary }) => `${primary}/${digest}`).sort();
  const said = lock.intent.signatures.map(({ sha256: digest, signer }) => `${signer}/${digest}`).sort();
  if (stored.join() !== said.join())
    findings.bad(
      'duty',
      file,
      `the lock says that the intent is signed by ${said.join(', ')}; stored are ${stored.join(', ') || 'none'}`,
    );
}

function judgeIntentSaid(exhibit: Exhibit, { lock, file }: Case, intent: Intent): void {
  const says = comparer(exhibit, file);
  says('origin', 'repository', lock.origin.repository, intent.repository);
  says('origin', 'environment', lock.origin.environment, intent.environment);
  says('policy', 'nonce', lock.nonce, intent.nonce);
  says('policy', 'intent.action', lock.intent.action, intent.action);
  says('policy', 'intent.requester', lock.intent.requester, intent.requester);
  says('policy', 'intent.expires', lock.intent.expires, intent.expires);
  says('policy', 'supersedes', lock.supersedes, intent.supersedes);
  says('policy', 'backend.account', lock.backend.account, intent.account);
  says('policy', 'backend.region', lock.backend.region, intent.region);
  says('policy', 'backend.endpoint', lock.backend.endpoint, intent.endpoint);
}

/** Account, region, names and kinds of what was made, against the policy. */
function judgeBackendSaid(exhibit: Exhibit, { lock, file }: Case, parity: Parity): void {
  const { backend } = lock;
  // An environment or region that the policy does not have was told by the gate.
  if (!Object.hasOwn(parity.environments, lock.origin.environment)) return;
  const names = resolveNames(parity, lock.origin.environment, backend.region);
  const says = comparer(exhibit, file);
  says('policy', 'backend.partition', backend.partition, names.partition);
  says('policy', 'backend.account', backend.account, names.account);
  const { github, gitlab } = names.federation;
  const expected: Readonly<Record<string, string>> = {
    'state-bucket': names.bucket,
    'lock-table': names.table,
    'state-key': names.keyAlias,
    ...(names.evidence === null
      ? {}
      : { 'evidence-bucket': names.evidence.bucket, 'evidence-key': names.evidence.keyAlias }),
    ...Object.fromEntries(Object.entries(names.roleNames).map(([role, name]) => [`role-${role}`, name])),
    ...(github === null ? {} : { 'oidc-github': GITHUB_HOST }),
    ...(gitlab === null ? {} : { 'oidc-gitlab': gitlab.host }),
  };
  for (const { id, kind, name } of backend.resources) {
    if (!(parity.allowed_resources as readonly string[]).includes(kind))
      exhibit.findings.bad('policy', file, `${id} is of kind ${kind}, which the policy does not allow`);
    says('policy', `${id}.name`, name, expected[id]);
  }
  for (const [template, digest] of Object.entries(lock.policy.templates))
    says('policy', `template ${template}`, digest, parity.templates[template]);
}
