// check, plan, apply, verify and backend render: what they say, and which code they end with.
import { describe, expect, test } from 'vitest';
import { canonicalBytes, parseCanonical } from '../../../src/kernel/canonical.ts';
import { sha256 } from '../../../src/kernel/digest.ts';
import { parsePlan } from '../../../src/plan/plan.ts';
import { PRINTS } from '../../harness/facts.ts';
import { apply } from '../../../src/commands/apply.ts';
import type { CommandOptions } from '../../../src/commands/command.ts';
import { backendRender } from '../../../src/commands/backend-render.ts';
import { check } from '../../../src/commands/check.ts';
import { plan } from '../../../src/commands/plan.ts';
import { verify } from '../../../src/commands/verify.ts';
import { makePorts, makeWorld, type World } from '../../harness/ports.ts';
import { lockedWorld } from '../street/playing.ts';
import { run } from './running.ts';

const DEV = { environment: 'dev', intent: 'intents/dev.yaml', rehearse: false };
const LOOK: CommandOptions['plan'] = { ...DEV, resume: false, out: null, hours: null };

describe('check', () => {
  test('passes, and says what comes next', async () => {
    const world = await makeWorld();
    const { error, lines, value, ports } = await run(check, DEV, { world });
    expect(error).toBeNull();
    expect(lines).toEqual([
      'all gates pass: v1.0.0 may bootstrap dev',
      'signatures judged by fake 0',
      'next: govboot plan dev',
    ]);
    expect(value).toMatchObject({ environment: 'dev', passed: true });
    expect(value['verdicts']).toHaveLength(5);
    expect(ports.events.filter(({ type }) => type === 'gate')).toHaveLength(5);
    expect(ports.changed()).toEqual([]);
    expect(world.store.files.size).toBe(0);
  });

  test('refuses, and writes nothing, not even into a ledger that is there', async () => {
    const world = await lockedWorld();
    world.edit('policies/parity.yaml', 'pitr_days: 35', 'pitr_days: 1');
    const before = world.store.files.size;
    const { error, lines } = await run(check, DEV, { world });
    expect(error).toMatchObject({ code: 'GATES_REFUSED', exitCode: 3 });
    expect(error?.message).toMatch(/^refused by source/);
    expect(lines).toEqual([]);
    expect(world.store.files.size).toBe(before);
  });

  test('an intent that is not there is told by the gate', async () => {
    const { error, ports } = await run(
      check,
      { ...DEV, intent: 'intents/none.yaml' },
      { world: await makeWorld() },
    );
    expect(error?.code).toBe('GATES_REFUSED');
    expect(JSON.stringify(ports.events)).toContain('FILE_MISSING');
    expect(ports.api.calls()).toEqual([]);
  });
});

describe('plan', () => {
  test('shows what apply would do, and changes nothing', async () => {
    const world = await makeWorld();
    const { error, lines, value, ports } = await run(plan, LOOK, { world });
    expect(error).toBeNull();
    expect(lines).toEqual(['next: govboot apply dev']);
    expect(value['digest']).toMatch(/^[0-9a-f]{64}$/);
    const shown = ports.events.find((event) => event.type === 'plan');
    expect(shown?.plan).toMatchObject({
      environment: 'dev',
      account: '111111111111',
      counts: { keep: 0, refuse: 0 },
    });
    expect(ports.changed()).toEqual([]);
    expect(world.store.files.size).toBe(0);
  });

  test('of a backend that is as it should be: nothing to do', async () => {
    const { lines } = await run(plan, LOOK, { world: await lockedWorld() });
    expect(lines).toEqual(['nothing to do']);
  });

  test('with a refused row ends with its own code, after it was shown', async () => {
    const world = await makeWorld();
    await makePorts({ world }).api.call('s3:CreateBucket', {
      Bucket: 'acme-dev-tfstate-eu-central-1',
      CreateBucketConfiguration: { LocationConstraint: 'eu-central-1' },
    });
    const { error, ports } = await run(plan, LOOK, { world });
    expect(error).toMatchObject({
      code: 'PLAN_REFUSED',
      exitCode: 5,
      data: { refused: ['refuse/state-bucket'] },
    });
    expect(ports.events.some(({ type }) => type === 'plan')).toBe(true);
  });
});

