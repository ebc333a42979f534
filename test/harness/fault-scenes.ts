/**
 * Prepared scenes for faults on the real program: a governed repository and a cloud as it stands before a run, from which every point
 * starts with a copy of the one and a fork of the other. There are three, one for each way in which a run changes a cloud.
 */
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { runCli, type CliResult } from './cli.ts';
import { drift } from './drift.ts';
import type { CallRecord, FaultProxy, Lane, Rule } from './fault-proxy.ts';
import { commitAll, temporaryFolder } from './git-fixture.ts';
import { makeGoverned, type Governed } from './governed-repo.ts';
import { motoEnv, type MotoCopy } from './moto.ts';
import { observeCloud, type ObservedCloud } from './observed-cloud.ts';
import { playAt, startGovboot, type Played } from './operator.ts';
import type { Terminal } from './pty.ts';

/** `action` is that of the intent. */
export const KINDS = {
  /** Nothing is there. */
  fresh: { action: 'create', intent: 'intents/dev.yaml' },
  /** A locked backend, and a newer policy, tag and intent that change controls of every resource. */
  superseding: { action: 'supersede', intent: 'intents/two.yaml' },
  /** A locked backend whose controls somebody changed behind its back. */
  correcting: { action: 'correct', intent: 'intents/correct.yaml' },
} as const;
export type Kind = keyof typeof KINDS;

export interface Scene {
  readonly kind: Kind;
  /** The repository, home and keys of the operator, as they are before the run. */
  readonly folder: string;
  readonly cloud: MotoCopy;
  readonly proxy: FaultProxy;
}

/** A copy of a scene in which one run, and its recovery, is played. */
export interface Site {
  readonly folder: string;
  readonly cloud: MotoCopy;
  readonly lane: Lane;
  /** Starts an apply at a terminal; `playAt` types what it asks for. */
  start(...more: readonly string[]): Terminal;
  play(...more: readonly string[]): Promise<Played>;
  /** Without a terminal. */
  run(args: readonly string[]): Promise<CliResult>;
  /** Types of all entries of the ledger, in order, with the run that each is of. */
  ledger(): readonly { readonly type: string; readonly run: string | null }[];
  ledgerSize(): number;
  lock(): Lock;
  observe(): Promise<ObservedCloud>;
  close(): Promise<void>;
}

/** Of `.backend.lock`, as far as it is looked at. */
export interface Lock {
  readonly run: { readonly steps: readonly { readonly id: string; readonly retries: number }[] };
}

export async function openSite({ kind, folder, cloud, proxy }: Scene): Promise<Site> {
  const own = mkdtempSync(join(tmpdir(), 'govboot-fault-'));
  copyClone(folder, own);
  const root = join(own, 'infra');
  const pins = join(own, 'home', 'pins.json');
  const fork = await cloud.fork();
  const lane = proxy.lane();
  lane.aim(fork.endpoint);
  const env = {
    ...{ ...motoEnv(proxy.endpoint), AWS_ACCESS_KEY_ID: lane.accessKey },
    ...{ HOME: join(own, 'home'), XDG_CONFIG_HOME: join(own, 'home', '.config') },
    ...{ XDG_STATE_HOME: join(own, 'home', '.state') },
  };
  const globals = ['--repo', root, '--pins', pins, '--key', join(own, 'keys', 'alice.key')];
  const evidence = join(root, 'evidence', 'dev');
  const entries = (): readonly string[] => {
    const folder = join(evidence, 'ledger');
    const names = existsSync(folder) ? readdirSync(folder) : [];
    return names.filter((name) => /^\d{8}\.json$/.test(name)).sort();
  };
  const started: Terminal[] = [];
  const start: Site['start'] = (...more) => {
    const terminal = startGovboot([...globals, 'apply', 'dev', '--intent', KINDS[kind].intent, ...more], {
      ...{ cwd: own, env },
      ...{ rows: 60, cols: 200 },
    });
    started.push(terminal);
    return terminal;
  };
  return {
    ...{ folder: own, cloud: fork, lane, start },
    play: (...more) => playAt(start(...more)),
    run: (args) => runCli([...globals, ...args], { cwd: own, env }),
    ledgerSize: () => entries().length,
    ledger: () =>
      entries().map((name) => {
        const text = readFileSync(join(evidence, 'ledger', name), 'utf8');
        const { type, body } = JSON.parse(text) as { type: string; body: { run?: string } };
        return { type, run: body.run ?? null };
      }),
    lock: () => JSON.parse(readFileSync(join(evidence, '.backend.lock'), 'utf8')) as Lock,
    observe: () => observeCloud(fork.endpoint),
    async close() {
      for (const terminal of started) terminal.kill('SIGKILL');
      await Promise.all(started.map(({ exit }) => exit));
      await lane.quiet();
      await fork.stop();
      rmSync(own, { recursive: true, force: true });
    },
  };
}

