// init --from-backend: names that stay as they are, whatever else the policy is to be for, and what no pattern can say.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import type { CommandOptions } from '../../../src/commands/command.ts';
import { init } from '../../../src/commands/init.ts';
import { patternOf } from '../../../src/commands/init-backend.ts';
import { resolveNames } from '../../../src/inputs/names.ts';
import { fill, parseParity } from '../../../src/inputs/parity.ts';
import { makeFiles } from '../../../src/world/files.ts';
import { foldersFrom } from '../../../src/world/folders.ts';
import { ApiFault } from '../../../src/cloud/aws/api.ts';
import { fileOf, PRINTS } from '../../harness/facts.ts';
import { temporaryFolder } from '../../harness/git-fixture.ts';
import { makePorts, makeWorld, type PortsOptions } from '../../harness/ports.ts';
import { run, type Ran } from './running.ts';

let folder: string;
beforeEach(() => {
  folder = temporaryFolder();
});

const NAMES = { bucket: 'acme-dev-state', key: 'dev/terraform.tfstate', region: 'eu-central-1' };
const body = (fields: Readonly<Record<string, unknown>>): string =>
  Object.entries({ ...NAMES, ...fields })
    .map(([name, value]) => `${name} = ${JSON.stringify(value)}\n`)
    .join('');

const write = (path: string, text: string): void => {
  mkdirSync(join(folder, 'tf'), { recursive: true });
  writeFileSync(join(folder, path), text);
};

async function from(
  path: string,
  more: Partial<CommandOptions['init']> = {},
  ports: Partial<PortsOptions> = {},
): Promise<Ran & { readonly told: string }> {
  const options: CommandOptions['init'] = {
    dir: 'infra',
    organisation: 'acme',
    environments: ['dev=111111111111:eu-central-1'],
    roots: [PRINTS.root],
    rootThreshold: null,
    people: [`Alice=${PRINTS.alice}:release,intent,evidence`],
    approvers: null,
    keyFiles: [],
    locking: null,
    github: null,
    githubIds: null,
    gitlab: null,
    fromBackend: path,
    evidenceStore: null,
    ...more,
  };
  const overrides = { files: makeFiles(folder), folders: foldersFrom(folder), ...ports.overrides };
  const ran = await run(init, options, { world: await makeWorld(), ...ports, overrides });
  const told = ran.ports.events.flatMap((event) =>
    event.type === 'note' || event.type === 'warning' ? [event.text] : [],
  );
  return { ...ran, told: told.join('\n') };
}

const policy = () =>
  parseParity(
    fileOf('policies/parity.yaml', readFileSync(join(folder, 'infra/policies/parity.yaml'), 'utf8')),
  );

