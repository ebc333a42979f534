/** A person at a terminal: starts a command on a pseudo-terminal, reads its screen, and types. */
import { spawn as spawnPty } from '@lydell/node-pty';
import xterm from '@xterm/headless';
import { setTimeout as delay } from 'node:timers/promises';
import { stripVTControlCharacters } from 'node:util';
import { cleanEnv, type CliOptions } from './cli.ts';
import { projectRoot } from './capabilities.ts';

export type TerminalOptions = Pick<CliOptions, 'cwd' | 'env'> & {
  readonly cols?: number;
  readonly rows?: number;
};

export type Terminal = {
  readonly pid: number;
  /** Everything that was shown so far, without colours and cursor movements. */
  screen(): string;
  /** Everything that was shown so far, as it came. */
  raw(): string;
  /** What a person sees, scrolled back to the start: lines that were drawn over are gone. */
  view(): Promise<string>;
  /** Marks what is shown now as read: the next `waitFor` looks only at what comes after. */
  forget(): void;
  /** Waits until unread text matches, and gives the match. Fails with the screen when it takes too long. */
  waitFor(pattern: RegExp, timeoutMs?: number): Promise<RegExpExecArray>;
  /** Types as a person does, one character after another. '\r' is Enter, '\x03' is Ctrl-C. */
  type(text: string): Promise<void>;
  /** Sends everything at once, as pasting does. */
  typeBurst(text: string): void;
  resize(cols: number, rows: number): void;
  /** How it ended. `signal` is a number, 0 for none. */
  readonly exit: Promise<{ readonly code: number; readonly signal: number }>;
  /** Hangs up (SIGHUP unless told), if it is still running. */
  kill(signal?: string): void;
};

const betweenKeysMs = 15;
/** Milliseconds for which an answer on the screen to a key is waited for; a passphrase has none. */
const echoMs = 200;

/** Starts a command whose controlling terminal, /dev/tty included, is the one that is returned. */
export function startTerminal(
  command: string,
  args: readonly string[],
  options: TerminalOptions = {},
): Terminal {
  const pty = spawnPty(command, [...args], {
    name: 'xterm-256color',
    cols: options.cols ?? 100,
    rows: options.rows ?? 30,
    cwd: options.cwd ?? projectRoot,
    env: cleanEnv({ TERM: 'xterm-256color', ...options.env }),
  });
  const emulator = new xterm.Terminal({
    cols: options.cols ?? 100,
    rows: options.rows ?? 30,
    scrollback: 10_000,
    allowProposedApi: true,
  });
  let shown = '';
  let read = 0;
  let ended = false;
  const watchers = new Set<() => void>();
  const wake = () => watchers.forEach((watcher) => watcher());
  pty.onData((data) => {
    shown += data;
    emulator.write(data);
    wake();
  });
  const exit = new Promise<{ code: number; signal: number }>((resolve) => {
    pty.onExit(({ exitCode, signal }) => {
      ended = true;
      resolve({ code: exitCode, signal: signal ?? 0 });
      wake();
    });
  });
  const screen = () => stripVTControlCharacters(shown);

  const waitFor = (pattern: RegExp, timeoutMs = 25_000) =>
    new Promise<RegExpExecArray>((resolve, reject) => {
      const look = () => {
        // A fresh search each time: a `g` pattern would remember where it was.
        const match = new RegExp(pattern, pattern.flags.replace('g', '')).exec(screen().slice(read));
        if (match !== null) settle(() => resolve(match));
        else if (ended) fail('the command ended');
      };
      const fail = (why: string) =>
        settle(() => reject(new Error(`${why} before ${pattern} was shown:\n${screen()}`)));
      const settle = (act: () => void) => {
        clearTimeout(timer);
        watchers.delete(look);
        act();
      };
      const timer = setTimeout(() => fail(`${timeoutMs} ms went by`), timeoutMs);
      watchers.add(look);
      look();
    });

  return {
    pid: pty.pid,
    screen,
    raw: () => shown,
    view: () =>
      new Promise((resolve) => {
        // An empty write is answered once everything before it was drawn.
        emulator.write('', () => {
          const { active } = emulator.buffer;
          const lines = Array.from(
            { length: active.length },
            (_, i) => active.getLine(i)?.translateToString(true) ?? '',
          );
          resolve(lines.join('\n').trimEnd());
        });
      }),
    forget() {
      read = screen().length;
    },
    waitFor,
    async type(text) {
      for (const key of text) {
        const before = shown.length;
        pty.write(key);
        // On a busy machine keys would come in one piece, which the program takes for a paste.
        for (let waited = 0; waited < echoMs; waited += betweenKeysMs) {
          await delay(betweenKeysMs);
          if (shown.length > before || ended) break;
        }
      }
    },
    typeBurst: (text) => pty.write(text),
    resize: (cols, rows) => {
      pty.resize(cols, rows);
      emulator.resize(cols, rows);
    },
    exit,
    kill(signal) {
      if (!ended) pty.kill(signal);
    },
  };
}
