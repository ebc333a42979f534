/** Reads from the emulator what really stands there: the policies that decide, and the encryption that needs the key. */
import { DescribeTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  GetPolicyCommand,
  GetPolicyVersionCommand,
  GetRoleCommand,
  GetRolePolicyCommand,
  IAMClient,
  ListAttachedRolePoliciesCommand,
  ListRolePoliciesCommand,
} from '@aws-sdk/client-iam';
import { GetKeyPolicyCommand, KMSClient } from '@aws-sdk/client-kms';
import { GetBucketEncryptionCommand, GetBucketPolicyCommand, S3Client } from '@aws-sdk/client-s3';
import type { PolicyDocument } from '../../../src/cloud/aws/policies/document.ts';
import type { Caller } from '../iam-judge.ts';
import { motoClientConfig } from '../moto.ts';

/** A bucket's default encryption by a key, or null when its default is S3's own. */
export interface BucketKey {
  readonly arn: string;
  /** With a bucket key the encryption context is the bucket's ARN, without one the object's. */
  readonly bucketKey: boolean;
}

export interface Standing {
  /** @throws NoSuchEntityException when there is no such role */
  caller(role: string): Promise<Caller>;
  /** null when there is no policy. */
  bucketPolicy(bucket: string): Promise<PolicyDocument | null>;
  bucketKey(bucket: string): Promise<BucketKey | null>;
  /** The ARN of the key of a table; null when it has none of its own. */
  tableKey(table: string): Promise<string | null>;
  /** @param id key id or ARN */
  keyPolicy(id: string): Promise<PolicyDocument>;
  /** Forgets what was read, after something was written. */
  forget(): void;
}

function parsedPolicy(text: string | undefined): PolicyDocument {
  if (text === undefined) throw new Error('a policy without a document');
  return JSON.parse(text) as PolicyDocument;
}

/** IAM answers policies URL-encoded. */
const decoded = (text: string | undefined): PolicyDocument =>
  parsedPolicy(text === undefined ? undefined : decodeURIComponent(text));

/** One of these errors means that nothing stands there; any other is passed on, lest "unreadable" become "nothing". */
async function orNull<T>(names: readonly string[], read: () => Promise<T>): Promise<T | null> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof Error && names.includes(error.name)) return null;
    throw error;
  }
}

export function standingAt(endpoint: string, region: string): Standing {
  const options = motoClientConfig(endpoint, region);
  const s3 = new S3Client(options);
  const iam = new IAMClient(options);
  const kms = new KMSClient(options);
  const dynamo = new DynamoDBClient(options);
  const known = new Map<string, Promise<unknown>>();
  const once = <T>(what: string, read: () => Promise<T>): Promise<T> => {
    const before = known.get(what) as Promise<T> | undefined;
    if (before !== undefined) return before;
    const reading = read();
    known.set(what, reading);
    return reading;
  };
  return {
    caller: (role) => once(`role ${role}`, () => callerOf(iam, role)),
    bucketPolicy: (Bucket) =>
      once(`policy of ${Bucket}`, () =>
        orNull(['NoSuchBucketPolicy', 'NoSuchBucket'], async () =>
          parsedPolicy((await s3.send(new GetBucketPolicyCommand({ Bucket }))).Policy),
        ),
      ),
    bucketKey: (Bucket) =>
      once(`encryption of ${Bucket}`, () =>
        orNull(['ServerSideEncryptionConfigurationNotFoundError', 'NoSuchBucket'], async () => {
          const { ServerSideEncryptionConfiguration: all } = await s3.send(
            new GetBucketEncryptionCommand({ Bucket }),
          );
          const [rule] = all?.Rules ?? [];
          const arn = rule?.ApplyServerSideEncryptionByDefault?.KMSMasterKeyID;
          return arn === undefined ? null : { arn, bucketKey: rule?.BucketKeyEnabled === true };
        }),
      ),
    tableKey: (TableName) =>
      once(`table ${TableName}`, () =>
        orNull(['ResourceNotFoundException'], async () => {
          const { Table } = await dynamo.send(new DescribeTableCommand({ TableName }));
          return Table?.SSEDescription?.KMSMasterKeyArn ?? null;
        }),
      ),
    keyPolicy: (KeyId) =>
      once(`key ${KeyId}`, async () =>
        parsedPolicy((await kms.send(new GetKeyPolicyCommand({ KeyId, PolicyName: 'default' }))).Policy),
      ),
    forget: () => {
      known.clear();
    },
  };
}

/** Inline and attached policies, and the boundary. One page: a role has one policy of ours, and a test attaches few. */
async function callerOf(iam: IAMClient, RoleName: string): Promise<Caller> {
  const { Role } = await iam.send(new GetRoleCommand({ RoleName }));
  if (Role?.Arn === undefined) throw new Error(`role ${RoleName} has no ARN`);
  const inline = (await iam.send(new ListRolePoliciesCommand({ RoleName }))).PolicyNames ?? [];
  const attached = (await iam.send(new ListAttachedRolePoliciesCommand({ RoleName }))).AttachedPolicies ?? [];
  const boundary = Role.PermissionsBoundary?.PermissionsBoundaryArn;
  return {
    role: Role.Arn,
    identity: [
      ...(await Promise.all(
        inline.map(async (PolicyName) =>
          decoded((await iam.send(new GetRolePolicyCommand({ RoleName, PolicyName }))).PolicyDocument),
        ),
      )),
      ...(await Promise.all(attached.map(({ PolicyArn }) => managed(iam, PolicyArn ?? '')))),
    ],
    boundary: boundary === undefined ? null : await managed(iam, boundary),
  };
}

async function managed(iam: IAMClient, PolicyArn: string): Promise<PolicyDocument> {
  const { Policy } = await iam.send(new GetPolicyCommand({ PolicyArn }));
  const { PolicyVersion } = await iam.send(
    new GetPolicyVersionCommand({ PolicyArn, VersionId: Policy?.DefaultVersionId ?? 'v1' }),
  );
  return decoded(PolicyVersion?.Document);
}
