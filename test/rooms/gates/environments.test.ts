// Roles and thresholds of one environment hold there, and nowhere else.
import { describe, expect, test } from 'vitest';
import { countSigners, judgeSignatures, thresholdFindings } from '../../../src/gates/signers.ts';
import { parseTrust, ROLES, thresholdOf, type Role } from '../../../src/inputs/trust.ts';
import {
  edited,
  fileOf,
  INTENT_YAML,
  NOW,
  PRINTS,
  signatureBy,
  TRUST_YAML,
  type FactsOverrides,
} from '../../harness/facts.ts';
import { refuses, verdictOn } from './asking.ts';

/** Facts of a run for prod. */
const inProd = (trust: string): FactsOverrides => ({
  environment: 'prod',
  trust,
  intent: edited(
    edited(INTENT_YAML, 'environment: dev', 'environment: prod'),
    '111111111111',
    '222222222222',
  ),
});
const restricted = (roles: string, environments: string, trust = TRUST_YAML): string =>
  edited(trust, `roles: [${roles}]\n`, `roles: [${roles}]\n    environments: [${environments}]\n`);

describe('a person with roles in dev only', () => {
  test('releases for dev, and not for prod', () => {
    const trust = restricted('release, intent, evidence', 'dev');
    expect(verdictOn('source', { trust }).status).toBe('pass');
    const codes = verdictOn('source', inProd(trust)).findings.map(
      ({ code, message }) => `${code}: ${message}`,
    );
    // The trust file itself has nobody left who could release or ask there.
    expect(codes).toEqual([
      expect.stringMatching(
        /^TRUST_INVALID: .*role release needs 1 people for environment "prod" and lists 0/,
      ),
    ]);
    const others = edited(trust, 'roles: [intent, approver]', 'roles: [release, intent, approver]');
    const { message } = refuses('source', inProd(others), 'SIGNER_ROLE');
    expect(message).toContain('Alice has not the role release for environment "prod"');
  });

  test('asks for dev, and not for prod', () => {
    const trust = edited(
      restricted('release, intent, evidence', 'dev'),
      'roles: [intent, approver]',
      'roles: [release, intent, approver]',
    );
    expect(verdictOn('intent', { trust }).status).toBe('pass');
    const { message } = refuses('intent', inProd(trust), 'SIGNER_ROLE', 'THRESHOLD');
    expect(message).toContain('Alice has not the role intent or approver for environment "prod"');
  });

  test('approves for dev, and not for prod', () => {
    const trust = restricted('approver', 'dev');
    expect(verdictOn('intent', { trust }).status).toBe('pass');
    const { message } = refuses('intent', inProd(trust), 'SIGNER_ROLE', 'THRESHOLD');
    expect(message).toContain('Bob has not the role intent or approver for environment "prod"');
  });
});

describe('a threshold of an environment', () => {
  const raised = (role: string, needed: number, base = TRUST_YAML): string =>
    edited(
      base,
      `${role}: { default: 1 }`,
      `${role}: { default: 1, environments: { prod: ${String(needed)} } }`,
    );

  test.each([
    ['intent', 'intent: { default: 1 }', /1 of 2 people of role intent/],
    ['approver', 'approver: { default: 1 }', /1 of 2 people of role approver/],
  ] as const)('of %s is demanded there, and the default elsewhere', (role, _, message) => {
    const trust = raised(role, 2);
    expect(verdictOn('intent', { trust }).status).toBe('pass');
    expect(refuses('intent', inProd(trust), 'THRESHOLD').message).toMatch(message);
  });

  test('of release is demanded there, although a tag carries one signature', () => {
    const two = edited(TRUST_YAML, 'roles: [intent, approver]', 'roles: [release, intent, approver]');
    const trust = raised('release', 2, two);
    expect(verdictOn('source', { trust }).status).toBe('pass');
    const { message, hint } = refuses('source', inProd(trust), 'THRESHOLD');
    expect(message).toContain('1 of 2 people of role release signed: Alice');
    expect(hint).toContain('a tag carries one signature');
  });

  test('may be lower than the default, where that is allowed at all', () => {
    const trust = edited(
      TRUST_YAML,
      'approver: { default: 1 }',
      'approver: { default: 1, environments: { dev: 0 } }',
    );
    expect(verdictOn('intent', { trust, intentSigners: ['alice'] }).status).toBe('pass');
    refuses('intent', { ...inProd(trust), intentSigners: ['alice'] }, 'THRESHOLD');
    const none = edited(
      TRUST_YAML,
      'intent: { default: 1 }',
      'intent: { default: 1, environments: { dev: 0 } }',
    );
    refuses('source', { trust: none }, 'SCHEMA');
  });

  test.each(ROLES)('of %s is looked up for it alone', (role: Role) => {
    const from = role === 'break-glass' ? `${role}: { default: 2 }` : `${role}: { default: 1 }`;
    const text = edited(TRUST_YAML, from, `${role}: { default: 2, environments: { prod: 3, dev: 1 } }`);
    const trust = parseTrust(fileOf('policies/trust.yaml', text));
    const asked = ['dev', 'prod', 'test', 'constructor'].map((environment) =>
      thresholdOf(trust, role, environment),
    );
    expect(asked).toEqual([1, 3, 2, 2]);
  });
});

describe('people are counted by their primary key', () => {
  const trust = parseTrust(
    fileOf('policies/trust.yaml', edited(TRUST_YAML, 'approver: { default: 1 }', 'approver: { default: 2 }')),
  );
  const count = (signatures: Parameters<typeof judgeSignatures>[1]) => {
    const { signed } = judgeSignatures('x', signatures, NOW);
    return countSigners({ signed, trust, roles: ['approver'], environment: 'dev', now: NOW }).signers;
  };

  test('primary key and subkey are one person, and so are two signatures', () => {
    const subkey = 'F'.repeat(40);
    const byPrimary = signatureBy('bob', 'a.asc');
    const shape = byPrimary.shape.is === 'ok' ? byPrimary.shape : null;
    const bySubkey = {
      ...byPrimary,
      file: 'b.asc',
      shape: { ...shape!, packet: { ...shape!.packet, issuerFingerprint: subkey } },
      key: { ...byPrimary.key!, signingKeys: [PRINTS.bob, subkey] },
      verifiers: byPrimary.verifiers.map((verifier) => ({
        ...verifier,
        says: { ...verifier.says, signingKey: subkey } as typeof verifier.says,
      })),
    };
    const signers = count([byPrimary, bySubkey, signatureBy('bob', 'c.asc')]);
    expect(signers.map(({ name }) => name)).toEqual(['Bob']);
    expect(
      thresholdFindings('x', 'approver', thresholdOf(trust, 'approver', 'dev'), signers)[0]?.message,
    ).toBe('x: 1 of 2 people of role approver signed: Bob');
    expect(count([bySubkey, signatureBy('carol', 'd.asc')])).toHaveLength(2);
  });

  test('the same on a whole run', () => {
    const two = edited(TRUST_YAML, 'approver: { default: 1 }', 'approver: { default: 2 }');
    expect(verdictOn('intent', { trust: two, intentSigners: ['alice', 'bob', 'carol'] }).status).toBe('pass');
    refuses('intent', { trust: two, intentSigners: ['alice', 'bob', 'bob'] }, 'THRESHOLD');
  });
});
