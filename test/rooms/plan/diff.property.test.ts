/** What holds of diff for any table: what it plans can be done in every order it allows, and is enough. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Json } from '../../../src/kernel/json.ts';
import type { ControlSpec, ResourceSpec } from '../../../src/plan/control.ts';
import { diff } from '../../../src/plan/diff.ts';
import { inOrder } from '../../../src/plan/order.ts';
import { isChange, type ChangeStep, type Step } from '../../../src/plan/step.ts';
import { blueprint as cautious, control, ModelStore, pending, profile, resource } from './tables.ts';

/** Under an intent that adopts, so that what was made by hand is part of every world. */
const blueprint = { ...cautious, adopts: 'anything' as const };

const name = (i: number): string => `r${String(i)}`;

/** Born controls and `after` of resources look back only, as creations must not wait for each other; settings look anywhere. */
const controlSpec = (i: number, j: number, count: number): fc.Arbitrary<ControlSpec> => {
  const back = fc.subarray(Array.from({ length: i }, (_, k) => name(k)));
  const anywhere = fc.subarray(Array.from({ length: count }, (_, k) => name(k)));
  const id = `${name(i)}.c${String(j)}`;
  const on = (max: number) => fc.option(fc.nat(Math.max(0, max - 1)), { nil: null });
  return fc.oneof(
    fc
      .tuple(anywhere, on(count))
      .map(([after, dependsOn]) =>
        dependsOn === null ? control(id, `want-${id}`, { after }) : pending(id, name(dependsOn), { after }),
      ),
    fc.tuple(back, i === 0 ? fc.constant(null) : on(i), fc.boolean()).map(([after, dependsOn, only]) => {
      const born: Partial<ControlSpec> = {
        after,
        atCreation: true,
        ...(only ? { creationOnly: true as const } : {}),
      };
      return dependsOn === null ? control(id, `want-${id}`, born) : pending(id, name(dependsOn), born);
    }),
    fc.constant(control(id, null, { desired: () => ({ is: 'none' }) })),
  );
};

const resourceSpec = (i: number, count: number): fc.Arbitrary<ResourceSpec> =>
  fc
    .tuple(
      fc.nat(4).chain((n) => fc.tuple(...Array.from({ length: n }, (_, j) => controlSpec(i, j, count)))),
      fc.subarray(Array.from({ length: i }, (_, k) => name(k))),
    )
    .map(([controls, after]) => resource(name(i), controls, { after }));

const tables: fc.Arbitrary<readonly ResourceSpec[]> = fc
  .integer({ min: 1, max: 5 })
  .chain((count) => fc.tuple(...Array.from({ length: count }, (_, i) => resourceSpec(i, count))))
  .chain((table) => fc.shuffledSubarray(table, { minLength: table.length, maxLength: table.length }));

/** What a control may be found as. What cannot be changed is found right: otherwise the plan is refused. */
const found = fc.constantFrom<'right' | 'wrong' | 'unset'>('right', 'wrong', 'unset');

const worlds = fc
  .tuple(
    tables,
    fc.array(fc.boolean(), { minLength: 5, maxLength: 5 }),
    fc.array(found, { minLength: 25, maxLength: 25 }),
    fc.array(fc.boolean(), { minLength: 5, maxLength: 5 }),
  )
  .map(([table, there, states, hand]) => {
    const present = table.filter((_, i) => there[i]!).map(({ id }) => id);
    const known = Object.fromEntries(table.map(({ id }) => [`${id}.arn`, `arn:${id}`]));
    const controls = table.filter(({ id }) => present.includes(id)).flatMap((spec) => spec.controls);
    const values = controls.flatMap((spec, i): [string, Json][] => {
      const desired = spec.desired(blueprint, known);
      const state = spec.creationOnly === true ? 'right' : states[i % states.length]!;
      if (desired.is !== 'value' || state === 'unset') return [];
      return [[spec.id, state === 'right' ? desired.value : 'something else']];
    });
    const byHand = present.filter((_, i) => hand[i]!);
    return { table, store: new ModelStore(table, present, values, byHand) };
  })
  // A value that can only be chosen at creation and names what is not there cannot be right; diff refuses it.
  .filter(({ table, store }) => plan(table, store).every(({ kind }) => kind !== 'refuse'));

function plan(table: readonly ResourceSpec[], store: ModelStore): readonly Step[] {
  return diff(table, profile, blueprint, store.observe());
}

/** Carries the steps out in one of the orders that `after` allows, chosen by `choices`. */
function carryOut(store: ModelStore, steps: readonly ChangeStep[], choices: readonly number[]): void {
  const waiting = new Map(steps.map((step) => [step.id, step]));
  for (let i = 0; waiting.size > 0; i++) {
    const ready = [...waiting.values()].filter((step) => step.after.every((id) => !waiting.has(id)));
    const step = ready[(choices[i % choices.length] ?? 0) % ready.length]!;
    store.perform(step);
    waiting.delete(step.id);
  }
}

