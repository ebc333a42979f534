/** Runs the built govboot as a user would: its own process, a home of its own, nothing of this machine's. */
import { spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { text } from 'node:stream/consumers';
import { projectRoot } from './capabilities.ts';

export type CliOptions = {
  readonly cwd?: string;
  /** Added to the clean environment; undefined takes a variable out of it. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Standard input; without it there is none (an empty one, not a terminal). */
  readonly input?: string | Uint8Array;
  /** Kills a run that takes longer, in milliseconds; 60,000 if not given. */
  readonly timeout?: number;
};

export type CliResult = {
  /** The exit code; null when a signal ended the run. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
};

/** The built executable. */
export const govbootPath = join(projectRoot, 'dist', 'govboot.js');

/** The few variables of this machine that a test may see. Everything else, AWS_* first of all, stays out. */
const inherited = ['PATH', 'TMPDIR'];

let home: string | undefined;

/** An environment that is the same on every machine: an empty HOME, plain text, English, UTC. */
export function cleanEnv(extra: CliOptions['env'] = {}): Record<string, string> {
  home ??= mkdtempSync(join(tmpdir(), 'govboot-home-'));
  const wanted: Record<string, string | undefined> = {
    ...Object.fromEntries(inherited.map((name) => [name, process.env[name]])),
    HOME: home,
    LANG: 'C.UTF-8',
    TZ: 'UTC',
    NO_COLOR: '1',
    // git reads no configuration but the repository's.
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    // An SDK without credentials must fail at once, not ask a metadata address for some.
    AWS_EC2_METADATA_DISABLED: 'true',
    ...extra,
  };
  const present = Object.entries(wanted).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return Object.fromEntries(present);
}

/** Runs any command in the clean environment. */
export async function runCommand(
  command: string,
  args: readonly string[],
  options: CliOptions = {},
): Promise<CliResult> {
  const child = spawn(command, args, {
    cwd: options.cwd ?? projectRoot,
    env: cleanEnv(options.env),
    stdio: ['pipe', 'pipe', 'pipe'],
    timeout: options.timeout ?? 60_000,
    killSignal: 'SIGKILL',
  });
  // A command that does not read its input closes it; that is its right, and no failure of the test.
  child.stdin.on('error', () => undefined);
  child.stdin.end(options.input ?? '');
  const ended = new Promise<Pick<CliResult, 'code' | 'signal'>>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
  const [end, stdout, stderr] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
  return { ...end, stdout, stderr };
}

/** Runs `govboot args…` and waits for it to end. It never throws for an exit code. */
export function runCli(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  return runCommand(process.execPath, [govbootPath, ...args], options);
}
