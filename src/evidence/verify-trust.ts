/**
 * Who may sign, by the trust files that the ledger itself holds, and whether the auditor's own pins reach them. Evidence can always be
 * made self-consistent by whoever makes it; only fingerprints from outside of it tell whose it is.
 */
import { isGovbootError } from '../kernel/errors.ts';
import type { Fingerprint, PinFacts } from '../inputs/facts.ts';
import { parseTrust, type Trust } from '../inputs/trust.ts';
import { blobOf, type Exhibit } from './exhibit.ts';
import { blobName, TRUST_NAME } from './layout.ts';
import type { LedgerItem } from './ledger.ts';
import { answerSignature } from './verify-signature.ts';

/** A trust file that was in force from an entry on. */
export interface TrustInForce {
  readonly from: number;
  readonly sha256: string;
  readonly trust: Trust;
  /** Root keys that signed it, among all that did. */
  readonly signers: readonly Fingerprint[];
}

/** The trust files in the order of the entries that began a run under them: only such entries passed the gates. */
export async function readTrust(exhibit: Exhibit): Promise<readonly TrustInForce[]> {
  const found: TrustInForce[] = [];
  for (const { entry } of exhibit.ledger.items) {
    if (entry.type !== 'APPLY_STARTED' && entry.type !== 'APPLY_RESUMED') continue;
    const ref = entry.refs.find(({ name }) => name === TRUST_NAME);
    if (ref === undefined) {
      exhibit.findings.undecided(
        'authenticity',
        `entry ${String(entry.seq)}`,
        `names no ${TRUST_NAME}, so nobody can tell who was allowed to sign`,
      );
      continue;
    }
    if (found.at(-1)?.sha256 === ref.sha256) continue;
    const trust = readOne(exhibit, ref.sha256);
    if (trust === null) continue;
    const before = found.at(-1)?.trust.version ?? 0;
    if (trust.version < before)
      exhibit.findings.bad(
        'policy',
        blobName(ref.sha256),
        `TRUST_ROLLBACK: version ${String(trust.version)} after version ${String(before)}`,
      );
    if (trust.expires <= entry.time)
      exhibit.findings.bad(
        'policy',
        blobName(ref.sha256),
        `TRUST_EXPIRED: expired at ${trust.expires}, used at ${entry.time}`,
      );
    found.push({
      from: entry.seq,
      sha256: ref.sha256,
      trust,
      signers: await rootSigners(exhibit, entry, ref.sha256),
    });
  }
  return found;
}

function readOne(exhibit: Exhibit, digest: string): Trust | null {
  const file = blobOf(exhibit, digest, TRUST_NAME);
  if (file === null) {
    exhibit.findings.undecided(
      'authenticity',
      blobName(digest),
      'the trust file is missing, so nobody can tell who was allowed to sign',
    );
    return null;
  }
  try {
    return parseTrust(file);
  } catch (error) {
    if (!isGovbootError(error)) throw error;
    exhibit.findings.bad('policy', blobName(digest), `${error.code}: ${error.message}`);
    return null;
  }
}

async function rootSigners(
  exhibit: Exhibit,
  entry: LedgerItem['entry'],
  digest: string,
): Promise<Fingerprint[]> {
  const file = blobOf(exhibit, digest, TRUST_NAME);
  const signers = new Set<Fingerprint>();
  for (const ref of entry.refs.filter(
    ({ name }) => name.startsWith(`${TRUST_NAME}.`) && name.endsWith('.asc'),
  )) {
    const signature = blobOf(exhibit, ref.sha256, ref.name);
    if (file === null || signature === null) continue;
    const answer = await answerSignature(exhibit, file.bytes, ref.name, signature.bytes);
    if (answer.is === 'signed') signers.add(answer.signed.primary);
    else
      exhibit.findings.bad(answer.axis, blobName(ref.sha256), `${ref.name}: ${answer.code}: ${answer.what}`);
  }
  return [...signers];
}

/** The trust in force when entry `seq` was made; the first one also speaks for the entries before it. */
export function trustAt(all: readonly TrustInForce[], seq: number): TrustInForce | null {
  return all.findLast(({ from }) => from <= seq) ?? all[0] ?? null;
}

/** Whether the pins reach the trust files. */
export function judgePins(
  { findings }: Exhibit,
  all: readonly TrustInForce[],
  pins: readonly PinFacts[],
  repository: string,
): void {
  const own = pins.filter((pin) => pin.repository === repository);
  for (const { trust, sha256, signers } of all) {
    if (count(signers, trust.roots.keys) < trust.roots.threshold) {
      findings.bad(
        'authenticity',
        blobName(sha256),
        `TRUST_UNSIGNED: ${String(count(signers, trust.roots.keys))} of ${String(trust.roots.threshold)} of its own root keys signed it`,
      );
    }
  }
  if (own.length === 0) {
    const roots = all.at(-1)?.trust.roots.keys.join(', ') ?? 'none';
    findings.undecided(
      'authenticity',
      TRUST_NAME,
      `UNPINNED: self-consistent, but no root key of repository ${repository} is pinned here; it claims ${roots}`,
      'compare the fingerprints with a trusted paper copy, then `govboot trust pin --root FINGERPRINT`',
    );
    return;
  }
  const vouched = vouchedFor(all, own);
  const newest = all.at(-1);
  for (const inForce of all.filter((each) => !vouched.has(each.sha256))) {
    const what = `version ${String(inForce.trust.version)} is signed by ${inForce.signers.join(', ') || 'nobody'}; no pin reaches it`;
    // Roots are replaced over the years: pins of today reach today's version, and need not reach the first.
    if (newest !== undefined && vouched.has(newest.sha256))
      findings.undecided(
        'authenticity',
        blobName(inForce.sha256),
        `UNPINNED: ${what}`,
        'pin the roots of that time too, from a paper copy',
      );
    else findings.bad('authenticity', blobName(inForce.sha256), `TRUST_UNSIGNED: ${what}`);
  }
}

/** Versions signed by pinned roots, and each next version signed by enough of the old and of the new roots. */
function vouchedFor(all: readonly TrustInForce[], pins: readonly PinFacts[]): ReadonlySet<string> {
  const vouched = new Set<string>();
  let before: TrustInForce | null = null;
  for (const each of all) {
    const { trust, signers } = each;
    const pinned = pins.some((pin) => pin.threshold >= 1 && count(signers, pin.roots) >= pin.threshold);
    const linked =
      before !== null &&
      vouched.has(before.sha256) &&
      trust.version === before.trust.version + 1 &&
      count(signers, before.trust.roots.keys) >= before.trust.roots.threshold &&
      count(signers, trust.roots.keys) >= trust.roots.threshold;
    if (pinned || linked) vouched.add(each.sha256);
    before = each;
  }
  return vouched;
}

function count(signers: readonly Fingerprint[], roots: readonly Fingerprint[]): number {
  return new Set(signers.filter((signer) => roots.includes(signer))).size;
}
