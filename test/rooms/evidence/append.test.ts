/** Appending: two processes, a killed process, a full disk, a clock that went back, and what a ledger refuses to take. */
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../../src/kernel/digest.ts';
import { append, openLedger, type EvidenceDeps, type NewEntry } from '../../../src/evidence/append.ts';
import { factsOf, readLedger } from '../../../src/evidence/ledger.ts';
import { fakeScene, makeInputs, playApply, playRun, type Scene } from '../../harness/evidence-fixture.ts';
import { encode, NONCE, REPOSITORY } from '../../harness/facts.ts';
import { Killed, memoryStore, type MemoryStore } from '../../harness/memory-store.ts';

const PLAN = 'ab'.repeat(32);

function declined(run: string): NewEntry {
  return {
    type: 'DECLINED',
    mode: 'LIVE',
    refs: [],
    body: { run, intent_sha256: PLAN, plan_sha256: PLAN, code: 'CONFIRM', why: 'no' },
  };
}

function started(run: string, nonce: string): NewEntry {
  return {
    type: 'APPLY_STARTED',
    mode: 'LIVE',
    refs: [],
    body: { run, intent_sha256: PLAN, plan_sha256: sha256(run), tag: 'v1', commit: 'c0'.repeat(20), nonce },
  };
}

async function begun(): Promise<Scene & { readonly store: MemoryStore }> {
  const store = memoryStore();
  const scene = { ...fakeScene(store), store };
  await open(scene.deps);
  return scene;
}

function open(
  deps: EvidenceDeps,
  origin: Partial<Parameters<typeof openLedger>[1]> = {},
): ReturnType<typeof openLedger> {
  return openLedger(deps, {
    repository: REPOSITORY,
    environment: 'dev',
    mode: 'LIVE',
    roots: { threshold: 1, keys: [deps.actor] },
    refs: [],
    ...origin,
  });
}

describe('a ledger', () => {
  it('begins with GENESIS, once', async () => {
    const { deps, store } = await begun();
    const again = await open(deps);
    expect(again.items.map(({ entry }) => entry.type)).toEqual(['GENESIS']);
    expect(store.writes).toEqual(['create ledger/00000000.json.asc', 'create ledger/00000000.json']);
  });

  it('is not continued for another repository, environment or mode', async () => {
    const { deps } = await begun();
    await expect(open(deps, { environment: 'prod' })).rejects.toMatchObject({ code: 'REPO_ID_MISMATCH' });
    await expect(open(deps, { repository: '00000000-0000-4000-8000-000000000000' })).rejects.toMatchObject({
      code: 'REPO_ID_MISMATCH',
    });
    await expect(open(deps, { mode: 'REHEARSAL' })).rejects.toMatchObject({ code: 'REPO_ID_MISMATCH' });
    await expect(
      append(deps, await readLedger(deps.store), { ...declined('a'), mode: 'REHEARSAL' }),
    ).rejects.toMatchObject({ code: 'EVIDENCE_INVALID' });
  });

  it('does not begin with another entry', async () => {
    const { deps } = fakeScene(memoryStore());
    await expect(append(deps, await readLedger(deps.store), declined('a'))).rejects.toMatchObject({
      code: 'EVIDENCE_INVALID',
      message: 'DECLINED cannot begin a ledger',
    });
  });

  it('names in each entry the SHA-256 of the file before', async () => {
    const { deps, store } = await begun();
    const ledger = await append(
      deps,
      await append(deps, await readLedger(store), declined('a')),
      declined('b'),
    );
    expect(ledger.items.map(({ entry }) => entry.prev_sha256)).toEqual([
      null,
      sha256(store.files.get('ledger/00000000.json')!),
      sha256(store.files.get('ledger/00000001.json')!),
    ]);
    expect(ledger.head?.entry.actor.fingerprint).toBe(deps.actor);
  });

  it('refuses a time before its last entry', async () => {
    const { deps, clock } = await begun();
    clock.advance(-1);
    await expect(append(deps, await readLedger(deps.store), declined('a'))).rejects.toMatchObject({
      code: 'CLOCK',
      data: { last: '2026-11-22T12:00:00Z' },
    });
  });

  it('takes nothing when it is not whole', async () => {
    const { deps, store } = await begun();
    await append(deps, await readLedger(store), declined('a'));
    store.files.delete('ledger/00000000.json');
    await expect(append(deps, await readLedger(store), declined('b'))).rejects.toMatchObject({
      code: 'EVIDENCE_INVALID',
      data: { kind: 'missing', file: 'ledger/00000000.json' },
    });
    await expect(open(deps)).rejects.toMatchObject({ code: 'EVIDENCE_INVALID' });
  });

  it('takes a nonce once, and one run at a time', async () => {
    const { deps, store } = await begun();
    const ledger = await append(deps, await readLedger(store), started('a', NONCE));
    await expect(append(deps, ledger, started('b', NONCE))).rejects.toMatchObject({ code: 'INTENT_REPLAY' });
    await expect(append(deps, ledger, started('b', '0'.repeat(32)))).rejects.toMatchObject({
      code: 'RECOVERY_REQUIRED',
      data: { run: 'a' },
    });
    const failed = await append(deps, ledger, {
      type: 'APPLY_FAILED',
      mode: 'LIVE',
      refs: [],
      body: {
        run: 'a',
        intent_sha256: PLAN,
        plan_sha256: PLAN,
        code: 'CLAIMED',
        message: 'busy',
        final: true,
      },
    });
    expect((await append(deps, failed, started('b', '0'.repeat(32)))).items).toHaveLength(4);
  });

  it('stores nothing when the signature fails', async () => {
    const { deps, store } = await begun();
    const writes = store.writes.length;
    const sign = (): Promise<Uint8Array> => Promise.reject(new Error('the card was pulled out'));
    await expect(append({ ...deps, sign }, await readLedger(store), declined('a'))).rejects.toThrow(
      'the card was pulled out',
    );
    expect(store.writes).toHaveLength(writes);
  });

  it('passes on a full disk', async () => {
    const { deps, store } = await begun();
    store.fault = () => ({ is: 'refused' });
    await expect(append(deps, await readLedger(store), declined('a'))).rejects.toMatchObject({
      code: 'EVIDENCE_WRITE',
    });
  });

  it('says so when the entry does not read back', async () => {
    const { deps, store } = await begun();
    const lossy = {
      ...store,
      create: async (name: string, bytes: Uint8Array) =>
        store.create(name, name.endsWith('1.json') ? encode('{}\n') : bytes),
    };
    await expect(
      append({ ...deps, store: lossy }, await readLedger(store), declined('a')),
    ).rejects.toMatchObject({ code: 'EVIDENCE_WRITE' });
  });
});

