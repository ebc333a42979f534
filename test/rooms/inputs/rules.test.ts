import { describe, expect, test } from 'vitest';
import { parseParity, TOOLS } from '../../../src/inputs/parity.ts';
import { exceptionFields, readAnswer } from '../../../src/inputs/rules-answer.ts';
import {
  parseDecision,
  parseRulesInput,
  rulesInput,
  rulesNames,
  rulesRecord,
  type RulesQuestion,
} from '../../../src/inputs/rules-documents.ts';
import { canonicalBytes } from '../../../src/kernel/canonical.ts';
import { sha256 } from '../../../src/kernel/digest.ts';
import type { Json } from '../../../src/kernel/json.ts';
import { COMMIT, edited, fileOf, INTENT_YAML, NOW, PARITY_YAML, TAG } from '../../harness/facts.ts';
import { answered, ATTESTS, RULED_YAML, RULES_FILE, rulesFacts, YES } from '../../harness/rules.ts';

const parse = (text: string) => parseParity(fileOf('policies/parity.yaml', text));
const policy = parse(RULED_YAML).rules;
const decoded = (bytes: Uint8Array): Json => JSON.parse(new TextDecoder().decode(bytes)) as Json;

describe('rules in the policy', () => {
  test('name a file, its digest, an entrypoint and what must be attested', () => {
    expect(policy).toEqual({
      file: 'policies/rules.wasm',
      sha256: RULES_FILE.sha256,
      entrypoint: 'govboot/decision',
      attests: [...ATTESTS],
    });
  });

  test('are none, and no program is listed, where the policy says nothing or says so', () => {
    expect(parse(PARITY_YAML)).toMatchObject({ rules: null, tools: {} });
    expect(parse(`${PARITY_YAML}rules: null\ntools: {}\n`)).toMatchObject({ rules: null, tools: {} });
  });

  test.each([
    ['file: policies/rules.wasm', 'file: rules.wasm', 'rules.file'],
    ['file: policies/rules.wasm', 'file: intents/rules.wasm', 'rules.file'],
    ['file: policies/rules.wasm', 'file: policies/../intents/rules.wasm', 'rules.file'],
    ['file: policies/rules.wasm', 'file: /tmp/rules.wasm', 'rules.file'],
    ['file: policies/rules.wasm', 'file: policies/rules.rego', 'rules.file'],
    ['govboot/decision', 'decision', 'rules.entrypoint'],
    ['govboot/decision', 'data.govboot.decision', 'rules.entrypoint'],
    ['govboot/decision', 'govboot/', 'rules.entrypoint'],
    ['[ACME-001, ACME-002]', '[]', 'rules.attests'],
    ['[ACME-001, ACME-002]', '[ACME-001, ACME-001]', 'must not name an id twice'],
    ['[ACME-001, ACME-002]', '[acme-001]', 'must be an id like ACME-001'],
    ['[ACME-001, ACME-002]', '["ACME-001\\n"]', 'must be an id'],
    ['[ACME-001, ACME-002]', '[ACME-001]\n  exceptions: [ACME-002]', 'unknown field "exceptions"'],
    [`"${RULES_FILE.sha256}"`, '"latest"', 'rules.sha256'],
    ['  git: [', '  bash: [', 'tools'],
    ['  git: ["', '  git: ["sha256:', 'tools.git.0'],
  ])('%s → %s is refused', (from, to, told) => {
    expect(() => parse(edited(RULED_YAML, from, to))).toThrow(told);
  });

  test('a listed program has at least one digest', () => {
    for (const tool of TOOLS) {
      expect(() => parse(`${PARITY_YAML}tools: { ${tool}: [] }\n`)).toThrow(`tools.${tool}`);
      const one = `tools: { ${tool}: ["${RULES_FILE.sha256}"] }\n`;
      expect(parse(PARITY_YAML + one).tools).toEqual({ [tool]: [RULES_FILE.sha256] });
    }
  });
});

const question: RulesQuestion = {
  environment: 'dev',
  intent: fileOf('intents/dev.yaml', INTENT_YAML),
  policy: fileOf('policies/parity.yaml', PARITY_YAML),
  tag: { name: TAG, commit: COMMIT },
  caller: { account: '111111111111', region: 'eu-central-1', partition: 'aws', arn: 'arn:x' },
  now: NOW,
};

