import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Fingerprint } from '../../../src/inputs/facts.ts';
import { parseSignatureFile } from '../../../src/inputs/signature-packet.ts';
import { instantFromMs, type Instant } from '../../../src/kernel/time.ts';
import { chooseSigningKey, explain, parseListing } from '../../../src/world/gpg-signer.ts';
import { makeSigner, parseSignerSpec } from '../../../src/world/signer.ts';
import { makeVerifier } from '../../../src/world/verifier.ts';
import { requireOrSkip, whereIs } from '../../harness/capabilities.ts';
import { fileOf, makeKey, type TestKey } from '../../harness/keys.ts';

const real = requireOrSkip('gpg', 'signing with the real gpg and its agent');
const GPG = whereIs('gpg') ?? '';
const GPGCONF = whereIs('gpgconf') ?? '';
const data = new TextEncoder().encode('hello\r\n\u0000world');

let folder: string;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'gb-sign-'))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
afterEach(() => vi.unstubAllEnvs());

/** Every verifier of this machine says that `signature` is of `data`, by this key. */
async function expectGood(signature: Uint8Array, publicArmored: string, print: string): Promise<void> {
  const seen = await makeVerifier().verify({
    data,
    signature: fileOf('x.asc', signature),
    keys: [fileOf(`policies/keys/${print}.asc`, publicArmored)],
    at: instantFromMs(Date.now()),
  });
  expect(seen.shape.is).toBe('ok');
  expect(seen.verifiers.length).toBeGreaterThan(0);
  for (const { says } of seen.verifiers) expect(says).toMatchObject({ is: 'good', primary: print });
}

describe('what --key names', () => {
  const PRINT = '0123456789ABCDEF0123456789ABCDEF01234567' as Fingerprint;
  test.each<[string, unknown]>([
    [PRINT, { kind: 'gpg', key: PRINT }],
    [PRINT.toLowerCase(), { kind: 'gpg', key: PRINT }],
    ['0123 4567 89AB CDEF 0123  4567 89AB CDEF 0123 4567', { kind: 'gpg', key: PRINT }],
    ['keys/me.asc', { kind: 'file', path: 'keys/me.asc' }],
    ['/a b/me.asc', { kind: 'file', path: '/a b/me.asc' }],
  ])('%s', (text, spec) => {
    expect(parseSignerSpec(text)).toEqual(spec);
  });

  test.each(['01234567', '0123456789ABCDEF', '0x89abcdef', `0x${PRINT}`, '', ' '])(
    '"%s" is no key',
    async (text) => {
      const spec = parseSignerSpec(text);
      expect(spec.kind).toBe('none');
      await expect(makeSigner(spec).identity()).rejects.toMatchObject({ code: 'SIGNER' });
      await expect(makeSigner(spec).sign(data)).rejects.toMatchObject({ code: 'SIGNER' });
    },
  );
});

