import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GovbootError } from '../../../src/kernel/errors.ts';
import { sha256 } from '../../../src/kernel/digest.ts';
import { execute, type ExecuteDeps } from '../../../src/apply/execute.ts';
import { openJournal, readJournal } from '../../../src/apply/journal.ts';
import type { ChangeStep, Step } from '../../../src/plan/step.ts';
import type { Performed, RunContext } from '../../../src/ports.ts';
import { blueprint } from '../plan/fixtures.ts';
import { rejectedBy } from '../plan/thrown.ts';
import { collect, FakeClock, FakeStore } from './fakes.ts';

const RUN = '0b8a4c5e-1f2d-4a3b-8c9d-0e1f2a3b4c5d';
const context: RunContext = { run: RUN, blueprint: blueprint(), known: { 'old.arn': 'arn:old' } };
const step = (id: string, ...after: string[]): ChangeStep => ({
  id,
  kind: 'set',
  preview: null,
  resource: id,
  name: `n-${id}`,
  title: `t-${id}`,
  control: `${id}.x`,
  from: null,
  to: 1,
  after,
});
const performed = (id: string, known: Record<string, string> = {}): Performed => ({
  requestIds: [{ call: 'x:Y', id: `req-${id}` }],
  known,
  retries: 0,
});

type Perform = (step: ChangeStep, context: RunContext) => Promise<Performed>;

async function setUp(perform: Perform, more: Partial<ExecuteDeps> = {}) {
  const clock = new FakeClock();
  const store = new FakeStore();
  const { events, emit } = collect();
  const journal = await openJournal(store, RUN, clock, sha256('plan'));
  const cloud = { perform: perform };
  const run = (steps: readonly Step[]) => execute({ cloud, clock, emit, journal, ...more }, steps, context);
  return { clock, store, events, run, state: async () => (await readJournal(store, RUN))! };
}

/** A cloud whose calls end when they are told to. */
function heldCloud() {
  const running = new Map<string, { resolve: (p: Performed) => void; reject: (e: unknown) => void }>();
  const begun: string[] = [];
  const perform: Perform = ({ id }) => {
    begun.push(id);
    return new Promise((resolve, reject) => running.set(id, { resolve, reject }));
  };
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  const end = async (id: string, error?: unknown) => {
    const call = running.get(id)!;
    running.delete(id);
    if (error === undefined) call.resolve(performed(id));
    else call.reject(error);
    await settle();
  };
  return { perform, begun, running, end, settle };
}

