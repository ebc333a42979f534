/** Forgeries of git objects, refs and repository settings. Texts are spelt as in bytes.ts. */
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { basename, join } from 'node:path';
import process from 'node:process';
import { requireOrSkip, whereIs } from '../capabilities.ts';
import type { Forge, ForgeSite } from '../forge.ts';
import {
  commitAll,
  gitRepoAt,
  tagPayload,
  writeSignedTag,
  writeTagObject,
  type GitRepo,
} from '../git-fixture.ts';
import { armored, type TestKey } from '../keys.ts';
import { bytesOf, replacedBytes } from './bytes.ts';
import { cmsSigned, sshSigned } from './foreign-armor.ts';
import {
  commitGraph,
  foldedTree,
  looseObject,
  multiPackIndex,
  packIndex,
  rawObject,
  treeBomb,
} from './git-objects.ts';

interface Halves {
  readonly payload: Buffer;
  /** Empty where there is none. */
  readonly signature: Buffer;
}

function halvesOf(repo: GitRepo, name: string): Halves {
  const bytes = rawObject(repo, 'tag', `refs/tags/${name}`);
  const at = bytes.includes('-----BEGIN ') ? bytes.indexOf('-----BEGIN ') : bytes.length;
  return { payload: bytes.subarray(0, at), signature: bytes.subarray(at) };
}

function keyOf({ governed }: ForgeSite, person: string): TestKey {
  const key = Object.entries(governed.keys).find(([name]) => name === person)?.[1];
  if (key === undefined) throw new Error(`there is no person ${person}`);
  return key;
}

type Parts = readonly (Buffer | string)[];

/** A forge that writes the tag NAME anew, from what it is now. */
function retag(
  change: (tag: Halves, args: readonly string[], site: ForgeSite, repo: GitRepo) => Parts | Promise<Parts>,
): Forge {
  return async (site, [name = '', ...args]) => {
    const repo = gitRepoAt(site.cwd);
    const parts = await change(halvesOf(repo, name), args, site, repo);
    const oid = writeTagObject(repo, Buffer.concat(parts.map((part) => Buffer.from(part))));
    // Written by hand: git would not point a ref at some of them.
    writeFileSync(join(site.cwd, '.git', 'refs', 'tags', name), `${oid}\n`);
  };
}

const tagForges: Readonly<Record<string, Forge>> = {
  /** tag-edit NAME OLD NEW: changes the object after it was signed. */
  'tag-edit': retag(({ payload, signature }, [from = '', to = '']) => [
    replacedBytes(Buffer.concat([payload, signature]), bytesOf(from), bytesOf(to)),
  ]),

  /** tag-sign NAME PERSON [OLD NEW]: changes what is signed, and has it signed. */
  'tag-sign': retag(async ({ payload }, [person = '', from = '', to = ''], site) => {
    const changed = replacedBytes(payload, bytesOf(from), bytesOf(to));
    return [changed, await keyOf(site, person).sign(changed)];
  }),

  /** tag-armors NAME PERSON...: signed by all, in an armored block each. */
  'tag-armors': retag(async ({ payload }, people, site) => [
    payload,
    ...(await Promise.all(people.map((person) => keyOf(site, person).sign(payload)))),
  ]),

  /** tag-packets NAME PERSON...: signed by all, in one armored block. */
  'tag-packets': retag(async ({ payload }, people, site) => {
    const packets = await Promise.all(people.map((person) => keyOf(site, person).signBinary(payload)));
    return [payload, armored('signature', Buffer.concat(packets))];
  }),

  /** tag-transplant NAME FROM: with the signature of another tag. */
  'tag-transplant': retag(({ payload }, [from = ''], _site, repo) => [
    payload,
    halvesOf(repo, from).signature,
  ]),

  /** tag-crlf NAME: with the line ends of another system, as mail and some editors leave them. */
  'tag-crlf': retag(({ payload, signature }) => [
    Buffer.from(Buffer.concat([payload, signature]).toString('latin1').replaceAll('\n', '\r\n'), 'latin1'),
  ]),

  /** tag-ssh NAME: with an SSH signature by a key that the repository's own settings call trusted. */
  'tag-ssh': retag(({ payload }, _args, { work }, repo) => {
    const { armor, trusted } = sshSigned(payload);
    writeFileSync(join(work, 'allowed-signers'), trusted);
    repo.git(['config', 'gpg.ssh.allowedSignersFile', join(work, 'allowed-signers')]);
    return [payload, armor];
  }),

  /** tag-x509 NAME: with a CMS signature by a certificate that signed itself. */
  'tag-x509': retag(({ payload }) => [payload, cmsSigned(payload).armor]),

  /** tag-to NAME PERSON TYPE OBJECT: a signed tag that says of an object that it is of that type. */
  'tag-to': async (site, [name = '', person = '', type = '', object = '']) => {
    const repo = gitRepoAt(site.cwd);
    const payload = tagPayload({ name, type, commit: repo.git(['rev-parse', object]) });
    writeTagObject(repo, payload + (await keyOf(site, person).sign(payload)), name);
  },
};

