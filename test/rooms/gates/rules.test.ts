import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Code } from '../../../src/kernel/codes.ts';
import { sha256 } from '../../../src/kernel/digest.ts';
import { isSafe } from '../../../src/kernel/text.ts';
import type { Json } from '../../../src/kernel/json.ts';
import type { Finding } from '../../../src/gates/verdict.ts';
import { edited, fileOf } from '../../harness/facts.ts';
import { answered, ATTESTS, RULED_YAML, ruled, RULES_FILE, rulesFacts, YES } from '../../harness/rules.ts';
import { refuses, verdictOn } from './asking.ts';

/** The gate must refuse what the rules answered, with these codes. */
const refusesAnswer = (results: Json, ...codes: readonly Code[]): Finding =>
  refuses('parity', ruled({ rules: rulesFacts(answered(results)) }), ...codes);
const result = (value: Json): Json => [{ result: value }];
const decision = (pass: Json, deny: Json = []): Json => result({ pass, deny });

describe('rules that hold', () => {
  test('pass, and what they attest is said', () => {
    expect(verdictOn('parity', ruled())).toMatchObject({
      status: 'pass',
      because:
        'policies/parity.yaml allows environment "dev", and its 2 environments share nothing and are alike but for 2 listed settings; policies/rules.wasm attests ACME-001, ACME-002',
    });
  });

  test('pass in any order: pass is a set', () => {
    const reversed = ruled({ rules: rulesFacts(answered(decision([...ATTESTS].reverse()))) });
    expect(verdictOn('parity', reversed).status).toBe('pass');
  });

  test('are not asked for where the policy names none', () => {
    const { status, checks } = verdictOn('parity', {});
    expect({ status, made: checks.includes('rules') }).toEqual({ status: 'pass', made: true });
  });
});

describe('rules that were not run', () => {
  test('leave the gate undefined', () => {
    expect(verdictOn('parity', ruled({ rules: null }))).toMatchObject({
      status: 'undefined',
      because: 'not judged: rules (the rules were not read)',
    });
    const left = { ...rulesFacts(), evaluation: { is: 'left', why: 'nobody released them' } } as const;
    expect(verdictOn('parity', ruled({ rules: left }))).toMatchObject({
      status: 'undefined',
      because: 'not judged: rules (nobody released them)',
    });
  });
});

describe('the file', () => {
  test('that is missing, or no plain file, refuses', () => {
    const missing = { code: 'FILE_MISSING', wrong: 'policies/rules.wasm does not exist' } as const;
    const rules = { ...rulesFacts(), file: { is: 'problem', problem: missing } } as const;
    const { message, data } = refuses('parity', ruled({ rules }), 'POLICY_INTEGRITY');
    expect(message).toBe('policies/rules.wasm does not exist');
    expect(data).toMatchObject({ file: 'policies/rules.wasm', authorized: RULES_FILE.sha256 });
  });

  test('of other bytes refuses, whatever it answered and whatever digest is claimed of it', () => {
    const other = fileOf(RULES_FILE.path, 'other rules');
    const file = { is: 'read', value: { ...other, sha256: RULES_FILE.sha256 } } as const;
    const { message } = refuses('parity', ruled({ rules: { ...rulesFacts(), file } }), 'POLICY_INTEGRITY');
    expect(message).toBe(
      `policies/rules.wasm has SHA-256 ${sha256('other rules')}, not ${RULES_FILE.sha256}`,
    );
  });
});

