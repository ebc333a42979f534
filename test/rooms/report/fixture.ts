/** A plan as an operator meets it: what is new, what is there already, what has drifted, and what is in the way. */
import type { Json } from '../../../src/kernel/json.ts';
import type { PlanRow, PlanView } from '../../../src/kernel/events.ts';
import type { Style } from '../../../src/report/style.ts';

export function styleOf(columns: number, more: Partial<Style> = {}): Style {
  return { columns, colour: false, unicode: true, terminal: true, results: true, plain: false, ...more };
}

const ACCOUNT = '111111111111';
const KEY_ARN = `arn:aws:kms:eu-central-1:${ACCOUNT}:key/1f6c1d0e-93a5-4a3b-8f0c-0f7a5f1f2d3b`;
const TAGS = {
  cost_center: 'CC-1042',
  data_class: 'confidential',
  environment: 'dev',
  'govboot:environment': 'dev',
  'govboot:repository': '5f0c8f7e-1f35-4c5e-9b59-2d5b8e1b7a10',
  owner: 'platform-team@example.com',
};

const role = (id: string): string => `acme-dev-tfstate-${id}`;

function row(kind: PlanRow['kind'], resource: string, name: string, more: Partial<PlanRow> = {}): PlanRow {
  return { kind, resource, name, title: resource, control: null, from: null, to: null, why: null, ...more };
}

const create = (resource: string, name: string, aspects: readonly string[]): PlanRow =>
  row('create', resource, name, { to: aspects });
const set = (
  resource: string,
  name: string,
  control: string,
  to: Json | null,
  from: Json | null = null,
): PlanRow => row('set', resource, name, { control, title: control, from, to });
const keep = (resource: string, name: string, ...controls: readonly string[]): readonly PlanRow[] => [
  row('keep', resource, name),
  ...controls.map((control) => row('keep', resource, name, { control, title: control })),
];
const refuse = (
  resource: string,
  name: string,
  control: string | null,
  found: Json | null,
  why: string,
): PlanRow => row('refuse', resource, name, { control, title: control ?? resource, from: found, why });

const policy = (...statements: readonly Json[]): Json => ({ Version: '2012-10-17', Statement: statements });
const statement = (Sid: string, more: { readonly [key: string]: Json }): Json => ({
  Sid,
  Effect: 'Allow',
  ...more,
});

const PERMISSIONS = policy(
  statement('GovbootListState', { Action: 's3:ListBucket', Resource: 'arn:aws:s3:::acme-dev-tfstate' }),
  statement('GovbootWriteState', {
    Action: ['s3:GetObject', 's3:PutObject'],
    Resource: 'arn:aws:s3:::acme-dev-tfstate/dev/*',
  }),
  statement('GovbootLockFile', {
    Action: ['s3:DeleteObject', 's3:PutObject'],
    Resource: 'arn:aws:s3:::acme-dev-tfstate/dev/*.tflock',
  }),
  statement('GovbootUseKey', { Action: ['kms:Decrypt', 'kms:GenerateDataKey'], Resource: KEY_ARN }),
);

const people = (...principals: readonly string[]): Json =>
  policy(
    statement('GovbootPeople', {
      Principal: { AWS: principals },
      Action: 'sts:AssumeRole',
      Condition: { Bool: { 'aws:MultiFactorAuthPresent': 'true' } },
    }),
  );

const rule = (days: number): Json => [
  {
    ID: 'govboot-version-retention',
    Status: 'Enabled',
    Filter: { Prefix: '' },
    NoncurrentVersionExpiration: { NoncurrentDays: days, NewerNoncurrentVersions: 10 },
    AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 },
  },
];

const BUCKET = `acme-dev-tfstate-${ACCOUNT}-eu-central-1`;
const TABLE = 'acme-dev-tflock';