describe('what is there keeps its names', () => {
  test.each([
    ['a table', { dynamodb_table: 'Locks' }, 'table', { table: 'Locks' }],
    ['a lock file', { use_lockfile: true }, 'lockfile', { table: '{organisation}-{environment}-tflock' }],
    [
      'both',
      { dynamodb_table: 'acme-dev', use_lockfile: true },
      'both',
      { table: '{organisation}-{environment}' },
    ],
    ['no lock', {}, 'lockfile', {}],
    ['an alias', { kms_key_id: 'alias/dev' }, 'lockfile', { key_alias: 'alias/{environment}' }],
    [
      'the ARN of an alias',
      { kms_key_id: 'arn:aws:kms:eu-central-1:111111111111:alias/x' },
      'lockfile',
      { key_alias: 'alias/x' },
    ],
    [
      'a bucket of the account',
      { bucket: 'state-111111111111-eu-central-1-an' },
      'lockfile',
      { bucket: 'state-{account}-{region}-an', bucket_namespace: 'account-regional' },
    ],
  ] as const)('with %s', async (_what, fields, locking, naming) => {
    write('dev.hcl', body(fields));
    const { error } = await from('dev.hcl');
    expect(error).toBeNull();
    expect(policy().locking).toBe(locking);
    expect(policy().naming).toMatchObject(naming);
    const names = resolveNames(policy(), 'dev', 'eu-central-1');
    const wanted: Readonly<Record<string, unknown>> = { ...NAMES, ...fields };
    expect([names.bucket, names.stateKey]).toEqual([wanted['bucket'], wanted['key']]);
    if (wanted['dynamodb_table'] !== undefined) expect(names.table).toBe(wanted['dynamodb_table']);
  });

  test('and another environment gets names by the same pattern', async () => {
    write('dev.hcl', body({ key: 'state/dev/x.tfstate' }));
    const environments = ['dev=111111111111:eu-central-1', 'prod=222222222222:eu-central-1'];
    expect((await from('dev.hcl', { environments })).error).toBeNull();
    const names = resolveNames(policy(), 'prod', 'eu-central-1');
    expect([names.bucket, names.stateKey]).toEqual(['acme-prod-state', 'state/prod/x.tfstate']);
    expect(policy().differences).toEqual([]);
  });

  test('and a state key that no other environment can have is a listed difference', async () => {
    write('dev.hcl', body({ key: 'network.tfstate' }));
    const environments = ['dev=111111111111:eu-central-1', 'prod=222222222222:eu-central-1'];
    expect((await from('dev.hcl', { environments })).error).toBeNull();
    expect(policy().differences).toMatchObject([{ setting: 'state_key', environments: ['prod'] }]);
  });

  test('the next command and the example say the intent that takes it over', async () => {
    write('dev.hcl', body({ endpoints: undefined }).replace(/endpoints.*\n/, ''));
    const regions = ['dev=111111111111:eu-west-1,eu-central-1'];
    const { lines } = await from('dev.hcl', { environments: regions });
    expect(lines.join('\n')).toContain(
      `  govboot intent new dev --action adopt --region eu-central-1 --key ${PRINTS.alice}\n`,
    );
    expect(readFileSync(join(folder, 'infra/README.md'), 'utf8')).toContain(
      `\ngovboot intent new dev --action adopt --region eu-central-1 --key ${PRINTS.alice}\n`,
    );
    const example = readFileSync(join(folder, 'infra/intents/adopt.example.yaml'), 'utf8');
    expect(example).toContain('`govboot intent new dev --action adopt --region eu-central-1`');
    expect(example).toContain('action: "adopt"\n');
  });

  test('at a terminal account and region are suggested, and locking is not asked', async () => {
    write('dev.hcl', body({ allowed_account_ids: ['111111111111'], dynamodb_table: 'Locks' }));
    const asked: string[] = [];
    const answers = ['dev', '', '', ''];
    const ask = async ({ message, initial }: { message: string; initial?: string }): Promise<string> => {
      asked.push(message);
      return answers.shift() || (initial ?? '');
    };
    const wizard = {
      interactive: true,
      ask,
      choose: async () => (asked.push('choose'), 'none'),
      secret: ask as never,
    };
    const { error } = await from(
      'dev.hcl',
      { environments: [], gitlab: 'a/b', approvers: '0' },
      { overrides: { wizard: { ...wizard, choose: async () => 'yes' } } },
    );
    expect(error).toBeNull();
    expect(asked).toEqual([
      ...['name of the first environment', 'account of dev', 'regions of dev'],
      'name of the next environment (empty: no more)',
    ]);
    expect(policy().environments['dev']).toMatchObject({
      account: '111111111111',
      regions: ['eu-central-1'],
    });
    expect(policy().locking).toBe('table');
  });

  test('what the block leaves open is said', async () => {
    write('dev.hcl', body({ kms_key_id: 'a1b2', dynamodb_table: 'Locks' }));
    const { told } = await from('dev.hcl', { locking: 'lockfile' });
    expect(told).toContain('the block names the key a1b2 by its id');
    expect(told).toContain('--region eu-central-1 --alias-name alias/acme-dev-tfstate --target-key-id a1b2`');
    expect(told).toContain('the table Locks is left as it is');
    write('two.hcl', body({}));
    const { told: other } = await from('two.hcl', { dir: 'two' });
    expect(other).toContain('the block names no key');
    expect(other).toContain('names no lock');
  });

  test('what is in the way in the cloud is told before anything is signed', async () => {
    write('dev.hcl', body({}));
    const { told } = await from('dev.hcl', { environments: ['dev=111111111111:eu-central-1'] });
    expect(told).toContain('state-bucket acme-dev-state is not there; it will be made');
    const other = await from('dev.hcl', { dir: 'x', environments: ['dev=222222222222:eu-central-1'] });
    expect(other.told).toMatch(/the cloud was not asked.*account 111111111111, and dev is 222222222222/);
    const weak = await from(
      'dev.hcl',
      { dir: 'y' },
      { machine: { endpoints: [{ from: 'AWS_ENDPOINT_URL', url: 'http://x' }] } },
    );
    expect(weak.told).toMatch(/the cloud was not asked.*AWS_ENDPOINT_URL/);
  });
});

describe('what the cloud says of it', () => {
  test('is told before anything is signed: what is taken over, what is tolerated, and what is in the way', async () => {
    const world = await makeWorld();
    const { api } = makePorts({ world });
    const TagSet = [
      { Key: 'CostCenter', Value: '42' },
      { Key: 'environment', Value: 'dev' },
    ];
    await api.call('s3:CreateBucket', {
      Bucket: NAMES.bucket,
      CreateBucketConfiguration: { LocationConstraint: 'eu-central-1' },
    });
    await api.call('s3:PutBucketTagging', { Bucket: NAMES.bucket, Tagging: { TagSet } });
    await api.call('dynamodb:CreateTable', {
      TableName: 'Locks',
      AttributeDefinitions: [{ AttributeName: 'Id', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'Id', KeyType: 'HASH' }],
      BillingMode: 'PAY_PER_REQUEST',
      Tags: [
        { Key: 'govboot:repository', Value: 'another' },
        { Key: 'govboot:environment', Value: 'prod' },
      ],
    });
    world.clock.pass(120_000);
    write('dev.hcl', body({ dynamodb_table: 'Locks' }));
    const { error, told, ports } = await from('dev.hcl', {}, { world });
    expect(error).toBeNull();
    expect(told).toContain('state-bucket acme-dev-state is there, made by hand');
    expect(told).toContain(
      'lock-table Locks cannot be taken over: table Locks exists and does not carry the tags',
    );
    expect(told).toContain('plan will refuse the tag "environment": the policy spells it "Environment"');
    expect(policy().tags.tolerated).toEqual(['CostCenter']);
    expect(ports.changed()).toEqual([]);
  });

  test('what cannot be looked at is said, and nothing is taken for absent', async () => {
    write('dev.hcl', body({ dynamodb_table: 'Locks' }));
    const denied: PortsOptions['between'] = (api) => ({
      call: async (operation, input) => {
        if (operation === 'dynamodb:DescribeTable')
          throw new ApiFault({
            ...{ operation, fault: 'AccessDenied', kind: 'denied', message: 'no' },
            ...{ status: 403, requestId: null, attempts: 1 },
          });
        return api.call(operation, input);
      },
    });
    const { told } = await from('dev.hcl', {}, { between: denied });
    expect(told).toMatch(/lock-table Locks could not be looked at/);
    expect(told.match(/Locks/g)).toHaveLength(1);
  });
});

