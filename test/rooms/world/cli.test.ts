import { describe, expect, it } from 'vitest';
import { makeProgram, usageError, type Invocation } from '../../../src/cli.ts';
import { COMMANDS, SEQUENCE } from '../../../src/commands/command-line.ts';
import { TOPIC_NAMES } from '../../../src/commands/topics/topic.ts';
import { GovbootError } from '../../../src/kernel/errors.ts';
import { EXITS } from '../../../src/kernel/exit.ts';

const OWN_STORE = { place: null, endpoint: null, region: null, account: null };

interface Parsed {
  readonly invocation: Invocation | null;
  readonly stdout: string;
  readonly stderr: string;
  /** As main sees it: null when help or the version was printed. */
  readonly error: GovbootError | null | undefined;
}

async function parse(...argv: readonly string[]): Promise<Parsed> {
  let invocation: Invocation | null = null;
  let [stdout, stderr] = ['', ''];
  const program = makeProgram(
    '1.2.3',
    async (given) => {
      invocation = given;
    },
    {
      stdout: (text) => {
        stdout += text;
      },
      stderr: (text) => {
        stderr += text;
      },
    },
  );
  try {
    await program.parseAsync([...argv], { from: 'user' });
  } catch (thrown) {
    if (thrown instanceof GovbootError) return { invocation, stdout, stderr, error: thrown };
    const error = usageError(thrown);
    if (error === undefined) throw thrown;
    return { invocation, stdout, stderr, error };
  }
  return { invocation, stdout, stderr, error: undefined };
}

const GLOBALS = { repo: '.', json: false, pins: null, key: null, log: null, debug: false, plain: false };
const PRINT = '0123456789ABCDEF0123456789ABCDEF01234567';

const LOOK = { all: false, watch: false, every: null, profile: null, rehearse: false };
const INIT = {
  dir: '.',
  organisation: null,
  environments: [],
  roots: [],
  people: [],
  keyFiles: [],
  locking: null,
  rootThreshold: null,
  approvers: null,
  github: null,
  githubIds: null,
  gitlab: null,
  fromBackend: null,
  evidenceStore: null,
};
const NEW = {
  environment: 'dev',
  reason: null,
  ticket: null,
  tag: null,
  region: null,
  requester: null,
  hours: null,
  action: null,
  endpoint: null,
  out: null,
  rehearse: false,
};

