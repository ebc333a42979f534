import { describe, expect, test } from 'vitest';
import type { CallerFacts, EnvironmentFacts } from '../../../src/inputs/facts.ts';
import { sha256 } from '../../../src/kernel/digest.ts';
import { edited, goodFacts, INTENT_YAML, type FactsOverrides } from '../../harness/facts.ts';
import { RULED_YAML, ruledFacts } from '../../harness/rules.ts';
import { refuses, verdictOn } from './asking.ts';

const good = goodFacts().caller;
const caller = (change: Partial<CallerFacts>): FactsOverrides => {
  if (good.is !== 'read') throw new Error('not reached');
  return { caller: { is: 'read', value: { ...good.value, ...change } } };
};
const endpoint = (url: string): string => edited(INTENT_YAML, 'endpoint: null', `endpoint: "${url}"`);
const override = (
  url: string,
  from = 'AWS_ENDPOINT_URL',
): { readonly machine: Partial<EnvironmentFacts> } => ({
  machine: { endpoints: [{ from, url }] },
});
const LOCAL = 'http://127.0.0.1:5000';

test('passes, and says who calls', () => {
  expect(verdictOn('identity', {})).toMatchObject({
    status: 'pass',
    because:
      'arn:aws:sts::111111111111:assumed-role/bootstrap/alice calls in eu-central-1, from a clean process',
  });
});

describe('caller', () => {
  test.each(['CREDENTIALS', 'CLOUD_UNREACHABLE', 'IDENTITY'] as const)('not known: %s', (code) => {
    refuses('identity', { caller: { is: 'problem', problem: { code, wrong: 'no answer' } } }, code);
  });

  test('not asked because of an endpoint or a variable is told once, by that', () => {
    const asked = (code: 'ENDPOINT' | 'ENVIRONMENT'): FactsOverrides => ({
      caller: { is: 'problem', problem: { code, wrong: 'not asked' } },
    });
    refuses('identity', { ...asked('ENDPOINT'), ...override('https://evil.example') }, 'ENDPOINT');
    const weakening = [{ name: 'NODE_OPTIONS', value: '--require /tmp/x' }];
    refuses('identity', { ...asked('ENVIRONMENT'), machine: { weakening } }, 'ENVIRONMENT');
    refuses('identity', asked('ENDPOINT'), 'ENDPOINT');
  });

  test('not asked because no intent names an account is told where the intent is judged', () => {
    const change: FactsOverrides = {
      intent: 'a: &x 1\n',
      caller: { is: 'problem', problem: { code: 'IDENTITY', wrong: 'not asked' } },
    };
    expect(verdictOn('identity', change)).toMatchObject({ status: 'undefined', findings: [] });
  });

  test.each<[string, Partial<CallerFacts>]>([
    ['account', { account: '222222222222', arn: 'arn:aws:sts::222222222222:assumed-role/a/b' }],
    ['region', { region: 'eu-west-1' }],
    ['partition', { partition: 'aws-cn', arn: 'arn:aws-cn:sts::111111111111:assumed-role/a/b' }],
  ])('in another %s', (what, change) => {
    const { status, findings } = verdictOn('identity', caller(change));
    expect(status).toBe('fail');
    expect(new Set(findings.map(({ code }) => code))).toEqual(new Set(['IDENTITY_MISMATCH']));
    expect(findings[0]?.message).toContain(`the caller is in ${what} `);
  });

  test.each([
    'arn:aws:sts::222222222222:assumed-role/a/b',
    'arn:aws-cn:sts::111111111111:assumed-role/a/b',
    'nonsense',
    '',
  ])('whose ARN %j contradicts the answer beside it', (arn) => {
    refuses('identity', caller({ arn }), 'IDENTITY_MISMATCH');
  });

  test('the account of the policy counts too, not only what the intent says', () => {
    const intent = edited(INTENT_YAML, '111111111111', '222222222222');
    const arn = 'arn:aws:sts::222222222222:assumed-role/a/b';
    const { message } = refuses(
      'identity',
      { ...caller({ account: '222222222222', arn }), intent },
      'IDENTITY_MISMATCH',
    );
    expect(message).toBe('the caller is in account 222222222222; the policy says 111111111111');
  });

  test('is left where intent or policy cannot be read, but for what is wrong anyway', () => {
    for (const change of [{ intent: 'x' }, { parity: 'x' }, { environment: 'nowhere' }]) {
      const { status, because } = verdictOn('identity', change);
      expect(status).toBe('undefined');
      expect(because).toContain('not judged: account (the intent or the policy could not be read)');
    }
    refuses('identity', { ...caller({ region: 'eu-west-1' }), parity: 'x' }, 'IDENTITY_MISMATCH');
  });

  test('the root user', () => {
    const { message } = refuses('identity', caller({ arn: 'arn:aws:iam::111111111111:root' }), 'IDENTITY');
    expect(message).toContain('is the root user');
    expect(verdictOn('identity', caller({ arn: 'arn:aws:iam::111111111111:user/root' })).status).toBe('pass');
  });

  test.each([0, -5, 899, Number.NaN])('with %d seconds left', (expiresInSeconds) => {
    refuses('identity', caller({ expiresInSeconds }), 'IDENTITY');
  });

  test.each([900, 43_200, null])('with %s seconds left is good', (expiresInSeconds) => {
    expect(verdictOn('identity', caller({ expiresInSeconds })).status).toBe('pass');
  });
});

