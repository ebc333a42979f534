/**
 * Properties of a sealed folder: whatever single thing is done to it, `verifyEvidence` does not say ok and names the file. First with
 * made-up keys, over every file; then over every byte of every signature with real OpenPGP ones.
 */
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { sha256 } from '../../../src/kernel/digest.ts';
import { verifyEvidence, type VerifyInput } from '../../../src/evidence/verify.ts';
import { parseSignatureFile } from '../../../src/inputs/signature-packet.ts';
import { makeVerifier } from '../../../src/world/verifier.ts';
import { fakeScene, makeScene, playApply, type Scene } from '../../harness/evidence-fixture.ts';
import { realCast } from '../../harness/real-crypto.ts';
import { memoryStore, type MemoryStore } from '../../harness/memory-store.ts';
import { witnesses } from '../../harness/witnesses.ts';

const SECOND = 'e2'.repeat(16);

let scene: Scene;
let sealed: MemoryStore;
let names: readonly string[];

beforeAll(async () => {
  const store = memoryStore();
  scene = fakeScene(store);
  await playApply(scene);
  scene.clock.advance(60);
  await playApply(scene, { supersedes: sha256(store.files.get('.backend.lock')!), nonce: SECOND }, 'run-2');
  sealed = store;
  names = [...store.files.keys()];
});

/** Verifies a copy that was tampered with. @returns the overall answer and every file named */
async function after(
  tamper: (files: Map<string, Uint8Array>) => void,
): Promise<{ overall: string; files: string }> {
  const store = sealed.copy();
  tamper(store.files);
  const input: VerifyInput = {
    store,
    verifier: scene.verifier,
    witnesses,
    pins: scene.pins,
    now: scene.clock.now(),
    environment: 'dev',
  };
  const report = await verifyEvidence(input);
  return {
    overall: report.overall,
    files: report.answers
      .flatMap(({ findings }) => findings.map(({ file, what }) => `${file}: ${what}`))
      .join('\n'),
  };
}

function flip(bytes: Uint8Array, at: number, mask: number): Uint8Array {
  const copy = bytes.slice();
  copy[at] = copy[at]! ^ mask;
  return copy;
}

const anyName = fc.nat().map((n) => names[n % names.length]!);

