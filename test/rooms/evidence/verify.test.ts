/** `verifyEvidence` over evidence made by the product's own functions: good ones, and each way to be wrong. */
import { describe, expect, it } from 'vitest';
import { canonicalBytes } from '../../../src/kernel/canonical.ts';
import { sha256 } from '../../../src/kernel/digest.ts';
import { addSeconds, type Instant } from '../../../src/kernel/time.ts';
import { append } from '../../../src/evidence/append.ts';
import { parseCheckpoint } from '../../../src/evidence/checkpoint.ts';
import { readLedger } from '../../../src/evidence/ledger.ts';
import { foundationProblems, type Axis, type VerifyReport } from '../../../src/evidence/report.ts';
import { seal, writeLock } from '../../../src/evidence/seal.ts';
import { parseSums, sumsOf } from '../../../src/evidence/sums.ts';
import type { BackendLock } from '../../../src/inputs/evidence-documents.ts';
import {
  fakeScene,
  lockOf,
  makeInputs,
  playApply,
  playRun,
  type InputOptions,
} from '../../harness/evidence-fixture.ts';
import { edited, encode, keyOf, pinOf } from '../../harness/facts.ts';
import type { FakeParty } from '../../harness/fake-crypto.ts';
import type { FileRead, KeyFacts, KeyRead } from '../../../src/inputs/facts.ts';
import type { Verifier } from '../../../src/ports.ts';
import { memoryStore, type MemoryStore } from '../../harness/memory-store.ts';
import { verifyScene as verify } from '../../harness/verify-scene.ts';

type Fake = ReturnType<typeof fakeScene> & { readonly store: MemoryStore };

const SECOND = 'e2'.repeat(16);

async function applied(options: InputOptions = {}): Promise<Fake> {
  const scene = emptyScene();
  await playApply(scene, options);
  return scene;
}

function emptyScene(mode: 'LIVE' | 'REHEARSAL' = 'LIVE'): Fake {
  const store = memoryStore();
  return { ...fakeScene(store, mode), store };
}

/** `axis: file: what` of everything found. */
function told(report: VerifyReport): string[] {
  return report.answers.flatMap(({ findings }) =>
    findings.map(({ axis, file, what }) => `${axis}: ${file}: ${what}`),
  );
}

function status(report: VerifyReport, axis: Axis): string {
  return report.answers.find((answer) => answer.axis === axis)!.status;
}

/** Signs the heads again, as an insider could who holds Alice's key. */
async function reseal(scene: Fake): Promise<void> {
  const { store, cast, clock } = scene;
  const sums = sumsOf(store.files);
  store.files.set('SHA256SUMS', sums);
  store.files.set('SHA256SUMS.asc', await cast.alice.sign(sums, clock.now()));
}

/** The whole evidence again, with a lock that says something else. */
async function withLock(
  change: (lock: BackendLock) => BackendLock,
  options: InputOptions = {},
): Promise<Fake> {
  const scene = emptyScene();
  const run = await playRun(scene, await makeInputs(scene, options));
  await writeLock(scene.deps, run.ledger, change(lockOf(scene, run)));
  scene.clock.advance(1);
  await seal(scene.deps);
  return scene;
}

const changed =
  (change: (lock: { -readonly [K in keyof BackendLock]: BackendLock[K] }) => void) =>
  (lock: BackendLock): BackendLock => {
    const copy = structuredClone(lock);
    change(copy);
    return copy;
  };

describe('good evidence', () => {
  it('is valid on every axis and says what no check can decide', async () => {
    const scene = await applied();
    const report = await verify(scene);
    expect(told(report)).toEqual([]);
    expect(report).toMatchObject({
      overall: 'ok',
      mode: 'LIVE',
      size: 4,
      anchor: { size: 4, from: 'checkpoint' },
      notes: [],
    });
    expect(report.answers.map(({ axis }) => axis)).toEqual([
      'integrity',
      'authenticity',
      'time',
      'revocation',
      'chain',
      'policy',
      'duty',
      'origin',
      'extras',
    ]);
    expect(report.lock?.sha256).toBe(sha256(scene.store.files.get('.backend.lock')!));
    expect(report.summary.join('\n')).toMatch(
      /: valid\nhead = .*, size = 4, newest external anchor = none\nhead .*\nroot .*\nanchor .*\nchain {3}ok\nlock .*tag v1\.0\.0\nnot decided here: /,
    );
    expect(report.limits).toHaveLength(5);
  });

  it('stays valid when a second intent supersedes the lock, and keeps the old one', async () => {
    const scene = await applied();
    const old = scene.store.files.get('.backend.lock')!;
    scene.clock.advance(60);
    await playApply(scene, { supersedes: sha256(old), nonce: SECOND }, 'run-2');
    const report = await verify(scene);
    expect(told(report)).toEqual([]);
    expect(report).toMatchObject({ overall: 'ok', size: 7 });
    expect(scene.store.files.get(`blobs/sha256/${sha256(old)}`)).toEqual(old);
  });

  it('says of a rehearsal that it is one', async () => {
    const scene = emptyScene('REHEARSAL');
    await playApply(scene);
    const report = await verify(scene);
    expect(report).toMatchObject({ overall: 'ok', mode: 'REHEARSAL' });
    expect(report.summary.join('\n')).toContain('REHEARSAL: everything was real but the cloud');
  });

  it('agrees with a checkpoint that was kept elsewhere and has grown since', async () => {
    const scene = await applied();
    const anchor = parseCheckpoint(scene.store.files.get('checkpoint')!);
    await playApply(
      scene,
      { supersedes: sha256(scene.store.files.get('.backend.lock')!), nonce: SECOND },
      'run-2',
    );
    const report = await verify(scene, { anchor });
    expect(told(report)).toEqual([]);
    expect(report.anchor).toEqual({ size: 4, from: 'given' });
    expect(report.summary).toContain('anchor  the given checkpoint, over 4 entries');
    expect(report.limits).toHaveLength(4);
  });

  it('throws when there is nothing to judge', async () => {
    await expect(verify(emptyScene())).rejects.toMatchObject({ code: 'EVIDENCE_MISSING' });
  });
});

