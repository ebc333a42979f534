/**
 * The seam between govboot and AWS: named calls with the SDK's own input and output shapes. Two things implement it,
 * the real SDK (sdk-api.ts) and the rehearsal cloud (../rehearsal), so everything above runs unchanged on both.
 * Types only are taken from the SDK here: nothing of it is loaded before the first call.
 */
import type * as DynamoDB from '@aws-sdk/client-dynamodb';
import type * as IAM from '@aws-sdk/client-iam';
import type * as KMS from '@aws-sdk/client-kms';
import type * as S3 from '@aws-sdk/client-s3';
import type * as STS from '@aws-sdk/client-sts';

interface Call<I, O> {
  readonly in: I;
  readonly out: O;
}

/** The content of an object, whole: streams cannot be tried again. */
interface Bytes {
  readonly Body?: Uint8Array;
}

/** Every call that govboot can make on AWS. There is no deleting call, and none that weakens. */
export interface Operations {
  'sts:GetCallerIdentity': Call<STS.GetCallerIdentityCommandInput, STS.GetCallerIdentityCommandOutput>;

  's3:HeadBucket': Call<S3.HeadBucketCommandInput, S3.HeadBucketCommandOutput>;
  's3:CreateBucket': Call<S3.CreateBucketCommandInput, S3.CreateBucketCommandOutput>;
  's3:GetBucketTagging': Call<S3.GetBucketTaggingCommandInput, S3.GetBucketTaggingCommandOutput>;
  's3:PutBucketTagging': Call<S3.PutBucketTaggingCommandInput, S3.PutBucketTaggingCommandOutput>;
  's3:GetBucketVersioning': Call<S3.GetBucketVersioningCommandInput, S3.GetBucketVersioningCommandOutput>;
  's3:PutBucketVersioning': Call<S3.PutBucketVersioningCommandInput, S3.PutBucketVersioningCommandOutput>;
  's3:GetBucketEncryption': Call<S3.GetBucketEncryptionCommandInput, S3.GetBucketEncryptionCommandOutput>;
  's3:PutBucketEncryption': Call<S3.PutBucketEncryptionCommandInput, S3.PutBucketEncryptionCommandOutput>;
  's3:GetPublicAccessBlock': Call<S3.GetPublicAccessBlockCommandInput, S3.GetPublicAccessBlockCommandOutput>;
  's3:PutPublicAccessBlock': Call<S3.PutPublicAccessBlockCommandInput, S3.PutPublicAccessBlockCommandOutput>;
  's3:GetBucketOwnershipControls': Call<
    S3.GetBucketOwnershipControlsCommandInput,
    S3.GetBucketOwnershipControlsCommandOutput
  >;
  's3:PutBucketOwnershipControls': Call<
    S3.PutBucketOwnershipControlsCommandInput,
    S3.PutBucketOwnershipControlsCommandOutput
  >;
  's3:GetBucketPolicy': Call<S3.GetBucketPolicyCommandInput, S3.GetBucketPolicyCommandOutput>;
  's3:PutBucketPolicy': Call<S3.PutBucketPolicyCommandInput, S3.PutBucketPolicyCommandOutput>;
  's3:GetBucketLifecycleConfiguration': Call<
    S3.GetBucketLifecycleConfigurationCommandInput,
    S3.GetBucketLifecycleConfigurationCommandOutput
  >;
  's3:PutBucketLifecycleConfiguration': Call<
    S3.PutBucketLifecycleConfigurationCommandInput,
    S3.PutBucketLifecycleConfigurationCommandOutput
  >;
  's3:GetObjectLockConfiguration': Call<
    S3.GetObjectLockConfigurationCommandInput,
    S3.GetObjectLockConfigurationCommandOutput
  >;
  's3:PutObjectLockConfiguration': Call<
    S3.PutObjectLockConfigurationCommandInput,
    S3.PutObjectLockConfigurationCommandOutput
  >;
  's3:PutObject': Call<Omit<S3.PutObjectCommandInput, 'Body'> & Bytes, S3.PutObjectCommandOutput>;
  /** The body is read whole by the call: a connection that ends in the middle of it is a failure of the call. */
  's3:GetObject': Call<S3.GetObjectCommandInput, Omit<S3.GetObjectCommandOutput, 'Body'> & Bytes>;
  's3:HeadObject': Call<S3.HeadObjectCommandInput, S3.HeadObjectCommandOutput>;
  's3:ListObjectVersions': Call<S3.ListObjectVersionsCommandInput, S3.ListObjectVersionsCommandOutput>;
  's3:GetObjectRetention': Call<S3.GetObjectRetentionCommandInput, S3.GetObjectRetentionCommandOutput>;

