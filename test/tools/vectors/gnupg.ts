/** GnuPG and git as their users run them, in a home folder of their own and at a fixed time: the keys never expire. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import type { Content } from './vectors.ts';

const GPG = 'gpg';
const GPGCONF = 'gpgconf';
const SSH_KEYGEN = 'ssh-keygen';

export interface Gnupg {
  key(id: string, algorithm: string): Buffer;
  /** gpg with options, as the key of that id, over that document. */
  run(id: string, document: Content, ...options: readonly string[]): Buffer;
  /** The raw object of a tag v1.0.0 that `git tag -s` made. */
  gitTag(id: string, format: 'sha1' | 'sha256'): Buffer;
  /** The same by `gpg.format=ssh`. */
  sshTag(): Buffer;
}

/** Keys are of 2026-01-01, signatures of 2026-01-02, both at 00:00 UTC. */
export const TIMES = { key: '20260101T000000!', signature: '20260102T000000!' } as const;

export async function withGnupg<T>(use: (gnupg: Gnupg) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'gbv-'));
  const home = join(folder, 'gnupg');
  mkdirSync(home, { mode: 0o700 });
  const env = { PATH: process.env['PATH'] ?? '', HOME: folder, LC_ALL: 'C', GNUPGHOME: home, TZ: 'UTC' };
  const gpg = (time: string, args: readonly string[], input: Content = ''): Buffer =>
    execFileSync(
      GPG,
      [
        '--batch',
        '--quiet',
        '--faked-system-time',
        time,
        '--pinentry-mode',
        'loopback',
        '--passphrase',
        '',
        ...args,
      ],
      { env, input, stdio: ['pipe', 'pipe', 'pipe'] },
    );
  const tag = (format: string, settings: readonly string[]): Buffer => {
    const repo = mkdtempSync(join(folder, 'repo-'));
    const date = '2026-01-02T00:00:00Z';
    const git = (...args: readonly string[]): Buffer =>
      execFileSync('git', ['-c', 'user.name=Rita Release', '-c', 'user.email=rita@example.org', ...args], {
        cwd: repo,
        env: { ...env, GIT_CONFIG_NOSYSTEM: '1', GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
    git('init', '--quiet', `--object-format=${format}`);
    git('commit', '--quiet', '--allow-empty', '-m', 'first');
    git(...settings, 'tag', '-s', '-m', 'Release 1.0.0', '-m', 'Première, 基盤.', 'v1.0.0');
    return git('cat-file', 'tag', 'v1.0.0');
  };
  try {
    return await use({
      key(id, algorithm) {
        gpg(TIMES.key, ['--quick-generate-key', `${id} <${id}@example.org>`, algorithm, 'sign', 'never']);
        return gpg(TIMES.key, [
          '--export-options',
          'export-minimal',
          '--armor',
          '--export',
          `${id}@example.org`,
        ]);
      },
      run: (id, document, ...options) =>
        gpg(TIMES.signature, ['-u', `${id}@example.org`, ...options], document),
      gitTag(id, format) {
        // git takes one program without options, so the time and the passphrase go where gpg looks for them itself.
        const conf = `faked-system-time ${TIMES.signature}\npinentry-mode loopback\npassphrase ""\nbatch\n`;
        writeFileSync(join(home, 'gpg.conf'), conf);
        const made = tag(format, ['-c', `user.signingKey=${id}@example.org`]);
        rmSync(join(home, 'gpg.conf'));
        return made;
      },
      sshTag() {
        const key = join(folder, 'ssh');
        execFileSync(SSH_KEYGEN, ['-q', '-t', 'ed25519', '-N', '', '-C', 'vector', '-f', key]);
        return tag('sha1', ['-c', 'gpg.format=ssh', '-c', `user.signingKey=${key}`]);
      },
    });
  } finally {
    execFileSync(GPGCONF, ['--homedir', home, '--kill', 'all']);
    rmSync(folder, { recursive: true, force: true });
  }
}
