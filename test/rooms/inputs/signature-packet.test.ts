import * as fc from 'fast-check';
import * as openpgp from 'openpgp';
import { beforeAll, describe, expect, test } from 'vitest';
import { parseSignatureFile, type SignatureShape } from '../../../src/inputs/signature-packet.ts';
import { armored, makeKey, selfCertification, type TestKey } from '../../harness/keys.ts';

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const judge = (text: string | Uint8Array): SignatureShape =>
  parseSignatureFile(typeof text === 'string' ? utf8(text) : text);

/** `code: wrong`, or `ok`. */
function verdict(text: string | Uint8Array): string {
  const shape = judge(text);
  return shape.is === 'ok' ? 'ok' : `${shape.code}: ${shape.wrong}`;
}

const bytes = (...parts: readonly (number | readonly number[] | Uint8Array)[]): Uint8Array =>
  Uint8Array.from(parts.flatMap((part) => (typeof part === 'number' ? [part] : [...part])));
const two = (n: number): number[] => [n >> 8, n & 0xff];
const CREATED = [5, 2, 0x65, 0, 0, 0];
/** 9 bits; as the S of an Ed25519 signature, below the order of the curve. */
const MPI = [0, 9, 1, 15];

interface Body {
  readonly version?: number;
  readonly type?: number;
  readonly algorithm?: number;
  readonly hash?: number;
  readonly hashed?: readonly number[];
  readonly unhashed?: readonly number[];
  readonly tail?: readonly number[];
}

/** The body of a signature packet, field by field (RFC 9580 §5.2.3). */
function body({
  version = 4,
  type = 0,
  algorithm = 22,
  hash = 10,
  hashed = CREATED,
  unhashed = [],
  tail = [...MPI, ...MPI],
}: Body = {}): Uint8Array {
  return bytes(
    [version, type, algorithm, hash],
    two(hashed.length),
    hashed,
    two(unhashed.length),
    unhashed,
    [0xab, 0xcd],
    tail,
  );
}

const ISSUER = [1, 2, 3, 4, 5, 6, 7, 8];
/** Long enough for a length of five octets. */
const long = body({
  hashed: [...CREATED, 255, 0, 0, ...two(16_320), 26, ...Array<number>(16_319).fill(0x61)],
});
/** Long enough for a two-octet length: RSA-2048. */
const rsa = body({ algorithm: 1, tail: [8, 0, ...Array<number>(256).fill(0xff)] });
/** RFC 9580 §4.2.1, in as few octets as it takes. */
function newLength(length: number): readonly number[] {
  if (length < 192) return [length];
  return length < 8_384 ? [192 + ((length - 192) >> 8), (length - 192) & 0xff] : [255, 0, 0, ...two(length)];
}
/** With a new-format header of tag 2. */
const framed = (content: Uint8Array, tag = 2): Uint8Array =>
  bytes(0xc0 | tag, newLength(content.length), content);
const made = (fields: Body = {}): string => armored('signature', framed(body(fields)));

let key: TestKey;
let good: string;
beforeAll(async () => {
  key = await makeKey({ name: 'Ada', email: 'ada@example.org' });
  good = await key.sign('hello\n', { at: new Date('2026-11-22T12:00:00Z'), expiresInSeconds: 3600 });
});

describe('a signature file', () => {
  test('that is good gives its packet, field for field', () => {
    const shape = judge(good);
    expect(shape).toMatchObject({
      is: 'ok',
      packet: {
        version: 4,
        class: 0,
        publicKeyAlgorithm: 22,
        hashAlgorithm: 10,
        created: '2026-11-22T12:00:00Z',
        expires: '2026-11-22T13:00:00Z',
        issuerFingerprint: key.fingerprint,
        issuerKeyId: key.fingerprint.slice(24),
        unknownCritical: [],
      },
    });
  });

  test('gives the bytes inside its armor', async () => {
    const shape = judge(good);
    const library = await openpgp.unarmor(good);
    expect(
      shape.is === 'ok' && Buffer.from(shape.binary).equals(Buffer.from(library.data as Uint8Array)),
    ).toBe(true);
  });

  test.each([['nistP256'], ['nistP521']] as const)('of a %s key is accepted', async (curve) => {
    const other = await makeKey({ name: 'N', email: 'n@example.org', curve });
    expect(judge(await other.sign('x'))).toMatchObject({ is: 'ok', packet: { publicKeyAlgorithm: 19 } });
  });

  test('may leave its checksum out', () => {
    expect(verdict(good.replace(/^=.{4}\n/m, ''))).toBe('ok');
  });

  test('without an expiration, or with one of zero seconds, never expires', () => {
    expect(judge(made())).toMatchObject({
      packet: { expires: null, issuerFingerprint: null, issuerKeyId: null },
    });
    expect(judge(made({ hashed: [...CREATED, 5, 3, 0, 0, 0, 0] }))).toMatchObject({
      packet: { expires: null },
    });
  });
});

