/**
 * Where the AWS SDK would be sent by this environment and its shared configuration files: to other endpoints, and to programs and
 * addresses for credentials. Read as the SDK for JavaScript reads them (@smithy/core: getEndpointUrlConfig, parseIni,
 * fromSharedConfigFiles; @aws-sdk/credential-provider-node: defaultProvider), so that nothing it would follow goes unseen.
 */
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { CredentialSource } from '../inputs/facts.ts';
import { messageOf } from '../kernel/errors.ts';
import { errno } from './problem.ts';

type Variables = Readonly<Record<string, string | undefined>>;
type Section = ReadonlyMap<string, string>;

export interface EndpointOverride {
  readonly from: string;
  readonly url: string;
}

/** Section and key are joined by this where a key lies in a sub-section. */
const SEPARATOR = '.';

/** What is in force, each with its value as it is written. */
export interface AwsSettings {
  /** Empty when AWS_IGNORE_CONFIGURED_ENDPOINT_URLS says so. */
  readonly endpoints: readonly EndpointOverride[];
  readonly credentials: readonly CredentialSource[];
}

export function awsSettings(env: Variables): AwsSettings {
  const files = sharedFiles(env);
  const name = valueOf(env, 'AWS_PROFILE') ?? 'default';
  return {
    endpoints: endpointsOf(env, files, name),
    credentials: [...files.unreadable, ...addressesOf(env, files, name), ...programsOf(env, files, name)],
  };
}

/** The region that the SDK would take (@smithy/config-resolver, NODE_REGION_CONFIG_OPTIONS); null when nothing says one. */
export function regionOf(env: Variables): string | null {
  const name = valueOf(env, 'AWS_PROFILE') ?? 'default';
  return valueOf(env, 'AWS_REGION') ?? settingOf(sharedFiles(env), name, 'region') ?? null;
}

function endpointsOf(env: Variables, files: SharedFiles, name: string): readonly EndpointOverride[] {
  const config = configOf(files, name);
  const profile = new Map([...sectionOf(files.credentials, [name]), ...config]);
  if (
    (env['AWS_IGNORE_CONFIGURED_ENDPOINT_URLS'] ?? profile.get('ignore_configured_endpoint_urls')) === 'true'
  )
    return [];
  // The SDK makes the names from those of its services: capitals, digits and underscores. A hint repeats them, so no others are taken.
  const variables = Object.entries(env)
    .filter(
      ([key, value]) => /^AWS_ENDPOINT_URL(?:_[A-Z0-9_]+)?$/.test(key) && value !== undefined && value !== '',
    )
    .map(([from, url]) => ({ from, url: url ?? '' }));
  const general = profile.get('endpoint_url');
  const services = profile.get('services');
  const special =
    services === undefined
      ? []
      : [...sectionOf(files.config, [`services ${services}`])].filter(([key]) =>
          key.endsWith(`${SEPARATOR}endpoint_url`),
        );
  return [
    ...variables.sort((a, b) => (a.from < b.from ? -1 : 1)),
    ...(general === undefined ? [] : [{ from: `endpoint_url of profile ${name}`, url: general }]),
    ...special.map(([key, url]) => ({
      from: `${key.slice(0, -`${SEPARATOR}endpoint_url`.length)} endpoint_url of services ${services ?? ''}`,
      url,
    })),
  ];
}

/** Where a relative address of AWS_CONTAINER_CREDENTIALS_RELATIVE_URI is put (@aws-sdk/credential-provider-http). */
const CONTAINER_HOST = 'http://169.254.170.2';

/** Addresses that are asked for credentials, and are sent a token. */
function addressesOf(env: Variables, files: SharedFiles, name: string): readonly CredentialSource[] {
  const relative = valueOf(env, 'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI');
  const metadata = 'ec2_metadata_service_endpoint';
  const named = [
    // Put behind a host as it is, "@elsewhere" would make another one of it.
    { from: 'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI', url: relative && `${CONTAINER_HOST}${relative}` },
    ...['AWS_CONTAINER_CREDENTIALS_FULL_URI', 'AWS_EC2_METADATA_SERVICE_ENDPOINT'].map((from) => ({
      from,
      url: valueOf(env, from),
    })),
    { from: `${metadata} of profile ${name}`, url: settingOf(files, name, metadata) },
  ];
  return named.flatMap(({ from, url }) => (url === undefined ? [] : [{ is: 'address', from, url }]));
}

