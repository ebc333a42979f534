/** Certificates that do not let their key sign, or that hold what does not belong in them. */
import { certificate, gpgExport, gpgSign, jsKey, jsSign, packetsOf, putKey, type Bench } from './bench.ts';
import * as p from '../../harness/packet-surgery.ts';
import { TIMES } from './studio.ts';
import type { TestKey } from '../../harness/keys.ts';

const KEY = 'gpg-ed25519';

export async function keys(bench: Bench): Promise<void> {
  await flags(bench);
  await subkeys(bench);
  await annexed(bench);
  await shapes(bench);
}

async function flags(bench: Bench): Promise<void> {
  for (const [id, keyFlags, what] of [
    ['certify-only', 0x01, 'The key may only certify.'],
    ['encrypt-only', 0x0c, 'The key may only encrypt.'],
    ['no-flags', null, 'The key does not say what it may do.'],
  ] as const) {
    const key = await jsKey(bench, `openpgpjs-${id}`, { keyFlags });
    bench.drafts.push({ id, group: 'key', what, keys: [`openpgpjs-${id}`], ...(await jsSign(bench, key)) });
  }
}

async function subkeys(bench: Bench): Promise<void> {
  const lone = await jsKey(bench, 'openpgpjs-no-back-signature', { withoutBackSignature: true });
  bench.drafts.push({
    ...{ id: 'no-back-signature', group: 'key', keys: ['openpgpjs-no-back-signature'] },
    what: 'A signing subkey that does not confirm that it belongs to the key.',
    ...(await jsSign(bench, lone)),
  });
  const key = await jsKey(bench, 'openpgpjs-cut', { signingSubkey: true });
  const [primary, uid, certification, subkey] = await packetsOf(key.publicArmored);
  putKey(
    bench,
    'openpgpjs-unbound',
    `${key.fingerprint}.asc`,
    certificate(primary!, uid!, certification!, subkey!),
    ['by hand: openpgpjs-cut without the signature that binds its subkey'],
  );
  bench.drafts.push({
    ...{ id: 'subkey-not-bound', group: 'key', keys: ['openpgpjs-unbound'] },
    what: 'A subkey without a signature that binds it.',
    ...(await jsSign(bench, key)),
  });
}

/** The certificate of `owner` with another's key as its subkey, bound by the owner alone. */
async function withSubkey(owner: TestKey, other: TestKey, keyFlags: number): Promise<string> {
  const raw = await p.rawKeyOf(owner.privateArmored);
  const [mine, theirs] = [await p.bodyOf(owner.publicArmored), await p.bodyOf(other.publicArmored)];
  // RFC 9580 §5.2.4: each key is hashed as 0x99, its length in two octets, its body.
  const hashed = [mine, theirs].map((body) => p.bytes([0x99], p.two(body.length), body));
  const binding = p.signRaw(raw, p.bytes(...hashed), {
    type: 0x18,
    hashed: [p.created(TIMES.key), p.subpacket(27, [keyFlags]), p.issuerPrint(raw.fingerprint)],
  });
  const packets = await packetsOf(owner.publicArmored);
  return certificate(...packets, p.packet(14, theirs), p.write(binding));
}

async function annexed(bench: Bench): Promise<void> {
  const owner = await jsKey(bench, 'openpgpjs-owner');
  const other = await jsKey(bench, 'openpgpjs-other');
  const made = await jsSign(bench, other);
  for (const [id, keyFlags, what] of [
    ['subkey-encrypts-only', 0x0c, 'Signed by a subkey that may only encrypt.'],
    ['subkey-annexed', 0x02, "Somebody else's key, put under one's own as a subkey without its consent."],
  ] as const) {
    const how = `by hand: openpgpjs-other bound to openpgpjs-owner with the key flags ${String(keyFlags)}`;
    putKey(bench, `openpgpjs-${id}`, `${owner.fingerprint}.asc`, await withSubkey(owner, other, keyFlags), [
      how,
    ]);
    bench.drafts.push({ id, group: 'key', what, keys: [`openpgpjs-${id}`], ...made });
  }
  bench.drafts.push({
    ...{
      id: 'annexed-and-whole',
      group: 'key',
      keys: ['openpgpjs-subkey-annexed', 'openpgpjs-other'],
      ...made,
    },
    what: 'The same, with the true certificate of that key beside it: the one that govboot gives to verifiers.',
  });
}

async function shapes(bench: Bench): Promise<void> {
  const { studio, drafts } = bench;
  const good = gpgSign(bench, KEY);
  const print = studio.print(`${KEY}@example.org`);
  const plain = gpgExport(studio, KEY);
  studio.steps();
  const other = await jsKey(bench, 'openpgpjs-stranger');
  const shape = (id: string, what: string, content: string, how: string, name = print): void => {
    putKey(bench, `file-${id}`, `${name}.asc`, content, [how]);
    drafts.push({ id, group: 'key', what, keys: [`file-${id}`], ...good });
  };
  const [mine, theirs] = [await packetsOf(plain), await packetsOf(other.publicArmored)];
  shape(
    'two-certificates',
    'A key file with two certificates.',
    certificate(...mine, ...theirs),
    'gpg --export of both',
  );
  shape(
    'secret-key',
    'A key file with the secret key.',
    studio.gpg(TIMES.signature, ['--armor', '--export-secret-keys', print]).toString(),
    'gpg --armor --export-secret-keys',
  );
  shape(
    'named-otherwise',
    'A key file under the name of another key.',
    plain,
    'by hand: renamed',
    other.fingerprint,
  );
  shape(
    'key-comment-header',
    'A key file with an armor header.',
    plain.replace('\n\n', '\nComment: verified\n\n'),
    'by hand: as said',
  );
  shape(
    'no-user-id',
    'A certificate without a user id.',
    certificate(mine[0]!),
    'by hand: the first packet alone',
  );
  shape(
    'user-id-not-signed',
    'A certificate whose user id nobody signed.',
    certificate(mine[0]!, mine[1]!),
    'by hand: the first two packets',
  );
  shape(
    'user-id-of-another',
    'A certificate with the user id and the signature of another.',
    certificate(mine[0]!, ...theirs.slice(1)),
    'by hand: as said',
  );
  const foreign = await p.rawKeyOf(other.privateArmored);
  const [body, uid] = [await p.bodyOf(plain), mine[1]!.subarray(2)];
  // RFC 9580 §5.2.4: a certification is over the key, and the user id behind 0xB4 and its length in four octets.
  const over = p.bytes([0x99], p.two(body.length), body, [0xb4], p.four(uid.length), uid);
  const certification = p.signRaw(foreign, over, {
    type: 0x10,
    hashed: [p.created(TIMES.signature), p.issuerPrint(foreign.fingerprint)],
  });
  shape(
    'certified-by-another',
    'A certificate that somebody else has certified.',
    certificate(...mine, p.write(certification)),
    'by hand: a certification by openpgpjs-stranger put behind that of the key',
  );
  const sq = studio.read('sq-cv25519.cert').toString();
  const { name } = bench.keys.get('sq-cv25519')!;
  putKey(bench, 'sq-as-written', name, sq, ['sq key extract-cert']);
  const signed = drafts.find(({ id }) => id === 'sq-cv25519')!;
  drafts.push({
    ...signed,
    id: 'sq-certificate-as-written',
    group: 'key',
    what: 'The certificate as sq writes it, with its comments.',
    keys: ['sq-as-written'],
  });
}
