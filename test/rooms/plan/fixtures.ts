/** An intent, a policy and a blueprint that are right, for tests that make one thing wrong. */
import { sha256 } from '../../../src/kernel/digest.ts';
import { parseIntent, type Intent } from '../../../src/inputs/intent.ts';
import { parseParity, type Parity } from '../../../src/inputs/parity.ts';
import type { Blueprint } from '../../../src/plan/blueprint.ts';
import { makeBlueprint } from '../../../src/plan/make-blueprint.ts';
import type { PlanParts } from '../../../src/plan/plan.ts';

export const REPOSITORY = '5f0c1e9a-6f1d-4c61-9d8e-2f5a3d1b7c44';
export const PRINT = 'A'.repeat(40);

const read = (path: string, text: string) => {
  const bytes = new TextEncoder().encode(text);
  return { path, bytes, sha256: sha256(bytes) };
};

/** A parsed policy; `change` edits its text first. */
export function parity(change: (text: string) => string = (text) => text): Parity {
  return parseParity(read('policies/parity.yaml', change(PARITY)));
}

export function intent(change: (text: string) => string = (text) => text): Intent {
  return parseIntent(read('intents/dev.yaml', change(INTENT)));
}

export function blueprint(change: (text: string) => string = (text) => text): Blueprint {
  return makeBlueprint(intent(), parity(change), REPOSITORY);
}

export function planParts(change: Partial<PlanParts> = {}): PlanParts {
  const { environment, action, supersedes, requester, reason, ticket, tag, commit, tree_sha256 } = intent();
  return {
    mode: 'LIVE',
    run: '0b8a4c5e-1f2d-4a3b-8c9d-0e1f2a3b4c5d',
    nonce: '0123456789abcdef0123456789abcdef',
    created_at: '2026-11-22T12:00:00Z' as PlanParts['created_at'],
    expires_at: '2026-11-22T12:05:00Z' as PlanParts['expires_at'],
    repository: REPOSITORY,
    environment,
    source: { tag, tag_oid: 'c'.repeat(40), commit, tree_sha256 },
    intent: {
      file: 'intents/dev.yaml',
      sha256: 'd'.repeat(64),
      action,
      supersedes,
      requester,
      reason,
      ticket,
    },
    policy: {
      parity_sha256: 'e'.repeat(64),
      trust_sha256: 'f'.repeat(64),
      trust_version: 3,
      templates: { 'backend.tf.tmpl': '0'.repeat(64) },
    },
    target: {
      provider: 'aws',
      partition: 'aws',
      account: '111122223333',
      region: 'eu-central-1',
      caller: 'arn:aws:sts::111122223333:assumed-role/bootstrap/alice',
      endpoint: null,
    },
    signer: { fingerprint: requester },
    blueprint: blueprint(),
    steps: [
      {
        id: 'create/state-key',
        kind: 'create',
        resource: 'state-key',
        name: 'alias/acme-dev',
        title: 'KMS key',
        with: ['state-key.tags'],
        after: [],
      },
      {
        id: 'set/state-key.rotation',
        kind: 'set',
        preview: null,
        resource: 'state-key',
        name: 'alias/acme-dev',
        title: 'rotation',
        control: 'state-key.rotation',
        from: null,
        to: 365,
        after: ['create/state-key'],
      },
      {
        id: 'keep/role-operator',
        kind: 'keep',
        resource: 'role-operator',
        name: 'acme-dev-operator',
        title: 'operator role',
        control: null,
      },
    ],
    ...change,
  };
}

const INTENT = `
schema: govboot.intent/v1
repository: ${REPOSITORY}
environment: dev
provider: aws
account: "111122223333"
region: eu-central-1
action: create
tag: v1.0.0
commit: "${'a'.repeat(40)}"
tree_sha256: "${'b'.repeat(64)}"
reason: first backend of dev
ticket: OPS-1
requester: ${PRINT}
not_before: 2026-11-22T00:00:00Z
expires: 2026-11-23T00:00:00Z
nonce: "${'1'.repeat(32)}"
supersedes: null
endpoint: null
`;

const PARITY = `
schema: govboot.parity/v1
organisation: acme
provider: aws
environments:
  dev:
    account: "111122223333"
    regions: [eu-central-1]
    tags: { CostCentre: "1001" }
  prod:
    account: "444455556666"
    regions: [eu-central-1, us-east-1]
    state_key: prod/network/terraform.tfstate
    tags: { CostCentre: "1002" }
naming:
  bucket: "{organisation}-{environment}-tfstate"
  bucket_namespace: global
  table: "{organisation}-{environment}-tflock"
  key_alias: "alias/{organisation}-{environment}-tfstate"
  role: "{organisation}-{environment}-{role}"
tags:
  required: { Environment: "{environment}", CostCentre: "0", Where: "{account}/{region}" }
  tolerated: [CreatedBy]
locking: both
retention: { noncurrent_days: 365, noncurrent_keep: 50, pitr_days: 35 }
key_rotation_days: 365
roles:
  operator: { session_seconds: 3600, principals: ["arn:{partition}:iam::{account}:role/admin"], mfa: true }
  automation: { session_seconds: 3600, principals: [], mfa: false }
  ci-plan: { session_seconds: 3600, principals: [], mfa: false }
  ci-apply: { session_seconds: 7200, principals: [], mfa: false }
  break-glass: { session_seconds: 3600, principals: [], mfa: true }
permissions_boundary: null
federation:
  github:
    repository: acme/infra
    owner_id: "1"
    repository_id: "2"
    subject: immutable
    plan_environment: "{environment}-plan"
    apply_environment: "{environment}"
  gitlab: { host: gitlab.com, project_path: acme/infra, audience: "https://gitlab.com", ref: main }
allowed_resources: [state-bucket, lock-table, state-key, oidc-provider, role]
intent: { max_window_hours: 72 }
templates: {}
`;
