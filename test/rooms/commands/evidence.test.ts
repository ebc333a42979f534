// apply, verify and the three commands of the store, over an environment whose policy has one: what they say, and how they end.
import { describe, expect, test } from 'vitest';
import { GovbootError } from '../../../src/kernel/errors.ts';
import { apply } from '../../../src/commands/apply.ts';
import type { CommandOptions } from '../../../src/commands/command.ts';
import { drift } from '../../../src/commands/drift.ts';
import { evidencePull } from '../../../src/commands/evidence-pull.ts';
import { evidencePush } from '../../../src/commands/evidence-push.ts';
import { evidenceStatus } from '../../../src/commands/evidence-status.ts';
import { verify } from '../../../src/commands/verify.ts';
import { ApiFault, type AwsApi, type Operation } from '../../../src/cloud/aws/api.ts';
import { vaultPrefix } from '../../../src/evidence/vault-layout.ts';
import type { VaultTarget } from '../../../src/ports.ts';
import { OWN_STORE } from '../../../src/street/vault-place.ts';
import { Killed } from '../../harness/memory-store.ts';
import { typed, type PortsOptions, type World } from '../../harness/ports.ts';
import { TAMPERINGS } from '../../harness/tamper.ts';
import {
  expectValid,
  locksOf,
  lockedWorld,
  said,
  storedWorld,
  typesOf,
  withStore,
  play,
} from '../street/playing.ts';
import { DRIFT_OF_DEV, run } from './running.ts';

const DEV = { environment: 'dev', intent: 'intents/dev.yaml', resume: false, approvals: [], rehearse: false };
const STORE = 's3://acme-dev-evidence-111111111111-eu-central-1';
const PUSH = { environment: 'dev', to: OWN_STORE, rehearse: false };
const VERIFY = {
  environment: 'dev',
  from: null,
  proof: null,
  anchor: null,
  store: OWN_STORE,
  rehearse: false,
};
const LOOK = { environment: 'dev', store: OWN_STORE, rehearse: false };

/** The store refuses every call of objects. */
const down =
  (operations: RegExp = /:(PutObject|GetObject|HeadObject|ListObjectVersions|GetObjectRetention)$/) =>
  (api: AwsApi): AwsApi => ({
    call: async (operation: Operation, input) => {
      if (!operations.test(operation)) return api.call(operation, input);
      const [kind, fault, message] = ['unavailable', 'ServiceUnavailable', 'come back later'] as const;
      throw new ApiFault({ operation, kind, fault, message, status: 503, requestId: null, attempts: 1 });
    },
  });

/** A process that dies at one of its writes to the store, by their number from 1; nothing of it does anything any more. */
function killed(at: (n: number) => 'before' | 'after' | null): (api: AwsApi) => AwsApi {
  let n = 0;
  let dead = false;
  return (api) => ({
    call: async (operation, input) => {
      const how = operation === 's3:PutObject' && !dead ? at(++n) : null;
      if (dead || how === 'before') {
        dead = true;
        throw new Killed(`before ${operation}`);
      }
      const output = await api.call(operation, input);
      if (how === null) return output;
      dead = true;
      throw new Killed(`after ${operation}`);
    },
  });
}

async function objectsOf(world: World): Promise<Record<string, number>> {
  const { objects } = (await world.cloud.snapshot()) as unknown as { objects: Record<string, unknown[]> };
  return Object.fromEntries(Object.entries(objects).map(([key, versions]) => [key, versions.length]));
}

const applied = async (world: World, options: Partial<PortsOptions> = {}) =>
  run(apply, DEV, { world, ...options });