  'dynamodb:DescribeTable': Call<DynamoDB.DescribeTableCommandInput, DynamoDB.DescribeTableCommandOutput>;
  'dynamodb:CreateTable': Call<DynamoDB.CreateTableCommandInput, DynamoDB.CreateTableCommandOutput>;
  'dynamodb:UpdateTable': Call<DynamoDB.UpdateTableCommandInput, DynamoDB.UpdateTableCommandOutput>;
  'dynamodb:DescribeContinuousBackups': Call<
    DynamoDB.DescribeContinuousBackupsCommandInput,
    DynamoDB.DescribeContinuousBackupsCommandOutput
  >;
  'dynamodb:UpdateContinuousBackups': Call<
    DynamoDB.UpdateContinuousBackupsCommandInput,
    DynamoDB.UpdateContinuousBackupsCommandOutput
  >;
  'dynamodb:DescribeTimeToLive': Call<
    DynamoDB.DescribeTimeToLiveCommandInput,
    DynamoDB.DescribeTimeToLiveCommandOutput
  >;
  'dynamodb:ListTagsOfResource': Call<
    DynamoDB.ListTagsOfResourceCommandInput,
    DynamoDB.ListTagsOfResourceCommandOutput
  >;
  'dynamodb:TagResource': Call<DynamoDB.TagResourceCommandInput, DynamoDB.TagResourceCommandOutput>;

  'kms:ListAliases': Call<KMS.ListAliasesCommandInput, KMS.ListAliasesCommandOutput>;
  'kms:ListKeys': Call<KMS.ListKeysCommandInput, KMS.ListKeysCommandOutput>;
  'kms:DescribeKey': Call<KMS.DescribeKeyCommandInput, KMS.DescribeKeyCommandOutput>;
  'kms:CreateKey': Call<KMS.CreateKeyCommandInput, KMS.CreateKeyCommandOutput>;
  'kms:CreateAlias': Call<KMS.CreateAliasCommandInput, KMS.CreateAliasCommandOutput>;
  'kms:GetKeyPolicy': Call<KMS.GetKeyPolicyCommandInput, KMS.GetKeyPolicyCommandOutput>;
  'kms:PutKeyPolicy': Call<KMS.PutKeyPolicyCommandInput, KMS.PutKeyPolicyCommandOutput>;
  'kms:GetKeyRotationStatus': Call<
    KMS.GetKeyRotationStatusCommandInput,
    KMS.GetKeyRotationStatusCommandOutput
  >;
  'kms:EnableKeyRotation': Call<KMS.EnableKeyRotationCommandInput, KMS.EnableKeyRotationCommandOutput>;
  'kms:ListResourceTags': Call<KMS.ListResourceTagsCommandInput, KMS.ListResourceTagsCommandOutput>;
  'kms:TagResource': Call<KMS.TagResourceCommandInput, KMS.TagResourceCommandOutput>;

