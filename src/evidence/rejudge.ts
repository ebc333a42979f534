/**
 * Policy and duties, judged again: the facts of the day are put together from the blobs, and the gates that let the run pass are asked
 * once more. There is one judge, so evidence cannot be held to other rules than the run was.
 */
import type { BackendLock, LedgerEntry } from '../inputs/evidence-documents.ts';
import type { Facts, FileRead, Problem, SignatureFacts, SourceFacts } from '../inputs/facts.ts';
import { isTagName, parseTagObject, type TagRead } from '../inputs/tag-object.ts';
import { thresholdOf, type Trust } from '../inputs/trust.ts';
import { sha256, type Sha256 } from '../kernel/digest.ts';
import { readDocuments, valueOf, type Documents } from '../gates/documents.ts';
import { judgeIntent } from '../gates/intent.ts';
import { judgeParity } from '../gates/parity.ts';
import { countSigners, judgeSignatures, thresholdFindings } from '../gates/signers.ts';
import type { Finding } from '../gates/verdict.ts';
import { blobOf, type Exhibit } from './exhibit.ts';
import { blobName, TRUST_NAME } from './layout.ts';
import { factsOf } from './ledger.ts';
import { recordedRules } from './rejudge-rules.ts';
import { axisOf, signatureFacts } from './verify-signature.ts';

/** An entry that vouches for the inputs of a run. */
export type Began = Extract<LedgerEntry, { type: 'APPLY_STARTED' | 'APPLY_RESUMED' }>;

/** A lock with the entry that began, or last resumed, its run. */
export interface Case {
  readonly lock: BackendLock;
  /** Where the lock lies. */
  readonly file: string;
  readonly began: { readonly file: string; readonly entry: Began };
}

/** The documents of the case, and the facts that the gates saw of them. */
export interface Reopened {
  readonly facts: Facts;
  readonly documents: Documents;
  readonly tag: TagRead;
}

/** Puts the facts together as of the confirmation: before it, every gate had passed; after it, every digest was computed again. */
export async function reopen(exhibit: Exhibit, one: Case): Promise<Reopened> {
  const { lock, began } = one;
  const { intent, policy } = lock;
  const tag = readTag(exhibit, lock);
  const [intentFile, trustFile] = [
    blobOf(exhibit, intent.sha256, intent.file),
    blobOf(exhibit, policy.trust_sha256, TRUST_NAME),
  ];
  const parity = blobOf(exhibit, policy.parity_sha256, 'policies/parity.yaml');
  const signed = async (file: FileRead | null): Promise<Facts['governance']['trust']> =>
    file === null
      ? missing('the document')
      : { is: 'read', value: { file, signatures: await signaturesOf(exhibit, file, began) } };
  const templates = Object.entries(policy.templates).flatMap(
    ([name, digest]) => blobOf(exhibit, digest, `templates/${name}`) ?? [],
  );
  const before = exhibit.ledger.items.filter(({ entry }) => entry.seq < began.entry.seq);
  const ledger = {
    ...factsOf({ ...exhibit.ledger, items: before }),
    // Not all of them were kept.
    size: began.entry.seq,
    problems: [],
  };
  const facts: Facts = {
    now: lock.confirmation.confirmed_at,
    environment: lock.origin.environment,
    intentName: intent.file,
    mode: lock.mode,
    resume: began.entry.type === 'APPLY_RESUMED',
    source: await sourceOf(exhibit, lock, tag),
    governance: {
      pinForPath: null,
      pins: [],
      trust: await signed(trustFile),
      kept: { is: 'read', value: [] },
      parity: parity === null ? missing('the parity policy') : { is: 'read', value: parity },
      intent: await signed(intentFile),
      keys: [],
      templates,
    },
    machine: { weakening: [], endpoints: [], proxies: [], credentials: [] },
    programs: [],
    rules: null,
    caller: missing('the caller'),
    ledger,
  };
  const documents = readDocuments(facts);
  const named = valueOf(documents.parity)?.rules ?? null;
  const rules = recordedRules(exhibit, one, named, { intent: intentFile, parity });
  return { facts: { ...facts, rules }, documents, tag };
}

