/** After an apply: the evidence goes to the environment's own store by itself. What does not get there is pending, and nothing is lost. */
import { isGovbootError, messageOf } from '../kernel/errors.ts';
import type { Ports } from '../ports.ts';
import { pushCommand } from './next-command.ts';
import { OWN_STORE, ownStore } from './vault-place.ts';
import { pushEvidence, type PushOutcome } from './vault-push.ts';

export type KeptAfter =
  | ({ readonly is: 'stored' } & PushOutcome)
  | { readonly is: 'pending'; readonly code: string; readonly why: string };

/** Never fails for what a store does: the backend is bootstrapped, and its evidence lies here. @returns null where there is no store */
export async function pushAfter(ports: Ports, environment: string): Promise<KeptAfter | null> {
  try {
    if ((await ownStore(ports, environment)) === null) return null;
    const pushed = await pushEvidence(ports, environment, OWN_STORE);
    for (const text of pushed.warnings) ports.emit({ type: 'warning', text });
    return { is: 'stored', ...pushed };
  } catch (error) {
    if (!isGovbootError(error)) throw error;
    ports.emit({
      type: 'warning',
      text: `the evidence is here, and not all of it is in its store yet: ${messageOf(error)} [${error.code}]; next: ${pushCommand(environment, null, ports.mode)}`,
    });
    return { is: 'pending', code: error.code, why: messageOf(error) };
  }
}
