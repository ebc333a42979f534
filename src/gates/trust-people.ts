/** The people of the trust file: what no signature mends. */
import type { KeyRead } from '../inputs/facts.ts';
import type { Parity } from '../inputs/parity.ts';
import { placeOf, type Path } from '../inputs/places.ts';
import { holds, ROLES, thresholdOf, type Person, type Role } from '../inputs/trust.ts';
import type { Present } from './trust-chain.ts';
import { finding, when, type Finding } from './verdict.ts';

/** The roles whose people the gates count. */
const GATED_ROLES = ['release', 'intent', 'approver'] as const satisfies readonly Role[];

/** Entries that are never valid, thresholds that cannot be met or mean no environment, one person listed as two. */
export function peopleFindings(
  { value: trust, places }: Present,
  {
    environment,
    parity,
    keys,
  }: { readonly environment: string; readonly parity: Parity | null; readonly keys: readonly KeyRead[] },
): readonly Finding[] {
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
    ...doubles(trust.people, keys).map(({ message, at }) => invalid(message, ['people', at, 'name'])),
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
    ...strayThresholds({ value: trust, places }, parity),
  ];
}

interface Double {
  readonly message: string;
  /** Which of the people is the second entry. */
  readonly at: number;
}

/** One person who is listed as two, at the same time, would reach a threshold alone. Their names or the user ids of their keys tell. */
function doubles(people: readonly Person[], keys: readonly KeyRead[]): readonly Double[] {
  const known = people.map((person) => ({
    person,
    name: plain(person.name),
    ids: keys.flatMap((read) =>
      read.is === 'key' && read.key.fingerprint === person.fingerprint ? read.key.userIds.map(plain) : [],
    ),
  }));
  return known.flatMap((one, i) =>
    known.slice(i + 1).flatMap((other, j): readonly Double[] => {
      const at = i + 1 + j;
      const areApart =
        one.person.valid_until <= other.person.valid_from ||
        other.person.valid_until <= one.person.valid_from;
      if (areApart) return [];
      const would = 'would count as two people';
      if (one.name === other.name)
        return [{ message: `${one.person.name} is listed twice at the same time, and ${would}`, at }];
      const id = one.ids.find((each) => other.ids.includes(each));
      return id === undefined
        ? []
        : [
            {
              message: `${one.person.name} and ${other.person.name} have keys of one user id, ${id}, and ${would}`,
              at,
            },
          ];
    }),
  );
}

/** A misspelt environment would leave the real one with the default, which may be lower. */
function strayThresholds(
  { value: trust, places }: Pick<Present, 'value' | 'places'>,
  parity: Parity | null,
): readonly Finding[] {
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

function plain(text: string): string {
  return text.normalize('NFKC').toLowerCase().replaceAll(/\s+/g, ' ');
}
