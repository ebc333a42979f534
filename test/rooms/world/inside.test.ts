/** One signature by node:crypto alone: it must say what everybody says, for every kind of key, and see every changed byte. */
import * as openpgp from 'openpgp';
import { beforeAll, describe, expect, it } from 'vitest';
import { judgeSignature } from '../../../src/gates/signature.ts';
import { fileOf } from '../../../src/inputs/file-read.ts';
import { instantFromMs, type Instant } from '../../../src/kernel/time.ts';
import { makeVerifier } from '../../../src/world/verifier.ts';
import { makeKey, type KeySpec, type TestKey } from '../../harness/keys.ts';

const data = new TextEncoder().encode('{"a":1}\n');
const NOW: Instant = instantFromMs(Date.now());
const verifier = makeVerifier({ gpgvPath: null, sqvPath: null });

async function judged(key: TestKey, signature: Uint8Array, over = data, at: Instant = NOW) {
  const question = { data: over, signature: fileOf('x.asc', signature), keys: [key.file()], at };
  const facts = await verifier.verify({ ...question, depth: 'inside' });
  return { facts, verdict: judgeSignature(facts, at) };
}

const who = { name: 'Alice', email: 'alice@example.org', created: new Date('2025-01-01T00:00:00Z') };
const KINDS: readonly (readonly [string, Partial<KeySpec>])[] = [
  ['Ed25519', {}],
  ['a subkey', { signingSubkey: true }],
  ['RSA', { rsaBits: 3072 }],
  ['P-256', { curve: 'nistP256' }],
  ['P-384', { curve: 'nistP384' }],
  ['P-521', { curve: 'nistP521' }],
];

describe.each(KINDS)('%s', (_kind, more) => {
  let key: TestKey;
  beforeAll(async () => {
    key = await makeKey({ ...who, ...more });
  }, 60_000);

  it.each(['sha256', 'sha384', 'sha512'] as const)('over %s', async (hash) => {
    const signature = new TextEncoder().encode(await key.sign(data, { hash }));
    const { facts, verdict } = await judged(key, signature);
    expect(facts.verifiers).toMatchObject([
      { tool: 'node:crypto', says: { is: 'good', primary: key.fingerprint } },
    ]);
    expect(verdict).toMatchObject({
      is: 'signed',
      primary: key.fingerprint,
      signingKey: key.signingFingerprint,
    });
    const other = await judged(key, signature, new TextEncoder().encode('{"a":2}\n'));
    expect(other.facts.verifiers).toMatchObject([{ says: { is: 'bad', problem: { code: 'SIG_BAD' } } }]);
    expect(other.verdict).toMatchObject({ is: 'refused', finding: { code: 'SIG_BAD' } });
  });

  it('with other numbers', async () => {
    const binary = await key.signBinary(data);
    for (const at of [1, 20]) {
      const other = binary.map((byte, i) => (i === binary.length - at ? byte ^ 0x01 : byte));
      const armored = openpgp.armor(
        openpgp.enums.armor.signature,
        other,
        undefined,
        undefined,
        undefined,
        true,
        {
          ...openpgp.config,
          showVersion: false,
          showComment: false,
        },
      );
      const { facts, verdict } = await judged(key, new TextEncoder().encode(armored.replaceAll('\r', '')));
      expect(facts.verifiers).toMatchObject([{ says: { is: 'bad', problem: { code: 'SIG_BAD' } } }]);
      expect(verdict).toMatchObject({ is: 'refused', finding: { code: 'SIG_BAD' } });
    }
  });
});

describe('what is not asked of the bytes', () => {
  it('a key that is not allowed to sign, that has expired, or that signed before it was made', async () => {
    const short = await makeKey({ ...who, expiresInSeconds: 60 });
    const late = new TextEncoder().encode(await short.sign(data));
    expect((await judged(short, late)).verdict).toMatchObject({
      is: 'refused',
      finding: { code: 'KEY_EXPIRED' },
    });
    const young = await makeKey({ name: 'Young', email: 'y@example.org' });
    const early = new TextEncoder().encode(await young.sign(data, { at: new Date('2020-01-01T00:00:00Z') }));
    expect((await judged(young, early)).verdict).toMatchObject({
      is: 'refused',
      finding: { code: 'KEY_INVALID' },
    });
  });

  it('a signature from the future, that has ended, or with a critical notation', async () => {
    const key = await makeKey(who);
    const signed = async (spec: Parameters<TestKey['sign']>[1]) =>
      (await judged(key, new TextEncoder().encode(await key.sign(data, spec)))).facts.verifiers[0]?.says;
    expect(await signed({ at: new Date(Date.now() + 3_600_000) })).toMatchObject({
      problem: { code: 'SIG_FUTURE' },
    });
    expect(await signed({ at: new Date(Date.now() - 3_600_000), expiresInSeconds: 60 })).toMatchObject({
      problem: { code: 'SIG_EXPIRED' },
    });
    expect(await signed({ notation: { name: 'x@example.org', critical: true } })).toMatchObject({
      problem: { code: 'SIG_UNSUPPORTED' },
    });
  });

  it('a key that is too weak', async () => {
    const weak = await makeKey({ ...who, rsaBits: 2048 });
    const { facts, verdict } = await judged(weak, new TextEncoder().encode(await weak.sign(data)));
    expect(facts.verifiers[0]?.says).toMatchObject({ is: 'bad', problem: { code: 'KEY_INVALID' } });
    expect(verdict.is).toBe('refused');
  }, 60_000);
});
