/** The Suggestions port: what git, gpg and the AWS settings of this machine say of its user. Nothing here decides anything. */
import { realpath } from 'node:fs/promises';
import { basename, join, relative, resolve } from 'node:path';
import process from 'node:process';
import { isGovbootError } from '../kernel/errors.ts';
import { clip, safe } from '../kernel/text.ts';
import { isFingerprint } from '../inputs/facts.ts';
import type { OwnKey, Suggested, Suggestions } from '../ports.ts';
import { regionOf } from './aws-config.ts';
import { chooseSigningKey, gpgEnvironment, parseListing, type ListedKey } from './gpg-signer.ts';
import { whereIs } from './programs.ts';
import { runProgram, type ProgramRun } from './run-program.ts';
import { lstatOrNull } from './safe-read.ts';

type Variables = Readonly<Record<string, string | undefined>>;

/** Nothing waits for a person here. */
const DEADLINE_MS = 15_000;

const GPG = ['--no-options', '--batch', '--no-tty'];

/** @param base folder that relative paths start from @param env of this process */
export function makeSuggestions(base: string, env: Variables): Suggestions {
  const run = async (
    name: 'git' | 'gpg',
    args: readonly string[],
    variables: Readonly<Record<string, string>>,
  ): Promise<ProgramRun | null> => {
    const program = whereIs(name, env, base);
    if (program === null) return null;
    try {
      return await runProgram({ program, args, env: variables, deadlineMs: DEADLINE_MS });
    } catch (error) {
      // Without an answer there is no suggestion; whoever needs one is asked.
      if (isGovbootError(error)) return null;
      throw error;
    }
  };
  const gpg = (...args: readonly string[]): Promise<ProgramRun | null> =>
    run('gpg', [...GPG, ...args], gpgEnvironment());
  return {
    about: async (dir) => {
      const full = resolve(base, dir);
      const isRepository = (await lstatOrNull(join(full, '.git'))) !== null;
      const place = isRepository ? ['-C', full] : [];
      const pattern = '^(user\\.name|remote\\.origin\\.url)$';
      const asked = await run(
        'git',
        [...place, 'config', '--null', '--get-regexp', pattern],
        gitEnvironment(env),
      );
      const said = settingsOf(asked);
      return {
        folder: basename(full),
        way: await wayTo(full),
        isRepository,
        origin: isRepository ? originOf(said.get('remote.origin.url') ?? '') : null,
        person: lineOf(said.get('user.name')),
        region: lineOf(regionOf(env) ?? undefined),
      };
    },
    secretKeys: async () => {
      const listed = await gpg('--with-colons', '--list-secret-keys');
      return listed?.exit === 0 ? usable(Buffer.from(listed.stdout).toString('utf8')) : [];
    },
    publicKey: async (fingerprint) => {
      // Without the signatures of others, of which there may be thousands; nobody counts them here.
      const made = await gpg('--armor', '--export-options', 'export-minimal', '--export', fingerprint);
      return made?.exit === 0 && made.stdout.length > 0 ? made.stdout : null;
    },
  };
}

/** What git needs to find the configuration of its user, and nothing that names another repository. */
function gitEnvironment(env: Variables): Record<string, string> {
  const names = ['HOME', 'XDG_CONFIG_HOME', 'GIT_CONFIG_GLOBAL', 'GIT_CONFIG_NOSYSTEM', 'GIT_CONFIG_SYSTEM'];
  return Object.fromEntries(
    names.flatMap((name): [string, string][] => {
      const value = env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

/** git-config(1), --null: key, line feed, value, NUL. The last of several values holds. */
function settingsOf(run: ProgramRun | null): ReadonlyMap<string, string> {
  const items = Buffer.from(run?.stdout ?? [])
    .toString('utf8')
    .split('\0')
    .slice(0, -1);
  return new Map(
    items.map((item) => {
      const end = item.indexOf('\n');
      return [item.slice(0, end), item.slice(end + 1)] as const;
    }),
  );
}

/** As one line that can be shown and written; null when it is none. */
function lineOf(text: string | undefined): string | null {
  const line = (text ?? '').trim();
  return line === '' || line.length > 100 || safe(line) !== line ? null : line;
}

/** `https://host/path.git`, `ssh://git@host/path`, `git@host:path.git`: host and path, without user, password and port. */
export function originOf(url: string): Suggested['origin'] {
  const scp = /^(?:[\w.-]+@)?([\w.-]+):(?!\/\/)([\w./-]+)$/.exec(url);
  const web = /^(?:https?|ssh|git):\/\/(?:[^/@]*@)?([\w.-]+)(?::\d+)?\/([\w./-]+)$/.exec(url);
  const [, host, path] = scp ?? web ?? [];
  if (host === undefined || path === undefined) return null;
  return { host: host.toLowerCase(), path: path.replace(/\.git\/?$|\/$/, '').replace(/^\//, '') };
}

async function wayTo(full: string): Promise<string | null> {
  const real = async (path: string): Promise<string> => realpath(path).catch(() => path);
  const way = relative(await real(process.cwd()), await real(full));
  return way === '' ? null : way;
}

/** One entry a certificate that can sign here; the others are of no use to whoever is asked. */
function usable(listing: string): readonly OwnKey[] {
  const certificates: ListedKey[][] = [];
  for (const key of parseListing(listing))
    if (key.primary) certificates.push([key]);
    else certificates.at(-1)?.push(key);
  return certificates.flatMap((keys) => {
    const print = keys[0]?.print ?? '';
    if (!isFingerprint(print)) return [];
    try {
      const { primary, userId } = chooseSigningKey(keys, print);
      return [{ fingerprint: primary, userId: clip(userId, 100) }];
    } catch (error) {
      if (isGovbootError(error)) return [];
      throw error;
    }
  });
}
