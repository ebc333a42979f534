/** What people outside vouch for: what they are asked, and their answer put on record once it was checked. Nothing is sent to anybody. */
import { GovbootError } from '../kernel/errors.ts';
import { sameBytes } from '../kernel/canonical.ts';
import { sha256, type Sha256 } from '../kernel/digest.ts';
import { addSeconds } from '../kernel/time.ts';
import { envelopeOf, parseEnvelope, parseStatement, storedEnvelope } from '../inputs/attestation.ts';
import type { LedgerEntry } from '../inputs/evidence-documents.ts';
import { MOST_STAMP_BYTES, type StampFacts } from '../inputs/stamp.ts';
import { append, type NewEntry } from '../evidence/append.ts';
import { signerOf } from '../evidence/attestor.ts';
import { storeBlobs } from '../evidence/blobs.ts';
import { entryName } from '../evidence/layout.ts';
import type { Ledger } from '../evidence/ledger.ts';
import { CLOCK_TOLERANCE, existedBy, stampProblem } from '../evidence/stamp.ts';
import { statedLedger, stateOf, type LedgerState } from '../evidence/statement.ts';
import type { Ports } from '../ports.ts';
import { assertSound, readHistory, type History } from './history.ts';
import { recordingDeps } from './may-record.ts';
import { sealUnlessPending } from './record.ts';

/** States of the ledger, the newest first, that an answer may be over: it may have grown since it was asked about. */
const MOST_STATES = 256;

export interface Attached {
  /** The file of the entry that names it. */
  readonly file: string;
  /** Whether it was put on record just now. */
  readonly isNew: boolean;
  /** Entries that it is over, from the first. */
  readonly size: number;
  /** The name of the authority, or SHA-256 of the key that signed. */
  readonly who: string;
  /** By when they were there; null for an attestation. */
  readonly by: string | null;
}

/** What is to be vouched for: the ledger as it is sealed. @throws EVIDENCE_MISSING, EVIDENCE_INVALID, EVIDENCE_UNDECIDED */
export async function stateToVouchFor(ports: Ports, environment: string): Promise<LedgerState> {
  const { ledger } = await soundHistory(ports, environment);
  const size = ledger.items.length;
  const state = stateOf(statedLedger(ledger), size);
  if (state === null || ledger.checkpoint?.size !== size)
    throw new GovbootError('EVIDENCE_UNDECIDED', 'the evidence is not sealed: a run has not ended', {
      hint: 'finish it with `govboot apply --resume`, which seals the evidence',
    });
  return state;
}

async function soundHistory(ports: Ports, environment: string): Promise<History> {
  const history = await readHistory(ports, environment);
  assertSound(history, environment);
  return history;
}

/**
 * Puts a time stamp on record. @param roots PEM of the authorities that may have made it
 * @throws ATTACHMENT_INVALID, CLOCK, USAGE, and what `recordingDeps` and `append` throw
 */
export async function attachStamp(
  ports: Ports,
  environment: string,
  given: { readonly bytes: Uint8Array; readonly roots: Uint8Array; readonly request: Uint8Array | null },
): Promise<Attached> {
  const { bytes, roots, request } = given;
  const read = await ports.witnesses.readStamp(bytes, { roots, request });
  if (read.is === 'problem') throw invalid(`the time stamp cannot be read: ${read.problem.wrong}`);
  const stamp = read.value;
  const { ledger } = await soundHistory(ports, environment);
  const state = findState(ledger, ({ checkpointSha256 }) => checkpointSha256 === stamp.imprint.digest);
  const problem = stampProblem(stamp, state?.checkpointSha256 ?? 'a checkpoint of this ledger');
  if (state === null || problem !== null)
    throw invalid(`the time stamp ${problem ?? 'is over something else'}`);
  const { authority, chain } = stamp;
  if (chain.is !== 'pinned')
    throw invalid(
      `the time stamp is by ${authority.subject}, for whom no certificate of --tsa vouches${chain.is === 'unpinned' ? `: ${chain.why}` : ''}`,
      'compare the certificate of their root with a trusted copy, and name that',
    );
  assertClock(ports, ledger, state, stamp);
  const body = { size: state.size, root_sha256: state.rootSha256, stamp_sha256: sha256(bytes) };
  const recorded = await record(ports, { environment, ledger }, bytes, {
    type: 'TIME_STAMPED',
    mode: ports.mode,
    refs: [],
    body,
  });
  return { ...recorded, size: state.size, who: authority.subject, by: existedBy(stamp) };
}

/** A clock that differs from the authority's would put dates on record that contradict its stamp. */
function assertClock(
  { clock }: Pick<Ports, 'clock'>,
  { items }: Ledger,
  { size }: LedgerState,
  stamp: StampFacts,
): void {
  const last = items[size - 1]?.entry.time;
  const now = clock.now();
  const by = existedBy(stamp);
  if (last !== undefined && last > addSeconds(by, CLOCK_TOLERANCE))
    throw new GovbootError('CLOCK', `${entryName(size - 1)} is dated ${last}, and was stamped by ${by}`, {
      data: { last, by },
    });
  if (addSeconds(now, CLOCK_TOLERANCE) < stamp.time)
    throw new GovbootError('CLOCK', `it is ${now} here, and the time stamp is of ${stamp.time}`, {
      data: { now, stamp: stamp.time },
    });
}

