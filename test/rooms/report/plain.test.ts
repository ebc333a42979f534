import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Event } from '../../../src/kernel/events.ts';
import { isSafe } from '../../../src/kernel/text.ts';
import { renderPlain } from '../../../src/report/plain.ts';
import { planOf, styleOf } from './fixture.ts';

const style = styleOf(40, { plain: true, colour: true });
const lines = (event: Event): readonly string[] => renderPlain(event, style).lines;

describe('every fact is one line of words', () => {
  it.each<[Event, readonly string[]]>([
    [{ type: 'progress', key: 'a', state: 'begin', text: 'bucket', ms: null }, ['begins: bucket']],
    [{ type: 'progress', key: 'a', state: 'waiting', text: 'bucket', ms: null }, ['waits: bucket']],
    [{ type: 'progress', key: 'a', state: 'done', text: 'bucket', ms: 1234 }, ['done: bucket, after 1.2 s']],
    [
      { type: 'progress', key: 'a', state: 'failed', text: 'bucket', ms: 20 },
      ['failed: bucket, after 20 ms'],
    ],
    [
      {
        ...{ type: 'gate', gate: 'source', status: 'fail', because: 'one check fails' },
        findings: [
          { code: 'SIG_BAD', message: 'x is bad', hint: 'sign again' },
          { code: 'CLOCK', message: 'early', hint: '' },
        ],
      },
      [
        'refused: source: one check fails',
        'finding: SIG_BAD: x is bad',
        'hint: sign again',
        'finding: CLOCK: early',
      ],
    ],
    [
      { type: 'gate', gate: 'intent', status: 'pass', because: 'all good', findings: [] },
      ['pass: intent: all good'],
    ],
    [
      { type: 'confirm', token: 'ABCDE-FGHJK', word: 'APPLY', expiresInSeconds: 300 },
      [
        'to carry this plan out: type its token and then APPLY',
        'to decline: Ctrl-C, and the cloud is not touched',
        'token: ABCDE-FGHJK',
        'valid: 300 seconds, once',
      ],
    ],
    [{ type: 'note', text: 'one\ntwo' }, ['note: one', 'continued: two']],
    [{ type: 'warning', text: 'w' }, ['warning: w']],
    [{ type: 'error', code: 'CLOCK', message: 'm', hint: 'h', data: {} }, ['error: m [CLOCK]', 'hint: h']],
    [{ type: 'error', code: 'CONFIRM', message: 'm', hint: '', data: {} }, ['error: m [CONFIRM]']],
    [{ type: 'log', level: 'debug', text: 'x', data: {} }, []],
    [{ type: 'result', command: 'x', value: null, lines: ['a', '  b\tc'] }, ['a', '  b\tc']],
  ])('%j', (event, expected) => {
    expect(lines(event)).toEqual(expected);
  });

  it('of a plan too: what decides is all there, and nothing is drawn', () => {
    const plan = planOf();
    const shown = lines({ type: 'plan', plan });
    for (const text of [plan.digest, plan.caller, plan.account, plan.signer, plan.requester, plan.reason])
      expect(shown.some((line) => line.includes(text))).toBe(true);
    for (const row of plan.rows)
      expect(shown.some((line) => line.startsWith(`${row.kind}: ${row.resource} `))).toBe(true);
    expect(shown.join('\n')).toMatch(/365|becomes/);
    expect(shown.filter((line) => !isSafe(line))).toEqual([]);
    expect(shown.join('\n')).not.toMatch(/→|✓|\*\*\*| {2}/);
    expect(
      lines({ type: 'plan', plan: { ...plan, mode: 'REHEARSAL', endpoint: 'http://x' } }).slice(0, 2),
    ).toEqual([
      'REHEARSAL: no cloud is touched; every record says REHEARSAL',
      'ENDPOINT: all calls go to http://x, not to the provider itself',
    ]);
  });
});

it('nothing from outside is printed raw, or passes for a fact of ours', () => {
  const outside = fc.string({ unit: fc.constantFrom('a', '\u001b', '\r', '\n', '\u202e', 'token: ', ' ') });
  fc.assert(
    fc.property(outside, (text) => {
      const shown = lines({ type: 'warning', text });
      expect(shown.filter((line) => !isSafe(line))).toEqual([]);
      expect(shown.every((line, i) => line.startsWith(i === 0 ? 'warning: ' : 'continued: '))).toBe(true);
    }),
  );
});