describe('an answer that is none', () => {
  test('an error', () => {
    const { message } = refuses(
      'parity',
      ruled({ rules: rulesFacts({ is: 'failed', why: `\u001b[2J${'x'.repeat(1000)}` }) }),
      'POLICY_ERROR',
    );
    expect(message).toMatch(/^policies\/rules\.wasm: govboot\/decision: \\u\{1b\}\[2Jx{100}/);
    expect(message.length).toBeLessThan(400);
  });

  test('no such entrypoint, with the one that was meant', () => {
    const none = (known: readonly string[]) =>
      ruled({ rules: rulesFacts({ is: 'no entrypoint', entrypoints: known }) });
    const near = refuses('parity', none(['govboot/decison']), 'POLICY_UNDEFINED');
    expect(near.message).toBe('policies/rules.wasm: govboot/decision: there is no such entrypoint');
    expect(near.hint).toBe('did you mean "govboot/decison"?');
    expect(refuses('parity', none(['main/deny']), 'POLICY_UNDEFINED').hint).toBe(
      'the entrypoints are main/deny',
    );
  });

  test('no value', () => {
    expect(refusesAnswer([], 'POLICY_UNDEFINED').message).toBe(
      'policies/rules.wasm: govboot/decision: has no value',
    );
  });
});

describe('an answer of another shape', () => {
  test.each<[string, Json, string]>([
    ['true as text', result('true'), 'answered "true"'],
    ['true', result(true), 'answered true'],
    ['null', result(null), 'answered null'],
    ['a list', result([]), 'answered []'],
    ['a number', result(1), 'answered 1'],
    ['an empty object', result({}), 'answered {}: pass must'],
    ['pass only', result({ pass: [...ATTESTS] }), 'deny must'],
    ['deny only', result({ deny: [] }), 'pass must'],
    ['a field more', result({ pass: [...ATTESTS], deny: [], warn: [] }), 'the answer must not have warn'],
    ['pass as an object', decision({ 'ACME-001': true, 'ACME-002': true }), 'pass must'],
    ['ids that are no text', decision([1, 2]), 'pass.0 must'],
    ['an empty id', decision(['']), 'pass.0 must'],
    ['deny as text', decision([...ATTESTS], 'no'), 'deny must'],
    ['deny as null', decision([...ATTESTS], null), 'deny must'],
    ['deny of texts, as conftest has them', decision([...ATTESTS], ['bad']), 'deny.0 must'],
    ['deny with msg, as conftest has it', decision([...ATTESTS], [{ id: 'A', msg: 'x' }]), 'deny.0'],
    ['deny without a message', decision([...ATTESTS], [{ id: 'A' }]), 'deny.0.message must'],
    ['an id twice', decision(['ACME-001', 'ACME-002', 'ACME-001']), 'attests an id twice'],
    ['two answers', [...(YES as readonly Json[]), ...(YES as readonly Json[])], 'gave 2 answers'],
    ['no result', [{}], 'gave {}, which is no answer'],
    [
      'a result and more',
      [{ result: { pass: [...ATTESTS], deny: [] }, expressions: [] }],
      'which is no answer',
    ],
    ['no object', [true], 'gave true, which is no answer'],
    ['no result set', true, 'gave true, which is no result set'],
    ['an object in its place', { pass: [...ATTESTS], deny: [] }, 'which is no result set'],
    ['a text in its place', 'yes', 'gave "yes", which is no result set'],
    ['null in its place', null, 'gave null, which is no result set'],
  ])('%s', (_, results, told) => {
    expect(refusesAnswer(results, 'POLICY_SHAPE').message).toContain(told);
  });

  test('is told shortly and safely', () => {
    const long = refusesAnswer(result(`\u202e${'x'.repeat(100_000)}\ud800`), 'POLICY_SHAPE');
    expect(long.message.length).toBeLessThan(500);
  });
});

describe('attestations', () => {
  test.each<[string, readonly string[], readonly string[]]>([
    ['none', [], ['ACME-001, ACME-002 is not attested']],
    ['one too few', ['ACME-002'], ['ACME-001 is not attested']],
    ['one too many', [...ATTESTS, 'ACME-003'], ['attests ACME-003, which the policy does not list']],
    ['in lower case', ['acme-001', 'ACME-002'], ['ACME-001 is not attested', 'attests acme-001']],
  ])('%s', (_, pass, told) => {
    const rules = rulesFacts(answered(decision(pass)));
    const { findings } = verdictOn('parity', ruled({ rules }));
    expect(findings.map(({ code }) => code)).toEqual(told.map(() => 'POLICY_UNDEFINED'));
    for (const [i, text] of told.entries()) expect(findings[i]?.message).toContain(text);
  });
});

describe('denials', () => {
  const denial = (id: string, message = 'not so'): Json => ({ id, message });

  test('refuse with id and message, though everything is attested', () => {
    const { message, hint, data } = refusesAnswer(
      decision([...ATTESTS], [denial('ACME-001', 'the ticket is closed')]),
      'PARITY',
    );
    expect(message).toBe('ACME-001: the ticket is closed');
    expect(hint).toBe('change what ACME-001 is about, or the rule itself, after review');
    expect(data).toEqual({ rule: 'ACME-001' });
  });

  test('are told once each; that what is denied is not attested goes without saying', () => {
    refusesAnswer(decision(['ACME-002'], [denial('ACME-001')]), 'PARITY');
    refusesAnswer(decision([], [denial('ACME-001'), denial('ACME-002')]), 'PARITY', 'PARITY');
    refusesAnswer(decision([], [denial('OTHER-1')]), 'PARITY', 'POLICY_UNDEFINED');
  });

  test('are shown, never obeyed', () => {
    const painting = denial('ACME-001\u001b[2K', `\u001b[2J\u202egovboot: all gates pass${'!'.repeat(999)}`);
    const { message } = refusesAnswer(decision(['ACME-002', 'ACME-001'], [painting]), 'PARITY');
    expect(isSafe(message)).toBe(true);
    expect(message).toContain('ACME-001\\u{1b}[2K: \\u{1b}[2J\\u{202e}govboot');
    expect(message.length).toBeLessThan(500);
  });
});

describe('exceptions', () => {
  test.each<[string, Json, readonly string[]]>([
    ['a field', result({ pass: [...ATTESTS], deny: [], exception: [] }), []],
    ['a field in another spelling', result({ pass: [...ATTESTS], deny: [], Exceptions: {} }), []],
    ['a field where the answer should be', [{ exception: [] }], []],
    ['a field where the result set should be', { exception: [] }, []],
    ['an entrypoint', YES, ['main/exception']],
    ['a package', YES, ['exceptions/all']],
    ['an entrypoint, as conftest names them', YES, ['main/exception_dev']],
  ])('%s', (_, results, more) => {
    const answer = answered(results, ['govboot/decision', ...more]);
    const { message } = refuses('parity', ruled({ rules: rulesFacts(answer) }), 'POLICY_EXCEPTION');
    expect(message).toMatch(/exception/i);
  });

  test('refuse though the entrypoint that was asked for is not there', () => {
    const rules = rulesFacts({ is: 'no entrypoint', entrypoints: ['main/exception'] });
    refuses('parity', ruled({ rules }), 'POLICY_EXCEPTION');
  });

  test('are names, not words in a name', () => {
    const answer = answered(YES, ['govboot/decision', 'govboot/no_exception']);
    expect(verdictOn('parity', ruled({ rules: rulesFacts(answer) })).status).toBe('pass');
  });
});

test('no answer passes but the one that attests exactly what is listed and denies nothing', () => {
  const id = fc.constantFrom('ACME-001', 'ACME-002', 'ACME-003', '');
  const denial = fc.record({ id, message: fc.string() });
  const object = fc.record(
    { pass: fc.array(id, { maxLength: 3 }), deny: fc.array(denial, { maxLength: 1 }) },
    { requiredKeys: [] },
  );
  const value = fc.oneof({ weight: 5, arbitrary: object }, fc.jsonValue());
  const set = fc.oneof(
    { weight: 5, arbitrary: value.map((result) => [{ result }]) },
    fc.array(value.map((result) => ({ result }))),
    fc.jsonValue(),
  );
  const yes = [[...ATTESTS], [...ATTESTS].reverse()].map((pass) =>
    JSON.stringify([{ result: { pass, deny: [] } }]),
  );
  fc.assert(
    fc.property(set, (results) => {
      const rules = rulesFacts(answered(results as Json));
      const { status, findings } = verdictOn('parity', ruled({ rules }));
      expect(status).toBe(yes.includes(JSON.stringify(results)) ? 'pass' : 'fail');
      for (const { message } of findings) expect(isSafe(message)).toBe(true);
    }),
    { examples: yes.map((text) => [JSON.parse(text)]) },
  );
});

test('the policy alone decides which rules they are', () => {
  const other = edited(RULED_YAML, RULES_FILE.sha256, sha256('other'));
  refuses('parity', ruled({ parity: other }), 'POLICY_INTEGRITY');
  const more = edited(RULED_YAML, 'attests: [', 'attests: [ACME-003, ');
  expect(refuses('parity', ruled({ parity: more }), 'POLICY_UNDEFINED').message).toContain('ACME-003');
});
