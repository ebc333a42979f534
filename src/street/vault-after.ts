/**
 * After something was put on record: the evidence goes to the environment's own store by itself. What does not get there is pending, and
 * nothing is lost. Only the store that the lock names is gone to: what was just refused may be a policy that names another.
 */
import { isGovbootError, messageOf, type GovbootError } from '../kernel/errors.ts';
import { readLedger, type Ledger } from '../evidence/ledger.ts';
import type { Ports } from '../ports.ts';
import { pushCommand } from './next-command.ts';
import { OWN_STORE, ownStoreOf } from './vault-place.ts';
import { pushEvidence, type PushOutcome } from './vault-push.ts';

export type KeptAfter =
  | ({ readonly is: 'stored' } & PushOutcome)
  | { readonly is: 'pending'; readonly code: string; readonly why: string };

export interface After {
  /** As far as it was read already; only its lock is asked. */
  readonly ledger?: Pick<Ledger, 'lock'>;
  /** Of the AWS configuration; null as the SDK finds it. */
  readonly profile?: string | null;
}

/** Never fails for what a store does: the evidence lies here, and how the command ends is not up to a copy. @returns null where there is no store */
export async function pushAfter(
  ports: Ports,
  environment: string,
  after: After = {},
): Promise<KeptAfter | null> {
  const { profile = null } = after;
  try {
    const ledger = after.ledger ?? (await readLedger(ports.evidence(environment)));
    if (ledger.lock === null || (await ownStoreOf(ports, environment, ledger)) === null) return null;
    const pushed = await pushEvidence(ports, environment, OWN_STORE, profile);
    for (const text of pushed.warnings) ports.emit({ type: 'warning', text });
    return { is: 'stored', ...pushed };
  } catch (error) {
    if (!isGovbootError(error)) throw error;
    const { code } = error;
    const why = messageOf(error);
    const text = `the evidence is here, and not all of it is in its store yet: ${why} [${code}]; next: ${nextOf(ports, environment, error)}`;
    ports.emit({ type: 'warning', text });
    return { is: 'pending', code, why };
  }
}

function nextOf({ mode }: Pick<Ports, 'mode'>, environment: string, { code, hint }: GovbootError): string {
  const push = pushCommand(environment, null, mode);
  switch (code) {
    case 'EVIDENCE_UNDECIDED':
      return hint;
    case 'CLOUD_DENIED':
      return `${push}, by somebody who may write there; this caller may not`;
    default:
      return push;
  }
}
