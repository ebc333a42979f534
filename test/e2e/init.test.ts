// From an empty folder to a check that passes, with nothing edited by hand: once by options, once through the questions at a terminal.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import * as openpgp from 'openpgp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { requireOrSkip } from '../harness/capabilities.ts';
import { govbootPath, runCli, runCommand, type CliResult } from '../harness/cli.ts';
import { temporaryFolder } from '../harness/git-fixture.ts';
import { makeGoverned } from '../harness/governed-repo.ts';
import { shown } from '../harness/shown.ts';
import { startGovboot } from '../harness/operator.ts';
import { startTerminal, type Terminal } from '../harness/pty.ts';

test('Ctrl-C at a question writes nothing', { timeout: 60_000 }, async () => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'infra'));
  const terminal = startGovboot(['--repo', join(folder, 'infra'), 'init'], {
    cwd: folder,
    env: { HOME: folder },
  });
  await terminal.waitFor(/\? organisation/, 20_000);
  await terminal.type('\x03');
  expect((await terminal.exit).code).toBe(130);
  expect(terminal.screen().replaceAll(/\s+/g, ' ')).toMatch(
    shown('INTERRUPTED', 'no answer was given to "organisation"', 'nothing was written; run it again'),
  );
  expect(existsSync(join(folder, 'infra', 'policies'))).toBe(false);
});

test(
  'a key file with a passphrase is asked for it without showing it, after what is signed',
  { timeout: 90_000 },
  async () => {
    const governed = await makeGoverned({ endpoint: null });
    const privateKey = await openpgp.readPrivateKey({ armoredKey: governed.keys.alice.privateArmored });
    const locked = await openpgp.encryptKey({ privateKey, passphrase: 'correct horse' });
    const file = join(governed.folder, 'locked.key');
    writeFileSync(file, locked.armor(), { mode: 0o600 });
    const wish = ['--reason', 'again', '--ticket', 'OPS-2', '--out', 'intents/two.yaml', '--key', file];
    expect((await governed.run(['intent', 'new', 'dev', ...wish])).code).toBe(0);
    const sign = [...governed.globals, 'intent', 'sign', 'intents/two.yaml', '--key', file];
    const piped = await governed.run(sign.slice(governed.globals.length));
    expect(piped.stderr).toContain('protected by a passphrase, and nobody is there to give it');
    const terminal = startGovboot(sign, { cwd: governed.folder, env: governed.env });
    await terminal.waitFor(/signs intents\/two\.yaml:[^]*window[^]*passphrase of the key file/, 30_000);
    await terminal.type('correct horse\r');
    expect((await terminal.exit).code).toBe(0);
    expect(terminal.screen()).not.toContain('horse');
    expect(terminal.screen()).toContain('nobody else has to sign');
    for (const [term, flags] of [
      ['TERM=xterm', ['--plain']],
      ['TERM=dumb', []],
    ] as const) {
      rmSync(join(governed.repo.root, 'intents/two.yaml.asc'));
      // The pseudo-terminal sets TERM itself.
      const command = [term, process.execPath, govbootPath, ...flags, ...sign];
      const plain = startTerminal('env', command, { cwd: governed.folder, env: governed.env });
      await plain.waitFor(/question: passphrase of the key file \(what is typed is not shown\): $/, 30_000);
      // Corrected twice: as a whole, and by a letter of two bytes and one more.
      await plain.type('wrong\u0015correct horxé\u007f\u007fse\r');
      expect((await plain.exit).code, plain.screen()).toBe(0);
      expect(plain.screen()).not.toContain('rse');
      expect(plain.raw()).not.toContain('\u001b');
    }
    rmSync(join(governed.repo.root, 'intents/two.yaml.asc'));
    const declined = startGovboot(['--plain', ...sign], {
      cwd: governed.folder,
      env: governed.env,
    });
    await declined.waitFor(/is not shown\): $/, 30_000);
    await declined.type('corr\x03');
    expect((await declined.exit).code).toBe(130);
    expect(existsSync(join(governed.repo.root, 'intents/two.yaml.asc'))).toBe(false);
  },
);

