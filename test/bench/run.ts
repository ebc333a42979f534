/** Runs a program to its end, as it is, and tells how long it took and how much memory it had at most. */
import { spawn } from 'node:child_process';
import { watchMemory } from './memory.ts';

export interface Run {
  readonly ms: number;
  readonly peakMiB: number | null;
}

export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

/** @throws Error with what it said, when it does not end with 0 */
export async function timed({ program, args, cwd, env }: Command): Promise<Run> {
  const start = performance.now();
  const child = spawn(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const memory = watchMemory(child.pid ?? 0);
  let said = '';
  child.stdout.resume();
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-4_000)));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const ms = performance.now() - start;
  if (code !== 0)
    throw new Error(`${program} ${args.slice(0, 3).join(' ')} ended with ${String(code)}:\n${said}`);
  return { ms, peakMiB: memory() };
}

/** A B A B …; the first pair warms the caches up and is dropped. */
export async function paired(
  ours: () => Promise<number>,
  theirs: () => Promise<number>,
  pairs: number,
): Promise<readonly (readonly [number, number])[]> {
  const measured: (readonly [number, number])[] = [];
  for (let i = 0; i <= pairs; i++) {
    const one = [await ours(), await theirs()] as const;
    if (i > 0) measured.push(one);
  }
  return measured;
}