describe('two processes', () => {
  it.each(['ledger/00000001.json.asc', 'ledger/00000001.json'])(
    'one wins %s, the other signs again on the new head',
    async (contested) => {
      const { deps, store } = await begun();
      const ledger = await readLedger(store);
      let once = true;
      store.before = async (_kind, name) => {
        if (name !== contested || !once) return;
        once = false;
        // The other process comes between, whole.
        store.files.delete('ledger/00000001.json.asc');
        await append(deps, ledger, declined('theirs'));
      };
      const after = await append(deps, ledger, declined('mine'));
      expect(after.items.map(({ entry }) => ('run' in entry.body ? entry.body.run : null))).toEqual([
        null,
        'theirs',
        'mine',
      ]);
      expect(after.problems).toEqual([]);
    },
  );

  it('both begin the ledger, and there is one GENESIS', async () => {
    const store = memoryStore();
    const { deps } = fakeScene(store);
    let once = true;
    store.before = async () => {
      if (!once) return;
      once = false;
      await open(deps);
    };
    expect((await open(deps)).items).toHaveLength(1);
  });

  it('give up when others keep adding', async () => {
    const { deps, store } = await begun();
    let n = 0;
    store.before = async (kind, name) => {
      if (kind !== 'create' || !name.endsWith('.asc') || n > 90) return;
      n += 100;
      await append(deps, await readLedger(store), declined(`other-${String(n)}`));
      n -= 99;
    };
    await expect(append(deps, await readLedger(store), declined('mine'))).rejects.toMatchObject({
      code: 'EVIDENCE_WRITE',
      message: expect.stringContaining('5 attempts'),
    });
  });

  it('waits for an append that is under way', async () => {
    const { deps, store, clock } = await begun();
    const other = store.copy();
    await append({ ...deps, store: other }, await readLedger(other), declined('theirs'));
    store.files.set('ledger/00000001.json.asc', other.files.get('ledger/00000001.json.asc')!);
    let pauses = 0;
    const patient = {
      ...clock,
      pause: async (ms: number) => {
        pauses++;
        if (pauses === 3) store.files.set('ledger/00000001.json', other.files.get('ledger/00000001.json')!);
        await clock.pause(ms);
      },
    };
    const after = await append({ ...deps, clock: patient }, await readLedger(store), declined('mine'));
    expect(after.items).toHaveLength(3);
    expect(after.problems).toEqual([]);
    expect(pauses).toBe(3);
  });

  it('gives a slow process its signature back', async () => {
    const { deps, store } = await begun();
    const other = store.copy();
    await append({ ...deps, store: other }, await readLedger(other), declined('theirs'));
    const theirs = other.files.get('ledger/00000001.json.asc')!;
    store.files.set('ledger/00000001.json.asc', theirs);
    store.before = async (kind, name) => {
      // It was only slow: its entry lands just before ours.
      if (kind === 'create' && name === 'ledger/00000001.json') store.files.set(name, other.files.get(name)!);
    };
    const after = await append(deps, await readLedger(store), declined('mine'));
    expect(after.items.map(({ entry }) => ('run' in entry.body ? entry.body.run : null))).toEqual([
      null,
      'theirs',
      'mine',
    ]);
    expect(store.files.get('ledger/00000001.json.asc')).toEqual(theirs);
  });
});

