import { describe, expect, it } from 'vitest';
import type { PlanRow } from '../../../src/kernel/events.ts';
import type { Json } from '../../../src/kernel/json.ts';
import type { Blueprint } from '../../../src/plan/blueprint.ts';
import type { ControlSpec, ResourceSpec } from '../../../src/plan/control.ts';
import { rowOf } from '../../../src/plan/judge.ts';
import { renderPlan } from '../../../src/report/plan.ts';
import { width } from '../../../src/report/table.ts';
import { planOf, styleOf } from './fixture.ts';

const at = (columns: number, plan = planOf()): string => `${renderPlan(plan, styleOf(columns)).join('\n')}\n`;
const squeezed = (text: string): string => text.replaceAll(/\s/g, '');

function row(more: Partial<PlanRow>): PlanRow {
  return {
    kind: 'set',
    resource: 'state-bucket',
    name: 'acme-dev-tfstate',
    control: 'versioning',
    title: 'versioning',
    from: null,
    to: 'Enabled',
    why: null,
    ...more,
  };
}

const shown = (rows: readonly PlanRow[], columns = 100): string => at(columns, planOf(rows));

describe('what is taken over', () => {
  const adopt = (from: Json | null, to: Json | null) =>
    squeezed(shown([row({ kind: 'adopt', control: null, title: 'state bucket', from, to })]));

  it('is shown with the tags that were found, and those that it is to carry', () => {
    const text = adopt({ Backup: 'daily' }, { Backup: 'daily', Owner: 'platform' });
    expect(text).toContain('^adoptstate-bucketacme-dev-tfstate');
    expect(text).toContain('foundwithBackup=daily');
    expect(text).toMatch(/tocarry.*Owner=platform/);
    expect(text).toContain('^1toadopt');
  });

  it.each([null, {}])('without tags is told as such: %j', (from) => {
    expect(adopt(from, null)).toContain('foundwithouttags');
    expect(adopt(from, null)).not.toContain('tocarry');
  });
});

