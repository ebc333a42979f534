/** What a command of the command line is made of. */
import type { CommandName, CommandOptions } from './command.ts';
import type { Raw } from './values.ts';

export interface OptionSpec {
  /** As commander writes them: `--flag`, `--option <value>`. */
  readonly flags: string;
  readonly text: string;
  /** Other values are refused. */
  readonly choices?: readonly string[];
  readonly initial?: string;
  /** May be given more than once. */
  readonly repeated?: true;
}

export interface CommandSpec<N extends CommandName = CommandName> {
  /** With the group in front: `trust pin`. */
  readonly name: N;
  /** Arguments as commander writes them: `<required>`, `[optional]`. */
  readonly args: string;
  readonly summary: string;
  /** More than one line can say, shown in the command's own help. */
  readonly details?: string;
  readonly options: readonly OptionSpec[];
  readonly examples: readonly string[];
  read(first: string | undefined, options: Raw, second?: string): CommandOptions[N];
}

/** One command; the type parameter ties its options to what it reads. */
export function spec<N extends CommandName>(of: CommandSpec<N>): CommandSpec {
  return of;
}

export const option = (flags: string, text: string, more: Partial<OptionSpec> = {}): OptionSpec => ({
  flags,
  text,
  ...more,
});
export const repeated = (flags: string, text: string): OptionSpec => ({
  flags,
  text: `${text}; repeat for more`,
  repeated: true,
});

/** For examples. */
export const FINGERPRINT = '0123456789ABCDEF0123456789ABCDEF01234567';
