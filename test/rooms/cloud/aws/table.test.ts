/** The table as data: it can be planned with, and what it claims is what the catalogues have. */
import { describe, expect, it } from 'vitest';
import { AWS_PROFILE } from '../../../../src/cloud/aws/profile.ts';
import type { AwsControl } from '../../../../src/cloud/aws/resource.ts';
import { AWS_TABLE } from '../../../../src/cloud/aws/table.ts';
import type { Json } from '../../../../src/kernel/json.ts';
import { diff } from '../../../../src/plan/diff.ts';
import { inOrder } from '../../../../src/plan/order.ts';
import { isChange } from '../../../../src/plan/step.ts';
import { exampleBlueprint } from '../../../harness/blueprint.ts';
import { fakeApi } from './fake-api.ts';

const b = exampleBlueprint();
const known = { 'state-key.arn': 'arn:aws:kms:eu-central-1:123456789012:key/k1' };
const controls = AWS_TABLE.flatMap((resource) => resource.controls);

function control(id: string): AwsControl {
  const found = controls.find((one) => one.id === id);
  if (found === undefined) throw new Error(`no control ${id}`);
  return found;
}

function compare(id: string, observed: Json) {
  const one = control(id);
  const desired = one.desired(b, known);
  if (desired.is !== 'value' || one.compare === undefined) throw new Error(`${id} does not compare`);
  return one.compare(observed, desired.value, b);
}

describe('the table', () => {
  it('has the resources that the policy can allow, each control once and under its resource', () => {
    expect(AWS_TABLE.map(({ id }) => id)).toEqual([
      'oidc-github',
      'oidc-gitlab',
      'role-operator',
      'role-automation',
      'role-ci-plan',
      'role-ci-apply',
      'role-break-glass',
      'state-key',
      'state-bucket',
      'lock-table',
      'evidence-key',
      'evidence-bucket',
    ]);
    expect(new Set(controls.map(({ id }) => id)).size).toBe(controls.length);
    for (const resource of AWS_TABLE) {
      for (const { id } of resource.controls) expect(id.startsWith(`${resource.id}.`)).toBe(true);
    }
  });

  it('needs only what AWS offers, and waits only for what exists', () => {
    const ids = new Set(AWS_TABLE.map(({ id }) => id));
    for (const one of [...controls, ...AWS_TABLE]) {
      for (const id of one.after ?? []) expect(ids).toContain(id);
    }
    for (const one of controls) for (const need of one.needs) expect(AWS_PROFILE.offers).toContain(need);
  });

  it('claims clauses in the form of their catalogue, and says what each control is for', () => {
    const form = {
      FSBP: /^(S3|KMS|DynamoDB|IAM)\.\d+$/,
      'CIS AWS 5.0': /^\d\.\d(\.\d)?$/,
      'ISO/IEC 27001:2022': /^A\.[5-8]\.\d+$/,
      'SOC 2': /^CC\d\.\d$/,
    };
    for (const one of controls) {
      expect(one.title).not.toBe('');
      expect(one.why).toMatch(/[.]$/);
      for (const { catalogue, id } of one.satisfies) expect(id).toMatch(form[catalogue]);
    }
    expect(control('state-bucket.versioning').satisfies).toContainEqual({ catalogue: 'FSBP', id: 'S3.14' });
    expect(control('state-key.rotation').satisfies).toContainEqual({ catalogue: 'CIS AWS 5.0', id: '3.6' });
  });

  it.each(['table', 'lockfile', 'both'] as const)('can be planned and walked (%s)', (locking) => {
    const blueprint = exampleBlueprint({ locking });
    const resources = Object.fromEntries(AWS_TABLE.map(({ id }) => [id, { is: 'absent' as const }]));
    const steps = diff(AWS_TABLE, AWS_PROFILE, blueprint, {
      resources,
      controls: {},
      known: {},
      finishedBy: null,
    });
    expect(steps.every(isChange)).toBe(true);
    const order = inOrder(steps).map(({ id }) => id);
    const before = (first: string, second: string) => {
      expect(order.indexOf(first)).toBeGreaterThanOrEqual(0);
      expect(order.indexOf(first)).toBeLessThan(order.indexOf(second));
    };
    before('create/oidc-github', 'create/role-ci-plan');
    before('create/role-break-glass', 'create/state-key');
    before('create/state-key', 'create/state-bucket');
    before('set/state-bucket.versioning', 'set/state-bucket.policy');
    before('create/state-bucket', 'set/role-ci-apply.permissions');
    expect(order.includes('create/lock-table')).toBe(locking !== 'lockfile');
  });

  it('leaves alone what it must not change: each such write fails before the wire', async () => {
    const api = fakeApi({});
    const fixed = [
      'state-bucket.location',
      'lock-table.schema',
      'lock-table.no-expiry',
      'lock-table.no-streams',
      'state-key.spec',
      'state-key.state',
      'evidence-bucket.no-expiry',
      'role-operator.exclusive',
    ];
    for (const id of fixed) await expect(control(id).write(api, b, known, null)).rejects.toThrow(TypeError);
    expect(api.calls).toEqual([]);
  });
});

