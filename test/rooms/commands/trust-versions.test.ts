// trust next, sign, show and update: how a list of people, or the root keys, give way to others.
import { beforeEach, describe, expect, test } from 'vitest';
import { trustNext } from '../../../src/commands/trust-next.ts';
import { trustShow } from '../../../src/commands/trust-show.ts';
import { trustSign } from '../../../src/commands/trust-sign.ts';
import { trustUpdate } from '../../../src/commands/trust-update.ts';
import { GovbootError } from '../../../src/kernel/errors.ts';
import type { Instant } from '../../../src/kernel/time.ts';
import { edited, pinOf, PRINTS, TRUST_YAML, trustYaml } from '../../harness/facts.ts';
import { makePorts, makeWorld, type World } from '../../harness/ports.ts';
import type { Who } from '../../harness/world.ts';
import { run, type Ran } from './running.ts';

const FILE = 'policies/trust.yaml';
const SIGNATURE = `${FILE}.${PRINTS.root}.asc`;

let world: World;
beforeEach(async () => {
  world = await makeWorld();
});

const textOf = (path: string): string => new TextDecoder().decode(world.files.get(path));
const trustFiles = (): string[] =>
  [...world.files.keys()].filter((path) => path.startsWith('policies/trust')).sort();
const warnings = ({ ports }: Ran): string[] =>
  ports.events.flatMap((event) => (event.type === 'warning' || event.type === 'note' ? [event.text] : []));

/** Keeps the present version and writes the next one, signed. */
async function next(change: Parameters<typeof trustYaml>[1], signers: readonly Who[]): Promise<void> {
  const { error, value } = await run(trustNext, {}, { world });
  expect(error).toBeNull();
  world.write(FILE, trustYaml(value['version'] as number, change));
  await world.sign(FILE, signers);
}

/** Root gives way to bob and carol in version 4; in version 5 carol is gone. */
async function rotate(): Promise<void> {
  await next({ roots: ['bob', 'carol'], threshold: 2 }, ['root', 'bob', 'carol']);
  await next({ roots: ['bob'] }, ['bob', 'carol']);
}