describe('around the block', () => {
  const CRLF = 'SIG_FORMAT: byte 29 is 0x0D; armor is printable ASCII and LF';
  test.each<[string, (text: string) => string, string]>([
    [
      'text before it',
      (text) => `hello\n${text}`,
      'SIG_FORMAT: line 1 is "hello", not "-----BEGIN PGP SIGNATURE-----"',
    ],
    [
      'an empty line before it',
      (text) => `\n${text}`,
      'SIG_FORMAT: line 1 is "", not "-----BEGIN PGP SIGNATURE-----"',
    ],
    [
      'text after it',
      (text) => `${text}hello\n`,
      'SIG_FORMAT: line 7 is not followed by exactly one line feed and the end of the file',
    ],
    [
      'a second line feed',
      (text) => `${text}\n`,
      'SIG_FORMAT: line 7 is not followed by exactly one line feed and the end of the file',
    ],
    [
      'no line feed',
      (text) => text.trimEnd(),
      'SIG_FORMAT: line 7 is not followed by exactly one line feed and the end of the file',
    ],
    [
      'a second block',
      (text) => text + text,
      'SIG_FORMAT: line 7 is not followed by exactly one line feed and the end of the file',
    ],
    ['CRLF', (text) => text.replaceAll('\n', '\r\n'), CRLF],
    [
      'a header',
      (text) => text.replace('\n\n', '\nVersion: GnuPG v2\n\n'),
      'SIG_FORMAT: line 2 is "Version: GnuPG v2"; armor headers are refused',
    ],
    [
      'an unknown header',
      (text) => text.replace('\n\n', '\nComment: trust me\n\n'),
      'SIG_FORMAT: line 2 is "Comment: trust me"; armor headers are refused',
    ],
    ['no empty line', (text) => text.replace('\n\n', '\n'), 'SIG_FORMAT: line 2 is'],
    [
      'nothing after the first line',
      (text) => text.slice(0, text.indexOf('\n')),
      'SIG_FORMAT: line 2 is missing; armor headers are refused',
    ],
    [
      'no END',
      (text) => text.replace(/-----END.*\n/, ''),
      'SIG_FORMAT: there is no line "-----END PGP SIGNATURE-----"',
    ],
    [
      'a wrong END',
      (text) => text.replace('END PGP SIGNATURE', 'END PGP MESSAGE'),
      'SIG_FORMAT: there is no line',
    ],
    [
      'a wrong checksum',
      (text) => text.replace(/^=.{4}$/m, '=AAAA'),
      'SIG_FORMAT: the armor checksum "=AAAA" is wrong',
    ],
    ['another character set', (text) => text.replace('\n\n', '\n\nß'), 'SIG_FORMAT: byte 31 is 0xC3'],
    ['a space in the base64', (text) => text.replace('\n\n', '\n\n '), 'SIG_FORMAT: line 3 is'],
    ['a long line', (text) => text.replace('\n\n', `\n\n${'A'.repeat(80)}\n`), 'SIG_FORMAT: line 3 is'],
    [
      'padding in the middle',
      (text) => text.replace('\n\n', '\n\nwgA=\n'),
      'SIG_FORMAT: line 3 is "wgA=", not base64',
    ],
    ['base64 that ends early', (text) => text.replace(/.\n=/, '\n='), 'SIG_FORMAT: the base64 has'],
  ])('%s is refused', (_what, change, wrong) => {
    expect(verdict(change(good))).toContain(wrong);
  });

  test('nothing at all, and more than 64 KiB, are refused', () => {
    expect(verdict('')).toContain('SIG_FORMAT: line 1 is ""');
    expect(verdict('A'.repeat(65_537))).toBe(
      'SIG_FORMAT: the file has 65537 bytes; the limit is 65536 bytes',
    );
  });

  test('base64 with stray bits, which decodes to the same bytes, is refused', () => {
    // "wg==" and "wh==" both decode to 0xc2.
    const block = (base64: string): string =>
      `-----BEGIN PGP SIGNATURE-----\n\n${base64}\n-----END PGP SIGNATURE-----\n`;
    expect(verdict(block('wh=='))).toBe('SIG_FORMAT: the base64 is not in its canonical form');
    expect(verdict(block('wg=='))).toBe('SIG_FORMAT: the packet sequence ends 1 bytes too early');
  });

  test.each([
    ['SSH', '-----BEGIN SSH SIGNATURE-----\nU1NIU0lH\n-----END SSH SIGNATURE-----\n'],
    ['X.509', '-----BEGIN SIGNED MESSAGE-----\nMIIB\n-----END SIGNED MESSAGE-----\n'],
  ])('%s armor is refused', (_what, text) => {
    expect(verdict(text)).toContain('SIG_FORMAT: line 1 is "-----BEGIN S');
  });

  test('a clearsigned text is refused', async () => {
    const privateKey = await openpgp.readPrivateKey({ armoredKey: key.privateArmored });
    const message = await openpgp.createCleartextMessage({ text: '{"environment":"dev"}' });
    const clearsigned = await openpgp.sign({ message, signingKeys: privateKey });
    expect(verdict(clearsigned.replaceAll('\r\n', '\n'))).toContain(
      'SIG_FORMAT: line 1 is "-----BEGIN PGP SIGNED MESSAGE-----"',
    );
  });

  test('an inline-signed message is refused, under its own name or as a signature', async () => {
    const privateKey = await openpgp.readPrivateKey({ armoredKey: key.privateArmored });
    const message = await openpgp.createMessage({ binary: utf8('other') });
    const inline = (await openpgp.sign({
      message,
      signingKeys: privateKey,
      format: 'binary',
    })) as unknown as Uint8Array;
    expect(verdict(armored('message', inline))).toContain(
      'SIG_FORMAT: line 1 is "-----BEGIN PGP MESSAGE-----"',
    );
    expect(verdict(armored('signature', inline))).toBe(
      'SIG_FORMAT: a packet of type 4 is where only a signature may be',
    );
  });
});

