// Whether an auditor's pins reach the trust files in the evidence: over versions that no run used, and with keys that ended since.
import { beforeEach, describe, expect, it } from 'vitest';
import { sha256 } from '../../../src/kernel/digest.ts';
import { addSeconds, type Instant } from '../../../src/kernel/time.ts';
import { seal, writeLock } from '../../../src/evidence/seal.ts';
import type { VerifyInput } from '../../../src/evidence/verify.ts';
import { foundationProblems, type VerifyReport } from '../../../src/evidence/report.ts';
import type { FileRead, KeyFacts, PinFacts } from '../../../src/inputs/facts.ts';
import { fakeScene, lockOf, makeInputs, playRun, type Role } from '../../harness/evidence-fixture.ts';
import { fileOf, pinOf, PRINTS, trustYaml, type Who } from '../../harness/facts.ts';
import { memoryStore, type MemoryStore } from '../../harness/memory-store.ts';
import { verifyScene } from '../../harness/verify-scene.ts';

type Fake = ReturnType<typeof fakeScene> & { readonly store: MemoryStore };

let scene: Fake;
beforeEach(() => {
  const store = memoryStore();
  scene = { ...fakeScene(store), store };
});

interface Version {
  readonly text: string;
  readonly signers: readonly Role[];
}
const v = (
  version: number,
  signers: readonly Role[],
  change: Parameters<typeof trustYaml>[1] = {},
): Version => ({
  text: trustYaml(version, change),
  signers,
});
const BOB = { roots: ['bob'] } as const;
const BOTH = { roots: ['bob', 'mallory'], threshold: 2 } as const;

async function filesOf(path: string, { text, signers }: Version): Promise<readonly FileRead[]> {
  const file = fileOf(path, text);
  const at = addSeconds(scene.clock.now(), -60);
  const beside = await Promise.all(
    signers.map(async (who) =>
      fileOf(`${path}.${PRINTS[who]}.asc`, await scene.cast[who].sign(file.bytes, at)),
    ),
  );
  return [file, ...beside];
}

/** A run under this version, with these kept: a number that a file is kept under, and what it holds. */
async function runUnder(
  present: Version,
  kept: readonly (readonly [number, Version])[] = [],
  extra: readonly FileRead[] = [],
): Promise<void> {
  const { store, clock, deps } = scene;
  const lock = store.files.get('.backend.lock');
  const inputs = await makeInputs(scene, {
    nonce: sha256(present.text).slice(0, 32),
    supersedes: lock === undefined ? null : sha256(lock),
  });
  const beside = await filesOf('policies/trust.yaml', present);
  const old = (
    await Promise.all(kept.map(([n, each]) => filesOf(`policies/trust/${String(n)}.yaml`, each)))
  ).flat();
  const rest = inputs.files.filter(({ path }) => !path.startsWith('policies/trust'));
  const signatures = await Promise.all(
    beside
      .slice(1)
      .map((signature) =>
        scene.verifier.verify({ data: beside[0]!.bytes, signature, keys: keys(), at: clock.now() }),
      ),
  );
  const run = await playRun(
    scene,
    { ...inputs, trust: { file: beside[0]!, signatures }, files: [...beside, ...rest, ...old, ...extra] },
    `run-${sha256(present.text).slice(0, 8)}`,
  );
  await writeLock(deps, run.ledger, lockOf(scene, run));
  clock.advance(1);
  await seal(deps);
  clock.advance(3_600);
}

const keys = (): FileRead[] =>
  Object.values(scene.cast).map((party) => fileOf(`policies/keys/${party.fingerprint}.asc`, party.keyFile));

/** Mallory's key, which the fixture does not store. */
const storeMallory = (): void =>
  void scene.store.files.set(`keys/${PRINTS.mallory}.asc`, scene.cast.mallory.keyFile);

const pin = (trustVersion: number, roots: readonly Who[], threshold = 1): PinFacts =>
  pinOf({ trustVersion, roots: roots.map((who) => PRINTS[who]), threshold });

async function verify(pins: readonly PinFacts[], input: Partial<VerifyInput> = {}): Promise<VerifyReport> {
  return verifyScene({ ...scene, pins }, input);
}

/** What is told of the trust files, as `axis is: what`. */
async function told(pins: readonly PinFacts[], input: Partial<VerifyInput> = {}): Promise<string[]> {
  const { answers } = await verify(pins, input);
  return answers.flatMap(({ findings }) =>
    findings
      .filter(({ what }) => /^(UNPINNED|TRUST_|KEY_)/.test(what) || what.includes('policies/trust'))
      .map(({ axis, is, what }) => `${axis} ${is}: ${what}`),
  );
}