describe('a folder', () => {
  test('with one file that has the block', async () => {
    write('tf/main.tf', `terraform {\n backend "s3" {\n${body({})}}\n}\n`);
    write('tf/other.tf', 'locals {\n a = "backend"\n}\n');
    write('tf/dev.hcl', 'bucket = var.x\n');
    expect((await from('tf/')).error).toBeNull();
  });

  test.each([
    ['with none', [], /no file of tf has a backend block/],
    ['with several', ['a.tf', 'b.tf'], /several files of tf have a backend block: tf\/a\.tf, tf\/b\.tf/],
  ] as const)('%s is refused', async (_what, files, message) => {
    write('tf/x.txt', '');
    for (const file of files) write(`tf/${file}`, `terraform {\n backend "s3" {\n${body({})}}\n}\n`);
    expect((await from('tf')).error).toMatchObject({
      code: 'USAGE',
      message: expect.stringMatching(message),
    });
  });
});

describe('refused, and nothing is written', () => {
  test.each([
    [
      'another region',
      {},
      { environments: ['dev=111111111111:eu-west-1'] },
      'USAGE',
      /dev is in eu-west-1, and the backend block says region eu-central-1/,
    ],
    [
      'another account',
      { allowed_account_ids: ['222222222222'] },
      {},
      'USAGE',
      /block says accounts 222222222222/,
    ],
    [
      'a bucket that ends in a comment',
      { bucket: 'acme" # "' },
      {},
      'PARITY',
      /bucket is "acme" # "" in the block, and the policy would make it "acme"/,
    ],
    ['a bucket with dots', { bucket: 'acme.state' }, {}, 'PARITY', /bucket "acme\.state" must be/],
    ['a state key of another kind', { key: 'state.json' }, {}, 'SCHEMA', /must end with \.tfstate/],
    ['a table that no pattern can say', { dynamodb_table: 'lock table' }, {}, 'SCHEMA', /naming\.table/],
    [
      'one bucket for two environments',
      { bucket: 'the-state' },
      { environments: ['dev=111111111111:eu-central-1', 'prod=222222222222:eu-central-1'] },
      'PARITY_SHARED',
      /would share bucket the-state/,
    ],
  ] as const)('%s', async (_what, fields, more, code, message) => {
    write('dev.hcl', body(fields));
    const { error } = await from('dev.hcl', more);
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) });
    expect(readdirSync(folder)).not.toContain('infra');
  });

  test.each([
    ['a file that is not there', 'none.tf', null, 'FILE_MISSING', /none\.tf/],
    ['JSON', 'main.tf.json', '{}', 'USAGE', /is JSON/],
    ['what is no text', 'x.tf', '\xff', 'USAGE', /not UTF-8/],
  ] as const)('%s', async (_what, path, bytes, code, message) => {
    if (bytes !== null) writeFileSync(join(folder, path), Buffer.from(bytes, 'latin1'));
    expect((await from(path)).error).toMatchObject({ code, message: expect.stringMatching(message) });
  });
});

describe('a pattern', () => {
  const values = {
    organisation: 'acme',
    environment: 'dev',
    account: '111111111111',
    region: 'eu-central-1',
  };

  test.each([
    ['acme-dev-tfstate', '{organisation}-{environment}-tfstate'],
    ['devops-dev', 'devops-{environment}'],
    ['x-111111111111-eu-central-1', 'x-{account}-{region}'],
    ['x1111111111112', 'x1111111111112'],
  ])('of %s is %s', (name, pattern) => expect(patternOf(name, values)).toBe(pattern));

  test('stands for the very name, whatever it is', () => {
    const word = fc.constantFrom(
      'acme',
      'dev',
      '111111111111',
      'eu-central-1',
      '-',
      '{environment}',
      '{x}',
      'a',
      '.',
      '1',
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 8 }), (words) => {
        const name = words.join('');
        const pattern = patternOf(name, values);
        if (!name.includes('{')) expect(fill(pattern, values)).toBe(name);
      }),
    );
  });
});
