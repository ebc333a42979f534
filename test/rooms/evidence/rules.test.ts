/** Rules in the evidence: the recorded answer is judged once more, and the recorded question is held against what it was made of. */
import { describe, expect, it } from 'vitest';
import { canonicalBytes } from '../../../src/kernel/canonical.ts';
import type { Json } from '../../../src/kernel/json.ts';
import { writeLock, seal } from '../../../src/evidence/seal.ts';
import type { VerifyReport } from '../../../src/evidence/report.ts';
import { verifyEvidence } from '../../../src/evidence/verify.ts';
import type { FileRead } from '../../../src/inputs/facts.ts';
import { parseParity } from '../../../src/inputs/parity.ts';
import { rulesInput, rulesRecord, type RulesInput } from '../../../src/inputs/rules-documents.ts';
import { addSeconds } from '../../../src/kernel/time.ts';
import {
  fakeScene,
  lockOf,
  makeInputs,
  playRun,
  START,
  type Inputs,
  type InputOptions,
} from '../../harness/evidence-fixture.ts';
import { fileOf } from '../../harness/facts.ts';
import { memoryStore, type MemoryStore } from '../../harness/memory-store.ts';
import { answered, RULED_YAML, RULES_FILE, rulesFacts, YES } from '../../harness/rules.ts';
import { witnesses } from '../../harness/witnesses.ts';

const RULES = RULED_YAML.slice(RULED_YAML.indexOf('rules:\n'));
const INPUT = 'policies/rules.wasm#input';
const DECISION = 'policies/rules.wasm#decision';
/** What is free of the input is what the run alone knows. */
const CALLER = {
  account: '111111111111',
  region: 'eu-central-1',
  partition: 'aws',
  arn: 'arn:aws:sts::111111111111:assumed-role/bootstrap/alice',
};

interface Options extends InputOptions {
  readonly results?: Json;
  readonly input?: (input: RulesInput) => Json;
  /** Changes what is recorded. */
  readonly record?: (record: readonly FileRead[]) => readonly FileRead[];
}

interface Played {
  readonly store: MemoryStore;
  readonly verify: () => Promise<VerifyReport>;
  /** The name of the blob that holds it. */
  readonly blob: (path: string) => string;
}

/** A whole run whose policy has rules. */
async function play({ results = YES, input, record, ...options }: Options = {}): Promise<Played> {
  const store = memoryStore();
  const scene = fakeScene(store);
  const inputs = await makeInputs(scene, {
    edit: (name, text) => (name === 'parity' ? text + RULES : text),
    ...options,
  });
  const asked = rulesInput({
    environment: 'dev',
    intent: inputs.intent.file,
    policy: inputs.parity,
    tag: { name: inputs.tag.name, commit: inputs.tag.commit },
    caller: CALLER,
    now: addSeconds(START, -40),
  });
  const facts = {
    ...rulesFacts(),
    evaluation: {
      is: 'made',
      input: canonicalBytes(input === undefined ? asked : input(asked)),
      answer: answered(results),
    },
  } as const;
  const all = rulesRecord(parseParity(inputs.parity).rules, facts);
  const kept = record === undefined ? all : record(all);
  const played = await playRun(scene, { ...inputs, files: [...inputs.files, ...kept] } satisfies Inputs);
  await writeLock(scene.deps, played.ledger, lockOf(scene, played));
  scene.clock.advance(1);
  await seal(scene.deps);
  return {
    store,
    verify: () =>
      verifyEvidence({
        store,
        verifier: scene.verifier,
        witnesses,
        pins: scene.pins,
        now: scene.clock.now(),
        environment: 'dev',
      }),
    blob: (path) => `blobs/sha256/${kept.find((file) => file.path === path)?.sha256 ?? path}`,
  };
}

const told = (report: VerifyReport): string[] =>
  report.answers.flatMap(({ findings }) => findings.map(({ axis, is, what }) => `${axis} ${is}: ${what}`));

/** Replaces one file of the record by one that says something else, under the same name. */
const saying =
  (path: string, change: (content: Record<string, Json>) => Json) =>
  (record: readonly FileRead[]): readonly FileRead[] =>
    record.map((file) =>
      file.path === path
        ? fileOf(path, canonicalBytes(change(JSON.parse(new TextDecoder().decode(file.bytes)) as never)))
        : file,
    );

describe('evidence of rules', () => {
  it('is valid, and says that nothing was run again', async () => {
    const { verify } = await play();
    const report = await verify();
    expect(told(report)).toEqual([]);
    expect(report.overall).toBe('ok');
    expect(report.notes).toEqual([
      'the answer of policies/rules.wasm was judged as it is recorded; docs/rules.md says how to run the rules again',
    ]);
  });

  it.each<[string, Json, string]>([
    [
      'that denied',
      [{ result: { pass: ['ACME-001', 'ACME-002'], deny: [{ id: 'ACME-001', message: 'no' }] } }],
      'policy bad: PARITY: ACME-001: no',
    ],
    ['that were silent', [], 'POLICY_UNDEFINED: policies/rules.wasm: govboot/decision: has no value'],
    ['that said something else', [{ result: true }], 'POLICY_SHAPE: '],
    ['that made exceptions', [{ result: { exception: [] } }], 'POLICY_EXCEPTION: '],
  ])('%s is not valid: the gate judges it once more', async (_, results, what) => {
    const { verify } = await play({ results });
    const report = await verify();
    expect(report.overall).toBe('bad');
    expect(told(report).join('\n')).toContain(what);
  });

  it('of other rules than the policy names is not valid', async () => {
    const { verify } = await play({
      record: (record) =>
        record.map((file) => (file.path === RULES_FILE.path ? fileOf(file.path, 'others') : file)),
    });
    const found = told(await verify());
    expect(found).toContain(
      `policy bad: POLICY_INTEGRITY: policies/rules.wasm has SHA-256 ${fileOf('x', 'others').sha256}, not ${RULES_FILE.sha256}`,
    );
    expect(found.join('\n')).toContain(`${DECISION} says rules_sha256 ${RULES_FILE.sha256}; it is`);
  });
});

