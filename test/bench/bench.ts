/**
 * How quick govboot is, against what else the machine has, in one run: docs/bench.md says how to read it.
 *
 *     npm run bench                 prints figures, aims and verdicts
 *     npm run bench -- --json       the same as JSON on stdout
 *     npm run bench -- --write      also writes the table into docs/bench.md, and docs/waterfall.svg
 *     npm run bench -- --quick      without Terraform and a ledger of 100,000 entries, which take minutes
 *
 * Programs are run in turn, and their ratios are told, not their times: the machine may be somebody else's too. No test asserts a time.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { projectRoot } from '../harness/capabilities.ts';
import { between } from '../tools/docs/markdown.ts';
import { forgetEvidence, runApply, stepsOf, type AppliedRun } from './apply.ts';
import { driftRows } from './drift.ts';
import { evidenceRows } from './evidence.ts';
import { graphOf, longestChain, place, type Graph } from './graph.ts';
import { awscliMsPerCall, findAwscli, findTerraform, terraformRun } from './others.ts';
import { json, lines, markdown, type Figure, type Row } from './report.ts';
import { paired } from './run.ts';
import {
  checkMs,
  cloudScene,
  FILES,
  hashMs,
  helpMs,
  largeScene,
  nodeMs,
  ROUND_TRIP_MS,
  type CloudScene,
} from './scenes.ts';
import { busyMs, depthSeen } from './seen.ts';
import { median, ratioOf } from './stats.ts';
import { waterfall } from './waterfall.ts';

const PAIRS = { help: 11, check: 5, apply: 4 } as const;
/** Milliseconds a round trip takes while depth is counted: work between two calls must not look like a call that waited. */
const DEPTH_ROUND_TRIP_MS = 400;

const has = (option: string): boolean => process.argv.includes(option);
const say = (text: string): void => void process.stderr.write(`${text}\n`);
const not = (why: string): Figure => ({ is: 'not measured', why });

async function programRows(): Promise<readonly Row[]> {
  say(`--help and node, ${String(PAIRS.help)} pairs`);
  const help = ratioOf(await paired(helpMs, () => nodeMs(), PAIRS.help));
  say(`check and sha256sum over ${String(FILES)} files, ${String(PAIRS.check)} pairs`);
  const large = await largeScene();
  const check = ratioOf(
    await paired(
      () => checkMs(large),
      () => hashMs(large),
      PAIRS.check,
    ),
  );
  return [
    {
      what: '`govboot --help` against `node -e 0`',
      aim: '≤ 1.5 ×',
      figure: { is: 'ratio', ratio: help, most: 1.5 },
    },
    {
      what: '`govboot check`, 5,000 files, against `git ls-files` and `sha256sum`',
      aim: '≤ 2 ×',
      figure: { is: 'ratio', ratio: check, most: 2 },
      note: 'check also names each file as git does, unfolds the folders of the tag, and judges signatures',
    },
  ];
}

interface Fresh {
  readonly run: AppliedRun;
  readonly graph: Graph;
  readonly chain: readonly number[];
}

async function freshApply({ governed, recorder, moto }: CloudScene): Promise<Fresh> {
  await moto.reset();
  forgetEvidence(governed);
  const run = await runApply(governed, recorder, 'applied');
  const steps = stepsOf(governed);
  const graph = graphOf(place(run.calls, steps), steps);
  return { run, graph, chain: longestChain(graph) };
}

async function cloudRows(
  scene: CloudScene,
): Promise<{ readonly rows: readonly Row[]; readonly fresh: Fresh }> {
  say(`fresh apply, ${String(ROUND_TRIP_MS)} ms away, ${String(PAIRS.apply)} times`);
  // The first one finds an emulator that has loaded nothing yet.
  await freshApply(scene);
  const all: Fresh[] = [];
  for (let i = 0; i < PAIRS.apply; i++) all.push(await freshApply(scene));
  const bound = ({ chain }: Fresh): number => chain.length * ROUND_TRIP_MS;
  const whole = ratioOf(all.map((one) => [one.run.wallMs, bound(one)]));
  const calls = ratioOf(all.map((one) => [busyMs(one.run.calls), bound(one)]));
  const [first] = all;
  if (first === undefined) throw new Error('no apply was measured');
  scene.setDelay(DEPTH_ROUND_TRIP_MS);
  const second = await runApply(scene.governed, scene.recorder, 'nothing to do');
  scene.setDelay(ROUND_TRIP_MS);
  const peaks = all.flatMap(({ run }) => (run.peakMiB === null ? [] : [run.peakMiB]));
  const boundText = `the longest chain is ${String(first.chain.length)} of ${String(first.run.calls.length)} calls`;
  const rows: readonly Row[] = [
    {
      what: 'fresh apply, whole program, against the bound',
      aim: '≤ 1.3 ×',
      figure: { is: 'ratio', ratio: whole, most: 1.3 },
      note: `${boundText}; ${String(first.run.connections)} connections`,
    },
    {
      what: 'fresh apply, while a call is under way, against the bound',
      aim: '≤ 1.3 ×',
      figure: { is: 'ratio', ratio: calls, most: 1.3 },
      note: 'without start, gates, signing and syncing',
    },
    ...(await otherRows(scene, all)),
    {
      what: 'second run, nothing to do: round trips that follow one another',
      aim: '3',
      figure: { is: 'count', value: depthSeen(second.calls), unit: 'round trips', most: 3 },
      note: `${String(second.calls.length)} calls`,
    },
    {
      what: 'peak memory of apply',
      aim: '≤ 150 MB',
      figure:
        peaks.length === 0
          ? not('this system does not tell it')
          : { is: 'count', value: (Math.max(...peaks) * 1024 * 1024) / 1e6, unit: 'MB', most: 150 },
    },
  ];
  const quickest = all.reduce((best, one) => (one.run.wallMs < best.run.wallMs ? one : best));
  return { rows, fresh: quickest };
}