describe('plan --out', () => {
  const OUT: CommandOptions['plan'] = { ...LOOK, out: 'intents/plan.json' };

  test('writes the plan, canonical, for who signs the evidence, and says what comes next', async () => {
    const world = await makeWorld();
    const { error, lines, value, ports } = await run(plan, OUT, { world });
    expect(error).toBeNull();
    const bytes = world.files.get('intents/plan.json')!;
    const written = parsePlan(bytes);
    expect(value).toMatchObject({ digest: sha256(bytes), file: 'intents/plan.json' });
    expect(written).toMatchObject({
      created_at: '2026-11-22T12:00:00Z',
      expires_at: '2026-11-22T20:00:00Z',
      signer: { fingerprint: PRINTS.alice },
    });
    expect(lines).toEqual([
      `wrote intents/plan.json: plan ${sha256(bytes)}, to be approved and applied before 2026-11-22T20:00:00Z`,
      'next:',
      "  govboot approve intents/plan.json --key APPROVER   on the approver's own machine, in their own clone",
      '  govboot apply dev --approval intents/plan.json.FINGERPRINT.asc',
    ]);
    expect(ports.changed()).toEqual([]);
    expect(ports.asked).toEqual([]);
    expect(world.store.files.size).toBe(0);
  });

  test('ends with the intent, and says so', async () => {
    const world = await makeWorld();
    const { ports } = await run(plan, { ...OUT, hours: '72' }, { world });
    expect(parsePlan(world.files.get('intents/plan.json')!).expires_at).toBe('2026-11-23T08:00:00Z');
    expect(ports.events).toContainEqual({ type: 'note', text: 'the plan ends with the intent, in 20 h' });
  });

  test('never ends after the intent, however the clock moves on meanwhile', async () => {
    const world = await makeWorld();
    let ms = world.clock.ms;
    Object.defineProperty(world.clock, 'ms', { get: () => (ms += 1000), set: (next: number) => (ms = next) });
    const { error } = await run(plan, { ...OUT, hours: '72' }, { world });
    expect(error).toBeNull();
    expect(parsePlan(world.files.get('intents/plan.json')!).expires_at).toBe('2026-11-23T08:00:00Z');
  });

  test.each<[string, Partial<CommandOptions['plan']>, RegExp]>([
    ['into the tagged tree', { out: 'plan.json' }, /in the repository itself \(plan\.json\)/],
    ['into the evidence', { out: 'evidence/plan.json' }, /in the repository itself/],
    ['under the name of a signature', { out: '../plan.asc' }, /the name of a signature/],
    ['for no hour', { hours: '0' }, /"0", not a whole number from 1 to 72/],
    ['for 73 hours', { hours: '73' }, /"73"/],
    ['for a part of an hour', { hours: '1.5' }, /"1\.5"/],
    ['for a whole number of another spelling', { hours: '1e1' }, /"1e1"/],
  ])('does not write %s', async (_what, change, message) => {
    const world = await makeWorld();
    const before = world.files.size;
    const { error, ports } = await run(plan, { ...OUT, ...change }, { world });
    expect(error).toMatchObject({ code: 'USAGE', message: expect.stringMatching(message) });
    expect(ports.events).toEqual([]);
    expect(world.files.size).toBe(before);
  });

  test('a window without a file is a mistake', async () => {
    const { error } = await run(plan, { ...LOOK, hours: '8' }, { world: await makeWorld() });
    expect(error).toMatchObject({ code: 'USAGE', hint: 'name a file with --out' });
  });

  test('is refused to who may not sign the evidence', async () => {
    const world = await makeWorld();
    expect((await run(plan, OUT, { world, signer: 'bob' })).error?.code).toBe('SIGNER_ROLE');
    expect((await run(plan, OUT, { world, signer: 'mallory' })).error?.code).toBe('SIGNER_NOT_ALLOWED');
    expect(world.files.has('intents/plan.json')).toBe(false);
  });

  test('writes nothing where nothing is to do, and nothing that could not be applied', async () => {
    const world = await lockedWorld();
    expect((await run(plan, OUT, { world })).lines).toEqual(['nothing to do']);
    await makePorts({ world }).api.call('s3:PutBucketVersioning', {
      Bucket: 'acme-dev-tfstate-eu-central-1',
      VersioningConfiguration: { Status: 'Suspended' },
    });
    expect((await run(plan, OUT, { world })).error?.code).toBe('BACKEND_LOCKED');
    expect(world.files.has('intents/plan.json')).toBe(false);
  });

  test('a plan with a refused row is shown and not written', async () => {
    const world = await makeWorld();
    await makePorts({ world }).api.call('s3:CreateBucket', {
      Bucket: 'acme-dev-tfstate-eu-central-1',
      CreateBucketConfiguration: { LocationConstraint: 'eu-central-1' },
    });
    const { error, value } = await run(plan, OUT, { world });
    expect(error?.code).toBe('PLAN_REFUSED');
    expect(value).toMatchObject({ file: null });
    expect(world.files.has('intents/plan.json')).toBe(false);
  });
});