describe('what is missing is not what is wrong', () => {
  it.each([RULES_FILE.path, INPUT, DECISION])('%s that is gone leaves it undecided', async (path) => {
    const { store, verify, blob } = await play();
    store.files.delete(blob(path));
    const report = await verify();
    const policy = report.answers.find(({ axis }) => axis === 'policy');
    expect(policy?.status).toBe('undecided');
    expect(told(report)).toContain('policy undecided: not judged: rules (the rules were not read)');
    expect(told(report).join('\n')).toMatch(/extras bad: MISSING: /);
  });

  it.each([RULES_FILE.path, INPUT, DECISION])('%s that no entry names was never recorded', async (path) => {
    const { verify } = await play({ record: (record) => record.filter((file) => file.path !== path) });
    const report = await verify();
    expect(report.answers.find(({ axis }) => axis === 'policy')?.status).toBe('bad');
    expect(told(report)).toContain(
      `policy bad: POLICY_UNDEFINED: the policy has rules, and the entry names no ${path}`,
    );
  });

  it('one that was changed is told as changed', async () => {
    const { store, verify, blob } = await play();
    store.files.set(blob(DECISION), canonicalBytes({ forged: true }));
    expect(told(await verify()).join('\n')).toMatch(/integrity bad: /);
  });
});

describe('the recorded question', () => {
  it.each<[string, (input: RulesInput) => Json, string]>([
    ['another environment', (input) => ({ ...input, environment: 'prod' }), 'has another environment'],
    ['another tag', (input) => ({ ...input, tag: { ...input.tag, name: 'v9' } }), 'has another tag'],
    [
      'another caller',
      (input) => ({ ...input, caller: { ...CALLER, account: '222222222222' } }),
      'has another caller',
    ],
    ['no caller', (input) => ({ ...input, caller: null }), 'has another caller'],
    [
      'another intent',
      (input) => ({ ...input, intent: { ...(input.intent as object), ticket: 'OPS-2' } as Json }),
      'has another intent',
    ],
    ['another policy', (input) => ({ ...input, policy: {} }), 'has another policy'],
    [
      'a later time',
      (input) => ({ ...input, now: addSeconds(START, 600) }),
      'is of 2026-11-22T12:10:00Z; it was confirmed at',
    ],
  ])('of %s is not valid', async (_, input, what) => {
    const { verify } = await play({ input });
    const report = await verify();
    expect(report.overall).toBe('bad');
    expect(told(report).filter((line) => line.includes(`${INPUT} ${what}`))).toHaveLength(1);
  });

  it('may be by a caller of any name: the account is what was judged', async () => {
    const { verify } = await play({ input: (input) => ({ ...input, caller: { ...CALLER, arn: 'arn:y' } }) });
    expect(told(await verify())).toEqual([]);
  });

  it('of another form is not valid, and then nothing is judged', async () => {
    const { verify } = await play({ input: () => ({ api: 2 }) });
    const found = told(await verify());
    expect(found.join('\n')).toContain(`policy bad: SCHEMA: ${INPUT}: api: `);
    expect(found).toContain('policy undecided: not judged: rules (the rules were not read)');
  });

  it('is compared as far as the documents are there', async () => {
    const { store, verify } = await play({ input: (input) => ({ ...input, environment: 'prod' }) });
    for (const [name, bytes] of store.files)
      if (name.startsWith('blobs/') && new TextDecoder().decode(bytes).includes('ticket: OPS-1'))
        store.files.delete(name);
    const report = await verify();
    expect(told(report).join('\n')).not.toContain('has another');
    expect(report.overall).toBe('bad');
  });
});

describe('the recorded decision', () => {
  it.each<[string, Record<string, Json>, string]>([
    ['another question', { input_sha256: RULES_FILE.sha256 }, 'says input_sha256'],
    [
      'another entrypoint',
      { entrypoint: 'govboot/other' },
      'says entrypoint govboot/other; it is govboot/decision',
    ],
  ])('on %s is not valid', async (_, change, what) => {
    const { verify } = await play({ record: saying(DECISION, (decision) => ({ ...decision, ...change })) });
    expect(told(await verify()).join('\n')).toContain(`policy bad: POLICY_INTEGRITY: ${DECISION} ${what}`);
  });

  it('of another form is not valid', async () => {
    const { verify } = await play({ record: saying(DECISION, () => ({ allowed: true })) });
    expect(told(await verify()).join('\n')).toContain(`policy bad: SCHEMA: ${DECISION}: `);
  });
});

it('evidence without rules names none', async () => {
  const { store, verify } = await play({ edit: (_, text) => text, record: () => [] });
  const report = await verify();
  expect(report).toMatchObject({ overall: 'ok', notes: [] });
  const entries = [...store.files].filter(([name]) => /^ledger\/\d+\.json$/.test(name));
  for (const [, bytes] of entries) expect(new TextDecoder().decode(bytes)).not.toContain('#decision');
});
