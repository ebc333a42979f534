// threat: more
// area: cloud
// tried: While a run is at work, somebody sets back what it has just set and seen.
// answer: READBACK_WRONG, and no lock is written; the run stands in the ledger, and --resume finishes it
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { scene, sit, type Scene } from '../harness/at-terminal.ts';
import { worldForges } from '../harness/forges/world.ts';
import { playApply } from '../harness/operator.ts';
import { shown } from '../harness/shown.ts';

const forge = (place: Scene, name: string, ...args: readonly string[]): unknown =>
  worldForges[name]?.(
    { cwd: place.fixture.root, work: place.work, env: place.fixture.env, governed: place.fixture },
    args,
  );

/** Whether the run has seen that versioning is on. */
function isDone({ fixture: { root } }: Scene): boolean {
  const runs = join(root, 'evidence', 'rehearsal', 'dev', 'runs');
  return (
    existsSync(runs) &&
    readdirSync(runs)
      .map((run) => join(runs, run, 'journal.jsonl'))
      // The folder is there a moment before its first line.
      .some(
        (journal) =>
          existsSync(journal) &&
          /"event":"done".*"step":"set\/state-bucket\.versioning"/.test(readFileSync(journal, 'utf8')),
      )
  );
}

test('versioning is switched off again', { timeout: 120_000 }, async () => {
  const place = await scene('governed');
  forge(place, 'rehearsal-script', '{"latencyMs": 60}');
  const { root, env } = place.fixture;
  const args = ['apply', 'dev', '--rehearse', '--key', `${env['KEYS'] ?? ''}/alice.key`];
  const seat = await sit(place, { args });
  await seat.word();
  await seat.terminal.type('APPLY\r');
  while (!isDone(place)) await delay(2);
  forge(place, 'cloud-set', 'buckets', 'versioning', '"Suspended"');
  const { code } = await seat.terminal.exit;
  const view = await seat.terminal.view();
  expect(view.replaceAll(/\s+/g, ' ')).toMatch(
    shown(
      'READBACK_WRONG',
      '1 read back wrong: state-bucket.versioning: wanted Enabled, found Suspended',
      'run `govboot plan` to see it, then `govboot apply --resume`',
    ),
  );
  expect(code, view).toBe(6);
  expect(existsSync(join(root, 'evidence', 'rehearsal', 'dev', '.backend.lock'))).toBe(false);
  const resumed = await playApply([...args, '--resume'], { cwd: root, env, rows: 60 });
  expect(resumed.code, resumed.screen).toBe(0);
  rmSync(place.work, { recursive: true });
});
