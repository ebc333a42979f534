import { describe, expect, it } from 'vitest';
import { canonicalBytes } from '../../../src/kernel/canonical.ts';
import { sha256 } from '../../../src/kernel/digest.ts';
import type { Json } from '../../../src/kernel/json.ts';
import {
  changes,
  makePlan,
  parsePlan,
  planBytes,
  planDigest,
  planView,
  refusals,
  type Plan,
  type PlanParts,
} from '../../../src/plan/plan.ts';
import type { Step } from '../../../src/plan/step.ts';
import { planParts, PRINT } from './fixtures.ts';
import { codeOf, thrownBy } from './thrown.ts';

const plan = makePlan(planParts());
const document = (): Record<string, unknown> => JSON.parse(new TextDecoder().decode(planBytes(plan)));
/** The plan as a document with one place changed; `undefined` takes it out. */
function withAt(path: string, value: unknown): Uint8Array {
  const change = (node: unknown, [key, ...rest]: readonly string[]): unknown => {
    if (Array.isArray(node)) return node.map((item, i) => (String(i) === key ? next(item, rest) : item));
    const fields = Object.entries({ [key!]: undefined, ...(node as object) });
    return Object.fromEntries(
      fields.flatMap(([name, item]) => {
        const changed = name === key ? next(item, rest) : item;
        return changed === undefined ? [] : [[name, changed]];
      }),
    );
  };
  const next = (node: unknown, rest: readonly string[]): unknown =>
    rest.length === 0 ? value : change(node, rest);
  return canonicalBytes(change(document(), path.split('.')) as Json);
}

const refused: Step = {
  id: 'refuse/b.x',
  kind: 'refuse',
  resource: 'b',
  name: 'acme',
  title: 'x',
  control: 'b.x',
  code: 'FOREIGN_VALUE',
  found: { a: 1 },
  why: 'somebody else put it there',
};
const refusedWhole: Step = { ...refused, id: 'refuse/b', control: null };

describe('a plan document', () => {
  it('is one line of canonical JSON that reads back as it was', () => {
    const bytes = planBytes(plan);
    expect(new TextDecoder().decode(bytes)).toMatch(/^\{[^\n]*\}\n$/);
    expect(parsePlan(bytes)).toEqual(plan);
    expect(planDigest(plan)).toBe(sha256(bytes));
    expect(planDigest(parsePlan(bytes))).toBe(planDigest(plan));
  });

  it('has snake_case keys, the blueprint included', () => {
    const keys = new Set<string>();
    const walk = (value: unknown, verbatim: boolean): void => {
      if (Array.isArray(value)) value.forEach((item) => walk(item, verbatim));
      else if (typeof value === 'object' && value !== null) {
        for (const [key, item] of Object.entries(value)) {
          if (!verbatim) keys.add(key);
          walk(item, ['tags', 'roles', 'templates'].includes(key));
        }
      }
    };
    walk(document(), false);
    expect([...keys].filter((key) => !/^[a-z0-9_]+$/.test(key))).toEqual([]);
    expect(keys).toContain('key_rotation_days');
  });

  it('may be one that is only looked at, and one of every kind of step', () => {
    const looked = makePlan(
      planParts({ signer: null, mode: 'REHEARSAL', steps: [...planParts().steps, refused, refusedWhole] }),
    );
    expect(parsePlan(planBytes(looked))).toEqual(looked);
  });

  it.each<[string, Partial<PlanParts>]>([
    ['nonce', { nonce: 'f'.repeat(32) }],
    ['run', { run: '0b8a4c5e-1f2d-4a3b-8c9d-0e1f2a3b4c5e' }],
    ['mode', { mode: 'REHEARSAL' }],
    ['expiry', { expires_at: '2026-11-22T12:05:01Z' as PlanParts['expires_at'] }],
    ['steps', { steps: [] }],
    ['signer', { signer: { fingerprint: 'B'.repeat(40) as never } }],
    ['tag', { source: { ...plan.source, tag_oid: '1'.repeat(40) } }],
    ['intent', { intent: { ...plan.intent, sha256: '1'.repeat(64) } }],
    ['policy', { policy: { ...plan.policy, parity_sha256: '1'.repeat(64) } }],
    ['account', { target: { ...plan.target, account: '444455556666' } }],
    ['region', { target: { ...plan.target, region: 'eu-west-1' } }],
    ['blueprint', { blueprint: { ...planParts().blueprint, stateKey: 'other.tfstate' } }],
  ])('has another digest when the %s is another', (_what, change) => {
    expect(planDigest(makePlan(planParts(change)))).not.toBe(planDigest(plan));
  });
});

