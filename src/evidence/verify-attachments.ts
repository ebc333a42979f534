/**
 * What people outside vouched for: time stamps and attestations that the ledger names. Each is judged against the entries as they are now, and
 * by the authorities and keys that the auditor names; without them it is known to hold, and not whose it is.
 */
import { addSeconds, type Instant } from '../kernel/time.ts';
import { attempt } from '../kernel/errors.ts';
import { sameBytes } from '../kernel/canonical.ts';
import { parseEnvelope } from '../inputs/attestation.ts';
import type { LedgerEntry } from '../inputs/evidence-documents.ts';
import type { Witnesses } from '../ports.ts';
import { signerOf } from './attestor.ts';
import { blobOf, type Exhibit } from './exhibit.ts';
import { blobName, entryName } from './layout.ts';
import type { Attachment } from './report.ts';
import { CLOCK_TOLERANCE, existedBy, stampProblem } from './stamp.ts';
import { stateOf, type LedgerState, type StatedLedger } from './statement.ts';

/** Whom the auditor trusts, as PEM; null where they name nobody. */
export interface WitnessPins {
  /** Certificates of time-stamping authorities, or of their roots. */
  readonly authorities: Uint8Array | null;
  /** Public keys of those who attest. */
  readonly attestors: Uint8Array | null;
}

export const NO_PINS: WitnessPins = { authorities: null, attestors: null };

export interface AttachmentsJudged {
  readonly attachments: readonly Attachment[];
  readonly limits: readonly string[];
}

function seenLedger({ ledger: { items, entries }, digests }: Exhibit): StatedLedger {
  return { items, tree: entries, digestAt: (index) => digests.get(entries.fileAt(index)) };
}

type Attached = Extract<LedgerEntry, { type: 'TIME_STAMPED' | 'ATTESTED' }>;

/** @throws USAGE for pins that cannot be read */
export async function judgeAttachments(
  exhibit: Exhibit,
  witnesses: Witnesses,
  pins: WitnessPins,
): Promise<AttachmentsJudged> {
  const attachments: Attachment[] = [];
  for (const { entry } of exhibit.ledger.items) {
    if (entry.type !== 'TIME_STAMPED' && entry.type !== 'ATTESTED') continue;
    attachments.push(await judgeOne(exhibit, witnesses, pins, entry));
  }
  judgeAsked(exhibit, attachments, pins);
  return { attachments, limits: limitsOf(exhibit.ledger.entries.size, attachments) };
}

async function judgeOne(
  exhibit: Exhibit,
  witnesses: Witnesses,
  pins: WitnessPins,
  entry: Attached,
): Promise<Attachment> {
  const { size, root_sha256: root } = entry.body;
  const file = entryName(entry.seq);
  const kind = entry.type === 'TIME_STAMPED' ? 'time stamp' : 'attestation';
  const none: Attachment = { kind, entry: file, size, by: null, who: null, status: 'invalid' };
  const digest = entry.type === 'TIME_STAMPED' ? entry.body.stamp_sha256 : entry.body.envelope_sha256;
  const state = stateOf(seenLedger(exhibit), size);
  if (state?.rootSha256 !== root) {
    exhibit.findings.bad(
      'chain',
      file,
      `INCONSISTENT: tells of ${String(size)} entries with root ${root}, which are not those before it`,
    );
    return none;
  }
  const bytes = blobOf(exhibit, digest, kind)?.bytes;
  if (bytes === undefined) {
    exhibit.findings.undecided(axisOf(entry), blobName(digest), `MISSING: the ${kind} that ${file} names`);
    return none;
  }
  return entry.type === 'TIME_STAMPED'
    ? judgeStamp(exhibit, witnesses, pins.authorities, { none, state, bytes, name: blobName(digest) })
    : judgeAttestation(exhibit, witnesses, pins.attestors, { none, state, bytes, name: blobName(digest) });
}

function axisOf({ type }: Attached): 'time' | 'authenticity' {
  return type === 'TIME_STAMPED' ? 'time' : 'authenticity';
}

interface Judged {
  readonly none: Attachment;
  readonly state: LedgerState;
  readonly bytes: Uint8Array;
  /** Of the blob. */
  readonly name: string;
}

async function judgeStamp(
  exhibit: Exhibit,
  witnesses: Witnesses,
  roots: Uint8Array | null,
  { none, state, bytes, name }: Judged,
): Promise<Attachment> {
  const { findings } = exhibit;
  const read = await witnesses.readStamp(bytes, { roots, request: null });
  if (read.is === 'problem') {
    findings.bad('time', name, `ATTACHMENT_INVALID: ${read.problem.wrong}`);
    return none;
  }
  const stamp = read.value;
  const problem = stampProblem(stamp, state.checkpointSha256);
  if (problem !== null) {
    findings.bad('time', name, `ATTACHMENT_INVALID: the time stamp ${problem}`);
    return none;
  }
  const who = stamp.authority.subject;
  const made: Attachment = { ...none, by: existedBy(stamp), who, status: stamp.chain.is };
  if (stamp.chain.is === 'unpinned')
    findings.undecided(
      'time',
      name,
      `UNPINNED: ${who} stamped it, and no certificate that was named vouches for them: ${stamp.chain.why}`,
      'name the certificate of their root with --tsa, once it was compared',
    );
  else if (stamp.chain.is === 'pinned') judgeDates(exhibit, made, stamp.time);
  return made;
}

