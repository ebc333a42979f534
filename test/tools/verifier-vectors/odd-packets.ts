/** Signature packets of other kinds, with other properties, and with numbers that were tampered with. */
import { createHash, createPrivateKey, sign as signWith, type KeyObject } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import * as openpgp from 'openpgp';
import { selfCertification } from '../../harness/keys.ts';
import {
  certificate,
  changed,
  documentOf,
  gpgSign,
  jsKey,
  jsSign,
  packetsOf,
  putKey,
  type Bench,
  type Draft,
} from './bench.ts';
import * as p from '../../harness/packet-surgery.ts';
import { TIMES } from './studio.ts';

const KEY = 'gpg-ed25519';

export async function packets(bench: Bench): Promise<void> {
  await otherBytes(bench);
  await types(bench);
  await versions(bench);
  await framing(bench);
  await subpackets(bench);
  await issuers(bench);
  await numbers(bench);
}

function put(
  bench: Bench,
  id: string,
  what: string,
  made: Pick<Draft, 'signature' | 'made'>,
  more: Partial<Draft> = {},
): void {
  bench.drafts.push({ id, group: 'packet', what, keys: [KEY], ...made, ...more });
}

async function otherBytes(bench: Bench): Promise<void> {
  const good = gpgSign(bench, KEY);
  for (const [data, what] of [
    ['changed.txt', 'The document was changed.'],
    ['longer.txt', 'A line feed was added to the document.'],
    ['empty.txt', 'The document is empty.'],
    ['crlf.txt', 'The lines of the document end with CR LF.'],
  ] as const)
    put(bench, `document-${data.split('.')[0]!}`, what, good, { data, forged: true });
}

async function types(bench: Bench): Promise<void> {
  const text = gpgSign(bench, KEY, ['--textmode']);
  put(bench, 'text-mode', 'A signature over text (type 0x01).', text);
  put(
    bench,
    'text-mode-crlf',
    'The same; the lines of the document end with CR LF, so that it has another SHA-256.',
    text,
    { data: 'crlf.txt' },
  );
  const js = await jsKey(bench, 'openpgpjs-types');
  const keys = ['openpgpjs-types'];
  const certification = p.signatureFile(await selfCertification(js));
  put(
    bench,
    'self-certification',
    'The certification that the key made of itself, in place of a signature.',
    changed({ signature: '', made: [] }, certification, 'by hand: cut out of the key file'),
    { keys, forged: true },
  );
  for (const [type, name] of [
    [0x02, 'standalone'],
    [0x40, 'timestamp'],
  ] as const)
    put(
      bench,
      `type-${type.toString(16).padStart(2, '0')}`,
      `A packet of type 0x${type.toString(16).padStart(2, '0')} (${name}) over the document.`,
      await jsSign(bench, js, { type }),
      { keys },
    );
}

async function versions(bench: Bench): Promise<void> {
  for (const v6Keys of [true, false]) {
    const { privateKey } = await openpgp.generateKey({
      ...{ type: 'curve25519', userIDs: { name: 'Ada', email: 'ada@example.org' }, date: TIMES.key },
      ...{ subkeys: [], format: 'object', config: { ...openpgp.config, v6Keys } },
    });
    const id = v6Keys ? 'version-6' : 'ed25519-of-rfc9580';
    const print = privateKey.getFingerprint().toUpperCase();
    const steps = [`OpenPGP.js: generateKey({ type: 'curve25519', config: { v6Keys: ${String(v6Keys)} } })`];
    const packets = await packetsOf(privateKey.toPublic().armor());
    putKey(bench, `openpgpjs-${id}`, `${print}.asc`, certificate(...packets), steps);
    const message = await openpgp.createMessage({ binary: documentOf(bench) });
    const made = await openpgp.sign({
      message,
      signingKeys: privateKey,
      detached: true,
      date: TIMES.signature,
      format: 'binary',
    });
    const what = v6Keys
      ? 'A key and a signature of version 6.'
      : 'A version 4 key with the Ed25519 of RFC 9580 (algorithm 27).';
    put(
      bench,
      id,
      what,
      { signature: p.signatureFile(made), made: ['OpenPGP.js: sign(document.txt)'] },
      { keys: [`openpgpjs-${id}`] },
    );
  }
  await versionThree(bench);
}

