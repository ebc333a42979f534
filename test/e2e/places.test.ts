// Where people keep their repositories and homes: blanks and letters of every script in the path, a strict umask, a home that cannot be
// written to, and one on another disk.
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { expect, test } from 'vitest';
import { scene } from '../harness/at-terminal.ts';
import { recordNotRun } from '../harness/capabilities.ts';
import { govbootPath, runCommand } from '../harness/cli.ts';
import { makeGoverned } from '../harness/governed-repo.ts';
import { playEvery } from '../harness/operator.ts';
import { startTerminal } from '../harness/pty.ts';

const AWS_REGION = 'eu-central-1';

test('blanks and letters of every script in the path', { timeout: 180_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), "govboot place d'été 日本 "));
  const governed = await makeGoverned({ folder, endpoint: null, env: { AWS_REGION } });
  const key = governed.keyFile('alice');
  const apply = [...governed.globals, 'apply', 'dev', '--rehearse', '--key', key];
  const terminal = startTerminal(process.execPath, [govbootPath, ...apply], {
    cwd: folder,
    env: governed.env,
    rows: 60,
  });
  const played = await playEvery(terminal);
  expect(played.code, played.screen).toBe(0);
  const verified = await governed.run(['verify', 'dev', '--rehearse']);
  expect([verified.code, verified.stderr.includes('place d')]).toEqual([0, false]);
  const wrong = await governed.run(['--log', join(folder, 'none', 'log'), 'trust', 'show']);
  // The name is shown as it is: it is a name, and hides nothing.
  expect(wrong.stderr).toContain("place d'été 日本 ");
  const debugged = await governed.run(['--debug', 'check', 'dev', '--rehearse']);
  expect([debugged.code, debugged.stdout]).toEqual([0, expect.stringContaining('all gates pass')]);
  rmSync(folder, { recursive: true });
});

test('umask 077: nobody else reads anything, and everything works', { timeout: 180_000 }, async () => {
  const place = await scene('governed');
  const { root, env } = place.fixture;
  const run = `umask 077; exec "${process.execPath}" "${govbootPath}" apply dev --rehearse --key "$KEYS/alice.key"`;
  const played = await playEvery(startTerminal('sh', ['-c', run], { cwd: root, env, rows: 60 }));
  expect(played.code, played.screen).toBe(0);
  const evidence = join(root, 'evidence', 'rehearsal', 'dev');
  for (const name of readdirSync(evidence)) expect(statSync(join(evidence, name)).mode & 0o077).toBe(0);
  rmSync(place.work, { recursive: true });
});

/** A home that cannot be written to, for one shell and what it starts; root may write everywhere else. */
const READ_ONLY = 'mount --bind "$HOME" "$HOME" && mount -o remount,ro,bind "$HOME" || exit 99';

test('a home that cannot be written to', { timeout: 180_000 }, async () => {
  const place = await scene('governed');
  const { root, env } = place.fixture;
  const g = `"${process.execPath}" "${govbootPath}"`;
  const inside = async (command: string) =>
    runCommand('unshare', ['-rm', 'sh', '-c', `${READ_ONLY}; ${command}`], { cwd: root, env });
  if ((await inside('true')).code !== 0) {
    recordNotRun('a home that cannot be written to', 'unshare -rm may not mount here');
    return;
  }
  // What reads needs no home but the pin.
  expect((await inside(`${g} trust show`)).code).toBe(0);
  // What keeps something there says what it could not keep, and what to do.
  const debugged = await inside(`${g} --debug trust show`);
  expect([debugged.code, debugged.stderr.replaceAll(/\s+/g, ' ')]).toEqual([
    2,
    expect.stringMatching(
      /cannot be opened: E(?:ROFS|NOENT).*\[FILE_WRITE\] govboot: hint: name another place for it with --log/,
    ),
  ]);
  const elsewhere = await inside(`${g} --debug --log ../own.log trust show`);
  expect([elsewhere.code, existsSync(join(place.work, 'own.log'))]).toEqual([0, true]);
  const pinned = await inside(`${g} trust pin --root "$ROOT"`);
  expect([pinned.code, pinned.stderr]).toEqual([2, expect.stringContaining('[FILE_WRITE]')]);
  rmSync(place.work, { recursive: true });
});

test('a home on another disk', { timeout: 180_000 }, async () => {
  const other = '/dev/shm';
  if (!existsSync(other) || statSync(other).dev === statSync(tmpdir()).dev) {
    recordNotRun('a home on another disk', `${other} is none`);
    return;
  }
  const place = await scene('governed');
  const home = mkdtempSync(join(other, 'govboot-home-'));
  cpSync(join(place.work, 'home'), home, { recursive: true });
  mkdirSync(join(home, '.state'), { recursive: true });
  const env: Record<string, string> = {
    ...place.fixture.env,
    ...{ HOME: home, XDG_CONFIG_HOME: join(home, '.config'), XDG_STATE_HOME: join(home, '.state') },
  };
  const apply = ['apply', 'dev', '--rehearse', '--debug', '--key', `${env['KEYS'] ?? ''}/alice.key`];
  const terminal = startTerminal(process.execPath, [govbootPath, ...apply], {
    cwd: place.fixture.root,
    env,
    rows: 60,
  });
  const played = await playEvery(terminal);
  expect(played.code, played.screen).toBe(0);
  expect(readdirSync(join(home, '.state', 'govboot')).sort()).toEqual(['logs', 'rehearsal']);
  for (const folder of [home, place.work]) rmSync(folder, { recursive: true });
});
