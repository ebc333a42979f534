/** The operator, or an approver: reads the plan and the token from the screen of a real pseudo-terminal, types the token and the word. */
import process from 'node:process';
import { govbootPath } from './cli.ts';
import { startTerminal, type Terminal, type TerminalOptions } from './pty.ts';

export interface Played {
  readonly code: number;
  /** Number of the signal that ended it, 0 for none. */
  readonly signal: number;
  readonly screen: string;
  readonly token: string | null;
}

const TOKEN = /token\s+([0-9A-HJKMNP-TV-Z]{5}-[0-9A-HJKMNP-TV-Z]{5})/;

/** Starts govboot at a terminal. */
export function startGovboot(args: readonly string[], options: TerminalOptions): Terminal {
  return startTerminal(process.execPath, [govbootPath, ...args], options);
}

/** Plays a whole apply or approve. With nothing to confirm the program ends by itself, and so does this. */
export function playApply(
  args: readonly string[],
  options: TerminalOptions,
  say: (line: string) => void = () => undefined,
): Promise<Played> {
  return playAt(startGovboot(args, options), say);
}

/** The same at a terminal that was started already, so that its process can be met with a signal in the meantime. */
export async function playAt(
  terminal: Terminal,
  say: (line: string) => void = () => undefined,
): Promise<Played> {
  const ended = terminal.exit.then(() => null);
  const match = await Promise.race([terminal.waitFor(TOKEN, 60_000).catch(() => null), ended]);
  const token = match?.[1] ?? null;
  if (token !== null) await answer(terminal, token, say);
  const { code, signal } = await terminal.exit;
  return { code, signal, screen: await terminal.view(), token };
}

/** The same in a shell that runs govboot several times: every plan is confirmed, until the shell ends. */
export async function playEvery(terminal: Terminal): Promise<Played> {
  let token: string | null = null;
  for (;;) {
    const match = await terminal.waitFor(TOKEN, 120_000).catch(() => null);
    if (match === null) break;
    [, token = ''] = match;
    await answer(terminal, token);
    terminal.forget();
  }
  const { code, signal } = await terminal.exit;
  return { code, signal, screen: await terminal.view(), token };
}

async function answer(
  terminal: Terminal,
  token: string,
  say: (line: string) => void = () => undefined,
): Promise<void> {
  await terminal.waitFor(/token: ?$/im, 10_000);
  say(`the operator reads the plan, and types the token ${token}`);
  await terminal.type(`${token}\r`);
  const [, word = ''] = await terminal.waitFor(/Type (APPLY|APPROVE) to \w+: ?$/m, 10_000);
  say(`the operator types ${word}`);
  await terminal.type(`${word}\r`);
}