describe('a version that no run used', () => {
  it('is walked from an older pin, and not needed from a newer one', async () => {
    await runUnder(v(3, ['root']));
    await runUnder(v(5, ['bob'], BOB), [[4, v(4, ['root', 'bob'], BOB)]]);
    expect(await told([pin(3, ['root'])])).toEqual([]);
    expect((await verify([pin(3, ['root'])])).vouched).toBe('pinned');
    const newer = await told([pin(5, ['bob'])]);
    expect(newer).toEqual([
      expect.stringMatching(/^authenticity undecided: UNPINNED: version 3 is signed by 10C0/),
    ]);
    expect((await verify([pin(5, ['bob'])])).overall).toBe('undecided');
  });

  it('also from a pin that is older than the first run', async () => {
    await runUnder(v(5, ['bob'], BOB), [
      [3, v(3, ['root'])],
      [4, v(4, ['root', 'bob'], BOB)],
    ]);
    expect(await told([pin(2, ['root'])])).toEqual([]);
  });

  it('is named in the evidence of any run', async () => {
    await runUnder(v(5, ['bob'], BOB), [[4, v(4, ['root', 'bob'], BOB)]]);
    await runUnder(v(6, ['bob'], BOB), []);
    expect(await told([pin(3, ['root'])])).toEqual([]);
  });

  it.each<[string, Version]>([
    ['signed by its own roots only', v(4, ['bob'], BOB)],
    ['signed by the old roots only', v(4, ['root'], BOB)],
    ['that says another number', v(7, ['root', 'bob'], BOB)],
    ['that cannot be read', { text: `${trustYaml(4, BOB)}more: 1\n`, signers: ['root', 'bob'] }],
  ])('leads nowhere when it is one %s', async (_, kept) => {
    await runUnder(v(5, ['bob'], BOB), [[4, kept]]);
    expect(await told([pin(3, ['root'])])).toEqual([
      expect.stringMatching(
        /^authenticity bad: TRUST_UNSIGNED: version 5 is signed by B0C0.*no pin reaches it$/,
      ),
    ]);
  });

  it('does not count what is bad beside enough that is good, and says so', async () => {
    const bad = fileOf(`policies/trust/4.yaml.${PRINTS.alice}.asc`, 'no armor');
    await runUnder(v(5, ['bob'], BOB), [[4, v(4, ['root', 'bob'], BOB)]], [bad]);
    const report = await verify([pin(3, ['root'])]);
    expect(report.overall).toBe('ok');
    expect(report.notes).toEqual([
      expect.stringMatching(/^policies\/trust\/4\.yaml\.A0C0.*does not count: SIG_FORMAT/),
    ]);
  });

  it('is missing from the blobs', async () => {
    await runUnder(v(5, ['bob'], BOB), [[4, v(4, ['root', 'bob'], BOB)]]);
    scene.store.files.delete(`blobs/sha256/${sha256(trustYaml(4, BOB))}`);
    expect(await told([pin(3, ['root'])])).toContainEqual(
      expect.stringContaining('TRUST_UNSIGNED: version 5'),
    );
  });

  it('a signature of it is missing from the blobs', async () => {
    const kept = v(4, ['root', 'bob'], BOB);
    await runUnder(v(5, ['bob'], BOB), [[4, kept]]);
    const began = [...scene.store.files].find(([, bytes]) =>
      new TextDecoder().decode(bytes).includes('APPLY_STARTED'),
    );
    const { refs } = JSON.parse(new TextDecoder().decode(began![1])) as {
      refs: { name: string; sha256: string }[];
    };
    const ref = refs.find(({ name }) => name === `policies/trust/4.yaml.${PRINTS.root}.asc`)!;
    scene.store.files.delete(`blobs/sha256/${ref.sha256}`);
    expect(await told([pin(3, ['root'])])).toContainEqual(
      expect.stringContaining('TRUST_UNSIGNED: version 5'),
    );
  });
});

describe('a jump', () => {
  it('is told as a gap, also where the pinned roots signed it', async () => {
    await runUnder(v(9, ['root']));
    expect(await told([pin(3, ['root'])])).toEqual([
      expect.stringMatching(
        /^authenticity undecided: TRUST_GAP: version 9 is signed by 10C0.*pinned with version 3; a version between is not here$/,
      ),
    ]);
    expect((await verify([pin(3, ['root'])])).vouched).toBe('no');
    expect(await told([pin(8, ['root'])])).toEqual([]);
    expect(await told([pin(9, ['root'])])).toEqual([]);
    // Roots that have not changed since vouch for what is older than the pin.
    expect(await told([pin(12, ['root'])])).toEqual([]);
  });

  it('is bad where they did not sign it', async () => {
    await runUnder(v(9, ['bob'], BOB));
    expect(await told([pin(3, ['root'])])).toEqual([
      expect.stringContaining('authenticity bad: TRUST_UNSIGNED'),
    ]);
  });
});