describe('the packets', () => {
  test('two signatures in one block are refused, whoever made them', async () => {
    const bad = await key.signBinary('other\n');
    const right = await key.signBinary('hello\n');
    expect(verdict(armored('signature', bytes(bad, right)))).toBe(
      'SIG_COUNT: the file holds 2 signatures, not 1',
    );
  });

  test('without a checksum only where padding shows the end, as GnuPG needs it', () => {
    const strip = (text: string): string => text.replace(/^=[A-Za-z0-9+/]{4}\n/m, '');
    const [padded, unpadded] = [[0], [0, 0], [0, 0, 0]]
      .map((more) => made({ hashed: [...CREATED, more.length + 1, 100, ...more] }))
      .reduce<[string, string]>(
        (found, text) => (/=\n(=|-)/.test(text) ? [text, found[1]] : [found[0], text]),
        ['', ''],
      );
    expect(padded).not.toBe('');
    expect(verdict(unpadded)).toBe('ok');
    expect(verdict(strip(padded))).toBe('ok');
    expect(verdict(strip(unpadded))).toMatch(/^SIG_FORMAT: the armor has neither checksum nor padding/);
  });

  test('no signature is refused', () => {
    expect(verdict('-----BEGIN PGP SIGNATURE-----\n\n-----END PGP SIGNATURE-----\n')).toBe(
      'SIG_COUNT: the file holds 0 signatures, not 1',
    );
  });

  test('a key self-certification is no signature of a document', async () => {
    expect(verdict(armored('signature', await selfCertification(key)))).toBe(
      'SIG_COUNT: the only signature is of type 0x13, which signs no document: there are 0 signatures',
    );
  });

  test('a marker packet beside the signature is refused', () => {
    const marker = framed(utf8('PGP'), 10);
    expect(verdict(armored('signature', bytes(marker, framed(body()))))).toContain('a packet of type 10');
  });

  test.each([
    ['new, one octet', framed(body())],
    ['new, two octets', bytes(0xc2, 192 + ((rsa.length - 192) >> 8), (rsa.length - 192) & 0xff, rsa)],
    ['new, five octets', bytes(0xc2, 255, 0, 0, two(long.length), long)],
    ['old, one octet', bytes(0x88, body().length, body())],
    ['old, two octets', bytes(0x89, two(rsa.length), rsa)],
  ])('a packet header is read: %s', (_what, packet) => {
    expect(verdict(armored('signature', packet))).toBe('ok');
  });

  // Two octets of the new format cannot say less than 192, so there is no such spelling of a short length.
  test.each([
    ['new, five octets', bytes(0xc2, 255, 0, 0, two(body().length), body())],
    ['old, two octets', bytes(0x89, two(body().length), body())],
    ['old, four octets', bytes(0x8a, 0, 0, two(rsa.length), rsa)],
  ])('a packet header that is longer than it need be is refused: %s', (_what, packet) => {
    expect(verdict(armored('signature', packet))).toBe(
      'SIG_FORMAT: the signature packet has a length of more octets than it needs',
    );
  });

  test('a file of hundreds of packets is refused after some', () => {
    expect(verdict(armored('signature', bytes(...Array.from({ length: 501 }, () => framed(body())))))).toBe(
      'SIG_FORMAT: the packet sequence holds more than 500 packets',
    );
  });

  test.each([
    ['a bit too many', [0, 10, 1, 255], 'says that an integer of 9 bits has 10'],
    ['a bit too few', [0, 9, 3, 255], 'says that an integer of 10 bits has 9'],
    ['no octets', [0, 0], 'has an integer without octets'],
  ])('an integer with %s is refused', (_what, integer, wrong) => {
    expect(verdict(made({ tail: [...integer, ...MPI] }))).toBe(`SIG_FORMAT: the signature packet ${wrong}`);
  });

  test('an integer with a leading zero octet, as GnuPG writes EdDSA ones, is read, with all its bits counted', () => {
    const zero = (bits: number): readonly number[] => [...two(bits), 0, ...Array<number>(31).fill(0x11)];
    expect(verdict(made({ tail: [...zero(256), ...MPI] }))).toBe('ok');
    expect(verdict(made({ tail: [...zero(255), ...MPI] }))).toContain(
      'says that an integer of 256 bits has 255',
    );
  });

  test.each([
    ['critical', [9, 0x90, ...ISSUER]],
    ['repeated', [9, 16, ...ISSUER, 9, 16, ...ISSUER]],
    ['spelled with five octets of length', [255, 0, 0, 0, 9, 16, ...ISSUER]],
  ])('an issuer outside of what is signed that is %s is refused', (_what, unhashed) => {
    expect(verdict(made({ unhashed }))).toBe(
      'SIG_FORMAT: subpacket 16 outside of what is signed is critical, repeated or too long',
    );
  });

  test('line breaks can be in one place only', () => {
    const lines = good.split('\n');
    const first = lines[2] ?? '';
    const moved = good.replace(first, `${first.slice(0, 30)}\n${first.slice(30)}`);
    expect(verdict(moved)).toMatch(/^SIG_FORMAT: line 5 has 60 characters, and line 3 has 30$/);
    const last =
      lines.findLast((line) => !line.startsWith('-') && !line.startsWith('=') && line !== '') ?? '';
    const split = good.replace(last, `${last.slice(0, 4)}\n${last.slice(4)}`);
    expect(verdict(split)).toMatch(/^SIG_FORMAT: line \d+ has 4 characters, and line 3 has 60$/);
  });

  test.each([
    ['partial length', bytes(0xc2, 224, body()), 'uses a partial body length'],
    ['indeterminate length', bytes(0x8b, body()), 'uses an indeterminate length'],
    ['no packet', bytes(0x00, 1, 2), 'holds 0x0 where a packet must begin'],
    ['length beyond the end', bytes(0xc2, 190, body()), 'too early'],
    ['bytes after the packet', bytes(framed(body()), 7), 'holds 0x7 where a packet must begin'],
  ])('%s is refused', (_what, packet, wrong) => {
    expect(verdict(armored('signature', packet))).toMatch(/^SIG_FORMAT: the packet sequence /);
    expect(verdict(armored('signature', packet))).toContain(wrong);
  });
});

