/** An AWS on this machine: moto, started for one test file and ended with it. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { projectRoot, pythonWithMoto } from './capabilities.ts';

/** A moto that can be asked and copied. */
export type MotoCopy = {
  /** http://127.0.0.1:N, for every service. S3 wants path-style addresses. */
  readonly endpoint: string;
  /** The process id, so that a fault test can stop it in the middle. */
  readonly pid: number;
  /** A copy of it with all that it holds, in a process of its own that ends with this one. */
  fork(): Promise<MotoCopy>;
  /** Ends this moto and its copies, and no other. */
  stop(): Promise<void>;
};

export type Moto = MotoCopy & {
  /** Where moto writes what it was asked. */
  readonly log: string;
  /** Forgets every resource. */
  reset(): Promise<void>;
};

/** The account that moto plays. */
export const motoAccount = '123456789012';

/** Credentials for moto: it asks for some and accepts any. */
export const motoCredentials = { accessKeyId: 'testing', secretAccessKey: 'testing' } as const;

/** The environment for a child process that talks to this moto. Never put into this process's own. */
export function motoEnv(endpoint: string, region = 'eu-central-1'): Record<string, string> {
  return {
    AWS_ACCESS_KEY_ID: motoCredentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: motoCredentials.secretAccessKey,
    AWS_REGION: region,
    AWS_ENDPOINT_URL: endpoint,
    AWS_EC2_METADATA_DISABLED: 'true',
  };
}

/** Options for an SDK client that talks to this moto; `forcePathStyle` is ignored by all but S3. */
export function motoClientConfig(endpoint: string, region = 'eu-central-1') {
  return { endpoint, region, credentials: motoCredentials, forcePathStyle: true };
}

async function portOf(child: ChildProcess): Promise<number> {
  if (child.stdout === null) throw new Error('moto has no standard output');
  for await (const line of createInterface({ input: child.stdout })) {
    return (JSON.parse(line) as { port: number }).port;
  }
  throw new Error('moto ended before it said where it listens');
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.stdin?.end();
  child.kill('SIGTERM');
  const patience = new AbortController();
  const late = delay(3000, 'late', { signal: patience.signal }).catch(() => 'gone');
  if ((await Promise.race([gone, late])) === 'late') {
    child.kill('SIGKILL');
    await gone;
  }
  patience.abort();
}

async function forkOf(endpoint: string): Promise<MotoCopy> {
  const answer = await fetch(`${endpoint}/govboot-test/fork`, { method: 'POST' });
  if (!answer.ok) throw new Error(`moto would not fork: ${answer.status}`);
  const { port, pid } = (await answer.json()) as { readonly port: number; readonly pid: number };
  const own = `http://127.0.0.1:${port}`;
  return {
    endpoint: own,
    pid,
    fork: () => forkOf(own),
    // It leaves without a word.
    async stop() {
      await fetch(`${own}/govboot-test/leave`, { method: 'POST' }).catch(() => null);
    },
  };
}

/** Starts moto on a free port of 127.0.0.1. Ask `requireOrSkip('moto', …)` first. */
export async function startMoto(): Promise<Moto> {
  const python = pythonWithMoto();
  if (python === null) throw new Error('moto is not installed');
  const log = join(mkdtempSync(join(tmpdir(), 'govboot-moto-')), 'moto.log');
  const sink = openSync(log, 'a');
  // moto's own credentials and region come from nowhere else, so that nothing of the caller's leaks in.
  const env = { PATH: process.env['PATH'], HOME: process.env['HOME'], PYTHONDONTWRITEBYTECODE: '1' };
  const launcher = join(projectRoot, 'test', 'harness', 'moto_launch.py');
  const child = spawn(python.command, [launcher], { env, stdio: ['pipe', 'pipe', sink] });
  closeSync(sink);
  const failed = once(child, 'error').then(([error]) => Promise.reject(error as Error));
  const port = await Promise.race([portOf(child), failed]).catch((error: unknown) => {
    throw new Error(`moto did not start:\n${readFileSync(log, 'utf8')}`, { cause: error });
  });
  const endpoint = `http://127.0.0.1:${port}`;
  return {
    endpoint,
    pid: child.pid ?? 0,
    log,
    async reset() {
      const answer = await fetch(`${endpoint}/moto-api/reset`, { method: 'POST' });
      if (!answer.ok) throw new Error(`moto would not reset: ${answer.status}`);
    },
    fork: () => forkOf(endpoint),
    stop: () => end(child),
  };
}