describe('apply with a store', () => {
  test('pushes by itself at the end, and the receipt tells what holds it', async () => {
    const world = await storedWorld();
    const { error, lines, value } = await applied(world);
    expect(error).toBeNull();
    expect(lines).toContain(`store     ${STORE}, receipts/00000004.json`);
    expect(value).toMatchObject({ store: { is: 'stored', size: 4, warnings: [] } });
    const receipt = JSON.parse(new TextDecoder().decode(world.store.files.get('receipts/00000004.json')));
    expect(receipt).toMatchObject({
      schema: 'govboot.store-receipt/v1',
      origin: { environment: 'dev' },
      store: { kind: 's3', place: STORE, account: '111111111111', region: 'eu-central-1', endpoint: null },
    });
    expect(
      new Set(receipt.objects.map((one: { retention: { mode: string } }) => one.retention.mode)),
    ).toEqual(new Set(['COMPLIANCE']));
    await expectValid(world);
    const asked = await run(verify, { ...VERIFY }, { world });
    expect(asked.error).toBeNull();
    expect(await run(evidenceStatus, LOOK, { world })).toMatchObject({ error: null });
    const again = await applied(world);
    expect(again.error).toBeNull();
    expect(again.lines).toEqual([
      expect.stringMatching(/^nothing to do/),
      expect.stringMatching(/^lock/),
      `store     ${STORE}`,
    ]);
    expect(Object.values(await objectsOf(world)).every((versions) => versions === 1)).toBe(true);
  });

  test('ends well where the store is down, tells what is pending, and the next push completes it', async () => {
    const world = await storedWorld();
    const { error, lines, ports } = await applied(world, { between: down() });
    expect(error).toBeNull();
    expect(lines).toContain('store     PENDING; next: govboot evidence push dev');
    expect(said(ports).join('\n')).toMatch(
      /the evidence is here, and not all of it is in its store yet: .*ServiceUnavailable.* \[VAULT_FAILED\]; next: govboot evidence push dev/,
    );
    await expectValid(world);
    const status = await run(evidenceStatus, LOOK, { world });
    expect(status.error).toMatchObject({ code: 'EVIDENCE_PENDING', hint: 'govboot evidence push dev' });
    const pushed = await run(evidencePush, PUSH, { world });
    expect(pushed.error).toBeNull();
    expect(pushed.lines[1]).toBe('receipt   receipts/00000004.json');
    expect(await run(evidenceStatus, LOOK, { world })).toMatchObject({ error: null });
  });

  test('loses nothing where nobody can sign the receipt', async () => {
    const world = await storedWorld();
    // APPLY_STARTED, APPLY_DONE, lock, LOCK_WRITTEN, checkpoint, SHA256SUMS, and GENESIS: then the card is pulled.
    const { error, ports } = await applied(world, { signs: (n) => (n <= 7 ? 'good' : 'refused') });
    expect(error).toBeNull();
    expect(said(ports).join('\n')).toMatch(
      /the card was removed \[SIGNER\]; next: govboot evidence push dev/,
    );
    expect((await run(evidencePush, PUSH, { world })).error).toBeNull();
    await expectValid(world);
  });

  test('killed at any write of the push: the next push completes it', async () => {
    const probe = await storedWorld();
    let puts = 0;
    await applied(probe, { between: killed((n) => ((puts = n), null)) });
    // Each of them would take minutes; those at the edges, and some between.
    for (const point of [1, 2, Math.floor(puts / 2), puts - 6, puts - 2, puts - 1, puts]) {
      for (const how of ['before', 'after'] as const) {
        const world = await storedWorld();
        const between = killed((n) => (n === point ? how : null));
        await expect(run(apply, DEV, { world, between })).rejects.toBeInstanceOf(Killed);
        const pushed = await run(evidencePush, PUSH, { world });
        expect(pushed.error).toBeNull();
        await expectValid(world);
        expect(await run(evidenceStatus, LOOK, { world })).toMatchObject({ error: null });
        const keys = Object.keys(await objectsOf(world)).filter((key) => !key.includes('/receipts/'));
        expect(keys).toHaveLength(puts - 2);
      }
    }
  }, 240_000);
});

