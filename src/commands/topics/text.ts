/** A topic as text for a terminal, in the shape of a man page. */
import type { Block, Topic } from './topic.ts';

/** Breaks a text at blanks into lines of at most so many columns. */
export type Wrap = (text: string, columns: number) => string;

const MARGIN = 7;
/** Further in, for what is said of a term. */
const HANG = 4;

/** @param columns of the terminal; lines of code are never broken */
export function topicText(topic: Topic, columns: number, wrap: Wrap): string {
  const indented = (text: string, by: number): string =>
    wrap(text, columns - by)
      .split('\n')
      .map((line) => ' '.repeat(by) + line)
      .join('\n');
  const block = (one: Block): string => {
    switch (one.is) {
      case 'text':
        return indented(one.text, MARGIN);
      case 'list':
        return one.items
          .map(([term, text]) => `${indented(term, MARGIN)}\n${indented(text, MARGIN + HANG)}`)
          .join('\n');
      case 'code':
        return one.lines.map((line) => ' '.repeat(MARGIN + HANG) + line).join('\n');
    }
  };
  const sections = topic.sections.map(
    ({ heading, blocks }) => `${heading}\n${blocks.map(block).join('\n\n')}`,
  );
  return [
    `NAME\n${indented(`${topic.name} - ${topic.title}`, MARGIN)}`,
    ...sections,
    `SEE ALSO\n${indented(topic.seeAlso.join(', '), MARGIN)}`,
  ]
    .map((text) => `${text}\n`)
    .join('\n');
}
