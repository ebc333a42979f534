/** The vectors that are signed: key files, detached signatures over intent/good/create.yaml, and tag objects. */
import * as openpgp from 'openpgp';
import { splitPackets } from '../../../src/inputs/packets.ts';
import { INTENT_YAML } from '../../harness/facts.ts';
import { armored, makeKey, selfCertification } from '../../harness/keys.ts';
import { withGnupg, type Gnupg } from './gnupg.ts';
import { under, type Content, type Vectors } from './vectors.ts';

const CREATED = new Date('2026-01-01T00:00:00Z');
const SIGNED = new Date('2026-01-02T00:00:00Z');
const BLOCK = '-----BEGIN PGP SIGNATURE-----';

/** GnuPG 2.2 finds the end of such a block by the padding alone; RSA-3072 signatures have one. */
function withoutCrc(block: string): string {
  if (!/=\n=.{4}\n/.test(block)) throw new Error('the base64 has no padding: make the vectors again');
  return block.replace(/^=.{4}\n/m, '');
}

/** Keys of the kinds that not every verifier knows: version 6, or version 4 with the Ed25519 of RFC 9580 §9.1. */
async function modernKey(v6Keys: boolean): Promise<openpgp.PrivateKey> {
  const { privateKey } = await openpgp.generateKey({
    type: 'curve25519',
    userIDs: { name: 'Ada', email: 'ada@example.org' },
    date: CREATED,
    subkeys: [],
    format: 'object',
    config: { ...openpgp.config, v6Keys },
  });
  return privateKey;
}

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const join = (...parts: readonly (Uint8Array | readonly number[])[]): Uint8Array =>
  Buffer.concat(parts.map((part) => Uint8Array.from(part)));
const two = (n: number): number[] => [n >> 8, n & 0xff];
/** New format, five-octet length (RFC 9580 §4.2.1). */
const packet = (tag: number, body: Uint8Array): Uint8Array =>
  join([0xc0 | tag, 255, 0, 0, ...two(body.length)], body);
const signature = (...packets: readonly Uint8Array[]): string => armored('signature', join(...packets));
const certificate = (...packets: readonly Uint8Array[]): string => armored('publicKey', join(...packets));

async function binaryOf(text: string): Promise<Uint8Array> {
  return (await openpgp.unarmor(text)).data as Uint8Array;
}

async function packetsOf(text: string): Promise<Uint8Array[]> {
  return splitPackets(await binaryOf(text), 'BUG').map(({ tag, body }) => packet(tag, body));
}

/** The same signature, as valid as before, with subpackets where nothing is signed (RFC 9580 §5.2.3). */
function withUnhashed(binary: Uint8Array, subpackets: readonly number[]): Uint8Array {
  const body = splitPackets(binary, 'BUG')[0]!.body;
  const at = 6 + (body[4]! << 8) + body[5]!;
  const length = (body[at]! << 8) + body[at + 1]!;
  const rest = body.subarray(at + 2);
  return packet(2, join(body.subarray(0, at), two(length + subpackets.length), subpackets, rest));
}

/** A signature packet with a partial body length: first 2^8 octets, then the rest (RFC 9580 §4.2.1.4). */
function inParts(body: Uint8Array): Uint8Array {
  const rest = body.subarray(256);
  return join([0xc2, 0xe8], body.subarray(0, 256), [255, 0, 0, ...two(rest.length)], rest);
}

/** What may go wrong around a block, whatever is in it. */
function around(block: string): Record<string, string> {
  return {
    'comment-header': block.replace('\n\n', '\nComment: approved\n\n'),
    'version-header': block.replace('\n\n', '\nVersion: GnuPG v2\n\n'),
    'text-before': `approved\n${block}`,
    'empty-line-before': `\n${block}`,
    'text-after': `${block}approved\n`,
    'empty-line-after': `${block}\n`,
    'no-line-feed-at-end': block.trimEnd(),
    'two-blocks': block + block,
    crlf: block.replaceAll('\n', '\r\n'),
    'byte-order-mark': `\ufeff${block}`,
    'no-empty-line': block.replace('\n\n', '\n'),
    'space-in-base64': block.replace('\n\n', '\n\n '),
    'wrong-crc': block.replace(/^=.{4}$/m, '=AAAA'),
    'no-end': block.replace(/-----END.*\n/, ''),
    truncated: block.slice(0, 100),
    empty: '',
  };
}

