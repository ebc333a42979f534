/** Parts of the street that pipeline.ts puts in order. */
import { GovbootError, messageOf } from '../kernel/errors.ts';
import type { FileRead } from '../inputs/facts.ts';
import { assertRight, wrongAfter } from '../apply/readback.ts';
import type { Blueprint } from '../plan/blueprint.ts';
import type { Observation } from '../plan/control.ts';
import type { Plan } from '../plan/plan.ts';
import type { ClaimAnswer, Claims, Cloud, Ports, SignerInfo } from '../ports.ts';
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
  context: Parameters<Claims['take']>[0],
  signer: SignerInfo,
): Promise<void> {
  // Being asked, the port begins to watch: from the first write to the cloud on, a signal ends the run in order and not the process.
  if (ports.interrupted()) throw new GovbootError('INTERRUPTED', 'interrupted before the claim');
  const answer = await claims.take(context, signer.fingerprint, ports.clock.now());
  if (answer.is === 'busy') throw claimedBy(answer);
}

interface Observed {
  readonly plan: Plan;
  readonly blueprint: Blueprint;
  readonly observation: Observation;
}

/** @throws CLAIMED when somebody else is at work, which explains why a plan is not what it was */
export async function refuseBusy(
  ports: Ports,
  gathered: Gathered,
  { plan, blueprint, observation }: Observed,
): Promise<void> {
  const context = { run: plan.run, blueprint, known: observation.known };
  const other = await doorsOf(gathered).claims.look(context, ports.clock.now());
  if (other !== null) throw claimedBy(other);
}

function claimedBy({ holder, run, since }: Extract<ClaimAnswer, { readonly is: 'busy' }>): GovbootError {
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
  const runs = new Set(
    ledger.items.flatMap(({ entry }) => (entry.type === 'APPLY_STARTED' ? [entry.body.run] : [])),
  );
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
