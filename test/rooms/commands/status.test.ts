// Where things stand, in each state of the ceremony, and the command that leads on from there.
import { describe, expect, test } from 'vitest';
import { GovbootError } from '../../../src/kernel/errors.ts';
import { apply } from '../../../src/commands/apply.ts';
import { drift } from '../../../src/commands/drift.ts';
import { evidencePush } from '../../../src/commands/evidence-push.ts';
import { status } from '../../../src/commands/status.ts';
import { OWN_STORE } from '../../../src/street/vault-place.ts';
import type { Event } from '../../../src/kernel/events.ts';
import { renderEvent } from '../../../src/report/human.ts';
import { PRINTS } from '../../harness/facts.ts';
import { makeWorld, type PortsOptions, type World } from '../../harness/ports.ts';
import { TAMPERINGS } from '../../harness/tamper.ts';
import { styleOf } from '../report/fixture.ts';
import { applied, lockedWorld, locksOf, play, storedWorld } from '../street/playing.ts';
import { DRIFT_OF_DEV, run } from './running.ts';

const DEV = { environment: 'dev', rehearse: false } as const;

const look = async (world: World, more: Partial<PortsOptions> = {}) => {
  const { ports, error, lines, value } = await run(status, DEV, { world, ...more });
  const rows = ports.events.flatMap((event) => (event.type === 'row' ? [event] : []));
  const of = (label: string) => rows.filter((row) => row.label === label);
  return { ports, error, next: lines.join('\n'), value, rows, of };
};

/** Lines that a screen of 80 columns needs. */
const heightOf = (events: readonly Event[]): number =>
  events.flatMap((event) => renderEvent(event, styleOf(80)).lines).length;

