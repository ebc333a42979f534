/** What this machine pinned: repository ids and their root keys, outside every repository, in a file of the operator's own. */
import { realpath } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import process from 'node:process';
import { isFingerprint, type PinFacts } from '../inputs/facts.ts';
import { canonicalBytes, parseCanonical } from '../kernel/canonical.ts';
import { GovbootError, isGovbootError, messageOf } from '../kernel/errors.ts';
import { isJsonObject, type Json } from '../kernel/json.ts';
import { safe } from '../kernel/text.ts';
import { isInstant } from '../kernel/time.ts';
import type { Pins } from '../ports.ts';
import { makeFolders, realDisk, replaceDurably, type Disk } from './durable.ts';
import { errno, maybe, ProblemError } from './problem.ts';
import { lstatOrNull, MAX_GOVERNED, readPlain } from './safe-read.ts';

const SCHEMA = 'govboot.pins/v1';
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const FIELDS = ['path', 'pinned_at', 'repository', 'roots', 'threshold', 'trust_version'];

/** The user's own place for settings: XDG Base Directory, or %APPDATA% on Windows. */
export function defaultPinsFile(
  env: Readonly<Record<string, string | undefined>>,
  platform: NodeJS.Platform = process.platform,
): string {
  const home = env['HOME'] ?? env['USERPROFILE'] ?? homedir();
  const windows = platform === 'win32' ? env['APPDATA'] : undefined;
  // XDG Base Directory Specification: a relative path is invalid and ignored.
  const named = windows ?? env['XDG_CONFIG_HOME'];
  return join(
    named !== undefined && isAbsolute(named) ? named : join(home, '.config'),
    'govboot',
    'pins.json',
  );
}

/**
 * Pins in one file. A repository has one pin: its root keys are the same in every clone.
 * @param root the governed repository, outside of which its pins must lie
 */
export function makePins(file: string, root: string | null = null, disk: Disk = realDisk): Pins {
  const path = resolve(file);
  const load = async (): Promise<readonly PinFacts[]> => {
    if (root !== null) await checkOutside(path, root);
    const read = await maybe(() => readPlain(path, path, MAX_GOVERNED));
    if (read.is === 'read') {
      const folder = await lstatOrNull(await realpath(dirname(path)));
      for (const [what, stats] of [
        [path, read.value.stats],
        [dirname(path), folder],
      ] as const)
        if (stats !== null) checkOwn(what, stats);
      return parsePins(read.value.bytes, path);
    }
    if (read.problem.code === 'FILE_MISSING') return [];
    throw new GovbootError(read.problem.code, read.problem.wrong, { data: { file: path } });
  };
  return {
    file: path,
    load,
    async save(pin) {
      const others = (await load()).filter((other) => other.repository !== pin.repository);
      // A folder holds one repository: who pins another in it says that the older pin is no longer about this folder.
      const kept = others.map((other) =>
        other.path !== null && other.path === pin.path ? { ...other, path: null } : other,
      );
      const pins = [...kept, pin].sort((a, b) => (a.repository < b.repository ? -1 : 1)).map(jsonOf);
      try {
        await makeParents(disk, path);
        await replaceDurably(disk, path, canonicalBytes({ schema: SCHEMA, pins }), 0o600);
      } catch (error) {
        throw saveError(error, path);
      }
    },
  };
}

async function makeParents(disk: Disk, path: string): Promise<void> {
  let there = dirname(path);
  while ((await lstatOrNull(there)) === null) there = dirname(there);
  if (there !== dirname(path))
    await makeFolders(disk, there, relative(there, dirname(path)).split(sep), 0o700);
}

/** @throws TRUST_NOT_PINNED when the file would lie in the repository, links resolved */
async function checkOutside(path: string, repository: string): Promise<void> {
  const [file, root] = await Promise.all([realOf(path), realOf(resolve(repository))]);
  if (`${file}${sep}`.startsWith(`${root}${sep}`)) {
    throw new GovbootError(
      'TRUST_NOT_PINNED',
      `the pins file ${safe(path)} lies inside the repository that it should judge`,
      {
        hint: 'keep pins outside the repository: leave --pins out, or name a file under your own configuration folder',
        data: { file: path },
      },
    );
  }
}

/** The real path of what exists of a path, with the rest as it is. */
async function realOf(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    if (errno(error) !== 'ENOENT' && errno(error) !== 'ENOTDIR') throw error;
    return dirname(path) === path ? path : join(await realOf(dirname(path)), relative(dirname(path), path));
  }
}

