/**
 * Every port of one process, over a world that outlives it (world.ts), so that it may be killed at any write. The cloud is the
 * rehearsal cloud in memory under the real AWS adapter.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sameBytes } from '../../src/kernel/canonical.ts';
import { sha256 } from '../../src/kernel/digest.ts';
import { GovbootError } from '../../src/kernel/errors.ts';
import type { Event } from '../../src/kernel/events.ts';
import { instantFromMs } from '../../src/kernel/time.ts';
import type { EnvironmentFacts, Mode } from '../../src/inputs/facts.ts';
import type { AwsApi } from '../../src/cloud/aws/api.ts';
import { makeBucketVault } from '../../src/cloud/aws/bucket-vault.ts';
import { makeAwsCloud } from '../../src/cloud/aws/cloud.ts';
import { isMutating } from '../../src/cloud/aws/guard.ts';
import { makeRehearsalApi, type RehearsalApi, type RehearsalOptions } from '../../src/cloud/rehearsal/api.ts';
import type { Answer, Claims, Clock, Cloud, EvidenceStore, Ports, Signer } from '../../src/ports.ts';
import { encode } from './facts.ts';
import { fakeVerifier } from './fake-crypto.ts';
import { Killed } from './memory-store.ts';
import { memoryVault } from './memory-vault.ts';
import { PROGRAM, repositoryOf, START, type Who, type World } from './world.ts';
import { witnesses } from './witnesses.ts';

export { makeWorld, type World } from './world.ts';

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
  readonly answer?: (asked: {
    readonly text: string;
    readonly token: string;
    readonly n: number;
  }) => Answer | Promise<Answer>;
  /** Who signs the evidence. */
  readonly signer?: Who;
  /** What becomes of the n-th signature, from 1; good ones without it. */
  readonly signs?: (n: number) => Signing;
  readonly rehearsal?: Partial<RehearsalOptions>;
  readonly machine?: Partial<EnvironmentFacts>;
  readonly interrupted?: () => boolean;
  /** Answers of the wizard, in order; without them nobody can be asked. */
  readonly wizard?: readonly string[];
  /** Stands between the adapter and the cloud. */
  readonly between?: (api: AwsApi) => AwsApi;
  readonly doors?: (doors: { cloud: Cloud; claims: Claims }) => { cloud: Cloud; claims: Claims };
  readonly overrides?: Partial<Ports>;
}

/** `refused`: the agent is gone, or the card was pulled. `worthless`: what comes back does not verify, as by a key that has expired. */
export type Signing = 'good' | 'refused' | 'worthless';

export interface TestPorts extends Ports {
  readonly events: Event[];
  /** Prompts that were shown. */
  readonly asked: string[];
  /** Changing calls that reached the cloud. */
  readonly changed: () => readonly string[];
  /** Names of evidence that this process wrote. */
  readonly wrote: string[];
  /** How often it signed, or tried to. */
  readonly signed: () => number;
  readonly api: RehearsalApi;
}

export const typed = (text: string): Answer => ({ is: 'typed', text });

