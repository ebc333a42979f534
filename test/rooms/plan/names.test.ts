import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nameProblems, tagProblems } from '../../../src/inputs/name-rules.ts';
import { resolveNames, type ResolvedNames } from '../../../src/inputs/names.ts';
import { codeOf } from './thrown.ts';
import { parity } from './fixtures.ts';

const dev = resolveNames(parity(), 'dev', 'eu-central-1');
/** The wrong values and rules that are told of `dev` with `change`. */
const wrong = (change: Partial<ResolvedNames>): readonly string[] =>
  [nameProblems, tagProblems].flatMap((rules) => rules({ ...dev, ...change }).map(({ wrong }) => wrong));

describe('resolveNames', () => {
  it('fills every pattern for one environment', () => {
    expect(dev).toMatchObject({
      organisation: 'acme',
      environment: 'dev',
      account: '111122223333',
      partition: 'aws',
      region: 'eu-central-1',
      bucket: 'acme-dev-tfstate',
      table: 'acme-dev-tflock',
      keyAlias: 'alias/acme-dev-tfstate',
      stateKey: 'dev/terraform.tfstate',
      tags: { Environment: 'dev', CostCentre: '1001', Where: '111122223333/eu-central-1' },
      toleratedTags: ['CreatedBy'],
    });
    expect(dev.roleNames).toEqual({
      operator: 'acme-dev-operator',
      automation: 'acme-dev-automation',
      'ci-plan': 'acme-dev-ci-plan',
      'ci-apply': 'acme-dev-ci-apply',
      'break-glass': 'acme-dev-break-glass',
    });
    expect(dev.roles.operator).toEqual({
      sessionSeconds: 3600,
      principals: ['arn:aws:iam::111122223333:role/admin'],
      mfa: true,
    });
    expect(dev.federation.github).toMatchObject({
      planEnvironment: 'dev-plan',
      applyEnvironment: 'dev',
      ownerId: '1',
    });
    expect(dev.federation.gitlab).toEqual({
      host: 'gitlab.com',
      projectPath: 'acme/infra',
      audience: 'https://gitlab.com',
      ref: 'main',
    });
    expect(nameProblems(dev)).toEqual([]);
  });

  it('takes the values of the environment where it has its own', () => {
    const prod = resolveNames(parity(), 'prod', 'us-east-1');
    expect(prod.stateKey).toBe('prod/network/terraform.tfstate');
    expect(prod.tags['CostCentre']).toBe('1002');
    expect(prod.tags['Where']).toBe('444455556666/us-east-1');
  });

  it('appends the account-regional suffix once', () => {
    const regional = (pattern: string) =>
      resolveNames(
        parity((text) =>
          text
            .replace('bucket_namespace: global', 'bucket_namespace: account-regional')
            .replace('"{organisation}-{environment}-tfstate"', `"${pattern}"`),
        ),
        'dev',
        'eu-central-1',
      );
    expect(regional('{organisation}').bucket).toBe('acme-111122223333-eu-central-1-an');
    expect(regional('{organisation}-{account}-{region}-an').bucket).toBe('acme-111122223333-eu-central-1-an');
    expect(nameProblems(regional('{organisation}'))).toEqual([]);
  });

  it('writes alias/ before an alias that lacks it', () => {
    expect(
      resolveNames(
        parity((text) => text.replace('"alias/', '"')),
        'dev',
        'eu-central-1',
      ).keyAlias,
    ).toBe('alias/acme-dev-tfstate');
  });

  it.each(['test', '__proto__', 'constructor'])('knows no environment %s', (environment) => {
    expect(codeOf(() => resolveNames(parity(), environment, 'eu-central-1'))).toBe('PARITY');
  });

  it('fills a permissions boundary, and keeps an absent one absent', () => {
    const bounded = parity((text) =>
      text.replace(
        'permissions_boundary: null',
        'permissions_boundary: "arn:aws:iam::{account}:policy/{environment}-edge"',
      ),
    );
    const names = resolveNames(bounded, 'dev', 'eu-central-1');
    expect(names.permissionsBoundary).toBe('arn:aws:iam::111122223333:policy/dev-edge');
    expect(nameProblems(names)).toEqual([]);
    expect(dev.permissionsBoundary).toBeNull();
  });

  it('keeps absent federation absent', () => {
    const none = parity((text) =>
      text.replace(
        /federation:[\s\S]*allowed_resources/,
        'federation: { github: null, gitlab: null }\nallowed_resources',
      ),
    );
    const names = resolveNames(none, 'dev', 'eu-central-1');
    expect(names.federation).toEqual({ github: null, gitlab: null });
    expect(nameProblems(names)).toEqual([]);
  });
});

