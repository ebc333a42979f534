import { describe, expect, test } from 'vitest';
import { explain } from '../../../src/commands/explain.ts';
import { CODES } from '../../../src/kernel/codes.ts';
import type { Event } from '../../../src/kernel/events.ts';
import { GovbootError } from '../../../src/kernel/errors.ts';
import { EXITS } from '../../../src/kernel/exit.ts';

function explained(word: string): Extract<Event, { type: 'result' }> {
  const events: Event[] = [];
  explain((event) => events.push(event), word);
  const [event] = events;
  if (event?.type !== 'result' || events.length !== 1) throw new Error('a command has one result');
  return event;
}

test.each(Object.entries(CODES))(
  '%s is explained, for people and as data',
  (code, { exit, means, why, remedy }) => {
    const { value, lines } = explained(code);
    expect(value).toEqual({
      ...{ code, means, why, remedy },
      exit: { name: exit, ...EXITS[exit] },
      docs: `docs/errors.md#${code.toLowerCase()}`,
    });
    expect(lines[0]).toBe(code);
    for (const text of [means, why, remedy, EXITS[exit].means]) expect(lines.join('\n')).toContain(text);
  },
);

test('whatever the case', () => {
  expect(explained('sig_Bad')).toEqual(explained('SIG_BAD'));
});

describe('what is no code', () => {
  const refusal = (word: string): GovbootError => {
    try {
      explained(word);
    } catch (error) {
      if (error instanceof GovbootError) return error;
      throw error;
    }
    throw new Error('it was explained');
  };

  test('is refused with the nearest that is', () => {
    expect(refusal('SIG_BAAD')).toMatchObject({ code: 'USAGE', hint: 'did you mean SIG_BAD?' });
  });

  test.each(['', 'toString', '__proto__', 'x'.repeat(500)])('%j', (word) => {
    const { code, hint, message } = refusal(word);
    expect({ code, hint }).toMatchObject({
      code: 'USAGE',
      hint: expect.stringContaining('docs/errors.md'),
    });
    expect(message.length).toBeLessThan(100);
  });
});
