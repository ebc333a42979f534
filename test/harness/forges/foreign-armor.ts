/** Real signatures that git would verify and govboot does not: SSH (OpenSSH PROTOCOL.sshsig) and X.509 (CMS, RFC 5652), by keys made on the spot. */
import { createHash, generateKeyPairSync, sign } from 'node:crypto';

export interface Armored {
  readonly armor: string;
  /** What git would be told to trust: a line of an allowed-signers file, or a certificate in PEM. */
  readonly trusted: string;
}

function block(label: string, bytes: Buffer): string {
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
}

/** As `ssh-keygen -Y sign -n git` makes it. */
export function sshSigned(payload: Buffer): Armored {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const field = (value: string | Buffer): Buffer => {
    const bytes = Buffer.from(value);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    return Buffer.concat([length, bytes]);
  };
  const raw = publicKey.export({ type: 'spki', format: 'der' }).subarray(-32);
  const key = Buffer.concat([field('ssh-ed25519'), field(raw)]);
  const frame = [field('git'), field(''), field('sha512')];
  const digest = createHash('sha512').update(payload).digest();
  const signed = Buffer.concat([Buffer.from('SSHSIG'), ...frame, field(digest)]);
  const signature = Buffer.concat([field('ssh-ed25519'), field(sign(null, signed, privateKey))]);
  const version = Buffer.from([0, 0, 0, 1]);
  const blob = Buffer.concat([Buffer.from('SSHSIG'), version, field(key), ...frame, field(signature)]);
  return {
    armor: block('SSH SIGNATURE', blob),
    trusted: `alice@example.com ssh-ed25519 ${key.toString('base64')}\n`,
  };
}

/** DER (X.690): tag, length, content. */
function der(tag: number, ...content: readonly Buffer[]): Buffer {
  const body = Buffer.concat(content);
  const length = body.length < 128 ? [body.length] : [0x82, body.length >> 8, body.length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...length]), body]);
}
const sequence = (...content: readonly Buffer[]): Buffer => der(0x30, ...content);
const set = (...content: readonly Buffer[]): Buffer => der(0x31, ...content);
const integer = (value: number): Buffer => der(0x02, Buffer.from([value]));
const oid = (hex: string): Buffer => der(0x06, Buffer.from(hex, 'hex'));
const ECDSA_SHA256 = sequence(oid('2a8648ce3d040302'));
const SHA256 = sequence(oid('608648016503040201'));
const SIGNED_DATA = oid('2a864886f70d010702');
const DATA = oid('2a864886f70d010701');
const COMMON_NAME = oid('550403');

/** As `gpgsm --detach-sign` makes it: CMS SignedData without content, and a self-signed certificate. */
export function cmsSigned(payload: Buffer): Armored {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const name = sequence(set(sequence(COMMON_NAME, der(0x0c, Buffer.from('Alice Release')))));
  const validity = sequence(der(0x17, Buffer.from('200101000000Z')), der(0x17, Buffer.from('491231235959Z')));
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  const body = sequence(der(0xa0, integer(2)), integer(1), ECDSA_SHA256, name, validity, name, spki);
  const bits = der(0x03, Buffer.from([0]), sign('sha256', body, privateKey));
  const certificate = sequence(body, ECDSA_SHA256, bits);
  const signer = sequence(
    integer(1),
    sequence(name, integer(1)),
    SHA256,
    ECDSA_SHA256,
    der(0x04, sign('sha256', payload, privateKey)),
  );
  const data = sequence(integer(1), set(SHA256), sequence(DATA), der(0xa0, certificate), set(signer));
  return {
    armor: block('SIGNED MESSAGE', sequence(SIGNED_DATA, der(0xa0, data))),
    trusted: block('CERTIFICATE', certificate),
  };
}
