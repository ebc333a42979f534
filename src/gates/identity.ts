/** Gate 4: the caller is in the account that the intent names, reached by the way that it names, from a process that nothing weakens. */
import { humanSeconds } from '../kernel/time.ts';
import type { CallerFacts, Facts } from '../inputs/facts.ts';
import type { Intent } from '../inputs/intent.ts';
import { valueOf, type Documents } from './documents.ts';
import { environmentOf } from '../inputs/settings.ts';
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
  const environment = made('environment', weakeningFindings(machine));
  const endpoints = judgeEndpoints(machine.endpoints, intent);
  const found = [environment, endpoints].flatMap((outcome) =>
    outcome.is === 'made' ? outcome.findings : [],
  );
  const outcomes: readonly Outcome<'identity'>[] = [
    ...(caller.is === 'problem'
      ? [
          // Where the caller was not asked because of what the other checks found, that is told once.
          found.some(({ code }) => code === caller.problem.code)
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

function judgeEndpoints(
  overrides: Facts['machine']['endpoints'],
  intent: Intent | null,
): Outcome<'identity'> {
  const stray = overrides
    .filter(({ url }) => intent !== null && url !== intent.endpoint)
    .map(({ from, url }) => {
      const named = intent?.endpoint ?? null;
      return finding(
        'ENDPOINT',
        `${from} is ${withoutSecrets(url)}; the intent names ${named === null ? 'none' : withoutSecrets(named)}`,
        {
          hint: `unset ${from}, or name the endpoint in a signed intent`,
          data: { from, url: withoutSecrets(url) },
        },
      );
    });
  const inUse = [
    ...overrides,
    ...(intent === null || intent.endpoint === null ? [] : [{ from: 'the intent', url: intent.endpoint }]),
  ];
  const findings = [...stray, ...inUse.flatMap(({ from, url }) => endpointFindings(from, url))];
  return intent === null && findings.length === 0 && overrides.length > 0
    ? left('endpoints', 'the intent, which may name the endpoint, could not be read')
    : made('endpoints', findings);
}

function endpointFindings(from: string, text: string): readonly Finding[] {
  const url = URL.canParse(text) ? new URL(text) : null;
  const wrong = (why: string): readonly Finding[] => [
    finding('ENDPOINT', `${from}: endpoint ${withoutSecrets(text)} ${why}`, {
      data: { from, url: withoutSecrets(text) },
    }),
  ];
  if (url === null || !/^https?:$/.test(url.protocol)) return wrong('is not a web address');
  if (url.username !== '' || url.password !== '') return wrong('carries a name or password');
  if (url.search !== '' || url.hash !== '') return wrong('carries a query or fragment');
  return url.protocol === 'http:' && !isLoopback(url.hostname)
    ? wrong('is plain http, which is allowed only to this machine')
    : [];
}

/** The URL parser has written every spelling of an address in one way (WHATWG URL §3.5): 0x7f.1 is 127.0.0.1 here. */
function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host);
}

function withoutSecrets(text: string): string {
  return text.replace(/\/\/[^/]*@/, '//…@').replace(/[?#].*$/, '?…');
}

/** What weakens this process: code loaded into it, or checks that it does not make. */
export function weakeningFindings({ weakening }: Facts['machine']): readonly Finding[] {
  return weakening.map(({ name, value }) =>
    finding('ENVIRONMENT', `${name} is ${value}`, {
      hint: `unset ${name} and start again`,
      data: { name, value },
    }),
  );
}
