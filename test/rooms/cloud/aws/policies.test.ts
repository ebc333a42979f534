/** Policies are read by AWS to the letter, so they are kept here to the letter, in all three partitions. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asJson, comparePolicies, policyText } from '../../../../src/cloud/aws/policies/document.ts';
import type { PolicyDocument, Statement } from '../../../../src/cloud/aws/policies/document.ts';
import { bucketPolicy } from '../../../../src/cloud/aws/policies/bucket-policy.ts';
import { evidenceBucketPolicy } from '../../../../src/cloud/aws/policies/evidence-bucket-policy.ts';
import { evidenceKeyPolicy } from '../../../../src/cloud/aws/policies/evidence-key-policy.ts';
import { keyPolicy } from '../../../../src/cloud/aws/policies/key-policy.ts';
import { permissionsPolicy } from '../../../../src/cloud/aws/policies/permissions.ts';
import { trustPolicy } from '../../../../src/cloud/aws/policies/trust.ts';
import { lockKeys, oidcProviderArn, rootArn, stateKeys, viaService } from '../../../../src/cloud/aws/arn.ts';
import type { Json } from '../../../../src/kernel/json.ts';
import { ROLE_NAMES, type Blueprint } from '../../../../src/plan/blueprint.ts';
import { exampleBlueprint, exampleBlueprintWithStore } from '../../../harness/blueprint.ts';

const PLACES = [
  { partition: 'aws', region: 'eu-central-1' },
  { partition: 'aws-us-gov', region: 'us-gov-west-1' },
  { partition: 'aws-cn', region: 'cn-north-1' },
] as const;

const gitlab = {
  host: 'gitlab.com',
  projectPath: 'acme/platform/infrastructure',
  audience: 'https://acme.example/terraform',
  ref: 'main',
};

function keyArn(b: Blueprint): string {
  return `arn:${b.partition}:kms:${b.region}:${b.account}:key/11111111-2222-4333-8444-555555555555`;
}

/** Every policy of a blueprint, by what it is for. */
function allPolicies(b: Blueprint): Readonly<Record<string, PolicyDocument>> {
  return {
    bucket: bucketPolicy(b, keyArn(b)),
    key: keyPolicy(b),
    ...Object.fromEntries(ROLE_NAMES.map((role) => [`trust of ${role}`, trustPolicy(b, role)])),
    ...Object.fromEntries(
      ROLE_NAMES.map((role) => [`permissions of ${role}`, permissionsPolicy(b, role, keyArn(b))]),
    ),
  };
}

function list<T>(value: T | readonly T[] | undefined): readonly T[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? (value as readonly T[]) : [value as T];
}

function statement(policy: PolicyDocument, sid: string): Statement {
  const found = policy.Statement.find((one) => one.Sid === sid);
  if (found === undefined) throw new Error(`no statement ${sid}`);
  return found;
}

describe('policies to the letter', () => {
  for (const place of PLACES) {
    it(`${place.partition}, both locks, GitHub and GitLab`, () => {
      const federation = { github: exampleBlueprint().federation.github, gitlab };
      expect(allPolicies(exampleBlueprint({ ...place, federation }))).toMatchSnapshot();
    });
  }
});