describe('execute', () => {
  it('does nothing when there is nothing to do', async () => {
    const { run, events } = await setUp(() => Promise.reject(new Error('called')));
    const keep: Step = { id: 'keep/b', kind: 'keep', resource: 'b', name: 'n', title: 't', control: null };
    expect(await run([keep])).toEqual({ done: [], known: context.known });
    expect(events).toEqual([]);
  });

  it('refuses a plan with a refusal in it before anything is called', async () => {
    const { run, state } = await setUp(() => Promise.reject(new Error('called')));
    const refuse: Step = {
      id: 'refuse/b',
      kind: 'refuse',
      resource: 'b',
      name: 'n',
      title: 't',
      control: null,
      code: 'FOREIGN_RESOURCE',
      found: null,
      why: 'theirs',
    };
    const error = await rejectedBy(run([step('a'), refuse]));
    expect(error).toMatchObject({ code: 'PLAN_REFUSED', data: { refused: ['refuse/b'] } });
    expect((await state()).steps.size).toBe(0);
  });

  it('begins nothing of a plan that cannot be walked', async () => {
    const { run, state } = await setUp(() => Promise.reject(new Error('called')));
    await expect(run([step('free'), step('a', 'b'), step('b', 'a')])).rejects.toThrow('wait for each other');
    expect((await state()).steps.size).toBe(0);
  });

  it('hands what was learned to later steps, and tells all of it', async () => {
    const seen: unknown[] = [];
    const { run } = await setUp(async ({ id }, { known, run: of }) => {
      seen.push([id, known, of]);
      return performed(id, { [`${id}.arn`]: `arn:${id}` });
    });
    const execution = await run([step('b', 'a'), step('a')]);
    expect(seen).toEqual([
      ['a', { 'old.arn': 'arn:old' }, RUN],
      ['b', { 'old.arn': 'arn:old', 'a.arn': 'arn:a' }, RUN],
    ]);
    expect(execution.known).toEqual({ 'old.arn': 'arn:old', 'a.arn': 'arn:a', 'b.arn': 'arn:b' });
    expect(execution.done.map(({ step: id, requestIds }) => [id, requestIds[0]?.id])).toEqual([
      ['a', 'req-a'],
      ['b', 'req-b'],
    ]);
  });

  it('journals and tells each step before and after', async () => {
    const order: string[] = [];
    const { clock, store, events, run, state } = await setUp(async ({ id }) => {
      order.push(
        `call ${id} after ${store.appended.at(-1)?.includes('"begin"') === true ? 'its journal line' : 'nothing'}`,
      );
      clock.pass(250);
      return { ...performed(id), retries: 3 };
    });
    expect((await run([step('a')])).done).toEqual([
      { step: 'a', requestIds: [{ call: 'x:Y', id: 'req-a' }], retries: 3, ms: 250 },
    ]);
    expect(order).toEqual(['call a after its journal line']);
    expect(events).toEqual([
      { type: 'progress', key: 'a', state: 'begin', text: 'set a.x', ms: null },
      { type: 'progress', key: 'a', state: 'done', text: 'set a.x (tried again 3 times)', ms: 250 },
    ]);
    expect((await state()).steps.get('a')).toMatchObject({
      state: 'done',
      requestIds: [{ call: 'x:Y', id: 'req-a' }],
    });
  });

  it('runs what is ready side by side, at most eight', async () => {
    const cloud = heldCloud();
    const { run } = await setUp(cloud.perform);
    const ids = Array.from({ length: 10 }, (_, i) => `s${String(i)}`);
    const outcome = run(ids.map((id) => step(id)));
    await cloud.settle();
    expect(cloud.begun).toEqual(ids.slice(0, 8));
    await cloud.end('s3');
    expect(cloud.begun).toEqual(ids.slice(0, 9));
    for (const id of ids.filter((other) => other !== 's3')) await cloud.end(id);
    expect((await outcome).done.map(({ step: id }) => id)).toEqual([
      's3',
      ...ids.filter((id) => id !== 's3'),
    ]);
  });

  it('never begins a step before all that it names, whatever the graph', async () => {
    const graphs = fc
      .integer({ min: 1, max: 12 })
      .chain((n) =>
        fc.tuple(
          ...Array.from({ length: n }, (_, i) =>
            fc
              .subarray(Array.from({ length: i }, (_x, k) => `s${String(k)}`))
              .map((after) => step(`s${String(i)}`, ...after)),
          ),
        ),
      );
    await fc.assert(
      fc.asyncProperty(
        graphs.chain((g) => fc.shuffledSubarray(g, { minLength: g.length })),
        fc.array(fc.nat(5), { minLength: 1 }),
        async (graph, delays) => {
          const ended = new Set<string>();
          let running = 0;
          const { run } = await setUp(async ({ id, after }) => {
            expect(after.filter((other) => !ended.has(other))).toEqual([]);
            expect(++running).toBeLessThanOrEqual(8);
            for (let i = delays[Number(id.slice(1)) % delays.length]!; i > 0; i--) await Promise.resolve();
            running--;
            ended.add(id);
            return performed(id);
          });
          expect((await run(graph)).done).toHaveLength(graph.length);
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('execute when something goes wrong', () => {
  it('lets what runs end, begins nothing more, and says all that was done', async () => {
    const cloud = heldCloud();
    const { run, events, state } = await setUp(cloud.perform);
    const outcome = rejectedBy(run([step('a'), step('b'), step('c', 'a'), step('d', 'c')]));
    await cloud.settle();
    await cloud.end(
      'b',
      new GovbootError('CLOUD_DENIED', 'access denied', { hint: 'ask for s3:PutBucketPolicy' }),
    );
    await cloud.end('a');
    const error = await outcome;
    expect(error.code).toBe('CLOUD_DENIED');
    expect(error.hint).toBe('ask for s3:PutBucketPolicy');
    expect(error.message).toBe('b: access denied (1 steps done, 1 failed, 2 not begun)');
    expect(error.data).toEqual({
      done: ['a'],
      failed: [{ step: 'b', code: 'CLOUD_DENIED', message: 'access denied' }],
      not_begun: ['c', 'd'],
    });
    expect(cloud.begun).toEqual(['a', 'b']);
    expect(events.at(-1)).toMatchObject({ type: 'progress', key: 'a', state: 'done' });
    expect(events).toContainEqual({ type: 'progress', key: 'b', state: 'failed', text: 'set b.x', ms: 0 });
    const { steps } = await state();
    expect([...steps].map(([id, { state: how }]) => [id, how])).toEqual([
      ['a', 'done'],
      ['b', 'failed'],
    ]);
    expect(steps.get('b')?.failure).toEqual({ code: 'CLOUD_DENIED', message: 'access denied' });
  });

  it('tells every failure, the first as its own', async () => {
    const cloud = heldCloud();
    const { run } = await setUp(cloud.perform);
    const outcome = rejectedBy(run([step('a'), step('b')]));
    await cloud.settle();
    await cloud.end('b', new GovbootError('CLOUD_UNREACHABLE', 'reset'));
    await cloud.end('a', new GovbootError('CLOUD_DENIED', 'no'));
    const error = await outcome;
    expect(error.code).toBe('CLOUD_UNREACHABLE');
    expect(error.data['failed']).toEqual([
      { step: 'b', code: 'CLOUD_UNREACHABLE', message: 'reset' },
      { step: 'a', code: 'CLOUD_DENIED', message: 'no' },
    ]);
  });

  it('tells a bug as the failure of its step, with its cause', async () => {
    const bug = new TypeError('undefined is not a function');
    const { run } = await setUp(() => Promise.reject(bug));
    const error = await rejectedBy(run([step('a')]));
    expect(error).toMatchObject({ code: 'CLOUD_FAILED', cause: bug });
    expect(error.message).toContain('undefined is not a function');
    expect(error.hint).toContain('--resume');
  });

  it('does not call the cloud for a step that could not be journalled', async () => {
    const called: string[] = [];
    const { run, store } = await setUp(async ({ id }) => {
      called.push(id);
      return performed(id);
    });
    store.append = async () => {
      throw new GovbootError('EVIDENCE_WRITE', 'no space left on device');
    };
    const error = await rejectedBy(run([step('a'), step('b', 'a')]));
    expect(error).toMatchObject({ code: 'EVIDENCE_WRITE', data: { done: [], not_begun: ['b'] } });
    expect(error.data['failed']).toHaveLength(1);
    expect(called).toEqual([]);
  });

  it('fails when a step was done and that could not be journalled', async () => {
    const { run, store } = await setUp(async ({ id }) => {
      store.append = async () => {
        throw new GovbootError('EVIDENCE_WRITE', 'no space left on device');
      };
      return performed(id);
    });
    const error = await rejectedBy(run([step('a'), step('b', 'a')]));
    expect(error.data).toEqual({
      done: [],
      failed: [{ step: 'a', code: 'EVIDENCE_WRITE', message: 'no space left on device' }],
      not_begun: ['b'],
    });
  });

  it('tells both when a step fails and that could not be journalled', async () => {
    const { run, store } = await setUp(async () => {
      store.append = async () => {
        throw new GovbootError('EVIDENCE_WRITE', 'no space left on device');
      };
      throw new GovbootError('CLOUD_DENIED', 'no');
    });
    const error = await rejectedBy(run([step('a')]));
    expect(error.code).toBe('CLOUD_DENIED');
    expect(error.data['failed']).toEqual([
      { step: 'a', code: 'CLOUD_DENIED', message: 'no' },
      { step: 'a', code: 'EVIDENCE_WRITE', message: 'no space left on device' },
    ]);
  });

  it('stops between steps when it is interrupted, and lets what runs end', async () => {
    const cloud = heldCloud();
    let interrupted = false;
    const { run, state } = await setUp(cloud.perform, { interrupted: () => interrupted });
    const outcome = rejectedBy(run([step('a'), step('b', 'a')]));
    await cloud.settle();
    interrupted = true;
    await cloud.end('a');
    const error = await outcome;
    expect(error).toMatchObject({
      code: 'INTERRUPTED',
      exitCode: 130,
      data: { done: ['a'], failed: [], not_begun: ['b'] },
    });
    expect([...(await state()).steps.keys()]).toEqual(['a']);
  });

  it('is not interrupted when all was done', async () => {
    let interrupted = false;
    const { run } = await setUp(
      async ({ id }) => {
        interrupted = true;
        return performed(id);
      },
      { interrupted: () => interrupted },
    );
    expect((await run([step('a')])).done).toHaveLength(1);
  });

  it('is interrupted when a step says so', async () => {
    const { run } = await setUp(() => Promise.reject(new GovbootError('INTERRUPTED', 'interrupted')));
    expect((await rejectedBy(run([step('a')]))).code).toBe('INTERRUPTED');
  });
});

describe('a step that is written and not yet read back', () => {
  /** Steps are written when they are told to be, and read back when they are told to be. */
  function lateCloud() {
    const writes = new Map<string, (known: Record<string, string>) => void>();
    const ends = new Map<string, { resolve: (p: Performed) => void; reject: (e: unknown) => void }>();
    const begun: string[] = [];
    const looked: string[] = [];
    const settle = () => new Promise((resolve) => setImmediate(resolve));
    const cloud: ExecuteDeps['cloud'] = {
      lookAhead: ({ id }) => void looked.push(id),
      perform: ({ id }, _context, onWritten = () => undefined) => {
        begun.push(id);
        writes.set(id, onWritten);
        return new Promise((resolve, reject) => ends.set(id, { resolve, reject }));
      },
    };
    return {
      cloud,
      begun,
      looked,
      settle,
      write: async (id: string, known = {}) => {
        writes.get(id)!(known);
        await settle();
      },
      end: async (id: string, error?: unknown) => {
        if (error === undefined) ends.get(id)!.resolve(performed(id));
        else ends.get(id)!.reject(error);
        await settle();
      },
    };
  }
  const never: Perform = () => Promise.reject(new Error('another cloud is used'));

  it('holds nobody up, and is done only when it has ended', async () => {
    const late = lateCloud();
    const { run, state, events } = await setUp(never, { cloud: late.cloud });
    const outcome = run([step('a'), step('b', 'a'), step('c', 'b')]);
    await late.settle();
    expect(late.begun).toEqual(['a']);
    await late.write('a', { 'a.arn': 'arn:a' });
    expect(events).toContainEqual({
      ...{ type: 'progress', key: 'a', state: 'waiting' },
      ...{ text: 'set a.x: until it reads back', ms: null },
    });
    expect(late.begun).toEqual(['a', 'b']);
    expect([...(await state()).steps].map(([id, { state: how }]) => [id, how])).toEqual([
      ['a', 'begun'],
      ['b', 'begun'],
    ]);
    await late.write('b');
    await late.end('b');
    expect(late.begun).toEqual(['a', 'b', 'c']);
    await late.end('c');
    await late.end('a');
    const { done, known } = await outcome;
    expect(done.map(({ step: id }) => id)).toEqual(['b', 'c', 'a']);
    expect(known['a.arn']).toBe('arn:a');
  });

  it('ends the run when it reads back wrong, after what was begun meanwhile', async () => {
    const late = lateCloud();
    const { run } = await setUp(never, { cloud: late.cloud });
    const outcome = rejectedBy(run([step('a'), step('b', 'a'), step('c', 'b')]));
    await late.settle();
    await late.write('a');
    await late.end('a', new GovbootError('READBACK_WRONG', 'other than it was written'));
    await late.write('b');
    await late.end('b');
    expect(await outcome).toMatchObject({
      code: 'READBACK_WRONG',
      data: { done: ['b'], failed: [{ step: 'a' }], not_begun: ['c'] },
    });
    expect(late.begun).toEqual(['a', 'b']);
  });

  it('takes no place among those that write', async () => {
    const late = lateCloud();
    const { run } = await setUp(never, { cloud: late.cloud });
    const ids = Array.from({ length: 9 }, (_, i) => `s${String(i)}`);
    const outcome = run(ids.map((id) => step(id)));
    await late.settle();
    expect(late.begun).toHaveLength(8);
    await late.write('s0');
    expect(late.begun).toHaveLength(9);
    for (const id of ids) await late.end(id);
    await outcome;
  });

  it('lets what is next be looked at while it is written: once, and nothing further', async () => {
    const late = lateCloud();
    const { run } = await setUp(never, { cloud: late.cloud });
    const outcome = run([step('a'), step('b', 'a'), step('c', 'b'), step('d', 'a', 'c')]);
    await late.settle();
    expect(late.looked).toEqual(['b']);
    await late.write('a');
    expect(late.looked).toEqual(['b', 'c']);
    for (const id of ['a', 'b', 'c', 'd']) await late.end(id);
    await outcome;
    expect(late.looked).toEqual(['b', 'c', 'd']);
  });
});
