/** The cloud behind the ports, in the cases that no emulator can be brought to. */
import { describe, expect, it } from 'vitest';
import { makeAwsCloud } from '../../../../src/cloud/aws/cloud.ts';
import { guarded } from '../../../../src/cloud/aws/guard.ts';
import { keyPolicy } from '../../../../src/cloud/aws/policies/key-policy.ts';
import { AWS_PROFILE } from '../../../../src/cloud/aws/profile.ts';
import type { AwsApi } from '../../../../src/cloud/aws/api.ts';
import type { Again, Retry } from '../../../../src/cloud/aws/retry.ts';
import type { CreateStep, SetStep } from '../../../../src/plan/step.ts';
import type { Instant } from '../../../../src/kernel/time.ts';
import type { Json } from '../../../../src/kernel/json.ts';
import { exampleBlueprint } from '../../../harness/blueprint.ts';
import { fakeApi, fakeClock, fault } from './fake-api.ts';

const b = exampleBlueprint();
const ours = Object.entries(b.tags).map(([Key, Value]) => ({ Key, Value }));
const oursInKms = ours.map(({ Key, Value }) => ({ TagKey: Key, TagValue: Value }));
const KEY = 'arn:aws:kms:eu-central-1:123456789012:key/k1';

function open(api: AwsApi, onRetry?: (retry: Retry) => void) {
  const clock = fakeClock();
  const options = {
    api,
    clock,
    account: b.account,
    region: b.region,
    ...(onRetry === undefined ? {} : { onRetry }),
  };
  return { clock, ...makeAwsCloud(options) };
}

function create(resource: string, name = resource): CreateStep {
  return { id: `create/${resource}`, kind: 'create', resource, name, title: name, with: [], after: [] };
}

function setStep(control: string, to: Json | null = null): SetStep {
  const resource = control.split('.')[0] ?? '';
  return {
    id: `set/${control}`,
    kind: 'set',
    preview: null,
    control,
    resource,
    name: resource,
    title: control,
    from: null,
    to,
    after: [],
  };
}

const context = (known: Readonly<Record<string, string>> = {}) => ({ run: 'run-1', blueprint: b, known });

describe('the guard', () => {
  it('stops a call that the profile does not list before the wire', async () => {
    const api = fakeApi({ 's3:GetBucketPolicy': () => ({}) });
    const profile = {
      ...AWS_PROFILE,
      calls: AWS_PROFILE.calls.filter((call) => call !== 's3:GetBucketPolicy'),
    };
    const call = guarded(api, profile).call('s3:GetBucketPolicy', { Bucket: 'b' });
    await expect(call).rejects.toMatchObject({
      code: 'CALL_NOT_ALLOWED',
      data: { call: 's3:GetBucketPolicy' },
    });
    expect(api.calls).toEqual([]);
  });

  it('knows no call that deletes or weakens', () => {
    for (const call of AWS_PROFILE.calls) {
      expect(call).not.toMatch(/:(Delete|Detach|Untag|Remove|Disable|Schedule|Cancel|Revoke|Reset|Replace)/);
    }
  });
});

describe('a bucket that is not ours', () => {
  it('in another account (403) is foreign, and no further call is made on it', async () => {
    const api = fakeApi({
      's3:HeadBucket': () => {
        throw fault('s3:HeadBucket', 'denied', 'UnknownError', 403);
      },
    });
    await expect(open(api).cloud.perform(create('state-bucket'), context())).rejects.toMatchObject({
      code: 'FOREIGN_RESOURCE',
    });
    expect(api.names()).toEqual(['s3:HeadBucket']);
  });

  it('in another region (301) is foreign', async () => {
    const api = fakeApi({
      's3:HeadBucket': () => {
        throw fault('s3:HeadBucket', 'invalid', 'UnknownError', 301);
      },
    });
    await expect(open(api).cloud.perform(create('state-bucket'), context())).rejects.toMatchObject({
      code: 'FOREIGN_RESOURCE',
    });
    expect(api.names()).toEqual(['s3:HeadBucket']);
  });

  it('without our tags is foreign, and told with the tags that it has', async () => {
    const api = fakeApi({
      's3:HeadBucket': () => ({}),
      's3:GetBucketTagging': () => ({ TagSet: [{ Key: 'owner', Value: 'somebody' }] }),
    });
    await expect(open(api).cloud.perform(create('state-bucket'), context())).rejects.toMatchObject({
      code: 'FOREIGN_RESOURCE',
      data: { found: { tags: { owner: 'somebody' } } },
    });
    expect(api.names()).not.toContain('s3:CreateBucket');
  });

  it('whose tags may not be read is unreadable, never absent', async () => {
    const api = fakeApi({
      's3:HeadBucket': () => ({}),
      's3:GetBucketTagging': () => {
        throw fault('s3:GetBucketTagging', 'denied', 'AccessDenied', 403);
      },
    });
    await expect(open(api).cloud.perform(create('state-bucket'), context())).rejects.toMatchObject({
      code: 'READ_DENIED',
    });
    expect(api.names()).not.toContain('s3:CreateBucket');
  });
});

