/** Proofs: made by `proofOf`, judged alone by `verifyProof`. Every byte of one counts, and each lie has a word. */
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { canonicalBytes } from '../../../src/kernel/canonical.ts';
import { sha256 } from '../../../src/kernel/digest.ts';
import { addSeconds } from '../../../src/kernel/time.ts';
import type { KeyFacts } from '../../../src/inputs/facts.ts';
import { toJson } from '../../../src/kernel/json.ts';
import { parseCheckpoint, type Checkpoint } from '../../../src/evidence/checkpoint.ts';
import { readLedger } from '../../../src/evidence/ledger.ts';
import { proofOf } from '../../../src/evidence/prove.ts';
import type { ProofReport } from '../../../src/evidence/proof-report.ts';
import { verifyProof, type ProofInput } from '../../../src/evidence/verify-proof.ts';
import { fromBase64, toBase64 } from '../../../src/inputs/base64.ts';
import { parseProof, type ProofDocument } from '../../../src/inputs/proof-document.ts';
import { fakeScene, playApply, type Scene } from '../../harness/evidence-fixture.ts';
import { edited, pinOf } from '../../harness/facts.ts';
import type { FakeParty } from '../../harness/fake-crypto.ts';
import { memoryStore, type MemoryStore } from '../../harness/memory-store.ts';
import type { Cast } from '../../harness/evidence-fixture.ts';

let scene: Scene & { readonly cast: Cast<FakeParty> };
let store: MemoryStore;
let kept: Checkpoint;

beforeAll(async () => {
  store = memoryStore();
  scene = fakeScene(store);
  await playApply(scene);
  kept = parseCheckpoint(store.files.get('checkpoint')!);
  scene.clock.advance(60);
  const supersedes = sha256(store.files.get('.backend.lock')!);
  // The second run had a newer list of people.
  await playApply(
    scene,
    {
      supersedes,
      nonce: 'e2'.repeat(16),
      edit: (name, text) => (name === 'trust' ? edited(text, 'version: 3', 'version: 4') : text),
    },
    'run-2',
  );
});

async function made(entry: number | null, since: Checkpoint | null = null): Promise<ProofDocument> {
  return parseProof(await proofOf(store, await readLedger(store), { entry, since }), 'proof');
}

async function judge(proof: ProofDocument, more: Partial<ProofInput> = {}): Promise<ProofReport> {
  const { verifier, pins, clock } = scene;
  return verifyProof({ proof, verifier, pins, now: clock.now(), ...more });
}

const told = ({ answers }: ProofReport): string[] =>
  answers.flatMap(({ findings }) =>
    findings.map(({ axis, is, file, what }) => `${axis} ${is}: ${file}: ${what}`),
  );

describe('a good proof', () => {
  it('of every entry, with and without what came since', async () => {
    for (let entry = 0; entry < 7; entry++) {
      for (const since of [null, kept]) {
        const report = await judge(await made(entry, since), since === null ? {} : { anchor: kept });
        expect(told(report)).toEqual([]);
        expect(report).toMatchObject({ overall: 'ok', vouched: 'pinned', size: 7, entry: { index: entry } });
      }
    }
  });

  it('of growth alone', async () => {
    const report = await judge(await made(null, kept), { anchor: kept, environment: 'dev' });
    expect(told(report)).toEqual([]);
    expect(report).toMatchObject({ overall: 'ok', entry: null, since: { size: 4 } });
    expect(report.summary.join('\n')).toMatch(/: valid\nsize = 7, root = .*\nsince {3}4 entries/);
  });

  it('has the lists of people that it needs, each once', async () => {
    expect((await made(0)).trust.map(({ from }) => from)).toEqual([1, 4]);
    expect((await made(6)).trust.map(({ from }) => from)).toEqual([4]);
  });

  it('says what it cannot show', async () => {
    const { limits } = await judge(await made(1));
    expect(limits.join('\n')).toMatch(/everybody is shown the same ledger[^]*what came after the entry/);
  });
});

describe('is not made', () => {
  it('of what the checkpoint does not cover, or without one', async () => {
    const ledger = await readLedger(store);
    await expect(proofOf(store, ledger, { entry: 7, since: null })).rejects.toMatchObject({ code: 'USAGE' });
    await expect(
      proofOf(store, { ...ledger, checkpoint: null }, { entry: 1, since: null }),
    ).rejects.toMatchObject({
      code: 'EVIDENCE_MISSING',
    });
    for (const other of [{ size: 8 }, { origin: 'govboot/x/prod' }])
      await expect(
        proofOf(store, ledger, { entry: null, since: { ...kept, ...other } }),
      ).rejects.toMatchObject({
        code: 'USAGE',
      });
  });

  it('of files that are gone', async () => {
    const copy = store.copy();
    copy.files.delete('ledger/00000002.json.asc');
    await expect(proofOf(copy, await readLedger(copy), { entry: 2, since: null })).rejects.toMatchObject({
      code: 'EVIDENCE_MISSING',
    });
  });
});

