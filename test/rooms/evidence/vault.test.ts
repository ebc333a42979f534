/** Push, receipts, pull and the answer `store`, over a vault in memory: whole, cut off at every call, and hostile. */
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../../src/kernel/digest.ts';
import { GovbootError } from '../../../src/kernel/errors.ts';
import { readLedger } from '../../../src/evidence/ledger.ts';
import { ledgerRoot } from '../../../src/evidence/checkpoint.ts';
import { hex } from '../../../src/evidence/merkle.ts';
import { coveredBy, receiptsOf } from '../../../src/evidence/receipts.ts';
import { vaultKey } from '../../../src/evidence/vault-layout.ts';
import { pull, type Pulled } from '../../../src/evidence/vault-pull.ts';
import { push, sealedSet, type Pushed } from '../../../src/evidence/vault-push.ts';
import { writeReceipts } from '../../../src/evidence/vault-receipt.ts';
import type { VerifyReport } from '../../../src/evidence/report.ts';
import { fakeScene, playApply, type Scene } from '../../harness/evidence-fixture.ts';
import { REPOSITORY } from '../../harness/facts.ts';
import { Killed, memoryStore, type MemoryStore } from '../../harness/memory-store.ts';
import { memoryVault, type MemoryVault } from '../../harness/memory-vault.ts';
import { verifyScene as verify } from '../../harness/verify-scene.ts';

type Fake = Scene & { readonly store: MemoryStore };

async function applied(): Promise<Fake> {
  const store = memoryStore();
  const scene = { ...fakeScene(store), store };
  await playApply(scene);
  return scene;
}

/** The push of the street, with its receipts. */
async function pushed({ store, deps, clock, mode }: Fake, vault: MemoryVault): Promise<Pushed> {
  const ledger = await readLedger(store);
  const sealed = await sealedSet(store, ledger);
  const covered = coveredBy(receiptsOf(sealed.files), vault.place);
  const result = await push({ vault, prefix: 'dev/', sealed, covered });
  await writeReceipts(
    {
      ...{ store, vault, prefix: 'dev/', isOwn: true, mode },
      origin: { repository: REPOSITORY, environment: 'dev' },
      ledger: { size: ledger.items.length, root_sha256: hex(ledgerRoot(ledger.items)) },
      now: () => clock.now(),
      sign: deps.sign,
    },
    result.objects,
  );
  return result;
}

function told(report: VerifyReport): string[] {
  return report.answers.flatMap(({ findings }) =>
    findings.map(({ axis, file, what }) => `${axis}: ${file}: ${what}`),
  );
}

/** Key → content, of the records alone and without receipts, whose number depends on how often a push was cut off. */
function records({ held }: MemoryVault): Record<string, string> {
  return Object.fromEntries(
    [...held]
      .filter(([key]) => !key.startsWith('dev/receipts/'))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, versions]) => [key, sha256(versions.findLast(({ is }) => is === 'object')!.bytes)]),
  );
}

async function pulled(
  vault: MemoryVault,
  told: Parameters<typeof pull>[0]['told'] = new Map(),
): Promise<Pulled & { readonly store: MemoryStore }> {
  const store = memoryStore();
  const result = await pull({
    vault,
    prefix: 'dev/',
    told,
    write: (name, bytes) => store.create(name, bytes),
  });
  return { ...result, store };
}

