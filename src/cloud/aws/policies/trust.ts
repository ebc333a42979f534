/** Who may become each role: the trust policies. */
import { GITHUB_HOST } from '../../../inputs/names.ts';
import type { Blueprint, RoleName } from '../../../plan/blueprint.ts';
import { oidcProviderArn, stsAudience } from '../arn.ts';
import { document, type Conditions, type PolicyDocument, type Statement } from './document.ts';

export function trustPolicy(b: Blueprint, role: RoleName): PolicyDocument {
  switch (role) {
    case 'operator':
      return people(b.roles.operator.principals, b.roles.operator.mfa);
    case 'automation':
    case 'break-glass':
      return dormant();
    case 'ci-plan':
    case 'ci-apply':
      return pipeline(b, role);
  }
}

/** Lets nobody in. The role exists, is complete, and cannot be used until a later signed intent opens it. */
function dormant(): PolicyDocument {
  return document([
    {
      Sid: 'GovbootDormant',
      Effect: 'Deny',
      Principal: '*',
      Action: ['sts:AssumeRole', 'sts:AssumeRoleWithSAML', 'sts:AssumeRoleWithWebIdentity'],
    },
  ]);
}

function people(principals: readonly string[], mfa: boolean): PolicyDocument {
  if (principals.length === 0) return dormant();
  const second: Conditions = { Bool: { 'aws:MultiFactorAuthPresent': 'true' } };
  return document([
    {
      Sid: 'GovbootPeople',
      Effect: 'Allow',
      Principal: { AWS: principals },
      Action: 'sts:AssumeRole',
      ...(mfa ? { Condition: second } : {}),
    },
  ]);
}

function pipeline(b: Blueprint, role: 'ci-plan' | 'ci-apply'): PolicyDocument {
  const statements = [...github(b, role), ...gitlab(b)];
  return statements.length === 0 ? dormant() : document(statements);
}

/**
 * StringEquals throughout: with StringLike a star would let other repositories in. The numeric repository id holds when
 * the repository is renamed or its name is taken over by somebody else.
 */
function github(b: Blueprint, role: 'ci-plan' | 'ci-apply'): readonly Statement[] {
  const hub = b.federation.github;
  if (hub === null) return [];
  const environment = role === 'ci-plan' ? hub.planEnvironment : hub.applyEnvironment;
  const [owner = '', repository = ''] = hub.repository.split('/');
  const byId = `repo:${owner}@${hub.ownerId}/${repository}@${hub.repositoryId}:environment:${environment}`;
  const byName = `repo:${hub.repository}:environment:${environment}`;
  const subject = { immutable: byId, name: byName, both: [byId, byName] }[hub.subject];
  return [
    federated(b, 'GovbootGitHub', GITHUB_HOST, {
      [`${GITHUB_HOST}:aud`]: stsAudience(b),
      [`${GITHUB_HOST}:sub`]: subject,
      [`${GITHUB_HOST}:repository_id`]: hub.repositoryId,
    }),
  ];
}

/** Jobs choose their audience freely, so it is compared too; GitLab's default subject has no numeric id. */
function gitlab(b: Blueprint): readonly Statement[] {
  const lab = b.federation.gitlab;
  if (lab === null) return [];
  return [
    federated(b, 'GovbootGitLab', lab.host, {
      [`${lab.host}:aud`]: lab.audience,
      [`${lab.host}:sub`]: `project_path:${lab.projectPath}:ref_type:branch:ref:${lab.ref}`,
    }),
  ];
}

function federated(
  b: Blueprint,
  sid: string,
  host: string,
  claims: Readonly<Record<string, string | readonly string[]>>,
): Statement {
  return {
    Sid: sid,
    Effect: 'Allow',
    Principal: { Federated: oidcProviderArn(b, host) },
    Action: 'sts:AssumeRoleWithWebIdentity',
    Condition: { StringEquals: claims },
  };
}
