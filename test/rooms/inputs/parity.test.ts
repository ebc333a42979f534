import { describe, expect, test } from 'vitest';
import { fill, parseParity, type Parity } from '../../../src/inputs/parity.ts';
import { edited, fileOf, PARITY_YAML } from '../../harness/facts.ts';

const parse = (text: string): Parity => parseParity(fileOf('policies/parity.yaml', text));

test('is read as it is written, with the partition that is meant by none', () => {
  const parity = parse(PARITY_YAML);
  expect(parity.environments['dev']).toMatchObject({ account: '111111111111', partition: 'aws' });
  expect(parity.environments['prod']?.state_key).toBe('prod/main.tfstate');
  expect(Object.keys(parity.templates)).toEqual(['backend.tf.tmpl', 'backend.hcl.tmpl']);
});

test('lists no differences when it does not say so', () => {
  expect(parse(PARITY_YAML.replace(/differences:\n(?: {2}.*\n)+/, '')).differences).toEqual([]);
});

test('leaves empty values and reserved prefixes of tags to the gate, which tells them as PARITY', () => {
  expect(parse(edited(PARITY_YAML, 'Owner: platform', 'Owner: ""')).tags.required['Owner']).toBe('');
  expect(parse(edited(PARITY_YAML, 'Owner: platform', '"aws:x": y')).tags.required).toHaveProperty(['aws:x']);
});