describe('endpoints', () => {
  test('an override that the intent does not name', () => {
    const { message, hint } = refuses(
      'identity',
      override('https://s3.evil.example', 'AWS_ENDPOINT_URL_S3'),
      'ENDPOINT',
    );
    expect(message).toBe('AWS_ENDPOINT_URL_S3 is https://s3.evil.example; the intent names none');
    expect(hint).toContain('unset AWS_ENDPOINT_URL_S3');
  });

  test('one of several', () => {
    const endpoints = [
      { from: 'AWS_ENDPOINT_URL', url: LOCAL },
      { from: 'AWS_ENDPOINT_URL_KMS', url: 'http://127.0.0.1:5001' },
    ];
    const { message } = refuses('identity', { intent: endpoint(LOCAL), machine: { endpoints } }, 'ENDPOINT');
    expect(message).toBe(`AWS_ENDPOINT_URL_KMS is http://127.0.0.1:5001; the intent names ${LOCAL}`);
  });

  test('the one that the intent names, and none where it names one', () => {
    expect(verdictOn('identity', { intent: endpoint(LOCAL), ...override(LOCAL) }).status).toBe('pass');
    expect(verdictOn('identity', { intent: endpoint(LOCAL) }).status).toBe('pass');
    expect(verdictOn('identity', { intent: endpoint('https://minio.example:9000') }).status).toBe('pass');
  });

  test.each(['http://localhost:5000', 'http://[::1]:5000', 'http://127.1:5000', 'http://0x7f000001'])(
    'plain http to this machine: %s',
    (url) => {
      expect(verdictOn('identity', { intent: endpoint(url) }).status).toBe('pass');
    },
  );

  test.each([
    ['http://minio.example', 'plain http'],
    ['http://127.0.0.1.evil.example', 'plain http'],
    ['http://localhost.evil.example', 'plain http'],
    ['http://128.0.0.1', 'plain http'],
    ['https://key:secret@minio.example', 'carries a name or password'],
    ['https://key@minio.example', 'carries a name or password'],
    ['https://minio.example/?x=1', 'carries a query'],
    ['https://minio.example/#x', 'carries a query or fragment'],
  ])('%s, though the intent names it', (url, message) => {
    const finding = refuses('identity', { intent: endpoint(url) }, 'ENDPOINT');
    expect(finding.message).toContain(message);
    expect(JSON.stringify(finding)).not.toMatch(/secret|x=1/);
  });

  test.each(['not a url', 'ftp://127.0.0.1/', 'file:///etc/passwd'])(
    'an override that is no web address: %s',
    (url) => {
      refuses('identity', override(url), 'ENDPOINT', 'ENDPOINT');
    },
  );

  test('are left while the intent that may name them cannot be read', () => {
    const { because } = verdictOn('identity', { intent: 'x', ...override(LOCAL) });
    expect(because).toContain('endpoints (the intent, which may name the endpoint, could not be read)');
    refuses('identity', { intent: 'x', ...override('http://evil.example') }, 'ENDPOINT');
  });
});

describe('a proxy', () => {
  test('is refused, whatever the intent names: no call goes through one', () => {
    const machine = { proxies: [{ name: 'HTTPS_PROXY', value: 'http://proxy.example:3128' }] };
    for (const intent of [INTENT_YAML, endpoint(LOCAL), 'x']) {
      const { message, hint } = refuses('identity', { intent, machine }, 'ENDPOINT');
      expect(message).toBe('HTTPS_PROXY is http://proxy.example:3128; the intent names no proxy');
      expect(hint).toMatch(/^unset HTTPS_PROXY/);
    }
  });
});

