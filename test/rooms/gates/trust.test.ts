import { describe, expect, test } from 'vitest';
import type { KeyRead } from '../../../src/inputs/facts.ts';
import type { Sha256 } from '../../../src/kernel/digest.ts';
import type { Instant } from '../../../src/kernel/time.ts';
import {
  broken,
  digestOf,
  edited,
  goodFacts,
  keyOf,
  pinOf,
  PRINTS,
  REPOSITORY,
  signatureBy,
  signedFile,
  TREE,
  TRUST_YAML,
  type FactsOverrides,
} from '../../harness/facts.ts';
import { refuses, verdictOn } from './asking.ts';

const OTHER = '11111111-2222-4333-8444-555555555555';
const pin = (change: Parameters<typeof pinOf>[0]): FactsOverrides => ({
  governance: { pinForPath: pinOf(change), pins: [pinOf(change)] },
});
const { keys } = goodFacts().governance;
const TWO_ROOTS = edited(
  edited(TRUST_YAML, `keys: ["${PRINTS.root}"]`, `keys: ["${PRINTS.root}", "${PRINTS.second}"]`),
  'version: 3',
  'version: 4',
);

describe('pin', () => {
  test('none: nothing passes', () => {
    refuses('source', { governance: { pinForPath: null, pins: [] } }, 'TRUST_NOT_PINNED');
  });

  test('none for this repository', () => {
    const { message } = refuses(
      'source',
      { governance: { pinForPath: null, pins: [pinOf({ repository: OTHER })] } },
      'TRUST_NOT_PINNED',
    );
    expect(message).toContain(REPOSITORY);
  });

  test('of another folder counts, for the same repository', () => {
    expect(verdictOn('source', { governance: { pinForPath: null } }).status).toBe('pass');
  });

  test('of this folder for another repository', () => {
    const { message } = refuses(
      'source',
      {
        governance: {
          pinForPath: pinOf({ repository: OTHER }),
          pins: [pinOf(), pinOf({ repository: OTHER })],
        },
      },
      'REPO_ID_MISMATCH',
    );
    expect(message).toContain(OTHER);
    expect(message).toContain(REPOSITORY);
  });

  test.each([
    ['no root', { roots: [] }],
    ['a threshold of 0', { threshold: 0 }],
    ['more roots than there are', { threshold: 2 }],
    ['the same root twice', { threshold: 2, roots: [PRINTS.root, PRINTS.root] }],
  ])('that demands %s pins nothing', (_, change) => {
    refuses('source', pin(change), 'TRUST_NOT_PINNED');
  });

  test('without a trust file the pin is still asked for', () => {
    const trust = { is: 'problem', problem: { code: 'FILE_MISSING', wrong: 'policies/trust.yaml' } } as const;
    refuses('source', { governance: { trust } }, 'FILE_MISSING');
    refuses('source', { governance: { trust, pins: [] } }, 'FILE_MISSING');
    refuses(
      'source',
      { governance: { trust, pins: [], pinForPath: null } },
      'FILE_MISSING',
      'TRUST_NOT_PINNED',
    );
  });
});

describe('signatures of the roots', () => {
  test('none', () => {
    refuses('source', { trustSigners: [] }, 'SIG_MISSING');
  });

  test('of somebody who is no root, however good', () => {
    const { message } = refuses('source', { trustSigners: ['mallory'] }, 'TRUST_UNSIGNED');
    expect(message).toContain('0 of 1 needed root keys that are pinned signed version 3: none');
  });

  test('a good one of an earlier root beside it does no harm', () => {
    expect(verdictOn('source', { trustSigners: ['second', 'root'] }).status).toBe('pass');
  });

  test('a bad one beside enough good ones refuses', () => {
    const good = signedFile('policies/trust.yaml', TRUST_YAML, ['root']);
    const bad = broken(signatureBy('second', 'policies/trust.yaml.asc'));
    const value = { ...good, signatures: [...good.signatures, bad] };
    refuses('source', { governance: { trust: { is: 'read', value } } }, 'SIG_BAD');
  });

  test('one root who signs twice is one', () => {
    const trust = edited(TWO_ROOTS, 'threshold: 1', 'threshold: 2');
    const change = { ...pin({ threshold: 2, roots: [PRINTS.root, PRINTS.second] }), trust };
    expect(verdictOn('source', { ...change, trustSigners: ['root', 'second'] }).status).toBe('pass');
    refuses('source', { ...change, trustSigners: ['root', 'root'] }, 'TRUST_UNSIGNED', 'TRUST_UNSIGNED');
  });

  test('other roots need the old and the new', () => {
    const change = { trust: edited(TWO_ROOTS, `"${PRINTS.root}", `, '') };
    expect(verdictOn('source', { ...change, trustSigners: ['root', 'second'] }).status).toBe('pass');
    const old = refuses('source', { ...change, trustSigners: ['second'] }, 'TRUST_UNSIGNED');
    expect(old.message).toContain('0 of 1 needed root keys of version 3 signed version 4: none');
    const new_ = refuses('source', { ...change, trustSigners: ['root'] }, 'TRUST_UNSIGNED');
    expect(new_.message).toContain('0 of 1 needed root keys of its own signed version 4: none');
  });

  test.each([
    ['other roots', edited(TWO_ROOTS, 'version: 4', 'version: 3'), [PRINTS.root]],
    ['fewer roots', TRUST_YAML, [PRINTS.root, PRINTS.second]],
  ])('%s under the same version', (_, trust, roots) => {
    refuses('source', { ...pin({ roots }), trust }, 'TRUST_INVALID');
  });

  test('another threshold under the same version', () => {
    const trust = edited(edited(TWO_ROOTS, 'threshold: 1', 'threshold: 2'), 'version: 4', 'version: 3');
    const change = { ...pin({ roots: [PRINTS.root, PRINTS.second] }), trust };
    refuses('source', { ...change, trustSigners: ['root', 'second'] }, 'TRUST_INVALID');
  });
});

