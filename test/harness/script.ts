/**
 * Runs the golden scripts of test/scripts: what a user types, and what they then see.
 *
 *     # a tag without a signature is refused, and nothing is written
 *     exit 3 govboot check --tag v1
 *     stderr 'hint: '
 *     ! exists evidence/
 *
 *     -- govboot.yaml --
 *     version: 1
 *
 * govboot ARGS, exec COMMAND ARGS   must succeed; with `!` must fail; with `exit N` must end with code N
 * stdout RE, stderr RE              what the last run printed must match (multi-line); with `!` must not
 * shows CODE MESSAGE HINT           the last run showed this code with exactly these words; see shown.ts
 * cmp A B                           two files are the same; `stdout` and `stderr` stand for the last run's
 * exists PATH...                    each is there; with `!` none is
 * env NAME=VALUE                    for the runs that follow; `NAME=` sets it empty, `-NAME` takes it away
 * stdin FILE                        what the next run reads
 * cd DIR, mkdir DIR..., cp FROM TO, write FILE TEXT...
 *
 * A script whose first line is `# with: governed` runs in a governed repository of acme (see governed-repo.ts), with the keys of
 * its people in ../keys; `# with: applied` in one whose dev was bootstrapped in a rehearsal; `# with: superseding` in one where,
 * besides, intents/two.yaml is signed and would change it: every gate passes, and a script that breaks one thing shows what that does.
 * It may also use:
 *
 * git ARGS                          git in the repository
 * tag NAME PERSON                   tags HEAD, signed by a person
 * replace FILE OLD NEW              replaces the first OLD in a file
 * play ARGS                         `govboot ARGS` with a person who confirms, at a terminal; `exit N play ARGS`
 * deny CODE RE ARGS...              `govboot ARGS` must be refused with that code, must tell the wrong value, and must do nothing but
 *                                   put the refusal into the ledger, where there is one and the command is apply (see deny.ts)
 * deny-unrecorded CODE RE ARGS...   the same, where the ledger cannot take it
 * forge NAME ARGS...                one of the forgeries in forges/
 * $ROOT $ALICE $BOB $STRANGER       fingerprints; $KEYS/alice.key is a key file; $PATH is that of this machine
 *
 * A line whose first word is not in this list is an error. Words are split at blanks; 'single quotes' keep
 * blanks and everything else, '' in them is a quote; $NAME and ${NAME} outside them are replaced. $WORK is
 * the script's own directory.
 */
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import process from 'node:process';
import { govbootPath, runCommand, type CliResult } from './cli.ts';
import { look, problemsOf } from './deny.ts';
import { forgeOf } from './forge.ts';
import { gitRepoAt, writeSignedTag } from './git-fixture.ts';
import { govern, type Fixture } from './script-fixture.ts';
import { shown } from './shown.ts';
import { playApply } from './operator.ts';
import { parseTxtar } from './txtar.ts';

type State = {
  readonly work: string;
  cwd: string;
  env: Record<string, string | undefined>;
  input: string;
  last: CliResult | undefined;
  /** The governed repository, where the script asked for one. */
  readonly governed: Fixture | null;
};

/** What a line asked for was not so. */
class Mismatch extends Error {}

function check(ok: boolean, because: string): void {
  if (!ok) throw new Mismatch(because);
}

/** Splits a line into words, as said above. */
export function words(line: string, env: Readonly<Record<string, string | undefined>> = {}): string[] {
  const found: string[] = [];
  let word: string | undefined;
  const parts = /'((?:[^']|'')*)'|\$\{(\w+)\}|\$(\w+)|(\s+)|(.)/g;
  for (const [, quoted, braced, bare, blank, plain] of line.matchAll(parts)) {
    if (blank === undefined) {
      const name = braced ?? bare;
      const value = name === undefined ? plain : env[name];
      word = (word ?? '') + (quoted?.replaceAll("''", "'") ?? value ?? '');
    } else if (word !== undefined) {
      found.push(word);
      word = undefined;
    }
  }
  if (word !== undefined) found.push(word);
  return found;
}

/** The text of a file, or of the last run's output. */
function content(state: State, name: string): string {
  if (name === 'stdout' || name === 'stderr') return state.last?.[name] ?? '';
  return readFileSync(resolve(state.cwd, name), 'utf8');
}

