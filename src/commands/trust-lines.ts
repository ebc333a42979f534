/** Steps between versions of the trust file, in lines for people and in data for machines. Pure. */
import type { Json } from '../kernel/json.ts';
import type { Fingerprint } from '../inputs/facts.ts';
import { ROLES, type Person, type Roots, type Trust } from '../inputs/trust.ts';
import { isGood, type TrustStep } from '../gates/trust-chain.ts';
import type { Side } from '../gates/trust-sides.ts';
import type { KeyEnd, TrustState } from '../street/trust-state.ts';

/** One step: what the version is, who signed it, what it changes, and what is wrong with it. */
export function linesOfStep(step: TrustStep, before: Trust | Roots | null, ended: Ended): readonly string[] {
  const { version, path, trust } = step;
  const head = `version ${String(version)}: ${path}${trust === null ? '' : `, expires ${trust.expires}`}`;
  return [
    `${isGood(step) ? 'good' : 'NOT good'}  ${head}`,
    ...(step.before === null ? [] : [`      ${sideLine(step.before, version, ended)}`]),
    ...(step.own === null || step.before?.roots.version === version
      ? []
      : [`      ${sideLine(step.own, version, ended)}`]),
    ...(trust === null || before === null ? [] : changesOf(before, trust).map((line) => `      ${line}`)),
    ...(trust === null ? [] : endsIn(trust, ended).map(({ what, end }) => `      ! ${what} ${howOf(end)}`)),
    ...[...step.gaps, ...step.unsigned].flatMap(({ code, message, hint }) => [
      `      ${code}: ${message}`,
      `      hint: ${hint}`,
    ]),
  ];
}

function sideLine({ roots, who, lapsed }: Side, version: number, ended: Ended): string {
  const whose =
    roots.version === version ? 'its own root keys' : `the root keys of version ${String(roots.version)}`;
  const gone =
    lapsed.length === 0
      ? ''
      : `; no longer counted: ${lapsed.map((key) => `${key} (${howOf(ended.get(key))})`).join(', ')}`;
  return `signed by ${String(who.length)} of ${String(roots.threshold)} needed of ${whose}: ${who.join(', ') || 'none'}${gone}`;
}

export function jsonOfStep(step: TrustStep, ended: Ended): Json {
  const sideOf = (side: Side | null): Json =>
    side === null
      ? null
      : {
          version: side.roots.version,
          needed: side.roots.threshold,
          who: [...side.who],
          lapsed: [...side.lapsed],
        };
  return {
    version: step.version,
    path: step.path,
    expires: step.trust?.expires ?? null,
    roots:
      step.trust === null
        ? null
        : { threshold: step.trust.roots.threshold, keys: [...step.trust.roots.keys] },
    before: sideOf(step.before),
    own: sideOf(step.own),
    good: isGood(step),
    ended: step.trust === null ? [] : endsIn(step.trust, ended).map(({ key, end }) => ({ key, ...end })),
    findings: [...step.gaps, ...step.unsigned].map(({ code, message, hint }) => ({ code, message, hint })),
  };
}

export type Ended = TrustState['ended'];

/** The keys that a version lists and that have ended by now, root keys first. */
function endsIn(
  { roots, people }: Trust,
  ended: Ended,
): readonly { readonly key: Fingerprint; readonly what: string; readonly end: KeyEnd }[] {
  const listed = [
    ...roots.keys.map((key) => ({ key, what: `root key ${key}` })),
    ...people
      .filter(({ fingerprint }) => !roots.keys.includes(fingerprint))
      .map(({ fingerprint: key, name }) => ({ key, what: `key ${key} of ${name}` })),
  ];
  return listed.flatMap(({ key, what }) => {
    const end = ended.get(key);
    return end === undefined ? [] : [{ key, what, end }];
  });
}

/** A subkey may have ended alone, which is told where its signature is judged. */
function howOf(end: KeyEnd | undefined): string {
  if (end === undefined) return 'its subkey ended';
  return end.is === 'expired' ? `expired at ${end.at}` : `revoked, ${end.kind}: ${end.reason}`;
}

/** What a version changes: `+` given, `-` taken. Of a pin only the roots are known. */
export function changesOf(before: Trust | Roots, after: Trust): readonly string[] {
  const old = 'people' in before ? before.roots : before;
  return [
    ...after.roots.keys.filter((key) => !old.keys.includes(key)).map((key) => `+ root key ${key}`),
    ...old.keys.filter((key) => !after.roots.keys.includes(key)).map((key) => `- root key ${key}`),
    ...moved('threshold of the root keys', old.threshold, after.roots.threshold),
    ...('people' in before
      ? [
          ...moved('expires', before.expires, after.expires),
          ...thresholdChanges(before, after),
          ...peopleChanges(before, after),
        ]
      : []),
  ];
}

function thresholdChanges(before: Trust, after: Trust): readonly string[] {
  return ROLES.flatMap((role) => {
    const [old, now] = [before.thresholds[role], after.thresholds[role]];
    const environments = new Set([
      ...Object.keys(old.environments ?? {}),
      ...Object.keys(now.environments ?? {}),
    ]);
    return [
      ...moved(`threshold of ${role}`, old.default, now.default),
      ...[...environments].flatMap((environment) =>
        moved(
          `threshold of ${role} in ${environment}`,
          old.environments?.[environment] ?? 'the default',
          now.environments?.[environment] ?? 'the default',
        ),
      ),
    ];
  });
}

function peopleChanges(before: Trust, after: Trust): readonly string[] {
  const old = new Map(before.people.map((person) => [person.fingerprint, person]));
  const now = new Map(after.people.map((person) => [person.fingerprint, person]));
  return [
    ...after.people
      .filter(({ fingerprint }) => !old.has(fingerprint))
      .map((person) => `+ ${personLine(person)}`),
    ...before.people
      .filter(({ fingerprint }) => !now.has(fingerprint))
      .map((person) => `- ${personLine(person)}`),
    ...after.people.flatMap((person) => {
      const was = old.get(person.fingerprint);
      return was === undefined || personLine(was) === personLine(person)
        ? []
        : [`- ${personLine(was)}`, `+ ${personLine(person)}`];
    }),
  ];
}

/** A person as the trust file lists them. */
export function personLine(person: Person): string {
  const where = person.environments === undefined ? '' : ` in ${person.environments.join(', ')}`;
  return `${person.fingerprint}  ${person.name}: ${person.roles.join(', ')}${where}, from ${person.valid_from} until ${person.valid_until}`;
}

function moved(what: string, from: number | string, to: number | string): readonly string[] {
  return from === to ? [] : [`${what}: ${String(from)} → ${String(to)}`];
}
