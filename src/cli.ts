/** Every command, option and example, in one place; no logic. What is parsed here is handed to `run` as plain data. */
import { Command, CommanderError, Option } from 'commander';
import { GovbootError } from './kernel/errors.ts';
import { EXITS } from './kernel/exit.ts';
import type { CommandName, CommandOptions } from './commands/command.ts';

export interface Globals {
  readonly repo: string;
  readonly json: boolean;
  readonly pins: string | null;
  readonly key: string | null;
  readonly log: string | null;
}

export interface Invocation<N extends CommandName = CommandName> {
  readonly command: N;
  readonly options: CommandOptions[N];
  readonly globals: Globals;
}

export type Run = (invocation: Invocation) => Promise<void>;

type Raw = Readonly<Record<string, unknown>>;

/** Builds the command line. @param out where help and version go */
export function makeProgram(
  version: string,
  run: Run,
  out: { readonly stdout: (text: string) => void; readonly stderr: (text: string) => void },
): Command {
  const program = new Command('govboot')
    .description(
      'Bootstraps the Terraform/OpenTofu state backend of an environment, under governance, and leaves signed evidence.',
    )
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .option('--repo <dir>', 'the governed repository', '.')
    .option('--json', 'print events as JSON, one a line, on stdout', false)
    .option('--pins <file>', 'the file of pinned root keys (default: in your configuration folder)')
    .option('--key <key>', 'key that signs: a fingerprint known to gpg, or an OpenPGP key file')
    .option('--log <file>', 'append a log of calls, retries and warnings, secrets redacted')
    .addHelpText('after', `\n${SEQUENCE}\n\n${exitTable()}`)
    .exitOverride()
    .configureOutput({ writeOut: out.stdout, writeErr: () => undefined })
    .showSuggestionAfterError(true)
    .enablePositionalOptions(false);

  const add = <N extends CommandName>(
    parent: Command,
    usage: string,
    name: N,
    description: string,
    examples: readonly string[],
    build: (command: Command) => Command,
    read: (args: readonly string[], raw: Raw) => CommandOptions[N],
  ): void => {
    const command = build(parent.command(usage).description(description)).addHelpText(
      'after',
      `\nExamples:\n${examples.map((e) => `  $ govboot ${e}`).join('\n')}`,
    );
    command.exitOverride().configureOutput({ writeOut: out.stdout, writeErr: () => undefined });
    command.action(async (...given: unknown[]) => {
      const args = given.slice(0, -2).filter((value): value is string => typeof value === 'string');
      await run({ command: name, options: read(args, command.opts()), globals: globalsOf(program.opts()) });
    });
  };
  const group = (name: string, description: string): Command =>
    program
      .command(name)
      .description(description)
      .exitOverride()
      .configureOutput({ writeOut: out.stdout, writeErr: () => undefined });

  addSetup(add, program, group);
  addStreet(add, program, group);
  return program;
}

type Add = <N extends CommandName>(
  parent: Command,
  usage: string,
  name: N,
  description: string,
  examples: readonly string[],
  build: (command: Command) => Command,
  read: (args: readonly string[], raw: Raw) => CommandOptions[N],
) => void;
type Group = (name: string, description: string) => Command;

