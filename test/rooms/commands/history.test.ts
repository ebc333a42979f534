// log and show: what the ledger says, and what is said of one that does not verify.
import { describe, expect, test } from 'vitest';
import { log } from '../../../src/commands/log.ts';
import { show } from '../../../src/commands/show.ts';
import { makeWorld, type World } from '../../harness/ports.ts';
import { ledgerOf, lockedWorld, play } from '../street/playing.ts';
import { run } from './running.ts';

const DEV = { environment: 'dev', rehearse: false } as const;

const read = async (world: World, environment: string | null = 'dev') => {
  const { ports, error, value } = await run(log, { ...DEV, environment }, { world });
  const rows = ports.events.flatMap((event) => (event.type === 'row' ? [event] : []));
  return { error, value, rows, texts: rows.map(({ text }) => text) };
};

const tamper = (world: World): void => {
  const name = 'ledger/00000001.json';
  const text = new TextDecoder().decode(world.store.files.get(name));
  world.store.files.set(name, new TextEncoder().encode(text.replace('v1.0.0', 'v1.0.1')));
};

describe('log', () => {
  test('tells each entry: when, what, why, by whom; newest last', async () => {
    const { error, rows, texts, value } = await read(await lockedWorld());
    expect(error).toBeNull();
    expect(texts[0]).toBe('dev: 4 entries, verified');
    expect(rows.slice(1).map(({ label }) => label)).toEqual(
      ['0', '1', '2', '3'].map((n) => expect.stringMatching(new RegExp(`^${n}  2026-11-22T\\d\\d:`))),
    );
    expect(texts[1]).toMatch(/^ledger begun, root keys 1 of 1; by alice$/);
    expect(texts[2]).toMatch(/^apply begun, tag v1\.0\.0; create: .* \(.*\); by alice, run 0{8}$/);
    expect(texts[3]).toMatch(/^apply done, tag v1\.0\.0/);
    expect(texts[4]).toMatch(/^locked by [0-9a-f]{16}/);
    expect(value).toMatchObject({
      logs: [{ environment: 'dev', entries: 'verified', history: [{ seq: 0, type: 'GENESIS' }, {}, {}, {}] }],
    });
  });

  test('tells refusals with their codes', async () => {
    const world = await lockedWorld();
    world.edit('policies/parity.yaml', 'pitr_days: 35', 'pitr_days: 1');
    await play({ world });
    const { error, rows } = await read(world);
    expect(error).toBeNull();
    expect(rows.at(-1)).toMatchObject({
      status: 'warning',
      text: expect.stringMatching(/^refused by the gates: TREE_MISMATCH: .*; by alice/),
    });
  });

  test('a person who declined, and a run that failed, are told', async () => {
    const world = await lockedWorld();
    await world.intent({ path: 'intents/dev.yaml', action: 'supersede', supersedes: lockOf(world) });
    await play({ world, answer: () => ({ is: 'cancelled' }) });
    const last = (await read(world)).rows.at(-1);
    expect(last).toMatchObject({
      status: 'warning',
      text: expect.stringMatching(/^(declined|plan refused): /),
    });
  });

  test('of a chain that does not verify every entry is marked, and it ends with 8', async () => {
    const world = await lockedWorld();
    tamper(world);
    const { error, rows, texts } = await read(world);
    expect(error).toMatchObject({ code: 'EVIDENCE_INVALID', exitCode: 8 });
    expect(texts[0]).toBe('dev: 4 entries, NOT VALID');
    expect(rows[1]).toMatchObject({ status: 'wrong', label: 'evidence', mend: 'govboot verify dev' });
    expect(texts.slice(2).every((text) => text.startsWith('unverified: '))).toBe(true);
  });

  test('on a machine without a pin nothing is verified, and it ends with 9', async () => {
    const world = await lockedWorld();
    world.pins.splice(0);
    const { error, texts } = await read(world);
    expect(error).toMatchObject({ code: 'EVIDENCE_UNDECIDED', exitCode: 9 });
    expect(texts[0]).toBe('dev: 4 entries, NOT VERIFIED');
    expect(texts.at(-1)).toMatch(/^unverified: /);
  });

  test('of a run that was cut off: each entry is signed, and the seal is left to the run', async () => {
    const world = await makeWorld();
    await play({ world, mishap: { at: 'cloud', n: 5, how: 'before' } }).catch(() => undefined);
    const { error, rows, texts } = await read(world);
    expect(error).toBeNull();
    expect(texts[0]).toBe('dev: 2 entries, each signed; not sealed yet, as a run did not finish');
    expect(rows[1]).toMatchObject({ status: 'warning', mend: 'govboot apply dev --resume' });
    expect(texts.at(-1)).toMatch(/^apply begun/);
    // The seal alone: a signature that is gone is another matter.
    world.store.files.delete('ledger/00000001.json.asc');
    expect((await read(world)).error?.code).toBe('EVIDENCE_INVALID');
  });

  test('without a ledger: told of one that was named, and passed over among all', async () => {
    const world = await makeWorld();
    expect((await read(world)).error?.code).toBe('EVIDENCE_MISSING');
    const { error, texts } = await read(world, null);
    expect(error).toBeNull();
    expect(texts).toEqual(['dev: no record yet', 'prod: no record yet']);
  });

  test('of an environment that nobody knows', async () => {
    expect((await read(await makeWorld(), 'dve')).error).toMatchObject({
      code: 'USAGE',
      hint: 'did you mean "dev"?',
    });
  });
});

