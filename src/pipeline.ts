/**
 * The street, in order: read → judge → diff → ask → do → sign. Start reading here.
 * Nothing in this file touches the outside; every door is a port.
 */
import { begun } from './kernel/begun.ts';
import { GovbootError, isGovbootError } from './kernel/errors.ts';
import type { Sha256 } from './kernel/digest.ts';
import type { PlanView } from './kernel/events.ts';
import { confirm } from './apply/confirm.ts';
import { execute } from './apply/execute.ts';
import { openJournal } from './apply/journal.ts';
import type { Confirmation } from './evidence/lock.ts';
import { judge, type Judgement, type Passed } from './gates/index.ts';
import type { GateVerdict } from './gates/verdict.ts';
import {
  approvedBy,
  judgeOffered,
  notApproved,
  readApproval,
  refuseUnapproved,
  runOf,
  type ApprovalFiles,
  type Approved,
  type Here,
  type OfferedApproval,
} from './street/approval.ts';
import { evidenceSigner } from './street/evidence-signer.ts';
import { gather, type Gathered, type Request } from './street/gather.ts';
import type { Blueprint } from './plan/blueprint.ts';
import type { Observation } from './plan/control.ts';
import { heldAgainstLock } from './plan/against-lock.ts';
import { diff } from './plan/diff.ts';
import { makeBlueprint } from './plan/make-blueprint.ts';
import { changes, makePlan, planDigest, planView, refusals, type Plan } from './plan/plan.ts';
import { tokenOf } from './plan/token.ts';
import type { Emit, Ports, SignerInfo } from './ports.ts';
import { toolsOf, type RecordedPlan } from './street/lock-input.ts';
import {
  doorsOf,
  lockedOf,
  readBack,
  refuseBusy,
  refuseFinished,
  releaseClaim,
  runsOf,
  strangersOf,
  takeClaim,
  timed,
} from './street/parts.ts';
import { newRun, planPartsOf, type PlanRun } from './street/plan-parts.ts';
import { makeRecorder, type Recorder } from './street/record.ts';
import { isInForce, refuseRefused, refuseToAsk } from './street/refusals.ts';

/** Seconds that a plan can be confirmed. */
const CONFIRM_SECONDS = 300;

export interface Judged {
  readonly gathered: Gathered;
  readonly judgement: Judgement;
}

export interface Planned {
  readonly plan: Plan;
  readonly digest: Sha256;
  readonly view: PlanView;
  readonly blueprint: Blueprint;
  readonly observation: Observation;
}

export interface Applied {
  readonly outcome: 'nothing to do' | 'applied';
  readonly environment: string;
  readonly where: string;
  readonly lockSha256: string | null;
  readonly steps: number;
  readonly ms: number;
}

/** Gates: reads everything, judges everything, shows every verdict. Read-only. */
export async function judgeGates(ports: Ports, request: Request): Promise<Judged> {
  const gathered = await gather(ports, request);
  const judgement = judge(gathered.facts);
  emitVerdicts(ports.emit, judgement.verdicts);
  for (const text of judgement.passed?.notes ?? []) ports.emit({ type: 'note', text });
  return { gathered, judgement };
}

/** @throws GATES_REFUSED when any gate did not pass */
export function refuseUnlessPassed({ judgement }: Judged): Passed {
  if (judgement.passed !== null) return judgement.passed;
  const refused = judgement.verdicts.filter((verdict) => verdict.status !== 'pass');
  const codes = [...new Set(refused.flatMap((verdict) => verdict.findings.map((finding) => finding.code)))];
  const [only, ...others] = codes;
  // One cause gets its own code, so that scripts can tell a busy backend or an unfinished run from a forgery.
  if (
    only !== undefined &&
    others.length === 0 &&
    (only === 'RECOVERY_REQUIRED' || only === 'NOTHING_TO_RESUME')
  ) {
    const finding = refused
      .flatMap((verdict) => verdict.findings)
      .find((candidate) => candidate.code === only);
    throw new GovbootError(
      only,
      finding?.message ?? only,
      finding === undefined ? {} : { hint: finding.hint },
    );
  }
  throw new GovbootError('GATES_REFUSED', `refused by ${refused.map((verdict) => verdict.gate).join(', ')}`, {
    data: { gates: refused.map((verdict) => verdict.gate), codes },
  });
}

