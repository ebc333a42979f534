// What is changed behind the back of a lock is found, whatever it is; what was applied has not drifted.
import { beforeAll, describe, expect, test } from 'vitest';
import { ApiFault } from '../../../src/cloud/aws/api.ts';
import { memoryStore } from '../../harness/memory-store.ts';
import { restoreState } from '../../../src/cloud/rehearsal/state.ts';
import { memoryStore as cloudStore } from '../../../src/cloud/rehearsal/store.ts';
import { AWS_TABLE } from '../../../src/cloud/aws/table.ts';
import { describeDrift } from '../../../src/street/drift-words.ts';
import { lookForDrift, type DriftSeen } from '../../../src/street/drift.ts';
import type { Drift } from '../../../src/plan/drift.ts';
import type { Json } from '../../../src/kernel/json.ts';
import { makePorts, makeWorld, type PortsOptions, type World } from '../../harness/ports.ts';
import { TAMPERINGS, type Tampering } from '../../harness/tamper.ts';
import { play } from './playing.ts';

const REQUEST = { environment: 'dev', profile: null } as const;
const GITHUB = `github:
    repository: acme/infra
    owner_id: "1"
    repository_id: "2"
    subject: name
    plan_environment: '{environment}-plan'
    apply_environment: '{environment}'`;

/** A backend with every resource and control of the table but those of GitLab, which has no other ones. */
async function wholeWorld(): Promise<World> {
  const world = await makeWorld();
  const policy = 'policies/parity.yaml';
  world.edit(
    policy,
    'permissions_boundary: null',
    'permissions_boundary: arn:aws:iam::{account}:policy/edge',
  );
  world.edit(policy, 'github: null', GITHUB);
  world.edit(
    policy,
    'state-key, role]',
    'state-key, role, oidc-provider, evidence-bucket, evidence-key]\nevidence_store:\n  bucket: "{organisation}-{environment}-evidence-{region}"\n  key_alias: "alias/{organisation}-{environment}-evidence"\n  retention_days: 30',
  );
  await world.release('v1.1.0');
  await world.intent();
  const { error } = await play({ world, rehearsal: { known: ['arn:aws:iam::111111111111:policy/edge'] } });
  expect(error).toBeNull();
  return world;
}

let world: World;
let snapshot: Json;

/** The same evidence over a cloud that somebody changed. */
const tampered = (change: Tampering['change']): World => {
  const state = restoreState(snapshot);
  change(state);
  return { ...world, cloud: cloudStore({ seed: 7, state: JSON.parse(JSON.stringify(state)) as Json }) };
};

const emptied = (cells: Record<string, unknown>): void => {
  for (const name of Object.keys(cells)) Reflect.deleteProperty(cells, name);
};

const look = (changed: World, more: Partial<PortsOptions> = {}): Promise<DriftSeen> =>
  lookForDrift(makePorts({ world: changed, ...more }), REQUEST);
const namesOf = (drifts: readonly Drift[]): readonly string[] =>
  drifts.map(({ control, resource, is }) => `${control ?? resource} ${is}`);

beforeAll(async () => {
  world = await wholeWorld();
  snapshot = await world.cloud.snapshot();
});

test('apply then drift is clean, and writes nothing anywhere', async () => {
  const ports = makePorts({ world });
  const { report, since, unfinished, caller } = await lookForDrift(ports, REQUEST);
  expect(report.drifts).toEqual([]);
  const controls = AWS_TABLE.filter(({ id }) => id !== 'oidc-gitlab').flatMap(
    (resource) => resource.controls,
  );
  expect(report.same).toBe(controls.length);
  expect([since.size, unfinished, caller.account]).toEqual([0, null, '111111111111']);
  expect([ports.changed(), ports.wrote]).toEqual([[], []]);
});

describe('what somebody changed is named, and nothing else is', () => {
  test.each(TAMPERINGS)('$control: $what', async ({ control, is, also = [], change }) => {
    const { report, since } = await look(tampered(change));
    expect(namesOf(report.drifts)).toEqual(
      [control, ...also].map((id) => `${id} ${id === control ? is : 'drifted'}`),
    );
    expect(since.get(control)).toBe(3);
    expect(describeDrift(report.drifts[0]!)).toMatch(/(^| )(has|lost|was) /);
  });

  test('every control of the table is among them, but for what nobody can change', () => {
    const ids = AWS_TABLE.filter(({ id }) => id !== 'oidc-gitlab').flatMap((resource) =>
      resource.controls.map(({ id }) => id),
    );
    // A bucket does not move, and an alias that is gone takes the key with it, out of sight; both have tests of their own.
    const others = ids.filter((id) => !TAMPERINGS.some(({ control }) => control === id));
    expect(others).toEqual([
      ...['state-key.alias', 'state-bucket.location'],
      ...['evidence-key.alias', 'evidence-bucket.location'],
    ]);
  });
});