/** @throws FILE_UNSAFE when somebody else could write it */
function checkOwn(path: string, stats: { readonly mode: number; readonly uid: number }): void {
  const me = process.getuid?.();
  if (me === undefined) return;
  if (stats.uid !== me && stats.uid !== 0)
    throw new GovbootError('FILE_UNSAFE', `${path} belongs to user ${String(stats.uid)}`, {
      hint: 'pins must be a file of your own',
      data: { file: path },
    });
  // The sticky bit of a shared folder keeps others from putting their file in the place of this one.
  if ((stats.mode & 0o022) !== 0 && (stats.mode & 0o1000) === 0) {
    throw new GovbootError(
      'FILE_UNSAFE',
      `${path} can be written by others (mode ${(stats.mode & 0o777).toString(8)})`,
      { hint: `chmod go-w ${path}`, data: { file: path } },
    );
  }
}

function parsePins(bytes: Uint8Array, path: string): readonly PinFacts[] {
  const document = parsed(bytes, path);
  if (
    !isJsonObject(document) ||
    document['schema'] !== SCHEMA ||
    !Array.isArray(document['pins']) ||
    Object.keys(document).length !== 2
  )
    throw wrong(path, `is not a document of schema ${SCHEMA}`);
  const pins = document['pins'].map((value: unknown, i) =>
    pinOf(value, `${path}: pin ${String(i + 1)}`, path),
  );
  if (new Set(pins.map((pin) => pin.repository)).size < pins.length)
    throw wrong(path, 'pins a repository twice');
  return pins;
}

function parsed(bytes: Uint8Array, path: string): Json {
  try {
    return parseCanonical(bytes, path);
  } catch (error) {
    if (isGovbootError(error))
      throw new GovbootError('SCHEMA', error.message, { hint: HINT, data: { file: path }, cause: error });
    throw error;
  }
}

function pinOf(value: unknown, where: string, file: string): PinFacts {
  if (!isJsonObject(value) || Object.keys(value).sort().join() !== FIELDS.join())
    throw wrong(where, `must have the fields ${FIELDS.join(', ')}`);
  const { repository, path, roots, threshold, trust_version: trustVersion, pinned_at: pinnedAt } = value;
  if (typeof repository !== 'string' || !UUID.test(repository)) throw wrong(where, 'has no repository id');
  if (path !== null && (typeof path !== 'string' || !isAbsolute(path)))
    throw wrong(where, 'has a path that is not absolute');
  if (
    !Array.isArray(roots) ||
    roots.length === 0 ||
    !roots.every((root: unknown) => typeof root === 'string' && isFingerprint(root)) ||
    new Set(roots).size < roots.length
  )
    throw wrong(where, 'has roots that are not fingerprints');
  if (
    typeof threshold !== 'number' ||
    !Number.isInteger(threshold) ||
    threshold < 1 ||
    threshold > roots.length
  )
    throw wrong(where, `has the threshold ${String(threshold)}`);
  if (typeof trustVersion !== 'number' || !Number.isInteger(trustVersion) || trustVersion < 1)
    throw wrong(where, `has the trust version ${String(trustVersion)}`);
  if (typeof pinnedAt !== 'string' || !isInstant(pinnedAt))
    throw wrong(where, 'has no instant at which it was made');
  return { file, repository, path, roots: roots, threshold, trustVersion, pinnedAt };
}

function jsonOf(pin: PinFacts): Json {
  return {
    repository: pin.repository,
    path: pin.path,
    roots: [...pin.roots],
    threshold: pin.threshold,
    trust_version: pin.trustVersion,
    pinned_at: pin.pinnedAt,
  };
}

const HINT = 'restore the file, or pin again from paper: govboot trust pin --root FINGERPRINT';

function wrong(where: string, what: string): GovbootError {
  return new GovbootError('SCHEMA', `${where} ${what}`, { hint: HINT });
}

function saveError(error: unknown, path: string): unknown {
  if (error instanceof ProblemError)
    return new GovbootError(error.problem.code, error.problem.wrong, { data: { file: path } });
  if (errno(error) === '') return error;
  return new GovbootError('FILE_WRITE', `${path} could not be written: ${messageOf(error)}`, {
    data: { file: path, errno: errno(error) },
    cause: error,
  });
}
