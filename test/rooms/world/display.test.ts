import { spawn } from 'node:child_process';
import { join } from 'node:path';
import process from 'node:process';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Event } from '../../../src/kernel/events.ts';
import { renderEvent } from '../../../src/report/human.ts';
import { renderJson } from '../../../src/report/json.ts';
import { Live } from '../../../src/report/live.ts';
import { makeDisplay, type Device, type Display } from '../../../src/world/display.ts';
import { columnsOf, styleOf, type Style } from '../../../src/world/style-of.ts';
import { projectRoot } from '../../harness/capabilities.ts';
import { runCommand } from '../../harness/cli.ts';
import { startTerminal } from '../../harness/pty.ts';
import { planOf } from '../report/fixture.ts';

/** A device in memory: what was written where, in which pieces. */
class Paper implements Device {
  readonly writes: { readonly fd: 1 | 2; readonly text: string }[] = [];
  columns = 80;
  rows = 24;
  at = 0;
  failing: string | null = null;

  write(fd: 1 | 2, text: string): string | null {
    if (fd === 1 && this.failing !== null) return this.failing;
    this.writes.push({ fd, text });
    return null;
  }
  now(): number {
    return this.at;
  }
  size(): { readonly columns: number; readonly rows: number } {
    return { columns: this.columns, rows: this.rows };
  }
  on(fd: 1 | 2): string {
    return this.writes
      .filter((write) => write.fd === fd)
      .map(({ text }) => text)
      .join('');
  }
}

const TERMINAL: Style = {
  columns: 80,
  colour: false,
  unicode: true,
  terminal: true,
  results: true,
  plain: false,
};
const PIPE: Style = { ...TERMINAL, terminal: false };

let paper: Paper;
let open: Display[] = [];
beforeEach(() => {
  vi.useFakeTimers();
  paper = new Paper();
  open = [];
});
afterEach(() => {
  for (const display of open) display.end();
  vi.useRealTimers();
});

function display(options: { json?: boolean; style?: Style; live?: boolean } = {}): Display {
  const all = { json: false, style: TERMINAL, live: true, ...options };
  const made = makeDisplay(all, { human: renderEvent, json: renderJson, live: new Live() }, paper);
  open.push(made);
  return made;
}

const progress = (state: 'begin' | 'done' | 'failed', key = 'bucket'): Event => ({
  type: 'progress',
  key,
  state,
  text: `make the ${key}`,
  ms: state === 'begin' ? null : 1234,
});
const result: Event = {
  type: 'result',
  command: 'check',
  value: { passed: true },
  lines: ['all gates pass'],
};

describe('a terminal', () => {
  it('shows what is running, and draws it anew in one write a frame', () => {
    const { emit } = display();
    emit(progress('begin'));
    expect(paper.on(2)).toBe('  ⠋ make the bucket  0 ms\n');
    const before = paper.writes.length;
    paper.at = 100;
    vi.advanceTimersByTime(100);
    expect(paper.writes.slice(before)).toEqual([
      { fd: 2, text: '\u001b[1A\u001b[0J  ⠙ make the bucket  100 ms\n' },
    ]);
  });

  it('replaces it by the line that stays, and stops drawing', () => {
    const { emit } = display();
    emit(progress('begin'));
    emit(progress('done'));
    expect(paper.writes.at(-1)?.text).toBe('\u001b[1A\u001b[0J  ✓ make the bucket  1.2 s\n');
    const before = paper.writes.length;
    vi.advanceTimersByTime(1000);
    expect(paper.writes).toHaveLength(before);
  });

  it('keeps it below what is said meanwhile', () => {
    const { emit } = display();
    emit(progress('begin'));
    emit({ type: 'warning', text: 'it takes long' });
    expect(paper.writes.at(-1)?.text).toBe(
      '\u001b[1A\u001b[0Jgovboot: warning: it takes long\n  ⠋ make the bucket  0 ms\n',
    );
  });

  it('draws nothing over a question, however long it takes, nor over its second try', () => {
    const { emit } = display();
    emit(progress('begin'));
    emit({ type: 'confirm', token: 'ABCDE-FGHJK', word: 'APPLY', expiresInSeconds: 300 });
    const before = paper.writes.length;
    vi.advanceTimersByTime(60_000);
    expect(paper.writes).toHaveLength(before);
    emit({ type: 'warning', text: 'that is not the token' });
    expect(paper.writes.at(-1)?.text).toBe('govboot: warning: that is not the token\n');
    vi.advanceTimersByTime(60_000);
    expect(paper.writes).toHaveLength(before + 1);
    emit(progress('begin', 'table'));
    expect(paper.writes.at(-1)?.text).toContain('make the table');
  });

  it('erases it at the end', () => {
    const one = display();
    one.emit(progress('begin'));
    one.end();
    expect(paper.writes.at(-1)).toEqual({ fd: 2, text: '\u001b[1A\u001b[0J' });
    one.end();
    vi.advanceTimersByTime(1000);
    expect(paper.writes.at(-1)).toEqual({ fd: 2, text: '\u001b[1A\u001b[0J' });
  });

  it('puts results on stdout, out of the region', () => {
    const { emit } = display();
    emit(progress('begin'));
    emit(result);
    expect(paper.on(1)).toBe('all gates pass\n');
    expect(paper.writes.slice(1).map(({ fd }) => fd)).toEqual([2, 1, 2]);
  });

  it('erases nothing in a window that became narrower: the lines are others now', () => {
    const { emit } = display();
    emit(progress('begin'));
    paper.columns = 40;
    vi.advanceTimersByTime(100);
    expect(paper.writes.at(-1)?.text).not.toContain('\u001b');
  });

  it('never draws more lines than the window has', () => {
    const { emit } = display();
    paper.rows = 5;
    for (const key of ['a', 'b', 'c', 'd', 'e']) emit(progress('begin', key));
    expect(paper.writes.at(-1)?.text.split('\n')).toHaveLength(3 + 1);
  });
});

