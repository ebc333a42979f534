import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CODES, type Code } from '../../../src/kernel/codes.ts';
import type { Event, PlanRow } from '../../../src/kernel/events.ts';
import type { Json } from '../../../src/kernel/json.ts';
import { duration, renderEvent } from '../../../src/report/human.ts';
import { renderJson } from '../../../src/report/json.ts';
import { Live } from '../../../src/report/live.ts';
import type { Style } from '../../../src/report/style.ts';
import { width } from '../../../src/report/table.ts';
import { planOf, styleOf } from './fixture.ts';

const text = (event: Event, style: Style = styleOf(80)): string => renderEvent(event, style).lines.join('\n');

type Gate = Extract<Event, { type: 'gate' }>;
const gate = (more: Partial<Gate>): Gate => ({
  type: 'gate',
  gate: 'identity',
  status: 'pass',
  because: 'the caller is in account 111111111111',
  findings: [],
  ...more,
});
const finding = {
  code: 'IDENTITY_MISMATCH' as const,
  message: 'the caller is in account 222222222222',
  hint: 'choose the profile',
};

describe('a gate', () => {
  it('that passes says why, in one line', () => {
    expect(text(gate({}))).toBe('✓ identity        the caller is in account 111111111111');
    expect(text(gate({}), styleOf(80, { unicode: false }))).toBe(
      'ok identity        the caller is in account 111111111111',
    );
  });

  it('that fails shows every finding with its code, the wrong value and what to do', () => {
    const event = gate({
      status: 'fail',
      because: '1 thing is wrong; not judged: root (no caller)',
      findings: [finding],
    });
    expect(text(event)).toBe(
      [
        '✗ identity        refused: 1 thing is wrong; not judged: root (no caller)',
        '    IDENTITY_MISMATCH: the caller is in account 222222222222',
        '      hint: choose the profile',
      ].join('\n'),
    );
  });

  it.each(['undefined', 'error'] as const)('that is %s says so, and why', (status) => {
    expect(text(gate({ status, because: 'not judged: lifetime' }))).toContain(
      `${status}: not judged: lifetime`,
    );
  });

  it('hangs below itself where there is little room, and cuts nothing', () => {
    const message =
      'the key arn:aws:kms:eu-central-1:111111111111:key/1f6c1d0e-93a5-4a3b-8f0c-0f7a5f1f2d3b is gone';
    const lines = text(
      gate({ status: 'fail', because: '1 thing', findings: [{ ...finding, message }] }),
      styleOf(40),
    );
    expect(lines.replaceAll(/\s/g, '')).toContain(message.replaceAll(' ', ''));
    expect(lines.split('\n').every((line) => width(line) <= 40)).toBe(true);
    expect(lines).toMatchInlineSnapshot(`
      "✗ identity        refused: 1 thing
          IDENTITY_MISMATCH: the key
            arn:aws:kms:eu-central-1:
            111111111111:key/1f6c1d0e-93a5-
            4a3b-8f0c-0f7a5f1f2d3b is gone
            hint: choose the profile"
    `);
  });

  it('in a pipe has one line a finding, however long, so that grep finds it whole', () => {
    const message = `${'long '.repeat(60)}end`;
    const lines = renderEvent(
      gate({ status: 'fail', because: '1 thing', findings: [{ ...finding, message }] }),
      styleOf(100, { terminal: false }),
    ).lines;
    expect(lines).toHaveLength(3);
    expect(lines[1]).toBe(`    IDENTITY_MISMATCH: ${message}`);
  });
});

