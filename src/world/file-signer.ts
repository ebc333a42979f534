/** Signs with an OpenPGP private key from a file: for tests, drills, and machines without GnuPG. Records say `software`. */
import { open } from 'node:fs/promises';
import type * as OpenPgp from 'openpgp';
import { GovbootError, messageOf } from '../kernel/errors.ts';
import { clip, safe } from '../kernel/text.ts';
import { msOf } from '../kernel/time.ts';
import { isFingerprint } from '../inputs/facts.ts';
import type { Clock, Signer, SignerInfo } from '../ports.ts';
import { libraryVersion, loadLibrary } from './openpgp.ts';

export interface FileSpec {
  readonly path: string;
  /** Asked once, and only when the key is locked. */
  readonly passphrase?: () => Promise<string>;
  /** The time that signatures state; this machine's when left out. */
  readonly clock?: Pick<Clock, 'now'>;
}

/** 256 KiB, as for public keys. */
const LIMIT_BYTES = 262_144;

export function makeFileSigner(spec: FileSpec): Signer {
  let opened: Promise<OpenPgp.PrivateKey> | null = null;
  let unlocked: Promise<OpenPgp.PrivateKey> | null = null;
  const key = (): Promise<OpenPgp.PrivateKey> => (opened ??= readKey(spec.path));
  return {
    async identity(): Promise<SignerInfo> {
      const [fingerprint, userId] = nameOf(await key(), spec.path);
      return { fingerprint, userId, backend: 'software', tool: `openpgp.js ${await libraryVersion()}` };
    },
    async sign(bytes) {
      unlocked ??= key().then((locked) => unlock(locked, spec));
      return signDetached(await unlocked, bytes, spec);
    },
  };
}

async function readKey(path: string): Promise<OpenPgp.PrivateKey> {
  const armored = await readSecret(path);
  const openpgp = await loadLibrary();
  try {
    const key = await openpgp.readPrivateKey({ armoredKey: armored });
    nameOf(key, path);
    return key;
  } catch (cause) {
    throw new GovbootError('SIGNER', `${path} is not an armored OpenPGP private key of version 4`, {
      hint: 'export one with `gpg --armor --export-secret-keys FINGERPRINT`',
      data: { path },
      cause,
    });
  }
}

async function readSecret(path: string): Promise<string> {
  const refuse = (wrong: string, hint?: string, cause?: unknown): GovbootError =>
    new GovbootError('SIGNER', `key file ${path} ${wrong}`, {
      ...(hint === undefined ? {} : { hint }),
      data: { path },
      cause,
    });
  const file = await open(path, 'r').catch((cause: unknown) => {
    throw refuse(`cannot be read: ${messageOf(cause)}`, undefined, cause);
  });
  try {
    const stat = await file.stat();
    if (!stat.isFile()) throw refuse('is not a regular file');
    if ((stat.mode & 0o007) !== 0)
      throw refuse(
        `can be read by everyone (mode ${(stat.mode & 0o777).toString(8)})`,
        `run \`chmod 600 ${path}\``,
      );
    if (stat.size > LIMIT_BYTES) throw refuse(`has ${stat.size} bytes; the limit is ${LIMIT_BYTES} bytes`);
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}

function nameOf(key: OpenPgp.PrivateKey, path: string): [SignerInfo['fingerprint'], string] {
  const print = key.getFingerprint().toUpperCase();
  if (!isFingerprint(print)) throw new GovbootError('SIGNER', `the key in ${path} is not of version 4`);
  return [print, clip(safe(key.getUserIDs()[0] ?? ''), 200)];
}

async function unlock(key: OpenPgp.PrivateKey, { path, passphrase }: FileSpec): Promise<OpenPgp.PrivateKey> {
  if (key.isDecrypted()) return key;
  if (passphrase === undefined)
    throw new GovbootError('SIGNER', `the key in ${path} has a passphrase, and nobody can be asked for it`, {
      hint: 'sign through gpg (`--key FINGERPRINT`), or run at a terminal',
    });
  const given = await passphrase();
  const openpgp = await loadLibrary();
  try {
    return await openpgp.decryptKey({ privateKey: key, passphrase: given });
  } catch (cause) {
    throw new GovbootError('SIGNER', `the passphrase does not open the key in ${path}`, {
      hint: 'run it again and type the passphrase of this key',
      cause,
    });
  }
}

async function signDetached(
  key: OpenPgp.PrivateKey,
  bytes: Uint8Array,
  { path, clock }: FileSpec,
): Promise<Uint8Array> {
  const openpgp = await loadLibrary();
  try {
    const armored: unknown = await openpgp.sign({
      message: await openpgp.createMessage({ binary: bytes }),
      signingKeys: key,
      detached: true,
      format: 'armored',
      ...(clock === undefined ? {} : { date: new Date(msOf(clock.now())) }),
      config: { showVersion: false, showComment: false, preferredHashAlgorithm: openpgp.enums.hash.sha512 },
    });
    if (typeof armored !== 'string') throw new Error('no armored text came back');
    return new TextEncoder().encode(`${armored.replaceAll('\r\n', '\n').trimEnd()}\n`);
  } catch (cause) {
    throw new GovbootError('SIGNER', `the key in ${path} cannot sign: ${clip(safe(messageOf(cause)), 200)}`, {
      cause,
    });
  }
}
