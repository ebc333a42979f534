// Attacks on a whole run by somebody who can write to evidence/ and intents/, which no tag covers, or who runs the program without the right key.
import { describe, expect, test } from 'vitest';
import { canonicalBytes, parseCanonical } from '../../src/kernel/canonical.ts';
import { sha256 } from '../../src/kernel/digest.ts';
import { GovbootError } from '../../src/kernel/errors.ts';
import { instantFromMs } from '../../src/kernel/time.ts';
import type { LedgerEntry } from '../../src/inputs/evidence-documents.ts';
import { backendRender } from '../../src/commands/backend-render.ts';
import { trustPin } from '../../src/commands/trust-pin.ts';
import { verify } from '../../src/commands/verify.ts';
import type { Repository } from '../../src/ports.ts';
import { pinOf } from '../harness/facts.ts';
import { makePorts } from '../harness/ports.ts';
import { makeWorld, repositoryOf, type Who, type World } from '../harness/world.ts';
import {
  applied,
  expectValid,
  findingsOf,
  ledgerOf,
  lockedWorld,
  play,
  said,
  typesOf,
} from './street/playing.ts';

/** Puts an entry after the last one, rightly chained, by whoever can write to the folder. */
async function plant(world: World, by: Who, entry: Record<string, unknown>): Promise<void> {
  const entries = ledgerOf(world);
  const seq = entries.length;
  const file = (n: number) => `ledger/${String(n).padStart(8, '0')}.json`;
  const before = world.store.files.get(file(seq - 1));
  const bytes = canonicalBytes({
    schema: 'govboot.ledger-entry/v1',
    mode: 'LIVE',
    refs: [],
    ...entry,
    seq,
    time: instantFromMs(world.clock.ms),
    prev_sha256: before === undefined ? null : sha256(before),
    actor: { fingerprint: world.cast[by].fingerprint },
  });
  world.store.files.set(file(seq), bytes);
  world.store.files.set(`${file(seq)}.asc`, await world.cast[by].sign(bytes, instantFromMs(world.clock.ms)));
  world.store.files.set(`keys/${world.cast[by].fingerprint}.asc`, world.cast[by].keyFile);
}

const REPOSITORY = (world: World): string =>
  (ledgerOf(world)[0] as Extract<LedgerEntry, { type: 'GENESIS' }>).body.origin.repository;

const genesis = (repository: string, mode = 'LIVE') => ({
  type: 'GENESIS',
  mode,
  body: { origin: { repository, environment: 'dev', mode }, roots: { threshold: 1, keys: ['0'.repeat(40)] } },
});

async function thrown(run: Promise<unknown>): Promise<GovbootError> {
  const error: unknown = await run.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(GovbootError);
  return error as GovbootError;
}

