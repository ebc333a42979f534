/**
 * Signs through gpg and its agent, so that cards, YubiKeys and HSMs work as they do for git. The passphrase or PIN is asked by
 * pinentry and never passes through this process.
 */
import { spawnSync } from 'node:child_process';
import process from 'node:process';
import { GovbootError } from '../kernel/errors.ts';
import { clip, safe } from '../kernel/text.ts';
import { isFingerprint, type Fingerprint } from '../inputs/facts.ts';
import { parseSignatureFile } from '../inputs/signature-packet.ts';
import type { Signer, SignerInfo } from '../ports.ts';
import { runProgram, versionOf, type ProgramRun } from './run-program.ts';
import { whereIs } from './programs.ts';

export interface GpgSpec {
  /** A primary key, or the subkey that is to sign. */
  readonly key: Fingerprint;
  /** Absolute path of gpg; searched on PATH when left out. */
  readonly gpgPath?: string;
  /** The governed repository: it must not bring its own gpg. */
  readonly repository?: string;
  /** GNUPGHOME; gpg's own choice when left out. */
  readonly homedir?: string;
}

/** No question is asked while listing. */
const LIST_DEADLINE_MS = 30_000;
/** Somebody may have to find a card, touch it, and type a PIN. */
const SIGN_DEADLINE_MS = 300_000;

/** What gpg, its agent and pinentry need to find each other and the person; nothing else of the environment is passed on. */
const PASSED_ON = [
  ...[
    'HOME',
    'USER',
    'LOGNAME',
    'PATH',
    'TMPDIR',
    'GNUPGHOME',
    'XDG_RUNTIME_DIR',
    'DBUS_SESSION_BUS_ADDRESS',
  ],
  ...['TERM', 'DISPLAY', 'WAYLAND_DISPLAY', 'XAUTHORITY', 'PINENTRY_USER_DATA'],
];

interface Resolved {
  readonly program: string;
  readonly info: SignerInfo;
  /** The key or subkey that signs. */
  readonly signingKey: string;
}

export function makeGpgSigner(spec: GpgSpec): Signer {
  let resolved: Promise<Resolved> | null = null;
  const resolve = (): Promise<Resolved> => (resolved ??= resolveKey(spec));
  return {
    identity: async () => (await resolve()).info,
    sign: async (bytes) => signWith(await resolve(), spec, bytes),
  };
}

export function gpgEnvironment({ homedir }: Pick<GpgSpec, 'homedir'> = {}): Record<string, string> {
  // C.UTF-8: English messages, and names in pinentry as they are written.
  const env: Record<string, string> = { LC_ALL: 'C.UTF-8' };
  for (const name of PASSED_ON) {
    const value = process.env[name];
    if (value !== undefined) env[name] = value;
  }
  const tty = process.env['GPG_TTY'] ?? terminalName();
  if (tty !== null) env['GPG_TTY'] = tty;
  if (homedir !== undefined) env['GNUPGHOME'] = homedir;
  return env;
}

/** pinentry opens the terminal by name (gpg-agent(1), GPG_TTY). */
function terminalName(): string | null {
  if (!process.stdin.isTTY) return null;
  const run = spawnSync('/usr/bin/tty', { stdio: ['inherit', 'pipe', 'ignore'], encoding: 'utf8', env: {} });
  const name = run.status === 0 ? run.stdout.trim() : '';
  return name.startsWith('/dev/') ? name : null;
}

