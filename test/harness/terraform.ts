/** A real Terraform or OpenTofu on a backend, as one role: its own folder, its own configuration, nothing of this machine's. */
import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { capability, whereIs } from './capabilities.ts';
import { cleanEnv, runCommand, type CliResult } from './cli.ts';

export const consumers = ['terraform', 'tofu'] as const;
export type Consumer = (typeof consumers)[number];

/** A run that goes on while something else is tried. */
export interface Held {
  /** Lets the run end, and gives its exit code. */
  release(): Promise<number | null>;
  /** Kills the run and everything that it started, as a machine that goes away would. */
  kill(): Promise<void>;
}

export interface Workplace {
  run(args: readonly string[]): Promise<CliResult>;
  /** Applies, and returns when the lock is held and a resource is being made, which waits to be released. */
  hold(): Promise<Held>;
  /** The next apply has a state that is larger than one part of an upload (5 MiB). */
  grow(): void;
}

/**
 * terraform_data and local-exec are built in, so no provider is downloaded. The provisioner waits for a file, and no longer
 * than it is told.
 */
const HELD = `
variable "wait" {
  default = ""
}

resource "terraform_data" "held" {
  triggers_replace = [var.wait == "" ? "" : timestamp()]
  provisioner "local-exec" {
    command = var.wait == "" ? "true" : "for i in $(seq 600); do [ -e \${var.wait} ] && exit 0; sleep 0.05; done; exit 1"
  }
}
`;

/** Input and output of a resource are both in the state: 3 MiB become 6. */
const LARGE = `
resource "terraform_data" "large" {
  input = file("\${path.module}/large.txt")
}
`;
const LARGE_BYTES = 3 * 1024 * 1024;

export function consumerVersion(consumer: Consumer): string | null {
  const found = capability(consumer);
  return found.present ? found.version : null;
}

/** @param backend the rendered backend.tf; @param env who it is */
export function workplace(
  consumer: Consumer,
  folder: string,
  backend: string,
  env: Readonly<Record<string, string>>,
): Workplace {
  const program = whereIs(consumer);
  if (program === null) throw new Error(`${consumer} is not on PATH`);
  mkdirSync(folder, { recursive: true });
  cpSync(backend, join(folder, 'backend.tf'));
  writeFileSync(join(folder, 'main.tf'), HELD);
  const config = join(folder, 'cli.rc');
  writeFileSync(config, 'disable_checkpoint = true\n');
  const full = {
    ...env,
    TF_CLI_CONFIG_FILE: config,
    TF_IN_AUTOMATION: '1',
    TF_INPUT: '0',
    CHECKPOINT_DISABLE: '1',
  };
  let holds = 0;
  return {
    run: (args) => runCommand(program, args, { cwd: folder, env: full }),
    grow: () => {
      writeFileSync(join(folder, 'large.txt'), 'x'.repeat(LARGE_BYTES));
      writeFileSync(join(folder, 'large.tf'), LARGE);
    },
    async hold() {
      holds += 1;
      const gate = join(folder, `release-${String(holds)}`);
      const child = spawn(program, ['apply', '-auto-approve', '-no-color', `-var=wait=${gate}`], {
        cwd: folder,
        env: cleanEnv(full),
        stdio: ['ignore', 'pipe', 'pipe'],
        detached: true, // a process group of its own, so that it can be killed whole
      });
      const ended = new Promise<number | null>((resolve) => {
        child.once('close', resolve);
      });
      await seen(child.stdout, /Provisioning with/);
      return {
        release: () => {
          writeFileSync(gate, '');
          return ended;
        },
        kill: async () => {
          if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
          await ended;
        },
      };
    },
  };
}

function seen(stream: NodeJS.ReadableStream, pattern: RegExp): Promise<void> {
  return new Promise((resolve, reject) => {
    let text = '';
    stream.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (pattern.test(text)) resolve();
    });
    stream.once('end', () => {
      reject(new Error(`it ended before ${String(pattern)}:\n${text}`));
    });
  });
}