describe('a refusal is put on record only where that does no harm', () => {
  test.each(['bob', 'mallory'] as const)(
    'by %s, who may not sign evidence: the ledger stays as it is, and good',
    async (signer) => {
      const world = await lockedWorld();
      const before = new Map(world.store.files);
      const { ports, error } = await play({ world, signer });
      expect(error?.code).toMatch(/^SIGNER_/);
      expect(world.store.files).toEqual(before);
      expect(said(ports).join('\n')).toMatch(/could not be put into the ledger: .*evidence/);
      await expectValid(world);
    },
  );

  test('nor by one whom only a trust file of the attacker gives the role', async () => {
    const world = await lockedWorld();
    const before = new Map(world.store.files);
    world.edit('policies/trust.yaml', 'roles: [approver]', 'roles: [approver, evidence]');
    const { error } = await play({ world, signer: 'bob' });
    expect(error?.code).toBe('GATES_REFUSED');
    expect(world.store.files).toEqual(before);
  });

  test('a trust file of another repository cannot keep the refusal out of ours: the evidence is held against the pin', async () => {
    const world = await lockedWorld();
    const size = ledgerOf(world).length;
    world.pins.splice(0, 1, pinOf({ path: '/srv/repository' }));
    world.edit('policies/trust.yaml', REPOSITORY(world), '0b1f6c2e-6d0d-4c7e-9d4a-5f0a1c2b3d4e');
    const { ports } = await play({ world });
    expect(findingsOf(ports)).toContain('source: REPO_ID_MISMATCH');
    expect(findingsOf(ports).filter((found) => found.startsWith('immutability'))).toEqual([]);
    expect(typesOf(world).slice(size)).toEqual(['GATE_FAIL']);
  });

  test('a folder that cannot be listed is a finding like any other, and is recorded', async () => {
    for (const folder of ['policies', 'policies/keys', 'templates']) {
      const world = await lockedWorld();
      const size = ledgerOf(world).length;
      const wrong = `${folder}/link is a symbolic link`;
      const open = async (): Promise<Repository> => {
        const repository = repositoryOf(world);
        const list: Repository['list'] = (asked) =>
          asked === folder ? Promise.reject(new GovbootError('FILE_UNSAFE', wrong)) : repository.list(asked);
        return { ...repository, list };
      };
      const { ports, error } = await play({
        world,
        overrides: { repository: { ...makePorts({ world }).repository, open } },
      });
      expect(error?.code).toBe('GATES_REFUSED');
      expect(findingsOf(ports)).toContain(
        folder === 'templates' ? 'parity: FILE_UNSAFE' : 'source: FILE_UNSAFE',
      );
      expect(typesOf(world).slice(size)).toEqual(['GATE_FAIL']);
    }
  });

  test('over a forged entry nothing is added, and nothing is sealed', async () => {
    const world = await lockedWorld();
    world.clock.pass(60_000);
    await plant(world, 'mallory', {
      type: 'DECLINED',
      body: {
        run: 'r',
        intent_sha256: '0'.repeat(64),
        plan_sha256: '0'.repeat(64),
        code: 'CONFIRM',
        why: 'x',
      },
    });
    const before = new Map(world.store.files);
    const { error, ports } = await play({ world });
    expect(error?.code).toBe('GATES_REFUSED');
    expect(world.store.files).toEqual(before);
    expect(said(ports).join('\n')).toMatch(/could not be put into the ledger: .*not consistent/);
  });

  test('what an unsigned intent says cannot make an entry that nobody can read', async () => {
    const world = await lockedWorld();
    const size = ledgerOf(world).length;
    world.write(
      'intents/dev.yaml',
      `${'k'.repeat(1_000)}: 1\n${Array.from({ length: 2_000 }, (_, i) => `x${String(i)}: 1\n`).join('')}`,
    );
    const { error } = await play({ world });
    expect(error?.code).toBe('GATES_REFUSED');
    expect(typesOf(world).slice(size)).toEqual(['GATE_FAIL']);
    const body = ledgerOf(world).at(-1)?.body as { findings: { message: string }[] };
    expect(body.findings.length).toBeLessThanOrEqual(100);
    expect(body.findings.map(({ message }) => message).join('\n')).toMatch(/and \d+ more$/m);
    await expectValid(world);
  });

  test('nor what a server says when a step fails', async () => {
    const world = await makeWorld();
    const { error } = await play({
      world,
      doors: ({ cloud, claims }) => ({
        cloud: {
          ...cloud,
          perform: () => Promise.reject(new GovbootError('CLOUD_FAILED', 'no '.repeat(9_000))),
        },
        claims,
      }),
    });
    expect(error?.code).toBe('CLOUD_FAILED');
    expect(ledgerOf(world).at(-1)?.type).toBe('APPLY_FAILED');
    await applied(world, { resume: true });
    await expectValid(world);
  });
});

