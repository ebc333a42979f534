/** What somebody might change in a locked backend behind its back, with the SDK: controls of every resource, nothing that is not ours. */
import { DynamoDBClient, UpdateContinuousBackupsCommand, UpdateTableCommand } from '@aws-sdk/client-dynamodb';
import {
  DeleteRolePolicyCommand,
  IAMClient,
  UntagOpenIDConnectProviderCommand,
  UntagRoleCommand,
  UpdateRoleCommand,
} from '@aws-sdk/client-iam';
import {
  DisableKeyRotationCommand,
  GetKeyPolicyCommand,
  KMSClient,
  ListAliasesCommand,
  PutKeyPolicyCommand,
} from '@aws-sdk/client-kms';
import {
  DeleteBucketLifecycleCommand,
  DeleteBucketPolicyCommand,
  DeletePublicAccessBlockCommand,
  ListBucketsCommand,
  PutBucketEncryptionCommand,
  PutBucketOwnershipControlsCommand,
  PutBucketVersioningCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { motoClientConfig } from './moto.ts';

const TABLE = 'acme-dev-tflock';

export async function drift(endpoint: string): Promise<void> {
  const config = motoClientConfig(endpoint);
  await ofBucket(new S3Client(config));
  const dynamodb = new DynamoDBClient(config);
  await dynamodb.send(new UpdateTableCommand({ TableName: TABLE, DeletionProtectionEnabled: false }));
  await dynamodb.send(
    new UpdateContinuousBackupsCommand({
      TableName: TABLE,
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: false },
    }),
  );
  const kms = new KMSClient(config);
  const { Aliases = [] } = await kms.send(new ListAliasesCommand({}));
  const KeyId = Aliases.find(({ AliasName }) => AliasName === 'alias/acme-dev-tfstate')?.TargetKeyId;
  await kms.send(new DisableKeyRotationCommand({ KeyId }));
  const { Policy = '{}' } = await kms.send(new GetKeyPolicyCommand({ KeyId, PolicyName: 'default' }));
  const policy = JSON.parse(Policy) as { Statement: object[] };
  const fewer = { ...policy, Statement: policy.Statement.slice(0, 1) };
  await kms.send(new PutKeyPolicyCommand({ KeyId, PolicyName: 'default', Policy: JSON.stringify(fewer) }));
  await ofRoles(new IAMClient(config));
}

async function ofBucket(s3: S3Client): Promise<void> {
  const Bucket = (await s3.send(new ListBucketsCommand({}))).Buckets?.[0]?.Name;
  await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Suspended' } }));
  await s3.send(
    new PutBucketEncryptionCommand({
      Bucket,
      ServerSideEncryptionConfiguration: {
        Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
      },
    }),
  );
  await s3.send(
    new PutBucketOwnershipControlsCommand({
      Bucket,
      OwnershipControls: { Rules: [{ ObjectOwnership: 'ObjectWriter' }] },
    }),
  );
  await s3.send(new DeleteBucketLifecycleCommand({ Bucket }));
  await s3.send(new DeletePublicAccessBlockCommand({ Bucket }));
  await s3.send(new DeleteBucketPolicyCommand({ Bucket }));
}

async function ofRoles(iam: IAMClient): Promise<void> {
  await iam.send(new UpdateRoleCommand({ RoleName: 'acme-dev-operator', MaxSessionDuration: 43_200 }));
  await iam.send(new UntagRoleCommand({ RoleName: 'acme-dev-automation', TagKeys: ['ManagedBy'] }));
  await iam.send(new DeleteRolePolicyCommand({ RoleName: 'acme-dev-ci-plan', PolicyName: 'govboot-state' }));
  await iam.send(
    new UntagOpenIDConnectProviderCommand({
      OpenIDConnectProviderArn: 'arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com',
      TagKeys: ['ManagedBy'],
    }),
  );
}
