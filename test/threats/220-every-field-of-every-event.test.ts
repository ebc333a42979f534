// threat: more
// area: terminal
// tried: Every text of every event that the program can tell holds escape sequences, line breaks, and characters that turn or hide text.
// answer: nothing raw reaches the screen, the live region, the JSON lines or the log
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Event, PlanView } from '../../src/kernel/events.ts';
import type { Json } from '../../src/kernel/json.ts';
import { isSafe } from '../../src/kernel/text.ts';
import { renderPlain } from '../../src/report/plain.ts';
import { renderEvent } from '../../src/report/human.ts';
import { renderJson } from '../../src/report/json.ts';
import { Live } from '../../src/report/live.ts';
import { makeDisplay } from '../../src/world/display.ts';
import { makeRedactor } from '../../src/world/redact.ts';
import { makeLog } from '../../src/world/log.ts';
import { rawProblems } from '../harness/at-terminal.ts';
import { HOSTILE } from '../harness/forges/world.ts';

type Examples = { readonly [T in Event['type']]: readonly Extract<Event, { readonly type: T }>[] };

const json: Json = { Statement: [{ Sid: 'x', Effect: 'Allow', deep: [['x', { x: 'x' }]] }], x: null };
const row = { resource: 'x', name: 'x', control: 'x', title: 'x', from: json, to: json, why: 'x' } as const;
const finding = { code: 'SIG_BAD', message: 'x', hint: 'x' } as const;
const plan: Omit<PlanView, 'rows'> = {
  mode: 'LIVE',
  environment: 'x',
  account: 'x',
  partition: 'x',
  region: 'x',
  caller: 'x',
  endpoint: 'x',
  tag: 'x',
  commit: 'x',
  intent: 'x',
  action: 'x',
  reason: 'x',
  ticket: 'x',
  requester: 'x',
  signer: 'x',
  digest: 'x',
  expires: 'x',
  counts: { create: 1, adopt: 1, set: 1, keep: 1, refuse: 1 },
};

/** One of each, in every form that is drawn differently. A new type of event does not compile before it stands here. */
const EXAMPLES: Examples = {
  progress: (['begin', 'waiting', 'done', 'failed'] as const).map((state) => ({
    ...{ type: 'progress', key: 'x', state, text: 'x', ms: 7 },
  })),
  gate: (['pass', 'fail', 'undefined', 'error'] as const).map((status) => ({
    ...{ type: 'gate', gate: 'x', status, because: 'x', findings: [finding] },
  })),
  plan: [
    {
      type: 'plan',
      plan: {
        ...plan,
        rows: (['create', 'set', 'keep', 'refuse'] as const).flatMap((kind) => [
          { kind, ...row },
          { kind, ...row, control: null },
          { kind, ...row, control: 'tags', from: null },
        ]),
      },
    },
  ],
  confirm: [{ type: 'confirm', token: 'x', word: 'APPLY', expiresInSeconds: 300 }],
  row: (['ok', 'warning', 'wrong', 'left', 'plain'] as const).flatMap((status) => [
    { ...{ type: 'row', command: 'x', section: 'x', label: 'x', status }, text: 'x', mend: 'x' },
    { ...{ type: 'row', command: 'x', section: 'x', label: '', status }, text: 'x', mend: null },
  ]),
  note: [{ type: 'note', text: 'x' }],
  warning: [{ type: 'warning', text: 'x' }],
  error: [{ type: 'error', code: 'SIG_BAD', message: 'x', hint: 'x', data: { x: json } }],
  log: (['debug', 'info', 'warn'] as const).map((level) => ({
    type: 'log',
    level,
    text: 'x',
    data: { x: json },
  })),
  result: [{ type: 'result', command: 'x', value: json, lines: ['x', 'x\tx'] }],
};

/** Words of the program itself, of closed lists; everything else may have come from outside. */
const OWN = new Set(['type', 'state', 'status', 'kind', 'mode', 'code', 'level']);

/** The same event with `text` in every place that can hold a text, keys included. */
function planted<T>(value: T, text: string, key = ''): T {
  if (typeof value === 'string') return (OWN.has(key) ? value : value.replaceAll('x', () => text)) as T;
  if (Array.isArray(value)) return value.map((item) => planted(item as unknown, text)) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [
      name === 'x' ? text : name,
      planted(item as unknown, text, name),
    ]),
  ) as T;
}

const TEXTS = [
  HOSTILE,
  `${HOSTILE} `.repeat(8),
  '\u001b]0;title\u0007\u001b]8;;https://evil.example\u0007link\u001b]8;;\u0007',
  '\u009b2J\u0090q\u009c',
  'a\u0300\u0301\u0302\u0303\u0304\u0305\u0306',
  '\ud800 \udc00',
  '\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u2067\u2068\u2069\ufeff\u{e0041}\u115f',
];
const EVENTS = TEXTS.flatMap((text) =>
  Object.values(EXAMPLES).flatMap((all) => planted<readonly Event[]>(all, text)),
);

const STYLES = [40, 140].flatMap((columns) =>
  [true, false].flatMap((colour) =>
    [true, false].flatMap((unicode) =>
      [true, false].flatMap((terminal) =>
        [true, false].map((plain) => ({ columns, colour, unicode, terminal, results: terminal, plain })),
      ),
    ),
  ),
);

test.each(STYLES)('for people: %j', (style) => {
  const printed = { stdout: '', stderr: '' };
  const live = new Live();
  const { emit, end } = makeDisplay(
    { json: false, style, live: style.terminal },
    { human: style.plain ? renderPlain : renderEvent, json: renderJson, live },
    {
      write: (fd, text) => {
        printed[fd === 1 ? 'stdout' : 'stderr'] += text;
        return null;
      },
      now: () => 0,
      size: () => ({ columns: style.columns, rows: 40 }),
    },
  );
  for (const event of EVENTS) {
    emit(event);
    if (event.type === 'progress') live.note(event, 0);
    printed.stderr += live.lines(0, style).join('\n');
  }
  end();
  // A tab in a result moves on, never back.
  expect(rawProblems(printed.stdout.replaceAll('\t', ' '))).toEqual([]);
  expect(rawProblems(printed.stderr)).toEqual([]);
  if (!style.unicode) expect(printed.stderr.replaceAll('\u001b', '')).toMatch(/^[\n -~]*$/);
});

test('for machines, and they are told the very texts', () => {
  for (const event of EVENTS) {
    const line = renderJson(event);
    expect([line, isSafe(line)]).toEqual([line, true]);
    expect(JSON.parse(line)).toEqual(JSON.parse(JSON.stringify(event)));
  }
});

test.each([false, true])('in the log, with everything: %s', (full) => {
  const folder = mkdtempSync(join(tmpdir(), 'govboot-log-'));
  const log = makeLog({ file: join(folder, 'log'), redactor: makeRedactor({}), full, fresh: full });
  for (const event of EVENTS) log(event);
  log.close();
  const lines = readFileSync(join(folder, 'log'), 'utf8').trimEnd().split('\n');
  expect(lines.filter((line) => !isSafe(line))).toEqual([]);
  for (const line of lines) JSON.parse(line);
  const kept = EVENTS.filter(({ type }) => full || ['log', 'warning', 'error'].includes(type));
  expect(lines).toHaveLength(kept.length);
  rmSync(folder, { recursive: true });
});