describe('a pipe, CI, or a terminal without escape sequences', () => {
  it('gets plain lines, one when something is done', () => {
    const { emit } = display({ style: PIPE, live: false });
    emit(progress('begin'));
    vi.advanceTimersByTime(1000);
    emit(progress('done'));
    emit(result);
    expect(paper.on(2)).toBe('  ✓ make the bucket  1.2 s\n');
    expect(paper.on(1)).toBe('all gates pass\n');
  });
});

describe('--json', () => {
  it('prints one event a line on stdout, and nothing for people', () => {
    const { emit } = display({ json: true, style: PIPE, live: false });
    const events: Event[] = [
      progress('begin'),
      { type: 'gate', gate: 'source', status: 'pass', because: 'signed', findings: [] },
      { type: 'plan', plan: planOf() },
      { type: 'error', code: 'CONFIRM', message: 'declined', hint: '', data: {} },
      result,
    ];
    for (const event of events) emit(event);
    expect(
      paper
        .on(1)
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Event),
    ).toEqual(events);
    expect(paper.on(2)).toBe('');
  });

  it('shows the plan and what is to be typed to whoever sits at the terminal', () => {
    const { emit } = display({ json: true });
    emit(progress('begin'));
    emit({ type: 'warning', text: 'not for people now' });
    emit({ type: 'plan', plan: planOf() });
    emit({ type: 'confirm', token: 'ABCDE-FGHJK', word: 'APPLY', expiresInSeconds: 300 });
    emit({ type: 'warning', text: 'that is not the token; 2 tries are left' });
    emit(progress('begin', 'table'));
    emit({ type: 'warning', text: 'not for people either' });
    vi.advanceTimersByTime(1000);
    const shown = paper.on(2);
    expect(shown).toContain('Plan for dev');
    expect(shown).toContain('token  ABCDE-FGHJK');
    expect(shown).toContain('2 tries are left');
    expect(shown).not.toContain('not for people');
    expect(shown).not.toContain('⠋');
    expect(paper.on(1).trimEnd().split('\n')).toHaveLength(7);
  });

  it('leaves out the log, which has a file of its own', () => {
    const { emit } = display({ json: true });
    emit({ type: 'log', level: 'debug', text: 'call', data: {} });
    expect(paper.writes).toEqual([]);
  });
});

describe('output that cannot be written', () => {
  it('is no failure when the reader went away', () => {
    const { emit } = display({ json: true });
    paper.failing = 'EPIPE';
    expect(() => {
      emit(progress('begin'));
      emit(result);
    }).not.toThrow();
  });

  it('is told with the result, not in the middle of the work', () => {
    const { emit } = display({ json: true });
    paper.failing = 'ENOSPC';
    expect(() => {
      emit(progress('begin'));
    }).not.toThrow();
    expect(() => {
      emit(result);
    }).toThrow('standard output could not be written: ENOSPC');
  });
});

