/**
 * Trust: what must hold before any signer counts. The repository being checked does not choose who checks it; the root keys that
 * this machine pinned do. Part of the source gate, in a file of its own.
 */
import type { Instant } from '../kernel/time.ts';
import type { Fingerprint, GovernanceFacts, KeyRead, PinFacts } from '../inputs/facts.ts';
import type { Parity } from '../inputs/parity.ts';
import { placeOf, type Path } from '../inputs/places.ts';
import { holds, isActive, ROLES, thresholdOf, type Person, type Role, type Trust } from '../inputs/trust.ts';
import { valueOf, type Documents, type Parsed } from './documents.ts';
import type { Signed } from './signature.ts';
import { judgeSignatures } from './signers.ts';
import { finding, findingOf, left, made, when, type Finding, type Outcome } from './verdict.ts';

const KEYS_FOLDER = 'policies/keys';

/** The roles whose people the gates count. */
const GATED_ROLES = ['release', 'intent', 'approver'] as const satisfies readonly Role[];

export interface TrustVerdict {
  readonly outcomes: readonly Outcome<'source'>[];
  /** The trust file, only when every check of it was made and found nothing. */
  readonly trusted: Trust | null;
}

/** Judges pin, trust file and key files. `used` is the version under which the lock in force was made, 0 without one. */
export function judgeTrust(
  { trust: document, parity }: Documents,
  governance: GovernanceFacts,
  { environment, now, used }: { readonly environment: string; readonly now: Instant; readonly used: number },
): TrustVerdict {
  const keys = made('trust.keys', keyFindings(governance.keys, document, now));
  if (document.is === 'refused') {
    const why = 'the trust file could not be read';
    const isPinned = governance.pins.length > 0 || governance.pinForPath !== null;
    return {
      trusted: null,
      outcomes: [
        made('trust.file', document.findings),
        isPinned ? left('trust.pin', why) : made('trust.pin', [notPinned('this repository')]),
        ...(['trust.signatures', 'trust.version', 'trust.expiry', 'trust.people'] as const).map((check) =>
          left(check, why),
        ),
        keys,
      ],
    };
  }
  const trust = document.value;
  const { pin, findings } = choosePin(trust, governance);
  const outcomes: readonly Outcome<'source'>[] = [
    made('trust.file'),
    made('trust.pin', findings),
    ...(pin === null
      ? [left('trust.signatures', 'no pin'), left('trust.version', 'no pin')]
      : [
          made('trust.signatures', rootFindings(document, trust, pin, now)),
          made('trust.version', versionFindings(trust, governance, pin, used)),
        ]),
    made(
      'trust.expiry',
      when(trust.expires <= now, () =>
        finding('TRUST_EXPIRED', `version ${String(trust.version)} expired at ${trust.expires}`, {
          place: placeOf(document.places, ['expires']),
        }),
      ),
    ),
    made('trust.people', [
      ...contradictions(document, environment),
      ...strayThresholds(document, valueOf(parity)),
    ]),
    keys,
  ];
  const isGood = outcomes.every((outcome) => outcome.is === 'made' && outcome.findings.length === 0);
  return { outcomes, trusted: isGood ? trust : null };
}

function choosePin(
  trust: Trust,
  { pinForPath, pins }: GovernanceFacts,
): { readonly pin: PinFacts | null; readonly findings: readonly Finding[] } {
  if (pinForPath !== null && pinForPath.repository !== trust.repository) {
    const wrong = finding(
      'REPO_ID_MISMATCH',
      `policies/trust.yaml is of repository ${trust.repository}, but ${pinForPath.repository} is pinned for this folder`,
      { data: { found: trust.repository, pinned: pinForPath.repository, pin: pinForPath.file } },
    );
    return { pin: null, findings: [wrong] };
  }
  const pin = pinForPath ?? newestPin(pins.filter(({ repository }) => repository === trust.repository));
  if (pin === undefined) return { pin: null, findings: [notPinned(`repository ${trust.repository}`)] };
  // A pin file is edited by hand now and then; one that demands nothing pins nothing.
  if (pin.threshold < 1 || pin.threshold > new Set(pin.roots).size) {
    const wrong = finding(
      'TRUST_NOT_PINNED',
      `${pin.file}: the pin demands ${String(pin.threshold)} of ${String(new Set(pin.roots).size)} root keys`,
      { data: { pin: pin.file } },
    );
    return { pin: null, findings: [wrong] };
  }
  return { pin, findings: [] };
}

function newestPin(pins: readonly PinFacts[]): PinFacts | undefined {
  return [...pins].sort((a, b) => b.trustVersion - a.trustVersion)[0];
}

function notPinned(what: string): Finding {
  return finding('TRUST_NOT_PINNED', `no root key of ${what} is pinned on this machine`);
}

/** Enough of the pinned roots, and enough of the listed ones: the same people, unless this version changes the roots. */
function rootFindings(
  document: Parsed<Trust>,
  trust: Trust,
  pin: PinFacts,
  now: Instant,
): readonly Finding[] {
  const { signed, findings } = judgeSignatures(document.path, document.signatures, now);
  if (document.signatures.length === 0) return findings;
  return [
    ...findings,
    ...enough(document.path, signed, 'pinned', pin.roots, pin.threshold),
    ...enough(document.path, signed, 'listed', trust.roots.keys, trust.roots.threshold),
  ];
}

