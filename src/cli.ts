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

interface Spec<N extends CommandName = CommandName> {
  /** With the group in front: `trust pin`. */
  readonly name: N;
  /** Arguments as commander writes them: `<required>`, `[optional]`. */
  readonly args: string;
  readonly summary: string;
  /** More than one line can say, shown in the command's own help. */
  readonly details?: string;
  readonly options: readonly Option[];
  readonly examples: readonly string[];
  read(first: string | undefined, options: Raw): CommandOptions[N];
}

function spec<N extends CommandName>(of: Spec<N>): Spec {
  return of as unknown as Spec;
}

function option(flags: string, text: string): Option {
  return new Option(flags, text);
}

/** An option without a value: given or not. */
function flag(flags: string, text: string): Option {
  return new Option(flags, text).default(false);
}

/** An option that may be given more than once. */
function repeated(flags: string, text: string): Option {
  const collect = (value: string, previous: readonly string[]): readonly string[] => [...previous, value];
  return new Option(flags, `${text}; repeat for more`).default([], 'none').argParser(collect);
}

const GROUPS = {
  trust: 'pin, show and sign who is trusted',
  intent: 'write, sign and check intents',
  backend: 'the backend file for Terraform and OpenTofu',
} as const;

const INTENT = option('--intent <file>', 'the intent (default: intents/<environment>.yaml)');
const FINGERPRINT = '0123456789ABCDEF0123456789ABCDEF01234567';

