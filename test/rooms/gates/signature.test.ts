import { describe, expect, test } from 'vitest';
import { judgeSignature, uselessKey } from '../../../src/gates/signature.ts';
import type { Code } from '../../../src/kernel/codes.ts';
import type { Instant } from '../../../src/kernel/time.ts';
import type { KeyFacts, KeyPart, SignatureFacts, VerifierSays } from '../../../src/inputs/facts.ts';
import type { SignaturePacket } from '../../../src/inputs/signature-packet.ts';
import { keyOf, NOW, PRINTS, signatureBy } from '../../harness/facts.ts';

const FILE = 'intents/dev.yaml.asc';
const good = signatureBy('alice', FILE);

/** The signature with another packet; the verifiers still say that it is good. */
function packet(change: Partial<SignaturePacket>): SignatureFacts {
  if (good.shape.is !== 'ok') throw new Error('not reached');
  return { ...good, shape: { ...good.shape, packet: { ...good.shape.packet, ...change } } };
}

const key = (change: Partial<KeyFacts>): SignatureFacts => ({ ...good, key: keyOf('alice', change) });

const says = (...verifiers: readonly VerifierSays[]): SignatureFacts => ({ ...good, verifiers });
const openpgp: VerifierSays = good.verifiers[0]!;
const gpgv: VerifierSays = good.verifiers[1]!;
const bad = (by: VerifierSays, code: Code, wrong = 'not as it should be'): VerifierSays => ({
  ...by,
  says: { is: 'bad', problem: { code, wrong } },
});
const other = (by: VerifierSays, change: object): VerifierSays => ({
  ...by,
  says: { ...by.says, ...change },
});

function refusal(facts: SignatureFacts, code: Code): string {
  const verdict = judgeSignature(facts, NOW);
  if (verdict.is !== 'refused') throw new Error('it was accepted');
  expect(verdict.finding.code).toBe(code);
  expect(verdict.finding.message).toContain(FILE);
  return verdict.finding.message;
}

test('accepts a signature that everybody finds good', () => {
  expect(judgeSignature(good, NOW)).toEqual({
    is: 'signed',
    primary: PRINTS.alice,
    signingKey: PRINTS.alice,
    created: '2026-11-22T11:00:00Z',
    sha256: good.sha256,
    file: FILE,
  });
});

test('accepts openpgp.js alone, as on a laptop without gpg, but never gpgv alone', () => {
  expect(judgeSignature(says(openpgp), NOW).is).toBe('signed');
  expect(refusal(says(gpgv), 'SIG_DISAGREE')).toContain('openpgp.js did not judge it, gpgv 2.2.40 says good');
  expect(refusal(says(), 'SIG_DISAGREE')).toContain('nor did another verifier');
});

test('accepts a subkey, and counts it as its primary key', () => {
  const signingKey = '5'.repeat(40);
  const facts = {
    ...packet({ issuerFingerprint: signingKey }),
    key: keyOf('alice', { signingKeys: [signingKey] }),
    verifiers: [other(openpgp, { signingKey }), other(gpgv, { signingKey })],
  };
  expect(judgeSignature(facts, NOW)).toMatchObject({ is: 'signed', primary: PRINTS.alice, signingKey });
});

test('accepts a packet that names its issuer by key id only, when the verifiers agree on the key', () => {
  const facts = packet({ issuerFingerprint: null });
  expect(judgeSignature(facts, NOW).is).toBe('signed');
  const signingKey = '5'.repeat(40);
  const split = {
    ...facts,
    key: keyOf('alice', { signingKeys: [PRINTS.alice, signingKey] }),
    verifiers: [openpgp, other(gpgv, { signingKey })],
  };
  refusal(split, 'SIG_DISAGREE');
});

test('refuses a malformed file with the code of its form, whatever verifiers say', () => {
  const shape = { is: 'malformed', code: 'SIG_COUNT', wrong: 'two signatures' } as const;
  expect(refusal({ ...good, shape }, 'SIG_COUNT')).toBe(`${FILE}: two signatures`);
});

