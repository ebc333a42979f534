import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Answer } from '../../../src/ports.ts';
import { LineEditor } from '../../../src/world/line-editor.ts';

interface Typed {
  readonly echo: string;
  readonly answer: Answer | null;
}

/** Feeds chunks, `msBetween` apart, until there is an answer. */
function feed(chunks: readonly (string | Uint8Array)[], msBetween = 100): Typed {
  const editor = new LineEditor();
  let echo = '';
  for (const [i, chunk] of chunks.entries()) {
    const bytes = typeof chunk === 'string' ? new TextEncoder().encode(chunk) : chunk;
    const fed = editor.feed(bytes, 1000 + i * msBetween);
    echo += fed.echo;
    if (fed.answer !== null) return { echo, answer: fed.answer };
  }
  return { echo, answer: null };
}

/** One key after another. */
const type = (text: string, msBetween = 100): Typed => feed([...text], msBetween);
const typed = (text: string): Answer => ({ is: 'typed', text });

describe('what is typed', () => {
  it('is the line, echoed as it comes', () => {
    expect(type('ABCDE-FGHJK\r')).toEqual({ echo: 'ABCDE-FGHJK', answer: typed('ABCDE-FGHJK') });
    expect(type('APPLY\n').answer).toEqual(typed('APPLY'));
    expect(type('\r')).toEqual({ echo: '', answer: typed('') });
  });

  it('keeps spaces and case: the answer is compared to the letter', () => {
    expect(type(' apply \r').answer).toEqual(typed(' apply '));
  });

  it('has no answer before Enter', () => {
    expect(type('APPLY')).toEqual({ echo: 'APPLY', answer: null });
  });

  it.each([
    ['backspace (DEL)', 'APQ\u007fPLY\r', 'APPLY', 'APQ\b \bPLY'],
    ['backspace (BS)', 'APQ\bPLY\r', 'APPLY', 'APQ\b \bPLY'],
    ['backspace on nothing', '\u007f\u007fA\r', 'A', 'A'],
    ['Ctrl-U', 'xyz\u0015APPLY\r', 'APPLY', 'xyz\b \b\b \b\b \bAPPLY'],
    ['Ctrl-W', 'xyz\u0017APPLY\r', 'APPLY', 'xyz\b \b\b \b\b \bAPPLY'],
    ['arrows and function keys', 'A\u001b[DP\u001bOPP\u001b[1;5CL\u001b[15~Y\r', 'APPLY', 'APPLY'],
    ['Alt with a key', 'A\u001bxPPLY\r', 'APPLY', 'APPLY'],
    ['Escape, then Enter', 'APPLY\u001b\r', 'APPLY', 'APPLY'],
    ['other control characters', 'AP\u0000P\u0007L\u001aY\t\r', 'APPLY', 'APPLY'],
  ])('is edited by %s', (_name, keys, text, echo) => {
    expect(type(keys)).toEqual({ echo, answer: typed(text) });
  });

  it('echoes a question mark for what could hide or repaint, and keeps it in the line', () => {
    expect(type('Aé\u202eB\u009b\r')).toEqual({ echo: 'A??B?', answer: typed('Aé\u202eB\u009b') });
  });

  it('decodes characters that come in parts', () => {
    const [first, second] = [Uint8Array.of(0xc3), Uint8Array.of(0xa9)];
    expect(feed([first, second, '\r']).answer).toEqual(typed('é'));
    expect(feed([first, '\r']).answer).toEqual(typed('\ufffd'));
  });

  it('has a longest line', () => {
    const { answer } = type(`${'x'.repeat(5000)}\r`);
    expect(answer).toEqual(typed('x'.repeat(256)));
  });
});

describe('a line that is longer than the window', () => {
  const PROMPT = 'Token: ';
  /** What a window of 20 columns shows in the end; a backspace does not lead over its left edge. */
  function screen(keys: string): string {
    const editor = new LineEditor(PROMPT, () => 20);
    const lines = [PROMPT];
    let column = PROMPT.length;
    const put = (c: string): void => {
      const line = lines.at(-1) ?? '';
      lines[lines.length - 1] = line.slice(0, column).padEnd(column) + c + line.slice(column + 1);
      column += 1;
    };
    for (const key of keys) {
      for (const c of editor.feed(new TextEncoder().encode(key), 0).echo) {
        if (c === '\b') column = Math.max(0, column - 1);
        else if (c === '\r') column = 0;
        else if (c === '\n') column = lines.push('') * 0;
        else {
          if (column === 20) column = lines.push('') * 0;
          put(c);
        }
      }
    }
    return lines.map((line) => line.trimEnd()).join('|');
  }

  it('is shown whole', () => {
    expect(screen('ABCDEFGHIJKLMNOPQRS')).toBe('Token: ABCDEFGHIJKLM|NOPQRS');
  });

  it('is shown anew when some of it is erased, so that the last line always says what counts', () => {
    expect(screen('ABCDEFGHIJKLMNOP\u0015')).toBe('Token: ABCDEFGHIJKLM|NOP|Token:');
    expect(screen('ABCDEFGHIJKLMN\u007f\u007f')).toBe(
      'Token: ABCDEFGHIJKLM|N|Token: ABCDEFGHIJKLM|Token: ABCDEFGHIJKL',
    );
    expect(screen('ABCé\u007f')).toBe('Token: ABC');
    expect(screen('ABCDEFGHIJKLé\u007f')).toBe('Token: ABCDEFGHIJKL?|Token: ABCDEFGHIJKL');
  });
});

