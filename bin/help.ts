/** The help text as it was rendered when the program was built, so that asking for it loads nothing: no parser, no command line. */
import { fstatSync, readFileSync, writeSync } from 'node:fs';
import process from 'node:process';

/** Columns for which it is rendered (src/cli.ts); a wider terminal gets no wider lines. */
const HELP_COLUMNS = 80;

const ASKED: ReadonlySet<string> = new Set(['--help', '-h', 'help']);

/** @returns false when something else is asked for, when the terminal is narrower, or when the program was not built */
export function printRenderedHelp(argv: readonly string[]): boolean {
  const [only = '', ...more] = argv;
  if (more.length > 0 || !ASKED.has(only)) return false;
  const text = rendered();
  if (text === null) return false;
  const rest = writeAtOnce(Buffer.from(text));
  if (rest.length === 0) return true;
  if (isNarrow(process.stdout)) return false;
  // Whoever reads no further (`govboot --help | head`) has what they wanted.
  process.stdout.on('error', () => process.exit(0));
  process.stdout.write(rest);
  return true;
}

/** Of what is no terminal, nobody knows the columns. */
function isNarrow({ columns }: { readonly columns?: number }): boolean {
  return (columns ?? HELP_COLUMNS) < HELP_COLUMNS;
}

function rendered(): string | null {
  try {
    return readFileSync(new URL('help.txt', import.meta.url), 'utf8');
  } catch {
    return null;
  }
}

/**
 * Into a pipe or a file, without the stream of Node, whose making takes as long as all the rest. A terminal has columns to be asked for.
 * @returns what is still to be written: all of it for a terminal, the rest where a pipe is full (EAGAIN)
 */
function writeAtOnce(bytes: Uint8Array): Uint8Array {
  const out = fstatSync(1);
  if (!out.isFIFO() && !out.isSocket() && !out.isFile()) return bytes;
  let rest = bytes;
  try {
    while (rest.length > 0) rest = rest.subarray(writeSync(1, rest));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EPIPE') return new Uint8Array(0);
  }
  return rest;
}