function sameText(a: string, b: string, names: readonly string[]): void {
  if (a === b) return;
  const left = a.split('\n');
  const right = b.split('\n');
  const at = left.findIndex((line, i) => line !== right[i]);
  const first = at === -1 ? left.length : at;
  const show = (line: string | undefined) => (line === undefined ? '(no such line)' : JSON.stringify(line));
  throw new Mismatch(
    `${names.join(' and ')} differ in line ${first + 1}:\n  ${show(left[first])}\n  ${show(right[first])}`,
  );
}

/** How a run must end: 'ok', 'not ok', or with one exit code. */
type Ending = 'ok' | 'not ok' | number;

async function run(state: State, command: string, args: readonly string[], ending: Ending): Promise<void> {
  const { cwd, env, input } = state;
  state.input = '';
  state.last = await runCommand(command, args, { cwd, env, input });
  const { code, signal } = state.last;
  const ended = signal === null ? `exit code ${code}` : `signal ${signal}`;
  if (ending === 'ok') check(code === 0, `${ended}, wanted success`);
  else if (ending === 'not ok') check(code !== null && code !== 0, `${ended}, wanted failure`);
  else check(code === ending, `${ended}, wanted exit code ${ending}`);
}

function setEnv(state: State, assignment: string): void {
  const [, taken, name, value] = /^(?:-(\w+)|(\w+)=(.*))$/s.exec(assignment) ?? [];
  if (taken !== undefined) state.env[taken] = undefined;
  else if (name !== undefined) state.env[name] = value;
  else throw new Mismatch(`${assignment} is neither NAME=VALUE nor -NAME`);
}

/** A verb that looks, and may be negated: it says whether what it looks for is so. */
const looks: Record<string, (state: State, args: readonly string[]) => boolean | readonly boolean[]> = {
  stdout: (state, [re = '']) => new RegExp(re, 'm').test(content(state, 'stdout')),
  stderr: (state, [re = '']) => new RegExp(re, 'm').test(content(state, 'stderr')),
  shows: (state, [code = '', message = '', hint]) =>
    shown(code, message, hint).test(
      `${content(state, 'stderr')} ${content(state, 'stdout')}`.replaceAll(/\s+/g, ' '),
    ),
  exists: (state, paths) => paths.map((path) => existsSync(resolve(state.cwd, path))),
};

/** A verb that acts, and cannot be negated. */
const acts: Record<string, (state: State, args: readonly string[]) => void> = {
  cmp: (state, [a = '', b = '']) => sameText(content(state, a), content(state, b), [a, b]),
  env: (state, assignments) => assignments.forEach((assignment) => setEnv(state, assignment)),
  stdin: (state, [file = '']) => void (state.input = content(state, file)),
  cd: (state, [dir = '']) => {
    const target = resolve(state.cwd, dir);
    check(existsSync(target), `${dir} is not there`);
    state.cwd = target;
  },
  mkdir: (state, dirs) => dirs.forEach((dir) => mkdirSync(resolve(state.cwd, dir), { recursive: true })),
  cp: (state, [from = '', to = '']) => {
    if (from === 'stdout' || from === 'stderr') put(resolve(state.cwd, to), content(state, from));
    else copyFileSync(resolve(state.cwd, from), resolve(state.cwd, to));
  },
  write: (state, [file = '', ...text]) => put(resolve(state.cwd, file), `${text.join(' ')}\n`),
  replace: (state, [file = '', from = '', to = '']) => {
    const text = content(state, file);
    check(text.includes(from), `${file} does not hold ${from}`);
    put(
      resolve(state.cwd, file),
      text.replace(from, () => to),
    );
  },
  git: (state, args) => void gitRepoAt(state.cwd).git(args),
};

/** Tags HEAD as `git tag -s` would, with a person's key. */
async function tag(state: State, [name = '', person = '']: readonly string[]): Promise<void> {
  const key = state.governed?.keys[person as keyof Fixture['keys']];
  if (key === undefined)
    throw new Mismatch(`tag wants a name and a person of a governed repository, not ${person}`);
  await writeSignedTag(gitRepoAt(state.cwd), {
    name,
    message: `Release ${name}`,
    sign: (payload) => key.sign(payload),
  });
}

