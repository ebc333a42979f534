/** Lock and seal: killed at every write, run again, and the end is the same; what was sealed before is never covered up. */
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../../src/kernel/digest.ts';
import { storeBlobs, storeKeys } from '../../../src/evidence/blobs.ts';
import { parseCheckpoint } from '../../../src/evidence/checkpoint.ts';
import { append } from '../../../src/evidence/append.ts';
import { factsOf, readLedger } from '../../../src/evidence/ledger.ts';
import { hasPrefixLines, seal, writeLock } from '../../../src/evidence/seal.ts';
import { parseSums, sumsOf } from '../../../src/evidence/sums.ts';
import { verifyEvidence, type VerifyInput } from '../../../src/evidence/verify.ts';
import {
  fakeScene,
  lockOf,
  makeInputs,
  playApply,
  playRun,
  type Run,
  type Scene,
} from '../../harness/evidence-fixture.ts';
import { encode } from '../../harness/facts.ts';
import { Killed, memoryStore, type MemoryStore } from '../../harness/memory-store.ts';
import { witnesses } from '../../harness/witnesses.ts';

const SECOND = 'e2'.repeat(16);

function verdict(
  scene: Scene,
  store: MemoryStore,
  input: Partial<VerifyInput> = {},
): ReturnType<typeof verifyEvidence> {
  return verifyEvidence({
    store,
    verifier: scene.verifier,
    witnesses,
    pins: scene.pins,
    now: scene.clock.now(),
    environment: 'dev',
    ...input,
  });
}

async function sealedScene(): Promise<Scene & { readonly store: MemoryStore }> {
  const store = memoryStore();
  const scene = { ...fakeScene(store), store };
  await playApply(scene);
  return scene;
}

/** What a run does at its end, and what `--resume` does after a kill. */
async function finish(scene: Scene, run: Run): Promise<void> {
  const ledger = await readLedger(scene.store);
  await writeLock(scene.deps, ledger, lockOf(scene, { ...run, ledger }));
  await seal(scene.deps);
}

describe('killed at any write', () => {
  it.each([
    ['the first lock', false],
    ['a lock that supersedes', true],
  ] as const)(
    'of %s, finishing again gives valid evidence, and before that it is never called valid or forged',
    async (_name, second) => {
      const build = async (): Promise<{ scene: Scene & { store: MemoryStore }; run: Run }> => {
        const store = memoryStore();
        const scene = { ...fakeScene(store), store };
        if (!second) return { scene, run: await playRun(scene, await makeInputs(scene)) };
        await playApply(scene);
        scene.clock.advance(60);
        const inputs = await makeInputs(scene, {
          nonce: SECOND,
          supersedes: sha256(store.files.get('.backend.lock')!),
        });
        return { scene, run: await playRun(scene, inputs, 'run-2') };
      };
      for (const is of ['killed-before', 'killed-after'] as const) {
        for (let at = 0; ; at++) {
          const { scene, run } = await build();
          const from = scene.store.writes.length;
          scene.store.fault = () => (scene.store.writes.length - from === at ? { is } : null);
          const done = await finish(scene, run).then(
            () => true,
            (error: unknown) => {
              if (!(error instanceof Killed)) throw error;
              return false;
            },
          );
          if (done) {
            expect(at).toBeGreaterThan(8);
            break;
          }
          scene.store.fault = null;
          const between = await verdict(scene, scene.store);
          const where = `${is} write ${String(at)}: ${scene.store.writes.at(-1) ?? ''}`;
          const last = is === 'killed-after' && scene.store.writes.at(-1)?.endsWith(' SHA256SUMS') === true;
          expect(
            `${where}: ${between.overall} ${JSON.stringify(between.answers.flatMap((a) => a.findings.filter((f) => f.is === 'bad')))}`,
          ).toBe(`${where}: ${last ? 'ok' : 'undecided'} []`);
          expect(factsOf(await readLedger(scene.store)).unfinished !== null, where).toBe(!last);
          expect(factsOf(await readLedger(scene.store)).problems, where).toEqual([]);
          scene.clock.advance(5);
          await finish(scene, run);
          const after = await verdict(scene, scene.store);
          expect(
            after.answers.flatMap(({ findings }) => findings),
            where,
          ).toEqual([]);
          expect(after.overall).toBe('ok');
          expect(after.size, where).toBe(second ? 7 : 4);
        }
      }
    },
    180_000,
  );
});