describe('authenticity', () => {
  it('is undecided without a pin, and names the roots that it claims', async () => {
    const scene = await applied();
    const report = await verify(scene, { pins: [] });
    expect(report.overall).toBe('undecided');
    expect(told(report)).toEqual([
      expect.stringContaining(`UNPINNED: self-consistent, but no root key of repository`),
    ]);
    expect(told(report)[0]).toContain(scene.cast.root.fingerprint);
  });

  it('is bad when the pin is of other roots, as of evidence that was made anew by somebody else', async () => {
    const scene = await applied();
    const report = await verify(scene, { pins: [pinOf({ roots: [scene.cast.mallory.fingerprint] })] });
    expect(status(report, 'authenticity')).toBe('bad');
    expect(told(report).join()).toContain('no pin reaches it');
  });

  it('is bad when a pin demands nothing', async () => {
    const scene = await applied();
    const report = await verify(scene, { pins: [pinOf({ roots: [], threshold: 0 })] });
    expect(status(report, 'authenticity')).toBe('bad');
  });

  it('is bad when the trust file is not signed by its own roots', async () => {
    const scene = await applied({ trustSigner: 'mallory' });
    await storeMallory(scene);
    expect(told(await verify(scene)).join('\n')).toMatch(
      /TRUST_UNSIGNED: 0 of 1 of its own root keys[^]*signed by D0C0.*no pin reaches it/,
    );
  });

  it('is bad when an entry is signed by somebody else than it says', async () => {
    const scene = await applied();
    const { store, cast, clock } = scene;
    store.files.set(
      'ledger/00000002.json.asc',
      await cast.root.sign(store.files.get('ledger/00000002.json')!, clock.now()),
    );
    await reseal(scene);
    const report = await verify(scene);
    expect(told(report)).toEqual([
      expect.stringMatching(/^authenticity: ledger\/00000002\.json\.asc: SIGNER_NOT_ALLOWED/),
      expect.stringMatching(/^authenticity: ledger\/00000002\.json\.asc: is by 10C0.*; the entry says A0C0/),
    ]);
  });

  it('is bad when the signer has not the evidence role', async () => {
    const scene = await applied({
      edit: (name, text) =>
        name === 'trust' ? edited(text, '[release, intent, evidence]', '[release, intent]') : text,
    });
    const report = await verify(scene);
    expect(status(report, 'authenticity')).toBe('bad');
    expect(told(report)[0]).toMatch(/^authenticity: ledger\/00000000\.json\.asc: SIGNER_ROLE/);
  });

  it('is bad when nobody signed the heads', async () => {
    for (const head of ['checkpoint', 'SHA256SUMS']) {
      const scene = await applied();
      scene.store.files.delete(`${head}.asc`);
      expect(told(await verify(scene)).join('\n')).toContain(
        `authenticity: ${head}.asc: MISSING: nobody signed ${head}`,
      );
    }
  });

  it('is bad when the key is not there', async () => {
    const scene = await applied();
    scene.store.files.delete(`keys/${scene.cast.alice.fingerprint}.asc`);
    const report = await verify(scene);
    expect(told(report).join('\n')).toMatch(
      /authenticity: ledger\/00000000\.json\.asc: over ledger\/00000000\.json: SIGNER_UNKNOWN/,
    );
    expect(told(report).join('\n')).toMatch(/extras: keys\/A0C0.*: MISSING: SHA256SUMS lists it/);
  });

  it('follows a change of the roots that old and new roots signed, and asks about one that no pin reaches', async () => {
    const scene = await applied();
    scene.clock.advance(60);
    const edit = (name: string, text: string): string =>
      name === 'trust'
        ? edited(edited(text, 'version: 3', 'version: 4'), 'keys: ["10C0', 'keys: ["B0C0').replace(
            'keys: ["B0C0FFEE10C0FFEE10C0FFEE10C0FFEE10C0FFEE"',
            'keys: ["B0C0FFEEB0C0FFEEB0C0FFEEB0C0FFEEB0C0FFEE"',
          )
        : text;
    await rotate(scene, edit, ['root', 'bob']);
    expect(told(await verify(scene))).toEqual([]);
    // Pins of today reach today's version only.
    const today = await verify(scene, { pins: [pinOf({ roots: [scene.cast.bob.fingerprint] })] });
    expect(told(today)).toEqual([
      expect.stringMatching(/^authenticity: blobs\/sha256\/.*: UNPINNED: version 3 is signed by 10C0/),
    ]);
    expect(today.overall).toBe('undecided');
  });
});

async function storeMallory({ store, cast }: Fake): Promise<void> {
  store.files.set(`keys/${cast.mallory.fingerprint}.asc`, cast.mallory.keyFile);
}

