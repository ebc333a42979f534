// Each type of entry in words.
import { expect, test } from 'vitest';
import { told } from '../../../src/commands/log-lines.ts';
import type { LedgerEntry } from '../../../src/inputs/evidence-documents.ts';
import type { Intent } from '../../../src/inputs/intent.ts';

const INTENT = { action: 'create', reason: 'first bootstrap', ticket: 'OPS-1' } as Intent;
const DECIDED = { run: 'r', intent_sha256: 'a'.repeat(64), plan_sha256: 'b'.repeat(64) };
const RELEASED = { ...DECIDED, tag: 'v1.0.0', commit: 'c'.repeat(40) };
const LOCK = { ...RELEASED, lock_sha256: 'd'.repeat(64), lock_signature_sha256: 'e'.repeat(64) };
const finding = (code: string) => ({ where: 'source', code, message: 'what is wrong' });
const four = ['A', 'B', 'C', 'D'].map(finding);

const say = (type: string, body: object, intent: Intent | null = null) =>
  told({ type, body } as unknown as LedgerEntry, intent);

test.each([
  ['GENESIS', { roots: { threshold: 2, keys: ['x', 'y', 'z'] } }, 'ledger begun, root keys 2 of 3', false],
  [
    'GATE_FAIL',
    { run: 'r', intent: 'intents/dev.yaml', intent_sha256: null, findings: [finding('SIG_BAD')] },
    'refused by the gates: SIG_BAD: what is wrong; intents/dev.yaml',
    true,
  ],
  [
    'PLAN_REFUSED',
    { ...DECIDED, findings: four },
    'plan refused: A: what is wrong; B: what is wrong; C: what is wrong; and 1 more; create: first bootstrap (OPS-1)',
    true,
  ],
  [
    'DECLINED',
    { ...DECIDED, code: 'CONFIRM', why: 'declined' },
    'declined: CONFIRM: declined; create: first bootstrap (OPS-1)',
    true,
  ],
  ['APPLY_STARTED', RELEASED, 'apply begun, tag v1.0.0; create: first bootstrap (OPS-1)', false],
  ['APPLY_RESUMED', RELEASED, 'apply resumed, tag v1.0.0; create: first bootstrap (OPS-1)', false],
  [
    'APPLY_FAILED',
    { ...DECIDED, code: 'CLOUD_FAILED', message: 'no answer', final: false },
    'apply failed, can be resumed: CLOUD_FAILED: no answer',
    true,
  ],
  [
    'APPLY_FAILED',
    { ...DECIDED, code: 'CLAIMED', message: 'Bob has it', final: true },
    'apply failed, given up: CLAIMED: Bob has it',
    true,
  ],
  ['APPLY_DONE', RELEASED, 'apply done, tag v1.0.0', false],
  ['LOCK_WRITTEN', { ...LOCK, supersedes: null }, `locked by ${'d'.repeat(16)}`, false],
  [
    'LOCK_WRITTEN',
    { ...LOCK, supersedes: 'f'.repeat(64) },
    `locked by ${'d'.repeat(16)}, in the place of ${'f'.repeat(16)}`,
    false,
  ],
])('%s', (type, body, what, isBad) => {
  expect(say(type, body, INTENT)).toEqual({ what, isBad });
});

test('without its intent an entry tells what it says itself', () => {
  expect(say('APPLY_STARTED', RELEASED).what).toBe('apply begun, tag v1.0.0');
});

test('a text of any length is cut', () => {
  const { what } = say('DECLINED', { ...DECIDED, code: 'CONFIRM', why: 'x'.repeat(4000) });
  expect(what.length).toBeLessThan(300);
});
