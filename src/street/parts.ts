/** Parts of the street that pipeline.ts puts in order. */
import { GovbootError, isGovbootError, messageOf } from '../kernel/errors.ts';
import type { FileRead } from '../inputs/facts.ts';
import { assertRight, wrongAfter } from '../apply/readback.ts';
import type { Locked } from '../plan/against-lock.ts';
import { isInTheWay, type Blueprint } from '../plan/blueprint.ts';
import type { Holder, Observation } from '../plan/control.ts';
import type { Plan } from '../plan/plan.ts';
import type { ClaimContext, Claims, Cloud, Ports, RunContext, SignerInfo, Taken } from '../ports.ts';
import type { Gathered } from './gather.ts';

/** Milliseconds that reads may lag behind writes. */
const READ_BACK_MS = 60_000;

/** Reads until everything is as it was written, because reads may lag behind writes; after the deadline what is wrong is told. */
export async function readBack(ports: Ports, cloud: Cloud, blueprint: Blueprint): Promise<Observation> {
  const deadline = ports.clock.monotonic() + READ_BACK_MS;
  for (let wait = 250; ; wait = Math.min(wait * 2, 5_000)) {
    const observation = await cloud.observe(blueprint);
    if (wrongAfter(cloud.table, cloud.profile, blueprint, observation).length === 0) return observation;
    if (ports.clock.monotonic() + wait > deadline) {
      assertRight(cloud.table, cloud.profile, blueprint, observation);
      return observation;
    }
    await ports.clock.pause(wait);
  }
}

/** Takes the claim. @throws CLAIMED naming who holds it, and since when; INTERRUPTED */
export async function takeClaim(
  ports: Ports,
  claims: Claims,
  context: ClaimContext,
  signer: SignerInfo,
): Promise<void> {
  // Being asked, the port begins to watch: from the first write to the cloud on, a signal ends the run in order and not the process.
  if (ports.interrupted()) throw new GovbootError('INTERRUPTED', 'interrupted before the claim');
  const answer = await claims.take(context, signer.fingerprint, ports.clock.now());
  if (answer.is !== 'held') throw takenBy(answer);
}

/** Frees the claim, and leaves the mark by which others know that this run has finished. @throws CLAIMED when somebody else took it meanwhile */
export async function releaseClaim(
  ports: Ports,
  claims: Claims,
  context: RunContext,
  signer: SignerInfo,
): Promise<void> {
  const other = await claims.release(context, signer.fingerprint, ports.clock.now());
  if (other !== null) throw claimedBy(other);
}

/**
 * The cloud says that a run has finished of which this ledger knows nothing: somebody else's evidence has the lock.
 * @throws LOCKED_ELSEWHERE naming whose run it was and when it finished, unless the intent takes over what is there
 */
export function refuseFinished(
  { ledger }: Pick<Gathered, 'ledger'>,
  { blueprint, observation: { finishedBy } }: Pick<Observed, 'blueprint' | 'observation'>,
): void {
  if (finishedBy !== null && isInTheWay(finishedBy.run, blueprint, runsOf(ledger)))
    throw finishedElsewhere(finishedBy);
}

function finishedElsewhere({ holder, run, since }: Holder): GovbootError {
  return new GovbootError(
    'LOCKED_ELSEWHERE',
    `${holder} bootstrapped this environment; run ${run} finished at ${since}, and this evidence does not know of it`,
    { data: { holder, run, since } },
  );
}

/** What the lock in force says of its backend; null when there is none. */
export function lockedOf({ lock }: Gathered['ledger']): Locked | null {
  if (lock === null) return null;
  const { resources, controls } = lock.document.backend;
  return {
    resources: new Set(resources.map(({ id }) => id)),
    controls: new Map(controls.map(({ id, value }) => [id, value])),
  };
}

/** Runs that a ledger has on record. */
export function runsOf({ items }: Gathered['ledger']): ReadonlySet<string> {
  return new Set(items.flatMap(({ entry }) => (entry.type === 'APPLY_STARTED' ? [entry.body.run] : [])));
}