async function versionThree(bench: Bench): Promise<void> {
  const key = await jsKey(bench, 'openpgpjs-for-version-3', { rsaBits: 3072 });
  const time = p.four(TIMES.signature.getTime() / 1000);
  // RFC 9580 §5.2.2: the document, the type and the time, and no trailer.
  const hashed = p.bytes(documentOf(bench), [0], time);
  const number = signWith('sha256', hashed, await rsaOf(key.privateArmored));
  const left16 = createHash('sha256').update(hashed).digest().subarray(0, 2);
  const body = p.bytes([3, 5, 0], time, p.hex(key.fingerprint.slice(-16)), [1, 8], left16, p.mpi(number));
  const made = ['by hand: RFC 9580 §5.2.2, signed with node:crypto'];
  put(
    bench,
    'version-3',
    'A signature of version 3, which no tool has made for twenty years.',
    { signature: p.signatureFile(p.packet(2, body)), made },
    { keys: ['openpgpjs-for-version-3'] },
  );
}

async function rsaOf(armoredKey: string): Promise<KeyObject> {
  const { keyPacket } = await openpgp.readPrivateKey({ armoredKey });
  const { publicParams, privateParams } = keyPacket as unknown as Record<
    'publicParams' | 'privateParams',
    Record<string, Uint8Array>
  >;
  const [d, q, r] = ['d', 'p', 'q'].map((name) => bigint(privateParams[name]!)) as [bigint, bigint, bigint];
  const url = (n: bigint | Uint8Array): string =>
    Buffer.from(typeof n === 'bigint' ? octets(n) : n).toString('base64url');
  const inverse = modPow(r % q, q - 2n, q);
  return createPrivateKey({
    key: {
      ...{
        kty: 'RSA',
        n: url(publicParams['n']!),
        e: url(publicParams['e']!),
        d: url(d),
        p: url(q),
        q: url(r),
      },
      ...{ dp: url(d % (q - 1n)), dq: url(d % (r - 1n)), qi: url(inverse) },
    },
    format: 'jwk',
  });
}

const bigint = (bytes: Uint8Array): bigint => BigInt(`0x${Buffer.from(bytes).toString('hex') || '0'}`);
function octets(n: bigint, length?: number): Uint8Array {
  const text = n.toString(16);
  const whole = text.padStart(length === undefined ? text.length + (text.length % 2) : length * 2, '0');
  return p.hex(whole);
}
function modPow(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let [result, power] = [1n, base];
  for (let e = exponent; e > 0n; e >>= 1n) {
    if (e & 1n) result = (result * power) % modulus;
    power = (power * power) % modulus;
  }
  return result;
}

async function framing(bench: Bench): Promise<void> {
  const good = gpgSign(bench, KEY);
  const whole = await p.unarmored(good.signature);
  const body = await p.bodyOf(good.signature);
  const byHand = (id: string, what: string, ...packets: readonly Uint8Array[]): void =>
    put(bench, id, what, changed(good, p.signatureFile(...packets), 'by hand: as said'));
  byHand(
    'length-in-five-octets',
    'A packet length in more octets than it needs.',
    p.bytes([0xc2, 255], p.four(body.length), body),
  );
  byHand('marker-before', 'A marker packet before it.', p.packet(10, p.utf8('PGP')), whole);
  byHand(
    'padding-after',
    'A padding packet after it (RFC 9580 §5.14).',
    whole,
    p.packet(21, p.bytes([1, 2, 3, 4])),
  );
  byHand('trust-after', 'A trust packet after it.', whole, p.packet(12, p.bytes([0])));
  const onePass = p.bytes([3, 0, 10, 22], p.hex(printOf(bench).slice(-16)), [1]);
  byHand('one-pass-before', 'A one-pass signature packet before it.', p.packet(4, onePass), whole);
  byHand(
    'literal-before',
    'A literal packet with another text before it.',
    p.packet(11, p.bytes([0x62, 0, 0, 0, 0, 0], p.utf8('other'))),
    whole,
  );
  byHand(
    'compressed',
    'The packet inside a compressed one.',
    p.packet(8, p.bytes([1], deflateRawSync(whole))),
  );
  byHand('indeterminate-length', 'A packet of indeterminate length.', p.bytes([0x8b], body));
  byHand(
    'bytes-after',
    'Bytes after the last number, inside the packet.',
    p.packet(2, p.bytes(body, [0, 0])),
  );
  byHand('garbage-after', 'Bytes after the packet.', whole, p.bytes([0, 1, 2]));
  const rsa = gpgSign(bench, 'gpg-rsa3072');
  const long = await p.bodyOf(rsa.signature);
  const rest = long.subarray(256);
  // RFC 9580 §4.2.1.4: first 2^8 octets, then the rest.
  const parts = p.bytes([0xc2, 0xe8], long.subarray(0, 256), [255], p.four(rest.length), rest);
  put(
    bench,
    'partial-length',
    'A packet length in parts.',
    changed(rsa, p.signatureFile(parts), 'by hand: as said'),
    { keys: ['gpg-rsa3072'] },
  );
}

