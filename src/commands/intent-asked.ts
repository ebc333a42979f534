/** What an intent is made from, and how its parts are read, whether they were typed as options or as answers. */
import { GovbootError } from '../kernel/errors.ts';
import { isFingerprint, type Fingerprint } from '../inputs/facts.ts';
import type { IntentAction } from '../inputs/intent-action.ts';
import type { Parity } from '../inputs/parity.ts';
import { environmentOf } from '../inputs/settings.ts';
import { hintFor } from '../street/environments.ts';
import { PARITY_FILE } from '../street/gather.ts';
import type { Ports } from '../ports.ts';

/** Every answer, whoever gave it. */
export interface IntentAsked {
  readonly environment: string;
  readonly reason: string;
  readonly ticket: string;
  readonly tag: string;
  readonly region: string;
  readonly requester: Fingerprint;
  readonly hours: number;
  readonly action: IntentAction;
  readonly endpoint: string | null;
  readonly out: string;
}

export function policyOf(parity: Parity, name: string): Parity['environments'][string] {
  const environment = environmentOf(parity, name);
  if (environment === undefined) {
    throw new GovbootError('PARITY', `"${name}" is not an environment of ${PARITY_FILE}`, {
      hint: hintFor(name, Object.keys(parity.environments)),
    });
  }
  return environment;
}

/** @throws TAG_MISSING when there is none */
export async function tagsAtHead(ports: Pick<Ports, 'repository'>): Promise<readonly [string, ...string[]]> {
  const [tag, ...others] = await ports.repository.tagsAtHead();
  if (tag === undefined)
    throw new GovbootError('TAG_MISSING', 'no annotated tag points at HEAD', {
      hint: 'commit everything, then sign a tag of a new name: `git tag -s NAME -m "…"`',
    });
  return [tag, ...others];
}

export function requesterOf(print: string): Fingerprint {
  if (!isFingerprint(print))
    throw new GovbootError(
      'USAGE',
      `--requester is "${print}", not a fingerprint of 40 upper-case hexadecimal characters`,
    );
  return print;
}

/** Hours of a window where nobody says how long. */
const USUAL_HOURS = 24;

/** @param text null for as long as usual, or as the policy allows */
export function hoursOf(text: string | null, parity: Parity): number {
  const most = parity.intent.max_window_hours;
  if (text === null) return Math.min(USUAL_HOURS, most);
  const hours = Number(text);
  if (!/^[0-9]+$/.test(text) || hours < 1 || hours > most)
    throw new GovbootError('USAGE', `--hours is "${text}", not a whole number from 1 to ${String(most)}`, {
      hint: 'the most is intent.max_window_hours of the policy',
    });
  return hours;
}