describe('what holds for every policy', () => {
  const blueprints = PLACES.flatMap((place) =>
    (['table', 'lockfile', 'both'] as const).map((locking) => exampleBlueprint({ ...place, locking })),
  );

  it.each(blueprints)('$partition $locking: every ARN is of the partition and the account', (b) => {
    const text = JSON.stringify(allPolicies(b));
    const arns = text.match(/arn:[a-z-]+:[a-z0-9]+:[a-z0-9-]*:[0-9]*:/g) ?? [];
    expect(arns.length).toBeGreaterThan(20);
    for (const arn of arns) {
      const [, partition, service, , account] = arn.split(':');
      // The operator's principal comes from the policy as it is.
      if (arn === 'arn:aws:iam::123456789012:') continue;
      expect(partition).toBe(b.partition);
      expect(account).toBe(service === 's3' ? '' : b.account);
    }
  });

  it.each(blueprints)('$partition $locking: roles have no wildcard in actions and exact resources', (b) => {
    for (const role of ROLE_NAMES) {
      for (const one of permissionsPolicy(b, role, keyArn(b)).Statement) {
        expect(one.Effect).toBe('Allow');
        for (const action of list(one.Action)) expect(action).toMatch(/^[a-z0-9]+:[A-Za-z]+$/);
        for (const resource of list(one.Resource)) {
          expect(resource).toMatch(/^arn:/);
          // The one star: the name of a workspace, between `env:/` and the key of the state.
          expect(resource.replace('/env:/*/', '/')).not.toMatch(/[*?]/);
        }
      }
    }
  });

  it.each(blueprints)('$partition $locking: only wanted locks can be taken', (b) => {
    const text = JSON.stringify(allPolicies(b));
    expect(text.includes('.tflock')).toBe(b.locking !== 'table');
    expect(text.includes('dynamodb:')).toBe(b.locking !== 'lockfile');
    expect(text.includes('GovbootDenyUnconditionalLock')).toBe(b.locking !== 'table');
  });

  it('keeps within the quotas of IAM and S3, with the longest names', () => {
    const b = exampleBlueprint({
      names: { ...exampleBlueprint().names, bucket: 'b'.repeat(63), table: 't'.repeat(60) },
      stateKey: `${'k'.repeat(180)}.tfstate`,
      federation: { github: { ...exampleBlueprint().federation.github!, subject: 'both' }, gitlab },
    });
    const size = (policy: PolicyDocument): number => policyText(asJson(policy)).length;
    expect(size(bucketPolicy(b, keyArn(b)))).toBeLessThan(20 * 1024);
    expect(size(keyPolicy(b))).toBeLessThan(32 * 1024);
    for (const role of ROLE_NAMES) {
      expect(size(permissionsPolicy(b, role, keyArn(b)))).toBeLessThan(10_240); // inline policies of a role
      expect(size(trustPolicy(b, role))).toBeLessThan(2_048); // trust policy of a role
    }
  });
});

describe('the bucket policy', () => {
  const b = exampleBlueprint();
  const policy = bucketPolicy(b, keyArn(b));

  it('only denies, and never without a condition', () => {
    for (const one of policy.Statement) {
      expect(one.Effect).toBe('Deny');
      expect(Object.keys(one.Condition ?? {}).length).toBeGreaterThan(0);
      expect(one.Sid).toMatch(/^Govboot[A-Za-z]+$/); // a Sid is letters and digits
    }
  });

  it('never takes from everybody what it takes to repair it', () => {
    const repair = ['s3:PutBucketPolicy', 's3:PutBucketVersioning', 's3:PutLifecycleConfiguration'];
    for (const one of policy.Statement) {
      const denied = list(one.Action).filter((action) => repair.includes(action));
      if (denied.length > 0) expect(one.Condition?.['ArnEquals']?.['aws:PrincipalArn']).toHaveLength(4);
    }
    const named = statement(policy, 'GovbootDenyUsersWeakening').Condition?.['ArnEquals']?.[
      'aws:PrincipalArn'
    ];
    expect(named).not.toContain('arn:aws:iam::123456789012:role/acme-dev-break-glass');
  });

  it('closes the encryption trap: AES256, another key, no key id, a customer key', () => {
    const sse = 's3:x-amz-server-side-encryption';
    expect(statement(policy, 'GovbootDenyOtherEncryption').Condition).toEqual({
      Null: { [sse]: 'false' },
      StringNotEquals: { [sse]: 'aws:kms' },
    });
    expect(statement(policy, 'GovbootDenyOtherKey').Condition).toEqual({
      Null: { [`${sse}-aws-kms-key-id`]: 'false' },
      StringNotEquals: { [`${sse}-aws-kms-key-id`]: keyArn(b) },
    });
    expect(statement(policy, 'GovbootDenyUnnamedKey').Condition).toEqual({
      StringEquals: { [sse]: 'aws:kms' },
      Null: { [`${sse}-aws-kms-key-id`]: 'true' },
    });
    expect(statement(policy, 'GovbootDenyCustomerProvidedKey').Condition).toEqual({
      Null: { [`${sse}-customer-algorithm`]: 'false' },
    });
  });
});