function printOf({ studio }: Bench): string {
  return studio.print(`${KEY}@example.org`);
}

/** Signatures with subpackets that no tool would make, truly signed. */
async function subpackets(bench: Bench): Promise<void> {
  put(
    bench,
    'critical-notation',
    'A critical notation that nobody knows.',
    gpgSign(bench, KEY, ['--sig-notation', '!note@example.org=x']),
  );
  const js = await jsKey(bench, 'openpgpjs-raw');
  const raw = await p.rawKeyOf(js.privateArmored);
  const [at, print, id] = [
    p.created(TIMES.signature),
    p.issuerPrint(raw.fingerprint),
    p.issuerId(raw.fingerprint),
  ];
  const sign = (
    id: string,
    what: string,
    hashed: readonly Uint8Array[],
    unhashed: readonly Uint8Array[] = [],
  ): void => {
    const made = p.signRaw(raw, documentOf(bench), { hashed, unhashed });
    put(
      bench,
      id,
      what,
      {
        signature: p.signatureFile(p.write(made)),
        made: ['by hand: signRaw of test/tools/verifier-vectors/packets.ts'],
      },
      { keys: ['openpgpjs-raw'] },
    );
  };
  const later = p.created(new Date('2026-01-20T00:00:00Z'));
  sign('hand-made', 'Made by hand, for comparison with those below: time and issuer, both signed.', [
    at,
    print,
  ]);
  sign('unknown-subpacket', 'A signed subpacket of a type that nobody knows (100).', [
    at,
    print,
    p.subpacket(100, [1]),
  ]);
  sign('critical-subpacket', 'The same, marked critical.', [at, print, p.subpacket(100, [1], true)]);
  sign('two-times', 'Two creation times, both signed.', [at, later, print]);
  sign('no-time', 'No creation time.', [print]);
  sign('time-not-signed', 'The creation time only where nothing is signed.', [print], [at]);
  sign('second-time-not-signed', 'Another creation time where nothing is signed.', [at, print], [later]);
  sign(
    'ended-not-signed',
    'An end of the signature where nothing is signed.',
    [at, print],
    [p.subpacket(3, p.four(60))],
  );
  sign(
    'notation-not-signed',
    'A notation where nothing is signed.',
    [at, print],
    [p.subpacket(20, p.bytes([0x80, 0, 0, 0], p.two(16), p.two(1), p.utf8('note@example.orgx')))],
  );
  sign(
    'critical-not-signed',
    'A critical subpacket where nothing is signed.',
    [at, print],
    [p.subpacket(100, [1], true)],
  );
  sign('issuer-not-signed', 'The issuer fingerprint only where nothing is signed.', [at], [print]);
  sign('issuer-by-id', 'The issuer named by its 64-bit key id alone.', [at], [id]);
  sign('no-issuer', 'No issuer.', [at]);
  sign('lifetime-zero', 'A lifetime of zero, which means for ever.', [at, print, p.subpacket(3, p.four(0))]);
  sign('subpacket-overlong', 'A subpacket that is longer than its area.', [at, print, p.bytes([200, 20, 1])]);
}

