/** The least permissions of the bootstrap identity: every call that the source can make → the IAM actions that it needs. */
import { fillParity } from '../../../src/commands/scaffold.ts';
import type { Operation } from '../../../src/cloud/aws/api.ts';
import { bucketArn, objectArn, roleArn, tableArn, viaService } from '../../../src/cloud/aws/arn.ts';
import { storeOf } from '../../../src/cloud/aws/evidence-store.ts';
import { AWS_PROFILE } from '../../../src/cloud/aws/profile.ts';
import { AWS_TABLE } from '../../../src/cloud/aws/table.ts';
import { RESOURCE_TAG } from '../../../src/cloud/aws/tags.ts';
import type { Intent } from '../../../src/inputs/intent.ts';
import { parseParity } from '../../../src/inputs/parity.ts';
import { sha256 } from '../../../src/kernel/digest.ts';
import { OWNER_TAGS, ROLE_NAMES, type Blueprint } from '../../../src/plan/blueprint.ts';
import { makeBlueprint } from '../../../src/plan/make-blueprint.ts';
import { code, fence, page, table } from './markdown.ts';

/** What a statement of the policy is about. */
type On =
  | 'bucket'
  | 'evidence bucket'
  | 'evidence objects'
  | 'table'
  | 'every key'
  | 'new key'
  | 'our key'
  | 'alias'
  | 'role'
  | 'provider'
  | 'nothing';

interface Need {
  readonly actions: readonly string[];
  readonly on: On;
  readonly because?: string;
}

const on = (where: On, ...actions: readonly string[]): Need => ({ on: where, actions });

