// Drift over the real SDK: after an apply there is none; each control that somebody changes with other tools is named, one after another.
import {
  DynamoDBClient,
  UpdateContinuousBackupsCommand,
  UpdateTableCommand,
  UpdateTimeToLiveCommand,
  TagResourceCommand as TagTable,
} from '@aws-sdk/client-dynamodb';
import {
  IAMClient,
  PutRolePolicyCommand,
  TagRoleCommand,
  UpdateAssumeRolePolicyCommand,
  UpdateRoleCommand,
} from '@aws-sdk/client-iam';
import {
  CreateGrantCommand,
  DisableKeyRotationCommand,
  GetKeyPolicyCommand,
  KMSClient,
  ListAliasesCommand,
  PutKeyPolicyCommand,
  TagResourceCommand as TagKey,
} from '@aws-sdk/client-kms';
import {
  CreateBucketCommand,
  DeletePublicAccessBlockCommand,
  GetBucketPolicyCommand,
  GetBucketTaggingCommand,
  PutBucketEncryptionCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketOwnershipControlsCommand,
  PutBucketPolicyCommand,
  PutBucketReplicationCommand,
  PutBucketTaggingCommand,
  PutBucketVersioningCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { requireOrSkip } from '../harness/capabilities.ts';
import { makeGoverned, type Governed } from '../harness/governed-repo.ts';
import { motoClientConfig, motoEnv, startMoto, type Moto } from '../harness/moto.ts';
import { playApply, startGovboot } from '../harness/operator.ts';

const BUCKET = 'acme-dev-tfstate-123456789012-eu-central-1';
const TABLE = 'acme-dev-tflock';
const ROLE = 'acme-dev-operator';
const OTHER = { Sid: 'Backdoor', Effect: 'Allow', Principal: { AWS: 'arn:aws:iam::999999999999:root' } };

interface Clients {
  readonly s3: S3Client;
  readonly kms: KMSClient;
  readonly iam: IAMClient;
  readonly dynamodb: DynamoDBClient;
}

interface Policy {
  readonly Statement: readonly object[];
}
const more = (policy = '{}', statement: object = {}): string => {
  const document = JSON.parse(policy) as Policy;
  return JSON.stringify({ ...document, Statement: [...document.Statement, { ...OTHER, ...statement }] });
};

async function keyOf({ kms }: Clients): Promise<string> {
  const { Aliases = [] } = await kms.send(new ListAliasesCommand({}));
  return Aliases.find(({ AliasName }) => AliasName === 'alias/acme-dev-tfstate')?.TargetKeyId ?? '';
}

/** In the order in which they are made, the one beside the other; the policy of the bucket last, as moto obeys it. */
const CHANGES: readonly (readonly [string, (c: Clients) => Promise<unknown>])[] = [
  [
    'state-bucket.versioning drifted',
    ({ s3 }) =>
      s3.send(
        new PutBucketVersioningCommand({ Bucket: BUCKET, VersioningConfiguration: { Status: 'Suspended' } }),
      ),
  ],
  [
    'state-bucket.tags drifted',
    async ({ s3 }) => {
      const { TagSet = [] } = await s3.send(new GetBucketTaggingCommand({ Bucket: BUCKET }));
      const changed = TagSet.map((tag) => (tag.Key === 'ManagedBy' ? { ...tag, Value: 'hand' } : tag));
      return s3.send(new PutBucketTaggingCommand({ Bucket: BUCKET, Tagging: { TagSet: changed } }));
    },
  ],
  [
    'state-bucket.ownership drifted',
    ({ s3 }) =>
      s3.send(
        new PutBucketOwnershipControlsCommand({
          Bucket: BUCKET,
          OwnershipControls: { Rules: [{ ObjectOwnership: 'ObjectWriter' }] },
        }),
      ),
  ],
  [
    'state-bucket.public-access-block drifted',
    ({ s3 }) => s3.send(new DeletePublicAccessBlockCommand({ Bucket: BUCKET })),
  ],
  [
    'state-bucket.encryption drifted',
    ({ s3 }) =>
      s3.send(
        new PutBucketEncryptionCommand({
          Bucket: BUCKET,
          ServerSideEncryptionConfiguration: {
            Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
          },
        }),
      ),
  ],
  [
    'state-bucket.lifecycle drifted',
    ({ s3 }) =>
      s3.send(
        new PutBucketLifecycleConfigurationCommand({
          Bucket: BUCKET,
          LifecycleConfiguration: {
            Rules: [{ ID: 'sweep', Status: 'Enabled', Filter: { Prefix: '' }, Expiration: { Days: 1 } }],
          },
        }),
      ),
  ],
  [
    'state-key.rotation drifted',
    async (c) => c.kms.send(new DisableKeyRotationCommand({ KeyId: await keyOf(c) })),
  ],
  [
    'state-key.no-grants extra',
    async (c) =>
      c.kms.send(
        new CreateGrantCommand({
          KeyId: await keyOf(c),
          GranteePrincipal: 'arn:aws:iam::999999999999:root',
          Operations: ['Decrypt'],
        }),
      ),
  ],
  [
    'state-key.tags drifted',
    async (c) =>
      c.kms.send(new TagKey({ KeyId: await keyOf(c), Tags: [{ TagKey: 'ManagedBy', TagValue: 'hand' }] })),
  ],
  [
    'state-key.policy extra',
    async (c) => {
      const KeyId = await keyOf(c);
      const { Policy } = await c.kms.send(new GetKeyPolicyCommand({ KeyId, PolicyName: 'default' }));
      const changed = more(Policy, { Action: 'kms:Decrypt', Resource: '*' });
      return c.kms.send(new PutKeyPolicyCommand({ KeyId, PolicyName: 'default', Policy: changed }));
    },
  ],
  [
    'lock-table.deletion-protection drifted',
    ({ dynamodb }) =>
      dynamodb.send(new UpdateTableCommand({ TableName: TABLE, DeletionProtectionEnabled: false })),
  ],
  [
    'lock-table.no-streams extra',
    ({ dynamodb }) =>
      dynamodb.send(
        new UpdateTableCommand({
          TableName: TABLE,
          StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_IMAGE' },
        }),
      ),
  ],
  [
    'lock-table.no-expiry extra',
    ({ dynamodb }) =>
      dynamodb.send(
        new UpdateTimeToLiveCommand({
          TableName: TABLE,
          TimeToLiveSpecification: { Enabled: true, AttributeName: 'Expires' },
        }),
      ),
  ],
  [
    'lock-table.point-in-time-recovery drifted',
    ({ dynamodb }) =>
      dynamodb.send(
        new UpdateContinuousBackupsCommand({
          TableName: TABLE,
          PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: false },
        }),
      ),
  ],
  [
    'lock-table.billing drifted',
    ({ dynamodb }) =>
      dynamodb.send(
        new UpdateTableCommand({
          TableName: TABLE,
          BillingMode: 'PROVISIONED',
          ProvisionedThroughput: { ReadCapacityUnits: 1, WriteCapacityUnits: 1 },
        }),
      ),
  ],
  [
    'lock-table.tags drifted',
    ({ dynamodb }) =>
      dynamodb.send(
        new TagTable({
          ResourceArn: `arn:aws:dynamodb:eu-central-1:123456789012:table/${TABLE}`,
          Tags: [{ Key: 'ManagedBy', Value: 'hand' }],
        }),
      ),
  ],
  [
    'role-operator.session drifted',
    ({ iam }) => iam.send(new UpdateRoleCommand({ RoleName: ROLE, MaxSessionDuration: 43_200 })),
  ],
  [
    'role-operator.exclusive extra',
    ({ iam }) =>
      iam.send(
        new PutRolePolicyCommand({
          RoleName: ROLE,
          PolicyName: 'more',
          PolicyDocument: JSON.stringify({
            Version: '2012-10-17',
            Statement: [{ Effect: 'Allow', Action: 'iam:*', Resource: '*' }],
          }),
        }),
      ),
  ],
  [
    'role-operator.permissions drifted',
    ({ iam }) =>
      iam.send(
        new PutRolePolicyCommand({
          RoleName: ROLE,
          PolicyName: 'govboot-state',
          PolicyDocument: JSON.stringify({
            Version: '2012-10-17',
            Statement: [{ Effect: 'Allow', Action: 's3:*', Resource: '*' }],
          }),
        }),
      ),
  ],
  [
    'role-operator.trust drifted',
    ({ iam }) =>
      iam.send(
        new UpdateAssumeRolePolicyCommand({
          RoleName: ROLE,
          PolicyDocument: JSON.stringify({
            Version: '2012-10-17',
            Statement: [{ ...OTHER, Action: 'sts:AssumeRole' }],
          }),
        }),
      ),
  ],
  [
    'role-automation.tags drifted',
    ({ iam }) =>
      iam.send(
        new TagRoleCommand({ RoleName: 'acme-dev-automation', Tags: [{ Key: 'ManagedBy', Value: 'hand' }] }),
      ),
  ],
  [
    'state-bucket.no-replication extra',
    async ({ s3 }) => {
      // moto wants both sides versioned, which the state bucket is not any more by now.
      const versioned = { Status: 'Enabled' } as const;
      await s3.send(
        new CreateBucketCommand({
          Bucket: 'elsewhere',
          CreateBucketConfiguration: { LocationConstraint: 'eu-central-1' },
        }),
      );
      for (const Bucket of ['elsewhere', BUCKET])
        await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: versioned }));
      await s3.send(
        new PutBucketReplicationCommand({
          Bucket: BUCKET,
          ReplicationConfiguration: {
            Role: 'arn:aws:iam::123456789012:role/copy',
            Rules: [
              {
                ...{ ID: 'copy', Priority: 1, Status: 'Enabled', Filter: { Prefix: '' } },
                ...{
                  DeleteMarkerReplication: { Status: 'Disabled' },
                  Destination: { Bucket: 'arn:aws:s3:::elsewhere' },
                },
              },
            ],
          },
        }),
      );
      await s3.send(
        new PutBucketVersioningCommand({ Bucket: BUCKET, VersioningConfiguration: { Status: 'Suspended' } }),
      );
    },
  ],
  [
    'state-bucket.policy extra',
    async ({ s3 }) => {
      const { Policy } = await s3.send(new GetBucketPolicyCommand({ Bucket: BUCKET }));
      const changed = more(Policy, { Action: 's3:GetObject', Resource: `arn:aws:s3:::${BUCKET}/*` });
      return s3.send(new PutBucketPolicyCommand({ Bucket: BUCKET, Policy: changed }));
    },
  ],
];