describe('apply', () => {
  test('says what was made and what comes next; then that nothing is to do', async () => {
    const world = await makeWorld();
    const first = await run(apply, { ...DEV, resume: false, approvals: [] }, { world });
    expect(first.error).toBeNull();
    expect(first.lines[0]).toBe('the backend of dev is bootstrapped and locked');
    expect(first.lines).toContain('  govboot verify dev');
    expect(Number.isInteger(first.value['ms'])).toBe(true);
    const second = await run(apply, { ...DEV, resume: false, approvals: [] }, { world });
    expect(second.lines).toEqual([
      'nothing to do: the backend of dev is as its lock says',
      `lock      ${first.value['lockSha256'] as string}`,
    ]);
  });

  test('a rehearsal says so, and gives the commands of a rehearsal', async () => {
    const { lines } = await run(
      apply,
      { ...DEV, rehearse: true, resume: false, approvals: [] },
      { world: await makeWorld(), mode: 'REHEARSAL' },
    );
    expect(lines[0]).toContain('REHEARSAL: no cloud was touched');
    expect(lines).toContain('  govboot verify dev --rehearse');
  });
});

describe('apply --approval', () => {
  const BY_BOB = `p.json.${PRINTS.bob}.asc`;

  test.each<[string, readonly string[], RegExp]>([
    ['a plan', ['p.json'], /"p\.json", not the name of an approval/],
    ['no name', [''], /"", not the name/],
    ['a signature with a short name', [`p.json.${PRINTS.bob.slice(1)}.asc`], /not the name/],
    ['signatures of two plans', [BY_BOB, `q.json.${PRINTS.bob}.asc`], /of two plans: p\.json and q\.json/],
    [
      'more signatures than there can be people',
      Array.from({ length: 33 }, (_, i) => `p.json.${String(i).padStart(40, '0')}.asc`),
      /33 approvals are given, more than 32/,
    ],
  ])('%s is a mistake before anything is looked at', async (_what, approvals, message) => {
    const { error, ports } = await run(
      apply,
      { ...DEV, resume: false, approvals },
      { world: await makeWorld() },
    );
    expect(error).toMatchObject({ code: 'USAGE', message: expect.stringMatching(message) });
    expect(ports.events).toEqual([]);
  });

  test('the same file twice is one', async () => {
    const { error } = await run(
      apply,
      { ...DEV, resume: false, approvals: [BY_BOB, BY_BOB] },
      { world: await makeWorld() },
    );
    expect(error?.code).toBe('FILE_MISSING');
  });
});

describe('verify', () => {
  const OPTIONS = { environment: 'dev', from: null, proof: null, rehearse: false, anchor: null };

  test('good evidence', async () => {
    const { error, lines, ports, value } = await run(verify, OPTIONS, { world: await lockedWorld() });
    expect(error).toBeNull();
    expect(lines[0]).toMatch(/^evidence of environment dev, .*: valid$/);
    expect(lines.at(-1)).toBe('signatures judged by fake 0');
    expect(value).toMatchObject({ overall: 'ok' });
    expect(new Set(ports.events.flatMap((event) => (event.type === 'gate' ? [event.status] : [])))).toEqual(
      new Set(['pass']),
    );
  });

  test('a changed byte is bad: exit 8, after the whole report', async () => {
    const world = await lockedWorld();
    const [blob] = [...world.store.files.keys()].filter((name) => name.startsWith('blobs/'));
    world.store.files.set(blob!, new TextEncoder().encode('other\n'));
    const { error, lines, ports } = await run(verify, OPTIONS, { world });
    expect(error).toMatchObject({ code: 'EVIDENCE_INVALID', exitCode: 8 });
    expect(lines.length).toBeGreaterThan(0);
    const told = ports.events.flatMap((event) =>
      event.type === 'gate' && event.status === 'fail' ? event.findings : [],
    );
    expect(told).toContainEqual(
      expect.objectContaining({ code: 'EVIDENCE_INVALID', message: expect.stringContaining(blob!) }),
    );
  });

  test('without a pin it cannot be decided who signed: exit 9', async () => {
    const world = await lockedWorld();
    world.pins.splice(0);
    const { error, ports } = await run(verify, OPTIONS, { world });
    expect(error).toMatchObject({ code: 'EVIDENCE_UNDECIDED', exitCode: 9 });
    expect(ports.events.some((event) => event.type === 'gate' && event.status === 'undefined')).toBe(true);
  });

  test('a checkpoint that was kept elsewhere, and one that is of another history', async () => {
    const world = await lockedWorld();
    world.files.set('kept', world.store.files.get('checkpoint')!);
    expect((await run(verify, { ...OPTIONS, anchor: 'kept' }, { world })).error).toBeNull();
    world.files.set('kept', (await lockedWorld()).store.files.get('checkpoint')!);
    world.edit('kept', '\n4\n', '\n9\n');
    expect((await run(verify, { ...OPTIONS, anchor: 'kept' }, { world })).error?.code).toBe(
      'EVIDENCE_INVALID',
    );
  });

  test('no evidence at all', async () => {
    expect((await run(verify, OPTIONS, { world: await makeWorld() })).error).toMatchObject({
      code: 'EVIDENCE_MISSING',
      exitCode: 9,
    });
  });
});