describe('creating', () => {
  it('names the region outside us-east-1, and does not in it', async () => {
    for (const [region, constraint] of [
      ['eu-central-1', 'eu-central-1'],
      ['us-east-1', undefined],
    ] as const) {
      let there = false;
      const api = fakeApi({
        's3:HeadBucket': () => {
          if (!there) throw fault('s3:HeadBucket', 'absent', 'NotFound', 404);
          return {};
        },
        's3:CreateBucket': () => {
          there = true;
          return {};
        },
        's3:GetBucketTagging': () => ({ TagSet: ours }),
      });
      const blueprint = { ...b, region, names: { ...b.names, bucketNamespace: 'account-regional' as const } };
      const { cloud } = makeAwsCloud({ api, clock: fakeClock(), account: b.account, region });
      const done = await cloud.perform(create('state-bucket'), { run: 'run-1', blueprint, known: {} });
      expect(done).toEqual({
        requestIds: [{ call: 's3:CreateBucket', id: 'r2' }],
        known: { 'state-bucket.arn': `arn:aws:s3:::${b.names.bucket}` },
        retries: 0,
      });
      const input = api.calls.find(({ operation }) => operation === 's3:CreateBucket')?.input;
      expect(input).toMatchObject({
        ObjectOwnership: 'BucketOwnerEnforced',
        BucketNamespace: 'account-regional',
      });
      const { CreateBucketConfiguration } = input as { CreateBucketConfiguration: Record<string, unknown> };
      expect(CreateBucketConfiguration['LocationConstraint']).toBe(constraint);
      expect(CreateBucketConfiguration['Tags']).toContainEqual({ Key: 'govboot:run', Value: 'run-1' });
    }
  });

  it('takes over what exists when it is ours: a lost answer looks like this', async () => {
    let made = false;
    const api = fakeApi({
      'iam:ListRoleTags': () => {
        if (!made) throw fault('iam:ListRoleTags', 'absent', 'NoSuchEntity', 404);
        return { Tags: ours };
      },
      'iam:CreateRole': () => {
        made = true;
        throw fault('iam:CreateRole', 'exists', 'EntityAlreadyExists', 409);
      },
    });
    const done = await open(api).cloud.perform(create('role-operator'), context());
    expect(done.known).toEqual({ 'role-operator.arn': 'arn:aws:iam::123456789012:role/acme-dev-operator' });
  });

  it('refuses what exists and is not ours', async () => {
    let made = false;
    const api = fakeApi({
      'iam:ListRoleTags': () => {
        if (!made) throw fault('iam:ListRoleTags', 'absent', 'NoSuchEntity', 404);
        return { Tags: [] };
      },
      'iam:CreateRole': () => {
        made = true;
        throw fault('iam:CreateRole', 'exists', 'EntityAlreadyExists', 409);
      },
    });
    await expect(open(api).cloud.perform(create('role-operator'), context())).rejects.toMatchObject({
      code: 'FOREIGN_RESOURCE',
    });
  });

  it('refuses what exists and never shows itself', async () => {
    const api = fakeApi({
      's3:HeadBucket': () => {
        throw fault('s3:HeadBucket', 'absent', 'NotFound', 404);
      },
      's3:CreateBucket': () => {
        throw fault('s3:CreateBucket', 'exists', 'BucketAlreadyExists', 409);
      },
    });
    await expect(open(api).cloud.perform(create('state-bucket'), context())).rejects.toMatchObject({
      code: 'FOREIGN_RESOURCE',
    });
    expect(api.names().filter((name) => name === 's3:CreateBucket')).toHaveLength(3);
  });

  it('waits until a table is active', async () => {
    const states = ['CREATING', 'CREATING', 'ACTIVE'];
    let made = false;
    const api = fakeApi({
      'dynamodb:DescribeTable': () => {
        if (!made) throw fault('dynamodb:DescribeTable', 'absent', 'ResourceNotFoundException');
        return { Table: { TableStatus: (states.length > 1 ? states.shift() : states[0]) as 'ACTIVE' } };
      },
      'dynamodb:ListTagsOfResource': () => ({ Tags: ours }),
      'dynamodb:CreateTable': () => {
        made = true;
        return {};
      },
    });
    const { cloud, clock } = open(api);
    await cloud.perform(create('lock-table'), context({ 'state-key.arn': KEY }));
    expect(states).toEqual(['ACTIVE']);
    expect(clock.pauses.length).toBeGreaterThan(0);
    expect(api.calls.find(({ operation }) => operation === 'dynamodb:CreateTable')?.input).toMatchObject({
      KeySchema: [{ AttributeName: 'LockID', KeyType: 'HASH' }],
      SSESpecification: { Enabled: true, SSEType: 'KMS', KMSMasterKeyId: KEY },
      DeletionProtectionEnabled: true,
    });
  });
});

