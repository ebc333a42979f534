// This machine: each thing that can be wrong with it, what is said, and what mends it.
import { describe, expect, test } from 'vitest';
import { diagnose } from '../../../src/doctor/index.ts';
import { isAtLeast, majorOf } from '../../../src/doctor/version.ts';
import { shellWord } from '../../../src/kernel/text.ts';
import type { Parity } from '../../../src/inputs/parity.ts';
import { factsOf, failed, left, place, policy, program, said, seen } from './facts.ts';

const programs = (...all: readonly ReturnType<typeof program>[]) => ({
  machine: { programs: seen([program('node', '24.11.1'), ...all]) },
});
const node = (version: string) => ({ machine: { programs: seen([program('node', version)]) } });
const process = (more: object) => ({
  machine: {
    environment: seen({ weakening: [], endpoints: [], proxies: [], credentials: [], ...more }),
  },
});

test('where everything is in order, nothing is to be mended', () => {
  const all = diagnose(factsOf());
  expect(all.filter(({ status }) => status !== 'ok')).toEqual([]);
  expect(all.map(({ check }) => check)).toEqual([
    ...['node', 'git', 'gpg', 'gpg agent', 'verifiers', 'terraform', 'terminal', 'process', 'file rights'],
    ...['repository', 'pins', 'trust', 'trust expiry', 'keys', 'policy', 'evidence', 'records'],
    ...['clock', 'credentials', 'account', 'region'],
  ]);
});

test('what cannot be looked at at all is wrong, with the hint of its error', () => {
  expect(said('git', { machine: { programs: failed('the PATH cannot be read', 'set PATH') } })).toEqual({
    status: 'wrong',
    text: 'the PATH cannot be read',
    mend: 'set PATH',
  });
});

test('what is not looked at says why', () => {
  expect(said('git', { machine: { programs: left('nobody asked') } })).toEqual({
    status: 'left',
    text: 'nobody asked',
    mend: null,
  });
});

test('what came from outside is escaped', () => {
  expect(said('git', programs(program('git', '2.0\u001b[2J'))).text).toContain('2.0\\u{1b}[2J');
});

describe('node', () => {
  test.each([
    ['20.18.3', 'wrong'],
    ['18.20.8', 'wrong'],
    ['20.19.0', 'warning'],
    ['22.4.0', 'ok'],
    ['23.1.0', 'warning'],
    ['24.11.1', 'ok'],
    ['26.0.0', 'ok'],
  ] as const)('%s is %s', (version, status) => {
    expect(said('node', node(version)).status).toBe(status);
  });

  test('without a version is too old', () => {
    expect(said('node', { machine: { programs: seen([]) } }).status).toBe('wrong');
  });
});

describe('programs', () => {
  test('without git nothing works, without gpg only cards do not', () => {
    expect(said('git', programs())).toMatchObject({ status: 'wrong', mend: expect.stringContaining('git') });
    expect(said('gpg', programs())).toMatchObject({
      status: 'warning',
      text: expect.stringContaining('card'),
    });
    expect(said('gpg agent', programs())).toMatchObject({ status: 'left', text: 'there is no gpg' });
  });

  test('an agent that does not run is started when it is needed; one that does not answer is told', () => {
    expect(said('gpg agent', { machine: { agent: seen(null) } })).toMatchObject({
      status: 'ok',
      text: expect.stringContaining('not running'),
    });
    expect(said('gpg agent', { machine: { agent: failed('gave no answer') } })).toMatchObject({
      status: 'warning',
      text: 'gave no answer',
    });
    expect(said('gpg agent', { machine: { programs: failed('no PATH') } }).status).toBe('ok');
  });

  test('one verifier alone is a warning; one that says no version is wrong, as it ends every run', () => {
    expect(said('verifiers', programs()).status).toBe('warning');
    expect(said('verifiers', programs(program('sqv', null)))).toMatchObject({
      status: 'wrong',
      text: expect.stringContaining('/usr/bin/sqv'),
    });
    expect(said('verifiers', programs(program('sqv', '1.3.0'))).text).toBe(
      'openpgp.js, sqv 1.3.0 (/usr/bin/sqv)',
    );
  });
});