export function emitVerdicts(emit: Emit, verdicts: readonly GateVerdict[]): void {
  for (const { gate, status, because, findings } of verdicts)
    emit({ type: 'gate', gate, status, because, findings });
}

/** Plan: wanted × observed → steps, in a document with a digest. Read-only. */
export async function makePlanned(
  ports: Ports,
  gathered: Gathered,
  passed: Passed,
  run: PlanRun,
): Promise<Planned> {
  const { cloud } = doorsOf(gathered);
  const blueprint = makeBlueprint(passed.intent, passed.parity, passed.trust.repository);
  const observation = await timed(ports, 'observe', 'read the present state of every control', () =>
    cloud.observe(blueprint),
  );
  const { partition, account, region, arn } = passed.caller;
  const seen = {
    target: { partition, account, region, caller: arn },
    steps: heldAgainstLock(
      diff(cloud.table, cloud.profile, blueprint, observation),
      passed.intent.action,
      lockedOf(gathered.ledger),
      cloud.table,
      blueprint,
    ),
  };
  const plan = makePlan(planPartsOf(ports.mode, gathered, passed, run, blueprint, seen));
  const digest = planDigest(plan);
  return { plan, digest, view: planView(plan, digest), blueprint, observation };
}

/**
 * Apply: the whole street. What is thrown after APPLY_STARTED is in the ledger first.
 * @param files the approval of one plan, which is then carried out or nothing is; null asks at the terminal, and there only
 */
export async function apply(
  ports: Ports,
  request: Request,
  files: ApprovalFiles | null = null,
): Promise<Applied> {
  const started = ports.clock.monotonic();
  const { gathered, judgement } = await judgeGates(ports, request);
  const record = makeRecorder(ports, gathered, judgement);
  const passed = await recorded(record, () => refuseUnlessPassed({ gathered, judgement }));
  const signer = await recorded(record, () => evidenceSigner(ports, passed));
  const offered = files === null ? null : await recorded(record, () => readApproval(ports.files, files));
  const here = { gathered, passed, signer: signer.fingerprint };
  const approved =
    offered === null ? null : await recorded(record, () => approvedBy(ports, here, offered), offered);

  const run = offered === null ? newRun(ports, here, CONFIRM_SECONDS) : runOf(here, offered);
  const planned = await makePlanned(ports, gathered, passed, run);
  ports.emit({ type: 'plan', plan: planned.view });
  for (const text of strangersOf(gathered, planned.observation)) ports.emit({ type: 'warning', text });
  await recorded(record, () => refuseFinished(gathered, planned), planned);
  // What somebody else is half done with looks like theirs, or like nobody's: that they are at work explains it.
  if (refusals(planned.plan).length > 0)
    await recorded(record, () => refuseBusy(ports, gathered, planned), planned);
  await recorded(record, () => refuseRefused(planned.plan), planned);
  if (changes(planned.plan).length === 0 && isInForce(gathered)) {
    return {
      outcome: 'nothing to do',
      environment: request.environment,
      where: gathered.store.where,
      lockSha256: gathered.facts.ledger.lock?.sha256 ?? null,
      steps: 0,
      ms: ports.clock.monotonic() - started,
    };
  }
  await recorded(record, () => refuseToAsk(gathered, planned.plan, passed.intent), planned);
  const confirmation = await recorded(record, () => confirmed(ports, here, planned, approved), planned);
  const fresh = await recorded(record, () => unchanged(ports, request, planned, run, offered), planned);
  return act(ports, { record, passed, planned, approved, confirmation, signer, gathered: fresh, started });
}

/** Somebody says yes to this very plan: a person at the terminal, now, or those whose signatures over it were judged already. */
async function confirmed(
  ports: Ports,
  { gathered }: Here,
  planned: Planned,
  approved: Approved | null,
): Promise<Confirmation> {
  if (approved === null) {
    const token = tokenOf(planned.digest);
    const shownAt = ports.clock.now();
    await confirm(ports, token, { word: 'APPLY', expiresInSeconds: CONFIRM_SECONDS });
    return { method: 'tty', token, shownAt, confirmedAt: ports.clock.now() };
  }
  const { plan, digest, approvers } = approved;
  if (planned.digest !== digest) {
    await refuseBusy(ports, gathered, planned);
    throw notApproved(approved, planned);
  }
  const window = { from: plan.created_at, until: plan.expires_at };
  return { method: 'approval', approvers, window, confirmedAt: ports.clock.now() };
}