const release = (site: ForgeSite, repo: GitRepo): Promise<string> =>
  writeSignedTag(repo, { name: 'v1.0.0', message: 'Release v1.0.0', sign: keyOf(site, 'alice').sign });

/** other-repository FOLDER: what the same people govern elsewhere, with an id of its own, released as v1.0.0 too. */
const otherRepository: Forge = async (site, [folder = '']) => {
  const skipped = ['.git', 'evidence', 'intents'];
  cpSync(site.cwd, folder, { recursive: true, filter: (path) => !skipped.includes(basename(path)) });
  const trust = join(folder, 'policies', 'trust.yaml');
  const text = readFileSync(trust, 'utf8').replace(
    /^repository: .*$/m,
    'repository: 0b1f6c2e-6d0d-4c7e-9d4a-5f0a1c2b3d4e',
  );
  writeFileSync(trust, text);
  writeFileSync(`${trust}.asc`, await keyOf(site, 'root').sign(text));
  const repo = gitRepoAt(folder);
  repo.git(['init', '--quiet', '--initial-branch=main', '--template=']);
  commitAll(repo);
  await release(site, repo);
};

/** sha256-repository: the same files in a repository whose objects are named by SHA-256. */
const sha256Repository: Forge = async (site) => {
  const repo = gitRepoAt(site.cwd);
  rmSync(join(site.cwd, '.git'), { recursive: true });
  repo.git(['init', '--quiet', '--object-format=sha256', '--initial-branch=main', '--template=']);
  repo.git(['add', '--', ':!intents']);
  repo.git(['commit', '--quiet', '--message', 'first']);
  await release(site, repo);
};

/** trusted-key PERSON: puts a key into the user's own key ring, with ultimate trust. */
const trustedKey: Forge = (site, [person = '']) => {
  const program = requireOrSkip('gpg', 'a key ring that trusts the attacker') ? whereIs('gpg') : null;
  // The attack is tried all the same, by somebody whose key ring is of no matter.
  if (program === null) return;
  const home = join(site.work, 'home', '.gnupg');
  mkdirSync(home, { recursive: true, mode: 0o700 });
  const { publicArmored, fingerprint } = keyOf(site, person);
  const gpg = (args: readonly string[], input: string): void => {
    const done = spawnSync(program, ['--homedir', home, '--batch', ...args], {
      input,
      env: { PATH: process.env['PATH'] ?? '' },
    });
    if (done.status !== 0) throw new Error(`gpg ${args.join(' ')}: ${done.stderr.toString()}`);
  };
  gpg(['--import'], publicArmored);
  gpg(['--import-ownertrust'], `${fingerprint}:6:\n`);
};

/** signed-commit PERSON: a copy of HEAD that carries a signature, as FETCH_HEAD. */
const signedCommit: Forge = async (site, [person = '']) => {
  const repo = gitRepoAt(site.cwd);
  const [head = '', ...message] = rawObject(repo, 'commit', 'HEAD').toString().split('\n\n');
  const text = (signature: string): string => [`${head}${signature}`, ...message].join('\n\n');
  const armor = await keyOf(site, person).sign(text(''));
  const signed = text(`\ngpgsig ${armor.trimEnd().replaceAll('\n', '\n ')}`);
  repo.git(['update-ref', 'FETCH_HEAD', repo.git(['hash-object', '-t', 'commit', '-w', '--stdin'], signed)]);
};

/** file PATH TEXT: a file whose name may hold any character. */
const file: Forge = ({ cwd }, [path = '', text = '']) => {
  writeFileSync(join(cwd, bytesOf(path).toString()), text);
};

/** settings VALUE KEY...: gives each setting of the repository the value. */
const settings: Forge = ({ cwd }, [value = '', ...keys]) => {
  for (const key of keys) gitRepoAt(cwd).git(['config', '--local', key, value]);
};

/** lazy-fetch OBJECT PROGRAM: takes an object away, and has git fetch it from a "remote" that is a program. */
const lazyFetch: Forge = ({ cwd }, [name = '', program = '']) => {
  const repo = gitRepoAt(cwd);
  const oid = repo.git(['rev-parse', name]);
  rmSync(join(cwd, '.git', 'objects', oid.slice(0, 2), oid.slice(2)));
  for (const [key, value] of [
    ['core.repositoryFormatVersion', '1'],
    ['extensions.partialClone', 'origin'],
    ['remote.origin.promisor', 'true'],
    ['remote.origin.url', `ext::${program}`],
    ['protocol.ext.allow', 'always'],
  ] as const)
    repo.git(['config', '--local', key, value]);
};

export const gitForges: Readonly<Record<string, Forge>> = {
  ...tagForges,
  object: looseObject,
  'pack-index': packIndex,
  'multi-pack-index': multiPackIndex,
  'commit-graph': commitGraph,
  'tree-bomb': treeBomb,
  'folded-tree': foldedTree,
  'other-repository': otherRepository,
  'sha256-repository': sha256Repository,
  'trusted-key': trustedKey,
  'signed-commit': signedCommit,
  file,
  settings,
  'lazy-fetch': lazyFetch,
};