/** Typed over all operations: a new call does not compile until it stands here. Names as in the AWS Service Authorization Reference. */
const NEEDS: Readonly<Record<Operation, readonly Need[]>> = {
  'sts:GetCallerIdentity': [on('nothing')],
  's3:HeadBucket': [on('bucket', 's3:ListBucket')],
  's3:CreateBucket': [
    on('bucket', 's3:CreateBucket'),
    { ...on('bucket', 's3:TagResource'), because: 'tags in the creating call' },
    { ...on('bucket', 's3:PutBucketOwnershipControls'), because: 'ObjectOwnership in the creating call' },
    {
      ...on('evidence bucket', 's3:PutBucketObjectLockConfiguration', 's3:PutBucketVersioning'),
      because: 'ObjectLockEnabledForBucket in the creating call',
    },
  ],
  's3:GetBucketTagging': [on('bucket', 's3:GetBucketTagging')],
  's3:PutBucketTagging': [on('bucket', 's3:PutBucketTagging')],
  's3:GetBucketVersioning': [on('bucket', 's3:GetBucketVersioning')],
  's3:PutBucketVersioning': [on('bucket', 's3:PutBucketVersioning')],
  's3:GetBucketEncryption': [on('bucket', 's3:GetEncryptionConfiguration')],
  's3:PutBucketEncryption': [on('bucket', 's3:PutEncryptionConfiguration')],
  's3:GetPublicAccessBlock': [on('bucket', 's3:GetBucketPublicAccessBlock')],
  's3:PutPublicAccessBlock': [on('bucket', 's3:PutBucketPublicAccessBlock')],
  's3:GetBucketOwnershipControls': [on('bucket', 's3:GetBucketOwnershipControls')],
  's3:PutBucketOwnershipControls': [on('bucket', 's3:PutBucketOwnershipControls')],
  's3:GetBucketPolicy': [on('bucket', 's3:GetBucketPolicy')],
  's3:PutBucketPolicy': [on('bucket', 's3:PutBucketPolicy')],
  's3:GetBucketLifecycleConfiguration': [on('bucket', 's3:GetLifecycleConfiguration')],
  's3:PutBucketLifecycleConfiguration': [on('bucket', 's3:PutLifecycleConfiguration')],
  's3:GetObjectLockConfiguration': [on('evidence bucket', 's3:GetBucketObjectLockConfiguration')],
  's3:PutObjectLockConfiguration': [on('evidence bucket', 's3:PutBucketObjectLockConfiguration')],
  's3:PutObject': [
    on('evidence objects', 's3:PutObject'),
    { ...on('evidence objects', 's3:PutObjectRetention'), because: 'where it says its own retention' },
  ],
  's3:GetObject': [on('evidence objects', 's3:GetObject', 's3:GetObjectVersion')],
  's3:HeadObject': [on('evidence objects', 's3:GetObject', 's3:GetObjectVersion')],
  's3:ListObjectVersions': [on('evidence bucket', 's3:ListBucketVersions')],
  's3:GetObjectRetention': [on('evidence objects', 's3:GetObjectRetention')],
  'dynamodb:DescribeTable': [on('table', 'dynamodb:DescribeTable')],
  'dynamodb:CreateTable': [
    on('table', 'dynamodb:CreateTable'),
    { ...on('table', 'dynamodb:TagResource'), because: 'tags in the creating call' },
  ],
  'dynamodb:UpdateTable': [on('table', 'dynamodb:UpdateTable')],
  'dynamodb:DescribeContinuousBackups': [on('table', 'dynamodb:DescribeContinuousBackups')],
  'dynamodb:UpdateContinuousBackups': [on('table', 'dynamodb:UpdateContinuousBackups')],
  'dynamodb:DescribeTimeToLive': [on('table', 'dynamodb:DescribeTimeToLive')],
  'dynamodb:ListTagsOfResource': [on('table', 'dynamodb:ListTagsOfResource')],
  'dynamodb:TagResource': [on('table', 'dynamodb:TagResource')],
  'kms:ListAliases': [on('every key', 'kms:ListAliases')],
  'kms:ListKeys': [on('every key', 'kms:ListKeys')],
  'kms:DescribeKey': [on('every key', 'kms:DescribeKey')],
  'kms:CreateKey': [
    on('new key', 'kms:CreateKey'),
    { ...on('new key', 'kms:TagResource'), because: 'tags in the creating call' },
  ],
  'kms:CreateAlias': [on('alias', 'kms:CreateAlias'), on('our key', 'kms:CreateAlias')],
  'kms:GetKeyPolicy': [on('our key', 'kms:GetKeyPolicy')],
  'kms:PutKeyPolicy': [on('our key', 'kms:PutKeyPolicy')],
  'kms:GetKeyRotationStatus': [on('our key', 'kms:GetKeyRotationStatus')],
  'kms:EnableKeyRotation': [on('our key', 'kms:EnableKeyRotation')],
  'kms:ListResourceTags': [on('every key', 'kms:ListResourceTags')],
  'kms:TagResource': [on('our key', 'kms:TagResource')],
  'iam:GetRole': [on('role', 'iam:GetRole')],
  'iam:CreateRole': [
    on('role', 'iam:CreateRole'),
    { ...on('role', 'iam:TagRole'), because: 'tags in the creating call' },
  ],
  'iam:UpdateRole': [on('role', 'iam:UpdateRole')],
  'iam:UpdateAssumeRolePolicy': [on('role', 'iam:UpdateAssumeRolePolicy')],
  'iam:PutRolePermissionsBoundary': [on('role', 'iam:PutRolePermissionsBoundary')],
  'iam:ListRoleTags': [on('role', 'iam:ListRoleTags')],
  'iam:TagRole': [on('role', 'iam:TagRole')],
  'iam:ListRolePolicies': [on('role', 'iam:ListRolePolicies')],
  'iam:ListAttachedRolePolicies': [on('role', 'iam:ListAttachedRolePolicies')],
  'iam:GetRolePolicy': [on('role', 'iam:GetRolePolicy')],
  'iam:PutRolePolicy': [on('role', 'iam:PutRolePolicy')],
  'iam:GetOpenIDConnectProvider': [on('provider', 'iam:GetOpenIDConnectProvider')],
  'iam:CreateOpenIDConnectProvider': [
    on('provider', 'iam:CreateOpenIDConnectProvider'),
    { ...on('provider', 'iam:TagOpenIDConnectProvider'), because: 'tags in the creating call' },
  ],
  'iam:AddClientIDToOpenIDConnectProvider': [on('provider', 'iam:AddClientIDToOpenIDConnectProvider')],
  'iam:TagOpenIDConnectProvider': [on('provider', 'iam:TagOpenIDConnectProvider')],
};

