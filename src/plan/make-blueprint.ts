/** Intent and parity policy → blueprint. The one place where ownership tags are added to what the policy asks for. */
import { GovbootError } from '../kernel/errors.ts';
import type { JsonObject } from '../kernel/json.ts';
import type { Problem } from '../inputs/facts.ts';
import type { Intent } from '../inputs/intent.ts';
import { nameProblems, tagProblems } from '../inputs/name-rules.ts';
import { resolveNames } from '../inputs/names.ts';
import type { Parity } from '../inputs/parity.ts';
import { OWNER_TAGS, type Blueprint } from './blueprint.ts';

const ADOPTS: Readonly<Record<Intent['action'], Blueprint['adopts']>> = {
  create: 'nothing',
  adopt: 'anything',
  supersede: 'nothing',
  correct: 'locked',
};

/**
 * What this intent wants under this policy, placeholders filled and ownership tags added.
 * @throws PARITY when the policy has no such environment, or another account or provider for it
 */
export function makeBlueprint(intent: Intent, parity: Parity, repository: string): Blueprint {
  const names = resolveNames(parity, intent.environment, intent.region);
  // The gates compare these too; a blueprint for the wrong account must not come to be, whoever calls.
  if (names.account !== intent.account) {
    throw new GovbootError(
      'PARITY',
      `account "${intent.account}" is not that of environment "${intent.environment}" in the parity policy: ${names.account}`,
      {
        data: { wrong: intent.account, allowed: names.account },
      },
    );
  }
  return {
    organisation: names.organisation,
    repository,
    environment: names.environment,
    provider: intent.provider,
    partition: names.partition,
    account: names.account,
    region: names.region,
    names: {
      bucket: names.bucket,
      bucketNamespace: names.bucketNamespace,
      table: names.table,
      keyAlias: names.keyAlias,
      roles: names.roleNames,
    },
    locking: names.locking,
    stateKey: names.stateKey,
    tags: { ...names.tags, [OWNER_TAGS.repository]: repository, [OWNER_TAGS.environment]: names.environment },
    toleratedTags: names.toleratedTags,
    retention: names.retention,
    keyRotationDays: names.keyRotationDays,
    evidence: names.evidence,
    roles: names.roles,
    permissionsBoundary: names.permissionsBoundary,
    federation: names.federation,
    allowedResources: parity.allowed_resources,
    adopts: ADOPTS[intent.action],
  };
}

/** Names, tags and ARNs that the provider would refuse, by the rules that the parity gate uses; and ownership tags that are not ours. */
export function blueprintProblems(blueprint: Blueprint): readonly Problem[] {
  const {
    [OWNER_TAGS.repository]: repository,
    [OWNER_TAGS.environment]: environment,
    ...tags
  } = blueprint.tags;
  const ownership = [
    { key: OWNER_TAGS.repository, value: repository, wanted: blueprint.repository },
    { key: OWNER_TAGS.environment, value: environment, wanted: blueprint.environment },
  ].filter(({ value, wanted }) => value !== wanted || wanted === '');
  const names = {
    ...blueprint,
    ...blueprint.names,
    roleNames: blueprint.names.roles,
    roles: blueprint.roles,
    tags,
  };
  return [
    ...[...nameProblems(names), ...tagProblems(names)].map(({ code, wrong }) => ({ code, wrong })),
    ...ownership.map(({ key, value, wanted }) => ({
      code: 'PARITY' as const,
      wrong: `ownership tag "${key}" is "${value ?? ''}", not "${wanted}"`,
    })),
  ];
}

/** The blueprint as it stands in documents: snake_case keys, names of roles and tags as they are. */
export function blueprintDocument(b: Blueprint): JsonObject {
  const { github, gitlab } = b.federation;
  return {
    organisation: b.organisation,
    repository: b.repository,
    environment: b.environment,
    provider: b.provider,
    partition: b.partition,
    account: b.account,
    region: b.region,
    names: {
      bucket: b.names.bucket,
      bucket_namespace: b.names.bucketNamespace,
      table: b.names.table,
      key_alias: b.names.keyAlias,
      roles: b.names.roles,
    },
    locking: b.locking,
    state_key: b.stateKey,
    tags: b.tags,
    tolerated_tags: b.toleratedTags,
    retention: {
      noncurrent_days: b.retention.noncurrentDays,
      noncurrent_keep: b.retention.noncurrentKeep,
      pitr_days: b.retention.pitrDays,
    },
    key_rotation_days: b.keyRotationDays,
    ...evidenceDocument(b),
    roles: Object.fromEntries(
      Object.entries(b.roles).map(([role, policy]) => [
        role,
        { session_seconds: policy.sessionSeconds, principals: policy.principals, mfa: policy.mfa },
      ]),
    ),
    permissions_boundary: b.permissionsBoundary,
    federation: {
      github: github && {
        repository: github.repository,
        owner_id: github.ownerId,
        repository_id: github.repositoryId,
        subject: github.subject,
        plan_environment: github.planEnvironment,
        apply_environment: github.applyEnvironment,
      },
      gitlab: gitlab && {
        host: gitlab.host,
        project_path: gitlab.projectPath,
        audience: gitlab.audience,
        ref: gitlab.ref,
      },
    },
    allowed_resources: b.allowedResources,
    adopts: b.adopts,
  };
}

/** Left out where there is none, so that a plan from before it could be wanted keeps its digest. */
function evidenceDocument({ evidence }: Blueprint): JsonObject {
  if (evidence === null) return {};
  const { bucket, keyAlias, retentionDays } = evidence;
  return { evidence: { bucket, key_alias: keyAlias, retention_days: retentionDays } };
}
