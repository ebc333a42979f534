/** Runs the attacks that are scripts, in shares: one file of tests is one worker, and all of them in one would keep the others waiting. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'vitest';
import { runScript } from './script.ts';
import { threatFolder, threatsOf } from './threats.ts';

const SHARES = 4;

/** Every fourth script, beginning with the `share`th; from 1 to 4. */
export function runShare(share: 1 | 2 | 3 | 4): void {
  const scripts = threatsOf()
    .map(({ file }) => file)
    .filter((file) => file.endsWith('.txt'));
  // A script runs the program up to a dozen times; on a machine that does other things too, each takes seconds.
  test.for(scripts.filter((_, index) => index % SHARES === share - 1))(
    '%s',
    { timeout: 180_000 },
    async (file) => {
      const work = mkdtempSync(join(tmpdir(), 'govboot-threat-'));
      await runScript(readFileSync(join(threatFolder, file), 'utf8'), work, { name: file });
      // Left behind on failure, to be looked at.
      rmSync(work, { recursive: true });
    },
  );
}
