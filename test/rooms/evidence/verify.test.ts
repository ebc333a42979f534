/** `verifyEvidence` over evidence made by the product's own functions: good ones, and each way to be wrong. */
import { describe, expect, it } from 'vitest';
import { verifyEvidence } from '../../../src/evidence/verify.ts';
import { fakeScene, playApply } from '../../harness/evidence-fixture.ts';
import { memoryStore } from '../../harness/memory-store.ts';

describe('good evidence', () => {
  it('is valid on every axis', async () => {
    const store = memoryStore();
    const scene = fakeScene(store);
    await playApply(scene);
    const report = await verifyEvidence({
      store,
      verifier: scene.verifier,
      pins: scene.pins,
      now: scene.clock.now(),
      environment: 'dev',
    });
    expect(report.answers.flatMap(({ findings }) => findings)).toEqual([]);
    expect(report.overall).toBe('ok');
    console.log(
      report.summary.join('\n'),
      report.answers.map((a) => a.because).join('\n'),
      [...store.files.keys()].join('\n'),
    );
  });
});
