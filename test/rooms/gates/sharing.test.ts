import { describe, expect, test } from 'vitest';
import { edited, PARITY_WITH_STORE_YAML, PARITY_YAML, type FactsOverrides } from '../../harness/facts.ts';
import { refuses, verdictOn } from './asking.ts';

type Edit = readonly [string, string];
const parity = (...edits: readonly Edit[]): FactsOverrides => ({
  parity: edits.reduce((text, [from, to]) => edited(text, from, to), PARITY_YAML),
});
/** Without the place, which differs by what was edited. */
const messages = (overrides: FactsOverrides): readonly string[] =>
  verdictOn('parity', overrides).findings.map(
    ({ code, message }) =>
      `${code} ${message.replace(/^policies\/parity\.yaml: line \d+, column \d+: /, '')}`,
  );
const oidc: Edit = ['state-key, role]', 'state-key, oidc-provider, role]'];
const github = (plan: string, apply: string): Edit => [
  'github: null',
  `github: { repository: acme/infra, owner_id: "1", repository_id: "2", subject: both, plan_environment: "${plan}", apply_environment: "${apply}" }`,
];

describe('names', () => {
  test('an account, and with it every name that does not differ', () => {
    const one: Edit = ['account: "222222222222"', 'account: "111111111111"'];
    const { message, data } = refuses('parity', parity(one), 'PARITY_SHARED');
    expect(message).toBe(
      'policies/parity.yaml: line 10, column 5: dev and prod would share account 111111111111',
    );
    expect(data).toMatchObject({ environments: ['dev', 'prod'], place: { line: 10 } });
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
    expect(refuses('parity', change, 'PARITY_SHARED').message).toBe(
      'policies/parity.yaml: line 18, column 3: dev and prod would share bucket acme-tfstate-eu-central-1',
    );
  });

  test('names in different accounts are not shared', () => {
    const change = parity(['table: "{organisation}-{environment}', 'table: "{organisation}']);
    expect(verdictOn('parity', change).status).toBe('pass');
  });

  test('a bucket whose parts only add up to the same', () => {
    const change = parity(
      ['regions: [eu-central-1, eu-west-1]', 'regions: [eu-us-east-1, eu-central-1]'],
      ['  prod:', '  dev-eu:'],
      ['regions: [eu-central-1]', 'regions: [us-east-1]'],
      ['state_key: prod/', 'state_key: dev-eu/'],
      ['bucket: "{organisation}-{environment}-tfstate-{region}"', 'bucket: "acme-{environment}-{region}"'],
      ['environments: [prod], reason: prod', 'environments: [dev-eu], reason: prod'],
      ['environments: [prod], reason: its', 'environments: [dev-eu], reason: its'],
    );
    expect(messages(change)).toEqual([
      'PARITY_SHARED dev and dev-eu would share bucket acme-dev-eu-us-east-1',
    ]);
  });

  test('names that differ in case only', () => {
    const change = parity(
      ['account: "222222222222"', 'account: "111111111111"'],
      ['table: "{organisation}-{environment}-tflock"', 'table: "{organisation}-TFlock"'],
    );
    expect(messages(change)).toContain(
      'PARITY_SHARED dev and prod would share table acme-TFlock in account 111111111111, eu-central-1',
    );
  });

  test('a state key, in whatever case', () => {
    const change = parity(
      [
        '    tags: { CostCentre: "100" }',
        '    state_key: PROD/main.tfstate\n    tags: { CostCentre: "100" }',
      ],
      ['state_key, environments: [prod]', 'state_key, environments: [dev]'],
    );
    expect(messages(change)).toEqual(['PARITY_SHARED dev and prod would share state key prod/main.tfstate']);
  });
});

