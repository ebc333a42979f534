/** Ledger entries in words. Pure. What they say came from outside: it is escaped where it is printed. */
import { clip } from '../kernel/text.ts';
import type { LedgerEntry } from '../inputs/evidence-documents.ts';
import type { Intent } from '../inputs/intent.ts';

/** Findings of a refusal that are told; `show` has all. */
const MOST_FINDINGS = 3;
const LONGEST = 200;

export interface Told {
  /** What happened. */
  readonly what: string;
  /** Whether it is a refusal or a failure. */
  readonly isBad: boolean;
}

/** @param intent the one that the entry names, where it is stored */
export function told(entry: LedgerEntry, intent: Intent | null): Told {
  const why = intent === null ? '' : `; ${intent.action}: ${intent.reason} (${intent.ticket})`;
  switch (entry.type) {
    case 'GENESIS': {
      const { threshold, keys } = entry.body.roots;
      return good(`ledger begun, root keys ${String(threshold)} of ${String(keys.length)}`);
    }
    case 'GATE_FAIL':
      return bad(`refused by the gates: ${findings(entry.body.findings)}; ${entry.body.intent}`);
    case 'PLAN_REFUSED':
      return bad(`plan refused: ${findings(entry.body.findings)}${why}`);
    case 'DECLINED':
      return bad(`declined: ${entry.body.code}: ${clip(entry.body.why, LONGEST)}${why}`);
    case 'APPLY_STARTED':
      return good(`apply begun, tag ${entry.body.tag}${why}`);
    case 'APPLY_RESUMED':
      return good(`apply resumed, tag ${entry.body.tag}${why}`);
    case 'APPLY_FAILED': {
      const end = entry.body.final ? 'given up' : 'can be resumed';
      return bad(`apply failed, ${end}: ${entry.body.code}: ${clip(entry.body.message, LONGEST)}`);
    }
    case 'APPLY_DONE':
      return good(`apply done, tag ${entry.body.tag}`);
    case 'LOCK_WRITTEN': {
      const { supersedes, lock_sha256: lock } = entry.body;
      const instead = supersedes === null ? '' : `, in the place of ${supersedes.slice(0, 16)}`;
      return good(`locked by ${lock.slice(0, 16)}${instead}`);
    }
    case 'DRIFT_FOUND':
      // What all of them are of is said already; which control it is says more.
      return bad(
        `drift found: ${findings(entry.body.findings.map(({ where, message }) => ({ code: where, message })))}`,
      );
    case 'TIME_STAMPED':
      return good(`time stamp attached, over the first ${String(entry.body.size)} entries`);
    case 'ATTESTED':
      return good(`attestation attached, over the first ${String(entry.body.size)} entries`);
  }
}

function good(what: string): Told {
  return { what, isBad: false };
}

function bad(what: string): Told {
  return { what, isBad: true };
}

function findings(all: readonly { readonly code: string; readonly message: string }[]): string {
  const shown = all.slice(0, MOST_FINDINGS).map(({ code, message }) => `${code}: ${clip(message, LONGEST)}`);
  const more = all.length - shown.length;
  return [...shown, ...(more > 0 ? [`and ${String(more)} more`] : [])].join('; ');
}
