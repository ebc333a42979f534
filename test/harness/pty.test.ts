import process from 'node:process';
import { afterEach, expect, test } from 'vitest';
import { startTerminal, type Terminal, type TerminalOptions } from './pty.ts';

const open: Terminal[] = [];
afterEach(() => open.splice(0).forEach((terminal) => terminal.kill('SIGKILL')));

function sh(script: string, options: TerminalOptions = {}): Terminal {
  const terminal = startTerminal('sh', ['-c', script], options);
  open.push(terminal);
  return terminal;
}

test('reads a screen, types an answer, learns how it ended', async () => {
  const terminal = sh(String.raw`printf '\033[1mname?\033[0m '; read name; echo "hello $name"; exit 3`);
  await terminal.waitFor(/name\? $/);
  await terminal.type('ada\r');
  await terminal.waitFor(/hello ada/);
  expect(await terminal.exit).toEqual({ code: 3, signal: 0 });
  expect(terminal.screen()).not.toContain('\x1b');
  expect(terminal.raw()).toContain('\x1b[1m');
});

test('the terminal is the controlling one: /dev/tty works with every stream redirected', async () => {
  const terminal = sh(
    'exec </dev/null; echo "ask: " >/dev/tty; read answer </dev/tty; echo "got $answer" >/dev/tty',
  );
  await terminal.waitFor(/ask: /);
  await terminal.type('yes\r');
  await terminal.waitFor(/got yes/);
});

test('Node sees a terminal, of the size that was asked for', async () => {
  const code =
    'console.log(process.stdin.isTTY, process.stdout.isTTY, process.stdout.columns, process.stdout.rows)';
  const terminal = startTerminal(process.execPath, ['-e', code], { cols: 77, rows: 22 });
  open.push(terminal);
  await terminal.waitFor(/true true 77 22/);
  expect((await terminal.exit).code).toBe(0);
});

test('a resize reaches the command', async () => {
  const code =
    'process.stdout.on("resize", () => console.log("now", process.stdout.columns)); process.stdin.resume(); console.log("up")';
  const terminal = startTerminal(process.execPath, ['-e', code]);
  open.push(terminal);
  await terminal.waitFor(/up/);
  terminal.resize(40, 10);
  await terminal.waitFor(/now 40/);
});

test('what was forgotten is not matched again; a burst arrives whole', async () => {
  const terminal = sh('read a; echo "[$a]"; read b; echo "[$b]"');
  terminal.typeBurst('one\rtwo\r');
  await terminal.waitFor(/\[two\]/);
  terminal.forget();
  await expect(terminal.waitFor(/\[one\]/, 100)).rejects.toThrow(/before .*one/);
});

test('Ctrl-C interrupts', async () => {
  // Node and not sh: a shell that is just starting its next command may miss the interrupt.
  const code =
    'process.on("SIGINT", () => process.exit(7)); setInterval(() => {}, 1000); console.log("ready")';
  const terminal = startTerminal(process.execPath, ['-e', code]);
  open.push(terminal);
  await terminal.waitFor(/ready/);
  await terminal.type('\x03');
  expect(await terminal.exit).toEqual({ code: 7, signal: 0 });
});

test('waiting for what never comes fails with the screen', async () => {
  const terminal = sh('echo only this');
  await expect(terminal.waitFor(/something else/, 2000)).rejects.toThrow(/only this/);
});