describe('a command line', () => {
  it.each<[string, string, unknown]>([
    ['init', 'init', INIT],
    [
      'init infra --organisation acme --environment dev=1:a --environment prod=2:b --root R1 --root R2 --root-threshold 2 --person P=1:x --person Q=2:y --approvals 1 --key-file a.asc --key-file b.asc --locking table --github acme/infra --github-ids 1:2 --gitlab g/p --from-backend b.tf',
      'init',
      {
        ...INIT,
        dir: 'infra',
        organisation: 'acme',
        environments: ['dev=1:a', 'prod=2:b'],
        roots: ['R1', 'R2'],
        people: ['P=1:x', 'Q=2:y'],
        keyFiles: ['a.asc', 'b.asc'],
        locking: 'table',
        rootThreshold: '2',
        approvers: '1',
        github: 'acme/infra',
        githubIds: '1:2',
        gitlab: 'g/p',
        fromBackend: 'b.tf',
      },
    ],
    ['trust pin', 'trust pin', { roots: [], threshold: null }],
    [
      `trust pin --root ${PRINT} --root B --threshold 2`,
      'trust pin',
      { roots: [PRINT, 'B'], threshold: '2' },
    ],
    ['trust show', 'trust show', {}],
    ['trust sign', 'trust sign', {}],
    ['trust next', 'trust next', {}],
    ['trust update', 'trust update', {}],
    ['intent new', 'intent new', { ...NEW, environment: null }],
    ['intent new dev', 'intent new', NEW],
    [
      'intent new prod-2 --reason why --ticket OPS-1 --tag v1 --region eu-west-1 --requester R --hours 3 --action supersede --endpoint http://x --out f.yaml',
      'intent new',
      {
        environment: 'prod-2',
        reason: 'why',
        ticket: 'OPS-1',
        tag: 'v1',
        region: 'eu-west-1',
        requester: 'R',
        hours: '3',
        action: 'supersede',
        endpoint: 'http://x',
        out: 'f.yaml',
        rehearse: false,
      },
    ],
    ['intent sign intents/dev.yaml', 'intent sign', { file: 'intents/dev.yaml' }],
    ['intent check intents/dev.yaml', 'intent check', { file: 'intents/dev.yaml' }],
    ['check --explain sig_bad', 'check', { explain: 'sig_bad' }],
    ['check dev', 'check', { environment: 'dev', intent: 'intents/dev.yaml', rehearse: false }],
    [
      'check dev --intent i/x.yaml --rehearse',
      'check',
      { environment: 'dev', intent: 'i/x.yaml', rehearse: true },
    ],
    [
      'plan dev',
      'plan',
      {
        environment: 'dev',
        intent: 'intents/dev.yaml',
        resume: false,
        out: null,
        hours: null,
        rehearse: false,
      },
    ],
    [
      'plan --rehearse dev --resume --out ../p.json --hours 4',
      'plan',
      {
        environment: 'dev',
        intent: 'intents/dev.yaml',
        resume: true,
        out: '../p.json',
        hours: '4',
        rehearse: true,
      },
    ],
    ['approve ../p.json', 'approve', { file: '../p.json', rehearse: false }],
    ['approve --rehearse p', 'approve', { file: 'p', rehearse: true }],
    [
      'apply dev',
      'apply',
      { environment: 'dev', intent: 'intents/dev.yaml', resume: false, approvals: [], rehearse: false },
    ],
    [
      'apply dev --resume --rehearse --intent x --approval a --approval b',
      'apply',
      { environment: 'dev', intent: 'x', resume: true, approvals: ['a', 'b'], rehearse: true },
    ],
    [
      'verify dev --store',
      'verify',
      { environment: 'dev', from: null, proof: null, anchor: null, store: OWN_STORE, rehearse: false },
    ],
    [
      'verify dev --store s3://b --endpoint https://e --region r --account 1',
      'verify',
      {
        environment: 'dev',
        from: null,
        proof: null,
        anchor: null,
        store: { place: 's3://b', endpoint: 'https://e', region: 'r', account: '1' },
        rehearse: false,
      },
    ],
    ['evidence push dev', 'evidence push', { environment: 'dev', to: OWN_STORE, rehearse: false }],
    [
      'evidence push dev --to /mnt/worm --rehearse',
      'evidence push',
      { environment: 'dev', to: { ...OWN_STORE, place: '/mnt/worm' }, rehearse: true },
    ],
    [
      'evidence pull dev --to d --from /mnt/worm --receipt a --receipt b',
      'evidence pull',
      {
        environment: 'dev',
        from: { ...OWN_STORE, place: '/mnt/worm' },
        to: 'd',
        receipts: ['a', 'b'],
        rehearse: false,
      },
    ],
    [
      'evidence status dev --store w',
      'evidence status',
      { environment: 'dev', store: { ...OWN_STORE, place: 'w' }, rehearse: false },
    ],
    ['evidence stamp dev --out q', 'evidence stamp', { environment: 'dev', out: 'q', rehearse: false }],
    [
      'evidence statement dev --pae --rehearse',
      'evidence statement',
      { environment: 'dev', out: null, pae: true, rehearse: true },
    ],
    [
      'evidence attach dev a.tsr --tsa t --request q',
      'evidence attach',
      {
        environment: 'dev',
        file: 'a.tsr',
        by: { is: 'authority', tsa: 't', request: 'q' },
        rehearse: false,
      },
    ],
    [
      'evidence attach dev a.json --attestor k --rehearse',
      'evidence attach',
      { environment: 'dev', file: 'a.json', by: { is: 'attestor', attestor: 'k' }, rehearse: true },
    ],
    [
      'verify dev --tsa t --attestor k',
      'verify',
      {
        environment: 'dev',
        from: null,
        proof: null,
        anchor: null,
        tsa: 't',
        attestor: 'k',
        rehearse: false,
      },
    ],
    ['verify dev', 'verify', { environment: 'dev', from: null, proof: null, anchor: null, rehearse: false }],
    [
      'verify dev --rehearse --anchor c',
      'verify',
      { environment: 'dev', from: null, proof: null, anchor: 'c', rehearse: true },
    ],
    [
      'verify --from dev.tgz',
      'verify',
      { environment: null, from: 'dev.tgz', proof: null, anchor: null, rehearse: false },
    ],
    [
      'verify dev --from s3://b --account 1',
      'verify',
      {
        environment: 'dev',
        from: 's3://b',
        proof: null,
        anchor: null,
        store: { ...OWN_STORE, place: 's3://b', account: '1' },
        rehearse: false,
      },
    ],
    [
      'verify prod --proof p.json --anchor c',
      'verify',
      { environment: 'prod', from: null, proof: 'p.json', anchor: 'c', rehearse: false },
    ],
    [
      'prove dev --entry 3 --out p.json',
      'prove',
      { environment: 'dev', entry: 3, since: null, out: 'p.json', rehearse: false },
    ],
    [
      'prove dev --since c --rehearse',
      'prove',
      { environment: 'dev', entry: null, since: 'c', out: null, rehearse: true },
    ],
    ['drift', 'drift', { ...LOOK, environment: null }],
    ['drift dev --rehearse', 'drift', { ...LOOK, environment: 'dev', rehearse: true }],
    [
      'drift --all --watch --every 60 --profile p',
      'drift',
      { ...LOOK, environment: null, all: true, watch: true, every: '60', profile: 'p' },
    ],
    [
      'backend render dev',
      'backend render',
      { environment: 'dev', format: 'tf', out: null, rehearse: false },
    ],
    [
      'backend render dev --format hcl --out terraform --rehearse',
      'backend render',
      { environment: 'dev', format: 'hcl', out: 'terraform', rehearse: true },
    ],
    ['doctor', 'doctor', { environment: null, offline: false }],
    ['doctor dev --offline', 'doctor', { environment: 'dev', offline: true }],
    ['status', 'status', { environment: null, rehearse: false }],
    ['status dev --rehearse', 'status', { environment: 'dev', rehearse: true }],
    ['log', 'log', { environment: null, rehearse: false }],
    ['show dev', 'show', { environment: 'dev', record: null, field: null, rehearse: false }],
    [
      'show dev 3 --field a.b --rehearse',
      'show',
      { environment: 'dev', record: '3', field: 'a.b', rehearse: true },
    ],
  ])('govboot %s', async (line, command, options) => {
    const { invocation, error, stdout, stderr } = await parse(...line.split(' '));
    expect(error).toBeUndefined();
    expect(invocation).toEqual({ command, options, globals: GLOBALS });
    expect(stdout + stderr).toBe('');
  });

  it.each([
    [
      'before the command',
      ['--repo', 'r', '--json', '--pins', 'p', '--key', 'k', '--log', 'l', 'apply', 'dev'],
    ],
    ['after it', ['apply', 'dev', '--repo', 'r', '--json', '--pins', 'p', '--key', 'k', '--log', 'l']],
    ['on both sides', ['--json', '--repo', 'r', 'apply', '--key', 'k', 'dev', '--log', 'l', '--pins=p']],
  ])('takes the options of every command %s', async (_where, argv) => {
    const { invocation } = await parse(...argv);
    expect(invocation?.globals).toEqual({
      repo: 'r',
      json: true,
      pins: 'p',
      key: 'k',
      log: 'l',
      debug: false,
      plain: false,
    });
  });

  it('takes them after a command of two words too', async () => {
    expect((await parse('trust', 'show', '--json', '--repo', 'r')).invocation?.globals).toEqual({
      ...GLOBALS,
      json: true,
      repo: 'r',
    });
  });

  it('is tried for every command there is', () => {
    expect(COMMANDS.map(({ name }) => name)).toEqual([
      ...['init', 'trust pin', 'trust show', 'trust sign', 'trust next', 'trust update'],
      ...['intent new', 'intent sign', 'intent check'],
      ...['check', 'plan', 'approve', 'apply', 'verify', 'prove'],
      ...['evidence push', 'evidence pull', 'evidence status'],
      ...['evidence stamp', 'evidence statement', 'evidence attach', 'drift', 'backend render'],
      ...['doctor', 'status', 'log', 'show', 'completion'],
    ]);
  });

  it('has no option that answers a confirmation', () => {
    const flags = COMMANDS.flatMap(({ options }) => options.map((option) => option.flags));
    expect(flags.filter((flag) => /yes|force|approve|auto|no-?confirm|assume/.test(flag))).toEqual([]);
  });

  it('keeps nothing from one parse to the next', async () => {
    await parse('trust', 'pin', '--root', 'A');
    expect((await parse('trust', 'pin', '--root', 'B')).invocation?.options).toEqual({
      roots: ['B'],
      threshold: null,
    });
  });
});

