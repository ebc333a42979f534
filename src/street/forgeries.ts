/** What an earlier run left is believed only as far as it is signed: a forged ledger would hide a used nonce or a lock. */
import type { GovernanceFacts, Problem } from '../inputs/facts.ts';
import { holds, personOf, type Trust } from '../inputs/trust.ts';
import { sha256 } from '../kernel/digest.ts';
import { entryName } from '../evidence/layout.ts';
import type { Ledger } from '../evidence/ledger.ts';
import { foundationProblems, type VerifyReport } from '../evidence/report.ts';
import { verifyEvidence } from '../evidence/verify.ts';
import type { EvidenceStore, Ports } from '../ports.ts';

export interface Foundation {
  readonly problems: readonly Problem[];
  /** Who vouches for the list of people that the evidence was signed under; null where there is no evidence yet. */
  readonly vouched: VerifyReport['vouched'] | null;
}

/** Judges the evidence that a run would build on. @param trust the present trust file, if it could be read */
export async function judgeFoundation(
  ports: Pick<Ports, 'verifier' | 'witnesses' | 'clock' | 'mode'>,
  {
    environment,
    store,
    ledger,
  }: { readonly environment: string; readonly store: EvidenceStore; readonly ledger: Ledger },
  { pins, pinForPath, kept }: Pick<GovernanceFacts, 'pins' | 'pinForPath' | 'kept'>,
  trust: Trust | null,
): Promise<Foundation> {
  if (ledger.head === null) return { problems: [], vouched: null };
  // What the machine pinned goes before what the folder says: a foreign trust file must not make our own ledger look forged.
  const repository = pinForPath?.repository ?? trust?.repository;
  const report = await verifyEvidence({
    store,
    verifier: ports.verifier,
    witnesses: ports.witnesses,
    pins,
    now: ports.clock.now(),
    environment,
    mode: ports.mode,
    released: kept.is === 'read' ? kept.value.map(({ file }) => sha256(file.bytes)) : [],
    ...(repository === undefined ? {} : { repository }),
  });
  return {
    problems: [...foundationProblems(report), ...strangers(ledger, trust, environment)],
    vouched: report.vouched,
  };
}

/** Before the first run nothing in the evidence says who may sign it; then the list of people does, which another gate judges. */
function strangers(ledger: Ledger, trust: Trust | null, environment: string): readonly Problem[] {
  const entries = ledger.items.map(({ entry }) => entry);
  if (trust === null || entries.some(({ type }) => type === 'APPLY_STARTED' || type === 'APPLY_RESUMED'))
    return [];
  return entries
    .filter(({ actor }) => {
      const person = personOf(trust, actor.fingerprint);
      return person === undefined || !holds(person, 'evidence', environment);
    })
    .map(({ seq, actor }) => ({
      code: 'EVIDENCE_INVALID',
      wrong: `${entryName(seq)} is by ${actor.fingerprint}, who may not sign evidence`,
    }));
}
