// wire: the ports of one run, made of the real adapters, each loaded when it is used.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Invocation } from '../../src/cli.ts';
import type { Event } from '../../src/kernel/events.ts';
import { trustShow } from '../../src/commands/trust-show.ts';
import type { CloudTarget } from '../../src/ports.ts';
import { makePorts } from '../../src/wire.ts';
import { TRUST_YAML } from '../harness/facts.ts';
import { makeGitRepo, temporaryFolder } from '../harness/git-fixture.ts';
import { makeKey } from '../harness/keys.ts';

const GLOBALS: Invocation['globals'] = {
  repo: '.',
  json: false,
  pins: null,
  key: null,
  log: null,
  debug: false,
  plain: false,
};
const TARGET: CloudTarget = {
  provider: 'aws',
  account: '111111111111',
  region: 'eu-central-1',
  endpoint: null,
  profile: null,
  environment: 'dev',
  repository: '5f0c2a4e-1b7d-4c3a-9e2f-0a1b2c3d4e5f',
};

let folder: string;
let events: Event[];
beforeEach(() => {
  folder = temporaryFolder();
  events = [];
  vi.stubEnv('XDG_STATE_HOME', join(folder, 'state'));
  vi.stubEnv('XDG_CONFIG_HOME', join(folder, 'config'));
});
afterEach(() => {
  vi.unstubAllEnvs();
});

const emit = (event: Event): void => void events.push(event);
const wire = (globals: Partial<Invocation['globals']> = {}, rehearse = false) =>
  makePorts(
    {
      command: 'check',
      options: { environment: 'dev', intent: 'intents/dev.yaml', rehearse },
      globals: { ...GLOBALS, ...globals },
    },
    '1.2.3',
    emit,
  );

/** Modules of the SDK that this process has loaded: they are CommonJS, so Node's own cache knows them. */
const loaded = (): readonly string[] =>
  Object.keys(createRequire(import.meta.url).cache).filter((path) =>
    /node_modules\/(@aws-sdk|@smithy)\//.test(path),
  );

// First, while nothing else has loaded anything.
test('`trust show` loads nothing of the SDK; asking the cloud does', async () => {
  const { root } = makeGitRepo({ 'policies/trust.yaml': TRUST_YAML });
  const ports = await wire({ repo: root });
  await trustShow(ports, {});
  expect(events.filter(({ type }) => type === 'result')).toHaveLength(1);
  expect(loaded()).toEqual([]);
  const { cloud } = await ports.cloud({ ...TARGET, endpoint: 'http://127.0.0.1:9' });
  expect(loaded()).toEqual([]);
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIAEXAMPLE');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret');
  await expect(cloud.whoAmI()).rejects.toMatchObject({ name: 'GovbootError' });
  expect(loaded().length).toBeGreaterThan(0);
}, 60_000);

describe('a live run', () => {
  const servers: Server[] = [];
  afterAll(() => servers.forEach((server) => server.close()));

  /** An STS that knows one caller. */
  const sts = async (): Promise<string> => {
    const server = createServer((_request, response) => {
      const result =
        '<Arn>arn:aws:sts::111111111111:assumed-role/bootstrap/alice</Arn><UserId>A:alice</UserId><Account>111111111111</Account>';
      response.setHeader('content-type', 'text/xml');
      response.end(
        `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>${result}</GetCallerIdentityResult><ResponseMetadata><RequestId>r-1</RequestId></ResponseMetadata></GetCallerIdentityResponse>`,
      );
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  };

  test.each([
    ['says the region that the operator set', 'eu-west-1'],
    ['takes the one of the intent where none is set', ''],
  ])('%s', async (_what, region) => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIAEXAMPLE');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret');
    vi.stubEnv('AWS_REGION', region === '' ? undefined : region);
    vi.stubEnv('AWS_CONFIG_FILE', join(folder, 'none'));
    const ports = await wire({ log: join(folder, 'log.jsonl') });
    expect(ports).toMatchObject({ mode: 'LIVE', version: '1.2.3' });
    const { cloud } = await ports.cloud({ ...TARGET, endpoint: await sts() });
    expect(await cloud.whoAmI()).toMatchObject({
      account: '111111111111',
      region: region === '' ? 'eu-central-1' : region,
    });
    expect(events).toContainEqual(
      expect.objectContaining({
        type: 'log',
        text: 'call',
        data: expect.objectContaining({ operation: 'sts:GetCallerIdentity', outcome: 'ok' }),
      }),
    );
    expect(readFileSync(join(folder, 'log.jsonl'), 'utf8')).toContain('sts:GetCallerIdentity');
  });

  test('never logs credentials that it found, wherever they were', async () => {
    const file = join(folder, 'credentials');
    writeFileSync(file, '[default]\naws_access_key_id = test\naws_secret_access_key = planted-in-a-file\n');
    vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', file);
    for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN', 'AWS_PROFILE'])
      vi.stubEnv(name, undefined);
    const ports = await wire({ debug: true });
    const { cloud } = await ports.cloud({ ...TARGET, endpoint: await sts() });
    await cloud.whoAmI();
    ports.emit({ type: 'note', text: 'signed with planted-in-a-file' });
    const logs = join(folder, 'state', 'govboot', 'logs');
    const [name = '', ...others] = readdirSync(logs);
    expect(others).toEqual([]);
    expect(events).toContainEqual({
      type: 'note',
      text: `everything is logged to ${join(logs, name)}, secrets redacted`,
    });
    const log = readFileSync(join(logs, name), 'utf8');
    expect(log).toContain('signed with [redacted]');
    expect(log).not.toContain('planted-in-a-file');
  });
});

