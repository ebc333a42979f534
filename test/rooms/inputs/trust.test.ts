import { describe, expect, test } from 'vitest';
import type { Instant } from '../../../src/kernel/time.ts';
import { holds, isActive, parseTrust, personOf, thresholdOf, type Trust } from '../../../src/inputs/trust.ts';
import { edited, fileOf, PRINTS, TRUST_YAML } from '../../harness/facts.ts';

const parse = (text: string): Trust => parseTrust(fileOf('policies/trust.yaml', text));
const trust = parse(TRUST_YAML);
const alice = personOf(trust, PRINTS.alice)!;

test('is read as it is written', () => {
  expect(trust).toMatchObject({ version: 3, roots: { threshold: 1, keys: [PRINTS.root] } });
  expect(trust.people.map(({ name }) => name)).toEqual(['Alice', 'Bob', 'Carol']);
});

describe('contradictions are refused', () => {
  test.each([
    [
      'a root twice',
      `keys: ["${PRINTS.root}"]`,
      `keys: ["${PRINTS.root}", "${PRINTS.root}"]`,
      'names a key twice',
    ],
    ['a threshold that cannot be met', 'threshold: 1', 'threshold: 2', 'is more than there are keys'],
    ['no root', `keys: ["${PRINTS.root}"]`, 'keys: []', 'roots.keys'],
    ['no threshold of roots', 'threshold: 1', 'threshold: 0', 'roots.threshold is 0'],
    ['a person twice', PRINTS.carol, PRINTS.bob, 'people.2.fingerprint is'],
    [
      'no release',
      'release: { default: 1 }',
      'release: { default: 0 }',
      'thresholds.release.default is 0: must be at least 1',
    ],
    ['no intent', 'intent: { default: 1 }', 'intent: { default: 0 }', 'thresholds.intent.default is 0'],
    [
      'no evidence',
      'evidence: { default: 1 }',
      'evidence: { default: 0 }',
      'thresholds.evidence.default is 0',
    ],
    [
      'no release for one environment',
      'release: { default: 1 }',
      'release: { default: 1, environments: { dev: 0, prod: 2 } }',
      'thresholds.release.environments.dev is 0',
    ],
    [
      'a role that does not exist',
      'roles: [approver]',
      'roles: [approver, root]',
      'people.1.roles.1 is "root"',
    ],
    ['no role', 'roles: [approver]', 'roles: []', 'people.1.roles is []'],
    [
      'no environment',
      'roles: [approver]',
      'roles: [approver]\n    environments: []',
      'people.1.environments is []',
    ],
    ['version 0', 'version: 3', 'version: 0', 'version is 0'],
    ['a version that is no whole number', 'version: 3', 'version: 3.0', '3.0 is not a plain whole number'],
    ['a person who is a number', 'name: Bob', 'name: 7', 'people.1.name is 7'],
    [
      'a misspelt role of a threshold',
      'approver: {',
      'approvers: {',
      'unknown field "approvers"; did you mean "approver"?',
    ],
  ])('%s', (_, from, to, message) => {
    expect(() => parse(edited(TRUST_YAML, from, to))).toThrow(message);
  });

  test('no people at all', () => {
    expect(() => parse(TRUST_YAML.replace(/people:.*/s, 'people: []\n'))).toThrow('people is []');
  });
});

describe('thresholdOf', () => {
  const special = parse(
    edited(
      TRUST_YAML,
      'approver: { default: 1 }',
      'approver: { default: 1, environments: { prod: 2, dev: 0 } }',
    ),
  );

  test('is the default, or what the environment says', () => {
    expect(thresholdOf(trust, 'approver', 'prod')).toBe(1);
    expect(thresholdOf(special, 'approver', 'prod')).toBe(2);
    expect(thresholdOf(special, 'approver', 'dev')).toBe(0);
    expect(thresholdOf(special, 'approver', 'other')).toBe(1);
  });

  test('knows no environments that only JavaScript knows', () => {
    for (const name of ['constructor', 'toString', '__proto__'])
      expect(thresholdOf(special, 'approver', name)).toBe(1);
  });
});

describe('people', () => {
  test('are found by their whole fingerprint', () => {
    expect(alice.name).toBe('Alice');
    expect(personOf(trust, PRINTS.mallory)).toBeUndefined();
  });

  test('hold roles everywhere, or where their entry says', () => {
    expect(holds(alice, 'release', 'anywhere')).toBe(true);
    expect(holds(alice, 'approver', 'dev')).toBe(false);
    expect(holds({ ...alice, environments: ['dev'] }, 'release', 'dev')).toBe(true);
    expect(holds({ ...alice, environments: ['dev'] }, 'release', 'prod')).toBe(false);
  });

  test('are active from the first instant until before the last', () => {
    const at = (instant: string): boolean => isActive(alice, instant as Instant);
    expect([at('2025-12-31T23:59:59Z'), at('2026-01-01T00:00:00Z')]).toEqual([false, true]);
    expect([at('2026-12-31T23:59:59Z'), at('2027-01-01T00:00:00Z')]).toEqual([true, false]);
  });
});
