import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { parseKeyFile } from '../../../src/inputs/key-file.ts';
import { parseSignatureFile } from '../../../src/inputs/signature-packet.ts';
import { instantFromMs } from '../../../src/kernel/time.ts';
import type { Question, Says } from '../../../src/world/openpgp.ts';
import { versionOf } from '../../../src/world/run-program.ts';
import { judgeRun, sqvSays } from '../../../src/world/sqv.ts';
import { requireOrSkip, whereIs } from '../../harness/capabilities.ts';
import { makeKey, type SignSpec, type TestKey } from '../../harness/keys.ts';

const real = requireOrSkip('sqv', 'verification with the real sqv');

const DAY = 86_400_000;
const now = Math.floor(Date.now() / 1000) * 1000;
const daysAgo = (days: number): Date => new Date(now - days * DAY);
const code = (says: Says): string => (says.is === 'bad' ? says.problem.code : says.is);
const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

let ada: TestKey;
let folder: string;
beforeAll(async () => {
  ada = await makeKey({ name: 'Ada', email: 'ada@example.org', created: daysAgo(100) });
  folder = mkdtempSync(join(tmpdir(), 'govboot-test-sqv-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Asked {
  readonly key?: TestKey;
  readonly certificate?: string;
  readonly data?: string;
  readonly at?: Date;
}

/** The question about a signature of "hello" that is five days old, unless said otherwise. */
async function questionOf(spec: SignSpec = {}, asked: Asked = {}): Promise<Question> {
  const { key = ada, certificate = key.publicArmored, data = 'hello', at = new Date(now) } = asked;
  const armored = encode(await key.sign('hello', { at: daysAgo(5), ...spec }));
  const shape = parseSignatureFile(armored);
  const file = parseKeyFile(encode(certificate));
  if (shape.is !== 'ok' || file.is !== 'ok') throw new Error('the test key is malformed');
  return {
    data: encode(data),
    armored,
    binary: shape.binary,
    packet: { ...shape.packet, issuerFingerprint: key.signingFingerprint },
    certificate: {
      binary: file.binary,
      facts: {
        file: 'policies/keys/x.asc',
        fingerprint: key.fingerprint,
        signingKeys: [key.fingerprint],
        subkeys: [],
        userIds: [],
        algorithm: 'ed25519',
        bits: null,
        created: instantFromMs(Number(daysAgo(100))),
        expires: null,
        revoked: null,
      },
    },
    at: instantFromMs(Number(at)),
  };
}

describe('what a run of sqv says', () => {
  const PRINT = 'A'.repeat(40);
  const judge = async (exit: number | null, stdout: string, ...words: readonly string[]): Promise<Says> => {
    const question = await questionOf();
    const { certificate, packet } = question;
    const facts = { ...certificate.facts, fingerprint: PRINT as never };
    const run = { exit, stdout: encode(stdout), words };
    return judgeRun(run, { packet, certificate: { ...certificate, facts } });
  };

  test('is good when it ends with 0 and names that one certificate', async () => {
    expect(await judge(0, `${PRINT}\n`)).toEqual({
      is: 'good',
      primary: PRINT,
      signingKey: ada.fingerprint,
      created: instantFromMs(Number(daysAgo(5))),
    });
    expect(code(await judge(0, `${PRINT}\n`, 'Warning: --keyring will be renamed'))).toBe('good');
  });

  test.each<[string, number | null, string, readonly string[]]>([
    ['nobody is named', 0, '', []],
    ['somebody else is named', 0, `${'B'.repeat(40)}\n`, []],
    ['two are named', 0, `${PRINT}\n${'B'.repeat(40)}\n`, []],
    ['the same is named twice', 0, `${PRINT}\n${PRINT}\n`, []],
    ['the name is in lower case', 0, `${PRINT.toLowerCase()}\n`, []],
    ['a key id is named', 0, `${PRINT.slice(24)}\n`, []],
    ['there is no line feed', 0, PRINT, []],
    ['more stands after it', 0, `${PRINT}\n\n`, []],
    ['it complains all the same', 0, `${PRINT}\n`, ['Verifying signature:', '           Message has been…']],
    ['it misses a key', 0, `${PRINT}\n`, ['Missing key X, which is needed to verify signature.']],
    ['it ends with 1 and names the key', 1, `${PRINT}\n`, []],
    ['it is ended by a signal', null, `${PRINT}\n`, []],
    ['it ends with 1 and says nothing', 1, '', []],
    ['it says what is not known', 1, '', ['Something else']],
  ])('is bad when %s', async (_what, exit, stdout, words) => {
    expect(code(await judge(exit, stdout, ...words))).toBe('SIG_BAD');
  });

  test('shows what it printed, harmlessly and not at length', async () => {
    const says = await judge(0, '\u001b[2K'.repeat(1000));
    expect(says).toMatchObject({ problem: { wrong: expect.stringMatching(/^sqv named "\\u001b\[2K/) } });
    expect(says.is === 'bad' ? says.problem.wrong.length : 0).toBeLessThan(250);
  });

  test.each([
    ['KEY_REVOKED', 'Signing key on X is bad:', 'Invalid key: "certificate is revoked"'],
    ['KEY_REVOKED', 'Signing key on X is bad:', 'Invalid key: "signing key is revoked"'],
    ['KEY_EXPIRED', 'Signing key on X is bad:', 'The primary key is not live', '  because: Expired on 2026'],
    ['SIG_EXPIRED', 'Verifying signature:', 'Expired on 2026-11-21T01:58:44Z'],
    ['SIG_FUTURE', 'Verifying signature:', 'Not live until 2039-12-31T23:30:00Z'],
    [
      'SIG_UNSUPPORTED',
      'Verifying signature:',
      'Policy rejected critical notation',
      '  because: Critical notation "x@example.org" is not considered secure',
    ],
    ['SIG_WEAK', 'Verifying signature:', '  because: SHA1 is not considered secure since 2013'],
    ['KEY_INVALID', 'Signing key on X is not bound:', 'No binding signature at time 2026'],
    ['KEY_INVALID', 'Signing key on X is bad:', 'Invalid key: "key is not signing capable"'],
    ['KEY_INVALID', 'Missing key X, which is needed to verify signature.'],
    ['SIG_BAD', 'Verifying signature:', '           Message has been manipulated'],
  ])('is %s when it says: %s', async (expected, ...words) => {
    const says = await judge(1, '', ...words);
    expect(code(says)).toBe(expected);
    expect(says.is === 'bad' ? says.problem.wrong : '').toContain(
      `sqv found: ${words.map((line) => line.trim()).join(' ')}`,
    );
  });
});

/** A program in place of sqv. */
function fake(name: string, script: string): string {
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
}

describe('a program in place of sqv', () => {
  test.each([
    ['1.1.0', '--keyring RING --not-before CREATED --not-after CREATED -- SIGNATURE DATA'],
    [
      '1.3.0',
      '--keyring RING --not-before CREATED --not-after CREATED --policy-as-of DAY --signature-file SIGNATURE -- DATA',
    ],
    [
      '1.4.0',
      '--keyring RING --not-before CREATED --not-after CREATED --policy-as-of DAY --time AT --signature-file SIGNATURE -- DATA',
    ],
    [
      '2.0',
      '--keyring RING --not-before CREATED --not-after CREATED --policy-as-of DAY --time AT --signature-file SIGNATURE -- DATA',
    ],
  ])('of version %s is asked in its own words', async (version, expected) => {
    const out = join(folder, 'args');
    const question = await questionOf();
    await sqvSays(fake('asked', `echo "$@" > '${out}'; exit 1`), version, question);
    const said = readFileSync(out, 'utf8')
      .trim()
      .replaceAll(/\S+\/govboot-sqv-\w+\/(\w+)/g, (_, name: string) => name.toUpperCase())
      .replaceAll(question.packet.created, 'CREATED')
      .replaceAll(question.at, 'AT')
      .replaceAll('2026-01-01T00:00:00Z', 'DAY');
    expect(said).toBe(expected);
  });

  test('is not asked about a time before the signature, to which a clock may be behind', async () => {
    const out = join(folder, 'early');
    const question = { ...(await questionOf()), at: instantFromMs(Number(daysAgo(5)) - 30_000) };
    await sqvSays(fake('early-sqv', `echo "$@" > '${out}'; exit 1`), '1.5.0', question);
    expect(readFileSync(out, 'utf8')).toContain(`--time ${question.packet.created}`);
  });

  test('that only ends with 0 does not make a signature good', async () => {
    expect(code(await sqvSays(fake('yes', 'exit 0'), '1.1.0', await questionOf()))).toBe('SIG_BAD');
  });

  test('that cannot be used throws', async () => {
    const question = await questionOf();
    const asked = (script: string): Promise<Says> => sqvSays(fake('broken', script), '1.1.0', question);
    await expect(asked("echo 'error: unknown option' >&2; exit 2")).rejects.toMatchObject({
      code: 'TOOL',
      message: expect.stringMatching(/broken ended with 2: error: unknown option$/),
    });
    await expect(asked('kill -9 $$')).rejects.toMatchObject({
      code: 'TOOL',
      message: expect.stringContaining('ended with a signal'),
    });
    await expect(asked('exec yes')).rejects.toMatchObject({ code: 'TOOL' });
    await expect(sqvSays('/nonexistent/sqv', '1.1.0', question)).rejects.toMatchObject({ code: 'TOOL' });
  });

  test('gets private files, a small environment, and no policy of the machine', async () => {
    vi.stubEnv('SEQUOIA_CRYPTO_POLICY', '/tmp/lax.toml');
    vi.stubEnv('GOVBOOT_TEST_SECRET', 'x');
    try {
      const names = 'env | cut -d= -f1 | sort | tr "\\n" " "';
      const modes = '$(stat -c %a "$HOME") $(stat -c %a "$HOME"/* | sort -u)';
      const script = `echo "$(${names})[$SEQUOIA_CRYPTO_POLICY] ${modes}" >&2; exit 1`;
      const says = await sqvSays(fake('nosy', script), '1.1.0', await questionOf());
      const said = says.is === 'bad' ? says.problem.wrong : '';
      expect(said).toMatch(/^sqv found: HOME LC_ALL .*SEQUOIA_CRYPTO_POLICY .*\[\] 700 600$/);
      expect(said).not.toContain('SECRET');
    } finally {
      vi.unstubAllEnvs();
    }
  });
});

describe.skipIf(!real)('the real sqv', () => {
  const program = whereIs('sqv')!;
  let version: string;
  beforeAll(async () => {
    version = await versionOf(program);
  });
  const ask = async (spec: SignSpec = {}, asked: Asked = {}): Promise<Says> =>
    sqvSays(program, version, await questionOf(spec, asked));

  test('says good, and leaves no folder behind', async () => {
    // A place of its own: other tests that run meanwhile have folders of theirs in the common one.
    const place = mkdtempSync(join(folder, 'place-'));
    vi.stubEnv('TMPDIR', place);
    try {
      expect(code(await ask())).toBe('good');
    } finally {
      vi.unstubAllEnvs();
    }
    expect(readdirSync(place)).toEqual([]);
  });

  test('must agree with our own parser on the second of the signature', async () => {
    const question = await questionOf();
    const created = instantFromMs(Number(daysAgo(5)) + 1000);
    const says = await sqvSays(program, version, { ...question, packet: { ...question.packet, created } });
    expect(says).toMatchObject({ is: 'bad', problem: { code: 'SIG_BAD' } });
  });

  test('says of a signature that ended since, as of before: good where it can be told the time, else nothing', async () => {
    const spec = { expiresInSeconds: 86_400 };
    expect(code(await ask(spec))).toBe('SIG_EXPIRED');
    const [major = 0, minor = 0] = version.split('.').map(Number);
    const expected = major > 1 || minor >= 4 ? 'good' : 'abstains';
    expect(code(await ask(spec, { at: daysAgo(5) }))).toBe(expected);
  });

  test('does not abstain where there was a self-signature in time, nor for a signature older than the key', async () => {
    expect(code(await ask({}, { data: 'other' }))).toBe('SIG_BAD');
    expect(code(await ask({ at: daysAgo(200) }, { at: daysAgo(200) }))).toBe('KEY_INVALID');
  });

  test('abstains where GnuPG has replaced the self-signature since', async () => {
    const key = await makeKey({
      ...{ name: 'Exp', email: 'exp@example.org', created: daysAgo(100) },
      expiresInSeconds: 50 * 86_400,
    });
    const certificate = await key.extended(400 * 86_400, daysAgo(1));
    expect(await ask({}, { key, certificate, at: daysAgo(5) })).toEqual({
      is: 'abstains',
      why: 'the key has no self-signature from before it signed',
    });
    expect(code(await ask({ at: new Date(now) }, { key, certificate }))).toBe('good');
    expect(code(await ask({ at: new Date(now) }, { key, certificate, data: 'other' }))).toBe('SIG_BAD');
  });

  test('is asked with a signature from within the tolerance for clocks', async () => {
    expect(code(await ask({ at: new Date(now + 50_000) }))).toBe('good');
    expect(code(await ask({ at: new Date(now + 61_000) }))).toBe('SIG_FUTURE');
    expect(code(await ask({}, { at: new Date(Number(daysAgo(5)) - 50_000) }))).toBe('good');
  });

  test('tells its version', () => {
    expect(version).toMatch(/^\d+\.\d+\.\d+$/);
  });
});