describe('the fields', () => {
  test.each<[string, Body, string]>([
    ['version 3', { version: 3 }, 'SIG_UNSUPPORTED: the signature is of version 3, not 4'],
    ['version 6', { version: 6 }, 'SIG_UNSUPPORTED: the signature is of version 6, not 4'],
    ['text', { type: 1 }, 'SIG_CLASS: the signature is over text (type 0x01)'],
    ['standalone', { type: 2 }, 'SIG_COUNT: the only signature is of type 0x02'],
    ['timestamp', { type: 0x40 }, 'SIG_COUNT: the only signature is of type 0x40'],
    ['MD5', { hash: 1 }, 'SIG_WEAK: hash algorithm 1'],
    ['SHA-1', { hash: 2 }, 'SIG_WEAK: hash algorithm 2'],
    ['RIPEMD', { hash: 3 }, 'SIG_WEAK: hash algorithm 3'],
    ['SHA-224', { hash: 11 }, 'SIG_WEAK: hash algorithm 11'],
    ['SHA3-256', { hash: 12 }, 'SIG_WEAK: hash algorithm 12'],
    ['DSA', { algorithm: 17 }, 'SIG_WEAK: public-key algorithm 17'],
    ['Elgamal', { algorithm: 20 }, 'SIG_WEAK: public-key algorithm 20'],
    ['ECDH', { algorithm: 18 }, 'SIG_UNSUPPORTED: public-key algorithm 18'],
    ['Ed25519 of RFC 9580', { algorithm: 27 }, 'SIG_UNSUPPORTED: public-key algorithm 27'],
    ['Ed448', { algorithm: 28 }, 'SIG_UNSUPPORTED: public-key algorithm 28'],
    [
      'no creation time',
      { hashed: [] },
      'SIG_FORMAT: the signature has no creation time among what is signed',
    ],
    [
      'creation time outside of what is signed',
      { hashed: [], unhashed: CREATED },
      'SIG_FORMAT: the signature has no creation time among what is signed',
    ],
    [
      'two creation times',
      { hashed: [...CREATED, ...CREATED] },
      'SIG_FORMAT: the signature has subpacket 2 2 times',
    ],
    ['a short creation time', { hashed: [4, 2, 0, 0, 0] }, 'SIG_FORMAT: subpacket 2 has 3 bytes, not 4'],
    [
      'two expirations',
      { hashed: [...CREATED, 5, 3, 0, 0, 0, 9, 5, 3, 0, 0, 0, 8] },
      'SIG_FORMAT: the signature has subpacket 3 2 times',
    ],
    [
      'a subpacket without a type',
      { hashed: [...CREATED, 0] },
      'SIG_FORMAT: a subpacket area holds a subpacket without a type',
    ],
    [
      'a subpacket beyond its area',
      { hashed: [...CREATED, 9, 33] },
      'SIG_FORMAT: a subpacket area ends 8 bytes too early',
    ],
    [
      'a long subpacket beyond its area',
      { hashed: [...CREATED, 193, 0, 33] },
      'SIG_FORMAT: a subpacket area ends',
    ],
    [
      'a huge subpacket',
      { hashed: [...CREATED, 255, 255, 255, 255, 255, 33] },
      'SIG_FORMAT: a subpacket area ends',
    ],
    [
      'an issuer key id of 7 bytes',
      { unhashed: [8, 16, 1, 2, 3, 4, 5, 6, 7] },
      'SIG_FORMAT: subpacket 16 has a wrong length',
    ],
    [
      'an issuer fingerprint of 19 bytes',
      { hashed: [...CREATED, 21, 33, 4, ...Array<number>(19).fill(7)] },
      'SIG_FORMAT: subpacket 33 has a wrong length',
    ],
    [
      'a notation outside of what is signed',
      { unhashed: [9, 20, 0, 0, 0, 0, 0, 0, 0, 0] },
      'SIG_FORMAT: subpacket 20 lies outside',
    ],
    [
      'a critical notation cut short',
      { hashed: [...CREATED, 4, 0x80 | 20, 0, 0, 0] },
      'SIG_FORMAT: a notation ends 1 bytes too early',
    ],
    [
      'an MPI beyond the end',
      { tail: [...MPI, 1, 0, 1] },
      'SIG_FORMAT: the signature packet ends 31 bytes too early',
    ],
    [
      'a number with a zero too many in front',
      { tail: [...MPI, 1, 8, ...Array<number>(33).fill(0)] },
      'SIG_FORMAT: the signature packet holds a number of 264 bits; its algorithm makes 256 at most',
    ],
    [
      'a huge number',
      { algorithm: 1, tail: [0xff, 0xf8, ...Array<number>(8191).fill(0xff)] },
      'SIG_FORMAT: the signature packet holds a number of 65528 bits; its algorithm makes 8192 at most',
    ],
    ['one MPI of two', { tail: MPI }, 'SIG_FORMAT: the signature packet ends 2 bytes too early'],
    [
      'a third MPI',
      { tail: [...MPI, ...MPI, ...MPI] },
      'SIG_FORMAT: the signature packet has 4 bytes after its end',
    ],
  ])('%s is refused', (_what, fields, wrong) => {
    expect(verdict(made(fields))).toContain(wrong);
  });

  test.each<[string, readonly number[]]>([
    ['more bits than it has', [0, 10, 1, 15]],
    ['fewer bits than it has', [0, 7, 0xff]],
    ['a length that is not zero, for zero', [0, 1, 0]],
  ])('a number with %s is refused', (_what, number) => {
    expect(verdict(made({ tail: [...number, ...MPI] }))).toMatch(
      /^SIG_FORMAT: the signature packet says that an integer of \d+ bits has \d+$/,
    );
    expect(verdict(made({ algorithm: 1, tail: number }))).toContain('SIG_FORMAT');
  });

  // RFC 8032 §5.1: L = 2^252 + 27742317777372353535851937790883648493, little-endian as in a signature.
  const order = Buffer.from('edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010', 'hex');
  const withS = (s: Uint8Array, algorithm = 22): string => {
    const first = s.findIndex((byte) => byte !== 0);
    const value = s.subarray(first);
    const bits = value.length * 8 - (Math.clz32(value[0]!) - 24);
    return verdict(made({ algorithm, tail: [...MPI, ...two(bits), ...value] }));
  };
  test('S of EdDSA is below the order of the curve, so that a signature has one form', () => {
    const refused = 'SIG_FORMAT: S is not below the order of the curve (RFC 8032 §5.1.7)';
    const less = Uint8Array.from(order);
    less[0]! -= 1;
    expect(withS(order)).toBe(refused);
    expect(withS(less)).toBe('ok');
    expect(withS(Uint8Array.from({ length: 32 }, () => 0xff))).toBe(refused);
    // Octets that are zero and stand first are left out, and count all the same.
    expect(withS(Uint8Array.from({ length: 32 }, (_, i) => (i === 31 ? 0x10 : 0)))).toBe('ok');
    expect(withS(Uint8Array.from({ length: 32 }, (_, i) => (i === 31 ? 0x11 : 0)))).toBe(refused);
    // Other algorithms have other orders.
    expect(withS(order, 19)).toBe('ok');
  });

  test('an issuer that is named only outside of what is signed is refused: GnuPG would not find it', () => {
    const print = [22, 33, 4, ...Array<number>(20).fill(7)];
    expect(verdict(made({ unhashed: print }))).toBe(
      'SIG_FORMAT: the issuer is named only outside of what is signed',
    );
    expect(verdict(made({ unhashed: [9, 16, ...Array<number>(8).fill(7)] }))).toBe('ok');
  });

  test.each([1, 3])('RSA (%i) has one MPI', (algorithm) => {
    expect(verdict(made({ algorithm, tail: MPI }))).toBe('ok');
    expect(verdict(made({ algorithm }))).toContain('SIG_FORMAT');
  });

  test('two issuers that contradict each other are refused', () => {
    const print = (last: number): number[] => [22, 33, 4, ...Array<number>(19).fill(7), last];
    expect(verdict(made({ hashed: [...CREATED, ...print(1)], unhashed: print(1) }))).toBe('ok');
    expect(verdict(made({ hashed: [...CREATED, ...print(1)], unhashed: print(2) }))).toBe(
      'SIG_FORMAT: two subpackets 33 contradict each other',
    );
    const keyId = [9, 16, 7, 7, 7, 7, 7, 7, 7, 2];
    expect(verdict(made({ hashed: [...CREATED, ...print(1)], unhashed: keyId }))).toMatch(
      /^SIG_FORMAT: the issuer key id 0707070707070702 is not the end of/,
    );
  });

  test('a long subpacket is read, with a length of two or five octets', () => {
    const uri = Array<number>(200).fill(0x61);
    expect(verdict(made({ hashed: [...CREATED, 192, 9, 26, ...uri] }))).toBe('ok');
    // What is signed may be spelled as its signer liked: nobody else can change it.
    expect(verdict(made({ hashed: [...CREATED, 255, 0, 0, 0, 201, 26, ...uri] }))).toBe('ok');
  });

  test('the issuer of a version 6 key is not taken for one of version 4', () => {
    const hashed = [...CREATED, 34, 33, 6, ...Array<number>(32).fill(7)];
    expect(judge(made({ hashed }))).toMatchObject({ is: 'ok', packet: { issuerFingerprint: null } });
  });

  test('what is critical and unknown is collected, what is known is not', async () => {
    const signed = await key.sign('x', { notation: { name: 'bidi@\u202eexample.org', critical: true } });
    expect(judge(signed)).toMatchObject({
      packet: { unknownCritical: ['notation bidi@\\u{202e}example.org'] },
    });
    const plain = await key.sign('x', { notation: { name: 'note@example.org', critical: false } });
    expect(judge(plain)).toMatchObject({ packet: { unknownCritical: [] } });
    const hashed = [...CREATED, 2, 0x80 | 26, 0x61, 2, 0x80 | 100, 0, 2, 0x80 | 9, 0, 2, 99, 0];
    expect(judge(made({ hashed }))).toMatchObject({
      packet: { unknownCritical: ['subpacket 100', 'subpacket 9'] },
    });
  });
});