describe('the key policy', () => {
  it('never locks the account out, and keeps deletion to break-glass', () => {
    const b = exampleBlueprint();
    const policy = keyPolicy(b);
    expect(statement(policy, 'GovbootAccountAdministersKey')).toMatchObject({
      Effect: 'Allow',
      Principal: { AWS: rootArn(b) },
      Action: 'kms:*',
    });
    const denied = policy.Statement.filter((one) => one.Effect === 'Deny');
    expect(denied).toHaveLength(1);
    expect(denied[0]?.Action).not.toContain('kms:PutKeyPolicy');
    expect(denied[0]?.Condition).toEqual({
      ArnNotEquals: { 'aws:PrincipalArn': 'arn:aws:iam::123456789012:role/acme-dev-break-glass' },
    });
  });
});

describe('trust', () => {
  const hub = exampleBlueprint().federation.github!;

  it.each([
    ['immutable', 'repo:acme@1001/infrastructure@2002:environment:dev'],
    ['name', 'repo:acme/infrastructure:environment:dev'],
    [
      'both',
      ['repo:acme@1001/infrastructure@2002:environment:dev', 'repo:acme/infrastructure:environment:dev'],
    ],
  ] as const)('GitHub subject %s', (subject, expected) => {
    const b = exampleBlueprint({ federation: { github: { ...hub, subject }, gitlab: null } });
    const claims = statement(trustPolicy(b, 'ci-apply'), 'GovbootGitHub').Condition?.['StringEquals'];
    expect(claims?.['token.actions.githubusercontent.com:sub']).toEqual(expected);
    expect(claims?.['token.actions.githubusercontent.com:aud']).toBe('sts.amazonaws.com');
    expect(claims?.['token.actions.githubusercontent.com:repository_id']).toBe('2002');
  });

  it('tells plan from apply by the environment of the job', () => {
    const subject = (role: 'ci-plan' | 'ci-apply') =>
      statement(trustPolicy(exampleBlueprint(), role), 'GovbootGitHub').Condition?.['StringEquals']?.[
        'token.actions.githubusercontent.com:sub'
      ];
    expect(subject('ci-plan')).toMatch(/:environment:dev-plan$/);
    expect(subject('ci-apply')).toMatch(/:environment:dev$/);
  });

  it('never compares a claim by a pattern', () => {
    const b = exampleBlueprint({ federation: { github: { ...hub, subject: 'both' }, gitlab } });
    for (const role of ['ci-plan', 'ci-apply'] as const) {
      for (const one of trustPolicy(b, role).Statement) {
        expect(Object.keys(one.Condition ?? {})).toEqual(['StringEquals']);
        expect(JSON.stringify(one.Condition)).not.toMatch(/[*?]/);
      }
    }
  });

  it.each(['automation', 'break-glass', 'ci-plan', 'ci-apply'] as const)(
    '%s is dormant when nobody may be it',
    (role) => {
      const b = exampleBlueprint({ federation: { github: null, gitlab: null } });
      expect(trustPolicy(b, role).Statement).toEqual([
        {
          Sid: 'GovbootDormant',
          Effect: 'Deny',
          Principal: '*',
          Action: ['sts:AssumeRole', 'sts:AssumeRoleWithSAML', 'sts:AssumeRoleWithWebIdentity'],
        },
      ]);
    },
  );

  it('asks people for a second factor only where the policy does', () => {
    const b = exampleBlueprint();
    const without = { ...b, roles: { ...b.roles, operator: { ...b.roles.operator, mfa: false } } };
    expect(trustPolicy(b, 'operator').Statement[0]?.Condition).toEqual({
      Bool: { 'aws:MultiFactorAuthPresent': 'true' },
    });
    expect(trustPolicy(without, 'operator').Statement[0]).not.toHaveProperty('Condition');
  });
});