describe('the key', () => {
  /** An account of keys, each with tags; CreateKey does as `onCreate` says. */
  function account(onCreate: 'answers' | 'carried out, answer lost' | 'not carried out') {
    const keys: { id: string; tags: typeof oursInKms; made: number; state: string }[] = [];
    let creations = 0;
    const api = fakeApi({
      'kms:ListKeys': () => ({ Keys: keys.map(({ id }) => ({ KeyId: id })) }),
      'kms:ListResourceTags': ({ KeyId }) => {
        const key = keys.find(({ id }) => KeyId === id || KeyId === arn(id));
        if (key?.state === 'hidden' || key?.state === 'aws')
          throw fault('kms:ListResourceTags', 'denied', 'AccessDeniedException');
        return { Tags: key?.tags ?? [] };
      },
      'kms:DescribeKey': ({ KeyId }) => {
        const key = keys.find(({ id }) => KeyId === id || KeyId === arn(id));
        if (key === undefined) throw fault('kms:DescribeKey', 'absent', 'NotFoundException');
        if (key.state === 'hidden') throw fault('kms:DescribeKey', 'denied', 'AccessDeniedException');
        return {
          KeyMetadata: {
            KeyId: key.id,
            Arn: arn(key.id),
            KeyState: (key.state === 'aws' ? 'Enabled' : key.state) as 'Enabled',
            KeyManager: key.state === 'aws' ? ('AWS' as const) : ('CUSTOMER' as const),
            CreationDate: new Date(key.made),
          },
        };
      },
      'kms:CreateKey': () => {
        creations++;
        const id = `made-${creations}`;
        if (onCreate === 'not carried out' && creations < 3)
          throw fault('kms:CreateKey', 'network', 'ECONNRESET', null);
        keys.push({ id, tags: oursInKms, made: 100 + creations, state: 'Enabled' });
        if (onCreate === 'carried out, answer lost')
          throw fault('kms:CreateKey', 'unavailable', 'InternalFailure', 500);
        return { KeyMetadata: { KeyId: id, Arn: arn(id) } };
      },
    });
    return { keys, api, creations: () => creations };
  }
  const arn = (id: string): string => `arn:aws:kms:eu-central-1:123456789012:key/${id}`;

  it('is made with its policy and tags in the one call', async () => {
    const { api } = account('answers');
    const done = await open(api).cloud.perform(create('state-key'), context());
    expect(done.known).toEqual({ 'state-key.arn': arn('made-1'), 'state-key.id': 'made-1' });
    const input = api.calls.find(({ operation }) => operation === 'kms:CreateKey')?.input as {
      Policy: string;
    };
    expect(JSON.parse(input.Policy)).toEqual(keyPolicy(b));
    expect(input).toMatchObject({
      MultiRegion: false,
      BypassPolicyLockoutSafetyCheck: false,
      Origin: 'AWS_KMS',
    });
  });

  it('is never made twice when the answer of CreateKey is lost', async () => {
    const { api, creations } = account('carried out, answer lost');
    const done = await open(api).cloud.perform(create('state-key'), context());
    expect(creations()).toBe(1);
    expect(done.known['state-key.arn']).toBe(arn('made-1'));
  });

  it('is made again when the search shows that it was not carried out', async () => {
    const { api, creations } = account('not carried out');
    const done = await open(api).cloud.perform(create('state-key'), context());
    expect(creations()).toBe(3);
    expect(done.known['state-key.arn']).toBe(arn('made-3'));
  });

  it('of an earlier run is found by its tags, among keys of others', async () => {
    const { api, keys, creations } = account('answers');
    keys.push({ id: 'theirs', tags: [], made: 1, state: 'Enabled' });
    keys.push({ id: 'aws-s3', tags: [], made: 1, state: 'aws' });
    keys.push({ id: 'hidden', tags: [], made: 1, state: 'hidden' });
    keys.push({ id: 'given-up', tags: oursInKms, made: 2, state: 'PendingDeletion' });
    keys.push({ id: 'newer', tags: oursInKms, made: 9, state: 'Enabled' });
    keys.push({ id: 'older', tags: oursInKms, made: 3, state: 'Enabled' });
    const done = await open(api).cloud.perform(create('state-key'), context());
    expect(creations()).toBe(0);
    expect(done.known['state-key.id']).toBe('older');
  });

  it('is not made while the tags of keys cannot be read', async () => {
    const { api, keys, creations } = account('answers');
    keys.push({ id: 'hidden', tags: [], made: 1, state: 'hidden' });
    keys.push({ id: 'aws-s3', tags: [], made: 1, state: 'aws' });
    await expect(open(api).cloud.perform(create('state-key'), context())).rejects.toMatchObject({
      code: 'READ_DENIED',
    });
    expect(creations()).toBe(0);
  });
});