describe('a key file', () => {
  let key: TestKey;
  let locked: TestKey;
  beforeAll(async () => {
    key = await makeKey({ name: 'Ada', email: 'ada@example.org' });
    locked = await makeKey({ name: 'Lock', email: 'lock@example.org', passphrase: 'correct horse' });
  });

  function put(name: string, content: string, mode = 0o600): string {
    const path = join(folder, name);
    writeFileSync(path, content);
    chmodSync(path, mode);
    return path;
  }

  test('signs what every verifier accepts', async () => {
    const signer = makeSigner({ kind: 'file', path: put('ada.asc', key.privateArmored) });
    expect(await signer.identity()).toEqual({
      fingerprint: key.fingerprint,
      userId: 'Ada <ada@example.org>',
      backend: 'software',
      tool: 'openpgp.js 6.3.2',
    });
    const signature = await signer.sign(data);
    expect(Buffer.from(signature).toString()).toMatch(
      /^-----BEGIN PGP SIGNATURE-----\n\n[^:]+\n-----END PGP SIGNATURE-----\n$/,
    );
    await expectGood(signature, key.publicArmored, key.fingerprint);
    const shape = parseSignatureFile(signature);
    expect(shape).toMatchObject({ packet: { class: 0, hashAlgorithm: 10, unknownCritical: [] } });
  });

  test('signs through its subkey, and is named by its primary key', async () => {
    const sub = await makeKey({ name: 'Sub', email: 's@example.org', signingSubkey: true });
    const signer = makeSigner({ kind: 'file', path: put('sub.asc', sub.privateArmored) });
    expect((await signer.identity()).fingerprint).toBe(sub.fingerprint);
    await expectGood(await signer.sign(data), sub.publicArmored, sub.fingerprint);
  });

  test('states the time of the clock that it is given', async () => {
    const created = new Date('2026-01-01T00:00:00Z');
    const old = await makeKey({ name: 'Old', email: 'o@example.org', created });
    const clock = { now: () => '2026-02-03T04:05:06Z' as Instant };
    const signature = await makeSigner({
      kind: 'file',
      path: put('old.asc', old.privateArmored),
      clock,
    }).sign(data);
    expect(parseSignatureFile(signature)).toMatchObject({ packet: { created: '2026-02-03T04:05:06Z' } });
  });

  test('is asked for its passphrase once, and only to sign', async () => {
    let asked = 0;
    const passphrase = async (): Promise<string> => {
      asked += 1;
      return 'correct horse';
    };
    const signer = makeSigner({ kind: 'file', path: put('locked.asc', locked.privateArmored), passphrase });
    expect((await signer.identity()).fingerprint).toBe(locked.fingerprint);
    expect(asked).toBe(0);
    await expectGood(await signer.sign(data), locked.publicArmored, locked.fingerprint);
    await signer.sign(data);
    expect(asked).toBe(1);
  });

  test('with a wrong passphrase, or nobody to ask, does not sign', async () => {
    const path = put('locked.asc', locked.privateArmored);
    const wrong = makeSigner({ kind: 'file', path, passphrase: async () => 'wrong' });
    await expect(wrong.sign(data)).rejects.toMatchObject({
      code: 'SIGNER',
      message: `the passphrase does not open the key in ${path}`,
    });
    await expect(makeSigner({ kind: 'file', path }).sign(data)).rejects.toMatchObject({
      code: 'SIGNER',
      message: `the key in ${path} has a passphrase, and nobody can be asked for it`,
    });
  });

  test.each<[string, () => string, string]>([
    ['is not there', () => join(folder, 'none.asc'), 'cannot be read: ENOENT'],
    ['is a folder', () => folder, 'is not a regular file'],
    [
      'everyone can read',
      () => put('open.asc', key.privateArmored, 0o644),
      'can be read by everyone (mode 644)',
    ],
    [
      'is too large',
      () => put('large.asc', 'x'.repeat(262_145)),
      'has 262145 bytes; the limit is 262144 bytes',
    ],
    [
      'holds a public key',
      () => put('public.asc', key.publicArmored),
      'is not an armored OpenPGP private key of version 4',
    ],
    [
      'holds something else',
      () => put('junk.asc', 'junk'),
      'is not an armored OpenPGP private key of version 4',
    ],
  ])('that %s is refused', async (_what, make, wrong) => {
    const path = make();
    const error: unknown = await makeSigner({ kind: 'file', path })
      .identity()
      .catch((cause: unknown) => cause);
    expect(error).toMatchObject({ code: 'SIGNER', data: { path } });
    expect(String(error)).toContain(wrong);
  });

  test('everyone can read says what to do', async () => {
    const path = put('open.asc', key.privateArmored, 0o604);
    await expect(makeSigner({ kind: 'file', path }).sign(data)).rejects.toMatchObject({
      hint: `run \`chmod 600 ${path}\``,
    });
  });

  test('that has expired cannot sign', async () => {
    const created = new Date(Date.now() - 1_000_000);
    const old = await makeKey({ name: 'Old', email: 'o@example.org', created, expiresInSeconds: 10 });
    const path = put('expired.asc', old.privateArmored);
    const error: unknown = await makeSigner({ kind: 'file', path })
      .sign(data)
      .catch((cause: unknown) => cause);
    expect(error).toMatchObject({ code: 'SIGNER' });
    expect(String(error)).toContain('Primary key is expired');
  });
});

