/** The man pages are there, are what npm installs, and are drawn without a complaint. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { COMMANDS } from '../../src/commands/command-line.ts';
import { TOPIC_NAMES } from '../../src/commands/topics/topic.ts';
import { projectRoot, recordNotRun, whereIs } from '../harness/capabilities.ts';
import { manPages } from '../tools/docs/man-pages.ts';

const folder = join(projectRoot, 'docs', 'man');
const pages = [...manPages().keys()];

test('there is one of the program, of every command and of every topic, and none of what is gone', () => {
  expect(pages).toHaveLength(1 + COMMANDS.length + TOPIC_NAMES.length);
  expect(
    readdirSync(folder)
      .map((name) => `docs/man/${name}`)
      .sort(),
  ).toEqual(pages.toSorted());
});

test('npm installs all of them', () => {
  const about = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8')) as {
    man: string[];
    files: string[];
  };
  expect(about.man).toEqual(pages.map((path) => `./${path}`));
  expect(about.files).toContain('docs/man');
});

const groff = whereIs('groff') !== null;
if (!groff) recordNotRun('drawing the man pages', 'groff is not on PATH');

describe.skipIf(!groff)('drawn by groff', () => {
  test.each(pages)('%s', (path) => {
    const drawn = spawnSync('groff', ['-man', '-ww', '-Tutf8', '-P-cbou', path], {
      cwd: projectRoot,
      encoding: 'utf8',
    });
    expect([drawn.status, drawn.stderr]).toEqual([0, '']);
    expect(drawn.stdout).toMatch(/^NAME$/m);
    // What is typed must be what is copied from the page.
    expect(drawn.stdout).not.toMatch(/[‐−‘’“”ˆ˜]/);
    expect(drawn.stdout).not.toContain('`');
  });
});