describe('evidence that somebody else put there', () => {
  test('a ledger begun by a stranger, before the first run', async () => {
    const world = await makeWorld();
    await plant(world, 'mallory', genesis('1b4e28ba-2fa1-41d2-883f-0016d3cca427'));
    const { ports, error } = await play({ world });
    expect(error?.code).toBe('GATES_REFUSED');
    expect(findingsOf(ports)).toContain('immutability: EVIDENCE_INVALID');
    expect(ports.changed()).toEqual([]);
  });

  test('the same for the right repository: no trust file speaks for it yet', async () => {
    const other = await lockedWorld();
    const world = await makeWorld();
    await plant(world, 'mallory', genesis(REPOSITORY(other)));
    const { ports, error } = await play({ world });
    expect(error?.code).toBe('GATES_REFUSED');
    expect(findingsOf(ports)).toContain('immutability: EVIDENCE_INVALID');
    expect(ports.asked).toEqual([]);
  });

  test('a ledger that one of us began and did not get further with is gone on with', async () => {
    const other = await lockedWorld();
    const world = await makeWorld();
    await plant(world, 'alice', genesis(REPOSITORY(other)));
    await applied(world);
    await expectValid(world);
  });

  test('a rehearsal that was copied into the place of the live evidence', async () => {
    const world = await makeWorld();
    expect((await play({ world, mode: 'REHEARSAL' })).error).toBeNull();
    const { ports, error } = await play({ world });
    expect(error?.code).toBe('GATES_REFUSED');
    expect(findingsOf(ports)).toContain('immutability: EVIDENCE_INVALID');
    const live = makePorts({ world });
    expect(
      (
        await thrown(
          verify(live, { environment: 'dev', from: null, proof: null, anchor: null, rehearse: false }),
        )
      ).code,
    ).toBe('EVIDENCE_INVALID');
    await verify(makePorts({ world, mode: 'REHEARSAL' }), {
      environment: 'dev',
      from: null,
      proof: null,
      anchor: null,
      rehearse: true,
    });
  });

  test('a folder that changes between two readings is read once', async () => {
    const world = await lockedWorld();
    const { evidence } = makePorts({ world });
    const reads: string[] = [];
    const counted: typeof evidence = (environment) => {
      const store = evidence(environment);
      return { ...store, read: (name) => (reads.push(name), store.read(name)) };
    };
    const { ports } = await play({ world, overrides: { evidence: counted } });
    expect(ports.asked).toEqual([]);
    expect(reads.filter((name) => name === 'ledger/00000000.json')).toHaveLength(1);
  });
});

describe('backend files come only from evidence that holds', () => {
  const render = { environment: 'dev', format: 'hcl', out: null, rehearse: false } as const;

  test('a lock of good evidence is rendered', async () => {
    const world = await lockedWorld();
    const ports = makePorts({ world });
    await backendRender(ports, render);
    expect(ports.events.at(-1)).toMatchObject({ type: 'result', command: 'backend render' });
  });

  test('whoever writes evidence of their own, with a chain that is right, gets no backend file', async () => {
    const world = await lockedWorld();
    // The last entry anew, by a stranger: only the signature tells.
    const entries = ledgerOf(world);
    const name = `ledger/${String(entries.length - 1).padStart(8, '0')}.json`;
    const entry = {
      ...(parseCanonical(world.store.files.get(name)!, name) as object),
      actor: { fingerprint: world.cast.mallory.fingerprint },
    };
    const bytes = canonicalBytes(entry);
    world.store.files.set(name, bytes);
    world.store.files.set(`${name}.asc`, await world.cast.mallory.sign(bytes, instantFromMs(world.clock.ms)));
    world.store.files.set(`keys/${world.cast.mallory.fingerprint}.asc`, world.cast.mallory.keyFile);
    for (const head of ['checkpoint', 'checkpoint.asc', 'SHA256SUMS', 'SHA256SUMS.asc'])
      world.store.files.delete(head);
    const ports = makePorts({ world });
    expect((await thrown(backendRender(ports, render))).code).toBe('EVIDENCE_INVALID');
    expect(ports.events.filter(({ type }) => type === 'result')).toEqual([]);
  });

  test('nor does evidence that no pin of this machine reaches', async () => {
    const world = await lockedWorld();
    const ports = makePorts({
      world,
      overrides: { pins: { file: 'pins', load: async () => [], save: async () => undefined } },
    });
    expect((await thrown(backendRender(ports, render))).code).toBe('EVIDENCE_UNDECIDED');
  });
});

describe('trust does not go back', () => {
  test('an older list of people is refused once a newer one was used here, whatever the pin says', async () => {
    const world = await makeWorld();
    const older = new Map([...world.files].filter(([path]) => path.startsWith('policies/trust.yaml')));
    world.edit('policies/trust.yaml', 'version: 3', 'version: 4');
    await world.sign('policies/trust.yaml', ['root']);
    await world.release('v1.0.1');
    await world.intent();
    await applied(world);
    for (const [path, bytes] of older) world.files.set(path, bytes);
    await world.release('v1.0.2');
    await world.intent({ supersedes: sha256(world.store.files.get('.backend.lock')!) });
    const { ports, error } = await play({ world });
    expect(error?.code).toBe('GATES_REFUSED');
    expect(findingsOf(ports)).toContain('source: TRUST_ROLLBACK');
  });

  test('a pin is not moved back to an older list', async () => {
    const world = await makeWorld();
    world.pins.splice(0, 1, { ...world.pins[0]!, trustVersion: 9 });
    const ports = makePorts({ world });
    expect(
      (await thrown(trustPin(ports, { roots: [world.cast.root.fingerprint], threshold: null }))).code,
    ).toBe('TRUST_ROLLBACK');
    expect(world.pins).toHaveLength(1);
  });
});

