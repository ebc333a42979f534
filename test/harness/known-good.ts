/**
 * A governed repository that every gate passes, in memory, with real keys and the real parsers and verifier: what an attacker changes
 * in it is read, hashed, verified and judged as in a real run. Only git and the disk are left out; the tree is hashed as there.
 */
import { gitObjectId, sha256 } from '../../src/kernel/digest.ts';
import { judge, type Judgement } from '../../src/gates/index.ts';
import type { PinFacts, SignatureFacts, SourceFacts } from '../../src/inputs/facts.ts';
import { parseTagObject } from '../../src/inputs/tag-object.ts';
import type { Ports, Repository, Verifier } from '../../src/ports.ts';
import { gather } from '../../src/street/gather.ts';
import { treeSha256 } from '../../src/world/git-tree.ts';
import { makeVerifier, type VerifierOptions } from '../../src/world/verifier.ts';
import { AFTER_TAG, type Entry } from '../../src/world/work-tree.ts';
import {
  COMMIT,
  edited,
  encode,
  readerOf,
  INTENT_YAML,
  NOW,
  PARITY_YAML,
  PRINTS,
  TAG,
  TEMPLATES,
  TREE,
  TRUST_YAML,
  pinOf,
} from './facts.ts';
import { makeKey, type TestKey } from './keys.ts';
import { memoryStore } from './memory-store.ts';
import { makePorts, makeWorld } from './ports.ts';

const PEOPLE = ['root', 'alice', 'bob', 'carol'] as const;
export type Name = (typeof PEOPLE)[number];

export const INTENT = 'intents/dev.yaml';

/** Everything that an attacker can change. */
export interface Repo {
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** The tag object that refs/tags/v1.0.0 names; its object name is the hash of these bytes. */
  readonly tag: Uint8Array;
  /** The files of the tagged commit. */
  readonly tagged: ReadonlyMap<string, Uint8Array>;
}

export interface KnownGood {
  readonly repo: Repo;
  /** Of root, Alice, Bob and Carol. */
  readonly keys: Readonly<Record<Name, TestKey>>;
  /** Judges all gates over a changed copy, as a new process would, on a machine with these pins in place of its own. */
  judge(repo: Repo, pins?: readonly PinFacts[]): Promise<Judgement>;
  /**
   * The same repository, with these files in place of its own, released anew by somebody who may: tagged by the release person over these
   * files, with an intent for that tag. What is wrong with the files themselves is then all that is wrong.
   */
  released(files: ReadonlyMap<string, Uint8Array>): Promise<Repo>;
}

/**
 * @param verifiers which programs are asked beside OpenPGP.js; none unless told: a process a signature takes its time
 * @throws when it is refused itself: whatever is changed of such a one is refused too, and shows nothing
 */
export async function makeKnownGood(
  verifiers: VerifierOptions = { gpgvPath: null, sqvPath: null },
): Promise<KnownGood> {
  const keys = await makeKeys();
  const files = await governedFiles(keys);
  const verifier = remembering(makeVerifier(verifiers));
  const released: KnownGood['released'] = (changed) => release(keys, changed);
  const own = [pinOf({ roots: [keys.root.fingerprint] })];
  const ports = await portsOf(verifier);
  const good: KnownGood = {
    repo: await released(files),
    keys,
    released,
    judge: async (repo, pinned = own) => {
      const pins: Ports['pins'] = { ...ports.pins, load: async () => pinned };
      const open = async (): Promise<Repository> => repositoryOf(repo);
      const repository: Ports['repository'] = { ...ports.repository, open, tagsAtHead: async () => [TAG] };
      const request = { environment: 'dev', intent: INTENT, resume: false };
      return judge((await gather({ ...ports, pins, repository }, request)).facts);
    },
  };
  const { passed, verdicts } = await good.judge(good.repo);
  if (passed === null) throw new Error(`the known good is refused:\n${JSON.stringify(verdicts, null, 2)}`);
  return good;
}

async function makeKeys(): Promise<Readonly<Record<Name, TestKey>>> {
  const created = new Date('2025-11-22T12:00:00Z');
  const made = await Promise.all(
    PEOPLE.map(
      async (name) => [name, await makeKey({ name, email: `${name}@example.org`, created })] as const,
    ),
  );
  return Object.fromEntries(made) as unknown as Record<Name, TestKey>;
}

const at = (text: string) => ({ at: new Date(text) });

