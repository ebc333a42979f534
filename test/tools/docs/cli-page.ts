/** The page of the command line: the help of every command, as the parser prints it. */
import type { Command } from 'commander';
import { makeProgram } from '../../../src/cli.ts';
import { fence, page } from './markdown.ts';

/** Columns of help; the same on every machine. */
const COLUMNS = 80;

export async function cliPage(): Promise<string> {
  let printed = '';
  const program = makeProgram('VERSION', () => Promise.resolve(), {
    stdout: (text) => {
      printed += text;
    },
    stderr: () => undefined,
  });
  const sections = walk(program).map((command) => {
    command.configureOutput({ getOutHelpWidth: () => COLUMNS, getErrHelpWidth: () => COLUMNS });
    printed = '';
    command.outputHelp();
    const name = pathOf(command);
    return `## ${name}\n\n${fence('text', printed)}`;
  });
  return page(
    'The command line',
    'src/commands/command-line.ts and src/cli.ts',
    'The help of every command, as `govboot help COMMAND` prints it. Options of the program itself (`--repo`, `--pins`, `--key`, `--json`, `--plain`, `--log`, `--debug`) stand before or after the command.',
    ...sections,
  );
}

/** The program and its commands in the order of the help; `help` itself is left out. */
function walk(command: Command): readonly Command[] {
  return [command, ...command.commands.flatMap(walk)];
}

function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;
}