describe('any bytes', () => {
  const answers = (input: Uint8Array): void => {
    const shape = judge(input);
    if (shape.is === 'ok') expect(shape.packet.class).toBe(0);
    else expect(shape.code).toMatch(/^SIG_(FORMAT|COUNT|CLASS|WEAK|UNSUPPORTED)$/);
  };

  test('are answered, never thrown at', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), answers));
  });

  test('a file changed or cut anywhere is answered', () => {
    const file = utf8(good);
    const place = fc.nat({ max: file.length - 1 });
    fc.assert(
      fc.property(place, fc.integer({ min: 0, max: 255 }), place, (at, value, end) => {
        const changed = file.slice();
        changed[at] = value;
        answers(changed);
        answers(changed.subarray(0, end));
      }),
      { numRuns: 500 },
    );
  });

  test('a packet changed anywhere, in right armor, is answered', async () => {
    const packet = await key.signBinary('hello\n');
    const edit = fc.tuple(fc.nat({ max: packet.length - 1 }), fc.integer({ min: 0, max: 255 }));
    fc.assert(
      fc.property(
        fc.array(edit, { minLength: 1, maxLength: 4 }),
        fc.nat({ max: packet.length }),
        (edits, end) => {
          const changed = packet.slice();
          for (const [at, value] of edits) changed[at] = value;
          answers(utf8(armored('signature', changed)));
          answers(utf8(armored('signature', changed.subarray(0, end))));
        },
      ),
      { numRuns: 500 },
    );
  });

  test('a file with one other character is never accepted, wherever it is', () => {
    fc.assert(
      fc.property(fc.nat({ max: good.length - 1 }), fc.integer({ min: 0x20, max: 0x7e }), (at, code) => {
        const changed = good.slice(0, at) + String.fromCharCode(code) + good.slice(at + 1);
        fc.pre(changed !== good);
        expect(verdict(changed)).not.toBe('ok');
      }),
      { numRuns: 500 },
    );
  });
});
