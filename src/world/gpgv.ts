/**
 * Verification with gpgv, the second opinion. Its exit code is 0 for revoked keys, expired keys and signatures from 2040,
 * so only its status lines (GnuPG doc/DETAILS) count, read by a machine that knows one way to "good".
 */
import { GovbootError, isGovbootError } from '../kernel/errors.ts';
import { clip, safe } from '../kernel/text.ts';
import { instantFromMs, msOf, type Instant } from '../kernel/time.ts';
import type { Problem } from '../inputs/facts.ts';
import { timeProblem, type Question, type Says } from './openpgp.ts';
import { withPrivateFiles } from './private-files.ts';
import { runProgram } from './run-program.ts';

const DEADLINE_MS = 10_000;

/** What gpgv says of one signature at `at`, with a key ring that holds the one certificate. @throws TOOL */
export async function gpgvSays(program: string, question: Question): Promise<Says> {
  // The armored file itself, as an auditor's gpg will read it; OpenPGP.js gets what our own parser took out of it.
  const files = { ring: question.certificate.binary, signature: question.armored, data: question.data };
  const run = await withPrivateFiles('gpgv', files, (home, { ring, signature, data }) =>
    runProgram({
      program,
      args: [
        ...['--homedir', home, '--keyring', ring, '--weak-digest', 'SHA1', '--status-fd', '3'],
        ...['--', signature, data],
      ],
      env: { HOME: home, GNUPGHOME: home },
      deadlineMs: DEADLINE_MS,
    }),
  );
  return judgeStatus(run.status, run.exit, question);
}

const VERDICTS = ['GOODSIG', 'BADSIG', 'EXPSIG', 'EXPKEYSIG', 'REVKEYSIG', 'ERRSIG'] as const;
type Verdict = (typeof VERDICTS)[number];

/** Lines that never come with one good detached signature; the last three belong to messages that carry their own data. */
const FATAL: readonly string[] = [
  'NODATA',
  'UNEXPECTED',
  'ERROR',
  'FAILURE',
  'PLAINTEXT',
  'BEGIN_DECRYPTION',
  'DECRYPTION_OKAY',
];

/** doc/DETAILS, VALIDSIG: fingerprint, date, created, expires, version, reserved, algorithm, hash, class, primary. */
const VALIDSIG =
  /^([0-9A-F]{40}) \d{4}-\d{2}-\d{2} (\d+) (\d+) (\d+) \d+ (\d+) (\d+) ([0-9A-F]{2}) ([0-9A-F]{40})$/;

/** The verdict in the status lines. Unknown keywords are passed over, as doc/DETAILS demands; anything contradictory is bad. */
export function judgeStatus(
  lines: readonly string[],
  exit: number | null,
  { packet, certificate, at }: Pick<Question, 'packet' | 'certificate' | 'at'>,
): Says {
  try {
    const status = lines.map(readLine);
    const fatal = status.find(({ keyword }) => FATAL.includes(keyword));
    if (fatal !== undefined) throw bad('SIG_BAD', `said ${fatal.keyword} ${fatal.rest}`);
    const verdict = onlyVerdict(status);
    refuseVerdict(verdict, status, packet, at);
    const valid = VALIDSIG.exec(only(status, 'VALIDSIG').rest);
    if (valid === null) throw bad('SIG_BAD', 'gives a VALIDSIG line that cannot be read');
    checkValid(valid, packet, certificate.facts.fingerprint);
    const untimely = timeProblem(packet, at);
    if (untimely !== null) return { is: 'bad', problem: untimely };
    if (exit !== 0 && verdict.keyword === 'GOODSIG')
      throw bad('SIG_BAD', `ended with ${exit ?? 'a signal'} after GOODSIG`);
    return {
      is: 'good',
      primary: certificate.facts.fingerprint,
      signingKey: packet.issuerFingerprint,
      created: packet.created,
    };
  } catch (error) {
    if (!isGovbootError(error)) throw error;
    return { is: 'bad', problem: { code: error.code, wrong: error.message } };
  }
}

interface StatusLine {
  readonly keyword: string;
  readonly rest: string;
}

