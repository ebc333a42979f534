/** What may stand next on a command line, for the completion of a shell. Pure: the names of a repository are handed in. */
import { CODES } from '../kernel/codes.ts';
import { COMMANDS, GROUPS, type CommandSpec, type OptionSpec } from './command-line.ts';
import { SHELLS } from './completion-command.ts';
import { GLOBAL_OPTIONS } from './global-options.ts';
import { TOPIC_NAMES } from './topics/topic.ts';

/** Names that the repository at hand knows. Read when they are asked for. */
export interface Names {
  environments(repo: string): readonly string[];
  /** Paths from the root of the repository. */
  intents(repo: string): readonly string[];
}

/**
 * @param words what stands after `govboot`, the one at the cursor last, be it empty
 * @returns the words that may stand there instead; none where a file of any kind may
 */
export function candidates(words: readonly string[], names: Names): readonly string[] {
  // bash takes `--format=tf` for three words.
  const typed = words.filter((word, i) => word !== '=' || i === words.length - 1);
  const last = typed.at(-1) ?? '';
  const line = read(typed.slice(0, -1));
  const from = (all: readonly string[], start: string): readonly string[] =>
    [...new Set(all)].filter((word) => word.startsWith(start));
  const joined = /^(--[a-z-]+=)(.*)$/.exec(last);
  if (joined !== null) {
    const [, flag = '', start = ''] = joined;
    const values = valuesOf(line, optionOf(line.command, flag.slice(0, -1)), names);
    return from(values, start).map((value) => flag + value);
  }
  if (line.open !== null) return from(valuesOf(line, line.open, names), last === '=' ? '' : last);
  if (last.startsWith('-')) return from(flagsOf(line.command), last);
  return from(nextWords(line, names), last);
}

interface Line {
  /** Commands and arguments, options taken out. */
  readonly plain: readonly string[];
  readonly command: CommandSpec | null;
  /** An option whose value is missing yet. */
  readonly open: OptionSpec | null;
  readonly repo: string;
}

function read(words: readonly string[]): Line {
  let line: Line = { plain: [], command: null, open: null, repo: '.' };
  for (const word of words) {
    if (line.open !== null) {
      const isRepo = line.open.flags.startsWith('--repo ');
      line = { ...line, open: null, repo: isRepo ? word : line.repo };
    } else if (word.startsWith('-')) {
      const option = optionOf(line.command, word);
      if (option?.flags.includes('<') === true) line = { ...line, open: option };
    } else {
      const plain = [...line.plain, word];
      const name = plain.join(' ');
      line = { ...line, plain, command: line.command ?? COMMANDS.find((one) => one.name === name) ?? null };
    }
  }
  return line;
}

function optionsOf(command: CommandSpec | null): readonly OptionSpec[] {
  return [...(command?.options ?? []), ...GLOBAL_OPTIONS];
}

const nameOf = ({ flags }: OptionSpec): string => flags.split(' ')[0] ?? '';

function optionOf(command: CommandSpec | null, flag: string): OptionSpec | null {
  return optionsOf(command).find((one) => nameOf(one) === flag) ?? null;
}

function flagsOf(command: CommandSpec | null): readonly string[] {
  return [...optionsOf(command).map(nameOf), '--help', ...(command === null ? ['--version'] : [])];
}

function valuesOf({ repo }: Line, option: OptionSpec | null, names: Names): readonly string[] {
  if (option === null) return [];
  if (option.choices !== undefined) return option.choices;
  if (option.flags === '--intent <file>') return names.intents(repo);
  return option.flags === '--explain <code>' ? Object.keys(CODES) : [];
}

function nextWords({ plain, command, repo }: Line, names: Names): readonly string[] {
  if (command !== null) {
    // Only the first argument has names that are known.
    if (plain.join(' ') !== command.name) return [];
    if (/^[<[]environment[\]>]$/.test(command.args)) return names.environments(repo);
    if (command.name === 'completion') return SHELLS;
    return command.name.startsWith('intent ') ? names.intents(repo) : [];
  }
  const isHelp = plain[0] === 'help';
  const path = isHelp ? plain.slice(1) : plain;
  const words = COMMANDS.map(({ name }) => name.split(' ')).filter((name) =>
    path.every((word, i) => name[i] === word),
  );
  const next = words.flatMap((name) => name[path.length] ?? []);
  if (path.length > 0) return next;
  return isHelp ? [...next, ...Object.keys(GROUPS), ...TOPIC_NAMES] : [...next, 'help'];
}