/**
 * Puts an attestation on record: a DSSE envelope, or a bare signature over the pre-authentication encoding of the statement.
 * @param keys PEM of the public keys that may have signed it
 * @throws ATTACHMENT_INVALID, USAGE, and what `recordingDeps` and `append` throw
 */
export async function attachAttestation(
  ports: Ports,
  environment: string,
  { bytes, keys, file }: { readonly bytes: Uint8Array; readonly keys: Uint8Array; readonly file: string },
): Promise<Attached> {
  if (bytes.length > MOST_STAMP_BYTES) throw invalid(`${file} has ${String(bytes.length)} bytes`);
  const { ledger } = await soundHistory(ports, environment);
  const found = isText(bytes)
    ? await fromEnvelope(ports, ledger, storedEnvelope(bytes, file), keys)
    : await fromSignature(ports, ledger, bytes, keys);
  const { state, envelope, who } = found;
  const body = { size: state.size, root_sha256: state.rootSha256, envelope_sha256: sha256(envelope) };
  const recorded = await record(ports, { environment, ledger }, envelope, {
    type: 'ATTESTED',
    mode: ports.mode,
    refs: [],
    body,
  });
  return { ...recorded, size: state.size, who, by: null };
}

/** Whether it begins as a JSON object does. */
function isText(bytes: Uint8Array): boolean {
  return /^\s*\{/.test(new TextDecoder().decode(bytes.subarray(0, 64)));
}

interface Found {
  readonly state: LedgerState;
  readonly envelope: Uint8Array;
  readonly who: string;
}

async function fromEnvelope(
  { witnesses }: Ports,
  ledger: Ledger,
  envelope: Uint8Array,
  keys: Uint8Array,
): Promise<Found> {
  const { payload, signatures } = parseEnvelope(envelope, 'the envelope');
  const { size } = parseStatement(payload, 'the statement in the envelope').predicate.ledger;
  const state = stateOf(statedLedger(ledger), size);
  if (state === null || !sameBytes(state.statement, payload))
    throw invalid(`the statement is about ${String(size)} entries that are not those of this ledger`);
  const who = await signerOf(witnesses, keys, payload, signatures);
  if (who === null) throw nobody();
  return { state, envelope, who };
}

async function fromSignature(
  { witnesses }: Ports,
  ledger: Ledger,
  signature: Uint8Array,
  keys: Uint8Array,
): Promise<Found> {
  for (const state of states(ledger)) {
    const who = await signerOf(witnesses, keys, state.statement, [signature]);
    if (who !== null) return { state, envelope: envelopeOf(state.statement, signature), who };
  }
  throw nobody();
}

function nobody(): GovbootError {
  return invalid(
    'no key of --attestor signed a statement about this ledger',
    'sign what `govboot evidence statement --pae` writes, and name the public key of the signer',
  );
}

function* states(ledger: Ledger): Generator<LedgerState> {
  const newest = ledger.items.length;
  const stated = statedLedger(ledger);
  for (let size = newest; size > Math.max(0, newest - MOST_STATES); size--) {
    const state = stateOf(stated, size);
    if (state !== null) yield state;
  }
}

function findState(ledger: Ledger, isWanted: (state: LedgerState) => boolean): LedgerState | null {
  for (const state of states(ledger)) if (isWanted(state)) return state;
  return null;
}

/** Once for each content: who attaches it again is told where it is. */
async function record(
  ports: Ports,
  { environment, ledger }: { readonly environment: string; readonly ledger: Ledger },
  bytes: Uint8Array,
  entry: Extract<NewEntry, { type: 'TIME_STAMPED' | 'ATTESTED' }>,
): Promise<Pick<Attached, 'file' | 'isNew'>> {
  const digest = sha256(bytes);
  const before = ledger.items.find((each) => contentOf(each.entry) === digest);
  if (before !== undefined) return { file: before.file, isNew: false };
  const deps = await recordingDeps(ports, { store: ports.evidence(environment), ledger, environment });
  await storeBlobs(deps.store, [bytes]);
  const name = entry.type === 'TIME_STAMPED' ? 'time stamp' : 'attestation';
  const after = await append(deps, ledger, { ...entry, refs: [{ name, sha256: digest }] });
  await sealUnlessPending(deps, after);
  return { file: entryName(after.items.length - 1), isNew: true };
}

function contentOf(entry: LedgerEntry): Sha256 | string | null {
  if (entry.type === 'TIME_STAMPED') return entry.body.stamp_sha256;
  return entry.type === 'ATTESTED' ? entry.body.envelope_sha256 : null;
}

function invalid(what: string, hint?: string): GovbootError {
  return new GovbootError('ATTACHMENT_INVALID', what, hint === undefined ? {} : { hint });
}
