// The package as it is given to others: one file, installed where no registry can be reached, in a prefix of its own.
import { cpSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { projectRoot } from '../harness/capabilities.ts';
import { cleanEnv, runCommand, type CliResult } from '../harness/cli.ts';
import { temporaryFolder } from '../harness/git-fixture.ts';
import { makeGoverned } from '../harness/governed-repo.ts';

const MIB = 1024 * 1024;
/** Licences that ask for nothing but their own text, which THIRD-PARTY.txt holds. */
const PERMISSIVE = /^\(?(?:MIT|ISC|Apache-2\.0|BSD-[23]-Clause|0BSD|BlueOak-1\.0\.0)\)?$/;
/** openpgp: weak copyleft, of files that are shipped as they are. */
const OTHERS: readonly string[] = ['LGPL-3.0+'];

const folder = temporaryFolder();
const prefix = join(folder, 'prefix');
const home = join(prefix, 'lib', 'node_modules', 'govboot');
const program = join(prefix, 'bin', 'govboot');

/** npm without a network, with settings of nobody. */
async function npm(args: readonly string[], cwd: string): Promise<CliResult> {
  const done = await runCommand('npm', [...args, '--offline', '--no-audit', '--no-fund'], {
    cwd,
    env: { HOME: join(folder, 'home'), npm_config_update_notifier: 'false' },
    timeout: 240_000,
  });
  if (done.code !== 0) throw new Error(`npm ${args.join(' ')}:\n${done.stdout}\n${done.stderr}`);
  return done;
}

/** What git has of the project, and the packages that are installed already. */
async function copyOfTheProject(): Promise<string> {
  const copy = join(folder, 'project');
  const listed = await runCommand('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: projectRoot,
  });
  for (const path of new Set(listed.stdout.split('\0').filter((line) => line !== ''))) {
    mkdirSync(dirname(join(copy, path)), { recursive: true });
    cpSync(join(projectRoot, path), join(copy, path), { verbatimSymlinks: true, force: true });
  }
  mkdirSync(join(copy, 'node_modules'));
  for (const name of readdirSync(join(projectRoot, 'node_modules')).filter((one) => one !== '.cache'))
    symlinkSync(join(projectRoot, 'node_modules', name), join(copy, 'node_modules', name));
  return copy;
}

const filesOf = (root: string): readonly string[] =>
  readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((path) =>
    statSync(join(root, path)).isFile(),
  );

describe('the package', { timeout: 300_000 }, () => {
  const seen = { tarball: '', before: '', after: '' };

  beforeAll(async () => {
    const copy = await copyOfTheProject();
    seen.before = readFileSync(join(copy, 'package.json'), 'utf8');
    await npm(['pack', '--pack-destination', folder], copy);
    seen.after = readFileSync(join(copy, 'package.json'), 'utf8');
    seen.tarball = join(folder, readdirSync(folder).find((name) => name.endsWith('.tgz')) ?? 'none');
    await npm(['install', '--global', '--prefix', prefix, seen.tarball], folder);
  }, 300_000);

  test('is small, and says what is in it', () => {
    const files = filesOf(home);
    const packed = statSync(seen.tarball).size;
    const licences = [
      ...readFileSync(join(home, 'dist', 'THIRD-PARTY.txt'), 'utf8').matchAll(/^\S+ \S+ \(([^)]+)\)$/gm),
    ].map(([, licence = '']) => licence);
    const counted = [...new Set(licences)]
      .sort()
      .map((one) => `${String(licences.filter((each) => each === one).length)} ${one}`);
    console.log(
      `the package: ${(packed / MIB).toFixed(2)} MiB packed, ${String(files.length)} files, no dependencies; ` +
        `${String(licences.length)} packages are in its bundle: ${counted.join(', ')}`,
    );
    expect(packed).toBeLessThan(3 * MIB);
    expect(licences.length).toBeGreaterThan(20);
    expect(licences.filter((one) => !PERMISSIVE.test(one) && !OTHERS.includes(one))).toEqual([]);
  });

  test('installs nothing else, compiles nothing and runs nothing', () => {
    expect(readdirSync(join(prefix, 'lib', 'node_modules')).filter((name) => !name.startsWith('.'))).toEqual([
      'govboot',
    ]);
    const files = filesOf(home);
    expect(files.filter((path) => /(^|\/)node_modules\/|\.node$|\.gyp$|\.map$/.test(path))).toEqual([]);
    const manifest = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')) as Record<string, unknown>;
    expect(Object.keys(manifest)).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/dependencies|scripts/i)]),
    );
    expect(manifest).toMatchObject({ name: 'govboot', license: 'Apache-2.0', engines: { node: '>=20.19' } });
    for (const needed of ['LICENSE', 'README.md', 'dist/govboot.js', 'templates/backend.tf.tmpl'])
      expect(files).toContain(needed);
    expect(files.filter((path) => /^(src|test|evidence)\//.test(path))).toEqual([]);
  });

  test('leaves the package.json of the project as it was', () => {
    expect(seen.after).toBe(seen.before);
    expect(JSON.parse(seen.after)).toHaveProperty('dependencies.openpgp');
  });

  test('runs: help, a code that is explained, and all gates of a governed repository', async () => {
    const run = (args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<CliResult> =>
      runCommand(program, args, { cwd: folder, env: cleanEnv(env) });
    expect(await run(['--help'])).toMatchObject({ code: 0, stderr: '' });
    expect((await run(['check', '--explain', 'CLOCK'])).stdout).toContain('CLOCK');
    const governed = await makeGoverned({ endpoint: null, env: { AWS_REGION: 'eu-central-1' } });
    const checked = await run([...governed.globals, 'check', 'dev', '--rehearse'], governed.env);
    expect(checked, checked.stderr).toMatchObject({ code: 0 });
    const key = '0123456789ABCDEF0123456789ABCDEF01234567';
    const scaffolded = await run([
      ...['init', 'infra', '--organisation', 'acme', '--environment', 'dev=111111111111:eu-central-1'],
      ...['--root', key, '--person', `Alice=${key}:release,intent,evidence`],
    ]);
    expect(scaffolded, scaffolded.stderr).toMatchObject({ code: 0 });
    expect(filesOf(join(folder, 'infra'))).toContain('policies/parity.yaml');
  });
});
