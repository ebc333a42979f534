/** Figures, aims and verdicts, as lines, as JSON and as a Markdown table. Pure. */
import { table } from '../tools/docs/markdown.ts';
import { isWide, type Ratio } from './stats.ts';

export type Figure =
  | { readonly is: 'ratio'; readonly ratio: Ratio; readonly most: number }
  | { readonly is: 'count'; readonly value: number; readonly unit: string; readonly most: number }
  | { readonly is: 'not measured'; readonly why: string };

export interface Row {
  readonly what: string;
  readonly aim: string;
  readonly figure: Figure;
  /** What else was seen of it. */
  readonly note?: string;
}

export type Verdict = 'met' | 'missed' | 'not measured';

export function verdictOf(figure: Figure): Verdict {
  switch (figure.is) {
    case 'ratio':
      return figure.ratio.median <= figure.most ? 'met' : 'missed';
    case 'count':
      return figure.value <= figure.most ? 'met' : 'missed';
    case 'not measured':
      return 'not measured';
  }
}

/** Two significant digits below one, two decimals above. */
function short(value: number): string {
  return value < 1 ? value.toPrecision(2) : value.toFixed(2);
}

export function figureText(figure: Figure): string {
  switch (figure.is) {
    case 'ratio': {
      const { median, low, high, pairs } = figure.ratio;
      if (pairs === 1) return `${short(median)} × (1 pair)`;
      const spread = `${short(low)} to ${short(high)}, ${String(pairs)} pairs`;
      return `${short(median)} × (${spread}${isWide(figure.ratio) ? '; wide' : ''})`;
    }
    case 'count':
      return `${String(Math.round(figure.value))} ${figure.unit}`;
    case 'not measured':
      return `not measured: ${figure.why}`;
  }
}

const cells = ({ what, aim, figure, note }: Row): readonly string[] => [
  what,
  figureText(figure),
  aim,
  verdictOf(figure),
  note ?? '',
];

/** For a terminal: one block a row, what was not measured last and loud. */
export function lines(rows: readonly Row[]): string {
  const shown = rows.map((row) => {
    const [what = '', figure = '', aim = '', verdict = '', note = ''] = cells(row);
    const mark = verdict === 'met' ? '✓' : verdict === 'missed' ? '✗' : '!';
    return [
      `${mark} ${what}`,
      `    ${figure}   aim ${aim}: ${verdict}`,
      ...(note === '' ? [] : [`    ${note}`]),
    ].join('\n');
  });
  const wide = rows.filter(({ figure }) => figure.is === 'ratio' && isWide(figure.ratio));
  const left = rows.filter(({ figure }) => figure.is === 'not measured');
  return [
    ...shown,
    '',
    ...(wide.length === 0
      ? []
      : [
          `The machine was busy: in ${String(wide.length)} rows a quarter of the pairs lies far off. Run it again on a quiet one.`,
        ]),
    ...left.map(
      ({ what, figure }) => `NOT MEASURED: ${what}: ${figure.is === 'not measured' ? figure.why : ''}`,
    ),
  ].join('\n');
}

export function json(rows: readonly Row[], about: Readonly<Record<string, string>>): string {
  const all = rows.map(({ what, aim, figure, note }) => ({
    what,
    aim,
    verdict: verdictOf(figure),
    ...figure,
    note,
  }));
  return `${JSON.stringify({ schema: 'govboot.bench/v1', ...about, rows: all }, null, 2)}\n`;
}

export function markdown(rows: readonly Row[]): string {
  return table(['what', 'figure', 'aim', 'verdict', 'note'], rows.map(cells));
}
