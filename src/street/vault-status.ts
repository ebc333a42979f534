/** How a store stands to the evidence at hand: what it holds, what it lacks, and whether it is still as the receipts say. */
import { mapBounded } from '../kernel/bounded.ts';
import type { Instant } from '../kernel/time.ts';
import { coveredBy, receiptsFor, receiptsOf } from '../evidence/receipts.ts';
import { askVault, type VaultFinding } from '../evidence/vault-ask.ts';
import { listVault, vaultPrefix } from '../evidence/vault-layout.ts';
import { PARALLEL, pendingOf } from '../evidence/vault-push.ts';
import type { Ports, VaultPlace } from '../ports.ts';
import { openVault, type AskedPlace } from './vault-place.ts';
import { keptEvidence } from './vault-push.ts';

export interface VaultStanding {
  readonly place: VaultPlace;
  /** Entries of the ledger that are sealed here. */
  readonly size: number;
  /** Files of the sealed evidence, and those of them that the store lacks. */
  readonly files: number;
  readonly pending: readonly string[];
  /** Files that are there, and of which no receipt tells. */
  readonly untold: readonly string[];
  readonly lastReceipt: { readonly time: Instant; readonly size: number } | null;
  /** Objects that receipts tell of, and until when the first of them is free; null where nothing holds one. */
  readonly told: number;
  readonly heldUntil: Instant | null;
  readonly findings: readonly VaultFinding[];
}

/** Reads, and writes nothing. @throws what `keptEvidence` and `openVault` throw */
export async function vaultStanding(
  ports: Ports,
  environment: string,
  asked: AskedPlace,
): Promise<VaultStanding> {
  const { sealed, report } = await keptEvidence(ports, environment);
  const { vault } = await openVault(ports, environment, asked);
  const prefix = vaultPrefix(report.mode, report.origin.environment);
  const listing = await listVault(vault, prefix);
  const receipts = receiptsOf(sealed.files);
  const covered = coveredBy(receipts, vault.place);
  const { pending, untold } = pendingOf({ prefix, sealed, covered }, listing);
  const last = receiptsFor(receipts, vault.place).at(-1);
  const now = ports.clock.now();
  const findings = await mapBounded([...covered.values()], PARALLEL, (object) =>
    askVault(vault, listing, object, { now, read: false }),
  );
  const untils = [...covered.values()].map(({ retention }) => retention.until);
  const missing = new Set(pending.map(({ name }) => name));
  return {
    place: vault.place,
    size: sealed.size,
    files: sealed.files.size,
    pending: [...missing],
    untold: untold.map(({ name }) => name).filter((name) => !missing.has(name)),
    lastReceipt: last === undefined ? null : { time: last.time, size: last.ledger.size },
    told: covered.size,
    heldUntil: untils.includes(null) ? null : (untils.toSorted().at(0) ?? null),
    findings: findings.flat(),
  };
}