describe.skipIf(!requireOrSkip('gpg', 'from an empty folder to a check that passes'))(
  'from an empty folder to a check that passes',
  { timeout: 240_000 },
  () => {
    // The agent's socket has a path of its own, which must be short.
    const folder = mkdtempSync(join(tmpdir(), 'gbi-'));
    const env = {
      HOME: folder,
      GNUPGHOME: join(folder, 'gpg'),
      GIT_CONFIG_GLOBAL: join(folder, 'gitconfig'),
      XDG_CONFIG_HOME: join(folder, 'config'),
      XDG_STATE_HOME: join(folder, 'state'),
      AWS_REGION: 'eu-central-1',
    };
    const prints = { rita: '', alice: '', bob: '' };

    const must = async (command: string, args: readonly string[], cwd = folder): Promise<string> => {
      const done = await runCommand(command, args, { cwd, env });
      if (done.code !== 0) throw new Error(`${command} ${args.join(' ')}\n${done.stdout}${done.stderr}`);
      return done.stdout;
    };
    const makeKey = async (name: string): Promise<string> => {
      const user = `${name} <${name}@example.com>`;
      const batch = ['--batch', '--passphrase', ''];
      await must('gpg', [...batch, '--quick-generate-key', user, 'ed25519', 'sign', 'never']);
      const listed = await must('gpg', ['--batch', '--with-colons', '--list-keys', `<${name}@example.com>`]);
      return /^fpr:+([0-9A-F]{40}):/m.exec(listed)?.[1] ?? '';
    };

    beforeAll(async () => {
      mkdirSync(env.GNUPGHOME, { mode: 0o700 });
      writeFileSync(env.GIT_CONFIG_GLOBAL, '[user]\n  name = Alice\n  email = alice@example.com\n');
      for (const name of ['rita', 'alice', 'bob'] as const) prints[name] = await makeKey(name);
    });
    afterAll(async () => {
      await runCommand('gpgconf', ['--kill', 'all'], { cwd: folder, env });
    });

    /** The commands that were told as the next ones, each as it was told; comments are left out. */
    const nextOf = (told: string): readonly string[] =>
      told
        .slice(told.indexOf('next, in this order'))
        .split('\n')
        .slice(1)
        .map((line) => line.trim())
        .filter((line) => line !== '' && !line.startsWith('#'));

    /** Types them into a shell in which govboot is the built program. */
    const shell = (command: string, cwd: string): Promise<CliResult> => {
      const program = `govboot() { "${process.execPath}" "${join(import.meta.dirname, '../../dist/govboot.js')}" "$@"; }`;
      return runCommand('bash', ['-c', `${program}; set -e; ${command}`], { cwd, env });
    };

    const carryOut = async (commands: readonly string[], root: string): Promise<void> => {
      for (const command of commands) {
        // Without a terminal the wish must be given whole.
        const whole = /^govboot intent new/.test(command)
          ? `${command} --reason first --ticket OPS-1`
          : command;
        const rehearsed = /^govboot check/.test(command) ? `${whole} --rehearse` : whole;
        const done = await shell(rehearsed, root);
        expect(done.code, `${rehearsed}\n${done.stdout}${done.stderr}`).toBe(0);
        if (/^govboot check/.test(command))
          expect(done.stdout).toContain('all gates pass: v1.0.0 may bootstrap dev');
      }
    };

    test('by options, and then exactly the commands that it tells', async () => {
      const root = join(folder, 'options');
      mkdirSync(root);
      const made = await runCli(
        [
          ...['init', '--organisation', 'acme', '--approvals', '1'],
          ...[
            '--environment',
            'dev=111111111111:eu-central-1,eu-west-1',
            '--environment',
            'prod=222222222222:eu-central-1',
          ],
          ...['--root', prints.rita, '--root', prints.bob, '--root-threshold', '2'],
          ...['--person', `Alice=${prints.alice}:release,intent,evidence`],
          ...['--person', `Bob=${prints.bob}:approver,evidence`],
        ],
        { cwd: root, env },
      );
      expect(made.code, made.stderr).toBe(0);
      expect(made.stdout).toContain('policies/keys: 3 of 3 keys are there');
      const commands = nextOf(made.stdout);
      expect(commands.filter((line) => line.startsWith('govboot trust sign'))).toHaveLength(2);
      expect(commands.at(-1)).toBe('govboot check dev');
      await carryOut(commands, root);
      // What the page of the team says of the first environment is carried out by the same team, after a new tag.
      const page = readFileSync(join(root, 'README.md'), 'utf8');
      expect(page).toContain(`| Bob | approver, evidence | \`${prints.bob}\` |`);
      for (const line of page.split('\n').filter((each) => /^(govboot|git) /.test(each)))
        expect(line).not.toMatch(/\{\{|undefined|--key $/);
    });

    test('through the questions at a terminal', async () => {
      const root = join(folder, 'asked');
      mkdirSync(root);
      await must('git', ['init', '--quiet', '--template=', '--initial-branch=main', root]);
      await must('git', ['-C', root, 'remote', 'add', 'origin', 'git@github.com:acme/infra.git']);
      const terminal = startGovboot(['init'], { cwd: root, env, cols: 80, rows: 24 });
      const down = '\x1b[B';
      await answer(terminal, /\? organisation \(acme\)/, '\r');
      await answer(terminal, /\? name of the first environment \(dev\)/, '\r');
      await answer(terminal, /\? account of dev/, '1111\r', /is "1111", not 12 digits/);
      await answer(terminal, /1111/, '\x15111111111111\r');
      await answer(terminal, /\? regions of dev \(eu-central-1\)/, '\r');
      await answer(terminal, /\? name of the next environment/, '\r');
      await answer(terminal, /\? name of the first person \(Alice\)/, '\r');
      await answer(terminal, /alice <alice@example.com>/, down);
      await answer(
        terminal,
        new RegExp(`fingerprint ${prints.alice.replaceAll(/(.{4})(?=.)/g, '$1 ')}`),
        '\r',
      );
      await answer(terminal, /\? roles of Alice \(release, intent, evidence\)/, '\r');
      await answer(terminal, /\? name of the next person/, '\r');
      await answer(terminal, /\? root key/, '\r');
      await answer(terminal, /\? another root key/, '\r');
      await answer(terminal, /\? locking/, '\r');
      await answer(terminal, /\? pipeline/, '\r');
      await answer(terminal, /\? store for the evidence/, '\r');
      await answer(terminal, /\? write these files\?/, '\r');
      expect((await terminal.exit).code).toBe(0);
      const told = await terminal.view();
      const commands = nextOf(told.replaceAll(/\n(?! |next|#)/g, ''));
      const next = commands.findIndex((line) => line.startsWith('govboot intent new'));
      await carryOut(commands.slice(0, next), root);

      const asking = startGovboot(['intent', 'new'], { cwd: root, env, cols: 80, rows: 24 });
      await answer(asking, /\? action/, '\r');
      await answer(asking, /\? reason/, '\r', /an intent without it is refused/);
      await answer(asking, /refused/, 'first backend\r');
      await answer(asking, /\? ticket/, 'OPS-1\r');
      await answer(asking, /\? requester/, '\r');
      await answer(asking, /\? hours \(24\)/, '100\r', /from 1 to 72/);
      await answer(asking, /100/, '\x158\r');
      await asking.waitFor(/tree_sha256:\s+"[0-9a-f]{64}"/);
      expect(existsSync(join(root, 'intents/dev.yaml'))).toBe(false);
      await answer(asking, /\? write intents\/dev.yaml\?/, '\r');
      expect((await asking.exit).code).toBe(0);
      expect(readFileSync(join(root, 'intents/dev.yaml'), 'utf8')).toContain('reason: "first backend"');
      await carryOut(commands.slice(next + 1), root);
    });
  },
);

/** Waits for a question, answers it, and where the answer is wrong, for what is said of it. */
async function answer(terminal: Terminal, question: RegExp, text: string, then?: RegExp): Promise<void> {
  await terminal.waitFor(question, 20_000);
  if (then === undefined) terminal.forget();
  await terminal.type(text);
  if (then !== undefined) await terminal.waitFor(then);
}

test(
  'with --plain each question is one line of words, a choice is a number, and nothing is drawn',
  { timeout: 60_000 },
  async () => {
    const folder = temporaryFolder();
    const root = join(folder, 'infra');
    mkdirSync(root);
    const key = '0123456789ABCDEF0123456789ABCDEF01234567';
    const terminal = startGovboot(
      [
        ...['--plain', '--repo', root, 'init', '--environment', 'dev=111111111111:eu-central-1'],
        ...['--root', key, '--person', `Alice=${key}:release,intent,evidence`],
      ],
      { cwd: folder, env: { HOME: folder }, cols: 100 },
    );
    await answer(terminal, /question: organisation \(infra\): $/m, 'Acme Inc\r', /not accepted: /);
    await answer(terminal, /question: organisation[^]*question: organisation \(infra\): $/m, 'acme\r');
    await answer(
      terminal,
      /choice 2: lockfile, [^]*question: locking, a number \(1\): $/m,
      '7\r',
      /not accepted: /,
    );
    await answer(terminal, /question: locking[^]*question: locking, a number \(1\): $/m, '2\r');
    await answer(terminal, /question: pipeline, a number \(1\): $/m, '\r');
    await answer(terminal, /question: store for the evidence, a number \(1\): $/m, '\r');
    await answer(terminal, /question: write these files\?, a number \(1\): $/m, '\r');
    expect((await terminal.exit).code, terminal.screen()).toBe(0);
    expect(terminal.raw()).not.toContain('\u001b');
    const parity = readFileSync(join(root, 'policies', 'parity.yaml'), 'utf8');
    expect(parity).toContain('organisation: acme\n');
    expect(parity).toMatch(/^locking: lockfile$/m);
  },
);