describe('a seal', () => {
  it('asks for no signature when nothing changed', async () => {
    const scene = await sealedScene();
    const before = [...scene.store.writes];
    const sign = (): Promise<Uint8Array> => Promise.reject(new Error('asked to sign'));
    const again = await seal({ ...scene.deps, sign });
    expect(scene.store.writes).toEqual(before);
    expect(again.strays).toEqual([]);
    expect(again.checkpoint).toEqual(parseCheckpoint(scene.store.files.get('checkpoint')!));
  });

  it('signs again where a signature is gone', async () => {
    const scene = await sealedScene();
    scene.store.files.delete('SHA256SUMS.asc');
    await seal(scene.deps);
    expect((await verdict(scene, scene.store)).overall).toBe('ok');
  });

  it('covers every file but itself, and leaves out what does not belong, and says so', async () => {
    const scene = await sealedScene();
    scene.store.files.set('notes.txt', encode('hello')).set('a name with spaces', encode('x'));
    scene.store.unsafe.add('link');
    expect((await seal(scene.deps)).strays).toEqual(['a name with spaces', 'link', 'notes.txt']);
    const listed = [...parseSums(scene.store.files.get('SHA256SUMS')!).keys()];
    const all = [...scene.store.files.keys()].filter(
      (name) => !['SHA256SUMS', 'SHA256SUMS.asc', 'notes.txt', 'a name with spaces'].includes(name),
    );
    expect(listed).toEqual(all.sort());
  });

  it('needs a ledger', async () => {
    const { deps } = fakeScene(memoryStore());
    await expect(seal(deps)).rejects.toMatchObject({ code: 'EVIDENCE_MISSING' });
  });

  it('leaves the rest of an interrupted append out', async () => {
    const scene = await sealedScene();
    scene.store.files.set('ledger/00000004.json.asc', encode('torn'));
    await seal(scene.deps);
    expect(parseSums(scene.store.files.get('SHA256SUMS')!).has('ledger/00000004.json.asc')).toBe(false);
    const report = await verdict(scene, scene.store);
    expect(report.answers.flatMap(({ findings }) => findings.map(({ file, is }) => `${is} ${file}`))).toEqual(
      ['undecided ledger/00000004.json.asc'],
    );
  });

  it.each<[string, (files: Map<string, Uint8Array>) => void]>([
    [
      'keys/A0C0FFEEA0C0FFEEA0C0FFEEA0C0FFEEA0C0FFEE.asc',
      (files) => files.set('keys/A0C0FFEEA0C0FFEEA0C0FFEEA0C0FFEEA0C0FFEE.asc', encode('another key')),
    ],
    ['.backend.lock', (files) => files.delete('.backend.lock')],
    ['.backend.lock.asc', (files) => files.set('.backend.lock.asc', encode('x'))],
    [
      'runs/0d9e4d52-7f0c-4c0e-8d6b-2f6d3b6a1c11/journal.jsonl',
      (files) =>
        files.set('runs/0d9e4d52-7f0c-4c0e-8d6b-2f6d3b6a1c11/journal.jsonl', encode('{"event":"never"}\n')),
    ],
    ['ledger/00000001.json.asc', (files) => files.set('ledger/00000001.json.asc', encode('x'))],
  ])('does not cover up that %s was changed', async (name, change) => {
    const scene = await sealedScene();
    change(scene.store.files);
    await expect(seal(scene.deps)).rejects.toMatchObject({ code: 'EVIDENCE_INVALID', data: { file: name } });
  });

  it('does not cover up a rewritten ledger', async () => {
    const [one, two] = [await sealedScene(), memoryStore()];
    await playApply(fakeScene(two), { nonce: SECOND });
    for (const [name, bytes] of two.files) if (name.startsWith('ledger/')) one.store.files.set(name, bytes);
    await expect(seal(one.deps)).rejects.toMatchObject({
      code: 'EVIDENCE_INVALID',
      data: { file: 'checkpoint' },
    });
  });

  it('lets journals grow and keys be renewed, and keeps the older key', async () => {
    const scene = await sealedScene();
    const { store, cast } = scene;
    const name = `keys/${cast.bob.fingerprint}.asc`;
    const renewed = encode('FAKE KEY renewed\n');
    await storeKeys(store, [{ fingerprint: cast.bob.fingerprint, bytes: renewed }]);
    await storeKeys(store, [{ fingerprint: cast.bob.fingerprint, bytes: renewed }]);
    expect(store.files.get(name)).toEqual(renewed);
    expect(store.files.get(`blobs/sha256/${sha256(cast.bob.keyFile)}`)).toEqual(cast.bob.keyFile);
    await store.append('runs/0d9e4d52-7f0c-4c0e-8d6b-2f6d3b6a1c11/journal.jsonl', '{"event":"more"}');
    await seal(scene.deps);
    expect(parseSums(store.files.get('SHA256SUMS')!).get(name)).toBe(sha256(renewed));
  });

  it('tells growth from change', () => {
    const text = encode('one\ntwo\nthree\n');
    expect(hasPrefixLines(text, sha256('one\n'))).toBe(true);
    expect(hasPrefixLines(text, sha256('one\ntwo'))).toBe(true);
    expect(hasPrefixLines(text, sha256('one\ntw'))).toBe(false);
    expect(hasPrefixLines(text, sha256('two\n'))).toBe(false);
  });

  it('between seal and seal, verify calls growth undecided and change bad', async () => {
    const scene = await sealedScene();
    const { store, cast, deps } = scene;
    await append(deps, await readLedger(store), {
      type: 'GATE_FAIL',
      mode: 'LIVE',
      refs: [],
      body: {
        run: 'g',
        intent: 'intents/dev.yaml',
        intent_sha256: null,
        findings: [{ where: 'source', code: 'TREE_MISMATCH', message: 'x' }],
      },
    });
    const journal = 'runs/0d9e4d52-7f0c-4c0e-8d6b-2f6d3b6a1c11/journal.jsonl';
    await store.append(journal, '{"event":"more"}');
    await storeBlobs(store, [cast.bob.keyFile]);
    const statuses = async (): Promise<string[]> =>
      (await verdict(scene, store)).answers
        .flatMap(({ findings }) => findings.map(({ file, is }) => `${is} ${file}`))
        .sort();
    expect(await statuses()).toEqual([
      `undecided blobs/sha256/${sha256(cast.bob.keyFile)}`,
      'undecided ledger/00000004.json',
      'undecided ledger/00000004.json',
      'undecided ledger/00000004.json.asc',
      `undecided ${journal}`,
    ]);
    store.files.set(journal, encode('{"event":"never"}\n'));
    expect(await statuses()).toContain(`bad ${journal}`);
  });
});