describe('one number', () => {
  it('is one file: another under it is told, in force or kept', async () => {
    await runUnder(v(3, ['root']));
    await runUnder(v(5, ['root']), [
      [3, v(3, ['root'], { roots: ['root', 'alice'] })],
      [4, v(4, ['root'])],
    ]);
    await runUnder(v(6, ['root']), [[4, v(4, ['root'], { roots: ['root', 'alice'] })]]);
    const found = await told([pin(3, ['root'])]);
    expect(found).toHaveLength(2);
    expect(found[0]).toMatch(/^policy bad: TRUST_INVALID: version 3 is [0-9a-f]{64} too$/);
    expect(found[1]).toMatch(/^policy bad: TRUST_INVALID: version 4 is [0-9a-f]{64} too$/);
  });

  it('of the pin has the roots of the pin', async () => {
    await runUnder(v(3, ['root', 'bob'], BOB));
    expect(await told([pin(3, ['root'])])).toEqual([
      expect.stringContaining('authenticity bad: TRUST_UNSIGNED'),
    ]);
  });
});

describe('evidence that is older than the pin, of roots that are none any more', () => {
  it('cannot be decided by an auditor; beside a tagged tree it must be the file that the tree keeps', async () => {
    await runUnder(v(3, ['root']));
    const pins = [pin(5, ['bob'])];
    expect(await told(pins)).toEqual([
      expect.stringMatching(
        /^authenticity undecided: UNPINNED: version 3 is signed by 10C0.*; no pin reaches it$/,
      ),
    ]);
    const strict = await verify(pins, { released: [] });
    expect([strict.vouched, strict.overall]).toEqual(['no', 'bad']);
    const released = await verify(pins, { released: [sha256(trustYaml(3))] });
    expect([released.vouched, released.overall]).toEqual(['released', 'undecided']);
    expect((await verify([], { released: [sha256(trustYaml(3))] })).vouched).toBe('no');
  });

  it('is not vouched for where only one of two versions is', async () => {
    await runUnder(v(3, ['root']));
    await runUnder(v(4, ['root']));
    const report = await verify([pin(5, ['bob'])], { released: [sha256(trustYaml(4))] });
    expect(report.vouched).toBe('no');
    const other = await verify([pin(5, ['bob'])], { released: [sha256(trustYaml(3))] });
    expect(other.vouched).toBe('no');
  });
});

describe('root keys that ended since they signed', () => {
  const ended = (who: Role, facts: Partial<KeyFacts>, at: Instant | null = null): void => {
    scene.cast[who].facts = { ...scene.cast[who].facts, ...facts };
    scene.cast[who].revokedAt = at;
  };
  const LATER = '2026-11-22T18:00:00Z' as Instant;
  beforeEach(async () => {
    storeMallory();
    await runUnder(v(3, ['root']));
    await runUnder(v(5, ['bob', 'mallory'], BOTH), [[4, v(4, ['root', 'bob', 'mallory'], BOTH)]]);
    scene.clock.advance(86_400);
  });

  it('by expiry: what they signed stands', async () => {
    for (const who of ['root', 'bob', 'mallory'] as const) ended(who, { expires: LATER });
    expect(await told([pin(3, ['root'])])).toEqual([]);
  });

  it('by a retirement: what they signed before it stands', async () => {
    const revoked = { kind: 'soft', reason: 'retired' } as const;
    for (const who of ['root', 'bob', 'mallory'] as const) ended(who, { revoked }, LATER);
    expect(await told([pin(3, ['root'])])).toEqual([]);
    expect((await verify([pin(3, ['root'])])).notes.join('\n')).toContain('was retired since (retired)');
  });

  it('by compromise: nothing that they signed counts, and everything after it hangs in the air', async () => {
    ended('root', { revoked: { kind: 'hard', reason: 'compromised' } }, LATER);
    const found = await told([pin(3, ['root'])]);
    expect(found.filter((line) => line.startsWith('revocation bad')).join()).toContain('KEY_REVOKED');
    expect(found.filter((line) => line.startsWith('authenticity bad')).join()).toContain('version 5');
    // From a pin after it nothing of today is lost, and new runs go on.
    const later = await verify([pin(5, ['bob', 'mallory'], 2)], { released: [] });
    expect(foundationProblems(later)).toEqual([]);
    expect(
      (await told([pin(5, ['bob', 'mallory'], 2)])).filter((line) => line.startsWith('authenticity')),
    ).toEqual([
      expect.stringMatching(
        /undecided: TRUST_UNSIGNED: 0 of 1 of its own root keys signed it, and others that were revoked since$/,
      ),
      expect.stringMatching(/undecided: UNPINNED: version 3 is signed by nobody; no pin reaches it$/),
    ]);
  });
});

it('looks at no more versions than 64', async () => {
  const many = Array.from({ length: 70 }, (_, i) => [4 + i, v(4 + i, ['root'])] as const);
  await runUnder(v(74, ['root']), many);
  expect(await told([pin(3, ['root'])])).toEqual([
    expect.stringContaining('authenticity undecided: TRUST_GAP'),
  ]);
  expect(await told([pin(20, ['root'])])).toEqual([]);
});
