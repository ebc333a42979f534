/** What the ledger knows of drift of the lock in force. Pure. */
import type { LedgerEntry } from '../inputs/evidence-documents.ts';
import type { Ledger } from '../evidence/ledger.ts';

export type DriftFound = Extract<LedgerEntry, { type: 'DRIFT_FOUND' }>;

/** The last drift that was found since the last lock was written; null where there is none. */
export function driftOnRecord({ items }: Pick<Ledger, 'items'>): DriftFound | null {
  const last = items
    .map(({ entry }) => entry)
    .findLast(({ type }) => type === 'DRIFT_FOUND' || type === 'LOCK_WRITTEN');
  return last?.type === 'DRIFT_FOUND' ? last : null;
}

/** Whether anything in it is another than the lock says; else it could only not be read. */
export function isOfDrift({ body }: DriftFound): boolean {
  return body.findings.some(({ code }) => code === 'DRIFT_FOUND');
}
