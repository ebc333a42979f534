/**
 * Throw-away OpenPGP keys for tests and the demo, good ones and bad ones. Version 4 and Ed25519 in its old encoding
 * (`ed25519Legacy`): GnuPG 2.2 and later, sqv and OpenPGP.js all accept them.
 */
import * as openpgp from 'openpgp';
import { sha256 } from '../../src/kernel/digest.ts';
import { isFingerprint, type FileRead, type Fingerprint } from '../../src/inputs/facts.ts';

export interface KeySpec {
  readonly name: string;
  readonly email: string;
  readonly created?: Date;
  /** Counted from `created`; the key never expires when left out. */
  readonly expiresInSeconds?: number;
  readonly passphrase?: string;
  /** RSA of that many bits, or another curve, in place of Ed25519. */
  readonly rsaBits?: number;
  readonly curve?: openpgp.EllipticCurveName;
  /** Gives the key a signing subkey, which then signs. */
  readonly signingSubkey?: boolean;
  /** Takes the back-signature out of the signing subkey's binding (RFC 9580 §5.2.1.9), as someone who annexes another's key must. */
  readonly withoutBackSignature?: boolean;
  /** What the binding says that the signing subkey may do (RFC 9580 §5.2.3.29), in the place of signing. */
  readonly subkeyFlags?: number;
  /** Of the signing subkey, counted from `created`. */
  readonly subkeyExpiresInSeconds?: number;
  /** What the primary key may do (RFC 9580 §5.2.3.29); null leaves the flags out. */
  readonly keyFlags?: number | null;
  /** Makes the self-signatures with SHA-1. */
  readonly sha1SelfSignatures?: boolean;
}

export interface SignSpec {
  /** Creation time of the signature; now when left out. */
  readonly at?: Date;
  readonly expiresInSeconds?: number;
  /** RFC 9580 §5.2.1: 0x00 binary (the default), 0x01 text, … */
  readonly type?: number;
  readonly hash?: 'md5' | 'sha1' | 'sha256' | 'sha384' | 'sha512';
  /** Signs truly, and names another issuer: hex of 20 bytes; null leaves the fingerprint out, and only the key id is named. */
  readonly claimedIssuer?: string | null;
  /** Signs with the primary key although there is a signing subkey. */
  readonly byPrimary?: boolean;
  readonly notation?: { readonly name: string; readonly critical: boolean };
}

export interface TestKey {
  readonly fingerprint: Fingerprint;
  /** Of the key that signs: the signing subkey where there is one. */
  readonly signingFingerprint: Fingerprint;
  readonly userId: string;
  readonly publicArmored: string;
  readonly privateArmored: string;
  /** A detached signature, armored without headers, LF only. */
  sign(bytes: Uint8Array | string, spec?: SignSpec): Promise<string>;
  /** The packet inside such a signature. */
  signBinary(bytes: Uint8Array | string, spec?: SignSpec): Promise<Uint8Array>;
  /** The public certificate, revoked: soft when retired or superseded, hard for every other reason and for none. */
  revoked(reason: Reason, at?: Date): Promise<string>;
  /** The public certificate with its signing subkey revoked as superseded. */
  subkeyRevoked(at: Date): Promise<string>;
  /** The public certificate after its expiry was moved; the former self-signature is replaced, as GnuPG does. */
  extended(expiresInSeconds: number, at: Date): Promise<string>;
  /** `policies/keys/<FINGERPRINT>.asc`. */
  file(armored?: string): FileRead;
}

/** RFC 9580 §5.2.3.31; `user-id` is meant for user ids, and odd on a key. */
const REASONS = { none: 0, superseded: 1, compromised: 2, retired: 3, 'user-id': 32 } as const;
type Reason = keyof typeof REASONS;

const PLAIN = { ...openpgp.config, showVersion: false, showComment: false };
/** Bad keys are made on purpose, so nothing is refused while making them. */
const LAX = {
  ...PLAIN,
  rejectHashAlgorithms: new Set<openpgp.enums.hash>(),
  rejectMessageHashAlgorithms: new Set<openpgp.enums.hash>(),
  rejectPublicKeyAlgorithms: new Set<openpgp.enums.publicKey>(),
  rejectCurves: new Set<openpgp.enums.curve>(),
  minRSABits: 0,
  // The salt of the library does not know SHA-1; without it Ed25519 signatures are the same every time, too.
  nonDeterministicSignaturesViaNotation: false,
};