describe('trust next', () => {
  test('keeps the present version byte for byte, and counts up; nothing else is changed', async () => {
    const signature = world.files.get(SIGNATURE);
    world.write(FILE, edited(TRUST_YAML, 'version: 3\n', 'version: 3  # since May\n'));
    await world.sign(FILE, ['root']);
    const before = textOf(FILE);
    const { error, lines, value } = await run(trustNext, {}, { world });
    expect(error).toBeNull();
    expect(textOf('policies/trust/3.yaml')).toBe(before);
    expect(textOf(FILE)).toBe(edited(before, 'version: 3  # since May', 'version: 4  # since May'));
    expect(trustFiles()).toEqual([FILE, 'policies/trust/3.yaml', `policies/trust/3.yaml.${PRINTS.root}.asc`]);
    expect(world.files.get(`policies/trust/3.yaml.${PRINTS.root}.asc`)).not.toEqual(signature);
    expect(value).toEqual({
      kept: [`policies/trust/3.yaml.${PRINTS.root}.asc`, 'policies/trust/3.yaml'],
      version: 4,
    });
    expect(lines).toEqual([
      'kept version 3 as policies/trust/3.yaml, with 1 signature',
      'policies/trust.yaml is version 4 now, and not signed',
      expect.stringMatching(/^next: edit .* root keys of version 3 and of the new one$/),
    ]);
  });

  test('a root key that expired since it signed did sign', async () => {
    world.cast.root.facts = { ...world.cast.root.facts, expires: '2026-11-22T12:00:00Z' as Instant };
    expect((await run(trustNext, {}, { world })).error).toBeNull();
  });

  test.each<[string, () => void | Promise<void>, string, RegExp]>([
    ['is not signed', () => void world.files.delete(SIGNATURE), 'SIG_MISSING', /no signature/],
    [
      'was changed after it was signed',
      () => world.edit(FILE, 'Carol', 'Carla'),
      'SIG_BAD',
      /does not match/,
    ],
    [
      'is signed by too few of its roots',
      async () => {
        world.write(FILE, trustYaml(3, { roots: ['root', 'bob'], threshold: 2 }));
        await world.sign(FILE, ['root']);
      },
      'TRUST_UNSIGNED',
      /1 of 2 needed root keys of its own signed version 3/,
    ],
    [
      'is signed by nobody who is a root',
      async () => {
        world.files.delete(SIGNATURE);
        await world.sign(FILE, ['mallory']);
      },
      'TRUST_UNSIGNED',
      /0 of 1/,
    ],
  ])('a version that %s was never in force', async (_, change, code, message) => {
    await change();
    const before = new Map(world.files);
    const { error } = await run(trustNext, {}, { world });
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) });
    expect(error?.hint).toContain('it can be edited as it is');
    expect(world.files).toEqual(before);
  });

  test.each([
    ['another file of that number', 'policies/trust/3.yaml'],
    ['another signature of it', `policies/trust/3.yaml.${PRINTS.root}.asc`],
  ])('never overwrites %s', async (_, path) => {
    world.write(path, 'schema: something else\n');
    const before = new Map(world.files);
    expect((await run(trustNext, {}, { world })).error?.code).toBe('FILE_EXISTS');
    expect(world.files).toEqual(before);
  });

  test.each([
    ['in quotes', '"version": 3'],
    ['with a sign', 'version: +3'],
  ])('a version %s is for its people to write plainly', async (_, line) => {
    world.write(FILE, edited(TRUST_YAML, 'version: 3', line));
    await world.sign(FILE, ['root']);
    const before = new Map(world.files);
    const { error } = await run(trustNext, {}, { world });
    expect(error?.code).toMatch(/^(TRUST_INVALID|YAML)$/);
    expect(world.files).toEqual(before);
  });

  test('more signatures than anybody has root keys', async () => {
    for (let i = 0; i < 33; i++)
      world.write(`${FILE}.${i.toString(16).toUpperCase().padStart(40, '0')}.asc`, 'x');
    expect((await run(trustNext, {}, { world })).error?.code).toBe('SIG_COUNT');
  });

  test.each([1, 2, 3, 4])('killed at its write number %i, it goes on where it was', async (n) => {
    const { files, trustFiles: own } = makePorts({ world });
    let left = n;
    const step = async (act: () => Promise<void>): Promise<void> => {
      if (--left === 0) throw new Error('killed');
      await act();
    };
    const overrides = {
      files: {
        ...files,
        create: (path: string, bytes: Uint8Array | string) => step(() => files.create(path, bytes)),
      },
      trustFiles: {
        remove: (path: string) => step(() => own.remove(path)),
        replace: (path: string, was: Uint8Array, bytes: Uint8Array) =>
          step(() => own.replace(path, was, bytes)),
      },
    };
    await expect(run(trustNext, {}, { world, overrides })).rejects.toThrow('killed');
    expect((await run(trustNext, {}, { world })).error).toBeNull();
    expect(textOf(FILE)).toBe(trustYaml(4));
    expect(trustFiles()).toEqual([FILE, 'policies/trust/3.yaml', `policies/trust/3.yaml.${PRINTS.root}.asc`]);
  });
});