/** A second run under another trust file, signed by several roots. */
async function rotate(
  scene: Fake,
  edit: NonNullable<InputOptions['edit']>,
  roots: readonly ('root' | 'bob')[],
): Promise<void> {
  const { store, cast, clock, verifier } = scene;
  const inputs = await makeInputs(scene, {
    supersedes: sha256(store.files.get('.backend.lock')!),
    nonce: SECOND,
    edit,
  });
  const file = inputs.trust.file;
  const keys = Object.values(cast).map((party) => ({
    path: `policies/keys/${party.fingerprint}.asc`,
    bytes: party.keyFile,
    sha256: sha256(party.keyFile),
  }));
  const beside = await Promise.all(
    roots.map(async (who) => {
      const bytes = await cast[who].sign(file.bytes, addSeconds(clock.now(), -60));
      return { path: `policies/trust.yaml.${cast[who].fingerprint}.asc`, bytes, sha256: sha256(bytes) };
    }),
  );
  const signatures = await Promise.all(
    beside.map((signature) => verifier.verify({ data: file.bytes, signature, keys, at: clock.now() })),
  );
  const files = [...inputs.files.filter(({ path }) => !path.startsWith('policies/trust.yaml.')), ...beside];
  const run = await playRun(scene, { ...inputs, trust: { file, signatures }, files }, 'run-2');
  const lock = lockOf(scene, run);
  await writeLock(scene.deps, run.ledger, { ...lock, policy: { ...lock.policy, trust_version: 4 } });
  clock.advance(1);
  await seal(scene.deps);
}

describe('time', () => {
  it('is bad for an entry or a signature from the future', async () => {
    const scene = await applied();
    const report = await verify(scene, { now: '2026-11-22T11:00:00Z' as Instant });
    expect(status(report, 'time')).toBe('bad');
    expect(told(report)).toContain(
      'time: ledger/00000000.json: is dated 2026-11-22T12:00:00Z, and it is 2026-11-22T11:00:00Z',
    );
    expect(told(report).join('\n')).toContain('SIG_FUTURE: signed at 2026-11-22T12:00:00Z');
  });

  it('is bad for a signature older than what it signs', async () => {
    const scene = await applied();
    const { store, cast } = scene;
    store.files.set(
      'ledger/00000002.json.asc',
      await cast.alice.sign(store.files.get('ledger/00000002.json')!, '2026-11-22T11:00:00Z' as Instant),
    );
    await reseal(scene);
    expect(told(await verify(scene))).toEqual([
      expect.stringMatching(
        /^time: ledger\/00000002\.json\.asc: was made at 2026-11-22T11:00:00Z, before ledger/,
      ),
    ]);
  });

  it('judges keys as of their signatures: expired since is good, expired before is bad', async () => {
    const scene = await applied();
    const later = '2036-11-22T12:00:00Z' as Instant;
    scene.cast.alice.facts = { ...scene.cast.alice.facts, expires: '2027-01-01T00:00:00Z' as Instant };
    const since = await verify(scene, { now: later });
    expect(told(since)).toEqual([]);
    expect(since.notes).toEqual([
      `VALID_AT_SIGNING: key ${scene.cast.alice.fingerprint} has expired since, at 2027-01-01T00:00:00Z; what it dated before stands`,
    ]);
    expect((await verify(scene)).notes).toEqual([]);
    scene.cast.alice.facts = { ...scene.cast.alice.facts, expires: '2026-11-01T00:00:00Z' as Instant };
    const report = await verify(scene, { now: later });
    expect(status(report, 'time')).toBe('bad');
    expect(told(report)[0]).toMatch(/KEY_EXPIRED/);
  });

  it('is bad when the lock tells its times in the wrong order', async () => {
    const scene = await withLock(
      changed((lock) => Object.assign(lock.confirmation, { shown_at: '2026-11-22T12:00:01Z' })),
    );
    expect(told(await verify(scene))).toEqual([
      expect.stringMatching(
        /^time: blobs.*: confirmation\.confirmed_at is .*, before confirmation\.shown_at/,
      ),
    ]);
    const other = await withLock(
      changed((lock) => (lock.run.started_at = '2026-11-22T13:00:00Z' as Instant)),
    );
    expect(told(await verify(other))).toEqual([expect.stringMatching(/^time: blobs.*: run\.started_at is/)]);
  });
});

