// RFC 3161 time stamps and the signatures of attestors, read by the product's own port; openssl is asked about the same files.
import { spawnSync } from 'node:child_process';
import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { sha256 } from '../../../src/kernel/digest.ts';
import { messageOf } from '../../../src/kernel/errors.ts';
import { existedBy, stampProblem } from '../../../src/evidence/stamp.ts';
import type { StampFacts } from '../../../src/inputs/stamp.ts';
import { makeWitnesses } from '../../../src/world/witnesses.ts';
import { makeAuthority, TIME_STAMPING, type Answering, type Founding } from '../../harness/authority.ts';
import { requireOrSkip } from '../../harness/capabilities.ts';

const openssl = requireOrSkip('openssl', 'a second opinion on time stamps');
const witnesses = makeWitnesses();
const DATA = new TextEncoder().encode('govboot/x\n7\nroot\n');
const DIGEST = sha256(DATA);
const NONCE = '0f'.repeat(16);
const TIME = new Date('2026-11-22T12:00:00Z');

const top = mkdtempSync(join(tmpdir(), 'govboot-stamps-'));
afterAll(() => rmSync(top, { recursive: true }));

const put = (name: string, bytes: Uint8Array): string => {
  const file = join(top, name);
  writeFileSync(file, bytes);
  return file;
};

/** What `openssl ts -verify` says of the stamp over DATA. */
function opensslSays(response: Uint8Array, roots: Uint8Array): boolean {
  const at = String(TIME.getTime() / 1000);
  const args = ['-data', put('data', DATA), '-in', put('r.tsr', response), '-CAfile', put('ca.pem', roots)];
  return spawnSync('openssl', ['ts', '-verify', ...args, '-attime', at]).status === 0;
}

async function read(response: Uint8Array, roots: Uint8Array | null, request: Uint8Array | null = null) {
  const found = await witnesses.readStamp(response, { roots, request });
  if (found.is === 'problem') throw new Error(found.problem.wrong);
  return found.value;
}

async function stamped(founding: Founding = {}, how: Answering = {}) {
  const authority = await makeAuthority(founding);
  const request = await witnesses.stampRequest(DIGEST, NONCE);
  return { authority, request, response: await authority.answer(request, { time: TIME, ...how }) };
}

describe('a good time stamp', () => {
  it.each<Founding>([
    {},
    { keys: 'P-384' },
    { keys: 'RSA 2048' },
    { isBelow: true },
    // Ended since: what it stamped before stands.
    { until: new Date('2026-11-23T00:00:00Z') },
  ])('%j', async (founding) => {
    const { authority, request, response } = await stamped(founding);
    const stamp = await read(response, authority.root, request);
    expect(stampProblem(stamp, DIGEST)).toBeNull();
    expect(stamp).toMatchObject({
      status: 0,
      time: '2026-11-22T12:00:00Z',
      accuracy: 1,
      policy: '1.2.3.4.1',
      serial: '2a',
      nonce: `01${NONCE}`,
      authority: { subject: 'CN=Test TSA', usages: [TIME_STAMPING], isCritical: true },
      chain: { is: 'pinned' },
    });
    expect(existedBy(stamp)).toBe('2026-11-22T12:00:02Z');
    if (openssl) expect(opensslSays(response, authority.root)).toBe(true);
  });

  it('is not known to be anybody’s where nobody was named, and not believed where another was', async () => {
    const { authority, response } = await stamped();
    const other = await makeAuthority();
    expect((await read(response, null)).chain).toEqual({ is: 'not asked' });
    expect((await read(response, other.root)).chain).toMatchObject({ is: 'unpinned' });
    const both = new Uint8Array([...other.root, ...authority.root]);
    expect((await read(response, both)).chain).toMatchObject({ is: 'pinned' });
    if (openssl) expect(opensslSays(response, other.root)).toBe(false);
  });

  it('is pinned by the certificate of the authority itself too', async () => {
    const { authority, response } = await stamped();
    expect((await read(response, authority.own)).chain).toMatchObject({ is: 'pinned' });
  });

  it('is not believed from a certificate that was not valid then', async () => {
    const { authority, response } = await stamped({ from: new Date('2026-11-23T00:00:00Z') });
    const stamp = await read(response, authority.root);
    expect(stampProblem(stamp, DIGEST)).toBeNull();
    expect(stamp.chain).toMatchObject({ is: 'unpinned' });
    expect((await read(response, authority.own)).chain).toMatchObject({ is: 'unpinned' });
    const ended = await stamped({ until: new Date('2026-11-21T00:00:00Z') });
    for (const roots of [ended.authority.root, ended.authority.own])
      expect((await read(ended.response, roots)).chain).toMatchObject({ is: 'unpinned' });
  });
});

