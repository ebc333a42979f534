/** What a look at one environment came to, in words, for machines, and as the end of the command. */
import { GovbootError } from '../kernel/errors.ts';
import { toJson, type Json } from '../kernel/json.ts';
import type { Mode } from '../inputs/facts.ts';
import { entryName } from '../evidence/layout.ts';
import type { Drift } from '../plan/drift.ts';
import type { DriftSeen } from '../street/drift.ts';
import { driftOnRecord, isOfDrift } from '../street/drift-on-record.ts';
import type { DriftRecorded } from '../street/drift-record.ts';
import type { KeptAfter } from '../street/vault-after.ts';

/** How one environment was found; `untold`: there was nothing to compare, or no way to. */
export type Outcome =
  | { readonly is: 'same'; readonly environment: string; readonly seen: DriftSeen }
  | {
      readonly is: 'drifted' | 'unreadable';
      readonly environment: string;
      readonly seen: DriftSeen;
      /** Where it is on record, or why it is not. */
      readonly record: DriftRecorded | { readonly why: string };
      /** What became of a new record in the environment's own store; null without either. */
      readonly store: KeptAfter | null;
    }
  | { readonly is: 'none'; readonly environment: string }
  | { readonly is: 'untold'; readonly environment: string; readonly error: GovbootError };

/** One line of it, with the name of the environment in front. */
export function headline(outcome: Outcome): string {
  const { environment } = outcome;
  switch (outcome.is) {
    case 'none':
      return `${environment}: no record yet`;
    case 'untold':
      return `${environment}: not looked at: ${outcome.error.message} [${outcome.error.code}]`;
    case 'same': {
      const { report, lock } = outcome.seen;
      const asLocked = `${environment}: none; ${String(report.same)} controls are as lock ${lock.sha256.slice(0, 16)} says`;
      const was = wasOf(outcome);
      return was === null ? asLocked : `${asLocked} again; on record as ${was.is}: ${was.file}`;
    }
    case 'drifted':
    case 'unreadable': {
      const { report, lock } = outcome.seen;
      const beside = `${String(report.same)} controls are as lock ${lock.sha256.slice(0, 16)} says`;
      return `${environment}: ${countsOf(report.drifts)}; ${beside}`;
    }
  }
}

/** What is on record of a backend that is as its lock says again; null where nothing is. */
function wasOf({ is, seen }: Extract<Outcome, { seen: DriftSeen }>): {
  readonly is: 'drifted' | 'unreadable';
  readonly file: string;
} | null {
  const found = is === 'same' ? driftOnRecord(seen.ledger) : null;
  return found === null
    ? null
    : { is: isOfDrift(found) ? 'drifted' : 'unreadable', file: entryName(found.seq) };
}

function countsOf(drifts: readonly Drift[]): string {
  return (['drifted', 'missing', 'extra', 'unreadable'] as const)
    .map((is) => [drifts.filter((one) => one.is === is).length, is] as const)
    .filter(([count]) => count > 0)
    .map(([count, is]) => `${String(count)} ${is}`)
    .join(', ');
}

/** What the run ends with: drift before forged evidence before whatever kept it from looking; null when all is as it should be. */
export function worstOf(outcomes: readonly Outcome[]): GovbootError | null {
  const drifted = driftFound(
    outcomes.filter(({ is }) => is === 'drifted').map(({ environment }) => environment),
  );
  if (drifted !== null) return drifted;
  const errors = outcomes.flatMap((one) => (one.is === 'untold' ? [one.error] : []));
  const [error] = [...errors.filter(({ code }) => code === 'EVIDENCE_INVALID'), ...errors];
  if (error !== undefined) return error;
  const hidden = outcomes.filter(({ is }) => is === 'unreadable').map(({ environment }) => environment);
  return hidden.length === 0
    ? null
    : new GovbootError(
        'DRIFT_UNREADABLE',
        `a part of the backend of ${hidden.join(', ')} could not be read`,
        {
          data: { environments: hidden },
        },
      );
}

/** null where no environment drifted. */
export function driftFound(environments: readonly string[]): GovbootError | null {
  return environments.length === 0
    ? null
    : new GovbootError(
        'DRIFT_FOUND',
        `the live backend of ${environments.join(', ')} is not as its lock says`,
        { data: { environments } },
      );
}

/** For machines: everything, values in full. */
export function asJson(mode: Mode, outcomes: readonly Outcome[]): Readonly<Record<string, Json>> {
  return {
    mode,
    environments: toJson(
      outcomes.map((outcome) => {
        const { is, environment } = outcome;
        if (outcome.is === 'none') return { environment, is };
        if (outcome.is === 'untold') {
          const { code, message } = outcome.error;
          return { environment, is, code, message };
        }
        const { seen } = outcome;
        return {
          ...{ environment, is, lock_sha256: seen.lock.sha256, caller: seen.caller.arn },
          ...{ same: seen.report.same, unfinished: seen.unfinished },
          drifts: seen.report.drifts.map((one) => {
            const seq = one.control === null ? undefined : seen.since.get(one.control);
            return { ...one, since: seq === undefined ? null : entryName(seq) };
          }),
          record: outcome.is === 'same' ? null : outcome.record,
          was: wasOf(outcome),
          store: outcome.is === 'same' ? null : outcome.store,
        };
      }),
    ),
  };
}
