/**
 * `govboot completion SHELL`: a script that asks `govboot complete` what may stand next. The program is looked for on the PATH, and
 * never taken from what is typed: a key pressed in a folder of somebody else must not run what lies there.
 */
import type { CommandRun } from './command.ts';
import type { Shell } from './completion-command.ts';

const SCRIPTS: Readonly<Record<Shell, readonly string[]>> = {
  bash: [
    '# Completion of govboot for bash. Try it with: source <(govboot completion bash)',
    '_govboot() {',
    '  local word',
    '  COMPREPLY=()',
    '  while IFS= read -r word; do',
    '    COMPREPLY+=("$word")',
    '  done < <(govboot complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)',
    '}',
    '# Where nothing is known, files.',
    'complete -o default -F _govboot govboot',
  ],
  zsh: [
    '#compdef govboot',
    '# Completion of govboot for zsh. Try it with: source <(govboot completion zsh)',
    '_govboot() {',
    '  local -a found',
    '  found=(${(f)"$(govboot complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)"})',
    '  if (( ${#found} )); then compadd -- $found; else _files; fi',
    '}',
    'if [[ "${funcstack[1]}" == _govboot ]]; then _govboot "$@"; else compdef _govboot govboot; fi',
  ],
  fish: [
    '# Completion of govboot for fish. Try it with: govboot completion fish | source',
    'function __govboot_complete',
    '    set -l words (commandline -opc) (commandline -ct)',
    '    set -l found (govboot complete -- $words[2..-1] 2>/dev/null)',
    '    if test (count $found) -gt 0',
    "        printf '%s\\n' $found",
    '    else',
    '        __fish_complete_path (commandline -ct)',
    '    end',
    'end',
    "complete -c govboot -f -a '(__govboot_complete)'",
  ],
};

export const completion: CommandRun<'completion'> = async (ports, { shell }) => {
  const lines = SCRIPTS[shell];
  ports.emit({ type: 'result', command: 'completion', value: { shell, script: lines.join('\n') }, lines });
};
