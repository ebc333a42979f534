/**
 * A small reader of git objects, refs and configuration. Only plumbing that runs no hook and no filter is called, with an
 * environment of its own, so that neither the caller's variables nor the repository being judged choose what is run.
 */
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { delimiter, dirname } from 'node:path';
import process from 'node:process';
import type { Readable, Writable } from 'node:stream';
import { GovbootError, isGovbootError, messageOf } from '../kernel/errors.ts';
import { clip, safe } from '../kernel/text.ts';
import { BatchParser, failed, type OnObject } from './git-batch.ts';
import { ProblemError } from './problem.ts';
import { whereIs } from './programs.ts';

type Variables = Readonly<Record<string, string | undefined>>;

export interface GitAnswer {
  readonly status: number;
  readonly stdout: Uint8Array;
  /** At most 4,000 characters, escaped for printing. */
  readonly stderr: string;
}

export interface Git {
  /** Absolute path of the program. */
  readonly program: string;
  /** Runs one plumbing command. @throws TOOL when it cannot be run, takes too long, says too much, or refuses the folder's owner */
  run(args: readonly string[], input?: string): Promise<GitAnswer>;
  /**
   * Streams objects in the order asked for. `onObject` gets a header, or null for one that is missing.
   * @param most bytes that git may ask for at once, where it has to unfold more than tags, commits and trees
   * @throws TOOL, ProblemError REPO_UNSAFE
   */
  objects(oids: readonly string[], onObject: OnObject, most?: number): Promise<void>;
}

export interface GitOptions {
  readonly env?: Variables;
  /** Milliseconds; 30,000 if not given. */
  readonly deadlineMs?: number;
  /** Bytes of standard output of one command; 64 MiB if not given. Objects are streamed and not counted. */
  readonly maxOutput?: number;
}

const DEADLINE_MS = 30_000;
const MAX_OUTPUT = 64 * 1024 * 1024;
/** Bytes that git may ask for at once. It unfolds a whole tag, commit or tree, of which a kilobyte can be a megabyte, before it says how large it is. */
const MAX_ALLOCATION = 64 * 1024 * 1024;

/** A reader of the repository whose work tree is `root`. Nothing is started until it is asked. */
export function makeGit(root: string, options: GitOptions = {}): Git {
  const env = options.env ?? process.env;
  const program = whereIs('git', env, root);
  if (program === null) throw toolError('git is not on the PATH');
  const limits = {
    deadlineMs: options.deadlineMs ?? DEADLINE_MS,
    maxOutput: options.maxOutput ?? MAX_OUTPUT,
  };
  const start = (
    args: readonly string[],
    most = MAX_ALLOCATION,
  ): ChildProcessByStdio<Writable, Readable, Readable> =>
    spawn(program, [...FIXED, ...args], {
      cwd: root,
      env: { ...sanitised(root, program), GIT_ALLOC_LIMIT: String(most) },
      stdio: ['pipe', 'pipe', 'pipe'],
      shell: false,
      windowsHide: true,
    });
  return {
    program,
    async run(args, input = '') {
      const chunks: Uint8Array[] = [];
      let size = 0;
      const ended = await finish(args, start(args), limits, input, (chunk) => {
        size += chunk.length;
        if (size > limits.maxOutput)
          throw toolError(`git ${args[0] ?? ''} printed more than ${String(limits.maxOutput)} bytes`);
        chunks.push(chunk);
      });
      return { ...ended, stdout: Buffer.concat(chunks) };
    },
    async objects(oids, onObject, most) {
      if (oids.length === 0) return;
      const args = ['cat-file', '--batch', '--buffer'];
      const parser = new BatchParser(oids, onObject);
      const input = oids.map((oid) => `${oid}\n`).join('');
      const ended = await finish(args, start(args, most), limits, input, (chunk) => parser.take(chunk)).catch(
        (error: unknown) => {
          // Nobody here closes a pipe early. An older git that is to fetch an object writes to the fetching program, which may not start.
          if (isGovbootError(error) && error.data['signal'] === 'SIGPIPE')
            throw new ProblemError('REPO_UNSAFE', 'an object is missing, and git ended while it fetched it');
          throw error;
        },
      );
      if (ended.status !== 0) throw failed(args, ended.stderr);
      parser.finish();
    },
  };
}

