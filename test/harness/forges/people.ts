/** The people of a script: those of the fixture, and those that a forge let in, each with a key that may be a bad one. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../capabilities.ts';
import type { ForgeSite } from '../forge.ts';
import { keyFrom, makeKey, type KeySpec, type TestKey } from '../keys.ts';
import type { Fixture } from '../script-fixture.ts';

const added = new WeakMap<Fixture, Map<string, TestKey>>();

/** The key of a person. @throws when there is no such person */
export function keyOfPerson({ governed }: ForgeSite, name: string): TestKey {
  const key = added.get(governed)?.get(name) ?? new Map(Object.entries(governed.keys)).get(name);
  if (key === undefined) throw new Error(`there is nobody called ${name} here`);
  return key;
}

/** Options `name=value`; a name alone stands for `name=yes`. */
export function optionsOf(args: readonly string[]): ReadonlyMap<string, string> {
  return new Map(
    args.map((arg) => {
      const at = arg.indexOf('=');
      return at === -1 ? ([arg, 'yes'] as const) : ([arg.slice(0, at), arg.slice(at + 1)] as const);
    }),
  );
}

/** Refuses an option that a forge does not know: a misspelt forgery would be none. */
export function onlyKnown(options: ReadonlyMap<string, string>, known: readonly string[]): void {
  const strange = [...options.keys()].find((name) => !known.includes(name));
  if (strange !== undefined) throw new Error(`there is no option ${strange}; there are ${known.join(', ')}`);
}

/** `30m`, `90d`: so long before now. */
export function ago(text: string): Date {
  const [, amount, unit] = /^(\d+)([smhd])$/.exec(text) ?? [];
  const seconds = { s: 1, m: 60, h: 3600, d: 86_400 }[unit ?? ''];
  if (amount === undefined || seconds === undefined)
    throw new Error(`${text} is no span of time like 30m or 90d`);
  return new Date(Math.floor(Date.now() / 1000 - Number(amount) * seconds) * 1000);
}

const KEY_OPTIONS = [
  'rsa',
  'curve',
  'fixture',
  'subkey',
  'no-back-signature',
  'subkey-flags',
  'flags',
  'sha1',
  'created',
  'expires',
  'subkey-expires',
];

/** A key as the options say; long-lived Ed25519 of an hour ago when they say nothing. */
async function makeKeyOf(name: string, options: ReadonlyMap<string, string>): Promise<TestKey> {
  const fixture = options.get('fixture');
  if (fixture !== undefined)
    return keyFrom(readFileSync(join(projectRoot, 'test', 'fixtures', `${fixture}.key`), 'utf8'));
  const number = (option: string): number | undefined =>
    options.has(option) ? Number(options.get(option)) : undefined;
  const flags = options.get('flags');
  const spec = {
    name: fullName(name),
    email: `${name}@example.com`,
    created: ago(options.get('created') ?? '1h'),
    rsaBits: number('rsa'),
    curve: options.get('curve') as KeySpec['curve'],
    signingSubkey: options.has('subkey'),
    withoutBackSignature: options.has('no-back-signature'),
    subkeyFlags: number('subkey-flags'),
    keyFlags: flags === undefined ? undefined : flags === 'none' ? null : Number(flags),
    sha1SelfSignatures: options.has('sha1'),
    expiresInSeconds: number('expires'),
    subkeyExpiresInSeconds: number('subkey-expires'),
  };
  // Under exactOptionalPropertyTypes an option that is not set must not be there.
  return makeKey(
    Object.fromEntries(Object.entries(spec).filter(([, value]) => value !== undefined)) as never,
  );
}

function fullName(name: string): string {
  return `${name.slice(0, 1).toUpperCase()}${name.slice(1)} Newcomer`;
}

/**
 * Makes a person with a key, puts their certificate into policies/keys, and them into the trust file unless their roles are `unlisted`.
 * Nothing is signed yet: the forge `release` does that.
 */
export async function letIn(
  site: ForgeSite,
  name: string,
  roles: string,
  args: readonly string[],
): Promise<TestKey> {
  const options = optionsOf(args);
  onlyKnown(options, [...KEY_OPTIONS, 'from', 'until']);
  const key = await makeKeyOf(name, options);
  const people = added.get(site.governed) ?? new Map<string, TestKey>();
  added.set(site.governed, people.set(name, key));
  const { root } = site.governed;
  writeFileSync(join(site.work, 'keys', `${name}.key`), key.privateArmored, { mode: 0o600 });
  mkdirSync(join(root, 'policies', 'keys'), { recursive: true });
  writeFileSync(join(root, key.file().path), key.publicArmored);
  if (roles !== 'unlisted') list(root, name, roles, key, options);
  return key;
}

function list(
  root: string,
  name: string,
  roles: string,
  key: TestKey,
  options: ReadonlyMap<string, string>,
): void {
  const instant = (date: Date): string => date.toISOString().replace(/\.\d{3}Z$/, 'Z');
  const until = options.get('until');
  const entry = [
    `  - name: ${JSON.stringify(fullName(name))}`,
    `    fingerprint: "${key.fingerprint}"`,
    `    roles: [${roles.replaceAll(',', ', ')}]`,
    `    valid_from: "${instant(ago(options.get('from') ?? '60d'))}"`,
    `    valid_until: "${until === undefined ? '2090-01-01T00:00:00Z' : instant(ago(until))}"`,
  ];
  const trust = join(root, 'policies', 'trust.yaml');
  const text = readFileSync(trust, 'utf8').trimEnd();
  writeFileSync(trust, `${text}\n${entry.join('\n')}\n`);
}