/** As a file of the repository that was read. */
export function fileOf(path: string, content: Uint8Array | string): FileRead {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
  return { path, bytes, sha256: sha256(bytes) };
}

/** Armor without headers, LF only, for whatever packets. */
export function armored(
  kind: 'signature' | 'publicKey' | 'message' | 'privateKey',
  packets: Uint8Array,
): string {
  const text = openpgp.armor(
    openpgp.enums.armor[kind],
    packets,
    undefined,
    undefined,
    undefined,
    true,
    PLAIN,
  );
  return plain(text);
}

function plain(text: string): string {
  return `${text.replaceAll('\r\n', '\n').trimEnd()}\n`;
}

/** A SignaturePacket's own methods take more than its types say. */
interface RawSignature {
  sign(key: unknown, data: unknown, date: Date, detached: boolean, config: unknown): Promise<void>;
}

/** Makes a signature of any kind, with whatever fields, and refuses nothing. */
export async function signRaw(
  key: unknown,
  algorithm: number,
  data: unknown,
  date: Date,
  fields: object,
): Promise<openpgp.SignaturePacket> {
  const packet = new openpgp.SignaturePacket();
  Object.assign(packet, {
    publicKeyAlgorithm: algorithm,
    hashAlgorithm: openpgp.enums.hash.sha512,
    ...fields,
  });
  await (packet as unknown as RawSignature).sign(key, data, date, true, LAX);
  return packet;
}

function print(key: { getFingerprint(): string }): Fingerprint {
  const text = key.getFingerprint().toUpperCase();
  if (!isFingerprint(text)) throw new Error(`${text} is no version 4 fingerprint`);
  return text;
}

/** Packets one after another, as they lie in a file. */
export function packetBytes(packets: readonly openpgp.AnyPacket[]): Uint8Array {
  const list = new openpgp.PacketList<openpgp.AnyPacket>();
  list.push(...packets);
  return list.write();
}

/** A key that signs truly, and calls itself something else. */
export function liar(keyPacket: object, claimed: string | null): unknown {
  return Object.assign(Object.create(keyPacket) as object, {
    getFingerprintBytes: () => (claimed === null ? null : Buffer.from(claimed, 'hex')),
  });
}

async function signDocument(
  key: openpgp.PrivateKey | openpgp.Subkey,
  bytes: Uint8Array | string,
  spec: SignSpec,
): Promise<Uint8Array> {
  const binary = typeof bytes === 'string' ? new TextEncoder().encode(bytes) : bytes;
  const message = await openpgp.createMessage({ binary });
  const type = spec.type ?? openpgp.enums.signature.binary;
  const notation = spec.notation;
  const signer = spec.claimedIssuer === undefined ? key.keyPacket : liar(key.keyPacket, spec.claimedIssuer);
  const packet = await signRaw(signer, key.keyPacket.algorithm, message.packets[0], spec.at ?? new Date(), {
    signatureType: type,
    hashAlgorithm: openpgp.enums.hash[spec.hash ?? 'sha512'],
    ...(spec.expiresInSeconds === undefined
      ? {}
      : { signatureExpirationTime: spec.expiresInSeconds, signatureNeverExpires: false }),
    rawNotations:
      notation === undefined
        ? []
        : [{ ...notation, value: new TextEncoder().encode('x'), humanReadable: true }],
  });
  return packetBytes([packet]);
}

/** Signs the user id again, with other properties than generateKey would give it. */
async function certify(key: openpgp.PrivateKey, date: Date, fields: object): Promise<void> {
  const user = key.users[0];
  if (user?.userID == null) throw new Error('the key has no user id');
  const { keyPacket } = key;
  user.selfCertifications = [
    await signRaw(keyPacket, keyPacket.algorithm, { userID: user.userID, key: keyPacket }, date, {
      signatureType: openpgp.enums.signature.certPositive,
      keyFlags: [openpgp.enums.keyFlags.certifyKeys | openpgp.enums.keyFlags.signData],
      ...fields,
    }),
  ];
}

