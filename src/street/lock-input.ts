/** What goes into the lock: facts, decisions and what was read back, put together from the whole run. */
import type { Sha256 } from '../kernel/digest.ts';
import { GovbootError } from '../kernel/errors.ts';
import { safe } from '../kernel/text.ts';
import type { Instant } from '../kernel/time.ts';
import type { Ledger } from '../evidence/ledger.ts';
import type { Actor, Confirmation, LockInput } from '../evidence/lock.ts';
import type { Passed } from '../gates/index.ts';
import type { Blueprint } from '../plan/blueprint.ts';
import type { Observation, ResourceSpec } from '../plan/control.ts';
import type { Plan } from '../plan/plan.ts';
import type { Ports, SignerInfo } from '../ports.ts';
import type { Gathered } from './gather.ts';
import { runSteps } from './run-steps.ts';

/** What the record needs to know of a plan. */
export interface RecordedPlan {
  readonly plan: Plan;
  readonly digest: Sha256;
}

export interface Finished {
  readonly passed: Passed;
  readonly planned: RecordedPlan & { readonly blueprint: Blueprint };
  readonly confirmation: Confirmation;
  readonly signer: SignerInfo;
  readonly after: Observation;
  readonly startedAt: Instant;
  readonly table: readonly ResourceSpec[];
  readonly tools: LockInput['tools'];
}

/** Everything that the lock of a finished run says. @throws EVIDENCE_WRITE */
export async function lockInputOf(
  ports: Ports,
  gathered: Gathered,
  ledger: Ledger,
  finished: Finished,
): Promise<LockInput> {
  const { passed, planned, confirmation, signer, startedAt } = finished;
  const { intent, trust } = passed;
  const { source, governance } = gathered.facts;
  const { files } = gathered;
  const { head } = ledger;
  if (
    head === null ||
    files.intent === null ||
    files.trust === null ||
    files.parity === null ||
    source.tag.is !== 'tag'
  )
    throw new GovbootError('EVIDENCE_WRITE', 'the inputs of the record are not at hand');
  return {
    recordId: ports.random.uuid(),
    createdAt: ports.clock.now(),
    mode: ports.mode,
    origin: { repository: trust.repository, environment: intent.environment },
    source: { tag: source.tag.tag, objectFormat: source.objectFormat, treeSha256: passed.treeSha256 },
    intent: { file: files.intent, value: intent },
    policy: {
      parity: files.parity,
      trust: files.trust,
      trustVersion: trust.version,
      templates: governance.templates,
    },
    planSha256: planned.digest,
    confirmation,
    backend: backendOf(finished),
    actors: actorsOf(passed, confirmation, signer),
    tools: finished.tools,
    run: {
      id: planned.plan.run,
      started_at: startedAt,
      finished_at: ports.clock.now(),
      steps: await runSteps(gathered.store, ledger, planned.plan.run),
    },
    clauses: wantedOf(finished)
      .flatMap(({ controls }) => controls)
      .flatMap((control) => (isSet(finished, control.id) ? control.satisfies : [])),
    ledger: { items: ledger.items, head },
    supersedes: intent.supersedes,
  };
}

function backendOf(finished: Finished): LockInput['backend'] {
  const {
    after,
    planned: { blueprint },
    passed: { intent },
  } = finished;
  const wanted = wantedOf(finished);
  return {
    provider: blueprint.provider,
    partition: blueprint.partition,
    account: blueprint.account,
    region: blueprint.region,
    endpoint: intent.endpoint,
    resources: wanted.map((resource) => ({
      id: resource.id,
      kind: resource.kind,
      name: resource.nameOf(blueprint),
      arn: after.known[`${resource.id}.arn`] ?? null,
    })),
    controls: wanted
      .flatMap(({ controls }) => controls)
      .flatMap((control) => {
        const observed = after.controls[control.id];
        return observed?.is === 'set'
          ? [{ id: control.id, shown: 'read back' as const, value: observed.value }]
          : [];
      }),
    known: after.known,
  };
}

function wantedOf({ table, planned }: Finished): readonly ResourceSpec[] {
  return table.filter((resource) => resource.wanted(planned.blueprint));
}

function isSet({ after }: Finished, control: string): boolean {
  return after.controls[control]?.is === 'set';
}

function actorsOf(
  { releaseSigners, intentSigners, approvers, intent }: Passed,
  confirmation: Confirmation,
  signer: SignerInfo,
): readonly Actor[] {
  const ofPlan = confirmation.method === 'approval' ? confirmation.approvers : [];
  // Who approved the intent with one key and the plan with a subkey stands there with both; who used one key, once.
  const others = ofPlan.filter((one) => !approvers.some(({ signingKey }) => signingKey === one.signingKey));
  const as = (role: Actor['role'], people: Passed['approvers']): readonly Actor[] =>
    people.map((p) => ({ role, primary: p.primary, signingKey: p.signingKey, userId: safe(p.name) }));
  return [
    ...as('release', releaseSigners),
    ...as(
      'requester',
      intentSigners.filter((p) => p.primary === intent.requester),
    ),
    ...as(
      'intent',
      intentSigners.filter((p) => p.primary !== intent.requester),
    ),
    ...as('approver', [...approvers, ...others]),
    {
      role: 'evidence',
      primary: signer.fingerprint,
      signingKey: signer.fingerprint,
      userId: safe(signer.userId),
    },
  ];
}

/** The programs that took part, hashed. */
export async function toolsOf(ports: Ports): Promise<LockInput['tools']> {
  const [machine, verifiers] = await Promise.all([ports.machine.tools(), ports.verifier.tools()]);
  const known = new Set(machine.map((tool) => tool.name));
  return [
    ...machine,
    ...verifiers.filter((tool) => !known.has(tool.name)).map((tool) => ({ ...tool, sha256: null })),
  ];
}
