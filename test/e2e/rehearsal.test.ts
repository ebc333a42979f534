// The whole street in a rehearsal, over a real pseudo-terminal: needs nothing but Node and git.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { makeGoverned, type Governed } from '../harness/governed-repo.ts';
import { playApply, startGovboot, type Played } from '../harness/operator.ts';

let governed: Governed;
let played: Played;

const evidence = (...path: readonly string[]): string =>
  join(governed.repo.root, 'evidence', 'rehearsal', 'dev', ...path);
const applyArgs = (): readonly string[] => [
  ...governed.globals,
  '--key',
  governed.keyFile('alice'),
  'apply',
  'dev',
  '--rehearse',
];
const terminal = () => ({ cwd: governed.folder, env: governed.env, rows: 60 });

beforeAll(async () => {
  governed = await makeGoverned({ endpoint: null, env: { AWS_REGION: 'eu-central-1' } });
  played = await playApply(applyArgs(), terminal());
}, 120_000);

describe('apply --rehearse', { timeout: 120_000 }, () => {
  test('asks for the token and APPLY, and ends well', () => {
    expect(played.screen).toContain('the backend of dev is bootstrapped and locked');
    expect(played.code).toBe(0);
    expect(played.token).toMatch(/^[0-9A-HJKMNP-TV-Z]{5}-[0-9A-HJKMNP-TV-Z]{5}$/);
  });

  test('says REHEARSAL on the screen and in every record', () => {
    expect(played.screen).toContain('REHEARSAL');
    const entries = readdirSync(evidence('ledger')).filter((name) => name.endsWith('.json'));
    expect(entries.length).toBeGreaterThanOrEqual(4);
    for (const name of entries)
      expect(JSON.parse(readFileSync(evidence('ledger', name), 'utf8'))).toMatchObject({ mode: 'REHEARSAL' });
    expect(JSON.parse(readFileSync(evidence('.backend.lock'), 'utf8'))).toMatchObject({ mode: 'REHEARSAL' });
  });

  test('leaves nothing in the real ledger', () => {
    expect(existsSync(join(governed.repo.root, 'evidence', 'dev'))).toBe(false);
  });

  test('verifies, offline', async () => {
    const verified = await governed.run(['verify', 'dev', '--rehearse']);
    expect(verified.stderr).not.toContain('govboot: error');
    expect(verified.code).toBe(0);
  });

  test('a second apply finds nothing to do and asks nothing', async () => {
    const before = readdirSync(evidence('ledger')).length;
    const again = await playApply(applyArgs(), terminal());
    expect(again.screen).toContain('nothing to do');
    expect(again).toMatchObject({ code: 0, token: null });
    expect(readdirSync(evidence('ledger'))).toHaveLength(before);
  });

  test('another intent for the locked backend is refused, and the refusal is in the ledger', async () => {
    await governed.intent('dev', ['--out', 'intents/again.yaml']);
    const before = readdirSync(evidence('ledger')).filter((name) => name.endsWith('.json')).length;
    const refused = await playApply([...applyArgs(), '--intent', 'intents/again.yaml'], terminal());
    expect(refused).toMatchObject({ code: 3, token: null });
    expect(refused.screen).toContain('BACKEND_LOCKED');
    const entries = readdirSync(evidence('ledger')).filter((name) => name.endsWith('.json'));
    expect(entries).toHaveLength(before + 1);
    const last = JSON.parse(readFileSync(evidence('ledger', entries.sort().at(-1)!), 'utf8')) as unknown;
    expect(last).toMatchObject({ type: 'GATE_FAIL', body: { findings: [{ code: 'BACKEND_LOCKED' }] } });
    expect((await governed.run(['verify', 'dev', '--rehearse'])).code).toBe(0);
  });

  test('renders a backend file that names the key, so that state is never written with another', async () => {
    const rendered = await governed.run(['backend', 'render', 'dev', '--rehearse']);
    expect(rendered.code).toBe(0);
    expect(rendered.stdout).toMatch(/kms_key_id\s+= "arn:aws:kms:eu-central-1:123456789012:key\//);
    expect(rendered.stdout).toMatch(/encrypt\s+= true/);
  });
});

describe('the confirmation', { timeout: 120_000 }, () => {
  const start = async () => {
    const fresh = await makeGoverned({ endpoint: null, env: { AWS_REGION: 'eu-central-1' } });
    const args = [...fresh.globals, '--key', fresh.keyFile('alice'), 'apply', 'dev', '--rehearse'];
    const screen = startGovboot(args, { cwd: fresh.folder, env: fresh.env, rows: 60 });
    const [, token = ''] = await screen.waitFor(/token\s+(\S{5}-\S{5})/, 30_000);
    await screen.waitFor(/token: ?$/im);
    return { fresh, screen, token };
  };

  test('a wrong word after the right token writes nothing', async () => {
    const { fresh, screen, token } = await start();
    await screen.type(`${token}\r`);
    await screen.waitFor(/APPLY to begin: ?$/m);
    await screen.type('apply\r');
    expect((await screen.exit).code).toBe(4);
    expect(existsSync(join(fresh.repo.root, 'evidence', 'rehearsal'))).toBe(false);
  });

  test('a token of another run is refused', async () => {
    const { screen } = await start();
    for (let i = 0; i < 3; i++) {
      await screen.waitFor(/token: ?$/im);
      screen.forget();
      await screen.type('AAAAA-AAAAA\r');
    }
    expect((await screen.exit).code).toBe(4);
  });

  test('Ctrl-C declines', async () => {
    const { screen } = await start();
    await screen.type('\x03');
    expect((await screen.exit).code).toBe(4);
  });

  test('a pasted token is refused', async () => {
    const { screen, token } = await start();
    screen.typeBurst(`${token}\r`);
    expect((await screen.exit).code).toBe(4);
  });

  test('a tree that changed between token and APPLY is noticed', async () => {
    const { fresh, screen, token } = await start();
    await screen.type(`${token}\r`);
    await screen.waitFor(/APPLY to begin: ?$/m);
    fresh.repo.write('policies/parity.yaml', '# changed\n');
    await screen.type('APPLY\r');
    expect((await screen.exit).code).toBe(4);
    expect(screen.screen()).toContain('PLAN_CHANGED');
    expect(existsSync(join(fresh.repo.root, 'evidence', 'rehearsal'))).toBe(false);
  });

  test('nothing piped can answer', async () => {
    const fresh = await makeGoverned({ endpoint: null, env: { AWS_REGION: 'eu-central-1' } });
    const done = await fresh.run(['--key', fresh.keyFile('alice'), 'apply', 'dev', '--rehearse'], {
      input: 'AAAAA-AAAAA\nAPPLY\n',
    });
    expect(done.code).toBe(4);
    expect(done.stderr).toContain('NOT_INTERACTIVE');
  });
});
