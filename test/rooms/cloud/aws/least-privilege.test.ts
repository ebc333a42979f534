/**
 * Exactly what Terraform needs: every measured call is allowed by the policies that are rendered, and nothing can be taken out of
 * a role's policy without one of them being refused. The calls were measured on real clients (test/e2e/terraform.test.ts).
 */
import { describe, expect, test } from 'vitest';
import { bucketPolicy } from '../../../../src/cloud/aws/policies/bucket-policy.ts';
import type { PolicyDocument, Statement } from '../../../../src/cloud/aws/policies/document.ts';
import { keyPolicy } from '../../../../src/cloud/aws/policies/key-policy.ts';
import { permissionsPolicy } from '../../../../src/cloud/aws/policies/permissions.ts';
import type { RoleName } from '../../../../src/plan/blueprint.ts';
import { exampleBlueprint } from '../../../harness/blueprint.ts';
import { judge } from '../../../harness/iam-judge.ts';
import { measuredCalls, type MeasuredCall } from '../../../harness/measured.ts';
import { roleArn } from '../../../../src/cloud/aws/arn.ts';

const LOCKING = ['table', 'lockfile', 'both'] as const;
const WRITERS = ['operator', 'automation', 'ci-apply'] as const;
type Locking = (typeof LOCKING)[number];

const KEY = 'arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-4333-8444-555555555555';
const blueprint = (locking: Locking) => exampleBlueprint({ locking });

/** The calls that a role is meant for. The writing roles have one policy, and none of them was measured doing everything. */
function callsOf(locking: Locking, role: RoleName): readonly MeasuredCall[] {
  const same: readonly RoleName[] = (WRITERS as readonly RoleName[]).includes(role) ? WRITERS : [role];
  const calls = measuredCalls(blueprint(locking), KEY).filter(
    (call) => call.locking === locking && same.includes(call.role),
  );
  // Each once: two roles asked for the same, and the key is used behind more than one call.
  return [
    ...new Map(
      calls.map((call) => [JSON.stringify([call.action, call.resource, call.context]), call]),
    ).values(),
  ];
}

/** One policy in place of those that are rendered. */
interface Instead {
  readonly identity?: PolicyDocument;
  readonly key?: PolicyDocument;
}

async function verdictOf(
  locking: Locking,
  role: RoleName,
  call: MeasuredCall,
  instead: Instead = {},
): Promise<string> {
  const b = blueprint(locking);
  const identity = instead.identity ?? permissionsPolicy(b, role, KEY);
  const caller = { role: roleArn(b, role), identity: [identity], boundary: null };
  const policies: Readonly<Record<string, PolicyDocument>> = {
    s3: bucketPolicy(b, KEY),
    kms: instead.key ?? keyPolicy(b),
  };
  const policy = policies[call.action.split(':')[0] ?? ''] ?? null;
  const { action, resource, context } = call;
  const verdict = await judge(caller, { account: b.account, policy }, { action, resource, context });
  return verdict.is === 'error' ? verdict.why : verdict.is;
}

describe.each(LOCKING)('locking by %s', (locking) => {
  const b = blueprint(locking);
  const identityOf = (role: RoleName) => permissionsPolicy(b, role, KEY);

  test('the roles that write have one policy', () => {
    for (const role of WRITERS) expect(identityOf(role)).toEqual(identityOf('ci-apply'));
  });

  test.each(['ci-apply', 'ci-plan', 'break-glass'] as const)(
    'the calls that were measured: %s',
    async (role) => {
      const calls = callsOf(locking, role === 'break-glass' ? 'ci-apply' : role);
      expect(calls.length).toBeGreaterThan(10);
      const wrong = [];
      for (const call of calls) {
        const verdict = await verdictOf(locking, role, call);
        if (verdict !== call.verdict) wrong.push({ call, verdict });
      }
      expect(wrong).toEqual([]);
    },
  );

  test.each(['ci-apply', 'ci-plan'] as const)('nothing can be taken from %s', async (role) => {
    const calls = callsOf(locking, role).filter(({ verdict }) => verdict === 'allowed');
    const less = smaller(identityOf(role));
    expect(less.length).toBeGreaterThan(5);
    // The key's policy names the roles too. Here it leaves the decision to the account, so that theirs is looked at alone.
    const delegates = { ...keyPolicy(b), Statement: keyPolicy(b).Statement.slice(0, 1) };
    expect(delegates.Statement[0]?.Sid).toBe('GovbootAccountAdministersKey');
    const unused: string[] = [];
    for (const { what, action, policy } of less) {
      let missed = false;
      for (const call of calls.filter((one) => one.action === action)) {
        missed = (await verdictOf(locking, role, call, { identity: policy, key: delegates })) !== 'allowed';
        if (missed) break;
      }
      if (!missed) unused.push(what);
    }
    expect(unused).toEqual([]);
  });

  test("nothing can be taken from what the key's policy allows the roles", async () => {
    const whole = identityOf('ci-apply');
    const identity = {
      ...whole,
      Statement: whole.Statement.filter(({ Sid }) => !Sid.startsWith('GovbootKey')),
    };
    const calls = callsOf(locking, 'ci-apply').filter(({ action }) => action.startsWith('kms:'));
    const statements = keyPolicy(b).Statement.filter(({ Sid }) =>
      /^Govboot(Read|Write|Use)Through/.test(Sid),
    );
    const pairs = statements.flatMap((one) => listed(one.Action).map((Action) => ({ ...one, Action })));
    expect(pairs.length).toBe(locking === 'lockfile' ? 2 : 3);
    const opened = async (allows: readonly Statement[]): Promise<number> => {
      const key = { ...keyPolicy(b), Statement: allows };
      const verdicts = await Promise.all(
        calls.map((call) => verdictOf(locking, 'ci-apply', call, { identity, key })),
      );
      return verdicts.filter((verdict) => verdict === 'allowed').length;
    };
    expect(await opened(pairs)).toBe(calls.length);
    for (const pair of pairs)
      expect(await opened(pairs.filter((one) => one !== pair))).toBeLessThan(calls.length);
  });
});

interface Smaller {
  readonly what: string;
  /** Only calls of this action can miss what was taken. */
  readonly action: string;
  readonly policy: PolicyDocument;
}

/** The policy without one pair of action and resource, or action and item, for each that it allows. */
function smaller(whole: PolicyDocument): readonly Smaller[] {
  const single = whole.Statement.flatMap(taken);
  return single.map(({ what, action }) => ({
    what,
    action,
    policy: { ...whole, Statement: single.filter((one) => one.what !== what).map((one) => one.statement) },
  }));
}

/** A statement as many, each with one action, one resource and one value of each condition: together they say the same. */
function taken(
  statement: Statement,
): readonly { readonly what: string; readonly action: string; readonly statement: Statement }[] {
  const several = listed(statement.Condition?.['ForAllValues:StringLike']?.['dynamodb:LeadingKeys']);
  const items = several.length === 0 ? [null] : several;
  return listed(statement.Action).flatMap((Action) =>
    listed(statement.Resource).flatMap((Resource) =>
      items.map((item, i) => ({
        action: Action,
        what: `${statement.Sid}: ${Action} on ${item ?? Resource}`,
        statement: {
          ...statement,
          Sid: `${statement.Sid}${Action.replace(/\W/g, '')}${String(i)}`,
          Action,
          Resource,
          ...(item === null
            ? {}
            : {
                Condition: {
                  ...statement.Condition,
                  'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': [item] },
                },
              }),
        },
      })),
    ),
  );
}

function listed<T>(value: T | readonly T[] | undefined): readonly T[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? (value as readonly T[]) : [value as T];
}
