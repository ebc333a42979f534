/**
 * How somebody who takes a verifier at its word asks it: the document, the signature, the keys, and exit code 0 is a yes. Nothing of
 * govboot's own takes part, so that what is seen here is what an auditor with that tool alone would see.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import * as openpgp from 'openpgp';
import { capability } from './capabilities.ts';

export const PROGRAMS = ['gpg', 'gpgv', 'sqv', 'sq', 'rnp'] as const;
export type Program = (typeof PROGRAMS)[number];
export const NAIVE = [...PROGRAMS, 'openpgp.js'] as const;
export type Naive = (typeof NAIVE)[number];

export interface Asking {
  readonly data: Uint8Array;
  readonly signature: Uint8Array;
  /** Key files as they are, armored. */
  readonly keys: readonly Uint8Array[];
}

/** What was seen, in words that are the same on every run of the same version. */
export interface Said {
  /** What a caller who looks no further takes it for. */
  readonly good: boolean;
  /** null: it has none, or was ended by a signal. */
  readonly exit: number | null;
  /** gpg and gpgv: the status keywords that carry a verdict. The others: what they print for people, on one line. */
  readonly words: string;
}

/** null where the version has another command line than is written down here. */
export function versionAsked(program: Program): string | null {
  const found = capability(program);
  if (!found.present) return null;
  return program === 'sq' && !found.version.startsWith('0.') ? null : found.version;
}

export function askProgram(program: Program, asking: Asking): Said {
  const folder = mkdtempSync(join(tmpdir(), 'gvv-'));
  try {
    mkdirSync(join(folder, 'home'), { mode: 0o700 });
    writeFileSync(join(folder, 'document'), asking.data);
    writeFileSync(join(folder, 'document.asc'), asking.signature);
    const keys = asking.keys.map((key, i) => {
      const name = `key-${String(i + 1)}.asc`;
      writeFileSync(join(folder, name), key);
      return name;
    });
    return ASK[program](
      runIn(folder),
      keys,
      (name, bytes) => writeFileSync(join(folder, name), bytes),
      asking,
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Ran {
  readonly exit: number | null;
  readonly out: string;
  readonly err: string;
}
type Run = (command: string, ...args: readonly string[]) => Ran;

/** Runs in a folder of its own, with relative names: what is printed must not hold a path. */
function runIn(cwd: string): Run {
  const home = join(cwd, 'home');
  const env = { PATH: process.env['PATH'], HOME: home, GNUPGHOME: home, LC_ALL: 'C', TZ: 'UTC' };
  return (command, ...args) => {
    const run = spawnSync(command, args, { cwd, env, encoding: 'latin1', timeout: 30_000 });
    if (run.error !== undefined) throw run.error;
    return { exit: run.status, out: run.stdout, err: run.stderr };
  };
}

type Ask = (
  run: Run,
  keys: readonly string[],
  write: (name: string, bytes: Uint8Array) => void,
  asking: Asking,
) => Said;

const ASK: Readonly<Record<Program, Ask>> = {
  gpg(run, keys) {
    for (const key of keys) run('gpg', '--batch', '--no-tty', '--quiet', '--import', key);
    const ran = run('gpg', '--batch', '--no-tty', '--status-fd', '1', '--verify', 'document.asc', 'document');
    // Only the import of a secret key has started an agent.
    run('gpgconf', '--kill', 'all');
    return { ...verdictOf(ran), words: statusWords(ran.out) };
  },
  gpgv(run, _keys, write, asking) {
    write('ring.gpg', Buffer.concat(asking.keys.map(dearmored)));
    const ran = run('gpgv', '--keyring', './ring.gpg', '--status-fd', '1', 'document.asc', 'document');
    return { ...verdictOf(ran), words: statusWords(ran.out) };
  },
  sqv(run, keys) {
    const rings = keys.flatMap((key) => ['--keyring', key]);
    const ran = run('sqv', ...rings, 'document.asc', 'document');
    return { ...verdictOf(ran), words: ran.exit === 0 ? ran.out.trim() : oneLine(ran.err) };
  },
  sq(run, keys) {
    const certs = keys.flatMap((key) => ['--signer-cert', key]);
    const ran = run('sq', 'verify', ...certs, '--detached', 'document.asc', 'document');
    return { ...verdictOf(ran), words: oneLine(ran.err) };
  },
  rnp(run, keys) {
    for (const key of keys) run('rnpkeys', '--homedir', 'home', '--notty', '--import-keys', key);
    const ran = run(
      'rnp',
      '--homedir',
      'home',
      '--notty',
      '--verify',
      '--source',
      'document',
      'document.asc',
    );
    // Lines in brackets are its log, with seconds until a date; between first and last it describes the key at length.
    const lines = `${ran.err}${ran.out}`.split('\n').filter((line) => !/^\s*$|^\[/.test(line));
    return { ...verdictOf(ran), words: oneLine([...new Set([lines.at(0), lines.at(-1)])].join('\n')) };
  },
};

function verdictOf({ exit }: Ran): Pick<Said, 'good' | 'exit'> {
  return { good: exit === 0, exit };
}

/** GnuPG doc/DETAILS: the keywords that say what became of a signature. */
const KEYWORDS =
  /^\[GNUPG:\] (GOODSIG|BADSIG|EXPSIG|EXPKEYSIG|REVKEYSIG|ERRSIG|NO_PUBKEY|NODATA|UNEXPECTED|PLAINTEXT|FAILURE)\b/gm;

function statusWords(status: string): string {
  return [...status.matchAll(KEYWORDS)].map(([, keyword]) => keyword).join(' ');
}

function oneLine(text: string): string {
  const line = text.split('\n').map((part) => part.trim());
  return (
    line
      .filter((part) => part !== '')
      .join(' ')
      // Node goes on to name the files of this machine.
      .replace(/ Require stack:.*/, '')
      .slice(0, 300)
  );
}

/** The packets of an armored file, as `gpg --dearmor` gives them; whatever is armored so leniently that even this fails stays as it is. */
function dearmored(file: Uint8Array): Uint8Array {
  const base64 = /\n\s*\n([A-Za-z0-9+/=\s]+?)(?:\n=[A-Za-z0-9+/]{4})?\s*-----END/g;
  const blocks = [...Buffer.from(file).toString('latin1').replaceAll('\r', '').matchAll(base64)];
  if (blocks.length === 0) return file;
  return Buffer.concat(blocks.map(([, text = '']) => Buffer.from(text, 'base64')));
}

/** The library with its defaults, and every signature that it found is awaited. */
export async function askLibrary({ data, signature, keys }: Asking): Promise<Said> {
  const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8');
  const bad = (words: string): Said => ({ good: false, exit: null, words });
  try {
    const read = await Promise.all(keys.map((key) => openpgp.readKeys({ armoredKeys: text(key) })));
    const { signatures } = await openpgp.verify({
      message: await openpgp.createMessage({ binary: data }),
      signature: await openpgp.readSignature({ armoredSignature: text(signature) }),
      verificationKeys: read.flat().map((key) => key.toPublic()),
      format: 'binary',
    });
    const each = await Promise.all(
      signatures.map(({ verified }) =>
        verified.then(
          () => 'good',
          (error: unknown) => oneLine(String(error)),
        ),
      ),
    );
    // Over an empty list this is true: what nobody signed is refused by nobody.
    const good = each.every((word) => word === 'good');
    return { good, exit: null, words: each.length === 0 ? 'no signature, and no error' : each.join('; ') };
  } catch (error) {
    return bad(oneLine(String(error)));
  }
}
