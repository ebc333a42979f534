/** Asks a vault for one object that a receipt tells of: is it there, is it the same, does anything hide it, is it held as long? */
import type { Code } from '../kernel/codes.ts';
import { CODES } from '../kernel/codes.ts';
import { sha256 } from '../kernel/digest.ts';
import type { Instant } from '../kernel/time.ts';
import type { ReceiptObject } from '../inputs/store-receipt.ts';
import type { EvidenceVault, Retention, VaultPlace } from '../ports.ts';
import type { VaultListing } from './vault-layout.ts';

/** One thing that is not as the receipt says. */
export interface VaultFinding {
  readonly code: Extract<Code, 'VAULT_CONFLICT' | 'WORM_SHADOWED' | 'WORM_WEAK'>;
  readonly key: string;
  readonly what: string;
  readonly hint: string;
}

/** @param how.read whether the content is read and hashed too */
export async function askVault(
  vault: EvidenceVault,
  listing: VaultListing,
  object: ReceiptObject,
  how: { readonly now: Instant; readonly read: boolean },
): Promise<readonly VaultFinding[]> {
  const { key, version_id: version, sha256: digest } = object;
  const found: VaultFinding[] = [];
  const add = (code: VaultFinding['code'], what: string): void => {
    found.push({ code, key, what, hint: CODES[code].remedy });
  };
  const now = await vault.open(key, version);
  if (now === null) {
    add('VAULT_CONFLICT', `version ${version} is not there any more`);
    return found;
  }
  const content = how.read ? sha256(await now.read()) : null;
  if (content !== null && content !== digest)
    add('VAULT_CONFLICT', `version ${version} is SHA-256 ${content}; the receipt says ${digest}`);
  else if (now.bytes !== object.bytes)
    add(
      'VAULT_CONFLICT',
      `version ${version} has ${String(now.bytes)} bytes; the receipt says ${String(object.bytes)}`,
    );
  if (listing.newest.get(key) !== version)
    add('WORM_SHADOWED', `version ${version} is there, and something newer hides it`);
  const weak = weakness(vault.place, object.retention, now.retention, how.now);
  if (weak !== null) add('WORM_WEAK', weak);
  return found;
}

/**
 * Why nobody should rely on how a version is held; null where it is held as it was. A folder tells nothing of it, so that nothing is
 * claimed of it either.
 */
export function weakness(
  { kind }: Pick<VaultPlace, 'kind'>,
  was: Retention,
  is: Retention,
  now: Instant,
): string | null {
  if (kind === 'folder') return null;
  // Its time is over, as it was meant to be.
  if (was.until !== null && was.until <= now) return null;
  if (is.mode === 'none')
    return was.mode === 'none'
      ? 'nothing holds it'
      : `was held until ${was.until ?? ''}, and nothing holds it now`;
  if (is.mode === 'GOVERNANCE') return 'is held in mode GOVERNANCE, which whoever may bypass it can lift';
  if (is.until !== null && was.until !== null && is.until < was.until)
    return `was held until ${was.until}, and is held until ${is.until} now`;
  return null;
}