describe('a refusal', () => {
  it.each([
    ['Ctrl-C', '\u0003'],
    ['Ctrl-C after text', 'APPLY\u0003'],
    ['Ctrl-C inside an escape sequence', '\u001b[1;\u0003'],
    ['Ctrl-D', '\u0004'],
    ['Ctrl-D after text', 'AP\u0004'],
    ['Ctrl-backslash', '\u001c'],
  ])('is %s', (_name, keys) => {
    expect(type(keys).answer).toEqual({ is: 'cancelled' });
  });
});

describe('a paste', () => {
  it('is a line that comes at once', () => {
    expect(feed(['ABCDE-FGHJK\r']).answer).toEqual({ is: 'pasted' });
    expect(feed(['APPLY\r']).answer).toEqual({ is: 'pasted' });
  });

  it('is still one when Enter is pressed later', () => {
    expect(feed(['ABCDE-FGHJK', '\r'], 5000).answer).toEqual({ is: 'pasted' });
  });

  it('is faster than 3 ms a key, which no person is', () => {
    expect(type('ABCDE-FGHJK\r', 2).answer).toEqual({ is: 'pasted' });
    expect(type('ABCDE-FGHJK\r', 3).answer).toEqual(typed('ABCDE-FGHJK'));
  });

  it('is not what a slow connection delivers in a few pieces', () => {
    expect(feed(['ABC', 'DE-FG', 'HJK\r']).answer).toEqual(typed('ABCDE-FGHJK'));
    expect(feed(['yes\r']).answer).toEqual(typed('yes'));
  });

  it('is what the terminal marks as one, however slow', () => {
    expect(type('\u001b[200~A\u001b[201~\r').answer).toEqual({ is: 'pasted' });
  });

  it('is half of a token at once, wherever the connection broke it in two', () => {
    const token = 'ABCDE-FGHJK';
    for (let at = 1; at < token.length; at++)
      expect(feed([token.slice(0, at), `${token.slice(at)}\r`], 5000).answer, String(at)).toEqual({
        is: 'pasted',
      });
  });

  it('is not forgotten by a Ctrl-U or backspace that is pasted with it', () => {
    for (const key of ['\u0015', '\u007f', 'X\u007f', 'XY\u0017'])
      expect(type(`\u001b[200~${key}ABCDE-FGHJK\r`).answer).toEqual({ is: 'pasted' });
  });

  it('is not begun by the mark of its end alone', () => {
    expect(type('\u001b[201~APPLY\u001b[201~\r').answer).toEqual(typed('APPLY'));
  });

  it('of token, Enter, APPLY and Enter gives no answer but one: what follows the first Enter belongs to nobody', () => {
    for (const text of ['ABCDE-FGHJK\rAPPLY\r', '\u001b[200~ABCDE-FGHJK\rAPPLY\r\u001b[201~'])
      for (let at = 1; at < text.length; at++)
        expect(feed([text.slice(0, at), text.slice(at)], 20).answer, String(at)).toEqual({ is: 'pasted' });
  });

  it('is forgotten when the line is cleared and typed', () => {
    expect(type('\u001b[200~ABC\u001b[201~\u0015APPLY\r').answer).toEqual(typed('APPLY'));
    expect(feed(['ABCDE', '\u0015', 'A', 'P', 'P', 'L', 'Y', '\r']).answer).toEqual(typed('APPLY'));
  });
});

describe('any input', () => {
  /** Bytes in which what matters to the editor is frequent. */
  const bytes = fc
    .array(
      fc.oneof(
        fc.uint8Array({ maxLength: 6 }),
        fc
          .constantFrom(
            '\u001b',
            '\u001b[',
            '\u001b[200~',
            '\u001b[201~',
            '\u001bO',
            '[',
            '\r',
            '\u0003',
            '\u007f',
            '\u0015',
            'A',
            'é',
            '日',
          )
          .map((text) => new TextEncoder().encode(text)),
      ),
      { maxLength: 40 },
    )
    .map((parts) => Uint8Array.from(parts.flatMap((part) => [...part])));

  it('never throws, and never echoes more than a printable character or an erased one', () => {
    fc.assert(
      fc.property(bytes, (input) => {
        expect(feed([input]).echo.replaceAll('\b \b', '')).toMatch(/^[ -~]*$/);
      }),
    );
  });

  it('means the same however it is cut into chunks', () => {
    fc.assert(
      fc.property(bytes, fc.array(fc.nat({ max: 100 }), { maxLength: 12 }), (input, cuts) => {
        const at = [...new Set([0, ...cuts, input.length])]
          .filter((i) => i <= input.length)
          .sort((a, b) => a - b);
        const chunks = at.map((from, i) => input.slice(from, at[i + 1] ?? input.length));
        expect(feed(chunks, 0)).toEqual(feed([input], 0));
      }),
      { numRuns: 500 },
    );
  });
});
