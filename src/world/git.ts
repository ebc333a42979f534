/**
 * A small reader of git objects, refs and configuration. Only plumbing that runs no hook and no filter is called, with an
 * environment of its own, so that neither the caller's variables nor the repository being judged choose what is run.
 */
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { accessSync, constants, realpathSync, statSync } from 'node:fs';
import { delimiter, dirname, isAbsolute, join, sep } from 'node:path';
import process from 'node:process';
import type { Readable, Writable } from 'node:stream';
import { GovbootError, messageOf } from '../kernel/errors.ts';
import { clip, safe } from '../kernel/text.ts';

type Variables = Readonly<Record<string, string | undefined>>;

export interface GitAnswer {
  readonly status: number;
  readonly stdout: Uint8Array;
  /** At most 4,000 characters, escaped for printing. */
  readonly stderr: string;
}

export interface ObjectHeader {
  readonly oid: string;
  readonly type: string;
  readonly size: number;
}

/** Takes one object's content as it arrives. */
export interface ObjectSink {
  write(chunk: Uint8Array): void;
  end(): void;
}

export interface Git {
  /** Absolute path of the program. */
  readonly program: string;
  /** Runs one plumbing command. @throws TOOL when it cannot be run, takes too long, says too much, or refuses the folder's owner */
  run(args: readonly string[], input?: string): Promise<GitAnswer>;
  /** Streams objects in the order asked for. `onObject` gets a header, or null for one that is missing. @throws TOOL */
  objects(oids: readonly string[], onObject: (oid: string, header: ObjectHeader | null) => ObjectSink | null): Promise<void>;
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

/**
 * The first `name` on PATH that is an executable file, as an absolute path with links resolved; null when there is none.
 * Relative entries, and programs inside `outside`, are passed over: the repository must not bring its own git.
 */
export function whereIs(name: string, env: Variables, outside?: string): string | null {
  const endings = process.platform === 'win32' ? ['.exe'] : [''];
  for (const folder of (env['PATH'] ?? env['Path'] ?? '').split(delimiter).filter(isAbsolute)) {
    for (const ending of endings) {
      const found = executable(join(folder, name + ending));
      if (found !== null && (outside === undefined || !`${found}${sep}`.startsWith(`${outside}${sep}`))) return found;
    }
  }
  return null;
}

function executable(path: string): string | null {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile() ? realpathSync(path) : null;
  } catch {
    // Not there, or not for us: the next entry of PATH is tried.
    return null;
  }
}

/** A reader of the repository whose work tree is `root`. Nothing is started until it is asked. */
export function makeGit(root: string, options: GitOptions = {}): Git {
  const env = options.env ?? process.env;
  const program = whereIs('git', env, root);
  if (program === null) throw new GovbootError('TOOL', 'git is not on the PATH', { data: { tool: 'git' } });
  const limits = { deadlineMs: options.deadlineMs ?? DEADLINE_MS, maxOutput: options.maxOutput ?? MAX_OUTPUT };
  const start = (args: readonly string[]): ChildProcessByStdio<Writable, Readable, Readable> =>
    spawn(program, [...FIXED, ...args], { cwd: root, env: sanitised(root, program), stdio: ['pipe', 'pipe', 'pipe'], shell: false, windowsHide: true });
  return {
    program,
    async run(args, input = '') {
      const chunks: Uint8Array[] = [];
      let size = 0;
      const ended = await finish(args, start(args), limits, input, (chunk) => {
        size += chunk.length;
        if (size > limits.maxOutput) throw tooMuch(args, limits.maxOutput);
        chunks.push(chunk);
      });
      return { ...ended, stdout: Buffer.concat(chunks) };
    },
    async objects(oids, onObject) {
      if (oids.length === 0) return;
      const args = ['cat-file', '--batch', '--buffer'];
      const parser = new BatchParser(oids, onObject);
      const ended = await finish(args, start(args), limits, oids.map((oid) => `${oid}\n`).join(''), (chunk) => parser.take(chunk));
      if (ended.status !== 0) throw failed(args, ended.stderr);
      parser.finish();
    },
  };
}

/** Settings of the command line win over every configuration file. */
const FIXED = [
  '--no-replace-objects', '--no-pager', '--literal-pathspecs',
  '-c', 'core.fsmonitor=false', '-c', 'core.hooksPath=/dev/null', '-c', 'core.attributesFile=/dev/null', '-c', 'core.commitGraph=false',
  '-c', 'protocol.allow=never', '-c', 'safe.bareRepository=explicit',
];

