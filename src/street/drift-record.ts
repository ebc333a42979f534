/** Drift on record: a signed entry of the ledger, once for each state that was found, however often it is looked at. */
import { sha256 } from '../kernel/digest.ts';
import { append } from '../evidence/append.ts';
import { storeBlobs } from '../evidence/blobs.ts';
import { entryName } from '../evidence/layout.ts';
import type { Drift } from '../plan/drift.ts';
import type { Ports } from '../ports.ts';
import { DRIFT_NAME, driftBytes, type DriftSeen } from './drift.ts';
import { driftOnRecord } from './drift-on-record.ts';
import { describeDrift } from './drift-words.ts';
import { recordingDeps } from './may-record.ts';
import { sealUnlessPending } from './record.ts';
import { boundedFindings, told } from './refusal-entry.ts';

/** @returns the file of the entry that has it, and whether it was written just now */
export interface DriftRecorded {
  readonly file: string;
  readonly isNew: boolean;
}

/**
 * Puts what was found on record, unless the last thing on record of this lock is the very same.
 * @throws SIGNER, SIGNER_NOT_ALLOWED, SIGNER_ROLE, SIGNER_INACTIVE, EVIDENCE_MISSING, EVIDENCE_INVALID, EVIDENCE_WRITE, CLOCK
 */
export async function recordDrift(ports: Ports, seen: DriftSeen): Promise<DriftRecorded> {
  const bytes = driftBytes(seen);
  const digest = sha256(bytes);
  const before = driftOnRecord(seen.ledger);
  if (before?.body.drift_sha256 === digest) return { file: entryName(before.seq), isNew: false };
  // Not the copy that was compared: what is written is read back from the folder itself.
  const { environment, ledger: known } = seen;
  const deps = await recordingDeps(ports, { store: ports.evidence(environment), ledger: known, environment });
  await storeBlobs(deps.store, [bytes]);
  const ledger = await append(deps, seen.ledger, {
    type: 'DRIFT_FOUND',
    mode: ports.mode,
    refs: [{ name: DRIFT_NAME, sha256: digest }],
    body: {
      lock_sha256: seen.lock.sha256,
      drift_sha256: digest,
      caller: told(seen.caller.arn),
      findings: boundedFindings(seen.report.drifts.map((drift) => findingOf(drift))),
    },
  });
  await sealUnlessPending(deps, ledger);
  return { file: entryName(ledger.items.length - 1), isNew: true };
}

function findingOf(drift: Drift): { where: string; code: string; message: string } {
  return {
    where: drift.control ?? drift.resource,
    code: drift.is === 'unreadable' ? drift.code : 'DRIFT_FOUND',
    message: `${drift.is}: ${describeDrift(drift)}`,
  };
}
