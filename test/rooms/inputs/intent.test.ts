import { describe, expect, test } from 'vitest';
import { parseIntent, type Intent } from '../../../src/inputs/intent.ts';
import { edited, fileOf, INTENT_YAML, PRINTS } from '../../harness/facts.ts';

const parse = (text: string): Intent => parseIntent(fileOf('intents/dev.yaml', text));
const digest = 'ab'.repeat(32);

test('is read as it is written', () => {
  expect(parse(INTENT_YAML)).toMatchObject({
    environment: 'dev',
    account: '111111111111',
    action: 'create',
    requester: PRINTS.alice,
    not_before: '2026-11-22T08:00:00Z',
    supersedes: null,
    endpoint: null,
  });
});

test('every field is needed', () => {
  for (const line of INTENT_YAML.trimEnd().split('\n')) {
    const field = line.slice(0, line.indexOf(':'));
    expect(() => parse(edited(INTENT_YAML, `${line}\n`, ''))).toThrow(new RegExp(`: ${field} is missing`));
  }
});

test('no other field is known', () => {
  expect(() => parse(`${INTENT_YAML}force: true\n`)).toThrow(
    /line 19, column 1: the document: unknown field "force"/,
  );
});

describe.each<[string, readonly string[], readonly string[]]>([
  ['schema: govboot.intent/v1', [], ['schema: govboot.intent/v2', 'schema: govboot.trust/v1', 'schema: 1']],
  ['environment: dev', ['environment: prod-2'], ['environment: Dev', 'environment: ""', 'environment: 5']],
  ['provider: aws', [], ['provider: gcp', 'provider: AWS']],
  ['account: "111111111111"', ['account: "000000000000"'], ['account: 111111111111', 'account: "1111"']],
  ['region: eu-central-1', ['region: us-gov-west-1'], ['region: eu-west-１', 'region: nowhere']],
  ['action: create', [], ['action: destroy', 'action: supersede']],
  ['commit: "1f', ['commit: "2e'], ['commit: "1F', 'commit: "1', 'commit: "']],
  [
    'reason: first backend of dev',
    [`reason: ${'x'.repeat(500)}`],
    ['reason: ""', `reason: ${'x'.repeat(501)}`, 'reason: "a\\nb"', 'reason: " "'],
  ],
  ['requester: "A', ['requester: "B'], ['requester: "a', 'requester: "']],
  [
    'expires: 2026-11-23T08:00:00Z',
    ['expires: 2026-11-22T08:00:01Z'],
    [
      'expires: 2026-11-22T08:00:00Z',
      'expires: 2026-11-22T07:59:59Z',
      'expires: tomorrow',
      'expires: 2026-11-23',
    ],
  ],
  ['nonce: "0', ['nonce: "f'], ['nonce: "', 'nonce: "G', 'nonce: "F']],
  ['supersedes: null', [], [`supersedes: "${digest}"`, 'supersedes: ""']],
  [
    'endpoint: null',
    ['endpoint: "http://127.0.0.1:5000"', 'endpoint: "https://s3.example"'],
    ['endpoint: "ftp://x"', 'endpoint: ""', 'endpoint: "file:///x"'],
  ],
])('%s', (from, good, bad) => {
  test.each([from, ...good])('may be %s', (to) => {
    expect(parse(edited(INTENT_YAML, from, to))).toBeTypeOf('object');
  });
  test.each(bad)('may not be %s', (to) => {
    expect(() => parse(edited(INTENT_YAML, from, to))).toThrow(/intents\/dev\.yaml: line \d+, column \d+: /);
  });
});

test('names a lock exactly when it supersedes one', () => {
  const supersede = edited(INTENT_YAML, 'action: create', 'action: supersede');
  expect(parse(edited(supersede, 'supersedes: null', `supersedes: "${digest}"`)).supersedes).toBe(digest);
  expect(() => parse(supersede)).toThrow(/supersedes is null: must be the digest of a lock exactly when/);
});

test('a commit may be of either object format', () => {
  expect(parse(edited(INTENT_YAML, `"${'1f'.repeat(20)}"`, `"${'1f'.repeat(32)}"`)).commit).toHaveLength(64);
});
