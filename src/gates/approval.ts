/**
 * Approval: enough people of role approver signed this very plan, within its window. Where no terminal can exist it takes the place of
 * token and APPLY. One judge for the approver, for apply, and for whoever verifies the evidence in ten years.
 */
import { addSeconds, secondsBetween, type Instant } from '../kernel/time.ts';
import type { Fingerprint, SignatureFacts } from '../inputs/facts.ts';
import { thresholdOf, type Trust } from '../inputs/trust.ts';
import { CLOCK_TOLERANCE, type Signed } from './signature.ts';
import { countSigners, judgeSignatures, standingFinding, thresholdFindings, type Signer } from './signers.ts';
import { finding, when, type Finding } from './verdict.ts';

/** Seconds that a plan may wait for its approval and its use: from Friday to Monday. */
export const LONGEST_WINDOW = 72 * 3600;

/** What is to be known of a plan to judge who approved it; a gate sees no more of one. */
export interface Approvable {
  /** The file that the plan lies in, for messages. */
  readonly file: string;
  readonly environment: string;
  readonly createdAt: Instant;
  readonly expiresAt: Instant;
  /** Who asked: never one of those who approve. */
  readonly requester: Fingerprint;
  /** When the intent ends; an approval does not outlive it. */
  readonly intentExpires: Instant;
}

/** What is wrong with the window of the plan, or with being in it at `now`. */
export function windowFindings(plan: Approvable, now: Instant): readonly Finding[] {
  const { file, createdAt, expiresAt, intentExpires } = plan;
  const wrong = (text: string): Finding =>
    finding('APPROVAL_WINDOW', `${file}: the plan ${text}`, { data: { createdAt, expiresAt, now } });
  const seconds = secondsBetween(createdAt, expiresAt);
  return [
    ...when(seconds <= 0, () => wrong(`ends at ${expiresAt}, and was made at ${createdAt}`)),
    ...when(seconds > LONGEST_WINDOW, () =>
      // Rounded up: what is too long by a second must not read as the most.
      wrong(
        `lasts ${String(Math.ceil(seconds / 3600))} h, and the most is ${String(LONGEST_WINDOW / 3600)} h`,
      ),
    ),
    ...when(expiresAt > intentExpires, () =>
      wrong(`ends at ${expiresAt}, after the intent, which ends at ${intentExpires}`),
    ),
    ...when(addSeconds(now, CLOCK_TOLERANCE) < createdAt, () =>
      wrong(`was made at ${createdAt}, and it is ${now}`),
    ),
    ...when(now >= expiresAt, () => wrong(`ended at ${expiresAt}, and it is ${now}`)),
  ];
}

/** Why this person may not approve the plan; null when they may. */
export function approverFinding(
  who: Pick<Signed, 'file' | 'primary'>,
  { environment, requester }: Approvable,
  trust: Trust,
  now: Instant,
): Finding | null {
  const { file, primary } = who;
  // Told before anything else of them: whatever roles they have, they asked.
  if (primary === requester)
    return finding('DUTY_SEPARATION', `${file}: ${primary} is the requester, who approves nothing`, {
      data: { file, primary },
    });
  return standingFinding(who, { trust, roles: ['approver'], environment, now });
}

export interface JudgedApproval {
  /** Each person once, by the first of their signatures. */
  readonly approvers: readonly Signer[];
  readonly findings: readonly Finding[];
}

/** Judges the signatures over the plan, at `now`. One that is bad refuses, however many good ones there are. */
export function judgeApproval(
  plan: Approvable,
  signatures: readonly SignatureFacts[],
  trust: Trust,
  now: Instant,
): JudgedApproval {
  const { file, environment } = plan;
  const { signed, findings: bad } = judgeSignatures(file, signatures, now);
  const barred = signed.flatMap((one) => approverFinding(one, plan, trust, now) ?? []);
  const early = signed.flatMap((one) => momentFindings(one, plan));
  const { signers } = countSigners({
    signed: signed.filter(({ primary }) => primary !== plan.requester),
    trust,
    roles: ['approver'],
    environment,
    now,
  });
  const wrong = [...windowFindings(plan, now), ...bad, ...barred, ...early];
  // Nobody is asked of fewer than one, also where the intent needs no approver: somebody must have said yes to this plan.
  const needed = Math.max(1, thresholdOf(trust, 'approver', environment));
  const few = wrong.length > 0 ? [] : thresholdFindings(file, 'approver', needed, signers);
  return { approvers: signers, findings: [...wrong, ...few] };
}

/** A signature over a plan that did not exist yet, or was over already, was made by a clock that cannot be believed. */
function momentFindings({ file, created }: Signed, { createdAt, expiresAt }: Approvable): readonly Finding[] {
  const wrong = (text: string): Finding =>
    finding('APPROVAL_WINDOW', `${file}: signed at ${created}, ${text}`, {
      data: { file, created, createdAt, expiresAt },
    });
  return [
    ...when(addSeconds(created, CLOCK_TOLERANCE) < createdAt, () =>
      wrong(`before the plan was made at ${createdAt}`),
    ),
    ...when(created >= expiresAt, () => wrong(`after the plan had ended at ${expiresAt}`)),
  ];
}