describe('the next command', () => {
  test('with a signed intent is to plan and to apply; nothing is written, and no cloud is asked', async () => {
    const world = await makeWorld();
    const { ports, error, next, of } = await look(world, {
      overrides: { cloud: async () => Promise.reject(new Error('a cloud was asked')) },
    });
    expect(error).toBeNull();
    expect(next).toBe('next: govboot plan dev, then govboot apply dev --key KEY');
    expect(of('intent')).toMatchObject([
      { status: 'ok', text: 'intents/dev.yaml: create, for 20 h more, signed by Alice, Bob' },
    ]);
    expect(of('missing')).toMatchObject([{ status: 'ok' }]);
    expect(world.store.files.size).toBe(0);
    expect(heightOf(ports.events)).toBeLessThanOrEqual(24);
  });

  test('outside of a repository is to make one', async () => {
    const repository = {
      open: async () => Promise.reject(new GovbootError('NOT_A_REPOSITORY', '/tmp is no work tree')),
      tagsAtHead: async () => [],
      placeOf: async () => null,
    };
    const { error, next, rows } = await look(await makeWorld(), { overrides: { repository } });
    expect(error).toBeNull();
    expect(next).toContain('git init, then govboot init');
    expect(rows.at(-1)).toMatchObject({ status: 'wrong', text: '/tmp is no work tree' });
  });

  test('before init is init', async () => {
    const world = await makeWorld();
    world.files.clear();
    expect((await look(world)).next).toBe('next: govboot init');
  });

  test('before the root keys signed is to have them sign', async () => {
    const world = await makeWorld();
    world.files.delete(`policies/trust.yaml.${PRINTS.root}.asc`);
    const { next, of } = await look(world);
    expect(next).toContain('govboot trust sign');
    expect(of('trust')).toMatchObject([{ status: 'wrong' }]);
  });

  test('before a tag is to tag', async () => {
    const world = await makeWorld();
    world.releases.splice(0);
    const opener = { tagsAtHead: async () => [] };
    const first = await look(world);
    expect(first.next).toContain('git add -A && git commit');
    world.releases.push((await makeWorld()).releases[0]!);
    const { next, of } = await look(world, {
      overrides: {
        repository: {
          ...opener,
          open: async () => (await import('../../harness/world.ts')).repositoryOf(world),
          placeOf: async () => null,
        },
      },
    });
    expect(next).toContain('git tag -s NAME');
    expect(of('release')).toMatchObject([{ status: 'warning', text: 'no annotated tag is at HEAD' }]);
  });

  test('before a pin is to pin', async () => {
    const world = await makeWorld();
    world.pins.splice(0);
    const { next, of } = await look(world);
    expect(next).toBe(`next: govboot trust pin --root ${PRINTS.root}, once compared with paper`);
    expect(of('trust')).toMatchObject([{ status: 'warning' }]);
  });

  test('with a pin that is behind is to update it', async () => {
    const world = await makeWorld();
    world.pins[0] = { ...world.pins[0]!, trustVersion: 2 };
    expect((await look(world)).next).toMatch(/govboot trust update|restore/);
  });

  test('without an intent is to write one', async () => {
    const world = await makeWorld();
    world.files.delete('intents/dev.yaml');
    const { next, of } = await look(world);
    expect(next).toBe('next: govboot intent new dev --reason WHY --ticket ID --key KEY');
    expect(of('intent')).toMatchObject([{ status: 'plain', text: 'none waits' }]);
  });

  test('with an approver missing is to have one sign, and says who has', async () => {
    const world = await makeWorld();
    world.files.delete(`intents/dev.yaml.${PRINTS.bob}.asc`);
    const { next, of } = await look(world);
    expect(next).toBe('next: govboot intent sign intents/dev.yaml --key KEY');
    expect(of('intent')[0]?.text).toContain('signed by Alice');
    expect(of('missing')).toMatchObject([
      { status: 'wrong', text: expect.stringMatching(/^THRESHOLD: .*0 of 1 people of role approver/) },
    ]);
  });

  test('with more than a signature missing is check, with the intent that it is about', async () => {
    const world = await makeWorld();
    await world.intent({ path: 'intents/two.yaml', change: (text) => text.replace('OPS-', 'XX-') });
    world.files.delete('intents/dev.yaml');
    world.edit('intents/two.yaml', 'reason: ', 'reason: other ');
    const { next, of } = await look(world);
    expect(next).toBe('next: govboot check dev --intent intents/two.yaml, which says what to do about each');
    expect(of('missing')[0]?.text).toMatch(/^SIG_BAD: /);
  });

  test('with files that are not those of the tag is to commit and tag them', async () => {
    const world = await makeWorld();
    world.edit('policies/parity.yaml', 'pitr_days: 35', 'pitr_days: 1');
    const { next, of, ports } = await look(world);
    expect(next).toMatch(/^next: git add -A && git commit, then git tag -s NAME/);
    expect(of('release')).toMatchObject([{ status: 'wrong', text: expect.stringContaining('parity.yaml') }]);
    expect(of('missing').length).toBeGreaterThan(0);
    expect(heightOf(ports.events)).toBeLessThanOrEqual(24);
  });

  test('after an apply is nothing, and the lock says since when and by whom', async () => {
    const { next, of, value, ports } = await look(await lockedWorld());
    expect(next).toBe('next: nothing is left to do; govboot drift dev looks whether it is still so');
    expect(of('lock')).toMatchObject([
      { status: 'ok', text: expect.stringMatching(/^since 2026-11-22T.*, v1\.0\.0, by alice/) },
    ]);
    expect(of('evidence')).toMatchObject([
      { status: 'ok', text: expect.stringMatching(/^verified just now: 4 entries/) },
    ]);
    expect(of('intent')).toMatchObject([{ text: 'none waits; 1 used' }]);
    expect(value).toMatchObject({
      standing: { environments: [{ name: 'dev', evidence: 'ok', waiting: [], unfinished: null }] },
    });
    expect(heightOf(ports.events)).toBeLessThanOrEqual(24);
  });

  test('after a run that was cut off is to resume it', async () => {
    const world = await makeWorld();
    await play({ world, mishap: { at: 'cloud', n: 5, how: 'before' } }).catch(() => undefined);
    const { next, of } = await look(world);
    expect(next).toBe('next: govboot apply dev --resume --key KEY');
    expect(of('run')).toMatchObject([
      {
        status: 'wrong',
        text: expect.stringContaining('RECOVERY_REQUIRED'),
        mend: 'govboot apply dev --resume',
      },
    ]);
  });

  test('with evidence that is not valid is verify, before everything else', async () => {
    const world = await lockedWorld();
    const name = 'ledger/00000001.json';
    const text = new TextDecoder().decode(world.store.files.get(name));
    world.store.files.set(name, new TextEncoder().encode(text.replace('v1.0.0', 'v1.0.1')));
    const { next, of } = await look(world);
    expect(next).toBe('next: govboot verify dev');
    expect(of('evidence')).toMatchObject([{ status: 'wrong', text: expect.stringMatching(/^NOT VALID: /) }]);
    expect(of('lock')).toMatchObject([{ status: 'warning', text: expect.stringMatching(/^unverified: /) }]);
  });

  test('a screen holds the worst of days', async () => {
    const world = await lockedWorld();
    for (const name of ['two', 'three', 'four'])
      await world.intent({ path: `intents/${name}.yaml`, signers: ['alice'] });
    world.write('intents/bad.yaml', 'not: an intent\n');
    world.edit('policies/parity.yaml', 'pitr_days: 35', 'pitr_days: 1');
    const { of, ports } = await look(world);
    expect(of('intent').map(({ text }) => text)).toEqual([
      expect.stringContaining('intents/bad.yaml'),
      expect.stringContaining('intents/'),
      expect.stringContaining('intents/'),
      '1 more, which end later',
    ]);
    expect(of('missing').some(({ text }) => /govboot check dev --intent intents\/\w+\.yaml/.test(text))).toBe(
      true,
    );
    expect(heightOf(ports.events)).toBeLessThanOrEqual(24);
  });

  test('an intent that has expired does not wait', async () => {
    const world = await makeWorld();
    world.clock.pass(10 * 86_400_000);
    expect((await look(world)).of('intent')).toMatchObject([{ text: 'none waits; 1 expired' }]);
  });

  test('an intent that cannot be read is told, and hides no other', async () => {
    const world = await makeWorld();
    world.write('intents/other.yaml', 'not: an intent\n');
    const { of, next } = await look(world);
    expect(of('intent')).toMatchObject([
      { status: 'warning', text: expect.stringContaining('intents/other.yaml') },
      { status: 'ok' },
    ]);
    expect(next).toContain('govboot plan dev');
  });
});

