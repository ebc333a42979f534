import { describe, expect, test } from 'vitest';
import { RESOURCE_KINDS } from '../../../src/inputs/parity.ts';
import { RESOURCE_KINDS as PLANNED_KINDS } from '../../../src/plan/control.ts';
import {
  edited,
  fileOf,
  INTENT_YAML,
  PARITY_WITH_STORE_YAML,
  PARITY_YAML,
  TEMPLATES,
  type FactsOverrides,
} from '../../harness/facts.ts';
import { refuses, verdictOn } from './asking.ts';

const parity = (...edits: readonly (readonly [string, string])[]): FactsOverrides => ({
  parity: edits.reduce((text, [from, to]) => edited(text, from, to), PARITY_YAML),
});
const messages = (overrides: FactsOverrides): readonly string[] =>
  verdictOn('parity', overrides).findings.map(({ code, message }) => `${code} ${message}`);

test('passes, and says what was established', () => {
  const { status, because } = verdictOn('parity', {});
  expect(status).toBe('pass');
  expect(because).toBe(
    'policies/parity.yaml allows environment "dev", and its 2 environments share nothing and are alike but for 2 listed settings',
  );
});

test('a policy that is missing or malformed refuses, and nothing else is judged', () => {
  const missing = {
    is: 'problem',
    problem: { code: 'FILE_MISSING', wrong: 'policies/parity.yaml' },
  } as const;
  refuses('parity', { governance: { parity: missing } }, 'FILE_MISSING');
  refuses('parity', parity(['locking: both', 'locking: hope']), 'SCHEMA');
  expect(verdictOn('parity', { parity: 'x' }).checks).toEqual(['document']);
});

describe('target', () => {
  test('an environment that is not in the policy', () => {
    expect(refuses('parity', { environment: 'prd' }, 'PARITY').hint).toBe('did you mean "prod"?');
    expect(refuses('parity', { environment: 'somewhere' }, 'PARITY').hint).toContain('correct the intent');
    refuses('parity', { environment: 'constructor' }, 'PARITY');
    expect(verdictOn('parity', { environment: 'prd' }).checks).not.toContain('account');
  });

  test('another account', () => {
    const { message } = refuses(
      'parity',
      { intent: edited(INTENT_YAML, '111111111111', '222222222222') },
      'PARITY',
    );
    expect(message).toBe(
      'policies/parity.yaml: line 6, column 5: the intent names account 222222222222; environment "dev" is account 111111111111',
    );
  });

  test('a region that is not allowed', () => {
    const { message } = refuses(
      'parity',
      { intent: edited(INTENT_YAML, 'eu-central-1', 'us-east-1') },
      'PARITY',
    );
    expect(message).toBe(
      'policies/parity.yaml: line 7, column 5: the intent names region us-east-1; environment "dev" allows eu-central-1, eu-west-1',
    );
  });

  test('is left without an intent', () => {
    expect(verdictOn('parity', { intent: 'x' })).toMatchObject({ status: 'undefined', findings: [] });
  });
});

describe('names', () => {
  test.each([
    ['bucket: "{organisation}-{environment}-tfstate-{region}"', 'bucket: "{organisation}.{environment}"'],
    ['bucket: "{organisation}-{environment}-tfstate-{region}"', 'bucket: "ACME-{environment}"'],
    ['table: "{organisation}-{environment}-tflock"', 'table: "{environment}/lock"'],
    ['key_alias: "alias/{organisation}-{environment}-tfstate"', 'key_alias: "alias/aws/{environment}"'],
    ['role: "{organisation}-{environment}-{role}"', 'role: "{environment}/{role}"'],
  ])('%s → %s', (from, to) => {
    const { findings } = verdictOn('parity', parity([from, to]));
    expect(new Set(findings.map(({ code }) => code))).toEqual(new Set(['PARITY']));
    expect(findings[0]?.message).toMatch(/^policies\/parity\.yaml: line \d+, column 3: dev: /);
    // Told once an environment, though dev may use two regions.
    expect(new Set(findings.map(({ message }) => message)).size).toBe(findings.length);
  });

  test('of another environment refuse too: the policy holds as a whole', () => {
    const broken = messages(parity(['{ CostCentre: "200" }', '{ CostCentre: "200€" }']));
    expect(broken).toHaveLength(1);
    expect(broken[0]).toMatch(
      /^PARITY policies\/parity\.yaml: line 13, column 13: prod: value "200€" of tag "CostCentre"/,
    );
  });
});

