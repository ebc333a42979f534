/** What this process and this machine are: what weakens it, where calls would be sent, and the programs that take part. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { realpath } from 'node:fs/promises';
import process from 'node:process';
import { pipeline } from 'node:stream/promises';
import type { CredentialSource, EnvironmentFacts, ProgramFacts } from '../inputs/facts.ts';
import { clip, safe } from '../kernel/text.ts';
import type { Machine } from '../ports.ts';
import { awsSettings } from './aws-config.ts';
import { errno } from './problem.ts';
import { whereIs } from './programs.ts';
import { weakening } from './weakening.ts';

type Variables = Readonly<Record<string, string | undefined>>;
type Tool = Awaited<ReturnType<Machine['tools']>>[number];

export interface MachineDeps {
  /** Version of govboot itself. */
  readonly version: string;
  /** File of govboot itself; the one that Node was started with if not given. Its chunks carry their own hashes in their names. */
  readonly program?: string;
  /** The governed repository: programs inside of it are never started. */
  readonly repository?: string;
  /** Options that Node itself was started with, in front of the program. */
  readonly nodeOptions?: readonly string[];
  /** Definitions that Node was built with; those of this one if not given. */
  readonly nodeDefines?: readonly string[];
}

/** Milliseconds that a program may take to tell its version. */
const VERSION_MS = 10_000;

/** Facts of the given environment; programs are looked for on its PATH. */
export function makeMachine(env: Variables, deps: MachineDeps): Machine {
  return {
    environment: () =>
      environmentFacts(
        env,
        deps.nodeOptions ?? [],
        deps.nodeDefines ?? process.config.target_defaults.defines,
      ),
    async tools() {
      const found = await Promise.all([
        nodeItself(),
        ...['git', 'gpg', 'gpgv', 'sqv'].map((name) => toolOnPath(name, env, deps.repository)),
        itself(deps),
      ]);
      return found.filter((tool) => tool !== null);
    },
    programs: async (names) =>
      (await Promise.all(names.map((name) => programOnPath(name, env, deps.repository)))).filter(
        (program) => program !== null,
      ),
  };
}

/** Where other programs send their calls; the AWS SDK for JavaScript follows none of them. */
const PROXIES = ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'http_proxy', 'https_proxy', 'all_proxy'];

function environmentFacts(
  env: Variables,
  nodeOptions: readonly string[],
  nodeDefines: readonly string[],
): EnvironmentFacts {
  const { endpoints, credentials } = awsSettings(env);
  return {
    weakening: weakening(env, nodeOptions, nodeDefines).map(({ name, value }) => ({
      name,
      value: shown(value),
    })),
    endpoints: endpoints.map(({ from, url }) => ({ from: shown(from), url: shown(masked(url)) })),
    proxies: PROXIES.flatMap((name) =>
      isSet(env[name]) ? [{ name, value: shown(masked(env[name] ?? '')) }] : [],
    ),
    credentials: credentials.map((source) => shownSource(source)),
  };
}

function shownSource(source: CredentialSource): CredentialSource {
  const from = shown(source.from);
  switch (source.is) {
    case 'program':
      // Only the program: its arguments may hold secrets.
      return { ...source, from, command: shown(source.command.trim().split(/\s/)[0] ?? '') };
    case 'address':
      return { ...source, from, url: shown(masked(asParsed(source.url))) };
    case 'unreadable':
      return { ...source, from, why: shown(source.why) };
  }
}

/**
 * As whoever asks there will read it: to them a tab or a character of no width is no part of a URL, and a backslash ends its host
 * (WHATWG URL §4.4, UTS #46). What is masked and escaped as it was written may name another host.
 */
function asParsed(url: string): string {
  return URL.canParse(url) ? new URL(url).href : url;
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

async function programOnPath(
  name: string,
  env: Variables,
  repository: string | undefined,
): Promise<ProgramFacts | null> {
  const path = whereIs(name, env, repository);
  return path === null ? null : { name, path, sha256: await digestOf(path) };
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

/** Bytes of a program that are read at once. */
const AT_ONCE = 256 * 1024;

/** SHA-256 of a program's file; null when it cannot be read, as a program may be run but not read. */
async function digestOf(path: string): Promise<string | null> {
  const hash = createHash('sha256');
  try {
    await pipeline(createReadStream(await realpath(path), { highWaterMark: AT_ONCE }), hash);
  } catch (error) {
    if (errno(error) === '') throw error;
    return null;
  }
  return hash.digest('hex');
}
