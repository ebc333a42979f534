// The written specification of the rehearsal cloud and its tests say the same, clause by clause.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { projectRoot } from '../harness/capabilities.ts';
import { behaviours } from './aws-api.ts';

const document = readFileSync(join(projectRoot, 'docs', 'rehearsal-cloud.md'), 'utf8');
const written = [...document.matchAll(/^- \*\*([A-Z0-9]+\.\d+)\*\* (.+)$/gm)].map(
  ([, clause = '', says = '']) => ({ clause, says }),
);

test('every clause has its own number', () => {
  expect(new Set(written.map(({ clause }) => clause)).size).toBe(written.length);
});

test('every behaviour of the contract is written down, in the same words', () => {
  const contract = written.filter(({ clause }) => !clause.startsWith('R.'));
  const sorted = (list: readonly { readonly clause: string; readonly says: string }[]) =>
    list.map(({ clause, says }) => `${clause} ${says}`).sort();
  expect(sorted(contract)).toEqual(sorted(behaviours));
});

test('every other clause is cited by a test, and every cited clause is written down', () => {
  const folder = join(projectRoot, 'test', 'rooms', 'cloud', 'rehearsal');
  const tests = readdirSync(folder).filter((name) => name.endsWith('.test.ts'));
  const cited = new Set(
    tests.flatMap((name) =>
      [...readFileSync(join(folder, name), 'utf8').matchAll(/[`'](R\.\d+) /g)].map(([, clause]) => clause),
    ),
  );
  const clauses = written.map(({ clause }) => clause).filter((clause) => clause.startsWith('R.'));
  expect([...cited].sort()).toEqual(clauses.sort());
});