describe('the plan table', () => {
  it.each([40, 80, 140])('reads well at %i columns', async (columns) => {
    await expect(at(columns)).toMatchFileSnapshot(`../../golden/plan-${String(columns)}.txt`);
  });

  it('reads well as a rehearsal against another endpoint, in ASCII', async () => {
    const plan = planOf(undefined, { mode: 'REHEARSAL', endpoint: 'http://127.0.0.1:5000' });
    const text = renderPlan(plan, styleOf(80, { unicode: false })).join('\n');
    await expect(`${text}\n`).toMatchFileSnapshot('../../golden/plan-rehearsal-80.txt');
    expect(text).toMatch(/^[\n -~]*$/);
  });

  it.each([40, 60, 80, 100, 140])('loses nothing that decides, and keeps to %i columns', (columns) => {
    const plan = planOf();
    const text = squeezed(at(columns, plan));
    const decisive = [
      ...plan.rows.map(({ name }) => name),
      ...plan.rows.flatMap(({ why }) => (why === null ? [] : [why])),
      ...[
        plan.account,
        plan.region,
        plan.caller,
        plan.commit,
        plan.tag,
        plan.digest,
        plan.requester,
        plan.signer,
      ],
      ...['arn:aws:iam::222222222222:root', 'arn:aws:iam::111111111111:user/old-admin', '(cannot be undone)'],
      ...['cost_center=CC-1042', '"govboot:repository": "00000000-0000-4000-8000-000000000000"'],
    ];
    for (const value of decisive) expect(text).toContain(squeezed(value));
    expect(Math.max(...at(columns, plan).split('\n').map(width))).toBeLessThanOrEqual(columns);
  });

  it('has a sign and a word for each kind, and counts them', () => {
    const text = shown([
      row({ kind: 'create', control: null, to: ['location', 'tags'] }),
      row({}),
      row({ kind: 'keep', control: 'policy' }),
      row({ kind: 'refuse', control: 'lifecycle', why: 'FOREIGN_VALUE: somebody else put it there' }),
    ]);
    expect(text).toMatch(/^\+ create state-bucket {2}acme-dev-tfstate$/m);
    expect(text).toMatch(/^ {4}with {3}location, tags$/m);
    expect(text).toMatch(/^ {2}~ set {4}versioning {2}Enabled$/m);
    expect(text).toMatch(/^ {2}= keep {3}policy$/m);
    expect(text).toMatch(/^ {2}! refuse lifecycle\n {6}FOREIGN_VALUE: somebody else put it there$/m);
    expect(text).toMatch(/^\+ 1 to create, ~ 1 to set, = 1 to keep, ! 1 refused$/m);
  });

  it('does not speak of refusals where there are none', () => {
    expect(shown([row({})])).toMatch(/^\+ 0 to create, ~ 1 to set, = 0 to keep$/m);
  });

  it('groups rows of one resource, wherever they stand', () => {
    const text = shown([row({}), row({ resource: 'lock-table', name: 'locks' }), row({ control: 'policy' })]);
    expect(text.match(/state-bucket/g)).toHaveLength(1);
  });

  it('shows a plan without rows', () => {
    expect(shown([])).toContain('+ 0 to create, ~ 0 to set, = 0 to keep');
  });

  it('says twice, first and last, that it is a rehearsal or that calls go elsewhere', () => {
    const lines = renderPlan(planOf([row({})], { mode: 'REHEARSAL', endpoint: 'http://127.0.0.1:5000' }), {
      ...styleOf(100),
      colour: true,
    });
    const banner = [
      expect.stringContaining('\u001b[1;7m*** REHEARSAL: no cloud is touched'),
      expect.stringContaining(
        '*** ENDPOINT: all calls go to http://127.0.0.1:5000, not to the provider itself',
      ),
    ];
    expect(lines.slice(0, 2)).toEqual(banner);
    expect(lines.slice(-2)).toEqual(banner);
  });

  it('says nothing of the kind otherwise', () => {
    expect(at(100)).not.toMatch(/REHEARSAL|ENDPOINT|\*\*\*/);
  });

  it('keeps what cannot be undone in sight', () => {
    const title = 'deletion protection (cannot be undone)';
    expect(shown([row({ title })])).toMatch(/Enabled \(cannot be undone\)$/m);
    expect(shown([row({ kind: 'create', control: null, to: [], title })])).toMatch(
      /^\+ create state-bucket {2}acme-dev-tfstate \(cannot be undone\)$/m,
    );
  });

  it('knows it from the planner itself', () => {
    const resource = {
      id: 'lock-table',
      title: 'lock table',
      nameOf: () => 'locks',
    } as unknown as ResourceSpec;
    const control = { id: 'lock-table.x', title: 'a switch' } as unknown as ControlSpec;
    const { title } = rowOf(resource, control, {} as Blueprint, 'set', true);
    expect(shown([row({ title })])).toContain('Enabled (cannot be undone)');
  });

  it('escapes what comes from outside', () => {
    const hostile = 'a\u001b[2K\rb\u202ec\nd';
    const escaped = 'a\\u{1b}[2K\\u{d}b\\u{202e}c\\u{a}d';
    const rows = [
      row({ name: hostile, to: hostile }),
      row({ kind: 'refuse', control: 'policy', from: { [hostile]: hostile }, why: hostile }),
      row({ kind: 'keep', control: hostile }),
      row({ kind: 'create', control: null, resource: hostile, to: [hostile] }),
    ];
    const more = {
      reason: hostile,
      ticket: hostile,
      caller: hostile,
      endpoint: hostile,
      tag: hostile,
      requester: hostile,
    };
    const text = at(140, planOf(rows, more));
    for (const character of ['\u001b', '\r', '\u202e']) expect(text).not.toContain(character);
    expect(squeezed(text).split(escaped).length).toBeGreaterThan(9);
  });
});

