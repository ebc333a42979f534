/**
 * What the program says under each code, word for word as the tests expect it:
 *
 *     shows CODE 'message' 'hint'        in a script, of the last run; without a hint where none is shown
 *     shown('CODE', 'message', 'hint')   in TypeScript
 *
 * docs/errors.md is made of these lines, so what it shows was seen in a test. `…` stands for a word that differs from run to run (a
 * digest, a path, an instant), `……` for several.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CODES, type Code } from '../../src/kernel/codes.ts';
import { projectRoot } from './capabilities.ts';

export interface Shown {
  readonly code: Code;
  readonly message: string;
  /** '' where none is shown. */
  readonly hint: string;
  /** Path of the test, from the root of the project. */
  readonly file: string;
}

/** Matches what was printed, each run of white space made one space: as the error of a run, or as a finding of a gate or plan. */
export function shown(code: string, message: string, hint = ''): RegExp {
  const [text, next] = [message, hint].map((part) =>
    part
      .replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
      .replaceAll('……', '.+?')
      .replaceAll('…', '\\S+'),
  );
  const error = `error: ${text ?? ''} \\[${code}\\]${hint === '' ? '' : ` govboot: hint: ${next ?? ''}(?: |$)`}`;
  // After a row of a plan comes what was found, or the sign of the next row.
  const end = hint === '' ? '(?: found: | hint: | [-+~=!^?✓✗] |$)' : ` hint: ${next ?? ''}(?: |$)`;
  const finding = `${code}: ${text ?? ''}${end}`;
  return new RegExp(`${error}|${finding}`);
}

const IN_SCRIPT = /^shows (\w+) '((?:[^']|'')+)'(?: '((?:[^']|'')+)')?$/gm;
const IN_CODE = /\bshown\(\s*'(\w+)',\s*(['"`])((?:(?!\2).)+)\2(?:,\s*(['"`])((?:(?!\4).)+)\4)?,?\s*\)/gs;

/** Every such line of the tests, in the order of the files. @throws when one names no code */
export function shownLines(): readonly Shown[] {
  return ['test/scripts', 'test/threats', 'test/e2e'].flatMap((folder) =>
    readdirSync(join(projectRoot, folder))
      .sort()
      .flatMap((name) => linesOf(`${folder}/${name}`)),
  );
}

function linesOf(file: string): readonly Shown[] {
  const text = readFileSync(join(projectRoot, file), 'utf8');
  const found = file.endsWith('.txt')
    ? [...text.matchAll(IN_SCRIPT)].map(([, code, message, hint]) => ({
        code,
        message: message?.replaceAll("''", "'"),
        hint: hint?.replaceAll("''", "'"),
      }))
    : [...text.matchAll(IN_CODE)].map(([, code, , message, , hint]) => ({ code, message, hint }));
  return found.map(({ code = '', message = '', hint = '' }) => {
    if (!Object.hasOwn(CODES, code)) throw new Error(`${file} shows ${code}, which is no code`);
    return { code: code as Code, message, hint, file };
  });
}

/** The first of each code: what the document shows. */
export function shownByCode(): ReadonlyMap<Code, Shown> {
  return new Map(
    shownLines()
      .toReversed()
      .map((line) => [line.code, line]),
  );
}
