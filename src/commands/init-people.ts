/** The people and root keys of `govboot init`, asked for one by one. Keys are chosen from those that gpg has, or named. */
import { fileOf } from '../inputs/file-read.ts';
import { GovbootError, isGovbootError } from '../kernel/errors.ts';
import type { Fingerprint, KeyRead } from '../inputs/facts.ts';
import type { OwnKey, Ports } from '../ports.ts';
import { parsePersonName, parseRoles, printOf, type PersonAsked } from './init-options.ts';
import { askFor, chooseFrom } from './questions.ts';

/** Public keys that were read on the way, by fingerprint. */
export type KeysSeen = Map<Fingerprint, Uint8Array>;

const ROLES_ABOUT =
  'release signs the tag, intent asks for a backend, approver agrees to what somebody else asked, evidence signs the record of `apply`.';
const OTHER = 'other';
const NO_MORE = 'none';

export async function askPeople(
  ports: Ports,
  own: readonly OwnKey[],
  suggested: string | null,
  seen: KeysSeen,
): Promise<readonly PersonAsked[]> {
  const people: PersonAsked[] = [];
  for (;;) {
    const isFirst = people.length === 0;
    const name = await askFor(ports, {
      about: isFirst
        ? 'Who may sign here. A name stands in the list of people and in every record; the key is what counts.'
        : 'The next person, or nothing. One person alone can do everything but approve; two keep each other honest.',
      message: isFirst ? 'name of the first person' : 'name of the next person (empty: no more)',
      initial: isFirst ? suggested : null,
      read: (text) => (text === '' && !isFirst ? noMore(people) : newName(text, people)),
    });
    if (name === null) return people;
    const taken = people.map(({ fingerprint }) => fingerprint);
    const fingerprint = await askKey(ports, {
      about: `The key by which ${name} signs: what git and govboot sign with. Its public half goes into policies/keys/.`,
      message: `key of ${name}`,
      own: own.filter((key) => !taken.includes(key.fingerprint)),
      taken,
      seen,
    });
    const roles = await askFor(ports, {
      about: ROLES_ABOUT,
      message: `roles of ${name}`,
      initial: isFirst ? 'release, intent, evidence' : 'approver, evidence',
      read: parseRoles,
    });
    people.push({ name, fingerprint, roles });
  }
}

/** Roles without which nothing can be released, asked for or applied. */
const NEEDED = ['release', 'intent', 'evidence'] as const;

function noMore(people: readonly PersonAsked[]): null {
  const lacking = NEEDED.filter((role) => !people.some(({ roles }) => roles.includes(role)));
  if (lacking.length > 0)
    throw new GovbootError(
      'USAGE',
      `nobody has the role ${lacking.join(' and ')} yet: name somebody who has`,
    );
  return null;
}

function newName(text: string, people: readonly PersonAsked[]): string {
  const name = parsePersonName(text);
  if (people.some((person) => person.name.toLowerCase() === name.toLowerCase()))
    throw new GovbootError('USAGE', `${name} is listed already; one person has one entry`);
  return name;
}

export async function askRoots(
  ports: Ports,
  own: readonly OwnKey[],
  people: readonly PersonAsked[],
  seen: KeysSeen,
): Promise<readonly Fingerprint[]> {
  const roots: Fingerprint[] = [];
  const ofPeople = (print: Fingerprint): boolean => people.some(({ fingerprint }) => fingerprint === print);
  for (;;) {
    const isFirst = roots.length === 0;
    // A key of its own first: whoever has that of a person would otherwise have the list of people too.
    const offered = [
      ...own.filter(({ fingerprint }) => !ofPeople(fingerprint)),
      ...own.filter(({ fingerprint }) => ofPeople(fingerprint)),
    ].filter(({ fingerprint }) => !roots.includes(fingerprint));
    const print = await askKey(ports, {
      about: isFirst
        ? 'The root key signs the list of people, and nothing else: best a key of its own, on a card or offline. Its fingerprint is what other machines pin, from paper.'
        : 'Another root key, or no more. A second one kept elsewhere is how the list can still be changed when the first is lost.',
      message: isFirst ? 'root key' : 'another root key',
      own: offered,
      taken: roots,
      seen,
      canEnd: !isFirst,
    });
    if (print === null) return roots;
    roots.push(print);
  }
}

