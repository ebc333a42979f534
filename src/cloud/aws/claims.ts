/**
 * The claim: the operator role, whose name can exist only once in an account. Making it is the first write of a run, and its
 * tag `govboot:claim` says whose run it is: `<run> <instant> <holder>`, or `released`.
 *
 * Taking a claim that is free is a write and a few reads, which is not atomic: IAM has no conditional write. Two runs that
 * take it within a fraction of a second both write, and the reads afterwards let the later writer win. Should both go on
 * nevertheless, they make the same steps towards the same state, each of which looks before it writes.
 */
import { GovbootError } from '../../kernel/errors.ts';
import { isInstant, msOf, type Instant } from '../../kernel/time.ts';
import type { Blueprint } from '../../plan/blueprint.ts';
import { OWNER_TAGS } from '../../plan/blueprint.ts';
import type { ClaimAnswer, RunContext } from '../../ports.ts';
import { isFault, type AwsApi } from './api.ts';
import { eventually, settle, type Patience } from './retry.ts';
import { createRole, roleTags } from './roles.ts';
import { areOurs, CLAIM_TAG, type Tags } from './tags.ts';

const ROLE = 'operator';
const RELEASED = 'released';
/** A claim older than this is of a run that died, milliseconds. */
const STALE_MS = 30 * 60 * 1000;
/** Pauses between reads of a claim that was just taken, milliseconds: it must read the same after each. */
const CONFIRM_MS = [500, 1_500] as const;
/** Milliseconds after which the last reading counts, however often it changed. */
const CONFIRM_DEADLINE_MS = 20_000;

interface Claim {
  readonly run: string;
  readonly since: Instant;
  readonly holder: string;
}

type Busy = Extract<ClaimAnswer, { readonly is: 'busy' }>;

/** Milliseconds for which a release looks for the claim that it is to free. */
const RELEASE_MS = 10_000;

/** A tag's value: letters, digits, spaces and `_ . : / = + - @`, at most 256 characters (IAM TagRole). */
export function claimText({ run, since, holder }: Claim): string {
  return `${run} ${since} ${holder.replace(/[^\p{L}\p{N} _.:/=+\-@]/gu, '_')}`.slice(0, 256).trimEnd();
}

/** null for what is free: released, never claimed, or not a claim that govboot wrote. */
export function parseClaim(text: string | undefined): Claim | null {
  const [, run, since, holder] = /^(\S+) (\S+) (.*)$/.exec(text ?? '') ?? [];
  if (run === undefined || since === undefined || holder === undefined || !isInstant(since)) return null;
  return { run, since, holder };
}

/** @throws FOREIGN_RESOURCE when a role of that name is not ours; ApiFault */
export async function takeClaim(
  api: AwsApi,
  context: RunContext,
  holder: string,
  at: Instant,
  patience: Patience,
): Promise<ClaimAnswer> {
  const { blueprint: b, run } = context;
  const mine: Claim = { run, since: at, holder };
  const made = await tryCreate(api, b, mine);
  if (made !== null) return { is: 'held', requestIds: [{ call: 'iam:CreateRole', id: made }] };
  // CreateRole found it, so it is there, even where a read does not show it yet.
  const tags = await eventually(
    `role ${b.names.roles[ROLE]}: that it can be read`,
    patience,
    () => roleTags(api, b, ROLE),
    Boolean,
  );
  if (!areOurs(tags, b)) throw foreign(b, tags);
  const held = parseClaim(tags[CLAIM_TAG]);
  if (held !== null && held.run !== run && isFresh(held, at)) return busy(held);
  const { $metadata } = await api.call('iam:TagRole', {
    RoleName: b.names.roles[ROLE],
    Tags: [
      { Key: OWNER_TAGS.run, Value: run },
      { Key: CLAIM_TAG, Value: claimText(mine) },
    ],
  });
  const winner = await confirmed(api, b, mine, held, patience);
  if (winner.run !== run) return busy(winner);
  return { is: 'held', requestIds: [{ call: 'iam:TagRole', id: $metadata.requestId ?? '' }] };
}

/** Who else holds the claim, without taking it; null when nobody does, or the role is not ours to read. @throws ApiFault */
export async function lookAtClaim(
  api: AwsApi,
  { blueprint: b, run }: RunContext,
  at: Instant,
): Promise<Busy | null> {
  const tags = await roleTagsOrNone(api, b);
  const held = areOurs(tags, b) ? parseClaim(tags[CLAIM_TAG]) : null;
  return held !== null && held.run !== run && isFresh(held, at) ? busy(held) : null;
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
async function tryCreate(api: AwsApi, b: Blueprint, mine: Claim): Promise<string | null> {
  try {
    return await createRole(api, b, ROLE, mine.run, { [CLAIM_TAG]: claimText(mine) });
  } catch (error) {
    if (isFault(error, 'exists')) return null;
    throw error;
  }
}

/** Reads until the claim is other than before, and then reads the same after every pause. */
async function confirmed(
  api: AwsApi,
  b: Blueprint,
  mine: Claim,
  before: Claim | null,
  patience: Patience,
): Promise<Claim> {
  const look = async (): Promise<Claim | null> => parseClaim((await roleTags(api, b, ROLE))[CLAIM_TAG]);
  const fresh = (seen: Claim | null): boolean =>
    seen !== null && (seen.run === mine.run || seen.run !== before?.run);
  const next = async (): Promise<Claim> =>
    (await eventually('the claim: that it can be read back', patience, look, fresh)) ?? mine;
  const end = patience.monotonic() + CONFIRM_DEADLINE_MS;
  let seen = await next();
  for (let same = 0; same < CONFIRM_MS.length && patience.monotonic() < end;) {
    await patience.pause(CONFIRM_MS[same] ?? 0);
    const again = await next();
    same = again.run === seen.run ? same + 1 : 0;
    seen = again;
  }
  return seen;
}

/** Clocks may differ; a claim dated further ahead than one lasts is of no run, and would be held for ever. */
function isFresh({ since }: Claim, at: Instant): boolean {
  return Math.abs(msOf(at) - msOf(since)) < STALE_MS;
}

function busy({ holder, run, since }: Claim): Busy {
  return { is: 'busy', holder, run, since };
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

/** Frees the claim if it is still this run's; one of another run, or a role that is not there, is left. @throws ApiFault */
export async function releaseClaim(
  api: AwsApi,
  { blueprint: b, run }: RunContext,
  patience: Patience,
): Promise<void> {
  // A claim taken a moment ago may not be seen yet, and would be left behind for half an hour.
  const mine = (tags: Tags): boolean => areOurs(tags, b) && parseClaim(tags[CLAIM_TAG])?.run === run;
  const short = { ...patience, deadlineMs: RELEASE_MS };
  const seen = await settle(short, () => roleTags(api, b, ROLE), mine);
  if (seen.is === 'not-settled') return;
  await api.call('iam:TagRole', {
    RoleName: b.names.roles[ROLE],
    Tags: [{ Key: CLAIM_TAG, Value: RELEASED }],
  });
}