function sanitised(root: string, program: string): Record<string, string> {
  const inherited = ['SystemRoot', 'TMPDIR', 'TEMP'].flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]]));
  return {
    ...(Object.fromEntries(inherited) as Record<string, string>),
    PATH: [dirname(program), ...(process.platform === 'win32' ? [] : ['/usr/bin', '/bin'])].join(delimiter),
    LC_ALL: 'C',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_NO_REPLACE_OBJECTS: '1',
    GIT_NO_LAZY_FETCH: '1',
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
    let fault: unknown;
    const stop = (why: unknown): void => {
      fault ??= why;
      child.kill('SIGKILL');
    };
    const timer = setTimeout(() => stop(new GovbootError('TOOL', `git ${args[0] ?? ''} took more than ${String(limits.deadlineMs)} ms`, { data: { tool: 'git' } })), limits.deadlineMs);
    child.stdout.on('data', (chunk: Buffer) => {
      if (fault !== undefined) return;
      try {
        onOutput(chunk);
      } catch (error) {
        stop(error);
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
      reject(new GovbootError('TOOL', `git cannot be started: ${messageOf(cause)}`, { data: { tool: 'git' }, cause }));
    });
    child.on('close', (status, signal) => {
      clearTimeout(timer);
      const said = clip(safe(stderr.trim()), 4_000);
      if (fault !== undefined) reject(fault instanceof Error ? fault : new Error(String(fault)));
      else if (status === null) reject(new GovbootError('TOOL', `git ${args[0] ?? ''} was ended by ${String(signal)}`, { data: { tool: 'git' } }));
      else if (/dubious ownership|unsafe repository/.test(stderr)) reject(notOurs(said));
      else resolve({ status, stderr: said });
    });
    child.stdin.end(input);
  });
}

/** `git cat-file --batch` output: `<oid> SP <type> SP <size> LF <content> LF`, or `<name> SP missing LF` (git-cat-file, BATCH OUTPUT). */
class BatchParser {
  private readonly oids: readonly string[];
  private readonly onObject: (oid: string, header: ObjectHeader | null) => ObjectSink | null;
  private next = 0;
  private line: Uint8Array = new Uint8Array(0);
  private sink: ObjectSink | null = null;
  /** Bytes of content and its line feed still to come; null while a header is read. */
  private left: number | null = null;

  constructor(oids: readonly string[], onObject: (oid: string, header: ObjectHeader | null) => ObjectSink | null) {
    this.oids = oids;
    this.onObject = onObject;
  }

  take(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length) at = this.left === null ? this.takeHeader(chunk, at) : this.takeContent(chunk, at, this.left);
  }

  finish(): void {
    if (this.left !== null || this.next !== this.oids.length) throw failed(['cat-file'], 'the answer is cut short');
  }

  private takeHeader(chunk: Uint8Array, at: number): number {
    const end = chunk.indexOf(0x0a, at);
    const part = chunk.subarray(at, end < 0 ? chunk.length : end);
    this.line = Buffer.concat([this.line, part]);
    if (this.line.length > 1_000) throw failed(['cat-file'], 'the answer has an endless header');
    if (end < 0) return chunk.length;
    const text = Buffer.from(this.line).toString('latin1');
    this.line = new Uint8Array(0);
    const asked = this.oids[this.next++];
    const [, oid, type, size] = /^([0-9a-f]{40,64}) (commit|tree|blob|tag) (\d{1,15})$/.exec(text) ?? [];
    if (asked === undefined) throw failed(['cat-file'], `the answer has more than was asked for: ${safe(text)}`);
    if (text === `${asked} missing`) {
      this.onObject(asked, null);
    } else if (oid === asked && type !== undefined) {
      this.sink = this.onObject(asked, { oid, type, size: Number(size) });
      this.left = Number(size) + 1;
    } else {
      throw failed(['cat-file'], `asked for ${asked}, was told ${clip(safe(text), 200)}`);
    }
    return end + 1;
  }

  private takeContent(chunk: Uint8Array, at: number, left: number): number {
    const end = Math.min(chunk.length, at + left);
    const content = chunk.subarray(at, Math.min(end, at + left - 1));
    if (content.length > 0) this.sink?.write(content);
    this.left = left - (end - at);
    if (this.left === 0) {
      this.sink?.end();
      this.sink = null;
      this.left = null;
    }
    return end;
  }
}

/** What git said on failing, as an error. */
export function failed(args: readonly string[], said: string): GovbootError {
  return new GovbootError('TOOL', `git ${args[0] ?? ''} failed: ${said}`, { hint: 'check the repository with `git fsck`', data: { tool: 'git' } });
}

function tooMuch(args: readonly string[], max: number): GovbootError {
  return new GovbootError('TOOL', `git ${args[0] ?? ''} printed more than ${String(max)} bytes`, { data: { tool: 'git' } });
}

function notOurs(said: string): GovbootError {
  return new GovbootError('TOOL', `git refuses the repository because it belongs to somebody else: ${said}`, {
    hint: 'run govboot as the owner of the folder, or in a clone that you made yourself; safe.directory settings are not read',
    data: { tool: 'git' },
  });
}
