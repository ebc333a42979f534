/** What goes into a plan: what the gates established, what was chosen for this run, and what only a cloud can say. Pure. */
import type { Fingerprint, Mode } from '../inputs/facts.ts';
import { addSeconds, type Instant } from '../kernel/time.ts';
import type { Established } from '../gates/index.ts';
import type { Blueprint } from '../plan/blueprint.ts';
import type { PlanParts } from '../plan/plan.ts';
import type { Ports } from '../ports.ts';
import type { Gathered } from './gather.ts';
import { governedFiles } from './parts.ts';

/** What a plan says of its own run, and no fact decides. */
export interface PlanRun {
  readonly run: string;
  readonly nonce: string;
  /** Who will sign the evidence; null in a plan that is only looked at. */
  readonly signer: Fingerprint | null;
  readonly at: Instant;
  readonly until: Instant;
}

/** A plan that is made now: for a run of its own, or for the one that did not finish. */
export function newRun(
  { random, clock }: Pick<Ports, 'random' | 'clock'>,
  { gathered, signer }: { readonly gathered: Gathered; readonly signer: Fingerprint | null },
  seconds: number,
): PlanRun {
  const at = clock.now();
  return {
    run: gathered.facts.ledger.unfinished?.run ?? random.uuid(),
    nonce: random.hex(16),
    signer,
    at,
    until: addSeconds(at, seconds),
  };
}

/** What only the machine that reached the cloud can have seen. */
export interface Seen {
  readonly target: Pick<PlanParts['target'], 'partition' | 'account' | 'region' | 'caller'>;
  readonly steps: PlanParts['steps'];
}

/** The parts of the plan, put together in one place for who makes one and for who checks one. */
export function planPartsOf(
  mode: Mode,
  gathered: Gathered,
  established: Established,
  run: PlanRun,
  blueprint: Blueprint,
  { target, steps }: Seen,
): PlanParts {
  const { intent, tag, trust, parity, treeSha256 } = established;
  const governed = governedFiles(gathered);
  return {
    mode,
    run: run.run,
    nonce: run.nonce,
    created_at: run.at,
    expires_at: run.until,
    repository: trust.repository,
    environment: intent.environment,
    source: { tag: tag.name, tag_oid: tag.oid, commit: tag.commit, tree_sha256: treeSha256 },
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
      trust_version: trust.version,
      templates: parity.templates,
    },
    target: { provider: intent.provider, ...target, endpoint: intent.endpoint },
    signer: run.signer === null ? null : { fingerprint: run.signer },
    blueprint,
    steps,
  };
}
