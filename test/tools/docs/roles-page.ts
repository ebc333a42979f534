/** The roles: what Terraform asks for with each, what each is denied, and who gets in. A view of the data that the tests judge. */
import { ROLE_NAMES, type RoleName } from '../../../src/plan/blueprint.ts';
import { githubRows } from '../../harness/askers/github.ts';
import { gitlabRows } from '../../harness/askers/gitlab.ts';
import { peopleRows } from '../../harness/askers/people.ts';
import type { AskerRow } from '../../harness/askers/row.ts';
import { exampleBlueprintWithStore } from '../../harness/blueprint.ts';
import type { DeniedCall } from '../../harness/denied/row.ts';
import { deniedTo } from '../../harness/denied/table.ts';
import { measuredPatterns, type MeasuredCall } from '../../harness/measured.ts';
import { code, page, table } from './markdown.ts';

const SCENE = {
  b: exampleBlueprintWithStore({ locking: 'both' }),
  keyArn: 'arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-4333-8444-555555555555',
  storeKeyArn: 'arn:aws:kms:eu-central-1:123456789012:key/22222222-2222-4333-8444-555555555555',
};

const ABOUT: Readonly<Record<RoleName, string>> = {
  operator: 'For people. It has the policy of `ci-apply`.',
  automation: 'Dormant: it has the policy of `ci-apply`, and lets nobody in.',
  'ci-plan': 'For jobs that plan: reads the state, takes the lock, writes nothing else.',
  'ci-apply': 'For jobs that apply: writes the state and its digest, takes the lock.',
  'break-glass': 'Dormant: repairs states, locks, the bucket policy and the key when it is opened.',
};

export function rolesPage(): string {
  return page(
    'What each role may do, and who gets in',
    'test/fixtures/measured, test/harness/denied and test/harness/askers',
    'All of it is judged on the policies that govboot renders, in every run of the tests. AWS itself was not asked.',
    table(
      ['role', 'what it is for'],
      ROLE_NAMES.map((role) => [role, ABOUT[role]]),
    ),
    '## What Terraform asks for',
    'Measured on a real Terraform, through a proxy that judges each call by the policies that stand in the backend ([test](../test/e2e/terraform.test.ts)). Nothing can be taken out of the policy of a role without one of these calls being refused ([test](../test/rooms/cloud/aws/least-privilege.test.ts)). *Behind* another call means that AWS makes it itself, in the name of the caller.',
    ...(['ci-apply', 'ci-plan'] as const).flatMap(asked),
    'Deleting a workspace would delete a state, and no role may: `terraform workspace delete` is refused and leaves the state where it is.',
    '## What each role is denied',
    'Each of these is denied by the policies, and allowed when one thing is put right: another name, another caller ([test](../test/contract/denied.test.ts)). What is denied *by* a named statement, of bucket or key policy, stays denied whatever else is attached to the role.',
    `By numbers: ${ROLE_NAMES.map((role) => `${role} ${String(deniedTo(role, SCENE).length)}`).join(', ')}.`,
    deniedTable(),
    'The three groups of the evidence are there where the policy has an `evidence_store`. What is denied *to everybody* there is denied to an administrator who has all permissions too, and to break-glass; only `GovbootDenyLosingBucket` exempts the root user, whom Object Lock stops. The rest, putting evidence and changing the policy or the lock configuration of its bucket, is up to the account: it gives it to whoever runs govboot ([permissions.md](permissions.md)), and to no role of the state.',
    '## Who gets in',
    'By trust policies and identity providers, judged as AWS documents them ([the judge](../test/harness/trust-judge.ts), [test](../test/contract/trust.test.ts)). *Undocumented*: AWS does not say what happens to a token with several audiences.',
    ...(['GitHub', 'GitLab', 'AWS'] as const).flatMap(askers),
  );
}

/** `env:/NAME/` for whatever the workspace was called. */
const general = (text: string): string => text.replaceAll(/env:\/(?!\*)[^/]+\//g, 'env:/NAME/');

function asked(role: 'ci-apply' | 'ci-plan'): readonly string[] {
  const rows = new Map<string, { readonly cells: readonly string[]; readonly locking: Set<string> }>();
  for (const call of measuredPatterns()) {
    if (call.role !== role || call.verdict !== 'allowed') continue;
    const cells = [code(call.action), code(general(onWhat(call))), general(call.behind ?? '')];
    const key = cells.join(' ');
    const row = rows.get(key) ?? { cells, locking: new Set<string>() };
    row.locking.add(call.locking);
    rows.set(key, row);
  }
  const lines = [...rows.entries()]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, { cells, locking }]) => {
      const [action = '', resource = '', behind = ''] = cells;
      return [action, resource, behind === '' ? '' : code(behind), [...locking].sort().join(', ')];
    });
  return [`### ${role}`, ABOUT[role], table(['action', 'on', 'behind', 'with locking by'], lines)];
}

function onWhat({ resource, context }: MeasuredCall): string {
  const [item] = [context['dynamodb:LeadingKeys'] ?? []].flat();
  if (item !== undefined) return `{table}: ${item}`;
  return resource.replace(/^arn:\{partition\}:s3:::/, '');
}

/** Each call once, with the roles that may make it: those that no row denies it to. */
function deniedTable(): string {
  const calls = new Map<string, { readonly row: DeniedCall; readonly to: Set<RoleName> }>();
  for (const role of ROLE_NAMES) {
    for (const row of deniedTo(role, SCENE)) {
      const key = JSON.stringify(row.call);
      const known = calls.get(key) ?? { row, to: new Set<RoleName>() };
      known.to.add(role);
      calls.set(key, known);
    }
  }
  const groups = new Map<string, string[]>();
  for (const { row, to } of calls.values())
    groups.set(row.group, [...(groups.get(row.group) ?? []), line(row, to)]);
  return table(
    ['what', 'calls', 'denied'],
    [...groups].map(([group, lines]) => [group, String(lines.length), lines.join('; ')]),
  );
}

function line({ what, call, by, control }: DeniedCall, to: ReadonlySet<RoleName>): string {
  const may = ROLE_NAMES.filter((role) => !to.has(role));
  const notes = [
    ...(call.action.endsWith(what) || what.startsWith(call.action) ? [] : [call.action]),
    ...(by === null ? [] : [`by ${by}`]),
    ...(control.is === 'elsewhere' ? ['to everybody'] : []),
    ...(may.length === 0 ? [] : [`${may.join(', ')} may`]),
  ];
  return notes.length === 0 ? what : `${what} (${notes.join(', ')})`;
}

function askers(from: AskerRow['from']): readonly string[] {
  const rows = [...githubRows, ...gitlabRows, ...peopleRows].filter((row) => row.from === from);
  return [
    `### From ${from}`,
    table(
      ['who asks', 'for', ''],
      rows.map(({ what, role, answer }) => [what, role, answer === 'in' ? '**in**' : answer]),
    ),
  ];
}