/** One more apply right beside each of the others, which are run once: they take long. */
async function otherRows(scene: CloudScene, all: readonly Fresh[]): Promise<readonly Row[]> {
  const { endpoint } = scene.recorder;
  const ours = async (): Promise<number> => (await freshApply(scene)).run.wallMs;
  const aws = await findAwscli();
  const script = { what: 'fresh apply against a serial awscli script of the same calls', aim: '≤ 0.05 ×' };
  const rows: Row[] = [];
  if (aws.is === 'missing') rows.push({ ...script, figure: not(aws.why) });
  else {
    say('awscli, a sample of calls');
    const count = median(all.map(({ run }) => run.calls.length));
    const pairs = await paired(ours, async () => count * (await awscliMsPerCall(aws.use, endpoint)), 1);
    const note = `6 calls were run, and scaled up to ${String(count)}`;
    rows.push({ ...script, figure: { is: 'ratio', ratio: ratioOf(pairs), most: 0.05 }, note });
  }
  const terraform = has('--quick')
    ? ({ is: 'missing', why: 'left out by --quick' } as const)
    : findTerraform();
  for (const withLifecycle of [true, false]) {
    const [aim, most] = withLifecycle ? (['≤ 0.03 ×', 0.03] as const) : (['≤ 0.2 ×', 0.2] as const);
    const what = `fresh apply against Terraform and the AWS provider${withLifecycle ? '' : ', without its lifecycle rule'}`;
    if (terraform.is === 'missing') {
      rows.push({ what, aim, figure: not(terraform.why) });
      continue;
    }
    say(`terraform apply${withLifecycle ? ', a minute or more' : ' without the lifecycle rule'}`);
    await scene.moto.reset();
    const theirs = await terraformRun(terraform.use, endpoint, withLifecycle);
    const ratio = ratioOf([[await ours(), theirs.ms]]);
    const memory =
      theirs.peakMiB === null
        ? ''
        : `; terraform itself had ${String(Math.round(theirs.peakMiB))} MiB, its provider not counted`;
    const note = withLifecycle
      ? `terraform init left out${memory}`
      : 'govboot makes its lifecycle rule all the same';
    rows.push({ what, aim, figure: { is: 'ratio', ratio, most }, note });
  }
  return rows;
}

function write(rows: readonly Row[], fresh: Fresh | null): void {
  const page = join(projectRoot, 'docs', 'bench.md');
  writeFileSync(
    page,
    between(
      readFileSync(page, 'utf8'),
      'figures',
      `${about()}\n\n${markdown(rows)}`,
      'by `npm run bench -- --write`',
    ),
  );
  if (fresh === null) return;
  const { graph, chain, run } = fresh;
  const title = `A fresh apply, ${String(ROUND_TRIP_MS)} ms from the cloud: ${String(run.calls.length)} calls, ${String(Math.round(run.wallMs))} ms`;
  writeFileSync(
    join(projectRoot, 'docs', 'waterfall.svg'),
    waterfall({ placed: graph.placed, chain, wallMs: run.wallMs, title }),
  );
}

function about(): string {
  const model = `${String(cpus().length)} processors`;
  return `Measured on ${new Date().toISOString().slice(0, 10)} with Node ${process.version.slice(1)}, ${process.platform}, ${model}.`;
}

async function main(): Promise<void> {
  const began = Date.now();
  const program = [...(await programRows()), ...(await evidenceRows(has('--quick'), say))];
  say('drift over many environments');
  const drift = await driftRows(say);
  const scene = await cloudScene();
  let fresh: Fresh | null = null;
  let cloud: readonly Row[] = [
    { what: 'everything that needs an AWS', aim: '', figure: not('moto is not installed') },
  ];
  if (scene !== null)
    try {
      ({ rows: cloud, fresh } = await cloudRows(scene));
    } finally {
      await scene.end();
    }
  const rows = [...program, ...drift, ...cloud];
  process.stdout.write(has('--json') ? json(rows, { about: about() }) : `${lines(rows)}\n`);
  if (has('--write')) write(rows, fresh);
  say(`\n${about()} ${String(Math.round((Date.now() - began) / 1000))} s.`);
}

await main();