describe('a setting', () => {
  const change = (from: Json | null, to: Json | null, control = 'x', columns = 140): string => {
    const lines = shown([row({ control, from, to })], columns).split('\n');
    const first = lines.findIndex((line) => line.startsWith('  ~ set'));
    const end = lines.indexOf('', first);
    return lines
      .slice(first, end)
      .map((line) => line.slice(`  ~ set    ${control}  `.length))
      .join('\n');
  };
  const policy = (...Statement: readonly Json[]): Json => ({ Version: '2012-10-17', Statement });
  const allow = (Sid: string, Action: Json): Json => ({ Sid, Effect: 'Allow', Action });

  it.each<[string, Json | null, Json | null, string]>([
    ['a text', null, 'Enabled', 'Enabled'],
    ['a switch', null, true, 'on'],
    ['a number', null, 3600, '3600'],
    ['what is known only later', null, null, '(made in this run)'],
    ['what is known only later instead of something', 'a', null, 'a → (made in this run)'],
    ['another text', 'Suspended', 'Enabled', 'Suspended → Enabled'],
    ['a switch turned', false, true, 'off → on'],
    ['an object', null, { enabled: true, days: 365 }, 'enabled: on, days: 365'],
    ['only what differs', { enabled: true, days: 90 }, { enabled: true, days: 365 }, 'days: 90 → 365'],
    ['what is in an object', { a: { b: { c: 1, d: 2 } } }, { a: { b: { c: 3, d: 2 } } }, 'a.b.c: 1 → 3'],
    ['what is new and gone', { a: 1 }, { b: 2 }, 'remove a: 1\nadd b: 2'],
    ['four switches that are all on', null, { A: true, B: true, C: true }, 'A, B, C: all on'],
    ['switches that differ', null, { A: true, B: false }, 'A: on, B: off'],
    ['nothing inside', null, { key: null, list: [], bag: {} }, 'key: none, list: (empty), bag: (empty)'],
    ['a list', null, ['a', 'b'], 'a, b'],
    ['a list in an object', null, { list: ['a', 'b'] }, 'list: [a, b]'],
    ['a list that changes', { l: ['a', 'b'] }, { l: ['b', 'c'] }, 'add l: c\nremove l: a'],
    ['a list in another order', ['a', 'b'], ['b', 'a'], '[a, b] → [b, a]'],
    ['one rule of a list', [{ id: 1, days: 9 }], [{ id: 1, days: 90 }], 'days: 9 → 90'],
    ['an object in another order', { a: 1, b: 2 }, { b: 2, a: 1 }, 'a: 1, b: 2 → b: 2, a: 1'],
    ['another kind of value', { a: 1 }, 'none', '{a: 1} → "none"'],
  ])('shows %s', (_name, from, to, expected) => {
    expect(change(from, to)).toBe(expected);
  });

  it.each<[string, Json, string]>([
    ['a text that looks like two', 'a, b: c', '"a, b: c"'],
    ['a text that looks like a switch', 'on', '"on"'],
    ['an empty text', '', '""'],
    ['a text with spaces around it', ' a ', '" a "'],
    ['a text that looks like an answer of ours', '(made in this run)', '"(made in this run)"'],
    ['a text with a quote', 'a"b', '"a\\"b"'],
    ['an ARN as it is', 'arn:aws:iam::1:role/a-b_c@d', 'arn:aws:iam::1:role/a-b_c@d'],
    ['words of any script', 'Änderung 日本', 'Änderung 日本'],
  ])('quotes %s', (_name, to, expected) => {
    expect(change(null, to)).toBe(expected);
  });

  it('shows tags as people write them', () => {
    expect(change(null, { team: 'core', note: 'a, b=c' }, 'tags')).toBe('team=core, note="a, b=c"');
    expect(change({ team: 'x', old: '1' }, { team: 'core', env: 'dev' }, 'tags')).toBe(
      'team=core (was x)\nenv=dev',
    );
    expect(change(null, {}, 'tags')).toBe('(empty)');
  });

  it('shows a new policy by the names of its statements, and one without a name whole', () => {
    expect(change(null, policy(allow('A', 'x'), allow('B', 'y')))).toBe('A, B');
    expect(change(null, policy({ Effect: 'Deny', Action: '*' }))).toBe('{ "Effect": "Deny", "Action": "*" }');
    expect(change(null, policy())).toBe('no statements');
  });

  it('shows what differs in a statement of the same name: the name alone would hide it', () => {
    const from = policy(allow('A', ['s3:GetObject', 's3:*']), allow('Gone', 'x'));
    const to = policy(allow('A', ['s3:GetObject']), allow('New', 'y'));
    expect(change(from, to)).toBe('remove A.Action: s3:*\nremove Gone\nadd New');
    expect(change(policy(allow('A', 'x')), policy({ ...(allow('A', 'x') as object), Effect: 'Deny' }))).toBe(
      'A.Effect: Allow → Deny',
    );
  });

  it('shows statements that share a name, or have none, one by one', () => {
    const from = policy(allow('A', 'x'), allow('A', 'y'));
    const to = policy(allow('A', 'x'), allow('A', 'z'));
    expect(change(from, to)).toContain('add Statement: {Sid: A, Effect: Allow, Action: z}');
    expect(change(from, to)).toContain('remove Statement: {Sid: A, Effect: Allow, Action: y}');
  });

  it('takes keys that objects have by themselves for what they are: names', () => {
    const bag = JSON.parse('{"__proto__": "x", "constructor": "y"}') as Json;
    expect(change(null, bag)).toBe('__proto__: x, constructor: y');
    expect(change({}, bag, 'tags')).toBe('__proto__=x\nconstructor=y');
  });

  it('shows values of any depth', () => {
    const deep = Array.from({ length: 60 }).reduce<Json>((inner) => ({ a: inner }), 'end');
    expect(squeezed(change(null, deep))).toContain('"end"');
    expect(squeezed(change({ a: 1 }, deep))).toContain('1→');
  });
});

describe('what was found instead', () => {
  const found = (from: Json, control = 'policy'): string =>
    shown([row({ kind: 'refuse', control, from, why: 'FOREIGN_VALUE: x' })], 140);

  it('is shown whole, also where it bears the name of a statement of ours', () => {
    const statement = { Sid: 'GovbootDenyOldTls', Effect: 'Allow', Principal: '*', Action: 's3:*' };
    expect(found({ Statement: [statement] })).toContain(
      'found: { "Statement": [ { "Sid": "GovbootDenyOldTls", "Effect": "Allow", "Principal": "*", "Action": "s3:*" } ] }',
    );
  });

  it('is as short as it can be otherwise', () => {
    expect(found('Suspended')).toContain('found: Suspended');
    expect(found(false)).toContain('found: off');
    expect(found({ team: 'x' }, 'tags')).toContain('found: team=x');
  });
});
