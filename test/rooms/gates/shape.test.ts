import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { shapeOf } from '../../../src/gates/shape.ts';
import { parseParity } from '../../../src/inputs/parity.ts';
import { settingsOf } from '../../../src/inputs/settings.ts';
import { edited, fileOf, PARITY_WITH_STORE_YAML, PARITY_YAML } from '../../harness/facts.ts';
import { refuses, verdictOn } from './asking.ts';

/** Three environments that are alike. */
const alike = (text: string): string =>
  text.replace(
    /environments:.*?naming:/s,
    `environments:
  dev:
    account: "111111111111"
    regions: [eu-central-1]
  staging:
    account: "333333333333"
    regions: [eu-west-1]
  prod:
    account: "222222222222"
    regions: [eu-central-1]
differences: []
naming:`,
  );
const ALIKE = alike(PARITY_YAML);
const listing = (...items: readonly string[]): readonly [string, string] => [
  'differences: []',
  `differences:${items.map((item) => `\n  - { ${item}, reason: it is meant }`).join('')}`,
];
const own = (environment: string, text: string): readonly [string, string] => [
  `  ${environment}:\n`,
  `  ${environment}:\n    ${text}\n`,
];
const policy = (...edits: readonly (readonly [string, string])[]): { readonly parity: string } => ({
  parity: edits.reduce((text, [from, to]) => edited(text, from, to), ALIKE),
});
const messages = (...edits: readonly (readonly [string, string])[]): readonly string[] =>
  verdictOn('parity', policy(...edits)).findings.map(({ message }) =>
    message.replace('policies/parity.yaml: ', ''),
  );

test('environments that are alike pass', () => {
  expect(messages()).toEqual([]);
});

describe('a difference that is not listed', () => {
  test.each([
    ['partition: aws-cn', 'partition is aws in dev, staging and aws-cn in prod'],
    ['locking: table', 'locking is both in dev, staging and table in prod'],
    ['key_rotation_days: 90', 'key_rotation_days is 365 in dev, staging and 90 in prod'],
    ['retention: { noncurrent_days: 30 }', 'retention.noncurrent_days is 365 in dev, staging and 30 in prod'],
    ['retention: { noncurrent_keep: 1 }', 'retention.noncurrent_keep is 50 in dev, staging and 1 in prod'],
    ['retention: { pitr_days: 1 }', 'retention.pitr_days is 35 in dev, staging and 1 in prod'],
    ['tags: { Team: x }', 'tags.Team is absent in dev, staging and its own in prod'],
    ['tags: { Owner: x }', 'tags.Owner is as required in dev, staging and its own in prod'],
    [
      'state_key: prod/x.tfstate',
      'state_key is {environment}/terraform.tfstate in dev, staging and {environment}/x.tfstate in prod',
    ],
    ['roles: { operator: { mfa: false } }', 'roles.operator.mfa is true in dev, staging and false in prod'],
    [
      'roles: { break-glass: { session_seconds: 43200 } }',
      'roles.break-glass.session_seconds is 3600 in dev, staging and 43200 in prod',
    ],
    [
      'roles: { operator: { principals: ["arn:aws:iam::{account}:role/x"] } }',
      'roles.operator.principals is arn:{partition}:iam::{account}:root in dev, staging and arn:{partition}:iam::{account}:role/x in prod',
    ],
  ])('%s', (text, expected) => {
    const [first] = messages(own('prod', text)).filter((message) => !message.includes('principal of role'));
    expect(first).toMatch(/^line 1[23], column \d+: /);
    expect(first).toContain(`: ${expected}, and differences does not list it`);
  });

  test('in the number of regions, not in their names', () => {
    expect(messages(['[eu-west-1]', '[eu-west-1, eu-west-3]'])).toEqual([
      'line 10, column 5: regions is 1 in dev, prod and 2 in staging, and differences does not list it',
    ]);
    expect(messages(['[eu-west-1]', '[eu-west-1, eu-west-1]'])).toEqual([]);
  });

  test('is told with what to write, which then passes', () => {
    const change = own('prod', 'retention: { noncurrent_days: 3650 }');
    const { hint, data } = refuses('parity', policy(change), 'PARITY');
    const [, item = ''] = /under differences: \{ (.*), reason: "…" \}$/.exec(hint) ?? [];
    expect(item).toBe('setting: "retention.noncurrent_days", environments: [prod]');
    expect(data).toMatchObject({
      setting: 'retention.noncurrent_days',
      environments: ['prod'],
      values: { dev: '365', staging: '365', prod: '3650' },
      place: { file: 'policies/parity.yaml', line: 12, column: 18 },
    });
    expect(messages(change, listing(item))).toEqual([]);
  });

  test('is of those that are fewer and, among equals, of those that say something for themselves', () => {
    const environments = (...edits: readonly (readonly [string, string])[]): unknown =>
      refuses('parity', policy(...edits), 'PARITY').data['environments'];
    expect(environments(own('dev', 'locking: table'), own('staging', 'locking: table'))).toEqual(['prod']);
    const two: readonly [string, string] = [
      '  staging:\n    account: "333333333333"\n    regions: [eu-west-1]\n',
      '',
    ];
    expect(environments(two, own('dev', 'locking: table'))).toEqual(['dev']);
    expect(environments(two, own('prod', 'locking: table'))).toEqual(['prod']);
    expect(environments(two, own('dev', 'locking: table'), own('prod', 'locking: lockfile'))).toEqual([
      'prod',
    ]);
  });
});

