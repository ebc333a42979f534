/** `govboot check --explain CODE`: what a code means, why it matters and what to do. Needs no repository, and judges nothing. */
import { CODES, type Code } from '../kernel/codes.ts';
import { GovbootError } from '../kernel/errors.ts';
import { EXITS } from '../kernel/exit.ts';
import { clip, nearest } from '../kernel/text.ts';
import type { Emit } from '../ports.ts';

export function explain(emit: Emit, word: string): void {
  const code = codeOf(word);
  const { means, why, remedy, exit } = CODES[code];
  const docs = `docs/errors.md#${code.toLowerCase()}`;
  emit({
    type: 'result',
    command: 'check',
    value: { code, means, why, remedy, exit: { name: exit, ...EXITS[exit] }, docs },
    lines: [
      code,
      `  means:  ${means}`,
      `  why:    ${why}`,
      `  do:     ${remedy}`,
      `  exit:   ${String(EXITS[exit].code)}, ${EXITS[exit].means}`,
      `  more:   ${docs}`,
    ],
  });
}

/** @throws USAGE naming the code that was probably meant */
function codeOf(word: string): Code {
  const wanted = word.toUpperCase();
  if (isCode(wanted)) return wanted;
  const near = nearest(wanted, Object.keys(CODES));
  throw new GovbootError('USAGE', `--explain is "${clip(word, 40)}", which is no code`, {
    hint:
      near === undefined
        ? 'a code stands in capitals at a refusal, and all of them are in docs/errors.md'
        : `did you mean ${near}?`,
  });
}

function isCode(word: string): word is Code {
  return Object.hasOwn(CODES, word);
}
