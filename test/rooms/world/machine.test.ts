import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import process from 'node:process';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { HeadBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { afterEach, describe, expect, it } from 'vitest';
import type { EnvironmentFacts } from '../../../src/inputs/facts.ts';
import { awsSettings, parseIni } from '../../../src/world/aws-config.ts';
import { makeMachine } from '../../../src/world/machine.ts';
import { sha256 } from '../../../src/kernel/digest.ts';
import { temporaryFolder } from '../../harness/git-fixture.ts';

type Variables = Readonly<Record<string, string>>;

/** Facts of an environment whose home is empty. */
function factsOf(env: Variables): EnvironmentFacts {
  return makeMachine(
    { HOME: temporaryFolder(), ...env },
    { version: '1.0.0', nodeDefines: [] },
  ).environment();
}

describe('89: variables that weaken', () => {
  it('an ordinary environment has none', () => {
    expect(
      factsOf({
        PATH: '/usr/bin',
        NODE_TLS_REJECT_UNAUTHORIZED: '1',
        NODE_V8_COVERAGE: '/tmp/x',
        LD_PRELOAD: '',
        // Without an option that makes Node read them they mean nothing to it.
        SSL_CERT_FILE: '/etc/ssl/certs/ca-certificates.crt',
        NO_PROXY: 'localhost',
        AWS_CA_BUNDLE: '/etc/corp.pem',
      }),
    ).toEqual({ weakening: [], endpoints: [], proxies: [], credentials: [] });
  });

  it.each([
    ['NODE_TLS_REJECT_UNAUTHORIZED', '0'],
    ['LD_PRELOAD', '/tmp/evil.so'],
    ['LD_AUDIT', '/tmp/evil.so'],
    ['LD_LIBRARY_PATH', '/tmp/lib'],
    ['DYLD_INSERT_LIBRARIES', '/tmp/evil.dylib'],
    ['DYLD_LIBRARY_PATH', '/tmp/lib'],
    ['OPENSSL_CONF', '/tmp/evil.cnf'],
    ['OPENSSL_MODULES', '/tmp/lib'],
    ['OPENSSL_ENGINES', '/tmp/lib'],
    ['NODE_PATH', '/tmp/modules'],
    ['NODE_COMPILE_CACHE', '/tmp/cache'],
    ['NODE_ICU_DATA', '/tmp/icu'],
    ['NODE_EXTRA_CA_CERTS', '/tmp/ca.pem'],
    ['NODE_DEBUG', 'http'],
    ['NODE_DEBUG_NATIVE', 'tls'],
    ['SSLKEYLOGFILE', '/tmp/keys'],
    ['NODE_OPTIONS', '--require /tmp/evil.js'],
    ['NODE_OPTIONS', '-r /tmp/evil.js'],
    ['NODE_OPTIONS', '--import=/tmp/evil.mjs'],
    ['NODE_OPTIONS', '--loader x'],
    ['NODE_OPTIONS', '--experimental-loader=x'],
    ['NODE_OPTIONS', '--tls-min-v1.0'],
    ['NODE_OPTIONS', '--tls-keylog=/tmp/k'],
    ['NODE_OPTIONS', '--inspect=0.0.0.0:9229'],
    ['NODE_OPTIONS', '--openssl-config=x'],
    ['NODE_OPTIONS', '--insecure-http-parser'],
    ['NODE_OPTIONS', '"--require" "/tmp/e vil.js"'],
    ['NODE_OPTIONS', '--experimental_loader x'],
    ['NODE_OPTIONS', '--some-option-of-tomorrow'],
  ])('%s=%s', (name, value) => {
    expect(factsOf({ [name]: value }).weakening).toEqual([{ name, value: value.replaceAll('"', '') }]);
  });

  it('of NODE_OPTIONS only what weakens is told', () => {
    expect(
      factsOf({
        NODE_OPTIONS:
          '--max-old-space-size=4096 --enable-source-maps --no-warnings --max_semi_space_size 64 --stack-trace-limit=50 --use-system-ca',
      }).weakening,
    ).toEqual([]);
    expect(
      factsOf({ NODE_OPTIONS: '--max-old-space-size=4096 --require evil.js --no-warnings' }).weakening,
    ).toEqual([{ name: 'NODE_OPTIONS', value: '--require evil.js' }]);
  });

  it.each<[string, Variables, readonly string[]]>([
    ['NODE_OPTIONS says so', { NODE_OPTIONS: '--use-system-ca' }, []],
    ['the command line does', {}, ['--use-openssl-ca']],
    ['a variable does', { NODE_USE_SYSTEM_CA: '1' }, []],
  ])('the place of the store of authorities is told where Node reads it: %s', (_how, env, nodeOptions) => {
    const places = { SSL_CERT_FILE: '/tmp/ca.pem', SSL_CERT_DIR: '/tmp/ca' };
    const machine = makeMachine(
      { HOME: temporaryFolder(), ...places, ...env },
      { version: '1', nodeOptions },
    );
    expect(machine.environment().weakening).toEqual([
      { name: 'SSL_CERT_FILE', value: '/tmp/ca.pem' },
      { name: 'SSL_CERT_DIR', value: '/tmp/ca' },
    ]);
  });

  it('also where Node was built to read it without being told', () => {
    const env = { HOME: temporaryFolder(), SSL_CERT_FILE: '/tmp/ca.pem' };
    const weakeningOf = (nodeDefines: readonly string[]): unknown =>
      makeMachine(env, { version: '1', nodeDefines }).environment().weakening;
    expect(weakeningOf(['NODE_OPENSSL_CERT_STORE'])).toEqual([
      { name: 'SSL_CERT_FILE', value: '/tmp/ca.pem' },
    ]);
    expect(weakeningOf(['NODE_OPENSSL_CONF_NAME=nodejs_conf'])).toEqual([]);
  });

  it('and the options that Node was started with', () => {
    const nodeOptions = ['--enable-source-maps', '--inspect=0.0.0.0', '--require', '/tmp/evil.js'];
    const machine = makeMachine({ HOME: temporaryFolder() }, { version: '1', nodeOptions });
    expect(machine.environment().weakening).toEqual([
      { name: 'the command line of Node', value: '--inspect=0.0.0.0 --require /tmp/evil.js' },
    ]);
  });

  it('are shown without their control characters', () => {
    expect(factsOf({ LD_PRELOAD: 'x\u001b[2K' }).weakening).toEqual([
      { name: 'LD_PRELOAD', value: 'x\\u{1b}[2K' },
    ]);
  });
});

describe('proxies', () => {
  it('are told in either case, without credentials', () => {
    expect(
      factsOf({
        HTTPS_PROXY: 'http://rita:p@ss@proxy:3128',
        http_proxy: 'rita:secret@proxy',
        NO_PROXY: 'localhost,.corp',
        ALL_PROXY: '',
      }).proxies,
    ).toEqual([
      { name: 'HTTPS_PROXY', value: 'http://***@proxy:3128' },
      { name: 'http_proxy', value: '***@proxy' },
    ]);
  });
});

/** A home with these AWS files. */
function awsHome(files: Readonly<Record<string, string>>): string {
  const home = temporaryFolder();
  mkdirSync(join(home, '.aws'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(home, '.aws', name), text);
  return home;
}

const SERVICES =
  '[profile dev]\nregion = eu-central-1\nservices = local\n\n[services local]\nsts =\n  endpoint_url = http://sts.local\ns3 =\n  endpoint_url = http://s3.local\n  other = 1\n';
const CASES: readonly (readonly [string, Readonly<Record<string, string>>, Variables, readonly string[]])[] =
  [
    ['nothing', {}, {}, []],
    ['the general variable', {}, { AWS_ENDPOINT_URL: 'http://all.local' }, ['http://all.local']],
    [
      'a variable of a service',
      {},
      {
        AWS_ENDPOINT_URL_STS: 'http://sts.local',
        AWS_ENDPOINT_URL_S3: 'http://s3.local',
        AWS_ENDPOINT_URL_IAM: '',
      },
      ['http://s3.local', 'http://sts.local'],
    ],
    [
      'both',
      {},
      { AWS_ENDPOINT_URL: 'http://all.local', AWS_ENDPOINT_URL_S3: 'http://s3.local' },
      ['http://all.local', 'http://s3.local'],
    ],
    [
      'the default profile',
      { config: '[default]\nendpoint_url = http://all.local\n' },
      {},
      ['http://all.local'],
    ],
    [
      'another profile',
      {
        config:
          '[default]\nendpoint_url = http://no.local\n[profile dev]\nendpoint_url=http://dev.local # c\n',
      },
      { AWS_PROFILE: 'dev' },
      ['http://dev.local'],
    ],
    [
      'a profile in quotes',
      { config: '[profile "dev"]\nendpoint_url = http://dev.local\n' },
      { AWS_PROFILE: 'dev' },
      ['http://dev.local'],
    ],
    ['a profile that is not active', { config: '[profile dev]\nendpoint_url = http://dev.local\n' }, {}, []],
    [
      'the credentials file',
      { credentials: '[default]\nendpoint_url = http://cred.local\n' },
      {},
      ['http://cred.local'],
    ],
    [
      'config before credentials',
      {
        config: '[default]\nendpoint_url = http://conf.local\n',
        credentials: '[default]\nendpoint_url = http://cred.local\n',
      },
      {},
      ['http://conf.local'],
    ],
    [
      'a services section',
      { config: SERVICES },
      { AWS_PROFILE: 'dev' },
      ['http://sts.local', 'http://s3.local'],
    ],
    [
      'the ignoring variable',
      { config: '[default]\nendpoint_url = http://all.local\n' },
      { AWS_ENDPOINT_URL: 'http://env.local', AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: 'true' },
      [],
    ],
    [
      'the ignoring variable set to false',
      { config: '[default]\nendpoint_url = http://all.local\n' },
      { AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: 'false' },
      ['http://all.local'],
    ],
    [
      'the ignoring setting',
      { config: '[default]\nignore_configured_endpoint_urls = true\nendpoint_url = http://all.local\n' },
      { AWS_ENDPOINT_URL_S3: 'http://env.local' },
      [],
    ],
    [
      'a comment',
      {
        config:
          '[default]\n# endpoint_url = http://all.local\n; endpoint_url = http://all.local\nregion = x\n',
      },
      {},
      [],
    ],
  ];

describe('88: endpoints in force', () => {
  it.each(CASES)('%s', (_what, files, env, urls) => {
    expect(awsSettings({ HOME: awsHome(files), ...env }).endpoints.map(({ url }) => url)).toEqual(urls);
  });

  it('say where they come from, and mask credentials', () => {
    const facts = factsOf({
      HOME: awsHome({ config: `${SERVICES}[default]\n` }),
      AWS_PROFILE: 'dev',
      AWS_ENDPOINT_URL: 'http://user:secret@all.local/x@y',
    });
    expect(facts.endpoints).toEqual([
      { from: 'AWS_ENDPOINT_URL', url: 'http://***@all.local/x@y' },
      { from: 'sts endpoint_url of services local', url: 'http://sts.local' },
      { from: 's3 endpoint_url of services local', url: 'http://s3.local' },
    ]);
  });

  it('are read from the files that the variables name', () => {
    const home = awsHome({
      other: '[profile dev]\nendpoint_url = http://dev.local\n',
      keys: '[dev]\nendpoint_url = http://keys.local\n',
    });
    const endpoints = (env: Variables): readonly string[] => awsSettings(env).endpoints.map(({ url }) => url);
    const other = { AWS_CONFIG_FILE: '~/.aws/other', AWS_PROFILE: 'dev' };
    expect(endpoints({ HOME: home, ...other })).toEqual(['http://dev.local']);
    expect(endpoints({ USERPROFILE: home, ...other })).toEqual(['http://dev.local']);
    expect(
      endpoints({ HOME: home, AWS_SHARED_CREDENTIALS_FILE: join(home, '.aws/keys'), AWS_PROFILE: 'dev' }),
    ).toEqual(['http://keys.local']);
  });

  it('a file that cannot be read is no file without endpoints', () => {
    const home = temporaryFolder();
    const config = join(home, '.aws', 'config');
    mkdirSync(config, { recursive: true });
    expect(awsSettings({ HOME: home })).toEqual({
      endpoints: [],
      credentials: [{ is: 'unreadable', from: config, why: expect.stringContaining('EISDIR') }],
    });
  });

  it('a variable that the SDK does not know is not told: a hint would repeat its name', () => {
    expect(
      awsSettings({ HOME: awsHome({}), 'AWS_ENDPOINT_URL_S3;reboot': 'http://s3.local' }).endpoints,
    ).toEqual([]);
  });

  it('parses sub-sections only where lines are indented', () => {
    expect(
      parseIni('[a]\ns3 =\n  endpoint_url = x\nendpoint_url = y\nno line\n= z\nlost\n[b]\nk=v=w\n'),
    ).toEqual(
      new Map([
        [
          'a',
          new Map([
            ['s3.endpoint_url', 'x'],
            ['endpoint_url', 'y'],
          ]),
        ],
        ['b', new Map([['k', 'v=w']])],
      ]),
    );
    expect(parseIni('k = v\n')).toEqual(new Map());
  });
});

const PROCESS = '[default]\ncredential_process = CANARY default --secret hunter2\n';
const CHAIN = `${PROCESS}[profile a]\nrole_arn = arn:aws:iam::111111111111:role/a\nsource_profile = b\n[profile b]\ncredential_process = CANARY b\n`;
const KEYS = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' };
/** What is asked for credentials, and the profiles whose program is run. */
const SOURCES: readonly (readonly [
  string,
  Readonly<Record<string, string>>,
  Variables,
  readonly string[],
])[] = [
  ['keys of a variable', { config: PROCESS }, KEYS, []],
  ['a program', { config: PROCESS }, {}, ['default']],
  ['a program, though there are keys', { config: PROCESS }, { ...KEYS, AWS_PROFILE: 'default' }, ['default']],
  ['half a pair of keys', { config: PROCESS }, { AWS_ACCESS_KEY_ID: 'test' }, ['default']],
  ['the program of a source profile', { config: CHAIN }, { AWS_PROFILE: 'a' }, ['b']],
  [
    'a program of the credentials file',
    { credentials: '[default]\ncredential_process = CANARY cred\n' },
    {},
    ['cred'],
  ],
  [
    'keys of a profile',
    { config: CHAIN, credentials: '[c]\naws_access_key_id = a\naws_secret_access_key = b\n' },
    { AWS_PROFILE: 'c' },
    [],
  ],
];

describe('88: where credentials come from', () => {
  it('is told of a program, without its arguments', () => {
    expect(factsOf({ HOME: awsHome({ config: CHAIN }), AWS_PROFILE: 'a' }).credentials).toEqual([
      { is: 'program', from: 'credential_process of profile b', command: 'CANARY' },
    ]);
  });

  it('is told of addresses, each as the SDK puts it together', () => {
    const config = '[default]\nec2_metadata_service_endpoint = http://metadata.local\n';
    expect(
      factsOf({
        HOME: awsHome({ config }),
        AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: '@evil.example/x',
        AWS_CONTAINER_CREDENTIALS_FULL_URI: 'https://u:p@evil.example',
        AWS_EC2_METADATA_SERVICE_ENDPOINT: 'http://metadata.example',
      }).credentials,
    ).toEqual([
      { is: 'address', from: 'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI', url: 'http://***@evil.example/x' },
      { is: 'address', from: 'AWS_CONTAINER_CREDENTIALS_FULL_URI', url: 'https://***@evil.example/' },
      { is: 'address', from: 'AWS_EC2_METADATA_SERVICE_ENDPOINT', url: 'http://metadata.example/' },
      {
        is: 'address',
        from: 'ec2_metadata_service_endpoint of profile default',
        url: 'http://metadata.local/',
      },
    ]);
  });

  it.each([
    ['a tab', 'http://127.0.0.1\t.evil.example/x', 'http://127.0.0.1.evil.example/x'],
    ['a character of no width', 'http://127.0.0.1\u200b.evil.example', 'http://127.0.0.1.evil.example/'],
    ['a backslash', 'http://evil.example\\@127.0.0.1/', 'http://evil.example/@127.0.0.1/'],
    ['nothing that is one', 'http://127.0.0.1\u0001/', 'http://127.0.0.1\\u{1}/'],
  ])('is told of an address with %s as it is read', (_what, url, told) => {
    const { credentials } = factsOf({ HOME: awsHome({}), AWS_EC2_METADATA_SERVICE_ENDPOINT: url });
    expect(credentials).toEqual([{ is: 'address', from: 'AWS_EC2_METADATA_SERVICE_ENDPOINT', url: told }]);
  });

  it('does not go round in circles', () => {
    const config = '[default]\nsource_profile = default\ncredential_process = /bin/x\n';
    expect(awsSettings({ HOME: awsHome({ config }) }).credentials.length).toBeGreaterThan(0);
  });
});

describe('the SDK itself', () => {
  const before = { ...process.env };
  afterEach(() => {
    for (const name of Object.keys(process.env))
      if (!(name in before)) Reflect.deleteProperty(process.env, name);
    Object.assign(process.env, before);
  });

  /** The host that a client would call. Nothing is sent. */
  async function hostOf(send: (handler: never) => Promise<unknown>): Promise<string> {
    let host = '';
    const stopped = new Error('not sent');
    const handler = {
      handle: async (request: { hostname: string }) => {
        host = request.hostname;
        throw stopped;
      },
      updateHttpClientConfig: () => undefined,
      httpHandlerConfigs: () => ({}),
    };
    await expect(send(handler as never)).rejects.toThrow('not sent');
    return host;
  }

  it.each(SOURCES)('runs no program that is not told: %s', async (_what, files, env, names) => {
    for (const name of Object.keys(process.env))
      if (name.startsWith('AWS_')) Reflect.deleteProperty(process.env, name);
    const ran = join(temporaryFolder(), 'ran');
    const filled = Object.entries(files).map(([name, text]) => [
      name,
      text.replaceAll('CANARY', `echo >>${ran}`),
    ]);
    const all = { HOME: awsHome(Object.fromEntries(filled)), AWS_EC2_METADATA_DISABLED: 'true', ...env };
    Object.assign(process.env, all);
    // What the program prints is no credential, and so nothing is found and nothing is sent.
    await new STSClient({ region: 'eu-central-1' }).config.credentials().catch(() => undefined);
    const programs = existsSync(ran) ? readFileSync(ran, 'utf8').trim().split('\n') : [];
    expect([...new Set(programs.map((line) => line.split(' ')[0]))]).toEqual(names);
    const told = awsSettings(all).credentials.flatMap((source) =>
      source.is === 'program' ? source.command : [],
    );
    expect(told.map((command) => command.split(' ')[2])).toEqual(names);
  });

  it.each(CASES)('goes nowhere that is not told: %s', async (_what, files, env, urls) => {
    for (const name of Object.keys(process.env))
      if (name.startsWith('AWS_')) Reflect.deleteProperty(process.env, name);
    Object.assign(process.env, { HOME: awsHome(files), ...env });
    const common = {
      region: 'eu-central-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      maxAttempts: 1,
    };
    const hosts = await Promise.all([
      hostOf((requestHandler) =>
        new STSClient({ ...common, requestHandler }).send(new GetCallerIdentityCommand({})),
      ),
      hostOf((requestHandler) =>
        new S3Client({ ...common, requestHandler, forcePathStyle: true }).send(
          new HeadBucketCommand({ Bucket: 'some-bucket' }),
        ),
      ),
    ]);
    const told = urls.map((url) => new URL(url).hostname);
    for (const host of hosts) if (!host.endsWith('.amazonaws.com')) expect(told).toContain(host);
    // And what is told is not invented: at least one of the two clients goes there.
    if (told.length > 0) expect(hosts.some((host) => told.includes(host))).toBe(true);
  });
});

describe('tools', () => {
  function bin(programs: Readonly<Record<string, string>>): string {
    const folder = temporaryFolder();
    for (const [name, script] of Object.entries(programs)) {
      writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`);
      chmodSync(join(folder, name), 0o755);
    }
    return folder;
  }

  it('are told with version and digest; what is not installed is left out', async () => {
    const folder = bin({
      git: 'echo "git version 2.39.5"',
      gpg: 'echo "gpg (GnuPG) 2.2.40"; echo libgcrypt 1.10',
      sqv: 'echo "sqv 1.5.0 (sequoia-openpgp 2.4.0, using Nettle)"',
    });
    const program = join(temporaryFolder(), 'govboot.js');
    writeFileSync(program, 'the program');
    const tools = await makeMachine({ PATH: folder }, { version: '1.2.3', program }).tools();
    expect(tools).toEqual([
      { name: 'node', version: process.version.slice(1), sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
      { name: 'git', version: '2.39.5', sha256: sha256('#!/bin/sh\necho "git version 2.39.5"\n') },
      { name: 'gpg', version: '2.2.40', sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
      { name: 'sqv', version: '1.5.0', sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
      { name: 'govboot', version: '1.2.3', sha256: sha256('the program') },
    ]);
  });

  it('that do not answer are of unknown version; files that are gone have no digest', async () => {
    const tools = await makeMachine(
      { PATH: bin({ git: 'exit 1', gpgv: 'echo hello' }) },
      { version: '1', program: '/nowhere' },
    ).tools();
    expect(tools.slice(1)).toEqual([
      { name: 'git', version: 'unknown', sha256: expect.any(String) },
      { name: 'gpgv', version: 'unknown', sha256: expect.any(String) },
      { name: 'govboot', version: '1', sha256: null },
    ]);
  });

  it('inside the repository are not started', async () => {
    const folder = bin({ git: 'echo 1.0' });
    const link = temporaryFolder();
    symlinkSync(join(folder, 'git'), join(link, 'git'));
    const tools = await makeMachine({ PATH: link }, { version: '1', repository: dirname(folder) }).tools();
    expect(tools.map((tool) => tool.name)).toEqual(['node', 'govboot']);
  });

  it('that a policy can list are hashed, and not started', async () => {
    const folder = bin({ git: ': > "$0.ran"', gpg: ': > "$0.ran"' });
    const link = temporaryFolder();
    symlinkSync(join(folder, 'git'), join(link, 'git'));
    const { programs } = makeMachine({ PATH: [link, folder].join(delimiter) }, { version: '1' });
    expect(await programs(['git', 'gpgv'])).toEqual([
      {
        name: 'git',
        path: realpathSync(join(folder, 'git')),
        sha256: sha256('#!/bin/sh\n: > "$0.ran"\n'),
      },
    ]);
    expect(await programs([])).toEqual([]);
    expect(readdirSync(folder)).toEqual(['git', 'gpg']);
  });

  it('inside the repository are not hashed either: they are not used', async () => {
    const folder = bin({ git: 'exit 0' });
    const machine = makeMachine({ PATH: folder }, { version: '1', repository: dirname(folder) });
    expect(await machine.programs(['git'])).toEqual([]);
  });
});
