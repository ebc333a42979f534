/**
 * One fault at one call of a run of the real program, and what an operator does afterwards: run it again, and resume when told to. However
 * the run met its fault, the end must be the same as that of a run that met none.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { EXPIRED, SINGLE_FAULTS, type SingleFault } from './fault-answers.ts';
import type { CallRecord, Rule } from './fault-proxy.ts';
import { end, openSite, type Kind, type Scene, type Site, type Undisturbed } from './fault-scenes.ts';
import { playAt, type Played } from './operator.ts';

export type Ending = 'ended by itself' | 'begun again' | 'resumed' | 'was done';

export interface Point {
  readonly kind: Kind;
  /** `killed before s3:CreateBucket acme-dev-…`. */
  readonly name: string;
  readonly rules: readonly Rule[];
  /** How the run that meets the fault must end. */
  /** `stops`: fails, unless nothing was left that could be stopped. */
  readonly first: 'killed' | 'fails' | 'stops' | 'completes';
  /** What the process is sent where a rule says so; SIGKILL unless told. */
  readonly signal?: NodeJS.Signals;
  /** Codes of which one must be shown by a run that fails. */
  readonly codes?: readonly string[];
  /** Sends SIGINT once the fault has struck, and so long after it (ms): the operator does not wait for the last deadline. */
  readonly interruptAfterMs?: number;
  /** Goes straight to --resume, as somebody does who has read the hint; otherwise the run is begun anew first, and must be refused. */
  readonly direct?: boolean;
  /** How many tries again the run must have told; those of steps are in the lock. */
  readonly again?: number;
}

export interface Tried {
  readonly point: Point;
  readonly ms: number;
  readonly result: { readonly is: Ending } | { readonly is: 'failed'; readonly why: string };
}

/** The three ways in which a process can lose a changing call. */
export const WAYS = ['killed before', 'killed after', 'lost'] as const;
export type Way = (typeof WAYS)[number];

export const nameOf = ({ name, nth }: Pick<CallRecord, 'name' | 'nth'>): string =>
  nth === 1 ? name : `${name} (${nth})`;

export function lossAt(kind: Kind, way: Way, { name, nth }: CallRecord): Point {
  const fault: Rule['fault'] =
    way === 'lost' ? { is: 'lost' } : { is: 'killed', when: way === 'killed after' ? 'after' : 'before' };
  return {
    ...{ kind, name: `${way} ${nameOf({ name, nth })}` },
    rules: [{ match: { by: 'name', name, nth }, fault, times: 1 }],
    first: way === 'lost' ? 'completes' : 'killed',
  };
}

export function expiryAt(kind: Kind, n: number): Point {
  const fault = { is: 'answered', reply: EXPIRED } as const;
  return {
    ...{ kind, name: `credentials end at changing call ${n}` },
    rules: [{ match: { by: 'from change', n }, fault, times: Infinity }],
    ...{ first: 'fails', codes: ['CREDENTIALS'] },
  };
}

/** Somebody, or the machine, asks the run to stop: what runs is let end, and nothing more is begun. */
/** @param late every step may have begun by then, and what has begun is let end */
export function signalAt(kind: Kind, signal: 'SIGINT' | 'SIGTERM', n: number, late = false): Point {
  return {
    ...{ kind, name: `${signal} at changing call ${n}`, signal },
    rules: [{ match: { by: 'change', n }, fault: { is: 'signalled' }, times: 1 }],
    ...{ first: late ? 'stops' : 'fails', codes: ['INTERRUPTED'] },
  };
}

/** Not a single answer any more. Whoever waits sees the tries, and may stop the run before its deadline does. */
export function outageAt(kind: Kind, n: number, interruptAfterMs: number | null): Point {
  return {
    ...{
      kind,
      name: `the network is gone at changing call ${n}${interruptAfterMs === null ? '' : ', Ctrl-C'}`,
    },
    rules: [{ match: { by: 'from change', n }, fault: { is: 'reset' }, times: Infinity }],
    ...{ first: 'fails', codes: ['CLOUD_UNREACHABLE', 'INTERRUPTED'] },
    ...(interruptAfterMs === null ? {} : { interruptAfterMs }),
  };
}

