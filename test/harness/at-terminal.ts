/**
 * Attacks that need a terminal: an apply of the superseding fixture at a pseudo-terminal, inside a shell that says how the terminal
 * was found and how it was left. Whatever the attack is, all that deny.ts asks of a refusal must hold, the terminal must be as it
 * was, and nothing that moves a cursor may have reached it but what govboot itself draws with.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { expect, vi } from 'vitest';
import { isSafe } from '../../src/kernel/text.ts';
import { govbootPath } from './cli.ts';
import { look, problemsOf } from './deny.ts';
import { startTerminal, type Terminal } from './pty.ts';
import { govern, type Fixture } from './script-fixture.ts';

// The first test of a file also makes the fixture.
vi.setConfig({ testTimeout: 120_000 });

/** What a person, or an attacker in their place, has before them. */
export interface Seat {
  readonly terminal: Terminal;
  /** Of govboot itself. */
  readonly pid: number;
  /** Waits for the plan, and gives its token. The question for it is there. */
  token(): Promise<string>;
  /** Types the token, and waits for the question for the word. */
  word(): Promise<void>;
}

export interface Scene {
  readonly fixture: Fixture;
  /** The folder that the fixture lies in; deleted when all holds. */
  readonly work: string;
}

export interface Wanted {
  /** The code of the refusal. */
  readonly code: string;
  /** What it must say of the wrong value. */
  readonly wrong: RegExp;
  /** Who declines on purpose is given no hint. */
  readonly quiet?: boolean;
  /** What the attack itself changes. */
  readonly changes?: 'the repository' | 'the cloud';
  readonly env?: Readonly<Record<string, string>>;
  readonly cols?: number;
  readonly args?: readonly string[];
  /** What is started in place of the built program. */
  readonly program?: (scene: Scene) => readonly string[];
  /** What else to do before the run is looked at. */
  readonly prepare?: (scene: Scene) => void | Promise<void>;
  /** A command that runs govboot: `{}` stands for it; 'sh' syntax. */
  readonly around?: string;
}

const APPLY = ['apply', 'dev', '--intent', 'intents/two.yaml', '--rehearse'] as const;

/** A fresh copy of the superseding fixture. */
export async function scene(kind: 'superseding' | 'governed' | 'applied' = 'superseding'): Promise<Scene> {
  const work = mkdtempSync(join(tmpdir(), 'govboot-seat-'));
  const fixture = await govern(`# with: ${kind}`, work);
  if (fixture === null) throw new Error('there is no such fixture');
  return { fixture, work };
}

/** Starts govboot at a terminal, as the operator. */
export function sit(place: Scene, wanted: Omit<Wanted, 'code' | 'wrong'> = {}): Promise<Seat> {
  const { fixture } = place;
  const program = wanted.program?.(place) ?? [govbootPath];
  const args = wanted.args ?? [...APPLY, '--key', `${fixture.env['KEYS'] ?? ''}/alice.key`];
  const quoted = [process.execPath, ...program, ...args].map((word) => `'${word}'`).join(' ');
  const run = `sh -c 'echo "pid $$"; exec "$@"' sh ${quoted}`;
  const script = [
    // As an interactive shell does: keys that end the program do not end what started it.
    'trap : INT QUIT',
    'echo "before $(stty -g)"',
    (wanted.around ?? '{}').replace('{}', () => run),
    'code=$?; echo "after $(stty -g)"; exit $code',
  ].join('\n');
  const terminal = startTerminal('sh', ['-c', script], {
    cwd: fixture.root,
    env: { ...fixture.env, ...wanted.env },
    cols: wanted.cols ?? 140,
    rows: 60,
  });
  return seated(terminal);
}

async function seated(terminal: Terminal): Promise<Seat> {
  const [, pid = ''] = await terminal.waitFor(/pid (\d+)/, 20_000);
  let token = '';
  const seat: Seat = {
    terminal,
    pid: Number(pid),
    async token() {
      const [, shown = ''] = await terminal.waitFor(
        /token\s+([0-9A-HJKMNP-TV-Z]{5}-[0-9A-HJKMNP-TV-Z]{5})/,
        60_000,
      );
      await terminal.waitFor(/Token: $/m, 10_000);
      return (token = shown);
    },
    async word() {
      if (token === '') await seat.token();
      await terminal.type(`${token}\r`);
      await terminal.waitFor(/APPLY to begin: $/m, 10_000);
    },
  };
  return seat;
}

/** Plays an attack at the terminal. It must be refused, with everything that this means. */
export async function denyAtTerminal(
  wanted: Wanted,
  attack: (seat: Seat, scene: Scene) => Promise<void>,
): Promise<void> {
  const place = await scene();
  await wanted.prepare?.(place);
  const { root, env } = place.fixture;
  const before = look(root, env['XDG_STATE_HOME'] ?? '');
  const seat = await sit(place, wanted);
  await attack(seat, place);
  const { code } = await seat.terminal.exit;
  const view = await seat.terminal.view();
  const raw = seat.terminal.raw();
  const files = look(root, env['XDG_STATE_HOME'] ?? '');
  const run = { code, signal: null, stdout: '', stderr: view };
  const problems = problemsOf(run, { ...wanted, records: 'an entry' }, before, files, root).filter(
    (problem) =>
      !(wanted.quiet === true && problem.includes('what to do next')) &&
      !(wanted.changes !== undefined && problem.startsWith(`${wanted.changes} changed`)),
  );
  expect([...problems, ...rawProblems(raw), ...leftProblems(raw)], view).toEqual([]);
  rmSync(place.work, { recursive: true });
}

/** What govboot itself draws with: colours, the live region, bracketed paste, and a key that is erased. */
const OURS = new RegExp(
  ['\u001b\\[[0-9;]*m', '\u001b\\[\\d+A\u001b\\[0J', '\u001b\\[\\?2004[hl]', '\b \b'].join('|'),
  'g',
);

/** Lines that reached the terminal with anything in them that could move a cursor, reorder or hide text. */
export function rawProblems(raw: string): readonly string[] {
  return raw
    .replace(OURS, '')
    .split(/\r*\n/)
    .filter((line) => !isSafe(line))
    .map((line) => `reached the terminal raw: ${JSON.stringify(line)}`);
}

/** Whether the terminal was left as it was found, and pasting as it was before. */
export function leftProblems(raw: string): readonly string[] {
  const before = /before (\S+)\r?\n/.exec(raw)?.[1];
  const after = /after (\S+)\r?\n/.exec(raw)?.[1];
  return [
    ...(before !== undefined && before === after
      ? []
      : [`the terminal was ${before ?? 'not looked at'} and is ${after ?? 'not looked at'}`]),
    ...(raw.lastIndexOf('\u001b[?2004h') <= raw.lastIndexOf('\u001b[?2004l')
      ? []
      : ['pasting is still marked']),
  ];
}
