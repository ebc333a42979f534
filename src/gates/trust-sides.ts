/**
 * The two sides of a step: the root keys of the version before, and its own. Which signatures count for them is judged as of now: whoever
 * found or stole the key of a former root could otherwise forge a side branch that no version after it denies.
 */
import type { Code } from '../kernel/codes.ts';
import type { Instant } from '../kernel/time.ts';
import type { Fingerprint, SignatureFacts } from '../inputs/facts.ts';
import { rootsAmong, type Roots } from '../inputs/trust.ts';
import { judgeSignature, type Signed } from './signature.ts';
import { finding, type Finding } from './verdict.ts';

/** The signatures beside one version. */
export interface RootSignatures {
  /** Those that count now. */
  readonly signed: readonly Signed[];
  /** Primary keys whose signature is intact, and whose key has expired or was revoked since. */
  readonly lapsed: readonly Fingerprint[];
  /** Everything else. */
  readonly findings: readonly Finding[];
}

/** How far one side of a step is signed. */
export interface Side {
  readonly roots: Roots;
  /** Those who signed and count now. */
  readonly who: readonly Fingerprint[];
  readonly lapsed: readonly Fingerprint[];
}

/**
 * Judges every signature beside a version. A bad one is a finding, however many good ones there are. One that lapsed only does not
 * count: a root that gives way to another signs its successor and ends soon after.
 * @param inForce root keys that must be good now, of the version that is in force: a lapse among them is a finding
 */
export function judgeRootSignatures(
  path: string,
  signatures: readonly SignatureFacts[],
  { now, inForce }: { readonly now: Instant; readonly inForce: readonly Fingerprint[] },
): RootSignatures {
  if (signatures.length === 0)
    return { signed: [], lapsed: [], findings: [finding('SIG_MISSING', `${path} has no signature`)] };
  const signed: Signed[] = [];
  const lapsed: Fingerprint[] = [];
  const findings: Finding[] = [];
  for (const facts of signatures) {
    const verdict = judgeSignature(facts, now);
    if (verdict.is === 'signed') {
      const { is: _, ...rest } = verdict;
      signed.push(rest);
      continue;
    }
    const who = lapsedKey(facts, verdict.finding.code);
    if (who !== null) lapsed.push(who);
    if (who === null || inForce.includes(who)) findings.push(verdict.finding);
  }
  return { signed, lapsed, findings };
}

const LAPSES: readonly Code[] = ['KEY_EXPIRED', 'KEY_REVOKED'];

/** The key of a signature that lost its force with its key. A forged one that only names such a key is not among them. */
function lapsedKey({ key, verifiers }: SignatureFacts, code: Code): Fingerprint | null {
  const isIntact =
    verifiers.some(({ tool }) => tool === 'openpgp.js') &&
    verifiers.every(({ says }) => says.is !== 'bad' || LAPSES.includes(says.problem.code));
  return key !== null && isIntact && LAPSES.includes(code) ? key.fingerprint : null;
}

export function sideOf(roots: Roots, { signed, lapsed }: RootSignatures): Side {
  const who = rootsAmong(
    signed.map(({ primary }) => primary),
    roots,
  );
  return { roots, who, lapsed: rootsAmong(lapsed, roots).filter((key) => !who.includes(key)) };
}

/** TRUST_UNSIGNED where fewer signed than the side demands. @param version the one that is to be signed */
export function shortOf(
  path: string,
  version: number,
  { roots, who, lapsed }: Side,
  whose = roots.version === version ? 'of its own' : `of version ${String(roots.version)}`,
): readonly Finding[] {
  if (who.length >= roots.threshold) return [];
  const gone = lapsed.length === 0 ? '' : `; expired or revoked: ${lapsed.join(', ')}`;
  return [
    finding(
      'TRUST_UNSIGNED',
      `${path}: ${String(who.length)} of ${String(roots.threshold)} needed root keys ${whose} signed version ${String(version)}: ${who.join(', ') || 'none'}${gone}`,
      {
        ...(lapsed.length === 0 ? {} : { hint: LAPSED_HINT }),
        data: {
          version,
          rootsOf: roots.version,
          have: who.length,
          needed: roots.threshold,
          who,
          lapsed,
          roots: roots.keys,
        },
      },
    ),
  ];
}

const LAPSED_HINT =
  'extend an expired key and publish it in policies/keys; otherwise compare the present root keys with paper and pin again with `govboot trust pin`';