describe('parsePlan', () => {
  it('refuses another version before it looks at anything else', () => {
    const error = thrownBy(() => parsePlan(canonicalBytes({ schema: 'govboot.plan/v2', other: true })));
    expect(error.code).toBe('SCHEMA');
    expect(error.message).toBe('plan.schema is "govboot.plan/v2": must be "govboot.plan/v1"');
    expect(codeOf(() => parsePlan(canonicalBytes([])))).toBe('SCHEMA');
    expect(codeOf(() => parsePlan(withAt('schema', undefined)))).toBe('SCHEMA');
  });

  it('refuses another spelling', () => {
    expect(codeOf(() => parsePlan(new TextEncoder().encode(JSON.stringify(document(), null, 1))))).toBe(
      'NOT_CANONICAL',
    );
  });

  it.each([
    ['a missing field', 'target.region', undefined, 'plan.target.region is missing'],
    ['an environment that is a path', 'environment', '../x', 'plan.environment is "../x": must be a name'],
    ['an unknown field', 'target.zone', 'a', 'plan.target: unknown field "zone"'],
    ['an unknown field at the top', 'extra', 1, 'unknown field "extra"'],
    ['a list for an object', 'source', [], 'plan.source is []'],
    ['an object for a list', 'steps', {}, 'plan.steps is {}'],
    ['a short hash', 'intent.sha256', 'ab', 'plan.intent.sha256'],
    ['an upper-case hash', 'policy.templates', { a: 'A'.repeat(64) }, 'plan.policy.templates.a'],
    ['a list of templates', 'policy.templates', [], 'must be an object'],
    ['an account of 11 digits', 'target.account', '11112222333', 'must be 12 digits'],
    ['a fraction', 'policy.trust_version', 1.5, 'must be a whole number'],
    ['a time that is none', 'created_at', '2026-13-01T00:00:00Z', 'must be an instant'],
    ['a number for a text', 'environment', 1, 'plan.environment is 1'],
    ['an empty text', 'target.partition', '', 'must be a text'],
    ['another provider', 'target.provider', 'gcp', 'must be aws'],
    ['a step of another kind', 'steps.0.kind', 'delete', 'plan.steps[0].kind is "delete"'],
    ['a step that is a text', 'steps.0', 'delete', 'plan.steps[0].kind is ""'],
    [
      'a step of a kind that every object has',
      'steps.0.kind',
      'constructor',
      'must be create or adopt or set or keep or refuse',
    ],
    ['a create without what comes before', 'steps.0.after', undefined, 'plan.steps[0].after is missing'],
    ['a set without its value', 'steps.1.to', undefined, 'plan.steps[1].to is missing'],
    ['a keep with a reason', 'steps.2.why', 'x', 'plan.steps[2]: unknown field "why"'],
    ['a lower-case signer', 'signer.fingerprint', PRINT.toLowerCase(), 'plan.signer.fingerprint'],
  ])('refuses %s', (_what, path, value, message) => {
    const error = thrownBy(() => parsePlan(withAt(path, value)));
    expect(error.code).toBe('SCHEMA');
    expect(error.message).toContain(message);
  });

  it('refuses a step with a code that is none', () => {
    const odd = makePlan(planParts({ steps: [refused] }));
    const bytes = canonicalBytes({ ...odd, steps: [{ ...refused, code: 'toString' }] });
    expect(thrownBy(() => parsePlan(bytes)).message).toContain(
      'plan.steps[0].code is "toString": must be a code',
    );
  });

  it('shows what is wrong without obeying it', () => {
    expect(thrownBy(() => parsePlan(withAt('target.region', 7))).message).toBe(
      'plan.target.region is 7: must be a text',
    );
    expect(thrownBy(() => parsePlan(withAt('x\u001b[2K', 7))).message).toContain('\\u{1b}[2K');
  });

  it('holds makePlan to the same shape', () => {
    expect(codeOf(() => makePlan(planParts({ nonce: 'short' })))).toBe('SCHEMA');
  });
});

