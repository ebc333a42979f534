/**
 * The way from the pinned version of the trust file to the present one, step by step: each version is signed by enough root keys of the
 * version before it and by enough of its own, and its number is one higher (The Update Framework, specification §5.3). Whoever could
 * leave a version out could leave out the one that removed them.
 */
import type { Instant } from '../kernel/time.ts';
import type { KeptTrust } from '../inputs/facts.ts';
import { keptPath, readTrust, rootsOf, type Roots, type Trust } from '../inputs/trust.ts';
import { parse, type Document } from './documents.ts';
import { judgeRootSignatures, shortOf, sideOf, type Side } from './trust-sides.ts';
import type { Signed } from './signature.ts';
import { finding, findingOf, when, type Finding } from './verdict.ts';

/** One version on the way. */
export interface TrustStep {
  readonly version: number;
  readonly path: string;
  /** null where it is not there, cannot be read, or is not vouched for so far that it would be read. */
  readonly trust: Trust | null;
  /** Root keys of the version before; null where no way leads here. */
  readonly before: Side | null;
  /** Its own root keys; null where it was not read. */
  readonly own: Side | null;
  readonly signed: readonly Signed[];
  /** It is there, and one run does not walk so far. */
  readonly isFar: boolean;
  /** Missing, out of order, of another repository, or not to be read. */
  readonly gaps: readonly Finding[];
  /** Signatures that are bad, and sides that are not signed by enough. */
  readonly unsigned: readonly Finding[];
}

/** The trust file that is in force. */
export type Present = Extract<Document<Trust>, { readonly is: 'parsed' }>;

interface Way {
  /** The pinned roots; null where nothing is pinned: then it begins with the first kept version that leads to the present one. */
  readonly from: Roots | null;
  readonly kept: readonly KeptTrust[];
  readonly present: Present;
  readonly now: Instant;
}

/** Every step up to the first that does not hold, and the present version in any case, last. */
export function walkTrust(way: Way): readonly TrustStep[] {
  const steps: TrustStep[] = [];
  let before = way.from;
  for (let version = firstOf(way); version < way.present.value.version; version++) {
    const step = keptStep(way, version, before);
    steps.push(step);
    if (!isGood(step) || step.trust === null) return [...steps, presentStep(way, null)];
    before = rootsOf(step.trust);
  }
  return [...steps, presentStep(way, before)];
}

export function isGood({ gaps, unsigned }: TrustStep): boolean {
  return gaps.length === 0 && unsigned.length === 0;
}

function firstOf({ from, kept, present }: Way): number {
  if (from !== null) return from.version + 1;
  const versions = new Set(kept.map(({ version }) => version));
  let first = present.value.version;
  while (versions.has(first - 1)) first--;
  return first;
}

/** A kept version is read only when enough of those before it have signed its bytes: what a stranger put there is not even parsed. */
function keptStep(way: Way, version: number, before: Roots | null): TrustStep {
  const path = keptPath(version);
  const nothing = {
    version,
    path,
    trust: null,
    before: null,
    own: null,
    signed: [],
    isFar: false,
    gaps: [],
    unsigned: [],
  };
  const kept = way.kept.find((each) => each.version === version);
  if (kept === undefined) return { ...nothing, gaps: [missing(way, version)] };
  if (kept.signatures === null) return { ...nothing, isFar: true, gaps: [tooFar(version)] };
  if (kept.signatures.is === 'problem') return { ...nothing, unsigned: [findingOf(kept.signatures.problem)] };
  const { value: signatures } = kept.signatures;
  const judged = judgeRootSignatures(path, signatures, { now: way.now, inForce: [] });
  const step = { ...nothing, signed: judged.signed, unsigned: judged.findings };
  if (signatures.length === 0) return step;
  const old = before === null ? null : sideOf(before, judged);
  const short = old === null ? [] : shortOf(path, version, old);
  if (short.length > 0) return { ...step, before: old, unsigned: [...judged.findings, ...short] };
  const document = parse(kept.file, [], readTrust);
  if (document.is === 'refused') return { ...step, before: old, gaps: document.findings };
  const trust = document.value;
  const own = sideOf(rootsOf(trust), judged);
  return {
    ...step,
    trust,
    before: old,
    own,
    gaps: placeFindings(path, version, trust, way.present.value.repository),
    unsigned: [...judged.findings, ...shortOf(path, version, own)],
  };
}

/** The present version. Where it is the pinned one, its own roots are those of the pin; that they are is another check. */
function presentStep({ present, now }: Way, before: Roots | null): TrustStep {
  const { value: trust, path, signatures } = present;
  const { version } = trust;
  const judged = judgeRootSignatures(path, signatures, { now, inForce: trust.roots.keys });
  const old = before === null ? null : sideOf(before, judged);
  const own = sideOf(rootsOf(trust), judged);
  const isPinned = before?.version === version;
  const short = [
    ...(old === null ? [] : shortOf(path, version, old, isPinned ? 'that are pinned' : undefined)),
    ...(isPinned ? [] : shortOf(path, version, own)),
  ];
  return {
    version,
    path,
    trust,
    before: old,
    own,
    signed: judged.signed,
    isFar: false,
    gaps: [],
    // That there is no signature at all is told once.
    unsigned: signatures.length === 0 ? judged.findings : [...judged.findings, ...short],
  };
}

function missing(way: Way, version: number): Finding {
  const { kept, present } = way;
  const last = present.value.version;
  // Where nothing is pinned, the way begins behind every gap.
  const pinned = firstOf(way) - 1;
  const absent =
    last - version - kept.filter((each) => each.version >= version && each.version < last).length;
  const more = absent > 1 ? `, nor are ${String(absent - 1)} after it` : '';
  return finding(
    'TRUST_GAP',
    `version ${String(version)} of the trust file is not in policies/trust${more}: version ${String(pinned)} is pinned, and policies/trust.yaml is version ${String(last)}`,
    { data: { missing: version, absent, pinned, found: last } },
  );
}

function tooFar(version: number): Finding {
  return finding('TRUST_GAP', `${keptPath(version)} is farther from the pinned version than one run walks`, {
    hint: 'run `govboot trust update` until it says that the pin is of the present version',
    data: { version },
  });
}

function placeFindings(path: string, version: number, trust: Trust, repository: string): readonly Finding[] {
  return [
    ...when(trust.version !== version, () =>
      finding('TRUST_GAP', `${path} says that it is version ${String(trust.version)}`, {
        data: { file: path, found: trust.version },
      }),
    ),
    ...when(trust.repository !== repository, () =>
      finding('REPO_ID_MISMATCH', `${path} is of repository ${trust.repository}, not ${repository}`, {
        hint: 'do not go on: versions of two repositories never belong together; restore the file',
        data: { file: path, found: trust.repository, repository },
      }),
    ),
  ];
}