interface Told {
  readonly environments: readonly {
    readonly is: string;
    readonly drifts: readonly {
      readonly control: string | null;
      readonly resource: string;
      readonly is: string;
    }[];
    readonly record: { readonly file?: string } | null;
  }[];
}

describe.skipIf(!requireOrSkip('moto', 'drift on an AWS emulator'))(
  'drift on moto',
  { timeout: 300_000 },
  () => {
    let moto: Moto;
    let governed: Governed;
    beforeAll(async () => {
      moto = await startMoto();
      governed = await makeGoverned({
        ...{ endpoint: moto.endpoint, env: motoEnv(moto.endpoint, 'eu-central-1'), locking: 'both' },
        environments: ['dev=123456789012:eu-central-1'],
      });
      const args = [...governed.globals, '--key', governed.keyFile('alice'), 'apply', 'dev'];
      expect((await playApply(args, { cwd: governed.folder, env: governed.env, rows: 60 })).code).toBe(0);
    }, 120_000);
    afterAll(() => moto.stop());

    const look = async (): Promise<{ readonly code: number | null; readonly drifts: readonly string[] }> => {
      const ran = await governed.run(['drift', 'dev', '--json', '--key', governed.keyFile('alice')]);
      const events = ran.stdout
        .split('\n')
        .flatMap((line) => (line === '' ? [] : [JSON.parse(line) as { type: string; value: Told }]));
      const told = events.find(({ type }) => type === 'result')?.value.environments[0];
      expect(told, ran.stderr).toBeDefined();
      return {
        code: ran.code,
        drifts: (told?.drifts ?? []).map((one) => `${one.control ?? one.resource} ${one.is}`),
      };
    };

    test('there is none after an apply, and each change is named beside those before it', async () => {
      expect(await look()).toEqual({ code: 0, drifts: [] });
      const config = motoClientConfig(moto.endpoint);
      const clients: Clients = {
        s3: new S3Client({ ...config, forcePathStyle: true }),
        kms: new KMSClient(config),
        iam: new IAMClient(config),
        dynamodb: new DynamoDBClient(config),
      };
      const named: string[] = [];
      for (const [expected, change] of CHANGES) {
        await change(clients);
        named.push(expected);
        const { code, drifts } = await look();
        expect([code, [...drifts].sort()], expected).toEqual([10, [...named].sort()]);
      }
      // Each state that was found is on record, and the evidence is as good as before.
      const verified = await governed.run(['verify', 'dev']);
      expect(verified.code, verified.stdout).toBe(0);
      const log = await governed.run(['log', 'dev']);
      expect(log.stdout.match(/drift found/g)).toHaveLength(CHANGES.length);
      // A watch that is stopped ends with what it found.
      const args = [...governed.globals, 'drift', 'dev', '--watch', '--every', '600'];
      const terminal = startGovboot(args, { cwd: governed.folder, env: governed.env });
      await terminal.waitFor(/look 1; the next in 10 min/, 60_000);
      await terminal.type('\x03');
      expect((await terminal.exit).code, terminal.screen()).toBe(10);
    });
  },
);