async function modernSignature(signingKeys: openpgp.PrivateKey): Promise<string> {
  const message = await openpgp.createMessage({ binary: utf8(INTENT_YAML) });
  const made = await openpgp.sign({ message, signingKeys, detached: true, date: SIGNED, format: 'binary' });
  return signature(made);
}

/** The keys whose signatures are good. */
async function makeKeys(gpg: Gnupg) {
  const by = { created: CREATED, email: 'ada@example.org' };
  const one = await makeKey({ ...by, name: 'openpgpjs-ed25519' });
  const two = await makeKey({ ...by, name: 'openpgpjs-signing-subkey', signingSubkey: true });
  const gnupg = (['ed25519', 'rsa3072', 'nistp256'] as const).map(
    (algorithm) => [`gpg-${algorithm}`, gpg.key(`gpg-${algorithm}`, algorithm).toString()] as const,
  );
  return { one, two, gnupg };
}
type Keys = Awaited<ReturnType<typeof makeKeys>>;

function keyFiles(
  { one, two, gnupg }: Keys,
  parts: readonly Uint8Array[],
  other: Uint8Array,
  secret: Uint8Array,
  v6: string,
): Vectors {
  const [primary, uid, certification, subkey, binding] = parts as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ];
  return {
    kind: 'key-file',
    ext: 'asc',
    good: [
      ...gnupg,
      [one.userId.split(' ')[0]!, one.publicArmored],
      [two.userId.split(' ')[0]!, two.publicArmored],
    ],
    bad: [
      ...under('SIG_UNSUPPORTED', { 'version-6': v6 }),
      ...under('KEYRING_SHAPE', {
        ...around(two.publicArmored),
        'two-certificates': certificate(...parts, other),
        'secret-key': one.privateArmored,
        'secret-key-named-as-public': certificate(secret),
        'signature-instead': signature(certification),
        'signature-named-as-key': certificate(certification),
        'no-user-id': certificate(primary),
        'user-id-without-signature': certificate(primary, uid),
        'subkey-without-signature': certificate(primary, uid, certification, subkey),
        'user-id-after-subkey': certificate(...parts, uid, certification),
        'trust-packet': certificate(primary, uid, certification, packet(12, Uint8Array.of(0))),
        'marker-packet-first': certificate(packet(10, utf8('PGP')), ...parts),
        'binding-cut-short': certificate(primary, uid, certification, subkey, binding.subarray(0, 60)),
        binary: join(...parts),
      }),
    ],
  };
}

