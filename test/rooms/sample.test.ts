// The sample of evidence that is published with the source: it must verify on every machine, and for years.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { isFingerprint, type PinFacts } from '../../src/inputs/facts.ts';
import { isInstant } from '../../src/kernel/time.ts';
import { verifyEvidence } from '../../src/evidence/verify.ts';
import { makeEvidenceStore } from '../../src/world/evidence-store.ts';
import { makeVerifier } from '../../src/world/verifier.ts';
import { projectRoot } from '../harness/capabilities.ts';
import { witnesses } from '../harness/witnesses.ts';

const paper = readFileSync(join(projectRoot, 'evidence', 'sample-root-fingerprint.txt'), 'utf8').trim();

async function verify(at: string, root = paper) {
  const store = makeEvidenceStore(projectRoot, 'sample');
  const genesis = JSON.parse(new TextDecoder().decode(await store.read('ledger/00000000.json'))) as {
    body: { origin: { repository: string } };
  };
  if (!isFingerprint(root) || !isInstant(at)) throw new Error('the test is wrong');
  const pin: PinFacts = {
    file: 'paper',
    repository: genesis.body.origin.repository,
    path: null,
    roots: [root],
    threshold: 1,
    trustVersion: 1,
    pinnedAt: at,
  };
  return verifyEvidence({ store, verifier: makeVerifier(), witnesses, pins: [pin], now: at });
}

test('verifies against the fingerprint on paper, today and in ten years', async () => {
  for (const at of ['2026-12-01T00:00:00Z', '2036-12-01T00:00:00Z']) {
    const report = await verify(at);
    expect(report.answers.filter(({ status }) => status !== 'ok')).toEqual([]);
    expect(report).toMatchObject({ overall: 'ok', mode: 'REHEARSAL' });
  }
});

test('is not authentic for somebody who has another fingerprint on paper', async () => {
  const report = await verify('2026-12-01T00:00:00Z', '0123456789ABCDEF0123456789ABCDEF01234567');
  expect(report.overall).not.toBe('ok');
  expect(report.answers.find(({ axis }) => axis === 'authenticity')?.status).not.toBe('ok');
});