describe('revocation', () => {
  const revoke = (party: FakeParty, kind: 'hard' | 'soft', at: string): void => {
    party.facts = { ...party.facts, revoked: { kind, reason: kind === 'hard' ? 'compromised' : 'retired' } };
    party.revokedAt = at as Instant;
  };

  it('is bad for a key that was compromised, whenever that was', async () => {
    const scene = await applied();
    revoke(scene.cast.alice, 'hard', '2030-01-01T00:00:00Z');
    const report = await verify(scene);
    expect(status(report, 'revocation')).toBe('bad');
    expect(told(report)[0]).toContain('is revoked: compromised; nothing that it signed counts');
  });

  it('lets stand what a retired key signed before, and says so', async () => {
    const scene = await applied();
    revoke(scene.cast.alice, 'soft', '2030-01-01T00:00:00Z');
    const report = await verify(scene, { now: '2031-01-01T00:00:00Z' as Instant });
    expect(told(report)).toEqual([]);
    expect(report.notes).toEqual([
      `VALID_AT_SIGNING: key ${scene.cast.alice.fingerprint} was retired since (retired); what it dated before stands`,
    ]);
  });

  it('lets stand what a retired subkey signed before, and says so', async () => {
    const scene = await applied();
    const { alice } = scene.cast;
    const revoked = { kind: 'soft', reason: 'superseded' } as const;
    alice.facts = { ...alice.facts, subkeys: [{ ...keyOf('alice'), revoked }] };
    const report = await verify(scene);
    expect(told(report)).toEqual([]);
    expect(report.notes).toEqual([
      `VALID_AT_SIGNING: key ${alice.fingerprint} was retired since (superseded); what it dated before stands`,
    ]);
  });

  it('is bad for what a retired key signed afterwards', async () => {
    const scene = await applied();
    revoke(scene.cast.alice, 'soft', '2026-11-22T12:00:20Z');
    const report = await verify(scene, { now: '2031-01-01T00:00:00Z' as Instant });
    expect(status(report, 'revocation')).toBe('bad');
    expect(told(report).join('\n')).not.toContain('ledger/00000000.json.asc');
    expect(told(report).join('\n')).toContain('ledger/00000002.json.asc');
  });

  it('uses the certificates of today where the auditor brings them', async () => {
    const scene = await applied();
    const today = encode('FAKE KEY of another day\n');
    const report = await verify(scene, {
      keys: [
        { path: `policies/keys/${scene.cast.alice.fingerprint}.asc`, bytes: today, sha256: sha256(today) },
      ],
    });
    expect(told(report)[0]).toContain('SIGNER_UNKNOWN');
    expect(report.limits).toHaveLength(4);
  });

  const gone = { kind: 'hard', reason: 'compromised' } as const;
  it.each<[string, Partial<KeyFacts>]>([
    ['the key', { revoked: gone }],
    ['its subkey', { subkeys: [{ ...keyOf('alice'), revoked: gone }] }],
  ])('of %s is not hidden by a certificate from before the revocation', async (_what, revoked) => {
    const scene = await applied();
    const { fingerprint, facts, keyFile } = scene.cast.alice;
    const verifier = {
      ...scene.verifier,
      keys: async (files: readonly FileRead[]) =>
        files.map((file): KeyRead => ({
          is: 'key',
          key: { ...facts, file: file.path, ...(file.path.startsWith('keys/') ? revoked : {}) },
        })),
      verify: async (input: Parameters<Verifier['verify']>[0]) => {
        const stored = input.keys.some(({ path }) => path === `keys/${fingerprint}.asc`);
        const seen = await scene.verifier.verify(input);
        return { ...seen, key: seen.key && { ...seen.key, ...(stored ? revoked : {}) } };
      },
    };
    const before = { path: `policies/keys/${fingerprint}.asc`, bytes: keyFile, sha256: sha256(keyFile) };
    const report = await verify(scene, { verifier, keys: [before] });
    expect(status(report, 'revocation')).toBe('bad');
  });
});

describe('what was asked for', () => {
  it.each([
    [{ mode: 'REHEARSAL' }, 'mode LIVE, and REHEARSAL was asked for'],
    [{ repository: '00000000-0000-4000-8000-000000000000' }, 'was asked for'],
    [{ environment: 'prod' }, 'environment dev, and prod was asked for'],
  ] as const)('evidence of another kind, place or owner is not it: %o', async (input, message) => {
    const report = await verify(await applied(), input);
    expect(status(report, 'origin')).toBe('bad');
    expect(told(report).join('\n')).toContain(message);
    expect(foundationProblems(report)).toHaveLength(1);
  });
});

describe('chain', () => {
  it('tells a tail that was cut together with its checkpoint from a checkpoint kept elsewhere', async () => {
    const scene = await applied();
    const older = scene.store.copy();
    await playApply(
      scene,
      { supersedes: sha256(scene.store.files.get('.backend.lock')!), nonce: SECOND },
      'run-2',
    );
    const anchor = parseCheckpoint(scene.store.files.get('checkpoint')!);
    const rolledBack = { ...scene, store: older };
    expect((await verify(rolledBack)).overall).toBe('ok');
    const report = await verify(rolledBack, { anchor });
    expect(told(report)).toEqual([
      'chain: ledger/00000004.json: TRUNCATED: the given checkpoint was made over 7 entries; 4 are there',
    ]);
  });

  it('tells a ledger that an insider wrote and signed anew', async () => {
    const [one, two] = [await applied(), await applied({ nonce: SECOND })];
    const report = await verify(two, { anchor: parseCheckpoint(one.store.files.get('checkpoint')!) });
    expect(told(report)).toEqual([
      expect.stringContaining('chain: ledger: FORK: INCONSISTENT, the ledger was rewritten'),
    ]);
  });

  it('tells a lock that claims another place in the ledger', async () => {
    const wrong = await withLock(changed((lock) => (lock.ledger.root_sha256 = 'ab'.repeat(32))));
    expect(told(await verify(wrong))).toEqual([
      expect.stringMatching(/^chain: blobs.*the lock says ledger\.root_sha256 abab/),
    ]);
    const late = await withLock(changed((lock) => (lock.ledger.size = 9)));
    expect(told(await verify(late))).toEqual([
      expect.stringMatching(/^chain: blobs.*was made after 9 entries, and was written as entry 3/),
    ]);
  });

  it('tells a missing checkpoint, by which a cut tail would be seen', async () => {
    const scene = await applied();
    scene.store.files.delete('checkpoint');
    expect(told(await verify(scene))).toContain('chain: checkpoint: MISSING: a cut tail would not be seen');
  });

  it('tells two locks that supersede the same one', async () => {
    const scene = await applied();
    const { store } = scene;
    scene.clock.advance(60);
    const inputs = await makeInputs(scene, { nonce: SECOND });
    const run = await playRun(scene, inputs, 'run-2');
    const lock = lockOf(scene, run);
    const bytes = canonicalBytes(lock);
    const signature = await scene.deps.sign(bytes);
    store.files
      .set(`blobs/sha256/${sha256(bytes)}`, bytes)
      .set(`blobs/sha256/${sha256(signature)}`, signature);
    await append(scene.deps, run.ledger, {
      type: 'LOCK_WRITTEN',
      mode: 'LIVE',
      refs: [
        { name: '.backend.lock', sha256: sha256(bytes) },
        { name: '.backend.lock.asc', sha256: sha256(signature) },
      ],
      body: {
        run: 'run-2',
        intent_sha256: lock.intent.sha256,
        plan_sha256: lock.plan_sha256,
        tag: 'v1.0.0',
        commit: lock.repo.commit,
        lock_sha256: sha256(bytes),
        lock_signature_sha256: sha256(signature),
        supersedes: null,
      },
    });
    await seal(scene.deps);
    expect(told(await verify(scene))).toEqual([
      expect.stringMatching(/^chain: ledger\/00000006\.json: supersedes null; [0-9a-f]{64} was in force/),
    ]);
  });
});