describe('what rules are given', () => {
  test('is plain data, and reads back', () => {
    const input = rulesInput(question);
    expect(input).toMatchObject({
      api: 1,
      environment: 'dev',
      intent: { ticket: 'OPS-1', supersedes: null },
      policy: { environments: { prod: { state_key: 'prod/main.tfstate' } } },
      tag: { name: TAG, commit: COMMIT },
      caller: { account: '111111111111', region: 'eu-central-1', partition: 'aws', arn: 'arn:x' },
      now: NOW,
    });
    expect(parseRulesInput(fileOf('input', canonicalBytes(input)))).toEqual(input);
    const nobody = rulesInput({ ...question, caller: null });
    expect(parseRulesInput(fileOf('input', canonicalBytes(nobody))).caller).toBeNull();
  });

  test('is what is written: no default of this version of govboot is in it', () => {
    const { policy: given } = rulesInput(question);
    expect(given).not.toHaveProperty('rules');
    expect(given).not.toHaveProperty('environments.dev.partition');
  });

  test('takes nothing along that nobody asked for', () => {
    const tag = { name: TAG, commit: COMMIT, payload: 'x' };
    const caller = { ...question.caller!, expiresInSeconds: 3600 };
    expect(rulesInput({ ...question, tag, caller })).toEqual(rulesInput(question));
  });

  test.each<[string, (input: Record<string, Json>) => Json]>([
    ['another version', (input) => ({ ...input, api: 2 })],
    ['a field more', (input) => ({ ...input, password: 'x' })],
    ['a field less', ({ now: _, ...input }) => input],
    ['no instant', (input) => ({ ...input, now: 'today' })],
    ['no object', () => []],
  ])('of another form is refused: %s', (_, change) => {
    const bytes = canonicalBytes(change({ ...rulesInput(question) }));
    expect(() => parseRulesInput(fileOf('input', bytes))).toThrow(
      expect.objectContaining({ code: 'SCHEMA' }),
    );
  });
});

describe('the record of rules', () => {
  const facts = rulesFacts();
  const input = facts.evaluation.is === 'made' ? facts.evaluation.input : new Uint8Array();

  test('is rules, input and decision, byte for byte', () => {
    const record = rulesRecord(policy, facts);
    expect(record.map(({ path }) => path)).toEqual([
      'policies/rules.wasm',
      'policies/rules.wasm#input',
      'policies/rules.wasm#decision',
    ]);
    expect(record[0]).toEqual(RULES_FILE);
    expect(record[1]).toEqual(fileOf('policies/rules.wasm#input', input));
    const decision = record[2]!;
    expect(decision.sha256).toBe(sha256(decision.bytes));
    expect(parseDecision(decision)).toEqual({
      schema: 'govboot.rules-decision/v1',
      rules_sha256: RULES_FILE.sha256,
      entrypoint: 'govboot/decision',
      input_sha256: sha256(input),
      entrypoints: ['govboot/decision'],
      results: YES,
    });
    expect(rulesNames('policies/rules.wasm')).toEqual({ input: record[1]!.path, decision: decision.path });
  });

  test('is empty where no rules answered', () => {
    expect(rulesRecord(null, facts)).toEqual([]);
    expect(rulesRecord(policy, null)).toEqual([]);
    expect(rulesRecord(policy, rulesFacts({ is: 'failed', why: 'x' }))).toEqual([]);
    expect(rulesRecord(policy, { ...facts, evaluation: { is: 'left', why: 'x' } })).toEqual([]);
    const problem = { code: 'FILE_MISSING', wrong: 'x' } as const;
    expect(rulesRecord(policy, { ...facts, file: { is: 'problem', problem } })).toEqual([]);
  });

  test('of another form is refused', () => {
    const bytes = rulesRecord(policy, facts)[2]!.bytes;
    const good = decoded(bytes) as Record<string, Json>;
    const bad = (change: Record<string, Json>) => () =>
      parseDecision(fileOf('decision', canonicalBytes({ ...good, ...change })));
    expect(bad({})).not.toThrow();
    expect(bad({ schema: 'govboot.rules-decision/v2' })).toThrow('schema');
    expect(bad({ allowed: true })).toThrow('the document');
    expect(bad({ rules_sha256: 'x' })).toThrow('rules_sha256');
    expect(bad({ entrypoints: [1] })).toThrow('entrypoints.0');
    const spaced = new TextEncoder().encode(JSON.stringify(good, null, 1));
    expect(() => parseDecision(fileOf('decision', spaced))).toThrow(
      expect.objectContaining({ code: 'NOT_CANONICAL' }),
    );
  });
});

test('an answer is read as it is, or not at all', () => {
  expect(readAnswer(YES)).toEqual({ is: 'answer', pass: [...ATTESTS], deny: [] });
  expect(readAnswer([])).toEqual({ is: 'undefined' });
  const answer = answered([{ result: { pass: ['A'], deny: [], __proto__: null } }]);
  expect(answer.is === 'answered' && readAnswer(answer.results).is).toBe('answer');
  const magic = JSON.parse('[{"result":{"pass":["A"],"deny":[],"__proto__":{}}}]') as Json;
  expect(readAnswer(magic)).toMatchObject({ is: 'malformed' });
  expect(exceptionFields([{ result: { exception: 1 } }, { Exception: 2 }, 3, [{ exception: 4 }]])).toEqual([
    'exception',
    'Exception',
  ]);
});
