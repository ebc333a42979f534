import * as fc from 'fast-check';
import * as openpgp from 'openpgp';
import { beforeAll, describe, expect, test } from 'vitest';
import { parseKeyFile } from '../../../src/inputs/key-file.ts';
import { splitPackets } from '../../../src/inputs/packets.ts';
import { armored, makeKey, type TestKey } from '../../harness/keys.ts';

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

function verdict(text: string): string {
  const shape = parseKeyFile(utf8(text));
  return shape.is === 'ok' ? 'ok' : `${shape.code}: ${shape.wrong}`;
}

/** A packet with a five-octet length. */
function packet(tag: number, body: Uint8Array): Uint8Array {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length);
  return Uint8Array.from([0xc0 | tag, 255, ...length, ...body]);
}

const block = (packets: readonly Uint8Array[]): string => armored('publicKey', Buffer.concat(packets));

let key: TestKey;
let parts: Record<'primary' | 'uid' | 'certification' | 'subkey' | 'binding', Uint8Array>;
beforeAll(async () => {
  key = await makeKey({ name: 'Ada', email: 'ada@example.org', signingSubkey: true });
  const { data } = await openpgp.unarmor(key.publicArmored);
  const bodies = splitPackets(data as Uint8Array, 'KEYRING_SHAPE').map(({ tag, body }) => packet(tag, body));
  const [primary, uid, certification, subkey, binding] = bodies as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ];
  parts = { primary, uid, certification, subkey, binding };
});

describe('a public key file', () => {
  test('that is good gives the bytes inside its armor', async () => {
    const shape = parseKeyFile(utf8(key.publicArmored));
    const { data } = await openpgp.unarmor(key.publicArmored);
    expect(shape.is === 'ok' && Buffer.from(shape.binary).equals(Buffer.from(data as Uint8Array))).toBe(true);
  });

  test('may be revoked, extended, or RSA: that is not its shape', async () => {
    expect(verdict(await key.revoked('compromised'))).toBe('ok');
    expect(verdict(await key.extended(86_400, new Date()))).toBe('ok');
  });

  test('may carry a user attribute', () => {
    const { primary, uid, certification } = parts;
    const photo = packet(17, Uint8Array.of(2, 1, 0));
    expect(verdict(block([primary, uid, certification, photo, certification]))).toBe('ok');
  });
});

