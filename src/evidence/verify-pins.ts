/**
 * Whether the auditor's own pins reach the trust files of the ledger. Evidence can always be made self-consistent by whoever makes it;
 * only fingerprints from outside of it tell whose it is. From a pin the way goes over every version, one number at a time, also over
 * those that no run used: they were kept, and went into the evidence with the run after them.
 */
import { isSignatureOf } from '../inputs/beside.ts';
import type { Fingerprint, PinFacts } from '../inputs/facts.ts';
import type { Ref } from '../inputs/evidence-documents.ts';
import { keptVersion, parseTrust, rootsAmong, rootsOf, type Roots, type Trust } from '../inputs/trust.ts';
import { attempt } from '../kernel/errors.ts';
import { rootsOfPin } from '../gates/pin.ts';
import { blobOf, type PartialExhibit } from './exhibit.ts';
import { blobName, TRUST_NAME } from './layout.ts';
import type { LinkedEntry } from './chain.ts';
import type { VerifyReport } from './report.ts';
import { isBeginning } from './trust-on-record.ts';
import { answerSignature } from './verify-signature.ts';
import type { SignedTrust, TrustInForce } from './verify-trust.ts';

/** Kept versions that are looked at, and signatures that are judged for them: evidence may come from anybody. */
const MOST_KEPT = 64;
const MOST_KEPT_SIGNATURES = 128;

export interface Vouching {
  readonly repository: string;
  readonly pins: readonly PinFacts[];
  /** Digests of the versions that the tagged tree keeps; null where no tree is judged beside. */
  readonly released: readonly string[] | null;
}

/** Judges who vouches for the trust files. */
export async function judgePins(
  exhibit: PartialExhibit,
  all: readonly TrustInForce[],
  { repository, pins, released }: Vouching,
): Promise<VerifyReport['vouched']> {
  const { findings } = exhibit;
  for (const each of all) judgeOwnRoots(exhibit, each);
  judgeNumbers(exhibit, all);
  const own = pins.filter((pin) => pin.repository === repository);
  if (own.length === 0) {
    const roots = all.at(-1)?.trust.roots.keys.join(', ') ?? 'none';
    findings.undecided(
      'authenticity',
      TRUST_NAME,
      `UNPINNED: self-consistent, but no root key of repository ${repository} is pinned here; it claims ${roots}`,
      'compare the fingerprints with a trusted paper copy, then `govboot trust pin --root FINGERPRINT`',
    );
    return 'no';
  }
  const reached = reachedFrom(own, [...all, ...(await keptOnTheWay(exhibit, all, own))]);
  const newest = all.at(-1);
  let vouched: VerifyReport['vouched'] = 'pinned';
  for (const each of all.filter(({ sha256 }) => !reached.has(sha256))) {
    const isReleased = released?.includes(each.sha256) === true;
    if (!isReleased) vouched = 'no';
    else if (vouched === 'pinned') vouched = 'released';
    tellUnreached(exhibit, each, {
      pins: own,
      isReleased,
      // Roots are replaced over the years: pins of today reach today's version, and need not reach the first.
      isOld:
        (newest !== undefined && reached.has(newest.sha256)) ||
        (released === null && own.every((pin) => each.trust.version < pin.trustVersion)),
    });
  }
  return vouched;
}

function judgeOwnRoots(
  { findings }: PartialExhibit,
  { trust, sha256, signers, revoked }: TrustInForce,
): void {
  const own = rootsOf(trust);
  if (isSignedBy(signers, own)) return;
  const have = `${String(rootsAmong(signers, own).length)} of ${String(own.threshold)} of its own root keys signed it`;
  // That a key was revoked is told as that. It takes away who vouched, and does not make what was done under it a forgery.
  if (isSignedBy([...signers, ...revoked], own))
    findings.undecided(
      'authenticity',
      blobName(sha256),
      `TRUST_UNSIGNED: ${have}, and others that were revoked since`,
    );
  else findings.bad('authenticity', blobName(sha256), `TRUST_UNSIGNED: ${have}`);
}

/** One number, one file: two files of one version are two histories. */
function judgeNumbers({ ledger, findings }: PartialExhibit, all: readonly TrustInForce[]): void {
  const named = [
    ...all.map(({ trust, sha256 }) => ({ version: trust.version, sha256 })),
    ...keptIn(refsOf(ledger.items)),
  ];
  const known = new Map<number, string>();
  for (const { version, sha256 } of named) {
    const first = known.get(version) ?? sha256;
    known.set(version, first);
    if (first !== sha256)
      findings.bad('policy', blobName(sha256), `TRUST_INVALID: version ${String(version)} is ${first} too`);
  }
}

