/** Authenticity and time: who signed each entry, the locks and the heads, whether they might, and whether the dates can be true. */
import { addSeconds, type Instant } from '../kernel/time.ts';
import type { Fingerprint } from '../inputs/facts.ts';
import { thresholdOf } from '../inputs/trust.ts';
import type { Signed } from '../gates/signature.ts';
import { checkpointBytes, ledgerRoot, originLine } from './checkpoint.ts';
import { blobOf, type Exhibit } from './exhibit.ts';
import { CHECKPOINT, isLockCoSignature, isOfLayout, LOCK, signatureOf, SUMS } from './layout.ts';
import { writtenLock } from './ledger.ts';
import { sumsOf } from './sums.ts';
import { answerSignature, type Depth } from './verify-signature.ts';
import { roleProblem, trustAt, type TrustInForce } from './verify-trust.ts';

/** Seconds by which a signature may seem older than what it signs. */
const TOLERANCE = 60;

/** Entries; a program for each signature takes tens of milliseconds. */
const MOST_FOR_EVERYBODY = 32;

interface SignedRecord {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly signature: { readonly name: string; readonly bytes: Uint8Array };
  /** Entry in whose time it was made. */
  readonly seq: number;
  /** The earliest time at which it can have been signed. */
  readonly notBefore: Instant;
  /** What the body would be if a seal had been interrupted between signature and body. */
  readonly next: (() => Uint8Array | null) | null;
  readonly depth: Depth;
}

/** Judges every signature of the evidence itself, against the trust in force at its time. */
export async function judgeRecords(
  exhibit: Exhibit,
  trust: readonly TrustInForce[],
  environment: string,
): Promise<void> {
  const { findings, ledger, now } = exhibit;
  for (const { record, actor } of entryRecords(exhibit)) {
    const signed = await judgeRecord(exhibit, record, trust, environment);
    if (signed !== null && signed.primary !== actor)
      findings.bad('authenticity', record.signature.name, `is by ${signed.primary}; the entry says ${actor}`);
  }
  for (const record of headRecords(exhibit)) await judgeRecord(exhibit, record, trust, environment);
  await judgeLockSigners(exhibit, trust, environment);
  for (const { file, entry } of ledger.items) {
    if (entry.time > addSeconds(now, TOLERANCE))
      findings.bad('time', file, `is dated ${entry.time}, and it is ${now}`);
  }
}

async function judgeRecord(
  exhibit: Exhibit,
  record: SignedRecord,
  trust: readonly TrustInForce[],
  environment: string,
): Promise<Signed | null> {
  const { findings } = exhibit;
  const { name, signature, notBefore } = record;
  const answer = await answerSignature(exhibit, record.bytes, signature.name, signature.bytes, record.depth);
  if (answer.is === 'refused') {
    const next = exhibit.unsealed.length > 0 ? (record.next?.() ?? null) : null;
    const isNext =
      next !== null &&
      (await answerSignature(exhibit, next, signature.name, signature.bytes)).is === 'signed';
    if (isNext)
      findings.undecided(
        'integrity',
        name,
        'its signature is that of the next seal, as an interrupted run leaves it',
        'finish it with `govboot apply --resume`',
      );
    else {
      findings.bad(answer.axis, signature.name, `over ${name}: ${answer.code}: ${answer.what}`);
      // Of every other file SHA256SUMS says whether it is the one that was changed; of itself nothing does.
      if (name === SUMS && answer.code === 'SIG_BAD')
        findings.bad(
          'integrity',
          name,
          `${signature.name} is no signature of it: one of the two was changed`,
        );
    }
    return null;
  }
  const { signed } = answer;
  if (addSeconds(signed.created, TOLERANCE) < notBefore)
    findings.bad('time', signature.name, `was made at ${signed.created}, before ${name} at ${notBefore}`);
  const inForce = trustAt(trust, record.seq);
  if (inForce === null) {
    findings.undecided(
      'authenticity',
      signature.name,
      `signed by ${signed.primary}; no trust file says whether they might`,
    );
    return signed;
  }
  const wrong = roleProblem(signed, inForce, environment);
  if (wrong !== null) findings.bad('authenticity', signature.name, wrong);
  return signed;
}

/**
 * Entries whose signatures every verifier judges. In a short ledger these are all. In a long one, of each person the first and the last:
 * in between the same key signs, and whether the bytes were signed with it is judged of each. What all of them vouch for together, the
 * bytes of every entry and of every signature, is under SHA256SUMS and the checkpoint, which every verifier judges in any case.
 */
