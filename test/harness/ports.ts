/**
 * Every port, in this process: a world that lasts (repository, evidence, cloud, clock) and, over it, the ports of one process that may
 * be killed at any write. Keys are made up (fake-crypto.ts); the cloud is the rehearsal cloud in memory under the real AWS adapter.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gitObjectId, sha256 } from '../../src/kernel/digest.ts';
import { GovbootError } from '../../src/kernel/errors.ts';
import type { Event } from '../../src/kernel/events.ts';
import { instantFromMs, msOf, type Instant } from '../../src/kernel/time.ts';
import type { EnvironmentFacts, FileRead, Mode, PinFacts, SourceFacts } from '../../src/inputs/facts.ts';
import { parseTagObject, type TagObject } from '../../src/inputs/tag-object.ts';
import type { AwsApi } from '../../src/cloud/aws/api.ts';
import { makeAwsCloud } from '../../src/cloud/aws/cloud.ts';
import { isMutating } from '../../src/cloud/aws/guard.ts';
import { makeRehearsalApi, type RehearsalApi, type RehearsalOptions } from '../../src/cloud/rehearsal/api.ts';
import { memoryStore as cloudStore, type StateStore } from '../../src/cloud/rehearsal/store.ts';
import { verifyEvidence } from '../../src/evidence/verify.ts';
import type { VerifyReport } from '../../src/evidence/report.ts';
import type { Answer, Claims, Clock, Cloud, EvidenceStore, Ports, Repository, Signer } from '../../src/ports.ts';
import { edited, encode, fileOf, INTENT_YAML, NONCE, PARITY_YAML, pinOf, PRINTS, TEMPLATES, TREE, TRUST_YAML } from './facts.ts';
import { fakeParty, fakeVerifier, type FakeParty } from './fake-crypto.ts';
import { Killed, memoryStore, type MemoryStore } from './memory-store.ts';

export type Who = 'root' | 'alice' | 'bob' | 'carol' | 'mallory';
const CAST = ['root', 'alice', 'bob', 'carol', 'mallory'] as const;
const START = msOf('2026-11-22T12:00:00Z' as Instant);
const PROGRAM = join(import.meta.dirname, '../..');

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
  readonly supersedes?: string;
  readonly signers?: readonly Who[];
  readonly change?: (text: string) => string;
}

/** A governed repository of acme with a release and an intent for dev, an empty cloud and no evidence. */
export async function makeWorld(): Promise<World> {
  const cast = Object.fromEntries(CAST.map((who) => [who, fakeParty(who, PRINTS[who])])) as unknown as World['cast'];
  const clock = new WorldClock();
  let count = 0;
  const world: World = {
    clock,
    store: memoryStore(),
    cloud: cloudStore({ seed: 7 }),
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
  const inTree = [...files].filter(([path]) => !/^(evidence|intents)\//.test(path)).sort(([a], [b]) => (a < b ? -1 : 1));
  return new Map(inTree.map(([path, bytes]) => [path, sha256(bytes)]));
}

const digestOf = (tree: ReadonlyMap<string, string>) => sha256(JSON.stringify([...tree]));

async function releaseOf(world: World, name: string, by: Who): Promise<Release> {
  const commit = sha256(`commit ${name}`).slice(0, 40);
  const at = instantFromMs(world.clock.ms - 3_600_000);
  const { userId } = world.cast[by];
  const payload = encode(`object ${commit}\ntype commit\ntag ${name}\ntagger ${userId} ${String(msOf(at) / 1000)} +0000\n\nrelease\n`);
  const bytes = new Uint8Array([...payload, ...(await world.cast[by].sign(payload, at))]);
  const read = parseTagObject(name, gitObjectId('tag', bytes, 'sha1'), bytes, 'sha1');
  if (read.is === 'problem') throw new Error(`${read.code}: ${read.wrong}`);
  return { tag: read.tag, tree: treeOf(world) };
}

async function writeIntent(world: World, options: IntentOptions): Promise<void> {
  const { path = 'intents/dev.yaml', supersedes, signers = ['alice', 'bob'], change = (text) => text } = options;
  const { tag, tree } = world.releases.at(-1)!;
  let text = edited(INTENT_YAML, NONCE, sha256(`nonce ${String(world.next())}`).slice(0, 32));
  text = edited(edited(text, 'tag: v1.0.0', `tag: ${tag.name}`), '1f'.repeat(20), tag.commit);
  text = edited(text, TREE, digestOf(tree));
  if (supersedes !== undefined)
    text = edited(edited(text, 'supersedes: null', `supersedes: "${supersedes}"`), 'action: create', 'action: supersede');
  world.write(path, change(text));
  await world.sign(path, signers);
}

function repositoryOf(world: World): Repository {
  // Read once: a port that stays open sees no later change.
  const files = new Map(world.files);
  const fileAt = (path: string): FileRead => fileOf(path, files.get(path)!);
  const tree = treeOf(world);
  return {
    root: '/srv/repository',
    list: async (folder) =>
      [...files.keys()].filter((path) => path.slice(0, path.lastIndexOf('/')) === folder).sort().map(fileAt),
    read: async (path) =>
      files.has(path)
        ? { is: 'read', value: fileAt(path) }
        : { is: 'problem', problem: { code: 'FILE_MISSING', wrong: `${path} does not exist` } },
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
            : { is: 'read', value: { tagged: digestOf(release.tree), onDisk: digestOf(tree), files: tree.size, differences: differences(release.tree, tree) } },
        lastUsed: lastUsed === null ? null : { ...lastUsed, descends: before >= 0 && before <= at },
      };
    },
  };
}