describe('tags', () => {
  it.each([
    ['as they should be', {}, { is: 'right' }],
    [
      'with what the policy tolerates, AWS wrote, and runs wrote',
      { 'cost-centre': '1', 'aws:x': '2', 'govboot:run': 'r' },
      { is: 'right' },
    ],
    ['with a wrong value of ours', { owner: 'else' }, { is: 'wrong' }],
    ['with a tag of somebody else', { 'their-tag': 'x' }, { is: 'foreign', found: { 'their-tag': 'x' } }],
  ] as const)('%s', (_what, more, expected) => {
    expect(compare('state-bucket.tags', { ...b.tags, ...more })).toEqual(expected);
  });

  it('that are missing are wrong', () => {
    expect(compare('lock-table.tags', {})).toEqual({ is: 'wrong' });
  });
});

describe('lifecycle', () => {
  const [rule] = (control('state-bucket.lifecycle').desired(b, {}) as { value: Json }).value as Json[] as [
    Record<string, Json>,
  ];

  it('is exactly one rule', () => {
    expect(compare('state-bucket.lifecycle', [rule])).toEqual({ is: 'right' });
    expect(compare('state-bucket.lifecycle', [{ ...rule, Status: 'Disabled' }])).toEqual({ is: 'wrong' });
    const theirs = {
      ID: 'expire everything',
      Status: 'Enabled',
      Filter: { Prefix: '' },
      Expiration: { Days: 1 },
    };
    expect(compare('state-bucket.lifecycle', [rule, theirs])).toEqual({ is: 'foreign', found: [theirs] });
  });

  it('reads a filter on everything in both spellings', async () => {
    for (const Filter of [{ Prefix: '' }, {}]) {
      const api = fakeApi({
        's3:GetBucketLifecycleConfiguration': () => ({ Rules: [{ ...rule, Filter } as never] }),
      });
      const seen = await control('state-bucket.lifecycle').read(api, b, {});
      expect(seen).toEqual({ is: 'set', value: [rule] });
    }
  });
});

describe('identity providers', () => {
  const audience = (audiences: readonly string[], owner: string) =>
    compare('oidc-github.client-id', { audiences, owner });

  it('of ours have our audience and no other', () => {
    expect(audience(['sts.amazonaws.com'], 'us')).toEqual({ is: 'right' });
    expect(audience([], 'us')).toEqual({ is: 'wrong' });
    expect(audience(['else', 'sts.amazonaws.com'], 'us')).toEqual({ is: 'foreign', found: ['else'] });
  });

  it('of somebody else are used as they are, or refused', () => {
    expect(audience(['else', 'sts.amazonaws.com'], 'shared')).toEqual({ is: 'right' });
    expect(audience(['else'], 'shared')).toEqual({ is: 'foreign', found: ['else'] });
    expect(compare('oidc-github.tags', { owner: 'somebody' })).toEqual({ is: 'right' });
    expect(compare('oidc-github.tags', { ...b.tags, extra: 'x' })).toEqual({
      is: 'foreign',
      found: { extra: 'x' },
    });
  });

  it('are located as ours to use, whoever made them', async () => {
    const api = fakeApi({
      'iam:GetOpenIDConnectProvider': () => ({ Tags: [{ Key: 'owner', Value: 'somebody' }] }),
    });
    const github = AWS_TABLE.find(({ id }) => id === 'oidc-github');
    await expect(github?.locate(api, b)).resolves.toMatchObject({
      is: 'ours',
      madeBy: null,
      detail: 'provider token.actions.githubusercontent.com, shared and left as it is',
    });
  });
});

describe('what somebody else did', () => {
  it.each([
    ['role-operator.exclusive', { attached: ['arn:aws:iam::aws:policy/AdministratorAccess'], inline: [] }],
    ['role-operator.exclusive', { attached: [], inline: ['extra'] }],
    ['lock-table.no-expiry', 'ENABLED on expires'],
    ['lock-table.no-streams', 'ENABLED: NEW_IMAGE'],
    ['state-key.state', 'PendingDeletion'],
    ['state-key.state', 'Disabled'],
  ] as const)('%s: it is shown and refused', (id, observed) => {
    expect(compare(id, observed)).toEqual({ is: 'foreign', found: observed });
  });
});

