/**
 * The world that a process of govboot finds and leaves: a governed repository, evidence, a cloud, pins and a clock, all in memory.
 * Keys are made up (fake-crypto.ts). The ports over it are in ports.ts.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gitObjectId, sha256 } from '../../src/kernel/digest.ts';
import { instantFromMs, msOf, type Instant } from '../../src/kernel/time.ts';
import type { PinFacts, SourceFacts } from '../../src/inputs/facts.ts';
import { parseTagObject, type TagObject } from '../../src/inputs/tag-object.ts';
import { memoryStore as cloudStore, type StateStore } from '../../src/cloud/rehearsal/store.ts';
import type { IntentAction } from '../../src/inputs/intent-action.ts';
import type { VerifyReport } from '../../src/evidence/report.ts';
import { verifyEvidence } from '../../src/evidence/verify.ts';
import type { Repository } from '../../src/ports.ts';
import {
  edited,
  encode,
  readerOf,
  INTENT_YAML,
  NONCE,
  PARITY_YAML,
  pinOf,
  PRINTS,
  TEMPLATES,
  TREE,
  TRUST_YAML,
} from './facts.ts';
import { fakeParty, fakeVerifier, type FakeParty } from './fake-crypto.ts';
import type { MemoryVault } from './memory-vault.ts';
import { memoryStore, type MemoryStore } from './memory-store.ts';
import { witnesses } from './witnesses.ts';

export type Who = 'root' | 'alice' | 'bob' | 'carol' | 'mallory';
const CAST = ['root', 'alice', 'bob', 'carol', 'mallory'] as const;
/** Milliseconds since the epoch at which every world begins. */
export const START = msOf('2026-11-22T12:00:00Z' as Instant);
/** Where the program's own policies/ and templates/ are. */
export const PROGRAM = join(import.meta.dirname, '../..');

/** A clock on which waiting takes no time. */
export class WorldClock {
  /** Milliseconds since the epoch. */
  ms = START;
  pass = (ms: number): void => void (this.ms += ms);
}

interface Release {
  readonly tag: TagObject;
  readonly tree: ReadonlyMap<string, string>;
}

export interface World {
  readonly clock: WorldClock;
  /** The evidence of dev. */
  readonly store: MemoryStore;
  readonly cloud: StateStore;
  /** Folders that evidence is pushed to, by their place. */
  readonly vaults: Record<string, MemoryVault>;
  /** The work tree. */
  readonly files: Map<string, Uint8Array>;
  readonly pins: PinFacts[];
  readonly cast: Readonly<Record<Who, FakeParty>>;
  readonly releases: Release[];
  /** Numbers runs, nonces and processes. */
  next(): number;
  write(path: string, text: string): void;
  edit(path: string, from: string, to: string): void;
  /** Signs what lies there now. */
  sign(path: string, signers: readonly Who[]): Promise<void>;
  /** Tags what lies there now. */
  release(name: string, by?: Who): Promise<void>;
  /** Writes and signs an intent for the newest release; `change` edits it first. */
  intent(options?: IntentOptions): Promise<void>;
  verify(): Promise<VerifyReport>;
}

export interface IntentOptions {
  readonly path?: string;
  /** What is asked for; create without it, or supersede where a lock is named. */
  readonly action?: IntentAction;
  readonly supersedes?: string;
  readonly signers?: readonly Who[];
  readonly change?: (text: string) => string;
}

/**
 * A governed repository of acme with a release and an intent for dev, an empty cloud and no evidence.
 * @param beside another machine, with the same cloud and the same time, and a copy of the same repository
 */
export async function makeWorld(beside?: World): Promise<World> {
  const cast = Object.fromEntries(
    CAST.map((who) => [who, fakeParty(who, PRINTS[who])]),
  ) as unknown as World['cast'];
  const clock = beside?.clock ?? new WorldClock();
  let count = 0;
  const world: World = {
    clock,
    store: memoryStore(),
    cloud: beside?.cloud ?? cloudStore({ seed: 7 }),
    vaults: beside?.vaults ?? {},
    files: new Map(),
    pins: [pinOf()],
    cast,
    releases: [],
    next: () => ++count,
    write: (path, text) => void world.files.set(path, encode(text)),
    edit: (path, from, to) => {
      world.write(path, edited(new TextDecoder().decode(world.files.get(path)), from, to));
    },
    sign: async (path, signers) => {
      for (const who of signers) {
        const bytes = world.files.get(path)!;
        const at = instantFromMs(clock.ms - 1000);
        world.files.set(`${path}.${PRINTS[who]}.asc`, await cast[who].sign(bytes, at));
      }
    },
    release: async (name, by = 'alice') => void world.releases.push(await releaseOf(world, name, by)),
    intent: (options = {}) => writeIntent(world, options),
    verify: () =>
      verifyEvidence({
        store: world.store,
        verifier: fakeVerifier(Object.values(cast)),
        witnesses,
        pins: world.pins,
        now: instantFromMs(clock.ms),
        environment: 'dev',
      }),
  };
  for (const who of CAST) world.files.set(`policies/keys/${PRINTS[who]}.asc`, cast[who].keyFile);
  world.write('policies/trust.yaml', TRUST_YAML);
  await world.sign('policies/trust.yaml', ['root']);
  world.write('policies/parity.yaml', await withRealTemplates(world));
  await world.release('v1.0.0');
  await world.intent();
  // Two machines do not draw the same numbers.
  if (beside !== undefined) count += 100_000;
  return world;
}

