/**
 * All that can be seen of an account through the SDK, as plain data that is the same for two clouds that are the same: without times,
 * and with every random id (of keys, of runs, of roles) named by the order in which it comes. Foreign code is not asked: this reads
 * with the SDK's own commands, and shares nothing with what govboot reads.
 */
import {
  DescribeContinuousBackupsCommand,
  DescribeTableCommand,
  DynamoDBClient,
  ListTablesCommand,
  ListTagsOfResourceCommand,
} from '@aws-sdk/client-dynamodb';
import {
  GetOpenIDConnectProviderCommand,
  GetRolePolicyCommand,
  IAMClient,
  ListAttachedRolePoliciesCommand,
  ListOpenIDConnectProvidersCommand,
  ListRolePoliciesCommand,
  ListRolesCommand,
  GetRoleCommand,
} from '@aws-sdk/client-iam';
import {
  DescribeKeyCommand,
  GetKeyPolicyCommand,
  GetKeyRotationStatusCommand,
  KMSClient,
  ListAliasesCommand,
  ListKeysCommand,
  ListResourceTagsCommand,
} from '@aws-sdk/client-kms';
import {
  GetBucketEncryptionCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketOwnershipControlsCommand,
  GetBucketPolicyCommand,
  GetBucketTaggingCommand,
  GetBucketVersioningCommand,
  GetPublicAccessBlockCommand,
  ListBucketsCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { motoClientConfig } from './moto.ts';

export interface ObservedCloud {
  readonly buckets: readonly object[];
  readonly tables: readonly object[];
  readonly keys: readonly object[];
  readonly aliases: readonly object[];
  readonly roles: readonly object[];
  readonly providers: readonly object[];
}

/** @param endpoint of the emulator itself, past any proxy */
export async function observeCloud(endpoint: string): Promise<ObservedCloud> {
  const config = motoClientConfig(endpoint);
  const clients = [
    new S3Client(config),
    new DynamoDBClient(config),
    new KMSClient(config),
    new IAMClient(config),
  ] as const;
  const [s3, dynamodb, kms, iam] = clients;
  try {
    const [buckets, tables, keys, access] = await Promise.all([
      bucketsOf(s3),
      tablesOf(dynamodb),
      keysOf(kms),
      accessOf(iam),
    ]);
    return named({ buckets, tables, ...keys, ...access });
  } finally {
    for (const client of clients) client.destroy();
  }
}

/** Differs from run to run, and is nobody's wish. */
const VOLATILE = new Set([
  ...['$metadata', 'CreationDateTime', 'CreationDate', 'CreateDate', 'LastUpdatedDate', 'LastUpdateDateTime'],
  ...[
    'TableId',
    'EarliestRestorableDateTime',
    'LatestRestorableDateTime',
    'NextRotationDate',
    'RoleLastUsed',
  ],
]);
const RANDOM_ID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|\bA[A-Z]{3}[A-Z0-9]{16,}\b/g;

/** When the last run finished, as its mark on the operator role says. */
const FINISHED = /("govboot:finished","Value":"\S+ )[0-9TZ:-]+/g;

/** The same id has the same name wherever it stands, so that a table that names another key is seen. */
function named(cloud: ObservedCloud): ObservedCloud {
  const names = new Map<string, string>();
  const text = JSON.stringify(cloud, (name, value: unknown) => (VOLATILE.has(name) ? undefined : value));
  const nameOf = (id: string): string => {
    const name = names.get(id) ?? `<id ${names.size + 1}>`;
    names.set(id, name);
    return name;
  };
  return JSON.parse(text.replaceAll(FINISHED, '$1<then>').replaceAll(RANDOM_ID, nameOf)) as ObservedCloud;
}

/** null where there is no such setting. */
async function orNone<T>(asked: Promise<T>): Promise<T | null> {
  try {
    return await asked;
  } catch (error) {
    const { $metadata } = error as { readonly $metadata?: { readonly httpStatusCode?: number } };
    if ($metadata?.httpStatusCode === 404) return null;
    throw error;
  }
}

const byKey = <T extends { readonly Key?: string | undefined; readonly TagKey?: string | undefined }>(
  tags: readonly T[] = [],
): T[] => [...tags].sort((a, b) => ((a.Key ?? a.TagKey ?? '') < (b.Key ?? b.TagKey ?? '') ? -1 : 1));

const parsed = (text: string | undefined): unknown => JSON.parse(decodeURIComponent(text ?? 'null'));

async function bucketsOf(s3: S3Client): Promise<readonly object[]> {
  const { Buckets = [] } = await s3.send(new ListBucketsCommand({}));
  return Promise.all(
    Buckets.map(async ({ Name: Bucket }) => {
      const of = { Bucket };
      const [tags, policy, ...settings] = await Promise.all([
        orNone(s3.send(new GetBucketTaggingCommand(of))),
        orNone(s3.send(new GetBucketPolicyCommand(of))),
        orNone(s3.send(new GetBucketVersioningCommand(of))),
        orNone(s3.send(new GetBucketEncryptionCommand(of))),
        orNone(s3.send(new GetPublicAccessBlockCommand(of))),
        orNone(s3.send(new GetBucketOwnershipControlsCommand(of))),
        orNone(s3.send(new GetBucketLifecycleConfigurationCommand(of))),
      ]);
      return { Bucket, tags: byKey(tags?.TagSet), policy: JSON.parse(policy?.Policy ?? 'null'), settings };
    }),
  );
}

async function tablesOf(dynamodb: DynamoDBClient): Promise<readonly object[]> {
  const { TableNames = [] } = await dynamodb.send(new ListTablesCommand({}));
  return Promise.all(
    TableNames.map(async (TableName) => {
      const { Table } = await dynamodb.send(new DescribeTableCommand({ TableName }));
      const [backups, tags] = await Promise.all([
        dynamodb.send(new DescribeContinuousBackupsCommand({ TableName })),
        dynamodb.send(new ListTagsOfResourceCommand({ ResourceArn: Table?.TableArn })),
      ]);
      return { Table, backups: backups.ContinuousBackupsDescription, tags: byKey(tags.Tags) };
    }),
  );
}

/** AWS's own keys, which some emulators list too, are nobody's. */
async function keysOf(kms: KMSClient): Promise<Pick<ObservedCloud, 'keys' | 'aliases'>> {
  const { Keys = [] } = await kms.send(new ListKeysCommand({}));
  const { Aliases = [] } = await kms.send(new ListAliasesCommand({}));
  const keys = await Promise.all(
    Keys.map(async ({ KeyId }) => {
      const [described, policy, rotation, tags] = await Promise.all([
        kms.send(new DescribeKeyCommand({ KeyId })),
        kms.send(new GetKeyPolicyCommand({ KeyId, PolicyName: 'default' })),
        kms.send(new GetKeyRotationStatusCommand({ KeyId })),
        kms.send(new ListResourceTagsCommand({ KeyId })),
      ]);
      const { KeyMetadata } = described;
      return { KeyMetadata, policy: JSON.parse(policy.Policy ?? 'null'), rotation, tags: byKey(tags.Tags) };
    }),
  );
  return { keys, aliases: Aliases.filter(({ AliasName }) => AliasName?.startsWith('alias/aws/') !== true) };
}

async function accessOf(iam: IAMClient): Promise<Pick<ObservedCloud, 'roles' | 'providers'>> {
  const { Roles = [] } = await iam.send(new ListRolesCommand({}));
  const roles = await Promise.all(
    Roles.map(async ({ RoleName }) => {
      const [role, attached, inline] = await Promise.all([
        iam.send(new GetRoleCommand({ RoleName })),
        iam.send(new ListAttachedRolePoliciesCommand({ RoleName })),
        iam.send(new ListRolePoliciesCommand({ RoleName })),
      ]);
      const policies = (inline.PolicyNames ?? []).map(async (PolicyName) => {
        const found = await iam.send(new GetRolePolicyCommand({ RoleName, PolicyName }));
        return [PolicyName, parsed(found.PolicyDocument)] as const;
      });
      const { Tags, AssumeRolePolicyDocument, ...rest } = role.Role ?? {};
      return {
        ...{ ...rest, trust: parsed(AssumeRolePolicyDocument), tags: byKey(Tags) },
        ...{ attached: attached.AttachedPolicies, policies: await Promise.all(policies) },
      };
    }),
  );
  const { OpenIDConnectProviderList = [] } = await iam.send(new ListOpenIDConnectProvidersCommand({}));
  const providers = await Promise.all(
    OpenIDConnectProviderList.map(async ({ Arn: OpenIDConnectProviderArn }) => {
      const found = await iam.send(new GetOpenIDConnectProviderCommand({ OpenIDConnectProviderArn }));
      return { OpenIDConnectProviderArn, ...found, Tags: byKey(found.Tags) };
    }),
  );
  // In the order of their names: who is made first is decided by whoever is answered first.
  const byName = (a: object, b: object): number => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1);
  return {
    roles: [...roles].sort((a, b) => ((a.RoleName ?? '') < (b.RoleName ?? '') ? -1 : 1)),
    providers: [...providers].sort(byName),
  };
}
