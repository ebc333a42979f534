/** What is measured: the program itself, a large repository, and an apply against an emulator that is as far away as a cloud. */
import process from 'node:process';
import { capability } from '../harness/capabilities.ts';
import { startRecorder, type Recorder } from '../harness/call-recorder.ts';
import { cleanEnv, govbootPath } from '../harness/cli.ts';
import { makeGoverned, type Governed } from '../harness/governed-repo.ts';
import { motoEnv, startMoto, type Moto } from '../harness/moto.ts';
import { timed } from './run.ts';

/** Milliseconds that the network adds to each round trip. */
export const ROUND_TRIP_MS = 50;

export interface CloudScene {
  readonly moto: Moto;
  readonly recorder: Recorder;
  readonly governed: Governed;
  /** Milliseconds that the network adds to each round trip, from now on. */
  setDelay(ms: number): void;
  end(): Promise<void>;
}

/** A governed repository whose intent names an emulator 50 ms away; null without an emulator. */
export async function cloudScene(): Promise<CloudScene | null> {
  if (!capability('moto').present) return null;
  const moto = await startMoto();
  let delay = ROUND_TRIP_MS;
  const recorder = await startRecorder({ upstream: moto.endpoint, delayMs: () => delay });
  const governed = await makeGoverned({
    endpoint: recorder.endpoint,
    env: motoEnv(recorder.endpoint),
    locking: 'both',
    github: true,
  });
  return {
    moto,
    recorder,
    governed,
    setDelay(ms) {
      delay = ms;
    },
    async end() {
      await recorder.stop();
      await moto.stop();
    },
  };
}

export async function helpMs(): Promise<number> {
  return nodeMs([govbootPath, '--help']);
}

export async function nodeMs(args: readonly string[] = ['-e', '0']): Promise<number> {
  const { ms } = await timed({ program: process.execPath, args, cwd: process.cwd(), env: cleanEnv() });
  return ms;
}

export const FILES = 5_000;

/** A repository of 5,000 files of 1 to 8 KiB, as modules of Terraform are, packed as a clone is. */
export async function largeScene(): Promise<Governed> {
  const governed = await makeGoverned({
    endpoint: null,
    env: { AWS_REGION: 'eu-central-1' },
    edit: (repo) => {
      for (let i = 0; i < FILES; i++)
        repo.write(`modules/m${String(i % 100)}/part-${String(i)}.tf`, moduleText(i));
    },
  });
  governed.repo.git(['repack', '-a', '-d', '--quiet']);
  return governed;
}

function moduleText(i: number): string {
  const lines = 12 + (i % 90);
  return Array.from(
    { length: lines },
    (_, line) =>
      `variable "v_${String(i)}_${String(line)}" { type = string, default = "${String((i * 7919 + line * 104_729) % 1_000_003)}" }\n`,
  ).join('');
}

export async function checkMs(governed: Governed): Promise<number> {
  const { ms } = await timed({
    program: process.execPath,
    args: [govbootPath, ...governed.globals, 'check', 'dev', '--rehearse'],
    cwd: governed.folder,
    env: cleanEnv(governed.env),
  });
  return ms;
}

/** `git ls-files` and the SHA-256 of each file: what anybody would do who wants to know whether the tree is what it was. */
export async function hashMs(governed: Governed): Promise<number> {
  const { ms } = await timed({
    program: 'sh',
    args: ['-c', 'git ls-files -z | xargs -0 sha256sum'],
    cwd: governed.repo.root,
    env: cleanEnv(governed.env),
  });
  return ms;
}