function addSetup(add: Add, program: Command, group: Group): void {
  add(
    program,
    'init [dir]',
    'init',
    'scaffold policies, templates and an example intent; never overwrites',
    [
      'init',
      'init infra --organisation acme --environment dev=111111111111:eu-central-1 --root FINGERPRINT --person "Alice=FINGERPRINT:release,intent,evidence" --key-file alice.asc',
    ],
    (c) =>
      c
        .option('--organisation <name>', 'short name used in resource names')
        .option('--environment <name=account:region>', 'an environment; repeat for more', collect, [])
        .option('--root <fingerprint>', 'a root key; repeat for more', collect, [])
        .option(
          '--person <name=fingerprint:roles>',
          'a person and roles (release, intent, approver, evidence, break-glass); repeat for more',
          collect,
          [],
        )
        .option('--key-file <file>', 'public key to copy into policies/keys; repeat for more', collect, [])
        .addOption(
          new Option('--locking <mode>', 'how Terraform locks the state')
            .choices(['table', 'lockfile', 'both'])
            .default('both'),
        )
        .option('--github <owner/repo>', 'repository whose workflows may plan and apply (with --github-ids)')
        .option('--github-ids <owner:repository>', 'numeric ids of the owner and the repository'),
    (args, o) => ({
      dir: args[0] ?? '.',
      organisation: text(o['organisation']),
      environments: list(o['environment']),
      roots: list(o['root']),
      people: list(o['person']),
      keyFiles: list(o['keyFile']),
      locking: o['locking'] as 'table' | 'lockfile' | 'both',
      github: text(o['github']),
      githubIds: text(o['githubIds']),
    }),
  );

  const trust = group('trust', 'pin, show and sign who is trusted');
  add(
    trust,
    'pin',
    'trust pin',
    'pin the root keys of this repository on this machine, from a trusted copy of their fingerprints',
    ['trust pin --root 0123456789ABCDEF0123456789ABCDEF01234567'],
    (c) =>
      c.option(
        '--root <fingerprint>',
        'fingerprint of a root key, read from paper; repeat for more',
        collect,
        [],
      ),
    (_args, o) => ({ roots: list(o['root']) }),
  );
  add(
    trust,
    'show',
    'trust show',
    'show what is pinned here and what the trust file says',
    ['trust show', 'trust show --json'],
    (c) => c,
    () => ({}),
  );
  add(
    trust,
    'sign',
    'trust sign',
    'sign policies/trust.yaml with a root key',
    ['trust sign --key 0123456789ABCDEF0123456789ABCDEF01234567'],
    (c) => c,
    () => ({}),
  );

  const intent = group('intent', 'write, sign and check intents');
  add(
    intent,
    'new <environment>',
    'intent new',
    'write an intent for the tag at HEAD',
    [
      'intent new dev --reason "first bootstrap" --ticket OPS-1',
      'intent new prod --action supersede --reason "longer retention" --ticket OPS-7',
    ],
    (c) =>
      c
        .option('--reason <text>', 'why')
        .option('--ticket <id>', 'where it was decided')
        .option('--tag <name>', 'signed tag at HEAD (default: the one that is there)')
        .option('--region <region>', 'region (default: the first one of the policy)')
        .option('--requester <fingerprint>', 'who asks (default: the signing key)')
        .option('--hours <n>', 'length of the window', '24')
        .addOption(
          new Option('--action <action>', 'what is to be done')
            .choices(['create', 'supersede'])
            .default('create'),
        )
        .option('--endpoint <url>', "an endpoint other than the provider's own")
        .option('--out <file>', 'file to write (default: intents/<environment>.yaml)'),
    (args, o) => ({
      environment: args[0] ?? '',
      reason: text(o['reason']),
      ticket: text(o['ticket']),
      tag: text(o['tag']),
      region: text(o['region']),
      requester: text(o['requester']),
      hours: String(o['hours']),
      action: o['action'] as 'create' | 'supersede',
      endpoint: text(o['endpoint']),
      out: text(o['out']),
    }),
  );
  add(
    intent,
    'sign <file>',
    'intent sign',
    'sign an intent; the signature lies beside it',
    ['intent sign intents/dev.yaml --key alice.key'],
    (c) => c,
    (args) => ({ file: args[0] ?? '' }),
  );
  add(
    intent,
    'check <file>',
    'intent check',
    'judge an intent and its signatures, without a cloud',
    ['intent check intents/dev.yaml'],
    (c) => c,
    (args) => ({ file: args[0] ?? '' }),
  );
}

