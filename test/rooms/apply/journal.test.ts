import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalText } from '../../../src/kernel/canonical.ts';
import { sha256 } from '../../../src/kernel/digest.ts';
import { journalFile, openJournal, readJournal, type Journal } from '../../../src/apply/journal.ts';
import { readLine } from '../../../src/apply/journal-line.ts';
import { foldJournal, type JournalState } from '../../../src/apply/journal-state.ts';
import type { ChangeStep } from '../../../src/plan/step.ts';
import { codeOf, rejectedBy, thrownBy } from '../plan/thrown.ts';
import { FakeClock, FakeStore } from './fakes.ts';

const RUN = '0b8a4c5e-1f2d-4a3b-8c9d-0e1f2a3b4c5d';
const PLAN = sha256('plan');
const FILE = journalFile(RUN);
const step = (id: string): ChangeStep => ({
  id,
  kind: 'create',
  resource: id,
  name: `name of ${id} ä`,
  title: id,
  with: [],
  after: [],
});
const performed = (id: string) => ({
  requestIds: [{ call: 's3:CreateBucket', id: `req-${id}` }],
  known: { [`${id}.arn`]: `arn:${id}` },
  retries: 2,
});
const open = (store: FakeStore, plan = PLAN) => openJournal(store, RUN, new FakeClock(), plan);
const textOf = (store: FakeStore) => new TextDecoder().decode(store.files.get(FILE));
const fold = (text: string) => foldJournal(text.split('\n'));

describe('a journal', () => {
  it('is one line of canonical JSON for each thing that happened', async () => {
    const store = new FakeStore();
    const journal = await open(store);
    expect(journal.before).toBeNull();
    await journal.begin(step('a'));
    await journal.done(step('a'), performed('a'), 12.6);
    await journal.begin(step('b'));
    await journal.failed(step('b'), { code: 'CLOUD_DENIED', message: 'no \ud800' }, 3.2);
    const schema = 'govboot.journal/v1';
    const at = '2026-11-22T12:00:00Z';
    expect(
      textOf(store)
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line)),
    ).toEqual([
      { schema, seq: 0, at, event: 'open', run: RUN, plan: PLAN, torn: false },
      { schema, seq: 1, at, event: 'begin', step: 'a', name: 'name of a ä' },
      {
        schema,
        seq: 2,
        at,
        event: 'done',
        step: 'a',
        request_ids: [{ call: 's3:CreateBucket', id: 'req-a' }],
        retries: 2,
        ms: 13,
        known: { 'a.arn': 'arn:a' },
      },
      { schema, seq: 3, at, event: 'begin', step: 'b', name: 'name of b ä' },
      { schema, seq: 4, at, event: 'failed', step: 'b', code: 'CLOUD_DENIED', message: 'no \ufffd', ms: 3 },
    ]);
    for (const line of store.appended) expect(canonicalText(JSON.parse(line))).toBe(line);
    expect(await readJournal(store, RUN)).toEqual({
      run: RUN,
      plan: PLAN,
      sittings: 1,
      lines: 5,
      known: { 'a.arn': 'arn:a' },
      torn: false,
      open: false,
      steps: new Map([
        [
          'a',
          {
            state: 'done',
            attempts: 1,
            sitting: 1,
            requestIds: [{ call: 's3:CreateBucket', id: 'req-a' }],
            retries: 2,
            failure: null,
          },
        ],
        [
          'b',
          {
            state: 'failed',
            attempts: 1,
            sitting: 1,
            requestIds: [],
            retries: 0,
            failure: { code: 'CLOUD_DENIED', message: 'no \ufffd' },
          },
        ],
      ]),
    });
  });

  it('keeps lines whole and numbered when steps run side by side', async () => {
    const store = new FakeStore();
    const append = store.append.bind(store);
    // The first append is the slowest: lines written at once must not pass each other.
    let left = 20;
    store.append = async (name, line) => {
      for (let i = left--; i > 0; i--) await Promise.resolve();
      await append(name, line);
    };
    const journal = await open(store);
    await Promise.all(
      ['a', 'b', 'c', 'd'].map(async (id) => {
        await journal.begin(step(id));
        await journal.done(step(id), performed(id), 1);
      }),
    );
    expect((await readJournal(store, RUN))?.lines).toBe(9);
  });

  it('writes nothing after a line that could not be written', async () => {
    const store = new FakeStore();
    const journal = await open(store);
    store.cut = 7;
    await expect(journal.begin(step('a'))).rejects.toThrow('no space');
    store.cut = null;
    await expect(journal.begin(step('b'))).rejects.toThrow('no space');
    expect(textOf(store).split('\n')).toHaveLength(2);
  });

  it('is resumed in a new sitting, where a step begun before is a retry', async () => {
    const store = new FakeStore();
    const first = await open(store);
    await first.begin(step('a'));
    await first.begin(step('b'));
    await first.failed(step('b'), { code: 'CLOUD_FAILED', message: 'reset' }, 1);
    const second = await open(store, sha256('another plan'));
    expect(second.before?.steps.get('a')).toMatchObject({ state: 'begun', attempts: 1 });
    await second.begin(step('a'));
    await second.done(step('a'), performed('a'), 1);
    await second.begin(step('b'));
    await second.begin(step('c'));
    expect(store.appended.map((line) => (JSON.parse(line) as { event: string }).event)).toEqual([
      'open',
      'begin',
      'begin',
      'failed',
      'open',
      'retry',
      'done',
      'retry',
      'begin',
    ]);
    const state = await readJournal(store, RUN);
    expect(state).toMatchObject({ sittings: 2, plan: sha256('another plan') });
    expect(state?.steps.get('a')).toMatchObject({ state: 'done', attempts: 2 });
    expect(state?.steps.get('b')).toMatchObject({ state: 'begun', attempts: 2, failure: null });
  });

  it('belongs to its run', async () => {
    const store = new FakeStore();
    await open(store);
    store.files.set(journalFile('other'), store.files.get(FILE)!);
    expect((await rejectedBy(readJournal(store, 'other'))).code).toBe('EVIDENCE_INVALID');
    expect(await readJournal(store, 'none')).toBeNull();
  });

  it('may be an empty file, when the very first line was never written', async () => {
    const store = new FakeStore();
    store.files.set(FILE, new Uint8Array());
    expect(await readJournal(store, RUN)).toMatchObject({ sittings: 0, lines: 0, torn: false });
    expect((await open(store)).before).toMatchObject({ lines: 0 });
  });
});