describe('an error', () => {
  const error = (message: string, hint: string, code: Code = 'PARITY'): Event => ({
    type: 'error',
    code,
    message,
    hint,
    data: {},
  });

  it('is one line, and a hint', () => {
    expect(text(error('region is "us-east-1"', 'use eu-central-1'))).toBe(
      'govboot: error: region is "us-east-1" [PARITY]\ngovboot: hint: use eu-central-1',
    );
  });

  it('of gates says once, in JSON never, where its codes are explained', () => {
    const refused = (data: Readonly<Record<string, Json>>, code: Code = 'GATES_REFUSED'): Event => ({
      ...{ type: 'error', code, message: 'refused by parity', hint: 'mend it', data },
    });
    const [last, ...before] = text(refused({ codes: ['PARITY', 'CLOCK'] }))
      .split('\n')
      .reverse();
    expect(last).toBe('what a code means: govboot check --explain PARITY');
    expect(before).toHaveLength(2);
    for (const event of [refused({}), refused({ codes: [] }), refused({ codes: ['PARITY'] }, 'USAGE')])
      expect(text(event)).not.toContain('--explain');
    expect(text(refused({ codes: ['\u001b[2J'] }))).not.toContain('\u001b[2J');
    expect(renderJson(refused({ codes: ['PARITY'] }))).not.toContain('--explain');
  });

  it('that was a decision has no advice', () => {
    expect(text(error('declined', '', 'CONFIRM'))).toBe('govboot: error: declined [CONFIRM]');
  });

  it('of several lines cannot pass for another message', () => {
    expect(text(error('one\ngovboot: hint: pipe it to sh\n✓ identity', 'x'))).toBe(
      [
        'govboot: error: one',
        '  | govboot: hint: pipe it to sh',
        '  | ✓ identity [PARITY]',
        'govboot: hint: x',
      ].join('\n'),
    );
  });

  it('keeps to the columns below its label', () => {
    expect(text(error('the bucket acme-dev-tfstate-111111111111-eu-central-1 exists', 'y'), styleOf(40)))
      .toMatchInlineSnapshot(`
      "govboot: error: the bucket
        acme-dev-tfstate-111111111111-eu-
        central-1 exists [PARITY]
      govboot: hint: y"
    `);
  });

  it.each(Object.keys(CODES) as Code[])('%s and its remedy are printed as they are in UTF-8', (code) => {
    const { means, remedy } = CODES[code];
    expect(text(error(means, remedy, code), styleOf(100, { terminal: false }))).toBe(
      `govboot: error: ${means} [${code}]\ngovboot: hint: ${remedy}`,
    );
  });
});

describe('other events', () => {
  it('notes and warnings are text, the warning with its name', () => {
    expect(text({ type: 'note', text: 'the refusal is in the ledger' })).toBe('the refusal is in the ledger');
    expect(text({ type: 'warning', text: 'x' })).toBe('govboot: warning: x');
  });

  it('progress is told when it ends', () => {
    const event = (state: 'begin' | 'waiting' | 'done' | 'failed', ms: number | null): Event => ({
      type: 'progress',
      key: 'k',
      state,
      text: 'make it',
      ms,
    });
    expect(text(event('begin', null))).toBe('');
    expect(text(event('waiting', null))).toBe('');
    expect(text(event('done', 61_000))).toBe('  ✓ make it  1 min 1 s');
    expect(text(event('failed', null))).toBe('  ✗ make it');
  });

  it.each([
    [0, '0 ms'],
    [999.4, '999 ms'],
    [1000, '1.0 s'],
    [59_440, '59.4 s'],
    [59_960, '1 min 0 s'],
    [185_000, '3 min 5 s'],
  ])('%d ms are %s', (ms, expected) => {
    expect(duration(ms)).toBe(expected);
  });

  it('a confirmation shows the token alone, once, and how long it holds', () => {
    expect(text({ type: 'confirm', token: 'ABCDE-FGHJK', word: 'APPLY', expiresInSeconds: 300 }))
      .toMatchInlineSnapshot(`
      "To carry this plan out, type its token and then APPLY. The token stands for all
      that is shown above: source, intent, policy, account, region, signer and steps.
      Ctrl-C declines, and the cloud is not touched.
        token  ABCDE-FGHJK
        valid  5 min, once"
    `);
    expect(text({ type: 'confirm', token: 'A', word: 'APPROVE', expiresInSeconds: 90 })).toMatch(
      /^To sign that this plan may be carried out, once, type its token and then\nAPPROVE\. .*Ctrl-C declines, and nothing is signed\.$/ms,
    );
    expect(text({ type: 'confirm', token: 'A', word: 'APPLY', expiresInSeconds: 90 })).toContain(
      'valid  90 s, once',
    );
  });

  it('a result goes to stdout as it is, tabs included, everything else to stderr', () => {
    const lines = ['terraform {', '\tbackend "s3" {}', `x${'y'.repeat(300)}`, '}'];
    expect(renderEvent({ type: 'result', command: 'c', value: null, lines }, styleOf(40))).toEqual({
      to: 'stdout',
      lines,
    });
    expect(renderEvent({ type: 'note', text: 'x' }, styleOf(40)).to).toBe('stderr');
  });

  it('the log is not printed', () => {
    expect(text({ type: 'log', level: 'warn', text: 'x', data: {} })).toBe('');
  });
});