describe('version and expiry', () => {
  test('older than the pin', () => {
    const { message } = refuses('source', pin({ trustVersion: 4 }), 'TRUST_ROLLBACK');
    expect(message).toContain('version 3; version 4');
  });

  test('older than the pin of another folder', () => {
    const pins = [pinOf(), pinOf({ path: '/elsewhere', trustVersion: 9 }), pinOf({ trustVersion: 2 })];
    refuses('source', { governance: { pins } }, 'TRUST_ROLLBACK');
    refuses('source', { governance: { pins, pinForPath: null } }, 'TRUST_ROLLBACK');
  });

  test('older than what the evidence names', () => {
    const lock = { version: 4, sha256: TREE, name: 'policies/trust.yaml' };
    const kept = { version: 4, sha256: TREE, name: 'policies/trust/4.yaml' };
    const byLock = refuses('source', { ledger: { trustOnRecord: [lock] } }, 'TRUST_ROLLBACK');
    expect(byLock.message).toContain('version 3; version 4 was accepted');
    // What was kept when a run began was over then.
    const byRun = refuses('source', { ledger: { trustOnRecord: [kept] } }, 'TRUST_ROLLBACK');
    expect(byRun.message).toContain('version 3; version 5 was accepted');
  });

  test('the same number as in the evidence, and another file', () => {
    const version3 = (sha: Sha256) => ({ version: 3, sha256: sha, name: 'policies/trust.yaml' });
    const good = { ledger: { trustOnRecord: [version3(digestOf(TRUST_YAML))] } };
    expect(verdictOn('source', good).status).toBe('pass');
    const { message } = refuses('source', { ledger: { trustOnRecord: [version3(TREE)] } }, 'TRUST_INVALID');
    expect(message).toBe(
      `policies/trust.yaml is ${digestOf(TRUST_YAML)}, and the evidence knows version 3 as ${TREE}`,
    );
  });

  test('expired', () => {
    const trust = edited(TRUST_YAML, 'expires: 2027-06-01T00:00:00Z', 'expires: 2026-11-22T12:00:00Z');
    expect(refuses('source', { trust }, 'TRUST_EXPIRED').message).toBe(
      'policies/trust.yaml: line 4, column 1: version 3 expired at 2026-11-22T12:00:00Z',
    );
  });

  test('a trust file that does not parse is told line by line', () => {
    const trust = edited(
      edited(TRUST_YAML, 'version: 3', 'version: 0'),
      'roles: [approver]',
      'roles: [approver, king]',
    );
    const { findings } = verdictOn('source', { trust });
    expect(findings.map(({ code }) => code)).toEqual(['SCHEMA', 'SCHEMA']);
    expect(findings[0]?.message).toContain('policies/trust.yaml: line 3, column 1: version is 0');
  });
});

