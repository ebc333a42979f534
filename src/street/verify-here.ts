/** The evidence of one environment, as this machine can verify it: offline, by its pins and by the certificates of the repository. */
import type { VerifyReport } from '../evidence/report.ts';
import { verifyEvidence, type VerifyInput } from '../evidence/verify.ts';
import type { Ports } from '../ports.ts';
import { keyFilesOf } from './gather.ts';

/** @throws EVIDENCE_MISSING when there is no ledger */
export async function verifyHere(
  ports: Ports,
  environment: string,
  more: Partial<Pick<VerifyInput, 'anchor' | 'store' | 'vault'>> = {},
): Promise<VerifyReport> {
  return verifyEvidence({
    store: ports.evidence(environment),
    verifier: ports.verifier,
    pins: await ports.pins.load(),
    now: ports.clock.now(),
    environment,
    mode: ports.mode,
    // Certificates as the repository has them today: they know of revocations that the evidence cannot know.
    keys: await keyFilesOf(await ports.repository.open()),
    ...more,
  });
}
