/**
 * The live backend of one environment against its lock: the evidence is verified first, the cloud is read by the way that the signed
 * intent names, and nothing is changed. What is found can be put on record.
 */
import { canonicalBytes, sameJson } from '../kernel/canonical.ts';
import type { Sha256 } from '../kernel/digest.ts';
import { attempt, GovbootError } from '../kernel/errors.ts';
import { toJson, type Json } from '../kernel/json.ts';
import { fileOf } from '../inputs/file-read.ts';
import { parseLock, type BackendLock, type LedgerEntry } from '../inputs/evidence-documents.ts';
import type { CallerFacts } from '../inputs/facts.ts';
import { parseIntent, type Intent } from '../inputs/intent.ts';
import { parseParity } from '../inputs/parity.ts';
import { blobName, LOCK } from '../evidence/layout.ts';
import { factsOf, type Ledger } from '../evidence/ledger.ts';
import type { VerifyReport } from '../evidence/report.ts';
import type { Blueprint } from '../plan/blueprint.ts';
import type { ControlId } from '../plan/control.ts';
import { findDrift, type Drift, type DriftReport } from '../plan/drift.ts';
import { makeBlueprint } from '../plan/make-blueprint.ts';
import type { EvidenceStore, Ports } from '../ports.ts';
import { readHistory } from './history.ts';
import { flagOf } from './next-command.ts';
import { lockedOf, timed } from './parts.ts';
import { reach } from './reach.ts';

/** Name and format of what is found, as it is stored. */
export const DRIFT_NAME = 'drift';
const DRIFT_SCHEMA = 'govboot.drift/v1';

export interface DriftRequest {
  readonly environment: string;
  /** Of the AWS configuration; null as the SDK finds it. */
  readonly profile: string | null;
}

export interface DriftSeen {
  readonly environment: string;
  readonly lock: { readonly sha256: Sha256; readonly document: BackendLock };
  readonly caller: CallerFacts;
  readonly report: DriftReport;
  /** Number of the ledger entry since which the recorded value holds, by control. */
  readonly since: ReadonlyMap<ControlId, number>;
  /** A run that began and did not finish, which explains much of what differs. */
  readonly unfinished: string | null;
  readonly store: EvidenceStore;
  readonly ledger: Ledger;
}

/**
 * Reads and compares; writes nothing anywhere.
 * @throws EVIDENCE_MISSING without a lock, EVIDENCE_INVALID when it is not to be believed, IDENTITY_MISMATCH for another account, and
 * whatever keeps the cloud from being asked
 */
export async function lookForDrift(ports: Ports, { environment, profile }: DriftRequest): Promise<DriftSeen> {
  // What is verified is what is compared.
  const { store, ledger, report: verified } = await readHistory(ports, environment);
  assertBelieved(environment, verified);
  const { lock } = ledger;
  const locked = lockedOf(ledger);
  if (lock === null || locked === null)
    throw new GovbootError('EVIDENCE_MISSING', `there is no lock of ${environment} to compare with`, {
      hint: `run \`govboot apply ${environment}${flagOf(ports.mode)}\` first`,
    });
  const intent = parseIntent(
    fileOf(lock.document.intent.file, await blob(store, lock.document.intent.sha256)),
  );
  const blueprint = await blueprintOf(store, lock.document, intent);
  const { caller, doors } = await reach(ports, intent, ports.machine.environment(), profile);
  if (caller.is === 'problem' || doors === null) throw unasked(caller);
  assertCaller(caller.value, lock.document.backend);
  const text = `read the present state of every control of ${environment}`;
  const observation = await timed(ports, `observe ${environment}`, text, () =>
    doors.cloud.observe(blueprint),
  );
  const { known } = lock.document.backend;
  const report = findDrift(doors.cloud.table, blueprint, { ...locked, known }, observation);
  return {
    environment,
    lock,
    caller: caller.value,
    report,
    since: await sinceWhen(store, ledger, report.drifts),
    unfinished: factsOf(ledger).unfinished?.run ?? null,
    store,
    ledger,
  };
}

