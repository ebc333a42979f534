/**
 * Which endpoints the AWS SDK would be sent to by this environment and its shared configuration files. Read as the SDK for JavaScript
 * reads them (@smithy/core: getEndpointUrlConfig, parseIni, fromSharedConfigFiles), so that nothing it would follow goes unseen.
 */
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { GovbootError, messageOf } from '../kernel/errors.ts';
import { errno } from './problem.ts';

type Variables = Readonly<Record<string, string | undefined>>;
type Section = ReadonlyMap<string, string>;

export interface EndpointOverride {
  readonly from: string;
  readonly url: string;
}

/** Section and key are joined by this where a key lies in a sub-section. */
const SEPARATOR = '.';

/** Variables and settings in force, each with its URL as it is written. Empty when AWS_IGNORE_CONFIGURED_ENDPOINT_URLS says so. */
export function endpointOverrides(env: Variables): readonly EndpointOverride[] {
  const name = env['AWS_PROFILE'] === undefined || env['AWS_PROFILE'] === '' ? 'default' : env['AWS_PROFILE'];
  const files = sharedFiles(env);
  const config = sectionOf(
    files.config,
    name === 'default' ? ['profile default', 'default'] : [`profile ${name}`],
  );
  const profile = new Map([...sectionOf(files.credentials, [name]), ...config]);
  if (
    (env['AWS_IGNORE_CONFIGURED_ENDPOINT_URLS'] ?? profile.get('ignore_configured_endpoint_urls')) === 'true'
  )
    return [];
  const variables = Object.entries(env)
    .filter(([key, value]) => /^AWS_ENDPOINT_URL(?:_|$)/.test(key) && value !== undefined && value !== '')
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

function sharedFiles(env: Variables): {
  readonly config: ReadonlyMap<string, Section>;
  readonly credentials: ReadonlyMap<string, Section>;
} {
  const home =
    [env['HOME'], env['USERPROFILE']].find((place) => place !== undefined && place !== '') ?? homedir();
  const at = (variable: string, name: string): string => {
    const given = env[variable];
    if (given === undefined || given === '') return join(home, '.aws', name);
    return given.startsWith('~/') ? join(home, given.slice(2)) : given;
  };
  return {
    config: readIni(at('AWS_CONFIG_FILE', 'config')),
    credentials: readIni(at('AWS_SHARED_CREDENTIALS_FILE', 'credentials')),
  };
}

function readIni(path: string): ReadonlyMap<string, Section> {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    if (errno(cause) === 'ENOENT' || errno(cause) === 'ENOTDIR') return new Map();
    // What the SDK might read and this cannot would be an override that nobody sees.
    throw new GovbootError('ENVIRONMENT', `${path} cannot be read: ${messageOf(cause)}`, {
      hint: 'set its rights, or point AWS_CONFIG_FILE elsewhere',
      data: { file: path },
      cause,
    });
  }
  return parseIni(text);
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
