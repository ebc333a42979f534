/**
 * Forgeries of signature files. SIG is the signature file that is there and is changed; FILE the document that it is beside.
 *
 * resign FILE NAME OPTIONS...       signs FILE again: at=INSTANT or ago=SPAN, lifetime=SECONDS, type=01, hash=sha1, issuer=NAME claims
 *                                   to be by somebody else, issuer=key-id names the key by its 64 bits only, notation=critical,
 *                                   primary, over=OTHER signs another file, to=PATH writes it there, beside writes the FILE.<FINGERPRINT>.asc
 * clearsign FILE NAME TO            FILE as a cleartext message; `before=` and `after=` are put around it
 * inline TEXT NAME TO               a message that carries TEXT and its signature
 * armor SIG HOW                     changes the text around the packets; see ARMOR
 * blocks SIG WHICH...               several blocks one after another, each `this` or `broken`
 * packets SIG WHICH...              several packets in one block: `this`, `broken`, `by=NAME`, `literal`, `marker`, `one-pass`, `self=NAME`
 * framing SIG HOW                   tells the length of the packet otherwise
 * unhashed SIG WHAT                 puts a subpacket where nothing is signed: `embedded=NAME`, `created`, `notation`
 * numbers SIG                       puts zeros before the numbers of the signature
 * modern FILE                       signs FILE with a version 6 key
 * koblitz FILE NAME                 signs FILE with a key on the curve secp256k1, with which OpenPGP.js does not sign
 */
import { createHash, createPrivateKey, sign } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import * as openpgp from 'openpgp';
import type { Forge, ForgeSite } from '../forge.ts';
import { armored, selfCertification, type SignSpec } from '../keys.ts';
import { binaryOf, bodyFrom, bodyOf, framed, partsOf, subpacket, type Framing } from './packets.ts';
import { ago, keyOfPerson, onlyKnown, optionsOf } from './people.ts';

const SIGNATURE = 2;

const resign: Forge = async (site, [file = '', name = '', ...rest]) => {
  const options = optionsOf(rest);
  onlyKnown(options, [...SPEC, 'over', 'to', 'beside']);
  const key = keyOfPerson(site, name);
  const beside = options.has('beside') ? `${file}.${key.fingerprint}.asc` : `${file}.asc`;
  const to = resolve(site.cwd, options.get('to') ?? beside);
  const data = readFileSync(resolve(site.cwd, options.get('over') ?? file));
  rmSync(to, { force: true });
  writeFileSync(to, await key.sign(data, specOf(site, options)));
};

const SPEC = ['at', 'ago', 'lifetime', 'type', 'hash', 'issuer', 'notation', 'primary'];

function specOf(site: ForgeSite, options: ReadonlyMap<string, string>): SignSpec {
  const [at, span, lifetime, type, hash, issuer] = SPEC.map((name) => options.get(name));
  return {
    ...(at === undefined ? {} : { at: new Date(at) }),
    ...(span === undefined ? {} : { at: ago(span) }),
    ...(lifetime === undefined ? {} : { expiresInSeconds: Number(lifetime) }),
    ...(type === undefined ? {} : { type: Number.parseInt(type, 16) }),
    ...(hash === undefined ? {} : { hash: hash as NonNullable<SignSpec['hash']> }),
    ...(issuer === undefined
      ? {}
      : { claimedIssuer: issuer === 'key-id' ? null : keyOfPerson(site, issuer).fingerprint }),
    ...(options.has('notation')
      ? { notation: { name: 'approved@example.com', critical: options.get('notation') === 'critical' } }
      : {}),
    ...(options.has('primary') ? { byPrimary: true } : {}),
  };
}

const PLAIN = { showVersion: false, showComment: false };

const clearsign: Forge = async (site, [file = '', name = '', to = '', ...rest]) => {
  const options = optionsOf(rest);
  onlyKnown(options, ['before', 'after']);
  const text = readFileSync(resolve(site.cwd, file), 'utf8');
  const message = await openpgp.sign({
    message: await openpgp.createCleartextMessage({ text }),
    signingKeys: await privateKey(site, name),
    config: PLAIN,
  });
  const line = (option: string): string => (options.has(option) ? `${String(options.get(option))}\n` : '');
  const plain = `${message.replaceAll('\r\n', '\n').trimEnd()}\n`;
  writeFileSync(resolve(site.cwd, to), `${line('before')}${plain}${line('after')}`);
};

const inline: Forge = async (site, [text = '', name = '', to = '']) => {
  const message = await openpgp.sign({
    message: await openpgp.createMessage({ binary: new TextEncoder().encode(text) }),
    signingKeys: await privateKey(site, name),
    format: 'binary',
  });
  writeFileSync(resolve(site.cwd, to), armored('message', message));
};

