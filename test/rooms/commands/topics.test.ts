import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../../../src/commands/command-line.ts';
import { TOPICS } from '../../../src/commands/topics/all.ts';
import { topicText } from '../../../src/commands/topics/text.ts';
import { TOPIC_NAMES } from '../../../src/commands/topics/topic.ts';
import { CODES } from '../../../src/kernel/codes.ts';
import { CHECKS } from '../../../src/gates/verdict.ts';
import { EXITS } from '../../../src/kernel/exit.ts';

const wrap = (text: string, columns: number): string =>
  text.split(' ').reduce((all, word) => {
    const line = all.slice(all.lastIndexOf('\n') + 1);
    return line.length + word.length + 1 > columns
      ? `${all}\n${word}`
      : `${all}${all === '' ? '' : ' '}${word}`;
  }, '');
const textOf = (name: (typeof TOPIC_NAMES)[number], columns = 80): string =>
  topicText(TOPICS[name], columns, wrap);

describe.each(TOPIC_NAMES)('the topic %s', (name) => {
  const topic = TOPICS[name];

  it('has the parts of a good man page, in order', () => {
    const headings = [...textOf(name).matchAll(/^[A-Z][A-Z -]*$/gm)].map(([heading]) => heading);
    expect(headings[0]).toBe('NAME');
    expect(headings[1]).toBe('DESCRIPTION');
    expect(headings.at(-1)).toBe('SEE ALSO');
    expect(headings).toContain('EXAMPLES');
    expect(topic.name).toBe(name);
  });

  it('is no wider than 80 columns, and of plain characters', () => {
    expect(textOf(name)).toMatch(/^[\n -~]+$/);
    expect(
      textOf(name)
        .split('\n')
        .filter((line) => line.length > 80),
    ).toEqual([]);
    const code = topic.sections
      .flatMap(({ blocks }) => blocks)
      .flatMap((block) => (block.is === 'code' ? block.lines : []));
    expect(code.filter((line) => line.length > 69)).toEqual([]);
  });

  it('names only commands, options, codes and topics that exist', () => {
    const text = textOf(name, 10_000);
    const code = topic.sections
      .flatMap(({ blocks }) => blocks)
      .flatMap((block) => (block.is === 'code' ? block.lines : []));
    const typed = [...code, ...[...text.matchAll(/`([^`]+)`/g)].map(([, words]) => words ?? '')].join('\n');
    const commands = typed.matchAll(
      /\bgovboot ((?!help)[a-z]+(?: (?:pin|show|sign|next|update|new|check|render|push|pull|status|stamp|statement|attach))?)\b(.*)/g,
    );
    for (const [, command = '', rest = ''] of commands) {
      const one = COMMANDS.find((spec) => spec.name === command);
      expect([command, one === undefined]).toEqual([command, false]);
      const known = [
        '--key',
        '--json',
        '--help',
        ...(one?.options ?? []).map(({ flags }) => flags.split(' ')[0]),
      ];
      expect(
        [...rest.matchAll(/\s(--[a-z-]+)/g)].map(([, flag]) => flag).filter((flag) => !known.includes(flag)),
      ).toEqual([]);
    }
    for (const [, subject = ''] of text.matchAll(/govboot help ([a-z-]+)/g))
      expect(TOPIC_NAMES).toContain(subject);
    for (const [code] of text.matchAll(/\b[A-Z]{2,}_[A-Z_]+\b/g))
      expect([
        code,
        Object.hasOwn(CODES, code) || ['GATE_FAIL', 'APPLY_STARTED', 'XDG_CONFIG_HOME'].includes(code),
      ]).toEqual([code, true]);
  });
});

describe('what the topics say', () => {
  it('of gates is every gate and every check', () => {
    const text = textOf('gates', 10_000);
    for (const [gate, checks] of Object.entries(CHECKS)) {
      expect(text).toContain(`\n       ${gate}\n`);
      expect(text).toContain(`It checks: ${checks.join(', ')}.`);
    }
  });

  it('of exit codes is every one, with every code that ends so', () => {
    const text = textOf('exit-codes', 10_000);
    for (const { code, means } of Object.values(EXITS))
      expect(text).toContain(`\n       ${String(code)}\n           ${means}.`);
    for (const code of Object.keys(CODES)) expect(text).toMatch(new RegExp(`\\b${code}\\b`));
  });

  it('of break-glass is that it is dormant', () => {
    expect(textOf('break-glass', 10_000)).toMatch(/no command of govboot opens it/);
  });
});
