/** Questions of `init` and `intent new`, asked with inquirer where somebody is at the terminal. Never used for a confirmation. */
import { isatty } from 'node:tty';
import { GovbootError } from '../kernel/errors.ts';
import type { Wizard } from '../ports.ts';

export function makeWizard(env: NodeJS.ProcessEnv): Wizard {
  const interactive = isatty(0) && isatty(2) && (env['CI'] ?? '') === '' && env['TERM'] !== 'dumb';
  return {
    interactive,
    async ask(question) {
      const answer = await prompt({
        type: 'input',
        message: question.message,
        ...(question.initial === undefined ? {} : { default: question.initial }),
        validate: (text: string) => question.problem(text.trim()) ?? true,
      });
      return answer.trim();
    },
    secret: (message) => prompt({ type: 'password', message, mask: true }),
  };
}

type Question = {
  readonly message: string;
  readonly default?: string;
  readonly validate?: (text: string) => true | string;
} & ({ readonly type: 'input' } | { readonly type: 'password'; readonly mask: true });

/** Asks on standard error: standard output is for results. */
async function prompt(question: Question): Promise<string> {
  const { default: inquirer } = await import('inquirer');
  const ask = inquirer.createPromptModule({ output: process.stderr });
  try {
    const answers = await ask<{ value: string }>([{ ...question, name: 'value' }]);
    return answers.value;
  } catch (cause) {
    throw new GovbootError('INTERRUPTED', `no answer was given to "${question.message}"`, {
      cause,
      hint: 'nothing was written; run it again',
    });
  }
}
