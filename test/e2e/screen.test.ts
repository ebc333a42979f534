// What an apply shows while it works: at a terminal, in one that is dumb or without colour, at 40 columns, in CI's log, and in plain words.
import { rmSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { scene } from '../harness/at-terminal.ts';
import { worldForges } from '../harness/forges/world.ts';
import { playAt, startGovboot } from '../harness/operator.ts';

/** Moves the cursor up and erases: what a live region is drawn with (ECMA-48 CUU, ED). */
// eslint-disable-next-line no-control-regex -- matching the escape character is the purpose
const REDRAWN = /\u001b\[\d+A\u001b\[0J/;
// eslint-disable-next-line no-control-regex -- as above
const COLOUR = /\u001b\[[0-9;]*m/;
/** Echo of what is typed, and bracketed paste, are the terminal's own. */
// eslint-disable-next-line no-control-regex -- as above
const PASTE = /\u001b\[\?2004[hl]/g;

async function played(
  args: readonly string[],
  { env = {}, cols = 100 }: { env?: Record<string, string | undefined>; cols?: number } = {},
): Promise<{ raw: string; view: string; code: number }> {
  const place = await scene('governed');
  const { root, env: own } = place.fixture;
  worldForges['rehearsal-script']?.({ cwd: root, work: place.work, env: own, governed: place.fixture }, [
    '{"latencyMs": 25, "consistency": {"delayMs": 300}}',
  ]);
  const terminal = startGovboot(
    ['apply', 'dev', '--rehearse', '--key', `${own['KEYS'] ?? ''}/alice.key`, ...args],
    {
      cwd: root,
      env: { ...own, NO_COLOR: undefined, ...env },
      cols,
      rows: 60,
    },
  );
  const { code, screen } = await playAt(terminal);
  rmSync(place.work, { recursive: true });
  return { raw: terminal.raw(), view: screen, code };
}

describe('an apply', { timeout: 180_000 }, () => {
  test('shows each resource while it works, what it waits for and how long', async () => {
    const { raw, code } = await played([]);
    expect(code).toBe(0);
    expect(raw).toMatch(REDRAWN);
    expect(raw).toMatch(COLOUR);
    expect(raw).toMatch(/create state-bucket: \S+ {2}\S*\d+ ms/);
    expect(raw).toMatch(/set state-bucket\.versioning: until it reads back {2}\S*\d/);
  });

  test.each([
    ['TERM=dumb', { TERM: 'dumb' }],
    ['CI', { CI: '', TERM: 'dumb', NO_COLOR: '1' }],
  ])('draws nothing anew with %s', async (_name, env) => {
    const { raw, view, code } = await played([], { env });
    expect([code, view.includes('bootstrapped and locked')], view).toEqual([0, true]);
    expect(raw).not.toMatch(REDRAWN);
    expect(raw).not.toMatch(COLOUR);
    expect(view).toMatch(/✓ create state-bucket: \S+/);
  });

  test('has no colour with NO_COLOR, and fits into 40 columns', async () => {
    const { raw, view, code } = await played([], { env: { NO_COLOR: '1' }, cols: 40 });
    expect(code, view).toBe(0);
    expect(raw).toMatch(REDRAWN);
    expect(raw).not.toMatch(COLOUR);
    expect(view.replaceAll(/\s+/g, ' ')).toContain('bootstrapped and locked');
  });

  test('is words alone with --plain', async () => {
    const { raw, code } = await played(['--plain']);
    expect(code, raw).toBe(0);
    const text = raw.replaceAll(PASTE, '');
    expect(text).not.toContain('\u001b');
    expect(text).not.toMatch(/[✓✗→…⠋]|\*\*\*/);
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
