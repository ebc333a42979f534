/** This repository: what is pinned, who is trusted and for how long, where evidence goes. */
import { shellWord } from '../kernel/text.ts';
import { humanSeconds, secondsBetween, type Instant } from '../kernel/time.ts';
import type { KeyFacts, PinFacts } from '../inputs/facts.ts';
import { isActive } from '../inputs/trust.ts';
import { diagnosis, judged, left, ok, warning, wrong, wrongBy, type Verdict } from './diagnosis.ts';
import type { Diagnosis, DoctorFacts, Look, PlaceSeen, RepositoryFacts, TrustFacts } from './facts.ts';
import { octal } from './machine.ts';

const DAY = 86_400;
/** Seconds before an end at which it is told. */
const SOON = 30 * DAY;
/** Bytes; the evidence of one run is a hundredth of it. */
const LEAST_FREE = 100 * 1024 * 1024;
const MIB = 1024 * 1024;

export function judgeRepository({ repository, now }: DoctorFacts): readonly Diagnosis[] {
  const say = (check: string, verdict: Verdict): Diagnosis => diagnosis('repository', check, verdict);
  const { root, pins, pinsFile, trust, policy, evidence, lastRecord } = repository;
  return [
    say('repository', judged(root, ok)),
    say('pins', pinsOf(pins, pinsFile)),
    say('trust', judged(trust, trustOf)),
    say(
      'trust expiry',
      judged(
        trust,
        ({ trust: { expires } }) => endOf('policies/trust.yaml', expires, now, NEXT_VERSION),
        () => left(UNTRUSTED),
      ),
    ),
    say(
      'keys',
      judged(
        trust,
        (facts) => keysOf(facts, now),
        () => left(UNTRUSTED),
      ),
    ),
    say(
      'policy',
      judged(policy, ({ environments }) =>
        ok(`policies/parity.yaml has ${Object.keys(environments).join(', ')}`),
      ),
    ),
    say('evidence', judged(evidence, evidenceOf)),
    say(
      'records',
      judged(lastRecord, (last) => recordsOf(last, now)),
    ),
  ];
}

function pinsOf(pins: RepositoryFacts['pins'], file: Look<PlaceSeen>): Verdict {
  return judged(pins, (all) => judged(file, (place) => pinsFileOf(all, place)));
}

function pinsFileOf(all: readonly PinFacts[], place: PlaceSeen): Verdict {
  if (all.length === 0)
    return warning(
      `nothing is pinned on this machine (${place.path})`,
      'compare the root keys with paper, then `govboot trust pin --root FINGERPRINT`',
    );
  const { mode } = place;
  if (mode !== null && (mode & 0o077) !== 0)
    return warning(`${place.path} is open to others (${octal(place)})`, `chmod 600 ${shellWord(place.path)}`);
  return ok(`${counted(all.length, 'repository', 'repositories')} in ${place.path}`);
}

function counted(count: number, one: string, more: string): string {
  return `${String(count)} ${count === 1 ? one : more}`;
}

function trustOf({ trust, pin, wrong: findings }: TrustFacts): Verdict {
  const [first] = findings;
  if (first !== undefined) return wrongBy(first);
  if (pin !== null && pin.trustVersion < trust.version)
    return warning(
      `version ${String(trust.version)} holds; version ${String(pin.trustVersion)} is pinned here`,
      'govboot trust update',
    );
  return ok(`version ${String(trust.version)} is signed by the pinned root keys`);
}

const UNTRUSTED = 'the trust file could not be read';
const NEXT_VERSION = '`govboot trust next`, set a later end, then `govboot trust sign`';

function endOf(what: string, end: Instant, now: Instant, mend: string): Verdict {
  const seconds = secondsBetween(now, end);
  if (seconds <= 0) return wrong(`${what} expired at ${end}`, mend);
  return seconds < SOON
    ? warning(`${what} expires in ${humanSeconds(seconds)}, at ${end}`, mend)
    : ok(`until ${end}`);
}

