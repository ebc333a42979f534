/** What a look asked ahead of its step may stand for, and what not. */
import { describe, expect, it } from 'vitest';
import type { AwsApi, Operation } from '../../../../src/cloud/aws/api.ts';
import { makeAwsCloud } from '../../../../src/cloud/aws/cloud.ts';
import type { Json } from '../../../../src/kernel/json.ts';
import type { CreateStep, SetStep } from '../../../../src/plan/step.ts';
import { exampleBlueprint } from '../../../harness/blueprint.ts';
import { fakeApi, fakeClock, fault } from './fake-api.ts';

const b = exampleBlueprint();
const ours = Object.entries(b.tags).map(([Key, Value]) => ({ Key, Value }));
const context = {
  run: 'run-1',
  blueprint: b,
  known: { 'state-key.arn': 'arn:aws:kms:eu-central-1:123456789012:key/k1' },
};

const row = (resource: string) => ({ resource, name: resource, title: resource, after: [] });
const create = (resource: string): CreateStep => ({
  ...row(resource),
  id: `create/${resource}`,
  kind: 'create',
  with: [],
});
const set = (control: string, to: Json, ...after: string[]): SetStep => {
  const resource = control.split('.')[0] ?? '';
  return {
    ...row(resource),
    id: `set/${control}`,
    kind: 'set',
    control,
    from: null,
    to,
    preview: null,
    after,
  };
};
const versioning = set('state-bucket.versioning', 'Enabled');

function open(api: AwsApi) {
  const clock = fakeClock();
  return { clock, ...makeAwsCloud({ api, clock, account: b.account, region: b.region }) };
}

/** A bucket whose versioning was suspended, until it is written. */
function bucket(read: () => { Status?: 'Enabled' | 'Suspended' } = () => ({ Status: 'Suspended' })) {
  let written = false;
  return fakeApi({
    's3:GetBucketVersioning': () => (written ? { Status: 'Enabled' } : read()),
    's3:PutBucketVersioning': () => {
      written = true;
      return {};
    },
  });
}

const READ_WRITE_CHECK: readonly Operation[] = [
  's3:GetBucketVersioning',
  's3:PutBucketVersioning',
  's3:GetBucketVersioning',
];

describe('a look ahead', () => {
  it('is the look of its step, and is asked once', async () => {
    const api = bucket();
    const { cloud } = open(api);
    cloud.lookAhead?.(versioning, context);
    await cloud.perform(versioning, context);
    expect(api.names()).toEqual(READ_WRITE_CHECK);
  });

  it('of two seconds ago counts for nothing', async () => {
    const api = bucket();
    const { cloud, clock } = open(api);
    cloud.lookAhead?.(versioning, context);
    await clock.pause(2_000);
    await cloud.perform(versioning, context);
    expect(api.names()).toEqual(['s3:GetBucketVersioning', ...READ_WRITE_CHECK]);
  });

  it('is used for one step only', async () => {
    const api = bucket();
    const { cloud } = open(api);
    cloud.lookAhead?.(versioning, context);
    await cloud.perform(versioning, context);
    await cloud.perform(versioning, context);
    // What the second one saw was right, so it wrote nothing.
    expect(api.names()).toEqual([...READ_WRITE_CHECK, 's3:GetBucketVersioning']);
  });

  it('that was denied, or not answered, is asked again by the step, which tells it', async () => {
    const api = bucket(() => {
      throw fault('s3:GetBucketVersioning', 'denied', 'AccessDenied', 403);
    });
    const { cloud } = open(api);
    cloud.lookAhead?.(versioning, context);
    await expect(cloud.perform(versioning, context)).rejects.toMatchObject({ code: 'READ_DENIED' });
    expect(api.names()).toEqual(['s3:GetBucketVersioning', 's3:GetBucketVersioning']);
  });

  it('is not cast at a setting of what is not made yet', async () => {
    const api = bucket();
    open(api).cloud.lookAhead?.(set('state-bucket.versioning', 'Enabled', 'create/state-bucket'), context);
    await new Promise((resolve) => setImmediate(resolve));
    expect(api.calls).toEqual([]);
  });

  it('is never the look before a key, which could be made twice', async () => {
    const api = fakeApi({});
    open(api).cloud.lookAhead?.(create('state-key'), context);
    await new Promise((resolve) => setImmediate(resolve));
    expect(api.calls).toEqual([]);
  });

  it('sees what is somebody else’s, and nothing is written over it', async () => {
    const foreign = {
      Statement: [{ Sid: 'Theirs', Effect: 'Allow', Principal: '*', Action: 's3:*', Resource: '*' }],
    };
    const api = fakeApi({ 's3:GetBucketPolicy': () => ({ Policy: JSON.stringify(foreign) }) });
    const { cloud } = open(api);
    const policy: SetStep = { ...set('state-bucket.policy', null), to: null };
    cloud.lookAhead?.(policy, context);
    await expect(cloud.perform(policy, context)).rejects.toMatchObject({ code: 'FOREIGN_VALUE' });
    expect(api.names()).toEqual(['s3:GetBucketPolicy']);
  });
});

describe('an observation', () => {
  const absent = (operation: Operation) => () => {
    throw fault(operation, 'absent', operation === 's3:HeadBucket' ? 'NotFound' : 'NoSuchEntity', 404);
  };
  const nothing = {
    'iam:GetOpenIDConnectProvider': absent('iam:GetOpenIDConnectProvider'),
    'kms:DescribeKey': absent('kms:DescribeKey'),
    'kms:ListKeys': () => ({ Keys: [] }),
    's3:HeadBucket': absent('s3:HeadBucket'),
    'dynamodb:DescribeTable': absent('dynamodb:DescribeTable'),
  };

  it('is the look at a role, whose making refuses a name that is taken; but not at the one that the claim makes', async () => {
    let made = false;
    const api = fakeApi({
      ...nothing,
      'iam:ListRoleTags': () => (made ? { Tags: ours } : absent('iam:ListRoleTags')()),
      'iam:CreateRole': () => {
        made = true;
        return {};
      },
    });
    const { cloud } = open(api);
    await cloud.observe(b);
    const before = api.calls.length;
    await cloud.perform(create('role-ci-plan'), context);
    expect(api.names().slice(before)).toEqual(['iam:CreateRole', 'iam:ListRoleTags']);
    await cloud.perform(create('role-operator'), context);
    expect(api.names().slice(before + 2)).toEqual(['iam:ListRoleTags', 'iam:ListRoleTags']);
  });

  it('tells nothing of the settings of a bucket that is not ours, though they were read', async () => {
    const api = fakeApi({
      ...nothing,
      'iam:ListRoleTags': absent('iam:ListRoleTags'),
      's3:HeadBucket': () => ({ BucketRegion: b.region }),
      's3:GetBucketTagging': () => ({ TagSet: [{ Key: 'owner', Value: 'somebody' }] }),
      's3:GetBucketVersioning': () => ({ Status: 'Enabled' }),
      's3:GetBucketOwnershipControls': () => ({}),
      's3:GetPublicAccessBlock': () => ({}),
      's3:GetBucketEncryption': () => ({}),
      's3:GetBucketPolicy': () => ({}),
      's3:GetBucketLifecycleConfiguration': () => ({}),
    });
    const seen = await open(api).cloud.observe(b);
    expect(seen.resources['state-bucket']).toMatchObject({ is: 'unowned' });
    expect(seen.controls).toEqual({});
    expect(seen.known).toEqual({});
    expect(api.names()).toContain('s3:GetBucketVersioning');
  });
});