describe('the style', () => {
  const utf8 = { LANG: 'C.UTF-8', TERM: 'xterm' };
  it.each([
    ['a terminal', utf8, true, { colour: true, unicode: true, terminal: true, live: true }],
    [
      'NO_COLOR',
      { ...utf8, NO_COLOR: '1' },
      true,
      { colour: false, unicode: true, terminal: true, live: true },
    ],
    [
      'an empty NO_COLOR',
      { ...utf8, NO_COLOR: '' },
      true,
      { colour: true, unicode: true, terminal: true, live: true },
    ],
    [
      'TERM=dumb',
      { ...utf8, TERM: 'dumb' },
      true,
      { colour: false, unicode: true, terminal: true, live: false },
    ],
    ['CI', { ...utf8, CI: 'true' }, true, { colour: true, unicode: true, terminal: true, live: false }],
    ['CI=false', { ...utf8, CI: 'false' }, true, { colour: true, unicode: true, terminal: true, live: true }],
    ['a pipe', utf8, false, { colour: false, unicode: true, terminal: false, live: false }],
    [
      'LC_ALL over LANG',
      { ...utf8, LC_ALL: 'C' },
      true,
      { colour: true, unicode: false, terminal: true, live: true },
    ],
    [
      'an empty LC_ALL',
      { ...utf8, LC_ALL: '' },
      true,
      { colour: true, unicode: true, terminal: true, live: true },
    ],
    ['no locale', { TERM: 'xterm' }, true, { colour: true, unicode: false, terminal: true, live: true }],
  ])('of %s', (_name, env, terminal, expected) => {
    const { style, live } = styleOf(env, { terminal });
    expect({ colour: style.colour, unicode: style.unicode, terminal: style.terminal, live }).toEqual(
      expected,
    );
  });

  it.each([
    [undefined, 100],
    [0, 100],
    [20, 40],
    [77, 77],
    [500, 140],
  ])('of a window of %s columns has %i', (columns, expected) => {
    expect(columnsOf(columns)).toBe(expected);
  });

  it('of a pipe has 100 columns', () => {
    expect(styleOf({}, { terminal: false }).style.columns).toBe(100);
  });
});

describe('real descriptors', () => {
  const FIXTURE = join(projectRoot, 'test', 'fixtures', 'terminal', 'show.ts');
  const args = (...more: readonly string[]): readonly string[] => ['--import', 'tsx', FIXTURE, ...more];

  beforeEach(() => {
    vi.useRealTimers();
  });

  it('in a pipe there is not one control character', async () => {
    const { stdout, stderr, code } = await runCommand(process.execPath, args(), {
      env: { NO_COLOR: undefined },
    });
    expect({ stdout, code }).toEqual({ stdout: 'finished\n', code: 0 });
    expect(stderr).toBe('  ✓ wait a little  300 ms\ngovboot: warning: nearly there\n');
  });

  it('on a terminal the frames are gone when it ends, and the cursor was never hidden', async () => {
    const terminal = startTerminal(process.execPath, args(), { cols: 60, rows: 10 });
    await terminal.waitFor(/[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏] wait a little/);
    expect((await terminal.exit).code).toBe(0);
    expect((await terminal.view()).trimEnd()).toBe(
      ['  ✓ wait a little  300 ms', 'govboot: warning: nearly there', 'finished'].join('\n'),
    );
    expect(terminal.raw()).not.toContain('\u001b[?25l');
  });

  it('a reader that goes away is no error', async () => {
    const { stderr } = await runCommand('sh', [
      '-c',
      `{ '${process.execPath}' --import tsx '${FIXTURE}' --many; echo "code $?" >&2; } | head -n 1`,
    ]);
    expect(stderr).toContain('code 0');
    expect(stderr).not.toMatch(/EPIPE|Error/);
  });

  it('a full disk is an error', async () => {
    const { stderr } = await runCommand('sh', [
      '-c',
      `'${process.execPath}' --import tsx '${FIXTURE}' >/dev/full; echo "code $?" >&2`,
    ]);
    expect(stderr).toContain('standard output could not be written: ENOSPC');
    expect(stderr).toContain('code 1');
  });

  it('a slow reader of a non-blocking pipe gets everything, and the processor rests meanwhile', async () => {
    // A socket pair, as Node gives its children, is non-blocking once the child has asked for it.
    const child = spawn(process.execPath, args('--many', '--nonblocking'), {
      cwd: projectRoot,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const told: Buffer[] = [];
    child.stderr.on('data', (part: Buffer) => told.push(part));
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
    child.stdout.pause();
    await vi.waitUntil(() => Buffer.concat(told).includes('begun'), { timeout: 20_000 });
    await new Promise((resolve) => setTimeout(resolve, 1000));
    let bytes = 0;
    child.stdout.on('data', (part: Buffer) => {
      bytes += part.length;
    });
    child.stdout.resume();
    expect(await ended).toBe(0);
    const [, size = '', cpu = ''] =
      /wrote (\d+) bytes with (\d+) ms/.exec(Buffer.concat(told).toString()) ?? [];
    expect(bytes).toBe(Number(size));
    expect(Number(cpu)).toBeLessThan(600);
  });
});
