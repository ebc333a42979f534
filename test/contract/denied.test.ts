/**
 * What the rendered policies deny, call by call, for every role and every way of locking. Each denial must come from the policies:
 * an error of the evaluator is none, and the same call is allowed when one thing is put right.
 */
import { describe, expect, test } from 'vitest';
import { bucketArn, roleArn } from '../../src/cloud/aws/arn.ts';
import { bucketPolicy } from '../../src/cloud/aws/policies/bucket-policy.ts';
import { document, type PolicyDocument } from '../../src/cloud/aws/policies/document.ts';
import { evidenceBucketPolicy } from '../../src/cloud/aws/policies/evidence-bucket-policy.ts';
import { evidenceKeyPolicy } from '../../src/cloud/aws/policies/evidence-key-policy.ts';
import { keyPolicy } from '../../src/cloud/aws/policies/key-policy.ts';
import { permissionsPolicy } from '../../src/cloud/aws/policies/permissions.ts';
import { ROLE_NAMES, type RoleName } from '../../src/plan/blueprint.ts';
import { exampleBlueprintWithStore } from '../harness/blueprint.ts';
import type { DeniedCall, Scene } from '../harness/denied/row.ts';
import { deniedCalls, deniedTo } from '../harness/denied/table.ts';
import { judge, type Call, type Verdict } from '../harness/iam-judge.ts';

const LOCKING = ['table', 'lockfile', 'both'] as const;
const keyArn = 'arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-4333-8444-555555555555';
const storeKeyArn = keyArn.replace('11111111', '22222222');

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

/** What stands at a bucket or a key of ours; a resource of which govboot knows nothing has no policy, or is its account's. */
function resourcePolicy({ b }: Scene, { resource }: Call): PolicyDocument | null {
  const isIn = (arn: string): boolean => resource === arn || resource.startsWith(`${arn}/`);
  if (b.evidence !== null && isIn(bucketArn(b, b.evidence.bucket)))
    return evidenceBucketPolicy(b, b.evidence, storeKeyArn);
  if (b.evidence !== null && resource === storeKeyArn) return evidenceKeyPolicy(b, b.evidence);
  if (isIn(bucketArn(b))) return bucketPolicy(b, keyArn);
  if (resource === keyArn) return keyPolicy(b);
  return resource.includes(':kms:') ? DELEGATES : null;
}

function judgeAs(scene: Scene, role: string, identity: PolicyDocument, call: Call): Promise<Verdict> {
  const caller = { role, identity: [identity], boundary: null };
  return judge(caller, { account: scene.b.account, policy: resourcePolicy(scene, call) }, call);
}

const asRole = (scene: Scene, role: RoleName, call: Call): Promise<Verdict> =>
  judgeAs(scene, roleArn(scene.b, role), permissionsPolicy(scene.b, role, keyArn), call);

const administratorOf = ({ b }: Scene): string => `arn:${b.partition}:iam::${b.account}:role/administrator`;

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
      return once(scene, administratorOf(scene), row.call);
    case 'elsewhere':
      return once(scene, administratorOf(scene), row.control.call);
    case 'break-glass':
      return once(scene, roleArn(scene.b, 'break-glass'), row.call);
  }
}

/** The least number of different calls that are denied to a role. */
const LEAST: Readonly<Record<(typeof LOCKING)[number], number>> = { table: 180, lockfile: 150, both: 180 };

/** Whether break-glass, too, is denied it whatever is attached to it: it opens the backend of a state, and no evidence. */
const isOfEvidence = ({ group }: DeniedCall): boolean =>
  group === 'the evidence' || group.endsWith(' of the evidence');

describe.each(LOCKING)('locking by %s', (locking) => {
  const scene: Scene = { b: exampleBlueprintWithStore({ locking }), keyArn, storeKeyArn };

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

  test.each(ROLE_NAMES)(
    'whatever is attached to it by mistake, %s is denied what would lose or weaken the backend',
    async (role) => {
      const rows = deniedTo(role, scene).filter(
        (row) => row.by !== null && (role !== 'break-glass' || isOfEvidence(row)),
      );
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

  test('what loses or weakens evidence is denied to an administrator too, by the statement that is named', async () => {
    const rows = deniedCalls(scene).filter(({ control: { is } }) => is === 'elsewhere');
    expect(rows.length).toBeGreaterThan(20);
    const wrong = [];
    for (const { what, call, by } of rows) {
      const verdict = await once(scene, administratorOf(scene), call);
      const isBy = verdict.is === 'denied' && verdict.how === 'explicit' && verdict.by.includes(by ?? '');
      if (!isBy) wrong.push({ what, action: call.action, by, verdict });
    }
    expect(wrong).toEqual([]);
  });
});