describe('people', () => {
  test.each([
    [
      'never valid',
      'valid_until: 2027-01-01T00:00:00Z',
      'valid_until: 2026-01-01T00:00:00Z',
      'line 19, column 5: Alice is listed until',
    ],
    ['listed twice', 'name: Carol', 'name: "bob"', 'line 25, column 5: Bob is listed twice'],
    [
      'too few for a threshold',
      'approver: { default: 1 }',
      'approver: { default: 3 }',
      'line 11, column 3: role approver needs 3 people',
    ],
    [
      'a threshold for an environment that is misspelt',
      'approver: { default: 1 }',
      'approver: { default: 1, environments: { prdo: 2 } }',
      'line 11, column 43: thresholds.approver names environment "prdo"',
    ],
  ])('%s', (_, from, to, message) => {
    expect(refuses('source', { trust: edited(TRUST_YAML, from, to) }, 'TRUST_INVALID').message).toContain(
      message,
    );
  });

  test('two names whose keys have one user id', () => {
    const twin = keys.map((read) =>
      read.is === 'key' && read.key.fingerprint === PRINTS.carol
        ? { ...read, key: { ...read.key, userIds: ['Bob  <BOB@example.org>'] } }
        : read.is === 'key' && read.key.fingerprint === PRINTS.bob
          ? { ...read, key: { ...read.key, userIds: ['b', 'bob <bob@example.org>'] } }
          : read,
    );
    const { message } = refuses('source', { governance: { keys: twin } }, 'TRUST_INVALID');
    expect(message).toContain('Bob and Carol have keys of one user id, bob <bob@example.org>');
  });

  test('one name may have two keys, one after the other', () => {
    const trust = edited(
      edited(TRUST_YAML, 'name: Carol', 'name: Bob').replace(
        /(roles: \[intent, approver\]\n.*?)2026/s,
        '$12027',
      ),
      'roles: [intent, approver]\n    valid_from: 2027-01-01T00:00:00Z\n    valid_until: 2027-01-01T00:00:00Z',
      'roles: [intent, approver]\n    valid_from: 2027-01-01T00:00:00Z\n    valid_until: 2028-01-01T00:00:00Z',
    );
    expect(verdictOn('source', { trust }).findings).toEqual([]);
  });

  test('thresholds of environments that exist are no matter, and are not judged without the policy', () => {
    const trust = edited(
      TRUST_YAML,
      'approver: { default: 1 }',
      'approver: { default: 1, environments: { prod: 2 } }',
    );
    expect(verdictOn('source', { trust }).status).toBe('pass');
    expect(verdictOn('source', { trust, parity: 'x' }).status).toBe('pass');
  });
});

describe('key files', () => {
  const problem = (code: 'KEYRING_SHAPE' | 'KEY_INVALID', wrong: string): KeyRead => ({
    is: 'problem',
    file: 'policies/keys/x.asc',
    problem: { code, wrong },
  });

  test('a bad one refuses, whoever it is of', () => {
    const bad = problem('KEYRING_SHAPE', 'holds a secret key');
    const { message } = refuses('source', { governance: { keys: [...keys, bad] } }, 'KEYRING_SHAPE');
    expect(message).toBe('policies/keys/x.asc: holds a secret key');
    refuses('source', { governance: { keys: [...keys, problem('KEY_INVALID', 'x')] } }, 'KEY_INVALID');
  });

  test('one that is named for somebody else', () => {
    const disguised: KeyRead = {
      is: 'key',
      key: keyOf('mallory', { file: `policies/keys/${PRINTS.eve}.asc` }),
    };
    refuses('source', { governance: { keys: [...keys, disguised] } }, 'KEYRING_SHAPE');
  });

  test('that of a listed person is missing', () => {
    const without = keys.filter((read) => read.is === 'key' && read.key.fingerprint !== PRINTS.carol);
    const { message, hint } = refuses('source', { governance: { keys: without } }, 'KEYRING_SHAPE');
    expect(message).toContain(`policies/keys/${PRINTS.carol}.asc, the key of Carol, is missing`);
    expect(hint).toContain('gpg --armor --export');
  });

  test('one that is there and wrong, or lies in a folder that cannot be read, is not called missing', () => {
    const without = keys.filter((read) => read.is === 'key' && read.key.fingerprint !== PRINTS.carol);
    const wrong = (file: string): KeyRead => ({
      is: 'problem',
      file,
      problem: { code: 'FILE_UNSAFE', wrong: 'is a FIFO' },
    });
    const one = [...without, wrong(`policies/keys/${PRINTS.carol}.asc`)];
    refuses('source', { governance: { keys: one } }, 'FILE_UNSAFE');
    // No key at all can be found, so that neither the people nor their signatures can be judged.
    const { findings } = verdictOn('source', { governance: { keys: [wrong('policies/keys')] } });
    expect(findings.map(({ message }) => message)).toEqual(['policies/keys: is a FIFO']);
  });

  test('that of a person who is not active any more may be missing', () => {
    const without = keys.filter((read) => read.is === 'key' && read.key.fingerprint !== PRINTS.carol);
    const text = edited(
      TRUST_YAML,
      'roles: [intent, approver]\n    valid_from: 2026',
      'roles: [intent, approver]\n    valid_from: 2025',
    );
    const trust = text.replace(/(roles: \[intent, approver\].*valid_until: )2027/s, '$12026');
    expect(verdictOn('source', { trust, governance: { keys: without } }).findings).toEqual([]);
  });
});

test('where trust does not hold, no signer counts anywhere', () => {
  for (const change of [
    { trustSigners: ['mallory'] },
    { now: '2027-06-01T00:00:00Z' as Instant },
    { trust: 'x' },
  ] as const) {
    const source = verdictOn('source', change);
    expect(source.status).toBe('fail');
    expect(source.checks).not.toContain('tag.signer');
    expect(source.because).toContain('tag.signer (the trust file does not hold)');
    const intent = verdictOn('intent', change);
    expect(intent.status).not.toBe('pass');
    expect(intent.checks).not.toContain('signers');
    expect(intent.because).toContain('signers, requester, duties (the trust file does not hold)');
  }
});