describe('a command line that cannot be understood', () => {
  it.each<[string, string, string]>([
    ['aply dev', "unknown command 'aply'; did you mean apply?", 'run `govboot --help`'],
    ['nonsense', "unknown command 'nonsense'", 'run `govboot --help`'],
    ['pin', "unknown command 'pin'; did you mean trust pin?", 'run `govboot --help`'],
    ['sign', "unknown command 'sign'; did you mean trust sign or intent sign?", 'run `govboot --help`'],
    ['trust foo', "unknown command 'foo'", 'run `govboot trust --help`'],
    ['trust shwo', "unknown command 'shwo'; did you mean show?", 'run `govboot trust --help`'],
    ['apply', "missing required argument 'environment'", 'run `govboot apply --help`'],
    ['intent sign', "missing required argument 'file'", 'run `govboot intent sign --help`'],
    ['apply dev prod', 'too many arguments for govboot apply: "prod"', 'run `govboot apply --help`'],
    [
      'trust show a b',
      'too many arguments for govboot trust show: "a", "b"',
      'run `govboot trust show --help`',
    ],
    [
      'plan dev --rehears',
      "unknown option '--rehears'; did you mean --rehearse?",
      'run `govboot plan --help`',
    ],
    ['apply dev --yes', "unknown option '--yes'", 'run `govboot apply --help`'],
    ['--jsn', "unknown option '--jsn'; did you mean --json?", 'run `govboot --help`'],
    ['check', "missing required argument 'environment'", 'run `govboot check --help`'],
    ['check --rehearse', "missing required argument 'environment'", 'run `govboot check --help`'],
    [
      'check dev --explain X',
      'check takes environment "dev" or --explain, not both',
      'run `govboot check --help`',
    ],
    ['check dev --intent', "option '--intent <file>' argument missing", 'run `govboot check --help`'],
    [
      'init --locking none',
      "option '--locking <mode>' argument 'none' is invalid; allowed are table, lockfile, both",
      'run `govboot init --help`',
    ],
    ['evidence stamp dev', 'evidence stamp wants --out', 'run `govboot evidence stamp --help`'],
    ['evidence attach dev', "missing required argument 'file'", 'run `govboot evidence attach --help`'],
    ...['', ' --tsa t --attestor k', ' --attestor k --request q', ' --request q'].map(
      (more): [string, string, string] => [
        `evidence attach dev a${more}`,
        'evidence attach wants --tsa, with or without --request, or else --attestor',
        'run `govboot evidence attach --help`',
      ],
    ),
    ...['--from s3://b', 'dev --from s3://b --store'].map((args): [string, string, string] => [
      `verify ${args}`,
      'verify --from s3://BUCKET wants the environment, and no --store besides',
      'run `govboot verify --help`',
    ]),
    ...['--tsa t', '--attestor k'].map((more): [string, string, string] => [
      `verify --proof p ${more}`,
      'a proof holds no time stamp and no attestation',
      'run `govboot verify --help`',
    ]),
    [
      'backend render dev --format yaml',
      "option '--format <format>' argument 'yaml' is invalid; allowed are tf, hcl",
      'run `govboot backend render --help`',
    ],
  ])('govboot %s', async (line, message, hint) => {
    const { error, invocation, stdout, stderr } = await parse(...line.split(' '));
    expect(error).toMatchObject({ code: 'USAGE', message, hint, exitCode: EXITS.usage.code });
    expect(invocation).toBeNull();
    expect(stdout + stderr).toBe('');
  });

  it.each([
    ['Dev'],
    ['../prod'],
    ['dev/../prod'],
    ['-'],
    ['1dev'],
    ['d\u0435v'],
    ['dev\n'],
    [''],
    ['a'.repeat(33)],
  ])('names an environment %j, which could not be one', async (name) => {
    for (const line of [
      ['check'],
      ['plan'],
      ['apply'],
      ['verify'],
      ['drift'],
      ['evidence', 'push'],
      ['evidence', 'pull'],
      ['evidence', 'status'],
      ['evidence', 'stamp'],
      ['evidence', 'statement'],
      ['intent', 'new'],
      ['backend', 'render'],
    ]) {
      const { error, invocation } = await parse(...line, name);
      expect(error).toMatchObject({ code: 'USAGE', message: expect.stringContaining(`"${name}"`) });
      expect(invocation).toBeNull();
    }
  });
});