describe('a rehearsal', () => {
  test('has evidence and a cloud of its own, which outlives the process', async () => {
    const { root } = makeGitRepo();
    const ports = await wire({ repo: root }, true);
    expect(ports.mode).toBe('REHEARSAL');
    expect(ports.evidence('dev').where).toContain('rehearsal/dev');
    expect((await wire({ repo: root })).evidence('dev').where).not.toContain('rehearsal');
    const { cloud } = await ports.cloud(TARGET);
    expect(await cloud.whoAmI()).toMatchObject({ account: '111111111111', region: 'eu-central-1' });
    // Reading leaves nothing behind; the folder is there for what a rehearsal will write.
    expect(readdirSync(join(folder, 'state', 'govboot', 'rehearsal'))).toEqual([TARGET.repository]);
  });
});

describe('the signer', () => {
  test('is looked for when something is signed, not before', async () => {
    const ports = await wire();
    await expect(ports.signer.identity()).rejects.toMatchObject({
      code: 'SIGNER',
      message: 'no key was named to sign with',
    });
  });

  test('is the key that --key names', async () => {
    const key = await makeKey({ name: 'Alice', email: 'alice@example.org' });
    writeFileSync(join(folder, 'alice.key'), key.privateArmored, { mode: 0o600 });
    const ports = await wire({ key: join(folder, 'alice.key') });
    expect(await ports.signer.identity()).toMatchObject({
      fingerprint: key.fingerprint,
      backend: 'software',
    });
    expect(new TextDecoder().decode(await ports.signer.sign(new TextEncoder().encode('x')))).toContain(
      'BEGIN PGP SIGNATURE',
    );
  });

  test('with a passphrase, and nobody there to give it', async () => {
    const key = await makeKey({ name: 'Alice', email: 'alice@example.org', passphrase: 'correct horse' });
    writeFileSync(join(folder, 'alice.key'), key.privateArmored, { mode: 0o600 });
    const ports = await wire({ key: join(folder, 'alice.key') });
    await expect(ports.signer.sign(new Uint8Array(1))).rejects.toMatchObject({
      code: 'SIGNER',
      message: expect.stringMatching(/passphrase/),
    });
  });
});

describe('this machine', () => {
  test('a first signal stops the run between two steps, and every wait', async () => {
    const before = new Set(process.listeners('SIGINT'));
    const ports = await wire();
    expect(process.listeners('SIGINT').filter((listener) => !before.has(listener))).toEqual([]);
    expect(ports.interrupted()).toBe(false);
    const added = process.listeners('SIGINT').filter((listener) => !before.has(listener));
    expect(added).toHaveLength(1);
    const waiting = expect(ports.clock.pause(60_000)).rejects.toMatchObject({ code: 'INTERRUPTED' });
    added[0]!('SIGINT');
    expect(ports.interrupted()).toBe(true);
    await waiting;
    for (const listener of added) process.off('SIGINT', listener);
  });

  test('the scaffold is the program’s own, pins and files are where they are named', async () => {
    mkdirSync(join(folder, 'repo'));
    const ports = await wire({ repo: join(folder, 'repo'), pins: join(folder, 'pins.json') });
    expect(new TextDecoder().decode(await ports.scaffold('policies/parity.yaml.tmpl'))).toContain(
      '{{organisation}}',
    );
    expect(ports.pins.file).toBe(join(folder, 'pins.json'));
    await ports.files.create('made', 'x');
    expect(readFileSync(join(folder, 'repo', 'made'), 'utf8')).toBe('x');
  });

  test('a repository that is not there yet is for the command to judge', async () => {
    const ports = await wire({ repo: join(folder, 'not', 'yet') });
    await ports.files.create('policies/x', 'x');
    expect(readdirSync(join(folder, 'not', 'yet'))).toEqual(['policies']);
    await expect(ports.repository.open()).rejects.toMatchObject({ code: 'NOT_A_REPOSITORY' });
  });
});
