import process from 'node:process';
import { expect, test } from 'vitest';
import { cleanEnv, runCommand } from './cli.ts';

const node = (code: string, options = {}) => runCommand(process.execPath, ['-e', code], options);

test('a run sees nothing of this machine but what is named', async () => {
  process.env['AWS_PROFILE'] = 'mine';
  try {
    const env = JSON.parse((await node('console.log(JSON.stringify(process.env))')).stdout);
    expect(env).not.toHaveProperty('AWS_PROFILE');
    expect(env).not.toHaveProperty('VITEST');
    expect(env.HOME).not.toBe(process.env['HOME']);
  } finally {
    delete process.env['AWS_PROFILE'];
  }
});

test('the environment can be added to and taken from', () => {
  const env = cleanEnv({ AWS_REGION: 'eu-central-1', TZ: undefined });
  expect(env).toMatchObject({ AWS_REGION: 'eu-central-1' });
  expect(env).not.toHaveProperty('TZ');
});

test('input goes in, output and exit code come out', async () => {
  const echo = 'process.stdin.pipe(process.stdout); console.error("said"); process.exitCode = 3';
  const run = await node(echo, { input: 'given' });
  expect(run).toEqual({ code: 3, signal: null, stdout: 'given', stderr: 'said\n' });
});

test('a run that hangs is killed, and says so', async () => {
  expect(await node('setInterval(() => {}, 1000)', { timeout: 300 })).toMatchObject({
    code: null,
    signal: 'SIGKILL',
  });
});

test('input that is not read is no failure', async () => {
  expect(await node('process.exit(0)', { input: 'x'.repeat(1_000_000) })).toMatchObject({ code: 0 });
});