  'iam:GetRole': Call<IAM.GetRoleCommandInput, IAM.GetRoleCommandOutput>;
  'iam:CreateRole': Call<IAM.CreateRoleCommandInput, IAM.CreateRoleCommandOutput>;
  'iam:UpdateRole': Call<IAM.UpdateRoleCommandInput, IAM.UpdateRoleCommandOutput>;
  'iam:UpdateAssumeRolePolicy': Call<
    IAM.UpdateAssumeRolePolicyCommandInput,
    IAM.UpdateAssumeRolePolicyCommandOutput
  >;
  'iam:PutRolePermissionsBoundary': Call<
    IAM.PutRolePermissionsBoundaryCommandInput,
    IAM.PutRolePermissionsBoundaryCommandOutput
  >;
  'iam:ListRoleTags': Call<IAM.ListRoleTagsCommandInput, IAM.ListRoleTagsCommandOutput>;
  'iam:TagRole': Call<IAM.TagRoleCommandInput, IAM.TagRoleCommandOutput>;
  'iam:ListRolePolicies': Call<IAM.ListRolePoliciesCommandInput, IAM.ListRolePoliciesCommandOutput>;
  'iam:ListAttachedRolePolicies': Call<
    IAM.ListAttachedRolePoliciesCommandInput,
    IAM.ListAttachedRolePoliciesCommandOutput
  >;
  'iam:GetRolePolicy': Call<IAM.GetRolePolicyCommandInput, IAM.GetRolePolicyCommandOutput>;
  'iam:PutRolePolicy': Call<IAM.PutRolePolicyCommandInput, IAM.PutRolePolicyCommandOutput>;
  'iam:GetOpenIDConnectProvider': Call<
    IAM.GetOpenIDConnectProviderCommandInput,
    IAM.GetOpenIDConnectProviderCommandOutput
  >;
  'iam:CreateOpenIDConnectProvider': Call<
    IAM.CreateOpenIDConnectProviderCommandInput,
    IAM.CreateOpenIDConnectProviderCommandOutput
  >;
  'iam:AddClientIDToOpenIDConnectProvider': Call<
    IAM.AddClientIDToOpenIDConnectProviderCommandInput,
    IAM.AddClientIDToOpenIDConnectProviderCommandOutput
  >;
  'iam:TagOpenIDConnectProvider': Call<
    IAM.TagOpenIDConnectProviderCommandInput,
    IAM.TagOpenIDConnectProviderCommandOutput
  >;
}

export type Operation = keyof Operations;
export type Input<O extends Operation> = Operations[O]['in'];
export type Output<O extends Operation> = Operations[O]['out'];

/**
 * One call. Answers the SDK's output (with `$metadata.requestId`); every failure is an ApiFault.
 * @throws ApiFault
 */
export interface AwsApi {
  call<O extends Operation>(operation: O, input: Input<O>): Promise<Output<O>>;
}

/** What kind of failure it was, by meaning rather than by each service's own word. */
export type FaultKind =
  | 'absent' // NoSuchBucket, NoSuchEntity, ResourceNotFoundException, NotFoundException, NoSuchTagSet, …ConfigurationNotFoundError
  | 'exists' // EntityAlreadyExists, BucketAlreadyOwnedByYou, BucketAlreadyExists, PreconditionFailed of If-None-Match, ResourceInUseException on create, AlreadyExistsException
  | 'denied' // AccessDenied, 403
  | 'conflict' // OperationAborted, ConditionalRequestConflict, ConcurrentModification, ResourceInUseException on update, LimitExceeded on table operations
  | 'not-ready' // invalid principal in policy, ContinuousBackupsUnavailableException, KMSInvalidState, key not yet usable
  | 'throttled' // Throttling*, SlowDown, TooManyRequests, RequestLimitExceeded
  | 'unavailable' // 5xx
  | 'network' // reset, refused, timed out, name not resolved
  | 'credentials' // none found, expired, invalid token, skewed clock
  | 'invalid'; // anything else the service refuses

/** A failed call, classified. `name` of the service's error is kept in `fault`. */
export class ApiFault extends Error {
  override readonly name = 'ApiFault';
  readonly operation: Operation;
  readonly kind: FaultKind;
  /** The service's own word: `NoSuchBucket`. */
  readonly fault: string;
  readonly status: number | null;
  readonly requestId: string | null;
  readonly attempts: number;

  constructor(detail: {
    operation: Operation;
    kind: FaultKind;
    fault: string;
    message: string;
    status: number | null;
    requestId: string | null;
    attempts: number;
    cause?: unknown;
  }) {
    super(detail.message, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.operation = detail.operation;
    this.kind = detail.kind;
    this.fault = detail.fault;
    this.status = detail.status;
    this.requestId = detail.requestId;
    this.attempts = detail.attempts;
  }
}

export function isFault(error: unknown, kind?: FaultKind): error is ApiFault {
  return error instanceof ApiFault && (kind === undefined || error.kind === kind);
}