describe('nameProblems', () => {
  it.each([
    ['ab', 'has 2 characters'],
    ['a'.repeat(64), 'has 64 characters'],
    ['Acme-state', 'must be lower-case'],
    ['acme.state', 'must be lower-case'],
    ['192.168.5.4', 'must be lower-case'],
    ['acme_state', 'must be lower-case'],
    ['-acme', 'must be lower-case'],
    ['acme-', 'must be lower-case'],
    ['аcme-state', 'must be lower-case'], // the first letter is Cyrillic
    ['acme-{role}', 'must be lower-case'],
    ['xn--acme', 'must not begin with xn--'],
    ['sthree-acme', 'must not begin with sthree-'],
    ['amzn-s3-demo-acme', 'must not begin with amzn-s3-demo-'],
    ['acme-s3alias', 'must not end with -s3alias'],
    ['acme--ol-s3', 'must not end with --ol-s3'],
    ['acme--x-s3', 'must not end with --x-s3'],
    ['acme--table-s3', 'must not end with --table-s3'],
    ['acme-an', 'outside the account-regional namespace'],
  ])('refuses the bucket %s', (bucket, rule) => {
    expect(wrong({ bucket })).toEqual([expect.stringContaining(rule)]);
    expect(wrong({ bucket })[0]).toContain(`"${bucket}"`);
  });

  it('refuses an account-regional bucket with nothing before its suffix', () => {
    expect(
      wrong({ bucketNamespace: 'account-regional', bucket: '-111122223333-eu-central-1-an' }),
    ).toContainEqual(expect.stringContaining('has no name before'));
  });

  it.each([
    ['table', { table: 'ab' }],
    ['table', { table: 'a'.repeat(256) }],
    ['table', { table: 'lock/table' }],
    ['key alias', { keyAlias: 'alias/' }],
    ['key alias', { keyAlias: 'alias/a.b' }],
    ['key alias', { keyAlias: `alias/${'a'.repeat(251)}` }],
    ['key alias', { keyAlias: 'alias/aws/s3' }],
    ['state key', { stateKey: 'a//b.tfstate' }],
    ['state key', { stateKey: '../b.tfstate' }],
    ['state key', { stateKey: 'a/./b.tfstate' }],
    ['state key', { stateKey: `${'a'.repeat(1020)}.tfstate` }],
    ['permissions boundary', { permissionsBoundary: 'arn:aws:iam::444455556666:policy/edge' }],
    ['permissions boundary', { permissionsBoundary: 'arn:aws:iam::111122223333:role/edge' }],
  ] satisfies [string, Partial<ResolvedNames>][])('refuses a wrong %s', (what, change) => {
    expect(wrong(change)).toEqual([expect.stringContaining(what)]);
  });

  it('takes a permissions boundary of the account', () => {
    expect(wrong({ permissionsBoundary: 'arn:aws:iam::111122223333:policy/edge' })).toEqual([]);
  });

  it('refuses role names that are too long, odd, or the same', () => {
    expect(wrong({ roleNames: { ...dev.roleNames, operator: 'x'.repeat(65) } })).toEqual([
      expect.stringContaining('role operator'),
    ]);
    expect(wrong({ roleNames: { ...dev.roleNames, operator: 'a/b' } })).toEqual([
      expect.stringContaining('role operator "a/b"'),
    ]);
    expect(
      wrong({ roleNames: { ...dev.roleNames, 'ci-plan': dev.roleNames.operator.toUpperCase() } }),
    ).toEqual([expect.stringContaining('is the name of role operator too')]);
  });

  it('refuses principals of another partition or with a placeholder left', () => {
    const roles = {
      ...dev.roles,
      operator: {
        ...dev.roles.operator,
        principals: ['arn:aws-cn:iam::111122223333:root', 'arn:aws:iam::111122223333:role/{team}'],
      },
    };
    expect(wrong({ roles })).toEqual([
      expect.stringContaining('is not of partition aws'),
      expect.stringContaining('placeholder'),
    ]);
  });

  it('refuses GitHub environments with a placeholder left', () => {
    const github = { ...dev.federation.github!, planEnvironment: '{role}' };
    expect(wrong({ federation: { github, gitlab: null } })).toEqual([
      expect.stringContaining('GitHub environment "{role}"'),
    ]);
  });

  it.each([
    ['an empty value', { Team: '' }, 'has an empty value'],
    ['a value in other letters', { Team: 'plаtform' }, 'of tag "Team"'],
    ['a value of 257 characters', { Team: 'x'.repeat(257) }, 'of tag "Team"'],
    ['a value with a space at its end', { Team: 'x ' }, 'of tag "Team"'],
    ['a key with a control character', { 'Te\u001bam': 'x' }, 'Te\\u{1b}am'],
    ['a key of 129 characters', { ['k'.repeat(129)]: 'x' }, 'tag key'],
    ['a key of AWS', { 'AWS:team': 'x' }, 'must not use the prefixes'],
    ['a key of ownership', { 'govboot:run': 'x' }, 'must not use the prefixes'],
    ['two keys that differ in case', { Team: 'x', team: 'x' }, 'is there twice'],
  ])('refuses tags with %s', (_what, tags, rule) => {
    expect(wrong({ tags })).toEqual([expect.stringContaining(rule)]);
  });

  it('refuses a tolerated key that is required as well', () => {
    expect(wrong({ toleratedTags: ['environment'] })).toEqual([expect.stringContaining('is there twice')]);
  });

  it('leaves room for three ownership tags among fifty', () => {
    const tags = (n: number) =>
      Object.fromEntries(Array.from({ length: n }, (_, i) => [`k${String(i)}`, 'v']));
    expect(wrong({ tags: tags(47) })).toEqual([]);
    expect(wrong({ tags: tags(48) })).toEqual([expect.stringContaining('more than 50')]);
  });

  it('tells everything at once, each with the code PARITY', () => {
    const problems = nameProblems({ ...dev, bucket: 'A', table: '', stateKey: '' });
    expect(problems.length).toBeGreaterThanOrEqual(4);
    expect(new Set(problems.map(({ code }) => code))).toEqual(new Set(['PARITY']));
  });

  it('passes no bucket with anything but lower-case ASCII letters, digits and dashes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 70 }), (bucket) => {
        if (nameProblems({ ...dev, bucket }).length === 0)
          expect(bucket).toMatch(/^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/);
      }),
    );
  });
});
