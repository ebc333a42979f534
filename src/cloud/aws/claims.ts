/**
 * The claim: the operator role, whose name can exist only once in an account. Making it is the first write of a run, and its
 * tag `govboot:claim` says whose run it is: `<run> <instant> <holder>`, or `released`. A second tag, `govboot:finished`, says in
 * the same words which run was the last to write everything and read it back.
 *
 * Taking a claim that is free is a write and a few reads, which is not atomic: IAM has no conditional write. Two runs that
 * take it within a fraction of a second both write, and the reads afterwards let the later writer win. Should both go on
 * nevertheless, they make the same steps towards the same state, each of which looks before it writes; and only the one that
 * still holds the claim at the end may finish, so that no more than one of them comes to its lock (docs/decisions/0018).
 */
import { GovbootError } from '../../kernel/errors.ts';
import { isInstant, msOf, type Instant } from '../../kernel/time.ts';
import { isInTheWay, OWNER_TAGS, type Blueprint } from '../../plan/blueprint.ts';
import type { Holder } from '../../plan/control.ts';
import type { ClaimAnswer, ClaimContext, RunContext, Taken } from '../../ports.ts';
import { isFault, type AwsApi } from './api.ts';
import { eventually, settle, type Patience } from './retry.ts';
import { createRole, roleTags } from './roles.ts';
import { areNobodys, areOurs, birthTags, CLAIM_TAG, FINISHED_TAG, tagList, type Tags } from './tags.ts';

const ROLE = 'operator';
const RELEASED = 'released';
/** A claim older than this is of a run that died, milliseconds. */
const STALE_MS = 30 * 60 * 1000;
/** Pauses between reads of a claim that was just taken, milliseconds: it must read the same after each. */
const CONFIRM_MS = [500, 1_500] as const;
/** Milliseconds after which the last reading counts, however often it changed. */
const CONFIRM_DEADLINE_MS = 20_000;

/** Milliseconds for which a release looks for the claim that it is to free: reads may lag behind the write that took it. */
const RELEASE_MS = 10_000;

/** A tag's value: letters, digits, spaces and `_ . : / = + - @`, at most 256 characters (IAM TagRole). */
export function claimText({ run, since, holder }: Holder): string {
  return `${run} ${since} ${holder.replace(/[^\p{L}\p{N} _.:/=+\-@]/gu, '_')}`.slice(0, 256).trimEnd();
}

/** null for what is free: released, never claimed, or not a claim that govboot wrote. */
export function parseClaim(text: string | undefined): Holder | null {
  const [, run, since, holder] = /^(\S+) (\S+) (.*)$/.exec(text ?? '') ?? [];
  if (run === undefined || since === undefined || holder === undefined || !isInstant(since)) return null;
  return { run, since, holder };
}

/** @throws FOREIGN_RESOURCE when a role of that name is not ours; ApiFault */
export async function takeClaim(
  api: AwsApi,
  context: ClaimContext,
  holder: string,
  at: Instant,
  patience: Patience,
): Promise<ClaimAnswer> {
  const { blueprint: b, run } = context;
  const mine: Holder = { run, since: at, holder };
  const made = await tryCreate(api, b, mine);
  if (made !== null) return { is: 'held', requestIds: [{ call: 'iam:CreateRole', id: made }] };
  // CreateRole found it, so it is there, even where a read does not show it yet.
  const tags = await eventually(
    `role ${b.names.roles[ROLE]}: that it can be read`,
    patience,
    () => roleTags(api, b, ROLE),
    Boolean,
  );
  const toAdopt = b.adopts !== 'nothing' && areNobodys(tags);
  if (!areOurs(tags, b) && !toAdopt) throw foreign(b, tags);
  const taken = takenBy(tags, context, at);
  if (taken !== null) return taken;
  const held = parseClaim(tags[CLAIM_TAG]);
  const { $metadata } = await api.call('iam:TagRole', {
    RoleName: b.names.roles[ROLE],
    Tags: tagList({
      ...(toAdopt ? birthTags(b, run) : { [OWNER_TAGS.run]: run }),
      [CLAIM_TAG]: claimText(mine),
    }),
  });
  const seen = await confirmed(api, context, mine, held, patience);
  // Who finished between the first look and our write has overwritten, or was overwritten: the mark tells in both cases.
  const meanwhile = unknownIn(seen.tags, context);
  if (meanwhile !== null) return { is: 'finished', ...meanwhile };
  if (seen.claim !== null && seen.claim.run !== run) return { is: 'busy', ...seen.claim };
  return { is: 'held', requestIds: [{ call: 'iam:TagRole', id: $metadata.requestId ?? '' }] };
}

/** The run that finished last, when the ledger at hand has never heard of it; an intent that adopts goes over it. */
function unknownIn(tags: Tags, { blueprint, knownRuns }: ClaimContext): Holder | null {
  const finished = parseClaim(tags[FINISHED_TAG]);
  return finished !== null && isInTheWay(finished.run, blueprint, knownRuns) ? finished : null;
}