describe('with made-up keys', () => {
  it('starts from evidence that is valid', async () => {
    expect(await after(() => undefined)).toEqual({ overall: 'ok', files: '' });
  });

  it('sees any byte changed in any file', async () => {
    await fc.assert(
      fc.asyncProperty(anyName, fc.nat(), fc.integer({ min: 1, max: 255 }), async (name, at, mask) => {
        const found = await after((files) => {
          const bytes = files.get(name)!;
          files.set(name, flip(bytes, at % bytes.length, mask));
        });
        expect(found.overall).not.toBe('ok');
        expect(found.files).toContain(name);
      }),
      { numRuns: 60 },
    );
  }, 120_000);

  it('sees every file removed', async () => {
    for (const name of names) {
      const found = await after((files) => files.delete(name));
      expect(found.overall, name).not.toBe('ok');
      expect(found.files).toContain(name);
    }
  }, 120_000);

  it('sees any file cut, or longer by a byte', async () => {
    await fc.assert(
      fc.asyncProperty(anyName, fc.boolean(), async (name, longer) => {
        const found = await after((files) => {
          const bytes = files.get(name)!;
          files.set(name, longer ? new Uint8Array([...bytes, 0x0a]) : bytes.slice(0, -1));
        });
        expect(found.overall).not.toBe('ok');
        expect(found.files).toContain(name);
      }),
      { numRuns: 40 },
    );
  }, 120_000);

  it('sees any file under another name, old name and new', async () => {
    await fc.assert(
      fc.asyncProperty(anyName, fc.constantFrom('x', '.bak', '/x', ' '), async (name, suffix) => {
        const found = await after((files) => {
          files.set(`${name}${suffix}`, files.get(name)!);
          files.delete(name);
        });
        expect(found.overall).not.toBe('ok');
        expect(found.files).toContain(name);
      }),
      { numRuns: 40 },
    );
  }, 120_000);

  it('sees any file added, of any kind', async () => {
    const added = [
      'x',
      '.DS_Store',
      'ledger/00000007.json.asc',
      'ledger/00000007.json',
      'ledger/00000099.json',
      'ledger/copy.json',
      'keys/D0C0FFEED0C0FFEED0C0FFEED0C0FFEED0C0FFEE.asc',
      `blobs/sha256/${sha256('')}`,
      `blobs/sha256/${'0'.repeat(64)}`,
      'runs/another/journal.jsonl',
      '.backend.lock.D0C0FFEED0C0FFEED0C0FFEED0C0FFEED0C0FFEE.asc',
      'SHA256SUMS.old',
      'über.txt',
    ];
    for (const name of added) {
      const found = await after((files) => files.set(name, new Uint8Array()));
      expect(found.overall, name).not.toBe('ok');
      expect(found.files).toContain(name);
    }
  }, 120_000);

  it('sees what was swapped with the first entry, heads and their signatures too', async () => {
    const genesis = 'ledger/00000000.json';
    for (const other of ['SHA256SUMS.asc', 'checkpoint.asc', 'checkpoint', '.backend.lock.asc']) {
      const found = await after((files) => {
        const [a, b] = [files.get(genesis)!, files.get(other)!];
        files.set(genesis, b).set(other, a);
      });
      expect(found.overall).toBe('bad');
      expect(found.files).toContain(genesis);
      expect(found.files).toContain(`${other}:`);
    }
  });

  it('sees any two files swapped', async () => {
    await fc.assert(
      fc.asyncProperty(anyName, anyName, async (one, two) => {
        fc.pre(sha256(sealed.files.get(one)!) !== sha256(sealed.files.get(two)!));
        const found = await after((files) => {
          const [a, b] = [files.get(one)!, files.get(two)!];
          files.set(one, b).set(two, a);
        });
        expect(found.overall).not.toBe('ok');
        // With SHA256SUMS gone, what only it vouched for (journals) cannot be told apart; that it is gone is told.
        if (two !== 'SHA256SUMS') expect(found.files).toContain(one);
        if (one !== 'SHA256SUMS') expect(found.files).toContain(two);
        expect(found.overall).toBe('bad');
      }),
      { numRuns: 60 },
    );
  }, 120_000);

  it('sees a whole tail removed, with everything that would tell but the lock', async () => {
    const tail = [
      'ledger/00000006.json',
      'ledger/00000006.json.asc',
      'checkpoint',
      'checkpoint.asc',
      'SHA256SUMS',
      'SHA256SUMS.asc',
    ];
    const found = await after((files) => tail.forEach((name) => files.delete(name)));
    expect(found.overall).toBe('bad');
    expect(found.files).toContain('.backend.lock');
  });

  it('sees an entry taken out of the middle and the rest renumbered', async () => {
    const found = await after((files) => {
      for (let seq = 3; seq < 6; seq++) {
        for (const end of ['.json', '.json.asc'])
          files.set(
            `ledger/0000000${String(seq)}${end}`,
            files.get(`ledger/0000000${String(seq + 1)}${end}`)!,
          );
      }
      files.delete('ledger/00000006.json');
      files.delete('ledger/00000006.json.asc');
    });
    expect(found.overall).toBe('bad');
    expect(found.files).toMatch(/ledger\/00000003\.json: BROKEN_CHAIN\(3\): says that it is entry 4/);
    expect(found.files).toMatch(/checkpoint: TRUNCATED/);
  });

  it('tells gap from missing from invalid', async () => {
    const gap = await after((files) =>
      ['ledger/00000002.json', 'ledger/00000002.json.asc'].forEach((name) => files.delete(name)),
    );
    expect(gap.files).toContain(
      'ledger/00000002.json: GAP: BROKEN_CHAIN(2): entry 2 is not there, a later one is',
    );
    const missing = await after((files) => files.delete('ledger/00000002.json'));
    expect(missing.files).toContain(
      'ledger/00000002.json: MISSING: its signature is there, the entry is not',
    );
    const invalid = await after((files) => files.set('ledger/00000002.json', new TextEncoder().encode('{}')));
    expect(invalid.files).toContain(
      'ledger/00000002.json: INVALID: NOT_CANONICAL: ledger/00000002.json is not in canonical form',
    );
    const fork = await after((files) =>
      files.set('ledger/00000002 (copy).json', files.get('ledger/00000002.json')!),
    );
    expect(fork.files).toContain('ledger/00000002 (copy).json');
  });
});

describe('with OpenPGP keys', () => {
  let real: Scene;
  let store: MemoryStore;

  beforeAll(async () => {
    store = memoryStore();
    real = makeScene({ store, cast: await realCast(), verifier: makeVerifier() });
    await playApply(real);
  }, 120_000);

  it('is valid to every verifier alike', async () => {
    const report = await verifyEvidence({
      store,
      verifier: real.verifier,
      witnesses,
      pins: real.pins,
      now: real.clock.now(),
      environment: 'dev',
    });
    expect(report.answers.flatMap(({ findings }) => findings)).toEqual([]);
    expect(report.overall).toBe('ok');
  }, 120_000);

  it('has no byte in a signature file that could be another', async () => {
    // SHA256SUMS.asc is the one file that no digest covers, so its form must leave no choice.
    const [data, signature] = [store.files.get('SHA256SUMS')!, store.files.get('SHA256SUMS.asc')!];
    const library = makeVerifier({ gpgvPath: null, sqvPath: null });
    const key = {
      path: `keys/${real.cast.alice.fingerprint}.asc`,
      bytes: real.cast.alice.keyFile,
      sha256: sha256(real.cast.alice.keyFile),
    };
    const isGood = async (bytes: Uint8Array): Promise<boolean> => {
      if (parseSignatureFile(bytes).is === 'malformed') return false;
      const file = { path: 'SHA256SUMS.asc', bytes, sha256: sha256(bytes) };
      const { verifiers } = await library.verify({
        data,
        signature: file,
        keys: [key],
        at: real.clock.now(),
      });
      return verifiers.length > 0 && verifiers.every(({ says }) => says.is === 'good');
    };
    expect(await isGood(signature)).toBe(true);
    const survivors: string[] = [];
    for (let at = 0; at < signature.length; at++) {
      for (const mask of [0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80]) {
        const bytes = flip(signature, at, mask);
        if (await isGood(bytes)) survivors.push(`byte ${String(at)} ^ ${String(mask)}`);
      }
    }
    expect(survivors).toEqual([]);
  }, 300_000);
});
