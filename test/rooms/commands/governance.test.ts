// trust and intent: what they write, and what they refuse to.
import { beforeEach, describe, expect, test } from 'vitest';
import { GovbootError } from '../../../src/kernel/errors.ts';
import type { Event } from '../../../src/kernel/events.ts';
import type { Ports, Suggestions } from '../../../src/ports.ts';
import { parseIntent } from '../../../src/inputs/intent.ts';
import type { CommandOptions } from '../../../src/commands/command.ts';
import { intentCheck, intentSign } from '../../../src/commands/intent.ts';
import { intentNew } from '../../../src/commands/intent-new.ts';
import { check } from '../../../src/commands/check.ts';
import { trustPin } from '../../../src/commands/trust-pin.ts';
import { trustShow } from '../../../src/commands/trust-show.ts';
import { trustSign } from '../../../src/commands/trust-sign.ts';
import { fileOf, PRINTS, REPOSITORY } from '../../harness/facts.ts';
import { makePorts, makeWorld, type World } from '../../harness/ports.ts';
import { lockedWorld } from '../street/playing.ts';
import { run, type Ran } from './running.ts';

let world: World;
beforeEach(async () => {
  world = await makeWorld();
});

const textOf = (path: string): string => new TextDecoder().decode(world.files.get(path));

/** A trust file with two root keys. */
const twoRoots = (): void => {
  world.edit('policies/trust.yaml', `keys: ["${PRINTS.root}"]`, `keys: ["${PRINTS.root}", "${PRINTS.bob}"]`);
};

const bothRoots = (): string[] => [PRINTS.root, PRINTS.bob];

describe('trust pin', () => {
  test('pins what was given, and says where', async () => {
    world.pins.splice(0);
    const spaced = PRINTS.root
      .toLowerCase()
      .replaceAll(/(.{4})/g, '$1 ')
      .trim();
    const { error, lines, value } = await run(trustPin, { roots: [spaced], threshold: null }, { world });
    expect(error).toBeNull();
    expect(lines).toEqual([
      `pinned repository ${REPOSITORY}`,
      `  root ${PRINTS.root}`,
      '  threshold 1 of 1, trust version 3',
      'in /home/operator/.config/govboot/pins.json',
    ]);
    expect(value).toMatchObject({ repository: REPOSITORY, roots: [PRINTS.root] });
    expect(world.pins).toEqual([
      expect.objectContaining({
        roots: [PRINTS.root],
        threshold: 1,
        trustVersion: 3,
        path: '/srv/repository',
      }),
    ]);
  });

  test('a key that is given twice is one key', async () => {
    world.pins.splice(0);
    const { lines } = await run(
      trustPin,
      { roots: [PRINTS.root, PRINTS.root.toLowerCase()], threshold: '1' },
      { world },
    );
    expect(world.pins[0]?.roots).toEqual([PRINTS.root]);
    expect(lines).toContain('  threshold 1 of 1, trust version 3');
  });

  test.each([
    ['none', () => [], 'USAGE', /no --root was given/],
    ['one that is no fingerprint', () => ['ABC'], 'USAGE', /--root is "ABC"/],
    [
      'one that the file does not name',
      () => [PRINTS.root, PRINTS.mallory],
      'TRUST_INVALID',
      /^D0C0FFEE.* is not a root key/,
    ],
    ['one of two', () => (twoRoots(), [PRINTS.root]), 'TRUST_INVALID', /that you did not give: B0C0FFEE/],
  ] as const)('%s is refused, and nothing is pinned', async (_what, roots, code, message) => {
    world.pins.splice(0);
    const { error } = await run(trustPin, { roots: roots(), threshold: null }, { world });
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) });
    expect(world.pins).toEqual([]);
  });
});