describe('jobs', () => {
  test('of a GitHub environment that does not name the environment', () => {
    const [first] = verdictOn('parity', parity(github('plan', 'Apply'), oidc)).findings;
    expect(first?.message).toContain(
      'dev and prod would share GitHub environment plan, whose jobs could then take roles of both',
    );
    expect(first?.hint).toContain('{environment}');
    expect(messages(parity(github('plan', 'Apply'), oidc))).toHaveLength(2);
    expect(verdictOn('parity', parity(github('{environment}-plan', '{environment}'), oidc)).status).toBe(
      'pass',
    );
  });

  test('of a GitHub environment that is one’s for planning and another’s for applying', () => {
    const change = parity(
      github('{environment}-Plan', '{environment}'),
      oidc,
      ['  prod:', '  dev-plan:'],
      ['state_key: prod/', 'state_key: dev-plan/'],
      ['environments: [prod], reason: prod', 'environments: [dev-plan], reason: prod'],
      ['environments: [prod], reason: its', 'environments: [dev-plan], reason: its'],
    );
    expect(messages(change)).toEqual([
      'PARITY_SHARED dev and dev-plan would share GitHub environment dev-plan, whose jobs could then take roles of both',
    ]);
  });

  test('that plan and could apply', () => {
    expect(messages(parity(github('{environment}', '{environment}'), oidc))).toEqual(
      ['dev', 'prod'].map(
        (name) =>
          `PARITY ${name}: GitHub environment "${name}" is that of both ci-plan and ci-apply: jobs that plan could apply`,
      ),
    );
  });

  test('of a GitLab branch', () => {
    const gitlab = (ref: string): Edit => [
      'gitlab: null',
      `gitlab: { host: gitlab.com, project_path: acme/infra, audience: x, ref: "${ref}" }`,
    ];
    expect(messages(parity(gitlab('main'), oidc))).toEqual([
      'PARITY_SHARED dev and prod would share GitLab branch main, whose jobs could then take roles of both',
    ]);
    expect(verdictOn('parity', parity(gitlab('env/{environment}'), oidc)).status).toBe('pass');
    expect(messages(parity(gitlab('{environment}/{team}'), oidc))[0]).toContain(
      'GitLab branch "dev/{team}" has a placeholder that is not known',
    );
  });
});

describe('people', () => {
  const root = '"arn:{partition}:iam::{account}:root"';

  test('of the account of another environment', () => {
    const change = parity([root, `${root}, "arn:aws:iam::222222222222:role/admin"`]);
    // For prod it is its own account, so the two are not alike either.
    const { message, data } = refuses('parity', change, 'PARITY_SHARED', 'PARITY');
    expect(message).toBe(
      'policies/parity.yaml: line 32, column 90: role operator of dev would let in arn:aws:iam::222222222222:role/admin, which is in the account of prod',
    );
    expect(data).toMatchObject({ role: 'operator', environment: 'dev', of: 'prod' });
  });

  test('of an account that is no environment may be the same everywhere', () => {
    expect(verdictOn('parity', parity([root, '"arn:aws:iam::999999999999:role/admin"'])).status).toBe('pass');
  });
});

describe('the store of the evidence', () => {
  const store = (...edits: readonly Edit[]): readonly string[] =>
    messages({ parity: edits.reduce((text, [from, to]) => edited(text, from, to), PARITY_WITH_STORE_YAML) });

  test('is an environment’s own, in every region', () => {
    expect(store()).toEqual([]);
    expect(store(['{environment}-evidence-{account}-{region}', 'evidence-{region}'])).toEqual([
      'PARITY_SHARED dev and prod would share bucket acme-evidence-eu-central-1',
    ]);
    expect(
      store(
        ['account: "222222222222"', 'account: "111111111111"'],
        ['"alias/{organisation}-{environment}-evidence"', '"alias/{organisation}-evidence"'],
      ),
    ).toContain(
      'PARITY_SHARED dev and prod would share key alias alias/acme-evidence in account 111111111111, eu-central-1',
    );
  });

  test('is no other environment’s state', () => {
    expect(
      store(
        [
          'bucket: "{organisation}-{environment}-tfstate-{region}"',
          'bucket: "{organisation}-{environment}-{region}"',
        ],
        ['{environment}-evidence-{account}-{region}', '{environment}-x-{region}'],
        ['  prod:', '  dev-x:'],
        ['environments: [prod], reason: prod', 'environments: [dev-x], reason: prod'],
        ['environments: [prod], reason: its', 'environments: [dev-x], reason: its'],
        ['state_key: prod/', 'state_key: dev-x/'],
      ),
    ).toEqual(['PARITY_SHARED dev and dev-x would share bucket acme-dev-x-eu-central-1']);
  });
});
