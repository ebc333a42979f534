import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as openpgp from 'openpgp';
import { beforeAll, describe, expect, test } from 'vitest';
import type { FileRead, SignatureFacts } from '../../../src/inputs/facts.ts';
import { instantFromMs } from '../../../src/kernel/time.ts';
import { makeVerifier } from '../../../src/world/verifier.ts';
import { requireOrSkip } from '../../harness/capabilities.ts';
import {
  armored,
  fileOf,
  makeKey,
  selfCertification,
  type KeySpec,
  type SignSpec,
  type TestKey,
} from '../../harness/keys.ts';

const gpgv = requireOrSkip('gpgv', 'what gpgv says of the same signatures as OpenPGP.js');
const sqv = requireOrSkip('sqv', 'what sqv says of the same signatures as OpenPGP.js');
const verifier = makeVerifier();
const data = new TextEncoder().encode('hello\n');
const DAY = 86_400_000;
const now = Math.floor(Date.now() / 1000) * 1000;
const daysAgo = (days: number): Date => new Date(now - days * DAY);

/** Made long ago, unless said otherwise. */
const keyOf = (spec: Omit<KeySpec, 'name' | 'email'>): Promise<TestKey> =>
  makeKey({ name: 'Bea', email: 'bea@example.org', created: daysAgo(100), ...spec });

/** Signed now, unless said otherwise. */
const sign = (key: TestKey, over: Uint8Array | string, spec: SignSpec = {}): Promise<string> =>
  key.sign(over, { at: new Date(now), ...spec });

async function ask(
  keys: readonly FileRead[],
  signature: string,
  at: number | Date = now,
): Promise<SignatureFacts> {
  return verifier.verify({
    data,
    signature: fileOf('intents/x.yaml.asc', signature),
    keys,
    at: instantFromMs(Number(at)),
  });
}

/** `good`, or the code, of each verifier that was asked. */
function answers(facts: SignatureFacts): Record<string, string> {
  return Object.fromEntries(
    facts.verifiers.map(({ tool, says }) => [tool, says.is === 'bad' ? says.problem.code : says.is]),
  );
}

/** What all say; gpgv and sqv only where they are installed. sqv judges a key as of the signature, as OpenPGP.js does. */
const all = (library: string, second = library, third = library): Record<string, string> => ({
  'openpgp.js': library,
  ...(gpgv ? { gpgv: second } : {}),
  ...(sqv ? { sqv: third } : {}),
});

let ada: TestKey;
let expired: TestKey;
beforeAll(async () => {
  ada = await makeKey({ name: 'Ada', email: 'ada@example.org', created: daysAgo(100) });
  expired = await makeKey({
    name: 'Exp',
    email: 'exp@example.org',
    created: daysAgo(100),
    expiresInSeconds: 50 * 86_400,
  });
});

describe('as of its own time', () => {
  test('is a signature judged that was good when it was made, and expired since', async () => {
    const alone = makeVerifier({ gpgvPath: null, sqvPath: null });
    const made = await sign(ada, data, { at: new Date(now - 10 * DAY), expiresInSeconds: 86_400 });
    const signature = fileOf('x.asc', made);
    const own = await alone.verify({ data, signature, keys: [ada.file()], at: null });
    expect(answers(own)).toEqual({ 'openpgp.js': 'good' });
    const inside = await alone.verify({ data, signature, keys: [ada.file()], at: null, depth: 'inside' });
    expect(answers(inside)).toEqual({ 'node:crypto': 'good' });
    const later = await alone.verify({ data, signature, keys: [ada.file()], at: instantFromMs(now) });
    expect(answers(later)).toEqual({ 'openpgp.js': 'SIG_EXPIRED' });
  });
});