describe('answers that cannot be understood', () => {
  it.each([
    ['state-bucket.policy', { 's3:GetBucketPolicy': () => ({ Policy: '{not json' }) }],
    ['state-bucket.location', { 's3:HeadBucket': () => ({}) }],
    [
      'role-operator.trust',
      { 'iam:GetRole': () => ({ Role: { AssumeRolePolicyDocument: '%E0%A4%A' } as never }) },
    ],
    ['role-operator.permissions', { 'iam:GetRolePolicy': () => ({ PolicyDocument: '%7Bnot json' }) }],
    [
      'state-bucket.encryption',
      { 's3:GetBucketEncryption': () => ({ ServerSideEncryptionConfiguration: { Rules: [{}, {}] } }) },
    ],
  ] as const)('%s is unreadable, never unset', async (id, answers) => {
    const seen = await control(id).read(fakeApi(answers), b, known);
    expect(seen).toMatchObject({ is: 'unreadable', code: 'CLOUD_FAILED' });
  });

  it.each([
    ['state-bucket.policy', { 's3:GetBucketPolicy': () => ({}) }],
    ['state-bucket.encryption', { 's3:GetBucketEncryption': () => ({}) }],
    ['state-bucket.versioning', { 's3:GetBucketVersioning': () => ({}) }],
    ['state-bucket.public-access-block', { 's3:GetPublicAccessBlock': () => ({}) }],
    ['state-bucket.ownership', { 's3:GetBucketOwnershipControls': () => ({}) }],
    ['state-bucket.lifecycle', { 's3:GetBucketLifecycleConfiguration': () => ({ Rules: [] }) }],
    ['state-key.rotation', { 'kms:GetKeyRotationStatus': () => ({ KeyRotationEnabled: false }) }],
    ['state-key.policy', { 'kms:GetKeyPolicy': () => ({}) }],
    ['lock-table.encryption', { 'dynamodb:DescribeTable': () => ({ Table: {} }) }],
    ['role-operator.boundary', { 'iam:GetRole': () => ({ Role: {} as never }) }],
  ] as const)('%s: an empty answer is unset', async (id, answers) => {
    await expect(control(id).read(fakeApi(answers), b, known)).resolves.toEqual({ is: 'unset' });
  });
});

describe('writing one control', () => {
  const boundary = 'arn:aws:iam::123456789012:policy/boundary';
  const whole = exampleBlueprint({ permissionsBoundary: boundary });
  const role = { RoleName: 'acme-dev-operator' };
  const table = { TableName: 'acme-dev-locks' };
  const owned = { Bucket: b.names.bucket, ExpectedBucketOwner: b.account };
  const provider = {
    OpenIDConnectProviderArn: 'arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com',
  };

  it.each([
    ['role-operator.trust', 'iam:UpdateAssumeRolePolicy', role],
    ['role-operator.boundary', 'iam:PutRolePermissionsBoundary', { ...role, PermissionsBoundary: boundary }],
    ['role-operator.session', 'iam:UpdateRole', { ...role, MaxSessionDuration: 3600 }],
    ['role-operator.permissions', 'iam:PutRolePolicy', { ...role, PolicyName: 'govboot-state' }],
    ['role-operator.tags', 'iam:TagRole', role],
    [
      'oidc-github.client-id',
      'iam:AddClientIDToOpenIDConnectProvider',
      { ...provider, ClientID: 'sts.amazonaws.com' },
    ],
    ['oidc-github.tags', 'iam:TagOpenIDConnectProvider', provider],
    [
      'state-key.policy',
      'kms:PutKeyPolicy',
      { PolicyName: 'default', BypassPolicyLockoutSafetyCheck: false },
    ],
    ['state-key.tags', 'kms:TagResource', { KeyId: known['state-key.arn'] }],
    ['state-key.rotation', 'kms:EnableKeyRotation', { RotationPeriodInDays: 365 }],
    ['lock-table.billing', 'dynamodb:UpdateTable', { ...table, BillingMode: 'PAY_PER_REQUEST' }],
    [
      'lock-table.encryption',
      'dynamodb:UpdateTable',
      { ...table, SSESpecification: { KMSMasterKeyId: known['state-key.arn'] } },
    ],
    ['lock-table.tags', 'dynamodb:TagResource', {}],
    ['state-bucket.ownership', 's3:PutBucketOwnershipControls', owned],
    ['state-bucket.public-access-block', 's3:PutPublicAccessBlock', owned],
    ['state-bucket.encryption', 's3:PutBucketEncryption', owned],
    ['state-bucket.policy', 's3:PutBucketPolicy', owned],
    ['state-bucket.lifecycle', 's3:PutBucketLifecycleConfiguration', owned],
  ] as const)('%s is %s', async (id, operation, input) => {
    const desired = control(id).desired(whole, known);
    if (desired.is !== 'value') throw new Error(`${id} is ${desired.is}`);
    const api = fakeApi({ [operation]: () => ({}) });
    await control(id).write(api, whole, known, desired.value);
    expect(api.calls).toMatchObject([{ operation, input }]);
  });
});