describe('policy', () => {
  it.each<[string, (lock: BackendLock) => void, RegExp]>([
    [
      'account',
      (l) => (l.backend.account = '999999999999'),
      /^policy: .*backend\.account 999999999999; it is 111111111111/,
    ],
    [
      'region',
      (l) => (l.backend.region = 'us-east-1'),
      /^policy: .*backend\.region us-east-1; it is eu-central-1/,
    ],
    [
      'endpoint',
      (l) => (l.backend.endpoint = 'http://elsewhere'),
      /^policy: .*backend\.endpoint http:\/\/elsewhere; it is null/,
    ],
    ['partition', (l) => (l.backend.partition = 'aws-cn'), /^policy: .*backend\.partition aws-cn; it is aws/],
    [
      'bucket',
      (l) => (l.backend.resources[0]!.name = 'evil'),
      /^policy: .*state-bucket\.name evil; it is acme-dev-tfstate/,
    ],
    [
      'role',
      (l) => (l.backend.resources[3]!.name = 'evil'),
      /^policy: .*role-operator\.name evil; it is acme-dev-operator/,
    ],
    [
      'kind',
      (l) => (l.backend.resources[0]!.kind = 'virtual-machine'),
      /^policy: .*is of kind virtual-machine, which the policy does not allow/,
    ],
    ['trust version', (l) => (l.policy.trust_version = 9), /^policy: .*trust_version 9; it is 3/],
    ['nonce', (l) => (l.nonce = SECOND), /^policy: .*nonce e2e2/],
    ['plan', (l) => (l.plan_sha256 = 'cd'.repeat(32)), /^policy: .*plan \(ledger\/00000001\.json\) cdcd/],
    [
      'requester',
      (l) => (l.intent.requester = 'B0C0FFEEB0C0FFEEB0C0FFEEB0C0FFEEB0C0FFEE' as never),
      /^policy: .*intent\.requester B0C0/,
    ],
    ['tag oid', (l) => (l.repo.tag_oid = 'ef'.repeat(20)), /^policy: .*OBJECT_FORGED: tag efef/],
    [
      'tag digest',
      (l) => (l.repo.tag_object_sha256 = 'ef'.repeat(32)),
      /^policy: .*TAG_MALFORMED: payload and signature do not make up/,
    ],
    ['tag name', (l) => (l.repo.tag_name = '../v1'), /^policy: .*TAG_NAME_INVALID/],
    ['tree', (l) => (l.repo.tree_sha256 = 'ef'.repeat(32)), /^policy: .*INTENT_SOURCE/],
    [
      'window',
      (l) => (l.confirmation.confirmed_at = '2026-11-22T07:00:00Z' as Instant),
      /^policy: .*INTENT_WINDOW/,
    ],
    ['mode', (l) => (l.mode = 'REHEARSAL'), /mode/],
    ['run', (l) => (l.run.id = 'another'), /^policy: .*no entry began its run another/],
    ['signers', (l) => l.intent.signatures.pop(), /^duty: .*the lock says that the intent is signed by/],
    [
      'repository',
      (l) => (l.origin.repository = '00000000-0000-4000-8000-000000000000'),
      /^origin: .*repository 00000000/,
    ],
    ['environment', (l) => (l.origin.environment = 'nowhere'), /^origin: .*environment nowhere/],
  ])('compares the %s in the lock with what vouches for it', async (name, change, wanted) => {
    if (name === 'mode')
      return expect(withLock(changed(change))).rejects.toMatchObject({ code: 'EVIDENCE_INVALID' });
    const report = await verify(await withLock(changed(change)));
    expect(report.overall).toBe('bad');
    expect(told(report)).toContainEqual(expect.stringMatching(wanted));
  });

  it('asks the gates again: a policy that another environment shares is refused', async () => {
    const scene = await applied({
      edit: (name, text) =>
        name === 'parity' ? edited(text, 'account: "222222222222"', 'account: "111111111111"') : text,
    });
    expect(told(await verify(scene))).toEqual([
      expect.stringMatching(/^policy: blobs\/sha256\/.*: PARITY_SHARED/),
    ]);
  });

  it('refuses a trust file that had expired, and one older than the one before', async () => {
    const expired = await applied({
      edit: (name, text) =>
        name === 'trust' ? edited(text, '2027-06-01T00:00:00Z', '2026-06-01T00:00:00Z') : text,
    });
    expect(told(await verify(expired))).toEqual([
      expect.stringContaining('TRUST_EXPIRED: expired at 2026-06-01T00:00:00Z'),
    ]);
    const older = await applied();
    older.clock.advance(60);
    await rotate(
      older,
      (name, text) => (name === 'trust' ? edited(text, 'version: 3', 'version: 2') : text),
      ['root'],
    );
    expect(told(await verify(older)).join('\n')).toContain('TRUST_ROLLBACK: version 2 after version 3');
  });

  it('refuses a trust file or a policy that cannot be read', async () => {
    const trust = await applied({ edit: (name, text) => (name === 'trust' ? `${text}more: 1\n` : text) });
    expect(told(await verify(trust)).join('\n')).toMatch(/^authenticity: [^]*policy: blobs.*SCHEMA/);
    const parity = await applied({ edit: (name, text) => (name === 'parity' ? `${text}more: 1\n` : text) });
    expect(told(await verify(parity)).join('\n')).toMatch(/policy: blobs.*SCHEMA/);
  });

  it('is undecided where no apply has finished', async () => {
    const scene = emptyScene();
    await playRun(scene, await makeInputs(scene));
    await seal(scene.deps);
    const report = await verify(scene);
    expect(told(report)).toEqual([
      'policy: .backend.lock: there is no lock: no apply has finished, so there is nothing to hold against the policy',
      'duty: .backend.lock: there is no lock',
    ]);
    expect(report.lock).toBeNull();
    expect(report.summary).toContain('lock    none');
  });

  it('tells an intent that was used twice', async () => {
    const scene = await applied();
    scene.clock.advance(60);
    const entry = (await readLedger(scene.store)).items[1]!.entry;
    if (entry.type !== 'APPLY_STARTED') throw new Error('not the entry');
    const head = (await readLedger(scene.store)).head!;
    const again = canonicalBytes({
      ...entry,
      seq: 4,
      prev_sha256: head.sha256,
      time: scene.clock.now(),
      body: { ...entry.body, run: 'again' },
    });
    scene.store.files
      .set('ledger/00000004.json', again)
      .set('ledger/00000004.json.asc', await scene.cast.alice.sign(again, scene.clock.now()));
    await seal(scene.deps);
    expect(told(await verify(scene))).toEqual([
      expect.stringMatching(
        /^policy: ledger\/00000004\.json: INTENT_REPLAY: nonce 0123.* was used by ledger\/00000001\.json/,
      ),
    ]);
  });
});

