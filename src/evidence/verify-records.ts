/** Authenticity and time: who signed each entry, the locks and the heads, whether they might, and whether the dates can be true. */
import { addSeconds, msOf, type Instant } from '../kernel/time.ts';
import { thresholdOf } from '../inputs/trust.ts';
import type { Signed } from '../gates/signature.ts';
import { checkpointBytes, originLine } from './checkpoint.ts';
import { blobOf, unsealedIn, type Exhibit } from './exhibit.ts';
import { CHECKPOINT, isLockCoSignature, isOfLayout, LOCK, signatureOf, SUMS } from './layout.ts';
import { writtenLock } from './ledger.ts';
import { sumsText } from './sums.ts';
import { answerSignature, tellSignature, type SignatureAnswer } from './verify-signature.ts';
import { roleProblem, trustAt, type TrustInForce } from './verify-trust.ts';

/** Seconds by which a signature may seem older than what it signs. */
const TOLERANCE = 60;

/** What a signature is held against: what it is over, and when and under which list of people it can have been made. */
interface About {
  readonly name: string;
  /** Of the signature. */
  readonly file: string;
  /** Entry in whose time it was made. */
  readonly seq: number;
  /** The earliest time at which it can have been made. */
  readonly notBefore: Instant;
}

interface SignedRecord extends About {
  readonly bytes: Uint8Array;
  readonly signature: Uint8Array;
  /** What the body would be if a seal had been interrupted between signature and body. */
  readonly next: (() => Uint8Array | null) | null;
}

/** Judges every signature of the evidence itself, against the trust in force at its time. */
export async function judgeRecords(
  exhibit: Exhibit,
  trust: readonly TrustInForce[],
  environment: string,
): Promise<void> {
  const { findings, ledger, now } = exhibit;
  const { entries } = ledger;
  const standing: Standing = { exhibit, trust, environment };
  for (let index = 0; index < entries.size; index++) await judgeEntry(standing, index);
  for (const record of headRecords(exhibit)) await judgeRecord(standing, record);
  await judgeLockSigners(standing);
  const latest = msOf(addSeconds(now, TOLERANCE));
  for (let index = 0; index < entries.size; index++)
    if (entries.msAt(index) > latest)
      findings.bad('time', entries.fileAt(index), `is dated ${entries.timeAt(index)}, and it is ${now}`);
}

/** What every signature is judged by. */
interface Standing {
  readonly exhibit: Exhibit;
  readonly trust: readonly TrustInForce[];
  readonly environment: string;
}

/** The signature of one entry: judged when the entry was read, or held for every verifier until now. */
async function judgeEntry(standing: Standing, index: number): Promise<void> {
  const { exhibit } = standing;
  const { entries, signatures, everybody } = exhibit.ledger;
  const found = signatures.at(index);
  if (found.is === 'missing') return;
  const told =
    found.is === 'judged'
      ? found
      : await tellSignature(
          exhibit,
          found.bytes,
          found.signature,
          everybody.has(index) ? 'everybody' : 'inside',
        );
  for (const note of told.notes) exhibit.findings.note(note);
  const name = entries.fileAt(index);
  const about = {
    name,
    file: signatureOf(name),
    seq: entries.seqAt(index),
    notBefore: entries.timeAt(index),
  };
  if (told.answer.is === 'refused') {
    tellRefused(exhibit, about, told.answer);
    return;
  }
  const { signed } = told.answer;
  tellSigner(standing, about, signed);
  const actor = entries.actorAt(index);
  if (signed.primary !== actor)
    exhibit.findings.bad('authenticity', about.file, `is by ${signed.primary}; the entry says ${actor}`);
}

async function judgeRecord(standing: Standing, record: SignedRecord): Promise<Signed | null> {
  const { exhibit } = standing;
  const { findings } = exhibit;
  const { name, file, bytes, signature } = record;
  const answer = await answerSignature(exhibit, bytes, file, signature);
  if (answer.is === 'signed') {
    tellSigner(standing, record, answer.signed);
    return answer.signed;
  }
  const next = unsealedIn(exhibit.ledger) > 0 ? (record.next?.() ?? null) : null;
  const isNext = next !== null && (await answerSignature(exhibit, next, file, signature)).is === 'signed';
  if (isNext)
    findings.undecided(
      'integrity',
      name,
      'its signature is that of the next seal, as an interrupted run leaves it',
      'finish it with `govboot apply --resume`',
    );
  else tellRefused(exhibit, record, answer);
  return null;
}

function tellRefused(
  { findings }: Exhibit,
  { name, file }: About,
  { axis, code, what }: Extract<SignatureAnswer, { is: 'refused' }>,
): void {
  findings.bad(axis, file, `over ${name}: ${code}: ${what}`);
  // Of every other file SHA256SUMS says whether it is the one that was changed; of itself nothing does.
  if (name === SUMS && code === 'SIG_BAD')
    findings.bad('integrity', name, `${file} is no signature of it: one of the two was changed`);
}