describe('permissions', () => {
  const b = exampleBlueprint();
  const actions = (role: 'ci-plan' | 'ci-apply' | 'break-glass', locking: Blueprint['locking'] = 'both') => {
    const all = permissionsPolicy({ ...b, locking }, role, keyArn(b)).Statement.flatMap((one) =>
      list(one.Action),
    );
    return [...new Set(all)].sort();
  };

  it('lets a plan read the state and lock it, and never write it', () => {
    const state = permissionsPolicy(b, 'ci-plan', keyArn(b)).Statement.filter((one) =>
      list(one.Resource).some((resource) => resource.endsWith('.tfstate')),
    );
    expect(state.flatMap((one) => list(one.Action))).toEqual(['s3:GetObject']);
    const taken = statement(permissionsPolicy(b, 'ci-plan', keyArn(b)), 'GovbootTakeLock');
    expect(JSON.stringify(taken.Condition)).not.toContain('-md5');
    expect(actions('ci-plan', 'table')).not.toContain('kms:GenerateDataKey');
    expect(actions('ci-plan', 'lockfile')).toContain('kms:GenerateDataKey');
  });

  it('lets nobody delete a version, a state, a table or a key', () => {
    for (const role of ['ci-plan', 'ci-apply', 'break-glass'] as const) {
      const deletes = actions(role).filter(
        (action) => /delete/i.test(action) && action !== 'kms:CancelKeyDeletion',
      );
      expect(deletes).toEqual(['dynamodb:DeleteItem', 's3:DeleteObject']);
      const deleted = permissionsPolicy(b, role, keyArn(b)).Statement.filter((one) =>
        list(one.Action).includes('s3:DeleteObject'),
      );
      for (const one of deleted)
        for (const resource of list(one.Resource)) expect(resource).toMatch(/\.tflock$/);
    }
  });
});

describe('names', () => {
  it('knows the places of state and lock, workspaces included', () => {
    expect(stateKeys(exampleBlueprint())).toEqual(['dev/terraform.tfstate', 'env:/*/dev/terraform.tfstate']);
    expect(lockKeys(exampleBlueprint())).toEqual([
      'dev/terraform.tfstate.tflock',
      'env:/*/dev/terraform.tfstate.tflock',
    ]);
    expect(oidcProviderArn(exampleBlueprint({ partition: 'aws-cn' }), 'gitlab.com')).toBe(
      'arn:aws-cn:iam::123456789012:oidc-provider/gitlab.com',
    );
    expect(viaService({ partition: 'aws-cn', region: 'cn-north-1', account: '1' }, 's3')).toEqual([
      's3.cn-north-1.amazonaws.com',
      's3.cn-north-1.amazonaws.com.cn',
    ]);
  });
});

describe('comparing policies', () => {
  const desired = asJson(bucketPolicy(exampleBlueprint(), keyArn(exampleBlueprint())));
  const statements = (desired as unknown as { Statement: Json[] }).Statement;
  const withStatements = (all: readonly Json[]): Json => ({ Version: '2012-10-17', Statement: all });

  it('does not care for order, nor for one value in or out of a list', () => {
    const scrambled = fc.record({
      order: fc.shuffledSubarray(statements, { minLength: statements.length, maxLength: statements.length }),
      reverse: fc.boolean(),
      unwrap: fc.boolean(),
    });
    fc.assert(
      fc.property(scrambled, ({ order, reverse, unwrap }) => {
        const respelt = order.map((one) => respell(one, reverse, unwrap));
        expect(comparePolicies(withStatements(respelt), desired)).toEqual({ is: 'right' });
      }),
    );
  });

  /** Another spelling of the same: lists turned round, lists of one as a value, values as lists of one. */
  function respell(json: Json, reverse: boolean, unwrap: boolean): Json {
    const statement = { ...(json as Record<string, Json>) };
    for (const key of ['Action', 'Resource']) {
      const values = [...list(statement[key] as string | readonly string[])];
      if (reverse) values.reverse();
      statement[key] = unwrap && values.length === 1 ? values[0]! : values;
    }
    if (statement['Principal'] === '*') statement['Principal'] = { AWS: '*' };
    return statement;
  }

  it('finds every single change: a dropped statement, another value, a foreign statement', () => {
    for (const [index, one] of statements.entries()) {
      const others = statements.filter((_, i) => i !== index);
      expect(comparePolicies(withStatements(others), desired)).toEqual({ is: 'wrong' });
      const changed = { ...(one as Record<string, Json>), Effect: 'Allow' };
      expect(comparePolicies(withStatements([...others, changed]), desired)).toEqual({ is: 'wrong' });
      const alsoChanged = withStatements([...statements, { ...changed, Sid: 'GovbootOther' }]);
      expect(comparePolicies(alsoChanged, desired)).toEqual({ is: 'wrong' });
    }
    const foreign = {
      Sid: 'Auditors',
      Effect: 'Allow',
      Principal: '*',
      Action: 's3:GetObject',
      Resource: '*',
    };
    expect(comparePolicies(withStatements([...statements, foreign]), desired)).toEqual({
      is: 'foreign',
      found: [foreign],
    });
  });

  it('judges by content and not by Sid', () => {
    const renamed = statements.map((one, i) => ({ ...(one as Record<string, Json>), Sid: `Statement${i}` }));
    expect(comparePolicies(withStatements(renamed), desired)).toEqual({ is: 'right' });
  });

  it('knows one principal, condition value and action in all their spellings', () => {
    const policy = (principal: Json, value: Json, action: string, key = 'aws:SecureTransport'): Json =>
      withStatements([
        {
          Effect: 'Deny',
          Principal: principal,
          Action: action,
          Resource: '*',
          Condition: { Bool: { [key]: value } },
        },
      ]);
    const plain = policy({ AWS: 'arn:aws:iam::123456789012:root' }, 'false', 's3:GetObject');
    const spelt = policy({ AWS: ['123456789012'] }, [false], 's3:getobject', 'AWS:securetransport');
    expect(comparePolicies(spelt, plain)).toEqual({ is: 'right' });
    const other = policy({ AWS: ['210987654321'] }, 'false', 's3:GetObject');
    expect(comparePolicies(other, plain).is).toBe('foreign');
  });

  it('does not take the old policy language for the new one', () => {
    expect(comparePolicies({ Version: '2008-10-17', Statement: statements }, desired)).toEqual({
      is: 'wrong',
    });
    expect(comparePolicies({ Statement: statements }, desired)).toEqual({ is: 'wrong' });
    expect(comparePolicies('no policy', desired)).toEqual({ is: 'foreign', found: ['no policy'] });
  });
});