function differences(tagged: ReadonlyMap<string, string>, disk: ReadonlyMap<string, string>) {
  const paths = [...new Set([...tagged.keys(), ...disk.keys()])].filter((path) => tagged.get(path) !== disk.get(path));
  return paths.map((path) => ({ path, how: !disk.has(path) ? 'missing' : tagged.has(path) ? 'changed' : 'extra' }) as const);
}

/** Where a process is killed: before or after its n-th write (from 1) to the cloud or to the evidence. `full`: every write from then on is refused. */
export interface Mishap {
  readonly at: 'cloud' | 'evidence';
  readonly n: number;
  readonly how: 'before' | 'after' | 'full';
}

export interface PortsOptions {
  readonly world: World;
  readonly mode?: Mode;
  readonly mishap?: Mishap;
  /** What the person does at a prompt; the default types what is asked for. */
  readonly answer?: (asked: { readonly text: string; readonly token: string; readonly n: number }) => Answer | Promise<Answer>;
  /** Who signs the evidence. */
  readonly signer?: Who;
  readonly rehearsal?: Partial<RehearsalOptions>;
  readonly machine?: Partial<EnvironmentFacts>;
  readonly interrupted?: () => boolean;
  /** Answers of the wizard, in order; without them nobody can be asked. */
  readonly wizard?: readonly string[];
  readonly doors?: (doors: { cloud: Cloud; claims: Claims }) => { cloud: Cloud; claims: Claims };
  readonly overrides?: Partial<Ports>;
}

export interface TestPorts extends Ports {
  readonly events: Event[];
  /** Prompts that were shown. */
  readonly asked: string[];
  /** Changing calls that reached the cloud. */
  readonly changed: () => readonly string[];
  /** Names of evidence that this process wrote. */
  readonly wrote: string[];
  readonly api: RehearsalApi;
}

export const typed = (text: string): Answer => ({ is: 'typed', text });

/** The ports of one process over a world. */
export function makePorts(options: PortsOptions): TestPorts {
  const { world, mode = 'LIVE', interrupted = () => false } = options;
  const clock = clockOf(world, interrupted);
  const life = new Life(options.mishap);
  const { events, asked, terminal } = personOf(options, clock, life);
  const wrote: string[] = [];
  const api = makeRehearsalApi({
    account: '111111111111',
    region: 'eu-central-1',
    clock: { now: () => world.clock.ms, pause: clock.pause },
    seed: 7,
    session: `process ${String(world.next())}`,
    trustAnyone: true,
    store: world.cloud,
    ...options.rehearsal,
  });
  const doors = makeAwsCloud({ api: life.cloud(api), clock, account: '111111111111', region: 'eu-central-1' });
  return {
    mode,
    version: '0.0.0-test',
    clock,
    random: { uuid: () => `00000000-0000-4000-8000-${String(world.next()).padStart(12, '0')}`, hex: (bytes) => sha256(`random ${String(world.next())}`).slice(0, 2 * bytes) },
    emit: (event) => void events.push(event),
    repository: { open: async () => life.alive(() => repositoryOf(world)), tagsAtHead: async () => world.releases.slice(-1).map(({ tag }) => tag.name) },
    verifier: fakeVerifier(Object.values(world.cast)),
    signer: signerOf(world, options.signer ?? 'alice', clock, life),
    evidence: () => life.evidence(world.store, wrote),
    files: filesOf(world),
    pins: { file: '/home/operator/.config/govboot/pins.json', load: async () => world.pins, save: async (pin) => void world.pins.push(pin) },
    terminal,
    cloud: async () => (options.doors ?? ((same) => same))(doors),
    machine: {
      environment: () => ({ weakening: [], endpoints: [], proxies: [], ...options.machine }),
      tools: async () => [{ name: 'govboot', version: '0.0.0-test', sha256: null }],
    },
    interrupted,
    wizard: wizardOf(options.wizard),
    scaffold: async (path) => new Uint8Array(await readFile(join(PROGRAM, path))),
    ...options.overrides,
    events,
    asked,
    wrote,
    api,
    changed: () => api.calls().filter(({ operation }) => isMutating(operation)).map(({ operation }) => operation),
  };
}