describe('push', () => {
  it('stores everything once, the seal last, and signs for it; the evidence verifies with its receipt', async () => {
    const scene = await applied();
    const vault = memoryVault();
    const before = [...scene.store.files.keys()];
    const { created, objects } = await pushed(scene, vault);
    expect(created).toBe(before.length);
    expect(objects).toHaveLength(before.length);
    expect(objects[0]).toMatchObject({
      key: expect.stringMatching(/^dev\/blobs\/sha256\//),
      version_id: expect.stringMatching(/^v\d+$/),
      retention: { mode: 'COMPLIANCE', until: '2033-11-22T12:00:00Z' },
    });
    const creates = vault.calls.filter((call) => call.startsWith('create'));
    expect(creates.slice(-6)).toEqual([
      'create dev/heads/00000004/checkpoint.asc',
      'create dev/heads/00000004/checkpoint',
      'create dev/heads/00000004/SHA256SUMS.asc',
      'create dev/heads/00000004/SHA256SUMS',
      'create dev/receipts/00000004.json',
      'create dev/receipts/00000004.json.asc',
    ]);
    expect(vault.held.has('dev/ledger/00000000.json')).toBe(true);
    const report = await verify(scene);
    expect([report.overall, told(report)]).toEqual(['ok', []]);
    expect(report.answers.at(-1)).toMatchObject({
      axis: 'store',
      status: 'ok',
      because: `receipts tell of ${String(before.length)} objects in s3://acme-dev-evidence, held until 2033-11-22T12:00:00Z or longer; the store was not asked`,
    });
    expect(report.limits.at(-1)).toContain('--store');
  });

  it('has nothing to do a second time', async () => {
    const scene = await applied();
    const vault = memoryVault();
    await pushed(scene, vault);
    const calls = vault.calls.length;
    const files = scene.store.files.size;
    expect(await pushed(scene, vault)).toMatchObject({ created: 0, objects: [] });
    expect(vault.calls.slice(calls)).toEqual(['versions dev/']);
    expect(scene.store.files.size).toBe(files);
  });

  it('takes over what somebody else stored, and signs for that', async () => {
    const [vault, scene] = [memoryVault(), await applied()];
    const other = { ...scene, store: scene.store.copy() };
    await pushed(other, vault);
    const { created, objects } = await pushed({ ...scene, deps: scene.deps }, vault);
    expect([created, objects.length]).toEqual([0, scene.store.files.size - 2]);
    expect([...scene.store.files.keys()].filter((name) => name.startsWith('receipts/'))).toEqual([
      'receipts/00000004-2.json.asc',
      'receipts/00000004-2.json',
    ]);
    expect(await verify(scene)).toMatchObject({ overall: 'ok' });
  });

  it('overwrites nothing: another content under the same name is named', async () => {
    const scene = await applied();
    const vault = memoryVault();
    await vault.create('dev/ledger/00000001.json', new TextEncoder().encode('other'));
    await expect(pushed(scene, vault)).rejects.toMatchObject({
      code: 'VAULT_CONFLICT',
      message: expect.stringMatching(
        /^s3:\/\/acme-dev-evidence: dev\/ledger\/00000001\.json is SHA-256 [0-9a-f]{64} there \(version v1\) and [0-9a-f]{64} here$/,
      ),
    });
    expect(vault.held.has('dev/heads/00000004/SHA256SUMS')).toBe(false);
  });

  it('refuses evidence that is not sealed', async () => {
    const scene = await applied();
    scene.store.files.delete('SHA256SUMS');
    await expect(pushed(scene, memoryVault())).rejects.toMatchObject({ code: 'EVIDENCE_UNDECIDED' });
  });

  it('leaves out a signature that an interrupted append left: its place will be taken', async () => {
    const scene = await applied();
    scene.store.files.set('ledger/00000004.json.asc', new TextEncoder().encode('torn'));
    const vault = memoryVault();
    await pushed(scene, vault);
    expect(vault.held.has('dev/ledger/00000004.json.asc')).toBe(false);
  });

  it('notices a store that gives back other bytes than it was given', async () => {
    const scene = await applied();
    const vault = memoryVault();
    const liar: MemoryVault = {
      ...vault,
      open: async (key, version) => {
        const object = await vault.open(key, version);
        return object && { ...object, read: async () => new Uint8Array(object.bytes) };
      },
    };
    await expect(pushed(scene, liar)).rejects.toMatchObject({ code: 'VAULT_CONFLICT' });
    await expect(pushed(scene, { ...vault, held: vault.held, open: async () => null })).rejects.toMatchObject(
      { code: 'VAULT_FAILED', message: expect.stringMatching(/was stored, and is not there$/) },
    );
  });
});

describe('a push that is cut off at any call', () => {
  it('never looks complete, loses nothing, and is completed by the next one', async () => {
    const scene = await applied();
    const whole = memoryVault();
    await pushed({ ...scene, store: scene.store.copy() }, whole);
    const all = whole.calls.length;
    for (let cut = 0; cut < all; cut++) {
      for (const how of ['before', 'after'] as const) {
        const [vault, store] = [memoryVault(), scene.store.copy()];
        const there = { ...scene, store };
        let dead = false;
        // As a process that was killed: nothing of it does anything any more.
        vault.fault = (call) => (dead ? 'before' : call === cut ? ((dead = true), how) : null);
        await expect(pushed(there, vault)).rejects.toBeInstanceOf(Killed);
        vault.fault = null;
        if (vault.held.has('dev/heads/00000004/SHA256SUMS')) expect(records(vault)).toEqual(records(whole));
        else await expect(pulled(vault)).rejects.toMatchObject({ code: 'EVIDENCE_MISSING' });
        await pushed(there, vault);
        expect(records(vault)).toEqual(records(whole));
        expect(told(await verify(there, { vault }))).toEqual([]);
        expect(await pushed(there, vault)).toMatchObject({ created: 0, objects: [] });
      }
    }
  }, 240_000);

  it('also where the disk of this machine is full', async () => {
    for (const at of [0, 1]) {
      const scene = await applied();
      const vault = memoryVault();
      let writes = 0;
      scene.store.fault = () => (writes++ === at ? { is: 'killed-before' } : null);
      await expect(pushed(scene, vault)).rejects.toBeInstanceOf(Killed);
      scene.store.fault = null;
      await pushed(scene, vault);
      const findings = told(await verify(scene, { vault }));
      // A signature that was left alone is told, as one of an entry is.
      expect(findings).toEqual(at === 0 ? [] : [expect.stringContaining('a signature without its receipt')]);
    }
  });
});

describe('what verify says of a store that is asked', () => {
  async function stored(): Promise<{ readonly scene: Fake; readonly vault: MemoryVault }> {
    const scene = await applied();
    const vault = memoryVault();
    await pushed(scene, vault);
    return { scene, vault };
  }
  const ENTRY = 'dev/ledger/00000002.json';

  it('is good where every object is there as the receipt says', async () => {
    const { scene, vault } = await stored();
    const report = await verify(scene, { vault });
    expect([report.overall, told(report)]).toEqual(['ok', []]);
    expect(report.answers.at(-1)?.because).toMatch(
      /^s3:\/\/acme-dev-evidence was asked: \d+ objects are there, by their versions/,
    );
  });

  it.each([
    ['a deletion', null],
    ['another content', new TextEncoder().encode('{"forged":true}\n')],
  ])('72: %s over a record is SHADOWED, and the record is read by its version', async (_, bytes) => {
    const { scene, vault } = await stored();
    vault.cover(ENTRY, bytes);
    const report = await verify(scene, { vault });
    expect(told(report)).toEqual([
      expect.stringMatching(
        /^store: dev\/ledger\/00000002\.json: WORM_SHADOWED: version v\d+ is there, and something newer hides it$/,
      ),
    ]);
    const { store } = await pulled(vault);
    expect(store.files.get('ledger/00000002.json')).toEqual(scene.store.files.get('ledger/00000002.json'));
  });

  it.each([
    [
      'missing',
      { mode: 'none', until: null },
      'was held until 2033-11-22T12:00:00Z, and nothing holds it now',
    ],
    [
      'GOVERNANCE',
      { mode: 'GOVERNANCE', until: '2033-11-22T12:00:00Z' },
      'is held in mode GOVERNANCE, which whoever may bypass it can lift',
    ],
    [
      'shorter',
      { mode: 'COMPLIANCE', until: '2027-11-22T12:00:00Z' },
      'was held until 2033-11-22T12:00:00Z, and is held until 2027-11-22T12:00:00Z now',
    ],
  ])('73: retention that is %s is WORM_WEAK', async (_, retention, what) => {
    const { scene, vault } = await stored();
    vault.held.get(ENTRY)![0]!.retention = retention as never;
    expect(told(await verify(scene, { vault }))).toEqual([`store: ${ENTRY}: WORM_WEAK: ${what}`]);
  });

  it('names a record that is gone, and one that holds something else', async () => {
    const { scene, vault } = await stored();
    vault.held.get('dev/ledger/00000001.json')![0]!.bytes = new TextEncoder().encode('x');
    vault.held.delete(ENTRY);
    expect(told(await verify(scene, { vault }))).toEqual([
      expect.stringMatching(
        /^store: dev\/ledger\/00000001\.json: VAULT_CONFLICT: version v\d+ is SHA-256 \w+; the receipt says \w+$/,
      ),
      expect.stringMatching(
        /^store: dev\/ledger\/00000002\.json: VAULT_CONFLICT: version v\d+ is not there any more$/,
      ),
    ]);
  });

  it('is an anchor: a tail that was cut off here is there', async () => {
    const { scene, vault } = await stored();
    for (const name of ['dev/ledger/00000004.json', 'dev/ledger/00000004.json.asc'])
      await vault.create(name, new Uint8Array([1]));
    expect(told(await verify(scene, { vault }))).toEqual([
      'store: checkpoint: TRUNCATED: 4 entries are here; s3://acme-dev-evidence holds ledger/00000004.json',
    ]);
  });

  it('is not decided where the store does not answer, and the other answers stand', async () => {
    const { scene, vault } = await stored();
    const down = new GovbootError('CLOUD_UNREACHABLE', 'connection refused');
    for (const at of [0, 5]) {
      let asked = 0;
      vault.fault = () => (asked++ >= at ? down : null);
      const report = await verify(scene, { vault });
      expect(told(report)).toEqual([
        'store: s3://acme-dev-evidence: could not be asked: CLOUD_UNREACHABLE: connection refused',
      ]);
      expect(report.overall).toBe('undecided');
    }
    vault.fault = () => new TypeError('a bug');
    await expect(verify(scene, { vault })).rejects.toThrow('a bug');
  });

  it('cannot be answered without a receipt', async () => {
    const report = await verify(await applied(), { vault: memoryVault() });
    expect([report.overall, told(report)]).toEqual([
      'undecided',
      ['store: receipts: no receipt tells of s3://acme-dev-evidence'],
    ]);
  });
});

describe('a receipt', () => {
  it('that was altered is not believed', async () => {
    const scene = await applied();
    await pushed(scene, memoryVault());
    const name = 'receipts/00000004.json';
    const text = new TextDecoder().decode(scene.store.files.get(name));
    scene.store.files.set(name, new TextEncoder().encode(text.replaceAll('COMPLIANCE', 'GOVERNANCE')));
    expect(told(await verify(scene))).toEqual([
      expect.stringMatching(/^store: receipts\/00000004\.json\.asc: over receipts\/00000004\.json: SIG_BAD/),
    ]);
  });

  it('without its signature, of another form, or under another name counts for nothing', async () => {
    const scene = await applied();
    await pushed(scene, memoryVault());
    const { files } = scene.store;
    const [receipt, signature] = [
      files.get('receipts/00000004.json')!,
      files.get('receipts/00000004.json.asc')!,
    ];
    files.delete('receipts/00000004.json');
    files.delete('receipts/00000004.json.asc');
    files.set('receipts/00000003.json', receipt);
    files.set('receipts/00000003.json.asc', signature);
    files.set('receipts/00000004-2.json', receipt);
    files.set('receipts/00000004-3.json', new TextEncoder().encode('{}\n'));
    files.set('receipts/00000004-4.json.asc', signature);
    expect(told(await verify(scene)).map((text) => text.slice(0, 100))).toEqual([
      'store: receipts/00000004-4.json.asc: a signature without its receipt, as an interrupted push leaves it'.slice(
        0,
        100,
      ),
      'store: receipts/00000003.json: is of 4 entries, which its name does not say',
      'store: receipts/00000004-2.json.asc: MISSING: nobody signed the receipt',
      expect.stringContaining('store: receipts/00000004-3.json: SCHEMA: '),
    ]);
  });

  it('by somebody without the role of evidence counts for nothing', async () => {
    const scene = await applied();
    await pushed(scene, memoryVault());
    const name = 'receipts/00000004.json';
    const bytes = scene.store.files.get(name)!;
    scene.store.files.set(`${name}.asc`, await scene.cast.bob.sign(bytes, scene.clock.now()));
    expect(told(await verify(scene))).toEqual([
      expect.stringMatching(/^store: receipts\/00000004\.json\.asc: SIGNER_ROLE/),
    ]);
  });

  it('shows what was rewritten or cut off here', async () => {
    const scene = await applied();
    await pushed(scene, memoryVault());
    const cut = { ...scene, store: scene.store.copy() };
    for (const name of ['ledger/00000003.json', 'ledger/00000003.json.asc']) cut.store.files.delete(name);
    expect(told(await verify(cut))).toContain(
      'store: receipts/00000004.json: TRUNCATED: was made of 4 entries; 3 are there',
    );
    const other = await applied();
    other.clock.advance(5);
    const rewritten = { ...scene, store: memoryStore() };
    rewritten.clock.advance(5);
    await playApply({ ...rewritten, deps: { ...scene.deps, store: rewritten.store } });
    for (const [name, bytes] of scene.store.files)
      if (name.startsWith('receipts/')) rewritten.store.files.set(name, bytes);
    expect(told(await verify(rewritten))).toContain(
      'store: receipts/00000004.json: INCONSISTENT: the entries are not those that it was made of',
    );
  });
});

describe('pull', () => {
  it('gives back the evidence, with its receipts, and it verifies', async () => {
    const scene = await applied();
    const vault = memoryVault();
    await pushed(scene, vault);
    const { store, size, files } = await pulled(vault);
    expect([size, files]).toEqual([4, scene.store.files.size]);
    expect(new Map([...store.files].sort())).toEqual(new Map([...scene.store.files].sort()));
    expect(await verify({ ...scene, store })).toMatchObject({ overall: 'ok' });
    expect(store.writes.slice(-2)).toEqual(['create SHA256SUMS.asc', 'create SHA256SUMS']);
  });

  it('takes the first content under a name, or the very version that a receipt names', async () => {
    const scene = await applied();
    const vault = memoryVault();
    await pushed(scene, vault);
    const name = 'ledger/00000002.json';
    const covered = coveredBy(receiptsOf(scene.store.files), vault.place);
    vault.cover(`dev/${name}`, new TextEncoder().encode('forged'));
    for (const told of [new Map(), covered])
      expect((await pulled(vault, told)).store.files.get(name)).toEqual(scene.store.files.get(name));
    // Somebody was there first: only the receipt knows better.
    vault.held.get(`dev/${name}`)!.push({ ...vault.held.get(`dev/${name}`)![0]!, version: 'v0' });
    await expect(pulled(vault)).rejects.toMatchObject({ code: 'VAULT_CONFLICT' });
    expect((await pulled(vault, covered)).store.files.get(name)).toEqual(scene.store.files.get(name));
    vault.held
      .get(`dev/${name}`)!
      .find(({ version }) => version === covered.get(`dev/${name}`)!.version_id)!.bytes = new Uint8Array([1]);
    await expect(pulled(vault, covered)).rejects.toMatchObject({
      code: 'VAULT_CONFLICT',
      message: expect.stringContaining('its receipt says'),
    });
  });

  it('passes over a newer set that is not whole, and names of no file of evidence', async () => {
    const scene = await applied();
    const vault = memoryVault();
    await pushed(scene, vault);
    const sums = new TextEncoder();
    await vault.create('dev/heads/00000009/SHA256SUMS', sums.encode(`${'0'.repeat(64)}  ../../etc/passwd\n`));
    await vault.create('dev/heads/00000008/SHA256SUMS', sums.encode(`${'0'.repeat(64)}  etc/passwd\n`));
    await vault.create('dev/heads/00000007/SHA256SUMS', sums.encode(`${'0'.repeat(64)}  checkpoint\n`));
    await vault.create(
      'dev/heads/00000001/SHA256SUMS',
      sums.encode(`${'0'.repeat(64)}  ledger/00000000.json\n`),
    );
    for (const key of [
      'dev/../../root',
      'dev/ledger/../x',
      'dev//etc/passwd',
      'dev/heads/x/checkpoint',
      'dev/\u001b[2J',
    ])
      await vault.create(key, new Uint8Array([1]));
    const result = await pulled(vault);
    expect(result.size).toBe(4);
    expect(result.passed).toEqual([
      expect.stringMatching(/^9 entries: SHA256SUMS has the line /),
      '8 entries: SHA256SUMS lists etc/passwd, which no evidence holds',
      '7 entries: SHA256SUMS is not over so many',
    ]);
    expect(result.strays).toHaveLength(5);
    expect([...result.store.files.keys()].filter((name) => name.includes('..'))).toEqual([]);
    vault.held.delete('dev/heads/00000004/SHA256SUMS');
    await expect(pulled(vault)).rejects.toMatchObject({
      code: 'EVIDENCE_MISSING',
      message: expect.stringContaining('holds no whole sealed evidence under dev/: 9 entries'),
    });
  });

  it('stops at a content that the seal does not vouch for, and the folder does not look whole', async () => {
    const scene = await applied();
    const vault = memoryVault();
    await pushed(scene, vault);
    vault.held.get('dev/ledger/00000001.json')![0]!.bytes = new Uint8Array([1]);
    const store = memoryStore();
    await expect(
      pull({ vault, prefix: 'dev/', told: new Map(), write: (name, bytes) => store.create(name, bytes) }),
    ).rejects.toMatchObject({ code: 'VAULT_CONFLICT' });
    expect(store.files.has('SHA256SUMS')).toBe(false);
  });

  it('does not fetch more than evidence can be', async () => {
    const scene = await applied();
    const vault = memoryVault();
    await pushed(scene, vault);
    const huge: MemoryVault = {
      ...vault,
      open: async (key, version) => {
        const object = await vault.open(key, version);
        return object && { ...object, bytes: 3 * 1024 ** 3 };
      },
    };
    await expect(pulled(huge)).rejects.toMatchObject({ code: 'FILE_UNSAFE' });
  });
});

describe('names in a vault', () => {
  it('are the same for what never changes, and under the size for what does', () => {
    expect(vaultKey('dev/', 4, 'ledger/00000000.json')).toBe('dev/ledger/00000000.json');
    expect(vaultKey('rehearsal/dev/', 12, 'keys/A.asc')).toBe('rehearsal/dev/heads/00000012/keys/A.asc');
  });
});
