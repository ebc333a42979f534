/**
 * The street, in order: read → judge → diff → ask → do → sign. Start reading here.
 * Nothing in this file touches the outside; every door is a port.
 */
import { GovbootError, isGovbootError } from './kernel/errors.ts';
import type { Sha256 } from './kernel/digest.ts';
import type { PlanView } from './kernel/events.ts';
import { addSeconds, type Instant } from './kernel/time.ts';
import type { Fingerprint } from './inputs/facts.ts';
import { confirm } from './apply/confirm.ts';
import { execute } from './apply/execute.ts';
import { openJournal } from './apply/journal.ts';
import { judge, type Judgement, type Passed } from './gates/index.ts';
import type { GateVerdict } from './gates/verdict.ts';
import { gather, type Gathered, type Request } from './street/gather.ts';
import type { Blueprint } from './plan/blueprint.ts';
import type { Observation } from './plan/control.ts';
import { diff } from './plan/diff.ts';
import { makeBlueprint } from './plan/make-blueprint.ts';
import { changes, makePlan, planDigest, planView, type Plan } from './plan/plan.ts';
import { tokenOf } from './plan/token.ts';
import type { Emit, Ports, SignerInfo } from './ports.ts';
import type { Finished } from './street/lock-input.ts';
import {
  doorsOf,
  governedFiles,
  readBack,
  refuseBusy,
  strangersOf,
  takeClaim,
  timed,
} from './street/parts.ts';
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
  const [only, ...others] = [
    ...new Set(refused.flatMap((verdict) => verdict.findings.map((finding) => finding.code))),
  ];
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
    data: { gates: refused.map((verdict) => verdict.gate) },
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
  run: {
    readonly run: string;
    readonly nonce: string;
    readonly signer: Fingerprint | null;
    readonly at: Instant;
  },
): Promise<Planned> {
  const { cloud } = doorsOf(gathered);
  const blueprint = makeBlueprint(passed.intent, passed.parity, passed.trust.repository);
  const observation = await timed(ports, 'observe', 'read the present state of every control', () =>
    cloud.observe(blueprint),
  );
  const { intent, caller, tag } = passed;
  const governed = governedFiles(gathered);
  const plan = makePlan({
    mode: ports.mode,
    run: run.run,
    nonce: run.nonce,
    created_at: run.at,
    expires_at: addSeconds(run.at, CONFIRM_SECONDS),
    repository: passed.trust.repository,
    environment: intent.environment,
    source: { tag: tag.name, tag_oid: tag.oid, commit: tag.commit, tree_sha256: passed.treeSha256 },
    intent: {
      file: governed.intent.path,
      sha256: governed.intent.sha256,
      action: intent.action,
      supersedes: intent.supersedes,
      requester: intent.requester,
      reason: intent.reason,
      ticket: intent.ticket,
    },
    policy: {
      parity_sha256: governed.parity.sha256,
      trust_sha256: governed.trust.sha256,
      trust_version: passed.trust.version,
      templates: passed.parity.templates,
    },
    target: {
      provider: intent.provider,
      partition: caller.partition,
      account: caller.account,
      region: caller.region,
      caller: caller.arn,
      endpoint: intent.endpoint,
    },
    signer: run.signer === null ? null : { fingerprint: run.signer },
    blueprint,
    steps: diff(cloud.table, cloud.profile, blueprint, observation),
  });
  const digest = planDigest(plan);
  return { plan, digest, view: planView(plan, digest), blueprint, observation };
}

/** Apply: the whole street. What is thrown after APPLY_STARTED is in the ledger first. */
export async function apply(ports: Ports, request: Request): Promise<Applied> {
  const started = ports.clock.monotonic();
  const judged = await judgeGates(ports, request);
  const record = makeRecorder(ports, judged.gathered, judged.judgement);
  const passed = await recorded(record, () => refuseUnlessPassed(judged));
  const signer = await recorded(record, () => record.signer(passed));
  const run = {
    run: judged.gathered.facts.ledger.unfinished?.run ?? ports.random.uuid(),
    nonce: ports.random.hex(16),
    signer: signer.fingerprint,
    at: ports.clock.now(),
  };

  const planned = await makePlanned(ports, judged.gathered, passed, run);
  ports.emit({ type: 'plan', plan: planned.view });
  for (const text of strangersOf(judged.gathered, planned.observation)) ports.emit({ type: 'warning', text });
  await recorded(record, () => refuseRefused(planned.plan), planned);
  if (changes(planned.plan).length === 0 && isInForce(judged.gathered)) {
    return {
      outcome: 'nothing to do',
      environment: request.environment,
      where: judged.gathered.store.where,
      lockSha256: judged.gathered.facts.ledger.lock?.sha256 ?? null,
      steps: 0,
      ms: ports.clock.monotonic() - started,
    };
  }
  await recorded(record, () => refuseToAsk(judged.gathered, planned.plan, passed.intent), planned);

  const token = tokenOf(planned.digest);
  const shownAt = ports.clock.now();
  await recorded(record, () => confirm(ports, token, { expiresInSeconds: CONFIRM_SECONDS }), planned);
  const confirmation = { token, shownAt, confirmedAt: ports.clock.now() };
  const fresh = await recorded(record, () => unchanged(ports, request, planned, run), planned);
  return act(ports, { record, passed, planned, confirmation, signer, gathered: fresh, started });
}

interface Act {
  readonly record: Recorder;
  readonly passed: Passed;
  readonly planned: Planned;
  readonly confirmation: Finished['confirmation'];
  readonly signer: SignerInfo;
  readonly gathered: Gathered;
  readonly started: number;
}

/** From here on something is written: first the ledger, then the claim, then the steps, then the lock. */
async function act(
  ports: Ports,
  { record, passed, planned, confirmation, signer, gathered, started }: Act,
): Promise<Applied> {
  const { cloud, claims } = doorsOf(gathered);
  const { plan, blueprint } = planned;
  const context = { run: plan.run, blueprint, known: planned.observation.known };
  const startedAt = ports.clock.now();
  await timed(ports, 'started', 'sign and store APPLY_STARTED', () => record.begin(passed, planned));
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
    await claims.release({ ...context, known: after.known });
    const lockSha256 = await timed(ports, 'lock', 'sign and store the lock', () =>
      record.finish({
        passed,
        planned,
        confirmation,
        signer,
        execution,
        after,
        startedAt,
        table: cloud.table,
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

/** Everything again, from new reads, after APPLY and before the first write. @throws PLAN_CHANGED */
async function unchanged(
  ports: Ports,
  request: Request,
  planned: Planned,
  run: Parameters<typeof makePlanned>[3],
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
  const again = await makePlanned(ports, gathered, passed, run);
  if (again.digest !== planned.digest) {
    const { plan, blueprint, observation } = again;
    await refuseBusy(ports, doorsOf(gathered).claims, { run: plan.run, blueprint, known: observation.known });
    throw new GovbootError(
      'PLAN_CHANGED',
      `the plan is ${again.digest.slice(0, 16)}… now and was ${planned.digest.slice(0, 16)}… when it was shown`,
      { data: { shown: planned.digest, now: again.digest } },
    );
  }
  return gathered;
}

/** Runs one part of the street; a refusal is put into the ledger, when there is one, before it goes on its way. */
async function recorded<T>(record: Recorder, part: () => T | Promise<T>, planned?: Planned): Promise<T> {
  try {
    return await part();
  } catch (error) {
    if (isGovbootError(error)) await record.refusal(error, planned ?? null);
    throw error;
  }
}
