import { describe, expect, test } from 'vitest';
import { environmentOf } from '../../../src/inputs/settings.ts';
import { parseParity, RESOURCE_KINDS } from '../../../src/inputs/parity.ts';
import { RESOURCE_KINDS as PLANNED_KINDS } from '../../../src/plan/control.ts';
import {
  edited,
  fileOf,
  INTENT_YAML,
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
  expect(because).toBe('policies/parity.yaml allows environment "dev", and its 2 environments share nothing');
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
    expect(message).toBe('the intent names account 222222222222; environment "dev" is account 111111111111');
  });

  test('a region that is not allowed', () => {
    const { message } = refuses(
      'parity',
      { intent: edited(INTENT_YAML, 'eu-central-1', 'us-east-1') },
      'PARITY',
    );
    expect(message).toBe(
      'the intent names region us-east-1; environment "dev" allows eu-central-1, eu-west-1',
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
    expect(findings[0]?.message).toMatch(/^dev: /);
    // Told once an environment, though dev may use two regions.
    expect(new Set(findings.map(({ message }) => message)).size).toBe(findings.length);
  });

  test('of another environment refuse too: the policy holds as a whole', () => {
    const broken = messages(parity(['{ CostCentre: "200" }', '{ CostCentre: "200€" }']));
    expect(broken).toHaveLength(1);
    expect(broken[0]).toMatch(/^PARITY prod: value "200€" of tag "CostCentre"/);
  });
});

describe('tags', () => {
  test('that only one environment has', () => {
    const { message, hint } = refuses(
      'parity',
      parity(['{ CostCentre: "200" }', '{ Owner: other }']),
      'PARITY',
    );
    expect(message).toBe('tag "CostCentre" is not set for environment prod');
    expect(hint).toContain('tags.required');
    refuses('parity', parity(['    tags: { CostCentre: "200" }\n', '']), 'PARITY');
  });

  test('may differ in value, and override a required one', () => {
    const change = parity(['{ CostCentre: "100" }', '{ CostCentre: "1", Owner: me }']);
    expect(verdictOn('parity', change).status).toBe('pass');
  });
});

describe('sharing', () => {
  test('an account, and with it every name that does not differ', () => {
    const one: readonly [string, string] = ['account: "222222222222"', 'account: "111111111111"'];
    expect(messages(parity(one))).toEqual([
      'PARITY_SHARED dev and prod would share account account 111111111111'.replace(
        'account account',
        'account',
      ),
    ]);
    const names = messages(
      parity(
        one,
        ['table: "{organisation}-{environment}', 'table: "{organisation}'],
        ['alias/{organisation}-{environment}', 'alias/{organisation}'],
        ['role: "{organisation}-{environment}-{role}"', 'role: "{organisation}-{role}"'],
      ),
    );
    expect(names).toContain(
      'PARITY_SHARED dev and prod would share table acme-tflock in account 111111111111, eu-central-1',
    );
    expect(names).toContain(
      'PARITY_SHARED dev and prod would share key alias alias/acme-tfstate in account 111111111111, eu-central-1',
    );
    expect(names).toContain(
      'PARITY_SHARED dev and prod would share role acme-break-glass in account 111111111111',
    );
    expect(names).toHaveLength(8);
  });

  test('a bucket, also between accounts: its name is the world’s', () => {
    const change = parity(['bucket: "{organisation}-{environment}-', 'bucket: "{organisation}-']);
    const { message } = refuses('parity', change, 'PARITY_SHARED');
    expect(message).toBe('dev and prod would share bucket acme-tfstate-eu-central-1');
  });

  test('names in different accounts are not shared', () => {
    const change = parity(['table: "{organisation}-{environment}', 'table: "{organisation}']);
    expect(verdictOn('parity', change).status).toBe('pass');
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

  test('a provider is needed for federation', () => {
    const gitlab = 'gitlab: { host: gitlab.com, project_path: acme/infra, audience: govboot, ref: main }';
    const { message } = refuses('parity', parity(['gitlab: null', gitlab]), 'PARITY');
    expect(message).toContain('oidc-provider is missing, which federation needs');
    const github =
      'github: { repository: acme/infra, owner_id: "1", repository_id: "2", subject: both, plan_environment: plan, apply_environment: apply }';
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
      `template backend.tf.tmpl has SHA-256 ${changed.sha256}, not ${TEMPLATES[0]!.sha256}`,
    );
  });

  test('missing', () => {
    refuses('parity', templates([TEMPLATES[1]!]), 'PARITY_TEMPLATE');
    refuses('parity', templates([]), 'PARITY_TEMPLATE', 'PARITY_TEMPLATE');
  });

  test('there, but not authorized', () => {
    const extra = fileOf('templates/extra.tmpl', 'x');
    const { message } = refuses('parity', templates([...TEMPLATES, extra]), 'PARITY_TEMPLATE');
    expect(message).toBe('template extra.tmpl is there, but not authorized');
  });

  test('needed, but not authorized', () => {
    const line = PARITY_YAML.split('\n').find((text) => text.includes('backend.tf.tmpl'))!;
    const { message } = refuses('parity', parity([`${line}\n`, '']), 'PARITY_TEMPLATE');
    expect(message).toBe('template backend.tf.tmpl is not authorized');
  });
});

test('environmentOf knows no names that only JavaScript knows', () => {
  const policy = parseParity(fileOf('p', PARITY_YAML));
  expect(environmentOf(policy, 'dev')?.account).toBe('111111111111');
  for (const name of ['toString', '__proto__', 'constructor'])
    expect(environmentOf(policy, name)).toBeUndefined();
});

test('a policy with one environment has nothing to share', () => {
  const one = PARITY_YAML.replace(/\n {2}prod:\n(?: {4}.*\n)+/, '\n');
  expect(one).not.toBe(PARITY_YAML);
  const { status, because } = verdictOn('parity', { parity: one });
  expect(because).toMatch(/and it is the only one$/);
  expect(status).toBe('pass');
});