describe('a good signature', () => {
  test('is good to every verifier, with who made it and when', async () => {
    const facts = await ask([ada.file()], await sign(ada, data, { at: daysAgo(1) }));
    expect(answers(facts)).toEqual(all('good'));
    for (const { says, version } of facts.verifiers) {
      expect(version).toMatch(/^\d+\.\d+/);
      expect(says).toEqual({
        is: 'good',
        primary: ada.fingerprint,
        signingKey: ada.fingerprint,
        created: instantFromMs(now - DAY),
      });
    }
    expect(facts).toMatchObject({
      file: 'intents/x.yaml.asc',
      shape: { is: 'ok' },
      key: { fingerprint: ada.fingerprint },
    });
    expect((await verifier.tools()).map(({ name }) => name)).toEqual(facts.verifiers.map(({ tool }) => tool));
  });

  test.each(['sha256', 'sha384', 'sha512'] as const)('may use %s', async (hash) => {
    expect(answers(await ask([ada.file()], await sign(ada, data, { hash })))).toEqual(all('good'));
  });

  test.each(['nistP256', 'nistP384', 'nistP521'] as const)('may come from a %s key', async (curve) => {
    const key = await keyOf({ curve });
    expect(answers(await ask([key.file()], await sign(key, data)))).toEqual(all('good'));
  });

  test('may come from an RSA key of 3072 bits', async () => {
    const key = await keyOf({ rsaBits: 3072 });
    const facts = await ask([key.file()], await sign(key, data));
    expect(answers(facts)).toEqual(all('good'));
    expect(facts.key).toMatchObject({ algorithm: 'rsa3072', bits: 3072 });
  });

  test('of a subkey counts for its primary key', async () => {
    const key = await keyOf({ signingSubkey: true });
    expect(key.signingFingerprint).not.toBe(key.fingerprint);
    const facts = await ask([ada.file(), key.file()], await sign(key, data));
    expect(answers(facts)).toEqual(all('good'));
    for (const { says } of facts.verifiers)
      expect(says).toMatchObject({ primary: key.fingerprint, signingKey: key.signingFingerprint });
  });

  test('may carry a notation that is not critical', async () => {
    const signature = await sign(ada, data, { notation: { name: 'note@example.org', critical: false } });
    expect(answers(await ask([ada.file()], signature))).toEqual(all('good'));
  });

  test('may come from a clock that is up to a minute ahead', async () => {
    const signature = await sign(ada, data, { at: new Date(now + 60_000) });
    expect(answers(await ask([ada.file()], signature))).toEqual(all('good'));
  });

  test('is good at the very second that it states', async () => {
    expect(answers(await ask([ada.file()], await sign(ada, data, { at: daysAgo(3) }), daysAgo(3)))).toEqual(
      all('good'),
    );
  });
});

describe('a bad signature', () => {
  test.each<[string, SignSpec & { readonly over?: string }, Record<string, string>]>([
    ['over other bytes', { over: 'hello!\n' }, all('SIG_BAD')],
    ['over the same text with other line ends', { over: 'hello\r\n' }, all('SIG_BAD')],
    ['from 2040', { at: new Date('2040-01-01T00:00:00Z') }, all('SIG_FUTURE')],
    ['from 61 seconds ahead', { at: new Date(now + 61_000) }, all('SIG_FUTURE')],
    ['that has expired', { at: daysAgo(5), expiresInSeconds: 86_400 }, all('SIG_EXPIRED')],
    ['that expires this second', { at: daysAgo(1), expiresInSeconds: 86_400 }, all('SIG_EXPIRED')],
    [
      'with a critical notation',
      { notation: { name: 'x@example.org', critical: true } },
      all('SIG_UNSUPPORTED'),
    ],
    ['dated before its key was made', { at: daysAgo(200) }, all('SIG_BAD', 'SIG_BAD', 'KEY_INVALID')],
  ])('%s', async (_what, { over = 'hello\n', ...spec }, expected) => {
    expect(answers(await ask([ada.file()], await sign(ada, over, spec)))).toEqual(expected);
  });

  test.each<[string, () => Promise<string>, string]>([
    ['text-mode', () => sign(ada, data, { type: 1 }), 'SIG_CLASS'],
    ['a key self-certification', async () => armored('signature', await selfCertification(ada)), 'SIG_COUNT'],
    [
      'two signatures',
      async () =>
        armored('signature', Buffer.concat([await ada.signBinary('other'), await ada.signBinary(data)])),
      'SIG_COUNT',
    ],
    ['text around the armor', async () => `hello\n${await sign(ada, data)}`, 'SIG_FORMAT'],
    ['an inline message', async () => armored('message', await ada.signBinary(data)), 'SIG_FORMAT'],
  ])('%s is shown to no verifier', async (_what, make, code) => {
    const facts = await ask([ada.file()], await make());
    expect(facts).toMatchObject({ shape: { is: 'malformed', code }, key: null, verifiers: [] });
  });

  test('made with SHA-1', async () => {
    const key = await keyOf({ curve: 'nistP256' });
    expect(await ask([key.file()], await sign(key, data, { hash: 'sha1' }))).toMatchObject({
      shape: { code: 'SIG_WEAK' },
      verifiers: [],
    });
  });
});

