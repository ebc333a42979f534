import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Fingerprint, KeyFacts } from '../../../src/inputs/facts.ts';
import type { Instant } from '../../../src/kernel/time.ts';
import { instantFromMs } from '../../../src/kernel/time.ts';
import { runProgram, versionOf } from '../../../src/world/run-program.ts';
import { makeGpgSigner } from '../../../src/world/gpg-signer.ts';
import { whereIs } from '../../../src/world/programs.ts';
import { makeVerifier } from '../../../src/world/verifier.ts';
import { gpgvSays, judgeStatus } from '../../../src/world/gpgv.ts';
import type { Question, Says } from '../../../src/world/openpgp.ts';
import { parseSignatureFile } from '../../../src/inputs/signature-packet.ts';
import { parseKeyFile } from '../../../src/inputs/key-file.ts';
import { requireOrSkip, whereIs as whereIsCommand } from '../../harness/capabilities.ts';
import { makeKey, type SignSpec, type TestKey } from '../../harness/keys.ts';

const real = requireOrSkip('gpgv', 'verification with the real gpgv');

const PRIMARY = 'A'.repeat(40) as Fingerprint;
const SUBKEY = 'B'.repeat(40);
const CREATED = '2026-11-22T12:00:00Z' as Instant;
const SECONDS = Date.parse(CREATED) / 1000;

const facts: KeyFacts = {
  file: `policies/keys/${PRIMARY}.asc`,
  fingerprint: PRIMARY,
  signingKeys: [SUBKEY],
  subkeys: [],
  userIds: [],
  algorithm: 'ed25519',
  bits: null,
  created: CREATED,
  expires: null,
  revoked: null,
};
const packet: Question['packet'] = {
  version: 4,
  class: 0,
  publicKeyAlgorithm: 22,
  hashAlgorithm: 10,
  created: CREATED,
  expires: null,
  issuerFingerprint: SUBKEY,
  issuerKeyId: SUBKEY.slice(24),
  unknownCritical: [],
};
const question = {
  packet,
  certificate: { facts, binary: new Uint8Array() },
  at: '2026-11-22T13:00:00Z' as Instant,
};

const G = '[GNUPG:]';
const NEWSIG = `${G} NEWSIG ada@example.org`;
const GOODSIG = `${G} GOODSIG ${SUBKEY.slice(24)} Ada <ada@example.org>`;
const VALIDSIG = `${G} VALIDSIG ${SUBKEY} 2026-11-22 ${SECONDS} 0 4 0 22 10 00 ${PRIMARY}`;
const GOOD = [
  NEWSIG,
  `${G} KEY_CONSIDERED ${PRIMARY} 0`,
  `${G} SIG_ID x 2026-11-22 ${SECONDS}`,
  GOODSIG,
  VALIDSIG,
];

const code = (says: Says): string => (says.is === 'bad' ? says.problem.code : says.is);
const judge = (
  lines: readonly string[],
  exit: number | null = 0,
  more: Partial<typeof question> = {},
): Says => judgeStatus(lines, exit, { ...question, ...more });