describe('tags', () => {
  test.each([
    ['an empty value', 'Owner: platform', 'Owner: ""', 'tag "Owner" has an empty value'],
    ['a key of AWS', 'Owner: platform', '"AWS:x": y', 'tag key "AWS:x" must not use the prefixes'],
    ['a key of govboot', 'Owner: platform', '"govboot:run": y', 'must not use the prefixes'],
    ['a tolerated key of govboot', '[Backup]', '["Govboot:run"]', 'must not use the prefixes'],
    ['a letter that is another', 'Owner: platform', '"Оwner": platform', 'must be 1 to 128 ASCII letters'],
  ])('with %s', (_, from, to, message) => {
    const { findings } = verdictOn('parity', parity([from, to]));
    expect(findings.map(({ code }) => code)).toContain('PARITY');
    for (const finding of findings) {
      expect(finding.message).toContain(message);
      expect(finding.data['place']).toMatchObject({ file: 'policies/parity.yaml' });
    }
  });

  test('of two spellings', () => {
    const change = parity(['{ CostCentre: "200" }', '{ Costcentre: "200" }']);
    expect(messages(change)).toContain(
      'PARITY policies/parity.yaml: line 13, column 13: tag "Costcentre" is spelt "CostCentre" elsewhere in the policy',
    );
  });
});

describe('resources', () => {
  const list = (kinds: string): readonly [string, string] => [
    'allowed_resources: [state-bucket, lock-table, state-key, role]',
    `allowed_resources: [${kinds}]`,
  ];

  test('the kinds are those of the plan', () => {
    expect(RESOURCE_KINDS).toEqual(PLANNED_KINDS);
  });

  test('that do not exist', () => {
    const near = refuses(
      'parity',
      parity(list('state-bucket, lock-table, state-key, role, lock-tabel')),
      'PARITY',
    );
    expect(near.hint).toBe('did you mean "lock-table"?');
    const far = refuses('parity', parity(list('state-bucket, lock-table, state-key, role, vpc')), 'PARITY');
    expect(far.hint).toContain('the types are state-bucket');
  });

  test.each(['state-bucket', 'state-key', 'role', 'lock-table'])('%s is missing', (kind) => {
    const rest = ['state-bucket', 'lock-table', 'state-key', 'role'].filter((one) => one !== kind).join(', ');
    expect(refuses('parity', parity(list(rest)), 'PARITY').message).toContain(`${kind} is missing, which`);
  });

  test('a table is needed for table and both, not for lockfile', () => {
    const without = list('state-bucket, state-key, role');
    refuses('parity', parity(without, ['locking: both', 'locking: table']), 'PARITY');
    expect(verdictOn('parity', parity(without, ['locking: both', 'locking: lockfile'])).status).toBe('pass');
  });

  test('a table is needed where an environment locks with one', () => {
    const without = list('state-bucket, state-key, role');
    const prod: readonly [string, string] = [
      '    state_key: prod',
      '    locking: table\n    state_key: prod',
    ];
    const listed: readonly [string, string] = [
      'differences:\n',
      'differences:\n  - { setting: locking, environments: [prod], reason: an older Terraform }\n',
    ];
    const lockfile: readonly [string, string] = ['\nlocking: both', '\nlocking: lockfile'];
    const { message } = refuses('parity', parity(without, lockfile, prod, listed), 'PARITY');
    expect(message).toContain('lock-table is missing, which locking in prod needs');
    expect(verdictOn('parity', parity(lockfile, prod, listed)).status).toBe('pass');
  });

  test('a provider is needed for federation', () => {
    const gitlab =
      'gitlab: { host: gitlab.com, project_path: acme/infra, audience: govboot, ref: "env/{environment}" }';
    const { message } = refuses('parity', parity(['gitlab: null', gitlab]), 'PARITY');
    expect(message).toContain('oidc-provider is missing, which federation needs');
    const github =
      'github: { repository: acme/infra, owner_id: "1", repository_id: "2", subject: both, plan_environment: "{environment}-plan", apply_environment: "{environment}" }';
    refuses('parity', parity(['github: null', github]), 'PARITY');
    const all = list('state-bucket, lock-table, state-key, role, oidc-provider');
    expect(verdictOn('parity', parity(['github: null', github], ['gitlab: null', gitlab], all)).status).toBe(
      'pass',
    );
  });
});