describe('the key', () => {
  test('of somebody else is nobody', async () => {
    const eve = await keyOf({});
    expect(await ask([ada.file()], await sign(eve, data))).toMatchObject({
      shape: { is: 'ok' },
      key: null,
      verifiers: [],
    });
    expect(await ask([], await sign(ada, data))).toMatchObject({ key: null, verifiers: [] });
  });

  test('is found by its whole fingerprint, not by the key id that two keys can share', async () => {
    const twin = `00${ada.fingerprint.slice(2)}`;
    const facts = await ask([ada.file()], await sign(ada, data, { claimedIssuer: twin }));
    expect(facts).toMatchObject({
      shape: { packet: { issuerFingerprint: twin, issuerKeyId: ada.fingerprint.slice(24) } },
    });
    expect(facts).toMatchObject({ key: null, verifiers: [] });
  });

  test('that has expired is refused, although it signed while it was valid', async () => {
    const signature = await sign(expired, data, { at: daysAgo(90) });
    const facts = await ask([expired.file()], signature);
    expect(answers(facts)).toEqual(all('KEY_EXPIRED', 'KEY_EXPIRED', 'good'));
    expect(facts.key?.expires).toBe(instantFromMs(now - 50 * DAY));
    // An auditor asks about the time of signing.
    expect(answers(await ask([expired.file()], signature, daysAgo(90)))).toEqual(all('good'));
  });

  test('that had expired when it signed is refused', async () => {
    expect(answers(await ask([expired.file()], await sign(expired, data, { at: daysAgo(2) })))).toEqual(
      all('KEY_EXPIRED'),
    );
  });

  test('that was extended is good again, for what it signed before, too', async () => {
    const file = expired.file(await expired.extended(200 * 86_400, daysAgo(1)));
    const signature = await sign(expired, data, { at: daysAgo(90) });
    // The only self-signature is younger than the signature, and sqv looks for one from then.
    expect(answers(await ask([file], signature))).toEqual(all('good', 'good', 'abstains'));
    expect(answers(await ask([file], signature, daysAgo(90)))).toEqual(all('good', 'good', 'abstains'));
    expect(
      answers(await ask([file], await sign(expired, 'other', { at: daysAgo(90) }), daysAgo(90))),
    ).toEqual(all('SIG_BAD', 'SIG_BAD', 'abstains'));
    expect(answers(await ask([file], await sign(expired, data)))).toEqual(all('good'));
  });

  test.each(['none', 'compromised'] as const)(
    'revoked for good (%s) is refused at every time',
    async (reason) => {
      const file = ada.file(await ada.revoked(reason, daysAgo(1)));
      const signature = await sign(ada, data, { at: daysAgo(5) });
      const facts = await ask([file], signature);
      expect(facts.key?.revoked?.kind).toBe('hard');
      expect(answers(facts)).toEqual(all('KEY_REVOKED'));
      expect(answers(await ask([file], signature, daysAgo(5)))).toEqual(all('KEY_REVOKED'));
    },
  );

  test.each(['superseded', 'retired'] as const)('revoked as %s is refused from then on', async (reason) => {
    const file = ada.file(await ada.revoked(reason, daysAgo(1)));
    const signature = await sign(ada, data, { at: daysAgo(5) });
    const facts = await ask([file], signature);
    expect(facts.key?.revoked).toEqual({ kind: 'soft', reason: `${reason}: test: ${reason}` });
    expect(facts.key?.signingKeys).toEqual([ada.fingerprint]);
    expect(answers(facts)).toEqual(all('KEY_REVOKED', 'KEY_REVOKED', 'good'));
    // gpgv knows no time but the present.
    expect(answers(await ask([file], signature, daysAgo(5)))).toEqual(all('good', 'KEY_REVOKED', 'good'));
    const hourAgo = now - 3_600_000;
    const after = await sign(ada, data, { at: new Date(hourAgo) });
    expect(answers(await ask([file], after, hourAgo))).toEqual(all('KEY_REVOKED'));
  });

  test('revoked for a reason that is none of a key counts as stolen', async () => {
    const file = ada.file(await ada.revoked('user-id', daysAgo(1)));
    const facts = await ask([file], await sign(ada, data, { at: daysAgo(5) }));
    expect(facts.key?.revoked).toEqual({ kind: 'hard', reason: 'reason 32: test: user-id' });
    expect(answers(facts)).toMatchObject({ 'openpgp.js': 'KEY_REVOKED' });
  });

  test('that annexed a subkey without its back-signature is refused', async () => {
    const key = await keyOf({ withoutBackSignature: true });
    const facts = await ask([key.file()], await sign(key, data));
    expect(facts.key?.signingKeys).toEqual([key.fingerprint]);
    expect(answers(facts)).toEqual(all('KEY_INVALID'));
  });

  test('whose signing subkey has expired is refused, and was good before', async () => {
    const key = await keyOf({ signingSubkey: true, subkeyExpiresInSeconds: 50 * 86_400 });
    const signature = await sign(key, data, { at: daysAgo(90) });
    const facts = await ask([key.file()], signature);
    expect(answers(facts)).toEqual(all('KEY_EXPIRED', 'KEY_EXPIRED', 'good'));
    expect(facts.key?.subkeys).toMatchObject([
      { fingerprint: key.signingFingerprint, expires: instantFromMs(now - 50 * DAY), revoked: null },
    ]);
    expect(answers(await ask([key.file()], signature, daysAgo(90)))).toEqual(all('good'));
  });

  test('whose signing subkey is revoked is refused', async () => {
    const key = await keyOf({ signingSubkey: true });
    const file = key.file(await key.subkeyRevoked(daysAgo(1)));
    const facts = await ask([file], await sign(key, data, { at: daysAgo(5) }));
    expect(answers(facts)).toEqual(all('KEY_REVOKED', 'KEY_REVOKED', 'good'));
    expect(facts.key).toMatchObject({
      revoked: null,
      signingKeys: [key.fingerprint, key.signingFingerprint],
      subkeys: [{ fingerprint: key.signingFingerprint, revoked: { kind: 'soft' } }],
    });
  });

  test.each([
    ['that may only certify', 0x01, 'KEY_INVALID'],
    ['that may only encrypt', 0x0c, 'KEY_INVALID'],
    ['that does not say what it may do', null, 'good'],
  ])('%s is refused', async (_what, keyFlags, gpgvSays) => {
    const key = await keyOf({ keyFlags });
    expect(answers(await ask([key.file()], await sign(key, data)))).toEqual(
      all('KEY_INVALID', gpgvSays, 'KEY_INVALID'),
    );
  });

  test('with SHA-1 in its self-signatures is refused', async () => {
    const key = await keyOf({ curve: 'nistP256', sha1SelfSignatures: true });
    expect(answers(await ask([key.file()], await sign(key, data)))).toEqual(
      all('SIG_WEAK', 'KEY_INVALID', 'SIG_WEAK'),
    );
  });

  test.each([
    [1024, 'SIG_WEAK'],
    [2048, 'good'],
  ])('of RSA with %i bits is refused, though gpgv does not mind', async (rsaBits, sqvSays) => {
    const key = await keyOf({ rsaBits });
    const facts = await ask([key.file()], await sign(key, data));
    expect(answers(facts)).toEqual(all('SIG_WEAK', 'good', sqvSays));
    expect(facts.key?.bits).toBe(rsaBits);
  });
});

