/**
 * Trust: what must hold before any signer counts. The repository being checked does not choose who checks it; the root keys that
 * this machine pinned do. Part of the source gate, in a file of its own.
 */
import type { Instant } from '../kernel/time.ts';
import type { GovernanceFacts, KeyRead } from '../inputs/facts.ts';
import { placeOf } from '../inputs/places.ts';
import { isActive, type Person, type Trust } from '../inputs/trust.ts';
import { valueOf, type Documents } from './documents.ts';
import { choosePin, notPinned } from './pin.ts';
import { peopleFindings } from './trust-people.ts';
import { judgeWay, type Standing } from './trust-way.ts';
import { finding, findingOf, left, made, when, type Finding, type Outcome } from './verdict.ts';

const KEYS_FOLDER = 'policies/keys';

/** Checks that need the pin. */
const WAY = ['trust.chain', 'trust.signatures', 'trust.version'] as const;

export interface TrustVerdict {
  readonly outcomes: readonly Outcome<'source'>[];
  /** The trust file, only when every check of it was made and found nothing. */
  readonly trusted: Trust | null;
  /** What a person should know of it where it holds, to be added to a sentence. */
  readonly established: string;
}

/** Judges pin, trust file, the versions before it, and key files. */
export function judgeTrust(
  { trust: document, parity }: Documents,
  governance: GovernanceFacts,
  standing: Standing & { readonly environment: string },
): TrustVerdict {
  const { environment, now } = standing;
  const keys = made('trust.keys', keyFindings(governance.keys, document, now));
  if (document.is === 'refused') {
    const why = 'the trust file could not be read';
    const isPinned = governance.pins.length > 0 || governance.pinForPath !== null;
    return {
      trusted: null,
      established: '',
      outcomes: [
        made('trust.file', document.findings),
        isPinned ? left('trust.pin', why) : made('trust.pin', [notPinned('this repository')]),
        ...WAY.map((check) => left(check, why)),
        left('trust.expiry', why),
        left('trust.people', why),
        keys,
      ],
    };
  }
  const trust = document.value;
  const choice = choosePin(trust.repository, governance);
  const way =
    choice.is === 'refused'
      ? { outcomes: WAY.map((check) => left(check, 'no pin')), established: '' }
      : judgeWay(document, governance, choice.pin, standing);
  const outcomes: readonly Outcome<'source'>[] = [
    made('trust.file'),
    made('trust.pin', choice.is === 'refused' ? choice.findings : []),
    ...way.outcomes,
    made(
      'trust.expiry',
      when(trust.expires <= now, () =>
        finding('TRUST_EXPIRED', `version ${String(trust.version)} expired at ${trust.expires}`, {
          place: placeOf(document.places, ['expires']),
        }),
      ),
    ),
    made(
      'trust.people',
      peopleFindings(document, { environment, parity: valueOf(parity), keys: governance.keys }),
    ),
    keys,
  ];
  const isGood = outcomes.every((outcome) => outcome.is === 'made' && outcome.findings.length === 0);
  return { outcomes, trusted: isGood ? trust : null, established: way.established };
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