const COMMANDS: readonly Spec[] = [
  spec<'init'>({
    name: 'init',
    args: '[dir]',
    summary: 'scaffold policies, templates and an example intent; never overwrites',
    details: 'What no option says is asked for, where somebody is at the terminal.',
    options: [
      option('--organisation <name>', 'short name, used in the names of resources'),
      repeated('--environment <name=account:region>', 'an environment'),
      repeated('--root <fingerprint>', 'a root key'),
      repeated(
        '--person <name=fingerprint:roles>',
        'a person, with roles of release, intent, approver, evidence, break-glass',
      ),
      repeated('--key-file <file>', 'a public key, to be copied into policies/keys'),
      option('--locking <mode>', 'how Terraform locks the state')
        .choices(['table', 'lockfile', 'both'])
        .default('both'),
      option(
        '--github <owner/repository>',
        'repository whose workflows may plan and apply (needs --github-ids)',
      ),
      option('--github-ids <owner:repository>', 'numeric ids of that owner and that repository'),
    ],
    examples: [
      'govboot init',
      `govboot init infra --organisation acme \\\n      --environment dev=111111111111:eu-central-1 \\\n      --root ${FINGERPRINT} \\\n      --person "Alice=${FINGERPRINT}:release,intent" \\\n      --key-file alice.asc`,
    ],
    read: (dir, o) => ({
      dir: dir ?? '.',
      organisation: text(o['organisation']),
      environments: list(o['environment']),
      roots: list(o['root']),
      people: list(o['person']),
      keyFiles: list(o['keyFile']),
      locking: o['locking'] as 'table' | 'lockfile' | 'both',
      github: text(o['github']),
      githubIds: text(o['githubIds']),
    }),
  }),
  spec<'trust pin'>({
    name: 'trust pin',
    args: '',
    summary: 'pin the root keys of this repository on this machine',
    details:
      'The repository must not say who judges it: take the fingerprints from a copy that it did not write, on paper.',
    options: [repeated('--root <fingerprint>', 'fingerprint of a root key')],
    examples: [`govboot trust pin --root ${FINGERPRINT}`],
    read: (_first, o) => ({ roots: list(o['root']) }),
  }),
  spec<'trust show'>({
    name: 'trust show',
    args: '',
    summary: 'show what is pinned here and what the trust file says',
    options: [],
    examples: ['govboot trust show', 'govboot trust show --json'],
    read: () => ({}),
  }),
  spec<'trust sign'>({
    name: 'trust sign',
    args: '',
    summary: 'sign policies/trust.yaml with a root key (--key)',
    options: [],
    examples: [`govboot trust sign --key ${FINGERPRINT}`],
    read: () => ({}),
  }),
  spec<'intent new'>({
    name: 'intent new',
    args: '<environment>',
    summary: 'write an intent for the signed tag at HEAD',
    options: [
      option('--reason <text>', 'why it is done'),
      option('--ticket <id>', 'where it was decided'),
      option('--tag <name>', 'signed tag at HEAD (default: the one that is there)'),
      option('--region <region>', 'region (default: the first one of the policy)'),
      option('--requester <fingerprint>', 'who asks (default: the signing key)'),
      option('--hours <n>', 'length of the window').default('24'),
      option('--action <action>', 'what is to be done').choices(['create', 'supersede']).default('create'),
      option('--endpoint <url>', "an endpoint other than the provider's own"),
      option('--out <file>', 'file to write (default: intents/<environment>.yaml)'),
    ],
    examples: [
      'govboot intent new dev --reason "first bootstrap" --ticket OPS-1',
      'govboot intent new prod --action supersede --reason "keep longer" --ticket OPS-7',
    ],
    read: (environment, o) => ({
      environment: nameOf(environment),
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
  }),
  spec<'intent sign'>({
    name: 'intent sign',
    args: '<file>',
    summary: 'sign an intent (--key); the signature lies beside it',
    options: [],
    examples: ['govboot intent sign intents/dev.yaml --key alice.key'],
    read: (file = '') => ({ file }),
  }),
  spec<'intent check'>({
    name: 'intent check',
    args: '<file>',
    summary: 'judge an intent and its signatures, without a cloud',
    options: [],
    examples: ['govboot intent check intents/dev.yaml'],
    read: (file = '') => ({ file }),
  }),
  spec<'check'>({
    name: 'check',
    args: '<environment>',
    summary: 'judge all gates; read-only',
    options: [INTENT, flag('--rehearse', 'against the rehearsal cloud')],
    examples: ['govboot check dev', 'govboot check dev --intent intents/dev-2.yaml --json'],
    read: (environment, o) => ({ ...intentOf(environment, o), rehearse: o['rehearse'] === true }),
  }),
  spec<'plan'>({
    name: 'plan',
    args: '<environment>',
    summary: 'judge all gates and show what apply would do; read-only',
    options: [INTENT, flag('--rehearse', 'against the rehearsal cloud')],
    examples: ['govboot plan dev', 'govboot plan dev --json'],
    read: (environment, o) => ({ ...intentOf(environment, o), rehearse: o['rehearse'] === true }),
  }),
  spec<'apply'>({
    name: 'apply',
    args: '<environment>',
    summary: 'judge, plan, ask, create the backend and leave signed evidence',
    details:
      'Shows the plan and asks on the terminal itself for the token of that plan, and then for the word APPLY. No option, variable or pipe answers instead. What is there already is kept, so it may be run again at any time.',
    options: [
      INTENT,
      flag('--resume', 'finish a run that was cut off'),
      flag('--rehearse', 'everything is real but the cloud; every record says REHEARSAL'),
    ],
    examples: [
      'govboot apply dev --key alice.key',
      'govboot apply dev --rehearse',
      'govboot apply dev --resume',
    ],
    read: (environment, o) => ({
      ...intentOf(environment, o),
      resume: o['resume'] === true,
      rehearse: o['rehearse'] === true,
    }),
  }),
  spec<'verify'>({
    name: 'verify',
    args: '<environment>',
    summary: 'check the evidence of an environment, offline',
    options: [flag('--rehearse', 'the evidence of rehearsals')],
    examples: ['govboot verify dev', 'govboot verify dev --json'],
    read: (environment, o) => ({ environment: nameOf(environment), rehearse: o['rehearse'] === true }),
  }),
  spec<'backend render'>({
    name: 'backend render',
    args: '<environment>',
    summary: 'render backend.tf or backend.hcl from what the lock says',
    options: [
      option('--format <format>', 'which of the two').choices(['tf', 'hcl']).default('tf'),
      option('--out <dir>', 'write both into a folder; never overwrites'),
      flag('--rehearse', 'from the evidence of rehearsals'),
    ],
    examples: [
      'govboot backend render dev > backend.tf',
      'govboot backend render dev --format hcl',
      'govboot backend render dev --out terraform',
    ],
    read: (environment, o) => ({
      environment: nameOf(environment),
      format: o['format'] as 'tf' | 'hcl',
      out: text(o['out']),
      rehearse: o['rehearse'] === true,
    }),
  }),
];

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
    .helpCommand('help [command]', 'print the help of a command')
    .option('--repo <dir>', 'the governed repository', '.')
    .option('--json', 'print events as JSON, one a line, on stdout', false)
    .option('--pins <file>', 'the file of pinned root keys (default: in your configuration folder)')
    .option('--key <key>', 'key that signs: a fingerprint known to gpg, or an OpenPGP key file')
    .option('--log <file>', 'append a log of calls, retries and warnings, secrets redacted')
    .configureHelp({ showGlobalOptions: true })
    // Help that was not asked for (`govboot trust`) is help too; errors are told by the display.
    .configureOutput({ writeOut: out.stdout, writeErr: out.stdout, outputError: () => undefined })
    .addHelpText('after', `\n${SEQUENCE}\n${exitTable()}`);
  failAs(program);
  const groups = new Map(
    Object.entries(GROUPS).map(([name, summary]) => {
      const group = new Command(name).copyInheritedSettings(program).description(summary);
      return [name, failAs(group)] as const;
    }),
  );
  for (const one of COMMANDS) {
    const [leaf = '', group] = one.name.split(' ').reverse();
    const parent = group === undefined ? program : groups.get(group);
    // A group stands where its first command does: in the order of the sequence.
    if (parent !== undefined && parent !== program && parent.parent === null) program.addCommand(parent);
    if (parent !== undefined) addCommand(parent, leaf, one, program, run);
  }
  return program;
}

function addCommand(parent: Command, leaf: string, one: Spec, program: Command, run: Run): void {
  const command = parent.command(`${leaf} ${one.args}`.trim()).summary(one.summary);
  command.description(one.details === undefined ? one.summary : `${one.summary}\n\n${one.details}`);
  for (const each of one.options) command.addOption(each);
  command.addHelpText('after', `\nExamples:\n${one.examples.map((example) => `  $ ${example}`).join('\n')}`);
  failAs(command).action(async () => {
    const options = one.read(command.args[0], command.opts());
    await run({ command: one.name, options, globals: globalsOf(program.opts()) });
  });
}

/** Errors of a command in our words, with the way to its own help. @returns the command */
function failAs(command: Command): Command {
  return command.exitOverride((error) => {
    throw isHelp(error)
      ? error
      : new GovbootError('USAGE', wordsOf(error, command), { cause: error, hint: hintOf(command) });
  });
}

function isHelp(error: CommanderError): boolean {
  return error.exitCode === 0 || error.code === 'commander.help';
}

function wordsOf(error: CommanderError, command: Command): string {
  const message = error.message.replace(/^error: /, '');
  if (error.code === 'commander.excessArguments') {
    const extra = command.args.slice(command.registeredArguments.length);
    return `too many arguments for ${pathOf(command)}: ${extra.map((word) => `"${word}"`).join(', ')}`;
  }
  if (error.code === 'commander.unknownCommand' && !message.includes('\n')) {
    const [meant] = COMMANDS.filter(({ name }) => name.endsWith(` ${command.args[0] ?? ''}`));
    return meant === undefined ? message : `${message}; did you mean ${meant.name}?`;
  }
  return message
    .replace(/\n\(Did you mean (.+)\?\)$/, '; did you mean $1?')
    .replace(/\. Allowed choices are (.*)\.$/, '; allowed are $1');
}

function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;
}