/** What is done to a journal in one sitting. */
type Deed = { readonly step: number; readonly how: 'done' | 'failed' | 'left' };
const deeds = fc.array(fc.record<Deed>({ step: fc.nat(5), how: fc.constantFrom('done', 'failed', 'left') }), {
  maxLength: 8,
});

async function play(journal: Journal, list: readonly Deed[]): Promise<void> {
  const running = new Set<number>();
  for (const { step: n, how } of list) {
    if (running.has(n)) continue;
    const one = step(`s${String(n)}`);
    await journal.begin(one);
    if (how === 'done') await journal.done(one, performed(one.id), 1);
    else if (how === 'failed') await journal.failed(one, { code: 'CLOUD_FAILED', message: 'ü' }, 1);
    else running.add(n);
  }
}

/** The state after each whole line, by number of lines. */
function statesOf(text: string): readonly JournalState[] {
  const lines = text.split('\n').slice(0, -1);
  return lines.map((_, i) => foldJournal([...lines.slice(0, i + 1), '']));
}

describe('killed at any byte', () => {
  it('a journal reads as the truth of a moment before, and can be resumed again and again', async () => {
    let torn = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(deeds, fc.nat()), { minLength: 1, maxLength: 4 }),
        async (sittings) => {
          const store = new FakeStore();
          for (const [list, cut] of sittings) {
            const base = store.files.get(FILE)?.length ?? 0;
            const before = await readJournal(store, RUN);
            const journal = await open(store);
            expect(journal.before).toEqual(before);
            await play(journal, list);
            const whole = store.files.get(FILE)!;
            const left = whole.slice(0, base + (cut % (whole.length - base + 1)));
            store.files.set(FILE, left);
            const state = await readJournal(store, RUN);
            if (left.length === 0) continue;
            torn += state!.torn ? 1 : 0;
            // What is read is what some whole number of lines says, and no line that was synced is forgotten.
            const text = new TextDecoder().decode(left);
            const complete = text
              .split('\n')
              .filter((line, i, all) => readLine(line).is === 'line' && i < all.length).length;
            expect(state!.lines).toBe(complete);
            for (const one of state!.steps.values()) expect(one.attempts).toBeGreaterThan(0);
          }
          const end = await open(store);
          await end.begin(step('last'));
          await end.done(step('last'), performed('last'), 1);
          expect(await readJournal(store, RUN)).toMatchObject({ torn: false, open: false });
        },
      ),
      { numRuns: 120 },
    );
    expect(torn).toBeGreaterThan(20);
  });

  it('every prefix of a whole journal says what its whole lines say', async () => {
    await fc.assert(
      fc.asyncProperty(deeds, fc.array(fc.nat(), { minLength: 10, maxLength: 20 }), async (list, cuts) => {
        const store = new FakeStore();
        await play(await open(store), list);
        const bytes = store.files.get(FILE)!;
        const states = statesOf(textOf(store));
        for (const cut of cuts) {
          const n = 1 + (cut % (bytes.length - 1));
          const prefix = new TextDecoder().decode(bytes.slice(0, n));
          const state = fold(prefix);
          const feeds = prefix.split('\n').length - 1;
          // A line that is whole but for its line feed counts.
          const { torn, open: unended, ...said } = state;
          expect([feeds, feeds + 1]).toContain(said.lines);
          if (said.lines === 0) expect(torn).toBe(true);
          else expect({ ...states[said.lines - 1], open: unended, torn }).toEqual(state);
          expect(unended).toBe(!prefix.endsWith('\n'));
        }
      }),
      { numRuns: 40 },
    );
  });
});