const lockOf = (world: World): string => {
  const written = ledgerOf(world).findLast((entry) => entry.type === 'LOCK_WRITTEN');
  if (written?.type !== 'LOCK_WRITTEN') throw new Error('no lock');
  return written.body.lock_sha256;
};

describe('show', () => {
  const ask = async (world: World, record: string | null = null, field: string | null = null) =>
    run(show, { ...DEV, record, field }, { world });

  test('the lock in force, as JSON', async () => {
    const { error, lines } = await ask(await lockedWorld());
    expect(error).toBeNull();
    expect(JSON.parse(lines.join('\n'))).toMatchObject({ status: 'APPLIED', origin: { environment: 'dev' } });
  });

  test('one field, raw', async () => {
    const world = await lockedWorld();
    expect((await ask(world, null, 'backend.account')).lines).toEqual(['111111111111']);
    expect((await ask(world, null, 'supersedes')).lines).toEqual(['null']);
    expect((await ask(world, null, 'backend.acount')).error).toMatchObject({
      code: 'USAGE',
      hint: 'did you mean backend.account?',
    });
  });

  test('an entry by its number', async () => {
    const world = await lockedWorld();
    expect((await ask(world, '1', 'type')).lines).toEqual(['APPLY_STARTED']);
    expect((await ask(world, '1')).value).toMatchObject({ record: 'ledger/00000001.json' });
  });

  test('the lock of a run, by the beginning of its id', async () => {
    const world = await lockedWorld();
    const started = ledgerOf(world)[1]!;
    const run = 'run' in started.body ? started.body.run : '';
    expect((await ask(world, run.slice(0, 30), 'run.id')).lines).toEqual([run]);
  });

  test('of a run without a lock its last entry', async () => {
    const world = await makeWorld();
    await play({ world, mishap: { at: 'cloud', n: 5, how: 'before' } }).catch(() => undefined);
    const started = ledgerOf(world)[1]!;
    const run = 'run' in started.body ? started.body.run : '';
    const { error, lines } = await ask(world, run, 'body.run');
    expect(error).toBeNull();
    expect(lines).toEqual([run]);
  });

  test.each(['99', 'zzzz', ''])('no record %j', async (record) => {
    const { error, lines } = await ask(await lockedWorld(), record);
    if (record === '') expect(error).toBeNull();
    else {
      expect(error).toMatchObject({ code: 'USAGE', hint: expect.stringContaining('entries are 0 to 3') });
      expect(lines).toEqual([]);
    }
  });

  test('nothing of evidence that does not verify', async () => {
    const world = await lockedWorld();
    tamper(world);
    const { error, lines } = await ask(world, null, 'backend.account');
    expect(error).toMatchObject({ code: 'EVIDENCE_INVALID' });
    expect(lines).toEqual([]);
    const unpinned = await lockedWorld();
    unpinned.pins.splice(0);
    expect((await ask(unpinned)).error).toMatchObject({ code: 'EVIDENCE_UNDECIDED' });
  });

  test('no lock yet', async () => {
    const world = await makeWorld();
    await play({ world, mishap: { at: 'cloud', n: 5, how: 'before' } }).catch(() => undefined);
    expect((await ask(world)).error).toMatchObject({ code: 'EVIDENCE_MISSING' });
  });
});
