/** Every code: what it means, what is shown under it, why it matters and what to do. The messages are those that the tests expect. */
import { CODES, type Code } from '../../../src/kernel/codes.ts';
import { EXITS } from '../../../src/kernel/exit.ts';
import { INSIDE_ONLY } from '../../harness/inside-only.ts';
import { shownByCode, type Shown } from '../../harness/shown.ts';
import { fence, page, table } from './markdown.ts';

export function errorsPage(): string {
  const shown = shownByCode();
  const codes = Object.keys(CODES) as Code[];
  return page(
    'Errors',
    'src/kernel/codes.ts, with the messages that test/scripts and test/threats expect',
    'Every refusal and failure has one code. It stands at the end of the line on stderr, with the wrong value before it and what to do next after it:',
    fence(
      'text',
      'govboot: error: lower case, with the wrong value in it [CODE]\ngovboot: hint: the next thing to do',
    ),
    'What a gate finds stands below the line of the gate, with its code first. `govboot check --explain CODE` says what is said here. The numbers are in [exit-codes.md](exit-codes.md).',
    'Each message below was really shown, in the test beside it; `…` stands for what differs from run to run. The hint on the screen can be more exact than the remedy, because it knows the value.',
    table(
      ['code', 'exit', 'means'],
      codes.map((name) => [
        `[${name}](#${name.toLowerCase()})`,
        String(EXITS[CODES[name].exit].code),
        CODES[name].means,
      ]),
    ),
    '## What each means, and what to do',
    ...codes.map((code) => section(code, shown.get(code))),
  );
}

function section(code: Code, shown: Shown | undefined): string {
  const { exit, means, remedy, why } = CODES[code];
  const inside = INSIDE_ONLY[code];
  return [
    `### ${code}`,
    `${sentence(means)} **Why it matters:** ${why}.`,
    ...(shown === undefined ? [] : [example(shown)]),
    ...(inside === undefined ? [] : [`Not shown by a test of the program: ${inside}.`]),
    `**Do:** ${remedy}. **Exit:** ${String(EXITS[exit].code)} (${exit}).${shown === undefined ? '' : ` Seen in [${shown.file.replace(/^test\//, '')}](../${shown.file}).`}`,
  ].join('\n\n');
}

function example({ code, message, hint }: Shown): string {
  return fence(
    'text',
    [`${code}: ${message.replaceAll('……', '…')}`, ...(hint === '' ? [] : [`hint: ${hint}`])].join('\n'),
  );
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
