// Rules on the street: when they are run and when not, what they are told, what is kept of them, and when they are asked again.
import { describe, expect, test } from 'vitest';
import type { RulesAnswer } from '../../src/inputs/facts.ts';
import type { RulesInput } from '../../src/inputs/rules-documents.ts';
import { sha256 } from '../../src/kernel/digest.ts';
import type { Ports } from '../../src/ports.ts';
import { makePorts, makeWorld, type World } from '../harness/ports.ts';
import { answered, RULES_FILE, YES } from '../harness/rules.ts';
import { applied, expectValid, ledgerOf, play, said, typesOf } from './street/playing.ts';

const BLOCK = `rules:
  file: ${RULES_FILE.path}
  sha256: "${RULES_FILE.sha256}"
  entrypoint: govboot/decision
  attests: [ACME-001, ACME-002]
`;
const NO = answered([{ result: { pass: ['ACME-002'], deny: [{ id: 'ACME-001', message: 'not today' }] } }]);

/** A world whose policy names rules, released. */
async function ruledWorld(block = BLOCK): Promise<World> {
  const world = await makeWorld();
  world.files.set(RULES_FILE.path, RULES_FILE.bytes);
  world.write(
    'policies/parity.yaml',
    new TextDecoder().decode(world.files.get('policies/parity.yaml')) + block,
  );
  await world.release('v1.1.0');
  await world.intent();
  return world;
}

type Question = Parameters<Ports['rules']['evaluate']>[0];

/** An engine that answers in turn, the last for ever, and keeps what it was asked. */
function engine(...answers: readonly RulesAnswer[]) {
  const asked: Question[] = [];
  const rules: Ports['rules'] = {
    evaluate: async (question) => {
      asked.push(question);
      return answers[Math.min(asked.length, answers.length) - 1]!;
    },
  };
  const inputs = (): readonly RulesInput[] =>
    asked.map(({ input }) => JSON.parse(new TextDecoder().decode(input)) as RulesInput);
  return { asked, inputs, rules };
}

describe('rules that agree', () => {
  test('are told what is done, and kept with what they were told and what they said', async () => {
    const world = await ruledWorld();
    const { asked, inputs, rules } = engine(answered(YES));
    const { error, ports } = await play({ world, overrides: { rules } });
    expect(error).toBeNull();
    // Once to be shown, and once more after APPLY.
    expect(asked).toHaveLength(2);
    expect(asked[0]).toMatchObject({ module: RULES_FILE.bytes, entrypoint: 'govboot/decision' });
    expect(inputs()[0]).toMatchObject({
      api: 1,
      environment: 'dev',
      intent: { ticket: 'OPS-1', tag: 'v1.1.0' },
      policy: { organisation: 'acme', rules: { attests: ['ACME-001', 'ACME-002'] } },
      tag: { name: 'v1.1.0' },
      caller: { account: '111111111111', region: 'eu-central-1', partition: 'aws' },
      now: '2026-11-22T12:00:00Z',
    });
    const started = ledgerOf(world).find(({ type }) => type === 'APPLY_STARTED');
    const named = Object.fromEntries(started!.refs.map(({ name, sha256: digest }) => [name, digest]));
    expect(named['policies/rules.wasm']).toBe(RULES_FILE.sha256);
    expect(named['policies/rules.wasm#input']).toBe(sha256(asked[0]!.input));
    const decision = world.store.files.get(`blobs/sha256/${named['policies/rules.wasm#decision']!}`);
    expect(JSON.parse(new TextDecoder().decode(decision))).toMatchObject({
      input_sha256: sha256(asked[0]!.input),
      results: YES,
    });
    await expectValid(world);
    const parity = ports.events.find((event) => event.type === 'gate' && event.gate === 'parity');
    expect(parity).toMatchObject({ because: expect.stringContaining('attests ACME-001, ACME-002') });
  });

  test('leave a trace only where the policy names some', async () => {
    const world = await makeWorld();
    await applied(world);
    const names = ledgerOf(world).flatMap(({ refs }) => refs.map(({ name }) => name));
    expect(names.filter((name) => name.includes('rules'))).toEqual([]);
  });
});

