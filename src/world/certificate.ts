/** Reads public certificates into facts. Facts only: whether a key is good for something is judged where it is used. */
import type * as OpenPgp from 'openpgp';
import { messageOf } from '../kernel/errors.ts';
import { clip, safe } from '../kernel/text.ts';
import { instantFromMs } from '../kernel/time.ts';
import {
  isFingerprint,
  type FileRead,
  type Fingerprint,
  type KeyFacts,
  type KeyPart,
  type Problem,
  type Revoked,
} from '../inputs/facts.ts';
import { parseKeyFile } from '../inputs/key-file.ts';
import { algorithmOf, isAccepted, loadLibrary, printOf, type Library } from './openpgp.ts';

export type CertificateRead =
  | {
      readonly is: 'certificate';
      readonly facts: KeyFacts;
      readonly binary: Uint8Array;
      /** Primary and every subkey, bound or not, upper-case hex. */
      readonly prints: readonly string[];
    }
  | { readonly is: 'problem'; readonly file: string; readonly problem: Problem };

/** One key file. Its name must be its fingerprint: what is reviewed by name is then what is used. */
export async function readCertificate(file: FileRead): Promise<CertificateRead> {
  const problem = (code: Problem['code'], wrong: string): CertificateRead => ({
    is: 'problem',
    file: file.path,
    problem: { code, wrong },
  });
  const shape = parseKeyFile(file.bytes);
  if (shape.is === 'malformed') return problem(shape.code, shape.wrong);
  const openpgp = await loadLibrary();
  try {
    const key = await openpgp.readKey({ binaryKey: shape.binary, config: lenient(openpgp) });
    const print = printOf(key);
    if (!isFingerprint(print))
      return problem('KEYRING_SHAPE', `the fingerprint ${print} is not of version 4`);
    if (nameOf(file.path) !== `${print}.asc`)
      return problem('KEYRING_SHAPE', `holds the key ${print}, so it must be named ${print}.asc`);
    const expires = await key.getExpirationTime(undefined, lenient(openpgp));
    // The library cannot check the self-signatures of some curves; such a key is named as weak, not as forged.
    if (expires === null && isAccepted(key))
      return problem('KEY_INVALID', `the key ${print} has no valid self-signature`);
    const facts = await factsOf(openpgp, key, print, file.path, expires);
    return { is: 'certificate', facts, binary: shape.binary, prints: key.getKeys().map(printOf) };
  } catch (error) {
    return problem('KEYRING_SHAPE', safe(messageOf(error)));
  }
}

/** Refuses nothing as weak, so that a weak key can be read and named as one. Signatures are checked all the same. */
function lenient({ config }: Library): OpenPgp.Config {
  return {
    ...config,
    rejectHashAlgorithms: new Set(),
    rejectPublicKeyAlgorithms: new Set(),
    rejectCurves: new Set(),
    minRSABits: 0,
    ignoreUnsupportedPackets: false,
  };
}

async function factsOf(
  openpgp: Library,
  key: OpenPgp.Key,
  fingerprint: Fingerprint,
  file: string,
  expires: number | Date | null,
): Promise<KeyFacts> {
  const signingKeys = await signingKeysOf(openpgp, key);
  const { keyRevocation } = openpgp.enums.signature;
  const signing = key.subkeys.filter((subkey) => signingKeys.includes(printOf(subkey)));
  return {
    ...partOf(key, expires),
    file,
    fingerprint,
    signingKeys,
    subkeys: await Promise.all(signing.map((subkey) => subkeyOf(openpgp, key, subkey))),
    userIds: key.getUserIDs().map((id) => clip(safe(id), 200)),
    revoked: await revocationOf(openpgp, key, key.revocationSignatures, keyRevocation, {
      key: key.keyPacket,
    }),
  };
}

function partOf(key: OpenPgp.Key | OpenPgp.Subkey, expires: number | Date | null): Omit<KeyPart, 'revoked'> {
  return {
    fingerprint: printOf(key),
    algorithm: algorithmOf(key),
    bits: key.getAlgorithmInfo().bits ?? null,
    created: instantFromMs(key.getCreationTime().getTime()),
    expires: expires instanceof Date ? instantFromMs(expires.getTime()) : null,
  };
}

async function subkeyOf(openpgp: Library, key: OpenPgp.Key, subkey: OpenPgp.Subkey): Promise<KeyPart> {
  const bound = { key: key.keyPacket, bind: subkey.keyPacket };
  const { subkeyRevocation } = openpgp.enums.signature;
  return {
    ...partOf(subkey, await subkey.getExpirationTime(END_OF_TIME, lenient(openpgp))),
    revoked: await revocationOf(openpgp, key, subkey.revocationSignatures, subkeyRevocation, bound),
  };
}

/**
 * Those with the signing flag and, for subkeys, a valid binding and back-signature; at whatever time. What was revoked is listed all the
 * same: an auditor asks whether it was allowed to sign before.
 */
async function signingKeysOf(openpgp: Library, key: OpenPgp.Key): Promise<readonly string[]> {
  // Read anew: what is taken away here must not be missing from the certificate itself.
  const unrevoked = await openpgp.readKey({ binaryKey: key.write(), config: lenient(openpgp) });
  unrevoked.revocationSignatures = [];
  for (const subkey of unrevoked.subkeys) subkey.revocationSignatures = [];
  const prints = [];
  for (const each of unrevoked.getKeys()) {
    const usable = await unrevoked
      .getSigningKey(each.getKeyID(), null, undefined, lenient(openpgp))
      .catch(() => null);
    if (usable !== null && printOf(usable) === printOf(each)) prints.push(printOf(each));
  }
  return prints;
}

/** The reasons that leave earlier signatures of a key valid (RFC 9580 §5.2.3.31). */
const SOFT: Readonly<Record<number, string>> = {
  1: 'superseded',
  3: 'retired',
};
/** 2 is the only other reason that is defined for keys; none at all, and every other, counts as the worst. */
const HARD: Readonly<Record<number, string>> = { 0: 'no reason stated', 2: 'compromised' };

/** The last second that a version 4 timestamp can say: every revocation lies before it. */
const END_OF_TIME = new Date(0xffff_ffff * 1000);

async function revocationOf(
  openpgp: Library,
  { keyPacket }: OpenPgp.Key,
  revocations: readonly OpenPgp.SignaturePacket[],
  type: OpenPgp.enums.signature,
  revoked: object,
): Promise<Revoked | null> {
  const valid = [];
  for (const signature of revocations) {
    // A revocation that does not verify is somebody else's attempt, and revokes nothing.
    const good = await signature
      .verify(keyPacket, type, revoked, END_OF_TIME, false, lenient(openpgp))
      .then(() => true)
      .catch(() => false);
    if (good)
      valid.push({
        flag: signature.reasonForRevocationFlag ?? 0,
        text: signature.reasonForRevocationString ?? '',
      });
  }
  const worst = valid.find(({ flag }) => !(flag in SOFT)) ?? valid[0];
  if (worst === undefined) return null;
  const name = SOFT[worst.flag] ?? HARD[worst.flag] ?? `reason ${worst.flag}`;
  return {
    kind: worst.flag in SOFT ? 'soft' : 'hard',
    reason: worst.text === '' ? name : `${name}: ${clip(safe(worst.text), 200)}`,
  };
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
