import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalBytes } from '../../../src/kernel/canonical.ts';
import type { Json } from '../../../src/kernel/json.ts';
import { planDifferences } from '../../../src/plan/compare.ts';
import {
  makePlan,
  parsePlan,
  planBytes,
  planDigest,
  type Plan,
  type PlanParts,
} from '../../../src/plan/plan.ts';
import { planParts } from './fixtures.ts';

const plan = makePlan(planParts());
const other = (change: Partial<PlanParts>): Plan => makePlan(planParts(change));
const [first, second] = plan.steps;

describe('planDifferences', () => {
  it('finds none between a plan and itself, read back', () => {
    expect(planDifferences(plan, parsePlan(planBytes(plan)))).toEqual([]);
  });

  it.each<[string, Partial<PlanParts>, string]>([
    ['the mode', { mode: 'REHEARSAL' }, 'mode'],
    ['the caller', { target: { ...plan.target, caller: 'arn:aws:sts::1:x' } }, 'target.caller'],
    ['the endpoint', { target: { ...plan.target, endpoint: 'http://127.0.0.1' } }, 'target.endpoint'],
    ['a template', { policy: { ...plan.policy, templates: {} } }, 'policy.templates.backend.tf.tmpl'],
    ['nobody who signs', { signer: null }, 'signer'],
    ['the run', { run: '0b8a4c5e-1f2d-4a3b-8c9d-0e1f2a3b4c5e' }, 'run'],
    ['the window', { expires_at: '2027-11-22T12:05:01Z' as Plan['expires_at'] }, 'expires_at'],
    [
      'the blueprint',
      { blueprint: { ...planParts().blueprint, stateKey: 'x.tfstate' } },
      'blueprint.state_key',
    ],
  ])('names %s', (_what, change, field) => {
    const [found, ...more] = planDifferences(plan, other(change));
    expect(found?.field).toBe(field);
    expect(found?.approved).not.toEqual(found?.now);
    expect(more).toEqual([]);
  });

  it('names a step that is another, missing, new, or in another place', () => {
    const fields = (steps: PlanParts['steps']) => planDifferences(plan, other({ steps }));
    expect(fields([{ ...first!, name: 'other' }, ...plan.steps.slice(1)])).toEqual([
      { field: `steps.${first!.id}.name`, approved: first!.name, now: 'other' },
    ]);
    expect(fields(plan.steps.slice(1))).toEqual([
      { field: `steps.${first!.id}`, approved: first!.kind, now: undefined },
    ]);
    expect(fields([...plan.steps, { ...first!, id: 'create/x' }])).toEqual([
      { field: 'steps.create/x', approved: undefined, now: first!.kind },
    ]);
    expect(fields([second!, first!, ...plan.steps.slice(2)])).toMatchObject([{ field: 'steps' }]);
    expect(fields([...plan.steps, first!])).toMatchObject([{ field: 'steps' }]);
  });

  it('sees a key that every object has by birth', () => {
    const text = new TextDecoder().decode(planBytes(plan));
    const forged = parsePlan(
      new TextEncoder().encode(text.replace('"blueprint":{', '"blueprint":{"__proto__":{},')),
    );
    expect(planDifferences(forged, plan)).toEqual([
      { field: 'blueprint.__proto__', approved: {}, now: undefined },
    ]);
    expect(planDifferences(plan, forged)).toHaveLength(1);
  });

  it('is empty only for plans of the same digest', () => {
    const leaves = (value: Json, path: readonly string[]): readonly (readonly string[])[] =>
      typeof value === 'object' && value !== null && Object.keys(value).length > 0
        ? Object.entries(value).flatMap(([key, item]) => leaves(item, [...path, key]))
        : [path];
    const document = JSON.parse(new TextDecoder().decode(planBytes(plan))) as Json;
    const places = leaves(document, []).filter(([head]) => head !== 'schema');
    const changed = (value: Json, [key, ...rest]: readonly string[]): Json => {
      if (key === undefined) return typeof value === 'string' ? `${value}x` : 'x';
      if (Array.isArray(value))
        return value.map((item: Json, i) => (String(i) === key ? changed(item, rest) : item));
      return { ...(value as object), [key]: changed((value as Record<string, Json>)[key] ?? null, rest) };
    };
    fc.assert(
      fc.property(fc.constantFrom(...places), (place) => {
        // Not every change is a plan any more; what is compared has only to be data.
        const bytes = canonicalBytes(changed(document, place));
        const forged = JSON.parse(new TextDecoder().decode(bytes)) as Plan;
        expect(planDifferences(forged, plan)).not.toEqual([]);
        expect(planDigest(forged)).not.toBe(planDigest(plan));
      }),
    );
  });
});