/** Detached signatures over intent/good/create.yaml; where nothing else is said, the bad ones would verify. */
async function signatures(gpg: Gnupg, { one, two }: Keys): Promise<Vectors> {
  const sign = (id: string, ...options: readonly string[]): string =>
    gpg.run(id, INTENT_YAML, '--armor', ...options).toString();
  const good = sign('gpg-ed25519', '--detach-sign');
  const binary = await binaryOf(good);
  const body = splitPackets(binary, 'BUG')[0]!.body;
  const inline = await binaryOf(sign('gpg-ed25519', '--compress-algo', 'none', '--sign'));
  const at = { at: SIGNED };
  const rsa = await binaryOf(sign('gpg-rsa3072', '--detach-sign'));
  gpg.key('gpg-dsa2048', 'dsa2048');
  return {
    kind: 'signature',
    ext: 'asc',
    good: [
      ...['gpg-ed25519', 'gpg-rsa3072', 'gpg-nistp256'].map((id) => [id, sign(id, '--detach-sign')] as const),
      ['openpgpjs-ed25519', await one.sign(INTENT_YAML, at)],
      ['openpgpjs-signing-subkey', await two.sign(INTENT_YAML, at)],
      [
        'openpgpjs-expires-in-2075',
        await one.sign(INTENT_YAML, { ...at, expiresInSeconds: 50 * 365 * 86_400 }),
      ],
      ['without-crc', withoutCrc(sign('gpg-rsa3072', '--detach-sign'))],
    ],
    bad: [
      ...under('SIG_FORMAT', {
        ...around(good),
        'length-of-five-octets': signature(packet(2, body)),
        'base64-with-stray-bits': `${BLOCK}\n\nwh==\n-----END PGP SIGNATURE-----\n`,
        'long-line': good.replace('\n\n', `\n\n${'A'.repeat(80)}\n`),
        clearsigned: sign('gpg-ed25519', '--clear-sign'),
        'inline-message': armored('message', inline),
        'inline-message-named-as-signature': signature(inline),
        'public-key-instead': one.publicArmored,
        'public-key-named-as-signature': signature(await binaryOf(one.publicArmored)),
        'ssh-signature': '-----BEGIN SSH SIGNATURE-----\nU1NIU0lH\n-----END SSH SIGNATURE-----\n',
        'marker-packet-before': signature(packet(10, utf8('PGP')), binary),
        'bytes-after-packet': signature(binary, Uint8Array.of(0)),
        'bytes-inside-packet': signature(packet(2, join(body, [0]))),
        'packet-cut-short': signature(binary.subarray(0, -1)),
        'partial-length': signature(inParts(splitPackets(rsa, 'BUG')[0]!.body)),
        'indeterminate-length': signature(join([0x8b], body)),
        // Notation (20), empty; creation time (2); another issuer (33).
        'unhashed-notation': signature(withUnhashed(binary, [9, 20, 0, 0, 0, 0, 0, 0, 0, 0])),
        'unhashed-creation-time': signature(withUnhashed(binary, [5, 2, 0x65, 0, 0, 0])),
        'issuers-contradict': signature(withUnhashed(binary, [22, 33, 4, ...Array<number>(20).fill(7)])),
      }),
      ...under('SIG_COUNT', {
        'no-packet': signature(),
        'two-packets': signature(binary, await one.signBinary(INTENT_YAML, at)),
        'self-certification': signature(await selfCertification(one)),
        standalone: await one.sign(INTENT_YAML, { ...at, type: 0x02 }),
      }),
      ...under('SIG_CLASS', {
        'text-mode': sign('gpg-ed25519', '--textmode', '--detach-sign'),
        'text-mode-openpgpjs': await one.sign(INTENT_YAML, { ...at, type: 0x01 }),
      }),
      ...under('SIG_WEAK', {
        sha1: sign('gpg-rsa3072', '--digest-algo', 'SHA1', '--detach-sign'),
        sha224: sign('gpg-rsa3072', '--digest-algo', 'SHA224', '--detach-sign'),
        dsa: sign('gpg-dsa2048', '--detach-sign'),
      }),
      ...under('SIG_UNSUPPORTED', {
        'version-6': await modernSignature(await modernKey(true)),
        'ed25519-of-rfc9580': await modernSignature(await modernKey(false)),
        'version-3': signature(packet(2, join([3], body.subarray(1)))),
      }),
    ],
  };
}

