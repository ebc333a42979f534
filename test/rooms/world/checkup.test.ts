// What the doctor asks of a machine: versions, rights, room; on a real disk, with programs that misbehave.
import { chmodSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { describe, expect, test } from 'vitest';
import { GovbootError } from '../../../src/kernel/errors.ts';
import { makeCheckup } from '../../../src/world/checkup.ts';
import { temporaryFolder } from '../../harness/git-fixture.ts';

const scene = () => {
  const folder = temporaryFolder();
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  const program = (name: string, script: string): void => {
    writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(bin, name), 0o755);
  };
  const checkup = (env: Record<string, string> = {}, key: string | null = null) =>
    makeCheckup({ PATH: bin, HOME: folder, ...env }, { repository: join(folder, 'infra'), key });
  return { folder, program, checkup };
};

describe('programs', () => {
  test('are those on the PATH, and Node itself', async () => {
    const { program, checkup } = scene();
    program('terraform', "echo 'Terraform v1.9.8'");
    const found = await checkup().programs(['terraform', 'tofu']);
    expect(found).toEqual([
      { name: 'node', path: process.execPath, version: process.versions.node },
      { name: 'terraform', path: expect.stringMatching(/bin\/terraform$/), version: '1.9.8' },
    ]);
  });

  test('that say no version, or none in time, have none', async () => {
    const { program, checkup } = scene();
    program('tofu', 'echo nothing to say');
    program('terraform', 'exec /bin/sleep 60');
    const began = Date.now();
    const found = await checkup().programs(['terraform', 'tofu']);
    expect(found.slice(1).map(({ version }) => version)).toEqual([null, null]);
    expect(Date.now() - began).toBeLessThan(8_000);
  });

  test('of the repository itself are not started', async () => {
    const { folder, checkup } = scene();
    const own = join(folder, 'infra', 'bin');
    mkdirSync(own, { recursive: true });
    writeFileSync(join(own, 'git'), '#!/bin/sh\necho 9.9.9\n', { mode: 0o755 });
    expect(await checkup({ PATH: own }).programs(['git'])).toHaveLength(1);
  });
});

describe('the agent', () => {
  test('that runs says its version, and is not started', async () => {
    const { folder, program, checkup } = scene();
    mkdirSync(join(folder, '.gnupg'));
    program('gpg-connect-agent', 'echo "$@" >"$HOME/asked"; echo "D 2.4.7"; echo OK');
    expect(await checkup().agent()).toBe('2.4.7');
    const { readFileSync } = await import('node:fs');
    expect(readFileSync(join(folder, 'asked'), 'utf8')).toBe('--no-autostart GETINFO version /bye\n');
  });

  test('that does not run has none', async () => {
    const { folder, program, checkup } = scene();
    mkdirSync(join(folder, '.gnupg'));
    program('gpg-connect-agent', 'echo "no gpg-agent running in this session" >&2; exit 2');
    expect(await checkup().agent()).toBeNull();
  });

  test('is not asked where gpg has no folder, so that none is made', async () => {
    const { folder, program, checkup } = scene();
    program('gpg-connect-agent', 'mkdir "$HOME/.gnupg"; echo "D 2.4.7"');
    expect(await checkup().agent()).toBeNull();
    expect(readdirSync(folder)).toEqual(['bin']);
  });

  test('without a program to ask it', async () => {
    await expect(scene().checkup().agent()).rejects.toThrow(GovbootError);
  });
});

describe('places', () => {
  test('a file, with its rights, through a link too', async () => {
    const { folder, checkup } = scene();
    writeFileSync(join(folder, 'key'), 'x', { mode: 0o640 });
    chmodSync(join(folder, 'key'), 0o640);
    symlinkSync(join(folder, 'key'), join(folder, 'link'));
    for (const name of ['key', 'link'])
      expect(await checkup().place(join(folder, name))).toMatchObject({
        is: 'file',
        mode: 0o640,
        writable: true,
      });
  });

  test('a folder of the repository, with the room of its disk', async () => {
    const { folder, checkup } = scene();
    mkdirSync(join(folder, 'infra', 'evidence'), { recursive: true });
    const place = await checkup().place('evidence');
    expect(place).toMatchObject({ is: 'folder', path: join(folder, 'infra', 'evidence') });
    expect(place.freeBytes).toBeGreaterThan(0);
  });

  test('nothing: whether it could be made is asked of the folder above', async () => {
    const { folder, checkup } = scene();
    expect(await checkup().place('evidence/dev')).toMatchObject({
      is: 'missing',
      mode: null,
      writable: true,
    });
    expect(readdirSync(folder)).toEqual(['bin']);
    expect(await checkup().place(join(folder, 'bin/none/x'))).toMatchObject({ is: 'missing' });
    writeFileSync(join(folder, 'file'), '');
    expect(await checkup().place(join(folder, 'file/x'))).toMatchObject({ is: 'missing' });
  });

  test('neither file nor folder', async () => {
    expect(await scene().checkup().place('/dev/null')).toMatchObject({ is: 'other' });
  });
});

test('secrets are the key file, the folder of gpg and the credentials, where the environment says', () => {
  const { folder, checkup } = scene();
  const paths = (env: Record<string, string>, key: string | null) =>
    checkup(env, key).secrets.map(({ path }) => path);
  expect(paths({}, null)).toEqual([join(folder, '.gnupg'), join(folder, '.aws', 'credentials')]);
  expect(paths({}, '0'.repeat(40))).toHaveLength(2);
  expect(paths({ GNUPGHOME: '/g', AWS_SHARED_CREDENTIALS_FILE: '/c' }, '/keys/alice.key')).toEqual([
    '/keys/alice.key',
    '/g',
    '/c',
  ]);
});
