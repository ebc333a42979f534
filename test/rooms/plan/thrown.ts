/** What a function throws, for tests that look into it. */
import { expect } from 'vitest';
import { GovbootError } from '../../../src/kernel/errors.ts';

export function thrownBy(act: () => unknown): GovbootError {
  try {
    act();
  } catch (error) {
    expect(error).toBeInstanceOf(GovbootError);
    return error as GovbootError;
  }
  throw new Error('nothing was thrown');
}

export const codeOf = (act: () => unknown): string => thrownBy(act).code;

export async function rejectedBy(act: Promise<unknown>): Promise<GovbootError> {
  const outcome = await act.then(
    () => new Error('nothing was thrown'),
    (error: unknown) => error,
  );
  expect(outcome).toBeInstanceOf(GovbootError);
  return outcome as GovbootError;
}