/** Keys that are listed, and people's own periods; whoever has not begun is not missed. */
function keysOf({ trust, keys }: TrustFacts, now: Instant): Verdict {
  const listed = [
    ...trust.roots.keys.map((print) => ({ print, whose: 'root key', until: null })),
    ...trust.people.map(({ fingerprint: print, name, valid_until: until }) => ({
      print,
      whose: `key of ${name}`,
      until,
    })),
  ];
  const verdicts = listed.flatMap(({ print, whose, until }) => {
    const key = keys.find(({ fingerprint }) => fingerprint === print);
    const what = `${whose} ${print.slice(-16)}`;
    if (key === undefined)
      return [
        wrong(`the ${what} is not in policies/keys`, `gpg --armor --export ${print} > ${keyFile(print)}`),
      ];
    return [
      keyOf(what, key, now),
      ...(until === null ? [] : [endOf(`the entry with the ${what}`, until, now, NEXT_VERSION)]),
    ];
  });
  const wrongs = verdicts.filter(({ status }) => status === 'wrong');
  const worst = wrongs.length > 0 ? wrongs : verdicts.filter(({ status }) => status === 'warning');
  const [first] = worst;
  if (first === undefined) {
    const active = trust.people.filter((person) => isActive(person, now)).length;
    return ok(
      `none of ${counted(active, 'person', 'people')} and ${counted(trust.roots.keys.length, 'root key', 'root keys')} ends within 30 days`,
    );
  }
  const mends = new Set(worst.flatMap(({ mend }) => mend ?? []));
  return { ...first, text: worst.map(({ text }) => text).join('; '), mend: [...mends].join('; ') };
}

function keyFile(print: string): string {
  return `policies/keys/${print}.asc`;
}

function keyOf(what: string, key: KeyFacts, now: Instant): Verdict {
  if (key.revoked !== null)
    return wrong(
      `the ${what} is revoked: ${key.revoked.reason}`,
      '`govboot trust next`, and list another key',
    );
  const ends = [key, ...key.subkeys]
    .filter(({ fingerprint, revoked }) => key.signingKeys.includes(fingerprint) && revoked === null)
    .map(({ expires }) => expires);
  if (ends.length === 0)
    return wrong(
      `the ${what} has no part that may sign`,
      `\`gpg --quick-add-key ${key.fingerprint} ed25519 sign\`, then export it to ${key.file}, commit and tag`,
    );
  // The last of those that may sign decides, and never longer than the primary key.
  const last = ends.includes(null) ? [] : ends.toSorted().slice(-1);
  const end = [key.expires, ...last].filter((each) => each !== null).toSorted()[0];
  return end === undefined
    ? ok(`the ${what} has no end`)
    : endOf(
        `the ${what}`,
        end,
        now,
        `\`gpg --quick-set-expire ${key.fingerprint} 1y\`, then export it to ${key.file}, commit and tag`,
      );
}

function evidenceOf({ path, is, writable, freeBytes, mode }: PlaceSeen): Verdict {
  if (is === 'file' || is === 'other')
    return wrong(`${path} is no folder`, `look at it, and move it away: ${shellWord(path)}`);
  if (!writable)
    return wrong(
      is === 'missing' ? `${path} could not be made` : `${path} cannot be written (${octal({ mode })})`,
      `chmod u+w ${shellWord(is === 'missing' ? path.slice(0, path.lastIndexOf('/')) : path)}`,
    );
  if (freeBytes !== null && freeBytes < LEAST_FREE)
    return wrong(
      `${String(Math.floor(freeBytes / MIB))} MiB are free where ${path} is; ${String(LEAST_FREE / MIB)} MiB are needed`,
      'make room on that disk',
    );
  const room = freeBytes === null ? '' : `; ${(freeBytes / (MIB * 1024)).toFixed(1)} GiB are free`;
  return ok(`${path} ${is === 'missing' ? 'is not there yet, and can be made' : 'can be written'}${room}`);
}

/** As gate 5 judges it: with a clock that was set back, what has expired is valid again. */
function recordsOf(last: Instant | null, now: Instant): Verdict {
  if (last === null) return ok('no environment has a record yet');
  return now < last
    ? wrong(`it is ${now} on this machine, and the newest record was made at ${last}`, 'set the clock')
    : ok(`the newest was made at ${last}`);
}
