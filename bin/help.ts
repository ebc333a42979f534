/** The help text as it was rendered when the program was built, so that asking for it loads nothing: no parser, no command line. */
import { readFileSync } from 'node:fs';

/** Columns for which it is rendered (src/cli.ts); a wider terminal gets no wider lines. */
const HELP_COLUMNS = 80;

const ASKED: ReadonlySet<string> = new Set(['--help', '-h', 'help']);

/**
 * @param columns of the terminal; undefined where there is none
 * @returns null when something else is asked for, when the terminal is narrower, or when the program was not built
 */
export function renderedHelp(argv: readonly string[], columns: number | undefined): string | null {
  const [only = '', ...more] = argv;
  if (more.length > 0 || !ASKED.has(only) || (columns ?? HELP_COLUMNS) < HELP_COLUMNS) return null;
  try {
    return readFileSync(new URL('help.txt', import.meta.url), 'utf8');
  } catch {
    return null;
  }
}
