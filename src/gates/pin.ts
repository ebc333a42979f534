/** The pin that counts for a repository: where every walk along the versions of the trust file begins. */
import type { GovernanceFacts, PinFacts } from '../inputs/facts.ts';
import type { Roots } from '../inputs/trust.ts';
import { finding, type Finding } from './verdict.ts';

export type PinChoice =
  | { readonly is: 'pinned'; readonly pin: PinFacts }
  | { readonly is: 'refused'; readonly findings: readonly Finding[] };

/** The pin of this folder, else the newest one of this repository. @param repository as the trust file says it */
export function choosePin(
  repository: string,
  { pinForPath, pins }: Pick<GovernanceFacts, 'pinForPath' | 'pins'>,
): PinChoice {
  if (pinForPath !== null && pinForPath.repository !== repository)
    return refused(
      finding(
        'REPO_ID_MISMATCH',
        `policies/trust.yaml is of repository ${repository}, but ${pinForPath.repository} is pinned for this folder`,
        { data: { found: repository, pinned: pinForPath.repository, pin: pinForPath.file } },
      ),
    );
  const pin = pinForPath ?? newestOf(pins.filter((each) => each.repository === repository));
  if (pin === undefined) return refused(notPinned(`repository ${repository}`));
  // A pin file is edited by hand now and then; one that demands nothing pins nothing.
  const keys = new Set(pin.roots).size;
  if (pin.threshold < 1 || pin.threshold > keys)
    return refused(
      finding(
        'TRUST_NOT_PINNED',
        `${pin.file}: the pin demands ${String(pin.threshold)} of ${String(keys)} root keys`,
        { data: { pin: pin.file } },
      ),
    );
  return { is: 'pinned', pin };
}

/** What a pin vouches with. */
export function rootsOfPin({ trustVersion, roots, threshold }: PinFacts): Roots {
  return { version: trustVersion, keys: roots, threshold };
}

export function notPinned(what: string): Finding {
  return finding('TRUST_NOT_PINNED', `no root key of ${what} is pinned on this machine`);
}

function newestOf(pins: readonly PinFacts[]): PinFacts | undefined {
  return [...pins].sort((a, b) => b.trustVersion - a.trustVersion)[0];
}

function refused(wrong: Finding): PinChoice {
  return { is: 'refused', findings: [wrong] };
}
