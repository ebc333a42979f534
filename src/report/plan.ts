/** The plan as a table that a person can read before saying yes. What decides is wrapped where room is short, never cut. */
import type { PlanRow, PlanView } from '../kernel/events.ts';
import { isJsonObject, type Json } from '../kernel/json.ts';
import { clean, paint, type Paint, type Style } from './style.ts';
import { hanging, pad, pairs, width, wrap } from './table.ts';
import { shownChange, shownValue, shownWhole } from './value.ts';

type Kind = PlanRow['kind'];

const SIGNS = { create: '+', adopt: '^', set: '~', keep: '=', refuse: '!' } as const;
const COLOURS = { create: 'green', adopt: 'yellow', set: 'yellow', keep: 'dim', refuse: 'red' } as const;
/** Columns of `refuse`, the longest of the words, and a space. */
const WORD_COLUMNS = 7;
/** Longer labels stand in a line of their own. */
const MOST_LABEL_COLUMNS = 30;
/** A table with less room for values puts them below their labels. */
const LEAST_VALUE_COLUMNS = 34;

export function renderPlan(plan: PlanView, style: Style): readonly string[] {
  const text = (value: string): string => clean(style, value);
  const banner = bannerOf(plan, style);
  const target = `${text(plan.account)} (${text(plan.partition)}, ${text(plan.region)})`;
  return [
    ...banner,
    ...wrap(`Plan for ${text(plan.environment)}`, style.columns).map((line) => paint(style, 'bold', line)),
    ...pairs(
      [
        ['account', target],
        ['caller', text(plan.caller)],
        ['source', `${text(plan.tag)} at ${text(plan.commit)}`],
        ['intent', `${text(plan.intent)}: ${text(plan.action)}`],
        ['reason', `${text(plan.reason)} (${text(plan.ticket)})`],
        ['requester', text(plan.requester)],
        ['signer', text(plan.signer)],
      ],
      style.columns,
    ),
    '',
    ...renderRows(plan.rows, style),
    '',
    ...counts(plan, style),
    ...pairs(
      [
        ['in', `${text(plan.environment)}, account ${target}`],
        ['digest', text(plan.digest)],
        ['expires', text(plan.expires)],
      ],
      style.columns,
    ),
    // Again: the first one has scrolled away by now.
    ...banner,
  ];
}

/** What makes this plan other than it looks. */
function bannerOf(plan: PlanView, style: Style): readonly string[] {
  const rehearsal =
    plan.mode === 'REHEARSAL'
      ? alarm('REHEARSAL', 'no cloud is touched; every record says REHEARSAL', style)
      : [];
  const endpoint =
    plan.endpoint === null
      ? []
      : alarm(
          'ENDPOINT',
          `all calls go to ${clean(style, plan.endpoint)}, not to the provider itself`,
          style,
        );
  return [...rehearsal, ...endpoint];
}

function alarm(word: string, text: string, style: Style): readonly string[] {
  const lines = wrap(`${word}: ${text}`, style.columns - 8);
  const room = Math.max(...lines.map(width));
  return lines.map((line) => paint(style, 'alarm', `*** ${pad(line, room)} ***`));
}

function counts({ counts: count }: PlanView, style: Style): readonly string[] {
  const part = (kind: Kind, text: string): string => `${SIGNS[kind]} ${String(count[kind])} ${text}`;
  const line = [
    part('create', 'to create'),
    ...(count.adopt === 0 ? [] : [part('adopt', 'to adopt')]),
    part('set', 'to set'),
    part('keep', 'to keep'),
    ...(count.refuse === 0 ? [] : [part('refuse', 'refused')]),
  ].join(', ');
  return wrap(line, style.columns).map((text) => paint(style, count.refuse === 0 ? 'bold' : 'red', text));
}

/** Rows grouped by resource, in the order of the table; what is kept of a resource in one line, so that changes stand out. */
function renderRows(rows: readonly PlanRow[], style: Style): readonly string[] {
  const groups = new Map<string, PlanRow[]>();
  for (const row of rows) groups.set(row.resource, [...(groups.get(row.resource) ?? []), row]);
  const columnsFor = (texts: readonly string[]): number =>
    Math.min(MOST_LABEL_COLUMNS, Math.max(0, ...texts.map((text) => width(clean(style, text))))) + 2;
  const layout: Layout = {
    style,
    resources: columnsFor(rows.map((row) => row.resource)),
    controls: columnsFor(rows.filter(isShownAlone).map((row) => row.control ?? '')),
  };
  return [...groups.values()].flatMap((group) => renderGroup(group, layout));
}

function isShownAlone(row: PlanRow): boolean {
  return row.kind !== 'keep';
}

interface Layout {
  readonly style: Style;
  /** Columns for the ids of resources, and for the names of controls. */
  readonly resources: number;
  readonly controls: number;
}

