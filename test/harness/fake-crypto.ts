/**
 * Keys, signatures and verifiers without cryptography, fast enough for properties over every byte. A signature file has the true form
 * of an OpenPGP one (version 4, Ed25519), so everything that reads packets reads it; where the numbers would be, there is a keyed hash
 * that only this file can make or check. Any other byte in data, signature or key is refused, as the real verifiers do.
 */
import { createHash } from 'node:crypto';
import { sameBytes } from '../../src/kernel/canonical.ts';
import type { FileRead, Fingerprint, KeyFacts, KeyRead, VerifierSays } from '../../src/inputs/facts.ts';
import { parseSignatureFile } from '../../src/inputs/signature-packet.ts';
import { msOf, type Instant } from '../../src/kernel/time.ts';
import type { Verifier } from '../../src/ports.ts';

/** Somebody who signs; the same words for made-up and for real keys. */
export interface Party {
  readonly fingerprint: Fingerprint;
  readonly userId: string;
  readonly keyFile: Uint8Array;
  sign(bytes: Uint8Array, at: Instant): Promise<Uint8Array>;
}

export interface FakeParty extends Party {
  /** Changed by tests: expiry and revocation, as of `revokedAt`. */
  facts: KeyFacts;
  revokedAt: Instant | null;
}

const encoder = new TextEncoder();

/** A party whose key never expires; `digit` makes its fingerprint. */
export function fakeParty(name: string, fingerprint: Fingerprint): FakeParty {
  return {
    fingerprint,
    userId: `${name} <${name}@example.org>`,
    keyFile: encoder.encode(`FAKE KEY ${fingerprint} ${name}\n`),
    facts: {
      file: `policies/keys/${fingerprint}.asc`,
      fingerprint,
      signingKeys: [fingerprint],
      subkeys: [],
      userIds: [`${name} <${name}@example.org>`],
      algorithm: 'ed25519Legacy',
      bits: null,
      created: '2025-11-22T12:00:00Z' as Instant,
      expires: null,
      revoked: null,
    },
    revokedAt: null,
    sign: async (bytes, at) => fakeSignature(fingerprint, bytes, at),
  };
}

/** The one signature file that this key makes of these bytes at this time. */
function fakeSignature(fingerprint: Fingerprint, bytes: Uint8Array, at: Instant): Uint8Array {
  const digest = createHash('sha512').update(`secret of ${fingerprint} at ${at} `).update(bytes).digest();
  const created = Buffer.alloc(4);
  created.writeUInt32BE(msOf(at) / 1000);
  // RFC 9580 §5.2.3: creation time (2) and issuer fingerprint (33), both hashed.
  const hashed = Buffer.concat([
    Buffer.of(5, 2),
    created,
    Buffer.of(22, 33, 4),
    Buffer.from(fingerprint, 'hex'),
  ]);
  // Two numbers of exactly 256 bits.
  const number = (half: Buffer): Buffer =>
    Buffer.concat([Buffer.of(1, 0, half[0]! | 0x80), half.subarray(1)]);
  const body = Buffer.concat([
    Buffer.of(4, 0, 22, 8, 0, hashed.length),
    hashed,
    Buffer.of(0, 0),
    digest.subarray(62),
    number(digest.subarray(0, 32)),
    // Below the order of the curve: the last octet is the highest (RFC 8032 §5.1.7).
    number(Buffer.concat([digest.subarray(32, 63), Buffer.of(0)])),
  ]);
  const text = Buffer.concat([Buffer.of(0xc2, body.length), body]).toString('base64');
  const lines = text.match(/.{1,64}/g)!.join('\n');
  return encoder.encode(`-----BEGIN PGP SIGNATURE-----\n\n${lines}\n-----END PGP SIGNATURE-----\n`);
}

/** A verifier that knows these parties. Like gpgv, its second voice knows no time but now and refuses every revoked key. */
export function fakeVerifier(parties: readonly FakeParty[]): Verifier {
  const holder = (files: readonly FileRead[], fingerprint: string): FakeParty | undefined =>
    parties.find(
      (party) =>
        party.fingerprint === fingerprint &&
        files.some(
          (file) => file.path.endsWith(`${fingerprint}.asc`) && sameBytes(file.bytes, party.keyFile),
        ),
    );
  return {
    keys: async (files) =>
      files.map((file): KeyRead => {
        const party = parties.find((each) => sameBytes(each.keyFile, file.bytes));
        return party === undefined
          ? { is: 'problem', file: file.path, problem: { code: 'KEYRING_SHAPE', wrong: 'no key' } }
          : { is: 'key', key: { ...party.facts, file: file.path } };
      }),
    verify: async ({ data, signature, keys, at }) => {
      const shape = parseSignatureFile(signature.bytes);
      const issuer = shape.is === 'ok' ? shape.packet.issuerFingerprint : null;
      const party = issuer === null ? undefined : holder(keys, issuer);
      // The made-up digest is no digest of OpenPGP: whether it fits is said by `matches` below.
      const digest = shape.is === 'ok' ? { said: '0000', found: '0000' } : null;
      const seen = { file: signature.path, sha256: signature.sha256, shape, digest };
      if (shape.is !== 'ok' || party === undefined) return { ...seen, key: null, verifiers: [] };
      const { created } = shape.packet;
      const matches = sameBytes(fakeSignature(party.fingerprint, data, created), signature.bytes);
      const says = (code: KeyProblem | null): VerifierSays['says'] =>
        !matches
          ? { is: 'bad', problem: { code: 'SIG_BAD', wrong: 'does not match' } }
          : code !== null
            ? { is: 'bad', problem: { code, wrong: party.fingerprint } }
            : { is: 'good', primary: party.fingerprint, signingKey: party.fingerprint, created };
      return {
        ...seen,
        key: party.facts,
        verifiers: [
          { tool: 'openpgp.js', version: 'fake', says: says(problemAt(party, at ?? created)) },
          { tool: 'gpgv', version: 'fake', says: says(party.facts.revoked === null ? null : 'KEY_REVOKED') },
        ],
      };
    },
    tools: async () => [{ name: 'fake', version: '0' }],
  };
}

type KeyProblem = 'KEY_REVOKED' | 'KEY_EXPIRED';

function problemAt({ facts, revokedAt }: FakeParty, at: Instant): KeyProblem | null {
  if (facts.revoked?.kind === 'hard') return 'KEY_REVOKED';
  if (facts.revoked !== null && revokedAt !== null && at >= revokedAt) return 'KEY_REVOKED';
  return facts.expires !== null && facts.expires <= at ? 'KEY_EXPIRED' : null;
}