function hintOf(command: Command): string {
  return `run \`${pathOf(command)} --help\``;
}

/** What commander throws, as one of our errors; null when it only printed help or the version. */
export function usageError(error: unknown): GovbootError | null | undefined {
  if (!(error instanceof CommanderError)) return undefined;
  return isHelp(error) ? null : new GovbootError('USAGE', error.message, { cause: error });
}

const SEQUENCE = `The sequence, for one environment:
  1  govboot init             scaffold the policies; read and adapt them
  2  govboot trust sign       with the root keys
  3  git commit, git tag -s   release what is to be used, under a signed tag
  4  govboot trust pin        on every operator's machine, from paper
  5  govboot intent new       what, where, why and until when; then intent sign
  6  govboot check, plan      judge and show; read-only, also in CI
  7  govboot apply            confirm at the terminal, create, leave evidence
  8  govboot verify           check the evidence, now and in ten years
  9  govboot backend render   the backend file for Terraform and OpenTofu
`;

/** Columns of help where the terminal's are not known. */
const HELP_COLUMNS = 80;

function exitTable(): string {
  const help = new Command().createHelp();
  help.prepareContext({ helpWidth: HELP_COLUMNS });
  const lines = Object.values(EXITS).map(({ code, means }) =>
    help.formatItem(String(code).padStart(3), 3, means, help),
  );
  return `Exit codes:\n${lines.join('\n')}`;
}

/** The rule that the policy has for names of environments; nothing else may become part of a path. */
const ENVIRONMENT = /^[a-z][a-z0-9-]{0,31}$/;

function nameOf(environment = ''): string {
  if (!ENVIRONMENT.test(environment))
    throw new GovbootError('USAGE', `environment is "${environment}", which is no name of an environment`, {
      hint: 'lower-case letters, digits and dashes, at most 32, a letter first; for example dev',
    });
  return environment;
}

function intentOf(
  environment: string | undefined,
  o: Raw,
): { readonly environment: string; readonly intent: string } {
  const name = nameOf(environment);
  return { environment: name, intent: text(o['intent']) ?? `intents/${name}.yaml` };
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