function privateKey(site: ForgeSite, name: string): Promise<openpgp.PrivateKey> {
  return openpgp.readPrivateKey({ armoredKey: keyOfPerson(site, name).privateArmored });
}

/** Text that OpenPGP tools pass over, or read each in their own way. */
const ARMOR: Readonly<Record<string, (block: string) => string>> = {
  before: (block) => `approved by everybody\n${block}`,
  after: (block) => `${block}approved by everybody\n`,
  comment: (block) => block.replace('\n\n', '\nComment: approved by everybody\n\n'),
  crlf: (block) => block.replaceAll('\n', '\r\n'),
  dashes: (block) => block.replace(/^-----/gm, '- -----'),
  'wrong-checksum': (block) => block.replace(/^=.{4}$/m, '=AAAA'),
  'two-checksums': (block) => block.replace(/^(=.{4}\n)/m, '$1$1'),
  'stray-bits': (block) => withPadding(block, (last) => nextLetter(last)),
  'padding-inside': (block) => block.replace(/\n\n(.{4})/, '\n\nwgA=\n$1'),
  spaces: (block) => block.replace('\n\n', '\n \t\n'),
  'message-label': (block) => block.replaceAll('PGP SIGNATURE', 'PGP MESSAGE'),
  'long-file': (block) => `${block}${'\n'.repeat(70_000)}`,
};

/** Changes the last letter before the padding; its unused bits decode to nothing (RFC 4648 §3.5). */
function withPadding(block: string, change: (letter: string) => string): string {
  const changed = block.replace(/(\w)(={1,2}\n)/, (_, letter: string, rest: string) => change(letter) + rest);
  if (changed === block) throw new Error('the base64 has no padding');
  return changed;
}

function nextLetter(letter: string): string {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
  return letters[letters.indexOf(letter) ^ 1] ?? '';
}

const armor: Forge = (site, [file = '', how = '']) => {
  const change = ARMOR[how];
  if (change === undefined) throw new Error(`there is no change ${how}`);
  rewrite(site, file, (text) => change(text));
};

const blocks: Forge = (site, [file = '', ...which]) =>
  rewrite(site, file, (text) =>
    which.map((each) => (each === 'broken' ? armored('signature', broken(binaryOf(text))) : text)).join(''),
  );

const packets: Forge = async (site, [file = '', ...which]) => {
  const path = resolve(site.cwd, file);
  const text = readFileSync(path, 'utf8');
  const made = await Promise.all(which.map((each) => packetOf(site, each, path, binaryOf(text))));
  writeFileSync(path, armored('signature', Buffer.concat(made)));
};

async function packetOf(
  site: ForgeSite,
  which: string,
  path: string,
  present: Uint8Array,
): Promise<Uint8Array> {
  const [kind = '', name = ''] = which.split('=');
  switch (kind) {
    case 'this':
      return present;
    case 'broken':
      return broken(present);
    case 'by':
      return keyOfPerson(site, name).signBinary(readFileSync(path.replace(/(\.[0-9A-F]{40})?\.asc$/, '')));
    case 'self':
      return selfCertification(keyOfPerson(site, name));
    case 'literal': // RFC 9580 §5.9: format, a name of no octets, a date, the text
      return framed(11, new TextEncoder().encode('b\0\0\0\0\0approved'));
    case 'marker': // RFC 9580 §5.8
      return framed(10, new TextEncoder().encode('PGP'));
    case 'one-pass': // RFC 9580 §5.4: version 3, binary, SHA-512, EdDSA, a key id, last
      return framed(4, Buffer.from([3, 0, 10, 22, ...keyId(present), 1]));
    default:
      throw new Error(`there is no packet ${which}`);
  }
}

function keyId(signature: Uint8Array): Uint8Array {
  return partsOf(bodyOf(signature)).hashed.subarray(-8);
}

/** The same signature with one bit of its last number changed. */
function broken(binary: Uint8Array): Uint8Array {
  const changed = Uint8Array.from(binary);
  changed[changed.length - 1] = (changed[changed.length - 1] ?? 0) ^ 1;
  return changed;
}

const framing: Forge = (site, [file = '', ...how]) =>
  rewrite(site, file, (text) =>
    armored('signature', framed(SIGNATURE, bodyOf(binaryOf(text)), how.join(' ') as Framing)),
  );

const unhashed: Forge = async (site, [file = '', what = '']) => {
  const path = resolve(site.cwd, file);
  const parts = partsOf(bodyOf(binaryOf(readFileSync(path, 'utf8'))));
  const added = await subpacketOf(site, what);
  const body = bodyFrom({ ...parts, unhashed: Buffer.concat([parts.unhashed, added]) });
  writeFileSync(path, armored('signature', framed(SIGNATURE, body)));
};