/** The ports of one process over a world. */
export function makePorts(options: PortsOptions): TestPorts {
  const { world, mode = 'LIVE', interrupted = () => false, between = (same) => same } = options;
  const clock = clockOf(world, interrupted);
  const life = new Life(options.mishap);
  const { events, asked, terminal } = personOf(options, clock, life);
  const wrote: string[] = [];
  const signing = signerOf(options, clock, life);
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
  const doors = makeAwsCloud({
    api: between(life.cloud(api)),
    clock,
    account: '111111111111',
    region: 'eu-central-1',
  });
  return {
    mode,
    version: '0.0.0-test',
    witnesses,
    clock,
    random: {
      uuid: () => `00000000-0000-4000-8000-${String(world.next()).padStart(12, '0')}`,
      hex: (bytes) => sha256(`random ${String(world.next())}`).slice(0, 2 * bytes),
    },
    emit: (event) => void events.push(event),
    repository: {
      open: async () => life.alive(() => repositoryOf(world)),
      tagsAtHead: async () => world.releases.slice(-1).map(({ tag }) => tag.name),
      // Paths of the world are those of the repository; what is named absolutely or upwards lies outside of it.
      placeOf: async (path) => (/^(\/|\.\.\/)/.test(path) ? null : path),
    },
    verifier: fakeVerifier(Object.values(world.cast)),
    signer: signing.signer,
    evidence: () => life.evidence(world.store, wrote),
    exhibit: async () => life.evidence(world.store, wrote),
    files: filesOf(world),
    trustFiles: trustFilesOf(world),
    pins: {
      file: '/home/operator/.config/govboot/pins.json',
      load: async () => world.pins,
      save: async (pin) => void world.pins.push(pin),
    },
    terminal,
    vault: async (target) =>
      target.kind === 'folder'
        ? (world.vaults[target.place] ??= memoryVault(target))
        : makeBucketVault({ api: between(life.cloud(api)), clock, place: target }),
    cloud: async () => (options.doors ?? ((same) => same))(doors),
    machine: {
      environment: () => ({ weakening: [], endpoints: [], proxies: [], credentials: [], ...options.machine }),
      tools: async () => [{ name: 'govboot', version: '0.0.0-test', sha256: null }],
      programs: async () => [],
    },
    checkup: async () => ({
      programs: async () => [{ name: 'node', path: '/usr/bin/node', version: '24.11.1' }],
      agent: async () => null,
      place: async (path) => ({ path, is: 'missing', mode: null, writable: true, freeBytes: null }),
      secrets: [],
    }),
    cloudClock: { ask: async () => ({ cloud: clock.now(), here: clock.now() }) },
    // Whether rules hold is tried on the engine itself; here a policy that names some is a mistake of the test.
    rules: { evaluate: async () => Promise.reject(new Error('no rules were expected')) },
    interrupted,
    wizard: wizardOf(options.wizard),
    suggestions: {
      about: async () => ({
        folder: 'repository',
        way: null,
        isRepository: true,
        origin: null,
        person: null,
        region: null,
      }),
      secretKeys: async () => [],
      publicKey: async () => null,
    },
    folders: { files: async () => null, entries: async () => null },
    scaffold: async (path) => new Uint8Array(await readFile(join(PROGRAM, path))),
    ...options.overrides,
    events,
    asked,
    wrote,
    signed: signing.count,
    api,
    changed: () =>
      api
        .calls()
        .filter(({ operation }) => isMutating(operation))
        .map(({ operation }) => operation),
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
      return typed(text.startsWith('Token') ? token : (/^Type (\w+) to /.exec(text)?.[1] ?? ''));
    },
  };
  return { events, asked, terminal };
}

function signerOf({ world, signer: who = 'alice', signs }: PortsOptions, clock: Clock, life: Life) {
  const { fingerprint, userId, sign } = world.cast[who];
  let count = 0;
  const one = async (bytes: Uint8Array): Promise<Uint8Array> => {
    count += 1;
    switch (signs?.(count) ?? 'good') {
      case 'good':
        return sign(bytes, clock.now());
      case 'refused':
        throw new GovbootError('SIGNER', 'the card was removed');
      case 'worthless':
        return encode('-----BEGIN PGP SIGNATURE-----\n\n-----END PGP SIGNATURE-----\n');
    }
  };
  const signer: Signer = {
    identity: async () => ({ fingerprint, userId, backend: 'software', tool: 'fake' }),
    sign: (bytes) => life.alive(() => one(bytes)),
  };
  return { signer, count: () => count };
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

function trustFilesOf({ files }: World): Ports['trustFiles'] {
  return {
    replace: async (path, was, bytes) => {
      if (!sameBytes(files.get(path)!, was)) throw new GovbootError('FILE_UNSAFE', `${path} changed`);
      files.set(path, bytes);
    },
    remove: async (path) => void files.delete(path),
  };
}

function wizardOf(answers: readonly string[] | undefined): Ports['wizard'] {
  const left = [...(answers ?? [])];
  const next = ({ message, problem }: Parameters<Ports['wizard']['ask']>[0]): string => {
    const text = left.shift();
    if (text === undefined) throw new Error(`asked "${message}", and nobody answers`);
    return problem(text) === null ? text : next({ message, problem });
  };
  return {
    interactive: answers !== undefined,
    ask: async (question) => next(question),
    choose: async ({ message, choices }) =>
      next({
        message,
        problem: (text) => (choices.some(({ value }) => value === text) ? null : 'not one of them'),
      }),
    secret: async () => '',
  };
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
    if (this.full && at === 'evidence')
      throw new GovbootError('EVIDENCE_WRITE', `${what}: no space left (simulated)`);
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