/** Profiles in a row that are followed by `source_profile`; the SDK refuses circles, and nobody writes more. */
const MOST_PROFILES = 20;

/** Programs that would be run through a shell. Keys in variables are used instead of profiles, unless a profile is named. */
function programsOf(env: Variables, files: SharedFiles, first: string): readonly CredentialSource[] {
  const hasKeys = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'].every((name) => valueOf(env, name));
  if (hasKeys && valueOf(env, 'AWS_PROFILE') === undefined) return [];
  const found: CredentialSource[] = [];
  let name: string | undefined = first;
  for (let n = 0; name !== undefined && n < MOST_PROFILES; n++) {
    const command = settingOf(files, name, 'credential_process');
    if (command !== undefined)
      found.push({ is: 'program', from: `credential_process of profile ${name}`, command });
    name = settingOf(files, name, 'source_profile');
  }
  return found;
}

function valueOf(env: Variables, name: string): string | undefined {
  const value = env[name];
  return value === '' ? undefined : value;
}

interface SharedFiles {
  readonly config: ReadonlyMap<string, Section>;
  readonly credentials: ReadonlyMap<string, Section>;
  readonly unreadable: readonly CredentialSource[];
}

function sharedFiles(env: Variables): SharedFiles {
  const home = valueOf(env, 'HOME') ?? valueOf(env, 'USERPROFILE') ?? homedir();
  const at = (variable: string, name: string): string => {
    const given = valueOf(env, variable);
    if (given === undefined) return join(home, '.aws', name);
    return given.startsWith('~/') ? join(home, given.slice(2)) : given;
  };
  const unreadable: CredentialSource[] = [];
  const read = (path: string): ReadonlyMap<string, Section> => {
    try {
      return parseIni(readFileSync(path, 'utf8'));
    } catch (error) {
      if (errno(error) !== 'ENOENT' && errno(error) !== 'ENOTDIR')
        unreadable.push({ is: 'unreadable', from: path, why: messageOf(error) });
      return new Map();
    }
  };
  const config = read(at('AWS_CONFIG_FILE', 'config'));
  return { config, credentials: read(at('AWS_SHARED_CREDENTIALS_FILE', 'credentials')), unreadable };
}

function configOf(files: SharedFiles, name: string): Section {
  return sectionOf(files.config, name === 'default' ? ['profile default', 'default'] : [`profile ${name}`]);
}

/** Of either file: where both have it, which of them the SDK takes is no matter here. */
function settingOf(files: SharedFiles, name: string, key: string): string | undefined {
  return sectionOf(files.credentials, [name]).get(key) ?? configOf(files, name).get(key);
}

/** Sections by their name with single blanks and without quotes. A key with an empty value opens a sub-section of indented lines. */
export function parseIni(text: string): ReadonlyMap<string, Section> {
  const sections = new Map<string, Map<string, string>>();
  let current: Map<string, string> | null = null;
  let parent: string | null = null;
  for (const line of text.split(/\r?\n/)) {
    const trimmed = (line.split(/(?:^|\s)[;#]/)[0] ?? '').trim();
    if (trimmed.startsWith('[') && trimmed.endsWith(']')) {
      const name = sectionName(trimmed.slice(1, -1));
      current = sections.get(name) ?? new Map<string, string>();
      sections.set(name, current);
      parent = null;
      continue;
    }
    const equals = trimmed.indexOf('=');
    if (current === null || equals < 1) continue;
    const key = trimmed.slice(0, equals).trim();
    const value = trimmed.slice(equals + 1).trim();
    if (value === '') {
      parent = key;
      continue;
    }
    if (line.trimStart() === line) parent = null;
    current.set(parent === null ? key : `${parent}${SEPARATOR}${key}`, value);
  }
  return sections;
}

function sectionName(text: string): string {
  const [, kind, , name] = /^([\w-]+)\s+(["'])?(.+?)\2$/.exec(text.trim()) ?? [];
  return kind === undefined || name === undefined ? text.trim() : `${kind} ${name}`;
}

function sectionOf(file: ReadonlyMap<string, Section>, names: readonly string[]): Section {
  return (
    names.map((name) => file.get(name)).find((section) => section !== undefined) ?? new Map<string, string>()
  );
}