describe('the status lines', () => {
  test('of one good signature are good', () => {
    expect(judge(GOOD)).toEqual({ is: 'good', primary: PRIMARY, signingKey: SUBKEY, created: CREATED });
  });

  test('may hold keywords that are not known yet', () => {
    expect(code(judge([...GOOD, `${G} SOMETHING_NEW 1 2 3`, `${G} TRUST_UNDEFINED`]))).toBe('good');
  });

  test.each<[string, readonly string[]]>([
    ['nothing', []],
    ['no verdict', [NEWSIG, VALIDSIG]],
    ['no VALIDSIG', [NEWSIG, GOODSIG]],
    ['no NEWSIG', [GOODSIG, VALIDSIG]],
    ['two signatures', [...GOOD, ...GOOD]],
    ['a second NEWSIG', [NEWSIG, ...GOOD]],
    ['good and bad', [...GOOD, `${G} BADSIG ${SUBKEY.slice(24)} Ada`]],
    ['bad and good', [NEWSIG, `${G} BADSIG ${SUBKEY.slice(24)} Ada`, GOODSIG, VALIDSIG]],
    ['two VALIDSIG', [...GOOD, VALIDSIG]],
    ['data inside the signature', [`${G} PLAINTEXT 62 0 `, ...GOOD]],
    ['no data', [`${G} NODATA 4`]],
    ['something unexpected', [...GOOD, `${G} UNEXPECTED 0`]],
    ['an error', [...GOOD, `${G} ERROR add_keyblock_resource 33554445`]],
    ['a failure', [...GOOD, `${G} FAILURE gpgv-exit 33554433`]],
    ['a line that is no status line', ['gpgv: Good signature', ...GOOD]],
    ['a VALIDSIG with lower case', [NEWSIG, GOODSIG, VALIDSIG.replace(SUBKEY, SUBKEY.toLowerCase())]],
    ['a VALIDSIG without its primary key', [NEWSIG, GOODSIG, VALIDSIG.replace(` ${PRIMARY}`, '')]],
    ['another primary key', [NEWSIG, GOODSIG, VALIDSIG.replace(PRIMARY, 'C'.repeat(40))]],
    ['another signing key', [NEWSIG, GOODSIG, VALIDSIG.replace(SUBKEY, 'C'.repeat(40))]],
    ['another time', [NEWSIG, GOODSIG, VALIDSIG.replace(String(SECONDS), String(SECONDS + 1))]],
    ['another expiry', [NEWSIG, GOODSIG, VALIDSIG.replace(' 0 4 0 ', ' 9 4 0 ')]],
    ['another version', [NEWSIG, GOODSIG, VALIDSIG.replace(' 0 4 0 ', ' 0 3 0 ')]],
    ['another algorithm', [NEWSIG, GOODSIG, VALIDSIG.replace(' 22 10 ', ' 1 10 ')]],
    ['SHA-1', [NEWSIG, GOODSIG, VALIDSIG.replace(' 22 10 ', ' 22 2 ')]],
    ['text mode', [NEWSIG, GOODSIG, VALIDSIG.replace(' 10 00 ', ' 10 01 ')]],
  ])('with %s are bad, whatever the exit code', (_what, lines) => {
    expect(code(judge(lines))).toBe('SIG_BAD');
  });

  test('of a good signature with exit code 1, or a signal, are bad', () => {
    expect(code(judge(GOOD, 1))).toBe('SIG_BAD');
    expect(code(judge(GOOD, null))).toBe('SIG_BAD');
  });

  const instead = (verdict: string): readonly string[] =>
    GOOD.map((line) => (line === GOODSIG ? `${G} ${verdict}` : line));
  test.each<[string, readonly string[], string]>([
    ['BADSIG', [NEWSIG, `${G} BADSIG ${SUBKEY.slice(24)} Ada`], 'SIG_BAD'],
    ['REVKEYSIG', instead('REVKEYSIG BBBBBBBBBBBBBBBB Ada'), 'KEY_REVOKED'],
    ['EXPKEYSIG without a time', instead('EXPKEYSIG BBBBBBBBBBBBBBBB Ada'), 'KEY_EXPIRED'],
    [
      'EXPKEYSIG with a time before',
      [`${G} KEYEXPIRED ${SECONDS + 1}`, ...instead('EXPKEYSIG BBBBBBBBBBBBBBBB Ada')],
      'KEY_EXPIRED',
    ],
    [
      'EXPKEYSIG with a time after',
      [`${G} KEYEXPIRED ${SECONDS + 7200}`, ...instead('EXPKEYSIG BBBBBBBBBBBBBBBB Ada')],
      'good',
    ],
    [
      'EXPKEYSIG with times before and after',
      [
        `${G} KEYEXPIRED ${SECONDS + 7200}`,
        `${G} KEYEXPIRED ${SECONDS}`,
        ...instead('EXPKEYSIG BBBBBBBBBBBBBBBB Ada'),
      ],
      'KEY_EXPIRED',
    ],
    [
      'ERRSIG, unsupported algorithm',
      [NEWSIG, `${G} ERRSIG BBBBBBBBBBBBBBBB 27 10 00 ${SECONDS} 4 ${SUBKEY}`],
      'SIG_UNSUPPORTED',
    ],
    ['ERRSIG, digest', [NEWSIG, `${G} ERRSIG BBBBBBBBBBBBBBBB 22 2 00 ${SECONDS} 5 ${SUBKEY}`], 'SIG_WEAK'],
    [
      'ERRSIG, no such key',
      [
        NEWSIG,
        `${G} ERRSIG BBBBBBBBBBBBBBBB 22 10 00 ${SECONDS} 9 ${SUBKEY}`,
        `${G} NO_PUBKEY BBBBBBBBBBBBBBBB`,
      ],
      'KEY_INVALID',
    ],
    ['ERRSIG, nonsense', [NEWSIG, `${G} ERRSIG`], 'KEY_INVALID'],
  ])('%s', (_what, lines, expected) => {
    expect(code(judge(lines))).toBe(expected);
  });

  test('a bad signature with something critical is one that is not understood', () => {
    const critical = { packet: { ...packet, unknownCritical: ['notation x@example.org'] } };
    expect(judge([NEWSIG, `${G} BADSIG BBBBBBBBBBBBBBBB Ada`], 1, critical)).toEqual({
      is: 'bad',
      problem: { code: 'SIG_UNSUPPORTED', wrong: 'gpgv does not understand notation x@example.org' },
    });
  });

  test('time is judged at the instant asked about, as gpgv does not', () => {
    expect(code(judge(GOOD, 0, { at: '2026-11-22T11:58:59Z' as Instant }))).toBe('SIG_FUTURE');
    expect(code(judge(GOOD, 0, { at: '2026-11-22T11:59:00Z' as Instant }))).toBe('good');
    const expiring = { packet: { ...packet, expires: '2026-11-22T12:30:00Z' as Instant } };
    const lines = [
      NEWSIG,
      `${G} EXPSIG BBBBBBBBBBBBBBBB Ada`,
      VALIDSIG.replace(' 0 4 0 ', ` ${SECONDS + 1800} 4 0 `),
    ];
    expect(code(judge(lines, 1, expiring))).toBe('SIG_EXPIRED');
    expect(code(judge(lines, 1, { ...expiring, at: '2026-11-22T12:29:59Z' as Instant }))).toBe('good');
  });
});

