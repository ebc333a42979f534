import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runScript, words } from './script.ts';
import { parseTxtar } from './txtar.ts';

const run = (text: string) => {
  const work = mkdtempSync(join(tmpdir(), 'govboot-script-'));
  return runScript(text, work, { name: 'it' }).then(() => work);
};

test('an archive is a script and its files', () => {
  const { script, files } = parseTxtar('one\n-- a/b.txt --\nA\nA\n-- c --\n');
  expect(script).toBe('one\n');
  expect([...files]).toEqual([
    ['a/b.txt', 'A\nA\n'],
    ['c', ''],
  ]);
});

test.each([
  ['a  b', ['a', 'b']],
  ["a 'b c' ''", ['a', 'b c', '']],
  ["'it''s' x'y z'", ["it's", 'xy z']],
  ["$NAME} ${NAME}s '$NAME' $NONE.", ['ada}', 'adas', '$NAME', '.']],
  ['^a$ a|b', ['^a$', 'a|b']],
])('the words of %s', (line, expected) => {
  expect(words(line, { NAME: 'ada' })).toEqual(expected);
});

test('every verb does what it says', async () => {
  const work = await run(`
# the ways a run can end
exec sh -c 'echo out; echo err >&2'
stdout '^out$'
! stdout err
stderr ^err
! exec false
exit 3 exec sh -c 'exit 3'

# files
mkdir made/deep
cp given made/copy
cmp given made/copy
write made/note 'two  words' more
exists made/deep made/note
! exists nowhere neither
cd made
exec cat note
cmp stdout expected
cp stdout shown
cd ..

# environment and input
env NAME=ada EMPTY=
exec sh -c 'echo "$NAME-$EMPTY-$HOME"'
stdout '^ada--/'
env -NAME
exec sh -c 'echo "[$NAME]"'
stdout '\\[\\]'
stdin given
exec cat
cmp stdout given
exec cat
! stdout .
exec sh -c 'test "$PWD" = "$0"' $WORK

-- given --
given text
-- made/expected --
two  words more
`);
  expect(readFileSync(join(work, 'made/shown'), 'utf8')).toBe('two  words more\n');
});

test.each([
  ['exec false', 'it:1: exec false\nexit code 1, wanted success'],
  ['\n! exec true', 'it:2: ! exec true\nexit code 0, wanted failure'],
  ['exit 3 exec true', 'exit code 0, wanted exit code 3'],
  ['exit x exec true', 'exit wants a number'],
  ["exec echo a\nstdout 'b'", 'it is not so\nstdout: a'],
  ['exec echo a\n! stdout a', 'it is so, and must not be'],
  ['exists here not\n-- here --\n', 'it is not so'],
  ['! exists here not\n-- here --\n', 'it is so'],
  ['cmp a b\n-- a --\n1\n2\n-- b --\n1\n3\n', 'a and b differ in line 2:\n  "2"\n  "3"'],
  ['! cmp a b', 'cmp cannot be negated'],
  ['stdout', 'stdout wants something'],
  ['env name', 'name is neither'],
  ['cd nowhere', 'nowhere is not there'],
  ['dance', 'unknown verb dance'],
  ['exec no-such-command-here', 'ENOENT'],
])('%j fails, and says where and why', async (script, because) => {
  await expect(run(script)).rejects.toThrow(because);
});
