/** Vaults and receipts at their edges: two places, lost answers, foreign receipts, and what holds a version. */
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../../src/kernel/digest.ts';
import type { Instant } from '../../../src/kernel/time.ts';
import type { ReceiptObject } from '../../../src/inputs/store-receipt.ts';
import { ledgerRoot } from '../../../src/evidence/checkpoint.ts';
import { readLedger } from '../../../src/evidence/ledger.ts';
import { hex } from '../../../src/evidence/merkle.ts';
import { coveredBy, receiptsFor, receiptsOf } from '../../../src/evidence/receipts.ts';
import { askVault, weakness } from '../../../src/evidence/vault-ask.ts';
import { listVault, parseVaultKey, placeMark, vaultPrefix } from '../../../src/evidence/vault-layout.ts';
import { pull } from '../../../src/evidence/vault-pull.ts';
import { push, sealedSet } from '../../../src/evidence/vault-push.ts';
import { writeReceipts, type ReceiptInput } from '../../../src/evidence/vault-receipt.ts';
import { verifyEvidence } from '../../../src/evidence/verify.ts';
import type { EvidenceVault } from '../../../src/ports.ts';
import { fakeScene, playApply, type Scene } from '../../harness/evidence-fixture.ts';
import { REPOSITORY } from '../../harness/facts.ts';
import { memoryStore, type MemoryStore } from '../../harness/memory-store.ts';
import { memoryVault, S3_PLACE, type MemoryVault } from '../../harness/memory-vault.ts';
import { witnesses } from '../../harness/witnesses.ts';

type Fake = Scene & { readonly store: MemoryStore };
const OTHER = { ...S3_PLACE, place: 's3://elsewhere' };
const DIGEST = 'a'.repeat(64);
const object: ReceiptObject = {
  ...{ key: 'dev/ledger/00000000.json', sha256: DIGEST, bytes: 3, version_id: 'v1' },
  retention: { mode: 'COMPLIANCE', until: '2033-11-22T12:00:00Z' as Instant },
};

async function applied(): Promise<Fake> {
  const store = memoryStore();
  const scene = { ...fakeScene(store), store };
  await playApply(scene);
  return scene;
}

/** Writes one receipt; `change` makes it another's. @param objects null: one that is here as it says */
async function receipt(
  { store, deps, clock, mode }: Fake,
  vault: EvidenceVault,
  change: Partial<ReceiptInput> = {},
  objects: readonly ReceiptObject[] | null = [object],
): Promise<readonly string[]> {
  const ledger = await readLedger(store);
  const truly = [{ ...object, sha256: sha256(store.files.get('ledger/00000000.json')!) }];
  return writeReceipts(
    {
      ...{ store, vault, prefix: 'dev/', isOwn: true, mode, sign: deps.sign, now: () => clock.now() },
      origin: { repository: REPOSITORY, environment: 'dev' },
      ledger: { size: ledger.items.length, root_sha256: hex(ledgerRoot(ledger.items)) },
      ...change,
    },
    objects ?? truly,
  );
}

async function told({ store, verifier, pins, clock }: Fake, vault?: EvidenceVault): Promise<string[]> {
  const asked = vault === undefined ? {} : { vault };
  const report = await verifyEvidence({
    ...{ store, verifier, witnesses, pins, now: clock.now(), environment: 'dev', ...asked },
  });
  return report.answers.flatMap(({ findings }) => findings.map(({ file, what }) => `${file}: ${what}`));
}