describe('where credentials come from', () => {
  const address = (url: string): FactsOverrides => ({
    machine: { credentials: [{ is: 'address', from: 'AWS_CONTAINER_CREDENTIALS_FULL_URI', url }] },
  });

  test.each([
    'http://169.254.170.2/v2/credentials/1',
    'http://169.254.170.23/v1/credentials',
    'http://[fd00:ec2::23]/v1/credentials',
    'http://169.254.169.254',
    'http://[fd00:ec2::254]',
    'http://localhost:1338/latest/meta-data',
    'http://127.0.0.1:9911',
  ])('an address of AWS or of this machine: %s', (url) => {
    expect(verdictOn('identity', address(url)).status).toBe('pass');
  });

  test.each([
    'https://evil.example/creds',
    'http://169.254.170.2@evil.example/x',
    'http://169.254.170.2.evil.example/x',
    'http://evil.example#169.254.170.2',
    'no address',
  ])('any other: %s', (url) => {
    const { message } = refuses('identity', address(url), 'ENDPOINT');
    expect(message).toContain('AWS_CONTAINER_CREDENTIALS_FULL_URI would have credentials from ');
  });

  test('a program of the configuration', () => {
    const from = 'credential_process of profile dev';
    const { message, hint } = refuses(
      'identity',
      { machine: { credentials: [{ is: 'program', from, command: '/tmp/x' }] } },
      'ENVIRONMENT',
    );
    expect(message).toBe('credential_process of profile dev would run /tmp/x');
    expect(hint).toContain('aws configure export-credentials');
  });

  test('a configuration that cannot be read', () => {
    const { message, hint } = refuses(
      'identity',
      { machine: { credentials: [{ is: 'unreadable', from: '/home/x/.aws/config', why: 'EACCES' }] } },
      'ENVIRONMENT',
    );
    expect(message).toBe('/home/x/.aws/config cannot be read: EACCES');
    expect(hint).toContain('AWS_CONFIG_FILE');
  });
});

test.each([
  ['NODE_EXTRA_CA_CERTS', /^unset NODE_EXTRA_CA_CERTS and start again; .*--use-system-ca/],
  ['the command line of Node', /^start it again without them$/],
])('the hint for %s is one that can be followed', (name, expected) => {
  const { hint } = refuses('identity', { machine: { weakening: [{ name, value: 'x' }] } }, 'ENVIRONMENT');
  expect(hint).toMatch(expected);
});

test('a variable that weakens the process, each by its name', () => {
  const weakening = [
    { name: 'NODE_TLS_REJECT_UNAUTHORIZED', value: '0' },
    { name: 'NODE_OPTIONS', value: '--require \u001b[2K' },
  ];
  const { message, hint } = refuses('identity', { machine: { weakening } }, 'ENVIRONMENT', 'ENVIRONMENT');
  expect(message).toBe('NODE_TLS_REJECT_UNAUTHORIZED is 0');
  expect(hint).toBe('unset NODE_TLS_REJECT_UNAUTHORIZED and start again');
});

test('a rehearsal is judged no milder', () => {
  refuses('identity', { ...caller({ region: 'eu-west-1' }), mode: 'REHEARSAL' }, 'IDENTITY_MISMATCH');
});

describe('tools', () => {
  const good = ruledFacts().programs[0]!;
  const listed = good.sha256!;
  const other = sha256('another git');
  const found = (change: Partial<typeof good>) => ruledFacts({ programs: [{ ...good, ...change }] });

  test('that are listed, and are one of the builds listed, pass; what is not here is no matter', () => {
    expect(verdictOn('identity', ruledFacts()).status).toBe('pass');
    expect(verdictOn('identity', ruledFacts({ programs: [] })).status).toBe('pass');
    const two = edited(RULED_YAML, `["${listed}"]`, `["${other}", "${listed}"]`);
    expect(verdictOn('identity', ruledFacts({ parity: two })).status).toBe('pass');
  });

  test('that are not listed may be any', () => {
    const gpgv = { name: 'gpgv', path: '/usr/bin/gpgv', sha256: other };
    expect(verdictOn('identity', ruledFacts({ programs: [good, gpgv] })).status).toBe('pass');
    expect(verdictOn('identity', { programs: [{ ...good, sha256: other }] }).status).toBe('pass');
  });

  test('of another build refuse, by path and digest', () => {
    const { message, data } = refuses('identity', found({ sha256: other, path: '/tmp/git' }), 'TOOL_HASH');
    expect(message).toBe(`/tmp/git has SHA-256 ${other}; tools.git lists ${listed}`);
    expect(data).toEqual({ name: 'git', path: '/tmp/git', found: other, listed: [listed] });
  });

  test('that may be run and not read refuse: nobody knows what they are', () => {
    const { message } = refuses('identity', found({ sha256: null }), 'TOOL_HASH');
    expect(message).toBe(
      `/usr/bin/git cannot be read, so its SHA-256 is not known; tools.git lists ${listed}`,
    );
  });

  test('are left without a policy', () => {
    expect(verdictOn('identity', { parity: 'x' }).because).toContain(
      'tools (the policy, which lists programs, could not be read)',
    );
  });
});