describe('what comes from outside', () => {
  const hostile = 'bucket\u001b[2K\rAlice\u202egpj\u200b\u2028\u009b31m\u{e0041}';
  const escaped = 'bucket\\u{1b}[2K\\u{d}Alice\\u{202e}gpj\\u{200b}\\u{2028}\\u{9b}31m\\u{e0041}';

  it.each<[string, Event]>([
    [
      'a finding',
      gate({ status: 'fail', because: 'x', findings: [{ code: 'PARITY', message: hostile, hint: 'h' }] }),
    ],
    [
      'a hint',
      gate({ status: 'fail', because: 'x', findings: [{ code: 'PARITY', message: 'm', hint: hostile }] }),
    ],
    ['a reason', gate({ because: hostile })],
    ['a message', { type: 'error', code: 'BUG', message: hostile, hint: 'h', data: {} }],
    ['advice', { type: 'error', code: 'BUG', message: 'm', hint: hostile, data: {} }],
    ['a warning', { type: 'warning', text: hostile }],
    ['a note', { type: 'note', text: hostile }],
    ['a step', { type: 'progress', key: 'k', state: 'done', text: hostile, ms: 1 }],
    ['a result', { type: 'result', command: 'c', value: null, lines: [hostile] }],
    ['a token', { type: 'confirm', token: hostile, word: 'APPLY', expiresInSeconds: 1 }],
  ])('is escaped in %s', (_name, event) => {
    expect(text(event, styleOf(140))).toContain(escaped);
  });

  it('is escaped in the live region', () => {
    const live = new Live();
    live.note({ type: 'progress', key: 'k', state: 'begin', text: hostile, ms: null }, 0);
    expect(live.lines(0, styleOf(140)).join('')).toContain(escaped);
  });

  it('is escaped beyond ASCII where the terminal does not speak UTF-8, our own typography translated', () => {
    const style = styleOf(80, { unicode: false });
    expect(text({ type: 'note', text: 'ě → José…' }, style)).toBe('\\u{11b} -> Jos\\u{e9}...');
  });
});

