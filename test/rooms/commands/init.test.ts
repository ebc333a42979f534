// init: what it writes is what the gates will read, and nothing that is there is touched.
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { sha256 } from '../../../src/kernel/digest.ts';
import type { CommandOptions } from '../../../src/commands/command.ts';
import { init } from '../../../src/commands/init.ts';
import { judgePolicy } from '../../../src/gates/parity.ts';
import { parseParity, readParity } from '../../../src/inputs/parity.ts';
import { parseTrust } from '../../../src/inputs/trust.ts';
import type { Suggestions } from '../../../src/ports.ts';
import { makeFiles } from '../../../src/world/files.ts';
import { makeVerifier } from '../../../src/world/verifier.ts';
import { fileOf } from '../../harness/facts.ts';
import { temporaryFolder } from '../../harness/git-fixture.ts';
import { makeKey, type TestKey } from '../../harness/keys.ts';
import { makeWorld, type PortsOptions } from '../../harness/ports.ts';
import { run, type Ran } from './running.ts';

let root: TestKey;
let alice: TestKey;
let bob: TestKey;
let carol: TestKey;
beforeAll(async () => {
  const created = new Date('2026-01-01T00:00:00Z');
  root = await makeKey({ name: 'Rita', email: 'rita@example.org', created });
  alice = await makeKey({ name: 'Alice', email: 'alice@example.org', created });
  bob = await makeKey({ name: 'Bob', email: 'bob@example.org', created });
  carol = await makeKey({ name: 'Carol', email: 'carol@example.org', created });
});

let folder: string;
beforeEach(() => {
  folder = temporaryFolder();
});

const read = (path: string): string => readFileSync(join(folder, path), 'utf8');
const options = (more: Partial<CommandOptions['init']> = {}): CommandOptions['init'] => ({
  dir: '.',
  organisation: 'acme',
  environments: ['dev=111111111111:eu-central-1', 'prod=222222222222:us-gov-west-1'],
  roots: [root.fingerprint],
  people: [`Alice Release=${alice.fingerprint}:release,intent,evidence`],
  keyFiles: [],
  locking: 'both',
  rootThreshold: null,
  approvers: null,
  github: null,
  githubIds: null,
  gitlab: null,
  fromBackend: null,
  evidenceStore: null,
  ...more,
});

/** Real files, the program's own scaffold, and the real verifier of key files. */
async function scaffold(given: CommandOptions['init'], more: Partial<PortsOptions> = {}): Promise<Ran> {
  const overrides = { files: makeFiles(folder), verifier: makeVerifier({ gpgvPath: null, sqvPath: null }) };
  return run(init, given, {
    world: await makeWorld(),
    ...more,
    overrides: { ...overrides, ...more.overrides },
  });
}

const suggesting = (more: Partial<Suggestions>): Suggestions => ({
  about: async () => ({
    folder: 'infra',
    way: null,
    isRepository: true,
    origin: null,
    person: null,
    region: null,
  }),
  secretKeys: async () => [],
  publicKey: async () => null,
  ...more,
});

