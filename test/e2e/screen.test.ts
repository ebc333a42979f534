// What an apply shows while it works: at a terminal, in one that is dumb or without colour, at 40 columns, in CI's log, and in plain words.
import { rmSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import process from 'node:process';
import { scene } from '../harness/at-terminal.ts';
import { govbootPath } from '../harness/cli.ts';
import { worldForges } from '../harness/forges/world.ts';
import { playAt } from '../harness/operator.ts';
import { startTerminal } from '../harness/pty.ts';

/** Moves the cursor up and erases: what a live region is drawn with (ECMA-48 CUU, ED). */
// eslint-disable-next-line no-control-regex -- matching the escape character is the purpose
const REDRAWN = /\u001b\[\d+A\u001b\[0J/;
// eslint-disable-next-line no-control-regex -- as above
const COLOUR = /\u001b\[[0-9;]*m/;
/** Echo of what is typed, and bracketed paste, are the terminal's own. */
// eslint-disable-next-line no-control-regex -- as above
const PASTE = /\u001b\[\?2004[hl]/g;

interface Wanted {
  readonly args?: readonly string[];
  /** As a shell would write it before a command. */
  readonly env?: string;
  readonly cols?: number;
  readonly plain?: boolean;
}

/** An apply at a terminal, confirmed, against a cloud that takes its time. */
async function played({ args = ['apply'], env = '', cols = 100, plain = false }: Wanted): Promise<{
  raw: string;
  view: string;
  code: number;
}> {
  const place = await scene('governed');
  const { root, env: own } = place.fixture;
  await worldForges['rehearsal-script']?.(
    { cwd: root, work: place.work, env: own, governed: place.fixture },
    ['{"latencyMs": 25, "consistency": {"delayMs": 300}}'],
  );
  const all = [...(plain ? ['--plain'] : []), ...args, 'dev', '--rehearse', '--key', '"$KEYS/alice.key"'];
  // The pseudo-terminal sets TERM itself.
  const run = `${env} exec "${process.execPath}" "${govbootPath}" ${all.join(' ')}`;
  const terminal = startTerminal('sh', ['-c', run], {
    ...{ cwd: root, cols, rows: 60 },
    env: { ...own, NO_COLOR: undefined },
  });
  if (plain) {
    const [, token = ''] = await terminal.waitFor(/^token: (\S{11})/m, 60_000);
    await terminal.waitFor(/Token: $/m);
    await terminal.type(`${token}\r`);
    await terminal.waitFor(/APPLY to begin: $/m);
    await terminal.type('APPLY\r');
  } else await playAt(terminal);
  const { code } = await terminal.exit;
  const view = await terminal.view();
  rmSync(place.work, { recursive: true });
  return { raw: terminal.raw(), view, code };
}

describe('an apply', { timeout: 180_000 }, () => {
  test('shows each resource while it works, what it waits for and how long', async () => {
    const { raw, code } = await played({});
    expect(code).toBe(0);
    expect(raw).toMatch(REDRAWN);
    expect(raw).toMatch(COLOUR);
    expect(raw).toMatch(/create state-bucket: \S+ {2}\S*\d+ ms/);
    expect(raw).toMatch(/set state-bucket\.versioning: until it reads back {2}\S*\d/);
  });

  test('draws nothing anew where TERM is dumb', async () => {
    const { raw, view, code } = await played({ env: 'TERM=dumb' });
    expect([code, view.includes('bootstrapped and locked')], view).toEqual([0, true]);
    expect(raw).not.toMatch(REDRAWN);
    expect(raw).not.toMatch(COLOUR);
    expect(view).toMatch(/✓ create state-bucket: \S+/);
  });

  test('draws nothing anew in CI, where nobody can confirm', async () => {
    const { raw, view, code } = await played({ args: ['plan'], env: 'CI=true' });
    expect(code, view).toBe(0);
    expect(raw).not.toMatch(REDRAWN);
    expect(view).toMatch(/✓ read the present state of every control {2}\d+ ms/);
  });

  test('has no colour with NO_COLOR, and fits into 40 columns', async () => {
    const { raw, view, code } = await played({ env: 'NO_COLOR=1', cols: 40 });
    expect(code, view).toBe(0);
    expect(raw).toMatch(REDRAWN);
    expect(raw).not.toMatch(COLOUR);
    // Results are not broken by us; the window breaks them anywhere.
    expect(view.replaceAll(/\s/g, '')).toContain('bootstrappedandlocked');
  });

  test('is words alone with --plain', async () => {
    const { raw, code } = await played({ plain: true });
    expect(code, raw).toBe(0);
    const text = raw.replaceAll(PASTE, '');
    expect(text).not.toContain('\u001b');
    expect(text).not.toMatch(/[✓✗→⠋]|\*\*\*/);
    for (const line of [
      /^pass: source: /m,
      /^token: [0-9A-Z-]{11}\r?$/m,
      /^begins: create state-bucket: /m,
      /^waits: set state-bucket\.versioning: until it reads back\r?$/m,
      /^done: set state-bucket\.versioning, after \d/m,
    ])
      expect(text).toMatch(line);
  });
});
