/** Every control of the table, changed behind govboot's back in the rehearsal cloud, as somebody with other tools would. */
import type {
  CloudState,
  Bucket,
  Cells,
  Key,
  Provider,
  Role,
  Table,
} from '../../src/cloud/rehearsal/state.ts';
import { ROLE_NAMES, type RoleName } from '../../src/plan/blueprint.ts';

export interface Tampering {
  /** The control that must be named. */
  readonly control: string;
  readonly is: 'drifted' | 'extra' | 'missing';
  readonly what: string;
  /** What cannot but change with it. */
  readonly also?: readonly string[];
  readonly change: (state: CloudState) => void;
}

function each<T>(
  cells: Cells<T>,
  isMeant: (value: T, name: string) => boolean,
  change: (value: T) => Partial<T>,
): void {
  let met = 0;
  for (const [name, { history }] of Object.entries(cells)) {
    if (!history.some(({ value }) => isMeant(value, name))) continue;
    met++;
    cells[name] = {
      history: history.map(({ at, value }) => ({ at, value: { ...value, ...change(value) } })),
    };
  }
  if (met !== 1) throw new Error(`${String(met)} resources were changed, not 1`);
}

type Which = 'state' | 'evidence';
const bucketOf = (which: Which) => (change: (b: Bucket) => Partial<Bucket>) => (state: CloudState) =>
  each(state.buckets, (_b, name) => name.includes('-evidence-') === (which === 'evidence'), change);
const table = (change: (t: Table) => Partial<Table>) => (state: CloudState) =>
  each(state.tables, () => true, change);
const keyOf = (which: Which) => (change: (k: Key) => Partial<Key>) => (state: CloudState) =>
  each(
    state.keys,
    ({ tags }) => (tags['govboot:resource'] === 'evidence-key') === (which === 'evidence'),
    change,
  );
const provider = (change: (p: Provider) => Partial<Provider>) => (state: CloudState) =>
  each(state.providers, () => true, change);
const role = (name: RoleName, change: (r: Role) => Partial<Role>) => (state: CloudState) =>
  each(state.roles, (r) => r.name.endsWith(`-${name}`), change);

interface Policy {
  readonly Version: string;
  readonly Statement: readonly Record<string, unknown>[];
}

const edited = (policy: string | null, how: (all: Policy) => Policy): string =>
  JSON.stringify(how(JSON.parse(policy ?? '{}') as Policy));
const withStatement = (policy: string | null): string =>
  edited(policy, (all) => ({
    ...all,
    Statement: [
      ...all.Statement,
      {
        Sid: 'Backdoor',
        Effect: 'Allow',
        Principal: { AWS: '999999999999' },
        Action: 's3:GetObject',
        Resource: '*',
      },
    ],
  }));
const withoutFirst = (policy: string | null): string =>
  edited(policy, (all) => ({ ...all, Statement: all.Statement.slice(1) }));

const ofBucket = (which: Which): readonly Tampering[] => {
  const bucket = bucketOf(which);
  return [
    {
      control: 'tags',
      is: 'drifted',
      what: 'a tag has another value',
      change: bucket(({ tags }) => ({ tags: { ...tags, Owner: 'mallory' } })),
    },
    { control: 'tags', is: 'drifted', what: 'all tags are gone', change: bucket(() => ({ tags: null })) },
    {
      control: 'ownership',
      is: 'drifted',
      what: 'access control lists are on',
      change: bucket(() => ({ ownership: 'ObjectWriter' })),
    },
    {
      control: 'public-access-block',
      is: 'drifted',
      what: 'the block is gone',
      change: bucket(() => ({ publicAccessBlock: null })),
    },
    {
      control: 'public-access-block',
      is: 'drifted',
      what: 'one of four is off',
      change: bucket(({ publicAccessBlock }) => ({
        publicAccessBlock: { ...(publicAccessBlock as object), BlockPublicPolicy: false },
      })),
    },
    {
      control: 'versioning',
      is: 'drifted',
      what: 'it is suspended',
      change: bucket(() => ({ versioning: 'Suspended' })),
    },
    {
      control: 'encryption',
      is: 'drifted',
      what: 'another algorithm',
      change: bucket(() => ({
        encryption: { Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }] },
      })),
    },
    {
      control: 'policy',
      is: 'drifted',
      what: 'a statement is gone',
      change: bucket(({ policy }) => ({ policy: withoutFirst(policy) })),
    },
    {
      control: 'policy',
      is: 'extra',
      what: 'a statement',
      change: bucket(({ policy }) => ({ policy: withStatement(policy) })),
    },
    {
      control: 'no-replication',
      is: 'extra',
      what: 'a replication rule',
      change: bucket(() => ({
        replication: [{ ID: 'copy', Status: 'Enabled', Destination: { Bucket: 'arn:aws:s3:::elsewhere' } }],
      })),
    },
  ].map((one) => ({ ...one, control: `${which}-bucket.${one.control}` }) as Tampering);
};

