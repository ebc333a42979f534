/** Questions in lines of words that are not drawn again, for screen readers. */
import { createInterface } from 'node:readline';
import process from 'node:process';
import { GovbootError } from '../kernel/errors.ts';
import { safe } from '../kernel/text.ts';
import type { Wizard } from '../ports.ts';

export async function askedPlainly(
  message: string,
  initial: string | undefined,
  problem: (text: string) => string | null,
): Promise<string> {
  const lines = createInterface({ input: process.stdin, output: process.stderr, terminal: false });
  const suggested = initial === undefined ? '' : ` (${safe(initial)})`;
  try {
    for (;;) {
      process.stderr.write(`question: ${safe(message)}${suggested}: `);
      const line: IteratorResult<string, unknown> = await lines[Symbol.asyncIterator]().next();
      if (line.done === true) throw noAnswer(message);
      const given = line.value.trim() === '' ? (initial ?? '') : line.value.trim();
      const wrong = safeOrNull(problem(given));
      if (wrong === null) return given;
      process.stderr.write(`not accepted: ${wrong}\n`);
    }
  } finally {
    lines.close();
  }
}

/** The choices one a line, with numbers: a number is heard and typed, a cursor is not. */
export async function chosenPlainly({
  message,
  choices,
  initial,
}: Parameters<Wizard['choose']>[0]): Promise<string> {
  choices.forEach(({ text, about }, i) => {
    process.stderr.write(
      `choice ${String(i + 1)}: ${safe(about === undefined ? text : `${text}, ${about}`)}\n`,
    );
  });
  const at = choices.findIndex(({ value }) => value === initial);
  const number = await askedPlainly(`${message}, a number`, at < 0 ? undefined : String(at + 1), (text) =>
    choices[Number(text) - 1] === undefined
      ? `"${text}" is not a number of 1 to ${String(choices.length)}`
      : null,
  );
  return choices[Number(number) - 1]?.value ?? '';
}

export function noAnswer(message: string, cause?: unknown): GovbootError {
  return new GovbootError('INTERRUPTED', `no answer was given to "${message}"`, {
    cause,
    hint: 'nothing was written; run it again',
  });
}

export function safeOrNull(text: string | null): string | null {
  return text === null ? null : safe(text);
}