async function generate(spec: KeySpec): Promise<openpgp.PrivateKey> {
  const date = spec.created ?? new Date(Date.now() - 60_000);
  const rebound =
    spec.subkeyFlags ?? (spec.withoutBackSignature === true ? openpgp.enums.keyFlags.signData : undefined);
  const { privateKey } = await openpgp.generateKey({
    ...(spec.rsaBits === undefined
      ? { type: 'ecc' as const, curve: spec.curve ?? 'ed25519Legacy' }
      : { type: 'rsa' as const, rsaBits: spec.rsaBits }),
    userIDs: { name: spec.name, email: spec.email },
    date,
    keyExpirationTime: spec.expiresInSeconds ?? 0,
    subkeys:
      spec.signingSubkey === true || rebound !== undefined
        ? [{ sign: true, date, keyExpirationTime: spec.subkeyExpiresInSeconds ?? 0 }]
        : [],
    format: 'object',
    config: LAX,
  });
  if (spec.sha1SelfSignatures === true)
    await certify(privateKey, date, { hashAlgorithm: openpgp.enums.hash.sha1 });
  if (spec.keyFlags !== undefined)
    await certify(privateKey, date, { keyFlags: spec.keyFlags === null ? null : [spec.keyFlags] });
  const subkey = privateKey.subkeys[0];
  if (rebound !== undefined && subkey !== undefined) {
    const bound = { key: privateKey.keyPacket, bind: subkey.keyPacket };
    subkey.bindingSignatures = [
      await signRaw(privateKey.keyPacket, privateKey.keyPacket.algorithm, bound, date, {
        signatureType: openpgp.enums.signature.subkeyBinding,
        keyFlags: [rebound],
      }),
    ];
  }
  return privateKey;
}

/** Makes a key. Ed25519 takes some milliseconds, RSA-3072 a second. */
export async function makeKey(spec: KeySpec): Promise<TestKey> {
  return testKey(await generate(spec), spec.passphrase);
}

/** A key that was made elsewhere: its armored private form. */
export async function keyFrom(privateArmored: string): Promise<TestKey> {
  return testKey(await openpgp.readPrivateKey({ armoredKey: privateArmored, config: LAX }));
}

async function testKey(key: openpgp.PrivateKey, passphrase?: string): Promise<TestKey> {
  const signer = key.subkeys[0] ?? key;
  const fingerprint = print(key);
  const publicArmored = plain(key.toPublic().armor(PLAIN));
  const secret = passphrase === undefined ? key : await openpgp.encryptKey({ privateKey: key, passphrase });
  const by = (spec: SignSpec): openpgp.PrivateKey | openpgp.Subkey =>
    spec.byPrimary === true ? key : signer;
  return {
    fingerprint,
    signingFingerprint: print(signer),
    userId: key.getUserIDs()[0] ?? '',
    publicArmored,
    privateArmored: plain(secret.armor(PLAIN)),
    sign: async (bytes, sign = {}) => armored('signature', await signDocument(by(sign), bytes, sign)),
    signBinary: (bytes, sign = {}) => signDocument(by(sign), bytes, sign),
    revoked: async (reason, at = new Date()) => {
      const flag = REASONS[reason] as openpgp.enums.reasonForRevocation;
      const copy = await key.revoke({ flag, string: `test: ${reason}` }, at, LAX);
      return plain(copy.toPublic().armor(PLAIN));
    },
    subkeyRevoked: async (at) => {
      const copy = await openpgp.readPrivateKey({ armoredKey: key.armor(PLAIN) });
      const reason = { flag: openpgp.enums.reasonForRevocation.keySuperseded, string: 'test' };
      copy.subkeys = await Promise.all(
        copy.subkeys.map((each) => each.revoke(copy.keyPacket as openpgp.SecretKeyPacket, reason, at, LAX)),
      );
      return plain(copy.toPublic().armor(PLAIN));
    },
    extended: async (expiresInSeconds, at) => {
      const copy = await openpgp.readPrivateKey({ armoredKey: key.armor(PLAIN) });
      await certify(copy, at, { keyExpirationTime: expiresInSeconds, keyNeverExpires: false });
      return plain(copy.toPublic().armor(PLAIN));
    },
    file: (content = publicArmored) => fileOf(`policies/keys/${fingerprint}.asc`, content),
  };
}

/** A key self-certification (type 0x13) as a packet of its own: what an attacker offers where a signature should be. */
export async function selfCertification(key: TestKey): Promise<Uint8Array> {
  const certificate = await openpgp.readKey({ armoredKey: key.publicArmored });
  return packetBytes([certificate.users[0]!.selfCertifications[0]!]);
}
