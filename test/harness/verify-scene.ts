/** The evidence of a scene, as an auditor who pinned its root verifies it. */
import { verifyEvidence, type VerifyInput } from '../../src/evidence/verify.ts';
import type { VerifyReport } from '../../src/evidence/report.ts';
import type { Clock } from '../../src/ports.ts';
import type { Scene } from './evidence-fixture.ts';
import { witnesses } from './witnesses.ts';

export async function verifyScene(
  {
    store,
    verifier,
    pins,
    clock,
  }: Pick<Scene, 'store' | 'verifier' | 'pins'> & { readonly clock: Pick<Clock, 'now'> },
  input: Partial<VerifyInput> = {},
): Promise<VerifyReport> {
  return verifyEvidence({ store, verifier, witnesses, pins, now: clock.now(), environment: 'dev', ...input });
}
