/** The engine itself, as it is built: modules that OPA compiled, and modules that nobody would. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { beforeAll, describe, expect, it } from 'vitest';
import type { RulesAnswer } from '../../../src/inputs/facts.ts';
import { sha256 } from '../../../src/kernel/digest.ts';
import { makeRules } from '../../../src/world/rules.ts';
import { projectRoot, requireOrSkip } from '../../harness/capabilities.ts';
import { encode } from '../../harness/facts.ts';
import { temporaryFolder } from '../../harness/git-fixture.ts';
import { moduleOf, type ModuleOptions } from '../../harness/wasm.ts';
import { build, capabilities, CAPABILITIES } from '../../fixtures/rules/build.ts';

const engine = join(projectRoot, 'dist', 'rules-engine.js');
const fixtures = join(projectRoot, 'test', 'fixtures', 'rules');
const wasm = (name: string): Uint8Array => readFileSync(join(fixtures, `${name}.wasm`));

/** A patient engine: what is tried here is not how fast this machine is. */
const patient = makeRules({ engine, deadlineMs: 20_000 });
const hasty = makeRules({ engine, deadlineMs: 300 });

const INPUT = {
  api: 1,
  environment: 'prod',
  intent: { ticket: 'OPS-17' },
  policy: { environments: { prod: { regions: ['eu-central-1'] } } },
  tag: { name: 'v1.0.0', commit: '1f' },
  caller: null,
  now: '2026-11-22T12:00:00Z',
};

const ask = (
  module: Uint8Array,
  entrypoint = 'govboot/decision',
  input: unknown = INPUT,
  rules = patient,
): Promise<RulesAnswer> => rules.evaluate({ module, entrypoint, input: encode(JSON.stringify(input)) });
const made = (options: ModuleOptions, rules = patient): Promise<RulesAnswer> =>
  ask(moduleOf(options), 'govboot/decision', INPUT, rules);
const failed = (why: RegExp) => ({ is: 'failed', why: expect.stringMatching(why) as string });

describe('rules of a team', () => {
  const acme = wasm('acme');
  const sorted = (answer: RulesAnswer): unknown => {
    if (answer.is !== 'answered') return answer;
    const [{ result }] = answer.results as unknown as [{ result: { pass: string[]; deny: unknown } }];
    return { pass: [...result.pass].sort(), deny: result.deny };
  };

  it('attest what holds', async () => {
    const answer = await ask(acme);
    expect(answer).toMatchObject({ is: 'answered', entrypoints: ['govboot/decision'] });
    expect(sorted(answer)).toEqual({ pass: ['ACME-001', 'ACME-002', 'ACME-003'], deny: [] });
  });

  it('deny what does not, with a message', async () => {
    expect(sorted(await ask(acme, 'govboot/decision', { ...INPUT, intent: { ticket: 'later' } }))).toEqual({
      pass: ['ACME-002', 'ACME-003'],
      deny: [{ id: 'ACME-001', message: 'ticket later is not one of operations' }],
    });
    const frozen = { ...INPUT, now: '2026-12-24T18:00:00Z' };
    expect(sorted(await ask(acme, 'govboot/decision', frozen))).toMatchObject({
      pass: ['ACME-001', 'ACME-002'],
    });
  });

  it.each(['environment', 'intent', 'policy', 'now'] as const)(
    'attest less when %s is missing, and never more',
    async (key) => {
      const { [key]: _, ...rest } = INPUT;
      const { pass } = sorted(await ask(acme, 'govboot/decision', rest)) as { pass: string[] };
      expect(pass.length).toBeLessThan(3);
    },
  );

  it('are the same each time', async () => {
    expect(await ask(acme)).toEqual(await ask(acme));
  });

  it('get an input of any size that a document can have', async () => {
    const large = { ...INPUT, intent: { ticket: 'OPS-17', reason: 'x'.repeat(3_000_000) } };
    expect(sorted(await ask(acme, 'govboot/decision', large))).toMatchObject({ deny: [] });
  });
});

