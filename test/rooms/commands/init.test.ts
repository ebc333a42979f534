// init: what it writes is what the gates will read, and nothing that is there is touched.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { sha256 } from '../../../src/kernel/digest.ts';
import type { CommandOptions } from '../../../src/commands/command.ts';
import { init } from '../../../src/commands/init.ts';
import { judgePolicy } from '../../../src/gates/parity.ts';
import { parseParity, readParity } from '../../../src/inputs/parity.ts';
import { parseTrust } from '../../../src/inputs/trust.ts';
import { makeFiles } from '../../../src/world/files.ts';
import { makeVerifier } from '../../../src/world/verifier.ts';
import { fileOf } from '../../harness/facts.ts';
import { temporaryFolder } from '../../harness/git-fixture.ts';
import { makeKey, type TestKey } from '../../harness/keys.ts';
import { makeWorld, type PortsOptions } from '../../harness/ports.ts';
import { run, type Ran } from './running.ts';

let root: TestKey;
let alice: TestKey;
beforeAll(async () => {
  const created = new Date('2026-01-01T00:00:00Z');
  root = await makeKey({ name: 'Rita', email: 'rita@example.org', created });
  alice = await makeKey({ name: 'Alice', email: 'alice@example.org', created });
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
  github: null,
  githubIds: null,
  ...more,
});

/** Real files, the program's own scaffold, and the real verifier of key files. */
async function scaffold(given: CommandOptions['init'], more: Partial<PortsOptions> = {}): Promise<Ran> {
  const overrides = { files: makeFiles(folder), verifier: makeVerifier({ gpgvPath: null, sqvPath: null }) };
  return run(init, given, { world: await makeWorld(), overrides, ...more });
}

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
    expect(lines).toContain('  cd infra && govboot trust sign --key FINGERPRINT');
    expect(lines).toContain('  govboot intent new test');
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
    const none = options({ organisation: null, environments: [], roots: [], people: [] });
    const wizard = [
      'ACME!',
      'acme',
      'dev',
      'dev=111111111111:eu-central-1',
      'XYZ',
      root.fingerprint,
      'Alice',
      `Alice=${alice.fingerprint.toLowerCase()}:intent`,
    ];
    expect((await scaffold(none, { wizard })).error).toBeNull();
    expect(parseTrust(fileOf('t', read('policies/trust.yaml'))).people).toMatchObject([
      { fingerprint: alice.fingerprint, roles: ['intent'] },
    ]);
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
    ['an organisation with a space', { organisation: 'a b' }, 'SCHEMA', /organisation/],
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
