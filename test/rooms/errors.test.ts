/** Every error that a user can meet has been met: a test of the whole program shows its words, and docs/errors.md shows the same. */
import { describe, expect, it } from 'vitest';
import { CODES } from '../../src/kernel/codes.ts';
import { INSIDE_ONLY } from '../harness/inside-only.ts';
import { shown, shownByCode, shownLines } from '../harness/shown.ts';

const met = shownByCode();

describe('codes', () => {
  it.each(Object.keys(CODES))('%s was shown by a test of the program, or says why it cannot be', (code) => {
    const isMet = [...met.keys()].some((one) => one === code);
    expect([isMet, Object.hasOwn(INSIDE_ONLY, code)]).toEqual([isMet, !isMet]);
  });

  it('that exist inside only are few, and exist', () => {
    expect(Object.keys(INSIDE_ONLY).filter((code) => !Object.hasOwn(CODES, code))).toEqual([]);
    expect(Object.keys(INSIDE_ONLY).length).toBeLessThanOrEqual(5);
  });

  it('are shown with words of their own', () => {
    for (const { code, message, file } of shownLines()) {
      // Wildcards alone would match anything.
      expect([file, message.replaceAll(/[…\s]/g, '').length > 8]).toEqual([file, true]);
      expect(message).not.toContain(`${code}:`);
    }
  });
});

describe('the pattern of what is shown', () => {
  const error =
    'govboot: error: a (bad) tag v1 at 0a1b [SIG_BAD] govboot: hint: sign again, now what a code means: …';
  const finding = '✗ source refused: x SIG_BAD: a (bad) tag v1 at 0a1b hint: sign again, now ✓ intent';
  it.each([error, finding])('matches %s', (text) => {
    expect(text).toMatch(shown('SIG_BAD', 'a (bad) tag v1 at …', 'sign again, now'));
    expect(text).toMatch(shown('SIG_BAD', 'a (bad) tag v1 at 0a1b'));
    expect(text).not.toMatch(shown('SIG_BAD', 'a (bad) tag v1'));
    expect(text).not.toMatch(shown('SIG_BAD', 'a bad tag v1 at …'));
    expect(text).not.toMatch(shown('SIG_BAD', 'a (bad) tag v1 at …', 'sign again'));
    expect(text).not.toMatch(shown('SIG_COUNT', 'a (bad) tag v1 at …'));
  });
});
