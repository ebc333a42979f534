/**
 * All that govboot makes, written as a plain Terraform configuration for the provider hashicorp/aws, with an import of each. What
 * stands in it comes from the blueprint and from the rendered policies, never from what was read back.
 */
import { roleArn, oidcProviderArn, stsAudience } from '../../src/cloud/aws/arn.ts';
import { bucketPolicy } from '../../src/cloud/aws/policies/bucket-policy.ts';
import type { PolicyDocument } from '../../src/cloud/aws/policies/document.ts';
import { keyPolicy } from '../../src/cloud/aws/policies/key-policy.ts';
import { permissionsPolicy } from '../../src/cloud/aws/policies/permissions.ts';
import { trustPolicy } from '../../src/cloud/aws/policies/trust.ts';
import { OWNER_TAGS, ROLE_NAMES, type Blueprint, type RoleName } from '../../src/plan/blueprint.ts';
import { GITHUB_HOST } from '../../src/inputs/names.ts';
import type { Json, JsonObject } from '../../src/kernel/json.ts';

/** What the blueprint cannot know: what AWS or the run named. */
export interface Made {
  readonly keyArn: string;
  readonly run: string;
  /** Tags that the run put on the operator role beside the others. */
  readonly operatorTags: Readonly<Record<string, string>>;
  /** Descriptions are for people, and no control. */
  readonly descriptions: Readonly<Record<RoleName | 'key', string>>;
}

interface Imported {
  readonly type: string;
  readonly name: string;
  readonly id: string;
  readonly body: JsonObject;
}

const text = (policy: PolicyDocument): string => JSON.stringify(policy);

/** The configuration, for a file `main.tf.json`, and how many resources it imports. */
export function plainConfiguration(
  b: Blueprint,
  made: Made,
  provider: JsonObject,
): { readonly file: JsonObject; readonly count: number } {
  const all = [...bucket(b, made), ...table(b, made), ...key(b, made), ...roles(b, made), ...forge(b, made)];
  const resource: Record<string, Record<string, Json>> = {};
  for (const { type, name, body } of all) resource[type] = { ...resource[type], [name]: body };
  return {
    count: all.length,
    file: {
      terraform: { required_providers: { aws: { source: 'hashicorp/aws' } } },
      provider: { aws: provider },
      import: all.map(({ type, name, id }) => ({ to: `${type}.${name}`, id })),
      resource,
    },
  };
}

const tagsOf = (b: Blueprint, made: Made): Readonly<Record<string, string>> => ({
  ...b.tags,
  [OWNER_TAGS.run]: made.run,
});

function bucket(b: Blueprint, made: Made): readonly Imported[] {
  const name = b.names.bucket;
  const of = (kind: string, body: JsonObject): Imported => ({
    type: `aws_s3_bucket${kind}`,
    name: 'state',
    id: name,
    body: { bucket: name, ...body },
  });
  const rule = {
    id: 'govboot-version-retention',
    status: 'Enabled',
    filter: [{ prefix: '' }],
    abort_incomplete_multipart_upload: [{ days_after_initiation: 7 }],
    noncurrent_version_expiration: [
      { noncurrent_days: b.retention.noncurrentDays, newer_noncurrent_versions: b.retention.noncurrentKeep },
    ],
  };
  const encryption = {
    bucket_key_enabled: true,
    apply_server_side_encryption_by_default: [{ sse_algorithm: 'aws:kms', kms_master_key_id: made.keyArn }],
  };
  return [
    of('', { tags: tagsOf(b, made) }),
    of('_versioning', { versioning_configuration: [{ status: 'Enabled' }] }),
    of('_server_side_encryption_configuration', { rule: [encryption] }),
    of('_public_access_block', {
      block_public_acls: true,
      block_public_policy: true,
      ignore_public_acls: true,
      restrict_public_buckets: true,
    }),
    of('_ownership_controls', { rule: [{ object_ownership: 'BucketOwnerEnforced' }] }),
    of('_policy', { policy: text(bucketPolicy(b, made.keyArn)) }),
    of('_lifecycle_configuration', { rule: [rule] }),
  ];
}

function table(b: Blueprint, made: Made): readonly Imported[] {
  const body = {
    name: b.names.table,
    billing_mode: 'PAY_PER_REQUEST',
    hash_key: 'LockID',
    attribute: [{ name: 'LockID', type: 'S' }],
    deletion_protection_enabled: true,
    server_side_encryption: [{ enabled: true, kms_key_arn: made.keyArn }],
    point_in_time_recovery: [{ enabled: true, recovery_period_in_days: b.retention.pitrDays }],
    tags: tagsOf(b, made),
  };
  return [{ type: 'aws_dynamodb_table', name: 'locks', id: b.names.table, body }];
}

function key(b: Blueprint, made: Made): readonly Imported[] {
  const id = made.keyArn.split('/').at(-1) ?? '';
  return [
    {
      type: 'aws_kms_key',
      name: 'state',
      id,
      body: {
        description: made.descriptions.key,
        policy: text(keyPolicy(b)),
        enable_key_rotation: true,
        rotation_period_in_days: b.keyRotationDays,
        tags: tagsOf(b, made),
      },
    },
    {
      type: 'aws_kms_alias',
      name: 'state',
      id: b.names.keyAlias,
      body: { name: b.names.keyAlias, target_key_id: id },
    },
  ];
}

function roles(b: Blueprint, made: Made): readonly Imported[] {
  return ROLE_NAMES.flatMap((role) => {
    const name = b.names.roles[role];
    return [
      {
        type: 'aws_iam_role',
        name: role,
        id: name,
        body: {
          name: roleArn(b, role).split('/').at(-1) ?? '',
          description: made.descriptions[role],
          assume_role_policy: text(trustPolicy(b, role)),
          max_session_duration: b.roles[role].sessionSeconds,
          tags: { ...tagsOf(b, made), ...(role === 'operator' ? made.operatorTags : {}) },
        },
      },
      {
        type: 'aws_iam_role_policy',
        name: role,
        id: `${name}:govboot-state`,
        body: {
          name: 'govboot-state',
          role: name,
          policy: text(permissionsPolicy(b, role, made.keyArn)),
        },
      },
    ];
  });
}

function forge(b: Blueprint, made: Made): readonly Imported[] {
  return [
    {
      type: 'aws_iam_openid_connect_provider',
      name: 'github',
      id: oidcProviderArn(b, GITHUB_HOST),
      body: {
        url: `https://${GITHUB_HOST}`,
        client_id_list: [stsAudience(b)],
        tags: tagsOf(b, made),
      },
    },
  ];
}
