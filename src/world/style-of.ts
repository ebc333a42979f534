/** What this terminal can show, read from the environment once. */
import { isatty } from 'node:tty';
import type { Event } from '../kernel/events.ts';

/** Same shape as the report room's Style; handed over by main. */
export interface Style {
  readonly columns: number;
  readonly colour: boolean;
  readonly unicode: boolean;
  readonly terminal: boolean;
  readonly results: boolean;
  readonly plain: boolean;
}

/** What the display needs of the report room. */
export interface Renderers {
  readonly human: (
    event: Event,
    style: Style,
  ) => { readonly to: 'stdout' | 'stderr'; readonly lines: readonly string[] };
  readonly json: (event: Event) => string;
  readonly live: {
    note(event: Extract<Event, { type: 'progress' }>, at: number): void;
    readonly idle: boolean;
    lines(at: number, style: Style): readonly string[];
  };
}

/** Columns used where the width is not known: in a pipe, a file, a log of CI. */
const DEFAULT_COLUMNS = 100;
/** Longer lines are hard to read, however wide the terminal. */
const MOST_COLUMNS = 140;
/** Below this nothing can be laid out; the terminal breaks the lines then. */
const LEAST_COLUMNS = 40;

/** NO_COLOR, TERM=dumb, CI, `--plain` and a missing terminal are respected; colour is never forced. */
export function styleOf(
  env: NodeJS.ProcessEnv,
  { terminal = isatty(2), results = isatty(1), plain = false } = {},
): { readonly style: Style; readonly live: boolean } {
  const isDumb = env['TERM'] === 'dumb';
  // no-color.org: any value but an empty one.
  const isColourless = plain || (env['NO_COLOR'] ?? '') !== '';
  return {
    style: {
      columns: terminal ? columnsOf(process.stderr.columns) : DEFAULT_COLUMNS,
      colour: terminal && !isDumb && !isColourless,
      unicode: speaksUtf8(env),
      terminal,
      results,
      plain,
    },
    live: terminal && !plain && !isDumb && ciOf(env) === null,
  };
}

/** @param columns of the window; undefined or 0 where it is not known */
export function columnsOf(columns: number | undefined): number {
  if (columns === undefined || columns === 0) return DEFAULT_COLUMNS;
  return Math.min(Math.max(columns, LEAST_COLUMNS), MOST_COLUMNS);
}

/** What CI is set to, or null where this is no CI. */
export function ciOf(env: NodeJS.ProcessEnv): string | null {
  const ci = env['CI'] ?? '';
  return ci === '' || ci === 'false' || ci === '0' ? null : ci;
}

/** The first of the three that is set and not empty decides (POSIX.1-2017, Base Definitions §8.2). */
function speaksUtf8(env: NodeJS.ProcessEnv): boolean {
  if (process.platform === 'win32') return true;
  const locale = [env['LC_ALL'], env['LC_CTYPE'], env['LANG']].find((value) => (value ?? '') !== '');
  return /utf-?8/i.test(locale ?? '');
}
