/**
 * Events → text for people. The voice: lower case, no full stop in errors, the wrong value named, then what to do next.
 * Results go to stdout, everything else to stderr. What came from outside is escaped before it is printed.
 */
import type { Event, FindingView } from '../kernel/events.ts';
import type { Json } from '../kernel/json.ts';
import { safe } from '../kernel/text.ts';
import { renderPlan } from './plan.ts';
import { rowLines } from './row.ts';
import { clean, mark, paint, type Paint, type Style } from './style.ts';
import { hanging, pairs, running, width, wrap } from './table.ts';

export interface Printed {
  readonly to: 'stdout' | 'stderr';
  readonly lines: readonly string[];
}

type Of<T extends Event['type']> = Extract<Event, { type: T }>;

const NOTHING: Printed = { to: 'stderr', lines: [] };

export function renderEvent(event: Event, style: Style): Printed {
  switch (event.type) {
    case 'progress':
      return event.state === 'done' || event.state === 'failed'
        ? toStderr(progressLines(event, style))
        : NOTHING;
    case 'gate':
      return toStderr(gateLines(event, style));
    case 'plan':
      return toStderr(['', ...renderPlan(event.plan, style), '']);
    case 'confirm':
      return toStderr(confirmLines(event, style));
    case 'row':
      return { to: 'stdout', lines: rowLines(event, style) };
    case 'note':
      return toStderr(message(style, null, event.text));
    case 'warning':
      return toStderr(message(style, ['yellow', 'govboot: warning:'], event.text));
    case 'error':
      return toStderr([
        ...message(style, ['red', 'govboot: error:'], `${event.message} [${event.code}]`),
        // Whoever declined on purpose needs no advice.
        ...(event.hint === '' ? [] : message(style, ['cyan', 'govboot: hint:'], event.hint)),
        ...explainLines(event, style),
      ]);
    case 'log':
      return NOTHING;
    case 'result':
      return { to: 'stdout', lines: event.lines.map((line) => resultLine(line, style)) };
  }
}

function toStderr(lines: readonly string[]): Printed {
  return { to: 'stderr', lines };
}

/** Columns for running text: in a pipe or a log a message is one line. */
function prose(style: Style): number {
  return style.terminal ? style.columns : Infinity;
}

/** Results are copied, piped and kept in files, so they are not broken; a tab (in a backend file) does no harm. */
export function resultLine(line: string, style: Style): string {
  const shown = (text: string): string => (style.results ? clean(style, text) : safe(text));
  return line.split('\t').map(shown).join('\t');
}

/** A line break in a text is shown, and what follows it marked, so that nothing can pass for another message of ours. */
function message(
  style: Style,
  label: readonly [Paint, string] | null,
  text: string,
  columns = prose(style),
): readonly string[] {
  const [first = '', ...more] = text.split('\n').map((line) => clean(style, line));
  const head = label === null ? wrap(first, columns) : running(style, ...label, first, columns);
  return [...head, ...more.flatMap((line) => hanging('  | ', line, columns))];
}

/** Once at the end of a refusal, quietly: where its codes are explained. */
function explainLines({ code, data }: Of<'error'>, style: Style): readonly string[] {
  const [first] =
    code === 'GATES_REFUSED' && Array.isArray(data['codes']) ? (data['codes'] as readonly Json[]) : [];
  return typeof first === 'string'
    ? [paint(style, 'dim', `what a code means: govboot check --explain ${clean(style, first)}`)]
    : [];
}

function progressLines(event: Of<'progress'>, style: Style): readonly string[] {
  const time = event.ms === null ? '' : duration(event.ms);
  const lines = hanging(
    `  ${mark(style, event.state === 'done' ? 'ok' : 'bad')} `,
    clean(style, event.text),
    prose(style),
  );
  const last = lines.at(-1) ?? '';
  if (time === '') return lines;
  const fits = width(last) + 2 + time.length <= prose(style);
  return [
    ...lines.slice(0, -1),
    ...(fits ? [`${last}  ${paint(style, 'dim', time)}`] : [last, `    ${paint(style, 'dim', time)}`]),
  ];
}

/** Milliseconds for people: `85 ms`, `1.2 s`, `3 min 5 s`. */
export function duration(ms: number): string {
  if (ms < 1000) return `${String(Math.round(ms))} ms`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${(ms / 1000).toFixed(1)} s`;
  return `${String(Math.floor(seconds / 60))} min ${String(seconds % 60)} s`;
}

/** Columns of `duty separation`, the longest of the names. */
const GATE_COLUMNS = 16;

function gateLines(event: Of<'gate'>, style: Style): readonly string[] {
  const marks = { pass: 'ok', fail: 'bad', undefined: 'unknown', error: 'bad' } as const;
  const summary = { pass: '', fail: 'refused: ', undefined: 'undefined: ', error: 'error: ' }[event.status];
  const head = `${mark(style, marks[event.status])} ${clean(style, event.gate).padEnd(GATE_COLUMNS)}`;
  return [
    ...hanging(head, summary + clean(style, event.because), prose(style)),
    ...event.findings.flatMap((finding) => findingLines(finding, style).map((line) => `    ${line}`)),
  ];
}

function findingLines(finding: FindingView, style: Style): readonly string[] {
  const columns = prose(style) - 4;
  const hint = hanging(`  ${paint(style, 'cyan', 'hint:')} `, clean(style, finding.hint), columns);
  return [
    ...message(style, ['bold', `${finding.code}:`], finding.message, columns),
    ...(finding.hint === '' ? [] : hint),
  ];
}

function confirmLines(event: Of<'confirm'>, style: Style): readonly string[] {
  const minutes = event.expiresInSeconds / 60;
  const valid = Number.isInteger(minutes) ? `${String(minutes)} min` : `${String(event.expiresInSeconds)} s`;
  const does = {
    APPLY: { to: 'To carry this plan out', otherwise: 'and the cloud is not touched' },
    APPROVE: { to: 'To sign that this plan may be carried out, once', otherwise: 'and nothing is signed' },
  }[event.word];
  return [
    ...wrap(
      `${does.to}, type its token and then ${event.word}. The token stands for all that is shown above: source, intent, policy, account, region, signer and steps. Ctrl-C declines, ${does.otherwise}.`,
      style.columns,
    ),
    ...pairs(
      [
        ['token', paint(style, 'bold', clean(style, event.token))],
        ['valid', `${valid}, once`],
      ],
      Infinity,
    ),
  ];
}