describe('init', () => {
  test('writes a policy that holds as a whole, whatever the partitions and the pipeline', async () => {
    const { error } = await scaffold(
      options({
        environments: [
          'dev=111111111111:us-gov-west-1',
          'a=222222222222:eu-central-1',
          'b=333333333333:cn-north-1',
        ],
        github: 'acme/infra',
        githubIds: '1234:5678',
      }),
    );
    expect(error).toBeNull();
    const outcomes = judgePolicy(readParity(fileOf('policies/parity.yaml', read('policies/parity.yaml'))));
    expect(outcomes.flatMap((outcome) => (outcome.is === 'made' ? outcome.findings : []))).toEqual([]);
  });

  test('names in the first line of each document the schema that it puts beside it', async () => {
    await scaffold(options());
    for (const path of ['policies/parity.yaml', 'policies/trust.yaml', 'intents/example.yaml']) {
      const [, relative = ''] = /^# yaml-language-server: \$schema=(\S+)\n/.exec(read(path)) ?? [];
      const schema = JSON.parse(read(join(dirname(path), relative))) as { properties: { schema: unknown } };
      expect(read(path)).toContain(`schema: ${(schema.properties.schema as { const: string }).const}\n`);
    }
  });

  test('with a store for the evidence the policy still holds, and allows both of its kinds', async () => {
    const { error } = await scaffold(options({ evidenceStore: '30' }));
    expect(error).toBeNull();
    const text = read('policies/parity.yaml');
    const parity = parseParity(fileOf('policies/parity.yaml', text));
    expect(parity.evidence_store).toEqual({
      bucket: '{organisation}-{environment}-evidence-{account}-{region}',
      key_alias: 'alias/{organisation}-{environment}-evidence',
      retention_days: 30,
    });
    expect(parity.allowed_resources).toEqual([
      ...['state-bucket', 'lock-table', 'state-key', 'oidc-provider', 'role'],
      ...['evidence-bucket', 'evidence-key'],
    ]);
    expect(text).toContain('\nkey_rotation_days: 365\n\n# A second bucket, for the evidence');
  });

  test('without one the policy does not speak of it', async () => {
    await scaffold(options());
    expect(read('policies/parity.yaml')).not.toContain('evidence');
  });

  test.each(['0', '36501', '7y', '-1', '1.5', ''])(
    'refuses %j as days of retention',
    async (evidenceStore) => {
      const { error } = await scaffold(options({ evidenceStore }));
      expect(error).toMatchObject({ code: 'USAGE', message: expect.stringContaining('1 to 36500') });
    },
  );

  test('writes documents that parse, with the digests of the templates beside them', async () => {
    const { error, lines, value } = await scaffold(options());
    expect(error).toBeNull();
    const parity = parseParity(fileOf('policies/parity.yaml', read('policies/parity.yaml')));
    expect(parity).toMatchObject({
      organisation: 'acme',
      locking: 'both',
      environments: {
        dev: { account: '111111111111', partition: 'aws' },
        prod: { partition: 'aws-us-gov', regions: ['us-gov-west-1'] },
      },
      federation: { github: null },
    });
    expect(parity.differences).toMatchObject([{ setting: 'partition', environments: ['prod'] }]);
    for (const [name, digest] of Object.entries(parity.templates))
      expect(sha256(read(`templates/${name}`))).toBe(digest);
    expect(Object.keys(parity.templates)).toHaveLength(2);
    const trust = parseTrust(fileOf('policies/trust.yaml', read('policies/trust.yaml')));
    expect(trust).toMatchObject({
      version: 1,
      expires: '2027-11-22T12:00:00Z',
      roots: { keys: [root.fingerprint] },
      people: [{ name: 'Alice Release', fingerprint: alice.fingerprint }],
    });
    expect(value).toMatchObject({
      repository: trust.repository,
      missing_keys: [root.fingerprint, alice.fingerprint],
    });
    expect(lines).toContain(
      `  gpg --armor --export ${alice.fingerprint} > policies/keys/${alice.fingerprint}.asc`,
    );
    expect(readdirSync(folder).sort()).toEqual([
      '.gitattributes',
      '.gitignore',
      'README.md',
      'evidence',
      'intents',
      'policies',
      'templates',
    ]);
  });

  test('copies public keys under their fingerprints', async () => {
    writeFileSync(join(folder, 'a.asc'), alice.publicArmored);
    writeFileSync(join(folder, 'r.asc'), root.publicArmored);
    const { value, lines } = await scaffold(options({ keyFiles: ['a.asc', 'r.asc'] }));
    expect(read(`policies/keys/${alice.fingerprint}.asc`)).toBe(alice.publicArmored);
    expect(value['missing_keys']).toEqual([]);
    expect(lines.join('\n')).not.toContain('gpg --armor --export');
  });

  test('into a folder of its own, with its name in the next commands', async () => {
    const { lines } = await scaffold(
      options({ dir: 'infra', environments: ['test=111111111111:cn-north-1'] }),
    );
    expect(existsSync(join(folder, 'infra/policies/trust.yaml'))).toBe(true);
    expect(lines).toContain('  cd infra');
    expect(lines).toContain(`  govboot trust sign --key ${root.fingerprint}`);
    expect(lines).toContain(`  govboot intent new test --key ${alice.fingerprint}`);
    expect(read('infra/policies/parity.yaml')).toContain('partition: aws-cn');
  });

  test('with GitHub', async () => {
    const { error } = await scaffold(options({ github: 'acme/infra', githubIds: '1234:5678' }));
    expect(error).toBeNull();
    expect(parseParity(fileOf('p', read('policies/parity.yaml'))).federation.github).toMatchObject({
      repository: 'acme/infra',
      owner_id: '1234',
      repository_id: '5678',
    });
  });

  test('asks for all that is missing, again when an answer cannot be used', async () => {
    const none = options({ organisation: null, environments: [], roots: [], people: [], locking: null });
    const wizard = [
      ...['ACME!', 'acme'],
      ...['Dev', 'dev', '11111111111', '111111111111', 'europe', 'eu-central-1, eu-west-1'],
      ...['dev', 'prod', '111111111111', '222222222222', 'eu-central-1, eu-west-1', ''],
      ...['Alice', alice.fingerprint.toLowerCase(), 'king', 'release, intent, evidence'],
      ...['alice', 'Bob', 'other', 'missing.asc', 'b.asc', 'approver', ''],
      ...['other', root.fingerprint, 'other', bob.fingerprint, 'none', '3', '2'],
      ...['2', '1', 'lockfile', 'gitlab', 'nothing', 'git.acme.example/acme/infra'],
      ...['store', '7 years', '3650', 'yes'],
    ];
    writeFileSync(join(folder, 'b.asc'), bob.publicArmored);
    const suggestions = suggesting({
      secretKeys: async () => [{ fingerprint: carol.fingerprint, userId: 'Carol' }],
    });
    wizard.splice(wizard.indexOf('Alice') + 1, 0, 'other');
    const { error, ports } = await scaffold(none, { wizard, overrides: { suggestions } });
    expect(error).toBeNull();
    expect(parseTrust(fileOf('t', read('policies/trust.yaml')))).toMatchObject({
      roots: { threshold: 2, keys: [root.fingerprint, bob.fingerprint] },
      thresholds: { approver: { default: 1 } },
      people: [
        { name: 'Alice', fingerprint: alice.fingerprint, roles: ['release', 'intent', 'evidence'] },
        { name: 'Bob', fingerprint: bob.fingerprint, roles: ['approver'] },
      ],
    });
    expect(parseParity(fileOf('p', read('policies/parity.yaml')))).toMatchObject({
      locking: 'lockfile',
      evidence_store: { retention_days: 3650 },
      environments: { dev: { regions: ['eu-central-1', 'eu-west-1'] }, prod: { account: '222222222222' } },
      federation: {
        gitlab: { host: 'git.acme.example', project_path: 'acme/infra', ref: 'env/{environment}' },
      },
    });
    expect(read(`policies/keys/${bob.fingerprint}.asc`)).toBe(bob.publicArmored);
    const told = ports.events.flatMap((event) => (event.type === 'note' ? [event.text] : []));
    expect(told.find((text) => text.startsWith('This is what would be written'))).toContain(
      `root key      ${bob.fingerprint}`,
    );
  });

  test('tells at once what could only be mended by beginning again', async () => {
    const wizard = [
      ...['a'.repeat(24), 'a'.repeat(23), 'staging', 'test', 'dev', '111111111111', 'eu-central-1', ''],
      ...['Alice', alice.fingerprint, 'intent', '', 'Bob', bob.fingerprint, 'release', ''],
      ...[
        'Carol',
        carol.fingerprint,
        'evidence',
        '',
        root.fingerprint,
        'none',
        'both',
        'none',
        'none',
        'yes',
      ],
    ];
    const none = options({ organisation: null, environments: [], roots: [], people: [], locking: null });
    const { error } = await scaffold(none, { wizard });
    expect(error).toBeNull();
    expect(parseParity(fileOf('p', read('policies/parity.yaml')))).toMatchObject({
      organisation: 'a'.repeat(23),
      environments: { dev: {} },
    });
  });

  test('writes nothing when the last answer is no', async () => {
    const wizard = ['acme', 'none', 'no'];
    const { error } = await scaffold(
      options({ organisation: null, locking: 'both', approvers: '0', rootThreshold: '1', gitlab: 'a/b' }),
      { wizard },
    );
    expect(error).toMatchObject({
      code: 'INTERRUPTED',
      hint: expect.stringContaining('nothing was written'),
    });
    expect(readdirSync(folder)).toEqual([]);
  });

  test('takes the keys that gpg has, and suggests what git says', async () => {
    const keys = new Map([[alice.fingerprint, alice.publicArmored]]);
    const suggestions = suggesting({
      about: async () => ({
        folder: 'Infra 2',
        way: "it's here",
        isRepository: false,
        origin: { host: 'github.com', path: 'Acme-Corp/infra' },
        person: 'Alice',
        region: 'eu-north-1',
      }),
      secretKeys: async () => [{ fingerprint: alice.fingerprint, userId: 'Alice <alice@example.org>' }],
      publicKey: async (print) => new TextEncoder().encode(keys.get(print) ?? ''),
    });
    const publicKey: Suggestions['publicKey'] = async (print) =>
      keys.has(print) ? suggestions.publicKey(print) : null;
    const asked: (string | undefined)[] = [];
    const answers = [
      ...[
        'acme',
        'dev',
        '111111111111',
        'eu-north-1',
        '',
        'Alice',
        alice.fingerprint,
        'release,intent,evidence',
      ],
      ...['', 'other', root.fingerprint, 'none', 'both', 'github', 'acme/infra', '1:2', 'none', 'yes'],
    ];
    const answer = async (question: { message: string; initial?: string }): Promise<string> => {
      asked.push(question.initial);
      return answers.shift() ?? '';
    };
    const wizard = { interactive: true, ask: answer, choose: answer, secret: async () => '' };
    const none = options({ organisation: null, environments: [], roots: [], people: [], locking: null });
    const { error, lines } = await scaffold(none, {
      overrides: { wizard, suggestions: { ...suggestions, publicKey } },
    });
    expect(error).toBeNull();
    expect(asked.slice(0, 6)).toEqual(['acme-corp', 'dev', undefined, 'eu-north-1', undefined, 'Alice']);
    expect(asked).toContain('Acme-Corp/infra');
    expect(read(`policies/keys/${alice.fingerprint}.asc`)).toBe(alice.publicArmored);
    const text = lines.join('\n');
    expect(text).toContain(`  gpg --armor --export ${root.fingerprint}`);
    expect(text).not.toContain(`--export ${alice.fingerprint}`);
    expect(text).toContain("  cd 'it'\\''s here'\n");
    expect(text).toContain('  git init\n');
  });

  test('names every option that is missing at once, where nobody can be asked', async () => {
    const { error } = await scaffold(options({ organisation: null, people: [] }));
    expect(error?.message).toBe('--organisation is missing, and --person');
  });

  test('leaves pages and lists of the team alone, and says what they lack', async () => {
    const files = makeFiles(folder);
    await files.create('README.md', 'ours\n');
    await files.create('.gitignore', 'node_modules\n/evidence/\n');
    await files.create('.gitattributes', '* -text\n');
    const { error, ports, value, lines } = await scaffold(options());
    expect(error).toBeNull();
    expect(lines).toContain('next, in this order; CEREMONY.md has it for the team:');
    expect([read('README.md'), read('.gitignore')]).toEqual(['ours\n', 'node_modules\n/evidence/\n']);
    expect(read('CEREMONY.md')).toContain('## The ceremony');
    expect(value['kept']).toEqual(['.gitattributes', '.gitignore', 'README.md']);
    const told = ports.events.flatMap((event) =>
      event.type === 'note' || event.type === 'warning' ? [event.text] : [],
    );
    expect(told).toEqual([
      '.gitattributes is there already and was left alone',
      expect.stringContaining('add `*.key` and `*.sec`'),
      expect.stringContaining('.gitignore ignores /evidence/'),
      expect.stringContaining('the ceremony of the team is in CEREMONY.md'),
    ]);
  });

  test('can be begun again where an earlier run was cut off before the policies', async () => {
    await scaffold(options());
    const before = read('policies/schemas/trust.schema.json');
    for (const path of ['policies/trust.yaml', 'policies/parity.yaml']) rmSync(join(folder, path));
    const { error, value } = await scaffold(options());
    expect(error).toBeNull();
    expect(value['files']).toEqual(['CEREMONY.md', 'policies/parity.yaml', 'policies/trust.yaml']);
    expect(read('policies/schemas/trust.schema.json')).toBe(before);
    writeFileSync(join(folder, 'templates/backend.tf.tmpl'), 'mine\n');
    for (const path of ['policies/trust.yaml', 'policies/parity.yaml']) rmSync(join(folder, path));
    expect((await scaffold(options())).error).toMatchObject({
      code: 'FILE_EXISTS',
      data: { files: ['templates/backend.tf.tmpl'] },
    });
  });

  test.each([
    ['nobody who releases', ['Alice=F:intent,evidence'], {}, 'TRUST_INVALID', /role release needs 1 people/],
    [
      'nobody at the terminal',
      ['Alice=F:release,intent'],
      {},
      'TRUST_INVALID',
      /nobody has the role evidence/,
    ],
    [
      'an approval that only the requester could give',
      ['Alice=F:release,intent,approver,evidence'],
      { approvers: '1' },
      'DUTY_SEPARATION',
      /whoever asks would have to give one/,
    ],
    [
      'one person twice',
      ['Alice=F:release,intent,evidence', 'Alice=R:approver'],
      {},
      'TRUST_INVALID',
      /listed twice/,
    ],
    ['more root signatures than keys', null, { rootThreshold: '2' }, 'SCHEMA', /more than there are keys/],
    ['a threshold that is no number', null, { rootThreshold: 'all' }, 'USAGE', /--root-threshold is "all"/],
    ['approvals below none', null, { approvers: '-1' }, 'USAGE', /--approvals is "-1"/],
    ['both forges', null, { github: 'a/b', githubIds: '1:2', gitlab: 'a/b' }, 'USAGE', /both given/],
    ['ids of nothing', null, { githubIds: '1:2' }, 'USAGE', /without --github/],
    ['GitLab without a group', null, { gitlab: 'infra' }, 'USAGE', /--gitlab is "infra"/],
    [
      'the folder of rehearsals',
      null,
      { environments: ['rehearsal=111111111111:eu-west-1'] },
      'USAGE',
      /rehearsals/,
    ],
    [
      'a bucket name that is too long',
      null,
      { organisation: 'a'.repeat(32) },
      'PARITY',
      /has \d+ characters/,
    ],
  ] as const)(
    'what the gates would refuse is told before it is written: %s',
    async (_what, people, change, code, message) => {
      const named = people?.map((each) =>
        each.replace('=F:', `=${alice.fingerprint}:`).replace('=R:', `=${root.fingerprint}:`),
      );
      const { error } = await scaffold(
        options({ ...change, ...(named === undefined ? {} : { people: named }) }),
      );
      expect(error).toMatchObject({ code, message: expect.stringMatching(message) });
      expect(readdirSync(folder)).toEqual([]);
    },
  );

  test('a key that could sign nothing is refused before anything hangs on it', async () => {
    const expired = await makeKey({
      name: 'Eve',
      email: 'eve@example.org',
      created: new Date('2025-01-01T00:00:00Z'),
      expiresInSeconds: 86_400,
    });
    writeFileSync(join(folder, 'e.asc'), expired.publicArmored);
    const { error } = await scaffold(
      options({ people: [`Eve=${expired.fingerprint}:release,intent,evidence`], keyFiles: ['e.asc'] }),
    );
    expect(error?.code).toBe('KEY_EXPIRED');
  });

  test('never overwrites: one file in the way, and not one is written', async () => {
    await makeFiles(folder).create('policies/trust.yaml', 'mine\n');
    const { error } = await scaffold(options());
    expect(error).toMatchObject({ code: 'FILE_EXISTS', data: { files: ['policies/trust.yaml'] } });
    expect(read('policies/trust.yaml')).toBe('mine\n');
    expect(readdirSync(folder)).toEqual(['policies']);
  });

  test.each([
    ['no organisation, and nobody to ask', { organisation: null }, 'USAGE', /--organisation is missing/],
    [
      'an environment without a region',
      { environments: ['dev=111111111111'] },
      'USAGE',
      /--environment is "dev=111111111111"/,
    ],
    [
      'an account of 11 digits',
      { environments: ['dev=11111111111:eu-central-1'] },
      'USAGE',
      /NAME=ACCOUNT:REGION/,
    ],
    [
      'two environments in one account',
      { environments: ['a=111111111111:eu-central-1', 'b=111111111111:eu-central-1'] },
      'USAGE',
      /a and b would share account 111111111111/,
    ],
    [
      'one environment twice',
      { environments: ['a=111111111111:eu-central-1', 'a=222222222222:eu-central-1'] },
      'USAGE',
      /environment a is given twice/,
    ],
    ['a root that is no fingerprint', { roots: ['ABC'] }, 'USAGE', /--root is "ABC"/],
    ['a person without roles', { people: ['Alice'] }, 'USAGE', /NAME=FINGERPRINT:ROLES$/],
    ['a role that is none', { people: [`A=${'A'.repeat(40)}:intent,king`] }, 'USAGE', /unknown role king/],
    ['GitHub without ids', { github: 'acme/infra' }, 'USAGE', /--github-ids is ""/],
    ['GitHub without an owner', { github: 'infra', githubIds: '1:2' }, 'USAGE', /--github is "infra"/],
    ['an organisation with a space', { organisation: 'a b' }, 'USAGE', /--organisation is "a b"/],
    ['a key file that is not there', { keyFiles: ['none.asc'] }, 'FILE_MISSING', /none.asc/],
  ] as const)('%s', async (_what, change, code, message) => {
    const { error } = await scaffold(options(change));
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) });
    expect(readdirSync(folder)).toEqual([]);
  });

  test('a key of nobody who was named is not copied', async () => {
    const stranger = await makeKey({ name: 'Mallory', email: 'm@example.org' });
    writeFileSync(join(folder, 'm.asc'), stranger.publicArmored);
    const { error } = await scaffold(options({ keyFiles: ['m.asc'] }));
    expect(error).toMatchObject({
      code: 'KEYRING_SHAPE',
      message: expect.stringMatching(/^m.asc is not the public key of any root or person/),
    });
    expect(readdirSync(folder)).toEqual(['m.asc']);
  });
});