async function resolveKey(spec: GpgSpec): Promise<Resolved> {
  const program = spec.gpgPath ?? whereIs('gpg', process.env, spec.repository);
  if (program === null)
    throw new GovbootError('SIGNER', `gpg is not on PATH, so the key ${spec.key} cannot be used`, {
      hint: 'install GnuPG, or name a key file with --key',
    });
  const run = await runProgram({
    program,
    args: ['--no-options', '--batch', '--no-tty', '--with-colons', '--list-secret-keys', '--', spec.key],
    env: gpgEnvironment(spec),
    deadlineMs: LIST_DEADLINE_MS,
  });
  if (run.exit !== 0)
    throw new GovbootError('SIGNER', `gpg has no secret key ${spec.key}: ${run.lastWords}`, {
      hint: 'plug the card in and run `gpg --card-status`, or choose a key of `gpg --list-secret-keys`',
      data: { key: spec.key },
    });
  const listed = parseListing(Buffer.from(run.stdout).toString('utf8'));
  const { primary, signingKey, userId } = chooseSigningKey(listed, spec.key);
  const tool = `gpg ${await versionOf(program)}`;
  return { program, signingKey, info: { fingerprint: primary, userId, backend: 'agent', tool } };
}

/** One key or subkey of a listing (GnuPG doc/DETAILS, "Format of the colon listings"). */
export interface ListedKey {
  readonly primary: boolean;
  readonly print: string;
  /** Field 2: `r` revoked, `e` expired, `d` disabled, `i` invalid, `n` not valid. */
  readonly validity: string;
  /** Field 6, seconds since the epoch. */
  readonly created: number;
  /** Field 12, lower case: what this key itself can do. */
  readonly maySign: boolean;
  /** Field 15: `#` when the secret part is elsewhere. */
  readonly present: boolean;
  readonly userIds: readonly string[];
}

/** The keys of a `--with-colons` listing, in order. */
export function parseListing(text: string): readonly ListedKey[] {
  const keys: (ListedKey & { userIds: string[]; print: string })[] = [];
  for (const line of text.split('\n')) {
    const field = line.split(':');
    const [type = '', validity = ''] = field;
    const current = keys.at(-1);
    if (type === 'sec' || type === 'ssb')
      keys.push({
        primary: type === 'sec',
        print: '',
        validity,
        created: Number(field[5]),
        maySign: (field[11] ?? '').includes('s'),
        present: field[14] !== '#',
        userIds: [],
      });
    else if (type === 'fpr' && current?.print === '') current.print = field[9] ?? '';
    else if (type === 'uid' && !'re'.includes(validity || '-'))
      current?.userIds.push(unescapeC(field[9] ?? ''));
  }
  return keys;
}

/** doc/DETAILS: the user id is quoted like a C string, `\x3a` for a colon. */
function unescapeC(text: string): string {
  const bytes = text.replace(/\\x([0-9a-f]{2})/g, (_, hex: string) =>
    String.fromCodePoint(parseInt(hex, 16)),
  );
  return clip(safe(bytes), 200);
}

/** The key asked for; or, for a primary key that cannot sign here, its newest signing subkey that can. */
export function chooseSigningKey(
  keys: readonly ListedKey[],
  asked: Fingerprint,
): { readonly primary: Fingerprint; readonly signingKey: string; readonly userId: string } {
  const primary = keys.filter((key) => key.primary);
  const [first, second] = primary;
  if (first === undefined || second !== undefined || !isFingerprint(first.print))
    throw new GovbootError(
      'SIGNER',
      `gpg lists ${primary.length} certificates of version 4 for ${asked}, not 1`,
    );
  const usable = (key: ListedKey): boolean => key.maySign && key.present && !/[redin]/.test(key.validity);
  const named = keys.find(({ print }) => print === asked);
  const younger = keys.filter((key) => !key.primary && usable(key)).sort((a, b) => b.created - a.created);
  const chosen =
    named !== undefined && usable(named) ? named : named?.primary === true ? younger[0] : undefined;
  if (chosen === undefined || /[redin]/.test(first.validity))
    throw new GovbootError('SIGNER', `the key ${asked} cannot sign: no signing key is valid and present`, {
      hint: 'plug the card in, extend the key, or choose another with --key',
      data: { key: asked },
    });
  return { primary: first.print, signingKey: chosen.print, userId: first.userIds[0] ?? '' };
}

