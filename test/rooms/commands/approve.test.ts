// govboot approve: what an approver is shown, what their own clone says to it, and what is signed.
import { describe, expect, test } from 'vitest';
import { canonicalBytes } from '../../../src/kernel/canonical.ts';
import { sha256 } from '../../../src/kernel/digest.ts';
import type { Json } from '../../../src/kernel/json.ts';
import { approve } from '../../../src/commands/approve.ts';
import { plan } from '../../../src/commands/plan.ts';
import { parsePlan, type Plan } from '../../../src/plan/plan.ts';
import { PRINTS } from '../../harness/facts.ts';
import { makePorts, makeWorld, typed, type PortsOptions, type World } from '../../harness/ports.ts';
import { lockedWorld, said } from '../street/playing.ts';
import { run } from './running.ts';

const FILE = 'intents/plan.json';
const BY_BOB = `${FILE}.${PRINTS.bob}.asc`;

async function planned(world?: World): Promise<World> {
  const made = world ?? (await makeWorld());
  const options = { environment: 'dev', intent: 'intents/dev.yaml', hours: null, rehearse: false };
  await plan(makePorts({ world: made }), { ...options, resume: false, out: FILE });
  return made;
}

const bob = (world: World, options: Partial<PortsOptions> = {}) =>
  run(approve, { file: FILE, rehearse: false }, { world, signer: 'bob', ...options });

function rewrite(world: World, change: (plan: Plan) => object): void {
  const before = parsePlan(world.files.get(FILE)!);
  world.files.set(FILE, canonicalBytes({ ...before, ...change(before) } as unknown as Json));
}