/** Whether whoever signed might, and can have, at that time. */
function tellSigner(
  { exhibit: { findings }, trust, environment }: Standing,
  { name, file, seq, notBefore }: About,
  { primary, created }: Pick<Signed, 'primary' | 'created'>,
): void {
  if (msOf(created) + TOLERANCE * 1000 < msOf(notBefore))
    findings.bad('time', file, `was made at ${created}, before ${name} at ${notBefore}`);
  const inForce = trustAt(trust, seq);
  if (inForce === null) {
    findings.undecided('authenticity', file, `signed by ${primary}; no trust file says whether they might`);
    return;
  }
  const wrong = roleProblem({ file, primary, created }, inForce, environment);
  if (wrong !== null) findings.bad('authenticity', file, wrong);
}

/** Checkpoint and SHA256SUMS as they are, and the signature of each as it would be after the next seal. */
function headRecords(exhibit: Exhibit): SignedRecord[] {
  const { files, ledger, findings } = exhibit;
  const { entries } = ledger;
  if (ledger.first === null) return [];
  const next: Readonly<Record<typeof CHECKPOINT | typeof SUMS, () => Uint8Array | null>> = {
    [CHECKPOINT]: () => nextCheckpoint(exhibit),
    [SUMS]: () => nextSums(exhibit),
  };
  return ([CHECKPOINT, SUMS] as const).flatMap((name) => {
    const [bytes, signature] = [files.get(name), files.get(signatureOf(name))];
    if (bytes === undefined) {
      if (name === CHECKPOINT) findings.undecided('chain', name, 'MISSING: a cut tail would not be seen');
      return [];
    }
    if (signature === undefined) {
      findings.bad('authenticity', signatureOf(name), `MISSING: nobody signed ${name}`);
      return [];
    }
    const covered = name === CHECKPOINT ? (ledger.checkpoint?.size ?? 0) : ledger.sealed;
    const last = covered >= 1 && covered <= entries.size ? covered - 1 : 0;
    return [
      {
        ...{ name, file: signatureOf(name), bytes, signature, next: next[name] },
        seq: entries.seqAt(last),
        notBefore: entries.timeAt(last),
      },
    ];
  });
}

/** Where GENESIS itself is gone or destroyed, nobody knows what the next seal would say; what is there is judged all the same. */
function nextCheckpoint({ ledger: { first, entries } }: Exhibit): Uint8Array | null {
  return first?.entry.type === 'GENESIS'
    ? checkpointBytes({
        origin: originLine(first.entry.body.origin),
        size: entries.size,
        root: entries.root(entries.size),
      })
    : null;
}

function nextSums({ digests, ledger }: Exhibit): Uint8Array {
  return sumsText(digests.all().filter(([name]) => isOfLayout(name) && name !== ledger.torn?.file));
}

/** Every lock that was ever in force, and how many people signed the present one. */
async function judgeLockSigners(standing: Standing): Promise<void> {
  const { exhibit, trust, environment } = standing;
  const { files, ledger, findings } = exhibit;
  const present = writtenLock(ledger);
  for (const { entry } of ledger.items) {
    if (entry.type !== 'LOCK_WRITTEN') continue;
    const { lock_sha256: lock, lock_signature_sha256: own } = entry.body;
    const [bytes, signature] = [blobOf(exhibit, lock, LOCK)?.bytes, blobOf(exhibit, own, signatureOf(LOCK))];
    // A blob that is missing was told among the refs of its entry.
    if (bytes === undefined || signature === null) continue;
    const before = ledger.entries.before(entry.seq);
    const notBefore = before === null ? entry.time : ledger.entries.timeAt(before);
    const common = { name: LOCK, bytes, seq: entry.seq, notBefore, next: null };
    const signers = new Set<string>();
    const add = (signed: Signed | null): void => {
      if (signed !== null) signers.add(signed.primary);
    };
    add(await judgeRecord(standing, { ...common, file: signature.path, signature: signature.bytes }));
    if (entry !== present) continue;
    for (const [name, bytes] of files)
      if (isLockCoSignature(name))
        add(await judgeRecord(standing, { ...common, file: name, signature: bytes }));
    const inForce = trustAt(trust, entry.seq);
    const needed = inForce === null ? 0 : thresholdOf(inForce.trust, 'evidence', environment);
    if (signers.size < needed)
      findings.undecided(
        'duty',
        LOCK,
        `THRESHOLD: ${String(signers.size)} of ${String(needed)} people of role evidence signed`,
      );
  }
}