describe('a process that was killed while appending', () => {
  it('leaves a signature without its entry, which the next append keeps as a blob and names', async () => {
    const { deps, store } = await begun();
    store.fault = (_n, _kind, name) => (name === 'ledger/00000001.json' ? { is: 'killed-before' } : null);
    await expect(append(deps, await readLedger(store), declined('a'))).rejects.toThrow(Killed);
    store.fault = null;
    const torn = await readLedger(store);
    expect(torn.torn).toMatchObject({ file: 'ledger/00000001.json.asc', seq: 1 });
    expect(torn.problems).toEqual([]);
    const left = store.files.get('ledger/00000001.json.asc')!;
    const after = await append(deps, torn, declined('b'));
    expect(after.torn).toBeNull();
    expect(after.head?.entry.refs).toEqual([
      { name: 'left by an interrupted append: ledger/00000001.json.asc', sha256: sha256(left) },
    ]);
    expect(store.files.get(`blobs/sha256/${sha256(left)}`)).toEqual(left);
    expect(await deps.sign(after.head!.bytes)).toEqual(store.files.get('ledger/00000001.json.asc'));
  });
});

describe('facts of a ledger', () => {
  it('are none of an empty store', async () => {
    expect(factsOf(await readLedger(memoryStore()))).toEqual({
      size: 0,
      headSha256: null,
      lastTime: null,
      nonces: [],
      lastTag: null,
      unfinished: null,
      lock: null,
      trustOnRecord: [],
      problems: [],
    });
  });

  it('are those of its entries', async () => {
    const store = memoryStore();
    const scene = fakeScene(store);
    const { ledger } = await playApply(scene);
    const lock = store.files.get('.backend.lock')!;
    expect(factsOf(ledger)).toMatchObject({
      size: 4,
      lastTime: '2026-11-22T12:00:32Z',
      nonces: [{ nonce: NONCE, run: '0d9e4d52-7f0c-4c0e-8d6b-2f6d3b6a1c11' }],
      lastTag: { tag: 'v1.0.0' },
      unfinished: null,
      lock: { sha256: sha256(lock), tag: 'v1.0.0' },
      problems: [],
    });
  });

  it('call a run unfinished until its lock is written, in place and sealed', async () => {
    const store = memoryStore();
    const scene = fakeScene(store);
    const run = await playRun(scene, await makeInputs(scene));
    expect(factsOf(run.ledger).unfinished).toMatchObject({ run: run.run, since: '2026-11-22T12:00:01Z' });
    const full = memoryStore();
    await playApply(fakeScene(full));
    for (const name of ['SHA256SUMS', '.backend.lock']) {
      const part = full.copy();
      part.files.delete(name);
      expect(factsOf(await readLedger(part)).unfinished, name).not.toBeNull();
    }
  });

  it('hold the problems of chain and lock', async () => {
    const full = memoryStore();
    await playApply(fakeScene(full));
    const problemsAfter = async (change: (files: Map<string, Uint8Array>) => void): Promise<string[]> => {
      const part = full.copy();
      change(part.files);
      return factsOf(await readLedger(part)).problems.map(({ code, wrong }) => `${code}: ${wrong}`);
    };
    expect(await problemsAfter((files) => files.delete('.backend.lock'))).toEqual([
      expect.stringMatching(/^EVIDENCE_MISSING: \.backend\.lock is missing; ledger\/00000003\.json names/),
    ]);
    expect(await problemsAfter((files) => files.set('.backend.lock', encode('{}\n')))).toEqual([
      expect.stringMatching(/^EVIDENCE_INVALID: invalid: \.backend\.lock: SCHEMA: /),
    ]);
    const other = memoryStore();
    await playApply(fakeScene(other), { nonce: 'e2'.repeat(16) });
    expect(
      await problemsAfter((files) => files.set('.backend.lock', other.files.get('.backend.lock')!)),
    ).toEqual([
      expect.stringMatching(
        /^EVIDENCE_INVALID: \.backend\.lock is [0-9a-f]{64}; ledger\/00000003\.json names/,
      ),
    ]);
    expect(
      await problemsAfter((files) =>
        ['00000003.json', '00000003.json.asc'].forEach((name) => files.delete(`ledger/${name}`)),
      ),
    ).toEqual([
      expect.stringMatching(/^EVIDENCE_INVALID: truncated: checkpoint: was made over 4 entries; 3 are there/),
      expect.stringMatching(
        /^EVIDENCE_INVALID: \.backend\.lock is [0-9a-f]{64}, which no ledger entry names/,
      ),
    ]);
  });
});
