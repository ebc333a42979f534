// The ceremony as the README has it, with real GnuPG keys in the agent and a tag made by `git tag -s`.
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { requireOrSkip } from '../harness/capabilities.ts';
import { runCli, runCommand, type CliResult } from '../harness/cli.ts';
import { playApply } from '../harness/operator.ts';

describe.skipIf(!requireOrSkip('gpg', 'the ceremony with GnuPG and its agent, end to end'))(
  'with gpg and its agent',
  { timeout: 180_000 },
  () => {
    // The agent's socket has a path of its own, which must be short.
    const folder = mkdtempSync(join(tmpdir(), 'gbg-'));
    const root = join(folder, 'infra');
    const env = {
      HOME: folder,
      GNUPGHOME: join(folder, 'gpg'),
      XDG_CONFIG_HOME: join(folder, 'config'),
      XDG_STATE_HOME: join(folder, 'state'),
      AWS_REGION: 'eu-central-1',
    };
    const must = async (command: string, args: readonly string[], cwd = root): Promise<string> => {
      const done = await runCommand(command, args, { cwd, env });
      if (done.code !== 0) throw new Error(`${command} ${args.join(' ')}\n${done.stdout}${done.stderr}`);
      return done.stdout;
    };
    const govboot = async (...args: readonly string[]): Promise<CliResult> => {
      const done = await runCli(args, { cwd: root, env });
      if (done.code !== 0) throw new Error(`govboot ${args.join(' ')}\n${done.stdout}${done.stderr}`);
      return done;
    };
    const makeKey = async (name: string): Promise<string> => {
      const user = `${name} <${name}@example.com>`;
      await must('gpg', [
        '--batch',
        '--passphrase',
        '',
        '--quick-generate-key',
        user,
        'ed25519',
        'sign',
        'never',
      ]);
      const listed = await must('gpg', ['--batch', '--with-colons', '--list-keys', `<${name}@example.com>`]);
      const print = /^fpr:+([0-9A-F]{40}):/m.exec(listed)?.[1] ?? '';
      writeFileSync(
        join(folder, `${name}.asc`),
        await must('gpg', ['--batch', '--armor', '--export', print]),
      );
      return print;
    };

    beforeAll(() => {
      mkdirSync(root, { recursive: true });
      mkdirSync(env.GNUPGHOME, { mode: 0o700 });
    });
    afterAll(async () => {
      await runCommand('gpgconf', ['--kill', 'all'], { cwd: folder, env });
    });

    test('from nothing to a lock that verifies', async () => {
      const [rita, alice] = [await makeKey('rita'), await makeKey('alice')];
      await must('git', ['init', '--quiet', '--initial-branch=main', '--template=']);
      const person = `Alice=${alice}:release,intent,evidence`;
      const keyFiles = ['--key-file', join(folder, 'rita.asc'), '--key-file', join(folder, 'alice.asc')];
      const environment = ['--environment', 'dev=111111111111:eu-central-1'];
      await govboot(
        'init',
        '--organisation',
        'acme',
        ...environment,
        '--root',
        rita,
        '--person',
        person,
        ...keyFiles,
      );
      await govboot('trust', 'sign', '--key', rita);
      const author = [
        '-c',
        'user.name=Alice',
        '-c',
        'user.email=alice@example.com',
        '-c',
        `user.signingkey=${alice}`,
      ];
      await must('git', ['add', '--all']);
      await must('git', [...author, 'commit', '--quiet', '--message', 'Governance']);
      await must('git', [...author, 'tag', '-s', 'v1.0.0', '-m', 'Release v1.0.0']);
      await govboot('trust', 'pin', '--root', rita);
      await govboot('intent', 'new', 'dev', '--reason', 'first', '--ticket', 'OPS-1', '--key', alice);
      await govboot('intent', 'sign', 'intents/dev.yaml', '--key', alice);
      const played = await playApply(['--key', alice, 'apply', 'dev', '--rehearse'], {
        cwd: root,
        env,
        rows: 60,
      });
      expect(played.screen).toContain('bootstrapped and locked');
      expect(played.code).toBe(0);
      expect((await govboot('verify', 'dev', '--rehearse')).stderr).toMatch(/authenticity/);
    });
  },
);