describe('is refused', () => {
  test('with text around it, a header, or as a binary file', () => {
    expect(verdict(`hello\n${key.publicArmored}`)).toContain('KEYRING_SHAPE: line 1 is "hello"');
    expect(verdict(`${key.publicArmored}hello\n`)).toContain('KEYRING_SHAPE: line');
    expect(verdict(key.publicArmored.replace('\n\n', '\nComment: Alice\n\n'))).toContain(
      '"Comment: Alice"; armor headers are refused',
    );
    expect(verdict(key.publicArmored + key.publicArmored)).toContain('KEYRING_SHAPE: line');
    expect(verdict('A'.repeat(262_145))).toBe(
      'KEYRING_SHAPE: the file has 262145 bytes; the limit is 262144 bytes',
    );
    expect(parseKeyFile(Uint8Array.of(0x98, 1))).toMatchObject({ is: 'malformed', code: 'KEYRING_SHAPE' });
  });

  test('as a secret key, under either name', async () => {
    const secret =
      'KEYRING_SHAPE: the file holds a secret key: whoever has read it can sign, so the key must be revoked';
    expect(verdict(key.privateArmored)).toBe(secret);
    expect(verdict(key.publicArmored + key.privateArmored)).toBe(secret);
    const { data } = await openpgp.unarmor(key.privateArmored);
    expect(verdict(armored('publicKey', data as Uint8Array))).toBe(secret);
    const secretSubkey = packet(7, Uint8Array.of(4));
    expect(verdict(block([parts.primary, parts.uid, parts.certification, secretSubkey]))).toBe(secret);
  });

  test('with two certificates', async () => {
    const other = await makeKey({ name: 'Eve', email: 'eve@example.org' });
    const [one, two] = await Promise.all(
      [key, other].map(async (each) => (await openpgp.unarmor(each.publicArmored)).data as Uint8Array),
    );
    expect(verdict(block([one!, two!]))).toBe('KEYRING_SHAPE: the file holds more than one certificate');
  });

  test('with a key of another version', () => {
    const v6 = packet(6, Uint8Array.of(6, 0, 0, 0, 0));
    expect(verdict(block([v6, parts.uid, parts.certification]))).toBe(
      'SIG_UNSUPPORTED: a key is of version 6, not 4',
    );
    const empty = packet(14, new Uint8Array());
    expect(verdict(block([parts.primary, parts.uid, parts.certification, empty]))).toBe(
      'KEYRING_SHAPE: a key packet is empty',
    );
  });

  test('with packets that do not belong there, or out of order', () => {
    const { primary, uid, certification, subkey, binding } = parts;
    expect(verdict(block([]))).toContain('KEYRING_SHAPE: the first packet is of type none');
    expect(verdict(block([uid, certification]))).toContain('KEYRING_SHAPE: the first packet is of type 13');
    expect(verdict(block([primary]))).toBe('KEYRING_SHAPE: the certificate has no user id');
    expect(verdict(block([primary, uid]))).toBe('KEYRING_SHAPE: a packet of type 13 carries no signature');
    expect(verdict(block([primary, uid, certification, subkey]))).toBe(
      'KEYRING_SHAPE: a packet of type 14 carries no signature',
    );
    expect(verdict(block([primary, uid, certification, subkey, binding, uid, certification]))).toBe(
      'KEYRING_SHAPE: a user id stands after a subkey',
    );
    expect(verdict(block([primary, uid, certification, packet(12, Uint8Array.of(0))]))).toBe(
      'KEYRING_SHAPE: a packet of type 12 does not belong in a certificate',
    );
    expect(verdict(block([primary, uid, certification, packet(11, utf8('b'))]))).toContain(
      'a packet of type 11',
    );
  });

  test('whatever the bytes: every change and cut is answered', () => {
    const file = utf8(key.publicArmored);
    const place = fc.nat({ max: file.length - 1 });
    fc.assert(
      fc.property(
        place,
        fc.integer({ min: 0, max: 255 }),
        place,
        fc.uint8Array({ maxLength: 200 }),
        (at, value, end, any) => {
          const changed = file.slice();
          changed[at] = value;
          for (const input of [changed, changed.subarray(0, end), any, utf8(armored('publicKey', any))]) {
            const shape = parseKeyFile(input);
            if (shape.is === 'malformed') expect(shape.code).toBe('KEYRING_SHAPE');
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  test('with more parts than a certificate has', () => {
    const { primary, uid, certification, subkey, binding } = parts;
    const times = (count: number, ...each: readonly Uint8Array[]) =>
      Array.from({ length: count }, () => each).flat();
    const ids = (count: number) => block([primary, ...times(count, uid, certification)]);
    expect(verdict(ids(20))).toBe('ok');
    expect(verdict(ids(21))).toBe('KEYRING_SHAPE: the certificate has more than 20 user ids');
    const subkeys = (count: number) => block([primary, uid, certification, ...times(count, subkey, binding)]);
    expect(verdict(subkeys(20))).toBe('ok');
    expect(verdict(subkeys(21))).toBe('KEYRING_SHAPE: the certificate has more than 20 subkeys');
    const certified = (count: number) => block([primary, uid, ...times(count, certification)]);
    expect(verdict(certified(50))).toBe('ok');
    expect(verdict(certified(51))).toBe(
      'KEYRING_SHAPE: the certificate carries 51 signatures, more than 50; export it without those of others (gpg --export-options export-minimal)',
    );
    expect(verdict(block([primary, uid, ...times(500, certification)]))).toBe(
      'KEYRING_SHAPE: the packet sequence holds more than 500 packets',
    );
  });

  test.each([
    [
      'RSA of 16,384 bits',
      1,
      [16_384, 17],
      'KEY_INVALID: a key has an integer of 16384 bits, more than 8192',
    ],
    [
      'an RSA exponent of 3,072 bits',
      1,
      [3_072, 3_072],
      'KEY_INVALID: a key has an exponent of 3072 bits, more than 64',
    ],
    [
      'DSA of 16,384 bits',
      17,
      [16_384, 256, 16_384, 16_384],
      'KEY_INVALID: a key has an integer of 16384 bits, more than 8192',
    ],
    ['RSA that is cut short', 1, [3_072], 'KEYRING_SHAPE: a key ends'],
  ])('with %s, which would take long to check', (_what, algorithm, sizes, wrong) => {
    const integer = (bits: number) => [
      bits >> 8,
      bits & 0xff,
      ...Array<number>(Math.ceil(bits / 8))
        .fill(0xff)
        .fill((1 << (((bits - 1) % 8) + 1)) - 1, 0, 1),
    ];
    const material = Uint8Array.from([4, 0, 0, 0, 1, algorithm, ...sizes.flatMap(integer)]);
    const { uid, certification } = parts;
    expect(verdict(block([packet(6, material), uid, certification]))).toContain(wrong);
  });
});