export function askedOfEverybody({ items }: Exhibit['ledger']): ReadonlySet<string> {
  if (items.length <= MOST_FOR_EVERYBODY) return new Set(items.map(({ file }) => file));
  const first = new Map<string, string>();
  const last = new Map<string, string>();
  for (const { file, entry } of items) {
    const { fingerprint } = entry.actor;
    if (!first.has(fingerprint)) first.set(fingerprint, file);
    last.set(fingerprint, file);
  }
  return new Set([...first.values(), ...last.values()]);
}

function entryRecords({
  ledger,
  files,
}: Exhibit): { readonly record: SignedRecord; readonly actor: Fingerprint }[] {
  const everybody = askedOfEverybody(ledger);
  return ledger.items.flatMap(({ file, bytes, entry }) => {
    const name = signatureOf(file);
    const signature = files.get(name);
    return signature === undefined
      ? []
      : [
          {
            record: {
              name: file,
              bytes,
              signature: { name, bytes: signature },
              seq: entry.seq,
              notBefore: entry.time,
              next: null,
              depth: everybody.has(file) ? 'everybody' : 'inside',
            },
            actor: entry.actor.fingerprint,
          },
        ];
  });
}

/** Checkpoint and SHA256SUMS as they are, and the signature of each as it would be after the next seal. */
function headRecords(exhibit: Exhibit): SignedRecord[] {
  const { files, ledger, findings } = exhibit;
  const first = ledger.items[0]?.entry;
  if (first === undefined) return [];
  // Where GENESIS itself is gone or destroyed, nobody knows what the next seal would say; what is there is judged all the same.
  const next: Readonly<Record<typeof CHECKPOINT | typeof SUMS, () => Uint8Array | null>> = {
    [CHECKPOINT]: () =>
      first.type === 'GENESIS'
        ? checkpointBytes({
            origin: originLine(first.body.origin),
            size: ledger.items.length,
            root: ledgerRoot(ledger.items),
          })
        : null,
    [SUMS]: (): Uint8Array =>
      sumsOf(new Map([...files].filter(([name]) => isOfLayout(name) && name !== ledger.torn?.file))),
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
    const covered =
      name === CHECKPOINT
        ? ledger.items[(ledger.checkpoint?.size ?? 0) - 1]
        : ledger.items[ledger.sealed - 1];
    const at = covered?.entry ?? first;
    return [
      {
        name,
        bytes,
        signature: { name: signatureOf(name), bytes: signature },
        seq: at.seq,
        notBefore: at.time,
        next: next[name],
        depth: 'everybody' as const,
      },
    ];
  });
}

/** Every lock that was ever in force, and how many people signed the present one. */
async function judgeLockSigners(
  exhibit: Exhibit,
  trust: readonly TrustInForce[],
  environment: string,
): Promise<void> {
  const { files, ledger, findings } = exhibit;
  const present = writtenLock(ledger);
  for (const { entry } of ledger.items) {
    if (entry.type !== 'LOCK_WRITTEN') continue;
    const { lock_sha256: lock, lock_signature_sha256: own } = entry.body;
    const [bytes, signature] = [blobOf(exhibit, lock, LOCK)?.bytes, blobOf(exhibit, own, signatureOf(LOCK))];
    // A blob that is missing was told among the refs of its entry.
    if (bytes === undefined || signature === null) continue;
    const common = {
      name: LOCK,
      bytes,
      seq: entry.seq,
      notBefore: entry.time,
      next: null,
      depth: 'everybody',
    } as const;
    const before = ledger.items.findLast((each) => each.entry.seq < entry.seq)?.entry.time ?? entry.time;
    const signers = new Set<string>();
    const add = (signed: Signed | null): void => {
      if (signed !== null) signers.add(signed.primary);
    };
    add(
      await judgeRecord(
        exhibit,
        { ...common, notBefore: before, signature: { name: signature.path, bytes: signature.bytes } },
        trust,
        environment,
      ),
    );
    if (entry !== present) continue;
    for (const [name, bytes] of files) {
      if (isLockCoSignature(name))
        add(
          await judgeRecord(
            exhibit,
            { ...common, notBefore: before, signature: { name, bytes } },
            trust,
            environment,
          ),
        );
    }
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