function enough(
  path: string,
  signed: readonly Signed[],
  which: 'pinned' | 'listed',
  roots: readonly Fingerprint[],
  threshold: number,
): readonly Finding[] {
  const who = roots.filter(
    (root, i) => roots.indexOf(root) === i && signed.some(({ primary }) => primary === root),
  );
  return when(who.length < threshold, () =>
    finding(
      'TRUST_UNSIGNED',
      `${path}: ${String(who.length)} of ${String(threshold)} ${which} root keys signed: ${who.join(', ') || 'none'}`,
      { data: { which, have: who.length, needed: threshold, who, roots } },
    ),
  );
}

/** Never older than any version that this machine accepted or this environment was made under; other roots only under another number. */
function versionFindings(
  trust: Trust,
  { pins }: GovernanceFacts,
  pin: PinFacts,
  used: number,
): readonly Finding[] {
  const accepted = [pin, ...pins.filter(({ repository }) => repository === trust.repository)];
  const newest = Math.max(used, ...accepted.map(({ trustVersion }) => trustVersion));
  const changed =
    new Set([...pin.roots, ...trust.roots.keys]).size !== new Set(pin.roots).size ||
    new Set(pin.roots).size !== trust.roots.keys.length ||
    pin.threshold !== trust.roots.threshold;
  return [
    ...when(trust.version < newest, () =>
      finding(
        'TRUST_ROLLBACK',
        `policies/trust.yaml is version ${String(trust.version)}; version ${String(newest)} was accepted before`,
        { data: { found: trust.version, accepted: newest } },
      ),
    ),
    ...when(changed && trust.version === pin.trustVersion, () =>
      finding(
        'TRUST_INVALID',
        `policies/trust.yaml has other roots than were pinned, under the same version ${String(trust.version)}`,
        { data: { pinned: pin.roots, found: trust.roots.keys } },
      ),
    ),
  ];
}

/** What no signature mends: entries that are never valid, thresholds that cannot be met, one person listed as two. */
function contradictions({ value: trust, places }: Parsed<Trust>, environment: string): readonly Finding[] {
  const invalid = (message: string, path: Path): Finding =>
    finding('TRUST_INVALID', message, { place: placeOf(places, path) });
  return [
    ...trust.people.flatMap(({ name, valid_from, valid_until }, i) =>
      when(valid_from >= valid_until, () =>
        invalid(`${name} is listed until ${valid_until}, which is not after the start`, [
          'people',
          i,
          'valid_until',
        ]),
      ),
    ),
    ...trust.people.flatMap((person, i) =>
      trust.people
        .slice(i + 1)
        .flatMap((other, j) =>
          when(
            sameName(person.name, other.name) &&
              person.valid_from < other.valid_until &&
              other.valid_from < person.valid_until,
            () =>
              invalid(`${person.name} is listed twice at the same time, and would count as two people`, [
                'people',
                i + 1 + j,
                'name',
              ]),
          ),
        ),
    ),
    ...GATED_ROLES.flatMap((role) => {
      const needed = thresholdOf(trust, role, environment);
      const have = trust.people.filter((person) => holds(person, role, environment)).length;
      return when(have < needed, () =>
        invalid(
          `role ${role} needs ${String(needed)} people for environment "${environment}" and lists ${String(have)}`,
          ['thresholds', role, 'environments', environment],
        ),
      );
    }),
  ];
}

/** A misspelt environment would leave the real one with the default, which may be lower. */
function strayThresholds({ value: trust, places }: Parsed<Trust>, parity: Parity | null): readonly Finding[] {
  if (parity === null) return [];
  const known = Object.keys(parity.environments);
  return ROLES.flatMap((role) =>
    Object.keys(trust.thresholds[role].environments ?? {})
      .filter((environment) => !known.includes(environment))
      .map((environment) =>
        finding(
          'TRUST_INVALID',
          `thresholds.${role} names environment "${environment}", which the parity policy does not have`,
          {
            data: { role, environment, known },
            place: placeOf(places, ['thresholds', role, 'environments', environment]),
          },
        ),
      ),
  );
}

function sameName(a: string, b: string): boolean {
  const plain = (name: string): string => name.normalize('NFKC').toLowerCase().replaceAll(/\s+/g, ' ');
  return plain(a) === plain(b);
}

function keyFindings(
  reads: readonly KeyRead[],
  document: Documents['trust'],
  now: Instant,
): readonly Finding[] {
  const keys = reads.flatMap((read) => (read.is === 'key' ? [read.key] : []));
  const people =
    document.is === 'parsed' ? document.value.people.filter((person) => isActive(person, now)) : [];
  // A key file that is there and wrong is told as that, and so is a folder that cannot be read; neither is missing.
  const wrong = reads.flatMap((read) => (read.is === 'problem' ? [read.file] : []));
  const isMissing = ({ fingerprint }: Person): boolean =>
    ![KEYS_FOLDER, `${KEYS_FOLDER}/${fingerprint}.asc`].some((path) => wrong.includes(path)) &&
    !keys.some((key) => key.fingerprint === fingerprint);
  return [
    ...reads.flatMap((read) => (read.is === 'problem' ? [findingOf(read.problem, read.file)] : [])),
    ...keys
      .filter(({ file, fingerprint }) => file.slice(file.lastIndexOf('/') + 1) !== `${fingerprint}.asc`)
      .map(({ file, fingerprint }) =>
        finding('KEYRING_SHAPE', `${file} holds key ${fingerprint}, by which it is not named`, {
          data: { file },
        }),
      ),
    ...people.filter(isMissing).map(({ name, fingerprint }) =>
      finding('KEYRING_SHAPE', `${KEYS_FOLDER}/${fingerprint}.asc, the key of ${name}, is missing`, {
        hint: `have ${name} export it: \`gpg --armor --export ${fingerprint}\``,
        data: { name, fingerprint },
      }),
    ),
  ];
}
