import { describe, expect, it } from 'vitest';
import { CODES, type Code } from '../../../src/kernel/codes.ts';
import { attempt, GovbootError, isGovbootError, messageOf } from '../../../src/kernel/errors.ts';
import { EXITS } from '../../../src/kernel/exit.ts';
import { isSafe } from '../../../src/kernel/text.ts';

describe('an error', () => {
  it('has the remedy of its code for a hint, and the exit code of its kind', () => {
    const error = new GovbootError('TAG_UNSIGNED', 'tag v1 is not signed');
    expect(error).toMatchObject({
      name: 'GovbootError',
      message: 'tag v1 is not signed',
      hint: CODES.TAG_UNSIGNED.remedy,
      data: {},
      exitCode: EXITS.refused.code,
    });
    expect(error.cause).toBeUndefined();
    expect('cause' in error).toBe(false);
  });

  it('may say better what to do, carry data, and what it came from', () => {
    const cause = new Error('socket closed');
    const error = new GovbootError('CLOUD_FAILED', 'x', { hint: '', data: { call: 's3:HeadBucket' }, cause });
    expect([error.hint, error.data, error.cause]).toEqual(['', { call: 's3:HeadBucket' }, cause]);
  });

  it('is told from every other thing that can be thrown', () => {
    expect(isGovbootError(new GovbootError('BUG', 'x'))).toBe(true);
    expect([new Error('x'), { code: 'BUG', message: 'x' }, null, 'x'].some(isGovbootError)).toBe(false);
  });

  it('of a reading is what the caller makes of it; a bug is not swallowed', () => {
    const refused = ({ code, message }: GovbootError): string => `${code}: ${message}`;
    expect(attempt(() => 7, refused)).toBe(7);
    const refuse = (): never => {
      throw new GovbootError('SCHEMA', 'version is 0');
    };
    expect(attempt(refuse, refused)).toBe('SCHEMA: version is 0');
    const bug = new TypeError('x is not a function');
    const stumble = (): never => {
      throw bug;
    };
    expect(() => attempt(stumble, refused)).toThrow(bug);
  });

  it.each([
    [new GovbootError('BUG', 'm'), 'm'],
    [new TypeError('t'), 't'],
    ['text', 'text'],
    [undefined, 'undefined'],
    [{ a: 1 }, '[object Object]'],
  ])('%# has a message', (thrown, expected) => {
    expect(messageOf(thrown)).toBe(expected);
  });
});

describe('the list of codes', () => {
  const all = Object.keys(CODES) as Code[];

  it.each(all)('%s says what was seen and what to do, in the voice of all the others', (code) => {
    const { exit, means, remedy } = CODES[code];
    expect(code).toMatch(/^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$/);
    expect(EXITS[exit].code).toBeGreaterThan(0);
    for (const text of [means, remedy]) {
      expect(text).not.toMatch(/[.!\s]$/);
      expect(isSafe(text)).toBe(true);
      expect(text.length).toBeGreaterThan(5);
    }
    // A first word in capitals is a name: HEAD, OpenPGP, govboot's own commands stand in backquotes.
    expect(means).toMatch(/^(?:[a-z]|HEAD\b)/);
  });

  it('has no two codes for the same thing', () => {
    const means = all.map((code) => CODES[code].means);
    expect(new Set(means).size).toBe(means.length);
  });
});