describe('trust pin of what no root key signed', () => {
  const pinning = async (): Promise<unknown> =>
    (await run(trustPin, { roots: [PRINTS.root], threshold: null }, { world })).error;

  test('is refused: its number would bar every true version', async () => {
    world.pins.splice(0);
    world.edit('policies/trust.yaml', 'version: 3', 'version: 999999');
    expect(await pinning()).toMatchObject({ code: expect.stringMatching(/^SIG_/) as string });
    for (const path of world.files.keys())
      if (/^policies\/trust\.yaml\..*asc$/.test(path)) world.files.delete(path);
    expect(await pinning()).toMatchObject({ code: 'SIG_MISSING' });
    await world.sign('policies/trust.yaml', ['bob']);
    expect(await pinning()).toMatchObject({ code: 'TRUST_UNSIGNED' });
    expect(world.pins).toEqual([]);
    await world.sign('policies/trust.yaml', ['root']);
    expect(await pinning()).toBeNull();
  });
});
describe('trust pin --threshold', () => {
  test.each([
    [
      'is needed with more than one root',
      (): string[] => (twoRoots(), bothRoots()),
      null,
      'USAGE',
      /--threshold is missing: 2/,
    ],
    ['must be a number', (): string[] => [PRINTS.root], 'all', 'USAGE', /--threshold is "all"/],
    [
      'must be what the file asks for',
      (): string[] => [PRINTS.root],
      '2',
      'TRUST_INVALID',
      /asks for 1 root signatures, and you gave 2/,
    ],
  ] as const)('%s', async (_what, roots, threshold, code, message) => {
    world.pins.splice(0);
    const { error } = await run(trustPin, { roots: roots(), threshold }, { world });
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) });
    expect(world.pins).toEqual([]);
  });

  test('is pinned', async () => {
    world.pins.splice(0);
    twoRoots();
    await world.sign('policies/trust.yaml', ['root']);
    const { error } = await run(trustPin, { roots: bothRoots(), threshold: '1' }, { world });
    expect(error).toBeNull();
    expect(world.pins).toMatchObject([{ threshold: 1 }]);
  });
});

describe('trust show', () => {
  test('what is pinned here, and who may do what', async () => {
    const { lines, value } = await run(trustShow, {}, { world });
    expect(lines[1]).toMatch(new RegExp(`^pinned here: ${PRINTS.root} since`));
    expect(lines).toContain(
      `  ${PRINTS.alice}  Alice: release, intent, evidence, from 2026-01-01T00:00:00Z until 2027-01-01T00:00:00Z`,
    );
    expect(value).toMatchObject({ trust: { version: 3 }, pin: { threshold: 1 } });
  });

  test('that nothing is pinned', async () => {
    world.pins.splice(0);
    const { lines, value } = await run(trustShow, {}, { world });
    expect(lines[1]).toContain('nothing passes until `govboot trust pin`');
    expect(value['pin']).toBeNull();
  });

  test('environments of a person, and the pin of another folder', async () => {
    world.edit('policies/trust.yaml', 'roles: [approver]\n', 'roles: [approver]\n    environments: [prod]\n');
    world.pins.splice(0, 1, { ...world.pins[0]!, path: '/elsewhere' });
    const { lines } = await run(trustShow, {}, { world });
    expect(lines).toContain(
      `  ${PRINTS.bob}  Bob: approver in prod, from 2026-01-01T00:00:00Z until 2027-01-01T00:00:00Z`,
    );
    expect(lines[1]).toContain('since 2026-01-01');
  });

  test('a trust file that is missing or broken', async () => {
    world.write('policies/trust.yaml', 'schema: other\n');
    expect((await run(trustShow, {}, { world })).error?.code).toBe('SCHEMA');
    world.files.delete('policies/trust.yaml');
    expect((await run(trustShow, {}, { world })).error?.code).toBe('FILE_MISSING');
  });
});

describe('trust sign', () => {
  test('the first signature is X.asc, the second X.<FINGERPRINT>.asc', async () => {
    twoRoots();
    world.files.delete(`policies/trust.yaml.${PRINTS.root}.asc`);
    const first = await run(trustSign, {}, { world, signer: 'root' });
    const second = await run(trustSign, {}, { world, signer: 'bob' });
    expect(first.value).toEqual({ path: 'policies/trust.yaml.asc', signer: PRINTS.root, version: 3 });
    expect(second.value).toEqual({
      path: `policies/trust.yaml.${PRINTS.bob}.asc`,
      signer: PRINTS.bob,
      version: 3,
    });
    expect(textOf('policies/trust.yaml.asc')).toMatch(/^-----BEGIN PGP SIGNATURE-----\n/);
  });

  test('by no root key is refused', async () => {
    const { error } = await run(trustSign, {}, { world });
    expect(error).toMatchObject({ code: 'SIGNER_NOT_ALLOWED', hint: `sign with one of ${PRINTS.root}` });
  });

  test('with a key that is not published, nobody could check it', async () => {
    world.files.delete(`policies/keys/${PRINTS.root}.asc`);
    const { error } = await run(trustSign, {}, { world, signer: 'root' });
    expect(error).toMatchObject({ code: 'SIGNER', hint: expect.stringContaining('gpg --armor --export') });
    expect(world.files.has('policies/trust.yaml.asc')).toBe(false);
  });

  test('a signature that does not verify is not written', async () => {
    const { signer } = makePorts({ world, signer: 'root' });
    const sign = async () => new TextEncoder().encode('nonsense\n');
    const { error } = await run(trustSign, {}, { world, overrides: { signer: { ...signer, sign } } });
    expect(error?.code).toBe('SIGNER');
    expect(world.files.has('policies/trust.yaml.asc')).toBe(false);
  });
});

