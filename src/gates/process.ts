/** The half of gate 4 that looks at this process: by which way would calls go, who gives the credentials, and what weakens it? */
import type { CredentialSource, EnvironmentFacts } from '../inputs/facts.ts';
import type { Intent } from '../inputs/intent.ts';
import { finding, left, made, type Finding, type Outcome } from './verdict.ts';

export interface ProcessOutcomes {
  readonly endpoints: Outcome<'identity'>;
  readonly environment: Outcome<'identity'>;
}

/** What names the endpoint that may be used. */
export type Named = Pick<Intent, 'endpoint'>;

/** @param intent null where it could not be read, so that it names nothing */
export function judgeProcess(machine: EnvironmentFacts, intent: Named | null): ProcessOutcomes {
  return {
    endpoints: judgeEndpoints(machine, intent),
    environment: made('environment', [
      ...weakeningFindings(machine),
      ...machine.credentials.flatMap(environmentFindings),
    ]),
  };
}

/** What weakens this process: code loaded into it, or checks that it does not make. */
export function weakeningFindings({ weakening }: EnvironmentFacts): readonly Finding[] {
  return weakening.map(({ name, value }) =>
    finding('ENVIRONMENT', `${name} is ${value}`, { hint: unset(name), data: { name, value } }),
  );
}

/** Everything that was found, whether or not the rest could be judged. */
export function findingsOf(outcomes: readonly Outcome<'identity'>[]): readonly Finding[] {
  return outcomes.flatMap((outcome) => (outcome.is === 'made' ? outcome.findings : []));
}

const STORE = 'what the administrator put into the store of this machine is believed with --use-system-ca';

function unset(name: string): string {
  const more = name === 'NODE_EXTRA_CA_CERTS' ? `; ${STORE} in NODE_OPTIONS` : '';
  return /^[A-Z_]+$/.test(name) ? `unset ${name} and start again${more}` : 'start it again without them';
}

function judgeEndpoints(machine: EnvironmentFacts, intent: Named | null): Outcome<'identity'> {
  const overrides = machine.endpoints;
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
  const findings = [
    ...stray,
    ...inUse.flatMap(({ from, url }) => endpointFindings(from, url)),
    ...machine.proxies.map(({ name, value }) => proxyFinding(name, value)),
    ...machine.credentials.flatMap(addressFindings),
  ];
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

/** No intent can name a proxy, because no call would go through it: that would be a promise that is not kept. */
function proxyFinding(name: string, value: string): Finding {
  return finding('ENDPOINT', `${name} is ${withoutSecrets(value)}; the intent names no proxy`, {
    hint: `unset ${name} and start again; calls go to the endpoint itself, through no proxy`,
    data: { name, value: withoutSecrets(value) },
  });
}

/** Who gives credentials on machines of AWS: ECS, EKS, EC2 (@aws-sdk/credential-provider-http, @smithy/credential-provider-imds). */
const GIVERS = ['169.254.170.2', '169.254.170.23', '[fd00:ec2::23]', '169.254.169.254', '[fd00:ec2::254]'];

function addressFindings(source: CredentialSource): readonly Finding[] {
  if (source.is !== 'address') return [];
  const { from, url } = source;
  const host = URL.canParse(url) ? new URL(url).hostname : '';
  if (GIVERS.includes(host) || isLoopback(host)) return [];
  return [
    finding('ENDPOINT', `${from} would have credentials from ${withoutSecrets(url)}, which is not of AWS`, {
      hint: `take ${from} away, and sign in as you do for the AWS CLI`,
      data: { from, url: withoutSecrets(url) },
    }),
  ];
}

function environmentFindings(source: CredentialSource): readonly Finding[] {
  switch (source.is) {
    case 'address':
      return [];
    case 'program':
      return [
        finding('ENVIRONMENT', `${source.from} would run ${source.command}`, {
          hint: 'run it yourself: `aws configure export-credentials --format env` gives variables, with which no profile is read',
          data: { from: source.from, command: source.command },
        }),
      ];
    case 'unreadable':
      return [
        finding('ENVIRONMENT', `${source.from} cannot be read: ${source.why}`, {
          hint: 'set its rights, or name other files in AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE',
          data: { file: source.from },
        }),
      ];
  }
}

/** The URL parser has written every spelling of an address in one way (WHATWG URL §3.5): 0x7f.1 is 127.0.0.1 here. */
function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host);
}

function withoutSecrets(text: string): string {
  return text.replace(/\/\/[^/]*@/, '//…@').replace(/[?#].*$/, '?…');
}
