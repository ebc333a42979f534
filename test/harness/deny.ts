/**
 * What must hold of every refusal: a code, the wrong value and a hint; nothing made in the cloud; nothing changed in the repository but
 * one entry in the ledger, where there is a ledger and the command was one that acts; and nothing on the screen that moves a cursor.
 */
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join, relative } from 'node:path';
import { isSafe } from '../../src/kernel/text.ts';
import type { CliResult } from './cli.ts';

/** Everything that a refused run could have changed: path → digest. */
export interface Seen {
  /** The newest state of each rehearsal cloud. */
  readonly cloud: ReadonlyMap<string, string>;
  readonly ledger: ReadonlyMap<string, string>;
  /** The repository without .git and without what the evidence of a refusal may change. */
  readonly files: ReadonlyMap<string, string>;
}

/** @param root the governed repository; @param state XDG_STATE_HOME */
export function look(root: string, state: string): Seen {
  const all = digests(root, (path) => path === '.git');
  const isLedger = (path: string): boolean => /^evidence\/.*\/ledger\/[0-9]{8}\.json$/.test(path);
  return {
    cloud: newest(digests(join(state, 'govboot', 'rehearsal'), () => false)),
    ledger: new Map([...all].filter(([path]) => isLedger(path))),
    files: new Map([...all].filter(([path]) => !path.startsWith('evidence/'))),
  };
}

/** What is wrong with a refusal; nothing when all of it holds. */
export function problemsOf(
  run: CliResult,
  wanted: { readonly code: string; readonly wrong: RegExp; readonly records: 'an entry' | 'nothing' },
  before: Seen,
  after: Seen,
  root: string,
): readonly string[] {
  const plain = run.stderr.replaceAll(/\s+/g, ' ');
  const said = `${run.stdout}${run.stderr}`;
  const added = [...after.ledger.keys()].filter((path) => !before.ledger.has(path));
  const expected = wanted.records === 'an entry' && before.ledger.size > 0 ? 1 : 0;
  return [
    ...unless(run.signal === null, `it was ended by ${String(run.signal)}`),
    ...unless(run.code !== 0, 'it was not refused'),
    ...unless(run.code !== 70 && run.code !== 1, `exit code ${String(run.code)} is a crash, not a refusal`),
    ...unless(plain.includes(wanted.code), `stderr does not hold the code ${wanted.code}`),
    ...unless(wanted.wrong.test(plain), `stderr does not tell the wrong value: ${String(wanted.wrong)}`),
    ...unless(/hint: /.test(plain), 'stderr does not say what to do next'),
    ...unless(!/\n\s+at \S+ \(/.test(said), 'a stack trace is shown'),
    ...said
      .split('\n')
      .filter((line) => !isSafe(line))
      .map((line) => `a line was printed raw: ${JSON.stringify(line)}`),
    ...changed('the cloud', before.cloud, after.cloud),
    ...changed('the repository', before.files, after.files),
    ...changed('the ledger', before.ledger, new Map([...after.ledger].filter(([p]) => before.ledger.has(p)))),
    ...unless(
      added.length === expected,
      `${String(added.length)} ledger entries were added, not ${String(expected)}`,
    ),
    ...added.flatMap((path) => entryProblems(join(root, path), wanted.code)),
  ];
}

const REFUSALS = ['GATE_FAIL', 'PLAN_REFUSED', 'DECLINED'];

function entryProblems(path: string, code: string): readonly string[] {
  const text = readFileSync(path, 'utf8');
  const { type } = JSON.parse(text) as { type: string };
  return [
    ...unless(REFUSALS.includes(type), `the entry is ${type}, not a refusal`),
    ...unless(text.includes(`"${code}"`), `the entry does not hold ${code}: ${text}`),
  ];
}

function changed(
  what: string,
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): readonly string[] {
  const paths = new Set([...before.keys(), ...after.keys()]);
  return [...paths]
    .filter((path) => before.get(path) !== after.get(path))
    .map((path) => `${what} changed: ${path}`);
}

function unless(holds: boolean, because: string): readonly string[] {
  return holds ? [] : [because];
}

/** `dev.json.00000007` is the seventh state of a rehearsal cloud: only the newest of each is its state. */
function newest(files: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const states = new Map<string, string>();
  for (const path of [...files.keys()].sort()) {
    const base = /^(.*)\.[0-9]{8}$/.exec(path)?.[1];
    if (base !== undefined) states.set(base, files.get(path) ?? '');
  }
  return states;
}

function digests(root: string, skip: (path: string) => boolean): Map<string, string> {
  const found = new Map<string, string>();
  const walk = (folder: string): void => {
    for (const name of readdirSync(folder)) {
      const path = join(folder, name);
      const at = relative(root, path);
      if (skip(at)) continue;
      const stats = lstatSync(path);
      if (stats.isDirectory()) walk(path);
      else if (stats.isSymbolicLink()) found.set(at, `link to ${readlinkSync(path)}`);
      else if (stats.isFile()) found.set(at, createHash('sha256').update(readFileSync(path)).digest('hex'));
      else found.set(at, 'no plain file');
    }
  };
  if (existsSync(root)) walk(root);
  return found;
}