describe('trust sign', () => {
  test('a root of the version before signs too, and is told what changes', async () => {
    await run(trustNext, {}, { world });
    const people = edited(
      trustYaml(4, { roots: ['bob'] }),
      'roles: [approver]',
      'roles: [approver, evidence]',
    );
    const text = people
      .replace(/ {2}- name: Carol\n(?: {4}.*\n)*/, '')
      .replace('approver: { default: 1 }', 'approver: { default: 1, environments: { prod: 2 } }')
      .replace('evidence: { default: 1 }', 'evidence: { default: 2 }');
    world.write(FILE, `${text}${PERSON}`);
    const signed = await run(trustSign, {}, { world, signer: 'root' });
    expect(signed.error).toBeNull();
    expect(signed.value).toMatchObject({ signer: PRINTS.root, version: 4 });
    expect(warnings(signed)[0]?.split('\n')).toEqual([
      'version 4 changes, of version 3:',
      `+ root key ${PRINTS.bob}`,
      `- root key ${PRINTS.root}`,
      'threshold of approver in prod: the default → 2',
      'threshold of evidence: 1 → 2',
      `+ ${PRINTS.mallory}  Mallory: intent in dev, from 2026-01-01T00:00:00Z until 2027-01-01T00:00:00Z`,
      `- ${PRINTS.carol}  Carol: intent, approver, from 2026-01-01T00:00:00Z until 2027-01-01T00:00:00Z`,
      `- ${PRINTS.bob}  Bob: approver, from 2026-01-01T00:00:00Z until 2027-01-01T00:00:00Z`,
      `+ ${PRINTS.bob}  Bob: approver, evidence, from 2026-01-01T00:00:00Z until 2027-01-01T00:00:00Z`,
    ]);
    expect((await run(trustSign, {}, { world, signer: 'bob' })).error).toBeNull();
    const other = await run(trustSign, {}, { world, signer: 'carol' });
    expect(other.error).toMatchObject({
      code: 'SIGNER_NOT_ALLOWED',
      message: `${PRINTS.carol} is not a root key of policies/trust.yaml, nor of policies/trust/3.yaml`,
      hint: `sign with one of ${PRINTS.bob}, ${PRINTS.root}`,
    });
  });

  test('that nothing changes is told', async () => {
    await run(trustNext, {}, { world });
    const signed = await run(trustSign, {}, { world, signer: 'root' });
    expect(warnings(signed)).toEqual([
      'version 4 changes, of version 3:\nnothing that counts: no root key, no person, no threshold, no date',
    ]);
  });

  test('nothing is told, nor signed, against a version before that was never in force', async () => {
    const refused = async (): Promise<unknown> => (await run(trustSign, {}, { world, signer: 'root' })).error;
    await run(trustNext, {}, { world });
    const text = textOf(FILE).replace('roles: [approver]', 'roles: [approver, release]');
    world.write(FILE, text);
    // Whoever can push puts the same people into the version before, so that this one seems to change nothing.
    const kept = 'policies/trust/3.yaml';
    const before = textOf(kept);
    world.write(kept, text.replace('version: 4', 'version: 3'));
    expect(await refused()).toMatchObject({
      code: expect.stringMatching(/^(SIG_|TRUST_UNSIGNED)/) as string,
    });
    for (const path of trustFiles().filter((each) => each.startsWith(`${kept}.`))) world.files.delete(path);
    expect(await refused()).toMatchObject({ code: 'SIG_MISSING' });
    world.write(kept, text);
    expect(await refused()).toMatchObject({ code: 'TRUST_GAP' });
    world.write(kept, before);
    await world.sign(kept, ['root']);
    expect(await refused()).toBeNull();
  });

  test('without the version before, it says who cannot follow; the first version has none', async () => {
    world.write(FILE, trustYaml(4));
    world.files.delete(SIGNATURE);
    const signed = await run(trustSign, {}, { world, signer: 'root' });
    expect(warnings(signed)).toEqual([
      'policies/trust/3.yaml is not there: a machine that pinned version 3 or an earlier one cannot follow',
    ]);
    world.write(FILE, trustYaml(1));
    expect(warnings(await run(trustSign, {}, { world, signer: 'root' }))).toEqual([]);
  });
});

const PERSON = `  - name: Mallory
    fingerprint: "${PRINTS.mallory}"
    roles: [intent]
    environments: [dev]
    valid_from: 2026-01-01T00:00:00Z
    valid_until: 2027-01-01T00:00:00Z
`;