async function issuers(bench: Bench): Promise<void> {
  const mallory = await jsKey(bench, 'openpgpjs-forger');
  const victim = printOf(bench);
  const claimed = await jsSign(bench, mallory, { claimedIssuer: victim });
  put(bench, 'another-signed', "By somebody else's key, naming this one as its issuer.", claimed, {
    forged: true,
  });
  put(bench, 'another-signed-both-known', 'The same, with the keys of both at hand.', claimed, {
    keys: [KEY, 'openpgpjs-forger'],
  });
  const good = gpgSign(bench, KEY);
  const read = await p.read(good.signature);
  const rewritten = (id: string, what: string, unhashed: Uint8Array, more: Partial<Draft> = {}): void =>
    put(
      bench,
      id,
      what,
      changed(good, p.signatureFile(p.write({ ...read, unhashed })), 'by hand: as said'),
      more,
    );
  const both = { keys: [KEY, 'openpgpjs-forger'] };
  rewritten(
    'other-id-not-signed',
    'The key id of somebody else where nothing is signed.',
    p.issuerId(mallory.fingerprint),
    both,
  );
  rewritten(
    'other-issuer-not-signed',
    'The fingerprint of somebody else where nothing is signed.',
    p.issuerPrint(mallory.fingerprint),
    both,
  );
  rewritten('no-id', 'The key id, which gpg does not sign, taken away.', new Uint8Array());
  put(bench, 'unknown-signer', 'By a key that is not at hand.', await jsSign(bench, mallory), {
    forged: true,
  });
}

/** Order of the base point (RFC 8032 §5.1), and of NIST P-256 (FIPS 186-4 D.1.2.3). */
const L = 2n ** 252n + 27742317777372353535851937790883648493n;
const N256 = BigInt('0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551');

async function numbers(bench: Bench): Promise<void> {
  const good = gpgSign(bench, KEY);
  const read = await p.read(good.signature);
  const [r, s] = p.numbersOf(read.mpis) as [Uint8Array, Uint8Array];
  const byHand = (id: string, what: string, change: Partial<p.Signature>, forged = true): void =>
    put(
      bench,
      id,
      what,
      changed(good, p.signatureFile(p.write({ ...read, ...change })), 'by hand: as said'),
      forged ? { forged: true } : {},
    );
  const flipped = (bytes: Uint8Array, at: number): Uint8Array =>
    Uint8Array.from(bytes, (byte, i) => (i === at ? byte ^ 1 : byte));
  byHand('number-changed', 'One bit of the signature changed.', { mpis: flipped(read.mpis, 20) });
  byHand('time-changed', 'One bit of the signed time changed.', {
    hashed: flipped(read.hashed, read.hashed.length - 1),
  });
  byHand(
    'left-16-changed',
    'The first two bytes of the digest, which only help to find the key, are wrong.',
    { left16: flipped(read.left16, 0) },
    false,
  );
  byHand('numbers-swapped', 'The two numbers of the signature exchanged.', {
    mpis: p.bytes(p.mpi(s), p.mpi(r)),
  });
  byHand('numbers-zero', 'Both numbers are zero.', { mpis: p.bytes([0, 0, 0, 0]) });
  byHand('number-missing', 'Only one number.', { mpis: p.mpi(r) });
  const lying = p.bytes(p.two(r.length * 8 + 8), [0], r);
  byHand(
    'number-with-zeros',
    'A number with a zero octet before it, and a length that counts it.',
    { mpis: p.bytes(lying, p.mpi(s)) },
    false,
  );
  const little = bigint(Buffer.from(p.bytes(new Uint8Array(32 - s.length), s)).reverse()) + L;
  const more = Buffer.from(octets(little, 32)).reverse();
  byHand(
    'number-plus-order',
    'The order of the curve added to S, which RFC 8032 §5.1.7 refuses.',
    { mpis: p.bytes(p.mpi(r), p.mpi(more)) },
    false,
  );
  const ecdsa = gpgSign(bench, 'gpg-nistp256');
  const other = await p.read(ecdsa.signature);
  const [er, es] = p.numbersOf(other.mpis) as [Uint8Array, Uint8Array];
  const mpis = p.bytes(p.mpi(er), p.mpi(octets(N256 - bigint(es))));
  put(
    bench,
    'ecdsa-negated',
    'S of an ECDSA signature taken from the order: as good as the first by the mathematics of it.',
    changed(ecdsa, p.signatureFile(p.write({ ...other, mpis })), 'by hand: as said'),
    { keys: ['gpg-nistp256'] },
  );
  const hash = changed(
    good,
    p.signatureFile(p.write({ ...read, hash: read.hash === 10 ? 8 : 10 })),
    'by hand: as said',
  );
  put(bench, 'digest-renamed', 'The digest called by the name of another.', hash, { forged: true });
}
