/**
 * Drift over many environments against the bound: what the round trips that follow one another would take if nothing else took time. In one
 * process, over the rehearsal cloud, with waits that are real; evidence of made-up keys, so that no program is started to verify it.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { mapBounded } from '../../src/kernel/bounded.ts';
import { SIDE_BY_SIDE } from '../../src/commands/drift.ts';
import { lookForDrift } from '../../src/street/drift.ts';
import { apply } from '../../src/pipeline.ts';
import { makePorts, makeWorld, type World } from '../harness/ports.ts';
import type { Row } from './report.ts';
import { ratioOf } from './stats.ts';

const ENVIRONMENTS = 100;
const ROUND_TRIP_MS = 50;
const PAIRS = 3;
/** Items of a page, as IAM and DynamoDB give them; a rehearsal turns pages much earlier, to practise that. */
const PAGE = 100;
/** Who is calling; what there is; and then its tags and controls together. */
const DEPTH = 3;

/** Each with a lock of its own, of its own time; the policy and the list of people are the same, as they are in one repository. */
async function environments(say: (text: string) => void): Promise<readonly World[]> {
  const worlds: World[] = [];
  for (let i = 0; i < ENVIRONMENTS; i++) {
    if (i % 25 === 0) say(`${String(i)} of ${String(ENVIRONMENTS)} environments`);
    const world = await makeWorld();
    world.clock.ms += i * 1_000;
    await world.intent();
    await apply(makePorts({ world }), { environment: 'dev', intent: 'intents/dev.yaml', resume: false });
    worlds.push(world);
  }
  return worlds;
}

async function lookAt(world: World): Promise<void> {
  const clock = { now: () => world.clock.ms, pause: (ms: number) => delay(ms) };
  const ports = makePorts({
    world,
    rehearsal: { clock, latencyMs: ROUND_TRIP_MS, pageSize: PAGE },
  });
  const { report } = await lookForDrift(ports, { environment: 'dev', profile: null });
  if (report.drifts.length > 0) throw new Error('what was applied has drifted');
}

async function allMs(worlds: readonly World[]): Promise<number> {
  const from = performance.now();
  await mapBounded(worlds, SIDE_BY_SIDE, lookAt);
  return performance.now() - from;
}

export async function driftRows(say: (text: string) => void): Promise<readonly Row[]> {
  const worlds = await environments(say);
  await lookAt(worlds[0]!);
  const bound = Math.ceil(ENVIRONMENTS / SIDE_BY_SIDE) * DEPTH * ROUND_TRIP_MS;
  const pairs: [number, number][] = [];
  for (let i = 0; i < PAIRS; i++) pairs.push([await allMs(worlds), bound]);
  return [
    {
      what: `drift over ${String(ENVIRONMENTS)} environments, ${String(ROUND_TRIP_MS)} ms away, against the bound`,
      aim: '≤ 1.5 ×',
      figure: { is: 'ratio', ratio: ratioOf(pairs), most: 1.5 },
      note: `${String(SIDE_BY_SIDE)} at once, ${String(DEPTH)} round trips each; signatures by made-up keys, so without the verifiers`,
    },
  ];
}