/** Every fault of the table at this call that it can happen to. */
export function singlesAt(kind: Kind, { name, nth, operation }: CallRecord): readonly Point[] {
  return SINGLE_FAULTS.filter(({ of }) => of.test(operation)).map(
    ({ what, fault, times }: SingleFault): Point => ({
      ...{ kind, name: `${what} at ${nameOf({ name, nth })}`, first: 'completes' },
      rules: [{ match: { by: 'from name', name, nth }, fault, times }],
      // A key has no name: whether it was made is looked up, and the call is not repeated blindly.
      ...(operation === 'kms:CreateKey' && LOST.has(what) ? {} : { again: times }),
    }),
  );
}

const LOST = new Set(['it hangs', 'its answer stalls', 'a connection that is reset', '500']);
/** Milliseconds that one point may take, recovery included: a run gives up by itself after 120 s without an answer. */
const POINT_MS = 300_000;

/** Tries one point. Never throws for what the program does. */
async function tryPoint(point: Point, scene: Scene, wanted: Undisturbed): Promise<Tried> {
  const started = performance.now();
  const site = await openSite(scene);
  const patience = new AbortController();
  const late = delay(POINT_MS, null, { signal: patience.signal }).then(() => {
    throw new Error(`it has not ended after ${POINT_MS / 1000} s`);
  });
  const trying = (async (): Promise<Ending> => {
    const before = site.ledgerSize();
    const ending = await endingOf(point, site);
    await judge(site, wanted, before);
    return ending;
  })();
  const result: Tried['result'] = await Promise.race([trying, late]).then(
    (is) => ({ is }),
    (error: unknown) => ({ is: 'failed', why: error instanceof Error ? error.message : String(error) }),
  );
  patience.abort();
  await late.catch(() => null);
  await site.close();
  return { point, ms: performance.now() - started, result };
}

async function endingOf(point: Point, site: Site): Promise<Ending> {
  const first = await meet(point, site);
  demand(site.lane.struck > 0, 'the fault did not strike', first);
  if (point.first === 'completes') {
    demand(first.code === 0, `it ended with ${first.code}`, first);
    if (point.again !== undefined) judgeTold(point.again, site, first);
    return 'ended by itself';
  }
  if (point.first === 'stops' && first.code === 0) return 'ended by itself';
  const died = first.signal !== 0;
  demand(died === (point.first === 'killed'), died ? 'it was killed' : 'it was not killed', first);
  demand(died || first.code !== 0, 'it ended well', first);
  if (point.codes !== undefined)
    demand(
      point.codes.some((code) => first.screen.includes(`[${code}]`)),
      `no ${point.codes.join()}`,
      first,
    );
  site.lane.script([]);
  if (point.direct === true) return resumed(site);
  const again = await site.play();
  if (again.code === 0) return again.token === null ? 'was done' : 'begun again';
  demand(again.code === 6 && again.screen.includes('[RECOVERY_REQUIRED]'), 'no RECOVERY_REQUIRED', again);
  return resumed(site);
}

async function resumed(site: Site): Promise<Ending> {
  const played = await site.play('--resume');
  demand(played.code === 0, `--resume ended with ${played.code}`, played);
  return 'resumed';
}

/** The run that meets the fault. */
async function meet(point: Point, site: Site): Promise<Played> {
  let pid = 0;
  site.lane.script(point.rules, () => {
    end(pid, point.signal ?? 'SIGKILL');
  });
  const terminal = site.start();
  pid = terminal.pid;
  const played = playAt(terminal);
  if (point.interruptAfterMs !== undefined) {
    const ended = terminal.exit.then(() => true);
    while (site.lane.struck === 0 && !(await Promise.race([ended, delay(50, false)])));
    await Promise.race([ended, delay(point.interruptAfterMs)]);
    end(pid, 'SIGINT');
  }
  const done = await played;
  await site.lane.quiet();
  return done;
}

