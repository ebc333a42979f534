import { join } from 'node:path';
import process from 'node:process';
import { afterEach, describe, expect, it } from 'vitest';
import { projectRoot, whereIs } from '../../harness/capabilities.ts';
import { startTerminal, type Terminal, type TerminalOptions } from '../../harness/pty.ts';

const FIXTURE = join(projectRoot, 'test', 'fixtures', 'terminal', 'ask.ts');
const NODE = `'${process.execPath}' --import tsx '${FIXTURE}'`;
/** What the next program finds: line by line input, echo, signals from keys. */
const COOKED = /state: (?=.*\bicanon\b)(?!.*-icanon)(?=.*\becho\b)(?!.*-echo\b)(?!.*-isig)/s;

const open: Terminal[] = [];
afterEach(() => {
  for (const terminal of open.splice(0)) terminal.kill('SIGKILL');
});

/** Runs the fixture inside a shell, which then shows how the terminal was left. */
function start(command: string, options: TerminalOptions = {}): Terminal {
  const script = `${command}; echo "ended $?"; echo "state: $(stty -a | tr '\\n' ' ')"; echo over`;
  const terminal = startTerminal('sh', ['-c', script], { cols: 400, ...options });
  open.push(terminal);
  return terminal;
}

async function asked(args = ''): Promise<Terminal> {
  const terminal = start(`${NODE} ${args}`);
  await terminal.waitFor(/Token: $/);
  return terminal;
}

async function answerOf(terminal: Terminal): Promise<unknown> {
  const [, json = ''] = await terminal.waitFor(/answer (\{.*\})/);
  return JSON.parse(json);
}

async function pidOf(terminal: Terminal): Promise<number> {
  const [, pid = ''] = await terminal.waitFor(/(?:asking|waiting) as (\d+)/);
  return Number(pid);
}

async function expectRestored(terminal: Terminal): Promise<void> {
  await terminal.waitFor(/over/);
  expect(terminal.screen()).toMatch(COOKED);
  const raw = terminal.raw();
  expect(raw.lastIndexOf('\u001b[?2004l')).toBeGreaterThan(raw.lastIndexOf('\u001b[?2004h'));
}

describe('an answer', () => {
  it('is what a person types, echoed, and the terminal is as before', async () => {
    const terminal = await asked();
    await terminal.type('ABCDE-FGHJK\r');
    expect(await answerOf(terminal)).toEqual({ is: 'typed', text: 'ABCDE-FGHJK' });
    expect(terminal.screen()).toContain('Token: ABCDE-FGHJK');
    await expectRestored(terminal);
  });

  it('is edited with backspace and Ctrl-U', async () => {
    const terminal = await asked();
    await terminal.type('wrong\u0015AB\u007fPPLX\u007fY\u001b[D\r');
    expect(await answerOf(terminal)).toEqual({ is: 'typed', text: 'APPLY' });
  });

  it('is none when it is pasted in one burst', async () => {
    const terminal = await asked();
    terminal.typeBurst('ABCDE-FGHJK\r');
    expect(await answerOf(terminal)).toEqual({ is: 'pasted' });
    await expectRestored(terminal);
  });

  it('is none when the terminal marks it as pasted, however slowly it comes', async () => {
    const terminal = await asked();
    expect(terminal.raw()).toContain('\u001b[?2004h');
    terminal.typeBurst('\u001b[200~');
    await terminal.type('ABCDE-FGHJK');
    terminal.typeBurst('\u001b[201~');
    await terminal.type('\r');
    expect(await answerOf(terminal)).toEqual({ is: 'pasted' });
  });

  it('is never what was typed before the question was there', async () => {
    const terminal = start(`${NODE} --wait`);
    const pid = await pidOf(terminal);
    await terminal.type('early');
    await terminal.waitFor(/early/);
    process.kill(pid, 'SIGUSR2');
    await terminal.waitFor(/Token: $/);
    await terminal.type('late\r');
    expect(await answerOf(terminal)).toEqual({ is: 'typed', text: 'late' });
  });

  it('is none when Ctrl-C is among what was typed ahead in raw mode', async () => {
    const terminal = start(`stty raw -echo; ${NODE} --wait; stty sane`);
    const pid = await pidOf(terminal);
    terminal.typeBurst('early\u0003');
    process.kill(pid, 'SIGUSR2');
    expect(await answerOf(terminal)).toEqual({ is: 'cancelled' });
  });

  it('that is longer than the window is shown anew when it is erased', async () => {
    const terminal = start(`TERM=dumb ${NODE}`, { cols: 40, rows: 10 });
    await terminal.waitFor(/Token: $/);
    await terminal.type(`${'x'.repeat(50)}\u0015APPLX\u007fY\r`);
    expect(await answerOf(terminal)).toEqual({ is: 'typed', text: 'APPLY' });
    const lines = (await terminal.view()).split('\n');
    expect(lines).toContain('Token: APPLY');
    expect(lines).toContain(`Token: ${'x'.repeat(33)}`);
    expect(terminal.raw()).not.toContain('\u001b');
  });

  it('is never what comes through a pipe', async () => {
    const terminal = start(`yes APPLY | ${NODE} --anyway`);
    await terminal.waitFor(/unusable: standard input is not a terminal/);
    await terminal.waitFor(/Token: $/);
    await terminal.type('typed\r');
    expect(await answerOf(terminal)).toEqual({ is: 'typed', text: 'typed' });
  });

  it.each([
    ['Ctrl-C', '\u0003'],
    ['Ctrl-D', '\u0004'],
    ['Ctrl-\\', '\u001c'],
    ['Ctrl-C in the middle', 'ABC\u0003'],
  ])('is none after %s', async (_name, keys) => {
    const terminal = await asked();
    await terminal.type(keys);
    expect(await answerOf(terminal)).toEqual({ is: 'cancelled' });
    await expectRestored(terminal);
  });

  it('is none when it does not come in time', async () => {
    const terminal = await asked('--timeout 300');
    await terminal.type('ABC');
    expect(await answerOf(terminal)).toEqual({ is: 'timeout' });
    await expectRestored(terminal);
  });
});