describe('foldJournal', () => {
  const base = { schema: 'govboot.journal/v1', at: '2026-11-22T12:00:00Z' };
  const opening = { ...base, seq: 0, event: 'open', run: RUN, plan: PLAN, torn: false };
  const begin = (seq: number, id = 'a', event = 'begin') => ({ ...base, seq, event, step: id, name: 'n' });
  const done = (seq: number, id = 'a') => ({
    ...base,
    seq,
    event: 'done',
    step: id,
    request_ids: [],
    retries: 0,
    ms: 1,
    known: {},
  });
  const failed = (seq: number, id = 'a') => ({
    ...base,
    seq,
    event: 'failed',
    step: id,
    code: 'CLOUD_FAILED',
    message: 'm',
    ms: 1,
  });
  const journal = (...lines: (object | string)[]) =>
    foldJournal([
      ...lines.map((line) => (typeof line === 'string' ? line : canonicalText(line as never))),
      '',
    ]);

  it.each<[string, readonly (object | string)[], string]>([
    ['begins without a sitting', [begin(0)], 'journal line 1 comes before any sitting'],
    ['skips a number', [opening, begin(2)], 'journal line 2 is number 2, where 1 comes next'],
    ['says a number twice', [opening, begin(1), done(1)], 'is number 1, where 2 comes next'],
    ['ends what was never begun', [opening, done(1)], 'ends "a", which is not running'],
    ['ends twice', [opening, begin(1), done(2), failed(3)], 'ends "a", which is not running'],
    [
      'ends what an earlier sitting began',
      [opening, begin(1), { ...opening, seq: 2 }, done(3)],
      'ends "a", which is not running',
    ],
    [
      'begins what was begun before',
      [opening, begin(1), done(2), begin(3)],
      'is a begin of "a", which was already begun',
    ],
    [
      'retries what was never begun',
      [opening, begin(1, 'a', 'retry')],
      'is a retry of "a", which was never begun',
    ],
    [
      'retries what is running',
      [opening, begin(1), begin(2, 'a', 'retry')],
      'begins "a" while it is running',
    ],
    ['changes its run', [opening, { ...opening, seq: 1, run: 'other' }], 'is of run other'],
    [
      'has a cut-off line in the middle',
      [opening, '{"at":"20', begin(1)],
      'journal line 3 follows a line that was cut off',
    ],
    [
      'hides a cut-off line',
      [opening, '{"at":"20', { ...opening, seq: 1 }],
      'does not speak of the line that was cut off',
    ],
    [
      'speaks of a cut-off line that is not there',
      [opening, { ...opening, seq: 1, torn: true }],
      'and there is none',
    ],
    ['has a line that is no object', [opening, '7'], 'is not an object'],
    ['has an unknown event', [opening, { ...base, seq: 1, event: 'undone' }], 'has the event "undone"'],
    ['has an event that is none', [opening, { ...base, seq: 1, event: 7 }], 'has the event ""'],
    [
      'has an event that every object has',
      [opening, { ...base, seq: 1, event: 'toString' }],
      'has the event "toString"',
    ],
    ['has an unknown field', [opening, { ...begin(1), extra: 1 }], 'field "extra"'],
    ['lacks a field', [opening, { ...base, seq: 1, event: 'begin', step: 'a' }], 'field "name"'],
    ['has another version', [{ ...opening, schema: 'govboot.journal/v2' }], 'field "schema"'],
    ['has a code that is none', [opening, begin(1), { ...failed(2), code: 'toString' }], 'field "code"'],
    [
      'has request ids of another form',
      [opening, begin(1), { ...done(2), request_ids: [{ call: 'x' }] }],
      'field "request_ids"',
    ],
    [
      'has identifiers that are no texts',
      [opening, begin(1), { ...done(2), known: { a: 1 } }],
      'field "known"',
    ],
    ['has a negative number', [opening, begin(1), { ...done(2), ms: -1 }], 'field "ms"'],
    ['is spelt otherwise', [JSON.stringify(opening)], 'is not canonical JSON'],
  ])('refuses a journal that %s', (_what, lines, message) => {
    const error = thrownBy(() => journal(...lines));
    expect(error.code).toBe('EVIDENCE_INVALID');
    expect(error.message).toContain(message);
  });

  it('forgets lines that were cut off where a new sitting says so, and at the end', () => {
    expect(
      journal(
        opening,
        begin(1),
        '{"at":"20',
        '{',
        { ...opening, seq: 2, torn: true },
        begin(3, 'a', 'retry'),
      ),
    ).toMatchObject({ lines: 4, sittings: 2, torn: false });
    expect(journal(opening, '{"at":"20')).toMatchObject({ lines: 1, torn: true, open: false });
    expect(foldJournal([canonicalText(opening), '{"at":"20'])).toMatchObject({
      lines: 1,
      torn: true,
      open: true,
    });
    expect(foldJournal([canonicalText(opening)])).toMatchObject({ lines: 1, torn: false, open: true });
  });

  it('shows a step name without obeying it', () => {
    expect(thrownBy(() => journal(opening, done(1, '\u001b[2K'))).message).toContain('\\u{1b}[2K');
    expect(codeOf(() => journal(opening, done(1, '\u001b[2K')))).toBe('EVIDENCE_INVALID');
  });
});