describe('a listing of gpg', () => {
  const A = 'A'.repeat(40) as Fingerprint;
  const B = 'B'.repeat(40) as Fingerprint;
  const C = 'C'.repeat(40) as Fingerprint;
  interface Row {
    readonly print?: string;
    readonly validity?: string;
    readonly created?: number;
    readonly caps?: string;
    readonly token?: string;
  }
  const row = (
    type: string,
    { print = A, validity = 'u', created = 1, caps = 'scESC', token = '+' }: Row,
  ): string =>
    `${type}:${validity}:255:22:${print.slice(24)}:${created}::::::${caps}:::${token}:::23::0:\nfpr:::::::::${print}:\ngrp:::::::::${'F'.repeat(40)}:`;
  const uid = (text: string, validity = 'u'): string => `uid:${validity}::::1::HASH::${text}::::::::::0:`;
  const listing = (...lines: readonly string[]): string => `${lines.join('\n')}\n`;
  const choose = (text: string, asked = A): unknown => chooseSigningKey(parseListing(text), asked);

  test('of one key gives that key and its user id, escaped', () => {
    const text = listing(row('sec', {}), uid('Gone', 'r'), uid('Ada \\x3a \\x1b[2K <ada@example.org>'));
    expect(choose(text)).toEqual({ primary: A, signingKey: A, userId: 'Ada : \\u{1b}[2K <ada@example.org>' });
  });

  test('gives the primary key that was asked for, even beside a signing subkey', () => {
    expect(choose(listing(row('sec', {}), uid('Ada'), row('ssb', { print: B, caps: 's' })))).toMatchObject({
      signingKey: A,
    });
  });

  test.each<[string, Row]>([
    ['cannot sign', { caps: 'cSC' }],
    ['is not on this machine', { token: '#' }],
  ])('gives the newest usable subkey when the primary key %s', (_what, primary) => {
    const subkeys = [
      row('ssb', { print: B, caps: 's', created: 5 }),
      row('ssb', { print: C, caps: 's', created: 9, token: 'D2760001240102000000' }),
      row('ssb', { print: 'D'.repeat(40), caps: 's', created: 99, validity: 'e' }),
      row('ssb', { print: 'E'.repeat(40), caps: 's', created: 99, token: '#' }),
      row('ssb', { print: 'F'.repeat(40), caps: 'e', created: 99 }),
    ];
    expect(choose(listing(row('sec', primary), uid('Ada'), ...subkeys))).toMatchObject({
      primary: A,
      signingKey: C,
    });
  });

  test('gives the subkey that was asked for, and its primary key', () => {
    const text = listing(
      row('sec', {}),
      uid('Ada'),
      row('ssb', { print: B, caps: 's' }),
      row('ssb', { print: C, caps: 's', created: 9 }),
    );
    expect(choose(text, B)).toEqual({ primary: A, signingKey: B, userId: 'Ada' });
  });

  test.each<[string, string, Fingerprint]>([
    ['nothing', '', A],
    ['two certificates', listing(row('sec', {}), row('sec', { print: B })), A],
    ['a revoked key', listing(row('sec', { validity: 'r' }), row('ssb', { print: B, caps: 's' })), A],
    ['an expired key', listing(row('sec', { validity: 'e' })), A],
    ['no signing key', listing(row('sec', { caps: 'c' }), row('ssb', { print: B, caps: 'e' })), A],
    [
      'a revoked subkey that was asked for',
      listing(row('sec', {}), row('ssb', { print: B, caps: 's', validity: 'r' })),
      B,
    ],
    [
      'a subkey of an expired key',
      listing(row('sec', { validity: 'e' }), row('ssb', { print: B, caps: 's' })),
      B,
    ],
    ['a version 6 key', listing(row('sec', { print: 'A'.repeat(64) })), A],
  ])('of %s gives none', (_what, text, asked) => {
    expect(() => choose(text, asked)).toThrow(expect.objectContaining({ code: 'SIGNER' }) as Error);
  });
});

