// apply, verify and the three commands of the store, over an environment whose policy has one: what they say, and how they end.
import { describe, expect, test } from 'vitest';
import { apply } from '../../../src/commands/apply.ts';
import { evidencePull } from '../../../src/commands/evidence-pull.ts';
import { evidencePush } from '../../../src/commands/evidence-push.ts';
import { evidenceStatus } from '../../../src/commands/evidence-status.ts';
import { verify } from '../../../src/commands/verify.ts';
import { ApiFault, type AwsApi, type Operation } from '../../../src/cloud/aws/api.ts';
import { vaultPrefix } from '../../../src/evidence/vault-layout.ts';
import { OWN_STORE } from '../../../src/street/vault-place.ts';
import { Killed } from '../../harness/memory-store.ts';
import type { PortsOptions, World } from '../../harness/ports.ts';
import { expectValid, said, storedWorld } from '../street/playing.ts';
import { run } from './running.ts';

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
