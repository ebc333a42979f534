// A law of the intent gate: whoever asked never approves, whatever people, roles, environments, thresholds and signatures there are.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readDocuments, type Documents } from '../../../src/gates/documents.ts';
import { judgeIntent } from '../../../src/gates/intent.ts';
import type { Instant } from '../../../src/kernel/time.ts';
import { holds, isActive, thresholdOf, type Trust } from '../../../src/inputs/trust.ts';
import { edited, goodFacts, INTENT_YAML, NOW, PRINTS, signatureBy, type Who } from '../../harness/facts.ts';

const PEOPLE = ['alice', 'bob', 'carol', 'mallory'] as const satisfies readonly Who[];
const PERIODS = [
  ['2026-01-01T00:00:00Z', '2027-01-01T00:00:00Z'],
  ['2026-01-01T00:00:00Z', NOW],
  ['2026-11-22T12:00:01Z', '2027-01-01T00:00:00Z'],
] as const;

const person = fc.record({
  roles: fc.uniqueArray(fc.constantFrom('intent', 'approver', 'release', 'evidence'), { minLength: 1 }),
  environments: fc.oneof(
    { weight: 3, arbitrary: fc.constant(null) },
    fc.constantFrom(['dev'], ['prod'], ['dev', 'prod']),
  ),
  period: fc.oneof({ weight: 5, arbitrary: fc.constant(PERIODS[0]) }, fc.constantFrom(...PERIODS)),
});
const threshold = (least: number) =>
  fc.record({
    everywhere: fc.integer({ min: least, max: 2 }),
    here: fc.option(fc.integer({ min: least, max: 3 }), { nil: null }),
  });
const scene = fc.record({
  people: fc.tuple(person, person, person, person),
  listed: fc.subarray([...PEOPLE], { minLength: 1 }),
  intent: threshold(1),
  approver: threshold(0),
  requester: fc.constantFrom(...PEOPLE),
  signers: fc.array(fc.constantFrom(...PEOPLE), { minLength: 1, maxLength: 6 }),
});
type Scene = typeof scene extends fc.Arbitrary<infer T> ? T : never;

const FACTS = goodFacts();
const DOCUMENTS = new Map(
  PEOPLE.map((who) => {
    const asker = `requester: "${PRINTS[who]}"`;
    const intent = edited(INTENT_YAML, `requester: "${PRINTS.alice}"`, asker);
    return [who, readDocuments(goodFacts({ intent }))] as const;
  }),
);

/** The documents of a wish by this requester, signed by these people. Parsed once: the law is about people, not about YAML. */
function documentsOf({ requester, signers }: Scene): Documents {
  const documents = DOCUMENTS.get(requester)!;
  if (documents.intent.is !== 'parsed') throw new Error('the fixture does not parse');
  const signatures = signers.map((who, i) => signatureBy(who, `intents/dev.yaml.${String(i)}.asc`));
  return { ...documents, intent: { ...documents.intent, signatures } };
}

function trustOf({ people, listed, intent, approver }: Scene, { trust }: Documents): Trust {
  const needed = ({ everywhere, here }: Scene['intent']) => ({
    default: everywhere,
    ...(here === null ? {} : { environments: { dev: here } }),
  });
  if (trust.is !== 'parsed') throw new Error('the fixture does not parse');
  return {
    ...trust.value,
    thresholds: { ...trust.value.thresholds, intent: needed(intent), approver: needed(approver) },
    people: listed.map((who) => {
      const { roles, environments, period } = people[PEOPLE.indexOf(who)]!;
      return {
        name: who,
        fingerprint: PRINTS[who],
        roles: [...roles],
        ...(environments === null ? {} : { environments: [...environments] }),
        valid_from: period[0] as Instant,
        valid_until: period[1] as Instant,
      };
    }),
  };
}

test('nobody stands on both sides, and enough of the right people stand on each', () => {
  let passed = 0;
  let approved = 0;
  fc.assert(
    fc.property(scene, (one) => {
      const documents = documentsOf(one);
      const trust = trustOf(one, documents);
      const requester = PRINTS[one.requester];
      const { verdict, signers, approvers } = judgeIntent(FACTS, documents, trust);
      if (verdict.status !== 'pass') return;
      passed += 1;
      approved += approvers.length > 0 ? 1 : 0;
      const prints = [...signers, ...approvers].map(({ primary }) => primary);
      // One person is one, however often they signed, and stands on one side.
      expect(new Set(prints).size).toBe(prints.length);
      expect(approvers.map(({ primary }) => primary)).not.toContain(requester);
      expect(signers.map(({ primary }) => primary)).toContain(requester);
      expect(signers.length).toBeGreaterThanOrEqual(thresholdOf(trust, 'intent', 'dev'));
      expect(approvers.length).toBeGreaterThanOrEqual(thresholdOf(trust, 'approver', 'dev'));
      for (const [role, side] of [
        ['intent', signers],
        ['approver', approvers],
      ] as const)
        for (const { person: each, primary } of side) {
          expect(trust.people).toContain(each);
          expect(each.fingerprint).toBe(primary);
          expect(isActive(each, NOW)).toBe(true);
          expect(holds(each, role, 'dev')).toBe(true);
          expect(one.signers.map((who) => PRINTS[who])).toContain(primary);
        }
    }),
    { numRuns: 3_000 },
  );
  // A law that was never tried on something that passes would be none.
  expect(passed).toBeGreaterThan(50);
  expect(approved).toBeGreaterThan(20);
});
