/** The trust file against what came before it: the pin, the versions between, and those that the evidence has on record. */
import { sha256 } from '../kernel/digest.ts';
import type { Instant } from '../kernel/time.ts';
import type { GovernanceFacts, KeptTrust, LedgerFacts, PinFacts } from '../inputs/facts.ts';
import { keptVersion } from '../inputs/trust.ts';
import { rootsOfPin } from './pin.ts';
import { walkTrust, type Present } from './trust-chain.ts';
import { finding, findingOf, made, when, type Finding, type Outcome } from './verdict.ts';

export interface Standing {
  readonly now: Instant;
  readonly onRecord: LedgerFacts['trustOnRecord'];
}

/** Of the trust file against pin and history: the way from the one to the other, who signed it, and that no number is used twice. */
export function judgeWay(
  present: Present,
  { kept, pins }: GovernanceFacts,
  pin: PinFacts,
  { now, onRecord }: Standing,
): { readonly outcomes: readonly Outcome<'source'>[]; readonly established: string } {
  const earlier = kept.is === 'read' ? kept.value : [];
  const steps = walkTrust({ from: rootsOfPin(pin), kept: earlier, present, now });
  const gaps = [
    ...(kept.is === 'read' ? [] : [findingOf(kept.problem)]),
    ...misplaced(present, earlier),
    ...steps.flatMap((step) => step.gaps),
  ];
  const { version } = present.value;
  return {
    outcomes: [
      made('trust.chain', gaps),
      made(
        'trust.signatures',
        steps.flatMap((step) => step.unsigned),
      ),
      made('trust.version', [
        ...rollback(
          present,
          [pin, ...pins.filter(({ repository }) => repository === pin.repository)],
          onRecord,
        ),
        ...otherRoots(present, pin),
        ...twins(present, earlier, onRecord),
      ]),
    ],
    established:
      version === pin.trustVersion
        ? ''
        : `; trust version ${String(version)} follows the pinned version ${String(pin.trustVersion)} step by step, and \`govboot trust update\` moves the pin`,
  };
}

/** A version that is kept is over: one with the number of the present version, or a higher one, says that this is not the newest. */
export function misplaced({ path, value }: Present, kept: readonly KeptTrust[]): readonly Finding[] {
  return kept
    .filter(({ version }) => version >= value.version)
    .slice(0, 1)
    .map(({ version, file }) =>
      finding(
        'TRUST_GAP',
        `${file.path} is kept as an earlier version, and ${path} is version ${String(value.version)}`,
        {
          hint: 'put the newest version back as policies/trust.yaml',
          data: { kept: version, found: value.version },
        },
      ),
    );
}

/** Never older than any version that this machine pinned, or that this environment was made under. */
export function rollback(
  { path, value }: Present,
  pins: readonly PinFacts[],
  onRecord: Standing['onRecord'],
): readonly Finding[] {
  const newest = Math.max(
    ...pins.map(({ trustVersion }) => trustVersion),
    // What was kept when a run began was over then.
    ...onRecord.map(({ version, name }) => (keptVersion(name) === null ? version : version + 1)),
  );
  return when(value.version < newest, () =>
    finding(
      'TRUST_ROLLBACK',
      `${path} is version ${String(value.version)}; version ${String(newest)} was accepted before`,
      { data: { found: value.version, accepted: newest } },
    ),
  );
}

/** Other roots need another number: the pin would be of both. */
export function otherRoots({ path, value: { version, roots } }: Present, pin: PinFacts): readonly Finding[] {
  const pinned = new Set(pin.roots);
  const isChanged =
    new Set([...pinned, ...roots.keys]).size !== pinned.size ||
    pinned.size !== roots.keys.length ||
    pin.threshold !== roots.threshold;
  return when(isChanged && version === pin.trustVersion, () =>
    finding(
      'TRUST_INVALID',
      `${path} has other roots than were pinned, under the same version ${String(version)}`,
      { data: { pinned: pin.roots, found: roots.keys } },
    ),
  );
}

/** One number, one file: what the evidence names under a number is what lies here under it. */
function twins(
  present: Present,
  kept: readonly KeptTrust[],
  onRecord: Standing['onRecord'],
): readonly Finding[] {
  const here = [
    { path: present.path, version: present.value.version, sha256: present.sha256 },
    ...kept.map(({ version, file }) => ({ path: file.path, version, sha256: sha256(file.bytes) })),
  ];
  return here.flatMap(({ path, version, sha256: digest }) =>
    onRecord
      .filter((other) => other.version === version && other.sha256 !== digest)
      .slice(0, 1)
      .map((other) =>
        finding(
          'TRUST_INVALID',
          `${path} is ${digest}, and the evidence knows version ${String(version)} as ${other.sha256}`,
          {
            hint: 'restore the file that the evidence knows; a change needs the next number',
            data: { version, found: digest, recorded: other.sha256 },
          },
        ),
      ),
  );
}