let ada: TestKey;
let folder: string;
beforeAll(async () => {
  ada = await makeKey({ name: 'Ada', email: 'ada@example.org' });
  folder = mkdtempSync(join(tmpdir(), 'govboot-test-gpgv-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

async function ask(program: string, spec: SignSpec = {}): Promise<Says> {
  const data = new TextEncoder().encode('hello\n');
  const armored = new TextEncoder().encode(await ada.sign(data, spec));
  const shape = parseSignatureFile(armored);
  const certificate = parseKeyFile(new TextEncoder().encode(ada.publicArmored));
  if (shape.is !== 'ok' || certificate.is !== 'ok') throw new Error('the test key is malformed');
  return gpgvSays(program, {
    data,
    armored,
    binary: shape.binary,
    packet: { ...shape.packet, issuerFingerprint: ada.fingerprint },
    certificate: { binary: certificate.binary, facts: { ...facts, fingerprint: ada.fingerprint } },
    at: instantFromMs(Date.now()),
  });
}

/** A program in place of gpgv. */
function fake(name: string, script: string): string {
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
}

describe.skipIf(!real)('the real gpgv', () => {
  const program = whereIsCommand('gpgv')!;

  test('says good, and leaves no folder behind', async () => {
    // A place of its own: other tests that run meanwhile have folders of theirs in the common one.
    const place = mkdtempSync(join(folder, 'place-'));
    vi.stubEnv('TMPDIR', place);
    try {
      expect(code(await ask(program))).toBe('good');
    } finally {
      vi.unstubAllEnvs();
    }
    expect(readdirSync(place)).toEqual([]);
  });

  test('reads neither the options nor the keys of the user', async () => {
    const home = join(folder, 'home');
    vi.stubEnv('GNUPGHOME', home);
    try {
      expect(code(await ask(program))).toBe('good');
    } finally {
      vi.unstubAllEnvs();
    }
  });

  test('is found on PATH and asked for its version', async () => {
    expect(whereIs('gpgv', process.env)).toBe(program);
    expect(await versionOf(program)).toMatch(/^\d+\.\d+\.\d+$/);
  });
});

describe('a program in place of gpgv', () => {
  test('that only exits with 0 does not make a signature good', async () => {
    expect(await ask(fake('yes', 'exit 0'))).toMatchObject({ problem: { code: 'SIG_BAD' } });
  });

  test('that prints the right lines on the wrong descriptors does not either', async () => {
    const lines = GOOD.map((line) => `echo '${line}'; echo '${line}' >&2`).join('\n');
    expect(await ask(fake('loud', lines))).toMatchObject({ problem: { code: 'SIG_BAD' } });
  });

  test('gets private files, a small environment, and no shell', async () => {
    vi.stubEnv('GOVBOOT_TEST_SECRET', 'x');
    try {
      const says = await ask(
        fake(
          'nosy',
          'echo "E $(env | cut -d= -f1 | sort | tr "\\n" " ") $(ls -ld "$HOME" | cut -c1-10) $(ls -l "$HOME" | cut -c1-10 | sort -u | tr "\\n" " ")" >&3',
        ),
      );
      expect(says.is === 'bad' ? says.problem.wrong : '').toContain('E GNUPGHOME HOME LC_ALL ');
      expect(says.is === 'bad' ? says.problem.wrong : '').not.toContain('SECRET');
    } finally {
      vi.unstubAllEnvs();
    }
    const says = await ask(
      fake('modes', 'echo "$(stat -c %a "$HOME") $(stat -c %a "$HOME"/* | sort -u)" >&3'),
    );
    expect(says).toMatchObject({ problem: { wrong: 'gpgv printed "700 600", which is no status line' } });
  });
});

describe('runProgram', () => {
  const run = (script: string, more: { deadlineMs?: number; input?: Uint8Array } = {}) =>
    runProgram({ program: '/bin/sh', args: ['-c', script], env: {}, deadlineMs: 10_000, ...more });

  test('keeps the three outputs apart', async () => {
    const answer = await run('cat; echo "one\u001b[2K" >&2; echo A >&3; echo B >&3; exit 3', {
      input: new TextEncoder().encode('in'),
    });
    expect(answer).toMatchObject({
      exit: 3,
      status: ['A', 'B'],
      words: ['one\\u{1b}[2K'],
      lastWords: 'one\\u{1b}[2K',
    });
    expect(Buffer.from(answer.stdout).toString()).toBe('in');
  });

  test('ends a program that gives no answer', async () => {
    await expect(run('exec sleep 60', { deadlineMs: 100 })).rejects.toMatchObject({
      code: 'TOOL',
      message: '/bin/sh gave no answer within 100 ms',
    });
  });

  test('does not wait for what such a program has started', async () => {
    const begin = performance.now();
    await expect(run('sleep 60 & sleep 60', { deadlineMs: 100 })).rejects.toMatchObject({ code: 'TOOL' });
    expect(performance.now() - begin).toBeLessThan(30_000);
  });

  test('ends a program that never stops talking', async () => {
    await expect(run('exec yes')).rejects.toMatchObject({
      code: 'TOOL',
      message: '/bin/sh printed more than 1048576 bytes',
    });
  });

  test('refuses a yes from a program that did not read what it judged', async () => {
    const input = new Uint8Array(8_000_000);
    await expect(run('exec <&-; exit 0', { input })).rejects.toMatchObject({ code: 'TOOL' });
    expect(await run('exec <&-; exit 2', { input })).toMatchObject({ exit: 2 });
  });

  test('says so when there is no such program', async () => {
    await expect(
      runProgram({ program: '/nonexistent', args: [], env: {}, deadlineMs: 1000 }),
    ).rejects.toMatchObject({ code: 'TOOL' });
    await expect(versionOf(fake('mute', 'exit 0'))).rejects.toMatchObject({ code: 'TOOL' });
  });
});

describe('the gpgv that is found', () => {
  beforeEach(() => vi.stubEnv('PATH', ''));
  afterEach(() => vi.unstubAllEnvs());

  test('passes relative folders, folders, and files that cannot be run', () => {
    const program = fake('gpgv', 'exit 0');
    expect(whereIs('gpgv', process.env)).toBeNull();
    process.env['PATH'] = `.:bin::${folder}`;
    expect(whereIs('gpgv', process.env)).toBe(program);
    chmodSync(program, 0o644);
    expect(whereIs('gpgv', process.env)).toBeNull();
    process.env['PATH'] = tmpdir();
    expect(whereIs(folder.slice(tmpdir().length + 1), process.env)).toBeNull();
  });

  test('is never one that the repository brings, nor one that it links to', async () => {
    const repository = realpathSync(folder);
    const canary = join(repository, 'canary');
    mkdirSync(join(repository, 'bin'));
    writeFileSync(join(repository, 'bin', 'gpgv'), `#!/bin/sh\ntouch '${canary}'\n`, { mode: 0o755 });
    symlinkSync('/bin/sh', join(repository, 'bin', 'gpg'));
    process.env['PATH'] = join(repository, 'bin');
    expect(whereIs('gpg', process.env, repository)).toBeNull();
    expect(await makeVerifier({ repository }).tools()).toHaveLength(1);
    const signer = makeGpgSigner({ key: PRIMARY, repository });
    await expect(signer.identity()).rejects.toMatchObject({ code: 'SIGNER' });
    expect(existsSync(canary)).toBe(false);
  });
});