describe('backend render', () => {
  const OPTIONS = { environment: 'dev', format: 'tf', out: null, rehearse: false } as const;

  test.each([
    ['tf', /^ {4}bucket = "acme-dev-tfstate-eu-central-1"$/],
    ['hcl', /^bucket = "acme-dev-tfstate-eu-central-1"$/],
  ] as const)('%s on standard output', async (format, line) => {
    const { error, lines, value } = await run(
      backendRender,
      { ...OPTIONS, format },
      { world: await lockedWorld() },
    );
    expect(error).toBeNull();
    expect(lines.some((each) => line.test(each))).toBe(true);
    expect(lines.join('\n')).toMatch(
      /kms_key_id = "arn:aws:kms:eu-central-1:111111111111:key\/[0-9a-f-]{36}"/,
    );
    expect(value['text']).toBe(`${lines.join('\n')}\n`);
  });

  test('is rendered from the evidence, whatever lies in templates/ and policies/ now', async () => {
    const world = await lockedWorld();
    const before = await run(backendRender, OPTIONS, { world });
    world.write('templates/backend.tf.tmpl', 'bucket = "mine"\n');
    world.write('policies/parity.yaml', 'nothing\n');
    expect((await run(backendRender, OPTIONS, { world })).lines).toEqual(before.lines);
  });

  test('both into a folder, and never over what is there', async () => {
    const world = await lockedWorld();
    const { lines } = await run(backendRender, { ...OPTIONS, out: 'terraform/' }, { world });
    expect(lines.slice(0, 2)).toEqual(['wrote terraform/backend.tf', 'wrote terraform/backend.hcl']);
    const made = world.files.get('terraform/backend.tf');
    expect(new TextDecoder().decode(made)).toContain('backend "s3"');
    world.files.delete('terraform/backend.tf');
    const again = await run(backendRender, { ...OPTIONS, out: 'terraform' }, { world });
    expect(again.error?.code).toBe('FILE_EXISTS');
    expect(world.files.has('terraform/backend.tf')).toBe(false);
  });

  test('without a lock there is nothing to render', async () => {
    const { error } = await run(backendRender, OPTIONS, { world: await makeWorld() });
    expect(error).toMatchObject({ code: 'EVIDENCE_MISSING', hint: 'run `govboot apply dev` first' });
  });

  const blobOf = (world: World, text: string): string =>
    [...world.store.files].find(
      ([name, bytes]) => name.startsWith('blobs/') && new TextDecoder().decode(bytes).includes(text),
    )![0];

  test('a template that is missing in the evidence', async () => {
    const world = await lockedWorld();
    world.store.files.delete(blobOf(world, 'terraform {'));
    const { error } = await run(backendRender, OPTIONS, { world });
    expect(error?.code).toMatch(/^EVIDENCE_(MISSING|INVALID)$/);
  });

  test('a template that was altered in the evidence', async () => {
    const world = await lockedWorld();
    world.store.files.set(blobOf(world, 'terraform {'), new TextEncoder().encode('bucket = "theirs"\n'));
    expect((await run(backendRender, OPTIONS, { world })).error?.code).toBe('EVIDENCE_INVALID');
  });

  test('a lock that was altered: the state would go to whoever altered it', async () => {
    const world = await lockedWorld();
    const lock = parseCanonical(world.store.files.get('.backend.lock')!, 'lock') as {
      backend: { known: Record<string, string> };
    };
    lock.backend.known['state-key.arn'] = 'arn:aws:kms:eu-central-1:999999999999:key/0';
    world.store.files.set('.backend.lock', canonicalBytes(lock));
    const { error, lines } = await run(backendRender, OPTIONS, { world });
    expect(error?.code).toBe('EVIDENCE_INVALID');
    expect(lines).toEqual([]);
  });

  test('a lock whose signature was exchanged', async () => {
    const world = await lockedWorld();
    const stranger = await world.cast.mallory.sign(
      world.store.files.get('.backend.lock')!,
      makePorts({ world }).clock.now(),
    );
    world.store.files.set('.backend.lock.asc', stranger);
    const { error } = await run(backendRender, OPTIONS, { world });
    expect(error).toMatchObject({ code: 'EVIDENCE_INVALID', hint: 'govboot verify dev' });
  });

  test('a ledger that was altered', async () => {
    const world = await lockedWorld();
    world.store.files.delete('ledger/00000002.json');
    expect((await run(backendRender, OPTIONS, { world })).error).toMatchObject({
      code: 'EVIDENCE_INVALID',
      hint: 'govboot verify dev',
    });
  });
});