describe('records that do not hang together', () => {
  it('are told when an entry names no trust file', async () => {
    const scene = emptyScene();
    const inputs = await makeInputs(scene);
    const run = await playRun(scene, {
      ...inputs,
      files: inputs.files.filter(({ path }) => !path.startsWith('policies/trust')),
    });
    await writeLock(scene.deps, run.ledger, lockOf(scene, run));
    await seal(scene.deps);
    const report = await verify(scene);
    expect(status(report, 'authenticity')).toBe('undecided');
    expect(told(report).join('\n')).toContain('authenticity: entry 1: names no policies/trust.yaml');
    expect(told(report).join('\n')).toContain('no trust file says whether they might');
    expect(told(report).join('\n')).toContain('duty: ');
    expect(told(await verify(scene, { pins: [] })).join('\n')).toContain('it claims none');
  });

  it('are told when the lock that an entry names is none', async () => {
    const scene = emptyScene();
    const run = await playRun(scene, await makeInputs(scene));
    const none = encode('{}\n');
    const signature = await scene.deps.sign(none);
    scene.store.files
      .set(`blobs/sha256/${sha256(none)}`, none)
      .set(`blobs/sha256/${sha256(signature)}`, signature);
    const { commit, name: tag } = run.inputs.tag;
    await append(scene.deps, run.ledger, {
      type: 'LOCK_WRITTEN',
      mode: 'LIVE',
      refs: [],
      body: {
        run: run.run,
        intent_sha256: sha256('x'),
        plan_sha256: sha256('x'),
        tag,
        commit,
        lock_sha256: sha256(none),
        lock_signature_sha256: sha256(signature),
        supersedes: null,
      },
    });
    await expect(seal(scene.deps)).resolves.toBeDefined();
    const report = await verify(scene);
    expect(report.lock).toBeNull();
    expect(told(report).join('\n')).toMatch(new RegExp(`integrity: blobs/sha256/${sha256(none)}: .*schema`));
  });

  it('are told when the ledger has lost its beginning', async () => {
    const scene = await applied();
    scene.store.files.delete('ledger/00000000.json');
    scene.store.files.delete('ledger/00000000.json.asc');
    const report = await verify(scene, { environment: undefined as never });
    expect(report.origin).toEqual({ repository: 'unknown', environment: 'unknown' });
    expect(told(report)).toContain(
      'chain: ledger/00000000.json: GAP: BROKEN_CHAIN(0): entry 0 is not there, a later one is',
    );
  });

  it('are told when two keys changed places', async () => {
    const scene = await applied();
    const [one, two] = [`keys/${scene.cast.root.fingerprint}.asc`, `keys/${scene.cast.bob.fingerprint}.asc`];
    const [a, b] = [scene.store.files.get(one)!, scene.store.files.get(two)!];
    scene.store.files.set(one, b).set(two, a);
    expect(told(await verify(scene))).toContain(
      `integrity: ${one}: KEYRING_SHAPE: holds key ${scene.cast.bob.fingerprint}`,
    );
  });

  it('are told, and not met with a crash, when a document is too deep or too long', async () => {
    const scene = await applied();
    scene.store.files.set('ledger/00000002.json', encode(`${'['.repeat(200_000)}${']'.repeat(200_000)}\n`));
    scene.store.files.set('.backend.lock', new Uint8Array(9 * 1024 * 1024));
    const found = told(await verify(scene)).join('\n');
    expect(found).toContain(
      'integrity: ledger/00000002.json: INVALID: NOT_CANONICAL: ledger/00000002.json is nested too deeply',
    );
    expect(found).toContain(
      'integrity: .backend.lock: INVALID: NOT_CANONICAL: .backend.lock is 9437184 bytes',
    );
  });
});