describe('rules that do not agree', () => {
  test.each<[string, RulesAnswer]>([
    ['PARITY', NO],
    ['POLICY_UNDEFINED', answered([])],
    ['POLICY_SHAPE', answered([{ result: 'true' }])],
    ['POLICY_ERROR', { is: 'failed', why: 'no answer within 2000 ms' }],
  ])('%s: nothing is asked, made or written', async (code, answer) => {
    const world = await ruledWorld();
    const { ports, error } = await play({ world, overrides: { rules: engine(answer).rules } });
    expect(error).toMatchObject({ code: 'GATES_REFUSED', exitCode: 3 });
    expect(JSON.stringify(ports.events)).toContain(`"${code}"`);
    expect(ports.asked).toEqual([]);
    expect(ports.changed()).toEqual([]);
    expect(world.store.files.size).toBe(0);
  });

  test('after APPLY stop the run before its first write', async () => {
    const world = await ruledWorld();
    const { ports, error } = await play({ world, overrides: { rules: engine(answered(YES), NO).rules } });
    expect(error?.code).toBe('PLAN_CHANGED');
    expect(ports.asked).toHaveLength(2);
    expect(ports.changed()).toEqual([]);
    expect(said(ports).join()).not.toContain('ledger');
    expect(typesOf(world)).toEqual([]);
  });
});

describe('rules are not run', () => {
  const never: Ports['rules'] = { evaluate: async () => Promise.reject(new Error('the rules were run')) };
  const because = (ports: ReturnType<typeof makePorts>): string =>
    ports.events.flatMap((event) => (event.type === 'gate' ? [event.because] : [])).join('\n');

  test('that nobody released', async () => {
    const world = await ruledWorld();
    world.write('README', 'not in the tag');
    const { ports, error } = await play({ world, overrides: { rules: never } });
    expect(error?.code).toBe('GATES_REFUSED');
    expect(because(ports)).toContain('rules are run only once the source gate passes');
  });

  test('that are not those of the policy, or not there', async () => {
    const world = await ruledWorld();
    world.write(RULES_FILE.path, 'others');
    await world.release('v1.2.0');
    await world.intent();
    const other = await play({ world, overrides: { rules: never } });
    expect(JSON.stringify(other.ports.events)).toContain('POLICY_INTEGRITY');
    world.files.delete(RULES_FILE.path);
    await world.release('v1.3.0');
    await world.intent();
    const gone = await play({ world, overrides: { rules: never } });
    expect(JSON.stringify(gone.ports.events)).toContain('policies/rules.wasm does not exist');
  });

  test('without an intent, of which they would have to be told', async () => {
    const world = await ruledWorld();
    world.write('intents/dev.yaml', 'x');
    const { ports, error } = await play({ world, overrides: { rules: never } });
    expect(error?.code).toBe('GATES_REFUSED');
    expect(because(ports)).toMatch(/rules \((the intent could not be read|rules are run only once)/);
  });
});

describe('programs', () => {
  const git = { name: 'git', path: '/opt/git', sha256: sha256('another git') };
  test('are hashed before the first of them is started, and refused when they are not those listed', async () => {
    const world = await ruledWorld(`tools: { git: ["${sha256('git')}"] }\n`);
    const seen: string[] = [];
    const { repository, machine } = makePorts({ world });
    const { ports, error } = await play({
      world,
      overrides: {
        machine: {
          ...machine,
          programs: async (names) => {
            seen.push(`hashed ${names.join(' ')}`);
            return [git];
          },
        },
        repository: {
          ...repository,
          open: async () => {
            seen.push('git was started');
            return repository.open();
          },
        },
      },
    });
    expect(error?.code).toBe('GATES_REFUSED');
    expect(seen.slice(0, 2)).toEqual(['hashed git gpg gpgv sqv', 'git was started']);
    expect(JSON.stringify(ports.events)).toContain(`/opt/git has SHA-256 ${git.sha256}; tools.git lists`);
  });
});