describe('packet', () => {
  test.each<[string, Partial<SignaturePacket>, Code]>([
    ['version 6', { version: 6 }, 'SIG_UNSUPPORTED'],
    ['version 3', { version: 3 }, 'SIG_UNSUPPORTED'],
    ['text mode', { class: 1 }, 'SIG_CLASS'],
    ['a certification', { class: 0x13 }, 'SIG_CLASS'],
    ['MD5', { hashAlgorithm: 1 }, 'SIG_WEAK'],
    ['SHA-1', { hashAlgorithm: 2 }, 'SIG_WEAK'],
    ['RIPEMD-160', { hashAlgorithm: 3 }, 'SIG_WEAK'],
    ['SHA-224', { hashAlgorithm: 11 }, 'SIG_WEAK'],
    ['SHA3-512', { hashAlgorithm: 14 }, 'SIG_UNSUPPORTED'],
    ['no hash', { hashAlgorithm: 0 }, 'SIG_UNSUPPORTED'],
    ['DSA', { publicKeyAlgorithm: 17 }, 'SIG_WEAK'],
    ['Elgamal', { publicKeyAlgorithm: 16 }, 'SIG_WEAK'],
    ['Ed25519 of RFC 9580, which GnuPG does not know', { publicKeyAlgorithm: 27 }, 'SIG_UNSUPPORTED'],
    ['a critical notation', { unknownCritical: ['notation x@example.org'] }, 'SIG_UNSUPPORTED'],
    ['61 s ahead', { created: '2026-11-22T12:01:01Z' as Instant }, 'SIG_FUTURE'],
    ['2040', { created: '2040-01-01T00:00:00Z' as Instant }, 'SIG_FUTURE'],
    ['expired this second', { expires: NOW }, 'SIG_EXPIRED'],
    ['expired', { expires: '2026-11-22T11:30:00Z' as Instant }, 'SIG_EXPIRED'],
  ])('refuses %s', (_, change, code) => {
    refusal(packet(change), code);
  });

  test('tells the class in hexadecimal', () => {
    expect(refusal(packet({ class: 1 }), 'SIG_CLASS')).toContain('class 0x01');
  });

  test.each([8, 9, 10])('accepts hash algorithm %i', (hashAlgorithm) => {
    expect(judgeSignature(packet({ hashAlgorithm }), NOW).is).toBe('signed');
  });

  test.each([1, 3, 19, 22])('accepts public-key algorithm %i', (publicKeyAlgorithm) => {
    expect(judgeSignature(packet({ publicKeyAlgorithm }), NOW).is).toBe('signed');
  });

  test('accepts a clock 60 s ahead, and a signature that ends in a second', () => {
    const created = '2026-11-22T12:01:00Z' as Instant;
    const ahead = {
      ...packet({ created, expires: '2026-11-22T12:00:01Z' as Instant }),
      verifiers: [other(openpgp, { created }), other(gpgv, { created })],
    };
    expect(judgeSignature(ahead, NOW).is).toBe('signed');
  });
});