/** Asks the gates of intent and parity, and counts the signers of the tag. */
export function judgeAgain(
  { findings }: Exhibit,
  { lock, file }: Case,
  { facts, documents }: Reopened,
  trust: Trust | null,
): void {
  const { environment } = lock.origin;
  const tell = (where: string, { code, message }: Finding): void =>
    findings.bad(axisOf(code), where, `${code}: ${message}`);
  const verdicts = [
    { where: blobName(lock.intent.sha256), verdict: judgeIntent(facts, documents, trust).verdict },
    { where: blobName(lock.policy.parity_sha256), verdict: judgeParity(facts, documents) },
  ];
  for (const { where, verdict } of verdicts) {
    // What is missing was told as missing; here it only leaves the question open.
    for (const finding of verdict.findings) {
      if (finding.code === 'FILE_MISSING') findings.undecided('policy', where, finding.message);
      else tell(where, finding);
    }
    if (verdict.status === 'undefined' || verdict.status === 'error')
      findings.undecided('policy', where, verdict.because);
  }
  const what = `tag ${lock.repo.tag_name}`;
  if (facts.source.tagSignature === null || trust === null) {
    findings.undecided('duty', file, `${what}: its signer could not be judged`);
    return;
  }
  const { signed, findings: bad } = judgeSignatures(what, [facts.source.tagSignature], facts.now);
  const counted = countSigners({ signed, trust, roles: ['release'], environment, now: facts.now });
  const few = thresholdFindings(what, 'release', thresholdOf(trust, 'release', environment), counted.signers);
  for (const finding of [...bad, ...counted.findings, ...few])
    tell(blobName(lock.repo.tag_signature_sha256), finding);
}

function readTag(exhibit: Exhibit, { repo }: BackendLock): TagRead {
  const payload = blobOf(exhibit, repo.tag_payload_sha256, 'the tag');
  const signature = blobOf(exhibit, repo.tag_signature_sha256, 'its signature');
  if (payload === null || signature === null)
    return { is: 'problem', code: 'FILE_MISSING', wrong: 'the tag object is not among the blobs' };
  const whole = new Uint8Array([...payload.bytes, ...signature.bytes]);
  if (sha256(whole) !== repo.tag_object_sha256)
    return {
      is: 'problem',
      code: 'TAG_MALFORMED',
      wrong: 'payload and signature do not make up the tag object',
    };
  if (!isTagName(repo.tag_name)) return { is: 'problem', code: 'TAG_NAME_INVALID', wrong: repo.tag_name };
  return parseTagObject(repo.tag_name, repo.tag_oid, whole, repo.object_format);
}

async function sourceOf(exhibit: Exhibit, { repo }: BackendLock, tag: TagRead): Promise<SourceFacts> {
  const tagSignature =
    tag.is === 'tag'
      ? await signatureFacts(exhibit, tag.tag.payload, `refs/tags/${tag.tag.name}`, tag.tag.signature)
      : null;
  // The tree itself is not kept: its digest in the lock was computed by the run, and is compared with the one in the intent.
  const tree = {
    tagged: repo.tree_sha256 as Sha256,
    onDisk: repo.tree_sha256 as Sha256,
    files: 0,
    differences: [],
  };
  return {
    root: '',
    objectFormat: repo.object_format,
    repositoryProblems: [],
    head: repo.commit,
    tag,
    tagSignature,
    tree: { is: 'read', value: tree },
    lastUsed: null,
  };
}

/** Every signature that the run had beside the document: `X.asc` and `X.<FINGERPRINT>.asc`. */
async function signaturesOf(
  exhibit: Exhibit,
  file: FileRead,
  { entry }: Case['began'],
): Promise<SignatureFacts[]> {
  const all: SignatureFacts[] = [];
  for (const { name, sha256: digest } of entry.refs) {
    if (!name.startsWith(`${file.path}.`) || !name.endsWith('.asc')) continue;
    const blob = blobOf(exhibit, digest, name);
    if (blob !== null) all.push(await signatureFacts(exhibit, file.bytes, name, blob.bytes));
  }
  return all;
}

function missing(what: string): { readonly is: 'problem'; readonly problem: Problem } {
  return { is: 'problem', problem: { code: 'FILE_MISSING', wrong: `${what} is not among the blobs` } };
}
