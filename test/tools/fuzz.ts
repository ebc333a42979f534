/**
 * Many mutations of a repository that every gate passes, each of which must be refused: test/harness/mutation-property.ts.
 *
 *     npm run fuzz                     100,000 of them, over all processors
 *     npm run fuzz -- 5000 --seed 7    so many, from that seed
 *
 * What gets through, or ends in a crash, is printed as a counterexample with its seed, and the exit code is 1.
 */
import * as fc from 'fast-check';
import { fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { makeKnownGood } from '../harness/known-good.ts';
import { mutationProperty, type Mutation } from '../harness/mutation-property.ts';

const RUNS = 100_000;
/** Mutations between two lines of progress; each batch has a seed of its own. */
const BATCH = 500;

interface Progress {
  readonly runs: number;
  readonly slowestMs: number;
  readonly slowest: string;
  readonly failure: string | null;
}

/** One process: its share of the runs, told batch by batch. */
async function work(runs: number, seed: number): Promise<void> {
  const good = await makeKnownGood();
  for (let done = 0; done < runs; done += BATCH) {
    const times: { readonly mutation: Mutation; readonly ms: number }[] = [];
    const property = mutationProperty(good, (mutation, ms) => times.push({ mutation, ms }));
    const numRuns = Math.min(BATCH, runs - done);
    const details = await fc.check(property, { numRuns, seed: seed + done });
    const slowest = times.sort((a, b) => b.ms - a.ms)[0];
    const progress: Progress = {
      runs: numRuns,
      slowestMs: Math.round(slowest?.ms ?? 0),
      slowest: slowest === undefined ? '' : JSON.stringify(slowest.mutation),
      failure: details.failed ? (fc.defaultReportMessage(details) ?? 'it failed') : null,
    };
    await new Promise((resolve) => process.send?.(progress, resolve));
    if (details.failed) return;
  }
}

/** Shares the runs out, and shows how far they are. @returns the exit code */
async function lead(runs: number, seed: number): Promise<number> {
  const count = Math.min(availableParallelism(), Math.ceil(runs / BATCH));
  const share = Math.ceil(runs / count);
  let done = 0;
  let slowestMs = 0;
  let failed = false;
  const started = performance.now();
  console.log(`${String(runs)} mutations in ${String(count)} processes, seed ${String(seed)}`);
  const endings = Array.from({ length: count }, (_, i) => {
    const args = ['--worker', '--seed', String(seed + i * share), String(Math.min(share, runs - i * share))];
    const child = fork(fileURLToPath(import.meta.url), args, { execArgv: process.execArgv });
    child.on('message', (message) => {
      const progress = message as Progress;
      done += progress.runs;
      if (progress.slowestMs > slowestMs) {
        slowestMs = progress.slowestMs;
        console.log(`slowest so far: ${String(slowestMs)} ms of processor time, ${progress.slowest}`);
      }
      if (progress.failure !== null) {
        failed = true;
        console.error(progress.failure);
      }
      const seconds = Math.round((performance.now() - started) / 1000);
      console.log(`${String(done)} of ${String(runs)} after ${String(seconds)} s`);
    });
    return new Promise<number | null>((resolve) => child.on('exit', resolve));
  });
  const codes = await Promise.all(endings);
  if (codes.some((code) => code !== 0)) {
    console.error('a process ended by itself, which is a crash');
    failed = true;
  }
  console.log(failed ? 'something got through' : `all ${String(done)} were refused`);
  return failed ? 1 : 0;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seed: { type: 'string' }, worker: { type: 'boolean', default: false } },
});
const runs = Number(positionals[0] ?? RUNS);
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
if (!Number.isSafeInteger(runs) || runs < 1 || !Number.isSafeInteger(seed)) {
  console.error('usage: npm run fuzz -- [RUNS] [--seed N]');
  process.exitCode = 2;
} else if (values.worker) {
  await work(runs, seed);
  process.disconnect();
} else {
  process.exitCode = await lead(runs, seed);
}