const NEW: CommandOptions['intent new'] = {
  environment: 'dev',
  reason: 'first backend',
  ticket: 'OPS-1',
  tag: null,
  region: null,
  requester: null,
  hours: '24',
  action: 'create',
  endpoint: null,
  out: 'intents/new.yaml',
  rehearse: false,
};
const intentAt = (path: string) => parseIntent(fileOf(path, textOf(path)));

describe('intent new', () => {
  test('fills in what the repository, the policy and the key say', async () => {
    const { error, lines } = await run(intentNew, NEW, { world });
    expect(error).toBeNull();
    expect(intentAt('intents/new.yaml')).toMatchObject({
      repository: REPOSITORY,
      environment: 'dev',
      account: '111111111111',
      region: 'eu-central-1',
      action: 'create',
      tag: 'v1.0.0',
      commit: world.releases[0]!.tag.commit,
      requester: PRINTS.alice,
      not_before: '2026-11-22T12:00:00Z',
      expires: '2026-11-23T12:00:00Z',
      supersedes: null,
      endpoint: null,
    });
    expect(lines[0]).toBe('wrote intents/new.yaml: create dev from v1.0.0, until 2026-11-23T12:00:00Z');
  });

  test('signed by two people it passes the gates', async () => {
    await run(intentNew, NEW, { world });
    for (const signer of ['alice', 'bob'] as const)
      expect((await run(intentSign, { file: 'intents/new.yaml' }, { world, signer })).error).toBeNull();
    expect([...world.files.keys()].filter((path) => path.startsWith('intents/new'))).toEqual([
      'intents/new.yaml',
      'intents/new.yaml.asc',
      `intents/new.yaml.${PRINTS.bob}.asc`,
    ]);
    const checked = await run(intentCheck, { file: 'intents/new.yaml' }, { world });
    expect(checked.lines[0]).toBe('intents/new.yaml is a good intent for dev');
    expect(checked.ports.api.calls()).toEqual([]);
    expect(
      (await run(check, { environment: 'dev', intent: 'intents/new.yaml', rehearse: false }, { world }))
        .error,
    ).toBeNull();
  });

  test('every option', async () => {
    const options = {
      ...NEW,
      tag: 'v1.0.0',
      region: 'eu-west-1',
      requester: PRINTS.bob,
      hours: '72',
      endpoint: 'http://127.0.0.1:4566',
      reason: 'a "quoted" reason: #1',
    };
    expect((await run(intentNew, options, { world })).error).toBeNull();
    expect(intentAt('intents/new.yaml')).toMatchObject({
      region: 'eu-west-1',
      requester: PRINTS.bob,
      expires: '2026-11-25T12:00:00Z',
      endpoint: 'http://127.0.0.1:4566',
      reason: 'a "quoted" reason: #1',
    });
  });

  const nothing = {
    ...NEW,
    environment: null,
    reason: null,
    ticket: null,
    hours: null,
    action: null,
    out: null,
  };
  const noKey = (): Partial<Ports> => {
    const identity = async (): Promise<never> => {
      throw new GovbootError('SIGNER', 'no key was named to sign with', { data: { key: null } });
    };
    return { signer: { identity, sign: identity } };
  };
  const toldIn = (events: readonly Event[]): string =>
    events.flatMap((event) => (event.type === 'note' ? [event.text] : [])).join('\n');

  test('asks for all that no option says, and shows the file before it writes it', async () => {
    const wizard = [
      ...['dev', 'adopt', 'eu-west-1', '', 'because', 'x'.repeat(101), 'OPS-9'],
      ...['nobody', PRINTS.alice, '73', '8', 'new', 'intents/second.yaml', 'yes'],
    ];
    const suggestions: Partial<Suggestions> = {
      secretKeys: async () => [{ fingerprint: PRINTS.alice, userId: 'Alice' }],
    };
    const { suggestions: none } = makePorts({ world });
    const { error, ports, lines } = await run(intentNew, nothing, {
      world,
      wizard,
      overrides: { ...noKey(), suggestions: { ...none, ...suggestions } },
    });
    expect(error).toBeNull();
    expect(intentAt('intents/second.yaml')).toMatchObject({
      environment: 'dev',
      action: 'adopt',
      region: 'eu-west-1',
      reason: 'because',
      ticket: 'OPS-9',
      requester: PRINTS.alice,
      expires: '2026-11-22T20:00:00Z',
    });
    const shown = toldIn(ports.events);
    expect(shown).toContain(textOf('intents/second.yaml').trimEnd());
    expect(lines[1]).toContain(`govboot intent sign intents/second.yaml --key ${PRINTS.alice}`);
  });

  test('asks nothing that an option or the key says', async () => {
    const { error } = await run(
      intentNew,
      { ...NEW, region: 'eu-central-1', reason: null, ticket: null },
      { world, wizard: ['', 'because', 'OPS-9', 'yes'] },
    );
    expect(error).toBeNull();
    expect(intentAt('intents/new.yaml')).toMatchObject({
      reason: 'because',
      ticket: 'OPS-9',
      requester: PRINTS.alice,
      expires: '2026-11-23T12:00:00Z',
    });
  });

  test('asks nobody who gave environment, reason and ticket, at a terminal neither', async () => {
    const { error } = await run(intentNew, { ...NEW, hours: null, action: null }, { world, wizard: [] });
    expect(error).toBeNull();
    expect(intentAt('intents/new.yaml')).toMatchObject({ action: 'create', expires: '2026-11-23T12:00:00Z' });
  });

  test('offers what can be done with a lock, and nothing else', async () => {
    world = await lockedWorld();
    const options = { ...NEW, region: 'eu-central-1', reason: null, action: null };
    const { error } = await run(intentNew, options, {
      world,
      wizard: ['create', 'adopt', 'correct', 'drift', 'yes'],
    });
    expect(error).toBeNull();
    expect(intentAt('intents/new.yaml')).toMatchObject({ action: 'correct' });
    expect(intentAt('intents/new.yaml').supersedes).toMatch(/^[0-9a-f]{64}$/);
  });

  test('writes nothing when the last answer is no', async () => {
    const options = { ...NEW, region: 'eu-central-1', reason: null };
    const { error } = await run(intentNew, options, { world, wizard: ['because', 'no'] });
    expect(error?.code).toBe('INTERRUPTED');
    expect(world.files.has('intents/new.yaml')).toBe(false);
  });

  test('without a tag nobody is asked anything', async () => {
    const { repository } = makePorts({ world });
    const overrides = { repository: { ...repository, tagsAtHead: async () => [] } };
    expect((await run(intentNew, nothing, { world, wizard: [], overrides })).error?.code).toBe('TAG_MISSING');
  });

  test('a key that was named and cannot be used is told, and nobody is asked for another', async () => {
    const identity = async (): Promise<never> => {
      throw new GovbootError('SIGNER', 'gpg has no secret key', { data: { key: PRINTS.alice } });
    };
    const options = { ...NEW, region: 'eu-central-1', reason: null };
    const overrides = { signer: { identity, sign: identity } };
    const { error } = await run(intentNew, options, { world, wizard: ['because'], overrides });
    expect(error).toMatchObject({ code: 'SIGNER', message: 'gpg has no secret key' });
  });

  test('nobody who may ask is told, and not offered', async () => {
    world.clock.ms += 365 * 86_400_000;
    const options = { ...NEW, region: 'eu-central-1', reason: null };
    const { error } = await run(intentNew, options, { world, wizard: ['because'], overrides: noKey() });
    expect(error).toMatchObject({ code: 'SIGNER_ROLE', message: expect.stringContaining('nobody may ask') });
  });

  test.each([
    ['intents/new.yaml', '../policies/schemas/intent.schema.json'],
    ['intents/of/dev.yaml', '../../policies/schemas/intent.schema.json'],
    ['new.yaml', 'policies/schemas/intent.schema.json'],
    ['../new.yaml', null],
    ['/media/new.yaml', null],
  ])('%s names the schema for editors as %s', async (out, schema) => {
    world.write('policies/schemas/intent.schema.json', '{}');
    expect((await run(intentNew, { ...NEW, out }, { world })).error).toBeNull();
    const [, named = null] = /^# yaml-language-server: \$schema=(.*)\n/.exec(textOf(out)) ?? [];
    expect(named).toBe(schema);
  });

  test('names no schema that is not there', async () => {
    await run(intentNew, NEW, { world });
    expect(textOf('intents/new.yaml')).not.toContain('$schema');
  });

  test('never overwrites; without --out it is intents/<environment>.yaml', async () => {
    const before = textOf('intents/dev.yaml');
    expect((await run(intentNew, { ...NEW, out: null }, { world })).error?.code).toBe('FILE_EXISTS');
    expect(textOf('intents/dev.yaml')).toBe(before);
  });

  test.each([
    [
      'an environment that the policy does not name',
      { environment: 'test' },
      'PARITY',
      /"test" is not an environment/,
    ],
    [
      'a name that every object has',
      { environment: 'constructor' },
      'PARITY',
      /"constructor" is not an environment/,
    ],
    ['a tag that is not there', { tag: 'v9' }, 'TAG_MISSING', /v9/],
    ['no hours', { hours: '0' }, 'USAGE', /from 1 to 72/],
    ['too many hours', { hours: '73' }, 'USAGE', /--hours is "73"/],
    ['half hours', { hours: '1.5' }, 'USAGE', /whole number/],
    ['hours that are no decimal number', { hours: '0x10' }, 'USAGE', /--hours is "0x10"/],
    ['a requester that is no fingerprint', { requester: 'alice' }, 'USAGE', /--requester is "alice"/],
    ['no environment, and nobody to ask', { environment: null }, 'USAGE', /argument 'environment'/],
    ['no reason, and nobody to ask', { reason: null }, 'USAGE', /--reason is missing/],
    ['an empty reason', { reason: '' }, 'SCHEMA', /reason/],
    ['a lock to supersede that is not there', { action: 'supersede' }, 'LOCK_SUPERSEDES', /no lock of dev/],
  ] as const)('%s is refused, and nothing is written', async (_what, change, code, message) => {
    const { error } = await run(intentNew, { ...NEW, ...change }, { world });
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) });
    expect(world.files.has('intents/new.yaml')).toBe(false);
  });

  test('no tag, or several, at HEAD', async () => {
    const tags = (names: readonly string[]) => {
      const { repository } = makePorts({ world });
      return { repository: { ...repository, tagsAtHead: async () => names } };
    };
    expect((await run(intentNew, NEW, { world, overrides: tags([]) })).error?.code).toBe('TAG_MISSING');
    const two = await run(intentNew, NEW, { world, overrides: tags(['v1.0.0', 'v1.0.0-hotfix']) });
    expect(two.error).toMatchObject({
      code: 'USAGE',
      message: 'several tags point at HEAD: v1.0.0, v1.0.0-hotfix',
    });
    expect(
      (
        await run(
          intentNew,
          { ...NEW, tag: 'v1.0.0' },
          { world, overrides: tags(['v1.0.0', 'v1.0.0-hotfix']) },
        )
      ).error,
    ).toBeNull();
  });

  test('supersede names the lock in force', async () => {
    world = await lockedWorld();
    const { value } = await run(intentNew, { ...NEW, action: 'supersede' }, { world });
    const { supersedes } = intentAt('intents/new.yaml');
    expect(supersedes).toMatch(/^[0-9a-f]{64}$/);
    expect(world.store.files.has(`blobs/sha256/${supersedes!}`)).toBe(true);
    expect(value).toMatchObject({ intent: { action: 'supersede', supersedes } });
  });
});

