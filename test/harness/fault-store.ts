/**
 * Faults at the calls that store evidence: a backend is made and locked, and nothing of its evidence is in its store yet. A further apply
 * has nothing to do but to store it. However it meets its fault it ends well, and one push later the store is as after a run without any.
 */
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { GetObjectCommand, ListObjectVersionsCommand, S3Client } from '@aws-sdk/client-s3';
import { mapBounded } from '../../src/kernel/bounded.ts';
import { sha256 } from '../../src/kernel/digest.ts';
import { errorOf } from './aws-wire.ts';
import type { CliResult } from './cli.ts';
import { DENIED } from './fault-answers.ts';
import { drawing } from './fault-choice.ts';
import { nameOf } from './fault-points.ts';
import type { CallRecord, Fault, FaultProxy, Rule } from './fault-proxy.ts';
import { bootstrap, govern, openSite, type Scene, type Site } from './fault-scenes.ts';
import { temporaryFolder } from './git-fixture.ts';
import { motoClientConfig, type MotoCopy } from './moto.ts';

const BUCKET = 'acme-dev-evidence-123456789012-eu-central-1';
/** The calls by which evidence is stored, and read back. */
export const STORING: readonly string[] = [
  's3:PutObject',
  's3:HeadObject',
  's3:GetObject',
  's3:GetObjectRetention',
  's3:ListObjectVersions',
];

export interface StorePoint {
  readonly name: string;
  readonly rules: readonly Rule[];
  /** null where both are right. */
  readonly ends: StoreEnding | null;
}

type StoreEnding = 'stored by itself' | 'pushed again';

export interface StoreTried {
  readonly point: StorePoint;
  /** `failed`: why. */
  readonly result: { readonly is: StoreEnding } | { readonly is: 'failed'; readonly why: string };
}

/** Under each key the digests of all that was ever written there; of receipts, which are signed anew, only that they are there. */
type Stored = Readonly<Record<string, readonly string[]>>;

export interface StoringScene {
  readonly scene: Scene;
  /** Calls of an undisturbed run that store evidence. */
  readonly calls: readonly CallRecord[];
  readonly wanted: Stored;
}

/** @param empty a moto that holds nothing */
export async function makeStoring(proxy: FaultProxy, empty: MotoCopy): Promise<StoringScene> {
  const governed = await govern(proxy, join(temporaryFolder(), 'team'), ['--evidence-store', '30']);
  const cloud = await empty.fork();
  const denied = { is: 'answered', reply: DENIED } as const;
  const match = { by: 'operation', operation: 's3:ListObjectVersions' } as const;
  await bootstrap(governed, proxy, cloud, [{ match, fault: denied, times: Infinity }]);
  const scene: Scene = { kind: 'fresh', folder: governed.folder, cloud, proxy };
  const site = await openSite(scene);
  site.lane.script([UNTOLD]);
  expectWell('undisturbed, apply', await applied(site));
  const wanted = await storedAt(site.cloud.endpoint);
  const calls = site.lane.records.filter(
    ({ operation, target }) => target.startsWith(BUCKET) && STORING.includes(operation),
  );
  await site.close();
  return { scene, calls, wanted };
}

/**
 * How a version is held is not in these headers for whoever may not see it, and is then asked for. So it is here in every run, and all
 * five calls can meet a fault.
 */
const UNTOLD: Rule = {
  match: { by: 'operation', operation: 's3:HeadObject' },
  fault: { is: 'reduced', without: /^x-amz-object-lock-/ },
  times: Infinity,
};

const UNAVAILABLE: Fault = {
  is: 'answered',
  reply: ({ operation }) =>
    errorOf(operation, 503, 'ServiceUnavailable', 'Service is unable to handle request.'),
};

/** `passing`: until it is tried again; `lasting`: for as long as the run lasts. What hangs may use up the patience of a push, or not. */
const FAULTS = {
  'its answer is lost': { fault: { is: 'lost' }, times: 1, ends: 'stored by itself' },
  '503, passing': { fault: UNAVAILABLE, times: 2, ends: 'stored by itself' },
  '503, lasting': { fault: UNAVAILABLE, times: Infinity, ends: 'pushed again' },
  'it hangs': { fault: { is: 'hangs' }, times: 1, ends: null },
} as const satisfies Record<string, Omit<Rule, 'match'> & Pick<StorePoint, 'ends'>>;
type What = keyof typeof FAULTS;

/** It strikes at this call, and where it happens more often at the tries that follow. */
function pointAt(what: What, call: CallRecord): StorePoint {
  const { name, nth } = call;
  const { fault, times, ends } = FAULTS[what];
  const match = { by: 'from name', name, nth } as const;
  return { name: `${what} at ${nameOf(call)}`, rules: [{ match, fault, times }], ends };
}

