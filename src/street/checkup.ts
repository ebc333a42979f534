/** Facts for the doctor: every look side by side, each for itself, so that one that fails silences no other. Never writes. */
import type { Instant } from '../kernel/time.ts';
import type { Parity } from '../inputs/parity.ts';
import { environmentOf } from '../inputs/settings.ts';
import { readLedger } from '../evidence/ledger.ts';
import type { DoctorFacts, Look, MachineFacts, RepositoryFacts, TrustFacts } from '../doctor/facts.ts';
import { PROGRAMS } from '../doctor/machine.ts';
import { findingsOf, judgeProcess } from '../gates/process.ts';
import type { CloudTarget, Ports } from '../ports.ts';
import { assertKnown, readPolicy } from './environments.ts';
import { keyFilesOf } from './gather.ts';
import { look, unlooked } from './look.ts';
import { readTrustState } from './trust-state.ts';

export interface CheckupRequest {
  /** null: the only one of the policy, if it has one alone. */
  readonly environment: string | null;
  /** No cloud is asked. */
  readonly offline: boolean;
}

/** @throws USAGE for an environment that the policy does not have; what cannot be looked at is a fact, and throws nothing */
export async function checkUp(ports: Ports, { environment, offline }: CheckupRequest): Promise<DoctorFacts> {
  const machine = machineFacts(ports);
  const repository = await repositoryFacts(ports);
  const policy = repository.policy.is === 'seen' ? repository.policy.value : null;
  const names = policy === null ? [] : Object.keys(policy.environments);
  const only = names.length === 1 ? (names[0] ?? null) : null;
  const chosen = environment ?? only;
  if (policy !== null && environment !== null) assertKnown(policy, environment);
  const target = targetOf(policy, chosen, repository.trust);
  const cloud = cloudFacts(ports, offline ? unlooked('--offline asks no cloud') : target);
  return {
    now: ports.clock.now(),
    environment: chosen,
    machine: await machine,
    repository,
    cloud: await cloud,
  };
}

async function machineFacts(ports: Ports): Promise<MachineFacts> {
  const { machine, terminal } = ports;
  const checkup = await ports.checkup();
  const secrets = checkup.secrets.map(async ({ what, path }) => ({
    what,
    place: await look(() => checkup.place(path)),
  }));
  const [programs, agent, environment, ...places] = await Promise.all([
    look(() => checkup.programs(PROGRAMS)),
    look(() => checkup.agent()),
    look(() => machine.environment()),
    ...secrets,
  ]);
  return { programs, agent, environment, terminal: terminal.unusable(), secrets: places };
}

/** Outside of a repository there is nothing to be looked at, which is told once. */
async function repositoryFacts(ports: Ports): Promise<RepositoryFacts> {
  const { pins } = ports;
  const checkup = await ports.checkup();
  const [root, pinned, pinsFile] = await Promise.all([
    look(async () => (await ports.repository.open()).root),
    look(() => pins.load()),
    look(() => checkup.place(pins.file)),
  ]);
  if (root.is !== 'seen') {
    const none = unlooked('no repository could be opened here');
    return {
      ...{ root, pins: pinned, pinsFile },
      ...{ trust: none, policy: none, evidence: none, lastRecord: none },
    };
  }
  const [trust, policy, evidence] = await Promise.all([
    look(() => trustFacts(ports)),
    look(() => readPolicy(ports)),
    look(() => checkup.place('evidence')),
  ]);
  const environments = policy.is === 'seen' ? Object.keys(policy.value.environments) : null;
  const lastRecord =
    environments === null
      ? unlooked('the policy, which names the environments, could not be read')
      : await look(() => lastOf(ports, environments));
  return { root, pins: pinned, pinsFile, trust, policy, evidence, lastRecord };
}

async function trustFacts(ports: Ports): Promise<TrustFacts> {
  const { repository, present, pin, unpinned, steps } = await readTrustState(ports);
  const keys = await ports.verifier.keys(await keyFilesOf(repository));
  return {
    trust: present.value,
    pin,
    wrong: [...unpinned, ...steps.flatMap(({ gaps, unsigned }) => [...gaps, ...unsigned])],
    keys: keys.flatMap((read) => (read.is === 'key' ? [read.key] : [])),
  };
}

async function lastOf(ports: Ports, environments: readonly string[]): Promise<Instant | null> {
  const ledgers = await Promise.all(environments.map((name) => readLedger(ports.evidence(name))));
  return (
    ledgers
      .flatMap(({ head }) => head?.entry.time ?? [])
      .toSorted()
      .at(-1) ?? null
  );
}

function targetOf(
  policy: Parity | null,
  environment: string | null,
  trust: RepositoryFacts['trust'],
): Look<CloudTarget> {
  if (policy === null) return unlooked('there is no policy that names an account');
  if (environment === null)
    return unlooked(`no environment is named: ${Object.keys(policy.environments).join(', ')}`);
  const named = environmentOf(policy, environment);
  const [region] = named?.regions ?? [];
  if (named === undefined || region === undefined)
    return unlooked(`the policy has no region of "${environment}"`);
  const repository = trust.is === 'seen' ? trust.value.trust.repository : '';
  return {
    is: 'seen',
    value: {
      provider: 'aws',
      account: named.account,
      region,
      endpoint: null,
      profile: null,
      environment,
      repository,
    },
  };
}

/** The clock first: where nobody answers it, the SDK would try for much longer. Nobody is asked from a process that gate 4 refuses. */
async function cloudFacts(ports: Ports, target: Look<CloudTarget>): Promise<DoctorFacts['cloud']> {
  if (target.is !== 'seen') return { clock: target, caller: target };
  const environment = ports.machine.environment();
  const { endpoints, environment: process } = judgeProcess(environment, null);
  const [wrong] = findingsOf([endpoints, process]);
  const [override] = environment.endpoints;
  const why = wrong?.message ?? (override === undefined ? null : `${override.from} is ${override.url}`);
  if (why !== null) return { clock: unlooked(why), caller: unlooked(why) };
  const clock = await look(() => ports.cloudClock.ask(target.value));
  if (clock.is !== 'seen') return { clock, caller: unlooked('the cloud does not answer') };
  const caller = await look(async () => (await ports.cloud(target.value)).cloud.whoAmI());
  return { clock, caller };
}