/** Settings of the command line win over every configuration file. */
const SETTINGS = [
  'core.fsmonitor=false',
  'core.hooksPath=/dev/null',
  'core.attributesFile=/dev/null',
  'core.commitGraph=false',
  // Larger files are handed on in pieces.
  'core.bigFileThreshold=16m',
  'safe.bareRepository=explicit',
];
const FIXED = [
  '--no-replace-objects',
  '--no-pager',
  '--literal-pathspecs',
  ...SETTINGS.flatMap((setting) => ['-c', setting]),
];

function sanitised(root: string, program: string): Record<string, string> {
  const inherited = ['SystemRoot', 'TMPDIR', 'TEMP'].flatMap((name) =>
    process.env[name] === undefined ? [] : [[name, process.env[name]]],
  );
  return {
    ...(Object.fromEntries(inherited) as Record<string, string>),
    PATH: [dirname(program), ...(process.platform === 'win32' ? [] : ['/usr/bin', '/bin'])].join(delimiter),
    LC_ALL: 'C',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_NO_REPLACE_OBJECTS: '1',
    GIT_NO_LAZY_FETCH: '1',
    // An older git does not know the variable above; a promisor remote that is a program (git-remote-ext(1)) would be started.
    GIT_ALLOW_PROTOCOL: 'none',
    GIT_OPTIONAL_LOCKS: '0',
    GIT_TERMINAL_PROMPT: '0',
    // Discovery ends at the root itself: a folder above it is another repository.
    GIT_CEILING_DIRECTORIES: dirname(root),
  };
}

/** Feeds a started git, reads it to its end, and stops it when it is over its time or `onOutput` throws. */
function finish(
  args: readonly string[],
  child: ChildProcessByStdio<Writable, Readable, Readable>,
  limits: { readonly deadlineMs: number },
  input: string,
  onOutput: (chunk: Uint8Array) => void,
): Promise<Omit<GitAnswer, 'stdout'>> {
  return new Promise((resolve, reject) => {
    let stderr = '';
    let fault: Error | undefined;
    const stop = (why: Error): void => {
      fault ??= why;
      child.kill('SIGKILL');
      // What a script in its place has started outlives it and keeps the pipes open; nobody waits for that.
      for (const stream of child.stdio) stream?.destroy();
    };
    const late = toolError(`git ${args[0] ?? ''} took more than ${String(limits.deadlineMs)} ms`);
    const timer = setTimeout(() => stop(late), limits.deadlineMs);
    child.stdout.on('data', (chunk: Buffer) => {
      if (fault !== undefined) return;
      try {
        onOutput(chunk);
      } catch (error) {
        stop(error instanceof Error ? error : new Error(messageOf(error)));
      }
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      if (stderr.length < 4_000) stderr += text;
    });
    // A git that ends before it has read everything closes the pipe; its exit code and message tell why.
    child.stdin.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE' && error.code !== 'EOF') stop(error);
    });
    child.on('error', (cause) => {
      clearTimeout(timer);
      reject(toolError(`git cannot be started: ${messageOf(cause)}`, cause));
    });
    child.on('close', (status, signal) => {
      clearTimeout(timer);
      const said = clip(safe(stderr.trim()), 4_000);
      if (fault !== undefined) reject(fault);
      else if (status === null)
        reject(toolError(`git ${args[0] ?? ''} was ended by ${String(signal)}`, undefined, signal));
      else if (/dubious ownership|unsafe repository/.test(stderr)) reject(notOurs(said));
      else resolve({ status, stderr: said });
    });
    child.stdin.end(input);
  });
}

function toolError(message: string, cause?: unknown, signal: string | null = null): GovbootError {
  return new GovbootError('TOOL', message, { data: { tool: 'git', signal }, cause });
}

function notOurs(said: string): GovbootError {
  return new GovbootError('TOOL', `git refuses the repository because it belongs to somebody else: ${said}`, {
    hint: 'run govboot as the owner of the folder, or in a clone that you made yourself; safe.directory settings are not read',
    data: { tool: 'git' },
  });
}
