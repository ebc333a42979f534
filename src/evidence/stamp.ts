/** Whether a time stamp holds (RFC 3161, RFC 5816): what it is over, who made it, and when. Pure. */
import { addSeconds, type Instant } from '../kernel/time.ts';
import type { StampFacts } from '../inputs/stamp.ts';

/** Extended key usage id-kp-timeStamping. */
const TIME_STAMPING = '1.3.6.1.5.5.7.3.8';

/** Seconds by which the clocks of host and authority may differ. */
export const CLOCK_TOLERANCE = 60;

/** What is wrong with a stamp over `digest`, whoever made it; null when it holds. The first thing is told. */
export function stampProblem(stamp: StampFacts, digest: string): string | null {
  const { status, imprint, authority, weak, names, request } = stamp;
  if (status > 1) return `the authority refused: status ${String(status)}`;
  if (imprint.algorithm !== 'SHA-256') return `stamps a digest of ${imprint.algorithm}, not of SHA-256`;
  if (imprint.digest !== digest) return `stamps ${imprint.digest}, not ${digest}`;
  if (!stamp.isSigned) return `${authority.subject} did not sign it`;
  if (names === 'none') return 'does not name its certificate by a digest of SHA-2 (ESSCertIDv2, RFC 5816)';
  if (names === 'another') return `names another certificate than that of ${authority.subject}`;
  const [usage, second] = authority.usages;
  if (usage !== TIME_STAMPING || second !== undefined || !authority.isCritical)
    return `the certificate of ${authority.subject} is not for time stamps alone (RFC 3161 §2.3)`;
  const [first] = weak;
  if (first !== undefined) return `is too weak or unknown: ${first}`;
  if (request !== null && request.digest !== imprint.digest) return 'answers another request';
  if (request !== null && request.nonce !== stamp.nonce)
    return `answers another request: its nonce is ${stamp.nonce ?? 'none'}, not ${request.nonce ?? 'none'}`;
  return null;
}

/** The instant by which what was stamped was there: the end of the second, and whatever the authority allows itself. */
export function existedBy({ time, accuracy }: StampFacts): Instant {
  return addSeconds(time, 1 + accuracy);
}