describe('trust show', () => {
  test('every version from the pinned one on: who signed it, what it changes', async () => {
    await rotate();
    const { error, lines, value } = await run(trustShow, {}, { world });
    expect(error).toBeNull();
    expect(lines).toEqual([
      expect.stringContaining('trust version 5, expires 2027-06-01T00:00:00Z'),
      expect.stringContaining(`pinned here: ${PRINTS.root} since`),
      '  threshold 1 of 1, of version 3; `govboot trust update` moves the pin to the present one',
      'versions:',
      '  good  version 4: policies/trust/4.yaml, expires 2027-06-01T00:00:00Z',
      `        signed by 1 of 1 needed of the root keys of version 3: ${PRINTS.root}`,
      `        signed by 2 of 2 needed of its own root keys: ${PRINTS.bob}, ${PRINTS.carol}`,
      `        + root key ${PRINTS.bob}`,
      `        + root key ${PRINTS.carol}`,
      `        - root key ${PRINTS.root}`,
      '        threshold of the root keys: 1 → 2',
      '  good  version 5: policies/trust.yaml, expires 2027-06-01T00:00:00Z',
      `        signed by 2 of 2 needed of the root keys of version 4: ${PRINTS.bob}, ${PRINTS.carol}`,
      `        signed by 1 of 1 needed of its own root keys: ${PRINTS.bob}`,
      `        - root key ${PRINTS.carol}`,
      '        threshold of the root keys: 2 → 1',
      'root keys, 1 of 1:',
      `  ${PRINTS.bob}`,
      'people:',
      expect.stringContaining('Alice'),
      expect.stringContaining('Bob'),
      expect.stringContaining('Carol'),
    ]);
    expect(value).toMatchObject({
      pin: { trustVersion: 3 },
      steps: [
        {
          version: 4,
          path: 'policies/trust/4.yaml',
          expires: '2027-06-01T00:00:00Z',
          roots: { threshold: 2, keys: [PRINTS.bob, PRINTS.carol] },
          before: { version: 3, needed: 1, who: [PRINTS.root], lapsed: [] },
          own: { version: 4, needed: 2 },
          good: true,
          findings: [],
        },
        { version: 5, good: true },
      ],
    });
  });

  test('a version that is not signed yet, and how far it is', async () => {
    await next({ roots: ['bob', 'carol'], threshold: 2 }, ['bob']);
    const { lines, value } = await run(trustShow, {}, { world });
    expect(lines).toContain('  NOT good  version 4: policies/trust.yaml, expires 2027-06-01T00:00:00Z');
    expect(lines).toContain('        signed by 0 of 1 needed of the root keys of version 3: none');
    expect(lines).toContain(`        signed by 1 of 2 needed of its own root keys: ${PRINTS.bob}`);
    expect(lines).toContain(
      '        TRUST_UNSIGNED: policies/trust.yaml: 0 of 1 needed root keys of version 3 signed version 4: none',
    );
    expect(value['steps']).toMatchObject([{ good: false, findings: [{ code: 'TRUST_UNSIGNED' }, {}] }]);
  });

  test('a gap, a key that expired, and the pinned version alone', async () => {
    await rotate();
    world.files.delete('policies/trust/4.yaml');
    const gap = await run(trustShow, {}, { world });
    expect(gap.lines).toContain('  NOT good  version 4: policies/trust/4.yaml');
    expect(gap.value['steps']).toMatchObject([
      { version: 4, expires: null, roots: null, before: null, own: null, good: false },
      { version: 5, before: null },
    ]);
    world = await makeWorld();
    await next({}, ['root']);
    await next({}, ['root']);
    world.cast.root.facts = { ...world.cast.root.facts, expires: '2026-11-22T12:00:00Z' as Instant };
    const late = await run(trustShow, {}, { world });
    expect(late.lines).toContain(
      `        signed by 0 of 1 needed of the root keys of version 3: none; no longer counted: ${PRINTS.root} (expired at 2026-11-22T12:00:00Z)`,
    );
    expect(late.lines).toContain(`        ! root key ${PRINTS.root} expired at 2026-11-22T12:00:00Z`);
    world = await makeWorld();
    const { lines } = await run(trustShow, {}, { world });
    expect(lines.slice(2, 6)).toEqual([
      '  threshold 1 of 1, of version 3',
      'versions:',
      '  good  version 3: policies/trust.yaml, expires 2027-06-01T00:00:00Z',
      `        signed by 1 of 1 needed of its own root keys: ${PRINTS.root}`,
    ]);
  });

  test.each([
    ['soft', 'retired: she has left'],
    ['hard', 'compromised: stolen'],
  ] as const)('keys that were revoked (%s), at each version that lists them', async (kind, reason) => {
    await rotate();
    const revoke = (name: 'root' | 'alice'): void => {
      const { facts } = world.cast[name];
      world.cast[name].facts = { ...facts, revoked: { kind, reason } };
    };
    revoke('alice');
    const { lines, value } = await run(trustShow, {}, { world });
    expect(lines.filter((line) => line.includes('! '))).toEqual([
      `        ! key ${PRINTS.alice} of Alice revoked, ${kind}: ${reason}`,
      `        ! key ${PRINTS.alice} of Alice revoked, ${kind}: ${reason}`,
    ]);
    expect(value['steps']).toMatchObject([
      { version: 4, ended: [{ key: PRINTS.alice, is: 'revoked', kind, reason }] },
      { version: 5, ended: [{ key: PRINTS.alice, is: 'revoked', kind, reason }] },
    ]);
    // Whoever vouched for the first step does not count any more, so that nothing after it is read.
    revoke('root');
    const later = (await run(trustShow, {}, { world })).lines;
    expect(later).toContain(
      `        signed by 0 of 1 needed of the root keys of version 3: none; no longer counted: ${PRINTS.root} (revoked, ${kind}: ${reason})`,
    );
  });

  test('without a pin, from the first version that is kept', async () => {
    await rotate();
    world.pins.splice(0);
    const { lines, value } = await run(trustShow, {}, { world });
    expect(lines[1]).toMatch(/^pinned here: nothing; .*no root key of repository/);
    expect(value['steps']).toMatchObject([
      { version: 3, before: null, good: true },
      { version: 4, before: { version: 3 }, good: true },
      { version: 5, good: true },
    ]);
  });

  test('a folder of versions that cannot be read', async () => {
    const { repository } = makePorts({ world });
    const list = async (folder: string) => {
      if (folder === 'policies/trust')
        throw new GovbootError('FILE_UNSAFE', 'policies/trust/4.yaml is a FIFO');
      return (await repository.open()).list(folder);
    };
    const open = async () => ({ ...(await repository.open()), list });
    const { error } = await run(trustShow, {}, { world, overrides: { repository: { ...repository, open } } });
    expect(error?.code).toBe('FILE_UNSAFE');
  });
});

