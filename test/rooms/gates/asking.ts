/** One gate's verdict on facts that are good but for what is overridden. */
import { expect } from 'vitest';
import { judge } from '../../../src/gates/index.ts';
import type { Finding, GateId, GateVerdict } from '../../../src/gates/verdict.ts';
import { CODES, type Code } from '../../../src/kernel/codes.ts';
import { isSafe } from '../../../src/kernel/text.ts';
import type { Facts } from '../../../src/inputs/facts.ts';
import { goodFacts, type FactsOverrides } from '../../harness/facts.ts';

export function verdictOn(gate: GateId, overrides: FactsOverrides | Facts): GateVerdict {
  const facts =
    'governance' in overrides && 'caller' in overrides ? (overrides as Facts) : goodFacts(overrides);
  const { verdicts, passed } = judge(facts);
  expect(verdicts.map((verdict) => verdict.gate)).toEqual([
    'source',
    'intent',
    'parity',
    'identity',
    'immutability',
  ]);
  const verdict = verdicts.find((candidate) => candidate.gate === gate)!;
  if (verdict.status !== 'pass') expect(passed).toBeNull();
  return verdict;
}

/** Insists that the gate fails with exactly these codes, each told as a finding should be told; answers the first one. */
export function refuses(gate: GateId, overrides: FactsOverrides | Facts, ...codes: readonly Code[]): Finding {
  const { status, findings, because } = verdictOn(gate, overrides);
  expect({ status, codes: findings.map(({ code }) => code) }).toEqual({ status: 'fail', codes });
  expect(because).toMatch(/^\d+ things? (is|are) wrong/);
  for (const finding of findings) {
    expect(finding.message).not.toBe('');
    expect(isSafe(finding.message) && isSafe(finding.hint)).toBe(true);
    expect(finding.message).not.toMatch(/\.$|undefined|\[object/);
    expect(finding.hint === CODES[finding.code].remedy || finding.hint.length > 10).toBe(true);
  }
  return findings[0]!;
}
