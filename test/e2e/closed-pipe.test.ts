// Whoever reads no further (`govboot … | head -1`) has what they wanted: no message, and the exit code that the run decided.
import { describe, expect, test } from 'vitest';
import process from 'node:process';
import { govbootPath, runCommand } from '../harness/cli.ts';

const CASES: readonly (readonly [args: string, code: number])[] = [
  ['--help', 0],
  ['--help --repo .', 0],
  ['help trust', 0],
  ['apply --help', 0],
  ['complete -- ""', 0],
  ['completion bash', 0],
  ['check --explain CLOCK', 0],
  ['--json check --explain NOTHING', 2],
];

describe('stdout that is closed', () => {
  // `exec sleep` would keep it open: `true` reads nothing and is gone, and what is written after that meets a closed pipe.
  test.each(CASES)('%s', async (args, code) => {
    const script = `{ sleep 0.2; "${process.execPath}" "${govbootPath}" ${args}; echo "code $?" >&2; } | true`;
    const { stderr } = await runCommand('bash', ['-c', script]);
    expect(stderr).toBe(`code ${String(code)}\n`);
  });

  test('after the first line', async () => {
    const script = `{ "${process.execPath}" "${govbootPath}" --help --repo .; echo "code $?" >&2; } | head -1`;
    const { stderr, stdout } = await runCommand('bash', ['-c', script]);
    expect([stdout, stderr]).toEqual(['Usage: govboot [options] [command]\n', 'code 0\n']);
  });

  test('stderr too', async () => {
    const script = `{ sleep 0.2; "${process.execPath}" "${govbootPath}" check 2>&1; echo "code $?" >&3; } 3>&2 | true`;
    expect((await runCommand('bash', ['-c', script])).stderr).toBe('code 2\n');
  });
});