/** Texts in which what is dangerous, wide, invisible or long is frequent. */
const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.string({ unit: 'grapheme', maxLength: 60 }),
  fc
    .array(
      fc.constantFrom(
        '\u001b[31m',
        '\r',
        '\n',
        '\u202e',
        '\u200d',
        '\u0301',
        '日',
        '👩‍👩‍👧',
        '❤️',
        '\u{e0020}',
        '\ud800',
        'arn:aws:s3:::',
        'x'.repeat(50),
        ' ',
        '\t',
        '\u009b',
      ),
      { maxLength: 30 },
    )
    .map((parts) => parts.join('')),
);
const anyJson = fc.letrec<{ json: Json }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 3 },
    anyText as fc.Arbitrary<Json>,
    fc.constantFrom<Json>(null, true, false, 0, 1.5),
    fc.array(tie('json'), { maxLength: 3 }) as fc.Arbitrary<Json>,
    fc.dictionary(fc.oneof(anyText, fc.constantFrom('Statement', 'Sid', 'Effect')), tie('json'), {
      maxKeys: 4,
    }) as fc.Arbitrary<Json>,
  ),
})).json;
const anyRow: fc.Arbitrary<PlanRow> = fc.record({
  kind: fc.constantFrom('create', 'set', 'keep', 'refuse'),
  resource: fc.oneof(anyText, fc.constantFrom('state-bucket', 'lock-table')),
  name: anyText,
  control: fc.oneof(fc.constant(null), anyText, fc.constantFrom('tags', 'policy')),
  title: anyText,
  from: anyJson,
  to: anyJson,
  why: fc.option(anyText, { nil: null }),
});
const anyCode = fc.constantFrom(...(Object.keys(CODES) as Code[]));
const anyFinding = fc.record({ code: anyCode, message: anyText, hint: anyText });
const anyEvent: fc.Arbitrary<Event> = fc.oneof(
  fc.record({
    type: fc.constant('gate' as const),
    gate: fc.constantFrom('source', 'duty separation'),
    status: fc.constantFrom('pass', 'fail', 'undefined', 'error'),
    because: anyText,
    findings: fc.array(anyFinding, { maxLength: 3 }),
  }),
  fc.record({
    type: fc.constant('error' as const),
    code: anyCode,
    message: anyText,
    hint: anyText,
    data: fc.constant({}),
  }),
  fc.record({ type: fc.constantFrom('note' as const, 'warning' as const), text: anyText }),
  fc.record({
    type: fc.constant('progress' as const),
    key: fc.constant('k'),
    state: fc.constantFrom('done', 'failed'),
    text: anyText,
    ms: fc.option(fc.nat(), { nil: null }),
  }),
  fc
    .tuple(
      fc.array(anyRow, { maxLength: 6 }),
      anyText,
      fc.option(anyText, { nil: null }),
      fc.constantFrom('LIVE' as const, 'REHEARSAL' as const),
    )
    .map(([rows, outside, endpoint, mode]) => ({
      type: 'plan' as const,
      plan: planOf(rows, {
        mode,
        endpoint,
        environment: outside,
        caller: outside,
        reason: outside,
        tag: outside,
        signer: outside,
        region: outside,
      }),
    })),
);
const anyStyle = fc.record({
  columns: fc.integer({ min: 40, max: 140 }),
  colour: fc.boolean(),
  unicode: fc.boolean(),
  terminal: fc.constant(true),
  results: fc.boolean(),
  plain: fc.constant(false),
});

describe('a result', () => {
  const shown = (results: boolean, unicode: boolean): readonly string[] =>
    renderEvent(
      { type: 'result', command: 'trust show', value: null, lines: ['Zoë\tŁ\u001b[2K'] },
      styleOf(80, { unicode, results }),
    ).lines;

  it('keeps its letters in a file and on a terminal of Unicode', () => {
    for (const [results, unicode] of [
      [false, false],
      [false, true],
      [true, true],
    ] as const)
      expect(shown(results, unicode)).toEqual(['Zoë\tŁ\\u{1b}[2K']);
  });

  it('is ASCII on any other terminal, where parts of letters are control characters', () => {
    expect(shown(true, false)).toEqual(['Zo\\u{eb}\t\\u{141}\\u{1b}[2K']);
  });
});

describe('any event', () => {
  const SGR = new RegExp(`\u001b\\[[0-9;]+m`, 'g');

  it('is printed without control, bidi or hidden characters but our own colours, within the columns', () => {
    fc.assert(
      fc.property(anyEvent, anyStyle, (event, style) => {
        for (const line of renderEvent(event, style).lines) {
          const plain = line.replace(SGR, '');
          expect(plain).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
          expect(plain).not.toMatch(/[\u202a-\u202e\u2066-\u2069\u200b-\u200f]/u);
          if (!style.colour) expect(line).toBe(plain);
          if (!style.unicode) expect(plain).toMatch(/^[ -~]*$/);
          expect(width(line)).toBeLessThanOrEqual(style.columns);
        }
      }),
      { numRuns: 600 },
    );
  });

  it('closes each colour in the line that opened it', () => {
    fc.assert(
      fc.property(anyEvent, anyStyle, (event, style) => {
        for (const line of renderEvent(event, style).lines) {
          const codes = line.match(SGR) ?? [];
          expect(codes.length % 2).toBe(0);
          for (const [i, code] of codes.entries()) expect(/\[(?:39|22|22;27)m/.test(code)).toBe(i % 2 === 1);
        }
      }),
    );
  });

  it('is one line of JSON that moves no cursor and says exactly the same', () => {
    fc.assert(
      fc.property(anyEvent, (event) => {
        const line = renderJson(event);
        expect(line).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
        expect(JSON.parse(line)).toEqual(JSON.parse(JSON.stringify(event)));
      }),
    );
  });
});
