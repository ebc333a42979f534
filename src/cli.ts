/** The parser of the command line. What commands and options there are stands in commands/command-line.ts; what is parsed is handed to `run` as plain data. */
import { Command, CommanderError, Option } from 'commander';
import { GovbootError } from './kernel/errors.ts';
import { EXITS } from './kernel/exit.ts';
import { clip, nearest } from './kernel/text.ts';
import type { CommandName, CommandOptions } from './commands/command.ts';
import { COMMANDS, GROUPS, SEQUENCE, type CommandSpec, type OptionSpec } from './commands/command-line.ts';
import { GLOBAL_OPTIONS } from './commands/global-options.ts';
import { TOPIC_NAMES, type TopicName } from './commands/topics/topic.ts';
import { text, type Raw } from './commands/values.ts';

export interface Globals {
  readonly repo: string;
  readonly json: boolean;
  readonly pins: string | null;
  readonly key: string | null;
  readonly log: string | null;
  readonly debug: boolean;
  readonly plain: boolean;
}

export interface Invocation<N extends CommandName = CommandName> {
  readonly command: N;
  readonly options: CommandOptions[N];
  readonly globals: Globals;
}

export type Run = (invocation: Invocation) => Promise<void>;

/** Where help and version go. */
export interface Out {
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
  /** Of the terminal; undefined where there is none. */
  readonly columns?: number | undefined;
}

/** Builds the command line. */
export function makeProgram(version: string, run: Run, out: Out): Command {
  const program = new Command('govboot')
    .description(
      'Bootstraps the Terraform/OpenTofu state backend of an environment, under governance, and leaves signed evidence.',
    )
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .helpCommand(false)
    .configureHelp({ showGlobalOptions: true })
    // Help that was not asked for (`govboot trust`) is help too; errors are told by the display.
    .configureOutput({
      writeOut: out.stdout,
      writeErr: out.stdout,
      outputError: () => undefined,
      getOutHelpWidth: () => helpColumns(out),
    })
    .addHelpText('after', `\n${SEQUENCE}\n${exitTable()}`);
  for (const each of GLOBAL_OPTIONS) program.addOption(optionOf(each));
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
  addHelp(program, out);
  return program;
}

/** `help`, which also knows topics: a word that is both (trust) is the topic, and the command's own help is `trust --help`. */
function addHelp(program: Command, out: Out): void {
  const command = program
    .command('help [subject...]')
    .description(`print the help of a command, or of a topic: ${TOPIC_NAMES.join(', ')}`);
  failAs(command).action(async (words: readonly string[]) => {
    const name = words.join(' ');
    const found = words.reduce<Command | undefined>(
      (at, word) => at?.commands.find((one) => one.name() === word),
      program,
    );
    if (isTopic(name)) {
      const [{ TOPICS }, { topicText }] = await Promise.all([
        import('./commands/topics/all.ts'),
        import('./commands/topics/text.ts'),
      ]);
      const help = program.createHelp();
      out.stdout(topicText(TOPICS[name], helpColumns(out), (long, columns) => help.boxWrap(long, columns)));
    } else if (found !== undefined) found.outputHelp();
    else throw unknownSubject(name);
  });
}

function isTopic(name: string): name is TopicName {
  return (TOPIC_NAMES as readonly string[]).includes(name);
}

function unknownSubject(name: string): GovbootError {
  const near = nearest(name, [...TOPIC_NAMES, ...Object.keys(GROUPS), ...COMMANDS.map((one) => one.name)]);
  return new GovbootError('USAGE', `help of "${clip(name, 40)}", which is no command and no topic`, {
    hint:
      near === undefined
        ? `topics are ${TOPIC_NAMES.join(', ')}; commands are in \`govboot --help\``
        : `did you mean \`govboot help ${near}\`?`,
  });
}

function addCommand(parent: Command, leaf: string, one: CommandSpec, program: Command, run: Run): void {
  const command = parent.command(`${leaf} ${one.args}`.trim()).summary(one.summary);
  command.description(one.details === undefined ? one.summary : `${one.summary}\n\n${one.details}`);
  for (const each of one.options) command.addOption(optionOf(each));
  command.addHelpText('after', `\nExamples:\n${one.examples.map((example) => `  $ ${example}`).join('\n')}`);
  failAs(command).action(async () => {
    const options = one.read(command.args[0], command.opts(), command.args[1]);
    await run({ command: one.name, options, globals: globalsOf(program.opts()) });
  });
}

function optionOf({ flags, text: what, choices, initial, repeated }: OptionSpec): Option {
  const option = new Option(flags, what);
  if (choices !== undefined) option.choices(choices);
  if (initial !== undefined) option.default(initial);
  // Without a default in the help: an empty list says nothing there.
  if (repeated === true)
    option.argParser((value: string, previous: readonly string[] | undefined) => [
      ...(previous ?? []),
      value,
    ]);
  return option;
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
  if (error.code === 'commander.unknownCommand') {
    const word = command.args[0] ?? '';
    const meant = COMMANDS.filter(({ name }) => name.endsWith(` ${word}`)).map(({ name }) => name);
    if (meant.length > 0) return `unknown command '${word}'; did you mean ${meant.join(' or ')}?`;
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

/** Columns of help where the terminal's are not known. */
const HELP_COLUMNS = 80;

function helpColumns({ columns }: Out): number {
  return Math.min(columns ?? HELP_COLUMNS, HELP_COLUMNS);
}

function exitTable(): string {
  const help = new Command().createHelp();
  help.prepareContext({ helpWidth: HELP_COLUMNS });
  const lines = Object.values(EXITS).map(({ code, means }) =>
    help.formatItem(String(code).padStart(3), 3, means, help),
  );
  return `Exit codes:\n${lines.join('\n')}`;
}

function globalsOf(o: Raw): Globals {
  return {
    repo: text(o['repo']) ?? '.',
    json: o['json'] === true,
    pins: text(o['pins']),
    key: text(o['key']),
    log: text(o['log']),
    debug: o['debug'] === true,
    plain: o['plain'] === true,
  };
}
