/** What `govboot doctor` asks of this machine: versions, rights, room. Nothing is written, started for good, or waited for long. */
import type { Stats } from 'node:fs';
import { access, constants, stat, statfs } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import process from 'node:process';
import { isFingerprint } from '../inputs/facts.ts';
import { GovbootError } from '../kernel/errors.ts';
import type { Checkup, PlaceFacts, ProgramVersion } from '../ports.ts';
import { errno } from './problem.ts';
import { whereIs } from './programs.ts';
import { runProgram, versionOf } from './run-program.ts';

type Variables = Readonly<Record<string, string | undefined>>;

export interface CheckupDeps {
  readonly repository: string;
  /** As --key names it. */
  readonly key: string | null;
}

const DEADLINE_MS = 4_000;

export function makeCheckup(env: Variables, { repository, key }: CheckupDeps): Checkup {
  const program = async (name: string): Promise<ProgramVersion | null> => {
    const path = whereIs(name, env, repository);
    return path === null ? null : { name, path, version: await saidBy(path) };
  };
  return {
    async programs(names) {
      const node = { name: 'node', path: process.execPath, version: process.versions.node };
      const found = await Promise.all(names.map(program));
      return [node, ...found.filter((each) => each !== null)];
    },
    agent: () => agentVersion(env, repository),
    place: (path) => placeOf(resolve(repository, path)),
    secrets: [
      ...(key === null || isFingerprint(key.toUpperCase()) ? [] : [{ what: 'key file', path: resolve(key) }]),
      { what: 'folder of gpg', path: gpgHome(env) },
      { what: 'AWS credentials', path: credentialsFile(env) },
    ],
  };
}

/** Terraform would ask its maker for a newer version (CHECKPOINT_DISABLE). A wrapper that needs more than this does not answer. */
async function saidBy(path: string): Promise<string | null> {
  const asked = { deadlineMs: DEADLINE_MS, env: { CHECKPOINT_DISABLE: '1', PATH: '/usr/bin:/bin' } };
  try {
    return await versionOf(path, asked);
  } catch (error) {
    if (error instanceof GovbootError) return null;
    throw error;
  }
}

/** As gpg-connect-agent(1) asks a running agent; where gpg has no folder yet, no agent of it can run, and none is made. */
async function agentVersion(env: Variables, repository: string): Promise<string | null> {
  const program = whereIs('gpg-connect-agent', env, repository);
  if (program === null) throw new GovbootError('TOOL', 'gpg-connect-agent is not on the PATH');
  if ((await placeOf(gpgHome(env))).is === 'missing') return null;
  const passed = ['HOME', 'GNUPGHOME', 'XDG_RUNTIME_DIR'].flatMap((name) => {
    const value = env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  const { stdout } = await runProgram({
    program,
    args: ['--no-autostart', 'GETINFO version', '/bye'],
    env: Object.fromEntries(passed),
    deadlineMs: DEADLINE_MS,
  });
  return /^D (\S+)$/m.exec(Buffer.from(stdout).toString('latin1'))?.[1] ?? null;
}

function gpgHome(env: Variables): string {
  return env['GNUPGHOME'] ?? join(env['HOME'] ?? homedir(), '.gnupg');
}

function credentialsFile(env: Variables): string {
  return env['AWS_SHARED_CREDENTIALS_FILE'] ?? join(env['HOME'] ?? homedir(), '.aws', 'credentials');
}

async function placeOf(path: string): Promise<PlaceFacts> {
  const stats = await statOrNull(path);
  if (stats === null) return { path, is: 'missing', mode: null, ...(await roomOf(await existing(path))) };
  const is = stats.isFile() ? 'file' : stats.isDirectory() ? 'folder' : 'other';
  const mode = process.platform === 'win32' ? null : stats.mode & 0o7777;
  return { path, is, mode, ...(await roomOf(path)) };
}

/** The nearest folder above that is there. */
async function existing(path: string): Promise<string> {
  const above = dirname(path);
  return above === path || (await statOrNull(above)) !== null ? above : existing(above);
}

async function statOrNull(path: string): Promise<Stats | null> {
  try {
    return await stat(path);
  } catch (error) {
    if (errno(error) === 'ENOENT' || errno(error) === 'ENOTDIR') return null;
    throw error;
  }
}

async function roomOf(path: string): Promise<Pick<PlaceFacts, 'writable' | 'freeBytes'>> {
  const [writable, freeBytes] = await Promise.all([
    access(path, constants.W_OK).then(
      () => true,
      () => false,
    ),
    statfs(path).then(
      ({ bavail, bsize }) => bavail * bsize,
      () => null,
    ),
  ]);
  return { writable, freeBytes };
}