async function signWith(
  { program, signingKey }: Resolved,
  spec: GpgSpec,
  bytes: Uint8Array,
): Promise<Uint8Array> {
  const run = await runProgram({
    program,
    args: [
      ...['--no-options', '--batch', '--no-tty', '--status-fd', '3'],
      // The exclamation mark: this very key, not one that gpg prefers (gpg(1), "How to specify a user ID").
      ...['-u', `${signingKey}!`, '--armor', '--no-emit-version', '--no-comments'],
      ...['--digest-algo', 'SHA512', '--detach-sign'],
    ],
    env: gpgEnvironment(spec),
    input: bytes,
    deadlineMs: SIGN_DEADLINE_MS,
  });
  const created = run.status.filter((line) => line.startsWith('[GNUPG:] SIG_CREATED '));
  if (run.exit !== 0 || created.length !== 1) throw explain(run, signingKey);
  checkMade(created[0] ?? '', signingKey, run.stdout);
  return run.stdout;
}

/** doc/DETAILS, SIG_CREATED: type, public-key algorithm, hash algorithm, class, time, fingerprint. */
function checkMade(line: string, signingKey: string, signature: Uint8Array): void {
  const [type, , hash = '', kind, , print] = line.split(' ').slice(2);
  if (type !== 'D' || kind !== '00' || !['8', '9', '10'].includes(hash) || print !== signingKey)
    throw new GovbootError('SIGNER', `gpg made another signature than was asked for: "${safe(line)}"`);
  const shape = parseSignatureFile(signature);
  if (shape.is === 'malformed')
    throw new GovbootError('SIGNER', `gpg made a signature that is not accepted: ${shape.wrong}`);
  if (shape.packet.issuerFingerprint !== signingKey)
    throw new GovbootError(
      'SIGNER',
      `gpg signed with ${shape.packet.issuerFingerprint ?? 'an unnamed key'}, not ${signingKey}`,
    );
}

const CANCELLED = 'the signature was cancelled at the PIN or passphrase prompt';

/** doc/DETAILS, SC_OP_FAILURE: 1 cancelled, 2 bad PIN. */
const CARD: Readonly<Record<string, string>> = { 1: CANCELLED, 2: 'the card refused the PIN' };

/** libgpg-error codes (err-codes.h) of a FAILURE line, below the bits that name the source. */
const FAILURES: Readonly<Record<number, readonly [string, string]>> = {
  11: ['the passphrase is wrong', 'run it again and type the passphrase of this key'],
  17: ['the secret key is not on this machine', 'plug the card in, or import the key'],
  62: ['nobody answered the PIN or passphrase prompt in time', 'run it again'],
  77: ['gpg-agent is not running and could not be started', 'run `gpgconf --launch gpg-agent`'],
  85: ['no pinentry is installed', 'install pinentry, or set pinentry-program in gpg-agent.conf'],
  86: ['pinentry could not ask', 'in a terminal, run `export GPG_TTY=$(tty)` and try again'],
  87: ['the PIN is wrong', 'run it again; mind the retry counter of the card (`gpg --card-status`)'],
  99: [CANCELLED, 'run it again when you are ready to sign'],
  112: ['there is no card in the reader', 'insert the card and run it again'],
  114: [CANCELLED, 'run it again when you are ready to sign'],
  198: [CANCELLED, 'run it again when you are ready to sign'],
};

/** Why there is no signature, from the status lines; what gpg prints for people is only added. */
export function explain(
  run: Pick<ProgramRun, 'status' | 'exit' | 'lastWords'>,
  signingKey: string,
): GovbootError {
  const fields = run.status.map((line) => line.split(' ').slice(1));
  const card = CARD[fields.find(([keyword]) => keyword === 'SC_OP_FAILURE')?.[1] ?? ''];
  const failure = Number(fields.findLast(([keyword]) => keyword === 'FAILURE')?.[2]) & 0xffff;
  const [why, hint] = FAILURES[failure] ?? [`gpg could not sign: ${run.lastWords}`, undefined];
  return new GovbootError('SIGNER', `${card ?? why} (key ${signingKey})`, {
    ...(hint === undefined ? {} : { hint }),
    data: { key: signingKey, exit: run.exit, gpg: run.lastWords },
  });
}
