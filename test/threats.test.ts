// The register of attacks: every file of test/threats is one, and how it is refused. Scripts are run by attacks-N.test.ts.
import { expect, test } from 'vitest';
import { FLOOR, threatsOf } from './harness/threats.ts';

const threats = threatsOf();

test('every attack of the floor is tried', () => {
  const tried = new Set(threats.flatMap(({ numbers }) => numbers));
  expect(FLOOR.filter((number) => !tried.has(number))).toEqual([]);
});

test('at least twenty more are tried', () => {
  expect(threats.filter(({ numbers }) => numbers.length === 0).length).toBeGreaterThanOrEqual(20);
});
