// Apply without a terminal: a plan that was written, signatures over it, and everything that must not pass for them.
import { describe, expect, test } from 'vitest';
import { canonicalBytes } from '../../src/kernel/canonical.ts';
import type { Json } from '../../src/kernel/json.ts';
import { addSeconds, instantFromMs, msOf } from '../../src/kernel/time.ts';
import { plan as planCommand } from '../../src/commands/plan.ts';
import { apply } from '../../src/pipeline.ts';
import { parseLock } from '../../src/inputs/evidence-documents.ts';
import { parsePlan, type Plan } from '../../src/plan/plan.ts';
import type { ApprovalFiles } from '../../src/street/approval.ts';
import { GovbootError } from '../../src/kernel/errors.ts';
import { PRINTS } from '../harness/facts.ts';
import type { IntentAction } from '../../src/inputs/intent-action.ts';
import type { Holder } from '../../src/plan/control.ts';
import { makePorts, makeWorld, type PortsOptions, type World } from '../harness/ports.ts';
import type { Who } from '../harness/world.ts';
import {
  applied,
  expectValid,
  ledgerOf,
  lockedWorld,
  REQUEST,
  typesOf,
  type Played,
} from './street/playing.ts';

const FILE = 'intents/plan.json';
const noTerminal: NonNullable<PortsOptions['overrides']> = {
  terminal: {
    unusable: () => 'CI is "true": nobody is at the terminal',
    ask: () => Promise.reject(new Error('asked all the same')),
  },
};

/** Writes the plan as `govboot plan --out` does. */
async function write(
  world: World,
  options: Partial<PortsOptions> & { resume?: boolean; file?: string } = {},
) {
  const { resume = false, file = FILE, ...more } = options;
  const ports = makePorts({ world, ...more });
  await planCommand(ports, {
    environment: 'dev',
    intent: REQUEST.intent,
    resume,
    out: file,
    hours: null,
    rehearse: more.mode === 'REHEARSAL',
  });
  return parsePlan(world.files.get(file)!);
}

/** Signs the plan as it lies there, some seconds from now. */
async function sign(world: World, who: Who, after = 0, file = FILE): Promise<void> {
  const at = instantFromMs(world.clock.ms + after * 1000);
  const name = `${file}.${PRINTS[who]}.asc`;
  world.files.set(name, await world.cast[who].sign(world.files.get(file)!, at));
}

const files = (...who: readonly Who[]): ApprovalFiles => ({
  plan: FILE,
  signatures: who.map((one) => `${FILE}.${PRINTS[one]}.asc`),
});

async function play(
  world: World,
  approval: ApprovalFiles | null = files('bob'),
  options: Partial<PortsOptions> & { resume?: boolean } = {},
): Promise<Played> {
  const { resume = false, ...more } = options;
  const ports = makePorts({ world, ...more, overrides: noTerminal });
  try {
    return { ports, error: null, applied: await apply(ports, { ...REQUEST, resume }, approval) };
  } catch (error) {
    if (!(error instanceof GovbootError)) throw error;
    return { ports, error, applied: null };
  }
}

/** A world with an approved plan. */
async function approvedWorld(world?: World): Promise<World> {
  const made = world ?? (await makeWorld());
  await write(made);
  await sign(made, 'bob');
  return made;
}

/** A locked backend, and an approved plan to change it. */
async function toSupersede(action: IntentAction = 'supersede'): Promise<World> {
  const world = await lockedWorld();
  world.clock.pass(60_000);
  if (action === 'correct') await versioning(world, 'Suspended');
  const [lock] = ledgerOf(world).flatMap((entry) =>
    entry.type === 'LOCK_WRITTEN' ? [entry.body.lock_sha256] : [],
  );
  await world.intent({ action, supersedes: lock! });
  return approvedWorld(world);
}

const versioning = (world: World, Status: 'Enabled' | 'Suspended') =>
  makePorts({ world }).api.call('s3:PutBucketVersioning', {
    Bucket: 'acme-dev-tfstate-eu-central-1',
    VersioningConfiguration: { Status },
  });

function rewrite(world: World, change: (plan: Plan) => object): void {
  const plan = parsePlan(world.files.get(FILE)!);
  world.files.set(FILE, canonicalBytes({ ...plan, ...change(plan) } as unknown as Json));
}

/** A run that dies after its ninth write to the cloud. */
async function cutOff(world: World, approval: ApprovalFiles = files('bob')): Promise<void> {
  const { error } = await play(world, approval, { mishap: { at: 'cloud', n: 9, how: 'after' } });
  expect(error?.code).toBe('CLOUD_FAILED');
  world.clock.pass(3_600_000);
}

