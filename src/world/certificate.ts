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
import type { KeyFileShape } from '../inputs/key-file.ts';
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

/** One key file, and its form as parseKeyFile found it. Its name must be its fingerprint: what is reviewed by name is then what is used. */
export async function readCertificate(file: FileRead, shape: KeyFileShape): Promise<CertificateRead> {
  const problem = (code: Problem['code'], wrong: string): CertificateRead => ({
    is: 'problem',
    file: file.path,
    problem: { code, wrong },
  });
  if (shape.is === 'malformed') return problem(shape.code, shape.wrong);
  const openpgp = await loadLibrary();
  try {
    const key = await openpgp.readKey({ binaryKey: shape.binary, config: lenient(openpgp) });
    await leaveOutFalse(openpgp, key);
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

/**
 * Takes away what claims to be by this key and is not. Nothing hangs on it; but the library would check each of them again for every
 * subkey, and anybody can put thousands there.
 */
async function leaveOutFalse(openpgp: Library, key: OpenPgp.Key): Promise<void> {
  const { signature } = openpgp.enums;
  const primary = key.keyPacket;
  const trueOnes = async (
    all: readonly OpenPgp.SignaturePacket[],
    type: OpenPgp.enums.signature,
    over: object,
  ): Promise<OpenPgp.SignaturePacket[]> => {
    const found = [];
    for (const each of all) if (await isBy(openpgp, primary, each, type, over)) found.push(each);
    return found;
  };
  // The library has them, and its types do not tell.
  const direct = key as OpenPgp.Key & { directSignatures: OpenPgp.SignaturePacket[] };
  direct.directSignatures = await trueOnes(direct.directSignatures, signature.key, { key: primary });
  key.revocationSignatures = await trueOnes(key.revocationSignatures, signature.keyRevocation, {
    key: primary,
  });
  for (const user of key.users) {
    const over = { userID: user.userID, userAttribute: user.userAttribute, key: primary };
    user.selfCertifications = await trueOnes(user.selfCertifications, signature.certGeneric, over);
    user.revocationSignatures = await trueOnes(user.revocationSignatures, signature.certRevocation, over);
  }
  for (const subkey of key.subkeys) {
    const over = { key: primary, bind: subkey.keyPacket };
    subkey.bindingSignatures = await trueOnes(subkey.bindingSignatures, signature.subkeyBinding, over);
    subkey.revocationSignatures = await trueOnes(
      subkey.revocationSignatures,
      signature.subkeyRevocation,
      over,
    );
  }
}

/** Whether a signature is by that key at all, whatever its time. */
async function isBy(
  openpgp: Library,
  by: OpenPgp.Key['keyPacket'],
  signature: OpenPgp.SignaturePacket,
  type: OpenPgp.enums.signature,
  over: object,
): Promise<boolean> {
  try {
    await signature.verify(by, type, over, null as never, false, lenient(openpgp));
    return true;
  } catch {
    return false;
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
  const signing = key.subkeys.filter((subkey) => signingKeys.includes(printOf(subkey)));
  return {
    ...partOf(key, expires),
    file,
    fingerprint,
    signingKeys,
    subkeys: await Promise.all(signing.map((subkey) => subkeyOf(openpgp, subkey))),
    userIds: key.getUserIDs().map((id) => clip(safe(id), 200)),
    revoked: revocationOf(key.revocationSignatures),
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

async function subkeyOf(openpgp: Library, subkey: OpenPgp.Subkey): Promise<KeyPart> {
  return {
    ...partOf(subkey, await subkey.getExpirationTime(END_OF_TIME, lenient(openpgp))),
    revoked: revocationOf(subkey.revocationSignatures),
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

/** By revocations that are by the key itself: one that is somebody else's attempt was left out, and revokes nothing. */
function revocationOf(revocations: readonly OpenPgp.SignaturePacket[]): Revoked | null {
  const valid = revocations.map(({ reasonForRevocationFlag, reasonForRevocationString }) => ({
    flag: reasonForRevocationFlag ?? 0,
    text: reasonForRevocationString ?? '',
  }));
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