/** A lock that anybody could have written would make any change look right. */
function assertBelieved(environment: string, { mode, overall, vouched, answers }: VerifyReport): void {
  if (overall === 'bad' || vouched === 'no') {
    const [first] = answers.flatMap(({ findings }) => findings).filter(({ is }) => is === 'bad');
    const what = first === undefined ? 'nobody vouches for it' : `${first.file}: ${first.what}`;
    throw new GovbootError('EVIDENCE_INVALID', `the evidence of ${environment} is not valid: ${what}`, {
      hint: `govboot verify ${environment}${flagOf(mode)}`,
    });
  }
}

/** The blueprint by which the lock was made, by its own documents; also of what has lost its tags everything is read. */
async function blueprintOf(
  store: EvidenceStore,
  { policy, origin }: BackendLock,
  intent: Intent,
): Promise<Blueprint> {
  const parity = parseParity(fileOf('policies/parity.yaml', await blob(store, policy.parity_sha256)));
  return { ...makeBlueprint(intent, parity, origin.repository), adopts: 'locked' };
}

/** The evidence was verified, so a blob that the lock names is there and is what its name says. */
async function blob(store: EvidenceStore, digest: string): Promise<Uint8Array> {
  const bytes = await store.read(blobName(digest));
  if (bytes === null)
    throw new GovbootError('EVIDENCE_MISSING', `${blobName(digest)} is not there`, { data: { digest } });
  return bytes;
}

function unasked(caller: Awaited<ReturnType<typeof reach>>['caller']): GovbootError {
  return caller.is === 'problem'
    ? new GovbootError(caller.problem.code, caller.problem.wrong)
    : new GovbootError('CLOUD_UNREACHABLE', 'no cloud was reached');
}

/** Another account has no such backend, and would make all of it look gone. */
function assertCaller(
  { arn, account, partition }: CallerFacts,
  backend: Pick<BackendLock['backend'], 'account' | 'partition'>,
): void {
  if (account === backend.account && partition === backend.partition) return;
  throw new GovbootError(
    'IDENTITY_MISMATCH',
    `${arn} calls from account ${account} (${partition}); the lock is of ${backend.account} (${backend.partition})`,
    {
      hint: 'sign in to the account of the environment, or name its profile with --profile',
      data: { found: account, expected: backend.account },
    },
  );
}

type LockWritten = Extract<LedgerEntry, { type: 'LOCK_WRITTEN' }>;

/** The lock since which each recorded value has been the same, lock by lock backwards; one that cannot be read ends the search. */
async function sinceWhen(
  store: EvidenceStore,
  { items }: Ledger,
  drifts: readonly Drift[],
): Promise<ReadonlyMap<ControlId, number>> {
  const since = new Map<ControlId, number>();
  const open = new Map<ControlId, Json>(
    drifts.flatMap((drift) =>
      drift.control !== null && (drift.is === 'drifted' || drift.is === 'extra')
        ? [[drift.control, drift.recorded] as const]
        : [],
    ),
  );
  const locks = items.flatMap(({ entry }) => (entry.type === 'LOCK_WRITTEN' ? [entry] : []));
  for (const written of locks.toReversed()) {
    if (open.size === 0) break;
    const values = await valuesOf(store, written);
    for (const [control, recorded] of open) {
      const value = values.get(control);
      if (value !== undefined && sameJson(value, recorded)) since.set(control, written.seq);
      else open.delete(control);
    }
  }
  return since;
}

async function valuesOf(store: EvidenceStore, { body }: LockWritten): Promise<ReadonlyMap<ControlId, Json>> {
  const bytes = await store.read(blobName(body.lock_sha256));
  const lock =
    bytes === null
      ? null
      : attempt(
          () => parseLock(bytes, LOCK),
          () => null,
        );
  return new Map(lock?.backend.controls.map(({ id, value }) => [id, value]) ?? []);
}

/** All that was found, as it is stored: the same drift has the same bytes, whenever it is looked at and by whom. */
export function driftBytes({ environment, lock, report }: DriftSeen): Uint8Array {
  return canonicalBytes({
    schema: DRIFT_SCHEMA,
    environment,
    lock_sha256: lock.sha256,
    drifts: report.drifts.map((drift) => toJson(drift)),
  });
}