describe('a refusal that is on record', () => {
  /** Locked and stored; what waits is refused by the gates unless it has an approver. */
  const waiting = async (signers: readonly ('alice' | 'bob')[]): Promise<World> => {
    const world = await storedWorld();
    await applied(world);
    world.edit('policies/parity.yaml', 'noncurrent_days: 365', 'noncurrent_days: 300');
    await world.release('v1.2.0');
    await world.intent({ supersedes: locksOf(world)[0]!, signers });
    return world;
  };

  test('goes to the store as after an apply that ended well', async () => {
    const world = await waiting(['alice']);
    const { error } = await applied(world);
    expect([error?.code, typesOf(world).at(-1)]).toEqual(['GATES_REFUSED', 'GATE_FAIL']);
    expect([...world.store.files.keys()]).toContain('receipts/00000005.json');
    expect(await run(evidenceStatus, LOOK, { world })).toMatchObject({ error: null });
    await expectValid(world);
  });

  test.each([typed('no'), { is: 'cancelled' } as const])('a no at the prompt too: %j', async (answer) => {
    const world = await waiting(['alice', 'bob']);
    const { error } = await applied(world, { answer: () => answer });
    expect([error?.code, typesOf(world).at(-1)]).toEqual(['CONFIRM', 'DECLINED']);
    expect([...world.store.files.keys()]).toContain('receipts/00000005.json');
  });

  test('where the store is down it ends as it would have ended, and says what is pending', async () => {
    const world = await waiting(['alice']);
    const { error, ports } = await applied(world, { between: down() });
    expect(error?.code).toBe('GATES_REFUSED');
    expect(said(ports).at(-1)).toMatch(/\[VAULT_FAILED\]; next: govboot evidence push dev$/);
    await expectValid(world);
    expect((await run(evidencePush, PUSH, { world })).error).toBeNull();
    expect(await run(evidenceStatus, LOOK, { world })).toMatchObject({ error: null });
  });

  test('goes to no store that only the policy of today names: it may be what was refused', async () => {
    const world = await lockedWorld();
    await withStore(world);
    await world.intent({ supersedes: locksOf(world)[0]!, signers: ['alice'] });
    const vault = async () => Promise.reject(new Error('a store was opened'));
    const { error, ports } = await applied(world, { overrides: { vault } });
    expect([error?.code, typesOf(world).at(-1)]).toEqual(['GATES_REFUSED', 'GATE_FAIL']);
    expect(said(ports)).toEqual(['the refusal is in the ledger']);
  });

  test('nor while there is no lock', async () => {
    const world = await storedWorld();
    await play({ world, mishap: { at: 'cloud', n: 3, how: 'before' } }).catch(() => undefined);
    await world.intent({ path: 'intents/other.yaml', signers: ['alice'] });
    const vault = async () => Promise.reject(new Error('a store was opened'));
    const other = { ...DEV, intent: 'intents/other.yaml' };
    const { error, ports } = await run(apply, other, { world, overrides: { vault } });
    expect([error?.code, typesOf(world).at(-1)]).toEqual(['GATES_REFUSED', 'GATE_FAIL']);
    expect(said(ports)).toEqual(['the refusal is in the ledger']);
  });
});

describe('drift that is put on record', () => {
  const { change } = TAMPERINGS.find(({ control }) => control === 'state-bucket.versioning')!;
  const found = async (options: Partial<PortsOptions> = {}, asked: Partial<CommandOptions['drift']> = {}) => {
    const world = await storedWorld();
    await applied(world);
    await world.cloud.hold(true, change);
    const ran = await run(drift, { ...DRIFT_OF_DEV, ...asked }, { world, ...options });
    expect(ran.error?.code).toBe('DRIFT_FOUND');
    return { world, ...ran };
  };

  test('goes to the store, once for each state that is found', async () => {
    const { world, value, ports } = await found();
    expect(value).toMatchObject({ environments: [{ store: { is: 'stored', size: 5 } }] });
    expect(ports.events).toContainEqual(
      expect.objectContaining({
        label: 'record',
        text: `on record: ledger/00000004.json, stored in ${STORE}`,
      }),
    );
    expect([...world.store.files.keys()]).toContain('receipts/00000005.json');
    expect(await run(evidenceStatus, LOOK, { world })).toMatchObject({ error: null });
    const again = await run(drift, DRIFT_OF_DEV, { world });
    expect(again.value).toMatchObject({ environments: [{ record: { isNew: false }, store: null }] });
    expect([...world.store.files.keys()].filter((name) => /^receipts\/.*json$/.test(name))).toHaveLength(2);
  });

  test('whoever may not write there is told so, and the drift is told all the same', async () => {
    const denied = (api: AwsApi): AwsApi => ({
      call: async (operation, input) => {
        if (operation !== 's3:PutObject') return api.call(operation, input);
        const [kind, fault, message] = ['denied', 'AccessDenied', 'not for you'] as const;
        throw new ApiFault({ operation, kind, fault, message, status: 403, requestId: null, attempts: 1 });
      },
    });
    const { world, value, ports } = await found({ between: denied });
    expect(said(ports)).toEqual([
      expect.stringMatching(
        /s3:PutObject .*AccessDenied: not for you \[CLOUD_DENIED\]; next: govboot evidence push dev, by somebody who may write there; this caller may not$/,
      ),
    ]);
    expect(value).toMatchObject({ environments: [{ store: { is: 'pending', code: 'CLOUD_DENIED' } }] });
    expect(typesOf(world).at(-1)).toBe('DRIFT_FOUND');
    await expectValid(world);
  });

  test('goes there by the profile that it was looked at with', async () => {
    const opened: (string | null)[] = [];
    const vault = async ({ profile }: VaultTarget) => {
      opened.push(profile);
      return Promise.reject(new GovbootError('VAULT_FAILED', 'down'));
    };
    await found({ overrides: { vault } }, { profile: 'acme-{environment}' });
    expect(opened).toEqual(['acme-dev']);
  });
});

