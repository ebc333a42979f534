/** AWS behind the ports. The same code runs on the real SDK and on the rehearsal cloud: only the `api` differs. */
import { GovbootError } from '../../kernel/errors.ts';
import type { Claims, Clock, Cloud, Performed } from '../../ports.ts';
import type { Known, ResourceId } from '../../plan/control.ts';
import { isChange, type ChangeStep } from '../../plan/step.ts';
import type { AwsApi } from './api.ts';
import { requestIdOf } from './classify.ts';
import { lookAtClaim, releaseClaim, takeClaim } from './claims.ts';
import { guarded, isMutating } from './guard.ts';
import { observe } from './observe.ts';
import { looksAhead } from './look-ahead.ts';
import { perform } from './perform.ts';
import { AWS_PROFILE } from './profile.ts';
import { withRetry, type Again, type Patience, type Retry, type RetryOptions } from './retry.ts';
import { callerFacts } from './sdk-api.ts';
import { AWS_TABLE } from './table.ts';
import { telling } from './trouble.ts';

export interface AwsCloudOptions {
  /** The SDK, or the rehearsal cloud; the SDK also knows when the credentials end. */
  readonly api: AwsApi & { credentialSeconds?(): Promise<number | null> };
  readonly clock: Pick<Clock, 'pause' | 'monotonic'>;
  readonly account: string;
  readonly region: string;
  /** Told of every call that is tried again, for the log and the person waiting. */
  readonly onRetry?: (retry: Retry) => void;
  /** Told of what was tried again outside of any step; steps tell it themselves. */
  readonly onAgain?: (again: Again) => void;
}

/** Milliseconds for which reads are repeated: somebody waits for the answer, and nothing is half done. */
const READ_DEADLINE_MS = 30_000;
/** Milliseconds for the first call, which tells whether the cloud can be reached at all. */
const FIRST_DEADLINE_MS = 10_000;
/** Milliseconds for which a step is tried. */
const WRITE_DEADLINE_MS = 120_000;

export function makeAwsCloud(options: AwsCloudOptions): { readonly cloud: Cloud; readonly claims: Claims } {
  const { clock, account, region } = options;
  const api = guarded(options.api, AWS_PROFILE);
  const patience = (deadlineMs: number): Patience => ({
    pause: (ms) => clock.pause(ms),
    monotonic: () => clock.monotonic(),
    deadlineMs,
  });
  const onRetry = options.onRetry === undefined ? {} : { onRetry: options.onRetry };
  const told = { ...onRetry, ...(options.onAgain === undefined ? {} : { onAgain: options.onAgain }) };
  const reading = withRetry(api, { ...patience(READ_DEADLINE_MS), ...told });
  const inTurn = oneAtATime();
  const made = new Set<ResourceId>();
  const ahead = looksAhead(api, clock, made);

  const cloud: Cloud = {
    profile: AWS_PROFILE,
    table: AWS_TABLE,
    whoAmI: () =>
      telling('the caller', () =>
        callerFacts(withRetry(api, { ...patience(FIRST_DEADLINE_MS), ...told }), region, async () =>
          options.api.credentialSeconds === undefined ? null : options.api.credentialSeconds(),
        ),
      ),
    observe: async (b) => {
      assertTarget(b, account, region);
      const observation = await telling(`environment ${b.environment}`, () => observe(reading, b));
      ahead.remember(observation);
      return observation;
    },
    lookAhead: (step, context) => {
      if (isChange(step)) ahead.begin(step, context);
    },
    perform: async (step, context, onWritten = () => undefined) => {
      assertTarget(context.blueprint, account, region);
      if (!isChange(step)) return { requestIds: [], known: {}, retries: 0 };
      const whole = patience(WRITE_DEADLINE_MS);
      const { retrying, seen } = watched(api, { ...whole, ...onRetry }, step, made);
      return inTurn(step.resource, (pass) =>
        telling(`${step.resource} ${step.name}`, async () => {
          const written = (learned: Known): void => {
            if (step.kind === 'create') made.add(step.resource);
            pass();
            onWritten(learned);
          };
          const hand = { api: retrying, patience: whole, seen: await ahead.take(step), onWritten: written };
          const known = await perform(step, context, hand);
          return { requestIds: seen.requestIds, known, retries: seen.retries };
        }),
      );
    },
  };
  const patient = patience(READ_DEADLINE_MS);
  return { cloud, claims: claimsOn(withRetry(api, { ...patient, ...told }), patient, options) };
}

function claimsOn(
  api: AwsApi,
  patience: Patience,
  { account, region }: Pick<AwsCloudOptions, 'account' | 'region'>,
): Claims {
  return {
    look: async (context, at) => {
      assertTarget(context.blueprint, account, region);
      return telling('the claim', () => lookAtClaim(api, context, at));
    },
    take: async (context, holder, at) => {
      assertTarget(context.blueprint, account, region);
      return telling('the claim', () => takeClaim(api, context, holder, at, patience));
    },
    release: (context, holder, at) =>
      telling('the claim', () =>
        releaseClaim(api, context, { run: context.run, since: at, holder }, patience),
      ),
  };
}

/** The cloud was opened for one account and region; a blueprint of another is a mistake of ours, found before any call. */
function assertTarget(
  b: { readonly account: string; readonly region: string },
  account: string,
  region: string,
): void {
  if (b.account === account && b.region === region) return;
  const message = `opened for ${account} in ${region}, asked for ${b.account} in ${b.region}`;
  throw new GovbootError('IDENTITY_MISMATCH', message, { data: { account: b.account, region: b.region } });
}

/** A call is on record also where its server gave it no id. */
const NO_ID = '(none)';

interface Seen {
  readonly requestIds: { readonly call: string; readonly id: string }[];
  retries: number;
}

/** Repeats what passes, and notes the request id of every changing call that was answered, and what was repeated. */
function watched(
  api: AwsApi,
  retry: RetryOptions,
  step: ChangeStep,
  made: ReadonlySet<ResourceId>,
): { readonly retrying: AwsApi; readonly seen: Seen } {
  const seen: Seen = { requestIds: [], retries: 0 };
  const noting: AwsApi = {
    async call(operation, input) {
      const output = await api.call(operation, input);
      if (isMutating(operation))
        seen.requestIds.push({ call: operation, id: requestIdOf(output.$metadata.requestId) ?? NO_ID });
      return output;
    },
  };
  const retrying = withRetry(noting, {
    ...retry,
    onAgain: ({ times }) => {
      seen.retries += times;
    },
    // Reads too may come from where the new bucket is not known yet; what a setting lacks has another name.
    justMade: (operation, fault) =>
      step.kind === 'set' && made.has(step.resource) && (isMutating(operation) || fault === 'NoSuchBucket'),
  });
  return { retrying, seen };
}

/** Writes to one resource strictly one after another (S3 answers 409 OperationAborted otherwise), different ones side by side. */
function oneAtATime(): (
  resource: ResourceId,
  work: (pass: () => void) => Promise<Performed>,
) => Promise<Performed> {
  const tails = new Map<ResourceId, Promise<unknown>>();
  return (resource, work) => {
    let pass: () => void = () => undefined;
    const passed = new Promise<void>((resolve) => {
      pass = resolve;
    });
    const turn = (tails.get(resource) ?? Promise.resolve()).then(() => work(pass));
    // The next one's turn comes once this one has written, and also when it failed; its failure is told to who asked for it.
    tails.set(resource, Promise.race([passed, turn.catch(() => undefined)]));
    return turn;
  };
}
