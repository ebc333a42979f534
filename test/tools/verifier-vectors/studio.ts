/** The tools that make signatures, in folders of their own and at fixed times; every command is written down as it was typed. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';

/** Keys are of 2026-01-01, signatures of 2026-01-02, what happens to keys later of February; all at 00:00 UTC. */
export const TIMES = {
  key: new Date('2026-01-01T00:00:00Z'),
  signature: new Date('2026-01-02T00:00:00Z'),
} as const;

export interface Studio {
  /** gpg in its own home, at a time; answers what it printed on stdout. */
  gpg(at: Date, args: readonly string[], input?: string | Uint8Array): Buffer;
  /** Another program in the folder; answers what it printed on stdout. */
  run(command: string, ...args: readonly string[]): Buffer;
  write(name: string, content: string | Uint8Array): void;
  read(name: string): Buffer;
  /** The commands since it was last asked. */
  steps(): readonly string[];
  /** The fingerprint of the primary key, or of the last subkey. */
  print(userId: string, which?: 'primary' | 'subkey'): string;
}

const GPGCONF = 'gpgconf';

const GPG = ['--batch', '--quiet', '--pinentry-mode', 'loopback', '--passphrase', ''];

export async function withStudio<T>(use: (studio: Studio) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'gvs-'));
  for (const name of ['gnupg', 'rnp']) mkdirSync(join(folder, name), { mode: 0o700 });
  const env = {
    PATH: process.env['PATH'],
    HOME: folder,
    GNUPGHOME: join(folder, 'gnupg'),
    LC_ALL: 'C',
    TZ: 'UTC',
  };
  let log: string[] = [];
  const exec = (command: string, args: readonly string[], input?: string | Uint8Array): Buffer => {
    const run = spawnSync(command, args, { cwd: folder, env, input, maxBuffer: 1 << 24 });
    if (run.status !== 0) throw new Error(`${[command, ...args].join(' ')}: ${run.stderr.toString()}`);
    return run.stdout;
  };
  const gpg: Studio['gpg'] = (at, args, input) => {
    const time = at.toISOString().replaceAll(/[-:]|\.000Z/g, '');
    log.push(typed('gpg', ['--faked-system-time', `${time}!`, ...args]));
    // A revocation is asked for line by line, which --batch forbids.
    const how = args.includes('--gen-revoke') ? ['--no-tty', ...GPG.slice(1)] : GPG;
    return exec('gpg', [...how, '--faked-system-time', `${time}!`, ...args], input);
  };
  try {
    return await use({
      gpg,
      run(command, ...args) {
        log.push(typed(command, args));
        return exec(command, args);
      },
      write: (name, content) => writeFileSync(join(folder, name), content),
      read: (name) => readFileSync(join(folder, name)),
      steps() {
        const steps = log;
        log = [];
        return steps;
      },
      print(userId, which = 'primary') {
        const listed = exec('gpg', ['--batch', '--with-colons', '--list-keys', userId]).toString();
        const prints = [...listed.matchAll(/^fpr:+([0-9A-F]{40}):/gm)].map(([, print]) => print ?? '');
        return prints.at(which === 'primary' ? 0 : -1) ?? '';
      },
    });
  } finally {
    execFileSync(GPGCONF, ['--homedir', join(folder, 'gnupg'), '--kill', 'all']);
    rmSync(folder, { recursive: true, force: true });
  }
}

function typed(command: string, args: readonly string[]): string {
  return [command, ...args.map((arg) => (/^[\w@%+=:,./!-]+$/.test(arg) ? arg : `'${arg}'`))].join(' ');
}
