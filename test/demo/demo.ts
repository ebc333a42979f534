/**
 * The demo: the main job from nothing, on real input, with the built program and a real pseudo-terminal. It installs nothing,
 * uses what the machine has (gpg, moto, terraform), says what was used and what was not, and leaves the evidence to look at.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { capability, type Tool } from '../harness/capabilities.ts';
import { cleanEnv, govbootPath } from '../harness/cli.ts';
import { flipByte, makeGoverned, type Governed } from '../harness/governed-repo.ts';
import { motoEnv, startMoto, type Moto } from '../harness/moto.ts';
import { playApply } from '../harness/operator.ts';
import { wrap } from '../../src/report/table.ts';
import { showTerraform } from './terraform.ts';

const interactive = process.argv.includes('--interactive');
const started = Date.now();
let failures = 0;

function title(text: string): void {
  console.log(`\n━━ ${text} ${'━'.repeat(Math.max(2, columns - 4 - text.length))}`);
}

/** Columns of this terminal, or a readable width where there is none. */
const columns = Math.min(process.stdout.columns ?? 100, 100);

function say(line: string): void {
  const parts = line.length <= columns - 4 ? [line] : wrap(line, columns - 4);
  console.log(parts.map((part, i) => (i === 0 ? `  ${part}` : `    ${part}`)).join('\n'));
}

/** What a program printed, in a frame; long lines are broken under their own beginning. */
function show(screen: string): void {
  for (const line of screen.replaceAll('\r', '').trimEnd().split('\n')) {
    const indent = /^ */.exec(line)?.[0] ?? '';
    const parts = wrap(line.slice(indent.length), columns - 6 - indent.length);
    parts.forEach((part, i) => console.log(`  │ ${indent}${i === 0 ? '' : '  '}${part}`));
  }
}

/** States what must be true here, and remembers when it is not. */
function expect(what: string, ok: boolean): void {
  console.log(`  ${ok ? '✓' : '✗ FAILED:'} ${what}`);
  if (!ok) failures += 1;
}

function tools(): void {
  title('What this machine has');
  const uses: Readonly<Partial<Record<Tool, string>>> = {
    git: 'needed',
    gpgv: 'second opinion on every signature',
    sqv: 'third opinion on every signature',
    moto: 'plays AWS',
    terraform: 'uses the backend',
  };
  for (const [tool, use] of Object.entries(uses)) {
    const found = capability(tool as Tool);
    say(
      found.present
        ? `${tool.padEnd(10)} used: ${found.version} (${use})`
        : `${tool.padEnd(10)} not used: ${found.why} (${use})`,
    );
  }
}

async function bootstrap(governed: Governed, rehearse: readonly string[]): Promise<void> {
  title('The operator applies');
  const args = [...governed.globals, '--key', governed.keyFile('alice'), 'apply', 'dev', ...rehearse];
  say(['$ govboot apply dev', ...rehearse].join(' '));
  if (interactive) {
    const done = spawnSync(process.execPath, [govbootPath, ...args], {
      cwd: governed.folder,
      env: cleanEnv({ ...governed.env, NO_COLOR: undefined, TERM: process.env['TERM'] }),
      stdio: 'inherit',
    });
    expect('the backend was created under governance (exit 0)', done.status === 0);
    return;
  }
  const played = await playApply(
    args,
    { cwd: governed.folder, env: governed.env, cols: columns - 6, rows: 50 },
    say,
  );
  show(played.screen);
  expect('the backend was created under governance (exit 0)', played.code === 0 && played.token !== null);
}

async function afterwards(governed: Governed, rehearse: readonly string[]): Promise<void> {
  title('The auditor verifies');
  const verified = await governed.run(['verify', 'dev', ...rehearse]);
  show(verified.stdout + verified.stderr);
  expect('the evidence verifies, offline (exit 0)', verified.code === 0);

  title('The operator applies again');
  const again = await playApply(
    [...governed.globals, '--key', governed.keyFile('alice'), 'apply', 'dev', ...rehearse],
    { cwd: governed.folder, env: governed.env, cols: columns - 6, rows: 50 },
  );
  show(again.screen);
  expect('there is nothing to do, and nothing is asked (exit 0)', again.code === 0 && again.token === null);
}

async function attacks(governed: Governed, rehearse: readonly string[]): Promise<void> {
  title('Attack 1: one character of the signed intent is altered');
  const intent = join(governed.repo.root, 'intents', 'dev.yaml');
  flipByte(intent, 'OPS-1', 'OPS-2');
  const altered = await governed.run(['check', 'dev', ...rehearse]);
  show(altered.stderr);
  expect(
    'refused: the signature does not match (exit 3)',
    altered.code === 3 && altered.stderr.includes('SIG_BAD'),
  );
  flipByte(intent, 'OPS-2', 'OPS-1');

  title('Attack 2: a stranger signs a tag');
  await governed.tag('v9.9.9', 'stranger');
  await governed.intent('dev', ['--tag', 'v9.9.9', '--out', 'intents/stranger.yaml']);
  const strange = await governed.run(['check', 'dev', '--intent', 'intents/stranger.yaml', ...rehearse]);
  show(strange.stderr);
  expect(
    'refused: the signer is unknown (exit 3)',
    strange.code === 3 && /SIGNER_(UNKNOWN|NOT_ALLOWED)/.test(strange.stderr),
  );
  governed.repo.git(['update-ref', '-d', 'refs/tags/v9.9.9']);
}

async function main(): Promise<void> {
  console.log(
    'govboot demo: bootstraps the state backend of one environment, end to end, on this machine alone.',
  );
  tools();
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'govboot-demo-')));
  let moto: Moto | null = null;
  try {
    if (capability('moto').present) moto = await startMoto();
    const rehearse = moto === null ? ['--rehearse'] : [];
    title('A governed repository');
    say(
      moto === null
        ? 'cloud: the embedded rehearsal cloud; every record says REHEARSAL'
        : `cloud: moto at ${moto.endpoint}, over the real AWS SDK`,
    );
    const governed = await makeGoverned({
      folder,
      endpoint: moto?.endpoint ?? null,
      env: moto === null ? { AWS_REGION: 'eu-central-1' } : motoEnv(moto.endpoint),
      say,
    });
    await bootstrap(governed, rehearse);
    await afterwards(governed, rehearse);
    await attacks(governed, rehearse);
    if (moto !== null) await showTerraform(governed, moto, { title, say, expect });
    else
      say(
        'terraform was not shown: it needs an AWS to talk to, and the rehearsal cloud lives inside govboot',
      );
    ending(governed, rehearse.length > 0);
  } finally {
    await moto?.stop();
  }
  process.exitCode = failures === 0 ? 0 : 1;
}

function ending(governed: Governed, rehearsed: boolean): void {
  title('What was made');
  const evidence = join(governed.repo.root, 'evidence', ...(rehearsed ? ['rehearsal'] : []), 'dev');
  say(`evidence     ${evidence}`);
  for (const name of readdirSync(evidence).sort()) say(`             ${name}`);
  say(`policies     ${join(governed.repo.root, 'policies')}`);
  say(
    `look at it   node ${govbootPath} --repo ${governed.repo.root} --pins ${join(governed.folder, 'home', 'pins.json')} verify dev${rehearsed ? ' --rehearse' : ''}`,
  );
  say(`by hand      docs/verify-by-hand.md`);
  console.log(
    `\n${failures === 0 ? 'demo: everything held' : `demo: ${String(failures)} things did not hold`}, in ${((Date.now() - started) / 1000).toFixed(1)} s`,
  );
}

await main();