/** Which run finished last; null when the role is not ours, or not there. @throws ApiFault */
export async function finishedBy(api: AwsApi, b: Blueprint): Promise<Holder | null> {
  const tags = await roleTagsOrNone(api, b);
  return areOurs(tags, b) ? parseClaim(tags[FINISHED_TAG]) : null;
}

/** Whose the environment is, without taking it; null when it is free, or the role is not ours to read. @throws ApiFault */
export async function lookAtClaim(api: AwsApi, context: ClaimContext, at: Instant): Promise<Taken | null> {
  const tags = await roleTagsOrNone(api, context.blueprint);
  return areOurs(tags, context.blueprint) ? takenBy(tags, context, at) : null;
}

/** What the tags say to a run that would have the environment. */
function takenBy(tags: Tags, context: ClaimContext, at: Instant): Taken | null {
  const held = parseClaim(tags[CLAIM_TAG]);
  if (held !== null && held.run !== context.run && isFresh(held, at)) return { is: 'busy', ...held };
  const before = unknownIn(tags, context);
  return before === null ? null : { is: 'finished', ...before };
}

async function roleTagsOrNone(api: AwsApi, b: Blueprint): Promise<Tags> {
  try {
    return await roleTags(api, b, ROLE);
  } catch (error) {
    if (isFault(error, 'absent')) return {};
    throw error;
  }
}

/** The request id, or null when the role is there already. */
async function tryCreate(api: AwsApi, b: Blueprint, mine: Holder): Promise<string | null> {
  try {
    return await createRole(api, b, ROLE, mine.run, { [CLAIM_TAG]: claimText(mine) });
  } catch (error) {
    if (isFault(error, 'exists')) return null;
    throw error;
  }
}

interface Seen {
  readonly claim: Holder | null;
  readonly tags: Tags;
}

/** Reads until the claim is other than before, or a run has finished, and then reads the same after every pause. */
async function confirmed(
  api: AwsApi,
  context: ClaimContext,
  mine: Holder,
  before: Holder | null,
  patience: Patience,
): Promise<Seen> {
  const look = async (): Promise<Seen> => {
    const tags = await roleTags(api, context.blueprint, ROLE);
    return { claim: parseClaim(tags[CLAIM_TAG]), tags };
  };
  const fresh = ({ claim, tags }: Seen): boolean =>
    unknownIn(tags, context) !== null ||
    (claim !== null && (claim.run === mine.run || claim.run !== before?.run));
  const next = (): Promise<Seen> => eventually('the claim: that it can be read back', patience, look, fresh);
  const end = patience.monotonic() + CONFIRM_DEADLINE_MS;
  let seen = await next();
  for (let same = 0; same < CONFIRM_MS.length && patience.monotonic() < end;) {
    await patience.pause(CONFIRM_MS[same] ?? 0);
    const again = await next();
    same = again.claim?.run === seen.claim?.run ? same + 1 : 0;
    seen = again;
  }
  return seen;
}

/** Clocks may differ; a claim dated further ahead than one lasts is of no run, and would be held for ever. */
function isFresh({ since }: Holder, at: Instant): boolean {
  return Math.abs(msOf(at) - msOf(since)) < STALE_MS;
}

function foreign(b: Blueprint, tags: Tags): GovbootError {
  const name = b.names.roles[ROLE];
  return new GovbootError(
    'FOREIGN_RESOURCE',
    `role ${name} exists and does not carry the tags of this environment`,
    {
      data: { resource: name, found: tags },
    },
  );
}

/**
 * Frees the claim and marks the environment as finished by this run, in one write, if the claim is still this run's.
 * @returns who holds it instead, with nothing written; null when it was ours
 * @throws CLOUD_FAILED when the claim cannot be read; ApiFault
 */
export async function releaseClaim(
  api: AwsApi,
  { blueprint: b, run }: RunContext,
  mark: Holder,
  patience: Patience,
): Promise<Holder | null> {
  // A claim taken a moment ago may not be seen yet; a second process of this run may have freed it already.
  const isMine = (tags: Tags): boolean =>
    areOurs(tags, b) && [CLAIM_TAG, FINISHED_TAG].some((tag) => parseClaim(tags[tag])?.run === run);
  const short = { ...patience, deadlineMs: RELEASE_MS };
  const seen = await settle(short, () => roleTags(api, b, ROLE), isMine);
  if (seen.is === 'not-settled') return heldInstead(seen.seen ?? {});
  await api.call('iam:TagRole', {
    RoleName: b.names.roles[ROLE],
    Tags: tagList({ [CLAIM_TAG]: RELEASED, [FINISHED_TAG]: claimText(mark) }),
  });
  return null;
}

/** A claim that somebody else took and has freed again is told by the mark that they left. */
function heldInstead(tags: Tags): Holder {
  const other = parseClaim(tags[CLAIM_TAG]) ?? parseClaim(tags[FINISHED_TAG]);
  if (other === null)
    throw new GovbootError(
      'CLOUD_FAILED',
      'the claim of this run cannot be read back, and nobody else has it',
    );
  return other;
}
