/** The confirmation token: short enough to type, different for every plan, and worth nothing elsewhere. */
import { sha256Raw, type Sha256 } from '../kernel/digest.ts';

/** Separates this use of the digest from every other. */
const DOMAIN = 'govboot.confirm/v1\n';

/** Crockford's base32 in upper case: no I, L, O or U, which are mistaken for others. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** Characters in one of the two groups; ten characters carry 50 bits. */
const GROUP = 5;

/** The token of a plan digest, as it is shown and must be typed: `ABCDE-FGHJK`. */
export function tokenOf(digest: Sha256): string {
  const hash = sha256Raw(new TextEncoder().encode(`${DOMAIN}${digest}`));
  const bits = hash.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);
  const char = (i: number): string =>
    ALPHABET.charAt(Number((bits >> BigInt(hash.length * 8 - 5 * (i + 1))) & 31n));
  const chars = Array.from({ length: 2 * GROUP }, (_, i) => char(i)).join('');
  return `${chars.slice(0, GROUP)}-${chars.slice(GROUP)}`;
}