describe('templates', () => {
  const templates = (files: typeof TEMPLATES): FactsOverrides => ({ governance: { templates: files } });

  test('changed', () => {
    const changed = fileOf('templates/backend.tf.tmpl', 'evil');
    const { message } = refuses('parity', templates([changed, TEMPLATES[1]!]), 'PARITY_TEMPLATE');
    expect(message).toBe(
      `policies/parity.yaml: line 44, column 3: template backend.tf.tmpl has SHA-256 ${changed.sha256}, not ${TEMPLATES[0]!.sha256}`,
    );
  });

  test('missing', () => {
    refuses('parity', templates([TEMPLATES[1]!]), 'PARITY_TEMPLATE');
    refuses('parity', templates([]), 'PARITY_TEMPLATE', 'PARITY_TEMPLATE');
  });

  test('there, but not authorized', () => {
    const extra = fileOf('templates/extra.tmpl', 'x');
    const { message } = refuses('parity', templates([...TEMPLATES, extra]), 'PARITY_TEMPLATE');
    expect(message).toBe(
      'policies/parity.yaml: line 43, column 1: template extra.tmpl is there, but not authorized',
    );
  });

  test('needed, but not authorized', () => {
    const line = PARITY_YAML.split('\n').find((text) => text.includes('backend.tf.tmpl'))!;
    const { message } = refuses('parity', parity([`${line}\n`, '']), 'PARITY_TEMPLATE');
    expect(message).toBe(
      'policies/parity.yaml: line 43, column 1: template backend.tf.tmpl is not authorized',
    );
  });
});

test('a policy with one environment has nothing to share, and nobody to differ from', () => {
  const one = PARITY_YAML.replace(/\n {2}prod:\n(?: {4}.*\n)+differences:\n(?: {2}.*\n)+/, '\n');
  expect(one).not.toBe(PARITY_YAML);
  const { status, because } = verdictOn('parity', { parity: one });
  expect(because).toMatch(/and it is the only one$/);
  expect(status).toBe('pass');
});

test('two environments that differ in nothing are alike', () => {
  const same = PARITY_YAML.replace('[eu-central-1, eu-west-1]', '[eu-central-1]')
    .replace('    state_key: prod/main.tfstate\n', '')
    .replace(/differences:\n(?: {2}.*\n)+/, '');
  expect(verdictOn('parity', { parity: same }).because).toMatch(/share nothing and are alike$/);
  const listed = `${edited(same, '  prod:', '  prod:\n    locking: table')}differences: [{ setting: locking, environments: [prod], reason: x }]\n`;
  expect(verdictOn('parity', { parity: listed }).because).toMatch(/are alike but for 1 listed setting$/);
});

describe('a store for the evidence', () => {
  const store = (...edits: readonly (readonly [string, string])[]): readonly string[] =>
    messages({
      parity: edits.reduce((text, [from, to]) => edited(text, from, to), PARITY_WITH_STORE_YAML),
    }).map((text) => text.replace(/^(\w+) policies\/parity\.yaml: line \d+, column \d+: /, '$1 '));
  const BUCKET = '"{organisation}-{environment}-evidence-{account}-{region}"';
  const ALIAS = '"alias/{organisation}-{environment}-evidence"';

  test('passes', () => {
    expect(store()).toEqual([]);
  });

  test('needs both of its kinds to be allowed', () => {
    expect(store([', evidence-bucket, evidence-key]', ']'])).toEqual([
      'PARITY allowed_resources: evidence-bucket is missing, which evidence_store needs',
      'PARITY allowed_resources: evidence-key is missing, which evidence_store needs',
    ]);
  });

  test.each([
    [
      'a name that S3 refuses',
      BUCKET,
      'Evidence',
      'dev, prod: evidence bucket "Evidence" must be lower-case',
    ],
    [
      'the bucket of the state',
      BUCKET,
      '"{organisation}-{environment}-tfstate-{region}"',
      'is the bucket of the state too',
    ],
    [
      'a name that KMS refuses',
      ALIAS,
      'alias/aws/x',
      'evidence key alias "alias/aws/x" must not begin with alias/aws/',
    ],
    [
      'the key of the state',
      ALIAS,
      '"{organisation}-{environment}-TFstate"',
      'is that of the key of the state too',
    ],
  ])('refuses %s', (_what, from, to, wrong) => {
    expect(store([from, to]).join('\n')).toContain(wrong);
  });

  test('has one tag more, which counts', () => {
    const tags = Array.from({ length: 44 }, (_, i) => `    T${String(i)}: x`).join('\n');
    const many: readonly [string, string] = ['    Owner: platform\n', `    Owner: platform\n${tags}\n`];
    expect(messages(parity(many))).toEqual([]);
    expect(store(many).join()).toContain('47 required tags and 4 of ownership are more than 50');
  });
});
