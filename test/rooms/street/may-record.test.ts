/** Who may put a refusal into the ledger: judged by the evidence itself, since the run that was refused has shown nothing. */
import { describe, expect, it } from 'vitest';
import { blobName, keyName, TRUST_NAME } from '../../../src/evidence/layout.ts';
import { readLedger } from '../../../src/evidence/ledger.ts';
import { signerOfRefusal } from '../../../src/street/may-record.ts';
import { sha256 } from '../../../src/kernel/digest.ts';
import type { Instant } from '../../../src/kernel/time.ts';
import { fakeScene, makeInputs, playRun, type Role } from '../../harness/evidence-fixture.ts';
import { edited, encode, NOW, PRINTS } from '../../harness/facts.ts';
import { memoryStore, type MemoryStore } from '../../harness/memory-store.ts';

/** A run has begun, under a list by which Bob signs evidence of prod only. */
async function begun(): Promise<MemoryStore> {
  const store = memoryStore();
  const scene = fakeScene(store);
  const edit = (name: string, text: string): string =>
    name === 'trust'
      ? edited(text, 'roles: [approver]', 'roles: [approver, evidence]\n    environments: [prod]')
      : text;
  await playRun(scene, await makeInputs(scene, { edit }));
  return store;
}

async function signer(store: MemoryStore, who: Role, now: Instant = NOW, environment = 'dev') {
  const ledger = await readLedger(store);
  return signerOfRefusal({ store, ledger, environment, fingerprint: PRINTS[who], now });
}

const trustBlob = async (store: MemoryStore): Promise<string> => {
  const { entry } = (await readLedger(store)).items[1]!;
  return blobName(entry.refs.find(({ name }) => name === TRUST_NAME)!.sha256);
};

describe('a refusal is recorded', () => {
  it('by a listed person of role evidence, whose key the evidence holds', async () => {
    const store = await begun();
    const bytes = store.files.get(keyName(PRINTS.alice))!;
    expect(await signer(store, 'alice')).toEqual({
      path: keyName(PRINTS.alice),
      bytes,
      sha256: sha256(bytes),
    });
    expect((await signer(store, 'bob', NOW, 'prod')).path).toBe(keyName(PRINTS.bob));
  });

  it.each<[string, Role, Instant, string, string]>([
    ['nobody lists', 'mallory', NOW, 'SIGNER_NOT_ALLOWED', `${PRINTS.mallory} may not sign this evidence`],
    ['has the role elsewhere', 'bob', NOW, 'SIGNER_ROLE', 'does not have the evidence role in dev'],
    [
      'is not listed yet',
      'alice',
      '2025-12-31T23:59:59Z' as Instant,
      'SIGNER_INACTIVE',
      'from 2026-01-01T00:00:00Z to 2027-01-01T00:00:00Z only',
    ],
    [
      'is not listed any more',
      'alice',
      '2027-01-01T00:00:00Z' as Instant,
      'SIGNER_INACTIVE',
      'from 2026-01-01T00:00:00Z to 2027-01-01T00:00:00Z only',
    ],
  ])('not by somebody who %s', async (_, who, now, code, message) => {
    await expect(signer(await begun(), who, now)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message),
    });
  });

  it('not with a key that the evidence does not hold: nobody could check it', async () => {
    const store = await begun();
    store.files.delete(keyName(PRINTS.alice));
    await expect(signer(store, 'alice')).rejects.toMatchObject({
      code: 'EVIDENCE_MISSING',
      message: `${keyName(PRINTS.alice)} is not in the evidence yet`,
    });
  });

  it('not before a run has begun: nobody is known to sign', async () => {
    await expect(signer(memoryStore(), 'alice')).rejects.toMatchObject({
      code: 'EVIDENCE_MISSING',
      message: 'no run has begun, so nobody is known to sign evidence',
    });
  });

  it.each<[string, (store: MemoryStore, blob: string) => void]>([
    ['gone', ({ files }, blob) => void files.delete(blob)],
    ['another', ({ files }, blob) => void files.set(blob, encode('schema: govboot.trust/v1\n'))],
  ])('not where the list of people is %s', async (_, change) => {
    const store = await begun();
    change(store, await trustBlob(store));
    await expect(signer(store, 'alice')).rejects.toMatchObject({
      code: 'EVIDENCE_INVALID',
      message: expect.stringContaining('the list of people who may sign evidence, is missing or changed'),
    });
  });
});
