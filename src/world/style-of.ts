/** What this terminal can show, read from the environment once. */
import { isatty, WriteStream } from 'node:tty';
import type { Event } from '../kernel/events.ts';

/** Same shape as the report room's Style; handed over by main. */
export interface Style {
  readonly columns: number;
  readonly colour: boolean;
  readonly unicode: boolean;
}

/** What the display needs of the report room. */
export interface Renderers {
  readonly human: (event: Event, style: Style) => { readonly to: 'stdout' | 'stderr'; readonly lines: readonly string[] };
  readonly json: (event: Event) => string;
  readonly live: {
    note(event: Extract<Event, { type: 'progress' }>, at: number): void;
    readonly idle: boolean;
    lines(at: number, style: Style): readonly string[];
  };
}

/** Columns used where the width is not known: in a pipe, a file, a log of CI. */
const DEFAULT_COLUMNS = 100;

/** NO_COLOR, TERM=dumb, CI and a missing terminal are respected; colour is never forced. */
export function styleOf(env: NodeJS.ProcessEnv): { readonly style: Style; readonly live: boolean } {
  const terminal = isatty(2);
  const dumb = env['TERM'] === 'dumb';
  const quiet = dumb || (env['CI'] !== undefined && env['CI'] !== '' && env['CI'] !== 'false');
  const noColour = env['NO_COLOR'] !== undefined && env['NO_COLOR'] !== '';
  return {
    style: { columns: terminal ? columnsOf() : DEFAULT_COLUMNS, colour: terminal && !dumb && !noColour, unicode: !dumb && speaksUtf8(env) },
    live: terminal && !quiet,
  };
}

function columnsOf(): number {
  const [columns] = process.stderr instanceof WriteStream ? process.stderr.getWindowSize() : [DEFAULT_COLUMNS];
  return columns > 0 ? Math.min(columns, 140) : DEFAULT_COLUMNS;
}

function speaksUtf8(env: NodeJS.ProcessEnv): boolean {
  if (process.platform === 'win32') return true;
  return /utf-?8/i.test(env['LC_ALL'] ?? env['LC_CTYPE'] ?? env['LANG'] ?? '');
}
