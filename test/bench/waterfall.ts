/** The calls of one apply as a picture: a band for each resource, a bar for each call, the longest chain on top of it. Pure: SVG text. */
import { PHASES, type Phase, type Placed } from './graph.ts';

export interface Picture {
  readonly placed: readonly Placed[];
  /** Indices into `placed`. */
  readonly chain: readonly number[];
  /** Milliseconds of the whole program. */
  readonly wallMs: number;
  readonly title: string;
}

const LEFT = 140;
const RIGHT = 30;
const TOP = 92;
const LANE = 15;
const BAR = 12;
const GAP = 8;
/** Of the whole picture, pixels. */
const WIDTH = 1_500;
const FILL: Readonly<Record<Placed['part'], string>> = {
  look: '#b9cbe0',
  write: '#e0903f',
  check: '#cdd8c5',
};
const CHAIN = '#b3261e';

interface Bar {
  readonly index: number;
  readonly lane: number;
}

/** Bars of one band in as few lanes as they need. */
export function lanesOf(
  calls: readonly { readonly index: number; readonly from: number; readonly to: number }[],
): {
  readonly bars: readonly Bar[];
  readonly lanes: number;
} {
  const ends: number[] = [];
  const bars = [...calls]
    .sort((a, b) => a.from - b.from)
    .map(({ index, from, to }) => {
      const free = ends.findIndex((end) => end <= from);
      const lane = free === -1 ? ends.length : free;
      ends[lane] = to;
      return { index, lane };
    });
  return { bars, lanes: ends.length };
}