/** What somebody else saw at an instant cannot have been made after it, nor be named before it. */
function judgeDates(
  { ledger, findings }: Exhibit,
  { size, by, who, entry: named }: Attachment,
  at: Instant,
): void {
  if (by === null) return;
  const { entries } = ledger;
  const latest = addSeconds(by, CLOCK_TOLERANCE);
  for (let index = 0; index < entries.size; index++) {
    const [file, time] = [entries.fileAt(index), entries.timeAt(index)];
    if (entries.seqAt(index) < size && time > latest)
      findings.bad('time', file, `is dated ${time}; ${who ?? 'an authority'} had stamped it by ${by}`);
    if (file === named && addSeconds(time, CLOCK_TOLERANCE) < at)
      findings.bad('time', file, `is dated ${time}, and names a time stamp of ${at}`);
  }
}

async function judgeAttestation(
  { findings }: Exhibit,
  witnesses: Witnesses,
  keys: Uint8Array | null,
  { none, state, bytes, name }: Judged,
): Promise<Attachment> {
  const bad = (what: string): Attachment => {
    findings.bad('authenticity', name, `ATTACHMENT_INVALID: ${what}`);
    return none;
  };
  const envelope = attempt(
    () => parseEnvelope(bytes, name),
    ({ message }) => message,
  );
  if (typeof envelope === 'string') return bad(envelope);
  if (!sameBytes(envelope.payload, state.statement))
    return bad(`its statement is not that about the first ${String(state.size)} entries`);
  if (keys === null) return { ...none, status: 'not asked' };
  const who = await signerOf(witnesses, keys, envelope.payload, envelope.signatures);
  if (who !== null) return { ...none, who, status: 'pinned' };
  findings.undecided(
    'authenticity',
    name,
    'UNPINNED: no key that was named made a signature of this attestation',
    'name the public key of whoever attested it with --attestor, once it was compared',
  );
  return { ...none, status: 'unpinned' };
}

/** Whoever names an authority or a key asks whether it vouched: that nothing is attached is no yes. */
function judgeAsked(
  { findings }: Exhibit,
  attachments: readonly Attachment[],
  { authorities, attestors }: WitnessPins,
): void {
  const has = (kind: Attachment['kind']): boolean => attachments.some((each) => each.kind === kind);
  if (authorities !== null && !has('time stamp'))
    findings.undecided(
      'time',
      'time stamp',
      'MISSING: an authority was named, and no time stamp is attached',
      'attach one: `govboot evidence stamp`',
    );
  if (attestors !== null && !has('attestation'))
    findings.undecided(
      'authenticity',
      'attestation',
      'MISSING: a key was named, and no attestation is attached',
      'attach one: `govboot evidence statement`',
    );
}

/** Entries from the first that an authority, which the auditor named, has seen; 0 when none has. */
function stampedEntries(attachments: readonly Attachment[]): number {
  return Math.max(
    0,
    ...attachments
      .filter(({ kind, status }) => kind === 'time stamp' && status === 'pinned')
      .map(({ size }) => size),
  );
}

function limitsOf(size: number, attachments: readonly Attachment[]): string[] {
  const stamped = stampedEntries(attachments);
  const unasked = (kind: Attachment['kind']): boolean =>
    attachments.some((each) => each.kind === kind && each.status === 'not asked');
  return [
    stamped === 0
      ? 'every time is claimed by the clock of the host that wrote it; no time-stamping authority vouches for it'
      : `times are claimed by the clocks of hosts; that the first ${String(stamped)} of ${String(size)} entries are no younger than their time stamp is all that an authority vouches for`,
    ...(stamped === 0
      ? []
      : ['whether the certificate of a time-stamping authority was revoked: it is judged as of its stamp']),
    ...(unasked('time stamp')
      ? ['whose the time stamps are: name the certificate of the authority with --tsa']
      : []),
    ...(unasked('attestation') ? ['whose the attestations are: name the public key with --attestor'] : []),
  ];
}

/** For the answer `time`: what time stamps have shown. */
export function stampedWords(attachments: readonly Attachment[]): string {
  const newest = attachments.findLast(({ kind, status }) => kind === 'time stamp' && status === 'pinned');
  return newest === undefined
    ? ''
    : `; the first ${String(newest.size)} entries were there by ${newest.by ?? ''}, says ${newest.who ?? ''}`;
}

/** One line each, for people. */
export function attachmentLines(attachments: readonly Attachment[]): readonly string[] {
  return attachments.map((each) => {
    const when = each.by === null ? '' : `, there by ${each.by}`;
    return `witness ${each.kind} over the first ${String(each.size)} entries${when}, ${whoseWords(each)} (${each.entry})`;
  });
}

function whoseWords({ who, status }: Attachment): string {
  switch (status) {
    case 'pinned':
      return `by ${who ?? 'somebody'}, who was named`;
    case 'unpinned':
      return `by ${who ?? 'somebody'}, who was NOT named`;
    case 'not asked':
      return who === null ? 'by whom was not asked' : `by ${who}, as it says itself`;
    case 'invalid':
      return 'INVALID';
  }
}