describe('where the evidence is kept', () => {
  const STORE = 's3://acme-dev-evidence-111111111111-eu-central-1';
  const APPLY = {
    environment: 'dev',
    intent: 'intents/dev.yaml',
    resume: false,
    approvals: [],
    rehearse: false,
  };
  const unasked = {
    overrides: {
      vault: async () => Promise.reject(new Error('a store was asked')),
      cloud: async () => Promise.reject(new Error('a cloud was asked')),
    },
  };
  const told = async (world: World) => {
    const { of, next, value, ports } = await look(world, unasked);
    expect(heightOf(ports.events)).toBeLessThanOrEqual(24);
    const { environments } = (value as { standing: { environments: Record<string, unknown>[] } }).standing;
    return { store: of('store'), copy: of('copy'), drift: of('drift'), next, dev: environments[0]! };
  };

  test('is told by the policy, before there is any evidence', async () => {
    const { store, dev } = await told(await storedWorld());
    expect(store).toMatchObject([
      { status: 'plain', text: `${STORE}: there is no evidence yet`, mend: null },
    ]);
    expect(dev).toMatchObject({ stores: [{ place: STORE, isOwn: true, open: 'there is no evidence yet' }] });
  });

  test('after an apply that stored it: all of it, by the receipt', async () => {
    const world = await storedWorld();
    await run(apply, APPLY, { world });
    const { store, next, dev } = await told(world);
    expect(store).toMatchObject([
      {
        status: 'ok',
        text: expect.stringMatching(
          new RegExp(`^${STORE}: all \\d+ files of 4 entries, receipt of 2026-11-22T\\S+Z$`),
        ),
      },
    ]);
    expect(dev).toMatchObject({ stores: [{ size: 4, untold: [], open: null }], drift: null });
    expect(next).toMatch(/^next: nothing is left to do/);
  });

  test('without a receipt: how much, and the command that stores it', async () => {
    const world = await storedWorld();
    const down = async () => Promise.reject(new GovbootError('VAULT_FAILED', 'down'));
    await run(apply, APPLY, { world, overrides: { vault: down } });
    const { store, next, dev } = await told(world);
    expect(store).toMatchObject([
      {
        status: 'warning',
        text: expect.stringMatching(/: (\d+) of \1 files without a receipt$/),
        mend: 'govboot evidence push dev',
      },
    ]);
    expect(next).toBe('next: govboot evidence push dev --key KEY');
    expect((dev['stores'] as { untold: string[] }[])[0]?.untold).toContain('ledger/00000003.json');
    await run(evidencePush, { environment: 'dev', to: OWN_STORE, rehearse: false }, { world });
    expect((await told(world)).store).toMatchObject([{ status: 'ok' }]);
  });

  test('while a run has not ended nothing can be stored, and that is said', async () => {
    const world = await storedWorld();
    await play({ world, mishap: { at: 'cloud', n: 5, how: 'before' } }).catch(() => undefined);
    expect((await told(world)).store).toMatchObject([
      { status: 'plain', text: `${STORE}: the evidence is not sealed: a run has not ended` },
    ]);
  });

  test('a receipt of another place is told too, also where there is no store of its own', async () => {
    const world = await lockedWorld();
    expect(await told(world)).toMatchObject({ store: [], copy: [], dev: { stores: [] } });
    const to = { ...OWN_STORE, place: '/mnt/worm' };
    const push = { environment: 'dev', to, rehearse: false };
    const pushed = await run(evidencePush, push, { world });
    expect(pushed.error).toBeNull();
    const { store, copy, dev } = await told(world);
    expect(store).toEqual([]);
    expect(copy).toMatchObject([
      { status: 'ok', text: expect.stringMatching(/^\/mnt\/worm: all \d+ files/) },
    ]);
    expect(dev).toMatchObject({ stores: [{ place: '/mnt/worm', kind: 'folder', isOwn: false }] });
    await found(world);
    expect((await told(world)).copy).toMatchObject([
      { status: 'warning', mend: 'govboot evidence push dev --to /mnt/worm' },
    ]);
  });

  test('receipts of evidence that does not verify are told as unverified', async () => {
    const world = await storedWorld();
    await run(apply, APPLY, { world });
    world.store.files.set('receipts/00000004.json.asc', new TextEncoder().encode('forged'));
    expect((await told(world)).store).toMatchObject([
      { status: 'warning', text: expect.stringMatching(/^unverified: s3:/) },
    ]);
  });

  const found = async (world: World) => {
    const { change } = TAMPERINGS.find(({ control }) => control === 'state-bucket.versioning')!;
    await world.cloud.hold(true, change);
    expect((await run(drift, DRIFT_OF_DEV, { world })).error).toMatchObject({ code: 'DRIFT_FOUND' });
  };

  test('drift that is on record is told until there is another lock, with the command that looks again', async () => {
    const world = await lockedWorld();
    await found(world);
    const { drift: rows, next, dev } = await told(world);
    expect(rows).toMatchObject([
      {
        status: 'warning',
        text: expect.stringMatching(
          /^found at 2026-11-22T\S+Z: state-bucket\.versioning; on record: ledger\/00000004\.json$/,
        ),
        mend: 'govboot drift dev',
      },
    ]);
    expect(next).toBe('next: govboot drift dev, which looks whether it is still so');
    expect(dev).toMatchObject({
      drift: { record: 'ledger/00000004.json', findings: [{ where: 'state-bucket.versioning' }] },
    });
    await world.intent({ action: 'correct', supersedes: locksOf(world)[0]! });
    expect((await told(world)).next).toMatch(/^next: govboot plan dev/);
    await applied(world);
    expect(await told(world)).toMatchObject({ drift: [], dev: { drift: null } });
  });
});

test('an environment that the policy does not have is refused, with the one that was meant', async () => {
  const { error } = await run(status, { ...DEV, environment: 'dve' }, { world: await makeWorld() });
  expect(error).toMatchObject({ code: 'USAGE', hint: 'did you mean "dev"?' });
});