describe('the policies of the store', () => {
  const b = exampleBlueprintWithStore();
  const store = b.evidence!;
  const bucket = evidenceBucketPolicy(b, store, keyArn(b));
  const key = evidenceKeyPolicy(b, store);

  for (const place of PLACES)
    it(`to the letter, ${place.partition}`, () => {
      const there = exampleBlueprintWithStore(place);
      expect({
        bucket: evidenceBucketPolicy(there, there.evidence!, keyArn(there)),
        key: evidenceKeyPolicy(there, there.evidence!),
      }).toMatchSnapshot();
    });

  it('fit into what S3 and KMS take', () => {
    expect(policyText(asJson(bucket)).length).toBeLessThan(20 * 1024);
    expect(policyText(asJson(key)).length).toBeLessThan(32 * 1024);
  });

  it('speak of the bucket and never of the state', () => {
    expect(JSON.stringify([bucket, key])).not.toContain(b.names.bucket);
    expect(bucket.Statement.every(({ Effect }) => Effect === 'Deny')).toBe(true);
  });

  it('exempt nobody from what would lose evidence, break-glass least of all', () => {
    for (const [policy, sid] of [
      [bucket, 'GovbootDenyLosingEvidence'],
      [key, 'GovbootDenyLosingKey'],
    ] as const) {
      expect(statement(policy, sid)).toMatchObject({ Effect: 'Deny', Principal: '*' });
      expect(statement(policy, sid).Condition).toBeUndefined();
    }
    expect(statement(bucket, 'GovbootDenyLosingBucket').Condition).toEqual({
      ArnNotEquals: { 'aws:PrincipalArn': rootArn(b) },
    });
  });

  it('leave the account the last word on the policies themselves', () => {
    const denied = (policy: PolicyDocument) =>
      policy.Statement.filter(
        ({ Effect, Condition }) => Effect === 'Deny' && Condition?.['ArnEquals'] === undefined,
      ).flatMap(({ Action }) => list(Action));
    expect(denied(bucket)).not.toContain('s3:PutBucketPolicy');
    expect(denied(bucket)).not.toContain('s3:PutBucketObjectLockConfiguration');
    expect(denied(key)).not.toContain('kms:PutKeyPolicy');
    expect(denied(key)).not.toContain('kms:CancelKeyDeletion');
  });

  it('no role of the state is given anything by its own policy', () => {
    for (const role of ROLE_NAMES)
      expect(JSON.stringify(permissionsPolicy(b, role, keyArn(b)))).not.toContain(store.bucket);
  });
});