/** Puts the program's own templates there. @returns the policy that authorizes them */
async function withRealTemplates(world: World): Promise<string> {
  let parity = PARITY_YAML;
  for (const { path, sha256: digest } of TEMPLATES) {
    const bytes = await readFile(join(PROGRAM, path));
    world.files.set(path, new Uint8Array(bytes));
    parity = edited(parity, digest, sha256(bytes));
  }
  return parity;
}

function treeOf({ files }: World): Map<string, string> {
  const inTree = [...files]
    .filter(([path]) => !/^(evidence|intents)\//.test(path))
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return new Map(inTree.map(([path, bytes]) => [path, sha256(bytes)]));
}

const digestOf = (tree: ReadonlyMap<string, string>) => sha256(JSON.stringify([...tree]));

async function releaseOf(world: World, name: string, by: Who): Promise<Release> {
  const commit = sha256(`commit ${name}`).slice(0, 40);
  const at = instantFromMs(world.clock.ms - 3_600_000);
  const { userId } = world.cast[by];
  const payload = encode(
    `object ${commit}\ntype commit\ntag ${name}\ntagger ${userId} ${String(msOf(at) / 1000)} +0000\n\nrelease\n`,
  );
  const bytes = new Uint8Array([...payload, ...(await world.cast[by].sign(payload, at))]);
  const read = parseTagObject(name, gitObjectId('tag', bytes, 'sha1'), bytes, 'sha1');
  if (read.is === 'problem') throw new Error(`${read.code}: ${read.wrong}`);
  return { tag: read.tag, tree: treeOf(world) };
}

async function writeIntent(world: World, options: IntentOptions): Promise<void> {
  const {
    path = 'intents/dev.yaml',
    supersedes,
    action = supersedes === undefined ? 'create' : 'supersede',
    signers = ['alice', 'bob'],
    change = (text) => text,
  } = options;
  const { tag, tree } = world.releases.at(-1)!;
  let text = edited(INTENT_YAML, NONCE, sha256(`nonce ${String(world.next())}`).slice(0, 32));
  text = edited(edited(text, 'tag: v1.0.0', `tag: ${tag.name}`), '1f'.repeat(20), tag.commit);
  text = edited(text, TREE, digestOf(tree));
  text = edited(text, 'action: create', `action: ${action}`);
  if (supersedes !== undefined) text = edited(text, 'supersedes: null', `supersedes: "${supersedes}"`);
  world.write(path, change(text));
  await world.sign(path, signers);
}

/** The repository as it is now; what is written later is not seen through it. */
export function repositoryOf(world: World): Repository {
  // Read once: a port that stays open sees no later change.
  const files = new Map(world.files);
  const tree = treeOf(world);
  return {
    root: '/srv/repository',
    ...readerOf(files),
    source: async (name, lastUsed): Promise<SourceFacts> => {
      const at = world.releases.findIndex((release) => release.tag.name === name);
      const release = world.releases[at];
      const before = world.releases.findIndex((each) => each.tag.commit === lastUsed?.commit);
      const missing = { code: 'TAG_MISSING', wrong: `${name} does not exist` } as const;
      return {
        root: '/srv/repository',
        objectFormat: 'sha1',
        repositoryProblems: [],
        head: world.releases.at(-1)?.tag.commit ?? null,
        tag: release === undefined ? { is: 'problem', ...missing } : { is: 'tag', tag: release.tag },
        tagSignature: null,
        tree:
          release === undefined
            ? { is: 'problem', problem: missing }
            : {
                is: 'read',
                value: {
                  tagged: digestOf(release.tree),
                  onDisk: digestOf(tree),
                  files: tree.size,
                  differences: differences(release.tree, tree),
                },
              },
        lastUsed: lastUsed === null ? null : { ...lastUsed, descends: before >= 0 && before <= at },
      };
    },
  };
}

function differences(tagged: ReadonlyMap<string, string>, disk: ReadonlyMap<string, string>) {
  const paths = [...new Set([...tagged.keys(), ...disk.keys()])].filter(
    (path) => tagged.get(path) !== disk.get(path),
  );
  return paths.map(
    (path) => ({ path, how: !disk.has(path) ? 'missing' : tagged.has(path) ? 'changed' : 'extra' }) as const,
  );
}
