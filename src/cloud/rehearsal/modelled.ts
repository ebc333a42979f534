/** The parameters that the rehearsal cloud understands. Any other is refused: nothing that was asked for is quietly dropped. */
import type { Operation } from '../aws/api.ts';

const BUCKET = ['Bucket', 'ExpectedBucketOwner'];
/** The SDK's own business on the wire. */
const CHECKED = [...BUCKET, 'ChecksumAlgorithm', 'ContentMD5'];
const VERSION = [...BUCKET, 'ChecksumMode', 'Key', 'VersionId'];
const TABLE = ['TableName'];
const KEY = ['KeyId'];
const LISTED = ['Marker', 'Limit'];
const ROLE = ['RoleName'];
const ROLE_LISTED = [...ROLE, 'Marker', 'MaxItems'];
const PROVIDER = ['OpenIDConnectProviderArn'];

export const MODELLED: Readonly<Record<Operation, readonly string[]>> = {
  'sts:GetCallerIdentity': [],
  's3:HeadBucket': BUCKET,
  's3:CreateBucket': [
    'Bucket',
    'ACL',
    'BucketNamespace',
    'CreateBucketConfiguration',
    'ObjectLockEnabledForBucket',
    'ObjectOwnership',
  ],
  's3:GetBucketTagging': BUCKET,
  's3:PutBucketTagging': [...CHECKED, 'Tagging'],
  's3:GetBucketVersioning': BUCKET,
  's3:PutBucketVersioning': [...CHECKED, 'MFA', 'VersioningConfiguration'],
  's3:GetBucketEncryption': BUCKET,
  's3:PutBucketEncryption': [...CHECKED, 'ServerSideEncryptionConfiguration'],
  's3:GetPublicAccessBlock': BUCKET,
  's3:PutPublicAccessBlock': [...CHECKED, 'PublicAccessBlockConfiguration'],
  's3:GetBucketOwnershipControls': BUCKET,
  's3:PutBucketOwnershipControls': [...CHECKED, 'OwnershipControls'],
  's3:GetBucketPolicy': BUCKET,
  's3:PutBucketPolicy': [...CHECKED, 'ConfirmRemoveSelfBucketAccess', 'Policy'],
  's3:GetBucketLifecycleConfiguration': BUCKET,
  's3:PutBucketLifecycleConfiguration': [...CHECKED, 'LifecycleConfiguration'],
  's3:GetObjectLockConfiguration': BUCKET,
  's3:PutObjectLockConfiguration': [...CHECKED, 'ObjectLockConfiguration'],
  's3:PutObject': [
    ...CHECKED,
    'Body',
    'BucketKeyEnabled',
    'ChecksumSHA256',
    'ContentLength',
    'ContentType',
    'IfNoneMatch',
    'Key',
    'Metadata',
    'ObjectLockMode',
    'ObjectLockRetainUntilDate',
    'SSEKMSKeyId',
    'ServerSideEncryption',
  ],
  's3:GetObject': VERSION,
  's3:HeadObject': VERSION,
  's3:ListObjectVersions': [...BUCKET, 'KeyMarker', 'MaxKeys', 'Prefix', 'VersionIdMarker'],
  's3:GetObjectRetention': [...BUCKET, 'Key', 'VersionId'],
  'dynamodb:DescribeTable': TABLE,
  'dynamodb:CreateTable': [
    'AttributeDefinitions',
    'BillingMode',
    'DeletionProtectionEnabled',
    'KeySchema',
    'ProvisionedThroughput',
    'SSESpecification',
    'TableName',
    'Tags',
  ],
  'dynamodb:UpdateTable': [
    'BillingMode',
    'DeletionProtectionEnabled',
    'ProvisionedThroughput',
    'SSESpecification',
    'TableName',
  ],
  'dynamodb:DescribeContinuousBackups': TABLE,
  'dynamodb:UpdateContinuousBackups': [...TABLE, 'PointInTimeRecoverySpecification'],
  'dynamodb:DescribeTimeToLive': TABLE,
  'dynamodb:ListTagsOfResource': ['NextToken', 'ResourceArn'],
  'dynamodb:TagResource': ['ResourceArn', 'Tags'],
  'kms:ListAliases': [...KEY, ...LISTED],
  'kms:ListKeys': LISTED,
  'kms:DescribeKey': KEY,
  'kms:CreateKey': [
    'BypassPolicyLockoutSafetyCheck',
    'CustomerMasterKeySpec',
    'Description',
    'KeySpec',
    'KeyUsage',
    'MultiRegion',
    'Origin',
    'Policy',
    'Tags',
  ],
  'kms:CreateAlias': ['AliasName', 'TargetKeyId'],
  'kms:GetKeyPolicy': [...KEY, 'PolicyName'],
  'kms:PutKeyPolicy': [...KEY, 'BypassPolicyLockoutSafetyCheck', 'Policy', 'PolicyName'],
  'kms:GetKeyRotationStatus': KEY,
  'kms:EnableKeyRotation': [...KEY, 'RotationPeriodInDays'],
  'kms:ListResourceTags': [...KEY, ...LISTED],
  'kms:TagResource': [...KEY, 'Tags'],
  'iam:GetRole': ROLE,
  'iam:CreateRole': [
    'AssumeRolePolicyDocument',
    'Description',
    'MaxSessionDuration',
    'Path',
    'PermissionsBoundary',
    'RoleName',
    'Tags',
  ],
  'iam:UpdateRole': [...ROLE, 'Description', 'MaxSessionDuration'],
  'iam:UpdateAssumeRolePolicy': [...ROLE, 'PolicyDocument'],
  'iam:PutRolePermissionsBoundary': [...ROLE, 'PermissionsBoundary'],
  'iam:ListRoleTags': ROLE_LISTED,
  'iam:TagRole': [...ROLE, 'Tags'],
  'iam:ListRolePolicies': ROLE_LISTED,
  'iam:ListAttachedRolePolicies': ROLE_LISTED,
  'iam:GetRolePolicy': [...ROLE, 'PolicyName'],
  'iam:PutRolePolicy': [...ROLE, 'PolicyDocument', 'PolicyName'],
  'iam:GetOpenIDConnectProvider': PROVIDER,
  'iam:CreateOpenIDConnectProvider': ['ClientIDList', 'Tags', 'ThumbprintList', 'Url'],
  'iam:AddClientIDToOpenIDConnectProvider': [...PROVIDER, 'ClientID'],
  'iam:TagOpenIDConnectProvider': [...PROVIDER, 'Tags'],
};

/** The first parameter that is not understood. */
export function unmodelled(operation: Operation, input: object): string | null {
  const [name] =
    Object.entries(input).find(([key, value]) => value !== undefined && !MODELLED[operation].includes(key)) ??
    [];
  return name ?? null;
}