interface KeyQuestion {
  readonly about: string;
  readonly message: string;
  readonly own: readonly OwnKey[];
  readonly taken: readonly Fingerprint[];
  readonly seen: KeysSeen;
}

async function askKey(ports: Ports, question: KeyQuestion): Promise<Fingerprint>;
async function askKey(ports: Ports, question: KeyQuestion & { canEnd: boolean }): Promise<Fingerprint | null>;
async function askKey(
  ports: Ports,
  { about, message, own, taken, seen, canEnd = false }: KeyQuestion & { canEnd?: boolean },
): Promise<Fingerprint | null> {
  const end = canEnd ? [{ value: NO_MORE, text: 'no more' }] : [];
  const chosen =
    own.length === 0 && !canEnd
      ? OTHER
      : await chooseFrom(ports, {
          about,
          message,
          choices: [
            ...end,
            ...own.map(({ fingerprint, userId }) => ({
              value: fingerprint,
              text: `${userId === '' ? 'no name' : userId}  …${fingerprint.slice(-16)}`,
              about: `fingerprint ${grouped(fingerprint)}`,
            })),
            {
              value: OTHER,
              text: 'another key',
              about: 'type its fingerprint, or the file that holds the public key',
            },
          ],
        });
  if (chosen === NO_MORE) return null;
  return chosen === OTHER ? askOther(ports, { about, message, taken, seen }) : (chosen as Fingerprint);
}

/** In groups of four, as people compare it. */
function grouped(fingerprint: string): string {
  return fingerprint.replaceAll(/(.{4})(?=.)/g, '$1 ');
}

async function askOther(
  ports: Ports,
  { about, message, taken, seen }: Omit<KeyQuestion, 'own'>,
): Promise<Fingerprint> {
  let said = about;
  for (;;) {
    const text = await askFor(ports, {
      about: said,
      message: `${message}: fingerprint, or file of the public key`,
      read: (given) => {
        if (given === '')
          throw new GovbootError('USAGE', 'a key is needed: 40 hexadecimal characters, or a file');
        const print = printOf(given);
        if (print !== null && taken.includes(print))
          throw new GovbootError('USAGE', `${print} is named already`);
        return given;
      },
    });
    const print = printOf(text);
    if (print !== null) return print;
    try {
      const found = await keyIn(ports, text);
      if (!taken.includes(found.fingerprint)) {
        seen.set(found.fingerprint, found.bytes);
        return found.fingerprint;
      }
      said = `${found.fingerprint} is named already.`;
    } catch (error) {
      // A file cannot be looked at while it is typed: the reason is told with the question, which is asked again.
      if (!isGovbootError(error)) throw error;
      said = `${error.message}.`;
    }
  }
}

/** The certificate that a file holds, whatever its name. @throws KEYRING_SHAPE, FILE_MISSING */
export async function keyIn(
  ports: Pick<Ports, 'files' | 'verifier'>,
  path: string,
): Promise<{ readonly fingerprint: Fingerprint; readonly bytes: Uint8Array }> {
  const bytes = await ports.files.read(path);
  const named = async (name: string): Promise<KeyRead | undefined> =>
    (await ports.verifier.keys([fileOf(name, bytes)]))[0];
  let read = await named(path);
  // Key files of a repository are named by their fingerprint; of one with another name the reader tells how it must be called.
  const wanted =
    read?.is === 'problem' ? /must be named ([0-9A-F]{40}\.asc)$/.exec(read.problem.wrong)?.[1] : null;
  if (typeof wanted === 'string') read = await named(wanted);
  if (read?.is === 'key') return { fingerprint: read.key.fingerprint, bytes };
  const why = read?.is === 'problem' ? read.problem.wrong : 'it is no public key';
  throw new GovbootError('KEYRING_SHAPE', `${path} holds no public key that can be used: ${why}`);
}