/** Runs govboot, which must refuse; see deny.ts for all that this means. */
async function deny(
  state: State,
  [code = '', wrong = '', ...args]: readonly string[],
  isRecorded: boolean,
): Promise<void> {
  const root = state.governed?.root ?? state.work;
  const stateHome = state.env['XDG_STATE_HOME'] ?? join(state.work, 'home', '.state');
  const before = look(root, stateHome);
  await run(state, process.execPath, [govbootPath, ...args], 'not ok');
  const records = isRecorded && args.includes('apply') ? 'an entry' : 'nothing';
  const wanted = { code, wrong: new RegExp(wrong), records } as const;
  if (state.last === undefined) return;
  const problems = problemsOf(state.last, wanted, before, look(root, stateHome), root);
  check(problems.length === 0, problems.join('\n'));
}

async function forge(state: State, [name = '', ...args]: readonly string[]): Promise<void> {
  const made = forgeOf(name);
  if (made === undefined) throw new Mismatch(`there is no forge ${name}`);
  if (state.governed === null) throw new Mismatch('forge wants a governed repository');
  const { cwd, work, env, governed } = state;
  await made({ cwd, work, env, governed }, args);
}

/** Plays the operator at a pseudo-terminal; what was on the screen is stdout of the run. */
async function play(state: State, args: readonly string[], ending: Ending): Promise<void> {
  const played = await playApply(args, { cwd: state.cwd, env: state.env, rows: 60 });
  state.last = { code: played.code, signal: null, stdout: played.screen.replaceAll('\r', ''), stderr: '' };
  if (ending === 'not ok') check(played.code !== 0, 'exit code 0, wanted failure');
  else check(played.code === (ending === 'ok' ? 0 : ending), `exit code ${played.code}, wanted ${ending}`);
}

function put(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

async function runLine(state: State, line: string): Promise<void> {
  const [first = '', ...tail] = words(line, { PATH: process.env['PATH'], ...state.env, WORK: state.work });
  const negated = first === '!';
  const code = first === 'exit' ? Number(tail[0]) : undefined;
  const [verb = '', ...args] = negated ? tail : code === undefined ? [first, ...tail] : tail.slice(1);
  const ending = code ?? (negated ? 'not ok' : 'ok');
  if (Number.isNaN(code)) throw new Mismatch('exit wants a number and then a run');
  if (verb === 'govboot') return run(state, process.execPath, [govbootPath, ...args], ending);
  if (verb === 'exec') return run(state, args[0] ?? '', args.slice(1), ending);
  if (verb === 'play') return play(state, args, ending);
  if (verb === 'tag') return tag(state, args);
  if (verb === 'deny') return deny(state, args, true);
  if (verb === 'deny-unrecorded') return deny(state, args, false);
  if (verb === 'forge') return forge(state, args);
  const looksFor = looks[verb];
  const act = acts[verb];
  if (looksFor !== undefined && code === undefined) {
    check(args.length > 0, `${verb} wants something to look for`);
    const answers = [looksFor(state, args)].flat();
    check(!answers.includes(negated), negated ? 'it is so, and must not be' : 'it is not so');
    return;
  }
  if (act === undefined) throw new Mismatch(`unknown verb ${verb}`);
  check(ending === 'ok', `${verb} cannot be negated or have an exit code`);
  act(state, args);
}

/** Runs one script in `work`, an empty directory. The error of a line that fails names it. */
export async function runScript(
  text: string,
  work: string,
  options: { readonly env?: Readonly<Record<string, string>>; readonly name?: string } = {},
): Promise<void> {
  const { script, files } = parseTxtar(text);
  const governed = await govern(script, work);
  const state: State = {
    work,
    cwd: governed?.root ?? work,
    env: { ...options.env, ...governed?.env },
    input: '',
    last: undefined,
    governed,
  };
  for (const [name, body] of files) put(join(state.cwd, name), body);
  for (const [index, raw] of script.split('\n').entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    try {
      await runLine(state, line);
    } catch (error) {
      const because = error instanceof Error ? error.message : String(error);
      const seen = [`stdout: ${state.last?.stdout ?? ''}`, `stderr: ${state.last?.stderr ?? ''}`];
      const where = `${options.name ?? 'script'}:${index + 1}: ${line}`;
      throw new Error([where, because, ...seen].join('\n'), { cause: error });
    }
  }
}