describe('a store that was weakened', () => {
  test('72, 73: status and verify end with what is wrong', async () => {
    const world = await storedWorld();
    await applied(world);
    const { objects } = (await world.cloud.snapshot()) as unknown as {
      objects: Record<string, { id: string; retention: unknown }[]>;
    };
    expect(Object.keys(objects).length).toBeGreaterThan(20);
    const KEY = `${vaultPrefix('LIVE', 'dev')}ledger/00000002.json`;
    const weaker =
      (change: (operation: Operation, input: Record<string, unknown>, output: object) => object) =>
      (api: AwsApi): AwsApi => ({
        call: async (operation, input) =>
          change(operation, input as never, await api.call(operation, input)) as never,
      });
    const governed = weaker((operation, input, output) =>
      operation === 's3:HeadObject' && input['Key'] === KEY
        ? { ...output, ObjectLockMode: 'GOVERNANCE' }
        : output,
    );
    const weak = await run(evidenceStatus, LOOK, { world, between: governed });
    expect(weak.error).toMatchObject({
      code: 'WORM_WEAK',
      exitCode: 8,
      message: `${STORE}: ${KEY}: is held in mode GOVERNANCE, which whoever may bypass it can lift`,
    });
    const marked = weaker((operation, _, output) => {
      if (operation !== 's3:ListObjectVersions') return output;
      const { Versions } = output as { Versions: { Key: string; IsLatest: boolean }[] };
      return {
        ...output,
        Versions: Versions.map((one) => (one.Key === KEY ? { ...one, IsLatest: false } : one)),
        DeleteMarkers: [{ Key: KEY, VersionId: 'marker', IsLatest: true }],
      };
    });
    const shadowed = await run(evidenceStatus, LOOK, { world, between: marked });
    expect(shadowed.error).toMatchObject({ code: 'WORM_SHADOWED', exitCode: 8 });
    const verified = await run(verify, { ...VERIFY }, { world, between: marked });
    expect(verified.error).toMatchObject({ code: 'EVIDENCE_INVALID' });
    const pushed = await run(evidencePush, PUSH, { world, between: marked });
    expect(said(pushed.ports)).toEqual([`WORM_SHADOWED: ${KEY} is hidden by something newer`]);
  });

  test('a bucket that holds nothing, or for less than the lock says, is told when it is pushed to', async () => {
    for (const [between, told] of [
      [null, /nothing holds it/],
      [
        new Date('2027-01-01T00:00:00Z'),
        /is held until 2027-01-01T00:00:00Z, which is less than the 2557 days of its bucket/,
      ],
    ] as const) {
      const world = await storedWorld();
      const { ports } = await applied(world, {
        between: (api) => ({
          call: async (operation, input) => {
            const output = (await api.call(operation, input)) as unknown as Record<string, unknown>;
            if (operation !== 's3:HeadObject') return output as never;
            const { ObjectLockMode: _m, ObjectLockRetainUntilDate: _d, ...rest } = output;
            return (
              between === null
                ? rest
                : { ...rest, ObjectLockMode: 'COMPLIANCE', ObjectLockRetainUntilDate: between }
            ) as never;
          },
        }),
      });
      const warned = said(ports).filter((text) => text.startsWith('WORM_WEAK'));
      // Where the header says nothing, the version itself is asked, and it is held.
      expect(warned.length).toBe(between === null ? 0 : 1);
      if (between !== null) expect(warned[0]).toMatch(told);
    }
  });
});