describe('what no policy may say is refused', () => {
  test.each([
    [
      'a dormant role that somebody may assume',
      'automation: { session_seconds: 3600, principals: []',
      'automation: { session_seconds: 3600, principals: ["arn:aws:iam::111111111111:root"]',
      'must be empty: the role is made dormant',
    ],
    [
      'break-glass that is not dormant',
      'break-glass: { session_seconds: 3600, principals: []',
      'break-glass: { session_seconds: 3600, principals: ["arn:aws:iam::{account}:role/x"]',
      'roles.break-glass.principals',
    ],
    [
      'an operator that nobody can be',
      'principals: ["arn:{partition}:iam::{account}:root"]',
      'principals: []',
      'must name who may be the operator',
    ],
    ['a principal with a wildcard', '{account}:root', '{account}:role/*', 'without wildcards'],
    ['everybody as principal', '"arn:{partition}:iam::{account}:root"', '"*"', 'without wildcards'],
    [
      'a service as principal',
      '"arn:{partition}:iam::{account}:root"',
      '"ec2.amazonaws.com"',
      'must be the ARN',
    ],
    [
      'a pipeline role that names somebody',
      'ci-apply: { session_seconds: 3600, principals: []',
      'ci-apply: { session_seconds: 3600, principals: ["arn:aws:iam::111111111111:root"]',
      'must be empty: the role is taken through federation',
    ],
    ['an unknown placeholder', '{organisation}-{environment}-tflock', '{team}-tflock', 'naming.table is'],
    [
      'an unfinished placeholder',
      '{organisation}-{environment}-tflock',
      '{environment-tflock',
      'naming.table is',
    ],
    [
      'a session beyond twelve hours',
      'operator: { session_seconds: 3600',
      'operator: { session_seconds: 43201',
      'session_seconds is 43201',
    ],
    [
      'a state that is kept too shortly',
      'noncurrent_days: 365',
      'noncurrent_days: 29',
      'noncurrent_days is 29',
    ],
    [
      'a state of which no version is kept',
      'noncurrent_keep: 50',
      'noncurrent_keep: 0',
      'noncurrent_keep is 0',
    ],
    ['a recovery window that DynamoDB has not', 'pitr_days: 35', 'pitr_days: 36', 'pitr_days is 36'],
    [
      'a rotation that KMS has not',
      'key_rotation_days: 365',
      'key_rotation_days: 89',
      'key_rotation_days is 89',
    ],
    ['an intent without end', 'max_window_hours: 72', 'max_window_hours: 721', 'max_window_hours is 721'],
    ['no locking', 'locking: both', 'locking: none', 'locking is "none"'],
    ['a state key that is none', 'prod/main.tfstate', 'prod/main.txt', 'must end with .tfstate'],
    [
      'an account without quotes',
      'account: "111111111111"',
      'account: 111111111111',
      'must be 12 digits, in quotes',
    ],
    ['no region', 'regions: [eu-central-1]', 'regions: []', 'environments.prod.regions is []'],
    ['an environment of a bad name', '  prod:', '  Prod:', 'the key "Prod" must be lower-case'],
    ['a template elsewhere', 'backend.tf.tmpl:', '"../backend.tf.tmpl":', 'the key "../backend.tf.tmpl"'],
    [
      'no resource at all',
      'allowed_resources: [state-bucket, lock-table, state-key, role]',
      'allowed_resources: []',
      'allowed_resources is []',
    ],
    [
      'a boundary that is no policy',
      'permissions_boundary: null',
      'permissions_boundary: "*"',
      'permissions_boundary is "*"',
    ],
    [
      'a branch with a wildcard',
      'gitlab: null',
      'gitlab: { host: g.example, project_path: a/b, audience: x, ref: "*" }',
      'must not hold wildcards',
    ],
    [
      'a repository that is none',
      'github: null',
      'github: { repository: acme, owner_id: "1", repository_id: "2", subject: both, plan_environment: p, apply_environment: a }',
      'must be OWNER/REPOSITORY',
    ],
    [
      'a numeric id without quotes',
      'github: null',
      'github: { repository: a/b, owner_id: 1, repository_id: "2", subject: both, plan_environment: p, apply_environment: a }',
      'federation.github.owner_id is 1: must be digits, in quotes',
    ],
  ])('%s', (_, from, to, message) => {
    expect(() => parse(edited(PARITY_YAML, from, to))).toThrow(message);
  });

  test.each([
    ['retention: { noncurrent_days: 29 }', 'environments.prod.retention.noncurrent_days is 29'],
    ['retention: { days: 30 }', 'unknown field "days"'],
    ['key_rotation_days: 89', 'environments.prod.key_rotation_days is 89'],
    ['locking: none', 'environments.prod.locking is "none"'],
    ['roles: { operator: { principals: [] } }', 'must name who may be the operator'],
    ['roles: { operator: { session_seconds: 1 } }', 'session_seconds is 1'],
    [
      'roles: { automation: { principals: ["arn:aws:iam::{account}:root"] } }',
      'must be empty: the role is made dormant',
    ],
    ['roles: { king: { mfa: true } }', 'unknown field "king"'],
    ['naming: { bucket: x }', 'unknown field "naming"'],
  ])('%s of an environment itself', (own, message) => {
    expect(() => parse(edited(PARITY_YAML, '  prod:\n', `  prod:\n    ${own}\n`))).toThrow(message);
  });

  test.each([
    ['without a reason', '{ setting: locking, environments: [prod] }', 'differences.0.reason is missing'],
    ['of nobody', '{ setting: locking, environments: [], reason: x }', 'differences.0.environments is []'],
    ['of two lines', '{ setting: locking, environments: [prod], reason: "a\\nb" }', 'must be one line'],
  ])('a difference %s', (_, item, message) => {
    const text = PARITY_YAML.replace(/differences:\n(?: {2}.*\n)+/, `differences: [${item}]\n`);
    expect(() => parse(text)).toThrow(message);
  });

  test('no environment at all', () => {
    const text = PARITY_YAML.replace(/environments:.*?naming:/s, 'environments: {}\nnaming:');
    expect(() => parse(text)).toThrow('must name at least one environment');
  });

  test('more than can be judged in a moment', () => {
    const many = (count: number, line: (i: number) => string): string =>
      Array.from({ length: count }, (_, i) => line(i)).join('');
    const environments = (text: string): string =>
      edited(PARITY_YAML, 'environments:\n', `environments:\n${text}`);
    const one = (i: number, more = ''): string =>
      `  e${String(i)}: { account: "333333333333", regions: [eu-a-1]${more} }\n`;
    expect(() => parse(environments(many(397, (i) => one(i))))).not.toThrow();
    expect(() => parse(environments(many(398, (i) => one(i))))).toThrow(
      'must not name more than 400 regions in all environments together',
    );
    expect(() => parse(environments(many(50, (i) => one(i, `, tags: { T${String(i)}: x }`))))).toThrow(
      'must not use more than 50 keys of tags in all environments together',
    );
    const tags = many(49, (i) => `    T${String(i)}: x\n`);
    expect(() => parse(edited(PARITY_YAML, '    Owner: platform\n', `    Owner: platform\n${tags}`))).toThrow(
      'must not hold more than 50 tags',
    );
  });

  test('no environment that would lie among the rehearsals', () => {
    expect(() => parse(PARITY_YAML.replace(/^ {2}prod:$/m, '  rehearsal:'))).toThrow(
      'must not name an environment "rehearsal"',
    );
  });

  test('a role that is left out', () => {
    expect(() => parse(PARITY_YAML.replace(/ {2}ci-plan:.*\n/, ''))).toThrow('roles.ci-plan is missing');
  });
});

describe('fill', () => {
  test('fills what is known and leaves the rest', () => {
    expect(fill('{a}-{b}-{a}', { a: '1', b: '2' })).toBe('1-2-1');
    expect(fill('{a}-{c}-{A}', { a: '1' })).toBe('1-{c}-{A}');
    expect(fill('{a}', { a: '{b}', b: 'x' })).toBe('{b}');
  });

  test('knows no values that only JavaScript knows', () => {
    expect(fill('{constructor}', {})).toBe('{constructor}');
  });
});