describe('why there is no signature', () => {
  const said = (...status: readonly string[]) =>
    explain(
      { exit: 2, status: status.map((line) => `[GNUPG:] ${line}`), lastWords: 'gpg: signing failed' },
      'A'.repeat(40),
    );

  test.each<[string, readonly string[], string]>([
    ['cancelled', ['FAILURE sign 83886179'], 'the signature was cancelled'],
    ['cancelled for good', ['FAILURE sign 67109062'], 'the signature was cancelled'],
    ['wrong passphrase', ['FAILURE sign 67108875'], 'the passphrase is wrong'],
    ['no pinentry', ['FAILURE sign 67108949'], 'no pinentry is installed'],
    ['no card', ['FAILURE sign 100663408'], 'there is no card in the reader'],
    ['cancelled at the card', ['SC_OP_FAILURE 1', 'FAILURE sign 100663404'], 'the signature was cancelled'],
    ['bad PIN', ['SC_OP_FAILURE 2', 'FAILURE sign 100663383'], 'the card refused the PIN'],
    [
      'the last failure counts',
      ['FAILURE x 1', 'FAILURE sign 67108881'],
      'the secret key is not on this machine',
    ],
    ['something else', ['FAILURE sign 1'], 'gpg could not sign: gpg: signing failed'],
    ['silence', [], 'gpg could not sign: gpg: signing failed'],
  ])('%s', (_what, status, why) => {
    const error = said(...status);
    expect(error).toMatchObject({ code: 'SIGNER', data: { gpg: 'gpg: signing failed' } });
    expect(error.message).toContain(why);
    expect(error.message).toContain('A'.repeat(40));
  });
});

describe('gpg that is not there', () => {
  const KEY = 'A'.repeat(40) as Fingerprint;

  test('is said, with a way out', async () => {
    vi.stubEnv('PATH', folder);
    await expect(makeSigner({ kind: 'gpg', key: KEY }).sign(data)).rejects.toMatchObject({
      code: 'SIGNER',
      hint: 'install GnuPG, or name a key file with --key',
    });
    await expect(
      makeSigner({ kind: 'gpg', key: KEY, gpgPath: '/nonexistent/gpg' }).identity(),
    ).rejects.toMatchObject({ code: 'TOOL' });
  });

  /** In place of gpg: lists one key, and "signs" as told. */
  function fake(name: string, sign: string): string {
    const path = join(folder, name);
    const list = `sec:u:255:22:AAAAAAAAAAAAAAAA:1::::::scESC:::+:::\\nfpr:::::::::${KEY}:\\nuid:u::::1::X::Ada:\\n`;
    writeFileSync(
      path,
      `#!/bin/sh\ncase "$*" in *--version*) echo "gpg 9.9.9";; *--list-secret-keys*) printf '${list}';; *) cat >/dev/null; ${sign};; esac\n`,
    );
    chmodSync(path, 0o755);
    return path;
  }
  const created = (rest: string): string => `echo "[GNUPG:] SIG_CREATED ${rest}" >&3`;

  test.each<[string, string, string]>([
    ['nothing', 'exit 0', 'gpg could not sign'],
    [
      'a signature of another type',
      created(`S 22 10 00 1 ${KEY}`),
      'gpg made another signature than was asked for',
    ],
    ['a text signature', created(`D 22 10 01 1 ${KEY}`), 'gpg made another signature than was asked for'],
    ['a SHA-1 signature', created(`D 22 2 00 1 ${KEY}`), 'gpg made another signature than was asked for'],
    [
      'a signature of another key',
      created(`D 22 10 00 1 ${'B'.repeat(40)}`),
      'gpg made another signature than was asked for',
    ],
    [
      'two signatures',
      `${created(`D 22 10 00 1 ${KEY}`)}; ${created(`D 22 10 00 1 ${KEY}`)}`,
      'gpg could not sign',
    ],
    ['no signature', created(`D 22 10 00 1 ${KEY}`), 'gpg made a signature that is not accepted'],
    ['a success that failed', `${created(`D 22 10 00 1 ${KEY}`)}; exit 2`, 'gpg could not sign'],
  ])('or that makes %s is not believed', async (what, sign, wrong) => {
    const signer = makeSigner({ kind: 'gpg', key: KEY, gpgPath: fake(what.replaceAll(' ', '-'), sign) });
    expect(await signer.identity()).toEqual({
      fingerprint: KEY,
      userId: 'Ada',
      backend: 'agent',
      tool: 'gpg 9.9.9',
    });
    const error: unknown = await signer.sign(data).catch((cause: unknown) => cause);
    expect(error).toMatchObject({ code: 'SIGNER' });
    expect(String(error)).toContain(wrong);
  });

  test('or that signs with a key it does not name is not believed', async () => {
    const other = await makeKey({ name: 'Eve', email: 'e@example.org' });
    const file = join(folder, 'eve.sig');
    writeFileSync(file, await other.sign(data));
    const signer = makeSigner({
      kind: 'gpg',
      key: KEY,
      gpgPath: fake('eve', `cat ${file}; ${created(`D 22 10 00 1 ${KEY}`)}`),
    });
    await expect(signer.sign(data)).rejects.toMatchObject({
      message: `gpg signed with ${other.fingerprint}, not ${KEY}`,
    });
  });
});