interface Observed {
  readonly plan: Plan;
  readonly blueprint: Blueprint;
  readonly observation: Observation;
}

/** @throws CLAIMED, LOCKED_ELSEWHERE when somebody else is at work, or was, which explains why a plan is not what it was */
export async function refuseBusy(
  ports: Ports,
  gathered: Gathered,
  { plan, blueprint, observation }: Observed,
): Promise<void> {
  const knownRuns = runsOf(gathered.ledger);
  const context = { run: plan.run, blueprint, known: observation.known, knownRuns };
  // What cannot be looked at explains nothing, and must not take the place of what was to be explained.
  const other = await doorsOf(gathered)
    .claims.look(context, ports.clock.now())
    .catch((error: unknown) => {
      if (isGovbootError(error)) return null;
      throw error;
    });
  if (other !== null) throw takenBy(other);
}

function takenBy(taken: Taken): GovbootError {
  return taken.is === 'busy' ? claimedBy(taken) : finishedElsewhere(taken);
}

function claimedBy({ holder, run, since }: Holder): GovbootError {
  return new GovbootError(
    'CLAIMED',
    `${holder} is bootstrapping this environment since ${since} (run ${run})`,
    { data: { holder, run, since } },
  );
}

/**
 * Resources that are ours by their tags, but were made by no run of this ledger: by a run whose evidence was lost, or by anybody who may
 * tag in the account. Every control of them is compared; what no control looks at (a grant on the key, objects in the bucket) is not.
 */
export function strangersOf(
  { ledger }: Pick<Gathered, 'ledger'>,
  observation: Observation,
): readonly string[] {
  const runs = runsOf(ledger);
  return Object.entries(observation.resources).flatMap(([id, presence]) => {
    // A shared identity provider is used as it is, and never adopted.
    if (presence.is !== 'ours' || (presence.madeBy === null && id.startsWith('oidc-'))) return [];
    if (presence.madeBy !== null && runs.has(presence.madeBy)) return [];
    const by = presence.madeBy === null ? 'by nobody who says so' : `by run ${presence.madeBy}`;
    return [
      `${id} is there already, made ${by}, which this evidence does not know: look at it before you adopt it`,
    ];
  });
}

/** The three governed documents, which are there once the gates passed. */
export function governedFiles({ files }: Gathered): {
  readonly trust: FileRead;
  readonly parity: FileRead;
  readonly intent: FileRead;
} {
  if (files.trust === null || files.parity === null || files.intent === null)
    throw new GovbootError('FILE_MISSING', 'a governed document is missing');
  return { trust: files.trust.file, parity: files.parity, intent: files.intent.file };
}

/** The cloud, which was reached once the identity gate passed. */
export function doorsOf(gathered: Gathered): { readonly cloud: Cloud; readonly claims: Claims } {
  if (gathered.remote === null) throw new GovbootError('CLOUD_UNREACHABLE', 'no cloud was reached');
  return gathered.remote;
}

/** The same ports for a command that asks no cloud: what would need one is then not known. */
export function withoutCloud(ports: Ports, command: string): Ports {
  return {
    ...ports,
    cloud: () => Promise.reject(new GovbootError('CLOUD_UNREACHABLE', `no cloud is asked by \`${command}\``)),
  };
}

/** Shows what is being done and how long it took. */
export async function timed<T>(ports: Ports, key: string, text: string, part: () => Promise<T>): Promise<T> {
  const from = ports.clock.monotonic();
  ports.emit({ type: 'progress', key, state: 'begin', text, ms: null });
  try {
    const result = await part();
    ports.emit({ type: 'progress', key, state: 'done', text, ms: ports.clock.monotonic() - from });
    return result;
  } catch (error) {
    ports.emit({
      type: 'progress',
      key,
      state: 'failed',
      text: `${text}: ${messageOf(error)}`,
      ms: ports.clock.monotonic() - from,
    });
    throw error;
  }
}
