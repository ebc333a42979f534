/** Evidence with something gone from its middle: what is left is judged as strictly as if it were whole. */
import { describe, expect, it } from 'vitest';
import { append, openLedger, type NewEntry } from '../../../src/evidence/append.ts';
import { storeBlobs } from '../../../src/evidence/blobs.ts';
import { entryName, keyName, signatureOf } from '../../../src/evidence/layout.ts';
import { readLedger } from '../../../src/evidence/ledger.ts';
import type { VerifyInput } from '../../../src/evidence/verify.ts';
import { seal, writeLock } from '../../../src/evidence/seal.ts';
import {
  fakeScene,
  lockOf,
  makeInputs,
  makeScene,
  playApply,
  playRun,
  type Scene,
} from '../../harness/evidence-fixture.ts';
import { edited, encode, PRINTS, REPOSITORY } from '../../harness/facts.ts';
import { memoryStore, type MemoryStore } from '../../harness/memory-store.ts';
import { verifyScene as verify } from '../../harness/verify-scene.ts';

type Fake = ReturnType<typeof fakeScene> & { readonly store: MemoryStore };

const RUN = 'run-1';
const JOURNAL = `runs/${RUN}/journal.jsonl`;

/** Sealed evidence of four entries. Bob may sign evidence too. */
async function applied(): Promise<Fake> {
  const store = memoryStore();
  const scene = { ...fakeScene(store), store };
  const edit = (name: string, text: string): string =>
    name === 'trust' ? edited(text, 'roles: [approver]', 'roles: [approver, evidence]') : text;
  await playApply(scene, { edit }, RUN);
  return scene;
}

/** `axis is file: what` of everything found. */
async function told(scene: Scene, input: Partial<VerifyInput> = {}): Promise<string[]> {
  const { answers } = await verify(scene, input);
  return answers.flatMap(({ findings }) =>
    findings.map(({ axis, is, file, what }) => `${axis} ${is} ${file}: ${what}`),
  );
}

/** Takes entries and their signatures out. */
function without({ store }: Fake, ...seqs: readonly number[]): void {
  for (const seq of seqs)
    for (const name of [entryName(seq), signatureOf(entryName(seq))])
      expect(store.files.delete(name)).toBe(true);
}

describe('a file that was listed and is gone when it is read', () => {
  it('is missing, as if it had not been listed', async () => {
    const scene = await applied();
    expect(await told(scene)).toEqual([]);
    const { store } = scene;
    const vanishing = {
      ...store,
      read: async (name: string) => (name === JOURNAL ? null : store.read(name)),
    };
    expect(await told(scene, { store: vanishing })).toEqual([
      `extras bad ${JOURNAL}: MISSING: SHA256SUMS lists it`,
    ]);
  });
});

describe('an entry that is gone', () => {
  it('does not make a sealed run one that was interrupted', async () => {
    const scene = await applied();
    without(scene, 1);
    await scene.store.append(JOURNAL, '{"event":"made up"}');
    expect(await told(scene)).toContainEqual(
      expect.stringMatching(
        new RegExp(`^integrity bad ${JOURNAL}: SHA-256 is [0-9a-f]{64}; SHA256SUMS says`),
      ),
    );
  });

  it.each([
    ['with every entry there', []],
    ['with one gone before', [1]],
  ])('does not hide who signed a later one: %s', async (_, gone) => {
    const scene = await applied();
    const bob = makeScene({ ...scene, operator: 'bob' });
    const { run, intent_sha256, tag, commit } = await beginning(scene);
    const resumed: NewEntry = {
      type: 'APPLY_RESUMED',
      mode: 'LIVE',
      refs: [],
      body: { run, intent_sha256, plan_sha256: 'e'.repeat(64), tag, commit },
    };
    // Bob signs, and the entry says that it was Alice.
    await append({ ...bob.deps, actor: PRINTS.alice }, await readLedger(scene.store), resumed);
    without(scene, ...gone);
    expect(await told(scene)).toContainEqual(
      `authenticity bad ledger/00000004.json.asc: is by ${PRINTS.bob}; the entry says ${PRINTS.alice}`,
    );
  });

  it('does not put its successor in the place of another: nobody is blamed who signed what they say', async () => {
    const scene = await applied();
    const bob = makeScene({ ...scene, operator: 'bob' });
    const { run, intent_sha256, plan_sha256 } = await beginning(scene);
    const failed: NewEntry = {
      type: 'APPLY_FAILED',
      mode: 'LIVE',
      refs: [],
      body: { run, intent_sha256, plan_sha256, code: 'CLOUD_FAILED', message: 'x', final: true },
    };
    await append(bob.deps, await readLedger(scene.store), failed);
    without(scene, 1);
    expect((await told(scene)).join('\n')).not.toContain('the entry says');
  });

  it('leaves a lock whose entry is the only one that is left, and that is judged', async () => {
    const scene = await applied();
    without(scene, 0, 1, 2);
    const report = await verify(scene);
    expect(report).toMatchObject({ overall: 'bad', size: 1, head: { file: entryName(3) } });
    const found = await told(scene);
    expect(found).toContainEqual(expect.stringMatching(/^policy bad blobs.*: no entry began its run run-1$/));
    expect(found.filter((line) => line.startsWith('time'))).toEqual([]);
  });
});

