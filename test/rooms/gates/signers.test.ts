import { describe, expect, test } from 'vitest';
import { countSigners, judgeSignatures, thresholdFindings } from '../../../src/gates/signers.ts';
import type { Instant } from '../../../src/kernel/time.ts';
import type { SignatureFacts } from '../../../src/inputs/facts.ts';
import { parseTrust } from '../../../src/inputs/trust.ts';
import {
  broken,
  edited,
  fileOf,
  NOW,
  PRINTS,
  signatureBy,
  TRUST_YAML,
  type Who,
} from '../../harness/facts.ts';

const trustOf = (text: string) => parseTrust(fileOf('policies/trust.yaml', text));
const trust = trustOf(TRUST_YAML);

function count(
  signatures: readonly SignatureFacts[],
  change: Partial<Parameters<typeof countSigners>[0]> = {},
) {
  const { signed } = judgeSignatures('x', signatures, NOW);
  expect(signed).toHaveLength(signatures.length);
  return countSigners({
    signed,
    trust,
    roles: ['intent', 'approver'],
    environment: 'dev',
    now: NOW,
    ...change,
  });
}

const by = (...who: readonly Who[]): readonly SignatureFacts[] =>
  who.map((one, i) => signatureBy(one, `${i}.asc`));

describe('judgeSignatures', () => {
  test('finds SIG_MISSING where there is none', () => {
    const { signed, findings } = judgeSignatures('the trust file', [], NOW);
    expect(signed).toEqual([]);
    expect(findings).toMatchObject([{ code: 'SIG_MISSING', message: 'the trust file has no signature' }]);
  });

  test('tells every bad signature beside the good ones', () => {
    const { signed, findings } = judgeSignatures(
      'x',
      [
        broken(signatureBy('bob', 'b.asc')),
        signatureBy('alice', 'a.asc'),
        broken(signatureBy('carol', 'c.asc')),
      ],
      NOW,
    );
    expect(signed).toMatchObject([{ primary: PRINTS.alice, file: 'a.asc' }]);
    expect(findings.map(({ code, message }) => [code, message.slice(0, 5)])).toEqual([
      ['SIG_BAD', 'b.asc'],
      ['SIG_BAD', 'c.asc'],
    ]);
  });
});

describe('countSigners', () => {
  test('names the people', () => {
    const { signers, findings } = count(by('alice', 'bob'));
    expect(findings).toEqual([]);
    expect(signers).toMatchObject([
      {
        name: 'Alice',
        primary: PRINTS.alice,
        file: '0.asc',
        person: { roles: ['release', 'intent', 'evidence'] },
      },
      { name: 'Bob', primary: PRINTS.bob, file: '1.asc' },
    ]);
    expect(signers[0]).not.toHaveProperty('is');
  });

  test('counts a person who signs twice, also with a subkey, once', () => {
    const { signers, findings } = countSigners({
      signed: judgeSignatures('x', by('bob', 'bob'), NOW).signed.map((signature, i) => ({
        ...signature,
        signingKey: String(i).repeat(40),
      })),
      trust,
      roles: ['approver'],
      environment: 'dev',
      now: NOW,
    });
    expect(findings).toEqual([]);
    expect(signers.map(({ name, file }) => [name, file])).toEqual([['Bob', '0.asc']]);
  });

  test('refuses a good signature of somebody who is not listed', () => {
    const { signers, findings } = count(by('mallory', 'bob'));
    expect(signers.map(({ name }) => name)).toEqual(['Bob']);
    expect(findings).toMatchObject([{ code: 'SIGNER_NOT_ALLOWED', data: { primary: PRINTS.mallory } }]);
  });

  test('refuses a listed person without the role', () => {
    const { signers, findings } = count(by('bob'), { roles: ['release'] });
    expect(signers).toEqual([]);
    expect(findings).toMatchObject([{ code: 'SIGNER_ROLE' }]);
    expect(findings[0]?.message).toBe('0.asc: Bob has not the role release for environment "dev"');
  });

  test('refuses a role that is held for another environment only', () => {
    const limited = trustOf(
      edited(TRUST_YAML, 'roles: [approver]', 'roles: [approver]\n    environments: [dev]'),
    );
    expect(count(by('bob'), { trust: limited }).findings).toEqual([]);
    expect(count(by('bob'), { trust: limited, environment: 'prod' }).findings).toMatchObject([
      { code: 'SIGNER_ROLE' },
    ]);
  });

  test.each<[string, boolean]>([
    ['2025-12-31T23:59:59Z', false],
    ['2026-01-01T00:00:00Z', true],
    ['2026-12-31T23:59:59Z', true],
    ['2027-01-01T00:00:00Z', false],
  ])('at %s a person listed for 2026 counts: %s', (now, counts) => {
    const { signers, findings } = count(by('bob'), { now: now as Instant });
    expect(signers).toHaveLength(counts ? 1 : 0);
    expect(findings.map(({ code }) => code)).toEqual(counts ? [] : ['SIGNER_INACTIVE']);
  });
});

describe('thresholdFindings', () => {
  test('says how many of how many, and who', () => {
    expect(thresholdFindings('x', 'approver', 1, [{ name: 'Bob' }])).toEqual([]);
    expect(thresholdFindings('x', 'approver', 0, [])).toEqual([]);
    expect(thresholdFindings('x', 'approver', 2, [{ name: 'Bob' }])).toMatchObject([
      { code: 'THRESHOLD', message: 'x: 1 of 2 people of role approver signed: Bob' },
    ]);
    expect(thresholdFindings('x', 'approver', 1, [], 'ask somebody')).toMatchObject([
      { message: 'x: 0 of 1 people of role approver signed: nobody', hint: 'ask somebody' },
    ]);
  });
});
