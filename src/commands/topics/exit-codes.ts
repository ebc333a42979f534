import { CODES } from '../../kernel/codes.ts';
import { EXITS, type Exit } from '../../kernel/exit.ts';
import { code, list, say, section, type Topic } from './topic.ts';

const codesOf = (exit: Exit): readonly string[] =>
  Object.entries(CODES).flatMap(([name, entry]) => (entry.exit === exit ? [name] : []));

function told(exit: Exit): string {
  const codes = codesOf(exit);
  return `${EXITS[exit].means}.${codes.length === 0 ? '' : ` Codes: ${codes.join(', ')}.`}`;
}

const inOrder = (Object.keys(EXITS) as Exit[]).sort((a, b) => EXITS[a].code - EXITS[b].code);

export const EXIT_CODES: Topic = {
  name: 'exit-codes',
  title: 'what became of a run, as one number',
  sections: [
    section(
      'DESCRIPTION',
      say(
        'The number says what became of a run, the code beside the message why. Results go to stdout, everything else to stderr. With `--json` the code is in the event of type error.',
      ),
    ),
    section('THE NUMBERS', list(...inOrder.map((exit) => [String(EXITS[exit].code), told(exit)] as const))),
    section(
      'WHAT HAPPENS',
      say(
        'With 0, 2, 3, 4 and 5 nothing was written to the cloud that had not been written before, or everything was that had to be. After 6, and after 7, 75 or 130 from an `apply` that had begun, the run stands in the ledger: `govboot apply --resume` finishes it.',
      ),
      say(
        'Whoever reads stdout and goes away (`govboot verify dev --json | head`) has what they wanted: that is no failure. 1 comes from Node itself, before govboot began. 70 stands until a run has decided, so that one which is lost never looks like success.',
      ),
    ),
    section(
      'EXAMPLES',
      code('govboot check --explain TREE_MISMATCH', 'govboot check dev || echo "refused with $?"'),
    ),
  ],
  seeAlso: ['govboot check --help', 'govboot help gates', 'docs/errors.md', 'docs/exit-codes.md'],
};