describe('trust update', () => {
  test('moves the pin along the versions, and shows every step', async () => {
    await rotate();
    const { error, lines, value } = await run(trustUpdate, {}, { world });
    expect(error).toBeNull();
    expect(world.pins.at(-1)).toEqual({
      ...pinOf(),
      roots: [PRINTS.bob],
      threshold: 1,
      trustVersion: 5,
      pinnedAt: '2026-11-22T12:00:00Z',
    });
    expect(value).toMatchObject({
      from: 3,
      to: 5,
      roots: [PRINTS.bob],
      steps: [{ version: 4 }, { version: 5 }],
    });
    expect(lines).toContain(`        - root key ${PRINTS.root}`);
    expect(lines.slice(-4)).toEqual([
      'moved the pin of repository 5f0c2a4e-1b7d-4c3a-9e2f-0a1b2c3d4e5f from version 3 to 5',
      `  root ${PRINTS.bob}`,
      '  threshold 1 of 1',
      'in /home/operator/.config/govboot/pins.json',
    ]);
  });

  test('nothing is to be done where the pin is of the present version', async () => {
    const { error, lines } = await run(trustUpdate, {}, { world });
    expect(error).toBeNull();
    expect(lines.join('\n')).toContain('is of version 3 already');
    expect(world.pins).toEqual([pinOf()]);
  });

  test('a version that expired is followed, and told: the one after it comes later', async () => {
    await rotate();
    world.edit(FILE, 'expires: 2027', 'expires: 2026');
    await world.sign(FILE, ['bob', 'carol']);
    const ran = await run(trustUpdate, {}, { world });
    expect(ran.error).toBeNull();
    expect(warnings(ran)).toEqual([expect.stringMatching(/^version 5 expired at 2026-06-01/)]);
    expect(world.pins.at(-1)).toMatchObject({ trustVersion: 5 });
  });

  test.each<[string, () => void | Promise<void>, string]>([
    ['without a pin', () => void world.pins.splice(0), 'TRUST_NOT_PINNED'],
    ['to an older version', () => world.write(FILE, trustYaml(2)), 'TRUST_ROLLBACK'],
    [
      'to other roots of the same number',
      async () => {
        world.write(FILE, trustYaml(3, { roots: ['bob'] }));
        await world.sign(FILE, ['root', 'bob']);
      },
      'TRUST_INVALID',
    ],
    [
      'while a version that is kept is newer than the present one',
      async () => {
        await rotate();
        world.write('policies/trust/6.yaml', trustYaml(6));
      },
      'TRUST_GAP',
    ],
    ['over a gap', () => void world.files.delete('policies/trust/4.yaml'), 'TRUST_GAP'],
    [
      'past a version that is not signed',
      () => void world.files.delete(`${FILE}.${PRINTS.carol}.asc`),
      'TRUST_UNSIGNED',
    ],
  ])('does not move %s', async (what, change, code) => {
    if (what.startsWith('over') || what.startsWith('past')) await rotate();
    await change();
    const before = [...world.pins];
    expect((await run(trustUpdate, {}, { world })).error?.code).toBe(code);
    expect(world.pins).toEqual(before);
  });

  test('every other finding is told beside the first', async () => {
    await next({ roots: ['bob'] }, []);
    world.write(`${FILE}.asc`, 'no armor');
    const ran = await run(trustUpdate, {}, { world });
    expect(ran.error?.code).toBe('SIG_FORMAT');
    expect(warnings(ran).map((text) => text.split(':')[0])).toEqual(['TRUST_UNSIGNED', 'TRUST_UNSIGNED']);
  });

  test('a long way is gone in several goes, each on its own feet', async () => {
    for (let version = 4; version < 44; version++) await next({}, ['root']);
    const go = async (): Promise<number | undefined> => {
      const { error, lines } = await run(trustUpdate, {}, { world });
      expect(error).toBeNull();
      const { trustVersion } = world.pins.at(-1)!;
      expect(lines.join('\n').includes('run it again')).toBe(trustVersion < 43);
      world.pins.splice(0, world.pins.length - 1);
      return trustVersion;
    };
    expect([await go(), await go(), await go()]).toEqual([35, 43, 43]);
  });
});