/**
 * DynamoDB makes the table key under the customer's key on behalf of who creates the table, and keeps itself a grant
 * (DynamoDB developer guide, "Authorizing use of a customer managed key").
 */
const THROUGH_DYNAMODB = [
  'kms:CreateGrant',
  'kms:Decrypt',
  'kms:DescribeKey',
  'kms:Encrypt',
  'kms:GenerateDataKey',
  'kms:GenerateDataKeyWithoutPlaintext',
  'kms:ReEncryptFrom',
  'kms:ReEncryptTo',
];

interface Statement {
  readonly Sid: string;
  readonly Effect: 'Allow';
  readonly Action: readonly string[];
  readonly Resource: string | readonly string[];
  readonly Condition?: unknown;
}

/** The example of the page: the scaffold of `govboot init` for one environment. */
const EXAMPLE = { organisation: 'acme', environment: 'dev', account: '111111111111', region: 'eu-central-1' };

export function permissionsPage(parityTemplate: string): string {
  const b = exampleBlueprint(parityTemplate);
  const operations = AWS_PROFILE.calls as readonly Operation[];
  const policy = { Version: '2012-10-17', Statement: statements(b, operations) };
  return page(
    'Permissions of the bootstrap identity',
    'src/cloud/aws/profile.ts, src/cloud/aws/arn.ts and the scaffolded parity policy',
    'Who runs `govboot apply` needs these permissions and no others. There is no deleting action among them, and none on the objects or items of a state: govboot never reads or writes one. `govboot check` and `govboot plan` need the reading ones only (`Get…`, `List…`, `Describe…`).',
    'Give them for the time of the bootstrap, through a role whose session ends. The root user is refused.',
    '## A policy, ready for the scaffolded names',
    `For organisation \`${EXAMPLE.organisation}\`, environment \`${EXAMPLE.environment}\`, account \`${EXAMPLE.account}\`, region \`${EXAMPLE.region}\`, and GitHub as the pipeline. Replace these four words; if your \`naming\` in \`policies/parity.yaml\` is another, replace the names. Leave \`Provider\` out without \`federation\`, \`Table\` and \`KeyThroughDynamoDb\` out with \`locking: lockfile\`, and the three that begin with \`Evidence\` out without \`evidence_store\`.`,
    fence('json', JSON.stringify(policy, null, 2)),
    notes(),
    '## Call by call',
    'The transport refuses every call that is not in this list, before it reaches the wire.',
    table(['call', 'actions', 'on'], operations.map(row)),
  );
}

function notes(): string {
  return [
    '- `EveryKey` has no narrower resource: a key has no name before it exists, so govboot looks through the keys for one with the tags of the environment, lest a lost answer make two. It reads metadata and tags, never data.',
    '- `NewKey` allows tags to be put on any key whose own policy lets this account administer it, as long as the request carries the tags of this environment: KMS has no condition that tells the creating call apart. Where that matters, bound it with a service control policy.',
    '- `KeyThroughDynamoDb` is used by DynamoDB in the name of the caller when the table is made; the condition keeps it from being used directly.',
    '- `EvidenceObjects` puts and reads the copies of the evidence, never states. What is put there can be deleted by nobody before its time ([decision 25](decisions/0025-a-store-that-nobody-can-empty.md)). `EvidenceKey` is used by S3 in the name of the caller.',
    '- With a permissions boundary in the policy, add the condition `iam:PermissionsBoundary` to `Role`, so that no role is made without it.',
  ].join('\n');
}

function exampleBlueprint(template: string): Blueprint {
  const { organisation, environment, account, region } = EXAMPLE;
  const text = fillParity(template, {
    organisation,
    environments: [{ name: environment, account, regions: [region] }],
    locking: 'both',
    github: { repository: 'acme/infra', ownerId: '1', repositoryId: '2' },
    storeDays: 2557,
    templates: [['backend.tf.tmpl', sha256('')]],
  });
  const bytes = new TextEncoder().encode(text);
  const parity = parseParity({ path: 'policies/parity.yaml', bytes, sha256: sha256(bytes) });
  // Only these fields of an intent decide about names.
  const intent = { environment, account, region, provider: 'aws' } as Intent;
  return makeBlueprint(intent, parity, '00000000-0000-4000-8000-000000000000');
}

