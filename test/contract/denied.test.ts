/**
 * What the rendered policies deny, call by call, for every role and every way of locking. Each denial must come from the policies:
 * an error of the evaluator is none, and the same call is allowed when one thing is put right.
 */
import { describe, expect, test } from 'vitest';
import { roleArn } from '../../src/cloud/aws/arn.ts';
import { bucketPolicy } from '../../src/cloud/aws/policies/bucket-policy.ts';
import { document, type PolicyDocument } from '../../src/cloud/aws/policies/document.ts';
import { keyPolicy } from '../../src/cloud/aws/policies/key-policy.ts';
import { permissionsPolicy } from '../../src/cloud/aws/policies/permissions.ts';
import { ROLE_NAMES, type RoleName } from '../../src/plan/blueprint.ts';
import { exampleBlueprint } from '../harness/blueprint.ts';
import type { DeniedCall, Scene } from '../harness/denied/row.ts';
import { deniedTo } from '../harness/denied/table.ts';
import { judge, type Call, type Verdict } from '../harness/iam-judge.ts';

const LOCKING = ['table', 'lockfile', 'both'] as const;
const keyArn = 'arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-4333-8444-555555555555';

/** What an administrator has, and what somebody might attach to a role by mistake. */
const EVERYTHING = document([{ Sid: 'Everything', Effect: 'Allow', Action: '*', Resource: '*' }]);
/** A key of which govboot knows nothing: its account decides. */
const DELEGATES = document([
  {
    Sid: 'Account',
    Effect: 'Allow',
    Principal: { AWS: 'arn:aws:iam::123456789012:root' },
    Action: 'kms:*',
    Resource: '*',
  },
]);

function resourcePolicy({ b }: Scene, { resource }: Call): PolicyDocument | null {
  const bucket = `arn:${b.partition}:s3:::${b.names.bucket}`;
  if (resource === bucket || resource.startsWith(`${bucket}/`)) return bucketPolicy(b, keyArn);
  if (resource === keyArn) return keyPolicy(b);
  return resource.includes(':kms:') ? DELEGATES : null;
}

function judgeAs(scene: Scene, role: string, identity: PolicyDocument, call: Call): Promise<Verdict> {
  const caller = { role, identity: [identity], boundary: null };
  return judge(caller, { account: scene.b.account, policy: resourcePolicy(scene, call) }, call);
}

const asRole = (scene: Scene, role: RoleName, call: Call): Promise<Verdict> =>
  judgeAs(scene, roleArn(scene.b, role), permissionsPolicy(scene.b, role, keyArn), call);

/** Controls that are not of the role are judged once for all roles of a scene. */
const judged = new Map<string, Promise<Verdict>>();

function once(scene: Scene, role: string, call: Call): Promise<Verdict> {
  const name = JSON.stringify([scene.b.locking, role, call]);
  const verdict = judged.get(name) ?? judgeAs(scene, role, EVERYTHING, call);
  judged.set(name, verdict);
  return verdict;
}

function control(scene: Scene, role: RoleName, row: DeniedCall): Promise<Verdict> {
  switch (row.control.is) {
    case 'right':
      return asRole(scene, role, row.control.call);
    case 'administrator':
      return once(scene, `arn:aws:iam::${scene.b.account}:role/administrator`, row.call);
    case 'break-glass':
      return once(scene, roleArn(scene.b, 'break-glass'), row.call);
  }
}

/** The least number of different calls that are denied to a role. */
const LEAST: Readonly<Record<(typeof LOCKING)[number], number>> = { table: 140, lockfile: 110, both: 140 };

describe.each(LOCKING)('locking by %s', (locking) => {
  const scene: Scene = { b: exampleBlueprint({ locking }), keyArn };

  test.each(ROLE_NAMES)('%s is denied', async (role) => {
    const rows = deniedTo(role, scene);
    expect(new Set(rows.map(({ call }) => JSON.stringify(call))).size).toBeGreaterThanOrEqual(LEAST[locking]);
    const wrong = [];
    for (const row of rows) {
      const verdict = await asRole(scene, role, row.call);
      if (verdict.is !== 'denied') wrong.push({ what: row.what, action: row.call.action, verdict });
    }
    expect(wrong).toEqual([]);
  });

  test.each(ROLE_NAMES)('and each of it is allowed when one thing is put right: %s', async (role) => {
    const wrong = [];
    for (const row of deniedTo(role, scene)) {
      const verdict = await control(scene, role, row);
      if (verdict.is !== 'allowed') wrong.push({ what: row.what, action: row.call.action, verdict });
    }
    expect(wrong).toEqual([]);
  });

  test.each(ROLE_NAMES.filter((role) => role !== 'break-glass'))(
    'whatever is attached to it by mistake, %s is denied what would lose or weaken the backend',
    async (role) => {
      const rows = deniedTo(role, scene).filter(({ by }) => by !== null);
      expect(rows.length).toBeGreaterThan(20);
      const wrong = [];
      for (const row of rows) {
        const verdict = await judgeAs(scene, roleArn(scene.b, role), EVERYTHING, row.call);
        if (verdict.is !== 'denied' || verdict.how !== 'explicit' || !verdict.by.includes(row.by ?? ''))
          wrong.push({ what: row.what, action: row.call.action, by: row.by, verdict });
      }
      expect(wrong).toEqual([]);
    },
  );
});
