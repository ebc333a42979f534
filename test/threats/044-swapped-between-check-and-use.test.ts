// threat: 44
// area: intent
// tried: While the check runs, the intent is swapped again and again with another text, by renaming files over it, so that one is verified and the other is used.
// answer: Only the text that was verified is ever used: every run ends with it, or with SIG_BAD.
import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { afterEach, beforeAll, expect, test } from 'vitest';
import { sha256 } from '../../src/kernel/digest.ts';
import { makeGoverned, type Governed } from '../harness/governed-repo.ts';

/** Renames one of two texts over the intent for as long as it lives; rename(2) is atomic, so that the file is always whole. */
const SWAPPER = `
import { copyFileSync, renameSync } from 'node:fs';
const [intent, one, other] = process.argv.slice(1);
process.stdout.write('ready');
for (let round = 0; ; round++) {
  copyFileSync(round % 2 === 0 ? other : one, one + '.swap');
  renameSync(one + '.swap', intent);
}`;

/** How often each of the two must have been met, so that the rounds show something; and the most rounds. */
const ENOUGH = 4;
const MOST_ROUNDS = 80;

let governed: Governed;
let swapper: ChildProcess | null = null;

beforeAll(async () => {
  governed = await makeGoverned({ endpoint: null, env: { AWS_REGION: 'eu-central-1' } });
});

afterEach(() => {
  swapper?.kill('SIGKILL');
});

async function startSwapping(intent: string, one: string, other: string): Promise<void> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', SWAPPER, intent, one, other], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  swapper = child;
  await new Promise((ready) => child.stdout.once('data', ready));
}

test('what is used is what was verified', { timeout: 300_000 }, async () => {
  const { root } = governed.repo;
  const intent = join(root, 'intents', 'dev.yaml');
  const good = readFileSync(intent, 'utf8');
  const [one, other] = [join(governed.folder, 'one.yaml'), join(governed.folder, 'other.yaml')];
  writeFileSync(one, good);
  // The same length and form, signed by nobody, and allowed by every gate but the one that looks at signatures.
  writeFileSync(other, good.replace('"OPS-1"', '"OPS-9"'));
  await startSwapping(intent, one, other);
  const seen = { passed: 0, refused: 0 };
  for (let round = 0; round < MOST_ROUNDS && Math.min(seen.passed, seen.refused) < ENOUGH; round++) {
    const plan = await governed.run(['plan', 'dev', '--rehearse', '--json']);
    if (plan.code === 0) {
      expect(plan.stdout).toContain(sha256(good));
      expect(plan.stdout).not.toContain('OPS-9');
      seen.passed++;
    } else {
      expect(plan, plan.stdout + plan.stderr).toMatchObject({ code: 3 });
      expect(plan.stdout + plan.stderr).toContain('SIG_BAD');
      seen.refused++;
    }
  }
  // Otherwise nothing was swapped while it mattered, and the rounds above show nothing.
  expect(seen.passed).toBeGreaterThanOrEqual(ENOUGH);
  expect(seen.refused).toBeGreaterThanOrEqual(ENOUGH);
});
