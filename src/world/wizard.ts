/** Questions of `init` and `intent new`, asked with inquirer where somebody is at the terminal. Never used for a confirmation. */
import { isatty } from 'node:tty';
import { safe } from '../kernel/text.ts';
import type { Wizard } from '../ports.ts';
import { askedPlainly, chosenPlainly, hiddenPlainly, noAnswer, safeOrNull } from './plain-wizard.ts';
import { ciOf } from './style-of.ts';

/** @param asked `plain` asks in lines of words that are not drawn again, for screen readers; so does a terminal that cannot draw */
export function makeWizard(env: NodeJS.ProcessEnv, asked: { readonly plain: boolean }): Wizard {
  const plain = asked.plain || env['TERM'] === 'dumb';
  return {
    interactive: isatty(0) && isatty(2) && ciOf(env) === null,
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
    choose: ({ message, choices, initial }) =>
      plain
        ? chosenPlainly({ message, choices, ...(initial === undefined ? {} : { initial }) })
        : prompted(message, {
            type: 'select',
            ...(initial === undefined ? {} : { default: initial }),
            // User ids of keys were written by anybody.
            choices: choices.map(({ value, text, about }) => ({
              value,
              name: safe(text),
              ...(about === undefined ? {} : { description: safe(about) }),
            })),
          }),
    // As it is: a passphrase may begin or end with a space.
    secret: (message) =>
      plain ? hiddenPlainly(message) : prompted(message, { type: 'password', mask: true }),
  };
}

interface Kind {
  readonly type: 'input' | 'password' | 'select';
  readonly default?: string;
  readonly validate?: (given: string) => string | true;
  readonly mask?: true;
  readonly choices?: readonly {
    readonly value: string;
    readonly name: string;
    readonly description?: string;
  }[];
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