describe('key files', () => {
  test('are read into facts', async () => {
    const [read] = await verifier.keys([expired.file()]);
    expect(read).toEqual({
      is: 'key',
      key: {
        file: `policies/keys/${expired.fingerprint}.asc`,
        fingerprint: expired.fingerprint,
        signingKeys: [expired.fingerprint],
        subkeys: [],
        userIds: ['Exp <exp@example.org>'],
        algorithm: 'ed25519',
        bits: null,
        created: instantFromMs(now - 100 * DAY),
        expires: instantFromMs(now - 50 * DAY),
        revoked: null,
      },
    });
  });

  test('show a user id that would repaint a terminal, harmlessly', async () => {
    const key = await makeKey({ name: 'Mallory\u001b[2K\rAlice', email: 'm@example.org' });
    const [read] = await verifier.keys([key.file()]);
    expect(read).toMatchObject({ key: { userIds: ['Mallory\\u{1b}[2K\\u{d}Alice <m@example.org>'] } });
  });

  test('must be named by their fingerprint, hold one public key, and be whole', async () => {
    const cut = ada.publicArmored.replace(/\n[^\n]+\n=/, '\n=');
    const reads = await verifier.keys([
      fileOf('policies/keys/ada.asc', ada.publicArmored),
      fileOf(`policies/keys/${expired.fingerprint}.asc`, ada.publicArmored),
      ada.file(ada.privateArmored),
      ada.file(cut),
      ada.file('not a key'),
    ]);
    expect(reads.map((read) => (read.is === 'problem' ? read.problem.code : 'key'))).toEqual(
      Array(5).fill('KEYRING_SHAPE'),
    );
    expect(reads[0]).toMatchObject({
      problem: {
        wrong: `holds the key ${ada.fingerprint}, so it must be named ${ada.fingerprint}.asc`,
      },
    });
    expect(
      await ask([fileOf('policies/keys/ada.asc', ada.publicArmored)], await sign(ada, data)),
    ).toMatchObject({ key: null, verifiers: [] });
  });

  test('are not all read when they carry too many signatures together, whosever those are', async () => {
    const [primary, id, certification] = await packetsOf(ada);
    const crowd = Array.from({ length: 13 }, (_, i) => {
      const bad = Buffer.from(certification!);
      bad[bad.length - 1]! ^= i + 1;
      const packets = [primary!, id!, certification!, ...Array<Uint8Array>(49).fill(bad)];
      return ada.file(armored('publicKey', Buffer.concat(packets)));
    });
    const reads = await verifier.keys(crowd);
    expect(reads.map((read) => (read.is === 'key' ? 'key' : read.problem.wrong))).toEqual([
      ...Array<string>(12).fill('key'),
      'is not read: it and the keys before it carry more than 600 signatures; export them without those of others (gpg --export-options export-minimal)',
    ]);
    // Each time anew: the first of many is not the worse for having been asked before.
    expect((await verifier.keys(crowd.slice(12)))[0]).toMatchObject({ is: 'key' });
  });

  test('are refused when no self-signature holds', async () => {
    const other = await makeKey({ name: 'Ada', email: 'ada@example.org' });
    // The user id and certification of one key behind the primary key of another.
    const [mine, theirs] = await Promise.all([ada, other].map(async (key) => packetsOf(key)));
    const forged = armored('publicKey', Buffer.concat([mine![0]!, theirs![1]!, theirs![2]!]));
    const [read] = await verifier.keys([ada.file(forged)]);
    expect(read).toMatchObject({ is: 'problem', problem: { code: 'KEY_INVALID' } });
  });
});