describe('setting', () => {
  const versioning = setStep('state-bucket.versioning', 'Enabled');

  it('writes nothing when it is right already', async () => {
    const api = fakeApi({ 's3:GetBucketVersioning': () => ({ Status: 'Enabled' }) });
    await expect(open(api).cloud.perform(versioning, context())).resolves.toEqual({
      requestIds: [],
      known: {},
      retries: 0,
    });
  });

  it('ends when it can be read back, however long that lags', async () => {
    let reads = 0;
    const api = fakeApi({
      's3:GetBucketVersioning': () => ({ ...(++reads > 4 ? { Status: 'Enabled' as const } : {}) }),
      's3:PutBucketVersioning': () => ({}),
    });
    const done = await open(api).cloud.perform(versioning, context());
    expect(done.requestIds).toEqual([{ call: 's3:PutBucketVersioning', id: 'r2' }]);
    expect(api.names().filter((name) => name === 's3:PutBucketVersioning')).toHaveLength(1);
  });

  it('is on record also where the server gave it no id, or one that cannot be printed', async () => {
    for (const [requestId, id] of [
      [undefined, '(none)'],
      ['', '(none)'],
      ['x\u001b[2K', 'x\\u{1b}[2K'],
    ] as const) {
      let isSet = false;
      const api = fakeApi({
        's3:GetBucketVersioning': () => (isSet ? { Status: 'Enabled' as const } : {}),
        's3:PutBucketVersioning': () => {
          isSet = true;
          return { $metadata: requestId === undefined ? {} : { requestId } };
        },
      });
      const done = await open(api).cloud.perform(versioning, context());
      expect(done.requestIds).toEqual([{ call: 's3:PutBucketVersioning', id }]);
    }
  });

  it('fails when it never reads back', async () => {
    const api = fakeApi({
      's3:GetBucketVersioning': () => ({ Status: 'Suspended' }),
      's3:PutBucketVersioning': () => ({}),
    });
    await expect(open(api).cloud.perform(versioning, context())).rejects.toMatchObject({
      code: 'READBACK_WRONG',
      data: { control: 'state-bucket.versioning', found: 'Suspended', wanted: 'Enabled' },
    });
  });

  it('writes nothing over what somebody else put there meanwhile', async () => {
    const theirs = { Sid: 'Auditors', Effect: 'Deny', Principal: '*', Action: 's3:GetObject', Resource: '*' };
    const api = fakeApi({
      's3:GetBucketPolicy': () => ({
        Policy: JSON.stringify({ Version: '2012-10-17', Statement: [theirs] }),
      }),
    });
    const step = open(api).cloud.perform(setStep('state-bucket.policy'), context({ 'state-key.arn': KEY }));
    await expect(step).rejects.toMatchObject({ code: 'FOREIGN_VALUE', data: { found: [theirs] } });
    expect(api.names()).toEqual(['s3:GetBucketPolicy']);
  });

  it('never takes a denied read for an unset value', async () => {
    const api = fakeApi({
      's3:GetBucketPolicy': () => {
        throw fault('s3:GetBucketPolicy', 'denied', 'AccessDenied', 403);
      },
    });
    const step = open(api).cloud.perform(setStep('state-bucket.policy'), context({ 'state-key.arn': KEY }));
    await expect(step).rejects.toMatchObject({ code: 'READ_DENIED' });
    expect(api.names()).toEqual(['s3:GetBucketPolicy']);
  });

  it('writes only what was confirmed', async () => {
    const step = open(fakeApi({})).cloud.perform(setStep('state-bucket.versioning', 'Suspended'), context());
    await expect(step).rejects.toMatchObject({ code: 'PLAN_CHANGED' });
  });

  it('writes nothing that depends on what is not known', async () => {
    const step = open(fakeApi({})).cloud.perform(setStep('state-bucket.encryption'), context());
    await expect(step).rejects.toMatchObject({ code: 'CLOUD_FAILED' });
  });

  it('keeps tolerated tags, and those of AWS, when it writes the set', async () => {
    let tags = [
      { Key: 'cost-centre', Value: '42' },
      { Key: 'aws:cloudformation:stack-name', Value: 'x' },
      { Key: 'owner', Value: 'wrong' },
    ];
    const api = fakeApi({
      's3:GetBucketTagging': () => ({ TagSet: tags }),
      's3:PutBucketTagging': ({ Tagging }) => {
        tags = (Tagging?.TagSet ?? []) as typeof tags;
        return {};
      },
    });
    await open(api).cloud.perform(setStep('state-bucket.tags', b.tags), context());
    expect(Object.fromEntries(tags.map(({ Key, Value }) => [Key, Value]))).toEqual({
      ...b.tags,
      'cost-centre': '42',
    });
  });

  it('repeats conflicts, counts them and tells of them', async () => {
    let left = 3;
    let status: 'Enabled' | undefined;
    const api = fakeApi({
      's3:GetBucketVersioning': () => (status === undefined ? {} : { Status: status }),
      's3:PutBucketVersioning': () => {
        if (left-- > 0) throw fault('s3:PutBucketVersioning', 'conflict', 'OperationAborted', 409);
        status = 'Enabled';
        return {};
      },
    });
    const retries: Retry[] = [];
    const done = await open(api, (retry) => retries.push(retry)).cloud.perform(versioning, context());
    expect(done.retries).toBe(3);
    expect(retries.map(({ fault: { operation } }) => operation)).toEqual(
      Array(3).fill('s3:PutBucketVersioning'),
    );
  });

  it('counts what the SDK repeated of a call that was lost, and then said that it exists', async () => {
    let made = false;
    const api = fakeApi({
      'kms:ListAliases': () => ({ Aliases: made ? [{ AliasName: b.names.keyAlias, TargetKeyId: KEY }] : [] }),
      'kms:CreateAlias': () => {
        made = true;
        throw fault('kms:CreateAlias', 'exists', 'AlreadyExistsException', 400, 2);
      },
    });
    const done = open(api).cloud.perform(setStep('state-key.alias'), context({ 'state-key.arn': KEY }));
    await expect(done).resolves.toMatchObject({ retries: 1 });
  });

  it('tells of what was tried again outside of any step', async () => {
    let left = 2;
    const api = fakeApi({
      'iam:ListRoleTags': () => {
        if (left-- > 0) throw fault('iam:ListRoleTags', 'throttled', 'Throttling', 400, 5);
        return { Tags: [] };
      },
    });
    const told: Again[] = [];
    const { claims } = makeAwsCloud({
      ...{ api, clock: fakeClock(), account: b.account, region: b.region },
      onAgain: (again) => told.push(again),
    });
    await claims.look({ ...context(), knownRuns: new Set() }, '2026-11-22T12:00:00Z' as Instant);
    expect(told).toEqual([{ operation: 'iam:ListRoleTags', times: 10 }]);
  });

  it('takes an alias over that an earlier try made, and refuses one of somebody else', async () => {
    for (const theirs of [false, true]) {
      let names: string[] = [];
      const api = fakeApi({
        'kms:ListAliases': () => ({ Aliases: names.map((AliasName) => ({ AliasName })) }),
        'kms:CreateAlias': () => {
          if (!theirs) names = [b.names.keyAlias];
          throw fault('kms:CreateAlias', 'exists', 'AlreadyExistsException');
        },
      });
      const step = open(api).cloud.perform(setStep('state-key.alias'), context({ 'state-key.arn': KEY }));
      if (theirs) await expect(step).rejects.toMatchObject({ code: 'READBACK_WRONG' });
      else await expect(step).resolves.toMatchObject({ known: {} });
    }
  });

  it.each([
    ['denied', 'CLOUD_DENIED'],
    ['credentials', 'CREDENTIALS'],
    ['network', 'CLOUD_UNREACHABLE'],
    ['unavailable', 'CLOUD_FAILED'],
    ['invalid', 'CLOUD_FAILED'],
  ] as const)('%s on a write is %s, with the call and the resource', async (kind, code) => {
    const api = fakeApi({
      's3:GetBucketVersioning': () => ({}),
      's3:PutBucketVersioning': () => {
        throw fault('s3:PutBucketVersioning', kind, 'Word');
      },
    });
    await expect(open(api).cloud.perform(versioning, context())).rejects.toMatchObject({
      code,
      message: expect.stringContaining('s3:PutBucketVersioning for state-bucket') as string,
      data: { call: 's3:PutBucketVersioning', fault: 'Word' },
    });
  });

  it.each([
    ['RequestTimeTooSkewed', /^set the clock of this machine; `govboot doctor` tells/],
    ['ExpiredToken', /^sign in/],
  ])('what mends %s is told', async (name, hint) => {
    const api = fakeApi({
      's3:GetBucketVersioning': () => {
        throw fault('s3:GetBucketVersioning', 'credentials', name);
      },
    });
    await expect(open(api).cloud.perform(versioning, context())).rejects.toMatchObject({
      code: 'CREDENTIALS',
      hint: expect.stringMatching(hint) as string,
    });
  });

  it('writes to one bucket strictly one after another', async () => {
    const order: string[] = [];
    let writing = 0;
    const slow: AwsApi = {
      call: async (operation) => {
        const writes = operation.startsWith('s3:Put');
        if (writes) expect(++writing).toBe(1);
        order.push(operation);
        await new Promise((resolve) => setImmediate(resolve));
        if (writes) writing--;
        const isPut = (name: string) => order.includes(`s3:Put${name}`);
        const owned = { OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] } };
        const answers: Record<string, object> = {
          's3:GetBucketVersioning': { Status: isPut('BucketVersioning') ? 'Enabled' : undefined },
          's3:GetBucketOwnershipControls': isPut('BucketOwnershipControls') ? owned : {},
        };
        return { $metadata: {}, ...answers[operation] } as never;
      },
    };
    const { cloud } = open(slow);
    await Promise.all([
      cloud.perform(versioning, context()),
      cloud.perform(setStep('state-bucket.ownership', 'BucketOwnerEnforced'), context()),
    ]);
    expect(order.filter((operation) => operation.startsWith('s3:Put'))).toEqual([
      's3:PutBucketVersioning',
      's3:PutBucketOwnershipControls',
    ]);
  });
});