describe('duty separation', () => {
  it.each<[string, InputOptions, RegExp]>([
    [
      'nobody approved',
      { intentSigners: ['alice'] },
      /^duty: .*THRESHOLD: intents\/dev\.yaml: 0 of 1 people of role approver/,
    ],
    [
      'the requester has not signed',
      { intentSigners: ['bob'] },
      /^duty: .*THRESHOLD: intents\/dev\.yaml: line \d+, column 1: the requester/,
    ],
    [
      'somebody else released',
      { tagSigner: 'bob' },
      /^duty: .*SIGNER_ROLE: refs\/tags\/v1\.0\.0: Bob has not the role release/,
    ],
    [
      'more people should have signed the evidence',
      {
        edit: (name, text) =>
          name === 'trust' ? edited(text, 'evidence: { default: 1 }', 'evidence: { default: 2 }') : text,
      },
      /^duty: \.backend\.lock: THRESHOLD: 1 of 2 people of role evidence signed/,
    ],
  ])('tells that %s', async (_name, options, wanted) => {
    expect(told(await verify(await applied(options)))).toContainEqual(expect.stringMatching(wanted));
  });

  it('counts a co-signature of the lock by another person, and refuses one by nobody', async () => {
    const edit = (name: string, text: string): string =>
      name === 'trust'
        ? edited(
            edited(text, 'evidence: { default: 1 }', 'evidence: { default: 2 }'),
            'roles: [approver]',
            'roles: [approver, evidence]',
          )
        : text;
    const scene = await applied({ edit });
    const { store, cast, clock } = scene;
    const lock = store.files.get('.backend.lock')!;
    store.files.set(`.backend.lock.${cast.bob.fingerprint}.asc`, await cast.bob.sign(lock, clock.now()));
    expect(told(await verify(scene))).toEqual([]);
    store.files.set(
      `.backend.lock.${cast.bob.fingerprint}.asc`,
      await cast.bob.sign(encode('another'), clock.now()),
    );
    expect(told(await verify(scene))).toEqual([
      expect.stringMatching(/^integrity: \.backend\.lock\.B0C0.*SIG_BAD/),
      expect.stringMatching(/^duty: \.backend\.lock: THRESHOLD: 1 of 2/),
    ]);
  });
});

describe('origin', () => {
  it('tells evidence of another environment than was asked for', async () => {
    const report = await verify(await applied(), { environment: 'prod' });
    expect(told(report)).toEqual([
      'origin: ledger/00000000.json: ORIGIN_MISMATCH: was begun for environment dev, and prod was asked for',
    ]);
  });

  it('tells a checkpoint of another ledger', async () => {
    const scene = await applied();
    const other = new TextDecoder().decode(scene.store.files.get('checkpoint')).replace('/dev\n', '/prod\n');
    const report = await verify(scene, { anchor: parseCheckpoint(encode(other)) });
    expect(told(report)).toEqual([
      expect.stringMatching(/^origin: the given checkpoint: ORIGIN_MISMATCH: is of govboot.*\/prod/),
    ]);
    scene.store.files.set('checkpoint', encode(other));
    expect(told(await verify(scene)).join('\n')).toMatch(/origin: checkpoint: ORIGIN_MISMATCH/);
  });
});

describe('extras', () => {
  it('tells missing from unreferenced', async () => {
    const scene = await applied();
    const blob = [...scene.store.files.keys()].find((name) => name.startsWith('blobs/'))!;
    scene.store.files.delete(blob);
    scene.store.files.set('notes.txt', encode('hello'));
    const found = told(await verify(scene)).join('\n');
    expect(found).toContain(`extras: ${blob}: MISSING: SHA256SUMS lists it`);
    expect(found).toContain(`extras: ${blob}: MISSING: ledger/00000001.json names it as`);
    expect(found).toContain('extras: notes.txt: UNREFERENCED: it does not belong in a folder of evidence');
  });

  it('notes a blob that is sealed and that nothing names', async () => {
    const scene = await applied();
    const loose = encode('left by a run that was killed');
    scene.store.files.set(`blobs/sha256/${sha256(loose)}`, loose);
    expect(told(await verify(scene))).toEqual([
      `extras: blobs/sha256/${sha256(loose)}: UNREFERENCED: SHA256SUMS does not name it`,
    ]);
    await seal(scene.deps);
    const report = await verify(scene);
    expect(report.overall).toBe('ok');
    expect(report.notes).toEqual([`1 blobs are named by no ledger entry: blobs/sha256/${sha256(loose)}`]);
    expect(report.summary.join('\n')).toContain('note    1 blobs');
  });

  it('tells a lock that no entry names', async () => {
    const scene = emptyScene();
    await playRun(scene, await makeInputs(scene));
    await seal(scene.deps);
    scene.store.files.set('.backend.lock', encode('{}\n'));
    expect(told(await verify(scene)).join('\n')).toContain(
      'extras: .backend.lock: UNREFERENCED: no ledger entry names this lock',
    );
  });

  it('names what is not a plain file', async () => {
    const scene = await applied();
    scene.store.files.delete('ledger/00000002.json');
    scene.store.unsafe.add('ledger/00000002.json');
    const found = told(await verify(scene)).join('\n');
    expect(found).toContain('integrity: ledger/00000002.json: ledger/00000002.json is a link');
    expect(found).not.toContain('MISSING: SHA256SUMS lists it');
  });

  it('passes on what it did not expect', async () => {
    const scene = await applied();
    const store = { ...scene.store, read: () => Promise.reject(new TypeError('not mine')) };
    await expect(verify({ ...scene, store })).rejects.toThrow(TypeError);
  });
});

