// The page of the governed repository: what it tells people to type can be typed, and what git is told to ignore is never proof.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { makeProgram, type Invocation } from '../../../src/cli.ts';
import { ceremonyOf, fillReadme } from '../../../src/commands/init-ceremony.ts';
import type { Asked } from '../../../src/commands/init-ask.ts';
import { PRINTS } from '../../harness/facts.ts';
import { gitRepoAt, temporaryFolder, type GitRepo } from '../../harness/git-fixture.ts';
import { PROGRAM } from '../../harness/world.ts';

const template = readFileSync(join(PROGRAM, 'templates/init/README.md'), 'utf8');

const team = (more: Partial<Asked> = {}): Asked => ({
  organisation: 'acme',
  environments: [
    { name: 'dev', account: '111111111111', regions: ['eu-central-1', 'eu-west-1'] },
    { name: 'prod', account: '222222222222', regions: ['eu-central-1'] },
  ],
  locking: 'both',
  github: null,
  gitlab: null,
  storeDays: null,
  roots: [PRINTS.root, PRINTS.second],
  rootThreshold: 2,
  people: [
    { name: 'Alice | *Example*', fingerprint: PRINTS.alice, roles: ['release', 'intent', 'evidence'] },
    { name: 'Bob', fingerprint: PRINTS.bob, roles: ['approver', 'intent'] },
    { name: 'Carol', fingerprint: PRINTS.carol, roles: ['approver'] },
  ],
  approvers: 1,
  keys: new Map(),
  wasAsked: false,
  ...more,
});

/** Lines of its blocks of code. */
const commandsOf = (page: string): readonly string[] =>
  [...page.matchAll(/^```sh\n([^]*?)^```/gm)].flatMap(([, block = '']) =>
    block.split('\n').filter((line) => line !== '' && !line.startsWith('#')),
  );

/** As a shell would cut it, for the few quotes that are in it; a redirection ends it. */
const words = (line: string): readonly string[] =>
  [...line.replace(/ > .*$/, '').matchAll(/"([^"]*)"|(\S+)/g)].map(
    ([, quoted, plain]) => quoted ?? plain ?? '',
  );

async function parsed(line: string): Promise<Invocation | null> {
  let seen: Invocation | null = null;
  const out = { stdout: () => undefined, stderr: () => undefined };
  const program = makeProgram('0', async (invocation) => void (seen = invocation), out);
  await program.parseAsync(words(line).slice(1), { from: 'user' });
  return seen;
}

describe('the page of the team', () => {
  test('names their people, keys, environments and thresholds, and leaves no hole', () => {
    const page = fillReadme(template, team());
    expect(page).not.toMatch(/\{\{|undefined|null/);
    expect(page).toContain('| dev | 111111111111 | eu-central-1, eu-west-1 |');
    expect(page).toContain(`| Alice \\| \\*Example\\* | release, intent, evidence | \`${PRINTS.alice}\` |`);
    expect(page).toContain('2 root keys of 2 must sign the list of people; then Alice');
    expect(page).toContain(`govboot trust pin --root ${PRINTS.root} --root ${PRINTS.second} --threshold 2`);
    expect(page).toContain('Each intent needs 1 approval');
    expect(page).toContain(`govboot intent sign intents/dev.yaml --key ${PRINTS.bob}`);
  });

  test('of one person who does it all', () => {
    const alone = team({
      roots: [PRINTS.alice],
      rootThreshold: 1,
      approvers: 0,
      people: [{ name: 'Alice', fingerprint: PRINTS.alice, roles: ['release', 'intent', 'evidence'] }],
    });
    const page = fillReadme(template, alone);
    expect(page).toContain(`- \`${PRINTS.alice}\`, the key of Alice too`);
    expect(page).toContain('1 root key of 1 must sign');
    expect(page).toContain('Nobody else has to sign.');
    expect(ceremonyOf(alone)).toMatchObject({
      pin: `govboot trust pin --root ${PRINTS.alice}`,
      approve: [],
      signTrust: [`govboot trust sign --key ${PRINTS.alice}`],
    });
  });

  test('every command of govboot in it is one', async () => {
    const page = fillReadme(template, team());
    const lines = commandsOf(page).filter((line) => line.startsWith('govboot '));
    expect(lines.length).toBeGreaterThan(10);
    for (const line of lines) expect(await parsed(line), line).not.toBeNull();
    // In running text options are left out; that there are such commands is what counts.
    const named = [...page.replaceAll(/^```[^]*?^```/gm, '').matchAll(/`(govboot [^`]+)`/g)].map(
      ([, line = '']) => line,
    );
    expect(named.length).toBeGreaterThan(6);
    for (const line of named.filter((each) => !/--help$|CODE|^govboot \w+$/.test(each)))
      expect(await parsed(line.replace('ENVIRONMENT', 'dev')), line).not.toBeNull();
  });

  test.each([
    ['create', []],
    ['adopt', ['--action adopt', '--endpoint http://127.0.0.1:5000']],
  ])('the commands that are told next are ones, to %s', async (action, more) => {
    const { signTrust, pin, ask, sign, approve } = ceremonyOf(team(), more);
    for (const line of [...signTrust, pin, ask, sign, ...approve])
      expect(await parsed(line), line).not.toBeNull();
    expect(await parsed(ask)).toMatchObject({
      options: { environment: 'dev', action: more.length === 0 ? null : action },
    });
  });
});

describe('what git is told to ignore', () => {
  let repo: GitRepo;
  beforeAll(() => {
    repo = gitRepoAt(temporaryFolder());
    repo.git(['init', '--quiet', '--template=']);
    writeFileSync(join(repo.root, '.gitignore'), readFileSync(join(PROGRAM, 'templates/init/dot-gitignore')));
  });
  const isIgnored = (path: string): boolean => {
    mkdirSync(dirname(join(repo.root, path)), { recursive: true });
    writeFileSync(join(repo.root, path), 'x');
    return !repo.git(['ls-files', '--others', '--exclude-standard', '--', path]).includes(path);
  };

  test.each([
    ...['alice.key', 'keys/root.sec', 'secring.gpg', 'pins.json', 'plan.json', 'dev-plan.json'],
    ...['.terraform/x', 'terraform.tfstate', 'terraform.tfstate.backup', 'out.tfplan'],
  ])('%s is ignored', (path) => expect(isIgnored(path)).toBe(true));

  test.each([
    ...['evidence/dev/.backend.lock', 'evidence/dev/.backend.lock.asc', 'evidence/dev/ledger/00000000.json'],
    ...['evidence/dev/ledger/00000000.json.asc', 'evidence/dev/SHA256SUMS', 'evidence/dev/checkpoint'],
    ...[`evidence/dev/keys/${PRINTS.alice}.asc`, `evidence/dev/blobs/sha256/${'0'.repeat(64)}`],
    ...['evidence/dev/runs/635b8217-0943-43fd-88b9-2d22cc25990f/journal.jsonl'],
    ...['intents/dev.yaml', 'intents/dev.yaml.asc', 'intents/dev-plan.json', 'policies/trust.yaml.asc'],
    ...[`policies/keys/${PRINTS.alice}.asc`, 'templates/backend.tf.tmpl', 'README.md'],
  ])('%s is not', (path) => expect(isIgnored(path)).toBe(false));
});