describe('what is there already', () => {
  test('and was made by a run that the evidence does not know is told before it is adopted', async () => {
    const world = await lockedWorld();
    world.store.files.clear();
    // It was finished, and no evidence says so any more: only an intent that says so goes on from there.
    await world.intent();
    expect((await play({ world })).error?.code).toBe('LOCKED_ELSEWHERE');
    await world.intent({ action: 'adopt' });
    const { ports, error } = await play({ world });
    expect(error).toBeNull();
    const told = said(ports).filter((text) => text.includes('does not know'));
    expect(told.map((text) => text.split(' ')[0])).toEqual(
      expect.arrayContaining(['state-key', 'state-bucket', 'lock-table', 'role-operator']),
    );
    expect(told[0]).toMatch(/made by run [0-9a-f-]{36}/);
  });

  test('and was made by a run of this evidence is not', async () => {
    const { ports } = await play({ world: await lockedWorld() });
    expect(said(ports).filter((text) => text.includes('does not know'))).toEqual([]);
  });
});

test('a flood of signature files beside a document is refused before any of them is verified', async () => {
  const world = await makeWorld();
  for (let i = 0; i < 40; i++)
    world.files.set(
      `intents/dev.yaml.${String(i).padStart(40, '0')}.asc`,
      world.files.get(`intents/dev.yaml.${world.cast.alice.fingerprint}.asc`)!,
    );
  const { ports, error } = await play({ world });
  expect(error?.code).toBe('GATES_REFUSED');
  expect(findingsOf(ports)).toContain('intent: SIG_COUNT');
});

describe('nobody is asked who is calling', () => {
  const ENDPOINT = 'http://127.0.0.1:5000';
  /** Counts how often a way to the cloud was opened. */
  async function openings(
    change: (world: World) => unknown,
  ): Promise<{ opened: number; found: readonly string[] }> {
    const world = await makeWorld();
    await change(world);
    let opened = 0;
    const { ports, error } = await play({
      world,
      answer: () => ({ is: 'cancelled' }),
      overrides: {
        cloud: async () => {
          opened += 1;
          throw new GovbootError('CLOUD_UNREACHABLE', 'nobody is there');
        },
      },
    });
    expect(error?.code).toBe('GATES_REFUSED');
    return { opened, found: findingsOf(ports) };
  }
  const named = (text: string): string => text.replace('endpoint: null', `endpoint: "${ENDPOINT}"`);

  test('at an endpoint that only an altered intent names', async () => {
    const { opened, found } = await openings((world) =>
      world.edit('intents/dev.yaml', 'endpoint: null', `endpoint: "${ENDPOINT}"`),
    );
    expect(opened).toBe(0);
    expect(found).toEqual(expect.arrayContaining(['intent: SIG_BAD', 'identity: ENDPOINT']));
  });

  test('nor where the tag that says who may sign is refused', async () => {
    const { opened, found } = await openings(async (world) => {
      await world.intent({ change: named });
      world.edit('policies/parity.yaml', 'noncurrent_days: 365', 'noncurrent_days: 30');
    });
    expect(opened).toBe(0);
    expect(found).toEqual(expect.arrayContaining(['source: TREE_MISMATCH', 'identity: ENDPOINT']));
  });

  test('but at one that a good intent names, and at the provider itself', async () => {
    expect((await openings((world) => world.intent({ change: named }))).opened).toBe(1);
    expect((await openings(() => undefined)).opened).toBe(1);
  });
});

test('what a person should know before confirming is told: the endpoint of the intent', async () => {
  const world = await makeWorld();
  await world.intent({
    change: (text) => text.replace('endpoint: null', 'endpoint: "http://127.0.0.1:5000"'),
  });
  expect(said((await play({ world })).ports)).toContain('the intent names endpoint http://127.0.0.1:5000');
});