describe('no difference', () => {
  test.each([
    ['a value of its own that is the common one', 'locking: both'],
    ['the default, written out', 'state_key: prod/terraform.tfstate'],
    [
      'its own account, written out',
      'roles: { operator: { principals: ["arn:aws:iam::222222222222:root"] } }',
    ],
    ['an empty set of its own', 'retention: {}'],
  ])('is %s', (_, text) => {
    expect(messages(own('prod', text))).toEqual([]);
  });

  test('is a tag that each gives its own value', () => {
    const all = ['dev', 'staging', 'prod'].map((name) => own(name, `tags: { CostCentre: "of ${name}" }`));
    expect(messages(...all)).toEqual([]);
    expect(messages(...all.slice(1))[0]).toContain(
      'tags.CostCentre is its own in staging, prod and absent in dev',
    );
  });

  test('is a state key with the name of each in it', () => {
    const all = ['dev', 'staging', 'prod'].map((name) => own(name, `state_key: env/${name}/main.tfstate`));
    expect(messages(...all)).toEqual([]);
    // Only a whole word stands for the environment.
    expect(messages(...all.slice(1), own('dev', 'state_key: env/dev-1/main.tfstate'))[0]).toContain(
      'env/dev-1/main.tfstate in dev',
    );
  });
});

describe('a list that is not true', () => {
  const table = own('prod', 'locking: table');

  test('names a setting or an environment that there is not', () => {
    expect(messages(listing('setting: retention.noncurrent_day, environments: [prod]'))).toEqual([
      'line 15, column 7: differences lists "retention.noncurrent_day", which is no setting',
    ]);
    const unknown = policy(listing('setting: "tags.Colour", environments: [prod]'));
    expect(refuses('parity', unknown, 'PARITY').hint).toContain('the settings are partition, regions');
    const typo = policy(listing('setting: retention.noncurrent_day, environments: [prod]'));
    expect(refuses('parity', typo, 'PARITY').hint).toBe('did you mean "retention.noncurrent_days"?');
    expect(messages(table, listing('setting: locking, environments: [prod, prd]'))).toEqual([
      'line 16, column 46: differences lists environment "prd", which is not in the policy',
    ]);
    const far = policy(table, listing('setting: locking, environments: [prod, elsewhere]'));
    expect(refuses('parity', far, 'PARITY').hint).toBe('the environments are dev, staging, prod');
  });

  test('is told up to a point, where it names thousands of things that there are not', () => {
    const items = Array.from({ length: 120 }, (_, i) => `setting: "s${String(i)}", environments: [prd, dv]`);
    const told = messages(listing(...items));
    expect(told.filter((message) => message.includes('which is no setting'))).toHaveLength(50);
    expect(told.filter((message) => message.includes('which is not in the policy'))).toHaveLength(50);
  });

  test('is stale', () => {
    expect(messages(listing('setting: locking, environments: [prod]'))).toEqual([
      'line 15, column 40: differences lists locking of prod, which is both there as elsewhere',
    ]);
    expect(messages(table, listing('setting: locking, environments: [staging, prod]'))).toEqual([
      'line 16, column 40: differences lists locking of staging, which is both there as elsewhere',
    ]);
  });

  test('says a thing twice, in one item or in two', () => {
    const item = 'setting: locking, environments: [prod]';
    expect(messages(table, listing(item, item))).toEqual([
      'line 17, column 40: differences lists locking of prod twice',
    ]);
    expect(messages(table, listing('setting: locking, environments: [prod, prod]'))).toHaveLength(1);
    const both = [own('staging', 'locking: lockfile'), table];
    expect(messages(...both, listing(item, 'setting: locking, environments: [staging]'))).toEqual([]);
  });

  test('leaves none to differ from', () => {
    expect(messages(table, listing('setting: locking, environments: [dev, staging, prod]'))).toEqual([
      'line 16, column 40: differences lists locking of every environment, so none is left to differ from',
    ]);
  });

  test('lists one and not the other', () => {
    const change = [own('staging', 'locking: lockfile'), table];
    expect(messages(...change, listing('setting: locking, environments: [prod]'))[0]).toContain(
      'locking is both in dev and lockfile in staging, and differences does not list it',
    );
  });
});

