// What a command loads decides how soon it begins. Lists, not times: a package that slips in with an import is seen here.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { projectRoot } from '../harness/capabilities.ts';
import { runCli } from '../harness/cli.ts';
import { AWS_KEYS, startFakeAws } from '../harness/fake-aws.ts';
import { makeGoverned, type Governed } from '../harness/governed-repo.ts';
import { startGovboot } from '../harness/operator.ts';
import { loadedBy, type Loaded } from '../harness/loaded.ts';

const { dependencies } = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8')) as {
  readonly dependencies: Readonly<Record<string, string>>;
};

/** Of the packages that govboot names itself; theirs come and go with their versions. */
const own = ({ packages }: Loaded): readonly string[] => packages.filter((name) => name in dependencies);

const cloudOf = ({ sources }: Loaded): readonly string[] =>
  sources.filter((path) => path.startsWith('src/cloud/aws/sdk/'));

describe('what is loaded', { timeout: 120_000 }, () => {
  test('by --help is the text that was rendered with the program, and it is what the program itself says', async () => {
    const loaded = await loadedBy((env) => runCli(['--help'], { env }));
    expect(loaded.result.code).toBe(0);
    expect(loaded.packages).toEqual([]);
    expect(loaded.sources).toEqual([]);
    const asked = await runCli(['--help', '--repo', '.']);
    expect(loaded.result.stdout).toBe(asked.stdout);
    for (const same of [['-h'], ['help']]) expect((await runCli(same)).stdout).toBe(asked.stdout);
  });

  test.each([
    [60, false],
    [80, true],
    [160, true],
  ])('by --help on a terminal of %i columns: the rendered text is shown, %s', async (cols, rendered) => {
    const screen = startGovboot(['--help'], { cols, rows: 60, env: {} });
    expect((await screen.exit).code).toBe(0);
    const shown = screen.raw().replaceAll('\r', '');
    expect(shown).toContain('Usage: govboot [options] [command]');
    expect(shown.trim() === (await runCli(['--help'])).stdout.trim()).toBe(rendered);
  });

  test.each([[['--version']], [['apply', '--help']]])(
    'by %j is the command line and nothing else',
    async (args) => {
      const loaded = await loadedBy((env) => runCli(args, { env }));
      expect(loaded.result.code).toBe(0);
      expect(loaded.packages).toEqual(['commander']);
      expect(loaded.sources).toEqual([
        'src/cli.ts',
        'src/commands/command-line.ts',
        'src/commands/command-spec.ts',
        'src/commands/completion-command.ts',
        'src/commands/drift-command.ts',
        'src/commands/evidence-commands.ts',
        'src/commands/global-options.ts',
        'src/commands/init-command.ts',
        'src/commands/intent-commands.ts',
        'src/commands/look-commands.ts',
        'src/commands/topics/topic.ts',
        'src/commands/trust-commands.ts',
        'src/commands/values.ts',
        'src/commands/verify-commands.ts',
        'src/inputs/intent-action.ts',
        'src/kernel/codes.ts',
        'src/kernel/errors.ts',
        'src/kernel/exit.ts',
        'src/kernel/text.ts',
        'src/main.ts',
        'src/wire-cloud.ts',
        'src/wire.ts',
        'src/world/stacks.ts',
      ]);
    },
  );

  const check = async (governed: Governed, ...more: readonly string[]): Promise<Loaded> => {
    const loaded = await loadedBy((env) => governed.run(['check', 'dev', ...more], { env }));
    expect(loaded.result.stdout).toContain('all gates pass');
    return loaded;
  };

  test('by check is what reads and judges, and of the SDK who asks for the caller', async () => {
    const aws = await startFakeAws();
    const governed = await makeGoverned({
      endpoint: aws.endpoint,
      environments: ['dev=111111111111:eu-central-1'],
      env: { ...AWS_KEYS, AWS_REGION: 'eu-central-1' },
    });
    const loaded = await check(governed);
    await aws.stop();
    expect(own(loaded)).toEqual([
      '@aws-sdk/client-sts',
      'canonicalize',
      'commander',
      'openpgp',
      'yaml',
      'zod',
    ]);
    expect(cloudOf(loaded)).toEqual(['src/cloud/aws/sdk/sender.ts', 'src/cloud/aws/sdk/sts.ts']);
  });

  test('by check of a rehearsal is no SDK, and the log only where one is asked for', async () => {
    const governed = await makeGoverned({ endpoint: null, env: { AWS_REGION: 'eu-central-1' } });
    const quiet = await check(governed, '--rehearse');
    expect(own(quiet)).toEqual(['canonicalize', 'commander', 'openpgp', 'yaml', 'zod']);
    const logged = await check(governed, '--rehearse', '--log', join(governed.folder, 'log'));
    expect(own(logged)).toEqual([...own(quiet), 'pino'].sort());
  });
});
