// Every file test/threats/*.txt is one attack, and how it is refused. Attacks that no script can play are test/threats/*.test.ts.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { runScript } from './harness/script.ts';
import { FLOOR, threatsOf, threatFolder } from './harness/threats.ts';

const threats = threatsOf();

describe('threats', () => {
  test('every attack of the floor is tried', () => {
    const tried = new Set(threats.flatMap(({ numbers }) => numbers));
    expect(FLOOR.filter((number) => !tried.has(number))).toEqual([]);
  });

  test('at least twenty more are tried', () => {
    expect(threats.filter(({ numbers }) => numbers.length === 0).length).toBeGreaterThanOrEqual(20);
  });

  // A script runs the program up to a dozen times; on a machine that does other things too, each takes seconds.
  const scripts = threats.filter(({ file }) => file.endsWith('.txt'));
  test.for(scripts.map(({ file }) => file))('%s', { timeout: 180_000 }, async (file) => {
    const work = mkdtempSync(join(tmpdir(), 'govboot-threat-'));
    await runScript(readFileSync(join(threatFolder, file), 'utf8'), work, { name: file });
    // Left behind on failure, to be looked at.
    rmSync(work, { recursive: true });
  });
});
