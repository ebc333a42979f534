/** Terraform on the backend that was made: init, apply, and a second apply held off by the lock while the first one runs. */
import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { capability, whereIs } from '../harness/capabilities.ts';
import { cleanEnv, runCommand, type CliResult } from '../harness/cli.ts';
import type { Governed } from '../harness/governed-repo.ts';
import { motoEnv, type Moto } from '../harness/moto.ts';

interface Voice {
  title(text: string): void;
  say(line: string): void;
  expect(what: string, ok: boolean): void;
}

/** terraform_data and local-exec are built in: no provider has to be downloaded. The sleep holds the lock. */
const MAIN = `resource "terraform_data" "slow" {
  triggers_replace = [timestamp()]
  provisioner "local-exec" {
    command = "sleep 3"
  }
}
`;

export async function showTerraform(governed: Governed, moto: Moto, voice: Voice): Promise<void> {
  voice.title('Terraform uses the backend');
  const terraform = whereIs('terraform');
  if (terraform === null) {
    const found = capability('terraform');
    voice.say(`not shown: ${found.present ? 'terraform is not on the path' : found.why}`);
    return;
  }
  const folder = join(governed.folder, 'terraform');
  mkdirSync(folder, { recursive: true });
  const rendered = await governed.run(['backend', 'render', 'dev', '--out', folder]);
  voice.expect('backend.tf is rendered from the lock (exit 0)', rendered.code === 0);
  writeFileSync(join(folder, 'main.tf'), MAIN);
  // Its own configuration, so that nothing of this machine's is read.
  const config = join(folder, 'terraformrc');
  writeFileSync(config, 'disable_checkpoint = true\n');
  const env = {
    ...motoEnv(moto.endpoint),
    TF_CLI_CONFIG_FILE: config,
    TF_IN_AUTOMATION: '1',
    CHECKPOINT_DISABLE: '1',
  };
  const run = (args: readonly string[]): Promise<CliResult> =>
    runCommand(terraform, args, { cwd: folder, env });
  const initialised = await run(['init', '-input=false', '-no-color']);
  voice.expect('terraform init (exit 0)', initialised.code === 0);
  if (initialised.code !== 0) voice.say(initialised.stdout + initialised.stderr);
  const first = spawn(terraform, ['apply', '-auto-approve', '-input=false', '-no-color'], {
    cwd: folder,
    env: cleanEnv(env),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const firstEnded = new Promise<number | null>((resolve) => {
    first.once('close', resolve);
  });
  await until(first.stdout, /Provisioning with/);
  const second = await run(['apply', '-auto-approve', '-input=false', '-no-color', '-lock-timeout=0s']);
  voice.expect(
    'a second, concurrent apply is held off by the lock (exit 1)',
    second.code === 1 && second.stderr.includes('Error acquiring the state lock'),
  );
  for (const line of second.stderr
    .split('\n')
    .filter((l) => /Error acquiring|ConditionalCheckFailed|PreconditionFailed|Who:/.test(l))
    .slice(0, 3))
    voice.say(`│ ${line.trim()}`);
  voice.expect('the first apply ends well (exit 0)', (await firstEnded) === 0);
  const third = await run(['plan', '-input=false', '-no-color', '-lock=true']);
  voice.expect('the lock is free again: plan runs (exit 0)', third.code === 0);
}

function until(stream: NodeJS.ReadableStream, pattern: RegExp): Promise<void> {
  return new Promise((resolve, reject) => {
    let seen = '';
    stream.on('data', (chunk: Buffer) => {
      seen += chunk.toString();
      if (pattern.test(seen)) resolve();
    });
    stream.once('end', () => {
      reject(new Error(`terraform ended before ${String(pattern)}:\n${seen}`));
    });
  });
}
