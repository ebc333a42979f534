/** Questions of `init` and `intent new`, asked with inquirer where somebody is at the terminal. Never used for a confirmation. */
import { isatty } from 'node:tty';
import { GovbootError } from '../kernel/errors.ts';
import type { Wizard } from '../ports.ts';

export function makeWizard(env: NodeJS.ProcessEnv): Wizard {
  const interactive = isatty(0) && isatty(2) && (env['CI'] ?? '') === '' && env['TERM'] !== 'dumb';
  return {
    interactive,
    ask: async (question) => {
      const { default: inquirer } = await import('inquirer');
      const prompt = inquirer.createPromptModule({ output: process.stderr });
      try {
        const answers = await prompt<{ value: string }>([{
          type: 'input', name: 'value', message: question.message,
          ...(question.initial === undefined ? {} : { default: question.initial }),
          validate: (text: string) => question.problem(text.trim()) ?? true,
        }]);
        return answers.value.trim();
      } catch (cause) {
        throw new GovbootError('INTERRUPTED', `no answer was given to "${question.message}"`, { cause, hint: 'nothing was written; run it again' });
      }
    },
  };
}
