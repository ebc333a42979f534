/**
 * Events → text for people. The voice: lower case, no full stop in errors, the wrong value named, then what to do next.
 * Results go to stdout, everything else to stderr. What came from outside is escaped before it is printed.
 */
import type { Event } from '../kernel/events.ts';
import { safe } from '../kernel/text.ts';
import { renderPlan } from './plan.ts';
import { mark, paint, type Style } from './style.ts';
import { wrap } from './table.ts';

export interface Printed {
  readonly to: 'stdout' | 'stderr';
  readonly lines: readonly string[];
}

const NOTHING: Printed = { to: 'stderr', lines: [] };

export function renderEvent(event: Event, style: Style): Printed {
  switch (event.type) {
    case 'progress':
      return event.state === 'done' || event.state === 'failed' ? toStderr([progressLine(event, style)]) : NOTHING;
    case 'gate':
      return toStderr(gateLines(event, style));
    case 'plan':
      return toStderr(['', ...renderPlan(event.plan, style), '']);
    case 'confirm':
      return toStderr(confirmLines(event, style));
    case 'note':
      return toStderr(wrap(safeLines(event.text), style.columns));
    case 'warning':
      return toStderr(wrap(`${paint(style, 'yellow', 'govboot: warning:')} ${safeLines(event.text)}`, style.columns));
    case 'error':
      return toStderr(errorLines(event, style));
    case 'log':
      return NOTHING;
    case 'result':
      return { to: 'stdout', lines: event.lines };
  }
}

function toStderr(lines: readonly string[]): Printed {
  return { to: 'stderr', lines };
}

/** Escapes each line of a text whose line breaks are our own. */
function safeLines(text: string): string {
  return text.split('\n').map(safe).join('\n');
}

export function progressLine(event: Extract<Event, { type: 'progress' }>, style: Style): string {
  const time = event.ms === null ? '' : paint(style, 'dim', `  ${duration(event.ms)}`);
  const marks = { begin: 'wait', waiting: 'wait', done: 'ok', failed: 'bad' } as const;
  return `  ${mark(style, marks[event.state])} ${safe(event.text)}${time}`;
}

export function duration(ms: number): string {
  return ms < 1000 ? `${String(Math.round(ms))} ms` : `${(ms / 1000).toFixed(1)} s`;
}

function gateLines(event: Extract<Event, { type: 'gate' }>, style: Style): readonly string[] {
  const marks = { pass: 'ok', fail: 'bad', undefined: 'unknown', error: 'bad' } as const;
  const head = `${mark(style, marks[event.status])} ${event.gate.padEnd(13)}`;
  if (event.status === 'pass') return wrap(safe(event.because), style.columns - 16).map((line, i) => (i === 0 ? head : ' '.repeat(15)) + ' ' + line);
  const summary = event.status === 'fail' ? 'refused' : event.status;
  return [
    `${head} ${paint(style, 'red', summary)}`,
    ...event.findings.flatMap((finding) => [
      ...wrap(`${finding.code}: ${safeLines(finding.message)}`, style.columns - 4).map((line, i) => (i === 0 ? '    ' : '      ') + line),
      ...wrap(`hint: ${safeLines(finding.hint)}`, style.columns - 6).map((line) => `      ${paint(style, 'cyan', line)}`),
    ]),
  ];
}

function confirmLines(event: Extract<Event, { type: 'confirm' }>, style: Style): readonly string[] {
  return [
    ...wrap('This plan is carried out only after you confirm it here. The token binds everything shown above: source, intent, policy, account, region, signer and steps.', style.columns),
    `  token   ${paint(style, 'bold', event.token)}`,
    `  valid   ${String(Math.round(event.expiresInSeconds / 60))} min, once`,
  ];
}

function errorLines(event: Extract<Event, { type: 'error' }>, style: Style): readonly string[] {
  return [
    ...wrap(`${paint(style, 'red', 'govboot: error:')} ${safeLines(event.message)} [${event.code}]`, style.columns),
    ...wrap(`${paint(style, 'cyan', 'govboot: hint:')} ${safeLines(event.hint)}`, style.columns),
  ];
}
