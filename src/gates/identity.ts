/** Gate 4: the caller is in the account that the intent names, reached by the way that it names, from a process that nothing weakens, with the programs that the policy lists. */
import { humanSeconds } from '../kernel/time.ts';
import type { CallerFacts, Facts } from '../inputs/facts.ts';
import type { Intent } from '../inputs/intent.ts';
import type { Parity } from '../inputs/parity.ts';
import { valueOf, type Documents } from './documents.ts';
import { environmentOf } from '../inputs/settings.ts';
import { findingsOf, judgeProcess } from './process.ts';
import {
  finding,
  findingOf,
  left,
  made,
  verdictOf,
  when,
  type Finding,
  type GateVerdict,
  type Outcome,
} from './verdict.ts';

/** Seconds that credentials must still be good for; a bootstrap takes minutes, most of them waiting for a person. */
const MIN_LIFETIME = 15 * 60;

export function judgeIdentity(facts: Facts, documents: Documents): GateVerdict {
  const intent = valueOf(documents.intent);
  const { caller, machine } = facts;
  const { endpoints, environment } = judgeProcess(machine, intent);
  const found = findingsOf([endpoints, environment]);
  const outcomes: readonly Outcome<'identity'>[] = [
    ...(caller.is === 'problem'
      ? [
          // Where the caller was not asked because of what other checks found, that is told once, there.
          intent === null || found.some(({ code }) => code === caller.problem.code)
            ? left('caller', caller.problem.wrong)
            : made('caller', [findingOf(caller.problem)]),
          ...(['account', 'root', 'lifetime'] as const).map((check) =>
            left(check, 'the caller is not known'),
          ),
        ]
      : [
          made('caller', arnFindings(caller.value)),
          judgeAccount(caller.value, facts.environment, documents, intent),
          made('root', rootFindings(caller.value)),
          made('lifetime', lifetimeFindings(caller.value)),
        ]),
    endpoints,
    environment,
    judgeTools(facts.programs, documents),
  ];
  const because =
    caller.is === 'read' ? `${caller.value.arn} calls in ${caller.value.region}, from a clean process` : '';
  return verdictOf('identity', outcomes, because);
}

/** `arn:PARTITION:SERVICE:REGION:ACCOUNT:…`: the parts must say what the answer says beside it. */
function arnFindings({ arn, account, partition }: CallerFacts): readonly Finding[] {
  const [scheme, ofPartition, , , ofAccount] = arn.split(':');
  return when(scheme !== 'arn' || ofPartition !== partition || ofAccount !== account, () =>
    finding('IDENTITY_MISMATCH', `the caller ${arn} is not of account ${account} in partition ${partition}`, {
      data: { arn, account, partition },
    }),
  );
}

function judgeAccount(
  caller: CallerFacts,
  environment: string,
  documents: Documents,
  intent: Intent | null,
): Outcome<'identity'> {
  const parity = valueOf(documents.parity);
  const policy = parity === null ? undefined : environmentOf(parity, environment);
  const expected = [
    ...(intent === null
      ? []
      : [
          { what: 'account', by: 'the intent', is: intent.account, found: caller.account },
          { what: 'region', by: 'the intent', is: intent.region, found: caller.region },
        ]),
    ...(policy === undefined
      ? []
      : [
          { what: 'account', by: 'the policy', is: policy.account, found: caller.account },
          { what: 'partition', by: 'the policy', is: policy.partition, found: caller.partition },
        ]),
  ];
  const findings = expected
    .filter(({ is, found }) => is !== found)
    .map(({ what, by, is, found }) =>
      finding('IDENTITY_MISMATCH', `the caller is in ${what} ${found}; ${by} says ${is}`, {
        data: { what, found, expected: is },
      }),
    );
  return findings.length === 0 && (intent === null || policy === undefined)
    ? left('account', 'the intent or the policy could not be read')
    : made('account', findings);
}

function rootFindings({ arn }: CallerFacts): readonly Finding[] {
  return when(arn.endsWith(':root'), () =>
    finding('IDENTITY', `the caller ${arn} is the root user of the account`, { data: { arn } }),
  );
}

function lifetimeFindings({ expiresInSeconds: seconds }: CallerFacts): readonly Finding[] {
  // Long-lived keys do not say; NaN says nothing either and must not pass for it.
  if (seconds === null || seconds >= MIN_LIFETIME) return [];
  return [
    finding(
      'IDENTITY',
      `the credentials end in ${humanSeconds(seconds)}; ${humanSeconds(MIN_LIFETIME)} are needed`,
      {
        hint: 'sign in again, then run it again',
        data: { seconds: Number.isFinite(seconds) ? seconds : null },
      },
    ),
  ];
}

function judgeTools(programs: Facts['programs'], documents: Documents): Outcome<'identity'> {
  const parity = valueOf(documents.parity);
  return parity === null
    ? left('tools', 'the policy, which lists programs, could not be read')
    : made('tools', toolFindings(programs, parity));
}

/** A program that is not listed by name may be any; one that is listed must be one of the builds that somebody reviewed. */
export function toolFindings(programs: Facts['programs'], { tools }: Parity): readonly Finding[] {
  const all = new Map<string, readonly string[]>(Object.entries(tools));
  return programs.flatMap(({ name, path, sha256 }) => {
    const listed = all.get(name) ?? [];
    return when(listed.length > 0 && (sha256 === null || !listed.includes(sha256)), () =>
      finding(
        'TOOL_HASH',
        sha256 === null
          ? `${path} cannot be read, so its SHA-256 is not known; tools.${name} lists ${listed.join(', ')}`
          : `${path} has SHA-256 ${sha256}; tools.${name} lists ${listed.join(', ')}`,
        { data: { name, path, found: sha256, listed } },
      ),
    );
  });
}
