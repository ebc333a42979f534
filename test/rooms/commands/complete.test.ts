import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { candidates, type Names } from '../../../src/commands/complete.ts';
import { COMMANDS } from '../../../src/commands/command-line.ts';
import { environmentNames, intentPaths } from '../../../src/world/names.ts';
import { temporaryFolder } from '../../harness/git-fixture.ts';

const names: Names = {
  environments: (repo) => [`dev`, `of-${repo === '.' ? 'here' : repo}`],
  intents: () => ['intents/dev.yaml'],
};
const asked = (line: string): readonly string[] => candidates(line.split(' '), names);

describe('what may stand next', () => {
  it.each([
    ['ve', ['verify']],
    ['trust s', ['show', 'sign']],
    ['check ', ['dev', 'of-here']],
    ['--repo infra check of', ['of-infra']],
    ['check dev ', []],
    ['check dev --in', ['--intent']],
    ['check dev --intent ', ['intents/dev.yaml']],
    ['intent check ', ['intents/dev.yaml']],
    ['intent new dev --action s', ['supersede']],
    ['intent new dev --action=s', ['--action=supersede']],
    // As bash splits it.
    ['intent new dev --action = s', ['supersede']],
    ['backend render dev --format =', ['tf', 'hcl']],
    ['--key ', []],
    ['approve ', []],
    ['completion ', ['bash', 'zsh', 'fish']],
    ['help trust s', ['show', 'sign']],
    ['help exit', ['exit-codes']],
    ['--ver', ['--version']],
    ['no such thing ', []],
    ['check --explain SIG_B', ['SIG_BAD']],
    ['check --nothing=x', []],
  ])('%j', (line, expected) => {
    expect(asked(line)).toEqual(expected);
  });

  it('is every command at first, and every option of each', () => {
    const first = new Set(COMMANDS.map(({ name }) => name.split(' ')[0] ?? ''));
    expect(asked('')).toEqual([...first, 'help']);
    for (const { name, options } of COMMANDS)
      for (const { flags } of options) expect(asked(`${name} --`)).toContain(flags.split(' ')[0]);
  });

  it('is answered whatever was typed', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), (words) => {
        expect(Array.isArray(candidates(words, names))).toBe(true);
      }),
    );
  });
});

describe('names of a repository', () => {
  const policy = (text: string): readonly string[] => {
    const root = temporaryFolder();
    mkdirSync(join(root, 'policies'));
    writeFileSync(join(root, 'policies', 'parity.yaml'), text);
    return environmentNames(root);
  };

  it.each([
    [
      'as init writes them',
      'a: 1\nenvironments:\n  dev:\n    account: "1"\n    tags:\n      x: y\n  prod:\n    a: b\nnaming:\n  bucket: x\n',
      ['dev', 'prod'],
    ],
    [
      'with comments, quotes and another indent',
      'environments: # all\n\n    # one\n    "dev": {}\n# two\n    prod: {}\n',
      ['dev', 'prod'],
    ],
    [
      'that are none',
      'environments:\n  $(x): 1\n  Dev: 1\n  "a b": 1\n  -x: 1\n  dev\u001b: 1\n  dev: 1\n',
      ['dev'],
    ],
    ['nowhere', 'organisation: x\n', []],
    ['nothing', '', []],
  ])('%s', (_how, text, expected) => {
    expect(policy(text)).toEqual(expected);
  });

  it('are looked for in plain files of a fair size only', () => {
    const root = temporaryFolder();
    expect([environmentNames(root), intentPaths(root)]).toEqual([[], []]);
    mkdirSync(join(root, 'policies'));
    writeFileSync(join(root, 'elsewhere'), 'environments:\n  dev: 1\n');
    symlinkSync(join(root, 'elsewhere'), join(root, 'policies', 'parity.yaml'));
    expect(environmentNames(root)).toEqual([]);
    expect(policy(`environments:\n  dev: 1\n${'#'.repeat(262_144)}`)).toEqual([]);
  });

  it('of intents are those that need no quoting', () => {
    const root = temporaryFolder();
    mkdirSync(join(root, 'intents'));
    for (const name of ['dev.yaml', 'b.yml', 'dev.yaml.asc', 'a b.yaml', '$(x).yaml', '-x.yaml', 'x\n.yaml'])
      writeFileSync(join(root, 'intents', name), '');
    expect(intentPaths(root)).toEqual(['intents/b.yml', 'intents/dev.yaml']);
  });
});
