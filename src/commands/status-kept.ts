/** What `status` tells of where the evidence is kept, and of drift that is on record. By what lies here: nothing is asked. Pure. */
import { toJson, type Json } from '../kernel/json.ts';
import type { Mode } from '../inputs/facts.ts';
import { entryName } from '../evidence/layout.ts';
import { isOfDrift } from '../street/drift-on-record.ts';
import { flagOf, pushCommand } from '../street/next-command.ts';
import type { EnvironmentStanding } from '../street/standing.ts';
import type { StoreTold } from '../street/vault-told.ts';
import { row, type Row } from './status-row.ts';

/** Places besides the environment's own that are shown, the newest; a screen has 24 lines. */
const MOST_COPIES = 2;

export function storeRows({ name, stores, evidence }: EnvironmentStanding, mode: Mode): readonly Row[] {
  // What is wrong with the evidence itself is told in its own row.
  if (stores.is !== 'seen') return [];
  const isVerified = evidence.is === 'seen' && evidence.value.overall === 'ok';
  const own = stores.value.filter(({ isOwn }) => isOwn);
  const copies = stores.value.filter(({ isOwn }) => !isOwn);
  const more = copies.length - MOST_COPIES;
  return [
    ...[...own, ...copies.slice(-MOST_COPIES)].map((one) => storeRow(name, one, mode, isVerified)),
    ...(more > 0 ? [row('copy', 'plain', `${String(more)} more by older receipts`)] : []),
  ];
}

function storeRow(environment: string, told: StoreTold, mode: Mode, isVerified: boolean): Row {
  const { place, isOwn, size, files, untold, lastReceipt, open } = told;
  const label = isOwn ? 'store' : 'copy';
  if (open !== null) return row(label, 'plain', `${place.place}: ${open}`);
  if (untold.length > 0)
    return row(
      label,
      'warning',
      `${place.place}: ${String(untold.length)} of ${String(files)} files without a receipt`,
      pushOf(environment, told, mode),
    );
  const text = `${place.place}: all ${String(files)} files of ${String(size)} entries, receipt of ${lastReceipt ?? 'nobody'}`;
  return isVerified ? row(label, 'ok', text) : row(label, 'warning', `unverified: ${text}`);
}

/** The command that stores there what is missing. */
export function pushOf(environment: string, { place, isOwn }: StoreTold, mode: Mode): string {
  return pushCommand(environment, isOwn ? null : place, mode);
}

/** The environment's own store, where not all is known to be there. */
export function pendingStore({ stores }: EnvironmentStanding): StoreTold | null {
  const own = stores.is === 'seen' ? stores.value.find(({ isOwn }) => isOwn) : undefined;
  return own === undefined || own.untold.length === 0 ? null : own;
}

export function driftRows({ name, drift }: EnvironmentStanding, mode: Mode): readonly Row[] {
  if (drift === null) return [];
  const [first, ...others] = drift.body.findings;
  const where = `${first?.where ?? ''}${others.length === 0 ? '' : ` and ${String(others.length)} more`}`;
  const what = isOfDrift(drift) ? `found at ${drift.time}` : `not all could be read at ${drift.time}`;
  const text = `${what}: ${where}; on record: ${entryName(drift.seq)}`;
  return [row('drift', 'warning', text, `govboot drift ${name}${flagOf(mode)}`)];
}

export function keptJson({ stores, drift }: EnvironmentStanding): Readonly<Record<string, Json>> {
  return {
    drift:
      drift === null
        ? null
        : toJson({
            ...{ record: entryName(drift.seq), time: drift.time, lock_sha256: drift.body.lock_sha256 },
            findings: drift.body.findings,
          }),
    stores:
      stores.is !== 'seen'
        ? null
        : stores.value.map(({ place, isOwn, size, files, untold, lastReceipt, open }) =>
            toJson({ ...place, isOwn, size, files, untold, lastReceipt, open }),
          ),
  };
}