/** Refused with that code before anything was written to the cloud; with a ledger, on record. */
async function expectRefused(world: World, played: Played, code: string, type = 'DECLINED'): Promise<void> {
  expect(played.error).toMatchObject({ code });
  expect(played.ports.changed()).toEqual([]);
  expect(played.ports.asked).toEqual([]);
  const last = ledgerOf(world).at(-1);
  if (last === undefined) return;
  expect(last.type).toBe(type);
  expect(JSON.stringify(last.body)).toContain(`"${code}"`);
  await expectValid(world);
}

describe('an approved plan', () => {
  test('is carried out where no terminal is, and the evidence says by whose word', async () => {
    const world = await approvedWorld();
    const { ports, error, applied: done } = await play(world);
    expect(error).toBeNull();
    expect(done?.outcome).toBe('applied');
    expect(ports.asked).toEqual([]);
    expect(ports.events).toContainEqual(
      expect.objectContaining({
        type: 'gate',
        gate: 'approval',
        status: 'pass',
        because: expect.stringMatching(/^plan [0-9a-f]{64} is approved by Bob; it ends at /),
      }),
    );
    const lock = parseLock(world.store.files.get('.backend.lock')!, 'lock');
    expect(lock.confirmation).toMatchObject({
      method: 'approval',
      plan_sha256: lock.plan_sha256,
      approvals: [{ signer: PRINTS.bob }],
    });
    expect(lock.actors).toContainEqual(
      expect.objectContaining({ role: 'approver', primary_fpr: PRINTS.bob }),
    );
    expect(lock.actors.filter(({ role }) => role === 'approver')).toHaveLength(1);
    const started = ledgerOf(world).find(({ type }) => type === 'APPLY_STARTED');
    expect(started?.refs.map(({ name }) => name)).toContain(`plan.${PRINTS.bob}.asc`);
    await expectValid(world);
  });

  test('needs as many people as the trust file says', async () => {
    const world = await makeWorld();
    world.edit('policies/trust.yaml', 'approver: { default: 1 }', 'approver: { default: 2 }');
    await world.sign('policies/trust.yaml', ['root']);
    await world.release('v1.0.1');
    await world.intent({ signers: ['alice', 'bob', 'carol'] });
    await approvedWorld(world);
    await expectRefused(world, await play(world), 'THRESHOLD');
    await sign(world, 'carol');
    expect((await play(world, files('bob', 'carol'))).error).toBeNull();
    await expectValid(world);
  });

  test('without which nothing is done in CI, and the hint says how', async () => {
    const { error } = await play(await makeWorld(), null);
    expect(error).toMatchObject({
      code: 'NOT_INTERACTIVE',
      hint: expect.stringContaining('govboot approve'),
    });
  });

  test('may wait for its people until its end, and not a second longer', async () => {
    const world = await makeWorld();
    const plan = await write(world);
    world.clock.ms = msOf(addSeconds(plan.expires_at, -60));
    await sign(world, 'bob');
    world.clock.ms = msOf(plan.expires_at) - 1_000;
    expect((await play(world)).error).toBeNull();
    await expectValid(world);
  });

  test('ends with nothing to do where a lock of this intent is in force', async () => {
    const world = await makeWorld();
    await write(world);
    await write(world, { file: 'intents/other.json' });
    await sign(world, 'bob');
    await sign(world, 'bob', 0, 'intents/other.json');
    expect((await play(world)).applied?.outcome).toBe('applied');
    const other = { plan: 'intents/other.json', signatures: [`intents/other.json.${PRINTS.bob}.asc`] };
    expect((await play(world, other)).applied?.outcome).toBe('nothing to do');
  });
});