describe('observing', () => {
  it('makes the same read once, and tells what it cannot read', async () => {
    const denied = (operation: 'iam:ListRoleTags') => () => {
      throw fault(operation, 'denied', 'AccessDenied', 403);
    };
    const table = { TableStatus: 'ACTIVE' as const, KeySchema: [], AttributeDefinitions: [] };
    const api = fakeApi({
      'iam:ListRoleTags': denied('iam:ListRoleTags'),
      'iam:GetOpenIDConnectProvider': () => {
        throw fault('iam:GetOpenIDConnectProvider', 'absent', 'NoSuchEntity', 404);
      },
      'kms:DescribeKey': () => {
        throw fault('kms:DescribeKey', 'invalid', 'ValidationException');
      },
      's3:HeadBucket': () => {
        throw fault('s3:HeadBucket', 'denied', 'UnknownError', 403);
      },
      'dynamodb:DescribeTable': () => ({ Table: table }),
      'dynamodb:ListTagsOfResource': () => ({ Tags: ours }),
      'dynamodb:DescribeContinuousBackups': () => {
        throw fault('dynamodb:DescribeContinuousBackups', 'denied', 'AccessDeniedException');
      },
      'dynamodb:DescribeTimeToLive': () => ({}),
    });
    const seen = await open(api).cloud.observe(b);
    expect(seen.resources['role-operator']).toMatchObject({ is: 'unreadable', code: 'READ_DENIED' });
    expect(seen.resources['oidc-github']).toEqual({ is: 'absent' });
    expect(seen.resources['oidc-gitlab']).toBeUndefined();
    expect(seen.resources['state-key']).toMatchObject({ is: 'unreadable', code: 'CLOUD_FAILED' });
    expect(seen.resources['state-bucket']).toMatchObject({ is: 'foreign' });
    expect(seen.resources['lock-table']).toMatchObject({ is: 'ours' });
    expect(seen.controls['lock-table.point-in-time-recovery']).toMatchObject({
      is: 'unreadable',
      code: 'READ_DENIED',
    });
    expect(seen.controls['lock-table.no-expiry']).toMatchObject({ is: 'unreadable', code: 'CLOUD_FAILED' });
    expect(Object.keys(seen.controls).every((id) => id.startsWith('lock-table.'))).toBe(true);
    expect(api.names().filter((name) => name === 'dynamodb:DescribeTable')).toHaveLength(1);
    expect(api.names().filter((name) => name.startsWith('s3:'))).toEqual(['s3:HeadBucket']);
  });

  it('stops at once when the credentials are no good', async () => {
    const api: AwsApi = {
      call: async (operation) => Promise.reject(fault(operation, 'credentials', 'ExpiredToken')),
    };
    await expect(open(api).cloud.observe(b)).rejects.toMatchObject({ code: 'CREDENTIALS' });
  });

  it('tells an unreachable cloud from a failed one', async () => {
    const api: AwsApi = {
      call: async (operation) => Promise.reject(fault(operation, 'network', 'ECONNREFUSED', null)),
    };
    const { cloud } = open(api);
    const seen = await cloud.observe(b);
    for (const presence of Object.values(seen.resources)) {
      expect(presence).toMatchObject({ is: 'unreadable', code: 'CLOUD_UNREACHABLE' });
    }
    await expect(cloud.whoAmI()).rejects.toMatchObject({ code: 'CLOUD_UNREACHABLE' });
  });

  it('refuses a blueprint of another account or region before any call', async () => {
    const api = fakeApi({});
    const { cloud, claims } = open(api);
    const other = exampleBlueprint({ account: '210987654321' });
    await expect(cloud.observe(other)).rejects.toThrow(/opened for 123456789012/);
    await expect(
      cloud.perform(create('state-key'), { ...context(), blueprint: other }),
    ).rejects.toMatchObject({
      code: 'IDENTITY_MISMATCH',
    });
    await expect(
      claims.take(
        { ...context(), blueprint: other, knownRuns: new Set() },
        'alice',
        '2026-11-22T12:00:00Z' as never,
      ),
    ).rejects.toMatchObject({ code: 'IDENTITY_MISMATCH' });
    expect(api.calls).toEqual([]);
  });

  it('does nothing for steps that change nothing', async () => {
    const keep = {
      id: 'keep/state-key',
      kind: 'keep',
      resource: 'state-key',
      name: 'k',
      title: 't',
      control: null,
    } as const;
    const done = await open(fakeApi({})).cloud.perform(keep, context());
    expect(done).toEqual({ requestIds: [], known: {}, retries: 0 });
  });
});