const ROWS: readonly PlanRow[] = [
  ...keep('role-operator', role('operator'), 'session', 'boundary'),
  set('role-operator', role('operator'), 'tags', TAGS, {
    ...TAGS,
    owner: 'platform-team',
    team: 'core, infra',
  }),
  set(
    'role-operator',
    role('operator'),
    'trust',
    people(`arn:aws:iam::${ACCOUNT}:role/acme-sso-platform-admins`),
    people(`arn:aws:iam::${ACCOUNT}:role/acme-sso-platform`, `arn:aws:iam::${ACCOUNT}:user/old-admin`),
  ),
  create('role-automation', role('automation'), ['tags', 'trust', 'session']),
  set('role-automation', role('automation'), 'permissions', null),
  create('role-ci-plan', role('ci-plan'), ['tags', 'trust', 'session']),
  set('role-ci-plan', role('ci-plan'), 'permissions', null),
  create('role-ci-apply', role('ci-apply'), ['tags', 'trust', 'session']),
  set('role-ci-apply', role('ci-apply'), 'permissions', PERMISSIONS),
  refuse(
    'role-break-glass',
    role('break-glass'),
    null,
    { owner: 'security-operations', 'govboot:repository': '00000000-0000-4000-8000-000000000000' },
    'FOREIGN_RESOURCE: role acme-dev-tfstate-break-glass exists with the tags of another repository',
  ),
  ...keep('oidc-github', 'token.actions.githubusercontent.com', 'audience', 'tags'),
  create('state-key', 'alias/acme-dev-tfstate', ['spec', 'state', 'tags', 'policy']),
  set('state-key', 'alias/acme-dev-tfstate', 'alias', 'alias/acme-dev-tfstate'),
  set('state-key', 'alias/acme-dev-tfstate', 'rotation', { enabled: true, days: 365 }),
  create('state-bucket', BUCKET, ['location', 'tags', 'ownership']),
  set('state-bucket', BUCKET, 'public-access-block', {
    BlockPublicAcls: true,
    IgnorePublicAcls: true,
    BlockPublicPolicy: true,
    RestrictPublicBuckets: true,
  }),
  set('state-bucket', BUCKET, 'versioning', 'Enabled'),
  set('state-bucket', BUCKET, 'encryption', null),
  set('state-bucket', BUCKET, 'policy', null),
  set('state-bucket', BUCKET, 'lifecycle', rule(365), rule(90)),
  ...keep('lock-table', TABLE, 'schema', 'billing', 'encryption', 'no-expiry', 'no-streams'),
  set('lock-table', TABLE, 'tags', TAGS),
  row('set', 'lock-table', TABLE, {
    control: 'deletion-protection',
    title: 'deletion protection (cannot be undone)',
    from: false,
    to: true,
  }),
  set(
    'lock-table',
    TABLE,
    'point-in-time-recovery',
    { status: 'ENABLED', days: 35 },
    { status: 'ENABLED', days: 7 },
  ),
  refuse(
    'lock-table',
    TABLE,
    'policy',
    {
      Version: '2012-10-17',
      Statement: [
        {
          Sid: 'GovbootDenyInsecureTransport',
          Effect: 'Allow',
          Principal: { AWS: 'arn:aws:iam::222222222222:root' },
          Action: 'dynamodb:*',
          Resource: `arn:aws:dynamodb:eu-central-1:${ACCOUNT}:table/${TABLE}`,
        },
      ],
    },
    'FOREIGN_VALUE: somebody else put it there',
  ),
];

export function planOf(rows: readonly PlanRow[] = ROWS, more: Partial<PlanView> = {}): PlanView {
  const count = (kind: PlanRow['kind']): number => rows.filter((one) => one.kind === kind).length;
  return {
    mode: 'LIVE',
    environment: 'dev',
    account: ACCOUNT,
    partition: 'aws',
    region: 'eu-central-1',
    caller: `arn:aws:sts::${ACCOUNT}:assumed-role/AWSReservedSSO_PlatformAdmin_0123456789abcdef/alice@example.com`,
    endpoint: null,
    tag: 'infra/v1.4.0',
    commit: '9f2b7c41d0e3a85f6c1b2d94e7a8503c1f6d2e4b',
    intent: 'intents/dev-2026-11.yaml',
    action: 'create',
    reason: 'first bootstrap of the development environment after the move of the accounts',
    ticket: 'OPS-4711',
    requester: '0123456789ABCDEF0123456789ABCDEF01234567',
    signer: '89ABCDEF0123456789ABCDEF0123456789ABCDEF',
    digest: '7d0c5fb2a1e94836b0f7d25c8a6e1b394f5d702c61ae83b9d4f0257c3e8b16a9',
    expires: '2026-11-22T12:05:00Z',
    rows,
    counts: {
      create: count('create'),
      adopt: count('adopt'),
      set: count('set'),
      keep: count('keep'),
      refuse: count('refuse'),
    },
    ...more,
  };
}