/** Types: RFC 9580 §5.2.3.7. */
async function subpacketOf(site: ForgeSite, what: string): Promise<Uint8Array> {
  const [kind, name = ''] = what.split('=');
  if (kind === 'created') return subpacket(2, Buffer.from([0, 0, 0, 1]));
  if (kind === 'notation') return subpacket(20, Buffer.from([0x80, 0, 0, 0, 0, 1, 0, 1, 0x61, 0x62]));
  if (kind === 'embedded') return subpacket(32, bodyOf(await keyOfPerson(site, name).signBinary('approved')));
  throw new Error(`there is no subpacket ${what}`);
}

const numbers: Forge = (site, [file = '']) =>
  rewrite(site, file, (text) =>
    armored('signature', framed(SIGNATURE, bodyFrom(partsOf(bodyOf(binaryOf(text))), 1))),
  );

/** A signature of version 6 (RFC 9580 §5.2.3), good to OpenPGP.js and unknown to GnuPG. */
const modern: Forge = async (site, [file = '']) => {
  const { privateKey: key } = await openpgp.generateKey({
    type: 'curve25519',
    userIDs: { name: 'Modern', email: 'modern@example.com' },
    subkeys: [],
    format: 'object',
    config: { ...openpgp.config, v6Keys: true },
  });
  const message = await openpgp.createMessage({ binary: readFileSync(resolve(site.cwd, file)) });
  const made = await openpgp.sign({ message, signingKeys: key, detached: true, format: 'binary' });
  writeFileSync(resolve(site.cwd, `${file}.asc`), armored('signature', made));
};

const koblitz: Forge = (site, [file = '', name = '']) => {
  const key = keyOfPerson(site, name);
  const data = readFileSync(resolve(site.cwd, file));
  const print = Buffer.from(key.fingerprint, 'hex');
  const created = Buffer.alloc(4);
  created.writeUInt32BE(Math.floor(Date.now() / 1000));
  const subpackets = Buffer.concat([subpacket(2, created), subpacket(33, Buffer.from([4, ...print]))]);
  // Version 4, over binary data, ECDSA, SHA-256 (RFC 9580 §5.2.3); what is hashed ends with the trailer of §5.2.4.
  const hashed = Buffer.from([4, 0, 19, 8, 0, subpackets.length, ...subpackets]);
  const signed = Buffer.from([...data, ...hashed, 4, 0xff, 0, 0, 0, hashed.length]);
  const [d, point] = koblitzOf(key.privateArmored);
  const raw = sign('sha256', signed, { key: jwk(d, point), dsaEncoding: 'ieee-p1363' });
  const left = createHash('sha256').update(signed).digest().subarray(0, 2);
  const mpis = [raw.subarray(0, 32), raw.subarray(32)].map((number) =>
    number.subarray(number.findIndex((octet) => octet !== 0)),
  );
  const body = bodyFrom({ hashed, unhashed: new Uint8Array(), left, mpis });
  writeFileSync(resolve(site.cwd, `${file}.asc`), armored('signature', framed(SIGNATURE, body)));
};

/** The secret number and the point of an unlocked secret key packet (RFC 9580 §5.5.3): after the curve's name, two numbers. */
function koblitzOf(block: string): readonly [Uint8Array, Uint8Array] {
  const body = Buffer.from(bodyOf(binaryOf(block)));
  const at = 7 + (body[6] ?? 0);
  const point = body.subarray(at + 2, at + 2 + 65);
  const secret = at + 2 + 65 + 1; // one octet says that the rest is not locked
  const d = body.subarray(secret + 2, secret + 2 + Math.ceil(body.readUInt16BE(secret) / 8));
  return [Buffer.concat([Buffer.alloc(32 - d.length), d]), point];
}

function jwk(d: Uint8Array, point: Uint8Array): ReturnType<typeof createPrivateKey> {
  const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url');
  const [x, y] = [text(point.subarray(1, 33)), text(point.subarray(33))];
  return createPrivateKey({ key: { kty: 'EC', crv: 'secp256k1', x, y, d: text(d) }, format: 'jwk' });
}

function rewrite(site: ForgeSite, file: string, change: (text: string) => string): void {
  const path = resolve(site.cwd, file);
  const text = readFileSync(path, 'utf8');
  const changed = change(text);
  if (changed === text) throw new Error(`${file} was not changed`);
  writeFileSync(path, changed);
}

export const signatureForges: Readonly<Record<string, Forge>> = {
  resign,
  clearsign,
  inline,
  armor,
  blocks,
  packets,
  framing,
  unhashed,
  numbers,
  modern,
  koblitz,
};
