/** A signature is verified before anything relies on it. */
import { describe, expect, it } from 'vitest';
import { checkedSigner, type Sign } from '../../../src/evidence/sign.ts';
import type { Signer } from '../../../src/ports.ts';
import { fakeCast, START } from '../../harness/evidence-fixture.ts';
import { encode, fileOf } from '../../harness/facts.ts';
import { fakeVerifier } from '../../harness/fake-crypto.ts';

const cast = fakeCast();
const verifier = fakeVerifier(Object.values(cast));
const bytes = encode('the record\n');
const keyFile = fileOf(`policies/keys/${cast.alice.fingerprint}.asc`, cast.alice.keyFile);

function signing(sign: Signer['sign'], who: 'alice' | 'bob' = 'alice', key = keyFile): Sign {
  const { fingerprint, userId } = cast[who];
  return checkedSigner(
    { identity: async () => ({ fingerprint, userId, backend: 'software', tool: 'test' }), sign },
    verifier,
    key,
    () => START,
  );
}

describe('checkedSigner', () => {
  it('answers a signature that verifies', async () => {
    expect(await signing((data) => cast.alice.sign(data, START))(bytes)).toEqual(
      await cast.alice.sign(bytes, START),
    );
  });

  it.each<[string, Sign, RegExp]>([
    ['over other bytes', signing(() => cast.alice.sign(encode('x'), START)), /does not verify: SIG_BAD/],
    ['that is no signature', signing(async () => encode('x')), /does not verify: SIG_FORMAT/],
    [
      'by a key without a key file',
      signing((data) => cast.mallory.sign(data, START)),
      /does not verify: SIGNER_UNKNOWN/,
    ],
    [
      'by another than who signs',
      signing((data) => cast.alice.sign(data, START), 'bob'),
      /is by A0C0.*, not by B0C0/,
    ],
    [
      'from the future',
      signing((data) => cast.alice.sign(data, '2026-11-22T13:00:00Z' as never)),
      /does not verify: SIG_FUTURE/,
    ],
  ])('refuses a signature %s', async (_name, sign, wanted) => {
    await expect(sign(bytes)).rejects.toMatchObject({
      code: 'SIGNER',
      message: expect.stringMatching(wanted),
    });
  });
});
