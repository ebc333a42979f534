// Every file in test/scripts is one test: what a user types, and what they then see.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'vitest';
import { projectRoot, recordNotRun } from './harness/capabilities.ts';
import { runScript } from './harness/script.ts';

const dir = join(projectRoot, 'test', 'scripts');
const scripts = existsSync(dir) ? readdirSync(dir).filter((name) => name.endsWith('.txt')) : [];

describe('scripts', () => {
  if (scripts.length === 0) {
    recordNotRun('the golden scripts', 'test/scripts has none');
    test.skip('test/scripts has no script');
  }
  test.for(scripts.sort())('%s', async (name) => {
    const work = mkdtempSync(join(tmpdir(), 'govboot-script-'));
    await runScript(readFileSync(join(dir, name), 'utf8'), work, { name });
    // Left behind on failure, to be looked at.
    rmSync(work, { recursive: true });
  });
});
