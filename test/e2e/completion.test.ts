// The completion scripts in the shells themselves: the script that is printed is loaded, and a key is pressed as far as that can be played.
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { recordNotRun, whereIs } from '../harness/capabilities.ts';
import { govbootPath, runCommand } from '../harness/cli.ts';
import { startTerminal } from '../harness/pty.ts';

let folder = '';
const path = (): string => `${join(folder, 'bin')}:${process.env['PATH'] ?? ''}`;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'govboot-complete-'));
  mkdirSync(join(folder, 'bin'));
  writeFileSync(
    join(folder, 'bin', 'govboot'),
    `#!/bin/sh\nexec "${process.execPath}" "${govbootPath}" "$@"\n`,
  );
  chmodSync(join(folder, 'bin', 'govboot'), 0o755);
  for (const name of ['policies', 'intents']) mkdirSync(join(folder, name));
  writeFileSync(
    join(folder, 'policies', 'parity.yaml'),
    'environments:\n  dev:\n    a: b\n  prod:\n    a: b\n',
  );
  writeFileSync(join(folder, 'intents', 'dev.yaml'), '');
});
afterAll(() => rmSync(folder, { recursive: true }));

/** What is offered for the last of the words. */
type Ask = (words: readonly string[]) => Promise<readonly string[]>;

const run = async (shell: string, script: string): Promise<readonly string[]> => {
  const args =
    shell === 'bash'
      ? ['--norc', '-c', script]
      : [...(shell === 'zsh' ? ['-f'] : ['--no-config']), '-c', script];
  const { stdout, stderr } = await runCommand(shell, args, { cwd: folder, env: { PATH: path() } });
  expect(stderr).toBe('');
  return stdout.split('\n').filter((line) => line !== '');
};
const quoted = (words: readonly string[]): string => words.map((word) => `'${word}'`).join(' ');

const SHELLS: readonly (readonly [shell: string, ask: Ask])[] = [
  [
    'bash',
    (words) =>
      run(
        'bash',
        `source <(govboot completion bash)
        complete -p govboot >/dev/null || exit 1
        COMP_WORDS=(govboot ${quoted(words)}); COMP_CWORD=${String(words.length)}
        _govboot govboot; printf '%s\\n' "\${COMPREPLY[@]}"`,
      ),
  ],
  [
    'zsh',
    (words) =>
      run(
        'zsh',
        `compdef() { :; }; compadd() { shift; print -l -- "$@"; }; _files() { :; }
        source <(govboot completion zsh)
        words=(govboot ${quoted(words)}); CURRENT=${String(words.length + 1)}
        _govboot`,
      ),
  ],
  [
    'fish',
    (words) => run('fish', `govboot completion fish | source; complete -C "govboot ${words.join(' ')}"`),
  ],
];

describe.each(SHELLS)('%s', (shell, ask) => {
  const isHere = whereIs(shell) !== null;
  if (!isHere) recordNotRun(`the completion of ${shell}`, `${shell} is not on PATH`);

  test.skipIf(!isHere).each([
    [['ver'], ['verify']],
    [
      ['trust', 's'],
      ['show', 'sign'],
    ],
    [
      ['check', ''],
      ['dev', 'prod'],
    ],
    [['intent', 'sign', ''], ['intents/dev.yaml']],
    [
      ['backend', 'render', 'dev', '--format', ''],
      ['tf', 'hcl'],
    ],
    [['apply', 'dev', '--ap'], ['--approval']],
  ])('%j', async (words, expected) => {
    expect([...(await ask(words))].sort()).toEqual([...expected].sort());
  });

  test.skipIf(!isHere)('offers nothing of its own where a file may stand', async () => {
    if (shell !== 'fish') expect(await ask(['--key', ''])).toEqual([]);
  });
});

describe.each([
  ['bash', ['--norc', '-i'], 'source <(govboot completion bash)'],
  ['zsh', ['-f', '-i'], 'autoload -U compinit && compinit -u -d ./dump && source <(govboot completion zsh)'],
  ['fish', ['--no-config', '-i'], 'govboot completion fish | source'],
] as const)('%s at a terminal', (shell, args, load) => {
  test.skipIf(whereIs(shell) === null)('completes what is typed when Tab is pressed', async () => {
    const env = { PATH: path(), HOME: folder, PS1: '> ' };
    const terminal = startTerminal(shell, args, { cwd: folder, env });
    // The echo of the line has a quote in the middle of the word that is waited for.
    await terminal.type(`${load}; echo lo''aded\r`);
    await terminal.waitFor(/loaded/);
    await terminal.type('govboot ver\t');
    await terminal.waitFor(/govboot verify|ify /);
    await terminal.type('\u0015');
    await terminal.type('govboot check pr\t');
    await terminal.waitFor(/prod|od /);
    terminal.kill('SIGKILL');
    await terminal.exit;
  });
});

test('bash gives a press of a key to the program on the PATH, never to what is typed', async () => {
  writeFileSync(join(folder, 'evil'), '#!/bin/sh\necho pwned\n', { mode: 0o755 });
  const found = await run(
    'bash',
    `source <(govboot completion bash)
    COMP_WORDS=(./evil ver); COMP_CWORD=1; _govboot ./evil; printf '%s\\n' "\${COMPREPLY[@]}"`,
  );
  expect(found).toEqual(['verify']);
});