function renderGroup(group: readonly PlanRow[], layout: Layout): readonly string[] {
  const { style } = layout;
  const [first] = group;
  if (first === undefined) return [];
  const own = group.find((row) => row.control === null);
  const controls = group.filter((row) => row.control !== null);
  const changed = controls.filter(isShownAlone);
  const kept = controls.filter((row) => row.kind === 'keep').map((row) => clean(style, row.control ?? ''));
  const isQuiet = changed.length === 0 && own?.kind === 'keep';
  return [
    ...heading(own ?? { ...first, kind: 'keep' }, isQuiet, layout),
    ...(own?.kind === 'create' ? born(own, style) : []),
    ...(own?.kind === 'adopt' ? adopted(own, style) : []),
    ...(own?.kind === 'refuse' ? refusal(own, style, 4) : []),
    ...changed.flatMap((row) => renderControl(row, layout)),
    ...(kept.length === 0
      ? []
      : listed('keep', SIGNS.keep, kept, style).map((line) => paint(style, 'dim', line))),
  ];
}

/** The resource itself: what happens to it, its id, and its name as the cloud knows it. */
function heading(row: PlanRow, isQuiet: boolean, { style, resources }: Layout): readonly string[] {
  const how: Paint = row.kind === 'keep' && !isQuiet ? 'bold' : COLOURS[row.kind];
  const values = [clean(style, row.name) + note(row, style)];
  const lines = labelled(signed(row.kind), clean(style, row.resource), resources, values, style, 4);
  return lines.map((line) => paint(style, how, line));
}

/** `lead label  values`, the values in a column of their own, or below where there is little room. */
function labelled(
  lead: string,
  label: string,
  labelColumns: number,
  values: readonly string[],
  style: Style,
  below: number,
): readonly string[] {
  const margin = width(lead) + labelColumns;
  const isBelow = style.columns - margin < LEAST_VALUE_COLUMNS || width(label) > labelColumns - 2;
  const lines = values.flatMap((value) => indented(value, isBelow ? below : margin, style));
  if (isBelow) return [...hanging(lead, label, style.columns), ...lines];
  const [first = '', ...more] = lines;
  return [lead + pad(label, labelColumns) + first.slice(margin), ...more];
}

function indented(text: string, by: number, style: Style): readonly string[] {
  return wrap(text, style.columns - by, 2).map((line, i) => ' '.repeat(i === 0 ? by : by + 2) + line);
}

/** Which tags were there, and which come upon them. */
function adopted({ from, to }: PlanRow, style: Style): readonly string[] {
  const has = isJsonObject(from ?? {}) && Object.keys(from ?? {}).length > 0;
  const found = has ? `found with ${shownValue(style, 'tags', from)}` : 'found without tags';
  return [
    ...indented(found, 4, style),
    ...(to === null ? [] : indented(`to carry ${shownValue(style, 'tags', to)}`, 4, style)),
  ];
}

/** What the creating call itself sets. */
function born(row: PlanRow, style: Style): readonly string[] {
  const aspects = Array.isArray(row.to)
    ? row.to.map((aspect) => shownValue(style, null, aspect as Json))
    : [];
  return aspects.length === 0 ? [] : listed('with', ' ', aspects, style);
}

function listed(word: string, sign: string, items: readonly string[], style: Style): readonly string[] {
  return hanging(`  ${sign} ${word.padEnd(WORD_COLUMNS)}`, items.join(', '), style.columns);
}

function renderControl(row: PlanRow, { style, controls }: Layout): readonly string[] {
  const lead = `  ${paint(style, COLOURS[row.kind], signed(row.kind))}`;
  const label = clean(style, row.control ?? '');
  if (row.kind === 'refuse') return [...hanging(lead, label, style.columns), ...refusal(row, style, 6)];
  const values = shownChange(style, row.control, row.from, row.to);
  const last = `${values.at(-1) ?? ''}${note(row, style)}`;
  return labelled(lead, label, controls, [...values.slice(0, -1), last], style, 6);
}

/** Why, and what was found instead: whole, so that whoever must mend it need not look elsewhere. */
function refusal(row: PlanRow, style: Style, indent: number): readonly string[] {
  const found = row.from === null ? [] : [`found: ${shownWhole(style, row.control, row.from)}`];
  return [...(row.why === null ? [] : [clean(style, row.why)]), ...found].flatMap((text) =>
    indented(text, indent, style),
  );
}

function signed(kind: Kind): string {
  return `${SIGNS[kind]} ${kind.padEnd(WORD_COLUMNS)}`;
}

/** The planner says so in the title; it must not be lost where only the control's name is shown. */
const IRREVERSIBLE = '(cannot be undone)';

function note(row: PlanRow, style: Style): string {
  return row.title.endsWith(IRREVERSIBLE) ? ` ${clean(style, IRREVERSIBLE)}` : '';
}