/** Tag objects named v1.0.0; where a signed part is wrong, it was signed like that. */
function tags(gpg: Gnupg): Vectors {
  const id = 'gpg-ed25519';
  const good = gpg.gitTag(id, 'sha1').toString();
  const payload = good.slice(0, good.indexOf(BLOCK));
  const block = good.slice(payload.length);
  const signed = (from: string | RegExp, to: string | ((found: string) => string)): string => {
    const other = payload.replace(from, to as string);
    if (other === payload) throw new Error(`the tag does not hold: ${String(from)}`);
    return other + gpg.run(id, other, '--armor', '--detach-sign').toString();
  };
  /** Git takes headers of this name out before it verifies: the old signature still fits. */
  const injected = (header: string): string => good.replace('\n\n', `\n${header} approved\n\n`);
  const bad: Record<string, Record<string, Content>> = {
    TAG_NAME_MISMATCH: { 'another-name': signed('tag v1.0.0', 'tag v0.9.0') },
    TAG_TARGET_TYPE: {
      'tag-of-tag': signed('type commit', 'type tag'),
      'tag-of-tree': signed('type commit', 'type tree'),
      'tag-of-blob': signed('type commit', 'type blob'),
    },
    TAG_UNSIGNED: { annotated: payload },
    SIG_COUNT: {
      'two-signatures': good + block,
      'signature-in-message': signed('Release 1', `${block}Release 1`),
    },
    SIG_FORMAT: {
      'ssh-signature': gpg.sshTag(),
      'inline-message': good.replaceAll('PGP SIGNATURE', 'PGP MESSAGE'),
      'x509-signature': good.replaceAll('PGP SIGNATURE', 'SIGNED MESSAGE'),
    },
    TAG_MALFORMED: {
      'text-after-signature': `${good}approved by the board\n`,
      'empty-line-after-signature': `${good}\n`,
      'no-line-feed-at-end': good.trimEnd(),
      'armor-comment': good.replace(`${BLOCK}\n\n`, `${BLOCK}\nComment: approved\n\n`),
      'extra-header': signed('\n\n', '\nx-approved yes\n\n'),
      'gpgsig-header': injected('gpgsig'),
      'gpgsig-sha256-header': injected('gpgsig-sha256'),
      'two-objects': signed(/^(object .*\n)/, '$1$1'),
      'headers-in-another-order': signed(/(type commit\n)(tag v1.0.0\n)/, '$2$1'),
      'no-tagger': signed(/tagger .*\n/, ''),
      'two-addresses': signed('<rita@example.org>', '<rita@example.org> <eve@example.org>'),
      'object-in-upper-case': signed(/^object .*/, (line) => `object ${line.slice(7).toUpperCase()}`),
      nul: signed('Release 1', 'Release\0 1'),
      'escape-sequence': signed('Release 1', '\u001b[2KRelease 1'),
      'bidi-override': signed('Rita', 'Rita\u202e'),
      'carriage-return': signed('Release 1.0.0\n', 'Release 1.0.0\r\n'),
      'byte-order-mark': signed(/^/, '\ufeff'),
      'bad-utf8': Buffer.from(good.replace('Release 1', '\xff'), 'latin1'),
      'text-beside-armor-line': good.replace(BLOCK, `x ${BLOCK}`),
      'no-end': good.replace(/-----END.*\n/, ''),
      'empty-signature': good.replace(/\n\n[A-Za-z0-9+/=\n]+-----END/, '\n\n-----END'),
      empty: '',
    },
  };
  return {
    kind: 'tag',
    ext: 'tag',
    good: [
      ['git-gpg-ed25519', good],
      ['git-gpg-rsa3072', gpg.gitTag('gpg-rsa3072', 'sha1')],
      ['git-sha256-repository', gpg.gitTag(id, 'sha256')],
      ['no-message', signed(/\n\n[^]*$/, '\n\n')],
    ],
    bad: Object.entries(bad).flatMap(([code, contents]) => under(code, contents)),
  };
}

/** Makes new keys, and with them everything that is signed. */
export function makeSigned(): Promise<readonly Vectors[]> {
  return withGnupg(async (gpg) => {
    const keys = await makeKeys(gpg);
    const v6 = certificate(await binaryOf((await modernKey(true)).toPublic().armor()));
    const parts = await packetsOf(keys.two.publicArmored);
    const other = await binaryOf(keys.one.publicArmored);
    const secret = await binaryOf(keys.one.privateArmored);
    return [keyFiles(keys, parts, other, secret, v6), await signatures(gpg, keys), tags(gpg)];
  });
}