describe('rules that answer something else', () => {
  const attack = wasm('attack');
  it.each([
    ['silent', []],
    ['text', [{ result: 'true' }]],
    ['nothing', [{ result: null }]],
    ['list', [{ result: [] }]],
    ['vacuous', [{ result: { pass: [], deny: [] } }]],
    ['misspelt', [{ result: { pass: [], deny: [] } }]],
    ['failing', [{ result: { pass: [], deny: [] } }]],
  ])('%s', async (name, results) => {
    expect(await ask(attack, `attack/${name}`)).toMatchObject({ is: 'answered', results });
  });

  it('have no entrypoint of that name', async () => {
    const answer = await ask(attack, 'attack/txet');
    expect(answer).toMatchObject({ is: 'no entrypoint' });
    expect(answer.is === 'no entrypoint' && answer.entrypoints).toContain('attack/text');
    // Names that every object has are none of theirs.
    expect((await ask(attack, 'constructor')).is).toBe('no entrypoint');
  });

  it('contradict themselves', async () => {
    expect(await ask(attack, 'attack/conflict')).toEqual(failed(/assignment conflict/));
  });

  it.each(['true', '"yes"', '{}', '[1,2]', '[{"result":1},{"result":2}]'])(
    'tell %s as it is',
    async (results) => {
      expect(await made({ results })).toMatchObject({ is: 'answered', results: JSON.parse(results) });
    },
  );
});

describe('rules that take too much', () => {
  const attack = wasm('attack');
  it.each([
    ['endless', /no answer within|opa_malloc/],
    ['hungry', /opa_malloc/],
    ['endless_answer', /longer than 262144 characters/],
  ])('%s', async (name, why) => {
    expect(await ask(attack, `attack/${name}`)).toEqual(failed(why));
  });

  it.each<[NonNullable<ModuleOptions['does']>, RegExp]>([
    ['loop', /^no answer within 300 ms$/],
    ['grow', /^no answer within 300 ms$/],
    ['astray', /^no answer within 300 ms$/],
  ])('%s is ended', async (does, why) => {
    expect(await made({ does }, hasty)).toEqual(failed(why));
  });

  it.each<[NonNullable<ModuleOptions['does']>, RegExp]>([
    ['trap', /unreachable/],
    ['recurse', /call stack/],
  ])('%s ends itself', async (does, why) => {
    expect(await made({ does })).toEqual(failed(why));
  });

  it('too many entrypoints', async () => {
    const entrypoints = Array.from({ length: 1_001 }, (_, i) => `p/${String(i)}`);
    expect(await made({ entrypoints })).toEqual(failed(/too many entrypoints/));
    expect(await made({ entrypoints: ['x'.repeat(1_001)] })).toEqual(failed(/too long/));
  });

  it.each([5_000, 12_000, 30_000])('an answer of %d levels', async (levels) => {
    const deep = `${'['.repeat(levels)}${']'.repeat(levels)}`;
    expect(await made({ results: `[{"result":${deep}}]` })).toEqual(
      failed(/nested deeper than 64 levels|call stack/),
    );
    expect(await made({ results: `${'['.repeat(64)}${']'.repeat(64)}` })).toMatchObject({ is: 'answered' });
    expect(await made({ results: `${'['.repeat(65)}${']'.repeat(65)}` })).toEqual(failed(/64 levels/));
  });

  it('leave the process that asked as it was', async () => {
    const before = process.memoryUsage().rss;
    await Promise.all([made({ does: 'grow' }, hasty), ask(attack, 'attack/hungry')]);
    expect(process.memoryUsage().rss - before).toBeLessThan(64 * 1024 * 1024);
  });
});

describe('modules that are no rules', () => {
  it.each([
    ['nothing', new Uint8Array()],
    ['something else', encode('package govboot')],
    ['a header alone', moduleOf({}).subarray(0, 8)],
    ['half of one', moduleOf({}).subarray(0, 100)],
  ])('%s', async (_, bytes) => {
    expect(await ask(bytes)).toEqual(failed(/./));
  });

  it('that bring memory of their own are not started', async () => {
    expect(await made({ ownPages: 65_536, does: 'trap' })).toEqual(failed(/memory of its own/));
  });

  it('that import what is not there are not started', async () => {
    expect(await made({ imports: 'fd_write', does: 'trap' })).toEqual(failed(/fd_write/));
  });

  it('that answer no JSON', async () => {
    expect(await made({ results: 'yes' })).toEqual(failed(/JSON/));
  });

  it.each(['seldom', 'backtracking', 'padded'])(
    'that ask their host for a function are not run, whether it would be called or not: %s',
    async (name) => {
      expect(await ask(wasm('foreign'), `foreign/${name}`)).toEqual(
        failed(/asks its host for .*semver\.compare.*; rules may use only what is compiled into them/),
      );
    },
  );
});

