/** Questions of `init` and `intent new`, asked with inquirer where somebody is at the terminal. Never used for a confirmation. */
import { createInterface } from 'node:readline';
import { isatty } from 'node:tty';
import { GovbootError } from '../kernel/errors.ts';
import { safe } from '../kernel/text.ts';
import type { Wizard } from '../ports.ts';
import { ciOf } from './style-of.ts';

/** @param plain asks in one line of words that is not drawn again, for screen readers */
export function makeWizard(env: NodeJS.ProcessEnv, plain = false): Wizard {
  return {
    interactive: isatty(0) && isatty(2) && ciOf(env) === null && env['TERM'] !== 'dumb',
    ask: async ({ message, initial, problem }) => {
      if (plain) return askedPlainly(message, initial, problem);
      const text = await prompted(message, {
        type: 'input',
        ...(initial === undefined ? {} : { default: initial }),
        // What was typed is repeated in it, and may have been pasted from anywhere.
        validate: (given: string) => safeOrNull(problem(given.trim())) ?? true,
      });
      return text.trim();
    },
    // As it is: a passphrase may begin or end with a space.
    secret: (message) => prompted(message, { type: 'password', mask: true }),
  };
}

async function askedPlainly(
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

function noAnswer(message: string, cause?: unknown): GovbootError {
  return new GovbootError('INTERRUPTED', `no answer was given to "${message}"`, {
    cause,
    hint: 'nothing was written; run it again',
  });
}

function safeOrNull(text: string | null): string | null {
  return text === null ? null : safe(text);
}

interface Kind {
  readonly type: 'input' | 'password';
  readonly default?: string;
  readonly validate?: (given: string) => string | true;
  readonly mask?: true;
}

/** @throws INTERRUPTED when there is no answer, Ctrl-C included */
async function prompted(message: string, kind: Kind): Promise<string> {
  const { default: inquirer } = await import('inquirer');
  const prompt = inquirer.createPromptModule({ output: process.stderr });
  try {
    const answers = await prompt<{ value: string }>([{ ...kind, name: 'value', message }]);
    return answers.value;
  } catch (cause) {
    throw noAnswer(message, cause);
  }
}