/** Every call with every fault; one that lasts, which takes as long as the patience of a push, once for each operation. */
export function everyStorePoint({ calls }: StoringScene): readonly StorePoint[] {
  return [
    ...calls.map((call) => pointAt('it hangs', call)),
    ...firstOfEach(calls).map((call) => pointAt('503, lasting', call)),
    ...calls.flatMap((call) => [pointAt('its answer is lost', call), pointAt('503, passing', call)]),
  ];
}

/** A share that turns with the seed: each operation once with something that passes, and one of what lasts. */
export function storeShareOf({ calls }: StoringScene, seed: number): readonly StorePoint[] {
  const drawn = drawing(seed);
  const each = operationsOf(calls).flatMap((operation) => drawn(ofOperation(calls, operation), 1));
  return [
    ...drawn(calls, 1).map((call) => pointAt('it hangs', call)),
    ...drawn(each, 1).map((call) => pointAt('503, lasting', call)),
    ...each.map((call, i) => pointAt((seed + i) % 2 === 0 ? 'its answer is lost' : '503, passing', call)),
  ];
}

export function operationsOf(calls: readonly CallRecord[]): readonly string[] {
  return [...new Set(calls.map(({ operation }) => operation))];
}

const ofOperation = (calls: readonly CallRecord[], wanted: string): readonly CallRecord[] =>
  calls.filter(({ operation }) => operation === wanted);

const firstOfEach = (calls: readonly CallRecord[]): readonly CallRecord[] =>
  operationsOf(calls).flatMap((operation) => ofOperation(calls, operation).slice(0, 1));

/** Faults after which it is told how far it is. */
const TOLD_EVERY = 20;

/** @param limit runs side by side */
export function tryStoring(
  storing: StoringScene,
  points: readonly StorePoint[],
  limit: number,
): Promise<readonly StoreTried[]> {
  let begun = 0;
  return mapBounded(points, limit, async (point): Promise<StoreTried> => {
    // All of them take the better part of an hour.
    if (++begun % TOLD_EVERY === 0) console.log(`${String(begun)} of ${String(points.length)} faults begun`);
    const site = await openSite(storing.scene);
    try {
      return { point, result: { is: await endingOf(site, point, storing.wanted) } };
    } catch (error) {
      return { point, result: { is: 'failed', why: error instanceof Error ? error.message : String(error) } };
    } finally {
      await site.close();
    }
  });
}

async function endingOf(site: Site, { rules, ends }: StorePoint, wanted: Stored): Promise<StoreEnding> {
  site.lane.script([...rules, UNTOLD]);
  const first = await applied(site);
  await site.lane.quiet();
  const isMet = site.lane.records.some(({ fault }) => rules.some((rule) => rule.fault.is === fault));
  if (!isMet) throw new Error(`the fault did not strike:\n${first.stdout}`);
  expectWell('apply', first);
  const isPending = first.stdout.includes('PENDING; next: govboot evidence push dev');
  site.lane.script([]);
  const second = await site.run(['evidence', 'push', 'dev']);
  expectWell('push', second);
  if (!isPending && !second.stdout.startsWith('nothing to push'))
    throw new Error(`apply said that all was stored, and it was not:\n${second.stdout}`);
  expectWell('status', await site.run(['evidence', 'status', 'dev']));
  expectWell('verify', await site.run(['verify', 'dev', '--store']));
  const stored = await storedAt(site.cloud.endpoint);
  if (!isDeepStrictEqual(stored, wanted))
    throw new Error(
      `stored is ${JSON.stringify(stored, null, 1)}\nand not\n${JSON.stringify(wanted, null, 1)}`,
    );
  const ending = isPending ? 'pushed again' : 'stored by itself';
  if (ends !== null && ends !== ending) throw new Error(`it was ${ending}:\n${first.stderr}`);
  return ending;
}

const applied = (site: Site): Promise<CliResult> => site.run(['apply', 'dev']);

function expectWell(what: string, { code, stdout, stderr }: CliResult): void {
  if (code !== 0) throw new Error(`${what} ended with ${String(code)}:\n${stdout}${stderr}`);
}

/** Asked past the proxy, with the SDK's own commands. */
async function storedAt(endpoint: string): Promise<Stored> {
  const client = new S3Client(motoClientConfig(endpoint));
  const { Versions = [], IsTruncated } = await client.send(new ListObjectVersionsCommand({ Bucket: BUCKET }));
  if (IsTruncated === true) throw new Error('more versions than one page');
  const stored: Record<string, string[]> = {};
  for (const { Key = '', VersionId } of Versions) {
    // An answer that was lost leaves a receipt that nobody knows of, and the next is signed under another name.
    if (Key.includes('/receipts/')) continue;
    const { Body } = await client.send(new GetObjectCommand({ Bucket: BUCKET, Key, VersionId }));
    (stored[Key] ??= []).push(sha256((await Body?.transformToByteArray()) ?? new Uint8Array()));
  }
  client.destroy();
  return Object.fromEntries(Object.entries(stored).sort(([a], [b]) => (a < b ? -1 : 1)));
}
