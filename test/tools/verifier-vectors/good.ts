/** Good signatures: by each tool, with each algorithm and digest that govboot takes. */
import { TIMES } from './studio.ts';
import {
  changed,
  DOCUMENT,
  gpgKey,
  gpgSign,
  jsKey,
  jsSign,
  makeGpgKey,
  putForeign,
  putGpgKey,
  type Bench,
  type Draft,
  type Made,
} from './bench.ts';

export async function good(bench: Bench): Promise<void> {
  byGpg(bench);
  await byOpenpgpJs(bench);
  await bySq(bench);
  await byRnp(bench);
}

function put(
  bench: Bench,
  id: string,
  key: string,
  what: string,
  made: Pick<Draft, 'signature' | 'made'>,
  more: Partial<Draft> = {},
): void {
  bench.drafts.push({ id, group: 'good', what, keys: [key], ...made, ...more });
}

const ALGORITHMS = {
  ed25519: 'Ed25519',
  nistp256: 'ECDSA on NIST P-256',
  nistp384: 'ECDSA on NIST P-384',
  nistp521: 'ECDSA on NIST P-521',
  rsa3072: 'RSA of 3072 bits',
  rsa4096: 'RSA of 4096 bits',
};

function byGpg(bench: Bench): void {
  for (const [algorithm, name] of Object.entries(ALGORITHMS)) {
    const id = `gpg-${algorithm}`;
    gpgKey(bench, id, algorithm);
    put(bench, id, id, `By gpg with ${name}.`, gpgSign(bench, id));
  }
  const key = 'gpg-ed25519';
  const sign = (id: string, what: string, ...options: readonly string[]): void =>
    put(bench, id, key, what, gpgSign(bench, key, options));
  sign('gpg-sha256', 'With SHA-256.', '--digest-algo', 'SHA256');
  sign('gpg-sha384', 'With SHA-384.', '--digest-algo', 'SHA384');
  sign('gpg-sha512', 'With SHA-512.', '--digest-algo', 'SHA512');
  sign('gpg-notation', 'With a notation that is not critical.', '--sig-notation', 'note@example.org=x');
  sign('gpg-policy-url', 'With a policy URI.', '--sig-policy-url', 'https://example.org/policy');
  sign('gpg-sender', 'With the user id of the signer.', '--sender', `${key}@example.org`);
  for (const [name, what] of [
    ['empty.txt', 'Over an empty document.'],
    ['binary.bin', 'Over all byte values.'],
  ] as const)
    put(bench, `gpg-over-${name.split('.')[0]!}`, key, what, gpgSign(bench, key, [], name), { data: name });
  const ending = gpgSign(bench, key, ['--default-sig-expire', '49y']);
  put(bench, 'gpg-expires-later', key, 'A signature that ends in 2074.', ending, {
    holdsUntil: '2074-12-01',
  });
  const rsa = gpgSign(bench, 'gpg-rsa3072');
  if (!/=\n=.{4}\n/.test(rsa.signature)) throw new Error('the base64 has no padding: make the vectors again');
  const bare = changed(rsa, rsa.signature.replace(/^=.{4}\n/m, ''), 'by hand: the checksum line taken out');
  put(bench, 'no-checksum-padded', 'gpg-rsa3072', 'No armor checksum, where padding tells the end.', bare);
  const print = makeGpgKey(bench, 'gpg-subkey', 'ed25519', 'cert');
  bench.studio.gpg(TIMES.key, ['--quick-add-key', print, 'ed25519', 'sign', 'never']);
  putGpgKey(bench, 'gpg-subkey');
  const subkey = gpgSign(bench, 'gpg-subkey');
  put(bench, 'gpg-subkey', 'gpg-subkey', 'By a signing subkey; the primary key only certifies.', subkey);
}

