// main: one command line in, one exit code out.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Event } from '../../src/kernel/events.ts';
import { bug, main } from '../../src/main.ts';
import { makeGitRepo, temporaryFolder } from '../harness/git-fixture.ts';

const shown = vi.hoisted(() => ({ events: [] as unknown[], options: [] as { json: boolean }[], ended: 0 }));
vi.mock('../../src/world/display.ts', () => ({
  makeDisplay: (options: { json: boolean }) => {
    shown.options.push(options);
    return { emit: (event: unknown) => void shown.events.push(event), end: () => (shown.ended += 1) };
  },
}));
vi.mock('../../src/commands/plan.ts', () => ({
  plan: () => Promise.reject(new TypeError('x is not a function')),
}));

let out = '';
beforeEach(() => {
  shown.events = [];
  shown.options = [];
  shown.ended = 0;
  out = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    out += String(text);
    return true;
  });
  vi.stubEnv('XDG_CONFIG_HOME', join(temporaryFolder(), 'config'));
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

const errors = () => (shown.events as Event[]).filter((event) => event.type === 'error');

describe('what nobody caught', () => {
  test('before there is a display is told all the same, escaped', () => {
    const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    expect(bug(new Error('x\u001b[2K'))).toBe(70);
    expect(stderr.mock.calls).toEqual([['govboot: error: unexpected: x\\u{1b}[2K [BUG]\n']]);
  });

  test('is told through the display of the run', async () => {
    await main(['dance']);
    expect(bug(new Error('x\u001b[2K'))).toBe(70);
    expect(errors().at(-1)).toMatchObject({ code: 'BUG', message: 'unexpected: x\u001b[2K' });
    expect(shown.ended).toBe(2);
  });
});

describe('help and version', () => {
  test.each([[[]], [['--help']], [['help']]])('%j prints the help of the program', async (argv) => {
    expect(await main(argv)).toBe(0);
    expect(out).toContain('Usage: govboot [options] [command]');
    expect(out).toContain('Exit codes:');
    expect(shown.options).toEqual([]);
  });

  test.each([[['help', 'apply']], [['apply', '--help']]])('%j prints the help of a command', async (argv) => {
    expect(await main(argv)).toBe(0);
    expect(out).toContain('Usage: govboot apply');
  });

  test('a group alone prints its help', async () => {
    expect(await main(['trust'])).toBe(0);
    expect(out).toContain('pin');
  });

  test.each(['--version', '-V'])('%s', async (flag) => {
    expect(await main([flag])).toBe(0);
    expect(out).toBe('0.0.0-source\n');
  });
});

describe('a command line that cannot be understood ends with 2', () => {
  test.each([
    [['dance'], /unknown command 'dance'/],
    [['pin'], /did you mean trust pin/],
    [['chekc', 'dev'], /did you mean check/],
    [['apply'], /missing required argument 'environment'/],
    [['apply', 'dev', 'prod'], /too many arguments for govboot apply: "prod"/],
    [['apply', 'dev', '--yes'], /unknown option '--yes'/],
    [['apply', '../dev'], /environment is "\.\.\/dev"/],
    [['backend', 'render', 'dev', '--format', 'xml'], /allowed are tf, hcl/],
    [['init', '--locking', 'none'], /allowed are table, lockfile, both/],
  ])('%j', async (argv, message) => {
    expect(await main(argv)).toBe(2);
    expect(errors()).toEqual([
      expect.objectContaining({
        code: 'USAGE',
        message: expect.stringMatching(message),
        hint: expect.stringMatching(/./),
      }),
    ]);
    expect(out).toBe('');
    expect(shown.ended).toBe(1);
  });

  test('in JSON too', async () => {
    expect(await main(['--json', 'dance'])).toBe(2);
    expect(shown.options).toEqual([expect.objectContaining({ json: true })]);
  });
});

describe('a command', () => {
  test('that is refused ends with the exit code of its refusal, told once', async () => {
    const { root } = makeGitRepo({ 'README.md': 'nothing governed\n' });
    expect(await main(['--repo', root, 'check', 'dev'])).toBe(3);
    expect(errors()).toEqual([expect.objectContaining({ code: 'GATES_REFUSED' })]);
    expect((shown.events as Event[]).filter(({ type }) => type === 'gate')).toHaveLength(5);
    expect(shown.ended).toBe(1);
  });

  test('with --json is shown as JSON', async () => {
    const { root } = makeGitRepo({ 'README.md': 'nothing governed\n' });
    expect(await main(['--repo', root, '--json', 'check', 'dev'])).toBe(3);
    expect(shown.options).toEqual([expect.objectContaining({ json: true })]);
  });

  test.each([
    ['trust show', ['trust', 'show'], 2, 'FILE_MISSING'],
    ['trust pin', ['trust', 'pin'], 2, 'FILE_MISSING'],
    ['trust sign', ['trust', 'sign'], 2, 'FILE_MISSING'],
    ['trust next', ['trust', 'next'], 2, 'FILE_MISSING'],
    ['trust update', ['trust', 'update'], 2, 'FILE_MISSING'],
    ['intent new', ['intent', 'new', 'dev'], 2, 'FILE_MISSING'],
    ['intent sign', ['intent', 'sign', 'intents/dev.yaml'], 2, 'FILE_MISSING'],
    ['intent check', ['intent', 'check', 'intents/dev.yaml'], 2, 'FILE_MISSING'],
    ['verify', ['verify', 'dev'], 9, 'EVIDENCE_MISSING'],
    ['backend render', ['backend', 'render', 'dev'], 9, 'EVIDENCE_MISSING'],
    ['apply', ['apply', 'dev', '--rehearse'], 3, 'GATES_REFUSED'],
    ['init', ['init'], 2, 'USAGE'],
  ])('%s finds its way to its code', async (_name, argv, code, word) => {
    const { root } = makeGitRepo({ 'README.md': 'nothing governed\n' });
    expect(await main(['--repo', root, ...argv])).toBe(code);
    expect(errors()).toEqual([expect.objectContaining({ code: word })]);
  });

  test('outside a repository', async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'below'));
    expect(await main(['--repo', join(folder, 'below'), 'check', 'dev'])).toBe(2);
    expect(errors()).toEqual([expect.objectContaining({ code: 'NOT_A_REPOSITORY' })]);
  });

  test('that breaks is a bug, and says how to report it', async () => {
    expect(await main(['plan', 'dev'])).toBe(70);
    expect(errors()).toEqual([
      expect.objectContaining({
        code: 'BUG',
        message: 'unexpected: x is not a function',
        hint: expect.stringContaining('--debug'),
      }),
    ]);
  });
});