export function waterfall({ placed, chain, wallMs, title }: Picture): string {
  const width = WIDTH;
  const perMs = (WIDTH - LEFT - RIGHT) / wallMs;
  const x = (ms: number): number => Math.round((LEFT + ms * perMs) * 10) / 10;
  const parts: string[] = [];
  let y = TOP;
  for (const resource of bandsOf(placed)) {
    const inside = placed.flatMap(({ call, resource: of }, index) =>
      of === resource ? [{ index, from: call.startMs, to: call.endMs }] : [],
    );
    const { bars, lanes } = lanesOf(inside);
    parts.push(text(LEFT - 10, y + 11, resource === '' ? 'caller' : resource, 'end', 'label'));
    for (const bar of bars) parts.push(barOf(bar, placed, chain, x, y));
    y += lanes * LANE + GAP;
    parts.push(
      `<line class="rule" x1="${LEFT}" x2="${width - RIGHT}" y1="${y - GAP / 2}" y2="${y - GAP / 2}"/>`,
    );
  }
  const bottom = y + 18;
  const list = legendOf(placed, chain, bottom + 34, width);
  const height = list.height + bottom + 48;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="DejaVu Sans, Verdana, sans-serif">`,
    `<title>${escaped(title)}</title>`,
    STYLE,
    `<rect class="paper" width="${width}" height="${height}"/>`,
    text(16, 26, title, 'start', 'title'),
    ...phaseBands(placed, x, y),
    ...axis(wallMs, x, y),
    ...parts,
    ...list.parts,
    '</svg>',
    '',
  ].join('\n');
}

const STYLE = `<style>
.paper{fill:#fff}.title{font-size:16px;font-weight:bold;fill:#222}.label{font-size:12px;fill:#222}.small{font-size:11px;fill:#444}
.phase{font-size:11px;font-weight:bold;fill:#555}.number{font-size:9px;font-weight:bold;fill:#fff}.rule{stroke:#e4e4e4}.tick{stroke:#dcdcdc;stroke-dasharray:2 3}
</style>`;

/** The caller first, then in the order in which they were first asked about. */
function bandsOf(placed: readonly Placed[]): readonly string[] {
  return [...new Set(['', ...placed.map(({ resource }) => resource)])];
}

function barOf(
  { index, lane }: Bar,
  placed: readonly Placed[],
  chain: readonly number[],
  x: (ms: number) => number,
  top: number,
): string {
  const one = placed[index];
  if (one === undefined) return '';
  const { call, part } = one;
  const at = chain.indexOf(index);
  const [left, y] = [x(call.startMs), top + lane * LANE];
  const width = Math.max(2, Math.round((x(call.endMs) - left) * 10) / 10);
  const fill = at === -1 ? FILL[part] : CHAIN;
  const told = `${call.operation} ${call.subject} (${part}, ${one.phase}): ${String(Math.round(call.startMs))} to ${String(Math.round(call.endMs))} ms`;
  const bar = `<rect x="${left}" y="${y}" width="${width}" height="${BAR}" rx="2" fill="${fill}"><title>${escaped(told)}</title></rect>`;
  return at === -1 ? bar : bar + text(left + width / 2, y + 9, String(at + 1), 'middle', 'number');
}

/** Each phase from its first call to its last, named; names of short ones on lines of their own. */
function phaseBands(placed: readonly Placed[], x: (ms: number) => number, bottom: number): readonly string[] {
  const shown: readonly Phase[] = PHASES.filter((phase) => placed.some((each) => each.phase === phase));
  const drawn = shown.map((phase, i) => {
    const calls = placed.filter((each) => each.phase === phase).map(({ call }) => call);
    const from = x(Math.min(...calls.map(({ startMs }) => startMs)));
    const to = x(Math.max(...calls.map(({ endMs }) => endMs)));
    const y = 48 + (i % 3) * 13;
    return {
      band: `<rect x="${from}" y="${y + 4}" width="${Math.max(1, to - from)}" height="${bottom - y - 4}" fill="${i % 2 === 0 ? '#f4f1ea' : '#eef3f6'}"/>`,
      name: text(from, y, phase, 'start', 'phase'),
    };
  });
  // Names on top of all bands.
  return [...drawn.map(({ band }) => band), ...drawn.map(({ name }) => name)];
}

function axis(wallMs: number, x: (ms: number) => number, bottom: number): readonly string[] {
  // About fifteen of them, whatever it took.
  const every = Math.max(1, Math.round(wallMs / 15 / 100)) * 100;
  return Array.from({ length: Math.floor(wallMs / every) + 1 }, (_, i) => i * every).flatMap((ms) => [
    `<line class="tick" x1="${x(ms)}" x2="${x(ms)}" y1="${TOP - 4}" y2="${bottom}"/>`,
    text(x(ms), bottom + 14, `${String(ms)} ms`, 'middle', 'small'),
  ]);
}

/** The chain in words, in columns, and what the colours mean. */
function legendOf(
  placed: readonly Placed[],
  chain: readonly number[],
  top: number,
  width: number,
): { readonly parts: readonly string[]; readonly height: number } {
  const keys: readonly (readonly [string, string])[] = [
    [CHAIN, `the longest chain, ${String(chain.length)} calls`],
    [FILL.write, 'write'],
    [FILL.look, 'look'],
    [FILL.check, 'read-back of a step'],
  ];
  const parts = keys.flatMap(([fill, what], i) => {
    const left = LEFT + i * 220;
    return [
      `<rect x="${left}" y="${top - 10}" width="22" height="${BAR}" rx="2" fill="${fill}"/>`,
      text(left + 30, top, what, 'start', 'small'),
    ];
  });
  const columns = Math.max(1, Math.floor((width - LEFT) / 330));
  const rows = Math.ceil(chain.length / columns);
  chain.forEach((index, i) => {
    const call = placed[index]?.call;
    const [column, row] = [Math.floor(i / rows), i % rows];
    const ms = String(Math.round(call?.startMs ?? 0));
    parts.push(
      text(
        LEFT + column * 330,
        top + 24 + row * 16,
        `${String(i + 1)}  ${call?.operation ?? ''}, at ${ms} ms`,
        'start',
        'small',
      ),
    );
  });
  return { parts, height: 24 + rows * 16 };
}

function text(x: number, y: number, said: string, anchor: string, style: string): string {
  return `<text class="${style}" x="${x}" y="${y}" text-anchor="${anchor}">${escaped(said)}</text>`;
}

function escaped(said: string): string {
  return said.replace(/[&<>"]/g, (c) => `&#${String(c.charCodeAt(0))};`);
}
