/** All that a run did, over every sitting: what its journal says was begun, with what each of its plans had found before. */
import { GovbootError } from '../kernel/errors.ts';
import type { Json } from '../kernel/json.ts';
import { readJournal } from '../apply/journal.ts';
import { blobName } from '../evidence/layout.ts';
import type { Ledger } from '../evidence/ledger.ts';
import type { LockedRun } from '../evidence/lock.ts';
import { changes, parsePlan } from '../plan/plan.ts';
import type { ChangeStep } from '../plan/step.ts';
import type { EvidenceStore } from '../ports.ts';

/**
 * The steps of `run` in the order in which they were first begun. `before` is of the first plan that had the step: a later one may have
 * found what an earlier sitting wrote.
 * @throws EVIDENCE_WRITE when a plan of the run is not in the evidence; EVIDENCE_INVALID for a damaged journal
 */
export async function runSteps(
  store: EvidenceStore,
  { items }: Pick<Ledger, 'items'>,
  run: string,
): Promise<LockedRun['steps']> {
  const journal = await readJournal(store, run);
  if (journal === null) return [];
  const before = new Map<string, Json>();
  for (const { entry } of items) {
    if ((entry.type !== 'APPLY_STARTED' && entry.type !== 'APPLY_RESUMED') || entry.body.run !== run)
      continue;
    for (const step of await changesOf(store, entry.body.plan_sha256))
      if (!before.has(step.id)) before.set(step.id, beforeOf(step));
  }
  return [...journal.steps].map(([id, { requestIds, retries }]) => ({
    id,
    before: before.get(id) ?? null,
    request_ids: requestIds.map(({ call, id: given }) => ({ call, id: given })),
    retries,
  }));
}

async function changesOf(store: EvidenceStore, digest: string): Promise<readonly ChangeStep[]> {
  const bytes = await store.read(blobName(digest));
  if (bytes === null)
    throw new GovbootError('EVIDENCE_WRITE', `plan ${digest} of this run is not in the evidence`, {
      data: { file: blobName(digest) },
    });
  return changes(parsePlan(bytes));
}

const beforeOf = (step: ChangeStep): Json => (step.kind === 'create' ? null : step.from);