describe('what is gone, hidden or somebody else\u2019s', () => {
  test('a resource that is gone is missing, with its name', async () => {
    const { report } = await look(tampered(({ tables }) => emptied(tables)));
    expect(report.drifts).toEqual([
      { resource: 'lock-table', control: null, is: 'missing', name: 'acme-dev-tflock' },
    ]);
  });

  test('an alias that is gone leaves the key where its tags are, and is named', async () => {
    const { report } = await look(
      tampered(({ aliases }) => {
        emptied(aliases);
      }),
    );
    expect(namesOf(report.drifts)).toEqual(['state-key.alias drifted', 'evidence-key.alias drifted']);
  });

  test('a bucket of another region is somebody else\u2019s', async () => {
    const { report } = await look(
      tampered(({ buckets }) => {
        for (const { history } of Object.values(buckets))
          for (const seen of history) Object.assign(seen.value, { region: 'eu-west-1' });
      }),
    );
    expect(namesOf(report.drifts)).toEqual(['state-bucket.tags drifted', 'evidence-bucket.tags drifted']);
  });

  test('another key beneath the same alias is another, whatever its tags and its policy say', async () => {
    const { report } = await look(
      tampered(({ aliases, keys }) => {
        const isState = ([, { history }]: [string, (typeof keys)[string]]): boolean =>
          history.every(({ value }) => value.tags['govboot:resource'] === undefined);
        const [path = ''] = Object.entries(keys).find(isState) ?? [];
        const other = path.replace(/[0-9a-f]{12}$/, '0123456789ab');
        keys[other] = structuredClone(keys[path]!);
        for (const [alias, { history }] of Object.entries(aliases))
          for (const seen of alias.endsWith('tfstate') ? history : [])
            Object.assign(seen.value, { target: other.slice(other.lastIndexOf('/') + 1) });
      }),
    );
    const [arn, id, ...others] = namesOf(report.drifts);
    expect([arn, id]).toEqual(['state-key drifted', 'state-key drifted']);
    // Bucket and table still name the key of the lock, and the role policies that follow it are as recorded.
    expect(others).toEqual([]);
  });

  test('what is denied is unreadable, neither gone nor unchanged', async () => {
    const denied = new Set(['s3:GetBucketPolicy', 'kms:ListGrants', 'dynamodb:DescribeTable']);
    const { report } = await look(world, {
      between: (api) => ({
        call: async (operation, input) => {
          if (!denied.has(operation)) return api.call(operation, input);
          throw new ApiFault({
            ...{ operation, kind: 'denied', fault: 'AccessDenied', message: 'no', status: 403 },
            ...{ requestId: null, attempts: 1 },
          });
        },
      }),
    });
    expect(namesOf(report.drifts)).toEqual([
      ...['state-key.no-grants unreadable', 'state-bucket.policy unreadable', 'lock-table unreadable'],
      ...['evidence-key.no-grants unreadable', 'evidence-bucket.policy unreadable'],
    ]);
    expect(report.drifts[0]).toMatchObject({ code: 'READ_DENIED' });
  });

  const SPOILT: readonly (readonly [string, (w: World) => void, string])[] = [
    ['no lock', (w) => w.store.files.clear(), 'EVIDENCE_MISSING'],
    [
      'a lock that was changed',
      (w) => {
        const bytes = w.store.files.get('.backend.lock')!;
        w.store.files.set('.backend.lock', Uint8Array.from([...bytes.slice(0, -2), 0x20, 0x0a]));
      },
      'EVIDENCE_INVALID',
    ],
    ['root keys that nobody pinned', (w) => void w.pins.splice(0), 'EVIDENCE_INVALID'],
  ];
  test.each(SPOILT)('with %s nothing is compared', async (_name, spoil, code) => {
    const other = { ...world, store: memoryStore(new Map(world.store.files)), pins: [...world.pins] };
    spoil(other);
    const asked = makePorts({
      world: other,
      overrides: { cloud: async () => Promise.reject(new Error('asked')) },
    });
    await expect(lookForDrift(asked, REQUEST)).rejects.toMatchObject({ code });
  });

  test('another account is told, and not taken for a backend that is gone', async () => {
    await expect(
      look(world, {
        doors: ({ cloud, claims }) => ({
          claims,
          cloud: { ...cloud, whoAmI: async () => ({ ...(await cloud.whoAmI()), account: '222222222222' }) },
        }),
      }),
    ).rejects.toMatchObject({
      code: 'IDENTITY_MISMATCH',
      message: expect.stringContaining(
        'calls from account 222222222222 (aws); the lock is of 111111111111',
      ) as string,
    });
  });

  test('nobody is asked from a process that gate 4 refuses', async () => {
    await expect(
      look(world, { machine: { weakening: [{ name: 'NODE_TLS_REJECT_UNAUTHORIZED', value: '0' }] } }),
    ).rejects.toMatchObject({ code: 'ENVIRONMENT' });
  });
});