describe('what forbids to build on evidence', () => {
  it('is a forged entry, and not a stray file, a missing pin or an interrupted run', async () => {
    const scene = await applied();
    scene.store.files.set('notes.txt', encode('x')).set('ledger/00000004.json.asc', encode('torn'));
    expect(foundationProblems(await verify(scene, { pins: [] }))).toEqual([]);
    scene.store.files.set(
      'ledger/00000003.json.asc',
      await scene.cast.mallory.sign(scene.store.files.get('ledger/00000003.json')!, scene.clock.now()),
    );
    expect(foundationProblems(await verify(scene))).toEqual([
      {
        code: 'EVIDENCE_INVALID',
        wrong: expect.stringMatching(/^integrity: ledger\/00000003\.json\.asc: SHA-256 is/),
      },
      {
        code: 'EVIDENCE_INVALID',
        wrong: expect.stringMatching(
          /^authenticity: ledger\/00000003\.json\.asc: over ledger\/00000003\.json: SIGNER_UNKNOWN/,
        ),
      },
    ]);
  });
});

describe('sums', () => {
  it('are refused in any other spelling', async () => {
    const scene = await applied();
    scene.store.files.set('SHA256SUMS', encode('# hello\n'));
    const report = await verify(scene);
    expect(status(report, 'integrity')).toBe('bad');
    expect(told(report).join('\n')).toContain('SHA256SUMS has the line "# hello"');
    expect(() => parseSums(encode('x'))).toThrow();
  });
});

describe('an identity provider in the lock', () => {
  const PROVIDERS = [
    ['oidc-github', 'token.actions.githubusercontent.com'],
    ['oidc-gitlab', 'gitlab.example.org'],
  ] as const;
  const FEDERATION = `federation:
  github:
    repository: acme/infra
    owner_id: "1"
    repository_id: "2"
    subject: immutable
    plan_environment: "{environment}-plan"
    apply_environment: "{environment}"
  gitlab: { host: gitlab.example.org, project_path: acme/infra, audience: "https://gitlab.example.org", ref: "{environment}" }
`;
  const edit = (name: string, text: string): string =>
    name === 'parity'
      ? edited(
          edited(text, 'federation:\n  github: null\n  gitlab: null\n', FEDERATION),
          'state-key, role]',
          'state-key, role, oidc-provider]',
        )
      : text;
  const listing = (providers: readonly (readonly [string, string])[]) =>
    changed((lock) => {
      const more = providers.map(([id, name]) => ({ id, kind: 'oidc-provider', name, arn: null }));
      lock.backend = { ...lock.backend, resources: [...lock.backend.resources, ...more] };
    });

  it('has the host that the policy says', async () => {
    expect(told(await verify(await withLock(listing(PROVIDERS), { edit })))).toEqual([]);
  });

  it.each([
    ['oidc-github', 'token.actions.evil.example', 'token.actions.githubusercontent.com'],
    ['oidc-gitlab', 'gitlab.com', 'gitlab.example.org'],
    // Whatever kind it says: its name is that of what it is.
    ['state-bucket', 'evil', 'acme-dev-tfstate-eu-central-1'],
    ['oidc-evil', 'evil.example', 'undefined'],
  ])('%s of another name is bad', async (id, name, wanted) => {
    expect(told(await verify(await withLock(listing([[id, name]]), { edit })))).toEqual([
      expect.stringMatching(
        new RegExp(`^policy: blobs.*: the lock says ${id}\\.name ${name}; it is ${wanted}$`),
      ),
    ]);
  });

  it('that the policy does not use has no name there', async () => {
    const allowed = (name: string, text: string): string =>
      name === 'parity' ? edited(text, 'state-key, role]', 'state-key, role, oidc-provider]') : text;
    const report = await verify(await withLock(listing(PROVIDERS), { edit: allowed }));
    expect(told(report)).toEqual(
      PROVIDERS.map(([id, name]) =>
        expect.stringMatching(
          new RegExp(`^policy: .*: the lock says ${id}\\.name ${name}; it is undefined$`),
        ),
      ),
    );
  });
});

describe('a long ledger', () => {
  async function long(): Promise<Fake> {
    const scene = await applied();
    for (let n = 0; n < 40; n++)
      await append(scene.deps, await readLedger(scene.store), {
        type: 'GATE_FAIL',
        mode: 'LIVE',
        refs: [],
        body: {
          run: `refused-${String(n)}`,
          intent: 'intents/dev.yaml',
          intent_sha256: null,
          findings: [{ where: 'x', code: 'PARITY', message: 'x' }],
        },
      });
    await seal(scene.deps);
    return scene;
  }

  it('has every signature judged, those of the ends and of the heads by everybody, and says so', async () => {
    const scene = await long();
    const asked: string[] = [];
    const verifier: Verifier = {
      ...scene.verifier,
      verify: async (input) => {
        asked.push(`${input.depth ?? 'everybody'} ${input.signature.path}`);
        return scene.verifier.verify(input);
      },
    };
    const report = await verify(scene, { verifier });
    expect(told(report)).toEqual([]);
    expect(report.limits.join('\n')).toMatch(/of 42 entries between the first and the last of their signers/);
    const inside = asked.filter((each) => each.startsWith('inside '));
    expect(inside).toHaveLength(42);
    expect(inside.every((each) => /ledger\/000000\d\d\.json\.asc$/.test(each))).toBe(true);
    for (const name of [
      'ledger/00000000.json.asc',
      'ledger/00000043.json.asc',
      'checkpoint.asc',
      'SHA256SUMS.asc',
    ])
      expect(asked).toContain(`everybody ${name}`);
  });

  it('names a signature in the middle that is not one', async () => {
    const scene = await long();
    const name = 'ledger/00000020.json.asc';
    scene.store.files.set(name, scene.store.files.get('ledger/00000021.json.asc')!);
    expect(told(await verify(scene)).join('\n')).toContain(
      `integrity: ${name}: over ledger/00000020.json: SIG_BAD`,
    );
  });
});