describe('what is no approval', () => {
  test.each<[string, string, (world: World) => unknown, ApprovalFiles?]>([
    ['nobody’s', 'SIG_MISSING', () => null, files()],
    ['the requester’s', 'DUTY_SEPARATION', (world) => sign(world, 'alice'), files('bob', 'alice')],
    ['a stranger’s', 'SIGNER_NOT_ALLOWED', (world) => sign(world, 'mallory'), files('mallory')],
    ['one that is older than the plan', 'APPROVAL_WINDOW', (world) => sign(world, 'bob', -61)],
    [
      'one of another plan',
      'SIG_BAD',
      (world) =>
        write(world, { file: 'intents/x.json' }).then(() =>
          world.files.set(FILE, world.files.get('intents/x.json')!),
        ),
    ],
    [
      'one of a plan that was changed',
      'SIG_BAD',
      (world) => rewrite(world, ({ steps }) => ({ steps: steps.slice(1) })),
    ],
    [
      'one of a plan that leaves a step out',
      'APPROVAL_PLAN',
      async (world) => {
        rewrite(world, ({ steps }) => ({ steps: steps.slice(1) }));
        await sign(world, 'bob');
      },
    ],
    [
      'one of a plan of another caller',
      'APPROVAL_PLAN',
      async (world) => {
        rewrite(world, ({ target }) => ({
          target: { ...target, caller: 'arn:aws:sts::111111111111:assumed-role/x/y' },
        }));
        await sign(world, 'bob');
      },
    ],
    [
      'one of a plan without a signer',
      'APPROVAL_PLAN',
      async (world) => {
        rewrite(world, () => ({ signer: null }));
        await sign(world, 'bob');
      },
    ],
    [
      'one that holds for years',
      'APPROVAL_WINDOW',
      async (world) => {
        rewrite(world, () => ({ expires_at: '2040-01-01T00:00:00Z' }));
        await sign(world, 'bob');
      },
    ],
    ['one that is over', 'APPROVAL_WINDOW', (world) => world.clock.pass(9 * 3_600_000)],
  ])('%s', async (_what, code, spoil, approval = files('bob')) => {
    for (const make of [() => approvedWorld(), () => toSupersede()]) {
      const world = await make();
      await spoil(world);
      await expectRefused(world, await play(world, approval), code);
    }
  });

  test.each<[string, string, (world: World) => unknown]>([
    ['a plan that is not there', 'FILE_MISSING', (world) => world.files.delete(FILE)],
    ['a plan in another spelling', 'NOT_CANONICAL', (world) => world.edit(FILE, '"mode":', ' "mode":')],
    [
      'a plan of another version',
      'SCHEMA',
      (world) => world.edit(FILE, 'govboot.plan/v1', 'govboot.plan/v2'),
    ],
  ])('%s: nothing was offered that could be declined', async (_what, code, spoil) => {
    const world = await toSupersede();
    await spoil(world);
    await expectRefused(world, await play(world), code, 'GATE_FAIL');
  });

  test('a rehearsal’s, for the real cloud', async () => {
    const world = await makeWorld();
    await write(world, { mode: 'REHEARSAL' });
    await sign(world, 'bob');
    const { error } = await play(world);
    expect(error?.message).toBe(`${FILE}: mode is REHEARSAL in the plan and LIVE here`);
  });

  test('another signer’s: the plan names who signs the evidence', async () => {
    const world = await makeWorld();
    world.edit('policies/trust.yaml', 'roles: [intent, approver]', 'roles: [intent, approver, evidence]');
    await world.sign('policies/trust.yaml', ['root']);
    await world.release('v1.0.1');
    await world.intent();
    await approvedWorld(world);
    const { error } = await play(world, files('bob'), { signer: 'carol' });
    expect(error).toMatchObject({
      code: 'APPROVAL_PLAN',
      message: expect.stringContaining('signer.fingerprint'),
    });
  });
});

describe('what changed since it was approved', () => {
  test('a bucket of somebody else: the plan of now is refused before it is compared', async () => {
    const world = await approvedWorld();
    await makePorts({ world }).api.call('s3:CreateBucket', {
      Bucket: 'acme-dev-tfstate-eu-central-1',
      CreateBucketConfiguration: { LocationConstraint: 'eu-central-1' },
    });
    await expectRefused(world, await play(world), 'PLAN_REFUSED', 'PLAN_REFUSED');
  });

  test('the whole backend, made by another run', async () => {
    const world = await approvedWorld();
    await applied(world);
    world.clock.pass(60_000);
    const [lock] = ledgerOf(world).flatMap((entry) =>
      entry.type === 'LOCK_WRITTEN' ? [entry.body.lock_sha256] : [],
    );
    await world.intent({ supersedes: lock! });
    await expectRefused(world, await play(world), 'APPROVAL_PLAN');
  });

  test('a control: the first fields are named, with both values', async () => {
    const world = await toSupersede('correct');
    await versioning(world, 'Enabled');
    const played = await play(world);
    await expectRefused(world, played, 'APPROVAL_PLAN');
    expect(played.error?.message).toMatch(
      /^the approved plan is another: steps\.set\/state-bucket\.versioning is set in the plan and absent now; steps\.keep/,
    );
  });

  test('somebody who is at work explains it', async () => {
    const world = await approvedWorld();
    const busy = { holder: 'carol', run: 'x', since: '2026-11-22T11:59:00Z' } as Holder;
    const { error, ports } = await play(world, files('bob'), {
      doors: ({ cloud, claims }) => ({
        claims: { ...claims, look: async () => ({ is: 'busy', ...busy }) },
        cloud: {
          ...cloud,
          whoAmI: async () => ({
            ...(await cloud.whoAmI()),
            arn: 'arn:aws:sts::111111111111:assumed-role/x/y',
          }),
        },
      }),
    });
    expect(error?.code).toBe('CLAIMED');
    expect(ports.changed()).toEqual([]);
  });
});