function readLine(line: string): StatusLine {
  const found = /^\[GNUPG:\] ([A-Z0-9_]+)(?: (.*))?$/.exec(line);
  if (found?.[1] === undefined)
    throw bad('SIG_BAD', `printed "${clip(safe(line), 60)}", which is no status line`);
  return { keyword: found[1], rest: safe(found[2] ?? '') };
}

function only(status: readonly StatusLine[], keyword: string): StatusLine {
  const [line, ...more] = status.filter((each) => each.keyword === keyword);
  if (line === undefined || more.length > 0)
    throw bad('SIG_BAD', `gives ${line === undefined ? 0 : more.length + 1} ${keyword} lines, not 1`);
  return line;
}

function onlyVerdict(status: readonly StatusLine[]): StatusLine & { readonly keyword: Verdict } {
  only(status, 'NEWSIG');
  const isVerdict = (line: StatusLine): line is StatusLine & { readonly keyword: Verdict } =>
    VERDICTS.some((verdict) => verdict === line.keyword);
  const [verdict, ...more] = status.filter(isVerdict);
  if (verdict === undefined || more.length > 0)
    throw bad('SIG_BAD', `gives ${verdict === undefined ? 0 : more.length + 1} verdicts, not 1`);
  return verdict;
}

function refuseVerdict(
  { keyword, rest }: StatusLine & { readonly keyword: Verdict },
  status: readonly StatusLine[],
  packet: Question['packet'],
  at: Instant,
): void {
  switch (keyword) {
    case 'GOODSIG':
    case 'EXPSIG': // of now; timeProblem judges the same time at `at`
      return;
    case 'EXPKEYSIG':
      refuseExpiredKey(status, at);
      return;
    case 'REVKEYSIG':
      throw bad('KEY_REVOKED', 'takes the key for revoked');
    case 'BADSIG':
      // gpgv reports what it does not understand as a bad signature.
      throw packet.unknownCritical.length > 0
        ? bad('SIG_UNSUPPORTED', `does not understand ${packet.unknownCritical.join(', ')}`)
        : bad('SIG_BAD', 'finds that the signature does not match');
    case 'ERRSIG':
      throw errsig(rest);
  }
}

/** gpgv knows only the present; for an earlier `at` its KEYEXPIRED line says whether the key had expired by then. */
function refuseExpiredKey(status: readonly StatusLine[], at: Instant): void {
  const times = status
    .filter(({ keyword }) => keyword === 'KEYEXPIRED')
    .map(({ rest }) => Number(rest) * 1000);
  const first = Math.min(...times);
  if (!Number.isFinite(first)) throw bad('KEY_EXPIRED', 'takes the key for expired');
  if (first <= msOf(at)) throw bad('KEY_EXPIRED', `takes the key for expired at ${instantFromMs(first)}`);
}

/** doc/DETAILS, ERRSIG: keyid algorithm hash class time rc fingerprint. `rc` is a libgpg-error code. */
function errsig(rest: string): GovbootError {
  const rc = Number(rest.split(' ')[5]);
  const codes: Readonly<Record<number, Problem['code']>> = {
    4: 'SIG_UNSUPPORTED',
    5: 'SIG_WEAK',
    32: 'SIG_CLASS',
    39: 'SIG_BAD',
  };
  return bad(codes[rc] ?? 'KEY_INVALID', `cannot check the signature (libgpg-error ${rc})`);
}

/** What gpgv verified must be what our own parser read, to the second. */
function checkValid(valid: RegExpExecArray, packet: Question['packet'], primary: string): void {
  const said = valid.slice(1);
  const expires = packet.expires === null ? 0 : msOf(packet.expires) / 1000;
  const expected = [
    packet.issuerFingerprint,
    String(msOf(packet.created) / 1000),
    String(expires),
    String(packet.version),
    String(packet.publicKeyAlgorithm),
    String(packet.hashAlgorithm),
    packet.class.toString(16).padStart(2, '0').toUpperCase(),
    primary,
  ];
  const i = expected.findIndex((value, at) => said[at] !== value);
  if (i >= 0)
    throw bad('SIG_BAD', `verified ${said[i] ?? 'nothing'} where ${expected[i] ?? 'nothing'} stands`);
}

function bad(code: Problem['code'], wrong: string): GovbootError {
  return new GovbootError(code, `gpgv ${wrong}`);
}