describe('the terminal is restored', () => {
  it.each(['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGALRM', 'SIGUSR2', 'SIGXCPU'] as const)(
    'after %s, which declines',
    async (signal) => {
      const terminal = await asked();
      process.kill(await pidOf(terminal), signal);
      expect(await answerOf(terminal)).toEqual({ is: 'cancelled' });
      await expectRestored(terminal);
    },
  );

  it('after it was stopped and goes on, which declines: it may be somebody else who continues it', async () => {
    const terminal = await asked();
    const pid = await pidOf(terminal);
    process.kill(pid, 'SIGSTOP');
    process.kill(pid, 'SIGCONT');
    expect(await answerOf(terminal)).toEqual({ is: 'cancelled' });
    await expectRestored(terminal);
  });

  it('by nobody else: neither Ctrl-Z nor SIGTSTP stops it in raw mode', async () => {
    const terminal = await asked();
    await terminal.type('AB\u001a');
    process.kill(await pidOf(terminal), 'SIGTSTP');
    await terminal.type('C\r');
    expect(await answerOf(terminal)).toEqual({ is: 'typed', text: 'ABC' });
    await expectRestored(terminal);
  });

  it('after an error that nobody catches', async () => {
    const terminal = await asked('--throw-after 400');
    await terminal.waitFor(/nobody catches this/);
    await terminal.waitFor(/ended 1/);
    await expectRestored(terminal);
  });

  it('with nothing left listening: a second question can be asked', async () => {
    const terminal = start(`${NODE} --timeout 200 && ${NODE}`);
    await terminal.waitFor(/timeout/);
    await terminal.waitFor(/Token: $/);
    await terminal.type('again\r');
    await terminal.waitFor(/"again"/);
  });
});

describe('nobody can be asked', () => {
  it.each([
    ['in CI', { CI: 'true' }, /unusable: CI is "true": nobody is at the terminal/],
    ['in a CI that calls itself so', { CI: 'woodpecker' }, /unusable: CI is "woodpecker"/],
  ])('%s', async (_name, env, expected) => {
    const terminal = start(NODE, { env });
    await terminal.waitFor(expected);
    await terminal.waitFor(/ended 0/);
  });

  it.each([
    ['standard input is a file', '</dev/null', /unusable: standard input is not a terminal/],
    ['standard error goes elsewhere', '2>&1 | cat', /unusable: standard error is not a terminal/],
  ])('when %s', async (_name, redirection, expected) => {
    const terminal = start(`${NODE} ${redirection}`);
    await terminal.waitFor(expected);
  });

  it.skipIf(whereIs('setsid') === null)('without a controlling terminal, whatever stdin is', async () => {
    const terminal = start(`setsid --wait ${NODE}`);
    await terminal.waitFor(/unusable: the controlling terminal cannot be opened: .*ENXIO/);
  });

  it('but CI=false is no CI, and a terminal without escape sequences gets none', async () => {
    const terminal = start(`TERM=dumb ${NODE}`, { env: { CI: 'false' } });
    await terminal.waitFor(/Token: $/);
    await terminal.type('yes\r');
    expect(await answerOf(terminal)).toEqual({ is: 'typed', text: 'yes' });
    expect(terminal.raw()).not.toContain('\u001b');
  });
});
