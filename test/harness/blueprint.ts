/** One blueprint that is whole and plausible; a test overrides what it is about. */
import type { Blueprint } from '../../src/plan/blueprint.ts';

/** The account of the example, the one that moto plays too. */
export const exampleAccount = '123456789012';

const repository = '0b1c2d3e-4f50-4a6b-8c7d-9e0f1a2b3c4d';

/** A development environment in eu-central-1 with both kinds of lock and GitHub as its pipeline. */
export function exampleBlueprint(overrides: Partial<Blueprint> = {}): Blueprint {
  const dormant = { sessionSeconds: 3600, principals: [], mfa: true };
  const pipeline = { sessionSeconds: 3600, principals: [], mfa: false };
  return {
    organisation: 'acme',
    repository,
    environment: 'dev',
    provider: 'aws',
    partition: 'aws',
    account: exampleAccount,
    region: 'eu-central-1',
    names: {
      bucket: `acme-dev-state-${exampleAccount}-eu-central-1`,
      bucketNamespace: 'global',
      table: 'acme-dev-locks',
      keyAlias: 'alias/acme-dev-state',
      roles: {
        operator: 'acme-dev-operator',
        automation: 'acme-dev-automation',
        'ci-plan': 'acme-dev-ci-plan',
        'ci-apply': 'acme-dev-ci-apply',
        'break-glass': 'acme-dev-break-glass',
      },
    },
    adopts: 'nothing',
    locking: 'both',
    stateKey: 'dev/terraform.tfstate',
    tags: {
      'govboot:repository': repository,
      'govboot:environment': 'dev',
      owner: 'platform',
      'data-class': 'confidential',
    },
    toleratedTags: ['cost-centre'],
    retention: { noncurrentDays: 365, noncurrentKeep: 20, pitrDays: 35 },
    keyRotationDays: 365,
    evidence: null,
    roles: {
      operator: {
        sessionSeconds: 3600,
        principals: [`arn:aws:iam::${exampleAccount}:user/alice`],
        mfa: true,
      },
      automation: dormant,
      'ci-plan': pipeline,
      'ci-apply': pipeline,
      'break-glass': dormant,
    },
    permissionsBoundary: null,
    federation: {
      github: {
        repository: 'acme/infrastructure',
        ownerId: '1001',
        repositoryId: '2002',
        subject: 'immutable',
        planEnvironment: 'dev-plan',
        applyEnvironment: 'dev',
      },
      gitlab: null,
    },
    allowedResources: ['state-bucket', 'lock-table', 'state-key', 'oidc-provider', 'role'],
    ...overrides,
  };
}

/** The same with a store for its evidence. */
export function exampleBlueprintWithStore(overrides: Partial<Blueprint> = {}): Blueprint {
  const { allowedResources } = exampleBlueprint();
  return exampleBlueprint({
    evidence: {
      bucket: `acme-dev-evidence-${exampleAccount}-eu-central-1`,
      keyAlias: 'alias/acme-dev-evidence',
      retentionDays: 2557,
    },
    allowedResources: [...allowedResources, 'evidence-bucket', 'evidence-key'],
    ...overrides,
  });
}
