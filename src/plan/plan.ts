/**
 * The plan: one versioned document that holds everything a person agrees to. Its digest makes the confirmation token, goes
 * into the approval file and the record, and is computed again before the first write. Format in docs/formats.md.
 */
import { canonicalBytes, parseCanonical } from '../kernel/canonical.ts';
import { sha256, type Sha256 } from '../kernel/digest.ts';
import type { PlanRow, PlanView } from '../kernel/events.ts';
import type { Json, JsonObject } from '../kernel/json.ts';
import type { Instant } from '../kernel/time.ts';
import type { Fingerprint, Mode } from '../inputs/facts.ts';
import type { IntentAction } from '../inputs/intent-action.ts';
import type { Blueprint } from './blueprint.ts';
import { blueprintDocument } from './make-blueprint.ts';
import { assertPlanShape } from './plan-shape.ts';
import { isChange, type ChangeStep, type RefuseStep, type Step } from './step.ts';

/** The one version that this program writes and reads. */
export const PLAN_SCHEMA = 'govboot.plan/v1';

export interface Plan {
  readonly schema: typeof PLAN_SCHEMA;
  readonly mode: Mode;
  /** UUID of the run; names its folder of evidence. */
  readonly run: string;
  /** Random, lower-case hex: two plans for the same thing never have the same token. */
  readonly nonce: string;
  readonly created_at: Instant;
  readonly expires_at: Instant;
  readonly repository: string;
  readonly environment: string;
  readonly source: {
    readonly tag: string;
    readonly tag_oid: string;
    readonly commit: string;
    readonly tree_sha256: string;
  };
  readonly intent: {
    readonly file: string;
    readonly sha256: string;
    readonly action: IntentAction;
    /** SHA-256 of the lock that is superseded or corrected. */
    readonly supersedes: string | null;
    readonly requester: Fingerprint;
    readonly reason: string;
    readonly ticket: string;
  };
  readonly policy: {
    readonly parity_sha256: string;
    readonly trust_sha256: string;
    readonly trust_version: number;
    /** File name in templates/ → SHA-256 of its bytes. */
    readonly templates: Readonly<Record<string, string>>;
  };
  readonly target: {
    readonly provider: 'aws';
    readonly partition: string;
    readonly account: string;
    readonly region: string;
    /** ARN of the caller. */
    readonly caller: string;
    readonly endpoint: string | null;
  };
  /** Who will sign the evidence; null in a plan that is only looked at, which is never applied. */
  readonly signer: { readonly fingerprint: Fingerprint } | null;
  readonly blueprint: JsonObject;
  readonly steps: readonly Step[];
}

/** A plan before it is a document. */
export interface PlanParts extends Omit<Plan, 'schema' | 'blueprint'> {
  readonly blueprint: Blueprint;
}

/** Puts the parts into the document, and refuses what the document could not be read back as. @throws SCHEMA */
export function makePlan(parts: PlanParts): Plan {
  const plan: Plan = { ...parts, schema: PLAN_SCHEMA, blueprint: blueprintDocument(parts.blueprint) };
  assertPlanShape(toJson(plan), 'plan');
  return plan;
}

/** The bytes that are hashed, shown to approvers and kept as evidence. */
export function planBytes(plan: Plan): Uint8Array {
  return canonicalBytes(toJson(plan));
}

/** SHA-256 over the canonical bytes of the plan. */
export function planDigest(plan: Plan): Sha256 {
  return sha256(planBytes(plan));
}

/** Reads a plan back. @throws NOT_CANONICAL, SCHEMA for any other version, and for missing, unknown or malformed fields */
export function parsePlan(bytes: Uint8Array): Plan {
  const value = parseCanonical(bytes, 'plan');
  assertPlanShape(value, 'plan');
  return value as unknown as Plan;
}

/** The steps that cannot be carried out; a plan with any is never applied. */
export function refusals(plan: Plan): readonly RefuseStep[] {
  return plan.steps.filter((step) => step.kind === 'refuse');
}

/** The steps that write. */
export function changes(plan: Plan): readonly ChangeStep[] {
  return plan.steps.filter(isChange);
}

/** The plan as a person sees it. */
export function planView(plan: Plan, digest: Sha256): PlanView {
  const count = (kind: Step['kind']): number => plan.steps.filter((step) => step.kind === kind).length;
  return {
    mode: plan.mode,
    environment: plan.environment,
    account: plan.target.account,
    partition: plan.target.partition,
    region: plan.target.region,
    caller: plan.target.caller,
    endpoint: plan.target.endpoint,
    tag: plan.source.tag,
    commit: plan.source.commit,
    intent: plan.intent.file,
    action: plan.intent.action,
    reason: plan.intent.reason,
    ticket: plan.intent.ticket,
    requester: plan.intent.requester,
    signer: plan.signer?.fingerprint ?? 'none yet: this plan is only looked at',
    digest,
    expires: plan.expires_at,
    rows: plan.steps.map(rowOf),
    counts: {
      create: count('create'),
      adopt: count('adopt'),
      set: count('set'),
      keep: count('keep'),
      refuse: count('refuse'),
    },
  };
}

function rowOf(step: Step): PlanRow {
  const row = {
    kind: step.kind,
    resource: step.resource,
    name: step.name,
    title: step.title,
    control: null,
    from: null,
    to: null,
    why: null,
  };
  switch (step.kind) {
    case 'create':
      // What the creating call sets has no row of its own.
      return { ...row, to: step.with.map((control) => aspectOf(control, step.resource)) };
    case 'adopt':
      return { ...row, from: step.from, to: step.to };
    case 'set':
      return {
        ...row,
        control: aspectOf(step.control, step.resource),
        from: step.from,
        to: step.to ?? step.preview,
      };
    case 'keep':
      return { ...row, control: step.control === null ? null : aspectOf(step.control, step.resource) };
    case 'refuse':
      return {
        ...row,
        control: step.control === null ? null : aspectOf(step.control, step.resource),
        from: step.found,
        why: `${step.code}: ${step.why}`,
      };
  }
}

/** `versioning` of `state-bucket.versioning`. */
function aspectOf(control: string, resource: string): string {
  return control.startsWith(`${resource}.`) ? control.slice(resource.length + 1) : control;
}

/** Interfaces have no index signature, so the compiler cannot see that a plan is plain data; assertPlanShape has. */
function toJson(plan: Plan): Json {
  return plan as unknown as Json;
}