describe('key', () => {
  test.each<[string, Partial<KeyFacts>, Code]>([
    ['revoked, hard', { revoked: { kind: 'hard', reason: 'compromised' } }, 'KEY_REVOKED'],
    ['revoked, soft', { revoked: { kind: 'soft', reason: 'retired' } }, 'KEY_REVOKED'],
    ['expired this second', { expires: NOW }, 'KEY_EXPIRED'],
    ['expired after it signed', { expires: '2026-11-22T11:59:59Z' as Instant }, 'KEY_EXPIRED'],
    ['RSA-1024', { algorithm: 'rsa1024', bits: 1024 }, 'SIG_WEAK'],
    ['RSA-3071', { algorithm: 'rsa3071', bits: 3071 }, 'SIG_WEAK'],
    ['RSA of unknown length', { algorithm: 'rsaEncryptSign', bits: null }, 'SIG_WEAK'],
    ['DSA', { algorithm: 'dsa', bits: 3072 }, 'SIG_WEAK'],
    ['Elgamal', { algorithm: 'elgamal' }, 'SIG_WEAK'],
    ['secp256k1', { algorithm: 'secp256k1' }, 'SIG_WEAK'],
    ['on brainpoolP256r1', { algorithm: 'brainpoolP256r1' }, 'SIG_UNSUPPORTED'],
    ['of a kind that is not known', { algorithm: 'x448' }, 'SIG_UNSUPPORTED'],
    ['of encryption only', { signingKeys: [] }, 'KEY_INVALID'],
    ['younger than the signature', { created: '2026-11-22T11:00:01Z' as Instant }, 'KEY_INVALID'],
  ])('refuses one that is %s, though every verifier says good', (_, change, code) => {
    expect(refusal(key(change), code)).toContain(PRINTS.alice);
  });

  const SUBKEY = '5'.repeat(40);
  const withSubkey = (
    change: Partial<KeyPart>,
    signingKeys: readonly string[] = [SUBKEY],
  ): SignatureFacts => ({
    ...packet({ issuerFingerprint: SUBKEY }),
    key: keyOf('alice', {
      signingKeys,
      subkeys: [{ ...keyOf('alice'), fingerprint: SUBKEY, ...change }],
    }),
  });
  test.each<[string, Partial<KeyPart>, Code]>([
    ['revoked', { revoked: { kind: 'soft', reason: 'retired' } }, 'KEY_REVOKED'],
    ['expired', { expires: NOW }, 'KEY_EXPIRED'],
    ['weak', { algorithm: 'rsa2048', bits: 2048 }, 'SIG_WEAK'],
    ['younger than the signature', { created: '2026-11-22T11:00:01Z' as Instant }, 'KEY_INVALID'],
  ])('refuses a subkey that is %s, and names it', (_, change, code) => {
    expect(refusal(withSubkey(change), code)).toContain(SUBKEY);
    // Another subkey, which did not sign, is of no account.
    const unused = { ...good, key: keyOf('alice', { subkeys: withSubkey(change).key!.subkeys }) };
    expect(judgeSignature(unused, NOW).is).toBe('signed');
  });

  test('refuses a part that it does not allow to sign', () => {
    expect(refusal(withSubkey({}, [PRINTS.alice]), 'KEY_INVALID')).toContain(
      `key ${PRINTS.alice} does not allow ${SUBKEY} to sign for it`,
    );
  });

  test.each<Partial<KeyFacts>>([
    { algorithm: 'rsa3072', bits: 3072 },
    { algorithm: 'nistP256', bits: null },
    { expires: null },
    { expires: '2026-11-22T12:00:01Z' as Instant },
  ])('accepts %j', (change) => {
    expect(judgeSignature(key(change), NOW).is).toBe('signed');
  });

  test('that is in no key file is unknown, and named as well as can be', () => {
    const unknown = (change: Partial<SignaturePacket>): string =>
      refusal({ ...packet(change), key: null }, 'SIGNER_UNKNOWN');
    expect(unknown({})).toContain(PRINTS.alice);
    expect(unknown({ issuerFingerprint: null })).toContain(
      `names its key by the 64-bit id ${PRINTS.alice.slice(-16)} only`,
    );
    expect(unknown({ issuerFingerprint: null, issuerKeyId: null })).toContain('does not name its key');
  });
});

