/** The plan as a table that a person can read before saying yes. */
import type { PlanRow, PlanView } from '../kernel/events.ts';
import type { Json } from '../kernel/json.ts';
import { isJsonObject } from '../kernel/json.ts';
import { clip, safe } from '../kernel/text.ts';
import { paint, type Style } from './style.ts';
import { pad, pairs, width, wrap } from './table.ts';

const SIGNS = { create: '+', set: '~', keep: '=', refuse: '!' } as const;
const COLOURS = { create: 'green', set: 'yellow', keep: 'dim', refuse: 'red' } as const;

export function renderPlan(plan: PlanView, style: Style): readonly string[] {
  const head: (readonly [string, string])[] = [
    ['environment', plan.environment + (plan.mode === 'REHEARSAL' ? '   REHEARSAL: no cloud is touched' : '')],
    ['account', `${plan.account} (${plan.partition}, ${plan.region})`],
    ['caller', plan.caller],
    ...(plan.endpoint === null ? [] : [['endpoint', `${plan.endpoint}   not the provider's own`] as const]),
    ['source', `${plan.tag} at ${plan.commit.slice(0, 12)}`],
    ['intent', `${plan.intent}: ${plan.action}`],
    ['reason', `${plan.reason} (${plan.ticket})`],
    ['requester', plan.requester],
    ['signer', plan.signer],
  ];
  return [
    paint(style, 'bold', 'Plan'),
    ...pairs(head, style.columns),
    '',
    ...renderRows(plan.rows, style),
    '',
    ...wrap(`${counts(plan)}   digest ${plan.digest.slice(0, 16)}…`, style.columns),
  ];
}

function counts(plan: PlanView): string {
  const { create, set, keep, refuse } = plan.counts;
  const parts = [`${String(create)} to create`, `${String(set)} to set`, `${String(keep)} kept`, ...(refuse === 0 ? [] : [`${String(refuse)} refused`])];
  return parts.join(', ');
}

/** Rows grouped by resource; kept rows of a resource in one line, so that what changes stands out. */
function renderRows(rows: readonly PlanRow[], style: Style): readonly string[] {
  const groups = new Map<string, PlanRow[]>();
  for (const row of rows) groups.set(row.resource, [...(groups.get(row.resource) ?? []), row]);
  const labelColumns = Math.min(30, Math.max(...rows.map((row) => width(row.title)), 12) + 2);
  return [...groups.values()].flatMap((group) => renderGroup(group, style, labelColumns));
}

function renderGroup(group: readonly PlanRow[], style: Style, labelColumns: number): readonly string[] {
  const [first] = group;
  if (first === undefined) return [];
  const own = group.find((row) => row.control === null);
  const kind = own?.kind ?? strongest(group);
  const heading = `${SIGNS[kind]} ${pad(first.resource, 18)} ${safe(first.name)}`;
  const controls = group.filter((row) => row.control !== null);
  const kept = controls.filter((row) => row.kind === 'keep');
  return [
    paint(style, COLOURS[kind], clip(heading, style.columns)),
    ...(own?.kind === 'refuse' ? reason(own, style) : []),
    ...controls.filter((row) => row.kind !== 'keep').flatMap((row) => renderControl(row, style, labelColumns)),
    ...(kept.length === 0 ? [] : wrap(`= ${kept.map((row) => row.title).join(', ')}`, style.columns - 6).map((line, i) => paint(style, 'dim', (i === 0 ? '    ' : '      ') + line))),
  ];
}

function strongest(group: readonly PlanRow[]): PlanRow['kind'] {
  return (['refuse', 'create', 'set'] as const).find((kind) => group.some((row) => row.kind === kind)) ?? 'keep';
}

function renderControl(row: PlanRow, style: Style, labelColumns: number): readonly string[] {
  const sign = paint(style, COLOURS[row.kind], SIGNS[row.kind]);
  const room = style.columns - labelColumns - 8;
  const change = row.from === null || row.kind === 'create' ? shown(row.to) : `${shown(row.from)} -> ${shown(row.to)}`;
  const title = safe(row.title);
  if (room < 24) return [`    ${sign} ${title}`, ...(row.kind === 'refuse' ? reason(row, style) : wrap(clip(change, 200), style.columns - 8).map((line) => `        ${line}`))];
  if (row.kind === 'refuse') return [`    ${sign} ${title}`, ...reason(row, style)];
  const lines = wrap(clip(change, room * 3), room);
  return lines.map((line, i) => (i === 0 ? `    ${sign} ${pad(title, labelColumns)}${line}` : `      ${' '.repeat(labelColumns)}${line}`));
}

function reason(row: PlanRow, style: Style): readonly string[] {
  const found = row.from === null ? [] : [`found: ${shown(row.from)}`];
  return [...(row.why === null ? [] : [safe(row.why)]), ...found].flatMap((text) => wrap(clip(text, 1200), style.columns - 8)).map((line) => `        ${paint(style, 'red', line)}`);
}

/** A value in one line: short objects as `a: 1, b: 2`, policies by their statements' names. */
function shown(value: Json | null): string {
  if (value === null) return '(made in this run)';
  if (typeof value === 'string') return safe(value);
  if (Array.isArray(value)) return value.map((item) => shown(item as Json)).join(', ');
  if (isJsonObject(value)) {
    const statements = value['Statement'];
    if (Array.isArray(statements)) return statements.map((s) => statementName(s as Json)).join(', ');
    return Object.entries(value).map(([key, item]) => `${safe(key)}: ${shown(item as Json)}`).join(', ');
  }
  return String(value);
}

function statementName(statement: Json): string {
  if (!isJsonObject(statement)) return safe(JSON.stringify(statement));
  const sid = statement['Sid'];
  return typeof sid === 'string' ? safe(sid) : safe(JSON.stringify(statement));
}