describe('help', () => {
  it('of the program has the sequence, every command and every exit code, and goes to stdout', async () => {
    const { stdout, stderr, error } = await parse('--help');
    expect(error).toBeNull();
    expect(stderr).toBe('');
    expect(stdout).toContain(SEQUENCE);
    for (const { code, means } of Object.values(EXITS)) {
      expect(stdout.replaceAll(/\s+/g, ' ')).toContain(` ${String(code)} ${means}`);
    }
    for (const { name } of COMMANDS)
      expect(stdout).toMatch(new RegExp(`^  ${name.split(' ')[0] ?? ''}\\b`, 'm'));
    await expect(stdout).toMatchFileSnapshot('../../golden/help.txt');
  });

  it.each(COMMANDS.map(({ name }) => name))(
    'of %s has options, examples and nothing wider than 80 columns',
    async (name) => {
      const { stdout, error } = await parse(...name.split(' '), '--help');
      expect(error).toBeNull();
      const one = COMMANDS.find((candidate) => candidate.name === name);
      expect(stdout.replaceAll(/\s+/g, ' ')).toContain(one?.summary);
      for (const { flags } of one?.options ?? []) expect(stdout).toContain(flags);
      expect(stdout).toContain('Examples:\n  $ govboot ');
      expect(stdout).toContain('--json');
      expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
      expect(stdout).toMatch(/^[\n -~]*$/);
    },
  );

  it.each(COMMANDS.flatMap(({ examples }) => examples))('says what works: %s', async (example) => {
    const words = example.replaceAll(/\\\n\s*/g, '').replace(/ > .*$/, '');
    const argv = [...words.matchAll(/(?:[^\s"]|"[^"]*")+/g)].map(([word]) => word.replaceAll('"', ''));
    const { error, invocation } = await parse(...argv.slice(1));
    expect(error).toBeUndefined();
    expect(invocation).not.toBeNull();
  });

  it.each([[['trust']], [['intent']], [['backend']], [['help', 'intent']], [['trust', '--help']]])(
    'is what a group alone is answered with: %j',
    async (argv) => {
      const { stdout, stderr, error } = await parse(...argv);
      expect(error ?? null).toBeNull();
      expect(stdout).toContain('Commands:');
      expect(stdout).toMatch(/^Usage: govboot (trust|intent|backend) /);
      expect(stderr).toBe('');
    },
  );

  it('of the apply command is also that of `help apply`', async () => {
    expect((await parse('help', 'apply')).stdout).toBe((await parse('apply', '--help')).stdout);
    await expect((await parse('help', 'apply')).stdout).toMatchFileSnapshot('../../golden/help-apply.txt');
  });

  it.each(TOPIC_NAMES)(
    'of the topic %s is a page, no wider than the terminal or 80 columns',
    async (name) => {
      const { stdout, stderr, error } = await parse('help', name);
      expect([error, stderr]).toEqual([undefined, '']);
      expect(stdout).toMatch(new RegExp(`^NAME\n       ${name} - `));
      expect(stdout.split('\n').filter((line) => line.length > 80 && !line.includes(' -> '))).toEqual([]);
    },
  );

  it.each([
    ['gatse', 'did you mean `govboot help gates`?'],
    ['aply', 'did you mean `govboot help apply`?'],
    [
      'xyzzy-and-more',
      'topics are trust, gates, evidence, break-glass, exit-codes; commands are in `govboot --help`',
    ],
  ])('of %s, which is nothing, says what was meant', async (word, hint) => {
    const { error, stdout } = await parse('help', word);
    expect(error).toMatchObject({
      code: 'USAGE',
      message: `help of "${word}", which is no command and no topic`,
      hint,
    });
    expect(stdout).toBe('');
  });

  it('is what options without a command are answered with', async () => {
    const { stdout, error } = await parse('--json');
    expect(error).toBeNull();
    expect(stdout).toContain('Usage: govboot');
  });

  it('has no part in a version', async () => {
    const { stdout, error } = await parse('--version');
    expect([stdout, error]).toEqual(['1.2.3\n', null]);
    expect((await parse('-V')).stdout).toBe('1.2.3\n');
  });

  it('is not asked for by errors of other kinds', () => {
    expect(usageError(new Error('x'))).toBeUndefined();
  });
});