describe('a lock', () => {
  it('is written only over the lock that it supersedes', async () => {
    const scene = await sealedScene();
    const inputs = await makeInputs(scene, { nonce: SECOND });
    const run = await playRun(scene, inputs, 'run-2');
    await expect(writeLock(scene.deps, run.ledger, lockOf(scene, run))).rejects.toMatchObject({
      code: 'LOCK_SUPERSEDES',
      data: { supersedes: null },
    });
    await expect(
      writeLock(scene.deps, await readLedger(memoryStore()), {
        ...lockOf(scene, run),
        supersedes: 'ab'.repeat(32),
      }),
    ).rejects.toMatchObject({ code: 'LOCK_SUPERSEDES', data: { inForce: null } });
  });

  it('says what was read, with each clause once and signatures in order', async () => {
    const scene = fakeScene(memoryStore());
    const run = await playRun(scene, await makeInputs(scene));
    const lock = lockOf(scene, run);
    expect(lock.controls).toEqual({ FSBP: ['S3.14'], 'SOC 2': ['CC6.1'] });
    expect(lock.intent.signatures.map(({ signer }) => signer).sort()).toEqual([
      scene.cast.alice.fingerprint,
      scene.cast.bob.fingerprint,
    ]);
    expect(lock.intent.signatures.map((s) => s.sha256)).toEqual(
      [...lock.intent.signatures.map((s) => s.sha256)].sort(),
    );
    expect(lock).toMatchObject({
      status: 'APPLIED',
      mode: 'LIVE',
      time_source: 'host clock, claimed',
      ledger: { seq: 2, size: 3 },
      policy: { trust_version: 3 },
      repo: { tag_name: 'v1.0.0' },
    });
    expect(Object.keys(lock.policy.templates)).toEqual(['backend.hcl.tmpl', 'backend.tf.tmpl']);
  });

  it('does not list a signature that is not good', async () => {
    const scene = fakeScene(memoryStore());
    const inputs = await makeInputs(scene);
    const [first, ...others] = inputs.intent.signatures;
    const broken = { ...first!, verifiers: [] };
    const run = await playRun(scene, {
      ...inputs,
      intent: { ...inputs.intent, signatures: [broken, ...others] },
    });
    expect(lockOf(scene, run).intent.signatures).toHaveLength(1);
  });

  it('needs its blobs when it is put in place', async () => {
    const scene = await sealedScene();
    const lock = scene.store.files.get('.backend.lock')!;
    const name = `blobs/sha256/${sha256(lock)}`;
    scene.store.files.delete('SHA256SUMS');
    scene.store.files.delete(name);
    await expect(seal(scene.deps)).rejects.toMatchObject({ code: 'EVIDENCE_MISSING', data: { file: name } });
    scene.store.files.set(name, encode('x'));
    await expect(seal(scene.deps)).rejects.toMatchObject({ code: 'EVIDENCE_INVALID', data: { file: name } });
  });
});