/** The documents of facts.ts, with the fingerprints of real keys. */
export function named(text: string, keys: Readonly<Record<Name, TestKey>>): string {
  return PEOPLE.reduce((done, name) => done.replaceAll(PRINTS[name], keys[name].fingerprint), text);
}

async function governedFiles(keys: Readonly<Record<Name, TestKey>>): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  const trust = named(TRUST_YAML, keys);
  files.set('policies/trust.yaml', encode(trust));
  files.set('policies/trust.yaml.asc', encode(await keys.root.sign(trust, at('2026-06-01T00:00:00Z'))));
  files.set('policies/parity.yaml', encode(PARITY_YAML));
  for (const name of PEOPLE)
    files.set(`policies/keys/${keys[name].fingerprint}.asc`, encode(keys[name].publicArmored));
  for (const { path, bytes } of TEMPLATES) files.set(path, bytes);
  return files;
}

async function release(
  keys: Readonly<Record<Name, TestKey>>,
  tagged: ReadonlyMap<string, Uint8Array>,
): Promise<Repo> {
  const payload = encode(
    `object ${COMMIT}\ntype commit\ntag ${TAG}\ntagger Alice <alice@example.org> 1795342800 +0000\n\nFirst release\n\nof the infrastructure.\n`,
  );
  const signature = encode(await keys.alice.sign(payload, at('2026-11-22T10:00:00Z')));
  const tree = treeSha256(entriesOf(tagged));
  const intent = edited(named(INTENT_YAML, keys), TREE, tree);
  const files = new Map(tagged);
  files.set(INTENT, encode(intent));
  for (const name of ['alice', 'bob'] as const) {
    const signed = await keys[name].sign(intent, at('2026-11-22T11:00:00Z'));
    files.set(name === 'alice' ? `${INTENT}.asc` : `${INTENT}.${keys.bob.fingerprint}.asc`, encode(signed));
  }
  return { files, tagged, tag: new Uint8Array([...payload, ...signature]) };
}

function entriesOf(files: ReadonlyMap<string, Uint8Array>): Map<string, Entry> {
  const inTree = [...files].filter(([path]) => !AFTER_TAG.includes(path.split('/')[0] ?? ''));
  return new Map(inTree.map(([path, bytes]) => [path, { mode: '100644', sha256: sha256(bytes) }]));
}

function repositoryOf({ files, tag, tagged }: Repo): Repository {
  return {
    root: '/srv/repository',
    ...readerOf(files),
    source: async (name): Promise<SourceFacts> => {
      const read =
        name === TAG
          ? parseTagObject(name, gitObjectId('tag', tag, 'sha1'), tag, 'sha1')
          : ({ is: 'problem', code: 'TAG_MISSING', wrong: `refs/tags/${name}` } as const);
      const [there, here] = [entriesOf(tagged), entriesOf(files)];
      const isKnown = read.is === 'tag' && read.tag.commit === COMMIT;
      return {
        root: '/srv/repository',
        objectFormat: 'sha1',
        repositoryProblems: [],
        head: COMMIT,
        tag: read,
        tagSignature: null,
        tree: isKnown
          ? {
              is: 'read',
              value: {
                tagged: treeSha256(there),
                onDisk: treeSha256(here),
                files: there.size,
                differences: [],
              },
            }
          : { is: 'problem', problem: { code: 'REPO_UNSAFE', wrong: 'there is no such commit' } },
        lastUsed: null,
      };
    },
  };
}

async function portsOf(verifier: Verifier): Promise<Ports> {
  const world = await makeWorld();
  return makePorts({
    world,
    overrides: {
      verifier,
      clock: { now: () => NOW, monotonic: () => 0, pause: async () => undefined },
      evidence: () => memoryStore(),
      pins: {
        file: '/home/operator/pins.json',
        load: async () => [],
        save: () => Promise.reject(new Error('a gate writes no pin')),
      },
    },
  });
}

/** What was verified once need not be verified again: the answer depends on nothing but what is in the name. */
function remembering(verifier: Verifier): Verifier {
  const known = new Map<string, Promise<SignatureFacts>>();
  return {
    ...verifier,
    verify: (input) => {
      const { data, signature, keys, at: instant } = input;
      const name = [
        sha256(data),
        signature.path,
        signature.sha256,
        instant,
        ...keys.map((key) => key.sha256),
      ];
      const answer = known.get(name.join(' ')) ?? verifier.verify(input);
      if (known.size < MOST_KNOWN) known.set(name.join(' '), answer);
      return answer;
    },
  };
}

/** The first that are asked are those of the unchanged repository; they are asked again and again. */
const MOST_KNOWN = 16;
