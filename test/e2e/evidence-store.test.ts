// The store of the evidence over the whole street: chosen at init, told before the confirmation, made, verified, and left as it is.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { requireOrSkip } from '../harness/capabilities.ts';
import { makeGoverned, type Governed } from '../harness/governed-repo.ts';
import { motoEnv, startMoto, type Moto } from '../harness/moto.ts';
import { playApply, type Played } from '../harness/operator.ts';

const DAYS = 30;

async function play(governed: Governed, ...more: readonly string[]): Promise<Played> {
  const args = [...governed.globals, '--key', governed.keyFile('alice'), 'apply', 'dev', ...more];
  return playApply(args, { cwd: governed.folder, env: governed.env, rows: 120 });
}

function judge(played: Played): void {
  // Said before anything is confirmed, beside the row that it is about.
  const [before = ''] = played.screen.split('token');
  expect(before).toMatch(/object-lock[^]*\(cannot be undone\)/);
  expect(played.screen).toContain('bootstrapped and locked');
  expect(played.code).toBe(0);
}

async function field(governed: Governed, path: string, ...more: readonly string[]): Promise<string> {
  const shown = await governed.run(['show', 'dev', '--field', path, ...more]);
  expect(shown.stderr).not.toContain('govboot: error');
  return shown.stdout.trim();
}

describe('a store for the evidence', { timeout: 180_000 }, () => {
  test('in a rehearsal', async () => {
    const governed = await makeGoverned({
      endpoint: null,
      env: { AWS_REGION: 'eu-central-1' },
      init: ['--evidence-store', String(DAYS)],
    });
    judge(await play(governed, '--rehearse'));
    expect((await governed.run(['verify', 'dev', '--rehearse'])).code).toBe(0);
    const again = await play(governed, '--rehearse');
    expect(again).toMatchObject({ code: 0, token: null });
    expect(again.screen).toContain('nothing to do');
    expect(await field(governed, 'backend.resources.evidence-bucket.name', '--rehearse')).toBe(
      'acme-dev-evidence-123456789012-eu-central-1',
    );
  });
});

describe.skipIf(!requireOrSkip('moto', 'a store for the evidence on an AWS emulator'))(
  'a store for the evidence',
  { timeout: 180_000 },
  () => {
    let moto: Moto;
    beforeAll(async () => {
      moto = await startMoto();
    });
    afterAll(() => moto.stop());

    test('on moto', async () => {
      const governed = await makeGoverned({
        endpoint: moto.endpoint,
        env: motoEnv(moto.endpoint, 'eu-central-1'),
        environments: ['dev=123456789012:eu-central-1'],
        init: ['--evidence-store', String(DAYS)],
      });
      judge(await play(governed));
      expect((await governed.run(['verify', 'dev'])).code).toBe(0);
      expect(await play(governed)).toMatchObject({ code: 0, token: null });
      const kept = await field(governed, 'backend.controls.evidence-bucket.object-lock.value');
      expect(JSON.parse(kept)).toEqual({ days: DAYS, mode: 'COMPLIANCE' });
    });
  },
);