function clockOf({ clock }: World, interrupted: () => boolean): Clock {
  return {
    now: () => instantFromMs(clock.ms),
    monotonic: () => clock.ms - START,
    pause: async (ms) => {
      if (interrupted()) throw new GovbootError('INTERRUPTED', 'interrupted while waiting');
      clock.pass(ms);
    },
  };
}

/** A person at the terminal, who sees what is shown and types it. */
function personOf({ answer }: PortsOptions, clock: Clock, life: Life) {
  const events: Event[] = [];
  const asked: string[] = [];
  const tokenShown = (): string => events.findLast((event) => event.type === 'confirm')?.token ?? '';
  const terminal: Ports['terminal'] = {
    unusable: () => null,
    ask: async ({ text, timeoutMs }) => {
      if (timeoutMs <= 0) throw new Error(`asked "${text}" without time to answer, at ${clock.now()}`);
      asked.push(text);
      const token = tokenShown();
      if (answer !== undefined) return life.alive(() => answer({ text, token, n: asked.length }));
      return typed(text.startsWith('Token') ? token : 'APPLY');
    },
  };
  return { events, asked, terminal };
}

function signerOf(world: World, who: Who, clock: Clock, life: Life): Signer {
  const { fingerprint, userId, sign } = world.cast[who];
  return {
    identity: async () => ({ fingerprint, userId, backend: 'software', tool: 'fake' }),
    sign: (bytes) => life.alive(() => sign(bytes, clock.now())),
  };
}

function filesOf({ files }: World): Ports['files'] {
  return {
    create: async (path, content) => {
      if (files.has(path)) throw new GovbootError('FILE_EXISTS', `${path} exists already`);
      files.set(path, typeof content === 'string' ? encode(content) : content);
    },
    exists: async (path) => files.has(path),
    read: async (path) => {
      const bytes = files.get(path);
      if (bytes === undefined) throw new GovbootError('FILE_MISSING', `${path} does not exist`);
      return bytes;
    },
  };
}

function wizardOf(answers: readonly string[] | undefined): Ports['wizard'] {
  const left = [...(answers ?? [])];
  const next = ({ message, problem }: Parameters<Ports['wizard']['ask']>[0]): string => {
    const text = left.shift();
    if (text === undefined) throw new Error(`asked "${message}", and nobody answers`);
    return problem(text) === null ? text : next({ message, problem });
  };
  return { interactive: answers !== undefined, ask: async (question) => next(question), secret: async () => '' };
}

/** The life of a process: it ends at one write, and then nothing of it does anything any more. */
class Life {
  private dead = false;
  private full = false;
  private readonly written = { cloud: 0, evidence: 0 };
  private readonly mishap: Mishap | undefined;

  constructor(mishap: Mishap | undefined) {
    this.mishap = mishap;
  }

  async alive<T>(act: () => T | Promise<T>): Promise<T> {
    if (this.dead) throw new Killed('this process is dead');
    return act();
  }

  private async write<T>(at: Mishap['at'], what: string, act: () => Promise<T>): Promise<T> {
    if (this.dead) throw new Killed('this process is dead');
    const hit = this.mishap?.at === at && this.mishap.n === ++this.written[at] ? this.mishap.how : null;
    this.full ||= hit === 'full';
    if (this.full && at === 'evidence') throw new GovbootError('EVIDENCE_WRITE', `${what}: no space left (simulated)`);
    if (hit === 'before') return this.die(`before ${what}`);
    if (hit !== 'after') return act();
    // Whatever the answer was, nobody hears it.
    await act().catch(() => undefined);
    return this.die(`after ${what}`);
  }

  private die(where: string): never {
    this.dead = true;
    throw new Killed(where);
  }

  cloud(api: AwsApi): AwsApi {
    return {
      call: (operation, input) =>
        isMutating(operation)
          ? this.write('cloud', operation, () => api.call(operation, input))
          : this.alive(() => api.call(operation, input)),
    };
  }

  evidence(store: EvidenceStore, wrote: string[]): EvidenceStore {
    const noted = (name: string, act: () => Promise<void>): Promise<void> =>
      this.write('evidence', name, async () => {
        await act();
        wrote.push(name);
      });
    return {
      where: store.where,
      list: (folder) => this.alive(() => store.list(folder)),
      read: (name) => this.alive(() => store.read(name)),
      create: (name, bytes) => noted(name, () => store.create(name, bytes)),
      replace: (name, bytes) => noted(name, () => store.replace(name, bytes)),
      append: (name, line) => noted(name, () => store.append(name, line)),
    };
  }
}