const ofKey = (which: Which): readonly Tampering[] => {
  const key = keyOf(which);
  return [
    {
      control: 'tags',
      is: 'drifted',
      what: 'a tag has another value',
      change: key(({ tags }) => ({ tags: { ...tags, Owner: 'mallory' } })),
    },
    { control: 'spec', is: 'drifted', what: 'it has replicas', change: key(() => ({ multiRegion: true })) },
    {
      control: 'state',
      is: 'drifted',
      what: 'it is disabled',
      also: [`${which}-key.rotation`],
      change: key(() => ({ state: 'Disabled' })),
    },
    {
      control: 'policy',
      is: 'extra',
      what: 'a statement',
      change: key(({ policy }) => ({ policy: withStatement(policy) })),
    },
    {
      control: 'policy',
      is: 'drifted',
      what: 'a statement is gone',
      change: key(({ policy }) => ({
        policy: edited(policy, (all) => ({ ...all, Statement: all.Statement.slice(0, -1) })),
      })),
    },
    { control: 'rotation', is: 'drifted', what: 'it is off', change: key(() => ({ rotation: null })) },
    {
      control: 'no-grants',
      is: 'extra',
      what: 'a grant',
      change: key(({ grants }) => ({
        grants: [
          ...(grants ?? []),
          {
            GrantId: 'b'.repeat(64),
            GranteePrincipal: 'arn:aws:iam::999999999999:root',
            Operations: ['Decrypt'],
          },
        ],
      })),
    },
    {
      control: 'no-grants',
      is: 'extra',
      what: "a grant to DynamoDB for somebody else's table",
      change: key(({ grants }) => ({
        grants: [
          ...(grants ?? []),
          {
            GrantId: 'c'.repeat(64),
            GranteePrincipal: 'dynamodb.eu-central-1.amazonaws.com',
            Operations: ['Decrypt'],
            Constraints: {
              EncryptionContextSubset: {
                'aws:dynamodb:tableName': 'other',
                'aws:dynamodb:subscriberId': '111111111111',
              },
            },
          },
        ],
      })),
    },
  ].map((one) => ({ ...one, control: `${which}-key.${one.control}` }) as Tampering);
};

const ofTable: readonly Tampering[] = [
  {
    control: 'schema',
    is: 'drifted',
    what: 'another attribute',
    change: table(() => ({ attributes: [{ AttributeName: 'Other', AttributeType: 'S' }] })),
  },
  {
    control: 'tags',
    is: 'drifted',
    what: 'a tag has another value',
    change: table(({ tags }) => ({ tags: { ...tags, Owner: 'mallory' } })),
  },
  {
    control: 'billing',
    is: 'drifted',
    what: 'it is provisioned',
    change: table(() => ({ billing: 'PROVISIONED' })),
  },
  {
    control: 'encryption',
    is: 'drifted',
    what: 'a key of DynamoDB',
    change: table(() => ({ sseKey: null })),
  },
  {
    control: 'deletion-protection',
    is: 'drifted',
    what: 'it is off',
    change: table(() => ({ deletionProtection: false })),
  },
  {
    control: 'point-in-time-recovery',
    is: 'drifted',
    what: 'it is off',
    change: table(() => ({ pitr: null })),
  },
  { control: 'no-expiry', is: 'extra', what: 'items expire', change: table(() => ({ ttl: 'Expires' })) },
  { control: 'no-streams', is: 'extra', what: 'a stream', change: table(() => ({ stream: 'NEW_IMAGE' })) },
].map((one) => ({ ...one, control: `lock-table.${one.control}` }) as Tampering);

