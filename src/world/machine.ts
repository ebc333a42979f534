/** What this process and this machine are: variables that weaken, endpoints, proxies, and the programs that take part. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { realpath } from 'node:fs/promises';
import process from 'node:process';
import { pipeline } from 'node:stream/promises';
import type { EnvironmentFacts } from '../inputs/facts.ts';
import { clip, safe } from '../kernel/text.ts';
import type { Machine } from '../ports.ts';
import { endpointOverrides } from './aws-config.ts';
import { errno } from './problem.ts';
import { whereIs } from './programs.ts';

type Variables = Readonly<Record<string, string | undefined>>;
type Tool = Awaited<ReturnType<Machine['tools']>>[number];

export interface MachineDeps {
  /** Version of govboot itself. */
  readonly version: string;
  /** File of govboot itself; the one that Node was started with if not given. Its chunks carry their own hashes in their names. */
  readonly program?: string;
  /** The governed repository: programs inside of it are never started. */
  readonly repository?: string;
}

/** Milliseconds that a program may take to tell its version. */
const VERSION_MS = 10_000;

/** Variables that load foreign code into this process or write down its keys (ld.so(8), dyld(1), node(1)). */
const ALWAYS_WEAK = ['LD_PRELOAD', 'LD_AUDIT', 'DYLD_INSERT_LIBRARIES', 'SSLKEYLOGFILE'];

/** Options of NODE_OPTIONS that neither load code nor change what is believed; every other one is told. */
const HARMLESS_OPTIONS =
  /^--(?:max-old-space-size|max-semi-space-size|max-http-header-size|stack-trace-limit|enable-source-maps|no-warnings|warnings|no-deprecation|throw-deprecation|pending-deprecation|trace-(?:warnings|deprecation|uncaught|exit)|disable-warning|unhandled-rejections|dns-result-order|network-family-autoselection|no-network-family-autoselection|network-family-autoselection-attempt-timeout|title|abort-on-uncaught-exception|use-system-ca|use-bundled-ca|use-openssl-ca|use-env-proxy)$/;

/** Variables that change who is trusted or how the network is reached, and are ordinary in companies: shown and recorded. */
const SHOWN = [
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'ALL_PROXY',
  'NO_PROXY',
  'http_proxy',
  'https_proxy',
  'all_proxy',
  'no_proxy',
  'NODE_EXTRA_CA_CERTS',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'NODE_USE_SYSTEM_CA',
  'NODE_USE_ENV_PROXY',
  'OPENSSL_CONF',
];

/** Facts of the given environment; programs are looked for on its PATH. */
export function makeMachine(env: Variables, deps: MachineDeps): Machine {
  return {
    environment: () => environmentFacts(env),
    async tools() {
      const found = await Promise.all([
        nodeItself(),
        ...['git', 'gpg', 'gpgv', 'sqv'].map((name) => toolOnPath(name, env, deps.repository)),
        itself(deps),
      ]);
      return found.filter((tool) => tool !== null);
    },
  };
}

function environmentFacts(env: Variables): EnvironmentFacts {
  return {
    weakening: weakening(env),
    endpoints: endpointOverrides(env).map(({ from, url }) => ({
      from: shown(from),
      url: shown(masked(url)),
    })),
    proxies: SHOWN.flatMap((name) =>
      isSet(env[name]) ? [{ name, value: shown(masked(env[name] ?? '')) }] : [],
    ),
  };
}

function weakening(env: Variables): EnvironmentFacts['weakening'] {
  const found = ALWAYS_WEAK.flatMap((name) =>
    isSet(env[name]) ? [{ name, value: shown(env[name] ?? '') }] : [],
  );
  // Only the value 0 is understood by Node (node(1), NODE_TLS_REJECT_UNAUTHORIZED).
  if (env['NODE_TLS_REJECT_UNAUTHORIZED'] === '0')
    found.push({ name: 'NODE_TLS_REJECT_UNAUTHORIZED', value: '0' });
  const options = env['NODE_OPTIONS'] ?? '';
  if (weakOptions(options).length > 0)
    found.push({ name: 'NODE_OPTIONS', value: shown(weakOptions(options).join(' ')) });
  return found;
}

/** The options that are not known to be harmless. A word that is no option belongs to the one before it. */
function weakOptions(text: string): readonly string[] {
  const weak: string[] = [];
  let kept = true;
  for (const [word] of text.matchAll(/(?:"(?:\\.|[^"\\])*"?|[^\s"])+/g)) {
    const plain = word.replaceAll('"', '');
    if (plain.startsWith('-')) kept = HARMLESS_OPTIONS.test((plain.split('=')[0] ?? '').replaceAll('_', '-'));
    if (!kept) weak.push(plain);
  }
  return weak;
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== '';
}

/** Takes the password out of a URL: `http://user:secret@proxy` and `user:secret@proxy` keep only the host. */
function masked(value: string): string {
  return value.replace(
    /^([A-Za-z][A-Za-z0-9+.-]*:\/\/)?[^/?#]*@/,
    (_whole, scheme: string | undefined) => `${scheme ?? ''}***@`,
  );
}

function shown(text: string): string {
  return clip(safe(text), 300);
}

async function nodeItself(): Promise<Tool> {
  return { name: 'node', version: process.version.slice(1), sha256: await digestOf(process.execPath) };
}

async function itself(deps: MachineDeps): Promise<Tool> {
  const program = deps.program ?? process.argv[1];
  return {
    name: 'govboot',
    version: deps.version,
    sha256: program === undefined ? null : await digestOf(program),
  };
}

async function toolOnPath(
  name: string,
  env: Variables,
  repository: string | undefined,
): Promise<Tool | null> {
  const path = whereIs(name, env, repository);
  if (path === null) return null;
  const [said, sha256] = await Promise.all([firstLine(path), digestOf(path)]);
  return { name, version: /\d+(?:\.\d+)+/.exec(said)?.[0] ?? 'unknown', sha256 };
}

/** What `PROGRAM --version` prints first, with nothing of the caller's environment; '' when it does not answer. */
function firstLine(path: string): Promise<string> {
  const options = {
    env: { LC_ALL: 'C', PATH: '/usr/bin:/bin' },
    timeout: VERSION_MS,
    maxBuffer: 64 * 1024,
    encoding: 'utf8',
    windowsHide: true,
  } as const;
  return new Promise((resolve) => {
    execFile(path, ['--version'], options, (error, stdout) =>
      resolve(error === null ? (stdout.split('\n')[0] ?? '') : ''),
    );
  });
}

/** SHA-256 of a program's file; null when it cannot be read, as a program may be run but not read. */
async function digestOf(path: string): Promise<string | null> {
  const hash = createHash('sha256');
  try {
    await pipeline(createReadStream(await realpath(path)), hash);
  } catch (error) {
    if (errno(error) === '') throw error;
    return null;
  }
  return hash.digest('hex');
}
