/**
 * The controlling terminal: /dev/tty itself, never stdin, so that nothing piped can answer. Raw mode with our own echo,
 * bracketed paste watched for, input from before the prompt thrown away, and the terminal restored on every way out.
 * Recognizing a paste is friction, not security: the token is what binds the answer to the plan.
 */
import { closeSync, openSync, writeSync } from 'node:fs';
import { ReadStream, isatty } from 'node:tty';
import type { Answer, Clock, Terminal } from '../ports.ts';
import { LineEditor } from './line-editor.ts';
import { ciOf } from './style-of.ts';

/** Milliseconds of silence after which nothing that was typed ahead of the prompt is still on its way. */
const QUIET_MS = 60;
/** Milliseconds after which the prompt is shown even though somebody keeps typing. */
const MOST_QUIET_MS = 2_000;
/** setTimeout fires at once for anything longer: milliseconds in a signed 32-bit integer. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;
/** DECSET and DECRST 2004 (xterm): pasted text comes between marks. */
const PASTE_ON = '\u001b[?2004h';
const PASTE_OFF = '\u001b[?2004l';
/** Signals that end a process; each one is an answer here, so that the terminal is restored and the refusal recorded. */
const ENDING = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGALRM', 'SIGUSR2', 'SIGXCPU'] as const;
/** Keys that are obeyed even before the question is there: Ctrl-C and Ctrl-\. */
const STOPPING = [0x03, 0x1c] as const;
/** Where the width of the window is not known (POSIX terminals of old). */
const USUAL_COLUMNS = 80;

export function makeTerminal(env: NodeJS.ProcessEnv, clock: Clock): Terminal {
  return {
    unusable: () => unusable(env),
    ask: ({ text, timeoutMs }) => ask({ clock, text, timeoutMs, brackets: env['TERM'] !== 'dumb' }),
  };
}

function unusable(env: NodeJS.ProcessEnv): string | null {
  const ci = ciOf(env);
  if (ci !== null) return `CI is "${ci}": nobody is at the terminal`;
  if (!isatty(0)) return 'standard input is not a terminal';
  if (!isatty(2)) return 'standard error is not a terminal, so the plan cannot be read';
  try {
    openTty().close();
    return null;
  } catch (error) {
    return `the controlling terminal cannot be opened: ${error instanceof Error ? error.message : String(error)}`;
  }
}

interface Tty {
  readonly input: number;
  readonly output: number;
  readonly close: () => void;
}

/** Two descriptors, because libuv makes the one that it reads from non-blocking. */
function openTty(): Tty {
  if (process.platform === 'win32') return { input: 0, output: 2, close: () => undefined };
  const input = openSync('/dev/tty', 'r');
  try {
    const output = openSync('/dev/tty', 'w');
    const close = (): void => {
      closeSync(input);
      closeSync(output);
    };
    return { input, output, close };
  } catch (error) {
    closeSync(input);
    throw error;
  }
}

interface Question {
  readonly clock: Clock;
  readonly text: string;
  readonly timeoutMs: number;
  /** Whether the terminal understands escape sequences, bracketed paste among them. */
  readonly brackets: boolean;
}

async function ask({ clock, text, timeoutMs, brackets }: Question): Promise<Answer> {
  const tty = openTty();
  const stream = new ReadStream(tty.input);
  const restore = (): void => {
    stream.setRawMode(false);
    put(tty, brackets ? PASTE_OFF : '');
  };
  // Also for errors that nobody catches: Node still emits `exit` then.
  process.once('exit', restore);
  const ending = new AbortController();
  const end = (): void => {
    ending.abort();
  };
  for (const signal of ENDING) process.once(signal, end);
  // Stopped, it would leave the terminal in raw mode to whoever comes next; Ctrl-Z itself is only a key here.
  process.on('SIGTSTP', ignore);
  // The terminal went away: there is nobody to answer.
  stream.on('error', end).on('end', end);
  try {
    stream.setRawMode(true);
    await drained(stream, end, ending.signal);
    // Whoever continues a process that was stopped (SIGSTOP cannot be ignored) once the question stands there may not be who was asked.
    process.once('SIGCONT', end);
    put(tty, `${brackets ? PASTE_ON : ''}${text}`);
    return await readLine({ stream, tty, clock, text, timeoutMs, ending: ending.signal });
  } finally {
    process.off('exit', restore);
    for (const signal of [...ENDING, 'SIGCONT'] as const) process.off(signal, end);
    process.off('SIGTSTP', ignore);
    restore();
    put(tty, '\r\n');
    stream.destroy();
    if (process.platform !== 'win32') closeSync(tty.output);
  }
}

function ignore(): void {
  // A listener is what keeps a signal from having its effect.
}

/** What was typed before the question was seen is no answer to it. */
function drained(stream: ReadStream, end: () => void, ending: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const finish = (): void => {
      clearTimeout(quiet);
      clearTimeout(most);
      stream.off('data', drop);
      resolve();
    };
    const drop = (bytes: Buffer): void => {
      if (STOPPING.some((key) => bytes.includes(key))) end();
      quiet.refresh();
    };
    const quiet = setTimeout(finish, QUIET_MS);
    const most = setTimeout(finish, MOST_QUIET_MS);
    stream.on('data', drop);
    ending.addEventListener('abort', finish, { once: true });
  });
}

interface Reading {
  readonly stream: ReadStream;
  readonly tty: Tty;
  readonly clock: Clock;
  readonly text: string;
  readonly timeoutMs: number;
  readonly ending: AbortSignal;
}

function readLine({ stream, tty, clock, text, timeoutMs, ending }: Reading): Promise<Answer> {
  return new Promise((resolve) => {
    const editor = new LineEditor(text, () => process.stderr.columns || USUAL_COLUMNS);
    const finish = (answer: Answer): void => {
      clearTimeout(timer);
      stream.off('data', onData);
      resolve(answer);
    };
    const onData = (bytes: Buffer): void => {
      const { echo, answer } = editor.feed(bytes, clock.monotonic());
      put(tty, echo);
      if (answer !== null) finish(answer);
    };
    const wait = Math.min(Math.max(0, timeoutMs), LONGEST_TIMER_MS);
    const timer = setTimeout(() => {
      finish({ is: 'timeout' });
    }, wait);
    const cancel = (): void => {
      finish({ is: 'cancelled' });
    };
    if (ending.aborted) cancel();
    else {
      ending.addEventListener('abort', cancel, { once: true });
      stream.on('data', onData);
    }
  });
}

/** A terminal that went away cannot be written to, and need not be. */
function put({ output }: Tty, text: string): void {
  if (text === '') return;
  try {
    writeSync(output, text);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EIO' && code !== 'ENXIO') throw error;
  }
}