/** @throws what is not as an undisturbed run would have left it */
async function judge(site: Site, wanted: Undisturbed, before: number): Promise<void> {
  const cloud = await site.observe();
  for (const part of Object.keys(wanted.cloud) as (keyof typeof cloud)[]) {
    if (isDeepStrictEqual(cloud[part], wanted.cloud[part])) continue;
    const [is, be] = [cloud[part], wanted.cloud[part]].map((value) => JSON.stringify(value, null, 1));
    throw new Error(`${part} are not as they must be:\n${is ?? ''}\nand not\n${be ?? ''}`);
  }
  const verified = await site.run(['verify', 'dev']);
  if (verified.code !== 0) throw new Error(`verify ended with ${verified.code}:\n${verified.stderr}`);
  const entries = site.ledger().slice(before);
  const count = (type: string): number => entries.filter((entry) => entry.type === type).length;
  const runs = new Set(
    entries.flatMap(({ type, run }) => (type === 'GATE_FAIL' || run === null ? [] : [run])),
  );
  const types = entries.map(({ type }) => type).join(' ');
  if (count('APPLY_STARTED') !== 1 || count('LOCK_WRITTEN') !== 1 || runs.size !== 1)
    throw new Error(`the ledger holds ${types} of ${runs.size} runs`);
}

/** What was tried again is in the lock, where a step did it, and on the screen in any case. */
function judgeTold(again: number, site: Site, played: Played): void {
  const told = [...played.screen.matchAll(/tried again (\d+) times?|tried again (once)/g)].map(([, n]) =>
    Number(n ?? 1),
  );
  const sum = told.reduce((all, n) => all + n, 0);
  demand(sum === again, `${sum} tries again were told, not ${again}`, played);
  const kept = site.lock().run.steps.reduce((all, { retries }) => all + retries, 0);
  demand(kept <= again, `the lock holds ${kept} tries again, and ${again} were made`, played);
}

/** Of a screen its end is told: the beginning is the plan, which is the same for all. */
function demand(holds: boolean, why: string, { code, screen }: Played): asserts holds {
  if (!holds) throw new Error(`${why} (exit ${code}):\n${screen.split('\n').slice(-40).join('\n')}`);
}

/** Side by side, as many as `limit`: most of the time a run waits. In the order of the points. */
export async function tryAll(
  points: readonly Point[],
  scenes: Readonly<Partial<Record<Kind, Scene>>>,
  wanted: Readonly<Partial<Record<Kind, Undisturbed>>>,
  limit: number,
): Promise<readonly Tried[]> {
  const tried: Tried[] = [];
  const queue = [...points.entries()];
  let done = 0;
  const worker = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const [i, point] = next;
      const [scene, end] = [scenes[point.kind], wanted[point.kind]];
      if (scene === undefined || end === undefined) throw new Error(`there is no ${point.kind} scene`);
      tried[i] = await tryPoint(point, scene, end);
      done++;
      // All of them take the better part of an hour.
      if (done % TOLD_EVERY === 0)
        console.log(`${String(done)} of ${String(points.length)} faults tried, ${countFailed(tried)} failed`);
    }
  };
  await Promise.all(Array.from({ length: limit }, worker));
  return tried;
}

/** Faults after which it is told how far it is. */
const TOLD_EVERY = 50;

const countFailed = (tried: readonly Tried[]): string => String(failuresOf(tried.filter(Boolean)).length);

export const failuresOf = (tried: readonly Tried[]): readonly string[] =>
  tried.flatMap(({ point, result }) =>
    result.is === 'failed' ? [`${point.kind}: ${point.name}: ${result.why}`] : [],
  );

/** How many were tried and how they ended, a line a kind and one for all. */
export function tableOf(tried: readonly Tried[]): string {
  const endings = ['resumed', 'begun again', 'was done', 'ended by itself', 'failed'] as const;
  const row = (name: string, some: readonly Tried[]): readonly string[] => [
    ...[name, String(some.length)],
    ...endings.map((ending) => String(some.filter(({ result }) => result.is === ending).length)),
  ];
  const kinds = [...new Set(tried.map(({ point }) => point.kind))];
  const rows = [
    ['', 'points', ...endings],
    ...kinds.map((kind) =>
      row(
        kind,
        tried.filter(({ point }) => point.kind === kind),
      ),
    ),
    row('all', tried),
  ];
  return rows
    .map((cells) => cells.map((cell, i) => (i === 0 ? cell.padEnd(14) : cell.padStart(17))).join(''))
    .join('\n');
}