describe('receipts of two places', () => {
  it('are told apart by a mark in their names, and each counts for its own place', async () => {
    const scene = await applied();
    const [own] = await receipt(scene, memoryVault());
    const [marked] = await receipt(scene, memoryVault(OTHER), { isOwn: false });
    expect([own, marked]).toEqual(['receipts/00000004.json', `receipts/00000004.${placeMark(OTHER)}.json`]);
    expect(placeMark({ ...OTHER, endpoint: 'http://x' })).not.toBe(placeMark(OTHER));
    const files = receiptsOf(scene.store.files);
    expect(receiptsFor(files, OTHER).map(({ store }) => store.place)).toEqual(['s3://elsewhere']);
    expect([...coveredBy(files, S3_PLACE).keys()]).toEqual([object.key]);
    expect(coveredBy(files, { ...S3_PLACE, kind: 'folder' }).size).toBe(0);
  });

  it('are taken in the order in which they were made', async () => {
    const scene = await applied();
    const vault = memoryVault();
    const at = (time: string): Partial<ReceiptInput> => ({ now: () => time as Instant });
    for (const time of ['2026-11-23T00:00:00Z', '2026-11-22T00:00:00Z', '2026-11-23T00:00:00Z'])
      await receipt(scene, vault, at(time));
    const times = receiptsFor(receiptsOf(scene.store.files), S3_PLACE).map(({ time }) => time);
    expect(times).toEqual(['2026-11-22T00:00:00Z', '2026-11-23T00:00:00Z', '2026-11-23T00:00:00Z']);
  });
});

describe('a receipt', () => {
  it.each<[string, Partial<ReceiptInput>, readonly ReceiptObject[] | null, readonly RegExp[]]>([
    [
      'of another repository',
      {
        origin: {
          repository: '00000000-0000-4000-8000-000000000000',
          environment: 'dev',
        },
      },
      [object],
      [/ORIGIN_MISMATCH: is of 00000000-/, /SHA-256 is [0-9a-f]{64}; receipts\/00000004\.json says a{64}/],
    ],
    [
      'of another mode',
      { mode: 'REHEARSAL' },
      null,
      [
        /ORIGIN_MISMATCH: is of mode REHEARSAL/,
        /names dev\/ledger\/00000000\.json, which no file of evidence is called/,
      ],
    ],
    [
      'of a name that nothing has',
      {},
      [{ ...object, key: 'dev/../x' }],
      [/names dev\/\.\.\/x, which no file of evidence is called/],
    ],
    [
      'of a blob that is gone',
      {},
      [{ ...object, key: `dev/blobs/sha256/${DIGEST}` }],
      [/MISSING: receipts\/00000004\.json names it/],
    ],
    ['of other content', {}, [object], [/SHA-256 is [0-9a-f]{64}; receipts\/00000004\.json says a{64}/]],
  ])('%s is told', async (_name, change, objects, expected) => {
    const scene = await applied();
    await receipt(scene, memoryVault(), change, objects);
    const all = (await told(scene)).filter((line) => !line.includes('UNREFERENCED'));
    expect(all).toEqual(expected.map((pattern) => expect.stringMatching(pattern) as string));
  });

  it('that was signed before the entries that it is of is told', async () => {
    const scene = await applied();
    const sign: ReceiptInput['sign'] = (bytes) =>
      scene.cast.alice.sign(bytes, '2026-11-20T00:00:00Z' as Instant);
    await receipt(scene, memoryVault(), { sign }, null);
    expect(await told(scene)).toContainEqual(
      expect.stringMatching(/was made at 2026-11-20T00:00:00Z, before the last entry/),
    );
  });

  it('decides nothing where no list of people is left', async () => {
    const scene = await applied();
    await receipt(scene, memoryVault(), {}, null);
    for (const [name, bytes] of scene.store.files)
      if (name.startsWith('blobs/') && new TextDecoder().decode(bytes).includes('govboot.trust/v1'))
        scene.store.files.delete(name);
    expect(await told(scene)).toContainEqual(expect.stringMatching(/no trust file says whether they might/));
  });

  it('is kept where a lost answer left its signature, and refused where somebody else put another', async () => {
    const scene = await applied();
    const vault = memoryVault();
    const lost: EvidenceVault = {
      ...vault,
      create: async (key, bytes) => {
        const made = await vault.create(key, bytes);
        return key.endsWith('.asc') ? null : made;
      },
    };
    expect(await receipt(scene, lost)).toEqual(['receipts/00000004.json']);
    const other = await applied();
    const taken = memoryVault();
    taken.cover('dev/receipts/00000004.json.asc', new Uint8Array([1]));
    await expect(receipt(other, taken)).rejects.toMatchObject({ code: 'VAULT_CONFLICT' });
    const gone: EvidenceVault = {
      ...memoryVault(),
      create: async (key) => (key.endsWith('.asc') ? null : { version: 'v1' }),
    };
    await expect(receipt(await applied(), gone)).rejects.toMatchObject({ code: 'VAULT_CONFLICT' });
  });

  it('is not written under a thousandth name', async () => {
    const full: EvidenceVault = { ...memoryVault(), create: async () => null };
    await expect(receipt(await applied(), full)).rejects.toMatchObject({
      code: 'VAULT_CONFLICT',
      message: 's3://acme-dev-evidence: 999 receipts have the same size',
    });
  });
});

