/**
 * The controlling terminal: /dev/tty itself, never stdin, so that nothing piped can answer. Raw mode with our own echo,
 * bracketed paste watched for, input from before the prompt thrown away, and the terminal restored on every exit.
 * Recognizing a paste is friction, not security: the token is what binds the answer to the plan.
 */
import { closeSync, openSync } from 'node:fs';
import { ReadStream, WriteStream, isatty } from 'node:tty';
import type { Answer, Clock, Terminal } from '../ports.ts';

/** Milliseconds a person needs at least for each further key; a burst below it was not typed. */
const MS_PER_KEY = 8;
/** Milliseconds in which what was typed ahead of the prompt is read and dropped. */
const DRAIN_MS = 60;
const PASTE_ON = '\u001b[?2004h';
const PASTE_OFF = '\u001b[?2004l';

interface Streams {
  readonly input: ReadStream;
  readonly output: WriteStream;
  readonly close: () => void;
}

export function makeTerminal(env: NodeJS.ProcessEnv, clock: Clock): Terminal {
  return {
    unusable: () => unusable(env),
    ask: ({ text, timeoutMs }) => ask(clock, text, timeoutMs),
  };
}

function unusable(env: NodeJS.ProcessEnv): string | null {
  if (env['CI'] !== undefined && env['CI'] !== '' && env['CI'] !== 'false' && env['CI'] !== '0') return `CI is "${env['CI']}": nobody is at the terminal`;
  if (!isatty(0)) return 'standard input is not a terminal';
  if (!isatty(2)) return 'standard error is not a terminal, so the plan cannot be read';
  if (env['TERM'] === 'dumb') return null;
  try {
    openTerminal().close();
    return null;
  } catch (error) {
    return `the controlling terminal cannot be opened: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function openTerminal(): Streams {
  if (process.platform === 'win32') {
    return { input: new ReadStream(0), output: new WriteStream(2), close: () => undefined };
  }
  const read = openSync('/dev/tty', 'r');
  const write = openSync('/dev/tty', 'w');
  try {
    const input = new ReadStream(read);
    const output = new WriteStream(write);
    return { input, output, close: () => { input.destroy(); output.destroy(); } };
  } catch (error) {
    closeSync(read);
    closeSync(write);
    throw error;
  }
}

async function ask(clock: Clock, text: string, timeoutMs: number): Promise<Answer> {
  const streams = openTerminal();
  const restore = (): void => {
    streams.output.write(PASTE_OFF);
    streams.input.setRawMode(false);
  };
  process.once('exit', restore);
  try {
    streams.input.setRawMode(true);
    await drain(streams.input);
    streams.output.write(`${PASTE_ON}${text}`);
    return await readLine(streams, clock, timeoutMs);
  } finally {
    process.off('exit', restore);
    restore();
    streams.output.write('\r\n');
    streams.close();
  }
}

function drain(input: ReadStream): Promise<void> {
  return new Promise((resolve) => {
    const drop = (): void => undefined;
    input.on('data', drop);
    setTimeout(() => { input.off('data', drop); resolve(); }, DRAIN_MS);
  });
}

/** Keys → a line, or what happened instead of one. Pure over its own state, so that it can be tested without a terminal. */
export class LineEditor {
  private text: string[] = [];
  private firstAt: number | null = null;
  private lastAt = 0;
  private pasted = false;
  private pending = '';

  /** @returns what to echo, and the answer when there is one */
  feed(chunk: string, at: number): { readonly echo: string; readonly answer: Answer | null } {
    let echo = '';
    let rest = this.pending + chunk;
    this.pending = '';
    while (rest !== '') {
      if (rest.startsWith('\u001b')) {
        const sequence = escapeSequence(rest);
        if (sequence === null) { this.pending = rest; break; }
        if (sequence === '\u001b[200~') this.pasted = true;
        rest = rest.slice(sequence.length);
        continue;
      }
      const key = String.fromCodePoint(rest.codePointAt(0) ?? 0);
      rest = rest.slice(key.length);
      const done = this.answerTo(key, at);
      if (done !== null) return { echo, answer: done };
      echo += this.press(key, at);
    }
    return { echo, answer: null };
  }

  private answerTo(key: string, at: number): Answer | null {
    if (key === '\u0003' || (key === '\u0004' && this.text.length === 0)) return { is: 'cancelled' };
    if (key !== '\r' && key !== '\n') return null;
    const tooFast = this.text.length > 3 && this.firstAt !== null && Math.max(this.lastAt, at) - this.firstAt < (this.text.length - 1) * MS_PER_KEY;
    return this.pasted || tooFast ? { is: 'pasted' } : { is: 'typed', text: this.text.join('') };
  }

  private press(key: string, at: number): string {
    if (key === '\u007f' || key === '\b') return this.text.pop() === undefined ? '' : '\b \b';
    if (key === '\u0015') { const n = this.text.length; this.text = []; return '\b \b'.repeat(n); }
    // Printable ASCII only is echoed as itself: nothing typed can hide or repaint.
    if (key < ' ' || key > '~') { this.text.push(key); return '?'; }
    this.firstAt ??= at;
    this.lastAt = at;
    this.text.push(key);
    return key;
  }
}

/** A whole CSI or two-byte escape sequence at the start of `text` (ECMA-48 §5.4), or null when more bytes are needed. */
function escapeSequence(text: string): string | null {
  // eslint-disable-next-line no-control-regex -- matching the escape character is the purpose
  const match = /^\u001b(?:\[[0-9;?]*[ -/]*[@-~]|O[@-~]|[^[O])/.exec(text);
  if (match !== null) return match[0];
  return text.length > 32 ? text.slice(0, 1) : null;
}

function readLine(streams: Streams, clock: Clock, timeoutMs: number): Promise<Answer> {
  return new Promise((resolve) => {
    const editor = new LineEditor();
    const decoder = new TextDecoder();
    const finish = (answer: Answer): void => {
      clearTimeout(timer);
      streams.input.off('data', onData);
      resolve(answer);
    };
    const onData = (bytes: Buffer): void => {
      const { echo, answer } = editor.feed(decoder.decode(bytes, { stream: true }), clock.monotonic());
      if (echo !== '') streams.output.write(echo);
      if (answer !== null) finish(answer);
    };
    const timer = setTimeout(() => { finish({ is: 'timeout' }); }, Math.max(0, timeoutMs));
    streams.input.on('data', onData);
    streams.input.once('end', () => { finish({ is: 'cancelled' }); });
    streams.input.once('error', () => { finish({ is: 'cancelled' }); });
  });
}