describe('planView', () => {
  it('shows everything that is confirmed, and each step as a row', () => {
    const all: Plan = makePlan(planParts({ steps: [...planParts().steps, refused, refusedWhole] }));
    const view = planView(all, planDigest(all));
    expect(view).toMatchObject({
      mode: 'LIVE',
      environment: 'dev',
      account: '111122223333',
      partition: 'aws',
      region: 'eu-central-1',
      endpoint: null,
      tag: 'v1.0.0',
      commit: 'a'.repeat(40),
      caller: 'arn:aws:sts::111122223333:assumed-role/bootstrap/alice',
      intent: 'intents/dev.yaml',
      action: 'create',
      reason: 'first backend of dev',
      ticket: 'OPS-1',
      requester: PRINT,
      signer: PRINT,
      digest: planDigest(all),
      expires: '2026-11-22T12:05:00Z',
      counts: { create: 1, set: 1, keep: 1, refuse: 2 },
    });
    expect(view.rows).toEqual([
      {
        kind: 'create',
        resource: 'state-key',
        name: 'alias/acme-dev',
        title: 'KMS key',
        control: null,
        from: null,
        to: ['tags'],
        why: null,
      },
      {
        kind: 'set',
        resource: 'state-key',
        name: 'alias/acme-dev',
        title: 'rotation',
        control: 'rotation',
        from: null,
        to: 365,
        why: null,
      },
      {
        kind: 'keep',
        resource: 'role-operator',
        name: 'acme-dev-operator',
        title: 'operator role',
        control: null,
        from: null,
        to: null,
        why: null,
      },
      {
        kind: 'refuse',
        resource: 'b',
        name: 'acme',
        title: 'x',
        control: 'x',
        from: { a: 1 },
        to: null,
        why: 'FOREIGN_VALUE: somebody else put it there',
      },
      {
        kind: 'refuse',
        resource: 'b',
        name: 'acme',
        title: 'x',
        control: null,
        from: { a: 1 },
        to: null,
        why: 'FOREIGN_VALUE: somebody else put it there',
      },
    ]);
  });

  it('names a control in full when it is not of the resource, and a kept one by its aspect', () => {
    const steps: Step[] = [
      { id: 'keep/b.x', kind: 'keep', resource: 'b', name: 'n', title: 't', control: 'b.x' },
      { id: 'keep/c.x', kind: 'keep', resource: 'b', name: 'n', title: 't', control: 'c.x' },
    ];
    expect(
      planView(makePlan(planParts({ steps, signer: null })), planDigest(plan)).rows.map(
        ({ control }) => control,
      ),
    ).toEqual(['x', 'c.x']);
  });

  it('shows what a control will be where it depends on something that is made first', () => {
    const waiting: Step = {
      id: 'set/b.x',
      kind: 'set',
      resource: 'b',
      name: 'acme',
      title: 'x',
      control: 'b.x',
      from: null,
      to: null,
      preview: { key: '{state-key.arn}' },
      after: [],
    };
    const rowOf = (step: Step): Json | readonly string[] | null | undefined =>
      planView(makePlan(planParts({ steps: [step] })), planDigest(plan)).rows[0]?.to;
    expect(rowOf(waiting)).toEqual({ key: '{state-key.arn}' });
    expect(rowOf({ ...waiting, to: { key: 'arn:1' }, preview: null })).toEqual({ key: 'arn:1' });
  });

  it('says that a plan which is only looked at has no signer', () => {
    expect(planView(makePlan(planParts({ signer: null })), planDigest(plan)).signer).toContain('none yet');
  });
});

it('refusals and changes are the steps of those kinds', () => {
  const all = makePlan(planParts({ steps: [...planParts().steps, refused] }));
  expect(refusals(all)).toEqual([refused]);
  expect(changes(all).map(({ kind }) => kind)).toEqual(['create', 'set']);
});