describe('is refused', () => {
  const change = (proof: ProofDocument, more: Partial<ProofDocument>): ProofDocument => ({
    ...proof,
    ...more,
  });

  it('under another number, or with another entry', async () => {
    const proof = await made(2);
    const other = await made(3);
    const inclusion = proof.inclusion!;
    const moved = await judge(change(proof, { inclusion: { ...inclusion, index: 3 } }));
    expect(told(moved)).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^chain bad: ledger\/00000003\.json: NOT_INCLUDED/),
        expect.stringMatching(/BROKEN_CHAIN\(3\): says that it is entry 2/),
      ]),
    );
    const swapped = await judge(
      change(proof, { inclusion: { ...inclusion, entry: other.inclusion!.entry } }),
    );
    expect(told(swapped).join('\n')).toMatch(/NOT_INCLUDED[^]*SIG_BAD|SIG_BAD[^]*NOT_INCLUDED/);
    const empty = await judge(
      change(proof, { inclusion: { ...inclusion, entry: toBase64(new Uint8Array([123])) } }),
    );
    expect(told(empty).join('\n')).toMatch(/integrity bad: ledger\/00000002\.json: NOT_CANONICAL/);
    const shorter = await judge(
      change(proof, { inclusion: { ...inclusion, path: inclusion.path.slice(1) } }),
    );
    expect(told(shorter).join('\n')).toContain('NOT_INCLUDED');
  });

  it('where the ledger did not grow from the older checkpoint', async () => {
    const proof = await made(null, kept);
    const consistency = { ...proof.consistency!, root: 'ab'.repeat(32) };
    expect(told(await judge(change(proof, { consistency }))).join('\n')).toMatch(
      /chain bad: checkpoint: FORK: INCONSISTENT/,
    );
    const another = { ...kept, root: new Uint8Array(32) };
    expect(told(await judge(proof, { anchor: another })).join('\n')).toMatch(
      /FORK: INCONSISTENT with the given checkpoint/,
    );
    expect(told(await judge(proof, { anchor: { ...kept, size: 9 } })).join('\n')).toMatch(
      /TRUNCATED: the given checkpoint/,
    );
    const nowhere = await judge(proof, { anchor: { ...kept, size: 5 } });
    expect(nowhere.overall).toBe('undecided');
    expect(told(nowhere).join('\n')).toMatch(/nothing leads from the given checkpoint over 5 entries/);
  });

  it('of another ledger, or another environment', async () => {
    const proof = await made(0);
    const origin = 'govboot/00000000-0000-4000-8000-000000000000/dev';
    expect(told(await judge(proof, { anchor: { ...kept, size: 7, origin } })).join('\n')).toMatch(
      /ORIGIN_MISMATCH: is of govboot\/0{8}/,
    );
    expect(told(await judge(proof, { environment: 'prod' })).join('\n')).toMatch(
      /ORIGIN_MISMATCH: is of environment dev/,
    );
    const text = Buffer.from(fromBase64(proof.checkpoint)).toString().replace('/dev', '/prod');
    const lied = await judge(change(proof, { checkpoint: toBase64(Buffer.from(text)) }));
    expect(told(lied).join('\n')).toMatch(/ledger\/00000000\.json: ORIGIN_MISMATCH/);
  });

  it('by somebody who is not on the list, or not who the entry says', async () => {
    const proof = await made(2);
    const { mallory, bob } = scene.cast;
    const inclusion = proof.inclusion!;
    const signedBy = async (who: FakeParty): Promise<ProofReport> => {
      const signature = toBase64(await who.sign(fromBase64(inclusion.entry), scene.clock.now()));
      const keys = [...proof.keys, { fingerprint: who.fingerprint, certificate: toBase64(who.keyFile) }];
      return judge(change(proof, { keys, inclusion: { ...inclusion, entry_signature: signature } }));
    };
    expect(told(await signedBy(mallory)).join('\n')).toMatch(/authenticity bad: .*SIGNER_NOT_ALLOWED/);
    expect(told(await signedBy(bob)).join('\n')).toMatch(
      /authenticity bad: .*is by [0-9A-F]{40}; the entry says/,
    );
    const checkpoint = toBase64(await mallory.sign(fromBase64(proof.checkpoint), scene.clock.now()));
    expect(told(await judge(change(proof, { checkpoint_signature: checkpoint }))).join('\n')).toMatch(
      /SIGNER_UNKNOWN/,
    );
  });

  it('without pins, without a list, or with a list that nobody vouches for', async () => {
    const proof = await made(2);
    const unpinned = await judge(proof, { pins: [] });
    expect(unpinned).toMatchObject({ overall: 'undecided', vouched: 'no' });
    expect(told(unpinned).join('\n')).toMatch(/UNPINNED/);
    expect((await judge(proof, { pins: [pinOf({ roots: [scene.cast.mallory.fingerprint] })] })).overall).toBe(
      'bad',
    );
    const bare = await judge(change(proof, { trust: [] }));
    expect(bare.overall).toBe('undecided');
    expect(told(bare).join('\n')).toMatch(/no trust file says whether they might/);
    const [list] = proof.trust;
    const unsigned = await judge(change(proof, { trust: [{ ...list!, signatures: [] }] }));
    expect(told(unsigned).join('\n')).toMatch(/TRUST_UNSIGNED/);
    const broken = await judge(change(proof, { trust: [{ ...list!, file: toBase64(Buffer.from('x: [')) }] }));
    expect(told(broken).join('\n')).toMatch(/policy bad: policies\/trust\.yaml: YAML/);
    const forged = await judge(
      change(proof, { trust: [{ ...list!, signatures: [toBase64(Buffer.from('x'))] }] }),
    );
    expect(told(forged).join('\n')).toMatch(/policies\/trust\.yaml\.asc: SIG_FORMAT/);
  });

  it('by a list that had expired, and by keys that were revoked', async () => {
    const proof = await made(2);
    const [list] = proof.trust;
    const text = Buffer.from(fromBase64(list!.file))
      .toString()
      .replace(/^expires: .*$/m, 'expires: 2026-11-22T11:00:00Z');
    const file = Buffer.from(text);
    const signature = toBase64(await scene.cast.root.sign(file, scene.clock.now()));
    const expired = await judge(
      change(proof, { trust: [{ from: 1, file: toBase64(file), signatures: [signature] }] }),
    );
    expect(told(expired).join('\n')).toMatch(/TRUST_EXPIRED: the list ended at 2026-11-22T11:00:00Z/);
  });
});

