/** Starts OpenPGP programs: by absolute path, without a shell, with a small environment, status lines on their own descriptor. */
import { spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { GovbootError, messageOf } from '../kernel/errors.ts';
import { clip, safe } from '../kernel/text.ts';

export interface ProgramRun {
  readonly exit: number | null;
  readonly stdout: Uint8Array;
  /** Lines of descriptor 3; never mixed with what a program prints for people, where file names could forge them. */
  readonly status: readonly string[];
  /** The lines that it printed for people, escaped. */
  readonly words: readonly string[];
  /** The last of them. */
  readonly lastWords: string;
}

export interface ProgramCall {
  readonly program: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly input?: Uint8Array;
  readonly deadlineMs: number;
}

/** What a run may print: 1 MiB a stream. */
const OUTPUT_LIMIT_BYTES = 1_048_576;

/** The first number in the first line of `--version`. @throws TOOL */
export async function versionOf(
  program: string,
  asked: Pick<ProgramCall, 'env' | 'deadlineMs'> = { env: {}, deadlineMs: 10_000 },
): Promise<string> {
  const run = await runProgram({ program, args: ['--version'], ...asked });
  const version = /^[^\n]*?(\d+(?:\.\d+)+)/.exec(Buffer.from(run.stdout).toString('latin1'))?.[1];
  if (version === undefined) throw new GovbootError('TOOL', `${program} --version gives no version`);
  return version;
}

/** Runs to the end or the deadline. A non-zero exit is an answer; only a run that gave none throws. @throws TOOL */
export async function runProgram(call: ProgramCall): Promise<ProgramRun> {
  const failed = (wrong: string, cause?: unknown): GovbootError =>
    new GovbootError('TOOL', `${call.program} ${wrong}`, { cause });
  const child = spawn(call.program, call.args, {
    stdio: [call.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe', 'pipe'],
    // LC_ALL=C: one language, and dates in one form.
    env: { LC_ALL: 'C', ...call.env },
    shell: false,
  });
  const seen: { trouble: GovbootError | null; unread: Error | null } = { trouble: null, unread: null };
  const stop = (wrong: string): void => {
    seen.trouble ??= failed(wrong);
    child.kill('SIGKILL');
    // What a script has started outlives it and keeps the pipes open; nobody waits for that.
    for (const stream of child.stdio) stream?.destroy();
  };
  const deadline = setTimeout(() => stop(`gave no answer within ${call.deadlineMs} ms`), call.deadlineMs);
  const overflow = (): void => stop(`printed more than ${OUTPUT_LIMIT_BYTES} bytes`);
  const read = (descriptor: 1 | 2 | 3): Collected => collect(child.stdio[descriptor] as Readable, overflow);
  const [stdout, stderr, status] = [read(1), read(2), read(3)];
  // A program that ends before it has read everything closes the pipe; its answer says why.
  child.stdin?.on('error', (error) => (seen.unread = error));
  child.stdin?.end(call.input);
  const exit = await new Promise<number | null>((resolve, reject) => {
    child.on('error', (cause) => reject(failed(`cannot be started: ${messageOf(cause)}`, cause)));
    child.on('close', resolve);
  }).finally(() => clearTimeout(deadline));
  if (seen.trouble !== null) throw seen.trouble;
  const words = Buffer.from(stderr()).toString('utf8').trim().split('\n').map(safe);
  if (seen.unread !== null && exit === 0) throw failed('did not read its input to the end', seen.unread);
  return {
    exit,
    stdout: stdout(),
    status: Buffer.from(status()).toString('latin1').split('\n').slice(0, -1),
    words,
    lastWords: clip(words.at(-1) ?? '', 300),
  };
}

type Collected = () => Uint8Array;

function collect(stream: Readable, overflow: () => void): Collected {
  const chunks: Buffer[] = [];
  let size = 0;
  stream.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size > OUTPUT_LIMIT_BYTES) overflow();
    else chunks.push(chunk);
  });
  return () => Buffer.concat(chunks);
}
