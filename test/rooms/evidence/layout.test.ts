import { describe, expect, it } from 'vitest';
import { approvalName, isApprovalName, isOfLayout } from '../../../src/evidence/layout.ts';
import { PRINTS } from '../../harness/facts.ts';

describe('an approval', () => {
  it('has the name of the plan and of who signed it, and no other name is one', () => {
    const name = approvalName(PRINTS.bob);
    expect(name).toBe(`plan.${PRINTS.bob}.asc`);
    expect(isApprovalName(name)).toBe(true);
    for (const other of ['plan', 'plan.asc', name.toLowerCase(), `x/${name}`, `${name}\n`, `${name}.asc`])
      expect(isApprovalName(other)).toBe(false);
  });

  it('is kept as a blob, and lies nowhere in the evidence under its own name', () => {
    expect(isOfLayout(approvalName(PRINTS.bob))).toBe(false);
  });
});