describe('a time stamp that is none', () => {
  // The last is what openssl says of it: where it says yes, govboot is the stricter.
  it.each<[what: string, how: Answering, founding: Founding, problem: RegExp, says: boolean]>([
    ['refused', { status: 2 }, {}, /^the authority refused: status 2$/, false],
    ['changed after it was signed', { change: (content) => void content.fill(0x31, -4, -3) }, {}, /./, false],
    [
      'names another certificate',
      { names: 'another' },
      {},
      /^names another certificate than that of CN=/,
      false,
    ],
    ['names none', { names: 'none' }, {}, /^does not name its certificate/, false],
    ['names it by SHA-1', { names: 'by SHA-1' }, {}, /^does not name its certificate/, true],
    [
      'of an authority for everything',
      {},
      { usages: [TIME_STAMPING, '1.3.6.1.5.5.7.3.1'] },
      /not for time stamps alone/,
      false,
    ],
    [
      'of an authority for something else',
      {},
      { usages: ['1.3.6.1.5.5.7.3.1'] },
      /not for time stamps alone/,
      false,
    ],
    [
      'of an authority whose usage may be passed over',
      {},
      { isCritical: false },
      /not for time stamps alone/,
      false,
    ],
    ['by a weak key', {}, { keys: 'RSA 1024' }, /^is too weak or unknown: key rsa 1024$/, true],
    [
      'over a digest that is none of ours',
      { digest: '1.3.14.3.2.26' },
      {},
      /^stamps a digest of 1\.3\.14\.3\.2\.26/,
      false,
    ],
    [
      'over something else than it says it is',
      { says: '1.2.840.113549.1.7.1' },
      {},
      /did not sign it$/,
      true,
    ],
    ['without signed attributes', { without: 'attributes' }, {}, /did not sign it$/, false],
  ])('%s', async (_what, how, founding, problem, says) => {
    const { authority, response } = await stamped(founding, how);
    const stamp = await read(response, authority.root).catch(messageOf);
    expect(typeof stamp === 'string' ? stamp : stampProblem(stamp, DIGEST)).toMatch(problem);
    if (openssl) expect(opensslSays(response, authority.root)).toBe(says);
  });

  it.each<[what: string, how: Answering, message: RegExp]>([
    [
      'without a token',
      { status: 2, without: 'token' },
      /holds no time stamp: the authority answered with status 2/,
    ],
    ['without its certificate', { without: 'certificate' }, /certificate of its authority is not in it/],
    ['with two signatures', { signers: 2 }, /has 2 signatures, not 1/],
    ['with no signature', { signers: 0 }, /has 0 signatures, not 1/],
    ['of another version', { version: 2 }, /is of version 2/],
    ['of something else', { contentType: '1.2.840.113549.1.7.1' }, /holds something else than a time stamp/],
  ])('%s cannot be read', async (_what, how, message) => {
    const { response } = await stamped({}, how);
    expect(await witnesses.readStamp(response, { roots: null, request: null })).toEqual({
      is: 'problem',
      problem: { code: 'ATTACHMENT_INVALID', wrong: expect.stringMatching(message) },
    });
  });

  it('over other data, or in answer to another request', async () => {
    const { response } = await stamped();
    const other = sha256('something else');
    expect(stampProblem(await read(response, null), other)).toBe(`stamps ${DIGEST}, not ${other}`);
    const asked = async (digest: typeof DIGEST, nonce: string) =>
      stampProblem(await read(response, null, await witnesses.stampRequest(digest, nonce)), DIGEST);
    expect(await asked(DIGEST, NONCE)).toBeNull();
    expect(await asked(other, NONCE)).toBe('answers another request');
    expect(await asked(DIGEST, '1f'.repeat(16))).toBe(
      `answers another request: its nonce is 01${NONCE}, not 01${'1f'.repeat(16)}`,
    );
    const replayed = await stamped({}, { nonce: '07' });
    expect(stampProblem(await read(replayed.response, null, replayed.request), DIGEST)).toMatch(
      /its nonce is 7|its nonce is 07/,
    );
  });

  it('has more or less bytes than it says', async () => {
    const { response } = await stamped();
    const problem = { is: 'problem', problem: { code: 'ATTACHMENT_INVALID', wrong: expect.any(String) } };
    for (const bytes of [
      new Uint8Array(),
      new Uint8Array([0x30, 0x80, 0, 0]),
      new Uint8Array([...response, 0]),
      response.subarray(0, -1),
      new Uint8Array(70_000),
      new TextEncoder().encode('<html>503</html>'),
    ])
      expect(await witnesses.readStamp(bytes, { roots: null, request: null })).toEqual(problem);
  });

  it('never says another thing after one bit was changed, and holds', async () => {
    const { authority, response } = await stamped();
    const good = await read(response, authority.root);
    const asserted = ({ imprint, time, accuracy, nonce, serial, policy, authority: by, chain }: StampFacts) =>
      JSON.stringify({ imprint, time, accuracy, nonce, serial, policy, by, chain });
    let refused = 0;
    for (let at = 0; at < response.length; at++) {
      const changed = response.slice();
      changed[at]! ^= 1 << (at % 8);
      const found = await witnesses.readStamp(changed, { roots: authority.root, request: null });
      const holds =
        found.is === 'read' &&
        stampProblem(found.value, DIGEST) === null &&
        found.value.chain.is === 'pinned';
      if (holds) expect(asserted(found.value)).toBe(asserted(good));
      else refused++;
    }
    // Bits that nobody signs are few: the wrapping, and the status.
    expect(refused / response.length).toBeGreaterThan(0.9);
  }, 60_000);
});