describe('the engine', () => {
  it('that is not there is an error, and no answer', async () => {
    const nowhere = makeRules({ engine: '/nowhere/rules-engine.js' });
    expect(await made({}, nowhere)).toEqual(failed(/^the engine ended with 1$/));
  });

  it('knows nothing of the environment, and nothing of where it was started', async () => {
    const folder = temporaryFolder();
    const probe = join(folder, 'probe.mjs');
    writeFileSync(
      probe,
      `process.once('message', () => process.send({ is: 'failed', why: JSON.stringify({
        env: Object.keys(process.env).filter((name) => name !== 'SystemRoot'), cwd: process.cwd(), out: process.stdout.isTTY }) }));`,
    );
    const answer = await made({}, makeRules({ engine: probe }));
    const seen = JSON.parse(answer.is === 'failed' ? answer.why : '{}') as { env: string[]; cwd: string };
    expect(seen.env).toEqual([]);
    expect(seen.cwd).not.toContain(process.cwd());
    rmSync(folder, { recursive: true });
  });

  it('that dies, or says nothing, is an error', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'dies.mjs'), `process.once('message', () => process.abort());`);
    expect(await made({}, makeRules({ engine: join(folder, 'dies.mjs') }))).toEqual(
      failed(/^the engine ended with (SIGABRT|[1-9]\d*)$/),
    );
    rmSync(folder, { recursive: true });
  });
});

it('the engine does not outlive the run that started it, whatever the rules do', async () => {
  const child = fork(engine, [], { serialization: 'advanced', stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
  const ended = once(child, 'exit');
  const question = { entrypoint: 'govboot/decision', input: encode('{}'), deadlineMs: 3_600_000 };
  child.send({ ...question, module: moduleOf({ does: 'loop' }) }, () => child.disconnect());
  // Without a watch over it, the loop would go on for an hour.
  expect(await ended).toEqual([expect.any(Number), null]);
});

describe('the compiled fixtures', () => {
  it('are small, and no path of the machine that made them is in them', () => {
    const files = readdirSync(fixtures).filter((name) => name.endsWith('.wasm'));
    expect(files.sort()).toEqual(['acme.wasm', 'attack.wasm', 'foreign.wasm']);
    for (const name of files) {
      const bytes = readFileSync(join(fixtures, name));
      expect(bytes.length).toBeLessThan(256 * 1024);
      expect(bytes.toString('latin1')).not.toMatch(/\/(home|root|Users|tmp|work)\//);
    }
  });

  it('are those that the README beside them names', () => {
    const readme = readFileSync(join(fixtures, 'README.md'), 'utf8');
    for (const name of ['acme.wasm', 'attack.wasm', 'foreign.wasm'])
      expect(readme).toContain(sha256(readFileSync(join(fixtures, name))));
  });

  it('have the limits that docs/rules.md promises: no clock, no network, no chance, nothing of the host', () => {
    const { builtins, allow_net: net } = JSON.parse(readFileSync(CAPABILITIES, 'utf8')) as {
      builtins: { name: string; nondeterministic?: boolean }[];
      allow_net: string[];
    };
    expect(net).toEqual([]);
    expect(builtins.length).toBeGreaterThan(90);
    const names = builtins.map(({ name }) => name);
    expect(
      names.filter((name) => /^(http|time|rand|opa|net\.lookup|io|crypto|uuid|semver|yaml)/.test(name)),
    ).toEqual([]);
    expect(names).not.toContain('sprintf');
    expect(builtins.filter(({ nondeterministic }) => nondeterministic === true)).toEqual([]);
  });
});

const hasOpa = requireOrSkip('opa', 'the rules of test/fixtures, compiled again');
describe.skipIf(!hasOpa)('compiled again with OPA', () => {
  let again: ReadonlyMap<string, Uint8Array>;
  beforeAll(() => {
    again = build();
  }, 120_000);

  it.each(['acme.wasm', 'attack.wasm', 'foreign.wasm'])('%s is the same, byte for byte', (name) => {
    expect(Buffer.from(again.get(name) ?? []).equals(readFileSync(join(fixtures, name)))).toBe(true);
  });

  it('the limits are those of this OPA', () => {
    expect(capabilities()).toBe(readFileSync(CAPABILITIES, 'utf8'));
  });
});