describe('a version', () => {
  const now = '2026-11-29T00:00:00Z' as Instant;
  const none = { mode: 'none', until: null } as const;
  it.each([
    [S3_PLACE, none, none, 'nothing holds it'],
    [S3_PLACE, object.retention, none, 'was held until 2033-11-22T12:00:00Z, and nothing holds it now'],
    [S3_PLACE, { ...object.retention, until: null }, none, 'was held until , and nothing holds it now'],
    [S3_PLACE, { ...object.retention, until: '2026-01-01T00:00:00Z' as Instant }, none, null],
    [{ ...S3_PLACE, kind: 'folder' }, none, none, null],
    [S3_PLACE, object.retention, object.retention, null],
  ] as const)('of %j, held %j and now %j', (place, was, is, expected) => {
    expect(weakness(place, was, is, now)).toBe(expected);
  });

  it('of another length is told without being read', async () => {
    const vault = memoryVault();
    await vault.create(object.key, new Uint8Array([1]));
    const found = await askVault(vault, await listVault(vault, 'dev/'), object, { now, read: false });
    expect(found).toMatchObject([
      { code: 'VAULT_CONFLICT', what: 'version v1 has 1 bytes; the receipt says 3' },
    ]);
  });
});

describe('a push', () => {
  const pushing = async ({ store }: Fake, vault: EvidenceVault) =>
    push({
      vault,
      prefix: 'dev/',
      sealed: await sealedSet(store, await readLedger(store)),
      covered: new Map(),
    });

  it('finds what a lost answer stored, by the first version of it', async () => {
    const scene = await applied();
    const vault: MemoryVault = memoryVault();
    const lossy: EvidenceVault = {
      ...vault,
      create: async (key, bytes) => {
        await vault.create(key, bytes);
        return null;
      },
    };
    expect((await pushing(scene, lossy)).created).toBe(scene.store.files.size);
  });

  it('fails where a store says that it stored, and has nothing', async () => {
    const empty: EvidenceVault = { ...memoryVault(), create: async () => null };
    await expect(pushing(await applied(), empty)).rejects.toMatchObject({ code: 'VAULT_FAILED' });
  });
});

it('a pull of more files than evidence has is refused', async () => {
  const scene = await applied();
  const vault = memoryVault();
  await push({
    ...{ vault, prefix: 'dev/', covered: new Map() },
    sealed: await sealedSet(scene.store, await readLedger(scene.store)),
  });
  const many = Array.from(
    { length: 100_001 },
    (_, i) => `dev/receipts/00000004.${i.toString(16).padStart(8, '0')}.json`,
  )
    .flatMap((key) => [key, `${key}.asc`])
    .map((key) => ({ key, version: 'v1', is: 'object', latest: true }) as const);
  const crowded: EvidenceVault = {
    ...vault,
    versions: async (prefix) => [...(await vault.versions(prefix)), ...many],
  };
  await expect(
    pull({ vault: crowded, prefix: 'dev/', told: new Map(), write: async () => undefined }),
  ).rejects.toMatchObject({ code: 'FILE_UNSAFE' });
});

it('names in a vault are those of one environment and mode', () => {
  expect(vaultPrefix('REHEARSAL', 'dev')).toBe('rehearsal/dev/');
  expect(vaultPrefix('LIVE', 'dev')).toBe('dev/');
  expect(parseVaultKey('dev/', 'prod/ledger/00000000.json')).toBeNull();
});