describe('terraform against the locking mode', () => {
  const withLocking = (locking: Parity['locking'], version: string | null, dev?: Parity['locking']) => ({
    ...programs(program('terraform', '1.13.0'), program('tofu', version)),
    repository: {
      policy: seen({
        ...policy,
        locking,
        environments: {
          ...policy.environments,
          dev: { ...policy.environments['dev']!, ...(dev === undefined ? {} : { locking: dev }) },
        },
      }),
    },
  });

  test.each([
    ['lockfile', '1.9.4', 'wrong'],
    ['both', '1.9.4', 'wrong'],
    ['table', '1.9.4', 'ok'],
    ['lockfile', '1.10.0', 'ok'],
    ['lockfile', '2.0.0', 'ok'],
    ['lockfile', null, 'ok'],
  ] as const)('%s with %s is %s', (locking, version, status) => {
    expect(said('terraform', withLocking(locking, version)).status).toBe(status);
  });

  test('also where only one environment locks so; the old program is named', () => {
    expect(said('terraform', withLocking('table', '1.9.4', 'lockfile'))).toEqual({
      status: 'wrong',
      text: 'tofu 1.9.4 (/usr/bin/tofu), and locking lockfile of the policy needs 1.10',
      mend: 'install tofu 1.10 or newer',
    });
  });

  test('without a policy, or without either of them, there is nothing to hold against', () => {
    expect(
      said('terraform', {
        ...programs(program('tofu', '1.6.0')),
        repository: { policy: left('no repository') },
      }).status,
    ).toBe('ok');
    expect(said('terraform', programs()).status).toBe('left');
  });
});

test('nobody at the terminal is a warning: check and plan need nobody', () => {
  expect(said('terminal', { machine: { terminal: 'CI is "true"' } })).toMatchObject({
    status: 'warning',
    text: 'nobody can be asked to confirm: CI is "true"',
  });
});

describe('the process', () => {
  test('what the identity gate refuses is wrong, each with its own way out', () => {
    const { status, text, mend } = said(
      'process',
      process({
        weakening: [{ name: 'NODE_TLS_REJECT_UNAUTHORIZED', value: '0' }],
        proxies: [{ name: 'HTTPS_PROXY', value: 'http://proxy:3128' }],
      }),
    );
    expect(status).toBe('wrong');
    expect(text).toContain('NODE_TLS_REJECT_UNAUTHORIZED is 0');
    expect(text).toContain('HTTPS_PROXY');
    expect(mend).toContain('unset NODE_TLS_REJECT_UNAUTHORIZED');
    expect(mend).toContain('unset HTTPS_PROXY');
  });

  test('an endpoint may be named by an intent, so it is a warning', () => {
    const endpoints = [{ from: 'AWS_ENDPOINT_URL', url: 'http://127.0.0.1:5000' }];
    expect(said('process', process({ endpoints }))).toMatchObject({
      status: 'warning',
      mend: expect.stringContaining('unset AWS_ENDPOINT_URL'),
    });
  });
});

describe('file rights', () => {
  test('a key file that others may read is wrong, and the path is quoted for the shell', () => {
    const open = place({ path: "/home/o'hara/my key", mode: 0o644 });
    expect(said('file rights', { machine: { secrets: [{ what: 'key file', place: seen(open) }] } })).toEqual({
      status: 'wrong',
      text: "key file /home/o'hara/my key is open to others (mode 0644)",
      mend: String.raw`chmod go= '/home/o'\''hara/my key'`,
    });
    expect(shellWord('/home/a_b-c/~+:@.key')).toBe('/home/a_b-c/~+:@.key');
  });

  test('what is not there, cannot be looked at, or has no rights here is not open', () => {
    const secrets = [
      { what: 'a', place: seen(place({ is: 'missing', mode: null })) },
      { what: 'b', place: failed('EACCES') },
    ];
    expect(said('file rights', { machine: { secrets } })).toMatchObject({
      status: 'ok',
      text: expect.stringContaining('no file'),
    });
    const windows = [{ what: 'key file', place: seen(place({ mode: null })) }];
    expect(said('file rights', { machine: { secrets: windows } }).text).toBe('for you alone: key file');
  });
});

test.each([
  ['1.10.0', '1.10', true],
  ['1.9.9', '1.10', false],
  ['1.10', '1.10.1', false],
  ['v2.0.0-beta', '1.10', true],
  ['', '1', false],
])('%s is at least %s: %s', (version, least, is) => {
  expect(isAtLeast(version, least)).toBe(is);
});

test('the major number is the first', () => {
  expect([majorOf('v24.1.0'), majorOf('nothing')]).toEqual([24, 0]);
});
