// threat: 75
// area: evidence
// tried: Several processes add to one ledger at the same moment, each after the same entry.
// answer: One entry follows another: the file is created exclusively, who comes second signs again on the new head, and verify is content.
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { scene } from '../harness/at-terminal.ts';
import { runCli } from '../harness/cli.ts';

test('four refusals', { timeout: 180_000 }, async () => {
  const place = await scene();
  const { root, env } = place.fixture;
  const ledger = join(root, 'evidence', 'rehearsal', 'dev', 'ledger');
  const entries = (): number => readdirSync(ledger).filter((name) => name.endsWith('.json')).length;
  const before = entries();
  // An endpoint that the intent does not name: each of them is refused, and says so in the ledger.
  const stray = { ...env, AWS_ENDPOINT_URL: 'http://127.0.0.1:9' };
  const args = [
    'apply',
    'dev',
    '--intent',
    'intents/two.yaml',
    '--rehearse',
    '--key',
    `${env['KEYS'] ?? ''}/alice.key`,
  ];
  const ended = await Promise.all([1, 2, 3, 4].map(() => runCli(args, { cwd: root, env: stray })));
  expect(ended.map(({ code }) => code)).toEqual([3, 3, 3, 3]);
  expect(entries()).toBe(before + 4);
  const { code, stdout, stderr } = await runCli(['verify', 'dev', '--rehearse'], { cwd: root, env });
  expect(code, stderr).toBe(0);
  expect(stdout).toContain(`size = ${String(before + 4)}`);
  rmSync(place.work, { recursive: true });
});