async function beginning({ store }: Fake) {
  const entry = (await readLedger(store)).items[1]!.entry;
  if (entry.type !== 'APPLY_STARTED') throw new Error('the fixture is another');
  return entry.body;
}

describe('a key that has another form than the one that was sealed', () => {
  const renewed = async (): Promise<Fake> => {
    const scene = await applied();
    scene.store.files.set(keyName(PRINTS.bob), encode('FAKE KEY of another day\n'));
    return scene;
  };
  /** What is told of its digest; that the made-up verifier knows no such key is another matter. */
  const ofKey = (lines: readonly string[]): readonly string[] =>
    lines.filter((line) => / (keys\/B0C0\w+\.asc): /.test(line) && !line.includes('KEYRING_SHAPE'));

  it('was changed, where the evidence is sealed', async () => {
    const scene = await renewed();
    await storeBlobs(scene.store, [scene.cast.bob.keyFile]);
    expect(ofKey(await told(scene))).toEqual([
      expect.stringMatching(/^integrity bad keys\/B0C0.*: SHA-256 is [0-9a-f]{64}; SHA256SUMS says/),
    ]);
  });

  it('may have been renewed by a run that is not sealed yet, which keeps the older form', async () => {
    const scene = await renewed();
    const { run, intent_sha256, plan_sha256 } = await beginning(scene);
    await append(scene.deps, await readLedger(scene.store), {
      type: 'DECLINED',
      mode: 'LIVE',
      refs: [],
      body: { run, intent_sha256, plan_sha256, code: 'NOT_CONFIRMED', why: 'x' },
    });
    expect(ofKey(await told(scene))).toEqual([expect.stringMatching(/^integrity bad keys/)]);
    await storeBlobs(scene.store, [scene.cast.bob.keyFile]);
    expect(ofKey(await told(scene))).toEqual([
      expect.stringMatching(
        /^integrity undecided keys\/B0C0.*: changed since the last seal, as an interrupted run leaves it$/,
      ),
    ]);
  });
});

describe('a run that was resumed and never began', () => {
  it('has no nonce in the ledger, so the lock cannot have the right one', async () => {
    const store = memoryStore();
    const scene = { ...fakeScene(store), store };
    const inputs = await makeInputs(scene);
    const whole = await playRun(scene, inputs, RUN);
    const { entry } = whole.ledger.items[1]!;
    if (entry.type !== 'APPLY_STARTED') throw new Error('the fixture is another');
    const { nonce, ...body } = entry.body;
    // The same inputs, in a ledger that says nothing but that the run went on.
    for (const name of [...store.files.keys()].filter((each) => each.startsWith('ledger/')))
      store.files.delete(name);
    const { deps, clock, cast } = scene;
    const roots = { threshold: 1, keys: [cast.root.fingerprint] };
    const begun = await openLedger(deps, {
      ...{ repository: REPOSITORY, environment: 'dev', mode: 'LIVE', roots, refs: [] },
    });
    const resumed = await append(deps, begun, {
      type: 'APPLY_RESUMED',
      mode: 'LIVE',
      refs: entry.refs,
      body,
    });
    clock.advance(30);
    const ledger = await append(deps, resumed, { type: 'APPLY_DONE', mode: 'LIVE', refs: [], body });
    const confirmedAt = resumed.head!.entry.time;
    const confirmation = { method: 'tty', token: 'TOKEN', shownAt: confirmedAt, confirmedAt } as const;
    await writeLock(deps, ledger, lockOf(scene, { ...whole, ledger, confirmation }));
    await seal(deps);
    expect(await told(scene)).toEqual([
      expect.stringMatching(new RegExp(`^policy bad blobs.*: the lock says nonce ${nonce}; it is null$`)),
    ]);
  });
});