describe('right before the first write everything is judged again', () => {
  /** Lets `change` happen between the comparison and the last look. */
  const meanwhile = (change: () => unknown): NonNullable<PortsOptions['doors']> => {
    let looks = 0;
    return ({ cloud, claims }) => ({
      claims,
      cloud: {
        ...cloud,
        observe: async (blueprint) => {
          const seen = await cloud.observe(blueprint);
          if (++looks === 1) await change();
          return seen;
        },
      },
    });
  };

  test.each<[string, string, (world: World) => unknown]>([
    ['the window', 'APPROVAL_WINDOW', (world) => world.clock.pass(9 * 3_600_000)],
    ['the pin', 'PLAN_CHANGED', (world) => world.pins.splice(0)],
    ['the intent', 'PLAN_CHANGED', (world) => world.edit('intents/dev.yaml', 'OPS-1', 'OPS-2')],
    [
      'the cloud',
      'PLAN_CHANGED',
      (world) =>
        makePorts({ world }).api.call('s3:CreateBucket', {
          Bucket: 'acme-dev-tfstate-eu-central-1',
          CreateBucketConfiguration: { LocationConstraint: 'eu-central-1' },
        }),
    ],
  ])('%s', async (_what, code, change) => {
    const world = await approvedWorld();
    const doors = meanwhile(() => change(world));
    const played = await play(world, files('bob'), { doors });
    await expectRefused(world, played, code);
    expect(world.store.files.size).toBe(0);
  });

  test('another process that uses the same approval', async () => {
    const world = await toSupersede();
    const doors = meanwhile(async () => expect((await play(world)).error).toBeNull());
    const { error, ports } = await play(world, files('bob'), { doors });
    expect(error?.code).toBe('APPROVAL_USED');
    expect(ports.changed()).toEqual([]);
    await expectValid(world);
  });
});

describe('an approval is used once', () => {
  test('it is told before the cloud is looked at', async () => {
    const world = await toSupersede();
    expect((await play(world)).error).toBeNull();
    await expectRefused(world, await play(world), 'APPROVAL_USED');
  });

  test('a run that was cut off is approved again', async () => {
    const world = await approvedWorld();
    await cutOff(world);
    expect((await play(world)).error?.code).toBe('RECOVERY_REQUIRED');
    expect((await play(world, files('bob'), { resume: true })).error?.code).toBe('APPROVAL_USED');
    expect(ledgerOf(world).at(-1)).toMatchObject({ type: 'DECLINED', body: { code: 'APPROVAL_USED' } });

    world.files.delete(FILE);
    const plan = await write(world, { resume: true });
    const [run] = ledgerOf(world).flatMap((entry) =>
      entry.type === 'APPLY_STARTED' ? [entry.body.run] : [],
    );
    expect(plan.run).toBe(run);
    await sign(world, 'bob');
    expect((await play(world, files('bob'), { resume: true })).applied?.outcome).toBe('applied');
    expect(typesOf(world).filter((type) => type.startsWith('APPLY'))).toEqual([
      'APPLY_STARTED',
      'APPLY_RESUMED',
      'APPLY_DONE',
    ]);
    await expectValid(world);
  });

  test('a plan for a new run does not finish an old one', async () => {
    const world = await makeWorld();
    await write(world, { file: 'intents/other.json' });
    await sign(world, 'bob', 0, 'intents/other.json');
    await approvedWorld(world);
    await cutOff(world);
    const other = { plan: 'intents/other.json', signatures: [`intents/other.json.${PRINTS.bob}.asc`] };
    const { error } = await play(world, other, { resume: true });
    expect(error).toMatchObject({ code: 'APPROVAL_PLAN', data: { fields: ['run'] } });
  });

  test('a plan to finish a run that somebody finished meanwhile is over', async () => {
    const world = await approvedWorld();
    await cutOff(world);
    world.files.delete(FILE);
    await write(world, { resume: true });
    await sign(world, 'bob');
    await applied(world, { resume: true });
    const { error } = await play(world);
    expect(error).toMatchObject({ code: 'APPROVAL_PLAN', message: expect.stringContaining('which is over') });
  });
});
