/** Which file each version of the trust file was, as far as the ledger and the lock name them. */
import type { BackendLock, LedgerEntry } from '../inputs/evidence-documents.ts';
import type { LedgerFacts } from '../inputs/facts.ts';
import { keptVersion } from '../inputs/trust.ts';
import { isSha256 } from '../kernel/digest.ts';
import { TRUST_NAME } from './layout.ts';

type OnRecord = LedgerFacts['trustOnRecord'][number];

/** The versions that were kept when a run began, and the one that the lock was made under; each once. */
export function trustOnRecord(
  entries: readonly LedgerEntry[],
  lock: BackendLock | null,
): LedgerFacts['trustOnRecord'] {
  const named = entries.flatMap((entry) =>
    isBeginning(entry)
      ? entry.refs.map(({ name, sha256 }) => ({ version: keptVersion(name), sha256, name }))
      : [],
  );
  const locked =
    lock === null
      ? []
      : [{ version: lock.policy.trust_version, sha256: lock.policy.trust_sha256, name: TRUST_NAME }];
  const found = new Map<string, OnRecord>();
  for (const { version, sha256, name } of [...named, ...locked])
    if (version !== null && isSha256(sha256)) found.set(`${name} ${sha256}`, { version, sha256, name });
  return [...found.values()];
}

/** Such an entry is made only when every gate has passed, and its refs are the inputs that they judged. */
export function isBeginning(
  entry: LedgerEntry,
): entry is Extract<LedgerEntry, { type: 'APPLY_STARTED' | 'APPLY_RESUMED' }> {
  return entry.type === 'APPLY_STARTED' || entry.type === 'APPLY_RESUMED';
}