/** How an undisturbed run ends, and which calls it makes. */
export interface Undisturbed {
  readonly calls: readonly CallRecord[];
  readonly cloud: ObservedCloud;
}

/** @throws when the undisturbed run does not end well */
export async function undisturbed(scene: Scene): Promise<Undisturbed> {
  const site = await openSite(scene);
  const played = await site.play();
  if (played.code !== 0)
    throw new Error(`undisturbed, the ${scene.kind} apply ended with ${played.code}:\n${played.screen}`);
  const calls = [...site.lane.records];
  const cloud = await site.observe();
  await site.close();
  return { calls, cloud };
}

/** The scene of a fresh apply alone. @param empty a moto that holds nothing */
export async function makeFresh(proxy: FaultProxy, empty: MotoCopy): Promise<Scene> {
  const { folder } = await govern(proxy, join(temporaryFolder(), 'team'));
  return { kind: 'fresh', folder, cloud: empty, proxy };
}

/** @param init further options of `init` */
export function govern(proxy: FaultProxy, folder: string, init: readonly string[] = []): Promise<Governed> {
  const env = motoEnv(proxy.endpoint);
  return makeGoverned({ folder, endpoint: proxy.endpoint, github: true, locking: 'both', env, init });
}

/** All scenes, each made from the one before it. @param empty a moto that holds nothing */
export async function makeScenes(proxy: FaultProxy, empty: MotoCopy): Promise<Readonly<Record<Kind, Scene>>> {
  const folder = temporaryFolder();
  const governed = await govern(proxy, join(folder, 'team'));
  const keep = (kind: Kind): string => {
    const kept = join(folder, kind);
    copyClone(governed.folder, kept);
    return kept;
  };
  const fresh: Scene = { kind: 'fresh', folder: keep('fresh'), cloud: empty, proxy };
  const locked = await empty.fork();
  await bootstrap(governed, proxy, locked);
  await intentOf(governed, 'correcting');
  const drifted = await locked.fork();
  await drift(drifted.endpoint);
  const correcting: Scene = { kind: 'correcting', folder: keep('correcting'), cloud: drifted, proxy };
  await release(governed);
  await intentOf(governed, 'superseding');
  const superseding: Scene = { kind: 'superseding', folder: keep('superseding'), cloud: locked, proxy };
  return { fresh, superseding, correcting };
}

/** Another clone of the same repository. A pin knows its folder, so the copy gets a pin of its own. */
function copyClone(from: string, to: string): void {
  cpSync(from, to, { recursive: true, verbatimSymlinks: true });
  const pins = join(to, 'home', 'pins.json');
  const text = readFileSync(pins, 'utf8').replaceAll(join(from, 'infra'), join(to, 'infra'));
  writeFileSync(pins, text, { mode: 0o600 });
}

export async function bootstrap(
  governed: Governed,
  proxy: FaultProxy,
  cloud: MotoCopy,
  rules: readonly Rule[] = [],
): Promise<void> {
  const lane = proxy.lane();
  lane.aim(cloud.endpoint);
  lane.script(rules);
  const args = [...governed.globals, '--key', governed.keyFile('alice'), 'apply', 'dev'];
  const env = { ...governed.env, AWS_ACCESS_KEY_ID: lane.accessKey };
  const played = await playAt(startGovboot(args, { cwd: governed.folder, env, rows: 60 }));
  if (played.code !== 0) throw new Error(`the backend could not be made:\n${played.screen}`);
}

function intentOf(governed: Governed, kind: Kind): Promise<void> {
  return governed.intent('dev', ['--action', KINDS[kind].action, '--out', KINDS[kind].intent]);
}

/** A newer policy, released: it changes something of every resource. */
async function release(governed: Governed): Promise<void> {
  const path = join(governed.repo.root, 'policies', 'parity.yaml');
  const changes: readonly (readonly [string, string])[] = [
    ['noncurrent_days: 365', 'noncurrent_days: 400'],
    ['pitr_days: 35', 'pitr_days: 30'],
    ['key_rotation_days: 365', 'key_rotation_days: 180'],
    ['ManagedBy: govboot', 'ManagedBy: govboot\n    CostCentre: platform'],
    ['operator:\n    session_seconds: 3600', 'operator:\n    session_seconds: 7200'],
    [
      'principals: ["arn:{partition}:iam::{account}:root"]',
      'principals: ["arn:{partition}:iam::{account}:root", "arn:{partition}:iam::{account}:role/lead"]',
    ],
  ];
  const before = readFileSync(path, 'utf8');
  const after = changes.reduce((text, [from, to]) => {
    if (!text.includes(from)) throw new Error(`the policy does not hold ${from}`);
    return text.replace(from, to);
  }, before);
  writeFileSync(path, after);
  commitAll(governed.repo, 'A newer policy');
  await governed.tag('v1.1.0', 'alice');
}

/** Ends a process that may have ended already. */
export function end(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It was quicker.
  }
}