function addStreet(add: Add, program: Command, group: Group): void {
  const withIntent = (c: Command): Command =>
    c.option('--intent <file>', 'the intent (default: intents/<environment>.yaml)');
  const intentOf = (args: readonly string[], o: Raw): { environment: string; intent: string } => ({
    environment: args[0] ?? '',
    intent: text(o['intent']) ?? `intents/${args[0] ?? ''}.yaml`,
  });

  add(
    program,
    'check <environment>',
    'check',
    'judge all gates; read-only',
    ['check dev', 'check dev --intent intents/dev-2.yaml --json'],
    (c) => withIntent(c).option('--rehearse', 'against the rehearsal cloud', false),
    (args, o) => ({ ...intentOf(args, o), rehearse: o['rehearse'] === true }),
  );
  add(
    program,
    'plan <environment>',
    'plan',
    'judge all gates and show what apply would do; read-only',
    ['plan dev', 'plan dev --json'],
    (c) => withIntent(c).option('--rehearse', 'against the rehearsal cloud', false),
    (args, o) => ({ ...intentOf(args, o), rehearse: o['rehearse'] === true }),
  );
  add(
    program,
    'apply <environment>',
    'apply',
    'judge, plan, ask for the token and APPLY, create the backend, leave signed evidence',
    ['apply dev', 'apply dev --rehearse', 'apply dev --resume'],
    (c) =>
      withIntent(c)
        .option('--resume', 'finish a run that was cut off', false)
        .option('--rehearse', 'everything is real but the cloud; every record says REHEARSAL', false),
    (args, o) => ({ ...intentOf(args, o), resume: o['resume'] === true, rehearse: o['rehearse'] === true }),
  );
  add(
    program,
    'verify <environment>',
    'verify',
    'check the evidence of an environment, offline',
    ['verify dev', 'verify dev --json'],
    (c) => c.option('--rehearse', 'the evidence of rehearsals', false),
    (args, o) => ({ environment: args[0] ?? '', rehearse: o['rehearse'] === true }),
  );

  const backend = group('backend', 'the backend file for Terraform and OpenTofu');
  add(
    backend,
    'render <environment>',
    'backend render',
    'render backend.tf or backend.hcl from the templates and the lock',
    ['backend render dev', 'backend render dev --format hcl', 'backend render dev --out terraform/'],
    (c) =>
      c
        .addOption(new Option('--format <format>', 'which file').choices(['tf', 'hcl']).default('tf'))
        .option('--out <dir>', 'write backend.tf and backend.hcl into a folder; never overwrites')
        .option('--rehearse', 'from the evidence of rehearsals', false),
    (args, o) => ({
      environment: args[0] ?? '',
      format: o['format'] as 'tf' | 'hcl',
      out: text(o['out']),
      rehearse: o['rehearse'] === true,
    }),
  );
}

/** What commander throws, as one of our errors; null when it only printed help or the version. */
export function usageError(error: unknown): GovbootError | null | undefined {
  if (!(error instanceof CommanderError)) return undefined;
  if (error.exitCode === 0 || error.code === 'commander.help') return null;
  const message = error.message
    .replace(/^error: /, '')
    .replace(/\.?\s*\n\(Did you mean (.+)\?\)/, '; did you mean $1?');
  return new GovbootError('USAGE', message.replace(/\.$/, ''), { cause: error });
}

const SEQUENCE = `The sequence, for one environment:
  init → trust sign → trust pin → git tag -s → intent new → intent sign → check → plan → apply → verify → backend render`;

function exitTable(): string {
  return `Exit codes:\n${Object.values(EXITS)
    .map((e) => `  ${String(e.code).padStart(3)}  ${e.means}`)
    .join('\n')}`;
}

function globalsOf(o: Raw): Globals {
  return {
    repo: text(o['repo']) ?? '.',
    json: o['json'] === true,
    pins: text(o['pins']),
    key: text(o['key']),
    log: text(o['log']),
  };
}

function text(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

function list(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

function collect(value: string, previous: readonly string[]): readonly string[] {
  return [...previous, value];
}
