import { describe, expect, test } from 'vitest';
import { judge } from '../../../src/gates/index.ts';
import {
  CHECKS,
  finding,
  findingOf,
  GATES,
  left,
  made,
  passes,
  verdictOf,
  when,
  type GateVerdict,
} from '../../../src/gates/verdict.ts';
import { goodFacts } from '../../harness/facts.ts';

const good = (): readonly GateVerdict[] => judge(goodFacts()).verdicts;
const wrong = finding('CLOCK', 'it is early');
const all = CHECKS.immutability.map((check) => made(check));

test('a finding with a place begins with it, and has it as data', () => {
  const place = { file: 'a\u202eb', line: 3, column: 7 };
  expect(finding('PARITY', 'x is 1', { hint: 'y', data: { x: 1 }, place })).toEqual({
    code: 'PARITY',
    message: 'a\\u{202e}b: line 3, column 7: x is 1',
    hint: 'y',
    data: { x: 1, place: { file: 'a\\u{202e}b', line: 3, column: 7 } },
  });
});

describe('verdictOf', () => {
  test('passes when every check was made and found nothing', () => {
    expect(verdictOf('immutability', all, 'there is no lock')).toEqual({
      gate: 'immutability',
      status: 'pass',
      because: 'there is no lock',
      checks: ['ledger', 'clock', 'unfinished', 'lock'],
      findings: [],
    });
  });

  test('is undefined when nothing was checked', () => {
    const verdict = verdictOf('immutability', [], 'all is well');
    expect(verdict.status).toBe('undefined');
    expect(verdict.because).toBe('not judged: ledger, clock, unfinished, lock (forgotten)');
  });

  test('is undefined when one check was left', () => {
    const outcomes = [...all.slice(0, 3), left('lock', 'the intent could not be read')] as const;
    const verdict = verdictOf('immutability', outcomes, 'all is well');
    expect(verdict).toMatchObject({
      status: 'undefined',
      because: 'not judged: lock (the intent could not be read)',
      checks: ['ledger', 'clock', 'unfinished'],
    });
  });

  test('fails on one finding, even where another check was left', () => {
    const outcomes = [
      made('ledger'),
      made('clock', [wrong]),
      made('unfinished'),
      left('lock', 'no'),
    ] as const;
    expect(verdictOf('immutability', outcomes, '')).toMatchObject({
      status: 'fail',
      because: '1 thing is wrong; not judged: lock (no)',
      findings: [wrong],
    });
    const twice = verdictOf('immutability', [...all.slice(1), made('ledger', [wrong, wrong])], '');
    expect(twice.because).toBe('2 things are wrong');
  });
});

describe('passes', () => {
  test('takes the five good verdicts, in any order', () => {
    expect(passes(good())).toBe(true);
    expect(passes([...good()].reverse())).toBe(true);
  });

  test('refuses nothing, too few, too many and twice the same', () => {
    expect(passes([])).toBe(false);
    for (const gate of GATES) expect(passes(good().filter((verdict) => verdict.gate !== gate))).toBe(false);
    expect(passes([...good(), good()[0]!])).toBe(false);
    expect(passes([...good().slice(1), good()[1]!])).toBe(false);
  });

  test.each(['fail', 'undefined', 'error'] as const)('refuses a verdict of status %s', (status) => {
    for (const gate of GATES)
      expect(
        passes(good().map((verdict) => (verdict.gate === gate ? { ...verdict, status } : verdict))),
      ).toBe(false);
  });

  test('refuses a pass that lacks a check, repeats one, has a strange one, or holds a finding', () => {
    const change = (with_: (verdict: GateVerdict) => Partial<GateVerdict>): boolean =>
      passes(good().map((verdict, i) => (i === 2 ? { ...verdict, ...with_(verdict) } : verdict)));
    expect(change(() => ({}))).toBe(true);
    expect(change(({ checks }) => ({ checks: checks.slice(1) }))).toBe(false);
    expect(change(({ checks }) => ({ checks: [...checks.slice(1), checks[1]!] }))).toBe(false);
    expect(change(({ checks }) => ({ checks: [...checks.slice(1), 'astrology'] }))).toBe(false);
    expect(change(() => ({ checks: [] }))).toBe(false);
    expect(change(() => ({ findings: [wrong] }))).toBe(false);
  });
});

describe('findings', () => {
  test('show text from outside, never obey it', () => {
    const evil = 'Mallory\u001b[2K\rAlice\u202e';
    const { message, hint, data } = finding('PARITY', evil, {
      hint: evil,
      data: { [evil]: evil, deep: [{ evil }, 1, true, null] },
    });
    const shown = 'Mallory\\u{1b}[2K\\u{d}Alice\\u{202e}';
    expect(message).toBe(shown);
    expect(hint).toBe(shown);
    expect(data).toEqual({ [shown]: shown, deep: [{ evil: shown }, 1, true, null] });
  });

  test('have the remedy of their code unless they know better', () => {
    expect(finding('CLOCK', 'x').hint).toBe('set the clock');
    expect(finding('CLOCK', 'x', { hint: 'buy one' }).hint).toBe('buy one');
  });

  test('of a problem name its place once', () => {
    const problem = { code: 'KEYRING_SHAPE', wrong: 'a.asc: two keys' } as const;
    expect(findingOf(problem).message).toBe('a.asc: two keys');
    expect(findingOf(problem, 'a.asc').message).toBe('a.asc: two keys');
    expect(findingOf(problem, 'keys').message).toBe('keys: a.asc: two keys');
  });

  test('when', () => {
    expect(when(false, () => wrong)).toEqual([]);
    expect(when(true, () => wrong)).toEqual([wrong]);
  });
});
