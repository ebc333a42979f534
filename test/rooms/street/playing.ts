/** What the tests of the street have in common: how a run is played, and what is looked at afterwards. */
import { expect } from 'vitest';
import type { Json } from '../../../src/kernel/json.ts';
import { GovbootError } from '../../../src/kernel/errors.ts';
import { parseEntry, type LedgerEntry } from '../../../src/inputs/evidence-documents.ts';
import { apply, type Applied } from '../../../src/pipeline.ts';
import type { Request } from '../../../src/street/gather.ts';
import { makePorts, makeWorld, type PortsOptions, type TestPorts, type World } from '../../harness/ports.ts';

export const REQUEST: Request = { environment: 'dev', intent: 'intents/dev.yaml', resume: false };

export interface Played {
  readonly ports: TestPorts;
  /** What was thrown; null when the apply ended well. */
  readonly error: GovbootError | null;
  readonly applied: Applied | null;
}

/** One process that applies. What is not a GovbootError is thrown on. */
export async function play(options: PortsOptions, request: Partial<Request> = {}): Promise<Played> {
  const ports = makePorts(options);
  try {
    return { ports, error: null, applied: await apply(ports, { ...REQUEST, ...request }) };
  } catch (error) {
    if (!(error instanceof GovbootError)) throw error;
    return { ports, error, applied: null };
  }
}

/** A world whose backend was made and locked. */
export async function lockedWorld(): Promise<World> {
  const world = await makeWorld();
  await applied(world);
  return world;
}

/** A repository whose policy wants a store, released and intended. */
export async function storedWorld(): Promise<World> {
  const world = await makeWorld();
  await withStore(world);
  await world.intent();
  return world;
}

/** Releases a policy that wants one. */
export async function withStore(world: World): Promise<void> {
  world.edit(
    'policies/parity.yaml',
    'permissions_boundary: null',
    `evidence_store:
  bucket: "{organisation}-{environment}-evidence-{account}-{region}"
  key_alias: "alias/{organisation}-{environment}-evidence"
  retention_days: 2557
permissions_boundary: null`,
  );
  world.edit('policies/parity.yaml', 'state-key, role]', 'state-key, role, evidence-bucket, evidence-key]');
  await world.release('v1.1.0');
}

/** Plays a run that must end well. */
export async function applied(world: World, request: Partial<Request> = {}): Promise<Played> {
  const played = await play({ world }, request);
  expect(played.error).toBeNull();
  return played;
}

export function ledgerOf({ store }: World): readonly LedgerEntry[] {
  return [...store.files]
    .filter(([name]) => /^ledger\/\d+\.json$/.test(name))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, bytes]) => parseEntry(bytes, name));
}

/** Digests of all locks that the ledger speaks of, oldest first. */
export const locksOf = (world: World): readonly string[] =>
  ledgerOf(world).flatMap((entry) => (entry.type === 'LOCK_WRITTEN' ? [entry.body.lock_sha256] : []));

export const typesOf = (world: World): readonly string[] => ledgerOf(world).map(({ type }) => type);

/** Evidence that is there must verify, whatever happened. */
export async function expectValid(world: World): Promise<void> {
  const report = await world.verify();
  expect(report.answers.flatMap(({ findings }) => findings)).toEqual([]);
  expect(report.overall).toBe('ok');
}

/** Everything that this process said in warnings and notes. */
export const said = ({ events }: TestPorts): readonly string[] =>
  events.flatMap((event) => (event.type === 'warning' || event.type === 'note' ? [event.text] : []));

/** Findings of the gates that did not pass, as `gate: CODE`. */
export const findingsOf = ({ events }: TestPorts): readonly string[] =>
  events.flatMap((event) =>
    event.type === 'gate' ? event.findings.map(({ code }) => `${event.gate}: ${code}`) : [],
  );

/**
 * What the cloud holds, without what differs from run to run: times, identifiers that it made, the run and the claim. What is left is
 * what a reader of the backend can observe.
 */
export async function observable(world: World): Promise<Json> {
  const state = (await world.cloud.snapshot()) as unknown as Record<string, unknown>;
  const kinds = ['buckets', 'tables', 'keys', 'aliases', 'roles', 'providers'];
  const newest = kinds.map((kind) => [
    kind,
    Object.entries(state[kind] as Record<string, { history: { value: unknown }[] }>)
      .map(([id, cell]) => [id, cell.history.at(-1)?.value])
      .sort(),
  ]);
  const text = JSON.stringify(newest)
    .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, 'ID')
    .replaceAll(/AROA[0-9A-Z]+/g, 'AROA')
    .replaceAll(/"(createdAt|readyAt|updatingUntil|backupsReadyAt|enabledAt)":\d+/g, '"$1":0')
    .replaceAll(/"govboot:(claim|finished)":"ID [^"]*"/g, '"govboot:$1":"a run"');
  return JSON.parse(text) as Json;
}

/** How many of each kind there are. */
export async function counts(world: World): Promise<Record<string, number>> {
  const state = (await world.cloud.snapshot()) as unknown as Record<string, object>;
  const kinds = ['buckets', 'tables', 'keys', 'aliases', 'roles'];
  return Object.fromEntries(kinds.map((kind) => [kind, Object.keys(state[kind]!).length]));
}