describe('blobs', () => {
  it('are stored once, and never over something else', async () => {
    const store = memoryStore();
    const bytes = encode('hello');
    await storeBlobs(store, [bytes, bytes]);
    expect(store.writes).toHaveLength(1);
    store.files.set(`blobs/sha256/${sha256(bytes)}`, encode('x'));
    await expect(storeBlobs(store, [bytes])).rejects.toMatchObject({ code: 'EVIDENCE_INVALID' });
  });

  it('may be stored by another process in between', async () => {
    const store = memoryStore();
    const bytes = encode('hello');
    store.before = async (_kind, name) => void store.files.set(name, bytes);
    await storeBlobs(store, [bytes]);
    expect(store.writes).toEqual([]);
    const full = memoryStore();
    full.fault = () => ({ is: 'refused' });
    await expect(storeBlobs(full, [bytes])).rejects.toMatchObject({ code: 'EVIDENCE_WRITE' });
  });
});

describe('sums', () => {
  const digest = 'ab'.repeat(32);

  it('are sorted, and read back', () => {
    const files = new Map([
      ['b', encode('b')],
      ['SHA256SUMS', encode('x')],
      ['a/c', encode('c')],
    ]);
    const bytes = sumsOf(files);
    expect(new TextDecoder().decode(bytes)).toBe(`${sha256('c')}  a/c\n${sha256('b')}  b\n`);
    expect([...parseSums(bytes)]).toEqual([
      ['a/c', sha256('c')],
      ['b', sha256('b')],
    ]);
  });

  it.each([
    ['no end', `${digest}  a`],
    ['one space', `${digest} a\n`],
    ['binary mark', `${digest} *a\n`],
    ['upper case', `${digest.toUpperCase()}  a\n`],
    ['itself', `${digest}  SHA256SUMS\n`],
    ['a way out', `${digest}  ../a\n`],
    ['an absolute path', `${digest}  /a\n`],
    ['twice', `${digest}  a\n${digest}  a\n`],
    ['out of order', `${digest}  b\n${digest}  a\n`],
    ['a mark at the start', `\ufeff${digest}  a\n`],
    ['carriage returns', `${digest}  a\r\n`],
  ])('are refused with %s', (_name, text) => {
    expect(() => parseSums(encode(text))).toThrow(expect.objectContaining({ code: 'EVIDENCE_INVALID' }));
  });

  it('are not made of names that sha256sum would escape', () => {
    expect(() => sumsOf(new Map([['a\nb', encode('x')]]))).toThrow(
      expect.objectContaining({ code: 'FILE_UNSAFE' }),
    );
  });
});

describe('a checkpoint', () => {
  const good = `govboot/5f0c2a4e-1b7d-4c3a-9e2f-0a1b2c3d4e5f/dev\n4\n${'A'.repeat(43)}=\n`;

  it('is three lines', () => {
    expect(parseCheckpoint(encode(good))).toMatchObject({
      size: 4,
      origin: 'govboot/5f0c2a4e-1b7d-4c3a-9e2f-0a1b2c3d4e5f/dev',
    });
  });

  it.each([
    ['four lines', `${good}more\n`],
    ['no size', good.replace('\n4\n', '\n0\n')],
    ['a padded size', good.replace('\n4\n', '\n04\n')],
    ['another origin', good.replace('govboot/', 'other/')],
    ['another spelling of the root', good.replace('A=\n', 'B=\n')],
    ['no end', good.trimEnd()],
  ])('is refused with %s', (_name, text) => {
    expect(() => parseCheckpoint(encode(text))).toThrow(
      expect.objectContaining({ code: 'EVIDENCE_INVALID' }),
    );
  });
});

describe('a file that is listed and gone when it is read', () => {
  const vanishing = (scene: Scene & { readonly store: MemoryStore }, gone: string): Scene['deps'] => ({
    ...scene.deps,
    store: {
      ...scene.store,
      list: async (folder) => [...new Set([...(await scene.store.list(folder)), gone])].sort(),
      read: async (name) => (name === gone ? null : scene.store.read(name)),
    },
  });

  it('is not sealed', async () => {
    const scene = await sealedScene();
    await seal(vanishing(scene, 'runs/another/journal.jsonl'));
    expect([...parseSums(scene.store.files.get('SHA256SUMS')!).keys()]).not.toContain(
      'runs/another/journal.jsonl',
    );
    expect((await verdict(scene, scene.store)).overall).toBe('ok');
  });

  it('is missing where it was sealed before', async () => {
    const scene = await sealedScene();
    const journal = [...scene.store.files.keys()].find((name) => name.endsWith('journal.jsonl'))!;
    await expect(seal(vanishing(scene, journal))).rejects.toMatchObject({
      code: 'EVIDENCE_INVALID',
      message: `${journal} is missing: it was changed after it was sealed`,
    });
  });
});