function row(operation: Operation): readonly string[] {
  const needs = NEEDS[operation];
  return [
    code(operation),
    needs
      .flatMap(({ actions, because }) =>
        actions.map((action) => `${code(action)}${because === undefined ? '' : ` (${because})`}`),
      )
      .join(', ') || 'none: it cannot be denied',
    [...new Set(needs.map((need) => need.on))].join(', '),
  ];
}

function statements(b: Blueprint, operations: readonly Operation[]): readonly Statement[] {
  const actionsOn = (where: On): readonly string[] =>
    [
      ...new Set(
        operations.flatMap((operation) =>
          NEEDS[operation].filter((need) => need.on === where).flatMap((need) => need.actions),
        ),
      ),
    ].sort();
  const keys = `arn:${b.partition}:kms:${b.region}:${b.account}:key/*`;
  const alias = (name: string): string => `arn:${b.partition}:kms:${b.region}:${b.account}:${name}`;
  const store = storeOf(b);
  const provider = AWS_TABLE.find(({ id }) => id === 'oidc-github')?.nameOf(b) ?? '';
  const allow = (
    Sid: string,
    where: On,
    Resource: Statement['Resource'],
    Condition?: unknown,
  ): Statement => ({
    Sid,
    Effect: 'Allow',
    Action: actionsOn(where),
    Resource,
    ...(Condition === undefined ? {} : { Condition }),
  });
  return [
    allow('Provider', 'provider', `arn:${b.partition}:iam::${b.account}:oidc-provider/${provider}`),
    allow(
      'Role',
      'role',
      ROLE_NAMES.map((role) => roleArn(b, role)),
    ),
    allow('EveryKey', 'every key', '*'),
    allow('NewKey', 'new key', '*', {
      StringEquals: { [`aws:RequestTag/${OWNER_TAGS.environment}`]: b.environment },
    }),
    allow('OurKey', 'our key', keys, {
      StringEquals: { [`aws:ResourceTag/${OWNER_TAGS.environment}`]: b.environment },
    }),
    allow('Alias', 'alias', [alias(b.names.keyAlias), alias(store.keyAlias)]),
    allow('Bucket', 'bucket', bucketArn(b)),
    ...evidenceStatements(b, store, actionsOn),
    allow('Table', 'table', tableArn(b)),
    {
      Sid: 'KeyThroughDynamoDb',
      Effect: 'Allow',
      Action: THROUGH_DYNAMODB,
      Resource: keys,
      Condition: {
        StringEquals: {
          'kms:ViaService': viaService(b, 'dynamodb'),
          [`aws:ResourceTag/${OWNER_TAGS.environment}`]: b.environment,
        },
      },
    },
  ];
}

/** Settings that govboot never writes on the store, and that its policy denies. */
const NOT_ON_STORE = ['s3:PutLifecycleConfiguration'];

function evidenceStatements(
  b: Blueprint,
  store: NonNullable<Blueprint['evidence']>,
  actionsOn: (where: On) => readonly string[],
): readonly Statement[] {
  const onBucket = [...actionsOn('bucket'), ...actionsOn('evidence bucket')].filter(
    (action) => !NOT_ON_STORE.includes(action),
  );
  return [
    {
      Sid: 'EvidenceBucket',
      Effect: 'Allow',
      Action: [...new Set(onBucket)].sort(),
      Resource: bucketArn(b, store.bucket),
    },
    {
      Sid: 'EvidenceObjects',
      Effect: 'Allow',
      Action: actionsOn('evidence objects'),
      Resource: objectArn(b, '*', store.bucket),
    },
    {
      Sid: 'EvidenceKey',
      Effect: 'Allow',
      Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
      Resource: `arn:${b.partition}:kms:${b.region}:${b.account}:key/*`,
      Condition: {
        StringEquals: {
          'kms:ViaService': viaService(b, 's3'),
          [`aws:ResourceTag/${OWNER_TAGS.environment}`]: b.environment,
          [`aws:ResourceTag/${RESOURCE_TAG}`]: 'evidence-key',
        },
      },
    },
  ];
}
