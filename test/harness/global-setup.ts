/** Before any test: a fresh dist, a place for the reasons of skipped tests, and a word on what is here. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { capability, projectRoot, tools } from './capabilities.ts';

/** The time of the newest file at or under a path; 0 when there is none. */
function newest(path: string): number {
  if (!existsSync(path)) return 0;
  const at = statSync(path);
  if (!at.isDirectory()) return at.mtimeMs;
  return Math.max(0, ...readdirSync(path).map((name) => newest(join(path, name))));
}

/** Builds dist when it is missing or older than what it is made of. */
function freshenDist(): void {
  const sources = ['bin', 'src', 'package.json', 'build.config.mjs'].map((name) =>
    newest(join(projectRoot, name)),
  );
  if (!existsSync(join(projectRoot, 'bin', 'govboot.ts'))) return;
  if (newest(join(projectRoot, 'dist', 'govboot.js')) >= Math.max(...sources)) return;
  const build = spawnSync(process.execPath, ['build.config.mjs'], { cwd: projectRoot, stdio: 'inherit' });
  if (build.status === 0) return;
  // Tests of the sources can still say something; tests that run govboot must fail, not try an old one.
  console.error('govboot did not build: every test that runs it will fail');
  rmSync(join(projectRoot, 'dist', 'govboot.js'), { force: true });
}

export default function setup(): () => void {
  freshenDist();
  for (const tool of tools) {
    const found = capability(tool);
    console.log(`${tool.padEnd(10)} ${found.present ? found.version : `not here: ${found.why}`}`);
  }
  // Test processes inherit this from here; the reporter reads it in this same process.
  const notRun = join(mkdtempSync(join(tmpdir(), 'govboot-not-run-')), 'not-run.jsonl');
  process.env['GOVBOOT_NOT_RUN_FILE'] = notRun;
  return () => {
    // The reporter has the last word after this, so the file must outlive the teardown.
    process.once('exit', () => rmSync(dirname(notRun), { recursive: true, force: true }));
  };
}