describe('evidence pull', () => {
  test('finds the store by the policy where no evidence is left', async () => {
    const world = await storedWorld();
    await applied(world);
    const kept = new Map(world.store.files);
    world.store.files.clear();
    const { error, lines, value } = await run(
      evidencePull,
      { environment: 'dev', from: OWN_STORE, to: 'back', receipts: [], rehearse: false },
      { world },
    );
    expect(error).toBeNull();
    expect(lines.at(-1)).toBe('  govboot verify dev --from back');
    expect(value).toMatchObject({ size: 4, files: kept.size, passed: [], strays: [] });
    const back = [...world.files].filter(([path]) => path.startsWith('back/'));
    expect(new Map(back.map(([path, bytes]) => [path.slice('back/'.length), bytes]).sort() as never)).toEqual(
      new Map([...kept].sort()),
    );
  });

  test('by a receipt that was kept elsewhere, and by nothing else', async () => {
    const world = await storedWorld();
    await applied(world);
    world.files.set('kept.json', world.store.files.get('receipts/00000004.json')!);
    world.write('other.json', '{}\n');
    const options = { environment: 'dev', from: OWN_STORE, to: 'back', rehearse: false };
    const refused = await run(evidencePull, { ...options, receipts: ['other.json'] }, { world });
    expect(refused.error).toMatchObject({
      code: 'EVIDENCE_INVALID',
      message: expect.stringMatching(/^other\.json is no receipt/),
    });
    expect((await run(evidencePull, { ...options, receipts: ['kept.json'] }, { world })).error).toBeNull();
  });
});

describe('verify of the store itself', () => {
  const THERE = { ...VERIFY, from: STORE, store: { ...OWN_STORE, place: STORE, account: '111111111111' } };

  test('needs nothing of the evidence here, and asks for every object by its version', async () => {
    const world = await storedWorld();
    await applied(world);
    // The laptop is gone; what is pinned on another one is not.
    world.store.files.clear();
    const { error, ports, lines } = await run(verify, THERE, { world });
    expect(error).toBeNull();
    expect(lines[0]).toMatch(/^evidence of environment dev, .*: valid$/);
    expect(
      ports.events.flatMap((event) =>
        event.type === 'gate' && event.gate === 'store' ? [event.because] : [],
      ),
    ).toEqual([expect.stringMatching(/ was asked: [0-9]+ objects are there, by their versions/)]);
  });

  test('tells a record that the store gives otherwise than it was sealed', async () => {
    const world = await storedWorld();
    await applied(world);
    world.store.files.clear();
    const lying =
      (change: (bytes: Uint8Array) => Uint8Array) =>
      (api: AwsApi): AwsApi => ({
        call: async (operation, input) => {
          const output = await api.call(operation, input);
          const isLedger = JSON.stringify(input).includes('dev/ledger/00000001.json"');
          if (operation !== 's3:GetObject' || !isLedger) return output;
          const { Body: bytes = new Uint8Array() } = output as { Body?: Uint8Array };
          return { ...output, Body: change(bytes) } as never;
        },
      });
    const { error, ports } = await run(verify, THERE, {
      world,
      between: lying((bytes) => bytes.map((byte, i) => (i === 40 ? byte ^ 1 : byte))),
    });
    expect(error?.code).toBe('EVIDENCE_INVALID');
    const findings = ports.events.flatMap((event) => (event.type === 'gate' ? event.findings : []));
    expect(findings.map(({ message }) => message)).toContainEqual(
      expect.stringMatching(/dev\/ledger\/00000001\.json is SHA-256 .*; SHA256SUMS says /),
    );
  });

  test('that holds none says so', async () => {
    const world = await storedWorld();
    await applied(world, { between: down() });
    world.store.files.clear();
    expect((await run(verify, THERE, { world })).error).toMatchObject({ code: 'EVIDENCE_MISSING' });
  });
});
