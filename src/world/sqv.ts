/**
 * Verification with sqv, the third opinion, made with a library of its own (Sequoia). On stdout it prints the primary fingerprint of each
 * certificate that signed, and nothing else; what it prints for people gives the reason of a "no", never a "yes".
 *
 * Like OpenPGP.js it judges a key as of the signature, so a key that expired or was retired since is good to it. Whether a signature has
 * ended by `at` it can be told since 1.4; an older one knows no time but now.
 */
import { isGovbootError, GovbootError } from '../kernel/errors.ts';
import { clip } from '../kernel/text.ts';
import { msOf, type Instant } from '../kernel/time.ts';
import type { Problem } from '../inputs/facts.ts';
import { oldestBinding, timeProblem, type Question, type Says } from './openpgp.ts';
import { withPrivateFiles } from './private-files.ts';
import { runProgram, type ProgramRun } from './run-program.ts';

const DEADLINE_MS = 10_000;

/**
 * Which algorithms sqv takes for good is asked as of this day, when govboot's own list was last looked at: the answer must not change
 * with the date that a signature bears, nor with the day on which it is asked for.
 */
const POLICY_DAY = '2026-01-01T00:00:00Z' as Instant;

/** What sqv says of one signature at `at`, with a key ring that holds the one certificate. @throws TOOL */
export async function sqvSays(program: string, version: string, question: Question): Promise<Says> {
  const { certificate, armored, data, packet, at } = question;
  const untimely = timeProblem(packet, at);
  if (untimely !== null) return { is: 'bad', problem: untimely };
  const files = { ring: certificate.binary, signature: armored, data };
  const run = await withPrivateFiles('sqv', files, (home, paths) =>
    runProgram({
      program,
      args: [...options(version, question, paths.ring), ...operands(version, paths)],
      // An empty policy file is the built-in policy: the machine's own could allow what is weak (sqv(1), SEQUOIA_CRYPTO_POLICY).
      env: { HOME: home, SEQUOIA_CRYPTO_POLICY: '' },
      deadlineMs: DEADLINE_MS,
    }),
  );
  if (run.exit !== 0 && run.exit !== 1)
    throw new GovbootError('TOOL', `${program} ended with ${run.exit ?? 'a signal'}: ${run.lastWords}`);
  const says = judgeRun(run, question);
  if (says.is !== 'bad') return says;
  const why = await anotherQuestion(version, question);
  return why === null ? says : { is: 'abstains', why };
}

function options(version: string, { packet, at }: Question, ring: string): readonly string[] {
  const time = at > packet.created ? at : packet.created;
  return [
    // sqv does not print when a signature was made: here it has to agree with our own parser, to the second.
    ...['--keyring', ring, '--not-before', packet.created, '--not-after', packet.created],
    ...(isSince(version, 1, 3) ? ['--policy-as-of', POLICY_DAY] : []),
    ...(isSince(version, 1, 4) ? ['--time', time] : []),
  ];
}

function operands(
  version: string,
  { signature, data }: Readonly<Record<'signature' | 'data', string>>,
): readonly string[] {
  return isSince(version, 1, 3) ? ['--signature-file', signature, '--', data] : ['--', signature, data];
}

function isSince(version: string, major: number, minor: number): boolean {
  const [ours = 0, ourMinor = 0] = version.split('.').map(Number);
  return ours > major || (ours === major && ourMinor >= minor);
}

/** What a run says: one exit code and one output that are a yes, everything else is a no. */
export function judgeRun(
  { exit, stdout, words }: Pick<ProgramRun, 'exit' | 'stdout' | 'words'>,
  { packet, certificate }: Pick<Question, 'packet' | 'certificate'>,
): Says {
  try {
    const primary = certificate.facts.fingerprint;
    const printed = Buffer.from(stdout).toString('latin1');
    if (exit !== 0) throw refusal(words, printed);
    if (printed !== `${primary}\n`)
      throw bad('SIG_BAD', `named ${named(printed)}, not the key ${primary} alone`);
    if (words.some((line) => COMPLAINT.test(line)))
      throw bad('SIG_BAD', `said good, and too: ${phrase(words)}`);
    return { is: 'good', primary, signingKey: packet.issuerFingerprint, created: packet.created };
  } catch (error) {
    if (!isGovbootError(error)) throw error;
    return { is: 'bad', problem: { code: error.code, wrong: error.message } };
  }
}

/** How the lines begin in which it says what it did not accept. Others may be warnings of versions to come. */
const COMPLAINT = /^(Verifying signature|Signature|Signing key|Missing key|Malformed|Error)/;

/** Reasons in the words of sqv 1.1 to 1.5, the first that fits. What is not known here is a bad signature. */
const REASONS: readonly (readonly [RegExp, Problem['code']])[] = [
  [/ is revoked/, 'KEY_REVOKED'],
  [/ is not live because: Expired on/, 'KEY_EXPIRED'],
  [/^Verifying signature: Expired on/, 'SIG_EXPIRED'],
  [/Not live until/, 'SIG_FUTURE'],
  [/[Cc]ritical notation|critical .*subpacket/, 'SIG_UNSUPPORTED'],
  [/is not considered secure/, 'SIG_WEAK'],
  [/not signing capable|is not bound|^Missing key/, 'KEY_INVALID'],
];

function refusal(words: readonly string[], printed: string): GovbootError {
  if (printed !== '') return bad('SIG_BAD', `said bad, and named ${named(printed)}`);
  const why = phrase(words);
  return bad(REASONS.find(([pattern]) => pattern.test(why))?.[1] ?? 'SIG_BAD', `found: ${why}`);
}

function phrase(words: readonly string[]): string {
  const text = words.map((line) => line.trim()).filter((line) => line !== '');
  return text.length === 0 ? 'nothing' : clip(text.join(' '), 300);
}

function named(printed: string): string {
  return printed === '' ? 'nobody' : clip(JSON.stringify(printed), 120);
}

/** Why the "no" answers another question than was asked; null when it does not. */
async function anotherQuestion(version: string, question: Question): Promise<string | null> {
  const { packet, certificate } = question;
  const { created, expires, issuerFingerprint } = packet;
  // It looks at the dates of a signature before it computes anything.
  if (!isSince(version, 1, 4) && expires !== null && msOf(expires) <= Date.now())
    return `this version knows no time but now, and the signature ended at ${expires}`;
  // GnuPG replaces the self-signature when an expiry is moved; sqv then finds none that was there at the time of signing.
  const bound = await oldestBinding(certificate.binary, issuerFingerprint);
  const isOurs = [certificate.facts, ...certificate.facts.subkeys].some(
    (part) => part.fingerprint === issuerFingerprint && part.created <= created,
  );
  return isOurs && bound > msOf(created) ? 'the key has no self-signature from before it signed' : null;
}

function bad(code: Problem['code'], wrong: string): GovbootError {
  return new GovbootError(code, `sqv ${wrong}`);
}
