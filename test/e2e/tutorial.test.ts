// Every command of docs/tutorial.md, as it stands there: three people with three homes, each in a shell of their own at a pseudo-terminal.
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import process from 'node:process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { projectRoot, requireOrSkip } from '../harness/capabilities.ts';
import { govbootPath, runCommand } from '../harness/cli.ts';
import { motoEnv, startMoto, type Moto } from '../harness/moto.ts';
import { startTerminal, type Terminal } from '../harness/pty.ts';

const PEOPLE = ['rita', 'alice', 'bob'] as const;
type Person = (typeof PEOPLE)[number];

interface Block {
  readonly who: Person;
  readonly needsCloud: boolean;
  readonly code: string;
}

const page = readFileSync(join(projectRoot, 'docs', 'tutorial.md'), 'utf8');
const blocks: readonly Block[] = [
  ...page.matchAll(/<!-- run: ([a-z]+)( cloud)? -->\n```sh\n([^]*?)```\n/g),
].map(([, who, cloud, code = '']) => ({ who: who as Person, needsCloud: cloud !== undefined, code }));

const hasMoto = requireOrSkip('moto', 'the part of docs/tutorial.md that reaches a cloud');

describe.skipIf(!requireOrSkip('gpg', 'docs/tutorial.md, whole'))(
  'the tutorial',
  { timeout: 300_000 },
  () => {
    // Sockets of agents lie below it, and their paths must be short.
    const folder = mkdtempSync(join(tmpdir(), 'gbt-'));
    const [desk, origin] = [join(folder, 'desk'), join(folder, 'origin.git')];
    let moto: Moto | null = null;
    let shells: Readonly<Record<Person, Terminal>>;

    /** What the page calls `govboot`. An emulator is no AWS, so an intent has to name it: the one thing that is added here. */
    function writeProgram(): string {
      const bin = join(folder, 'bin');
      mkdirSync(bin);
      const endpoint = moto === null ? '' : `--endpoint ${moto.endpoint}`;
      writeFileSync(
        join(bin, 'govboot'),
        `#!/bin/sh\nif [ "$1 $2" = "intent new" ]; then set -- "$@" ${endpoint}; fi\nexec ${process.execPath} ${govbootPath} "$@"\n`,
      );
      chmodSync(join(bin, 'govboot'), 0o755);
      return bin;
    }

    function openShell(who: Person, bin: string): Terminal {
      const home = join(folder, who);
      mkdirSync(join(home, '.gnupg'), { recursive: true, mode: 0o700 });
      // The passphrase that gpg would ask for, which is empty here.
      writeFileSync(join(home, 'no-passphrase'), '');
      writeFileSync(
        join(home, '.gnupg', 'gpg.conf'),
        `batch\npinentry-mode loopback\npassphrase-file ${join(home, 'no-passphrase')}\n`,
      );
      const name = `${who.charAt(0).toUpperCase()}${who.slice(1)}`;
      writeFileSync(join(home, '.gitconfig'), `[user]\n  name = ${name}\n  email = ${who}@example.com\n`);
      return startTerminal('bash', ['--norc', '--noprofile'], {
        cwd: home,
        cols: 200,
        rows: 50,
        env: {
          ...(moto === null || who !== 'alice' ? { AWS_REGION: 'eu-central-1' } : motoEnv(moto.endpoint)),
          PATH: `${bin}${delimiter}${process.env['PATH'] ?? ''}`,
          HOME: home,
          GIT_CONFIG_GLOBAL: join(home, '.gitconfig'),
          DESK: desk,
          ORIGIN: origin,
          PS1: '',
          GNUPGHOME: undefined,
        },
      });
    }

    beforeAll(async () => {
      if (hasMoto) moto = await startMoto();
      mkdirSync(desk);
      await runCommand('git', ['init', '--quiet', '--bare', origin]);
      const bin = writeProgram();
      shells = {
        rita: openShell('rita', bin),
        alice: openShell('alice', bin),
        bob: openShell('bob', bin),
      };
      for (const who of PEOPLE) await shells[who].type('set -e; stty -echo\r');
    }, 60_000);

    afterAll(async () => {
      for (const who of PEOPLE) {
        shells[who].kill();
        const env = { HOME: join(folder, who), GNUPGHOME: join(folder, who, '.gnupg') };
        await runCommand('gpgconf', ['--kill', 'all'], { cwd: folder, env });
      }
      await moto?.stop();
    });

    /** Runs a block to its end in the shell of its person, who answers what govboot asks. */
    async function run({ who, code }: Block, i: number): Promise<string> {
      const [file, end] = [join(folder, `block-${String(i)}.sh`), `block ${String(i)} has ended`];
      writeFileSync(file, code);
      const shell = shells[who];
      shell.forget();
      const from = shell.screen().length;
      await shell.type(`. ${file}; echo "${end}"\r`);
      for (;;) {
        const [, token, ended] = await shell.waitFor(
          new RegExp(`token +([0-9A-Z]{5}-[0-9A-Z]{5})[^]*Token: ?$|(${end}\r?\n)`),
          120_000,
        );
        if (ended !== undefined) return shell.screen().slice(from);
        shell.forget();
        await shell.type(`${token ?? ''}\r`);
        await shell.waitFor(/Type APPLY to \w+: ?$/);
        shell.forget();
        await shell.type('APPLY\r');
      }
    }

    test('has commands for all three, and no block of commands that nobody runs', () => {
      expect(new Set(blocks.map(({ who }) => who))).toEqual(new Set(PEOPLE));
      expect(page.match(/```sh/g)).toHaveLength(blocks.length);
      expect(blocks.length).toBeGreaterThan(10);
    });

    test('gets them to an environment and its proof, command by command', async () => {
      const said: string[] = [];
      for (const [i, block] of blocks.entries())
        if (!block.needsCloud || hasMoto) said.push(await run(block, i));
      const all = said.join('\n');
      expect(all).toContain('refused, as it should be');
      expect(all).toMatch(/the backend of dev is bootstrapped and locked \(REHEARSAL/);
      if (!hasMoto) return;
      expect(all).toMatch(/the backend of dev is bootstrapped and locked\s*$/m);
      expect(said.at(-1)).toContain('valid');
      expect(said.at(-1)).toContain('123456789012');
      expect(readFileSync(join(folder, 'alice', 'backend.tf'), 'utf8')).toContain('backend "s3"');
    });
  },
);
