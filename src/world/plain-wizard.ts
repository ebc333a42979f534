/** Questions in lines of words that are not drawn again, for screen readers. */
import { createInterface } from 'node:readline';
import process from 'node:process';
import { StringDecoder } from 'node:string_decoder';
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

const CTRL_C = '\u0003';
const CTRL_D = '\u0004';
const CTRL_U = '\u0015';

/** What is typed is shown nowhere, not even as stars: a screen reader would read each of them. As it is, blanks at its ends too. */
export async function hiddenPlainly(message: string): Promise<string> {
  const { stdin } = process;
  process.stderr.write(`question: ${safe(message)} (what is typed is not shown): `);
  const decoder = new StringDecoder();
  let text: string[] = [];
  stdin.setRawMode(true);
  try {
    for (;;)
      for (const key of decoder.write(await nextBytes(stdin, message))) {
        if (key === CTRL_C || key === CTRL_D) throw noAnswer(message);
        if (key === '\r' || key === '\n') return text.join('');
        if (key === CTRL_U) text = [];
        else if (key === '\u007f' || key === '\b') text.pop();
        else text.push(key);
      }
  } finally {
    stdin.setRawMode(false);
    process.stderr.write('\n');
  }
}

function nextBytes(stdin: NodeJS.ReadStream, message: string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const done = (): void => {
      stdin.off('data', onData).off('end', onEnd);
      stdin.pause();
    };
    const onData = (bytes: Buffer): void => {
      done();
      resolve(bytes);
    };
    const onEnd = (): void => {
      done();
      reject(noAnswer(message));
    };
    // Listening alone does not start it again once it was paused.
    stdin.on('data', onData).on('end', onEnd).resume();
  });
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