describe('how long evidence is kept', () => {
  const store = (...edits: readonly (readonly [string, string])[]): readonly string[] =>
    verdictOn('parity', {
      parity: edits.reduce((text, [from, to]) => edited(text, from, to), alike(PARITY_WITH_STORE_YAML)),
    }).findings.map(({ message }) => message.replace('policies/parity.yaml: ', ''));
  const shorter = own('dev', 'evidence_store: { retention_days: 1 }');

  test('is the same everywhere, or listed', () => {
    expect(store()).toEqual([]);
    expect(store(shorter).join()).toContain(
      'evidence_store.retention_days is 2557 in staging, prod and 1 in dev, and differences does not list it',
    );
    expect(store(shorter, listing('setting: evidence_store.retention_days, environments: [dev]'))).toEqual(
      [],
    );
  });

  test('is said by no environment where nothing is kept, and is no setting there', () => {
    expect(messages(shorter).join()).toContain('dev says how long evidence is kept');
    expect(messages(listing('setting: evidence_store.retention_days, environments: [dev]')).join()).toContain(
      'which is no setting',
    );
  });
});

describe('laws', () => {
  const days = fc.integer({ min: 30, max: 3650 });

  test('a policy passes exactly when those that are listed differ from those that are not, which are alike', () => {
    fc.assert(
      fc.property(days, fc.option(days), fc.subarray(['dev', 'staging', 'prod']), (common, other, listed) => {
        const change = [
          ['noncurrent_days: 365', `noncurrent_days: ${String(common)}`] as const,
          ...(other === null ? [] : [own('prod', `retention: { noncurrent_days: ${String(other)} }`)]),
          ...(listed.length === 0
            ? []
            : [listing(`setting: retention.noncurrent_days, environments: [${listed.join(', ')}]`)]),
        ];
        const differs = other !== null && other !== common;
        const right = differs ? ['prod', 'dev,staging'] : [''];
        expect(messages(...change).length === 0).toBe(right.includes(listed.join()));
      }),
      { numRuns: 40 },
    );
  });

  test('every field that an environment can have for itself is compared', () => {
    const parity = parseParity(fileOf('p', alike(PARITY_WITH_STORE_YAML)));
    const { account: _account, ...compared } = settingsOf(parity, 'dev');
    const names = shapeOf(parity).map(({ name }) => name);
    const snake = (key: string): string => key.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`);
    for (const key of Object.keys(compared))
      expect(names.some((name) => name === snake(key) || name.startsWith(`${snake(key)}.`))).toBe(true);
    for (const role of Object.keys(parity.roles))
      for (const field of Object.keys(parity.roles.operator))
        expect(names).toContain(`roles.${role}.${field}`);
    for (const field of Object.keys(parity.retention)) expect(names).toContain(`retention.${field}`);
  });
});