/** The packets of a certificate, each with its header. */
async function packetsOf(key: TestKey): Promise<Uint8Array[]> {
  const certificate = await openpgp.readKey({ armoredKey: key.publicArmored });
  return [...certificate.toPacketList()].map((packet) => {
    const list = new openpgp.PacketList<openpgp.AnyPacket>();
    list.push(packet);
    return list.write();
  });
}

describe('a program', () => {
  test('is not asked when it is turned off', async () => {
    const alone = makeVerifier({ gpgvPath: null, sqvPath: null });
    const signature = fileOf('x.asc', await sign(ada, data));
    const facts = await alone.verify({ data, signature, keys: [ada.file()], at: instantFromMs(now) });
    expect(answers(facts)).toEqual({ 'openpgp.js': 'good' });
    expect(await alone.tools()).toEqual([{ name: 'openpgp.js', version: '6.3.2' }]);
  });

  test('that should be there and is not says no', async () => {
    const broken = makeVerifier({ gpgvPath: '/nonexistent/gpgv', sqvPath: '/nonexistent/sqv' });
    const signature = fileOf('x.asc', await sign(ada, data));
    const facts = await broken.verify({ data, signature, keys: [ada.file()], at: instantFromMs(now) });
    expect(answers(facts)).toEqual({ 'openpgp.js': 'good', gpgv: 'TOOL', sqv: 'TOOL' });
    await expect(broken.tools()).rejects.toMatchObject({ code: 'TOOL' });
  });

  test('that gave no answer once says no to all that follows, and is not asked again', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'govboot-test-verifier-'));
    try {
      const sqvPath = join(folder, 'sqv');
      const script = `echo x >> '${join(folder, 'runs')}'; [ "$1" = --version ] && echo 'sqv 1.1.0' || exit 3`;
      writeFileSync(sqvPath, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
      const broken = makeVerifier({ gpgvPath: null, sqvPath });
      const signature = fileOf('x.asc', await sign(ada, data));
      for (let times = 0; times < 3; times++) {
        const facts = await broken.verify({ data, signature, keys: [ada.file()], at: instantFromMs(now) });
        expect(answers(facts)).toEqual({ 'openpgp.js': 'good', sqv: 'TOOL' });
        expect(facts.verifiers[1]).toMatchObject({ version: '1.1.0' });
      }
      expect(readFileSync(join(folder, 'runs'), 'utf8')).toBe('x\nx\n');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