interface Act {
  readonly record: Recorder;
  readonly passed: Passed;
  readonly planned: Planned;
  readonly approved: Approved | null;
  readonly confirmation: Confirmation;
  readonly signer: SignerInfo;
  readonly gathered: Gathered;
  readonly started: number;
}

/** From here on something is written: first the ledger, then the claim, then the steps, then the lock. */
async function act(
  ports: Ports,
  { record, passed, planned, approved, confirmation, signer, gathered, started }: Act,
): Promise<Applied> {
  const { cloud, claims } = doorsOf(gathered);
  const { plan, blueprint } = planned;
  const context = {
    run: plan.run,
    blueprint,
    known: planned.observation.known,
    knownRuns: runsOf(gathered.ledger),
  };
  const startedAt = ports.clock.now();
  await timed(ports, 'started', 'sign and store APPLY_STARTED', () =>
    record.begin(passed, planned, approved),
  );
  // While the cloud is at work: to hash a program of a hundred megabytes takes as long as several round trips.
  const tools = begun(toolsOf(ports));
  try {
    await timed(ports, 'claim', 'claim the environment', () => takeClaim(ports, claims, context, signer));
    const journal = await openJournal(gathered.store, plan.run, ports.clock, planned.digest);
    const execution = await execute(
      { cloud, clock: ports.clock, emit: ports.emit, journal, interrupted: ports.interrupted },
      changes(plan),
      context,
    );
    const after = await timed(ports, 'read back', 'read every control back', () =>
      readBack(ports, cloud, blueprint),
    );
    // All that is written to the cloud is written: whoever comes next need not wait for a run that dies while it signs.
    await releaseClaim(ports, claims, { ...context, known: after.known }, signer);
    const lockSha256 = await timed(ports, 'lock', 'sign and store the lock', async () =>
      record.finish({
        passed,
        planned,
        confirmation,
        signer,
        after,
        startedAt,
        table: cloud.table,
        tools: await tools,
      }),
    );
    return {
      outcome: 'applied',
      environment: plan.environment,
      where: gathered.store.where,
      lockSha256,
      steps: execution.done.length,
      ms: ports.clock.monotonic() - started,
    };
  } catch (error) {
    await record.fail(error, planned);
    throw error;
  }
}

/** Everything again, from new reads, after the yes and before the first write. @throws PLAN_CHANGED, APPROVAL_PLAN, APPROVAL_WINDOW, APPROVAL_USED */
async function unchanged(
  ports: Ports,
  request: Request,
  planned: Planned,
  run: PlanRun,
  offered: OfferedApproval | null,
): Promise<Gathered> {
  const gathered = await gather(ports, request);
  const { passed, verdicts } = judge(gathered.facts);
  if (passed === null) {
    emitVerdicts(
      ports.emit,
      verdicts.filter((verdict) => verdict.status !== 'pass'),
    );
    throw new GovbootError('PLAN_CHANGED', 'a gate that had passed does not pass any more');
  }
  if (offered !== null)
    refuseUnapproved(await judgeOffered(ports, { gathered, passed, signer: run.signer }, offered));
  const again = await makePlanned(ports, gathered, passed, run);
  refuseFinished(gathered, again);
  if (again.digest !== planned.digest) {
    await refuseBusy(ports, gathered, again);
    throw new GovbootError(
      'PLAN_CHANGED',
      `the plan is ${again.digest.slice(0, 16)}… now and was ${planned.digest.slice(0, 16)}… when it was shown`,
      { data: { shown: planned.digest, now: again.digest } },
    );
  }
  return gathered;
}

/** Runs one part of the street; a refusal is put into the ledger, when there is one, before it goes on its way. */
async function recorded<T>(record: Recorder, part: () => T | Promise<T>, planned?: RecordedPlan): Promise<T> {
  try {
    return await part();
  } catch (error) {
    if (isGovbootError(error)) await record.refusal(error, planned ?? null);
    throw error;
  }
}
