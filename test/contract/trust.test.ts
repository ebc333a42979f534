/** Who gets into each role: the rendered trust policies, judged for every asker of the table (docs/roles.md prints it). */
import { describe, expect, test } from 'vitest';
import { oidcProviderArn, stsAudience } from '../../src/cloud/aws/arn.ts';
import { trustPolicy } from '../../src/cloud/aws/policies/trust.ts';
import { ROLE_NAMES, type Blueprint } from '../../src/plan/blueprint.ts';
import { githubRows } from '../harness/askers/github.ts';
import { gitlabRows } from '../harness/askers/gitlab.ts';
import { peopleRows } from '../harness/askers/people.ts';
import { HUB, LAB, type AskerRow } from '../harness/askers/row.ts';
import { entry, type Entry, type Provider } from '../harness/trust-judge.ts';

const all: readonly AskerRow[] = [...githubRows, ...gitlabRows, ...peopleRows];

/** The providers that govboot makes for this blueprint. */
function providers(b: Blueprint): readonly Provider[] {
  const { github, gitlab } = b.federation;
  return [
    ...(github === null ? [] : [{ arn: oidcProviderArn(b, HUB), host: HUB, audiences: [stsAudience(b)] }]),
    ...(gitlab === null ? [] : [{ arn: oidcProviderArn(b, LAB), host: LAB, audiences: [gitlab.audience] }]),
  ];
}

const answer = ({ b, role, asker }: AskerRow): Entry => entry(trustPolicy(b, role), asker, providers(b));

describe.each(ROLE_NAMES)('%s', (role) => {
  test.each(all.filter((row) => row.role === role))('$from: $what → $answer', (row) => {
    expect(answer(row)).toMatchObject({ is: row.answer });
  });
});

test('the table is what it was meant to be: many, of each kind, each once', () => {
  const tokens = all.filter(({ asker }) => asker.is === 'token');
  expect(tokens.length).toBeGreaterThanOrEqual(80);
  expect(new Set(all.map(({ from, what, role }) => `${from} ${what} ${role}`)).size).toBe(all.length);
  for (const role of ROLE_NAMES) expect(all.filter((row) => row.role === role).length).toBeGreaterThan(5);
  // Nobody at all gets into the dormant roles.
  const dormant = all.filter(({ role }) => role === 'automation' || role === 'break-glass');
  expect(dormant.filter((row) => answer(row).is !== 'out')).toEqual([]);
});

test('with another provider of the account, whoever has its tokens gets no further', () => {
  for (const row of all.filter(({ answer: wanted }) => wanted === 'in')) {
    if (row.asker.is !== 'token') continue;
    const foreign = {
      arn: oidcProviderArn(row.b, 'idp.example.com'),
      host: 'idp.example.com',
      audiences: ['x'],
    };
    const asker = { ...row.asker, iss: 'https://idp.example.com', claims: { ...row.asker.claims, aud: 'x' } };
    expect(entry(trustPolicy(row.b, row.role), asker, [...providers(row.b), foreign]).is).toBe('out');
  }
});
