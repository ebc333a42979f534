// What this machine suggests: git's own settings, the keys that gpg could use, the region of the profile. None of it is needed.
import { chmodSync, mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { regionOf } from '../../../src/world/aws-config.ts';
import { foldersFrom } from '../../../src/world/folders.ts';
import { makeSuggestions, originOf } from '../../../src/world/suggestions.ts';
import { requireOrSkip } from '../../harness/capabilities.ts';
import { runCommand } from '../../harness/cli.ts';
import { PRINTS } from '../../harness/facts.ts';
import { gitRepoAt, temporaryFolder } from '../../harness/git-fixture.ts';

describe('an origin', () => {
  test.each([
    ['git@github.com:acme/infra.git', 'github.com', 'acme/infra'],
    ['github.com:acme/infra', 'github.com', 'acme/infra'],
    ['https://GitLab.acme.example:8443/group/sub/infra.git/', 'gitlab.acme.example', 'group/sub/infra'],
    ['ssh://git@github.com:22/acme/infra', 'github.com', 'acme/infra'],
    ['https://user:secret@github.com/acme/infra', 'github.com', 'acme/infra'],
  ])('%s', (url, host, path) => expect(originOf(url)).toEqual({ host, path }));

  test.each([
    '',
    '/srv/git/infra.git',
    '../infra',
    'file:///srv/infra',
    'ext::sh -c x',
    'https://github.com/a b',
  ])('is not taken from "%s"', (url) => expect(originOf(url)).toBeNull());
});

describe('about a folder', () => {
  const env = (home: string, more: Readonly<Record<string, string>> = {}) => ({
    PATH: process.env['PATH'],
    HOME: home,
    GIT_CONFIG_NOSYSTEM: '1',
    ...more,
  });

  test('what git says there, and how to get there', async () => {
    const home = temporaryFolder();
    const repo = gitRepoAt(join(home, 'Infra'));
    mkdirSync(repo.root);
    repo.git(['init', '--quiet', '--template=']);
    repo.git(['remote', 'add', 'origin', 'git@github.com:acme/infra.git']);
    writeFileSync(join(home, '.gitconfig'), '[user]\n  name = Ålice Example\n');
    const told = await makeSuggestions(home, env(home, { AWS_REGION: 'eu-north-1' })).about('Infra');
    expect(told).toMatchObject({
      folder: 'Infra',
      isRepository: true,
      origin: { host: 'github.com', path: 'acme/infra' },
      person: 'Ålice Example',
      region: 'eu-north-1',
    });
    expect(told.way).toMatch(/Infra$/);
    expect((await makeSuggestions(process.cwd(), env(home)).about('.')).way).toBeNull();
  });

  test('a folder that is not there yet, and git that says nothing', async () => {
    const home = temporaryFolder();
    expect(await makeSuggestions(home, env(home)).about('new')).toMatchObject({
      ...{ folder: 'new', isRepository: false, origin: null, person: null, region: null },
    });
    expect(await makeSuggestions(home, { HOME: home }).about('new')).toMatchObject({ person: null });
  });

  test('a name that cannot be shown is no suggestion', async () => {
    const home = temporaryFolder();
    writeFileSync(join(home, '.gitconfig'), '[user]\n  name = "A\\u202e"\n  name = "\u202eecilA"\n');
    expect((await makeSuggestions(home, env(home)).about('.')).person).toBeNull();
  });
});

test('the region is that of the variable, or of the profile in use', () => {
  const home = temporaryFolder();
  mkdirSync(join(home, '.aws'));
  writeFileSync(
    join(home, '.aws/config'),
    '[default]\nregion = eu-west-1\n[profile ops]\nregion = eu-west-2\n',
  );
  expect(regionOf({ HOME: home })).toBe('eu-west-1');
  expect(regionOf({ HOME: home, AWS_PROFILE: 'ops' })).toBe('eu-west-2');
  expect(regionOf({ HOME: home, AWS_PROFILE: 'none' })).toBeNull();
  expect(regionOf({ HOME: home, AWS_REGION: 'us-east-1', AWS_PROFILE: 'ops' })).toBe('us-east-1');
});

describe.skipIf(!requireOrSkip('gpg', 'the keys that gpg suggests'))('the keys of gpg', () => {
  // The agent's socket has a path of its own, which must be short.
  const home = mkdtempSync(join(tmpdir(), 'gbs-'));
  const gpg = async (...args: readonly string[]): Promise<string> =>
    (await runCommand('gpg', ['--batch', ...args], { env: { GNUPGHOME: home } })).stdout;
  let print = '';
  beforeAll(async () => {
    chmodSync(home, 0o700);
    const quick = ['--passphrase', '', '--quick-generate-key'];
    await gpg(...quick, 'Alice <alice@example.com>', 'ed25519', 'sign', 'never');
    await gpg(...quick, 'Old <old@example.com>', 'ed25519', 'sign', 'seconds=1');
    print = /^fpr:+([0-9A-F]{40}):/m.exec(await gpg('--with-colons', '--list-keys', 'alice'))?.[1] ?? '';
    // Its second has passed before it is listed.
    await gpg('--faked-system-time', '20200101T000000', '--list-keys');
  }, 60_000);
  afterEach(() => vi.unstubAllEnvs());
  afterAll(async () => {
    await runCommand('gpgconf', ['--kill', 'all'], { env: { GNUPGHOME: home } });
  });

  test('those that can sign are listed, and a certificate is given as it may be published', async () => {
    vi.stubEnv('GNUPGHOME', home);
    const { secretKeys, publicKey } = makeSuggestions(temporaryFolder(), process.env);
    await expect
      .poll(secretKeys, { timeout: 10_000 })
      .toEqual([{ fingerprint: print, userId: 'Alice <alice@example.com>' }]);
    const armored = new TextDecoder().decode((await publicKey(print as typeof PRINTS.alice)) ?? undefined);
    expect(armored).toMatch(/^-----BEGIN PGP PUBLIC KEY BLOCK-----/);
    expect(await publicKey(PRINTS.eve)).toBeNull();
  });

  test('without gpg there are none, and neither where it fails', async () => {
    const { secretKeys, publicKey } = makeSuggestions(temporaryFolder(), { PATH: '' });
    expect([await secretKeys(), await publicKey(PRINTS.alice)]).toEqual([[], null]);
    const broken = temporaryFolder();
    writeFileSync(join(broken, 'gpg'), '#!/bin/sh\nexit 2\n', { mode: 0o755 });
    const failing = makeSuggestions(temporaryFolder(), { PATH: broken });
    expect([await failing.secretKeys(), await failing.publicKey(PRINTS.alice)]).toEqual([[], null]);
    const flooding = temporaryFolder();
    writeFileSync(join(flooding, 'gpg'), '#!/bin/sh\nexec /usr/bin/yes\n', { mode: 0o755 });
    expect(await makeSuggestions(temporaryFolder(), { PATH: flooding }).secretKeys()).toEqual([]);
  });
});

test('the files of a folder, sorted; a file and what is not there are no folders', async () => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'tf/modules'), { recursive: true });
  for (const name of ['b.tf', 'a.tf']) writeFileSync(join(folder, 'tf', name), '');
  symlinkSync('a.tf', join(folder, 'tf/c.tf'));
  const { files } = foldersFrom(folder);
  expect(await files('tf')).toEqual(['a.tf', 'b.tf', 'c.tf']);
  expect([await files('tf/a.tf'), await files('none')]).toEqual([null, null]);
});