describe.skipIf(!real)('the real gpg', () => {
  let home: string;
  const gpg = (...args: readonly string[]): string => {
    const run = spawnSync(
      GPG,
      ['--homedir', home, '--batch', '--no-tty', '--pinentry-mode', 'loopback', '--passphrase', '', ...args],
      { encoding: 'utf8' },
    );
    if (run.status !== 0) throw new Error(`gpg ${args.join(' ')}: ${run.stderr}`);
    return run.stdout;
  };
  const prints = (id: string): string[] =>
    gpg('--with-colons', '--list-keys', id)
      .split('\n')
      .filter((line) => line.startsWith('fpr:'))
      .map((line) => line.split(':')[9] ?? '');
  /** A pinentry that answers GETPIN with one line. */
  const pinentry = (answer: string): void => {
    const script = join(home, 'pinentry.sh');
    writeFileSync(
      script,
      `#!/bin/sh\necho OK\nwhile read -r line; do case "$line" in GETPIN*) printf '%b' '${answer}';; BYE*) echo OK; exit 0;; *) echo OK;; esac; done\n`,
    );
    chmodSync(script, 0o755);
    spawnSync(GPGCONF, ['--homedir', home, '--reload', 'gpg-agent']);
  };
  const signer = (key: string) => makeSigner({ kind: 'gpg', key: key as Fingerprint, homedir: home });

  beforeAll(() => {
    home = join(folder, 'gnupg');
    mkdirSync(home, { mode: 0o700 });
    writeFileSync(
      join(home, 'gpg-agent.conf'),
      `pinentry-program ${join(home, 'pinentry.sh')}\nmax-cache-ttl 0\ndefault-cache-ttl 0\n`,
    );
    gpg('--quick-gen-key', 'Ada <ada@example.org>', 'ed25519', 'sign', 'never');
    gpg('--quick-gen-key', 'Cert <cert@example.org>', 'ed25519', 'cert', 'never');
    const [cert = ''] = prints('cert@example.org');
    gpg('--quick-add-key', cert, 'ed25519', 'sign', 'never');
    gpg('--quick-gen-key', 'Rsa <rsa@example.org>', 'rsa3072', 'sign', 'never');
    gpg('--passphrase', 'sesame', '--quick-gen-key', 'Lock <lock@example.org>', 'ed25519', 'sign', 'never');
  });
  // Only the agent of this home folder.
  afterAll(() => spawnSync(GPGCONF, ['--homedir', home, '--kill', 'all']));

  test.each(['ada@example.org', 'rsa@example.org'])(
    'signs with %s what every verifier accepts',
    async (id) => {
      const [print = ''] = prints(id);
      const info = await signer(print).identity();
      expect(info).toMatchObject({ fingerprint: print, backend: 'agent' });
      expect(info.userId).toContain(id);
      expect(info.tool).toMatch(/^gpg \d+\.\d+\.\d+$/);
      await expectGood(await signer(print).sign(data), gpg('--armor', '--export', print), print);
    },
  );

  test.each(['secp256k1', 'brainpoolP256r1'])(
    'signs with %s, which is refused as not for every verifier',
    async (curve) => {
      gpg('--quick-gen-key', `Curve <${curve}@example.org>`, curve, 'sign', 'never');
      const [print = ''] = prints(`${curve}@example.org`);
      const seen = await makeVerifier().verify({
        data,
        signature: fileOf('x.asc', await signer(print).sign(data)),
        keys: [fileOf(`policies/keys/${print}.asc`, gpg('--armor', '--export', print))],
        at: instantFromMs(Date.now()),
      });
      expect(seen.key?.algorithm).toBe(curve);
      expect(seen.verifiers[0]?.says).toEqual({ is: 'bad', problem: { code: 'SIG_WEAK', wrong: curve } });
    },
  );

  test('signs with a subkey, asked for by itself or through its primary key', async () => {
    const [primary = '', subkey = ''] = prints('cert@example.org');
    for (const asked of [primary, subkey]) {
      expect((await signer(asked).identity()).fingerprint).toBe(primary);
      const signature = await signer(asked).sign(data);
      expect(parseSignatureFile(signature)).toMatchObject({ packet: { issuerFingerprint: subkey } });
      await expectGood(signature, gpg('--armor', '--export', primary), primary);
    }
  });

  test('ignores options that would change the signature', async () => {
    const [print = ''] = prints('ada@example.org');
    writeFileSync(
      join(home, 'gpg.conf'),
      'comment trust me\ndigest-algo SHA1\ntextmode\nsig-notation !x@example.org=1\n',
    );
    try {
      await expectGood(
        await signer(print).sign(data),
        gpg('--no-options', '--armor', '--export', print),
        print,
      );
    } finally {
      rmSync(join(home, 'gpg.conf'));
    }
  });

  test('has no secret key of somebody else', async () => {
    await expect(signer('A'.repeat(40)).identity()).rejects.toMatchObject({
      code: 'SIGNER',
      data: { key: 'A'.repeat(40) },
    });
  });

  test('signs when the passphrase is given to pinentry', async () => {
    pinentry('D sesame\\nOK\\n');
    const [print = ''] = prints('lock@example.org');
    await expectGood(await signer(print).sign(data), gpg('--armor', '--export', print), print);
  });

  test('says that pinentry was cancelled', async () => {
    pinentry('ERR 83886179 Operation cancelled <Pinentry>\\n');
    const [print = ''] = prints('lock@example.org');
    await expect(signer(print).sign(data)).rejects.toMatchObject({
      code: 'SIGNER',
      message: `the signature was cancelled at the PIN or passphrase prompt (key ${print})`,
    });
  });

  test('says that the passphrase is wrong', async () => {
    pinentry('D wrong\\nOK\\n');
    const [print = ''] = prints('lock@example.org');
    await expect(signer(print).sign(data)).rejects.toMatchObject({
      message: `the passphrase is wrong (key ${print})`,
    });
  });

  test('says that there is no pinentry', async () => {
    rmSync(join(home, 'pinentry.sh'));
    const [print = ''] = prints('lock@example.org');
    const error: unknown = await signer(print)
      .sign(data)
      .catch((cause: unknown) => cause);
    expect(error).toMatchObject({ code: 'SIGNER' });
    expect(String(error)).toMatch(/no pinentry is installed|pinentry could not ask/);
  });

  test('is asked for in the GNUPGHOME of the environment when none is named', async () => {
    const [print = ''] = prints('ada@example.org');
    vi.stubEnv('GNUPGHOME', home);
    expect((await makeSigner({ kind: 'gpg', key: print as Fingerprint }).identity()).fingerprint).toBe(print);
    expect(process.env['GNUPGHOME']).toBe(home);
  });

  test('reads a key that OpenPGP.js made, and signs with it', async () => {
    const key = await makeKey({ name: 'Js', email: 'js@example.org' });
    const imported = spawnSync(GPG, ['--homedir', home, '--batch', '--import'], {
      input: key.privateArmored,
      encoding: 'utf8',
    });
    expect(imported.status, imported.stderr).toBe(0);
    await expectGood(await signer(key.fingerprint).sign(data), key.publicArmored, key.fingerprint);
  });
});
