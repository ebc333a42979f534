/** The documents keep what they promise: links lead somewhere, codes and commands exist, generated pages are what the code says. */
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
  mkdirSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { COMMANDS } from '../../src/commands/command-line.ts';
import { CHECKS } from '../../src/gates/verdict.ts';
import { entrySchema } from '../../src/inputs/evidence-documents.ts';
import { CODES } from '../../src/kernel/codes.ts';
import { EXITS } from '../../src/kernel/exit.ts';
import { documents, ROOT, stale, type Documents } from '../tools/generate-docs.ts';
import { between } from '../tools/docs/markdown.ts';

const SKIPPED = new Set(['node_modules', 'dist', 'coverage', '.git', '.venv']);

function markdownFiles(folder = ROOT): readonly string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return SKIPPED.has(entry.name) ? [] : markdownFiles(path);
    return entry.name.endsWith('.md') ? [path] : [];
  });
}

const pages = markdownFiles().map((path) => ({
  path,
  name: relative(ROOT, path),
  text: readFileSync(path, 'utf8'),
}));
const page = (name: string): string => pages.find((one) => one.name === name)?.text ?? '';

/** Prose without blocks of code, where brackets and capitals mean other things. */
const prose = (text: string): string => text.replaceAll(/^```[^]*?^```/gm, '');

/** The name of a heading in a link, as GitHub makes it. */
function anchorOf(heading: string): string {
  return heading
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
}

function linksOf(text: string): readonly string[] {
  return [...prose(text).matchAll(/!?\[[^\]]*\]\(([^)\s]+)\)/g)].flatMap(([, target]) => target ?? []);
}

describe('links', () => {
  it('are looked for', () => {
    expect(pages.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'docs/formats.md']),
    );
    expect(pages.flatMap(({ text }) => linksOf(text)).length).toBeGreaterThan(100);
  });

  it.each(pages)('of $name lead to files and headings that are there', ({ path, text }) => {
    const broken = linksOf(text).filter((link) => {
      if (/^[a-z]+:/.test(link)) return false;
      const [file = '', anchor] = link.split('#');
      const target = file === '' ? path : resolve(dirname(path), file);
      if (!existsSync(target)) return true;
      if (anchor === undefined) return false;
      const headings = [...prose(readFileSync(target, 'utf8')).matchAll(/^#+ (.*)$/gm)];
      return !headings.some(([, heading]) => anchorOf(heading ?? '') === anchor);
    });
    expect(broken).toEqual([]);
  });
});