describe('intent sign', () => {
  const signing = async (signer: 'alice' | 'bob' | 'carol' | 'mallory' | 'root'): Promise<Ran> =>
    run(intentSign, { file: 'intents/new.yaml' }, { world, signer });
  beforeEach(async () => {
    await run(intentNew, NEW, { world });
  });

  test('tells what is signed before it is signed, and who is missing afterwards', async () => {
    const first = await signing('alice');
    const [note] = first.ports.events;
    expect(note?.type === 'note' ? note.text.split('\n') : []).toEqual([
      'Alice signs intents/new.yaml:',
      'environment  dev: account 111111111111, eu-central-1',
      'action       create',
      `source       tag v1.0.0, commit ${world.releases[0]!.tag.commit}`,
      'window       2026-11-22T12:00:00Z until 2026-11-23T12:00:00Z; 24 h are left',
      `requester    Alice (${PRINTS.alice})`,
      'reason       first backend (OPS-1)',
    ]);
    expect(first.lines.slice(1)).toEqual([
      'signed so far: Alice asks',
      'still missing:',
      `  1 more of role approver: Bob (${PRINTS.bob}), Carol (${PRINTS.carol})`,
      'next: pass the file and its signatures on to whoever is missing; then `govboot check`',
    ]);
    const second = await signing('bob');
    expect(second.lines.slice(1)).toEqual([
      'signed so far: Alice asks, Bob approves',
      'nobody else has to sign',
      'next: govboot check dev --intent intents/new.yaml',
    ]);
    expect(second.value).toMatchObject({ signer: PRINTS.bob, missing: [] });
  });

  test('an approver before the requester is told who asks', async () => {
    expect((await signing('bob')).lines.slice(1, 4)).toEqual([
      'signed so far: Bob approves',
      'still missing:',
      `  the requester Alice (${PRINTS.alice}) has not signed`,
    ]);
  });

  test.each([
    ['a stranger', 'mallory', (): void => undefined, 'SIGNER_NOT_ALLOWED', /of nobody whom/],
    [
      'somebody of another role',
      'bob',
      (): void => {
        world.edit('policies/trust.yaml', 'roles: [approver]', 'roles: [evidence]');
      },
      'SIGNER_ROLE',
      /^Bob has neither the role intent nor approver for environment "dev", but evidence/,
    ],
    [
      'somebody who is not listed any more',
      'alice',
      (): void => {
        world.clock.ms += 365 * 86_400_000;
      },
      'SIGNER_INACTIVE',
      /^Alice is listed from/,
    ],
  ] as const)('%s is told who may, and nothing is written', async (_what, who, change, code, message) => {
    change();
    const { error } = await signing(who);
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) });
    expect(error?.hint).toMatch(
      code === 'SIGNER_INACTIVE' ? /nobody may sign it today/ : /those who may: Alice \(A0/,
    );
    expect([...world.files.keys()].filter((path) => path.startsWith('intents/new.yaml.'))).toEqual([]);
  });

  test('nobody signs twice', async () => {
    await signing('alice');
    expect((await signing('alice')).error).toMatchObject({
      code: 'FILE_EXISTS',
      message: `intents/new.yaml.asc is a signature by ${PRINTS.alice} already`,
    });
  });

  test('a signature that is bad is told beside what is missing', async () => {
    await signing('alice');
    world.edit('intents/new.yaml', 'first backend', 'other backend');
    expect((await signing('bob')).lines.join('\n')).toMatch(
      /still missing:\n {2}intents\/new\.yaml\.asc: .*\[SIG_BAD\]/,
    );
  });
});

describe('intent sign and check', () => {
  test('what is no intent is not signed', async () => {
    world.write('intents/bad.yaml', 'schema: govboot.intent/v1\n');
    expect((await run(intentSign, { file: 'intents/bad.yaml' }, { world })).error?.code).toBe('SCHEMA');
    expect((await run(intentSign, { file: 'intents/none.yaml' }, { world })).error?.code).toBe(
      'FILE_MISSING',
    );
    expect(world.files.has('intents/bad.yaml.asc')).toBe(false);
  });

  test('an intent that nobody approved is refused, and only what was judged is shown', async () => {
    await run(intentNew, NEW, { world });
    await run(intentSign, { file: 'intents/new.yaml' }, { world });
    const { error, ports, lines } = await run(intentCheck, { file: 'intents/new.yaml' }, { world });
    expect(error).toMatchObject({ code: 'GATES_REFUSED', message: 'the intent intents/new.yaml is refused' });
    expect(lines).toEqual([]);
    expect(ports.events.flatMap((event) => (event.type === 'gate' ? [event.gate] : []))).toEqual([
      'intent',
      'parity',
    ]);
    expect(JSON.stringify(ports.events)).toContain('THRESHOLD');
  });
});