function tellUnreached(
  { findings }: PartialExhibit,
  { trust, sha256, signers }: TrustInForce,
  { pins, isReleased, isOld }: { pins: readonly PinFacts[]; isReleased: boolean; isOld: boolean },
): void {
  const what = `version ${String(trust.version)} is signed by ${[...new Set(signers)].join(', ') || 'nobody'}`;
  const undecided = (text: string): void => {
    findings.undecided('authenticity', blobName(sha256), text, OLDER_PIN);
  };
  const before = pins.find(
    (pin) => pin.trustVersion + 1 < trust.version && isSignedBy(signers, rootsOfPin(pin)),
  );
  if (isReleased) undecided(`UNPINNED: ${what}; no pin reaches it, and the tagged tree keeps the same file`);
  else if (before !== undefined && isSignedBy(signers, rootsOf(trust)))
    undecided(
      `TRUST_GAP: ${what}, among them enough of those pinned with version ${String(before.trustVersion)}; a version between is not here`,
    );
  else if (isOld) undecided(`UNPINNED: ${what}; no pin reaches it`);
  else findings.bad('authenticity', blobName(sha256), `TRUST_UNSIGNED: ${what}; no pin reaches it`);
}

const OLDER_PIN =
  'pin the root keys of that time too, from a paper copy, in a file of its own, and verify with `--pins FILE`';

/**
 * Versions of a pin and those that follow from them, each with the next number and signed by enough of the roots before and of its own.
 * A version older than the pin is reached when enough of the pinned roots signed it: they have not changed since.
 */
function reachedFrom(pins: readonly PinFacts[], all: readonly SignedTrust[]): ReadonlySet<string> {
  const reached = new Set<string>();
  const rising = [...all].sort((a, b) => a.trust.version - b.trust.version);
  for (const { sha256, trust, signers } of rising) {
    const own = rootsOf(trust);
    if (!isSignedBy(signers, own)) continue;
    const byPin = pins
      .map(rootsOfPin)
      .some((pin) =>
        trust.version === pin.version
          ? isSame(pin, own)
          : trust.version <= pin.version + 1 && isSignedBy(signers, pin),
      );
    const byStep = rising.some(
      (before) =>
        reached.has(before.sha256) &&
        before.trust.version + 1 === trust.version &&
        isSignedBy(signers, rootsOf(before.trust)),
    );
    if (byPin || byStep) reached.add(sha256);
  }
  return reached;
}

function isSignedBy(signers: readonly Fingerprint[], roots: Roots): boolean {
  return roots.threshold >= 1 && rootsAmong(signers, roots).length >= roots.threshold;
}

function isSame(a: Roots, b: Roots): boolean {
  return a.threshold === b.threshold && [...a.keys].sort().join() === [...b.keys].sort().join();
}

/** Kept versions after the lowest pin and before the highest that was in force. Their signatures count or do not; nobody acted under them. */
async function keptOnTheWay(
  exhibit: PartialExhibit,
  all: readonly TrustInForce[],
  pins: readonly PinFacts[],
): Promise<readonly SignedTrust[]> {
  const from = Math.min(...pins.map(({ trustVersion }) => trustVersion));
  const to = Math.max(0, ...all.map(({ trust }) => trust.version));
  const refs = refsOf(exhibit.ledger.items);
  const wanted = keptIn(refs)
    .filter(({ version }) => from < version && version < to)
    .slice(0, MOST_KEPT);
  let left = MOST_KEPT_SIGNATURES;
  const found: SignedTrust[] = [];
  for (const { name, version, sha256 } of wanted) {
    const trust = readKept(exhibit, name, sha256);
    const beside = refs.filter((ref) => isSignatureOf(name, ref.name)).slice(0, left);
    left -= beside.length;
    if (trust?.version === version)
      found.push({
        sha256,
        trust,
        signers: await signersOf(exhibit, { name, sha256 }, beside),
        revoked: [],
      });
  }
  return found;
}

async function signersOf(
  exhibit: PartialExhibit,
  document: Ref,
  beside: readonly Ref[],
): Promise<Fingerprint[]> {
  const file = blobOf(exhibit, document.sha256, document.name);
  const signers: Fingerprint[] = [];
  for (const { name, sha256 } of beside) {
    const signature = blobOf(exhibit, sha256, name);
    if (file === null || signature === null) continue;
    const answer = await answerSignature(exhibit, file.bytes, name, signature.bytes);
    if (answer.is === 'signed') signers.push(answer.signed.primary);
    else exhibit.findings.note(`${name} does not count: ${answer.code}: ${answer.what}`);
  }
  return signers;
}

function readKept(exhibit: PartialExhibit, name: string, digest: string): Trust | null {
  const file = blobOf(exhibit, digest, name);
  if (file === null) return null;
  return attempt(
    () => parseTrust(file),
    ({ code, message }) => {
      exhibit.findings.note(`${name} does not count: ${code}: ${message}`);
      return null;
    },
  );
}

/** Everything that passed the gates, each file once under each of its names. */
function refsOf(items: readonly LinkedEntry[]): readonly Ref[] {
  const refs = items.flatMap(({ entry }) => (isBeginning(entry) ? entry.refs : []));
  return [...new Map(refs.map((ref) => [`${ref.name} ${ref.sha256}`, ref])).values()];
}

function keptIn(refs: readonly Ref[]): readonly (Ref & { readonly version: number })[] {
  return refs
    .flatMap((ref) => {
      const version = keptVersion(ref.name);
      return version === null ? [] : [{ ...ref, version }];
    })
    .sort((a, b) => a.version - b.version);
}