const ofRole = (name: RoleName): readonly Tampering[] =>
  [
    {
      control: 'tags',
      is: 'drifted',
      what: 'a tag has another value',
      change: role(name, ({ tags }) => ({ tags: { ...tags, Owner: 'mallory' } })),
    },
    {
      control: 'session',
      is: 'drifted',
      what: 'sessions are longer',
      change: role(name, () => ({ maxSession: 43_200 })),
    },
    {
      control: 'trust',
      is: 'drifted',
      what: 'it lets anybody in',
      change: role(name, ({ trust }) => ({
        trust: edited(trust, (all) => ({
          ...all,
          Statement: [{ ...all.Statement[0], Effect: 'Allow', Principal: { AWS: '999999999999' } }],
        })),
      })),
    },
    {
      control: 'trust',
      is: 'extra',
      what: 'a trust statement',
      change: role(name, ({ trust }) => ({
        trust: edited(trust, (all) => ({
          ...all,
          Statement: [
            ...all.Statement,
            {
              Sid: 'Backdoor',
              Effect: 'Allow',
              Principal: { AWS: '999999999999' },
              Action: 'sts:AssumeRole',
            },
          ],
        })),
      })),
    },
    {
      control: 'exclusive',
      is: 'extra',
      what: 'a policy attached',
      change: role(name, () => ({ attached: ['arn:aws:iam::aws:policy/AdministratorAccess'] })),
    },
    {
      control: 'exclusive',
      is: 'extra',
      what: 'a policy inline',
      change: role(name, ({ inline }) => ({ inline: { ...inline, more: '{}' } })),
    },
    {
      control: 'permissions',
      is: 'extra',
      what: 'a statement',
      change: role(name, ({ inline }) => ({
        inline: Object.fromEntries(
          Object.entries(inline).map(([policy, text]) => [
            policy,
            edited(text, (all) => ({
              ...all,
              Statement: [...all.Statement, { Sid: 'More', Effect: 'Allow', Action: 's3:*', Resource: '*' }],
            })),
          ]),
        ),
      })),
    },
    {
      control: 'permissions',
      is: 'drifted',
      what: 'there are none',
      change: role(name, () => ({ inline: {} })),
    },
    {
      control: 'boundary',
      is: 'drifted',
      what: 'another boundary',
      change: role(name, () => ({ boundary: null })),
    },
  ].map((one) => ({ ...one, control: `role-${name}.${one.control}` }) as Tampering);

const ofProvider: readonly Tampering[] = [
  {
    control: 'tags',
    is: 'drifted',
    what: 'a tag has another value',
    change: provider(({ tags }) => ({ tags: { ...tags, Owner: 'mallory' } })),
  },
  {
    control: 'client-id',
    is: 'drifted',
    what: 'another audience',
    change: provider(() => ({ clientIds: ['elsewhere'] })),
  },
].map((one) => ({ ...one, control: `oidc-github.${one.control}` }) as Tampering);

const ofStateBucket: readonly Tampering[] = [
  {
    control: 'lifecycle',
    is: 'drifted',
    what: 'there is no rule',
    change: bucketOf('state')(() => ({ lifecycle: null })),
  },
  {
    control: 'lifecycle',
    is: 'extra',
    what: 'a rule that expires the state',
    change: bucketOf('state')(({ lifecycle }) => ({
      lifecycle: [
        ...(lifecycle ?? []),
        { ID: 'sweep', Status: 'Enabled', Filter: { Prefix: '' }, Expiration: { Days: 1 } },
      ],
    })),
  },
].map((one) => ({ ...one, control: `state-bucket.${one.control}` }) as Tampering);

const ofEvidenceBucket: readonly Tampering[] = [
  {
    control: 'no-expiry',
    is: 'extra',
    what: 'a rule that expires evidence',
    change: bucketOf('evidence')(() => ({
      lifecycle: [{ ID: 'sweep', Status: 'Enabled', Filter: { Prefix: '' }, Expiration: { Days: 1 } }],
    })),
  },
  {
    control: 'object-lock',
    is: 'drifted',
    what: 'new versions are kept for a day',
    change: bucketOf('evidence')(() => ({ defaultRetention: { mode: 'COMPLIANCE', for: 1 } })),
  },
  {
    control: 'object-lock',
    is: 'drifted',
    what: 'some may delete',
    change: bucketOf('evidence')(({ defaultRetention }) => ({
      defaultRetention: { mode: 'GOVERNANCE', for: defaultRetention?.for ?? 1 },
    })),
  },
  {
    control: 'object-lock',
    is: 'drifted',
    what: 'new versions are not kept',
    change: bucketOf('evidence')(() => ({ defaultRetention: null })),
  },
].map((one) => ({ ...one, control: `evidence-bucket.${one.control}` }) as Tampering);

export const TAMPERINGS: readonly Tampering[] = [
  ...ofBucket('state'),
  ...ofStateBucket,
  ...ofKey('state'),
  ...ofBucket('evidence'),
  ...ofEvidenceBucket,
  ...ofKey('evidence'),
  ...ofTable,
  ...ROLE_NAMES.flatMap(ofRole),
  ...ofProvider,
];