describe('approve', () => {
  test('judges, shows, asks, and signs the very bytes that were shown', async () => {
    const world = await planned();
    const { error, lines, value, ports } = await bob(world);
    expect(error).toBeNull();
    expect(ports.asked).toEqual(['Token: ', 'Type APPROVE to sign: ']);
    const bytes = world.files.get(FILE)!;
    expect(value).toEqual({ path: BY_BOB, signer: PRINTS.bob, digest: sha256(bytes) });
    expect(lines[0]).toBe(`approved plan ${sha256(bytes)} by ${PRINTS.bob}: ${BY_BOB}`);
    const facts = await ports.verifier.verify({
      data: bytes,
      signature: { path: BY_BOB, bytes: world.files.get(BY_BOB)!, sha256: sha256(world.files.get(BY_BOB)!) },
      keys: [
        { path: `${PRINTS.bob}.asc`, bytes: world.cast.bob.keyFile, sha256: sha256(world.cast.bob.keyFile) },
      ],
      at: ports.clock.now(),
    });
    expect(facts.verifiers.map(({ says }) => says.is)).toEqual(['good', 'good']);
  });

  test('asks no cloud, writes no evidence, and says what it could not see', async () => {
    const world = await planned();
    const { ports } = await bob(world, {
      overrides: { cloud: () => Promise.reject(new Error('a cloud was asked')) },
    });
    expect(
      ports.events.flatMap((event) => (event.type === 'gate' ? [`${event.gate} ${event.status}`] : [])),
    ).toEqual(['source pass', 'intent pass', 'parity pass', 'approval pass']);
    const kinds = ports.events.map(({ type }) => type);
    expect(kinds.indexOf('plan')).toBeLessThan(kinds.indexOf('confirm'));
    expect(said(ports).join('\n')).toMatch(
      /^checked against this clone: .*\nseen by the operator's machine only: the caller arn:aws:.*\nyour approval holds from 2026/,
    );
    expect(world.store.files.size).toBe(0);
  });

  test('names what a first bootstrap would find there already', async () => {
    const world = await planned();
    const keep = { kind: 'keep', resource: 'state-bucket', name: 'x', title: 'x' };
    const warned = async (): Promise<readonly string[]> =>
      (await bob(world)).ports.events.flatMap((event) => (event.type === 'warning' ? [event.text] : []));
    rewrite(world, () => ({ steps: [{ ...keep, id: 'keep/state-bucket', control: null }] }));
    expect(await warned()).toEqual([
      'there already, and to be adopted: state-bucket; ask which run made them before you approve',
    ]);
    world.files.delete(BY_BOB);
    rewrite(world, () => ({ steps: [{ ...keep, id: 'keep/x', control: 'state-bucket.versioning' }] }));
    expect(await warned()).toEqual([]);
  });

  test('is for those who may, with their own key', async () => {
    const world = await planned();
    expect((await bob(world, { signer: 'alice' })).error).toMatchObject({
      code: 'DUTY_SEPARATION',
      message: expect.stringContaining('is the requester'),
    });
    expect((await bob(world, { signer: 'mallory' })).error?.code).toBe('SIGNER_NOT_ALLOWED');
    world.edit('policies/trust.yaml', 'roles: [approver]', 'roles: [release]');
    expect((await bob(world)).error?.code).toBe('GATES_REFUSED');
    expect([...world.files.keys()].filter((name) => name.startsWith(`${FILE}.`))).toEqual([]);
  });

  test.each<[string, NonNullable<PortsOptions['answer']>, string]>([
    [
      'the word of the operator',
      ({ text, token }) => typed(text.startsWith('Token') ? token : 'APPLY'),
      'wrong-word',
    ],
    ['another token', () => typed('AAAAA-AAAAA'), 'wrong-token'],
    ['Ctrl-C', () => ({ is: 'cancelled' }), 'cancelled'],
  ])('%s signs nothing', async (_what, answer, reason) => {
    const world = await planned();
    const { error } = await bob(world, { answer });
    expect(error).toMatchObject({ code: 'CONFIRM', data: { reason } });
    expect(world.files.has(BY_BOB)).toBe(false);
  });

  test('does not sign twice, and does not ask twice', async () => {
    const world = await planned();
    await bob(world);
    const { error, ports } = await bob(world);
    expect(error).toMatchObject({ code: 'FILE_EXISTS', message: `${BY_BOB} exists already` });
    expect(ports.asked).toEqual([]);
  });

  test('does not sign what was over before it was signed', async () => {
    const world = await planned();
    world.clock.pass(8 * 3_600_000 - 1_000);
    const { error } = await bob(world, {
      answer: ({ text, token }) => {
        world.clock.pass(1_000);
        return typed(text.startsWith('Token') ? token : 'APPROVE');
      },
    });
    expect(error?.code).toBe('APPROVAL_WINDOW');
    expect(world.files.has(BY_BOB)).toBe(false);
  });

  test.each<[string, (plan: Plan) => object, RegExp]>([
    ['mode', () => ({ mode: 'REHEARSAL' }), /mode is REHEARSAL in the plan and LIVE here/],
    ['repository', () => ({ repository: '0b8a4c5e-1f2d-4a3b-8c9d-0e1f2a3b4c5e' }), /repository is 0b8a4c5e/],
    ['tag', ({ source }) => ({ source: { ...source, tag_oid: 'a'.repeat(40) } }), /source\.tag_oid is a{40}/],
    [
      'tree',
      ({ source }) => ({ source: { ...source, tree_sha256: 'a'.repeat(64) } }),
      /source\.tree_sha256 is a{64}/,
    ],
    [
      'reason',
      ({ intent }) => ({ intent: { ...intent, reason: 'x\u001b[2K' } }),
      /intent\.reason is x\\u\{1b\}\[2K in the plan/,
    ],
    [
      'requester',
      ({ intent }) => ({ intent: { ...intent, requester: PRINTS.carol } }),
      /intent\.requester is C0C0/,
    ],
    [
      'policy',
      ({ policy }) => ({ policy: { ...policy, parity_sha256: 'a'.repeat(64) } }),
      /policy\.parity_sha256/,
    ],
    [
      'trust version',
      ({ policy }) => ({ policy: { ...policy, trust_version: 9 } }),
      /policy\.trust_version is 9 in the plan and 3 here/,
    ],
    [
      'template',
      ({ policy }) => ({ policy: { ...policy, templates: {} } }),
      /backend\.tf\.tmpl is absent in the plan/,
    ],
    [
      'account',
      ({ target }) => ({ target: { ...target, account: '222222222222' } }),
      /target\.account is 222222222222/,
    ],
    [
      'region',
      ({ target }) => ({ target: { ...target, region: 'eu-west-1' } }),
      /target\.region is eu-west-1/,
    ],
    [
      'partition',
      ({ target }) => ({ target: { ...target, partition: 'aws-cn' } }),
      /target\.partition is aws-cn/,
    ],
    [
      'endpoint',
      ({ target }) => ({ target: { ...target, endpoint: 'http://127.0.0.1' } }),
      /target\.endpoint is http/,
    ],
    [
      'bucket',
      ({ blueprint }) => ({ blueprint: { ...blueprint, names: {} } }),
      /blueprint\.names\..* absent in the plan/,
    ],
    [
      'more than can be told',
      ({ source, policy }) => ({
        source: { ...source, tag: 'v9', tag_oid: 'a'.repeat(40) },
        policy: { ...policy, trust_version: 9, parity_sha256: 'a'.repeat(64) },
      }),
      /source\.tag is v9.*; and 1 more$/,
    ],
    ['no signer', () => ({ signer: null }), /names nobody who will sign the evidence/],
  ])('refuses a plan of another %s, naming both values', async (_what, change, message) => {
    const world = await planned();
    rewrite(world, change);
    const { error, ports } = await bob(world);
    expect(error).toMatchObject({
      code: 'APPROVAL_PLAN',
      exitCode: 4,
      message: expect.stringMatching(message),
    });
    expect(ports.asked).toEqual([]);
  });

  test('tells all that is wrong, and throws the first', async () => {
    const world = await planned();
    rewrite(world, () => ({ mode: 'REHEARSAL' }));
    world.clock.pass(9 * 3_600_000);
    const { error, ports } = await bob(world, {
      signer: 'alice',
      machine: { weakening: [{ name: 'NODE_OPTIONS', value: '--require=x' }] },
    });
    expect(error).toMatchObject({ code: 'ENVIRONMENT', message: 'NODE_OPTIONS is --require=x; and 3 more' });
    const verdict = ports.events.find((event) => event.type === 'gate' && event.gate === 'approval');
    expect(verdict).toMatchObject({
      status: 'fail',
      findings: ['ENVIRONMENT', 'APPROVAL_PLAN', 'APPROVAL_WINDOW', 'DUTY_SEPARATION'].map((code) => ({
        code,
      })),
    });
  });

  test('refuses what its own gates refuse', async () => {
    const world = await planned();
    world.edit('intents/dev.yaml', 'OPS-1', 'OPS-2');
    const { error, ports } = await bob(world);
    expect(error).toMatchObject({
      code: 'GATES_REFUSED',
      message: 'this clone does not allow the plan for dev',
    });
    expect(ports.asked).toEqual([]);
  });

  test('refuses where a program is not one of those that the policy lists', async () => {
    const listed = sha256('the reviewed gpgv');
    const world = await makeWorld();
    const policy = new TextDecoder().decode(world.files.get('policies/parity.yaml'));
    world.write('policies/parity.yaml', `${policy}tools: { gpgv: ["${listed}"] }\n`);
    await world.release('v1.0.1');
    await world.intent();
    await planned(world);
    const { machine } = makePorts({ world });
    const programs = async () => [{ name: 'gpgv', path: '/opt/gpgv', sha256: sha256('another') }];
    const { error, ports } = await bob(world, { overrides: { machine: { ...machine, programs } } });
    expect(error).toMatchObject({ code: 'TOOL_HASH', message: expect.stringContaining('/opt/gpgv') });
    expect(ports.asked).toEqual([]);
  });

  test('refuses a plan with refused rows, which it shows', async () => {
    const world = await planned();
    const why = { control: null, code: 'FOREIGN_RESOURCE', found: null, why: 'x' };
    rewrite(world, ({ steps: [first, ...rest] }) => ({
      steps: [
        { id: 'refuse/x', kind: 'refuse', resource: first!.resource, name: 'x', title: 'x', ...why },
        ...rest,
      ],
    }));
    const { error, ports } = await bob(world);
    expect(error?.code).toBe('PLAN_REFUSED');
    expect(ports.events.some(({ type }) => type === 'plan')).toBe(true);
    expect(ports.asked).toEqual([]);
  });

  test('refuses a plan that this clone knows to be used', async () => {
    const world = await lockedWorld();
    const digest = [...world.store.files.keys()].filter((name) => name.startsWith('blobs/'));
    const used = digest
      .map((name) => world.store.files.get(name)!)
      .find((bytes) => new TextDecoder().decode(bytes).includes('"schema":"govboot.plan/v1"'));
    world.files.set(FILE, used!);
    expect((await bob(world)).error).toMatchObject({
      code: 'APPROVAL_USED',
      message: expect.stringContaining('ledger/00000001.json is APPLY_STARTED'),
    });
  });

  test('cannot lead out of the clone', async () => {
    const world = await planned();
    world.edit(FILE, '"environment":"dev","expires', '"environment":"../../x","expires');
    expect((await bob(world)).error).toMatchObject({
      code: 'SCHEMA',
      message: expect.stringContaining('plan.environment'),
    });
    world.files.delete(FILE);
    expect((await bob(world)).error?.code).toBe('FILE_MISSING');
  });
});
