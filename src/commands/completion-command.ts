/** `govboot completion`, on the command line. */
import { nearest } from '../kernel/text.ts';
import { GovbootError } from '../kernel/errors.ts';
import { spec, type CommandSpec } from './command-spec.ts';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

export const COMPLETION_COMMAND: CommandSpec = spec<'completion'>({
  name: 'completion',
  args: '<shell>',
  summary: 'print the completion script for bash, zsh or fish',
  details:
    'It completes commands, options, their values, the environments of policies/parity.yaml and the intents. It reads names only, runs nothing of the repository and needs no network.',
  options: [],
  examples: [
    'govboot completion bash > ~/.local/share/bash-completion/completions/govboot',
    'govboot completion zsh > ~/.zfunc/_govboot',
    'govboot completion fish > ~/.config/fish/completions/govboot.fish',
  ],
  read: (shell = '') => ({ shell: shellOf(shell) }),
});

function shellOf(word: string): Shell {
  const shell = SHELLS.find((one) => one === word);
  if (shell !== undefined) return shell;
  const near = nearest(word, SHELLS);
  throw new GovbootError('USAGE', `there is no completion for the shell "${word}"`, {
    hint: near === undefined ? `there is one for ${SHELLS.join(', ')}` : `did you mean ${near}?`,
  });
}