async function byOpenpgpJs(bench: Bench): Promise<void> {
  const kinds = {
    'openpgpjs-ed25519': [{}, 'Ed25519'],
    'openpgpjs-nistp256': [{ curve: 'nistP256' }, 'ECDSA on NIST P-256'],
    'openpgpjs-nistp521': [{ curve: 'nistP521' }, 'ECDSA on NIST P-521'],
    'openpgpjs-rsa3072': [{ rsaBits: 3072 }, 'RSA of 3072 bits'],
    'openpgpjs-subkey': [{ signingSubkey: true }, 'a signing subkey'],
  } as const;
  for (const [id, [spec, name]] of Object.entries(kinds)) {
    const key = await jsKey(bench, id, spec);
    put(bench, id, id, `By OpenPGP.js with ${name}.`, await jsSign(bench, key));
  }
}

async function bySq(bench: Bench): Promise<void> {
  const { studio } = bench;
  const sign = (secret: string): Made => ({
    signature: studio
      .run('sq', 'sign', '--detached', '--signer-key', secret, '--time', '20260102T000000', DOCUMENT)
      .toString(),
    made: studio.steps(),
  });
  for (const suite of ['cv25519', 'rsa3k']) {
    const id = `sq-${suite}`;
    const who = ['--userid', `${id} <${id}@example.org>`, '--cipher-suite', suite];
    const when = ['--creation-time', '20260101T000000', '--expires', 'never'];
    studio.run('sq', 'key', 'generate', ...who, ...when, '--export', `${id}.key`);
    studio.run('sq', 'key', 'extract-cert', '--output', `${id}.cert`, `${id}.key`);
    await putForeign(bench, id, studio.read(`${id}.cert`).toString());
    put(
      bench,
      id,
      id,
      `By sq with a key of its own (${suite}), which signs with a subkey.`,
      sign(`${id}.key`),
    );
  }
  for (const id of ['gpg-ed25519', 'gpg-nistp384']) {
    takeSecret(bench, id);
    put(bench, `sq-by-${id}`, id, `By sq with the key ${id}.`, sign(`${id}.secret`));
  }
}

async function byRnp(bench: Bench): Promise<void> {
  const { studio } = bench;
  const home = ['--homedir', 'rnp', '--notty'];
  const sign = (id: string): Made => {
    const how = ['--sign', '--detach', '--armor', '-u', id, '--password', '', '--current-time', '2026-01-02'];
    studio.run('rnp', ...home, ...how, '--output', `${id}.by-rnp.asc`, DOCUMENT);
    return { signature: studio.read(`${id}.by-rnp.asc`).toString(), made: studio.steps() };
  };
  const plain = (made: Made): Made => ({
    signature: made.signature.replaceAll('\r', ''),
    made: [...made.made, "tr -d '\\r'"],
  });
  const id = 'rnp-rsa3072';
  const how = ['--userid', id, '--numbits', '3072', '--expiration', '0', '--password', ''];
  studio.run('rnpkeys', ...home, '--generate-key', ...how, '--current-time', '2026-01-01');
  await putForeign(bench, id, studio.run('rnpkeys', ...home, '--export-key', id).toString());
  const own = sign(id);
  put(bench, id, id, 'By rnp with a key of its own.', plain(own));
  const asWritten = { group: 'file', ...own } as const;
  put(bench, 'crlf-by-rnp', id, 'As rnp writes it: lines end with CR LF.', own, asWritten);
  for (const key of ['gpg-ed25519', 'gpg-nistp256']) {
    takeSecret(bench, key);
    studio.run('rnpkeys', ...home, '--import-keys', `${key}.secret`);
    put(bench, `rnp-by-${key}`, key, `By rnp with the key ${key}.`, plain(sign(key)));
  }
}

function takeSecret({ studio }: Bench, id: string): void {
  const secret = studio.gpg(TIMES.signature, ['--armor', '--export-secret-keys', `${id}@example.org`]);
  studio.write(`${id}.secret`, secret);
}