describe.skipIf(!openssl)('openssl', () => {
  it('reads our request, and answers it', () => {
    const config = join(top, 'tsa.cnf');
    const run = (...args: string[]): string => {
      const { status, stdout, stderr } = spawnSync('openssl', args, { cwd: top, encoding: 'utf8' });
      expect([status, status === 0 ? '' : stderr]).toEqual([0, '']);
      return stdout;
    };
    return (async () => {
      const request = put('q.tsq', await witnesses.stampRequest(DIGEST, NONCE));
      const text = run('ts', '-query', '-in', request, '-text');
      expect(text).toContain('Hash Algorithm: sha256');
      expect(text).toContain(`Nonce: 0x01${NONCE.toUpperCase()}`);
      expect(text).toContain('Certificate required: yes');
      writeFileSync(
        config,
        '[tsa]\ndefault_tsa = t\n[t]\nserial = serial\nsigner_cert = tsa.pem\nsigner_key = tsa.key\ndefault_policy = 1.2.3.4.1\ndigests = sha256\naccuracy = millisecs:500\ness_cert_id_alg = sha256\nsigner_digest = sha256\n',
      );
      writeFileSync(join(top, 'serial'), '0A\n');
      const usage = ['-addext', 'extendedKeyUsage=critical,timeStamping'];
      const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
      run('req', '-x509', ...curve, '-keyout', 'tsa.key', '-out', 'tsa.pem', '-subj', '/CN=one', ...usage);
      run('ts', '-reply', '-queryfile', request, '-config', config, '-out', 'answer.tsr');
      const roots = new Uint8Array(readFileSync(join(top, 'tsa.pem')));
      const stamp = await read(
        new Uint8Array(readFileSync(join(top, 'answer.tsr'))),
        roots,
        new Uint8Array(readFileSync(request)),
      );
      expect(stampProblem(stamp, DIGEST)).toBeNull();
      expect(stamp).toMatchObject({ accuracy: 1, chain: { is: 'pinned' }, authority: { subject: 'CN=one' } });
    })();
  });
});

describe('who signed', () => {
  const pem = (key: KeyObject): Uint8Array =>
    new TextEncoder().encode(String(key.export({ type: 'spki', format: 'pem' })));
  const ec = (namedCurve: string) => generateKeyPairSync('ec', { namedCurve });
  const idOf = (key: KeyObject): string => sha256(key.export({ type: 'spki', format: 'der' }));

  it.each([
    ['Ed25519', generateKeyPairSync('ed25519'), null],
    ['P-256', ec('prime256v1'), 'sha256'],
    ['P-384', ec('secp384r1'), 'sha384'],
    ['P-521', ec('secp521r1'), 'sha512'],
    ['RSA 2048', generateKeyPairSync('rsa', { modulusLength: 2048 }), 'sha256'],
  ] as const)('%s', async (_name, { publicKey, privateKey }, digest) => {
    const signature = sign(digest, DATA, privateKey);
    expect(await witnesses.signedBy(pem(publicKey), DATA, signature)).toBe(idOf(publicKey));
    expect(await witnesses.signedBy(pem(publicKey), DATA.slice(1), signature)).toBeNull();
    expect(await witnesses.signedBy(pem(publicKey), DATA, new Uint8Array(7))).toBeNull();
    const other = ec('prime256v1').publicKey;
    const both = new Uint8Array([...pem(other), ...pem(publicKey)]);
    expect(await witnesses.signedBy(both, DATA, signature)).toBe(idOf(publicKey));
    expect(await witnesses.signedBy(pem(other), DATA, signature)).toBeNull();
  });

  it.each([
    [
      'RSA below 2048 bits',
      pem(generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey),
      /type rsa 1024/,
    ],
    ['a curve that nobody uses for this', pem(ec('secp256k1').publicKey), /type ec secp256k1/],
    ['X25519, which signs nothing', pem(generateKeyPairSync('x25519').publicKey), /type x25519/],
    [
      'a text',
      new TextEncoder().encode('hello'),
      /a PEM file of PUBLIC KEY is wanted, and this one has none/,
    ],
    [
      'a block of nothing',
      new TextEncoder().encode('-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n'),
      /cannot be read/,
    ],
    [
      'a private key',
      new TextEncoder().encode(String(ec('prime256v1').privateKey.export({ type: 'pkcs8', format: 'pem' }))),
      /this one has PRIVATE KEY/,
    ],
  ])('refuses %s', async (_name, keys, message) => {
    await expect(witnesses.signedBy(keys, DATA, new Uint8Array(64))).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringMatching(message),
    });
  });

  it('refuses roots that are no certificates', async () => {
    const { response } = await stamped();
    for (const roots of [
      new TextEncoder().encode('hello'),
      pem(ec('prime256v1').publicKey),
      new TextEncoder().encode('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'),
    ])
      await expect(witnesses.readStamp(response, { roots, request: null })).rejects.toMatchObject({
        code: 'USAGE',
      });
  });
});
