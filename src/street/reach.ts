/** The way to the cloud: who is asked who is calling, and when nobody is. */
import { GovbootError, isGovbootError, messageOf } from '../kernel/errors.ts';
import type { Intent } from '../inputs/intent.ts';
import type { CallerFacts, EnvironmentFacts, Facts, Maybe, Problem } from '../inputs/facts.ts';
import { judge } from '../gates/index.ts';
import { findingsOf, judgeProcess } from '../gates/process.ts';
import type { Claims, Cloud, CloudTarget, Ports } from '../ports.ts';

export interface Doors {
  readonly cloud: Cloud;
  readonly claims: Claims;
}

function targetOf(intent: Intent, profile: string | null): CloudTarget {
  return {
    profile,
    provider: intent.provider,
    account: intent.account,
    region: intent.region,
    endpoint: intent.endpoint,
    environment: intent.environment,
    repository: intent.repository,
  };
}

export interface Remote {
  readonly caller: Maybe<CallerFacts>;
  readonly doors: Doors | null;
}

export const UNASKED: Remote = {
  caller: problem('ENDPOINT', 'not asked: the tag, or the intent that names the endpoint, is refused'),
  doors: null,
};

/** Whether the files are those that were released, and the intent is signed by whom they name. */
export function isBelieved(facts: Facts): boolean {
  return judge(facts).verdicts.every(
    ({ gate, status }) => status === 'pass' || (gate !== 'source' && gate !== 'intent'),
  );
}

/**
 * Asks the cloud who is calling, but not by a way, nor from a process, that the gate will refuse.
 * @param profile of the AWS configuration; null as the SDK finds it
 */
export async function reach(
  ports: Pick<Ports, 'cloud'>,
  intent: Intent | null,
  machine: EnvironmentFacts,
  profile: string | null = null,
): Promise<Remote> {
  if (intent === null)
    return {
      caller: problem('IDENTITY', 'not asked: the intent could not be read, so no account is named'),
      doors: null,
    };
  const { endpoints, environment } = judgeProcess(machine, intent);
  const [wrong] = findingsOf([endpoints, environment]);
  if (wrong !== undefined) return { caller: problem(wrong.code, `not asked: ${wrong.message}`), doors: null };
  try {
    const doors = await ports.cloud(targetOf(intent, profile));
    return { caller: { is: 'read', value: await doors.cloud.whoAmI() }, doors };
  } catch (error) {
    if (isGovbootError(error)) return { caller: problem(error.code, error.message), doors: null };
    throw new GovbootError('CLOUD_UNREACHABLE', `the caller could not be asked: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

function problem(
  code: Problem['code'],
  wrong: string,
): { readonly is: 'problem'; readonly problem: Problem } {
  return { is: 'problem', problem: { code, wrong } };
}