describe('words of the code', () => {
  /** Capitals that stand in back-ticks and are no error code. */
  const OTHERS: ReadonlySet<string> = new Set<string>([
    ...entrySchema.options.map((option) => option.shape.type.value),
    ...['CHECKS', 'CALLS', 'NEEDS', 'AWS_TABLE', 'AWS_PROFILE', 'SHA256SUMS', 'NODE_OPTIONS', 'LD_PRELOAD'],
    ...[
      'AWS_ENDPOINT_URL',
      'AWS_PROFILE',
      'VALID_AT_SIGNING',
      'LIVE',
      'REHEARSAL',
      'APPLIED',
      'APPLY',
      'ROOT',
      'ALICE',
      'BOB',
    ],
  ]);

  it.each(pages.filter(({ name }) => !name.startsWith('docs/rehearsal-cloud')))(
    'that $name quotes as error codes exist',
    ({ text }) => {
      const quoted = [...prose(text).matchAll(/`([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)`/g)].flatMap(
        ([, word]) => word ?? [],
      );
      expect(quoted.filter((word) => !Object.hasOwn(CODES, word) && !OTHERS.has(word))).toEqual([]);
    },
  );

  it('has every exit code in README.md, with its meaning, in order', () => {
    const rows = [...page('README.md').matchAll(/^\| (\d+) \| (.+) \|$/gm)].map(([, code, means]) => ({
      code: Number(code),
      means,
    }));
    expect(rows).toEqual([...Object.values(EXITS)].sort((a, b) => a.code - b.code));
  });

  it('names only npm commands that package.json has', () => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    // npm's own.
    const known = [...Object.keys(scripts), 'ci', 'link', 'pack', 'install', 'audit'];
    const used = pages.flatMap(({ name, text }) =>
      [...text.matchAll(/(?:^|[`&] ?)npm (?:run )?([a-z]+)/gm)].map(([, script]) => ({
        name,
        script: script ?? '',
      })),
    );
    expect(used.map(({ script }) => script)).toEqual(expect.arrayContaining(['ci', 'demo', 'test', 'docs']));
    expect(used.filter(({ script }) => !known.includes(script))).toEqual([]);
  });

  it('names in README.md only govboot commands and options that exist', () => {
    const blocks = [...page('README.md').matchAll(/^```sh\n([^]*?)^```/gm)].map(([, block]) => block ?? '');
    const lines = blocks
      .join('')
      .replaceAll('\\\n', ' ')
      .split('\n')
      .map((line) => line.replace(/\s#.*$/, ''))
      .filter((line) => line.startsWith('govboot '));
    expect(lines.length).toBeGreaterThan(8);
    const wrong = lines.filter((line) => {
      const command = COMMANDS.find(({ name }) => `${line} `.startsWith(`govboot ${name} `));
      if (command === undefined) return true;
      const known = ['--key', ...command.options.map(({ flags }) => flags.split(' ')[0])];
      return [...line.matchAll(/\s(--[a-z-]+)/g)].some(([, flag]) => !known.includes(flag));
    });
    expect(wrong).toEqual([]);
  });

  it('has every check of every gate in docs/trust.md, and no other', () => {
    const sections = page('docs/trust.md')
      .split(/^### \d\. /gm)
      .slice(1);
    const told = sections.map((section) => {
      const [gate = ''] = section.split(':');
      const table = section.split(/^## /m)[0] ?? '';
      const rows = [...table.matchAll(/^\| ([a-z., ]+) \| /gm)].flatMap(([, cell]) => cell ?? []);
      return [gate, rows.filter((cell) => cell !== 'check').flatMap((cell) => cell.split(', '))] as const;
    });
    const sorted = (of: Iterable<readonly [string, readonly string[]]>): unknown =>
      [...of].map(([gate, checks]) => [gate, [...checks].sort()]);
    expect(sorted(told)).toEqual(sorted(Object.entries(CHECKS)));
  });

  it('has every type of ledger entry in docs/formats.md', () => {
    const types = entrySchema.options.map((option) => option.shape.type.value);
    expect(types.filter((type) => !page('docs/formats.md').includes(`| \`${type}\` |`))).toEqual([]);
  });
});

describe('generated documents', () => {
  const folder = mkdtempSync(join(tmpdir(), 'govboot-docs-'));
  let made: Documents;
  beforeAll(async () => {
    made = await documents();
  }, 60_000);
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  it('are current; `npm run docs` mends it', () => {
    expect(stale(made)).toEqual([]);
  });

  it('are the same when they are made again, with LF and one at the end', async () => {
    expect(await documents()).toEqual(made);
    for (const text of made.values()) {
      expect(text).not.toContain('\r');
      expect(text).toMatch(/[^\n]\n$/);
    }
  });

  it('have a line for every code, and say so when one is missing or altered', () => {
    const codes = made.get('docs/errors.md') ?? '';
    for (const code of Object.keys(CODES)) expect(codes).toContain(`\n### ${code}\n`);
    mkdirSync(join(folder, 'docs'));
    const two: Documents = new Map([
      ['docs/errors.md', codes],
      ['docs/exit-codes.md', made.get('docs/exit-codes.md') ?? ''],
    ]);
    writeFileSync(join(folder, 'docs', 'errors.md'), codes.replace('.', ','));
    expect(stale(two, folder)).toEqual(['docs/errors.md', 'docs/exit-codes.md']);
    for (const [path, text] of two) writeFileSync(join(folder, path), text);
    expect(stale(two, folder)).toEqual([]);
  });

  it('ask for nothing in IAM that deletes, and for no wildcard in an action', () => {
    const [, policy = '{}'] = /```json\n([^]*?)```/.exec(made.get('docs/permissions.md') ?? '') ?? [];
    const { Statement } = JSON.parse(policy) as { Statement: { Action: string[]; Resource: unknown }[] };
    const actions = Statement.flatMap(({ Action }) => Action);
    expect(actions).toEqual(expect.arrayContaining(['s3:CreateBucket', 's3:GetEncryptionConfiguration']));
    expect(actions.filter((action) => /Delete|Remove|Detach|Untag|Disable|\*/.test(action))).toEqual([]);
    expect(Statement.filter(({ Action }) => Action.length === 0)).toEqual([]);
  });

  it('refuse a README without the marks of its block', () => {
    expect(() => between('no marks', 'exit codes', 'x')).toThrow(/must stand there once each/);
    const marks =
      '<!-- generated: a, from the code by `npm run docs` -->\nold\n<!-- end of a -->\nafter <!-- end of b -->';
    expect(between(marks, 'a', 'new')).toBe(marks.replace('old', 'new'));
    expect(() => between(`${marks}${marks}`, 'a', 'new')).toThrow(/must stand there once each/);
  });
});