describe('diff', () => {
  it('of what was carried out, in any order that it allows, is only keeps', () => {
    let steps = 0;
    fc.assert(
      fc.property(
        worlds,
        fc.array(fc.nat(), { minLength: 1, maxLength: 30 }),
        ({ table, store }, choices) => {
          const planned = plan(table, store).filter(isChange);
          steps += planned.length;
          carryOut(store, planned, choices);
          expect(plan(table, store).filter(({ kind }) => kind !== 'keep')).toEqual([]);
        },
      ),
      { numRuns: 300 },
    );
    // The worlds must not be so tame that nothing is ever planned.
    expect(steps).toBeGreaterThan(300);
  });

  it('takes over what nobody owns before it sets anything of it, and never under an intent that does not adopt', () => {
    let adopted = 0;
    fc.assert(
      fc.property(worlds, ({ table, store }) => {
        const planned = plan(table, store);
        for (const id of store.unowned) {
          adopted += 1;
          const sets = planned.filter((step) => step.kind === 'set' && step.resource === id);
          expect(planned).toContainEqual(expect.objectContaining({ id: `adopt/${id}` }));
          expect(
            sets.every((step, i) => i > 0 || (step.kind === 'set' && step.after.includes(`adopt/${id}`))),
          ).toBe(true);
        }
        const strict = diff(table, profile, cautious, store.observe());
        expect(strict.filter(({ kind }) => kind === 'adopt')).toEqual([]);
        for (const id of store.unowned)
          expect(strict).toContainEqual(
            expect.objectContaining({ id: `refuse/${id}`, code: 'FOREIGN_RESOURCE' }),
          );
      }),
    );
    expect(adopted).toBeGreaterThan(30);
  });

  it('of a prefix that was carried out plans only what is left: a second run ends where the first would have', () => {
    fc.assert(
      fc.property(worlds, fc.nat(20), ({ table, store }, cut) => {
        const planned = inOrder(plan(table, store));
        for (const step of planned.slice(0, cut)) store.perform(step);
        const rest = inOrder(plan(table, store));
        const ids = new Set(planned.map(({ id }) => id));
        for (const step of rest) {
          // A control that its resource's creation should have set is never set alone: creation is one call.
          expect(ids).toContain(step.id);
          store.perform(step);
        }
        expect(plan(table, store).every(({ kind }) => kind === 'keep')).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  it('is a graph without circles, with every step that it names, and a chain for each resource', () => {
    fc.assert(
      fc.property(worlds, ({ table, store }) => {
        const steps = inOrder(plan(table, store));
        expect(new Set(steps.map(({ id }) => id)).size).toBe(steps.length);
        for (const { id } of table) {
          const own = steps.filter((step) => step.resource === id);
          own.slice(1).forEach((step, i) => expect(step.after).toContain(own[i]!.id));
        }
      }),
    );
  });

  it('does not depend on the order of the resources in the table', () => {
    const sorted = (steps: readonly Step[]) =>
      [...steps]
        .map((step) => (isChange(step) ? { ...step, after: [...step.after].sort() } : step))
        .sort((a, b) => (a.id < b.id ? -1 : 1));
    fc.assert(
      fc.property(worlds, ({ table, store }) => {
        expect(sorted(plan([...table].reverse(), store))).toEqual(sorted(plan(table, store)));
      }),
    );
  });

  it('never writes a control that could not be read', () => {
    fc.assert(
      fc.property(worlds, ({ table, store }) => {
        const seen = store.observe();
        for (const id of Object.keys(seen.controls)) {
          const blind = {
            ...seen,
            controls: {
              ...seen.controls,
              [id]: { is: 'unreadable', code: 'READ_DENIED', detail: '403' } as const,
            },
          };
          const of = diff(table, profile, blueprint, blind).filter(
            (step) => step.kind !== 'create' && step.kind !== 'adopt' && step.control === id,
          );
          expect(of.every(({ kind }) => kind === 'refuse')).toBe(true);
        }
      }),
    );
  });
});

describe('inOrder', () => {
  const step = (id: string, ...after: string[]): ChangeStep => ({
    id,
    kind: 'set',
    preview: null,
    resource: 'r',
    name: 'n',
    title: 't',
    control: 'c',
    from: null,
    to: null,
    after,
  });

  it('puts each step after all that it names', () => {
    expect(inOrder([step('c', 'b', 'a'), step('a'), step('b', 'a')]).map(({ id }) => id)).toEqual([
      'a',
      'b',
      'c',
    ]);
  });

  it('refuses a circle, a step that is missing, and a step that is there twice', () => {
    expect(() => inOrder([step('a', 'b'), step('b', 'a')])).toThrow('wait for each other: a, b');
    expect(() => inOrder([step('a', 'gone')])).toThrow('step a comes after gone');
    expect(() => inOrder([step('a'), step('a')])).toThrow('step a is there twice');
  });
});