it('is as good when the key has expired since, and says so; a key that was stolen undoes it', async () => {
  const proof = await made(2);
  const { verifier } = scene;
  const withKey = (change: Partial<KeyFacts>): ProofInput['verifier'] => ({
    ...verifier,
    verify: async (input) => {
      const facts = await verifier.verify(input);
      return { ...facts, key: facts.key === null ? null : { ...facts.key, ...change } };
    },
  });
  const later = addSeconds(scene.clock.now(), 100);
  const expires = addSeconds(scene.clock.now(), 50);
  const expired = await judge(proof, { verifier: withKey({ expires }), now: later });
  expect(told(expired)).toEqual([]);
  expect(expired.summary.join('\n')).toMatch(/note {4}VALID_AT_SIGNING: key [0-9A-F]{40} has expired since/);
  const stolen = await judge(proof, {
    verifier: withKey({ revoked: { kind: 'hard', reason: 'compromised' } }),
  });
  expect(told(stolen).join('\n')).toMatch(/revocation bad: policies\/trust\.yaml\.asc: KEY_REVOKED/);
});

it('has no byte that could be another', async () => {
  const bytes = await proofOf(store, await readLedger(store), { entry: 5, since: kept });
  await fc.assert(
    fc.asyncProperty(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), async (at, mask) => {
      const other = bytes.map((byte, i) => (i === at ? byte ^ mask : byte));
      const outcome = await Promise.resolve()
        .then(async () => judge(parseProof(other, 'proof'), { anchor: kept }))
        .then(
          ({ overall }) => overall,
          () => 'refused',
        );
      // Certificates of people who did not sign, and from which entry on a list was in force, change nothing that is said.
      if (outcome === 'ok') {
        const [before, after] = [parseProof(bytes, 'proof'), parseProof(other, 'proof')];
        const core = ({ trust, keys: _, ...rest }: ProofDocument) =>
          canonicalBytes(toJson({ ...rest, trust: trust.map(({ from: __, ...list }) => list) }));
        expect(Buffer.from(core(after)).toString()).toBe(Buffer.from(core(before)).toString());
      }
    }),
    { numRuns: 300 },
  );
}, 120_000);
