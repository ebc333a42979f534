/**
 * The earlier versions of the trust file, as policies/trust keeps them. All of them go into the evidence, so that an auditor who pinned
 * any of them can follow; only those on the way from the pinned version to the present one are given to the verifiers, and no more than
 * a run can bear: whoever can push can put any number there.
 */
import { signedPath } from '../inputs/beside.ts';
import type { FileRead, KeptTrust, Maybe } from '../inputs/facts.ts';
import { KEPT_FOLDER, keptVersion } from '../inputs/trust.ts';
import type { Repository } from '../ports.ts';
import { MOST_SIGNATURES, tooMany, type Verify } from './beside.ts';
import { listed } from './listed.ts';

/** Versions that one run walks, and signatures that it has judged for them: half a second with gpgv beside openpgp.js. */
export const MOST_STEPS = 32;
const MOST_STEP_SIGNATURES = 64;

/** Files of earlier versions in one entry's refs, of which there may be 1000. */
const MOST_RECORDED = 500;

export interface TrustVersions {
  /** Lowest number first. */
  readonly kept: Maybe<readonly KeptTrust[]>;
  /** Versions with their signatures, for the evidence. */
  readonly files: readonly FileRead[];
}

/** From after the first number to before the second one. */
export interface Between {
  readonly after: number;
  readonly before: number;
}

/** @param way the versions that are to be walked; null where there is no way */
export async function readTrustVersions(
  repository: Repository,
  verify: Verify,
  way: Between | null,
): Promise<TrustVersions> {
  const found = await listed(() => repository.list(KEPT_FOLDER));
  if (found.is === 'problem') return { kept: found, files: [] };
  const versions = grouped(found.value);
  const walked = way === null ? [] : bearable(versions.filter((each) => isBetween(each, way)));
  const kept = await Promise.all(
    versions.map(async (each): Promise<KeptTrust> => {
      const { version, file } = each;
      return { version, file, signatures: walked.includes(each) ? await judge(each, verify) : null };
    }),
  );
  return { kept: { is: 'read', value: kept }, files: recorded(versions) };
}

interface Version {
  readonly version: number;
  readonly file: FileRead;
  readonly beside: readonly FileRead[];
}

/** In one pass over the files: whoever can push can put tens of thousands there. */
function grouped(files: readonly FileRead[]): readonly Version[] {
  const beside = new Map<string, FileRead[]>();
  for (const file of files) {
    const of = signedPath(file.path);
    if (of === null) continue;
    const known = beside.get(of);
    if (known === undefined) beside.set(of, [file]);
    else known.push(file);
  }
  return files
    .flatMap((file) => {
      const version = keptVersion(file.path);
      return version === null ? [] : [{ version, file, beside: beside.get(file.path) ?? [] }];
    })
    .sort((a, b) => a.version - b.version);
}

function isBetween({ version }: Version, { after, before }: Between): boolean {
  return after < version && version < before;
}

/** The first of them, up to what a run can bear. A version with too many signatures of its own is told, and not given to anybody. */
function bearable(versions: readonly Version[]): readonly Version[] {
  let left = MOST_STEP_SIGNATURES;
  return versions.slice(0, MOST_STEPS).filter(({ beside }) => {
    if (beside.length > MOST_SIGNATURES) return true;
    left -= beside.length;
    return left >= 0;
  });
}

async function judge({ file, beside }: Version, verify: Verify): Promise<KeptTrust['signatures']> {
  if (beside.length > MOST_SIGNATURES) return { is: 'problem', problem: tooMany(file.path, beside.length) };
  return {
    is: 'read',
    value: await Promise.all(beside.map((signature) => verify(file.bytes, signature))),
  };
}

/** The newest that fit: a later entry names fewer of the oldest, which the entries before it named. */
function recorded(versions: readonly Version[]): readonly FileRead[] {
  const files: FileRead[] = [];
  for (const { file, beside } of [...versions].reverse()) {
    if (files.length + 1 + beside.length > MOST_RECORDED) break;
    files.push(file, ...beside);
  }
  return files;
}
