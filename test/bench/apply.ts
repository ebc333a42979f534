/** One apply at a pseudo-terminal, with every call on record. What the person takes to read and type is taken out of all times. */
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { RecordedCall, Recorder } from '../harness/call-recorder.ts';
import type { Governed } from '../harness/governed-repo.ts';
import { startGovboot } from '../harness/operator.ts';
import { watchMemory } from './memory.ts';
import type { Step } from './subjects.ts';

export interface AppliedRun {
  /** Milliseconds from the start of the program to its end, without the person. */
  readonly wallMs: number;
  /** With times from the start of the program, without the person. */
  readonly calls: readonly RecordedCall[];
  readonly connections: number;
  /** MiB; null where the system does not tell. */
  readonly peakMiB: number | null;
}

const TOKEN = /token\s+([0-9A-HJKMNP-TV-Z]{5}-[0-9A-HJKMNP-TV-Z]{5})[^]*token: ?$/im;
const PATIENCE_MS = 120_000;

/** @throws Error when it does not end with 0, or asks when it should not */
export async function runApply(
  governed: Governed,
  recorder: Recorder,
  expected: 'applied' | 'nothing to do',
): Promise<AppliedRun> {
  recorder.forget();
  const startMs = performance.now();
  const terminal = startGovboot([...governed.globals, '--key', governed.keyFile('alice'), 'apply', 'dev'], {
    cwd: governed.folder,
    env: governed.env,
    rows: 60,
  });
  const memory = watchMemory(terminal.pid);
  let [askedMs, answeredMs] = [Infinity, Infinity];
  if (expected === 'applied') {
    const [, token = ''] = await terminal.waitFor(TOKEN, PATIENCE_MS);
    askedMs = performance.now();
    await terminal.type(`${token}\r`);
    await terminal.waitFor(/Type APPLY to \w+: ?$/m, PATIENCE_MS);
    await terminal.type('APPLY');
    answeredMs = performance.now();
    await terminal.type('\r');
  }
  const { code } = await terminal.exit;
  const endMs = performance.now();
  if (code !== 0) throw new Error(`apply ended with ${String(code)}:\n${await terminal.view()}`);
  const person = expected === 'applied' ? answeredMs - askedMs : 0;
  const at = (ms: number): number => ms - startMs - (ms > askedMs ? person : 0);
  return {
    wallMs: endMs - startMs - person,
    calls: recorder.calls().map((call) => ({ ...call, startMs: at(call.startMs), endMs: at(call.endMs) })),
    connections: recorder.connections(),
    peakMiB: memory(),
  };
}

/** The steps of the plan that was carried out, from the evidence. */
export function stepsOf(governed: Governed): readonly Step[] {
  const folder = join(governed.repo.root, 'evidence', 'dev', 'blobs');
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const text = readFileSync(join(entry.parentPath, entry.name), 'utf8');
    if (!text.startsWith('{') || !text.includes('"schema":"govboot.plan/')) continue;
    const { steps } = JSON.parse(text) as { readonly steps: readonly Step[] };
    return steps.filter(({ id }) => /^(?:create|set)\//.test(id));
  }
  throw new Error('the evidence holds no plan');
}

/** Forgets the evidence, so that the next run is the first again. The emulator is reset by its owner. */
export function forgetEvidence(governed: Governed): void {
  rmSync(join(governed.repo.root, 'evidence'), { recursive: true, force: true });
}