describe('digest', () => {
  test('of other bytes is told before what verifiers say, and with it where they differ', () => {
    const digest = { said: 'ABCD', found: '1234' };
    const message = refusal({ ...good, digest }, 'SIG_BAD');
    expect(message).toBe(
      `${FILE}: the signature is over bytes whose digest begins with ABCD, and theirs begins with 1234`,
    );
    const split = { ...says(bad(openpgp, 'SIG_BAD'), gpgv), digest };
    expect(refusal(split, 'SIG_BAD')).toMatch(/begins with 1234; openpgp\.js .*; gpgv 2\.2\.40 says good/);
  });

  test('that was not computed is not a digest that fits', () => {
    expect(refusal({ ...good, digest: null }, 'SIG_BAD')).toContain('was not computed');
  });
});

describe('verifiers', () => {
  test('that both find it bad: SIG_BAD', () => {
    expect(refusal(says(bad(openpgp, 'SIG_BAD'), bad(gpgv, 'SIG_BAD')), 'SIG_BAD')).toContain(
      'not as it should be',
    );
  });

  test.each([
    ['openpgp.js', says(bad(openpgp, 'SIG_BAD', 'digest'), gpgv)],
    ['gpgv', says(openpgp, bad(gpgv, 'SIG_BAD', 'digest'))],
  ])('of which only %s finds it bad: SIG_DISAGREE, with who said what', (_, facts) => {
    const message = refusal(facts, 'SIG_DISAGREE');
    expect(message).toMatch(/openpgp\.js 6\.3\.2 says .*; gpgv 2\.2\.40 says /);
    expect(message).toContain('says SIG_BAD: digest');
    expect(message).toContain(`says good, by ${PRINTS.alice} of ${PRINTS.alice} at 2026-11-22T11:00:00Z`);
  });

  describe.each<Code>(['KEY_REVOKED', 'KEY_EXPIRED', 'SIG_EXPIRED', 'SIG_FUTURE', 'SIG_WEAK', 'KEY_INVALID'])(
    'of which one names %s',
    (code) => {
      test('count, with who said what, when it is openpgp.js', () => {
        const message = refusal(says(bad(openpgp, code), gpgv), code);
        expect(message).toContain(
          `openpgp.js 6.3.2 says ${code}: not as it should be; gpgv 2.2.40 says good, by`,
        );
      });

      test('disagree when it is another one: nothing that we saw bears it out', () => {
        const message = refusal(says(openpgp, bad(gpgv, code, 'gpgv thinks so')), 'SIG_DISAGREE');
        expect(message).toContain(`; gpgv 2.2.40 says ${code}: thinks so`);
      });

      test('are called as on a machine that has openpgp.js alone, when all say no', () => {
        const another = code === 'KEY_INVALID' ? 'KEY_REVOKED' : 'KEY_INVALID';
        const both = says(bad(openpgp, code, 'the reason'), bad(gpgv, another));
        expect(refusal(both, code)).toBe(`${FILE}: the reason`);
        refusal(says(bad(openpgp, 'SIG_BAD'), bad(gpgv, code)), 'SIG_BAD');
      });
    },
  );

  test('of which one cannot be used: TOOL, with who said what', () => {
    const message = refusal(says(openpgp, bad(gpgv, 'TOOL', '/usr/bin/gpgv cannot be started')), 'TOOL');
    expect(message).toContain('openpgp.js 6.3.2 says good, by');
    expect(message).toContain('gpgv 2.2.40 says TOOL: /usr/bin/gpgv cannot be started');
    refusal(says(bad(openpgp, 'KEY_INVALID'), bad(gpgv, 'TOOL')), 'KEY_INVALID');
  });

  test('of which one abstains: it is counted on neither side, and openpgp.js may not abstain', () => {
    const abstains = (by: VerifierSays): VerifierSays => ({
      ...by,
      says: { is: 'abstains', why: 'too old' },
    });
    expect(judgeSignature(says(openpgp, abstains(gpgv)), NOW).is).toBe('signed');
    refusal(says(bad(openpgp, 'SIG_BAD'), abstains(gpgv)), 'SIG_BAD');
    // Nobody says good: what is held against it is told.
    expect(refusal(says(abstains(openpgp), bad(gpgv, 'KEY_INVALID', 'is odd')), 'KEY_INVALID')).toBe(
      `${FILE}: is odd`,
    );
    const message = refusal(says(abstains(openpgp), gpgv), 'SIG_DISAGREE');
    expect(message).toContain('openpgp.js 6.3.2 cannot say: too old; gpgv 2.2.40 says good');
  });

  test('are read out where they differ, whatever the reason, and kept with the finding where they do not', () => {
    const expired = key({ expires: NOW });
    const split = refusal({ ...expired, verifiers: [bad(openpgp, 'KEY_EXPIRED'), gpgv] }, 'KEY_EXPIRED');
    expect(split).toMatch(/expired at .*; openpgp\.js 6\.3\.2 says KEY_EXPIRED.*; gpgv 2\.2\.40 says good/);
    const verdict = judgeSignature({ ...expired, verifiers: [bad(openpgp, 'KEY_EXPIRED', 'late')] }, NOW);
    expect(verdict).toMatchObject({
      finding: {
        message: `${FILE}: key ${PRINTS.alice} expired at ${NOW}`,
        data: { says: ['openpgp.js 6.3.2 says KEY_EXPIRED: late'] },
      },
    });
    const future = packet({ created: '2040-01-01T00:00:00Z' as Instant });
    expect(refusal({ ...future, verifiers: [bad(openpgp, 'SIG_FUTURE'), gpgv] }, 'SIG_FUTURE')).toContain(
      'gpgv 2.2.40 says good',
    );
  });

  test('that find it good by different people: SIG_DISAGREE', () => {
    refusal(says(openpgp, other(gpgv, { primary: PRINTS.bob })), 'SIG_DISAGREE');
  });

  test('that agree on somebody else than the key file holds: SIG_DISAGREE', () => {
    refusal(
      says(other(openpgp, { primary: PRINTS.bob }), other(gpgv, { primary: PRINTS.bob })),
      'SIG_DISAGREE',
    );
  });

  test('that name a part of the key that may not sign, or another time: SIG_DISAGREE', () => {
    const both = (change: object): SignatureFacts => says(other(openpgp, change), other(gpgv, change));
    refusal(both({ signingKey: '5'.repeat(40) }), 'SIG_DISAGREE');
    refusal(both({ created: '2026-11-22T10:59:59Z' }), 'SIG_DISAGREE');
  });

  test('all of them must agree, not the first two', () => {
    const sqv: VerifierSays = { ...gpgv, tool: 'sqv', version: '1.1.0' };
    expect(judgeSignature(says(openpgp, gpgv, sqv), NOW).is).toBe('signed');
    refusal(says(openpgp, gpgv, bad(sqv, 'SIG_BAD')), 'SIG_DISAGREE');
  });
});

describe('a key before it signs anything', () => {
  const part = (fingerprint: string, expires: Instant | null): KeyPart => ({
    ...keyOf('alice'),
    fingerprint,
    expires,
  });
  const GONE = '2026-11-22T11:59:59Z' as Instant;

  test.each([
    ['that is good', {}, null],
    ['that expired', { expires: GONE }, 'KEY_EXPIRED'],
    ['that is weak', { algorithm: 'rsaEncryptSign', bits: 1024 }, 'SIG_WEAK'],
    ['without a part that may sign', { signingKeys: [] }, 'KEY_INVALID'],
    [
      'whose one signing subkey expired',
      { signingKeys: ['5'.repeat(40)], subkeys: [part('5'.repeat(40), GONE)] },
      'KEY_EXPIRED',
    ],
    [
      'with an expired subkey and a good one',
      {
        signingKeys: ['5'.repeat(40), '6'.repeat(40)],
        subkeys: [part('5'.repeat(40), GONE), part('6'.repeat(40), null)],
      },
      null,
    ],
  ] as const)('%s', (_what, change, code) => {
    expect(uselessKey(keyOf('alice', change), NOW)?.code ?? null).toBe(code);
  });
});
